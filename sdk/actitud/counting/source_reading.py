"""The state of reading one file: its taken, refused and skipped rows, its faults, and its kinds of data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Final, NamedTuple

from actitud.counting.export_files import ExportFile
from actitud.counting.faults import CountingFault, FaultLog, FileRefused, show_value
from actitud.counting.messages import Kind, Message, Origin
from actitud.counting.options import ReadingOptions, normalise_account
from actitud.counting.sources import HeaderSighting, Period, RowNumbers, Source, Tell
from actitud.counting.times import DateOrder, ReadTime, TimeUnreadable, read_time

_MOST_NAMES: Final = 1_000
_YEARS: Final = range(1990, 2100)
_NONE: Final[Mapping[str, int]] = {}


class ArchiveOwner(NamedTuple):
    """Account to which an archive or a set of conversations belongs, as far as other files of the archive identify it.

    ``identity`` and ``name``: id and name of the account at the platform, "" if not known. ``order``: order of day and
    month in the other chats of the same telephone, None if they do not show it.
    """

    identity: str = ""
    name: str = ""
    order: DateOrder | None = None


class RowRefused(Exception):
    """Raised if a row of a file is not counted because of a fault, which is in the log already."""


class SourceReading:
    """State of reading one export file: its properties, the numbers of its rows, and its faults.

    A reader sets ``account``, ``tells`` (the kinds of data in the file), ``headers`` and the stated period, and calls
    ``keep`` for each message, ``skip`` for each row that is no message, and ``refuse`` for each row that cannot be
    read.
    """

    def __init__(
        self, index: int, file: ExportFile, platform: str, format_name: str, options: ReadingOptions, log: FaultLog
    ) -> None:
        self.index = index
        self.file = file
        self.platform = platform
        self.format = format_name
        self.options = options
        self.log = log
        self.account: str = ""
        self.tells: set[Tell] = set()
        self.headers: HeaderSighting | None = None
        self.stated: tuple[date | None, date | None] = (None, None)
        self.date_order: DateOrder | None = options.date_order
        self.zone: tzinfo = options.zone
        self._taken = 0
        self._refused = 0
        self._skipped: Counter[str] = Counter()
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._noted: set[str] = set()
        self._names: dict[tuple[str, ...], str] = {}

    def name_account(self, *names: str) -> str:
        """Return the name of the organisation's account that has one of these names, or the first of `names`."""
        found = self._names.get(names)
        if found is None:
            plain = [" ".join(name.split()).removeprefix("@") for name in names if name]
            known = (self.options.find_account(self.platform, name) for name in plain)
            found = next((name for name in known if name), plain[0] if plain else "")
            if len(self._names) < _MOST_NAMES:
                self._names[names] = found
        return found

    def set_account(self, *names: str) -> None:
        """Set the account of the file to the one that has one of these names, unless an earlier row has set it."""
        self.account = self.account or self.name_account(*names)

    def is_own(self, *names: str) -> bool:
        """Return True if an account of the organisation on this platform has one of these names."""
        return any(self.options.find_account(self.platform, name) is not None for name in names if name)

    def list_own_names(self) -> list[str]:
        """Return the names and aliases of the organisation's accounts on this platform, in normalised spelling."""
        return [
            normalise_account(name)
            for account in self.options.accounts
            if account.platform == self.platform
            for name in (account.name, *account.aliases)
        ]

    def keep(
        self,
        *,
        row: int | str,
        id: str,  # noqa: A002 # the name of the field
        time: ReadTime,
        kind: Kind,
        text: str = "",
        account: str | None = None,
        platform: str | None = None,
        thread: str | None = None,
        parent: str | None = None,
        media: Iterable[str] = (),
        alternative_texts: tuple[str | None, ...] | None = None,
        counts: Mapping[str, int] = _NONE,
        permalink: str | None = None,
        private: bool = False,
        edited: datetime | None = None,
        deleted: bool = False,
        language: str | None = None,
    ) -> Message:
        """Build the message of a row, count the row as taken, and return the message.

        The arguments are the fields of the message; `row` is the line, row number or JSON Pointer of the row. `account`
        and `platform` are those of the file if they are None.
        """
        self._taken += 1
        moment, precision = time
        if self._first is None or moment < self._first:
            self._first = moment
        if self._last is None or moment > self._last:
            self._last = moment
        return Message(
            platform=platform or self.platform,
            account=self.account if account is None else account,
            id=_replace_surrogates(id),
            origin=Origin(self.index, row),
            time=moment,
            precision=precision,
            kind=kind,
            text=_replace_surrogates(text),
            thread=thread,
            parent=parent,
            media=tuple(sorted(set(media))),
            alternative_texts=alternative_texts,
            counts=counts,
            permalink=permalink or None,
            private=private,
            edited=edited,
            deleted=deleted,
            language=language or None,
        )

    def skip(self, reason: str) -> None:
        """Count a row as skipped, because it is no message to be counted.

        ``reason``: a word for the reason, such as `total` for a row with sums.
        """
        self._skipped[reason] += 1

    def refuse(
        self, code: str, row: int | str, column: str | None, value: object = None, suggestion: str | None = None
    ) -> RowRefused:
        """Count a row as refused, log its fault, and return the exception to raise.

        ``column``: column of the faulty value, None if the fault concerns the whole row. ``value``: the faulty value,
        of which only parts that cannot identify a person are logged. ``suggestion``: a likely right value.
        """
        self._refused += 1
        self.log.add(self._make_fault(code, row, column, value, suggestion, True))
        return RowRefused(code)

    def note(
        self,
        code: str,
        row: int | str | None = None,
        column: str | None = None,
        value: object = None,
        suggestion: str | None = None,
    ) -> None:
        """Log a fault that excludes no row from the count; ``row`` is None for one of the whole file."""
        self.log.add(self._make_fault(code, row, column, value, suggestion, False))

    def note_once(self, code: str, column: str | None = None) -> None:
        """Log a fault of the whole file, unless it was logged before."""
        if code not in self._noted:
            self._noted.add(code)
            self.note(code, None, column)

    def fail(
        self,
        code: str,
        row: int | str | None = None,
        column: str | None = None,
        value: object = None,
        suggestion: str | None = None,
    ) -> FileRefused:
        """Build the exception that refuses the whole file because of a fault; the reader must raise it."""
        return FileRefused(self._make_fault(code, row, column, value, suggestion, True))

    def read_time(self, value: object, row: int | str, column: str | None) -> ReadTime:
        """Return the time of a cell or member.

        Raises:
            RowRefused: if the value cannot be read as a time, or is of a year that stands for none, such as 1970.
        """
        read = self._read_any_time(value, row, column)
        if read.time.year not in _YEARS:
            # One of them would let the file cover all days from then on.
            raise self.refuse("time_invalid", row, column, value)
        return read

    def _read_any_time(self, value: object, row: int | str, column: str | None) -> ReadTime:
        if value is None or value == "":
            raise self.refuse("time_missing", row, column)
        try:
            return read_time(value, self.zone, self.options.zone, self.date_order)
        except TimeUnreadable as fault:
            raise self.refuse(fault.code, row, column, value, fault.suggestion) from None

    def read_edit(self, value: object, row: int | str, column: str | None, published: datetime) -> datetime | None:
        """Return the time of the last edit of a message, None if it is blank or not later than ``published``.

        Raises:
            RowRefused: if the value cannot be read as a time.
        """
        if not value:
            return None
        edited = self._read_any_time(value, row, column).time  # 1970 for one that was not edited
        return edited if edited > published else None

    def require(self, text: str, row: int | str, column: str) -> str:
        """Return the text of a cell or member that must not be blank.

        Raises:
            RowRefused: if it is blank.
        """
        if not text:
            raise self.refuse("cell_missing", row, column)
        return text

    def make_source(self) -> Source:
        """Build the record of the file: its identity, and the numbers of its rows by outcome."""
        read = self._taken + self._refused + sum(self._skipped.values())
        return Source(
            index=self.index,
            file=self.file.name,
            sha256=self.file.sha256,
            bytes=self.file.size,
            platform=self.platform,
            format=self.format,
            account=self.account,
            tells=tuple(sorted(self.tells)),
            rows=RowNumbers(read=read, taken=self._taken, refused=self._refused, skipped=dict(self._skipped)),
            period=Period(first=self._first, last=self._last, stated_first=self.stated[0], stated_last=self.stated[1]),
            headers=self.headers,
        )

    def _make_fault(
        self,
        code: str,
        row: int | str | None,
        column: str | None,
        value: object,
        suggestion: str | None,
        is_refusal: bool,
    ) -> CountingFault:
        line, place = (None, f"{row}/{column}" if column else row) if isinstance(row, str) else (row, column)
        return CountingFault(
            code=code,
            file=self.file.name,
            line=line,
            column=place,
            value=None if value is None else show_value(value),
            suggestion=suggestion,
            is_refusal=is_refusal,
        )


def _replace_surrogates(text: str) -> str:
    """Return a text without halves of letters, which JSON can write and no file can hold."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
