"""What differs between two methodologies: nothing is overlooked, and nothing is invented."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.differences import Difference, compare_documents
from actitud_api.engine.methodology.model import Document, Level, MethodologyTexts
from actitud_api.engine.narration.differences import DocumentSide, describe_differences
from tests.support.scale import NIGHT
from tests.unit.methodology import planting
from tests.unit.methodology.editing import DOCUMENT, REMOVED, TEXTS, Json, Planted, at, plant, rule
from tests.unit.scoring import builders as b

BEFORE = loader.load_methodology("2026.1")
DRAFT = loader.load_methodology("2099.1-draft")


def changed(*planted: Planted) -> Document:
    """2026.1 with these changes."""
    document: Json = msgspec.json.decode(DOCUMENT)
    for pointer, value in planted:
        plant(document, pointer.split("/")[1:], value)
    return msgspec.json.decode(msgspec.json.encode(document), type=Document)


def found(*planted: Planted) -> list[Difference]:
    return list(compare_documents(BEFORE.document, changed(*planted)))


def summary(difference: Difference) -> tuple[str, str, str, str]:
    return difference.part, difference.id, difference.pointer, difference.change


def lines(*planted: Planted, language: Language = "en", texts: bool = True) -> list[str]:
    """The differences of 2026.1 with these changes in words, in one list."""
    after = changed(*planted)
    known = BEFORE.texts[language] if texts else None
    under = describe_differences(
        compare_documents(BEFORE.document, after),
        DocumentSide(BEFORE.document, known),
        DocumentSide(after, known),
        language,
    )
    return [line for told_lines in under.values() for line in told_lines]


# --- the draft ------------------------------------------------------------------------------------------------


def test_the_draft_differs_in_what_it_was_made_for_and_in_nothing_else() -> None:
    all_of_it = list(compare_documents(BEFORE.document, DRAFT.document, BEFORE.texts, DRAFT.texts))
    assert [summary(difference) for difference in all_of_it] == [
        ("document", "", "/alternative_weights/dialogue", "removed"),
        ("document", "", "/alternative_weights/equal", "added"),
        *(("groups", f"D{number}", "/weight", "changed") for number in (1, 2, 3, 5, 6, 7, 8, 9)),
        ("indicators", "D9.02", "/curve/goalposts/2/x", "changed"),
        ("indicators", "D9.03", "/weight", "changed"),
        ("answers", "bullets/9.3", "", "changed"),
        ("answers", "comments/C6", "", "changed"),
        ("answers", "ideas/counter-comments", "/indicators", "changed"),
        ("indicators", "D9.09", "", "added"),
        ("texts", "es", "/indicators/D9.02/goalposts/2", "changed"),
        ("texts", "es", "/indicators/D9.09", "added"),
        ("texts", "en", "/indicators/D9.02/goalposts/2", "changed"),
        ("texts", "en", "/indicators/D9.09", "added"),
    ]
    by_place = {(difference.id, difference.pointer): difference for difference in all_of_it}
    assert (by_place["D5", "/weight"].before, by_place["D5", "/weight"].after) == (10, 12)
    moved = by_place["D9.02", "/curve/goalposts/2/x"]
    assert (moved.before, moved.after) == (24, 21)
    new = by_place["D9.09", ""].after
    assert isinstance(new, dict)
    assert (by_place["D9.09", ""].before, new["parent"], new["weight"]) == (None, "D9", 5)


def test_the_other_way_round_what_was_added_is_removed() -> None:
    back = list(compare_documents(DRAFT.document, BEFORE.document, DRAFT.texts, BEFORE.texts))
    there = list(compare_documents(BEFORE.document, DRAFT.document, BEFORE.texts, DRAFT.texts))
    swapped = {"added": "removed", "removed": "added", "changed": "changed"}

    def key(difference: Difference) -> tuple[str, str, str]:
        return difference.part, difference.id, difference.pointer

    reversed_ = {key(one): (swapped[one.change], one.after, one.before) for one in there}
    assert {key(one): (one.change, one.before, one.after) for one in back} == reversed_


@pytest.mark.parametrize("version", loader.list_versions())
def test_a_version_does_not_differ_from_itself(version: str) -> None:
    known = loader.load_methodology(version)
    assert list(compare_documents(known.document, known.document, known.texts, known.texts)) == []


def test_defaults_that_are_spelt_out_are_no_difference() -> None:
    assert found((f"{at('D1.01')}/range", {"minimum": 0, "maximum": 100})) == []
    assert found(("/published_decimals", None)) == []
    assert found((f"{at('D1.03')}/curve/goalposts/1/x", 0.1), (f"{at('D1.01')}/curve/goalposts/1/x", 1.0)) == []


# --- nothing is overlooked ------------------------------------------------------------------------------------


def scalars(node: Json, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every text, number and yes or no, with its place."""
    if isinstance(node, dict):
        for name, member in node.items():
            yield from scalars(member, f"{place}/{name}")
    elif isinstance(node, list):
        for position, item in enumerate(node):
            yield from scalars(item, f"{place}/{position}")
    else:
        yield place, node


