"""Differences between two scores: what-if, and change of an organisation over time (docs/scoring.md, section 7).

A what-if scores the same organisation with some facts replaced. A change leads from submission A to submission B,
each under its own version, and is scored at four stages. The first is A. The second is A under the version of B.
The third is like the second, but each indicator that is unknown in the second or in B takes its result from B. The
fourth is B. The differences of consecutive stages are the parts methodology, coverage and data, which add up to the
change exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Literal, get_args

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Fact, Indicator, ProfileField, Scalar
from actitud_api.engine.methodology.predicates import to_exact, walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue, Replacement, Submission
from actitud_api.engine.scoring.compile import CompiledMethodology
from actitud_api.engine.scoring.evaluate import (
    Code,
    Evaluation,
    IndicatorResult,
    Status,
    aggregate_scores,
    derive_state,
    evaluate,
    list_counted_scores,
    publish_score,
    round_to_published,
)
from actitud_api.engine.scoring.result import (
    OPEN,
    Canonical,
    DimensionScore,
    Figure,
    Finding,
    Gain,
    IndicatorScore,
    MethodologyReference,
    Points,
    Score,
    to_figure,
)

# --- what-if --------------------------------------------------------------------------------------------------


def replace_facts(submission: Submission, replacement: Replacement) -> Submission:
    """Return a copy of the submission with the answers and profile fields in `replacement`, and all others unchanged.

    An answer that is None in `replacement` is removed from the submission. A replaced answer counts, even if the old
    one was withdrawn, rejected or stale.
    """
    answers = {name: facts for name, facts in submission.answers.items() if name not in replacement.answers}
    answers |= {name: dict(facts) for name, facts in replacement.answers.items() if facts is not None}
    declared = replacement.profile_self_declared
    return structs.replace(
        submission,
        profile={**submission.profile, **replacement.profile},
        answers=answers,
        self_declared=(submission.self_declared - replacement.answers.keys()) | replacement.self_declared,
        profile_self_declared=submission.profile_self_declared if declared is None else declared,
        set_aside={name: why for name, why in submission.set_aside.items() if name not in replacement.answers},
    )


class Delta(Canonical, frozen=True):
    """A figure before and after a change, and the difference; the difference is null if one of the figures is null."""

    before: Figure | None
    after: Figure | None
    difference: Figure | None


class GroupDelta(Canonical, frozen=True, kw_only=True):
    """The difference between two scores in one group.

    `score` is the score of the group before and after; `lost` are the index points that the group loses before and
    after.
    """

    id: str
    score: Delta
    lost: Delta


class IndicatorDelta(Canonical, frozen=True, kw_only=True):
    """The difference between two scores in one indicator.

    `score` is the score of the indicator before and after; `lost` are the index points that the indicator loses before
    and after. `code_before` and `code_after` are the reason codes of the indicator.
    """

    id: str
    code_before: Annotated[Code, OPEN]
    code_after: Annotated[Code, OPEN]
    score: Delta
    lost: Delta


class ScoreDifference(Canonical, frozen=True):
    """The difference between two scores under the same version.

    If the index rises by some points, the points lost in the children of the root fall by exactly as many in total; the
    same holds for the score of each group and its children.

    Attributes:
        index: Index in both scores, and the difference.
        index_max: Index with every unknown answer at its best, in both scores, and the difference.
        coverage: Coverage in both scores, and the difference.
        status_before: Status of the first score.
        status_after: Status of the second score.
        level_before: Level of the first score, null if there is none.
        level_after: Level of the second score, null if there is none.
        groups: Differences in every group below the root.
        indicators: Differences in the indicators that differ.
        appeared: Rules broken only in the second score.
        vanished: Rules broken only in the first score.
    """

    index: Delta
    index_max: Delta
    coverage: Delta
    status_before: Status
    status_after: Status
    level_before: int | None
    level_after: int | None
    groups: tuple[GroupDelta, ...]
    indicators: tuple[IndicatorDelta, ...]
    appeared: tuple[Finding, ...]
    vanished: tuple[Finding, ...]


def compare_scores(before: Score, after: Score) -> ScoreDifference:
    """Compute the difference of two scores under the same version, node by node.

    `before` is the first score, `after` the second; differences are second minus first.
    """
    pairs = zip(iterate_indicators(before), iterate_indicators(after), strict=True)
    rules_before, rules_after = ({finding.rule for finding in score.findings} for score in (before, after))
    return ScoreDifference(
        index=compute_delta(before.index, after.index),
        index_max=compute_delta(before.index_max, after.index_max),
        coverage=compute_delta(before.coverage, after.coverage),
        status_before=before.status,
        status_after=after.status,
        level_before=before.level,
        level_after=after.level,
        groups=tuple(
            GroupDelta(
                id=first.id, score=compute_delta(first.score, second.score), lost=compute_delta(first.lost, second.lost)
            )
            for first, second in zip(_list_groups(before.dimensions), _list_groups(after.dimensions), strict=True)
        ),
        indicators=tuple(
            IndicatorDelta(
                id=first.id,
                code_before=first.reason.code,
                code_after=second.reason.code,
                score=compute_delta(first.score, second.score),
                lost=compute_delta(first.lost, second.lost),
            )
            for first, second in pairs
            if (first.reason.code, first.score, first.lost) != (second.reason.code, second.score, second.lost)
        ),
        appeared=tuple(finding for finding in after.findings if finding.rule not in rules_before),
        vanished=tuple(finding for finding in before.findings if finding.rule not in rules_after),
    )


def compute_delta(before: Figure | None, after: Figure | None) -> Delta:
    """Build the delta of a figure: its values, and their exact difference (after minus before), None without both."""
    # Of the decimals as written: a difference of floats would show digits such as 0.30000000000000004.
    difference = None if before is None or after is None else to_figure(Fraction(to_exact(after)) - to_exact(before))
    return Delta(before=before, after=after, difference=difference)


def _list_groups(groups: tuple[DimensionScore, ...]) -> Iterator[DimensionScore]:
    """Yield each group, followed by all groups inside that group, in document order."""
    for group in groups:
        yield group
        yield from _list_groups(group.groups)


def iterate_indicators(score: Score) -> Iterator[IndicatorScore]:
    """Yield every indicator of a score: first those directly below the root, then those of each group."""
    yield from score.indicators
    for group in _list_groups(score.dimensions):
        yield from group.indicators


# --- another version ------------------------------------------------------------------------------------------


class VersionEffects(Canonical, frozen=True):
    """Effects of scoring a submission under another methodology version: dropped answers and new questions.

    `dropped_answers` are indicators whose answers the other version does not ask for, or not in this form.
    `new_indicators` are indicators that only the other version has, which are unknown. `dropped_fields` and
    `new_fields` are dropped and new profile fields (a new field may have a default).
    """

    dropped_answers: tuple[str, ...]
    new_indicators: tuple[str, ...]
    dropped_fields: tuple[str, ...]
    new_fields: tuple[str, ...]


def convert_submission(
    submission: Submission, source: Methodology, target: Methodology
) -> tuple[Submission, VersionEffects]:
    """Convert a submission of the version `source` to the version `target`; return it with the effects of the change.

    The effects are the dropped answers and profile fields, and the new questions and profile fields. An answer is kept
    if its facts are valid in the target version; checklist components that the target version lacks are dropped. A
    profile field that only the target version has gets its default if the service sets the field; if the organisation
    sets it, the field is unknown.
    """
    targets = {indicator.id: indicator for indicator in walk_indicators(target.document.root) if indicator.facts}
    sources = {indicator.id for indicator in walk_indicators(source.document.root) if indicator.facts}
    answers = {
        name: facts
        for name, sent_facts in submission.answers.items()
        if name in targets and (facts := _convert_facts(targets[name], sent_facts)) is not None
    }
    profile: dict[str, Scalar | None] = {}
    for field in target.document.profile:
        if field.name in submission.profile and _is_valid_field(field, submission.profile[field.name]):
            profile[field.name] = submission.profile[field.name]
        elif field.set_by == "service":
            profile[field.name] = field.default
    fields_before = {field.name for field in source.document.profile}
    return (
        structs.replace(
            submission,
            profile=profile,
            answers=answers,
            self_declared=submission.self_declared & answers.keys(),
            profile_self_declared=submission.profile_self_declared & profile.keys(),
            set_aside={name: why for name, why in submission.set_aside.items() if name in answers},
            level_caps={
                name: cap
                for name, cap in submission.level_caps.items()
                # A cap is a level of a ladder; it says nothing about an indicator that is no ladder any more.
                if name in targets and targets[name].type == "level"
            },
        ),
        VersionEffects(
            dropped_answers=tuple(name for name in submission.answers if name not in answers),
            new_indicators=tuple(name for name in targets if name not in sources),
            dropped_fields=tuple(name for name in submission.profile if name not in profile),
            new_fields=tuple(field.name for field in target.document.profile if field.name not in fields_before),
        ),
    )


def _convert_facts(indicator: Indicator, sent_facts: Mapping[str, FactValue]) -> dict[str, FactValue] | None:
    """Convert the facts of an answer to those that `indicator`, of another version, asks for.

    Components that the indicator does not have are left out. Return None if a required fact is missing or a value is
    not valid.
    """
    converted: dict[str, FactValue] = {}
    for fact in indicator.facts:
        value = sent_facts.get(fact.name, None if fact.required else ())
        if value is None:
            return None
        if fact.type == "components":
            if not isinstance(value, tuple | list):
                return None
            value = tuple(component for component in value if component in indicator.components)
        elif isinstance(value, tuple | list) or not _is_admissible(fact, value):
            return None
        converted[fact.name] = value
    return converted


def _is_valid_field(field: ProfileField, value: Scalar | None) -> bool:
    if value is None:
        return field.nullable
    return (
        value in field.values if field.type == "enum" else not isinstance(value, str) and _is_admissible(field, value)
    )


def _is_admissible(described: Fact | ProfileField, value: bool | int | float) -> bool:
    """Return True if `value` has the type of the fact or field `described` and lies in its range."""
    if (described.type == "boolean") != isinstance(value, bool):
        return False
    if described.type == "integer" and value != int(value):
        return False
    low, high = described.minimum, described.maximum
    return described.type == "boolean" or ((low is None or low <= value) and (high is None or value <= high))


# --- change ---------------------------------------------------------------------------------------------------

Stage = Literal["before", "methodology", "coverage", "after"]
"""Stage at which a change from submission A to submission B is scored.

