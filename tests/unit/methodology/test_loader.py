"""The loader names every defect of a document and of its texts, with its place."""

from __future__ import annotations

import re

import jsonschema_rs
import msgspec
import pytest

from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.checks.notes import (
    find_paying_silences,
)
from tests.unit.methodology.editing import DOCUMENT, REMOVED, TEXTS, Planted, at, profile, read, rule

FIELD = {"kind": "profile", "field": "employees"}
TEN = {"kind": "constant", "value": 10}
LEVEL = {"kind": "answer", "indicator": "D4.01", "fact": "level"}


def compare(left: object, right: object = TEN, op: str = "ge") -> dict[str, object]:
    return {"kind": "compare", "op": op, "left": left, "right": right}


def goalpost(x: float, score: float) -> dict[str, object]:
    return {"x": x, "score": score, "basis": "judgement"}


def _name(value: object) -> str:
    """The place of a planted defect names its test."""
    return str(value[0] if isinstance(value, tuple) else value)


def test_2026_1_itself_has_none() -> None:
    assert read(languages=WRITTEN) == []


STRUCTURE: list[tuple[Planted, str, str]] = [
    (("/title", "index"), "/", "title"),
    (("/decimals", "two"), "/decimals", "integer"),
    (("/root/missing", REMOVED), "/root", "missing"),
    ((f"{at('D1.01')}/type", "percentage"), f"{at('D1.01')}/type", "percentage"),
    ((f"{at('D1.01')}/weight", 2.5), f"{at('D1.01')}/weight", "integer"),
    ((f"{at('D1.03')}/applies", compare(FIELD, TEN, "gte")), f"{at('D1.03')}/applies/op", "gte"),
    (("/rules/0/severity", "fatal"), "/rules/0/severity", "fatal"),
    (("/levels/1/gates/0/when_not_applicable", "skip"), "/levels/1/gates/0/when_not_applicable", "skip"),
    (("/texts/es/levels/1/name", 1), "/texts/es/levels/1/name", "string"),
    (("/texts/en/indicators/D1.01/question", REMOVED), "/texts/en/indicators/D1.01", "question"),
]