def another(value: Json) -> Json:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case _:
            return 7


STEP = 7 if NIGHT else 149


@pytest.mark.parametrize("step", [STEP])
def test_no_change_of_a_document_is_overlooked(step: int) -> None:
    """Every seventh (at the gate: every 149th) value of it changed by itself, where that can still be read."""
    tried = 0
    places = [(place, value) for place, value in scalars(msgspec.json.decode(DOCUMENT)) if place != "/version"]
    for place, value in places[::step]:
        try:
            after = changed((place, another(value)))
        except msgspec.ValidationError:
            continue  # a word of the format itself, such as a kind
        tried += 1
        assert list(compare_documents(BEFORE.document, after)), place
    assert tried > 0.5 * len(places) / step


@pytest.mark.parametrize("step", [STEP])
def test_no_change_of_a_text_is_overlooked(step: int) -> None:
    for place, value in list(scalars(msgspec.json.decode(TEXTS["es"])))[::step]:
        if place == "/language":
            continue
        texts: Json = msgspec.json.decode(TEXTS["es"])
        plant(texts, place.split("/")[1:], "another" if value is None else another(value))
        after = msgspec.convert(texts, MethodologyTexts)
        one = list(compare_documents(BEFORE.document, BEFORE.document, {"es": BEFORE.texts["es"]}, {"es": after}))
        assert [summary(difference) for difference in one] == [("texts", "es", place, "changed")]


def test_texts_of_one_side_only_are_not_compared() -> None:
    assert list(compare_documents(BEFORE.document, BEFORE.document, {}, BEFORE.texts)) == []
    both = list(compare_documents(BEFORE.document, DRAFT.document, {"en": BEFORE.texts["en"]}, DRAFT.texts))
    assert {difference.id for difference in both if difference.part == "texts"} == {"en"}


# --- what stands where ----------------------------------------------------------------------------------------

