"""What review says of whole assessments, over HTTP and on both databases."""

from __future__ import annotations

from tests.http.reviews.conftest import Desk, patch
from tests.http.reviews.test_verdicts import returned
from tests.http.test_assessments import MINE
from tests.http.test_http_problems import problem
from tests.support.assessing import Body

REVIEW = f"/assessments/{MINE}/review"


def said(**more: object) -> Body:
    return {"methodology": "2026.1", "reason": "A court has found it.", **more}


def level(desk: Desk) -> tuple[int | None, float]:
    found = desk.get(f"/assessments/{MINE}")
    return found["level"], found["index"]


def test_what_is_said_of_the_whole_acts_at_once_and_what_is_not_said_any_more_does_not(desk: Desk) -> None:
    """By hand in test_effects: level 2 by review or with a case; incidents make D6.05 apply; 6 of 9 in D2.02."""
    nothing = desk.get(REVIEW)
    assert (nothing["reason"], nothing["max_level"], nothing["profile"], nothing["answers"]) == (None, None, {}, {})
    assert level(desk) == (3, 44.03)

    cases: list[tuple[Body, tuple[int, float]]] = [
        ({"max_level": 2}, (2, 44.03)),
        ({"profile": {"integrity_case": True}}, (2, 44.03)),
        ({"profile": {"incidents": 1}}, (3, 43.78)),
        ({"answers": {"D2.02": {"outside_remit": ["c3"]}}}, (3, 44.13)),
        ({"max_level": 5}, (3, 44.03)),
        ({}, (3, 44.03)),
    ]
    for more, expected in cases:
        answered = desk.ask("ada", "PUT", REVIEW, said(**more))
        assert answered.status_code == 200, answered.text
        assert level(desk) == expected
        shown = desk.get(REVIEW, MINE)
        assert shown == answered.json()
        assert {name: shown[name] for name in more} == more


def test_it_stands_beside_the_verdicts_and_through_a_return(desk: Desk) -> None:
    """D1.01 rejected and D2.02 of nine: 440.28 - 12.50 + 1.00."""
    desk.given("ada", "D1.01", "rejected")
    answers = {"D2.02": {"outside_remit": ["c3"]}}
    assert desk.ask("eva", "PUT", REVIEW, said(max_level=2, answers=answers)).status_code == 200
    assert level(desk) == (2, 42.88)
    returned(desk)
    assert patch(desk, D1_02={"level": 2}).status_code == 200
    assert desk.ask(MINE, "GET", f"/assessments/{MINE}").json()["level"] == 2


def test_facts_that_the_organisation_states_and_other_versions_are_refused(desk: Desk) -> None:
    for more in ({"profile": {"employees": 3}}, {"answers": {"D2.02": {"components": ["c1"]}}}):
        problem(desk.ask("ada", "PUT", REVIEW, said(**more)), 400, "invalid-request")
    problem(desk.ask("ada", "PUT", REVIEW, {**said(), "methodology": "2099.1-draft"}), 409, "conflict")
    assert desk.get(REVIEW)["updated"] is None


def test_facts_of_an_answer_that_there_is_not_conflict(desk: Desk) -> None:
    returned(desk)
    assert patch(desk, D2_02=None).status_code == 200
    desk.resubmit()
    desk.settle("under_review")
    answers = {"D2.02": {"outside_remit": ["c3"]}}
    (error,) = problem(desk.ask("ada", "PUT", REVIEW, said(answers=answers)), 409, "conflict")["errors"]
    assert error["rule"] == "unanswered"
