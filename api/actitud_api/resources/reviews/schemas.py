"""Requests and responses about verdicts, overall reviews, agreement, samples and flags."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.free_text import Reason
from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.scoring.result import OPEN
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.assessments.schemas import AssessmentPath, Time
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

RuleId = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9_.-]{1,64}$",
        description="The rule of the catalogue that the answer breaks: one of `reviews` of the indicator.",
        examples=["V21"],
    ),
]
Share = Annotated[float, Meta(ge=0, le=1)]
Number = Annotated[int, Meta(ge=0)]
Assessor = Annotated[
    str, Meta(description="The id of the key of the assessor; after rotations, the id of the first key.")
]


class VerdictPath(AssessmentPath, frozen=True):
    """The path parameters of the verdicts on an answer."""

    indicator: Annotated[str, Meta(description="Id of the indicator.", examples=["D1.07"])]


class VerdictRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Common members of the requests that give a verdict.

    `rule` is the rule of the methodology that the answer breaks, null if there is none.
    """

    verdict: Verdict
    rule: RuleId | None = None


HearingUntil = Annotated[
    date, Meta(description="New last day of the hearing, so that the organisation can reply to a harsher verdict.")
]


class AcceptanceRequest(VerdictRequest, frozen=True, kw_only=True):
    """A verdict: the answer counts as the organisation gave it."""

    verdict: Literal["accepted"]
    reason: Reason | None = None


class RejectionRequest(VerdictRequest, frozen=True, kw_only=True):
    """A verdict: the answer does not count in the form in which the organisation gave it.

    `rejected`: the answer is wrong. `insufficient`: the documents do not prove the answer, which counts as
    self-declared. `stale`: the documents are from outside the allowed period, and the answer does not count.
    """

    verdict: Literal["rejected", "insufficient", "stale"]
    reason: Reason
    hearing_until: HearingUntil | None = None


class CapRequest(VerdictRequest, frozen=True, kw_only=True):
    """A verdict: the documents prove a lower level than the answer states. The answer counts at that level."""

    verdict: Literal["capped"]
    reason: Reason
    level: Annotated[int, Meta(ge=0, le=100, description="A step of the ladder below the step of the answer.")]
    hearing_until: HearingUntil | None = None


VERDICT_REQUESTS: tuple[type[VerdictRequest], ...] = (AcceptanceRequest, RejectionRequest, CapRequest)


class Counting(Struct, frozen=True, kw_only=True):
    """A verdict; `level` is the level at which the answer counts, null unless the verdict is `capped`."""

    verdict: Annotated[Verdict, Meta(description="The verdict on the answer.")]
    level: Annotated[int | None, Meta(description="The capped level; null with any other verdict.")]


class GivenVerdict(Struct, frozen=True, kw_only=True):
    """The verdict of one assessor on an answer. `verdict` is null if the assessor withdrew it.

    `level` is the level at which the answer counts, null unless the verdict is `capped`. `reason` is null if none
    was given, and empty if it was erased. `rule` is the rule of the methodology that the answer breaks, null if the
    verdict names none.
    """

    assessor: Assessor
    verdict: Verdict | None
    level: int | None
    reason: str | None
    rule: str | None
    at: Annotated[Time, Meta(description="When it was given or withdrawn.")]
    first_verdict: Annotated[Counting, Meta(description="First verdict of the assessor, for the agreement.")]
    current: Annotated[bool, Meta(description="True if the answer has not changed since.")]
    counts: Annotated[bool, Meta(description="True if it affects the score: the latest on the current answer.")]


class JudgedAnswer(Struct, frozen=True, kw_only=True):
    """The verdicts of all assessors on the answer to one indicator."""

    indicator: str
    answered: Annotated[bool, Meta(description="True if the indicator has an answer.")]
    effective_verdict: Annotated[Counting | None, Meta(description="The verdict that counts; null if there is none.")]
    disputed: Annotated[bool, Meta(description="True if assessors disagree.")]
    verdicts: Annotated[tuple[GivenVerdict, ...], Meta(description="All verdicts, oldest first.")]


