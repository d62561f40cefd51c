"""The fake service that users of the library test with, and the models that it builds."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actitud import (
    AsyncClient,
    Client,
    ConnectionFailed,
    Edition,
    EditionScore,
    NotFound,
    NotModified,
    Organisation,
    Problem,
    RequestRefused,
    ScoreRow,
    ServiceUnavailable,
    models,
)
from actitud.testing import _KINDS, FakeServer, Received, _map_operations, build
from tests.contract.examples import PACKED, packed
from tests.unit.sdk.support import operations

BEYOND = {"embed", "request", "with_options", "editions.assessments.begin"}
"""Methods that call no operation, or several."""
UNAVAILABLE = ServiceUnavailable(Problem(type="/problems/unavailable", title="Later"), 503, "r-1", 2.0)


def test_the_packed_examples_are_those_of_the_document() -> None:
    """Where it fails: `python -m tests.contract.examples` writes them anew."""
    assert PACKED.read_text(encoding="utf-8") == packed()


def test_the_operations_are_those_of_the_clients() -> None:
    offered = operations(Client()).keys() - {"score", "embed", "request", "with_options", "jobs.wait"}
    assert set(_map_operations().values()) == offered


ARGUMENTS: dict[str, Any] = {
    "edition": "2026",
    "organisation": "x",
    "version": "2026.1",
    "digest": "sha256:0",
    "submission": "1",
    "id": "x",
    "name": "x",
    "kind": "MUN",
    "profile": {},
    "answers": {},
    "if_match": "*",
    "dimension": "D1",
    "from_edition": "2026",
    "reason": "x",
    "titles": {},
    "period_from": "2027-01-01",
    "period_to": "2027-12-31",
    "workbook": b"",
    "size": 1,
    "approval": "1",
    "decision": "accepted",
    "indicator": "D1.01",
    "key": "x",
    "language": "es",
    "phase": "review",
    "role": "publisher",
    "suggestion": "x",
    "text": "x",
    "title": "x",
    "job": "1",
    "methodology": "2027.1",
    "transition": "1",
    "until": "2027-03-01",
    "verdict": "accepted",
    "items": [{"profile": {}, "answers": {}}],
    "delivery": "x",
    "events": ["edition.published"],
    "file": Path(__file__).parents[2] / "released" / "0.1.0.dev" / "ledger.jsonl",
    "step": "reviews",
    "url": "https://x.example",
    "webhook": "x",
}
FILES = {name for name in operations(Client()) if name.rpartition(".")[2] in ("export", "stream", "bundle", "gobierto")}
FILES |= {"catalogue.get", "methodologies.workbook.get", "methodologies.workbook.fill", "published.get"}
FILES |= {"methodologies.get", "methodologies.schema", "editions.audit", "editions.publications.scores.get"}
FILES |= {"editions.imports.annotated", "editions.imports.template", "editions.verdicts.workbook"}


def called(client: object, name: str) -> object:
    method: Any = client
    for part in name.split("."):
        method = getattr(method, part)
    needed = {
        parameter.name: ARGUMENTS[parameter.name]
        for parameter in operations(Client())[name].parameters.values()
        if parameter.default is parameter.empty
    }
    return method(**needed)


@pytest.mark.parametrize("name", sorted(operations(Client()).keys() - FILES - BEYOND))
def test_every_operation_with_an_example_is_answered_with_it(name: str) -> None:
    server = FakeServer()
    called(server.client(), name)

    async def main() -> None:
        answer: Any = called(server.async_client(), name)
        await answer

    asyncio.run(main())
    operation = {"score": "scores.create", "jobs.wait": "jobs.get"}.get(name, name)
    assert [received.operation for received in server.requests] == [operation] * 2
    assert msgspec.structs.replace(server.requests[0], headers={}) == msgspec.structs.replace(
        server.requests[1], headers={}
    )


def test_what_has_no_example_asks_for_an_answer() -> None:
    server = FakeServer()
    with pytest.raises(LookupError, match=r"answer\('editions.scores.export', …\)"):
        server.client().editions.scores.export("2026")
    server.answer("editions.scores.export", b"a;b")
    assert server.client().editions.scores.export("2026") == b"a;b"
    with pytest.raises(LookupError, match="'request'"):
        server.client().request("GET", "/v1/x", cast_to=dict)
    server.answer("request", {"a": 1})
    assert server.client().request("GET", "/v1/x", cast_to=dict) == {"a": 1}


def test_answers_come_in_turn_and_the_last_for_ever() -> None:
    server = FakeServer()
    server.answer("organisations.get", build(Organisation, id="a"), build(Organisation, id="b"))
    client = server.client()
    assert [client.organisations.get("x").id for _ in range(3)] == ["a", "b", "b"]


def test_a_list_is_its_items_and_a_stream_its_rows() -> None:
    server = FakeServer()
    server.answer("editions.scores.list", [build(ScoreRow, rank=rank) for rank in (1, 2)])
    assert [row.rank for row in server.client().editions.scores.list("2026")] == [1, 2]
    server.answer("editions.scores.stream", [{"rank": 1}, {"rank": 2}])
    assert list(server.client().editions.scores.stream("2026")) == [{"rank": 1}, {"rank": 2}]
    server.answer("signing_keys.list", [])
    assert server.client().signing_keys.list() == ()

    async def main() -> list[object]:
        return [row async for row in server.async_client().editions.scores.stream("2026")]

    assert asyncio.run(main()) == [{"rank": 1}, {"rank": 2}]
    # The example of a list is its first page; there is no second one to go round in.
    assert len(list(server.client().organisations.list())) > 0


def test_failures_are_those_of_the_service_and_waited_for_in_no_time() -> None:
    server = FakeServer()
    server.answer("organisations.get", UNAVAILABLE, build(Organisation))
    assert server.client().organisations.get("x")
    assert len(server.requests) == 2
    server.answer("organisations.get", UNAVAILABLE)
    with pytest.raises(ServiceUnavailable) as caught:
        server.client(max_retries=0).organisations.get("x")
    assert (caught.value.request_id, caught.value.retry_after, caught.value.problem.title) == ("r-1", 2.0, "Later")
    server.answer("organisations.get", NotFound(Problem(type="/problems/not-found"), 404))
    with pytest.raises(NotFound):
        server.client().organisations.get("x")
    server.answer("organisations.get", NotFound(Problem(title="Without type"), 404))
    with pytest.raises(NotFound, match="Without type"):
        server.client().organisations.get("x")
    server.answer("organisations.get", RequestRefused(Problem(title="Of no type"), 418))
    with pytest.raises(RequestRefused, match="Of no type"):
        server.client().organisations.get("x")
    server.answer("organisations.get", ConnectionFailed("gone"))
    with pytest.raises(ConnectionFailed, match="gone"):
        server.client().organisations.get("x")
    server.answer("organisations.get", KeyError("mine"))
    with pytest.raises(KeyError, match="mine"):
        server.client().organisations.get("x")

    async def main() -> None:
        server.answer("organisations.get", UNAVAILABLE, build(Organisation))
        assert await server.async_client().organisations.get("x")

    asyncio.run(main())


def test_what_came_can_be_looked_at() -> None:
    server = FakeServer()
    client = server.client(lang="es")
    client.editions.update("2026", if_match='"1"', state="in_review")
    client.editions.delete("2026", if_match='"2"')
    client.methodologies.workbook.read("2026.1", b"PK")
    client.editions.scores.list("2026", region="09")
    first, second, third, fourth = server.requests
    assert first == Received(
        operation="editions.update",
        method="PATCH",
        path="/v1/editions/2026",
        query={},
        headers={"Content-Type": "application/merge-patch+json", "If-Match": '"1"'},
        body={"state": "in_review"},
    )
    assert (second.operation, second.method, second.headers["If-Match"]) == ("editions.delete", "DELETE", '"2"')
    assert third.body == b"PK"
    assert fourth.query == {"region": "09"}


def test_a_state_that_is_known_is_not_modified() -> None:
    server = FakeServer()
    server.answer("editions.get", build(Edition, etag='"7"'))
    client = server.client()
    edition = client.editions.get("2026")
    assert edition.etag == '"7"'
    with pytest.raises(NotModified):
        client.with_options(if_none_match=edition.etag).editions.get("2026")
    assert client.with_options(if_none_match='"6"').editions.get("2026")


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__)
def test_every_model_with_an_example_is_built(kind: type[Any]) -> None:
    assert isinstance(build(kind), kind)
    # What is built can be answered, and is read as it was built.
    assert msgspec.json.decode(msgspec.json.encode(build(kind)), type=kind) == build(kind)


def test_members_take_the_place_of_those_of_the_example() -> None:
    assert build(EditionScore, index=None, organisation_name="Villa").organisation_name == "Villa"
    with pytest.raises(TypeError, match="no_such"):
        build(EditionScore, no_such=1)
    with pytest.raises(TypeError, match="no example of HistogramBin"):
        build(models.HistogramBin)


def test_what_there_is_not_cannot_be_answered() -> None:
    server = FakeServer()
    with pytest.raises(ValueError, match=r"no operation 'editions\.score\.get'"):
        server.answer("editions.score.get", {})
    with pytest.raises(ValueError, match="nothing to answer"):
        server.answer("editions.scores.get")


def test_both_clients_are_the_real_ones() -> None:
    assert type(FakeServer().client()) is Client
    assert type(FakeServer().async_client()) is AsyncClient
    with FakeServer().client() as client:
        assert client.with_options(lang="es").organisations.get("x")
    assert json.loads(PACKED.read_bytes())
