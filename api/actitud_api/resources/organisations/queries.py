"""All SQL over organisations, their aliases and their successors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, RowMapping, bindparam, delete, insert, or_, select, tuple_, update
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlmodel import Session

from actitud_api.platform.storage import database
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.pages import PageRange, execute_page
from actitud_api.resources.organisations.entries import ContactDetails, OrganisationEntry, PastName
from actitud_api.resources.organisations.identifiers import normalise_identifier
from actitud_api.resources.organisations.kinds import Band, Kind
from actitud_api.resources.organisations.search_queries import delete_words, find_matches, insert_words
from actitud_api.resources.organisations.tables import (
    OrganisationAlias,
    OrganisationSuccessor,
    OrganisationTable,
    RegisterState,
)

ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]
ALIASES = Base.metadata.tables[str(OrganisationAlias.__tablename__)]
SUCCESSORS = Base.metadata.tables[str(OrganisationSuccessor.__tablename__)]
STATE = Base.metadata.tables[str(RegisterState.__tablename__)]


MatchKey: TypeAlias = tuple[int, int, str]
"""Position of an organisation in the results of a search: distance, size and id, as in `search_queries`."""

Columns: TypeAlias = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]


class OrganisationRecord(OrganisationEntry, frozen=True, kw_only=True):
    """A stored organisation.

    `band` is the size band of its population or employees, None if that number is not known. `preceded_by` are the
    ids of the organisations that it replaced. `version` is the number of times that the row was written.
    """

    band: Band | None
    preceded_by: tuple[str, ...]
    created: datetime
    updated: datetime
    version: int


class IndexedEntry(Struct, frozen=True, kw_only=True):
    """An entry of an organisation to be stored, with the values derived from it.

    `band` is the size band by population or, for some kinds, by employees; None if that number is not known.
    `name_order` is the name in lower case and without accents (`storage.folding.fold`), for sorting. `words` are the
    words by which a search finds the organisation, with their distances (`search_terms.index_words`).
    """

    entry: OrganisationEntry
    band: Band | None
    name_order: str
    words: Mapping[str, int]


class OrganisationFilters(Struct, frozen=True, kw_only=True):
    """Filters of the list of organisations; None, or a text without words, does not filter.

    `text` is a search text, which `search_queries` matches with names and ids. `parent` is an id or an alias. `on`
    keeps only the organisations that existed on that day.
    """

    text: str = ""
    kind: Kind | None = None
    region: str | None = None
    province: str | None = None
    band: Band | None = None
    parent: str | None = None
    on: date | None = None

    @property
    def needs_organisations(self) -> bool:
        """True if `parent` or `on` is set: only the table of organisations, not published scores, has their columns."""
        return self.parent is not None or self.on is not None

    def build_conditions(self, described: Columns | None = None) -> list[ColumnElement[bool]]:
        """Return an SQL condition for each filter that is set, except for the text, which `find_matches` searches for.

        `described` are the columns that have kind, size band, region and province of the organisations; None stands for
        the columns of the table of organisations.
        """
        described = ORGANISATIONS.c if described is None else described
        table = ORGANISATIONS.c
        conditions: list[ColumnElement[bool]] = []
        for column, value in (
            (described.kind, self.kind),
            (described.region, self.region),
            (described.province, self.province),
            (described.band, self.band),
        ):
            if value is not None:
                conditions.append(column == value)
        if self.parent is not None:
            conditions.append(match_identifiers(table.parent, [self.parent]))
        if self.on is not None:
            conditions.append(or_(table.valid_from.is_(None), table.valid_from <= self.on))
            conditions.append(or_(table.valid_to.is_(None), table.valid_to >= self.on))
        return conditions


def match_identifiers(column: ColumnElement[str], identifiers: Collection[str]) -> ColumnElement[bool]:
    """Return the SQL condition that is true if the id in `column` is that of an organisation in `identifiers`.

    `identifiers` may be ids or aliases of organisations, each in any spelling.
    """
    spellings = sorted({normalise_identifier(identifier) for identifier in identifiers} | set(identifiers))
    of_aliases = select(ALIASES.c.organisation).where(ALIASES.c.alias.in_(spellings))
    return or_(column.in_(spellings), column.in_(of_aliases))


Pair = Row[tuple[str, str]]

_LINKED_MEMBERS = ("aliases", "succeeded_by")
"""Members of an entry that are rows of other tables, not columns of the table of organisations."""

_DERIVED_COLUMNS = ("band", "name_order")

_ENTRY_COLUMNS = tuple(name for name in OrganisationEntry.__struct_fields__ if name not in _LINKED_MEMBERS)
_SELECT_ALL = select(*(ORGANISATIONS.c[name] for name in (*_ENTRY_COLUMNS, "band", "created", "updated", "version")))
_SELECT_ONE = _SELECT_ALL.where(ORGANISATIONS.c.id == bindparam("id"))
_SELECT_SOME = _SELECT_ALL.where(ORGANISATIONS.c.id.in_(bindparam("ids", expanding=True)))
_SELECT_STATE = select(STATE.c.writes, STATE.c.written)
_SELECT_ALL_ALIASES = select(ALIASES.c.organisation, ALIASES.c.alias).order_by(ALIASES.c.alias)
_SELECT_ALIASES = _SELECT_ALL_ALIASES.where(ALIASES.c.organisation.in_(bindparam("ids", expanding=True)))
_SELECT_ALL_SUCCESSORS = select(SUCCESSORS.c.organisation, SUCCESSORS.c.successor).order_by(
    SUCCESSORS.c.organisation, SUCCESSORS.c.successor
)
_SELECT_SUCCESSORS = _SELECT_ALL_SUCCESSORS.where(
    or_(
        SUCCESSORS.c.organisation.in_(bindparam("ids", expanding=True)),
        SUCCESSORS.c.successor.in_(bindparam("ids", expanding=True)),
    )
)
_SELECT_EXISTING = select(ORGANISATIONS.c.id).where(ORGANISATIONS.c.id.in_(bindparam("ids", expanding=True)))
_SELECT_HOLDERS = select(ALIASES.c.alias, ALIASES.c.organisation).where(
    ALIASES.c.alias.in_(bindparam("ids", expanding=True))
)
_SELECT_PARENT = select(ORGANISATIONS.c.parent).where(ORGANISATIONS.c.id == bindparam("id"))
_SELECT_DOMAINS = (
    select(ORGANISATIONS.c.id, ORGANISATIONS.c.domains)
    .where(ORGANISATIONS.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(ORGANISATIONS.c.id)
)
_UPDATE = (
    update(ORGANISATIONS)
    .where(ORGANISATIONS.c.id == bindparam("key"), ORGANISATIONS.c.version == bindparam("before"))
    .values(
        {name: bindparam(name) for name in (*_ENTRY_COLUMNS, *_DERIVED_COLUMNS, "updated") if name != "id"}
        | {"version": ORGANISATIONS.c.version + 1}
    )
)


def lock(session: Session) -> None:
    """Lock all organisations: only this session can write them until it ends.

    A check that compares an entry with all organisations needs this lock.
    """
    database.lock_table(session, ORGANISATIONS)


def list_page(session: Session, filters: OrganisationFilters, page: PageRange[str]) -> list[OrganisationRecord]:
    """List the organisations that match `filters`, ordered by id."""
    statement = select(ORGANISATIONS.c.id).where(*filters.build_conditions())
    matches = find_matches(session, filters.text)
    if matches is not None:
        statement = statement.where(ORGANISATIONS.c.id.in_(select(matches.c.id)))
    statement = statement.order_by(ORGANISATIONS.c.id)
    rows = execute_page(session, statement, page, after=lambda after: ORGANISATIONS.c.id > after)
    return _load_page(session, rows.scalars().all())


def search_page(
    session: Session, filters: OrganisationFilters, page: PageRange[MatchKey]
) -> list[tuple[OrganisationRecord, MatchKey]]:
    """List the organisations that match all `filters`, each with its key, in the order of `service.search_page`."""
    matches = find_matches(session, filters.text)
    if matches is None:
        by_id = PageRange(None if page.after is None else page.after[-1], page.offset, page.limit, page.total)
        records = list_page(session, filters, by_id)
        return [(record, (0, 0, record.id)) for record in records]
    position = (matches.c.distance, matches.c.size, matches.c.id)
    statement = select(*position).order_by(*position)
    conditions = filters.build_conditions()
    if conditions:
        statement = statement.join(ORGANISATIONS, ORGANISATIONS.c.id == matches.c.id).where(*conditions)
    rows = execute_page(session, statement, page, after=lambda after: tuple_(*position) > after)
    keys = [(distance, size, identifier) for distance, size, identifier in rows]
    return list(zip(_load_page(session, [identifier for _, _, identifier in keys]), keys, strict=True))


def get_state(session: Session) -> tuple[int, str]:
    """Return the number of writes of organisations, and the time of the last one as text, empty if there was none."""
    row = session.execute(_SELECT_STATE).one_or_none()
    return (0, "") if row is None else (row.writes, str(row.written))


def get(session: Session, identifier: str) -> OrganisationRecord | None:
    """Return the organisation with this id, or None if there is none. Aliases are not looked up."""
    rows = session.execute(_SELECT_ONE, {"id": identifier}).mappings().all()
    return next(iter(_load_records(session, rows)), None)


def get_all(session: Session) -> dict[str, OrganisationRecord]:
    """Return all organisations by id."""
    rows = session.execute(_SELECT_ALL).mappings().all()
    records = _build_records(
        rows, session.execute(_SELECT_ALL_ALIASES).all(), session.execute(_SELECT_ALL_SUCCESSORS).all()
    )
    return {record.id: record for record in records}


def find_existing(session: Session, identifiers: Collection[str]) -> set[str]:
    """Return the ids of organisations among `identifiers`; aliases are not included."""
    return set(session.execute(_SELECT_EXISTING, {"ids": sorted(identifiers)}).scalars()) if identifiers else set()


def find_alias_holders(session: Session, identifiers: Collection[str]) -> dict[str, str]:
    """Return a mapping from each alias among `identifiers` to the id of the organisation that has this alias."""
    rows = session.execute(_SELECT_HOLDERS, {"ids": sorted(identifiers)}).all() if identifiers else []
    return {row.alias: row.organisation for row in rows}


def get_parent(session: Session, identifier: str) -> str | None:
    """Return the id of the parent of an organisation, or None if it has no parent or does not exist."""
    parent: str | None = session.execute(_SELECT_PARENT, {"id": identifier}).scalar_one_or_none()
    return parent


def list_successors(session: Session, identifiers: Collection[str]) -> set[str]:
    """Return the ids of the organisations that directly replaced an organisation in `identifiers`."""
    statement = select(SUCCESSORS.c.successor).where(SUCCESSORS.c.organisation.in_(sorted(identifiers)))
    return set(session.execute(statement).scalars())


def list_names(session: Session, identifiers: Collection[str]) -> dict[str, str]:
    """Return the name of each of these organisations, by id."""
    statement = select(ORGANISATIONS.c.id, ORGANISATIONS.c.name).where(ORGANISATIONS.c.id.in_(sorted(identifiers)))
    return {row.id: row.name for row in session.execute(statement)}


def find_last_days(session: Session, identifiers: Collection[str]) -> dict[str, date]:
    """Return the last day (`valid_to`) of each of these organisations that has one, by id."""
    statement = select(ORGANISATIONS.c.id, ORGANISATIONS.c.valid_to).where(
        ORGANISATIONS.c.id.in_(sorted(identifiers)), ORGANISATIONS.c.valid_to.is_not(None)
    )
    return {row.id: row.valid_to for row in session.execute(statement)} if identifiers else {}


def list_predecessors(session: Session, identifier: str) -> set[str]:
    """Return the ids of the organisations that an organisation directly replaced."""
    statement = select(SUCCESSORS.c.organisation).where(SUCCESSORS.c.successor == identifier)
    return set(session.execute(statement).scalars())


def list_domains(session: Session, identifiers: Collection[str], *, locked: bool) -> dict[str, tuple[str, ...]]:
    """Return the hosts whose pages count as evidence, by organisation id; ids that no organisation has are absent.

    If `locked`, no other session can change the domains until this session ends; the session must then be a writing
    one.
    """
    # A shared lock: writes of assessments wait for a change of the domains, not for each other.
    statement = _SELECT_DOMAINS.with_for_update(read=True) if locked else _SELECT_DOMAINS
    return {row.id: tuple(row.domains) for row in session.execute(statement, {"ids": sorted(identifiers)})}


def insert_entries(session: Session, entries: Sequence[IndexedEntry], now: datetime) -> None:
    """Insert new organisations with their aliases, their successors and the words by which they are found."""
    if not entries:
        return
    times = {"created": now, "updated": now, "version": 1}
    session.execute(insert(ORGANISATIONS), [{**_list_values(indexed), **times} for indexed in entries])
    _insert_links(session, entries)
    _count_write(session, now)


def update_entries(session: Session, entries: Sequence[tuple[IndexedEntry, int]], now: datetime) -> bool:
    """Replace stored organisations and return True.

    Each entry comes with the expected version of the row that it replaces. Return False if a row has another version.
    Other rows may have been replaced by then, so the caller must roll back.
    """
    for indexed, version in entries:
        values = {"key": indexed.entry.id, "before": version, **_list_values(indexed), "updated": now}
        if session.connection().execute(_UPDATE, values).rowcount != 1:
            return False
    # All links are deleted before any is inserted: an alias may move from one of these organisations to another.
    keys = [{"key": indexed.entry.id} for indexed, _ in entries]
    if keys:
        session.execute(delete(ALIASES).where(ALIASES.c.organisation == bindparam("key")), keys)
        session.execute(delete(SUCCESSORS).where(SUCCESSORS.c.organisation == bindparam("key")), keys)
        delete_words(session, [indexed.entry.id for indexed, _ in entries])
    _insert_links(session, [indexed for indexed, _ in entries])
    if entries:
        _count_write(session, now)
    return True


def remove_simulated(session: Session) -> None:
    """Delete every invented organisation, and the references to it in other organisations."""
    invented = select(ORGANISATIONS.c.id).where(ORGANISATIONS.c.simulated)
    delete_words(session, session.execute(invented).scalars().all())
    session.execute(delete(ALIASES).where(ALIASES.c.organisation.in_(invented)))
    session.execute(
        delete(SUCCESSORS).where(or_(SUCCESSORS.c.organisation.in_(invented), SUCCESSORS.c.successor.in_(invented)))
    )
    session.execute(update(ORGANISATIONS).where(ORGANISATIONS.c.parent.in_(invented)).values(parent=None))
    session.execute(delete(ORGANISATIONS).where(ORGANISATIONS.c.simulated))
    session.execute(update(STATE).values(writes=STATE.c.writes + 1))


def _count_write(session: Session, now: datetime) -> None:
    counted = {"writes": STATE.c.writes + 1, "written": now}
    if session.connection().execute(update(STATE).values(counted)).rowcount == 0:
        session.execute(insert(STATE).values(id=1, writes=1, written=now))


def _load_page(session: Session, identifiers: Sequence[str]) -> list[OrganisationRecord]:
    """Return the organisations with these ids, in their order.

    A page is first read as ids, from an index alone, however many rows are skipped before it.
    """
    if not identifiers:
        return []
    rows = session.execute(_SELECT_SOME, {"ids": identifiers}).mappings().all()
    records = {record.id: record for record in _load_records(session, rows)}
    return [records[identifier] for identifier in identifiers]


def _load_records(session: Session, rows: Sequence[RowMapping]) -> list[OrganisationRecord]:
    """Return the organisations of these rows, with their aliases, successors and predecessors."""
    if not rows:
        return []
    ids = {"ids": [row["id"] for row in rows]}
    return _build_records(
        rows, session.execute(_SELECT_ALIASES, ids).all(), session.execute(_SELECT_SUCCESSORS, ids).all()
    )


def _build_records(
    rows: Iterable[RowMapping], aliases: Iterable[Pair], succession: Iterable[Pair]
) -> list[OrganisationRecord]:
    aliases_by_id: Mapping[str, list[str]] = defaultdict(list)
    successors_by_id: Mapping[str, list[str]] = defaultdict(list)
    predecessors_by_id: Mapping[str, list[str]] = defaultdict(list)
    for row in aliases:
        aliases_by_id[row.organisation].append(row.alias)
    for row in succession:
        successors_by_id[row.organisation].append(row.successor)
        predecessors_by_id[row.successor].append(row.organisation)
    return [
        OrganisationRecord(
            **{
                **row,
                "former_names": msgspec.convert(row["former_names"], tuple[PastName, ...]),
                "contact": msgspec.convert(row["contact"], ContactDetails | None),
                "domains": tuple(row["domains"]),
            },
            aliases=tuple(aliases_by_id[row["id"]]),
            succeeded_by=tuple(successors_by_id[row["id"]]),
            preceded_by=tuple(predecessors_by_id[row["id"]]),
        )
        for row in rows
    ]


def _insert_links(session: Session, indexed: Sequence[IndexedEntry]) -> None:
    """Insert the rows of other tables that belong to organisations: aliases, successors and words."""
    entries = [one.entry for one in indexed]
    insert_words(session, {one.entry.id: one.words for one in indexed})
    aliases = [{"alias": alias, "organisation": entry.id} for entry in entries for alias in entry.aliases]
    successors = [{"organisation": entry.id, "successor": other} for entry in entries for other in entry.succeeded_by]
    if aliases:
        session.execute(insert(ALIASES), aliases)
    if successors:
        session.execute(insert(SUCCESSORS), successors)


def _list_values(indexed: IndexedEntry) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(indexed.entry, name) for name in _ENTRY_COLUMNS}
    return values | {name: getattr(indexed, name) for name in _DERIVED_COLUMNS}
