"""Request types for scoring under a methodology, and their conversion to submissions.

A type is closed: it refuses members that the methodology does not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from operator import getitem
from typing import Literal, Union

from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.predicates import to_attribute, to_indicator_attribute, walk_indicators
from actitud_api.engine.methodology.requests.profiles import (
    build_profile_part_type,
    build_profile_type,
    list_own_fields,
)
from actitud_api.engine.methodology.requests.shapes import Shape
from actitud_api.engine.methodology.requests.struct_factory import (
    build_answers_type,
    build_body_type,
    build_closed_struct,
    build_fact_members,
    build_id_set,
    build_literal,
    describe_type,
    format_type_suffix,
)

SetAside = Literal["withdrawn", "rejected", "stale"]
"""Reason why a sent answer does not count: withdrawn, rejected in review, or with evidence that is too old (stale)."""

FactValue = bool | int | float | tuple[str, ...]
"""Value of a fact. A checklist has a tuple of component ids."""


class Submission(Struct, frozen=True, kw_only=True):
    """The facts of one organisation under one methodology: the input of scoring.

    `profile` may lack fields that are newer than the version under which it was sent; nodes that depend on them are
    unknown. `answers` are the facts by indicator and name. `self_declared` are the indicators, and
    `profile_self_declared` the profile fields, without evidence. `set_aside` contains, by indicator, the reason why an
    answer does not count. `level_caps` are the highest steps that a review allows in answers that are a step, by
    indicator. `max_level` is the highest level of the index that a review allows, null for no limit.
    """

    profile: dict[str, Scalar | None]
    answers: dict[str, dict[str, FactValue]]
    self_declared: frozenset[str] = frozenset()
    profile_self_declared: frozenset[str] = frozenset()
    set_aside: Mapping[str, SetAside] = {}
    level_caps: Mapping[str, int] = {}
    max_level: int | None = None


class ScoreRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base class of the bodies of `POST /v1/scores`; each methodology version has its own subclass.

    In a subclass, `profile`, `answers` and `what_if` have one member for each field and indicator of the version.
    `profile_self_declared` are the profile fields that have no evidence.
    """

    profile: Struct
    answers: Struct
    profile_self_declared: tuple[str, ...] = ()
    what_if: Struct | UnsetType = UNSET


class Replacement(Struct, frozen=True, kw_only=True):
    """Facts that replace facts of a submission in a what-if calculation.

    Attributes:
        answers: New facts by indicator; None removes the answer.
        self_declared: Indicators of `answers` without evidence.
        profile: New values by profile field, None for a value that was sent as null.
        profile_self_declared: Profile fields without evidence, in place of those of the submission; None keeps those of
            the submission.
    """

    answers: Mapping[str, Mapping[str, FactValue] | None] = {}
    self_declared: frozenset[str] = frozenset()
    profile: Mapping[str, Scalar | None] = {}
    profile_self_declared: frozenset[str] | None = None


def build_score_request_type(methodology: Methodology) -> type[ScoreRequest]:
    """Build the type of the request bodies of `POST /v1/scores` for a version.

    In a body, the member `methodology` is the name of the version, by which bodies of several versions are
    distinguished.
    """
    declared = tuple(field.name for field in list_own_fields(methodology))
    answers = build_answers_type(
        "Answers",
        methodology,
        "The answers by indicator, each with all its facts. An indicator that is null or left out is unknown; in "
        "`what_if` null supposes that there is no answer, and an indicator that is left out keeps the one that was "
        "sent.",
        lambda shape: _build_answer_type(shape) | None,
    )
    fields = describe_type(
        build_id_set(declared),
        "Profile fields whose values have no evidence. An indicator that does not apply only because of such a value "
        "counts as unknown.",
    )
    supposed = build_closed_struct(
        f"WhatIf{format_type_suffix(methodology)}",
        [
            ("profile", build_profile_part_type(methodology) | UnsetType, UNSET),
            ("answers", answers | UnsetType, UNSET),
            ("profile_self_declared", getitem(Union, (fields, UnsetType)), UNSET),
        ],
        "A supposition: facts that replace those of the request in a second score, which is compared with the first. A "
        "member that is left out keeps what was sent.",
    )
    return build_body_type(
        ScoreRequest,
        methodology,
        [
            ("profile", build_profile_type(methodology)),
            ("answers", answers),
            ("profile_self_declared", fields, ()),
            ("what_if", supposed | UnsetType, UNSET),
        ],
        f"The facts of an organisation, to score under methodology {methodology.version}.",
    )


@cache
def load_score_request_type(version: str) -> type[ScoreRequest]:
    """Return the type of the body of `POST /v1/scores` for a registered version; later calls return the same type.

    Raises:
        UnknownMethodology: If no version has this name.
    """
    return build_score_request_type(load_methodology(version))


@cache
def _build_answer_type(shape: Shape) -> type[Struct]:
    basis = describe_type(
        build_literal(("evidenced", "self_declared")),
        "Whether the answer has evidence (evidenced) or not (self_declared). Without evidence its score is at most the "
        "`self_declared_cap` of the methodology.",
    )
    return build_closed_struct(
        f"{shape.name}Answer",
        [*build_fact_members(shape), ("basis", basis, "evidenced")],
        "The facts of an answer, and whether it has evidence.",
    )


def to_submission(methodology: Methodology, request: ScoreRequest) -> Submission:
    """Convert a decoded request to a submission, without `what_if`, which `to_replacement` converts."""
    answers, self_declared = _collect_answers(methodology, request.answers)
    return Submission(
        profile={
            field.name: getattr(request.profile, to_attribute(field.name)) for field in methodology.document.profile
        },
        answers={name: facts for name, facts in answers.items() if facts is not None},
        self_declared=self_declared,
        profile_self_declared=frozenset(request.profile_self_declared),
    )


def to_replacement(methodology: Methodology, request: ScoreRequest) -> Replacement | None:
    """Convert the `what_if` of a decoded request to a `Replacement`; return None for a request without `what_if`."""
    supposed = request.what_if
    if supposed is UNSET:
        return None
    sent = {name: getattr(supposed, name) for name in ("profile", "answers", "profile_self_declared")}
    profile, declared = sent["profile"], sent["profile_self_declared"]
    answers, self_declared = (
        ({}, frozenset()) if sent["answers"] is UNSET else _collect_answers(methodology, sent["answers"])
    )
    return Replacement(
        answers=answers,
        self_declared=self_declared,
        profile={}
        if profile is UNSET
        else {
            field.name: value
            for field in methodology.document.profile
            if (value := getattr(profile, to_attribute(field.name))) is not UNSET
        },
        profile_self_declared=None if declared is UNSET else frozenset(declared),
    )


def _collect_answers(
    methodology: Methodology, sent: Struct
) -> tuple[dict[str, dict[str, FactValue] | None], frozenset[str]]:
    """Return the facts in the decoded answers `sent`, and the indicators that are answered without evidence.

    The facts are by indicator, then by name. An answer that was sent as null is None. An indicator whose answer
    was not sent is left out.
    """
    answers: dict[str, dict[str, FactValue] | None] = {}
    self_declared: set[str] = set()
    for indicator in walk_indicators(methodology.document.root):
        answer = getattr(sent, to_indicator_attribute(indicator.id)) if indicator.facts else UNSET
        if answer is UNSET:
            continue
        answers[indicator.id] = (
            None
            if answer is None
            else {fact.name: getattr(answer, to_attribute(fact.name)) for fact in indicator.facts}
        )
        if answer is not None and answer.basis == "self_declared":
            self_declared.add(indicator.id)
    return answers, frozenset(self_declared)
