"""What a methodology comes to before anybody is scored: slots, bounds, who reads what, and which shapes are simple."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import msgspec
import pytest

from actitud_api.methodology.model import (
    Compare,
    Fact,
    Gate,
    Group,
    Implies,
    IndexOperand,
    Indicator,
    Level,
    Minimum,
    Operand,
    Present,
    Product,
    ProfileField,
    Quotient,
    Range,
    Rule,
    Sum,
)
from actitud_api.methodology.predicates import NULL, Evaluated, Facts, Number
from actitud_api.scoring.plan import (
    KEPT,
    CompiledIndicator,
    OtherFacts,
    Plan,
    compile_gate,
    load_facts,
    plan_of,
    power_mean,
    quantised,
    without_rules,
)
from tests.calling import calls_of
from tests.methodology.planting import methodology
from tests.scoring import builders as b


@cache
def small() -> Plan:
    return plan_of(methodology())


def named(plan: Plan, name: str) -> CompiledIndicator:
    return plan.leaves[plan.positions[name]]


def whole(goalposts: Sequence[tuple[Fraction, int]]) -> list[tuple[float, int]]:
    return [(float(x), units) for x, units in goalposts]


def test_the_leaves_of_the_small_methodology() -> None:
    """R1, L1 and B1 in D1; C1, T1 and, below D2.1, A1 in D2; L1 is 0 by rule of B1."""
    leaves = small().leaves
    assert small().positions == {"R1": 0, "L1": 1, "B1": 2, "C1": 3, "T1": 4, "A1": 5}
    assert [leaf.position for leaf in leaves] == [0, 1, 2, 3, 4, 5]
    assert [leaf.present for leaf in leaves] == [5, 7, 8, 9, 11, 12]
    assert [(leaf.slots.start, leaf.slots.stop) for leaf in leaves] == [
        (5, 7), (7, 8), (8, 9), (9, 11), (11, 12), (12, 13)
    ]  # fmt: skip
    assert leaves[0].facts == (("numerator", 5), ("denominator", 6))
    assert leaves[3].facts == (("components", 9),)
    assert {(leaf.low, leaf.high, leaf.best, leaf.cap, leaf.unknown) for leaf in leaves} == {
        (0, 10_000, 10_000, 5_000, 0)
    }
    assert [leaf.applies is None for leaf in leaves] == [False, True, True, True, True, True]
    assert [leaf.zero_when is None for leaf in leaves] == [True, False, True, True, True, True]
    assert [leaf.quotient for leaf in leaves] == [(5, 6), (7, None), (8, None), (10, None), None, (12, None)]
    assert [leaf.ripples for leaf in leaves] == [(), (), (1,), (), (), ()]
    assert [leaf.rising for leaf in leaves] == [True, True, True, True, False, True]
    assert whole(leaves[4].goalposts) == [(2, 9000), (4, 5000)]
    assert whole(leaves[4].ascent) == [(4, 5000), (2, 9000)]
    assert whole(leaves[5].goalposts) == whole(leaves[5].ascent) == [(1, 0), (10, 10_000)]
    assert [leaf.share for leaf in leaves] == [True, False, False, False, False, False]
    assert [leaf.path for leaf in leaves[2:4]] == [("D1", "index"), ("D2", "index")]
    assert [leaf.places for leaf in leaves] == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (0, 2, 1)]
    assert leaves[5].path == ("D2.1", "D2", "index")
    assert {leaf.counts for leaf in leaves} == {True}
    assert {(leaf.circular, leaf.field, leaf.reads, leaf.fields) for leaf in leaves} == {(False, None, (), ())}
    assert all(leaf.borrows == {} and leaf.declarable == {} for leaf in leaves)


def test_the_groups_of_the_small_methodology() -> None:
    groups = small().groups
    assert list(groups) == ["D1", "D2.1", "D2", "index"]
    assert [group.names for group in groups.values()] == [
        ("R1", "L1", "B1"), ("A1",), ("C1", "T1", "D2.1"), ("D1", "D2")
    ]  # fmt: skip
    assert [group.weights for group in groups.values()] == [(2, 1, 1), (1,), (1, 3, 1), (2, 1)]
    assert [group.total for group in groups.values()] == [4, 1, 5, 3]
    assert [group.span for group in groups.values()] == [slice(0, 3), slice(5, 6), None, None]
    assert {(group.complete, group.low, group.high) for group in groups.values()} == {(True, 0, 10_000)}
    assert [group.unknown for group in groups.values()] == [0, 0, 0, -1]
    assert small().root is groups["index"]
    assert groups["D2"].children == (3, 4, groups["D2.1"])


@pytest.mark.parametrize(
    ("group", "complete", "plain"),
    [
        (b.group("D", b.points("A"), b.points("B", 3)), True, True),
        (b.group("D", b.points("A"), b.points("B", 0)), False, False),
        (b.group("D", b.points("A"), b.points("B"), missing="leave"), True, True),
        (b.group("D", b.points("A"), b.points("B"), missing="void"), True, False),
        (b.group("D", b.points("A"), b.points("B"), aggregation="geometric"), True, False),
    ],
)
def test_a_plain_group_is_the_mean_of_children_that_all_count(group: Group, complete: bool, plain: bool) -> None:
    found = plan_of(b.read(b.document(b.root(group)))).groups["D"]
    assert (found.complete, found.plain) == (complete, plain)


def test_the_rest_of_the_small_methodology() -> None:
    assert (small().unit, small().published, small().raw_decimals, small().voids) == (100, 10, 6, False)
    assert small().answers == (
        ("R1", (("numerator", 5), ("denominator", 6)), None),
        ("L1", (("level", 7),), None),
        ("B1", (("value", 8),), None),
        ("C1", (), OtherFacts(numbers=(), lists=(("components", 9, 10),))),
        ("T1", (), OtherFacts(numbers=(("hours", 11, 6),), lists=())),
        ("A1", (), OtherFacts(numbers=(("hours", 12, 6),), lists=())),
    )
    assert [compiled.rule.id for compiled in small().rules] == ["E1", "W1"]
    assert [(compiled.invalidates, list(compiled.reads), list(compiled.fields)) for compiled in small().rules] == [
        ((0,), [0], []), ((), [1], [])
    ]  # fmt: skip
    assert (small().warnings, [number for number, _ in small().errors.others], small().errors.ordered) == (
        (1,),
        [0],
        (),
    )
    assert [[known.rule.id for known in touching] for touching in small().touching] == [["E1"], [], [], [], [], []]
    assert [level.firm is None for level in small().levels] == [True, True, False]
    together = [[scorer.compiled.indicator.id for scorer in block.scorers] for block in small().blocks.blocks]
    assert together == [["R1"], ["L1"], ["B1", "C1", "T1", "A1"]]
    kinds = [
        ([known[0] for known in block.tables], [known[:3] for known in block.quotients], [p for p, _ in block.others])
        for block in small().blocks.blocks
    ]
    assert kinds == [([], [(0, 5, 6)], []), ([1], [], []), ([2], [(3, 10, None), (5, 12, None)], [4])]
    levels = small().blocks.scorers[1].table
    assert levels is not None
    assert [(leaf.code, leaf.score, leaf.maximum, leaf.value, leaf.uncapped) for leaf in levels] == [
        ("zero", 0, 0, (0, 1), 0),
        ("partial", 2500, 2500, (1, 1), 2500),
        ("partial", 5000, 5000, (2, 1), 5000),
        ("partial", 7500, 7500, (3, 1), 7500),
        ("full", 10_000, 10_000, (4, 1), 10_000),
    ]


@cache
def other() -> Plan:
    """What the small one has not: fields in values, values of other answers, ranges, nodes without weight."""
    shared = msgspec.structs.replace(
        b.ratio("S", part_of_denominator=False),
        facts=(Fact(name="numerator", type="integer", minimum=2, maximum=9),),
        value=Quotient(
            numerator=Sum(of=(b.fact("S", "numerator"), b.const(1))), denominator=b.fact("R", "denominator")
        ),
    )
    derived = msgspec.structs.replace(
        b.ratio("P", part_of_denominator=False),
        facts=(),
        value=Quotient(numerator=b.field("asleep"), denominator=b.field("accounts")),
        step="profile:asleep",
    )
    area = msgspec.structs.replace(
        b.amount("A", 0),
        facts=(Fact(name="hours", type="number", minimum=1, maximum=50, decimals=8),),
        value=Product(of=(b.fact("A", "hours"), b.field("area"))),
    )
    own = b.ladder(
        "L",
        zero_when=b.compare(b.fact("L", "level"), "lt", b.fact("S", "numerator")),
        applies=b.compare(b.field("accounts"), "ge", b.field("asleep")),
    )
    tree = b.root(
        b.group(
            "D",
            b.points("Q", span=(10, 60)),
            b.points("W", 2, span=(10, 60)),
            missing="leave",
            span=(10, 60),
            rated_children=2,
            weight=0,
        ),
        b.group("E", b.ratio("R"), shared, derived, area, own, missing="void", rated_children=6, rated_share=(3, 2)),
    )
    ordered = Rule(
        id="O",
        group="O",
        severity="error",
        scope="answers",
        holds=Implies(
            when=Present(indicator="R"), then=b.compare(b.fact("R", "numerator"), "le", b.fact("R", "denominator"))
        ),
        invalidates=("R", "S"),
    )
    profile = (
        b.integer_field("asleep"),
        b.integer_field("accounts", needs_evidence=True),
        ProfileField(name="area", type="number", set_by="organisation", minimum=0, maximum=9),
    )
    asleep = b.rule("B", b.compare(b.field("asleep"), "le", b.field("accounts")), "P")
    document = b.document(tree, profile=profile, rules=(ordered, asleep), decimals=3, published=1, cap=50)
    # What the loader would refuse of it (a share above 1, children that are not there) is compiled all the same.
    return plan_of(msgspec.structs.replace(methodology(), document=document, digest="another"))


def test_what_an_indicator_reads_of_others_and_of_the_profile() -> None:
    assert (other().unit, other().published, other().raw_decimals, other().voids) == (1000, 100, 8, True)
    q, r, s, p, a, own = (named(other(), name) for name in ("Q", "R", "S", "P", "A", "L"))
    assert (q.low, q.high, q.best, q.cap, q.unknown) == (10_000, 60_000, 60_000, 35_000, None)
    assert r.unknown == -1
    assert [leaf.counts for leaf in (q, r, a)] == [False, True, False]
    assert (s.borrows, s.quotient, s.share, r.share) == ({"R": r.present}, None, False, True)
    assert (p.present, p.field, p.reads, p.fields) == (None, "asleep", (b.field("asleep"), b.field("accounts")), (0, 1))
    assert (p.quotient, s.field, a.reads, a.fields) == (None, None, (b.field("area"),), (2,))
    # S reads R; L reads S, and itself; the fields that P moves are read by P and by L
    assert [leaf.ripples for leaf in (q, r, s, p, a, own)] == [
        (), (s.position,), (own.position,), (own.position,), (), ()
    ]  # fmt: skip
    assert [leaf.circular for leaf in (q, r, s, p, a, own)] == [False, False, False, False, False, True]
    assert own.declarable == {"accounts": 1}
    assert [known.rule.id for known in other().touching[p.position]] == ["B"]
    assert [known.rule.id for known in other().touching[r.position]] == ["O"]
    assert other().errors.ordered == ((0, *r.slots),)
    assert [number for number, _ in other().errors.others] == [1]
    assert other().rules[0].invalidates == (r.position, s.position)
    assert other().rules[1].fields == {"asleep", "accounts"}
    d, e = other().groups["D"], other().groups["E"]
    assert (d.low, d.high, d.complete, d.unknown) == (10_000, 60_000, True, 10_000)
    assert (e.complete, e.unknown, other().groups["index"].complete) == (False, 0, False)
    assert ("A", (), OtherFacts(numbers=(("hours", a.slots.start, 8),), lists=())) in other().answers


@pytest.mark.parametrize(
    ("holds", "ordered"),
    [
        (b.compare(b.fact("R", "numerator"), "le", b.fact("R", "denominator")), True),
        (b.compare(b.fact("R", "numerator", absent=b.const(1)), "le", b.fact("R", "denominator")), False),
        (b.compare(b.fact("R", "numerator"), "le", b.fact("R", "denominator", absent=b.const(1))), False),
        (b.compare(b.fact("R", "numerator"), "lt", b.fact("R", "denominator")), False),
        (b.compare(b.fact("R", "numerator"), "le", b.fact("S", "denominator")), False),
        (b.compare(b.fact("S", "numerator"), "le", b.fact("S", "denominator")), False),
    ],
)
def test_a_rule_that_puts_two_facts_in_order(holds: Compare, ordered: bool) -> None:
    rule = b.rule("O", Implies(when=Present(indicator="R"), then=holds), "R")
    plan = plan_of(b.read(b.document(b.root(b.group("D", b.ratio("R"), b.ratio("S"))), rules=(rule,))))
    assert plan.errors.ordered == (((0, 0, 1),) if ordered else ())
    assert [number for number, _ in plan.errors.others] == ([] if ordered else [0])


@pytest.mark.parametrize(
    ("profile", "code"),
    [({}, "unknown"), ({"asleep": 1, "accounts": 0}, "zero"), ({"asleep": 0, "accounts": 4}, "zero")],
)
def test_a_value_of_fields_that_are_not_there_is_unknown_and_over_0_it_is_0(profile: dict[str, int], code: str) -> None:
    scorer = other().blocks.scorers[other().positions["P"]]
    assert scorer.scored(load_facts(other(), b.submit({}, profile))).code == code


def test_rules_that_are_left_out() -> None:
    assert without_rules(other(), ()) is other()
    less = without_rules(other(), {"O"})
    assert ([known.rule.id for known in less.rules], less.errors.ordered) == (["B"], ())
    assert [number for number, _ in less.errors.others] == [0]
    warned = without_rules(small(), {"E1"})
    assert (warned.warnings, warned.errors.others) == ((0,), ())


# --- steps ----------------------------------------------------------------------------------------------------

F, G = b.fact("X", "numerator"), b.fact("X", "denominator")

STEPS: list[tuple[Operand, tuple[Number, Number, Number, Number]]] = [
    # (a·f + b)/(c·f + d) in f, the numerator, where the denominator is 7 and the field people is 4
    (F, (1, 0, 0, 1)),
    (Quotient(numerator=F, denominator=G), (1, 0, 0, 7)),
    (Quotient(numerator=G, denominator=F), (0, 7, 1, 0)),
    (Quotient(numerator=b.field("people"), denominator=F), (0, 4, 1, 0)),
    (Quotient(numerator=F, denominator=b.const(2.5)), (1, 0, 0, Fraction(5, 2))),
    (Quotient(numerator=F, denominator=F), (1, 0, 1, 0)),
    (Quotient(numerator=F, denominator=Sum(of=(F, G))), (1, 0, 1, 7)),
    (Sum(of=(Product(of=(F, b.const(3))), G)), (3, 7, 0, 1)),
    (Product(of=(F, b.field("people"))), (4, 0, 0, 1)),
    (G, (0, 7, 0, 1)),
]


@pytest.mark.parametrize(("value", "wanted"), STEPS)
def test_a_value_as_a_quotient_in_the_fact_that_moves(
    value: Operand, wanted: tuple[Number, Number, Number, Number]
) -> None:
    indicator = msgspec.structs.replace(b.ratio("X"), value=value)
    document = b.document(b.root(b.group("D", indicator)), profile=(b.integer_field("people"),))
    plan = plan_of(msgspec.structs.replace(methodology(), document=document, digest=repr(value)))
    step = plan.leaves[0].step
    assert step is not None
    assert step.coefficients([4, 99, 7]) == wanted
    assert (step.name, step.field, step.slot, step.scale, step.minimum, step.maximum) == (
        "numerator", False, 1, 1, 0, b.MANY
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "calls"),
    [
        (F, 1),
        (Quotient(numerator=F, denominator=G), 1),
        (Quotient(numerator=G, denominator=F), 1),
        (Quotient(numerator=b.field("people"), denominator=F), 1),
    ],
)
def test_the_quotient_of_two_slots_is_read_off(value: Operand, calls: int) -> None:
    """Of all else the value is computed where the fact is 0, and where it is 1."""
    indicator = msgspec.structs.replace(b.ratio("X"), value=value)
    document = b.document(b.root(b.group("D", indicator)), profile=(b.integer_field("people"),))
    leaf = plan_of(msgspec.structs.replace(methodology(), document=document, digest=repr(value))).leaves[0]
    step = leaf.step
    assert step is not None
    assert calls_of(lambda: step.coefficients([4, 99, 7])) == calls
    if value == F:
        assert calls_of(lambda: leaf.value([4, 99, 7])) == 1


def test_the_fact_that_moves() -> None:
    profile, hours, least = named(other(), "P").step, named(other(), "A").step, named(other(), "S").step
    assert profile is not None
    assert hours is not None
    assert least is not None
    assert (profile.name, profile.field, profile.slot, profile.scale) == ("asleep", True, 0, 1)
    assert (hours.field, hours.scale, hours.minimum, hours.maximum) == (False, 10**8, 1, 50)
    assert (least.minimum, least.maximum) == (2, 9)
    area = msgspec.structs.replace(
        b.ratio("P", part_of_denominator=False),
        facts=(),
        value=b.field("area"),
        step="profile:area",
    )
    field = ProfileField(name="area", type="number", set_by="organisation", minimum=3, maximum=9)
    document = b.document(b.root(b.group("D", area)), profile=(b.integer_field("people"), field))
    leaf = plan_of(msgspec.structs.replace(methodology(), document=document, digest="area")).leaves[0]
    step = leaf.step
    assert step is not None
    assert leaf.quotient is None
    assert (step.name, step.field, step.slot, step.scale, step.minimum, step.maximum) == ("area", True, 1, 10**6, 3, 9)
    assert named(small(), "L1").step is None


# --- values ---------------------------------------------------------------------------------------------------

VALUES: list[tuple[Operand, Facts, tuple[int, int] | None]] = [
    # of the facts numerator and denominator, after the field people
    (Quotient(numerator=F, denominator=G), [4, 6, 8], (6, 8)),
    (Quotient(numerator=F, denominator=G), [4, 6, -8], (-6, 8)),
    (Quotient(numerator=F, denominator=G), [4, 6, 0], None),
    (Quotient(numerator=F, denominator=G), [4, None, 8], None),
    (Quotient(numerator=F, denominator=G), [4, 6, None], None),
    (Quotient(numerator=F, denominator=G), [4, Fraction(3, 2), 6], (1, 4)),
    (Quotient(numerator=F, denominator=G), [4, 3, Fraction(-3, 4)], (-4, 1)),
    (Quotient(numerator=F, denominator=G), [4, 3, Fraction(1, 2)], (6, 1)),
    (Quotient(numerator=F, denominator=G), [4, Fraction(3, 2), Fraction(-9, 4)], (-2, 3)),
    (Quotient(numerator=Sum(of=(F, G)), denominator=b.const(2)), [4, 3, 4], (7, 2)),
    (Quotient(numerator=Sum(of=(F, G)), denominator=b.const(2)), [4, 3, None], None),
    (Quotient(numerator=F, denominator=Product(of=(G, b.const(0.5)))), [4, 3, 4], (3, 2)),
    (F, [4, 6, 8], (6, 1)),
    (F, [4, Fraction(3, 2), 8], (3, 2)),
    (F, [4, True, 8], (1, 1)),
    (F, [4, None, 8], None),
    (Product(of=(F, b.field("people"))), [4, 6, 8], (24, 1)),
    (Product(of=(F, b.const(0.25))), [4, 6, 8], (3, 2)),
    (Product(of=(F, b.field("people"))), [None, 6, 8], None),
]


@pytest.mark.parametrize(("value", "facts", "wanted"), VALUES)
def test_a_raw_value_is_an_exact_quotient(value: Operand, facts: Facts, wanted: tuple[int, int] | None) -> None:
    indicator = msgspec.structs.replace(b.ratio("X"), value=value)
    document = b.document(b.root(b.group("D", indicator)), profile=(b.integer_field("people"),))
    plan = plan_of(msgspec.structs.replace(methodology(), document=document, digest=repr(value)))
    found = plan.leaves[0].value(facts)
    assert found == wanted
    assert found is None or [type(part) for part in found] == [int, int]


def test_facts_go_to_their_slots() -> None:
    submission = b.submit(
        {
            "R1": {"numerator": 3, "denominator": 4},
            "C1": {"components": ("two", "one")},
            "T1": {"hours": 0.1234567},
            "B1": {"value": True},
            "A1": {"hours": 2},
        },
        {"people": 7, "kind": "town", "open": False, "before": None, "errors": 0.1},
        set_aside={"B1": "stale"},
    )
    assert load_facts(small(), submission) == [
        7, "town", False, NULL, Fraction(1, 10), 3, 4, None, None, frozenset({"one", "two"}), 2,
        Fraction(123_457, 1_000_000), 2
    ]  # fmt: skip
    assert load_facts(small(), b.submit({}, {})) == [None] * 13


def test_a_list_that_was_not_sent_is_empty() -> None:
    known = b.checklist("C", 1, ("one", "two"), ((0, 0), (2, 100)))
    outside = Fact(name="outside_remit", type="components", required=False)
    known = msgspec.structs.replace(known, facts=(*known.facts, outside))
    document = b.document(b.root(b.group("D", known)))
    plan = plan_of(msgspec.structs.replace(methodology(), document=document, digest="outside"))
    sent = b.submit({"C": {"components": ("two",)}})
    assert load_facts(plan, sent) == [frozenset({"two"}), 1, frozenset(), 0]


def test_only_what_an_answer_says_itself_is_looked_up_in_a_table() -> None:
    """A yes in the profile is not: it has no slot of its own."""
    known = msgspec.structs.replace(b.boolean("B"), facts=(), value=b.field("open"))
    field = ProfileField(name="open", type="boolean", set_by="organisation")
    document = b.document(b.root(b.group("D", known, b.ladder("L"))), profile=(field,))
    plan = plan_of(msgspec.structs.replace(methodology(), document=document, digest="yes in the profile"))
    assert [scorer.table is None for scorer in plan.blocks.scorers] == [True, False]


# --- gates ----------------------------------------------------------------------------------------------------

INDEX = IndexOperand()

SIMPLE: list[tuple[Compare, object, object]] = [
    (b.compare(INDEX, "ge", 40), ((None,), 40), None),
    (b.compare(b.score("D"), "ge", 0.5), (("D",), Fraction(1, 2)), None),
    (b.compare(Minimum(of=(b.score("D"), INDEX)), "ge", 30), (("D", None), 30), None),
    (b.compare(Minimum(of=(b.score("D"), b.value("L"))), "ge", 30), None, None),
    (b.compare(b.score("D"), "gt", 30), None, None),
    (b.compare(b.score("D"), "ge", b.score("E")), None, None),
    (b.compare(b.value("L"), "ge", 2.5), None, ("L", Fraction(5, 2), True)),
    (b.compare(b.value("L"), "le", 2), None, ("L", 2, False)),
    (b.compare(b.value("L"), "gt", 2), None, None),
    (b.compare(b.value("L"), "eq", 2), None, None),
    (b.compare(b.value("L"), "ge", True), None, None),
    (b.compare(b.value("L"), "ge", "two"), None, None),
    (b.compare(b.field("people"), "ge", 2), None, None),
]


@pytest.mark.parametrize(("holds", "least", "value"), SIMPLE)
def test_gates_of_simple_shapes(holds: Compare, least: object, value: object) -> None:
    gate = Gate(id="G", holds=holds)
    compiled = compile_gate(gate)
    assert (compiled.gate, compiled.least, compiled.value) == (gate, least, value)


class Known:
    """The figures of a score."""

    def index(self) -> Evaluated:
        return Fraction(61, 2)

    def score(self, node: str) -> Evaluated:
        return {"D": 40, "E": 20}[node]

    def value(self, indicator: str) -> Evaluated:
        return {"L": 3, "Y": True}.get(indicator)

    def profile(self, field: str) -> Evaluated:
        return {"people": 7}[field]


@pytest.mark.parametrize(
    ("holds", "there", "asked", "truth"),
    [
        (b.compare(INDEX, "ge", 30), Fraction(61, 2), 30, True),
        (b.compare(Minimum(of=(b.score("D"), b.score("E"))), "ge", 30), 20, 30, False),
        (b.compare(b.value("L"), "gt", b.field("people")), 3, 7, False),
        (b.compare(b.value("Y"), "eq", True), True, True, True),
        (b.compare(b.value("Z"), "ge", 1), None, 1, None),
    ],
)
def test_both_sides_of_a_gate(holds: Compare, there: Evaluated, asked: Evaluated, truth: bool | None) -> None:
    compiled = compile_gate(Gate(id="G", holds=holds))
    assert (compiled.there(Known()), compiled.asked(Known()), compiled.holds(Known())) == (there, asked, truth)


def test_what_may_not_stand_in_a_gate() -> None:
    with pytest.raises(TypeError, match=r"^AnswerOperand may not stand in a gate$"):
        compile_gate(Gate(id="G", holds=b.compare(F, "ge", 1)))
    level = Level(number=1, gates=(), provisional_unless=Present(indicator="Q"))
    document = b.document(b.root(b.group("D", b.boolean("Q"))), levels=(level,))
    with pytest.raises(TypeError, match=r"^a gate tests value\(Q\), not the presence of an answer$"):
        plan_of(msgspec.structs.replace(methodology(), document=document, digest="present"))


# --- curves and means -----------------------------------------------------------------------------------------


def curve(indicator: Indicator, *, decimals: int = 2) -> Plan:
    document = b.document(b.root(b.group("D", indicator)), decimals=decimals)
    return plan_of(msgspec.structs.replace(methodology(), document=document, digest=repr((indicator, decimals))))


def test_a_straight_curve_by_hand() -> None:
    """0 at 1, 40 at 3, 100 at 4: half up, flat beyond. At 1.00025 it is 0.5 hundredths."""
    score = curve(b.ratio("R", knots=((1, 0), (3, 40), (4, 100)))).leaves[0].score
    values = ((0, 1), (1, 1), (2, 1), (3, 1), (7, 2), (4, 1), (9, 1), (-3, 1), (100_025, 100_000), (100_024, 100_000))
    assert [score(n, d) for n, d in values] == [0, 0, 2000, 4000, 7000, 10_000, 10_000, 0, 1, 0]


def test_curves_between_goalposts_that_are_not_whole() -> None:
    """From 0.5 to 2.5, or 3.2: at 1 a quarter of the line, at 4 all; the logarithm of √1.6 is in the middle."""
    straight = curve(b.ratio("R", knots=((0.5, 0), (2.5, 100)))).leaves[0].score
    assert [straight(n, d) for n, d in ((1, 2), (1, 1), (5, 2), (4, 1))] == [0, 2500, 10_000, 10_000]
    bent = curve(b.amount("A", knots=((0.5, 0), (2.5, 100)), log=True)).leaves[0].score
    assert [bent(n, d) for n, d in ((1, 2), (1, 4), (5, 2), (4, 1))] == [0, 0, 10_000, 10_000]
    assert bent(111_803_398_875, 10**11) == 5000
    # 1 point in all, without decimals: 0.3 of it at 0.6, 0.55 at 0.85
    coarse = curve(b.ratio("R", knots=((0.3, 0), (1.3, 1))), decimals=0).leaves[0].score
    assert [coarse(n, 100) for n in (30, 60, 85, 130)] == [0, 0, 1, 1]
    # half of 5 points, up
    assert curve(b.amount("A", knots=((1, 0), (100, 5)), log=True), decimals=0).leaves[0].score(10, 1) == 3


def test_bent_curves_by_hand() -> None:
    """Between 1 and 100 the logarithm of 10 lies half way; between 10 and 1000 that of 100."""
    score = curve(b.amount("A", knots=((1, 0), (100, 50), (10_000, 100)), log=True)).leaves[0].score
    assert [score(n, d) for n, d in ((0, 1), (1, 1), (10, 1), (100, 1), (1000, 1), (10_000, 1), (10**6, 1))] == [
        0, 0, 2500, 5000, 7500, 10_000, 10_000
    ]  # fmt: skip
    assert score(1, 2) == 0
    # what no double tells from the last goalpost
    assert score(10**24 - 1, 10**20) == 10_000
    falling = named(small(), "T1")
    assert [falling.score(n, d) for n, d in ((2, 1), (4, 1), (0, 1), (10**9, 1), (-1, 1))] == [
        9000, 5000, 10_000, 0, 10_000
    ]  # fmt: skip


def test_ranges_other_than_a_hundred() -> None:
    known = msgspec.structs.replace(
        b.amount("A", knots=((0, 20), (1, 25), (2, 40))), range=Range(minimum=20, maximum=40)
    )
    leaf = curve(known, decimals=1).leaves[0]
    assert (leaf.low, leaf.high, leaf.best, leaf.cap) == (200, 400, 400, 300)
    assert [leaf.score(n, 2) for n in range(6)] == [200, 225, 250, 325, 400, 400]


def test_power_means_by_hand() -> None:
    """Of 20 and 80, 1 to 1 and 1 to 3."""
    assert power_mean(0, [1, 1], [20, 80]) == pytest.approx(40)
    assert power_mean(-1, [1, 1], [20, 80]) == pytest.approx(32)
    assert power_mean(1, [1, 3], [20, 80]) == pytest.approx(65)
    assert power_mean(2, [1, 1], [20, 80]) == pytest.approx((3400) ** 0.5)
    assert power_mean(-1, [1, 3], [20, 80]) == pytest.approx(4 / (1 / 20 + 3 / 80))
    assert power_mean(2, [1, 1], [0, 80]) == pytest.approx(3200**0.5)
    assert power_mean(2, [1, 3], [0, 0]) == 0
    assert power_mean(0.5, [1, 1], [0, 80]) == pytest.approx(20)
    for exponent in (0, -0.5, -1):
        assert power_mean(exponent, [1, 3], [0, 80]) == 0
    assert power_mean(20, [1, 1], [1e300, 1e300]) == pytest.approx(1e300)
    assert power_mean(1e-12, [1, 1], [20, 80]) == pytest.approx(40)
    assert power_mean(-20, [1, 1], [1e-300, 1]) == pytest.approx(1e-300 * 2 ** (1 / 20))


def test_floats_are_rounded_half_up_with_a_little_more() -> None:
    assert [quantised(points, 100) for points in (0.005, 0.00499, 0.004999995, 12.345, 99.999)] == [
        1,
        0,
        1,
        1235,
        10_000,
    ]


def test_a_plan_is_made_once_and_the_one_asked_for_longest_ago_goes_first() -> None:
    known = [msgspec.structs.replace(methodology(), digest=f"kept {number}") for number in range(KEPT + 1)]
    plans = [plan_of(each) for each in known[:KEPT]]
    assert [plan_of(known[number]) is plans[number] for number in (0, 1)] == [True, True]
    plan_of(known[KEPT])
    assert [plan_of(known[number]) is plans[number] for number in (0, 1, 3, KEPT - 1)] == [True] * 4
    assert plan_of(known[2]) is not plans[2]


def test_what_counts_in_the_index() -> None:
    """Only what has a weight, below groups that have one."""
    plan = plan_of(
        b.read(
            b.document(
                b.root(
                    b.group("A", b.ladder("A1"), b.group("A2", b.ladder("A21")), weight=0),
                    b.group("B", b.ladder("B1", 0), b.ladder("B2", 2), b.group("B3", b.ladder("B31"), weight=0)),
                )
            )
        )
    )
    counting = {leaf.indicator.id: leaf.counts for leaf in plan.leaves}
    assert counting == {"A1": False, "A21": False, "B1": False, "B2": True, "B31": False}


@pytest.mark.parametrize(
    ("scores", "rising"), [((0, 0, 100), True), ((0, 100, 100), True), ((100, 100, 0), False), ((50, 50, 50), False)]
)
def test_a_curve_rises_where_its_last_goalpost_scores_more_than_its_first(
    scores: tuple[int, int, int], rising: bool
) -> None:
    """From its worst goalpost up."""
    knots = tuple(enumerate(scores))
    (leaf,) = plan_of(b.read(b.document(b.root(b.group("D", b.amount("X", knots=knots)))))).leaves
    assert leaf.rising is rising
    assert [x for x, _ in leaf.ascent] == ([0, 1, 2] if rising else [2, 1, 0])


def test_the_rules_that_what_moves_an_indicator_touches() -> None:
    """X moves the field people, R its numerator; V reads that field, W another, and Y what R is made of."""
    derived = msgspec.structs.replace(
        b.amount("X"), type="rate", facts=(), value=b.field("people"), step="profile:people"
    )
    rules = (
        b.rule("V", b.compare(b.field("people"), "le", 5), "X"),
        b.rule("W", b.compare(b.field("units"), "le", 5), "X"),
        b.rule("Y", b.compare(b.fact("R", "numerator"), "le", b.fact("R", "denominator")), "R"),
    )
    plan = plan_of(
        b.read(
            b.document(
                b.root(b.group("D", derived, b.ratio("R"), b.ladder("L"))),
                profile=(b.integer_field("people"), b.integer_field("units")),
                rules=rules,
            )
        )
    )
    touched = {leaf.indicator.id: [rule.rule.id for rule in plan.touching[leaf.position]] for leaf in plan.leaves}
    assert touched == {"X": ["V"], "R": ["Y"], "L": []}
    assert [named(plan, name).field for name in ("X", "R")] == ["people", None]


def test_decimals_of_raw_values_are_those_of_the_finest_number() -> None:
    """Six, or more where a fact that is a number has more; those of a count say nothing."""
    for type_, decimals, expected in (("number", 9, 9), ("number", 3, 6), ("integer", 9, 6)):
        amount = b.amount("X")
        fact = msgspec.structs.replace(amount.facts[0], type=type_, decimals=decimals)
        document = b.document(b.root(b.group("D", msgspec.structs.replace(amount, facts=(fact,)))))
        plan = plan_of(msgspec.structs.replace(methodology(), document=document, digest=repr((type_, decimals))))
        assert plan.raw_decimals == expected
    none = b.document(b.root(b.group("D", b.ladder("L"))))
    assert plan_of(b.read(none)).raw_decimals == 6


def test_a_rule_about_one_answer_where_another_was_sent() -> None:
    """R at most its whole, asked only of who sent S."""
    holds = Implies(when=b.present("S"), then=b.compare(b.fact("R", "numerator"), "le", b.fact("R", "denominator")))
    known = b.read(b.document(b.root(b.group("D", b.ratio("R"), b.ladder("S"))), rules=(b.rule("V", holds, "R"),)))
    plan = plan_of(known)
    assert plan.errors.failing(load_facts(plan, b.submit({"R": b.of(5, 4)}))) == []
    assert plan.errors.failing(load_facts(plan, b.submit({"R": b.of(5, 4), "S": {"level": 1}}))) == [0]
