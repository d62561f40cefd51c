"""The command ``count``: from files to answers, without network, and counted again."""

from __future__ import annotations

import csv
import hashlib
import html
import importlib.util
import io
import json
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from importlib.machinery import ModuleSpec
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from actitud.cli import main
from actitud.counting import table
from actitud.counting.export_guides import GUIDES
from actitud.counting.fault_texts import FAULT_TEXTS
from actitud.counting.reasons import REASON_TEXTS
from tests.support.scale import PLANTED
from tests.unit.counting.workbooks import Answer, fill_in, read_rows

COLUMNS: Final = (
    "Id",
    "Hilo",
    "Responde a",
    "Red",
    "Cuenta",
    "Fecha y hora",
    "Tipo",
    "Texto",
    "Contenido",
    "Enlace",
    "Privado",
)
TOLD: Final = ("--year", "2027", "--population", "20000", "--period", "2027-01-01/2027-12-31", "--lang", "es")


def write_log(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def post(identity: str, time: str, **more: str) -> dict[str, str]:
    return {
        "Id": identity,
        "Red": "x",
        "Cuenta": "Ayuntamiento",
        "Fecha y hora": time,
        "Tipo": "Publicación",
        "Texto": f"Texto {identity}",
        "Contenido": "",
        "Privado": "no",
        **more,
    }


def talk(number: int, *, private: bool) -> list[dict[str, str]]:
    """Return a question of a day of October, and its answer two hours later."""
    asked = post(f"q{number}", f"2027-10-{number:02} 10:00:00", Tipo="Recibido", Privado="sí" if private else "no")
    kind = "Respuesta privada" if private else "Respuesta pública"
    replied = post(f"r{number}", f"2027-10-{number:02} 12:00:00", Tipo=kind, Privado=asked["Privado"])
    return [{**asked, "Hilo": f"t{number}"}, {**replied, "Hilo": f"t{number}", "Responde a": f"q{number}"}]


def code_posts(path: Path, **codes: str) -> None:
    """Give all posts of a workbook the same codes."""
    fill_in(path, {"Publicaciones": lambda row: codes})


def make_year() -> list[dict[str, str]]:
    """Four posts in a week of October, two with a photo, one in March, and four messages answered after two hours."""
    posts = [
        post("p1", "2027-10-04 10:00:00", Contenido="photo"),
        post("p2", "2027-10-05 10:00:00", Contenido="video"),
        post("p3", "2027-10-06 10:00:00"),
        post("p4", "2027-10-07 10:00:00"),
        post("old", "2027-03-07 10:00:00"),
    ]
    return posts + [row for number in range(1, 5) for row in talk(number, private=number > 2)]


def count(folder: Path, *arguments: str | Path) -> int:
    return main(["count", *map(str, arguments), *TOLD, "--output", str(folder)])


def load(folder: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / name).read_bytes())
    return document


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "registro.csv", make_year())


def test_files_become_answers(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert count(tmp_path / "out", log) == 0
    answers = load(tmp_path / "out", "answers.json")
    assert answers["profile"] == {
        "accounts_active": 1,
        "accounts_dormant": 0,
        "platforms_active": 1,
        "own_posts_w90": 4,
        "visual_posts": 2,
    }
    manifest = hashlib.sha256((tmp_path / "out" / "manifest.json").read_bytes()).hexdigest()
    source = {"kind": "counted", "manifest": f"sha256:{manifest}"}
    assert answers["answers"] == {
        "D2.03": {"numerator": 1, "denominator": 12, "source": source},
        "D8.08": {"answers": 4, "posts": 4, "source": source},
    }
    told = capsys.readouterr().out
    read = "registro.csv: log-messages, Ayuntamiento, 13 filas, 13 contadas, 0 rechazadas, 2027-03-07 – 2027-10-07"
    assert read in " ".join(told.split())
    assert "publicaciones propias en 90 días" in told
    assert "En la hoja «Mensajes» hay 0 filas codificadas de 4." in " ".join(told.split())
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "answers.json",
        "answers.xlsx",
        "coding-second.xlsx",
        "coding.xlsx",
        "manifest.json",
    }


