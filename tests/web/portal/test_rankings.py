"""The page of an edition and the first page, over the eight organisations of `tests.http.test_edition_scores`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import pytest
from litestar.testing import TestClient

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.resources.scores import audits
from actitud_api.resources.scores.computed import ComputationBusy
from actitud_api.web.portal import ranking
from actitud_api.web.portal.layout import Links
from actitud_api.web.portal.names import Names
from tests.contract.asgi import Sent, exchange
from tests.contract.hostile import FILTERS, SEGMENTS, WRONG
from tests.http.test_edition_scores import Client, served
from tests.support.applications import borrow_app
from tests.support.databases import BOTH, made_anew, opened, unlimited
from tests.web.embeds.reading import Document, page
from tests.web.portal.reading import words

EDITION = "/portal/2026"


@pytest.fixture(scope="module", params=BOTH)
def years(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the service on each kind of database; for tests that only read."""
    with made_anew(request, tmp_path_factory.mktemp("years")) as url, served(url) as made:
        yield made


def read(client: Client, path: str = EDITION, *, code: str | int = 200, **parameters: str | int) -> Document:
    response = client.get(path, params={"lang": "en", **parameters})
    assert (response.status_code, response.headers["content-type"]) == (code, "text/html; charset=utf-8")
    found = page(response.text)
    assert not found.errors
    assert len(found.query("h1")) == 1
    return found


def lines(found: Document) -> list[list[str]]:
    """The cells of each row, without the box to mark it."""
    return [[words(cell) for cell in row.query("th, td")[1:]] for row in found.query(".ranking tbody tr")]


def notice(found: Document) -> list[str]:
    """The filters that the page does not know, as it says."""
    return [words(one).replace("« ", "«").replace(" »", "»") for one in found.query(".notice li")]


def headers(found: Document) -> dict[str, str]:
    """Where the heads of the columns lead."""
    return {words(link).rstrip(" ▲▼"): link.attrs["href"] for link in found.query(".ranking thead a")}


def sorted_by(found: Document) -> list[tuple[str, str]]:
    return [(words(head).rstrip(" ▲▼"), head.attrs["aria-sort"]) for head in found.query(".ranking [aria-sort]")]


def short(found: Document) -> str:
    """The last letters of the ids of the organisations that are listed."""
    return "".join(link.attrs["href"].partition("?")[0][-1] for link in found.query(".ranking th[scope=row] a"))


def chosen(found: Document) -> dict[str, str]:
    return {
        field.attrs["name"]: option.attrs["value"]
        for field in found.query("select")
        for option in field.query("option[selected]")
    }


# --- the list -----------------------------------------------------------------------------------------------------


def test_the_ranking_says_rank_name_index_and_level(years: Client) -> None:
    found = read(years)
    rows = lines(found)
    assert [row[0].partition(" ")[0] for row in rows] == ["1", "2", "2", "4", "5", "6", "–", "–"]
    assert rows[0][1] == "Zamora Zamora, Castilla y León · Municipality · 59,000 inhabitants"
    assert rows[3][1].startswith("Alcúdia, l' València/Valencia, Comunitat Valenciana · Municipality · coverage 75 %")
    # Who is not counted by inhabitants has its size by staff.
    assert rows[7][1].startswith("Ministerio Ministry or state department · 5,000 people on the staff or more")
    assert [row[2] for row in rows] == ["59,000", "57,000", "45,000", "12,000", "900", "–", "23,000", "–"]
    assert rows[0][3] == "100.00 4, Conversation"
    assert rows[6][3] == "insufficient evidence"
    assert rows[7][3] == "not rateable"
    assert "90.00" not in found.text.partition("How it spreads")[0]
    assert "8 organisations" in found.text


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("asked", "ranks"),
    [
        ({"province": "46"}, ["1 edition: 2", "2 edition: 4", "3 edition: 6"]),
        ({"province": "46", "sort": "-rank"}, ["3 edition: 6", "2 edition: 4", "1 edition: 2"]),
        # Equal indices share the best rank, here as in the edition; who has none comes last.
        ({"kind": "MUN"}, ["1 edition: 1", "2 edition: 2", "2 edition: 2", "4 edition: 4", "5 edition: 5", "–"]),
        ({"level": "2", "sort": "organisation_name"}, ["2 edition: 5", "1 edition: 4"]),
        ({"q": "Alcúdia", "sort": "rank"}, ["4", "–"]),  # what a search finds is no list with ranks of its own
        ({"q": "Alcúdia", "kind": "MUN", "sort": "rank"}, ["4", "–"]),
    ],
)
def test_a_part_of_the_edition_has_ranks_of_its_own(
    years: Client, asked: Mapping[str, str], ranks: Sequence[str]
) -> None:
    found = read(years, **asked)
    assert [row[0].partition(" (")[0] for row in lines(found)] == ranks
    caption = words(found.query(".ranking caption")[0])
    start = "Rank in the whole edition." if "q" in asked else "Rank in this list; below, that in the whole edition."
    assert caption.startswith(start)
    assert caption.endswith("Ranks are by level, and within it by index.")


