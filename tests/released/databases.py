"""The database of a release as a file for each kind, and the rows of a database by table.

SQLite: what `actitud-api backup` writes. PostgreSQL: what `pg_dump` writes, which `psql` restores; its lines about
versions are left out, because another PostgreSQL has other ones. Both are compressed.
"""

from __future__ import annotations

import lzma
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import inspect, text

from actitud_api import cli
from actitud_api.platform.storage.database import Database
from tests.support import postgresql
from tests.support.databases import Kind
from tests.support.postgresql import Server

FILES: Final[Mapping[Kind, str]] = {"sqlite": "database.sqlite3.xz", "postgresql": "database.sql.xz"}
"""The name of the file of each kind."""
MOVING: Final = frozenset({"alembic_version", "public_state"})
"""Tables that every migration changes."""
_UNSTABLE: Final = re.compile(rb"^(?:--.*|\\(?:un)?restrict .*|SET transaction_timeout = .*|)\n", re.MULTILINE)
"""Comments with versions, a random word around the dump, and a setting that only newer servers know."""

Rows = Mapping[str, Counter[str]]
"""The rows of each table, and how often each is there."""
Columns = Mapping[str, list[str]]
"""The columns of each table."""


def dump_sqlite(url: str, folder: Path) -> bytes:
    """Return the file of an SQLite database; `folder`: where a copy may stand meanwhile."""
    copy = folder / "kept.sqlite3"
    assert cli.main(["backup", str(copy), "--database", url]) == 0
    return lzma.compress(copy.read_bytes(), preset=9)


def dump_postgresql(server: Server, name: str) -> bytes:
    """Return the file of a database of a PostgreSQL server."""
    command = [*_build_command("pg_dump", server, name), "--no-owner", "--no-privileges"]
    dump = subprocess.run(command, check=True, capture_output=True).stdout
    return lzma.compress(_UNSTABLE.sub(b"", dump), preset=9)


def restore_sqlite(file: Path, target: Path) -> str:
    """Restore the file of an SQLite database as an operator does, and return its URL."""
    copy = target.with_suffix(".copy")
    copy.write_bytes(lzma.decompress(file.read_bytes()))
    url = f"sqlite:///{target}"
    assert cli.main(["restore", str(copy), "--database", url]) == 0
    return url


def restore_postgresql(file: Path, server: Server, name: str) -> str:
    """Restore the file of a PostgreSQL database into an empty one, and return its URL."""
    command = [*_build_command("psql", server, name), "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    subprocess.run(command, check=True, input=lzma.decompress(file.read_bytes()))
    return server.url(name)


def _build_command(program: str, server: Server, name: str) -> list[str]:
    options = [f"--host={server.folder}", "--username=actitud", f"--dbname={name}"]
    return [str(postgresql.found() / program), *options]


def read_columns(database: Database) -> Columns:
    """Return the columns of every table but `MOVING`."""
    with database.read() as session:
        inspector = inspect(session.connection())
        return {
            table: [column["name"] for column in inspector.get_columns(table)]
            for table in inspector.get_table_names()
            if table not in MOVING
        }


def read_rows(database: Database, columns: Columns) -> Rows:
    """Return the rows of tables, of each the columns that are named."""
    with database.read() as session:
        connection = session.connection()
        return {
            table: Counter(
                repr(tuple(row))
                for row in connection.execute(text(f"SELECT {', '.join(map(_quote, names))} FROM {_quote(table)}"))
            )
            for table, names in columns.items()
        }


def find_lost(database: Database, columns: Columns, rows: Rows) -> Iterator[str]:
    """Yield every table, column and row that a database had and does not have any more."""
    present = read_columns(database)
    for table, names in columns.items():
        missing = [name for name in names if name not in present.get(table, [])]
        if table not in present:
            yield f"{table} is gone"
        elif missing:
            yield f"{table}: {', '.join(missing)} is gone"
        else:
            lost = rows[table] - read_rows(database, {table: names})[table]
            yield from (f"{table}: {row[:300]} is gone or was changed" for row in lost)


def _quote(name: str) -> str:
    return f'"{name}"'
