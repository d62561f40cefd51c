"""How the scores of the children become that of a group, over a block (SCORING, section 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actitud_api.engine.scoring.aggregations import EPSILON, EXPONENTS
from actitud_api.engine.scoring.columns.block import LEFT
from actitud_api.engine.scoring.columns.curves import ROUNDING
from actitud_api.engine.scoring.columns.indicators import Counted
from actitud_api.engine.scoring.columns.table import Bools, Floats, Ints
from actitud_api.engine.scoring.compile import CompiledGroup

EXACT = 2**52
"""Up to here float64 holds every integer and a quotient of two integers has the right floor."""


class Weights:
    """What the children of a group bring along in a block: where they left, make it unknown, and are not known.

    Masks stand with the weight of the child; children that share one share an entry. `left_most` is `left` with every
    unknown at its best; `silent`: the two differ. `unknown` is the weight that is not known, None where that is
    nowhere.
    """

    def __init__(self, kind: np.dtype[np.signedinteger]) -> None:
        self.left: list[tuple[Bools, int]] = []
        self.left_most: list[tuple[Bools, int]] = []
        self.voids: list[tuple[Bools, int]] = []
        self.unknown: Ints | None = None
        self.silent = False
        self._kind = kind

    def add(self, counted: Counted, weight: int) -> None:
        """A child, once it is scored; one of weight 0 takes part in nothing."""
        if not weight:
            return
        for masks, mask in (
            (self.left, counted.left),
            (self.left_most, counted.left_most),
            (self.voids, counted.voids),
        ):
            if mask is not None:
                masks.append((mask, weight))
        self.silent |= counted.left is not counted.left_most or counted.voids is not None

    def add_unknown(self, unknown: Bools, weights: NDArray[np.signedinteger]) -> None:
        """What is not known of some children, a row for each."""
        more: Ints = np.einsum("i,ij->j", weights, unknown.view(np.int8))
        self.unknown = more if self.unknown is None else self.unknown + more

    def remaining(self, total: int, masks: list[tuple[Bools, int]]) -> Ints | None:
        """The weight that remains; None where all of it does everywhere."""
        if not masks:
            return None
        remaining = np.full(masks[0][0].shape, total, self._kind)
        for mask, weight in masks:
            remaining -= mask * self._kind.type(weight)
        return remaining


class Aggregation:
    """The aggregation of one group."""

    def __init__(self, group: CompiledGroup, unit: int) -> None:
        self._group = group
        self._unit = unit
        self._weighted = [number for number, weight in enumerate(group.weights) if weight]
        most = 2 * (group.high + 1) * max(group.total_weight, len(group.weights))
        self.kind: np.dtype[np.signedinteger] = np.dtype(np.int32 if most < 2**31 else np.int64)
        self._by_floats = most < EXACT
        share = group.definition.rated_share
        self._least = max(1, -(-share.num * group.total_weight // share.den))
        times = [1] * len(group.weights) if group.definition.aggregation == "sum" else group.weights
        self._times = np.array([time if weight else 0 for time, weight in zip(times, group.weights, strict=True)])
        self._times = self._times.astype(self.kind)
        light = min((weight for weight in group.weights if weight), default=1)
        # Of exp and log of at most 2^62 units; log1p in a mean of powers magnifies by what the lightest child weighs.
        self._error = 128 * (len(group.weights) + 8) * ROUNDING * group.high * group.total_weight / light

    def rated(self, rows: int, remaining: Ints | None, left: list[tuple[Bools, int]]) -> Bools | None:
        """Where enough remains to rate it, of so many rows; None: everywhere."""
        children = self._group.definition.rated_children
        if remaining is None:
            everywhere = self._group.total_weight >= self._least and len(self._weighted) >= children
            return None if everywhere else np.zeros(rows, np.bool)
        rated = remaining >= self._least
        if children > 1:
            kept = np.full(rated.shape, len(self._weighted))
            for mask, _ in left:
                kept -= mask
            rated &= kept >= children
        return None if rated.all() else rated

    def combine(
        self, rows: Ints, remaining: Ints | None, missing: list[tuple[Bools, int]], into: Ints, scratch: Floats
    ) -> Ints | None:
        """Writes the scores of the group; gives the weighted sums where it is arithmetic.

        `rows`: the scores of the children, an array for each, -1 where they are among the `missing`.
        """
        aggregation = self._group.definition.aggregation
        if aggregation == "arithmetic":
            weighted = self._summed(rows, missing)
            self.mean(weighted, remaining, into, scratch)
            return weighted
        if aggregation == "sum":
            np.copyto(into, self._summed(rows, [(mask, 1) for mask, _ in missing]))
        elif aggregation == "min":
            self._least_of(rows, into)
        else:
            self._power_mean(rows, remaining, into)
        return None

    def _summed(self, rows: Ints, missing: list[tuple[Bools, int]]) -> Ints:
        summed: Ints = np.einsum("i,ij->j", self._times, rows)
        for mask, weight in missing:
            summed += mask * self.kind.type(weight)
        return summed

    def mean(self, weighted: Ints, remaining: Ints | None, into: Ints, scratch: Floats) -> None:
        """Writes (2·weighted + remaining) // (2·remaining): the mean, half up."""
        over: Ints | int = self._group.total_weight if remaining is None else remaining
        doubled = np.add(np.add(weighted, weighted), over)
        if self._by_floats:
            np.true_divide(doubled, np.multiply(over, 2), out=scratch)
            np.copyto(into, scratch, casting="unsafe")
        else:
            np.copyto(into, np.floor_divide(doubled, np.multiply(over, 2)))

    def _least_of(self, rows: Ints, into: Ints) -> None:
        into.fill(self._group.high)
        for number in self._weighted:
            np.minimum(into, np.where(rows[number] == LEFT, self._group.high, rows[number]), out=into)

    def _power_mean(self, rows: Ints, remaining: Ints | None, into: Ints) -> None:
        """In float64, and by the plan where its error could carry it over a whole number."""
        group, unit = self._group, self._unit
        scores = rows[self._weighted]
        weights = np.array([group.weights[number] for number in self._weighted])[:, np.newaxis]
        kept = scores != LEFT
        exponent = EXPONENTS.get(group.definition.aggregation, group.definition.exponent)
        assert exponent is not None
        over = group.total_weight if remaining is None else remaining
        points = scores / unit
        if exponent == 0:
            exactly = np.exp(np.sum(np.where(kept, weights * np.log(points), 0.0), axis=0) / over)
        else:
            extreme: Floats = (
                np.max(np.where(kept, points, 0.0), axis=0)
                if exponent > 0
                else np.min(np.where(kept, points, np.inf), axis=0)
            )
            powers = np.expm1(exponent * np.log(points / extreme))
            less = np.sum(np.where(kept, weights * powers, 0.0), axis=0)
            exactly = np.where(extreme > 0, extreme * np.exp(np.log1p(less / over) / exponent), 0.0)
        units = exactly * unit + (0.5 + EPSILON)
        np.copyto(into, np.floor(units), casting="unsafe")
        near = ~(np.abs(units - np.rint(units)) > self._error)
        for row in np.flatnonzero(near & kept.any(axis=0)).tolist():
            there = kept[:, row]
            into[row] = group.combine(
                [group.weights[number] for number, counts in zip(self._weighted, there, strict=True) if counts],
                scores[there, row].tolist(),
            )
