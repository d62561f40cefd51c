"""The audit of an index (SCORING, section 8): published cases and figures by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from msgspec import structs

from actitud_api.engine.methodology.model import AnswerOperand, Compare, Constant, Document, Goalpost, Range
from actitud_api.engine.methodology.predicates import walk_groups, walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.audit import (
    Audit,
    Floats,
    GoalpostMove,
    GroupAudit,
    IndicatorAudit,
    audit_index,
    compute_alpha,
    compute_correlation,
    compute_correlation_ratio,
    compute_main_effect,
    compute_rank_changes,
    compute_skewness,
    drop_child,
    list_remarks,
    move_goalpost,
)
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.ranking import Integers
from actitud_api.engine.scoring.robustness import MISSING
from tests.unit.scoring import builders as b

NAN = float("nan")


def column(*values: float) -> Floats:
    return np.array(values, np.float64)


# --- measures -------------------------------------------------------------------------------------------------


ANSCOMBE = [
    ((10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5), (8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68)),
    ((10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5), (9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74)),
    ((10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5), (7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73)),
    ((8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8), (6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89)),
]
"""F. J. Anscombe, Graphs in Statistical Analysis, 1973: four sets with r = 0.816."""


@pytest.mark.parametrize(("x", "y"), ANSCOMBE)
def test_the_correlation_of_the_quartet_of_anscombe(x: Sequence[float], y: Sequence[float]) -> None:
    assert compute_correlation(column(*x), column(*y)) == pytest.approx(0.816, abs=0.001)


def test_the_correlation_is_that_of_whoever_has_both() -> None:
    assert compute_correlation(column(1, 2, 3, NAN, 9), column(2, 4, 6, 1, NAN)) == pytest.approx(1)
    assert compute_correlation(column(1, 2, 3), column(3, 2, 1)) == pytest.approx(-1)


def test_rounding_carries_no_correlation_beyond_1() -> None:
    """Tenths and three times as much: in float64 their products are more than the root of their squares."""
    tenths = [0.1 * n for n in range(10)]
    for times in (3, -3):
        assert compute_correlation(column(*tenths), column(*(times * x for x in tenths))) == (1 if times > 0 else -1)


def test_two_organisations_are_enough() -> None:
    assert compute_correlation(column(1, 2), column(3, 5)) == pytest.approx(1)
    assert compute_alpha(np.array([[1.0, 1], [2, 2]])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("x", "y"),
    [((), ()), ((1,), (2,)), ((1, 1, 1), (1, 2, 3)), ((1, 2, 3), (0.1, 0.1, 0.1)), ((1, NAN, 3), (NAN, 2, 4))],
)
def test_there_is_no_correlation_of_what_does_not_vary(x: Sequence[float], y: Sequence[float]) -> None:
    assert compute_correlation(column(*x), column(*y)) is None


def test_the_skewness_of_a_hundred_heights() -> None:
    """S. Brown, Measures of Shape: heights in classes at 61, 64, 67, 70, 73 inches; G1 is -0.1098 there."""
    heights = np.repeat([61.0, 64.0, 67.0, 70.0, 73.0], [5, 18, 42, 27, 8])
    assert compute_skewness(heights) == pytest.approx(-0.1098, abs=0.00005)


def test_skewness_by_hand() -> None:
    """Of 0, 0, 3: mean 1, m2 = 6/3 = 2, m3 = 6/3 = 2, g1 = 2/2^1.5 = 0.7071, G1 = 0.7071 · √6 / 1 = 1.7321."""
    assert compute_skewness(column(0, 0, 3)) == pytest.approx(3**0.5)
    assert compute_skewness(column(0, 3, 3)) == pytest.approx(-(3**0.5))
    assert compute_skewness(column(1, 2)) is None
    assert compute_skewness(column(5, 5, 5, 5)) is None


QUESTIONNAIRE = """
    1 1 1 1 1 1 1 1 1 1 1
    1 1 1 1 1 1 1 1 0 1 0
    - 0 1 1 - 1 1 1 1 0 0
    1 1 1 0 1 1 0 1 1 0 0
    1 1 1 1 1 0 0 0 1 0 0
    0 1 - 0 1 1 1 1 0 0 0
    1 1 1 1 0 0 1 0 0 0 0
    1 1 1 1 1 0 0 0 0 0 0
    0 1 0 1 1 0 0 0 0 1 0
    1 0 0 1 0 1 0 0 - 0 0
    1 1 1 0 0 0 0 0 0 0 0
    1 0 0 1 0 0 0 0 0 0 0
