"""All SQL over assessments, submissions and transitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct, structs
from sqlalchemy import (
    ColumnElement,
    Executable,
    and_,
    bindparam,
    case,
    column,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    table,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.pages import PageRange, execute_page
from actitud_api.platform.storage.records import fetch_record, fetch_records
from actitud_api.resources.assessments.lifecycle import AssessmentState, TransitionRecord
from actitud_api.resources.assessments.records import (
    AssessmentRecord,
    AssessmentRow,
    AssessmentSupport,
    Erasure,
    SubmissionRecord,
)
from actitud_api.resources.assessments.tables import (
    Assessment,
    StoredCorrection,
    StoredErasure,
    StoredTransition,
    Submission,
)
from actitud_api.resources.editions.tables import EditionTable, is_complete, is_frozen
from actitud_api.resources.organisations.tables import OrganisationTable

ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]
SUBMISSIONS = Base.metadata.tables[str(Submission.__tablename__)]
CORRECTIONS = Base.metadata.tables[str(StoredCorrection.__tablename__)]
TRANSITIONS = Base.metadata.tables[str(StoredTransition.__tablename__)]
ERASURES = Base.metadata.tables[str(StoredErasure.__tablename__)]
ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]
EDITIONS = Base.metadata.tables[str(EditionTable.__tablename__)]


_CORRECTED_FIGURES = ("status", "level", "index_value", "index_max", "coverage")
# Published scores belong to a resource above this one, so only what assessments show of them is named here.
_SCORES = table("published_score", *map(column, ("edition", "revision", "organisation", *_CORRECTED_FIGURES)))


def _select_columns(form: type[Struct]) -> list[ColumnElement[object]]:
    return [ORGANISATIONS.c.name if name == "name" else ASSESSMENTS.c[name] for name in form.__struct_fields__]


# The name of the organisation is not stored with the assessment: joined, a renamed organisation shows its new name.
_WITH_NAME = ASSESSMENTS.join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id)
_OF_ASSESSMENT = and_(
    CORRECTIONS.c.edition == ASSESSMENTS.c.edition, CORRECTIONS.c.organisation == ASSESSMENTS.c.organisation
)
_EARLIER = CORRECTIONS.alias()
_LAST_CORRECTION = (
    select(func.max(_EARLIER.c.revision))
    .where(
        _EARLIER.c.edition == ASSESSMENTS.c.edition,
        _EARLIER.c.organisation == ASSESSMENTS.c.organisation,
        is_complete(_EARLIER.c.edition, _EARLIER.c.revision),
    )
    .correlate(ASSESSMENTS)
    .scalar_subquery()
)
# The assessment of a published edition never changes: what corrected it last stands in a row of its own.
_AS_CORRECTED = _WITH_NAME.outerjoin(
    CORRECTIONS, and_(_OF_ASSESSMENT, CORRECTIONS.c.revision == _LAST_CORRECTION)
).outerjoin(
    _SCORES,
    and_(
        _SCORES.c.edition == CORRECTIONS.c.edition,
        _SCORES.c.revision == CORRECTIONS.c.revision,
        _SCORES.c.organisation == CORRECTIONS.c.organisation,
    ),
)
_IS_CORRECTED = CORRECTIONS.c.revision.is_not(None)
# Also that of an organisation that was returned, and that a correction added.
_STATE = case((_IS_CORRECTED, "final"), else_=ASSESSMENTS.c.state)


def _select_corrected(form: type[Struct]) -> list[ColumnElement[object]]:
    """Return the columns of `form`, each as the last correction of the assessment left it."""
    corrected: dict[str, ColumnElement[object]] = {
        "updated": CORRECTIONS.c.submitted,
        "submitted": CORRECTIONS.c.submitted,
        "submission": CORRECTIONS.c.submission,
        "evidence": CORRECTIONS.c.evidence,
        "version": ASSESSMENTS.c.version + CORRECTIONS.c.revision,
        **{name: _SCORES.c[name] for name in _CORRECTED_FIGURES},
    }
    return [
        _STATE.label(name)
        if name == "state"
        else case((_IS_CORRECTED, type_coerce(corrected[name], column.type)), else_=column).label(name)
        if name in corrected
        else column
        for name, column in zip(form.__struct_fields__, _select_columns(form), strict=True)
    ]


_BY_KEY = (ASSESSMENTS.c.edition == bindparam("of"), ASSESSMENTS.c.organisation == bindparam("by"))
_SELECT_ONE = select(*_select_corrected(AssessmentRecord)).select_from(_AS_CORRECTED).where(*_BY_KEY)
# One column: a lock must not load the submission.
_SELECT_LOCKED = select(ASSESSMENTS.c.version).where(*_BY_KEY).with_for_update()
_SELECT_MANY = (
    select(*_select_corrected(AssessmentRecord))
    .select_from(_AS_CORRECTED)
    .where(ASSESSMENTS.c.edition == bindparam("of"), ASSESSMENTS.c.organisation.in_(bindparam("by", expanding=True)))
)
_SELECT_PAGE = (
    select(*_select_corrected(AssessmentRow))
    .select_from(_AS_CORRECTED)
    .where(ASSESSMENTS.c.edition == bindparam("of"))
    .order_by(ASSESSMENTS.c.organisation)
)
_IS_CHANGEABLE = or_(
    and_(EDITIONS.c.state == "open", ASSESSMENTS.c.state != "final"),
    and_(not_(is_frozen(EDITIONS.c.id)), ASSESSMENTS.c.state == "returned"),
)
_SELECT_CHANGEABLE = (
    select(*_select_columns(AssessmentRecord))
    .select_from(_WITH_NAME.join(EDITIONS, ASSESSMENTS.c.edition == EDITIONS.c.id))
    .where(ASSESSMENTS.c.organisation.in_(bindparam("by", expanding=True)), _IS_CHANGEABLE)
    .order_by(ASSESSMENTS.c.edition, ASSESSMENTS.c.organisation)
    .with_for_update(of=ASSESSMENTS)
)
_TRANSITIONS = select(*(TRANSITIONS.c[name] for name in TransitionRecord.__struct_fields__))
_SELECT_TRANSITIONS = _TRANSITIONS.where(
    TRANSITIONS.c.edition == bindparam("of"), TRANSITIONS.c.organisation == bindparam("by")
).order_by(TRANSITIONS.c.number)
# A correction of a published edition is the next submission of the assessment.
_SUBMITTED = union_all(
    select(*(SUBMISSIONS.c[name] for name in SubmissionRecord.__struct_fields__)).where(
        SUBMISSIONS.c.edition == bindparam("of"), SUBMISSIONS.c.organisation == bindparam("by")
    ),
    select(*(CORRECTIONS.c[name] for name in SubmissionRecord.__struct_fields__)).where(
        CORRECTIONS.c.edition == bindparam("of"),
        CORRECTIONS.c.organisation == bindparam("by"),
        is_complete(CORRECTIONS.c.edition, CORRECTIONS.c.revision),
    ),
).subquery()
_SELECT_SUBMISSIONS = select(*(_SUBMITTED.c[name].label(name) for name in SubmissionRecord.__struct_fields__)).order_by(
    _SUBMITTED.c.number
)
_COUNT_SUBMISSIONS = select(func.count()).select_from(_SUBMITTED)


def get(session: Session, edition: str, organisation: str) -> AssessmentRecord | None:
    """Return the assessment of an organisation in an edition, or None if there is none."""
    return fetch_record(session.execute(_SELECT_ONE, {"of": edition, "by": organisation}), AssessmentRecord)


def lock_assessment(session: Session, edition: str, organisation: str) -> None:
    """Lock the row of an assessment until the session ends. Does nothing if there is no such row."""
    session.execute(_SELECT_LOCKED, {"of": edition, "by": organisation})


def list_page(
    session: Session,
    edition: str,
    page: PageRange[str],
    *,
    among: Collection[str] | None,
    state: AssessmentState | None,
) -> list[AssessmentRow]:
    """List assessments of an edition, ordered by organisation id.

    `among` keeps only these organisations, `state` only assessments in this state; None does not filter.
    """
    statement = _SELECT_PAGE
    if among is not None:
        statement = statement.where(ASSESSMENTS.c.organisation.in_(among))
    if state is not None:
        statement = statement.where(_STATE.in_([state]))
    rows = execute_page(
        session, statement, page, {"of": edition}, after=lambda after: ASSESSMENTS.c.organisation > after
    )
    return fetch_records(rows, AssessmentRow)


def lock_changeable(session: Session, organisations: Collection[str]) -> list[AssessmentRecord]:
    """Return the assessments of organisations that may still change, by edition, and lock them until the session ends.

    In an open edition, an assessment may change until it is final; in an edition in review, only while it is
    returned.
    """
    return fetch_records(session.execute(_SELECT_CHANGEABLE, {"by": list(organisations)}), AssessmentRecord)


def get_many(session: Session, edition: str, organisations: Collection[str]) -> list[AssessmentRecord]:
    """Return the assessments of these organisations in an edition, in no particular order."""
    return fetch_records(session.execute(_SELECT_MANY, {"of": edition, "by": list(organisations)}), AssessmentRecord)


def insert_rows(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert assessments; each row has the values by column.

    The organisations must not have an assessment in the edition yet.
    """
    if rows:
        session.execute(insert(ASSESSMENTS), rows)


