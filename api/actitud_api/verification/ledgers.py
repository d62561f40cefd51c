"""Verifies a ledger: the chain of its entries, what opens them, and a checkpoint that was kept outside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.digests import canonical
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log import chain
from actitud_api.platform.audit_log.chain import BrokenChain, Entry, Head, Wrong
from actitud_api.platform.audit_log.signing import Note
from actitud_api.verification.editions import Given
from actitud_api.verification.findings import Found, Report
from actitud_api.verification.reading import Json, read, shown, strict
from actitud_api.verification.signatures import KEPT, Signatures, of_another, stated

_WRONG: Final[Mapping[Wrong, Texts]] = {
    "seq": Texts("toca la entrada {expected}, y esta es la {found}", "entry {expected} is due, and this is {found}"),
    "prev": Texts(
        "no sigue a la entrada anterior: prev es {found}, y el hash de aquella {expected}",
        "it does not follow the entry before: prev is {found}, and the hash of that one {expected}",
    ),
    "hash": Texts(
        "la entrada ha cambiado: su hash es {expected}, y pone {found}",
        "the entry has changed: its hash is {expected}, and it says {found}",
    ),
    "genesis": Texts("la entrada 0 no empieza ningún libro de cambios", "entry 0 begins no ledger"),
    "short": Texts(
        "se ha cortado el final: el punto de control es de {expected} entradas, y hay {found}",
        "the end was cut off: the checkpoint is of {expected} entries, and there are {found}",
    ),
    "root": Texts(
        "no es la entrada que había cuando se guardó el punto de control: su hash era {expected}, y es {found}",
        "it is not the entry that was there when the checkpoint was kept: its hash was {expected}, and it is {found}",
    ),
}


class Opening(Struct, frozen=True):
    """What opens the commitment of an entry: the path of its subject and the salt in hexadecimal."""

    subject: str
    salt: str


class Item(Struct, frozen=True):
    """An entry as `GET /v1/ledger` shows it, as far as it is verified."""

    seq: int
    record: dict[str, object]
    prev: str
    hash: str
    opening: Opening | None = None


class _Unread(Exception):
    """An entry that cannot be read ends the chain."""


def is_entry(document: Json) -> bool:
    """Whether a line is an entry of a ledger."""
    return document.keys() >= {"seq", "record", "prev", "hash"}


def verify(found: Found, given: Given, first: bytes, lines: Iterator[bytes]) -> Report:
    """Verifies a ledger from entry 0 on."""
    origin = _origin(strict(first))
    kept = _kept(found, given, origin)
    entries = _Entries(found, first, lines)
    head: Head | None = None
    try:
        head = chain.verify(entries, [] if kept is None else [Head(kept.size, kept.root)])
    except BrokenChain as broken:
        told = {"expected": broken.expected.removesuffix(_ENTRIES), "found": broken.found.removesuffix(_ENTRIES)}
        es, en = (text.format(**told) for text in _WRONG[broken.wrong])
        found.problem("chain", broken.seq + 1, f"/{broken.wrong}" if broken.wrong in _MEMBERS else "", es, en)
    except _Unread:
        pass
    es, en = words.number(entries.count, "es"), words.number(entries.count, "en")
    found.check("form", "la forma de las entradas", "the form of the entries")
    found.check(
        "chain", f"la cadena de {es} entradas, y de qué tratan", f"the chain of {en} entries, and what they are about"
    )
    if given.checkpoint is None:
        found.unchecked.append(
            Texts(
                "si se ha cortado o rehecho su final (dé un punto de control guardado fuera: --checkpoint)",
                "whether its end was cut off or made anew (give a checkpoint that was kept outside: --checkpoint)",
            )
        )
    else:
        found.check("checkpoint", "el punto de control guardado", "the checkpoint that was kept")
        if given.keys is not None:
            found.check("signatures", "la firma del punto de control", "the signature of the checkpoint")
    root = "" if head is None else head.root
    return found.report(
        "ledger",
        None,
        Texts(
            f"las {es} entradas del libro de cambios {origin} se siguen unas de otras, hasta {root}",
            f"the {en} entries of the ledger {origin} follow from each other, up to {root}",
        ),
    )


_MEMBERS: Final = ("seq", "prev", "hash")
_ENTRIES: Final = " entries"
"""How a chain that is too short says its size."""


def _origin(first: Json) -> str | None:
    """What entry 0 calls the ledger; None where it does not."""
    record = first["record"]
    origin = record.get("origin") if isinstance(record, dict) else None
    return origin if isinstance(origin, str) else None


def _kept(found: Found, given: Given, origin: str | None) -> Note | None:
    """The checkpoint that was kept outside; None where there is none, or it is not of this ledger."""
    if given.checkpoint is None:
        return None
    if given.keys is None:
        note = stated(found, KEPT, given.checkpoint)
        found.unchecked.append(
            Texts("la firma del punto de control (dé --keys)", "the signature of the checkpoint (give --keys)")
        )
    else:
        note = Signatures(found, given.keys.keys).checkpoint(KEPT, given.checkpoint)
    if note is not None and origin is not None and note.origin != origin:
        of_another(found, KEPT, note.origin, origin)
        return None
    return note


class _Entries:
    """The entries of a file, one after another; how many of them were read."""

    def __init__(self, found: Found, first: bytes, lines: Iterator[bytes]) -> None:
        self._found = found
        self._first = first
        self._lines = lines
        self.count = 0

    def __iter__(self) -> Iterator[Entry]:
        yield self._entry(1, self._first)
        for line, text in enumerate(self._lines, 2):
            yield self._entry(line, text)

    def _entry(self, line: int, text: bytes) -> Entry:
        item = read(self._found, line, text, _item)
        if item is None:
            raise _Unread
        self.count += 1
        if item.opening is not None:
            self._opens(line, item, item.opening)
        return Entry(item.seq, canonical(item.record).decode(), item.prev, item.hash)

    def _opens(self, line: int, item: Item, opening: Opening) -> None:
        """Notes where an entry is not about what is said to open it."""
        try:
            salted = bytes.fromhex(opening.salt) + opening.subject.encode()
        except ValueError:
            salted = b""
        if item.record.get("subject") != "sha256:" + hashlib.sha256(salted).hexdigest():
            es, en = (
                f"la entrada no trata de {shown(opening.subject)}",
                f"the entry is not about {shown(opening.subject)}",
            )
            self._found.problem("opening", line, "/opening", es, en)


def _item(text: bytes) -> Item:
    """An entry from its line; raises `ValueError` where it is none."""
    item = msgspec.convert(strict(text), Item)
    canonical(item.record)
    return item
