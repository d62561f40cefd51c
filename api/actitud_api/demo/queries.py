"""SQL of the demonstration and of the sandbox: the table of simulations, and keys that are made valid again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session

from actitud_api.demo.tables import Simulation
from actitud_api.platform.auth.tables import AccessKeyTable
from actitud_api.platform.storage.base import Base

KEYS = Base.metadata.tables[str(AccessKeyTable.__tablename__)]
SIMULATIONS = Base.metadata.tables[str(Simulation.__tablename__)]


class SimulationRecord(Struct, frozen=True):
    """Stored simulation of an edition: digest of the methodology and code that made it, and its report as JSON."""

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


def restore_keys(session: Session, identifiers: Collection[str], expires: datetime) -> None:
    """Make access keys valid until `expires`, even if they were revoked or rotated."""
    values = {"revoked": None, "replaced_by": None, "expires": expires}
    session.execute(update(KEYS).where(KEYS.c.id.in_(identifiers)).values(values))
