"""Pages of a list in SQL: some rows of a statement, and the number of all its rows for a client that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVarTuple

from sqlalchemy import ColumnElement, Result, Select, func
from sqlmodel import Session

Columns = TypeVarTuple("Columns")

TakeTotal: TypeAlias = Callable[[int], None]
"""Function that receives the number of rows of a list on all its pages."""


def execute_page(
    session: Session,
    statement: Select[*Columns],
    parameters: Mapping[str, object] | None = None,
    *,
    after: ColumnElement[bool] | None,
    offset: int,
    limit: int | None,
    total: TakeTotal | None = None,
) -> Result[*Columns]:
    """Return the rows of one page of a list.

    Args:
        session: Session that reads.
        statement: Query for all rows of the list, in its order.
        parameters: Values of the parameters of the query, by name.
        after: Condition for the rows that follow the previous page, None for the first page.
        offset: Number of these rows to skip.
        limit: Largest number of rows to return, None for all.
        total: Receives the number of rows on all pages, counted in the same session; None does not count.
    """
    if total is not None:
        # Without the columns: some of them are subqueries, which the database would compute for each row.
        counting = statement.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
        total(session.execute(counting, parameters).scalar_one())
    if after is not None:
        statement = statement.where(after)
    return session.execute(statement.offset(offset).limit(limit), parameters)