def find_marked(found: Document) -> tuple[str, str]:
    """The row that is marked, by the last letter of its id, and what is said of it above the list."""
    rows = found.query("tr.own")
    marked = [link.attrs["href"].partition("?")[0][-1] for row in rows for link in row.query("a[aria-current=true]")]
    said = [words(one) for one in found.query("p") if words(one).startswith("Go to the row of")]
    return "".join(marked), "".join(said)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("asked", "row", "said"),
    [
        ({}, "4", "Alcúdia, l' : rank 4 in the whole edition."),
        ({"province": "46"}, "4", "Alcúdia, l' : rank 2 of 3 in this list, 4 in the whole edition."),
        ({"q": "Alcúdia"}, "4", "Alcúdia, l' : rank 4 in the whole edition."),
        ({"region": "10", "marked": "XX-T-7"}, "7", "Alcúdia : without a rank."),
        ({"province": "46", "marked": "ES-INE-46001"}, "6", "rank 3 of 3 in this list, 6 in the whole edition."),
        ({"province": "49"}, "", ""),
        ({"marked": "XX-T-404"}, "", ""),
        ({"marked": "<b>\0"}, "", ""),
    ],
)
def test_the_own_row_is_marked_for_eyes_and_ears(years: Client, asked: Mapping[str, str], row: str, said: str) -> None:
    marked, sentence = find_marked(read(years, **{"marked": "XX-T-4", **asked}))
    assert (marked, sentence.endswith(said), bool(sentence)) == (row, True, bool(said)), sentence


def test_the_own_row_is_a_link_away_on_whatever_page_it_is(years: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "PER_PAGE", 1)
    first = read(years, province="46", sort="organisation_name", marked="XX-T-6")
    (link,) = [link.attrs["href"] for link in first.query("main p a") if link.attrs["href"].endswith("#own")]
    # In the order by rank it is the third.
    assert link == "/portal/2026?province=46&marked=XX-T-6&page=3&lang=en#own"
    assert find_marked(page(years.get(link.removesuffix("#own")).text))[0] == "6"
    # Pages, orders and filters keep the mark, and files have the whole list.
    kept = [*first.query("a[rel=next]"), *first.query(".ranking thead a"), *first.query(".chips a")]
    assert kept
    assert all("marked=XX-T-6" in link.attrs["href"] for link in kept)
    assert [field.attrs["value"] for field in first.query("input[name=marked]")] == ["XX-T-6"]
    files = [link.attrs["href"] for link in first.query(".links a") if "scores" in link.attrs["href"]]
    assert files
    assert not [href for href in files if "marked" in href]


def test_ranks_have_the_interval_of_the_draws(client: Client) -> None:
    """Those of the worst that rank, whose intervals differ."""
    listed = [row["organisation"] for row in client.get("/v1/editions/2026-demo/scores?sort=-rank").json()["items"]]
    drawn = client.get("/v1/editions/2026-demo/robustness", params={"organisation": ",".join(listed)}).json()["items"]
    ranks = {one["organisation"]: (one["drawn_rank"]["p5"], one["drawn_rank"]["p95"]) for one in drawn}
    assert len(ranks) == 50
    assert len({high - low for low, high in ranks.values()}) > 5
    shown = [words(interval) for interval in read(client, "/portal/2026-demo", sort="-rank").query(".interval")]
    assert shown == [
        f"({low:,})" if low == high else f"({low:,}–{high:,})" for low, high in (ranks[one] for one in listed)
    ]


