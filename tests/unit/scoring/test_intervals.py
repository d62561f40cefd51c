"""What a small sample leaves open: the Wilson interval of a share, and the index that follows (SCORING, section 8)."""

from __future__ import annotations

import msgspec
import pytest

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator, Operand, Product, ProfileField, Quotient
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import Interval
from actitud_api.engine.scoring.wilson import compute_wilson_interval
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import indicator_of


@pytest.mark.parametrize(
    ("cases", "n", "low", "high"),
    [
        (81, 263, "0.2553", "0.3662"),
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
    ],
)
def test_the_intervals_that_newcombe_published(cases: int, n: int, low: str, high: str) -> None:
    """R. G. Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3."""
    assert [f"{bound / 1_000_000:.4f}" for bound in compute_wilson_interval(cases, n)] == [low, high]


def test_a_share_of_all_or_nothing_ends_there() -> None:
    """z² = 3.8414588: none of one is open up to z²/(1 + z²) = 0.7934507, all of one from 1/(1 + z²) = 0.2065493."""
    assert (compute_wilson_interval(0, 1), compute_wilson_interval(1, 1)) == ((0, 793_451), (206_549, 1_000_000))
    assert compute_wilson_interval(10**12, 10**12) == (1_000_000, 1_000_000)


def test_a_bound_is_half_up_in_millionths() -> None:
    """2182 of 2241: z² = 3.84145882, (2183.92072941 + 1.95996398·√(57.44667559 + 0.96036471)) / 2244.84145882.

    That is 2198.89964… / 2244.84145882 = 0.979534500000012….
    """
    assert compute_wilson_interval(2182, 2241)[1] == 979_535


def interval(known: Methodology, submission: Submission, name: str = "R") -> Interval | None:
    return indicator_of(explain(known, submission), name).interval


def alone(indicator: Indicator, *others: Indicator) -> Methodology:
    return b.methodology(b.root(b.group("D", indicator, *others)))


@pytest.mark.parametrize(
    ("cases", "low", "high", "least", "most"), [(0, 0, 0.793451, 0, 79.35), (1, 0.206549, 1, 20.65, 100)]
)
def test_a_share_of_none_and_of_all_is_one(cases: int, low: float, high: float, least: float, most: float) -> None:
    found = interval(alone(b.ratio("R")), b.submit({"R": b.of(cases, 1)}))
    assert found is not None
    assert (found.n, found.lower, found.upper, found.index_lower, found.index_upper) == (1, low, high, least, most)


def test_the_index_follows_through_the_curve() -> None:
    """30 of 100: 21.8949 % to 39.5848 %. R and L weigh the same; L is 50.

    Doubled on the way to 0.5: 43.79 and 79.17, the index (43.79 + 50)/2 = 46.895 → 46.90 and 64.585 → 64.59.
    """
    known = alone(b.ratio("R", knots=((0, 0), (0.5, 100))), b.ladder("L"))
    found = interval(known, b.submit({"R": b.of(30, 100), "L": {"level": 2}}))
    assert found == Interval(n=100, lower=0.218949, upper=0.395849, index_lower=46.9, index_upper=64.59)


def test_a_number_without_a_denominator_has_none() -> None:
    """1 is not 1 of 1."""
    known = msgspec.structs.replace(b.ratio("R"), value=b.fact("R", "numerator"))
    assert interval(alone(known), b.submit({"R": b.of(1, 10)})) is None


