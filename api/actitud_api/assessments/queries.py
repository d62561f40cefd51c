"""All SQL over assessments."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert
from sqlmodel import Session

from actitud_api.assessments.tables import Assessment
from actitud_api.storage.base import Base

ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]


def add(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Stores assessments of organisations that have none in their edition; the keys are those of the table."""
    if rows:
        session.execute(insert(ASSESSMENTS), rows)


def remove(session: Session, edition: str) -> None:
    """Removes every assessment of an edition."""
    session.execute(delete(ASSESSMENTS).where(ASSESSMENTS.c.edition == edition))