def test_while_others_compute_the_ranking_is_there_without_intervals(
    years: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> list[audits.OrganisationRobustness]:
        raise ComputationBusy

    monkeypatch.setattr(audits, "list_robustness", busy)
    found = read(years)
    assert short(found) == "12345678"
    assert not found.query(".interval")
    assert "load the page again" in found.text
    # There is nothing to wait for where nobody ranks.
    assert "load the page again" not in read(years, status="not_rateable").text


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"q": "ALCUDIA"}, "74"),
        ({"q": "avila"}, "2"),
        ({"q": "es-ine-46001"}, "6"),
        ({"q": "XX-T-5"}, "5"),
        ({"q": "Alcúdia"}, "74"),  # the larger of those that are called so; 7 has no rank
        ({"q": "Alcúdia", "sort": "rank"}, "47"),
        ({"q": "zamroa"}, "1"),
        ({"q": "nobody"}, ""),
        ({"kind": "PRO"}, "6"),
        ({"region": "10"}, "3467"),
        ({"province": "46"}, "346"),
        ({"band": "P3"}, "37"),
        ({"level": "2"}, "45"),
        ({"status": "not_rateable"}, "8"),
        ({"kind": "MUN", "province": "46", "q": "alz"}, "3"),
        ({"sort": "organisation_name"}, "57432681"),
        ({"sort": "-rank"}, "65423178"),
        ({"sort": "-population"}, "12374568"),
        ({"sort": "-D2"}, "74321568"),
    ],
)
def test_filters_and_orders_are_those_of_the_service(years: Client, asked: Mapping[str, str], expected: str) -> None:
    found = read(years, **asked)
    assert short(found) == expected
    assert chosen(found).items() >= {name: value for name, value in asked.items() if name != "q"}.items()
    assert [field.attrs["value"] for field in found.query("input[name=q]")] == [asked.get("q", "")]
    if not expected:
        assert "No organisation of this edition is as asked for" in found.text


@pytest.mark.parametrize(
    ("asked", "similar"),
    [
        ({"q": "zamroa"}, True),
        ({"q": "zamroa", "sort": "-population"}, True),
        ({"q": "zamora"}, False),
        ({"q": "alc"}, False),
        ({"q": "nobody"}, False),  # nothing is like it either
        ({"q": "zamroa", "level": "1"}, False),  # who is called alike is at another level
        ({}, False),
    ],
)
def test_a_list_says_that_its_names_are_only_similar(years: Client, asked: Mapping[str, str], similar: bool) -> None:
    (status,) = [words(one) for one in read(years, **asked).query("p[role=status]")]
    assert status.startswith("No organisation matches what you are looking for; these have similar names: ") is similar


def test_what_is_not_known_is_said_and_left_out(years: Client) -> None:
    asked = {"kind": "NONE", "region": "ZZ", "level": "7", "band": "P9", "status": "x", "sort": "population;drop"}
    found = read(years, code=404, **asked, province="46", page="-1", utm_source="x")
    assert notice(found) == [
        "Kind: «NONE»",
        "Region: «ZZ»",
        "Size: «P9»",
        "Level: «7»",
        "Evidence: «x»",
        "Order: «population;drop»",
    ]
    # The list that one gets has what is known, and its address says so.
    assert short(found) == "346"
    assert {name: value for name, value in chosen(found).items() if value} == {"province": "46"}
    (way_out,) = [link.attrs["href"] for link in found.query(".notice a")]
    assert way_out == "/portal/2026?province=46&lang=en"
    assert notice(page(years.get(way_out).text)) == []


def test_a_list_that_is_not_there_is_kept_nowhere(years: Client) -> None:
    response = years.get(f"{EDITION}?region=ZZ")
    assert (response.status_code, response.headers["cache-control"]) == (404, "no-store")


def test_what_is_quoted_is_short_and_inert(years: Client) -> None:
    found = read(years, code=404, region="<b>x</b>" + "y" * 500)
    assert notice(found) == ["Region: «<b>x</b>" + "y" * 32 + "…»"]
    assert not found.query(".notice b")


