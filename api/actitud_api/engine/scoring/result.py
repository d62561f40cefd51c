"""The canonical result: the explained score of one submission, language-neutral.

Digests cover it. Scores and points are JSON numbers, multiples of 10^-decimals within the range of their node; raw
values are rounded half up to 6 decimals, or to those of the document's finest fact; coverage to 4. An integral
number is an int, so that every number is in shortest form.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, Number
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.scoring.evaluate import Code, State, Status

# Only the published schema says these bounds and patterns, no decoder: a published document with another number in it
# must be read, so that scoring it anew can show which figure is wrong.
Figure: TypeAlias = Annotated[int | float, Meta(extra_json_schema={"type": "number"})]
"""A number in shortest form."""
Points: TypeAlias = Annotated[Figure, Meta(extra_json_schema={"minimum": 0, "maximum": 100})]
"""Points of 100, a multiple of 10^-decimals of the methodology."""
Gain: TypeAlias = Annotated[Figure, Meta(extra_json_schema={"minimum": -100, "maximum": 100})]
"""A difference between two scores, in points."""
Share: TypeAlias = Annotated[Figure, Meta(extra_json_schema={"minimum": 0, "maximum": 1})]
Coverage: TypeAlias = Annotated[Share, Meta(description="Effective weight known over effective weight scored.")]
Digest: TypeAlias = Annotated[str, Meta(extra_json_schema={"pattern": "^sha256:[0-9a-f]{64}$"})]

COVERAGE_DECIMALS = 4

StepKind = Literal["improve", "evidence", "report", "correct", "unlock", "act"]
"""improve: move the fact · evidence: document a self-declared answer · report: send an answer · correct: repair a
contradiction · unlock: lift the zero rule · act: no single fact leads to the next goalpost."""


# Without `gc=False` the collector walks the hundreds of parts of each score, which takes 4 % of scoring it; a score is
# a tree, so that counting references frees all of it.
class Canonical(Struct, frozen=True, kw_only=True, gc=False):
    """Base of the parts of the canonical result.

    A part is keyword-only where its narrated form has a name after the first member (see `engine.narration.narrated`).
    """


class MethodologyReference(Canonical, frozen=True):
    """The version that scored, and the digest of its document."""

    version: str
    digest: Digest


class PassedGoalpost(Canonical, frozen=True):
    """A goalpost beside the raw value: x and the points that it gives."""

    x: Figure
    score: Figure


class Parameters(Canonical, frozen=True):
    """What a reason is built from.

    `facts`: the facts that decided, by name (an answer of another indicator as `D4.01.level`); `value`: the raw
    value; `between`: the goalposts around it; `uncapped`: what a capped answer would score, with the `cap` of what is
    only declared where that holds it; `level_sent`: the level that review lowered; `rules`: broken rules; `missing`:
    indicators to answer first; `fields`: profile fields that are only declared.
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
    """The reason for the score of an indicator."""

    code: Code
    parameters: Parameters


class NextStep(Canonical, frozen=True):
    """The next step for an indicator.

    `change`: the facts after an improvement, in their own unit; `gain`: index points gained, by rescoring, null if
    that depends on future answers; `gain_max`: index points up to full marks; `evidence`: the step needs evidence;
    `cap`: the score without evidence, if that limits it; `requires`: rules that the change would break unless other
    facts follow.
    """

    kind: StepKind
    change: dict[str, FactValue]
    gain: Gain | None
    gain_max: Gain | None
    evidence: bool
    cap: Points | None
    requires: tuple[str, ...]


class Interval(Canonical, frozen=True):
    """The sampling uncertainty of a share of `n` cases, with 95 % confidence (Wilson).

    `low` and `high`: of the share; `index_low` and `index_high`: of the index at these shares.
    """

    n: Annotated[int, Meta(extra_json_schema={"minimum": 1})]
    low: Share
    high: Share
    index_low: Points | None
    index_high: Points | None


class IndicatorScore(Canonical, frozen=True, kw_only=True):
    """An indicator: score, weight in its group, displayed points of the index.

    Score and points are null if it has no score; `possible` and `won` also below a group whose losses are split by
    Shapley values.
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
    """A dimension, or a group below one: score, its maximum with every unknown at its best, coverage 0 to 1.

    Null if it is not rated, or has no score. `groups` and `indicators` are those directly below it.
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
    """A failing gate of the next level: actual value, required value, gap."""

    gate: str
    there: Figure | bool | str | None
    asked: Figure | bool | str | None
    distance: Figure | None


class LevelReached(Canonical, frozen=True, kw_only=True):
    """The level; null without a rateable index or with insufficient evidence. `max_level`: the cap set by review."""

    number: int | None
    provisional: bool
    max_level: int | None
    blocked_by: tuple[BlockingGate, ...]


class MainReason(Canonical, frozen=True):
    """One of the largest losses, in displayed points of the index."""

    indicator: str
    lost: Points


class Finding(Canonical, frozen=True):
    """A rule that does not hold.

    `code`: contradicted, or unsupported if only absent answers are to blame (`missing`); `indicators`: the
    contradicted ones; `facts`: those that the rule read.
    """

    rule: str
    severity: Literal["error", "warning"]
    code: Literal["contradicted", "unsupported"]
    indicators: tuple[str, ...]
    missing: tuple[str, ...]
    facts: dict[str, FactValue | str | None]


class Score(Canonical, frozen=True):
    """The score of one submission with explanation and findings; `indicators` are those directly below the root."""

    methodology: MethodologyReference
    index: Points | None
    index_max: Points | None
    index_geometric: Points | None
    coverage: Coverage | None
    status: Status
    level: LevelReached
    main_reasons: tuple[MainReason, ...]
    findings: tuple[Finding, ...]
    dimensions: tuple[DimensionScore, ...]
    indicators: tuple[IndicatorScore, ...]
    input_digest: Digest


def to_figure(value: Number) -> Figure:
    """Return an exact number as JSON has it: an int if integral, else the nearest double."""
    return value if type(value) is int else to_quotient(value.numerator, value.denominator)


def to_quotient(n: int, d: int) -> Figure:
    """Return n / d (d > 0) as JSON has it."""
    return n / d if n % d else n // d


def to_points(units: int | None, unit: int) -> Figure | None:
    """Return a score in units as points, as JSON has it."""
    if units is None:
        return None
    return units / unit if units % unit else units // unit


def round_figure(value: Number, decimals: int = DECIMALS_OF_NUMBERS) -> Figure:
    """Round a number half up to some decimals."""
    return round_quotient(value.numerator, value.denominator, decimals)


def round_quotient(n: int, d: int, decimals: int = DECIMALS_OF_NUMBERS) -> Figure:
    """Round n / d (d > 0) half up to some decimals."""
    scale: int = 10**decimals
    return to_quotient((2 * n * scale + d) // (2 * d), scale)
