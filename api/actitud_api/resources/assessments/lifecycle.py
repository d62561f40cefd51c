"""The life of an assessment: its states, which follow which, and until when what may be done. Pure.

Who may do it stands in `access/policy.py`; what is done then, in `service.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from actitud_api.resources.editions.service import Calendar

AssessmentState = Literal["draft", "submitted", "under_review", "hearing", "returned", "final"]
"""Where an assessment is: being answered, handed in, reviewed, heard about what was found, given back, or settled."""
Phase = Literal["submission", "review", "hearing"]
"""A phase of the calendar of an edition in which something has to be done with an assessment."""

NEXT_STATES: Final[Mapping[AssessmentState, tuple[AssessmentState, ...]]] = {
    "draft": ("submitted",),
    "submitted": ("under_review", "returned"),
    "under_review": ("hearing", "returned"),
    "hearing": ("final", "returned"),
    "returned": ("submitted",),
    "final": (),
}
"""The states that may follow each."""
WRITABLE_STATES: Final[frozenset[AssessmentState]] = frozenset({"draft", "returned"})
"""The states in which the organisation answers."""
REVIEWABLE_STATES: Final[frozenset[AssessmentState]] = frozenset({"under_review", "hearing"})
"""The states in which answers are judged."""
UNSETTLED_STATES: Final[tuple[AssessmentState, ...]] = ("submitted", "under_review", "hearing")
"""The states in which something has still to be done before the edition is published."""

_LAST_ZONE_OFFSET: Final = timedelta(hours=12)
"""How far the clocks of the last time zone are behind UTC: a day has ended when it has ended there."""


class InvalidTransition(Exception):
    """What does not follow from the state in which an assessment is."""

    def __init__(self, state: AssessmentState) -> None:
        super().__init__(state)
        self.state = state

    @property
    def allowed(self) -> tuple[AssessmentState, ...]:
        """The states that may follow."""
        return NEXT_STATES[self.state]


class DeadlinePassed(Exception):
    """The last day for that is over; `phase` is what can be extended."""

    def __init__(self, phase: Phase, day: date) -> None:
        super().__init__(f"{phase} until {day}")
        self.phase = phase
        self.day = day


class HearingStillOpen(Exception):
    """The hearing goes on until a day that is not over."""

    def __init__(self, day: date) -> None:
        super().__init__(str(day))
        self.day = day


class InvalidDeadline(ValueError):
    """A day that something cannot last until.

    `rule`: `past`, it is over; `extension`, it is not after `against`, which holds without it; `publication`, it is
    after `against`, the last day of the edition.
    """

    def __init__(self, rule: Literal["past", "extension", "publication"], day: date, against: date) -> None:
        super().__init__(f"{day}: {rule} {against}")
        self.rule = rule
        self.day = day
        self.against = against


class TransitionRecord(Struct, frozen=True, kw_only=True):
    """A step in the life of an assessment; `number` counts those of one assessment from 1.

    `role`: that of the key by which it was made. `before` and `after`: the states; they are the same where it extends
    a `phase`. `reason` and `until`: of what was returned or extended, why and until which day.
    """

    edition: str
    organisation: str
    number: int
    at: datetime
    role: str
    before: AssessmentState
    after: AssessmentState
    phase: Phase | None = None
    reason: str | None = None
    until: date | None = None


class Lifecycle(Struct, frozen=True):
    """Where an assessment is, in an edition with that calendar, and the steps that led there, the first one first."""

    state: AssessmentState
    calendar: Calendar
    transitions: Sequence[TransitionRecord] = ()

    def ensure_writable(self) -> None:
        """Raises `OutOfOrder` where the organisation does not answer."""
        if self.state not in WRITABLE_STATES:
            raise InvalidTransition(self.state)

    def ensure_followed_by(self, after: AssessmentState) -> None:
        """Raises `OutOfOrder` where that state does not follow."""
        if after not in NEXT_STATES[self.state]:
            raise InvalidTransition(self.state)

    def find_last_day(self, phase: Phase) -> date:
        """The last day of a phase: that of its last extension, where this is later than what held without it.

        What was returned has the day of that, whatever was given before.
        """
        steps = self.transitions
        if phase == "submission" and self.state == "returned":
            steps = steps[self._find_last_return() :]
        day = self._find_regular_last_day(phase)
        extended = [step.until for step in steps if step.phase == phase and step.until is not None]
        return max(day, extended[-1]) if extended else day

    def ensure_in_time(self, phase: Phase, now: datetime) -> None:
        """Raises `Late` where the last day of a phase is over."""
        day = self.find_last_day(phase)
        if is_over(day, now):
            raise DeadlinePassed(phase, day)

    def ensure_reviewable(self, now: datetime) -> None:
        """Raises `OutOfOrder` where nobody judges, and `Late` where the last day of the review is over.

        In the hearing a reply may change a verdict, so that it is given until all is settled.
        """
        if self.state not in REVIEWABLE_STATES:
            raise InvalidTransition(self.state)
        if self.state == "under_review":
            self.ensure_in_time("review", now)

    def ensure_answerable(self, now: datetime) -> None:
        """Raises `OutOfOrder` where nothing is heard, and `Late` where the last day of the hearing is over."""
        if self.state != "hearing":
            raise InvalidTransition(self.state)
        self.ensure_in_time("hearing", now)

    def ensure_hearing_over(self, now: datetime) -> None:
        """Raises `Early` until the last day of the hearing is over."""
        day = self.find_last_day("hearing")
        if not is_over(day, now):
            raise HearingStillOpen(day)

    def ensure_until(self, until: date, now: datetime) -> None:
        """Raises `Misdated` for a day until which nothing can last: one that is over, or after the publication."""
        if is_over(until, now):
            raise InvalidDeadline("past", until, _find_last_zone_date(now))
        if until > self.calendar.publication.end:
            raise InvalidDeadline("publication", until, self.calendar.publication.end)

    def ensure_extends(self, phase: Phase, until: date, now: datetime) -> None:
        """Raises `OutOfOrder` where nothing is left to be done, and `Misdated` for a day that extends no phase."""
        if not NEXT_STATES[self.state]:
            raise InvalidTransition(self.state)
        self.ensure_until(until, now)
        day = self._find_regular_last_day(phase)
        if until <= day:
            raise InvalidDeadline("extension", until, day)

    def _find_regular_last_day(self, phase: Phase) -> date:
        """The last day of a phase where nobody has extended it: what was returned has a day of its own."""
        if phase == "submission" and self.state == "returned":
            until = self.transitions[self._find_last_return()].until
            assert until is not None
            return until
        spans = {"submission": self.calendar.submission, "review": self.calendar.review}
        return spans.get(phase, self.calendar.hearing).end

    def _find_last_return(self) -> int:
        """The place among the steps of the last by which it was returned."""
        return max(
            place for place, step in enumerate(self.transitions) if step.phase is None and step.until is not None
        )


def is_over(day: date, now: datetime) -> bool:
    """Whether a day has ended everywhere; `now` is a time in UTC."""
    return day < _find_last_zone_date(now)


def _find_last_zone_date(now: datetime) -> date:
    """The day that it is where the clocks are farthest behind."""
    return (now - _LAST_ZONE_OFFSET).date()