MOVED: list[tuple[list[Planted], list[tuple[str, str, str, str]]]] = [
    ([("/decimals", 3)], [("document", "", "/decimals", "changed")]),
    ([("/windows/-", "W36")], [("document", "", "/windows", "changed")]),
    ([(f"{at('D1.01')}/id", "D1.99")], [
        ("indicators", "D1.01", "", "removed"),
        ("indicators", "D1.99", "", "added"),
    ]),
    ([(f"{at('D1.01')}/facts/0/maximum", 5)], [("indicators", "D1.01", "/facts/numerator/maximum", "changed")]),
    ([(f"{at('D1.03')}/applies/right/value", 20)], [("indicators", "D1.03", "/applies", "changed")]),
    ([(f"{at('D1.01')}/curve/goalposts/-", {"x": 2, "score": 100})], [
        ("indicators", "D1.01", "/curve/goalposts", "changed"),
    ]),
    ([(f"{at('D9.02')}/curve/goalposts/3/sources", ["S10"])], [
        ("indicators", "D9.02", "/curve/goalposts/3/sources", "changed"),
    ]),
    ([("/root/children/0/missing", "void")], [("groups", "D1", "/missing", "changed")]),
    ([("/profile/1/name", "inhabitants")], [
        ("profile", "population_served", "", "removed"),
        ("profile", "inhabitants", "", "added"),
    ]),
    ([(f"{rule('V12')}/severity", "warning")], [("rules", "V12", "/severity", "changed")]),
    ([("/levels/2/gates/0/holds/right/value", 45)], [("gates", "L3.index", "/holds", "changed")]),
    ([("/levels/4/provisional_unless", None)], [("levels", "5", "/provisional_unless", "changed")]),
    ([("/size_bands/P/0/to", 4000)], [("size_bands", "P/P1", "/to", "changed")]),
    ([("/sources/S01/used", False)], [("sources", "S01", "/used", "changed")]),
    ([("/calendar/0/start", "01-20")], [("calendar", "submission", "/start", "changed")]),
]  # fmt: skip


@pytest.mark.parametrize(("planted", "wanted"), MOVED, ids=lambda value: str(value[0][0]))
def test_a_difference_says_of_what_it_is(planted: list[Planted], wanted: list[tuple[str, str, str, str]]) -> None:
    assert [summary(difference) for difference in found(*planted)] == wanted


SMALL: list[tuple[str, object, tuple[str, str, str, str, object, object]]] = [
    ("decimals", 3, ("document", "", "/decimals", "changed", 2, 3)),
    ("catalogue", "two", ("document", "", "/catalogue", "changed", "test", "two")),
    ("additional_index/floor", 2, ("document", "", "/additional_index/floor", "changed", 1, 2)),
    ("windows", ["now", "then"], ("document", "", "/windows", "changed", ["now"], ["now", "then"])),
    ("alternative_weights", {"equal": {"D1": 1, "D2": 1}, "a/b~c": {"D1": 2, "D2": 1}}, (
        "document", "", "/alternative_weights/a~1b~0c", "added", None, {"D1": 2, "D2": 1}
    )),
    ("coverage/overall/num", 1, ("document", "", "/coverage/overall/num", "changed", 2, 1)),
    ("D1/weight", 3, ("groups", "D1", "/weight", "changed", 2, 3)),
    ("D1/rated_share/den", 3, ("groups", "D1", "/rated_share/den", "changed", 2, 3)),
    ("D1/exponent", 2.0, ("groups", "D1", "/exponent", "changed", None, 2)),
    ("R1/facts/1/maximum", 9, ("indicators", "R1", "/facts/denominator/maximum", "changed", 1_000_000, 9)),
    ("R1/bullets", [], ("indicators", "R1", "/bullets", "changed", ["1.1"], [])),
    ("R1/part_of_denominator", False, ("indicators", "R1", "/part_of_denominator", "changed", True, False)),
    ("T1/curve/goalposts/0/x", 1, ("indicators", "T1", "/curve/goalposts/0/x", "changed", 2, 1)),
    ("T1/curve/kind", "log", ("indicators", "T1", "/curve/kind", "changed", "lognormal", "log")),
    ("A1/step", None, ("indicators", "A1", "/step", "changed", "hours", None)),
    ("profile/0/maximum", 999, ("profile", "people", "/maximum", "changed", 1000, 999)),
    ("profile/1/values", ["town"], ("profile", "kind", "/values", "changed", ["town", "region"], ["town"])),
    ("profile/4/default", False, ("profile", "errors", "/default", "changed", 0, False)),
    ("rules/1/holds/indicator", "B1", ("rules", "W1", "/holds", "changed", {"kind": "present", "indicator": "L1"}, {
        "kind": "present", "indicator": "B1"
    })),
    ("rules/0/invalidates", ["R1", "L1"], ("rules", "E1", "/invalidates", "changed", ["R1"], ["R1", "L1"])),
    ("levels/1/gates/1/when_not_applicable", "pass", (
        "gates", "L2.open", "/when_not_applicable", "changed", "fail", "pass"
    )),
    ("organisation_types/0/band_scale", "E", ("organisation_types", "MUN", "/band_scale", "changed", "P", "E")),
    ("size_bands/P/1/to", 9000, ("size_bands", "P/P2", "/to", "changed", None, 9000)),
    ("calendar/0/to", "03-01", ("calendar", "answers", "/to", "changed", "02-28", "03-01")),
    ("answers/functions/F1", ["L1"], ("answers", "functions/F1", "", "changed", ["R1", "L1"], ["L1"])),
    ("answers/ideas/plan/comments", [], ("answers", "ideas/plan", "/comments", "changed", ["C01"], [])),
    ("sources/S1/title", "Another", ("sources", "S1", "/title", "changed", "A source", "Another")),
]  # fmt: skip
"""What is changed in the small methodology, and the one difference that it makes."""


