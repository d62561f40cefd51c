"""Responses that compare organisations (peers, exemplars), and the robustness of their ranks."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Annotated, Final

from msgspec import Meta, structs

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration import comparison as texts
from actitud_api.engine.narration.narrated import Name, Text
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import PERCENTILE_DECIMALS, PeerBasis
from actitud_api.engine.scoring.result import Points, round_figure, to_figure
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page
from actitud_api.resources.organisations import schemas as organisations
from actitud_api.resources.scores import audits, comparison
from actitud_api.resources.scores.comparison import PeerComparison
from actitud_api.resources.scores.schemas import (
    OfOrganisations,
    Spread,
    Wire,
    build_spread,
    to_points,
)
from actitud_api.resources.scores.statements import DimensionKey

DRAWS: Final = audits.USUAL_DRAWS
SEED: Final = audits.USUAL_SEED
"""Default seed of the random draws.

The author of the random generator has published its first numbers for this seed, so the generator can be
checked.
"""
SEEDS: Final = 2**32
DECIMALS: Final = 4
"""Number of decimals of statistics and probabilities."""

Share = Annotated[float, Meta(ge=0, le=1, description="A share from 0 to 1, rounded half up to 4 decimals.")]
Count = Annotated[int, Meta(ge=0)]
Rank = Annotated[int, Meta(ge=1)]


# --- peers ----------------------------------------------------------------------------------------------------


class PeerGroup(Wire, frozen=True):
    """A peer group: the ranked organisations of these kinds and this size band; null stands for all.

    `basis` says how the group was formed: by kind and band, by kind, by band scale (all kinds whose size is measured on
    the same scale), or from all organisations. It is the first of these four groups with as many organisations as the
    methodology requires.
    """

    basis: PeerBasis
    kinds: tuple[str, ...] | None
    band: str | None
    organisations: Count


class PeerFigure(Wire, frozen=True):
    """A score of an organisation and its position in the peer group; a figure that does not exist is null.

    `organisations` counts the members of the group that have such a score, the organisation included; `rank` is its
    rank among them, that of the index by level and then by index. `below` is the number of members behind it,
    `percentile` the percentile rank from 0 to 100, null if there are too few members. `spread` summarises the scores of
    the group.
    """

    score: Points | None
    rank: Rank | None
    below: Count | None
    organisations: Count | None
    percentile: Annotated[float, Meta(ge=0, le=100)] | None
    spread: Spread | None
    text: Text


class PeerDimension(PeerFigure, frozen=True):
    """The score of an organisation in a dimension, and its position in the peer group."""

    id: str
    name: Name


class Peers(Wire, frozen=True):
    """An organisation of an edition, compared with its peer group; `rank` is its rank in the whole edition.

    If an organisation asks before publication, or the methodology only estimates, `rank`, `group` and all comparisons
    are null.
    """

    edition: str
    organisation: str
    organisation_name: str
    kind: str
    band: str | None
    status: Status
    rank: Rank | None
    group: PeerGroup | None
    index: PeerFigure
    dimensions: tuple[PeerDimension, ...]
    methodology: str
    simulated: bool
    text: Text


def build_peers(peers: comparison.OrganisationPeers, language: Language) -> Peers:
    """Build the response that compares an organisation with its peers."""
    row, methodology = peers.row, load_methodology(peers.row.methodology)
    document, sentences = methodology.document, get_sentences(methodology, language)
    group = peers.group
    withheld = texts.find_reason_withheld(methodology) if group is None else None
    return copy_members(
        row,
        Peers,
        edition=peers.edition,
        organisation_name=row.name,
        group=None if group is None else PeerGroup(**structs.asdict(group)),
        index=_build_peer_figure(peers.index, row.level, withheld, document.decimals, language),
        dimensions=tuple(
            PeerDimension(
                id=child.id,
                name=sentences.name_group(child.id),
                **structs.asdict(_build_peer_figure(compared, None, withheld, document.decimals, language)),
            )
            for child, compared in zip(document.root.children, peers.dimensions, strict=True)
        ),
        text=texts.describe_peer_group(group, row.kind, row.band, methodology, language),
    )


def _build_peer_figure(
    compared: PeerComparison, level: int | None, withheld: texts.Withheld | None, decimals: int, language: Language
) -> PeerFigure:
    score, spread, standing = (
        to_points(compared.score, decimals),
        build_spread(compared.spread, decimals),
        compared.standing,
    )
    median = None if spread is None else spread.median
    return PeerFigure(
        score=score,
        rank=None if standing is None else standing.rank,
        below=None if standing is None else standing.below,
        organisations=None if standing is None else standing.organisations,
        percentile=None if standing is None else to_points(standing.percentile, PERCENTILE_DECIMALS),
        spread=spread,
        text=texts.describe_peer_figure(score, level, standing, median, decimals, language, withheld=withheld),
    )


# --- exemplars ------------------------------------------------------------------------------------------------


class PublishedEvidence(Wire, frozen=True):
    """A document that proves an answer: the URL and the date of the document."""

    url: Annotated[str, Meta(examples=["https://www.example.org/social-networks/guide.pdf"])]
    date: date


class Practice(Wire, frozen=True):
    """An answer of an exemplar that scores points in the dimension, and the documents that prove it."""

    id: str
    name: Name
    score: Points
    evidence: tuple[PublishedEvidence, ...]


class Exemplar(Wire, frozen=True):
    """An organisation that does well in a dimension.

    `score` is its score in the dimension, and `practices` are its answers with evidence that score points there. `rank`
    is null if an organisation asks before publication. Unknown members of the organisation are null.
    """

    edition: str
    dimension: str
    score: Points
    organisation: str
    organisation_name: str
    kind: str
    province: str | None
    region: str | None
    band: str | None
    population: int | None
    rank: Rank | None
    index: Points | None
    level: int | None
    practices: tuple[Practice, ...]
    methodology: str
    simulated: bool


class ExemplarPage(Page[Exemplar], frozen=True):
    """A page of organisations that do well in a dimension."""


class ExemplarQuery(organisations.TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list of exemplars, which are the best organisations in a dimension."""

    dimension: Annotated[DimensionKey, Meta(description="The dimension in which to compare.", examples=["D6"])]