DOCUMENT_DEFECTS: list[tuple[Planted, str, str]] = [
    (("/version", "2026.2"), "/version", "expected '2026.1'"),
    (("/decimals", 7), "/decimals", "0 to 6"),
    (("/self_declared_cap", 101), "/self_declared_cap", "0 to 100"),
    # the tree
    ((f"{at('D1.02')}/id", "D1.01"), f"{at('D1.02')}/id", "'D1.01' stands twice"),
    ((f"{at('D1.02')}/weight", -1), f"{at('D1.02')}/weight", "negative"),
    (("/root/rated_children", 11), "/root/rated_children", "11 of 10"),
    (("/root/children/2/rated_share/den", 0), "/root/children/2/rated_share", "share"),
    (("/root/children/2/rated_share/num", 3), "/root/children/2/rated_share", "share"),
    (("/root/children/2/children", []), "/root/children/2/children", "is empty"),
    # ranges and aggregations
    (("/published_decimals", 3), "/published_decimals", "0 to 2"),
    (("/root/children/0/range", {"minimum": 100}), "/root/children/0/range", "go up"),
    (("/root/children/0/range", {"maximum": 10**18}), "/root/children/0/range", "too wide"),
    (("/root/children/0/range", {"maximum": 50}), "/root/children/0/range", "that of every child"),
    (("/root/aggregation", "sum"), "/root/range", "the sum of those of the children: 0 to 1000"),
    (("/root/aggregation", "power"), "/root/exponent", "goes with the aggregation power"),
    (("/root/exponent", 2), "/root/exponent", "goes with the aggregation power"),
    (("/root/children/0/weight", 10**15), "/root/children", "weigh too much"),
    # facts, components, windows
    ((f"{at('D1.01')}/windows/0", "W99"), f"{at('D1.01')}/windows", "W99"),
    ((f"{at('D1.01')}/facts/1/name", "numerator"), f"{at('D1.01')}/facts/1/name", "'numerator' stands twice"),
    ((f"{at('D4.04')}/components/1", "c1"), f"{at('D4.04')}/components/1", "'c1' stands twice"),
    ((f"{at('D4.04')}/components", []), f"{at('D4.04')}/components", "fact of type components"),
    ((f"{at('D1.01')}/reviews", ["V01"]), f"{at('D1.01')}/reviews/0", "review rule 'V01'"),
    # curves
    ((f"{at('D1.03')}/curve/goalposts/1/x", 0.34), f"{at('D1.03')}/curve/goalposts", "increase strictly"),
    ((f"{at('D1.03')}/curve/goalposts/1/score", 101), f"{at('D1.03')}/curve/goalposts", "0 to 100"),
    ((f"{at('D2.01')}/curve/goalposts/1/score", 10), f"{at('D2.01')}/curve/goalposts", "one direction"),
    ((f"{at('D1.01')}/curve/goalposts", [goalpost(0, 0)]), f"{at('D1.01')}/curve/goalposts", "two or more"),
    ((f"{at('D7.02')}/curve/goalposts/0/x", 0), f"{at('D7.02')}/curve/goalposts/0/x", "above 0"),
    ((f"{at('D1.02')}/curve/goalposts/4/x", 5), f"{at('D1.02')}/curve/goalposts", "0, 1, 2"),
    ((f"{at('D6.06')}/curve/goalposts/1/x", 2), f"{at('D6.06')}/curve/goalposts", "0 (no) and 1 (yes)"),
    ((f"{at('D1.01')}/curve/goalposts/0/sources", []), f"{at('D1.01')}/curve/goalposts/0/sources", "is empty"),
    ((f"{at('D1.01')}/curve/goalposts/0/sources/0", "S999"), f"{at('D1.01')}/curve/goalposts/0/sources", "S999"),
    (
        (
            f"{at('D7.02')}/curve",
            {"kind": "lognormal", "goalposts": [goalpost(10, 50), goalpost(20, 80)]},
        ),
        f"{at('D7.02')}/curve/goalposts",
        "the median, 50 points, and p10, 90 points",
    ),
    ((f"{at('D9.03')}/range", {"maximum": 10}), f"{at('D9.03')}/curve/goalposts", "0 to 10, the range"),
    # steps
    ((f"{at('D1.01')}/step", None), f"{at('D1.01')}/step", "missing for a ratio"),
    ((f"{at('D1.01')}/step", "people"), f"{at('D1.01')}/step", "not a fact of D1.01"),
    ((f"{at('D3.02')}/step", "profile:accounts_asleep"), f"{at('D3.02')}/step", "not a profile field"),
    ((f"{at('D1.02')}/step", "level"), f"{at('D1.02')}/step", "null for a level"),
    (
        (
            f"{at('D1.01')}/value/numerator",
            {"kind": "times", "of": [{"kind": "answer", "indicator": "D1.01", "fact": "numerator"}] * 2},
        ),
        f"{at('D1.01')}/step",
        "linear in this fact",
    ),
    # predicates and operands
    ((f"{at('D1.03')}/applies/left/field", "people"), f"{at('D1.03')}/applies", "'people' is not a profile field"),
    ((f"{at('D1.03')}/applies/left", LEVEL), f"{at('D1.03')}/applies", "profile only"),
    ((f"{at('D4.02')}/zero_when/left/fact", "step"), f"{at('D4.02')}/zero_when", "D4.01.step is not a fact"),
    ((f"{at('D4.02')}/zero_when/left", {"kind": "index"}), f"{at('D4.02')}/zero_when", "only be read by gates"),
    (
        (f"{at('D1.01')}/value/numerator", {"kind": "divide", "numerator": FIELD, "denominator": TEN}),
        f"{at('D1.01')}/value",
        "top of a value formula",
    ),
    ((f"{rule('V12')}/holds/when/indicator", "D8.99"), f"{rule('V12')}/holds", "'D8.99' is not an indicator"),
    ((f"{rule('V12')}/holds/when/indicator", "D3.02"), f"{rule('V12')}/holds", "'D3.02' is not an indicator"),
    ((f"{rule('V15.F5')}/holds/then/left/component", "c9"), f"{rule('V15.F5')}/holds", "'c9' is not a component"),
    # the profile
    ((f"{profile('units')}/name", "employees"), f"{profile('units')}/name", "'employees' stands twice"),
    ((f"{profile('org_type')}/values", []), f"{profile('org_type')}/values", "type enum"),
    ((f"{profile('units')}/values", ["many"]), f"{profile('units')}/values", "type enum"),
    ((f"{profile('units')}/nullable", True), profile("units"), "required and not null"),
    ((f"{profile('incidents')}/default", None), profile("incidents"), "needs a default"),
    # rules
    (("/rules/1/id", "V01.D1.01"), "/rules/1/id", "'V01.D1.01' stands twice"),
    ((f"{rule('V12')}/invalidates/0", "D2.99"), f"{rule('V12')}/invalidates", "'D2.99' is not an indicator"),
    ((f"{rule('V12')}/invalidates", []), f"{rule('V12')}/invalidates", "only errors"),
    ((f"{rule('V13')}/invalidates", ["D9.02"]), f"{rule('V13')}/invalidates", "only errors"),
    ((f"{rule('V10')}/holds", {"kind": "all", "of": []}), f"{rule('V10')}/holds", "without a predicate"),
    ((f"{rule('V12')}/holds", None), f"{rule('V12')}/holds", "without a predicate"),
    # levels
    (("/levels/2/number", 4), "/levels", "1, 2, 3"),
    (("/levels/0/gates", [{"id": "L1", "holds": compare(FIELD)}]), "/levels/0/gates", "no gates"),
    (
        ("/levels/3/gates/0/holds/right/value", 39),
        "/levels/3/gates/0",
        "less (39) than a lower level (40, in L3.index)",
    ),
    (("/levels/3/gates/0/id", "L2.index"), "/levels/3/gates/0/id", "'L2.index' stands twice"),
    (("/levels/2/gates/2/holds/left/node", "D11"), "/levels/2/gates/2/holds", "'D11' is not a node"),
    (("/levels/2/gates/3/holds/left/indicator", "D9.99"), "/levels/2/gates/3/holds", "'D9.99' is not an indicator"),
    (("/levels/2/gates/3/holds/left", LEVEL), "/levels/2/gates/3/holds", "reads value()"),
    # the rest
    (("/answers/bullets/1.1", []), "/answers/bullets/1.1", "no indicator answers it"),
    (("/answers/functions/F1/0", "D5.99"), "/answers/functions/F1", "'D5.99' is not an indicator"),
    (("/answers/ideas/outsourcing/indicators/0", "D10.99"), "/answers/ideas/outsourcing", "'D10.99'"),
    (("/organisation_types/0/band_scale", "X"), "/organisation_types/0/band_scale", "size_bands"),
    (("/size_bands/P/1/start", 5002), "/size_bands/P/1/start", "expected 5001"),
    (("/size_bands/P/1/to", None), "/size_bands/P/1/to", "last band"),
    (("/alternative_weights/dialogue", {"D1": 100}), "/alternative_weights/dialogue", "dimensions, in order"),
    ((f"{at('D1.01')}/bullets/0", "1.9"), f"{at('D1.01')}/bullets", "'1.9' is not in answers"),
    ((f"{at('D9.06')}/comments/0", "C99"), f"{at('D9.06')}/comments", "'C99' is not in answers"),
    ((f"{at('D9.05')}/functions/0", "F9"), f"{at('D9.05')}/functions", "'F9' is not in answers"),
    (("/answers/ideas/outsourcing/comments/0", "C99"), "/answers/ideas/outsourcing/comments", "'C99' is not"),
    (("/calendar/0/start", "13-01"), "/calendar/0/start", "'13-01' is not a month and day"),
    (("/calendar/0/to", "02-29"), "/calendar/0/to", "'02-29' is not a month and day of any year"),
    (("/calendar/0/to", "2026-02-28"), "/calendar/0/to", "is not a month and day"),
]