@pytest.mark.parametrize(("place", "value", "wanted"), SMALL, ids=lambda value: value if type(value) is str else "")
def test_a_difference_says_what_stood_and_stands_there(
    place: str, value: object, wanted: tuple[str, str, str, str, object, object]
) -> None:
    (one,) = compare_documents(planting.DOCUMENT, planting.changed({place: value}))
    assert (*summary(one), one.before, one.after) == wanted


def test_what_has_another_id_is_removed_and_added() -> None:
    renamed = list(compare_documents(planting.DOCUMENT, planting.changed({"R1/facts/1/name": "whole"})))
    described = {"type": "integer", "minimum": 0, "maximum": 1_000_000, "decimals": 6, "required": True}
    described |= {"set_by": "organisation"}
    assert [(*summary(one), one.before, one.after) for one in renamed] == [
        ("indicators", "R1", "/facts/denominator", "removed", {"name": "denominator"} | described, None),
        ("indicators", "R1", "/facts/whole", "added", None, {"name": "whole"} | described),
    ]
    renumbered = list(compare_documents(planting.DOCUMENT, planting.changed({"levels/2/number": 4})))
    unless = {
        "kind": "compare",
        "op": "ge",
        "left": {"kind": "profile", "field": "before"},
        "right": {"kind": "constant", "value": 2},
    }
    assert [(*summary(one), one.before, one.after) for one in renumbered] == [
        ("levels", "3", "", "removed", {"provisional_unless": unless}, None),
        ("gates", "L3.D1", "/level", "changed", 3, 4),
        ("levels", "4", "", "added", None, {"provisional_unless": unless}),
    ]
    root = list(compare_documents(planting.DOCUMENT, planting.changed({"root/id": "all"})))
    assert [summary(one) for one in root] == [
        ("groups", "index", "", "removed"),
        ("groups", "D1", "/parent", "changed"),
        ("groups", "D2", "/parent", "changed"),
        ("groups", "all", "", "added"),
    ]
    assert isinstance(root[0].before, dict)
    assert sorted(root[0].before) == [
        "aggregation", "exponent", "missing", "parent", "published_decimals", "range", "rated_children", "rated_share",
        "weight",
    ]  # fmt: skip
    assert (root[0].before["parent"], root[1].before, root[1].after) == (None, "index", "all")


def test_lists_of_texts_of_the_same_length_are_compared_one_by_one() -> None:
    texts = planting.methodology().texts["es"]
    longer = msgspec.structs.replace(texts, peer_groups=("all", "more"), sources_not_found=("S9",))
    other = msgspec.structs.replace(texts, peer_groups=("some",))
    document = planting.DOCUMENT
    assert [
        (one.pointer, one.change, one.before, one.after)
        for after in (longer, other)
        for one in compare_documents(document, document, {"es": texts}, {"es": after})
    ] == [
        ("/sources_not_found", "changed", [], ["S9"]),
        ("/peer_groups", "changed", ["all"], ["all", "more"]),
        ("/peer_groups/0", "changed", "all", "some"),
    ]