@pytest.mark.parametrize(
    ("asked", "active"),
    [
        ({"kind": "UNI"}, ["Kind: Public university"]),
        ({"band": "E4"}, ["Size: 1,000 to 4,999 people on the staff"]),
        ({"level": "5"}, ["Level: 5, Community"]),
        ({"region": "01", "q": "zamora"}, ["Search: zamora", "Region: Andalucía"]),
        ({"region": "07", "province": "46"}, ["Region: Castilla y León", "Province: València/Valencia"]),
    ],
)
def test_a_filter_that_nobody_meets_finds_nobody_and_can_be_cleared(
    years: Client, asked: Mapping[str, str], active: list[str]
) -> None:
    found = read(years, **asked)
    assert short(found) == ""
    assert "No organisation of this edition is as asked for" in found.text
    chips = found.query(".chips a")
    assert [words(chip).removeprefix("Clear ").rstrip(" ✕") for chip in chips] == [*active, "filters"]
    assert chosen(found).items() >= {name: value for name, value in asked.items() if name != "q"}.items()
    # Each leads to the list without that filter, with the others.
    for chip, name in zip(chips, sorted(asked, key=lambda name: name != "q"), strict=False):
        others = "".join(f"{other}={value}&" for other, value in asked.items() if other != name)
        assert chip.attrs["href"] == f"/portal/2026?{others}lang=en"
    assert ("València/Valencia is not in Castilla y León." in found.text) is ("province" in asked)


def test_provinces_are_those_of_the_region(years: Client) -> None:
    def offered(**asked: str) -> list[str]:
        return [option.attrs["value"] for option in read(years, **asked).query("select[name=province] option")]

    assert offered() == ["", "03", "05", "25", "46", "49"]
    assert offered(region="10") == ["", "03", "46"]
    assert offered(region="10", province="49") == ["", "03", "46", "49"]


def test_each_page_has_one_address(years: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "PER_PAGE", 3)
    for asked, address in (
        ("page=1&kind=MUN", "?kind=MUN"),
        ("kind=MUN&page=9", "?kind=MUN&page=2"),
        ("kind=MUN&page=02", "?kind=MUN&page=2"),
        ("kind=MUN&page=x&lang=en", "?kind=MUN&lang=en"),
        ("page=-1", ""),
        ("page=2&page=3", "?page=3"),
    ):
        moved = years.get(f"{EDITION}?{asked}", follow_redirects=False)
        assert (moved.status_code, moved.headers["location"]) == (307, EDITION + address)
        assert moved.headers["cache-control"] == "no-cache"
        assert years.get(EDITION + address, follow_redirects=False).status_code == 200


def test_heads_sort_and_say_how_it_is_sorted(years: Client) -> None:
    found = read(years, region="10")
    assert sorted_by(found) == [("Rank", "ascending")]
    assert headers(found) == {
        "Rank": "/portal/2026?region=10&sort=-rank&lang=en",
        "Organisation": "/portal/2026?region=10&sort=organisation_name&lang=en",
        "Inhabitants": "/portal/2026?region=10&sort=-population&lang=en",
        "Index and level": "/portal/2026?region=10&sort=-rank&lang=en",
    }
    by_name = page(years.get(headers(found)["Organisation"]).text)
    assert (sorted_by(by_name), short(by_name)) == ([("Organisation", "ascending")], "7436")
    assert headers(by_name)["Rank"] == "/portal/2026?region=10&lang=en"
    back = page(years.get(headers(by_name)["Organisation"]).text)
    assert (sorted_by(back), short(back)) == ([("Organisation", "descending")], "6347")
    largest = page(years.get(headers(found)["Inhabitants"]).text)
    assert (sorted_by(largest), short(largest)) == ([("Inhabitants", "descending")], "3746")
    last = page(years.get(headers(found)["Rank"]).text)
    assert (sorted_by(last), short(last)) == ([("Rank", "descending")], "6437")


def test_a_search_is_sorted_by_none_of_its_heads_until_one_is_taken(years: Client) -> None:
    found = read(years, q="Alcúdia")
    assert sorted_by(found) == []
    by_rank = page(years.get(headers(found)["Rank"]).text)
    assert (sorted_by(by_rank), short(by_rank)) == ([("Rank", "ascending")], "47")


