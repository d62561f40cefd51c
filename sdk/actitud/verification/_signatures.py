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
from actitud.verification._checkpoints import (
    NOTE_SIGNATURE,
    NOTE_SIGNATURES,
    STATEMENT,
    LedgerState,
    add_no_checkpoint,
    read_state,
)
from actitud.verification._findings import Findings
from actitud.verification._known_ledger import KnownLedger
from actitud.verification._reading import Source

KeysSource: TypeAlias = "Source | Mapping[str, Any] | Sequence[SigningKey]"

_KEY_BYTES = 32
_NOTE_KEY_ID_BYTES = 4
"""Length in bytes of the key id in a signed note (C2SP signed-note)."""


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """Public Ed25519 key, and the period in which it signs.

    Attributes:
        kid: Id of the key.
        raw: The 32 bytes of the key.
        created, retired: Beginning and end of the period, ``None`` for no limit.
        compromised_since: Number of the ledger entry from which on others may have signed with the key; ``None`` if it
            was not compromised.
    """

    kid: str
    raw: bytes
    created: datetime | None
    retired: datetime | None
    compromised_since: int | None = None

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
        """Return the 4-byte id by which the signature line of a note names this key. ``origin``: name of the ledger."""
        return hashlib.sha256(f"{origin}\n\x01".encode() + self.raw).digest()[:_NOTE_KEY_ID_BYTES]


class _Jwk(msgspec.Struct, frozen=True, kw_only=True):
    """A public key as a JSON Web Key (RFC 8037), with the period in which it signs.

    Other members are ignored (RFC 7517, section 4).

    Attributes:
        kty, crv: Type and curve of the key; a key with any but "OKP" and "Ed25519" is ignored.
        x: The key in base64url.
        kid: Id of the key.
        created, retired: Beginning and end of the period, ``None`` if the key does not state it.
        compromised_since: As in :class:`PublicKey`.
    """

    kty: str = "OKP"
    crv: str = "Ed25519"
    x: str
    kid: str
    created: datetime | None = None
    retired: datetime | None = None
    compromised_since: int | None = None


class _Jwks(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[_Jwk, ...]


class _Protected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The protected header of a JWS: the algorithm, and as ``kid`` the id of the key that signed.

    Other members, such as ``crit``, could change the meaning of the signature and are refused.
    """

    alg: Literal["EdDSA"]
    kid: str


class _WrongKeyId(ValueError):
    """The id of a key is not its thumbprint; ``kid`` is that id, and ``thumbprint`` what it should be."""

    def __init__(self, kid: str, thumbprint: str) -> None:
        super().__init__(f"{kid}: not the RFC 7638 thumbprint of its key, which is {thumbprint}")
        self.kid = kid
        self.thumbprint = thumbprint


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
    """Return the public keys in the header of a bundle. If they are invalid, add a problem and return ()."""
    try:
        return _convert_keys(header.get("keys"))
    except _WrongKeyId as error:
        es = f"el identificador {error.kid} no es el de su clave, que es {error.thumbprint}"
        en = f"the id {error.kid} is not that of its key, which is {error.thumbprint}"
        findings.add_problem("key_id", 1, "/keys", es, en)
        return ()
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
    # Compared, because who names a key chooses which one seems to have signed.
    thumbprint = _compute_thumbprint(raw)
    if key.kid != thumbprint:
        raise _WrongKeyId(key.kid, thumbprint)
    return PublicKey(
        kid=key.kid, raw=raw, created=key.created, retired=key.retired, compromised_since=key.compromised_since
    )


def _compute_thumbprint(raw: bytes) -> str:
    """Compute the RFC 7638 thumbprint of an Ed25519 key."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{_encode_base64url(raw)}"}}'
    return _encode_base64url(hashlib.sha256(members.encode()).digest())


def convert_signature(jws: object) -> Signature | None:
    """Convert a decoded JSON value to a :class:`Signature`; return None if it is not a detached JWS."""
    try:
        return msgspec.convert(jws, Signature)
    except msgspec.ValidationError:
        return None


