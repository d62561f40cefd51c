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
from actitud_api.platform.storage.private_files import FILE_MODE as FILE_MODE
from actitud_api.platform.storage.private_files import sync_path

FOLDER_MODE: Final = 0o700

KeyFaultCode = Literal["none", "missing", "unreadable", "exposed", "foreign", "restored"]
"""Reasons why nothing can be signed.

`none`: no key exists yet. `missing`: its file does not exist. `unreadable`: the file is not a readable PEM key.
`exposed`: users other than the owner may access the file. `foreign`: the file holds another key. `restored`: the ledger
is not the one that was signed, because the database was brought back from a copy.
"""


class SigningKeyFault(RuntimeError):
    """Raised if the service cannot sign, because of its key or because the ledger lacks entries that were signed.

    Attributes:
        code: Reason.
        file: Expected path of the key, None if no key exists.
        reason: Detail of the reason: message of the operating system, access mode of the file, or number of signed
            entries; empty if there is none.
    """

    def __init__(self, code: KeyFaultCode, file: Path | None = None, reason: str = "") -> None:
        super().__init__(f"{code}: {file or ''} {reason}".rstrip())
        self.code: KeyFaultCode = code
        self.file = file
        self.reason = reason


class Signer:
    """Signer of payloads and of checkpoints (states of the ledger) with an Ed25519 private key.

    `kid` is the id of the key in its signatures: a digest of the public key (thumbprint, RFC 7638). `folder` is the
    folder of the private key file, in which another file (high-water mark) records the last signed state of the ledger.
    None records no state.
    """

    def __init__(self, private: Ed25519PrivateKey, folder: Path | None = None) -> None:
        self._private = private
        self.folder = folder
        self.public = signing.encode_public_key(private)
        self.kid = signing.compute_thumbprint(self.public)

    def __repr__(self) -> str:
        return f"Signer({self.kid!r})"

    def sign(self, payload: bytes) -> signing.Jws:
        """Sign a payload and return the signature as a detached JWS: JSON that does not contain the payload."""
        return signing.sign(self._private, canonicalize({"alg": signing.ALGORITHM, "kid": self.kid}), payload)

    def sign_checkpoint(self, origin: str, head: Head, at: datetime) -> str:
        """Return a checkpoint as a signed note: it says that the ledger `origin` had this `head` at the time `at`.

        `origin` is the name of the ledger. `head` has the number of its entries and the hash of the last one.
        """
        text = signing.format_checkpoint(origin, head.size, head.root, at)
        return signing.sign_note(self._private, origin, text)


def build_key_path(folder: Path, kid: str) -> Path:
    """Return the path of the file that holds the private key with the id `kid`."""
    return folder / f"{kid}.pem"


def create_key(folder: Path) -> Signer:
    """Create an Ed25519 key, write its private part to a new file, and return a `Signer` with this key.

    The file is in PEM (PKCS#8), and is flushed to disk before the function returns.

    Raises:
        OSError: The file exists or cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    signer = Signer(private)
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    # O_EXCL with the mode of creation: at no time does the file exist with wider permissions.
    descriptor = os.open(build_key_path(folder, signer.kid), os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync_path(folder)
    return signer


def load_signer(folder: Path, kid: str) -> Signer:
    """Read the private key with an id from its file and return a `Signer` with this key.

    Raises:
        SigningKeyFault: The file is missing or unreadable, holds another key, or is accessible to users other than its
            owner.
    """
    file = build_key_path(folder, kid)
    try:
        with file.open("rb") as stream:
            # Of the open file, so that it cannot be exchanged between the check and the read.
            mode = os.fstat(stream.fileno()).st_mode
            text = stream.read()
    except FileNotFoundError as error:
        raise SigningKeyFault("missing", file) from error
    except OSError as error:
        raise SigningKeyFault("unreadable", file, error.strerror or "") from error
    # Windows has no such permission bits.
    if os.name == "posix" and mode & 0o077:
        raise SigningKeyFault("exposed", file, f"{mode & 0o777:o}")
    try:
        private = load_pem_private_key(text, None)
    except (TypeError, ValueError) as error:
        raise SigningKeyFault("unreadable", file) from error
    if not isinstance(private, Ed25519PrivateKey) or Signer(private).kid != kid:
        raise SigningKeyFault("foreign", file)
    return Signer(private, folder)
