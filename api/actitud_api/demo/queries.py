"""All SQL over simulations."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import bindparam, delete, insert, select
from sqlmodel import Session

from actitud_api.demo.tables import Simulation
from actitud_api.platform.storage.base import Base

SIMULATIONS = Base.metadata.tables[str(Simulation.__tablename__)]


class Record(Struct, frozen=True):
    """What made a simulated edition, and what was reported of it."""

    fingerprint: str
    report: dict[str, object]


_ONE = select(SIMULATIONS.c.fingerprint, SIMULATIONS.c.report).where(SIMULATIONS.c.edition == bindparam("edition"))


def one(session: Session, edition: str) -> Record | None:
    """The simulation of an edition."""
    row = session.execute(_ONE, {"edition": edition}).one_or_none()
    return None if row is None else Record(*row)


def add(session: Session, edition: str, record: Record) -> None:
    """Stores the simulation of an edition that has none."""
    session.execute(
        insert(SIMULATIONS), {"edition": edition, "fingerprint": record.fingerprint, "report": record.report}
    )


def remove(session: Session, edition: str) -> None:
    """Removes the simulation of an edition, if there is one."""
    session.execute(delete(SIMULATIONS).where(SIMULATIONS.c.edition == edition))
