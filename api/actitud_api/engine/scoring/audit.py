"""Statistical audit of an index over the ranked organisations of an edition (docs/scoring.md, section 8).

The measures are those of the OECD/JRC handbook (2008, steps 5 to 8) and of the audits by the JRC. Scores are in
points, as they enter the index: an unknown answer has the score with which it counts in its group, and only nodes
that do not apply are missing (NaN). A measure is None if it is undefined, because a column of scores is constant or
there are too few organisations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import Document, Group, Indicator, Range
from actitud_api.engine.methodology.predicates import Number, to_exact, walk_groups, walk_indicators
from actitud_api.engine.scoring.ranking import LEVEL_POINTS, Integers, compute_ranks
from actitud_api.engine.scoring.robustness import MISSING

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool]

Rescore: TypeAlias = Callable[[Document], Integers]
"""Function that computes a figure of the same organisations, in the same order, under a changed document."""

MOVES: Final = (Fraction(4, 5), Fraction(6, 5))
"""Factors by which the raw value x of a goalpost is multiplied, one goalpost at a time: -20 % and +20 %."""

BINS: Final = 20
"""Maximum number of bins for the conditional means of a main effect (see `compute_main_effect`)."""

BIN: Final = 10
"""Minimum number of organisations in a bin of a main effect."""


WEAK: Final = 0.3
"""Correlation with the parent below which a node gets the remark `weak_correlation`.

The threshold is that of `plot_corr` in COINr, by authors of the JRC.
"""

HIGH: Final = 0.9
"""Correlation with the parent above which a node gets the remark `high_correlation`: it may repeat the parent.

The threshold is that of `plot_corr` in COINr, by authors of the JRC.
"""

RELIABLE: Final = 0.7
"""Threshold of Cronbach's alpha: below it the children of a group are a weak scale (J. C. Nunnally, Psychometric
theory, 1978).
"""

UNEVEN: Final = 1.5
"""Ratio of the effective weight to the weight, or of the weight to the effective weight, from which a node gets the
remark `uneven_weight`.

P. Paruolo, M. Saisana and A. Saltelli (2013) compare the two weights and give no threshold; this one is a judgement.
"""

RemarkCode = Literal["negative_correlation", "weak_correlation", "high_correlation", "low_alpha", "uneven_weight"]

MEASURED: Final = ("linear", "log", "lognormal")
"""Kinds of curve whose goalposts stand at measured raw values, which can be moved.

In all other kinds the goalposts are levels, or yes and no.
"""


class Moments(Struct, frozen=True, kw_only=True):
    """Distribution of the scores of a node, or of the index, in points.

    If `floor` or `ceiling` is large, the score no longer distinguishes organisations (C. B. Terwee et al., Quality
    criteria were proposed for measurement properties of health status questionnaires, 2007).

    Attributes:
        organisations: Number of organisations with a score, over which the other statistics are computed.
        mean: Mean, None without organisations.
        standard_deviation: Standard deviation, None for fewer than 2 organisations.
        skewness: Skewness, None for fewer than 3 organisations or if all scores are equal.
        floor: Share of the organisations with the lowest possible score, None without organisations.
        ceiling: Share of the organisations with the highest possible score, None without organisations.
    """

    organisations: int
    mean: float | None
    standard_deviation: float | None
    skewness: float | None
    floor: float | None
    ceiling: float | None


class NodeAudit(Moments, frozen=True, kw_only=True):
    """Audit of a node against its parent: the group above it, or the index if `parent` is None.

    `correlation`, `main_effect` and `effective_weight` are None if there are too few organisations or the scores are
    constant.

    Attributes:
        id: Id of the node.
        parent: Id of the group above the node, None for a child of the root.
        correlation: Pearson's r of the scores of the node and of the parent.
        weight: Share of the node in the weights of the parent's children.
        main_effect: Share of the variance of the parent that the node explains.
        effective_weight: Share of the node in the main effects of the parent's children.
        rank_change: Mean absolute change of rank if the node is left out; None for a node that is no child of the root.
    """

    id: str
    parent: str | None
    correlation: float | None
    weight: float
    main_effect: float | None
    effective_weight: float | None
    rank_change: float | None


class GroupAudit(NodeAudit, frozen=True, kw_only=True):
    """Audit of a group; `alpha` is Cronbach's alpha of its children, None if it is undefined."""

    alpha: float | None


