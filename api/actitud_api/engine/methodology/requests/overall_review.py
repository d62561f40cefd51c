"""Request type of the overall review of an assessment, built from a methodology document."""

from __future__ import annotations

from datetime import date
from functools import cache
from operator import getitem
from typing import Annotated, TypeVar, Union

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.engine.methodology.free_text import Reason
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Fact, Indicator, Scalar
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.shapes import Shape
from actitud_api.engine.methodology.requests.struct_factory import (
    Member,
    build_answers_type,
    build_body_type,
    build_closed_struct,
    build_fact_members,
    build_profile_members,
    describe_type,
    format_type_suffix,
)

T = TypeVar("T")


class ReviewRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base class of the bodies of overall reviews; each methodology version has its own subclass.

    `reason` explains the review. `max_level` is the highest level of the index that the review allows; None: no limit.
    `hearing_until` is a new last day of the hearing; None leaves the last day unchanged. In a version with profile
    fields or facts that only a review sets, the subclass also has `profile` and `answers`, which are UNSET if they were
    not sent.
    """

    reason: Reason
    max_level: int | None = None
    hearing_until: date | None = None


def list_service_facts(indicator: Indicator) -> tuple[Fact, ...]:
    """List the facts of an indicator that only a review may set."""
    return tuple(fact for fact in indicator.facts if fact.set_by == "service")


def build_review_request_type(methodology: Methodology) -> type[ReviewRequest]:
    """Build the type of the request bodies with an overall review, for a version.

    In a body, the member `methodology` is the name of the version.
    """
    document = methodology.document
    fields = [field for field in document.profile if field.set_by == "service"]
    levels = [level.number for level in document.levels]
    set_by_review: list[Member] = []
    if fields:
        profile = build_closed_struct(
            f"ReviewProfile{format_type_suffix(methodology)}",
            [
                (name, getitem(Union, (form, UnsetType)), UNSET)
                for name, form in build_profile_members(methodology, fields)
            ],
            "The profile fields that a review sets; a field that is left out has its default in the methodology.",
        )
        set_by_review.append(("profile", profile | UnsetType, UNSET))
    if any(list_service_facts(indicator) for indicator in walk_indicators(document.root)):
        answers = build_answers_type(
            "ReviewAnswers",
            methodology,
            "The facts that a review sets and the organisation never sends, by indicator.",
            _build_answer_type,
            list_service_facts,
        )
        set_by_review.append(("answers", answers | UnsetType, UNSET))
    level = getitem(Annotated, (int, Meta(ge=min(levels, default=0), le=max(levels, default=0))))
    highest = getitem(Union, (level, None))
    return build_body_type(
        ReviewRequest,
        methodology,
        [
            ("reason", Reason),
            (
                "max_level",
                describe_type(highest, "The highest level that the organisation may reach; null for no limit."),
                None,
            ),
            *set_by_review,
            (
                "hearing_until",
                describe_type(
                    date | None,
                    "New last day of the hearing, so that the organisation can reply to a harsher review.",
                ),
                None,
            ),
        ],
        f"The overall review of an assessment under methodology {methodology.version}.",
    )


@cache
def _build_answer_type(shape: Shape) -> type[Struct]:
    return build_closed_struct(
        f"{shape.name}ReviewAnswer", build_fact_members(shape), "The facts of one indicator that a review sets."
    )


def collect_profile(request: ReviewRequest) -> dict[str, Scalar | None]:
    """Return the values of the profile fields that a review sets, by field; empty if it sets none.

    A value that was sent as null is None.
    """
    return _get_sent_part(request, "profile", dict[str, Scalar | None])


def collect_answers(request: ReviewRequest) -> dict[str, dict[str, FactValue]]:
    """Return the facts that a review sets, by indicator and then by name of the fact; empty if it sets none."""
    return _get_sent_part(request, "answers", dict[str, dict[str, FactValue]])


def _get_sent_part(request: ReviewRequest, name: str, form: type[T]) -> T:
    part = getattr(request, name, UNSET)
    return msgspec.convert({} if part is UNSET else msgspec.to_builtins(part), form)