def test_who_is_marked_is_compared(years: Client) -> None:
    found = read(years)
    (form,) = found.query("form.choosing")
    boxes = {box.attrs["value"]: box.attrs["aria-label"] for box in form.query("input[type=checkbox]")}
    assert (len(boxes), boxes["XX-T-2"]) == (8, "Compare Ávila")
    assert form.query("button[type=submit]")
    hidden = {one.attrs["name"]: one.attrs["value"] for one in form.query("input[type=hidden]")}
    compared = years.get(form.attrs["action"], params={"organisation": ["XX-T-2", "XX-T-5"], **hidden})
    assert [words(one) for one in page(compared.text).query(".side h3")] == ["A Ávila", "B Àger"]


def test_latest_stays_in_the_addresses_of_lists(years: Client) -> None:
    found = read(years, "/portal/latest", region="10")
    inside = [link.attrs["href"] for link in found.query(".sections a, .chips a, .ranking thead a, .pages a")]
    assert inside
    assert not [href for href in inside if href.startswith("/portal/2026")]
    assert {form.attrs["action"] for form in found.query("form")} == {"/portal/latest", "/portal/latest/compare"}
    # What was published of an organisation is under the edition that published it.
    assert {link.attrs["href"] for link in found.query(".ranking th[scope=row] a")} == {
        f"/portal/2026/XX-T-{number}?lang=en" for number in (3, 4, 6, 7)
    }


def test_only_what_somebody_is_can_be_chosen(years: Client) -> None:
    options = {
        field.attrs["name"]: {option.attrs["value"]: words(option) for option in field.query("option")}
        for field in read(years).query("select")
    }
    assert {value: text.rpartition(" ")[2] for value, text in options["kind"].items() if value} == {
        "MIN": "(1)",
        "MUN": "(6)",
        "PRO": "(1)",
    }
    assert options["region"] == {
        "": "Any",
        "07": "Castilla y León (2)",
        "09": "Catalunya (1)",
        "10": "Comunitat Valenciana (4)",
    }
    assert list(options["province"]) == ["", "03", "05", "25", "46", "49"]
    assert options["band"]["P3"] == "20,001 to 50,000 inhabitants (2)"
    assert list(options["band"]) == ["", "P1", "P2", "P3", "P4", "E5"]
    assert list(options["status"]) == ["", "complete", "sufficient", "insufficient_evidence", "not_rateable"]


@pytest.mark.both_databases
def test_an_order_by_a_dimension_shows_its_score(years: Client) -> None:
    found = read(years, sort="-D1")
    rows = lines(found)
    # D1 of 1 is 100 points, that of 7 counts with 90 though it does not rank; 4 and 8 have none.
    assert [row[2] for row in rows] == ["100.00", "90.00", "50.00", "33.00", "10.00", "0.00", "–", "–"]
    assert sorted_by(found) == [("D1 · Internal access and staff involvement", "descending")]
    # Where there is no room for the column its figure stands with the name.
    assert rows[0][1].endswith("· D1: 100.00")
    assert [row[2] for row in lines(read(years, sort="coverage"))][:3] == ["25 %", "50 %", "75 %"]


@pytest.mark.both_databases
def test_pages_have_everybody_once_and_keep_what_is_asked_for(years: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "PER_PAGE", 2)
    path, seen, trail = f"{EDITION}?lang=en&sort=organisation_name&kind=MUN", "", []
    while path:
        found = page(years.get(path).text)
        seen += short(found)
        trail.append(path)
        following = found.query("a[rel=next]")
        path = following[0].attrs["href"] if following else ""
        assert [link.attrs["href"] for link in found.query("head link[rel=next]")] == ([path] if path else [])
    assert seen == "574321"
    assert len(trail) == 3
    assert all("sort=organisation_name" in path and "kind=MUN" in path for path in trail)
    last = page(years.get(trail[-1]).text)
    assert last.query("a[rel=prev]")[0].attrs["href"] == trail[1]
    assert [words(here) for here in last.query(".pages [aria-current=page]")] == ["Page 3"]
    assert short(read(years, sort="organisation_name", kind="MUN", page=99)) == "21"


@pytest.mark.parametrize(
    ("number", "last", "expected"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, 3, None, 9]),
        (5, 9, [1, None, 3, 4, 5, 6, 7, None, 9]),
        (9, 9, [1, None, 7, 8, 9]),
        (4, 9, [1, 2, 3, 4, 5, 6, None, 9]),
    ],
)
def test_the_first_the_last_and_those_around_are_named(number: int, last: int, expected: list[int | None]) -> None:
    assert ranking.select_pages(number, last) == expected


