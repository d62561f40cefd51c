"""UNDP's Human Development Index: every country-year of the report of 2021/22, and its ranks.

Health (LE - 20)/65; education the mean of EYS/18 and MYS/15; income (ln GNI - ln 100)/(ln 75000 - ln 100); each at
most 1; the HDI is the cube root of their product, published with 3 decimals. Here the index is 0 to 100 with one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from actitud_api import cli
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate
from actitud_api.engine.scoring.ranking import compute_ranks
from tests.cases import reading
from tests.support.shared import shared
from tests.unit.scoring.sheets import CASES

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


def test_every_rank_from_the_file_of_the_publisher_without_code(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The document names its indicators as UNDP names the columns; the others are copied."""
    names = {
        "health": "le_2021",
        "expected_schooling": "eys_2021",
        "mean_schooling": "mys_2021",
        "income": "gnipc_2021",
    }
    text = (CASES / "hdi.json").read_text("utf-8")
    for indicator, column in names.items():
        text = text.replace(f'"{indicator}"', f'"{column}"')
    document, table = tmp_path / "hdi.json", tmp_path / "table.csv"
    document.write_text(text, "utf-8")
    table.write_bytes(shared("cases/hdi/hdr2021_22_hdi_ihdi_2021.csv"))
    _, *others = next(csv.reader(table.read_text("utf-8-sig").splitlines()))
    kept = [part for name in others if name not in names.values() for part in ("--keep", name)]
    assert cli.main(["score", "--methodology", str(document), "--table", str(table), *kept]) == 0
    lines = list(csv.DictReader(io.StringIO(capsysbinary.readouterr().out.decode("utf-8"))))
    assert len(lines) == 195
    stated = {line["iso3"]: float(line["hdi_rank_2021"]) for line in lines if line["hdi_rank_2021"]}
    assert len(stated) == 191
    assert {line["iso3"]: float(line["rank"]) for line in lines if line["rank"]} == stated


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
