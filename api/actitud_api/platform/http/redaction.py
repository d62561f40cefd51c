"""Keys of the service in what is written or said: whoever puts one where it does not belong finds it nowhere again."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, Final

PREFIX: Final = "actl"
"""What every key begins with: `act` is the brand and `l` a live key."""
ID_LENGTH: Final = 12
"""Characters of the id of a key, which is no secret."""

_KEY: Final = re.compile(rf"({PREFIX}_[0-9A-Za-z]{{{ID_LENGTH}}}_)[0-9A-Za-z]+")


def redacted(text: str) -> str:
    """A text with the secrets of all keys in it struck out, also of one that is cut or mistyped."""
    return _KEY.sub(r"\1***", text)


def has_key(text: str) -> bool:
    """Whether there is something that looks like a key in a text, or like the beginning of one."""
    return _KEY.search(text) is not None


def strike_out(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event of a log without secrets of keys (a processor of structlog)."""
    return {name: redacted(value) if isinstance(value, str) else value for name, value in event.items()}
