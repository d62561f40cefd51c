"""Use cases of organisations: read, create, update, import."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import cast

from msgspec import Struct, structs

from actitud_api.engine.methodology import loader
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.folding import fold, split_words
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.organisations import municipalities, queries
from actitud_api.resources.organisations.entries import (
    ContactChange,
    ContactDetails,
    OrganisationChange,
    OrganisationContradiction,
    OrganisationEntry,
    PastName,
    add_past_name,
    apply_change,
    find_contradictions,
    normalise_entry,
    sort_members,
)
from actitud_api.resources.organisations.identifiers import (
    DIR3,
    InvalidIdentifier,
    format_ine_identifier,
    normalise_identifier,
    parse_identifier,
)
from actitud_api.resources.organisations.kinds import Band, Kind
from actitud_api.resources.organisations.municipalities import MunicipalityFault, MunicipalityLine
from actitud_api.resources.organisations.queries import OrganisationFilters, OrganisationRecord, match_identifiers

__all__ = [
    "Band",
    "ContactChange",
    "ContactDetails",
    "IdentifierIsAlias",
    "ImportCounts",
    "InvalidMunicipalityFile",
    "OrganisationChange",
    "OrganisationContradiction",
    "OrganisationEntry",
    "OrganisationFilters",
    "OrganisationInconsistent",
    "OrganisationRecord",
    "PastName",
    "UnknownOrganisation",
    "add",
    "create",
    "exists",
    "find",
    "find_band",
    "get",
    "get_domains",
    "import_municipalities",
    "list_page",
    "lock",
    "match_identifiers",
    "refuse_alias",
    "remove_simulated",
    "split_words",
    "update",
]


class UnknownOrganisation(LookupError):
    """No organisation has that id."""

    def __init__(self, organisation: str) -> None:
        super().__init__(organisation)
        self.organisation = organisation


class IdentifierIsAlias(LookupError):
    """Alias used as an id; `organisation` is the id of its organisation."""

    def __init__(self, organisation: str) -> None:
        super().__init__(organisation)
        self.organisation = organisation


class OrganisationInconsistent(ValueError):
    """Entry that contradicts itself or stored data; `contradictions` names every place."""

    def __init__(self, contradictions: Sequence[OrganisationContradiction]) -> None:
        super().__init__(f"{len(contradictions)} contradictions")
        self.contradictions = contradictions


class InvalidMunicipalityFile(ValueError):
    """File that was not imported; `faults` lists all faults, in order of lines."""

    def __init__(self, faults: list[MunicipalityFault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class ImportCounts(Struct, frozen=True):
    """Numbers of organisations that an import added, changed and left unchanged."""

    added: int
    changed: int
    unchanged: int


def list_page(
    database: Database, filters: OrganisationFilters, *, after: str | None, offset: int, limit: int
) -> list[OrganisationRecord]:
    """Return organisations in order of their ids, starting after `after`."""
    with database.read() as session:
        return queries.list_page(session, filters, after, offset, limit)


def get_state(database: Database) -> tuple[int, int, str, str]:
    """Return values of which one changes with every write of an organisation."""
    with database.read() as session:
        return queries.get_state(session)


def get(database: Database, organisation: str) -> OrganisationRecord:
    """Return the organisation of an id; raise `UnknownOrganisation` or `IdentifierIsAlias`."""
    with database.read() as session:
        return find(session, organisation)


def find(session: Session, organisation: str) -> OrganisationRecord:
    """Return the organisation of an id within a session; raise `UnknownOrganisation` or `IdentifierIsAlias`."""
    record = queries.get(session, organisation)
    if record is None:
        refuse_alias(session, organisation)
        raise UnknownOrganisation(organisation)
    return record


def refuse_alias(session: Session, organisation: str) -> None:
    """Raise `IdentifierIsAlias` if a text that is no id is an alias, or another spelling of an id."""
    spelling = normalise_identifier(organisation)
    for holder in queries.find_alias_holders(session, [spelling]).values():
        raise IdentifierIsAlias(holder)
    if spelling != organisation and exists(session, spelling):
        raise IdentifierIsAlias(spelling)


def exists(session: Session, organisation: str) -> bool:
    """Return True if an organisation has that id."""
    return bool(queries.find_existing(session, [organisation]))


def get_domains(session: Session, organisation: str, *, locked: bool) -> tuple[str, ...]:
    """Return the hosts whose pages are evidence of an organisation; raise `UnknownOrganisation`.

    If `locked`, which needs a write session, nobody can change them until the session ends.
    """
    found = queries.get_domains(session, organisation, locked=locked)
    if found is None:
        raise UnknownOrganisation(organisation)
    return found


def find_band(kind: Kind, size: int) -> Band | None:
    """Return the size band of a kind of organisation in the newest active methodology, or None if no band fits.

    `size`: inhabitants or employees, depending on the kind.
    """
    document = loader.load_newest().document
    for band in document.size_bands[_scale(kind)]:
        if band.start <= size and (band.to is None or size <= band.to):
            return cast("Band", band.code)
    return None


def lock(session: Session) -> None:
    """Let this session alone write organisations until it ends, for checks against all of them."""
    queries.lock(session)


def add(session: Session, entries: Iterable[OrganisationEntry], now: datetime) -> None:
    """Store new organisations whose entries are known to be consistent."""
    queries.insert_entries(session, [_written(sort_members(normalise_entry(entry))) for entry in entries], now)


def create(session: Session, entry: OrganisationEntry, *, now: datetime) -> OrganisationRecord:
    """Create an organisation; raise `OrganisationInconsistent`."""
    # Whether an identifier is free, and whether two are each other's parent, rests on all of them.
    lock(session)
    new = normalise_entry(entry)
    _ensure_consistent([*_find_identifier_conflicts(session, new), *_contradictions(session, new, now)])
    add(session, [new], now)
    return find(session, new.id)


def update(
    session: Session,
    organisation: str,
    change: OrganisationChange,
    *,
    expected: Expected,
    domains_changed: Callable[[Session, str], None],
    now: datetime,
) -> OrganisationRecord:
    """Update an organisation and return it; a change without effect keeps the version.

    `domains_changed` is called in the same session if the domains change.

    Raises:
        UnknownOrganisation: No organisation has that id.
        IdentifierIsAlias: The id is an alias.
        StaleVersion: The stored revision is not the `expected` one.
        OrganisationInconsistent: The changed entry contradicts itself or stored data.
    """
    lock(session)
    there = find(session, organisation)
    if not expected(build_revision(there.created, there.version)):
        raise StaleVersion
    entry = apply_change(_entry(there), change, now.date())
    _ensure_consistent(list(_contradictions(session, entry, now)))
    entry = sort_members(entry)
    if entry == _entry(there):
        return there
    if not queries.update_entries(session, [(_written(entry), there.version)], now):
        raise StaleVersion
    if entry.domains != there.domains:
        domains_changed(session, organisation)
    return find(session, organisation)


def remove_simulated(session: Session) -> None:
    """Delete every invented organisation."""
    queries.delete_simulated(session)


def import_municipalities(
    database: Database, raw: bytes, advance: Callable[[], None], *, now: datetime, population_year: int | None = None
) -> ImportCounts:
    """Store the municipalities of a file, updating those that exist, and return the counts.

    Members that are not in the file stay as they are. `population_year`: year of the populations; without it an
    unchanged population keeps its year. `advance` is called once per line.

    Raises:
        InvalidMunicipalityFile: The file has faults; nothing was stored.
    """
    found, faults = municipalities.parse_municipalities(raw, advance)
    if faults:
        raise InvalidMunicipalityFile(sorted(faults, key=lambda fault: fault.line))
    with database.write() as session:
        lock(session)
        stored = queries.get_all(session)
        faults = list(_find_taken_identifiers(stored, found))
        if faults:
            raise InvalidMunicipalityFile(faults)
        entries = [_imported(stored.get(_id(line)), line, population_year, now) for line in found]
        new = [entry for entry in entries if entry.id not in stored]
        others = [entry for entry in entries if entry.id in stored and entry != _entry(stored[entry.id])]
        add(session, new, now)
        # Nobody else writes organisations until the session ends, so that all are at these versions.
        queries.update_entries(session, [(_written(entry), stored[entry.id].version) for entry in others], now)
        imported = ImportCounts(len(new), len(others), len(entries) - len(new) - len(others))
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


def _id(line: MunicipalityLine) -> str:
    return f"{DIR3}-{line.dir3}"


def _find_taken_identifiers(
    stored: Mapping[str, OrganisationRecord], lines: Sequence[MunicipalityLine]
) -> Iterator[MunicipalityFault]:
    """Yield the lines whose identifiers belong to other organisations."""
    holders = {alias: record.id for record in stored.values() for alias in record.aliases} | {
        known: known for known in stored
    }
    for line in lines:
        for column, value, identifier in (
            ("dir3", line.dir3, _id(line)),
            ("ine", line.ine, format_ine_identifier(line.ine)),
        ):
            holder = holders.get(identifier, _id(line))
            if holder != _id(line):
                yield MunicipalityFault(line.line, column, "taken", value, holder)


def _imported(
    there: OrganisationRecord | None, line: MunicipalityLine, population_year: int | None, now: datetime
) -> OrganisationEntry:
    """Return the stored entry of a line, or a new one, updated by the line."""
    before = OrganisationEntry(id=_id(line), name=line.name, kind="MUN") if there is None else _entry(there)
    same = before.population == line.population and population_year is None
    return sort_members(
        structs.replace(
            before,
            name=line.name,
            former_names=add_past_name(before, line.name, now.date()),
            kind="MUN",
            population=line.population,
            population_year=before.population_year if same else population_year,
            province=line.province,
            region=line.region,
            aliases=tuple({*before.aliases, format_ine_identifier(line.ine)}),
            simulated=False,
        )
    )


def _find_identifier_conflicts(session: Session, entry: OrganisationEntry) -> Iterator[OrganisationContradiction]:
    """Yield the contradictions of the id of a new organisation."""
    try:
        parse_identifier(entry.id)
    except InvalidIdentifier as error:
        yield OrganisationContradiction("/id", error.reason, entry.id, error.expected)
    for holder in [
        *queries.find_existing(session, [entry.id]),
        *queries.find_alias_holders(session, [entry.id]).values(),
    ]:
        yield OrganisationContradiction("/id", "taken", entry.id, holder)


def _contradictions(session: Session, entry: OrganisationEntry, now: datetime) -> Iterator[OrganisationContradiction]:
    """Yield the contradictions within an entry, and with stored organisations."""
    yield from find_contradictions(entry, now.date())
    holders = queries.find_alias_holders(session, entry.aliases) | {
        known: known for known in queries.find_existing(session, entry.aliases)
    }
    for number, alias in enumerate(entry.aliases):
        holder = holders.get(alias, entry.id)
        if holder != entry.id:
            yield OrganisationContradiction(f"/aliases/{number}", "taken", alias, holder)
    others = [("/parent", entry.parent)] if entry.parent is not None else []
    others += [(f"/succeeded_by/{number}", other) for number, other in enumerate(entry.succeeded_by)]
    mentioned = {other for _, other in others} - {entry.id}
    known, aliases = queries.find_existing(session, mentioned), queries.find_alias_holders(session, mentioned)
    for pointer, other in others:
        if other in mentioned and other not in known:
            yield OrganisationContradiction(
                pointer, "alias" if other in aliases else "unknown", other, aliases.get(other)
            )
    if entry.parent in known and _is_under(session, entry.parent, entry.id):
        yield OrganisationContradiction("/parent", "cycle", entry.parent)
    for number, other in enumerate(entry.succeeded_by):
        if other in known and _is_followed_by(session, other, entry.id):
            yield OrganisationContradiction(f"/succeeded_by/{number}", "cycle", other)
    if entry.valid_to is not None:
        yield from _find_closing_date_conflicts(session, entry, entry.valid_to)


def _find_closing_date_conflicts(
    session: Session, entry: OrganisationEntry, last_day: date
) -> Iterator[OrganisationContradiction]:
    """Yield successors that closed before this organisation, and predecessors that closed after it."""
    after = queries.find_last_days(session, {*entry.succeeded_by} - {entry.id})
    for number, other in enumerate(entry.succeeded_by):
        if other in after and after[other] < last_day:
            yield OrganisationContradiction(f"/succeeded_by/{number}", "ended", other, after[other].isoformat())
    before = queries.find_last_days(session, queries.list_predecessors(session, entry.id))
    for other in sorted(other for other, day in before.items() if day > last_day):
        yield OrganisationContradiction("/valid_to", "outlived", last_day.isoformat(), other)


def _is_under(session: Session, organisation: str | None, other: str) -> bool:
    """Return True if `other` is an ancestor of an organisation, or the organisation itself."""
    passed: set[str | None] = {None}
    while organisation not in passed and organisation != other:
        passed.add(organisation)
        organisation = queries.get_parent(session, str(organisation))
    return organisation == other


def _is_followed_by(session: Session, organisation: str, other: str) -> bool:
    """Return True if `other` is a direct or indirect successor of an organisation, or the organisation itself."""
    passed: set[str] = set()
    following = {organisation}
    while following and other not in following:
        passed |= following
        following = queries.list_successors(session, following) - passed
    return other in following


def _ensure_consistent(contradictions: Sequence[OrganisationContradiction]) -> None:
    if contradictions:
        raise OrganisationInconsistent(sorted(contradictions, key=lambda found: found.pointer))


def _entry(record: OrganisationRecord) -> OrganisationEntry:
    return OrganisationEntry(**{name: getattr(record, name) for name in OrganisationEntry.__struct_fields__})


def _written(entry: OrganisationEntry) -> queries.IndexedEntry:
    size = entry.population if _scale(entry.kind) == "P" else entry.employees
    names = (entry.name, entry.id, *(former.name for former in entry.former_names), *entry.aliases)
    return queries.IndexedEntry(
        entry=entry,
        band=None if size is None else find_band(entry.kind, size),
        name_order=fold(entry.name),
        search=fold(" ".join(names)),
    )


def _scale(kind: Kind) -> str:
    """Return the unit of size of a kind of organisation: `P`, inhabitants, or `E`, employees."""
    document = loader.load_newest().document
    return next(known.band_scale for known in document.organisation_types if known.code == kind)
