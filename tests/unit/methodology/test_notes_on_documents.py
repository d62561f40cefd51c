"""Notes on documents without defects: what nothing reads, and what makes no difference."""

from __future__ import annotations

import msgspec
import pytest

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.checks.notes import find_idle_parts, find_notes, find_unread_names
from actitud_api.engine.methodology.model import (
    AdditionalIndex,
    Document,
    Fact,
    Gate,
    Implies,
    IndexOperand,
    Indicator,
    Level,
    Minimum,
    Not,
    Predicate,
    Product,
    Quotient,
    Sum,
)
from tests.unit.scoring import builders as b

PLACE = "/root/children/0/children/0"
PEOPLE = msgspec.structs.replace(b.integer_field("people"), minimum=1, maximum=100)


def of_one(indicator: Indicator) -> Document:
    return b.document(b.root(b.group("D", indicator)), profile=(PEOPLE,))


def told(indicator: Indicator) -> list[tuple[str, str, str, str]]:
    return [
        (remark.pointer.removeprefix(PLACE), remark.code, remark.translate("es"), remark.translate("en"))
        for remark in find_idle_parts(of_one(indicator))
    ]


def test_2026_1_asks_for_the_kind_of_organisation_and_reads_it_nowhere() -> None:
    (field,) = find_notes(loader.load_methodology("2026.1").document)
    assert (field.pointer, field.code) == ("/profile/0", "unread-field")
    assert field.translate("es") == "nada lee el campo org_type"
    assert field.translate("en") == "nothing reads the field org_type"


def test_facts_that_nothing_reads() -> None:
    """`spare` is read by nothing; a list is read by its count, by one of its components, or by a rule."""
    counted = b.checklist("C", 1, ("one", "two"), b.LINE)
    listed = msgspec.structs.replace(counted, id="L", value=b.const(1), zero_when=b.lists("L", "one"))
    spare = Fact(name="spare", type="integer", minimum=0, maximum=1)
    amount = msgspec.structs.replace(b.amount("A"), facts=(*b.amount("A").facts, spare))
    ruled = msgspec.structs.replace(b.amount("R"), value=b.field("people"))
    rule = b.rule("V", b.compare(b.fact("R", "hours"), "ge", 1))
    tree = b.root(b.group("D", counted, listed, amount, ruled))
    (remark,) = find_unread_names(b.document(tree, profile=(PEOPLE,), rules=(rule,)))
    assert (remark.pointer, remark.code) == ("/root/children/0/children/2/facts/1", "unread-fact")
    assert remark.translate("es") == "nada lee el dato spare"
    assert remark.translate("en") == "nothing reads the fact spare"


def test_full_marks_that_no_fact_gets_to() -> None:
    """Of 2 to 9 hours, 10 are full marks, or 1; of least and half the hours, 4.5 are the most."""
    hours = Fact(name="hours", type="number", minimum=2, maximum=9)
    words = ("full-marks-out-of-reach", "ningún dato llega hasta ahí: el valor va de 2 a 9")
    for knots, position in (((0, 0), (10, 100)), 1), (((1, 100), (24, 0)), 0):
        known = msgspec.structs.replace(b.amount("A", 1, knots), facts=(hours,))
        assert told(known) == [(f"/curve/goalposts/{position}/x", *words, "no fact gets there: the value is 2 to 9")]
    halved = Product(of=(b.const(0.5), Minimum(of=(b.fact("A", "hours"), b.const(100)))))
    known = msgspec.structs.replace(b.amount("A", 1, ((0, 0), (5, 100))), facts=(hours,), value=halved)
    assert [place for place, *_ in told(known)] == ["/curve/goalposts/1/x"]
    assert told(msgspec.structs.replace(b.amount("A", 1, ((0, 0), (9, 100), (10, 100))), facts=(hours,))) == []


def test_a_direction_against_the_curve() -> None:
    known = msgspec.structs.replace(b.amount("A", 1, ((2, 100), (24, 0))), direction="higher_is_better")
    assert told(known) == [
        ("/direction", "direction-against-curve", "la curva va en el otro sentido", "the curve goes the other way")
    ]
    flat = ("flat-curve", "todas las respuestas puntúan lo mismo", "every answer scores the same")
    assert told(b.amount("A", 1, ((2, 50), (24, 50)))) == [("/curve/goalposts", *flat)]


