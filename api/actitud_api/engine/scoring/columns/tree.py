"""The tree over a block: scores of groups, bounds, coverage and status (SCORING, sections 4 and 5)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import Share
from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.scoring.aggregations import UNKNOWN
from actitud_api.engine.scoring.columns.aggregation import Aggregation, Weights
from actitud_api.engine.scoring.columns.block import LEFT, Block, group_ids
from actitud_api.engine.scoring.columns.expressions import MOST
from actitud_api.engine.scoring.columns.indicators import Counted, Judgement, Run, some
from actitud_api.engine.scoring.columns.rules import Contradicted
from actitud_api.engine.scoring.columns.table import Bools, Floats, Ints
from actitud_api.engine.scoring.compile import CompiledGroup, CompiledMethodology
from actitud_api.engine.scoring.evaluate import Status

STATUSES: tuple[Status, ...] = get_args(Status)
"""A column of statuses holds their positions here."""
STATUS: dict[Status, int] = {status: number for number, status in enumerate(STATUSES)}

COVERED = 10_000
"""Coverage in columns is in ten-thousandths."""

HALF_UP = 1e-9
"""Makes the floor of a half right in float64, where rounding may have put it below."""

HEAVY = round(1 / (4 * HALF_UP))
"""From this total of weights on, a share of them may be so near a half that `HALF_UP` reaches it."""

COVER_ERROR = 1e-11
"""More than rounding makes of a coverage in float64, in a tree of five levels."""


class Cover(Struct, eq=False):
    """What is not known of a group in the rows of a block; anything where it is not rated.

    Of the weight `whole`, at `most` all of the group, the weight `unknown` of indicators (None: none), and of the
    groups `below`, each with its weight, what is not known of them. `share`: that share, within `COVER_ERROR`.
    """

    most: int
    whole: Ints | int
    unknown: Ints | None
    below: list[tuple[Partly, int]]
    share: Floats

    def exactly(self, row: int) -> Fraction:
        """The share in one row where the group is rated with every unknown at its best."""
        unknown = 0 if self.unknown is None else int(self.unknown[row])
        whole = self.whole if isinstance(self.whole, int) else int(self.whole[row])
        parts = [(weight, cover.exactly(row)) for (cover, rated), weight in self.below if rated is None or rated[row]]
        common = math.lcm(*(share.denominator for _, share in parts))
        total = sum(weight * share.numerator * (common // share.denominator) for weight, share in parts)
        return Fraction(unknown * common + total, whole * common)


Partly: TypeAlias = tuple[Cover, Bools | None]
"""What is not known of a group, and where it is rated with every unknown at its best (None: everywhere)."""


class GroupCounted(Struct, eq=False):
    """What a group counts with as a child, and what is not known of it; None where everything is known."""

    counted: Counted
    partly: Partly | None


class Tree:
    """Scores the indicators and groups of blocks."""

    def __init__(self, plan: CompiledMethodology, runs: Mapping[int, Run]) -> None:
        """`runs` are those of `runs_of`, by the position of their first indicator."""
        self._plan = plan
        self._runs = runs
        self._rows = {name: number for number, name in enumerate(group_ids(plan))}
        self._nodes = {name: _Node(plan, group, self._rows) for name, group in plan.groups.items()}

    def count(self, block: Block, judged: Sequence[Judgement], contradicted: dict[int, Contradicted]) -> None:
        """Writes the scores of all nodes, the bounds, the coverages and the status; `judged` by indicator."""
        out = block.views
        unknown = np.zeros(block.rows, np.bool)
        insufficient = np.zeros(block.rows, np.bool)

        def group(compiled: CompiledGroup, counts: bool) -> GroupCounted:
            node = self._nodes[compiled.definition.id]
            weights = Weights(node.aggregation.kind)
            below: list[tuple[Partly, int]] = []
            rows: Ints | None = None
            for run in node.runs:
                positions = self._runs[run.start].slice
                counted = self._runs[run.start].count(block, judged[positions], contradicted)
                for each, weight in zip(counted.each, run.weights.tolist(), strict=True):
                    weights.add(each, weight)
                if counted.unknown is not None:
                    weights.add_unknown(counted.unknown, run.weights)
                if node.is_a_run:
                    rows = counted.scores
            for child, weight in node.groups:
                found = group(child, counts and weight > 0)
                if compiled is self._plan.root and weight:
                    self._suffice(found, self._plan.document.coverage.per_dimension, insufficient)
                weights.add(found.counted, weight)
                if found.partly is not None and weight:
                    below.append((found.partly, weight))
            if counts and weights.unknown is not None:
                np.bitwise_or(unknown, weights.unknown > 0, out=unknown)
            return self._aggregated(block, node, weights, below, rows)

        root = group(self._plan.root, True)
        self._suffice(root, self._plan.document.coverage.overall, insufficient)
        row = self._rows[self._plan.document.root.id]
        self._publish(out.groups[row], out.index)
        self._publish(out.groups_max[row], out.index_max)
        out.status.fill(STATUS["complete"])
        out.status[unknown] = STATUS["sufficient"]
        out.status[unknown & insufficient] = STATUS["insufficient_evidence"]
        out.status[out.index == LEFT] = STATUS["not_rateable"]

    def _publish(self, internal: Ints, into: Ints) -> None:
        step = self._plan.published_step
        if step == 1:
            np.copyto(into, internal)
        else:
            np.copyto(into, (2 * internal.astype(np.int64) + step) // (2 * step) * step)
            into[internal == LEFT] = LEFT

    def aggregate(self, scores: Ints, groups: Ints, scratch: Floats) -> None:
        """Writes the scores of all groups of given scores of indicators, -1 where one left."""

        def group(compiled: CompiledGroup) -> Bools | None:
            node = self._nodes[compiled.definition.id]
            weights = Weights(node.aggregation.kind)
            for child, weight in zip(compiled.children, compiled.weights, strict=True):
                left = some(scores[child] == LEFT) if isinstance(child, int) else group(child)
                weights.add(Counted(left), weight)
            rows = node.children(scores, groups)
            _, rated, _ = _combined(node, weights, weights.left, [], rows, groups[node.row], scratch)
            return None if rated is None else ~rated

        group(self._plan.root)

    def _aggregated(
        self,
        block: Block,
        node: _Node,
        weights: Weights,
        below: list[tuple[Partly, int]],
        rows: Ints | None,
    ) -> GroupCounted:
        """The scores of a group whose children are scored; `rows`: their scores, where these are at hand."""
        out = block.views
        scores, most = out.groups[node.row], out.groups_max[node.row]
        scratch = block.floats[0]
        rows = node.children(out.scores, out.groups) if rows is None else rows
        remaining, rated, weighted = _combined(node, weights, weights.left, weights.voids, rows, scores, scratch)
        left = left_most = None if rated is None else ~rated
        if weights.silent or weighted is None or node.span is None:
            remaining, rated, _ = _combined(
                node, weights, weights.left_most, [], node.children(out.maxima, out.groups_max), most, scratch
            )
            if weights.silent:
                left_most = None if rated is None else ~rated
        elif weights.unknown is None:
            np.copyto(most, scores)
        else:
            np.add(weighted, np.multiply(weights.unknown, node.span), out=weighted)
            node.aggregation.mean(weighted, remaining, most, scratch)
            if left_most is not None:
                most[left_most] = LEFT
        counted = Counted(left, left_most)
        if weights.voids:
            self._void(node.compiled, weights, left, scores, counted)
        cover = self._cover(node, weights, remaining, below, out.coverages[node.row], scratch)
        if left_most is not None:
            out.coverages[node.row][left_most] = LEFT
        return GroupCounted(counted, None if cover is None else (cover, rated))

    def _void(
        self, compiled: CompiledGroup, weights: Weights, left: Bools | None, scores: Ints, counted: Counted
    ) -> None:
        """A rated group that an unknown child makes unknown does above what the `missing` there says."""
        voided = np.logical_or.reduce([mask for mask, _ in weights.voids])
        if left is not None:
            voided &= ~left
        if compiled.unknown_score == UNKNOWN or compiled.unknown_score is None:
            scores[voided] = LEFT
        else:
            scores[voided] = compiled.unknown_score
        if compiled.unknown_score == UNKNOWN:
            counted.voids = voided
        elif compiled.unknown_score is None:
            counted.left = voided if counted.left is None else counted.left | voided

    # coverage

    def _cover(
        self,
        node: _Node,
        weights: Weights,
        remaining: Ints | None,
        below: list[tuple[Partly, int]],
        row: NDArray[np.int16],
        scratch: Floats,
    ) -> Cover | None:
        """The coverage of a group: written in ten-thousandths, half up, and given as what is not known."""
        if weights.unknown is None and not below:
            row.fill(COVERED)
            return None
        whole: Ints | int = node.compiled.total_weight if remaining is None else remaining
        if not below and node.compiled.total_weight < HEAVY:
            assert weights.unknown is not None
            share = np.true_divide(weights.unknown, whole)
            # A share of whole weights is a half of a ten-thousandth or further from one than what is added.
            np.multiply(share, -COVERED, out=scratch)
            np.add(scratch, COVERED + 0.5 + HALF_UP, out=scratch)
            np.copyto(row, scratch, casting="unsafe")
            return Cover(node.compiled.total_weight, whole, weights.unknown, [], share)
        unknown = np.zeros(row.shape)
        if weights.unknown is not None:
            unknown += weights.unknown
        for (part, rated), weight in below:
            np.multiply(part.share, weight, out=scratch)
            unknown += scratch if rated is None else np.where(rated, scratch, 0.0)
        share = unknown / whole
        cover = Cover(node.compiled.total_weight, whole, weights.unknown, below, share)
        covered = COVERED * (1 - share) + 0.5
        np.copyto(row, covered, casting="unsafe")
        near = np.abs(covered - np.rint(covered)) <= COVERED * COVER_ERROR
        for number in np.flatnonzero(near).tolist():
            row[number] = round_half_up(COVERED * (1 - cover.exactly(number)))
        return cover

    def _suffice(self, found: GroupCounted, asked: Share, insufficient: Bools) -> None:
        """Marks where a rated group covers less than is asked."""
        if found.partly is None:
            return
        cover, rated = found.partly
        spare = Fraction(asked.den - asked.num, asked.den)
        if not cover.below and cover.most * spare.denominator <= MOST:
            assert cover.unknown is not None
            short = cover.unknown.astype(np.int64) * spare.denominator > np.multiply(
                cover.whole, spare.numerator, dtype=np.int64
            )
        else:
            short = cover.share > float(spare)
            near = np.abs(cover.share - float(spare)) <= COVER_ERROR
            for row in np.flatnonzero(near).tolist():
                short[row] = cover.exactly(row) > spare
        if rated is not None:
            short &= rated
        insufficient |= short


class Together(Struct, frozen=True, eq=False):
    """Indicators that follow each other below one group: the position of the first, and the weights of all."""

    start: int
    weights: NDArray[np.signedinteger]


def runs_of(compiled: CompiledGroup, kind: np.dtype[np.signedinteger]) -> list[Together]:
    """The runs of the indicators directly below a group."""
    runs: list[tuple[int, list[int]]] = []
    for child, weight in zip(compiled.children, compiled.weights, strict=True):
        if isinstance(child, int):
            if not runs or runs[-1][0] + len(runs[-1][1]) != child:
                runs.append((child, []))
            runs[-1][1].append(weight)
    return [Together(start, np.array(weights).astype(kind)) for start, weights in runs]


class _Node:
    """A group, its row and those of its children.

    `is_a_run`: its children are the indicators of one run. `span`: what every unknown child lacks to its best, where
    that is the same for all and the group only weighs them.
    """

    def __init__(self, plan: CompiledMethodology, compiled: CompiledGroup, rows: dict[str, int]) -> None:
        self.compiled = compiled
        self.row = rows[compiled.definition.id]
        self.aggregation = Aggregation(compiled, plan.unit)
        self.runs = runs_of(compiled, self.aggregation.kind)
        self.groups = [
            (child, weight)
            for child, weight in zip(compiled.children, compiled.weights, strict=True)
            if not isinstance(child, int)
        ]
        self.is_a_run = not self.groups
        self.span: int | None = None
        leaves = [plan.indicators[child] for child in compiled.children if isinstance(child, int)]
        spans = {leaf.best - leaf.low for leaf in leaves}
        if len(leaves) == len(compiled.children) and len(spans) == 1:
            self.span = spans.pop()
        self._places = [
            (False, child) if isinstance(child, int) else (True, rows[child.definition.id])
            for child in compiled.children
        ]
        kinds, numbers = {kind for kind, _ in self._places}, [number for _, number in self._places]
        self._slice: slice | None = None
        if len(kinds) == 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            self._slice = slice(numbers[0], numbers[0] + len(numbers))

    def children(self, indicators: Ints, groups: Ints) -> Ints:
        """The rows of the children, of those of all indicators and all groups."""
        if self._slice is not None:
            return (groups if self._places[0][0] else indicators)[self._slice]
        return np.array([(groups if kind else indicators)[number] for kind, number in self._places])


def _combined(
    node: _Node,
    weights: Weights,
    left: list[tuple[Bools, int]],
    voids: list[tuple[Bools, int]],
    rows: Ints,
    into: Ints,
    scratch: Floats,
) -> tuple[Ints | None, Bools | None, Ints | None]:
    """Writes the scores of a group, -1 where it is not rated; `rows` are the scores of its children.

    Gives the weight that remains (None: all), where it is rated (None: everywhere), and the weighted sums.
    """
    remaining = weights.remaining(node.compiled.total_weight, left)
    rated = node.aggregation.rated(into.size, remaining, left)
    weighted = node.aggregation.combine(rows, remaining, left + voids, into, scratch)
    if rated is not None:
        into[~rated] = LEFT
    return remaining, rated, weighted