def insert_new(session: Session, row: Mapping[str, object]) -> AssessmentRecord | None:
    """Insert an assessment and return the stored one, or None if the organisation already has one in the edition.

    If it returns None, the transaction has failed and the caller must end the session. `row` has the values by column.
    """
    statement = insert(ASSESSMENTS).values(row).returning(*_returned(str(row["organisation"])))
    try:
        return fetch_record(session.execute(statement), AssessmentRecord)
    except IntegrityError:
        return None


def replace_content(
    session: Session, edition: str, organisation: str, version: int, values: Mapping[str, object]
) -> AssessmentRecord | None:
    """Update columns of an assessment and return the stored assessment.

    `values` are the new values by column; they must include the new version. Return None, and change nothing, if the
    stored version is no longer `version`.
    """
    statement = update(ASSESSMENTS).where(*_match_version(edition, organisation, version)).values(values)
    return fetch_record(session.execute(statement.returning(*_returned(organisation))), AssessmentRecord)


def lock_versions(session: Session, edition: str, organisations: Collection[str]) -> dict[str, int]:
    """Return the version of the assessment of each of these organisations, and lock the rows until the session ends.

    Organisations without an assessment are absent.
    """
    statement = (
        select(ASSESSMENTS.c.organisation, ASSESSMENTS.c.version)
        .where(ASSESSMENTS.c.edition == edition, ASSESSMENTS.c.organisation.in_(organisations))
        .order_by(ASSESSMENTS.c.organisation)  # in one order, so that two sessions never wait for each other
        .with_for_update()
    )
    return {row.organisation: row.version for row in session.execute(statement)}


