"""Editions over HTTP: how they are written, and what is refused; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.settings import Settings
from tests.http.test_editions import store_answers
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.bodies import read_body
from tests.support.keys import create_header
from tests.support.publishing import publish_year

pytestmark = pytest.mark.serving

Client = TestClient[Litestar]

NEW = {
    "id": "2027",
    "titles": {"es": "Edición 2027", "en": "Edition 2027"},
    "methodology": "2027.1",
    "period_from": "2027-01-01",
    "period_to": "2027-12-31",
}
PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client that holds the key of an administrator."""
    with borrow_app(Settings(database_url=url)) as app, TestClient(app) as opened:
        opened.headers.update(create_header(app.state["database"]))
        yield opened


def create(client: Client, **others: Any) -> dict[str, Any]:
    """Makes an edition; the answer."""
    return read_body(client.post("/v1/editions", json={**NEW, **others}), 201)


def patch(client: Client, change: object, tag: str = "*", edition: str = "2027") -> Any:
    return client.patch(f"/v1/editions/{edition}", json=change, headers={**PATCH, "If-Match": tag})


def test_an_edition_is_made_read_changed_and_removed(client: Client) -> None:
    made = client.post("/v1/editions", json=NEW, params={"lang": "es"})
    assert (made.status_code, made.headers["location"]) == (201, "/v1/editions/2027")
    answer = made.json()
    assert {name: answer[name] for name in ("id", "title", "state", "simulated", "organisations")} == {
        "id": "2027",
        "title": "Edición 2027",
        "state": "open",
        "simulated": False,
        "organisations": 0,
    }
    assert answer["windows"]["W24"] == {"from": "2026-01-01", "to": "2027-12-31"}
    assert answer["calendar"]["submission"] == {"from": "2028-01-15", "to": "2028-02-28"}
    read = client.get("/v1/editions/2027", params={"lang": "es"})
    assert (read.json(), read.headers["etag"]) == (answer, made.headers["etag"])
    again = client.get("/v1/editions/2027", params={"lang": "es"}, headers={"If-None-Match": made.headers["etag"]})
    assert again.status_code == 304

    changed = patch(
        client,
        {
            "titles": {"es": "Piloto"},
            "windows": {"W90": {"from": "2027-02-01", "to": "2027-05-01"}},
            "state": "in_review",
        },
        read.headers["etag"],
    )
    assert changed.status_code == 200
    assert changed.headers["etag"] != read.headers["etag"]
    expected = {
        **answer,
        "title": "Edition 2027",  # the other language stays
        "windows": {**answer["windows"], "W90": {"from": "2027-02-01", "to": "2027-05-01"}},
        "state": "in_review",
        "updated": changed.json()["updated"],
    }
    assert changed.json() == expected
    assert client.get("/v1/editions/2027", params={"lang": "es"}).json() == {**expected, "title": "Piloto"}
    usual = patch(client, {"windows": {"W90": None}, "state": "open"}, changed.headers["etag"])
    assert (usual.json()["windows"], usual.json()["state"]) == (answer["windows"], "open")

    gone = client.delete("/v1/editions/2027", headers={"If-Match": usual.headers["etag"]})
    assert (gone.status_code, gone.content) == (204, b"")
    problem(client.get("/v1/editions/2027"), 404, "not-found")
    assert client.get("/v1/editions").json()["items"] == []


def test_an_edition_is_scored_by_a_draft_only_where_that_is_meant(client: Client) -> None:
    draft = {**NEW, "methodology": "2099.1-draft"}
    said = {
        language: problem(client.post("/v1/editions", json=draft, params={"lang": language}), 409, "conflict")["errors"]
        for language in ("es", "en")
    }
    assert [(error["pointer"], error["rule"], error["value"]) for error in said["en"]] == [
        ("/methodology", "draft", "2099.1-draft")
    ]
    assert said["es"][0]["detail"].startswith("2099.1-draft es un borrador, que todavía puede cambiar")
    assert said["en"][0]["detail"].startswith("2099.1-draft is a draft, which may still change")
    assert client.get("/v1/editions").json()["items"] == []

    assert create(client, methodology="2099.1-draft", accept_draft=True)["methodology"] == "2099.1-draft"
    assert create(client, id="2027-again", accept_draft=True)["methodology"] == "2027.1"


def test_the_tag_of_an_edition_that_was_removed_is_not_that_of_its_successor(client: Client) -> None:
    create(client)
    tag = client.get("/v1/editions/2027").headers["etag"]
    assert client.delete("/v1/editions/2027", headers={"If-Match": tag}).status_code == 204
    create(client)
    problem(client.delete("/v1/editions/2027", headers={"If-Match": tag}), 412, "precondition-failed")


