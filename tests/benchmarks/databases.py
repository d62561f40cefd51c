"""Databases of the benchmarks: files of SQLite, or a PostgreSQL that is started for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from tests.benchmarks.servers import ProcessGroup
from tests.support import postgresql

SETTINGS: Final = {**postgresql.SETTINGS, "shared_buffers": "512MB"}
"""Those of the tests, with the memory that an installation would give to a large database."""


@contextmanager
def open_databases(kind: str, folder: Path) -> Iterator[tuple[ProcessGroup | None, Callable[[str], str]]]:
    """Yield the processes of a database server, None for SQLite, and what makes a database of a name at a URL."""
    if kind == "sqlite":
        yield None, lambda name: f"sqlite:///{folder / name}.sqlite3"
        return
    with postgresql.installed() as installation:
        cluster = installation.make_folder("data")
        installation.make_cluster(cluster)
        with installation.start(cluster, SETTINGS) as server:

            def make(name: str) -> str:
                server.execute(f"CREATE DATABASE {name}")
                return server.url(name)

            yield server, make


def tidy(url: str) -> None:
    """Let PostgreSQL collect its statistics now, which it would do within minutes; SQLite needs nothing."""
    if url.startswith("postgresql"):
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