def test_a_node_that_moves_keeps_its_id() -> None:
    one = b.document(b.root(b.group("D", b.ratio("R"), b.ladder("L")), b.group("E", b.ratio("S"))))
    other = b.document(b.root(b.group("D", b.ratio("R")), b.group("E", b.ladder("L"), b.ratio("S"))))
    (moved,) = compare_documents(one, other)
    assert (*summary(moved), moved.before, moved.after) == ("indicators", "L", "/parent", "changed", "D", "E")


def test_children_in_another_order_are_a_difference_because_order_decides_ties() -> None:
    one = b.document(b.root(b.group("D", b.ratio("R"), b.ladder("L")), b.group("E", b.ratio("S"))))
    other = b.document(b.root(b.group("D", b.ladder("L"), b.ratio("R"), b.ratio("T")), b.group("E", b.ratio("S"))))
    added, moved = compare_documents(one, other)
    assert summary(added) == ("indicators", "T", "", "added")
    assert (*summary(moved), moved.before, moved.after) == (
        "groups", "D", "/children", "reordered", ["R", "L"], ["L", "R", "T"]
    )  # fmt: skip


def test_true_is_not_one() -> None:
    """To Python they are equal; to whoever compares with them they are not."""

    def asks(wanted: bool | int) -> Document:
        gate = msgspec.structs.replace(BEFORE.document.levels[2].gates[4], holds=b.compare(b.field("x"), "eq", wanted))
        return msgspec.structs.replace(BEFORE.document, levels=(Level(number=1, gates=(gate,)),))

    (one,) = compare_documents(asks(True), asks(1))
    assert summary(one) == ("gates", "L3.integrity", "/holds", "changed")


# --- in words -------------------------------------------------------------------------------------------------

WORDS: list[tuple[list[Planted], str, str]] = [
    (
        [("/root/children/4/weight", 12)],
        "D5 Participatory digital culture: 10 → 12",
        "D5 Cultura digital participativa: 10 → 12",
    ),
    (
        [(f"{at('D9.01')}/curve/goalposts/2/x", 0.4)],
        "D9.01 Response rate: 40 points for 40\u00a0%, no longer for 38\u00a0%",
        "D9.01 Tasa de respuesta: 40 puntos por 40\u00a0%, ya no por 38\u00a0%",
    ),
    (
        [(f"{at('D1.02')}/curve/goalposts/1/score", 12.5)],
        "D1.02 Guidance for staff on network use: 1 scores 12.5, no longer 25",
        "D1.02 Pautas para la plantilla sobre el uso de redes: 1 puntúa 12,5, ya no 25",
    ),
    (
        [(f"{at('D9.02')}/curve/goalposts/2/basis", "judgement")],
        "D9.02 Time to first response, goalpost 3, basis: source → judgement",
        "D9.02 Tiempo hasta la primera respuesta, valor de referencia 3, base: source → judgement",
    ),
    (
        [(f"{at('D1.03')}/applies/right/value", 20)],
        "D1.03 Staff trained in public use of networks, applies: people on the staff is at least 10 → people on the "
        "staff is at least 20",
        "D1.03 Plantilla formada en uso público de redes, se aplica: personas en plantilla es como mínimo 10 → "
        "personas en plantilla es como mínimo 20",
    ),
    (
        [(f"{at('D1.03')}/applies", {"kind": "all", "of": []})],
        "D1.03 Staff trained in public use of networks, applies: people on the staff is at least 10 → always",
        "D1.03 Plantilla formada en uso público de redes, se aplica: personas en plantilla es como mínimo 10 → siempre",
    ),
    (
        [("/levels/2/gates/3/holds/right/value", 0.4)],
        "L3.D9.01, holds: “Response rate” must be at least 38\u00a0% → “Response rate” must be at least 40\u00a0%",
        "L3.D9.01, condición: «Tasa de respuesta» debe ser como mínimo 38\u00a0% → «Tasa de respuesta» debe ser como "
        "mínimo 40\u00a0%",
    ),
    (
        [("/levels/4/provisional_unless", None)],
        "level 5, provisional unless: level of the previous edition is at least 4 → nothing",
        "nivel 5, provisional salvo: nivel de la edición anterior es como mínimo 4 → nada",
    ),
    (
        [(f"{rule('V12')}/severity", "warning")],
        "V12, severity: error → warning",
        "V12, gravedad: error → warning",
    ),
    (
        [("/self_declared_cap", 60)],
        "the document, self declared cap: 50 → 60",
        "el documento, límite sin evidencia: 50 → 60",
    ),
    (
        [("/profile/1/needs_evidence", False)],
        "population_served (inhabitants or users served), needs evidence: yes → no",
        "population_served (habitantes o personas usuarias), necesita evidencia: sí → no",
    ),
    (
        [("/alternative_weights/dialogue", REMOVED), ("/alternative_weights/half", {"D1": 1, "D2": 2})],
        "added: the document, alternative weights, half: D1 1, D2 2",
        "nuevo: el documento, otros pesos, half: D1 1, D2 2",
    ),
]