def insert_drafts(session: Session, rows: Sequence[Mapping[str, object]]) -> bool:
    """Insert assessments and return True, or False if one of the organisations already has one in the edition.

    If it returns False, the transaction has failed and the caller must end the session. Each row has the values by
    column.
    """
    try:
        insert_rows(session, rows)
    except IntegrityError:
        return False
    return True


def update_many(session: Session, edition: str, changes: Sequence[tuple[str, Mapping[str, object]]]) -> None:
    """Update columns of many assessments whose rows are already locked.

    Each change is an organisation id with the new values by column; all changes must set the same columns.
    """
    if changes:
        statement = (
            update(ASSESSMENTS)
            .where(ASSESSMENTS.c.edition == edition, ASSESSMENTS.c.organisation == bindparam("by"))
            .values({name: bindparam(f"new_{name}", type_=ASSESSMENTS.c[name].type) for name in changes[0][1]})
        )
        rows = [
            {"by": organisation, **{f"new_{name}": value for name, value in values.items()}}
            for organisation, values in changes
        ]
        session.connection().execute(statement, rows)


def update_version(
    session: Session, edition: str, organisation: str, version: int, values: Mapping[str, object]
) -> bool:
    """Update columns of an assessment and return True; `values` are the new values by column.

    Return False, and change nothing, if the stored version is no longer `version`.
    """
    statement = update(ASSESSMENTS).where(*_match_version(edition, organisation, version)).values(values)
    return session.execute(statement.returning(ASSESSMENTS.c.version)).one_or_none() is not None


