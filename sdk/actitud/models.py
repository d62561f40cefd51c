"""The structs that the service's responses are decoded into. All are frozen.

Decoding is tolerant, so that an older client can read the responses of a newer service: unknown members are ignored,
ranges are not checked, and enumerations, which are closed for type checkers, accept any string at run time. Points and
scores are multiples of 0.01 in methodology 2027.1. ``None`` means that the value does not exist; it never means 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    NotRequired,
    TypeAlias,
    TypedDict,
    TypeVar,
    get_origin,
)

import msgspec

from actitud._html import DASH, Words, render_facts, render_list, render_paragraph, render_table
from actitud._model import Model, Node, Nodes, Shown, Tabular
from actitud._problem import Problem
from actitud.bodies import Answers, HypotheticalFacts, Profile

__all__ = [
    "AccessKey",
    "Agreement",
    "AnswerMember",
    "AnswerSource",
    "AnswerVerdicts",
    "Assessment",
    "AssessmentAnswer",
    "AssessmentAnswers",
    "AssessmentFilter",
    "AssessmentFinding",
    "AssessmentLine",
    "AssessorVerdict",
    "BlockingGate",
    "Calendar",
    "ChangeParts",
    "Changes",
    "Checkpoint",
    "CompensatedScore",
    "Compensation",
    "Contact",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryProblem",
    "DeliveryState",
    "Delta",
    "Difference",
    "DimensionId",
    "DimensionScore",
    "DimensionStatistics",
    "Edition",
    "EditionAudit",
    "EditionScore",
    "EditionStatistics",
    "EditionSummary",
    "Estimate",
    "EventType",
    "Evidence",
    "EvidenceLike",
    "Exemplar",
    "Fact",
    "FactValue",
    "Finding",
    "FiveNumberSummary",
    "Flag",
    "FlaggingResult",
    "FormerName",
    "Goalpost",
    "GoalpostMove",
    "GoalpostStatistics",
    "GroupChange",
    "GroupDelta",
    "GroupDifferences",
    "GroupStatistics",
    "HistogramBin",
    "IndexStatistics",
    "IndicatorChange",
    "IndicatorDelta",
    "IndicatorDifference",
    "IndicatorScore",
    "IndicatorStatistics",
    "Interval",
    "Job",
    "JobItem",
    "JobState",
    "JsonValue",
    "LedgerActor",
    "LedgerEntry",
    "LedgerOpening",
    "LevelCount",
    "LevelDetails",
    "LevelPath",
    "LevelProbability",
    "LevelSensitivity",
    "MainReason",
    "Methodology",
    "MethodologyRef",
    "MethodologySummary",
    "Move",
    "NewAccessKey",
    "NextStep",
    "NodeStatistics",
    "Organisation",
    "OrganisationKind",
    "PairAgreement",
    "PastScore",
    "PeerDimension",
    "PeerFigure",
    "PeerGroup",
    "Peers",
    "Percentiles",
    "PillarScore",
    "Practice",
    "PrincipalComponent",
    "ProvinceCode",
    "Publication",
    "PublicationApproval",
    "PublicationLinks",
    "PublishedCorrection",
    "PublishedEvidence",
    "RankPercentiles",
    "Reason",
    "ReasonParameters",
    "RegionCode",
    "Remark",
    "Reply",
    "ReportReceipt",
    "Review",
    "ReviewRemark",
    "ReviewReply",
    "ReviewVerdict",
    "RobustScore",
    "Sample",
    "Score",
    "ScoreFacts",
    "ScoreMoments",
    "ScoreReview",
    "ScoreRow",
    "ScoreSort",
    "ScoreStatus",
    "Signature",
    "SignedWebhook",
    "SigningKey",
    "SizeBand",
    "SourceSensitivity",
    "Span",
    "StagedScores",
    "StatusCount",
    "Submission",
    "SubmissionLine",
    "Suggestion",
    "SuggestionDecision",
    "SuggestionKind",
    "SuggestionState",
    "Transition",
    "Unreachable",
    "VerdictSummary",
    "VersionEffects",
    "Versioned",
    "Webhook",
    "WebhookState",
    "WhatIf",
    "WorkbookFault",
    "WorkbookReading",
]

if TYPE_CHECKING:
    from actitud.frames import Cell

    JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
else:
    # msgspec reads `object` as "any JSON"; it cannot resolve an alias that names itself.
    JsonValue = object

T = TypeVar("T")
N = TypeVar("N", bound=Node)

if TYPE_CHECKING:
    NodeTuple: TypeAlias = Nodes[N]
    OrNull: TypeAlias = T
    ProfileMembers: TypeAlias = Profile
else:
    ProfileMembers = dict[str, str | int | float | bool | None]
    """A profile as the service returns it, whatever fields a newer methodology has."""

    NodeTuple = tuple[T, ...]
    """A tuple, which the model makes :class:`Nodes` of."""

    OrNull = T | None
    """The type of a member that is null in JSON, and never ``None`` in the model."""

Fact: TypeAlias = bool | int | float | str | Sequence[str]
EvidenceLike: TypeAlias = "Evidence | Mapping[str, str | date | None]"
"""An :class:`Evidence`, or a mapping with the same members."""
SourceLike: TypeAlias = "AnswerSource | Mapping[str, str | None]"
"""An :class:`AnswerSource`, or a mapping with the same members."""

if TYPE_CHECKING:
    AnswerMember: TypeAlias = "bool | int | float | str | Sequence[str] | Sequence[EvidenceLike] | SourceLike | None"
else:
    # A union of two kinds of list is more than msgspec tells apart.
    AnswerMember = object

AssessmentAnswer: TypeAlias = "Mapping[str, AnswerMember]"
"""The facts of one indicator, together with its ``evidence`` and its ``note``."""

AssessmentAnswers: TypeAlias = "Mapping[str, AssessmentAnswer | None]"
"""Answers by indicator id.

``None`` in a change withdraws the answer that was sent before; in a complete assessment it says that the answer
is unknown.
"""

OrganisationKind: TypeAlias = Literal["MUN", "PRO", "SUP", "REG", "MIN", "AGE", "UNI", "EMP", "CTL"]
ProvinceCode: TypeAlias = Literal[
    "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
    "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "36", "37", "38",
    "39", "40", "41", "42", "43", "44", "45", "46", "47", "48", "49", "50", "51", "52",
]  # fmt: skip
"""The INE code of a province: ``"46"`` is Valencia."""
RegionCode: TypeAlias = Literal[
    "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
]  # fmt: skip
"""The INE code of an autonomous community or city."""
SizeBand: TypeAlias = Literal["P1", "P2", "P3", "P4", "P5", "E1", "E2", "E3", "E4", "E5"]
"""A size band: by inhabitants (``P1`` to ``P5``) or by employees (``E1`` to ``E5``)."""
DimensionId: TypeAlias = Literal["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "D10"]
ScoreSort: TypeAlias = Literal[
    "rank", "-rank", "organisation", "-organisation", "organisation_name", "-organisation_name", "population",
    "-population", "index_max", "-index_max", "coverage", "-coverage", "D1", "-D1", "D2", "-D2", "D3", "-D3", "D4",
    "-D4", "D5", "-D5", "D6", "-D6", "D7", "-D7", "D8", "-D8", "D9", "-D9", "D10", "-D10",
]  # fmt: skip
"""The figure that a ranking is sorted by; a leading ``-`` reverses the order."""
ScoreStatus: TypeAlias = Literal["complete", "sufficient", "insufficient_evidence", "not_rateable"]
IndicatorState: TypeAlias = Literal["observed", "not_applicable", "unknown"]
SuggestionKind: TypeAlias = Literal["error", "indicator"]
SuggestionState: TypeAlias = Literal["undecided", "accepted", "rejected", "deferred"]
JobState: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
SourceKind: TypeAlias = Literal["counted", "register", "declared", "previous_edition"]
AssessmentState: TypeAlias = Literal["draft", "submitted", "under_review", "hearing", "returned", "final"]
Phase: TypeAlias = Literal["submission", "review", "hearing"]
Verdict: TypeAlias = Literal["accepted", "rejected", "insufficient", "stale", "capped"]
FlagKind: TypeAlias = Literal["outlier", "growth", "document_reused", "document_shared"]
EditionState: TypeAlias = Literal["open", "in_review", "published"]
Role: TypeAlias = Literal[
    "organisation_reader", "organisation_editor", "assessor", "publisher", "registrar", "administrator"
]
KeyState: TypeAlias = Literal["valid", "expired", "revoked", "unrecognised"]
EventType: TypeAlias = Literal["edition.published", "score.corrected", "assessment.transitioned"]
WebhookState: TypeAlias = Literal["active", "paused", "gone", "failing", "ended"]
DeliveryState: TypeAlias = Literal["pending", "delivered", "failed"]
DeliveryProblem: TypeAlias = Literal["address", "name", "connection", "certificate", "timeout", "response", "status"]
MethodologyStatus: TypeAlias = Literal["draft", "active", "retired"]
Severity: TypeAlias = Literal["error", "warning"]
FindingCode: TypeAlias = Literal["contradicted", "unsupported", "evidence"]
MoveKind: TypeAlias = Literal["improve", "evidence", "report"]
Obstacle: TypeAlias = Literal[
    "profile_first", "profile", "review", "not_applicable", "zero_by_rule", "contradicted", "unanswered", "exhausted"
]
Stage: TypeAlias = Literal["before", "methodology", "coverage", "after"]
PeerBasis: TypeAlias = Literal["kind_and_band", "kind", "band_scale", "all"]
RemarkCode: TypeAlias = Literal[
    "negative_correlation", "weak_correlation", "high_correlation", "low_alpha", "uneven_weight"
]
StepKind: TypeAlias = Literal["improve", "evidence", "report", "correct", "unlock", "act"]
FactValue: TypeAlias = float | bool | str | tuple[str, ...]
"""A fact as the service returns it. A checklist is a tuple of component ids."""
ReasonCode: TypeAlias = Literal[
    "full",
    "partial",
    "zero",
    "zero_by_rule",
    "capped",
    "contradicted",
    "unsupported",
    "unknown",
    "withdrawn",
    "rejected",
    "stale",
    "not_applicable",
]

if not TYPE_CHECKING:
    # Closed for type checkers, which find slips by it; open at run time, for what a newer service sends.
    for _name, _alias in list(globals().items()):
        if get_origin(_alias) is Literal:
            globals()[_name] = _alias | str


class ScoreFacts(TypedDict):
    """Facts of one organisation, as keyword arguments of ``scores.create``.

    - ``profile``: profile of the organisation. ``answers``: facts by indicator id; a missing indicator is unknown.
    - ``methodology``: version that scores the facts, by default the one passed to ``scores.create_many``.
    - ``profile_self_declared``: names of profile fields without evidence, by default none.
    - ``what_if``: hypothetical facts, whose score is computed too.
    """

    profile: Profile
    answers: Answers
    methodology: NotRequired[str]
    profile_self_declared: NotRequired[Sequence[str]]
    what_if: NotRequired[HypotheticalFacts]


class AssessmentFilter(TypedDict, total=False):
    """Conditions that select the assessments for a batch of transitions: ``{"province": "28"}``.

    - ``state``: only assessments in this state.
    - ``q``: words of the organisation's names, id, aliases, province or region.
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes.
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    """

    state: AssessmentState
    q: str
    kind: OrganisationKind
    region: RegionCode
    province: ProvinceCode
    band: SizeBand
    parent: str


_set_member = msgspec.structs.force_setattr
_NO_GROUPS: Nodes[DimensionScore] = Nodes()


class Listing(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list: its items and the URL of the next page, ``None`` on the last page.

    ``total``: number of items of all pages, ``None`` if the request did not ask to count them.
    """

    items: tuple[T, ...]
    next: str | None
    total: int | None = None


