"""The table of all messages: a private temporary database, so that memory does not grow with their number."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from itertools import groupby, islice
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from unicodedata import normalize

import msgspec

from actitud.counting.messages import Kind, Message, Origin
from actitud.counting.windows import to_instant, to_moment

DAILY_COUNTS: Final = "counts of days"
"""The field of the difference between rows of one file that count a message by days."""
MADE: Final = "~"
"""Begins the id of a message that its source gives none; a reader makes it of the time, the text and the like."""

_SCHEMA: Final = """
CREATE TABLE {name} (
    number INTEGER PRIMARY KEY,
    source INTEGER NOT NULL, row NOT NULL, -- an integer or a text
    platform TEXT NOT NULL, account TEXT NOT NULL, id TEXT NOT NULL,
    thread TEXT, parent TEXT,
    time INTEGER NOT NULL, precision TEXT NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL, media TEXT NOT NULL, alternative_texts TEXT, counts TEXT NOT NULL,
    permalink TEXT, private INTEGER NOT NULL, edited INTEGER, deleted INTEGER NOT NULL, language TEXT,
    text_key INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'single'
)
"""
_SETTINGS: Final = """
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
PRAGMA temp_store=FILE;
PRAGMA cache_size=-2000;
PRAGMA temp.cache_size=-2000;
"""
_COLUMNS: Final = (
    "source, row, platform, account, id, thread, parent, time, precision, kind, text, media, alternative_texts, "
    "counts, permalink, private, edited, deleted, language, text_key"
)
_INSERT: Final = f"INSERT INTO {{name}} ({_COLUMNS}) VALUES ({', '.join('?' * 20)})"
_IN_ORDER: Final = "time, platform, account, id"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FINENESS: Final = {"second": 0, "minute": 1, "day": 2}
_LENGTHS: Final = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "day": timedelta(days=1)}
_TELLING: Final = {"received": 0, "private_reply": 1, "public_reply": 2, "repost": 3, "own_post": 4}
"""A source that cannot tell a reply from a post calls both posts: of two kinds the more telling one holds."""
_MOST_PLACES: Final = 20
_BATCH: Final = 2_000
_LONGEST_CHAIN: Final = 10_000

_TEXTS: Final = msgspec.json.Decoder(tuple[str, ...])
_ALTERNATIVES: Final = msgspec.json.Decoder(tuple[str | None, ...])
_NUMBERS: Final = msgspec.json.Decoder(dict[str, int])

_Row = tuple[Any, ...]
"""A row of sqlite3, whose types are those of the schema."""


class CopyDifference(NamedTuple):
    """Difference between two copies of a message in one field, with the origins of both copies."""

    field: str
    kept: Origin
    other: Origin


class TableComplete(RuntimeError):
    """Raised if messages are added to a table that is complete, because it has been read already."""


class MessageTable:
    """Temporary table with the messages of all files, each message once, identified by platform, account and id.

    Copies are merged field by field when the table is first read; after that no message can be added. The result does
    not depend on the order of the copies. The merged message has:

    - the text of the copy that was edited last, else the longest text;
    - the most precise time, else the earliest; the media of all copies; the largest value of each count, except from
      files that count a message by days;
    - the alternative texts of the copy with most of them; the more specific kind; fields that only one copy has.

    A post that continues a public reply is a public reply too.

    A message without an id of the platform is also merged with a message with an id if platform, account, text and time
    (in the coarser precision of both) are equal.

    The database is SQLite's own temporary file, which has no name in the folder for temporary files (``SQLITE_TMPDIR``,
    ``TMPDIR``): it disappears even if the process is killed.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_SETTINGS)
        self._database.execute(_SCHEMA.format(name="copies"))
        self._is_complete = False
        self._differences: dict[str, list[CopyDifference]] = {}
        self._numbers: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, which deletes it."""
        self._database.close()

    def add(self, source: int, messages: Iterable[Message]) -> int:
        """Add the messages of a source, and return their number.

        If `messages` raises an exception, none of them is stored.
        """
        self._check_open()
        first: int = self._database.execute("SELECT coalesce(max(number), 0) FROM copies").fetchone()[0]
        insert = _INSERT.format(name="copies")
        number = 0
        self._database.execute("BEGIN")
        try:
            for batch in batch_rows(map(partial(_encode, source), messages), _BATCH):
                self._database.executemany(insert, batch)
                number += len(batch)
        except sqlite3.Error:
            # Without a journal, a table for which no room is left cannot be used any more.
            raise
        except BaseException:
            self._database.execute("DELETE FROM copies WHERE number > ?", (first,))
            self._database.execute("COMMIT")
            raise
        self._database.execute("COMMIT")
        return number

    def count_accounts(self) -> list[tuple[str, str, int]]:
        """Return each platform and account with the number of its messages, in which copies of a message count too.

        Messages can still be added afterwards.
        """
        return self._database.execute(
            "SELECT platform, account, count(*) FROM copies WHERE state <> 'merged' GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()

    def list_nameless(self) -> list[tuple[int, str]]:
        """Return each source and platform with messages whose account has no name."""
        return self._database.execute(
            "SELECT DISTINCT source, platform FROM copies WHERE account = '' AND state <> 'merged' ORDER BY 1, 2"
        ).fetchall()

    def name_account(self, source: int, platform: str, name: str) -> None:
        """Set the account of those messages of a source that have no account."""
        self._check_open()
        self._database.execute(
            "UPDATE copies SET account = ? WHERE source = ? AND platform = ? AND account = ''", (name, source, platform)
        )

    def list_clashes(self, sources: Iterable[int]) -> list[tuple[int, int]]:
        """Return those of some logs in which different messages have one id, with the first line of such a message.

        Copies of a message may differ in the text, which was edited, or in the time, but hardly in both.
        """
        among = f"source IN ({', '.join(map(str, sources))})"
        minute, day = (_LENGTHS[precision] // _MICROSECOND for precision in ("minute", "day"))
        return self._database.execute(
            "SELECT source, min(row) FROM copies JOIN ("
            f"SELECT platform, account, id FROM copies WHERE {among} AND text_key <> 0 GROUP BY 1, 2, 3 "
            "HAVING min(text_key) <> max(text_key) "
            f"AND max(time) - min(time) >= iif(max(precision = 'day'), {day}, {minute})"
            f") USING (platform, account, id) WHERE {among} GROUP BY 1 ORDER BY 1"
        ).fetchall()

    def discard(self, source: int) -> None:
        """Remove the messages of a source from the table."""
        self._check_open()
        self._database.execute("DELETE FROM copies WHERE source = ?", (source,))

    def __len__(self) -> int:
        """Return the number of different messages; copies of a message count once."""
        number: int = next(self.query("SELECT count(*) FROM messages"))[0]
        return number

    def __iter__(self) -> Iterator[Message]:
        """Iterate over the messages in order of time, platform, account and id."""
        return self.select()

    def select(
        self,
        *,
        platform: str | None = None,
        account: str | None = None,
        kinds: Sequence[Kind] | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> Iterator[Message]:
        """Yield the messages that match all conditions, in order of time, platform, account and id.

        A condition that is None does not filter.

        Args:
            platform: Only messages of this platform.
            account: Only messages of this account.
            kinds: Only messages of these kinds.
            since: Only messages from this time on.
            before: Only messages before this time.
        """
        given = {
            "platform = ?": platform,
            "account = ?": account,
            "time >= ?": None if since is None else to_instant(since),
            "time < ?": None if before is None else to_instant(before),
        }
        conditions = {condition: value for condition, value in given.items() if value is not None}
        where, values = ["true", *conditions], [*conditions.values()]
        if kinds is not None:
            where.append(f"kind IN ({', '.join('?' * len(kinds))})")
            values.extend(kinds)
        rows = self.query(f"SELECT {_COLUMNS} FROM messages WHERE {' AND '.join(where)} ORDER BY {_IN_ORDER}", values)
        return map(_decode, rows)

    def query(self, statement: str, values: Sequence[object] = ()) -> Iterator[_Row]:
        """Run a SELECT statement on the view ``messages`` and yield its rows.

        The view has the fields of a message as columns. ``time`` and ``edited`` are microseconds since 1970 in UTC;
        ``media``, ``alternative_texts`` and ``counts`` are JSON; ``source`` and ``row`` are the origin.
        """
        self._complete()
        return iter(self._database.execute(statement, values))

    def list_source_accounts(self) -> list[tuple[int, str, str]]:
        """Return source, platform and account for each account in each source.

        Messages of which another source has a copy count for both sources.
        """
        return list(self.query("SELECT DISTINCT source, platform, account FROM copies ORDER BY 1, 2, 3"))

    def count_copies(self) -> int:
        """Return the number of redundant copies of messages: all copies except one of each message."""
        number: int = next(
            self.query(
                "SELECT count(*) FILTER (WHERE state <> 'merged') - count(*) FILTER (WHERE state <> 'copy') FROM copies"
            )
        )[0]
        return number

    def list_differences(self) -> list[tuple[str, int, list[CopyDifference]]]:
        """Return the differences between copies of messages, by field.

        Each item has the field, the number of differences, and the first twenty of them.
        """
        self._complete()
        return [(field, self._numbers[field], self._differences[field]) for field in sorted(self._numbers)]

    def _check_open(self) -> None:
        if self._is_complete:
            raise TableComplete("nothing is added to a table of messages that has been read")

    def _complete(self) -> None:
        """Merge the copies and find the threads, once."""
        if self._is_complete:
            return
        self._is_complete = True
        database = self._database
        database.execute("BEGIN")
        database.execute("CREATE INDEX by_id ON copies (platform, account, id)")
        self._match_made_ids()
        self._merge_copies()
        database.execute("CREATE INDEX by_time ON copies (time, platform, account, id) WHERE state <> 'copy'")
        database.execute(f"CREATE TEMP VIEW messages AS SELECT {_COLUMNS} FROM copies WHERE state <> 'copy'")
        self._find_threads()
        database.execute("CREATE INDEX by_thread ON copies (platform, account, thread) WHERE state <> 'copy'")
        database.execute("COMMIT")

    def _match_made_ids(self) -> None:
        """Give a message without an id of the platform that of its copy that has one."""
        database = self._database
        is_made = f"id >= '{MADE}' AND id < '{chr(ord(MADE) + 1)}'"  # a range, which an index serves
        if database.execute(f"SELECT 1 FROM copies WHERE {is_made} LIMIT 1").fetchone() is None:
            return
        database.execute("CREATE INDEX by_text ON copies (platform, account, text_key, time)")
        database.execute("CREATE TEMP TABLE matches (number INTEGER PRIMARY KEY, id TEXT NOT NULL)")
        longest = max(_LENGTHS.values()) // _MICROSECOND
        # Of posts without a text, which are pictures, an account hardly makes two in the same minute.
        pairs = database.execute(
            "SELECT made.number, made.time, made.precision, made.text, "
            "known.id, known.time, known.precision, known.text "
            "FROM copies AS made CROSS JOIN copies AS known "
            "ON known.platform = made.platform AND known.account = made.account AND known.text_key = made.text_key "
            f"AND known.time BETWEEN made.time - {longest} AND made.time + {longest} "
            f"WHERE {is_made.replace('id ', 'made.id ')} AND NOT ({is_made.replace('id ', 'known.id ')}) "
            "AND (made.text_key <> 0 OR (made.kind = 'own_post' AND known.kind = 'own_post')) "
            "ORDER BY made.number, known.id, known.number"
        )
        for number, time, precision, text, known_id, known_time, known_precision, known_text in pairs:
            overlaps = (
                time < known_time + _LENGTHS[known_precision] // _MICROSECOND
                and known_time < time + _LENGTHS[precision] // _MICROSECOND
            )
            if overlaps and normalise_text(text) == normalise_text(known_text):
                database.execute("INSERT OR IGNORE INTO matches VALUES (?, ?)", (number, known_id))
        database.execute("UPDATE copies SET id = matches.id FROM matches WHERE matches.number = copies.number")

    def _merge_copies(self) -> None:
        """Write one merged row for each message of which there are several copies."""
        database = self._database
        database.execute(
            "CREATE TEMP TABLE duplicated AS "
            "SELECT platform, account, id FROM copies GROUP BY 1, 2, 3 HAVING count(*) > 1"
        )
        database.execute(_SCHEMA.format(name="merged"))
        columns = ", ".join(f"copies.{column}" for column in _COLUMNS.split(", "))
        rows = database.execute(
            f"SELECT {columns} FROM duplicated CROSS JOIN copies USING (platform, account, id) "
            "ORDER BY duplicated.rowid"
        )
        insert = _INSERT.format(name="merged")
        for _, copies in groupby(map(_decode, rows), key=lambda copy: (copy.platform, copy.account, copy.id)):
            merged = self._merge(sorted(copies, key=_order_copy))
            database.execute(insert, _encode(merged.origin.source, merged))
        database.execute(
            "UPDATE copies SET state = 'copy' FROM duplicated WHERE copies.platform = duplicated.platform "
            "AND copies.account = duplicated.account AND copies.id = duplicated.id"
        )
        database.execute(f"INSERT INTO copies ({_COLUMNS}, state) SELECT {_COLUMNS}, 'merged' FROM merged")
        database.execute("DROP TABLE merged")

    def _merge(self, copies: Sequence[Message]) -> Message:
        """Return one message for several copies, which are in an order that does not depend on that of the files."""
        latest = max(copies, key=lambda copy: (copy.edited or _EPOCH, len(copy.text), copy.text))
        exact = min(copies, key=lambda copy: (_FINENESS[copy.precision], copy.time))
        telling = min(copies, key=lambda copy: _TELLING[copy.kind])
        described = max(copies, key=lambda copy: _count_known(copy.alternative_texts))
        counts: dict[str, int] = {}
        daily = _find_daily_sources(copies)
        for copy in copies:
            if copy.origin.source in daily:
                self._note_difference(DAILY_COUNTS, latest.origin, copy.origin)
                continue
            for name, number in copy.counts.items():
                counts[name] = max(number, counts.get(name, number))
        for copy in copies:
            for field in _list_differing_fields(copy, latest, exact, telling, described, counts):
                self._note_difference(field, latest.origin, copy.origin)
        return Message(
            platform=latest.platform,
            account=latest.account,
            id=latest.id,
            origin=min(copy.origin for copy in copies),
            time=exact.time,
            precision=exact.precision,
            kind=telling.kind,
            text=latest.text,
            thread=_choose([copy.thread for copy in copies]),
            parent=_choose([copy.parent for copy in copies]),
            media=tuple(sorted({kind for copy in copies for kind in copy.media})),
            alternative_texts=described.alternative_texts,
            counts=counts,
            permalink=_choose([copy.permalink for copy in copies]),
            private=any(copy.private for copy in copies),
            edited=max((copy.edited for copy in copies if copy.edited), default=None),
            deleted=any(copy.deleted for copy in copies),
            language=_choose([copy.language for copy in copies]),
        )

    def _note_difference(self, field: str, kept: Origin, other: Origin) -> None:
        self._numbers[field] = self._numbers.get(field, 0) + 1
        shown = self._differences.setdefault(field, [])
        if len(shown) < _MOST_PLACES:
            shown.append(CopyDifference(field, kept, other))

    def _find_threads(self) -> None:
        """Set the thread of each message that says which message it answers: the first one that is known.

        What continues a public reply is one too, although it answers the account itself.
        """
        database = self._database
        database.execute(
            "CREATE TEMP TABLE threads (number INTEGER PRIMARY KEY, thread TEXT NOT NULL, is_reply INTEGER)"
        )
        answers = database.execute(
            "SELECT number, platform, account, parent, thread FROM copies "
            "WHERE parent IS NOT NULL AND state <> 'copy' AND (thread IS NULL OR kind = 'own_post') ORDER BY number"
        )
        for number, platform, account, parent, known in answers:
            thread, is_reply, visited = parent, False, {parent}
            while above := database.execute(
                "SELECT thread, parent, kind FROM copies WHERE platform = ? AND account = ? AND id = ? "
                "AND state <> 'copy'",
                (platform, account, thread),
            ).fetchone():
                thread_above, parent_above, kind_above = above
                is_reply |= kind_above in ("public_reply", "received")
                if parent_above is None or parent_above in visited or len(visited) == _LONGEST_CHAIN:
                    thread = thread_above or thread
                    break
                thread = parent_above
                visited.add(thread)
            database.execute("INSERT INTO threads VALUES (?, ?, ?)", (number, known or thread, is_reply))
        database.execute("UPDATE copies SET thread = threads.thread FROM threads WHERE threads.number = copies.number")
        database.execute(
            "UPDATE copies SET kind = 'public_reply' FROM threads "
            "WHERE threads.number = copies.number AND threads.is_reply AND kind = 'own_post' AND NOT private"
        )
        # The first message of a thread belongs to it, although it answers none.
        database.execute(
            "UPDATE copies SET thread = id WHERE thread IS NULL AND state <> 'copy' AND (platform, account, id) IN "
            "(SELECT platform, account, thread FROM copies WHERE thread IS NOT NULL AND state <> 'copy')"
        )


def batch_rows(rows: Iterable[_Row], size: int) -> Iterator[list[_Row]]:
    """Split rows into lists of at most ``size`` rows."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def normalise_text(text: str) -> str:
    """Return a text with normalised white space and Unicode composition, for the comparison of copies."""
    return " ".join(normalize("NFC", text).split())