class JudgedPage(Page[JudgedAnswer], frozen=True):
    """A page of the verdicts on an assessment."""


class Review(Struct, frozen=True, kw_only=True):
    """The overall review of an assessment. Every member but the ids is null or empty until somebody writes the review.

    `reason` is the text of the review, empty if it was erased.
    """

    edition: str
    organisation: str
    methodology: str
    reason: str | None
    max_level: Annotated[
        int | None, Meta(description="The highest level that the assessment may reach; null is no limit.")
    ]
    profile: Annotated[dict[str, Scalar | None], Meta(description="Profile fields that the service sets.")]
    answers: Annotated[dict[str, dict[str, FactValue]], Meta(description="Facts that the service sets, by indicator.")]
    reviewer: Annotated[str | None, Meta(description="The id of the key that wrote it last.")]
    updated: Time | None


class PairAgreement(Struct, frozen=True, kw_only=True):
    """The agreement of the assessors `first` and `second`, by their first verdicts on the answers that both judged."""

    first: Assessor
    second: Assessor
    pairs: Annotated[int, Meta(ge=1, description="Number of answers that both judged.")]
    agreed: Annotated[int, Meta(ge=0, description="Number of answers with equal verdicts.")]
    share: Share
    kappa: Annotated[
        Annotated[float, Meta(ge=-1, le=1)] | None,
        Meta(description="Cohen's kappa, 4 decimals; null if chance alone would make all verdicts equal."),
    ]
    too_low: Annotated[
        bool, Meta(description="True if the share is below 0.8: they judge again (rule R8 of the catalogue).")
    ]


class Agreement(Struct, frozen=True, kw_only=True):
    """The agreement of the assessors of an edition: of each pair of assessors, and in total.

    `pairs` counts pairs of verdicts of different assessors on the same answer, `agreed` the pairs of equal verdicts;
    `share` is null if there are no pairs. `too_low` is true if the share is below 0.8: the assessors should judge these
    answers again. Cohen's kappa is not defined for more than two assessors.
    """

    edition: str
    pairs: Annotated[int, Meta(ge=0, description="Number of pairs of all assessors.")]
    agreed: Annotated[int, Meta(ge=0)]
    share: Share | None
    too_low: bool
    assessors: Annotated[
        tuple[PairAgreement, ...], Meta(description="Of each two assessors who judged the same answers.")
    ]


class SampleRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The request to draw a sample, with its share and seed."""

    share: Annotated[
        float,
        Meta(gt=0, le=1, description="The share to draw, rounded up to a whole number of assessments."),
    ] = 0.2
    seed: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9A-Za-z_.-]{1,64}$",
                description="A seed drawn in public; without it the service generates one.",
            ),
        ]
        | None
    ) = None


class Sample(Struct, frozen=True, kw_only=True):
    """The sample of an edition: the submitted assessments that are checked more closely.

    The submitted assessments are ordered by the SHA-256, in hexadecimal, of the UTF-8 text of seed, line feed and
    organisation id; the first `ceil(share · n)` of the n assessments are drawn.
    """

    edition: str
    seed: str
    share: Annotated[float, Meta(gt=0, le=1)]
    seed_given: Annotated[bool, Meta(description="True if the request gave the seed; false if the service did.")]
    created: Time
    assessments: Annotated[
        Number | None, Meta(description="Number of submitted assessments; null if the key may not see it.")
    ]
    drawn: Annotated[Number | None, Meta(description="Number of drawn assessments; null if the key may not see it.")]
    organisations: Annotated[
        tuple[str, ...],
        Meta(description="The drawn organisations in order; before publication only those that the key may see."),
    ]


class SamplePage(Page[Sample], frozen=True):
    """A page with the sample of an edition, if one has been drawn."""


class FlagQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of a list of flags."""

    kind: Annotated[FlagKind, Meta(description="Only flags of this kind.")] | None = None