def update_figures(session: Session, edition: str, organisation: str, figures: Mapping[str, object]) -> None:
    """Overwrite columns of an assessment, such as its index, without a check of its version; `figures` are by column.

    `service.figure_columns` builds `figures` from an evaluation. The database refuses this once the edition is
    published.
    """
    key = (ASSESSMENTS.c.edition == edition, ASSESSMENTS.c.organisation == organisation)
    session.execute(update(ASSESSMENTS).where(*key).values(figures))


def delete_draft(session: Session, edition: str, organisation: str, version: int) -> bool:
    """Delete an assessment that is a draft and return True.

    Return False, and delete nothing, if it is no draft or the version of the row is no longer `version`.
    """
    session.execute(
        delete(TRANSITIONS).where(TRANSITIONS.c.edition == edition, TRANSITIONS.c.organisation == organisation)
    )
    statement = delete(ASSESSMENTS).where(
        *_match_version(edition, organisation, version), ASSESSMENTS.c.state == "draft"
    )
    return session.execute(statement.returning(ASSESSMENTS.c.version)).one_or_none() is not None


def clear_edition(session: Session, edition: str) -> None:
    """Delete every assessment of an edition, with its submissions and transitions."""
    # In the order of the foreign keys.
    session.execute(delete(TRANSITIONS).where(TRANSITIONS.c.edition == edition))
    session.execute(delete(SUBMISSIONS).where(SUBMISSIONS.c.edition == edition))
    session.execute(delete(ASSESSMENTS).where(ASSESSMENTS.c.edition == edition))


def insert_submission(session: Session, record: SubmissionRecord) -> None:
    """Insert a submission; `record.number` must be the next number of its assessment."""
    session.execute(insert(SUBMISSIONS), msgspec.to_builtins(record, builtin_types=(datetime,)))


def insert_correction(session: Session, record: SubmissionRecord, revision: int) -> None:
    """Insert the submission of an assessment after its correction by a revision of the published edition.

    `revision` is the number of that revision, and `record.number` must be the next submission number of the assessment.
    The database refuses the row unless the publication of the revision is stored, and none of its scores.
    """
    values = msgspec.to_builtins(record, builtin_types=(datetime,))
    session.execute(insert(CORRECTIONS), {**values, "revision": revision})


def count_submissions(session: Session, edition: str, organisation: str) -> int:
    """Count how often an assessment was submitted. The numbers of submissions run from 1 to this count."""
    count: int = session.execute(_COUNT_SUBMISSIONS, {"of": edition, "by": organisation}).scalar_one()
    return count


def list_submissions(session: Session, edition: str, organisation: str, page: PageRange[int]) -> list[SubmissionRecord]:
    """List the submissions of an assessment, oldest first."""
    rows = execute_page(
        session,
        _SELECT_SUBMISSIONS,
        page,
        {"of": edition, "by": organisation},
        after=lambda after: _SUBMITTED.c.number > after,
    )
    return fetch_records(rows, SubmissionRecord)


