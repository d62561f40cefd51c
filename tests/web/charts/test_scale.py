"""The one scale of colours, and the map of provinces."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from itertools import pairwise

import pytest

from actitud_api.resources.organisations.territories import PROVINCES
from actitud_api.web.charts.levels import EDGE, SCALE, find_step
from actitud_api.web.charts.tiles import COLUMNS, PLACES, ROWS, STEPS, classify, list_classes


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_each_level_is_darker_than_the_one_before_and_its_number_can_be_read() -> None:
    for lower, higher in pairwise(SCALE):
        assert luminance(lower.ground) > 1.25 * luminance(higher.ground)
    for colour in SCALE:
        assert contrast(colour.ground, colour.ink) >= 4.5
    # What a colour means has an outline that stands out (1.4.11), on paper and at night.
    assert contrast(EDGE, "#fbfaf7") >= 3
    assert contrast("#a9b6be", "#12212b") >= 3


@pytest.mark.parametrize("name", ["charts.css", "file.css"])
def test_style_sheets_have_the_colours_of_the_scale(name: str) -> None:
    style = files("actitud_api.web.charts").joinpath("static", name).read_text()
    grounds = dict(re.findall(r"rect\.step-(\d) { fill: (#[0-9a-f]{6}); }", style))
    assert grounds == {str(step): colour.ground for step, colour in enumerate(SCALE, start=1)}


@pytest.mark.parametrize(
    ("of", "steps"),
    [
        (5, [1, 2, 3, 4, 5]),
        (3, [1, 3, 5]),
        (2, [1, 5]),
        (1, [1]),
        (4, [1, 2, 4, 5]),
        (6, [1, 2, 3, 3, 4, 5]),
    ],
)
def test_other_numbers_of_levels_take_the_whole_scale(of: int, steps: list[int]) -> None:
    assert [find_step(number, of) for number in range(1, of + 1)] == steps


def test_each_province_has_a_tile_of_its_own() -> None:
    assert set(PLACES) == set(PROVINCES)
    assert len({(place.column, place.row) for place in PLACES.values()}) == len(PLACES) == 52
    assert len({place.letters for place in PLACES.values()}) == 52
    assert all(0 <= place.column < COLUMNS and 0 <= place.row < ROWS for place in PLACES.values())


@pytest.mark.parametrize(
    ("one", "beside", "other"),
    [
        ("15", "west", "27"),  # A Coruña, Lugo
        ("05", "west", "28"),  # Ávila, Madrid
        ("45", "north", "13"),  # Toledo, Ciudad Real
        ("50", "west", "43"),  # Zaragoza, Tarragona
        ("46", "north", "03"),  # Valencia, Alicante
        ("18", "west", "04"),  # Granada, Almería
        ("48", "west", "20"),  # Bizkaia, Gipuzkoa
    ],
)
def test_neighbours_are_where_they_are(one: str, beside: str, other: str) -> None:
    first, second = PLACES[one], PLACES[other]
    if beside == "west":
        assert (first.row, first.column + 1) == (second.row, second.column)
    else:
        assert (first.column, first.row + 1) == (second.column, second.row)


def test_classes_have_about_the_same_number_and_equal_figures_the_same() -> None:
    figures = {str(number): number for number in range(50)}
    assert Counter(classify(figures).values()) == dict.fromkeys(range(1, STEPS + 1), 10)
    tied = {"a": 10, "b": 10, "c": 10, "d": 20, "e": 30}
    assert classify(tied) == {"a": 1, "b": 1, "c": 1, "d": 4, "e": 5}
    assert [tuple(one) for one in list_classes(tied, classify(tied))] == [(1, 10, 10), (4, 20, 20), (5, 30, 30)]
    assert classify({}) == {}
