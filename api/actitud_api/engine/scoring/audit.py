"""What a statistical audit of an index reports, over the organisations that rank in an edition (SCORING, section 8).

The measures are those of the OECD/JRC handbook (2008, steps 5 to 8) and of the audits of the JRC. Scores are as they
count in the index, in points: an unknown answer with what it counts, and only what left is missing. What is not
defined, of a constant column or of too few organisations, is None.
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
from actitud_api.engine.methodology.predicates import Number, exact, groups, indicators
from actitud_api.engine.scoring.ranking import Integers, compute_ranks
from actitud_api.engine.scoring.robustness import MISSING

Floats: TypeAlias = NDArray[np.float64]

Rescore: TypeAlias = Callable[[Document], Integers]
"""The published index of the same organisations, in the same order, under a changed document; `MISSING` without one."""

MOVES: Final = (Fraction(4, 5), Fraction(6, 5))
"""What a goalpost is multiplied by, one after the other: ±20 %."""

BINS: Final = 20
"""At most how many bins the conditional means of a main effect are taken over."""

BIN: Final = 10
"""At least how many organisations share one such bin."""


WEAK: Final = 0.3
"""A correlation with the node above below this is weak: the threshold of COINr's `plot_corr`, of authors of the JRC."""

HIGH: Final = 0.9
"""One above this is high, and what correlates so may be redundant: the other threshold there."""

RELIABLE: Final = 0.7
"""What Cronbach's alpha is to reach (J. C. Nunnally, Psychometric theory, 1978)."""

RemarkCode = Literal["negative_correlation", "weak_correlation", "high_correlation", "low_alpha"]

_MEASURED: Final = ("linear", "log", "lognormal")
"""The curves whose x is measured; that of the others is a level, or yes or no."""


class Moments(Struct, frozen=True, kw_only=True):
    """How scores are distributed, in points."""

    organisations: int
    mean: float | None
    standard_deviation: float | None
    skewness: float | None


class NodeAudit(Moments, frozen=True, kw_only=True):
    """A node beside the one above it: its group, or the index where `parent` is None.

    `weight` and `effective_weight` are shares among the children of that node. `rank_change`: by how many ranks
    organisations move in the mean, up or down, without a child of the root; None of the others.
    """

    id: str
    parent: str | None
    correlation: float | None
    weight: float
    main_effect: float | None
    effective_weight: float | None
    rank_change: float | None


class GroupAudit(NodeAudit, frozen=True, kw_only=True):
    """A group: `alpha` is that of its children."""

    alpha: float | None


class GoalpostMove(Struct, frozen=True, kw_only=True):
    """What happens when a goalpost moves to `x`: by how many ranks organisations move, in the mean and at most."""

    x: float
    rank_change: float
    rank_change_max: int


class GoalpostAudit(Struct, frozen=True, kw_only=True):
    """How sensitive the ranks are to a judgement goalpost: x less and x more 20 %.

    None where it would reach the goalpost beside it, or where nobody has an index then.
    """

    indicator: str
    position: int
    x: float
    down: GoalpostMove | None
    up: GoalpostMove | None


class AuditRemark(Struct, frozen=True):
    """What an auditor would point at: a value of a node (None: the index) beyond what is usual."""

    code: RemarkCode
    node: str | None
    value: float


class Audit(Struct, frozen=True, kw_only=True):
    """The audit of an index: `alpha` over the children of the root, groups and indicators in document order."""

    index: Moments
    alpha: float | None
    groups: tuple[GroupAudit, ...]
    indicators: tuple[NodeAudit, ...]
    goalposts: tuple[GoalpostAudit, ...]


def audit_index(document: Document, scores: Mapping[str, Integers], index: Integers, rescore: Rescore) -> Audit:
    """The audit of the organisations that rank in an edition.

    `scores`: what each node below the root counts with, in units, by id; `MISSING` where it left. `index`: the
    published one, in units.
    """
    root = document.root
    points = {name: _points(document, column) for name, column in (*scores.items(), (root.id, index))}
    without = {child.id: _change_without(document, child.id, index, rescore) for child in root.children}
    nodes = {node.id: node for group in groups(root) for node in _nodes(root, group, points, without)}
    return Audit(
        index=_moments(points[root.id]),
        alpha=_alpha_of(root, points),
        groups=tuple(
            GroupAudit(**structs.asdict(nodes[group.id]), alpha=_alpha_of(group, points))
            for group in groups(root)
            if group is not root
        ),
        indicators=tuple(nodes[indicator.id] for indicator in indicators(root)),
        goalposts=tuple(_sensitivity(document, index, rescore)),
    )


