"""What a review may say of an assessment as a whole under a methodology: a closed type made from its document."""

from __future__ import annotations

from operator import getitem
from typing import Annotated, TypeVar, Union

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.engine.methodology.free_text import Reason
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Fact, Indicator, Scalar
from actitud_api.engine.methodology.predicates import attribute, indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.struct_factory import (
    Member,
    body_type,
    closed,
    described,
    fact_members,
    profile_members,
    suffix,
)

T = TypeVar("T")


class ReviewRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base of what may be said of a whole assessment under all versions; each version's own type closes the members."""

    reason: Reason
    max_level: int | None = None
    profile: Struct | UnsetType = UNSET
    answers: Struct | UnsetType = UNSET


def facts_of_service(indicator: Indicator) -> tuple[Fact, ...]:
    """The facts of an answer that the organisation never sends."""
    return tuple(fact for fact in indicator.facts if fact.set_by == "service")


def review_type(methodology: Methodology) -> type[ReviewRequest]:
    """The closed type of a version, told apart from those of others by its member `methodology`."""
    document = methodology.document
    fields = [field for field in document.profile if field.set_by == "service"]
    asked = [indicator for indicator in indicators(document.root) if facts_of_service(indicator)]
    levels = [level.number for level in document.levels]
    profile = closed(
        f"ReviewProfile_{suffix(methodology)}",
        [(name, getitem(Union, (form, UnsetType)), UNSET) for name, form in profile_members(methodology, fields)],
        "The fields of the profile that the service sets; what is absent is as the methodology says.",
    )
    members: list[Member] = [
        (attribute(indicator.id), getitem(Union, (_answer(methodology, indicator), UnsetType)), UNSET)
        for indicator in asked
    ]
    answers = closed(
        f"ReviewAnswers_{suffix(methodology)}",
        members,
        "The facts of answers that the organisation does not send, by indicator.",
        rename={attribute(indicator.id): indicator.id for indicator in asked},
    )
    level = getitem(Annotated, (int, Meta(ge=min(levels, default=0), le=max(levels, default=0))))
    highest = getitem(Union, (level, None))
    return body_type(
        ReviewRequest,
        methodology,
        [
            ("reason", Reason),
            ("max_level", described(highest, "The highest level that it may reach; null is any."), None),
            ("profile", profile | UnsetType, UNSET),
            ("answers", answers | UnsetType, UNSET),
        ],
        f"What is said of a whole assessment under {methodology.version}.",
    )


def _answer(methodology: Methodology, indicator: Indicator) -> type[Struct]:
    text = methodology.texts["en"].indicators[indicator.id]
    return closed(
        f"ReviewAnswer_{attribute(indicator.id)}_{suffix(methodology)}",
        fact_members(indicator, text, facts_of_service(indicator)),
        "What the service says of the answer.",
    )


def profile_of(request: ReviewRequest) -> dict[str, Scalar | None]:
    """The fields of the profile that a request says."""
    return _said(request.profile, dict[str, Scalar | None])


def answers_of(request: ReviewRequest) -> dict[str, dict[str, FactValue]]:
    """The facts that a request says, by indicator."""
    return _said(request.answers, dict[str, dict[str, FactValue]])


def _said(part: Struct | UnsetType, form: type[T]) -> T:
    return msgspec.convert({} if part is UNSET else msgspec.to_builtins(part), form)
