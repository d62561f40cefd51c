"""What may be sent to be scored, what it becomes, and what is refused of it."""

from __future__ import annotations

import functools
from typing import get_args

import msgspec
import pytest

from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.requests.answers import (
    FactValue,
    Replacement,
    ScoreRequest,
    Submission,
    build_score_request_type,
    to_replacement,
    to_submission,
)
from actitud_api.engine.methodology.requests.struct_factory import build_profile_members, format_type_suffix
from tests.unit.methodology.planting import methodology
from tests.unit.scoring import builders as b

PROFILE: dict[str, Scalar | None] = {"people": 40, "kind": "town", "open": True}
HALF: dict[str, FactValue] = {"numerator": 1, "denominator": 2}


@functools.cache
def form() -> type[ScoreRequest]:
    return build_score_request_type(methodology())


def decoded(**members: object) -> ScoreRequest:
    sent = {"methodology": "test.1", "profile": PROFILE, "answers": {}} | members
    return msgspec.json.decode(msgspec.json.encode(sent), type=form())


def test_a_request_becomes_a_submission() -> None:
    answers = {
        "R1": HALF | {"basis": "evidenced"},
        "L1": {"level": 3, "basis": "self_declared"},
        "C1": {"components": ["one", "three"]},
        "A1": {"hours": 2.5},
    }
    request = decoded(answers=answers, profile_self_declared=["open", "kind"])
    assert to_submission(methodology(), request) == Submission(
        profile=PROFILE | {"before": None, "errors": 0},
        answers={"R1": HALF, "L1": {"level": 3}, "C1": {"components": ("one", "three")}, "A1": {"hours": 2.5}},
        self_declared=frozenset({"L1"}),
        profile_self_declared=frozenset({"open", "kind"}),
    )


def test_null_is_no_answer() -> None:
    assert to_submission(methodology(), decoded(answers={"R1": None, "L1": {"level": 3}})).answers == {
        "L1": {"level": 3}
    }


def test_what_the_service_sets_may_be_sent() -> None:
    request = decoded(profile=PROFILE | {"before": 2, "errors": 9})
    assert to_submission(methodology(), request).profile == PROFILE | {"before": 2, "errors": 9}


def test_nothing_is_supposed_where_nothing_is_sent() -> None:
    assert to_replacement(methodology(), decoded()) is None
    assert to_replacement(methodology(), decoded(what_if={})) == Replacement()