def test_the_order_of_files_and_their_duplicates_change_nothing(tmp_path: Path) -> None:
    rows = make_year()
    first, second = write_log(tmp_path / "a.csv", rows[:7]), write_log(tmp_path / "b.csv", rows[5:])
    archive = tmp_path / "c.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(second, "b.csv")
    results = []
    for number, files in enumerate([(first, second), (archive, first, archive)]):
        folder = tmp_path / str(number)
        assert count(folder, *files) == 0
        manifest = load(folder, "manifest.json")
        results.append((manifest["facts"], load(folder, "answers.json")))
    assert results[0] == results[1]
    assert results[0][0]["own_posts_w90"]["value"] == 4


def test_a_coded_workbook_completes_the_answers(tmp_path: Path, log: Path) -> None:
    out = tmp_path / "out"
    count(out, log)
    answers: dict[str, Answer] = {
        "Publicaciones": lambda row: {"subject": "u", "press": "no", "voice": "no", "plain": "sí"},
        "Imágenes y vídeos": lambda row: {"accessible": "sí"},
        "Respuestas": lambda row: {"solves": "sí"},
        "Mensajes": lambda row: {"need": "q", "reply": "1"},
    }
    fill_in(out / "coding.xlsx", answers)
    assert count(out, log, "--coded", out / "coding.xlsx") == 0
    found = load(out, "answers.json")["answers"]
    for given in found.values():
        assert given.pop("source")["kind"] == "counted"
    assert found["D8.03"] == {"numerator": 4, "denominator": 4}
    assert found["D9.01"] == {
        "numerator": 4,
        "denominator": 4,
        "answered_private": 2,
        "critical_received": 0,
        "critical_answered": 0,
    }
    assert found["D9.10"] == {"hours": 2.0}
    # The workbook that a person filled in was not written over.
    assert {row["subject"] for row in read_rows((out / "coding.xlsx").read_bytes(), "Publicaciones")} == {"u"}


def test_a_sample_that_changed_goes_on_in_a_new_workbook(tmp_path: Path, log: Path) -> None:
    count(tmp_path, log)
    path = tmp_path / "coding.xlsx"
    cells = {"need": "c", "reply": "4", "replied_at": datetime(2027, 10, 9, 9, 30), "was_private": "no"}
    answers: dict[str, Answer] = {
        "Publicaciones": lambda row: {"subject": "u"},
        "Mensajes": lambda row: cells,
        "Clases de información": lambda row: {"answer": "sí"} if row["key"] == "c2" else {},
        "Cuentas": lambda row: {"official": "sí"} if row["name"] else {},
    }
    fill_in(path, answers)
    assert count(tmp_path, log, "--coded", path) == 0
    assert not (tmp_path / "next-coding.xlsx").exists()
    write_log(log, [*make_year(), post("p5", "2027-10-08 10:00:00")])
    assert count(tmp_path, log, "--coded", path) == 0
    content = (tmp_path / "next-coding.xlsx").read_bytes()
    subjects = {row["text"]: row["subject"] for row in read_rows(content, "Publicaciones")}
    assert subjects == {**{f"Texto p{number}": "u · útil" for number in range(1, 5)}, "Texto p5": None}
    kept = read_rows(content, "Mensajes")[0]
    assert (kept["need"], kept["replied_at"], kept["was_private"]) == ("c · queja", "2027-10-09 09:30", "no · no")
    assert [row["answer"] for row in read_rows(content, "Clases de información")[:3]] == [None, "yes · sí", None]
    assert read_rows(content, "Cuentas")[0]["official"] == "yes · sí"


def test_every_option_that_a_text_names_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    for language in ("es", "en"):
        with pytest.raises(SystemExit):
            main(["count", "--help", "--lang", language])
        options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
        texts = [text for fault in FAULT_TEXTS.values() for text in (*fault.what, *fault.remedy)]
        texts += [text for pair in REASON_TEXTS.values() for text in (pair.es, pair.en)]
        texts += [text for guide in GUIDES for step in guide.steps for text in (step.es, step.en)]
        assert set(re.findall(r"(?<![\w-])--[a-z-]+", " ".join(texts))) <= options


def test_the_rows_of_each_figure_are_written(tmp_path: Path, log: Path) -> None:
    assert count(tmp_path / "out", log, "--rows", tmp_path / "rows.csv") == 0
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file) if row["code"] == "visual_posts"]
    # The second and the third line of the file, after the titles.
    assert rows == [
        ("visual_posts", "registro.csv", "2", "x", "Ayuntamiento", "p1"),
        ("visual_posts", "registro.csv", "3", "x", "Ayuntamiento", "p2"),
    ]


