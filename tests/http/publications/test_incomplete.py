"""What another program begins or marks in the database: it is refused and named, and there is a way out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from structlog.testing import capture_logs

from actitud_api import cli
from actitud_api.cli import checks
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.triggers import find_missing_triggers
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import daily, service
from actitud_api.resources.publications.service import AlteredFigure
from tests.http.publications.test_documents import REVIEWED
from tests.http.publications.test_publishing import LATER, everything
from tests.http.publications.test_refusals import copy_score, forge_publication, publish_twice, read, refuse, tell
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.databases import make_key, unlimited
from tests.support.keys import create_header
from tests.support.publishing import BIG, EDITION, SMALL, correction, fill, publish

pytestmark = pytest.mark.both_databases

BETTER = {"numerator": 320, "denominator": 320}


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")


@pytest.fixture
def begun(database: Database, tmp_path: Path) -> Database:
    """A database with a published edition that was corrected once, and whose next revision somebody else began."""
    publish_twice(database, tmp_path)
    forge_publication(database)
    tell(database, copy_score(database, "index_value", "9999", "ordinal = 1"))
    return database


@pytest.fixture
def marked(database: Database, tmp_path: Path) -> Database:
    """A database with an edition in review that somebody else marked as published."""
    fill(database)
    make_key(database, tmp_path)
    tell(database, "UPDATE edition SET state = 'published'")
    return database


@pytest.fixture
def client(url: str, database: Database, tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    """A client that an administrator has."""
    with borrow_app(structs.replace(unlimited(url), signing_folder=tmp_path)) as app, TestClient(app) as opened:
        opened.headers.update(create_header(database))
        yield opened


def post_correction(client: TestClient[Litestar], supersedes: str, language: str = "en") -> object:
    body = {
        "reason": "A wrong answer.",
        "supersedes": supersedes,
        "corrections": [{"organisation": SMALL, "assessment": {"methodology": "2026.1", "answers": {"D1.01": BETTER}}}],
    }
    path = f"/v1/editions/{EDITION}/publications?lang={language}"
    return client.post(path, json=body, headers={"Idempotency-Key": f"{supersedes[-8:]}-{language}"})


# --- a revision that another program began --------------------------------------------------------------------


def test_a_revision_that_was_begun_is_a_clear_refusal_of_the_next(
    begun: Database, client: TestClient[Litestar]
) -> None:
    """It was an `IntegrityError`, so a 500."""
    newest = service.get(begun, EDITION, "latest")
    for language, words in (("en", "whoever runs the installation"), ("es", "quien administra la instalación")):
        answer = post_correction(client, newest.digest, language)
        (error,) = problem(answer, 409, "conflict")["errors"]
        assert (error["pointer"], error["rule"], error["value"]) == ("", "incomplete", "3")
        assert words in error["detail"]
        assert "discard-revision" in error["detail"]


def test_doctor_and_the_daily_comparison_name_it_with_the_way_out(begun: Database) -> None:
    found = checks.check_publications(begun, "en")
    assert found.found == f"{EDITION}: the revision 3 lacks scores; the service did not publish it, and nobody reads it"
    assert found.remedy is not None
    assert f"actitud-api discard-revision {EDITION}" in found.remedy
    assert "discard-revision" in (checks.check_publications(begun, "es").remedy or "")
    with capture_logs() as logged:
        daily.compare_published(begun)
    assert [(line["figure"], line["shown"], line["signed"]) for line in logged] == [("incomplete", 3, 2)]


def test_once_it_is_removed_corrections_go_on(
    begun: Database, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown, newest = read(begun), service.get(begun, EDITION, "latest")

    assert cli.main(["discard-revision", EDITION, "--database", url]) == 0

    said = f"Removed the revision 3 of the edition {EDITION}, which nobody read. Digest: {REVIEWED}\n"
    assert capsys.readouterr().out == said
    assert (read(begun), service.get(begun, EDITION, "latest")) == (shown, newest)
    with begun.read() as session:
        *_, last = ledger.iterate_entries(session)
    record = json.loads(last.entry.record)
    assert (record["action"], record["details"]) == (
        "cli.discard-revision",
        {"edition": EDITION, "revision": 3, "digest": REVIEWED},
    )
    assert last.opening is not None
    assert (last.opening.subject, last.opening.public) == (f"/v1/editions/{EDITION}/publications/3", True)
    assert service.find_altered_figure(begun) is None
    assert publish(begun, tmp_path, correction(newest, SMALL, D1_01=BETTER), now=LATER).revision == 3


def test_afterwards_every_trigger_refuses_again(begun: Database, url: str) -> None:
    assert cli.main(["discard-revision", EDITION, "--database", url]) == 0
    assert find_missing_triggers(begun)[0] == []
    for table in ("publication", "correction", "published_score"):
        refuse(begun, f"DELETE FROM {table}")


def test_what_is_published_cannot_be_removed_by_it(
    begun: Database, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor what somebody forged whole: that is read, and only a copy brings back what was there."""
    for ordinal in (2, 3):
        tell(begun, copy_score(begun, "index_value", "9999", f"ordinal = {ordinal}"))
    before = everything(begun)
    assert cli.main(["discard-revision", EDITION, "--database", url]) == 1
    assert "has no revision that another program began: nothing was removed" in capsys.readouterr().err
    assert cli.main(["discard-revision", "1999", "--database", url]) == 1
    assert "There is no edition 1999." in capsys.readouterr().err
    assert everything(begun) == before
    assert find_missing_triggers(begun)[0] == []
    refuse(begun, "DELETE FROM published_score")


