"""Comparison of organisations: ranks, peer groups, and distributions (docs/scoring.md, section 8).

All compared figures are exact integers in units of 10^-decimals of a point.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct, UnsetType
from numpy.typing import ArrayLike, NDArray

from actitud_api.engine.methodology.model import Document, Standing
from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.scoring.evaluate import Status

Integers: TypeAlias = NDArray[np.integer[Any]]
"""Array of integers of any width; the arrays that functions of this module return have 64 bits."""

UNRANKED: Final = -1
"""Number in the place of the rank points of an organisation that is not ranked."""

LEVEL_POINTS: Final = 10**12
"""Rank points of a level, more than any index has: a higher level stands above every index of a lower one."""

RANKED: Final[frozenset[Status]] = frozenset({"complete", "sufficient"})
"""Statuses of organisations that are ranked."""

PERCENTILE_DECIMALS: Final = 2

PeerBasis = Literal["kind_and_band", "kind", "band_scale", "all"]
"""What the members of a peer group have in common, from the narrowest group to the widest.

kind_and_band: type of organisation and size band · kind: type · band_scale: types whose size bands have the same limits
· all: every ranked organisation is a member.
"""


class PeerGroup(Struct, frozen=True):
    """The ranked organisations with which an organisation is compared.

    `basis` is the property that the members have in common. `kinds` are the types of organisation that members may
    have, and `band` is their size band; each is None if members may have any. `organisations` is the number of members.
    """

    basis: PeerBasis
    kinds: tuple[str, ...] | None
    band: str | None
    organisations: int


class RankPosition(Struct, frozen=True):
    """Rank of a score of one organisation among the scores of `organisations` organisations, this one included.

    `rank` 1 is the best; `below` is the number of lower scores. `percentile` is the percentile rank in hundredths of a
    percent, None if there are too few organisations.
    """

    rank: int
    below: int
    organisations: int
    percentile: int | None


class FiveNumberSummary(Struct, frozen=True):
    """Minimum, quartiles and maximum of some values, in the units of the values.

    `lower` and `upper` are the first and the third quartile, `median` is the second. Quartiles are quantiles of
    type 7 of Hyndman and Fan (linear interpolation), rounded half up.
    """

    minimum: int
    lower: int
    median: int
    upper: int
    maximum: int


def compute_rank_points(status: Status, level: int | None, index: int | None, standing: Standing | UnsetType) -> int:
    """Return the number by which an organisation is ranked, first its level, then its index; `UNRANKED` if it is not.

    An organisation is ranked if it has an index, its status is one of `RANKED`, and its score is not provisional.

    Args:
        status: Status of the score.
        level: Level, None if there is none, as under a methodology without levels.
        index: Published index in units of 10^-decimals of a point, None if there is none.
        standing: `provisional` if the methodology only estimates the index of another version, else `full` or UNSET.
    """
    if index is None or status not in RANKED or standing == "provisional":
        return UNRANKED
    return LEVEL_POINTS * (level or 0) + index


def compute_ranks(points: Integers) -> Integers:
    """Compute the rank of each figure; the highest has rank 1, and ties share the best rank (1, 2, 2, 4).

    The ranks are in the order of the figures.
    """
    order = np.argsort(points, kind="stable")
    ascending = points[order]
    values_array = np.empty(points.size, np.int64)
    # Asked for in their order they are values_array many times faster.
    values_array[order] = points.size + 1 - np.searchsorted(ascending, ascending, side="right")
    return values_array


def find_peer_group(
    document: Document, ranked: Mapping[tuple[str, str | None], int], kind: str, band: str | None
) -> PeerGroup:
    """Find the peer group of an organisation of type `kind` and size band `band`, which is None if it has no size band.

    `ranked` contains the number of ranked organisations of each type and band. Candidates are, from narrow to wide: the
    same type and band (if there is a band); the same type; types with the same scale of bands. The peer group is the
    first candidate with at least the `minimum` of members that the document asks for, or else all ranked organisations
    (docs/scoring.md, section 8).
    """
    scales = {known.code: known.band_scale for known in document.organisation_types}
    on_scale = tuple(code for code, scale in scales.items() if scale == scales.get(kind))
    groups: list[tuple[PeerBasis, tuple[str, ...], str | None]] = [
        ("kind", (kind,), None),
        ("band_scale", on_scale, None),
    ]
    if band is not None:
        # An organisation without a size band is compared with its whole kind.
        groups.insert(0, ("kind_and_band", (kind,), band))
    for basis, kinds, required_band in groups:
        count = sum(
            ranked[organisation_kind, size]
            for organisation_kind, size in ranked
            if organisation_kind in kinds and required_band in (None, size)
        )
        if count >= document.peer_groups.minimum:
            return PeerGroup(basis, kinds, required_band, count)
    return PeerGroup("all", None, None, sum(ranked.values()))


def compute_standing(values: ArrayLike, own: int, percentiles_from: int) -> RankPosition:
    """Compute the rank of the value `own` among `values`, which include `own`.

    The percentile is the percentile rank: the share of lower values plus half the share of equal values, `own` included
    (the `mean` of SciPy's `percentileofscore`), in hundredths of a percent. It is None for fewer than
    `percentiles_from` values.
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
    """Compute the five-number summary of values in any order; None if there are no values."""
    values_array = np.sort(values)
    if not values_array.size:
        return None
    quartiles = (int(compute_quantile(values_array, number, 4)) for number in range(5))
    return FiveNumberSummary(*quartiles)


def compute_quantile(ordered: Integers, number: int, parts: int) -> Integers:
    """Compute the quantile `number` / `parts` (1 / 4 is the first quartile) along the last axis of `ordered`.

    The values along that axis must ascend. The method is type 7, the default of R and NumPy, rounded half up: linear
    interpolation between the values around index (n - 1) · number / parts, counted from 0 (R. J. Hyndman and Y. Fan,
    Sample Quantiles in Statistical Packages, 1996).
    """
    last = ordered.shape[-1] - 1
    position, remainder = divmod(last * number, parts)
    value: Integers = ordered[..., position].astype(np.int64)
    above: Integers = ordered[..., min(position + 1, last)].astype(np.int64)
    part: Integers = (2 * remainder * (above - value) + parts) // (2 * parts)
    return value + part