def _make_text_key(text: str) -> int:
    """Return a number of 63 bits for a text, 0 for none."""
    normalised = normalise_text(text)
    return (
        int.from_bytes(blake2b(normalised.encode("utf-8", "replace"), digest_size=8).digest()) >> 1 if normalised else 0
    )


def _choose(values: Iterable[str | None]) -> str | None:
    return min((value for value in values if value is not None), default=None)


def _find_daily_sources(copies: Sequence[Message]) -> set[int]:
    """Return the sources in which a message stands several times with other counts: those of single days.

    Neither their largest nor their sum is what the platform counted until now.
    """
    first: dict[int, Mapping[str, int]] = {}
    return {copy.origin.source for copy in copies if first.setdefault(copy.origin.source, copy.counts) != copy.counts}


def _count_known(texts: tuple[str | None, ...] | None) -> int:
    return -1 if texts is None else sum(text is not None for text in texts)


def _order_copy(copy: Message) -> tuple[str, Origin]:
    return repr(_encode(0, copy)[2:]), copy.origin


def _list_differing_fields(
    copy: Message, latest: Message, exact: Message, telling: Message, described: Message, counts: dict[str, int]
) -> Iterator[str]:
    if copy.text and normalise_text(copy.text) != normalise_text(latest.text):
        yield "text"
    if copy.time >= exact.time + _LENGTHS[exact.precision] or exact.time >= copy.time + _LENGTHS[copy.precision]:
        yield "time"
    if copy.kind != telling.kind:
        yield "kind"
    if copy.alternative_texts is not None and copy.alternative_texts != described.alternative_texts:
        yield "alternative_texts"
    if any(counts.get(name, number) != number for name, number in copy.counts.items()):
        yield "counts"


