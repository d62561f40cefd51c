"""Curves, means and decimals of a compiled methodology, by hand, and what a gate may not hold."""

from __future__ import annotations

import msgspec
import pytest

from actitud_api.engine.methodology.model import Gate, Implies, Indicator, Level, Present, Range
from actitud_api.engine.scoring.aggregations import compute_power_mean, quantise
from actitud_api.engine.scoring.compile import CompiledMethodology, compile_gate, compile_methodology
from actitud_api.engine.scoring.evaluate import evaluate
from tests.unit.methodology.planting import methodology
from tests.unit.scoring import builders as b

# --- gates ----------------------------------------------------------------------------------------------------


def test_what_may_not_stand_in_a_gate() -> None:
    with pytest.raises(TypeError, match=r"^AnswerOperand may not stand in a gate$"):
        compile_gate(
            compile_methodology(methodology()), Gate(id="G", holds=b.compare(b.fact("X", "numerator"), "ge", 1))
        )
    level = Level(number=1, gates=(), provisional_unless=Present(indicator="Q"))
    document = b.document(b.root(b.group("D", b.boolean("Q"))), levels=(level,))
    with pytest.raises(TypeError, match=r"^a gate tests value\(Q\), not the presence of an answer$"):
        compile_methodology(msgspec.structs.replace(methodology(), document=document, digest="present"))


# --- curves and means -----------------------------------------------------------------------------------------


def curve(indicator: Indicator, *, decimals: int = 2) -> CompiledMethodology:
    document = b.document(b.root(b.group("D", indicator)), decimals=decimals)
    return compile_methodology(
        msgspec.structs.replace(methodology(), document=document, digest=repr((indicator, decimals)))
    )


def test_a_straight_curve_by_hand() -> None:
    """0 at 1, 40 at 3, 100 at 4: half up, flat beyond. At 1.00025 it is 0.5 hundredths."""
    score = curve(b.ratio("R", knots=((1, 0), (3, 40), (4, 100)))).indicators[0].curve
    values = ((0, 1), (1, 1), (2, 1), (3, 1), (7, 2), (4, 1), (9, 1), (-3, 1), (100_025, 100_000), (100_024, 100_000))
    assert [score(n, d) for n, d in values] == [0, 0, 2000, 4000, 7000, 10_000, 10_000, 0, 1, 0]


def test_curves_between_goalposts_that_are_not_whole() -> None:
    """From 0.5 to 2.5, or 3.2: at 1 a quarter of the line, at 4 all; the logarithm of √1.6 is in the middle."""
    straight = curve(b.ratio("R", knots=((0.5, 0), (2.5, 100)))).indicators[0].curve
    assert [straight(n, d) for n, d in ((1, 2), (1, 1), (5, 2), (4, 1))] == [0, 2500, 10_000, 10_000]
    bent = curve(b.amount("A", knots=((0.5, 0), (2.5, 100)), log=True)).indicators[0].curve
    assert [bent(n, d) for n, d in ((1, 2), (1, 4), (5, 2), (4, 1))] == [0, 0, 10_000, 10_000]
    assert bent(111_803_398_875, 10**11) == 5000
    # 1 point in all, without decimals: 0.3 of it at 0.6, 0.55 at 0.85
    coarse = curve(b.ratio("R", knots=((0.3, 0), (1.3, 1))), decimals=0).indicators[0].curve
    assert [coarse(n, 100) for n in (30, 60, 85, 130)] == [0, 0, 1, 1]
    # half of 5 points, up
    assert curve(b.amount("A", knots=((1, 0), (100, 5)), log=True), decimals=0).indicators[0].curve(10, 1) == 3