def test_what_is_supposed() -> None:
    supposed = {
        "answers": {"R1": None, "L1": {"level": 4, "basis": "self_declared"}, "B1": {"value": True}},
        "profile": {"people": 41, "before": None},
        "profile_self_declared": [],
    }
    assert to_replacement(methodology(), decoded(what_if=supposed)) == Replacement(
        answers={"R1": None, "L1": {"level": 4}, "B1": {"value": True}},
        self_declared=frozenset({"L1"}),
        profile={"people": 41, "before": None},
        profile_self_declared=frozenset(),
    )
    assert to_replacement(methodology(), decoded(what_if={"profile_self_declared": ["open"]})) == Replacement(
        profile_self_declared=frozenset({"open"})
    )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"methodology": "test.2"}, "Invalid value 'test.2' - at `$.methodology`"),
        ({"more": 1}, "Object contains unknown field `more`"),
        ({"profile": PROFILE | {"more": 1}}, "Object contains unknown field `more` - at `$.profile`"),
        ({"profile": {"people": 40}}, "Object missing required field `kind` - at `$.profile`"),
        ({"profile": PROFILE | {"people": 0}}, "Expected `int` >= 1 - at `$.profile.people`"),
        ({"profile": PROFILE | {"people": 1001}}, "Expected `int` <= 1000 - at `$.profile.people`"),
        ({"profile": PROFILE | {"people": None}}, "Expected `int`, got `null` - at `$.profile.people`"),
        ({"profile": PROFILE | {"kind": "city"}}, "Invalid enum value 'city' - at `$.profile.kind`"),
        ({"profile": PROFILE | {"errors": None}}, "Expected `int`, got `null` - at `$.profile.errors`"),
        ({"answers": {"X1": {}}}, "Object contains unknown field `X1` - at `$.answers`"),
        ({"answers": {"R1": {"numerator": 1}}}, "missing required field `denominator` - at `$.answers.R1`"),
        ({"answers": {"R1": HALF | {"basis": "said"}}}, "Invalid enum value 'said' - at `$.answers.R1.basis`"),
        ({"answers": {"L1": {"level": 5}}}, "Expected `int` <= 4 - at `$.answers.L1.level`"),
        ({"answers": {"L1": {"level": 1.5}}}, "Expected `int`, got `float` - at `$.answers.L1.level`"),
        ({"answers": {"A1": {"hours": -0.5}}}, "Expected `float` >= 0.0 - at `$.answers.A1.hours`"),
        ({"answers": {"C1": {"components": ["four"]}}}, "Invalid enum value 'four' - at `$.answers.C1.components[0]`"),
        ({"answers": {"C1": {"components": ["one"] * 4}}}, "Expected `array` of length <= 3"),
        (
            {"answers": {"C1": {"components": ["one", "one"]}}},
            "`components` has repeated elements - at `$.answers.C1`",
        ),
        ({"profile_self_declared": ["open", "open"]}, "`profile_self_declared` has repeated elements"),
        ({"profile_self_declared": ["before"]}, "Invalid enum value 'before' - at `$.profile_self_declared[0]`"),
        ({"what_if": None}, "Expected `object`, got `null` - at `$.what_if`"),
        ({"what_if": {"answers": {"R1": {"numerator": 1}}}}, "missing required field `denominator`"),
        ({"what_if": {"profile": {"people": 0}}}, "Expected `int` >= 1 - at `$.what_if.profile.people`"),
        ({"what_if": {"profile_self_declared": ["open", "open"]}}, "has repeated elements - at `$.what_if`"),
    ],
)
def test_what_is_not_of_the_methodology_is_refused(members: dict[str, object], message: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        decoded(**members)
    assert message in str(caught.value)


def test_without_a_profile_no_field_can_be_declared() -> None:
    bare = b.methodology(b.root(b.group("D", b.boolean("Y"))))
    body = {"methodology": b.VERSION, "profile": {}, "answers": {"Y": {"value": True}}}
    assert b.decode(bare, msgspec.json.encode(body)) == Submission(profile={}, answers={"Y": {"value": True}})
    with pytest.raises(msgspec.ValidationError, match="Expected `array` of length <= 0"):
        b.decode(bare, msgspec.json.encode(body | {"profile_self_declared": ["people"]}))


def test_the_schema_says_what_the_decoder_does() -> None:
    schema, components = msgspec.json.schema_components([form()], ref_template="{name}")
    body = components["ScoreRequestTest1"]
    assert schema == ({"$ref": "ScoreRequestTest1"},)
    assert body["required"] == ["methodology", "profile", "answers"]
    assert body["additionalProperties"] is False
    assert body["properties"]["methodology"] == {"enum": ["test.1"]}
    assert body["properties"]["profile_self_declared"] == {
        "type": "array",
        "items": {"enum": ["kind", "open", "people"]},
        "maxItems": 3,
        "uniqueItems": True,
        "description": "Profile fields whose values have no evidence. An indicator that does not apply only because of "
        "such a value counts as unknown.",
        "default": (),
    }
    assert components["HoursDecimalUpTo1000000Answer"] == {
        "title": "HoursDecimalUpTo1000000Answer",
        "description": "The facts of an answer, and whether it has evidence.",
        "type": "object",
        "properties": {
            "hours": {
                "type": "number",
                "minimum": 0,
                "maximum": 1_000_000,
                "$comment": "Rounded half up to 6 decimals.",
            },
            "basis": {
                "enum": ["evidenced", "self_declared"],
                "description": "Whether the answer has evidence (evidenced) or not (self_declared). Without evidence "
                "its score is at most the `self_declared_cap` of the methodology.",
                "default": "evidenced",
            },
        },
        "required": ["hours"],
        "additionalProperties": False,
    }
    supposed = components["WhatIfTest1"]["properties"]
    assert supposed["answers"] == body["properties"]["answers"] == {"$ref": "AnswersTest1"}
    answers = components["AnswersTest1"]["properties"]
    assert list(answers) == ["R1", "L1", "B1", "C1", "T1", "A1"]
    assert sorted(answers["A1"]["anyOf"], key=str) == [{"$ref": "HoursDecimalUpTo1000000Answer"}, {"type": "null"}]
    assert answers["A1"]["description"] == "indicator A1. A1?"
    assert components["ProfileTest1"]["required"] == ["people", "kind", "open"]
    assert components["ProfilePartTest1"]["required"] == []
    assert components["ProfilePartTest1"]["properties"].keys() == components["ProfileTest1"]["properties"].keys()


def test_what_types_of_a_version_are_called_and_say() -> None:
    field = b.integer_field("people")
    known = b.methodology(b.root(b.group("D", b.ratio("R"))), profile=(field,), version="2026.1-draft")
    assert format_type_suffix(known) == "2026v1Draft"
    ((name, form),) = build_profile_members(known, known.document.profile)
    assert (name, [meta.description for meta in get_args(form)[1:]][-1]) == ("people", "d (u)")
    config = build_score_request_type(known).__struct_config__
    assert (config.frozen, config.forbid_unknown_fields) == (True, True)
