"""Responses that compare organisations (peers, exemplars) or examine an edition (robustness, statistical audit)."""

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
from actitud_api.engine.scoring import audit
from actitud_api.engine.scoring.audit import RemarkCode, list_remarks
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import PERCENTILE_DECIMALS, PeerBasis
from actitud_api.engine.scoring.result import OPEN, Figure, Points, round_figure, to_figure
from actitud_api.platform.http.paging import Page
from actitud_api.resources.organisations import schemas as organisations
from actitud_api.resources.scores import audits, comparison
from actitud_api.resources.scores.comparison import PeerComparison
from actitud_api.resources.scores.schemas import (
    OfOrganisations,
    PointsSpread,
    Wire,
    build_points_spread,
    split_ids,
    to_points,
)
from actitud_api.resources.scores.service import ScoreFilters
from actitud_api.resources.scores.statements import DimensionKey

DRAWS: Final = 1_000
SEED: Final = 42
"""Default seed of the random draws.

The author of the random generator has published its first numbers for this seed, so the generator can be
checked.
"""
SEEDS: Final = 2**32
DECIMALS: Final = 4
"""Number of decimals of statistics and probabilities."""

Statistic = Annotated[float, Meta(description="Rounded half up to 4 decimals.")]
Share = Annotated[float, Meta(ge=0, le=1, description="A share from 0 to 1, rounded half up to 4 decimals.")]
Correlation = Annotated[float, Meta(ge=-1, le=1, description="Pearson's r, rounded half up to 4 decimals.")]
Count = Annotated[int, Meta(ge=0)]
Rank = Annotated[int, Meta(ge=1)]


# --- peers ----------------------------------------------------------------------------------------------------


class PeerGroup(Wire, frozen=True):
    """A peer group: the ranked organisations of these kinds and this size band.

    `kinds` is null if every kind belongs to the group, and `band` is null if every size does. `basis` says how
    narrow the group is: kind and band, kind, band scale (all kinds whose size is measured on the same scale), or
    all. The first of these four that has as many organisations as the methodology requires is the group.
    """

    basis: PeerBasis
    kinds: tuple[str, ...] | None
    band: str | None
    organisations: Count


class PeerFigure(Wire, frozen=True):
    """A score of an organisation and its position in the peer group.

    `score` is null if the organisation has no such score. `organisations` counts the members of the group that have
    such a score, the organisation included. `rank` is its rank among these members, `below` the number of those
    with a lower score, `percentile` the percentile rank from 0 to 100 (null if the members are too few).
    `organisations`, `rank`, `below` and `percentile` are null if the organisation is not ranked. `spread`
    summarises the scores of the group; null if nobody in it has such a score.
    """

    score: Points | None
    rank: Rank | None
    below: Count | None
    organisations: Count | None
    percentile: Annotated[float, Meta(ge=0, le=100)] | None
    spread: PointsSpread | None
    text: Text


class PeerDimension(PeerFigure, frozen=True):
    """The score of an organisation in a dimension, and its position in the peer group."""

    id: str
    name: Name


class Peers(Wire, frozen=True):
    """An organisation of an edition, compared with its peer group; `rank` is its rank in the whole edition.

    If an organisation asks before publication, `rank`, `group` and all comparisons are null, because they would
    reveal the scores of others. Under a methodology that only estimates they are always null.
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
    return Peers(
        edition=peers.edition,
        organisation=row.organisation,
        organisation_name=row.name,
        kind=row.kind,
        band=row.band,
        status=row.status,
        rank=row.rank,
        group=None if group is None else PeerGroup(**structs.asdict(group)),
        index=_build_peer_figure(peers.index, withheld, document.decimals, language),
        dimensions=tuple(
            PeerDimension(
                id=child.id,
                name=sentences.name_group(child.id),
                **structs.asdict(_build_peer_figure(compared, withheld, document.decimals, language)),
            )
            for child, compared in zip(document.root.children, peers.dimensions, strict=True)
        ),
        methodology=row.methodology,
        simulated=row.simulated,
        text=texts.describe_peer_group(group, row.kind, row.band, methodology, language),
    )


def _build_peer_figure(
    compared: PeerComparison, withheld: texts.Withheld | None, decimals: int, language: Language
) -> PeerFigure:
    score, spread, standing = (
        to_points(compared.score, decimals),
        build_points_spread(compared.spread, decimals),
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
        text=texts.describe_peer_figure(score, standing, median, decimals, language, withheld=withheld),
    )


# --- exemplars ------------------------------------------------------------------------------------------------


class PublishedEvidence(Wire, frozen=True):
    """A document that proves an answer: the URL and the date of the document."""

    url: Annotated[str, Meta(examples=["https://www.example.org/social-networks/guide.pdf"])]
    date: date


class Practice(Wire, frozen=True):
    """An answer of an exemplar that scores points in the dimension.

    `id` and `name` are those of the indicator. `evidence` are the documents that prove the answer.
    """

    id: str
    name: Name
    score: Points
    evidence: tuple[PublishedEvidence, ...]


class Exemplar(Wire, frozen=True):
    """An organisation that does well in a dimension.

    `score` is its score in the dimension. `practices` are its answers in the dimension that score points and have
    evidence. `rank` is null if an organisation asks before publication. What is not known of the organisation is
    null.
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
    """A page of the ranked organisations of an edition, from the best in the dimension down.

    Organisations with equal scores are ordered by id.
    """


