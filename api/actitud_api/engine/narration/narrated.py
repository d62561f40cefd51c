"""Narrated structs: scores, differences, paths and changes with the names of their nodes and with sentences.

A canonical struct has only figures and codes; its narrated form extends it, so each member is declared once. A
narrated score without the members `name` and `text`, at any depth, and without `result_digest` is the
canonical result; `result_digest` is the SHA-256 of the RFC 8785 form of that result, and the same in every
language.

In the JSON, `name` follows the first member, which is mostly `id`. msgspec writes the members of a
keyword-only struct after all others. So a struct with a name is made of two classes: `_Named…` declares the
first member and the name, and its keyword-only subclass `Narrated…` declares the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias, TypeVar

from msgspec import UNSET, Meta, UnsetType, structs

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration.changes import ChangeSentences, get_change_sentences
from actitud_api.engine.narration.sentences import Sentences, get_sentences
from actitud_api.engine.scoring.change_decomposition import (
    ChangeDecomposition,
    GroupChange,
    GroupDelta,
    IndicatorChange,
    IndicatorDelta,
    ScoreDifference,
    VersionEffects,
    iterate_indicators,
)
from actitud_api.engine.scoring.level_path import LevelPath, Move, Unreachable
from actitud_api.engine.scoring.result import (
    BlockingGate,
    Canonical,
    Digest,
    DimensionScore,
    Estimate,
    Finding,
    IndicatorScore,
    Interval,
    LevelDetails,
    MainReason,
    NextStep,
    PillarScore,
    Reason,
    Score,
)

N = TypeVar("N", bound=Canonical)

Text: TypeAlias = Annotated[
    str, Meta(description="A sentence in the language of the answer; not part of the canonical result.")
]
Name: TypeAlias = Annotated[
    str, Meta(description="A name in the language of the answer; not part of the canonical result.")
]


# --- scores ---------------------------------------------------------------------------------------------------


class NarratedReason(Reason, frozen=True):
    """The reason for the score of an indicator: a code, the data of the sentence about it, and the sentence."""

    text: Text


class NarratedNextStep(NextStep, frozen=True):
    """The next step for an indicator: the smallest change that raises its score.

    `kind` is, for example, `report` (send an answer) or `correct` (resolve a contradiction). `change` contains the new
    facts, and is empty if the step names none. `gain` and `gain_max` are the index points that the step and the best
    score gain. Both are null if there is no index before or after the change; `gain` is also null if it depends on
    later answers. `cap` is the score that the step reaches without evidence, null if it is not lower than with
    evidence. `requires` are the rules that the step breaks unless other facts change too.
    """

    text: Text


class NarratedInterval(Interval, frozen=True):
    """The sampling uncertainty of an indicator that is a share of `n` counted cases (95 % Wilson score interval).

    The true share lies between `lower` and `upper` with 95 % confidence; `index_lower` and `index_upper` are the index
    at these ends, null if there is no index.
    """

    text: Text


class _NamedIndicator(IndicatorScore, frozen=True):
    id: str
    name: Name


class NarratedIndicator(_NamedIndicator, frozen=True, kw_only=True):
    """The score of an indicator, its weight in its group, and its points of the index.

    Score and points (`possible`, `won`, `lost`) are null if the indicator has no score; `possible` and `won` are also
    null below a group whose losses are split by Shapley values. `value` is the raw value, null if there is none.
    `interval` is null if the raw value is not a share of counted cases, and `next_step` if nothing raises the score.
    """

    interval: NarratedInterval | None
    reason: NarratedReason
    next_step: NarratedNextStep | None


class _NamedDimension(DimensionScore, frozen=True):
    id: str
    name: Name


class NarratedDimension(_NamedDimension, frozen=True, kw_only=True):
    """The score of a dimension, or of a group inside one, with its points of the index (`possible`, `won`, `lost`).

    `score_max` is the score with every unknown indicator at its best, `weight` the weight in the group above. Scores
    and points are null if the group has no score. `groups` and `indicators` are its children.
    """

    groups: tuple[NarratedDimension, ...]
    indicators: tuple[NarratedIndicator, ...]


class NarratedGate(BlockingGate, frozen=True):
    """A gate (condition) of the next level that is not passed.

    `actual` is the value that the gate reads, null if it is unknown or does not exist; `required` is the value that the
    gate asks for; `distance` is their absolute difference, null if one of the two values is not a number.
    """

    text: Text


class NarratedLevelDetails(LevelDetails, frozen=True, kw_only=True):
    """Conditions of the level of a score: the review that must confirm the level, and the obstacles to the next level.

    `provisional` is true until a review has confirmed the level. `max_level` is the highest level that a review allows,
    null if no review limits the level. `blocked_by` are the gates of the next level that are not passed. `name` is null
    if there is no level. `text` is null unless only the review prevents a higher level.
    """

    blocked_by: tuple[NarratedGate, ...]
    name: Name | None
    text: Text | None


class NarratedMainReason(MainReason, frozen=True):
    """One of the largest losses of a score: an indicator, and as `lost` the index points that it loses."""

    text: Text


class NarratedFinding(Finding, frozen=True):
    """A validation rule that the submission breaks.

    `code` is `unsupported` if absent answers (`missing`) could still repair the rule, else `contradicted`. `indicators`
    are the indicators that the broken rule contradicts. `facts` are the facts that the rule read, by name.
    """

    text: Text


class NarratedPillar(PillarScore, frozen=True, kw_only=True):
    """The score of a pillar, a second view of the index: the weighted mean of the pillar's indicators, without ranks.

    `score_max` is the score with every unknown indicator at its best; `score` and `score_max` are null if no indicator
    of the pillar counts. `share` is the part of all points of the methodology that these indicators hold, from 0 to 1.
    """

    name: Name
    text: Text


class NarratedEstimate(Estimate, frozen=True, kw_only=True):
    """Estimate of the index under the methodology version `of`, in whole points.

    With the probability `confidence`, the index under that version lies between `lower` and `upper`.
    """

    text: Text


class NarratedScore(Score, frozen=True, kw_only=True):
    """The score of one submission, with explanation and findings.

    `index` is null if the status is `not_rateable`, because too few indicators count. `index_max` is the index with
    every unknown indicator at its best. `index_geometric` is null if the methodology has none. `level` is null if there
    is no index, the evidence is insufficient, or the lowest level is not reached. `dimensions` and `indicators` are the
    groups and indicators directly below the root. `main_reasons` are the indicators that lose most points, the largest
    loss first. `input_digest` is the digest of the submission. `pillars` are absent if the methodology has none. If the
    methodology only estimates the index of another version, `standing` is `provisional`, and `estimate` is null without
    an index or enough evidence; else `standing` and `estimate` are absent. `result_digest` is the digest of the
    canonical score, the same in every language.
    """

    level_details: NarratedLevelDetails
    main_reasons: tuple[NarratedMainReason, ...]
    findings: tuple[NarratedFinding, ...]
    dimensions: tuple[NarratedDimension, ...]
    indicators: tuple[NarratedIndicator, ...]
    pillars: tuple[NarratedPillar, ...] | UnsetType = UNSET
    estimate: NarratedEstimate | UnsetType | None = UNSET
    result_digest: Digest


def narrate(
    score: Score, methodology: Methodology, language: Language, *, result_digest: str | None = None
) -> NarratedScore:
    """Build the narrated form of a score: the score with the names of its nodes and with sentences, in a language.

    `result_digest` is the digest of the score if it is known already, None to compute it.
    """
    sentences = get_sentences(methodology, language)
    return _build_narrated(
        NarratedScore,
        score,
        level_details=_build_narrated(
            NarratedLevelDetails,
            score.level_details,
            name=sentences.name_level(score.level),
            blocked_by=tuple(
                _build_narrated(NarratedGate, gate, text=sentences.describe_gate(gate, iterate_indicators(score)))
                for gate in score.level_details.blocked_by
            ),
            text=sentences.describe_level_cap(score.level, score.level_details),
        ),
        main_reasons=_add_sentences(NarratedMainReason, score.main_reasons, sentences.describe_main_reason),
        findings=_add_sentences(NarratedFinding, score.findings, sentences.describe_finding),
        dimensions=_narrate_dimensions(score.dimensions, sentences),
        indicators=_narrate_indicators(score.indicators, sentences),
        pillars=UNSET
        if score.pillars is UNSET
        else tuple(
            _build_narrated(
                NarratedPillar, pillar, name=sentences.name_pillar(pillar.id), text=sentences.describe_pillar(pillar)
            )
            for pillar in score.pillars
        ),
        estimate=_build_narrated(NarratedEstimate, score.estimate, text=sentences.describe_estimate(score.estimate))
        if isinstance(score.estimate, Estimate)
        else score.estimate,
        result_digest=compute_digest(score) if result_digest is None else result_digest,
    )


# Members are named one by one here and below, although `_build_narrated` needs none of them: a score has a hundred of
# these parts, and a dict of members takes 0.4 µs for each instead of 0.1 µs.
def _narrate_dimensions(dimensions: tuple[DimensionScore, ...], sentences: Sentences) -> tuple[NarratedDimension, ...]:
    return tuple(
        NarratedDimension(
            id=dimension.id,
            name=sentences.name_group(dimension.id),
            score=dimension.score,
            score_max=dimension.score_max,
            weight=dimension.weight,
            coverage=dimension.coverage,
            possible=dimension.possible,
            won=dimension.won,
            lost=dimension.lost,
            groups=_narrate_dimensions(dimension.groups, sentences),
            indicators=_narrate_indicators(dimension.indicators, sentences),
        )
        for dimension in dimensions
    )


def _narrate_indicators(indicators: tuple[IndicatorScore, ...], sentences: Sentences) -> tuple[NarratedIndicator, ...]:
    return tuple(
        NarratedIndicator(
            id=indicator.id,
            name=sentences.name_indicator(indicator.id),
            state=indicator.state,
            score=indicator.score,
            weight=indicator.weight,
            possible=indicator.possible,
            won=indicator.won,
            lost=indicator.lost,
            value=indicator.value,
            interval=None if indicator.interval is None else _narrate_interval(indicator.interval, sentences),
            reason=NarratedReason(
                code=indicator.reason.code,
                parameters=indicator.reason.parameters,
                text=sentences.describe_reason(indicator),
            ),
            next_step=None if indicator.next_step is None else _narrate_step(indicator, indicator.next_step, sentences),
        )
        for indicator in indicators
    )


def _narrate_interval(interval: Interval, sentences: Sentences) -> NarratedInterval:
    return NarratedInterval(
        n=interval.n,
        lower=interval.lower,
        upper=interval.upper,
        index_lower=interval.index_lower,
        index_upper=interval.index_upper,
        text=sentences.describe_interval(interval),
    )


def _narrate_step(indicator: IndicatorScore, step: NextStep, sentences: Sentences) -> NarratedNextStep:
    return NarratedNextStep(
        kind=step.kind,
        change=step.change,
        gain=step.gain,
        gain_max=step.gain_max,
        needs_evidence=step.needs_evidence,
        cap=step.cap,
        requires=step.requires,
        text=sentences.describe_step(indicator, step),
    )


# --- differences ----------------------------------------------------------------------------------------------


class _NamedGroupDelta(GroupDelta, frozen=True):
    id: str
    name: Name


class NarratedGroupDelta(_NamedGroupDelta, frozen=True, kw_only=True):
    """The difference between two scores in one dimension or group: in its score and in its lost index points."""

    text: Text


class _NamedIndicatorDelta(IndicatorDelta, frozen=True):
    id: str
    name: Name


class NarratedIndicatorDelta(_NamedIndicatorDelta, frozen=True, kw_only=True):
    """The difference between two scores in one indicator: in its reason code, score and lost index points."""

    text: Text


class NarratedDifference(ScoreDifference, frozen=True):
    """The difference between two scores of the same methodology version, in the index and in every group and indicator.

    `groups` are all groups, `indicators` only the indicators that differ. If the index rises by some points, the points
    lost in the dimensions fall by exactly as many in total, and likewise inside every group. `appeared` are the rules
    broken only in the second score, `vanished` the rules broken only in the first.
    """

    groups: tuple[NarratedGroupDelta, ...]
    indicators: tuple[NarratedIndicatorDelta, ...]
    appeared: tuple[NarratedFinding, ...]
    vanished: tuple[NarratedFinding, ...]
    text: Text


def narrate_difference(difference: ScoreDifference, methodology: Methodology, language: Language) -> NarratedDifference:
    """Build the narrated form of the difference between two scores, with names and sentences in a language.

    The two scores must be under `methodology`.
    """
    sentences = get_change_sentences(methodology, language)
    return _build_narrated(
        NarratedDifference,
        difference,
        groups=tuple(
            _build_narrated(
                NarratedGroupDelta, group, name=sentences.name_group(group.id), text=sentences.describe_delta(group)
            )
            for group in difference.groups
        ),
        indicators=tuple(
            _build_narrated(
                NarratedIndicatorDelta,
                indicator,
                name=sentences.name_indicator(indicator.id),
                text=sentences.describe_delta(indicator),
            )
            for indicator in difference.indicators
        ),
        appeared=_add_sentences(NarratedFinding, difference.appeared, sentences.describe_finding),
        vanished=_add_sentences(NarratedFinding, difference.vanished, sentences.describe_finding),
        text=sentences.describe_difference(difference),
    )


# --- paths ----------------------------------------------------------------------------------------------------


class _NamedMove(Move, frozen=True):
    indicator: str
    name: Name


class NarratedMove(_NamedMove, frozen=True, kw_only=True):
    """A step of the path to the next level: a change of the answer to one indicator.

    `kind` is improve (change the fact), evidence (document a self-declared answer) or report (answer an unknown
    indicator). `facts` are the current facts, `change` the new ones, and `profile` the profile fields that change too.
    `score_before` and `score` are the score of the indicator before and after the move. `gain` are the index points
    that this move gains after the earlier moves, `index` and `level` the index and level after the move. `requires` are
    the rules that the move breaks unless other facts change too; the figures assume that these change.
    """

    text: Text


class NarratedObstacle(Unreachable, frozen=True):
    """A gate of the next level that no improvement of answers can pass, with the reason.

    `gate` is null if a review limits the level. `code` is the reason: profile_first (the profile makes indicators 0 by
    a rule, and has to change first), profile (the gate depends on the profile), review (a review limits the level),
    exhausted (all improvements together are not enough), or the state of the one indicator that the gate reads.
    `indicators` could help after they are answered, corrected or free of their zero rule.
    """

    gate: NarratedGate | None
    text: Text


class NarratedPath(LevelPath, frozen=True, kw_only=True):
    """The moves (changes of answers) that lead from a level to the next one, with a sentence for each.

    The moves are in the order in which they can be made. They pass every gate of the next level except the gates in
    `unreachable`. `moves` is null if there is no next level, if no move helps to pass a gate, or if the profile has to
    change first.
    """

    moves: tuple[NarratedMove, ...] | None
    unreachable: tuple[NarratedObstacle, ...]
    text: Text


def narrate_path(path: LevelPath, methodology: Methodology, language: Language) -> NarratedPath:
    """Build the narrated form of a path to the next level, with names and sentences in a language."""
    sentences = get_change_sentences(methodology, language)
    return _build_narrated(
        NarratedPath,
        path,
        moves=None
        if path.moves is None
        else tuple(
            _build_narrated(
                NarratedMove, move, name=sentences.name_indicator(move.indicator), text=sentences.describe_move(move)
            )
            for move in path.moves
        ),
        unreachable=tuple(
            _build_narrated(
                NarratedObstacle,
                unreachable,
                gate=None
                if unreachable.gate is None
                else _build_narrated(NarratedGate, unreachable.gate, text=sentences.describe_gate(unreachable.gate)),
                text=sentences.describe_obstacle(unreachable),
            )
            for unreachable in path.unreachable
        ),
        text=sentences.describe_path(path),
    )


# --- changes --------------------------------------------------------------------------------------------------


class _NamedGroupChange(GroupChange, frozen=True):
    id: str
    name: Name


class NarratedGroupChange(_NamedGroupChange, frozen=True, kw_only=True):
    """The change of the score of a group between two editions.

    `parts` splits the change into methodology, coverage and data; null if the group has no score before, after or
    between.
    """

    text: Text


class _NamedIndicatorChange(IndicatorChange, frozen=True):
    id: str
    name: Name


class NarratedIndicatorChange(_NamedIndicatorChange, frozen=True, kw_only=True):
    """The change of the score of an indicator between two editions, with its reason codes before and after.

    A code or score is null if the methodology version that it is computed under lacks the indicator.
    """

    text: Text


class NarratedVersionEffects(VersionEffects, frozen=True):
    """Effects of scoring a submission under another methodology version: dropped answers and new questions.

    `dropped_answers` are indicators whose answers the other version does not ask for, or not in this form.
    `new_indicators` are indicators that only the other version has, which are unknown. `dropped_fields` and
    `new_fields` are dropped and new profile fields (a new field may have a default).
    """

    text: Text


class NarratedChange(ChangeDecomposition, frozen=True, kw_only=True):
    """The change of an organisation's score between two editions, split into methodology, coverage and data.

    `parts` are the three parts of the change of the index. They are null if there is no index before, after, or at a
    stage between, which `unrated` then names. `groups` are all groups below the root, `indicators` only the indicators
    whose score differs between stages. `version_effects` are the answers that the later version does not ask for, and
    its new questions.
    """

    groups: tuple[NarratedGroupChange, ...]
    indicators: tuple[NarratedIndicatorChange, ...]
    version_effects: NarratedVersionEffects
    text: Text


def narrate_change(
    change: ChangeDecomposition, before: Methodology, after: Methodology, language: Language
) -> NarratedChange:
    """Build the narrated form of a change between two editions, with names and sentences in a language.

    `before` and `after` are the methodologies of the earlier and the later edition.
    """
    earlier, later = get_change_sentences(before, language), get_change_sentences(after, language)

    # A node that the later version dropped has its name only in the earlier one.
    def name(node: str) -> str:
        return later.find_name(node) or earlier.find_name(node) or node

    return _build_narrated(
        NarratedChange,
        change,
        groups=tuple(
            _build_narrated(
                NarratedGroupChange, group, name=name(group.id), text=later.describe_stages(group, name(group.id))
            )
            for group in change.groups
        ),
        indicators=tuple(
            _build_narrated(
                NarratedIndicatorChange,
                indicator,
                name=name(indicator.id),
                text=later.describe_stages(indicator, name(indicator.id)),
            )
            for indicator in change.indicators
        ),
        version_effects=_narrate_version_effects(change.version_effects, later, earlier),
        text=later.describe_change(change),
    )


def narrate_version_effects(
    effects: VersionEffects, source: Methodology, target: Methodology, language: Language
) -> NarratedVersionEffects:
    """Build the narrated form of the effects of a change of version, with names and sentences in a language.

    The submission was sent under the version `source` and is scored under the version `target`.
    """
    return _narrate_version_effects(effects, get_change_sentences(target, language), get_sentences(source, language))


def _narrate_version_effects(
    effects: VersionEffects, target: ChangeSentences, source: Sentences
) -> NarratedVersionEffects:
    return _build_narrated(NarratedVersionEffects, effects, text=target.describe_version_effects(effects, source))


# --- all of them ----------------------------------------------------------------------------------------------


C = TypeVar("C", bound=Canonical)


def _build_narrated(kind: type[N], source: Canonical, **members: object) -> N:
    """Build a narrated struct of type `kind` from `source`, its canonical form.

    `members` are the members that the narrated struct adds, or that replace members of `source`.
    """
    return kind(**structs.asdict(source) | members)


def _add_sentences(kind: type[N], sources: tuple[C, ...], sentence: Callable[[C], str]) -> tuple[N, ...]:
    """Build the narrated form of each of `sources`, where that form only adds the member `text`.

    `kind` is the type of the narrated form, and `sentence` writes the text of one of `sources`.
    """
    return tuple(_build_narrated(kind, source, text=sentence(source)) for source in sources)