TEXT_DEFECTS: list[tuple[Planted, str, str]] = [
    (("/texts/es/language", "en"), "/texts/es/language", "'en'"),
    (("/texts/es/indicators/D1.01", REMOVED), "/texts/es/indicators/D1.01", "missing"),
    (("/texts/es/groups/D11", {"name": "Otra"}), "/texts/es/groups/D11", "belongs to nothing"),
    (("/texts/en/rules/V20", REMOVED), "/texts/en/rules/V20", "missing"),
    (("/texts/en/gates/L3.D4", REMOVED), "/texts/en/gates/L3.D4", "missing"),
    (("/texts/es/article/bullets/5.4", REMOVED), "/texts/es/article/bullets/5.4", "missing"),
    (("/texts/es/profile/error_log/values/empty", REMOVED), "/texts/es/profile/error_log/values/empty", "missing"),
    (("/texts/es/indicators/D9.01/question", " "), "/texts/es/indicators/D9.01/question", "empty"),
    (("/texts/es/indicators/D9.03/ladder/4", ""), "/texts/es/indicators/D9.03/ladder/4", "empty"),
    (("/texts/es/indicators/D9.03/ladder", ["Nada"]), "/texts/es/indicators/D9.03/ladder", "1 texts for 5 steps"),
    (("/texts/en/indicators/D9.01/goalposts", ["none"]), "/texts/en/indicators/D9.01/goalposts", "1 reasons for 5"),
    (("/texts/en/indicators/D9.01/step", None), "/texts/en/indicators/D9.01/step", "step of the document"),
    (("/texts/en/indicators/D9.01/facts/numerator", REMOVED), "/texts/en/indicators/D9.01/facts/numerator", "missing"),
    (("/texts/en/indicators/D4.04/facts/count", REMOVED), "/texts/en/indicators/D4.04/facts/count", "missing"),
    (("/texts/en/indicators/D4.04/components/c9", "x"), "/texts/en/indicators/D4.04/components/c9", "nothing"),
    (("/texts/en/sources/S01", REMOVED), "/texts/en/sources/S01", "missing"),
]


