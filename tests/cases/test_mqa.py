"""The metadata quality score of data.europa.eu: the worked example of ckan-mqa's README.

Each row is count / population · weight with 2 decimals, and the total the sum of the rounded rows, 280.31: the exact
total is 280.3197. Numbers only: the licence of the source is stated inconsistently.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import groupby

import msgspec

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.scoring.evaluate import evaluate
from tests.cases import reading
from tests.cases.reading import Json
from tests.support.shared import shared

Row = dict[str, str]


def rows() -> list[Row]:
    return list(csv.DictReader(io.StringIO(shared("cases/mqa/ckan_mqa_readme_example.csv").decode())))


def share(name: str, weight: int) -> Json:
    """Count of population, worth `weight` points."""
    ends: dict[str, Json] = {"type": "integer", "minimum": 0, "maximum": 10**6}
    return {
        "kind": "indicator",
        "id": name,
        "weight": 1,
        "type": "ratio",
        "direction": "higher_is_better",
        "facts": [{"name": "count", **ends}, {"name": "population", **ends}],
        "value": {
            "kind": "divide",
            "numerator": {"kind": "answer", "indicator": name, "fact": "count"},
            "denominator": {"kind": "answer", "indicator": name, "fact": "population"},
        },
        "step": "count",
        "range": {"maximum": weight},
        "curve": {"kind": "linear", "goalposts": [{"x": 0, "score": 0}, {"x": 1, "score": weight}]},
    }


def methodology(table: list[Row]) -> Methodology:
    dimensions: list[Json] = []
    total = 0
    for dimension, members in groupby(table, lambda row: row["dimension"]):
        weights = {row["indicator"]: int(row["weight"]) for row in members}
        children = [share(name, weight) for name, weight in weights.items()]
        dimensions.append(reading.group(dimension, children, maximum=sum(weights.values()), aggregation="sum"))
        total += sum(weights.values())
    return reading.made(reading.group("mqa", dimensions, maximum=total, aggregation="sum"), decimals=2)


def test_each_row_and_the_published_total() -> None:
    table = rows()
    expected = msgspec.json.decode(shared("cases/mqa/expected.json"))
    evaluation = evaluate(
        methodology(table),
        reading.facts(
            {row["indicator"]: {"count": int(row["count"]), "population": int(row["population"])} for row in table}
        ),
    )
    for row, leaf in zip(table, evaluation.results, strict=True):
        assert leaf.score == int(Decimal(row["points"]) * 100), row["indicator"]
    assert evaluation.index == round(expected["expected_total"] * 100)
    assert {
        name: evaluation.compiled.groups[name].definition.range.maximum for name in expected["dimension_max"]
    } == expected["dimension_max"]
    assert evaluation.compiled.document.root.range.maximum == expected["expected_max"]


def test_the_exact_total_is_another_one() -> None:
    """What is published is what is summed."""
    exact = sum(int(row["count"]) / int(row["population"]) * int(row["weight"]) for row in rows())
    assert round(exact, 4) == 280.3197
