"""Charts as files and to be embedded: what is beside each picture leads to the same figures."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest
from PIL import Image

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.ranking import FiveNumberSummary
from actitud_api.resources.editions.service import build_record
from actitud_api.resources.organisations.territories import TERRITORIES
from actitud_api.resources.scores.territories import EditionTerritories, TerritoryFigures
from actitud_api.web.portal.edition_charts import draw_map
from actitud_api.web.portal.figures import FigureFormatter
from tests.support.editions import draft_edition
from tests.web.embeds.reading import page
from tests.web.portal.places import EDITION, NOW, OPEN, Client

BASE: Final = "https://madurez.example"
CHARTS: Final = (
    *(f"{EDITION}/{name}" for name in ("levels", "spread", "map", "regions", "medians")),
    *(f"{EDITION}/territories/region-07/{name}" for name in ("levels", "tenths", "dimensions", "provinces")),
    *(f"{EDITION}/dimensions/D1/{name}" for name in ("tenths", "means")),
)
PAGES: Final = (
    EDITION,
    f"{EDITION}/territories",
    f"{EDITION}/territories/region-07",
    f"{EDITION}/dimensions",
    f"{EDITION}/dimensions/D1",
)
GUIDE: Final = Path(__file__).parents[3] / "docs" / "embedding.md"
_SVG: Final = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("heading", ["Charts", "Figuras"])
def test_the_guide_names_every_chart(heading: str) -> None:
    section = GUIDE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| .+ \| `/charts/\{\w+\}/([^`]*)…` \| (.+) \|$", section, re.MULTILINE)
    named = {f"{EDITION}/{place}{name}" for place, names in rows for name in re.findall(r"`(\w+)`", names)}
    province = {f"{EDITION}/territories/province-05/{name}" for name in ("levels", "tenths", "dimensions")}
    assert named == {*CHARTS, *province}


def test_beside_each_picture_are_links_to_it_and_no_chart_is_without(places: Client) -> None:
    linked = set()
    for path in PAGES:
        found = page(places.get(f"/portal/{path}?lang=en").text)
        for figure in found.query("figure.chart"):
            links = {link.text: link.attrs["href"] for link in figure.query(".takings a")}
            assert list(links) == ["SVG", "PNG", "data (CSV)", "embed"], path
            title = figure.query("title")[0].text
            assert next(link.attrs["aria-label"] for link in figure.query(".takings a")) == f"SVG: {title}"
            # The finding stands above the picture as a heading.
            assert title in [heading.text for heading in found.query("h3.finding")]
            linked.add(links["embed"].removeprefix("/charts/").removesuffix("?lang=en"))
    assert linked == set(CHARTS)


@pytest.mark.parametrize("path", CHARTS)
def test_a_chart_is_a_file_of_each_kind_and_a_page(places: Client, path: str) -> None:
    svg, data = places.get(f"/charts/{path}.svg?lang=en"), places.get(f"/charts/{path}.csv?lang=en")
    assert (svg.headers["content-type"], data.headers["content-type"]) == ("image/svg+xml", "text/csv; charset=utf-8")
    assert svg.headers["content-language"] == data.headers["content-language"] == "en"
    assert "style-src 'sha256-" in svg.headers["content-security-policy"]
    root = ElementTree.fromstring(svg.text)
    title = root.findtext(f"{_SVG}title") or ""
    texts = ["".join(text.itertext()) for text in root.iter(f"{_SVG}text")]
    assert "madurez.example" in texts[-1]
    assert title.startswith(texts[[text.get("class") for text in root.iter(f"{_SVG}text")].index("title")].rstrip("…"))
    # Of the lines of its own, each has the width that was measured, whatever font of the reader draws it.
    lines = [text for text in root.iter(f"{_SVG}text") if text.get("textLength") is not None]
    assert {"title", "note"} == {line.get("class") for line in lines}
    assert max(float(line.get("x", "")) + float(line.get("textLength", "")) for line in lines) <= 760
    assert all(response.headers["access-control-allow-origin"] == "*" for response in (svg, data))
    # It names nothing to load, and has no links.
    assert not [name for element in root.iter() for name in element.attrib if name.endswith(("href", "src"))]
    rows = list(csv.reader(io.StringIO(data.text)))
    assert len(rows) > 1
    assert len({len(row) for row in rows}) == 1
    found = page(places.get(f"/charts/{path}?lang=en").text)
    assert not found.errors
    assert found.query("h1")[0].text == title
    trail = [crumb.text for crumb in found.query(".trail bdi")]
    assert len(trail) == len(set(trail)) > 2
    assert len(found.query("main tbody tr")) == len(rows) - 1
    snippet = page(found.query("pre code")[0].text)
    assert [image.attrs["src"] for image in snippet.query("a > img")] == [f"{BASE}/charts/{path}.svg?lang=en"]
    assert snippet.query("img")[0].attrs["alt"] == title
    assert [link.attrs["href"] for link in snippet.query("a")] == [f"{BASE}/charts/{path}?lang=en"]


@pytest.mark.parametrize("path", [f"{EDITION}/map", f"{EDITION}/territories/region-07/provinces"])
def test_a_chart_is_a_picture_for_print(places: Client, path: str) -> None:
    response = places.get(f"/charts/{path}.png")
    assert response.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(response.content)) as picture:
        assert (picture.format, picture.width) == ("PNG", 1520)


def test_the_figures_of_the_map_are_those_of_the_provinces(places: Client) -> None:
    rows = list(csv.reader(io.StringIO(places.get(f"/charts/{EDITION}/map.csv").text)))
    assert rows == [
        ["Provincia", "Código INE", "Mediana", "Organizaciones"],
        ["Ávila", "05", "20", "1"],
        ["Madrid", "28", "60", "4"],
        ["Zamora", "49", "50", "1"],
    ]
    found = page(places.get(f"/portal/{EDITION}/territories").text)
    tiles = {link.attrs["href"]: link.attrs["aria-label"] for link in found.query("a.tile")}
    assert tiles == {
        f"/portal/{EDITION}/territories/province-05": "Ávila: mediana 20,00, 1 organización",
        f"/portal/{EDITION}/territories/province-28": "Madrid: mediana 60,00, 4 organizaciones",
        f"/portal/{EDITION}/territories/province-49": "Zamora: mediana 50,00, 1 organización",
    }
    assert len(found.query("g.tile")) == 49
    legend = [(" ".join(item.text.split()), item.query("rect")[0].attrs["class"]) for item in found.query(".legend li")]
    assert legend == [
        ("20", "level step-1"),
        ("50", "level step-2"),
        ("60", "level step-4"),
        ("sin puntuaciones", "unrated"),
    ]
    drawn = places.get(f"/charts/{EDITION}/map.svg").text
    assert '<rect class="unrated" x="556.0"' in drawn  # the last of four columns of 176 pixels, from 28 on


def test_no_figure_of_the_map_is_in_two_classes() -> None:
    """The classes are those of the whole points on the tiles: 45.40 and 44.60 are both 45, and so of one colour."""
    medians = {"01": 3_010, "02": 3_990, "03": 4_460, "04": 4_540, "05": 4_550, "06": 6_000}
    draft = draft_edition("2026", methodology="2027.1", titles={"es": "2026"})
    provinces = tuple(summarise(province, median) for province, median in medians.items())
    found = EditionTerritories(build_record(draft, now=NOW, state="published"), summarise(None, 4_500), provinces)
    drawn = draw_map(found, FigureFormatter(load_methodology("2027.1"), "en"), None)
    # In the order of the grid: Álava, Ávila, Albacete, Badajoz, Alicante, Almería.
    assert [(tile.text, tile.step) for tile in drawn.tiles if tile.step is not None] == [
        ("30", 1),
        ("46", 4),
        ("40", 1),
        ("60", 5),
        ("45", 2),
        ("45", 2),
    ]
    assert drawn.classes == ((1, "30 to 40"), (2, "45"), (4, "46"), (5, "60"), (None, "no scores"))


def summarise(province: str | None, median: int) -> TerritoryFigures:
    """The figures of a province of which all have the same index."""
    return TerritoryFigures(
        territory=None if province is None else TERRITORIES[f"province-{province}"],
        organisations=2,
        ranked=2,
        index=FiveNumberSummary(median, median, median, median, median),
        levels={3: 2},
    )


def test_a_file_has_the_language_of_its_address_and_a_page_that_of_its_reader(places: Client) -> None:
    english = {"Accept-Language": "en"}
    assert places.get(f"/charts/{EDITION}/map.svg", headers=english).headers["content-language"] == "es"
    assert places.get(f"/charts/{EDITION}/map", headers=english).headers["content-language"] == "en"
    assert places.get(f"/charts/{EDITION}/map").headers["content-language"] == "es"


@pytest.mark.parametrize(
    "path",
    [
        f"{EDITION}/nothing",
        f"{EDITION}/map.pdf",
        f"{OPEN}/map",
        f"{EDITION}/territories/province-05/provinces.svg",
    ],
)
def test_there_are_no_other_charts(places: Client, path: str) -> None:
    response = places.get(f"/charts/{path}")
    assert response.status_code == 404
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (f"{EDITION}/nothing.svg", "There is no picture of that name."),
        (f"{EDITION}/territories/region-07/map.csv", "There is no picture of that name."),
        (f"{EDITION}/dimensions/D99/means.svg", "There is no picture of that name."),
        ("1999/map.svg", "There is no published edition of that name."),
        (f"{OPEN}/map.png", "There is no published edition of that name."),
        (
            f"{EDITION}/territories/region-99/levels.svg",
            "That edition has no organisation in that territory, or there is no such territory.",
        ),
    ],
)
def test_what_is_missing_is_named(places: Client, path: str, detail: str) -> None:
    response = places.get(f"/charts/{path}", headers={"Accept-Language": "en"})
    assert (response.status_code, response.json()["detail"]) == (404, detail)
    assert response.headers["cache-control"] == "no-store"