def test_a_denominator_that_is_always_0() -> None:
    none = Sum(of=(b.const(3), Product(of=(b.const(-3), b.const(1)))))
    known = msgspec.structs.replace(b.amount("A"), value=Quotient(numerator=b.fact("A", "hours"), denominator=none))
    assert told(known) == [
        (
            "/value/denominator",
            "zero-denominator",
            "es siempre 0: nunca hay un valor",
            "is always 0: there is never a value",
        )
    ]


@pytest.mark.parametrize(
    ("zero_when", "always"),
    [
        (b.ALWAYS, True),
        (Not(of=b.NEVER), True),
        (Implies(when=b.ALWAYS, then=b.compare(b.const(1), "le", b.const(2))), True),
        # people are 1 to 100, hours 0 to a million
        (b.compare(b.field("people"), "ge", 1), True),
        (b.compare(b.field("people"), "gt", 1), False),
        (b.compare(b.field("people"), "ne", 0), True),
        (b.compare(Sum(of=(b.field("people"), b.fact("A", "hours"))), "lt", 1_000_101), True),
        (b.compare(Sum(of=(b.field("people"), b.fact("A", "hours"))), "lt", 1_000_100), False),
        (b.compare(b.field("people"), "eq", b.field("people")), False),
        (b.NEVER, False),
    ],
)
def test_what_always_holds(zero_when: Predicate, always: bool) -> None:
    words = ("se cumple siempre: siempre puntúa 0", "always holds: the score is always 0")
    known = b.amount("A", zero_when=zero_when)
    assert told(known) == ([("/zero_when", "always-zero", *words)] if always else [])
    never = ("no se cumple nunca: no se aplica a nadie", "never holds: it applies to nobody")
    known = b.amount("A", applies=Not(of=zero_when))
    assert told(known) == ([("/applies", "never-applies", *never)] if always else [])


def named(document: Document) -> list[tuple[str, str, str, str]]:
    return [(note.pointer, note.code, note.translate("es"), note.translate("en")) for note in find_idle_parts(document)]


def test_a_rule_that_everybody_breaks() -> None:
    """Hours are 0 to a million: never below 0, always 0 or more; a rule that everybody keeps does no harm."""
    below = b.rule("V", b.compare(b.fact("A", "hours"), "lt", 0), "A")
    kept = b.rule("W", b.compare(b.fact("A", "hours"), "ge", 0), "A")
    tree = b.root(b.group("D", b.amount("A")))
    assert named(b.document(tree, rules=(kept, below))) == [
        (
            "/rules/1/holds",
            "never-holds",
            "no se cumple nunca: la incumple cualquiera",
            "never holds: everybody breaks it",
        )
    ]


def test_a_level_that_asks_for_nothing() -> None:
    asked = Gate(id="G", holds=b.compare(IndexOperand(), "ge", 40))
    levels = (Level(number=1, gates=()), Level(number=2, gates=(asked,)), Level(number=3, gates=()))
    assert named(b.document(b.root(b.group("D", b.amount("A"))), levels=levels)) == [
        (
            "/levels/2/gates",
            "no-gates",
            "no pide nada: quien llega al nivel anterior tiene este",
            "asks for nothing: whoever has the level below has it",
        )
    ]


def test_a_group_that_asks_for_children_without_weight() -> None:
    group = msgspec.structs.replace(b.group("D", b.amount("A"), b.amount("B", 0)), rated_children=2)
    assert named(b.document(b.root(group))) == [
        ("/root/children/0/rated_children", "rated-children-range", "pide 2 de 1", "asks for 2 of 1")
    ]
    assert named(b.document(b.root(msgspec.structs.replace(group, rated_children=1)))) == []


@pytest.mark.parametrize(("floor", "inside"), [(0, True), (100, True), (101, False)])
def test_a_floor_above_the_range_of_the_index(floor: int, inside: bool) -> None:
    words = ("las puntuaciones deben ir de 0 a 100, el rango", "scores must be 0 to 100, the range")
    document = msgspec.structs.replace(
        b.document(b.root(b.group("D", b.amount("A")))),
        additional_index=AdditionalIndex(aggregation="geometric", floor=floor),
    )
    assert named(document) == ([] if inside else [("/additional_index/floor", "score-outside-range", *words)])