# --- how it spreads -----------------------------------------------------------------------------------------------


def test_the_spread_is_a_picture_and_a_table_of_the_same(years: Client) -> None:
    found = read(years)
    # The six that rank have 100, 50, 50, 40.01, 30 and 10 points.
    counted = {"10–20": 1, "30–40": 1, "40–50": 1, "50–60": 2, "90–100": 1}
    (table,) = [one for one in found.query("table") if "points of the index" in words(one.query("caption")[0])]
    cells = {words(row.query("th")[0]): [words(cell) for cell in row.query("td")] for row in table.query("tbody tr")}
    assert {name: int(row[0]) for name, row in cells.items() if row[0] != "0"} == counted
    assert cells["50–60"][1] == "33.3 %"
    (svg,) = [svg for svg in found.query("svg[role=img]") if svg.attrs["aria-labelledby"] == "spread-title"]
    assert "50 to 60, 2;" in words(svg.query("desc")[0])
    assert len(svg.query("rect")) == 10
    shares = [words(text) for text in svg.query("text")][::2]
    assert shares == ["0 %", "17 %", "0 %", "17 %", "17 %", "33 %", "0 %", "0 %", "0 %", "17 %"]
    numbers = [words(one) for one in found.query(".figures-row dd")]
    assert numbers == ["8", "6", "45.01", "32.50–50.00", "10.00–100.00"]  # type 7: 40.01 and 50; 30 + 0.25 * 10.01


def test_a_share_that_is_not_nothing_is_never_told_as_nothing() -> None:
    names = Names(load_methodology("2026.1"), "en")
    counted = [
        (0, "0 %"),
        (1, "<1 %"),
        (4, "<1 %"),
        (5, "1 %"),
        (14, "1 %"),
        (15, "2 %"),
        (999, "100 %"),
        (1_000, "100 %"),
    ]
    for count, text in counted:
        assert " ".join(ranking.format_whole_percent(count, 1_000, names).split()) == text


def test_the_spread_is_that_of_what_is_filtered(years: Client) -> None:
    found = read(years, region="10")
    assert [words(one) for one in found.query(".figures-row dd")][:2] == ["4", "3"]
    assert "of what is filtered" in found.text


# --- around it ----------------------------------------------------------------------------------------------------


def test_the_page_leads_to_the_data(years: Client) -> None:
    links = {link.attrs["href"] for link in read(years).query("main a")}
    files = {f"/v1/editions/2026/scores.{suffix}" for suffix in ("csv", "jsonl", "xlsx?lang=en", "jsonstat?lang=en")}
    assert links >= files
    assert {years.get(file).status_code for file in files} == {200}
    assert years.get("/v1/editions/2026/publications").status_code == 200


def test_files_have_what_the_list_has(years: Client) -> None:
    found = read(years, q="al", region="10", sort="-D1")
    assert short(found) == "734"
    files = [link.attrs["href"] for link in found.query("main a") if "/scores" in link.attrs["href"]]
    assert [file.partition("/scores")[2] for file in files] == [
        f"{suffix}?q=al&region=10&sort=-D1{'&lang=en' if suffix in ('.xlsx', '.jsonstat') else ''}"
        for suffix in (".xlsx", ".csv", ".jsonl", ".jsonstat", "")
    ]
    assert [row["organisation"][-1] for row in years.get(files[-1]).json()["items"]] == ["7", "3", "4"]
    table = years.get(files[1]).text.splitlines()
    assert [row.split(",")[2] for row in table] == ["organisation", "XX-T-7", "XX-T-3", "XX-T-4"]
    indicators = years.get(f"/v1/editions/2026/indicators.csv?{files[1].partition('?')[2]}").text
    assert {row.split(",")[1] for row in indicators.splitlines()[1:]} == {"XX-T-3", "XX-T-4", "XX-T-7"}


@pytest.mark.parametrize(("query", "expected"), [("?lang=es", "?lang=es"), ("", "")])
def test_files_that_have_words_are_in_the_language_that_the_reader_chose(
    query: str, expected: str, years: Client
) -> None:
    """Without `lang` the browser says it, of the page as of the file."""
    found = page(years.get(f"{EDITION}{query}", headers={"Accept-Language": "en"}).text)
    links = {link.attrs["href"] for link in found.query("main a")}
    for name in ("scores.xlsx", "scores.jsonstat", "statistics"):
        assert f"/v1/editions/2026/{name}{expected}" in links


