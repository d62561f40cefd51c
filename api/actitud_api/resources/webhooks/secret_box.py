"""Secrets of webhooks, encrypted with a key of the installation: nobody can sign with a copy of the database alone.

The key is in a file beside the private signing keys, which only its owner may read. It is made with the first webhook.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from actitud_api.platform.audit_log.keys import FILE_MODE, FOLDER_MODE

KEY_FILE: Final = "webhooks.key"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID_BYTES: Final = 8

SecretFaultCode = Literal["missing", "unreadable", "exposed", "foreign"]
"""Reasons why secrets cannot be read.

`missing`: the file of the key does not exist. `unreadable`: it cannot be read, or holds no key. `exposed`: users other
than the owner may access it. `foreign`: it holds another key than that of the secret.
"""


class SecretFault(RuntimeError):
    """The secret of a webhook cannot be encrypted or decrypted; `code` says why, `file` is the file of the key."""

    def __init__(self, code: SecretFaultCode, file: Path, reason: str = "") -> None:
        super().__init__(f"{code}: {file} {reason}".rstrip())
        self.code: SecretFaultCode = code
        self.file = file


class SecretBox:
    """Cipher that encrypts the secrets of webhooks with AES-256-GCM; its key is in a file."""

    def __init__(self, folder: Path) -> None:
        """Create a cipher with the key in `folder`, the folder of the private signing keys.

        The key is read when it is first needed.
        """
        self._folder = folder
        self._file = folder / KEY_FILE

    def encrypt_secret(self, webhook: str, secret: bytes) -> bytes:
        """Encrypt a secret of the webhook with the id `webhook` for storage; create the key if there is none.

        Raises:
            SecretFault: The key cannot be used or made.
        """
        try:
            key = self._load_key()
        except SecretFault as fault:
            if fault.code != "missing":
                raise
            self._create_key()
            key = self._load_key()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _compute_id(key) + nonce + AESGCM(key).encrypt(nonce, secret, webhook.encode())

    def decrypt_secret(self, webhook: str, stored: bytes) -> bytes:
        """Decrypt the stored secret of the webhook with the id `webhook`.

        Raises:
            SecretFault: The key cannot be used, or did not encrypt this secret.
        """
        key = self._load_key()
        start, nonce = stored[:_ID_BYTES], stored[_ID_BYTES : _ID_BYTES + _NONCE_BYTES]
        if start != _compute_id(key):
            raise SecretFault("foreign", self._file)
        try:
            return AESGCM(key).decrypt(nonce, stored[_ID_BYTES + _NONCE_BYTES :], webhook.encode())
        except InvalidTag as error:
            raise SecretFault("foreign", self._file, "changed") from error

    def _load_key(self) -> bytes:
        try:
            with self._file.open("rb") as stream:
                # Of the open file, so that it cannot be exchanged between the check and the read.
                mode = os.fstat(stream.fileno()).st_mode
                text = stream.read()
        except FileNotFoundError as error:
            raise SecretFault("missing", self._file) from error
        except OSError as error:
            raise SecretFault("unreadable", self._file, error.strerror or "") from error
        if os.name == "posix" and mode & 0o077:
            raise SecretFault("exposed", self._file, f"{mode & 0o777:o}")
        with suppress(ValueError):
            key = bytes.fromhex(text.decode("ascii"))
            if len(key) == _KEY_BYTES:
                return key
        raise SecretFault("unreadable", self._file, "no key")

    def _create_key(self) -> None:
        """Make the key, unless another process has made it meanwhile; the file never exists without its content."""
        try:
            self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            draft = self._folder / f"{KEY_FILE}.{secrets.token_hex(8)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(_KEY_BYTES).hex().encode())
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):
                    os.link(draft, self._file)
            finally:
                draft.unlink()
            directory = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise SecretFault("unreadable", self._file, error.strerror or "") from error


def _compute_id(key: bytes) -> bytes:
    """Return the beginning of a digest of a key, by which a secret of another key is told apart."""
    return hashlib.sha256(b"actitud webhooks\0" + key).digest()[:_ID_BYTES]
