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
from actitud_api.resources.assessments.lifecycle import UNSETTLED, Life, Phase, State, Transition
from actitud_api.resources.assessments.queries import Record
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


class Held(Struct, frozen=True):
    """An assessment as somebody knows it, in an edition that is not published, which stays in its state."""

    edition: editions.Record
    record: Record
    life: Life


def transitions(
    database: Database, edition: str, organisation: str, *, after: int | None, offset: int, limit: int
) -> list[Transition]:
    """The transitions of an assessment, the first one first, from the one that follows `after`.

    Raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`.
    """
    with database.read() as session:
        found = find(session, editions.find(session, edition).id, organisation)
        return queries.steps(session, found.edition, found.organisation, after=after, offset=offset, limit=limit)


def transition(database: Database, edition: str, organisation: str, number: str) -> Transition:
    """A transition of an assessment.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment` and `UnknownTransition`.
    """
    with database.read() as session:
        record = find(session, editions.find(session, edition).id, organisation)
        found = (
            queries.step(session, record.edition, record.organisation, int(number))
            if _NUMBER.fullmatch(number)
            else None
        )
    if found is None:
        raise UnknownTransition(number)
    return found


def unsettled(session: Session, edition: str) -> dict[State, int]:
    """How many assessments of an edition have still to be settled, by the states in which some are."""
    return queries.count_states(session, edition, UNSETTLED)


def hold(session: Session, edition: str, organisation: str, *, expected: Expected) -> Held:
    """An assessment on which whoever reviews it is about to act.

    Raises `UnknownEdition`, `EditionNotOpen`, `AliasOf`, `UnknownAssessment` and `Stale`.
    """
    editions.ensure_unpublished(session, edition)
    place = editions.find(session, edition)
    record = find(session, edition, organisation)
    ensure_expected(record, expected)
    return Held(place, record, life_of(session, place, record))


def to_review(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> Transition:
    """Begins the review of what was submitted; raises what `hold` does, and `OutOfOrder`."""
    held = hold(session, edition, organisation, expected=expected)
    held.life.ensure_followed_by("under_review")
    return _pass(session, held, "under_review", role, now)


def to_hearing(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> Transition:
    """Ends the review and begins the hearing, while the last day of neither is over.

    Whoever is heard has at least a part of a day for it. Raises what `hold` does, `OutOfOrder` and `Late`.
    """
    held = hold(session, edition, organisation, expected=expected)
    held.life.ensure_followed_by("hearing")
    held.life.ensure_in_time("review", now)
    held.life.ensure_in_time("hearing", now)
    return _pass(session, held, "hearing", role, now)


def to_returned(
    session: Session,
    edition: str,
    organisation: str,
    *,
    reason: str,
    until: date,
    role: str,
    expected: Expected,
    now: datetime,
) -> Transition:
    """Gives an assessment back to its organisation, which may change and submit it again until a day, that included.

    Raises what `hold` does, `OutOfOrder` and `Misdated`.
    """
    held = hold(session, edition, organisation, expected=expected)
    held.life.ensure_followed_by("returned")
    held.life.ensure_until(until, now)
    return _pass(session, held, "returned", role, now, reason=reason, until=until)


def to_final(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> Transition:
    """Settles an assessment for good once the hearing is over; raises what `hold` does, `OutOfOrder` and `Early`."""
    held = hold(session, edition, organisation, expected=expected)
    held.life.ensure_followed_by("final")
    held.life.ensure_heard(now)
    return _pass(session, held, "final", role, now)


def extend(
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
) -> Transition:
    """Gives one organisation more days for a phase, until a day, that included; its assessment stays in its state.

    The last extension of a phase counts. Raises what `hold` does, `OutOfOrder` and `Misdated`.
    """
    held = hold(session, edition, organisation, expected=expected)
    held.life.ensure_extends(phase, until, now)
    return _pass(session, held, held.record.state, role, now, phase=phase, reason=reason, until=until)


def find(session: Session, edition: str, organisation: str) -> Record:
    """The assessment of an organisation in the edition of that id; raises `AliasOf` and `UnknownAssessment`."""
    record = queries.one(session, edition, organisation)
    if record is None:
        organisations.refuse_alias(session, organisation)
        raise UnknownAssessment(edition, organisation)
    return record


def ensure_expected(before: Record | None, expected: Expected) -> None:
    """Raises `Stale` where an assessment, or that there is none, is not what was expected."""
    if not expected(None if before is None else revision(before.created, before.version)):
        raise Stale


def life_of(session: Session, place: editions.Record, record: Record) -> Life:
    """The life of an assessment, which is in that edition."""
    return Life(record.state, place.calendar, queries.steps(session, record.edition, record.organisation))


def enter(
    session: Session,
    record: Record,
    life: Life,
    after: State,
    role: str,
    now: datetime,
    *,
    phase: Phase | None = None,
    reason: str | None = None,
    until: date | None = None,
) -> Transition:
    """Keeps the step by which an assessment has reached a state."""
    made = Transition(
        edition=record.edition,
        organisation=record.organisation,
        number=len(life.steps) + 1,
        at=now,
        role=role,
        before=life.state,
        after=after,
        phase=phase,
        reason=reason,
        until=until,
    )
    queries.add_step(session, made)
    return made


def _pass(
    session: Session,
    held: Held,
    after: State,
    role: str,
    now: datetime,
    *,
    phase: Phase | None = None,
    reason: str | None = None,
    until: date | None = None,
) -> Transition:
    """Brings an assessment to a state, which may be the one that it is in."""
    record = held.record
    values = {"state": after, "updated": now, "version": record.version + 1}
    if not queries.change(session, record.edition, record.organisation, record.version, values):
        raise Stale
    return enter(session, record, held.life, after, role, now, phase=phase, reason=reason, until=until)


_NUMBER = re.compile("[1-9][0-9]{0,8}")
