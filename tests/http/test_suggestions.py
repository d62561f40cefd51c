"""Suggestions over HTTP: they are made, decided on, withdrawn and listed, and what is refused; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import update

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.resources.suggestions.queries import SUGGESTIONS, Viewer
from tests.http.test_http_problems import problem as told
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key, sign_in

pytestmark = pytest.mark.serving

Client = TestClient[Litestar]

NEW: Final = {
    "kind": "error",
    "title": "Borrar las cuentas",
    "text": "Con cada gobierno nuevo se borran las respuestas que se habían dado.",
    "language": "es",
}
ACCEPTED: Final = {"decision": "accepted", "reason": "Se medirá.", "methodology": "2026.1"}


SLUGS: Final = {
    400: "invalid-request",
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    412: "precondition-failed",
}


def problem(response: Any, status: int) -> dict[str, Any]:
    return told(response, status, SLUGS[status])


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client that holds no key."""
    with borrow_app(unlimited(url)) as app, TestClient(app) as opened:
        yield opened


def key(client: Client, role: access.Role = "administrator") -> dict[str, str]:
    """Create a key, of an organisation where its role needs one. Return the header that presents it."""
    return sign_in(client, role, *(("XX-T-1",) if role in access.ORGANISATION_ROLES else ()))


def propose(client: Client, holder: dict[str, str], **others: Any) -> Any:
    return client.post("/v1/suggestions", json={**NEW, **others}, headers=holder)


def decide(client: Client, holder: dict[str, str], suggestion: str, tag: str = "*", **others: Any) -> Any:
    path = f"/v1/suggestions/{suggestion}/decisions"
    return client.post(path, json={**ACCEPTED, **others}, headers={**holder, "If-Match": tag})


def withdraw(client: Client, holder: dict[str, str], suggestion: str, tag: str = "*") -> Any:
    return client.delete(f"/v1/suggestions/{suggestion}", headers={**holder, "If-Match": tag})


def listed(client: Client, query: str = "") -> list[str]:
    """The ids of those that an administrator, who reads all, is told of."""
    return [item["id"] for item in client.get(f"/v1/suggestions{query}", headers=key(client)).json()["items"]]


def seen(client: Client, holder: dict[str, str] | None = None) -> tuple[list[str], int]:
    """The ids that somebody is told of, and the status of the first suggestion; without a key unless given."""
    items = client.get("/v1/suggestions", headers=holder or {}).json()["items"]
    return [item["id"] for item in items], client.get("/v1/suggestions/1", headers=holder or {}).status_code


@pytest.mark.parametrize("role", get_args(access.Role))
def test_any_key_proposes_and_reads_it_without_who_it_was(client: Client, role: access.Role) -> None:
    holder = key(client, role)
    response = propose(client, holder, dimension="D3")
    assert response.status_code == 201
    made = response.json()
    assert response.headers["location"] == f"/v1/suggestions/{made['id']}"
    assert made == {
        **NEW,
        "id": made["id"],
        "dimension": "D3",
        "indicator": None,
        "state": "undecided",
        "decisions": [],
        "created": made["created"],
        "updated": made["created"],
    }
    read = client.get(response.headers["location"], headers=holder)
    assert (read.json(), read.headers["etag"]) == (made, response.headers["etag"])
    assert read.headers["access-control-allow-origin"] == "*"
    assert holder["Authorization"].split("_")[1] not in read.text


