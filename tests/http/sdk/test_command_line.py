"""The command `actitud` against the application: what it prints, where, and with which exit code."""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any, Protocol

import pytest

from actitud import Client
from actitud.cli import command_line, main, reading, watching
from actitud.cli.command_line import find_language
from tests.support.waiting import PATIENCE

ORGANISATION = "XX-DEMO-00100"
IN_BOTH = "XX-DEMO-00064"
"""An organisation of both editions of the demonstration, which reaches another level in the later one."""
CASES = Path(__file__).parents[2] / "cases"


class Command(Protocol):
    def __call__(self, *arguments: str) -> tuple[int, str, str]: ...


@pytest.fixture
def actitud(address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command and returns its exit code, its output and its messages."""
    monkeypatch.setenv("ACTITUD_BASE_URL", address)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, "C")

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def facts(tmp_path: Path, **changes: Any) -> str:
    request = json.loads((CASES / "example_a.json").read_bytes())["request"]
    file = tmp_path / "facts.json"
    file.write_text(json.dumps({**request, **changes}), encoding="utf-8")
    return str(file)


def test_the_ranking_is_a_table_json_or_csv(actitud: Command, sdk: Client) -> None:
    rows = sdk.editions.scores.list("latest", limit=3).items
    code, out, err = actitud("rank", "latest", "--limit", "3")
    assert (code, err) == (0, "")
    assert all(row.organisation_name in out and row.organisation in out and f"{row.index:.2f}" in out for row in rows)
    every = sum(1 for _ in sdk.editions.scores.list("latest"))
    assert out.endswith(f"\n2026-demo: 3 of {every} organisations (more with --limit)\n")
    code, out, err = actitud("rank", "latest", "--limit", "3", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"edition": "2026-demo", "items": [row.to_dict() for row in rows]}
    code, out, err = actitud("rank", "latest", "--csv")
    assert (code, err) == (0, "")
    assert out.splitlines() == sdk.editions.scores.export("latest").decode().splitlines()


def test_the_ranking_is_filtered(actitud: Command, sdk: Client) -> None:
    province = sdk.editions.scores.list("latest", limit=1)[0].province
    assert province is not None
    wanted = [row.organisation for row in sdk.editions.scores.list("latest", province=province)]
    _, out, _ = actitud("rank", "latest", "--province", province.lstrip("0"), "--csv")
    assert [row["organisation"] for row in csv.DictReader(out.splitlines())] == wanted
    code, _, err = actitud("rank", "latest", "--province", "Valencia")
    assert code == 2
    assert err.startswith('actitud: province: It must be one of these values: "01" (Araba/Álava), ')
    assert err.endswith(" (did you mean “46”?)\n")
    name = sdk.editions.scores.list("latest", limit=1)[0].organisation_name
    _, out, _ = actitud("rank", "latest", "--search", name, "--csv")
    assert name in [row["organisation_name"] for row in csv.DictReader(out.splitlines())]
    assert out.splitlines() == sdk.editions.scores.export("latest", q=name).decode().splitlines()


def test_the_ranking_does_not_promise_more_than_there_is(
    actitud: Command, monkeypatch: pytest.MonkeyPatch, sdk: Client
) -> None:
    monkeypatch.setattr(reading, "_PAGE_MAX", 2)
    every = len(list(sdk.editions.scores.list("latest", region="09")))
    assert every > 2
    _, out, _ = actitud("rank", "latest", "--region", "09", "--limit", str(every))
    assert out.endswith(f"\n2026-demo: {every} organisations\n")
    _, out, _ = actitud("rank", "latest", "--region", "09", "--limit", str(every - 1))
    assert out.endswith(f"\n2026-demo: {every - 1} of {every} organisations (more with --limit)\n")
    _, out, _ = actitud("rank", "latest", "--search", ORGANISATION)
    assert out.endswith("\n2026-demo: 1 organisation\n")


def test_a_sheet_is_in_the_language_asked_for(actitud: Command, sdk: Client) -> None:
    score = sdk.with_options(lang="es").editions.scores.get("latest", ORGANISATION)
    code, out, err = actitud("sheet", "latest", ORGANISATION, "--lang", "es")
    assert (code, err) == (0, "")
    flat = " ".join(out.split())
    assert score.organisation_name in out
    assert f"{score.index:.2f}".replace(".", ",") in out
    assert all(" ".join(reason.text.split()) in flat for reason in score.main_reasons)
    assert all(dimension.name in out for dimension in score.dimensions)
    code, out, _ = actitud("sheet", "latest", ORGANISATION, "--json")
    assert json.loads(out)["index"] == score.index
    _, out, _ = actitud("sheet", "latest", ORGANISATION, "--csv", "--dimension", "D1")
    assert [row["indicator"] for row in csv.DictReader(out.splitlines())] == list(
        score.dimensions["D1"].indicators.keys()
    )
    _, out, _ = actitud("sheet", "latest", ORGANISATION, "--dimension", "D1")
    assert score.indicators["D1.07"].id in out


def test_facts_are_scored(actitud: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = json.loads((CASES / "example_a.json").read_bytes())["published"]
    code, out, err = actitud("score", facts(tmp_path), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["index"] == published["index"]
    code, out, _ = actitud("score", facts(tmp_path))
    assert f"{published['index']:.2f}" in out
    with open(facts(tmp_path), encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        code, out, _ = actitud("score", "-", "--csv")
    rows = {row["indicator"]: row for row in csv.DictReader(out.splitlines())}
    assert float(rows["D1.01"]["score"]) == published["indicators"]["D1.01"]


def test_what_stands_beside_the_facts_of_an_assessment_is_left_out(actitud: Command, tmp_path: Path) -> None:
    body = json.loads(Path(facts(tmp_path)).read_bytes())
    source = {"kind": "counted"}
    for answer in body["answers"].values():
        answer |= {"source": source, "note": None, "evidence": []}
    file = tmp_path / "assessment.json"
    file.write_text(json.dumps({**body, "profile_evidence": {}, "profile_sources": {"units": source}}))
    assert actitud("score", str(file), "--csv") == actitud("score", facts(tmp_path), "--csv")


def test_facts_that_contradict_each_other_are_scored_and_fail(actitud: Command, tmp_path: Path) -> None:
    file = facts(tmp_path, answers={"D1.01": {"numerator": 3, "denominator": 2}})
    code, out, _ = actitud("score", file)
    assert code == 1
    assert "V01.D1.01" in out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"profile": {},\n "answers": }', "line 2, column 13: no JSON"),
        ('{"profile": {}, "profile": {}}', "“profile” stands twice"),
        ('{"profile": {"employees": NaN}}', "/profile/employees: NaN is no number"),
        ('{"answers": {"D1.01": {"numerator": 1e999}}}', "/answers/D1.01/numerator: Infinity is no number"),
        ("[]", "it has to be an object"),
        ("\ud800".encode("utf-16", "surrogatepass").decode("latin-1"), "no JSON"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(actitud: Command, tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "facts.json"
    file.write_bytes(content.encode("latin-1") if "\xff" in content else content.encode())
    code, out, err = actitud("score", str(file))
    assert (code, out) == (2, "")
    assert err.startswith(f"actitud: {file}")
    assert message in err


def test_every_fault_of_the_facts_is_told_with_its_pointer(actitud: Command, tmp_path: Path) -> None:
    file = facts(tmp_path, profile={"org_type": "MUN", "populatoin": 3}, answers={"D1.01": {"numeratr": 1}})
    code, out, err = actitud("score", file)
    assert (code, out) == (2, "")
    assert f"actitud: {file} /profile/populatoin: " in err
    assert f"actitud: {file} /answers/D1.01/numeratr: " in err
    assert "(did you mean “numerator”?)" in err


def test_organisations_are_compared(actitud: Command, sdk: Client) -> None:
    rows = sdk.editions.scores.list("latest", limit=2).items
    ids = [row.organisation for row in rows]
    code, out, _ = actitud("compare", "latest", *ids)
    assert code == 0
    assert all(row.organisation_name in out and f"{row.index:.2f}" in out for row in rows)
    _, out, _ = actitud("compare", "latest", *ids, "--json")
    assert [row["organisation"] for row in json.loads(out)["items"]] == ids
    _, out, _ = actitud("compare", "latest", *reversed(ids), "--csv")
    assert [row["organisation"] for row in csv.DictReader(out.splitlines())] == ids[::-1]
    assert actitud("compare", "latest", ids[0], "nobody") == (1, "", "actitud: no score in the edition: nobody\n")


def test_a_change_is_explained(actitud: Command, sdk: Client) -> None:
    changes = sdk.editions.scores.changes("latest", IN_BOTH, from_edition="2025-demo")
    code, out, _ = actitud("changes", "latest", IN_BOTH, "--from", "2025-demo")
    assert code == 0
    assert changes.level_before != changes.level_after
    assert changes.text in " ".join(out.split())
    _, out, _ = actitud("changes", "latest", IN_BOTH, "--from", "2025-demo", "--json")
    assert json.loads(out) == changes.to_dict()
    _, out, _ = actitud("changes", "latest", IN_BOTH, "--from", "2025-demo", "--csv")
    assert [row["id"] for row in csv.DictReader(out.splitlines())] == [group.id for group in changes.groups]


def test_an_edition_is_written_to_a_file(actitud: Command, sdk: Client, tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    code, out, err = actitud("export", "latest", "csv", "-o", str(file), "--kind", "MUN")
    assert (code, out) == (0, "")
    assert err.startswith(f"actitud: {file}: ")
    assert " 0.0 " not in err
    assert file.read_bytes() == sdk.editions.scores.export("latest", kind="MUN")
    _, out, _ = actitud("export", "latest", "jsonl", "--indicators", "-o", "-", "--level", "4")
    assert {json.loads(line)["edition"] for line in out.splitlines()} == {"2026-demo"}
    _, out, _ = actitud("export", "latest", "csv", "--fields", "index,organisation", "-o", "-")
    assert out.splitlines()[0] == "organisation,index"
    code, _, err = actitud("export", "latest", "csv", "--fields", "indx", "-o", "-")
    assert code != 0
    assert "index" in err
    assert actitud("export", "latest", "bundle", "-o", str(file), "--level", "5")[0] == 2
    assert actitud("export", "latest", "bundle", "-o", str(file), "--fields", "index")[0] == 2
    assert actitud("export", "latest", "jsonstat", "-o", str(file), "--fields", "index")[0] == 2
    assert actitud("export", "latest", "jsonstat", "-o", str(file), "--indicators")[0] == 2
    missing = tmp_path / "no" / "x.csv"
    assert actitud("export", "latest", "csv", "-o", str(missing)) == (
        2,
        "",
        f"actitud: {missing}: No such file or directory\n",
    )
    assert actitud("export", "latest", "csv", "-o", str(tmp_path), "--lang", "es") == (
        2,
        "",
        f"actitud: {tmp_path}: es una carpeta, y no un fichero\n",
    )


def test_a_publication_is_verified_offline_and_online(actitud: Command, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.gz"
    assert actitud("export", "latest", "bundle", "-o", str(bundle))[0] == 0
    code, out, _ = actitud("verify", str(bundle))
    assert code == 0
    assert "whose the keys are, which are those that the file itself brings (give --keys)" in out
    code, out, _ = actitud("verify", "--edition", "latest", "--lang", "es")
    assert code == 0
    assert "se cumple" in out
    assert "de quién son las claves" not in out
    _, out, _ = actitud("verify", str(bundle), "--online", "--json")
    assert json.loads(out)["problems"] == []
    lines = gzip.decompress(bundle.read_bytes()).split(b"\n")
    lines[2] = lines[2].replace(b"MUN", b"PRO", 1)
    bundle.write_bytes(b"\n".join(lines))
    code, out, _ = actitud("verify", str(bundle))
    assert code == 1
    assert "DOES NOT HOLD" in out
    bundle.write_bytes(b"{}")
    assert actitud("verify", str(bundle))[0] == 2
    assert actitud("verify")[0] == 2
    assert actitud("verify", str(bundle), "--online", "--keys", "x")[0] == 2


def test_editions_and_methodologies_are_listed(actitud: Command, sdk: Client) -> None:
    _, out, _ = actitud("editions", "--lang", "es")
    assert "2026-demo" in out
    assert "publicada" in out
    _, out, _ = actitud("methodologies", "--lang", "es")
    assert "en uso" in out
    _, out, _ = actitud("editions", "--json")
    assert [row["id"] for row in json.loads(out)] == [row.id for row in sdk.editions.list()]
    _, out, _ = actitud("methodologies", "--csv")
    assert "2026.1" in [row["version"] for row in csv.DictReader(out.splitlines())]


@pytest.mark.parametrize("organisation", [None, ORGANISATION])
def test_watching_asks_politely_and_tells_changes(
    actitud: Command, monkeypatch: pytest.MonkeyPatch, organisation: str | None
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(watching, "sleep", slept.append)
    target = ["latest"] if organisation is None else ["latest", organisation]
    code, out, err = actitud("watch", *target, "--every", "7", "--times", "3")
    assert (code, out) == (0, "")
    assert "every 7 s" in err
    assert slept == [7.0] * 3

    scores = iter([(3, 50.0), (2, 51.5), (2, None)])
    states = ({"id": "x", "rank": rank, "index": index} for rank, index in scores)
    monkeypatch.setattr(watching, "_read", lambda client, session: (next(states), None))
    _, out, _ = actitud("watch", *target, "--times", "2")
    name = organisation or "x"
    assert [line.partition("  ")[2] for line in out.splitlines()] == [
        f"{name}  rank: 3 → 2",
        f"{name}  index: 50.0 → 51.5",
        f"{name}  index: 51.5 → –",
    ]


def test_a_change_is_a_line_of_json(actitud: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "sleep", lambda seconds: None)
    states = iter([{"id": "x", "state": "in_review"}, {"id": "x", "state": "published"}])
    monkeypatch.setattr(watching, "_read", lambda client, session: (next(states), None))
    _, out, _ = actitud("watch", "latest", "--times", "1", "--json")
    change = json.loads(out)
    assert change.pop("at").endswith("Z")
    assert change == {"of": "x", "member": "state", "before": "in_review", "after": "published"}


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_change_is_told_through_a_pipe_at_once(
    actitud: Command, monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    pipe = TextIOWrapper(BytesIO())
    read: list[int] = []
    monkeypatch.setattr("sys.stdout", pipe)
    monkeypatch.setattr(watching, "sleep", lambda seconds: read.append(pipe.buffer.getvalue().count(b"published")))
    states = iter([{"id": "x", "state": state} for state in ("in_review", "published", "published")])
    monkeypatch.setattr(watching, "_read", lambda client, session: (next(states), None))
    assert actitud("watch", "latest", "--times", "2", *form)[0] == 0
    assert read == [0, 1]


def test_watching_ends_cleanly(actitud: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "sleep", interrupt)
    code, out, _ = actitud("watch", "latest")
    assert (code, out) == (0, "")


def test_refusals_and_silence_have_their_codes(actitud: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = actitud("sheet", "latest", "nobody")
    assert (code, out) == (1, "")
    assert err == "actitud: nobody has no score in the edition 2026-demo.\n"
    code, out, err = actitud("rank", "latest", "--parent", "x" * 1_000)
    assert (code, out) == (2, "")
    assert "parent" in err
    code, out, err = actitud("rank", "latest", "--url", "ftp://x")
    assert (code, out) == (2, "")
    assert "base_url" in err
    monkeypatch.setenv("ACTITUD_TIMEOUT", "0.5")
    code, out, err = actitud("rank", "latest", "--url", "http://127.0.0.1:9")
    assert (code, out) == (3, "")
    assert err.startswith("actitud: no answer from http://127.0.0.1:9: ")


def test_who_reads_catalan_is_answered_in_spanish_without_remark(actitud: Command) -> None:
    spanish = actitud("sheet", "latest", ORGANISATION, "--lang", "es")
    assert actitud("sheet", "latest", ORGANISATION, "--lang", "ca") == spanish
    assert spanish[::2] == (0, "")


@pytest.mark.filterwarnings("default::actitud.ActitudLanguageWarning")
def test_a_language_that_is_not_there_is_told(actitud: Command) -> None:
    code, out, err = actitud("sheet", "latest", ORGANISATION, "--lang", "fr")
    assert code == 0
    assert "Index" in out
    assert err == "actitud: the service has no sentences in 'fr': it answers in 'en'\n"


def test_what_goes_to_a_file_is_the_same_on_every_system(actitud: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*arguments: str) -> bytes:
        # As Python opens a file on Windows: in a code page without arrows, with the line ends of the system.
        file = TextIOWrapper(BytesIO(), "cp1252", newline="\r\n")
        monkeypatch.setattr("sys.stdout", file)
        assert actitud(*arguments) == (0, "", "")
        return file.buffer.getvalue()

    assert "2025-demo → 2026-demo" in write("changes", "latest", IN_BOTH, "--from", "2025-demo").decode()
    assert json.loads(write("editions", "--json", "--lang", "es").decode())
    lines = write("editions", "--csv").split(b"\r\n")
    assert [line for line in lines if b"\r" in line or b"\n" in line] == []
    assert len(lines) > 3


def test_options_are_written_out(actitud: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        actitud("rank", "latest", "--lan", "es")
    assert ended.value.code == 2
    assert "--lan" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "es_ES.UTF-8"}, "es"),
        ([], {"LANG": "es_ES.UTF-8", "LC_ALL": "en_GB"}, "en"),
        ([], {"LANG": "gl_ES"}, "gl"),
        ([], {"LANG": "de_DE"}, "en"),
        (["rank", "--lang", "es"], {"LANG": "en"}, "es"),
        (["rank", "--lang=es"], {}, "es"),
        (["rank", "--lang"], {}, "en"),
    ],
)
def test_the_language_is_that_of_the_option_or_of_the_terminal(
    arguments: list[str], environment: dict[str, str], language: str
) -> None:
    assert find_language(arguments, environment) == language


@pytest.mark.parametrize(("lang", "words"), [("es", "muestra la clasificación"), ("en", "show the ranking")])
def test_help_is_in_both_languages(lang: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["rank", "--help", "--lang", lang])
    assert ended.value.code == 0
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("rank", "--lang", "es"), "actitud rank: error: faltan estos argumentos: EDITION"),
        (("rank", "latest", "--lang=ca", "--limit"), "actitud rank: error: argumento --limit: le falta un valor"),
        (
            ("rank", "latest", "--lang", "es", "--limit", "x"),
            "actitud rank: error: argumento --limit: 'x' no es un número entero desde 1",
        ),
        (
            ("rank", "latest", "--lang", "en", "--level", "9"),
            "actitud rank: error: argument --level: '9' is no whole number from 1 to 5",
        ),
        (
            ("watch", "latest", "--lang", "en", "--every", "1"),
            "actitud watch: error: argument --every: '1' is no whole number from 5 to 86400",
        ),
        (
            ("watch", "latest", "--lang", "es", "--times", "0"),
            "actitud watch: error: argumento --times: '0' no es un número entero desde 1",
        ),
        (("nada", "--lang", "es"), "actitud: error: argumento COMMAND: 'nada' no vale (elija entre "),
        (("rank", "--lang", "en"), "actitud rank: error: the following arguments are required: EDITION"),
    ],
)
def test_faults_of_the_arguments_are_in_the_same_language(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(told)


def test_without_the_extra_one_line_says_what_to_install(actitud: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "find_spec", lambda name: None)
    sdk = CASES.parents[1] / "sdk"
    command = f"{sys.executable} -m pip install -e '{sdk}[cli]'"
    assert actitud("editions") == (2, "", f"actitud: libraries are missing: {command}\n")


def test_help_imports_nothing_slow() -> None:
    code = """
import sys
from actitud.cli import main
from tests.support.waiting import PATIENCE
try:
    main(["--help"])
except SystemExit:
    print("actitud.cli.output" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def started(address: str, *arguments: str, output: int | IO[bytes] = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """The command as a process, which is a module as well."""
    return subprocess.Popen(
        [sys.executable, "-m", "actitud", *arguments],
        stdout=output,
        stderr=subprocess.PIPE,
        env={**os.environ, "ACTITUD_BASE_URL": address, "LC_ALL": "C.UTF-8"},
    )


def test_a_reader_who_leaves_ends_it_quietly(address: str) -> None:
    with started(address, "export", "latest", "jsonl", "--indicators", "-o", "-") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 141


def test_a_full_disk_ends_it_without_a_traceback(address: str) -> None:
    with open("/dev/full", "wb") as full, started(address, "rank", "latest", "--json", output=full) as process:
        assert process.stderr is not None
        assert process.stderr.read() == b"actitud: No space left on device\n"
        assert process.wait(PATIENCE) == 2


def test_an_interrupt_ends_it_without_a_traceback(address: str) -> None:
    # What a shell starts in the background ignores interrupts, and so do its children: tests, and the command.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = started(address, "watch", "latest")
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"actitud: watching 2026-demo")
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, b"")


def test_a_file_gets_no_colours(address: str) -> None:
    with started(address, "editions") as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, b"")
    assert b"2026-demo" in out
    assert b"\x1b" not in out