class Versioned(Model, frozen=True, kw_only=True):
    """Base class of resources that can be changed.

    ``etag`` identifies the version that was read; pass it as ``if_match`` when you change the resource. In items of
    lists ``etag`` is ``None``.
    """

    etag: str | None = None


class MethodologyRef(Model, frozen=True, kw_only=True):
    """Methodology with which a score was computed: its version, and the ``sha256:`` digest of its document."""

    version: str
    digest: str


class MethodologySummary(Model, frozen=True, kw_only=True):
    """Methodology version in the list of versions.

    Attributes:
        version: Its name, such as ``2027.1``.
        status: Draft, active or retired.
        standing: ``provisional`` if it only estimates the index of another version and has no ranking.
        digest: Digest of the document without its texts.
        decimals: Decimal places of every score (0 to 6).
        languages: Codes of the languages of its texts.
        title: Title in the language of the response.
    """

    version: str
    status: MethodologyStatus
    standing: Literal["full", "provisional"] = "full"
    digest: str
    decimals: int
    languages: tuple[str, ...]
    title: str


class Methodology(Model, frozen=True, kw_only=True):
    """Complete version of the methodology.

    Attributes:
        version: Its name, such as ``2027.1``.
        status: Draft, active or retired.
        digest: Digest of the document without its texts.
        text_digests: Digest of the texts in each language, by language code.
        document: Indicators, curves, rules and levels.
        texts: Texts in the requested language.
    """

    version: str
    status: MethodologyStatus
    digest: str
    text_digests: dict[str, str]
    document: dict[str, JsonValue]
    texts: dict[str, JsonValue]


class Goalpost(Model, frozen=True, kw_only=True):
    """Goalpost, a point of an indicator's scoring curve: a raw value ``x`` in the indicator's unit, and its score.

    The score is 0 to 100.
    """

    x: float
    score: float


class ReasonParameters(Model, frozen=True, kw_only=True):
    """Numbers behind the reason for the score of an indicator; ``None`` or empty if they do not concern the reason.

    Attributes:
        facts: Facts that decided the score, by name; ``None`` is an unknown fact.
        value: Raw value, in the indicator's unit.
        between: Points of the scoring curve on both sides of the raw value, or the point at it.
        cap: Highest score of an answer without evidence, if it limits the score of this answer.
        uncapped: Score that the answer would have without this limit.
        level_sent: Submitted level, if the review lowered it.
        rules: Ids of the validation rules that the answer breaks.
        missing: Ids of the unanswered indicators on which the answer depends.
        fields: Profile fields that lack evidence.
    """

    facts: dict[str, FactValue | None]
    value: float | bool | None
    between: tuple[Goalpost, ...]
    cap: float | None
    uncapped: float | None
    level_sent: int | None
    rules: tuple[str, ...]
    missing: tuple[str, ...]
    fields: tuple[str, ...]


class Reason(Model, frozen=True, kw_only=True):
    """Reason for the score of an indicator: a stable code, the numbers behind it, and a sentence."""

    code: ReasonCode
    parameters: ReasonParameters
    text: str


class NextStep(Model, frozen=True, kw_only=True):
    """Smallest change of one indicator that raises its score to the next better value.

    Attributes:
        kind: Action, such as ``report`` (answer) or ``evidence`` (bring a document).
        change: Facts to change, with their new values; empty if the step names none.
        gain: Index points that the change adds; ``None`` if the gain depends on an answer that is not known yet, or if
            there is no index before or after the change.
        gain_max: Index points that the best score of the indicator would add; ``None`` if there is no index now or with
            that score.
        needs_evidence: True if the change needs evidence.
        cap: Score after the change if the needed evidence is missing, ``None`` if that score is not lower.
        requires: Ids of validation rules that the change breaks unless other facts change too.
        text: The change in words.
    """

    kind: StepKind
    change: dict[str, FactValue]
    gain: float | None
    gain_max: float | None
    needs_evidence: bool
    cap: float | None
    requires: tuple[str, ...]
    text: str


class Interval(Model, frozen=True, kw_only=True):
    """95 % confidence interval (Wilson) of a proportion estimated from a sample of ``n`` cases.

    Attributes:
        lower, upper: Bounds of the proportion, 0 to 1.
        index_lower, index_upper: Lowest and highest index for a proportion within these bounds, ``None`` if there is no
            index.
    """

    n: int
    lower: float
    upper: float
    index_lower: float | None
    index_upper: float | None
    text: str


class IndicatorScore(Model, frozen=True, kw_only=True):
    """Score of one indicator within a :class:`Score`.

    Attributes:
        id: Id of the indicator, such as ``D1.07``.
        name: Its name in the language of the response.
        state: ``observed``, ``unknown`` or ``not_applicable``.
        value: Raw value in the indicator's unit; ``None`` if there is none, for example without an answer.
        score: 0 to 100, ``None`` if the indicator is not scored.
        weight: Weight as an integer, relative to the other indicators of its group.
        possible, won, lost: Index points that the indicator can add, adds and does not add; ``won + lost = possible``.
            They are ``None`` if the indicator does not count for the index. In a group that is neither an arithmetic
            mean nor a sum, ``possible`` and ``won`` cannot be computed and are ``None``.
        interval: Sampling error of a proportion, ``None`` for any other indicator.
        reason: Reason for the score.
        next_step: Smallest change that raises the score, ``None`` if there is none.
    """

    id: str
    name: str
    state: IndicatorState
    value: float | bool | None
    score: float | None
    weight: int
    possible: float | None
    won: float | None
    lost: float | None
    interval: Interval | None
    reason: Reason
    next_step: NextStep | None


class DimensionScore(Shown, frozen=True, kw_only=True):
    """Score of a dimension, or of a group of indicators inside a dimension.

    Its figures are ``None`` if the dimension has no score.

    Attributes:
        id: Id, such as ``D1``.
        name: Its name in the language of the response.
        score: 0 to 100.
        score_max: Score if every unknown answer had the best value.
        weight: Integer, relative to the weights of the other dimensions or groups.
        coverage: Share of the weight with known answers, 0 to 1.
        possible, won, lost: Index points that the group can add, adds and does not add.
        groups, own_indicators: Scores of the groups and indicators directly below it.
    """

    id: str
    name: str
    score: float | None
    score_max: float | None
    weight: int
    coverage: float | None
    possible: float | None
    won: float | None
    lost: float | None
    groups: NodeTuple[DimensionScore]
    own_indicators: tuple[IndicatorScore, ...] = msgspec.field(name="indicators")

    def __post_init__(self) -> None:
        # Ten times in each score, and seldom with groups: this takes half the time of making new ones.
        _set_member(self, "groups", Nodes(self.groups) if self.groups else _NO_GROUPS)

    @property
    def indicators(self) -> Nodes[IndicatorScore]:
        """Scores of all indicators of the dimension, to be found by id: ``indicators["D1.07"]``.

        The indicators of its groups come first, then its own.
        """
        return _collect(self.groups, self.own_indicators)

    def _set_language(self, language: str) -> None:
        super()._set_language(language)
        for group in self.groups:
            group._set_language(language)

    def _repr_html_(self) -> str:
        words = Words(self._language)
        heads = ("", "", words("Puntuación", "Score"), words("Perdido", "Lost"), words("Motivo", "Reason"))
        rows = (
            (
                indicator.id,
                indicator.name,
                words.figure(indicator.score),
                words.figure(indicator.lost),
                indicator.reason.text,
                "" if indicator.next_step is None else indicator.next_step.text,
            )
            for indicator in self.indicators
        )
        facts = render_facts(f"{self.id} {self.name}", [(words("Puntuación", "Score"), words.figure(self.score))])
        return facts + render_table((*heads, words("Siguiente paso", "Next step")), rows, numbers=(2, 3))


class BlockingGate(Model, frozen=True, kw_only=True):
    """Condition (gate) of the next level that is not met.

    Attributes:
        gate: Id of the condition.
        actual: Actual value, ``None`` if it does not exist or is not known.
        required: Required value.
        distance: Absolute difference of the two values, ``None`` if they are no numbers.
        text: The condition in words.
    """

    gate: str
    actual: float | bool | str | None
    required: float | bool | str | None
    distance: float | None
    text: str


class LevelDetails(Model, frozen=True, kw_only=True):
    """Details of the level of a score: its name, and the obstacles to the next level.

    Attributes:
        name: Name of the level, ``None`` without a level.
        provisional: True until the review has checked a condition of the level.
        max_level: Highest level that the review allows, ``None`` for no limit.
        blocked_by: Unmet conditions of the next level.
        text: Explanation of ``max_level`` if nothing else prevents the next level, else ``None``.
    """

    name: str | None
    provisional: bool
    max_level: int | None
    blocked_by: tuple[BlockingGate, ...]
    text: str | None


class MainReason(Model, frozen=True, kw_only=True):
    """Indicator that is a main reason for the index: one of the up to four that lose the most index points.

    ``lost``: the points that it loses.
    """

    indicator: str
    lost: float
    text: str


class Finding(Model, frozen=True, kw_only=True):
    """Validation rule that the answers break. If its severity is ``error``, its ``indicators`` score 0.

    Attributes:
        rule: Id of the rule.
        severity: ``error``, or ``warning``, which changes no score.
        code: ``contradicted``, or ``unsupported`` if the only cause is a missing answer.
        indicators: Ids of the indicators concerned.
        missing: Ids of the unanswered indicators, if the code is ``unsupported``; answering them may satisfy the rule.
        facts: Facts that the rule compared, ``None`` if unknown.
        text: The finding in words.
    """

    rule: str
    severity: Severity
    code: FindingCode
    indicators: tuple[str, ...]
    missing: tuple[str, ...]
    facts: dict[str, FactValue | None]
    text: str


class PillarScore(Model, frozen=True, kw_only=True):
    """Score of a pillar: the weighted mean of some indicators, shown beside the index and without a ranking.

    ``score`` and ``score_max`` are 0 to 100, ``None`` if no indicator of the pillar counts; ``score_max`` is the score
    if every unknown answer had the best value. ``share``: share of all possible index points that its indicators have,
    0 to 1.
    """

    id: str
    name: str
    score: float | None
    score_max: float | None
    share: float
    text: str