def _encode(source: int, message: Message) -> _Row:
    alternatives = message.alternative_texts
    return (
        source,
        message.origin.row,
        message.platform,
        message.account,
        message.id,
        message.thread,
        message.parent,
        to_instant(message.time),
        message.precision,
        message.kind,
        message.text,
        msgspec.json.encode(message.media).decode(),
        None if alternatives is None else msgspec.json.encode(alternatives).decode(),
        msgspec.json.encode(dict(message.counts), order="sorted").decode(),
        message.permalink,
        message.private,
        None if message.edited is None else to_instant(message.edited),
        message.deleted,
        message.language,
        _make_text_key(message.text),
    )


def _decode(row: _Row) -> Message:
    (
        source, position, platform, account, identity, thread, parent, time, precision, kind, text, media,
        alternatives, counts, permalink, private, edited, deleted, language, _,
    ) = row  # fmt: skip
    return Message(
        platform=platform,
        account=account,
        id=identity,
        origin=Origin(source, position),
        time=to_moment(time),
        precision=precision,
        kind=kind,
        text=text,
        thread=thread,
        parent=parent,
        media=_TEXTS.decode(media),
        alternative_texts=None if alternatives is None else _ALTERNATIVES.decode(alternatives),
        counts=_NUMBERS.decode(counts),
        permalink=permalink,
        private=bool(private),
        edited=None if edited is None else to_moment(edited),
        deleted=bool(deleted),
        language=language,
    )
