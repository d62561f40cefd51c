"""Verify Ed25519 signatures: detached JWS of documents, and signed notes (C2SP) of checkpoints."""

from __future__ import annotations

import binascii
import hashlib
import os
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from actitud.models import Signature, SigningKey
from actitud.verification._findings import Findings
from actitud.verification._reading import Source

KeysSource: TypeAlias = "Source | Mapping[str, Any] | Sequence[SigningKey]"

GIVEN_CHECKPOINT = 0
"""Line number that stands for the ``checkpoint`` argument in problems."""

_KEY_BYTES = 32
_NOTE_KEY_ID_BYTES = 4
"""Length in bytes of the key id in a signed note (C2SP signed-note)."""
_STATEMENT = re.compile(
    r"(?P<origin>[^\s\ud800-\udfff]+)\n(?P<size>[1-9][0-9]{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"(?P<at>[^\s\ud800-\udfff]+)\n(?=\n)"
)
"""The statement of a checkpoint. JSON may have lone surrogates in it, which no signature can cover."""
_NOTE_SIGNATURE = re.compile(r"^— (?P<name>\S+) (?P<signature>\S+)$", re.MULTILINE)
_NOTE_SIGNATURES = re.compile(r"\n(?:— \S+ [A-Za-z0-9+/]+=*\n)+")


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public Ed25519 key and the period in which it signs.

    ``kid``: its id. ``raw``: its 32 bytes. ``created`` and ``retired``: beginning and end of the period, ``None``
    if it has none.
    """

    kid: str
    raw: bytes
    created: datetime | None
    retired: datetime | None

    def has_signed(self, signature: bytes, message: bytes) -> bool:
        """Return True if this key made the signature of the message."""
        # Imported late: it comes with the extra [verify].
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def signs_at(self, at: datetime) -> bool:
        """Return True if the key was in use at a time. A time without a zone is UTC."""
        return (self.created is None or _to_utc(self.created) <= _to_utc(at)) and (
            self.retired is None or _to_utc(at) <= _to_utc(self.retired)
        )

    def compute_note_id(self, origin: str) -> bytes:
        """Compute the 4-byte id by which a signed note refers to this key. ``origin``: the name of the ledger."""
        return hashlib.sha256(f"{origin}\n\x01".encode() + self.raw).digest()[:_NOTE_KEY_ID_BYTES]


class LedgerState(msgspec.Struct, frozen=True, kw_only=True):
    """The statement of a checkpoint: the name of the ledger, its number of entries and the hash of the last, in hex."""

    origin: str
    size: int
    root: str


class _Jwk(msgspec.Struct, frozen=True, kw_only=True):
    """A public key as a JSON Web Key (RFC 8037), with the period in which it signs.

    ``x``: the key in base64url. ``kid``: its id. ``created`` and ``retired``: beginning and end of that period,
    ``None`` if the key does not state it.
    """

    kty: str = "OKP"
    crv: str = "Ed25519"
    x: str
    kid: str
    created: datetime | None = None
    retired: datetime | None = None


class _Jwks(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[_Jwk, ...]


class _Protected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The protected header of a JWS: the algorithm, and as ``kid`` the id of the key that signed.

    Other members, such as ``crit``, could change the meaning of the signature and are refused.
    """

    alg: Literal["EdDSA"]
    kid: str


def read_keys(source: KeysSource) -> tuple[PublicKey, ...]:
    """Read the Ed25519 keys of a JSON Web Key Set from a path, bytes or a decoded value.

    Raises ``ValueError`` if the source is not a key set, and ``OSError`` if the file cannot be read.
    """
    if not isinstance(source, bytes | str | os.PathLike):
        return _convert_keys(source if isinstance(source, Mapping) else {"keys": msgspec.to_builtins(source)})
    raw = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"keys are not JSON: {error}") from error
    return _convert_keys(value)