@pytest.mark.both_databases
def test_nobody_else_reads_it_before_there_is_a_decision(
    client: Client, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    """The attack: 300 texts of one key stood on the pages of everybody in 2.5 seconds."""
    holder = key(client, "organisation_reader")
    propose(client, holder)
    page = "/portal/suggestions?lang=en"
    others = (None, key(client, "organisation_reader"), key(client, "assessor"), key(client, "registrar"))
    for nobody in others:
        assert seen(client, nobody) == ([], 404)
    for reader in (holder, key(client, "publisher"), key(client)):
        assert seen(client, reader) == (["1"], 200)
    assert NEW["title"] not in client.get(page).text + client.get("/portal/methodologies/2027.1").text
    counted = client.get("/v1/suggestions?total=true").json()
    assert (counted["items"], counted["total"]) == ([], 0)
    with monkeypatch.context() as patched:
        patched.setattr(Viewer, "can_see", lambda *_: True)
        patched.setattr(Viewer, "build_conditions", lambda _: [])
        shown = sum(seen(client, nobody) == (["1"], 200) for nobody in others)
    assert decide(client, key(client, "publisher"), "1").status_code == 201
    assert seen(client) == (["1"], 200)
    assert NEW["title"] in client.get(page).text
    figure(
        "S19",
        "readers who neither made a suggestion nor decide on it, and who find it in the list or by its number before "
        "there is a decision",
        tried=len(others),
        failed=0,
        control=f"where it does not wait for a decision {shown} of {len(others)} do",
    )


def test_a_key_makes_few_in_a_day(url: str, figure: FigureRecorder) -> None:
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        holder = key(client, "organisation_editor")
        unbounded = sum(propose(client, holder, title=str(number)).status_code == 201 for number in range(5))
    with borrow_app(structs.replace(unlimited(url), suggestions_per_day=3)) as app, TestClient(app) as client:
        holder = key(client, "organisation_editor")
        made = [propose(client, holder, title=str(number)).status_code for number in range(5)]
        assert made == [201, 201, 201, 409, 409]
        for language, words in (("es", "ya se han hecho 3 propuestas"), ("en", "has made 3 suggestions")):
            refused = problem(client.post(f"/v1/suggestions?lang={language}", json=NEW, headers=holder), 409)
            assert [(error["rule"], error["value"]) for error in refused["errors"]] == [("too_many", "3")]
            assert words in refused["detail"]
        # Another key has its own number; the one in the place of the first has not.
        assert propose(client, key(client, "organisation_editor")).status_code == 201
        number = holder["Authorization"].split("_")[1]
        rotated = client.post(f"/v1/keys/{number}/rotations", json={}, headers={**holder, "If-Match": "*"})
        assert propose(client, present_key(rotated.json()["secret"])).status_code == 409
        # Those of a day ago do not count.
        with client.app.state["database"].write() as session:
            session.execute(update(SUGGESTIONS).values(created=datetime.now(UTC) - timedelta(days=1)))
        assert propose(client, holder).status_code == 201
    figure(
        "S19",
        "suggestions of a key beyond its three of a day that are taken, also of the key that took its place",
        tried=made.count(409) + 3,
        failed=0,
        control=f"without that number {unbounded} of {len(made)} are taken",
    )


def test_one_about_an_indicator_is_about_its_dimension(client: Client) -> None:
    holder = key(client)
    assert propose(client, holder, kind="indicator", indicator="D9.02").json()["dimension"] == "D9"
    assert propose(client, holder, indicator="D9.02", dimension="D9").status_code == 201
    refused = problem(propose(client, holder, indicator="D9.02", dimension="D3"), 409)
    assert refused["errors"] == [
        {
            "pointer": "/dimension",
            "rule": "indicator",
            "value": "D3",
            "suggestion": "D9",
            "allowed": [],
            "detail": "D9.02 is of the dimension D9, not of D3.",
        }
    ]
    assert len(listed(client)) == 2


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_refusal_says_in_words_what_a_text_may_not_have(client: Client) -> None:
    for language, said in (("es", "inviertan el orden"), ("en", "reverse the order")):
        response = client.post(f"/v1/suggestions?lang={language}", json={**NEW, "title": "\u202e"}, headers=key(client))
        assert said in problem(response, 400)["errors"][0]["detail"]


def test_texts_of_any_script_are_kept_as_they_are(client: Client) -> None:
    text = "حسابات بلا ردود 🏛 <b>&amp;</b> {{7*7}} ' OR 1=1 --"
    made = propose(client, key(client), title=text, text=text, language="ar").json()
    assert client.get(f"/v1/suggestions/{made['id']}", headers=key(client)).json()["title"] == text


def test_each_decision_is_published_and_the_last_one_counts(client: Client) -> None:
    made = propose(client, key(client, "organisation_reader"))
    first = decide(client, key(client, "publisher"), "1", made.headers["etag"], decision="deferred", methodology=None)
    assert (first.status_code, first.headers["location"]) == (201, "/v1/suggestions/1")
    assert first.json()["state"] == "deferred"
    second = decide(client, key(client), "1", first.headers["etag"], reason="It is in.", language="en")
    answer = second.json()
    assert second.headers["etag"] == client.get("/v1/suggestions/1").headers["etag"]
    assert [(one["decision"], one["reason"], one["language"], one["methodology"]) for one in answer["decisions"]] == [
        ("deferred", "Se medirá.", "es", None),
        ("accepted", "It is in.", "en", "2026.1"),
    ]
    assert answer["state"] == "accepted"
    assert answer["updated"] == answer["decisions"][-1]["decided"] > answer["created"]
    assert client.get("/v1/suggestions/1").json() == answer


@pytest.mark.both_databases
def test_of_many_who_decide_at_once_one_does(client: Client) -> None:
    tag, holder = propose(client, key(client)).headers["etag"], key(client)
    with ThreadPoolExecutor(8) as pool:
        statuses = [
            response.status_code
            for response in pool.map(lambda number: decide(client, holder, "1", tag, reason=f"{number}."), range(8))
        ]
    assert sorted(statuses) == [201, *[412] * 7]
    answer = client.get("/v1/suggestions/1").json()
    assert [one["reason"] for one in answer["decisions"]] == [f"{statuses.index(201)}."]


def test_who_proposed_withdraws_while_nothing_is_decided(client: Client) -> None:
    holder = key(client, "organisation_editor")
    tag = propose(client, holder).headers["etag"]
    assert withdraw(client, holder, "1", tag).status_code == 204
    assert client.get("/v1/suggestions/1").status_code == 404
    problem(withdraw(client, holder, "1", tag), 404)
    # Its id is nobody else's.
    assert propose(client, holder).json()["id"] == "2"


def test_whoever_has_a_new_key_withdraws_what_they_proposed(client: Client) -> None:
    holder = key(client, "organisation_editor")
    propose(client, holder)
    number = holder["Authorization"].split("_")[1]
    made = client.post(f"/v1/keys/{number}/rotations", json={"overlap": 0}, headers={**holder, "If-Match": "*"})
    assert made.status_code == 201, made.text
    assert withdraw(client, present_key(made.json()["secret"]), "1").status_code == 204


def test_nobody_else_withdraws_but_an_administrator_and_the_attempt_is_in_the_ledger(client: Client) -> None:
    propose(client, key(client, "organisation_editor"))
    other = key(client, "organisation_editor")
    refused = problem(withdraw(client, other, "1"), 403)
    assert "the key that made" in refused["detail"]
    with client.app.state["database"].read() as session:
        last = msgspec.json.decode(list(ledger.iterate_entries(session))[-1].entry.record)
    assert (last["action"], last["outcome"], last["actor"]["key"]) == (
        "suggestions.delete",
        "denied",
        other["Authorization"].split("_")[1],
    )
    assert listed(client) == ["1"]
    assert withdraw(client, key(client), "1").status_code == 204


def test_what_was_decided_on_is_not_withdrawn(client: Client) -> None:
    holder = key(client, "assessor")
    before = propose(client, holder).headers["etag"]
    after = decide(client, key(client), "1", decision="rejected").headers["etag"]
    problem(withdraw(client, holder, "1", before), 412)
    for who in (holder, key(client)):
        refused = problem(withdraw(client, who, "1", after), 409)
        assert [(error["rule"], error["value"]) for error in refused["errors"]] == [("decided", "rejected")]
    assert listed(client) == ["1"]


@pytest.mark.both_databases
def test_the_list_is_filtered_and_in_pages_the_newest_first(client: Client) -> None:
    holder = key(client)
    for number in range(1, 8):
        kind = "indicator" if number % 2 else "error"
        propose(client, holder, title=str(number), kind=kind, dimension="D1" if number < 4 else None)
    decide(client, holder, "2", decision="rejected")
    assert listed(client) == ["7", "6", "5", "4", "3", "2", "1"]
    assert listed(client, "?kind=error") == ["6", "4", "2"]
    assert listed(client, "?dimension=D1&kind=indicator") == ["3", "1"]
    assert listed(client, "?state=rejected") == ["2"]
    assert listed(client, "?state=undecided&dimension=D1") == ["3", "1"]
    first = client.get("/v1/suggestions?limit=3&kind=indicator", headers=holder).json()
    assert [item["id"] for item in first["items"]] == ["7", "5", "3"]
    # What is proposed and withdrawn meanwhile moves no page.
    propose(client, holder, kind="indicator")
    assert withdraw(client, holder, "5").status_code == 204
    address = f"/v1/suggestions?limit=3&kind=indicator&cursor={first['next_cursor']}"
    second = client.get(address, headers=holder).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == (["1"], None)
    assert client.get(f"/v1/suggestions?limit=3&cursor={first['next_cursor']}").status_code == 404
    assert listed(client, "?offset=100") == []