class Estimate(Model, frozen=True, kw_only=True):
    """Estimate of the index under another methodology version, ``of``, in whole points.

    With the probability ``confidence``, 0 to 1, the index under that version lies between ``lower`` and ``upper``.
    """

    of: str
    index: float
    lower: float
    upper: float
    confidence: float
    text: str


class Score(Tabular, Shown, frozen=True, kw_only=True, omit_defaults=True):
    """Index of one organisation with its complete explanation.

    Attributes:
        index: 0 to 100, ``None`` if there is no index.
        index_geometric: Index with the geometric mean of the dimensions, for comparison; ``None`` if the methodology
            has none.
        index_max: Index if every unknown answer had the best value, ``None`` if there is none.
        coverage: Share of the weight with known answers, 0 to 1, four decimals; ``None`` if no indicator counts.
        status: Tells if the answers are enough for a level.
        level: From 1 to 5, ``None`` if there is no index or too little evidence, or if the lowest level is not reached.
        level_details: Name of the level, and the obstacles to the next level.
        main_reasons: Indicators that lose most points.
        findings: Rules that the answers break.
        dimensions: Scores of the dimensions.
        own_indicators: Scores of the indicators outside any dimension.
        methodology: Methodology version that computed the score.
        input_digest, result_digest: Digests of the submission and of the result.
        what_if: Score with the hypothetical facts of the request, ``None`` without such facts.
        pillars: Figures beside the index, empty if the methodology has none.
        standing: ``provisional`` if the methodology only estimates the index of another version, so that no score is
            ranked; else ``None``.
        estimate: Index to expect under that other version, ``None`` if too little is known.
    """

    index: float | None
    index_geometric: float | None
    index_max: float | None
    coverage: float | None
    status: ScoreStatus
    level: int | None
    level_details: LevelDetails
    main_reasons: tuple[MainReason, ...]
    findings: tuple[Finding, ...]
    dimensions: NodeTuple[DimensionScore]
    own_indicators: tuple[IndicatorScore, ...] = msgspec.field(name="indicators")
    methodology: MethodologyRef
    input_digest: str
    result_digest: str
    what_if: WhatIf | None = None
    pillars: tuple[PillarScore, ...] = ()
    standing: Literal["provisional"] | None = None
    estimate: Estimate | None = None

    def __post_init__(self) -> None:
        _index(self, "dimensions")

    @property
    def indicators(self) -> Nodes[IndicatorScore]:
        """Scores of all indicators in the order of the methodology, to be found by id: ``indicators["D1.07"]``."""
        return _collect(self.dimensions, self.own_indicators)

    @property
    def error_findings(self) -> tuple[Finding, ...]:
        """Findings of severity ``error``. An assessment with such a finding cannot be submitted."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def _list_rows(self) -> Iterator[Mapping[str, Cell]]:
        """Yield the rows of a data frame, each as its values by column: one for each indicator."""
        within = [(dimension.id, indicator) for dimension in self.dimensions for indicator in dimension.indicators]
        for dimension, indicator in [*within, *((None, indicator) for indicator in self.own_indicators)]:
            yield {
                "dimension": dimension,
                "indicator": indicator.id,
                "state": indicator.state,
                "reason": indicator.reason.code,
                "value": indicator.value,
                "score": indicator.score,
                "weight": indicator.weight,
                "possible": indicator.possible,
                "won": indicator.won,
                "lost": indicator.lost,
                "methodology": self.methodology.version,
            }

    def _set_language(self, language: str) -> None:
        super()._set_language(language)
        for dimension in self.dimensions:
            dimension._set_language(language)
        if self.what_if is not None:
            self.what_if.score._set_language(language)

    def _repr_html_(self) -> str:
        words, details = Words(self._language), self.level_details
        facts = [
            (words("Índice", "Index"), words.figure(self.index)),
            (words("Nivel", "Level"), DASH if self.level is None else f"{self.level} · {details.name}"),
            (words("Cobertura", "Coverage"), words.share(self.coverage)),
            (words("Metodología", "Methodology"), self.methodology.version),
        ]
        heads = (words("Puntuación", "Score"), words("Posible", "Possible"), words("Ganado", "Won"))
        rows = (
            (
                dimension.id,
                dimension.name,
                *map(words.figure, (dimension.score, dimension.possible, dimension.won, dimension.lost)),
            )
            for dimension in self.dimensions
        )
        costs, blocks = (
            words("Lo que más resta", "What costs the most"),
            words("Para el nivel siguiente", "For the next level"),
        )
        return "".join(
            [
                render_facts(self._caption(words), facts),
                "" if self.estimate is None else render_paragraph(self.estimate.text),
                render_list(words("Junto al índice", "Beside the index"), [pillar.text for pillar in self.pillars]),
                render_list(costs, [reason.text for reason in self.main_reasons]),
                render_list(blocks, [gate.text for gate in details.blocked_by]),
                render_table(("", "", *heads, words("Perdido", "Lost")), rows, numbers=(2, 3, 4, 5)),
            ]
        )

    def _caption(self, words: Words) -> str:
        return words("Puntuación", "Score")


class Delta(Model, frozen=True, kw_only=True):
    """Figure before and after a change. ``difference`` is ``None`` if the figure is ``None`` before or after."""

    before: float | None
    after: float | None
    difference: float | None


class GroupDelta(Model, frozen=True, kw_only=True):
    """Difference between two scores of an organisation in a dimension or a group.

    ``score``: score of the group, 0 to 100. ``lost``: index points that the group loses.
    """

    id: str
    name: str
    score: Delta
    lost: Delta
    text: str


class IndicatorDelta(Model, frozen=True, kw_only=True):
    """Difference between two scores of an organisation in one indicator.

    ``code_before`` and ``code_after``: codes of the reasons for the scores. ``score``: score of the indicator.
    ``lost``: index points that the indicator loses.
    """

    id: str
    name: str
    code_before: ReasonCode
    code_after: ReasonCode
    score: Delta
    lost: Delta
    text: str


class Difference(Model, frozen=True, kw_only=True):
    """Difference between two scores of the same organisation.

    Attributes:
        index, index_max, coverage: Value in both scores, and the difference.
        status_before, status_after: Status in the first and in the second score.
        level_before, level_after: Level in the first and in the second score, ``None`` without a level.
        groups: Differences of every dimension and group.
        indicators: Differences of the indicators that differ.
        appeared: Findings that only the second score has.
        vanished: Findings that only the first score has.
        text: The difference in words.
    """

    index: Delta
    index_max: Delta
    coverage: Delta
    status_before: ScoreStatus
    status_after: ScoreStatus
    level_before: int | None
    level_after: int | None
    groups: NodeTuple[GroupDelta]
    indicators: NodeTuple[IndicatorDelta]
    appeared: tuple[Finding, ...]
    vanished: tuple[Finding, ...]
    text: str

    def __post_init__(self) -> None:
        _index(self, "groups", "indicators")


class WhatIf(Model, frozen=True, kw_only=True):
    """Score with the hypothetical facts of a request, and its difference from the score with the real facts."""

    score: Score
    difference: Difference


class ReviewVerdict(Model, frozen=True, kw_only=True):
    """Latest verdict on the answer to an indicator: the verdict that affects the score.

    Attributes:
        indicator: Id of the indicator.
        verdict: Decision of the assessor, such as ``accepted`` or ``capped``.
        level: Level that a ``capped`` verdict allows, ``None`` for other verdicts.
        reason: Reason of the assessor; ``None`` only for ``accepted``.
        rule: Id of the manually checked rule that the answer breaks, ``None`` if the verdict names none.
        at: Time of the verdict.
    """

    indicator: str
    verdict: Verdict
    level: int | None
    reason: str | None
    rule: str | None
    at: datetime


class ReviewRemark(Model, frozen=True, kw_only=True):
    """Overall review of an assessment, without the facts that only assessors set.

    ``max_level``: the highest level that the review allows, ``None`` for no limit. ``reason``: text of the review.
    """

    max_level: int | None
    reason: str
    at: datetime


class ReviewReply(Model, frozen=True, kw_only=True):
    """Reply of the organisation to the verdict on one indicator.

    ``evidence``: the documents sent with the reply, empty once the edition is published. ``at``: time at which the
    reply was last written.
    """

    indicator: str
    text: str
    evidence: tuple[Evidence, ...]
    at: datetime


class ScoreReview(Model, frozen=True, kw_only=True):
    """Outcome of the review of an assessment. ``result_digest`` does not cover this part of a score.

    ``overall``: the overall review, ``None`` if there is none.
    """

    state: AssessmentState
    overall: ReviewRemark | None
    verdicts: tuple[ReviewVerdict, ...]
    replies: tuple[ReviewReply, ...]


class Reply(Versioned, frozen=True, kw_only=True):
    """Reply of the organisation to the verdicts on one indicator, sent during the hearing."""

    edition: str
    organisation: str
    indicator: str
    text: str
    evidence: tuple[Evidence, ...]
    created: datetime
    updated: datetime


class EditionScore(Score, frozen=True, kw_only=True):
    """Explained score of one organisation in an edition.

    Attributes:
        rank: Rank from 1, by level, then by index; equal ones share the better rank; ``None`` if unranked.
        simulated: True if the data are invented for demonstration.
        document: Digest of the signed document of a published score, for ``client.published.get``; ``None`` before
            publication.
        review: State of the assessment, the overall review, the verdicts and the organisation's replies.
    """

    edition: str
    organisation: str
    organisation_name: str
    rank: int | None
    simulated: bool
    document: str | None
    review: ScoreReview

    def _list_rows(self) -> Iterator[Mapping[str, Cell]]:
        verdicts = {verdict.indicator: verdict for verdict in reversed(self.review.verdicts)}
        replies = {reply.indicator: reply.text for reply in reversed(self.review.replies)}
        for row in super()._list_rows():
            indicator = str(row["indicator"])
            verdict = verdicts.get(indicator)
            yield {
                "edition": self.edition,
                "organisation": self.organisation,
                "organisation_name": self.organisation_name,
                **row,
                "simulated": self.simulated,
                "verdict": None if verdict is None else verdict.verdict,
                "verdict_reason": None if verdict is None else verdict.reason,
                "reply": replies.get(indicator),
            }

    def _caption(self, words: Words) -> str:
        rank = "" if self.rank is None else words(f", puesto {self.rank}", f", rank {self.rank}")
        simulated = words(" (datos simulados)", " (simulated data)") if self.simulated else ""
        return f"{self.organisation_name}, {self.edition}{rank}{simulated}"


class Move(Model, frozen=True, kw_only=True):
    """Move: a change of one indicator on the way to the next level.

    Attributes:
        indicator, name: Id and name of the indicator.
        kind: ``improve`` (change a fact), ``evidence`` (document a self-declared answer) or ``report`` (answer an
            unknown indicator).
        facts: Present facts, ``None`` if unknown.
        change: Facts to change, with their new values.
        profile: Profile fields that change with them, with their new values.
        needs_evidence: True if the change needs evidence.
        score_before, score: Score of the indicator before and after the move, ``None`` if it has none.
        gain: Index points that the move adds if all moves are made in order.
        index, level: Index and level of the organisation after the move.
        requires: Ids of validation rules that the move breaks unless other facts change too; the figures assume that
            these facts have changed as well.
        text: The move in words.
    """

    indicator: str
    name: str
    kind: MoveKind
    facts: dict[str, FactValue | None]
    change: dict[str, FactValue]
    profile: dict[str, float]
    needs_evidence: bool
    score_before: float | None
    score: float | None
    gain: float | None
    index: float | None
    level: int | None
    requires: tuple[str, ...]
    text: str


class Unreachable(Model, frozen=True, kw_only=True):
    """Condition (gate) of the next level that no change of answers can satisfy.

    ``gate``: the condition, ``None`` if it is the review's limit on the level. ``code``: the reason why no change
    helps. ``indicators``: ids of the indicators that could satisfy the condition after they are answered, corrected or
    made applicable.
    """

    gate: BlockingGate | None
    code: Obstacle
    indicators: tuple[str, ...]
    text: str


class LevelPath(Model, frozen=True, kw_only=True):
    """Changes that take an organisation from its level to the next level.

    Attributes:
        edition, organisation: Ids.
        organisation_name: Name of the organisation.
        simulated: True if the data are invented for demonstration.
        methodology: Methodology version.
        index, level: Present index and level, ``None`` if there is none.
        target: Next level, ``None`` if the organisation has no level or the highest one.
        moves: Changes in the order in which they can be made, which satisfy every condition except those in
            ``unreachable``; empty if there is no target or if no change helps, which ``reason`` explains.
        index_after, level_after: Index and level after the last move, ``None`` without moves.
        unreachable: Conditions of the next level that no change can satisfy.
        text: The path in words.
    """

    edition: str
    organisation: str
    organisation_name: str
    simulated: bool
    methodology: MethodologyRef
    index: float | None
    level: int | None
    target: int | None
    moves: OrNull[tuple[Move, ...]]
    index_after: float | None
    level_after: int | None
    unreachable: tuple[Unreachable, ...]
    text: str

    def __post_init__(self) -> None:
        if not self.moves:  # null in JSON
            msgspec.structs.force_setattr(self, "moves", ())

    @property
    def reason(self) -> str | None:
        """Reason why there are no moves to the next level, in words; ``None`` if there are moves."""
        if self.moves:
            return None
        return " ".join(obstacle.text for obstacle in self.unreachable) or self.text


class StagedScores(Model, frozen=True, kw_only=True):
    """Score at the four stages of a change between two editions, 0 to 100; ``None`` if a stage has no score.

    Attributes:
        before: Score in the earlier edition.
        methodology: Score of the earlier answers under the later methodology.
        coverage: Score of the earlier answers under the later methodology, without answers to indicators that are
            unknown in the later edition.
        after: Score in the later edition.
    """

    before: float | None
    methodology: float | None
    coverage: float | None
    after: float | None


class ChangeParts(Model, frozen=True, kw_only=True):
    """Points that each cause adds to the change of a score between two editions; their sum is exactly ``total``.

    ``methodology``: points because of new rules. ``coverage``: points because answers became known or unknown.
    ``data``: points because answers changed.
    """

    methodology: float
    coverage: float
    data: float
    total: float


class GroupChange(Model, frozen=True, kw_only=True):
    """Change of the score of a dimension or a group between two editions.

    ``parts``: the change divided by cause, ``None`` if one of the stages has no score.
    """

    id: str
    name: str
    score: StagedScores
    parts: ChangeParts | None
    text: str


class IndicatorChange(Model, frozen=True, kw_only=True):
    """Change of the score of an indicator between two editions.

    ``code_before`` and ``code_after``: code of the reason for the score in each edition, ``None`` if the methodology
    version of that edition lacks the indicator.
    """

    id: str
    name: str
    code_before: ReasonCode | None
    code_after: ReasonCode | None
    score: StagedScores
    text: str


class VersionEffects(Model, frozen=True, kw_only=True):
    """Effects of applying another version of the methodology to the facts of an assessment.

    Attributes:
        dropped_answers: Ids of indicators whose answers are dropped, because the other version lacks them or asks in
            another form.
        new_indicators: Ids of indicators that only the other version has; they count as unknown.
        dropped_fields: Names of profile fields that the other version lacks.
        new_fields: Names of profile fields that only the other version has.
        text: The effects in words.
    """

    dropped_answers: tuple[str, ...]
    new_indicators: tuple[str, ...]
    dropped_fields: tuple[str, ...]
    new_fields: tuple[str, ...]
    text: str


class Changes(Shown, frozen=True, kw_only=True):
    """Change of an organisation's index from ``edition_before`` to ``edition``, divided by cause.

    Attributes:
        edition_before, edition, organisation: Ids.
        organisation_name: Name of the organisation.
        simulated: True if the data are invented for demonstration.
        methodology_before, methodology_after: Methodology versions of the two editions.
        index: Index at each stage of the change.
        parts: Change of the index divided by cause, ``None`` if a stage has no index.
        unrated: Stages that have no index.
        level_before, level_after: Levels in the two editions, ``None`` without a level.
        groups: Changes of every dimension and group.
        indicators: Changes of the indicators whose score differs between stages.
        version_effects: Earlier answers that the change of methodology version drops, and indicators that it adds.
        text: The change in words.
    """

    edition_before: str
    edition: str
    organisation: str
    organisation_name: str
    simulated: bool
    methodology_before: MethodologyRef
    methodology_after: MethodologyRef
    index: StagedScores
    parts: ChangeParts | None
    unrated: tuple[Stage, ...]
    level_before: int | None
    level_after: int | None
    groups: NodeTuple[GroupChange]
    indicators: NodeTuple[IndicatorChange]
    version_effects: VersionEffects
    text: str

    def __post_init__(self) -> None:
        _index(self, "groups", "indicators")

    def _repr_html_(self) -> str:
        words, parts, index = Words(self._language), self.parts, self.index
        facts = [
            (f"{self.edition_before} → {self.edition}", f"{words.figure(index.before)} → {words.figure(index.after)}"),
            (words("Metodología", "Methodology"), words.figure(None if parts is None else parts.methodology)),
            (words("Cobertura", "Coverage"), words.figure(None if parts is None else parts.coverage)),
            (words("Datos", "Data"), words.figure(None if parts is None else parts.data)),
        ]
        rows = (
            (group.id, group.name, words.figure(group.score.before), words.figure(group.score.after), group.text)
            for group in self.groups
        )
        table = render_table(("", "", self.edition_before, self.edition, ""), rows, numbers=(2, 3))
        return render_facts(self.organisation_name, facts) + render_paragraph(self.text) + table


class ScoreRow(Model, frozen=True, kw_only=True):
    """One organisation in the ranking of an edition; a value that does not exist or is not known is ``None``.

    Attributes:
        edition: Id of the edition.
        rank: Rank from 1, by level, then by index; equal ones share the better rank; ``None`` if unranked.
        organisation, organisation_name: Id and name of the organisation.
        kind: Kind of organisation.
        province, region: INE codes.
        band: Size band.
        population: Inhabitants.
        index, index_max: Index, and index if every unknown answer had the best value, 0 to 100.
        coverage: Share of the weight with known answers, 0 to 1.
        status: Tells if the answers are enough for a level.
        level: 1 to 5.
        dimensions: Score of each dimension by id (``D1`` to ``D10``), 0 to 100.
        methodology: Methodology version.
        simulated: True if the data are invented for demonstration.
    """

    edition: str
    rank: int | None
    organisation: str
    organisation_name: str
    kind: OrganisationKind
    province: ProvinceCode | None
    region: RegionCode | None
    band: SizeBand | None
    population: int | None
    index: float | None
    index_max: float | None
    coverage: float | None
    status: ScoreStatus
    level: int | None
    dimensions: dict[str, float | None]
    methodology: str
    simulated: bool

    def _build_cells(self) -> Mapping[str, Cell]:
        return _build_file_cells(self)


class Span(Model, frozen=True):
    """Range of days that includes ``start`` and ``end`` (``from`` and ``to`` in JSON)."""

    start: date = msgspec.field(name="from")
    end: date = msgspec.field(name="to")


class Calendar(Model, frozen=True, kw_only=True):
    """Calendar of an edition: its phases, in the order in which they take place."""

    submission: Span
    review: Span
    hearing: Span
    publication: Span


class Edition(Versioned, frozen=True, kw_only=True):
    """Edition: a yearly round of the index.

    Attributes:
        id: Id, such as ``2026``.
        title: Title in the language of the response.
        methodology: Methodology version.
        state: State of the edition, such as open for answers.
        period_from, period_to: First and last day of the year that the answers describe.
        windows: Periods from which facts and documents must come, by name, such as ``W12`` for the 12 months up to
            ``period_to``.
        calendar: Days of the phases.
        organisations: Number of published scores, 0 before publication.
        simulated: True if the data are invented for demonstration.
    """

    id: str
    title: str
    methodology: str
    state: EditionState
    period_from: date
    period_to: date
    windows: dict[str, Span]
    calendar: Calendar
    simulated: bool
    organisations: int
    created: datetime
    updated: datetime


class FormerName(Model, frozen=True, kw_only=True):
    """Previous name of an organisation; ``until`` is the last day on which it was official."""

    name: str
    until: date


class Contact(Model, frozen=True, kw_only=True):
    """Contact for corrections of an organisation's entry: an e-mail address, the URL of a web page, or both.

    An unknown member is ``None``.
    """

    email: str | None = None
    url: str | None = None


class Organisation(Versioned, frozen=True, kw_only=True):
    """Public body whose activity on social networks is scored; a member that is unknown or does not apply is ``None``.

    Attributes:
        id: Id.
        name: Official name.
        kind: Kind of organisation, such as ``MUN`` for a municipality.
        parent: Id of the body to which the organisation belongs.
        population, employees: Number of inhabitants or employees.
        population_year, employees_year: Year of that number.
        band: Size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
        province, region: Codes of the Spanish statistics office (INE).
        province_name, region_name: Names of the province and region.
        aliases: Other identifiers of the organisation.
        former_names: Previous names.
        valid_from, valid_to: First and last day on which the organisation exists, if known.
        succeeded_by, preceded_by: Ids of the organisations that replaced it, and that it replaced.
        contact: Contact for corrections of these data.
        domains: Hosts on which evidence of the organisation is accepted, sub-domains included.
        simulated: True if the organisation is invented for demonstration.
    """

    id: str
    name: str
    kind: OrganisationKind
    parent: str | None
    population: int | None
    population_year: int | None
    employees: int | None
    employees_year: int | None
    band: SizeBand | None
    province: ProvinceCode | None
    province_name: str | None
    region: RegionCode | None
    region_name: str | None
    aliases: tuple[str, ...]
    former_names: tuple[FormerName, ...]
    valid_from: date | None
    valid_to: date | None
    succeeded_by: tuple[str, ...]
    preceded_by: tuple[str, ...]
    contact: Contact | None
    domains: tuple[str, ...]
    simulated: bool
    created: datetime
    updated: datetime

    def _build_cells(self) -> Mapping[str, Cell]:
        return _build_file_cells(self)


class Evidence(Model, frozen=True, kw_only=True):
    """Document that supports an answer or a profile field. The service never downloads it.

    The evidence is accepted if ``url`` (https) is on a domain of the organisation and ``date``, the date of the
    document, is not in the future. ``sha256``: hexadecimal digest of the copy that the organisation keeps, ``None`` if
    it sent none. ``note``: remark without personal data, ``None`` if there is none.
    """

    url: str
    date: date
    note: str | None = None
    sha256: str | None = None


class AnswerSource(Model, frozen=True, kw_only=True):
    """Source of an answer, as the organisation states it; the source changes no score.

    ``kind``: ``counted`` from files of platforms, from a ``register`` of the organisation, ``declared``, or from a
    ``previous_edition``. ``manifest``: digest (``sha256:…``) of the manifest of the count, if the answer was counted.
    ``edition``: id of the previous edition, if the answer comes from one.
    """

    kind: SourceKind
    manifest: str | None = None
    edition: str | None = None


class AssessmentFinding(Finding, frozen=True, kw_only=True):
    """Fault of an assessment: a broken validation rule, or a fault in a document (code ``evidence``).

    An assessment with a finding of severity ``error`` cannot be submitted; a warning can be explained. ``pointer``:
    JSON Pointer to the faulty value in the assessment.
    """

    pointer: str


class AssessmentLine(Versioned, frozen=True, kw_only=True):
    """Assessment in a list, with its main figures; a figure that does not exist is ``None``.

    Attributes:
        edition, organisation: Ids.
        organisation_name: Name of the organisation.
        methodology: Methodology version.
        state: State of the assessment, such as a draft.
        index, index_max: Index, and index if every unknown answer had the best value, 0 to 100.
        level: 1 to 5.
        status: Tells if the answers are enough for a level.
        coverage: Share of the weight with known answers, 0 to 1.
        created, updated: Times of creation and of the last change.
        submitted: Time of the last submission, ``None`` if the assessment was never submitted.
    """

    edition: str
    organisation: str
    organisation_name: str
    methodology: str
    state: AssessmentState
    index: float | None
    index_max: float | None
    level: int | None
    status: ScoreStatus
    coverage: float | None
    created: datetime
    updated: datetime
    submitted: datetime | None


class Assessment(AssessmentLine, frozen=True, kw_only=True):
    """Assessment: facts of an organisation in an edition, with their findings and their score after the last change.

    ``profile``, ``profile_evidence``, ``profile_sources`` and ``answers`` have the form of a request, so they can be
    sent again. An answer contains its facts, its ``evidence``, its ``note`` and its ``source``.
    """

    profile: ProfileMembers
    profile_evidence: dict[str, tuple[Evidence, ...]]
    profile_sources: dict[str, AnswerSource]
    answers: dict[str, dict[str, AnswerMember]]
    findings: tuple[AssessmentFinding, ...]

    @property
    def error_findings(self) -> tuple[AssessmentFinding, ...]:
        """Findings of severity ``error``. The assessment cannot be submitted while there are any."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


