"""Closed request types for scoring under a methodology, and their conversion to submissions."""

from __future__ import annotations

from collections.abc import Mapping
from operator import getitem
from typing import Literal, Union

from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import to_attribute, walk_indicators
from actitud_api.engine.methodology.requests.struct_factory import (
    Member,
    build_answers_type,
    build_body_type,
    build_closed_struct,
    build_fact_members,
    build_id_set,
    build_literal,
    build_profile_members,
    describe_type,
    format_type_suffix,
)

SetAside = Literal["withdrawn", "rejected", "stale"]
"""Reason why an answer that was sent does not count: withdrawn, rejected in review, or its evidence is outdated."""

FactValue = bool | int | float | tuple[str, ...]
"""Value of a fact; a checklist is a tuple of component ids."""


class Submission(Struct, frozen=True, kw_only=True):
    """The facts of one organisation under one methodology, complete and well typed: the input of scoring.

    `profile` has every field of the document. Facts that were sent under another version may lack the new fields;
    nodes that depend on such a field are unknown. `answers` has only the indicators that were answered, each with its
    facts. `self_declared` are the indicators, and `profile_self_declared` the profile fields, without evidence.
    `set_aside` are the answers that do not count, with the reason. A review can limit the level of a ladder
    (`level_caps`) and the level of the organisation (`max_level`).
    """

    profile: dict[str, Scalar | None]
    answers: dict[str, dict[str, FactValue]]
    self_declared: frozenset[str] = frozenset()
    profile_self_declared: frozenset[str] = frozenset()
    set_aside: Mapping[str, SetAside] = {}
    level_caps: Mapping[str, int] = {}
    max_level: int | None = None


class ScoreRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base of the bodies of `POST /v1/scores`; a subclass for each version closes `profile` and `answers`."""

    profile: Struct
    answers: Struct
    profile_self_declared: tuple[str, ...] = ()
    what_if: Struct | UnsetType = UNSET


class Replacement(Struct, frozen=True, kw_only=True):
    """Facts that replace facts of a submission, for a what-if calculation.

    `answers`: by indicator, where None removes the answer. `self_declared`: which of these answers have no evidence.
    `profile`: by field. `profile_self_declared`: all profile fields without evidence; None leaves them unchanged.
    """

    answers: Mapping[str, Mapping[str, FactValue] | None] = {}
    self_declared: frozenset[str] = frozenset()
    profile: Mapping[str, Scalar | None] = {}
    profile_self_declared: frozenset[str] | None = None


def build_score_request_type(methodology: Methodology) -> type[ScoreRequest]:
    """Build the closed body type of `POST /v1/scores` for a version; its tag is the member `methodology`."""
    declared = tuple(field.name for field in methodology.document.profile if field.set_by == "organisation")
    forms = {
        indicator.id: _build_answer_type(methodology, indicator)
        for indicator in walk_indicators(methodology.document.root)
        if indicator.facts
    }
    answers = build_answers_type(
        "Answers",
        methodology,
        "The answers by indicator; an absent one is unknown.",
        lambda indicator: forms[indicator.id],
    )
    fields = describe_type(
        build_id_set(declared),
        "Profile fields without evidence. While a field that can make an indicator not applicable is "
        "only declared, the indicators that it would exclude are unknown.",
    )
    return build_body_type(
        ScoreRequest,
        methodology,
        [
            ("profile", _build_profile_type(methodology)),
            ("answers", answers),
            ("profile_self_declared", fields, ()),
            ("what_if", _build_what_if_type(methodology, forms, fields) | UnsetType, UNSET),
        ],
        f"Facts to score under {methodology.version}.",
    )


def _build_what_if_type(methodology: Methodology, forms: Mapping[str, type[Struct]], fields: object) -> type[Struct]:
    answers = build_answers_type(
        "WhatIfAnswers",
        methodology,
        "The answers that are supposed, by indicator, each with all its facts; null supposes that there is none.",
        lambda indicator: forms[indicator.id] | None,
    )
    profile = build_closed_struct(
        f"WhatIfProfile_{format_type_suffix(methodology)}",
        [
            (name, getitem(Union, (form, UnsetType)), UNSET)
            for name, form in build_profile_members(methodology, methodology.document.profile)
        ],
        "The fields of the profile that are supposed.",
    )
    return build_closed_struct(
        f"WhatIf_{format_type_suffix(methodology)}",
        [
            ("profile", profile | UnsetType, UNSET),
            ("answers", answers | UnsetType, UNSET),
            ("profile_self_declared", getitem(Union, (fields, UnsetType)), UNSET),
        ],
        "Facts to suppose in place of those that were sent; what is absent stays as it was sent.",
    )


def _build_profile_type(methodology: Methodology) -> type[Struct]:
    fields = {field.name: field for field in methodology.document.profile}
    members: list[Member] = [
        (name, form) if fields[name].set_by == "organisation" else (name, form, fields[name].default)
        for name, form in build_profile_members(methodology, fields.values())
    ]
    return build_closed_struct(
        f"Profile_{format_type_suffix(methodology)}",
        members,
        "The profile: every field set by the organisation is required; those set by the service have defaults.",
    )


def _build_answer_type(methodology: Methodology, indicator: Indicator) -> type[Struct]:
    text = methodology.texts["en"].indicators[indicator.id]
    basis = describe_type(
        build_literal(("evidenced", "self_declared")),
        f"Without evidence (self_declared) the score is at most {methodology.document.self_declared_cap}.",
    )
    return build_closed_struct(
        f"Answer_{indicator.id.replace('.', '_')}_{format_type_suffix(methodology)}",
        [*build_fact_members(indicator, text, indicator.facts), ("basis", basis, "evidenced")],
        text.question,
    )


def to_submission(methodology: Methodology, request: ScoreRequest) -> Submission:
    """Convert a decoded request to a submission, without its `what_if`."""
    answers, self_declared = _collect_answers(methodology, request.answers)
    return Submission(
        profile={field.name: getattr(request.profile, field.name) for field in methodology.document.profile},
        answers={name: facts for name, facts in answers.items() if facts is not None},
        self_declared=self_declared,
        profile_self_declared=frozenset(request.profile_self_declared),
    )


def to_replacement(methodology: Methodology, request: ScoreRequest) -> Replacement | None:
    """Convert the `what_if` of a decoded request to a replacement; None if the request has no `what_if`."""
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
        else {name: value for name in profile.__struct_fields__ if (value := getattr(profile, name)) is not UNSET},
        profile_self_declared=None if declared is UNSET else frozenset(declared),
    )


def _collect_answers(
    methodology: Methodology, sent: Struct
) -> tuple[dict[str, dict[str, FactValue] | None], frozenset[str]]:
    """Collect the facts by indicator (None for a null answer), and the indicators answered without evidence."""
    answers: dict[str, dict[str, FactValue] | None] = {}
    self_declared: set[str] = set()
    for indicator in walk_indicators(methodology.document.root):
        answer = getattr(sent, to_attribute(indicator.id)) if indicator.facts else UNSET
        if answer is UNSET:
            continue
        answers[indicator.id] = (
            None if answer is None else {fact.name: getattr(answer, fact.name) for fact in indicator.facts}
        )
        if answer is not None and answer.basis == "self_declared":
            self_declared.add(indicator.id)
    return answers, frozenset(self_declared)
