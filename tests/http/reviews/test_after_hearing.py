"""Verdicts once the organisation can no longer reply: only milder ones, or the hearing opens again with them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from actitud_api.resources.assessments.lifecycle import Lifecycle, is_over
from tests.http.reviews.conftest import CREATE, Desk
from tests.http.test_assessments import EDITION, MINE
from tests.http.test_http_problems import problem
from tests.support.figures import FigureRecorder
from tests.support.settling import move_calendar

VERDICTS = f"/assessments/{MINE}/verdicts"
REVIEW = f"/assessments/{MINE}/review"


def today() -> date:
    """The date where a day ends last."""
    return (datetime.now(UTC) - timedelta(hours=12)).date()


def day(days: int) -> str:
    return str(today() + timedelta(days=days))


def end_hearing(desk: Desk, last: int = -2) -> None:
    """Moves the calendar: the last day of the hearing is so many days from today, that of the publication in 20."""
    phases = {name: {"from": day(last - 3), "to": day(last - 2)} for name in ("submission", "review")} | {
        "hearing": {"from": day(last - 1), "to": day(last)},
        "publication": {"from": day(last + 1), "to": day(20)},
    }
    phases["submission"] = {"from": day(last - 5), "to": day(last - 4)}
    move_calendar(desk.database, EDITION, phases)


def hear(desk: Desk, last: int = -2, **verdicts: dict[str, Any]) -> None:
    """Gives verdicts, by indicator with `_` for the dot; then the hearing begins, and ends."""
    for name, given in verdicts.items():
        desk.given("ada", name.replace("_", "."), **given)
    desk.settle("hearing")
    end_hearing(desk, last)


def refused(response: httpx.Response, rule: str = "harsher", pointer: str = "/hearing_until") -> dict[str, Any]:
    (error,) = problem(response, 409, "conflict")["errors"]
    assert (error["rule"], error["pointer"]) == (rule, pointer)
    found: dict[str, Any] = error
    return found


def said(**more: object) -> dict[str, object]:
    return {"methodology": "2026.1", "reason": "A court has found it.", **more}


def test_a_new_adverse_verdict_is_refused_and_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    """The attack: the hearing is over, nobody can reply, and the assessment would be settled with it."""
    hear(desk)
    before = desk.index()
    given: list[dict[str, Any]] = [
        {"verdict": "rejected"},
        {"verdict": "stale"},
        {"verdict": "insufficient"},
        {"verdict": "capped", "level": 1},
    ]
    for one in given:
        error = refused(desk.verdict("ada", "D10.07", **one))
        assert (error["value"], error["suggestion"]) == (day(-2), day(1))
    refused(desk.ask("ada", "PUT", REVIEW, said(max_level=1)))
    assert desk.index() == before
    assert desk.get(f"{VERDICTS}/D10.07")["verdicts"] == []
    assert desk.get(REVIEW)["reason"] is None
    monkeypatch.setattr(Lifecycle, "ensure_time_to_reply", lambda *_: None)
    taken = sum(desk.verdict("ada", "D10.07", **one).is_success for one in given)
    taken += desk.ask("ada", "PUT", REVIEW, said(max_level=1)).is_success
    figure(
        "S5",
        "harsher verdicts and reviews after the last day to reply that were taken",
        tried=len(given) + 1,
        failed=0,
        control=f"where the day is not looked at {taken} of {len(given) + 1} are taken",
    )


def test_the_refusal_is_told_in_both_languages(desk: Desk) -> None:
    hear(desk)
    for language, words in (("es", "ya no queda un día entero para alegar"), ("en", "leaves no whole day to reply")):
        body = {"verdict": "rejected", "reason": "Surprise."}
        answer = desk.ask("ada", "PUT", f"{VERDICTS}/D1.01?lang={language}", body)
        assert words in refused(answer)["detail"]


@pytest.mark.parametrize(
    ("before", "milder", "harsher"),
    [
        (
            {"verdict": "rejected"},
            [
                {"verdict": "rejected"},
                {"verdict": "capped", "level": 1},
                {"verdict": "insufficient"},
                {"verdict": "accepted"},
            ],
            [{"verdict": "rejected", "reason": "Something else."}, {"verdict": "stale"}],
        ),
        (
            {"verdict": "capped", "level": 1},
            [{"verdict": "capped", "level": 2}, {"verdict": "accepted"}],
            [{"verdict": "capped", "level": 0}, {"verdict": "insufficient"}, {"verdict": "rejected"}],
        ),
        (
            {"verdict": "insufficient"},
            [{"verdict": "insufficient"}, {"verdict": "accepted"}],
            [{"verdict": "capped", "level": 2}, {"verdict": "stale"}],
        ),
        (
            {"verdict": "accepted"},
            [{"verdict": "accepted"}],
            [{"verdict": "capped", "level": 2}, {"verdict": "rejected"}],
        ),
    ],
    ids=lambda value: value["verdict"] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_order_of_verdicts(
    desk: Desk, before: dict[str, Any], milder: list[dict[str, Any]], harsher: list[dict[str, Any]]
) -> None:
    """Each of `harsher` is refused after `before`; those of `milder` follow one another, where the order allows it."""
    hear(desk, D10_07=before)
    for other in harsher:
        refused(desk.verdict("eva", "D10.07", **other))
    for other in milder:
        made = desk.verdict("ada", "D10.07", **other)
        if made.status_code != 200:  # a step from `capped` to `insufficient`, neither of which is the milder one
            assert (other["verdict"], milder[0]["verdict"]) == ("insufficient", "rejected")
            refused(made)
    assert desk.get(f"{VERDICTS}/D10.07")["effective_verdict"]["verdict"] == milder[-1]["verdict"]


def test_a_withdrawal_that_brings_back_a_harsher_verdict_is_refused(desk: Desk) -> None:
    desk.given("eva", "D1.01", "rejected")
    hear(desk, D1_01={"verdict": "accepted"})
    refused(desk.ask("ada", "DELETE", f"{VERDICTS}/D1.01/own"))
    assert desk.get(f"{VERDICTS}/D1.01")["effective_verdict"]["verdict"] == "accepted"
    assert desk.ask("eva", "DELETE", f"{VERDICTS}/D1.01/own").status_code == 204


def test_the_overall_review_may_only_let_more(desk: Desk) -> None:
    facts = {"profile": {"incidents": 1}}
    assert desk.ask("ada", "PUT", REVIEW, said(max_level=2, **facts)).status_code == 200
    hear(desk)
    for more in (
        {"max_level": 1, **facts},
        {"max_level": 2, "profile": {"integrity_case": True, "incidents": 1}},
        {"max_level": 3},
        {"max_level": 2, "reason": "Another reason.", **facts},
    ):
        refused(desk.ask("ada", "PUT", REVIEW, said(**more)))
    for allowed in ({"max_level": 2}, {"max_level": 3, "reason": "The reply convinces."}, {"reason": "No limit."}):
        assert desk.ask("ada", "PUT", REVIEW, said(**allowed, **facts)).status_code == 200


@pytest.mark.both_databases
def test_a_harsher_verdict_opens_the_hearing_again_so_that_it_can_be_replied_to(desk: Desk) -> None:
    hear(desk)
    body = {"text": "Estaba publicada antes."}
    path = f"/assessments/{MINE}/replies/D1.01"
    assert desk.ask(MINE, "PUT", path, body, None, **CREATE).json()["errors"][0]["rule"] == "deadline"

    desk.given("ada", "D1.01", "rejected", hearing_until=day(5))

    step = desk.get(f"/assessments/{MINE}/transitions")["items"][-1]
    assert {name: step[name] for name in ("from", "to", "phase", "reason", "until", "role")} == {
        "from": "hearing",
        "to": "hearing",
        "phase": "hearing",
        "reason": "Not there.",
        "until": day(5),
        "role": "assessor",
    }
    final = desk.ask("ada", "POST", f"/assessments/{MINE}/finals")
    assert [(error["rule"], error["value"]) for error in final.json()["errors"]] == [("deadline", day(5))]
    assert desk.ask(MINE, "PUT", path, body, None, **CREATE).status_code == 201
    # While it is open again, verdicts may become harsher, and the whole as well.
    desk.given("ada", "D1.02", "rejected")
    assert desk.ask("ada", "PUT", REVIEW, said(max_level=1)).status_code == 200


def test_an_overall_review_opens_the_hearing_again(desk: Desk) -> None:
    hear(desk)
    assert desk.ask("ada", "PUT", REVIEW, said(max_level=1, hearing_until=day(3))).status_code == 200
    step = desk.get(f"/assessments/{MINE}/transitions")["items"][-1]
    assert (step["phase"], step["until"], step["reason"]) == ("hearing", day(3), "A court has found it.")


def test_on_the_last_day_itself_there_is_no_whole_day_to_reply(desk: Desk) -> None:
    hear(desk, 0)
    assert not is_over(today(), datetime.now(UTC))
    refused(desk.verdict("ada", "D1.01", "rejected"))
    end_hearing(desk, 1)
    desk.given("ada", "D1.01", "rejected")


def test_a_new_last_day_that_gives_no_time_is_refused(desk: Desk) -> None:
    hear(desk)
    for until, rule, suggestion in (
        (day(-1), "past", day(1)),
        (day(0), "notice", day(1)),
        (day(21), "publication", day(20)),
    ):
        error = refused(desk.verdict("ada", "D1.01", "rejected", hearing_until=until), rule)
        assert (error["value"], error["suggestion"]) == (until, suggestion)
    desk.given("ada", "D1.01", "rejected", hearing_until=day(9))
    # Nobody takes days back in this way.
    error = refused(desk.verdict("ada", "D1.02", "rejected", hearing_until=day(4)), "extension")
    assert error["suggestion"] == day(10)
    assert len(desk.get(f"/assessments/{MINE}/transitions")["items"]) == 4


def test_before_the_hearing_there_is_no_last_day_to_set(desk: Desk) -> None:
    (error,) = problem(desk.verdict("ada", "D1.01", "rejected", hearing_until=day(3)), 409, "conflict")["errors"]
    assert (error["rule"], error["value"]) == ("state", "under_review")
    problem(desk.verdict("ada", "D1.01", "accepted", hearing_until=day(3)), 400, "invalid-request")
