"""Curves over columns: each score is that of the exact curve, and only what could be off is computed by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import Curve, Indicator, Operand, Product, Quotient, Range, Sum
from actitud_api.engine.scoring.columns.block import RowBlock
from actitud_api.engine.scoring.columns.curves import CurveCompiler, ExactScorer, RowScorer, compile_raw_value
from actitud_api.engine.scoring.columns.expressions import ColumnCompiler, ExceedsInt64
from actitud_api.engine.scoring.columns.table import Ints, narrow_integers
from actitud_api.engine.scoring.compile import CompiledIndicator, CompiledMethodology, compile_methodology
from tests.unit.scoring import builders as b

LOGNORMAL = msgspec.structs.replace(
    b.amount("T"), curve=Curve(kind="lognormal", goalposts=b.goalposts(((2, 90), (8, 50))))
)
RISING = msgspec.structs.replace(
    b.amount("U"), curve=Curve(kind="lognormal", goalposts=b.goalposts(((2, 50), (8, 90))))
)
PRESENCE = msgspec.structs.replace(
    b.boolean("P"),
    facts=(b.boolean("P").facts[0], b.amount("P").facts[0], *b.ratio("P").facts),
    value=Quotient(numerator=b.fact("P", "hours"), denominator=b.fact("P", "denominator")),
)
HOURS, OTHER = b.fact("F", "hours"), b.fact("H", "hours")
WIDE = Quotient(numerator=Product(of=(HOURS, OTHER)), denominator=Product(of=(HOURS, HOURS)))
"""The other hours over the hours, in a way that 64 bits do not hold."""


def of_value(indicator: Indicator, value: Operand) -> Indicator:
    """An indicator of another value, of which nothing is a part."""
    kind = "level" if indicator.type == "level" else "quantity"
    return msgspec.structs.replace(indicator, value=value, part_of_denominator=False, step=None, type=kind)


def quotient(name: str, denominator: Operand) -> Indicator:
    """A ladder of its level over something."""
    return of_value(b.ladder(name), Quotient(numerator=b.fact(name, "level"), denominator=denominator))


BENT = Curve(kind="lognormal", goalposts=b.goalposts(((0.2, 92), (0.6, 60))))
"""From 20 to 100 points: 9/10 of that are 92, half of it 60."""
MANY_SIDED = (
    of_value(b.ladder("W1"), WIDE),
    of_value(b.amount("W2", knots=((0, 0), (2, 100))), WIDE),
    of_value(b.amount("W3", knots=((0.1, 0), (10, 100)), log=True), WIDE),
    of_value(
        msgspec.structs.replace(
            b.amount("W4"), curve=Curve(kind="lognormal", goalposts=b.goalposts(((0.5, 90), (2, 50))))
        ),
        WIDE,
    ),
    of_value(
        b.ratio("I"),
        Quotient(
            numerator=Product(of=(b.fact("I", "numerator"), b.fact("I", "numerator"))),
            denominator=b.fact("I", "denominator"),
        ),
    ),
    quotient("K2", b.const(2)),
    of_value(b.ladder("K3"), HOURS),
    quotient("K4", Sum(of=(b.const(1), b.fact("L", "level")))),
    quotient("K5", HOURS),
    msgspec.structs.replace(
        b.ratio("G", knots=((0.5, 10), (3, 20), (40, 100)), part_of_denominator=False),
        curve=msgspec.structs.replace(b.amount("G", knots=((0.5, 10), (3, 20), (40, 100)), log=True).curve),
    ),
    msgspec.structs.replace(
        b.ratio("V", 0, ((0, 1), (1, 0)), part_of_denominator=False),
        curve=BENT,
        range=Range(minimum=20, maximum=100),
    ),
    b.ratio("O", knots=((0.333333, 0), (1.333333, 100)), part_of_denominator=False),
)
PLAN = compile_methodology(
    b.methodology(
        b.root(
            b.group(
                "D",
                b.ratio("R", knots=((0, 0), (0.3, 40), (0.7, 90), (1, 100))),
                b.amount("H", knots=((0.1, 0), (3, 20), (40, 100)), log=True),
                LOGNORMAL,
                RISING,
                b.ladder("L"),
                b.ladder("M", points=(0, 10, 50)),
                b.ladder("N", points=(10, 20, 30)),
                b.boolean("B"),
                b.amount("F", knots=((4, 100), (24, 50), (72, 0))),
                b.checklist("C", 1, ("x", "y", "z"), ((0, 0), (3, 100))),
                b.ratio("S", knots=((0, 0), (0.999983, 100))),
                PRESENCE,
                *MANY_SIDED,
            )
        )
    )
)
LEAVES = {leaf.definition.id: leaf for leaf in PLAN.indicators}


class Watched(ExactScorer):
    """Keeps which rows are computed by the exact curve."""

    def __init__(self, leaf: CompiledIndicator, plan: CompiledMethodology) -> None:
        super().__init__(leaf, plan)
        self.exact: list[int] = []

    def score_rows(self, block: RowBlock, rows: NDArray[np.intp], into: Ints) -> None:
        self.exact += rows.tolist()
        super().score_rows(block, rows, into)


def block(columns: Mapping[int, Sequence[int]]) -> RowBlock:
    rows = len(next(iter(columns.values())))
    made = RowBlock.__new__(RowBlock)
    made.rows = rows
    made.facts = [np.array(columns.get(slot, [0] * rows), np.int64) for slot in range(PLAN.layout.size)]
    made.present = [np.ones(rows, np.bool_) for _ in PLAN.indicators]
    made.nulls, made.declared = {}, {}
    return made


def scored(name: str, *columns: Sequence[int], most: int | None = None) -> tuple[list[int], list[int]]:
    """The scores of an indicator of facts, and the rows that were computed exactly."""
    slots = [PLAN.layout.facts[name, fact.name] for fact in LEAVES[name].definition.facts]
    into, curves = watched(name, dict(zip(slots, columns, strict=True)), most)
    return into, curves.exact


def watched(name: str, columns: Mapping[int, Sequence[int]], most: int | None = None) -> tuple[list[int], Watched]:
    """The scores of an indicator of facts by their slots, each in the narrowest type, and what was watched."""
    leaf = LEAVES[name]
    extent = [(0, 0)] * PLAN.layout.size
    for slot, column in columns.items():
        extent[slot] = (min(column), max(column) if most is None else most)
    compiler = ColumnCompiler(PLAN, extent)
    exact = Watched(leaf, PLAN)
    try:
        value = compile_raw_value(leaf.definition.value, compiler)
    except ExceedsInt64:
        scoring: RowScorer = exact.score_block
    else:
        scoring = CurveCompiler(compiler, PLAN.unit).compile_curve(leaf, value, exact)
    made = block(columns)
    made.facts = [narrow_integers(fact) for fact in made.facts]
    into = np.full(made.rows, -7, np.int32)
    with np.errstate(all="ignore"):
        scoring(made, into)
    return into.tolist(), exact


def exactly(name: str, values: Sequence[tuple[int, int]]) -> list[int]:
    return [LEAVES[name].curve(n, d) for n, d in values]


# --- steps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "levels", "scores"),
    [
        ("L", [0, 1, 2, 3, 4], [0, 2500, 5000, 7500, 10_000]),
        ("M", [0, 1, 2, 1], [0, 1000, 5000, 1000]),
        ("N", [0, 1, 2], [1000, 2000, 3000]),
        ("B", [1, 0], [10_000, 0]),
    ],
)
def test_levels_and_yes_or_no(name: str, levels: list[int], scores: list[int]) -> None:
    assert scored(name, levels) == (scores, [])


@pytest.mark.parametrize(
    ("name", "facts", "scores"),
    [
        # the level over 2, rounded down
        ("K2", {("K2", "level"): [0, 1, 2, 3, 4]}, [0, 0, 2500, 2500, 5000]),
        # whole hours, of millionths
        ("K3", {("F", "hours"): [0, 999_999, 1_000_000, 2_500_000, 4_000_000]}, [0, 0, 2500, 5000, 10_000]),
        # over 1 and another level
        ("K4", {("K4", "level"): [4, 4, 4, 4, 3], ("L", "level"): [0, 1, 2, 3, 3]}, [10_000, 5000, 2500, 2500, 0]),
        # over hours: 4 over 2, over 4/3 and over 1
        ("K5", {("K5", "level"): [4, 4, 4], ("F", "hours"): [2_000_000, 1_333_333, 1_000_000]}, [5000, 7500, 10_000]),
    ],
)
def test_levels_of_a_formula(name: str, facts: dict[tuple[str, str], list[int]], scores: list[int]) -> None:
    found, curves = watched(name, {PLAN.layout.facts[fact]: column for fact, column in facts.items()})
    assert (found, curves.exact) == (scores, [])


# --- straight -------------------------------------------------------------------------------------------------


def test_a_half_over_a_large_denominator_is_computed_exactly_and_its_neighbours_are_not() -> None:
    """0.3 is 40 points: a score of k + 1/2 hundredths is at x = 0.3·(2k + 1)/8000, over 8·10^9 exactly."""
    below = 80_000_000_000
    halves = [3_000_000 * (2 * k + 1) for k in (0, 1, 777, 3999)]
    parts = [(n + off, below) for n in halves for off in (-1, 0, 1)] + [(below // 7, below), (below // 5, below)]
    found, exact = scored("R", [n for n, _ in parts], [d for _, d in parts])
    assert found == exactly("R", parts)
    assert [found[place] for place in (0, 1, 2)] == [0, 1, 1]
    assert exact == [1, 4, 7, 10]


@pytest.mark.parametrize(
    ("n", "d", "score"),
    [(9_934_087, 11_076_831, 8_968), (11_934_053, 14_853_763, 8_034), (6_934_138, 19_269_851, 3_598)],
)
def test_what_lies_just_below_a_half_stays_there(n: int, d: int, score: int) -> None:
    """2·10^10·n + 1 is an odd multiple of 999,983·d: the score is 1/(2·999,983·d) of a hundredth below a half."""
    assert 2 * 10**10 * n + 1 == (2 * score + 1) * 999_983 * d
    assert scored("S", [n, n, 0], [d, 1, 1]) == ([score, 10_000, 0], [0])
    assert scored("S", [-n, n], [-d, -d], most=-d)[0] == [score, 0]


@pytest.mark.parametrize(
    ("n", "d", "score"), [(734_084_882, 1_000_957_047, 4_000), (1_111_847_144, 1_000_687_747, 7_777)]
)
def test_a_curve_that_starts_at_a_fraction_is_fine_grained(n: int, d: int, score: int) -> None:
    """From 0.333333 on a whole unit is 1/10,000: the score is n/d·10,000 - 3333.33, and 1/(100·d) below a half."""
    assert 10**6 * n - 333_333 * d - (100 * score + 50) * d == -1
    assert scored("O", [n], [d]) == ([score], [0])


def test_yes_or_no_of_a_number_over_a_number() -> None:
    """From 1 on: 1.5 hours in millionths of 1, 2 and 1."""
    found, exact = scored("P", [1] * 5, [1_500_000, 1_500_000, 1_000_000, 999_999, 0], [0] * 5, [1, 2, 1, 1, 3])
    assert (found, exact) == ([10_000, 0, 10_000, 0, 0], [])


@pytest.mark.parametrize(
    ("whole", "parts", "scores"), [(4, [2, 3, 0], [6_500, 9_167, 0]), (2, [1, 2, 0], [6_500, 10_000, 0])]
)
def test_over_a_constant(whole: int, parts: list[int], scores: list[int]) -> None:
    """0.5 of the way through 0.3 (40) and 0.7 (90) is 65; 0.75, a sixth from there to 100, 91.67."""
    leaf, slot = LEAVES["R"], PLAN.layout.facts["R", "numerator"]
    compiler = ColumnCompiler(PLAN, [(0, 3)] * PLAN.layout.size)
    value = compile_raw_value(Quotient(numerator=b.fact("R", "numerator"), denominator=b.const(whole)), compiler)
    into = np.zeros(3, np.int32)
    CurveCompiler(compiler, PLAN.unit).compile_curve(leaf, value, Watched(leaf, PLAN))(block({slot: parts}), into)
    assert into.tolist() == scores


def test_nobody_has_a_value_over_0() -> None:
    """Whatever is written there is replaced afterwards; the others are right."""
    found, exact = scored("R", [1, 0, 1], [0, 0, 2])
    assert (found[2], exact) == (6500, [])


def test_a_falling_curve() -> None:
    hours = [0, 4, 14, 24, 48, 72, 100]
    found, exact = scored("F", [hour * 1_000_000 for hour in hours])
    assert (found, exact) == ([10_000, 10_000, 7500, 5000, 2500, 0, 0], [])


def test_a_list_is_scored_by_its_count() -> None:
    found, _ = watched("C", {PLAN.layout.facts["C", "count"]: [0, 1, 2, 3]})
    assert found == [0, 3333, 6667, 10_000]


# --- bent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["H", "T", "U"])
def test_a_bent_curve_is_the_exact_one_and_hardly_ever_needs_it(name: str) -> None:
    values = [0, 1, 50_000, 99_999, 100_000, 100_001, 2_000_000, 3_000_000, 8_000_000, 40_000_000, 10**12]
    values += list(range(130_000, 60_000_000, 611_953))
    found, exact = scored(name, values)
    assert found == exactly(name, [(value, 1_000_000) for value in values])
    # Goalposts score a whole number of units; what lies near a half is rarer than one in a thousand.
    assert len(exact) < 5


def test_bent_curves_by_hand() -> None:
    """At goalposts, beyond them, and at the geometric mean of two: half way."""
    assert scored("H", [50_000, 100_000, 3_000_000, 40_000_000, 90_000_000])[0] == [0, 0, 2000, 10_000, 10_000]
    assert scored("T", [2_000_000, 8_000_000])[0] == [9000, 5000]
    assert scored("U", [2_000_000, 8_000_000])[0] == [5000, 9000]
    # the mean of ln 3 and ln 40: (20 + 100)/2
    assert scored("H", [10_954_451])[0] == [6000]


@pytest.mark.parametrize("name", ["H", "T", "U"])
def test_what_is_below_0_is_scored_as_0(name: str) -> None:
    first = scored(name, [0, 0])[0][0]
    assert first == (10_000 if name == "T" else 0)
    assert scored(name, [-5_000_000, -1, 3_000_000])[0][:2] == [first, first]


def test_bent_curves_of_a_ratio() -> None:
    """G: 1/2 and below are 10, 3 is 20, 40 is 100, half way up there √1.5; V: 92 at 0.2, 60 at 0.6, 100 at 0."""
    above, below = [1, 3, 40, 100, 3, -3, -3, 0, 1_224_745], [2, 1, 1, 1, -4, 4, -1, 5, 1_000_000]
    assert scored("G", above, below)[0] == [1000, 2000, 10_000, 10_000, 1000, 1000, 2000, 1000, 1500]
    assert scored("G", [3, 40], [-1, 1])[0] == [1000, 10_000]
    assert scored("G", [-3, 40], [1, 1])[0] == [1000, 10_000]
    assert scored("G", [1, 3], [1, 1])[0] == exactly("G", [(1, 1), (3, 1)])
    assert scored("V", [1, 3, 0, 10**9], [5, 5, 1, 1])[0] == [9200, 6000, 10_000, 2000]
    assert scored("V", [1, 2], [10, 5])[0] == exactly("V", [(1, 10), (2, 5)])


@pytest.mark.parametrize(("name", "value", "score"), [("T", 2_079_243, 8936), ("H", 1_037_266, 1376)])
def test_what_is_less_than_a_millionth_below_a_half_is_rounded_up(name: str, value: int, score: int) -> None:
    """SCORING, section 3: 8935.4999995 and 1375.4999996 hundredths, to which 0.500001 is added before the floor."""
    assert scored(name, [value]) == ([score], [])


# --- facts that are large -------------------------------------------------------------------------------------


def test_how_large_facts_may_be_for_64_bits() -> None:
    """Hours times hours, in millionths: beyond 3·10^9 of them that is more than 64 bits."""
    hours = b.fact("F", "hours")
    operand = Product(of=(hours, hours))
    slot = PLAN.layout.facts["F", "hours"]
    extent = [(0, 0)] * PLAN.layout.size
    extent[slot] = (0, 4 * 10**9)
    with pytest.raises(ExceedsInt64):
        compile_raw_value(operand, ColumnCompiler(PLAN, extent))
    extent[slot] = (0, 2 * 10**9)
    value = compile_raw_value(operand, ColumnCompiler(PLAN, extent))
    assert value.scale == Fraction(1, 10**12)


@pytest.mark.parametrize("name", ["W1", "W2", "W3", "W4"])
def test_facts_whose_products_64_bits_do_not_hold(name: str) -> None:
    """6·10^9 over 2^32 + 1 is 1.397: their product wraps around, and the square of the latter to hardly 2^33."""
    hours, other = [2**32 + 1, 2_000_000, 2**32 + 1], [6 * 10**9, 3_000_000, 2**32 + 1]
    found, curves = watched(name, {PLAN.layout.facts["F", "hours"]: hours, PLAN.layout.facts["H", "hours"]: other})
    assert found == exactly(name, [(6 * 10**9, 2**32 + 1), (3, 2), (1, 1)])
    # by hand: from the first level on, half a hundredth of the ratio
    assert found[1] == {"W1": 2500, "W2": 7500}.get(name, found[1])
    # One row is too large, so all are scored one by one.
    assert curves.exact == [0, 1, 2]


def test_a_square_over_1() -> None:
    """It is far above 1 over 1, and below 0 over -1."""
    assert scored("I", [4 * 10**9, 4 * 10**9, 1, 1], [1, -1, 2, 1])[0] == [10_000, 0, 5000, 10_000]
