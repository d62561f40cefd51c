"""53 defective documents, each named with its place: 38 that contradict themselves, and 15 that only look sound.

They are what people got wrong who wrote eight published indices as documents. `test_defects.py` has the bounds of every
check; here each kind of mistake stands once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.checks.notes import find_notes
from tests.unit.methodology.editing import Json
from tests.unit.methodology.planting import Found, plant_in
from tests.unit.methodology.test_defects import CASES, PLAIN

PLAIN_KINDS: Final = (
    *("missing-member", "unknown-member", "unknown-option", "wrong-type", "duplicated-id", "negative-weight"),
    *("decimals-range", "cap-range", "not-a-share", "no-children", "no-weight", "range-order", "sum-range"),
    *("exponent-range", "exponent-without-power", "rated-children-range", "number-bounds", "fact-decimals-range"),
    *("curve-kind", "too-few-goalposts", "goalpost-order", "curve-direction", "score-outside-range", "log-of-zero"),
    *("lognormal-shares", "ladder-levels", "boolean-goalposts", "unknown-indicator", "unknown-fact", "compared-kinds"),
    *("unknown-profile-field", "quotient-inside", "applies-reads-answer", "error-invalidates", "level-numbers"),
    *("first-level-gates", "gate-below-lower-level", "unreachable-level"),
)
"""Kinds of the 38 plain mistakes, of each of which `defects.json` has a document."""

ANSWER: Final = {"kind": "answer", "indicator": "A1", "fact": "hours"}
HOURS: Final = "/root/children/1/children/2/children/0"
NOUGHT: Final = {"kind": "constant", "value": 0}

SUBTLE: Final[dict[str, tuple[dict[str, object], Found]]] = {
    "the second of two ids": (
        {"levels/2/gates/0/id": "L2.index"},
        ("/levels/2/gates/0/id", "duplicated-id"),
    ),
    "an id that differs by its case": ({"A1/id": "l1"}, (f"{HOURS}/id", "duplicated-id")),
    "an empty version": ({"version": ""}, ("/version", "no-name")),
    "an id with a blank at its end": ({"D2.1/id": "x "}, ("/root/children/1/children/2/id", "no-name")),
    "a fact that no answer could name": (
        {"A1/facts/0/name": "basis", "A1/value": {**ANSWER, "fact": "basis"}, "A1/step": "basis"},
        (f"{HOURS}/facts/0/name", "reserved-fact"),
    ),
    "a weight with a fraction": ({"A1/weight": 0.5}, (f"{HOURS}/weight", "wrong-type")),
    "a denominator that is always 0": (
        {"A1/value": {"kind": "divide", "numerator": ANSWER, "denominator": NOUGHT}},
        (f"{HOURS}/value/denominator", "zero-denominator"),
    ),
    "a direction against the curve": (
        {"A1/direction": "lower_is_better"},
        (f"{HOURS}/direction", "direction-against-curve"),
    ),
    "full marks beyond what the fact may be": (
        {"A1/facts/0/maximum": 9},
        (f"{HOURS}/curve/goalposts/1/x", "full-marks-out-of-reach"),
    ),
    "a fact that its formula does not read": (
        {"A1/facts/-": {"name": "more", "type": "integer", "minimum": 0, "maximum": 9}},
        (f"{HOURS}/facts/1", "unread-fact"),
    ),
    "a profile field that nothing reads": (
        {"profile/-": {"name": "idle", "type": "boolean", "set_by": "organisation"}},
        ("/profile/5", "unread-field"),
    ),
    "a zero rule that always holds": (
        {"A1/zero_when": {"kind": "compare", "op": "ge", "left": ANSWER, "right": NOUGHT}},
        (f"{HOURS}/zero_when", "always-zero"),
    ),
    "an indicator that applies to nobody": (
        {
            "A1/applies": {
                "kind": "compare",
                "op": "lt",
                "left": {"kind": "profile", "field": "people"},
                "right": {"kind": "constant", "value": 1},
            }
        },
        (f"{HOURS}/applies", "never-applies"),
    ),
    "silence that may pay": ({"D2/missing": "leave"}, ("/root/children/1/missing", "silence-may-pay")),
    "a gate that whoever improves would fail": (
        {"levels/1/gates/0/holds/op": "le"},
        ("/levels/1/gates/0", "gate-operator"),
    ),
}
"""What only looks sound: what is planted, and the place and code of the defect or note."""


def resolves(document: Json, pointer: str) -> bool:
    """Return True if a JSON Pointer leads into a document, or to a member of it that is missing or too much."""
    node = document
    for step in (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]):
        if isinstance(node, list):
            if not step.isdecimal() or int(step) >= len(node):
                return False
            node = node[int(step)]
        elif isinstance(node, dict):
            if step not in node:
                return pointer.endswith(f"/{step}")
            node = node[step]
        else:
            return False
    return True


def list_documents() -> Iterator[tuple[str, dict[str, object], Found]]:
    """List the 53 documents: kind, what is planted, and the place and code by which it is named."""
    for kind in PLAIN_KINDS:
        cases = [(case, found) for case in CASES for found in case.defects if found[1] == kind]
        # Where one mistake makes others, its own document is that in which it stands alone.
        case, found = min(cases, key=lambda candidate: (len(candidate[0].defects), candidate[1][0] == "/"))
        planted = case.planted
        yield kind, planted, found
    for kind, (planted, found) in SUBTLE.items():
        yield kind, planted, found


def find_all(planted: dict[str, object]) -> list[Found]:
    """Return the places and codes of the defects, or of the notes on a document without defects."""
    checked = loader.check_document(msgspec.json.encode(plant_in(planted)), {})
    if checked.defects or checked.document is None:
        return [(defect.pointer, defect.code) for defect in checked.defects]
    return [(note.pointer, note.code) for note in find_notes(checked.document)]


def test_each_of_53_documents_is_named_with_its_place() -> None:
    documents = list(list_documents())
    assert (len(PLAIN_KINDS), len(SUBTLE), len(documents)) == (38, 15, 53)
    assert len({msgspec.json.encode(plant_in(planted)) for _, planted, _ in documents}) == 53
    assert [kind for kind, _, found in documents if found in find_all({})] == []
    unnamed = [kind for kind, planted, found in documents if found not in find_all(planted)]
    assert unnamed == []
    astray = [kind for kind, planted, (pointer, _) in documents if not resolves(plant_in(planted), pointer)]
    assert astray == []
    assert [kind for kind, _, (pointer, _) in documents if pointer == "/"] == []


def test_every_defect_leads_to_a_place_in_its_document() -> None:
    astray = [
        (case.planted, pointer)
        for case in CASES
        for pointer, _ in case.defects
        if not pointer.startswith("/texts/") and not resolves(plant_in(case.planted), pointer)
    ]
    assert astray == []


def test_numbers_that_json_readers_do_not_share_are_named_where_they_stand() -> None:
    """2.0 as a weight, and a number beyond all floats."""
    for number, place in ((b"2.0", "/root/children/0/weight"), (b"1e400", "/root/children/0/weight")):
        body = PLAIN.replace(b'"id":"D1","weight":2', b'"id":"D1","weight":' + number, 1)
        assert body != PLAIN
        assert [defect.pointer for defect in loader.check_document(body, {}).defects] == [place]
