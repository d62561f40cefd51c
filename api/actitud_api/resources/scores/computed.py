"""What was computed of whole editions, kept in this process while their assessments stay as they are."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

from msgspec import Struct

from actitud_api.engine.scoring.audit import Audit
from actitud_api.engine.scoring.ranking import Integers
from actitud_api.engine.scoring.rescoring import EditionRescorer
from actitud_api.engine.scoring.robustness import Robustness

V = TypeVar("V")

WAITING: Final = 4
"""How many may wait for what is being computed, the one included for whom it is.

Each keeps a thread, and there are as few as five: asyncio makes four and one for each processor, at most 32.
"""


class ComputationBusy(Exception):
    """Too many wait already for what is being computed."""


class Field(Struct, frozen=True):
    """The organisations that rank in an edition, the best first, and what they come to.

    `places`: the number of each; `attainable`: the level of each without the gates that read the index.
    """

    places: Mapping[str, int]
    rescoring: EditionRescorer
    attainable: Integers


class Drawn(Struct, frozen=True):
    """How the organisations of a field come out of some draws; `places`: the number of each."""

    places: Mapping[str, int]
    robustness: Robustness


class RecentValues(Generic[V]):
    """So many values, those that were asked for last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> V | None:
        """The value of a key, where it is kept."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Hashable, value: V) -> V:
        """Keeps a value, and lets go of what was not asked for longest; gives the value."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return value


class Computed:
    """What was computed of editions. Of 8,131 organisations a field takes about 10 MB, and draws 1 MB."""

    def __init__(self) -> None:
        self.fields: RecentValues[Field] = RecentValues(2)
        self.drawn: RecentValues[Drawn] = RecentValues(16)
        self.audits: RecentValues[Audit] = RecentValues(16)
        self._places = threading.BoundedSemaphore(WAITING)
        self._turn = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The turn of who computes, one after the other; raises `Busy` where too many wait already."""
        if not self._places.acquire(blocking=False):
            raise ComputationBusy
        try:
            with self._turn:
                yield
        finally:
            self._places.release()
