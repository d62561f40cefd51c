"""Use cases of organisations: read, add, change and import."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TypeAlias, cast

from msgspec import Struct, structs

from actitud_api.engine.methodology import loader
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.folding import fold
from actitud_api.platform.storage.folding import split_words as split_words
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.organisations import municipalities, queries, search_queries
from actitud_api.resources.organisations.entries import ContactChange as ContactChange
from actitud_api.resources.organisations.entries import ContactDetails as ContactDetails
from actitud_api.resources.organisations.entries import OrganisationChange as OrganisationChange
from actitud_api.resources.organisations.entries import (
    OrganisationContradiction,
    add_past_name,
    apply_change,
    find_contradictions,
    normalise_entry,
    sort_members,
)
from actitud_api.resources.organisations.entries import OrganisationEntry as OrganisationEntry
from actitud_api.resources.organisations.entries import PastName as PastName
from actitud_api.resources.organisations.identifiers import (
    DIR3,
    InvalidIdentifier,
    format_ine_identifier,
    normalise_identifier,
    parse_identifier,
)
from actitud_api.resources.organisations.kinds import Band as Band
from actitud_api.resources.organisations.kinds import Kind
from actitud_api.resources.organisations.municipalities import MunicipalityFault, MunicipalityLine
from actitud_api.resources.organisations.queries import MatchKey as MatchKey
from actitud_api.resources.organisations.queries import OrganisationFilters as OrganisationFilters
from actitud_api.resources.organisations.queries import OrganisationRecord as OrganisationRecord
from actitud_api.resources.organisations.queries import list_domains as list_domains
from actitud_api.resources.organisations.queries import list_names as list_names
from actitud_api.resources.organisations.queries import lock as lock
from actitud_api.resources.organisations.queries import match_identifiers as match_identifiers
from actitud_api.resources.organisations.queries import remove_simulated as remove_simulated
from actitud_api.resources.organisations.search_queries import find_matches as find_matches
from actitud_api.resources.organisations.search_terms import index_words

DomainsObserver: TypeAlias = Callable[[Session, Sequence[str]], None]
"""Function that is called in the session in which the domains of organisations change, with their ids.