def test_a_report_stands_beside_the_manifest(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for language, heading in (("es", "Se publicó en 2 de 51"), ("en", "There were posts in 2 of 51")):
        page = tmp_path / f"{language}.html"
        assert count(tmp_path / "out", log, "--html", page, "--lang", language) == 0
        assert str(page) in capsys.readouterr().out
        text = page.read_text("utf-8")
        assert f"<h2>{heading}" in text
        assert hashlib.sha256((tmp_path / "out" / "manifest.json").read_bytes()).hexdigest() in text


def test_two_coders_are_compared(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count(tmp_path, log)
    for name, plain in (("coding.xlsx", "sí"), ("coding-second.xlsx", "no")):
        code_posts(tmp_path / name, subject="u", press="no", voice="no", plain=plain)
    assert count(tmp_path, log, "--coded", tmp_path / "coding.xlsx") == 0
    assert "Falta que una segunda persona codifique coding-second.xlsx" in capsys.readouterr().out
    assert count(tmp_path, log, "--coded", tmp_path / "coding-second.xlsx", "--coded", tmp_path / "coding.xlsx") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "¿Supera la prueba de lenguaje claro? 0 / 1 0,00 %" in told
    assert "codifiquen de nuevo" in told
    # Only what they disagree on is not answered.
    assert {"D8.03", "D5.05"} & load(tmp_path, "answers.json")["answers"].keys() == {"D8.03"}


def test_evidence_is_the_digest_of_the_manifest_that_was_written(tmp_path: Path, log: Path) -> None:
    url = "https://www.example.org/manifest.json"
    (tmp_path / "perfil.json").write_text('{"org_type": "MUN", "population_served": 20000}')
    count(tmp_path, log, "--evidence", url, "--evidence-date", "2028-01-20", "--profile", tmp_path / "perfil.json")
    answers = load(tmp_path, "answers.json")
    sha256 = subprocess.check_output(["sha256sum", tmp_path / "manifest.json"], text=True).split()[0]
    assert answers["answers"]["D8.08"]["evidence"] == [{"url": url, "date": "2028-01-20", "sha256": sha256}]
    assert answers["profile"]["org_type"] == "MUN"


def test_a_manifest_is_counted_again(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count(tmp_path, log, "--account", "x:Ayuntamiento=el ayuntamiento")
    kept = (tmp_path / "manifest.json").rename(tmp_path / "kept.json")
    capsys.readouterr()
    check = ["count", "--check", str(kept), str(log), "--lang", "en"]
    assert main(check) == 0
    assert capsys.readouterr().out == "0 differences: the count is the same.\n"
    changed = log.read_bytes().replace(b"2027-10-04 10:00:00", b"2027-09-04 10:00:00")
    assert len(changed) == log.stat().st_size
    log.write_bytes(changed)
    assert main(check) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "The file registro.csv has changed" in told
    assert "own_posts_w90 value: 4 in the manifest, 3 in the recount." in told
    assert main(["count", "--check", str(log), str(log)]) == 2


def test_another_process_writes_the_same_bytes(tmp_path: Path, log: Path) -> None:
    count(tmp_path / "here", log, "--seed", "abc", "--html", tmp_path / "here" / "report.html")
    arguments = ["count", str(log), *TOLD, "--seed", "abc", "--output", str(tmp_path / "there")]
    arguments += ["--html", str(tmp_path / "there" / "report.html")]
    environment = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "PATH": "", "LANG": "C"}
    subprocess.run([sys.executable, "-m", "actitud", *arguments], check=True, capture_output=True, env=environment)
    for path in sorted((tmp_path / "here").iterdir()):
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--window", "W90=2027-09-15"], "se esperan dos fechas"),
        (["--period", "2027-12-31/2027-01-01"], "se esperan dos fechas"),
        (["--window", "W9=2027-01-01/2027-12-31"], "no hay ningún periodo «W9»; son W12, W90"),
        (["--period", "2026-01-01/2026-12-31"], "ninguno de esos días se cuenta; se cuentan los de 2027-"),
        (["--period", "2027-01-01/2027-06-30"], "2027-06-30: otra opción dice 2027-01-01/2027-12-31; deje una"),
        (
            ["--window", "W90=2027-10-01/2027-12-29", "--window", "W90=2027-09-01/2027-11-29"],
            "--window W90=2027-09-01/2027-11-29: otra opción dice 2027-10-01/2027-12-29; deje una",
        ),
        (["--account", "Ayuntamiento"], "se espera red:nombre"),
        (["--account", "facebok:ayto"], "--account facebok:ayto: no hay ninguna red «facebok»; ¿quiso decir facebook?"),
        (["--main", "instagran:ayto"], "¿quiso decir instagram? Se conocen: facebook, instagram, x, youtube,"),
        (["--main", "x:b", "--account", "x:a"], "--main x:b: no es ninguna de las cuentas de --account, que son x:a"),
        (["--account", "x:a=Ayto", "--account", "x:b=@ayto"], "«@ayto» es a la vez x:a y x:b"),
        (["--mapping", "red.toml"], "red.toml: no hay ninguna red «facebok»; ¿quiso decir facebook?"),
        (["--mapping", "zona.toml"], "zona.toml: no hay ninguna zona horaria «Europe/Nowhere»"),
        (["--mapping", "registro.csv"], "registro.csv: no describe las columnas de un registro de mensajes"),
        (["--profile", "negativo.json"], "negativo.json: employees: -3 no es un número entero desde 0."),
        (["--profile", "suma.json"], "suma.json: Las cuentas activas y las inactivas tienen que sumar el total"),
        (["--profile", "suma.json"], "suma.json: corrija el perfil; no se ha leído ningún otro fichero"),
        (["--profile", "otro.json"], "--population 20000: en otro.json population_served es 19000"),
        (["--methodology", "2026.1"], "la metodología 2026.1 no se cuenta"),
        (["--time-zone", "Europe/Nowhere"], "Europe/Nowhere: no hay ninguna zona horaria con ese nombre"),
        (["--sample", "posts=99"], "--sample posts=99: se espera una muestra y cuántos se codifican, como mínimo: "),
        (["--sample", "proposals=9"], "posts=100, visual_posts=100, replies=50, messages_w90=400, messages_w12=400"),
        (["--sample", "posts"], "--sample posts: se espera una muestra"),
        (["--evidence", "http://www.example.org/manifest.json"], "tiene que empezar por https://"),
        (["--evidence", "https://www.example.org/el manifiesto"], "y no llevar espacios"),
        (["--coded", "registro.csv"], "El libro no se puede leer"),
        (["--coded", "no.xlsx"], "no.xlsx: no existe ese fichero o esa carpeta"),
        (["--html", "no/report.html"], "no/report.html: no existe ese fichero o esa carpeta"),
        (["--html", "."], ".: es una carpeta, y no un fichero"),
        (["--rows", "registro.csv"], "registro.csv: es un fichero que se lee, y no se escribe encima"),
        (["--output", "registro.csv"], "registro.csv: no es una carpeta"),
        (["--profile", "registro.csv"], "registro.csv: no es un perfil"),
        (["--edition", "registro.csv"], "registro.csv: no es una edición"),
    ],
)
def test_wrong_arguments_are_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    content = write_log(tmp_path / "registro.csv", make_year()).read_bytes()
    Path("red.toml").write_text('platform = "facebok"\n[columns]\ntime = "Fecha"\n')
    Path("zona.toml").write_text('time_zone = "Europe/Nowhere"\n[columns]\ntime = "Fecha"\n')
    Path("negativo.json").write_text('{"employees": -3, "units": 9}')
    Path("suma.json").write_text('{"accounts_total": 3, "accounts_active": 5}')
    Path("otro.json").write_text('{"population_served": 19000}')
    assert main(["count", "registro.csv", *TOLD, "--output", "out", *arguments]) == 2
    assert said in capsys.readouterr().err
    # Nothing was written, and nothing that is read was written over.
    assert not Path("out").exists()
    assert Path("registro.csv").read_bytes() == content


