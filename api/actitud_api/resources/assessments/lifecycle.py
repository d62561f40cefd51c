"""The lifecycle of an assessment: states, transitions and deadlines. Pure: no database, no clock.

Roles are declared beside the routes (`transition_routes`); the use cases are in `transitions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from actitud_api.resources.editions.service import Calendar

AssessmentState = Literal["draft", "submitted", "under_review", "hearing", "returned", "final"]
"""The state of an assessment.

`draft`: the organisation is filling it in. `submitted`: it waits for review. `under_review`: assessors give verdicts.
`hearing`: the organisation may reply to the verdicts. `returned`: the organisation may change and submit it again.
`final`: it never changes again.
"""
Phase = Literal["submission", "review", "hearing"]
"""A phase of the calendar of an edition that can be extended for one organisation."""

NEXT_STATES: Final[Mapping[AssessmentState, tuple[AssessmentState, ...]]] = {
    "draft": ("submitted",),
    "submitted": ("under_review", "returned"),
    "under_review": ("hearing", "returned"),
    "hearing": ("final", "returned"),
    "returned": ("submitted",),
    "final": (),
}
"""The allowed transitions: for each state, the states that may follow it."""
WRITABLE_STATES: Final[frozenset[AssessmentState]] = frozenset({"draft", "returned"})
"""The states in which the organisation may change its assessment."""
REVIEWABLE_STATES: Final[frozenset[AssessmentState]] = frozenset({"under_review", "hearing"})
"""The states in which assessors may give verdicts."""
UNSETTLED_STATES: Final[tuple[AssessmentState, ...]] = ("submitted", "under_review", "hearing")
"""The states of an assessment that was submitted, is not final and was not returned.

An edition cannot be published while one of its assessments is in such a state, nor while one that was returned may be
submitted again.
"""

_LAST_ZONE_OFFSET: Final = timedelta(hours=12)
"""Hours by which the last time zone is behind UTC.