before: A under its own version · methodology: A under the version of B · coverage: as at stage `methodology`, but
each indicator that is unknown at that stage or in B takes its result from B · after: B.
"""


STAGES: tuple[Stage, ...] = get_args(Stage)


class StagedScores(Canonical, frozen=True):
    """The index, or the score of a node, at each stage of a change; null if there is none.

    `before` and `after`: each submission under its own version. `methodology`: the earlier submission under the later
    version. `coverage`: like `methodology`, but with the results of `after` for indicators that are unknown in
    `methodology` or in `after`.
    """

    before: Points | None
    methodology: Points | None
    coverage: Points | None
    after: Points | None


class ChangeParts(Canonical, frozen=True):
    """Parts of a change of the index, or of the score of a node, in points; they add up to `total` exactly.

    `methodology` is the effect of the new version, `coverage` the effect of indicators that became known or unknown,
    and `data` the effect of changed facts of all other indicators.
    """

    methodology: Gain
    coverage: Gain
    data: Gain
    total: Gain


class GroupChange(Canonical, frozen=True, kw_only=True):
    """The change of the score of a group between two editions; `parts` is null if it has no score at some stage."""

    id: str
    score: StagedScores
    parts: ChangeParts | None


class IndicatorChange(Canonical, frozen=True, kw_only=True):
    """The change of the score of an indicator between two editions, with its reason codes before and after.

    A code or score is null if the methodology version at that stage lacks the indicator.
    """

    id: str
    code_before: Annotated[Code, OPEN] | None
    code_after: Annotated[Code, OPEN] | None
    score: StagedScores


class ChangeDecomposition(Canonical, frozen=True, kw_only=True):
    """The change of an organisation from one submission to a later one, decomposed into parts.

    `index` is the index at each stage, and `parts` are the differences of its stages, null if there is no index at some
    stage; `unrated` names these stages. `groups` are all groups below the root of either version, `indicators` only the
    indicators whose score differs between stages. `version_effects` names the answers and profile fields that the
    change of version dropped or added. A level is null if there is none.
    """

    methodology_before: MethodologyReference
    methodology_after: MethodologyReference
    index: StagedScores
    parts: ChangeParts | None
    unrated: tuple[Stage, ...]
    level_before: int | None
    level_after: int | None
    groups: tuple[GroupChange, ...]
    indicators: tuple[IndicatorChange, ...]
    version_effects: VersionEffects


class _StageScores(Struct, frozen=True):
    """Scores of the index and of the nodes at one stage of a change, in points.

    `groups` and `leaves` have the scores of groups and indicators by id, and `codes` the reason codes of indicators by
    id. None stands for a node without a score.
    """

    index: Fraction | None
    groups: Mapping[str, Fraction | None]
    leaves: Mapping[str, Fraction | None]
    codes: Mapping[str, Code]


class IncomparableVersions(ValueError):
    """Raised if scores of two versions cannot be compared, because one version only estimates the index of another."""

    def __init__(self, before: str, after: str) -> None:
        super().__init__(f"{before} and {after}")
        self.before = before
        self.after = after


def are_comparable(before: Methodology, after: Methodology) -> bool:
    """Return True if scores of two methodology versions can be compared.

    The versions must be the same, or neither may be provisional (a provisional version only estimates the index of
    another).
    """
    return before.digest == after.digest or "provisional" not in (before.document.standing, after.document.standing)


def decompose_change(
    methodology_before: Methodology, before: Submission, methodology_after: Methodology, after: Submission
) -> ChangeDecomposition:
    """Decompose the change of the index between two submissions into the parts methodology, coverage and data.

    Each submission is scored under its own version; the parts add up to the change exactly. The parts are None if there
    is no index at some stage of the change.

    Raises:
        IncomparableVersions: The versions differ, and one of them only estimates the index of another.
    """
    if not are_comparable(methodology_before, methodology_after):
        raise IncomparableVersions(methodology_before.version, methodology_after.version)
    converted, version_effects = convert_submission(before, methodology_before, methodology_after)
    first, last = evaluate(methodology_before, before), evaluate(methodology_after, after)
    second = evaluate(methodology_after, converted)
    stages = (_collect_scores(first), _collect_scores(second), _adopt_unknowns(second, last), _collect_scores(last))
    index = _build_staged_scores(*(stage.index for stage in stages))
    groups = _list_names(*(stage.groups for stage in stages))
    named = _list_names(*(stage.leaves for stage in stages))
    staged_scores = {name: _build_staged_scores(*(stage.leaves.get(name) for stage in stages)) for name in named}
    return ChangeDecomposition(
        methodology_before=_build_reference(methodology_before),
        methodology_after=_build_reference(methodology_after),
        index=index,
        parts=_compute_parts(index),
        unrated=tuple(stage for stage, score in zip(STAGES, structs.astuple(index), strict=True) if score is None),
        level_before=first.level,
        level_after=last.level,
        groups=tuple(
            GroupChange(id=name, score=staged, parts=_compute_parts(staged))
            for name in groups
            for staged in [_build_staged_scores(*(stage.groups.get(name) for stage in stages))]
        ),
        indicators=tuple(
            IndicatorChange(
                id=name, code_before=stages[0].codes.get(name), code_after=stages[3].codes.get(name), score=staged
            )
            for name, staged in staged_scores.items()
            if len(set(structs.astuple(staged))) > 1
        ),
        version_effects=version_effects,
    )


def _collect_scores(evaluation: Evaluation) -> _StageScores:
    compiled = evaluation.compiled
    return _build_stage(compiled, evaluation.results, evaluation.groups, evaluation.index)


def _adopt_unknowns(evaluation: Evaluation, other: Evaluation) -> _StageScores:
    """Compute the scores of stage `coverage`: those of `evaluation` with some results taken from `other`.

    The two evaluations are under the same version. An indicator that is unknown in one of them, or in both, gets
    its result of `other`; every other indicator keeps its own. Afterwards the same indicators are unknown as in
    `other`.
    """
    compiled = evaluation.compiled
    results = [
        theirs if "unknown" in (derive_state(own.code), derive_state(theirs.code)) else own
        for own, theirs in zip(evaluation.results, other.results, strict=True)
    ]
    groups: dict[str, int | None] = {}
    aggregate_scores(compiled.root, list_counted_scores(compiled, results), groups)
    scores = {name: None if score is None or score < 0 else score for name, score in groups.items()}
    return _build_stage(compiled, results, scores, round_to_published(compiled, scores[compiled.document.root.id]))


def _build_stage(
    compiled: CompiledMethodology, results: list[IndicatorResult], groups: Mapping[str, int | None], index: int | None
) -> _StageScores:
    def points(units: int | None) -> Fraction | None:
        return None if units is None else Fraction(units, compiled.unit)

    return _StageScores(
        index=points(index),
        groups={
            name: points(publish_score(compiled.groups[name], score))
            for name, score in groups.items()
            if name != compiled.document.root.id
        },
        leaves={
            indicator.definition.id: points(result.score)
            for indicator, result in zip(compiled.indicators, results, strict=True)
        },
        codes={
            indicator.definition.id: result.code for indicator, result in zip(compiled.indicators, results, strict=True)
        },
    )


def _list_names(*stages: Mapping[str, Fraction | None]) -> tuple[str, ...]:
    """List the ids of the nodes of all stages, each id once.

    Each stage maps ids to scores. The ids of the last stage come first, in its order; then those that only earlier
    stages have, beginning with the latest of these stages.
    """
    # `dict.fromkeys` keeps the first occurrence of a name, which is that of the last stage.
    return tuple(dict.fromkeys(name for stage in reversed(stages) for name in stage))


def _build_staged_scores(*scores: Fraction | None) -> StagedScores:
    before, methodology, coverage, after = (None if score is None else to_figure(score) for score in scores)
    return StagedScores(before=before, methodology=methodology, coverage=coverage, after=after)


def _compute_parts(staged: StagedScores) -> ChangeParts | None:
    """Compute the differences of consecutive stages.

    Return None if there is no score at some stage.
    """
    scores = [None if score is None else Fraction(to_exact(score)) for score in structs.astuple(staged)]
    before, methodology, coverage, after = scores
    if before is None or methodology is None or coverage is None or after is None:
        return None
    return ChangeParts(
        methodology=to_figure(methodology - before),
        coverage=to_figure(coverage - methodology),
        data=to_figure(after - coverage),
        total=to_figure(after - before),
    )


def _build_reference(methodology: Methodology) -> MethodologyReference:
    return MethodologyReference(version=methodology.document.version, digest=methodology.digest)
