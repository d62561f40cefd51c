"""The canonical result: the score of one submission with its explanation, without sentences of any language.

Published digests are computed from this result. Scores and points are multiples of 10^-decimals within the range of
their node; raw values are rounded half up to 6 decimals, or to the decimals of the most precise fact of the document;
coverage is rounded to 4 decimals. A number without a fraction is written as an integer, so that every number has its
shortest form.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, Number
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.scoring.evaluate import Code, State, Status

# Only the published schema says these bounds and patterns, no decoder: a published document with another number in it
# must be read, so that scoring it anew can show which figure is wrong.
Figure: TypeAlias = Annotated[int | float, Meta(extra_json_schema={"type": "number"})]
"""A number in its shortest JSON form: an integer if it has no fraction."""
Points: TypeAlias = Annotated[Figure, Meta(extra_json_schema={"minimum": 0, "maximum": 100})]
"""Score or points, 0 to 100, a multiple of 10^-decimals of the methodology."""
Gain: TypeAlias = Annotated[Figure, Meta(extra_json_schema={"minimum": -100, "maximum": 100})]
"""Difference of two scores, in points."""
Share: TypeAlias = Annotated[Figure, Meta(extra_json_schema={"minimum": 0, "maximum": 1})]
Coverage: TypeAlias = Annotated[Share, Meta(description="Effective weight known over effective weight scored.")]
Digest: TypeAlias = Annotated[str, Meta(extra_json_schema={"pattern": "^sha256:[0-9a-f]{64}$"})]

OPEN: Final = Meta(extra_json_schema={"x-extensible-enum": True})
"""Declares in the published schema that values may be added to an enumeration of a response: no client may count on
having seen all of them.
"""

COVERAGE_DECIMALS = 4

StepKind = Literal["improve", "evidence", "report", "correct", "unlock", "act"]
"""Kind of a next step.