# --- an edition that another program marked as published ------------------------------------------------------


def test_what_nobody_signed_is_not_read_as_published(marked: Database, client: TestClient[Litestar]) -> None:
    """It was: everybody read the figures of the assessments, which nothing protected."""
    del client.headers["Authorization"]
    assert client.get(f"/v1/editions/{EDITION}").json()["state"] == "in_review"
    assert client.get(f"/v1/editions/{EDITION}").json()["organisations"] == 0
    assert [item["state"] for item in client.get("/v1/editions").json()["items"]] == ["in_review"]
    problem(client.get("/v1/editions/latest"), 404, "not-found")
    assert client.get(f"/v1/editions/{EDITION}/scores").json()["items"] == []
    assert client.get(f"/v1/organisations/{BIG}/scores").json()["items"] == []
    problem(client.get(f"/v1/editions/{EDITION}/scores/{BIG}"), 404, "not-found")
    unpublished = client.get(f"/portal/{EDITION}?lang=en").text
    assert "The submitted answers are reviewed" in unpublished
    assert BIG not in unpublished
    assert client.get(f"/badge/{EDITION}/{BIG}.svg").status_code == 404
    assert read(marked) == []


def test_it_is_named_and_publishing_it_mends_it(marked: Database, tmp_path: Path) -> None:
    found = checks.check_publications(marked, "en")
    assert found.found == (
        f"{EDITION}: it is marked as published and nobody published it; it is read as an edition in review"
    )
    with capture_logs() as logged:
        daily.compare_published(marked)
    assert [(line["edition"], line["figure"]) for line in logged] == [(EDITION, "state")]
    assert publish(marked, tmp_path).revision == 1
    assert editions.get(marked, EDITION).record.state == "published"
    assert service.find_altered_figure(marked) is None


def test_an_administrator_sets_it_to_review_again(marked: Database, client: TestClient[Litestar]) -> None:
    answer = client.patch(
        f"/v1/editions/{EDITION}",
        content='{"state": "in_review"}',
        headers={"If-Match": "*", "Content-Type": "application/merge-patch+json"},
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "in_review")
    assert service.find_altered_figure(marked) is None


def test_marked_and_begun_it_is_read_in_review_and_nothing_of_it_changes(
    marked: Database, client: TestClient[Litestar], url: str, tmp_path: Path
) -> None:
    """A first revision without scores: triggers refuse each change of the edition, so the service does."""
    document = "'{}', 'edition', X'00', '', ''" if url.startswith("sqlite") else "'{}', 'edition', '', '', ''"
    tell(marked, f"INSERT INTO published_document VALUES ({document.format(REVIEWED)})")
    with marked.write() as session:
        ledger.make_checkpoint(session, ledger.load_signer(session, tmp_path), LATER)
    tell(
        marked,
        "INSERT INTO publication (edition, revision, digest, published, reason, organisations, corrections, entry, "
        f"checkpoint, header, bundle_digest, bundle_size) SELECT '{EDITION}', 1, '{REVIEWED}', MAX(at), 'x', 3, '[]', "
        "MAX(seq), (SELECT MAX(size) FROM checkpoint), '', '', 0 FROM ledger_entry",
    )
    assert client.get(f"/v1/editions/{EDITION}").json()["state"] == "in_review"
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    answer = client.patch(f"/v1/editions/{EDITION}", content='{"state": "in_review"}', headers=headers)
    (error,) = problem(answer, 409, "conflict")["errors"]
    assert error["rule"] == "state"
    problem(client.delete(f"/v1/editions/{EDITION}/assessments/{BIG}", headers={"If-Match": "*"}), 409, "conflict")
    first = client.post(
        f"/v1/editions/{EDITION}/publications", json={"reason": "x"}, headers={"Idempotency-Key": "first"}
    )
    (error,) = problem(first, 409, "conflict")["errors"]
    assert (error["rule"], error["value"]) == ("incomplete", "1")
    assert cli.main(["discard-revision", EDITION, "--database", url]) == 0
    again = client.post(
        f"/v1/editions/{EDITION}/publications", json={"reason": "x"}, headers={"Idempotency-Key": "again"}
    )
    assert again.status_code == 201


@pytest.mark.parametrize("organisations", [0, -1, 3])
def test_a_publication_of_no_possible_number_of_scores_is_incomplete_too(
    begun: Database, url: str, organisations: int
) -> None:
    assert cli.main(["discard-revision", EDITION, "--database", url]) == 0
    statement = (
        "INSERT INTO publication (edition, revision, digest, published, reason, supersedes, organisations, "
        "corrections, entry, checkpoint, header, bundle_digest, bundle_size) SELECT edition, 3, "
        f"'{REVIEWED}', published, reason, digest, {organisations}, corrections, entry, checkpoint, header, "
        "bundle_digest, bundle_size FROM publication WHERE revision = 2"
    )
    tell(begun, statement)
    assert service.find_altered_figure(begun) == AlteredFigure(EDITION, None, "incomplete", 3, 2)
    assert cli.main(["discard-revision", EDITION, "--database", url]) == 0
    assert service.find_altered_figure(begun) is None
