"""Data frames of scores and lists, through narwhals (``pip install actitud[frames]``, and polars or pandas).

Each row is one observation and each column one variable. Columns have the names of the downloadable files
(docs/formats.md, "Columns"), which never change. A missing value is null, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, overload

import msgspec

from actitud.models import EditionScore, Organisation, PastScore, Score, ScoreRow

if TYPE_CHECKING:
    import pandas
    import polars

Cell: TypeAlias = str | int | float | bool | date | None
Framed: TypeAlias = "ScoreRow | PastScore | Organisation | Mapping[str, Cell]"

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
    rows = list(_list_indicators(data) if isinstance(data, Score) else map(_build_row, data))
    kinds = {name: _find_kind(name) for name in dict.fromkeys(name for row in rows for name in row)}
    columns = {name: [_convert_cell(row.get(name), kind) for row in rows] for name, kind in kinds.items()}
    if backend == "polars":
        schema = {name: getattr(narwhals, kind)() for name, kind in kinds.items()}
        return cast("polars.DataFrame", narwhals.from_dict(columns, schema, backend=backend).to_native())
    frame = cast("pandas.DataFrame", narwhals.from_dict(columns, backend=backend).to_native())
    return frame.astype({name: _NULLABLE.get(kind, kind) for name, kind in kinds.items()})


def _list_indicators(score: Score) -> Iterator[Mapping[str, Cell]]:
    leading: dict[str, Cell] = {}
    trailing: dict[str, Cell] = {"methodology": score.methodology.version}
    if isinstance(score, EditionScore):
        leading = {"edition": score.edition, "organisation": score.organisation, "name": score.organisation_name}
        trailing["simulated"] = score.simulated
    in_dimensions = [
        (dimension.id, indicator) for dimension in score.dimensions for indicator in dimension.all_indicators
    ]
    for dimension, indicator in [*in_dimensions, *((None, indicator) for indicator in score.indicators)]:
        yield {
            **leading,
            "dimension": dimension,
            "indicator": indicator.id,
            "state": indicator.state,
            "reason": indicator.reason.code,
            "value": indicator.value,
            "score": indicator.score,
            "weight": indicator.weight,
            "possible": indicator.possible,
            "won": indicator.won,
            "lost": indicator.lost,
            **trailing,
            **(_build_review_cells(score, indicator.id) if isinstance(score, EditionScore) else {}),
        }


def _build_review_cells(score: EditionScore, indicator: str) -> Mapping[str, Cell]:
    """Return the cells with the review's verdict on an answer and the organisation's reply.

    The cells are ``None`` if there is no verdict or no reply.
    """
    review = score.review
    verdict = next((verdict for verdict in review.verdicts if verdict.indicator == indicator), None)
    reply = next((reply for reply in review.replies if reply.indicator == indicator), None)
    return {
        "verdict": None if verdict is None else verdict.verdict,
        "verdict_reason": None if verdict is None else verdict.reason,
        "reply": None if reply is None else reply.text,
    }


def _build_row(row: object) -> Mapping[str, Cell]:
    if isinstance(row, Mapping):
        return row
    if not isinstance(row, ScoreRow | PastScore | Organisation):
        raise TypeError(f"{type(row).__name__} is no row of a data frame")
    cells: dict[str, Cell] = {}
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if name == "dimensions":
            cells |= {dimension.lower(): score for dimension, score in value.items()}
        elif name == "id":
            cells["organisation"] = value
        elif name not in ("etag", "created", "updated") and not isinstance(value, tuple | msgspec.Struct):
            cells[name] = value
    for name in ("contact", "carried"):
        cells.pop(name, None)
    return cells


def _find_kind(name: str) -> str:
    return _KINDS.get(name, "Float64" if _DIMENSION.fullmatch(name) else "String")


def _convert_cell(value: Cell, kind: str) -> Cell:
    if value is None:
        return None
    if kind == "Date" and isinstance(value, str):
        return date.fromisoformat(value)
    return float(value) if kind == "Float64" and isinstance(value, int) else value
