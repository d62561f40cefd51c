"""Hash chain of the ledger. Pure: verification needs neither the database nor the service.

    hash = SHA-256(0x00 || prev || seq || record)

`prev` is the 32 bytes of the previous hash (zeros for entry 0), `seq` the entry number as 8 bytes big-endian, `record`
the RFC 8785 text in UTF-8. The chain alone reveals a change in its middle. Removed last entries, or a chain rewritten
from some entry on, are revealed only by a checkpoint that somebody else keeps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

ZERO_HASH: Final = "0" * 64
"""Value of `prev` in entry 0, in hexadecimal."""

GENESIS: Final = '{"action":"ledger.begin",'
"""Beginning of the record of entry 0."""

_ENTRY: Final = b"\x00"

ChainDefect = Literal["seq", "prev", "hash", "genesis", "short", "root"]
"""Kinds of defects of a chain.

`seq`: the number is not the next one. `prev`: the previous hash differs. `hash`: the hash is not that of the record.
`genesis`: entry 0 does not begin a ledger. `short`: the entries end before a checkpoint. `root`: the hash differs from
a checkpoint.
"""


class ChainEntry(Struct, frozen=True):
    """Entry of the ledger as a link of the hash chain.

    `record` is the exact RFC 8785 text; `prev` and `hash` are hexadecimal.
    """

    seq: int
    record: str
    prev: str
    hash: str


class Head(Struct, frozen=True):
    """State of a chain after its last entry: the number of entries, and the hash of the last one as `root`."""

    size: int
    root: str


class BrokenChain(ValueError):
    """First defect of a chain: the number of the entry, the kind of defect, the expected and the actual value."""

    def __init__(self, seq: int, wrong: ChainDefect, expected: str, found: str) -> None:
        super().__init__(f"entry {seq}: {wrong}: {expected} expected, {found} found")
        self.seq = seq
        self.wrong: ChainDefect = wrong
        self.expected = expected
        self.found = found


def compute_hash(prev: str, seq: int, record: str) -> str:
    """Return the hash of an entry in hexadecimal; `prev` is the hash of the previous entry."""
    return hashlib.sha256(_ENTRY + bytes.fromhex(prev) + seq.to_bytes(8) + record.encode()).hexdigest()


def link_entry(head: Head | None, record: str) -> ChainEntry:
    """Return the entry that appends a record to a chain; it is entry 0 if `head` is None."""
    seq, prev = (0, ZERO_HASH) if head is None else (head.size, head.root)
    return ChainEntry(seq, record, prev, compute_hash(prev, seq, record))


def verify_chain(entries: Iterable[ChainEntry], against: Iterable[Head] = ()) -> Head:
    """Verify a chain from entry 0 and return its end.

    `against`: heads stated by checkpoints, all of which the chain has to contain.

    Raises:
        BrokenChain: At the first defect.
    """
    stated = sorted((head.size, head.root) for head in against)
    size, root, met = 0, ZERO_HASH, 0
    for entry in entries:
        _same(size, "seq", str(size), str(entry.seq))
        _same(size, "prev", root, entry.prev)
        _same(size, "hash", compute_hash(root, size, entry.record), entry.hash)
        if size == 0:
            _same(size, "genesis", GENESIS, entry.record[: len(GENESIS)])
        size, root = size + 1, entry.hash
        while met < len(stated) and stated[met][0] <= size:
            _same(size - 1, "root", stated[met][1], root)
            met += 1
    if met < len(stated):
        raise BrokenChain(size, "short", f"{stated[met][0]} entries", f"{size} entries")
    return Head(size, root)


def _same(seq: int, wrong: ChainDefect, expected: str, found: str) -> None:
    if expected != found:
        raise BrokenChain(seq, wrong, expected, found)
