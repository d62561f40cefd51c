"""Comparisons on the wire: peers, exemplars, robustness and the audit of an edition."""

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
from actitud_api.engine.scoring import audit, ranking
from actitud_api.engine.scoring.audit import RemarkCode, list_remarks
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import PERCENTILE_DECIMALS, PeerBasis
from actitud_api.engine.scoring.result import Figure, Points, round_figure, to_figure
from actitud_api.platform.http.paging import Page
from actitud_api.resources.organisations import schemas as organisations
from actitud_api.resources.scores import audits, comparison
from actitud_api.resources.scores.comparison import PeerComparison
from actitud_api.resources.scores.queries import DimensionKey
from actitud_api.resources.scores.schemas import (
    OfOrganisations,
    PointsSpread,
    Wire,
    build_points_spread,
    split_ids,
    to_points,
)
from actitud_api.resources.scores.service import ScoreFilters

DRAWS: Final = 1_000
SEED: Final = 42
"""The seed whose first words are the check values that the author of the generator publishes."""
SEEDS: Final = 2**32
DECIMALS: Final = 4
"""Decimals of statistics and probabilities."""

Statistic = Annotated[float, Meta(description="Half up to 4 decimals.")]
Share = Annotated[float, Meta(ge=0, le=1, description="A share of 0 to 1, half up to 4 decimals.")]
Correlation = Annotated[float, Meta(ge=-1, le=1, description="Pearson's r, half up to 4 decimals.")]
Count = Annotated[int, Meta(ge=0)]
Rank = Annotated[int, Meta(ge=1)]


# --- peers ----------------------------------------------------------------------------------------------------


class PeerGroup(Wire, frozen=True):
    """Whom an organisation is compared with: organisations of these kinds and this band (null: of any) that rank.

    `basis`: the narrowest of kind and band, kind, band scale and all that has as many as the methodology asks for.
    """

    basis: PeerBasis
    kinds: tuple[str, ...] | None
    band: str | None
    organisations: Count


class PeerFigure(Wire, frozen=True):
    """A score beside those of the peer group.

    `rank` and `below` (how many have less) are among the `organisations` of the group that have that score, its own
    included; `percentile` is the percentile rank there, 0 to 100, null among too few. Null where the organisation does
    not rank. `spread` is that of the group.
    """

    score: Points | None
    rank: Rank | None
    below: Count | None
    organisations: Count | None
    percentile: Annotated[float, Meta(ge=0, le=100)] | None
    spread: PointsSpread | None
    text: Text


class PeerDimension(PeerFigure, frozen=True):
    """A dimension beside those of the peer group."""

    id: str
    name: Name


class Peers(Wire, frozen=True):
    """An organisation of an edition beside its peer group; `rank` is that in the whole edition.

    `group`, with all that is compared, is null until the edition is published: it would tell of others.
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


def build_peers(found: comparison.Peers, language: Language) -> Peers:
    """An organisation beside its peers as it is answered."""
    row, methodology = found.row, load_methodology(found.row.methodology)
    document, sentences = methodology.document, get_sentences(methodology, language)
    group = found.group
    return Peers(
        edition=found.edition,
        organisation=row.organisation,
        organisation_name=row.name,
        kind=row.kind,
        band=row.band,
        status=row.status,
        rank=row.rank,
        group=None if group is None else PeerGroup(**structs.asdict(group)),
        index=_beside(found.index, group, document.decimals, language),
        dimensions=tuple(
            PeerDimension(
                id=child.id,
                name=sentences.name_group(child.id),
                **structs.asdict(_beside(beside, group, document.decimals, language)),
            )
            for child, beside in zip(document.root.children, found.dimensions, strict=True)
        ),
        methodology=row.methodology,
        simulated=row.simulated,
        text=texts.describe_peer_group(group, row.kind, row.band, methodology, language),
    )


def _beside(beside: PeerComparison, group: ranking.PeerGroup | None, decimals: int, language: Language) -> PeerFigure:
    score, spread, standing = (
        to_points(beside.score, decimals),
        build_points_spread(beside.spread, decimals),
        beside.standing,
    )
    median = None if spread is None else spread.median
    return PeerFigure(
        score=score,
        rank=None if standing is None else standing.rank,
        below=None if standing is None else standing.below,
        organisations=None if standing is None else standing.organisations,
        percentile=None if standing is None else to_points(standing.percentile, PERCENTILE_DECIMALS),
        spread=spread,
        text=texts.describe_peer_figure(score, standing, median, decimals, language, hidden=group is None),
    )


# --- exemplars ------------------------------------------------------------------------------------------------


class PublishedEvidence(Wire, frozen=True):
    """A document that shows an answer: where it is, and its date."""

    url: Annotated[str, Meta(examples=["https://www.example.org/social-networks/guide.pdf"])]
    date: date


class Practice(Wire, frozen=True):
    """An answer of the dimension that scores and is more than declared, with the documents that show it."""

    id: str
    name: Name
    score: Points
    evidence: tuple[PublishedEvidence, ...]


class Exemplar(Wire, frozen=True):
    """An organisation that does well in a dimension: its score there, its index and rank, and how it does it."""

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
    """Organisations of an edition that rank, the best in a dimension first, ties by organisation."""


class ExemplarQuery(organisations.TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the exemplars of a dimension."""

    dimension: Annotated[DimensionKey, Meta(description="The dimension that they do well in.", examples=["D6"])]


