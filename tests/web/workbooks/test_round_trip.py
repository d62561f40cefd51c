"""What is put into a workbook comes out of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import build_score_request_type
from actitud_api.engine.methodology.requests.content import build_assessment_types
from actitud_api.engine.methodology.requests.questionnaire import (
    Questionnaire,
    QuestionnaireRequest,
    to_assessment_document,
    to_questionnaire,
    to_questionnaire_document,
    to_scores_document,
)
from actitud_api.platform.http.inputs import Body
from actitud_api.web.workbooks.reading import REQUEST, read_questionnaire
from actitud_api.web.workbooks.writing import build_workbook
from tests.support.scale import WORKBOOKS
from tests.web.workbooks.drawing import questionnaires

CASES = Path(__file__).parents[2] / "cases"
METHODOLOGY = load_methodology("2026.1")
PROFILES = {
    "2026.1": json.loads((CASES / "example_a.json").read_bytes())["request"]["profile"],
    "2027.1": json.loads((CASES / "examples_2027_1.json").read_bytes())[0]["profile"],
}
"""A whole profile under each version of which a drawn questionnaire may be."""
ANY = st.sampled_from([load_methodology(version) for version in PROFILES]).flatmap(questionnaires)
SCORES = {version: Body(build_score_request_type(load_methodology(version))) for version in PROFILES}
ASSESSMENTS = {version: Body(build_assessment_types(load_methodology(version)).whole) for version in PROFILES}
"""What `POST /v1/scores` takes, and an assessment."""


def held(document: dict[str, Any]) -> Questionnaire:
    decoded = REQUEST.convert(document)
    assert isinstance(decoded, QuestionnaireRequest), decoded
    return to_questionnaire(load_methodology(document["methodology"]), decoded)


def as_json(value: object) -> Any:
    """A document as it is sent, without what is null or empty of it."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without(member) for name, member in value.items() if member is not None}
        return [without(member) for member in value] if isinstance(value, list) else value

    return without(json.loads(msgspec.json.encode(value)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", ["example_a", "example_b"])
def test_a_worked_example_comes_out_as_it_was_sent(case: str, language: Language) -> None:
    sent = json.loads((CASES / f"{case}.json").read_bytes())["request"]
    read = read_questionnaire(METHODOLOGY, build_workbook(METHODOLOGY, language, held(sent)))
    assert (read.faults, read.language) == ((), language)
    scores = as_json(to_scores_document(METHODOLOGY, read.questionnaire))
    expected = {**as_json(sent), "profile_self_declared": sent.get("profile_self_declared", [])}
    assert scores == expected


def test_an_assessment_comes_out_as_it_was_sent() -> None:
    file = Path(__file__).parents[3] / "openapi" / "examples" / "editions.assessments.put.request.json"
    sent = json.loads(file.read_bytes())
    methodology = load_methodology(sent["methodology"])
    read = read_questionnaire(methodology, build_workbook(methodology, "es", held(sent)))
    found = as_json(to_assessment_document(methodology, read.questionnaire))
    for entry in found["answers"].values():
        if not entry["evidence"]:
            del entry["evidence"]
    assert (found, read.faults) == (sent, ())


@settings(
    max_examples=WORKBOOKS, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(ANY, st.sampled_from(get_args(Language)))
def test_whatever_a_questionnaire_holds_comes_out_of_its_workbook(sent: dict[str, Any], language: Language) -> None:
    before, methodology = held(sent), load_methodology(sent["methodology"])
    read = read_questionnaire(methodology, build_workbook(methodology, language, before))
    assert read.questionnaire == before
    assert {fault.rule for fault in read.faults} <= {"required", "more"}
    assert as_json(to_questionnaire_document(methodology, read.questionnaire)) == sent


@settings(
    max_examples=WORKBOOKS, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(ANY)
def test_what_can_be_sent_of_any_questionnaire_is_what_the_operations_take(sent: dict[str, Any]) -> None:
    version = sent["methodology"]
    methodology = load_methodology(version)
    before = held({**sent, "profile": {**PROFILES[version], **sent["profile"]}})
    scores, assessment = to_scores_document(methodology, before), to_assessment_document(methodology, before)
    assert not isinstance(SCORES[version].convert(json.loads(msgspec.json.encode(scores))), list)
    assert not isinstance(ASSESSMENTS[version].convert(json.loads(msgspec.json.encode(assessment))), list)


@pytest.mark.parametrize("version", ["2026.1", "2027.1", "2027.1-short", "2099.1-draft"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_workbook_lacks_the_profile_and_nothing_else(version: str, language: Language) -> None:
    methodology = load_methodology(version)
    read = read_questionnaire(methodology, build_workbook(methodology, language))
    assert read.questionnaire == Questionnaire(profile={}, profile_self_declared=(), profile_evidence={}, answers={})
    own = [field.name for field in methodology.document.profile if field.set_by == "organisation"]
    assert [fault.pointer for fault in read.faults] == [f"/profile/{name}" for name in own]
    assert to_scores_document(methodology, read.questionnaire) is None
    assert to_assessment_document(methodology, read.questionnaire) is None


def test_an_answer_that_lacks_a_fact_is_kept_and_not_sent() -> None:
    sent = json.loads((CASES / "example_a.json").read_bytes())["request"]
    del sent["answers"]["D1.01"]["denominator"]
    read = read_questionnaire(METHODOLOGY, build_workbook(METHODOLOGY, "es", held(sent)))
    assert read.questionnaire.answers["D1.01"].facts == {"numerator": 160}
    assert [(fault.cell, fault.pointer, fault.rule) for fault in read.faults] == [
        ("Indicadores!C8", "/answers/D1.01/denominator", "required")
    ]
    scores = to_scores_document(METHODOLOGY, read.questionnaire)
    assert scores is not None
    assert sent["answers"].keys() - scores.answers.keys() == {"D1.01"}