"""
"""After C. Zaiontz, real-statistics.com, with gaps; it comes with Pingouin as `cronbach_wide_missing`."""


def test_alpha_is_that_of_a_published_questionnaire() -> None:
    """Pingouin's documentation: 0.732661, as `psych::alpha(use = "pairwise")` of R; without rows with gaps 0.801695."""
    items = np.array([[NAN if x == "-" else float(x) for x in row.split()] for row in QUESTIONNAIRE.split("\n")[1:-1]])
    assert compute_alpha(items) == pytest.approx(0.732660835, abs=1e-9)
    assert compute_alpha(items[~np.isnan(items).any(axis=1)]) == pytest.approx(0.801694915, abs=1e-9)


def test_alpha_by_hand() -> None:
    """Equal items: variances 1 and 1, of the sum 4: 2/1 · (1 - 2/4) = 1. Items 1 2 3 and 1 3 2: covariance 1/2, 2/3."""
    assert compute_alpha(np.array([[1.0, 1], [2, 2], [3, 3]])) == pytest.approx(1)
    assert compute_alpha(np.array([[1.0, 1], [2, 3], [3, 2]])) == pytest.approx(2 / 3)
    # what is small varies too: the variance of the sum is 0.04
    assert compute_alpha(np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]])) == pytest.approx(1)


def test_there_is_no_alpha_of_one_item_or_of_a_sum_that_does_not_vary() -> None:
    assert compute_alpha(np.array([[1.0], [2], [3]])) is None
    assert compute_alpha(np.array([[1.0, 3], [2, 2], [3, 1]])) is None
    assert compute_alpha(np.array([[1.0, 2]])) is None
    assert compute_alpha(np.empty((0, 3))) is None
    assert compute_alpha(np.array([[1.0, NAN], [NAN, 2], [3, NAN]])) is None


def test_the_correlation_ratio_of_three_subjects() -> None:
    """The example of Wikipedia, Correlation ratio: algebra, geometry, statistics; 6780 of 9640, 0.7033."""
    scores = {"a": (45, 70, 29, 15, 21), "g": (40, 20, 30, 42), "s": (65, 95, 80, 70, 85, 73)}
    classes = np.array([number for number, values in enumerate(scores.values()) for _ in values])
    y = column(*[score for values in scores.values() for score in values])
    assert compute_correlation_ratio(classes, y) == pytest.approx(6780 / 9640)


def test_a_main_effect_over_two_bins() -> None:
    """Twenty organisations, two bins of ten. y is 0 ten times and 10 ten times.

    Half with half: means 0 and 10, all the variance. Means 2 and 8: between 20 · 9 = 180 of 20 · 25 = 500, 0.36.
    """
    x = column(*range(20))
    assert compute_main_effect(x, np.repeat([0.0, 10], 10)) == pytest.approx(1)
    assert compute_main_effect(x, np.array([0.0] * 8 + [10] * 2 + [0] * 2 + [10] * 8)) == pytest.approx(0.36)
    assert compute_main_effect(-x, np.array([0.0] * 8 + [10] * 2 + [0] * 2 + [10] * 8)) == pytest.approx(0.36)


