"""Ids for messages and conversations without an id of their platform."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import blake2b

from actitud.counting.table import MADE, normalise_text


def hide_name(name: str) -> str:
    """Return a hash of a name, in hexadecimal, which is the same for the same name.

    The hash keeps names out of tables and messages, but somebody who tries many names can find the right one.
    """
    return blake2b(normalise_text(name).casefold().encode("utf-8", "replace"), digest_size=8).hexdigest()


class IdMaker:
    """Maker of ids for messages that have none; a message in two overlapping exports gets the same id in both.

    Messages with the same content are numbered: two "thank you" within a minute are two messages. The numbers are kept
    only for the last second or minute, so messages must be given in order of time, forwards or backwards.
    """

    def __init__(self) -> None:
        self._time: datetime | None = None
        self._numbers: Counter[str] = Counter()

    def make_id(self, time: datetime, *parts: str) -> str:
        """Return the id of a message, made from its time and from `parts`, the texts that distinguish the message."""
        if time != self._time:
            self._time = time
            self._numbers.clear()
        content = "\0".join((time.isoformat(), *(normalise_text(part) for part in parts)))
        self._numbers[content] += 1
        content = f"{content}\0{self._numbers[content]}"
        return MADE + blake2b(content.encode("utf-8", "replace"), digest_size=16).hexdigest()
