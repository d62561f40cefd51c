"""The table that every writer accepts: columns, and rows in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from operator import itemgetter
from typing import Literal, TypeAlias

from msgspec import Struct

ColumnType = Literal["string", "integer", "number", "boolean", "date"]
"""The type of a column's values, named as in Table Schema."""

CellValue: TypeAlias = str | int | float | bool | date | None
"""The value of a cell. None is an empty cell."""

Batches: TypeAlias = Iterable[Sequence[Sequence[CellValue]]]
"""Batches of rows. A row has one value per column, in the order of the columns."""


class TableColumn(Struct, frozen=True, kw_only=True):
    """A column of a table.

    Attributes:
        name: Name, which never changes and is the same in all languages.
        kind: Type of the values.
        title: Title in one language.
        description: Description in one language.
        decimals: Fixed number of decimals; None to write numbers in their shortest form.
        values: Allowed values; empty if any value is allowed.
        key: True if the column is part of the primary key.
    """

    name: str
    kind: ColumnType
    title: str
    description: str
    decimals: int | None = None
    values: tuple[str, ...] = ()
    key: bool = False


def select_cells(batches: Batches, positions: Sequence[int]) -> Iterator[Sequence[Sequence[CellValue]]]:
    """Yield the batches of rows with only the cells at `positions`, in the order of `positions`."""
    if len(positions) == 1:
        (only,) = positions
        for batch in batches:
            yield [(row[only],) for row in batch]
        return
    select = itemgetter(*positions)
    for batch in batches:
        yield [select(row) for row in batch]