def test_bins_are_of_whole_organisations() -> None:
    """Of 25 there are two bins, the first 12 and the others; y follows them."""
    assert compute_main_effect(column(*range(25)), np.repeat([0.0, 10], [12, 13])) == pytest.approx(1)


def test_a_main_effect_sees_what_no_line_shows() -> None:
    """y = x² around 0: no correlation, and in bins of ten of two hundred nearly all the variance."""
    x = column(*range(200)) - 99.5
    assert compute_correlation(x, x**2) == pytest.approx(0, abs=1e-12)
    assert 0.98 < (compute_main_effect(x, x**2) or 0) < 1


def test_equal_values_share_a_bin() -> None:
    """Of thirty organisations in three bins, the twenty that have 0 are in one, whatever their order: 2 classes."""
    x, y = np.repeat([0.0, 1], [20, 10]), column(*(7 * n % 11 for n in range(30)))
    expected = compute_correlation_ratio(x.astype(np.int64), y)
    assert compute_main_effect(x, y) == pytest.approx(expected)
    assert compute_main_effect(x[::-1], y[::-1]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.arange(19.0), np.arange(19.0)),
        (np.ones(40), np.arange(40.0)),
        (np.arange(40.0), np.ones(40)),
        (np.where(np.arange(40) < 21, NAN, 1.0), np.arange(40.0)),
    ],
)
def test_there_is_no_main_effect_of_too_few_or_of_what_does_not_vary(x: Floats, y: Floats) -> None:
    assert compute_main_effect(x, y) is None


def test_rank_changes_are_among_those_with_both() -> None:
    """50, 40, 30 to 10, 40, 30: from 1 2 3 to 3 1 2. The fourth has no index after, and gives its rank away.

    With the first at a higher level it stays first, and so do the others below it.
    """
    before, after = np.array([50, 40, 30, 60]), np.array([10, 40, 30, MISSING])
    assert compute_rank_changes(np.array([1, 1, 1, 1], np.int8), before, after).tolist() == [2, 1, 1]
    assert compute_rank_changes(np.array([2, 1, 1, 1], np.int8), before, after).tolist() == [0, 0, 0]


# --- the audit of a small index -------------------------------------------------------------------------------


def tree() -> Document:
    """Two dimensions of weights 3 and 1; A has two ratios, B one with a judgement goalpost in the middle."""
    knots = ((0, 0), (0.5, 50), (1, 100))
    return b.document(
        b.group(
            "index",
            b.group("A", b.ratio("A1", 1), b.ratio("A2", 1), weight=3),
            b.group("B", b.ratio("B1", 1, knots), weight=1),
        )
    )


def sent(document: Document, *rows: Sequence[int | None]) -> list[Submission]:
    """Submissions of so many hundredths of each indicator; None is not answered."""
    names = [indicator.id for indicator in walk_indicators(document.root)]
    return [
        b.submit({name: b.of(part, 100) for name, part in zip(names, row, strict=True) if part is not None})
        for row in rows
    ]


class Edition:
    """What some submissions come to under a document, by the scalar evaluator."""

    def __init__(self, document: Document, submissions: list[Submission]) -> None:
        self.document = document
        self.submissions = submissions
        self.asked: list[Document] = []
        evaluations = [evaluate(b.read(document), submission) for submission in submissions]
        self.index = self._column([evaluation.index for evaluation in evaluations])
        self.scores: Mapping[str, Integers] = {
            **{
                group.id: self._column([evaluation.groups[group.id] for evaluation in evaluations])
                for group in walk_groups(document.root)
            },
            **{
                indicator.id: self._column([evaluation.results[position].score for evaluation in evaluations])
                for position, indicator in enumerate(walk_indicators(document.root))
            },
        }

        self.zeros = {
            indicator.id: np.array([evaluation.results[position].code == "zero_by_rule" for evaluation in evaluations])
            for position, indicator in enumerate(walk_indicators(document.root))
        }

    @staticmethod
    def _column(units: list[int | None]) -> Integers:
        return np.array([MISSING if value is None else value for value in units], np.int64)

    def rescore(self, document: Document) -> Integers:
        self.asked.append(document)
        methodology = b.read(document)
        return self._column([evaluate(methodology, submission).index for submission in self.submissions])

    def audited(self) -> Audit:
        return audit_index(self.document, self.scores, self.index, self.index * 0, self.zeros, self.rescore)


