"""SQL of the table of simulations."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import bindparam, delete, insert, select
from sqlmodel import Session

from actitud_api.demo.tables import Simulation
from actitud_api.platform.storage.base import Base

SIMULATIONS = Base.metadata.tables[str(Simulation.__tablename__)]


class SimulationRecord(Struct, frozen=True):
    """A stored simulation: the fingerprint of methodology and code that made it, and its report as JSON values."""

    fingerprint: str
    report: dict[str, object]


_ONE = select(SIMULATIONS.c.fingerprint, SIMULATIONS.c.report).where(SIMULATIONS.c.edition == bindparam("edition"))


def find_simulation(session: Session, edition: str) -> SimulationRecord | None:
    """Return the simulation of an edition, or None if there is none."""
    row = session.execute(_ONE, {"edition": edition}).one_or_none()
    return None if row is None else SimulationRecord(*row)


def store_simulation(session: Session, edition: str, record: SimulationRecord) -> None:
    """Insert the simulation of an edition, which must not have one yet."""
    session.execute(
        insert(SIMULATIONS), {"edition": edition, "fingerprint": record.fingerprint, "report": record.report}
    )


def delete_simulation(session: Session, edition: str) -> None:
    """Delete the simulation of an edition, if there is one."""
    session.execute(delete(SIMULATIONS).where(SIMULATIONS.c.edition == edition))