NAMES = re.compile(r"'[^']+'|\d+")
"""What is quoted and counted is the same in every language."""


@pytest.mark.parametrize(("planted", "place", "message"), [*STRUCTURE, *DOCUMENT_DEFECTS, *TEXT_DEFECTS], ids=_name)
def test_a_defect_is_named_with_its_place(planted: Planted, place: str, message: str) -> None:
    matching = [found for found in read(planted) if found.pointer == place and message in found.translate("en")]
    assert matching, read(planted)
    for found in matching:
        assert found.translate("en") == found.translate("en")
        assert found.translate("es") == found.translate("es") != found.translate("en")
        assert sorted(NAMES.findall(found.translate("es"))) == sorted(NAMES.findall(found.translate("en")))


ONLY_WHEN_SCORING: list[tuple[Planted, str]] = [
    # what would fail only when someone is scored
    ((f"{at('D1.02')}/facts/0/maximum", 5), at("D1.02")),  # a level that the ladder does not have
    (("/coverage/overall/den", 0), "/coverage"),
    (("/coverage/per_dimension/num", 3), "/coverage"),
    ((f"{at('D1.03')}/applies/right", {"kind": "constant", "value": "ten"}), f"{at('D1.03')}/applies"),
    ((f"{at('D5.07')}/zero_when/of/0/right/value", "nothing"), f"{at('D5.07')}/zero_when"),  # not a value of the enum
    ((f"{at('D4.02')}/zero_when/left", {"kind": "sum", "of": []}), f"{at('D4.02')}/zero_when"),
    ((f"{at('D4.02')}/zero_when/left", {"kind": "min", "of": []}), f"{at('D4.02')}/zero_when"),
    (
        (f"{at('D4.02')}/zero_when/left", {"kind": "answer", "indicator": "D4.04", "fact": "components"}),
        f"{at('D4.02')}/zero_when",
    ),  # a set is not a number
    # a gate is one comparison that asks for something
    (("/levels/1/gates/0/holds", {"kind": "all", "of": []}), "/levels/1/gates/0/holds"),
    (("/levels/1/gates/0/holds/op", "le"), "/levels/1/gates/0"),
    # only a rule asks whether something is answered
    ((f"{at('D4.02')}/zero_when", {"kind": "present", "indicator": "D4.01"}), f"{at('D4.02')}/zero_when"),
    ((f"{at('D1.03')}/applies", {"kind": "present", "indicator": "D1.01"}), f"{at('D1.03')}/applies"),
    # what the engine and the sentences know by name
    ((f"{at('D4.04')}/facts/0/name", "listed"), f"{at('D4.04')}/facts"),
    ((f"{at('D1.02')}/curve/kind", "linear"), f"{at('D1.02')}/curve/kind"),
    ((f"{at('D9.06')}/facts/0/name", "yes"), f"{at('D9.06')}/facts"),
    ((f"{at('D9.06')}/part_of_denominator", True), f"{at('D9.06')}/part_of_denominator"),
    ((f"{at('D1.01')}/facts/1/required", False), f"{at('D1.01')}/facts/1/required"),
    ((f"{at('D1.01')}/facts/1/maximum", None), f"{at('D1.01')}/facts/1"),
    ((f"{profile('employees')}/maximum", None), profile("employees")),
    ((f"{at('D1.02')}/id", "d1.01"), "/root"),  # the same attribute as D1.01
    (
        (f"{at('D4.02')}/zero_when/left", {"kind": "sum", "of": [{"kind": "profile", "field": "previous_level"}]}),
        f"{at('D4.02')}/zero_when",
    ),  # null cannot be added
    (("/texts/es/indicators/D9.01/step", "De {from} a {hasta}"), "/texts/es/indicators/D9.01/step"),
    (("/texts/es/indicators/D9.01/step", "De {from a {to}"), "/texts/es/indicators/D9.01/step"),
]


