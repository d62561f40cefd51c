"""Use cases over the life of an assessment: it is brought from state to state, extended, and its history read.

`service.py` of the slice hands them on; what it shares with them stands here too.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from msgspec import Struct

from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, Stale, revision
from actitud_api.resources.assessments import queries
from actitud_api.resources.assessments.lifecycle import (
    UNSETTLED_STATES,
    AssessmentState,
    Lifecycle,
    Phase,
    TransitionRecord,
)
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations


class UnknownAssessment(LookupError):
    """That organisation has no assessment in that edition."""

    def __init__(self, edition: str, organisation: str) -> None:
        super().__init__(f"{edition}/{organisation}")
        self.edition = edition
        self.organisation = organisation


class UnknownTransition(LookupError):
    """That assessment has no transition of that number."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class LockedAssessment(Struct, frozen=True):
    """An assessment as somebody knows it, in an edition that is not published, which stays in its state."""

    edition: editions.Record
    record: AssessmentRecord
    life: Lifecycle


def list_transitions(
    database: Database, edition: str, organisation: str, *, after: int | None, offset: int, limit: int
) -> list[TransitionRecord]:
    """The transitions of an assessment, the first one first, from the one that follows `after`.

    Raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`.
    """
    with database.read() as session:
        found = require_assessment(session, editions.find(session, edition).id, organisation)
        return queries.list_transitions(
            session, found.edition, found.organisation, after=after, offset=offset, limit=limit
        )


def get_transition(database: Database, edition: str, organisation: str, number: str) -> TransitionRecord:
    """A transition of an assessment.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment` and `UnknownTransition`.
    """
    with database.read() as session:
        record = require_assessment(session, editions.find(session, edition).id, organisation)
        found = (
            queries.find_transition(session, record.edition, record.organisation, int(number))
            if _NUMBER.fullmatch(number)
            else None
        )
    if found is None:
        raise UnknownTransition(number)
    return found


def count_unsettled(session: Session, edition: str) -> dict[AssessmentState, int]:
    """How many assessments of an edition have still to be settled, by the states in which some are."""
    return queries.count_states(session, edition, UNSETTLED_STATES)


def lock_for_transition(session: Session, edition: str, organisation: str, *, expected: Expected) -> LockedAssessment:
    """An assessment on which whoever reviews it is about to act.

    Raises `UnknownEdition`, `EditionNotOpen`, `AliasOf`, `UnknownAssessment` and `Stale`.
    """
    editions.ensure_unpublished(session, edition)
    place = editions.find(session, edition)
    record = require_assessment(session, edition, organisation)
    ensure_expected(record, expected)
    return LockedAssessment(place, record, load_lifecycle(session, place, record))


def start_review(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> TransitionRecord:
    """Begins the review of what was submitted; raises what `hold` does, and `OutOfOrder`."""
    held = lock_for_transition(session, edition, organisation, expected=expected)
    held.life.ensure_followed_by("under_review")
    return _advance(session, held, "under_review", role, now)


def start_hearing(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> TransitionRecord:
    """Ends the review and begins the hearing, while the last day of neither is over.

    Whoever is heard has at least a part of a day for it. Raises what `hold` does, `OutOfOrder` and `Late`.
    """
    held = lock_for_transition(session, edition, organisation, expected=expected)
    held.life.ensure_followed_by("hearing")
    held.life.ensure_in_time("review", now)
    held.life.ensure_in_time("hearing", now)
    return _advance(session, held, "hearing", role, now)


def return_assessment(
    session: Session,
    edition: str,
    organisation: str,
    *,
    reason: str,
    until: date,
    role: str,
    expected: Expected,
    now: datetime,
) -> TransitionRecord:
    """Gives an assessment back to its organisation, which may change and submit it again until a day, that included.

    Raises what `hold` does, `OutOfOrder` and `Misdated`.
    """
    held = lock_for_transition(session, edition, organisation, expected=expected)
    held.life.ensure_followed_by("returned")
    held.life.ensure_until(until, now)
    return _advance(session, held, "returned", role, now, reason=reason, until=until)


def finalise_assessment(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> TransitionRecord:
    """Settles an assessment for good once the hearing is over; raises what `hold` does, `OutOfOrder` and `Early`."""
    held = lock_for_transition(session, edition, organisation, expected=expected)
    held.life.ensure_followed_by("final")
    held.life.ensure_hearing_over(now)
    return _advance(session, held, "final", role, now)


def extend_phase(
    session: Session,
    edition: str,
    organisation: str,
    *,
    phase: Phase,
    until: date,
    reason: str,
    role: str,
    expected: Expected,
    now: datetime,
) -> TransitionRecord:
    """Gives one organisation more days for a phase, until a day, that included; its assessment stays in its state.

    The last extension of a phase counts. Raises what `hold` does, `OutOfOrder` and `Misdated`.
    """
    held = lock_for_transition(session, edition, organisation, expected=expected)
    held.life.ensure_extends(phase, until, now)
    return _advance(session, held, held.record.state, role, now, phase=phase, reason=reason, until=until)


def require_assessment(session: Session, edition: str, organisation: str) -> AssessmentRecord:
    """The assessment of an organisation in the edition of that id; raises `AliasOf` and `UnknownAssessment`."""
    record = queries.get(session, edition, organisation)
    if record is None:
        organisations.refuse_alias(session, organisation)
        raise UnknownAssessment(edition, organisation)
    return record


def ensure_expected(before: AssessmentRecord | None, expected: Expected) -> None:
    """Raises `Stale` where an assessment, or that there is none, is not what was expected."""
    if not expected(None if before is None else revision(before.created, before.version)):
        raise Stale


def load_lifecycle(session: Session, place: editions.Record, record: AssessmentRecord) -> Lifecycle:
    """The life of an assessment, which is in that edition."""
    return Lifecycle(
        record.state, place.calendar, queries.list_transitions(session, record.edition, record.organisation)
    )


def record_transition(
    session: Session,
    record: AssessmentRecord,
    life: Lifecycle,
    after: AssessmentState,
    role: str,
    now: datetime,
    *,
    phase: Phase | None = None,
    reason: str | None = None,
    until: date | None = None,
) -> TransitionRecord:
    """Keeps the step by which an assessment has reached a state."""
    made = TransitionRecord(
        edition=record.edition,
        organisation=record.organisation,
        number=len(life.transitions) + 1,
        at=now,
        role=role,
        before=life.state,
        after=after,
        phase=phase,
        reason=reason,
        until=until,
    )
    queries.insert_transition(session, made)
    return made


def _advance(
    session: Session,
    held: LockedAssessment,
    after: AssessmentState,
    role: str,
    now: datetime,
    *,
    phase: Phase | None = None,
    reason: str | None = None,
    until: date | None = None,
) -> TransitionRecord:
    """Brings an assessment to a state, which may be the one that it is in."""
    record = held.record
    values = {"state": after, "updated": now, "version": record.version + 1}
    if not queries.update_version(session, record.edition, record.organisation, record.version, values):
        raise Stale
    return record_transition(session, record, held.life, after, role, now, phase=phase, reason=reason, until=until)


_NUMBER = re.compile("[1-9][0-9]{0,8}")
