"""Documents as they are written, and 2026.1; `test_defects.py` has every defect, with its place and its words."""

from __future__ import annotations

import jsonschema_rs
import msgspec
import pytest

from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.checks.notes import find_paying_silences
from tests.unit.methodology.editing import Planted, read, rule


def test_2026_1_itself_has_none() -> None:
    assert read(languages=WRITTEN) == []


@pytest.mark.parametrize(
    ("planted", "place"),
    [
        # a rule about an answer that nobody gives: the value of D3.02 is in the profile
        ((f"{rule('V12')}/holds/when/indicator", "D3.02"), f"{rule('V12')}/holds"),
        # a gate is one comparison that asks for something
        (("/levels/1/gates/0/holds", {"kind": "all", "of": []}), "/levels/1/gates/0/holds"),
    ],
)
def test_what_would_fail_only_when_scoring_is_a_defect_too(planted: Planted, place: str) -> None:
    assert any(found.pointer.startswith(place) for found in read(planted))


@pytest.mark.parametrize(
    "raw", [b"\xa1", b'{"version": "\xff"}', b"\xff\xfe{\x00}\x00", b'{"decimals": ' + b"9" * 5_000 + b"}"]
)
def test_bytes_that_are_no_json_are_a_defect(raw: bytes) -> None:
    checked = loader.check_document(raw, {"es": raw})
    assert {(found.pointer, found.code) for found in checked.defects} == {("/", "not-json"), ("/texts/es", "not-json")}


@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_so_many_levels_may_be_nested_and_no_more(opened: bytes, closed: bytes) -> None:
    """60 lists or objects, of either or both: whatever else is wrong with them."""
    levels = 60 // (opened.count(b"[") + opened.count(b"{"))
    deepest = opened * levels + b"0" + closed * levels
    for document, too_deep in ((deepest, False), (b"[" + deepest + b"]", True), (b'{"a":' + deepest + b"}", True)):
        found = loader.check_document(document, {"es": document}).defects
        told = [
            (defect.pointer, defect.translate("en"), defect.translate("es"))
            for defect in found
            if "nested" in defect.translate("en")
        ]
        deep = ("is nested too deep", "está anidado a demasiada profundidad")
        assert told == ([("/", *deep), ("/texts/es", *deep)] if too_deep else [])


def test_a_keyword_that_no_type_has_yet_is_told_as_the_schema_does() -> None:
    (error,) = jsonschema_rs.Draft202012Validator({"minimum": 3}).iter_errors(2)
    defect = loader._build_structural_defect("/x", error)
    assert (defect.pointer, defect.code) == ("/x", "broken-schema")
    assert defect.translate("es") == f"incumple minimum: {error.message}"
    assert defect.translate("en") == f"breaks minimum: {error.message}"


def test_where_silence_may_pay_is_a_remark_and_no_defect() -> None:
    leaving, void = ("/root/missing", "leave"), ("/root/children/8/missing", "void")
    assert read(leaving, void) == []
    document = msgspec.structs.replace(loader.load_methodology("2026.1").document)
    assert list(find_paying_silences(document)) == []
    root = document.root
    nine = msgspec.structs.replace(root.children[8], missing="void")
    changed = msgspec.structs.replace(root, missing="leave", children=(*root.children[:8], nine, root.children[9]))
    remarks = list(find_paying_silences(msgspec.structs.replace(document, root=changed)))
    assert [(remark.pointer, remark.translate("es"), remark.translate("en")) for remark in remarks] == [
        (
            "/root/missing",
            "el silencio puede compensar en index: lo desconocido sale y su peso se reparte",
            "silence may pay in index: what is unknown leaves, and its weight is shared",
        ),
        (
            "/root/children/8/missing",
            "el silencio puede compensar en D9: con algo desconocido no tiene puntuación",
            "silence may pay in D9: with anything unknown it has no score",
        ),
    ]


def test_versions_and_languages() -> None:
    assert "2026.1" in loader.list_versions()
    assert set(loader.load_methodology("2026.1").texts) >= set(WRITTEN) == {"es", "en"}
    assert loader.load_methodology("2026.1").document.version == "2026.1"
