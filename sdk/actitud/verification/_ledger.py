"""Verify a ledger: the hash chain of its entries, their openings, and a checkpoint that the caller kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from actitud.verification._findings import Findings, Verification, format_count
from actitud.verification._options import Options
from actitud.verification._reading import compute_canonical, get_member, parse_object, quote, read_document
from actitud.verification._signatures import (
    GIVEN_CHECKPOINT,
    LedgerState,
    SignatureVerifier,
    add_other_ledger,
    read_checkpoint,
)

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


class _Entry(msgspec.Struct, frozen=True):
    """The members of a ledger entry, as ``GET /v1/ledger`` returns it, that are verified.

    ``seq``: number of the entry. ``record``: what it records. ``prev`` and ``hash``: hash of the previous entry and
    of this one. ``opening`` and ``actor``: ``None`` if the ledger does not show it.
    """

    seq: int
    record: dict[str, Any]
    prev: str
    hash: str
    opening: _Opening | None = None
    actor: _ActorOpening | None = None


def is_entry(document: dict[str, Any]) -> bool:
    """Return True if a decoded line is a ledger entry."""
    return document.keys() >= {"seq", "record", "prev", "hash"}


def verify_ledger(findings: Findings, options: Options, first: bytes, lines: Iterator[bytes]) -> Verification:
    """Verify a ledger from entry 0 on and return the result.

    ``first``: its first line; ``lines``: the lines after it.
    """
    origin = get_member(parse_object(first), "record", "origin")
    kept = _read_kept_checkpoint(findings, options, origin if isinstance(origin, str) else None)
    chain = _Chain(findings, kept)
    for line, text in enumerate(_join(first, lines), 1):
        if not chain.add(line, text):
            break
    else:
        chain.end()
    es, en = format_count(chain.size)
    findings.add_check("form", "la forma de las entradas", "the form of the entries")
    es_chain, en_chain = f"la cadena de {es} entradas", f"the chain of {en} entries"
    findings.add_check("chain", f"{es_chain}, y de qué tratan", f"{en_chain}, and what they are about")
    if options.checkpoint is None:
        findings.add_unchecked(
            "si se ha cortado o rehecho su final (dé un punto de control guardado fuera: `checkpoint`)",
            "whether its end was cut off or made anew (give a checkpoint that was kept outside: `checkpoint`)",
        )
    else:
        findings.add_check("checkpoint", "el punto de control guardado", "the checkpoint that was kept")
        if options.keys is not None:
            findings.add_check("signatures", "la firma del punto de control", "the signature of the checkpoint")
    return findings.build_result(
        "ledger",
        holds=(
            f"las {es} entradas del libro de cambios {origin} se siguen unas de otras, hasta {chain.root}",
            f"the {en} entries of the ledger {origin} follow from each other, up to {chain.root}",
        ),
    )


def _join(first: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from lines


def _read_kept_checkpoint(findings: Findings, options: Options, origin: str | None) -> LedgerState | None:
    if options.checkpoint is None:
        return None
    if options.keys is None:
        state = read_checkpoint(findings, GIVEN_CHECKPOINT, options.checkpoint)
        findings.add_unchecked(
            "la firma del punto de control (dé `keys`)", "the signature of the checkpoint (give `keys`)"
        )
    else:
        state = SignatureVerifier(findings, options.keys).verify_checkpoint(GIVEN_CHECKPOINT, options.checkpoint)
    if state is not None and origin is not None and state.origin != origin:
        add_other_ledger(findings, GIVEN_CHECKPOINT, state.origin, origin)
        return None
    return state


class _Chain:
    """The entries of a ledger that have been verified so far.

    ``size``: their number. ``root``: the hash of the last one, in hexadecimal. The hash of an entry is
    SHA-256(0x00 || hash of the entry before || number of the entry || record). ``kept``: the statement of a
    checkpoint that the caller kept, to compare; ``None`` if there is none.
    """

    def __init__(self, findings: Findings, kept: LedgerState | None) -> None:
        self._findings = findings
        self._kept = kept
        self.size = 0
        self.root = _BEFORE_FIRST

    def add(self, line: int, text: bytes) -> bool:
        """Verify the next entry and return True; if the chain breaks at it, add a problem and return False."""
        entry = read_document(self._findings, line, text, _convert_entry)
        if entry is None:
            return False
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
            return self._break(line, "/seq", es, en)
        if entry.prev != self.root:
            es = f"no sigue a la entrada anterior: prev es {entry.prev}, y el hash de aquella {self.root}"
            en = f"it does not follow the entry before: prev is {entry.prev}, and the hash of that one {self.root}"
            return self._break(line, "/prev", es, en)
        if entry.hash != digest:
            es = f"la entrada ha cambiado: su hash es {digest}, y pone {entry.hash}"
            en = f"the entry has changed: its hash is {digest}, and it says {entry.hash}"
            return self._break(line, "/hash", es, en)
        if seq == 0 and not record.startswith(_FIRST_RECORD):
            es, en = "la entrada 0 no empieza ningún libro de cambios", "entry 0 begins no ledger"
            return self._break(line, "", es, en)
        self.root = digest
        if self._kept is not None and self._kept.size == self.size and self._kept.root != digest:
            expected = self._kept.root
            es = "no es la entrada que había cuando se guardó el punto de control: su hash era"
            en = "it is not the entry that was there when the checkpoint was kept: its hash was"
            return self._break(line, "", f"{es} {expected}, y es {digest}", f"{en} {expected}, and it is {digest}")
        return True

    def end(self) -> None:
        """Add a problem if the ledger has fewer entries than the checkpoint that the caller kept."""
        if self._kept is not None and self.size < self._kept.size:
            due = self._kept.size
            es = f"se ha cortado el final: el punto de control es de {due} entradas, y hay {self.size}"
            en = f"the end was cut off: the checkpoint is of {due} entries, and there are {self.size}"
            self._break(self.size + 1, "", es, en)

    def _break(self, line: int, pointer: str, es: str, en: str) -> bool:
        self._findings.add_problem("chain", line, pointer, es, en)
        return False

    def _verify_actor(self, line: int, entry: _Entry, shown: _ActorOpening) -> None:
        actor = entry.record.get("actor")
        committed = actor.get("organisation") if isinstance(actor, dict) else None
        if committed is None or committed != _compute_commitment(shown.salt, shown.organisation):
            organisation = quote(shown.organisation)
            es, en = f"en la entrada no actuó {organisation}", f"in the entry {organisation} did not act"
            self._findings.add_problem("opening", line, "/actor", es, en)

    def _verify_opening(self, line: int, entry: _Entry, opening: _Opening) -> None:
        committed = entry.record.get("subject")
        if committed is None or committed != _compute_commitment(opening.salt, opening.subject):
            subject = quote(opening.subject)
            es, en = f"la entrada no trata de {subject}", f"the entry is not about {subject}"
            self._findings.add_problem("opening", line, "/opening", es, en)


def _compute_commitment(salt: str, text: str) -> str | None:
    """Return what an entry has in the place of a text; None if the salt is not hexadecimal."""
    try:
        return "sha256:" + hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()
    except ValueError:
        return None


def _convert_entry(text: bytes) -> _Entry:
    entry = msgspec.convert(parse_object(text), _Entry)
    compute_canonical(entry.record)
    return entry