Evidence counts only on the domains of the organisation, and assessments belong to a resource above this one.
"""


class UnknownOrganisation(LookupError):
    """No organisation has this id. Raised wherever an organisation is looked up."""

    def __init__(self, organisation: str) -> None:
        super().__init__(organisation)
        self.organisation = organisation


class IdentifierIsAlias(LookupError):
    """An alias, or another spelling of an id, was used as an id; `organisation` is the id to use.

    Raised wherever an organisation is looked up.
    """

    def __init__(self, organisation: str) -> None:
        super().__init__(organisation)
        self.organisation = organisation


class OrganisationInconsistent(ValueError):
    """The entry of an organisation contradicts itself or stored data.

    Raised by `create` and `update`; nothing is stored.
    """

    def __init__(self, contradictions: Sequence[OrganisationContradiction]) -> None:
        super().__init__(f"{len(contradictions)} contradictions")
        self.contradictions = contradictions


class InvalidMunicipalityFile(ValueError):
    """A file of municipalities has faults. Raised by `import_municipalities`; nothing is stored.

    `faults` lists all of them, ordered by line.
    """

    def __init__(self, faults: list[MunicipalityFault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class ImportCounts(Struct, frozen=True):
    """The numbers of organisations that an import added, changed and left unchanged."""

    added: int
    changed: int
    unchanged: int


def list_page(database: Database, filters: OrganisationFilters, page: PageRange[str]) -> list[OrganisationRecord]:
    """List the organisations that match `filters`, ordered by id."""
    with database.read() as session:
        return queries.list_page(session, filters, page)


def search_page(
    database: Database, filters: OrganisationFilters, page: PageRange[MatchKey]
) -> list[tuple[OrganisationRecord, MatchKey]]:
    """List the organisations that match all `filters`, each with its sort key.

    The organisation whose names are closest to the search text comes first, as in `find_matches`. If the text has no
    words, only the other filters apply, and organisations are ordered by id. The sort key of the last organisation
    continues the list on the next page.
    """
    with database.read() as session:
        return queries.search_page(session, filters, page)


def has_exact_match(database: Database, text: str) -> bool:
    """Return True if some organisation has all words of a search text, or words that begin with them.

    Return False if organisations have only similar words, or the text has no word.
    """
    with database.read() as session:
        return search_queries.has_exact_match(session, text)


def get_state(database: Database) -> tuple[int, str]:
    """Return the number of writes of organisations, and the time of the last one as text, empty if there was none.

    A copy of the organisations is outdated once one of these values has changed.
    """
    with database.read() as session:
        return queries.get_state(session)


def get(database: Database, organisation: str) -> OrganisationRecord:
    """Return the organisation with this id.

    Raises `UnknownOrganisation` if there is none, `IdentifierIsAlias` if `organisation` is an alias or another
    spelling of an id.
    """
    with database.read() as session:
        return find(session, organisation)


def find(session: Session, organisation: str) -> OrganisationRecord:
    """Return the organisation with this id, within a session.

    Raises `UnknownOrganisation` if there is none, `IdentifierIsAlias` if `organisation` is an alias or another
    spelling of an id.
    """
    record = queries.get(session, organisation)
    if record is None:
        refuse_alias(session, organisation)
        raise UnknownOrganisation(organisation)
    return record


def refuse_alias(session: Session, organisation: str) -> None:
    """Raise `IdentifierIsAlias` if `organisation` is an alias, or another spelling of an id. Otherwise do nothing.

    Call it for an identifier that is not the id of any organisation.
    """
    spelling = normalise_identifier(organisation)
    for holder in queries.find_alias_holders(session, [spelling]).values():
        raise IdentifierIsAlias(holder)
    if spelling != organisation and exists(session, spelling):
        raise IdentifierIsAlias(spelling)


def exists(session: Session, organisation: str) -> bool:
    """Return True if an organisation has this id; aliases do not count."""
    return bool(queries.find_existing(session, [organisation]))


def lock_domains(session: Session, organisation: str) -> tuple[str, ...]:
    """Return the hosts whose pages count as evidence for the answers of an organisation, and lock them.

    No other session can change the domains until this session, which must be a writing one, ends. Raises
    `UnknownOrganisation` if there is no such organisation.
    """
    domains = list_domains(session, [organisation], locked=True)
    if organisation not in domains:
        raise UnknownOrganisation(organisation)
    return domains[organisation]


def resolve_identifiers(session: Session, identifiers: Collection[str]) -> dict[str, str]:
    """Return a mapping from each identifier to the id of its organisation.

    An identifier may be an id or an alias, in any spelling. Identifiers of no organisation are absent.
    """
    spellings = {identifier: normalise_identifier(identifier) for identifier in identifiers}
    mentioned = {*identifiers, *spellings.values()}
    ids = {**queries.find_alias_holders(session, mentioned)}
    ids |= {existing: existing for existing in queries.find_existing(session, mentioned)}
    named = {identifier: ids.get(identifier, ids.get(spelling)) for identifier, spelling in spellings.items()}
    return {identifier: organisation for identifier, organisation in named.items() if organisation is not None}


def find_band(kind: Kind, size: int) -> Band | None:
    """Return the size band of an organisation in the newest active methodology, or None if no band fits.

    `size` is its number of inhabitants or of employees, depending on `kind`: municipalities, for example, are
    measured by inhabitants.
    """
    document = loader.load_newest().document
    for band in document.size_bands[_get_size_unit(kind)]:
        if band.start <= size and (band.to is None or size <= band.to):
            return cast("Band", band.code)
    return None


def add(session: Session, entries: Iterable[OrganisationEntry], now: datetime) -> None:
    """Store new organisations without checking them; their entries must not contradict each other or stored data."""
    queries.insert_entries(session, [_index_entry(sort_members(normalise_entry(entry))) for entry in entries], now)


def create(session: Session, entry: OrganisationEntry, *, now: datetime) -> OrganisationRecord:
    """Add an organisation and return it.

    Raises `OrganisationInconsistent` if members of the entry contradict each other or stored data.
    """
    # The checks compare with all other organisations: none of them may change meanwhile.
    lock(session)
    new = normalise_entry(entry)
    _ensure_consistent([*_find_identifier_conflicts(session, new), *_find_conflicts(session, new, now)])
    add(session, [new], now)
    return find(session, new.id)


def update(
    session: Session,
    organisation: str,
    change: OrganisationChange,
    *,
    expected: Expected,
    domains_changed: DomainsObserver,
    now: datetime,
) -> OrganisationRecord:
    """Change an organisation and return it. A change without effect does not change the version of the row.

    `domains_changed` is called in the same session, with the organisation id, if the domains change.

    Raises:
        UnknownOrganisation: No organisation has that id.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        OrganisationInconsistent: The changed entry contradicts itself or stored data.
    """
    lock(session)
    before = find(session, organisation)
    if not expected(build_revision(before.created, before.version)):
        raise StaleVersion
    entry = apply_change(_to_entry(before), change, now.date())
    _ensure_consistent(list(_find_conflicts(session, entry, now)))
    entry = sort_members(entry)
    if entry == _to_entry(before):
        return before
    if not queries.update_entries(session, [(_index_entry(entry), before.version)], now):
        raise StaleVersion
    if entry.domains != before.domains:
        domains_changed(session, [organisation])
    return find(session, organisation)


def import_municipalities(
    database: Database,
    raw: bytes,
    advance: Callable[[], None],
    *,
    domains_changed: DomainsObserver,
    now: datetime,
    population_year: int | None = None,
) -> ImportCounts:
    """Add the new municipalities of a CSV file, update the existing ones, and return the numbers of both.

    In an existing municipality only the values that are in the file are replaced; without domains in its line it keeps
    those that it has.

    Args:
        database: Database of the organisations.
        raw: Content of the file.
        advance: Called once per line, to show progress.
        domains_changed: Called in the write session, with the ids of the existing organisations whose domains change.
        now: Time of the import.
        population_year: Year of the populations in the file. If it is None, a population that is unchanged keeps its
            year and any other has an unknown year.

    Raises:
        InvalidMunicipalityFile: The file has faults; nothing was stored.
    """
    lines, faults = municipalities.parse_municipalities(raw, advance)
    if faults:
        raise InvalidMunicipalityFile(sorted(faults, key=lambda fault: fault.line))
    with database.write() as session:
        lock(session)
        stored = queries.get_all(session)
        faults = list(_find_taken_identifiers(stored, lines))
        if faults:
            raise InvalidMunicipalityFile(faults)
        entries = [_apply_line(stored.get(_build_id(line)), line, population_year, now) for line in lines]
        new = [entry for entry in entries if entry.id not in stored]
        changed = [entry for entry in entries if entry.id in stored and entry != _to_entry(stored[entry.id])]
        add(session, new, now)
        # The lock excludes other writers, so all organisations still have the versions that were read.
        queries.update_entries(session, [(_index_entry(entry), stored[entry.id].version) for entry in changed], now)
        moved = [entry.id for entry in changed if entry.domains != stored[entry.id].domains]
        if moved:
            domains_changed(session, moved)
        imported = ImportCounts(len(new), len(changed), len(entries) - len(new) - len(changed))
        event = ledger.Event(
            action="cli.organisations.import",
            actor=None,
            subject="/v1/organisations",
            public=True,
            sent=f"sha256:{hashlib.sha256(raw).hexdigest()}",
            details=structs.asdict(imported),
        )
        ledger.append_entry(session, event, now=now)
    return imported


def _build_id(line: MunicipalityLine) -> str:
    return f"{DIR3}-{line.dir3}"


def _find_taken_identifiers(
    stored: Mapping[str, OrganisationRecord], lines: Sequence[MunicipalityLine]
) -> Iterator[MunicipalityFault]:
    """Yield a fault for each DIR3 or INE code of a line that identifies another organisation.

    `stored` are all organisations, by id.
    """
    holders = {alias: record.id for record in stored.values() for alias in record.aliases} | {
        stored_id: stored_id for stored_id in stored
    }
    for line in lines:
        for column, value, identifier in (
            ("dir3", line.dir3, _build_id(line)),
            ("ine", line.ine, format_ine_identifier(line.ine)),
        ):
            holder = holders.get(identifier, _build_id(line))
            if holder != _build_id(line):
                yield MunicipalityFault(line.line, column, "taken", value, holder)


def _apply_line(
    record: OrganisationRecord | None, line: MunicipalityLine, population_year: int | None, now: datetime
) -> OrganisationEntry:
    """Return the entry of a municipality with the values of a line of the file.

    `record` is the stored municipality, None for a new one; `population_year` is None if the year is not known.
    """
    before = OrganisationEntry(id=_build_id(line), name=line.name, kind="MUN") if record is None else _to_entry(record)
    is_same_population = before.population == line.population and population_year is None
    return sort_members(
        structs.replace(
            before,
            name=line.name,
            former_names=add_past_name(before, line.name, now.date()),
            kind="MUN",
            population=line.population,
            population_year=before.population_year if is_same_population else population_year,
            province=line.province,
            region=line.region,
            aliases=tuple({*before.aliases, format_ine_identifier(line.ine)}),
            domains=line.domains or before.domains,
            simulated=False,
        )
    )


def _find_identifier_conflicts(session: Session, entry: OrganisationEntry) -> Iterator[OrganisationContradiction]:
    """Yield the contradictions of the id of a new organisation: it is invalid, or taken as an id or alias."""
    try:
        parse_identifier(entry.id)
    except InvalidIdentifier as error:
        yield OrganisationContradiction("/id", error.reason, entry.id, error.expected)
    for holder in [
        *queries.find_existing(session, [entry.id]),
        *queries.find_alias_holders(session, [entry.id]).values(),
    ]:
        yield OrganisationContradiction("/id", "taken", entry.id, holder)


def _find_conflicts(session: Session, entry: OrganisationEntry, now: datetime) -> Iterator[OrganisationContradiction]:
    """Yield the contradictions between members of an entry, and between the entry and stored organisations."""
    yield from find_contradictions(entry, now.date())
    holders = queries.find_alias_holders(session, entry.aliases) | {
        existing: existing for existing in queries.find_existing(session, entry.aliases)
    }
    for number, alias in enumerate(entry.aliases):
        holder = holders.get(alias, entry.id)
        if holder != entry.id:
            yield OrganisationContradiction(f"/aliases/{number}", "taken", alias, holder)
    references = [("/parent", entry.parent)] if entry.parent is not None else []
    references += [(f"/succeeded_by/{number}", identifier) for number, identifier in enumerate(entry.succeeded_by)]
    mentioned = {identifier for _, identifier in references} - {entry.id}
    existing, aliases = queries.find_existing(session, mentioned), queries.find_alias_holders(session, mentioned)
    for pointer, identifier in references:
        if identifier in mentioned and identifier not in existing:
            yield OrganisationContradiction(
                pointer, "alias" if identifier in aliases else "unknown", identifier, aliases.get(identifier)
            )
    if entry.parent in existing and _is_under(session, entry.parent, entry.id):
        yield OrganisationContradiction("/parent", "cycle", entry.parent)
    for number, identifier in enumerate(entry.succeeded_by):
        if identifier in existing and _is_followed_by(session, identifier, entry.id):
            yield OrganisationContradiction(f"/succeeded_by/{number}", "cycle", identifier)
    if entry.valid_to is not None:
        yield from _find_closing_date_conflicts(session, entry, entry.valid_to)


def _find_closing_date_conflicts(
    session: Session, entry: OrganisationEntry, last_day: date
) -> Iterator[OrganisationContradiction]:
    """Yield a contradiction for each successor or predecessor whose last day does not fit.

    `last_day` is the last day of the organisation of `entry`. A successor must not end before that day, and a
    predecessor must not end after it.
    """
    after = queries.find_last_days(session, {*entry.succeeded_by} - {entry.id})
    for number, other in enumerate(entry.succeeded_by):
        if other in after and after[other] < last_day:
            yield OrganisationContradiction(f"/succeeded_by/{number}", "ended", other, after[other].isoformat())
    before = queries.find_last_days(session, queries.list_predecessors(session, entry.id))
    for other in sorted(other for other, day in before.items() if day > last_day):
        yield OrganisationContradiction("/valid_to", "outlived", last_day.isoformat(), other)


def _is_under(session: Session, organisation: str | None, other: str) -> bool:
    """Return True if `other` is `organisation` itself or one of its ancestors (its parent, the parent of that, …).

    If `organisation` is None, the result is False.
    """
    # `visited` ends the walk if the stored parents already form a circle.
    visited: set[str | None] = {None}
    while organisation not in visited and organisation != other:
        visited.add(organisation)
        organisation = queries.get_parent(session, str(organisation))
    return organisation == other


def _is_followed_by(session: Session, organisation: str, other: str) -> bool:
    """Return True if `other` is `organisation` itself, or a direct or indirect successor of it."""
    visited: set[str] = set()
    following = {organisation}
    while following and other not in following:
        visited |= following
        following = queries.list_successors(session, following) - visited
    return other in following


def _ensure_consistent(contradictions: Sequence[OrganisationContradiction]) -> None:
    if contradictions:
        raise OrganisationInconsistent(sorted(contradictions, key=lambda contradiction: contradiction.pointer))


def _to_entry(record: OrganisationRecord) -> OrganisationEntry:
    return OrganisationEntry(**{name: getattr(record, name) for name in OrganisationEntry.__struct_fields__})


def _index_entry(entry: OrganisationEntry) -> queries.IndexedEntry:
    size = entry.population if _get_size_unit(entry.kind) == "P" else entry.employees
    return queries.IndexedEntry(
        entry=entry,
        band=None if size is None else find_band(entry.kind, size),
        name_order=fold(entry.name),
        words=index_words(entry),
    )


def _get_size_unit(kind: Kind) -> str:
    """Return the unit of the size of a kind of organisation: `P` for inhabitants, `E` for employees."""
    document = loader.load_newest().document
    return next(
        organisation_type.band_scale
        for organisation_type in document.organisation_types
        if organisation_type.code == kind
    )