class SubmissionLine(Model, frozen=True, kw_only=True):
    """Submission in a list: a copy of an assessment at the time of submission, with its main figures.

    Attributes:
        id: Id of the submission.
        edition, organisation: Ids.
        methodology: Methodology version.
        submitted: Time of the submission.
        explanations: The organisation's reasons for answers that cause warnings, by rule id.
        findings: Broken rules of severity ``warning``.
        index, index_max: Index, and index if every unknown answer had the best value, 0 to 100; ``None`` without an
            index.
        level: 1 to 5, ``None`` without a level.
        status: Tells if the answers are enough for a level.
        coverage: Share of the weight with known answers, 0 to 1.
    """

    id: str
    edition: str
    organisation: str
    methodology: str
    submitted: datetime
    explanations: dict[str, str]
    findings: tuple[AssessmentFinding, ...]
    index: float | None
    index_max: float | None
    level: int | None
    status: ScoreStatus
    coverage: float | None


class Submission(SubmissionLine, frozen=True, kw_only=True):
    """Complete submission of an assessment, with the facts that were sent.

    ``profile``, ``profile_evidence``, ``profile_sources`` and ``answers`` have the form of an assessment, so they can
    be sent again.
    """

    profile: ProfileMembers
    profile_evidence: dict[str, tuple[Evidence, ...]]
    profile_sources: dict[str, AnswerSource]
    answers: dict[str, dict[str, AnswerMember]]