@pytest.mark.parametrize(("planted", "place"), ONLY_WHEN_SCORING, ids=_name)
def test_what_would_fail_only_when_scoring_is_a_defect_too(planted: Planted, place: str) -> None:
    assert any(found.pointer.startswith(place) for found in read(planted))


def test_all_defects_are_named_at_once() -> None:
    """Sound in shape, wrong in many places: each is in the list."""
    separate = {planted[0]: (planted, place, message) for planted, place, message in DOCUMENT_DEFECTS + TEXT_DEFECTS}
    chosen = [
        separate[pointer]
        for pointer in (
            "/decimals",
            "/root/rated_children",
            f"{at('D1.03')}/curve/goalposts/1/x",
            f"{at('D1.03')}/applies/left/field",
            f"{at('D4.02')}/zero_when/left/fact",
            f"{at('D1.01')}/step",
            f"{at('D1.01')}/windows/0",
            f"{rule('V12')}/invalidates/0",
            "/levels/3/gates/0/holds/right/value",
            "/answers/bullets/1.1",
            "/size_bands/P/1/start",
            "/texts/es/indicators/D9.01/question",
            "/texts/en/rules/V20",
            "/texts/en/indicators/D4.04/components/c9",
        )
    ]
    found = read(*(planted for planted, _, _ in chosen))
    for _, place, message in chosen:
        assert any(defect.pointer == place and message in defect.translate("en") for defect in found), place
    assert len(found) >= len(chosen)


def test_an_exponent_is_within_bounds() -> None:
    for exponent in (0, 20.5, -21):
        found = read(("/root/aggregation", "power"), ("/root/exponent", exponent))
        assert ("/root/exponent", "must not be 0, and within ±20") in [
            (one.pointer, one.translate("en")) for one in found
        ]
    assert read(("/root/aggregation", "power"), ("/root/exponent", -20)) == []


def test_all_structural_defects_are_named_at_once() -> None:
    found = read(*(planted for planted, _, _ in STRUCTURE))
    for _, place, message in STRUCTURE:
        assert any(defect.pointer == place and message in defect.translate("en") for defect in found), (place, found)


def test_the_message_holds_every_place() -> None:
    with pytest.raises(loader.DefectiveMethodology, match=r"^2026\.1: /: is not JSON: .*; /texts/es: is not JSON: "):
        loader.read_methodology("2026.1", "draft", b"{", {"es": b"{", "en": TEXTS["en"]})


def test_each_language_has_its_message() -> None:
    with pytest.raises(loader.DefectiveMethodology) as caught:
        loader.read_methodology("2026.1", "draft", DOCUMENT.replace(b'"decimals": 2', b'"decimals": 7'), {})
    assert caught.value.translate("en") == "2026.1: /decimals: must be 0 to 6"
    assert caught.value.translate("es") == "2026.1: /decimals: debe ser de 0 a 6"


UNIONS: list[tuple[Planted, str, str, str]] = [
    (
        ("/published_decimals", "none"),
        "/published_decimals",
        'is "none", and must be an integer or null',
        'es "none", y debe ser un número entero o null',
    ),
    (
        ("/root/children/0/kind", "branch"),
        "/root/children/0",
        'its kind is "branch", and must be one of: group, indicator',
        'su kind es "branch", y debe ser uno de: group, indicator',
    ),
    (
        (f"{at('D1.03')}/applies/left", {"field": "employees"}),
        f"{at('D1.03')}/applies/left",
        "'kind' is missing",
        "falta 'kind'",
    ),
    (
        ("/additional_index", {"aggregation": "geometric", "floor": "low"}),
        "/additional_index/floor",
        'is "low", and must be an integer',
        'es "low", y debe ser un número entero',
    ),
    (
        ("/levels", {}),
        "/levels",
        "is {}, and must be a list",
        "es {}, y debe ser una lista",
    ),
]