@pytest.mark.parametrize(("planted", "english", "spanish"), WORDS)
def test_a_difference_is_told_in_words(planted: list[Planted], english: str, spanish: str) -> None:
    assert english in lines(*planted)
    assert spanish in lines(*planted, language="es")


def test_each_kind_stands_under_its_heading() -> None:
    after = changed(
        ("/root/children/4/weight", 12),
        (f"{at('D9.02')}/curve/goalposts/2/x", 21),
        (f"{at('D1.03')}/applies/right/value", 20),
        (f"{rule('V12')}/severity", "warning"),
        ("/levels/2/gates/0/holds/right/value", 45),
        ("/profile/1/needs_evidence", False),
        ("/decimals", 3),
    )
    sides = DocumentSide(BEFORE.document, BEFORE.texts["en"]), DocumentSide(after, BEFORE.texts["en"])
    under = describe_differences(compare_documents(BEFORE.document, after), *sides, "en")
    assert {heading: len(told_lines) for heading, told_lines in under.items()} == {
        "Weights": 1,
        "Goalposts and curves": 1,
        "Dimensions and indicators": 1,
        "Validation rules": 1,
        "Levels and gates": 1,
        "Profile": 1,
        "The rest of the document": 1,
    }


def test_without_texts_it_is_told_by_ids() -> None:
    assert lines(("/root/children/4/weight", 12), texts=False) == ["D5: 10 → 12"]
    assert lines((f"{at('D9.02')}/curve/goalposts/2/x", 21), texts=False) == [
        "D9.02: 40 points for 21, no longer for 24"
    ]
    (line,) = lines((f"{at('D1.03')}/applies/right/value", 20), texts=False)
    assert line.startswith('D1.03, applies: {"kind": "compare"')


@pytest.mark.parametrize("language", WRITTEN)
def test_every_difference_of_sound_documents_can_be_told(language: Language) -> None:
    """Numbers, because a document with another word in it is seldom sound."""
    texts, tried = BEFORE.texts[language], 0
    numbers = [(place, value) for place, value in scalars(msgspec.json.decode(DOCUMENT)) if type(value) in (int, float)]
    for place, value in numbers[::STEP]:
        document: Json = msgspec.json.decode(DOCUMENT)
        plant(document, place.split("/")[1:], another(value))
        checked = loader.check_document(msgspec.json.encode(document), {language: TEXTS[language]})
        if checked.document is None or checked.defects:
            continue
        tried += 1
        sides = DocumentSide(BEFORE.document, texts), DocumentSide(checked.document, texts)
        under = describe_differences(compare_documents(BEFORE.document, checked.document), *sides, language)
        assert [line for told_lines in under.values() for line in told_lines], place
    assert tried > 5
