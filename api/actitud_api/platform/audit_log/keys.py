"""The private keys that sign: each in a file of its own, `<kid>.pem`, that only its owner reads."""

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
"""There is no key yet; its file is not there, cannot be read as a key, is readable by others, or is of another key."""


class SigningKeyFault(RuntimeError):
    """The key that signs cannot be used; `file` is where it should be, None where there is no key."""

    def __init__(self, code: KeyFaultCode, file: Path | None = None, reason: str = "") -> None:
        super().__init__(f"{code}: {file or ''} {reason}".rstrip())
        self.code: KeyFaultCode = code
        self.file = file
        self.reason = reason


class Signer:
    """The private part of one key; what it signs says which one by `kid`."""

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
        """The detached signature of a payload."""
        return signing.sign(self._private, canonicalize({"alg": signing.ALGORITHM, "kid": self.kid}), payload)

    def sign_checkpoint(self, origin: str, head: Head, at: datetime) -> str:
        """The signed note that states how a ledger is at a time."""
        text = signing.format_checkpoint(origin, head.size, head.root, at)
        return signing.sign_note(self._private, origin, text)


def build_key_path(folder: Path, kid: str) -> Path:
    """Where the private part of a key stands."""
    return folder / f"{kid}.pem"


def create_key(folder: Path) -> Signer:
    """Makes a key and writes its private part (PKCS#8 in PEM) to a file in a folder, synced; raises `OSError`."""
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
    """The private part of a key; raises `SigningKeyFault`, also where others than its owner may read its file."""
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
