"""The generic log of messages: CSV, workbook or JSON Lines, with columns known by a mapping or their headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any, Final, get_args

import msgspec

from actitud.counting.decoding import open_text, repair_text
from actitud.counting.export_files import ExportFile
from actitud.counting.header_tables import LOG_FORMAT, HeaderMatch, HeaderTable, Sighting, normalise_header
from actitud.counting.made_ids import IdMaker
from actitud.counting.messages import Kind, Message
from actitud.counting.networks import identify_network
from actitud.counting.options import LogMapping, normalise_account
from actitud.counting.readers.json_streams import dig
from actitud.counting.readers.tables import TableFormat, TableFound, TableRow, find_table
from actitud.counting.sheets import SheetRow
from actitud.counting.source_reading import RowRefused, SourceReading
from actitud.counting.sources import Tell
from actitud.counting.times import OrderEvidence, ReadTime

_PRIVATE: Final = frozenset({"1", "true", "yes", "y", "sí", "si", "s", "verdadero", "privado", "privada", "private"})
_NOT_PRIVATE: Final = frozenset({"", "0", "false", "no", "n", "falso", "público", "publico", "pública", "public"})
_LIST: Final = re.compile(r"\s*[,;|]\s*")
_TOLD: Final[dict[str, Tell]] = {"own_post": "own_posts", "public_reply": "public_replies", "repost": "reposts"}
_KINDS: Final[dict[str | None, Kind]] = {kind: kind for kind in get_args(Kind)}
_VISUAL: Final = frozenset({"photo", "video", "live"})
_COUNTS: Final = ("reactions", "comments", "shares", "views")


def find_mapped_table(file: ExportFile, mapping: LogMapping, largest: int) -> TableFound | None:
    """Return the table of a message log in a file, found by the headers that a mapping names.

    Return None if the file lacks most of these headers. ``largest``: largest workbook that is read, in bytes.
    """
    table = make_header_table(mapping)

    def match(headers: list[str]) -> HeaderMatch | None:
        places = {normalise_header(repair_text(header)): index for index, header in reversed([*enumerate(headers)])}
        positions = {
            field: places[normalise_header(names[0])]
            for field, names in table.columns.items()
            if normalise_header(names[0]) in places
        }
        if len(positions) * 2 <= len(table.columns):
            return None
        missing = tuple(field for field in table.columns if field not in positions)
        known = set(positions.values())
        unknown = tuple(header for index, header in enumerate(headers) if index not in known and header.strip())
        return HeaderMatch(table, positions, missing, unknown, False, len(positions))

    return find_table(file, largest, match)


def make_header_table(mapping: LogMapping) -> HeaderTable:
    """Convert the mapping of a message log to a header table in which each of its columns is required."""
    return HeaderTable(
        platform=mapping.platform,
        format=LOG_FORMAT,
        language="",
        sightings=(Sighting(date.min, "mapping"),),
        columns={field: (name,) for field, name in mapping.columns.items()},
        required=tuple(mapping.columns),
    )


def make_table(mapping: LogMapping | None) -> TableFormat:
    """Return the table format of a message log with the columns of a mapping; None takes the standard headers."""
    maker = IdMaker()

    def make_messages(row: TableRow, source: SourceReading) -> Iterator[Message]:
        yield _make_message(row, source, mapping, maker)

    return TableFormat(mapping.platform if mapping else "log", (), make_messages)


def find_lines(head: str, mappings: tuple[LogMapping, ...]) -> LogMapping | None:
    """Return the mapping whose fields the first line of a JSON Lines file has, also if null; None if none fits.

    `head` is the beginning of the file.
    """
    line = head.lstrip().partition("\n")[0].strip()
    if not line.startswith("{"):
        return None
    try:
        first = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    for mapping in mappings:
        if all(_has_path(first, path) for path in mapping.columns.values()):
            return mapping
    return None


def read_lines(source: SourceReading, mapping: LogMapping) -> Iterator[Message]:
    """Yield the messages of a message log in JSON Lines.

    Raises:
        FileRefused: if the file breaks off, is not JSON Lines, or its dates contradict each other.
    """
    headers = list(mapping.columns.values())
    positions = {str(field): place for place, field in enumerate(mapping.columns)}
    match = HeaderMatch(make_header_table(mapping), positions, (), (), False, len(positions))
    evidence = OrderEvidence()
    for row in _iterate_lines(source, headers):
        for field in ("time", "date"):
            if field in match.positions and isinstance(cell := row.cells[match.positions[field]], str):
                evidence.add(cell)
    if evidence.is_contradictory:
        raise source.fail("dates_contradict")
    source.date_order = evidence.order or mapping.date_order or source.date_order
    maker = IdMaker()
    for row in _iterate_lines(source, headers):
        with suppress(RowRefused):
            yield _make_message(TableRow(row, match, source, headers), source, mapping, maker)
    note_own_authors(source, mapping)


def _iterate_lines(source: SourceReading, paths: list[str]) -> Iterator[SheetRow]:
    with open_text(source.file.open(), source.file.encoding) as text:
        number = 0
        try:
            for number, line in enumerate(text, start=1):
                if line.strip("\ufeff \r\n"):
                    yield SheetRow(number, _read_line(source, number, line, paths))
        except UnicodeDecodeError:
            raise source.fail("half_file", number + 1) from None


def _read_line(source: SourceReading, number: int, line: str, paths: list[str]) -> list[Any]:
    """Return the members at the paths of a line, "" for one that is not there.

    Raises:
        FileRefused: if the line is no JSON.
    """
    try:
        item = msgspec.json.decode(line.lstrip("\ufeff"))
    except (msgspec.DecodeError, UnicodeEncodeError):
        is_last = not line.endswith(("\n", "\r"))
        raise source.fail("half_file" if is_last else "broken_json", number) from None
    cells = [_dig_path(item, path) for path in paths]
    return ["" if cell is None else cell for cell in cells]


def _make_message(row: TableRow, source: SourceReading, mapping: LogMapping | None, maker: IdMaker) -> Message:
    platform = _read_network(row, source) or source.platform
    time = _read_time(row, source)
    kind = _find_kind(row, source, mapping)
    text = row.get_text("text")
    is_private = (mapping is not None and mapping.private) or kind == "private_reply" or _is_private(row, source)
    if is_private and kind == "public_reply":
        kind = "private_reply"
    account = row.get_text("account") or (mapping.account if mapping else "")
    identity = row.get_id() or maker.make_id(time.time, platform, account, kind, text, row.get_text("thread"))
    media = tuple(row.translate_word("media", word) for word in _LIST.split(row.get_text("media")) if word)
    edited = source.read_edit(row.get("edited"), row.line, row.name_column("edited"), time.time)
    _tell(row, source, kind, is_private, time)
    return source.keep(
        row=row.line,
        id=identity,
        platform=platform,
        account=source.options.find_account(platform, account) or account.removeprefix("@"),
        time=time,
        kind=kind,
        text=text,
        thread=row.get_id("thread") or None,
        parent=row.get_id("parent") or None,
        media=media,
        alternative_texts=_list_alternatives(row, media) if row.has("alternative_text") else None,
        counts=row.get_counts(*_COUNTS),
        permalink=row.get_text("permalink"),
        private=is_private,
        edited=edited,
        language=row.get_text("language"),
    )


def _read_network(row: TableRow, source: SourceReading) -> str:
    """Return the network of a message, "" if the row names none; note a name that looks misspelt."""
    network = identify_network(row.get_text("platform"))
    if network.likely is not None:
        source.note("network_unlikely", row.line, row.name_column("platform"), suggestion=network.likely)
    return network.name


def _find_kind(row: TableRow, source: SourceReading, mapping: LogMapping | None) -> Kind:
    """Return the kind of a message by the column of the kind, else by its author."""
    word = row.get_text("kind")
    if mapping is None or (mapping.columns.get("kind") and not mapping.kinds):
        known = row.translate("kind", is_noted=False)
    elif mapping.columns.get("kind"):
        kinds = {normalise_header(name): kind for name, kind in mapping.kinds.items()}
        known = kinds.get(normalise_header(word))
    else:
        author = normalise_account(row.get_text("author"))
        is_own = author in map(normalise_account, mapping.own_authors) or author in source.list_own_names()
        known = "public_reply" if is_own else "received"
    if known not in _KINDS:
        raise source.refuse("kind_unknown", row.line, row.name_column("kind"), word)
    return _KINDS[known]


def _read_time(row: TableRow, source: SourceReading) -> ReadTime:
    """Return the time of a row, which may stand in one column or in two, for the day and for the clock."""
    if not row.has("date"):
        return row.get_time()
    day, hour = row.get("date"), row.get("clock")
    if isinstance(day, datetime | date):
        day = f"{day:%Y-%m-%d}"
    if isinstance(hour, datetime | clock):
        hour = f"{hour:%H:%M:%S}"
    elif isinstance(hour, float):
        hour = timedelta(seconds=round(hour * 86_400))  # a cell without the format of a time has the part of the day
    return source.read_time(f"{day} {hour}".strip(), row.line, row.name_column("date"))


def _tell(row: TableRow, source: SourceReading, kind: Kind, is_private: bool, time: ReadTime) -> None:
    """Note what a row shows that the log can tell: a kind of message that occurs in it is one that it has."""
    if kind == "received":
        source.tells.add("received_private" if is_private else "received_public")
    else:
        source.tells.add("private_replies" if kind == "private_reply" else _TOLD[kind])
    if time.precision != "day":
        source.tells.add("time_of_day")
    fields: dict[str, Tell] = {"text": "texts", "media": "media", "thread": "threads", "parent": "threads"}
    fields |= {"alternative_text": "alternative_texts", "reactions": "reactions", "comments": "comments"}
    fields |= {"shares": "shares", "views": "views"}
    source.tells.update(tell for field, tell in fields.items() if row.has(field))


def _list_alternatives(row: TableRow, media: tuple[str, ...]) -> tuple[str | None, ...]:
    """Return the alternative text of each photo, video and live broadcast; a bar separates those of several."""
    number = sum(medium in _VISUAL for medium in media)
    texts = [part.strip() or None for part in row.get_text("alternative_text").split("|")]
    return tuple((texts + [None] * number)[:number])


def _is_private(row: TableRow, source: SourceReading) -> bool:
    """Return True if a row says that only sender and receiver read the message; note a word that says neither."""
    word = row.get_text("private").casefold()
    if word not in _PRIVATE | _NOT_PRIVATE:
        source.note("word_unknown", row.line, row.name_column("private"), word)
    return word in _PRIVATE


def note_own_authors(source: SourceReading, mapping: LogMapping) -> None:
    """Log a fault if a log has no message of the authors that its mapping names as the organisation."""
    if (
        "kind" not in mapping.columns
        and source.tells
        and source.tells.isdisjoint(("public_replies", "private_replies"))
    ):
        source.note_once("own_authors_unknown", mapping.columns.get("author"))


def _has_path(item: Any, path: str) -> bool:
    """Return True if there is a member at a dotted path, or one that is called so; it may be null."""
    *above, name = path.split(".")
    inner = dig(item, *above)
    return (isinstance(item, dict) and path in item) or (isinstance(inner, dict) and name in inner)


def _dig_path(item: Any, path: str) -> Any:
    """Return the member at a dotted path, or the one that is called so."""
    whole = dig(item, path)
    return dig(item, *path.split(".")) if whole is None else whole