def test_the_audit_of_an_edition_that_was_removed_is_not_that_of_its_successor(client: Client) -> None:
    for version in ("2027.1", "2026.1"):
        asked = [indicator.id for indicator in walk_indicators(load_methodology(version).document.root)]
        assert [row["id"] for row in find_audited(client, version)] == asked


def find_audited(client: Client, methodology: str) -> list[dict[str, Any]]:
    """The indicators in the audit of an edition that is made with a methodology and removed again."""
    create(client, methodology=methodology)
    response = client.get("/v1/editions/2027/audit")
    assert response.status_code == 200
    assert client.delete("/v1/editions/2027", headers={"If-Match": "*"}).status_code == 204
    rows: list[dict[str, Any]] = response.json()["statistics"]["indicators"]
    return rows


def test_dates_that_cannot_be_are_named_in_both_languages(client: Client) -> None:
    wrong = {
        **NEW,
        "windows": {"W12": {"from": "2027-12-31", "to": "2027-01-01"}},
        "calendar": {"hearing": {"from": "2028-04-30", "to": "2028-05-15"}},
    }
    told = {
        language: problem(client.post("/v1/editions", json=wrong, params={"lang": language}), 409, "conflict")["errors"]
        for language in ("es", "en")
    }
    assert [(error["pointer"], error["rule"], error["value"]) for error in told["en"]] == [
        ("/windows/W12/to", "order", "2027-01-01"),
        ("/calendar/hearing/from", "overlap", "2028-04-30"),
    ]
    assert [error["detail"] for error in told["en"]] == [
        "It ends on 2027-01-01, before it begins, on 2027-12-31.",
        "It begins on 2028-04-30, and the phase before it does not end until 2028-04-30.",
    ]
    assert [error["detail"] for error in told["es"]] == [
        "Termina el 2027-01-01, antes de empezar, el 2027-12-31.",
        "Empieza el 2028-04-30, y la fase anterior no termina hasta el 2028-04-30.",
    ]
    assert client.get("/v1/editions").json()["items"] == []


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"state": "published"}, "/state"),
        ({"state": None}, "/state"),
        ({"titles": {"en": None}}, "/titles/en"),
        ({"windows": {"W12": {"from": "2027-01-01"}}}, "/windows/W12/to"),
        ({"period_to": "2027-06-30"}, "/period_to"),
    ],
)
def test_what_a_patch_cannot_change_is_400(client: Client, wrong: dict[str, Any], pointer: str) -> None:
    create(client)
    (error,) = problem(patch(client, wrong), 400, "invalid-request")["errors"]
    assert error["pointer"] == pointer


def test_an_edition_with_assessments_stays(client: Client, database: Database) -> None:
    create(client)
    with database.write() as session:
        store_answers(session, ["1"], "2027")
    assert client.get("/v1/editions/2027").json()["organisations"] == 0
    response = client.delete("/v1/editions/2027", headers={"If-Match": "*"}, params={"lang": "es"})
    (error,) = problem(response, 409, "conflict")["errors"]
    assert error["detail"] == "No se borra una edición con evaluaciones: tiene 1."
    with database.write() as session:
        assessments.clear_edition(session, "2027")
    assert client.delete("/v1/editions/2027", headers={"If-Match": "*"}).status_code == 204


@pytest.mark.both_databases
def test_what_is_published_is_the_latest_and_never_changes(client: Client, database: Database) -> None:
    problem(client.get("/v1/editions/latest"), 404, "not-found")
    for year in (2026, 2027):
        publish_year(database, year)
    assert client.get("/v1/editions/latest").json() == client.get("/v1/editions/2027").json()
    for edition in ("2026", "2027", "latest"):
        for change in ({"state": "open"}, {"titles": {"en": "Another"}}, {}):
            (error,) = problem(patch(client, change, edition=edition), 409, "conflict")["errors"]
            assert (error["pointer"], error["rule"]) == ("", "state")
        problem(client.delete(f"/v1/editions/{edition}", headers={"If-Match": "*"}), 409, "conflict")
    assert [item["state"] for item in client.get("/v1/editions").json()["items"]] == ["published", "published"]


@pytest.mark.both_databases
def test_pages_of_editions(client: Client) -> None:
    for number in range(2020, 2025):
        year = {"period_from": f"{number}-01-01", "period_to": f"{number}-12-31"}
        create(client, id=str(number), **year)
    seen: list[str] = []
    address: str | None = "/v1/editions?limit=2"
    while address is not None:
        page = client.get(address).json()
        seen += [item["id"] for item in page["items"]]
        address = page["next"]
    assert seen == ["2024", "2023", "2022", "2021", "2020"]
    skipped = client.get("/v1/editions", params={"offset": 3}).json()
    assert [item["id"] for item in skipped["items"]] == ["2021", "2020"]
