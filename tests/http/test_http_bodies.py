"""Bodies: closed, strict, and every fault at once."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import Meta, Struct
from structlog.testing import capture_logs

from actitud_api.platform.http import inputs
from actitud_api.platform.http.inputs import Body, parse_json
from actitud_api.platform.http.validation import Json
from tests.contract.asgi import Sent, exchange
from tests.http.toys import Car, Doll

CAR: dict[str, Any] = {"kind": "car-1", "name": "beetle", "wheels": {"count": 4}}


def post(toys: TestClient[Litestar], body: object, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return toys.post("/v1/toys", content=content, headers={"Content-Type": "application/json", **headers})


def errors(response: Any) -> list[tuple[str, str, str | None, str | None]]:
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "/problems/invalid-request"
    return [(error["pointer"], error["rule"], error["value"], error["suggestion"]) for error in problem["errors"]]


def test_a_valid_body_reaches_the_handler_as_its_type(toys: TestClient[Litestar]) -> None:
    assert post(toys, CAR).json() == {"name": "beetle", "kind": "car-1", "greeting": "Hello"}
    assert post(toys, {"kind": "doll-1", "name": "ana", "eyes": 2.0}).json()["kind"] == "doll-1"


def test_every_fault_is_told_at_once(toys: TestClient[Litestar]) -> None:
    body = CAR | {
        "name": "Beetle",
        "wheels": {"count": "4", "share": 1.5, "color": "red", "marks": ["a", "a"]},
        "spare": {"count": 11, "colour": "gren"},
        "working": 1,
        "horn": None,
    }
    assert errors(post(toys, body)) == [
        ("/horn", "additionalProperties", "null", None),
        ("/name", "pattern", '"Beetle"', None),
        ("/spare/colour", "enum", '"gren"', "green"),
        ("/spare/count", "maximum", "11", None),
        ("/wheels/color", "additionalProperties", '"red"', "colour"),
        ("/wheels/count", "type", '"4"', None),
        ("/wheels/marks", "uniqueItems", '["a", "a"]', None),
        ("/wheels/share", "maximum", "1.5", None),
        ("/working", "type", "1", None),
    ]


def test_each_unknown_and_each_missing_member_is_its_own_fault(toys: TestClient[Litestar]) -> None:
    assert errors(post(toys, {"kind": "car-1", "nane": "x", "wheel": {}})) == [
        ("/name", "required", None, None),
        ("/nane", "additionalProperties", '"x"', "name"),
        ("/wheel", "additionalProperties", "{}", "wheels"),
        ("/wheels", "required", None, None),
    ]


@pytest.mark.parametrize("count", ["4", True, 4.5, None, [4]])
def test_nothing_is_taken_for_a_number_that_is_not_one(toys: TestClient[Litestar], count: object) -> None:
    assert errors(post(toys, CAR | {"wheels": {"count": count}})) == [
        ("/wheels/count", "type", json.dumps(count), None)
    ]


def test_an_integral_number_is_an_integer(toys: TestClient[Litestar]) -> None:
    for count in (b"4", b"4.0", b"0.4e1", b"-0.0"):
        body = b'{"kind":"car-1","name":"x","wheels":{"count":%s,"share":1}}' % count
        assert post(toys, body).status_code == 200


def test_alternatives_are_explained_by_the_one_that_was_meant(toys: TestClient[Litestar]) -> None:
    assert errors(post(toys, CAR | {"spare": {}})) == [("/spare/count", "required", None, None)]
    assert errors(post(toys, CAR | {"spare": 3})) == [("/spare", "anyOf", "3", None)]
    assert post(toys, CAR | {"spare": 3}).json()["errors"][0]["detail"] == "It must be an object."
    assert post(toys, CAR | {"spare": None}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("car-2", ("/kind", "enum", '"car-2"', "car-1")),
        ("plane", ("/kind", "enum", '"plane"', None)),
        (1, ("/kind", "enum", "1", None)),
        (["car-1"], ("/kind", "enum", '["car-1"]', None)),
    ],
)
def test_an_unknown_kind_is_told_with_those_that_exist(
    toys: TestClient[Litestar], kind: object, expected: tuple[str, str, str, str | None]
) -> None:
    response = post(toys, {"kind": kind, "name": "x"})
    assert errors(response) == [expected]
    assert '"car-1", "doll-1"' in response.json()["errors"][0]["detail"]


class Cycle(Struct, frozen=True, forbid_unknown_fields=True):
    """What has wheels."""

    kind: Literal["bicycle", "tricycle"]
    wheels: int


class Boat(Struct, frozen=True, forbid_unknown_fields=True):
    """What has none."""

    kind: Literal["boat"]


class Spider(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="spider"):
    """A creature with up to eight legs."""

    eyes: int
    legs: Annotated[int, Meta(ge=0, le=8)]


class Snail(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="snail"):
    """A creature with up to one."""

    eyes: int
    legs: Annotated[int, Meta(ge=0, le=1)]


def test_a_type_may_stand_for_several_kinds() -> None:
    body: Body[Struct] = Body(Cycle, Boat, tag_field="kind")
    assert body.tags == {"bicycle": Cycle, "tricycle": Cycle, "boat": Boat}
    assert body.convert({"kind": "tricycle", "wheels": 3}) == Cycle(kind="tricycle", wheels=3)
    assert body.convert({"kind": "boat"}) == Boat(kind="boat")
    refused: tuple[tuple[dict[str, Json], str, str], ...] = (
        ({"kind": "bicycle"}, "/wheels", "required"),
        ({"kind": "boat", "wheels": 3}, "/wheels", "additionalProperties"),
        ({"kind": "train"}, "/kind", "enum"),
        ({"wheels": 3}, "/kind", "required"),
    )
    for wrong, pointer, rule in refused:
        faults = body.convert(wrong)
        assert isinstance(faults, list)
        assert [(fault.pointer, fault.rule) for fault in faults] == [(pointer, rule)]


def test_faults_that_do_not_depend_on_the_kind_are_told_with_its_own(toys: TestClient[Litestar]) -> None:
    """Wheels, which only a car needs, are not asked for, nor is a limit told that each kind has of its own."""
    expected = [
        ("/kind", "required", None, None),
        ("/name", "type", "3", None),
        ("/nane", "additionalProperties", "1", "name"),
    ]
    assert errors(post(toys, {"name": 3, "nane": 1})) == expected
    creatures: Body[Struct] = Body(Spider, Snail)
    for legs, pointers in ((-1, ["/eyes", "/kind", "/legs"]), (12, ["/eyes", "/kind"])):
        faults = creatures.convert({"eyes": "two", "legs": legs})
        assert isinstance(faults, list)
        assert [fault.pointer for fault in faults] == pointers


def test_a_kind_that_is_not_offered_is_taken_all_the_same() -> None:
    body: Body[Struct] = Body(Car, Doll, offered=["doll-1"])
    taken = body.convert({"kind": "car-1", "name": "x", "wheels": {"count": 4}})
    assert isinstance(taken, Car)
    refused = body.convert({"kind": "car-2", "name": "x"})
    assert isinstance(refused, list)
    assert [(fault.pointer, fault.allowed, fault.suggestion) for fault in refused] == [
        ("/eyes", (), None),
        ("/kind", ("doll-1",), None),
    ]


def test_a_missing_kind_is_required(toys: TestClient[Litestar]) -> None:
    assert errors(post(toys, {"name": "x"})) == [("/kind", "required", None, None)]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"3"])
def test_a_body_of_another_kind_is_refused(toys: TestClient[Litestar], body: bytes) -> None:
    assert errors(post(toys, body)) == [("", "type", body.decode(), None)]


def test_what_is_no_json_is_told_with_its_place(toys: TestClient[Litestar]) -> None:
    response = post(toys, b'{"kind":\n  oops}')
    assert errors(response) == [("", "syntax", None, None)]
    assert "2:3" in response.json()["errors"][0]["detail"]


def test_very_many_faults_are_told_up_to_a_limit(toys: TestClient[Litestar]) -> None:
    problem = post(toys, CAR | {f"unknown{n}": n for n in range(1_000)}).json()
    *told, last = problem["errors"]
    assert [error["rule"] for error in told] == ["additionalProperties"] * 100
    assert (last["pointer"], last["rule"], last["detail"]) == ("", "more", "Faults that are not listed: 900.")
    assert problem["detail"] == "There are 1000 faults; see `errors`."


def test_an_answer_does_not_repeat_a_long_name_for_each_fault(toys: TestClient[Litestar]) -> None:
    members = ",".join(rf'"k{n}":"\u0001"' for n in range(1_000))
    response = post(toys, f'{{"{"x" * 450_000}":{{{members}}}}}'.encode())
    assert errors(response)[0] == (f"/{'x' * 200}…/k0", "control", r'"\u0001"', None)
    assert len(response.content) < 64 * 1024


def test_a_problem_document_is_bounded_whatever_its_faults_are(toys: TestClient[Litestar]) -> None:
    name = "\U0001f4a5" * 200
    place = f'{{"{name}":' * 19
    members = ",".join(rf'"k{n}":"\u0001"' for n in range(90))
    response = post(toys, f"{place}{{{members}}}{'}' * 19}".encode())
    *told, last = response.json()["errors"]
    assert 200 * 1024 < len(response.content) <= 257 * 1024
    assert last["detail"] == f"Faults that are not listed: {90 - len(told)}."


def test_details_come_in_the_language_of_the_reader(toys: TestClient[Litestar]) -> None:
    body = CAR | {"wheels": {"count": 11, "colour": "pink"}, "horn": 1}
    spanish = post(toys, body, **{"Accept-Language": "es-ES,es;q=0.9,en;q=0.1"})
    assert [error["detail"] for error in spanish.json()["errors"]] == [
        "No se conoce este miembro.",
        'Debe ser uno de estos valores: "blue", "green", "red".',
        "Debe ser 10 o menos.",
    ]
    assert spanish.headers["content-language"] == "es"
    english = toys.post("/v1/toys?lang=en", json=body, headers={"Accept-Language": "es"})
    assert english.json()["errors"][2]["detail"] == "It must be 10 or less."


def test_faults_of_query_and_body_come_together(toys: TestClient[Litestar]) -> None:
    response = toys.post("/v1/toys?langg=es", json=CAR | {"horn": 1})
    assert errors(response) == [
        ("langg", "additionalProperties", '"es"', "lang"),
        ("/horn", "additionalProperties", "1", None),
    ]


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
def test_other_media_types_are_415_with_the_one_that_is_read(toys: TestClient[Litestar], content_type: str) -> None:
    response = toys.post("/v1/toys", content=json.dumps(CAR), headers={"Content-Type": content_type})
    assert response.status_code == 415
    assert response.headers["accept-post"] == "application/json"


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON ; Charset=UTF-8"])
def test_json_in_utf_8_is_read(toys: TestClient[Litestar], content_type: str) -> None:
    assert toys.post("/v1/toys", content=json.dumps(CAR), headers={"Content-Type": content_type}).status_code == 200


def test_a_compressed_body_is_415(toys: TestClient[Litestar]) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert toys.post("/v1/toys", content=json.dumps(CAR), headers=headers).status_code == 415


def test_a_body_beyond_the_limit_of_its_operation_is_413(toys: TestClient[Litestar]) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b'{"count": 1', b" " * 600, b" " * 600, b"}")

    headers = {"Content-Type": "application/json"}
    announced = toys.post("/v1/toys/parts", content=b"".join(chunks()), headers=headers)
    streamed = toys.post("/v1/toys/parts", content=chunks(), headers=headers)
    admitted = toys.post("/v1/toys/parts", content=b'{"count": 1}' + b" " * 900, headers=headers)
    assert (announced.status_code, streamed.status_code, admitted.status_code) == (413, 413, 200)


@pytest.mark.parametrize("chunks", [(), (b'{"kind"', b":")])
def test_a_client_that_hangs_up_is_no_failure_of_the_service(
    toys: TestClient[Litestar], chunks: tuple[bytes, ...]
) -> None:
    sent = Sent("POST", b"/v1/toys", [(b"content-type", b"application/json")], chunks, hangs_up=True)
    with capture_logs() as logs:
        received = asyncio.run(exchange(toys.app, sent))
    assert (received.status, logs) == (400, [])


@pytest.mark.parametrize(("size", "aside"), [(1_000, False), (16 * 1024, False), (16 * 1024 + 1, True)])
def test_a_large_body_is_read_aside_so_that_others_are_answered(
    toys: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch, size: int, aside: bool
) -> None:
    threads: list[threading.Thread] = []

    def observed(raw: bytes) -> Json:
        threads.append(threading.current_thread())
        return parse_json(raw)

    monkeypatch.setattr(inputs, "parse_json", observed)
    body = json.dumps(CAR).encode().ljust(size)
    sent = Sent("POST", b"/v1/toys", [(b"content-type", b"application/json")], [body])
    assert asyncio.run(exchange(toys.app, sent)).status == 200
    (thread,) = threads
    assert (thread is not threading.current_thread()) is aside


def test_a_body_of_a_mebibyte_is_admitted_and_more_is_not(toys: TestClient[Litestar]) -> None:
    body = json.dumps(CAR).encode()
    fits = body + b" " * (1024 * 1024 - len(body))
    assert post(toys, fits).status_code == 200
    assert post(toys, fits + b" ").status_code == 413