class IndicatorAudit(NodeAudit, frozen=True, kw_only=True):
    """Audit of an indicator.

    `zero_by_rule`: of the organisations with a score, the share (from 0 to 1) whose score is zero by the zero rule of
    the indicator, a condition that makes the score zero whatever the answer is. None if no organisation has a score.
    """

    zero_by_rule: float | None


class GoalpostMove(Struct, frozen=True, kw_only=True):
    """Effect on the ranks of moving a goalpost, a point of the curve from raw values to scores, to the raw value `x`.

    `rank_change` is the mean absolute change of rank of the organisations, `rank_change_max` the maximum.
    """

    x: float
    rank_change: float
    rank_change_max: int


class GoalpostAudit(Struct, frozen=True, kw_only=True):
    """Sensitivity of the ranks to a goalpost (point of the curve from raw values to scores) set by judgement.

    An effect is None if the goalpost would reach or pass its neighbour, or if no organisation has an index both before
    and after the move.

    Attributes:
        indicator: Id of the indicator.
        position: Number of the goalpost in the curve, from 0.
        x: Raw value of the goalpost.
        down: Effect of lowering x by 20 %.
        up: Effect of raising x by 20 %.
    """

    indicator: str
    position: int
    x: float
    down: GoalpostMove | None
    up: GoalpostMove | None


class AuditRemark(Struct, frozen=True):
    """Remark that a statistic of a node is beyond its usual threshold; `code` names the statistic and the direction.

    `value` is the statistic: the correlation of the node with its parent, Cronbach's alpha of its children, or its
    effective weight divided by its weight. `node` is the id of the node, None if the remark is about the alpha of the
    children of the root.
    """

    code: RemarkCode
    node: str | None
    value: float


class Audit(Struct, frozen=True, kw_only=True):
    """Statistical audit of an index.

    Attributes:
        index: Distribution of the index.
        alpha: Cronbach's alpha of the children of the root, None if it is undefined.
        groups: Audit of each group below the root, in document order.
        indicators: Audit of each indicator, in document order.
        goalposts: Audit of each goalpost that was set by judgement. A goalpost is a point of a curve from raw values to
            scores.
    """

    index: Moments
    alpha: float | None
    groups: tuple[GroupAudit, ...]
    indicators: tuple[IndicatorAudit, ...]
    goalposts: tuple[GoalpostAudit, ...]


def audit_index(
    document: Document,
    scores: Mapping[str, Integers],
    index: Integers,
    level: Integers,
    zeros: Mapping[str, Bools],
    rescore: Rescore,
) -> Audit:
    """Audit the index of the ranked organisations of an edition.

    All arrays have one entry for each organisation, in one order. Scores and indices are in units of 10^-decimals of a
    point.

    Args:
        document: Methodology document of the edition.
        scores: Scores of each node below the root by id, `MISSING` for an organisation to which the node does not
            apply.
        index: Published index of each organisation.
        level: Published level of each organisation, within which ranks change.
        zeros: For each indicator, by id, a mask of the organisations whose score is zero by the zero rule, whatever
            their answer is.
        rescore: Computes the published index, `MISSING` if there is none, under a changed document. It is called at
            most once for each child of the root, and at most twice for each goalpost (point of a curve from raw values
            to scores) set by judgement.
    """
    root = document.root
    points = {name: _to_points(document, column) for name, column in (*scores.items(), (root.id, index))}

    def compute_changes(changed: Document) -> Integers:
        return compute_rank_changes(level, index, rescore(changed))

    without = {child.id: _compute_change_without(document, child.id, compute_changes) for child in root.children}
    nodes = {node.id: node for group in walk_groups(root) for node in _audit_children(root, group, points, without)}
    return Audit(
        index=_compute_moments(points[root.id], root.range),
        alpha=_compute_group_alpha(root, points),
        groups=tuple(
            GroupAudit(**structs.asdict(nodes[group.id]), alpha=_compute_group_alpha(group, points))
            for group in walk_groups(root)
            if group is not root
        ),
        indicators=tuple(
            IndicatorAudit(
                **structs.asdict(nodes[indicator.id]),
                zero_by_rule=_compute_share(zeros[indicator.id], points[indicator.id]),
            )
            for indicator in walk_indicators(root)
        ),
        goalposts=tuple(_audit_goalposts(document, compute_changes)),
    )


