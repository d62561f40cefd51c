"""Redaction of access keys, so that a key in the wrong place is stored and logged nowhere.

Apart from the logs because commands read it before they load a logging library.
"""

from __future__ import annotations

import re
from typing import Final

PREFIX: Final = "actl"
"""What every key begins with: `act` is the brand and `l` a live key."""
ID_LENGTH: Final = 12
"""Characters of the id of a key, which is no secret."""

_KEY: Final = re.compile(rf"({PREFIX}_[0-9A-Za-z]{{{ID_LENGTH}}}_)[0-9A-Za-z]+")


def redact_keys(text: str) -> str:
    """Strike the secrets of all keys out of a text, also of keys that are cut or mistyped."""
    return _KEY.sub(r"\1***", text)


def has_key(text: str) -> bool:
    """Return True if a text has anything that looks like a key or the beginning of one."""
    return _KEY.search(text) is not None
