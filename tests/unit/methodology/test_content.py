"""What may be stated in an assessment: the closed types, and merge patches of which every result is whole."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Any, TypeVar

import msgspec
import pytest
from msgspec import Struct

from actitud_api.engine.methodology.requests.content import (
    AssessmentContent,
    AssessmentPatch,
    AssessmentRequest,
    Evidence,
    apply_patch,
    build_assessment_types,
    to_content,
)
from actitud_api.platform.http.validation import SchemaValidator
from tests.support.assessing import METHODOLOGY, Body, body_a, example_a, request_a

T = TypeVar("T", bound=Struct)

DOCUMENT = {"url": "https://ayto.example/a", "date": "2026-03-04"}


@cache
def whole_form() -> SchemaValidator[AssessmentRequest]:
    return SchemaValidator(build_assessment_types(METHODOLOGY).whole)


@cache
def patch_form() -> SchemaValidator[AssessmentPatch]:
    return SchemaValidator(build_assessment_types(METHODOLOGY).patch)


def taken(checked: SchemaValidator[T], body: Body) -> T:
    found = checked.convert(body)
    assert not isinstance(found, list), found
    return found


def refused(checked: SchemaValidator[T], body: Body) -> set[tuple[str, str]]:
    found = checked.convert(body)
    assert isinstance(found, list), body
    return {(fault.pointer, fault.rule) for fault in found}


def patched(content: AssessmentContent, **members: object) -> AssessmentContent:
    return apply_patch(METHODOLOGY, content, taken(patch_form(), {"methodology": "2026.1", **members}))


# --- the whole ------------------------------------------------------------------------------------------------


def test_every_indicator_and_field_that_the_organisation_sets_can_be_stated() -> None:
    content = to_content(METHODOLOGY, taken(whole_form(), body_a()))

    assert set(content.profile) == {f.name for f in METHODOLOGY.document.profile if f.set_by == "organisation"}
    assert len(content.profile) == 22
    assert len(content.answers) == len(request_a()["answers"])
    assert content.answers["D1.01"].facts == {"numerator": 160, "denominator": 320}
    assert content.answers["D1.01"].evidence == (
        Evidence(url="https://ayto.example/evidence/D1.01.pdf", date=date(2025, 10, 1)),
    )
    assert content.answers["D1.01"].note is None


def test_what_the_service_sets_cannot_be_sent() -> None:
    body = body_a()
    body["profile"]["incidents"] = 0
    body["answers"]["D2.02"]["outside_remit"] = []
    body["answers"]["D1.01"]["basis"] = "evidenced"
    unknown = "additionalProperties"
    assert refused(whole_form(), body) == {
        ("/profile/incidents", unknown),
        ("/answers/D2.02/outside_remit", unknown),
        ("/answers/D1.01/basis", unknown),
    }


def test_answers_evidence_and_notes_may_be_left_out_or_null() -> None:
    body = body_a(evidence=False)
    body["answers"] = {
        "D1.01": None,
        "D1.02": {"level": 2, "evidence": None, "note": None},
        "D1.06": {"level": 1, "evidence": [], "note": "Manual de 2025"},
    }
    body["profile_evidence"] = {"employees": None, "units": [], "languages": [{**DOCUMENT, "note": None}]}

    content = to_content(METHODOLOGY, taken(whole_form(), body))

    assert set(content.answers) == {"D1.02", "D1.06"}
    assert (content.answers["D1.02"].evidence, content.answers["D1.02"].note) == ((), None)
    assert content.answers["D1.06"].note == "Manual de 2025"
    assert set(content.profile_evidence) == {"languages"}


@pytest.mark.parametrize(
    ("change", "place", "rule"),
    [
        ({"url": "http://ayto.example/a"}, "url", "pattern"),
        ({"url": "HTTPS://ayto.example/a"}, "url", "pattern"),
        ({"url": "https://"}, "url", "pattern"),
        ({"url": "https://ayto.example/a b"}, "url", "pattern"),
        ({"url": "https://ayto.example\\a"}, "url", "pattern"),
        ({"url": "https://ayto.example/" + "a" * 1980}, "url", "maxLength"),
        ({"date": "2026-02-30"}, "date", "format"),
        ({"date": "4/3/2026"}, "date", "format"),
        ({"date": None}, "date", "type"),
        ({"sha256": "A" * 64}, "sha256", "pattern"),
        ({"sha256": "0" * 63}, "sha256", "pattern"),
        ({"note": "x" * 1001}, "note", "maxLength"),
        ({"note": "ana@example.org"}, "note", "not"),
        ({"name": "x"}, "name", "additionalProperties"),
    ],
)
def test_evidence_has_one_form_wherever_it_stands(change: Body, place: str, rule: str) -> None:
    document = {**DOCUMENT, **change}
    body = body_a()
    body["answers"]["D1.01"]["evidence"] = [DOCUMENT, document]
    body["profile_evidence"]["employees"] = [document]
    patch = {"methodology": "2026.1", **{name: body[name] for name in ("answers", "profile_evidence")}}
    expected = {(f"/answers/D1.01/evidence/1/{place}", rule), (f"/profile_evidence/employees/0/{place}", rule)}
    assert refused(whole_form(), body) == refused(patch_form(), patch) == expected


def test_at_most_ten_documents_support_an_answer() -> None:
    body = body_a()
    body["answers"]["D1.01"]["evidence"] = [DOCUMENT] * 10
    taken(whole_form(), body)
    body["answers"]["D1.01"]["evidence"] = [DOCUMENT] * 11
    assert refused(whole_form(), body) == {("/answers/D1.01/evidence", "maxItems")}


def test_a_note_is_published_so_it_has_no_personal_data() -> None:
    body = body_a()
    body["answers"]["D1.01"]["note"] = "Preguntar en el 612 345 678"
    assert refused(whole_form(), body) == {("/answers/D1.01/note", "not")}
    assert refused(patch_form(), {"methodology": "2026.1", "answers": {"D1.01": body["answers"]["D1.01"]}}) == {
        ("/answers/D1.01/note", "not")
    }


def test_every_note_of_the_schema_refuses_personal_data() -> None:
    """Where somebody writes freely is known from the schema itself: any text without a closed form."""
    free = [
        text
        for text in strings(msgspec.json.schema(build_assessment_types(METHODOLOGY).whole))
        if not text.keys() & {"enum", "format"}
    ]
    # A note for each shape of answers; the three texts of a document, and the two of a source.
    assert len(free) == 15 + 3 + 2
    closed = ("^https", "^[0-9a-f]", "^sha256:[0-9a-f]")
    assert [text for text in free if "not" not in text and not text["pattern"].startswith(closed)] == []


def test_the_edition_of_a_source_is_no_telephone_number() -> None:
    body = body_a()
    body["answers"]["D1.01"]["source"] = {"kind": "previous_edition", "edition": "2025-demo"}
    taken(whole_form(), body)
    body["answers"]["D1.01"]["source"]["edition"] = "612345678"
    assert refused(whole_form(), body) == {("/answers/D1.01/source/edition", "not")}


def strings(schema: object) -> list[Body]:
    if isinstance(schema, dict):
        here = [schema] if schema.get("type") == "string" else []
        return here + [found for member in schema.values() for found in strings(member)]
    return [found for member in schema for found in strings(member)] if isinstance(schema, list) else []


# --- merge patches --------------------------------------------------------------------------------------------


def test_an_empty_patch_changes_nothing() -> None:
    content = example_a()
    assert patched(content) == patched(content, answers={}, profile={}, profile_evidence={}) == content


def test_a_patch_adds_changes_and_removes_answers_and_leaves_the_others() -> None:
    content = patched(example_a(), answers={"D1.01": None, "D1.02": {"level": 4}})

    again = patched(content, answers={"D1.01": {"numerator": 1, "denominator": 2, "note": "De enero"}})

    assert set(example_a().answers) - set(content.answers) == {"D1.01"}
    assert content.answers["D1.02"].facts == {"level": 4}
    assert content.answers["D1.02"].evidence == example_a().answers["D1.02"].evidence
    assert content.answers["D1.03"] == example_a().answers["D1.03"]
    assert again.answers["D1.01"].facts == {"numerator": 1, "denominator": 2}
    assert (again.answers["D1.01"].evidence, again.answers["D1.01"].note) == ((), "De enero")


def test_evidence_and_notes_stay_unless_they_are_named() -> None:
    noted = patched(example_a(), answers={"D1.02": {"level": 2, "note": "De enero"}})
    replaced = patched(noted, answers={"D1.02": {"level": 2, "evidence": [DOCUMENT]}})
    removed = patched(replaced, answers={"D1.02": {"level": 2, "evidence": None, "note": None}})

    assert noted.answers["D1.02"].evidence == example_a().answers["D1.02"].evidence
    assert [document.url for document in replaced.answers["D1.02"].evidence] == ["https://ayto.example/a"]
    assert replaced.answers["D1.02"].note == "De enero"
    assert (removed.answers["D1.02"].evidence, removed.answers["D1.02"].note) == ((), None)


def test_the_profile_changes_field_by_field() -> None:
    content = patched(
        example_a(),
        profile={"employees": 401},
        profile_evidence={"units": None, "languages": [DOCUMENT]},
    )
    assert content.profile == example_a().profile | {"employees": 401}
    assert set(example_a().profile_evidence) - set(content.profile_evidence) == {"units"}
    assert content.profile_evidence["languages"][0].url == "https://ayto.example/a"


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"answers": {"D1.01": {"numerator": 5}}}, ("/answers/D1.01/denominator", "required")),
        ({"answers": {"D1.1": None}}, ("/answers/D1.1", "additionalProperties")),
        ({"answers": None}, ("/answers", "type")),
        ({"profile": {"employees": None}}, ("/profile/employees", "type")),
        ({"profile": {"incidents": 1}}, ("/profile/incidents", "additionalProperties")),
        ({"methodology": None}, ("/methodology", "enum")),
    ],
)
def test_a_patch_whose_result_would_not_be_whole_is_refused(members: Body, fault: tuple[str, str]) -> None:
    assert refused(patch_form(), {"methodology": "2026.1", **members}) == {fault}


def test_a_merge_is_that_of_the_standard() -> None:
    """RFC 7396, section 2, on the documents as they are sent, compared with the merge of the types."""
    before = body_a()
    patch = {
        "methodology": "2026.1",
        "profile": {"units": 13, "error_log": "empty"},
        "profile_evidence": {"employees": None, "units": [DOCUMENT]},
        "answers": {
            "D1.01": None,
            "D1.02": {"level": 3, "evidence": None},
            "D1.06": {"level": 0, "note": "Nueva"},
            "D2.02": {"components": ["c1"]},
        },
    }
    expected = to_content(METHODOLOGY, taken(whole_form(), rfc_7396(before, patch)))
    assert (
        apply_patch(METHODOLOGY, to_content(METHODOLOGY, taken(whole_form(), before)), taken(patch_form(), patch))
        == expected
    )


def rfc_7396(target: object, patch: Any) -> Any:
    """The procedure of the standard, word by word."""
    if not isinstance(patch, dict):
        return patch
    result = json.loads(json.dumps(target)) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = rfc_7396(result.get(name), value)
    return result


def test_a_set_is_sent_without_repetitions_and_a_body_without_unknown_members() -> None:
    patch = {"methodology": "2026.1", "answers": {"D2.02": {"components": ["c1", "c1"]}}}
    with pytest.raises(msgspec.ValidationError, match="`components` has repeated elements"):
        msgspec.convert(patch, build_assessment_types(METHODOLOGY).patch)
    with pytest.raises(msgspec.ValidationError, match="unknown field `more`"):
        msgspec.convert({"methodology": "2026.1", "more": 1}, build_assessment_types(METHODOLOGY).patch)
