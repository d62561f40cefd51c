"""Displayed points: how the index is handed down the tree so that it adds up at every node.

SCORING section 7: `possible` from the root's 100 by weight over what remains; `won` from the index by weight and
score; both top-down, floors first and the units left to the largest remainders. All figures are units.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actitud_api.scoring.plan import CompiledGroup
from actitud_api.scoring.scalar import Evaluation


class Points(Struct, frozen=True, gc=False):
    """What a node could win, wins and loses, in units of the index; won + lost = possible."""

    possible: int
    won: int

    @property
    def lost(self) -> int:
        """What it does not win."""
        return self.possible - self.won


class Allocation(Struct, frozen=True):
    """The points of every group by id and of every leaf by position; None where it has left."""

    groups: dict[str, Points | None]
    leaves: list[Points | None]


def allocate(evaluation: Evaluation) -> Allocation:
    """Hands the index down to every node."""
    plan = evaluation.plan
    groups: dict[str, Points | None] = dict.fromkeys(evaluation.groups)
    leaves: list[Points | None] = [None] * len(plan.leaves)
    if evaluation.index is None:
        return Allocation(groups, leaves)
    scores = [leaf.score for leaf in evaluation.leaves]
    possible_groups: dict[str, int] = {}
    possible_leaves: dict[int, int] = {}
    ceilings: dict[str, int] = {}

    def children(group: CompiledGroup) -> list[tuple[CompiledGroup | int, int, int]]:
        """Those that remain, with weight and score."""
        found = []
        for child, weight in zip(group.children, group.weights, strict=True):
            score = scores[child] if isinstance(child, int) else evaluation.groups[child.group.id]
            if score is not None:
                found.append((child, weight, score))
        return found

    def hand_possible(group: CompiledGroup, total: int) -> int:
        """Sets `possible` below a group; gives the most that can be won there without a leaf of score 0."""
        possible_groups[group.group.id] = total
        remaining = children(group)
        ceiling = 0
        for (child, _, score), part in zip(
            remaining, apportion(total, [weight for _, weight, _ in remaining]), strict=True
        ):
            if isinstance(child, int):
                possible_leaves[child] = part
                ceiling += part if score else 0
            else:
                ceiling += hand_possible(child, part)
        ceilings[group.group.id] = ceiling
        return ceiling

    def hand_won(group: CompiledGroup, total: int) -> None:
        groups[group.group.id] = Points(possible_groups[group.group.id], total)
        remaining = children(group)
        parts = apportion(
            total,
            [weight * score for _, weight, score in remaining],
            [
                (possible_leaves[child] if score else 0) if isinstance(child, int) else ceilings[child.group.id]
                for child, _, score in remaining
            ],
            [
                possible_leaves[child] if isinstance(child, int) else possible_groups[child.group.id]
                for child, _, _ in remaining
            ],
        )
        for (child, _, _), part in zip(remaining, parts, strict=True):
            if isinstance(child, int):
                leaves[child] = Points(possible_leaves[child], part)
            else:
                hand_won(child, part)

    hand_possible(plan.root, plan.root.high)
    hand_won(plan.root, evaluation.index)
    return Allocation(groups, leaves)


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
        tops = [total] * len(shares) if ceilings is None else ceilings
        parts = [min(total * share // whole, top) for share, top in zip(shares, tops, strict=True)]
        left = total - sum(parts)
        order = sorted(range(len(shares)), key=lambda i: (-(total * shares[i] % whole), i))
        while left:
            room = [i for i in order if shares[i] and parts[i] < tops[i]]
            for i in room[:left]:
                parts[i] += 1
            left -= min(left, len(room))
            if not room:
                break
    for i, limit in enumerate(limits or ()):
        more = min(left, limit - parts[i])
        parts[i] += more
        left -= more
    return parts