ROWS = ((80, 60, 20), (40, 40, 90), (60, 80, 0), (0, 20, 60))
"""A is 70, 40, 70, 10 and B 20, 90, 0, 60; the index, three to one, 57.5, 52.5, 52.5, 22.5: ranks 1, 2, 2, 4."""


@pytest.fixture(scope="module")
def edition() -> Edition:
    return Edition(tree(), sent(tree(), *ROWS))


@pytest.fixture(scope="module")
def found(edition: Edition) -> Audit:
    return edition.audited()


def test_moments_by_hand(found: Audit) -> None:
    """Mean 46.25; deviations 11.25, 6.25, 6.25, -23.75; squares 768.75, over 3; cubes -11484.375.

    g1 = (-11484.375 / 4) / (768.75 / 4)^1.5 = -1.07760; G1 is √12 / 2 times that.
    """
    assert found.index.organisations == 4
    assert found.index.mean == 46.25
    assert found.index.standard_deviation == pytest.approx(256.25**0.5)
    assert found.index.skewness == pytest.approx(-1.0776 * 3**0.5, abs=0.0001)


def test_shares_at_both_ends_by_hand() -> None:
    """Of five, two are at 0 in A and one at 100; in B two of the four to which it applies are 0, one by its rule."""
    document = b.document(b.group("index", b.ratio("A"), b.ratio("B")))
    units = {"A": np.array([0, 0, 5000, 10000, 1]), "B": np.array([0, 0, 9999, 10000, MISSING])}
    zeros = {"A": np.zeros(5, np.bool), "B": np.array([True, False, False, False, True])}
    index = np.array([0, 0, 7499, 10000, 1])
    found = audit_index(document, units, index, index * 0, zeros, lambda _: index)
    first, second = found.indicators
    assert (first.floor, first.ceiling, first.zero_by_rule) == (0.4, 0.2, 0)
    assert (second.floor, second.ceiling, second.zero_by_rule) == (0.5, 0.25, 0.25)
    assert (found.index.floor, found.index.ceiling) == (0.4, 0.2)


def test_the_ends_are_those_of_the_range() -> None:
    """The lowest and the highest score of a range from 10 to 30 are 10 and 30, not 0 and 100."""
    child = b.ratio("A", 1, ((0, 10), (1, 30)), span=(10, 30))
    document = b.document(b.group("index", child, aggregation="sum", span=(10, 30)))
    (only,) = Edition(document, sent(document, (0,), (50,), (100,), (100,))).audited().indicators
    assert (only.floor, only.ceiling) == (0.25, 0.5)


def test_a_zero_rule_is_counted_where_it_holds() -> None:
    zero_when = Compare(op="gt", left=AnswerOperand(indicator="A", fact="numerator"), right=Constant(value=50))
    document = b.document(b.group("index", structs.replace(b.ratio("A"), zero_when=zero_when), b.ratio("B")))
    found = Edition(document, sent(document, (60, 1), (70, 1), (0, 1), (20, 1))).audited()
    assert [(node.floor, node.zero_by_rule) for node in found.indicators] == [(0.75, 0.5), (0, 0)]


