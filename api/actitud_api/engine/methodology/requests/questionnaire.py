"""Content of a questionnaire while it is filled in.

Every part may be missing, so that a half-answered questionnaire can be saved. `to_scores_document` and
`to_assessment_document` extract the complete answers. A body of `POST /v1/scores` without `what_if`, and a whole
assessment, are valid questionnaires too.
"""

from __future__ import annotations

from functools import cache
from operator import getitem
from typing import Any, Literal, Union

from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.methodology.free_text import Note
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import to_attribute, to_indicator_attribute, walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.content import (
    AnswerSource,
    Evidence,
    Supporting,
    build_profile_evidence_type,
    build_profile_sources_type,
)
from actitud_api.engine.methodology.requests.profiles import build_profile_part_type, list_own_fields
from actitud_api.engine.methodology.requests.shapes import Shape
from actitud_api.engine.methodology.requests.struct_factory import (
    Member,
    build_answers_type,
    build_body_type,
    build_closed_struct,
    build_fact_members,
    build_id_set,
    build_literal,
    describe_type,
)

Basis = Literal["evidenced", "self_declared"]
EntryMember = bool | int | float | str | None | tuple[str | Evidence, ...] | AnswerSource
"""Member of an entry: a fact, `basis`, the list `evidence`, the text `note`, or the `source`."""


class QuestionnaireRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base class of the bodies with a questionnaire; each methodology version has its own subclass.

    In a subclass, each object has one member for each profile field or indicator of the version; an object that was not
    sent is UNSET. `profile_self_declared` are the profile fields that have no evidence.
    """

    profile: Struct | UnsetType = UNSET
    answers: Struct | UnsetType = UNSET
    profile_self_declared: tuple[str, ...] = ()
    profile_evidence: Struct | UnsetType = UNSET
    profile_sources: Struct | UnsetType = UNSET


class QuestionnaireEntry(Struct, frozen=True, kw_only=True):
    """The filled-in part of one indicator: some or all of its facts, their basis, evidence and source, and a note.

    `basis` says whether the answer has evidence. `basis`, `note` and `source` are None if they are not filled in.
    """

    facts: dict[str, FactValue]
    basis: Basis | None = None
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    source: AnswerSource | None = None


class Questionnaire(Struct, frozen=True, kw_only=True):
    """Content of a questionnaire, in the order of the methodology document.

    Members of the request that are null, empty or absent are left out. The empty list of a required checklist is kept,
    because it is an answer: none of the components.

    Attributes:
        profile: Value of each profile field that is filled in.
        profile_self_declared: Profile fields without evidence.
        profile_evidence: Evidence by profile field.
        answers: Entry of each indicator that is filled in at least in part.
        profile_sources: Source by profile field.
    """

    profile: dict[str, Scalar]
    profile_self_declared: tuple[str, ...]
    profile_evidence: dict[str, tuple[Evidence, ...]]
    answers: dict[str, QuestionnaireEntry]
    profile_sources: dict[str, AnswerSource] = {}


class QuestionnaireDocument(Struct, frozen=True, kw_only=True):
    """Answers of a questionnaire in JSON: the whole questionnaire, or the body of a score or assessment request.

    A body of `POST /v1/scores` has no `profile_evidence`, and the body of an assessment has no `profile_self_declared`.
    """

    methodology: str
    profile: dict[str, Scalar]
    profile_self_declared: tuple[str, ...] | UnsetType = UNSET
    profile_evidence: dict[str, tuple[Evidence, ...]] | UnsetType = UNSET
    profile_sources: dict[str, AnswerSource] | UnsetType = UNSET
    answers: dict[str, dict[str, EntryMember]]


def build_questionnaire_request_type(methodology: Methodology) -> type[QuestionnaireRequest]:
    """Build the type of the request bodies with a questionnaire of a version.

    In a body, the member `methodology` is the name of the version.
    """
    answers = build_answers_type(
        "QuestionnaireAnswers",
        methodology,
        "The answers by indicator, each with the facts that are filled in so far; an indicator that is null or left "
        "out is not answered.",
        lambda shape: _build_answer_type(shape) | None,
        with_texts=False,
    )
    evidence = build_profile_evidence_type(methodology)
    declared = describe_type(
        build_id_set(tuple(field.name for field in list_own_fields(methodology))),
        "Profile fields whose values have no evidence.",
    )
    return build_body_type(
        QuestionnaireRequest,
        methodology,
        [
            ("profile", build_profile_part_type(methodology) | UnsetType, UNSET),
            ("answers", answers | UnsetType, UNSET),
            ("profile_self_declared", declared, ()),
            ("profile_evidence", evidence | UnsetType, UNSET),
            ("profile_sources", build_profile_sources_type(methodology) | UnsetType, UNSET),
        ],
        f"A questionnaire of methodology {methodology.version}, as far as it is filled in.",
    )


@cache
def _build_answer_type(shape: Shape) -> type[Struct]:
    members: list[Member] = [
        (member[0], getitem(Union, (member[1], UnsetType)), UNSET) for member in build_fact_members(shape)
    ]
    members += [
        ("basis", getitem(Union, (build_literal(("evidenced", "self_declared")), UnsetType)), UNSET),
        ("evidence", Supporting | None | UnsetType, UNSET),
        ("note", Note | None | UnsetType, UNSET),
        ("source", AnswerSource | None | UnsetType, UNSET),
    ]
    return build_closed_struct(f"{shape.name}QuestionnaireAnswer", members, "The part of an answer that is filled in.")


def to_questionnaire(methodology: Methodology, request: QuestionnaireRequest) -> Questionnaire:
    """Convert a decoded request to a questionnaire; entries with nothing filled in are left out."""
    document = methodology.document
    answers = {
        indicator.id: entry
        for indicator in walk_indicators(document.root)
        if indicator.facts
        and isinstance(sent := _get_sent_member(request.answers, to_indicator_attribute(indicator.id)), Struct)
        and (entry := _to_entry(indicator, sent)) != QuestionnaireEntry(facts={})
    }
    return Questionnaire(
        profile={
            field.name: value
            for field in document.profile
            if (value := _get_sent_member(request.profile, to_attribute(field.name))) is not None
        },
        profile_self_declared=tuple(
            field.name for field in document.profile if field.name in request.profile_self_declared
        ),
        profile_evidence={
            field.name: documents
            for field in list_own_fields(methodology)
            if (documents := _get_sent_member(request.profile_evidence, to_attribute(field.name)))
        },
        profile_sources={
            field.name: source
            for field in list_own_fields(methodology)
            if (source := _get_sent_member(request.profile_sources, to_attribute(field.name))) is not None
        },
        answers=answers,
    )


def _to_entry(indicator: Indicator, sent: Struct) -> QuestionnaireEntry:
    facts: dict[str, FactValue] = {}
    for fact in indicator.facts:
        value = _get_sent_member(sent, to_attribute(fact.name))
        # A list that is not required has the default `()`, so an empty one does not show that somebody filled it in.
        if value is None or (value == () and not fact.required):
            continue
        facts[fact.name] = (
            tuple(component for component in indicator.components if component in value)
            if isinstance(value, tuple)
            else value
        )
    return QuestionnaireEntry(
        facts=facts,
        basis=_get_sent_member(sent, "basis"),
        evidence=_get_sent_member(sent, "evidence") or (),
        note=_get_sent_member(sent, "note") or None,
        source=_get_sent_member(sent, "source"),
    )


def _get_sent_member(given: object, attribute: str) -> Any:
    """Return the member of a decoded object with this attribute; None if it, or `given` itself, was not sent."""
    value = getattr(given, attribute, None)
    return None if value is UNSET else value


def is_whole(indicator: Indicator, entry: QuestionnaireEntry) -> bool:
    """Return True if an entry has every required fact of its indicator."""
    return all(fact.name in entry.facts for fact in indicator.facts if fact.required)


def list_missing_fields(methodology: Methodology, questionnaire: Questionnaire) -> tuple[str, ...]:
    """List the profile fields that the organisation must fill in and that `questionnaire` does not have."""
    return tuple(field.name for field in list_own_fields(methodology) if field.name not in questionnaire.profile)


def to_questionnaire_document(methodology: Methodology, questionnaire: Questionnaire) -> QuestionnaireDocument:
    """Convert a questionnaire to its JSON form; incomplete entries are included."""
    return QuestionnaireDocument(
        methodology=methodology.version,
        profile=questionnaire.profile,
        profile_self_declared=questionnaire.profile_self_declared,
        profile_evidence=questionnaire.profile_evidence,
        answers={
            name: {
                **entry.facts,
                **_collect_support(entry),
                **({"evidence": entry.evidence} if entry.evidence else {}),
                **({} if entry.note is None else {"note": entry.note}),
                **({} if entry.source is None else {"source": entry.source}),
            }
            for name, entry in questionnaire.answers.items()
        },
        profile_sources=questionnaire.profile_sources or UNSET,
    )


def to_scores_document(methodology: Methodology, questionnaire: Questionnaire) -> QuestionnaireDocument | None:
    """Build the body of `POST /v1/scores` from the complete answers of a questionnaire.

    Incomplete answers are left out. Return None if a profile field that the organisation must fill in is
    missing.
    """
    if list_missing_fields(methodology, questionnaire):
        return None
    return QuestionnaireDocument(
        methodology=methodology.version,
        profile=questionnaire.profile,
        profile_self_declared=questionnaire.profile_self_declared,
        answers={
            name: {**entry.facts, **_collect_support(entry)}
            for name, entry in _select_whole_entries(methodology, questionnaire).items()
        },
    )


def to_assessment_document(methodology: Methodology, questionnaire: Questionnaire) -> QuestionnaireDocument | None:
    """Build the body of an assessment from the complete answers of a questionnaire.

    Incomplete answers are left out, and so are facts and profile fields that the service sets. Return None if a
    profile field that the organisation must fill in is missing.
    """
    if list_missing_fields(methodology, questionnaire):
        return None
    own = {
        indicator.id: {fact.name for fact in indicator.facts if fact.set_by == "organisation"}
        for indicator in walk_indicators(methodology.document.root)
    }
    return QuestionnaireDocument(
        methodology=methodology.version,
        profile={field.name: questionnaire.profile[field.name] for field in list_own_fields(methodology)},
        profile_evidence=questionnaire.profile_evidence,
        answers={
            name: {
                **{fact: value for fact, value in entry.facts.items() if fact in own[name]},
                "evidence": entry.evidence,
                "note": entry.note,
                **({} if entry.source is None else {"source": entry.source}),
            }
            for name, entry in _select_whole_entries(methodology, questionnaire).items()
        },
        profile_sources=questionnaire.profile_sources or UNSET,
    )


def _collect_support(entry: QuestionnaireEntry) -> dict[str, EntryMember]:
    return {} if entry.basis is None else {"basis": entry.basis}


def _select_whole_entries(methodology: Methodology, questionnaire: Questionnaire) -> dict[str, QuestionnaireEntry]:
    return {
        indicator.id: questionnaire.answers[indicator.id]
        for indicator in walk_indicators(methodology.document.root)
        if indicator.id in questionnaire.answers and is_whole(indicator, questionnaire.answers[indicator.id])
    }
