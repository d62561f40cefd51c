"""Store of whole responses in memory, limited in bytes; a flood of rare requests displaces no popular response."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from sys import getsizeof
from typing import Final

from actitud_api.platform.http.middleware.compression import describe_unchanged

PROTECTED_SHARE: Final = 0.8
"""Share of a store that answers take which were asked for again; the rest is for answers that were asked for once."""

_RECORD: Final = 900
"""Bytes that an answer takes besides its key, headers and body: its object, the entries of the store, lists.

300 of them are for headers of a 304 answer that are longer than those of the answer.
"""

_PAIR: Final = getsizeof((b"", b"")) + 2 * getsizeof(b"")
"""Bytes that the name and the value of a header take besides their characters."""


class Head:
    """Headers of a stored response, as pairs and as prepared lines of HTTP/1.1, for a server that can send such lines.

    `lines` is None if the headers cannot be sent as lines, because they lack the length of the body or contain a line
    end.
    """

    __slots__ = ("headers", "length", "lines", "size")

    def __init__(self, headers: list[tuple[bytes, bytes]], length: int) -> None:
        """Keep the headers of a response whose body has `length` bytes."""
        self.headers = headers
        self.length = length
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        is_told = not length or any(name.lower() == b"content-length" for name, _ in headers)
        is_safe = lines.count(b"\r") == lines.count(b"\n") == len(headers)
        self.lines = lines if is_told and is_safe else None
        # The lines have four bytes more for each pair than its name and its value.
        self.size = len(headers) * (_PAIR - 4) + len(lines) + getsizeof(self.lines)


class Answer:
    """Successful response to a public read, stored to be sent again.

    Attributes:
        head: Headers that every request gets.
        body: Bytes of the body as they are sent, compressed or not.
        tag: Value of `ETag`.
        number: Version number of the public state (data that an anonymous reader can see) that the response shows.
        is_constant: True if the response is equal in every public state.
        size: Estimated bytes in memory, including the headers of a 304 response.
    """

    __slots__ = ("_unchanged", "body", "head", "is_constant", "number", "size", "tag")

    def __init__(
        self, headers: list[tuple[bytes, bytes]], body: bytes, tag: bytes, number: Hashable, *, is_constant: bool
    ) -> None:
        self.head = Head(headers, len(body))
        self.body = body
        self.tag = tag
        self.number = number
        self.is_constant = is_constant
        self._unchanged: Head | None = None
        self.size = _RECORD + len(body) + 2 * self.head.size

    @property
    def unchanged(self) -> Head:
        """Headers of the 304 response with the same `ETag`.

        They are built on first use, as most responses are read only once.
        """
        if self._unchanged is None:
            self._unchanged = Head(describe_unchanged(self.head.headers, self.tag.decode("latin-1")), 0)
        return self._unchanged


class AnswerStore:
    """Store of responses by key, of at most `room` bytes including keys and overhead (segmented LRU).

    A new response is on probation. A response that is requested again becomes protected, and only other protected
    responses displace it. If the store is full, the least recently used response on probation is dropped. So a million
    addresses that are requested once each displace no popular response.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._protected_room = int(room * PROTECTED_SHARE)
        self._probation: OrderedDict[Hashable, tuple[Answer, int]] = OrderedDict()
        self._protected: OrderedDict[Hashable, tuple[Answer, int]] = OrderedDict()
        self._size = 0
        self._protected_size = 0
        # Tests and embedding programs may run one application in several event loops.
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes in memory that the stored responses occupy."""
        return self._size

    def __len__(self) -> int:
        return len(self._probation) + len(self._protected)

    def get(self, key: Hashable) -> Answer | None:
        """Return the response stored under a key, or None if there is none."""
        with self._lock:
            record = self._protected.get(key)
            if record is not None:
                self._protected.move_to_end(key)
                return record[0]
            record = self._probation.pop(key, None)
            if record is None:
                return None
            self._protect(key, record)
            return record[0]

    def put(self, key: Hashable, answer: Answer, key_size: int) -> None:
        """Store a response under a key in place of an earlier one; do nothing if it is too large for the store.

        `key_size`: bytes in memory that the key occupies.
        """
        size = answer.size + key_size
        record = (answer, size)
        with self._lock:
            # A popular answer stays protected when the public state changes and it is made anew.
            earlier = self._protected.pop(key, None)
            if earlier is not None:
                self._size -= earlier[1]
                self._protected_size -= earlier[1]
            else:
                replaced = self._probation.pop(key, None)
                self._size -= 0 if replaced is None else replaced[1]
            if size > self._room - self._protected_room:
                return
            self._size += size
            if earlier is None:
                self._probation[key] = record
            else:
                self._protect(key, record)
            while self._size > self._room:
                _, dropped = self._probation.popitem(last=False)
                self._size -= dropped[1]

    def _protect(self, key: Hashable, record: tuple[Answer, int]) -> None:
        """Add a record to the protected ones. Those unused for longest go back on probation if there is no room."""
        self._protected[key] = record
        self._protected_size += record[1]
        while self._protected_size > self._protected_room:
            other, demoted = self._protected.popitem(last=False)
            self._protected_size -= demoted[1]
            self._probation[other] = demoted
