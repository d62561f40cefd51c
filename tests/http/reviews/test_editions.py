"""Reviews of a whole edition: agreement, the hearing that waits for it, samples and flags; on both databases."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

import msgspec
import pytest

from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.reviews import service
from tests.http.reviews.conftest import Desk
from tests.http.reviews.test_verdicts import returned
from tests.http.test_assessments import EDITION, MINE, OTHER
from tests.http.test_http_problems import problem
from tests.support.assessing import body_a, document
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.publishing import publish_stored
from tests.support.settling import anything, settle


def hear(desk: Desk, role: str = "assessor") -> None:
    with desk.database.write() as session:
        service.open_hearing(session, EDITION, MINE, role=role, expected=anything, now=datetime.now(UTC))


def test_a_hearing_waits_until_assessors_agree(desk: Desk) -> None:
    desk.given("ada", "D1.01", "rejected")
    desk.given("eva", "D1.01", "insufficient")
    desk.given("ada", "D10.07", "capped", level=1)
    desk.given("eva", "D10.07", "capped", level=2)
    desk.given("ada", "D1.02", "accepted")
    desk.given("eva", "D1.02", "accepted")
    with pytest.raises(service.Disagreement) as differ:
        hear(desk)
    assert differ.value.indicators == ("D1.01", "D10.07")
    assert desk.get(f"/assessments/{MINE}")["state"] == "under_review"

    desk.given("eva", "D1.01", "rejected", reason="I looked again.")
    assert desk.ask("eva", "DELETE", f"/assessments/{MINE}/verdicts/D10.07/own").status_code == 204
    hear(desk)
    assert desk.get(f"/assessments/{MINE}")["state"] == "hearing"


def test_an_administrator_opens_the_hearing_although_they_differ(desk: Desk) -> None:
    desk.given("ada", "D1.01", "accepted")
    desk.given("eva", "D1.01", "rejected")
    hear(desk, "administrator")
    assert desk.get(f"/assessments/{MINE}")["state"] == "hearing"
    assert desk.get(f"/assessments/{MINE}/verdicts/D1.01")["effective_verdict"]["verdict"] == "rejected"


def test_agreement_rests_on_what_each_said_first(desk: Desk) -> None:
    """On five answers ada says a a r r s and eva a r r r s: p_o 4/5, p_e (2·1 + 2·3 + 1·1)/25, kappa 11/16."""
    said = [("a", "a"), ("a", "r"), ("r", "r"), ("r", "r"), ("s", "s")]
    names = {"a": "accepted", "r": "rejected", "s": "stale"}
    for indicator, (ada, eva) in zip(("D1.01", "D1.03", "D1.04", "D1.05", "D2.01"), said, strict=True):
        desk.given("ada", indicator, names[ada])
        desk.given("eva", indicator, names[eva])
    desk.given("ada", "D2.03", "accepted")
    found = desk.get("/agreement", "ada")
    (two,) = found["assessors"]
    assert (found["pairs"], found["agreed"], found["share"], found["too_low"]) == (5, 4, 0.8, False)
    assert (two["pairs"], two["agreed"], two["share"], two["kappa"], two["too_low"]) == (5, 4, 0.8, 0.6875, False)

    # What they say afterwards, or take back, is not what they said first.
    desk.given("eva", "D1.03", "accepted")
    assert desk.ask("eva", "DELETE", f"/assessments/{MINE}/verdicts/D1.01/own").status_code == 204
    assert desk.get("/agreement", "publisher") == found

    # A third judges one answer in another way: 4 of 7 pairs are equal, and one of each new two.
    desk.keys["leo"] = create_header(desk.database, "assessor")
    desk.given("leo", "D1.01", "stale")
    found = desk.get("/agreement")
    assert (found["pairs"], found["agreed"], found["share"], found["too_low"]) == (7, 4, 0.5714, True)
    assert sorted((two["pairs"], two["agreed"], two["kappa"], two["too_low"]) for two in found["assessors"]) == [
        (1, 0, 0, True),
        (1, 0, 0, True),
        (5, 4, 0.6875, False),
    ]


def test_without_two_assessors_there_is_no_agreement(desk: Desk) -> None:
    desk.given("ada", "D1.01", "rejected")
    found = desk.get("/agreement")
    assert (found["pairs"], found["share"], found["too_low"], found["assessors"]) == (0, None, False, [])


# --- samples --------------------------------------------------------------------------------------------------


def drawn(seed: str, share_of_count: int, *names: str) -> list[str]:
    ordered = sorted(names, key=lambda name: hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest())
    return ordered[:share_of_count]


def test_the_sample_is_drawn_once_and_anybody_can_draw_it_again(desk: Desk) -> None:
    desk.submit(OTHER)
    assert desk.get("/samples", None)["items"] == []
    for body in ({"share": 0}, {"share": 1.01}, {"seed": ""}, {"seed": "a b"}, {"seed": "a\nb"}, {"drawn": [MINE]}):
        problem(desk.ask("publisher", "POST", "/samples", body, None), 400, "invalid-request")

    made = desk.ask("publisher", "POST", "/samples", {"share": 0.5, "seed": "sorteo-2027"}, None)
    assert made.status_code == 201, made.text
    one = made.json()
    assert (one["seed"], one["share"], one["seed_given"], one["assessments"], one["drawn"]) == (
        "sorteo-2027",
        0.5,
        True,
        2,
        1,
    )
    assert one["organisations"] == drawn("sorteo-2027", 1, MINE, OTHER)
    (error,) = problem(desk.ask("publisher", "POST", "/samples", {}, None), 409, "conflict")["errors"]
    assert error["rule"] == "sampled"
    assert desk.get("/samples", "ada")["items"] == [one]

    # Before it is published others are not told who is in it; an organisation is, of itself.
    (shown,) = desk.get("/samples", None)["items"]
    assert shown == {**one, "assessments": None, "drawn": None, "organisations": []}
    for name in (MINE, OTHER):
        (shown,) = desk.get("/samples", name)["items"]
        assert shown["organisations"] == [found for found in one["organisations"] if found == name]


def test_a_seed_of_the_service_is_new_and_what_is_given_back_is_not_drawn(desk: Desk) -> None:
    made = desk.ask("administrator", "POST", "/samples", {}, None, **{"Idempotency-Key": "one"})
    one = made.json()
    assert re.fullmatch("[0-9a-f]{32}", one["seed"])
    assert (one["seed_given"], one["share"], one["organisations"]) == (False, 0.2, [MINE])
    again = desk.ask("administrator", "POST", "/samples", {}, None, **{"Idempotency-Key": "one"})
    assert (again.status_code, again.json()) == (201, one)

    returned(desk)
    (shown,) = desk.get("/samples")["items"]
    assert (shown["assessments"], shown["drawn"], shown["organisations"]) == (0, 0, [])


@pytest.mark.both_databases
def test_nothing_of_the_review_changes_once_the_edition_is_published(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    """The attack: whoever knows all the ids chooses a seed that draws whom they like, and replaces the flags."""
    desk.submit(OTHER)
    assert desk.ask("ada", "POST", "/flags", None, None).json()["flags"] > 0
    before = desk.get("/flags")["items"]
    for organisation in (MINE, OTHER):
        settle(desk.database, EDITION, organisation)
    desk.begin_review()
    publish_stored(desk.database, EDITION)
    tried = (("/samples", {"seed": "chosen"}), ("/flags", None))
    for path, body in tried:
        for language, words in (("es", "está publicada"), ("en", "is published")):
            answer = desk.ask("administrator", "POST", f"{path}?lang={language}", body, None)
            (error,) = problem(answer, 409, "conflict")["errors"]
            assert (error["rule"], error["pointer"]) == ("published", "")
            assert words in error["detail"]
    assert (desk.get("/samples")["items"], desk.get("/flags")["items"]) == ([], before)
    # Without both of what keeps it so: the service looks at the state, and the database refuses the statements.
    monkeypatch.setattr(service, "_ensure_unpublished", lambda *_: None)
    disarm(desk, "sample", "flag")
    taken = sum(desk.ask("administrator", "POST", path, body, None).is_success for path, body in tried)
    figure(
        "S23",
        "samples drawn with a seed of one's choice, and flags replaced, once the edition is published, each in two "
        "languages, that were taken",
        tried=2 * len(tried),
        failed=0,
        control=f"where neither the service nor the database looks at the state {taken} of {len(tried)} are taken",
    )


def disarm(desk: Desk, *tables: str) -> None:
    """Take away the triggers of tables."""
    with desk.database.write() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            for table in tables:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            return
        made = connection.exec_driver_sql("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'").all()
        for name in [name for name, table in made if table in tables]:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")


# --- flags ----------------------------------------------------------------------------------------------------


def test_documents_that_are_used_again_are_flagged_and_change_no_score(desk: Desk) -> None:
    """The other organisation names the document of D1.01 of the first, and one of its own behind six indicators."""
    body = body_a()
    for name in ("D2.01", "D2.03", "D2.04", "D2.05", "D2.06", "D3.01"):
        body["answers"][name]["evidence"] = [document("all")]
    for name, answer in body["answers"].items():
        if answer["evidence"] == [document(name)]:
            answer["evidence"] = [document(f"own-{name}")]
    body["answers"]["D1.01"]["evidence"] = [{**document("D1.01"), "url": document("D1.01")["url"] + "#page=2"}]
    body["profile_evidence"] = {name: [document(f"own-{name}")] for name in body["profile_evidence"]}
    desk.submit(OTHER, body)
    assert desk.get("/flags")["items"] == []

    made = desk.ask("ada", "POST", "/flags", None, None)

    assert made.status_code == 200, made.text
    assert (made.json()["assessments"], made.json()["flags"]) == (2, 3)
    url, everything = document("D1.01")["url"], document("all")["url"]
    items = desk.get("/flags", "ada")["items"]
    assert [(one["organisation"], one["kind"], one["rule"], one["facts"]) for one in items] == [
        (MINE, "document_shared", "V22", {"url": url, "organisations": 2}),
        (OTHER, "document_reused", "V22", {"url": everything, "indicators": 6}),
        (OTHER, "document_shared", "V22", {"url": url, "organisations": 2}),
    ]
    assert items[0]["text"] == f"2 organisations name the document {url}."
    assert desk.get("/flags?kind=document_reused&lang=es")["items"][0]["text"] == (
        f"El mismo documento, {everything}, sirve de evidencia a 6 indicadores, más de 5."
    )
    assert desk.get(f"/assessments/{MINE}/flags", "publisher")["items"] == items[:1]
    assert (desk.index(), desk.index(OTHER)) == (44.03, 44.03)
    # The same again is the same.
    assert desk.ask("publisher", "POST", "/flags", None, None).json()["flags"] == 3
    assert desk.get("/flags")["items"] == items
    page = desk.get("/flags?limit=2")
    assert [one["organisation"] for one in page["items"]] == [MINE, OTHER]
    assert desk.get(f"/flags?limit=2&cursor={page['next_cursor']}")["items"] == items[2:]


def test_what_is_no_longer_remarkable_is_flagged_no_more(desk: Desk) -> None:
    body = body_a()
    desk.submit(OTHER, body)
    assert desk.ask("ada", "POST", "/flags", None, None).json()["flags"] > 0
    returned(desk)
    assert desk.ask("ada", "POST", "/flags", None, None).json()["flags"] == 0
    assert desk.get("/flags")["items"] == []


def test_what_is_stored_of_a_review_is_told_by_the_organisation_that_it_is_about(desk: Desk) -> None:
    """The row of the assessment has what was found, so that every later write scores with it."""
    desk.given("ada", "D1.01", "rejected")
    with desk.database.read() as session:
        record = assessments.find_assessment(session, EDITION, MINE)
    assert msgspec.to_builtins(record.submission.set_aside) == {"D1.01": "rejected"}
    assert [one.verdict for one in record.evidence.review.answers["D1.01"]] == ["rejected"]
