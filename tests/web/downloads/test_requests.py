"""How files are asked for: by suffix, by Accept, conditionally, by HEAD; and what is answered where there is none."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.auth import service as access
from actitud_api.platform.http.representations import REVALIDATE, SHARED
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.scores.service import ScoreFilters
from actitud_api.web.downloads import service
from tests.contract.asgi import Received, Sent, exchange
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.figures import FigureRecorder
from tests.support.publishing import NOW, correction, fill, publish, publish_filled

Client = TestClient[Litestar]

SCORES = "/v1/editions/2026/scores"
CSV, LINES = "text/csv", "application/jsonl"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = (
    "/v1/organisations.csv", "/v1/organisations.xlsx", "/v1/editions.jsonl", "/v1/editions/2026/scores.csv",
    "/v1/editions/2026/scores.jsonl", "/v1/editions/2026/scores.xlsx", "/v1/editions/2026/scores.jsonstat",
    "/v1/editions/2026/indicators.csv", "/v1/methodologies/2026.1/indicators.csv",
    "/v1/editions/2026/scores/XX-T-1/gobierto.json", "/v1/editions/2026/datapackage.json", "/catalog.ttl",
)  # fmt: skip
MISSING = (
    "/v1/editions/2031/scores.csv", "/v1/editions/2027/indicators.csv", "/v1/editions/2027/datapackage.json",
    "/v1/methodologies/1/indicators.csv", "/v1/editions/2026/scores/XX-T-9/gobierto.json", "/v1/organisations.csv.gz",
)  # fmt: skip


@pytest.fixture
def own(database: Database, url: str, tmp_path: Path) -> Iterator[Client]:
    """A client of the service on a database of its own with a published edition; to be changed."""
    publish_filled(database, tmp_path)
    with borrow_app(structs.replace(unlimited(url), signing_folder=tmp_path)) as app, TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv", CSV),
        ("text/csv, */*;q=0.1", CSV),
        ("text/*", CSV),
        ("application/jsonl", LINES),
        ("application/x-ndjson", LINES),
        (XLSX, XLSX),
        ("application/json;q=0.5, text/csv;q=0.4", "application/json"),
        ("text/csv, application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/json"),
        ("", "application/json"),
    ],
)
def test_accept_chooses_among_what_there_is(site: Client, accept: str, media_type: str) -> None:
    response = site.get(f"{SCORES}?limit=1", headers={"accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert "Accept" in response.headers["vary"].split(", ")
    suffix = {CSV: ".csv", LINES: ".jsonl", XLSX: ".xlsx"}.get(media_type)
    assert response.headers.get("content-location") == (suffix and f"{SCORES}{suffix}?limit=1")


def test_a_file_by_accept_is_the_file_of_the_suffix(site: Client) -> None:
    for resource, file in (
        ("/v1/organisations", "/v1/organisations.csv"),
        ("/v1/editions", "/v1/editions.csv"),
        (SCORES, f"{SCORES}.csv"),
        ("/v1/methodologies/2026.1", "/v1/methodologies/2026.1/indicators.csv"),
    ):
        chosen, named = site.get(resource, headers={"accept": CSV}), site.get(file)
        assert chosen.content == named.content
        assert chosen.headers["etag"] == named.headers["etag"]


def test_the_suffix_counts_whatever_accept_says(site: Client) -> None:
    for accept in ("application/json", "text/html", "image/png"):
        response = site.get(f"{SCORES}.csv", headers={"accept": accept})
        assert (response.status_code, response.headers["content-type"]) == (200, "text/csv; charset=utf-8")


def test_what_there_is_not_is_answered_with_what_there_is(site: Client) -> None:
    refused = site.get(SCORES, headers={"accept": "image/png"})
    assert refused.status_code == 406
    assert all(known in refused.json()["detail"] for known in ("application/json", CSV, LINES, XLSX))
    unknown = site.get(f"{SCORES}.pdf", params={"lang": "es"})
    assert unknown.status_code == 404
    assert unknown.json()["detail"] == (
        "No existe en ese formato. Los hay con estos sufijos: .csv, .jsonl, .xlsx, .jsonstat."
    )
    assert ".ttl, .jsonld, .rdf" in site.get("/catalog.xml").json()["detail"]
    for path in MISSING:
        answer = site.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path


def test_a_parameter_of_the_list_that_a_file_has_not_is_refused(site: Client) -> None:
    for query in ("cursor=abc", "dialect=excel", "limit=0", "sort=x", "limt=3"):
        response = site.get(f"{SCORES}.csv?{query}")
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == query.partition("=")[0]


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_asked_for_again_only_if_it_changed(site: Client, path: str) -> None:
    first = site.get(path)
    again = site.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert first.headers["cache-control"] == (SHARED if path.startswith("/v1/editions/") else REVALIDATE)
    assert first.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", FILES)
def test_head_says_what_get_would(site: Client, path: str) -> None:
    told, whole = site.head(path), site.get(path)
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers.get("content-length") in (None, whole.headers.get("content-length"))
    for name in ("content-type", "etag", "vary", "link", "cache-control"):
        assert told.headers[name] == whole.headers[name]


def test_nothing_is_made_for_a_head(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("it was made")

    monkeypatch.setattr("actitud_api.web.downloads.edition_files.delimited.encode_csv", fail)
    assert site.head(f"{SCORES}.csv").status_code == 200


def test_each_file_has_its_own_tag(site: Client) -> None:
    tags = [
        site.head(path).headers["etag"]
        for path in (*FILES, f"{SCORES}.csv?lang=es", f"{SCORES}.csv?dialect=excel-es", f"{SCORES}.csv?limit=1")
    ]
    assert len(set(tags)) == len(tags)


def test_one_tag_is_of_the_same_bytes_whatever_host_and_time(own: Client, figure: FigureRecorder) -> None:
    """A strong ETag says so (RFC 9110, section 8.8.1)."""
    differing = 0
    for path in FILES:
        found: dict[str, bytes] = {}
        for host in ("127.0.0.1:8000", "localhost:8000", "evil.example", "other.example", "evil.example"):
            response = own.get(path, headers={"host": host})
            assert response.status_code == 200, path
            assert found.setdefault(response.headers["etag"], response.content) == response.content, (path, host)
        differing += len(set(found.values())) > 1
    with ZipFile(io.BytesIO(own.get(f"{SCORES}.xlsx").content)) as book:
        assert b">2026-01-01T00:00:00Z</dcterms:created>" in book.read("docProps/core.xml")
    figure(
        "S17",
        "files asked for by five hosts each, of which one with a tag that is of other bytes too fails",
        tried=5 * len(FILES),
        failed=0,
        control=f"{differing} of {len(FILES)} files have other bytes for another host, each with a tag of its own",
    )


def test_who_publishes_is_part_of_the_tag_of_a_file_that_says_so(own: Client, url: str, tmp_path: Path) -> None:
    other = structs.replace(unlimited(url), signing_folder=tmp_path, publisher_name="Otra diputación")
    with borrow_app(other) as app, TestClient(app) as client:
        for suffix, differs in (("xlsx", True), ("jsonstat", True), ("csv", False)):
            path = f"{SCORES}.{suffix}"
            assert (own.head(path).headers["etag"] != client.head(path).headers["etag"]) is differs


def test_files_lead_to_their_description_and_their_licence(site: Client) -> None:
    link = site.get(f"{SCORES}.csv").headers["link"]
    assert '</v1/editions/2026/datapackage.json>; rel="describedby"; type="application/json"' in link
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in link
    assert site.get(f"{SCORES}.csv").headers["content-disposition"] == 'attachment; filename="actitud-2026-scores.csv"'


def test_an_alias_leads_to_the_tree(site: Client) -> None:
    assert site.get("/v1/editions/latest/scores/XX-T-1/gobierto.json").status_code == 200


def test_a_correction_changes_the_tag_and_the_file_and_a_new_name_does_not(own: Client, tmp_path: Path) -> None:
    """What is said of an organisation is as it was published, until a correction publishes it anew."""
    database: Database = own.app.state["database"]
    with database.write() as session:
        key = access.create_key(session, (), role="registrar", days=1, now=NOW).text
    path = f"{SCORES}.csv"
    first = own.get(path)
    version = own.get("/v1/organisations/XX-T-1").headers["etag"]
    renamed = own.patch(
        "/v1/organisations/XX-T-1",
        json={"name": "Ávila la Nueva"},
        headers={
            "authorization": f"Bearer {key}",
            "if-match": version,
            "content-type": "application/merge-patch+json",
        },
    )
    assert renamed.status_code == 200, renamed.text
    second = own.get(path, headers={"if-none-match": first.headers["etag"]})
    assert second.status_code == 200
    assert second.text == first.text
    newest = service.load_published_source(database, "2026")[1]
    publish(database, tmp_path, correction(newest, D1_01={"numerator": 0, "denominator": 200}))
    third = own.get(path, headers={"if-none-match": second.headers["etag"]})
    assert third.status_code == 200
    assert "Ávila la Nueva" in third.text
    before, after = (text.splitlines()[1].split(",")[12] for text in (second.text, third.text))
    assert before == "44.03"
    assert float(after) < 44.03
    package = own.get("/v1/editions/2026/datapackage.json").json()
    assert package["version"] == "2"


def test_a_correction_in_the_middle_ends_the_file(own: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Better no file than one of two revisions: who reads it sees that it is not whole."""
    database: Database = own.app.state["database"]
    monkeypatch.setattr(service, "PAGE", 1)
    found = service.load_source(database, "2026")
    rows = service.list_score_rows(database, found, service.RowSelection(filters=ScoreFilters()))
    assert [row[2] for row in next(rows)] == ["XX-T-1"]
    assert found.published is not None
    publish(database, tmp_path, correction(found.published, D1_01={"numerator": 0, "denominator": 200}))
    with pytest.raises(StaleVersion):
        next(rows)


