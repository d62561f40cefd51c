"""Use cases over organisations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from msgspec import Struct

from actitud_api.methodology import loader
from actitud_api.organisations import municipalities, queries
from actitud_api.organisations.identifiers import DIR3
from actitud_api.organisations.kinds import Band, Kind
from actitud_api.organisations.municipalities import Fault, Municipality
from actitud_api.organisations.queries import Filters, Record
from actitud_api.storage.database import Database, Session
from actitud_api.storage.folding import fold, words

__all__ = [
    "FaultyFile",
    "Filters",
    "Imported",
    "Record",
    "UnknownOrganisation",
    "add",
    "band_of",
    "get",
    "import_municipalities",
    "lock",
    "page",
    "remove_simulated",
    "words",
]


class UnknownOrganisation(LookupError):
    """There is no organisation of that id."""

    def __init__(self, organisation: str) -> None:
        super().__init__(organisation)
        self.organisation = organisation


class FaultyFile(ValueError):
    """A file that was not imported; `faults` names all that is wrong, in the order of the lines."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class Imported(Struct, frozen=True):
    """What an import did with the organisations of a file."""

    added: int
    changed: int
    unchanged: int


def page(database: Database, filters: Filters, *, after: str | None, offset: int, limit: int) -> list[Record]:
    """Organisations in the order of their ids, from the one that follows `after`."""
    with database.read() as session:
        return queries.page(session, filters, after, offset, limit)


def get(database: Database, organisation: str) -> Record:
    """The organisation of that id; raises `UnknownOrganisation`."""
    with database.read() as session:
        record = queries.one(session, organisation)
    if record is None:
        raise UnknownOrganisation(organisation)
    return record


def band_of(kind: Kind, size: int) -> Band | None:
    """The size band of a kind of organisation, by the newest methodology; None where no band has that size.

    `size`: inhabitants or employees, as the scale of the kind says.
    """
    document = loader.load(loader.versions()[-1]).document
    scale = next(known.band_scale for known in document.organisation_types if known.code == kind)
    for band in document.size_bands[scale]:
        if band.start <= size and (band.to is None or size <= band.to):
            return cast("Band", band.code)
    return None


def lock(session: Session) -> None:
    """Makes the session the only one that writes organisations until it ends: for what rests on all of them."""
    queries.lock(session)


def add(session: Session, records: Iterable[Record]) -> None:
    """Stores new organisations."""
    queries.add(session, [(record, _searched(record)) for record in records])


def remove_simulated(session: Session) -> None:
    """Removes every invented organisation."""
    queries.remove_simulated(session)


def import_municipalities(database: Database, raw: bytes, advance: Callable[[], None]) -> Imported:
    """Stores the municipalities of a file; those that are there already are brought up to date.

    `advance` is called once for each line read. Raises `FaultyFile`, and then nothing is stored.
    """
    found, faults = municipalities.read(raw, advance)
    if faults:
        raise FaultyFile(sorted(faults, key=lambda fault: fault.line))
    with database.write() as session:
        lock(session)
        stored = queries.by_id(session)
        records = [_record(municipality) for municipality in found]
        new = [record for record in records if record.id not in stored]
        changed = [record for record in records if record.id in stored and record != stored[record.id]]
        add(session, new)
        queries.change(session, [(record, _searched(record)) for record in changed])
    return Imported(len(new), len(changed), len(records) - len(new) - len(changed))


def _record(municipality: Municipality) -> Record:
    return Record(
        id=f"{DIR3}-{municipality.dir3}",
        name=municipality.name,
        kind="MUN",
        population=municipality.population,
        band=band_of("MUN", municipality.population),
        province=municipality.province,
        region=municipality.region,
        simulated=False,
    )


def _searched(record: Record) -> str:
    return fold(f"{record.name} {record.id}")
