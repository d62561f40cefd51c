"""Read tables: columns are found by known headers, and all dates of a column have the same order of day and month."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple

from actitud.counting.decoding import repair_text
from actitud.counting.export_files import ExportFile
from actitud.counting.faults import CountingFault, FileRefused
from actitud.counting.header_tables import LOG_FORMAT, HeaderMatch, match_headers, normalise_header
from actitud.counting.messages import Message
from actitud.counting.sheets import SheetRow, SheetSource, list_beginnings, read_rows
from actitud.counting.source_reading import RowRefused, SourceReading
from actitud.counting.sources import Tell
from actitud.counting.times import OrderEvidence, ReadTime, TimeUnreadable, read_time

_UNKNOWN_NUMBERS: Final = frozenset({"", "-", "--", "–", "n/a", "null", "none"})
_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,'\s\u00a0\u202f]\d{3})+(?:[.,]0+)?|\d+(?:[.,]0+)?")
_SCIENTIFIC: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_FIRST_ROUNDED: Final = 10**15
"""Spreadsheets keep fifteen digits of a number."""
_ROUNDED: Final = re.compile(r"\d+(?:[.,]\d+)?\s*(?:k|m|mil|mill\.?|millones)", re.IGNORECASE)
_LONGEST_COUNT: Final = 18
_MOST_ACCOUNTS: Final = 50
_TIME_FIELDS: Final = ("time", "date")


class TableRow:
    """Row of a table that an export contains, usually a message.

    Its cells are looked up by field, such as "text" or "time", whatever the columns of the table are called.
    """

    def __init__(self, row: SheetRow, match: HeaderMatch, source: SourceReading, headers: list[str]) -> None:
        self.line: int = row.line
        self._cells = row.cells
        self._match = match
        self._source = source
        self._headers = headers

    def has(self, field: str) -> bool:
        """Return True if the table has a column for a field of messages."""
        return field in self._match.positions

    def get(self, field: str) -> Any:
        """Return the unconverted value of the cell for a field, "" if there is none."""
        index = self._match.positions.get(field)
        return "" if index is None or index >= len(self._cells) else self._cells[index]

    def get_text(self, field: str) -> str:
        """Return the cell for a field as a text without surrounding white space."""
        cell = self.get(field)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        text = str(cell).strip()
        if text.isascii():
            return text
        repaired = repair_text(text)
        if repaired != text:
            self._source.note_once("mojibake_repaired", self.name_column(field))
        return repaired

    def name_column(self, field: str) -> str:
        """Return the header of the column for a field, or the name of the field if the table has no such column."""
        index = self._match.positions.get(field)
        return field if index is None else self._headers[index].strip("\ufeff\"' ")

    def get_number(self, field: str) -> int | None:
        """Return the cell for a field as a whole number, None if it is blank or unreadable.

        An unreadable cell is logged as a fault.
        """
        text = self.get_text(field)
        if len(text) < _LONGEST_COUNT and text.isdecimal() and text.isascii():
            return int(text)
        if text.lower() in _UNKNOWN_NUMBERS:
            return None
        if len(text) < _LONGEST_COUNT and _GROUPED.fullmatch(text):
            # A count is whole: "1.234" and "1,234" are groups of thousands, "12.0" comes from a workbook.
            return int(re.sub(r"\D", "", re.sub(r"[.,]0{1,2}$", "", text)))
        code = "number_rounded" if _ROUNDED.fullmatch(text) else "number_invalid"
        self._source.note(code, self.line, self.name_column(field), text)
        return None

    def get_counts(self, *fields: str) -> dict[str, int]:
        """Return the cells for these fields as whole numbers, by field, without blank and unreadable cells."""
        numbers = {field: self.get_number(field) for field in fields if self.has(field)}
        return {field: number for field, number in numbers.items() if number is not None}

    def get_time(self) -> ReadTime:
        """Return the time of the row.

        Raises:
            RowRefused: if the cell cannot be read as a time.
        """
        return self._source.read_time(self.get("time"), self.line, self.name_column("time"))

    def get_dated_time(self, exact: datetime | None) -> ReadTime:
        """Return the time ``exact`` if it is within a day of the date in the row, else that date.

        ``exact`` is a time contained in the id of a message, None if there is none.

        Raises:
            RowRefused: if the cell cannot be read.
        """
        cell, column = self.get("time"), self.name_column("time")
        if cell == "":
            raise self._source.refuse("time_missing", self.line, column)
        zone = self._source.options.zone
        try:
            stated = read_time(cell, self._source.zone, zone, self._source.date_order)
        except TimeUnreadable as fault:
            if exact is not None and fault.code in ("date_without_year", "date_ambiguous"):
                # A day more or less: the table has the day of another time zone, or of the publication.
                days = [(exact + timedelta(days=shift)).astimezone(zone) for shift in (-1, 0, 1)]
                if _list_day_readings(str(cell)) & {(day.day, day.month) for day in days}:
                    return ReadTime(exact, "second")
            raise self._source.refuse(fault.code, self.line, column, cell, fault.suggestion) from None
        is_near = exact is not None and -timedelta(days=1) <= exact - stated.time < timedelta(days=2)
        return ReadTime(exact, "second") if exact and is_near and stated.precision == "day" else stated

    def translate(self, field: str, *, is_noted: bool = True) -> str | None:
        """Return the meaning of the word in the cell for a field; None for a blank cell, and for an unknown word.

        An unknown word is logged as a fault. ``is_noted``: False to log nothing, because the caller refuses the row.
        """
        text = self.get_text(field)
        if not text:
            return None
        meaning = self._match.translate(field, text)
        if meaning is None and is_noted:
            self._source.note("word_unknown", self.line, self.name_column(field), text)
        return meaning

    def translate_word(self, field: str, word: str) -> str:
        """Return the meaning of one of several words in the cell for a field; an unknown word stays, in lower case."""
        return self._match.translate(field, word) or word.casefold()

    def require_text(self, field: str) -> str:
        """Return the cell for a field, which must not be blank, as a text.

        Raises:
            RowRefused: if the cell is blank.
        """
        return self._source.require(self.get_text(field), self.line, self.name_column(field))

    def get_id(self, field: str = "id") -> str:
        """Return the cell for a field as an id, "" if it is blank.

        Raises:
            RowRefused: if a spreadsheet has rounded the id, which makes several ids equal.
        """
        cell, text = self.get(field), self.get_text(field)
        if (isinstance(cell, float) and abs(cell) >= _FIRST_ROUNDED) or _SCIENTIFIC.fullmatch(text):
            raise self._source.refuse("id_rounded", self.line, self.name_column(field), text)
        return text

    def require_id(self) -> str:
        """Return the id in a row, which must not be blank.

        Raises:
            RowRefused: if the id is blank, or was rounded by a spreadsheet.
        """
        return self._source.require(self.get_id(), self.line, self.name_column("id"))


class TableFormat(NamedTuple):
    """Format of the table in an export: its platform, its kinds of data (``tells``), and functions for its rows.

    ``make_messages`` builds the messages of a row. ``choose_zone`` returns the time zone of all rows; None for that of
    the organisation.
    """

    platform: str
    tells: tuple[Tell, ...]
    make_messages: Callable[[TableRow, SourceReading], Iterator[Message]]
    choose_zone: Callable[[Iterable[TableRow], SourceReading], tzinfo] | None = None


class TableFound(NamedTuple):
    """Table found in a file: its position, its row of headers, and the known headers that match."""

    sheet: SheetSource
    header: SheetRow
    match: HeaderMatch


def find_table(
    file: ExportFile, largest: int, match: Callable[[list[str]], HeaderMatch | None] = match_headers
) -> TableFound | None:
    """Return the table in a file whose headers match best, None if none match.

    ``largest``: largest workbook that is read, in bytes. ``match``: function that returns the match of a row of headers
    with known ones, by default with those of the platforms.

    Raises:
        FileRefused: if several sheets have rows below such headers: only one is read, and the others would be lost.
    """
    tables: list[TableFound] = []
    filled: list[TableFound] = []
    for sheet, rows in list_beginnings(file, largest):
        matches = [TableFound(sheet, row, found) for row in rows if (found := match([str(cell) for cell in row.cells]))]
        if matches:
            table = max(matches, key=lambda each: each.match.rank)
            tables.append(table)
            if any(any(map(str, row.cells)) for row in rows if row.line > table.header.line):
                filled.append(table)
    best = max(tables, key=lambda table: (table.match.rank, table in filled), default=None)
    if best is not None and best.sheet.sheet is not None:
        name = best.match.table.format
        number = sum(table.match.table.format == name and not table.match.missing for table in filled)
        if number > 1:
            raise FileRefused(CountingFault(code="several_sheets", file=file.name, value=str(number)))
    return best


def read_table(found: TableFound, table: TableFormat, source: SourceReading) -> Iterator[Message]:
    """Yield the messages of a table that was found in a file.

    Raises:
        FileRefused: if a column is missing, the file breaks off, or its dates contradict each other.
    """
    headers = [str(cell) for cell in found.header.cells]
    match = found.match
    if match.missing:
        faults = [
            source.fail(
                "column_missing",
                found.header.line,
                match.table.columns[field][0],
                suggestion=match.suggest(field),
            )
            for field in match.missing
        ]
        for fault in faults[1:]:
            source.log.add(fault.fault)
        raise faults[0]
    if match.table.format == LOG_FORMAT:
        names = [normalise_header(repair_text(header)) for header in headers]
        for index in match.positions.values():
            if names.count(names[index]) > 1:
                raise source.fail("column_repeated", found.header.line, headers[index])
        # Exports of platforms have many columns that no count needs, with names like those of others.
        for header, likely in match.list_misspelt():
            source.note("column_unlikely", found.header.line, header, suggestion=likely)
    source.headers = match.table.sighting
    source.tells.update(table.tells)
    if match.is_broken:
        source.note_once("mojibake_repaired")
    _decide_order(found, source, headers)
    if table.choose_zone:
        rows = read_rows(source.file, found.sheet, source.options.limits.whole_bytes)
        below = (TableRow(row, match, source, headers) for row in rows if row.line > found.header.line)
        source.zone = table.choose_zone(below, source)
    totals = {normalise_header(word) for word in match.table.totals}
    accounts: set[str] = set()
    for row in _read_whole_rows(found, source, len(headers)):
        # The first two cells: an export may have an empty one before the word.
        if totals and any(normalise_header(str(cell)) in totals for cell in row.cells[:2]):
            source.skip("total")
            continue
        with suppress(RowRefused):
            for message in table.make_messages(TableRow(row, match, source, headers), source):
                if len(accounts) < _MOST_ACCOUNTS:
                    accounts.add(message.account)
                yield message
    if len(accounts) > 1 and match.table.platform != "log" and not source.list_own_names():
        source.note("several_accounts", None, match.table.columns.get("account", ("",))[0])
    if len(accounts) == 1:
        (source.account,) = accounts


def _read_whole_rows(found: TableFound, source: SourceReading, width: int) -> Iterator[SheetRow]:
    """Iterate over the rows after the headers that have a cell for each of them."""
    is_text = found.sheet.separator is not None
    short: SheetRow | None = None
    for row in read_rows(source.file, found.sheet, source.options.limits.whole_bytes):
        if row.line <= found.header.line:
            continue
        if short is not None:
            source.refuse("row_length", short.line, None, len(short.cells))
            short = None
        if is_text and len(row.cells) < width:
            short = row
        elif len(row.cells) > width and any(str(cell).strip() for cell in row.cells[width:]):
            source.refuse("row_length", row.line, None, len(row.cells))
        else:
            yield row
    if short is not None:
        if not source.file.ends_line:
            raise source.fail("half_file", short.line)
        source.refuse("row_length", short.line, None, len(short.cells))
    elif is_text and not source.file.ends_line:
        source.note("last_line_open")


def _decide_order(found: TableFound, source: SourceReading, headers: list[str]) -> None:
    """Set the order of dates with two readings from all dates of the file, in a first pass over it.

    Raises:
        FileRefused: if some dates can only be day first and others only month first, or some are dates and others text:
            a spreadsheet makes dates of the texts that have a reading in its own order, and leaves the others.
    """
    columns = [found.match.positions[field] for field in _TIME_FIELDS if field in found.match.positions]
    evidence = OrderEvidence()
    dated: set[int] = set()
    written: set[int] = set()
    for count, row in enumerate(read_rows(source.file, found.sheet, source.options.limits.whole_bytes)):
        if row.line <= found.header.line:
            continue
        for column in columns:
            cell = row.cells[column] if column < len(row.cells) else ""
            if isinstance(cell, date):
                dated.add(column)
            elif isinstance(cell, str) and evidence.add(cell):
                written.add(column)
        if count > 200 and not dated and not written:
            return
    if mixed := dated & written:
        raise source.fail("dates_mixed", None, headers[min(mixed)])
    if evidence.is_contradictory:
        raise source.fail("dates_contradict", None, headers[columns[0]])
    # What the column itself shows holds against what the caller says of all files.
    source.date_order = evidence.order or source.date_order


def _list_day_readings(text: str) -> set[tuple[int, int]]:
    """Return the readings of a date as day and month, of one without a year too."""
    readings: set[tuple[int, int]] = set()
    for attempt in (f"{text} de 2024", f"{text} 2024"):  # a leap year: the 29th of February is a day
        try:
            moment = read_time(attempt, UTC, UTC).time
        except TimeUnreadable:
            continue
        readings.add((moment.day, moment.month))
    numbers = re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}", text.strip())
    if numbers:
        first, other = int(numbers[1]), int(numbers[2])
        readings |= {(first, other), (other, first)}
    return readings


def find_link(text: str, pattern: re.Pattern[str]) -> str | None:
    """Return the part of a link that the first group of a pattern matches, None if the pattern does not match."""
    found = pattern.search(text)
    return found[1] if found else None


def join_texts(*texts: str) -> str:
    """Join texts with line breaks, leaving out empty texts, repeated texts and texts with which another text begins."""
    parts = [*dict.fromkeys(filter(None, texts))]
    return "\n".join(part for part in parts if not any(other != part and other.startswith(part) for other in parts))
