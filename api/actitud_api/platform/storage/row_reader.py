"""Single rows, read by a statement on a pooled connection without a session.

It is for the few reads that are made for thousands of addresses: of the 0.18 ms of CPU that a session takes for one
row, SQLite itself takes 0.02. One statement sees one consistent state, so it needs no transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, cast

from sqlalchemy import Engine, Select
from sqlalchemy.exc import DBAPIError


class _Cursor(Protocol):
    def fetchall(self) -> list[tuple[Any, ...]]: ...


class _DriverConnection(Protocol):
    """Interface that the connections of `sqlite3` and of psycopg have in common."""

    def execute(self, statement: str, parameters: Any, /) -> _Cursor: ...


class _DriverStatement(NamedTuple):
    """A statement as the driver takes it. `positions`: names of its parameters in their order, None if they go by name.

    `constants` are the parameters that the statement has values for.
    """

    text: str
    positions: Sequence[str] | None
    constants: Mapping[str, Any]


class RowReader:
    """Reader of single rows that needs no session and is therefore faster. Share one object between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Final = engine
        self._statements: dict[Select[Any], _DriverStatement] = {}

    def read(self, statement: Select[Any], parameters: Mapping[str, object]) -> tuple[Any, ...] | None:
        """Return the only row that a statement selects, or None if there is none.

        `statement` must be a constant of a module, because it is compiled once and kept. Parameters and columns have
        the types of the database driver: texts, numbers and bytes; SQLite has 0 and 1 for False and True.

        Raises:
            DBAPIError: The statement failed, or the database could not be reached.
        """
        compiled = self._statements.get(statement)
        if compiled is None:
            compiled = self._statements[statement] = _compile(statement, self._engine)
        values: Any = {**compiled.constants, **parameters}
        if compiled.positions is not None:
            values = [values[name] for name in compiled.positions]
        dialect = self._engine.dialect
        try:
            pooled = self._engine.raw_connection()
            try:
                rows = fetch_rows(cast("_DriverConnection", pooled.driver_connection), compiled.text, values)
            except dialect.loaded_dbapi.Error as error:
                if dialect.is_disconnect(error, pooled, None):
                    pooled.invalidate(error)
                raise
            finally:
                pooled.close()
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                compiled.text, values, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
            ) from error
        assert len(rows) <= 1, compiled.text
        return rows[0] if rows else None


def fetch_rows(connection: _DriverConnection, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    """Execute a statement on a connection of the database driver, and return all its rows.

    `parameters` are in the form that the driver takes: a sequence or a mapping by name.
    """
    return connection.execute(statement, parameters).fetchall()


def _compile(statement: Select[Any], engine: Engine) -> _DriverStatement:
    compiled = statement.compile(dialect=engine.dialect)
    return _DriverStatement(
        str(compiled),
        compiled.positiontup if compiled.positional else None,
        {name: value for name, value in compiled.params.items() if value is not None},
    )
