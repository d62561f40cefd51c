"""Organisations compared: ranks, peer groups, positions and spreads (docs/scoring.md, section 8).

Exact: inputs and outputs are integers in units of 10^-decimals.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from actitud_api.engine.methodology.model import Document
from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.scoring.evaluate import Status

Integers: TypeAlias = NDArray[np.integer[Any]]
"""Integers of any width; results have 64 bits."""

UNRANKED: Final = -1
"""Stands for the index of an organisation that does not rank."""

RANKED: Final[frozenset[Status]] = frozenset({"complete", "sufficient"})
"""The statuses that rank."""

PERCENTILE_DECIMALS: Final = 2

PeerBasis = Literal["kind_and_band", "kind", "band_scale", "all"]
"""The criterion that members of a peer group share, from the narrowest to the widest."""


class PeerGroup(Struct, frozen=True):
    """The comparison group of an organisation: ranked organisations of these kinds and this band (None: any)."""

    basis: PeerBasis
    kinds: tuple[str, ...] | None
    band: str | None
    organisations: int


class RankPosition(Struct, frozen=True):
    """The position of a figure among those of `organisations`, its own included.

    `rank`: 1 is best; `below`: number of lower figures; `percentile`: in hundredths, None among too few.
    """

    rank: int
    below: int
    organisations: int
    percentile: int | None


class FiveNumberSummary(Struct, frozen=True):
    """Minimum, quartiles (type 7, half up) and maximum, in units of the values."""

    minimum: int
    lower: int
    median: int
    upper: int
    maximum: int


def get_ranking_index(status: Status, index: int | None) -> int:
    """Return the published index if the status ranks, else `UNRANKED`."""
    return UNRANKED if index is None or status not in RANKED else index


def compute_ranks(points: Integers) -> Integers:
    """Return the rank of each figure: the greatest is 1, ties share the best and the next is skipped (1, 2, 2, 4)."""
    order = np.argsort(points, kind="stable")
    ascending = points[order]
    values_array = np.empty(points.size, np.int64)
    # Asked for in their order they are values_array many times faster.
    values_array[order] = points.size + 1 - np.searchsorted(ascending, ascending, side="right")
    return values_array


def find_peer_group(
    document: Document, ranked: Mapping[tuple[str, str | None], int], kind: str, band: str | None
) -> PeerGroup:
    """Return the peer group of an organisation of a kind and a size band.

    `ranked`: number of ranked organisations of each kind and band. The narrowest group that has the document's
    `minimum`: same kind and band, same kind, kinds measured on the same band scale; else all (CATALOGUE, section
    8).
    """
    scales = {known.code: known.band_scale for known in document.organisation_types}
    on_scale = tuple(code for code, scale in scales.items() if scale == scales.get(kind))
    groups: list[tuple[PeerBasis, tuple[str, ...], str | None]] = [
        ("kind", (kind,), None),
        ("band_scale", on_scale, None),
    ]
    if band is not None:
        groups.insert(0, ("kind_and_band", (kind,), band))
    for basis, kinds, of_band in groups:
        count = sum(ranked[of, size] for of, size in ranked if of in kinds and of_band in (None, size))
        if count >= document.peer_groups.minimum:
            return PeerGroup(basis, kinds, of_band, count)
    return PeerGroup("all", None, None, sum(ranked.values()))


def compute_standing(values: ArrayLike, own: int, percentiles_from: int) -> RankPosition:
    """Return the position of a figure among values that include it.

    The percentile is the percentile rank: the share of lower values and half of the share of equal ones, its own
    included (the `mean` of SciPy's `percentileofscore`); only among `percentiles_from` or more.
    """
    values_array = np.asarray(values)
    below, equal, count = int((values_array < own).sum()), int((values_array == own).sum()), values_array.size
    share = Fraction(2 * below + equal, 2 * count) * 100 * 10**PERCENTILE_DECIMALS
    return RankPosition(
        rank=count - below - equal + 1,
        below=below,
        organisations=count,
        percentile=round_half_up(share) if count >= percentiles_from else None,
    )


def summarise(values: ArrayLike) -> FiveNumberSummary | None:
    """Return the five-number summary of values in any order; None if empty."""
    values_array = np.sort(values)
    if not values_array.size:
        return None
    quartiles = (int(compute_quantile(values_array, number, 4)) for number in range(5))
    return FiveNumberSummary(*quartiles)


def compute_quantile(ordered: Integers, number: int, parts: int) -> Integers:
    """Return the quantile `number` / `parts` along the last axis, which ascends: type 7, half up.

    Linear between the values around (n - 1) · number / parts: R. J. Hyndman and Y. Fan, Sample Quantiles in
    Statistical Packages, 1996; the default of R and NumPy.
    """
    last = ordered.shape[-1] - 1
    position, rest = divmod(last * number, parts)
    value: Integers = ordered[..., position].astype(np.int64)
    above: Integers = ordered[..., min(position + 1, last)].astype(np.int64)
    part: Integers = (2 * rest * (above - value) + parts) // (2 * parts)
    return value + part
