"""Private signing keys: each in a file `<kid>.pem` that only its owner may read."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from actitud_api.engine.methodology.digests import canonicalize
from actitud_api.platform.audit_log import signing
from actitud_api.platform.audit_log.chain import Head

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700

KeyFaultCode = Literal["none", "missing", "unreadable", "exposed", "foreign"]
"""Reasons why a signing key cannot be used.

`none`: no key exists yet. `missing`: its file is absent. `unreadable`: the file is no readable key. `exposed`: others
may read the file. `foreign`: the file holds another key.
"""


class SigningKeyFault(RuntimeError):
    """Unusable signing key; `file` is its expected path, None if no key exists."""

    def __init__(self, code: KeyFaultCode, file: Path | None = None, reason: str = "") -> None:
        super().__init__(f"{code}: {file or ''} {reason}".rstrip())
        self.code: KeyFaultCode = code
        self.file = file
        self.reason = reason


class Signer:
    """Private part of one key; its signatures name the key by `kid`."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = signing.encode_public_key(private)
        self.kid = signing.compute_thumbprint(self.public)

    def __repr__(self) -> str:
        return f"Signer({self.kid!r})"

    @property
    def jwk(self) -> signing.Jwk:
        """The public part."""
        return signing.Jwk(self.public, self.kid)

    def sign(self, payload: bytes) -> signing.Jws:
        """Return the detached signature of a payload."""
        return signing.sign(self._private, canonicalize({"alg": signing.ALGORITHM, "kid": self.kid}), payload)

    def sign_checkpoint(self, origin: str, head: Head, at: datetime) -> str:
        """Return the signed note that states the head of a ledger at a time."""
        text = signing.format_checkpoint(origin, head.size, head.root, at)
        return signing.sign_note(self._private, origin, text)


def build_key_path(folder: Path, kid: str) -> Path:
    """Return the path of the private part of a key."""
    return folder / f"{kid}.pem"


def create_key(folder: Path) -> Signer:
    """Create an Ed25519 key, write its private part to a new PEM file (PKCS#8, synced), and return its signer.

    Raises:
        OSError: The file exists or cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    signer = Signer(private)
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    descriptor = os.open(build_key_path(folder, signer.kid), os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return signer


def load_signer(folder: Path, kid: str) -> Signer:
    """Load the private part of a key.

    Raises:
        SigningKeyFault: The file is missing, unreadable, of another key, or readable by others than its owner.
    """
    file = build_key_path(folder, kid)
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read()
    except FileNotFoundError as error:
        raise SigningKeyFault("missing", file) from error
    except OSError as error:
        raise SigningKeyFault("unreadable", file, error.strerror or "") from error
    if os.name == "posix" and mode & 0o077:
        raise SigningKeyFault("exposed", file, f"{mode & 0o777:o}")
    try:
        private = load_pem_private_key(text, None)
    except (TypeError, ValueError) as error:
        raise SigningKeyFault("unreadable", file) from error
    if not isinstance(private, Ed25519PrivateKey) or Signer(private).kid != kid:
        raise SigningKeyFault("foreign", file)
    return Signer(private)
