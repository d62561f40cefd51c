"""Tree of a block: scores of groups, upper bounds, coverage and status (docs/scoring.md, sections 4 and 5)."""

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
from actitud_api.engine.scoring.columns.aggregation import ChildWeights, GroupAggregation
from actitud_api.engine.scoring.columns.block import NO_SCORE, RowBlock, list_group_ids
from actitud_api.engine.scoring.columns.expressions import INT64_MAX
from actitud_api.engine.scoring.columns.indicators import CaseJudgement, ChildCounts, RunScorer, drop_empty_mask
from actitud_api.engine.scoring.columns.rules import ContradictedRows
from actitud_api.engine.scoring.columns.table import Bools, Floats, Ints
from actitud_api.engine.scoring.compile import CompiledGroup, CompiledMethodology
from actitud_api.engine.scoring.evaluate import Status

STATUSES: tuple[Status, ...] = get_args(Status)
"""All statuses; an array of statuses stores the place of a status in this tuple."""
STATUS_NUMBERS: dict[Status, int] = {status: number for number, status in enumerate(STATUSES)}

COVERAGE_UNITS = 10_000
"""Full coverage in columns: coverage is in ten-thousandths."""

HALF_UP_MARGIN = 1e-9
"""Margin added before rounding down, because float64 may have rounded an exact half to just below it."""

HEAVY_WEIGHT = round(1 / (4 * HALF_UP_MARGIN))
"""Total weight of a group from which its coverage may not be rounded with `HALF_UP_MARGIN`.

With such a weight, a coverage that lies below a half by less than the margin would be rounded up.
"""

COVER_ERROR = 1e-11
"""Upper bound of the rounding error of a coverage in float64, in a tree of five levels."""