improve: change the fact · evidence: document a self-declared answer · report: send an answer · correct: resolve a
contradiction · unlock: change the facts because of which the zero rule applies · act: something else, because no change
of a single fact reaches the next goalpost.
"""


# Without `gc=False` the collector walks the hundreds of parts of each score, which takes 4 % of scoring it; a score is
# a tree, so that counting references frees all of it.
class Canonical(Struct, frozen=True, kw_only=True, gc=False):
    """Base of the structs of the canonical result.

    Narrated structs (`engine.narration.narrated`) extend these structs with names and sentences. The members of a
    struct must be keyword-only if its narrated form has an additional name after the first member.
    """


class MethodologyReference(Canonical, frozen=True):
    """The methodology version under which a submission was scored, and the digest of its document."""

    version: str
    digest: Digest


class PassedGoalpost(Canonical, frozen=True):
    """A goalpost of the curve at the raw value of an indicator, or next to it, and the score that it fixes."""

    x: Figure
    score: Figure


class ReasonParameters(Canonical, frozen=True):
    """The data of the sentence about a reason; a member that the sentence does not use is null or empty.

    `facts` are the facts that decided the score, by name (a fact of another indicator as `D4.01.level`). `value` is the
    raw value, and `between` are the goalposts around it, or the goalpost at it. `cap` is the cap on answers without
    evidence, if it lowers the score, and `uncapped` the score without the cap. `level_sent` is the level before a
    review lowered it. `rules` are broken rules, `missing` other indicators whose answers the score needs, `fields`
    profile fields without evidence.
    """

    facts: dict[str, FactValue | str | None]
    value: Figure | bool | None
    between: tuple[PassedGoalpost, ...]
    cap: Figure | None
    uncapped: Figure | None
    level_sent: int | None
    rules: tuple[str, ...]
    missing: tuple[str, ...]
    fields: tuple[str, ...]


class Reason(Canonical, frozen=True):
    """The reason for the score of an indicator: a code, and the data of the sentence about it."""

    code: Annotated[Code, OPEN]
    parameters: ReasonParameters


class NextStep(Canonical, frozen=True):
    """The next step for an indicator: the smallest change that raises its score.

    `kind` is, for example, `report` (send an answer) or `correct` (resolve a contradiction). `change` contains the new
    facts, and is empty if the step names none. `gain` and `gain_max` are the index points that the step and the best
    score gain. Both are null if there is no index before or after the change; `gain` is also null if it depends on
    later answers. `cap` is the score that the step reaches without evidence, null if it is not lower than with
    evidence. `requires` are the rules that the step breaks unless other facts change too.
    """

    kind: Annotated[StepKind, OPEN]
    change: dict[str, FactValue]
    gain: Gain | None
    gain_max: Gain | None
    needs_evidence: bool
    cap: Points | None
    requires: tuple[str, ...]


class Interval(Canonical, frozen=True):
    """The sampling uncertainty of an indicator that is a share of `n` counted cases (95 % Wilson score interval).

    The true share lies between `lower` and `upper` with 95 % confidence; `index_lower` and `index_upper` are the index
    at these ends, null if there is no index.
    """

    n: Annotated[int, Meta(extra_json_schema={"minimum": 1})]
    lower: Share
    upper: Share
    index_lower: Points | None
    index_upper: Points | None


class IndicatorScore(Canonical, frozen=True, kw_only=True):
    """The score of an indicator, its weight in its group, and its points of the index.

    Score and points (`possible`, `won`, `lost`) are null if the indicator has no score; `possible` and `won` are also
    null below a group whose losses are split by Shapley values. `value` is the raw value, null if there is none.
    `interval` is null if the raw value is not a share of counted cases, and `next_step` if nothing raises the score.
    """

    id: str
    state: State
    score: Points | None
    weight: int
    possible: Points | None
    won: Points | None
    lost: Points | None
    value: Figure | bool | None
    interval: Interval | None
    reason: Reason
    next_step: NextStep | None


class DimensionScore(Canonical, frozen=True, kw_only=True):
    """The score of a dimension, or of a group inside one, with its points of the index (`possible`, `won`, `lost`).

    `score_max` is the score with every unknown indicator at its best, `weight` the weight in the group above. Scores
    and points are null if the group has no score. `groups` and `indicators` are its children.
    """

    id: str
    score: Points | None
    score_max: Points | None
    weight: int
    coverage: Coverage | None
    possible: Points | None
    won: Points | None
    lost: Points | None
    groups: tuple[DimensionScore, ...]
    indicators: tuple[IndicatorScore, ...]


class BlockingGate(Canonical, frozen=True):
    """A gate (condition) of the next level that is not passed.

    `actual` is the value that the gate reads, null if it is unknown or does not exist; `required` is the value that the
    gate asks for; `distance` is their absolute difference, null if one of the two values is not a number.
    """

    gate: str
    actual: Figure | bool | str | None
    required: Figure | bool | str | None
    distance: Figure | None


class LevelDetails(Canonical, frozen=True, kw_only=True):
    """Conditions of the level of a score: the review that must confirm the level, and the obstacles to the next level.

    `provisional` is true until a review has confirmed the level. `max_level` is the highest level that a review allows,
    null if no review limits the level. `blocked_by` are the gates of the next level that are not passed.
    """

    provisional: bool
    max_level: int | None
    blocked_by: tuple[BlockingGate, ...]


class MainReason(Canonical, frozen=True):
    """One of the largest losses of a score: an indicator, and as `lost` the index points that it loses."""

    indicator: str
    lost: Points


class Finding(Canonical, frozen=True):
    """A validation rule that the submission breaks.

    `code` is `unsupported` if absent answers (`missing`) could still repair the rule, else `contradicted`. `indicators`
    are the indicators that the broken rule contradicts. `facts` are the facts that the rule read, by name.
    """

    rule: str
    severity: Literal["error", "warning"]
    code: Annotated[Literal["contradicted", "unsupported"], OPEN]
    indicators: tuple[str, ...]
    missing: tuple[str, ...]
    facts: dict[str, FactValue | str | None]


class PillarScore(Canonical, frozen=True, kw_only=True):
    """The score of a pillar, a second view of the index: the weighted mean of the pillar's indicators, without ranks.

    `score_max` is the score with every unknown indicator at its best; `score` and `score_max` are null if no indicator
    of the pillar counts. `share` is the part of all points of the methodology that these indicators hold, from 0 to 1.
    """

    id: str
    score: Points | None
    score_max: Points | None
    share: Share


class Estimate(Canonical, frozen=True, kw_only=True):
    """Estimate of the index under the methodology version `of`, in whole points.

    With the probability `confidence`, the index under that version lies between `lower` and `upper`.
    """

    of: str
    index: Points
    lower: Points
    upper: Points
    confidence: Share


class Score(Canonical, frozen=True, kw_only=True):
    """The score of one submission, with explanation and findings.

    `index` is null if the status is `not_rateable`, because too few indicators count. `index_max` is the index with
    every unknown indicator at its best. `index_geometric` is null if the methodology has none. `level` is null if there
    is no index, the evidence is insufficient, or the lowest level is not reached. `dimensions` and `indicators` are the
    groups and indicators directly below the root. `main_reasons` are the indicators that lose most points, the largest
    loss first. `input_digest` is the digest of the submission. `pillars` are absent if the methodology has none. If the
    methodology only estimates the index of another version, `standing` is `provisional`, and `estimate` is null without
    an index or enough evidence; else `standing` and `estimate` are absent.
    """

    methodology: MethodologyReference
    index: Points | None
    index_max: Points | None
    index_geometric: Points | None
    coverage: Coverage | None
    status: Status
    level: int | None
    level_details: LevelDetails
    main_reasons: tuple[MainReason, ...]
    findings: tuple[Finding, ...]
    dimensions: tuple[DimensionScore, ...]
    indicators: tuple[IndicatorScore, ...]
    input_digest: Digest
    pillars: tuple[PillarScore, ...] | UnsetType = UNSET
    standing: Literal["provisional"] | UnsetType = UNSET
    estimate: Estimate | UnsetType | None = UNSET


def to_figure(value: Number) -> Figure:
    """Convert an exact number to its shortest JSON form: an int if it has no fraction, else the nearest double."""
    return value if type(value) is int else to_quotient(value.numerator, value.denominator)


def to_quotient(n: int, d: int) -> Figure:
    """Convert n / d (d > 0) to its shortest JSON form: an int if it has no fraction, else the nearest double.

    A quotient beyond the largest double is converted to its integral part.
    """
    try:
        return n / d if n % d else n // d
    except OverflowError:
        return n // d


def to_points(units: int | None, unit: int) -> Figure | None:
    """Convert a score in units to points, in their shortest JSON form; return None if the score is None.

    `unit` is the number of units in a point.
    """
    if units is None:
        return None
    return units / unit if units % unit else units // unit


def round_figure(value: Number, decimals: int = DECIMALS_OF_NUMBERS) -> Figure:
    """Round an exact number half up to `decimals` decimals; return an int if the result has no fraction."""
    return round_quotient(value.numerator, value.denominator, decimals)


def round_quotient(n: int, d: int, decimals: int = DECIMALS_OF_NUMBERS) -> Figure:
    """Round n / d (d > 0) half up to `decimals` decimals; return an int if the result has no fraction."""
    scale: int = 10**decimals
    return to_quotient((2 * n * scale + d) // (2 * d), scale)
