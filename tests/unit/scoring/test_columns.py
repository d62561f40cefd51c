"""The evaluator of columns: the same integers as the scalar one, and by hand where that could share its faults."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, Literal

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import DefectiveMethodology, Methodology, load_methodology
from actitud_api.engine.methodology.model import (
    Curve,
    Fact,
    Group,
    Indicator,
    Maximum,
    Minimum,
    Missing,
    Operand,
    Product,
    ProfileField,
    Quotient,
    Sum,
)
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.columns import (
    NO_LIMIT,
    ColumnScores,
    aggregate_columns,
    build_columns,
    build_columns_from_arrays,
    score_columns,
)
from actitud_api.engine.scoring.columns.block import BLOCK_SIZE, CODES
from actitud_api.engine.scoring.columns.tree import STATUSES
from actitud_api.engine.scoring.evaluate import evaluate
from tests.support.scale import NIGHT
from tests.unit.scoring import builders as b
from tests.unit.scoring import test_worked_example as worked_example
from tests.unit.scoring.organisations import METHODOLOGY, organisation
from tests.unit.scoring.random_documents import ANY, FULL, PRODUCTS, SMALL, Case, case_of, list_cases
from tests.unit.scoring.test_reference import same_as_the_reference

HUGE = 10**12
"""Facts are at most this (SCORING, section 2)."""


def of_columns(scores: ColumnScores, row: int) -> dict[str, object]:
    """Every figure of one organisation."""
    found: dict[str, object] = {}
    for number, name in enumerate(scores.indicator_ids):
        found[name] = (
            CODES[scores.codes[number, row]],
            int(scores.scores[number, row]),
            int(scores.maxima[number, row]),
        )
    for number, name in enumerate(scores.group_ids):
        found[name] = (
            int(scores.groups[number, row]),
            int(scores.groups_max[number, row]),
            int(scores.coverages[number, row]),
        )
    found["index"] = int(scores.index[row]), int(scores.index_max[row])
    found["status"] = STATUSES[scores.status[row]], int(scores.level[row]), bool(scores.provisional[row])
    return found


def one_by_one(methodology: Methodology, submission: Submission) -> dict[str, object]:
    """The same figures by the scalar evaluator; -1 where there is none, coverage in ten-thousandths half up."""
    evaluation = evaluate(methodology, submission)

    def there(units: int | None) -> int:
        return -1 if units is None else units

    found: dict[str, object] = {}
    for compiled, leaf in zip(evaluation.compiled.indicators, evaluation.results, strict=True):
        found[compiled.definition.id] = leaf.code, there(leaf.score), there(leaf.maximum)
    for name, share in evaluation.coverages.items():
        shown = -1 if share is None else (20_000 * share.numerator + share.denominator) // (2 * share.denominator)
        found[name] = there(evaluation.groups[name]), there(evaluation.groups_max[name]), shown
    found["index"] = there(evaluation.index), there(evaluation.index_max)
    found["status"] = evaluation.status, evaluation.level or 0, evaluation.provisional
    return found


def assert_equal(methodology: Methodology, submissions: Sequence[Submission]) -> ColumnScores:
    scores = score_columns(build_columns(methodology, submissions))
    for row, submission in enumerate(submissions):
        expected, found = one_by_one(methodology, submission), of_columns(scores, row)
        assert {name: (expected[name], found[name]) for name in expected if expected[name] != found[name]} == {}, row
    return scores


def test_rows_that_are_taken_keep_all_that_is_said_of_them() -> None:
    """One that is reviewed and one of which nothing is known, the other way round."""
    fields = (b.integer_field("people"),)
    known = b.methodology(b.root(b.ladder("X"), b.ratio("R")), profile=fields, levels=(b.staged(50, dimensions=())))
    plain = b.submit({"X": {"level": 4}, "R": b.of(3, 10)}, {"people": 7}, self_declared=["X"])
    reviewed = msgspec.structs.replace(plain, set_aside={"R": "stale"}, level_caps={"X": 1}, max_level=1)
    columns = build_columns(known, [plain, reviewed, b.submit({}, {"people": 7})])
    scores = score_columns(columns.take(np.array([1, 2, 0, 1])))
    expected = score_columns(columns)
    for row, before in enumerate((1, 2, 0, 1)):
        assert of_columns(scores, row) == of_columns(expected, before)
    reviews = [each.max_level for each in (columns, columns.take(np.array([1, 0])))]
    assert [level.tolist()[:2] for level in reviews if level is not None] == [[NO_LIMIT, 1], [1, NO_LIMIT]]


def score_of(methodology: Methodology, *submissions: Submission) -> list[int]:
    """The scores of the only indicator, equal to those of the scalar evaluator."""
    return [int(score) for score in assert_equal(methodology, submissions).scores[0]]


def alone(indicator: Indicator, *, decimals: int = 2) -> Methodology:
    return b.methodology(b.root(b.group("D", indicator)), decimals=decimals)


# --- the same integers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 7, 1_000 if NIGHT else 150])
def test_2026_1(rows: int) -> None:
    assert_equal(METHODOLOGY, [organisation(seed, noise=seed % 3 * 0.03) for seed in range(rows)])


def test_2027_1() -> None:
    """Its gates read the limit of either of two shares, and the least of profile and scores together."""
    methodology = load_methodology("2027.1")
    numbers = range(1, 8_132, 2 if NIGHT else 41)
    scores = assert_equal(methodology, [simulated.submission for simulated in simulate(methodology, numbers)])
    assert {1, 2, 3, 4, 5} <= set(scores.level.tolist())


def test_a_hundred_thousand() -> None:
    """Over several blocks, the last of them cut off; by day drawn from 200 organisations, by night all different."""
    rows = 100_000
    different = [organisation(seed, noise=seed % 4 * 0.02) for seed in range(rows if NIGHT else 200)]
    drawn = np.random.default_rng(1).permutation(rows) % len(different)
    assert rows > BLOCK_SIZE
    assert rows % BLOCK_SIZE
    columns = build_columns(METHODOLOGY, different)
    few = score_columns(columns)
    if NIGHT:
        for row, submission in enumerate(different):
            assert one_by_one(METHODOLOGY, submission) == of_columns(few, row)
    many = score_columns(columns.take(drawn))
    for name in ("scores", "maxima", "codes", "groups", "groups_max", "coverages", "index", "status", "level"):
        np.testing.assert_array_equal(getattr(many, name), getattr(few, name)[..., drawn], name)
    assert of_columns(many, 99_999) == one_by_one(METHODOLOGY, different[drawn[99_999]])


@settings(
    max_examples=1_000 if NIGHT else 15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_any_document(seed: int, large: bool) -> None:
    try:
        case = case_of(Random(seed), FULL if large else SMALL, ANY, 8 if large else 40)
    except DefectiveMethodology:
        assume(False)
    assert_equal(case.methodology, case.submissions)


@pytest.mark.parametrize("first", range(0, 300 if NIGHT else 40, 5))
def test_the_same_documents(first: int) -> None:
    """The same ones each time, so that what they told apart once stays told apart."""
    for case in list_cases(range(first, first + 5), answers=12):
        assert_equal(case.methodology, case.submissions)


@pytest.mark.parametrize("first", range(0, 20_000 if NIGHT else 500, 50))
def test_documents_rich_in_products(first: int) -> None:
    """Products, powers, quotients and constants, of 0 to 12 decimals: scalar, columns and reference are the same."""
    for seed in range(first, first + 50):
        case = case_of(Random(seed), SMALL, PRODUCTS, 2)
        assert_equal(case.methodology, case.submissions)
        # The reference, in fractions, takes half of the time.
        same_as_the_reference(case if NIGHT else Case(case.methodology, case.submissions[:1]))


@pytest.mark.parametrize("seed", [6_591, 11_784, 11_954])
def test_documents_that_once_differed(seed: int) -> None:
    """A unit that only nodes of score 0 can take; figures beyond the largest double."""
    case = case_of(Random(seed), SMALL, PRODUCTS, 2)
    assert_equal(case.methodology, case.submissions)
    assert same_as_the_reference(case) == 2


def test_nobody() -> None:
    scores = score_columns(build_columns(METHODOLOGY, []))
    assert scores.scores.shape == (len(scores.indicator_ids), 0)
    assert scores.index.shape == (0,)


def test_the_facts_stay_as_they_were() -> None:
    """What rules contradict is taken out of copies."""
    columns = build_columns(METHODOLOGY, [organisation(seed, noise=0.2) for seed in range(60)])
    before = [column.copy() for column in columns.facts], columns.present.copy()
    first = score_columns(columns)
    for column, copy in zip(columns.facts, before[0], strict=True):
        np.testing.assert_array_equal(column, copy)
    np.testing.assert_array_equal(columns.present, before[1])
    again = score_columns(columns, into=first)
    assert again is first
    assert of_columns(again, 59) == one_by_one(METHODOLOGY, organisation(59, noise=0.2))


def test_several_threads_may_score_at_once() -> None:
    """They share what is compiled, and no array."""
    each = [
        build_columns(METHODOLOGY, [organisation(seed) for seed in range(start, start + 40)]) for start in (0, 40, 80)
    ]
    alone_at_first = [score_columns(columns).scores for columns in each]
    with ThreadPoolExecutor(3) as pool:
        for _ in range(5):
            together = list(pool.map(score_columns, each))
            for scores, expected in zip(together, alone_at_first, strict=True):
                np.testing.assert_array_equal(scores.scores, expected)


# --- by hand --------------------------------------------------------------------------------------------------


def test_the_worked_example() -> None:
    """docs/scoring.md, section 10, with every figure that it prints."""
    columns = build_columns(worked_example.METHODOLOGY, [worked_example.REPORTED])
    found = of_columns(score_columns(columns), 0)
    assert found["ratio"] == ("partial", 6_250, 6_250)
    assert found["ladder"] == ("partial", 7_500, 7_500)
    assert found["boolean"] == ("unknown", 0, 10_000)
    assert found["duration"] == ("partial", 8_636, 8_636)
    assert found["third"] == ("not_applicable", -1, -1)
    assert found["D1"] == (6_563, 6_563, 10_000)
    assert found["D2"] == (5_757, 9_091, 6_667)
    assert found["index"] == (6_160, 7_827)
    assert found["status"] == ("sufficient", 4, False)


@pytest.mark.parametrize(
    ("numerator", "denominator", "score"),
    [
        (1, 200, 1),  # 0.5
        (99, 19_801, 0),  # 0.49997…
        (3 * 10**9, 2 * 10**11, 2),  # 1.5
        (HUGE // 200, HUGE, 1),  # 0.5 of the largest facts
        (HUGE // 200 - 1, HUGE, 0),  # 0.4999999999
        (HUGE // 8, HUGE, 13),  # 12.5
        (HUGE // 8 - 1, HUGE, 12),
        (HUGE - HUGE // 200, HUGE, 100),  # 99.5
        (HUGE - HUGE // 200 - 1, HUGE, 99),
        (HUGE, 1, 100),
        (0, HUGE, 0),
        (1, 0, 0),  # a value over 0 does not exist
    ],
)
def test_halves_are_exact(numerator: int, denominator: int, score: int) -> None:
    assert score_of(alone(b.ratio("A"), decimals=0), b.submit({"A": b.of(numerator, denominator)})) == [score]


def test_a_half_between_goalposts_that_floats_do_not_hold() -> None:
    """From (0.1, 0) to (0.4, 1): 0.25 is exactly half a point, and 0.2499999999999 is not."""
    known = alone(b.ratio("A", 1, ((0.1, 0), (0.4, 1))), decimals=0)
    sent = [b.of(1, 4), b.of(HUGE // 4, HUGE), b.of(HUGE // 4 - 1, HUGE), b.of(2_499, 10_000)]
    assert score_of(known, *(b.submit({"A": facts}) for facts in sent)) == [1, 1, 0, 0]


def test_a_denominator_below_0() -> None:
    """-3 over -4 is 0.75; 3 over -4 lies under the first goalpost."""
    known = alone(msgspec.structs.replace(b.ratio("A"), part_of_denominator=False))
    columns = build_columns_from_arrays(
        known, 2, profile={}, answers={"A": {"numerator": np.array([-3, 3]), "denominator": np.array([-4, -4])}}
    )
    assert score_columns(columns).scores.tolist() == [[7_500, 0]]


def test_products_that_64_bits_do_not_hold() -> None:
    """A·B against C·D with facts up to 10^12: their products differ by 10^12, and by 0."""
    names = ("A", "B", "C", "D")
    rule = b.rule(
        "V1",
        b.compare(
            Product(of=(b.fact("A", "hours"), b.fact("B", "hours"))),
            "le",
            Product(of=(b.fact("C", "hours"), b.fact("D", "hours"))),
        ),
        "A",
    )
    counts = [
        msgspec.structs.replace(
            b.amount(name), facts=(msgspec.structs.replace(b.amount(name).facts[0], type="integer", maximum=HUGE),)
        )
        for name in names
    ]
    known = b.methodology(b.root(b.group("G", *counts)), rules=(rule,))
    sent = [
        (HUGE, HUGE, HUGE, HUGE - 1),
        (HUGE, HUGE - 1, HUGE, HUGE),
        (HUGE, HUGE, HUGE, HUGE),
        (3, 4, 2, 6),
        (3, 4, 2, 5),
    ]
    submissions = [b.submit({name: {"hours": fact} for name, fact in zip(names, facts, strict=True)}) for facts in sent]
    scores = assert_equal(known, submissions)
    assert [CODES[code] for code in scores.codes[0]] == ["contradicted", "full", "full", "full", "contradicted"]


def test_a_text_on_either_side() -> None:
    """L counts 0 for towns, written with the constant first, and M for what has the kind of another field."""
    kinds = [
        ProfileField(name=name, type="enum", set_by="organisation", values=values)
        for name, values in (("one", ("town", "region", "port")), ("other", ("port", "town")))
    ]
    leaves = (
        b.ladder("L", zero_when=b.compare(b.const("town"), "eq", b.field("one"))),
        b.ladder("M", zero_when=b.compare(b.field("other"), "eq", b.field("one"))),
        b.ladder("N", zero_when=b.compare(b.const("region"), "ne", b.field("one"))),
        b.ladder("O", zero_when=b.ALWAYS),
    )
    known = b.methodology(b.root(b.group("D", *leaves)), profile=tuple(kinds))
    answers: dict[str, dict[str, FactValue]] = {name: {"level": 4} for name in "LMNO"}
    pairs = [(one, other) for one in ("town", "region", "port") for other in ("port", "town")]
    scores = assert_equal(known, [b.submit(answers, {"one": one, "other": other}) for one, other in pairs])
    assert scores.scores.tolist() == [
        [0, 0, 10_000, 10_000, 10_000, 10_000],
        [10_000, 0, 10_000, 10_000, 0, 10_000],
        [0, 0, 10_000, 10_000, 0, 0],
        [0] * 6,
    ]


def test_a_value_of_the_answers_of_another_that_may_leave_or_be_0() -> None:
    """S, the numerator of S over the denominator of R, from 10 people on, and 0 while B is no; R may be absent."""
    own = b.ratio("S", part_of_denominator=False)
    shared = msgspec.structs.replace(
        own,
        facts=(own.facts[0],),
        value=Quotient(numerator=b.fact("S", "numerator"), denominator=b.fact("R", "denominator")),
        applies=b.compare(b.field("people"), "ge", 10),
        zero_when=b.compare(b.fact("B", "value"), "eq", False),
    )
    tree = b.root(b.group("D", b.ratio("R"), b.boolean("B"), shared))
    known = b.methodology(tree, profile=(b.integer_field("people"),))
    rows = []
    for people in (5, 10):
        for yes in (True, False, None):
            for ratio in (True, False):
                answers: dict[str, dict[str, FactValue]] = {"S": {"numerator": 1}}
                answers |= {"R": b.of(1, 2)} if ratio else {}
                answers |= {} if yes is None else {"B": {"value": yes}}
                rows.append(b.submit(answers, {"people": people}))
    codes = [CODES[code] for code in assert_equal(known, rows).codes[2]]
    away, zero = ["not_applicable"] * 2, ["zero_by_rule"] * 2
    assert codes == [*away, *zero, "unknown", "unknown", "partial", "unknown", *zero, "unknown", "unknown"]


def test_products_of_what_is_below_0() -> None:
    """-4·10^9 times itself is 1.6·10^19, beyond 64 bits, and -3 times itself 9; what is asked is more than 10."""
    field = ProfileField(name="e", type="integer", set_by="organisation", minimum=-HUGE, maximum=0)
    zero = b.compare(Product(of=(b.field("e"), b.field("e"))), "gt", 10)
    known = b.methodology(b.root(b.group("D", b.ladder("L", zero_when=zero))), profile=(field,))
    rows = [b.submit({"L": {"level": 4}}, {"e": e}) for e in (-4 * 10**9, -3, 0, -4)]
    assert assert_equal(known, rows).index.tolist() == [0, 10_000, 10_000, 0]


def test_a_scale_that_64_bits_do_not_hold() -> None:
    """3^41·p + e is at least 3^20 + n: with any p, and without one never, whatever is 0."""
    scaled = Product(of=(b.const(3**20), b.const(3**21), b.field("p")))
    zero = b.compare(Sum(of=(scaled, b.field("e"))), "ge", Sum(of=(b.const(3**20), b.field("n"))))
    fields = tuple(b.integer_field(name) for name in "pen")
    known = b.methodology(b.root(b.group("D", b.ladder("L", zero_when=zero))), profile=fields)
    facts = [{"p": p, "e": e, "n": n} for p, e, n in ((0, 0, 0), (1, 0, 0), (0, 5, 1), (1, 0, 9))]
    scores = assert_equal(known, [b.submit({"L": {"level": 4}}, profile) for profile in facts])
    assert scores.index.tolist() == [10_000, 0, 10_000, 0]


def test_a_sum_of_numbers_of_twelve_decimals() -> None:
    """10^6 hours with twelve decimals fill 60 bits; twenty of them are beyond 64."""
    many = Sum(of=(b.fact("A", "hours"),) * 20)
    known = alone(
        msgspec.structs.replace(
            b.amount("A", 1, ((0, 0), (20_000_000, 100)), decimals=12), value=many, step=None, type="quantity"
        )
    )
    assert score_of(known, b.submit({"A": {"hours": 1_000_000}}), b.submit({"A": {"hours": 125_000.000000000001}})) == [
        10_000,
        1_250,
    ]


@pytest.mark.parametrize(
    ("kind", "knots", "scores"),
    [
        # hours times hours: 10^4, 10^8 and 10^10, and 0; halfway in the logarithm from 1 to 10^8 is 10^4
        ("log", ((1, 0), (10**8, 100)), [5_000, 10_000, 10_000, 0]),
        ("linear", ((0, 0), (10**10, 100)), [0, 100, 10_000, 0]),
        # 10^4 is the median; at p10, 10^8, and above it is 90 and more
        ("lognormal", ((10**4, 50), (10**8, 90)), [5_000, 9_000, 9_727, 0]),
    ],
)
def test_a_curve_over_what_64_bits_do_not_hold(
    kind: Literal["log", "linear", "lognormal"], knots: b.Knots, scores: list[int]
) -> None:
    """In millionths of millionths everything above 3.04 hours is beyond 64 bits.

    10^10 is ln 10^6 above the median, of ln 10^4 to p10: erfc(-1.5·0.9061938024)/2 = 0.97272, 1.2815515655·1.5 spreads.
    """
    curve = Curve(kind=kind, goalposts=b.goalposts(knots))
    squared = Product(of=(b.fact("A", "hours"), b.fact("A", "hours")))
    known = alone(msgspec.structs.replace(b.amount("A"), curve=curve, value=squared, step=None, type="quantity"))
    sent = [b.submit({"A": {"hours": hours}}) for hours in (100, 10_000, 100_000, 0)]
    assert score_of(known, *sent) == scores


def facts_of(maximum: int, *names: str) -> tuple[Fact, ...]:
    return tuple(Fact(name=name, type="number", minimum=0, maximum=maximum) for name in names)


def formula(value: Operand, knots: b.Knots, *facts: Fact) -> Indicator:
    curve = Curve(kind="linear", goalposts=b.goalposts(knots))
    return structs.replace(b.amount("A"), facts=facts, value=value, curve=curve, step=None, type="quantity")


def test_a_constant_and_a_cube() -> None:
    """15 + z³ of z to 100, in millionths cubed: 15 + 10^6/8 of 10^6 is 12.5015, and 15 alone 0.0015."""
    z = b.fact("A", "z")
    cube = Sum(of=(b.const(15), Product(of=(z, z, z))))
    known = alone(formula(cube, ((0, 0), (10**6, 100)), *facts_of(100, "z")))
    assert score_of(known, b.submit({"A": {"z": 50}}), b.submit({"A": {"z": 0}})) == [1_250, 0]


def test_a_product_of_sums() -> None:
    """x·(100 - a)·(100 - b)·(100 - c): 50·90·80·95 = 34,200,000 of 10^8 is 34.20."""
    x, *others = (b.fact("A", name) for name in "xabc")
    rest = (Sum(of=(b.const(100), Product(of=(b.const(-1), other)))) for other in others)
    known = alone(formula(Product(of=(x, *rest)), ((0, 0), (10**8, 100)), *facts_of(100, *"xabc")))
    assert score_of(known, b.submit({"A": {"x": 50, "a": 10, "b": 20, "c": 5}})) == [3_420]


@pytest.mark.parametrize("least", [True, False])
def test_a_division_by_the_least_or_greatest_of_products(least: bool) -> None:
    """1 over min(y, z²), z = 10^6, and over max(y·z, y), z = 0, is 1 over y; at y = 0 there is no value."""
    y, z = b.fact("A", "y"), b.fact("A", "z")
    below = Minimum(of=(y, Product(of=(z, z)))) if least else Maximum(of=(Product(of=(y, z)), y))
    value = Quotient(numerator=b.const(1), denominator=below)
    known = alone(formula(value, ((0, 0), (1, 100)), *facts_of(1_000_000, "y", "z")))
    sent = [b.submit({"A": {"y": y, "z": 1_000_000 if least else 0}}) for y in (0, 4, 1)]
    assert score_of(known, *sent) == [0, 2_500, 10_000]


def test_halves_that_constants_make_too_fine_for_floats() -> None:
    """57.5 falls by 37.5 in 10^12: of 81 millionths it is less than a half more than 57, in every row but that of 0."""
    millionths = Product(of=(b.fact("A", "n"), b.const(0.000001)))
    curve: b.Knots = ((-(10**12), 80), (0, 57.5), (10**12, 20))
    known = alone(
        formula(millionths, curve, Fact(name="n", type="integer", minimum=0, maximum=1_000)),
        decimals=0,
    )
    assert score_of(known, *(b.submit({"A": {"n": n}}) for n in (1, 0, 81, 81))) == [57, 58, 57, 57]


@pytest.mark.parametrize(("inverse", "end"), [(False, 10_000), (True, 0)])
def test_a_ratio_beyond_all_floats(inverse: bool, end: int) -> None:
    """10^12 to the 27th is 10^324, and its inverse 10^-324: there the log-normal curve ends; 1 is the median."""
    huge = Product(of=(b.fact("A", "n"),) * 27)
    value = Quotient(numerator=b.const(1), denominator=huge) if inverse else huge
    curve = Curve(kind="lognormal", goalposts=b.goalposts(((1, 50), (1_000, 90))))
    n = Fact(name="n", type="integer", minimum=1, maximum=HUGE)
    known = alone(structs.replace(b.amount("A"), facts=(n,), value=value, curve=curve, step=None, type="quantity"))
    assert score_of(known, b.submit({"A": {"n": HUGE}}), b.submit({"A": {"n": 1}})) == [end, 5_000]


def test_a_step_over_what_64_bits_do_not_hold() -> None:
    """In millionths these people are 2^64 + 448,384: so many more hours than 448,384 would be far above all steps."""
    over = Quotient(numerator=b.fact("A", "hours"), denominator=b.field("people"))
    ladder = msgspec.structs.replace(b.ladder("L"), value=over, step=None)
    known = b.methodology(b.root(b.group("D", b.amount("A"), ladder)), profile=(b.integer_field("people"),))
    answers = {"L": {"level": 4}, "A": {"hours": 9 * 10**12}}
    sent = [b.submit(answers, {"people": people}) for people in (18_446_744_073_710, 9 * 10**12, 4 * 10**12)]
    assert assert_equal(known, sent).scores[1].tolist() == [0, 2_500, 5_000]


def test_more_components_than_64_bits() -> None:
    """A list of 100: 50 of them are half, and a rule reads the last."""
    components = tuple(f"c{number}" for number in range(100))
    rule = b.rule("V1", msgspec.structs.replace(b.lists("A", "c99"), right=b.const(False)), "B")
    known = b.methodology(
        b.root(b.group("D", b.checklist("A", 1, components, ((0, 0), (100, 100))), b.ladder("B"))), rules=(rule,)
    )
    submissions = [
        b.submit({"A": {"components": listed}, "B": {"level": 4}})
        for listed in (components[:50], components[50:], components, ())
    ]
    scores = assert_equal(known, submissions)
    assert scores.scores.tolist() == [[5_000, 5_000, 10_000, 0], [10_000, 0, 0, 10_000]]


def test_a_coverage_that_floats_take_for_a_half() -> None:
    """Of 20,000,019,999 not known are 1,000,000, 1,000,001 or 1,000,002.

    Known are 9,999.500010, 9,999.499999999975 and 9,999.499990 ten-thousandths: the second is 9,999 and no half.
    """
    known, unknown = 20_000_019_999 - 3_000_003, (1_000_000, 1_000_001, 1_000_002)
    tree = b.root(b.group("D", b.ladder("K", known), *(b.ladder(f"U{n}", u) for n, u in enumerate(unknown))))
    methodology = b.methodology(tree)
    names = ("K", "U0", "U1", "U2")
    rows = [b.submit({name: {"level": 4} for name in names if name != f"U{left}"}) for left in range(4)]
    scores = assert_equal(methodology, rows)
    assert scores.coverages[1].tolist() == [10_000, 9_999, 9_999, 10_000]


@pytest.mark.parametrize(("more", "status"), [(-1, "sufficient"), (0, "sufficient"), (1, "insufficient_evidence")])
def test_a_coverage_that_floats_take_for_the_threshold(more: int, status: str) -> None:
    """Two thirds have to be known: of 6·10^10 exactly a third is not, or one more or less, 2·10^-11 beside it."""
    third = 20_000_000_000
    tree = b.root(b.group("D", b.ladder("K", 2 * third - more), b.ladder("U", third + more)))
    scores = assert_equal(b.methodology(tree), [b.submit({"K": {"level": 4}}), b.submit({"U": {"level": 4}})])
    assert [STATUSES[number] for number in scores.status] == [status, "insufficient_evidence"]


def test_what_review_says() -> None:
    """A ladder capped at 2 of 4 counts 50 and is `capped`; a level of the organisation is at most the one allowed."""
    known = b.methodology(b.root(b.group("D", b.ladder("A"))), levels=b.staged(0, 20, 40, 60, 80, dimensions=("D",)))
    sent = b.submit({"A": {"level": 4}})
    capped = msgspec.structs.replace(sent, level_caps={"A": 2})
    held = msgspec.structs.replace(sent, max_level=2)
    scores = assert_equal(known, [sent, capped, held])
    assert scores.scores.tolist() == [[10_000, 5_000, 10_000]]
    assert [CODES[code] for code in scores.codes[0]] == ["full", "capped", "full"]
    assert scores.level.tolist() == [5, 3, 2]


def test_what_review_caps_goes_through_the_formula() -> None:
    """A formula that adds a step: level 2, capped at 1, counts 50 instead of 75."""
    added = msgspec.structs.replace(b.ladder("A"), value=Sum(of=(b.fact("A", "level"), b.const(1))))
    known = b.methodology(b.root(b.group("D", added)))
    capped = b.submit({"A": {"level": 2}}, level_caps={"A": 1})
    scores = assert_equal(known, [capped])
    assert (scores.scores.tolist(), CODES[scores.codes[0, 0]]) == ([[5_000]], "capped")
    assert evaluate(known, capped).results[0].uncapped == 7_500


def test_missing_in_every_way() -> None:
    """One of two unknown, the other 100: counted 0 it halves the mean, left out it does not, and void it ends it."""

    def half(name: str, missing: Missing) -> Group:
        return b.group(name, b.boolean(f"{name}1"), b.boolean(f"{name}2"), missing=missing, rated_share=(0, 1))

    tree = b.root(half("Z", "zero"), half("L", "leave"), half("V", "void"), missing="leave")
    yes = {"value": True}
    scores = assert_equal(b.methodology(tree), [b.submit({"Z1": yes, "L1": yes, "V1": yes}), b.submit({})])
    assert scores.group_ids == ("index", "Z", "L", "V")
    assert scores.groups.T.tolist() == [[7_500, 5_000, 10_000, -1], [0, 0, -1, -1]]
    assert scores.groups_max.T.tolist() == [[10_000, 10_000, 10_000, 10_000]] * 2


def test_a_range_of_its_own_and_published_decimals() -> None:
    """Halfway from 1 to 5 is 3.00; published without decimals an index of 2.50 is 3, and one of 2.49 is 2."""
    span = (1, 5)
    tree = b.root(b.group("D", b.ratio("A", 1, ((0, 1), (1, 5)), span=span), span=span), span=span)
    known = b.methodology(tree, published=0)
    sent = [b.submit({"A": b.of(n, 1_000)}) for n in (500, 375, 372, 0)] + [b.submit({})]
    scores = assert_equal(known, sent)
    assert scores.scores.tolist() == [[300, 250, 249, 100, 100]]
    assert scores.index.tolist() == [300, 300, 200, 100, 100]
    assert scores.index_max.tolist() == [300, 300, 200, 100, 500]


def test_scores_of_8_decimals_worth_of_units() -> None:
    """A range to a million at 6 decimals takes 40 bits: scores are 64 bits wide, and still exact."""
    span = (0, 1_000_000)
    tree = b.root(b.group("D", b.ratio("A", 1, ((0, 0), (1, 1_000_000)), span=span), span=span), span=span)
    known = b.methodology(tree, decimals=6)
    scores = assert_equal(known, [b.submit({"A": b.of(1, 3)}), b.submit({"A": b.of(2, 3)})])
    assert scores.scores.tolist() == [[333_333_333_333, 666_666_666_667]]


# --- arrays ---------------------------------------------------------------------------------------------------


def arrays() -> tuple[Methodology, dict[str, Any]]:
    """A document, and what `columns_from` takes by keyword, as loose as what a person writes."""
    known = b.methodology(
        b.root(
            b.group(
                "D",
                b.ratio("A"),
                b.ladder("B"),
                b.boolean("C"),
                b.checklist("L", 1, ("x", "y"), ((0, 0), (2, 100))),
            )
        ),
        profile=(b.integer_field("people"), b.service_field("before")),
    )
    given: dict[str, Any] = {
        "profile": {"people": [1, 2, 3], "before": [0, 4, 0]},
        "nulls": {"before": np.array([True, False, True])},
        "answers": {
            "A": {"numerator": [1, 1, 0], "denominator": [2, 4, 0]},
            "B": {"level": [0, 2, 4]},
            "C": {"value": np.array([True, False, True])},
            "L": {"components": [0b01, 0b11, 0b00]},
        },
        "present": {"A": np.array([True, True, False])},
        "self_declared": {"B": np.array([False, False, True])},
        "set_aside": {"C": [0, 0, 2]},
    }
    return known, given


def test_columns_of_arrays() -> None:
    """1 of 2 and 1 of 4; levels 0 and 2, and 4 capped at 50 as it is only declared; one of two listed is half."""
    known, given = arrays()
    scores = score_columns(build_columns_from_arrays(known, 3, **given))
    assert scores.scores.tolist() == [[5_000, 2_500, 0], [0, 5_000, 5_000], [10_000, 0, 0], [5_000, 10_000, 0]]
    assert [CODES[code] for code in scores.codes[:, 2]] == ["unknown", "capped", "rejected", "zero"]


def test_columns_of_arrays_are_those_of_submissions() -> None:
    known, given = arrays()
    made = build_columns_from_arrays(known, 3, **given)
    submissions = [
        b.submit(
            {"A": b.of(1, 2), "B": {"level": 0}, "C": {"value": True}, "L": {"components": ("x",)}},
            {"people": 1, "before": None},
        ),
        b.submit(
            {"A": b.of(1, 4), "B": {"level": 2}, "C": {"value": False}, "L": {"components": ("y", "x")}},
            {"people": 2, "before": 4},
        ),
        b.submit(
            {"B": {"level": 4}, "C": {"value": True}, "L": {"components": ()}},
            {"people": 3, "before": None},
            self_declared=["B"],
            set_aside={"C": "rejected"},
        ),
    ]
    same = build_columns(known, submissions)
    for one, other in zip(made.facts, same.facts, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    for name in ("present", "self_declared", "set_aside"):
        np.testing.assert_array_equal(getattr(made, name), getattr(same, name))
    assert_equal(known, submissions)


# --- the tree alone -------------------------------------------------------------------------------------------


def test_the_tree_of_given_scores() -> None:
    """(3·62.50 + 75)/4 = 65.625 -> 65.63 and 57.57; where the ladder left, D1 is the ratio alone."""
    tree = b.root(b.group("D1", b.ratio("r", 3), b.ladder("l", 1)), b.group("D2", b.boolean("x")))
    known = b.methodology(tree)
    scores = np.array([[6_250, 6_250], [7_500, -1], [5_757, 5_757]])
    assert aggregate_columns(known, scores).tolist() == [[6_160, 6_004], [6_563, 6_250], [5_757, 5_757]]


def test_the_tree_of_2026_1() -> None:
    """Where nothing is unknown the groups are those of the scores."""
    submissions = [organisation(seed, noise=0, silence=0) for seed in range(50)]
    scores = score_columns(build_columns(METHODOLOGY, submissions))
    np.testing.assert_array_equal(aggregate_columns(METHODOLOGY, scores.scores), scores.groups)
