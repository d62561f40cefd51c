"""Use cases over the lifecycle of an assessment: transitions, extensions and their history.

Functions that write take a writing session, a test of the stored version (`expected` returns True for the version in
the client's `If-Match`) and the current time.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.numbers import parse_number
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.assessments import queries
from actitud_api.resources.assessments.lifecycle import (
    UNSETTLED_STATES,
    AssessmentState,
    Lifecycle,
    Phase,
    TransitionRecord,
    is_over,
)
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.webhooks import service as webhooks


class UnknownAssessment(LookupError):
    """The organisation has no assessment in the edition. Raised wherever an assessment is looked up."""

    def __init__(self, edition: str, organisation: str) -> None:
        super().__init__(f"{edition}/{organisation}")
        self.edition = edition
        self.organisation = organisation


class UnknownTransition(LookupError):
    """The assessment has no transition with this number. Raised by `get_transition`."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class LockedAssessment(Struct, frozen=True):
    """An assessment that is about to be reviewed or to change its state, with its edition and its lifecycle.

    The edition is locked: it is not published, and cannot be published until the session ends.
    """

    edition: editions.EditionRecord
    record: AssessmentRecord
    lifecycle: Lifecycle


def list_transitions(
    database: Database, edition: str, organisation: str, page: PageRange[int]
) -> list[TransitionRecord]:
    """List the transitions of an assessment, oldest first.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    with database.read() as session:
        record = require_assessment(session, editions.find(session, edition).id, organisation)
        return queries.list_transitions(session, record.edition, record.organisation, page)


def get_transition(database: Database, edition: str, organisation: str, number: str) -> TransitionRecord:
    """Return a transition of an assessment by its number.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownTransition: The assessment has no transition with that number.
    """
    with database.read() as session:
        record = require_assessment(session, editions.find(session, edition).id, organisation)
        value = parse_number(number)
        transition = (
            None if value is None else queries.find_transition(session, record.edition, record.organisation, value)
        )
    if transition is None:
        raise UnknownTransition(number)
    return transition


def count_unsettled(
    session: Session, edition_record: editions.EditionRecord, *, now: datetime
) -> dict[AssessmentState, int]:
    """Count by state the assessments that prevent the publication of an edition; other states have no entry.

    An assessment prevents it if its state is one of `UNSETTLED_STATES`, or if it was returned and the last day to
    submit it again is not over.
    """
    counts = queries.count_states(session, edition_record.id, UNSETTLED_STATES)
    histories = queries.list_transitions_in_state(session, edition_record.id, "returned")
    days = (
        Lifecycle("returned", edition_record.calendar, history).find_last_day("submission")
        for history in histories.values()
    )
    if waiting := sum(not is_over(day, now) for day in days):
        counts["returned"] = waiting
    return counts


def lock_for_transition(session: Session, edition: str, organisation: str, *, expected: Expected) -> LockedAssessment:
    """Lock the edition of an assessment until the session ends. Return the edition, the assessment and its lifecycle.

    No other session can publish or change the edition meanwhile.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
    """
    editions.ensure_unpublished(session, edition)
    edition_record = editions.find(session, edition)
    record = require_assessment(session, edition, organisation)
    ensure_expected(record, expected)
    return LockedAssessment(edition_record, record, load_lifecycle(session, edition_record, record))


def start_review(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> TransitionRecord:
    """Start the review of a submitted assessment: move it to `under_review`, and return the transition.

    `role` is the role of the key that starts the review.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The state is not `submitted`.
    """
    locked = lock_for_transition(session, edition, organisation, expected=expected)
    locked.lifecycle.ensure_followed_by("under_review")
    return _advance(session, locked, "under_review", role, now)


def start_hearing(session: Session, locked: LockedAssessment, *, role: str, now: datetime) -> TransitionRecord:
    """End the review of a locked assessment, start its hearing and return the transition.

    `role` is the role of the key that starts the hearing. The organisation must have at least one whole day to reply.

    Raises:
        InvalidTransition: The state is not `under_review`.
        DeadlinePassed: The last day of the review or of the hearing is over.
        HearingTooShort: The last day of the hearing is today.
        StaleVersion: The assessment has changed since it was locked.
    """
    locked.lifecycle.ensure_followed_by("hearing")
    locked.lifecycle.ensure_in_time("review", now)
    locked.lifecycle.ensure_whole_day(now)
    return _advance(session, locked, "hearing", role, now)


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
    """Return an assessment to its organisation, which may change and submit it again up to and including `until`.

    `role` is the role of the key that returns the assessment.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The state is not `submitted`, `under_review` or `hearing`.
        InvalidDeadline: The day `until` is over, leaves no whole day, or is after the last day of the edition's
            calendar.
    """
    locked = lock_for_transition(session, edition, organisation, expected=expected)
    locked.lifecycle.ensure_followed_by("returned")
    locked.lifecycle.ensure_notice(until, now)
    return _advance(session, locked, "returned", role, now, reason=reason, until=until)


def finalise_assessment(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> TransitionRecord:
    """Make an assessment final once its hearing is over, and return the transition.

    `role` is the role of the key that makes the assessment final.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The state is not `hearing`.
        HearingStillOpen: The last day of the hearing is not over.
    """
    locked = lock_for_transition(session, edition, organisation, expected=expected)
    locked.lifecycle.ensure_followed_by("final")
    locked.lifecycle.ensure_hearing_over(now)
    return _advance(session, locked, "final", role, now)


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
    """Extend a phase for one organisation up to and including `until`; return the new entry of its history.

    An extension is recorded as a transition, although the state of the assessment stays the same before and after it.
    If a phase is extended again, the latest extension counts. `role` is the role of the key that extends the phase.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The assessment is final.
        InvalidDeadline: The day `until` is over, after the last day of the edition's calendar, or not later than the
            last day without extension; or it would shorten a hearing that has begun, or the time to submit a returned
            assessment again.
    """
    locked = lock_for_transition(session, edition, organisation, expected=expected)
    locked.lifecycle.ensure_extends(phase, until, now)
    return _advance(session, locked, locked.record.state, role, now, phase=phase, reason=reason, until=until)


def require_assessment(session: Session, edition: str, organisation: str) -> AssessmentRecord:
    """Return the assessment of an organisation in an edition; `edition` must be an id, not `latest`.

    Raises:
        UnknownAssessment: The organisation has no assessment in the edition.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    record = queries.get(session, edition, organisation)
    if record is None:
        organisations.refuse_alias(session, organisation)
        raise UnknownAssessment(edition, organisation)
    return record


