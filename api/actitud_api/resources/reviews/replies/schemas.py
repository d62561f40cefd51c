"""Requests and responses about replies."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from actitud_api.engine.methodology.free_text import PERSONAL_DATA, STRAIGHT
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.schemas import AssessmentPath, Time
from actitud_api.resources.reviews.replies.queries import ReplyRecord
from actitud_api.resources.reviews.replies.service import CountedVerdict, OverallRemark, ReviewOutcome

TEXT_MAX = 4_000
EVIDENCE_MAX = 20

Text = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=TEXT_MAX,
        pattern=STRAIGHT,
        description="A text that is published. Identity numbers, e-mail addresses and telephone numbers are refused.",
        extra_json_schema={"not": {"pattern": PERSONAL_DATA}},
    ),
]


class ReplyPath(AssessmentPath, frozen=True):
    """The path parameters of a reply."""

    indicator: Annotated[str, Meta(description="Id of the indicator.", examples=["D1.07"])]


class ReplyRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reply to the verdict on an answer."""

    text: Text
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=EVIDENCE_MAX)] = ()


class Reply(Struct, frozen=True, kw_only=True):
    """The reply of the organisation about an indicator; its text is empty if it was erased."""

    edition: str
    organisation: str
    indicator: str
    text: str
    evidence: tuple[Evidence, ...]
    created: Time
    updated: Time


class ReplyPage(Page[Reply], frozen=True):
    """A page of replies."""


class ReviewReply(Struct, frozen=True, kw_only=True):
    """The reply of the organisation about an indicator; its text is empty if it was erased."""

    indicator: str
    text: str
    evidence: Annotated[
        tuple[Evidence, ...],
        Meta(description="The documents sent with it; none once the edition is published."),
    ]
    at: Time


class ScoreReview(Struct, frozen=True, kw_only=True):
    """The outcome of the review of an assessment.

    It is shown beside the score; the digest of the score does not cover it. `overall` is null if nobody wrote an
    overall review.
    """

    state: Annotated[AssessmentState, Meta(description="The state of the assessment.")]
    overall: OverallRemark | None
    verdicts: Annotated[tuple[CountedVerdict, ...], Meta(description="In the order of the methodology.")]
    replies: Annotated[tuple[ReviewReply, ...], Meta(description="In the order of the methodology.")]


def build_reply(record: ReplyRecord) -> Reply:
    """Build the response about a stored reply."""
    return copy_members(record, Reply)


def build_score_review(outcome: ReviewOutcome, evidence: dict[str, tuple[Evidence, ...]]) -> ScoreReview:
    """Build the response about the outcome of a review; `evidence` holds the documents of the replies by indicator."""
    return copy_members(
        outcome,
        ScoreReview,
        replies=tuple(
            ReviewReply(indicator=one.indicator, text=one.text, evidence=evidence.get(one.indicator, ()), at=one.at)
            for one in outcome.replies
        ),
    )
