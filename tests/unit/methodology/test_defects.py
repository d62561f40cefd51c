"""Each defect, planted in a small methodology: where it is named, and by which code.

`defects.json` holds a case a line: what is planted where (see `planting.read`), and the pointer and the code of all
defects that follow; none where the methodology is still well formed, which is how far each bound goes. `messages.json`
holds the words of each message, once, in Spanish and English.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import pytest
from msgspec import Struct

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.checks.document import Code, Defect
from actitud_api.engine.methodology.loader import NESTING_MAX
from actitud_api.engine.methodology.model import Aggregation, Document, Gate
from actitud_api.engine.methodology.predicates import walk_groups, walk_indicators
from tests.unit.methodology.planting import DOCUMENT, Found, defects_of, read
from tests.unit.scoring import builders as b


class Case(Struct, forbid_unknown_fields=True):
    planted: dict[str, object]
    defects: list[Found]


class Message(Struct, forbid_unknown_fields=True):
    planted: dict[str, object]
    pointer: str
    code: str
    es: str
    en: str


CASES = msgspec.json.decode(Path(__file__).with_name("defects.json").read_bytes(), type=list[Case])
MESSAGES = msgspec.json.decode(Path(__file__).with_name("messages.json").read_bytes(), type=list[Message])
ELSEWHERE = {
    # of bytes and of the registry: below, and in test_loader.py and test_registry.py
    *("not-json", "nested-too-deep", "duplicated-member", "broken-schema", "draft-name", "digest-changed"),
    # notes: in test_notes_on_documents.py, test_loader.py and tests/cli/test_methodology.py
    *("silence-may-pay", "unread-field", "unread-fact", "full-marks-out-of-reach", "direction-against-curve"),
    *("zero-denominator", "always-zero", "never-applies", "never-holds", "no-gates", "flat-curve"),
    *("no-texts", "form-first"),
}


def test_the_small_methodology_has_none() -> None:
    assert read({}) == []


def test_planted_defects_and_no_others_are_named() -> None:
    wrong = [(case.planted, found) for case in CASES if (found := read(case.planted)) != case.defects]
    assert wrong == []


def test_all_defects_are_named_at_once() -> None:
    """Of the structure, and where the structure is sound, of the content and of the texts."""
    assert read(
        {
            "title": "index",
            "decimals": "two",
            "root/missing": {"removed": True},
            "rules/0/severity": "fatal",
            "texts/es/title": 7,
        }
    ) == [
        ("/", "unknown-member"),
        ("/decimals", "wrong-type"),
        ("/root", "missing-member"),
        ("/rules/0/severity", "unknown-option"),
        ("/texts/es/title", "wrong-type"),
    ]
    assert read(
        {
            "answers/bullets/1.1": [],
            "calendar/0/start": "13-01",
            "decimals": 7,
            "root/rated_children": 3,
            "size_bands/P/1/start": 5002,
            "texts/en/rules/other": "r",
            "texts/es/groups/D1": {"removed": True},
        }
    ) == [
        ("/answers/bullets/1.1", "no-indicator"),
        ("/calendar/0/start", "not-a-day"),
        ("/decimals", "decimals-range"),
        ("/root/rated_children", "rated-children-range"),
        ("/size_bands/P/1/start", "size-band-gap"),
        ("/texts/en/rules/other", "unused-text"),
        ("/texts/es/groups/D1", "missing-text"),
    ]


def test_each_message_has_its_words_in_both_languages() -> None:
    for message in MESSAGES:
        found = [
            (defect.pointer, defect.code, defect.translate("es"), defect.translate("en"))
            for defect in defects_of(message.planted)
        ]
        assert (message.pointer, message.code, message.es, message.en) in found, message.planted


def test_texts_are_named_in_the_order_of_the_document_and_of_the_file() -> None:
    groups = [group.id for group in walk_groups(DOCUMENT.root)]
    indicators = [indicator.id for indicator in walk_indicators(DOCUMENT.root)]
    unused = [f"unused {letter}" for letter in "hcgafdbe"]
    changes = {"texts/en/groups": {name: {"name": "n"} for name in unused}, "texts/en/indicators": {}}
    assert [defect.pointer for defect in defects_of(changes)] == [
        *(f"/texts/en/groups/{name}" for name in (*groups, *unused)),
        *(f"/texts/en/indicators/{name}" for name in indicators),
    ]


def test_every_code_has_its_words_tested() -> None:
    assert {message.code for message in MESSAGES} | ELSEWHERE == set(get_args(Code))


# --- how JSON is written --------------------------------------------------------------------------------------

PLAIN = msgspec.json.encode(DOCUMENT)


def check(document: bytes, texts: bytes | None = None) -> list[Defect]:
    """Return the defects of a document as it is written, in the order in which they are found."""
    return loader.check_document(document, {} if texts is None else {"es": texts}).defects


def told(document: bytes, texts: bytes | None = None) -> list[Found]:
    """Return the pointers and codes of the defects of a document as it is written."""
    return [(defect.pointer, defect.code) for defect in check(document, texts)]


def with_member(text: bytes) -> bytes:
    return PLAIN.replace(b"{", b"{" + text + b",", 1)


def test_a_duplicated_member_is_one_defect() -> None:
    twice = "duplicated-member"
    assert told(with_member(b'"catalogue":"x"')) == [("/catalogue", twice)]
    assert told(with_member(b'"catalogue":"x","catalogue":"y"')) == [("/catalogue", twice)]
    assert told(PLAIN.replace(b'"title":"A source"', b'"title":"A source","title":"Another"')) == [
        ("/sources/S1/title", twice)
    ]
    assert told(PLAIN.replace(b'{"kind":"indicator","id":"R1"', b'{"kind":"indicator","id":"R1","id":"R1"', 1)) == [
        ("/root/children/0/children/0/id", twice)
    ]
    (defect,) = check(with_member(b'"catalogue":"x"'))
    assert (defect.translate("es"), defect.translate("en")) == ("está dos veces", "stands twice")


def test_integers_are_within_what_every_reader_holds() -> None:
    """2^53 - 1 on either side."""
    most = 2**53 - 1
    for number, defects in (
        (most, []),
        (-most, []),
        (most + 1, ["/profile/3/maximum"]),
        (-most - 1, ["/profile/3/maximum"]),
    ):
        body = PLAIN.replace(b'"minimum":1,"maximum":3', b'"minimum":1,"maximum":%d' % number)
        assert body != PLAIN
        assert [place for place, code in told(body) if code == "integer-range"] == defects


def test_what_is_no_json_or_nested_too_deep_says_so_and_nothing_else() -> None:
    broken = check(b"{", b"[")
    assert [(defect.pointer, defect.code) for defect in broken] == [("/", "not-json"), ("/texts/es", "not-json")]
    for defect in broken:
        assert defect.translate("es").removeprefix("no es JSON: ") == defect.translate("en").removeprefix(
            "is not JSON: "
        )
        assert (defect.translate("es")[:12], defect.translate("en")[:13]) == ("no es JSON: ", "is not JSON: ")
    deep = "nested-too-deep"
    for levels in (NESTING_MAX, 20_000):
        (defect,) = check(with_member(b'"x":' + b"[" * levels + b"]" * levels))
        assert (defect.pointer, defect.code) == ("/", deep)
        assert (defect.translate("es"), defect.translate("en")) == (
            "está anidado a demasiada profundidad",
            "is nested too deep",
        )
    just = told(with_member(b'"x":' + b"[" * (NESTING_MAX - 1) + b"]" * (NESTING_MAX - 1)))
    assert just == [("/", "unknown-member")]
    objects = told(with_member(b'"x":' + b'{"a":' * NESTING_MAX + b"1" + b"}" * NESTING_MAX))
    assert objects == [("/", deep)]
    assert told(PLAIN, b'{"x":' + b"[" * NESTING_MAX + b"]" * NESTING_MAX + b"}") == [("/texts/es", deep)]


def test_all_that_is_wrong_is_told_in_either_language() -> None:
    with pytest.raises(loader.DefectiveMethodology) as caught:
        loader.read_methodology("test.2", "draft", with_member(b'"catalogue":"x"'), {})
    assert str(caught.value) == "test.2: /catalogue: stands twice; /version: is 'test.1', expected 'test.2'"
    assert (
        caught.value.translate("es")
        == "test.2: /catalogue: está dos veces; /version: es 'test.1', se esperaba 'test.2'"
    )
    with pytest.raises(loader.DefectiveMethodology) as caught:
        loader.read_methodology(None, "draft", b"1", {})
    assert str(caught.value) == ": /: is 1, and must be an object"


def test_a_version_that_nobody_knows_is_named() -> None:
    with pytest.raises(loader.UnknownMethodology) as caught:
        loader.load_methodology("1999.1")
    assert (str(caught.value), caught.value.version) == ("1999.1", "1999.1")


def test_an_operand_without_its_kind_lacks_just_that() -> None:
    place = "/root/children/1/children/2/children/0/value"
    assert read({"A1/value": {"indicator": "A1", "fact": "hours"}}) == [(place, "missing-member")]


# --- documents of their own -----------------------------------------------------------------------------------


def defects(document: Document) -> list[Found]:
    """Return where a document is defective, and by which code."""
    return told(msgspec.json.encode(document))


def test_how_many_children_may_share_a_loss() -> None:
    """12 where it takes all their orders; means and sums share it by weight, however many they are."""
    cases: list[tuple[Aggregation, int, list[str]]] = [
        ("geometric", 12, []),
        ("geometric", 13, ["/root/children/0/children"]),
        ("min", 13, ["/root/children/0/children"]),
        ("arithmetic", 13, []),
        ("sum", 13, []),
    ]
    for aggregation, count, places in cases:
        span = (0, 100 * count) if aggregation == "sum" else (0, 100)
        leaves = [b.points(f"P{number}") for number in range(count)]
        tree = b.root(b.group("D", *leaves, aggregation=aggregation, span=span), span=span)
        found = defects(b.document(tree))
        assert [place for place, _ in found] == places
        assert all(code == "too-many-children" for _, code in found)


def test_how_much_children_may_weigh() -> None:
    """Twice 2^30 points times weights of 2^31 together are 2^62, which is too much; one less is not."""
    for weight, expected in (
        (2**31 - 1, []),
        (2**31, [("/root/children/0/children", "weights-too-large")]),
    ):
        leaf = b.points("P", weight, span=(0, 2**30))
        tree = b.root(b.group("D", leaf, span=(0, 2**30)), span=(0, 2**30))
        assert defects(b.document(tree, decimals=0)) == expected


def test_how_much_pillars_may_weigh() -> None:
    """Twice 2^30 points times 2^15 times 2^16 are 2^62, which is too much though no group weighs too much."""
    for weight, expected in ((2**16 - 1, []), (2**16, [("/pillars", "weights-too-large")])):
        leaf = b.points("P", weight, span=(0, 2**30))
        tree = b.root(b.group("D", leaf, weight=2**15, span=(0, 2**30)), span=(0, 2**30))
        document = b.document(tree, decimals=0)
        assert defects(msgspec.structs.replace(document, pillars={"all": ("P",)})) == expected


def test_only_lists_are_counted() -> None:
    """A number has no fact that counts it."""
    counted = msgspec.structs.replace(b.amount("A"), value=b.fact("A", "hours_count"), step=None, type="quantity")
    found = defects(b.document(b.root(b.group("D", counted))))
    assert ("/root/children/0/children/0/value", "unknown-fact") in found


def test_a_curve_that_goes_up_and_down_again_by_a_point() -> None:
    found = defects(b.document(b.root(b.group("D", b.ratio("R", knots=((0, 0), (0.5, 1), (1, 0)))))))
    assert found == [("/root/children/0/children/0/curve/goalposts", "curve-direction")]


def test_gates_name_nodes_and_rules_divide_nothing() -> None:
    leaf = b.ratio("R")
    gate = Gate(id="G", holds=b.compare(b.score("X"), "ge", 50))
    levels = b.levels_of(gate)
    found = defects(b.document(b.root(b.group("D", leaf)), levels=levels))
    assert ("/levels/1/gates/0/holds", "unknown-node") in found
    divided = b.rule("V", b.compare(leaf.value, "le", 1), "R")
    found = defects(b.document(b.root(b.group("D", leaf)), rules=(divided,)))
    assert ("/rules/0/holds", "quotient-inside") in found


def test_texts_are_looked_at_after_one_that_is_missing() -> None:
    """A has no text; that of B says nothing of its hours."""
    document = b.document(b.root(b.group("D", b.amount("A"), b.amount("B"))))
    texts = b.texts(document, "es")
    silent = msgspec.structs.replace(texts.indicators["B"], facts={})
    found = told(
        msgspec.json.encode(document),
        msgspec.json.encode(msgspec.structs.replace(texts, indicators={"B": silent})),
    )
    places = [place for place, _ in found]
    assert "/texts/es/indicators/A" in places
    assert "/texts/es/indicators/B/facts/hours" in places
