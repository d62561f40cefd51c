"""Responses that examine the index of an edition: its statistics, and the whole audit."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration import comparison as texts
from actitud_api.engine.narration.narrated import Name, Text
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring import audit, compensation, group_differences, level_sensitivity
from actitud_api.engine.scoring.audit import RemarkCode, list_remarks
from actitud_api.engine.scoring.group_differences import Grouping
from actitud_api.engine.scoring.level_sensitivity import Source
from actitud_api.engine.scoring.result import OPEN, Figure, Points, round_figure, to_figure
from actitud_api.resources.scores import audits
from actitud_api.resources.scores.comparison_schemas import DECIMALS, Count, Share
from actitud_api.resources.scores.schemas import Wire

W = TypeVar("W", bound=Wire)

Statistic = Annotated[float, Meta(description="Rounded half up to 4 decimals.")]
Correlation = Annotated[float, Meta(ge=-1, le=1, description="Pearson's r, rounded half up to 4 decimals.")]


class Moments(Wire, frozen=True):
    """Distribution of scores in points, over the organisations that have a score.

    `standard_deviation` is the standard deviation of a sample (n - 1); `skewness` is the adjusted Fisher-Pearson
    coefficient G1. `mean` is null if no organisation has a score, `standard_deviation` with fewer than two, and
    `skewness` with fewer than three or if all scores are equal. `floor` and `ceiling` are the shares of the
    organisations with the lowest and the highest possible score; null if no organisation has a score.
    """

    organisations: Count
    mean: Points | None
    standard_deviation: Statistic | None
    skewness: Statistic | None
    floor: Share | None
    ceiling: Share | None


class IndexStatistics(Moments, frozen=True):
    """Statistics of the index. `alpha` is Cronbach's alpha over the dimensions, null if it is not defined."""

    alpha: Statistic | None


class NodeStatistics(Moments, frozen=True):
    """Statistics of a dimension or indicator in relation to the node above it.

    The node above has the id `parent`, or is the index if `parent` is null. `correlation` is the correlation of the
    scores of the two nodes. `weight` is the weight of this node as a share of the weights of all children of the node
    above. `main_effect` is the share of the variance of the node above that this node explains (correlation ratio).
    `effective_weight` is this main effect as a share of the main effects of all children of the node above. A figure
    that is not defined is null.
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

    `rank_change` is the mean number of ranks that an organisation moves if the index leaves the dimension out. Figures
    that are not defined are null.
    """

    alpha: Statistic | None
    rank_change: Annotated[float, Meta(ge=0)] | None


class IndicatorStatistics(NodeStatistics, frozen=True):
    """Statistics of an indicator in relation to the dimension or group above it.

    `zero_by_rule` is the share of the organisations that score zero by the zero rule, independent of their answers;
    null if no organisation has a score.
    """

    zero_by_rule: Share | None


class GoalpostMove(Wire, frozen=True):
    """The effect on ranks of moving a goalpost, a point of the curve of an indicator, to the raw value `x`.

    `rank_change` and `rank_change_max` are the mean and the greatest number of ranks that an organisation moves.
    """

    x: float
    rank_change: Annotated[float, Meta(ge=0)]
    rank_change_max: Count


class GoalpostStatistics(Wire, frozen=True):
    """The effect on ranks if a goalpost (a point of the curve of an indicator) that was set by judgement moves by 20 %.

    `position` is the position of the goalpost in the curve, from 0, and `x` its raw value. `down` and `up` are the
    effects of lowering and of raising the goalpost, null if it would reach its neighbour.
    """

    indicator: str
    position: Count
    x: float
    down: GoalpostMove | None
    up: GoalpostMove | None


class RemarkOnStatistics(Wire, frozen=True):
    """A remark of the statistical audit on one figure that an auditor would question.

    `node` is the id of the dimension or indicator; null for a figure of the index.
    """

    code: Annotated[RemarkCode, OPEN]
    node: str | None
    value: Statistic
    text: Text