class Transition(Model, frozen=True, kw_only=True):
    """Change of the state of an assessment. ``id`` numbers the transitions of one assessment.

    Attributes:
        edition, organisation: Ids.
        at: Time of the transition.
        role: Role of the key that made the transition.
        before, after: States (``from`` and ``to`` in JSON), which are equal if a phase was extended.
        phase: Extended phase, ``None`` for other transitions.
        reason: Reason of a return or an extension, ``None`` for other transitions.
        until: Last day of the extended phase, or last day on which a returned assessment can be submitted again; else
            ``None``.
    """

    id: str
    edition: str
    organisation: str
    at: datetime
    role: str
    before: AssessmentState = msgspec.field(name="from")
    after: AssessmentState = msgspec.field(name="to")
    phase: Phase | None
    reason: str | None
    until: date | None


class VerdictSummary(Model, frozen=True, kw_only=True):
    """Verdict of an assessor without its reason; ``level`` is ``None`` unless the verdict is ``capped``."""

    verdict: Verdict
    level: int | None


class AssessorVerdict(Model, frozen=True, kw_only=True):
    """One assessor's verdict on an answer; ``verdict`` is ``None`` if the assessor withdrew it.

    Attributes:
        assessor: Id of the assessor's first key, which stays the same when the key is rotated.
        rule: Id of the manually checked rule that the answer breaks, ``None`` if the verdict names none.
        first_verdict: The assessor's first verdict, from which inter-rater agreement is computed.
        current: True if the answer has not changed since the verdict.
        counts: True if the verdict affects the score.
        reason: Reason of the assessor, ``None`` if none was given.
        level: Level that a ``capped`` verdict allows, ``None`` for other verdicts.
    """

    assessor: str
    verdict: Verdict | None
    level: int | None
    reason: str | None
    rule: str | None
    at: datetime
    first_verdict: VerdictSummary
    current: bool
    counts: bool


class AnswerVerdicts(Versioned, frozen=True, kw_only=True):
    """Verdicts of all assessors on the answer to one indicator, in order of time.

    ``answered``: true if there is an answer. ``effective_verdict``: the verdict that affects the score, ``None`` if no
    verdict does. ``disputed``: true if the assessors disagree; the hearing cannot begin while they do.
    """

    indicator: str
    answered: bool
    effective_verdict: VerdictSummary | None
    disputed: bool
    verdicts: tuple[AssessorVerdict, ...]


class Review(Versioned, frozen=True, kw_only=True):
    """Overall review of an assessment. Its members are ``None`` or empty until a reviewer writes it.

    Attributes:
        reason: Text of the review.
        max_level: Highest level that the assessment may reach, ``None`` for no limit.
        profile, answers: Facts that only reviewers set, not the organisation.
        reviewer: Id of the key that wrote the last version.
    """

    edition: str
    organisation: str
    methodology: str
    reason: str | None
    max_level: int | None
    profile: ProfileMembers
    answers: dict[str, dict[str, bool | int | float | tuple[str, ...]]]
    reviewer: str | None
    updated: datetime | None


class PairAgreement(Model, frozen=True, kw_only=True):
    """Inter-rater agreement of two assessors, on the answers that both judged.

    Attributes:
        first, second: Ids of the first key of each assessor, which stay the same when a key is rotated.
        pairs: Number of answers that both judged.
        agreed: Number of equal verdicts.
        share: Agreed / pairs, 0 to 1.
        kappa: Cohen's kappa, -1 to 1; ``None`` if chance alone would produce full agreement.
        too_low: True if ``share`` is below 0.8, so both must judge again.
    """

    first: str
    second: str
    pairs: int
    agreed: int
    share: float
    kappa: float | None
    too_low: bool


class Agreement(Model, frozen=True, kw_only=True):
    """Inter-rater agreement in an edition, computed from the assessors' first verdicts.

    Attributes:
        pairs: Number of times that two assessors judged the same answer.
        agreed: Number of times that their verdicts were equal.
        share: ``agreed / pairs``, 0 to 1; ``None`` if no answer was judged by two assessors.
        too_low: True if ``share`` is below 0.8, so that assessors must judge again.
        assessors: These figures for each pair of assessors.
    """

    edition: str
    pairs: int
    agreed: int
    share: float | None
    too_low: bool
    assessors: tuple[PairAgreement, ...]


class Sample(Model, frozen=True, kw_only=True):
    """Random sample of the assessments of an edition, drawn for a second review.

    Anybody can repeat the draw: sort the submitted assessments by the SHA-256 of ``seed``, a line feed and the
    organisation id, and take the first ``ceil(share * assessments)``.

    Attributes:
        seed: Text that determines the sample.
        share: Share of the assessments to draw, 0 to 1.
        seed_given: True if the caller chose the seed, false if the service did.
        created: Time of the draw.
        assessments: Number of submitted assessments.
        drawn: Number of drawn assessments.
        organisations: Ids of their organisations.

    Before publication ``assessments`` and ``drawn`` are ``None`` and ``organisations`` has only organisations of the
    caller's key, unless the key may read drafts.
    """

    edition: str
    seed: str
    share: float
    seed_given: bool
    created: datetime
    assessments: int | None
    drawn: int | None
    organisations: tuple[str, ...]


class Flag(Model, frozen=True, kw_only=True):
    """Flag: an unusual figure that a reviewer should examine. It changes no score.

    ``kind``: the kind of anomaly. ``rule``: id of the methodology's rule that found the figure. ``indicator``: ``None``
    if the figure is not about one indicator. ``facts``: the numbers behind the flag.
    """

    organisation: str
    kind: FlagKind
    rule: str
    indicator: str | None
    facts: dict[str, int | float | str]
    text: str


class FlaggingResult(Model, frozen=True, kw_only=True):
    """Result of a search for flags: number of examined assessments, and number of flags found.

    ``created``: time of the search.
    """

    edition: str
    assessments: int
    flags: int
    created: datetime