def read_bundle_keys(findings: Findings, header: Mapping[str, Any]) -> tuple[PublicKey, ...]:
    """Read the keys in the header of a bundle. Adds a problem and returns no keys if they are invalid."""
    try:
        return _convert_keys(header.get("keys"))
    except ValueError:
        findings.add_problem("malformed", 1, "/keys", "no son claves públicas", "they are no public keys")
        return ()


def _convert_keys(jwks: object) -> tuple[PublicKey, ...]:
    try:
        keys = msgspec.convert(jwks, _Jwks).keys
    except msgspec.ValidationError as error:
        raise ValueError(f"keys are not a JWKS (RFC 7517): {error}") from error
    return tuple(_convert_key(key) for key in keys if (key.kty, key.crv) == ("OKP", "Ed25519"))


def _convert_key(key: _Jwk) -> PublicKey:
    raw = _decode_base64url(key.x)
    if len(raw) != _KEY_BYTES:
        raise ValueError(f"{key.kid}: not an Ed25519 key")
    return PublicKey(kid=key.kid, raw=raw, created=key.created, retired=key.retired)


def convert_signature(jws: object) -> Signature | None:
    """Convert a decoded JWS to a :class:`Signature`; return None if it is not one."""
    try:
        return msgspec.convert(jws, Signature)
    except msgspec.ValidationError:
        return None


class SignatureVerifier:
    """Verifies signatures of documents and checkpoints with a service's public keys.

    Each invalid signature is added to ``findings`` as a problem.
    """

    def __init__(self, findings: Findings, keys: Sequence[PublicKey]) -> None:
        self._findings = findings
        self._keys = keys

    def verify_document(
        self, line: int, pointer: str, jws: Signature | None, text: bytes, published: object
    ) -> str | None:
        """Verify a document's signature. Return the id of the signing key, or add a problem and return None.

        ``jws``: the signature; None if there is none, which is a problem. ``line`` and ``pointer``: where the
        signature is. ``published``: the publication time in the document, as decoded JSON; None for a score,
        which has none.
        """
        if jws is None:
            self._findings.add_problem("unsigned", line, pointer, "no está firmado", "it is not signed")
            return None
        try:
            kid = msgspec.json.decode(_decode_base64url(jws.protected), type=_Protected).kid
            signature = _decode_base64url(jws.signature)
        except (ValueError, RecursionError):
            es, en = "no es una firma EdDSA con su clave", "it is no EdDSA signature with its key"
            self._findings.add_problem("signature", line, pointer, es, en)
            return None
        key = next((key for key in self._keys if key.kid == kid), None)
        if key is None:
            es, en = (
                f"firma la clave {kid}, que no está entre las claves",
                f"the key {kid} signs, which is not among the keys",
            )
            self._findings.add_problem("foreign_key", line, pointer, es, en)
            return None
        if not key.has_signed(signature, f"{jws.protected}.{_encode_base64url(text)}".encode()):
            es, en = (
                f"la firma de la clave {kid} no es de este documento",
                f"the signature of the key {kid} is not of this document",
            )
            self._findings.add_problem("signature", line, pointer, es, en)
            return None
        if published is None:
            return kid
        return kid if self._is_in_time(line, pointer, key, published, _parse_time(published)) else None

    def verify_checkpoint(self, line: int, note: object) -> LedgerState | None:
        """Verify a checkpoint's signature. Return its statement, or add a problem and return None.

        ``note``: the text of the checkpoint, as decoded JSON. ``line``: the line that contains it.
        """
        text = note if isinstance(note, str) else ""
        statement = _STATEMENT.match(text)
        if statement is None or not _NOTE_SIGNATURES.fullmatch(text, statement.end()):
            _add_no_checkpoint(self._findings, line)
            return None
        origin, signed = statement["origin"], statement[0].encode()
        signatures = [
            data
            for name, encoded in _NOTE_SIGNATURE.findall(text)
            if name == origin and len(data := _decode_base64(encoded)) > _NOTE_KEY_ID_BYTES
        ]
        if not signatures:
            _add_no_checkpoint(self._findings, line)
            return None
        candidates = [
            (key, data[_NOTE_KEY_ID_BYTES:])
            for data in signatures
            for key in self._keys
            if data[:_NOTE_KEY_ID_BYTES] == key.compute_note_id(origin)
        ]
        for key, signature in candidates:
            if key.has_signed(signature, signed):
                return self._read_in_time(line, statement, key)
        if candidates:
            es, en = (
                f"{origin}: la firma no es de este punto de control",
                f"{origin}: the signature is not of this checkpoint",
            )
            self._findings.add_problem("signature", line, "/checkpoint", es, en)
        else:
            es, en = f"{origin}: ninguna de las claves lo ha firmado", f"{origin}: none of the keys has signed it"
            self._findings.add_problem("foreign_key", line, "/checkpoint", es, en)
        return None

    def _read_in_time(self, line: int, statement: re.Match[str], key: PublicKey) -> LedgerState | None:
        at = _parse_time(statement["at"])
        if at is None:
            _add_no_checkpoint(self._findings, line)
            return None
        return _read_state(statement) if self._is_in_time(line, "/checkpoint", key, statement["at"], at) else None

    def _is_in_time(self, line: int, pointer: str, key: PublicKey, stated: object, at: datetime | None) -> bool:
        if at is not None and key.signs_at(at):
            return True
        span = f"{key.created or '…'} – {key.retired or '…'}"
        es = f"la clave {key.kid} firma a las {stated}, fuera de su tiempo ({span})"
        en = f"the key {key.kid} signs at {stated}, outside its time ({span})"
        self._findings.add_problem("key_time", line, pointer, es, en)
        return False


