"""Pages of a list in SQL: some rows of a statement, and the number of all its rows for a client that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar, TypeVarTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Result, Select, bindparam, func, tuple_
from sqlmodel import Session

Columns = TypeVarTuple("Columns")
K = TypeVar("K")

TakeTotal: TypeAlias = Callable[[int], None]
"""Function that receives the number of rows of a list on all its pages."""


class PageRange(Struct, Generic[K], frozen=True):
    """The part of a list that a caller asks for.

    Attributes:
        after: Sort key of the last row before the page, None for the first page.
        offset: Number of rows to skip after that row.
        limit: Largest number of rows to return, None for all.
        total: Function that receives the number of rows on all pages, counted in the session of the page; None does not
            count.
    """

    after: K | None = None
    offset: int = 0
    limit: int | None = None
    total: TakeTotal | None = None


def execute_page(
    session: Session,
    statement: Select[*Columns],
    page: PageRange[K],
    parameters: Mapping[str, object] | None = None,
    *,
    after: Callable[[K], ColumnElement[bool]] | None = None,
) -> Result[*Columns]:
    """Return the rows of one page of a list, and pass the number of all its rows to `page.total`, if it is not None.

    Args:
        session: Session that reads.
        statement: Query for all rows of the list, in its order.
        page: Part of the list.
        parameters: Values of the parameters of the query, by name.
        after: Builds the condition for the rows that follow the row with a sort key; None for a list that has no keys.
    """
    if page.total is not None:
        # Without the columns: some of them are subqueries, which the database would compute for each row.
        counting = statement.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
        page.total(session.execute(counting, parameters).scalar_one())
    if page.after is not None and after is not None:
        statement = statement.where(after(page.after))
    return session.execute(statement.offset(page.offset).limit(page.limit), parameters)


def bind_key(columns: Sequence[ColumnElement[Any]], key: Sequence[object]) -> ColumnElement[Any]:
    """Return a sort key as a row value, whose parts have the types of the columns that it is compared with."""
    return tuple_(*(bindparam(None, value, column.type) for value, column in zip(key, columns, strict=True)))