class PastScore(Model, frozen=True, kw_only=True):
    """Score of an organisation in one of its editions; a figure that does not exist is ``None``.

    Attributes:
        edition, edition_title: Id and title of the edition.
        state: State of the edition.
        period_to: Reference date of the edition.
        rank: Rank from 1, ``None`` if unranked.
        index, index_max: Index, and index if every unknown answer had the best value, 0 to 100.
        coverage: Share of the weight with known answers, 0 to 1.
        status: Tells if the answers are enough for a level.
        level: 1 to 5.
        dimensions: Score of each dimension by id.
        methodology: Methodology version of the score.
        simulated: True if the data are invented for demonstration.
        version_effects: Effects of applying the requested version of the methodology; ``None`` if the edition uses that
            version.
    """

    edition: str
    edition_title: str
    state: EditionState
    period_to: date
    rank: int | None
    index: float | None
    index_max: float | None
    coverage: float | None
    status: ScoreStatus
    level: int | None
    dimensions: dict[str, float | None]
    methodology: str
    simulated: bool
    version_effects: VersionEffects | None

    def _build_cells(self) -> Mapping[str, Cell]:
        return _build_file_cells(self)


class FiveNumberSummary(Model, frozen=True, kw_only=True):
    """Five-number summary of scores: minimum, quartiles and maximum, in the unit of the scores.

    ``q1``, ``median`` and ``q3``: the quartiles, of type 7 (linear interpolation), rounded half up.
    """

    min: float
    q1: float
    median: float
    q3: float
    max: float


class HistogramBin(Model, frozen=True, kw_only=True):
    """Bin of the histogram of the index: ``start`` <= index < ``end``. The last bin includes 100.

    ``organisations``: number of organisations in the bin.
    """

    start: int = msgspec.field(name="from")
    end: int = msgspec.field(name="to")
    organisations: int


class LevelCount(Model, frozen=True, kw_only=True):
    """Number of organisations at a level; ``level`` is ``None`` for the organisations without a level."""

    level: int | None
    organisations: int


class StatusCount(Model, frozen=True, kw_only=True):
    """Number of organisations whose score has the status ``status``."""

    status: ScoreStatus
    organisations: int


class EditionSummary(Model, frozen=True, kw_only=True):
    """Statistics of the organisations of a territory in an edition.

    Attributes:
        edition: Id of the edition.
        organisations: Number of organisations with an assessment.
        ranked: Number of organisations with a rank; only these are counted in ``index``, ``distribution`` and
            ``dimensions``.
        levels: Number of organisations at every level, then without a level.
        statuses: Number of organisations with every status.
        index: Five-number summary of the index, ``None`` if no organisation has one.
        distribution: Histogram of the index in ten bins.
        dimensions: Five-number summary of each dimension by id, ``None`` if no organisation has a score in it.
        coverage: Five-number summary of the share of the weight with known answers, 0 to 1.
        methodology: Methodology version.
        simulated: True if the data are invented for demonstration.
    """

    edition: str
    organisations: int
    ranked: int
    levels: tuple[LevelCount, ...]
    statuses: tuple[StatusCount, ...]
    index: FiveNumberSummary | None
    distribution: tuple[HistogramBin, ...]
    dimensions: dict[str, FiveNumberSummary | None]
    coverage: FiveNumberSummary | None
    methodology: str
    simulated: bool


class PeerGroup(Model, frozen=True, kw_only=True):
    """Peer group: the ranked organisations with which an organisation is compared.

    ``kinds`` and ``band``: kinds and size band of the group; ``None`` means any. ``basis``: criteria of the group, such
    as kind and size band together, or kind alone. ``organisations``: size of the group. The service chooses the
    narrowest group with the minimum size that the methodology sets.
    """

    basis: PeerBasis
    kinds: tuple[OrganisationKind, ...] | None
    band: SizeBand | None
    organisations: int


class PeerFigure(Model, frozen=True, kw_only=True):
    """Score of an organisation, in the index or in a dimension, compared with the scores of its peer group.

    Figures of the comparison are ``None`` if the organisation is not ranked.

    Attributes:
        score: 0 to 100, ``None`` if the organisation has no such score.
        rank: Rank of the organisation in the group; that of the index is by level, then by index.
        below: Number of members of the group that rank behind it.
        organisations: Number of members of the group with such a score, the organisation itself included.
        percentile: Percentile rank, 0 to 100, ``None`` also if the group is too small.
        spread: Five-number summary of the group, ``None`` if no member has such a score.
        text: The comparison in words.
    """

    score: float | None
    rank: int | None
    below: int | None
    organisations: int | None
    percentile: float | None
    spread: FiveNumberSummary | None
    text: str


class PeerDimension(PeerFigure, frozen=True, kw_only=True):
    """Score of one dimension compared with the scores of the peer group in that dimension."""

    id: str
    name: str


class Peers(Shown, frozen=True, kw_only=True):
    """Comparison of an organisation of an edition with its peer group.

    Before publication a key of the organisation gets ``None`` for ``rank``, ``group`` and all comparisons with the
    group, because they would reveal the scores of others.

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        organisation_name: Name of the organisation.
        kind: Kind of the organisation.
        band: Size band, ``None`` if unknown.
        status: Status of the score.
        rank: Rank in the whole edition, ``None`` if unranked.
        group: Peer group.
        index: Index of the organisation, with the indices of the group.
        dimensions: Score of the organisation in each dimension, with the scores of the group.
        methodology: Version under which the scores were computed.
        simulated: True if the data are invented.
        text: Sentence about the comparison.
    """

    edition: str
    organisation: str
    organisation_name: str
    kind: OrganisationKind
    band: SizeBand | None
    status: ScoreStatus
    rank: int | None
    group: PeerGroup | None
    index: PeerFigure
    dimensions: NodeTuple[PeerDimension]
    methodology: str
    simulated: bool
    text: str

    def __post_init__(self) -> None:
        _index(self, "dimensions")

    def _repr_html_(self) -> str:
        words = Words(self._language)
        heads = (words("Puntuación", "Score"), words("Puesto", "Rank"), words("Percentil", "Percentile"))
        figures = [
            ("", words("Índice", "Index"), self.index),
            *((figure.id, figure.name, figure) for figure in self.dimensions),
        ]
        rows = (
            (
                node,
                name,
                words.figure(figure.score),
                DASH if figure.rank is None else f"{figure.rank} / {figure.organisations}",
                words.figure(figure.percentile),
                *(
                    ("", "", "")
                    if (spread := figure.spread) is None
                    else map(words.figure, (spread.q1, spread.median, spread.q3))
                ),
            )
            for node, name, figure in figures
        )
        table = render_table(("", "", *heads, "Q1", words("Mediana", "Median"), "Q3"), rows, numbers=range(2, 8))
        return render_facts(self.organisation_name, []) + render_paragraph(self.text) + table


class PublishedEvidence(Model, frozen=True, kw_only=True):
    """Document that supports a published answer: its URL and its date."""

    url: str
    date: date


class Practice(Model, frozen=True, kw_only=True):
    """Answer of an exemplary organisation to an indicator, with its evidence, as an example for others.

    ``id`` and ``name``: id and name of the indicator. ``score``: its score, 0 to 100.
    """

    id: str
    name: str
    score: float
    evidence: tuple[PublishedEvidence, ...]


class Exemplar(Model, frozen=True, kw_only=True):
    """Organisation with a high score in a dimension, as an example for others, with the practices behind the score.

    Attributes:
        edition: Id of the edition.
        dimension: Id of the dimension.
        score: Score in the dimension, 0 to 100.
        organisation, organisation_name: Id and name of the organisation.
        kind: Kind of organisation.
        province, region: INE codes, ``None`` without one.
        band: Size band, ``None`` without one.
        population: Inhabitants, ``None`` if unknown.
        rank, index, level: Rank, index (0 to 100) and level of the organisation, ``None`` without one.
        practices: Answers of the organisation in that dimension that score, with their evidence.
        methodology: Methodology version.
        simulated: True if the data are invented for demonstration.
    """

    edition: str
    dimension: str
    score: float
    organisation: str
    organisation_name: str
    kind: OrganisationKind
    province: ProvinceCode | None
    region: RegionCode | None
    band: SizeBand | None
    population: int | None
    rank: int | None
    index: float | None
    level: int | None
    practices: tuple[Practice, ...]
    methodology: str
    simulated: bool


class Percentiles(Model, frozen=True, kw_only=True):
    """Percentiles (5th, 50th and 95th) of an organisation's index over random draws of the weights, 0 to 100."""

    p5: float
    p50: float
    p95: float


class RankPercentiles(Model, frozen=True, kw_only=True):
    """Percentiles (5th, 50th and 95th) of an organisation's rank over random draws of the weights; ``p5`` is best.

    Its level stays the published one.
    """

    p5: int
    p50: int
    p95: int


class LevelProbability(Model, frozen=True, kw_only=True):
    """Share of the random draws of the weights in which an organisation has exactly the level ``level``.

    ``probability`` is this share, 0 to 1.
    """

    level: int
    probability: float


class RobustScore(Model, frozen=True, kw_only=True):
    """Uncertainty of an organisation's score: results for weights and aggregation rules that are drawn at random.

    Attributes:
        edition: Id of the edition.
        organisation, organisation_name: Id and name of the organisation.
        rank, index, level: Actual result, without random draws.
        draws: Number of draws.
        seed: Seed of the random generator.
        drawn_index, drawn_rank, levels: Results of the draws. ``rank`` and ``drawn_rank`` are ``None`` if the
            organisation has no rank, or if the caller may not see ranks yet.
        methodology: Methodology version.
        simulated: True if the data are invented for demonstration.
        text: The result in words.
    """

    edition: str
    rank: int | None
    organisation: str
    organisation_name: str
    index: float | None
    level: int | None
    draws: int
    seed: int
    drawn_index: Percentiles
    drawn_rank: RankPercentiles | None
    levels: tuple[LevelProbability, ...]
    methodology: str
    simulated: bool
    text: str


class ScoreMoments(Model, frozen=True, kw_only=True):
    """Distribution of a score, 0 to 100, over the organisations that have it; undefined values are ``None``.

    Attributes:
        organisations: Number of organisations that have the score.
        mean: Mean.
        standard_deviation: Sample standard deviation.
        skewness: Adjusted Fisher-Pearson coefficient.
        floor, ceiling: Shares (0 to 1) of the organisations with the lowest and the highest possible score.
    """

    organisations: int
    mean: float | None
    standard_deviation: float | None
    skewness: float | None
    floor: float | None
    ceiling: float | None


class IndexStatistics(ScoreMoments, frozen=True, kw_only=True):
    """Statistics of the index; ``alpha`` is Cronbach's alpha over the dimensions.

    ``alpha`` is ``None`` if it is undefined.
    """

    alpha: float | None


