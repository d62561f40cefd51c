"""Strict JSON: what is let through, and what is said of the rest."""

from __future__ import annotations

import json

import pytest

from actitud_api.platform.http.inputs import NotJson, parse_json
from actitud_api.platform.http.problems import FAULTS_MAX
from actitud_api.platform.http.validation import format_pointer, quote_value


def refused(raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(NotJson) as caught:
        parse_json(raw)
    return [(fault.pointer, fault.rule) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"19.0", 19),
        (b"1e2", 100),
        (b"-0.0", 0),
        (b"0.5", 0.5),
        (b'"1"', "1"),
        (b"true", True),
        (b"null", None),
        ('"ñ 日本 💥"'.encode(), "ñ 日本 💥"),
        (rb'"\ud83d\ude00"', "😀"),
        (b' {"a": [1, 2.50]} ', {"a": [1, 2.5]}),
    ],
)
def test_json_is_read(raw: bytes, value: object) -> None:
    read = parse_json(raw)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"", "syntax"),
        (b"{} x", "syntax"),
        (b"{}{}", "syntax"),
        (b"[1,]", "syntax"),
        (b'{"a":1,}', "syntax"),
        (b"'a'", "syntax"),
        (b"01", "syntax"),
        (b'"\x01"', "syntax"),
        ("\ufeff{}".encode(), "syntax"),
        ("{}".encode("utf-16"), "encoding"),
        (b'"\xff"', "encoding"),
        (b'"\xed\xa0\x80"', "encoding"),
        (b"NaN", "number"),
        (b"[-Infinity]", "number"),
        (b"1e400", "number"),
        (b"1" * 5_000, "number"),
        (b"[" * 21 + b"]" * 21, "depth"),
        (b"[" * 100_000, "depth"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "depth"),
        (b"[" + b"1," * 1_000 + b"1]", "items"),
        (b"[" + b"[1,1,1,1]," * 999 + b"[1,1,1,1,1,1,1]]", "values"),
        (b"{" + b",".join(b'"k%d":"\\u0000"' % n for n in range(5_001)) + b"}", "values"),
        (rb'"\u0000"', "control"),
        (rb'"\u009f"', "control"),
        (rb'"\ud800"', "control"),
    ],
)
def test_what_is_no_json_is_refused(raw: bytes, rule: str) -> None:
    assert [found for _, found in refused(raw)] == [rule]


def test_the_limits_themselves_are_admitted() -> None:
    assert parse_json(b"[" * 20 + b"]" * 20)
    assert parse_json(b"[" + b"1," * 999 + b"1]") == [1] * 1_000
    assert parse_json(b"[" + b"[1,1,1,1]," * 999 + b"[1,1,1,1]]") == [[1] * 4] * 1_000


def test_every_fault_is_told_with_its_place() -> None:
    raw = rb'{"a": 1, "a": 2, "b": {"c/d": ["\u0001", "ok"], "e~": 1, "e~": 2}, "\u0002": 3}'
    assert refused(raw) == [("", "control"), ("/a", "duplicate"), ("/b/c~1d/0", "control"), ("/b/e~0", "duplicate")]


def test_numbers_that_json_does_not_admit_are_told_with_their_places() -> None:
    raw = b'{"a": NaN, "b": {"c/d": [1, -Infinity, 1e999]}, "e": %s, "f": 1.0, "g": {"g": 1, "g": NaN}}' % (
        b"7" * 5_000
    )
    with pytest.raises(NotJson) as caught:
        parse_json(raw)
    assert [(fault.pointer, fault.rule, fault.value) for fault in caught.value.faults] == [
        ("/a", "number", "NaN"),
        ("/b/c~1d/1", "number", "-Infinity"),
        ("/b/c~1d/2", "number", "1e999"),
        ("/e", "number", "7" * 100),
        ("/g/g", "duplicate", None),
        ("/g/g", "number", "NaN"),
    ]


def test_faults_are_told_up_to_a_limit() -> None:
    members = ",".join(rf'"k{n}":"\u0000"' for n in range(5_000))
    with pytest.raises(NotJson) as caught:
        parse_json(f"{{{members}}}".encode())
    *told, last = caught.value.faults
    assert len(told) == FAULTS_MAX == 100
    assert (last.pointer, last.rule, last.count) == ("", "more", 4_900)
    assert last.detail.into("en") == "Faults that are not listed: 4900."


def test_a_member_repeated_many_times_is_one_fault() -> None:
    assert refused(b"{" + b",".join(b'"a":1' for _ in range(10_000)) + b"}") == [("/a", "duplicate")]


def test_a_value_is_shown_cut_and_as_text_that_can_be_sent() -> None:
    assert quote_value({"a": "ñ"}) == '{"a": "ñ"}'
    assert quote_value("x" * 500) == '"' + "x" * 99
    assert (quote_value("\ud800") or "").encode()


def test_a_long_name_is_cut_in_a_pointer() -> None:
    assert format_pointer(["n" * 200, 0]) == f"/{'n' * 200}/0"
    assert format_pointer(["n" * 201, "~" * 300]) == f"/{'n' * 200}…/{'~0' * 200}…"


def test_a_pointer_escapes_its_steps() -> None:
    assert format_pointer(["a/b", "m~n", 0]) == "/a~1b/m~0n/0"
    assert format_pointer([]) == ""
    assert json.loads(quote_value(format_pointer([""])) or "") == "/"