def test_latest_is_the_newest_published_and_an_older_one_says_so(years: Client) -> None:
    assert words(read(years, "/portal/latest").query("h1")[0]) == "Edition 2026"
    older = read(years, "/portal/2025")
    assert "not the latest: there is a later edition" in older.text
    assert "/portal/2026?lang=en" in [link.attrs["href"] for link in older.query(".remark a")]
    assert "not the latest" not in read(years).text


@pytest.mark.parametrize("path", ["/portal/2027", "/portal/2027?q=zamora"])
def test_what_is_not_published_is_not_shown(years: Client, path: str) -> None:
    found = page(years.get(path, headers={"Accept-Language": "en"}).text)
    assert [form.attrs["action"] for form in found.query("form")] == ["/portal/latest"]
    assert not found.query(".ranking")
    assert "70.00" not in found.text


def test_what_is_not_there_is_not_shown_and_what_is_there_is_named(years: Client) -> None:
    response = years.get("/portal/1999", headers={"Accept-Language": "en"})
    assert (response.status_code, response.headers["cache-control"]) == (404, "no-store")
    found = page(response.text)
    assert "There is no published edition of that name." in found.text
    assert [link.attrs["href"] for link in found.query("main ul a")] == ["/portal/2026", "/portal/2025"]
    assert [form.attrs["action"] for form in found.query("form")] == ["/portal/latest"]


def test_who_is_not_scored_in_an_edition_is_named_in_those_that_score_it(years: Client) -> None:
    response = years.get("/portal/2025/XX-T-1?lang=en")
    assert response.status_code == 404
    found = page(response.text)
    hrefs = [link.attrs["href"] for link in found.query("main ul a")]
    assert hrefs == ["/portal/2026/XX-T-1?lang=en", "/portal/2026?lang=en", "/portal/2025?lang=en"]
    assert [form.attrs["action"] for form in found.query("form")] == ["/portal/2025"]
    assert found.query(".sections a")[0].attrs["href"] == "/portal/2025?lang=en"
    # Only in the edition that is not published there is nothing to be told.
    nobody = page(years.get("/portal/2026/XX-T-9?lang=en").text)
    assert len(nobody.query("main ul a")) == 2


def test_the_first_page_says_what_it_is_and_finds_one_s_organisation(years: Client) -> None:
    found = read(years, "/portal")
    assert "from 0 to 100, how far an administration is from the ten classic errors" in found.text
    assert "46 public indicators" in found.text
    assert [words(name) for name in found.query(".editions h3")] == ["Edition 2026", "Edition 2025", "Edition 2027"]
    assert "8 organisations" in found.text
    # That of 2027 is open: it takes answers, and nothing of it can be read but its days.
    named = [link.attrs["href"] for link in found.query("a") if link.attrs["href"].startswith("/portal/2027")]
    assert named == ["/portal/2027?lang=en"]
    (form,) = found.query("form")
    hidden = {field.attrs["name"]: field.attrs["value"] for field in form.query("input[type=hidden]")}
    assert form.attrs["method"] == "get"
    assert short(read(years, form.attrs["action"], **hidden, q="Alzira")) == "3"


def test_the_first_page_of_an_empty_installation_leads_to_what_there_is(url: str) -> None:
    with opened(url) as database:
        database.migrate()
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        found = read(client, "/portal")
        assert "No edition has been published yet." in found.text
        assert not found.query("form")
        missing = client.get("/portal/latest?lang=en")
        assert (missing.status_code, "No edition has been published yet." in missing.text) == (404, True)


def test_what_is_being_published_is_said_to_be_on_its_way(url: str) -> None:
    with opened(url) as database:
        database.migrate()
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        # As the demonstration has it until it is published.
        app.state["readiness"].register("2026-demo", lambda: False)
        waiting = client.get("/portal/2026-demo?lang=en")
        assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "30")
        assert waiting.headers["cache-control"] == "no-store"
        assert words(page(waiting.text).query("h1")[0]) == "It is being prepared"
        assert "The results are being published" in read(client, "/portal").text
        assert client.get("/portal/methodologies/1999").status_code == 404


