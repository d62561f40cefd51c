"""Request types of assessments under a methodology, and of their merge patches.

A type is closed: it refuses members that the methodology does not name. The same types decode requests and produce the
published schema, so the two cannot differ.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.engine.methodology.free_text import PERSONAL_DATA, Note
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Fact, Indicator, Scalar
from actitud_api.engine.methodology.predicates import to_attribute, to_indicator_attribute, walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.profiles import (
    build_own_profile_part_type,
    build_own_profile_type,
    list_own_fields,
)
from actitud_api.engine.methodology.requests.shapes import Shape
from actitud_api.engine.methodology.requests.struct_factory import (
    Member,
    build_answers_type,
    build_body_type,
    build_closed_struct,
    build_fact_members,
    describe_type,
    format_type_suffix,
)

EVIDENCE_MAX: Final = 10
"""Maximum number of evidence documents of one answer or profile field."""

HTTPS_ADDRESS: Final = r'^https://[^\u0000-\u0020\u007f-\u00a0<>"\\^`{|}]+$'
"""Pattern of an https URL without characters that a URL cannot contain."""

SHA256: Final = "^[0-9a-f]{64}$"
"""Pattern of a SHA-256 digest in hexadecimal."""


class Evidence(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document that supports an answer: its URL and its date. The service never fetches the document."""

    url: Annotated[
        str,
        Meta(
            max_length=2_000,
            pattern=HTTPS_ADDRESS,
            description="Evidence counts only if the host of this URL is a domain of the organisation, or below one.",
            examples=["https://www.example.org/social-networks/guide.pdf"],
        ),
    ]
    date: Annotated[date, Meta(description="The date of the document; the evidence does not count before that day.")]
    note: Note | None = None
    sha256: (
        Annotated[
            str,
            Meta(
                pattern=SHA256,
                description="SHA-256, in hexadecimal, of the copy that the organisation keeps.",
            ),
        ]
        | None
    ) = None


SourceKind = Literal["counted", "register", "declared", "previous_edition"]
"""Kind of source of an answer.

counted: counted from files of platforms · register: read from a register of the organisation · declared: stated by
somebody · previous_edition: taken over from the assessment of another edition.
"""


SourceEdition = Annotated[
    str,
    Meta(
        max_length=100,
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Of `previous_edition`: id of that edition.",
        # It is published, and nobody looks it up.
        extra_json_schema={"not": {"pattern": PERSONAL_DATA}},
    ),
]
"""Id of the edition from which an answer was taken over."""


