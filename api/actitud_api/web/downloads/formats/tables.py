"""What a table is to every writer: columns, and rows that come in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

ColumnType = Literal["string", "integer", "number", "boolean", "date"]
"""The type of the values of a column, by its name in Table Schema."""

CellValue: TypeAlias = str | int | float | bool | date | None
"""A cell; None where there is nothing."""

Batches: TypeAlias = Iterable[Sequence[Sequence[CellValue]]]
"""Rows, some at a time, each with a value for every column in their order."""


class TableColumn(Struct, frozen=True, kw_only=True):
    """A column. `name` never changes; `title` and `description` are in a language.

    `decimals`: how many a number is written with where every one counts; None writes its shortest form. `values`: all
    that there can be, where that is a list. `key`: whether it belongs to what tells a row from all others.
    """

    name: str
    kind: ColumnType
    title: str
    description: str
    decimals: int | None = None
    values: tuple[str, ...] = ()
    key: bool = False


def format_number(value: float, decimals: int | None) -> str:
    """A number in digits with a point, never with an exponent."""
    return f"{Decimal(repr(value)):f}" if decimals is None else f"{value:.{decimals}f}"