class Flag(Struct, frozen=True, kw_only=True):
    """Something unusual in an assessment compared with others, which assessors should look at. It changes no score.

    `indicator` is null if the flag is about no single indicator.
    """

    organisation: str
    kind: Annotated[
        FlagKind,
        Meta(
            description="`outlier`: a value more than 3 median absolute deviations from the median of its peers; "
            "`growth`: followers more than half above the previous edition; `document_reused`: a document that "
            "supports more than five indicators; `document_shared`: a document that several organisations name."
        ),
        OPEN,
    ]
    rule: Annotated[str, Meta(description="The rule of the methodology.")]
    indicator: str | None
    facts: Annotated[dict[str, int | float | str], Meta(description="The values for the sentence.")]
    text: Annotated[str, Meta(description="A sentence in the language of the response.")]


class FlagPage(Page[Flag], frozen=True):
    """A page of flags."""


class Flagged(Struct, frozen=True, kw_only=True):
    """The result of computing the flags of an edition: the numbers of compared assessments and of flags."""

    edition: str
    assessments: Annotated[int, Meta(ge=0, description="Number of submitted assessments that were compared.")]
    flags: Annotated[int, Meta(ge=0)]
    created: Time


def build_opinion(request: VerdictRequest) -> Opinion:
    """Convert a request to the verdict that an assessor gives."""
    return Opinion(**structs.asdict(request))


def build_judged_answer(review: AnswerReview) -> JudgedAnswer:
    """Build the response about all verdicts on one answer."""
    counted = review.counted_verdict
    return JudgedAnswer(
        indicator=review.indicator,
        answered=review.answer is not None,
        effective_verdict=None
        if counted is None or counted.verdict is None
        else Counting(verdict=counted.verdict, level=counted.level),
        disputed=review.is_disputed,
        verdicts=tuple(_build_given_verdict(review, verdict) for verdict in review.verdicts),
    )


def _build_given_verdict(review: AnswerReview, verdict: VerdictRecord) -> GivenVerdict:
    return copy_members(
        verdict,
        GivenVerdict,
        first_verdict=Counting(verdict=verdict.first_verdict, level=verdict.first_level),
        current=verdict.answer == review.answer,
        counts=verdict is review.counted_verdict,
    )


def build_review(state: OverallReviewState) -> Review:
    """Build the response about the overall review of an assessment."""
    review = state.review
    if review is None:
        return copy_members(
            state, Review, reason=None, max_level=None, profile={}, answers={}, reviewer=None, updated=None
        )
    return copy_members(review, Review, methodology=state.methodology, updated=review.at)


def build_agreement(summary: AgreementSummary) -> Agreement:
    """Build the response about the agreement of the assessors of an edition, with shares rounded to 4 decimals."""
    return Agreement(
        edition=summary.edition,
        pairs=summary.pairs,
        agreed=summary.agreed,
        share=None if summary.share is None else _round_share(summary.share),
        too_low=summary.too_low,
        assessors=tuple(
            PairAgreement(
                first=pair.first,
                second=pair.second,
                pairs=pair.agreement.pairs,
                agreed=pair.agreement.agreed,
                share=_round_share(Fraction(pair.agreement.agreed, pair.agreement.pairs)),
                kappa=None if pair.agreement.kappa is None else _round_share(pair.agreement.kappa),
                too_low=pair.agreement.too_low,
            )
            for pair in summary.between
        ),
    )


def build_sample(view: SampleView) -> Sample:
    """Build the response about the sample of an edition."""
    return copy_members(
        view.drawing,
        Sample,
        assessments=view.assessments,
        drawn=view.drawn,
        organisations=view.organisations,
    )


def build_flag(record: FlagRecord, language: Language) -> Flag:
    """Build the response about a flag, with its sentence in `language`."""
    text = format_flag(record.kind, record.indicator, record.facts, language)
    return copy_members(record, Flag, text=text)


def _round_share(share: Fraction) -> float:
    """Round a share to 4 decimals, half up."""
    return round_half_up(share * 10**4) / 10**4
