"""Robustness of a ranking to weights and aggregation: Monte Carlo draws (docs/scoring.md, section 8).

Each draw has other dimension weights and one of two aggregations, the same for all organisations (M. Saisana, A.
Saltelli and S. Tarantola, Uncertainty and sensitivity analysis techniques as tools for the quality assessment of
composite indicators, 2005). The same seed gives the same digits on every machine and in every language:

- The generator is PCG64 (XSL RR 128/64, M. E. O'Neill, 2014), multiplier 47026247687942121848144207491837523525; each
  step advances the state and then outputs it. It is seeded as by its author's `pcg64_srandom_r(seed, 54)`, so that the
  seed 42 begins with 0x86b1da1d72062b68, the check value that she publishes; NumPy's own seeding is not used. A word x
  gives u = (x >> 11) · 2^-53.
- A draw takes one u for the aggregation (geometric if u ≥ 1/2, else arithmetic), and then one u for each child of the
  root that has a weight, in document order: w' = w · (3/4 + u/2).
- Arithmetic: x = Σ w'·s / Σ w'. Geometric: x = exp(Σ w'·ln s / Σ w'). Sums are over the rated children, in document
  order, in IEEE doubles without fused operations. s is the published score in whole units of 10^-decimals; in the
  geometric mean it is raised to the floor of the document's additional index. Without such a floor, a child with
  score 0 makes the geometric mean 0.
- The index is floor(x + 1/2 + 10^-6), rounded half up to the published decimals. A rank is the number of organisations
  at higher levels plus the rank of this index among those at the same level. The level is the published one.

The last bit of a logarithm or exponential differs between machines. So logarithms are rounded correctly here, and
where an exponential is close to a step of the floor, the exact value decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import Compare, Constant, Document, IndexOperand, Level
from actitud_api.engine.methodology.predicates import to_exact, walk_operands
from actitud_api.engine.scoring.aggregations import EPSILON
from actitud_api.engine.scoring.ranking import Integers, compute_quantile, compute_ranks

Floats: TypeAlias = NDArray[np.float64]

MISSING: Final = -1
"""Number in the place of a score or index that does not exist."""

STREAM: Final = 54
"""Sequence (stream) number with which the PCG64 generator is seeded."""

WITHIN: Final = 0.25
"""Maximum relative difference between a drawn weight and the weight of the document."""

PERCENTILES: Final = (5, 50, 95)
"""The percentiles of an index and of a rank, over all draws, that are reported."""

BLOCK: Final = 2**17
"""Maximum number of indices (draws × organisations) that are computed at a time.

