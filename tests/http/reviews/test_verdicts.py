"""Verdicts over HTTP: what they do to the score at once, and what is refused; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import DeadlinePassed
from tests.http.reviews.conftest import CREATE, Desk, patch
from tests.http.test_assessments import EDITION, MINE, OTHER
from tests.http.test_http_problems import problem
from tests.support.assessing import body_a, document
from tests.support.settling import anything

pytestmark = pytest.mark.serving

VERDICTS = f"/assessments/{MINE}/verdicts"


def test_the_score_follows_at_once_and_what_is_taken_back_counts_no_more(desk: Desk) -> None:
    """The figures by hand in test_effects."""
    for indicator, verdict, more, index in [
        ("D1.01", "accepted", {}, 44.03),
        ("D1.01", "rejected", {}, 42.78),
        ("D1.01", "stale", {}, 42.78),
        ("D7.08", "insufficient", {}, 43.5),
        ("D10.07", "capped", {"level": 1}, 43.53),
    ]:
        found = desk.given("ada", indicator, verdict, **more)
        assert desk.index() == index
        assert found["effective_verdict"] == {"verdict": verdict, "level": more.get("level")}
        (given,) = found["verdicts"]
        assert (given["counts"], given["current"]) == (True, True)

        assert desk.ask("ada", "DELETE", f"{VERDICTS}/{indicator}/own").status_code == 204
        assert desk.index() == 44.03
        found = desk.get(f"{VERDICTS}/{indicator}")
        (given,) = found["verdicts"]
        assert (found["effective_verdict"], found["disputed"]) == (None, False)
        assert (given["verdict"], given["reason"], given["counts"]) == (None, None, False)
        problem(desk.ask("ada", "DELETE", f"{VERDICTS}/{indicator}/own"), 404, "not-found")
    assert desk.get(f"{VERDICTS}/D1.01")["verdicts"][0]["first_verdict"] == {"verdict": "accepted", "level": None}


@pytest.mark.both_databases
def test_a_review_answers_as_a_read_of_it(desk: Desk) -> None:
    overall = {
        "methodology": "2026.1",
        "reason": "A court has found it.",
        "profile": {"integrity_case": True, "incidents": 1},
        "answers": {"D2.02": {"outside_remit": ["c3"]}},
    }
    writes: list[tuple[str, Callable[[], httpx.Response]]] = [
        (f"{VERDICTS}/D1.01", lambda: desk.verdict("ada", "D1.01", "rejected")),
        (f"{VERDICTS}/D1.01", lambda: desk.verdict("eva", "D1.01", "insufficient")),
        (f"{VERDICTS}/D1.01", lambda: desk.verdict("ada", "D1.01", "accepted")),
        (f"/assessments/{MINE}/review", lambda: desk.ask("ada", "PUT", f"/assessments/{MINE}/review", overall)),
    ]
    for path, write in writes:
        written = write()
        assert written.status_code == 200, written.text
        read = desk.ask("ada", "GET", path)
        assert (written.content, written.headers["ETag"]) == (read.content, read.headers["ETag"])


def test_figures_ranking_sheet_summary_and_path_follow_at_once(desk: Desk) -> None:
    """The other organisation submits the same; without D1.01 the first one is second."""
    desk.submit(OTHER)
    rows = desk.get("/scores")["items"]
    assert [(row["organisation"], row["rank"], row["index"]) for row in rows] == [(MINE, 1, 44.03), (OTHER, 1, 44.03)]

    desk.given("ada", "D1.01", "rejected")

    rows = desk.get("/scores")["items"]
    assert [(row["organisation"], row["rank"], row["index"]) for row in rows] == [(OTHER, 1, 44.03), (MINE, 2, 42.78)]
    sheet = desk.get(f"/scores/{MINE}")
    assert (sheet["index"], sheet["index_max"], sheet["coverage"]) == (42.78, 45.28, 0.975)
    reason = next(
        indicator["reason"]
        for dimension in sheet["dimensions"]
        for indicator in dimension["indicators"]
        if indicator["id"] == "D1.01"
    )
    assert reason["code"] == "rejected"
    assert desk.get("/summary")["index"]["min"] == 42.78
    assert desk.get(f"/scores/{MINE}/path")["index"] == 42.78
    assert desk.get(f"/assessments/{MINE}")["index"] == 42.78


def test_the_latest_verdict_counts_and_each_assessor_has_one(desk: Desk) -> None:
    desk.given("ada", "D1.01", "rejected")
    found = desk.given("eva", "D1.01", "accepted")
    assert (desk.index(), found["disputed"], [one["counts"] for one in found["verdicts"]]) == (
        44.03,
        True,
        [False, True],
    )

    found = desk.given("ada", "D1.01", "stale")
    assert (desk.index(), found["effective_verdict"]["verdict"], len(found["verdicts"])) == (42.78, "stale", 2)
    assert found["verdicts"][-1]["first_verdict"]["verdict"] == "rejected"

    assert desk.ask("ada", "DELETE", f"{VERDICTS}/D1.01/own").status_code == 204
    found = desk.get(f"{VERDICTS}/D1.01")
    assert (desk.index(), found["effective_verdict"]["verdict"], found["disputed"]) == (44.03, "accepted", False)


def test_whoever_has_a_new_key_goes_on_with_their_verdicts(desk: Desk) -> None:
    """Keys end within a year: with another one nobody disagrees with themselves, nor is a second assessor."""
    (before,) = desk.given("ada", "D1.01", "accepted")["verdicts"]
    desk.rotate("ada")
    found = desk.given("ada", "D1.01", "rejected")
    (after,) = found["verdicts"]
    assert (after["assessor"], after["verdict"]) == (before["assessor"], "rejected")
    assert (after["first_verdict"]["verdict"], found["disputed"]) == ("accepted", False)
    assert desk.get("/agreement")["pairs"] == 0
    desk.rotate("ada")
    assert desk.ask("ada", "DELETE", f"{VERDICTS}/D1.01/own").status_code == 204
    assert desk.get(f"{VERDICTS}/D1.01")["effective_verdict"] is None


def test_the_organisation_sees_what_was_found(desk: Desk) -> None:
    desk.given("ada", "D1.01", "rejected", reason="The page is empty.", rule=None)

    shown = desk.get(VERDICTS + "?limit=1", MINE)["items"]
    assert [(one["indicator"], one["verdicts"][0]["reason"]) for one in shown] == [("D1.01", "The page is empty.")]


def test_the_list_has_every_answer_in_the_order_of_the_methodology(desk: Desk) -> None:
    desk.given("ada", "D10.07", "accepted")
    items = []
    page = desk.get(f"{VERDICTS}?limit=40")
    items += page["items"]
    page = desk.get(f"{VERDICTS}?limit=40&cursor={page['next_cursor']}")
    items += page["items"]

    assert page["next"] is None
    assert [one["indicator"] for one in items] == list(desk.get(f"/assessments/{MINE}")["answers"])
    assert [one["indicator"] for one in items if one["verdicts"]] == ["D10.07"]


# --- what is refused ------------------------------------------------------------------------------------------


CONFLICTS: tuple[tuple[str, str, dict[str, Any], str, str, str], ...] = (
    ("D6.05", "rejected", {}, "unanswered", "", "D6.05 has no answer to be judged."),
    ("D3.02", "rejected", {}, "unanswered", "", "D3.02 has no answer to be judged."),
    ("D1.01", "capped", {"level": 1}, "ladder", "/verdict", "D1.01 has no steps to be capped."),
    ("D7.08", "capped", {"level": 0}, "ladder", "/verdict", "D7.08 has no steps to be capped."),
    ("D10.07", "capped", {"level": 3}, "level", "/level", "0, 1, 2"),
    ("D10.07", "capped", {"level": 100}, "level", "/level", "0, 1, 2"),
    ("D1.02", "rejected", {"rule": "V24"}, "review", "/rule", "V10, V21"),
    ("D1.01", "accepted", {"rule": "V21"}, "review", "/rule", "has no rules that people check"),
)


def test_what_the_document_does_not_list_conflicts_and_says_what_it_lists(desk: Desk) -> None:
    for indicator, verdict, more, rule, pointer, said in CONFLICTS:
        found = problem(desk.verdict("ada", indicator, verdict, **more), 409, "conflict")

        (error,) = found["errors"]
        assert (error["rule"], error["pointer"]) == (rule, pointer)
        assert said in error["detail"]
        assert desk.get(f"{VERDICTS}/{indicator}")["verdicts"] == []
    assert desk.index() == 44.03


def test_what_is_not_by_the_schema_is_refused(desk: Desk) -> None:
    for body in [
        {"verdict": "rejected"},
        {"verdict": "insufficient", "reason": ""},
        {"verdict": "stale", "reason": " "},
        {"verdict": "capped", "reason": "Lower."},
        {"verdict": "capped", "level": 1},
        {"verdict": "capped", "level": -1, "reason": "Lower."},
        {"verdict": "capped", "level": 1.5, "reason": "Lower."},
        {"verdict": "rejected", "reason": "x" * 1001},
        {"verdict": "rejected", "reason": "Ask ada@example.org."},
        {"verdict": "rejected", "reason": "No.", "level": 1},
        {"verdict": "rejected", "reason": "No.", "assessor": "eva"},
        {"verdict": "rejected", "reason": "No.", "counts": True},
        {"verdict": "fine"},
        {"reason": "No."},
    ]:
        problem(desk.ask("ada", "PUT", f"{VERDICTS}/D10.07", body), 400, "invalid-request")
    assert desk.get(f"{VERDICTS}/D10.07")["verdicts"] == []


def test_nobody_judges_out_of_the_review(desk: Desk) -> None:
    path = f"/assessments/{OTHER}/verdicts/D1.01"
    whole = {"methodology": "2026.1", "reason": "A case."}

    def refused(state: str) -> None:
        for response in (
            desk.ask("ada", "PUT", path, {"verdict": "accepted"}),
            desk.ask("ada", "DELETE", f"{path}/own"),
            desk.ask("ada", "PUT", f"/assessments/{OTHER}/review", whole),
        ):
            (error,) = problem(response, 409, "conflict")["errors"]
            assert (error["rule"], error["value"]) == ("state", state)

    made = desk.ask(OTHER, "PUT", f"/assessments/{OTHER}", body_a(), None, **CREATE)
    assert made.status_code == 201
    refused("draft")
    desk.resubmit(OTHER)
    refused("submitted")
    desk.settle("final", OTHER)
    refused("final")


def test_in_the_hearing_a_verdict_may_change(desk: Desk) -> None:
    desk.given("ada", "D1.01", "rejected")
    desk.settle("hearing")
    desk.given("ada", "D1.01", "accepted")
    assert desk.index() == 44.03


def test_a_change_asks_for_what_it_was_made_for(desk: Desk) -> None:
    path = f"{VERDICTS}/D1.01"
    tag = desk.ask("ada", "GET", path).headers["etag"]
    problem(desk.ask("ada", "PUT", path, {"verdict": "accepted"}, None), 428, "precondition-required")
    assert desk.verdict("eva", "D1.01", "accepted", tag).status_code == 200
    refused = problem(desk.verdict("ada", "D1.01", "accepted", tag), 412, "precondition-failed")
    assert refused["detail"].startswith("Since you read it, somebody has judged it, or the answer has changed.")
    assert desk.verdict(
        "ada", "D1.02", "accepted", desk.ask("ada", "GET", f"{VERDICTS}/D1.02").headers["etag"]
    ).is_success
    written = desk.verdict("ada", "D1.01", "accepted")
    assert written.headers["etag"] == desk.ask("ada", "GET", path).headers["etag"]


def test_after_the_last_day_of_the_review_nobody_judges(desk: Desk) -> None:
    with desk.database.write() as session:
        end = assessments.find_assessment(session, EDITION, MINE)
        assert end.state == "under_review"
    later = datetime(2095, 6, 1, tzinfo=UTC)
    with desk.database.write() as session, pytest.raises(DeadlinePassed) as late:
        assessments.lock_for_review(session, EDITION, MINE, now=later)
    assert late.value.phase == "review"


# --- what is returned -----------------------------------------------------------------------------------------


def returned(desk: Desk) -> None:
    now = datetime.now(UTC)
    with desk.database.write() as session:
        transitions.return_assessment(
            session,
            EDITION,
            MINE,
            reason="Please look again.",
            until=(now + timedelta(days=30)).date(),
            role="assessor",
            expected=anything,
            now=now,
        )


def test_a_changed_answer_loses_its_verdict_and_the_others_keep_theirs(desk: Desk) -> None:
    """D1.01 and D7.08 are judged; D1.01 changes from 160 to 320 of 320: D1 = (3875 + 1250)/100 = 51.25."""
    desk.given("ada", "D1.01", "rejected")
    desk.given("ada", "D7.08", "insufficient")
    # D1 = 26.25, D7 = 39.51: 440.28 - 12.50 - 5.27.
    assert desk.index() == 42.25
    returned(desk)

    assert patch(desk, D1_01={"numerator": 320, "denominator": 320}).status_code == 200

    # 440.28 + 12.50 - 5.27
    assert desk.index() == 44.75
    desk.resubmit()
    desk.settle("under_review")
    assert desk.index() == 44.75
    first, second = (desk.get(f"{VERDICTS}/{name}") for name in ("D1.01", "D7.08"))
    assert (first["effective_verdict"], first["verdicts"][0]["current"]) == (None, False)
    assert (second["effective_verdict"], second["verdicts"][0]["current"]) == (
        {"verdict": "insufficient", "level": None},
        True,
    )
    # A verdict on the answer as it is has a row of its own, and what was found of the one before stays.
    found = desk.given("ada", "D1.01", "stale")
    assert [(one["verdict"], one["current"]) for one in found["verdicts"]] == [("rejected", False), ("stale", True)]


def test_the_very_answer_again_has_its_verdict_again(desk: Desk) -> None:
    desk.given("ada", "D1.01", "rejected")
    returned(desk)
    assert patch(desk, D1_01=None).status_code == 200
    assert desk.get(f"{VERDICTS}/D1.01")["answered"] is False
    answer = {"numerator": 160, "denominator": 320, "evidence": [document("D1.01")]}
    assert patch(desk, D1_01=answer).status_code == 200

    assert desk.index() == 42.78
    assert desk.get(f"{VERDICTS}/D1.01")["effective_verdict"] == {"verdict": "rejected", "level": None}


def test_the_very_answer_again_has_its_verdict_again_whatever_was_judged_meanwhile(desk: Desk) -> None:
    """It counted in full again once anything else was judged after the return, although its verdict was told."""
    desk.given("ada", "D1.01", "rejected")
    returned(desk)
    assert patch(desk, D1_01={"numerator": 320, "denominator": 320}).status_code == 200
    desk.resubmit()
    desk.settle("under_review")
    desk.given("ada", "D7.08", "insufficient")
    desk.given("ada", "D1.01", "stale")
    returned(desk)

    assert patch(desk, D1_01={"numerator": 160, "denominator": 320}).status_code == 200

    # Both as they were judged, without 12.50 and 5.27 of 440.28.
    assert desk.index() == 42.25
    assert desk.get(f"{VERDICTS}/D1.01")["effective_verdict"] == {"verdict": "rejected", "level": None}


def test_domains_that_change_leave_what_was_found(desk: Desk) -> None:
    """What was found insufficient stays so when its document counts again, and the rejected stays rejected."""
    desk.given("ada", "D7.08", "insufficient")
    returned(desk)
    headers = {**desk.keys["administrator"], "Content-Type": "application/merge-patch+json", "If-Match": "*"}
    for domains in (b'{"domains":["other.example"]}', b'{"domains":["ayto.example"]}'):
        changed = desk.client.patch(f"/v1/organisations/{MINE}", content=domains, headers=headers)
        assert changed.status_code == 200
    assert desk.index() == 43.5
    desk.resubmit()
    desk.settle("under_review")
    assert desk.ask("ada", "DELETE", f"{VERDICTS}/D7.08/own").status_code == 204
    assert desk.index() == 44.03