class AnswerSource(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The source of an answer, as the organisation states it. It changes no score; what is not stated is null."""

    kind: SourceKind
    manifest: (
        Annotated[
            str, Meta(pattern="^sha256:[0-9a-f]{64}$", description="Of what is `counted`: digest of the manifest.")
        ]
        | None
    ) = None
    edition: SourceEdition | None = None


Supporting = Annotated[tuple[Evidence, ...], Meta(max_length=EVIDENCE_MAX)]


class Answer(Struct, frozen=True, kw_only=True):
    """The facts of one answer with their evidence.

    `note` is the remark of the organisation, and `source` the origin of the facts; each is None if the answer has none.
    """

    facts: dict[str, FactValue]
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    source: AnswerSource | None = None


class AssessmentContent(Struct, frozen=True, kw_only=True):
    """Content of an assessment: profile fields, their evidence and sources, and answers by indicator.

    Only facts and profile fields with `set_by: organisation` are included; those with `set_by: service` belong to the
    overall review. A profile field that was sent as null is None.
    """

    profile: dict[str, Scalar | None]
    profile_evidence: dict[str, tuple[Evidence, ...]]
    answers: dict[str, Answer]
    profile_sources: dict[str, AnswerSource] = {}


class AssessmentRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base class of the bodies with a whole assessment; each methodology version has its own subclass.

    In a subclass, each member is an object with one member for each profile field or indicator of the version.
    """

    profile: Struct
    answers: Struct
    profile_evidence: Struct | UnsetType = UNSET
    profile_sources: Struct | UnsetType = UNSET


class AssessmentPatch(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="methodology"):
    """Base class of the bodies that change an assessment; each methodology version has its own subclass.

    The bodies are JSON merge patches (RFC 7396): each member has only the values to change, and is UNSET if none of its
    values changes. A valid patch of a valid assessment gives a valid assessment.
    """

    profile: Struct | UnsetType = UNSET
    answers: Struct | UnsetType = UNSET
    profile_evidence: Struct | UnsetType = UNSET
    profile_sources: Struct | UnsetType = UNSET


class AssessmentTypes(Struct, frozen=True):
    """The two request types of a methodology version: the `whole` assessment, and its merge `patch` (RFC 7396)."""

    whole: type[AssessmentRequest]
    patch: type[AssessmentPatch]


def build_assessment_types(methodology: Methodology) -> AssessmentTypes:
    """Build the two request types of assessments for a methodology version: the whole assessment, and its merge patch.

    In both types, the member `methodology` is the name of the version.
    """
    version = methodology.version
    answers = build_answers_type(
        "AssessmentAnswers",
        methodology,
        "The answers by indicator, each with all its facts. An indicator that is null or left out has no answer; in a "
        "merge patch null removes the answer, and an indicator that is left out keeps it.",
        lambda shape: _build_answer_type(shape) | None,
        _list_sent_facts,
    )
    evidence, sources = build_profile_evidence_type(methodology), build_profile_sources_type(methodology)
    return AssessmentTypes(
        whole=build_body_type(
            AssessmentRequest,
            methodology,
            [
                ("profile", build_own_profile_type(methodology)),
                ("answers", answers),
                ("profile_evidence", evidence | UnsetType, UNSET),
                ("profile_sources", sources | UnsetType, UNSET),
            ],
            f"A whole assessment under methodology {version}.",
        ),
        patch=build_body_type(
            AssessmentPatch,
            methodology,
            [
                ("profile", build_own_profile_part_type(methodology) | UnsetType, UNSET),
                ("answers", answers | UnsetType, UNSET),
                ("profile_evidence", evidence | UnsetType, UNSET),
                ("profile_sources", sources | UnsetType, UNSET),
            ],
            f"A JSON merge patch (RFC 7396) to an assessment under methodology {version}.",
        ),
    )


def build_profile_evidence_type(methodology: Methodology) -> type[Struct]:
    """Build the type of the evidence for profile fields, in assessments and questionnaires of a methodology version."""
    names = tuple(field.name for field in list_own_fields(methodology))
    return _build_profile_evidence_type(f"ProfileEvidence{format_type_suffix(methodology)}", names)


@cache
def _build_profile_evidence_type(name: str, fields: tuple[str, ...]) -> type[Struct]:
    return build_closed_struct(
        name,
        [(field, Supporting | None | UnsetType, UNSET) for field in fields],
        "The evidence for profile fields, by field. An indicator that does not apply only because of a value without "
        "evidence counts as unknown.",
    )


def build_profile_sources_type(methodology: Methodology) -> type[Struct]:
    """Build the type of the sources of profile fields, in assessments and questionnaires of a methodology version."""
    names = tuple(field.name for field in list_own_fields(methodology))
    return _build_profile_sources_type(f"ProfileSources{format_type_suffix(methodology)}", names)


@cache
def _build_profile_sources_type(name: str, fields: tuple[str, ...]) -> type[Struct]:
    return build_closed_struct(
        name, [(field, AnswerSource | None | UnsetType, UNSET) for field in fields], "The sources of profile fields."
    )


def _list_sent_facts(indicator: Indicator) -> tuple[Fact, ...]:
    return tuple(fact for fact in indicator.facts if fact.set_by == "organisation")


@cache
def _build_answer_type(shape: Shape) -> type[Struct]:
    members: list[Member] = [
        *build_fact_members(shape),
        (
            "evidence",
            describe_type(
                Supporting | None | UnsetType,
                "The documents that support the answer. Without any that counts, its score is at most the "
                "`self_declared_cap` of the methodology.",
            ),
            UNSET,
        ),
        ("note", Note | None | UnsetType, UNSET),
        ("source", AnswerSource | None | UnsetType, UNSET),
    ]
    return build_closed_struct(f"{shape.name}AssessmentAnswer", members, "The facts of an answer, and their evidence.")


def to_content(methodology: Methodology, request: AssessmentRequest) -> AssessmentContent:
    """Convert a decoded request with a whole assessment to the content of the assessment."""
    return _merge_members(methodology, AssessmentContent(profile={}, profile_evidence={}, answers={}), request)


def apply_patch(methodology: Methodology, content: AssessmentContent, patch: AssessmentPatch) -> AssessmentContent:
    """Return a copy of the content of an assessment with the changes of a merge patch (RFC 7396)."""
    return _merge_members(methodology, content, patch)


def _merge_members(
    methodology: Methodology, content: AssessmentContent, change: AssessmentRequest | AssessmentPatch
) -> AssessmentContent:
    fields, supported, answered = dict(content.profile), dict(content.profile_evidence), dict(content.answers)
    sources = dict(content.profile_sources)
    for field in list_own_fields(methodology):
        attribute = to_attribute(field.name)
        value = _get_sent_member(change.profile, attribute)
        if value is not UNSET:
            # A source is that of one value, and says nothing of another.
            if value != fields.get(field.name):
                sources.pop(field.name, None)
            fields[field.name] = value
        # Null removes the evidence and the source, as in RFC 7396.
        if (documents := _get_sent_member(change.profile_evidence, attribute)) is not UNSET:
            supported[field.name] = documents or ()
        source = _get_sent_member(change.profile_sources, attribute)
        if source is None:
            sources.pop(field.name, None)
        elif source is not UNSET:
            sources[field.name] = source
    for indicator in walk_indicators(methodology.document.root):
        answer = _get_sent_member(change.answers, to_indicator_attribute(indicator.id)) if indicator.facts else UNSET
        if answer is None:
            answered.pop(indicator.id, None)
        elif answer is not UNSET:
            answered[indicator.id] = _merge_answer(indicator, answered.get(indicator.id), answer)
    return AssessmentContent(
        profile=fields,
        profile_evidence={name: documents for name, documents in supported.items() if documents},
        profile_sources=sources,
        answers=answered,
    )


def _merge_answer(indicator: Indicator, before: Answer | None, change: Struct) -> Answer:
    """Return the answer to an indicator after `change`, the decoded answer of a merge patch.

    The facts in `change` are complete and replace the old facts. If `change` does not have evidence or a note,
    the old ones stay, and so does the source if the facts are the same; if these are null in it, they are removed.
    `before` is the answer before the change, None if there was none.
    """
    facts = {fact.name: getattr(change, to_attribute(fact.name)) for fact in _list_sent_facts(indicator)}
    former = Answer(facts={}) if before is None else before
    evidence, note = _get_sent_member(change, "evidence"), _get_sent_member(change, "note")
    source = _get_sent_member(change, "source")
    kept = former.source if facts == former.facts else None
    return Answer(
        facts=facts,
        evidence=former.evidence if evidence is UNSET else evidence or (),
        note=former.note if note is UNSET else note,
        source=kept if source is UNSET else source,
    )


def _get_sent_member(given: Struct | UnsetType, attribute: str) -> Any:
    """Return the member of a decoded object with this attribute; UNSET if it, or `given` itself, was not sent."""
    return UNSET if given is UNSET else getattr(given, attribute)
