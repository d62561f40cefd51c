"""The lifecycle of an assessment: its states, transitions and deadlines (pure).

The roles that may make a transition are declared beside its route; the use cases stand in `transitions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from actitud_api.resources.editions.service import Calendar

AssessmentState = Literal["draft", "submitted", "under_review", "hearing", "returned", "final"]
"""The state of an assessment: being answered, submitted, reviewed, in its hearing, returned, or final."""
Phase = Literal["submission", "review", "hearing"]
"""A phase of the calendar of an edition."""

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
"""The states in which the organisation may write."""
REVIEWABLE_STATES: Final[frozenset[AssessmentState]] = frozenset({"under_review", "hearing"})
"""The states in which verdicts are given."""
UNSETTLED_STATES: Final[tuple[AssessmentState, ...]] = ("submitted", "under_review", "hearing")
"""The states of a submitted assessment that is not final: its edition cannot be published yet."""

_LAST_ZONE_OFFSET: Final = timedelta(hours=12)
"""Offset of the last time zone of the day: a day has ended once it has ended there."""


class InvalidTransition(Exception):
    """A change that the state of the assessment does not allow."""

    def __init__(self, state: AssessmentState) -> None:
        super().__init__(state)
        self.state = state

    @property
    def allowed(self) -> tuple[AssessmentState, ...]:
        """The states that may follow."""
        return NEXT_STATES[self.state]


class DeadlinePassed(Exception):
    """The last day of `phase` is over; an extension of that phase gives more."""

    def __init__(self, phase: Phase, day: date) -> None:
        super().__init__(f"{phase} until {day}")
        self.phase = phase
        self.day = day


class HearingStillOpen(Exception):
    """The hearing lasts until the end of `day`."""

    def __init__(self, day: date) -> None:
        super().__init__(str(day))
        self.day = day


class InvalidDeadline(ValueError):
    """A day until which nothing can last.

    `rule`: `past`, it is over; `extension`, it is not after `against`, the last day without extension; `publication`,
    it is after `against`, the last day of the edition.
    """

    def __init__(self, rule: Literal["past", "extension", "publication"], day: date, against: date) -> None:
        super().__init__(f"{day}: {rule} {against}")
        self.rule = rule
        self.day = day
        self.against = against


class TransitionRecord(Struct, frozen=True, kw_only=True):
    """A transition of an assessment; `number` counts those of one assessment from 1.

    `role`: that of the key that made it. `before` and `after`: the states, equal if it extends a `phase`. `reason` and
    `until`: of a return or an extension.
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
    """The state of an assessment, the calendar of its edition, and its transitions, oldest first."""

    state: AssessmentState
    calendar: Calendar
    transitions: Sequence[TransitionRecord] = ()

    def ensure_writable(self) -> None:
        """Raise `InvalidTransition` unless the organisation may write."""
        if self.state not in WRITABLE_STATES:
            raise InvalidTransition(self.state)

    def ensure_followed_by(self, after: AssessmentState) -> None:
        """Raise `InvalidTransition` unless that state may follow."""
        if after not in NEXT_STATES[self.state]:
            raise InvalidTransition(self.state)

    def find_last_day(self, phase: Phase) -> date:
        """Find the last day of a phase: that of its last extension if that is later than the regular one.

        A returned assessment has a submission phase of its own: extensions before the return do not count.
        """
        steps = self.transitions
        if phase == "submission" and self.state == "returned":
            steps = steps[self._find_last_return() :]
        day = self._find_regular_last_day(phase)
        extended = [step.until for step in steps if step.phase == phase and step.until is not None]
        return max(day, extended[-1]) if extended else day

    def ensure_in_time(self, phase: Phase, now: datetime) -> None:
        """Raise `DeadlinePassed` if the last day of a phase is over."""
        day = self.find_last_day(phase)
        if is_over(day, now):
            raise DeadlinePassed(phase, day)

    def ensure_reviewable(self, now: datetime) -> None:
        """Raise `InvalidTransition` or `DeadlinePassed` unless verdicts may be given now.

        In the hearing a reply may change a verdict, so verdicts are taken until the assessment is final.
        """
        if self.state not in REVIEWABLE_STATES:
            raise InvalidTransition(self.state)
        if self.state == "under_review":
            self.ensure_in_time("review", now)

    def ensure_answerable(self, now: datetime) -> None:
        """Raise `InvalidTransition` or `DeadlinePassed` unless the organisation may reply now."""
        if self.state != "hearing":
            raise InvalidTransition(self.state)
        self.ensure_in_time("hearing", now)

    def ensure_hearing_over(self, now: datetime) -> None:
        """Raise `HearingStillOpen` until the last day of the hearing is over."""
        day = self.find_last_day("hearing")
        if not is_over(day, now):
            raise HearingStillOpen(day)

    def ensure_until(self, until: date, now: datetime) -> None:
        """Raise `InvalidDeadline` for a day that is over, or after the publication of the calendar."""
        if is_over(until, now):
            raise InvalidDeadline("past", until, _find_last_zone_date(now))
        if until > self.calendar.publication.end:
            raise InvalidDeadline("publication", until, self.calendar.publication.end)

    def ensure_extends(self, phase: Phase, until: date, now: datetime) -> None:
        """Raise `InvalidTransition` if it is final, `InvalidDeadline` for a day that extends no phase."""
        if not NEXT_STATES[self.state]:
            raise InvalidTransition(self.state)
        self.ensure_until(until, now)
        day = self._find_regular_last_day(phase)
        if until <= day:
            raise InvalidDeadline("extension", until, day)

    def _find_regular_last_day(self, phase: Phase) -> date:
        """Find the last day of a phase without extensions; a return sets its own for the submission."""
        if phase == "submission" and self.state == "returned":
            until = self.transitions[self._find_last_return()].until
            assert until is not None
            return until
        spans = {"submission": self.calendar.submission, "review": self.calendar.review}
        return spans.get(phase, self.calendar.hearing).end

    def _find_last_return(self) -> int:
        """Find the index of the last transition that is a return."""
        return max(
            index for index, step in enumerate(self.transitions) if step.phase is None and step.until is not None
        )


def is_over(day: date, now: datetime) -> bool:
    """Return True if a day has ended everywhere; `now` is in UTC."""
    return day < _find_last_zone_date(now)


def _find_last_zone_date(now: datetime) -> date:
    """Return the date in the time zone that is farthest behind UTC."""
    return (now - _LAST_ZONE_OFFSET).date()