def test_correlations_with_the_node_above_by_hand(found: Audit) -> None:
    """Sums of products: A with the index 1237.5 of √(2475 · 768.75), B -637.5 of √(4875 · 768.75).

    A1 with A 2850 of √(3500 · 2475); B1 is B.
    """
    a, other = found.groups
    assert (a.id, a.parent, other.id, other.parent) == ("A", None, "B", None)
    assert a.correlation == pytest.approx(1237.5 / (2475 * 768.75) ** 0.5)
    assert other.correlation == pytest.approx(-637.5 / (4875 * 768.75) ** 0.5)
    a1, _, b1 = found.indicators
    assert (a1.id, a1.parent, a1.mean, b1.id, b1.parent) == ("A1", "A", 45, "B1", "B")
    assert a1.correlation == pytest.approx(2850 / (3500 * 2475) ** 0.5)
    assert b1.correlation == pytest.approx(1)


def test_weights_are_shares_among_siblings(found: Audit) -> None:
    assert [group.weight for group in found.groups] == [0.75, 0.25]
    assert [indicator.weight for indicator in found.indicators] == [0.5, 0.5, 1]


def test_alphas_by_hand(found: Audit) -> None:
    """A1 and A2: squares 3500 and 2000, products 2200, of 9900 in all. A and B: 2475, 4875, -2475, of 2400."""
    a, other = found.groups
    assert a.alpha == pytest.approx(2 * (1 - 5500 / 9900))
    assert found.alpha == pytest.approx(2 * (1 - 7350 / 2400))
    assert other.alpha is None


def test_ranks_without_a_dimension_by_hand(found: Audit) -> None:
    """By B alone 3, 1, 4, 2 instead of 1, 2, 2, 4: 2 + 1 + 2 + 2. By A alone 1, 3, 1, 4: 0 + 1 + 1 + 0."""
    assert [group.rank_change for group in found.groups] == [1.75, 0.5]
    assert [indicator.rank_change for indicator in found.indicators] == [None] * 3


def test_four_are_too_few_for_main_effects(found: Audit) -> None:
    assert [(node.main_effect, node.effective_weight) for node in (*found.groups, *found.indicators)] == [
        (None, None)
    ] * 5


def test_goalposts_that_move_by_hand(found: Audit) -> None:
    """A1 to 0.8: A 80, 45, 77.5, 10, index 65, 56.25, 58.13, 22.5, ranks 1, 3, 2, 4; to 1.2: 52.51, 50, 48.75: 1, 2, 3.

    The middle of B1 to 0.4: 58.75, 52.92, 52.5: 1, 2, 3, 4; to 0.6: 56.67, 51.88, 52.5: 1, 3, 2, 4. Nothing moves 0.
    """
    assert [(goalpost.indicator, goalpost.position, goalpost.x) for goalpost in found.goalposts] == [
        ("A1", 1, 1),
        ("A2", 1, 1),
        ("B1", 1, 0.5),
        ("B1", 2, 1),
    ]
    a1, middle = found.goalposts[0], found.goalposts[2]
    assert a1.down == GoalpostMove(x=0.8, rank_change=0.25, rank_change_max=1)
    assert a1.up == GoalpostMove(x=1.2, rank_change=0.25, rank_change_max=1)
    assert middle.down == GoalpostMove(x=0.4, rank_change=0.25, rank_change_max=1)
    assert middle.up == GoalpostMove(x=0.6, rank_change=0.25, rank_change_max=1)


def test_the_documents_that_are_asked_for(edition: Edition, found: Audit) -> None:
    """Two without a dimension, then four goalposts down and up; each once, and every one is well formed."""
    assert found.goalposts
    assert len(edition.asked) == 10
    assert edition.asked[0] == drop_child(tree(), "A")
    assert edition.asked[2:4] == [move_goalpost(tree(), "A1", 1, x) for x in (0.8, 1.2)]


def test_a_goalpost_stands_where_it_was_put_and_nothing_else_moves() -> None:
    moved = move_goalpost(tree(), "B1", 1, 0.4)
    (before,) = [known for known in walk_indicators(tree().root) if known.id == "B1"]
    (after,) = [known for known in walk_indicators(moved.root) if known.id == "B1"]
    assert [goalpost.x for goalpost in after.curve.goalposts] == [0, 0.4, 1]
    assert after == structs.replace(before, curve=after.curve)
    assert move_goalpost(moved, "B1", 1, 0.5) == tree()


