"""The published schema as validator: corners that no toy operation has."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from actitud_api.engine.methodology.free_text import Note
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.http.problems import Fault
from actitud_api.platform.http.validation import Json, SchemaValidator, find_nearest
from tests.http.toys import toy_app


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    level: Literal["low", "high"]


class Noted(Struct, frozen=True, forbid_unknown_fields=True):
    note: Note | None = None
    count: Annotated[int, Meta(le=10)] = 0


class Odd(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pair: tuple[int, Inner] | None = None
    even: Annotated[int, Meta(multiple_of=2)] = 0
    version: Annotated[Literal[1], Meta(extra_json_schema={"const": 1})] = 1
    notes: Annotated[dict[str, str], Meta(min_length=1, max_length=2)] = msgspec.field(
        default_factory=lambda: {"a": ""}
    )
    word: Annotated[str, Meta(min_length=2, max_length=3)] = "ab"
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5

    def __post_init__(self) -> None:
        if self.word == "abc":
            raise ValueError("not that word")


def faults(value: Json) -> list[tuple[str, str, str]]:
    found = SchemaValidator(Odd).convert(value)
    assert isinstance(found, list), found
    return [(fault.pointer, fault.rule, fault.detail.into("en")) for fault in found]


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ({"note": "Escribir a ana@example.org"}, {"/note": ["not"]}),
        ({"note": "DNI 12345678Z. " + "x" * 1000}, {"/note": ["maxLength", "not"]}),
        ({"note": "x" * 95 + " 12345678Z " + "x" * 1000}, {"/note": ["maxLength", "not"]}),
        ({"note": ["612 345 678"]}, {"/note": ["anyOf"]}),
        ({"nota": {"contacto": "ana@example.org"}}, {"/nota": ["additionalProperties"]}),
        ({"count": "Tel. 912345678"}, {"/count": ["type"]}),
    ],
)
def test_personal_data_are_never_repeated(value: Json, rules: dict[str, list[str]]) -> None:
    found = SchemaValidator(Noted).convert(value)
    assert isinstance(found, list), found
    told: dict[str, list[str]] = {}
    for fault in found:
        told.setdefault(fault.pointer, []).append(fault.rule)
        assert fault.value is None
    assert {pointer: sorted(listed) for pointer, listed in told.items()} == rules


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"url": "http://ayto.example/a"}, "Debe ser una dirección entera que empiece por https://, sin espacios."),
        ({"date": "4/3/2026"}, "Debe ser una fecha, como 2026-12-31."),
        ({"sha256": "A" * 64}, "Debe ser un SHA-256: 64 cifras hexadecimales, con las letras en minúscula."),
        ({"note": "a\u0007"}, "El texto tiene caracteres de control."),
        ({"note": 3}, "Debe ser un texto."),
    ],
)
def test_what_a_document_lacks_is_told_without_expressions_and_keywords(change: Json, told: str) -> None:
    assert isinstance(change, dict)
    found = SchemaValidator(Evidence).convert({"url": "https://ayto.example/a", "date": "2026-03-04", **change})
    assert isinstance(found, list), found
    assert [fault.detail.into("es") for fault in found] == [told]


def test_a_text_with_personal_data_is_refused_in_plain_words() -> None:
    found = SchemaValidator(Noted).convert({"note": "ana@example.org"})
    assert isinstance(found, list), found
    assert "contiene un dato personal" in found[0].detail.into("es")
    assert "has personal data" in found[0].detail.into("en")


def test_a_number_is_quoted_whatever_it_looks_like() -> None:
    found = SchemaValidator(Noted).convert({"count": 612345678})
    assert isinstance(found, list), found
    assert found[0].value == "612345678"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"even": 3}, ("/even", "multipleOf", "It breaks the rule `multipleOf` of the schema.")),
        ({"version": 2}, ("/version", "const", "It breaks the rule `const` of the schema.")),
        ({"notes": {}}, ("/notes", "minProperties", "It must have at least one member.")),
        ({"notes": {"a": "", "b": "", "c": ""}}, ("/notes", "maxProperties", "It must have 2 members or fewer.")),
        ({"word": "a"}, ("/word", "minLength", "It must have 2 characters or more.")),
        ({"word": "abcd"}, ("/word", "maxLength", "It must have 3 characters or fewer.")),
        ({"share": 0}, ("/share", "exclusiveMinimum", "It must be more than 0.")),
        ({"share": 1}, ("/share", "exclusiveMaximum", "It must be less than 1.")),
        ({"pair": [1, {"level": "mid"}]}, ("/pair/1/level", "enum", 'It must be one of these values: "high", "low".')),
    ],
)
def test_each_rule_has_a_sentence(value: Json, expected: tuple[str, str, str]) -> None:
    assert expected in faults(value)


def test_an_unknown_member_inside_a_list_of_forms_finds_its_neighbours() -> None:
    found = SchemaValidator(Odd).convert({"pair": [1, {"level": "low", "levl": 1}]})
    assert isinstance(found, list)
    assert [(fault.pointer, fault.suggestion) for fault in found] == [("/pair/1/levl", "level")]


def test_what_only_the_type_refuses_is_told_too() -> None:
    found = SchemaValidator(Odd).convert({"word": "abc"})
    assert isinstance(found, list)
    (fault,) = found
    assert isinstance(fault, Fault)
    assert "not that word" in fault.detail.into("en")


@pytest.mark.parametrize(
    ("name", "expected"), [("d1.01", "D1.01"), ("D1.1", "D1.01"), ("D01.01", "D1.01"), ("zz", None), ("D" * 65, None)]
)
def test_the_nearest_name(name: str, expected: str | None) -> None:
    assert find_nearest(name, ["D1.01", "D10.07", "basis"]) == expected


def test_what_is_no_http_passes_through() -> None:
    """A socket is refused by Litestar itself."""
    sent: list[str] = []

    async def refuse() -> None:
        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        scope: Any = {"type": "websocket", "path": "/v1/toys", "headers": [], "query_string": b"", "state": {}}
        await toy_app()(scope, receive, send)

    asyncio.run(refuse())
    assert sent == ["websocket.close"]