@pytest.mark.parametrize(("planted", "place", "english", "spanish"), UNIONS, ids=_name)
def test_inside_a_union_the_defect_of_what_is_meant_is_named(
    planted: Planted, place: str, english: str, spanish: str
) -> None:
    assert [(found.pointer, found.translate("en"), found.translate("es")) for found in read(planted)] == [
        (place, english, spanish)
    ]


def test_a_member_that_stands_twice_is_a_defect() -> None:
    """Which of the two counts is not said anywhere, so readers of the same document could differ."""
    twice = DOCUMENT.replace(b'"decimals": 2', b'"decimals": 2, "decimals": 2')
    twice = twice.replace(b'"weight": 25', b'"weight": 25, "weight": 25', 1)
    with pytest.raises(loader.DefectiveMethodology) as caught:
        loader.read_methodology("2026.1", "draft", twice, {})
    assert [(found.pointer, found.translate("en")) for found in caught.value.defects] == [
        ("/decimals", "stands twice"),
        (f"{at('D1.01')}/weight", "stands twice"),
    ]


@pytest.mark.parametrize(
    "raw", [b"\xa1", b'{"version": "\xff"}', b"\xff\xfe{\x00}\x00", b'{"decimals": ' + b"9" * 5_000 + b"}"]
)
def test_bytes_that_are_no_json_are_a_defect(raw: bytes) -> None:
    checked = loader.check_document(raw, {"es": raw})
    assert {(found.pointer, found.code) for found in checked.defects} == {("/", "not-json"), ("/texts/es", "not-json")}


def test_a_document_nested_beyond_all_measure_is_a_defect() -> None:
    lists = b'{"version": "2026.1", "decimals": 2, "root": ' + b"[" * 100_000
    negations = b'{"kind": "not", "of": ' * 900 + b'{"kind": "any", "of": []}' + b"}" * 900
    for deep in (lists, DOCUMENT.replace(b'"applies": {', b'"applies": ' + negations + b', "x": {', 1)):
        with pytest.raises(loader.DefectiveMethodology) as caught:
            loader.read_methodology("2026.1", "draft", deep, {})
        assert [(found.pointer, found.translate("en")) for found in caught.value.defects] == [
            ("/", "is nested too deep")
        ]


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


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_that_every_reader_reads_alike_is_no_defect_and_the_next_is(sign: int) -> None:
    for number, unsafe in ((2**53 - 1, False), (2**53, True)):
        found = loader.check_document(b'{"decimals": %d}' % (sign * number), {}).defects
        told = [(defect.pointer, defect.translate("en")) for defect in found if "within" in defect.translate("en")]
        assert told == ([("/decimals", "is not within ±9007199254740991")] if unsafe else [])


def test_where_no_version_is_asked_for_the_message_names_none() -> None:
    with pytest.raises(loader.DefectiveMethodology, match=r"^: /: is not JSON: "):
        loader.read_methodology(None, "draft", b"{", {})


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


def test_a_group_needs_a_child_with_weight() -> None:
    found = read(*((f"/root/children/2/children/{number}/weight", 0) for number in range(6)))
    assert [(defect.pointer, defect.translate("en")) for defect in found] == [
        ("/root/children/2/children", "no child has a weight")
    ]


def test_a_tree_deeper_than_five_levels_is_refused() -> None:
    def nested(depth: int) -> dict[str, object]:
        return {
            "kind": "group",
            "id": f"N{depth}",
            "weight": 1,
            "aggregation": "arithmetic",
            "missing": "zero",
            "rated_share": {"num": 1, "den": 2},
            "rated_children": 0,
            "children": [nested(depth - 1)] if depth else [],
        }

    found = read(("/root/children/0/children/-", nested(4)))
    assert any("deeper than 5 levels" in defect.translate("en") for defect in found)


def test_an_unknown_version_is_named() -> None:
    with pytest.raises(loader.UnknownMethodology) as caught:
        loader.load_methodology("1999.1")
    assert caught.value.version == "1999.1"


def test_versions_and_languages() -> None:
    assert "2026.1" in loader.list_versions()
    assert set(loader.load_methodology("2026.1").texts) >= set(WRITTEN) == {"es", "en"}
    assert loader.load_methodology("2026.1").document.version == "2026.1"
