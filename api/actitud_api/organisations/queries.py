"""All SQL over organisations."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, bindparam, delete, insert, select, update
from sqlmodel import Session

from actitud_api.organisations.kinds import Band, Kind
from actitud_api.organisations.tables import Organisation
from actitud_api.storage import database
from actitud_api.storage.base import Base

ORGANISATIONS = Base.metadata.tables[str(Organisation.__tablename__)]


class Record(Struct, frozen=True):
    """An organisation as it is stored; `search` apart."""

    id: str
    name: str
    kind: Kind
    population: int | None
    band: Band | None
    province: str | None
    region: str | None
    simulated: bool


class Filters(Struct, frozen=True, kw_only=True):
    """What organisations to list; None does not filter. `words`: all must occur, in the form of `fold`."""

    words: tuple[str, ...] = ()
    kind: Kind | None = None
    region: str | None = None
    province: str | None = None
    band: Band | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        table = ORGANISATIONS.c
        found = [table.search.contains(word, autoescape=True) for word in self.words]
        for column, wanted in (
            (table.kind, self.kind),
            (table.region, self.region),
            (table.province, self.province),
            (table.band, self.band),
        ):
            if wanted is not None:
                found.append(column == wanted)
        return found


_COLUMNS = [ORGANISATIONS.c[name] for name in Record.__struct_fields__]
_ALL = select(*_COLUMNS)
_ONE = _ALL.where(ORGANISATIONS.c.id == bindparam("id"))
_UPDATE = (
    update(ORGANISATIONS)
    .where(ORGANISATIONS.c.id == bindparam("key"))
    .values({name: bindparam(name) for name in (*Record.__struct_fields__, "search") if name != "id"})
)


def lock(session: Session) -> None:
    """Makes the session the only one that writes organisations until it ends."""
    database.lock(session, ORGANISATIONS)


def page(session: Session, filters: Filters, after: str | None, offset: int, limit: int) -> list[Record]:
    """Organisations in the order of their ids, from the one that follows `after`."""
    statement = _ALL.where(*filters.conditions()).order_by(ORGANISATIONS.c.id).offset(offset).limit(limit)
    if after is not None:
        statement = statement.where(ORGANISATIONS.c.id > after)
    return [Record(*row) for row in session.execute(statement)]


def one(session: Session, identifier: str) -> Record | None:
    """The organisation of that id."""
    row = session.execute(_ONE, {"id": identifier}).one_or_none()
    return None if row is None else Record(*row)


def by_id(session: Session) -> dict[str, Record]:
    """Every organisation by its id."""
    return {row.id: Record(*row) for row in session.execute(_ALL)}


def add(session: Session, records: Sequence[tuple[Record, str]]) -> None:
    """Stores new organisations, each with its text for search."""
    if records:
        session.execute(insert(ORGANISATIONS), [_values(record, search) for record, search in records])


def change(session: Session, records: Sequence[tuple[Record, str]]) -> None:
    """Replaces organisations that are stored, each with its text for search."""
    for record, search in records:
        session.execute(_UPDATE, {"key": record.id, **_values(record, search)})


def remove_simulated(session: Session) -> None:
    """Removes every invented organisation."""
    session.execute(delete(ORGANISATIONS).where(ORGANISATIONS.c.simulated))


def _values(record: Record, search: str) -> dict[str, object]:
    return {**structs.asdict(record), "search": search}