def test_only_judgements_that_can_move_do() -> None:
    """0.9 · 1.2 passes 1, and 1 · 0.8 passes 0.9. A goalpost with a source, and a ladder, are left alone."""
    close = b.ratio("B1", 1, ((0, 0), (0.9, 50), (1, 100)))
    sourced = b.ratio("A1", 1)
    goalposts = (sourced.curve.goalposts[0], Goalpost(x=1, score=100, basis="bound"))
    sourced = structs.replace(sourced, curve=structs.replace(sourced.curve, goalposts=goalposts))
    document = b.document(b.group("index", b.group("A", sourced, b.ladder("A2")), b.group("B", close)))
    submissions = [b.submit({"A1": b.of(n, 9), "A2": {"level": n % 5}, "B1": b.of(9 - n, 9)}) for n in range(9)]
    first, last = Edition(document, submissions).audited().goalposts
    assert (first.x, first.up, last.x, last.down) == (0.9, None, 1, None)
    assert first.down is not None
    assert last.up is not None


def test_a_tree_of_more_levels() -> None:
    """Each node beside the one above it; ranks move only without a child of the root."""
    inner = b.group("A.a", b.ratio("A1"), b.ratio("A2"), weight=2)
    document = b.document(b.group("index", b.group("A", inner, b.ratio("A3", 3)), b.ratio("B", 1)))
    rows = [(10, 20, 30, 40), (20, 40, 10, 10), (50, 20, 90, 30), (70, 90, 20, 60)]
    found = Edition(document, sent(document, *rows)).audited()
    assert [(group.id, group.parent, group.weight) for group in found.groups] == [("A", None, 0.5), ("A.a", "A", 0.4)]
    assert [(node.id, node.parent) for node in found.indicators] == [
        ("A1", "A.a"),
        ("A2", "A.a"),
        ("A3", "A"),
        ("B", None),
    ]
    assert [node.rank_change is None for node in (*found.groups, *found.indicators)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]


def test_without_a_dimension_one_less_is_needed() -> None:
    document = b.document(b.group("index", b.ratio("A"), b.ratio("B"), b.ratio("C"), rated_children=3))
    smaller = drop_child(document, "B")
    assert smaller is not None
    assert [child.weight for child in smaller.root.children] == [1, 0, 1]
    assert smaller.root.rated_children == 2
    found = Edition(document, sent(document, (10, 20, 30), (30, 20, 10), (90, 80, 0))).audited()
    # 20, 20, 56.67: 2, 2, 1. Without A 25, 15, 40: 2, 3, 1; without B 20, 20, 45; without C 15, 25, 85: 3, 2, 1.
    assert [node.rank_change for node in found.indicators] == pytest.approx([1 / 3, 0, 1 / 3])


def test_the_only_dimension_cannot_be_left_out() -> None:
    document = b.document(b.group("index", b.group("A", b.ratio("A1")), b.group("B", b.ratio("B1"), weight=0)))
    assert drop_child(document, "A") is None
    found = Edition(document, sent(document, (10, 20), (30, 10))).audited()
    assert [group.rank_change for group in found.groups] == [None, 0]


def test_a_sum_weighs_by_ranges_and_shrinks_without_a_child() -> None:
    """Children of 0 to 30 and 0 to 10 of a total of 40: three quarters and one."""
    children = [b.ratio(name, 1, ((0, 0), (1, top)), span=(0, top)) for name, top in (("A", 30), ("B", 10))]
    document = b.document(b.group("index", *children, aggregation="sum", span=(0, 40)))
    smaller = drop_child(document, "A")
    assert smaller is not None
    assert smaller.root.range == Range(minimum=0, maximum=10)
    found = Edition(document, sent(document, (10, 90), (50, 10), (60, 0))).audited()
    assert [node.weight for node in found.indicators] == [0.75, 0.25]
    assert [node.rank_change for node in found.indicators] == [pytest.approx(4 / 3), 0]


