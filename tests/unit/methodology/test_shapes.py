"""Indicators with the same facts share a shape, whose name says what it is and never depends on anything else."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import structs

from actitud_api.engine.methodology.model import Fact, Indicator
from actitud_api.engine.methodology.requests.answers import build_score_request_type
from actitud_api.engine.methodology.requests.shapes import Shape, find_shape
from tests.unit.scoring import builders as b

COUNTED = Fact(name="count", type="integer", minimum=0, maximum=10**12)
LISTED = Fact(name="listed", type="components")


def shape(*facts: Fact, components: tuple[str, ...] = ()) -> Shape:
    return find_shape(structs.replace(b.ratio("R"), components=components), facts)


@pytest.mark.parametrize(
    ("facts", "components", "name"),
    [
        ((COUNTED,), (), "Count"),
        ((COUNTED, structs.replace(COUNTED, name="in_all")), (), "CountInAll"),
        ((structs.replace(COUNTED, maximum=4),), (), "CountUpTo4"),
        ((structs.replace(COUNTED, minimum=-1, maximum=None),), (), "CountFromMinus1UpToAny"),
        ((structs.replace(COUNTED, minimum=None),), (), "CountFromAny"),
        ((Fact(name="hours", type="number", minimum=0, maximum=10**9),), (), "HoursDecimal"),
        ((Fact(name="hours", type="number", minimum=0, maximum=24, decimals=2),), (), "HoursDecimal2UpTo24"),
        ((Fact(name="value", type="boolean"),), (), "ValueYesNo"),
        ((LISTED,), ("c1", "c2", "c3"), "ListedC1ToC3"),
        ((LISTED,), ("c1", "c3"), "ListedC1C3"),
        ((LISTED,), ("web",), "ListedWeb"),
        ((LISTED, structs.replace(LISTED, name="outside", required=False)), ("a", "b"), "ListedOptionalOutsideAB"),
    ],
)
def test_a_name_says_what_the_shape_is(facts: tuple[Fact, ...], components: tuple[str, ...], name: str) -> None:
    assert shape(*facts, components=components).name == name


def test_a_name_that_would_be_long_ends_in_a_digest() -> None:
    names = [shape(LISTED, components=tuple(f"{word}_{n}" for n in range(40))).name for word in ("one", "two")]
    assert len(names[0]) == len(names[1]) == 60
    assert names[0][-8:] != names[1][-8:]


def test_only_the_form_of_an_answer_makes_a_shape() -> None:
    assert shape(COUNTED) == shape(structs.replace(COUNTED, set_by="service", decimals=2), components=("a", "b"))
    assert shape(LISTED, components=("a",)) != shape(LISTED, components=("b",))
    hours = Fact(name="hours", type="number")
    assert shape(hours) != shape(structs.replace(hours, decimals=2))


def request_of(version: str, *indicators: Indicator) -> type[msgspec.Struct]:
    return build_score_request_type(b.methodology(b.root(b.group("D", *indicators)), version=version))


def test_versions_share_the_types_of_their_shapes_and_name_the_texts_at_each_indicator() -> None:
    requests = [request_of("2030.1", b.ratio("R1"), b.ratio("R2")), request_of("2031.1", b.ratio("R1"), b.boolean("B"))]
    _, components = msgspec.json.schema_components(requests, ref_template="{name}")
    ratio = "NumeratorUpTo1000000DenominatorUpTo1000000Answer"
    assert {name for name in components if name.endswith("Answer")} == {ratio, "ValueYesNoAnswer"}
    answers = components["Answers2030v1"]["properties"]
    assert [member["anyOf"][0] for member in answers.values()] == [{"$ref": ratio}, {"$ref": ratio}]
    assert [member["description"].partition("?")[0] for member in answers.values()] == [
        "indicator R1. R1",
        "indicator R2. R2",
    ]
    assert "R1" not in str(components[ratio])
