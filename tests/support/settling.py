"""Assessments brought to an end, as their reviewers do it, at times that the calendar of their edition allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta

import msgspec
from msgspec import structs

from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import AssessmentState, TransitionRecord
from actitud_api.resources.editions import service as editions

Step = Callable[..., TransitionRecord]


def start_hearing(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> TransitionRecord:
    """Starts a hearing, also where assessors disagree."""
    locked = transitions.lock_for_transition(session, edition, organisation, expected=expected)
    return transitions.start_hearing(session, locked, role=role, now=now)


STEPS: dict[AssessmentState, tuple[str, timedelta, Step]] = {
    "submitted": ("review", timedelta(), transitions.start_review),
    "under_review": ("review", timedelta(hours=1), start_hearing),
    # The last hour of the last day is over everywhere only at noon of the day after (UTC).
    "hearing": ("hearing", timedelta(days=1, hours=12), transitions.finalise_assessment),
}
"""What is done in a state, and when: so long after the last day of a phase has begun."""


def settle(database: Database, edition: str, organisation: str, until: AssessmentState = "final") -> None:
    """Brings an assessment that was submitted to a state: under review, in hearing, or final."""
    with database.write() as session:
        while (record := assessments.find_assessments(session, edition, [organisation])[organisation]).state != until:
            phase, later, step = STEPS[record.state]
            step(
                session,
                edition,
                organisation,
                role="assessor",
                expected=anything,
                now=_time(session, edition, phase) + later,
            )


def move_calendar(database: Database, edition: str, phases: Mapping[str, Mapping[str, str]]) -> None:
    """Moves phases of an edition without asking the service, which does not end a hearing that has begun."""
    with database.write() as session:
        record = editions.find(session, edition)
        calendar = {**msgspec.to_builtins(record.calendar), **phases}
        editions.replace(session, structs.replace(record, calendar=msgspec.convert(calendar, editions.Calendar)))


def anything(revision: str | None) -> bool:
    """Whatever is stored is what was expected."""
    return True


def _time(session: Session, edition: str, phase: str) -> datetime:
    calendar = editions.find(session, edition).calendar
    return datetime.combine(getattr(calendar, phase).end, time(), UTC)
