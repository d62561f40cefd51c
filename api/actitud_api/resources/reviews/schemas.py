"""Requests and answers about reviews."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Annotated

from msgspec import Meta, Struct

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.free_text import Reason
from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.assessments.schemas import AssessmentPath
from actitud_api.resources.reviews import service
from actitud_api.resources.reviews.flagging import FlagKind
from actitud_api.resources.reviews.queries import FlagRecord, VerdictRecord
from actitud_api.resources.reviews.sentences import format_flag
from actitud_api.resources.reviews.service import (
    AgreementSummary,
    AnswerReview,
    Opinion,
    OverallReviewState,
    SampleView,
)

Time = Annotated[datetime, Meta(tz=True)]
RuleId = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9_.-]{1,64}$",
        description="The rule that people check and that the answer breaks: one of `reviews` of the indicator.",
        examples=["V21"],
    ),
]
Share = Annotated[float, Meta(ge=0, le=1)]
Number = Annotated[int, Meta(ge=0)]
Assessor = Annotated[
    str, Meta(description="The id of the key of the assessor, or of the first of those that it replaced.")
]


class VerdictPath(AssessmentPath, frozen=True):
    """What names a verdict in a path."""

    indicator: Annotated[str, Meta(description="Id of the indicator.", examples=["D1.01"])]


class VerdictRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="verdict"):
    """Base of what may be found of an answer."""

    rule: RuleId | None = None


class Accepted(VerdictRequest, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="accepted"):
    """The answer stands."""

    reason: Reason | None = None


class Rejected(VerdictRequest, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="rejected"):
    """The answer is wrong, and does not count."""

    reason: Reason


class Insufficient(VerdictRequest, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="insufficient"):
    """The evidence does not show it: the answer counts as one that is only declared."""

    reason: Reason


class Stale(VerdictRequest, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="stale"):
    """The evidence lies outside of the window: the answer does not count."""

    reason: Reason


class Capped(VerdictRequest, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="capped"):
    """A lower level is shown than the one that was sent."""

    reason: Reason
    level: Annotated[int, Meta(ge=0, le=100, description="A level of the ladder, below the one that was sent.")]


VERDICT_REQUESTS: tuple[type[VerdictRequest], ...] = (Accepted, Rejected, Insufficient, Stale, Capped)


class Counting(Struct, frozen=True, kw_only=True):
    """A verdict in short."""

    verdict: Annotated[Verdict, Meta(description="What is found of the answer.")]
    level: Annotated[int | None, Meta(description="The level that it is capped to; null with any other verdict.")]


class GivenVerdict(Struct, frozen=True, kw_only=True):
    """The verdict of one assessor on an answer. What was taken back has no verdict."""

    assessor: Assessor
    verdict: Verdict | None
    level: int | None
    reason: str | None
    rule: str | None
    at: Annotated[Time, Meta(description="When it was given, or taken back.")]
    first: Annotated[Counting, Meta(description="What the assessor said the first time, which agreement rests on.")]
    current: Annotated[bool, Meta(description="It is about the answer as it is; else that has changed since.")]
    counts: Annotated[bool, Meta(description="It is the latest about the answer as it is, and acts on the score.")]


class JudgedAnswer(Struct, frozen=True, kw_only=True):
    """What was found of the answer to one indicator, by all assessors."""

    indicator: str
    answered: Annotated[bool, Meta(description="There is an answer.")]
    counts: Annotated[Counting | None, Meta(description="The verdict that counts; null while nobody has judged.")]
    disputed: Annotated[bool, Meta(description="Assessors say different things, and there is no hearing until then.")]
    verdicts: Annotated[tuple[GivenVerdict, ...], Meta(description="All of them, the latest last.")]


class JudgedPage(Page[JudgedAnswer], frozen=True):
    """What was found of the answers of an assessment, in the order of the methodology."""


class Review(Struct, frozen=True, kw_only=True):
    """What is said of an assessment as a whole. Until somebody has, nothing is: every member of it is null or empty."""

    edition: str
    organisation: str
    methodology: str
    reason: str | None
    max_level: Annotated[int | None, Meta(description="The highest level that it may reach; null is any.")]
    profile: Annotated[dict[str, Scalar | None], Meta(description="Fields of the profile that the service sets.")]
    answers: Annotated[
        dict[str, dict[str, FactValue]], Meta(description="Facts of answers that the service sets, by indicator.")
    ]
    reviewer: Annotated[str | None, Meta(description="The id of the key that said it last.")]
    updated: Time | None


class AgreementOfTwo(Struct, frozen=True, kw_only=True):
    """How far two assessors agree, by their first verdicts on the answers that both judged."""

    first: Assessor
    second: Assessor
    pairs: Annotated[int, Meta(ge=1, description="Answers that both judged.")]
    agreed: Annotated[int, Meta(ge=0, description="Those of which both say the same.")]
    share: Share
    kappa: Annotated[
        Annotated[float, Meta(ge=-1, le=1)] | None,
        Meta(description="Cohen's kappa, 4 decimals; null where chance alone would make them agree on everything."),
    ]
    recode: Annotated[bool, Meta(description="Less than 0.8 are equal: they judge again (rule R8 of the catalogue).")]


class Agreement(Struct, frozen=True, kw_only=True):
    """How far the assessors of an edition agree. Kappa is of two: it has none of all together."""

    edition: str
    pairs: Annotated[int, Meta(ge=0, description="The pairs of all.")]
    agreed: Annotated[int, Meta(ge=0)]
    share: Share | None
    recode: bool
    assessors: Annotated[tuple[AgreementOfTwo, ...], Meta(description="Any two who judged the same answers.")]


class SampleRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the sample of an edition is to be drawn, for good."""

    share: Annotated[
        float,
        Meta(gt=0, le=1, description="The share that is drawn, rounded up to a whole number of assessments."),
    ] = 0.2
    seed: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9A-Za-z_.-]{1,64}$",
                description="A seed that was drawn elsewhere, in public; without it the service draws one.",
            ),
        ]
        | None
    ) = None


