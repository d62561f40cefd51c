"""Ids, facts and profile fields of any name: what the checker accepts can be asked for, stored and scored."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import structs

from actitud_api.engine.methodology.model import Fact, ProfileField
from actitud_api.engine.methodology.predicates import to_attribute
from actitud_api.engine.methodology.requests.answers import build_score_request_type, to_replacement, to_submission
from actitud_api.engine.methodology.requests.content import apply_patch, build_assessment_types, to_content
from actitud_api.engine.methodology.requests.questionnaire import build_questionnaire_request_type, to_questionnaire
from actitud_api.engine.scoring.explain import explain
from tests.unit.scoring import builders as b

NAMES = (
    *("1.1.2", "4G", "a b/c", "with{brace}", "{}", "{0}", "__x", "__init__", "__class__", "class", "None"),
    *("Año", "a-b", "x.y", "%s", "it's", "x" * 300, "profile", "answers", "methodology", "kind"),
)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_asked_for_stored_and_scored(name: str) -> None:
    """A quarter of an hour is 25 points, where the field says so; all three have the name."""
    field = ProfileField(name=name, type="boolean", set_by="organisation")
    fact = Fact(name=name, type="number", minimum=0, maximum=100)
    indicator = structs.replace(
        b.amount(name, applies=b.compare(b.field(name), "eq", True)), facts=(fact,), value=b.fact(name, name), step=name
    )
    known = b.methodology(b.root(b.group("D", indicator)), profile=(field,))
    body = {"methodology": known.version, "profile": {name: True}, "answers": {name: {name: 0.25}}}
    supposed = {"profile": {name: False}, "answers": {name: {name: 1}}}

    request = msgspec.convert({**body, "what_if": supposed}, build_score_request_type(known))
    submission, replacement = to_submission(known, request), to_replacement(known, request)
    assert (submission.profile, submission.answers) == ({name: True}, {name: {name: 0.25}})
    assert replacement is not None
    assert (replacement.profile, replacement.answers) == ({name: False}, {name: {name: 1}})
    score = explain(known, submission)
    assert (score.index, score.status) == (25, "complete")

    types = build_assessment_types(known)
    content = to_content(known, msgspec.convert(body, types.whole))
    assert (content.profile, content.answers[name].facts) == ({name: True}, {name: 0.25})
    patch = msgspec.convert({"methodology": known.version, **supposed}, types.patch)
    changed = apply_patch(known, content, patch)
    assert (changed.profile, changed.answers[name].facts) == ({name: False}, {name: 1})

    questionnaire = to_questionnaire(known, msgspec.convert(body, build_questionnaire_request_type(known)))
    assert (questionnaire.profile, questionnaire.answers[name].facts) == ({name: True}, {name: 0.25})


def test_names_that_python_refuses_have_attributes_of_their_own() -> None:
    found = [to_attribute(name) for name in ("a b", "a_b", "4g", "__x", "x.y", "sí")]
    assert found == ["x_a_20_b", "a_b", "x_4g", "x___x", "x_x_2e_y", "sí"]
