"""What a questionnaire holds, half filled in or whole, and what of it can be sent."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
import pytest

from actitud_api.engine.i18n import InLanguages
from actitud_api.engine.methodology.model import Fact, ProfileField
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import build_score_request_type
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.engine.methodology.requests.questionnaire import (
    Questionnaire,
    QuestionnaireDocument,
    QuestionnaireEntry,
    QuestionnaireRequest,
    build_questionnaire_request_type,
    is_whole,
    list_missing_fields,
    to_assessment_document,
    to_questionnaire,
    to_questionnaire_document,
    to_scores_document,
)
from tests.unit.scoring import builders as b

LISTED = b.checklist("C", 1, ("one", "two", "three"), ((0, 0), (3, 100)))
OUTSIDE = Fact(name="outside_remit", type="components", required=False, set_by="service")
DERIVED = msgspec.structs.replace(b.amount("X"), type="rate", facts=(), value=b.field("people"), step="profile:people")
KNOWN: Final = b.methodology(
    b.root(
        b.group(
            "D",
            b.ratio("R.1"),
            msgspec.structs.replace(LISTED, facts=(*LISTED.facts, OUTSIDE)),
            DERIVED,
            b.boolean("B"),
        )
    ),
    profile=(
        b.integer_field("people"),
        ProfileField(name="kind", type="enum", set_by="organisation", values=("town", "region")),
        b.service_field("before"),
    ),
)
RATIO: Final = "NumeratorUpTo1000000DenominatorUpTo1000000QuestionnaireAnswer"
PAGE: Final[dict[str, Any]] = {"url": "https://ayto.example/a", "date": "2026-03-04"}
SHOWN: Final = Evidence(url="https://ayto.example/a", date=date(2026, 3, 4))
WHOLE: Final[dict[str, Any]] = {
    "methodology": "test.1",
    "profile": {"kind": "town", "people": 0, "before": 2},
    "profile_self_declared": ["kind", "people"],
    "profile_evidence": {"kind": [PAGE]},
    "answers": {
        "B": {"value": False, "basis": "self_declared", "note": "de enero"},
        "C": {"components": ["three", "one"], "outside_remit": ["two"], "evidence": [PAGE]},
        "R.1": {"numerator": 0, "denominator": 4, "basis": "evidenced"},
    },
}
HELD: Final = Questionnaire(
    profile={"people": 0, "kind": "town", "before": 2},
    profile_self_declared=("people", "kind"),
    profile_evidence={"kind": (SHOWN,)},
    answers={
        "R.1": QuestionnaireEntry(facts={"numerator": 0, "denominator": 4}, basis="evidenced"),
        "C": QuestionnaireEntry(facts={"components": ("one", "three"), "outside_remit": ("two",)}, evidence=(SHOWN,)),
        "B": QuestionnaireEntry(facts={"value": False}, basis="self_declared", note="de enero"),
    },
)


def taken(body: dict[str, Any]) -> Questionnaire:
    request = msgspec.convert({"methodology": "test.1", **body}, build_questionnaire_request_type(KNOWN))
    assert isinstance(request, QuestionnaireRequest)
    return to_questionnaire(KNOWN, request)


def test_what_is_sent_is_held_in_the_order_of_the_document() -> None:
    """Components too; what stands for nothing else is kept: 0, no, and what only the service sets."""
    held = taken(WHOLE)
    assert held == HELD
    assert [list(held.profile), list(held.answers)] == [["people", "kind", "before"], ["R.1", "C", "B"]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"profile": {}, "answers": {}, "profile_evidence": {}},
        {"profile": {"before": None}},
        {"answers": {"R.1": None, "C": None, "B": {}}},
        {"answers": {"C": {"outside_remit": [], "evidence": [], "note": None}, "R.1": {"evidence": None}}},
        {"profile_evidence": {"people": None, "kind": []}},
        {"answers": {"B": {"note": ""}}},
    ],
)
def test_null_empty_and_absent_are_not_there(body: dict[str, Any]) -> None:
    assert taken(body) == Questionnaire(profile={}, profile_self_declared=(), profile_evidence={}, answers={})


def test_what_is_half_answered_is_held_too() -> None:
    """An empty checklist is an answer; a note, a page or a basis alone is an entry."""
    assert taken({"answers": {"R.1": {"denominator": 4}, "C": {"components": []}}}).answers == {
        "R.1": QuestionnaireEntry(facts={"denominator": 4}),
        "C": QuestionnaireEntry(facts={"components": ()}),
    }
    assert taken(
        {"answers": {"R.1": {"note": "x"}, "C": {"evidence": [PAGE]}, "B": {"basis": "evidenced"}}}
    ).answers == {
        "R.1": QuestionnaireEntry(facts={}, note="x"),
        "C": QuestionnaireEntry(facts={}, evidence=(SHOWN,)),
        "B": QuestionnaireEntry(facts={}, basis="evidenced"),
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"more": 1}, "unknown field `more`"),
        ({"answers": {"X": {}}}, "unknown field `X`"),
        ({"answers": {"R_1": {}}}, "unknown field `R_1`"),
        ({"answers": {"B": {"value": None}}}, "Expected `bool`, got `null`"),
        ({"answers": {"B": {"level": 1}}}, "unknown field `level`"),
        ({"answers": {"B": {"basis": "other"}}}, "Invalid enum value 'other'"),
        ({"answers": {"C": {"components": ["one", "one"]}}}, "`components` has repeated elements"),
        ({"profile": {"people": -1}}, "Expected `int` >= 0"),
        ({"profile": {"people": None}}, "Expected `int`, got `null`"),
        ({"profile": {"kind": "city"}}, "Invalid enum value 'city'"),
        ({"profile_self_declared": ["before"]}, "Invalid enum value 'before'"),
        ({"profile_self_declared": ["kind", "kind"]}, "`profile_self_declared` has repeated elements"),
        ({"profile_evidence": {"before": []}}, "unknown field `before`"),
        (
            {"answers": {"B": {"note": "ana@example.org"}, "C": {"note": "x" * 1001}}},
            "Expected `str` of length <= 1000",
        ),
        ({"answers": {"B": {"evidence": [PAGE] * 11}}}, "Expected `array` of length <= 10"),
    ],
)
def test_what_no_questionnaire_holds_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        taken(body)


def test_each_type_is_named_after_its_version_and_says_what_it_is() -> None:
    definitions = msgspec.json.schema(build_questionnaire_request_type(KNOWN))["$defs"]
    assert {name: type_["description"] for name, type_ in definitions.items() if name != "Evidence"} == {
        "QuestionnaireRequestTest1": "A questionnaire of methodology test.1, as far as it is filled in.",
        "ProfilePartTest1": (
            "A part of the profile. A field that is left out keeps its value; in a questionnaire it is not filled in."
        ),
        "ProfileEvidenceTest1": (
            "The evidence for profile fields, by field. An indicator that does not apply only because of a value "
            "without evidence counts as unknown."
        ),
        "ProfileSourcesTest1": "The sources of profile fields.",
        "AnswerSource": (
            "The source of an answer, as the organisation states it. It changes no score; what is not stated is null."
        ),
        "QuestionnaireAnswersTest1": (
            "The answers by indicator, each with the facts that are filled in so far; an indicator that is null or "
            "left out is not answered."
        ),
        RATIO: "The part of an answer that is filled in.",
        "ComponentsOptionalOutsideRemitOneTwoThreeQuestionnaireAnswer": "The part of an answer that is filled in.",
        "ValueYesNoQuestionnaireAnswer": "The part of an answer that is filled in.",
    }
    body = definitions["QuestionnaireRequestTest1"]
    assert body["properties"]["methodology"] == {"enum": ["test.1"]}
    assert body["properties"]["profile_self_declared"]["description"] == "Profile fields whose values have no evidence."
    assert {name for type_ in definitions.values() for name in type_["required"]} == {
        *("methodology", "url", "date", "kind")
    }
    assert definitions[RATIO]["properties"]["numerator"] == {"type": "integer", "minimum": 0, "maximum": b.MANY}


# --- what can be sent -----------------------------------------------------------------------------------------


def test_a_questionnaire_goes_into_a_document_and_back() -> None:
    document = to_questionnaire_document(KNOWN, HELD)
    assert document == QuestionnaireDocument(
        methodology="test.1",
        profile=HELD.profile,
        profile_self_declared=("people", "kind"),
        profile_evidence={"kind": (SHOWN,)},
        answers={
            "R.1": {"numerator": 0, "denominator": 4, "basis": "evidenced"},
            "C": {"components": ("one", "three"), "outside_remit": ("two",), "evidence": (SHOWN,)},
            "B": {"value": False, "basis": "self_declared", "note": "de enero"},
        },
    )
    assert taken(msgspec.to_builtins(document)) == HELD


def test_what_lacks_a_fact_is_not_sent() -> None:
    """R.1 without its denominator is no answer; C without what is outside the remit is one."""
    half = msgspec.structs.replace(
        HELD,
        answers={
            "B": QuestionnaireEntry(facts={}, note="x"),
            "C": QuestionnaireEntry(facts={"components": ()}),
            "R.1": QuestionnaireEntry(facts={"numerator": 0}),
        },
    )
    asked = {indicator.id: indicator for indicator in walk_indicators(KNOWN.document.root)}
    assert {name: is_whole(asked[name], entry) for name, entry in half.answers.items()} == {
        "B": False,
        "C": True,
        "R.1": False,
    }
    scores, assessment = to_scores_document(KNOWN, half), to_assessment_document(KNOWN, half)
    assert scores is not None
    assert assessment is not None
    assert scores.answers == {"C": {"components": ()}}
    assert assessment.answers == {"C": {"components": (), "evidence": (), "note": None}}


def test_the_body_of_a_score_has_facts_and_what_they_rest_on() -> None:
    assert to_scores_document(KNOWN, HELD) == QuestionnaireDocument(
        methodology="test.1",
        profile={"people": 0, "kind": "town", "before": 2},
        profile_self_declared=("people", "kind"),
        answers={
            "R.1": {"numerator": 0, "denominator": 4, "basis": "evidenced"},
            "C": {"components": ("one", "three"), "outside_remit": ("two",)},
            "B": {"value": False, "basis": "self_declared"},
        },
    )


def test_the_body_of_an_assessment_has_what_the_organisation_states() -> None:
    assert to_assessment_document(KNOWN, HELD) == QuestionnaireDocument(
        methodology="test.1",
        profile={"people": 0, "kind": "town"},
        profile_evidence={"kind": (SHOWN,)},
        answers={
            "R.1": {"numerator": 0, "denominator": 4, "evidence": (), "note": None},
            "C": {"components": ("one", "three"), "evidence": (SHOWN,), "note": None},
            "B": {"value": False, "evidence": (), "note": "de enero"},
        },
    )


def test_without_the_whole_profile_nothing_can_be_sent() -> None:
    """What the service sets is not asked for."""
    assert list_missing_fields(KNOWN, HELD) == ()
    assert list_missing_fields(KNOWN, taken({})) == ("people", "kind")
    lacking = taken({**WHOLE, "profile": {"people": 3}})
    assert list_missing_fields(KNOWN, lacking) == ("kind",)
    assert to_scores_document(KNOWN, lacking) is None
    assert to_assessment_document(KNOWN, lacking) is None


def test_the_schema_is_in_english() -> None:
    spanish = {
        name: msgspec.structs.replace(text, question="¿?") for name, text in KNOWN.texts["es"].indicators.items()
    }
    texts = {"es": msgspec.structs.replace(KNOWN.texts["es"], indicators=spanish), "en": KNOWN.texts["en"]}
    known = msgspec.structs.replace(KNOWN, texts=InLanguages(texts))
    definitions = msgspec.json.schema(build_score_request_type(known))["$defs"]
    members = definitions["AnswersTest1"]["properties"]
    assert members["R.1"]["description"].startswith("indicator R.1. R.1? `numerator`: numerator; ")