def test_a_sum_weighs_by_what_ranges_span() -> None:
    """From 10 to 30 and from 0 to 10: two thirds and one."""
    children = [
        b.ratio(name, 1, ((0, low), (1, top)), span=(low, top)) for name, low, top in (("A", 10, 30), ("B", 0, 10))
    ]
    document = b.document(b.group("index", *children, aggregation="sum", span=(10, 40)))
    found = Edition(document, sent(document, (10, 90), (50, 10), (60, 0))).audited()
    assert [node.weight for node in found.indicators] == pytest.approx([2 / 3, 1 / 3])


def test_who_has_left_is_not_counted() -> None:
    """Of three organisations two have B, 40 and 60: their mean is 50, and all three have an index."""
    document = b.document(b.group("index", b.ratio("A"), b.ratio("B")))
    units = {"A": np.array([5000, 5000, 2000]), "B": np.array([4000, MISSING, 6000])}
    index, none = np.array([4500, 5000, 4000]), np.zeros(3, np.bool)
    found = audit_index(document, units, index, index * 0, {"A": none, "B": none}, lambda _: index)
    second = found.indicators[1]
    assert (second.organisations, second.mean, found.index.organisations) == (2, 50, 3)


def test_a_goalpost_does_not_move_onto_the_one_beside_it() -> None:
    """5 and 20 % more is 6, where the next stands; 5 and 20 % less is 4, where the last but one does."""
    for xs, moves in (((0, 5, 6), (True, False)), ((4, 5, 10), (False, True)), ((0, 5, 7), (True, True))):
        document = b.document(b.group("index", b.amount("A", knots=tuple(zip(xs, (0, 50, 100), strict=True)))))
        known = Edition(document, [b.submit({"A": {"hours": hours}}) for hours in (1, 5, 6)]).audited()
        middle = next(goalpost for goalpost in known.goalposts if goalpost.x == 5)
        assert (middle.down is not None, middle.up is not None) == moves


def test_a_child_without_a_weight_has_none_in_a_sum_either() -> None:
    children = [
        b.ratio(name, weight, ((0, 0), (1, top)), span=(0, top))
        for name, weight, top in (("A", 1, 30), ("B", 1, 10), ("N", 0, 20))
    ]
    document = b.document(b.group("index", *children, aggregation="sum", span=(0, 40)))
    found = Edition(document, sent(document, (10, 90, 5), (50, 10, 70), (60, 0, 20))).audited()
    assert [node.weight for node in found.indicators] == [0.75, 0.25, 0]


def node(
    name: str,
    correlation: float | None,
    *,
    weight: float = 0.5,
    effective: float | None = None,
    alpha: float | None = None,
) -> GroupAudit:
    return GroupAudit(
        organisations=9,
        mean=50.0,
        standard_deviation=1.0,
        skewness=0.0,
        floor=0.0,
        ceiling=0.0,
        id=name,
        parent=None,
        correlation=correlation,
        weight=weight,
        main_effect=None,
        effective_weight=effective,
        rank_change=None,
        alpha=alpha,
    )


def indicator_audit(name: str, correlation: float | None, *, weight: float = 0.5) -> IndicatorAudit:
    members = structs.asdict(node(name, correlation, weight=weight))
    del members["alpha"]
    return IndicatorAudit(**members, zero_by_rule=0.0)


