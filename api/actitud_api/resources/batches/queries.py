"""SQL of batches: the selection of their assessments, and their files."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import Select, delete, func, insert, select
from sqlmodel import Session

from actitud_api.platform.storage.base import Base
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.tables import Assessment
from actitud_api.resources.batches.tables import BatchFile
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.service import OrganisationFilters
from actitud_api.resources.organisations.tables import OrganisationTable

ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]
FILES = Base.metadata.tables[str(BatchFile.__tablename__)]
ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]


class Selection(Struct, frozen=True, kw_only=True):
    """The conditions that select assessments of an edition; an assessment must match all.

    `states` keeps only assessments in one of these states, `among` only those of these organisations; None does not
    filter. `filters` keeps only assessments of organisations that match.
    """

    states: Collection[AssessmentState] | None
    among: Collection[str] | None
    filters: OrganisationFilters


def count_selected(session: Session, edition: str, selection: Selection) -> int:
    """Count the selected assessments of an edition."""
    selected = _select(session, edition, selection).subquery()
    count: int = session.execute(select(func.count()).select_from(selected)).scalar_one()
    return count


def list_selected(session: Session, edition: str, selection: Selection, *, after: str | None, limit: int) -> list[str]:
    """List the ids of the organisations of the selected assessments of an edition, in ascending order.

    The list begins after the organisation `after`, None begins at the first; it has at most `limit` ids.
    """
    statement = _select(session, edition, selection)
    if after is not None:
        statement = statement.where(ASSESSMENTS.c.organisation > after)
    return list(session.execute(statement.order_by(ASSESSMENTS.c.organisation).limit(limit)).scalars())


def _select(session: Session, edition: str, selection: Selection) -> Select[tuple[str]]:
    statement = (
        select(ASSESSMENTS.c.organisation)
        .select_from(ASSESSMENTS.join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id))
        .where(ASSESSMENTS.c.edition == edition, *selection.filters.build_conditions())
    )
    if selection.states is not None:
        statement = statement.where(ASSESSMENTS.c.state.in_(selection.states))
    if selection.among is not None:
        statement = statement.where(ASSESSMENTS.c.organisation.in_(selection.among))
    matches = organisations.find_matches(session, selection.filters.text)
    if matches is not None:
        statement = statement.where(ASSESSMENTS.c.organisation.in_(select(matches.c.id)))
    return statement


# --- files ----------------------------------------------------------------------------------------------------


def store_file(session: Session, job: int, content: bytes) -> None:
    """Store the workbook that a job reads, in the session that enqueues the job."""
    session.execute(insert(FILES), {"job": job, "content": content})


def get_file(session: Session, job: int) -> bytes:
    """Return the content of the workbook of a job. The job must not have ended, because it is then deleted."""
    content: bytes = session.execute(select(FILES.c.content).where(FILES.c.job == job)).scalar_one()
    return content


def delete_file(session: Session, job: int) -> None:
    """Delete the workbook of a job, in the session that ends it.

    The workbook has unpublished verdicts of an assessor, so it is kept no longer than the job needs it.
    """
    session.execute(delete(FILES).where(FILES.c.job == job))