def read_checkpoint(findings: Findings, line: int, note: str) -> LedgerState | None:
    """Read the statement of a checkpoint without verifying its signature.

    ``line``: number of its line in the file, for problems. Adds a problem and returns None if the note is
    malformed.
    """
    statement = _STATEMENT.match(note)
    if statement is None:
        _add_no_checkpoint(findings, line)
        return None
    return _read_state(statement)


def compare_checkpoints(findings: Findings, line: int, earlier: LedgerState, later: LedgerState) -> None:
    """Add a problem if ``earlier`` cannot be an earlier state of the ledger of ``later``.

    It cannot if it is of another ledger, or has as many entries or more. ``line``: number of the line that the
    problem is reported at.
    """
    if earlier.origin != later.origin:
        add_other_ledger(findings, line, earlier.origin, later.origin)
    elif earlier.size >= later.size:
        es = f"tiene {earlier.size} entradas, y el de la cabecera, posterior, {later.size}"
        en = f"it has {earlier.size} entries, and that of the header, a later one, {later.size}"
        findings.add_problem("checkpoint", line, "/checkpoint", es, en)


def add_other_ledger(findings: Findings, line: int, origin: str, expected: str) -> None:
    """Add the problem that a checkpoint belongs to another ledger.

    ``origin``: name of the checkpoint's ledger. ``expected``: name of the ledger to which it should belong.
    """
    es = f"es un punto de control de otro servicio: {origin}, y no {expected}"
    en = f"it is a checkpoint of another service: {origin}, and not {expected}"
    findings.add_problem("checkpoint_origin", line, "/checkpoint", es, en)


def _add_no_checkpoint(findings: Findings, line: int) -> None:
    es, en = "no tiene la forma de un punto de control", "it has not the form of a checkpoint"
    findings.add_problem("checkpoint", line, "/checkpoint", es, en)


def _read_state(statement: re.Match[str]) -> LedgerState:
    root = b64decode(statement["root"]).hex()
    return LedgerState(origin=statement["origin"], size=int(statement["size"]), root=root)


def _parse_time(stated: object) -> datetime | None:
    try:
        return datetime.fromisoformat(stated) if isinstance(stated, str) else None
    except ValueError:
        return None


def _to_utc(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _encode_base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode_base64url(text: str) -> bytes:
    # Only the one text that encodes the bytes: others would be a second form of a valid signature.
    try:
        data = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64url") from error
    if _encode_base64url(data) != text:
        raise ValueError("not base64url")
    return data


def _decode_base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
