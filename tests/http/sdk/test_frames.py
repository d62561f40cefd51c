"""Data frames: columns and types that stay, whatever is in the rows, with both backends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import polars
import pytest

from actitud import EditionScore, IndicatorScore, Organisation, PastScore, Score, ScoreRow
from actitud.frames import Framed, to_frame
from actitud.testing import FakeServer, build
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.web.downloads import columns

if TYPE_CHECKING:
    import pandas

Backend = Literal["polars", "pandas"]

ROW = build(ScoreRow, organisation="a", rank=1, index=50.25, level=3, population=None, simulated=True)
UNRANKED = build(ScoreRow, organisation="b", rank=None, index=None, level=None, region=None)
TYPES: Mapping[str, Mapping[str, str]] = {
    "polars": {"text": "String", "whole": "Int64", "number": "Float64", "truth": "Boolean", "day": "Date"},
    "pandas": {"text": "string", "whole": "Int64", "number": "Float64", "truth": "boolean", "day": "datetime64[s]"},
}


def rows_of(frame: polars.DataFrame | pandas.DataFrame) -> list[dict[str, object]]:
    if isinstance(frame, polars.DataFrame):
        return frame.to_dicts()
    # Here, because it takes a quarter of a second in every process that collects tests.
    import pandas

    return [
        {str(name): None if pandas.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def types_of(frame: polars.DataFrame | pandas.DataFrame) -> dict[str, str]:
    if isinstance(frame, polars.DataFrame):
        return {name: str(kind) for name, kind in frame.schema.items()}
    return {str(name): str(kind) for name, kind in frame.dtypes.items()}


def framed(data: Any, backend: Backend) -> polars.DataFrame | pandas.DataFrame:
    return to_frame(data, backend=backend)


@pytest.mark.parametrize("backend", ["polars", "pandas"])
@pytest.mark.parametrize("rows", [[ROW, UNRANKED], [UNRANKED], [UNRANKED, ROW]])
def test_a_ranking_has_the_same_columns_and_types_whatever_is_missing(backend: Backend, rows: list[ScoreRow]) -> None:
    frame = framed(rows, backend)
    names = TYPES[backend]
    kinds = types_of(frame)
    assert {kind: {name for name, its in kinds.items() if its == kind} for kind in set(kinds.values())} == {
        names["whole"]: {"rank", "population", "level"},
        names["number"]: {"index", "index_max", "coverage", *(f"d{number}" for number in range(1, 11))},
        names["truth"]: {"simulated"},
        names["text"]: {
            "edition",
            "organisation",
            "organisation_name",
            "kind",
            "province",
            "region",
            "band",
            "status",
            "methodology",
        },
    }
    found = {row["organisation"]: row for row in rows_of(frame)}
    assert [row["organisation"] for row in rows_of(frame)] == [row.organisation for row in rows]
    assert found["b"]["rank"] is None
    assert found["b"]["index"] is None
    if "a" in found:
        assert (found["a"]["rank"], found["a"]["index"], found["a"]["simulated"]) == (1, 50.25, True)
        assert found["a"]["d1"] == ROW.dimensions["D1"]


def test_the_columns_are_those_of_the_files() -> None:
    methodology = load_methodology("2026.1")
    scores = {column.name for column in columns.list_score_columns(methodology, "en")}
    assert set(to_frame([ROW]).columns) <= scores
    indicators = [column.name for column in columns.list_indicator_columns(methodology, "en")]
    assert to_frame(build(EditionScore)).columns == indicators


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_a_score_is_a_row_for_each_indicator(backend: Backend) -> None:
    score = build(EditionScore)
    rows = rows_of(framed(score, backend))
    indicators: list[IndicatorScore] = [one for dimension in score.dimensions for one in dimension.indicators]
    assert [row["indicator"] for row in rows] == [one.id for one in indicators]
    assert [row["score"] for row in rows] == [one.score for one in indicators]
    assert {row["organisation"] for row in rows} == {score.organisation}
    plain = framed(build(Score), backend)
    assert list(plain.columns)[:2] == ["dimension", "indicator"]


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_histories_and_organisations_are_frames_too(backend: Backend) -> None:
    past = framed([build(PastScore, period_to=date(2026, 12, 31))], backend)
    assert types_of(past)["period_to"] == TYPES[backend]["day"]
    assert "version_effects" not in past.columns
    body = framed([build(Organisation, valid_from=None, valid_to=date(2027, 1, 1))], backend)
    assert types_of(body)["valid_from"] == types_of(body)["valid_to"] == TYPES[backend]["day"]
    assert "organisation" in body.columns
    assert not {"id", "etag", "contact", "aliases", "created", "updated"} & set(body.columns)


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_a_stream_is_a_frame(backend: Backend) -> None:
    server = FakeServer()
    server.answer(
        "editions.scores.stream", [{"organisation": "a", "period_to": "2026-12-31", "rank": 1, "index": 50, "d1": None}]
    )
    frame = framed(server.client().editions.scores.stream("2026"), backend)
    names = TYPES[backend]
    assert types_of(frame) == {
        "organisation": names["text"],
        "period_to": names["day"],
        "rank": names["whole"],
        "index": names["number"],
        "d1": names["number"],
    }
    assert rows_of(frame)[0]["index"] == 50.0


def test_a_page_is_followed_to_its_end_by_both_clients() -> None:
    server = FakeServer()
    server.answer("editions.scores.list", [ROW, UNRANKED])
    page = server.client().editions.scores.list("2026")
    assert page.to_frame().height == 2
    assert len(page.to_frame(backend="pandas")) == 2

    async def main() -> tuple[int, int]:
        page = await server.async_client().editions.scores.list("2026")
        return (await page.to_frame()).height, len(await page.to_frame(backend="pandas"))

    assert asyncio.run(main()) == (2, 2)


def test_other_rows_are_refused_and_none_are_none() -> None:
    with pytest.raises(TypeError, match="int is no row"):
        to_frame([3])  # type: ignore[list-item]  # on purpose
    with pytest.raises(ValueError, match="'polars' or 'pandas', not 'pyarrow'"):
        to_frame([ROW], backend="pyarrow")  # type: ignore[call-overload]  # on purpose
    none: list[Framed] = []
    assert to_frame(none).shape == (0, 0)
    assert to_frame(none, backend="pandas").shape == (0, 0)


@pytest.mark.parametrize("missing", ["narwhals", "polars"])
def test_without_the_extra_the_error_names_what_is_missing(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=f"^{missing} is not installed: pip install 'actitud.frames.' polars"):
        to_frame([ROW])
