"""Where things are in pictures, reckoned by hand; and that nothing of a name does harm in one."""

from __future__ import annotations

from typing import Final

import pytest

from actitud_api.platform.http.pages import load_templates
from actitud_api.web.charts import layouts as charts
from actitud_api.web.charts.drawing import prepare_templates
from actitud_api.web.charts.layouts import Bar, DotRow, HistogramColumn, LevelShare, Picture, TrendPoint
from actitud_api.web.charts.tiles import PLACES, Tile
from actitud_api.web.embeds.text_metrics import ELLIPSIS, clean_text, measure_width
from tests.support.scale import NIGHT
from tests.web.embeds.hostile import names
from tests.web.embeds.reading import Document, fragment

TEMPLATES: Final = prepare_templates(load_templates("actitud_api.web.charts"))


def drawn(picture: Picture) -> Document:
    template = TEMPLATES.from_string('{% import "charts.html" as charts %}{{ charts.picture(picture, "Legend") }}')
    found = fragment(template.render(picture=picture))
    assert not found.errors
    return found


def of(found: Document, selector: str, *attributes: str) -> list[tuple[str, ...]]:
    return [tuple(element.attrs.get(name, "") for name in attributes) for element in found.query(selector)]


def test_a_picture_says_what_it_is_and_what_is_in_it() -> None:
    found = drawn(charts.draw_bars("ten", "The ten", "One is 12.", [Bar(label="One", value=12, text="12.00")]))
    (svg,) = found.query("svg")
    assert (svg.attrs["role"], svg.attrs["aria-labelledby"], svg.attrs["aria-describedby"]) == (
        "img",
        "ten-title",
        "ten-desc",
    )
    assert (found.query("#ten-title")[0].text, found.query("#ten-desc")[0].text) == ("The ten", "One is 12.")
    assert [text.text for text in found.query("text")] == ["One", "12.00", "0", "50", "100"]
    assert found.query("figcaption")[0].text == "Legend"


def test_a_bar_is_as_long_as_its_share_and_its_mark_stands_where_it_belongs() -> None:
    found = drawn(
        charts.draw_bars(
            "b",
            "B",
            "B",
            [
                Bar(label="One", value=62.5, text="62.50", mark=40),
                Bar(label="Two", value=0, text="0.00"),
                Bar(label="Three", value=None, text="–", mark=10),
            ],
        )
    )
    assert of(found, "rect.value", "width") == [("62.5%",)]
    assert of(found, "line.mark", "x1", "x2") == [("40%", "40%"), ("10%", "10%")]
    # A row takes 1.3 for its line of letters, 0.15, 0.7 for the bar and 0.75: the next begins 2.9 below.
    assert of(found, "rect.track", "y", "class") == [
        ("1.45em", "track"),
        ("4.35em", "track"),
        ("7.25em", "track unrated"),
    ]
    assert of(found, "svg", "height") == [("10.3em",)]


def test_a_long_label_takes_two_lines_and_is_cut_after_them() -> None:
    found = drawn(charts.draw_bars("b", "B", "B", [Bar(label="Ayuntamiento de " * 9, value=1, text="1.00")]))
    first, second, *_ = found.query("text")
    assert second.text.endswith(ELLIPSIS)
    assert all(measure_width(text.text, 1) <= charts.LABEL_WIDTH for text in (first, second))
    assert of(found, "rect.track", "y") == [("2.75em",)]


def test_a_dot_stands_on_a_scale_of_tens_that_covers_all_figures() -> None:
    rows = [
        DotRow(label="One", dot=30.5, text="31", middle=(25, 45)),
        DotRow(label="Two", dot=28, text="28", middle=(22, 38), mark=32),
        DotRow(label="Three", dot=None, text="–"),
    ]
    found = drawn(charts.draw_dots("s", "S", "S", rows, reference=30))
    # The scale goes from 20 to 50: a point is 3.33 % of the width.
    assert of(found, "line.middle", "x1", "x2") == [("16.67%", "83.33%"), ("6.67%", "60.0%")]
    assert of(found, "circle.dot", "cx") == [("35.0%",), ("26.67%",)]
    assert of(found, "line.mark", "x1") == [("40.0%",)]
    assert of(found, "line.reference", "x1") == [("33.33%",)]
    assert [text.text for text in found.query("text.scale")] == ["20", "30", "40", "50"]
    assert of(found, "text.scale", "text-anchor") == [("start",), ("middle",), ("middle",), ("end",)]


@pytest.mark.parametrize(
    ("figures", "ticks"),
    [
        ((), ["0", "20", "40", "60", "80", "100"]),
        ((30,), ["20", "30", "40"]),
        ((3,), ["0", "10", "20"]),
        ((100,), ["80", "90", "100"]),
        ((0, 100), ["0", "20", "40", "60", "80", "100"]),
        ((4, 88), ["0", "20", "40", "60", "80"]),
    ],
)
def test_a_scale_has_few_ticks_and_two_tens_at_least(figures: tuple[float, ...], ticks: list[str]) -> None:
    rows = [DotRow(label="x", dot=figure, text="x") for figure in figures]
    found = drawn(charts.draw_dots("s", "S", "S", rows))
    assert [text.text for text in found.query("text.scale")] == ticks


