"""The pages about territories, on both databases: their figures are reckoned here by hand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.resources.scores.queries import LocatedScore
from actitud_api.resources.scores.territories import TerritoryMeans, compute_territory_means
from tests.web.portal.places import OPEN, Client
from tests.web.portal.reading import hrefs, read, rows, terms, words

MADRID = "Comunidad de Madrid"


def test_the_list_has_every_territory_with_its_quartiles_and_levels(places: Client) -> None:
    found = rows(read(places, "2026/territories"), "Quartiles of the index")
    # Of 10, 20, 40, 50, 60 and 80 the quartiles are 1.25, 2.5 and 3.75 places from the first; of 40, 60 and 80 half of
    # the way between neighbours; of 20 and 50 a quarter, a half and three quarters of the way.
    assert found == {
        "The whole edition": ["7", "25.00", "45.00", "57.50", "1", "1", "2", "1", "1", "1"],
        "Castilla y León": ["2", "27.50", "35.00", "42.50", "0", "1", "1", "0", "0", "0"],
        "Ávila": ["1", "20.00", "20.00", "20.00", "0", "1", "0", "0", "0", "0"],
        "Zamora": ["1", "50.00", "50.00", "50.00", "0", "0", "1", "0", "0", "0"],
        MADRID: ["4", "50.00", "60.00", "70.00", "0", "0", "1", "1", "1", "1"],
    }
    # Everybody has a level or has none.
    assert all(int(row[0]) == sum(map(int, row[4:])) for row in found.values())


def test_each_figure_on_a_telephone_has_the_head_of_its_column(places: Client) -> None:
    (table,) = read(places, "2026/territories").query("table.territories")
    heads = [words(head).rstrip(" ▲▼") for head in table.query("thead th")][2:]
    for row in table.query("tbody tr"):
        assert [cell.attrs["data-label"] for cell in row.query("td")] == ["How many", *heads]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["Castilla y León", "Ávila", "Zamora", MADRID]),
        ("?sort=-name", [MADRID, "Castilla y León", "Zamora", "Ávila"]),
        ("?sort=-median", [MADRID, "Castilla y León", "Zamora", "Ávila"]),
        ("?sort=median", ["Castilla y León", "Ávila", "Zamora", MADRID]),
        ("?sort=-organisations", [MADRID, "Castilla y León", "Ávila", "Zamora"]),
    ],
)
def test_the_list_goes_by_name_median_or_number(places: Client, sort: str, order: Sequence[str]) -> None:
    assert list(rows(read(places, f"2026/territories{sort}"), "Quartiles of the index"))[1:] == order


def test_its_heads_sort_and_say_how_it_is_sorted(places: Client) -> None:
    found = read(places, "latest/territories")
    heads = {words(head).rstrip(" ▲▼"): head for head in found.query("thead th") if head.query("a")}
    assert {name: head.query("a")[0].attrs["href"] for name, head in heads.items()} == {
        "Territory": "/portal/latest/territories?sort=-name&lang=en",
        "Organisations": "/portal/latest/territories?sort=-organisations&lang=en",
        "Median": "/portal/latest/territories?sort=-median&lang=en",
    }
    assert {name: head.attrs.get("aria-sort") for name, head in heads.items()} == {
        "Territory": "ascending",
        "Organisations": None,
        "Median": None,
    }
    by_median = read(places, "2026/territories?sort=-median")
    assert [(words(one), one.attrs["aria-sort"]) for one in by_median.query("[aria-sort]")] == [
        ("Median ▼", "descending")
    ]


def test_an_order_that_is_not_known_is_said(places: Client) -> None:
    found = read(places, "2026/territories?sort=bogus", status=404)
    assert [words(one) for one in found.query(".notice li")] == ["Order: « bogus »"]
    assert "/portal/2026/territories?lang=en" in hrefs(found)


def test_a_territory_says_what_it_comes_to(places: Client) -> None:
    found = read(places, "2026/territories/region-13")
    # (40 + 60 + 80) / 3, and (1,000 · 40 + 3,000 · 60) / 4,000: the third has no known population.
    assert terms(found) == {
        "organisations": "4",
        "ranked": "3",
        "median index": "60.00",
        "mean (all count the same)": "60.00",
        "mean by inhabitant": "55.00",
    }
    assert "2 organisations of known population, 4,000 inhabitants" in found.text
    assert rows(found, "The index, beside") == {
        "Highest": ["80.00", "80.00"],
        "Third quartile": ["70.00", "57.50"],
        "Median": ["60.00", "45.00"],
        "First quartile": ["50.00", "25.00"],
        "Lowest": ["40.00", "10.00"],
    }
    levels = rows(found, "How many organisations have reached")
    assert levels["5, Community"] == ["1", "25 %", "14.3 %"]
    assert levels["No level, for want of evidence"] == ["1", "25 %", "14.3 %"]
    # 10 and 20: the third is not rated there, and the fourth does not rank.
    assert rows(found, "Median of each dimension")["Internal access and staff involvement"] == ["15.00", "20.00"]


def test_who_stands_out_is_not_also_who_has_most_to_gain(places: Client) -> None:
    found = read(places, "2026/territories/region-13")
    assert [words(row) for row in found.query("tbody th a") if row.attrs["href"].startswith("/portal/2026/XX")] == [
        "Villa Tres",
        "Villa Dos",
        "Villa Uno",
    ]
    assert not [table for table in found.query("caption") if words(table).startswith("The last")]


def test_ranks_of_a_territory_stand_beside_those_of_the_edition(places: Client) -> None:
    """80, 60 and 40 are the first three of Madrid; of all six, 50 is between the last two."""
    found = read(places, "2026/territories/region-13")
    (table,) = [one for one in found.query("table") if words(one.query("caption")[0]) == "The best ranks"]
    assert [words(head) for head in table.query("thead th")][:2] == ["Rank here", "In the edition"]
    assert [[words(cell) for cell in row.query("td")[:2]] for row in table.query("tbody tr")] == [
        ["1", "1"],
        ["2", "2"],
        ["3", "4"],
    ]


def test_the_picture_says_how_many_are_in_each_tenth(places: Client) -> None:
    found = read(places, "2026/territories/region-13")
    (described,) = [words(one) for one in found.query("desc") if "tenth" in words(one)]
    assert "30–40: 0; 40–50: 1; 50–60: 0; 60–70: 1; 70–80: 0; 80–90: 1; 90–100: 0" in described


def test_a_territory_leads_to_its_ranking_and_to_its_data(places: Client) -> None:
    links = hrefs(read(places, "2026/territories/province-05"))
    assert "/portal/2026?province=05&lang=en" in links
    assert "/v1/editions/2026/summary?province=05" in links
    assert "/portal/2026/territories/region-07?lang=en" in links
    assert places.get("/v1/editions/2026/summary?province=05").json()["index"]["median"] == 20
    assert "/portal/2026/territories/province-49?lang=en" in hrefs(read(places, "2026/territories/region-07"))


@pytest.mark.parametrize(
    "path",
    [
        "2026/territories/region-01",  # nobody is there
        "2026/territories/province-13",  # a region's code is no province's
        "2026/territories/28",
        "2026/territories/region-99",
        f"{OPEN}/territories",
        f"{OPEN}/territories/region-13",
        "1999/territories",
    ],
)
def test_what_is_not_there_says_what_is(places: Client, path: str) -> None:
    assert "/portal/2026?lang=en" in hrefs(read(places, path, status=404))


def placed(index: int | None, population: int | None) -> LocatedScore:
    return LocatedScore(region="13", province="28", population=population, level=1, index=index)


def test_means_are_half_up_and_leave_out_whom_they_cannot_count() -> None:
    # (1 + 2) / 2 = 1.5; (1 · 3 + 2 · 1) / 4 = 1.25.
    assert compute_territory_means([placed(1, 3), placed(2, 1), placed(None, 9)]) == TerritoryMeans(2, 1, 2, 4)
    assert compute_territory_means([placed(1, None), placed(2, 0)]) == TerritoryMeans(2, None, 0, 0)
    assert compute_territory_means([placed(None, 5)]) == TerritoryMeans(None, None, 0, 0)


def test_the_pages_say_what_the_service_answers(client: TestClient[Litestar]) -> None:
    summary = client.get("/v1/editions/2026-demo/summary?region=16").json()
    found = read(client, "2026-demo/territories/region-16")
    assert "data invented for the demonstration" in found.text.lower()
    assert terms(found)["organisations"] == f"{summary['organisations']:,}"
    assert [cells[0] for cells in rows(found, "The index, beside").values()] == [
        f"{Decimal(str(summary['index'][name])):.2f}" for name in ("max", "q3", "median", "q1", "min")
    ]
    best, lowest = (
        client.get(f"/v1/editions/2026-demo/scores?region=16&limit=10&sort={sort}").json()["items"]
        for sort in ("rank", "-rank")
    )
    names = [words(link) for link in found.query("tbody th a") if "XX-DEMO" in link.attrs["href"]]
    assert names == [row["organisation_name"] for row in (*best, *lowest)]
