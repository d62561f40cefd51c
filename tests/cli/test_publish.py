"""`publish`: the same as over HTTP, with what stands in the way in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actitud_api import cli
from actitud_api.app import build_job_runner
from actitud_api.cli import doing
from actitud_api.platform.jobs.queries import JobFilters, JobRecord, list_jobs
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import service
from tests.support.databases import make_key, unlimited
from tests.support.ledgers import read_last_entry
from tests.support.publishing import BIG, EDITION, LATE, fill, publish, return_submitted

REASON = ["--reason", "The calendar says so."]


@pytest.fixture(autouse=True)
def _signing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ACTITUD_SIGNING_FOLDER", str(tmp_path))


@pytest.fixture
def ready(database: Database, tmp_path: Path) -> Database:
    fill(database)
    make_key(database, tmp_path)
    return database


def correcting(folder: Path, supersedes: str, answers: object, organisation: str = BIG) -> list[str]:
    """The option of a file with a correction."""
    assessment = {"methodology": "2026.1", "answers": answers}
    body = {"supersedes": supersedes, "corrections": [{"organisation": organisation, "assessment": assessment}]}
    (folder / "corrections.json").write_text(json.dumps(body), encoding="utf-8")
    return ["--corrections", str(folder / "corrections.json")]


def test_an_edition_is_published_and_corrected(
    ready: Database, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["publish", EDITION, *REASON, "--database", url]) == 0
    first = service.get(ready, EDITION, "latest")
    assert capsys.readouterr().out == (
        f"Published the edition 2026, revision 1: 3 scores.\nDigest: {first.digest}\n"
        f"Keep the checkpoint that follows somewhere else.\n\n{first.note}"
    )
    record, opening = read_last_entry(ready)
    assert record["action"] == "cli.publish"
    assert (opening.subject, opening.public) == ("/v1/editions/2026/publications/1", True)

    better = correcting(tmp_path, first.digest, {"D1.01": {"numerator": 320, "denominator": 320}})
    assert cli.main(["publish", EDITION, *REASON, *better, "--database", url]) == 0
    assert "revision 2" in capsys.readouterr().out
    assert service.get(ready, EDITION, "latest").supersedes == first.digest


def test_who_is_added_is_told(
    ready: Database,
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    with ready.write() as session:
        return_submitted(session, LATE)
    first = publish(ready, tmp_path)
    added = correcting(tmp_path, first.digest, {}, LATE)
    assert cli.main(["publish", EDITION, *REASON, *added, "--database", url]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Publicada la edición 2026, revisión 2: 4 puntuaciones.\nAñadidas: {LATE}.\nResumen: ")


def test_what_stands_in_the_way_is_told_and_nothing_is_published(
    ready: Database, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str, code: int = 1) -> str:
        assert cli.main(["publish", *arguments, "--database", url]) == code
        return capsys.readouterr().err

    assert "There is no edition 1999." in told("1999", *REASON)
    assert "/reason: It must have at least one character." in told(EDITION, "--reason", "", code=2)
    nothing = correcting(tmp_path, "sha256:" + "0" * 64, {})
    assert "There is nothing published to correct or to supersede." in told(EDITION, *REASON, *nothing)
    assert editions.get(ready, EDITION).record.state == "in_review"
    assert cli.main(["publish", EDITION, *REASON, "--database", url]) == 0
    capsys.readouterr()
    made = service.get(ready, EDITION, "latest")
    assert f"It is published already, with the digest {made.digest}" in told(EDITION, *REASON)
    wrong = correcting(tmp_path, made.digest, {"D1.01": {"numerator": 9, "denominator": 8}})
    assert "/corrections/0/assessment/answers/D1.01: " in told(EDITION, *REASON, *wrong)
    unknown = correcting(tmp_path, made.digest, {"D1.1": {}})
    assert "Is it D1.01?" in told(EDITION, *REASON, *unknown, code=2)
    (tmp_path / "corrections.json").write_text("{", encoding="utf-8")
    assert "Nothing was published." in told(EDITION, *REASON, *unknown, code=2)
    assert service.get(ready, EDITION, "latest") == made


def test_what_is_published_cannot_be_migrated_away(
    ready: Database, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["publish", EDITION, *REASON, "--database", url]) == 0
    capsys.readouterr()
    assert cli.main(["migrate", "--to", "base", "--database", url]) == 1
    assert capsys.readouterr().err.startswith("What is published stays")
    assert ready.is_current()


@pytest.mark.parametrize("left", ["--in-review", "--drafts"])
def test_a_demonstration_that_is_published_is_not_put_back(
    left: str, demonstration: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["demo", left, "--database", demonstration]) == 1
    assert "name another with --database" in capsys.readouterr().err


# --- the job ----------------------------------------------------------------------------------------------------


def jobs(database: Database) -> list[JobRecord]:
    with database.read() as session:
        return list_jobs(session, JobFilters(), PageRange())


def test_it_is_a_job_that_ends_with_the_command(ready: Database, url: str) -> None:
    assert cli.main(["publish", EDITION, *REASON, "--database", url]) == 0
    (job,) = jobs(ready)
    assert (job.state, job.holder, job.done, job.total) == ("succeeded", None, 3, 3)
    # What is known to be refused makes none.
    assert cli.main(["publish", EDITION, *REASON, "--database", url]) == 1
    assert len(jobs(ready)) == 1


def test_without_its_key_it_says_what_to_do_and_the_service_does_not_try_again(
    ready: Database, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in tmp_path.glob("*.pem"):
        file.unlink()
    assert cli.main(["publish", EDITION, *REASON, "--database", url]) == 1
    told = capsys.readouterr().err
    assert "signing key" in told
    assert "rotate-signing" in told
    assert [job.is_final for job in jobs(ready)] == [True]


def test_ctrl_c_cancels_it(ready: Database, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(service, "_sign", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cli.main(["publish", EDITION, *REASON, "--database", url])
    (job,) = jobs(ready)
    assert (job.state, job.lease) == ("cancelled", None)
    monkeypatch.undo()
    assert editions.get(ready, EDITION).record.state == "in_review"


def test_a_service_may_do_it_before_the_command(
    ready: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doing, "LOOK_SECONDS", 0.01)
    publishing = service.EditionPublisher(ready, tmp_path)

    def let_the_service(self: JobRunner, job: int | None = None) -> bool:
        """Comes too late."""
        monkeypatch.undo()
        return build_job_runner(unlimited(url), ready, publishing).run_due() == 0

    monkeypatch.setattr(JobRunner, "run_next", let_the_service)
    monkeypatch.setenv("LC_ALL", "C")
    assert cli.main(["publish", EDITION, *REASON, "--database", url]) == 0
    assert service.get(ready, EDITION, "latest").digest in capsys.readouterr().out
