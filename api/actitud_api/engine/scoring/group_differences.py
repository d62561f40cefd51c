"""Differences between groups of organisations: in the index (known groups), and in an indicator at equal index.

If organisations of two groups with the same index do differently in an indicator, the indicator functions differently
in these groups: it measures something besides what the index measures, such as size (differential item functioning).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
from msgspec import Struct

from actitud_api.engine.scoring.audit import BIN, Floats, compute_correlation_ratio
from actitud_api.engine.scoring.ranking import Integers

Grouping = Literal["kind", "band"]
"""What makes a group: the kind of organisation, or the size band."""

MODERATE: Final = 0.035
"""Effect from which an indicator differs moderately between groups (M. G. Jodoin and M. J. Gierl, Evaluating type I
error and power rates using an effect size measure with the logistic regression procedure for DIF detection, 2001).
"""


class GroupIndex(Struct, frozen=True, kw_only=True):
    """Distribution of the index in one group, in points; `standard_deviation` is None for fewer than 2 scores."""

    group: str
    organisations: int
    mean: float
    standard_deviation: float | None


class IndicatorDifference(Struct, frozen=True, kw_only=True):
    """An indicator that differs between groups of organisations with equal index.

    `effect` is the share of the variance of its score, from 0 to 1, that the groups explain beyond the index.
    """

    indicator: str
    effect: float


class GroupDifferences(Struct, frozen=True, kw_only=True):
    """Differences between groups of organisations.

    Attributes:
        by: Property that makes the groups: `kind` of organisation, or size `band`.
        explained: Share of the variance of the index, from 0 to 1, that lies between the groups (η²); None if the index
            is constant.
        groups: Distribution of the index in each group, in the order of their names.
        indicators: Indicators with at least a moderate effect, the greatest effect first.
    """

    by: Grouping
    explained: float | None
    groups: tuple[GroupIndex, ...]
    indicators: tuple[IndicatorDifference, ...]


def compare_groups(
    by: Grouping, groups: Sequence[str | None], index: Floats, indicators: Mapping[str, Floats]
) -> GroupDifferences:
    """Compare groups of organisations in the index, and in each indicator at equal index.

    Compute the distribution of the index in each group, the share of its variance that lies between the groups, and the
    indicators that differ at least moderately between the groups (`compute_effect`).

    All sequences and arrays have the organisations in the same order.

    Args:
        by: Property that makes the groups, which is only copied to the result.
        groups: Group of each organisation; organisations without a group (None) are left out.
        index: Index of each organisation, in points; never NaN.
        indicators: For each indicator, by id, the score of each organisation in points. An organisation whose score is
            missing (NaN) is left out for this indicator only.
    """
    known = np.array([group is not None for group in groups], np.bool)
    names = sorted({group for group in groups if group is not None})
    numbers = np.array([names.index(group) for group in groups if group is not None], np.int64)
    own = index[known]
    effects = {name: compute_effect(scores[known], own, numbers) for name, scores in indicators.items()}
    differing = [
        IndicatorDifference(indicator=name, effect=effect)
        for name, effect in effects.items()
        if effect is not None and effect >= MODERATE
    ]
    return GroupDifferences(
        by=by,
        explained=compute_correlation_ratio(numbers, own) if own.size and own.min() < own.max() else None,
        groups=tuple(_describe_group(name, own[numbers == number]) for number, name in enumerate(names)),
        indicators=tuple(sorted(differing, key=lambda difference: -difference.effect)),
    )


def compute_effect(scores: Floats, index: Floats, groups: Integers) -> float | None:
    """Compute the share of the variance of `scores`, from 0 to 1, that groups explain beyond the index.

    `groups` has the number of the group of each organisation, `scores` NaN for a missing score. The share is R² of a
    regression of the scores on the index with a line for each group, minus R² with one line for all, and so includes
    both uniform and non-uniform differences (B. D. Zumbo, A handbook on the theory and methods of differential item
    functioning, 1999; linear here, because scores are not ordinal). Groups with fewer than 10 scores are left out. For
    unrelated groups the expected value is 2(groups - 1)/(n - 2), not 0. Return None for fewer than two groups, or if
    the scores or the index are constant.
    """
    present = ~np.isnan(scores)
    numbers, counts = np.unique(groups[present], return_counts=True)
    present &= np.isin(groups, numbers[counts >= BIN])
    x, y, classes = index[present], scores[present], groups[present]
    kept = np.unique(classes)
    if kept.size < 2 or x.min() == x.max() or y.min() == y.max():
        return None
    separate = sum(_sum_squares_beside_line(x[classes == number], y[classes == number]) for number in kept)
    total = float(((y - y.mean()) ** 2).sum())
    # The lines of the groups never fit worse than the common one; rounding may say so.
    return max(0.0, (_sum_squares_beside_line(x, y) - separate) / total)


def _sum_squares_beside_line(x: Floats, y: Floats) -> float:
    """Sum the squared distances of y from its least-squares line on x; from its mean if x is constant."""
    x, y = x - x.mean(), y - y.mean()
    squares = float((x * x).sum())
    explained = float((x * y).sum()) ** 2 / squares if squares else 0.0
    return float((y * y).sum()) - explained


def _describe_group(name: str, index: Floats) -> GroupIndex:
    return GroupIndex(
        group=name,
        organisations=index.size,
        mean=float(index.mean()),
        standard_deviation=float(index.std(ddof=1)) if index.size > 1 else None,
    )