def list_remarks(audit: Audit) -> tuple[AuditRemark, ...]:
    """What an auditor would point at, the index first, then groups and indicators in document order."""
    found = [*_of_alpha(None, audit.alpha)]
    for group in audit.groups:
        found += [*_of_correlation(group), *_of_alpha(group.id, group.alpha)]
    for indicator in audit.indicators:
        found += _of_correlation(indicator)
    return tuple(found)


# --- measures -------------------------------------------------------------------------------------------------


def compute_skewness(values: Floats) -> float | None:
    """The adjusted Fisher–Pearson coefficient G1 = g1·√(n(n - 1))/(n - 2), with g1 = m3/m2^(3/2).

    D. N. Joanes and C. A. Gill, Comparing measures of sample skewness and kurtosis, 1998; that of Excel, SAS and SPSS.
    """
    count = values.size
    if count < 3 or _constant(values):
        return None
    deviations = values - values.mean()
    second, third = (deviations**2).mean(), (deviations**3).mean()
    return float(third / second**1.5 * math.sqrt(count * (count - 1)) / (count - 2))


def compute_correlation(x: Floats, y: Floats) -> float | None:
    """Pearson's r of the organisations that have both (NaN: has not)."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if _constant(x) or _constant(y):
        return None
    x, y = x - x.mean(), y - y.mean()
    r = (x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum())
    return float(np.clip(r, -1, 1))


def compute_alpha(items: Floats) -> float | None:
    """Cronbach's α = k/(k - 1)·(1 - Σ variances / Σ of all covariances) of k items (columns; NaN: missing).

    L. J. Cronbach, Coefficient alpha and the internal structure of tests, 1951. Covariances are of the organisations
    that have both items (`use = "pairwise"` of R), so that one that does not apply to some does not lose them all.
    """
    count = items.shape[1]
    if count < 2:
        return None
    covariances = np.array([[_covariance(items[:, i], items[:, j]) for j in range(count)] for i in range(count)])
    total = covariances.sum()
    if np.isnan(total) or total <= 0:
        return None
    return float(count / (count - 1) * (1 - np.trace(covariances) / total))


def compute_main_effect(x: Floats, y: Floats) -> float | None:
    """The share of the variance of y that goes with x: Pearson's correlation ratio S = Var(E[y|x]) / Var(y).

    P. Paruolo, M. Saisana and A. Saltelli, Ratings and rankings: voodoo or science?, 2013. E[y|x] is the mean of y in
    bins of x of as many organisations each: a tenth of them, at most 20, equal x always in the same bin. Of unrelated
    columns that estimate is (bins - 1)/(n - 1) in the mean, and not 0. None of fewer than two bins.
    """
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    bins = min(BINS, x.size // BIN)
    if bins < 2 or _constant(x) or _constant(y):
        return None
    ascending = np.sort(x)
    # Twice the middle rank among those that have the same x.
    middle = np.searchsorted(ascending, x) + np.searchsorted(ascending, x, side="right")
    return compute_correlation_ratio(bins * middle // (2 * x.size), y)


def compute_correlation_ratio(classes: Integers, y: Floats) -> float:
    """Pearson's η²: the sum of squares between classes over that of all."""
    _, place, counts = np.unique(classes, return_inverse=True, return_counts=True)
    deviations = y - y.mean()
    between = (np.bincount(place, deviations) ** 2 / counts).sum()
    return float(between / (deviations**2).sum())


def compute_rank_changes(before: Integers, after: Integers) -> Integers:
    """By how many ranks each organisation that has an index before and after moves among these."""
    both = (before != MISSING) & (after != MISSING)
    changes: Integers = np.abs(compute_ranks(after[both]) - compute_ranks(before[both]))
    return changes


# --- changed documents ----------------------------------------------------------------------------------------


def drop_child(document: Document, child: str) -> Document | None:
    """The document in which a child of the root has no weight; None where no other has one.

    So many fewer children make the root rated, and a sum has so much less range.
    """
    root = document.root
    left = [other for other in root.children if other.id != child and other.weight > 0]
    if not left:
        return None
    total = Range(sum(other.range.minimum for other in left), sum(other.range.maximum for other in left))
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
    """The document in which a goalpost of an indicator stands at x."""

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