def find_submission(session: Session, edition: str, organisation: str, number: int) -> SubmissionRecord | None:
    """Return the submission of an assessment with this number, or None if there is none."""
    statement = _SELECT_SUBMISSIONS.where(_SUBMITTED.c.number == number)
    return fetch_record(session.execute(statement, {"of": edition, "by": organisation}), SubmissionRecord)


def list_transitions(session: Session, edition: str, organisation: str, page: PageRange[int]) -> list[TransitionRecord]:
    """List the transitions of an assessment, oldest first."""
    rows = execute_page(
        session,
        _SELECT_TRANSITIONS,
        page,
        {"of": edition, "by": organisation},
        after=lambda after: TRANSITIONS.c.number > after,
    )
    return fetch_records(rows, TransitionRecord)


def find_transition(session: Session, edition: str, organisation: str, number: int) -> TransitionRecord | None:
    """Return the transition of an assessment with this number, or None if there is none."""
    statement = _SELECT_TRANSITIONS.where(TRANSITIONS.c.number == number)
    return fetch_record(session.execute(statement, {"of": edition, "by": organisation}), TransitionRecord)


def list_transitions_of(
    session: Session, edition: str, organisations: Collection[str]
) -> dict[str, list[TransitionRecord]]:
    """Return the transitions of the assessments of these organisations, by organisation id, oldest first."""
    statement = _TRANSITIONS.where(
        TRANSITIONS.c.edition == edition, TRANSITIONS.c.organisation.in_(organisations)
    ).order_by(TRANSITIONS.c.organisation, TRANSITIONS.c.number)
    return _group_transitions(session, statement)


def list_transitions_in_state(
    session: Session, edition: str, state: AssessmentState
) -> dict[str, list[TransitionRecord]]:
    """Return the transitions of each assessment of an edition whose present state is `state`, by organisation id.

    The transitions of an assessment are oldest first.
    """
    of_transition = and_(
        ASSESSMENTS.c.edition == TRANSITIONS.c.edition, ASSESSMENTS.c.organisation == TRANSITIONS.c.organisation
    )
    statement = (
        _TRANSITIONS.join(ASSESSMENTS, of_transition)
        .where(ASSESSMENTS.c.edition == edition, ASSESSMENTS.c.state == state)
        .order_by(TRANSITIONS.c.organisation, TRANSITIONS.c.number)
    )
    return _group_transitions(session, statement)


def _group_transitions(session: Session, statement: Executable) -> dict[str, list[TransitionRecord]]:
    """Return the transitions that a statement selects, by organisation id."""
    transitions: dict[str, list[TransitionRecord]] = {}
    for record in fetch_records(session.execute(statement), TransitionRecord):
        transitions.setdefault(record.organisation, []).append(record)
    return transitions


def insert_transition(session: Session, made: TransitionRecord) -> None:
    """Insert a transition; `made.number` must be the next number of its assessment."""
    session.execute(insert(TRANSITIONS), structs.asdict(made))


def count_states(session: Session, edition: str, states: Collection[AssessmentState]) -> dict[AssessmentState, int]:
    """Count the assessments of an edition in each of `states`. States without assessments have no entry."""
    statement = select(ASSESSMENTS.c.state, func.count()).group_by(ASSESSMENTS.c.state)
    rows = session.execute(statement.where(ASSESSMENTS.c.edition == edition, ASSESSMENTS.c.state.in_(states)))
    return {row[0]: row[1] for row in rows}


# --- erasure --------------------------------------------------------------------------------------------------


class StoredRow(Struct, frozen=True, kw_only=True):
    """A row that may have personal data: of an assessment, a submission, a correction or a transition.

    Attributes:
        table: Name of its table.
        edition: Id of the edition.
        organisation: Id of the organisation.
        number: Number that distinguishes the rows of one assessment in the table: that of a submission or transition,
            the revision of a correction, the version of an assessment.
        evidence, explanations, reason: Columns with personal data, which may be erased already; None if the table has
            no such column.
    """

    table: str
    edition: str
    organisation: str
    number: int
    evidence: AssessmentSupport | None = None
    explanations: dict[str, str] | None = None
    reason: str | None = None


