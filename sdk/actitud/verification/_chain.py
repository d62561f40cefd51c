"""The hash chain of a ledger: its entries, the hashes that link them, and their openings."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from actitud.verification._checkpoints import LedgerState
from actitud.verification._findings import Findings
from actitud.verification._reading import compute_canonical, parse_object, quote, read_document

_BEFORE_FIRST = "0" * 64
"""The ``prev`` of entry 0, which has no entry before it: 64 zeros."""
_FIRST_RECORD = b'{"action":"ledger.begin",'
"""The first bytes of the record of entry 0."""


class _Opening(msgspec.Struct, frozen=True):
    """The text that a ledger entry commits to: its ``subject``, the path of the resource that the entry is about.

    ``salt``: random bytes in hexadecimal, hashed together with the subject so that the subject cannot be
    guessed.
    """

    subject: str
    salt: str


class _ActorOpening(msgspec.Struct, frozen=True):
    """The ``organisation`` that acted, which a ledger entry commits to with a ``salt`` of its own."""

    organisation: str
    salt: str


class Entry(msgspec.Struct, frozen=True):
    """Ledger entry as ``GET /v1/ledger`` returns it, with the members that are verified.

    Attributes:
        seq: Number of the entry.
        record: Recorded action with its facts.
        prev: Hash of the previous entry.
        hash: Hash of this entry.
        opening: Data behind a digest in the record, ``None`` if the ledger does not show them.
        actor: Organisation that acted, with its salt; ``None`` if the ledger does not show it.
    """

    seq: int
    record: dict[str, Any]
    prev: str
    hash: str
    opening: _Opening | None = None
    actor: _ActorOpening | None = None


class Chain:
    """Verifier of the hash chain of a ledger, to which entries are added one after another.

    ``size``: number of the entries verified so far. ``root``: hash of the last of them, in hexadecimal. Each hash is
    SHA-256(0x00 || hash of the previous entry || number of the entry || record). ``kept``: the statement of a
    checkpoint that the caller kept, to compare with the chain; ``None`` if there is none.
    """

    def __init__(self, findings: Findings, kept: LedgerState | None = None) -> None:
        self._findings = findings
        self._kept = kept
        self.size = 0
        self.root = _BEFORE_FIRST

    def add(self, line: int, text: bytes) -> Entry | None:
        """Verify the next entry of the ledger and return it; if the chain breaks at it, add a problem and return None.

        ``line``: number of its line in the file. ``text``: the line.
        """
        entry = read_document(self._findings, line, text, _convert_entry)
        if entry is None:
            return None
        if entry.opening is not None:
            self._verify_opening(line, entry, entry.opening)
        if entry.actor is not None:
            self._verify_actor(line, entry, entry.actor)
        record = compute_canonical(entry.record)
        # The hash covers the verified chain, not the `prev` and `seq` that the entry states: a forged link must not
        # vouch for itself.
        linked = b"\x00" + bytes.fromhex(self.root) + self.size.to_bytes(8, "big") + record
        digest = hashlib.sha256(linked).hexdigest()
        seq, self.size = self.size, self.size + 1
        if entry.seq != seq:
            es, en = f"toca la entrada {seq}, y esta es la {entry.seq}", f"entry {seq} is due, and this is {entry.seq}"
            self._break(line, "/seq", es, en)
            return None
        if entry.prev != self.root:
            es = f"no sigue a la entrada anterior: prev es {entry.prev}, y el hash de aquella {self.root}"
            en = f"it does not follow the entry before: prev is {entry.prev}, and the hash of that one {self.root}"
            self._break(line, "/prev", es, en)
            return None
        if entry.hash != digest:
            es = f"la entrada ha cambiado: su hash es {digest}, y pone {entry.hash}"
            en = f"the entry has changed: its hash is {digest}, and it says {entry.hash}"
            self._break(line, "/hash", es, en)
            return None
        if seq == 0 and not record.startswith(_FIRST_RECORD):
            es, en = "la entrada 0 no empieza ningún libro de cambios", "entry 0 begins no ledger"
            self._break(line, "", es, en)
            return None
        self.root = digest
        if self._kept is not None and self._kept.size == self.size and self._kept.root != digest:
            expected = self._kept.root
            es = "no es la entrada que había cuando se guardó el punto de control: su hash era"
            en = "it is not the entry that was there when the checkpoint was kept: its hash was"
            self._break(line, "", f"{es} {expected}, y es {digest}", f"{en} {expected}, and it is {digest}")
            return None
        return entry

    def end(self) -> None:
        """Add a problem if the ledger has fewer entries than the checkpoint that the caller kept."""
        if self._kept is not None and self.size < self._kept.size:
            due = self._kept.size
            es = f"se ha cortado el final: el punto de control es de {due} entradas, y hay {self.size}"
            en = f"the end was cut off: the checkpoint is of {due} entries, and there are {self.size}"
            self._break(self.size + 1, "", es, en)

    def _break(self, line: int, pointer: str, es: str, en: str) -> None:
        self._findings.add_problem("chain", line, pointer, es, en)

    def _verify_actor(self, line: int, entry: Entry, shown: _ActorOpening) -> None:
        actor = entry.record.get("actor")
        committed = actor.get("organisation") if isinstance(actor, dict) else None
        if committed is None or committed != _compute_commitment(shown.salt, shown.organisation):
            organisation = quote(shown.organisation)
            es, en = f"en la entrada no actuó {organisation}", f"in the entry {organisation} did not act"
            self._findings.add_problem("opening", line, "/actor", es, en)

    def _verify_opening(self, line: int, entry: Entry, opening: _Opening) -> None:
        committed = entry.record.get("subject")
        if committed is None or committed != _compute_commitment(opening.salt, opening.subject):
            subject = quote(opening.subject)
            es, en = f"la entrada no trata de {subject}", f"the entry is not about {subject}"
            self._findings.add_problem("opening", line, "/opening", es, en)


def is_entry(document: dict[str, Any]) -> bool:
    """Return True if a decoded line is a ledger entry."""
    return document.keys() >= {"seq", "record", "prev", "hash"}


def _compute_commitment(salt: str, text: str) -> str | None:
    """Return what an entry has in the place of a text; None if the salt is not hexadecimal."""
    try:
        return "sha256:" + hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()
    except ValueError:
        return None


def _convert_entry(text: bytes) -> Entry:
    entry = msgspec.convert(parse_object(text), Entry)
    compute_canonical(entry.record)
    return entry
