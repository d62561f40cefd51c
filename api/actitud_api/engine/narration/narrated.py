"""Scores, differences, paths and changes in words: each canonical struct with its names and sentences.

A narrated struct extends the canonical one, so that a member is declared once. Without the members called `name` and
`text`, at any depth, and without `result_digest`, a narrated score is the canonical result; `result_digest` is the
SHA-256 of its RFC 8785 form, the same in every language.

`name` follows the first member in the JSON. msgspec writes positional members before keyword-only ones, so a struct
with a name is made in two steps: the first declares the first member and the name, which are positional; the second is
keyword-only, as is the canonical struct.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias, TypeVar

from msgspec import Meta, structs

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration.changes import ChangeSentences, get_change_sentences
from actitud_api.engine.narration.sentences import Sentences, get_sentences
from actitud_api.engine.scoring.change_decomposition import (
    Carried,
    ChangeDecomposition,
    GroupChange,
    GroupDelta,
    IndicatorChange,
    IndicatorDelta,
    ScoreDifference,
)
from actitud_api.engine.scoring.level_path import LevelPath, Move, Unreachable
from actitud_api.engine.scoring.result import (
    BlockingGate,
    Canonical,
    Digest,
    DimensionScore,
    Finding,
    IndicatorScore,
    Interval,
    LevelReached,
    MainReason,
    NextStep,
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
    """Why an indicator has its score: a code, what it is built from, and the sentence."""

    text: Text


class NarratedNextStep(NextStep, frozen=True):
    """What to do next for an indicator.

    `change` holds the facts after an improvement; `gain` the index points that it brings, by re-scoring; `gain_max`
    those up to full marks; `evidence`, that evidence is needed; `cap`, the score at which it stays without evidence,
    where that holds it back; `requires`, the rules that other facts must follow.
    """

    text: Text


class NarratedInterval(Interval, frozen=True):
    """What the size of its sample leaves open of a share of `n` cases: the 95 % interval of Wilson.

    `low` and `high` are of the share; `index_low` and `index_high` of the index, were that the share.
    """

    text: Text


class _NamedIndicator(IndicatorScore, frozen=True):
    id: str
    name: Name


class NarratedIndicator(_NamedIndicator, frozen=True, kw_only=True):
    """An indicator: its score, its weight in its group, and the points of the index that it decides.

    Null where it counts with nothing. Below a group whose losses are shared by Shapley values only `lost` is known.
    """

    interval: NarratedInterval | None
    reason: NarratedReason
    next_step: NarratedNextStep | None


class _NamedDimension(DimensionScore, frozen=True):
    id: str
    name: Name


class NarratedDimension(_NamedDimension, frozen=True, kw_only=True):
    """A dimension, or a group below one: score, its maximum with every unknown at its best, coverage and points.

    Null where it is not rated. `groups` and `indicators` are those directly below it.
    """

    groups: tuple[NarratedDimension, ...]
    indicators: tuple[NarratedIndicator, ...]


class NarratedGate(BlockingGate, frozen=True):
    """A condition of the next level that fails: what is there, what is asked, and the distance."""

    text: Text


class _NamedLevel(LevelReached, frozen=True):
    number: int | None
    name: Name | None


class NarratedLevel(_NamedLevel, frozen=True, kw_only=True):
    """The level reached, 1 to 5; null without a rateable index or with insufficient evidence.

    `max_level`: review allows no higher one; `text` says so where only that holds the level.
    """

    blocked_by: tuple[NarratedGate, ...]
    text: Text | None


class NarratedMainReason(MainReason, frozen=True):
    """One of the up to four largest losses, in points of the index."""

    text: Text


class NarratedFinding(Finding, frozen=True):
    """A rule that does not hold, the indicators that it contradicts, and what to answer first."""

    text: Text


class NarratedScore(Score, frozen=True):
    """The index of one submission, explained; `indicators` are those that belong to no dimension."""

    level: NarratedLevel
    main_reasons: tuple[NarratedMainReason, ...]
    findings: tuple[NarratedFinding, ...]
    dimensions: tuple[NarratedDimension, ...]
    indicators: tuple[NarratedIndicator, ...]
    result_digest: Digest


def narrate(score: Score, methodology: Methodology, language: Language) -> NarratedScore:
    """Put a score into words: one walk over the canonical result, in document order."""
    sentences = get_sentences(methodology, language)
    return _told(
        NarratedScore,
        score,
        level=_told(
            NarratedLevel,
            score.level,
            name=sentences.name_level(score.level.number),
            blocked_by=tuple(_gate(gate, sentences) for gate in score.level.blocked_by),
            text=sentences.describe_level_cap(score.level),
        ),
        main_reasons=_sentenced(NarratedMainReason, score.main_reasons, sentences.describe_main_reason),
        findings=_sentenced(NarratedFinding, score.findings, sentences.describe_finding),
        dimensions=_dimensions(score.dimensions, sentences),
        indicators=_indicators(score.indicators, sentences),
        result_digest=compute_digest(score),
    )


def _dimensions(dimensions: tuple[DimensionScore, ...], sentences: Sentences) -> tuple[NarratedDimension, ...]:
    return tuple(
        _told(
            NarratedDimension,
            dimension,
            name=sentences.name_group(dimension.id),
            groups=_dimensions(dimension.groups, sentences),
            indicators=_indicators(dimension.indicators, sentences),
        )
        for dimension in dimensions
    )


# Members are named one by one here, although `_told` needs none of them: a score has 69 indicators, and the way through
# a dict of members takes 1.4 µs for each instead of 0.2 µs.
def _indicators(indicators: tuple[IndicatorScore, ...], sentences: Sentences) -> tuple[NarratedIndicator, ...]:
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
            interval=None
            if indicator.interval is None
            else _told(NarratedInterval, indicator.interval, text=sentences.describe_interval(indicator.interval)),
            reason=NarratedReason(
                code=indicator.reason.code,
                parameters=indicator.reason.parameters,
                text=sentences.describe_reason(indicator),
            ),
            next_step=None if indicator.next_step is None else _step(indicator, indicator.next_step, sentences),
        )
        for indicator in indicators
    )


def _step(indicator: IndicatorScore, step: NextStep, sentences: Sentences) -> NarratedNextStep:
    return NarratedNextStep(
        kind=step.kind,
        change=step.change,
        gain=step.gain,
        gain_max=step.gain_max,
        evidence=step.evidence,
        cap=step.cap,
        requires=step.requires,
        text=sentences.describe_step(indicator, step),
    )


def _gate(gate: BlockingGate, sentences: Sentences) -> NarratedGate:
    return _told(NarratedGate, gate, text=sentences.describe_gate(gate))


# --- differences ----------------------------------------------------------------------------------------------


class _NamedGroupDelta(GroupDelta, frozen=True):
    id: str
    name: Name


class NarratedGroupDelta(_NamedGroupDelta, frozen=True, kw_only=True):
    """What differs in a dimension, or in a group below one: its score, and the points of the index lost there."""

    text: Text


class _NamedIndicatorDelta(IndicatorDelta, frozen=True):
    id: str
    name: Name


class NarratedIndicatorDelta(_NamedIndicatorDelta, frozen=True, kw_only=True):
    """What differs in an indicator: why it scores what it does, its score, the points of the index lost there."""

    text: Text


class NarratedDifference(ScoreDifference, frozen=True):
    """What differs between two scores.

    `groups`: all of them; `indicators`: those that differ. What is lost in the dimensions changes by exactly as much as
    the index, the other way round, and so it goes on inside. `appeared` and `vanished`: the findings that only one has.
    """

    groups: tuple[NarratedGroupDelta, ...]
    indicators: tuple[NarratedIndicatorDelta, ...]
    appeared: tuple[NarratedFinding, ...]
    vanished: tuple[NarratedFinding, ...]
    text: Text


def narrate_difference(difference: ScoreDifference, methodology: Methodology, language: Language) -> NarratedDifference:
    """Put the difference between two scores into words."""
    sentences = get_change_sentences(methodology, language)
    return _told(
        NarratedDifference,
        difference,
        groups=tuple(
            _told(NarratedGroupDelta, group, name=sentences.name_group(group.id), text=sentences.describe_delta(group))
            for group in difference.groups
        ),
        indicators=tuple(
            _told(
                NarratedIndicatorDelta,
                indicator,
                name=sentences.name_indicator(indicator.id),
                text=sentences.describe_delta(indicator),
            )
            for indicator in difference.indicators
        ),
        appeared=_sentenced(NarratedFinding, difference.appeared, sentences.describe_finding),
        vanished=_sentenced(NarratedFinding, difference.vanished, sentences.describe_finding),
        text=sentences.describe_difference(difference),
    )


# --- paths ----------------------------------------------------------------------------------------------------


class _NamedMove(Move, frozen=True):
    indicator: str
    name: Name


class NarratedMove(_NamedMove, frozen=True, kw_only=True):
    """What to do for one indicator on the way to the next level.

    improve: move the fact · evidence: document what is only declared · report: answer what is unknown. `facts` are as
    they stand, `change` those that change, as they will be; `evidence`, that evidence is needed; `score_before` and
    `score` are of the indicator; `gain` the index points that it brings in its place; `index` and `level` are those
    after it. `requires`: rules that it would break unless other facts follow; all figures count on that.
    """

    text: Text


class NarratedObstacle(Unreachable, frozen=True):
    """A condition of the next level that no improvement can make hold, and what is in the way.

    `gate` is null where review holds the level. profile: it is over the profile · not_applicable, zero_by_rule,
    contradicted, unanswered: so is its indicator · exhausted: all improvements together are not enough. `indicators`:
    those that could help once they are answered, corrected or unlocked.
    """

    gate: NarratedGate | None
    text: Text


class NarratedPath(LevelPath, frozen=True, kw_only=True):
    """The path from a level to the next one, as in `Path`."""

    moves: tuple[NarratedMove, ...] | None
    unreachable: tuple[NarratedObstacle, ...]
    text: Text


def narrate_path(path: LevelPath, methodology: Methodology, language: Language) -> NarratedPath:
    """Put a path to the next level into words."""
    sentences = get_change_sentences(methodology, language)
    return _told(
        NarratedPath,
        path,
        moves=None
        if path.moves is None
        else tuple(
            _told(NarratedMove, move, name=sentences.name_indicator(move.indicator), text=sentences.describe_move(move))
            for move in path.moves
        ),
        unreachable=tuple(
            _told(
                NarratedObstacle,
                unreachable,
                gate=None if unreachable.gate is None else _gate(unreachable.gate, sentences),
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
    """How the score of a dimension, or of a group below one, changed; `parts` is null where a stage has no score."""

    text: Text


class _NamedIndicatorChange(IndicatorChange, frozen=True):
    id: str
    name: Name


class NarratedIndicatorChange(_NamedIndicatorChange, frozen=True, kw_only=True):
    """How the score of an indicator changed, and why it scores what it does; null codes where a version lacks it."""

    text: Text


class NarratedCarried(Carried, frozen=True):
    """What another version of the methodology does to what was stated.

    `dropped_answers`: those that it does not ask, or not in that form; `new_indicators`: those that only it asks,
    unknown; `dropped_fields` and `new_fields`: the same of the profile, where the service sets some by default.
    """

    text: Text


class NarratedChange(ChangeDecomposition, frozen=True, kw_only=True):
    """The change of an organisation between two editions, as in `Change`."""

    groups: tuple[NarratedGroupChange, ...]
    indicators: tuple[NarratedIndicatorChange, ...]
    carried: NarratedCarried
    text: Text


def narrate_change(
    change: ChangeDecomposition, before: Methodology, after: Methodology, language: Language
) -> NarratedChange:
    """Put a change into words; `before` and `after` are the methodologies of its two scores."""
    earlier, later = get_change_sentences(before, language), get_change_sentences(after, language)

    def name(node: str) -> str:
        return later.find_name(node) or earlier.find_name(node) or node

    return _told(
        NarratedChange,
        change,
        groups=tuple(
            _told(NarratedGroupChange, group, name=name(group.id), text=later.describe_stages(group, name(group.id)))
            for group in change.groups
        ),
        indicators=tuple(
            _told(
                NarratedIndicatorChange,
                indicator,
                name=name(indicator.id),
                text=later.describe_stages(indicator, name(indicator.id)),
            )
            for indicator in change.indicators
        ),
        carried=_carried(change.carried, later, earlier),
        text=later.describe_change(change),
    )


def narrate_carried(carried: Carried, source: Methodology, target: Methodology, language: Language) -> NarratedCarried:
    """Put into words what the change from a source to a target methodology does to a submission."""
    return _carried(carried, get_change_sentences(target, language), get_sentences(source, language))


def _carried(carried: Carried, target: ChangeSentences, source: Sentences) -> NarratedCarried:
    return _told(NarratedCarried, carried, text=target.describe_carried(carried, source))


# --- all of them ----------------------------------------------------------------------------------------------


C = TypeVar("C", bound=Canonical)


def _told(kind: type[N], source: Canonical, **members: object) -> N:
    """Build a narrated struct from its canonical one and the members that it adds or replaces."""
    return kind(**structs.asdict(source) | members)


def _sentenced(kind: type[N], sources: tuple[C, ...], sentence: Callable[[C], str]) -> tuple[N, ...]:
    """Build narrated structs that add nothing but their text."""
    return tuple(_told(kind, source, text=sentence(source)) for source in sources)
