"""Attributed points: the index is distributed over the tree so that the points add up at every node.

The method is that of docs/scoring.md, section 7. `possible` is the highest score of the root, split by weight among the
children that have a score; `won` is the index, split by weight and score; `lost` is their difference. A group whose
aggregation is not additive, such as a geometric mean, has no such split: its loss is split by Shapley values
(`shapley`), and nodes below the group have only `lost`. Each split rounds the parts down, and then gives the remaining
units, of 10^-decimals, to the parts with the largest remainders.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actitud_api.engine.scoring.aggregations import UNKNOWN
from actitud_api.engine.scoring.compile import CompiledGroup
from actitud_api.engine.scoring.evaluate import Evaluation
from actitud_api.engine.scoring.indicator_result import Ratio
from actitud_api.engine.scoring.shapley import SHAPLEY_UNIT, compute_shapley_losses


class AttributedPoints(Struct, frozen=True, gc=False):
    """Points of the index that belong to a node, in units of 10^-decimals of a point.

    `possible` are the points that the node could win, `won` those that it has won, `lost` those that it has lost; `won`
    and `lost` add up to `possible`. Below a group whose loss is split by Shapley values, a node has only `lost`:
    `possible` and `won` are None.
    """

    possible: int | None
    won: int | None
    lost: int


class Attribution(Struct, frozen=True):
    """Points of the index that every node could win, has won and has lost.

    Attributes:
        groups: Points of each group by id; None for a group without a score.
        indicators: Points of each indicator by position; None for an indicator without a score.
        losses: Loss of each indicator by position, before rounding, as a fraction in units of 10^-decimals of the
            index; None for an indicator without a score. The largest losses are the main reasons of a score.
    """

    groups: dict[str, AttributedPoints | None]
    indicators: list[AttributedPoints | None]
    losses: list[Ratio | None]


class AttributedChild(Struct, frozen=True, gc=False):
    """A child of a group, with a score and therefore with points of the index.

    Attributes:
        node: The child: a group, or the position of an indicator.
        name: Id of the child.
        weight: Weight of the child in the group.
        score: Score of the child, in units of 10^-decimals of a point.
        distance: What the score is below the highest that the child can have, in units of 10^-decimals.
    """

    node: CompiledGroup | int
    name: str
    weight: int
    score: int
    distance: int


def attribute_points(evaluation: Evaluation) -> Attribution:
    """Compute the points of every group and indicator; the points won in the whole tree add up to the index.

    Without an index, the points of all nodes are None.
    """
    attribution = Attribution(
        groups=dict.fromkeys(evaluation.groups),
        indicators=[None] * len(evaluation.results),
        losses=[None] * len(evaluation.results),
    )
    if evaluation.index is not None:
        distribution = _PointDistribution(evaluation, attribution)
        root = evaluation.compiled.root
        if root.float_mean is None:
            distribution.distribute_possible(root, root.high)
        distribution.distribute_won(root, root.high, evaluation.index, (1, 1))
    return attribution


class _PointDistribution:
    """Distribution of one index over the tree; its methods fill `attribution` from the root downwards."""

    def __init__(self, evaluation: Evaluation, attribution: Attribution) -> None:
        compiled = evaluation.compiled
        self._unit = compiled.unit
        self._attribution = attribution
        self._children = {name: _list_children(evaluation, group) for name, group in compiled.groups.items()}
        # By group, for its children: `possible`, the most that can be won without an indicator of score 0, and the
        # points of full marks.
        self._limits: dict[str, tuple[list[int], list[int], list[int]]] = {}
        # A published index below the internal one must not be taken from those who have lost nothing.
        self._keeps_full_marks = compiled.published_step != 1

    def distribute_possible(self, group: CompiledGroup, total: int) -> tuple[int, int]:
        """Split `total` possible points among the children of a group; return two sums.

        They are the most that may be given as won, and the points that full marks have to win.

        Points are in units of 10^-decimals of a point. The split goes on inside child groups, down to indicators and to
        groups that are split by Shapley values. A node with score 0 has won nothing, whatever the rounding, so only the
        points of nodes with a higher score count. If the published index has fewer decimals, a node at the top of its
        range has won all of its points, whatever the rounding.
        """
        children = self._children[group.definition.id]
        parts = apportion(total, _weigh_possible(group, children))
        ceilings = [part if child.score else 0 for child, part in zip(children, parts, strict=True)]
        floors = [0 if child.distance else part for child, part in zip(children, parts, strict=True)]
        for i, child in enumerate(children if group.indicator_span is None else ()):
            if not isinstance(child.node, int) and child.node.float_mean is None:
                ceiling, floors[i] = self.distribute_possible(child.node, parts[i])
                # Its score may be rounded to 0 although that of a child is not.
                ceilings[i] = ceiling if child.score else 0
        self._limits[group.definition.id] = parts, ceilings, floors
        return sum(ceilings), sum(floors)

    def distribute_won(self, group: CompiledGroup, possible: int, won: int, factor: Ratio) -> None:
        """Split the `possible` and the `won` points of a group among its children, down to the indicators.

        Points are in units of 10^-decimals of a point. `factor` is the number of units that the index loses for each
        unit that the score of the group loses.
        """
        name, attribution = group.definition.id, self._attribution
        attribution.groups[name] = AttributedPoints(possible, won, possible - won)
        if group.float_mean is not None:
            self.distribute_lost(group, possible - won, factor)
            return
        children = self._children[name]
        limits, ceilings, floors = self._limits[name]
        shares = _weigh_won(group, children)
        parts = (
            _apportion_above(won, shares, ceilings, limits, floors)
            if self._keeps_full_marks
            else apportion(won, shares, ceilings, limits)
        )
        factors = _compute_factors(group, children, factor)
        indicators, losses = attribution.indicators, attribution.losses
        for child, limit, part, below in zip(children, limits, parts, factors, strict=True):
            node = child.node
            if isinstance(node, int):
                indicators[node] = AttributedPoints(limit, part, limit - part)
                losses[node] = below[0] * child.distance, below[1]
            else:
                self.distribute_won(node, limit, part, below)

    def distribute_lost(self, group: CompiledGroup, lost: int, factor: Ratio) -> None:
        """Split the `lost` points of a group among its children, down to the indicators.

        The nodes below the group get no `possible` and `won`. In an arithmetic mean or a sum, the share of a child is
        the loss that it causes in the score of the group; in other groups it is the Shapley value of the child. Points
        are in units of 10^-decimals of a point. `factor` is the number of units that the index loses for each unit that
        the score of the group loses.
        """
        children, attribution = self._children[group.definition.id], self._attribution
        if group.float_mean is None:
            factors = _compute_factors(group, children, factor)
            own = _compute_factors(group, children, (1, 1))
            shares = [share * child.distance for (share, _), child in zip(own, children, strict=True)]
        else:
            shares = _compute_shapley_shares(group, children, self._unit)
            factors = [
                # A child at the top loses nothing whatever its factor is; the 1 only avoids a division by 0.
                (factor[0] * share * self._unit, factor[1] * SHAPLEY_UNIT * (child.distance or 1))
                for child, share in zip(children, shares, strict=True)
            ]
        parts = apportion(lost, shares, limits=[lost] * len(children))
        for child, part, below in zip(children, parts, factors, strict=True):
            points = AttributedPoints(None, None, part)
            if isinstance(child.node, int):
                attribution.indicators[child.node] = points
                attribution.losses[child.node] = below[0] * child.distance, below[1]
            else:
                attribution.groups[child.name] = points
                self.distribute_lost(child.node, part, below)


def _list_children(evaluation: Evaluation, group: CompiledGroup) -> list[AttributedChild]:
    """List the children of a group that have a score.

    A child that makes the group unknown is in the list with the minimum of its range as its score.
    """
    indicators = evaluation.compiled.indicators
    children = []
    for node, name, weight, score in zip(
        group.children, group.names, group.weights, evaluation.list_child_scores(group), strict=True
    ):
        if score is not None:
            child = indicators[node] if isinstance(node, int) else node
            counted = child.low if score == UNKNOWN else score
            children.append(AttributedChild(node, name, weight, counted, child.high - counted))
    return children


def _weigh_possible(group: CompiledGroup, children: Sequence[AttributedChild]) -> list[int]:
    """Return the shares in which the possible points of a group are split among its children.

    In an arithmetic mean they are the weights. In a sum, which has no weights, they are the highest scores that each
    child can have.
    """
    if group.definition.aggregation == "arithmetic":
        return [child.weight for child in children]
    return [child.score + child.distance if child.weight else 0 for child in children]


def _weigh_won(group: CompiledGroup, children: Sequence[AttributedChild]) -> list[int]:
    """Return the shares in which the won points of a group are split among its children.

    In an arithmetic mean the share of a child is its weight times its score, in a sum its score.
    """
    if group.definition.aggregation == "arithmetic":
        return [child.weight * child.score for child in children]
    return [child.score if child.weight else 0 for child in children]


def _compute_factors(group: CompiledGroup, children: Sequence[AttributedChild], factor: Ratio) -> list[Ratio]:
    """Compute for each child how many units the index loses for each unit that the score of the child loses.

    `factor` is the same number for the group. The group must be an arithmetic mean or a sum.
    """
    n, d = factor
    if group.definition.aggregation == "arithmetic":
        d *= sum([child.weight for child in children])
        return [(n * child.weight, d) for child in children]
    return [(n if child.weight else 0, d) for child in children]


def _compute_shapley_shares(group: CompiledGroup, children: Sequence[AttributedChild], unit: int) -> list[int]:
    assert group.float_mean is not None
    return compute_shapley_losses(
        group.float_mean,
        group.high / unit,
        [child.weight for child in children],
        [child.score / unit for child in children],
        [child.distance > 0 for child in children],
    )


def _apportion_above(
    total: int, shares: Sequence[int], ceilings: Sequence[int], limits: Sequence[int], floors: Sequence[int]
) -> list[int]:
    """Split `total` as `apportion` does, but give no part less than its floor.

    Parts that would be below their floors get these, and the rest is split among the others in the same way, until no
    part is below. If `total` is less than all floors, it is split in proportion to them.
    """
    if sum(floors) > total:
        return apportion(total, floors, floors)
    fixed: dict[int, int] = {}
    while True:
        free = [i for i in range(len(shares)) if i not in fixed]
        split = apportion(
            total - sum(fixed.values()),
            [shares[i] for i in free],
            [ceilings[i] for i in free],
            [limits[i] for i in free],
        )
        short = {i: floors[i] for i, part in zip(free, split, strict=True) if part < floors[i]}
        if not short:
            parts = dict(zip(free, split, strict=True)) | fixed
            return [parts[i] for i in range(len(shares))]
        fixed |= short


def apportion(
    total: int, shares: Sequence[int], ceilings: Sequence[int] | None = None, limits: Sequence[int] | None = None
) -> list[int]:
    """Split `total` into integer parts in proportion to integer `shares`; return the parts in the order of `shares`.

    Each part is first rounded down. Then the remaining units are added, one each, to the parts with the largest
    remainders; of equal remainders, the earlier part comes first. In these two steps, a part whose share is 0 receives
    nothing.

    Args:
        total: Number to split, 0 or more.
        shares: Numbers of 0 or more.
        ceilings: Highest value that each part can reach in these two steps; None for `total`.
        limits: Units that remain because no part can take them in these two steps are added to the first part up to its
            limit, then to the second, and so on. With None they are dropped, and the parts add up to less than `total`.
    """
    sum_of_shares = sum(shares)
    if not sum_of_shares:
        parts = [0] * len(shares)
        rest = total
    else:
        parts = [total * share // sum_of_shares for share in shares]
        if ceilings is not None:
            parts = [part if part < top else top for part, top in zip(parts, ceilings, strict=True)]
        rest = total - sum(parts)
        if rest:
            tops = [total] * len(shares) if ceilings is None else ceilings
            rest = _add_largest_remainders(
                rest, [total * share % sum_of_shares for share in shares], shares, tops, parts
            )
    if not rest:
        return parts
    for i, limit in enumerate(limits or ()):
        # Rounding of the index can leave a unit that no remainder may take, for example if all scores are 0.
        more = min(rest, limit - parts[i])
        parts[i] += more
        rest -= more
    return parts


def _add_largest_remainders(
    rest: int, remainders: Sequence[int], shares: Sequence[int], tops: Sequence[int], parts: list[int]
) -> int:
    """Add `rest` to `parts`, 1 to one part at a time, beginning with the part that has the largest remainder.

    A part whose share is 0 receives nothing, and no part exceeds its maximum in `tops`. Return the number that is left
    over when all parts with a share have reached their maximum.
    """
    order = sorted(range(len(shares)), key=remainders.__getitem__, reverse=True)
    before = 0
    while rest != before:
        before = rest
        for i in order:
            if not rest:
                return 0
            if shares[i] and parts[i] < tops[i]:
                parts[i] += 1
                rest -= 1
    return rest