class UnknownShare(Struct, eq=False):
    """Share of the weight of a group that is unknown, from 0 to 1, in each row of a block.

    In a row in which too few children count, the share is meaningless.

    Attributes:
        total_weight: Weight of all children.
        remaining: Weight of the children that count.
        unknown: Weight of the unknown indicators directly in the group, None if there are none.
        below: Unknown share of each child group, with the weight of that group.
        share: The result in float64, with an error of at most `COVER_ERROR`.
    """

    total_weight: int
    remaining: Ints | int
    unknown: Ints | None
    below: list[tuple[RatedUnknownShare, int]]
    share: Floats

    def compute_exactly(self, row: int) -> Fraction:
        """Compute the exact share in one row.

        Use it only for a row in which the group would have a score if every unknown indicator had its best score.
        """
        unknown = 0 if self.unknown is None else int(self.unknown[row])
        remaining = self.remaining if isinstance(self.remaining, int) else int(self.remaining[row])
        parts = [
            (weight, cover.compute_exactly(row)) for (cover, rated), weight in self.below if rated is None or rated[row]
        ]
        common = math.lcm(*(share.denominator for _, share in parts))
        total = sum(weight * share.numerator * (common // share.denominator) for weight, share in parts)
        return Fraction(unknown * common + total, remaining * common)


RatedUnknownShare: TypeAlias = tuple[UnknownShare, Bools | None]
"""Unknown share of a group, and the mask of the rows in which the share is defined.

These are the rows in which the group would have a score if every unknown indicator had its best score. None stands
for a mask of all rows.
"""


class GroupCounts(Struct, eq=False):
    """Rows in which a group does not count normally as a child of another group, and the unknown share of its weight.

    `unknown_share` is None if nothing in the group is unknown in any row.
    """

    counts: ChildCounts
    unknown_share: RatedUnknownShare | None


class TreeScorer:
    """Scorer of the indicators and groups of the tree, in blocks of rows, under one methodology."""

    def __init__(self, plan: CompiledMethodology, runs: Mapping[int, RunScorer]) -> None:
        """Prepare the scorer for a compiled methodology.

        `runs` contains the scorer of each run (consecutive indicators of one group), by the position of the first
        indicator.
        """
        self._plan = plan
        self._runs = runs
        self._rows = {name: number for number, name in enumerate(list_group_ids(plan))}
        self._nodes = {name: _GroupNode(plan, group, self._rows) for name, group in plan.groups.items()}

    def score_nodes(
        self, block: RowBlock, judged: Sequence[CaseJudgement], contradicted: dict[int, ContradictedRows]
    ) -> None:
        """Write the scores, upper bounds and coverages of all nodes of a block, and the index and status of each row.

        An upper bound is the score with every unknown indicator at its best. `judged` contains the results of zero rule
        and applicability of each indicator, by position. `contradicted` contains the rows in which an answer is
        contradicted, by the position of the indicator.
        """
        out = block.views
        unknown = np.zeros(block.rows, np.bool)
        insufficient = np.zeros(block.rows, np.bool)

        def score_group(compiled: CompiledGroup, counts: bool) -> GroupCounts:
            node = self._nodes[compiled.definition.id]
            weights = ChildWeights(node.aggregation.kind)
            below: list[tuple[RatedUnknownShare, int]] = []
            rows: Ints | None = None
            for run in node.runs:
                positions = self._runs[run.start].slice
                counted = self._runs[run.start].score_run(block, judged[positions], contradicted)
                for child_count, weight in zip(counted.each, run.weights.tolist(), strict=True):
                    weights.add(child_count, weight)
                if counted.unknown is not None:
                    weights.add_unknown(counted.unknown, run.weights)
                if node.is_a_run:
                    rows = counted.scores
            for child, weight in node.groups:
                child_counts = score_group(child, counts and weight > 0)
                if compiled is self._plan.root and weight:
                    self._mark_insufficient(child_counts, self._plan.document.coverage.per_dimension, insufficient)
                weights.add(child_counts.counts, weight)
                if child_counts.unknown_share is not None and weight:
                    below.append((child_counts.unknown_share, weight))
            if counts and weights.unknown is not None:
                np.bitwise_or(unknown, weights.unknown > 0, out=unknown)
            return self._aggregate_group(block, node, weights, below, rows)

        root = score_group(self._plan.root, True)
        self._mark_insufficient(root, self._plan.document.coverage.overall, insufficient)
        row = self._rows[self._plan.document.root.id]
        self._publish_index(out.groups[row], out.index)
        self._publish_index(out.groups_max[row], out.index_max)
        out.status.fill(STATUS_NUMBERS["complete"])
        out.status[unknown] = STATUS_NUMBERS["sufficient"]
        out.status[unknown & insufficient] = STATUS_NUMBERS["insufficient_evidence"]
        out.status[out.index == NO_SCORE] = STATUS_NUMBERS["not_rateable"]

    def _publish_index(self, internal: Ints, into: Ints) -> None:
        step = self._plan.published_step
        if step == 1:
            np.copyto(into, internal)
        else:
            # Twice an index may exceed the 32 bits of a score.
            np.copyto(into, (2 * internal.astype(np.int64) + step) // (2 * step) * step)
            into[internal == NO_SCORE] = NO_SCORE

    def aggregate_scores(self, scores: Ints, groups: Ints) -> None:
        """Write the scores of all groups into `groups`, computed from given `scores` of the indicators.

        An indicator with the score -1 leaves its group. A group in which too few children count receives -1.
        """

        def score_group(compiled: CompiledGroup) -> Bools | None:
            node = self._nodes[compiled.definition.id]
            weights = ChildWeights(node.aggregation.kind)
            for child, weight in zip(compiled.children, compiled.weights, strict=True):
                excluded = drop_empty_mask(scores[child] == NO_SCORE) if isinstance(child, int) else score_group(child)
                weights.add(ChildCounts(excluded), weight)
            rows = node.select_children(scores, groups)
            _, rated, _ = _combine_children(node, weights, weights.excluded, [], rows, groups[node.row])
            return None if rated is None else ~rated

        score_group(self._plan.root)

    def _aggregate_group(
        self,
        block: RowBlock,
        node: _GroupNode,
        weights: ChildWeights,
        below: list[tuple[RatedUnknownShare, int]],
        rows: Ints | None,
    ) -> GroupCounts:
        """Write the scores of a group whose children are scored, and return how the group counts in its parent.

        `node` is the group. `weights` has the children that are excluded or unknown in some rows, and `below` the
        unknown share of each child group with the weight of that group. `rows` has the scores of the children if
        these are in one array already, else None.
        """
        out = block.views
        scores, maxima = out.groups[node.row], out.groups_max[node.row]
        rows = node.select_children(out.scores, out.groups) if rows is None else rows
        remaining, rated, weighted = _combine_children(node, weights, weights.excluded, weights.voids, rows, scores)
        excluded = excluded_at_best = None if rated is None else ~rated
        if weights.bounds_differ or weighted is None or node.span is None:
            rows = node.select_children(out.maxima, out.groups_max)
            remaining, rated, _ = _combine_children(node, weights, weights.excluded_at_best, [], rows, maxima)
            if weights.bounds_differ:
                excluded_at_best = None if rated is None else ~rated
        elif weights.unknown is None:
            np.copyto(maxima, scores)
        else:
            np.add(weighted, np.multiply(weights.unknown, node.span), out=weighted)
            node.aggregation.write_mean(weighted, remaining, maxima)
            if excluded_at_best is not None:
                maxima[excluded_at_best] = NO_SCORE
        counted = ChildCounts(excluded, excluded_at_best)
        if weights.voids:
            self._apply_voids(node.compiled, weights, excluded, scores, counted)
        cover = self._write_coverage(node, weights, remaining, below, out.coverages[node.row])
        if excluded_at_best is not None:
            out.coverages[node.row][excluded_at_best] = NO_SCORE
        return GroupCounts(counted, None if cover is None else (cover, rated))

    def _apply_voids(
        self, compiled: CompiledGroup, weights: ChildWeights, excluded: Bools | None, scores: Ints, counted: ChildCounts
    ) -> None:
        """Write the score of a group in the rows in which an unknown child makes the group unknown (`missing: void`).

        In these rows the `missing` rule of the parent says how the group counts in the parent: with its lowest score,
        not at all, or by making the parent unknown too. The masks in `counted` are updated accordingly. `excluded`
        marks the rows in which the group is not rated, None if there are none.
        """
        voided = np.logical_or.reduce([mask for mask, _ in weights.voids])
        if excluded is not None:
            voided &= ~excluded
        if compiled.unknown_score == UNKNOWN or compiled.unknown_score is None:
            scores[voided] = NO_SCORE
        else:
            scores[voided] = compiled.unknown_score
        if compiled.unknown_score == UNKNOWN:
            counted.voids = voided
        elif compiled.unknown_score is None:
            counted.excluded = voided if counted.excluded is None else counted.excluded | voided

    # coverage

    def _write_coverage(
        self,
        node: _GroupNode,
        weights: ChildWeights,
        remaining: Ints | None,
        below: list[tuple[RatedUnknownShare, int]],
        row: NDArray[np.int16],
    ) -> UnknownShare | None:
        """Write the coverage of a group into `row`, in ten-thousandths, rounded half up; return its unknown share.

        Return None if everything in the group is known. `remaining` is the weight that counts, None for all of it;
        `below` has the unknown share of each child group with the weight of that group.
        """
        if weights.unknown is None and not below:
            row.fill(COVERAGE_UNITS)
            return None
        whole: Ints | int = node.compiled.total_weight if remaining is None else remaining
        if not below and node.compiled.total_weight < HEAVY_WEIGHT:
            assert weights.unknown is not None
            share = np.true_divide(weights.unknown, whole)
            # A share of whole weights is a half of a ten-thousandth or further from one than what is added.
            covered = share * -COVERAGE_UNITS + (COVERAGE_UNITS + 0.5 + HALF_UP_MARGIN)
            np.copyto(row, covered, casting="unsafe")
            return UnknownShare(node.compiled.total_weight, whole, weights.unknown, [], share)
        unknown = np.zeros(row.shape)
        if weights.unknown is not None:
            unknown += weights.unknown
        for (part, rated), weight in below:
            parts = part.share * weight
            unknown += parts if rated is None else np.where(rated, parts, 0.0)
        share = unknown / whole
        cover = UnknownShare(node.compiled.total_weight, whole, weights.unknown, below, share)
        covered = COVERAGE_UNITS * (1 - share) + 0.5
        np.copyto(row, covered, casting="unsafe")
        near = np.abs(covered - np.rint(covered)) <= COVERAGE_UNITS * COVER_ERROR
        for number in np.flatnonzero(near).tolist():
            row[number] = round_half_up(COVERAGE_UNITS * (1 - cover.compute_exactly(number)))
        return cover

    def _mark_insufficient(self, counts: GroupCounts, required: Share, insufficient: Bools) -> None:
        """Mark the rows in which a group has a score but less coverage than `required`, in the mask `insufficient`.

        `counts` has the share of the group that is unknown; the coverage is 1 minus this share.
        """
        if counts.unknown_share is None:
            return
        cover, rated = counts.unknown_share
        tolerated = Fraction(required.den - required.num, required.den)
        if not cover.below and cover.total_weight * tolerated.denominator <= INT64_MAX:
            assert cover.unknown is not None
            short = cover.unknown.astype(np.int64) * tolerated.denominator > np.multiply(
                cover.remaining, tolerated.numerator, dtype=np.int64
            )
        else:
            short = cover.share > float(tolerated)
            near = np.abs(cover.share - float(tolerated)) <= COVER_ERROR
            for row in np.flatnonzero(near).tolist():
                short[row] = cover.compute_exactly(row) > tolerated
        if rated is not None:
            short &= rated
        insufficient |= short


class IndicatorRun(Struct, frozen=True, eq=False):
    """A run: consecutive indicators that are children of one group.

    `start` is the position of the first indicator, and `weights` contains the weight of each.
    """

    start: int
    weights: NDArray[np.signedinteger]


def list_runs(compiled: CompiledGroup, kind: np.dtype[np.signedinteger]) -> list[IndicatorRun]:
    """List the runs (consecutive indicators) among the children of a group; `kind` is the type of their weights."""
    runs: list[tuple[int, list[int]]] = []
    for child, weight in zip(compiled.children, compiled.weights, strict=True):
        if isinstance(child, int):
            if not runs or runs[-1][0] + len(runs[-1][1]) != child:
                runs.append((child, []))
            runs[-1][1].append(weight)
    return [IndicatorRun(start, np.array(weights).astype(kind)) for start, weights in runs]


class _GroupNode:
    """A group, and the places of its scores and of the scores of its children in the arrays of results.

    `row` is the row of the group in the scores of all groups. `is_a_run`: all children are indicators, in consecutive
    positions. `span`: distance from the lowest to the best score of a child, if all children are indicators with the
    same distance, else None.
    """

    def __init__(self, plan: CompiledMethodology, compiled: CompiledGroup, rows: dict[str, int]) -> None:
        self.compiled = compiled
        self.row = rows[compiled.definition.id]
        self.aggregation = GroupAggregation(compiled, plan.unit)
        self.runs = list_runs(compiled, self.aggregation.kind)
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
        self._child_rows = [
            (False, child) if isinstance(child, int) else (True, rows[child.definition.id])
            for child in compiled.children
        ]
        kinds, numbers = {kind for kind, _ in self._child_rows}, [number for _, number in self._child_rows]
        self._slice: slice | None = None
        if len(kinds) == 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            self._slice = slice(numbers[0], numbers[0] + len(numbers))

    def select_children(self, indicators: Ints, groups: Ints) -> Ints:
        """Select the scores of the children from those of all indicators and all groups."""
        if self._slice is not None:
            return (groups if self._child_rows[0][0] else indicators)[self._slice]
        return np.array([(groups if is_group else indicators)[number] for is_group, number in self._child_rows])


def _combine_children(
    node: _GroupNode,
    weights: ChildWeights,
    excluded: list[tuple[Bools, int]],
    voids: list[tuple[Bools, int]],
    rows: Ints,
    into: Ints,
) -> tuple[Ints | None, Bools | None, Ints | None]:
    """Write the scores of a group into `into`, -1 where too few children count; `rows` has the scores of its children.

    `excluded` and `voids` have pairs of a mask of rows and the weight of a child: in these rows the child leaves
    the group, or makes the group unknown. `weights` computes the weight that remains. Return the remaining weight
    (None: all of it), the rows in which enough children count (None: all rows), and the weighted sums (None if the
    group is no arithmetic mean).
    """
    remaining = weights.compute_remaining(node.compiled.total_weight, excluded)
    rated = node.aggregation.find_rated(into.size, remaining, excluded)
    weighted = node.aggregation.combine(rows, remaining, excluded + voids, into)
    if rated is not None:
        into[~rated] = NO_SCORE
    return remaining, rated, weighted
