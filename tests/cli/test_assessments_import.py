"""`assessments import`: the same as over HTTP, with a bar of progress and the faults by their places."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from actitud_api import cli
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from tests.support.importing import EDITION, NEW, encode, list_rows, name, register, tidy


@pytest.fixture
def ready(database: Database) -> Database:
    """An open edition, and three organisations."""
    with database.write() as session:
        editions.create(session, msgspec.convert(NEW, editions.EditionDraft), now=datetime.now(UTC))
    register(database, 3)
    return database


def test_a_file_is_imported_and_told(
    ready: Database, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for number in (1, 2) for row in list_rows(name(number))]
    rows[0][3] = "VILLA"
    file, copy = tmp_path / "villages.csv", tmp_path / "faults.csv"
    file.write_bytes(encode(rows))
    command = ["assessments", "import", str(file), "--edition", EDITION, "--database", url]
    assert cli.main([*command, "--dry-run"]) == 1
    assert (
        "1 created, 0 replaced, 0 unchanged, 1 refused, 0 withheld.\nNothing was stored.\n" in capsys.readouterr().out
    )
    assert cli.main([*command, "--annotated", str(copy)]) == 1
    shown = capsys.readouterr()
    assert "1 created, 0 replaced, 0 unchanged, 1 refused, 0 withheld.\n" in shown.out
    assert "2:value: It must be one of these values" in shown.err
    assert copy.read_bytes().decode("utf-8-sig").splitlines()[0].endswith(",faults")
    file.write_bytes(tidy([name(1), name(2)]))
    assert cli.main([*command, "--all-or-nothing"]) == 0
    assert "1 created, 0 replaced, 1 unchanged, 0 refused, 0 withheld.\n" in capsys.readouterr().out
    with ready.read() as session:
        assert set(assessments.find_assessments(session, EDITION, [name(1), name(2)])) == {name(1), name(2)}
        entries = [entry for entry in ledger.iterate_entries(session) if entry.opening is not None]
    assert {entry.entry.record.split('"')[3] for entry in entries} == {"cli.assessments.import"}
    assert [entry.opening.subject for entry in entries if entry.opening and entry.opening.owner] == [
        f"/v1/editions/{EDITION}/assessments/{name(number)}" for number in (2, 1)
    ]


@pytest.mark.parametrize(
    ("file", "content", "edition", "code", "said"),
    [
        ("villages.pdf", b"", EDITION, 2, "its name does not end in one of .csv, .jsonl, .xlsx"),
        ("villages.csv", None, EDITION, 2, "Cannot read"),
        ("villages.csv", b"organisation,unit\r\nX,1\r\n", EDITION, 1, "1:unit: This column is not known"),
        ("villages.csv", tidy([name(1)]), "2031", 1, "2031"),
    ],
)
def test_what_cannot_be_imported_is_said(
    file: str,
    content: bytes | None,
    edition: str,
    code: int,
    said: str,
    ready: Database,
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / file
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["assessments", "import", str(path), "--edition", edition, "--database", url]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (".", "Is a directory"),
        ("none/faults.csv", "No such file or directory"),
        ("/dev/full", "No space left on device"),
    ],
)
def test_a_copy_that_cannot_be_written_is_one_line_and_what_was_imported_is_told(
    target: str, reason: str, ready: Database, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for number in (1, 2) for row in list_rows(name(number))]
    rows[0][3] = "VILLA"
    file, copy = tmp_path / "villages.csv", tmp_path / target
    file.write_bytes(encode(rows))
    command = ["assessments", "import", str(file), "--edition", EDITION, "--database", url, "--annotated", str(copy)]
    assert cli.main(command) == 2
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-1] == f"Cannot write {copy}: {reason}"
    assert shown.out == "Assessments: 1 created, 0 replaced, 0 unchanged, 1 refused, 0 withheld.\n"