def test_what_is_not_published_is_only_for_who_may_see_it(own: Client) -> None:
    database: Database = own.app.state["database"]
    fill(database, "2027")
    with database.write() as session:
        whole = access.create_key(session, (), role="administrator", days=1, now=NOW).text
        mine = access.create_key(
            session, (), role="organisation_editor", organisations=("XX-T-2",), days=1, now=NOW
        ).text
    path = "/v1/editions/2027/scores.jsonl"

    def seen(key: str | None) -> list[str]:
        response = own.get(path, headers={} if key is None else {"authorization": f"Bearer {key}"})
        assert response.headers["cache-control"] == ("public, no-cache" if key is None else "private, no-cache")
        assert "Authorization" in response.headers["vary"]
        return [line.partition('"organisation":"')[2][:6] for line in response.text.splitlines()]

    assert seen(None) == []
    assert seen(mine) == ["XX-T-2"]
    assert seen(whole) == ["XX-T-1", "XX-T-4", "XX-T-2", "XX-T-3"]
    tags = {own.head(path, headers={"authorization": f"Bearer {key}"}).headers["etag"] for key in (whole, mine)}
    assert len(tags) == 2
    absent = own.get("/v1/editions/2027/datapackage.json")
    assert (absent.status_code, absent.json()["detail"]) == (404, "The edition 2027 is not published.")


def test_a_workbook_that_would_take_too_long_is_refused_with_what_there_is(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CELLS_MAX", 18 * 69 * 2)
    path = "/v1/editions/2026/indicators.xlsx"
    refused = site.get(path)
    assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")
    assert refused.json()["detail"] == (
        "There is no workbook of 207 rows, only of up to 138: ask for fewer by the filters or `limit`, or for .csv or "
        ".jsonl."
    )
    assert site.get(f"{path}?limit=2").status_code == 200
    assert site.get(f"{path}?fields=organisation,indicator,score").status_code == 200
    assert site.get("/v1/editions/2026/indicators.csv").status_code == 200


def test_where_the_catalogue_is(site: Client) -> None:
    def led(accept: str) -> Received:
        return asyncio.run(exchange(site.app, Sent("GET", b"/catalog", [(b"accept", accept.encode())])))

    for accept, suffix in (("*/*", "ttl"), ("application/ld+json", "jsonld"), ("application/rdf+xml", "rdf")):
        received = led(accept)
        assert (received.status, received.headers["location"]) == (303, f"/catalog.{suffix}")
    refused = led("text/html")
    assert refused.status == 406
    assert b"text/turtle" in refused.body
