"""Compensability of an index: the effect on index and level if a strong dimension no longer makes up for a weak one.

The index is a weighted arithmetic mean, in which points of one dimension make up for missing points of another. In the
weighted geometric mean of the same dimensions they do so only in part, and the less the further apart the dimensions
are (OECD/JRC, Handbook on constructing composite indicators, 2008, step 6).
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from actitud_api.engine.methodology.model import Document
from actitud_api.engine.scoring.ranking import LEVEL_POINTS, Integers, compute_ranks
from actitud_api.engine.scoring.robustness import MISSING, aggregate_geometrically

LISTED = 10
"""Maximum number of organisations that are listed."""

TENTHS = 10


class CompensatedOrganisation(Struct, frozen=True, kw_only=True):
    """An organisation whose index compensates weak dimensions: its geometric mean is lower than its index.

    Attributes:
        row: Number of the organisation in the compared arrays, from 0.
        index: Index in units of 10^-decimals of a point.
        geometric: Geometric mean of its dimensions in units of 10^-decimals of a point.
        level: Level with the index, 0 for none.
        geometric_level: Level with the geometric mean, 0 for none.
        weakest: Id of the dimension with its lowest score.
    """

    row: int
    index: int
    geometric: int
    level: int
    geometric_level: int
    weakest: str


class Compensation(Struct, frozen=True, kw_only=True):
    """Effect of computing the index of each organisation as a geometric instead of an arithmetic mean.

    The figures are None if there are no organisations. Shares are from 0 to 1.

    Attributes:
        loss_mean: Mean loss of an index, in points.
        loss_max: Greatest loss of an index, in points.
        level_changes: Share of the organisations whose level changes.
        tenth_changes: Share of the organisations that move to another tenth of the ranking.
        most: The few organisations with the greatest losses, the greatest first; only organisations that lose.
    """

    loss_mean: float | None
    loss_max: float | None
    level_changes: float | None
    tenth_changes: float | None
    most: tuple[CompensatedOrganisation, ...]


def compute_compensation(
    document: Document, dimensions: Integers, index: Integers, level: Integers, attainable: Integers
) -> Compensation | None:
    """Compare the index of each organisation with the geometric mean of its dimensions.

    Return None if the index is not an arithmetic mean. All arrays have one row for each organisation. Scores and
    indices are in units of 10^-decimals of a point; level 0 is no level.

    Args:
        document: Methodology document.
        dimensions: Scores, organisations × children of the root; `MISSING` if a child has no score.
        index: Published index of each organisation.
        level: Published level of each organisation.
        attainable: Level that each organisation reaches if the gates (conditions of levels) that read the index are
            left out.

    Raises:
        ValueError: If a gate compares the index with something other than a number.
    """
    root = document.root
    if root.aggregation != "arithmetic":
        return None
    if not index.size:
        return Compensation(loss_mean=None, loss_max=None, level_changes=None, tenth_changes=None, most=())
    geometric, geometric_level = aggregate_geometrically(document, dimensions, attainable)
    loss = index - geometric
    counting = [position for position, child in enumerate(root.children) if child.weight > 0]
    # The scores of an edition come in 32 bits where they fit, in which a greater number would become -1 again.
    rated = np.where(dimensions == MISSING, np.iinfo(dimensions.dtype).max, dimensions)[:, counting]
    # A stable sort: of equal losses the organisation with the higher rank comes first.
    most = np.argsort(-loss, kind="stable")[:LISTED].tolist()
    unit = 10**document.decimals
    return Compensation(
        loss_mean=float(loss.mean() / unit),
        loss_max=float(loss.max() / unit),
        level_changes=float((geometric_level != level).mean()),
        tenth_changes=float((_find_tenth(geometric_level, geometric) != _find_tenth(level, index)).mean()),
        most=tuple(
            CompensatedOrganisation(
                row=row,
                index=int(index[row]),
                geometric=int(geometric[row]),
                level=int(level[row]),
                geometric_level=int(geometric_level[row]),
                weakest=root.children[counting[int(rated[row].argmin())]].id,
            )
            for row in most
            if loss[row] > 0
        ),
    )


def _find_tenth(level: Integers, index: Integers) -> Integers:
    """Return the tenth of the ranking in which each organisation is, 0 for the best."""
    tenths: Integers = (compute_ranks(LEVEL_POINTS * level.astype(np.int64) + index) - 1) * TENTHS // index.size
    return tenths
