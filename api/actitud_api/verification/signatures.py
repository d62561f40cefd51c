"""Verifies signatures and checkpoints with the public keys of a service."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from actitud_api.platform.audit_log import signing
from actitud_api.platform.audit_log.signing import Jwk, Jws
from actitud_api.verification.findings import Found

KEPT: Final = 0
"""The line of a checkpoint that was kept outside: none of the file."""

_KEY_BYTES: Final = 32
_NOTE_KEY_ID: Final = 4
_NOTE_SIGNATURE = re.compile(r"^— (\S+) (\S+)$", re.MULTILINE)
_NOTE = re.compile(r"(?P<origin>\S+)\n(?P<size>[1-9][0-9]{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\n(?P<at>\S+)\n\n")
_ORIGIN_MAX: Final = 60


class PublicKey(Jwk, frozen=True, kw_only=True, omit_defaults=True):
    """A public key with the time in which it signs."""

    created: datetime | None = None
    retired: datetime | None = None


class Keys(Struct, frozen=True):
    """The public keys of a service, retired ones too (RFC 7517)."""

    keys: tuple[PublicKey, ...]


def read_keys(raw: bytes) -> Keys:
    """The keys of a JWKS; raises `ValueError` where it is none."""
    return usable(msgspec.json.decode(raw, type=Keys))


def usable(keys: Keys) -> Keys:
    """The same keys; raises `ValueError` where one of them is none."""
    for key in keys.keys:
        if len(signing.from_base64url(key.x)) != _KEY_BYTES:
            raise ValueError(f"{key.kid}: not an Ed25519 key")
    return keys


class Signatures:
    """Verifies signatures with the keys of a service."""

    def __init__(self, found: Found, keys: Sequence[PublicKey]) -> None:
        self._found = found
        self._keys = keys

    def document(self, line: int, pointer: str, jws: Jws, text: bytes, at: datetime | None) -> str | None:
        """The id of the key that has signed a document; `at`: when, where that is known."""
        kid = signing.verify(jws, text, self._keys)
        if kid is not None:
            return kid if self._in_its_time(line, pointer, kid, at) else None
        try:
            named = msgspec.json.decode(signing.from_base64url(jws.protected), type=signing.Header).kid
        except ValueError:
            es, en = "no es una firma EdDSA con su clave", "it is no EdDSA signature with its key"
            self._found.problem("signature", line, pointer, es, en)
            return None
        if any(key.kid == named for key in self._keys):
            es, en = (
                f"la firma de la clave {named} no es de este documento",
                f"the signature of the key {named} is not of this document",
            )
            self._found.problem("signature", line, pointer, es, en)
        else:
            es, en = (
                f"firma la clave {named}, que no está entre las claves",
                f"the key {named} signs, which is not among the keys",
            )
            self._found.problem("foreign_key", line, pointer, es, en)
        return None

    def checkpoint(self, line: int, note: str) -> signing.Note | None:
        """What a checkpoint states that one of the keys has signed."""
        try:
            read = signing.read_note(note, self._keys)
        except ValueError:
            self._invalid(line, note)
            return None
        try:
            at = datetime.fromisoformat(read.at)
        except ValueError:
            self._no_checkpoint(line)
            return None
        return read if self._in_its_time(line, "/checkpoint", read.kid, at) else None

    def _invalid(self, line: int, note: str) -> None:
        """Says why a checkpoint is none."""
        origin = note.partition("\n")[0][:_ORIGIN_MAX]
        names = {
            encoded[:_NOTE_KEY_ID]
            for name, encoded in _NOTE_SIGNATURE.findall(note)
            for encoded in [_from_base64(encoded)]
            if name == origin
        }
        if not names:
            self._no_checkpoint(line)
        elif any(signing.note_key_id(origin, signing.from_base64url(key.x)) in names for key in self._keys):
            es, en = (
                f"{origin}: la firma no es de este punto de control",
                f"{origin}: the signature is not of this checkpoint",
            )
            self._found.problem("signature", line, "/checkpoint", es, en)
        else:
            es, en = f"{origin}: ninguna de las claves lo ha firmado", f"{origin}: none of the keys has signed it"
            self._found.problem("foreign_key", line, "/checkpoint", es, en)

    def _no_checkpoint(self, line: int) -> None:
        es, en = "no tiene la forma de un punto de control", "it has not the form of a checkpoint"
        self._found.problem("checkpoint", line, "/checkpoint", es, en)

    def _in_its_time(self, line: int, pointer: str, kid: str, at: datetime | None) -> bool:
        (key, *_) = (known for known in self._keys if known.kid == kid)
        holds = at is None or (
            (key.created is None or _utc(key.created) <= _utc(at))
            and (key.retired is None or _utc(at) <= _utc(key.retired))
        )
        if not holds:
            span = f"{key.created or '…'} – {key.retired or '…'}"
            es = f"la clave {kid} firma a las {at}, fuera de su tiempo ({span})"
            en = f"the key {kid} signs at {at}, outside its time ({span})"
            self._found.problem("key_time", line, pointer, es, en)
        return holds


def _utc(at: datetime) -> datetime:
    """A time with its zone; one that says none is UTC."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _from_base64(text: str) -> bytes:
    """The bytes of a base64 text; none where it is not one."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def stated(found: Found, line: int, note: str) -> signing.Note | None:
    """What a checkpoint states, whoever signed it; None, noted, where it has not the form of one."""
    match = _NOTE.match(note)
    if match is None:
        es, en = "no tiene la forma de un punto de control", "it has not the form of a checkpoint"
        found.problem("checkpoint", line, "/checkpoint", es, en)
        return None
    return signing.Note(match["origin"], int(match["size"]), b64decode(match["root"]).hex(), match["at"], "")


def same_ledger(found: Found, line: int, before: signing.Note, made: signing.Note) -> None:
    """Notes where the checkpoint before a publication is not one of the same ledger, and earlier."""
    if before.origin != made.origin:
        of_another(found, line, before.origin, made.origin)
    elif before.size >= made.size:
        es = f"tiene {before.size} entradas, y el de la cabecera, posterior, {made.size}"
        en = f"it has {before.size} entries, and that of the header, a later one, {made.size}"
        found.problem("checkpoint", line, "/checkpoint", es, en)


def of_another(found: Found, line: int, origin: str, due: str) -> None:
    """Notes a checkpoint of another ledger than the one that it is held against."""
    es = f"es un punto de control de otro servicio: {origin}, y no {due}"
    en = f"it is a checkpoint of another service: {origin}, and not {due}"
    found.problem("checkpoint_origin", line, "/checkpoint", es, en)
