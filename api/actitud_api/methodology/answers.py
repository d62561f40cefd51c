"""What may be sent under a methodology: closed types made from its document, and what they become.

The types decode requests and give the published schema, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import getitem
from types import GenericAlias
from typing import Annotated, Literal, Union

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.methodology.loader import Methodology
from actitud_api.methodology.model import (
    Document,
    Fact,
    Indicator,
    IndicatorText,
    ProfileField,
    Scalar,
    Texts,
)
from actitud_api.methodology.predicates import DECIMALS_OF_NUMBERS, attribute, indicators

SetAside = Literal["withdrawn", "rejected", "stale"]
"""Why an answer that was sent does not count: taken back, rejected in review, or its evidence is too old."""

FactValue = bool | int | float | tuple[str, ...]
"""A fact as sent; a checklist is a tuple of component ids."""


class Submission(Struct, frozen=True, kw_only=True):
    """The facts of one organisation under one methodology, complete and well typed.

    `profile` holds every field of the document; `answers` only those that were sent, each with its facts;
    `self_declared` names the indicators answered without evidence; `profile_self_declared` the profile fields
    without evidence; `set_aside` the answers that do not count, with the reason.
    """

    profile: dict[str, Scalar | None]
    answers: dict[str, dict[str, FactValue]]
    self_declared: frozenset[str] = frozenset()
    profile_self_declared: frozenset[str] = frozenset()
    set_aside: Mapping[str, SetAside] = {}


class ScoreRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base of the request bodies of all versions; each version's own type closes `profile` and `answers`."""

    profile: Struct
    answers: Struct
    profile_self_declared: tuple[str, ...] = ()


def request_type(methodology: Methodology) -> type[ScoreRequest]:
    """The closed type of the body of `POST /v1/scores` for a version, told apart by its member `methodology`."""
    document, texts = methodology.document, methodology.texts["en"]
    suffix = methodology.version.replace(".", "_").replace("-", "_")
    declared = tuple(field.name for field in document.profile if field.set_by == "organisation")
    made = msgspec.defstruct(
        f"ScoreRequest_{suffix}",
        [
            ("profile", _profile_type(document, texts, suffix)),
            ("answers", _answers_type(document, texts, suffix)),
            (
                "profile_self_declared",
                _described(
                    _set_of(declared),
                    "Profile fields without evidence. While a field that can make an indicator not applicable is "
                    "only declared, the indicators that it would exclude are unknown.",
                ),
                (),
            ),
        ],
        bases=(ScoreRequest,),
        namespace={"__post_init__": _refuse_repeated, "__doc__": f"Facts to score under {methodology.version}."},
        tag=methodology.version,
        frozen=True,
        forbid_unknown_fields=True,
        kw_only=True,
    )
    assert issubclass(made, ScoreRequest)
    return made


def _refuse_repeated(self: Struct) -> None:
    """Refuses lists that are sets when an element stands twice: JSON has no set type."""
    for name in self.__struct_fields__:
        value = getattr(self, name)
        if isinstance(value, tuple) and len(set(value)) < len(value):
            raise ValueError(f"`{name}` has repeated elements")


def _described(form: object, description: str) -> object:
    return getitem(Annotated, (form, Meta(description=description)))


def _literal(values: tuple[str, ...]) -> object:
    return getitem(Literal, values)


def _between(form: object, described: Fact | ProfileField) -> object:
    return getitem(Annotated, (form, Meta(ge=described.minimum, le=described.maximum)))


def _set_of(ids: tuple[str, ...]) -> object:
    meta = Meta(max_length=len(ids), extra_json_schema={"uniqueItems": True})
    return getitem(Annotated, (GenericAlias(tuple, (_literal(ids) if ids else str, ...)), meta))


def _profile_type(document: Document, texts: Texts, suffix: str) -> type[Struct]:
    fields: list[tuple[str, object] | tuple[str, object, object]] = []
    for field in document.profile:
        text = texts.profile[field.name]
        form = _described(_profile_field(field), f"{text.description} ({text.unit})")
        fields.append((field.name, form) if field.set_by == "organisation" else (field.name, form, field.default))
    return _struct(
        f"Profile_{suffix}",
        fields,
        "The profile: every field set by the organisation is required; those set by the service have defaults.",
    )


def _profile_field(field: ProfileField) -> object:
    form: object
    match field.type:
        case "enum":
            form = _literal(field.values)
        case "boolean":
            form = bool
        case "integer":
            form = _between(int, field)
        case "number":
            form = _between(float, field)
    return getitem(Union, (form, None)) if field.nullable else form


def _answers_type(document: Document, texts: Texts, suffix: str) -> type[Struct]:
    fields: list[tuple[str, object] | tuple[str, object, object]] = []
    rename: dict[str, str] = {}
    for indicator in indicators(document.root):
        if not indicator.facts:
            continue
        name = attribute(indicator.id)
        rename[name] = indicator.id
        form = _answer_type(indicator, document.self_declared_cap, texts.indicators[indicator.id], suffix)
        fields.append((name, form | UnsetType, UNSET))
    return _struct(f"Answers_{suffix}", fields, "The answers by indicator; an absent one is unknown.", rename)


def _answer_type(indicator: Indicator, cap: int, text: IndicatorText, suffix: str) -> type[Struct]:
    fields: list[tuple[str, object] | tuple[str, object, object]] = []
    for fact in indicator.facts:
        form = _described(_fact(fact, indicator), text.facts[fact.name])
        fields.append((fact.name, form) if fact.required else (fact.name, form, ()))
    basis = _described(
        _literal(("evidenced", "self_declared")), f"Without evidence (self_declared) the score is at most {cap}."
    )
    fields.append(("basis", basis, "evidenced"))
    return _struct(f"Answer_{indicator.id.replace('.', '_')}_{suffix}", fields, text.question)


def _fact(fact: Fact, indicator: Indicator) -> object:
    match fact.type:
        case "boolean":
            return bool
        case "integer":
            return _between(int, fact)
        case "number":
            comment = {"$comment": f"Rounded half up to {DECIMALS_OF_NUMBERS} decimals."}
            return getitem(Annotated, (_between(float, fact), Meta(extra_json_schema=comment)))
        case "components":
            return _set_of(indicator.components)


def _struct(
    name: str,
    fields: list[tuple[str, object] | tuple[str, object, object]],
    doc: str,
    rename: dict[str, str] | None = None,
) -> type[Struct]:
    return msgspec.defstruct(
        name,
        fields,
        namespace={"__doc__": doc, "__post_init__": _refuse_repeated},
        frozen=True,
        forbid_unknown_fields=True,
        kw_only=True,
        rename=rename,
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
