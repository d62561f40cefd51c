"""The six aggregations of a group (docs/scoring.md, section 4), and its rules for children without a score.

The aggregations are the arithmetic, geometric, harmonic and power mean, the sum and the minimum. The most frequent one,
an arithmetic mean of children that all have a score, is inlined in `evaluate.score_children`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import mul

from actitud_api.engine.methodology.model import Aggregation, Group, Missing

EPSILON = 1e-6
"""Tolerance, in units of 10^-decimals, that is added to a float before it is rounded.

Without it, a float just below its exact value could be rounded down by mistake.
"""


UNKNOWN = -1
"""Number in the place of a score, for a child that makes its group unknown (`missing: void`).

Real scores are 0 or more.
"""


EXPONENTS: Mapping[Aggregation, float] = {"geometric": 0.0, "harmonic": -1.0}
"""The exponent of each aggregation that is a power mean with a fixed exponent."""


def quantise(points: float, unit: int) -> int:
    """Convert points, computed as a float, to whole units: multiply by `unit` and round half up.

    `unit` is the number of units in a point, 10^decimals. `EPSILON` is added before rounding, so that a float just
    below a half is rounded up too.
    """
    return math.floor(points * unit + 0.5 + EPSILON)


def compute_power_mean(exponent: float, weights: Sequence[int], scores: Sequence[float]) -> float:
    """Compute the weighted power mean of scores ≥ 0 with weights > 0; exponent 0 is the geometric mean.

    If the exponent is 0 or negative, any score of 0 makes the mean 0.
    """
    if exponent <= 0 and 0 in scores:
        return 0.0
    total = sum(weights)
    if exponent == 0:
        return math.exp(sum(weight * math.log(score) for weight, score in zip(weights, scores, strict=True)) / total)
    # Relative to the score that dominates nothing overflows, and small exponents keep their digits.
    dominant = max(scores) if exponent > 0 else min(scores)
    if dominant == 0:
        return 0.0
    excess = sum(
        weight * (math.expm1(exponent * math.log(score / dominant)) if score else -1.0)
        for weight, score in zip(weights, scores, strict=True)
    )
    return dominant * math.exp(math.log1p(excess / total) / exponent)


def build_float_mean(group: Group) -> Callable[[Sequence[int], Sequence[float]], float] | None:
    """Build the function that computes the mean of a group, without rounding, from weights and scores in points.

    Return None for the aggregations `arithmetic` and `sum`, which `build_combination` computes in integers.
    """
    match group.aggregation:
        case "arithmetic" | "sum":
            return None
        case "min":
            return lambda _, scores: min(scores)
        case _:
            exponent = EXPONENTS.get(group.aggregation, group.exponent)
            assert exponent is not None
            return partial(compute_power_mean, exponent)


def build_combination(group: Group, unit: int) -> Callable[[Sequence[int], Sequence[int]], int]:
    """Build the function that computes the score of a group, rounded half up to whole units.

    The function receives the weights (above 0) and the scores, in units, of the children that count; there must be at
    least one such child. `unit` is the number of units in a point, 10^decimals.
    """
    match group.aggregation:
        case "arithmetic":
            return _weighted_mean
        case "sum":
            return lambda _, scores: sum(scores)
        case "min":
            return lambda _, scores: min(scores)
    mean = build_float_mean(group)
    assert mean is not None

    def combined(weights: Sequence[int], scores: Sequence[int]) -> int:
        # Rounding of floats must not push a mean outside the range of its scores.
        unrounded = mean(weights, [score / unit for score in scores])
        return max(min(scores), min(max(scores), quantise(unrounded, unit)))

    return combined


def _weighted_mean(weights: Sequence[int], scores: Sequence[int]) -> int:
    remaining = sum(weights)
    weighted: int = sum(map(mul, weights, scores))
    return (2 * weighted + remaining) // (2 * remaining)


def find_unknown_score(missing: Missing, low: int) -> int | None:
    """Return the score with which an unknown child counts in a group with the given `missing` rule.

    With the rule `zero` it is `low`, the lowest possible score of the child in units of 10^-decimals of a point. With
    `void` it is `UNKNOWN`: the child makes the group unknown. With `leave` it is None: the child leaves the group.
    """
    match missing:
        case "zero":
            return low
        case "void":
            return UNKNOWN
    return None


def select_remaining(
    group: Group, weights: Sequence[int], total_weight: int, scores: Sequence[int | None]
) -> tuple[list[int], list[int]] | None:
    """Select the children that have a score and a weight above 0; return their weights and scores, in the given order.

    `total_weight` is the weight of all children of the group. In `scores`, None marks a child that does not count, and
    `UNKNOWN` a child that makes the group unknown; `UNKNOWN` is selected like a score.

    Return None if the group gets no score: no child is selected, fewer than `group.rated_children` are selected, or the
    selected weight is a smaller part of `total_weight` than `group.rated_share`.
    """
    kept: list[int] = []
    kept_weights: list[int] = []
    for score, weight in zip(scores, weights, strict=True):
        if score is not None and weight:
            kept.append(score)
            kept_weights.append(weight)
    remaining, share = sum(kept_weights), group.rated_share
    if not remaining or remaining * share.den < share.num * total_weight or len(kept) < group.rated_children:
        return None
    return kept_weights, kept
