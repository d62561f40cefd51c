"""What may be sent to be scored under a methodology, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import UNSET, Struct

from actitud_api.methodology.forms import (
    Member,
    answers_type,
    body_type,
    closed,
    described,
    fact_members,
    literal,
    profile_members,
    set_of,
    suffix,
)
from actitud_api.methodology.loader import Methodology
from actitud_api.methodology.model import Indicator, Scalar
from actitud_api.methodology.predicates import attribute, indicators

SetAside = Literal["withdrawn", "rejected", "stale"]
"""Why an answer that was sent does not count: taken back, rejected in review, or its evidence is too old."""

FactValue = bool | int | float | tuple[str, ...]
"""A fact as sent; a checklist is a tuple of component ids."""


class Submission(Struct, frozen=True, kw_only=True):
    """The facts of one organisation under one methodology, complete and well typed.

    `profile` holds every field of the document; `answers` only those that were sent, each with its facts;
    `self_declared` names the indicators answered without evidence; `profile_self_declared` the profile fields
    without evidence; `set_aside` the answers that do not count, with the reason. Review may cap the level of ladders
    (`level_caps`) and that of the organisation (`max_level`).
    """

    profile: dict[str, Scalar | None]
    answers: dict[str, dict[str, FactValue]]
    self_declared: frozenset[str] = frozenset()
    profile_self_declared: frozenset[str] = frozenset()
    set_aside: Mapping[str, SetAside] = {}
    level_caps: Mapping[str, int] = {}
    max_level: int | None = None


class ScoreRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base of the request bodies of all versions; each version's own type closes `profile` and `answers`."""

    profile: Struct
    answers: Struct
    profile_self_declared: tuple[str, ...] = ()


def request_type(methodology: Methodology) -> type[ScoreRequest]:
    """The closed type of the body of `POST /v1/scores` for a version, told apart by its member `methodology`."""
    declared = tuple(field.name for field in methodology.document.profile if field.set_by == "organisation")
    answers = answers_type(
        "Answers",
        methodology,
        "The answers by indicator; an absent one is unknown.",
        lambda indicator: _answer_type(methodology, indicator),
    )
    return body_type(
        ScoreRequest,
        methodology,
        [
            ("profile", _profile_type(methodology)),
            ("answers", answers),
            (
                "profile_self_declared",
                described(
                    set_of(declared),
                    "Profile fields without evidence. While a field that can make an indicator not applicable is "
                    "only declared, the indicators that it would exclude are unknown.",
                ),
                (),
            ),
        ],
        f"Facts to score under {methodology.version}.",
    )


def _profile_type(methodology: Methodology) -> type[Struct]:
    fields = {field.name: field for field in methodology.document.profile}
    members: list[Member] = [
        (name, form) if fields[name].set_by == "organisation" else (name, form, fields[name].default)
        for name, form in profile_members(methodology, fields.values())
    ]
    return closed(
        f"Profile_{suffix(methodology)}",
        members,
        "The profile: every field set by the organisation is required; those set by the service have defaults.",
    )


def _answer_type(methodology: Methodology, indicator: Indicator) -> type[Struct]:
    text = methodology.texts["en"].indicators[indicator.id]
    basis = described(
        literal(("evidenced", "self_declared")),
        f"Without evidence (self_declared) the score is at most {methodology.document.self_declared_cap}.",
    )
    return closed(
        f"Answer_{indicator.id.replace('.', '_')}_{suffix(methodology)}",
        [*fact_members(indicator, text, indicator.facts), ("basis", basis, "evidenced")],
        text.question,
    )


def submission(methodology: Methodology, request: ScoreRequest) -> Submission:
    """What a decoded request says, in the form that the engine takes."""
    profile = {field.name: getattr(request.profile, field.name) for field in methodology.document.profile}
    answers: dict[str, dict[str, FactValue]] = {}
    self_declared: set[str] = set()
    for indicator in indicators(methodology.document.root):
        if not indicator.facts:
            continue
        answer = getattr(request.answers, attribute(indicator.id))
        if answer is UNSET:
            continue
        answers[indicator.id] = {fact.name: getattr(answer, fact.name) for fact in indicator.facts}
        if answer.basis == "self_declared":
            self_declared.add(indicator.id)
    return Submission(
        profile=profile,
        answers=answers,
        self_declared=frozenset(self_declared),
        profile_self_declared=frozenset(request.profile_self_declared),
    )