class SignatureVerifier:
    """Verifier of signatures of documents and checkpoints, with the public keys of a service.

    Each invalid signature is added to ``findings`` as a problem. ``known``: the verified ledger, which shows which
    documents existed before a key was compromised; None if it is not given. ``is_compared``: True if other code
    compares the checkpoints with their ledger, so that a checkpoint proves that its entries existed; always so if
    ``known`` is given.
    """

    def __init__(
        self,
        findings: Findings,
        keys: Sequence[PublicKey],
        known: KnownLedger | None = None,
        *,
        is_compared: bool = False,
    ) -> None:
        self._findings = findings
        self._keys = keys
        self._known = known
        self._is_compared = is_compared or known is not None

    def verify_document(
        self, line: int, pointer: str, jws: Signature | None, text: bytes, published: object, seq: int | None = None
    ) -> str | None:
        """Verify a document's signature. Return the id of the signing key, or add a problem and return None.

        ``jws``: the signature; None if there is none, which is a problem. ``line`` and ``pointer``: line of the file
        and JSON Pointer in it at which the signature stands. ``text``: the signed bytes. ``published``: the publication
        time in the document, as decoded JSON; None for a score, which has none. ``seq``: number of the ledger entry
        that shows that the document existed; None if there is none.
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
        if published is not None and not self._is_in_time(line, pointer, key, published, _parse_time(published)):
            return None
        return kid if self._is_from_before(line, pointer, key, seq) else None

    def verify_checkpoint(self, line: int, note: object) -> LedgerState | None:
        """Verify a checkpoint's signature. Return the statement of the checkpoint, or add a problem and return None.

        ``note``: the text of the checkpoint, as decoded JSON. ``line``: the line of the file that contains it.
        """
        text = note if isinstance(note, str) else ""
        statement = STATEMENT.match(text)
        if statement is None or not NOTE_SIGNATURES.fullmatch(text, statement.end()):
            add_no_checkpoint(self._findings, line)
            return None
        origin, signed = statement["origin"], statement[0].encode()
        signatures = [
            data
            for name, encoded in NOTE_SIGNATURE.findall(text)
            if name == origin and len(data := _decode_base64(encoded)) > _NOTE_KEY_ID_BYTES
        ]
        if not signatures:
            add_no_checkpoint(self._findings, line)
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
            add_no_checkpoint(self._findings, line)
            return None
        if not self._is_in_time(line, "/checkpoint", key, statement["at"], at):
            return None
        state = read_state(statement)
        # Its last entry, which is there at the latest.
        seq = state.size - 1 if self._is_compared else None
        return state if self._is_from_before(line, "/checkpoint", key, seq) else None

    def _is_from_before(self, line: int, pointer: str, key: PublicKey, seq: int | None) -> bool:
        """Return True if a signature is from before the key was compromised; if not, or unknown, add a problem.

        ``seq``: number of the ledger entry that shows that what is signed was there; None without one.
        """
        stated = [key.compromised_since, None if self._known is None else self._known.compromised.get(key.kid)]
        since = min((number for number in stated if number is not None), default=None)
        if since is None or (seq is not None and seq < since):
            return True
        if seq is not None:
            es, en = f"y esto es de la entrada {seq}", f"and this is of entry {seq}"
        elif self._is_compared:
            es, en = "y no consta que esto fuese anterior", "and nothing shows that this was there before"
        else:
            es = "y sin el libro de cambios no se sabe si esto es anterior (dé `ledger`)"
            en = "and without the ledger it is not known whether this was there before (give `ledger`)"
        es = f"la clave {key.kid} no vale desde la entrada {since} del libro de cambios, {es}"
        en = f"the key {key.kid} is compromised since entry {since} of the ledger, {en}"
        self._findings.add_problem("compromised", line, pointer, es, en)
        return False

    def _is_in_time(self, line: int, pointer: str, key: PublicKey, stated: object, at: datetime | None) -> bool:
        if at is not None and key.signs_at(at):
            return True
        span = f"{key.created or '…'} – {key.retired or '…'}"
        es = f"la clave {key.kid} firma a las {stated}, fuera de su tiempo ({span})"
        en = f"the key {key.kid} signs at {stated}, outside its time ({span})"
        self._findings.add_problem("key_time", line, pointer, es, en)
        return False


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