def build_exemplar(found: comparison.Exemplar, language: Language) -> Exemplar:
    """An exemplar as it is answered."""
    row, methodology = found.row, load_methodology(found.row.methodology)
    decimals, sentences = methodology.document.decimals, get_sentences(methodology, language)
    return Exemplar(
        dimension=found.dimension,
        score=to_figure(Fraction(found.score, int(10**decimals))),
        organisation=row.organisation,
        organisation_name=row.name,
        kind=row.kind,
        province=row.province,
        region=row.region,
        band=row.band,
        population=row.population,
        rank=row.rank,
        index=to_points(row.index_value, decimals),
        level=row.level,
        practices=tuple(
            Practice(
                id=practice.indicator,
                name=sentences.name_indicator(practice.indicator),
                score=to_figure(Fraction(practice.score, int(10**decimals))),
                evidence=tuple(PublishedEvidence(url=shown.url, date=shown.date) for shown in practice.evidence),
            )
            for practice in found.practices
        ),
        methodology=row.methodology,
        simulated=row.simulated,
    )


# --- robustness -----------------------------------------------------------------------------------------------


class PointsPercentiles(Wire, frozen=True):
    """The 5th, 50th and 95th percentile of the drawn index (type 7, half up)."""

    p5: Points
    p50: Points
    p95: Points


class RankPercentiles(Wire, frozen=True):
    """The 5th, 50th and 95th percentile of the drawn rank (type 7, half up to whole ranks); the 5th is the better."""

    p5: Rank
    p50: Rank
    p95: Rank


class LevelProbability(Wire, frozen=True):
    """The share of the draws in which an organisation is of a level."""

    level: Annotated[int, Meta(ge=1, le=5)]
    probability: Share


class RobustScore(Wire, frozen=True):
    """How an organisation comes out of the draws, beside its index, rank and level as scored.

    `drawn_rank` is null where `rank` would tell of others, until the edition is published.
    """

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
    """Organisations of an edition in rank order, ties by organisation; those that do not rank take no part."""