@pytest.mark.parametrize("option", ["--rows", "--html"])
def test_a_full_disk_is_said_with_the_file(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert count(tmp_path / "out", log, option, "/dev/full") == 2
    assert capsys.readouterr().err.splitlines()[-1] == "actitud: /dev/full: no queda sitio en el disco"


def test_a_full_folder_of_temporary_files_is_said(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_SETTINGS", f"{table._SETTINGS}PRAGMA max_page_count=3;")
    write_log(log, [post(f"p{number}", "2027-10-04 10:00:00") for number in range(500)])
    assert count(tmp_path / "out", log) == 2
    said = "actitud: no queda sitio en la carpeta de ficheros temporales (TMPDIR)"
    assert capsys.readouterr().err.splitlines()[-1] == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--year", "25"], "argumento --year: '25' no es un número entero desde 2000 hasta 2100"),
        (["--year", "dos mil"], "argumento --year: 'dos mil' no es un número entero desde 2000 hasta 2100"),
        (["--population", "-1"], "argumento --population: '-1' no es un número entero desde 0"),
        (["--evidence-date", "31/12/2027"], "argumento --evidence-date: '31/12/2027' no es una fecha como 2027-12-31"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_said_in_the_language_of_the_command(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["count", "registro.csv", "--lang", "es", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_year_is_asked_for_and_an_edition_answers_it(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["count", str(log), "--lang", "en", "-o", str(tmp_path / "out")]) == 2
    assert "--year" in capsys.readouterr().err
    windows = {"W90": {"from": "2027-10-05", "to": "2028-01-02"}, "W12": {"from": "2027-01-01", "to": "2027-12-31"}}
    (tmp_path / "edition.json").write_text(json.dumps({"methodology": "2027.1", "windows": windows}))
    given = [
        "--edition",
        str(tmp_path / "edition.json"),
        "--period",
        "2027-01-01/2028-12-31",
        "-o",
        str(tmp_path / "out"),
    ]
    assert main(["count", str(log), *given, "--output", str(tmp_path / "out")]) == 0
    assert load(tmp_path / "out", "answers.json")["profile"]["own_posts_w90"] == 3


def test_a_period_is_stated_of_a_file_or_an_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    log = write_log(folder / "registro.csv", make_year()[:4])
    with zipfile.ZipFile(tmp_path / "marzo.zip", "w") as archive:
        archive.write(write_log(tmp_path / "otro.csv", make_year()[4:]), "dentro/otro.csv")
    base = ["count", str(folder), str(tmp_path / "marzo.zip"), "--year", "2027", "--lang", "en", "-o", str(tmp_path)]
    whole = "2027-01-01/2027-12-31"
    for number, given in enumerate(([f"{log}={whole}"], [f"{tmp_path / 'marzo.zip'}={whole}"], [whole])):
        periods = [argument for period in given for argument in ("--period", period)]
        assert main([*base, *periods]) == 0
        stated = load(tmp_path, "manifest.json")["plan"]["periods"]
        assert len(stated) == (1, 1, 2)[number]
    assert main([*base, "--period", f"nothing.csv={whole}"]) == 2
    assert "nothing.csv: no file of this name was read" in capsys.readouterr().err


@pytest.mark.parametrize("lacking", ["rich", "ijson"])
def test_the_extra_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lacking: str
) -> None:
    find = importlib.util.find_spec

    def find_others(name: str) -> ModuleSpec | None:
        return None if name == lacking else find(name)

    for module in ("command_line", "counting"):
        monkeypatch.setattr(f"actitud.cli.{module}.find_spec", find_others)
    assert count(tmp_path / "out", write_log(tmp_path / "registro.csv", make_year())) == 2
    # The tests run in a checkout, whose package may not be published.
    sdk = Path(__file__).parents[3] / "sdk"
    assert capsys.readouterr().err.endswith(f" -m pip install -e '{sdk}[count]'\n")


def test_what_does_not_stop_a_count_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A network of which no file is read, a folder without files, and options that the files do not bear out."""
    log, empty = write_log(tmp_path / "registro.csv", make_year()), tmp_path / "vacía"
    (empty / ".oculta").mkdir(parents=True)
    (empty / ".oculta" / "nota.txt").write_text("nada")
    with zipfile.ZipFile(tmp_path / "nada.zip", "w"):
        pass
    with zipfile.ZipFile(tmp_path / "fotos.zip", "w") as archive:
        archive.writestr("1.jpg", b"\xff\xd8\xff\x00\x00")
    profile = tmp_path / "perfil.json"
    given = (log, empty, tmp_path / "nada.zip", tmp_path / "fotos.zip", "--main", "x:Alcaldía", "--profile", profile)
    profile.write_text('{"accounts_total": 0, "units": 9, "own_posts_w90": 7}')
    assert count(tmp_path / "out", *given, "--evidence-date", "2027-12-31") == 0
    told = capsys.readouterr().err
    for said in (
        "vacía: La carpeta no tiene ningún fichero que leer.",
        "nada.zip: El fichero está vacío.",
        "fotos.zip: Ficheros sin mensajes, que no se leen: 1.",
        "--main x:Alcaldía: no hay tal cuenta en los ficheros. Las que hay: x:Ayuntamiento.",
        "own_posts_w90: el perfil dice 7 y se han contado 4. Vale lo contado.",
        "Las cuentas activas y las inactivas tienen que sumar el total de cuentas (accounts_active 1, accounts_dormant "
        "0, accounts_total 0).",
        "--evidence-date: no se usa",
    ):
        assert said in told
    assert "--year" not in told
    assert load(tmp_path / "out", "answers.json")["profile"]["own_posts_w90"] == 4
    assert count(tmp_path / "out", log, "--account", "threads:ayto", "--account", "twitter:Ayuntamiento") == 0
    told = capsys.readouterr().err
    assert told.count("no se lee ningún fichero") == 1
    assert "--account threads:ayto: de «threads» no se lee ningún fichero" in told
    assert [one["platform"] for one in load(tmp_path / "out", "manifest.json")["accounts"]] == ["threads", "x"]


def test_workbooks_of_the_program_among_the_exports_are_not_taken_for_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(tmp_path / "registro.csv", make_year())
    monkeypatch.chdir(tmp_path)
    assert main(["count", ".", *TOLD]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "añadiendo --coded coding.xlsx --coded coding-second.xlsx" in told
    first = load(tmp_path, "manifest.json")
    assert main(["count", ".", *TOLD]) == 0
    told = capsys.readouterr().err
    for name in ("answers.xlsx", "coding.xlsx", "coding-second.xlsx"):
        assert f"{name}: Es un libro de este programa, y no una exportación." in told
    assert f"actitud: {tmp_path.name}: Ficheros sin mensajes, que no se leen: 2." in told
    again = load(tmp_path, "manifest.json")
    assert {**again, "faults": {}} == {**first, "faults": {}}


def test_a_year_of_no_message_is_doubted(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["count", str(log), "--year", "2026", "--lang", "en", "-o", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().err
    assert "No message is of the days that are counted, 2026-01-01/2026-12-31" in told
    assert "those of the files are of 2027-03-07/2027-10-07. Check the year (--year)" in told
    # One message of that year is enough: most of an archive is older.
    write_log(log, [*make_year(), post("p0", "2026-02-01 10:00:00")])
    assert main(["count", str(log), "--year", "2026", "--lang", "en", "-o", str(tmp_path / "out")]) == 0
    assert "--year" not in capsys.readouterr().err


def test_the_profile_says_whom_the_body_serves_where_the_option_does_not(tmp_path: Path, log: Path) -> None:
    (tmp_path / "perfil.json").write_text('{"population_served": 19000}')
    arguments = ["--year", "2027", "--profile", str(tmp_path / "perfil.json"), "-o", str(tmp_path)]
    assert main(["count", str(log), *arguments]) == 0
    assert load(tmp_path, "manifest.json")["plan"]["population"] == 19_000


def test_accounts_that_the_options_do_not_name_are_doubted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They may be another spelling of one that is named."""
    log = write_log(tmp_path / "registro.csv", [*make_year(), post("p9", "2027-10-08 10:00:00", Cuenta="Ayuntamento")])
    assert count(tmp_path, log, "--account", "x:Ayuntamiento", "--lang", "en") == 0
    told = capsys.readouterr().err
    assert "accounts that --account does not name and that count as yours: x:Ayuntamento. If one" in told
    assert count(tmp_path, log, "--account", "x:Ayuntamiento=Ayuntamento") == 0
    assert capsys.readouterr().err == ""
    # Nothing is doubted where nobody has named accounts, or where the sheet says that it is one.
    assert count(tmp_path, log) == 0
    (tmp_path / "coding.xlsx").unlink()
    assert count(tmp_path, log) == 0
    fill_in(tmp_path / "coding.xlsx", {"Cuentas": lambda row: {"official": "sí"} if row["name"] else {}})
    assert count(tmp_path, log, "--account", "x:Ayuntamiento", "--coded", tmp_path / "coding.xlsx") == 0
    assert capsys.readouterr().err == ""


def test_coded_rows_that_left_the_sample_are_doubted(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert count(tmp_path, log) == 0
    path = tmp_path / "coding.xlsx"
    code_posts(path, subject="u")
    assert count(tmp_path, log, "--coded", path) == 0
    assert capsys.readouterr().err == ""
    write_log(log, [row for row in make_year() if row["Id"] not in ("p1", "p2")])
    assert count(tmp_path, log, "--coded", path) == 0
    assert (
        "Filas codificadas de la hoja «Publicaciones» que ya no están en la muestra, y no cuentan: 2."
        in capsys.readouterr().err
    )


def test_what_the_profile_still_lacks_for_a_draft_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, path = write_log(tmp_path / "registro.csv", make_year()), tmp_path / "perfil.json"
    profile: dict[str, object] = {"org_type": "MUN", "population_served": 20_000, "employees": None, "units": 9}
    path.write_text(json.dumps(profile))
    assert count(tmp_path, log, "--profile", path) == 0
    told = " ".join(capsys.readouterr().out.split())
    lacking = (
        "personas en plantilla (employees); cuentas oficiales en total (accounts_total); cuentas abiertas "
        "(accounts_open); mensajes que pedían respuesta, 90 días (messages_w90); mensajes que pedían respuesta, 12 "
        "meses (messages_w12); respuestas dadas en 12 meses (replies_w12); servicios directos (services)"
    )
    assert f"Para empezar el borrador falta del perfil: {lacking}. Codifique" in told
    # What persons know otherwise is as good; what was counted stands before it.
    profile |= {"employees": 150, "services": 40, "accounts_total": 1, "accounts_open": 1}
    path.write_text(json.dumps(profile | {"messages_w90": 4, "messages_w12": 4, "replies_w12": 4}))
    assert count(tmp_path, log, "--profile", path) == 0
    said = capsys.readouterr()
    assert "Para empezar el borrador" not in said.out
    assert said.err == ""
    assert load(tmp_path, "answers.json")["profile"]["messages_w12"] == 4


def test_the_main_account_is_that_of_the_option_in_any_spelling(tmp_path: Path, log: Path) -> None:
    assert (
        count(tmp_path, log, "--account", "x:Ayuntamiento=Casa Consistorial", "--main", "Twitter:casa consistorial")
        == 0
    )
    assert load(tmp_path, "manifest.json")["plan"]["main"] == ["x", "Ayuntamiento"]


def test_a_network_of_a_log_that_looks_misspelt_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*make_year(), post("f1", "2027-10-06 10:00:00", Red="Facebok"), post("f2", "2027-10-06", Red="Twitter")]
    log = write_log(tmp_path / "registro.csv", rows)
    assert count(tmp_path, log) == 0
    told = capsys.readouterr().err
    assert told.startswith(
        "actitud: registro.csv:15:Red: La red de la columna «Red» no se conoce. ¿Es facebook? El mensaje se cuenta en "
        "una red y una cuenta aparte."
    )
    assert load(tmp_path, "manifest.json")["faults"]["network_unlikely"] == 1
    accounts = {one["platform"] for one in load(tmp_path, "manifest.json")["accounts"]}
    assert accounts == {"facebok", "x"}


def test_no_file_that_can_be_read_is_no_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notas.txt").write_text("Esto no es una exportación.")
    assert count(tmp_path / "out", tmp_path / "notas.txt") == 1
    assert not (tmp_path / "out").exists()
    assert "notas.txt" in capsys.readouterr().err


# --- persons --------------------------------------------------------------------------------------------------------


def make_person(number: int) -> list[str]:
    """Return a name, a handle, an address, a telephone number and an identity number that stand nowhere else."""
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    identity = 10_000_000 + number
    return [
        f"Nombre{number} Apellido{number}",
        f"@persona_{number}",
        f"persona{number}@correo.example",
        f"6{number:08}",
        f"{identity}{letters[identity % 23]}",
    ]


def test_no_person_is_in_what_may_be_published_or_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = [make_person(number) for number in range(PLANTED)]
    planted = [one for person in people for one in person]
    rows = make_year()
    for number, (name, handle, address, telephone, identity) in enumerate(people):
        asked, replied = talk(1 + number % 28, private=number % 2 == 0)
        thread = f"{handle} {number}"
        about = f"Soy {name}, {identity}. Mi correo es {address} y mi teléfono {telephone}. {handle}"
        link = f"https://red.example/{handle}/{telephone}"
        asked |= {"Id": f"{identity}-{number}", "Hilo": thread, "Texto": about, "Enlace": link}
        rows.append(asked)
        answer = f"{handle} Gracias, {name}: le escribimos a {address}"
        rows.append(
            {**replied, "Id": f"r-{identity}", "Hilo": thread, "Responde a": f"{identity}-{number}", "Texto": answer}
        )
        if number % 5 == 0:
            # Rows that are refused: the fault names the place and quotes nobody.
            wrong = {"Fecha y hora": telephone} if number % 2 else {"Tipo": name}
            rows.append({**asked, "Id": f"wrong-{number}", "Texto": about, **wrong})
    log = write_log(tmp_path / "registro.csv", rows)
    chat = tmp_path / f"WhatsApp Chat with {people[0][0]}.txt"
    chat.write_text(f"01/10/27, 10:00 - {people[0][0]}: Hola\n01/10/27, 10:05 - Ayuntamiento: Buenos días\n")
    report, listed = tmp_path / "report.html", tmp_path / "rows.csv"
    given = (log, chat, "--account", "whatsapp:Ayuntamiento", "--seed", "abc")
    assert count(tmp_path / "out", *given, "--html", report, "--rows", listed) == 1  # rows are refused
    written = [path.read_text() for path in (tmp_path / "out" / "manifest.json", tmp_path / "out" / "answers.json")]
    written += [report.read_text(), html.unescape(report.read_text())]
    with zipfile.ZipFile(io.BytesIO((tmp_path / "out" / "answers.xlsx").read_bytes())) as form:
        written += [form.read(name).decode() for name in form.namelist()]
    # The rows have the ids of the log, which may name somebody, and so are not to be published; they have nothing else.
    with listed.open(encoding="utf-8", newline="") as file:
        numbered = list(csv.DictReader(file))
    assert {row["id"] for row in numbered} & {f"r-{person[4]}" for person in people}
    assert {row["id"] for row in numbered if not row["id"].startswith("~")} <= {row["Id"] for row in rows}
    written += [value for row in numbered for name, value in row.items() if name != "id"]
    logged = capsys.readouterr()
    written += [logged.out, logged.err]
    # For programs: the manifest, and after a row has gone the differences.
    assert count(tmp_path / "json", *given, "--json") == 1
    logged = capsys.readouterr()
    assert json.loads(logged.out)["messages"] == load(tmp_path / "out", "manifest.json")["messages"]
    written += [logged.out, logged.err]
    write_log(log, [row for row in rows if row["Id"] != f"r-{people[-1][4]}"])
    assert main(["count", "--check", str(tmp_path / "out" / "manifest.json"), str(log), str(chat), "--json"]) == 1
    logged = capsys.readouterr()
    assert json.loads(logged.out)
    written += [logged.out, logged.err]
    text = "\n".join(written)
    assert [one for one in planted if one in text] == []
    assert people[1][0] in (tmp_path / "registro.csv").read_text()


# --- size -----------------------------------------------------------------------------------------------------------

MEASURE: Final = """
import resource, sys
from actitud.cli import main
from actitud.counting.export_guides import GUIDES
from actitud.counting.fault_texts import FAULT_TEXTS
from actitud.counting.reasons import REASON_TEXTS
code = main(sys.argv[1:])
print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def write_large_log(path: Path, number: int) -> Path:
    random, start = Random(number), datetime(2027, 1, 1)
    step = timedelta(days=365) / number

    def list_rows() -> Iterable[dict[str, str]]:
        for index in range(number):
            time = (start + step * index).strftime("%Y-%m-%d %H:%M:%S")
            row = post(f"m{index}", time, Texto=f"Texto número {index} con la palabra {random.random()}")
            if index % 10 >= 4:
                received = index % 2 == 0
                row |= {
                    "Tipo": "Recibido" if received else "Respuesta pública",
                    "Hilo": f"t{index // 2}",
                    "Responde a": "" if received else f"m{index - 1}",
                }
            yield row

    return write_log(path, list_rows())


@pytest.mark.night
def test_memory_does_not_grow_with_the_messages(tmp_path: Path) -> None:
    peaks = []
    for number in (10_000, 100_000):
        log = write_large_log(tmp_path / f"{number}.csv", number)
        arguments = ["count", str(log), *TOLD, "--seed", "abc", "--output", str(tmp_path / str(number))]
        done = subprocess.run([sys.executable, "-c", MEASURE, *arguments], check=True, capture_output=True, text=True)
        peaks.append(int(done.stderr.rpartition("PEAK")[2]))
        manifest = load(tmp_path / str(number), "manifest.json")
        assert manifest["messages"] == number
        # Of each ten messages four are posts, three are received and three are replies.
        assert manifest["samples"]["messages_w12"]["population"] == number * 3 // 10
    assert peaks[1] <= 1.2 * peaks[0]