class Sample(Struct, frozen=True, kw_only=True):
    r"""Sample of an edition.

    It is drawn from the assessments that are handed in: in the order of the SHA-256, in hexadecimal, of the UTF-8 of
    seed, line feed and id, the first `ceil(share · n)`. `printf '%s\n%s' SEED ID | sha256sum` tells it anywhere.
    """

    edition: str
    seed: str
    share: Annotated[float, Meta(gt=0, le=1)]
    given: Annotated[bool, Meta(description="The seed was chosen by who made the sample, not by the service.")]
    made: Time
    handed_in: Annotated[
        Number | None, Meta(description="How many it is drawn from; null for whoever may not know yet.")
    ]
    drawn: Annotated[Number | None, Meta(description="How many are drawn; null for whoever may not know yet.")]
    organisations: Annotated[
        tuple[str, ...],
        Meta(
            description="Those that are drawn, in their order: all of them in a published edition and for whoever sees "
            "its drafts; before that an organisation sees itself."
        ),
    ]


class SamplePage(Page[Sample], frozen=True):
    """The sample of an edition, or nothing."""


class FlagQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a list of flags."""

    kind: Annotated[FlagKind, Meta(description="Only what is remarkable in that way.")] | None = None


class Flag(Struct, frozen=True, kw_only=True):
    """What is remarkable of an assessment beside others. It says that somebody should look; it changes no score."""

    organisation: str
    kind: Annotated[
        FlagKind,
        Meta(
            description="`outlier`: a value beyond 3 median absolute deviations of its peers; `growth`: followers more "
            "than half above those of the edition before; `document_reused`: a document behind more than five "
            "indicators; `document_shared`: one that other organisations name too."
        ),
    ]
    rule: Annotated[str, Meta(description="The rule of the methodology.")]
    indicator: str | None
    facts: Annotated[dict[str, int | float | str], Meta(description="The numbers of it.")]
    text: Annotated[str, Meta(description="A sentence in the language of the answer.")]


class FlagPage(Page[Flag], frozen=True):
    """Flags, by organisation."""


class Flagged(Struct, frozen=True, kw_only=True):
    """What came of looking for what is remarkable."""

    edition: str
    assessments: Annotated[int, Meta(ge=0, description="How many were handed in and looked at.")]
    flags: Annotated[int, Meta(ge=0)]
    made: Time


def build_opinion(request: VerdictRequest) -> Opinion:
    """Build the opinion of an assessor from a request."""
    name = str(request.__struct_config__.tag)
    verdict: Verdict = next(known for known in _VERDICTS if known == name)
    match request:
        case Capped():
            return Opinion(verdict=verdict, reason=request.reason, level=request.level, rule=request.rule)
        case Accepted() | Rejected() | Insufficient() | Stale():
            return Opinion(verdict=verdict, reason=request.reason, rule=request.rule)
    raise TypeError(name)


_VERDICTS: tuple[Verdict, ...] = ("accepted", "rejected", "insufficient", "stale", "capped")


def build_judged_answer(found: AnswerReview) -> JudgedAnswer:
    """Build the answer about the review of an answer."""
    counts = found.counts
    return JudgedAnswer(
        indicator=found.indicator,
        answered=found.answer is not None,
        counts=None if counts is None else _build_counting(counts.verdict, counts.level),
        disputed=found.is_disputed,
        verdicts=tuple(_build_given_verdict(found, one) for one in found.verdicts),
    )


def _build_counting(verdict: Verdict | None, level: int | None) -> Counting | None:
    return None if verdict is None else Counting(verdict=verdict, level=level)


def _build_given_verdict(found: AnswerReview, one: VerdictRecord) -> GivenVerdict:
    return GivenVerdict(
        assessor=one.assessor,
        verdict=one.verdict,
        level=one.level,
        reason=one.reason,
        rule=one.rule,
        at=one.at,
        first=Counting(verdict=one.first_verdict, level=one.first_level),
        current=one.answer == found.answer,
        counts=one is found.counts,
    )


def build_review(held: OverallReviewState) -> Review:
    """Build the answer about the overall review of an assessment."""
    said = held.review
    return Review(
        edition=held.edition,
        organisation=held.organisation,
        methodology=held.methodology,
        reason=None if said is None else said.reason,
        max_level=None if said is None else said.max_level,
        profile={} if said is None else said.profile,
        answers={} if said is None else said.answers,
        reviewer=None if said is None else said.reviewer,
        updated=None if said is None else said.at,
    )


def build_agreement(found: AgreementSummary) -> Agreement:
    """Build the answer about the agreement of the assessors of an edition."""
    return Agreement(
        edition=found.edition,
        pairs=found.pairs,
        agreed=found.agreed,
        share=None if found.share is None else _round_share(found.share),
        recode=found.recode,
        assessors=tuple(
            AgreementOfTwo(
                first=one.first,
                second=one.second,
                pairs=one.agreement.pairs,
                agreed=one.agreement.agreed,
                share=_round_share(Fraction(one.agreement.agreed, one.agreement.pairs)),
                kappa=None if one.agreement.kappa is None else _round_share(one.agreement.kappa),
                recode=one.agreement.recode,
            )
            for one in found.between
        ),
    )


def build_sample(found: SampleView) -> Sample:
    """Build the answer about a sample."""
    one = found.drawing
    return Sample(
        edition=one.edition,
        seed=one.seed,
        share=one.share,
        given=one.given,
        made=one.made,
        handed_in=found.handed_in,
        drawn=found.drawn,
        organisations=found.organisations,
    )


def build_flag(one: FlagRecord, language: Language) -> Flag:
    """Build the answer about a flag, with its sentence."""
    return Flag(
        organisation=one.organisation,
        kind=one.kind,
        rule=one.rule,
        indicator=one.indicator,
        facts=one.facts,
        text=format_flag(one.kind, one.indicator, one.facts, language),
    )


def build_flagged(made: service.FlaggingResult) -> Flagged:
    """Build the answer about the search for anomalies."""
    return Flagged(edition=made.edition, assessments=made.assessments, flags=made.flags, made=made.made)


def _round_share(share: Fraction) -> float:
    """Round a share to 4 decimals, half up."""
    return round_half_up(share * 10**4) / 10**4
