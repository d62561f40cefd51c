"""UNDP's Human Development Index: every country-year of the report of 2021/22, and its ranks.

Health (LE - 20)/65; education the mean of EYS/18 and MYS/15; income (ln GNI - ln 100)/(ln 75000 - ln 100); each at
most 1; the HDI is the cube root of their product, published with 3 decimals. Here the index is 0 to 100 with one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import cache

import numpy as np

from actitud_api.engine.scoring.evaluate import Evaluation, evaluate
from actitud_api.engine.scoring.ranking import compute_ranks
from tests.cases import reading
from tests.support.shared import shared

HDI = reading.document("hdi")
WITHHELD = {("RWA", str(year)) for year in range(1990, 1995)}
"""The publisher gives no HDI for these, although it gives all that it is made of."""


@cache
def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shared(f"cases/hdi/{name}").decode("utf-8-sig"))))


def scored(life: str, expected: str, mean: str, income: str) -> Evaluation:
    given = {
        "health": ("life_expectancy", life),
        "expected_schooling": ("years", expected),
        "mean_schooling": ("years", mean),
        "income": ("gni_per_person", income),
    }
    return evaluate(HDI, reading.facts({name: {fact: float(x)} for name, (fact, x) in given.items() if x}))


def published(evaluation: Evaluation) -> str | None:
    """The index as UNDP prints it."""
    return None if evaluation.index is None else f"{evaluation.index / 10**8:.3f}"


def test_every_country_year() -> None:
    differing = []
    compared = missing = 0
    for row in rows("hdr2021_22_hdi_1990_2021.csv"):
        got = published(scored(row["le"], row["eys"], row["mys"], row["gnipc"]))
        key = (row["iso3"], row["year"])
        if not row["hdi"] and key not in WITHHELD:
            missing += 1
            assert got is None, key
        elif row["hdi"]:
            compared += 1
            if got != f"{float(row['hdi']):.3f}":
                differing.append((key, got, row["hdi"]))
    assert differing == []
    assert compared == 5571
    assert missing > 0


def ranked(indices: Sequence[int | None]) -> list[int]:
    return [int(rank) for rank in compute_ranks(np.array(indices, np.int64))]


def test_every_rank() -> None:
    """Ties share the best rank of the published value; ranking unrounded values differs in 29 of the 191."""
    countries = [row for row in rows("hdr2021_22_hdi_ihdi_2021.csv") if row["hdi_rank_2021"]]
    assert len(countries) == 191
    evaluations = [scored(row["le_2021"], row["eys_2021"], row["mys_2021"], row["gnipc_2021"]) for row in countries]
    stated = [int(float(row["hdi_rank_2021"])) for row in countries]
    assert ranked([evaluation.index for evaluation in evaluations]) == stated
    unrounded = [evaluation.groups["hdi"] for evaluation in evaluations]
    assert sum(a != b for a, b in zip(ranked(unrounded), stated, strict=True)) == 29


def test_one_country_by_hand() -> None:
    """Switzerland 2021, first of all: 83.9872, 16.50029945, 13.85966015, 66933.00454 (the report's table 1)."""
    evaluation = scored("83.9872", "16.50029945", "13.85966015", "66933.00454")
    health = (83.9872 - 20) / 65 * 100
    education = (16.50029945 / 18 + 13.85966015 / 15) / 2 * 100
    scores = [leaf.score for leaf in evaluation.results]
    assert scores[0] == round(health * 10**6)
    assert evaluation.groups["education"] == round(education * 10**6)
    assert published(evaluation) == "0.962"


def test_without_one_input_there_is_no_index() -> None:
    evaluation = scored("83.9872", "", "13.85966015", "66933.00454")
    assert (evaluation.groups["education"], evaluation.index) == (None, None)
    assert evaluation.status == "not_rateable"