def test_bent_curves_by_hand() -> None:
    """Between 1 and 100 the logarithm of 10 lies half way; between 10 and 1000 that of 100."""
    score = curve(b.amount("A", knots=((1, 0), (100, 50), (10_000, 100)), log=True)).indicators[0].curve
    assert [score(n, d) for n, d in ((0, 1), (1, 1), (10, 1), (100, 1), (1000, 1), (10_000, 1), (10**6, 1))] == [
        0, 0, 2500, 5000, 7500, 10_000, 10_000
    ]  # fmt: skip
    assert score(1, 2) == 0
    # what no double tells from the last goalpost
    assert score(10**24 - 1, 10**20) == 10_000
    known = compile_methodology(methodology())
    falling = known.indicators[known.positions["T1"]]
    assert [falling.curve(n, d) for n, d in ((2, 1), (4, 1), (0, 1), (10**9, 1), (-1, 1))] == [
        9000, 5000, 10_000, 0, 10_000
    ]  # fmt: skip


def test_ranges_other_than_a_hundred() -> None:
    known = msgspec.structs.replace(
        b.amount("A", knots=((0, 20), (1, 25), (2, 40))), range=Range(minimum=20, maximum=40)
    )
    leaf = curve(known, decimals=1).indicators[0]
    assert (leaf.low, leaf.high, leaf.best, leaf.cap) == (200, 400, 400, 300)
    assert [leaf.curve(n, 2) for n in range(6)] == [200, 225, 250, 325, 400, 400]


def test_power_means_by_hand() -> None:
    """Of 20 and 80, 1 to 1 and 1 to 3."""
    assert compute_power_mean(0, [1, 1], [20, 80]) == pytest.approx(40)
    assert compute_power_mean(-1, [1, 1], [20, 80]) == pytest.approx(32)
    assert compute_power_mean(1, [1, 3], [20, 80]) == pytest.approx(65)
    assert compute_power_mean(2, [1, 1], [20, 80]) == pytest.approx((3400) ** 0.5)
    assert compute_power_mean(-1, [1, 3], [20, 80]) == pytest.approx(4 / (1 / 20 + 3 / 80))
    assert compute_power_mean(2, [1, 1], [0, 80]) == pytest.approx(3200**0.5)
    assert compute_power_mean(2, [1, 3], [0, 0]) == 0
    assert compute_power_mean(0.5, [1, 1], [0, 80]) == pytest.approx(20)
    for exponent in (0, -0.5, -1):
        assert compute_power_mean(exponent, [1, 3], [0, 80]) == 0
    assert compute_power_mean(20, [1, 1], [1e300, 1e300]) == pytest.approx(1e300)
    assert compute_power_mean(1e-12, [1, 1], [20, 80]) == pytest.approx(40)
    assert compute_power_mean(-20, [1, 1], [1e-300, 1]) == pytest.approx(1e-300 * 2 ** (1 / 20))


def test_floats_are_rounded_half_up_with_a_little_more() -> None:
    assert [quantise(points, 100) for points in (0.005, 0.00499, 0.004999995, 12.345, 99.999)] == [
        1,
        0,
        1,
        1235,
        10_000,
    ]


def test_decimals_of_raw_values_are_those_of_the_finest_number() -> None:
    """Six, or more where a fact that is a number has more; those of a count say nothing."""
    for type_, decimals, expected in (("number", 9, 9), ("number", 3, 6), ("integer", 9, 6)):
        amount = b.amount("X")
        fact = msgspec.structs.replace(amount.facts[0], type=type_, decimals=decimals)
        document = b.document(b.root(b.group("D", msgspec.structs.replace(amount, facts=(fact,)))))
        plan = compile_methodology(
            msgspec.structs.replace(methodology(), document=document, digest=repr((type_, decimals)))
        )
        assert plan.raw_decimals == expected
    none = b.document(b.root(b.group("D", b.ladder("L"))))
    assert compile_methodology(b.read(none)).raw_decimals == 6


def test_a_rule_about_one_answer_where_another_was_sent() -> None:
    """R at most its whole, asked only of who sent S."""
    holds = Implies(when=b.present("S"), then=b.compare(b.fact("R", "numerator"), "le", b.fact("R", "denominator")))
    known = b.methodology(b.root(b.group("D", b.ratio("R"), b.ladder("S"))), rules=(b.rule("V", holds, "R"),))
    assert evaluate(known, b.submit({"R": b.of(5, 4)})).results[0].code == "full"
    assert evaluate(known, b.submit({"R": b.of(5, 4), "S": {"level": 1}})).results[0].code == "contradicted"
