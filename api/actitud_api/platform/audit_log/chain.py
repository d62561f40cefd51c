"""Hash chain of the ledger, computed without database or clock. `actitud.verification` verifies it.

    hash = SHA-256(0x00 || prev || seq || record)

`prev` is the 32 bytes of the previous hash (zeros for entry 0), `seq` the entry number as 8 bytes big-endian, `record`
the RFC 8785 text in UTF-8. The chain alone reveals a change in its middle. It does not reveal that its last entries
were removed, or that all entries from some point on were written anew; for this, somebody else has to keep a
checkpoint.
"""

from __future__ import annotations

import hashlib
from typing import Final

from msgspec import Struct

ZERO_HASH: Final = "0" * 64
"""Value of `prev` in entry 0, in hexadecimal."""

_ENTRY: Final = b"\x00"


class ChainEntry(Struct, frozen=True):
    """Entry of the ledger as a link of the hash chain.

    `seq` is its number, from 0, and `record` its content as the exact RFC 8785 text. `hash` is its hash and `prev` the
    hash of the previous entry, both in hexadecimal.
    """

    seq: int
    record: str
    prev: str
    hash: str


class Head(Struct, frozen=True):
    """State of a hash chain.

    `size` is the number of its entries, and `root` the hash of the last one in hexadecimal.
    """

    size: int
    root: str


def compute_hash(prev: str, seq: int, record: str) -> str:
    """Return the hash of an entry of the ledger, in hexadecimal.

    It is the SHA-256 of a zero byte, `prev` (the hash of the previous entry, 32 bytes; zeros for entry 0), `seq` (the
    number of the entry, 8 bytes big-endian) and `record` (UTF-8).
    """
    return hashlib.sha256(_ENTRY + bytes.fromhex(prev) + seq.to_bytes(8) + record.encode()).hexdigest()


def link_entry(head: Head | None, record: str) -> ChainEntry:
    """Return the entry with the content `record` that follows the last entry of a chain.

    `head` is the present state of the chain; None is an empty chain, which gets entry 0.
    """
    seq, prev = (0, ZERO_HASH) if head is None else (head.size, head.root)
    return ChainEntry(seq, record, prev, compute_hash(prev, seq, record))