@pytest.mark.parametrize("whole", [Product(of=(b.fact("R", "denominator"), b.const(0.5))), b.field("share")])
def test_half_a_case_is_none(whole: Operand) -> None:
    """5 of 20/2 are a half, and so are 5 of 10.0, but nobody counted 10; of 20/1 it was 20 that were counted."""
    known = msgspec.structs.replace(
        b.ratio("R"), value=Quotient(numerator=b.fact("R", "numerator"), denominator=whole), sample=True
    )
    share = ProfileField(name="share", type="number", set_by="organisation", minimum=0, maximum=100)
    submission = b.submit({"R": b.of(5, 20)}, {"share": 10.0})
    assert interval(b.methodology(b.root(b.group("D", known)), profile=(share,)), submission) is None
    once = Product(of=(b.fact("R", "denominator"), b.const(1.0)))
    known = msgspec.structs.replace(known, value=Quotient(numerator=b.fact("R", "numerator"), denominator=once))
    found = interval(alone(known), b.submit({"R": b.of(5, 20)}))
    assert found is not None
    assert found.n == 20


def test_where_less_is_better_the_low_share_is_the_high_index() -> None:
    """The same shares on a falling line: 100 − 21.89 = 78.11 (78.1051) and 60.42 (60.4151)."""
    found = interval(alone(b.ratio("R", knots=((0, 100), (1, 0)))), b.submit({"R": b.of(30, 100)}))
    assert found == Interval(n=100, lower=0.218949, upper=0.395849, index_lower=60.42, index_upper=78.11)


def test_the_cases_are_those_that_were_counted() -> None:
    """3 of 10 is the same share as 30 of 100, over fewer cases.

    (3 + 1.920729 ± 1.959964·√(2.1 + 0.960365)) / 13.841459 = (4.920729 ± 3.428742) / 13.841459.
    """
    found = interval(alone(b.ratio("R")), b.submit({"R": b.of(3, 10)}))
    assert found == Interval(n=10, lower=0.107791, upper=0.603222, index_lower=10.78, index_upper=60.32)


def test_what_is_only_declared_stays_below_its_cap() -> None:
    found = interval(alone(b.ratio("R")), b.submit({"R": b.of(3, 10)}, self_declared=["R"]))
    assert found is not None
    assert (found.index_lower, found.index_upper) == (10.78, 50)


def test_where_there_is_no_index_only_the_share_is_open() -> None:
    known = b.methodology(b.root(b.ratio("R"), b.ladder("L"), missing="void"))
    found = interval(known, b.submit({"R": b.of(3, 10)}))
    assert found == Interval(n=10, lower=0.107791, upper=0.603222, index_lower=None, index_upper=None)


def ratio(**changes: object) -> Indicator:
    return msgspec.structs.replace(b.ratio("R", part_of_denominator=False), **changes)


def test_a_sample_has_an_interval_even_where_the_numerator_is_not_marked_a_part() -> None:
    assert interval(alone(ratio(sample=True)), b.submit({"R": b.of(3, 10)})) is not None
    assert interval(alone(ratio(sample=True)), b.submit({"R": b.of(11, 10)})) is None
    assert interval(alone(ratio()), b.submit({"R": b.of(3, 10)})) is None


ANSWERS: dict[str, dict[str, FactValue]] = {"R": b.of(0, 0)}


@pytest.mark.parametrize("answers", [{}, ANSWERS])
def test_without_a_value_there_is_none(answers: dict[str, dict[str, FactValue]]) -> None:
    assert interval(alone(b.ratio("R"), b.ladder("L", 9)), b.submit({**answers, "L": {"level": 1}})) is None


def test_what_is_no_share_has_none() -> None:
    known = alone(b.ladder("R"), b.amount("A"))
    submission = b.submit({"R": {"level": 2}, "A": {"hours": 0.5}})
    assert (interval(known, submission, "R"), interval(known, submission, "A")) == (None, None)


def test_in_a_range_of_its_own_the_index_stays_in_it() -> None:
    """A range of 0 to 4: 0.4312 → 0.43 and 2.4129 → 2.41."""
    span = (0, 4)
    tree = b.root(b.group("D", b.ratio("R", knots=((0, 0), (1, 4)), span=span), span=span), span=span)
    found = interval(b.methodology(tree), b.submit({"R": b.of(3, 10)}))
    assert found is not None
    assert (found.index_lower, found.index_upper) == (0.43, 2.41)