def _points(document: Document, units: Integers) -> Floats:
    return np.where(units == MISSING, np.nan, units / 10**document.decimals)


def _moments(values: Floats) -> Moments:
    known = values[~np.isnan(values)]
    return Moments(
        organisations=known.size,
        mean=float(known.mean()) if known.size else None,
        standard_deviation=float(known.std(ddof=1)) if known.size > 1 else None,
        skewness=compute_skewness(known),
    )


def _nodes(
    root: Group, group: Group, points: Mapping[str, Floats], without: Mapping[str, float | None]
) -> Iterator[NodeAudit]:
    """The children of a group beside it."""
    above = points[group.id]
    effects = {child.id: compute_main_effect(points[child.id], above) for child in group.children}
    known = sum(effect for effect in effects.values() if effect is not None)
    weights = _weights(group)
    for child, effect in zip(group.children, effects.values(), strict=True):
        yield NodeAudit(
            **structs.asdict(_moments(points[child.id])),
            id=child.id,
            parent=None if group is root else group.id,
            correlation=compute_correlation(points[child.id], above),
            weight=weights[child.id] / sum(weights.values()),
            main_effect=effect,
            effective_weight=None if effect is None or not known else effect / known,
            rank_change=without.get(child.id),
        )


def _weights(group: Group) -> dict[str, int]:
    """The weights of the children; in a sum their ranges."""
    if group.aggregation == "sum":
        return {child.id: (child.range.maximum - child.range.minimum) * (child.weight > 0) for child in group.children}
    return {child.id: child.weight for child in group.children}


def _alpha_of(group: Group, points: Mapping[str, Floats]) -> float | None:
    return compute_alpha(np.column_stack([points[child.id] for child in group.children]))


def _change_without(document: Document, child: str, index: Integers, rescore: Rescore) -> float | None:
    without = drop_child(document, child)
    changes = None if without is None else compute_rank_changes(index, rescore(without))
    return None if changes is None or not changes.size else float(changes.mean())


def _sensitivity(document: Document, index: Integers, rescore: Rescore) -> Iterator[GoalpostAudit]:
    for indicator in indicators(document.root):
        if indicator.curve.kind in _MEASURED:
            xs = [exact(goalpost.x) for goalpost in indicator.curve.goalposts]
            for position, goalpost in enumerate(indicator.curve.goalposts):
                if goalpost.basis == "judgement" and xs[position]:
                    down, up = (
                        _move(document, indicator.id, xs, position, Fraction(xs[position]) * factor, index, rescore)
                        for factor in MOVES
                    )
                    yield GoalpostAudit(indicator=indicator.id, position=position, x=goalpost.x, down=down, up=up)


def _move(
    document: Document,
    indicator: str,
    xs: list[Number],
    position: int,
    x: Fraction,
    index: Integers,
    rescore: Rescore,
) -> GoalpostMove | None:
    moved = [*xs[:position], x, *xs[position + 1 :]]
    if any(right <= left for left, right in pairwise(moved)):
        return None
    changes = compute_rank_changes(index, rescore(move_goalpost(document, indicator, position, float(x))))
    return (
        GoalpostMove(x=float(x), rank_change=float(changes.mean()), rank_change_max=int(changes.max()))
        if changes.size
        else None
    )


def _of_correlation(node: NodeAudit) -> Iterator[AuditRemark]:
    r = node.correlation
    # An only child is the node above it.
    if r is not None and node.weight < 1:
        if r < 0:
            yield AuditRemark("negative_correlation", node.id, r)
        elif r < WEAK:
            yield AuditRemark("weak_correlation", node.id, r)
        elif r > HIGH:
            yield AuditRemark("high_correlation", node.id, r)


def _of_alpha(node: str | None, value: float | None) -> Iterator[AuditRemark]:
    if value is not None and value < RELIABLE:
        yield AuditRemark("low_alpha", node, value)


def _constant(values: Floats) -> bool:
    """Whether a column has no variance: of fewer than two organisations, or with the same of all."""
    return values.size < 2 or bool(values.min() == values.max())


def _covariance(x: Floats, y: Floats) -> float:
    """The sample covariance of the organisations that have both; NaN of fewer than two."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    return float(((x - x.mean()) * (y - y.mean())).sum() / (x.size - 1)) if x.size > 1 else math.nan
