"""Ed25519 signatures in two forms, detached JWS and signed notes, and their public keys. Pure.

A detached JWS is RFC 7515's flattened JSON without its payload (section 7.2.2 and appendix F), with the algorithm of
RFC 8037. A signed note is a text followed by a signature line, in the format `signed-note` of C2SP, which witnesses and
monitors of other transparency logs read too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

ALGORITHM: Final = "EdDSA"
_NOTE_ED25519: Final = b"\x01"
"""Byte that stands for Ed25519 in the key id of a note."""
_KEY_ID_BYTES: Final = 4

_NOTE = re.compile(
    r"(?P<text>(?P<origin>\S+)\n(?P<size>[1-9][0-9]*)\n(?P<root>[A-Za-z0-9+/]{43}=)\n(?P<at>\S+)\n)"
    r"\n(?P<signatures>(?:— \S+ [A-Za-z0-9+/]+=*\n)+)"
)
_SIGNATURE = re.compile(r"— (?P<name>\S+) (?P<signature>\S+)\n")


class Jws(Struct, frozen=True):
    """Detached JSON Web Signature: the protected header and the signature, both in base64url."""

    protected: str
    signature: str


class Jwk(Struct, frozen=True, omit_defaults=True):
    """Public Ed25519 key (RFC 8037): `x` is its 32 bytes in base64url, `kid` its RFC 7638 thumbprint."""

    x: str
    kid: str
    kty: str = "OKP"
    crv: str = "Ed25519"


class JwsHeader(Struct, frozen=True, forbid_unknown_fields=True):
    """Protected header of a signature; other members, such as `crit` or `b64`, are refused."""

    alg: str
    kid: str


class Note(Struct, frozen=True):
    """Content of a checkpoint: size of a ledger and hash of its last entry in hexadecimal, at a time.

    `kid`: the key that signed it.
    """

    origin: str
    size: int
    root: str
    at: str
    kid: str


class InvalidNote(ValueError):
    """Text that is no checkpoint, or without a signature by one of the keys."""


def encode_base64url(data: bytes) -> str:
    """Return bytes as base64url text without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Return the bytes of a base64url text; raise `ValueError` if the text is not in canonical form."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encode_base64url(data) != text:
        raise ValueError("not base64url")
    return data


def encode_public_key(private: Ed25519PrivateKey) -> str:
    """Return the 32 bytes of the public part of a key, in base64url."""
    return encode_base64url(private.public_key().public_bytes_raw())


def compute_thumbprint(public: str) -> str:
    """Return the RFC 7638 thumbprint of a public key in base64url; `public` is in base64url too."""
    return encode_base64url(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}'.encode()).digest())


def format_rfc3339(at: datetime) -> str:
    """Return a time as RFC 3339 text in UTC, to the microsecond, ending in `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# --- detached JWS ---------------------------------------------------------------------------------------------


def sign(private: Ed25519PrivateKey, header: bytes, payload: bytes) -> Jws:
    """Return the detached JWS of a payload (RFC 7515, section 5.1); `header` is the protected header as JSON bytes."""
    protected = encode_base64url(header)
    return Jws(protected, encode_base64url(private.sign(_signing_input(protected, payload))))


def verify(jws: Jws, payload: bytes, keys: Iterable[Jwk]) -> str | None:
    """Return the id of the key that signed a payload, or None.

    None also for a header with another algorithm or member.
    """
    try:
        header = msgspec.json.decode(decode_base64url(jws.protected), type=JwsHeader)
        signature = decode_base64url(jws.signature)
    except ValueError:
        return None
    if header.alg != ALGORITHM:
        return None
    for key in keys:
        if key.kid == header.kid and _is_signed(key, signature, _signing_input(jws.protected, payload)):
            return key.kid
    return None


def _signing_input(protected: str, payload: bytes) -> bytes:
    return f"{protected}.{encode_base64url(payload)}".encode()


def _is_signed(key: Jwk, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(decode_base64url(key.x)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- signed notes ---------------------------------------------------------------------------------------------


def compute_note_key_id(name: str, public: bytes) -> bytes:
    """Return the 4 bytes by which a signed note names a key: the beginning of a SHA-256 (C2SP `signed-note`)."""
    return hashlib.sha256(name.encode() + b"\n" + _NOTE_ED25519 + public).digest()[:_KEY_ID_BYTES]


def sign_note(private: Ed25519PrivateKey, name: str, text: str) -> str:
    """Return a signed note: the text, an empty line, and the signature line under a name.

    `text` must end with a line feed.
    """
    key_id = compute_note_key_id(name, private.public_key().public_bytes_raw())
    signature = base64.b64encode(key_id + private.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def find_note_signer(text: str, signatures: str, name: str, keys: Iterable[Jwk]) -> str | None:
    """Return the id of the key that signed a text under a name, from its signature lines, or None."""
    known = list(keys)
    for found in _SIGNATURE.finditer(signatures):
        if found["name"] != name:
            continue
        try:
            data = base64.b64decode(found["signature"], validate=True)
        except binascii.Error:
            continue
        for key in known:
            if data[:_KEY_ID_BYTES] != compute_note_key_id(name, decode_base64url(key.x)):
                continue
            if _is_signed(key, data[_KEY_ID_BYTES:], text.encode()):
                return key.kid
    return None


def format_checkpoint(origin: str, size: int, root: str, at: datetime) -> str:
    """Return the text of a checkpoint in four lines: origin, size, root hash in base64, time.

    `root` is given in hexadecimal.
    """
    return f"{origin}\n{size}\n{base64.b64encode(bytes.fromhex(root)).decode()}\n{format_rfc3339(at)}\n"


def parse_note(note: str, keys: Iterable[Jwk]) -> Note:
    """Return the content of a checkpoint signed by one of the keys; raise `InvalidNote`."""
    found = _NOTE.fullmatch(note)
    if found is None:
        raise InvalidNote("not the form of a checkpoint")
    kid = find_note_signer(found["text"], found["signatures"], found["origin"], keys)
    if kid is None:
        raise InvalidNote("none of the keys has signed it")
    return Note(found["origin"], int(found["size"]), base64.b64decode(found["root"]).hex(), found["at"], kid)
