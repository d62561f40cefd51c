"""The life of an assessment: which state follows which, and until when what may be done."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from typing import Final, get_args

import pytest

from actitud_api.resources.assessments.lifecycle import (
    NEXT_STATES,
    UNSETTLED_STATES,
    AssessmentState,
    DeadlinePassed,
    HearingStillOpen,
    HearingTooShort,
    InvalidDeadline,
    InvalidTransition,
    Lifecycle,
    Phase,
    TransitionRecord,
    is_over,
)
from actitud_api.resources.editions.service import Calendar, Span

STATES: Final = get_args(AssessmentState)
CALENDAR: Final = Calendar(
    submission=Span(date(2027, 1, 15), date(2027, 2, 28)),
    review=Span(date(2027, 3, 1), date(2027, 4, 30)),
    hearing=Span(date(2027, 5, 1), date(2027, 5, 15)),
    publication=Span(date(2027, 6, 1), date(2027, 6, 30)),
)
NOW: Final = datetime(2027, 2, 1, 12, tzinfo=UTC)

# Each row is a state, each column the state that would follow, in the order of the columns.
TABLE: Final = """
             draft submitted under_review hearing returned final
draft            -         x            -       -        -     -
submitted        -         -            x       -        x     -
under_review     -         -            -       x        x     -
hearing          -         -            -       -        x     x
returned         -         x            -       -        -     -
final            -         -            -       -        -     -
"""
_COLUMNS, *_ROWS = (line.split() for line in TABLE.strip().splitlines())
CELLS: Final = {(row[0], after): cell == "x" for row in _ROWS for after, cell in zip(_COLUMNS, row[1:], strict=True)}


def extended(phase: Phase, until: date, number: int = 1) -> TransitionRecord:
    """An extension."""
    return step(number=number, phase=phase, until=until, before="draft", after="draft")


def returned(until: date, number: int = 1) -> TransitionRecord:
    """What gave the assessment back."""
    return step(number=number, until=until, before="submitted", after="returned")


def step(
    *, number: int, before: AssessmentState, after: AssessmentState, phase: Phase | None = None, until: date
) -> TransitionRecord:
    return TransitionRecord(
        edition="2026",
        organisation="XX-T-1",
        number=number,
        at=NOW,
        role="assessor",
        before=before,
        after=after,
        phase=phase,
        reason="Because.",
        until=until,
    )


@pytest.mark.parametrize(("state", "after"), list(product(STATES, STATES)))
def test_a_state_is_followed_by_those_of_the_table_and_by_no_other(
    state: AssessmentState, after: AssessmentState
) -> None:
    life = Lifecycle(state, CALENDAR)
    if CELLS[state, after]:
        life.ensure_followed_by(after)
        assert after in NEXT_STATES[state]
        return
    with pytest.raises(InvalidTransition) as caught:
        life.ensure_followed_by(after)
    assert caught.value.state == state
    assert set(caught.value.allowed) == {name for name in STATES if CELLS[state, name]}


@pytest.mark.parametrize("state", STATES)
def test_the_organisation_answers_in_a_draft_and_in_what_was_returned(state: AssessmentState) -> None:
    life = Lifecycle(state, CALENDAR)
    if state in ("draft", "returned"):
        life.ensure_writable()
        return
    with pytest.raises(InvalidTransition):
        life.ensure_writable()


def test_what_is_unsettled_is_what_is_handed_in_and_not_final() -> None:
    assert UNSETTLED_STATES == ("submitted", "under_review", "hearing")


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (datetime(2027, 2, 28, tzinfo=UTC), False),
        (datetime(2027, 3, 1, 11, 59, 59, 999_999, tzinfo=UTC), False),
        (datetime(2027, 3, 1, 12, tzinfo=UTC), True),
    ],
)
def test_a_day_is_over_when_it_has_ended_where_it_ends_last(now: datetime, over: bool) -> None:
    """At noon of the next day in UTC it is midnight in UTC-12."""
    day = date(2027, 2, 28)
    assert is_over(day, now) is over
    if not over:
        Lifecycle("draft", CALENDAR).ensure_in_time("submission", now)
        return
    with pytest.raises(DeadlinePassed) as caught:
        Lifecycle("draft", CALENDAR).ensure_in_time("submission", now)
    assert (caught.value.phase, caught.value.day) == ("submission", day)


def test_before_a_phase_begins_nothing_is_late() -> None:
    Lifecycle("draft", CALENDAR).ensure_in_time("submission", datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("phase", "day"),
    [("submission", date(2027, 2, 28)), ("review", date(2027, 4, 30)), ("hearing", date(2027, 5, 15))],
)
def test_each_phase_has_its_day_and_its_extensions(phase: Phase, day: date) -> None:
    others: list[Phase] = [other for other in get_args(Phase) if other != phase]
    later = date(2027, 6, 10)
    assert Lifecycle("hearing", CALENDAR).find_last_day(phase) == day
    assert Lifecycle("hearing", CALENDAR, [extended(other, later) for other in others]).find_last_day(phase) == day
    assert Lifecycle("hearing", CALENDAR, [extended(phase, later)]).find_last_day(phase) == later


def test_the_last_extension_counts_and_never_less_than_the_calendar() -> None:
    first, second = date(2027, 6, 20), date(2027, 6, 10)
    steps = [extended("review", first), extended("review", second, 2)]
    assert Lifecycle("submitted", CALENDAR, steps).find_last_day("review") == second
    # Somebody has moved the calendar since.
    assert Lifecycle("submitted", CALENDAR, [extended("review", date(2027, 4, 1))]).find_last_day("review") == date(
        2027, 4, 30
    )


def test_what_was_returned_has_the_day_of_its_last_return_or_a_later_one_that_it_was_given() -> None:
    first, second = returned(date(2027, 4, 1)), returned(date(2027, 5, 1), 2)
    assert Lifecycle("returned", CALENDAR, [first, second]).find_last_day("submission") == date(2027, 5, 1)
    assert Lifecycle("returned", CALENDAR, [first]).find_last_day("review") == date(2027, 4, 30)
    assert Lifecycle("submitted", CALENDAR, [first]).find_last_day("submission") == date(2027, 2, 28)
    longer, shorter = extended("submission", date(2027, 5, 20), 3), extended("submission", date(2027, 3, 10), 3)
    assert Lifecycle("returned", CALENDAR, [first, second, longer]).find_last_day("submission") == date(2027, 5, 20)
    assert Lifecycle("returned", CALENDAR, [first, second, shorter]).find_last_day("submission") == date(2027, 5, 1)
    # What was given before the return, when it was still a draft, was for another submission.
    assert Lifecycle("returned", CALENDAR, [longer, second]).find_last_day("submission") == date(2027, 5, 1)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (datetime(2027, 5, 15, 11, 59, tzinfo=UTC), True),
        (datetime(2027, 5, 15, 12, tzinfo=UTC), False),
        (datetime(2027, 5, 16, 11, 59, tzinfo=UTC), False),
    ],
)
def test_a_hearing_begins_while_it_leaves_a_whole_day(now: datetime, left: bool) -> None:
    """Its last day is 15 May; where a day ends last, that day begins at noon in UTC."""
    if left:
        Lifecycle("under_review", CALENDAR).ensure_whole_day(now)
        return
    with pytest.raises(HearingTooShort) as caught:
        Lifecycle("under_review", CALENDAR).ensure_whole_day(now)
    assert (caught.value.day, caught.value.first) == (date(2027, 5, 15), date(2027, 5, 16))
    longer = [extended("hearing", date(2027, 5, 17))]
    Lifecycle("under_review", CALENDAR, longer).ensure_whole_day(datetime(2027, 5, 16, 13, tzinfo=UTC))


def test_a_hearing_that_is_over_is_late_and_not_short() -> None:
    with pytest.raises(DeadlinePassed):
        Lifecycle("under_review", CALENDAR).ensure_whole_day(datetime(2027, 5, 16, 12, tzinfo=UTC))


def test_no_extension_takes_a_day_from_a_hearing_that_runs() -> None:
    longer = [extended("hearing", date(2027, 6, 10))]
    with pytest.raises(InvalidDeadline) as caught:
        Lifecycle("hearing", CALENDAR, longer).ensure_extends("hearing", date(2027, 6, 9), NOW)
    assert (caught.value.rule, caught.value.against) == ("extension", date(2027, 6, 10))
    Lifecycle("hearing", CALENDAR, longer).ensure_extends("hearing", date(2027, 6, 11), NOW)
    # Before it begins the latest extension counts, whichever it is.
    Lifecycle("under_review", CALENDAR, longer).ensure_extends("hearing", date(2027, 6, 9), NOW)


def test_a_hearing_is_over_after_its_last_day() -> None:
    ended = datetime(2027, 5, 16, 12, tzinfo=UTC)
    Lifecycle("hearing", CALENDAR).ensure_hearing_over(ended)
    with pytest.raises(HearingStillOpen) as caught:
        Lifecycle("hearing", CALENDAR, [extended("hearing", date(2027, 5, 16))]).ensure_hearing_over(ended)
    assert caught.value.day == date(2027, 5, 16)
    with pytest.raises(HearingStillOpen):
        Lifecycle("hearing", CALENDAR).ensure_hearing_over(datetime(2027, 5, 16, 11, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("until", "rule", "against"),
    [
        # At noon in UTC the last day of January is just over everywhere.
        (date(2027, 1, 31), "past", date(2027, 2, 1)),
        (date.min, "past", date(2027, 2, 1)),
        (date(2027, 2, 28), "extension", date(2027, 2, 28)),
        (date(2027, 7, 1), "publication", date(2027, 6, 30)),
        (date.max, "publication", date(2027, 6, 30)),
    ],
)
def test_an_extension_is_until_a_day_after_the_phase_and_not_after_the_publication(
    until: date, rule: str, against: date
) -> None:
    life = Lifecycle("draft", CALENDAR)
    with pytest.raises(InvalidDeadline) as caught:
        life.ensure_extends("submission", until, NOW)
    assert (caught.value.rule, caught.value.day, caught.value.against) == (rule, until, against)
    life.ensure_extends("submission", date(2027, 3, 1), NOW)
    life.ensure_extends("submission", date(2027, 6, 30), NOW)


@pytest.mark.parametrize(
    ("life", "phase", "until", "suggestion"),
    [
        # Today is 1 February. The last day of the submission is 28 February, of the hearing 15 May, of all 30 June.
        (Lifecycle("draft", CALENDAR), "submission", date(2027, 1, 31), date(2027, 3, 1)),
        (Lifecycle("draft", CALENDAR), "submission", date(2027, 2, 28), date(2027, 3, 1)),
        (Lifecycle("draft", CALENDAR), "submission", date(2027, 7, 1), date(2027, 6, 30)),
        (Lifecycle("hearing", CALENDAR), "hearing", date(2027, 5, 15), date(2027, 5, 16)),
        (
            Lifecycle("hearing", CALENDAR, [extended("hearing", date(2027, 6, 10))]),
            "hearing",
            date(2027, 5, 15),
            date(2027, 6, 10),
        ),
        # The day that was returned with is over; an extension may still end today.
        (
            Lifecycle("returned", CALENDAR, [returned(date(2027, 1, 20))]),
            "submission",
            date(2027, 1, 31),
            date(2027, 2, 1),
        ),
        (Lifecycle("returned", CALENDAR, [returned(date(2027, 6, 30))]), "submission", date(2027, 6, 30), None),
        (Lifecycle("returned", CALENDAR, [returned(date(2027, 6, 30))]), "submission", date(2027, 7, 1), None),
    ],
)
def test_a_refused_extension_suggests_the_nearest_day_that_is_accepted(
    life: Lifecycle, phase: Phase, until: date, suggestion: date | None
) -> None:
    """It suggested today, or the day that holds already, which were refused in their turn."""
    with pytest.raises(InvalidDeadline) as caught:
        life.ensure_extends(phase, until, NOW)
    assert caught.value.suggestion == suggestion
    if suggestion is not None:
        life.ensure_extends(phase, suggestion, NOW)


@pytest.mark.parametrize(
    ("now", "until", "suggestion"),
    [
        (NOW, date(2027, 1, 31), date(2027, 2, 2)),
        (NOW, date(2027, 2, 1), date(2027, 2, 2)),
        (NOW, date(2027, 7, 1), date(2027, 6, 30)),
        # On the last day of the edition no whole day is left.
        (datetime(2027, 6, 30, 12, tzinfo=UTC), date(2027, 6, 29), None),
        (datetime(2027, 6, 30, 12, tzinfo=UTC), date(2027, 6, 30), None),
        (datetime(2027, 6, 30, 12, tzinfo=UTC), date(2027, 7, 1), None),
    ],
)
def test_a_refused_return_suggests_the_nearest_day_that_is_accepted(
    now: datetime, until: date, suggestion: date | None
) -> None:
    life = Lifecycle("submitted", CALENDAR)
    with pytest.raises(InvalidDeadline) as caught:
        life.ensure_notice(until, now)
    assert caught.value.suggestion == suggestion
    if suggestion is not None:
        life.ensure_notice(suggestion, now)


@pytest.mark.parametrize(
    ("now", "until", "rule", "suggestion"),
    [
        # The hearing lasts until 15 May.
        (datetime(2027, 5, 10, 12, tzinfo=UTC), date(2027, 5, 9), "past", date(2027, 5, 16)),
        (datetime(2027, 5, 10, 12, tzinfo=UTC), date(2027, 5, 10), "notice", date(2027, 5, 16)),
        (datetime(2027, 5, 10, 12, tzinfo=UTC), date(2027, 5, 15), "extension", date(2027, 5, 16)),
        (datetime(2027, 5, 20, 12, tzinfo=UTC), date(2027, 5, 19), "past", date(2027, 5, 21)),
        (datetime(2027, 5, 20, 12, tzinfo=UTC), date(2027, 5, 20), "notice", date(2027, 5, 21)),
        (datetime(2027, 5, 20, 12, tzinfo=UTC), date(2027, 7, 1), "publication", date(2027, 6, 30)),
    ],
)
def test_a_refused_new_last_day_of_the_hearing_suggests_the_nearest_day_that_is_accepted(
    now: datetime, until: date, rule: str, suggestion: date
) -> None:
    life = Lifecycle("hearing", CALENDAR)
    with pytest.raises(InvalidDeadline) as caught:
        life.ensure_reopens(until, now)
    assert (caught.value.rule, caught.value.suggestion) == (rule, suggestion)
    life.ensure_reopens(suggestion, now)


def test_what_was_returned_is_extended_beyond_its_own_day() -> None:
    life = Lifecycle("returned", CALENDAR, [returned(date(2027, 2, 10))])
    with pytest.raises(InvalidDeadline) as caught:
        life.ensure_extends("submission", date(2027, 2, 10), NOW)
    assert (caught.value.rule, caught.value.against) == ("extension", date(2027, 2, 10))
    life.ensure_extends("submission", date(2027, 2, 11), NOW)


def test_what_is_final_is_not_extended() -> None:
    with pytest.raises(InvalidTransition) as caught:
        Lifecycle("final", CALENDAR).ensure_extends("hearing", date(2027, 6, 1), NOW)
    assert caught.value.allowed == ()


def test_something_is_returned_until_tomorrow_at_the_least() -> None:
    """Until today it could be left out of the edition a second later."""
    life = Lifecycle("submitted", CALENDAR)
    life.ensure_notice(date(2027, 2, 2), NOW)
    life.ensure_notice(date(2027, 6, 30), NOW)
    for until, rule in (
        (date(2027, 1, 31), "past"),
        (date(2027, 2, 1), "notice"),
        (date(2027, 7, 1), "publication"),
    ):
        with pytest.raises(InvalidDeadline) as caught:
            life.ensure_notice(until, NOW)
        assert caught.value.rule == rule


def test_no_extension_takes_a_day_from_what_was_returned() -> None:
    given = [returned(date(2027, 2, 10)), extended("submission", date(2027, 6, 10), 2)]
    life = Lifecycle("returned", CALENDAR, given)
    with pytest.raises(InvalidDeadline) as caught:
        life.ensure_extends("submission", date(2027, 6, 9), NOW)
    assert (caught.value.rule, caught.value.against) == ("extension", date(2027, 6, 10))
    life.ensure_extends("submission", date(2027, 6, 11), NOW)


@pytest.mark.parametrize("state", STATES)
def test_answers_are_judged_in_the_review_and_in_the_hearing(state: AssessmentState) -> None:
    life = Lifecycle(state, CALENDAR)
    if state in ("under_review", "hearing"):
        life.ensure_reviewable(NOW)
        return
    with pytest.raises(InvalidTransition) as caught:
        life.ensure_reviewable(NOW)
    assert caught.value.state == state


def test_a_review_has_a_last_day_and_in_the_hearing_a_verdict_may_change_until_it_is_settled() -> None:
    """The last day ends in the last time zone at noon of the day after (UTC)."""
    end, over = datetime(2027, 5, 1, 11, 59, tzinfo=UTC), datetime(2027, 5, 1, 12, tzinfo=UTC)
    Lifecycle("under_review", CALENDAR).ensure_reviewable(end)
    with pytest.raises(DeadlinePassed) as caught:
        Lifecycle("under_review", CALENDAR).ensure_reviewable(over)
    assert (caught.value.phase, caught.value.day) == ("review", date(2027, 4, 30))
    Lifecycle("under_review", CALENDAR, (extended("review", date(2027, 5, 2)),)).ensure_reviewable(over)
    Lifecycle("hearing", CALENDAR).ensure_reviewable(datetime(2027, 8, 1, tzinfo=UTC))
