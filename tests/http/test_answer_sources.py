"""Sources of answers: stored with them, kept as long as the facts are the same, and of no weight in the score."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

import actitud
from actitud import AnswerSource
from tests.http.test_assessments import MERGE_PATCH, MINE, NEW, declare
from tests.support.applications import borrow_app
from tests.support.assessing import DOMAIN, Body, body_a, document
from tests.support.bodies import read_body
from tests.support.databases import unlimited
from tests.support.keys import create_header
from tests.support.serving import served

Client = TestClient[Litestar]

MANIFEST = f"sha256:{'0f' * 32}"
COUNTED = {"kind": "counted", "manifest": MANIFEST}
YEARS = ("2026", "2027")


@pytest.fixture
def application(url: str) -> Iterator[Litestar]:
    """Two open editions, and an organisation with a domain."""
    with borrow_app(unlimited(url)) as app:
        headers = create_header(app.state["database"])
        with TestClient(app) as opened:
            for year in YEARS:
                period = {"period_from": f"{int(year) - 1}-01-01", "period_to": f"{int(year) - 1}-12-31"}
                made = opened.post(
                    "/v1/editions", json={**NEW, "id": year, "methodology": "2027.1", **period}, headers=headers
                )
                assert made.status_code == 201, made.text
            organisation = {"id": MINE, "name": "Villa Ensueño", "kind": "MUN"}
            assert opened.post("/v1/organisations", json=organisation, headers=headers).status_code == 201
            declare(opened, headers, MINE, DOMAIN)
        yield app


@pytest.fixture
def client(application: Litestar) -> Iterator[Client]:
    with TestClient(application) as opened:
        opened.headers.update(create_header(application.state["database"], "organisation_editor", MINE))
        yield opened


def path(year: str) -> str:
    return f"/v1/editions/{year}/assessments/{MINE}"


def put(client: Client, body: Body, year: str = "2027") -> Body:
    return read_body(client.put(path(year), json=body, headers={"If-None-Match": "*"}), 201)


def patch(client: Client, year: str = "2027", **members: object) -> Body:
    content = json.dumps({"methodology": "2027.1", **members})
    return read_body(client.patch(path(year), content=content, headers={**MERGE_PATCH, "If-Match": "*"}))


def test_a_source_comes_back_and_changes_no_score(client: Client) -> None:
    body = body_a("2027.1")
    name, *_ = body["answers"]
    bare = put(client, body)
    body["answers"][name]["source"] = COUNTED
    body["profile_sources"] = {"population_served": {"kind": "register"}}
    told = client.put(path("2027"), json=body, headers={"If-Match": "*"}).json()
    assert told["answers"][name]["source"] == {**COUNTED, "edition": None}
    assert told["profile_sources"] == {"population_served": {"kind": "register", "manifest": None, "edition": None}}
    assert [told[figure] for figure in ("index", "level", "coverage")] == [
        bare[figure] for figure in ("index", "level", "coverage")
    ]
    sent = {part: told[part] for part in ("methodology", "profile", "profile_evidence", "profile_sources", "answers")}
    again = client.put(path("2027"), json=sent, headers={"If-Match": "*"})
    assert again.status_code == 200, again.text
    assert again.json()["answers"] == told["answers"]


def test_a_source_goes_with_the_facts_that_it_is_of(client: Client) -> None:
    body = body_a("2027.1")
    name = next(name for name, answer in body["answers"].items() if "level" in answer)
    level = body["answers"][name]["level"]
    body["answers"][name]["source"] = COUNTED
    body["profile_sources"] = {"population_served": {"kind": "register"}, "units": {"kind": "declared"}}
    put(client, body)
    kept = patch(
        client, answers={name: {"level": level, "note": "Otra nota"}}, profile={"units": body["profile"]["units"]}
    )
    assert kept["answers"][name]["source"]["kind"] == "counted"
    assert set(kept["profile_sources"]) == {"population_served", "units"}
    changed = patch(client, answers={name: {"level": (level + 1) % 5}}, profile={"units": body["profile"]["units"] + 1})
    assert changed["answers"][name]["source"] is None
    assert set(changed["profile_sources"]) == {"population_served"}
    assert patch(client, profile_sources={"population_served": None})["profile_sources"] == {}
    again = patch(client, answers={name: {"level": level, "source": {"kind": "declared"}}})
    assert again["answers"][name]["source"]["kind"] == "declared"


@pytest.mark.parametrize(
    ("source", "pointer"),
    [
        ({"kind": "guessed"}, "/profile_sources/units/kind"),
        ({"kind": "counted", "manifest": "0f0f"}, "/profile_sources/units/manifest"),
        ({"kind": "previous_edition", "edition": "../2026"}, "/profile_sources/units/edition"),
        ({}, "/profile_sources/units/kind"),
    ],
)
def test_what_is_no_source_is_named(client: Client, source: Body, pointer: str) -> None:
    body = {**body_a("2027.1"), "profile_sources": {"units": source}}
    refused = client.put(path("2027"), json=body, headers={"If-None-Match": "*"})
    assert refused.status_code == 400
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


def test_a_draft_begins_with_a_count_and_the_earlier_edition(application: Litestar, client: Client) -> None:
    body = body_a("2027.1")
    first, second, *_ = body["answers"]
    put(client, body, "2026")
    key = str(client.headers["Authorization"]).removeprefix("Bearer ")
    counted = {
        "methodology": "2027.1",
        "profile": {"accounts_active": 5},
        "profile_evidence": {},
        "profile_sources": {"accounts_active": COUNTED},
        "answers": {first: {**body["answers"][first], "evidence": [document("manifest")], "source": COUNTED}},
    }
    with served(application) as address, actitud.Client(base_url=address, api_key=key) as sdk:
        made = sdk.editions.assessments.begin("2027", MINE, counted=counted, previous="2026")
        earlier = AnswerSource(kind="previous_edition", edition="2026")
        assert made.answers[first]["source"] == {**COUNTED, "edition": None}
        assert made.answers[second]["source"] == {"kind": "previous_edition", "manifest": None, "edition": "2026"}
        assert made.answers[second]["evidence"] == []
        assert (made.profile["accounts_active"], made.profile["population_served"]) == (
            5,
            body["profile"]["population_served"],
        )
        assert made.profile_sources["accounts_active"] == AnswerSource(kind="counted", manifest=MANIFEST)
        assert made.profile_sources["population_served"] == earlier
        assert set(made.answers) == set(body["answers"])

        # Nothing that somebody answered is changed: the answer that was taken back is filled, no other.
        sdk.editions.assessments.update("2027", MINE, if_match=made.etag, answers={first: None})
        again = sdk.editions.assessments.begin("2027", MINE, counted={**counted, "profile": {"accounts_active": 1}})
        assert again.profile["accounts_active"] == 5
        assert again.answers[first]["source"] == {**COUNTED, "edition": None}
        with pytest.raises(ValueError, match="has to be given"):
            sdk.editions.assessments.begin("2027", MINE)
        with pytest.raises(ValueError, match="do not carry over"):
            sdk.editions.assessments.begin("2027", MINE, counted={**counted, "methodology": "2027.1-short"})