class NodeStatistics(ScoreMoments, frozen=True, kw_only=True):
    """Statistics of a dimension or an indicator in relation to the group above it, or to the index.

    Undefined figures are ``None``.

    Attributes:
        parent: Id of the group above, ``None`` for the index.
        correlation: Correlation of the scores of the node with those of the parent, -1 to 1.
        weight: Weight of the node as a share (0 to 1) of the weights of all children of the parent.
        main_effect: Share of the parent's variance that the node explains, 0 to 1.
        effective_weight: The main effect as a share (0 to 1) of the main effects of all children of the parent.
    """

    id: str
    name: str
    parent: str | None
    correlation: float | None
    weight: float
    main_effect: float | None
    effective_weight: float | None


class DimensionStatistics(NodeStatistics, frozen=True, kw_only=True):
    """Statistics of a dimension in relation to the index; undefined figures are ``None``.

    ``alpha``: Cronbach's alpha over the indicators of the dimension. ``rank_change``: mean number of ranks by which an
    organisation rises or falls if the dimension is removed from the index.
    """

    alpha: float | None
    rank_change: float | None


class IndicatorStatistics(NodeStatistics, frozen=True, kw_only=True):
    """Statistics of an indicator in relation to the dimension or group above it.

    ``zero_by_rule``: share (0 to 1) of the organisations to whose indicator a zero rule of the methodology gives the
    score 0, whatever they answer; ``None`` if no organisation has a score.
    """

    zero_by_rule: float | None


class GoalpostMove(Model, frozen=True, kw_only=True):
    """Effect on the ranking of moving a goalpost, a point of a scoring curve, to another raw value ``x``.

    ``rank_change``: mean number of ranks by which an organisation rises or falls. ``rank_change_max``: largest such
    number.
    """

    x: float
    rank_change: float
    rank_change_max: int


class GoalpostStatistics(Model, frozen=True, kw_only=True):
    """Sensitivity of ranks to a goalpost (a point of a scoring curve) that was set by judgement.

    ``position``: index of the goalpost in the indicator's curve, from 0. ``x``: its present raw value. ``down`` and
    ``up``: the effect of lowering and of raising ``x`` by 20 %, ``None`` if the goalpost would reach the next goalpost,
    or if no organisation would have an index.
    """

    indicator: str
    position: int
    x: float
    down: GoalpostMove | None
    up: GoalpostMove | None


class Remark(Model, frozen=True, kw_only=True):
    """Warning of the statistical audit of an edition about one figure.

    ``node``: id of the dimension or indicator of the figure, ``None`` for the index. ``value``: the figure.
    """

    code: RemarkCode
    node: str | None
    value: float
    text: str


class EditionStatistics(Model, frozen=True, kw_only=True):
    """Statistics of an edition's index, its dimensions and its indicators, over the ranked organisations.

    ``remarks``: warnings about single figures. ``simulated``: true if the data are invented.
    """

    edition: str
    index: IndexStatistics
    dimensions: NodeTuple[DimensionStatistics]
    indicators: NodeTuple[IndicatorStatistics]
    goalposts: tuple[GoalpostStatistics, ...]
    remarks: tuple[Remark, ...]
    methodology: str
    simulated: bool

    def __post_init__(self) -> None:
        _index(self, "dimensions", "indicators")


class PrincipalComponent(Model, frozen=True, kw_only=True):
    """Principal component of the scores of the dimensions; ``share`` is the share of their variance that it explains.

    ``loadings``: correlations of the dimensions with the component, in the order of the methodology.
    """

    eigenvalue: float
    share: float
    loadings: tuple[float, ...]


class CompensatedScore(Model, frozen=True, kw_only=True):
    """Organisation whose index would be lower as the geometric mean of its dimensions.

    Attributes:
        organisation: Id of the organisation.
        index: Its index.
        geometric: Its index as the geometric mean.
        level: Its level, ``None`` if it has none.
        geometric_level: Its level with the geometric mean, ``None`` if it has none.
        dimension: Id of its weakest dimension.
    """

    organisation: str
    index: float
    geometric: float
    level: int | None
    geometric_level: int | None
    dimension: str


class Compensation(Model, frozen=True, kw_only=True):
    """Effect on the index if it were a geometric mean, in which strong dimensions compensate less for weak ones.

    Figures are ``None`` if no organisation has an index.

    Attributes:
        loss_mean, loss_max: Mean and largest number of points that an index loses.
        level_changes: Share (0 to 1) of the organisations that change their level.
        tenth_changes: Share (0 to 1) of the organisations that move to another tenth of the ranking.
        most: Up to ten organisations that lose most.
    """

    loss_mean: float | None
    loss_max: float | None
    level_changes: float | None
    tenth_changes: float | None
    most: tuple[CompensatedScore, ...]


class GroupStatistics(Model, frozen=True, kw_only=True):
    """Mean and standard deviation of the index in a group of organisations.

    ``group``: code of a kind of organisation or of a size band. ``organisations``: their number.
    ``standard_deviation``: ``None`` for a single organisation.
    """

    group: str
    organisations: int
    mean: float
    standard_deviation: float | None


class IndicatorDifference(Model, frozen=True, kw_only=True):
    """Indicator whose scores differ between groups of organisations that have an equal index.

    ``effect``: share of the variance of the indicator that the groups explain beyond the index; from 0.07 on it is
    large.
    """

    indicator: str
    effect: float


class GroupDifferences(Model, frozen=True, kw_only=True):
    """Differences between groups of organisations in the index and in indicators.

    ``by``: criterion of the groups, ``"kind"`` or ``"band"``. ``explained``: share (0 to 1) of the variance of the
    index that lies between the groups, ``None`` if all indices are equal. ``indicators``: indicators with an effect of
    at least 0.035, the greatest first.
    """

    by: str
    explained: float | None
    groups: tuple[GroupStatistics, ...]
    indicators: tuple[IndicatorDifference, ...]


class SourceSensitivity(Model, frozen=True, kw_only=True):
    """Sobol' indices of a source of uncertainty: shares of the variance of the levels that the source causes.

    ``source``: thresholds of conditions (``"gates"``), scores of steps (``"ladders"``), ``"weights"``, ``"goalposts"``,
    the limit for answers without evidence (``"cap"``), errors of coders (``"coding"``) or chance in samples
    (``"sampling"``). ``first``: share that the source causes alone. ``total``: share that it causes alone or together
    with other sources. Both are estimates and may be slightly below 0; they are ``None`` if no level varies.
    """

    source: str
    first: float | None
    total: float | None


class LevelSensitivity(Model, frozen=True, kw_only=True):
    """Sensitivity of levels to judgements and errors, all of which are varied at random together.

    A draw gives each organisation a level, the drawn level. Draws come in pairs, because the share of one source is
    estimated by exchanging this source between two independent draws. Shares are ``None`` if there are no
    organisations.

    Attributes:
        organisations: Number of organisations whose levels are computed, at most 500.
        draws: Number of pairs of random draws.
        changes: Share (0 to 1) of the drawn levels that differ from the level without variation, losses included.
        losses: Share of the drawn levels that are missing although there is a level without variation.
        far_changes: Share of the drawn levels that are more than one level away from it; both exist.
        sources: Share of each source of uncertainty in the variance of the levels.
    """

    organisations: int
    draws: int
    changes: float | None
    losses: float | None
    far_changes: float | None
    sources: tuple[SourceSensitivity, ...]


class EditionAudit(Model, frozen=True, kw_only=True):
    """Statistical audit of an edition's index, over the ranked organisations.

    Attributes:
        statistics: Statistics of the index, its dimensions and its indicators.
        nodes: Ids of the dimensions, groups and indicators that are correlated.
        correlations: Correlations of the scores of the ``nodes`` with each other, in rows and columns; ``None`` if
            undefined.
        components: Principal components of the dimensions.
        compensation: Effect of a geometric mean, ``None`` if the index is not an arithmetic mean.
        groups: Differences between kinds of organisations, and between size bands.
        sensitivity: Sensitivity of the levels, ``None`` if it was not requested.
        simulated: True if the data are invented.
    """

    edition: str
    statistics: EditionStatistics
    nodes: tuple[str, ...]
    correlations: tuple[tuple[float | None, ...], ...]
    components: tuple[PrincipalComponent, ...]
    compensation: Compensation | None
    groups: tuple[GroupDifferences, ...]
    sensitivity: LevelSensitivity | None
    methodology: str
    simulated: bool


# --- the ledger -----------------------------------------------------------------------------------------------


class AccessKey(Versioned, frozen=True, kw_only=True):
    """API key, without its secret.

    Attributes:
        organisations: Ids of the organisations that the key is bound to; empty if its role is not bound to
            organisations.
        editions: Ids of the editions that the key is bound to; ``None`` means all editions.
        expires: End of its validity.
        state: State of the key; ``unrecognised`` if the service can no longer verify it, because the secret value
            (pepper) with which it hashed the key was removed.
        last_used: UTC day of the last use, ``None`` if never used.
        days: Lifetime at creation.
        created_by: Id of the key with which this key was created, ``None`` if this key was created on the command line.
        replaced_by: Id of the new key if this key was rotated, else ``None``.
        revoked: Time of revocation, ``None`` if not revoked.
    """

    id: str
    role: Role
    organisations: tuple[str, ...]
    editions: tuple[str, ...] | None
    state: KeyState
    created: datetime
    expires: datetime
    revoked: datetime | None
    last_used: date | None
    days: int
    created_by: str | None
    replaced_by: str | None


class NewAccessKey(AccessKey, frozen=True, kw_only=True):
    """API key that was just created, with its secret.

    ``secret`` is the value for ``api_key``. The service shows the secret once: ``secret`` is ``None`` if the call is
    repeated and receives the stored response. ``repr()`` hides it.
    """

    secret: str | None

    def __repr__(self) -> str:
        return f"NewAccessKey(id={self.id!r}, role={self.role!r}, secret='***')"


class Webhook(Versioned, frozen=True, kw_only=True):
    """Webhook: an address that the service notifies of events. Its secret is not shown.

    ``organisations`` and ``editions``: the bindings of the key that created it; empty and ``None`` mean all. ``state``:
    the service has disabled a webhook that is ``gone`` (its address answered 410), ``failing`` (no message arrived for
    days) or ``ended`` (the key and its successors are no longer valid). ``failing_since``: first failed attempt since
    the last success, ``None`` if none failed.
    """

    id: str
    url: str
    events: tuple[EventType, ...]
    organisations: tuple[str, ...]
    editions: tuple[str, ...] | None
    state: WebhookState
    failing_since: datetime | None
    created: datetime
    updated: datetime


class SignedWebhook(Webhook, frozen=True, kw_only=True):
    """Webhook with its new secret, which :func:`actitud.webhooks.verify` needs.

    The service shows the secret once: ``secret`` is ``None`` if the call is repeated and receives the stored response.
    ``repr()`` hides it.
    """

    secret: str | None

    def __repr__(self) -> str:
        return f"SignedWebhook(id={self.id!r}, url={self.url!r}, secret='***')"


