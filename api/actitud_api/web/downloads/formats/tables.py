"""The table that every writer takes: columns, and rows in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

ColumnType = Literal["string", "integer", "number", "boolean", "date"]
"""The type of the values of a column, by its name in Table Schema."""

CellValue: TypeAlias = str | int | float | bool | date | None
"""The value of a cell; None if it is empty."""

Batches: TypeAlias = Iterable[Sequence[Sequence[CellValue]]]
"""Batches of rows, each row with a value for every column in order."""


class TableColumn(Struct, frozen=True, kw_only=True):
    """A column. `name` never changes; `title` and `description` are in a language.

    `decimals`: the fixed number of decimals; None writes the shortest form. `values`: all values, if they
    are a list. `key`: whether the column is part of the primary key.
    """

    name: str
    kind: ColumnType
    title: str
    description: str
    decimals: int | None = None
    values: tuple[str, ...] = ()
    key: bool = False


def format_number(value: float, decimals: int | None) -> str:
    """Return a number in digits with a point, never with an exponent."""
    return f"{Decimal(repr(value)):f}" if decimals is None else f"{value:.{decimals}f}"
