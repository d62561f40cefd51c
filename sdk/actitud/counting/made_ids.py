"""Ids for messages and conversations to which their platform gives none."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import blake2b

from actitud.counting.table import MADE, normalise_text


def hide_name(name: str) -> str:
    """Return a number in place of a name, the same for the same name.

    It keeps names out of tables and messages; it is no protection against somebody who tries names.
    """
    return blake2b(normalise_text(name).casefold().encode("utf-8", "replace"), digest_size=8).hexdigest()


class IdMaker:
    """Makes the same id for the same message of overlapping exports.

    Messages that are alike in all it is made of are numbered: two "thank you" within a minute are two. Only the last
    second or minute is remembered, so messages have to come by time, in either direction.
    """

    def __init__(self) -> None:
        self._time: datetime | None = None
        self._numbers: Counter[str] = Counter()

    def make_id(self, time: datetime, *parts: str) -> str:
        """Return the id of a message by its time and whatever else tells it from others."""
        if time != self._time:
            self._time = time
            self._numbers.clear()
        content = "\0".join((time.isoformat(), *(normalise_text(part) for part in parts)))
        self._numbers[content] += 1
        content = f"{content}\0{self._numbers[content]}"
        return MADE + blake2b(content.encode("utf-8", "replace"), digest_size=16).hexdigest()