@pytest.mark.parametrize(
    ("path", "other_page"),
    [("/portal", "?lang=es"), (EDITION, "?q=%C3%A1%26b&lang=es"), ("/portal/nope", "?q=%C3%A1%26b&lang=es")],
)
def test_the_language_that_was_chosen_stays_and_the_other_one_is_the_same_page(
    years: Client, path: str, other_page: str
) -> None:
    """With the parameters that the page knows: the others are left out of its links."""
    chosen_one = page(years.get(path, params={"lang": "en", "q": "á&b"}).text)
    inside = [link.attrs["href"] for link in chosen_one.query("a") if link.attrs["href"].startswith("/portal")]
    assert inside
    assert all("lang=en" in href for href in inside)
    other, *_ = chosen_one.query("a.language")
    assert other.attrs["href"] == other_page
    plain = page(years.get(path, headers={"Accept-Language": "en"}).text)
    assert not [link for link in plain.query("nav a") if "lang=" in link.attrs["href"]]


def test_a_link_has_the_language_that_was_chosen_and_no_other() -> None:
    asked = [("organisation", "a&b"), ("lang", "es"), ("organisation", "c")]
    assert Links("en").add_query("/portal", asked) == "/portal?organisation=a%26b&organisation=c&lang=en"
    assert Links(None).add_query("/portal", asked) == "/portal?organisation=a%26b&organisation=c"
    assert Links(None)("2026", "a/b ñ", page=None, q="x") == "/portal/2026/a%2Fb%20%C3%B1?q=x"


def test_the_navigation_stays_in_the_edition_and_says_where_one_is(years: Client) -> None:
    found = read(years, "/portal/2025")
    links = {words(link): link.attrs["href"] for link in found.query(".sections a")}
    assert links == {
        "Ranking": "/portal/2025?lang=en",
        "Territories": "/portal/2025/territories?lang=en",
        "Dimensions": "/portal/2025/dimensions?lang=en",
        "Compare": "/portal/2025/compare?lang=en",
        "Methodology": "/portal/methodologies/2027.1?lang=en",
        "Questionnaire": "/portal/questionnaires/2027.1-short?lang=en",
        "On your website": "/portal/embed?edition=2025&lang=en",
    }
    assert [words(link) for link in found.query(".sections [aria-current]")] == ["Ranking"]
    assert [words(crumb) for crumb in found.query(".trail li")] == ["Home", "Edition 2025"]


@pytest.mark.parametrize("path", ["/portal", EDITION])
def test_pages_are_kept_asked_for_again_and_have_a_head(years: Client, path: str) -> None:
    first = years.get(path)
    assert first.headers["cache-control"] == "public, no-cache"
    assert years.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert years.head(path).headers["etag"] == first.headers["etag"]
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in first.headers
    found = page(first.text)
    assert not found.query("style, [style], [onclick], iframe")
    # What search engines read of a published edition is data, and runs nothing.
    assert {script.attrs["type"] for script in found.query("script")} <= {"application/ld+json"}


def test_pages_that_have_no_forms_may_send_none(years: Client) -> None:
    assert "form-action 'none'" in years.get("/docs").headers["content-security-policy"]


def harmless(client: Client, targets: list[bytes]) -> None:
    async def all_of_them() -> None:
        for target in targets:
            received = await exchange(client.app, Sent("GET", target))
            assert received.status in (200, 307, 308, 404), target
            assert received.headers.get("location", "/portal/").startswith("/portal/"), target
            assert b"<script" not in received.body.replace(b'<script type="application/ld+json">', b""), target
            assert b"onerror=" not in received.body, target

    asyncio.run(all_of_them())


def test_paths_that_mean_harm_find_nothing(years: Client) -> None:
    harmless(years, [b"/portal/" + segment for segment in SEGMENTS if segment not in (b".", b"..")])


@pytest.mark.parametrize("years", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [b"q", b"region", b"marked", b"page", b"lang"])
def test_queries_that_mean_harm_come_back_inert(years: Client, name: bytes) -> None:
    harmless(years, [b"/portal/2026?" + name + b"=" + segment for segment in SEGMENTS])


@pytest.mark.parametrize("years", ["sqlite"], indirect=True)
def test_queries_that_nobody_can_read_are_ignored(years: Client) -> None:
    harmless(years, [b"/portal/2026?" + query for query in (*WRONG, *FILTERS)])
