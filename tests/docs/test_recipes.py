"""The recipes: the calls that each tool is documented to make, with its headers, against the demonstration.

The addresses are those of the page. What a tool does with the answer is done here by a reader of the same format.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import polars
import pytest
from litestar import Litestar
from python_calamine import CalamineWorkbook
from rdflib import DCAT, DCTERMS, RDF, Graph

from tests.support.serving import served

pytestmark = pytest.mark.night

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("recipes.md", "recipes.es.md")
STATED = "https://madurez.example"
SIZE = 8_131
NOT_TRIED = ("*Not tried*", "*No probado*")
TRIED = {
    "Grafana (Infinity)", "Power BI", "Excel", "LibreOffice", "Superset", "Observable", "WordPress", "Drupal", "CKAN",
    "Gobierto",
}  # fmt: skip
SCORES = "/v1/editions/latest/scores"


def sections(page: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", (DOCS / page).read_text("utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def stated(tool: str, page: str = "recipes.md") -> list[str]:
    """The paths that the recipe of a tool gives."""
    (text,) = [text for name, text in sections(page).items() if name.startswith(tool)]
    return re.findall(rf"{STATED}(/[^\s`\"<>]*)", text)


@pytest.fixture(scope="module")
def web(app: Litestar) -> Iterator[httpx.Client]:
    """A client that sends nothing of its own but where to."""
    with served(app) as address, httpx.Client(base_url=address, timeout=120) as client:
        client.headers.clear()
        yield client


def rows(response: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8"), newline=""), strict=True))


def test_both_pages_have_the_same_recipes_with_the_same_addresses() -> None:
    english, spanish = (sections(page) for page in PAGES)
    assert len(english) == len(spanish) == 11
    for one, other in zip(english.values(), spanish.values(), strict=True):
        addresses = [sorted(re.findall(rf"{STATED}[^\s`<>]*", text)) for text in (one, other)]
        assert addresses[0] == addresses[1]
        assert re.findall(r"^```\n(.*?)^```", one, re.M | re.S) == re.findall(r"^```\n(.*?)^```", other, re.M | re.S)


@pytest.mark.parametrize("page", PAGES)
def test_each_recipe_has_its_test_or_says_that_it_is_not_tried(page: str) -> None:
    for name, text in sections(page).items():
        tried = any(name.startswith(tool) for tool in TRIED)
        assert tried is not text.strip().startswith(NOT_TRIED), name


def test_every_address_of_the_page_answers(web: httpx.Client) -> None:
    paths = {path for tool in sections("recipes.md") for path in stated(tool)}
    assert len(paths) >= 10
    for path in paths:
        response = web.head(path)
        assert response.status_code == 200, path


def test_grafana_pages_by_cursor_and_reads_csv(web: httpx.Client) -> None:
    """Backend parser of Infinity: `Accept` by the type of the query, the cursor from the body until it is empty."""
    path, table_path = stated("Grafana")
    assert (path, table_path) == (SCORES, f"{SCORES}.csv")
    headers = {"accept": "application/json;q=0.9,text/plain", "user-agent": "Grafana/12.0", "accept-encoding": "gzip"}
    found, cursor = [], None
    for _ in range(20):
        query: dict[str, str] = {"limit": "1000"} | ({} if cursor is None else {"cursor": cursor})
        answer = web.get(path, params=query, headers=headers).json()
        found += answer["items"]
        cursor = answer["next_cursor"]
        if not cursor:
            break
    assert len({row["organisation"] for row in found}) == len(found) == SIZE
    assert {frozenset(row) for row in found} == {frozenset(found[0])}
    table = rows(web.get(table_path, headers={**headers, "accept": "text/csv; charset=utf-8"}))
    assert [float(row["index"]) for row in table[:50]] == [row["index"] for row in found[:50]]
    assert len(table) == SIZE


def test_power_query_reads_the_whole_table_without_saying_what_it_accepts(web: httpx.Client) -> None:
    """`Web.Contents` sends no `Accept`, takes gzip, and asks more than once for what it shows."""
    (text,) = [text for name, text in sections("recipes.md").items() if name.startswith("Power")]
    found = re.search(r'RelativePath = "([^"]+)"', text)
    assert found is not None
    headers = {"user-agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
               "accept-encoding": "gzip, deflate", "cache-control": "no-cache", "pragma": "no-cache"}  # fmt: skip
    first, second = (web.get(f"/{found[1]}", headers=headers) for _ in range(2))
    assert first.content == second.content
    table = rows(first)
    assert len(table) == SIZE
    assert {"region", "province", "index", "population"} <= set(table[0])
    assert all(len(row["province"]) == 2 for row in table if row["province"])


def test_excel_asks_what_it_may_and_whether_it_is_there_before_it_opens(web: httpx.Client) -> None:
    """Office: OPTIONS (Protocol Discovery) on the folder, HEAD (Existence Discovery) and GET on the file."""
    path, spanish = stated("Excel")
    web.request("OPTIONS", path.rpartition("/")[0] + "/", headers={"user-agent": "Microsoft Office Protocol Discovery"})
    told = web.head(
        path,
        headers={"user-agent": "Microsoft Office Existence Discovery", "content-length": "0", "pragma": "no-cache"},
    )
    assert told.status_code == 200
    whole = web.get(path, headers={"accept": "*/*", "user-agent": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"})
    assert whole.headers["content-type"] == told.headers["content-type"]
    assert whole.headers["content-disposition"].endswith('.xlsx"')
    book = openpyxl.load_workbook(io.BytesIO(whole.content), read_only=True)
    assert book.sheetnames == ["scores", "metadatos"]
    opened = web.get(spanish).content
    assert opened.startswith(b"\xef\xbb\xbf")
    assert opened.splitlines()[1].count(b";") == 30


def test_libreoffice_tries_webdav_first_and_then_reads(web: httpx.Client) -> None:
    """Since 7.3 by curl: PROPFIND, which is refused as not allowed, HEAD, then GET."""
    (path,) = stated("LibreOffice")
    agent = {"user-agent": "LibreOffice 25.8 denylistedbackend/8.14 OpenSSL/3.5", "accept": "*/*"}
    refused = web.request("PROPFIND", path, headers={**agent, "depth": "0"})
    assert refused.status_code in (400, 404, 405)
    told = web.head(path, headers=agent)
    assert told.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(web.get(path, headers=agent).content))
    assert book.get_sheet_by_name("scores").height == SIZE + 1


def test_superset_asks_by_head_for_the_type_and_then_for_the_table(web: httpx.Client) -> None:
    path, again = stated("Superset")
    assert path == again
    headers = {"user-agent": "python-requests/2.32", "accept": "*/*", "accept-encoding": "gzip, deflate"}
    assert "text/csv" in web.head(path, headers=headers).headers["content-type"]
    response = web.get(path, headers=headers)
    (best,) = [row for row in rows(response) if row["rank"] == "1"][:1]
    assert float(best["index"]) == web.get(SCORES, params={"limit": "1"}).json()["items"][0]["index"]


def test_a_notebook_of_another_origin_may_read(web: httpx.Client) -> None:
    path = stated("Observable")[0]
    origin = {"origin": "https://observablehq.com", "sec-fetch-mode": "cors"}
    response = web.get(path, headers=origin)
    assert response.headers["access-control-allow-origin"] == "*"
    assert "ETag" in response.headers["access-control-expose-headers"]
    asked = web.options(
        path,
        headers={**origin, "access-control-request-method": "GET", "access-control-request-headers": "if-none-match"},
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    again = web.get(path, headers={**origin, "if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_polars_reads_the_bytes_with_codes_as_texts(web: httpx.Client) -> None:
    (text,) = [text for name, text in sections("recipes.md").items() if name.startswith("Observable")]
    (code,) = [code for code in re.findall(r"^```\n(.*?)^```", text, re.M | re.S) if "polars" in code]
    read: dict[str, Any] = {}
    exec(code.replace(STATED, str(web.base_url).rstrip("/")), read)
    scores: polars.DataFrame = read["scores"]
    assert scores.height == SIZE
    codes = {name: scores.schema[name] for name in ("edition", "region", "province", "methodology")}
    assert set(codes.values()) == {polars.String}
    assert scores.schema["period_to"] == polars.Date
    assert scores.schema["index"] == polars.Float64
    assert scores["province"].drop_nulls().str.len_chars().unique().to_list() == [2]


def test_wordpress_discovers_what_to_frame(web: httpx.Client) -> None:
    page, badge = stated("WordPress")
    agent = {"user-agent": "WordPress/6.9; https://blog.example", "accept": "*/*"}
    found = re.search(r"<link[^>]+application/json\+oembed[^>]*>", web.get(page, headers=agent).text)
    assert found is not None
    href = re.search(r'href="([^"]+)"', found[0])
    assert href is not None
    target = href[1].replace("&amp;", "&")
    rich = web.get(target.partition("/oembed")[1] + target.partition("/oembed")[2], headers=agent).json()
    assert (rich["type"], rich["version"]) == ("rich", "1.0")
    assert "<iframe" in rich["html"]
    assert web.get(badge).headers["content-type"] == "image/svg+xml"


def test_drupal_asks_again_only_for_what_has_changed(web: httpx.Client) -> None:
    """Feeds and aggregator of Drupal send back the `ETag`; redirects are followed, and 304 is no error."""
    path = stated("Drupal")[-1]
    agent = {"user-agent": "Drupal/11 (+https://www.drupal.org/) GuzzleHttp/7", "accept-encoding": "gzip"}
    first = web.get(path, headers=agent)
    table = rows(first)
    assert len({row["organisation"] for row in table}) == len(table) == SIZE
    again = web.get(path, headers={**agent, "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_ckan_harvests_the_catalogue(web: httpx.Client) -> None:
    """`_get_content_and_type` of ckanext-dcat: HEAD, at most 50 MB, GET in pieces, type without parameters, UTF-8."""
    path = stated("CKAN")[0]
    headers = {"user-agent": "python-requests/2.32", "accept": "*/*", "accept-encoding": "gzip, deflate"}
    told = web.head(path, headers=headers)
    assert told.status_code == 200
    assert int(told.headers.get("content-length", "1")) > 0
    with web.stream("GET", path, headers=headers) as response:
        content = b"".join(response.iter_bytes(1024)).decode("utf-8")
        kind = response.headers["content-type"].split(";", 1)[0]
    data = Graph().parse(data=content, format=kind)
    datasets = list(data.subjects(RDF.type, DCAT.Dataset))
    assert len(datasets) == 2  # 2026-demo and 2025-demo
    for dataset in datasets:
        assert data.value(dataset, DCTERMS.title)
        resources = [data.value(one, DCAT.downloadURL) for one in data.objects(dataset, DCAT.distribution)]
        assert len(resources) == 4
        for address in resources:
            assert web.head("/" + str(address).split("/", 3)[3]).status_code == 200


def test_gobierto_reads_the_tree(web: httpx.Client) -> None:
    tree, table, scores = stated("Gobierto")
    (area,) = web.get(tree).json()

    def values(node: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
        yield from node["attributes"].get("values", ())
        for child in node.get("children", ()):
            yield from values(child)

    assert area["level"] == 0
    assert {year for value in values(area) for year in value} == {"2026"}
    assert "<script" not in web.get(table).text
    assert web.head(scores).status_code == 200