A deadline ends when its day has ended in every time zone, so it ends 12 hours after midnight UTC.
"""


class InvalidTransition(Exception):
    """The state of an assessment does not allow the requested change.

    Raised by every use case that changes or reviews an assessment.
    """

    def __init__(self, state: AssessmentState) -> None:
        super().__init__(state)
        self.state = state

    @property
    def allowed(self) -> tuple[AssessmentState, ...]:
        """The states that may follow the present one; empty for `final`."""
        return NEXT_STATES[self.state]


class DeadlinePassed(Exception):
    """The last day of a phase is over for an organisation; `day` is that last day.

    Raised by every change that belongs to the phase. An extension of the phase for the organisation sets a later day.
    """

    def __init__(self, phase: Phase, day: date) -> None:
        super().__init__(f"{phase} until {day}")
        self.phase = phase
        self.day = day


class HearingStillOpen(Exception):
    """The assessment cannot become final yet, because its hearing lasts until the end of `day`.

    Raised by `Lifecycle.ensure_hearing_over`.
    """

    def __init__(self, day: date) -> None:
        super().__init__(str(day))
        self.day = day


class HearingTooShort(Exception):
    """A hearing cannot begin, because it would leave the organisation no whole day to reply.

    `day` is the last day of the hearing. `first` is the earliest last day that would leave a whole day. Raised by
    `Lifecycle.ensure_whole_day`.
    """

    def __init__(self, day: date, first: date) -> None:
        super().__init__(str(day))
        self.day = day
        self.first = first


class TooLateToReply(Exception):
    """A verdict or review becomes harsher although the organisation has no whole day left to reply.

    `day` is the last day of the hearing. `first` is the earliest last day that would leave a whole day. Raised by
    `Lifecycle.ensure_time_to_reply`.
    """

    def __init__(self, day: date, first: date) -> None:
        super().__init__(str(day))
        self.day = day
        self.first = first


class InvalidDeadline(ValueError):
    """A day cannot be the new last day of a phase.

    Raised when an assessment is returned, a phase is extended or a hearing is reopened.

    There are four reasons (`rule`):

    - `past`: the day is over. `against` is today.
    - `notice`: the day is today, so the organisation has no whole day left. `against` is today.
    - `extension`: the day is not later than the last day that it would replace. `against` is that last day.
    - `publication`: the day is later than the last day of the edition's calendar. `against` is that last day.

    Attributes:
        rule: Name of the reason.
        day: The refused day.
        against: Day with which it was compared.
        suggestion: Nearest day that would be accepted, None if there is none: the first one, or for `publication` the
            last one.
        member: Name of the request member with the refused day.
    """

    def __init__(
        self,
        rule: Literal["past", "notice", "extension", "publication"],
        day: date,
        against: date,
        suggestion: date | None,
        member: Literal["until", "hearing_until"] = "until",
    ) -> None:
        super().__init__(f"{day}: {rule} {against}")
        self.rule = rule
        self.day = day
        self.against = against
        self.suggestion = suggestion
        self.member = member


class TransitionRecord(Struct, frozen=True, kw_only=True):
    """A stored transition of an assessment: a change of its state, or the extension of a phase.

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        number: Number of the transition among those of the assessment, from 1.
        at: Time of the transition.
        role: Role of the key that made it.
        before, after: States; they are equal for an extension.
        phase: Extended phase, None for a change of state.
        reason: Reason of a return or an extension, None for any other transition.
        until: New last day that a return or an extension sets, None for any other transition.
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
    """The state of one assessment, the calendar of its edition, and its transitions, oldest first.

    Its methods check whether a change is allowed in that state and at a given time.
    """

    state: AssessmentState
    calendar: Calendar
    transitions: Sequence[TransitionRecord] = ()

    def ensure_writable(self) -> None:
        """Check that the organisation may change its assessment in the present state.

        Raises `InvalidTransition` if the state is neither `draft` nor `returned`.
        """
        if self.state not in WRITABLE_STATES:
            raise InvalidTransition(self.state)

    def ensure_followed_by(self, after: AssessmentState) -> None:
        """Raise `InvalidTransition` if the state `after` may not follow the present state."""
        if after not in NEXT_STATES[self.state]:
            raise InvalidTransition(self.state)

    def find_last_day(self, phase: Phase) -> date:
        """Return the last day of a phase for this assessment, extensions included.

        It is the day of the latest extension, or the regular last day if that is later or there is no extension. The
        regular last day is set by the calendar. For the submission of a returned assessment, it is set by the return,
        and extensions from before the return do not count.
        """
        steps = self.transitions
        if phase == "submission" and self.state == "returned":
            steps = steps[self._find_last_return() :]
        day = self._find_regular_last_day(phase)
        extended = [step.until for step in steps if step.phase == phase and step.until is not None]
        # The latest extension counts, even if an earlier one was longer, but never less than the calendar.
        return max(day, extended[-1]) if extended else day

    def ensure_in_time(self, phase: Phase, now: datetime) -> None:
        """Raise `DeadlinePassed` if the last day of a phase, extensions included, is over."""
        day = self.find_last_day(phase)
        if is_over(day, now):
            raise DeadlinePassed(phase, day)

    def ensure_reviewable(self, now: datetime) -> None:
        """Check that assessors may give verdicts now.

        In the hearing no deadline applies: a reply may lead to a new verdict until the assessment is final. A harsher
        verdict must also leave the organisation time to reply, which `ensure_time_to_reply` checks.

        Raises:
            InvalidTransition: The state is neither `under_review` nor `hearing`.
            DeadlinePassed: The assessment is under review and the review phase is over.
        """
        if self.state not in REVIEWABLE_STATES:
            raise InvalidTransition(self.state)
        if self.state == "under_review":
            self.ensure_in_time("review", now)

    def ensure_answerable(self, now: datetime) -> None:
        """Check that the organisation may reply to verdicts now.

        Raises:
            InvalidTransition: The assessment is not in its hearing.
            DeadlinePassed: The last day of the hearing is over.
        """
        if self.state != "hearing":
            raise InvalidTransition(self.state)
        self.ensure_in_time("hearing", now)

    def ensure_whole_day(self, now: datetime) -> None:
        """Check that a hearing that begins now leaves the organisation at least one whole day to reply.

        Raises:
            DeadlinePassed: The last day of the hearing is over.
            HearingTooShort: The last day of the hearing is today.
        """
        self.ensure_in_time("hearing", now)
        today, day = _find_last_zone_date(now), self.find_last_day("hearing")
        if day == today:
            raise HearingTooShort(day, today + timedelta(days=1))

    def ensure_time_to_reply(self, now: datetime) -> None:
        """Check that the organisation has at least one whole day left to reply to a harsher verdict.

        Raises `TooLateToReply` if the assessment is in its hearing and no day is left after today. An assessment under
        review passes, because its hearing is still to come.
        """
        today = _find_last_zone_date(now)
        day = self.find_last_day("hearing")
        if self.state == "hearing" and day <= today:
            raise TooLateToReply(day, today + timedelta(days=1))

    def ensure_reopens(self, until: date, now: datetime) -> None:
        """Check that `until` can be the new last day of the hearing, set together with a verdict or review.

        Raises:
            InvalidTransition: The assessment is not in its hearing.
            InvalidDeadline: `until` leaves no whole day to reply, is later than the last day of the edition's
                calendar, or is not later than the present last day of the hearing.
        """
        if self.state != "hearing":
            raise InvalidTransition(self.state)
        self.ensure_notice(until, now, "hearing_until", after=self.find_last_day("hearing"))

    def ensure_hearing_over(self, now: datetime) -> None:
        """Raise `HearingStillOpen` if the last day of the hearing, extensions included, is not over."""
        day = self.find_last_day("hearing")
        if not is_over(day, now):
            raise HearingStillOpen(day)

    def find_end_of_hearing(self) -> datetime | None:
        """Return the time of the last return of the assessment after a complete hearing, or None if there was none.

        A hearing is complete if its last day was over when the assessment was returned. The organisation had its chance
        to reply to the findings made before that time, but not to later findings, nor to the findings of a hearing that
        a return cut short.
        """
        for number, step in reversed(list(enumerate(self.transitions))):
            if (step.before, step.after) == ("hearing", "returned"):
                day = Lifecycle("hearing", self.calendar, self.transitions[:number]).find_last_day("hearing")
                if is_over(day, step.at):
                    return step.at
        return None

    def ensure_notice(
        self,
        until: date,
        now: datetime,
        member: Literal["until", "hearing_until"] = "until",
        *,
        after: date = date.min,
    ) -> None:
        """Check the day `until` that a return, or a verdict in the hearing, sets as the last day of the organisation.

        `member` is the name of the request member with the day. `after` is the last day that it replaces.

        Raises:
            InvalidDeadline: `until` is over, leaves no whole day, is later than the last day of the edition's calendar,
                or is not later than `after`.
        """
        today = _find_last_zone_date(now)
        first = self._find_day_after(max(today, after))
        self._ensure_until(until, now, first, member)
        if until == today:
            raise InvalidDeadline("notice", until, today, first, member)
        if until <= after:
            raise InvalidDeadline("extension", until, after, first, member)

    def ensure_extends(self, phase: Phase, until: date, now: datetime) -> None:
        """Check that `until` is a possible last day for an extension of `phase`.

        Raises:
            InvalidTransition: The assessment is final.
            InvalidDeadline: `until` is over, later than the last day of the edition's calendar, or not later than the
                last day of the phase without extension; or it would shorten a hearing that has begun, or the time to
                submit a returned assessment again.
        """
        if not NEXT_STATES[self.state]:
            raise InvalidTransition(self.state)
        day = self._find_regular_last_day(phase)
        # Of what the organisation has to answer in no day is taken away: somebody may count on it.
        is_running = (self.state, phase) in (("hearing", "hearing"), ("returned", "submission"))
        last = self.find_last_day(phase) if is_running else day
        # The day of an earlier extension may be given again, the regular last day may not.
        refused = last - timedelta(days=1) if last > day else day
        first = self._find_day_after(max(refused, _find_last_zone_date(now) - timedelta(days=1)))
        self._ensure_until(until, now, first)
        if until <= refused:
            raise InvalidDeadline("extension", until, last, first)

    def _ensure_until(
        self, until: date, now: datetime, first: date | None, member: Literal["until", "hearing_until"] = "until"
    ) -> None:
        """Check that a last day is not over, and not later than the last day of the edition's calendar.

        `first` is the first day that would be accepted, None if there is none. `member` is the name of the request
        member with the day.

        Raises:
            InvalidDeadline: `until` is over, or later than the last day of the edition's calendar.
        """
        if is_over(until, now):
            raise InvalidDeadline("past", until, _find_last_zone_date(now), first, member)
        if until > (end := self.calendar.publication.end):
            raise InvalidDeadline("publication", until, end, None if first is None else end, member)

    def _find_day_after(self, day: date) -> date | None:
        """Return the day after `day`, or None if the calendar of the edition has no later day."""
        return day + timedelta(days=1) if day < self.calendar.publication.end else None

    def _find_regular_last_day(self, phase: Phase) -> date:
        """Return the last day of a phase without extensions.

        It is the last day in the calendar; for the submission of a returned assessment, the day that the last return
        set.
        """
        if phase == "submission" and self.state == "returned":
            until = self.transitions[self._find_last_return()].until
            assert until is not None
            return until
        spans = {"submission": self.calendar.submission, "review": self.calendar.review}
        return spans.get(phase, self.calendar.hearing).end

    def _find_last_return(self) -> int:
        """Return the index, in `transitions`, of the last return of the assessment. The state must be `returned`."""
        # A return has a deadline and no phase; an extension has both.
        return max(
            index for index, step in enumerate(self.transitions) if step.phase is None and step.until is not None
        )


def is_over(day: date, now: datetime) -> bool:
    """Return True if a day has ended in every time zone; `now` is in UTC."""
    return day < _find_last_zone_date(now)


def _find_last_zone_date(now: datetime) -> date:
    """Return the date in the time zone that is farthest behind UTC (UTC-12), where a day ends last."""
    return (now - _LAST_ZONE_OFFSET).date()
