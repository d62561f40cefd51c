"""Pillars: figures beside the index, each the mean of some of its indicators (docs/scoring.md, section 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct

from actitud_api.engine.methodology.model import Document, Group, Indicator


class PillarMember(NamedTuple):
    """An indicator of a pillar: its position, the id of its dimension, and the product of their two weights.

    A pillar is a figure beside the index, the mean of some of its indicators.
    """

    position: int
    dimension: str
    weight: int


class CompiledPillar(Struct, frozen=True):
    """A pillar of the document, a figure beside the index: the mean of the indicators in `members`.

    `share` is the part of all points of the methodology that these indicators hold, from 0 to 1.
    """

    id: str
    members: tuple[PillarMember, ...]
    share: Fraction

    def compute_score(self, indicators: Sequence[int | None], groups: Mapping[str, int | None]) -> int | None:
        """Compute the weighted mean of the indicators that count, in the units of their scores; None if none counts.

        `indicators` contains the score of each indicator by position, and `groups` the score of each group by id; None
        marks a score that does not exist. An indicator counts if it and its dimension have a score.
        """
        weighted = weight = 0
        for position, dimension, member_weight in self.members:
            score = indicators[position]
            if score is not None and groups[dimension] is not None:
                weighted += member_weight * score
                weight += member_weight
        return (2 * weighted + weight) // (2 * weight) if weight else None


def compile_pillars(document: Document, positions: Mapping[str, int]) -> dict[str, CompiledPillar]:
    """Compile the pillars of a document: figures beside the index, each the mean of some of its indicators.

    Return them by id, in document order. `positions` maps indicator ids to positions.
    """
    members = {
        child.id: PillarMember(positions[child.id], dimension.id, dimension.weight * child.weight)
        for dimension in document.root.children
        if isinstance(dimension, Group)
        for child in dimension.children
        if isinstance(child, Indicator)
    }
    pillars = {name: tuple(members[indicator] for indicator in named) for name, named in document.pillars.items()}
    weights = {name: sum(member.weight for member in found) for name, found in pillars.items()}
    # Every indicator with a weight stands in one pillar, and one dimension has a weight: the sum is above 0.
    total = sum(weights.values())
    return {name: CompiledPillar(name, found, Fraction(weights[name], total)) for name, found in pillars.items()}