class ExemplarQuery(organisations.TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list of exemplars, which are the best organisations in a dimension."""

    dimension: Annotated[DimensionKey, Meta(description="The dimension in which to compare.", examples=["D6"])]


def build_exemplar(exemplar: comparison.DimensionExemplar, language: Language) -> Exemplar:
    """Build the part of the response about one exemplar."""
    row, methodology = exemplar.row, load_methodology(exemplar.row.methodology)
    decimals, sentences = methodology.document.decimals, get_sentences(methodology, language)
    return Exemplar(
        edition=row.edition,
        dimension=exemplar.dimension,
        score=to_figure(Fraction(exemplar.score, int(10**decimals))),
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
                evidence=tuple(
                    PublishedEvidence(url=document.url, date=document.date) for document in practice.evidence
                ),
            )
            for practice in exemplar.practices
        ),
        methodology=row.methodology,
        simulated=row.simulated,
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

    They are interpolated as in type 7 of Hyndman and Fan, and rounded half up to whole ranks.
    """

    p5: Rank
    p50: Rank
    p95: Rank


class LevelProbability(Wire, frozen=True):
    """The share of the draws of the robustness analysis, 0 to 1, in which an organisation reaches a level."""

    level: Annotated[int, Meta(ge=1, le=5)]
    probability: Share


class RobustScore(Wire, frozen=True):
    """How much the score of an organisation varies if weights and aggregation are chosen at random.

    `index`, `rank` and `level` are as published or stored; `drawn_index`, `drawn_rank` and `levels` are the results
    over the draws. If an organisation asks before publication, `rank` and `drawn_rank` are null, because they would
    reveal the scores of others.
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
    """A page of the ranked organisations of an edition, in rank order; equal ranks are ordered by organisation id."""


class RobustnessQuery(organisations.TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list that shows the robustness of an edition's ranks."""

    organisation: OfOrganisations | None = None
    draws: Annotated[int, Meta(ge=100, le=2_000, description="Number of draws.")] = DRAWS
    seed: Annotated[
        int, Meta(ge=0, lt=SEEDS, description="Seed of the random generator; the same seed gives the same digits.")
    ] = SEED


def build_robustness_filters(query: RobustnessQuery) -> ScoreFilters:
    """Convert the query parameters of the robustness list to filters."""
    return ScoreFilters(
        kind=query.kind,
        region=query.region,
        province=query.province,
        band=query.band,
        parent=query.parent,
        organisations=split_ids(query.organisation),
    )


def build_exemplar_filters(query: ExemplarQuery) -> ScoreFilters:
    """Convert the query parameters of the list of exemplars to filters."""
    return ScoreFilters(
        kind=query.kind, region=query.region, province=query.province, band=query.band, parent=query.parent
    )


def build_robust_score(robustness: audits.OrganisationRobustness, language: Language) -> RobustScore:
    """Build the part of the response about the robustness of one organisation."""
    row, decimals = robustness.row, load_methodology(robustness.row.methodology).document.decimals
    low, median, high = (to_figure(Fraction(units, int(10**decimals))) for units in robustness.index)
    likeliest = max(robustness.levels.items(), key=lambda level: (level[1], level[0]), default=None)
    return RobustScore(
        edition=row.edition,
        rank=row.rank,
        organisation=row.organisation,
        organisation_name=row.name,
        index=to_points(row.index_value, decimals),
        level=row.level,
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
        methodology=row.methodology,
        simulated=row.simulated,
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


# --- statistics -----------------------------------------------------------------------------------------------


class Moments(Wire, frozen=True):
    """Mean, deviation and skewness of scores in points, over the organisations that have a score.

    `standard_deviation` is that of a sample (n - 1); `skewness` is the adjusted Fisher-Pearson coefficient G1.
    `mean` is null if no organisation has a score, `standard_deviation` with fewer than two, and `skewness` with
    fewer than three or if all scores are equal.
    """

    organisations: Count
    mean: Points | None
    standard_deviation: Statistic | None
    skewness: Statistic | None


class IndexStatistics(Moments, frozen=True):
    """Statistics of the index. `alpha` is Cronbach's alpha over the dimensions, null if it is not defined."""

    alpha: Statistic | None


class NodeStatistics(Moments, frozen=True):
    """Statistics of a dimension or indicator in relation to the node above it.

    The node above is the one with the id `parent`, or the index if `parent` is null. `correlation` is the
    correlation of the scores of the two nodes. `weight` is the weight of this node as a share of the weights of all
    children of the node above. `main_effect` is the share of the variance of the node above that this node explains
    (correlation ratio). `effective_weight` is this main effect as a share of the main effects of all children of
    the node above. A figure that is not defined is null.
    """

    id: str
    name: Name
    parent: str | None
    correlation: Correlation | None
    weight: Share
    main_effect: Share | None
    effective_weight: Share | None


class DimensionStatistics(NodeStatistics, frozen=True):
    """Statistics of a dimension in relation to the index. `alpha` is Cronbach's alpha over its indicators.

    `rank_change` is the mean number of ranks that an organisation moves, up or down, if the index leaves the
    dimension out. `alpha` or `rank_change` is null if it is not defined for these scores.
    """

    alpha: Statistic | None
    rank_change: Annotated[float, Meta(ge=0)] | None


class IndicatorStatistics(NodeStatistics, frozen=True):
    """Statistics of an indicator in relation to the dimension or group above it."""


class GoalpostMove(Wire, frozen=True):
    """The effect of moving a goalpost to the raw value `x`.

    `rank_change` is the mean number of ranks that an organisation then moves, `rank_change_max` the greatest
    number.
    """

    x: float
    rank_change: Annotated[float, Meta(ge=0)]
    rank_change_max: Count


class GoalpostStatistics(Wire, frozen=True):
    """The effect on ranks if a goalpost that was set by judgement moves by 20 %.

    `position` is the position of the goalpost in the curve of the indicator, counted from 0, and `x` its raw value.
    `down` and `up` are the effects of lowering and of raising it; each is null if the goalpost would then reach its
    neighbour.
    """

    indicator: str
    position: Count
    x: float
    down: GoalpostMove | None
    up: GoalpostMove | None


class RemarkOnStatistics(Wire, frozen=True):
    """A remark of the statistical audit on one figure that an auditor would question.

    `code` names the kind of remark and `value` is the figure. `node` is the id of the dimension or indicator; null
    if the figure is one of the index.
    """

    code: Annotated[RemarkCode, OPEN]
    node: str | None
    value: Statistic
    text: Text


class Statistics(Wire, frozen=True):
    """The statistical audit of the index of an edition, over its ranked organisations.

    Figures that are not defined for these scores are null.
    """

    edition: str
    index: IndexStatistics
    dimensions: tuple[DimensionStatistics, ...]
    indicators: tuple[IndicatorStatistics, ...]
    goalposts: tuple[GoalpostStatistics, ...]
    remarks: tuple[RemarkOnStatistics, ...]
    methodology: str
    simulated: bool


def build_statistics(edition_audit: audits.AuditedEdition, language: Language) -> Statistics:
    """Build the response about the statistical audit of an edition."""
    methodology, index_audit = load_methodology(edition_audit.edition.methodology), edition_audit.audit
    sentences = get_sentences(methodology, language)
    return Statistics(
        edition=edition_audit.edition.id,
        index=IndexStatistics(alpha=_round(index_audit.alpha), **structs.asdict(_build_moments(index_audit.index))),
        dimensions=tuple(
            DimensionStatistics(
                alpha=_round(group.alpha),
                rank_change=_round(group.rank_change),
                **structs.asdict(_build_node_statistics(group, sentences.name_group(group.id))),
            )
            for group in index_audit.groups
        ),
        indicators=tuple(
            IndicatorStatistics(**structs.asdict(_build_node_statistics(node, sentences.name_indicator(node.id))))
            for node in index_audit.indicators
        ),
        goalposts=tuple(
            GoalpostStatistics(
                indicator=goalpost.indicator,
                position=goalpost.position,
                x=goalpost.x,
                down=_build_goalpost_move(goalpost.down),
                up=_build_goalpost_move(goalpost.up),
            )
            for goalpost in index_audit.goalposts
        ),
        remarks=tuple(
            RemarkOnStatistics(
                code=remark.code,
                node=remark.node,
                value=round_figure(Fraction(remark.value), DECIMALS),
                text=texts.describe_remark(remark, methodology, language),
            )
            for remark in list_remarks(index_audit)
        ),
        methodology=edition_audit.edition.methodology,
        simulated=edition_audit.edition.simulated,
    )


def _build_moments(moments: audit.Moments) -> Moments:
    return Moments(
        organisations=moments.organisations,
        mean=_round(moments.mean),
        standard_deviation=_round(moments.standard_deviation),
        skewness=_round(moments.skewness),
    )


def _build_node_statistics(node: audit.NodeAudit, name: str) -> NodeStatistics:
    return NodeStatistics(
        id=node.id,
        name=name,
        parent=node.parent,
        correlation=_round(node.correlation),
        weight=round_figure(Fraction(node.weight), DECIMALS),
        main_effect=_round(node.main_effect),
        effective_weight=_round(node.effective_weight),
        **structs.asdict(_build_moments(node)),
    )


def _build_goalpost_move(move: audit.GoalpostMove | None) -> GoalpostMove | None:
    if move is None:
        return None
    return GoalpostMove(
        x=move.x, rank_change=round_figure(Fraction(move.rank_change), DECIMALS), rank_change_max=move.rank_change_max
    )


def _round(value: float | None) -> Figure | None:
    return None if value is None else round_figure(Fraction(value), DECIMALS)