def test_the_bar_of_levels_is_parted_by_their_shares_and_has_their_numbers() -> None:
    counts = {1: 10, 2: 60, 3: 0, 4: 28, 5: 2}
    levels = [LevelShare(level=level, count=count) for level, count in counts.items()]
    found = drawn(charts.draw_levels("l", "L", "L", [*levels, LevelShare(level=None, count=100)], 5))
    assert of(found, "rect", "class", "x", "width") == [
        ("level step-1", "0.0%", "5.0%"),
        ("level step-2", "5.0%", "30.0%"),
        ("level step-4", "35.0%", "14.0%"),
        ("level step-5", "49.0%", "1.0%"),
        ("unrated", "50.0%", "50.0%"),
    ]
    # The number of the fifth would not fit into its part.
    assert [text.text for text in found.query("text")] == ["1", "2", "4"]


def test_a_tile_is_a_link_with_a_name_or_an_image_with_one() -> None:
    tiles = [
        Tile(place=PLACES["05"], step=5, text="31", label="Ávila: 31", href="/portal/2026/territories/province-05"),
        Tile(place=PLACES["28"], step=None, text="–", label="Madrid: none", href=None),
    ]
    found = drawn(charts.draw_tiles("m", "M", "M", tiles, [(5, "30 to 31")]))
    assert of(found, "figure > svg", "role", "viewBox") == [("group", "0 0 440 396")]
    assert of(found, "a.tile", "href", "aria-label") == [("/portal/2026/territories/province-05", "Ávila: 31")]
    assert of(found, "g.tile", "role", "aria-label") == [("img", "Madrid: none")]
    # Ávila is in the fourth column and the fourth row.
    assert of(found, "a.tile rect", "class", "x", "y") == [("level step-5", "134", "134")]
    assert [text.text for text in found.query("a text")] == ["AV", "31"]
    assert [item.text.strip() for item in found.query(".legend li")] == ["30 to 31"]


def test_the_highest_column_has_all_the_height_and_the_marked_one_a_sign_of_its_own() -> None:
    counted = [
        HistogramColumn(label="0", count=4, text="4"),
        HistogramColumn(label="50", count=1, text="1", marked=True),
    ]
    found = drawn(charts.draw_columns("c", "C", "C", counted))
    # They stand on a line 2.6 and 9 em below the top.
    assert of(found, "rect.value", "x", "width", "y", "height", "class") == [
        ("3.0%", "44.0%", "2.6em", "9.0em", "value"),
        ("53.0%", "44.0%", "9.35em", "2.25em", "value marked"),
    ]
    assert [text.text for text in found.query("text.here")] == ["▲"]
    assert of(found, "text.here", "x") == [("75.0%",)]


def test_columns_of_nobody_have_no_height() -> None:
    found = drawn(charts.draw_columns("c", "C", "C", [HistogramColumn(label="0", count=0, text="0")]))
    assert of(found, "rect.value", "height") == [("0.0em",)]


def test_a_trend_joins_what_follows_each_other_and_leaves_a_gap() -> None:
    points = [
        TrendPoint(label="2023", value=100, text="100.00"),
        TrendPoint(label="2024", value=50, text="50.00"),
        TrendPoint(label="2025", value=None, text="–"),
        TrendPoint(label="2026", value=0, text="0.00"),
    ]
    found = drawn(charts.draw_trend("t", "T", "T", points))
    # 100 points stand at 2.6, 0 points 9 below.
    assert of(found, "circle.own", "cx", "cy") == [("12.5%", "2.6em"), ("37.5%", "7.1em"), ("87.5%", "11.6em")]
    assert of(found, "line.trend-line", "x1", "x2") == [("12.5%", "37.5%")]


KINDS: Final = ("bars", "dots", "columns", "trend", "tiles")


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_inert_whatever_its_rows_are_called(kind: str) -> None:
    def made(name: str) -> Picture:
        match kind:
            case "bars":
                return charts.draw_bars("x", name, name, [Bar(label=name, value=1, text=name)])
            case "dots":
                return charts.draw_dots("x", name, name, [DotRow(label=name, dot=3, text=name, middle=(1, 5))])
            case "tiles":
                tile = Tile(place=PLACES["05"], step=1, text=name, label=name, href="/portal")
                return charts.draw_tiles("x", name, name, [tile], [(1, name)])
            case "columns":
                return charts.draw_columns("x", name, name, [HistogramColumn(label=name, count=1, text=name)])
            case _:
                return charts.draw_trend("x", name, name, [TrendPoint(label=name, value=1, text=name)])

    def shape(found: Document) -> set[tuple[str, tuple[str, ...]]]:
        return {(element.name, tuple(sorted(element.attrs))) for element in found.query("*")}

    harmless = shape(drawn(made("Villa")))
    drawn_names = names(500) if NIGHT else names(500)[KINDS.index(kind) :: len(KINDS)]
    for name in drawn_names:
        found = drawn(made(clean_text(name)))
        assert shape(found) == harmless, name
        assert clean_text(name) in found.letters
