"""Shapley values: how a loss is split among the children of a group whose aggregation is not additive."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

SHAPLEY_UNIT = 10**9
"""Shapley values are rounded to this part of a point (docs/scoring.md, section 7)."""

Mean = Callable[[Sequence[int], Sequence[float]], float]
"""A mean of weights and scores in points."""


def compute_shapley_losses(
    mean: Mean, top: float, weights: Sequence[int], scores: Sequence[float], below_top: Sequence[bool]
) -> list[int]:
    """Return the Shapley values of the loss of a group over its children, in parts of `SHAPLEY_UNIT` of a point.

    The worth of a coalition is the unquantised loss if its members have their scores and the others are at the top
    (L. S. Shapley, A Value for n-Person Games, 1953). A child at the top, or without weight, loses nothing.
    `top` and `scores` are in points.
    """
    weighted = [position for position, weight in enumerate(weights) if weight]
    players = [position for position in weighted if below_top[position]]
    worth = _compute_worths(mean, top, weights, scores, weighted, players)
    orders = [math.factorial(size) * math.factorial(len(players) - 1 - size) for size in range(len(players))]
    losses = [0] * len(weights)
    for number, position in enumerate(players):
        added = sum(
            orders[coalition.bit_count()] * (worth[coalition] - worth[coalition | 1 << number])
            for coalition in range(len(worth))
            if not coalition >> number & 1
        )
        value = added / math.factorial(len(players))
        losses[position] = max(0, math.floor(value * SHAPLEY_UNIT + 0.5))
    return losses


def _compute_worths(
    mean: Mean,
    top: float,
    weights: Sequence[int],
    scores: Sequence[float],
    weighted: Sequence[int],
    players: Sequence[int],
) -> list[float]:
    """Return the mean for every coalition; bit i of its index tells whether player i has its score or the top."""
    counted = [weights[position] for position in weighted]
    worth: list[float] = []
    for coalition in range(1 << len(players)):
        at = dict.fromkeys(weighted, top)
        for number, position in enumerate(players):
            if coalition >> number & 1:
                at[position] = scores[position]
        worth.append(mean(counted, list(at.values())))
    return worth
