"""Answers of the service, as frozen Structs.

They are tolerant readers: a member that this version does not know is ignored, a value is not checked against the
ranges that the docstrings state, and enumerations are open (``Literal[...] | str``), so an older client reads the
answers of a newer service. Points and scores are multiples of 0.01 in methodology 2026.1; ``None`` stands for "does not
exist", never for 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from actitud._html import DASH, format_figure, format_share, render_facts, render_list, render_paragraph, render_table

if TYPE_CHECKING:
    JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
else:
    # msgspec reads `object` as "any JSON"; it cannot resolve an alias that names itself.
    JsonValue = object

T = TypeVar("T")

ProfileValue: TypeAlias = str | int | float | bool | None
Profile: TypeAlias = Mapping[str, ProfileValue]
"""Facts about the organisation, by field name: ``{"org_type": "MUN", "population_served": 42000}``."""

Fact: TypeAlias = bool | int | float | str | Sequence[str]
Answer: TypeAlias = Mapping[str, Fact]
"""The facts of one indicator: ``{"numerator": 160, "denominator": 320}``, ``{"level": 2}``, …"""

Answers: TypeAlias = Mapping[str, Answer]
"""Answers by indicator id; an indicator that is not there is unknown."""

Supposed: TypeAlias = "Mapping[str, Mapping[str, Answer | ProfileValue] | Sequence[str]]"
"""Facts to suppose in place of others: ``answers`` (``None`` for none), ``profile``, ``profile_self_declared``."""

EvidenceLike: TypeAlias = "Evidence | Mapping[str, str | date | None]"
"""Evidence, or its members by name."""

if TYPE_CHECKING:
    AnswerMember: TypeAlias = "bool | int | float | str | Sequence[str] | Sequence[EvidenceLike] | None"
else:
    # A union of two kinds of list is more than msgspec tells apart.
    AnswerMember = object

AssessmentAnswer: TypeAlias = "Mapping[str, AnswerMember]"
"""The facts of one indicator, and with them its ``evidence`` and its ``note``."""

AssessmentAnswers: TypeAlias = "Mapping[str, AssessmentAnswer | None]"
"""Answers by indicator id; ``None`` for one that is withdrawn, or not known."""

OrganisationKind: TypeAlias = Literal["MUN", "PRO", "SUP", "REG", "MIN", "AGE", "UNI", "EMP", "CTL"] | str
ScoreStatus: TypeAlias = Literal["complete", "sufficient", "insufficient_evidence", "not_rateable"] | str
IndicatorState: TypeAlias = Literal["observed", "not_applicable", "unknown"] | str
SuggestionKind: TypeAlias = Literal["error", "indicator"] | str
SuggestionState: TypeAlias = Literal["undecided", "accepted", "rejected", "deferred"] | str
AssessmentState: TypeAlias = Literal["draft", "submitted", "under_review", "hearing", "returned", "final"] | str
Phase: TypeAlias = Literal["submission", "review", "hearing"] | str
Verdict: TypeAlias = Literal["accepted", "rejected", "insufficient", "stale", "capped"] | str
FlagKind: TypeAlias = Literal["outlier", "growth", "document_reused", "document_shared"] | str
EditionState: TypeAlias = Literal["open", "in_review", "published"] | str
Role: TypeAlias = (
    Literal["organisation_reader", "organisation_editor", "assessor", "publisher", "registrar", "administrator"] | str
)
KeyState: TypeAlias = Literal["valid", "expired", "revoked", "unrecognised"] | str
MethodologyStatus: TypeAlias = Literal["draft", "active", "retired"] | str
Severity: TypeAlias = Literal["error", "warning"] | str
FindingCode: TypeAlias = Literal["contradicted", "unsupported", "evidence"] | str
MoveKind: TypeAlias = Literal["improve", "evidence", "report"] | str
Obstacle: TypeAlias = (
    Literal["profile", "review", "not_applicable", "zero_by_rule", "contradicted", "unanswered", "exhausted"] | str
)
Stage: TypeAlias = Literal["before", "methodology", "coverage", "after"] | str
PeerBasis: TypeAlias = Literal["kind_and_band", "kind", "band_scale", "all"] | str
RemarkCode: TypeAlias = Literal["negative_correlation", "weak_correlation", "high_correlation", "low_alpha"] | str
StepKind: TypeAlias = Literal["improve", "evidence", "report", "correct", "unlock", "act"] | str
FactValue: TypeAlias = float | bool | str | tuple[str, ...]
"""A fact as the service gives it back; a checklist is a tuple of component ids."""
ReasonCode: TypeAlias = (
    Literal[
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
    | str
)


class Listing(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The body of a list answer: one page and the address of the next."""

    items: tuple[T, ...]
    next: str | None