def list_remarks(audit: Audit) -> tuple[AuditRemark, ...]:
    """List a remark for each correlation, Cronbach's alpha and effective weight beyond its usual threshold.

    The remark about the children of the root comes first, then the remarks about groups, then those about indicators,
    in document order.
    """
    remarks = [*_remark_alpha(None, audit.alpha)]
    for group in audit.groups:
        remarks += [*_remark_correlation(group), *_remark_weight(group), *_remark_alpha(group.id, group.alpha)]
    for indicator in audit.indicators:
        remarks += [*_remark_correlation(indicator), *_remark_weight(indicator)]
    return tuple(remarks)


# --- measures -------------------------------------------------------------------------------------------------


def compute_skewness(values: Floats) -> float | None:
    """Compute the adjusted Fisher–Pearson coefficient of skewness.

    G1 = g1·√(n(n - 1))/(n - 2), with g1 = m3/m2^(3/2), as in Excel, SAS and SPSS (D. N. Joanes and C. A. Gill,
    Comparing measures of sample skewness and kurtosis, 1998). Return None for fewer than 3 values, or if all values are
    equal.
    """
    count = values.size
    if count < 3 or _is_constant(values):
        return None
    deviations = values - values.mean()
    second, third = (deviations**2).mean(), (deviations**3).mean()
    return float(third / second**1.5 * math.sqrt(count * (count - 1)) / (count - 2))


def compute_correlation(x: Floats, y: Floats) -> float | None:
    """Compute Pearson's r of x and y over the organisations that have both values (NaN is missing).

    Return None if x or y is constant over these organisations.
    """
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if _is_constant(x) or _is_constant(y):
        return None
    x, y = x - x.mean(), y - y.mean()
    r = (x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum())
    # Rounding may put it just outside.
    return float(np.clip(r, -1, 1))


def compute_alpha(items: Floats) -> float | None:
    """Compute Cronbach's alpha of the columns of `items` (rows are organisations, NaN is missing).

    α = k/(k - 1)·(1 - Σ variances / Σ of all covariances) for k items (L. J. Cronbach, Coefficient alpha and the
    internal structure of tests, 1951). Each covariance is over the organisations that have both items (`use =
    "pairwise"` in R), so an item that does not apply to some organisations does not remove these organisations. Return
    None for fewer than 2 items, if two items have fewer than two organisations in common, or if the sum of covariances
    is not positive.
    """
    count = items.shape[1]
    if count < 2:
        return None
    covariances = np.array(
        [[_compute_covariance(items[:, i], items[:, j]) for j in range(count)] for i in range(count)]
    )
    total = covariances.sum()
    if np.isnan(total) or total <= 0:
        return None
    return float(count / (count - 1) * (1 - np.trace(covariances) / total))