def build_exemplar(exemplar: comparison.DimensionExemplar, language: Language) -> Exemplar:
    """Build the list entry of an exemplar, an organisation that does well in a dimension, with figures in points."""
    row, methodology = exemplar.row, load_methodology(exemplar.row.methodology)
    decimals, sentences = methodology.document.decimals, get_sentences(methodology, language)
    return copy_members(
        row,
        Exemplar,
        dimension=exemplar.dimension,
        score=to_figure(Fraction(exemplar.score, int(10**decimals))),
        organisation_name=row.name,
        index=to_points(row.index_value, decimals),
        practices=tuple(
            Practice(
                id=practice.indicator,
                name=sentences.name_indicator(practice.indicator),
                score=to_figure(Fraction(practice.score, int(10**decimals))),
                evidence=tuple(
                    PublishedEvidence(url=document.url, date=document.date) for document in practice.evidence
                ),
            )
            for practice in exemplar.practices
        ),
    )


# --- robustness -----------------------------------------------------------------------------------------------


class PointsPercentiles(Wire, frozen=True):
    """The 5th, 50th and 95th percentile of the index over the draws.

    They are interpolated as in type 7 of Hyndman and Fan, and rounded half up.
    """

    p5: Points
    p50: Points
    p95: Points


class RankPercentiles(Wire, frozen=True):
    """The 5th, 50th and 95th percentile of the rank over the draws; `p5` is the best of the three ranks.

    A rank is by the level of the published weights, then by the drawn index. The percentiles are interpolated as in
    type 7 of Hyndman and Fan, and rounded half up.
    """

    p5: Rank
    p50: Rank
    p95: Rank


class LevelProbability(Wire, frozen=True):
    """The share of the draws of the robustness analysis, 0 to 1, in which an organisation reaches a level."""

    level: Annotated[int, Meta(ge=1, le=5)]
    probability: Share


class RobustScore(Wire, frozen=True):
    """The variation of the score of an organisation if weights and aggregation are chosen at random.

    `drawn_index`, `drawn_rank` and `levels` are the results over the draws. If an organisation asks before publication,
    `rank` and `drawn_rank` are null.
    """

    edition: str
    rank: Rank | None
    organisation: str
    organisation_name: str
    index: Points | None
    level: int | None
    draws: int
    seed: int
    drawn_index: PointsPercentiles
    drawn_rank: RankPercentiles | None
    levels: Annotated[tuple[LevelProbability, ...], Meta(description="Every level of the methodology.")]
    methodology: str
    simulated: bool
    text: Text


class RobustnessPage(Page[RobustScore], frozen=True):
    """A page of the robustness of ranked organisations."""


class RobustnessQuery(organisations.TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list that shows the robustness of an edition's ranks."""

    organisation: OfOrganisations | None = None
    draws: Annotated[int, Meta(ge=100, le=2_000, description="Number of draws.")] = DRAWS
    seed: Annotated[
        int, Meta(ge=0, lt=SEEDS, description="Seed of the random generator; the same seed gives the same digits.")
    ] = SEED


def build_robust_score(robustness: audits.OrganisationRobustness, language: Language) -> RobustScore:
    """Build the list entry about the robustness of the rank and score of one organisation, with figures in points."""
    row, decimals = robustness.row, load_methodology(robustness.row.methodology).document.decimals
    low, median, high = (to_figure(Fraction(units, int(10**decimals))) for units in robustness.index)
    likeliest = max(robustness.levels.items(), key=lambda level: (level[1], level[0]), default=None)
    return copy_members(
        row,
        RobustScore,
        organisation_name=row.name,
        index=to_points(row.index_value, decimals),
        draws=robustness.draws,
        seed=robustness.seed,
        drawn_index=PointsPercentiles(p5=low, p50=median, p95=high),
        drawn_rank=None
        if robustness.rank is None
        else RankPercentiles(p5=robustness.rank[0], p50=robustness.rank[1], p95=robustness.rank[2]),
        levels=tuple(
            LevelProbability(level=level, probability=round_figure(Fraction(count, robustness.draws), DECIMALS))
            for level, count in robustness.levels.items()
        ),
        text=texts.describe_robustness(
            None if robustness.rank is None else (robustness.rank[0], robustness.rank[2]),
            (low, high),
            None
            if likeliest is None
            else (likeliest[0], round_figure(Fraction(likeliest[1], robustness.draws), DECIMALS)),
            decimals,
            language,
        ),
    )
