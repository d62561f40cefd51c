"""Ed25519 signatures in two forms, detached JWS and signed notes. `actitud.verification` verifies both.

A detached JWS (JSON Web Signature) is a JSON object with a signature, without the payload that is signed: the flattened
JSON of RFC 7515, section 7.2.2 and appendix F, with the algorithm of RFC 8037. A signed note is a text followed by a
signature line, in the format `signed-note` of C2SP (specifications shared by transparency logs), so that programs that
watch or countersign such logs can read it too.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

ALGORITHM: Final = "EdDSA"
_NOTE_ED25519: Final = b"\x01"
"""Byte that stands for Ed25519 in the key id of a note."""
_KEY_ID_BYTES: Final = 4


class Jws(Struct, frozen=True):
    """Detached JSON Web Signature (RFC 7515): a signature that does not contain the signed payload.

    `protected` is the protected header, which the signature covers too, and `signature` the signature, both in
    base64url.
    """

    protected: str
    signature: str


def encode_base64url(data: bytes) -> str:
    """Return bytes as base64url text without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_public_key(private: Ed25519PrivateKey) -> str:
    """Return the 32 bytes of the public part of a private key, in base64url."""
    return encode_base64url(private.public_key().public_bytes_raw())


def compute_thumbprint(public: str) -> str:
    """Return the RFC 7638 thumbprint of a public key, which is a digest of it; both in base64url."""
    return encode_base64url(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}'.encode()).digest())


def format_rfc3339(at: datetime) -> str:
    """Return a time as RFC 3339 text in UTC, to the microsecond, ending in `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# --- detached JWS ---------------------------------------------------------------------------------------------


def sign(private: Ed25519PrivateKey, header: bytes, payload: bytes) -> Jws:
    """Return the detached JWS of a payload (RFC 7515, section 5.1); `header` is the protected header as JSON bytes."""
    protected = encode_base64url(header)
    signing_input = f"{protected}.{encode_base64url(payload)}".encode()
    return Jws(protected, encode_base64url(private.sign(signing_input)))


def is_valid(public: str, jws: Jws, payload: bytes) -> bool:
    """Return True if `jws` is a valid detached signature of a payload, made with the key whose public part is `public`.

    `public` is in base64url.
    """
    signing_input = f"{jws.protected}.{encode_base64url(payload)}".encode()
    try:
        Ed25519PublicKey.from_public_bytes(_decode(public)).verify(_decode(jws.signature), signing_input)
    except (InvalidSignature, ValueError):
        return False
    return True


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- signed notes ---------------------------------------------------------------------------------------------


def compute_note_key_id(name: str, public: bytes) -> bytes:
    """Return the id of a key in the signature line of a signed note (C2SP `signed-note`), 4 bytes.

    They are the beginning of a SHA-256 of `name`, the name of the signer, and `public`, the 32 bytes of the public key.
    """
    return hashlib.sha256(name.encode() + b"\n" + _NOTE_ED25519 + public).digest()[:_KEY_ID_BYTES]


def sign_note(private: Ed25519PrivateKey, name: str, text: str) -> str:
    """Return a signed note: the text, an empty line, and the signature line.

    `name`: name of the signer, which begins the signature line. `text` must end with a line feed.
    """
    key_id = compute_note_key_id(name, private.public_key().public_bytes_raw())
    signature = base64.b64encode(key_id + private.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def format_checkpoint(origin: str, size: int, root: str, at: datetime) -> str:
    """Return the text of a checkpoint, a statement of the state of a ledger, to be signed.

    It has four lines: the name of the ledger (`origin`), the number of its entries (`size`), the hash of the last entry
    in base64, and the time `at`. The argument `root` is that hash in hexadecimal.
    """
    return f"{origin}\n{size}\n{base64.b64encode(bytes.fromhex(root)).decode()}\n{format_rfc3339(at)}\n"