def ensure_expected(before: AssessmentRecord | None, expected: Expected) -> None:
    """Raise `StaleVersion` if the stored assessment is not in the version that the client expects.

    `before` is the stored assessment, None if there is none. `expected` returns True only for the version in the
    client's `If-Match`.
    """
    if not expected(None if before is None else build_revision(before.created, before.version)):
        raise StaleVersion


def load_lifecycle(session: Session, edition_record: editions.EditionRecord, record: AssessmentRecord) -> Lifecycle:
    """Return the lifecycle of an assessment, with its stored transitions."""
    return Lifecycle(
        record.state,
        edition_record.calendar,
        queries.list_transitions(session, record.edition, record.organisation, PageRange()),
    )


def record_transition(
    session: Session,
    record: AssessmentRecord,
    lifecycle: Lifecycle,
    after: AssessmentState,
    role: str,
    now: datetime,
    *,
    phase: Phase | None = None,
    reason: str | None = None,
    until: date | None = None,
) -> TransitionRecord:
    """Store a transition in the history of an assessment, notify webhooks and return the transition.

    The assessment itself is not updated.

    Args:
        session: Writing session.
        record: The assessment.
        lifecycle: Its lifecycle, with the present state and all earlier transitions.
        after: The state after the transition; for an extension the present state.
        role: Role of the key that makes the transition.
        now: Time of the transition.
        phase: The extended phase; None if the transition is no extension.
        reason: Reason of a return or an extension; None for any other transition.
        until: New last day that a return or an extension sets; None for any other transition.
    """
    transition = TransitionRecord(
        edition=record.edition,
        organisation=record.organisation,
        number=len(lifecycle.transitions) + 1,
        at=now,
        role=role,
        before=lifecycle.state,
        after=after,
        phase=phase,
        reason=reason,
        until=until,
    )
    queries.insert_transition(session, transition)
    webhooks.announce(session, _build_event(transition), now=now)
    return transition


def _build_event(transition: TransitionRecord) -> webhooks.AssessmentTransitioned:
    """Return what webhooks are notified of: the transition without its reason, which may be erased."""
    assessment = f"/v1/editions/{transition.edition}/assessments/{transition.organisation}"
    return webhooks.AssessmentTransitioned(
        edition=transition.edition,
        organisation=transition.organisation,
        before=transition.before,
        after=transition.after,
        phase=transition.phase,
        until=transition.until,
        assessment=assessment,
        transition=f"{assessment}/transitions/{transition.number}",
    )


def _advance(
    session: Session,
    locked: LockedAssessment,
    after: AssessmentState,
    role: str,
    now: datetime,
    *,
    phase: Phase | None = None,
    reason: str | None = None,
    until: date | None = None,
) -> TransitionRecord:
    """Update the state of an assessment to `after`, record the transition and return it.

    For an extension, `after` is the present state. Raises `StaleVersion` if the assessment has changed since it was
    read.
    """
    record = locked.record
    values = {"state": after, "updated": now, "version": record.version + 1}
    if not queries.update_version(session, record.edition, record.organisation, record.version, values):
        raise StaleVersion
    return record_transition(
        session, record, locked.lifecycle, after, role, now, phase=phase, reason=reason, until=until
    )
