"""The columns of facts: their types, what they take, and what they refuse."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import ProfileField, Scalar
from actitud_api.engine.scoring.columns import (
    NO_LIMIT,
    Columns,
    DefectiveColumns,
    build_columns,
    build_columns_from_arrays,
)
from actitud_api.engine.scoring.columns.table import narrow_integers
from actitud_api.engine.scoring.compile import compile_methodology
from tests.unit.methodology.planting import methodology
from tests.unit.scoring import builders as b

PEOPLE, KIND, OPEN, BEFORE, ERRORS, NUMERATOR, DENOMINATOR, LEVEL, VALUE, LIST, COUNT, T1, A1 = range(13)


def given(**changed: object) -> dict[str, Any]:
    """What `columns_from` takes by keyword, for three rows."""
    arrays: dict[str, Any] = {
        "profile": {
            "people": [1, 300, 70_000],
            "kind": [1, 0, 1],
            "open": np.array([True, False, True]),
            "before": [7, 2, 3],
            "errors": np.array([0, 200, 1], np.uint8),
        },
        "answers": {
            "R1": {"numerator": [1, 2, 9], "denominator": [2, 4, 9]},
            "L1": {"level": [0, 3, 4]},
            "B1": {"value": np.array([True, True, False])},
            "C1": {"components": [0b101, 0b111, 0b010]},
            "T1": {"hours": [10**10, 0, 5]},
        },
    }
    return arrays | changed


def made(**changed: object) -> Columns:
    return build_columns_from_arrays(methodology(), 3, **given(**changed))


def listed(array: NDArray[np.generic] | None) -> list[Any]:
    assert array is not None
    return cast("list[Any]", array.tolist())


def test_each_fact_takes_the_narrowest_type() -> None:
    columns = made()
    assert [fact.dtype for fact in columns.facts] == [
        np.int32, np.int8, np.int8, np.int8, np.int16, np.int8, np.int8, np.int8, np.int8, np.int8, np.int8, np.int64,
        np.int8
    ]  # fmt: skip
    assert columns.facts[OPEN].tolist() == [1, 0, 1]
    assert columns.facts[COUNT].tolist() == [2, 3, 1]
    assert columns.facts[A1].tolist() == [0, 0, 0]
    assert columns.extent[PEOPLE] == (1, 70_000)
    assert columns.extent[T1] == (0, 10**10)
    assert columns.present.tolist() == [[True] * 3] * 5 + [[False] * 3]
    assert (columns.nulls, columns.level_sent, columns.profile_self_declared) == ({}, {}, {})
    assert (columns.self_declared, columns.set_aside, columns.max_level) == (None, None, None)
    # three rows of 12 whole numbers of 1, 1, … bytes: 4 + 1·10 + 2 + 8; and six marks of presence
    assert columns.nbytes == 3 * (4 + 10 + 2 + 8) + 18


def test_what_is_absent_or_null_is_0() -> None:
    columns = made(
        nulls={"before": np.array([True, False, False])},
        present={"L1": np.array([False, True, True]), "B1": np.zeros(3, np.bool_)},
        set_aside={"C1": [0, 3, 0], "R1": np.zeros(3, np.int8)},
        self_declared={"L1": np.array([False, False, True]), "B1": np.zeros(3, np.bool_)},
        profile_self_declared={"open": np.array([True, False, False]), "kind": np.zeros(3, np.bool_)},
        level_caps={"L1": [9, 2, NO_LIMIT]},
        max_level=[NO_LIMIT, 2, 1],
    )
    assert columns.facts[BEFORE].tolist() == [0, 2, 3]
    assert {slot: mark.tolist() for slot, mark in columns.nulls.items()} == {BEFORE: [True, False, False]}
    assert columns.present.tolist() == [
        [True] * 3, [False, True, True], [False] * 3, [True, False, True], [True] * 3, [False] * 3
    ]  # fmt: skip
    assert columns.facts[LIST].tolist() == [0b101, 0, 0b010]
    assert columns.facts[COUNT].tolist() == [2, 0, 1]
    assert columns.facts[LEVEL].tolist() == [0, 2, 4]
    assert {position: levels.tolist() for position, levels in columns.level_sent.items()} == {1: [0, 3, 4]}
    assert listed(columns.self_declared) == [[False] * 3, [False, False, True], *[[False] * 3] * 4]
    assert listed(columns.set_aside) == [[0] * 3] * 3 + [[0, 3, 0]] + [[0] * 3] * 2
    assert {slot: mark.tolist() for slot, mark in columns.profile_self_declared.items()} == {OPEN: [True, False, False]}
    assert columns.max_level is not None
    assert columns.max_level.tolist() == [NO_LIMIT, 2, 1]
    # 72 of facts less 9 where before, levels sent … are marks: three nulls, three levels, three fields, 12 of levels
    assert columns.nbytes == 72 + 18 + 18 + 18 + 3 + 3 + 3 + 3 * columns.max_level.itemsize
    taken = columns.take(np.array([2, 0, 2]))
    assert taken.rows == 3
    assert taken.facts[LEVEL].tolist() == [4, 0, 4]
    assert taken.extent[LEVEL] == (0, 4)
    assert taken.extent[PEOPLE] == (1, 70_000)
    assert taken.present[1].tolist() == [True, False, True]
    assert taken.nulls[BEFORE].tolist() == [False, True, False]
    assert taken.level_sent[1].tolist() == [4, 0, 4]
    assert taken.profile_self_declared[OPEN].tolist() == [False, True, False]
    assert listed(taken.self_declared)[1] == [True, False, True]
    assert listed(taken.set_aside)[3] == [0, 0, 0]
    assert listed(taken.max_level) == [1, NO_LIMIT, 1]
    nobody = made().take(np.array([1]))
    assert (nobody.self_declared, nobody.set_aside, nobody.max_level) == (None, None, None)
    assert made(level_caps={"L1": [4, 3, 9]}).level_sent == {}
    assert made(max_level=[NO_LIMIT] * 3).max_level is None


def test_arrays_are_copied() -> None:
    people, nulls = np.array([1, 2, 3], np.int8), np.array([False, True, False])
    arrays = given(nulls={"before": nulls})
    arrays["profile"]["people"] = people
    columns = build_columns_from_arrays(methodology(), 3, **arrays)
    people[0], nulls[0] = 9, True
    assert columns.facts[PEOPLE].tolist() == [1, 2, 3]
    assert columns.nulls[BEFORE].tolist() == [False, True, False]


def with_profile(name: str, value: object) -> dict[str, Any]:
    return {"profile": given()["profile"] | {name: value}}


def with_answer(name: str, facts: dict[str, object]) -> dict[str, Any]:
    return {"answers": given()["answers"] | {name: facts}}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (with_profile("kind", [0, 2, 1]), "profile kind: a code is not one of its 2 values"),
        (with_profile("kind", [0, -1, 1]), "profile kind: a code is not one of its 2 values"),
        (with_profile("people", [1, 2]), "profile people: has the shape (2,), not (3,)"),
        (with_profile("people", [1.5, 2, 3]), "profile people: is not an array of integers or booleans"),
        (with_profile("people", ["1", "2", "3"]), "profile people: is not an array of integers or booleans"),
        (
            with_profile("people", np.array([1, None, 3], object)),
            "profile people: is not an array of integers or booleans",
        ),
        (with_profile("people", np.array([2**63, 2, 3], object)), "profile people: goes beyond 64 bits"),
        (with_profile("persons", [1, 2, 3]), "profile: persons is not in the document"),
        ({"nulls": {"people": np.array([True, False, False])}}, "nulls of people: the field is never null"),
        ({"nulls": {"before": [1, 0, 0]}}, "nulls of before: is not an array of booleans"),
        ({"nulls": {"before": np.array([True])}}, "nulls of before: has the shape (1,), not (3,)"),
        ({"nulls": {"X": np.ones(3, np.bool_)}}, "nulls: X is not in the document"),
        ({"present": {"X": np.ones(3, np.bool_)}}, "present: X is not in the document"),
        ({"present": {"L1": [1, 1, 1]}}, "present of L1: is not an array of booleans"),
        ({"self_declared": {"X": np.ones(3, np.bool_)}}, "self_declared: X is not in the document"),
        ({"self_declared": {"L1": [1, 1, 1]}}, "self_declared of L1: is not an array of booleans"),
        ({"profile_self_declared": {"X": np.ones(3, np.bool_)}}, "profile_self_declared: X is not in the document"),
        ({"profile_self_declared": {"open": [1, 1, 1]}}, "profile_self_declared of open: is not an array of booleans"),
        ({"set_aside": {"X": [1, 1, 1]}}, "set_aside: X is not in the document"),
        ({"set_aside": {"L1": [0, 4, 0]}}, "set_aside of L1: a code is not one of 0 to 3"),
        ({"set_aside": {"L1": [0, -1, 0]}}, "set_aside of L1: a code is not one of 0 to 3"),
        ({"set_aside": {"L1": [0, 1]}}, "set_aside of L1: has the shape (2,), not (3,)"),
        ({"level_caps": {"X": [1, 1, 1]}}, "level_caps: X is not in the document"),
        ({"level_caps": {"L1": [0, -1, 0]}}, "level_caps of L1: is negative"),
        ({"level_caps": {"L1": [0.5, 1, 0]}}, "level_caps of L1: is not an array of integers or booleans"),
        ({"max_level": [1, 2]}, "max_level: has the shape (2,), not (3,)"),
        (with_answer("X", {}), "answers: X is not in the document"),
        (with_answer("R1", {"numerator": [1, 1, 1]}), "answers: R1 denominator is missing"),
        (with_answer("L1", {"level": [1, 1, 1], "grade": [1, 1, 1]}), "answers to L1: grade is not in the document"),
        (with_answer("L1", {"level": [0, 5, 0]}), "L1 level: a level is not one of 0 to 4"),
        (with_answer("L1", {"level": [0, -1, 0]}), "L1 level: a level is not one of 0 to 4"),
        (with_answer("B1", {"value": [0, 2, 0]}), "B1 value: is not yes (1) or no (0)"),
        (with_answer("B1", {"value": [0, -1, 0]}), "B1 value: is not yes (1) or no (0)"),
        (with_answer("C1", {"components": [8, 0, 0]}), "C1 components: a bit stands for no component"),
        (with_answer("C1", {"components": [-1, 0, 0]}), "C1 components: a bit stands for no component"),
        (with_answer("T1", {"hours": np.array([2**70, 0, 0], object)}), "T1 hours: goes beyond 64 bits"),
    ],
)
def test_what_is_not_of_the_document_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DefectiveColumns) as caught:
        made(**changed)
    assert str(caught.value) == message


def test_a_field_has_to_be_there() -> None:
    profile = given()["profile"]
    del profile["open"]
    with pytest.raises(DefectiveColumns, match=r"^profile: open is missing$"):
        made(profile=profile)


def test_nobody_is_no_defect() -> None:
    columns = build_columns(methodology(), [])
    assert (columns.rows, columns.extent) == (0, ((0, 0),) * 13)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([-128, 127], np.int8),
        ([-129, 0], np.int16),
        ([0, 128], np.int16),
        ([-(2**15), 2**15 - 1], np.int16),
        ([0, 2**15], np.int32),
        ([-(2**31), 2**31 - 1], np.int32),
        ([-(2**31) - 1, 0], np.int64),
        ([0, 2**63 - 1], np.int64),
        ([0, 2**63], object),
        ([], np.int8),
    ],
)
def test_the_narrowest_type(values: list[int], kind: type) -> None:
    column = narrow_integers(np.array(values, object))
    assert column.dtype == np.dtype(kind)
    assert column.tolist() == values


def test_the_columns_of_submissions() -> None:
    """A number in millionths, a list as bits, a value by its place; and of those without an answer 0."""
    profile: dict[str, Scalar | None] = {"people": 5, "kind": "region", "open": False, "before": None, "errors": 3}
    sent = b.submit(
        {"C1": {"components": ("three", "one", "one")}, "T1": {"hours": 0.0000015}, "B1": {"value": True}},
        profile,
        self_declared=("B1", "not there"),
        profile_self_declared=("people", "not there"),
        set_aside={"T1": "rejected", "not there": "stale"},
        level_caps={"L1": 3},
        max_level=2,
    )
    empty = b.submit({}, profile | {"before": 2})
    columns = build_columns(methodology(), [sent, empty])
    assert [fact.tolist() for fact in columns.facts] == [
        [5, 5], [1, 1], [0, 0], [0, 2], [3, 3], [0, 0], [0, 0], [0, 0], [1, 0], [0b101, 0], [2, 0], [0, 0], [0, 0]
    ]  # fmt: skip
    assert columns.present.tolist() == [
        [False, False], [False, False], [True, False], [True, False], [False, False], [False, False]
    ]  # fmt: skip
    assert listed(columns.set_aside)[4] == [2, 0]
    assert listed(columns.self_declared)[2] == [True, False]
    assert {slot: mark.tolist() for slot, mark in columns.profile_self_declared.items()} == {PEOPLE: [True, False]}
    assert {slot: mark.tolist() for slot, mark in columns.nulls.items()} == {BEFORE: [True, False]}
    assert listed(columns.max_level) == [2, NO_LIMIT]
    plain = build_columns(methodology(), [b.submit({"T1": {"hours": 0.0000015}}, profile)])
    assert plain.facts[T1].tolist() == [2]
    with pytest.raises(DefectiveColumns, match=r"^profile kind: 'city' is not one of its values$"):
        build_columns(
            methodology(), [b.submit({}, profile | {"kind": "city"}), b.submit({}, profile | {"kind": "town"})]
        )


def test_large_integers_keep_every_digit() -> None:
    """2^53 + 1 is no float64; beyond 64 bits is refused, whatever stands beside it."""
    columns = made(**with_answer("T1", {"hours": np.array([2**53 + 1, 0, 1])}))
    assert columns.facts[T1].tolist() == [2**53 + 1, 0, 1]
    profile: dict[str, Scalar | None] = {"people": 2**63, "kind": "region", "open": False, "before": None, "errors": 3}
    with pytest.raises(DefectiveColumns, match=r"^profile people: goes beyond 64 bits$"):
        build_columns(methodology(), [b.submit({}, profile), b.submit({}, profile | {"people": -1})])


def test_what_may_be_left_out_of_an_answer() -> None:
    """Nothing is outside the remit where nothing is sent; an enum that the service has not set is 0."""
    checklist = b.checklist("C1", 1, ("one", "two"), ((0, 0), (2, 100)))
    kind = ProfileField(name="kind", type="enum", set_by="service", values=("town", "region"), nullable=True)
    tree = b.root(b.group("D", msgspec.structs.replace(checklist, facts=(*checklist.facts, b.OUTSIDE))))
    known = b.methodology(tree, profile=(kind,))
    rows = [
        b.submit({"C1": {"components": ("two",)}}, {"kind": None}),
        b.submit({"C1": {"components": ("two",), "outside_remit": ("one",)}}, {"kind": "region"}),
    ]
    columns = build_columns(known, rows)
    layout = compile_methodology(known).layout
    assert columns.facts[layout.profile["kind"]].tolist() == [0, 1]
    assert columns.facts[layout.facts["C1", "outside_remit"]].tolist() == [0, 1]
    assert columns.facts[layout.facts["C1", "outside_count"]].tolist() == [0, 1]
    facts = {"components": [0b10, 0b10]}
    alone = build_columns_from_arrays(known, 2, profile={"kind": [0, 1]}, answers={"C1": facts})
    assert alone.facts[layout.facts["C1", "outside_remit"]].tolist() == [0, 0]
    both = build_columns_from_arrays(
        known, 2, profile={"kind": [0, 1]}, answers={"C1": facts | {"outside_remit": [0, 1]}}
    )
    assert both.facts[layout.facts["C1", "outside_remit"]].tolist() == [0, 1]


SIZED = b.methodology(
    b.root(
        b.group(
            "D",
            # it asks for nothing: its value is in the profile
            msgspec.structs.replace(
                b.amount("Z", knots=((0, 0), (10, 100))),
                facts=(),
                value=b.field("size"),
                step=None,
                type="quantity",
            ),
            b.ladder("L"),
            b.checklist("C", 1, tuple(f"c{number}" for number in range(70)), ((0, 0), (70, 100))),
        )
    ),
    profile=(
        ProfileField(name="size", type="number", set_by="organisation", minimum=0, maximum=9),
        ProfileField(name="area", type="number", set_by="service", minimum=0, maximum=9, nullable=True),
    ),
)


def test_numbers_of_the_profile_lists_of_many_and_levels_that_are_capped_at_0() -> None:
    """Numbers in millionths; of 70 elements the last is bit 69."""
    columns = build_columns(
        SIZED,
        [
            b.submit(
                {"L": {"level": 3}, "C": {"components": ("c69", "c1")}},
                {"size": 2.5, "area": None},
                level_caps={"L": 0},
            ),
            b.submit({"L": {"level": 4}}, {"size": 0, "area": 0.125}, level_caps={"L": 4}),
        ],
    )
    layout = compile_methodology(SIZED).layout
    assert columns.methodology is SIZED
    assert columns.take(np.array([1])).methodology is SIZED
    facts = {name: columns.facts[slot].tolist() for name, slot in layout.profile.items()}
    assert facts == {"size": [2_500_000, 0], "area": [0, 125_000]}
    assert columns.nulls[layout.profile["area"]].tolist() == [True, False]
    assert columns.facts[layout.facts["L", "level"]].tolist() == [0, 4]
    assert columns.facts[layout.facts["C", "components"]].tolist() == [2**69 + 2, 0]
    assert columns.facts[layout.facts["C", "count"]].tolist() == [2, 0]
    assert columns.present.tolist() == [[True, True], [True, True], [True, False]]


def test_one_reason_for_all() -> None:
    rows = build_columns_from_arrays(
        SIZED,
        2,
        profile={"size": [1, 2], "area": [1, 2]},
        answers={"L": {"level": [1, 2]}},
        set_aside={"L": [2, 2]},
    )
    assert listed(rows.set_aside) == [[0, 0], [2, 2], [0, 0]]
    assert rows.present.tolist() == [[True, True], [False, False], [False, False]]