class Versioned(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that can be changed. ``etag`` names the state that was read, for ``if_match``; ``None`` in lists."""

    etag: str | None = None


class MethodologyRef(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that a score was computed with: version and ``sha256:`` digest of the document."""

    version: str
    digest: str


class MethodologySummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of methodologies.

    ``decimals``: digits after the point of every score (0 to 6). ``languages``: codes of its texts.
    """

    version: str
    status: MethodologyStatus
    digest: str
    decimals: int
    languages: tuple[str, ...]
    title: str


class Methodology(msgspec.Struct, frozen=True, kw_only=True):
    """A whole version: ``document`` holds the rules, ``texts`` the sentences in the language asked for.

    ``digest`` covers the document without texts; ``text_digests`` has one digest per language.
    """

    version: str
    status: MethodologyStatus
    digest: str
    text_digests: dict[str, str]
    document: dict[str, JsonValue]
    texts: dict[str, JsonValue]


class Goalpost(msgspec.Struct, frozen=True, kw_only=True):
    """A point of an indicator's curve: a raw value ``x`` in the indicator's unit, and its score, 0 to 100."""

    x: float
    score: float


class ReasonParameters(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that a reason is built from.

    ``facts``: those that decided, by name. ``value``: the raw value, in the indicator's unit. ``between``: the
    goalposts around it. ``uncapped``: what a capped answer would score, and ``cap`` where it is only declared.
    ``level_sent``: the level that review lowered. ``rules``: broken rules. ``missing``: indicators to answer
    first. ``fields``: profile fields without evidence.
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


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Reason of the score of an indicator: a stable code, the numbers behind it, and a sentence."""

    code: ReasonCode
    parameters: ReasonParameters
    text: str


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """The least change of one indicator that reaches a better mark.

    ``change``: the facts after it, in their own unit. ``gain``: index points that it brings, ``None`` where that
    depends on what will be answered. ``gain_max``: index points up to full marks. ``evidence``: it needs
    evidence. ``cap``: the score at which it stays without evidence, where that holds it back. ``requires``: rules
    that it would break unless other facts follow.
    """

    kind: StepKind
    change: dict[str, FactValue]
    gain: float | None
    gain_max: float | None
    evidence: bool
    cap: float | None
    requires: tuple[str, ...]
    text: str


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """Confidence interval of a share from a sample of ``n`` cases, 95 % (Wilson).

    ``low`` and ``high``: of the share, 0 to 1. ``index_low`` and ``index_high``: of the index, were that the share.
    """

    n: int
    low: float
    high: float
    index_low: float | None
    index_high: float | None
    text: str


class IndicatorScore(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator of a score.

    ``score``: 0 to 100. ``weight``: share within its group, an integer. ``possible``, ``won``, ``lost``: index
    points, won + lost = possible; all ``None`` where it counts with nothing. Below a group that is not an
    arithmetic mean or a sum only ``lost`` is known. ``value``: the raw value in its own unit, ``None`` where it
    does not exist. ``interval``: what the size of its sample leaves open of a share.
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


class DimensionScore(msgspec.Struct, frozen=True, kw_only=True):
    """One of the dimensions of a score, or a group below one.

    ``score``: 0 to 100, ``None`` if not rated. ``score_max``: the score if every unknown answer were the
    best. ``coverage``: share of the weight that is known, 0 to 1. Points as in :class:`IndicatorScore`. ``groups``
    and ``indicators`` are those directly below it.
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
    groups: tuple[DimensionScore, ...]
    indicators: tuple[IndicatorScore, ...]

    @property
    def all_indicators(self) -> tuple[IndicatorScore, ...]:
        """The indicators of the groups in it, and its own."""
        return (*(one for group in self.groups for one in group.all_indicators), *self.indicators)

    def _repr_html_(self) -> str:
        heads = ("", "", "Puntuación · Score", "Perdido · Lost", "Motivo · Reason", "Siguiente paso · Next step")
        rows = (
            (
                indicator.id,
                indicator.name,
                format_figure(indicator.score),
                format_figure(indicator.lost),
                indicator.reason.text,
                "" if indicator.next_step is None else indicator.next_step.text,
            )
            for indicator in self.all_indicators
        )
        facts = render_facts(f"{self.id} {self.name}", [("Puntuación · Score", format_figure(self.score))])
        return facts + render_table(heads, rows)


class BlockingGate(msgspec.Struct, frozen=True, kw_only=True):
    """A condition of the next level that fails: the actual value, the required one, and their distance."""

    gate: str
    there: float | bool | str | None
    asked: float | bool | str | None
    distance: float | None
    text: str


class ScoreLevel(msgspec.Struct, frozen=True, kw_only=True):
    """The level, 1 to 5, or ``None`` without sufficient evidence; ``blocked_by`` leads to the next one.

    ``max_level``: review allows no higher one; ``text`` says so where only that holds the level.
    """

    number: int | None
    name: str | None
    provisional: bool
    max_level: int | None
    blocked_by: tuple[BlockingGate, ...]
    text: str | None


class MainReason(msgspec.Struct, frozen=True, kw_only=True):
    """One of the (up to four) indicators that cost the most; ``lost`` in index points."""

    indicator: str
    lost: float
    text: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A validation rule that the answers break; those of severity ``error`` score their indicators 0.

    ``code``: contradicted, or unsupported where only an absent answer is to blame. ``indicators``: those that
    it contradicts. ``missing``: indicators to answer first. ``facts``: what the rule read.
    """

    rule: str
    severity: Severity
    code: FindingCode
    indicators: tuple[str, ...]
    missing: tuple[str, ...]
    facts: dict[str, FactValue | None]
    text: str


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The index of one organisation with its whole explanation.

    ``index``, ``index_geometric``, ``index_max``: 0 to 100; ``index_max`` is reached if every unknown answer
    were the best. ``coverage``: share of the weight that is known, 0 to 1, four decimals.
    ``indicators`` are those that belong to no dimension. ``input_digest`` and ``result_digest`` identify what went
    in and what came out. ``what_if``: what follows from the facts that were supposed, where there were any.
    """

    index: float | None
    index_geometric: float | None
    index_max: float | None
    coverage: float | None
    status: ScoreStatus
    level: ScoreLevel
    main_reasons: tuple[MainReason, ...]
    findings: tuple[Finding, ...]
    dimensions: tuple[DimensionScore, ...]
    indicators: tuple[IndicatorScore, ...]
    methodology: MethodologyRef
    input_digest: str
    result_digest: str
    what_if: WhatIf | None = None

    @property
    def error_findings(self) -> tuple[Finding, ...]:
        """The findings of severity ``error``: contradictions that a submission would be refused for."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def _repr_html_(self) -> str:
        level = self.level
        facts = [
            ("Índice · Index", format_figure(self.index)),
            ("Nivel · Level", DASH if level.number is None else f"{level.number} · {level.name}"),
            ("Cobertura · Coverage", format_share(self.coverage)),
            ("Metodología · Methodology", self.methodology.version),
        ]
        heads = ("", "", "Puntuación · Score", "Posible · Possible", "Ganado · Won", "Perdido · Lost")
        rows = (
            (
                dimension.id,
                dimension.name,
                *map(format_figure, (dimension.score, dimension.possible, dimension.won, dimension.lost)),
            )
            for dimension in self.dimensions
        )
        return "".join(
            [
                render_facts(self._caption(), facts),
                render_list("Lo que más resta · What costs the most", [reason.text for reason in self.main_reasons]),
                render_list("Para el nivel siguiente · For the next level", [gate.text for gate in level.blocked_by]),
                render_table(heads, rows),
            ]
        )

    def _caption(self) -> str:
        return ""


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """A figure before and after; ``difference`` is ``None`` where one of them does not exist."""

    before: float | None
    after: float | None
    difference: float | None


class GroupDelta(msgspec.Struct, frozen=True, kw_only=True):
    """Difference of a dimension, or of a group below one: its score, and the index points lost there."""

    id: str
    name: str
    score: Delta
    lost: Delta
    text: str


class IndicatorDelta(msgspec.Struct, frozen=True, kw_only=True):
    """Difference of an indicator: its reason, its score, and the index points lost there."""

    id: str
    name: str
    code_before: ReasonCode
    code_after: ReasonCode
    score: Delta
    lost: Delta
    text: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Difference of two scores.

    ``groups``: all of them. ``indicators``: those that differ. ``appeared`` and ``vanished``: findings that only the
    second, or only the first, has.
    """

    index: Delta
    index_max: Delta
    coverage: Delta
    status_before: ScoreStatus
    status_after: ScoreStatus
    level_before: int | None
    level_after: int | None
    groups: tuple[GroupDelta, ...]
    indicators: tuple[IndicatorDelta, ...]
    appeared: tuple[Finding, ...]
    vanished: tuple[Finding, ...]
    text: str


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """The score with the supposed facts, and its difference from that of the facts sent."""

    score: Score
    difference: Difference


class ReviewVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict that counts on the answer to an indicator; ``rule``: the checked rule that the answer breaks."""

    indicator: str
    verdict: Verdict
    level: int | None
    reason: str | None
    rule: str | None
    at: datetime


class ReviewRemark(msgspec.Struct, frozen=True, kw_only=True):
    """Remark of the review on an assessment as a whole; ``max_level``: the highest level that it may reach."""

    max_level: int | None
    reason: str
    at: datetime


class ReviewReply(msgspec.Struct, frozen=True, kw_only=True):
    """Reply of the organisation about an indicator."""

    indicator: str
    text: str
    evidence: tuple[Evidence, ...]
    at: datetime


class ScoreReview(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of the review of an assessment; it is no part of what ``result_digest`` covers."""

    state: AssessmentState
    remark: ReviewRemark | None
    verdicts: tuple[ReviewVerdict, ...]
    replies: tuple[ReviewReply, ...]


class Reply(Versioned, frozen=True, kw_only=True):
    """Reply of an organisation, in the hearing, to the verdicts on an indicator."""

    edition: str
    organisation: str
    indicator: str
    text: str
    evidence: tuple[Evidence, ...]
    created: datetime
    updated: datetime


class EditionScore(Score, frozen=True, kw_only=True):
    """The explained score of one organisation in an edition.

    ``rank``: from 1, ties share the best; ``None`` if unranked. ``simulated``: invented for demonstration.
    ``document``: the digest of the published document that it is told from, for ``client.published.get``; ``None``
    where the edition is not published. ``review``: what was found of the answers, and what the organisation replied.
    """

    edition: str
    organisation: str
    organisation_name: str
    rank: int | None
    simulated: bool
    document: str | None
    review: ScoreReview

    def _caption(self) -> str:
        rank = "" if self.rank is None else f", {self.rank}º"
        simulated = " (datos simulados · simulated data)" if self.simulated else ""
        return f"{self.organisation_name}, {self.edition}{rank}{simulated}"


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Action on one indicator on the way to the next level.

    ``facts``: as they stand. ``change``: those that change, as they will be. ``evidence``: it needs evidence.
    ``score_before`` and ``score``: of the indicator. ``gain``: index points that it brings in its place. ``index`` and
    ``level``: after it. ``requires``: rules that it would break unless other facts follow; all figures count on that.
    """

    indicator: str
    name: str
    kind: MoveKind
    facts: dict[str, FactValue | None]
    change: dict[str, FactValue]
    evidence: bool
    score_before: float | None
    score: float | None
    gain: float | None
    index: float | None
    level: int | None
    requires: tuple[str, ...]
    text: str


class Unreachable(msgspec.Struct, frozen=True, kw_only=True):
    """A condition of the next level that no improvement can make hold; ``gate`` is ``None`` where review decides it.

    ``indicators``: those that could help once they are answered, corrected or unlocked.
    """

    gate: BlockingGate | None
    obstacle: Obstacle
    indicators: tuple[str, ...]
    text: str


class LevelPath(msgspec.Struct, frozen=True, kw_only=True):
    """The path of an organisation from its level to the next one.

    ``target``: the next level, ``None`` where there is none. ``moves``: what to do, in order; ``None`` without a
    target, and where ``unreachable`` names conditions. ``index_after`` and ``level_after``: at the end.
    """

    edition: str
    organisation: str
    organisation_name: str
    simulated: bool
    methodology: MethodologyRef
    index: float | None
    level: int | None
    target: int | None
    moves: tuple[Move, ...] | None
    index_after: float | None
    level_after: int | None
    unreachable: tuple[Unreachable, ...]
    text: str


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """A score at each stage of a change.

    ``methodology``: what was stated before, under the later version. ``coverage``: that with known and unknown as
    after.
    """

    before: float | None
    methodology: float | None
    coverage: float | None
    after: float | None


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Points that each step of a change adds; together they are the total."""

    methodology: float
    coverage: float
    data: float
    total: float


class GroupChange(msgspec.Struct, frozen=True, kw_only=True):
    """How the score of a dimension, or of a group below one, changed."""

    id: str
    name: str
    score: Chain
    parts: Parts | None
    text: str


class IndicatorChange(msgspec.Struct, frozen=True, kw_only=True):
    """How the score of an indicator changed; a version that lacks it has no code."""

    id: str
    name: str
    code_before: ReasonCode | None
    code_after: ReasonCode | None
    score: Chain
    text: str


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """Effects of another version of the methodology on the stated facts.

    ``dropped_answers``: those that it does not ask, or not in that form. ``new_indicators``: those that only it asks,
    unknown. ``dropped_fields`` and ``new_fields``: the same of the profile.
    """

    dropped_answers: tuple[str, ...]
    new_indicators: tuple[str, ...]
    dropped_fields: tuple[str, ...]
    new_fields: tuple[str, ...]
    text: str


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Change of the index of an organisation from ``edition_before`` to ``edition``, with its causes.

    ``parts``: ``None`` where a stage has no index; ``unrated`` names those stages. ``groups``: all of them.
    ``indicators``: those whose score is not the same at every stage.
    """

    edition_before: str
    edition: str
    organisation: str
    organisation_name: str
    simulated: bool
    methodology_before: MethodologyRef
    methodology_after: MethodologyRef
    index: Chain
    parts: Parts | None
    unrated: tuple[Stage, ...]
    level_before: int | None
    level_after: int | None
    groups: tuple[GroupChange, ...]
    indicators: tuple[IndicatorChange, ...]
    carried: Carried
    text: str

    def _repr_html_(self) -> str:
        parts, index = self.parts, self.index
        facts = [
            (
                f"{self.edition_before} → {self.edition}",
                f"{format_figure(index.before)} → {format_figure(index.after)}",
            ),
            ("Metodología · Methodology", format_figure(None if parts is None else parts.methodology)),
            ("Cobertura · Coverage", format_figure(None if parts is None else parts.coverage)),
            ("Datos · Data", format_figure(None if parts is None else parts.data)),
        ]
        rows = (
            (group.id, group.name, format_figure(group.score.before), format_figure(group.score.after), group.text)
            for group in self.groups
        )
        table = render_table(("", "", self.edition_before, self.edition, ""), rows)
        return render_facts(self.organisation_name, facts) + render_paragraph(self.text) + table


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """One organisation in the ranking of an edition.

    ``rank``: from 1, ties share the best; ``None`` if unranked. ``index``, ``index_max`` and ``dimensions``
    (by id, ``D1`` to ``D10``): 0 to 100. ``coverage``: 0 to 1. ``level``: 1 to 5.
    """

    rank: int | None
    organisation: str
    name: str
    kind: OrganisationKind
    province: str | None
    region: str | None
    band: str | None
    population: int | None
    index: float | None
    index_max: float | None
    coverage: float | None
    status: ScoreStatus
    level: int | None
    dimensions: dict[str, float | None]
    methodology: str
    simulated: bool


class Span(msgspec.Struct, frozen=True):
    """Consecutive days: the first and the last, both included."""

    start: date = msgspec.field(name="from")
    end: date = msgspec.field(name="to")


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """The phases of an edition, one after another."""

    submission: Span
    review: Span
    hearing: Span
    publication: Span


class Edition(Versioned, frozen=True, kw_only=True):
    """A yearly round.

    ``period_from`` and ``period_to``: first and last day of the year that it looks at. ``windows``: the days that
    indicators look at, by the name of the window in the methodology. ``organisations``: how many it scores.
    ``simulated``: every answer in it is invented for demonstration.
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


class FormerName(msgspec.Struct, frozen=True, kw_only=True):
    """A name that an organisation had; ``until``: the last day on which it was called so."""

    name: str
    until: date


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Where to ask an organisation for a correction: a mailbox, or a page."""

    email: str | None = None
    url: str | None = None


class Organisation(Versioned, frozen=True, kw_only=True):
    """A public body.

    ``parent``: the organisation that it depends on. ``population``: inhabitants, ``employees``: people who work there,
    each with the year of the figure. ``band``: size band, ``P1`` … ``E5``. ``province`` and ``region``: INE codes.
    ``aliases``: other identifiers of it. ``valid_from`` and ``valid_to``: its first and last day, where known.
    ``succeeded_by`` and ``preceded_by``: ids. ``domains``: hosts whose pages are evidence of it, with sub-domains.
    ``simulated``: invented for demonstration.
    """

    id: str
    name: str
    kind: OrganisationKind
    parent: str | None
    population: int | None
    population_year: int | None
    employees: int | None
    employees_year: int | None
    band: str | None
    province: str | None
    province_name: str | None
    region: str | None
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


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A document that supports an answer or a profile field; the service never fetches it.

    It counts where ``url`` (https) is on a domain of the organisation and ``date``, that of the document, has come.
    ``sha256``: that of the copy that the organisation keeps, in hexadecimal. ``note``: without personal data.
    """

    url: str
    date: date
    note: str | None = None
    sha256: str | None = None


class AssessmentFinding(Finding, frozen=True, kw_only=True):
    """A fault of an assessment: a rule that its answers break, or a document (code ``evidence``).

    One of severity ``error`` keeps it from being submitted; a warning may be explained. ``pointer``: JSON Pointer to
    the place in the assessment.
    """

    pointer: str


class AssessmentLine(Versioned, frozen=True, kw_only=True):
    """An assessment in a list, and how it scores.

    ``index`` and ``index_max``: 0 to 100. ``level``: 1 to 5. ``coverage``: 0 to 1. ``submitted``: ``None`` for a draft
    that never was.
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
    """Facts of an organisation in an edition, their findings and their score, as of the last change.

    ``profile``, ``profile_evidence`` and ``answers`` have the form in which they can be sent again; an answer is its
    facts with its ``evidence`` and its ``note``.
    """

    profile: dict[str, ProfileValue]
    profile_evidence: dict[str, tuple[Evidence, ...]]
    answers: dict[str, dict[str, AnswerMember]]
    findings: tuple[AssessmentFinding, ...]

    @property
    def error_findings(self) -> tuple[AssessmentFinding, ...]:
        """The findings of severity ``error``, for which it would not be submitted."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


class SubmissionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A submission in a list: an assessment as it was submitted, and how it scored; figures as in an assessment.

    ``explanations``: why warnings stand, by their rule. ``findings``: the warnings.
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
    """An assessment as it was submitted, whole; its members are those of :class:`Assessment`."""

    profile: dict[str, ProfileValue]
    profile_evidence: dict[str, tuple[Evidence, ...]]
    answers: dict[str, dict[str, AnswerMember]]


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """A step in the life of an assessment; ``id`` counts those of one.

    ``before`` and ``after``: the states (``from`` and ``to`` in JSON), the same where a ``phase`` is extended.
    ``role``: that of the key by which it was made. ``reason`` and ``until``: why it was returned or extended, and the
    last day.
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


class ShortVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict in short; ``level``: with ``capped``."""

    verdict: Verdict
    level: int | None


class GivenVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of one assessor, by the id of the first key, on an answer; what was taken back has no ``verdict``.

    ``rule``: what people check that the answer breaks. ``first``: what the assessor said the first time. ``current``:
    it is about the answer as it is, which has not changed since. ``counts``: it acts on the score.
    """

    assessor: str
    verdict: Verdict | None
    level: int | None
    reason: str | None
    rule: str | None
    at: datetime
    first: ShortVerdict
    current: bool
    counts: bool


class JudgedAnswer(Versioned, frozen=True, kw_only=True):
    """Verdicts of all assessors on the answer to one indicator, the latest last.

    ``counts``: the verdict that acts on the score, ``None`` while nobody has judged. ``disputed``: assessors say
    different things, and there is no hearing until they agree.
    """

    indicator: str
    answered: bool
    counts: ShortVerdict | None
    disputed: bool
    verdicts: tuple[GivenVerdict, ...]


class Review(Versioned, frozen=True, kw_only=True):
    """Overall review of an assessment; without one its members are ``None`` or empty.

    ``max_level``: the highest level that it may reach. ``profile`` and ``answers``: what the methodology leaves to the
    service. ``reviewer``: the id of the key that said it last.
    """

    edition: str
    organisation: str
    methodology: str
    reason: str | None
    max_level: int | None
    profile: dict[str, ProfileValue]
    answers: dict[str, dict[str, bool | int | float | tuple[str, ...]]]
    reviewer: str | None
    updated: datetime | None


class AgreementOfTwo(msgspec.Struct, frozen=True, kw_only=True):
    """How far two assessors, by the ids of their first keys, agree on the answers that both judged.

    ``share``: 0 to 1. ``kappa``: Cohen's, -1 to 1; ``None`` where chance alone would make them agree. ``recode``: too
    few are equal.
    """

    first: str
    second: str
    pairs: int
    agreed: int
    share: float
    kappa: float | None
    recode: bool


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """How far the assessors of an edition agree, by their first verdicts; ``share`` is ``None`` without pairs."""

    edition: str
    pairs: int
    agreed: int
    share: float | None
    recode: bool
    assessors: tuple[AgreementOfTwo, ...]


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The draw of the assessments of an edition that are reviewed.

    They are the first ``ceil(share * handed_in)`` of those that are handed in, in the order of the SHA-256 of seed,
    line feed and id. ``given``: the seed was chosen by who made the sample. ``handed_in``, ``drawn`` and the
    ``organisations`` of others are not told of an edition that is not published, but to whoever sees its drafts.
    """

    edition: str
    seed: str
    share: float
    given: bool
    made: datetime
    handed_in: int | None
    drawn: int | None
    organisations: tuple[str, ...]


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A remarkable figure of an assessment beside others; it changes no score. ``facts``: its numbers."""

    organisation: str
    kind: FlagKind
    rule: str
    indicator: str | None
    facts: dict[str, int | float | str]
    text: str


class Flagged(msgspec.Struct, frozen=True, kw_only=True):
    """Result of looking for flags: the number of ``assessments`` with some, and of ``flags``."""

    edition: str
    assessments: int
    flags: int
    made: datetime


class PastScore(msgspec.Struct, frozen=True, kw_only=True):
    """Score of an organisation in one of its editions; figures as in :class:`ScoreRow`.

    ``state``: that of the edition. ``period_to``: its reference date. ``carried``: what the version asked for does to
    what was stated under that of the edition, ``None`` where it is the same.
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
    carried: Carried | None


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How figures spread: the least, the quartiles (type 7, half up) and the greatest, in the unit of the figures."""

    min: float
    q1: float
    median: float
    q3: float
    max: float


class Tenth(msgspec.Struct, frozen=True, kw_only=True):
    """How many organisations have an index from ``start`` to under ``end``; the last tenth includes its 100."""

    start: int = msgspec.field(name="from")
    end: int = msgspec.field(name="to")
    organisations: int


class LevelCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many organisations are at a level, or, where it is ``None``, at none."""

    level: int | None
    organisations: int


class StatusCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many organisations have a status."""

    status: ScoreStatus
    organisations: int


class EditionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the organisations of a territory in an edition.

    ``organisations``: how many have an assessment there, ``ranked``: how many of them rank; the others are counted, but
    are not in ``index``, ``distribution`` and ``dimensions``. ``levels``: every level, then none. ``statuses``: every
    status. ``distribution``: the index in ten tenths. ``coverage``: 0 to 1. What nobody has is ``None``.
    """

    edition: str
    organisations: int
    ranked: int
    levels: tuple[LevelCount, ...]
    statuses: tuple[StatusCount, ...]
    index: Spread | None
    distribution: tuple[Tenth, ...]
    dimensions: dict[str, Spread | None]
    coverage: Spread | None
    methodology: str
    simulated: bool


class PeerGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an organisation is compared with: those of these kinds and this band (``None``: of any) that rank.

    ``basis``: the narrowest group that has as many as the methodology asks for.
    """

    basis: PeerBasis
    kinds: tuple[OrganisationKind, ...] | None
    band: str | None
    organisations: int


class PeerFigure(msgspec.Struct, frozen=True, kw_only=True):
    """A score, 0 to 100, beside those of the peer group.

    ``rank`` and ``below`` (how many have less) are among the ``organisations`` of the group that have that score, its
    own included. ``percentile``: the percentile rank there, 0 to 100, ``None`` among too few. ``spread``: of the group.
    """

    score: float | None
    rank: int | None
    below: int | None
    organisations: int | None
    percentile: float | None
    spread: Spread | None
    text: str


class PeerDimension(PeerFigure, frozen=True, kw_only=True):
    """A dimension beside those of the peer group."""

    id: str
    name: str


class Peers(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation of an edition beside its peer group; ``rank`` is that in the whole edition.

    ``group``, and what is compared, is ``None`` until the edition is published, except for administrators.
    """

    edition: str
    organisation: str
    organisation_name: str
    kind: OrganisationKind
    band: str | None
    status: ScoreStatus
    rank: int | None
    group: PeerGroup | None
    index: PeerFigure
    dimensions: tuple[PeerDimension, ...]
    methodology: str
    simulated: bool
    text: str

    def _repr_html_(self) -> str:
        heads = (
            *("", "", "Puntuación · Score", "Puesto · Rank", "Percentil · Percentile"),
            *("Q1", "Mediana · Median", "Q3"),
        )
        figures = [("", "Índice · Index", self.index), *((one.id, one.name, one) for one in self.dimensions)]
        rows = (
            (
                node,
                name,
                format_figure(figure.score),
                DASH if figure.rank is None else f"{figure.rank} / {figure.organisations}",
                format_figure(figure.percentile),
                *(
                    ("", "", "")
                    if (spread := figure.spread) is None
                    else map(format_figure, (spread.q1, spread.median, spread.q3))
                ),
            )
            for node, name, figure in figures
        )
        caption = render_facts(self.organisation_name, [])
        return caption + render_paragraph(self.text) + render_table(heads, rows)


class PublishedEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """A document that shows an answer: where it is, and its date."""

    url: str
    date: date


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that scores, 0 to 100, and is more than declared; ``id`` is that of the indicator."""

    id: str
    name: str
    score: float
    evidence: tuple[PublishedEvidence, ...]


class Exemplar(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation that does well in a dimension, and how; ``score`` is that of the dimension."""

    dimension: str
    score: float
    organisation: str
    organisation_name: str
    kind: OrganisationKind
    province: str | None
    region: str | None
    band: str | None
    population: int | None
    rank: int | None
    index: float | None
    level: int | None
    practices: tuple[Practice, ...]
    methodology: str
    simulated: bool


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """The 5th, 50th and 95th percentile of an index, 0 to 100."""

    p5: float
    p50: float
    p95: float


class RankPercentiles(msgspec.Struct, frozen=True, kw_only=True):
    """The 5th, 50th and 95th percentile of a rank; the 5th is the better end."""

    p5: int
    p50: int
    p95: int


class LevelProbability(msgspec.Struct, frozen=True, kw_only=True):
    """Share of the draws, 0 to 1, in which an organisation is of a level."""

    level: int
    probability: float


class RobustScore(msgspec.Struct, frozen=True, kw_only=True):
    """How an organisation comes out where weights and aggregation are drawn, beside its score.

    ``draws`` and ``seed``: how many, and where they begin. ``drawn_rank`` is ``None`` where ``rank`` may not be told.
    """

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


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """Distribution of scores, 0 to 100, over the organisations that have one.

    ``standard_deviation``: that of a sample. ``skewness``: the adjusted Fisher-Pearson coefficient. What is not defined
    is ``None``, here and in all statistics.
    """

    organisations: int
    mean: float | None
    standard_deviation: float | None
    skewness: float | None


class IndexStatistics(Moments, frozen=True, kw_only=True):
    """The index; ``alpha``: Cronbach's, over the dimensions."""

    alpha: float | None


class NodeStatistics(Moments, frozen=True, kw_only=True):
    """A node beside the one above it: ``parent``, or the index where that is ``None``.

    ``correlation`` with it. ``weight``: its share of the weights there. ``main_effect``: the share of the variance
    there that goes with it. ``effective_weight``: its share of the main effects there.
    """

    id: str
    name: str
    parent: str | None
    correlation: float | None
    weight: float
    main_effect: float | None
    effective_weight: float | None


class DimensionStatistics(NodeStatistics, frozen=True, kw_only=True):
    """A dimension; ``alpha``: Cronbach's, over its indicators.

    ``rank_change``: by how many ranks an organisation moves in the mean, up or down, where the index is without it.
    """

    alpha: float | None
    rank_change: float | None


class IndicatorStatistics(NodeStatistics, frozen=True, kw_only=True):
    """An indicator beside its dimension."""


class GoalpostMove(msgspec.Struct, frozen=True, kw_only=True):
    """A goalpost at another ``x``, and by how many ranks organisations then move, in the mean and at most."""

    x: float
    rank_change: float
    rank_change_max: int


class GoalpostStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """How sensitive ranks are to a judgement goalpost, ``down`` and ``up`` by 20 %.

    ``position``: from 0, in the curve of the indicator.
    """

    indicator: str
    position: int
    x: float
    down: GoalpostMove | None
    up: GoalpostMove | None


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """Remark of the statistical audit; ``node`` is ``None`` for the index."""

    code: RemarkCode
    node: str | None
    value: float
    text: str


class EditionStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """The statistical audit of the index of an edition, over the organisations that rank."""

    edition: str
    index: IndexStatistics
    dimensions: tuple[DimensionStatistics, ...]
    indicators: tuple[IndicatorStatistics, ...]
    goalposts: tuple[GoalpostStatistics, ...]
    remarks: tuple[Remark, ...]
    methodology: str
    simulated: bool


# --- the ledger -----------------------------------------------------------------------------------------------


class AccessKey(Versioned, frozen=True, kw_only=True):
    """A key, without its secret.

    ``editions``: ``None`` is all. ``state``: ``unrecognised`` is one that was made with a pepper that the service has
    no more. ``last_used``: day (UTC), ``None`` where it never was. ``days``: those that it was made for.
    ``made_by``: id of the key with which it was made, ``None`` on the command line. ``replaced_by``: id of the one in
    its place.
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
    made_by: str | None
    replaced_by: str | None


class NewAccessKey(AccessKey, frozen=True, kw_only=True):
    """A key that was made. ``secret``: the key itself, for ``api_key``; ``None`` where the first answer was lost."""

    secret: str | None

    def __repr__(self) -> str:
        return f"NewAccessKey(id={self.id!r}, role={self.role!r}, secret='***')"


class ReportReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """That a report came; the same for each."""

    detail: str


class LedgerOpening(msgspec.Struct, frozen=True, kw_only=True):
    """Subject of an entry: SHA-256 of ``salt`` (16 bytes, hexadecimal) and ``subject`` is in its record."""

    subject: str
    salt: str


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain of changes.

    ``hash`` is SHA-256 over a zero byte, ``prev`` (32 bytes), ``seq`` (8 bytes) and the RFC 8785 bytes of ``record``.
    ``opening``: ``None`` where it is not for you, or has been removed.
    """

    seq: int
    prev: str
    hash: str
    record: Mapping[str, JsonValue]
    opening: LedgerOpening | None


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A signed statement of the first ``size`` entries; ``root`` is the hash of the last, ``note`` the text signed."""

    size: int
    root: str
    at: datetime
    note: str


class SigningKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A public Ed25519 key as a JSON Web Key; ``retired``: until when it signed, ``None`` while it does."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str
    created: datetime
    retired: datetime | None = None


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A detached JWS over the exact bytes of a document, by Ed25519 (RFC 7515, appendix F; RFC 8037)."""

    protected: str
    signature: str


class PublishedCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """A score that a revision corrects: the digests of its documents, its index and its level, before and after."""

    organisation: str
    before: str
    after: str
    index_before: float | None
    index_after: float | None
    level_before: int | None
    level_after: int | None


class PublicationLinks(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of the parts of a publication."""

    document: str
    signature: str
    bundle: str


class PublicationApproval(msgspec.Struct, frozen=True, kw_only=True):
    """That a key has approved to publish something. ``number``: counted from 1 in each edition."""

    edition: str
    number: int
    digest: str
    key: str
    role: Role
    approved: datetime


class SuggestionDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Decision on a suggestion, and its reason.

    ``language``: what the reason is written in (BCP 47). ``methodology``: the version that the decision is about.
    """

    decision: SuggestionState
    reason: str
    language: str
    methodology: str | None
    decided: datetime


class Suggestion(Versioned, frozen=True, kw_only=True):
    """A proposed further error or indicator.

    ``language``: what title and text are written in (BCP 47). ``dimension`` and ``indicator``: what it is about.
    ``state``: what was decided last. ``decisions``: all, the first one first.
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


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """A revision of a published edition.

    ``digest``: that of the edition document. ``supersedes`` and ``superseded_by``: those of the revisions before and
    after. ``organisations``: how many scores it has. ``checkpoint``: the signed note of the ledger with this
    publication in it, which is worth keeping elsewhere. ``bundle_digest`` and ``bundle_size``: of the whole publication
    in one file.
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


class WorkbookFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault in a cell of a workbook.

    ``cell``: sheet and cell, ``Perfil!C12``. ``pointer``: JSON Pointer to where in ``questionnaire`` the value would
    stand, or is missing. ``rule``: what it breaks. ``value``: what stands there, as JSON. ``suggestion``: what may have
    been meant.
    """

    cell: str
    pointer: str | None
    rule: str
    value: str | None
    detail: str
    suggestion: str | None


class WorkbookReading(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a workbook, and its faults cell by cell.

    ``language``: that in which it was made. ``questionnaire``: all that was read, as ``methodologies.workbook.fill``
    takes it. ``scores``: what of it :meth:`actitud.Client.score` takes; ``assessment``: what
    ``editions.assessments.put`` takes; ``None`` where the profile lacks a field.
    """

    methodology: str
    language: str
    questionnaire: dict[str, Any]
    scores: dict[str, Any] | None
    assessment: dict[str, Any] | None
    faults: tuple[WorkbookFault, ...]