_NUMBERS: Final = {ASSESSMENTS: "version", SUBMISSIONS: "number", CORRECTIONS: "revision", TRANSITIONS: "number"}
_ERASABLE: Final = ("evidence", "explanations", "reason")
_SELECT_ERASURES = select(*(ERASURES.c[name] for name in Erasure.__struct_fields__)).where(
    ERASURES.c.edition == bindparam("of"), ERASURES.c.organisation.in_(bindparam("some", expanding=True))
)


def list_rows(session: Session, edition: str, organisation: str) -> list[StoredRow]:
    """List the rows that may have personal data of an assessment: its own row and the rows of its history.

    The history is its submissions, corrections and transitions. Rows of its review are not included, rows whose data
    were erased are.
    """
    rows: list[StoredRow] = []
    for stored, number in _NUMBERS.items():
        columns = [stored.c[name] for name in ("edition", "organisation", *_ERASABLE) if name in stored.c]
        statement = select(*columns, stored.c[number].label("number")).where(
            stored.c.edition == edition, stored.c.organisation == organisation
        )
        rows += (
            msgspec.convert({**row, "table": stored.name}, StoredRow) for row in session.execute(statement).mappings()
        )
    return rows


def update_row(session: Session, row: StoredRow, values: Mapping[str, object]) -> None:
    """Update the row of the database that `row` was read from; `values` are the new values by column."""
    stored = Base.metadata.tables[row.table]
    session.execute(
        update(stored)
        .where(
            stored.c.edition == row.edition,
            stored.c.organisation == row.organisation,
            stored.c[_NUMBERS[stored]] == row.number,
        )
        .values(values)
    )


def record_erasure(session: Session, erasure: Erasure) -> None:
    """Store the record of an erasure, before the data are erased.

    Its entry in the ledger (audit log) must be stored, and must be the newest one. The database refuses to erase
    anything from a published edition without such a record.
    """
    session.execute(insert(ERASURES), structs.asdict(erasure))


def list_erasures(session: Session, edition: str, organisations: Collection[str]) -> list[Erasure]:
    """List the erasures of the assessments of these organisations in an edition, in no particular order."""
    rows = session.execute(_SELECT_ERASURES, {"of": edition, "some": list(organisations)})
    return [Erasure(*row) for row in rows]


def get_erasure_state(session: Session, edition: str) -> tuple[int, str]:
    """Return the number of erasures of personal data in an edition, and the time of the last one as text.

    The text is empty if there was none.
    """
    statement = select(func.count(), func.max(ERASURES.c.at)).where(ERASURES.c.edition == edition)
    count, last = session.execute(statement).one()
    return count, "" if last is None else str(last)


def _returned(organisation: str) -> list[ColumnElement[object]]:
    """Return the columns of `AssessmentRecord`, for the RETURNING clause of a write to one assessment.

    So a write returns the row as the database stores it, without a second statement. The `ETag` covers the bytes of
    the response, and they would differ otherwise, because JSONB reorders the members of objects. The name of the
    organisation is read by a subquery with the id `organisation` as a literal, because SQLAlchemy cannot relate a
    subquery to the row of an INSERT.
    """
    name = select(ORGANISATIONS.c.name).where(ORGANISATIONS.c.id == organisation).scalar_subquery().label("name")
    return [name if column == "name" else ASSESSMENTS.c[column] for column in AssessmentRecord.__struct_fields__]


def _match_version(edition: str, organisation: str, version: int) -> tuple[ColumnElement[bool], ...]:
    return (
        ASSESSMENTS.c.edition == edition,
        ASSESSMENTS.c.organisation == organisation,
        ASSESSMENTS.c.version == version,
    )
