"""The page of an edition and the first page, over the eight organisations of `tests.http.test_edition_scores`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

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
from tests.support.databases import BOTH, migrated_sqlite, opened, unlimited
from tests.support.postgresql import Server
from tests.web.embeds.reading import Document, Element, page

EDITION = "/portal/2026"


@pytest.fixture(scope="module", params=BOTH)
def years(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the service on each kind of database; for tests that only read."""
    if request.param == "sqlite":
        url = migrated_sqlite(tmp_path_factory.mktemp("years"))
        with served(url) as made:
            yield made
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database(request.getfixturevalue("template")) as name, served(server.url(name)) as made:
        yield made


def read(client: Client, path: str = EDITION, **parameters: str | int) -> Document:
    response = client.get(path, params={"lang": "en", **parameters})
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    found = page(response.text)
    assert not found.errors
    assert len(found.query("h1")) == 1
    return found


def told(element: Element) -> str:
    return " ".join(element.text.split())


def lines(found: Document) -> list[list[str]]:
    return [[told(cell) for cell in row.query("th, td")] for row in found.query(".ranking tbody tr")]


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
    assert rows[0][1].startswith("Zamora Municipality · Zamora, Castilla y León · P4: 50,001 to 250,000 inhabitants")
    assert rows[0][1].endswith("coverage 100 % · XX-T-1")
    assert rows[0][2] == "100.00 4, Conversation"
    assert rows[6][2] == "insufficient evidence"
    assert rows[7][2] == "not rateable"
    assert "90.00" not in found.text.partition("How it spreads")[0]
    assert "8 organisations" in found.text


def test_ranks_have_the_interval_of_the_draws(client: Client) -> None:
    """Those of the worst that rank, whose intervals differ."""
    listed = [row["organisation"] for row in client.get("/v1/editions/2026-demo/scores?sort=-rank").json()["items"]]
    drawn = client.get("/v1/editions/2026-demo/robustness", params={"organisation": ",".join(listed)}).json()["items"]
    ranks = {one["organisation"]: (one["drawn_rank"]["p5"], one["drawn_rank"]["p95"]) for one in drawn}
    assert len(ranks) == 50
    assert len({high - low for low, high in ranks.values()}) > 10
    shown = [told(interval) for interval in read(client, "/portal/2026-demo", sort="-rank").query(".interval")]
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
        ({"level": "2"}, "345"),
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


def test_what_there_is_not_is_not_asked_for(years: Client) -> None:
    found = read(years, kind="NONE", level="9", band="E4", sort="population;drop", page="-1", utm_source="x")
    assert short(found) == "12345678"
    assert chosen(found)["sort"] == ""