class RobustnessQuery(organisations.TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the robustness of an edition."""

    organisation: OfOrganisations | None = None
    draws: Annotated[int, Meta(ge=100, le=2_000, description="How many draws.")] = DRAWS
    seed: Annotated[
        int, Meta(ge=0, lt=SEEDS, description="Where the generator begins; the same seed gives the same digits.")
    ] = SEED


def build_robustness_filters(query: RobustnessQuery) -> ScoreFilters:
    """Which rows of an edition a query asks for."""
    return ScoreFilters(
        kind=query.kind,
        region=query.region,
        province=query.province,
        band=query.band,
        parent=query.parent,
        organisations=split_ids(query.organisation),
    )


def build_exemplar_filters(query: ExemplarQuery) -> ScoreFilters:
    """Which rows of an edition a query asks for."""
    return ScoreFilters(
        kind=query.kind, region=query.region, province=query.province, band=query.band, parent=query.parent
    )


def build_robust_score(found: audits.OrganisationRobustness, language: Language) -> RobustScore:
    """How an organisation comes out of the draws, as it is answered."""
    row, decimals = found.row, load_methodology(found.row.methodology).document.decimals
    low, median, high = (to_figure(Fraction(units, int(10**decimals))) for units in found.index)
    likeliest = max(found.levels.items(), key=lambda level: (level[1], level[0]), default=None)
    return RobustScore(
        rank=row.rank,
        organisation=row.organisation,
        organisation_name=row.name,
        index=to_points(row.index_value, decimals),
        level=row.level,
        draws=found.draws,
        seed=found.seed,
        drawn_index=PointsPercentiles(p5=low, p50=median, p95=high),
        drawn_rank=None
        if found.rank is None
        else RankPercentiles(p5=found.rank[0], p50=found.rank[1], p95=found.rank[2]),
        levels=tuple(
            LevelProbability(level=level, probability=round_figure(Fraction(count, found.draws), DECIMALS))
            for level, count in found.levels.items()
        ),
        methodology=row.methodology,
        simulated=row.simulated,
        text=texts.describe_robustness(
            None if found.rank is None else (found.rank[0], found.rank[2]),
            (low, high),
            None if likeliest is None else (likeliest[0], round_figure(Fraction(likeliest[1], found.draws), DECIMALS)),
            decimals,
            language,
        ),
    )


# --- statistics -----------------------------------------------------------------------------------------------


class Moments(Wire, frozen=True):
    """How scores spread over the organisations that have one, in points.

    `standard_deviation` is that of a sample (n - 1); `skewness` the adjusted Fisher-Pearson coefficient G1.
    """

    organisations: Count
    mean: Points | None
    standard_deviation: Statistic | None
    skewness: Statistic | None


class IndexStatistics(Moments, frozen=True):
    """The index; `alpha` is Cronbach's over the dimensions."""

    alpha: Statistic | None


class NodeStatistics(Moments, frozen=True):
    """A node beside the one above it: `parent`, or the index where that is null.

    `correlation` with it; `weight`: its share of the weights there; `main_effect`: the share of the variance there that
    goes with it (correlation ratio); `effective_weight`: its share of the main effects of all nodes there.
    """

    id: str
    name: Name
    parent: str | None
    correlation: Correlation | None
    weight: Share
    main_effect: Share | None
    effective_weight: Share | None


class DimensionStatistics(NodeStatistics, frozen=True):
    """A dimension beside the index; `alpha` is Cronbach's over its indicators.

    `rank_change`: by how many ranks an organisation moves in the mean, up or down, where the index is without it.
    """

    alpha: Statistic | None
    rank_change: Annotated[float, Meta(ge=0)] | None


class IndicatorStatistics(NodeStatistics, frozen=True):
    """An indicator beside its dimension."""


class GoalpostMove(Wire, frozen=True):
    """A goalpost at another x, and by how many ranks organisations then move: in the mean, and at most."""

    x: float
    rank_change: Annotated[float, Meta(ge=0)]
    rank_change_max: Count


class GoalpostStatistics(Wire, frozen=True):
    """How sensitive the ranks are to a goalpost that is a judgement: 20 % less and 20 % more.

    `position`: from 0, in the curve of the indicator. Null where it would reach the goalpost beside it.
    """

    indicator: str
    position: Count
    x: float
    down: GoalpostMove | None
    up: GoalpostMove | None


class RemarkOnStatistics(Wire, frozen=True):
    """What an auditor would point at; `node` is null for the index."""

    code: RemarkCode
    node: str | None
    value: Statistic
    text: Text


class Statistics(Wire, frozen=True):
    """The audit of the index of an edition, over the organisations that rank. What is not defined is null."""

    edition: str
    index: IndexStatistics
    dimensions: tuple[DimensionStatistics, ...]
    indicators: tuple[IndicatorStatistics, ...]
    goalposts: tuple[GoalpostStatistics, ...]
    remarks: tuple[RemarkOnStatistics, ...]
    methodology: str
    simulated: bool


def build_statistics(found: audits.AuditedEdition, language: Language) -> Statistics:
    """The audit of an edition as it is answered."""
    methodology, audited = load_methodology(found.edition.methodology), found.audit
    sentences = get_sentences(methodology, language)
    return Statistics(
        edition=found.edition.id,
        index=IndexStatistics(alpha=_rounded(audited.alpha), **structs.asdict(_moments(audited.index))),
        dimensions=tuple(
            DimensionStatistics(
                alpha=_rounded(group.alpha),
                rank_change=_rounded(group.rank_change),
                **structs.asdict(_node(group, sentences.name_group(group.id))),
            )
            for group in audited.groups
        ),
        indicators=tuple(
            IndicatorStatistics(**structs.asdict(_node(node, sentences.name_indicator(node.id))))
            for node in audited.indicators
        ),
        goalposts=tuple(
            GoalpostStatistics(
                indicator=goalpost.indicator,
                position=goalpost.position,
                x=goalpost.x,
                down=_move(goalpost.down),
                up=_move(goalpost.up),
            )
            for goalpost in audited.goalposts
        ),
        remarks=tuple(
            RemarkOnStatistics(
                code=remark.code,
                node=remark.node,
                value=round_figure(Fraction(remark.value), DECIMALS),
                text=texts.describe_remark(remark, methodology, language),
            )
            for remark in list_remarks(audited)
        ),
        methodology=found.edition.methodology,
        simulated=found.edition.simulated,
    )


def _moments(found: audit.Moments) -> Moments:
    return Moments(
        organisations=found.organisations,
        mean=_rounded(found.mean),
        standard_deviation=_rounded(found.standard_deviation),
        skewness=_rounded(found.skewness),
    )


def _node(node: audit.NodeAudit, name: str) -> NodeStatistics:
    return NodeStatistics(
        id=node.id,
        name=name,
        parent=node.parent,
        correlation=_rounded(node.correlation),
        weight=round_figure(Fraction(node.weight), DECIMALS),
        main_effect=_rounded(node.main_effect),
        effective_weight=_rounded(node.effective_weight),
        **structs.asdict(_moments(node)),
    )


def _move(move: audit.GoalpostMove | None) -> GoalpostMove | None:
    if move is None:
        return None
    return GoalpostMove(
        x=move.x, rank_change=round_figure(Fraction(move.rank_change), DECIMALS), rank_change_max=move.rank_change_max
    )


def _rounded(value: float | None) -> Figure | None:
    return None if value is None else round_figure(Fraction(value), DECIMALS)
