"""Content of a questionnaire while it is filled in.

Nothing is required, so a half-answered questionnaire can be saved too; `to_scores_document` and
`to_assessment_document` extract the complete part. Every body of `POST /v1/scores` without `what_if`, and every whole
assessment, is also a valid questionnaire.
"""

from __future__ import annotations

from operator import getitem
from typing import Any, Literal, Union

from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.methodology.free_text import Note
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import to_attribute, walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.content import Evidence, Supporting
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

Basis = Literal["evidenced", "self_declared"]
EntryMember = bool | int | float | str | None | tuple[str | Evidence, ...]
"""Member of an entry: a fact, `basis`, the list `evidence`, or the text `note`."""


class QuestionnaireRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base of the bodies that hold a questionnaire; a subclass for each version closes the members."""

    profile: Struct | UnsetType = UNSET
    answers: Struct | UnsetType = UNSET
    profile_self_declared: tuple[str, ...] = ()
    profile_evidence: Struct | UnsetType = UNSET


class QuestionnaireEntry(Struct, frozen=True, kw_only=True):
    """Entry for one indicator: the facts filled in so far, their basis and evidence, and a note."""

    facts: dict[str, FactValue]
    basis: Basis | None = None
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None


class Questionnaire(Struct, frozen=True, kw_only=True):
    """Content of a questionnaire, in the order of the document. Null, empty and absent all mean "not filled in".

    An empty checklist is an answer, except a checklist that the service sets.
    """

    profile: dict[str, Scalar]
    profile_self_declared: tuple[str, ...]
    profile_evidence: dict[str, tuple[Evidence, ...]]
    answers: dict[str, QuestionnaireEntry]


class ScoresDocument(Struct, frozen=True, kw_only=True):
    """Body of `POST /v1/scores` that is made from a questionnaire."""

    methodology: str
    profile: dict[str, Scalar]
    profile_self_declared: tuple[str, ...]
    answers: dict[str, dict[str, EntryMember]]


class AssessmentDocument(Struct, frozen=True, kw_only=True):
    """Body of a whole assessment that is made from a questionnaire."""

    methodology: str
    profile: dict[str, Scalar]
    profile_evidence: dict[str, tuple[Evidence, ...]]
    answers: dict[str, dict[str, EntryMember]]


class QuestionnaireDocument(Struct, frozen=True, kw_only=True):
    """Whole content of a questionnaire in the JSON form that `QuestionnaireRequest` decodes and a workbook holds."""

    methodology: str
    profile: dict[str, Scalar]
    profile_self_declared: tuple[str, ...]
    profile_evidence: dict[str, tuple[Evidence, ...]]
    answers: dict[str, dict[str, EntryMember]]


def build_questionnaire_request_type(methodology: Methodology) -> type[QuestionnaireRequest]:
    """Build the closed request type of the questionnaire of a version; its tag is the member `methodology`."""
    document, ending = methodology.document, format_type_suffix(methodology)
    fields = tuple(field for field in document.profile if field.set_by == "organisation")
    answers = build_answers_type(
        "QuestionnaireAnswers",
        methodology,
        "The answers by indicator, each with those of its facts that there are; null, like an absent one, is none.",
        lambda indicator: _build_answer_type(methodology, indicator) | None,
    )
    profile = build_closed_struct(
        f"QuestionnaireProfile_{ending}",
        [
            (name, getitem(Union, (form, None, UnsetType)), UNSET)
            for name, form in build_profile_members(methodology, document.profile)
        ],
        "The fields of the profile that there are.",
    )
    evidence = build_closed_struct(
        f"QuestionnaireProfileEvidence_{ending}",
        [(field.name, Supporting | None | UnsetType, UNSET) for field in fields],
        "What supports fields of the profile.",
    )
    declared = describe_type(build_id_set(tuple(field.name for field in fields)), "Profile fields without evidence.")
    return build_body_type(
        QuestionnaireRequest,
        methodology,
        [
            ("profile", profile | UnsetType, UNSET),
            ("answers", answers | UnsetType, UNSET),
            ("profile_self_declared", declared, ()),
            ("profile_evidence", evidence | UnsetType, UNSET),
        ],
        f"A questionnaire of {methodology.version}, as far as it is filled in.",
    )


def _build_answer_type(methodology: Methodology, indicator: Indicator) -> type[Struct]:
    text = methodology.texts["en"].indicators[indicator.id]
    members: list[Member] = [
        (member[0], getitem(Union, (member[1], UnsetType)), UNSET)
        for member in build_fact_members(indicator, text, indicator.facts)
    ]
    members += [
        ("basis", getitem(Union, (build_literal(("evidenced", "self_declared")), UnsetType)), UNSET),
        ("evidence", Supporting | None | UnsetType, UNSET),
        ("note", Note | None | UnsetType, UNSET),
    ]
    return build_closed_struct(
        f"QuestionnaireAnswer_{indicator.id.replace('.', '_')}_{format_type_suffix(methodology)}",
        members,
        text.question,
    )


def to_questionnaire(methodology: Methodology, request: QuestionnaireRequest) -> Questionnaire:
    """Convert a decoded request to a questionnaire, without the entries that are empty."""
    document = methodology.document
    answers = {
        indicator.id: entry
        for indicator in walk_indicators(document.root)
        if indicator.facts
        and isinstance(sent := _get_sent_member(request.answers, to_attribute(indicator.id)), Struct)
        and (entry := _to_entry(indicator, sent)) != QuestionnaireEntry(facts={})
    }
    return Questionnaire(
        profile={
            field.name: value
            for field in document.profile
            if (value := _get_sent_member(request.profile, field.name)) is not None
        },
        profile_self_declared=tuple(
            field.name for field in document.profile if field.name in request.profile_self_declared
        ),
        profile_evidence={
            field.name: documents
            for field in document.profile
            if field.set_by == "organisation" and (documents := _get_sent_member(request.profile_evidence, field.name))
        },
        answers=answers,
    )


def _to_entry(indicator: Indicator, sent: Struct) -> QuestionnaireEntry:
    facts: dict[str, FactValue] = {}
    for fact in indicator.facts:
        value = _get_sent_member(sent, fact.name)
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
    )


def _get_sent_member(given: object, name: str) -> Any:
    """Return a member of a decoded object; None if the member or the whole object was not sent."""
    value = getattr(given, name, None)
    return None if value is UNSET else value


def is_whole(indicator: Indicator, entry: QuestionnaireEntry) -> bool:
    """Return True if an entry has every required fact of its indicator."""
    return all(fact.name in entry.facts for fact in indicator.facts if fact.required)


def list_missing_fields(methodology: Methodology, held: Questionnaire) -> tuple[str, ...]:
    """List the profile fields that the organisation must fill in and has not."""
    return tuple(
        field.name
        for field in methodology.document.profile
        if field.set_by == "organisation" and field.name not in held.profile
    )


def to_questionnaire_document(methodology: Methodology, held: Questionnaire) -> QuestionnaireDocument:
    """Convert a questionnaire to its JSON form, including incomplete entries."""
    return QuestionnaireDocument(
        methodology=methodology.version,
        profile=held.profile,
        profile_self_declared=held.profile_self_declared,
        profile_evidence=held.profile_evidence,
        answers={
            name: {
                **entry.facts,
                **_collect_support(entry),
                **({"evidence": entry.evidence} if entry.evidence else {}),
                **({} if entry.note is None else {"note": entry.note}),
            }
            for name, entry in held.answers.items()
        },
    )


def to_scores_document(methodology: Methodology, held: Questionnaire) -> ScoresDocument | None:
    """Build the body of `POST /v1/scores` from the complete answers; None if a required profile field is missing."""
    if list_missing_fields(methodology, held):
        return None
    return ScoresDocument(
        methodology=methodology.version,
        profile=held.profile,
        profile_self_declared=held.profile_self_declared,
        answers={
            name: {**entry.facts, **_collect_support(entry)}
            for name, entry in _select_whole_entries(methodology, held).items()
        },
    )


def to_assessment_document(methodology: Methodology, held: Questionnaire) -> AssessmentDocument | None:
    """Build the body of an assessment from the complete answers; None if a required profile field is missing.

    Facts and profile fields that the service sets are left out.
    """
    if list_missing_fields(methodology, held):
        return None
    own = {
        indicator.id: {fact.name for fact in indicator.facts if fact.set_by == "organisation"}
        for indicator in walk_indicators(methodology.document.root)
    }
    fields = [field.name for field in methodology.document.profile if field.set_by == "organisation"]
    return AssessmentDocument(
        methodology=methodology.version,
        profile={name: held.profile[name] for name in fields},
        profile_evidence=held.profile_evidence,
        answers={
            name: {
                **{fact: value for fact, value in entry.facts.items() if fact in own[name]},
                "evidence": entry.evidence,
                "note": entry.note,
            }
            for name, entry in _select_whole_entries(methodology, held).items()
        },
    )


def _collect_support(entry: QuestionnaireEntry) -> dict[str, EntryMember]:
    return {} if entry.basis is None else {"basis": entry.basis}


def _select_whole_entries(methodology: Methodology, held: Questionnaire) -> dict[str, QuestionnaireEntry]:
    return {
        indicator.id: held.answers[indicator.id]
        for indicator in walk_indicators(methodology.document.root)
        if indicator.id in held.answers and is_whole(indicator, held.answers[indicator.id])
    }
