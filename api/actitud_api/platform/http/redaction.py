"""Redaction of access keys, so that a key in the wrong place is neither stored nor logged.

This is not part of `logs`, because commands import this module and must not load a logging library.
"""

from __future__ import annotations

import re
from typing import Final

PREFIX: Final = "actl"
"""First characters of every key: `act` is the brand, `l` stands for a live key."""
ID_LENGTH: Final = 12
"""Number of characters of the id of a key, which is not secret."""

# Any length after the id, so that a truncated or mistyped key is found too.
_KEY: Final = re.compile(rf"({PREFIX}_[0-9A-Za-z]{{{ID_LENGTH}}}_)[0-9A-Za-z]+")


def redact_keys(text: str) -> str:
    """Return a text in which `***` replaces the secret of each access key, even of a truncated or mistyped key."""
    return _KEY.sub(r"\1***", text)


def has_key(text: str) -> bool:
    """Return True if a text contains an access key or the beginning of one."""
    return _KEY.search(text) is not None
