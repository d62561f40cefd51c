"""Levels that nobody could reach, and gates by which whoever improves would lose a level, are defects."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from actitud_api.engine.methodology.checks.document import check_content
from actitud_api.engine.methodology.model import (
    Compare,
    Gate,
    Group,
    IndexOperand,
    Indicator,
    Level,
    Maximum,
    Minimum,
    Operand,
    Product,
    ProfileField,
    Sum,
)
from tests.unit.scoring import builders as b

SLOW = ((4, 100), (72, 0))
"""Hours, better when fewer."""
INDEX = IndexOperand()
PROFILE = (
    b.integer_field("people"),
    ProfileField(name="case", type="boolean", set_by="service", default=False),
    ProfileField(name="kind", type="enum", set_by="organisation", values=("A", "B")),
)
STAFFED = b.compare(b.field("people"), "ge", 10)


def tree(*more: Indicator) -> Group:
    """Two dimensions: a share R, a ladder L and hours H; a yes or no Y, and a ladder P of 50 points at most."""
    return b.root(
        b.group("D", b.ratio("R"), b.ladder("L"), b.amount("H", knots=SLOW)),
        b.group("E", b.boolean("Y"), b.ladder("P", points=(0, 20, 50)), *more),
    )


def found(*levels: Sequence[Compare], root: Group | None = None, published: int | None = None) -> list[tuple[str, str]]:
    """Place and message of the defects of a document with these gates at the levels above the first."""
    document = b.document(
        root or tree(),
        published=published,
        profile=PROFILE,
        levels=(
            Level(number=1, gates=()),
            *(
                Level(
                    number=number,
                    gates=tuple(Gate(id=f"L{number}.{place}", holds=holds) for place, holds in enumerate(gates)),
                )
                for number, gates in enumerate(levels, start=2)
            ),
        ),
    )
    return [(defect.pointer.removeprefix("/levels/"), defect.translate("en")) for defect in check_content(document)]


def least(*nodes: str) -> Minimum:
    return Minimum(of=tuple(b.score(node) for node in nodes))


def times(factor: float, operand: Operand) -> Product:
    return Product(of=(b.const(factor), operand))


def at_most(asked: float | int, there: float | int) -> str:
    return f"the level cannot be reached: asks for {asked}, and there can be at most {there}"


# --- what can be reached --------------------------------------------------------------------------------------

REACHABLE: list[tuple[Compare, str | None]] = [
    # a value: the last level, the whole of a part, the most that a fact may be
    (b.compare(b.value("L"), "ge", 4), None),
    (b.compare(b.value("L"), "ge", 5), at_most(5, 4)),
    (b.compare(b.value("L"), "gt", 4), at_most(4, 4)),
    (b.compare(b.value("R"), "ge", 1), None),
    (b.compare(b.value("R"), "ge", 1.01), at_most(1.01, 1)),
    # a profile field
    (b.compare(b.field("people"), "ge", b.MANY), None),
    (b.compare(b.field("people"), "ge", b.MANY + 1), at_most(b.MANY + 1, b.MANY)),
    (b.compare(b.field("people"), "eq", -1), "the level cannot be reached: asks for -1, and there is at least 0"),
    # a node: what its curve gives, and what its children can give it together
    (b.compare(b.score("P"), "ge", 50), None),
    (b.compare(b.score("P"), "ge", 51), at_most(51, 50)),
    (b.compare(b.score("E"), "ge", 75), None),  # (100 + 50) / 2
    (b.compare(b.score("E"), "ge", 76), at_most(76, 75)),
    (b.compare(INDEX, "ge", 87.5), None),  # (100 + 75) / 2
    (b.compare(INDEX, "ge", 87.51), at_most(87.51, 87.5)),
    # combined
    (b.compare(least("D", "P"), "ge", 50), None),
    (b.compare(least("D", "P"), "ge", 60), at_most(60, 50)),
    (b.compare(Maximum(of=(b.score("D"), b.score("P"))), "ge", 100), None),
    (b.compare(Sum(of=(b.score("D"), b.score("P"))), "ge", 150), None),
    (b.compare(Sum(of=(b.score("D"), b.score("P"))), "ge", 151), at_most(151, 150)),
    (b.compare(times(0.5, b.score("D")), "ge", 50), None),
    (b.compare(times(0.5, b.score("D")), "ge", 50.5), at_most(50.5, 50)),
    (b.compare(times(-1, b.value("H")), "ge", 0), None),
    (b.compare(times(-1, b.value("H")), "ge", 1), at_most(1, 0)),
]


@pytest.mark.parametrize(("holds", "message"), REACHABLE)
def test_a_gate_asks_for_what_can_be_there(holds: Compare, message: str | None) -> None:
    assert found([holds]) == ([] if message is None else [("1/gates/0", message)])


def test_what_may_leave_does_not_hold_a_node_down() -> None:
    """Where P may leave, E can be its Y alone: 100. With a further indicator that stays it is (100 + 25) / 2."""
    leaving = b.root(b.group("E", b.boolean("Y"), b.ladder("P", points=(0, 20, 50), applies=STAFFED)))
    assert found([b.compare(b.score("E"), "ge", 100)], root=leaving) == []
    staying = b.root(
        b.group("E", b.boolean("Y"), b.ladder("P", points=(0, 20, 50), applies=STAFFED), b.ladder("Q", points=(0, 25)))
    )
    assert found([b.compare(b.score("E"), "ge", 62.5)], root=staying) == []
    assert found([b.compare(b.score("E"), "ge", 62.51)], root=staying) == [("1/gates/0", at_most(62.51, 62.5))]


def test_what_leaves_when_unknown_does_not_hold_a_node_down() -> None:
    group = b.group("E", b.boolean("Y"), b.ladder("P", points=(0, 20, 50)), missing="leave")
    assert found([b.compare(b.score("E"), "ge", 100)], root=b.root(group)) == []


def test_the_least_child_that_stays_holds_a_min_down() -> None:
    """The best of a min is the worst of its children; of a sum, their sum, over its own range."""
    worst = b.group("E", b.boolean("Y"), b.ladder("P", points=(0, 50)), aggregation="min")
    assert found([b.compare(b.score("E"), "ge", 50)], root=b.root(worst)) == []
    assert found([b.compare(b.score("E"), "ge", 51)], root=b.root(worst)) == [("1/gates/0", at_most(51, 50))]
    summed = b.group("S", b.boolean("Y"), b.ladder("P", points=(0, 50)), aggregation="sum", span=(0, 200))
    assert found([b.compare(b.score("S"), "ge", 150)], root=summed) == []
    assert found([b.compare(b.score("S"), "ge", 151)], root=summed) == [("1/gates/0", at_most(151, 150))]


def test_other_means_are_at_most_their_best_child() -> None:
    mean = b.group("E", b.ladder("P", points=(0, 50)), aggregation="geometric")
    assert found([b.compare(b.score("E"), "ge", 50)], root=b.root(mean)) == []
    assert found([b.compare(b.score("E"), "ge", 51)], root=b.root(mean)) == [("1/gates/0", at_most(51, 50))]


def test_the_index_is_the_published_one() -> None:
    """87.5 internally; published without decimals, half up, 88."""
    assert found([b.compare(INDEX, "ge", 88)], published=0) == []
    assert found([b.compare(INDEX, "ge", 89)], published=0) == [("1/gates/0", at_most(89, 88))]


def test_a_log_normal_curve_reaches_the_end_of_its_range() -> None:
    """Its goalposts score 90 and 50, and the curve goes on to 100."""
    curve = msgspec.structs.replace(b.amount("X", knots=((10, 90), (20, 50))).curve, kind="lognormal")
    indicator = msgspec.structs.replace(b.amount("X"), curve=curve, direction="lower_is_better")
    assert found([b.compare(b.score("X"), "ge", 100)], root=b.root(b.group("D", indicator))) == []


# --- which way -----------------------------------------------------------------------------------------------

LESS = "asks for more of what is better when it is less"
EXACTLY = "asks for exactly what is not the best: whoever improves would lose the level"
DEPENDS = "what it asks for depends on a score, a value or the index"

MONOTONE: list[tuple[Compare, str | None]] = [
    (b.compare(b.value("H"), "ge", 24), LESS),
    (b.compare(times(-1, b.value("H")), "ge", -24), None),  # at most 24 hours
    (b.compare(times(-1, b.score("D")), "ge", -24), LESS),
    (b.compare(Sum(of=(b.score("D"), b.value("H"))), "ge", 24), LESS),
    (b.compare(Minimum(of=(b.score("D"), b.value("H"))), "ge", 24), LESS),
    (b.compare(Product(of=(b.score("D"), b.value("R"))), "ge", 24), None),
    (b.compare(Product(of=(b.score("D"), Sum(of=(b.value("R"), b.const(-0.5))))), "ge", 24), LESS),
    # hours count more the less there is of R - 1, which is never above 0, and either way of R - 0.5
    (b.compare(Product(of=(b.value("H"), Sum(of=(b.value("R"), b.const(-1))))), "ge", -24), None),
    (b.compare(Product(of=(b.value("H"), Sum(of=(b.value("R"), b.const(-0.5))))), "ge", -24), LESS),
    (b.compare(b.value("Y"), "eq", True), None),
    (b.compare(b.value("Y"), "eq", False), EXACTLY),
    (b.compare(b.value("L"), "eq", 4), None),
    (b.compare(b.value("L"), "eq", 3), EXACTLY),
    (b.compare(INDEX, "eq", 50), EXACTLY),
    (b.compare(b.score("P"), "eq", 50), None),
    (b.compare(b.value("H"), "eq", 0), None),
    (b.compare(b.value("H"), "eq", 4), EXACTLY),
    (b.compare(b.score("D"), "ge", b.score("E")), DEPENDS),
    (b.compare(b.const(20), "ge", INDEX), DEPENDS),
    # the profile is neither better nor worse
    (b.compare(b.field("people"), "eq", 5), None),
    (b.compare(b.field("case"), "eq", True), None),
    (b.compare(b.field("kind"), "eq", "B"), None),
    (b.compare(b.score("D"), "ge", b.field("people")), None),
]


@pytest.mark.parametrize(("holds", "message"), MONOTONE)
def test_whoever_improves_keeps_what_a_gate_gave(holds: Compare, message: str | None) -> None:
    assert [told for _, told in found([holds])] == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("knots", "message"),
    [
        (((0, 0), (1, 0), (2, 100)), None),
        (((0, 0), (1, 100), (2, 100)), None),
        (((0, 100), (1, 100), (2, 0)), LESS),
        (((0, 100), (1, 0), (2, 0)), LESS),
    ],
)
def test_a_curve_goes_the_way_of_its_ends_however_flat_it_is_between(knots: b.Knots, message: str | None) -> None:
    root = b.root(b.group("D", b.amount("X", knots=knots)))
    holds = b.compare(b.value("X"), "ge", 1)
    assert [told for _, told in found([holds], root=root)] == ([] if message is None else [message])


# --- levels together ------------------------------------------------------------------------------------------


def less(asked: float | int, before: float | int, gate: str = "L2.0") -> str:
    return f"asks for less ({asked}) than a lower level ({before}, in {gate})"


def contradicts(gate: str = "L2.0") -> str:
    return f"the level cannot be reached: contradicts {gate}"


D, E = b.score("D"), b.score("E")
TOGETHER: list[tuple[Compare, Compare, str | None]] = [
    (b.compare(INDEX, "ge", 40), b.compare(INDEX, "ge", 40), None),
    (b.compare(INDEX, "ge", 40), b.compare(INDEX, "ge", 39), less(39, 40)),
    (b.compare(INDEX, "gt", 40), b.compare(INDEX, "ge", 40), less(40, 40)),
    (b.compare(INDEX, "ge", 40), b.compare(INDEX, "gt", 40), None),
    (b.compare(b.value("L"), "ge", 3), b.compare(b.value("L"), "ge", 2), less(2, 3)),
    (b.compare(b.value("R"), "ge", 0.65), b.compare(b.value("R"), "ge", 0.38), less(0.38, 0.65)),
    (b.compare(b.field("people"), "ge", 10), b.compare(b.field("people"), "ge", 5), less(5, 10)),
    # a least, in any order, in whole and in part
    (b.compare(least("D", "E"), "ge", 40), b.compare(least("E", "D"), "ge", 30), less(30, 40)),
    (b.compare(least("D", "E"), "ge", 40), b.compare(D, "ge", 30), less(30, 40)),
    (b.compare(least("D", "E"), "ge", 40), b.compare(D, "ge", 50), None),
    (b.compare(least("D", "E"), "ge", 40), b.compare(least("D", "P"), "ge", 30), None),
    (b.compare(D, "ge", 40), b.compare(least("D", "E"), "ge", 30), None),
    # at most so many hours
    (b.compare(times(-1, b.value("H")), "ge", -24), b.compare(times(-1, b.value("H")), "ge", -48), less(-48, -24)),
    (b.compare(times(-1, b.value("H")), "ge", -24), b.compare(times(-2, b.value("H")), "ge", -24), None),
    (b.compare(times(2, D), "ge", 80), b.compare(D, "ge", 39), less(39, 40)),
    # a sum in any order, a product of constants, and a product of two scores, which is neither of them
    (b.compare(Sum(of=(D, E)), "ge", 80), b.compare(Sum(of=(E, D)), "ge", 79), less(79, 80)),
    (b.compare(Product(of=(b.const(2), b.const(3), D)), "ge", 240), b.compare(D, "ge", 39), less(39, 40)),
    (b.compare(Product(of=(b.const(2), b.const(3), D)), "ge", 240), b.compare(D, "ge", 40), None),
    (b.compare(D, "ge", 60), b.compare(Product(of=(D, E)), "ge", 50), None),
    # of the profile anything may be asked, but not two things at once
    (b.compare(b.field("case"), "eq", False), b.compare(b.field("case"), "eq", False), None),
    (b.compare(b.field("case"), "eq", False), b.compare(b.field("case"), "eq", True), contradicts()),
    (b.compare(b.field("kind"), "eq", "A"), b.compare(b.field("kind"), "eq", "B"), contradicts()),
    (b.compare(b.field("people"), "eq", 5), b.compare(b.field("people"), "eq", 6), contradicts()),
    (b.compare(b.field("people"), "ge", 5), b.compare(b.field("people"), "eq", 5), None),
    (b.compare(b.field("people"), "ge", 6), b.compare(b.field("people"), "eq", 5), contradicts()),
    (b.compare(b.field("people"), "gt", 5), b.compare(b.field("people"), "eq", 5), contradicts()),
    (b.compare(b.field("people"), "eq", 5), b.compare(b.field("people"), "ge", 6), contradicts()),
    (
        b.compare(times(-1, b.field("people")), "ge", -50),
        b.compare(b.field("people"), "ge", 51),
        contradicts(),
    ),
    (b.compare(times(-1, b.field("people")), "ge", -50), b.compare(b.field("people"), "ge", 50), None),
    (b.compare(b.field("people"), "eq", 5), b.compare(times(-1, b.field("people")), "ge", -5), None),
]


@pytest.mark.parametrize(("lower", "higher", "message"), TOGETHER)
def test_a_level_asks_for_no_less_than_those_below_it_and_contradicts_none(
    lower: Compare, higher: Compare, message: str | None
) -> None:
    assert found([lower], [higher]) == ([] if message is None else [("2/gates/0", message)])


def test_a_least_of_what_is_asked_of_each_is_asked_already() -> None:
    each = [b.compare(D, "ge", 40), b.compare(E, "ge", 50)]
    assert found(each, [b.compare(least("D", "E"), "ge", 40)]) == []
    assert found(each, [b.compare(least("D", "E"), "ge", 39)]) == [("2/gates/0", less(39, 40))]


def test_a_lower_level_is_every_lower_level() -> None:
    assert found([b.compare(D, "ge", 40)], [b.compare(E, "ge", 10)], [b.compare(D, "ge", 39)]) == [
        ("3/gates/0", less(39, 40))
    ]
    assert found([b.compare(D, "ge", 40)], [b.compare(D, "ge", 50)], [b.compare(D, "ge", 45)]) == [
        ("3/gates/0", less(45, 50, "L3.0"))
    ]


def test_what_a_lower_level_asks_stays_asked_whatever_stands_beside_it_or_between() -> None:
    """The most that is asked counts, and the first gate that asks it is named."""
    assert found([b.compare(D, "ge", 40), b.compare(D, "ge", 20)], [b.compare(D, "ge", 30)]) == [
        ("2/gates/0", less(30, 40))
    ]
    assert found([b.compare(b.value("Y"), "eq", True)], [b.compare(D, "ge", 10)], [b.compare(D, "ge", 9)]) == [
        ("3/gates/0", less(9, 10, "L3.0"))
    ]
    kind = [[b.compare(b.field("kind"), "eq", "A")], [b.compare(D, "ge", 10)], [b.compare(b.field("kind"), "eq", "B")]]
    assert found(*kind) == [("3/gates/0", contradicts())]
    people = [[b.compare(b.field("people"), "ge", 5)]] * 2
    assert found(*people, [b.compare(times(-1, b.field("people")), "ge", -4)]) == [("3/gates/0", contradicts())]


def test_within_a_level_gates_may_repeat_each_other_but_not_contradict() -> None:
    assert found([b.compare(D, "ge", 40), b.compare(least("D", "E"), "ge", 20)]) == []
    gates = [b.compare(b.field("kind"), "eq", "A"), b.compare(b.field("kind"), "eq", "B")]
    assert found(gates) == [("1/gates/1", contradicts())]


def test_a_gate_that_names_nothing_known_is_one_defect() -> None:
    assert found([b.compare(b.value("Z"), "ge", 5)]) == [("1/gates/0/holds", "'Z' is not an indicator")]


def test_a_document_that_is_broken_elsewhere_is_still_judged() -> None:
    """No goalposts, no bounds, no children: what a gate can reach is then not known, and nothing else fails."""
    bare = b.ladder("L")
    bare = msgspec.structs.replace(bare, curve=msgspec.structs.replace(bare.curve, goalposts=()), facts=())
    document = b.document(
        b.root(b.group("D", bare), b.group("E")),
        levels=(
            Level(number=1, gates=()),
            Level(number=2, gates=(Gate(id="G", holds=b.compare(b.score("E"), "ge", 10)),)),
            Level(number=3, gates=(Gate(id="H", holds=b.compare(b.score("L"), "ge", 10)),)),
        ),
    )
    places = {defect.pointer for defect in check_content(document)}
    assert "/root/children/1/children" in places
    assert not any(place.startswith("/levels") for place in places)
