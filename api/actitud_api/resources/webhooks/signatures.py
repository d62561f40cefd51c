"""Signatures of messages after Standard Webhooks 1.0.0 (symmetric): secrets, and the header `webhook-signature`."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

SECRET_PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
"""The specification asks for 24 to 64."""


def generate_secret() -> bytes:
    """Generate a new random secret for signing."""
    return secrets.token_bytes(SECRET_BYTES)


def format_secret(secret: bytes) -> str:
    """Return the text form of a secret for its owner: the prefix `whsec_` and base64."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def sign_message(secrets_: Iterable[bytes], message: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`, which has one signature for each secret.

    A receiver that knows one of the secrets can verify the message. `message`: id of the message. `timestamp`: Unix
    time of the attempt in seconds.
    """
    content = f"{message}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, content, "sha256") for secret in secrets_)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
