"""Rows of a query as structs: their columns have the names of the members."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from sqlalchemy import Result

T = TypeVar("T")


def fetch_record(result: Result[*tuple[Any, ...]], form: type[T]) -> T | None:
    """Return the only row of a query as a struct of type `form`, or None if there is no row."""
    row = result.mappings().one_or_none()
    return None if row is None else msgspec.convert(dict(row), form)


def fetch_records(result: Result[*tuple[Any, ...]], form: type[T]) -> list[T]:
    """Return the rows of a query as structs of type `form`."""
    return [msgspec.convert(dict(row), form) for row in result.mappings()]
