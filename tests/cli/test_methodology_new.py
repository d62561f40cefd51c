"""`methodology new`: a small methodology to begin with, which is sound, and by which a table is scored."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema_rs
import pytest

from actitud_api import cli

FILES = ["document.json", "methodology.schema.json", "texts/en.json", "texts/es.json"]


def list_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_it_writes_has_no_defect_and_no_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a" / "b"
    assert cli.main(["methodology", "new", str(folder)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert list_files(folder) == FILES
    assert told[0] == f"Written: {folder / 'document.json'}"
    assert told[-1] == f"Change it, and check it with: actitud-api methodology check {folder / 'document.json'}"
    assert cli.main(["methodology", "check", str(folder / "document.json")]) == 0
    (sound,) = capsys.readouterr().out.splitlines()
    assert sound.startswith("open-doors-1: no defects. Digest: sha256:")
    document = json.loads((folder / "document.json").read_bytes())
    schema = json.loads((folder / document["$schema"]).read_bytes())
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(document)


def test_the_file_of_the_document_may_have_another_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["methodology", "new", str(tmp_path / "mine.json"), "--lang", "es"]) == 0
    assert list_files(tmp_path) == ["methodology.schema.json", "mine.json", "texts/en.json", "texts/es.json"]
    assert capsys.readouterr().out.splitlines()[-1].startswith("Cámbielo y compruébelo con: ")


@pytest.mark.parametrize("existing", FILES)
def test_nothing_is_replaced_and_nothing_else_is_written(
    existing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / existing
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine", "utf-8")
    assert cli.main(["methodology", "new", str(tmp_path)]) == 1
    assert capsys.readouterr() == ("", f"{file} exists already: nothing was written\n")
    assert (list_files(tmp_path), file.read_text("utf-8")) == ([existing], "mine")


def test_where_it_cannot_write_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    for path, reason in ((tmp_path / "file", "File exists"), (tmp_path / "file" / "inside", "Not a directory")):
        assert cli.main(["methodology", "new", str(path)]) == 2
        assert capsys.readouterr() == ("", f"Cannot write {path / 'document.json'}: {reason}\n")
    assert cli.main(["methodology", "new", str(tmp_path / "x"), "--lang", "fr"]) == 2
    assert "“fr” is not a language" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_table_is_scored_under_it(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """By hand: 62 of 124 is 0.5 of 0.9, 55.56; 8 hours are 86.36; (3 · 55.56 + 86.36)/4 = 63.26; 2/3 of it 42.17.

    C answers more than it got: the answer contradicts itself, counts 0, and is not known."""
    assert cli.main(["methodology", "new", str(tmp_path)]) == 0
    table = tmp_path / "towns.csv"
    table.write_text(
        "town,answered.numerator,answered.denominator,hours,published\nA,62,124,8,false\nB,9,10,2,true\nC,11,10,2,true\n",
        "utf-8",
    )
    capsysbinary.readouterr()
    where = ["--table", "--methodology", str(tmp_path / "document.json")]
    assert cli.main(["score", str(table), *where]) == 0
    rows = list(csv.DictReader(io.StringIO(capsysbinary.readouterr().out.decode(), newline="")))
    shown = [(row["town"], row["rank"], row["index"], row["level"], row["contradicted"]) for row in rows]
    assert shown == [("A", "2", "42.17", "1", ""), ("B", "1", "100.00", "2", ""), ("C", "", "50.00", "", "V1")]
