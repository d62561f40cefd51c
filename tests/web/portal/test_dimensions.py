"""The pages about dimensions: their figures are those of the service, and sums of the sheets."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

import pytest

from tests.web.portal.places import OPEN, PLACES, Client
from tests.web.portal.reading import hrefs, read, rows, terms, words

RANKED = [place.id for place in PLACES if place.points is not None]


def mean(sheets: list[Mapping[str, Any]], indicator: str) -> str:
    """The mean of what an indicator counts with in some sheets, half up."""
    scores = [
        Fraction(str(one["score"]))
        for sheet in sheets
        for dimension in sheet["dimensions"]
        for one in dimension["indicators"]
        if one["id"] == indicator and one["score"] is not None
    ]
    return f"{floor(sum(scores) / len(scores) * 100 + Fraction(1, 2)) / 100:.2f}"


def test_the_list_has_the_quartiles_of_each_dimension(places: Client) -> None:
    found = rows(read(places, "2026/dimensions"), "Points from 0 to 100")
    assert len(found) == 10
    # 5, 10, 20, 30 and 40.5.
    assert found["Internal access and staff involvement"][1:] == ["10.00", "20.00", "30.00"]


def test_a_dimension_says_how_the_edition_scores(places: Client) -> None:
    found = read(places, "2026/dimensions/D1")
    said = terms(found)
    assert (said["median of the edition"], said["organisations rated"], said["indicators"]) == ("20.00", "5", "4")
    tenths = rows(found, "The same tenths")
    assert {tenth: cells[0] for tenth, cells in tenths.items() if cells[0] != "0"} == {
        "0–10": "1", "10–20": "1", "20–30": "1", "30–40": "1", "40–50": "1",
    }  # fmt: skip
    assert tenths["40–50"][1] == "20 %"


def test_it_asks_its_questions_and_says_which_score_lowest(places: Client) -> None:
    sheets = [places.get(f"/v1/editions/2026/scores/{one}").json() for one in RANKED]
    found = read(places, "2026/dimensions/D1")
    asked = found.query("table tbody tr[id]")
    assert [row.attrs["id"] for row in asked] == ["D1.07", "D1.03", "D1.08", "D1.06"]
    means = {row.attrs["id"]: words(row.query("td")[1]) for row in asked}
    assert means == {name: mean(sheets, name) for name in means}
    flagged = {row.attrs["id"] for row in asked if row.query(".flag")}
    assert flagged == set(sorted(means, key=lambda name: (float(means[name]), name))[:3])
    assert "How many connected work computers and telephones can open the networks" in words(asked[0])
    assert words(asked[0].query("td")[0]) == "30 %"


def test_it_names_the_points_of_the_article_that_it_answers(places: Client) -> None:
    points = [words(one) for one in read(places, "2026/dimensions/D1").query("main ul > li") if "point" in words(one)]
    assert [point.rpartition("(point ")[2].replace(" ;", ";").replace(" )", ")") for point in points] == [
        "1.1: Access to the networks from the workplace)",
        "1.2: Staff trained in public use of networks; Units that appear in the channels)",
        "1.3: Units that appear in the channels; Staff involvement in shaping the strategy)",
    ]


def test_it_shows_whom_to_learn_from(places: Client) -> None:
    found = [words(one) for one in read(places, "2026/dimensions/D1").query(".exemplar h3")]
    assert found == ["Puerto de Zamora", "Puerto de Ávila", "Villa Dos", "Villa Uno", "De ninguna parte"]
    none = read(places, "2026/dimensions/D1?kind=UNI")
    assert not none.query(".exemplar")
    assert "No organisation of that kind and size" in none.text
    assert [option.attrs["value"] for option in none.query("option[selected]")] == ["UNI"]
    unknown = read(places, "2026/dimensions/D1?kind=nothing&band=&foo=1", status=404)
    assert [words(one) for one in unknown.query(".notice li")] == ["Kind of organisation: « nothing »"]
    assert len(unknown.query(".exemplar")) == 5


@pytest.mark.parametrize(
    "path",
    [
        "2026/dimensions/D11",
        "2026/dimensions/d1",
        "2026/dimensions/D1.07",
        f"{OPEN}/dimensions",
        f"{OPEN}/dimensions/D1",
        "x/dimensions",
    ],
)
def test_what_is_not_there_says_what_is(places: Client, path: str) -> None:
    assert "/portal/2026?lang=en" in hrefs(read(places, path, status=404))
