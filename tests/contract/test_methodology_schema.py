"""The committed JSON Schema of methodology documents: what editors complete with, and check while one types.

It refuses no sound document. Of defective ones it refuses those whose form is wrong; what the members mean together
only `methodology check` can tell.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

from actitud_api.cli import methodologies as cli_methodologies
from actitud_api.engine.methodology.differences import compare_documents
from actitud_api.engine.methodology.loader import check_document
from actitud_api.engine.methodology.model import Document
from tests.unit.methodology.planting import DOCUMENT, plant_in
from tests.unit.methodology.test_defects import CASES

ROOT = Path(__file__).parents[2]
VERSIONS = ROOT / "api" / "actitud_api" / "engine" / "methodology" / "versions"
SCHEMA: dict[str, Any] = json.loads((ROOT / "openapi" / "methodology.schema.json").read_bytes())

FORM = {"wrong-type", "missing-member", "unknown-member", "unknown-option", "no-children"}
"""Codes of defects that the schema finds too, always."""
BOUNDS = {"decimals-range", "published-decimals-range", "cap-range", "negative-weight", "not-a-share"}
"""Codes of defects that it finds where the bound does not depend on other members."""


@functools.cache
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(SCHEMA)


def test_every_member_and_every_struct_has_a_description() -> None:
    silent = [
        (name, member)
        for name, struct in SCHEMA["$defs"].items()
        for member, schema in struct["properties"].items()
        if member != "kind" and not schema.get("description")
    ]
    assert silent == []
    assert [name for name, struct in SCHEMA["$defs"].items() if not struct.get("description")] == []
    assert len(SCHEMA["$defs"]) > 40


def test_options_are_listed() -> None:
    group, indicator = SCHEMA["$defs"]["Group"]["properties"], SCHEMA["$defs"]["Indicator"]["properties"]
    assert set(group["missing"]["enum"]) == {"zero", "leave", "void"}
    assert "geometric" in group["aggregation"]["enum"]
    assert set(indicator["direction"]["enum"]) == {"higher_is_better", "lower_is_better"}


def test_every_committed_document_is_valid() -> None:
    starter = Path(cli_methodologies.__file__).parent / "starter" / "document.json"
    drafts = (ROOT / "tests" / "support" / "methodologies").glob("*/document.json")
    documents = [*VERSIONS.glob("*/document.json"), *drafts, ROOT / "tests" / "cases" / "hdi.json", starter]
    assert len(documents) >= 6
    assert [str(path) for path in documents if not validator().is_valid(json.loads(path.read_bytes()))] == []


def test_defective_documents_are_refused_where_a_schema_can_tell() -> None:
    """No sound one is; and none that is refused is sound."""
    wrong: list[object] = []
    refused: Counter[str] = Counter()
    for case in CASES:
        if any(pointer.startswith("texts/") for pointer in case.planted):
            continue
        codes = {code for pointer, code in case.defects}
        valid = validator().is_valid(plant_in(case.planted))
        if (valid and codes & FORM) or not (valid or codes):
            wrong.append(case.planted)
        if not valid:
            refused.update(codes & (FORM | BOUNDS))
    assert wrong == []
    assert set(refused) == FORM | BOUNDS
    assert sum(refused[code] for code in BOUNDS) >= 19


def test_a_document_may_name_its_schema() -> None:
    """It is part of the document as it is written, and of no comparison."""
    plain = json.loads(msgspec.json.encode(DOCUMENT))
    named = {"$schema": "methodology.schema.json", **plain}
    assert validator().is_valid(named)
    checked = check_document(json.dumps(named).encode(), {})
    assert checked.defects == []
    assert checked.document is not None
    assert list(compare_documents(DOCUMENT, checked.document)) == []
    assert "$schema" not in msgspec.to_builtins(msgspec.convert(plain, Document))
    (defect,) = check_document(json.dumps({**plain, "$schema": 1}).encode(), {}).defects
    assert (defect.pointer, defect.code) == ("/$schema", "wrong-type")