class Statistics(Wire, frozen=True):
    """The statistical audit of the index of an edition, over its ranked organisations.

    Figures that are not defined are null.
    """

    edition: str
    index: IndexStatistics
    dimensions: tuple[DimensionStatistics, ...]
    indicators: tuple[IndicatorStatistics, ...]
    goalposts: tuple[GoalpostStatistics, ...]
    remarks: tuple[RemarkOnStatistics, ...]
    methodology: str
    simulated: bool


class AuditQuery(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the audit of an edition."""

    sensitivity: Annotated[
        bool, Meta(description="Compute the sensitivity of the levels as well, which takes longer.")
    ] = False


class PrincipalComponent(Wire, frozen=True):
    """A principal component of the scores in the dimensions.

    `share` is its share of their total variance; `loadings` are its correlations with each dimension.
    """

    eigenvalue: Statistic
    share: Statistic
    loadings: tuple[Correlation, ...]


class CompensatedScore(Wire, frozen=True):
    """The index and level of an organisation with the arithmetic and with the geometric mean of its dimensions.

    `dimension` is its weakest dimension.
    """

    organisation: str
    index: Points
    geometric: Points
    level: int | None
    geometric_level: int | None
    dimension: str


class CompensationStatistics(Wire, frozen=True):
    """The effect on the index of a geometric mean, in which strong dimensions make up less for weak dimensions.

    `loss_mean` and `loss_max` are the points that the index loses; `level_changes` and `tenth_changes` are the shares
    of the organisations that change their level, or their tenth of the ranking. `most` has up to ten organisations that
    lose most.
    """

    loss_mean: Statistic | None
    loss_max: Statistic | None
    level_changes: Share | None
    tenth_changes: Share | None
    most: tuple[CompensatedScore, ...]


class GroupStatistics(Wire, frozen=True):
    """The mean and standard deviation of the index in a group of organisations, which is a kind or a size band."""

    group: str
    organisations: Count
    mean: Statistic
    standard_deviation: Statistic | None


class IndicatorDifference(Wire, frozen=True):
    """The share of the variance of an indicator that the groups explain in addition to the index.

    An `effect` of 0.07 or more is large.
    """

    indicator: str
    effect: Share


class GroupDifferences(Wire, frozen=True):
    """Differences between organisations of different kinds or size bands.

    `explained` is the share of the variance of the index that lies between the groups. `indicators` are the indicators
    with an `effect` of at least 0.035.
    """

    by: Annotated[Grouping, OPEN]
    explained: Share | None
    groups: tuple[GroupStatistics, ...]
    indicators: tuple[IndicatorDifference, ...]


class SourceSensitivity(Wire, frozen=True):
    """Sobol' indices of a source of uncertainty of the levels.

    `first` is the share of the variance that the source causes alone, `total` the share that it causes alone or
    together with other sources. Both are estimates, and may be slightly below 0.
    """

    source: Annotated[Source, OPEN]
    first: Statistic | None
    total: Statistic | None


class LevelSensitivity(Wire, frozen=True):
    """The sensitivity of levels to judgements and errors, estimated with random draws for at most 500 organisations.

    `changes` is the share of the drawn levels that differ from the level without variation. `losses` is the share of
    draws without any level, `far_changes` the share with a level more than one away.
    """

    organisations: Count
    draws: int
    changes: Share | None
    losses: Share | None
    far_changes: Share | None
    sources: tuple[SourceSensitivity, ...]


class EditionAudit(Wire, frozen=True):
    """The audit of the index of an edition, over its ranked organisations. Figures that are not defined are null.

    `nodes` are the ids of dimensions, groups and indicators, and `correlations` the matrix of the correlations between
    their scores. `compensation` is null if the index is not an arithmetic mean, `sensitivity` if it was not asked for.
    """

    edition: str
    statistics: Statistics
    nodes: tuple[str, ...]
    correlations: tuple[tuple[Correlation | None, ...], ...]
    components: tuple[PrincipalComponent, ...]
    compensation: CompensationStatistics | None
    groups: tuple[GroupDifferences, ...]
    sensitivity: LevelSensitivity | None
    methodology: str
    simulated: bool


def build_audit(examined: audits.ExaminedEdition, language: Language) -> EditionAudit:
    """Build the response about the audit of an edition."""
    structure = examined.structure
    decimals = load_methodology(examined.edition.methodology).document.decimals
    return EditionAudit(
        edition=examined.edition.id,
        statistics=build_statistics(examined, language),
        nodes=structure.nodes,
        correlations=tuple(tuple(map(_round, row)) for row in structure.correlations),
        components=tuple(
            _build_rounded(PrincipalComponent, component, loadings=tuple(map(_round_figure, component.loadings)))
            for component in structure.components
        ),
        compensation=None
        if structure.compensation is None
        else _build_compensation(structure.compensation, structure.organisations, decimals),
        groups=tuple(map(_build_differences, structure.differences)),
        sensitivity=None if examined.sensitivity is None else _build_sensitivity(examined.sensitivity),
        methodology=examined.edition.methodology,
        simulated=examined.edition.simulated,
    )


def _build_compensation(
    found: compensation.Compensation, organisations: tuple[str, ...], decimals: int
) -> CompensationStatistics:
    return _build_rounded(
        CompensationStatistics,
        found,
        most=tuple(
            CompensatedScore(
                organisation=organisations[one.row],
                index=to_figure(Fraction(one.index, 10**decimals)),
                geometric=to_figure(Fraction(one.geometric, 10**decimals)),
                level=one.level or None,
                geometric_level=one.geometric_level or None,
                dimension=one.weakest,
            )
            for one in found.most
        ),
    )


def _build_differences(differences: group_differences.GroupDifferences) -> GroupDifferences:
    return _build_rounded(
        GroupDifferences,
        differences,
        groups=tuple(_build_rounded(GroupStatistics, group) for group in differences.groups),
        indicators=tuple(_build_rounded(IndicatorDifference, difference) for difference in differences.indicators),
    )


def _build_sensitivity(sensitivity: level_sensitivity.LevelSensitivity) -> LevelSensitivity:
    sources = tuple(_build_rounded(SourceSensitivity, source) for source in sensitivity.sources)
    return _build_rounded(LevelSensitivity, sensitivity, sources=sources)


def build_statistics(edition_audit: audits.AuditedEdition, language: Language) -> Statistics:
    """Build the response about the statistical audit of an edition."""
    methodology, index_audit = load_methodology(edition_audit.edition.methodology), edition_audit.audit
    sentences = get_sentences(methodology, language)
    return Statistics(
        edition=edition_audit.edition.id,
        index=_build_rounded(IndexStatistics, index_audit.index, alpha=_round(index_audit.alpha)),
        dimensions=tuple(
            _build_rounded(DimensionStatistics, group, name=sentences.name_group(group.id))
            for group in index_audit.groups
        ),
        indicators=tuple(
            _build_rounded(IndicatorStatistics, node, name=sentences.name_indicator(node.id))
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


def _build_goalpost_move(move: audit.GoalpostMove | None) -> GoalpostMove | None:
    return None if move is None else _build_rounded(GoalpostMove, move, x=move.x)


def _build_rounded(type_: type[W], source: Struct, **others: object) -> W:
    """Build a response of the members of the same name, with floats rounded; `others` are taken as they are."""
    same = {name: getattr(source, name) for name in type_.__struct_fields__ if name not in others}
    return type_(**{name: _round(it) if isinstance(it, float) else it for name, it in same.items()} | others)


def _round(value: float | None) -> Figure | None:
    return None if value is None else _round_figure(value)


def _round_figure(value: float) -> Figure:
    return round_figure(Fraction(value), DECIMALS)