def test_only_what_somebody_is_can_be_chosen(years: Client) -> None:
    options = {
        field.attrs["name"]: {option.attrs["value"]: told(option) for option in field.query("option")}
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
    assert options["band"]["P3"] == "P3: 20,001 to 50,000 inhabitants (2)"
    assert list(options["band"]) == ["", "P1", "P2", "P3", "P4", "E5"]
    assert list(options["status"]) == ["", "complete", "sufficient", "insufficient_evidence", "not_rateable"]


@pytest.mark.both_databases
def test_an_order_by_a_dimension_shows_its_score(years: Client) -> None:
    rows = lines(read(years, sort="-D1"))
    # D1 of 1 is 100 points, that of 7 counts with 90 though it does not rank; 4 and 8 have none.
    assert rows[0][2].startswith("D1 : 100.00")
    assert rows[1][2].startswith("D1 : 90.00")
    assert rows[-1][2].startswith("D1 : –")


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
    assert [told(here) for here in last.query(".pages [aria-current=page]")] == ["Page 3"]
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
    (table,) = [one for one in found.query("table") if "points of the index" in told(one.query("caption")[0])]
    cells = {told(row.query("th")[0]): [told(cell) for cell in row.query("td")] for row in table.query("tbody tr")}
    assert {name: int(row[0]) for name, row in cells.items() if row[0] != "0"} == counted
    assert cells["50–60"][1] == "33.3 %"
    (svg,) = [svg for svg in found.query("svg[role=img]") if svg.attrs["aria-labelledby"] == "spread-title"]
    assert "50 to 60, 2;" in told(svg.query("desc")[0])
    assert len(svg.query("rect")) == 10
    shares = [told(text) for text in svg.query("text")][::2]
    assert shares == ["0 %", "17 %", "0 %", "17 %", "17 %", "33 %", "0 %", "0 %", "0 %", "17 %"]
    numbers = [told(one) for one in found.query(".figures-row dd")]
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
    assert [told(one) for one in found.query(".figures-row dd")][:2] == ["4", "3"]
    assert "of what is filtered" in found.text


# --- around it ----------------------------------------------------------------------------------------------------


def test_the_page_leads_to_the_data(years: Client) -> None:
    links = {link.attrs["href"] for link in read(years).query("main a")}
    files = {f"/v1/editions/2026/scores.{suffix}" for suffix in ("csv", "xlsx", "jsonl", "jsonstat")}
    assert links >= files
    assert {years.get(file).status_code for file in files} == {200}
    assert years.get("/v1/editions/2026/publications").status_code == 200


def test_latest_is_the_newest_published_and_an_older_one_says_so(years: Client) -> None:
    assert told(read(years, "/portal/latest").query("h1")[0]) == "Edition 2026"
    older = read(years, "/portal/2025")
    assert "not the latest: there is a later edition" in older.text
    assert "/portal/2026?lang=en" in [link.attrs["href"] for link in older.query(".remark a")]
    assert "not the latest" not in read(years).text


@pytest.mark.parametrize("path", ["/portal/2027", "/portal/1999", "/portal/2027?q=zamora"])
def test_what_is_not_published_is_not_shown_and_what_is_there_is_named(years: Client, path: str) -> None:
    response = years.get(path, headers={"Accept-Language": "en"})
    assert (response.status_code, response.headers["cache-control"]) == (404, "no-store")
    found = page(response.text)
    assert "There is no published edition of that name." in found.text
    assert [link.attrs["href"] for link in found.query("main ul a")] == ["/portal/2026", "/portal/2025"]
    assert [form.attrs["action"] for form in found.query("form")] == ["/portal/latest"]
    assert "70.00" not in found.text


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
    assert [told(name) for name in found.query(".editions h3")] == ["Edition 2026", "Edition 2025"]
    assert "8 organisations" in found.text
    # The edition of 2027 is not published.
    assert "2027" not in found.text.replace("methodology 2027.1", "")
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
    links = {told(link): link.attrs["href"] for link in found.query(".sections a")}
    assert links == {
        "Edition": "/portal/2025?lang=en",
        "Territories": "/portal/2025/territories?lang=en",
        "Dimensions": "/portal/2025/dimensions?lang=en",
        "Compare": "/portal/2025/compare?lang=en",
        "Methodology": "/portal/methodologies/2027.1?lang=en",
        "Questionnaire": "/portal/questionnaires/2027.1-short?lang=en",
        "Embed": "/portal/embed?edition=2025&lang=en",
    }
    assert [told(link) for link in found.query(".sections [aria-current]")] == ["Edition"]
    assert [told(crumb) for crumb in found.query(".trail li")] == ["Home", "Edition 2025"]


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
    assert "form-action 'none'" in years.get("/").headers["content-security-policy"]


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
@pytest.mark.parametrize("name", [b"q", b"region", b"page", b"lang"])
def test_queries_that_mean_harm_come_back_inert(years: Client, name: bytes) -> None:
    harmless(years, [b"/portal/2026?" + name + b"=" + segment for segment in SEGMENTS])


@pytest.mark.parametrize("years", ["sqlite"], indirect=True)
def test_queries_that_nobody_can_read_are_ignored(years: Client) -> None:
    harmless(years, [b"/portal/2026?" + query for query in (*WRONG, *FILTERS)])
