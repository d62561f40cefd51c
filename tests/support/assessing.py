"""Example A of a catalogue as an assessment, with a document behind every answer or with none.

It is that of 2026.1 unless another version is said.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.content import AssessmentContent, build_assessment_types, to_content

Body = dict[str, Any]

METHODOLOGY = load_methodology("2026.1")
DOMAIN = "ayto.example"
_WHOLE = build_assessment_types(METHODOLOGY).whole
_CASES = Path(__file__).parents[1] / "cases"
_EXAMPLES_2027: list[Body] = json.loads((_CASES / "examples_2027_1.json").read_bytes())
_FACTS: dict[str, Body] = {
    "2026.1": json.loads((_CASES / "example_a.json").read_bytes())["request"],
    "2027.1": next(example for example in _EXAMPLES_2027 if example["id"] == "A"),
}


def request_a(version: str = "2026.1") -> Body:
    """The body of the stateless call."""
    facts: Body = json.loads(json.dumps({name: _FACTS[version][name] for name in ("profile", "answers")}))
    return {"methodology": version, **facts}


def body_a(version: str = "2026.1", *, evidence: bool = True) -> Body:
    """The body of the assessment; each answer and each field of the profile has a document of its own, or none has."""
    body = request_a(version)
    fields = {field.name for field in load_methodology(version).document.profile if field.set_by == "organisation"}
    body["profile"] = {name: value for name, value in body["profile"].items() if name in fields}
    if evidence:
        body["profile_evidence"] = {name: [document(name)] for name in body["profile"]}
        for name, answer in body["answers"].items():
            answer["evidence"] = [document(name)]
    return body


def document(name: str, host: str = DOMAIN, when: str = "2025-10-01") -> Body:
    """A document of that name."""
    return {"url": f"https://{host}/evidence/{name}.pdf", "date": when}


def example_a() -> AssessmentContent:
    """The content of the assessment."""
    return to_content(METHODOLOGY, msgspec.convert(body_a(), _WHOLE))
