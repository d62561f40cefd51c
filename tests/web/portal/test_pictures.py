"""Where things are in pictures, reckoned by hand; and that nothing of a name does harm in one."""

from __future__ import annotations

from typing import Final

import pytest

from actitud_api.platform.http.pages import load_templates
from actitud_api.web.embeds.text_metrics import ELLIPSIS, clean_text, measure_width
from actitud_api.web.portal import charts
from actitud_api.web.portal.charts import Bar, BoxPlotRow, HistogramColumn, Picture, TrendPoint
from tests.support.scale import NIGHT
from tests.web.embeds.hostile import names
from tests.web.embeds.reading import Document, fragment

TEMPLATES: Final = load_templates("actitud_api.web.portal")


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


def test_a_spread_has_its_whiskers_its_box_its_median_and_its_own() -> None:
    found = drawn(
        charts.draw_box_plots("s", "S", "S", [BoxPlotRow(label="One", figures=(1, 20, 30.5, 45, 90), text="3", own=3)])
    )
    assert of(found, "line.whisker", "x1", "x2") == [("1%", "90%")]
    assert of(found, "rect.box", "x", "width") == [("20%", "25%")]
    assert of(found, "line.median", "x1", "x2") == [("30.5%", "30.5%")]
    assert of(found, "circle.own", "cx") == [("3%",)]


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


KINDS: Final = ("bars", "spreads", "columns", "trend")


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_inert_whatever_its_rows_are_called(kind: str) -> None:
    def made(name: str) -> Picture:
        match kind:
            case "bars":
                return charts.draw_bars("x", name, name, [Bar(label=name, value=1, text=name)])
            case "spreads":
                return charts.draw_box_plots(
                    "x", name, name, [BoxPlotRow(label=name, figures=(1, 2, 3, 4, 5), text=name)]
                )
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
