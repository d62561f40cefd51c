"""Data frames of scores and lists, through narwhals (``pip install actitud[frames]``, and polars or pandas).

Each row is one observation and each column one variable. Columns have the names of the downloadable files
(docs/formats.md, "Columns"), which never change. A missing value is null, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, cast, overload, runtime_checkable

if TYPE_CHECKING:
    import pandas
    import polars

    from actitud._model import Model
    from actitud.models import Score

Cell: TypeAlias = str | int | float | bool | date | None
Framed: TypeAlias = "Model | Mapping[str, Cell]"

_KINDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "population",
            "population_year",
            "employees",
            "employees_year",
            "rank",
            "level",
            "weight",
            "verdicts",
            "replies",
        ),
        "Int64",
    ),
    **dict.fromkeys(("index", "index_max", "coverage", "value", "score", "possible", "won", "lost"), "Float64"),
    **dict.fromkeys(("period_to", "valid_from", "valid_to"), "Date"),
    "simulated": "Boolean",
}
"""The narwhals types of the columns that are not strings, except dimensions (``d1`` …), which are ``Float64``."""
_DIMENSION = re.compile(r"d\d+")
_NULLABLE = {"String": "string", "Boolean": "boolean", "Date": "datetime64[s]"}
"""Names of the pandas types for columns with missing values, by narwhals type; for other types the names are equal."""


# Models have to_frame() themselves: they know this module, so it knows them by what they do.
@runtime_checkable
class _Row(Protocol):
    def _build_cells(self) -> Mapping[str, Cell]: ...


@runtime_checkable
class _Table(Protocol):
    def _list_rows(self) -> Iterator[Mapping[str, Cell]]: ...


@overload
def to_frame(data: Score | Iterable[Framed], *, backend: Literal["polars"] = "polars") -> polars.DataFrame: ...


@overload
def to_frame(data: Score | Iterable[Framed], *, backend: Literal["pandas"]) -> pandas.DataFrame: ...


def to_frame(
    data: Score | Iterable[Framed], *, backend: Literal["polars", "pandas"] = "polars"
) -> polars.DataFrame | pandas.DataFrame:
    """Build a data frame from a score, or from all rows of a list or a stream.

    ``data``: a :class:`actitud.Score`, which gives one row per indicator; or rows: a page (all its later pages
    are fetched), the result of a ``stream`` method, or a list of rows. Rankings and histories have one column
    per dimension (``d1`` …). A member of an organisation that has several values, such as ``aliases``, has no
    column. pandas columns use nullable types. Without rows there are no columns.

    Raises ``ModuleNotFoundError`` if narwhals or the backend is not installed, ``ValueError`` for another
    backend and ``TypeError`` for rows of another type.
    """
    if backend not in ("polars", "pandas"):
        raise ValueError(f"backend is 'polars' or 'pandas', not {backend!r}")
    try:
        import narwhals

        import_module(backend)
    except ModuleNotFoundError as error:
        mend = f"pip install 'actitud[frames]' {backend}; backend= is 'polars' or 'pandas'"
        raise ModuleNotFoundError(f"{error.name} is not installed: {mend}", name=error.name) from None
    rows = list(data._list_rows() if isinstance(data, _Table) else map(_build_row, data))
    names = dict.fromkeys(name for row in rows for name in row)
    kinds = {name: _find_kind(name, (row.get(name) for row in rows)) for name in names}
    columns = {name: [_convert_cell(row.get(name), kind) for row in rows] for name, kind in kinds.items()}
    if backend == "polars":
        schema = {name: getattr(narwhals, kind)() for name, kind in kinds.items()}
        return cast("polars.DataFrame", narwhals.from_dict(columns, schema, backend=backend).to_native())
    frame = cast("pandas.DataFrame", narwhals.from_dict(columns, backend=backend).to_native())
    return frame.astype({name: _NULLABLE.get(kind, kind) for name, kind in kinds.items()})


def _build_row(row: object) -> Mapping[str, Cell]:
    if isinstance(row, Mapping):
        return row
    if not isinstance(row, _Row):
        raise TypeError(f"{type(row).__name__} is no row of a data frame")
    return row._build_cells()


def _find_kind(name: str, values: Iterable[Cell]) -> str:
    """Return the narwhals type of a column.

    A column of the downloadable files has the type that it has there. The type of any other column is that of its
    values; it is ``String`` if they have several types or all are ``None``.
    """
    if name in _KINDS or _DIMENSION.fullmatch(name):
        return _KINDS.get(name, "Float64")
    types = {type(value) for value in values if value is not None}
    for kind, members in (("Boolean", {bool}), ("Int64", {int}), ("Float64", {int, float}), ("Date", {date})):
        if types and types <= members:
            return kind
    return "String"


def _convert_cell(value: Cell, kind: str) -> Cell:
    if value is None:
        return None
    if kind == "Date" and isinstance(value, str):
        return date.fromisoformat(value)
    return float(value) if kind == "Float64" and isinstance(value, int) else value