def compute_main_effect(x: Floats, y: Floats) -> float | None:
    """Compute the share of the variance of y that x explains: the correlation ratio S = Var(E[y|x]) / Var(y).

    E[y|x] is the mean of y in bins of x with equally many organisations: one bin for every 10, at most 20 bins, equal x
    always in the same bin (P. Paruolo, M. Saisana and A. Saltelli, Ratings and rankings: voodoo or science?, 2013). For
    unrelated columns the expected value is (bins - 1)/(n - 1), not 0. Return None for fewer than 2 bins, or if x or y
    is constant.
    """
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    bins = min(BINS, x.size // BIN)
    if bins < 2 or _is_constant(x) or _is_constant(y):
        return None
    ascending = np.sort(x)
    # Twice the middle rank among those that have the same x.
    middle = np.searchsorted(ascending, x) + np.searchsorted(ascending, x, side="right")
    return compute_correlation_ratio(bins * middle // (2 * x.size), y)


def compute_correlation_ratio(classes: Integers, y: Floats) -> float:
    """Compute Pearson's η² of y: the sum of squares between classes over the total sum of squares, from 0 to 1.

    `classes` contains the class of each value of y. y must not be constant.
    """
    _, class_numbers, counts = np.unique(classes, return_inverse=True, return_counts=True)
    deviations = y - y.mean()
    between = (np.bincount(class_numbers, deviations) ** 2 / counts).sum()
    return float(between / (deviations**2).sum())


def compute_rank_changes(level: Integers, before: Integers, after: Integers) -> Integers:
    """Compute the absolute change of rank of each organisation that has an index before and after.

    `level` contains the level of each organisation, the same before and after. `before` and `after` contain its index,
    `MISSING` if it has none. An organisation without one of the two indices is left out of both rankings and of the
    result.
    """
    both = (before != MISSING) & (after != MISSING)
    points = LEVEL_POINTS * level[both].astype(np.int64)
    changes: Integers = np.abs(compute_ranks(points + after[both]) - compute_ranks(points + before[both]))
    return changes


# --- changed documents ----------------------------------------------------------------------------------------


def drop_child(document: Document, child: str) -> Document | None:
    """Return a copy of the document in which a child of the root has weight 0; None if no other child has a weight.

    `child` is the id of the child. `rated_children` of the root, the number of children that must have a score, is
    lowered by 1, but not below 1. If the root is a sum, the maximum and minimum of its range shrink to the range of the
    remaining children.
    """
    root = document.root
    remaining = [other for other in root.children if other.id != child and other.weight > 0]
    if not remaining:
        return None
    total = Range(sum(other.range.minimum for other in remaining), sum(other.range.maximum for other in remaining))
    return structs.replace(
        document,
        root=structs.replace(
            root,
            children=tuple(structs.replace(other, weight=0) if other.id == child else other for other in root.children),
            rated_children=max(1, root.rated_children - 1),
            range=total if root.aggregation == "sum" else root.range,
        ),
    )


def move_goalpost(document: Document, indicator: str, position: int, x: float) -> Document:
    """Return a copy of the document in which one goalpost of an indicator is moved to the raw value `x`.

    A goalpost is a point of the curve of an indicator, from raw values to scores. `position` is its number in the
    curve, from 0.
    """

    def moved(node: Group | Indicator) -> Group | Indicator:
        if isinstance(node, Group):
            return structs.replace(node, children=tuple(moved(child) for child in node.children))
        if node.id != indicator:
            return node
        goalposts = list(node.curve.goalposts)
        goalposts[position] = structs.replace(goalposts[position], x=x)
        return structs.replace(node, curve=structs.replace(node.curve, goalposts=tuple(goalposts)))

    children = tuple(moved(child) for child in document.root.children)
    return structs.replace(document, root=structs.replace(document.root, children=children))


# --- the parts of an audit ------------------------------------------------------------------------------------


def _to_points(document: Document, units: Integers) -> Floats:
    return np.where(units == MISSING, np.nan, units / 10**document.decimals)


def _compute_moments(values: Floats, possible: Range) -> Moments:
    """Compute the distribution of scores in points, NaN if missing; `possible` is the range of these scores."""
    present = values[~np.isnan(values)]
    return Moments(
        organisations=present.size,
        mean=float(present.mean()) if present.size else None,
        standard_deviation=float(present.std(ddof=1)) if present.size > 1 else None,
        skewness=compute_skewness(present),
        floor=_compute_share(values == possible.minimum, values),
        ceiling=_compute_share(values == possible.maximum, values),
    )


def _compute_share(marked: Bools, values: Floats) -> float | None:
    """Compute the share of the organisations with a value (not NaN) that are marked; None if none has a value."""
    present = ~np.isnan(values)
    return float((marked & present).sum() / present.sum()) if present.any() else None


def _audit_children(
    root: Group, group: Group, points: Mapping[str, Floats], without: Mapping[str, float | None]
) -> Iterator[NodeAudit]:
    """Yield the audit of each child of `group`.

    `root` is the root of the tree: its children have the index as their parent. `points` has the scores of every node
    in points, NaN if missing; `without` has, for the children of the root, the mean absolute change of rank if the
    child is left out.
    """
    above = points[group.id]
    effects = {child.id: compute_main_effect(points[child.id], above) for child in group.children}
    total = sum(effect for effect in effects.values() if effect is not None)
    weights = _list_weights(group)
    for child, effect in zip(group.children, effects.values(), strict=True):
        yield NodeAudit(
            **structs.asdict(_compute_moments(points[child.id], child.range)),
            id=child.id,
            parent=None if group is root else group.id,
            correlation=compute_correlation(points[child.id], above),
            weight=weights[child.id] / sum(weights.values()),
            main_effect=effect,
            effective_weight=None if effect is None or not total else effect / total,
            rank_change=without.get(child.id),
        )


def _list_weights(group: Group) -> dict[str, int]:
    """Map the id of each child of a group to its weight, for comparing how much the children count.

    A sum adds scores without weights, so a child counts in it as much as its score can vary: there the width of the
    child's range (maximum minus minimum) stands for its weight. A child of weight 0 keeps 0.
    """
    if group.aggregation == "sum":
        return {child.id: (child.range.maximum - child.range.minimum) * (child.weight > 0) for child in group.children}
    return {child.id: child.weight for child in group.children}


def _compute_group_alpha(group: Group, points: Mapping[str, Floats]) -> float | None:
    return compute_alpha(np.column_stack([points[child.id] for child in group.children]))


def _compute_change_without(document: Document, child: str, compute_changes: Rescore) -> float | None:
    without = drop_child(document, child)
    changes = None if without is None else compute_changes(without)
    return None if changes is None or not changes.size else float(changes.mean())


def _audit_goalposts(document: Document, compute_changes: Rescore) -> Iterator[GoalpostAudit]:
    for indicator in walk_indicators(document.root):
        if indicator.curve.kind in MEASURED:
            xs = [to_exact(goalpost.x) for goalpost in indicator.curve.goalposts]
            for position, goalpost in enumerate(indicator.curve.goalposts):
                if goalpost.basis == "judgement" and xs[position]:
                    down, up = (
                        _evaluate_move(document, indicator.id, xs, position, xs[position] * factor, compute_changes)
                        for factor in MOVES
                    )
                    yield GoalpostAudit(indicator=indicator.id, position=position, x=goalpost.x, down=down, up=up)


def _evaluate_move(
    document: Document, indicator: str, xs: list[Number], position: int, x: Fraction, compute_changes: Rescore
) -> GoalpostMove | None:
    moved = [*xs[:position], x, *xs[position + 1 :]]
    if any(right <= left for left, right in pairwise(moved)):
        return None
    changes = compute_changes(move_goalpost(document, indicator, position, float(x)))
    return (
        GoalpostMove(x=float(x), rank_change=float(changes.mean()), rank_change_max=int(changes.max()))
        if changes.size
        else None
    )


def _remark_correlation(node: NodeAudit) -> Iterator[AuditRemark]:
    r = node.correlation
    # An only child is the node above it.
    if r is not None and node.weight < 1:
        if r < 0:
            yield AuditRemark("negative_correlation", node.id, r)
        elif r < WEAK:
            yield AuditRemark("weak_correlation", node.id, r)
        elif r > HIGH:
            yield AuditRemark("high_correlation", node.id, r)


def _remark_weight(node: NodeAudit) -> Iterator[AuditRemark]:
    if node.effective_weight is not None and 0 < node.weight < 1:
        ratio = node.effective_weight / node.weight
        if not 1 / UNEVEN < ratio < UNEVEN:
            yield AuditRemark("uneven_weight", node.id, ratio)


def _remark_alpha(node: str | None, value: float | None) -> Iterator[AuditRemark]:
    if value is not None and value < RELIABLE:
        yield AuditRemark("low_alpha", node, value)


def _is_constant(values: Floats) -> bool:
    """Return True if a column has no variance: it has fewer than two values, or all its values are equal."""
    return values.size < 2 or bool(values.min() == values.max())


def _compute_covariance(x: Floats, y: Floats) -> float:
    """Compute the sample covariance over the organisations that have both values; NaN for fewer than two."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    return float(((x - x.mean()) * (y - y.mean())).sum() / (x.size - 1)) if x.size > 1 else math.nan