def test_weights_that_do_not_count_as_stated(found: Audit) -> None:
    """More than half as much again, or less than two thirds: 0.302 of 0.2, 0.399 of 0.6, and not 0.29 of 0.2.

    What has no weight, or all of it, gets no remark.
    """
    judged = structs.replace(
        found,
        alpha=None,
        groups=(
            node("A", 0.5, weight=0.2, effective=0.302),
            node("B", 0.5, weight=0.6, effective=0.399),
            node("C", 0.5, weight=0.2, effective=0.29),
            node("D", 0.5, weight=0.6, effective=0.41),
            node("E", 0.5, weight=0.0, effective=0.3),
            node("F", 0.5, weight=1.0, effective=0.1),
            node("G", 0.5, weight=0.2),
        ),
        indicators=(),
    )
    remarks = list_remarks(judged)
    assert [(remark.code, remark.node) for remark in remarks] == [("uneven_weight", "A"), ("uneven_weight", "B")]
    assert [remark.value for remark in remarks] == pytest.approx([1.51, 0.665])


def test_what_an_auditor_would_point_at(found: Audit) -> None:
    """Correlations below 0, from 0 to 0.3, and above 0.9, of whoever is not alone; an alpha below 0.7."""
    judged = structs.replace(
        found,
        alpha=0.69,
        groups=(
            node("A", -0.01, alpha=0.7),
            node("B", 0.0, alpha=-1.0),
            node("C", 0.29, alpha=0.71),
            node("D", 0.3),
            node("E", 0.9),
            node("F", 0.91, alpha=0.5),
            node("G", None),
            node("H", 1.0, weight=1.0),
        ),
        indicators=(
            indicator_audit("I", -0.5),
            indicator_audit("J", 0.5),
            indicator_audit("K", 0.95, weight=0.99),
        ),
    )
    assert [(remark.code, remark.node, remark.value) for remark in list_remarks(judged)] == [
        ("low_alpha", None, 0.69),
        ("negative_correlation", "A", -0.01),
        ("weak_correlation", "B", 0.0),
        ("low_alpha", "B", -1.0),
        ("weak_correlation", "C", 0.29),
        ("high_correlation", "F", 0.91),
        ("low_alpha", "F", 0.5),
        ("negative_correlation", "I", -0.5),
        ("high_correlation", "K", 0.95),
    ]
    assert list_remarks(structs.replace(judged, alpha=None, groups=(), indicators=())) == ()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_anybody_gives_none_and_no_number_that_is_none(count: int) -> None:
    found = Edition(tree(), sent(tree(), *[(50, 50, 50)] * count)).audited()
    assert found.index.organisations == count
    assert found.index.mean == (50 if count else None)
    assert found.index.standard_deviation == (0 if count == 2 else None)
    assert (found.index.skewness, found.alpha) == (None, None)
    for node in (*found.groups, *found.indicators):
        assert (node.correlation, node.skewness, node.main_effect, node.effective_weight) == (None,) * 4
    assert [group.rank_change for group in found.groups] == ([0, 0] if count else [None, None])
    assert [goalpost.up is None for goalpost in found.goalposts] == [not count] * 4


def test_effective_weights_are_shares_of_the_main_effects() -> None:
    """Forty organisations: A1 makes A alone, as A2 is the same for all; A and B are what they are."""
    rows = [(25 * (n % 4), 40, (7 * n) % 100) for n in range(40)]
    found = Edition(tree(), sent(tree(), *rows)).audited()
    a1, a2, b1 = found.indicators
    assert [a1.main_effect, a1.effective_weight] == pytest.approx([1, 1])
    assert (a2.main_effect, a2.effective_weight, b1.effective_weight) == (None, None, 1)
    shares = [group.effective_weight or 0 for group in found.groups]
    effects = [group.main_effect or 0 for group in found.groups]
    assert sum(shares) == pytest.approx(1)
    assert shares[0] / shares[1] == pytest.approx(effects[0] / effects[1])
    # Alone they would have 0.75² · 195.3 and 0.25² · 833 or so of the variance: 0.68 of it, and not 0.75.
    assert 0.65 < shares[0] < 0.71