A single draw is always computed at once, even if it has more organisations.
"""

_MULTIPLIER: Final = 47026247687942121848144207491837523525
_WORD: Final = 2**128
_DOUBT: Final = 1e-12
"""Assumed bound of the relative error of an exponential: a thousand times the error on any machine."""
_EXACTLY: Final = Context(prec=30)

_NO_END: Final = 2**62
"""Number above every index: the upper end of the range of an index that a level accepts without an upper bound."""


class Robustness(Struct, frozen=True):
    """Distribution of index, rank and level over random draws of weights and aggregations; row i is organisation i.

    `index` and `rank` have one column for each of the `PERCENTILES`, which are quantiles of type 7 of Hyndman and Fan
    (linear interpolation), rounded half up. `index` is in units of 10^-decimals of a point; rank 1 is the best.
    `levels` has one column for each level, lowest first: the number of draws in which the organisation has this level.
    """

    index: Integers
    rank: Integers
    levels: Integers


class Draws(Struct, frozen=True):
    """Random draws of aggregations and weights.

    `geometric` is True for each draw with the geometric mean, False for the arithmetic mean; `weights` is draws ×
    children of the root that have a weight.
    """

    geometric: NDArray[np.bool_]
    weights: Floats


def compute_robustness(
    document: Document, scores: Integers, level: Integers, attainable: Integers, *, draws: int, seed: int
) -> Robustness:
    """Draw weights and aggregations, and compute the distribution of indices, ranks and levels.

    Memory: two matrices of organisations × draws, with two bytes a cell for up to 65,535 organisations and 2 decimals
    (33 MB for 8,131 × 1,000), and the same again while they are sorted; indices are computed in blocks of `BLOCK`.

    Args:
        document: Methodology document.
        scores: Organisations × children of the root, in units of 10^-decimals of a point, `MISSING` if a child is not
            rated.
        level: Published level of each organisation, within which its rank varies.
        attainable: Level that each organisation reaches if the gates (conditions of levels) that read the index are
            left out. These gates are evaluated at each drawn index; all others give the same result in every draw.
        draws: Number of draws.
        seed: Seed of the random draws.

    Raises:
        ValueError: If the root is a sum, which has no weights, or a gate compares the index with something other than a
            number.
    """
    counting = [position for position, child in enumerate(document.root.children) if child.weight > 0]
    if document.root.aggregation == "sum":
        raise ValueError("the root is a sum: it has no weights to draw")
    windows = _list_windows(document.levels, int(10**document.decimals))
    drawn = draw_weights([document.root.children[position].weight for position in counting], draws, seed)
    index = _compute_indices(document, scores[:, counting], drawn)
    # The narrowest type: 8,131 organisations and 1,000 draws are 8 million ranks.
    rank = np.empty(index.shape, np.min_scalar_type(scores.shape[0]))
    higher = 0
    for number in np.unique(level)[::-1]:
        (members,) = np.nonzero(level == number)
        for row, points in zip(rank, index[:, members], strict=True):
            row[members] = higher + compute_ranks(points)
        higher += members.size
    return Robustness(
        _compute_percentiles(index), _compute_percentiles(rank), _count_levels(index, attainable, windows)
    )


def draw_weights(weights: Iterable[int], draws: int, seed: int) -> Draws:
    """Draw aggregations, and weights that differ from `weights` by at most a quarter.

    `draws` is the number of draws; `seed` is from 0 to 2^128 - 1.
    """
    around = np.array(list(weights))
    # The order of the numbers is part of the published method: one row of numbers for each draw.
    uniform = draw_uniforms(create_generator(seed), draws, 1 + around.size)
    return Draws(uniform[:, 0] >= 0.5, around * ((1 - WITHIN) + 2 * WITHIN * uniform[:, 1:]))


def drop_index_gates(document: Document) -> Document:
    """Return a copy of the document without the gates (conditions of levels) that read the index."""
    return structs.replace(
        document,
        levels=tuple(
            structs.replace(level, gates=tuple(gate for gate in level.gates if not _reads_index(gate.holds)))
            for level in document.levels
        ),
    )


def aggregate_geometrically(document: Document, scores: Integers, attainable: Integers) -> tuple[Integers, Integers]:
    """Compute the index and the level of each organisation with the geometric mean and the document's own weights.

    Indices are in units of 10^-decimals of a point. A level of 0 means that no level is reached.

    Args:
        document: Methodology document.
        scores: Organisations × children of the root, in units of 10^-decimals of a point, `MISSING` if a child is not
            rated.
        attainable: Level that each organisation reaches if the gates (conditions of levels) that read the index are
            left out.

    Raises:
        ValueError: If a gate compares the index with something other than a number.
    """
    counting = [position for position, child in enumerate(document.root.children) if child.weight > 0]
    weights = np.array([[document.root.children[position].weight for position in counting]], np.float64)
    index = _compute_indices(document, scores[:, counting], Draws(np.array([True]), weights))
    counts = _count_levels(index, attainable, _list_windows(document.levels, int(10**document.decimals)))
    # With a single draw the row of an organisation has a 1 at its level and 0 elsewhere.
    return index[0].astype(np.int64), counts @ np.array([level.number for level in document.levels], np.int64)


def create_generator(seed: int) -> np.random.PCG64:
    """Create a PCG64 generator, seeded as its author does (`pcg64_srandom_r`), not as NumPy does."""
    generator = np.random.PCG64()
    increment = 2 * STREAM + 1
    state = ((increment + seed) * _MULTIPLIER + increment) % _WORD
    fresh = generator.state
    fresh["state"] = {"state": state, "inc": increment}
    generator.state = fresh
    return generator


def draw_uniforms(generator: np.random.PCG64, *shape: int) -> Floats:
    """Draw uniformly distributed numbers from 0 to 1 (without 1), each from one 64-bit word of the generator.

    `shape` is the shape of the returned array.
    """
    words: NDArray[np.uint64] = generator.random_raw(math.prod(shape)).reshape(shape)
    uniforms = (words >> np.uint64(11)).astype(np.float64)
    uniforms *= 2.0**-53
    return uniforms


# --- the drawn indices ----------------------------------------------------------------------------------------


def _compute_indices(document: Document, scores: Integers, drawn: Draws) -> Integers:
    """Compute the published indices, draws × organisations, in the smallest integer type that holds them.

    Indices are in units of 10^-decimals of a point. Each organisation must have at least one rated child.
    """
    count, organisations = drawn.geometric.size, scores.shape[0]
    rated = scores != MISSING
    # Organisations with the same dimensions rated have the same sum of weights, and there are few such patterns.
    patterns, pattern = np.unique(rated, axis=0, return_inverse=True)
    unit = int(10**document.decimals)
    indices = np.empty((count, organisations), np.min_scalar_type(document.root.range.maximum * unit))
    floor = 0 if document.additional_index is None else document.additional_index.floor * unit
    step = 1 if document.published_decimals is None else 10 ** (document.decimals - document.published_decimals)
    plain = np.where(rated, scores, 0.0)
    logarithms = np.where(rated, _compute_logarithms(np.maximum(scores, floor)), 0.0)
    height = max(1, BLOCK // max(1, organisations))
    for geometric, values in ((False, plain), (True, logarithms)):
        (rows,) = np.nonzero(drawn.geometric == geometric)
        for start in range(0, rows.size, height):
            block = rows[start : start + height]
            weights = drawn.weights[block]
            shares = _sum_weighted(values, weights) / _sum_weighted(patterns, weights)[:, pattern]
            units = _round_exponentials(shares) if geometric else np.floor(shares + (0.5 + EPSILON))
            indices[block] = units if step == 1 else (2 * units + step) // (2 * step) * step
    return indices


def _sum_weighted(values: Floats | NDArray[np.bool_], weights: Floats) -> Floats:
    """Compute Σ weight · value of each row of `weights` with each row of `values`; terms are added in column order.

    The result has a row for each row of `weights`, and a column for each row of `values`.
    """
    total = np.zeros((weights.shape[0], values.shape[0]))
    for column in range(values.shape[1]):
        total += weights[:, column, None] * values[None, :, column]
    return total


def _compute_logarithms(units: Integers) -> Floats:
    """Compute the natural logarithm of each value, correctly rounded; minus infinity for 0."""
    distinct, inverse = np.unique(units, return_inverse=True)
    return np.array([_compute_logarithm(value) for value in distinct.tolist()])[inverse]


@lru_cache(2**15)
def _compute_logarithm(units: int) -> float:
    return float(_EXACTLY.ln(Decimal(units)))


def _round_exponentials(powers: Floats) -> Floats:
    """Compute e^x of each of the `powers`, rounded half up with a tolerance of 10^-6.

    Values that lie too close to a rounding boundary for float64 are computed again in decimal arithmetic.
    """
    shifted = np.exp(powers) + (0.5 + EPSILON)
    rounded = np.floor(shifted)
    doubtful = np.abs(shifted - np.rint(shifted)) <= _DOUBT * shifted
    for position in zip(*np.nonzero(doubtful), strict=True):
        rounded[position] = math.floor(_EXACTLY.exp(Decimal(powers[position].item())) + Decimal("0.500001"))
    return rounded


def _compute_percentiles(drawn: Integers) -> Integers:
    """Compute the `PERCENTILES` of each organisation over the draws.

    `drawn` is draws × organisations; the result is organisations × percentiles.
    """
    ordered = np.sort(drawn.T)
    return np.stack([compute_quantile(ordered, number, 100) for number in PERCENTILES], axis=1)


# --- levels ---------------------------------------------------------------------------------------------------


def _count_levels(index: Integers, attainable: Integers, windows: list[tuple[int, int]]) -> Integers:
    """Count for each organisation the draws in which it has each level; return organisations × levels.

    `index` is draws × organisations. `windows` has for each level the lowest and highest index with which its gates on
    the index are passed. A level is reached if the index lies in its window and in the windows of all lower levels, and
    if `attainable`, the level that the other gates allow, is at least this level; the highest level reached counts.
    """
    reached = np.zeros((len(windows) + 1, index.shape[1]), np.int64)
    inside = np.ones(index.shape, np.bool_)
    for number, (lower, upper) in enumerate(windows):
        # A level requires the gates of all lower levels as well, so its windows are intersected.
        inside &= (index >= lower) & (index <= upper)
        reached[number] = np.where(attainable > number, inside.sum(axis=0), 0)
    return (reached[:-1] - reached[1:]).T


def _list_windows(levels: Iterable[Level], unit: int) -> list[tuple[int, int]]:
    """List for each level the lowest and highest index with which its gates on the index are passed.

    Both are in units of 10^-decimals of a point; `unit` is the number of units in a point.

    Raises:
        ValueError: If a gate compares the index with something other than a number, or with an upper bound.
    """
    windows = []
    for level in levels:
        lower, upper = 0, _NO_END
        for gate in level.gates:
            if _reads_index(gate.holds):
                low, high = _find_window(gate.holds, gate.id, unit)
                lower, upper = max(lower, low), min(upper, high)
        windows.append((lower, upper))
    return windows


def _find_window(holds: Compare, gate: str, unit: int) -> tuple[int, int]:
    match holds:
        case Compare(left=IndexOperand(), right=Constant(value=int() | float() as number)):
            bound = Fraction(to_exact(number)) * unit
        case _:
            raise ValueError(f"gate {gate} does not compare the index itself with a number")
    match holds.op:
        case "ge":
            return math.ceil(bound), _NO_END
        case "gt":
            return math.floor(bound) + 1, _NO_END
        case "eq":
            return math.ceil(bound), math.floor(bound)
        case _:
            raise ValueError(f"gate {gate} asks for less than something")


def _reads_index(holds: Compare) -> bool:
    return any(isinstance(operand, IndexOperand) for operand in walk_operands(holds))
