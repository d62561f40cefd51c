"""Aggregation of the scores of children into the score of their group, in a block (docs/scoring.md, section 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actitud_api.engine.scoring.aggregations import EPSILON, EXPONENTS
from actitud_api.engine.scoring.columns.block import NO_SCORE
from actitud_api.engine.scoring.columns.curves import UNIT_ROUNDOFF
from actitud_api.engine.scoring.columns.indicators import ChildCounts
from actitud_api.engine.scoring.columns.table import Bools, Floats, Ints
from actitud_api.engine.scoring.compile import CompiledGroup

EXACT_FLOAT_LIMIT = 2**52
"""Limit below which float64 holds every integer exactly, and a quotient of two integers has the right floor."""


class ChildWeights:
    """Weights of the children that leave their group, or make it unknown, in some rows of a block.

    Attributes:
        excluded: Pairs of a mask of the rows in which a child leaves the group, and the weight of the child.
        excluded_at_best: Such pairs for the rows in which the child would leave the group even if every unknown
            indicator had its best score.
        voids: Such pairs for the rows in which the child makes the group unknown.
        bounds_differ: True if the score of the group and its upper bound may exclude different children.
        unknown: Weight of the unknown indicators in each row, None if no row has any.
    """

    def __init__(self, kind: np.dtype[np.signedinteger]) -> None:
        self.excluded: list[tuple[Bools, int]] = []
        self.excluded_at_best: list[tuple[Bools, int]] = []
        self.voids: list[tuple[Bools, int]] = []
        self.unknown: Ints | None = None
        self.bounds_differ = False
        self._kind = kind

    def add(self, counted: ChildCounts, weight: int) -> None:
        """Add the rows in which one child leaves its group, or makes it unknown; ignore a child of weight 0.

        Each mask of `counted` is appended, as a pair with the `weight` of the child, to the attribute of the same name:
        `excluded`, `excluded_at_best` or `voids`. A mask that is None is skipped.
        """
        if not weight:
            return
        for masks, mask in (
            (self.excluded, counted.excluded),
            (self.excluded_at_best, counted.excluded_at_best),
            (self.voids, counted.voids),
        ):
            if mask is not None:
                masks.append((mask, weight))
        self.bounds_differ |= counted.excluded is not counted.excluded_at_best or counted.voids is not None

    def add_unknown(self, unknown: Bools, weights: NDArray[np.signedinteger]) -> None:
        """Add to `self.unknown`, for each row of the block, the weights of the indicators that are unknown in the row.

        `unknown` is a mask of shape indicators × rows, true where an indicator is unknown. `weights` has one weight for
        each indicator of the mask.
        """
        added: Ints = np.einsum("i,ij->j", weights, unknown.view(np.int8))
        self.unknown = added if self.unknown is None else self.unknown + added

    def compute_remaining(self, total: int, masks: list[tuple[Bools, int]]) -> Ints | None:
        """Compute the weight of a group that remains in each row after the children in `masks` have left.

        `total` is the weight of all children. `masks` contains pairs: a mask of rows, and the weight of the child that
        leaves in these rows. Return None if there are no masks, because the whole weight then remains in all rows.
        """
        if not masks:
            return None
        remaining = np.full(masks[0][0].shape, total, self._kind)
        for mask, weight in masks:
            remaining -= mask * self._kind.type(weight)
        return remaining


class GroupAggregation:
    """Aggregation of the scores of the children of one group, for any block.

    `kind` is an integer type wide enough for the weighted sums of the group. The parameter `unit` is 10^decimals, so
    the integer `unit` represents a score of 1 point.
    """

    def __init__(self, group: CompiledGroup, unit: int) -> None:
        self._group = group
        self._unit = unit
        self._weighted = [number for number, weight in enumerate(group.weights) if weight]
        # Rounding half up doubles the weighted sum; where that fits in 32 bits, half the memory is read.
        upper = 2 * (group.high + 1) * max(group.total_weight, len(group.weights))
        self.kind: np.dtype[np.signedinteger] = np.dtype(np.int32 if upper < 2**31 else np.int64)
        self._divides_in_floats = upper < EXACT_FLOAT_LIMIT
        share = group.definition.rated_share
        self._required_weight = max(1, -(-share.num * group.total_weight // share.den))
        times = [1] * len(group.weights) if group.definition.aggregation == "sum" else group.weights
        self._times = np.array([time if weight else 0 for time, weight in zip(times, group.weights, strict=True)])
        self._times = self._times.astype(self.kind)
        lightest = min((weight for weight in group.weights if weight), default=1)
        # Of exp and log of at most 2^62 units; log1p in a mean of powers magnifies by what the lightest child weighs.
        self._error = 128 * (len(group.weights) + 8) * UNIT_ROUNDOFF * group.high * group.total_weight / lightest

    def find_rated(self, rows: int, remaining: Ints | None, excluded: list[tuple[Bools, int]]) -> Bools | None:
        """Return the mask of the rows in which the group has a score, because enough weight and enough children remain.

        Return None if the group has a score in all rows.

        Args:
            rows: Number of rows of the block.
            remaining: Weight that is left in each row, None if it is the whole weight in all rows.
            excluded: Pairs of a mask of the rows in which a child leaves the group, and the weight of that child.
        """
        children = self._group.definition.rated_children
        if remaining is None:
            everywhere = self._group.total_weight >= self._required_weight and len(self._weighted) >= children
            return None if everywhere else np.zeros(rows, np.bool)
        rated = remaining >= self._required_weight
        if children > 1:
            kept = np.full(rated.shape, len(self._weighted))
            for mask, _ in excluded:
                kept -= mask
            rated &= kept >= children
        return None if rated.all() else rated

    def combine(self, rows: Ints, remaining: Ints | None, missing: list[tuple[Bools, int]], into: Ints) -> Ints | None:
        """Write the score of the group in each row into `into`; return the weighted sums of an arithmetic mean.

        The weighted sum of a row is the sum of weight times score over the children that count; the caller computes the
        upper bound of the group from it. For any other aggregation, return None. In a row in which too few children
        count, the number in `into` is meaningless, and the caller replaces it (`find_rated` finds these rows).

        Args:
            rows: Scores by child and row, -1 where the child does not count.
            remaining: Weight that counts in each row, None if it is the total weight in all rows.
            missing: For each child that does not count in some row, the mask of these rows and the weight of the child.
            into: Receives the scores.
        """
        aggregation = self._group.definition.aggregation
        if aggregation == "arithmetic":
            weighted = self._sum_children(rows, missing)
            self.write_mean(weighted, remaining, into)
            return weighted
        if aggregation == "sum":
            np.copyto(into, self._sum_children(rows, [(mask, 1) for mask, _ in missing]))
        elif aggregation == "min":
            self._write_minimum(rows, into)
        else:
            self._write_power_mean(rows, remaining, into)
        return None

    def _sum_children(self, rows: Ints, missing: list[tuple[Bools, int]]) -> Ints:
        summed: Ints = np.einsum("i,ij->j", self._times, rows)
        for mask, weight in missing:
            summed += mask * self.kind.type(weight)
        return summed

    def write_mean(self, weighted: Ints, remaining: Ints | None, into: Ints) -> None:
        """Write the arithmetic mean in each row, rounded half up, into `into`.

        The mean is (2·weighted + remaining) // (2·remaining). Where `remaining` is 0, the written number is
        meaningless, and the caller replaces it (`find_rated` finds these rows).

        Args:
            weighted: For each row, the sum of weight times score over the children that count.
            remaining: For each row, the sum of the weights of the children that count. None if it is the total weight
                of the group in all rows.
            into: Receives the means, in the unit of the scores.
        """
        over: Ints | int = self._group.total_weight if remaining is None else remaining
        doubled = np.add(np.add(weighted, weighted), over)
        divide = np.true_divide if self._divides_in_floats else np.floor_divide
        np.copyto(into, divide(doubled, np.multiply(over, 2)), casting="unsafe")

    def _write_minimum(self, rows: Ints, into: Ints) -> None:
        into.fill(self._group.high)
        for number in self._weighted:
            np.minimum(into, np.where(rows[number] == NO_SCORE, self._group.high, rows[number]), out=into)

    def _write_power_mean(self, rows: Ints, remaining: Ints | None, into: Ints) -> None:
        """Write the power mean of the children in each row, computed in float64 and rounded, into `into`.

        `rows` has an array of scores for each child, and `remaining` the weight that counts, None if it is the total
        weight in all rows. Where no child counts, the written number is meaningless. A row in which the
        error of float64 could change the rounded score is computed again with the function of `evaluate`.
        """
        group, unit = self._group, self._unit
        scores = rows[self._weighted]
        weights = np.array([group.weights[number] for number in self._weighted])[:, np.newaxis]
        kept = scores != NO_SCORE
        exponent = EXPONENTS.get(group.definition.aggregation, group.definition.exponent)
        assert exponent is not None
        over = group.total_weight if remaining is None else remaining
        points = scores / unit
        if exponent == 0:
            means = np.exp(np.sum(np.where(kept, weights * np.log(points), 0.0), axis=0) / over)
        else:
            extreme: Floats = (
                np.max(np.where(kept, points, 0.0), axis=0)
                if exponent > 0
                else np.min(np.where(kept, points, np.inf), axis=0)
            )
            powers = np.expm1(exponent * np.log(points / extreme))
            excess = np.sum(np.where(kept, weights * powers, 0.0), axis=0)
            means = np.where(extreme > 0, extreme * np.exp(np.log1p(excess / over) / exponent), 0.0)
        units = means * unit + (0.5 + EPSILON)
        np.copyto(into, np.floor(units), casting="unsafe")
        doubtful = ~(np.abs(units - np.rint(units)) > self._error)
        for row in np.flatnonzero(doubtful & kept.any(axis=0)).tolist():
            counted = kept[:, row]
            into[row] = group.combine(
                [group.weights[number] for number, counts in zip(self._weighted, counted, strict=True) if counts],
                scores[counted, row].tolist(),
            )
