"""`rescore`: the same as over HTTP, with a bar of progress, and the results in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

import pytest

from actitud_api import cli
from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.jobs.queries import JobFilters, JobRecord, list_jobs
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from tests.support.ledgers import read_last_entry
from tests.support.publishing import BARE, BIG, EDITION, LATE, SMALL, fill, publish_stored

NAMES = (BIG, SMALL, BARE, LATE)


def list_asked(database: Database) -> list[JobRecord]:
    with database.read() as session:
        return list_jobs(session, JobFilters(), PageRange())


def test_both_versions_are_told_side_by_side_and_the_edition_stays(
    database: Database, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database)

    def read() -> object:
        with database.read() as session:
            return assessments.find_assessments(session, EDITION, NAMES)

    stored, file = read(), tmp_path / "results.jsonl"
    asked = ["rescore", EDITION, "--methodology", "2027.1", "--results", str(file), "--database", url]
    assert cli.main(asked) == 0
    shown = capsys.readouterr()
    assert "4/4" in shown.err
    assert read() == stored

    results: list[dict[str, Any]] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [(one["position"], one["subject"]) for one in results] == [*enumerate(NAMES, 1)]
    (job,) = list_asked(database)
    assert (job.kind, job.state, job.holder, job.edition) == ("editions.rescorings.create", "succeeded", None, EDITION)
    kept = jobs.list_items(database, str(job.id), None, PageRange(), outcome=None)
    assert [(one["outcome"], one["detail"]) for one in results] == [(item.outcome, item.detail) for item in kept]

    lines = shown.out.splitlines()
    assert lines[0] == "Organisations: 4. With an index under both versions: 4."
    # Example A twice, example B, and one that answers nothing: (44.03 + 44.03 + 16.51 + 0.75) / 4.
    after = sum(one["detail"]["after"]["index"] for one in results) / 4
    assert lines[1] == f"Mean index: 26.33 under 2026.1, {after:.2f} under 2027.1."
    assert lines[2] == "Fallen: 4."
    rows = [line.split() for line in lines[3:] if line.strip()]
    assert rows[0] == ["Level", "under", "2026.1", "Level", "under", "2027.1", "Organisations"]
    # Much of 2027.1 is not asked by 2026.1, so too little is known for a level.
    assert rows[2:-1] == [["–", "–", "1"], ["1", "Starting", "point", "–", "1"], ["3", "Service", "desk", "–", "2"]]
    assert lines[-1] == f"Nothing of the edition has changed. Each organisation: {file}"

    record, opening = read_last_entry(database)
    assert (record["action"], record["actor"]) == ("cli.rescore", None)
    assert (opening.subject, opening.public) == (f"/v1/jobs/{job.id}", True)


def test_of_a_published_edition_it_is_what_was_published(
    database: Database, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under its own version, where nothing can change, and in Spanish."""
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    fill(database)
    publish_stored(database)
    assert cli.main(["rescore", "latest", "--methodology", "2026.1", "--database", url]) == 0
    lines = capsys.readouterr().out.splitlines()
    # The draft was not published: (44.03 + 16.51 + 0.75) / 3.
    assert lines[:3] == [
        "Organizaciones: 3. Con índice en las dos versiones: 3.",
        "Índice medio: 20,43 con 2026.1, 20,43 con 2026.1.",
        "Quedan igual: 3.",
    ]
    (job,) = list_asked(database)
    assert job.edition == EDITION
    assert lines[-1] == f"En la edición no ha cambiado nada. Lo de cada organización: GET /v1/jobs/{job.id}/items"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["2031", "--methodology", "2027.1"], 1, ["There is no edition 2031."]),
        (
            [EDITION, "--methodology", "2027.1-short"],
            1,
            [
                "The edition is under the methodology 2026.1, and one of the two, this or 2027.1-short, only "
                "estimates: their figures are not compared."
            ],
        ),
        (
            [EDITION, "--methodology", "2027.2"],
            2,
            ['Here: "2027.2". Is it 2027.1?', "Nothing was scored. Faults: 1."],
        ),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_asked_for(
    arguments: list[str],
    code: int,
    told: list[str],
    database: Database,
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(database)
    file = tmp_path / "results.jsonl"
    assert cli.main(["rescore", *arguments, "--results", str(file), "--database", url]) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(told)
    assert all(text in line for text, line in zip(told, lines, strict=True))
    assert list_asked(database) == []
    assert not file.exists()


def test_a_file_that_cannot_be_made_is_told_before_the_work(
    database: Database,
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(database)
    file = tmp_path / "results.jsonl"
    file.write_bytes(b"of another day")
    command = ["rescore", EDITION, "--methodology", "2027.1", "--database", url, "--results"]
    assert cli.main([*command, str(file)]) == 2
    assert capsys.readouterr().err == f"Cannot write {file}: File exists\n"
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert cli.main([*command, str(file)]) == 2
    assert capsys.readouterr().err == f"No se puede escribir {file}: ya existe\n"
    for path, reason in ((tmp_path / "none" / "results.jsonl", "no existe"), (tmp_path, "ya existe")):
        assert cli.main([*command, str(path)]) == 2
        assert capsys.readouterr().err == f"No se puede escribir {path}: {reason}\n"
    assert file.read_bytes() == b"of another day"
    assert list_asked(database) == []


def test_on_a_full_disk_the_results_are_told_not_to_be_there(
    database: Database,
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(database)
    file, open_anywhere = tmp_path / "results.jsonl", Path.open

    def open_on_a_full_disk(path: Path, *arguments: Any, **more: Any) -> IO[Any]:
        """The file can be created, for its name has room, and nothing can be written to it."""
        if path != file:
            opened: IO[Any] = open_anywhere(path, *arguments, **more)
            return opened
        path.touch(exist_ok=False)
        return open_anywhere(Path("/dev/full"), "wb")

    monkeypatch.setattr(Path, "open", open_on_a_full_disk)
    command = ["rescore", EDITION, "--methodology", "2027.1", "--database", url, "--results", str(file)]
    assert cli.main(command) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"Cannot write {file}: No space left on device"
    assert not file.exists()
