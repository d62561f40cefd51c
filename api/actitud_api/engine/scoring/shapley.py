"""Shapley values: the points that each child of a group loses, if the aggregation of the group is not additive.

The Shapley value of a child is its mean contribution to the loss of the group over all orders in which the children
could lose their points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

SHAPLEY_UNIT = 10**9
"""Shapley values are rounded to 1/`SHAPLEY_UNIT` of a point (docs/scoring.md, section 7)."""

Mean = Callable[[Sequence[int], Sequence[float]], float]
"""Aggregation of a group: function from the weights and scores of its children, in points, to a mean in points."""


def compute_shapley_losses(
    mean: Mean, top: float, weights: Sequence[int], scores: Sequence[float], below_top: Sequence[bool]
) -> list[int]:
    """Compute the Shapley value of each child's loss, in 1/`SHAPLEY_UNIT` of a point, in the order of the children.

    The Shapley value is the mean contribution of the child to the loss of the group, over all orders in which the
    children could lose their points. The worth of a set of children is the unrounded mean of the group if the children
    of the set have their scores and all others have `top` (L. S. Shapley, A Value for n-Person Games, 1953).

    Args:
        mean: Aggregation of the group, from weights and scores in points to a mean in points.
        top: Highest score that a child can have, in points.
        weights: Weight of each child.
        scores: Score of each child, in points.
        below_top: True for each child whose score is below its maximum. Any other child, and any child without weight,
            loses nothing.
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
    """Compute the `mean` of the group for every set of `players`, the children that can lose points.

    The list is indexed by bit mask: if bit i of the index is set, player i has its score, otherwise `top`, the highest
    score. `weighted` are the children that have a weight. Both `players` and `weighted` name a child by its index in
    `weights` and `scores`.
    """
    counted = [weights[position] for position in weighted]
    worth: list[float] = []
    # At most 2^12 coalitions: the checks of a document limit the children (`SHAPLEY_CHILDREN`).
    for coalition in range(1 << len(players)):
        coalition_scores = dict.fromkeys(weighted, top)
        for number, position in enumerate(players):
            if coalition >> number & 1:
                coalition_scores[position] = scores[position]
        worth.append(mean(counted, list(coalition_scores.values())))
    return worth
