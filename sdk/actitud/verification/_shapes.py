"""The complete members of published documents; a document with any other member or type is refused.

Compare ``docs/document-format.md``. ``kind`` and ``format`` are compared where a document is read.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import msgspec

from actitud.verification._findings import Findings
from actitud.verification._reading import split_error

_MEMBER = re.compile("Object (?P<fault>contains unknown|missing required) field `(?P<name>.*)`")
"""How msgspec says that a member is too many or missing."""

_Number: TypeAlias = int | float
_Value: TypeAlias = bool | int | float | str | None
_Fact: TypeAlias = bool | int | float | str | tuple[str, ...] | None


class _Object(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Reference(_Object, frozen=True):
    version: str
    digest: str


# --- the edition document -------------------------------------------------------------------------------------


class _Span(_Object, frozen=True):
    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")


class _Windows(_Object, frozen=True):
    S0: _Span
    W90: _Span
    W90_electoral: _Span
    W12: _Span
    W24: _Span
    D24: _Span


class _Calendar(_Object, frozen=True):
    submission: _Span
    review: _Span
    hearing: _Span
    publication: _Span


class _Counts(_Object, frozen=True):
    organisations: int
    ranked: int
    statuses: dict[str, int]
    levels: dict[str, int]


class _StagedScores(_Object, frozen=True):
    before: _Number | None
    methodology: _Number | None
    coverage: _Number | None
    after: _Number | None


class _Parts(_Object, frozen=True):
    methodology: _Number
    coverage: _Number
    data: _Number
    total: _Number


class _GroupChange(_Object, frozen=True):
    id: str
    score: _StagedScores
    parts: _Parts | None


class _IndicatorChange(_Object, frozen=True):
    id: str
    code_before: str | None
    code_after: str | None
    score: _StagedScores


class _VersionEffects(_Object, frozen=True):
    dropped_answers: tuple[str, ...]
    new_indicators: tuple[str, ...]
    dropped_fields: tuple[str, ...]
    new_fields: tuple[str, ...]


class _Change(_Object, frozen=True):
    methodology_before: _Reference
    methodology_after: _Reference
    index: _StagedScores
    parts: _Parts | None
    unrated: tuple[str, ...]
    level_before: int | None
    level_after: int | None
    groups: tuple[_GroupChange, ...]
    indicators: tuple[_IndicatorChange, ...]
    version_effects: _VersionEffects


class _Correction(_Object, frozen=True):
    organisation: str
    before: str | None
    after: str
    answers: tuple[str, ...]
    change: _Change | None


class _Line(_Object, frozen=True):
    organisation: str
    document: str
    status: str
    level: int | None
    index: _Number | None
    rank: int | None
    standing: str | msgspec.UnsetType = msgspec.UNSET


class EditionShape(_Object, frozen=True):
    """All members of an edition document, with their types; a document with any other member is refused."""

    kind: str
    format: int
    edition: str
    revision: int
    supersedes: str | None
    reason: str
    published: str
    titles: dict[str, str]
    simulated: bool
    period_from: str
    period_to: str
    windows: _Windows
    calendar: _Calendar
    methodology: _Reference
    engine: str
    counts: _Counts
    corrections: tuple[_Correction, ...]
    checkpoint: str | None
    scores: tuple[_Line, ...]


# --- the score document ---------------------------------------------------------------------------------------


class _Organisation(_Object, frozen=True):
    id: str
    name: str
    kind: str
    population: int | None
    band: str | None
    province: str | None
    region: str | None
    simulated: bool


class _Submission(_Object, frozen=True):
    profile: dict[str, _Value]
    answers: dict[str, dict[str, _Fact]]
    self_declared: tuple[str, ...]
    profile_self_declared: tuple[str, ...]
    set_aside: dict[str, str]
    level_caps: dict[str, int]
    max_level: int | None


class _Goalpost(_Object, frozen=True):
    x: _Number
    score: _Number


class _ReasonParameters(_Object, frozen=True):
    facts: dict[str, _Fact]
    value: _Number | bool | None
    between: tuple[_Goalpost, ...]
    cap: _Number | None
    uncapped: _Number | None
    level_sent: int | None
    rules: tuple[str, ...]
    missing: tuple[str, ...]
    fields: tuple[str, ...]


class _Reason(_Object, frozen=True):
    code: str
    parameters: _ReasonParameters


class _NextStep(_Object, frozen=True):
    kind: str
    change: dict[str, _Fact]
    gain: _Number | None
    gain_max: _Number | None
    needs_evidence: bool
    cap: _Number | None
    requires: tuple[str, ...]


class _Interval(_Object, frozen=True):
    n: int
    lower: _Number
    upper: _Number
    index_lower: _Number | None
    index_upper: _Number | None


class _Indicator(_Object, frozen=True):
    id: str
    state: str
    score: _Number | None
    weight: int
    possible: _Number | None
    won: _Number | None
    lost: _Number | None
    value: _Number | bool | None
    interval: _Interval | None
    reason: _Reason
    next_step: _NextStep | None


class _Dimension(_Object, frozen=True):
    id: str
    score: _Number | None
    score_max: _Number | None
    weight: int
    coverage: _Number | None
    possible: _Number | None
    won: _Number | None
    lost: _Number | None
    groups: tuple[_Dimension, ...]
    indicators: tuple[_Indicator, ...]


class _Gate(_Object, frozen=True):
    gate: str
    actual: _Value
    required: _Value
    distance: _Number | None


class _LevelDetails(_Object, frozen=True):
    provisional: bool
    max_level: int | None
    blocked_by: tuple[_Gate, ...]


class _MainReason(_Object, frozen=True):
    indicator: str
    lost: _Number


class _Finding(_Object, frozen=True):
    rule: str
    severity: str
    code: str
    indicators: tuple[str, ...]
    missing: tuple[str, ...]
    facts: dict[str, _Fact]


class _Pillar(_Object, frozen=True):
    id: str
    score: _Number | None
    score_max: _Number | None
    share: _Number


class _Estimate(_Object, frozen=True):
    of: str
    index: _Number
    lower: _Number
    upper: _Number
    confidence: _Number


class _Score(_Object, frozen=True):
    methodology: _Reference
    index: _Number | None
    index_max: _Number | None
    index_geometric: _Number | None
    coverage: _Number | None
    status: str
    level: int | None
    level_details: _LevelDetails
    main_reasons: tuple[_MainReason, ...]
    findings: tuple[_Finding, ...]
    dimensions: tuple[_Dimension, ...]
    indicators: tuple[_Indicator, ...]
    input_digest: str
    pillars: tuple[_Pillar, ...] | msgspec.UnsetType = msgspec.UNSET
    standing: str | msgspec.UnsetType = msgspec.UNSET
    estimate: _Estimate | msgspec.UnsetType | None = msgspec.UNSET


class _Overall(_Object, frozen=True):
    max_level: int | None
    reason: str
    at: str


class _Verdict(_Object, frozen=True):
    indicator: str
    verdict: str
    level: int | None
    reason: str | None
    rule: str | None
    at: str


class _Reply(_Object, frozen=True):
    indicator: str
    text: str
    at: str


class _Review(_Object, frozen=True):
    state: str
    overall: _Overall | None
    verdicts: tuple[_Verdict, ...]
    replies: tuple[_Reply, ...]


class ScoreShape(_Object, frozen=True):
    """All members of a score document, with their types; a document with any other member is refused."""

    kind: str
    format: int
    edition: str
    organisation: _Organisation
    submission: _Submission
    score: _Score
    review: _Review


def check_shape(
    findings: Findings, line: int, document: dict[str, Any], shape: type[EditionShape] | type[ScoreShape]
) -> bool:
    """Return True if a decoded document has exactly the members of its format, else add a problem and return False.

    ``line``: number of its line in the file. The problem has the code ``malformed``.
    """
    try:
        msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        pointer, reason = split_error(error)
        if member := _MEMBER.fullmatch(reason):
            pointer = f"{pointer}/{member['name']}"
            unknown = member["fault"] == "contains unknown"
            es, en = (
                ("el formato no lo tiene", "the format does not have it") if unknown else ("falta", "it is missing")
            )
        else:
            es, en = f"no es lo que pide el formato: {reason}", f"it is not what the format asks for: {reason}"
        findings.add_problem("malformed", line, pointer, es, en)
        return False
    return True
