"""Displayed points: how the index is handed down the tree so that it adds up at every node.

SCORING section 7. Down to a node whose losses are shared by Shapley values every node has `possible`, from the root's
top by weight over what remains, and `won`, from the index by weight and score; below such a node only `lost`. All are
handed top-down, floors first and the units left to the largest remainders, in units of 10^-decimals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from actitud_api.engine.scoring.compile import UNKNOWN, CompiledGroup
from actitud_api.engine.scoring.evaluate import Evaluation
from actitud_api.engine.scoring.indicator_result import Ratio

SHAPLEY_UNIT = 10**9
"""Shapley values are rounded to this part of a point (SCORING, section 7)."""


class AttributedPoints(Struct, frozen=True, gc=False):
    """What a node could win, wins and loses, in units of the index; won + lost = possible.

    `possible` and `won` are None below a node whose losses are shared by Shapley values.
    """

    possible: int | None
    won: int | None
    lost: int


class Attribution(Struct, frozen=True):
    """The points of every group by id and of every leaf by position, None where it counts with nothing.

    `losses`: the exact losses of the leaves, in units of the index.
    """

    groups: dict[str, AttributedPoints | None]
    indicators: list[AttributedPoints | None]
    losses: list[Ratio | None]


class AttributedChild(Struct, frozen=True, gc=False):
    """A child that counts: with which score, out of which range, with which weight."""

    node: CompiledGroup | int
    name: str
    weight: int
    score: int
    high: int

    @property
    def distance(self) -> int:
        """How far its score is from the top of its range."""
        return self.high - self.score


def attribute_points(evaluation: Evaluation) -> Attribution:
    """Hands the index down to every node."""
    allocation = Attribution(
        groups=dict.fromkeys(evaluation.groups),
        indicators=[None] * len(evaluation.results),
        losses=[None] * len(evaluation.results),
    )
    if evaluation.index is None:
        return allocation
    plan = evaluation.compiled
    groups, leaves, losses = allocation.groups, allocation.indicators, allocation.losses
    families = {name: _children(evaluation, group) for name, group in plan.groups.items()}
    # By group, of its children: `possible`, and the most that can be won there without a leaf of score 0.
    shared: dict[str, tuple[list[int], list[int]]] = {}

    def hand_possible(group: CompiledGroup, total: int) -> int:
        """Shares out `possible` below a group; gives the most that can be won there."""
        family = families[group.definition.id]
        parts = apportion(total, _weights(group, family))
        ceilings = [
            (part if member.score else 0)
            if isinstance(member.node, int) or member.node.float_mean is not None
            else hand_possible(member.node, part)
            for member, part in zip(family, parts, strict=True)
        ]
        shared[group.definition.id] = parts, ceilings
        return sum(ceilings)

    def hand_won(group: CompiledGroup, possible: int, won: int, factor: Ratio) -> None:
        name = group.definition.id
        groups[name] = AttributedPoints(possible, won, possible - won)
        if group.float_mean is not None:
            hand_lost_below(group, possible - won, factor)
            return
        family = families[name]
        most, ceilings = shared[name]
        parts = apportion(won, _shares(group, family), ceilings, most)
        for member, own, part, below in zip(family, most, parts, _factors(group, family, factor), strict=True):
            node = member.node
            if isinstance(node, int):
                leaves[node] = AttributedPoints(own, part, own - part)
                losses[node] = below[0] * (member.high - member.score), below[1]
            else:
                hand_won(node, own, part, below)

    def hand_lost_below(group: CompiledGroup, lost: int, factor: Ratio) -> None:
        family = families[group.definition.id]
        if group.float_mean is None:
            factors = _factors(group, family, factor)
            own = _factors(group, family, (1, 1))
            shares = [share * member.distance for (share, _), member in zip(own, family, strict=True)]
        else:
            shares = shapley(group, family, plan.unit)
            factors = [
                (factor[0] * share * plan.unit, factor[1] * SHAPLEY_UNIT * (member.distance or 1))
                for member, share in zip(family, shares, strict=True)
            ]
        parts = apportion(lost, shares, limits=[lost] * len(family))
        for member, part, below in zip(family, parts, factors, strict=True):
            points = AttributedPoints(None, None, part)
            if isinstance(member.node, int):
                leaves[member.node], losses[member.node] = points, (below[0] * member.distance, below[1])
            else:
                groups[member.name] = points
                hand_lost_below(member.node, part, below)

    root = plan.root
    if root.float_mean is None:
        hand_possible(root, root.high)
    hand_won(root, root.high, evaluation.index, (1, 1))
    return allocation


def _children(evaluation: Evaluation, group: CompiledGroup) -> list[AttributedChild]:
    """The children that count; one that makes the group unknown counts the least of its range."""
    leaves = evaluation.compiled.indicators
    found = []
    for node, name, weight, score in zip(
        group.children, group.names, group.weights, evaluation.list_child_scores(group), strict=True
    ):
        if score is not None:
            compiled = leaves[node] if isinstance(node, int) else node
            found.append(
                AttributedChild(node, name, weight, compiled.low if score == UNKNOWN else score, compiled.high)
            )
    return found


def _weights(group: CompiledGroup, family: Sequence[AttributedChild]) -> list[int]:
    """What `possible` is shared out by."""
    if group.definition.aggregation == "arithmetic":
        return [member.weight for member in family]
    return [member.high if member.weight else 0 for member in family]


def _shares(group: CompiledGroup, family: Sequence[AttributedChild]) -> list[int]:
    """What the scores of the children contribute to that of an arithmetic group or a sum."""
    if group.definition.aggregation == "arithmetic":
        return [member.weight * member.score for member in family]
    return [member.score if member.weight else 0 for member in family]


def _factors(group: CompiledGroup, family: Sequence[AttributedChild], factor: Ratio) -> list[Ratio]:
    """What a unit lost in each child of an arithmetic group or a sum loses of the index."""
    n, d = factor
    if group.definition.aggregation == "arithmetic":
        d *= sum([member.weight for member in family])
        return [(n * member.weight, d) for member in family]
    return [(n if member.weight else 0, d) for member in family]


def shapley(group: CompiledGroup, family: Sequence[AttributedChild], unit: int) -> list[int]:
    """The Shapley values of the loss of a group from its top over its children, in parts of `SHAPLEY_UNIT` of a point.

    The game of a set of children is the unquantised loss when those have their scores and the others are at the top
    (L. S. Shapley, A Value for n-Person Games, 1953). A child at the top, or without weight, loses nothing.
    """
    mean = group.float_mean
    assert mean is not None
    counting = [member for member in family if member.weight]
    players = [position for position, member in enumerate(counting) if member.distance]
    weights = [member.weight for member in counting]
    top = group.high / unit
    worth: list[float] = []
    for coalition in range(1 << len(players)):
        scores = [top] * len(counting)
        for number, position in enumerate(players):
            if coalition >> number & 1:
                scores[position] = counting[position].score / unit
        worth.append(mean(weights, scores))
    orders = [math.factorial(size) * math.factorial(len(players) - 1 - size) for size in range(len(players))]
    values = dict.fromkeys((member.name for member in family), 0)
    for number, position in enumerate(players):
        added = sum(
            orders[coalition.bit_count()] * (worth[coalition] - worth[coalition | 1 << number])
            for coalition in range(len(worth))
            if not coalition >> number & 1
        )
        value = added / math.factorial(len(players))
        values[counting[position].name] = max(0, math.floor(value * SHAPLEY_UNIT + 0.5))
    return list(values.values())


def apportion(
    total: int,
    shares: Sequence[int],
    ceilings: Sequence[int] | None = None,
    limits: Sequence[int] | None = None,
) -> list[int]:
    """Splits `total` by integer shares: floors, then one unit each to the largest remainders, ties in order.

    No part exceeds its ceiling; a share of 0 receives 0. Where rounding makes that impossible, what is over goes
    in order to what still has room below its limit, so that the parts always sum to the total.
    """
    whole = sum(shares)
    if not whole:
        parts = [0] * len(shares)
        left = total
    else:
        parts = [total * share // whole for share in shares]
        if ceilings is not None:
            parts = [part if part < top else top for part, top in zip(parts, ceilings, strict=True)]
        left = total - sum(parts)
        if left:
            tops = [total] * len(shares) if ceilings is None else ceilings
            left = _largest_remainders(left, [total * share % whole for share in shares], shares, tops, parts)
    if not left:
        return parts
    for i, limit in enumerate(limits or ()):
        more = min(left, limit - parts[i])
        parts[i] += more
        left -= more
    return parts


def _largest_remainders(
    left: int, remainders: Sequence[int], shares: Sequence[int], tops: Sequence[int], parts: list[int]
) -> int:
    """Adds units that are left to the parts that have room, by remainder; gives those that are left then."""
    order = sorted(range(len(shares)), key=remainders.__getitem__, reverse=True)
    while left:
        room = [i for i in order if shares[i] and parts[i] < tops[i]]
        if not room:
            break
        for i in room[:left]:
            parts[i] += 1
        left -= min(left, len(room))
    return left
