"""Compiled SQL that all databases of a process share: each test opens its own, and would compile each statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import URL, Engine
from sqlalchemy.util import LRUCache

from actitud_api.platform.storage.database import BACKENDS

SIZE: Final = 2_000
"""Statements that are kept, of both kinds of database."""

_CreateEngines = Callable[[URL], tuple[Engine, Engine]]


class SharedStatements(MutableMapping[Any, Any]):
    """A cache of compiled statements in which all dialects of a kind are the same one.

    SQLAlchemy has a cache for each engine, whose keys begin with the dialect of that engine.
    """

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(SIZE)

    def __getitem__(self, key: Any) -> Any:
        return self._kept[_of_kind(key)]

    def __setitem__(self, key: Any, statement: Any) -> None:
        self._kept[_of_kind(key)] = statement

    def __delitem__(self, key: Any) -> None:
        del self._kept[_of_kind(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _of_kind(key: Any) -> tuple[Any, ...]:
    dialect, *rest = key
    return type(dialect), *rest


def share_compiled_statements() -> None:
    """Let every database of this process take compiled statements from one cache.

    To compile them took a third of the CPU time of a test that publishes an edition.
    """
    shared = SharedStatements()
    for backend in BACKENDS.values():
        patch.object(backend, "create_engines", _share_among(backend.create_engines, shared)).start()


def _share_among(create: _CreateEngines, shared: SharedStatements) -> _CreateEngines:
    def create_sharing(url: URL) -> tuple[Engine, Engine]:
        engines = create(url)
        for engine in engines:
            engine._compiled_cache = shared
        return engines

    return create_sharing
