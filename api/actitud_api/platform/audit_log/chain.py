"""The chain of hashes: pure, so that whoever verifies it needs neither the database nor the service.

    hash = SHA-256(0x00 || prev || seq || record)

`prev` is the 32 bytes of the hash before (zeros for entry 0), `seq` 8 bytes, the highest first, `record` the bytes of
the RFC 8785 text in UTF-8. A chain alone shows what was changed in its middle. That its end was cut off, or all of it
made anew from some place on, shows only against a checkpoint that was kept outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

ZERO_HASH: Final = "0" * 64
"""What stands before entry 0."""

GENESIS: Final = '{"action":"ledger.begin",'
"""How the record of entry 0 begins."""

_ENTRY: Final = b"\x00"

ChainDefect = Literal["seq", "prev", "hash", "genesis", "short", "root"]
"""What is wrong at a place: the number is not the next one; the hash before is another; the hash is not that of the
record; entry 0 does not begin a ledger; the entries end before a checkpoint; the hash is not the one that a checkpoint
says."""


class ChainEntry(Struct, frozen=True):
    """One link; `record` is the exact RFC 8785 text, hashes are hexadecimal."""

    seq: int
    record: str
    prev: str
    hash: str


class Head(Struct, frozen=True):
    """The end of a chain: how many entries it has and the hash of the last."""

    size: int
    root: str


class BrokenChain(ValueError):
    """The first place that is wrong: the number of the entry, what is wrong, what was expected and what is there."""

    def __init__(self, seq: int, wrong: ChainDefect, expected: str, found: str) -> None:
        super().__init__(f"entry {seq}: {wrong}: {expected} expected, {found} found")
        self.seq = seq
        self.wrong: ChainDefect = wrong
        self.expected = expected
        self.found = found


def compute_hash(prev: str, seq: int, record: str) -> str:
    """The hash of an entry in hexadecimal; `prev` is that of the entry before."""
    return hashlib.sha256(_ENTRY + bytes.fromhex(prev) + seq.to_bytes(8) + record.encode()).hexdigest()


def link_entry(head: Head | None, record: str) -> ChainEntry:
    """The entry that follows the end of a chain; the first of all where there is none."""
    seq, prev = (0, ZERO_HASH) if head is None else (head.size, head.root)
    return ChainEntry(seq, record, prev, compute_hash(prev, seq, record))


def verify_chain(entries: Iterable[ChainEntry], against: Iterable[Head] = ()) -> Head:
    """The end of a chain whose entries follow from each other, from entry 0, and which has in it what `against` says.

    `against`: what checkpoints state that were kept outside. Raises `BrokenChain` at the first place that is wrong.
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
