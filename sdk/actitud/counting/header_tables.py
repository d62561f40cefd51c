"""The known column headers of the tables of platforms, stored as data, and the search for columns by them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple
from unicodedata import combining, normalize

import msgspec

from actitud.counting.decoding import repair_text
from actitud.counting.sources import HeaderSighting

_FEWEST_KNOWN: Final = 3
LOG_FORMAT: Final = "log-messages"
"""Format of message logs, whose headers persons write."""
_LIKENESS: Final = 0.6
_MISSPELT: Final = 0.8
"""Least likeness of a misspelt header to a known one: a log may have columns of its own."""


class Sighting(msgspec.Struct, frozen=True):
    """Sighting of column headers in an export, or in the code that reads or writes it: its date and its source."""

    date: date
    seen: str


class HeaderTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Known column headers of a table of a platform in one language.

    - ``columns``: known headers of the column of each field of a message, the headers of the newest export first.
    - ``required``: fields without which a row is no message.
    - ``values``: the meaning of each word in the cells of a field, by field and word.
    - ``totals``: words in the first columns of a row with totals.
    """

    platform: str
    format: str
    language: str
    sightings: tuple[Sighting, ...]
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    values: Mapping[str, Mapping[str, str]] = {}
    totals: tuple[str, ...] = ()

    @property
    def sighting(self) -> HeaderSighting:
        """Newest sighting of these headers."""
        newest = max(self.sightings, key=lambda sighting: sighting.date)
        return HeaderSighting(self.language, newest.date, newest.seen)


class HeaderMatch(NamedTuple):
    """Match of a row of headers with the known headers of a table.

    Attributes:
        table: The table with the known headers.
        positions: Index of the column of each field.
        missing: Required fields without a column.
        unknown: Headers that match no field.
        is_broken: True if the headers were decoded wrongly.
        own: Number of columns found in the table's language.
    """

    table: HeaderTable
    positions: dict[str, int]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    is_broken: bool
    own: int

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Sort key of matches: a better match has a larger key.

        The match with the most columns is the best, even if one column is missing, because a table of another platform
        may need fewer columns.
        """
        return len(self.positions), not self.missing, self.own

    def suggest(self, field: str) -> str | None:
        """Return the unknown header that is most similar to the known headers of a missing column, None if none is."""
        best: tuple[float, str] | None = None
        for name in self.table.columns[field]:
            for header in self.unknown:
                matcher = difflib.SequenceMatcher(None, normalise_header(name), normalise_header(header))
                # The headers are those of a known table: one that is like none of its names may be a person's.
                if matcher.ratio() >= _LIKENESS and (best is None or matcher.ratio() > best[0]):
                    best = matcher.ratio(), header
        return best[1] if best else None

    def list_misspelt(self) -> Iterator[tuple[str, str]]:
        """Yield pairs of an unknown header and the known header that it resembles.

        Only known headers of fields are considered for which no column was found.
        """
        names = {
            normalise_header(name): name
            for field, known in self.table.columns.items()
            if field not in self.positions
            for name in known
        }
        for header in self.unknown:
            alike = difflib.get_close_matches(normalise_header(header), names, n=1, cutoff=_MISSPELT)
            if alike:
                yield header, names[alike[0]]

    def translate(self, field: str, value: str) -> str | None:
        """Return the meaning of a word in a cell of a field, None if it is unknown."""
        return _find_meanings(self.table.format, field).get(normalise_header(value))


def normalise_header(text: str) -> str:
    """Return a header without differences of case, accents, quotes and white space."""
    plain = "".join(letter for letter in normalize("NFKD", text.strip("\ufeff\"' \t")) if not combining(letter))
    return re.sub(r"\s+", " ", plain).strip().casefold()


@cache
def load_header_tables() -> tuple[HeaderTable, ...]:
    """Return all known header tables, in the order of their names."""
    folder = files("actitud.counting").joinpath("headers")
    decoder = msgspec.json.Decoder(HeaderTable)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return tuple(decoder.decode(folder.joinpath(name).read_bytes()) for name in names)


def match_headers(cells: Sequence[str]) -> HeaderMatch | None:
    """Return the best match of a row of headers with the known headers of tables, None if no table matches."""
    best: HeaderMatch | None = None
    repaired = [repair_text(cell) for cell in cells]
    for headers, is_broken in ((cells, False), (repaired, True)):
        if is_broken and headers == cells:
            continue
        for match in _match_each(headers, is_broken):
            if best is None or match.rank > best.rank:
                best = match
    if best is None or len(best.positions) < min(_FEWEST_KNOWN, len(best.table.columns)):
        return None
    # With a missing column the row has to be like the table in half of the others.
    filled = sum(bool(cell.strip()) for cell in cells)
    if best.missing and len(best.positions) < min(len(best.table.columns), filled) / 2:
        return None
    return best


def _match_each(headers: Sequence[str], is_broken: bool) -> Iterator[HeaderMatch]:
    places: dict[str, int] = {}
    for index, header in enumerate(headers):
        places.setdefault(normalise_header(header), index)
    for table in load_header_tables():
        positions = _find_columns(table, places)
        if not positions:
            continue
        own = len(positions)
        # Exports mix languages: what the table of one language lacks may stand there in another.
        for other in load_header_tables():
            if other.format == table.format and other is not table:
                taken = set(positions.values())
                for field, index in _find_columns(other, places).items():
                    if index not in taken:
                        positions.setdefault(field, index)
        known = set(positions.values())
        yield HeaderMatch(
            table,
            positions,
            tuple(field for field in table.required if field not in positions),
            tuple(header for index, header in enumerate(headers) if index not in known and header.strip()),
            is_broken,
            own,
        )


def _find_columns(table: HeaderTable, places: Mapping[str, int]) -> dict[str, int]:
    positions: dict[str, int] = {}
    for field, names in table.columns.items():
        for name in names:
            index = places.get(normalise_header(name))
            if index is not None:
                positions[field] = index
                break
    return positions


@cache
def _find_meanings(format_name: str, field: str) -> dict[str, str]:
    meanings: dict[str, str] = {}
    for table in load_header_tables():
        if table.format == format_name:
            for word, meaning in table.values.get(field, {}).items():
                meanings[normalise_header(word)] = meaning
    return meanings
