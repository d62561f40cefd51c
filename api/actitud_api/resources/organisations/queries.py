"""SQL of organisations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, RowMapping, bindparam, delete, func, insert, or_, select, update
from sqlmodel import Session

from actitud_api.platform.storage import database
from actitud_api.platform.storage.base import Base
from actitud_api.resources.organisations.entries import ContactDetails, OrganisationEntry, PastName
from actitud_api.resources.organisations.identifiers import normalise_identifier
from actitud_api.resources.organisations.kinds import Band, Kind
from actitud_api.resources.organisations.tables import OrganisationAlias, OrganisationSuccessor, OrganisationTable

ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]
ALIASES = Base.metadata.tables[str(OrganisationAlias.__tablename__)]
SUCCESSORS = Base.metadata.tables[str(OrganisationSuccessor.__tablename__)]


class OrganisationRecord(OrganisationEntry, frozen=True, kw_only=True):
    """Stored organisation, without `name_order` and `search`. `preceded_by`: its predecessors."""

    band: Band | None
    preceded_by: tuple[str, ...]
    created: datetime
    updated: datetime
    version: int


class IndexedEntry(Struct, frozen=True, kw_only=True):
    """Entry to be stored, with the columns derived from it."""

    entry: OrganisationEntry
    band: Band | None
    name_order: str
    search: str


class OrganisationFilters(Struct, frozen=True, kw_only=True):
    """Filters of the list of organisations; None does not filter.

    `words`: all must occur, in the form of `fold`. `parent`: by its id or an alias. `on`: day of existence.
    """

    words: tuple[str, ...] = ()
    kind: Kind | None = None
    region: str | None = None
    province: str | None = None
    band: Band | None = None
    parent: str | None = None
    on: date | None = None

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """Return the filters as SQL conditions."""
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
        if self.parent is not None:
            found.append(match_identifiers(table.parent, [self.parent]))
        if self.on is not None:
            found.append(or_(table.valid_from.is_(None), table.valid_from <= self.on))
            found.append(or_(table.valid_to.is_(None), table.valid_to >= self.on))
        return found


def match_identifiers(column: ColumnElement[str], identifiers: Collection[str]) -> ColumnElement[bool]:
    """Return an SQL condition: the column holds the id of an organisation with one of these ids or aliases."""
    spellings = sorted({normalise_identifier(identifier) for identifier in identifiers} | set(identifiers))
    of_aliases = select(ALIASES.c.organisation).where(ALIASES.c.alias.in_(spellings))
    return or_(column.in_(spellings), column.in_(of_aliases))


Pair = Row[tuple[str, str]]

_ELSEWHERE = ("aliases", "succeeded_by")
"""Members of an entry that have tables of their own."""

_DERIVED = ("band", "name_order", "search")

_OF_ENTRY = tuple(name for name in OrganisationEntry.__struct_fields__ if name not in _ELSEWHERE)
_ALL = select(*(ORGANISATIONS.c[name] for name in (*_OF_ENTRY, "band", "created", "updated", "version")))
_ONE = _ALL.where(ORGANISATIONS.c.id == bindparam("id"))
_STATE = select(
    func.count(),
    func.coalesce(func.sum(ORGANISATIONS.c.version), 0),
    func.max(ORGANISATIONS.c.created),
    func.max(ORGANISATIONS.c.updated),
)
_ALL_ALIASES = select(ALIASES.c.organisation, ALIASES.c.alias).order_by(ALIASES.c.alias)
_ALIASES = _ALL_ALIASES.where(ALIASES.c.organisation.in_(bindparam("ids", expanding=True)))
_ALL_SUCCESSORS = select(SUCCESSORS.c.organisation, SUCCESSORS.c.successor).order_by(
    SUCCESSORS.c.organisation, SUCCESSORS.c.successor
)
_SUCCESSORS = _ALL_SUCCESSORS.where(
    or_(
        SUCCESSORS.c.organisation.in_(bindparam("ids", expanding=True)),
        SUCCESSORS.c.successor.in_(bindparam("ids", expanding=True)),
    )
)
_KNOWN = select(ORGANISATIONS.c.id).where(ORGANISATIONS.c.id.in_(bindparam("ids", expanding=True)))
_HOLDERS = select(ALIASES.c.alias, ALIASES.c.organisation).where(ALIASES.c.alias.in_(bindparam("ids", expanding=True)))
_PARENT = select(ORGANISATIONS.c.parent).where(ORGANISATIONS.c.id == bindparam("id"))
_DOMAINS = select(ORGANISATIONS.c.domains).where(ORGANISATIONS.c.id == bindparam("id"))
_UPDATE = (
    update(ORGANISATIONS)
    .where(ORGANISATIONS.c.id == bindparam("key"), ORGANISATIONS.c.version == bindparam("before"))
    .values(
        {name: bindparam(name) for name in (*_OF_ENTRY, *_DERIVED, "updated") if name != "id"}
        | {"version": ORGANISATIONS.c.version + 1}
    )
)


def lock(session: Session) -> None:
    """Let this session alone write organisations until it ends."""
    database.lock_table(session, ORGANISATIONS)


def list_page(
    session: Session, filters: OrganisationFilters, after: str | None, offset: int, limit: int
) -> list[OrganisationRecord]:
    """Return organisations in order of their ids, starting after `after`."""
    statement = _ALL.where(*filters.build_conditions()).order_by(ORGANISATIONS.c.id).offset(offset).limit(limit)
    if after is not None:
        statement = statement.where(ORGANISATIONS.c.id > after)
    rows = session.execute(statement).mappings().all()
    return _with_their_own(session, rows)


def get_state(session: Session) -> tuple[int, int, str, str]:
    """Return the number of organisations, the sum of their versions, and the last creation and update.

    One of the four changes with every write.
    """
    count, writes, created, updated = session.execute(_STATE).one()
    return count, int(writes), str(created), str(updated)


def get(session: Session, identifier: str) -> OrganisationRecord | None:
    """Return the organisation of an id, or None."""
    rows = session.execute(_ONE, {"id": identifier}).mappings().all()
    return next(iter(_with_their_own(session, rows)), None)


def get_all(session: Session) -> dict[str, OrganisationRecord]:
    """Map id to organisation, for all of them."""
    rows = session.execute(_ALL).mappings().all()
    found = _records(rows, session.execute(_ALL_ALIASES).all(), session.execute(_ALL_SUCCESSORS).all())
    return {record.id: record for record in found}


def find_existing(session: Session, identifiers: Collection[str]) -> set[str]:
    """Return those identifiers that are ids of organisations."""
    return set(session.execute(_KNOWN, {"ids": sorted(identifiers)}).scalars()) if identifiers else set()


def find_alias_holders(session: Session, identifiers: Collection[str]) -> dict[str, str]:
    """Map alias to organisation id, for those identifiers that are aliases."""
    rows = session.execute(_HOLDERS, {"ids": sorted(identifiers)}).all() if identifiers else []
    return {row.alias: row.organisation for row in rows}


def get_parent(session: Session, identifier: str) -> str | None:
    """Return the parent of an organisation, or None if it has none or does not exist."""
    found: str | None = session.execute(_PARENT, {"id": identifier}).scalar_one_or_none()
    return found


def list_successors(session: Session, identifiers: Collection[str]) -> set[str]:
    """Return the direct successors of these organisations."""
    statement = select(SUCCESSORS.c.successor).where(SUCCESSORS.c.organisation.in_(sorted(identifiers)))
    return set(session.execute(statement).scalars())


def find_last_days(session: Session, identifiers: Collection[str]) -> dict[str, date]:
    """Map organisation id to closing date (`valid_to`), closed organisations only."""
    statement = select(ORGANISATIONS.c.id, ORGANISATIONS.c.valid_to).where(
        ORGANISATIONS.c.id.in_(sorted(identifiers)), ORGANISATIONS.c.valid_to.is_not(None)
    )
    return {row.id: row.valid_to for row in session.execute(statement)} if identifiers else {}


def list_predecessors(session: Session, identifier: str) -> set[str]:
    """Return the direct predecessors of an organisation."""
    statement = select(SUCCESSORS.c.organisation).where(SUCCESSORS.c.successor == identifier)
    return set(session.execute(statement).scalars())


def get_domains(session: Session, identifier: str, *, locked: bool) -> tuple[str, ...] | None:
    """Return the domains of an organisation, or None; if `locked`, nobody can change them until the session ends."""
    statement = _DOMAINS.with_for_update(read=True) if locked else _DOMAINS
    found: list[str] | None = session.execute(statement, {"id": identifier}).scalar_one_or_none()
    return None if found is None else tuple(found)


def insert_entries(session: Session, entries: Sequence[IndexedEntry], now: datetime) -> None:
    """Insert new organisations."""
    if not entries:
        return
    times = {"created": now, "updated": now, "version": 1}
    session.execute(insert(ORGANISATIONS), [{**_values(written), **times} for written in entries])
    _add_their_own(session, [written.entry for written in entries])


def update_entries(session: Session, entries: Sequence[tuple[IndexedEntry, int]], now: datetime) -> bool:
    """Replace organisations of these versions; return False if one has another version.

    After False some may have been replaced: roll the session back.
    """
    for written, version in entries:
        values = {"key": written.entry.id, "before": version, **_values(written), "updated": now}
        if session.execute(_UPDATE, values).rowcount != 1:  # type: ignore[attr-defined]  # of an UPDATE
            return False
    keys = [{"key": written.entry.id} for written, _ in entries]
    if keys:
        session.execute(delete(ALIASES).where(ALIASES.c.organisation == bindparam("key")), keys)
        session.execute(delete(SUCCESSORS).where(SUCCESSORS.c.organisation == bindparam("key")), keys)
    _add_their_own(session, [written.entry for written, _ in entries])
    return True


def delete_simulated(session: Session) -> None:
    """Delete every invented organisation, and the references of others to one."""
    invented = select(ORGANISATIONS.c.id).where(ORGANISATIONS.c.simulated)
    session.execute(delete(ALIASES).where(ALIASES.c.organisation.in_(invented)))
    session.execute(
        delete(SUCCESSORS).where(or_(SUCCESSORS.c.organisation.in_(invented), SUCCESSORS.c.successor.in_(invented)))
    )
    session.execute(update(ORGANISATIONS).where(ORGANISATIONS.c.parent.in_(invented)).values(parent=None))
    session.execute(delete(ORGANISATIONS).where(ORGANISATIONS.c.simulated))


def _with_their_own(session: Session, rows: Sequence[RowMapping]) -> list[OrganisationRecord]:
    """Return the records of some rows, with their aliases, successors and predecessors."""
    if not rows:
        return []
    ids = {"ids": [row["id"] for row in rows]}
    return _records(rows, session.execute(_ALIASES, ids).all(), session.execute(_SUCCESSORS, ids).all())


def _records(
    rows: Iterable[RowMapping], aliases: Iterable[Pair], succession: Iterable[Pair]
) -> list[OrganisationRecord]:
    of: Mapping[str, list[str]] = defaultdict(list)
    after: Mapping[str, list[str]] = defaultdict(list)
    before: Mapping[str, list[str]] = defaultdict(list)
    for row in aliases:
        of[row.organisation].append(row.alias)
    for row in succession:
        after[row.organisation].append(row.successor)
        before[row.successor].append(row.organisation)
    return [
        OrganisationRecord(
            **{
                **row,
                "former_names": msgspec.convert(row["former_names"], tuple[PastName, ...]),
                "contact": msgspec.convert(row["contact"], ContactDetails | None),
                "domains": tuple(row["domains"]),
            },
            aliases=tuple(of[row["id"]]),
            succeeded_by=tuple(after[row["id"]]),
            preceded_by=tuple(before[row["id"]]),
        )
        for row in rows
    ]


def _add_their_own(session: Session, entries: Sequence[OrganisationEntry]) -> None:
    aliases = [{"alias": alias, "organisation": entry.id} for entry in entries for alias in entry.aliases]
    successors = [{"organisation": entry.id, "successor": other} for entry in entries for other in entry.succeeded_by]
    if aliases:
        session.execute(insert(ALIASES), aliases)
    if successors:
        session.execute(insert(SUCCESSORS), successors)


def _values(written: IndexedEntry) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(written.entry, name) for name in _OF_ENTRY}
    return values | {name: getattr(written, name) for name in _DERIVED}