class DeliveryAttempt(Model, frozen=True, kw_only=True):
    """Attempt to deliver a message to a webhook.

    ``at``: time of the attempt. ``milliseconds``: its duration. ``status``: HTTP status of the answer, ``None`` without
    an answer. ``problem``: the reason of the failure, ``None`` if the message was delivered; ``address`` if the host
    name leads to an address that is not public.
    """

    at: datetime
    status: int | None
    problem: DeliveryProblem | None
    milliseconds: int


class Delivery(Model, frozen=True, kw_only=True):
    """Message about an event for a webhook, with the last 20 attempts to deliver it.

    Attributes:
        id: The ``webhook-id`` of every attempt.
        payload: The body that is sent.
        state: State of the delivery; ``failed`` if no further attempt is made.
        next_attempt: Time of the next attempt, ``None`` if none is planned.
    """

    id: str
    event: EventType
    payload: str
    state: DeliveryState
    created: datetime
    next_attempt: datetime | None
    attempts: tuple[DeliveryAttempt, ...]


class ReportReceipt(Model, frozen=True, kw_only=True):
    """Acknowledgement of a report of leaked keys, which is the same for every report."""

    detail: str


class LedgerOpening(Model, frozen=True, kw_only=True):
    """Subject of a ledger entry (the path of the changed resource), with the salt of its digest.

    The entry's record contains only the SHA-256 of ``salt`` (16 bytes, hexadecimal) and ``subject``.
    """

    subject: str
    salt: str


class LedgerActor(Model, frozen=True, kw_only=True):
    """Organisation that acted in a ledger entry, with the salt of its digest.

    The entry's record contains only the SHA-256 of ``salt`` (16 bytes, hexadecimal) and ``organisation``.
    """

    organisation: str
    salt: str


class LedgerEntry(Model, frozen=True, kw_only=True):
    """Entry of the ledger of changes, whose entries form a hash chain.

    Attributes:
        seq: Number of the entry, from 0.
        prev: The hash of the previous entry.
        hash: SHA-256 of a zero byte, ``prev`` (32 bytes), ``seq`` (8 bytes) and the RFC 8785 bytes of ``record``.
        record: The recorded action with its facts.
        opening: The subject of the entry; ``None`` in entry 0, if the caller may not see it, or if it has been erased.
        actor: The organisation that acted, shown to administrators and to that organisation; ``None`` to others, and if
            no single organisation acted.
    """

    seq: int
    prev: str
    hash: str
    record: Mapping[str, JsonValue]
    opening: LedgerOpening | None
    actor: LedgerActor | None


class Checkpoint(Model, frozen=True, kw_only=True):
    """Checkpoint: a signed statement about the first ``size`` entries of the ledger.

    ``root``: hash of the last of these entries. ``note``: the signed text, with its signatures.
    """

    size: int
    root: str
    at: datetime
    note: str


class SigningKey(Model, frozen=True, kw_only=True, omit_defaults=True):
    """Public Ed25519 key, with which signatures of the service are verified, as a JSON Web Key.

    Attributes:
        x: The key in base64url.
        kid: Its id, which signatures name.
        retired: The time of its last use, ``None`` while it is in use.
        compromised_since: Number of the ledger entry from which on its signatures no longer count, because somebody
            else may have the key; ``None`` if the key was not compromised.
    """

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str
    created: datetime
    retired: datetime | None = None
    compromised_since: int | None = None


class Signature(Model, frozen=True, kw_only=True):
    """Signature of a document: a detached JWS (RFC 7515, appendix F) by Ed25519 (RFC 8037) over its exact bytes.

    ``protected`` is the protected header and ``signature`` the signature, both in base64url.
    """

    protected: str
    signature: str


class PublishedCorrection(Model, frozen=True, kw_only=True):
    """Score that a revision of a published edition corrects or adds, with its figures before and after.

    ``before`` and ``after``: digests of the documents of the score; ``before`` is ``None`` if the revision adds the
    organisation. An index or level is ``None`` if the score has none.
    """

    organisation: str
    before: str | None
    after: str
    index_before: float | None
    index_after: float | None
    level_before: int | None
    level_after: int | None


class PublicationLinks(Model, frozen=True, kw_only=True):
    """Relative URLs of the parts of a publication: edition document, signature and bundle."""

    document: str
    signature: str
    bundle: str


class PublicationApproval(Model, frozen=True, kw_only=True):
    """Approval of a pending publication by a key. ``number`` counts the approvals of an edition from 1.

    ``digest`` identifies the approved publication. ``key`` and ``role``: id and role of the approving key.
    """

    edition: str
    number: int
    digest: str
    key: str
    role: Role
    approved: datetime


class SuggestionDecision(Model, frozen=True, kw_only=True):
    """Decision on a suggestion for the methodology, with its reason.

    ``language``: BCP 47 tag of the language of the reason. ``methodology``: the version that the decision refers to,
    ``None`` if it names none.
    """

    decision: SuggestionState
    reason: str
    language: str
    methodology: str | None
    decided: datetime


class Suggestion(Versioned, frozen=True, kw_only=True):
    """A suggestion: a proposal for a further error or indicator of the methodology.

    Attributes:
        kind: ``error`` or ``indicator``.
        title, text: Title and text of the suggestion.
        language: BCP 47 tag of the language of title and text.
        dimension, indicator: Ids of the dimension and indicator concerned, ``None`` if the suggestion names none.
        state: Last decision, or the state before any.
        decisions: All decisions, oldest first.
    """

    id: str
    kind: SuggestionKind
    title: str
    text: str
    language: str
    dimension: str | None
    indicator: str | None
    state: SuggestionState
    decisions: tuple[SuggestionDecision, ...]
    created: datetime
    updated: datetime


class Job(Model, frozen=True, kw_only=True):
    """Job: work of the service that takes longer than the call that requested it.

    Attributes:
        id: Id of the job.
        kind: Operation that requested the job.
        state: State of the job, such as ``running``.
        edition: Id of the edition of the job, ``None`` if it concerns none.
        created, started, finished: Times of its request, its first run and its end; ``None`` before.
        done, total: Number of processed organisations or rows, and of all; ``total`` is ``None`` while unknown.
        rate: Organisations or rows per second, ``None`` if unknown.
        remaining: Seconds until the end at this rate, ``None`` if unknown.
        outcomes: Number of results by outcome; ``client.jobs.items.list`` lists the results.
        cancel_requested: True if the job is to be cancelled.
        result: Result of the whole job, ``None`` unless it succeeded.
        problem: Reason of its failure, ``None`` unless it failed.
    """

    id: str
    kind: str
    state: JobState
    edition: str | None
    created: datetime
    started: datetime | None
    finished: datetime | None
    done: int
    total: int | None
    rate: float | None
    remaining: float | None
    outcomes: dict[str, int]
    cancel_requested: bool
    result: dict[str, JsonValue] | None
    problem: Problem | None

    @property
    def is_final(self) -> bool:
        """True if the job has ended, so that it does not change any more."""
        return self.state in ("succeeded", "failed", "cancelled")


class JobItem(Model, frozen=True, kw_only=True):
    """Result of a job for one organisation, or for one row of a file.

    Attributes:
        position: Number of the result, from 1.
        subject: Id of the organisation, or position in the file.
        outcome: Outcome as a word, such as ``done``; each kind of job has its own words.
        detail: Facts about the result, ``None`` if there are none.
        problem: The reason of a refusal, ``None`` unless it was refused.
    """

    position: int
    subject: str
    outcome: str
    detail: dict[str, JsonValue] | None
    problem: Problem | None


class Publication(Model, frozen=True, kw_only=True):
    """Publication: a revision of a published edition.

    Attributes:
        digest: Digest of the edition document.
        supersedes, superseded_by: Digests of the previous and the next revision, ``None`` for the first and the newest.
        reason: Reason of the publication.
        organisations: Number of scores.
        corrections: The scores that it changes or adds.
        signature: Signature of the edition document.
        checkpoint: Signed ledger checkpoint that includes this publication, and of which you keep a copy elsewhere to
            detect later changes.
        bundle_digest, bundle_size: Digest and number of bytes of the bundle, one file with all signed documents.
        links: URLs of the parts of the publication.
    """

    edition: str
    revision: int
    digest: str
    reason: str
    published: datetime
    supersedes: str | None
    superseded_by: str | None
    organisations: int
    corrections: tuple[PublishedCorrection, ...]
    signature: Signature
    checkpoint: str
    bundle_digest: str
    bundle_size: int
    links: PublicationLinks


class WorkbookFault(Model, frozen=True, kw_only=True):
    """Fault in a cell of an uploaded workbook.

    Attributes:
        cell: Sheet and cell, ``Perfil!C12``.
        pointer: JSON Pointer of the value in ``questionnaire``, from which the faulty value is left out; ``None`` if
            the cell has no value there.
        rule: The rule that the cell breaks.
        detail: A sentence about the fault.
        value: The content of the cell as JSON, ``None`` if it is empty or may be personal data.
        suggestion: The nearest valid value, ``None`` if none is known.
    """

    cell: str
    pointer: str | None
    rule: str
    value: str | None
    detail: str
    suggestion: str | None


class WorkbookReading(Model, frozen=True, kw_only=True):
    """Content of an uploaded workbook, with a list of its faults.

    Attributes:
        language: Language of the workbook.
        questionnaire: All answers that were read, as a body for ``methodologies.workbook.fill``.
        scores: Part of the answers that :meth:`actitud.Client.score` accepts, ``None`` if the profile lacks a required
            field.
        assessment: Part of the answers that ``editions.assessments.put`` accepts, ``None`` if the profile lacks a
            required field.
    """

    methodology: str
    language: str
    questionnaire: dict[str, Any]
    scores: dict[str, Any] | None
    assessment: dict[str, Any] | None
    faults: tuple[WorkbookFault, ...]


def _index(model: Model, *names: str) -> None:
    """Replace the tuples in the members ``names`` of a new model by :class:`Nodes`, which are also read by id."""
    for name in names:
        _set_member(model, name, Nodes(getattr(model, name)))


def _collect(groups: Iterable[DimensionScore], own: Iterable[IndicatorScore]) -> Nodes[IndicatorScore]:
    return Nodes([*(indicator for group in groups for indicator in group.indicators), *own])


def _build_file_cells(row: ScoreRow | PastScore | Organisation) -> Mapping[str, Cell]:
    """Return the values of an item of a list by column, with the column names of the downloadable files."""
    cells: dict[str, Cell] = {}
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if name == "dimensions":
            cells |= {dimension.lower(): score for dimension, score in value.items()}
        elif name == "id":
            cells["organisation"] = value
        elif name not in ("etag", "created", "updated", "contact", "version_effects") and not isinstance(value, tuple):
            cells[name] = value
    return cells
