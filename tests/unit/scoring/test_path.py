"""The path to the next level (SCORING, section 7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import msgspec
import pytest
from hypothesis import given

from actitud_api.engine.methodology.loader import DefectiveMethodology, Methodology
from actitud_api.engine.methodology.model import (
    Compare,
    Gate,
    Implies,
    IndexOperand,
    Indicator,
    Level,
    LowerBoundOperand,
    Maximum,
    Minimum,
    PillarOperand,
    Product,
    Quotient,
    Sum,
)
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside, Submission
from actitud_api.engine.scoring import level_path
from actitud_api.engine.scoring.compile import GateFigures, compile_methodology, drop_rules, load_facts
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate, evaluate_compiled
from actitud_api.engine.scoring.level_path import LevelPath, Move, Unreachable, apply_moves, find_level_path
from actitud_api.engine.scoring.path_conditions import prepare_search
from tests.support.scale import PATHS
from tests.unit.scoring import builders as b
from tests.unit.scoring.organisations import METHODOLOGY, organisation
from tests.unit.scoring.random_documents import ANY, SMALL, case_of
from tests.unit.scoring.sheets import case
from tests.unit.scoring.test_laws import SEEDS, examples

Facts = dict[str, FactValue]

LEVEL_OF_X = b.fact("X", "level")
Y_NEEDS_X = b.rule(
    "R", Implies(when=b.compare(b.fact("Y", "level"), "ge", 3), then=b.compare(LEVEL_OF_X, "ge", 1)), "Y"
)


def second(*holds: Compare) -> tuple[Level, ...]:
    """Level 2 with those gates: G0, G1, …"""
    gates = tuple(Gate(id=f"G{number}", holds=asked) for number, asked in enumerate(holds))
    return (Level(number=1, gates=()), Level(number=2, gates=gates))


def index(asked: float) -> Compare:
    return b.compare(IndexOperand(), "ge", asked)


def moves_of(found: LevelPath) -> tuple[Move, ...]:
    assert found.moves is not None
    return found.moves


def changes(found: LevelPath) -> list[tuple[str, Facts]]:
    return [(move.indicator, move.change) for move in moves_of(found)]


def only(found: LevelPath) -> Move:
    (move,) = moves_of(found)
    return move


def obstacle(found: LevelPath) -> Unreachable:
    assert found.moves is None
    (gate,) = found.unreachable
    return gate


# --- what is taken, and in which order ------------------------------------------------------------------------


def test_value_gates_come_first_then_groups_then_the_index() -> None:
    """R is 1 of 10: 8 points, D 4; M is 25, E (25 + 3·0)/4 = 6.25; index 5.125 -> 5.13.

    R to its goalpost 0.5: 40, D 20, index 13.125 -> 13.13. E asks 50: N at level 2 gives 43.75, at 3 it gives 62.50;
    index 41.25. The index asks 45: L at level 1 gives D 32.50 and 47.50, and so does M at level 3, after it.
    """
    known = b.methodology(
        b.root(
            b.group("D", b.ratio("R", knots=((0, 0), (0.5, 40), (0.8, 70), (1, 100))), b.ladder("L")),
            b.group("E", b.ladder("M"), b.ladder("N", 3)),
        ),
        levels=second(index(45), b.compare(b.score("E"), "ge", 50), b.compare(b.value("R"), "ge", 0.5)),
    )
    found = find_level_path(
        known, b.submit({"R": b.of(1, 10), "L": {"level": 0}, "M": {"level": 1}, "N": {"level": 0}})
    )
    assert changes(found) == [("R", {"numerator": 5}), ("N", {"level": 3}), ("L", {"level": 1})]
    assert [(move.score_before, move.score) for move in moves_of(found)] == [(8, 40), (0, 75), (0, 25)]
    assert [(move.gain, move.index, move.level) for move in moves_of(found)] == [
        (8, 13.13, 1),
        (28.12, 41.25, 1),
        (6.25, 47.5, 2),
    ]
    assert {(move.kind, move.needs_evidence, move.requires) for move in moves_of(found)} == {("improve", False, ())}
    assert moves_of(found)[0].facts == {"numerator": 1, "denominator": 10}
    assert (found.index, found.level, found.target) == (5.13, 1, 2)
    assert (found.index_after, found.level_after, found.unreachable) == (47.5, 2, ())


def test_a_move_that_a_later_one_makes_superfluous_is_dropped() -> None:
    """E asks 25: M, which can reach 50, is just enough. The index asks 25: only N is, with E 75 and index 37.50.

    Without M then E is 50 and the index 25: still enough.
    """
    known = b.methodology(
        b.root(
            b.group("D", b.ladder("L", points=(0, 20))), b.group("E", b.ladder("M", points=(0, 50)), b.boolean("N"))
        ),
        levels=second(b.compare(b.score("E"), "ge", 25), index(25)),
    )
    found = find_level_path(known, b.submit({"L": {"level": 0}, "M": {"level": 0}, "N": {"value": False}}))
    assert changes(found) == [("N", {"value": True})]
    assert (only(found).gain, found.index_after) == (25, 25)


def test_a_move_that_goes_further_than_needed_is_shortened() -> None:
    """The index asks 60: L to level 4 brings most, 50, which is not enough; then M brings 100.

    Without L the index is 50. With M, L at level 1 is enough: (25 + 100)/2 = 62.5.
    """
    known = b.methodology(b.root(b.group("D", b.ladder("L"), b.boolean("M"))), levels=second(index(60)))
    found = find_level_path(known, b.submit({"L": {"level": 0}, "M": {"value": False}}))
    assert changes(found) == [("M", {"value": True}), ("L", {"level": 1})]
    assert (found.index_after, found.level_after) == (62.5, 2)


def test_of_two_moves_that_could_be_shortened_the_later_one_is() -> None:
    """The index asks 70: L to level 4 brings 33.33, M as much, 66.67; then N, of 50 or 100, is enough with 50, 83.33.

    As it was not yet taken, both went as far as they could. M, the later one, goes back to level 3: 75.00, and no
    further, 66.67; then L stays.
    """
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), b.ladder("M"), b.ladder("N", points=(0, 50, 100)))), levels=second(index(70))
    )
    found = find_level_path(known, b.submit({"L": {"level": 0}, "M": {"level": 0}, "N": {"level": 0}}))
    assert sorted(changes(found)) == [("L", {"level": 4}), ("M", {"level": 3}), ("N", {"level": 1})]
    assert found.index_after == 75


def test_an_indicator_moves_once_however_far() -> None:
    """E asks 25: M at level 2. The index asks 70: L brings most, 62.50; then M at level 4 is just enough, 75.

    M was needed first, so it stands first, as far as it goes in the end.
    """
    known = b.methodology(
        b.root(b.group("D", b.boolean("L")), b.group("E", b.ladder("M"), b.boolean("N"))),
        levels=second(b.compare(b.score("E"), "ge", 25), index(70)),
    )
    found = find_level_path(known, b.submit({"L": {"value": False}, "M": {"level": 0}, "N": {"value": False}}))
    assert changes(found) == [("M", {"level": 4}), ("L", {"value": True})]
    assert [move.index for move in moves_of(found)] == [25, 75]


def test_the_least_of_several_is_asked_of_each_in_order() -> None:
    """Each dimension below 40 on its own; D, at 50, asks nothing. M and N reach it at level 2."""
    least = Minimum(of=(b.score("F"), b.score("D"), b.score("E")))
    known = b.methodology(
        b.root(b.group("D", b.ladder("L")), b.group("E", b.ladder("M")), b.group("F", b.ladder("N"))),
        levels=second(b.compare(least, "ge", 40)),
    )
    found = find_level_path(known, b.submit({"L": {"level": 2}, "M": {"level": 1}, "N": {"level": 0}}))
    assert changes(found) == [("N", {"level": 2}), ("M", {"level": 2})]


def test_a_falling_value_and_a_checklist() -> None:
    """The value gate asks more than 20 points of X, whose hours fall from 72 (0) over 24 (50) to 4 (100).

    X goes from 12.50 to 50 and Y from 40 to 80: Y brings 20 points of the index, X 18.75.
    """
    known = b.methodology(
        b.root(
            b.group(
                "D",
                b.amount("X", knots=((4, 100), (24, 50), (72, 0))),
                b.checklist("Y", 1, ("a", "b", "c"), ((0, 0), (2, 80), (3, 100))),
            )
        ),
        levels=second(b.compare(b.score("X"), "gt", 20), b.compare(b.value("Y"), "ge", 2)),
    )
    found = find_level_path(known, b.submit({"X": {"hours": 60}, "Y": {"components": ("b",)}}))
    assert changes(found) == [("Y", {"components": ("a", "b")}), ("X", {"hours": 24})]


def test_a_value_may_be_asked_on_a_flat_segment() -> None:
    """Levels 1 and 2 score the same, but the gate asks level 2."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L", points=(0, 50, 50, 100)))), levels=second(b.compare(b.value("L"), "ge", 2))
    )
    move = only(find_level_path(known, b.submit({"L": {"level": 1}})))
    assert (move.change, move.gain, move.level) == ({"level": 2}, 0, 2)


def test_more_than_so_much_is_asked_of_a_group_of_each_of_several_and_of_the_index() -> None:
    """L at level 2 is 50: more than 49.99 and not more than 50, for which it takes level 3."""
    least = Minimum(of=(b.score("D"),))
    for left in (b.score("D"), least, IndexOperand()):
        for asked, level in ((49.99, 2), (50, 3), (74.99, 3), (75, 4)):
            levels = second(b.compare(left, "gt", asked))
            known = b.methodology(b.root(b.group("D", b.ladder("L"))), levels=levels)
            assert changes(find_level_path(known, b.submit({"L": {"level": 0}}))) == [("L", {"level": level})]


def test_a_group_that_has_left_asks_nothing() -> None:
    """E applies to nobody here: the least of both is that of D, and alone it passes or fails as its gate says."""
    away = b.ladder("M", applies=b.compare(b.field("staff"), "ge", 1))
    tree = b.root(b.group("D", b.ladder("L")), b.group("E", away))
    asked = (Minimum(of=(b.score("D"), b.score("E"))), b.score("E"))
    fails = Gate(id="G0", holds=b.compare(asked[0], "ge", 40))
    passes = Gate(id="G0", holds=b.compare(asked[1], "ge", 40), when_not_applicable="pass")
    for gate in (fails, passes):
        levels = (Level(number=1, gates=()), Level(number=2, gates=(gate, Gate(id="G1", holds=index(45)))))
        known = b.methodology(tree, profile=(b.integer_field("staff"),), levels=levels)
        found = find_level_path(known, b.submit({"L": {"level": 0}}, {"staff": 0}))
        assert (changes(found), only(found).level) == ([("L", {"level": 2})], 2)
    known = b.methodology(tree, profile=(b.integer_field("staff"),), levels=second(b.compare(asked[1], "ge", 40)))
    found = find_level_path(known, b.submit({"L": {"level": 0}}, {"staff": 0}))
    assert [(gone.code, gone.indicators) for gone in found.unreachable] == [("exhausted", ())]


def test_the_fact_that_moves_may_be_one_of_the_profile() -> None:
    """Accounts asleep of ten: from 5, which is 50, to none. Nothing is answered: the profile says it."""
    derived = b.profile_ratio("R", "asleep", "accounts", ((0, 100), (1, 0)))
    profile = (b.integer_field("asleep"), b.integer_field("accounts"))
    known = b.methodology(b.root(b.group("D", derived)), profile=profile, levels=second(index(90)))
    submission = b.submit({}, {"asleep": 5, "accounts": 10})
    found = find_level_path(known, submission)
    assert changes(found) == [("R", {"asleep": 0})]
    after = apply_moves(submission, moves_of(found), compile_methodology(known))
    assert (after.profile, after.answers) == ({"asleep": 0, "accounts": 10}, {})
    assert submission.profile == {"asleep": 5, "accounts": 10}


def test_the_methodology_is_named() -> None:
    known = b.methodology(b.root(b.group("D", b.boolean("L"))), levels=second(index(50)))
    found = find_level_path(known, b.submit({"L": {"value": False}})).methodology
    assert (found.version, found.digest) == (b.VERSION, known.digest)


def test_the_level_at_the_end_may_be_higher() -> None:
    levels = (*second(index(50)), Level(number=3, gates=(Gate(id="H", holds=index(60)),)))
    known = b.methodology(b.root(b.group("D", b.boolean("L"))), levels=levels)
    found = find_level_path(known, b.submit({"L": {"value": False}}))
    assert (found.target, found.level_after, only(found).level) == (2, 3, 3)


# --- evidence and unknown answers -----------------------------------------------------------------------------


def test_a_declared_value_is_documented_for_its_gate() -> None:
    """Declared at level 2 it scores 50 with or without evidence, but has no value for the gate."""
    known = b.methodology(b.root(b.group("D", b.ladder("L"))), levels=second(b.compare(b.value("L"), "ge", 2)))
    move = only(find_level_path(known, b.submit({"L": {"level": 2}}, self_declared=["L"])))
    assert (move.kind, move.change, move.needs_evidence, move.gain, move.level) == ("evidence", {}, True, 0, 2)


@pytest.mark.parametrize(
    ("level", "asked", "kind", "change", "evidence"),
    [
        (3, 60, "evidence", {}, True),  # capped at 50: documented it is 75
        (3, 80, "improve", {"level": 4}, True),
        (0, 40, "improve", {"level": 2}, False),  # 50, the cap, without evidence
        (0, 60, "improve", {"level": 3}, True),
    ],
)
def test_evidence_is_asked_where_the_cap_is_passed(
    level: int, asked: int, kind: str, change: Facts, evidence: bool
) -> None:
    known = b.methodology(b.root(b.group("D", b.ladder("L"))), levels=second(index(asked)))
    move = only(find_level_path(known, b.submit({"L": {"level": level}}, self_declared=["L"])))
    assert (move.kind, move.change, move.needs_evidence) == (kind, change, evidence)


def test_an_unknown_answer_with_one_fact_is_reported() -> None:
    """X, Y and Z are answered, the others not: each is the only one below its gate.

    In the order of what they bring, a tenth of a third of their scores: C 100, L 75, H 50.
    """
    known = b.methodology(
        b.root(
            b.group("D", b.ladder("X", 9), b.ladder("L")),
            b.group("E", b.ladder("Y", 9), b.amount("H", knots=((4, 100), (24, 50), (72, 0)))),
            b.group("F", b.ladder("Z", 9), b.checklist("C", 1, ("a", "b"), ((0, 0), (2, 100)))),
        ),
        levels=second(
            b.compare(b.value("L"), "ge", 3), b.compare(b.score("H"), "gt", 20), b.compare(b.value("C"), "ge", 2)
        ),
    )
    answers: dict[str, Facts] = {name: {"level": 4} for name in ("X", "Y", "Z", "L")}
    found = find_level_path(known, b.submit(answers, set_aside={"L": "stale"}))
    assert changes(found) == [("C", {"components": ("a", "b")}), ("L", {"level": 3}), ("H", {"hours": 24})]
    assert {(move.kind, move.needs_evidence, move.score_before) for move in moves_of(found)} == {("report", True, 0)}
    assert [move.facts for move in moves_of(found)] == [{}, {}, {}]
    after = apply_moves(b.submit(answers, set_aside={"L": "stale"}), moves_of(found), compile_methodology(known))
    assert (after.set_aside, after.answers["L"]) == ({}, {"level": 3})


@pytest.mark.parametrize("why", ["withdrawn", "rejected", "stale"])
def test_an_answer_set_aside_is_reported_anew(why: SetAside) -> None:
    """Without L the index is 90; at level 2 of 4 it is 95."""
    known = b.methodology(b.root(b.group("D", b.ladder("L"), b.ladder("Z", 9))), levels=second(index(94)))
    found = find_level_path(known, b.submit({"L": {"level": 1}, "Z": {"level": 4}}, set_aside={"L": why}))
    assert (changes(found), only(found).kind) == ([("L", {"level": 2})], "report")


def test_a_yes_or_no_is_reported_and_what_counts_from_more_than_0_too() -> None:
    """Z is 9 of 11: with B, and with H, whose hours are 2 at least, at 8, it is 100."""
    hours = b.amount("H", knots=((2, 0), (8, 100)), minimum=2)
    known = b.methodology(b.root(b.group("D", b.ladder("Z", 9), b.boolean("B"), hours)), levels=second(index(99)))
    found = find_level_path(known, b.submit({"Z": {"level": 4}}))
    assert changes(found) == [("B", {"value": True}), ("H", {"hours": 8})]
    assert ({move.kind for move in moves_of(found)}, found.index_after) == ({"report"}, 100)


def test_a_list_of_what_is_within_the_remit_is_reported() -> None:
    """Of c1, c2 and c3 all that are within the remit: nothing is outside until the service says so."""
    listed = b.checklist("C", 1, ("c1", "c2", "c3"), ((0, 0), (1, 100)))
    within = Sum(of=(b.const(3), Product(of=(b.const(-1), b.fact("C", "outside_count")))))
    listed = msgspec.structs.replace(
        listed,
        facts=(*listed.facts, b.OUTSIDE),
        value=Quotient(numerator=b.fact("C", "count"), denominator=within),
    )
    known = b.methodology(b.root(b.group("D", listed, b.ladder("Z", 9))), levels=second(index(99)))
    found = find_level_path(known, b.submit({"Z": {"level": 4}}))
    assert changes(found) == [("C", {"components": ("c1", "c2", "c3"), "outside_remit": ()})]


def test_an_answer_of_several_facts_is_not_made_up() -> None:
    """Of R over S + 1 one fact alone could be reported, but not what the other is."""
    over = Sum(of=(b.fact("R", "denominator"), b.const(1)))
    open_ended = msgspec.structs.replace(
        b.ratio("R", part_of_denominator=False),
        value=Quotient(numerator=b.fact("R", "numerator"), denominator=over),
    )
    known = b.methodology(b.root(b.group("D", open_ended, b.ladder("Z", 9))), levels=second(index(99)))
    assert obstacle(find_level_path(known, b.submit({"Z": {"level": 4}}))).indicators == ("R",)


def test_people_per_hour_start_from_the_least_hours_that_there_are() -> None:
    """10 hours over those of H, which are 2 at least, is 5 at most: for all of 5, 2 hours; 1 would be 10."""
    hours = msgspec.structs.replace(
        b.amount("H", knots=((1, 0), (5, 100)), minimum=2),
        value=Quotient(numerator=b.const(10), denominator=b.fact("H", "hours")),
    )
    known = b.methodology(b.root(b.group("D", b.ladder("Z", 9), hours)), levels=second(index(99)))
    assert changes(find_level_path(known, b.submit({"Z": {"level": 4}}))) == [("H", {"hours": 2})]


def test_a_value_that_is_the_best_and_only_declared_is_documented() -> None:
    """Nothing is capped in this document: what counts in full has no value for its gate all the same."""
    tree = b.root(b.group("D", b.ladder("L")))
    known = b.methodology(tree, levels=second(b.compare(b.value("L"), "ge", 4)), cap=100)
    move = only(find_level_path(known, b.submit({"L": {"level": 4}}, self_declared=["L"])))
    assert (move.kind, move.change, move.needs_evidence, move.level) == ("evidence", {}, True, 2)


@pytest.mark.parametrize("declared", [(), ("X",)])
def test_no_move_makes_an_answer_worse_to_unlock_another(declared: tuple[str, ...]) -> None:
    """Y counts 0 above level 2 of X, which is at 3: only level 4 would be better, and unlocks nothing."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("X"), b.ladder("Y", zero_when=b.compare(b.fact("X", "level"), "gt", 2)))),
        levels=second(b.compare(b.value("Y"), "ge", 2)),
    )
    submission = b.submit({"X": {"level": 3}, "Y": {"level": 3}}, self_declared=declared)
    assert obstacle(find_level_path(known, submission)).code == "zero_by_rule"


def test_the_index_of_a_gate_is_the_published_one() -> None:
    """49.6 is published as 50, which is asked."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L", points=(0, 49.6, 100)))), published=0, levels=second(index(50))
    )
    found = find_level_path(known, b.submit({"L": {"level": 0}}))
    assert (changes(found), found.index_after, found.level_after) == ([("L", {"level": 1})], 50, 2)


def test_the_least_of_several_is_named_whole_where_one_of_them_is_out_of_reach() -> None:
    """Review holds M, and so E, at 0: of the least of D and E, which is 0, 30 is asked."""
    least = Minimum(of=(b.score("D"), b.score("E")))
    tree = b.root(b.group("D", b.ladder("L")), b.group("E", b.ladder("M")))
    known = b.methodology(tree, levels=second(b.compare(least, "ge", 30)))
    submission = b.submit({"L": {"level": 4}, "M": {"level": 0}}, level_caps={"M": 0})
    found = obstacle(find_level_path(known, submission))
    assert found.gate is not None
    assert (found.gate.gate, found.gate.actual, found.gate.required, found.code) == ("G0", 0, 30, "exhausted")


# --- what other facts have to do ------------------------------------------------------------------------------


def test_a_move_that_breaks_no_rule_is_preferred() -> None:
    """R at its goalpost 1 and L at level 4 are both just enough, 50; R comes first, but would break V."""
    known = b.methodology(
        b.root(b.group("D", b.ratio("R"), b.ladder("L"))),
        levels=second(index(50)),
        rules=(b.rule("V", b.compare(b.fact("R", "numerator"), "le", 5), "R"),),
    )
    found = find_level_path(known, b.submit({"R": b.of(0, 10), "L": {"level": 0}}))
    assert changes(found) == [("L", {"level": 4})]


def test_what_has_to_follow_is_named_where_there_is_no_other_way() -> None:
    """V: at most 5. The gate asks 0.8, and the goalpost of 1 breaks V: with it D would be 100."""
    known = b.methodology(
        b.root(b.group("D", b.ratio("R"))),
        levels=second(b.compare(b.value("R"), "ge", 0.8)),
        rules=(b.rule("V", b.compare(b.fact("R", "numerator"), "le", 5), "R"),),
    )
    found = find_level_path(known, b.submit({"R": b.of(2, 10)}))
    assert changes(found) == [("R", {"numerator": 10})]
    assert (only(found).requires, only(found).gain, found.index_after, found.level_after) == (("V",), 80, 100, 2)


def test_one_move_may_be_what_another_needs() -> None:
    """Y at level 3 needs X at level 1, which the index of 57 needs too: X comes first, and nothing else has to follow.

    X at level 1 is 40, the index 20; Y at level 3 is 75, the index 57.50.
    """
    known = b.methodology(
        b.root(b.group("D", b.ladder("X", points=(0, 40)), b.ladder("Y"))),
        levels=second(b.compare(b.value("Y"), "ge", 3), index(57)),
        rules=(Y_NEEDS_X,),
    )
    found = find_level_path(known, b.submit({"X": {"level": 0}, "Y": {"level": 0}}))
    assert changes(found) == [("X", {"level": 1}), ("Y", {"level": 3})]
    assert [(move.index, move.requires) for move in moves_of(found)] == [(20, ()), (57.5, ())]


@pytest.mark.parametrize("sent", [{}, {"Y": {"value": False}}])
def test_what_is_unlocked_and_not_answered_is_reported(sent: dict[str, Facts]) -> None:
    """Y, not answered or not any more, is 0 below level 1 of X: first that, then Y, then X again for the index of 90.

    X moves once, to level 4, and stands before Y, which it unlocks.
    """
    known = b.methodology(
        b.root(b.group("D", b.ladder("X", 9), b.boolean("Y", zero_when=b.compare(b.fact("X", "level"), "lt", 1)))),
        levels=second(b.compare(b.value("Y"), "eq", True), index(90)),
    )
    submission = b.submit({"X": {"level": 0}, **sent}, set_aside=dict.fromkeys(sent, "stale"))
    found = find_level_path(known, submission)
    assert changes(found) == [("X", {"level": 4}), ("Y", {"value": True})]
    assert [(move.kind, move.facts, move.needs_evidence) for move in moves_of(found)] == [
        ("improve", {"level": 0}, False),
        ("report", {}, True),
    ]
    assert [(move.gain, move.index, move.level) for move in moves_of(found)] == [(90, 90, 1), (10, 100, 2)]
    assert (found.index_after, found.level_after) == (100, 2)


def test_what_only_reaches_a_bound_that_has_to_be_passed_is_not_enough() -> None:
    """D has to pass 25. X alone reaches it, with its 50; Y at its second level passes it: 30."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("X", points=(0, 50)), b.ladder("Y", points=(0, 10, 60)))),
        levels=second(b.compare(b.score("D"), "gt", 25)),
    )
    assert changes(find_level_path(known, b.submit({"X": {"level": 0}, "Y": {"level": 0}}))) == [("Y", {"level": 2})]


def test_a_move_that_raises_its_group_only_with_another_is_taken_too() -> None:
    """The least of two at 0 is raised by neither alone: X goes as far as it can, and then back to what is needed."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("X"), b.ladder("Y"), aggregation="min")),
        levels=second(b.compare(b.score("D"), "ge", 50)),
    )
    found = find_level_path(known, b.submit({"X": {"level": 0}, "Y": {"level": 0}}))
    assert changes(found) == [("X", {"level": 2}), ("Y", {"level": 2})]


def test_a_move_of_a_hundredth_is_one() -> None:
    known = b.methodology(b.root(b.group("D", b.ladder("X", points=(0, 0.01)))), levels=second(index(0.01)))
    assert changes(find_level_path(known, b.submit({"X": {"level": 0}}))) == [("X", {"level": 1})]


def test_of_levels_that_score_the_same_a_move_goes_to_the_first() -> None:
    known = b.methodology(b.root(b.group("D", b.ladder("X", points=(0, 40, 40, 60)))), levels=second(index(40)))
    assert changes(find_level_path(known, b.submit({"X": {"level": 0}}))) == [("X", {"level": 1})]


def test_where_other_facts_have_to_follow_what_no_fact_helps_is_passed_over() -> None:
    """Level 3 is 0 by rule; level 4 breaks R, and the index asks 75."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("X", zero_when=b.compare(LEVEL_OF_X, "eq", 3)))),
        levels=second(index(75)),
        rules=(b.rule("R", b.compare(LEVEL_OF_X, "le", 3), "X"),),
    )
    move = only(find_level_path(known, b.submit({"X": {"level": 1}})))
    assert (move.change, move.requires) == ({"level": 4}, ("R",))


def test_a_gate_over_several_groups_is_reached_in_any_of_them() -> None:
    """D has its 100: for 150 of both E goes from 25 to 50."""
    known = b.methodology(
        b.root(b.group("D", b.boolean("X")), b.group("E", b.ladder("Y"))),
        levels=second(b.compare(Sum(of=(b.score("D"), b.score("E"))), "ge", 150)),
    )
    found = find_level_path(known, b.submit({"X": {"value": True}, "Y": {"level": 1}}))
    assert changes(found) == [("Y", {"level": 2})]


def test_a_gate_on_a_group_without_weight_is_passed() -> None:
    """E counts nothing in the index, and L reaches its gate of 40 at level 2; M counts nothing in E."""
    tree = b.root(b.group("D", b.ladder("X")), b.group("E", b.ladder("M", 0), b.ladder("L"), weight=0))
    known = b.methodology(tree, levels=second(b.compare(b.score("E"), "ge", 40)))
    found = find_level_path(known, b.submit({"X": {"level": 0}, "M": {"level": 0}, "L": {"level": 0}}))
    assert (changes(found), found.unreachable) == ([("L", {"level": 2})], ())
    assert (found.index_after, found.level_after) == (0, 2)


def test_a_path_that_scoring_anew_does_not_confirm_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a move worth less than the search took it for: what holds the level up then is named."""
    known = b.methodology(b.root(b.group("D", b.ladder("L"))), levels=second(index(50)))
    submission = b.submit({"L": {"level": 1}})
    monkeypatch.setattr(level_path, "_confirm", lambda plan, submission, moves: evaluate(known, submission))
    found = obstacle(find_level_path(known, submission))
    assert found.gate is not None
    assert (found.gate.gate, found.gate.actual, found.gate.required, found.gate.distance) == ("G0", 25, 50, 25)
    assert (found.code, found.indicators) == ("exhausted", ())
    assert find_level_path(known, submission).target == 2


def test_what_is_0_by_rule_is_unlocked_by_the_answer_that_locks_it() -> None:
    """Y, answered at level 3, counts 0 below level 2 of X."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("X"), b.ladder("Y", zero_when=b.compare(b.fact("X", "level"), "lt", 2)))),
        levels=second(b.compare(b.value("Y"), "ge", 2)),
    )
    found = find_level_path(known, b.submit({"X": {"level": 0}, "Y": {"level": 3}}))
    assert changes(found) == [("X", {"level": 2})]
    # (50 + 75)/2 where it was 0
    assert (only(found).gain, only(found).score) == (62.5, 50)


def test_a_move_that_mends_a_contradiction_counts_what_it_brings_back() -> None:
    """X, of weight 3, is taken to level 4 for its own 75 points; with it comes back Y, so that level 2 is enough.

    (3·50 + 100)/4 = 62.5 of 60; level 1 would give 43.75.
    """
    known = b.methodology(
        b.root(b.group("D", b.ladder("X", 3), b.ladder("Y"))), levels=second(index(60)), rules=(Y_NEEDS_X,)
    )
    found = find_level_path(known, b.submit({"X": {"level": 0}, "Y": {"level": 4}}))
    assert changes(found) == [("X", {"level": 2})]
    assert (only(found).gain, found.index_after, found.level_after) == (62.5, 62.5, 2)


# --- what cannot be reached -----------------------------------------------------------------------------------

PROFILE = (b.integer_field("accounts"), b.integer_field("applies"))


def stuck(*holds: Compare, answers: dict[str, Facts], **profile: int) -> LevelPath:
    """A ratio R that may leave or be 0 by rule, and a ladder L."""
    known = b.methodology(
        b.root(
            b.group(
                "D",
                b.ratio(
                    "R",
                    applies=b.compare(b.field("applies"), "eq", 1),
                    zero_when=b.compare(b.field("accounts"), "eq", 0),
                ),
                b.ladder("L", 9),
            )
        ),
        levels=second(*holds),
        profile=PROFILE,
        rules=(b.rule("V", b.compare(b.fact("R", "numerator"), "le", b.fact("R", "denominator")), "R"),),
    )
    return find_level_path(known, b.submit(answers, {"accounts": 1, "applies": 1, **profile}))


VALUE = b.compare(b.value("R"), "ge", 0.5)
LOW: dict[str, Facts] = {"R": b.of(1, 10), "L": {"level": 4}}


@pytest.mark.parametrize(
    ("answers", "profile", "reason", "indicators"),
    [
        ({**LOW, "R": b.of(11, 10)}, {}, "contradicted", ("R",)),
        ({"L": {"level": 4}}, {}, "unanswered", ("R",)),
        (LOW, {"accounts": 0}, "zero_by_rule", ("R",)),
        (LOW, {"applies": 0}, "not_applicable", ()),
        ({**LOW, "R": b.of(0, 0)}, {}, "exhausted", ()),
    ],
)
def test_a_value_gate_that_nothing_moves_says_why(
    answers: dict[str, Facts], profile: dict[str, int], reason: str, indicators: tuple[str, ...]
) -> None:
    found = obstacle(stuck(VALUE, answers=answers, **profile))
    assert (found.code, found.indicators) == (reason, indicators)
    assert found.gate is not None
    assert (found.gate.gate, found.gate.required) == ("G0", 0.5)


def test_a_gate_over_the_profile_is_out_of_reach_and_the_others_are_not() -> None:
    path = stuck(b.compare(b.field("accounts"), "ge", 2), index(95), answers=LOW)
    assert (changes(path), path.index_after, path.level_after) == ([("R", {"numerator": 10})], 100, 1)
    (found,) = path.unreachable
    assert (found.code, found.indicators) == ("profile", ())
    assert found.gate is not None
    assert (found.gate.gate, found.gate.actual, found.gate.required, found.gate.distance) == ("G0", 1, 2, 1)


def test_every_gate_out_of_reach_is_named() -> None:
    """The profile, and an index of 95 that L alone, 90 of 100, cannot reach while R is not answered."""
    found = stuck(b.compare(b.field("accounts"), "ge", 2), index(95), answers={"L": {"level": 2}})
    assert [(gate.gate.gate, gate.code, gate.indicators) for gate in found.unreachable if gate.gate] == [
        ("G1", "exhausted", ("R",)),
        ("G0", "profile", ()),
    ]
    assert (found.moves, found.index_after, found.level_after, found.target) == (None, None, None, 2)


def test_review_may_hold_the_level_down() -> None:
    known = b.methodology(b.root(b.group("D", b.ladder("L"))), levels=second(index(50)))
    held = msgspec.structs.replace(b.submit({"L": {"level": 4}}), max_level=1)
    found = obstacle(find_level_path(known, held))
    assert (found.gate, found.code, found.indicators) == (None, "review", ())
    raised = msgspec.structs.replace(b.submit({"L": {"level": 0}}), max_level=2)
    assert changes(find_level_path(known, raised)) == [("L", {"level": 2})]


def test_review_caps_of_a_ladder_hold() -> None:
    """Level 2 at most: the index of 60 is out of reach, that of 50 is not."""
    for asked, change in ((60, None), (50, [("L", {"level": 2})])):
        known = b.methodology(b.root(b.group("D", b.ladder("L"))), levels=second(index(asked)))
        found = find_level_path(known, msgspec.structs.replace(b.submit({"L": {"level": 0}}), level_caps={"L": 2}))
        if change is None:
            assert obstacle(found).code == "exhausted"
        else:
            assert changes(found) == change


def test_without_a_next_level_or_a_level_there_is_no_target() -> None:
    known = b.methodology(b.root(b.group("D", b.ladder("L"))), levels=second(index(50)))
    for submission, level in ((b.submit({"L": {"level": 4}}), 2), (b.submit({}), None)):
        found = find_level_path(known, submission)
        assert (found.level, found.target, found.moves, found.unreachable) == (level, None, None, ())


def test_a_move_that_opens_a_question_is_not_taken_where_it_costs_the_level() -> None:
    """X at level 1 lifts the zero rule of nine unanswered: the coverage would be 1/10, and there would be no level."""
    locked = [b.ladder(f"Y{number}", zero_when=b.compare(b.fact("X", "level"), "lt", 1)) for number in range(9)]
    known = b.methodology(b.root(b.group("D", b.ladder("X"), *locked, rated_share=(0, 1))), levels=second(index(2)))
    assert obstacle(find_level_path(known, b.submit({"X": {"level": 0}}))).code == "exhausted"


# --- the examples of the catalogue ----------------------------------------------------------------------------


def example(letter: str) -> tuple[Submission, LevelPath]:
    submission = b.decode(METHODOLOGY, bytes(case(f"example_{letter}").request))
    return submission, find_level_path(METHODOLOGY, submission)


def test_the_path_of_example_b() -> None:
    """16.51, and 20 is asked: 3.49 more, of which no indicator brings more than 2.50 (weight 25 of 100 in a tenth).

    D2.01 and D6.01, both at 0, bring that; D2.01 is the first: from 40 % of promotion to 5 %, D2 26.92 + 25 = 51.92,
    the index 165.13/10 + 2.50 = 19.01. Then 0.99 more: the least that is enough is 1.00, a weight of 10 from 0 to 100,
    of which D2.06 is the first; D2 61.92, and the dimensions sum to 200.13: 20.01.
    """
    _, found = example("b")
    assert (found.level, found.target, found.level_after, found.index_after) == (1, 2, 2, 20.01)
    assert changes(found) == [("D2.01", {"numerator": 5}), ("D2.06", {"level": 4})]
    assert [(move.gain, move.index) for move in moves_of(found)] == [(2.5, 19.01), (1, 20.01)]


def test_the_path_of_example_a_delivers_level_4() -> None:
    """The three gates over values first, in the order of the document, each at the first goalpost that is enough."""
    submission, found = example("a")
    assert (found.level, found.target, found.level_after, found.unreachable) == (3, 4, 4, ())
    assert changes(found)[:3] == [("D9.01", {"numerator": 260}), ("D4.06", {"level": 2}), ("D9.06", {"value": True})]
    # D9.01 57.50 → 75, weight 25: D9 38.88 → 43.25; D4.06 25 → 50, weight 20: D4 + 5; D9.06 0 → 100, weight 5: D9 + 5
    assert [move.gain for move in moves_of(found)[:3]] == [0.44, 0.5, 0.5]
    after = evaluate(METHODOLOGY, apply_moves(submission, moves_of(found), compile_methodology(METHODOLOGY)))
    assert (after.level, after.index) == (4, round(float(found.index_after or 0) * 100))


# --- laws -----------------------------------------------------------------------------------------------------


@examples(25)
@given(SEEDS)
def test_a_path_does_what_it_says_and_nothing_more(seed: int) -> None:
    """Applied to the document with the rules on: index and level after each move, and no move is superfluous."""
    submission = organisation(seed)
    known, plan = find_level_path(METHODOLOGY, submission), compile_methodology(METHODOLOGY)
    if known.moves is None or any(move.requires for move in known.moves):
        return
    assert known.target is not None
    assert len({move.indicator for move in known.moves}) == len(known.moves)
    start = evaluate(METHODOLOGY, submission)
    before = start.index
    missing = fails(evaluate(METHODOLOGY, apply_moves(submission, known.moves, plan)), known.target)
    for count, move in enumerate(known.moves, start=1):
        after = evaluate(METHODOLOGY, apply_moves(submission, known.moves[:count], plan))
        assert after.index is not None
        assert before is not None
        assert (move.index, move.level, move.gain) == (
            after.index / plan.unit,
            after.level,
            (after.index - before) / plan.unit,
        )
        before = after.index
        others = [*known.moves[: count - 1], *known.moves[count:]]
        for changed in (others, *([*others, shorter] for shorter in list_shorter(move))):
            less = evaluate(METHODOLOGY, apply_moves(submission, changed, plan))
            assert less.level is None or breaks_a_rule(less) or fails(less, known.target) > missing, move.indicator
    assert_named(known, missing)
    assert missing <= fails(start, known.target)
    assert (known.index_after, known.level_after) == (known.moves[-1].index, known.moves[-1].level)


def list_shorter(move: Move) -> Iterator[Move]:
    """The steps between the present one and that of a move."""
    for step in range(int(str(move.facts.get("level", 0))) + 1, int(str(move.change.get("level", 0)))):
        yield msgspec.structs.replace(move, change={"level": step})


def breaks_a_rule(evaluation: Evaluation) -> bool:
    return any(broken.rule.definition.severity == "error" for broken in evaluation.broken_rules)


def fails(evaluation: Evaluation, target: int) -> set[tuple[str, object]]:
    """The gates, up to those of a level, that do not hold: of a least of several, each that is too low."""
    figures = GateFigures(evaluation)
    asked = [asked for level in prepare_search(evaluation.compiled).conditions[:target] for asked in level]
    return {(one.gate.definition.id, one.member.definition) for one in asked if not one.member.is_met(figures)}


def assert_named(found: LevelPath, failing: set[tuple[str, object]]) -> None:
    named = [gone.gate.gate for gone in found.unreachable if gone.gate is not None]
    assert len(set(named)) == len(named)
    assert set(named) == {gate for gate, _ in failing}


BROKE_GATES = (1222, 1241, 1857, 2406)
"""A move broke a gate and was dropped as superfluous in the end."""
LED_ASTRAY = (1269, 1752, 1835, 2012, 2064, 2422, 2487, 2493, 6249)
"""A move took from the profile what a gate asks of it, led away from its own gate, stayed to mend a contradiction, or
set an indicator to 0 that was then named as a help."""
ASKED_OF_EACH = (3686,)
"""Other facts follow a move, and a gate asks for the least of several."""


@pytest.mark.parametrize("seed", sorted({*range(PATHS), *BROKE_GATES, *LED_ASTRAY, *ASKED_OF_EACH}))
def test_a_path_through_any_document(seed: int) -> None:
    """Every curve, aggregation, rule and state: what each move says of itself is what scoring everything anew gives.

    Rules that a move breaks unless other facts follow are off for it, as it says. No move is superfluous. Gates that
    are named do not hold, neither before nor after, and all others hold after.
    """
    try:
        drawn = case_of(Random(seed), SMALL, ANY, answers=6)
    except DefectiveMethodology:
        return
    known = drawn.methodology
    plan = compile_methodology(known)
    for submission in drawn.submissions:
        found, start = find_level_path(known, submission), evaluate(known, submission)
        assert (found.methodology.version, found.methodology.digest) == (known.document.version, known.digest)
        assert (found.index, found.level) == (in_points(start.index, plan.unit), start.level)
        next_one = None if start.level is None or start.level == len(plan.levels) else start.level + 1
        assert found.target == next_one
        if next_one is None:
            assert (found.moves, found.unreachable) == (None, ())
        else:
            assert found.moves is not None or found.unreachable
            assert_out_of_reach(found, start, submission)
            if found.moves is not None:
                assert_delivers(found, found.moves, start, submission)


def in_points(units: int | None, unit: int) -> float | None:
    return None if units is None else units / unit


def assert_out_of_reach(found: LevelPath, start: Evaluation, submission: Submission) -> None:
    """Each gate that is named fails from the start, in the order of no matter what; review is named where it limits."""
    assert ((found.index_after, found.level_after) == (None, None)) == (found.moves is None)
    assert found.target is not None
    held = submission.max_level is not None and submission.max_level < found.target
    assert [gone.code for gone in found.unreachable if gone.gate is None] == ["review"] * held
    failing = {gate for gate, _ in fails(start, found.target)}
    assert {gone.gate.gate for gone in found.unreachable if gone.gate is not None} <= failing
    for gone in found.unreachable:
        codes = {name: start.results[start.compiled.positions[name]].code for name in gone.indicators}
        assert not set(codes.values()) & {"full", "not_applicable"}


def assert_delivers(found: LevelPath, moves: tuple[Move, ...], start: Evaluation, submission: Submission) -> None:
    plan, unit = start.compiled, start.compiled.unit
    off = frozenset(rule for move in moves for rule in move.requires)

    def scored(taken: Sequence[Move]) -> Evaluation:
        after = apply_moves(submission, taken, plan)
        return evaluate_compiled(drop_rules(plan, off), load_facts(plan, after), after)

    assert found.target is not None
    assert len({move.indicator for move in moves}) == len(moves)
    before, missing = scored([]), fails(scored(moves), found.target)
    assert missing <= fails(before, found.target)
    assert_named(found, missing)
    for count, move in enumerate(moves, start=1):
        after, position = scored(moves[:count]), plan.positions[move.indicator]
        was, now = before.results[position], after.results[position]
        assert (move.index, move.level) == (in_points(after.index, unit), after.level)
        assert (move.score_before, move.score) == (in_points(was.score, unit), in_points(now.score, unit))
        if before.index is not None and after.index is not None:
            assert move.gain == (after.index - before.index) / unit
        facts = {fact.name for fact in plan.indicators[position].definition.facts}
        field = (plan.indicators[position].definition.step or "").removeprefix("profile:")
        assert set(move.change) <= (facts or {field})
        assert (move.kind == "evidence") == (not move.change)
        unanswered = move.indicator not in submission.answers or move.indicator in submission.set_aside
        assert (move.kind == "report") == (bool(facts) and unanswered)
        if move.kind == "report":
            assert (move.needs_evidence, set(move.change)) == (True, facts)
        else:
            assert move.needs_evidence <= (move.indicator in submission.self_declared)
            assert set(move.facts) >= set(move.change)
        less = scored([*moves[: count - 1], *moves[count:]])
        assert less.level is None or fails(less, found.target) > missing, move.indicator
        before = after
    assert (found.index_after, found.level_after) == (in_points(before.index, unit), before.level)


# --- where moves lead away ------------------------------------------------------------------------------------

STAFF = b.field("staff")
OF_STAFF = (b.integer_field("staff"),)
LOST = b.boolean("N", zero_when=b.compare(STAFF, "ge", 0))
"""0 by rule, whatever is answered."""


def headcount(name: str, knots: b.Knots) -> Indicator:
    """Staff, which the profile tells, and which moves there."""
    base = b.ratio(name, knots=knots, part_of_denominator=False)
    return msgspec.structs.replace(base, type="rate", facts=(), value=STAFF, step="profile:staff")


def named(found: LevelPath) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(gone.gate.gate, gone.code, gone.indicators) for gone in found.unreachable if gone.gate is not None]


def test_no_move_takes_from_the_profile_what_a_gate_asks_of_it() -> None:
    """P is 100 without staff and 0 with one, whom a gate asks for; the index asks 50.

    (P + L)/2: P without staff is enough, and comes first in the document, but L at level 4 keeps the gate. Where L is
    not asked, nothing is left, and the gate that holds is not named.
    """
    levels = second(b.compare(STAFF, "ge", 1), index(50))
    falling = headcount("P", ((0, 100), (1, 0)))
    known = b.methodology(b.root(b.group("D", falling, b.ladder("L"))), profile=OF_STAFF, levels=levels)
    found = find_level_path(known, b.submit({"L": {"level": 0}}, {"staff": 1}))
    assert (changes(found), named(found)) == ([("L", {"level": 4})], [])
    assert (found.index_after, found.level_after) == (50, 2)
    known = b.methodology(b.root(b.group("D", falling)), profile=OF_STAFF, levels=levels)
    found = find_level_path(known, b.submit({}, {"staff": 1}))
    assert (found.moves, named(found)) == (None, [("G1", "exhausted", ())])


def test_a_gate_that_only_the_moves_make_fail_comes_after_them() -> None:
    """X opens an account, which lifts the zero rule of Y, 100: (25 + 100)/2. Whoever is open needs a message.

    Nobody was asked for one before, so the message is not the first step.
    """
    came = b.compare(b.field("messages"), "ge", Minimum(of=(b.const(1), b.field("open"))))
    known = b.methodology(
        b.root(b.group("D", b.ladder("X"), b.ladder("Y", zero_when=b.compare(b.field("open"), "eq", 0)))),
        profile=(b.integer_field("open"), b.integer_field("messages", needs_evidence=True)),
        levels=second(b.compare(b.value("X"), "ge", 1), came),
        rules=(b.rule("V", b.compare(LEVEL_OF_X, "le", b.field("open")), "X"),),
    )
    submission = b.submit({"X": {"level": 0}, "Y": {"level": 4}}, {"open": 0, "messages": 0})
    found = find_level_path(known, submission)
    assert (only(found).profile, only(found).index, found.level_after) == ({"open": 1}, 62.5, 1)
    assert named(found) == [("G1", "profile", ())]


def test_no_move_is_taken_that_a_contradicted_answer_contradicts() -> None:
    """Y is 3 of 1, which contradicts it; X, 2 of 10, may still not be more than those 3: 10 of 10 would be 0.

    The index asks 30 and is (20 + 0 + 0)/3: X would bring 33.33, and Z, with 100, brings (20 + 0 + 100)/3 = 40.
    """
    numerator = b.fact("Y", "numerator")
    rules = (
        b.rule("S", Implies(when=b.present("Y"), then=b.compare(numerator, "le", b.fact("Y", "denominator"))), "Y"),
        b.rule("R", Implies(when=b.present("Y"), then=b.compare(b.fact("X", "numerator"), "le", numerator)), "X"),
    )
    known = b.methodology(
        b.root(b.group("D", b.ratio("X"), b.ratio("Y"), b.ratio("Z"))), rules=rules, levels=second(index(30))
    )
    found = find_level_path(known, b.submit({"X": b.of(2, 10), "Y": b.of(3, 1), "Z": b.of(0, 10)}))
    assert changes(found) == [("Z", {"numerator": 10})]
    assert (found.index, found.index_after, found.level_after) == (6.67, 40, 2)


def test_a_superfluous_move_is_dropped_though_it_mends_a_contradiction() -> None:
    """L to level 2 for its gate: (50 + X + Y + N)/4 = 12.50. The index asks 75.

    X, 20 at best, would bring back Y, 100, which contradicts it: (100 + 20 + 100 + 0)/4 = 55 at best, so that X passes
    no gate. Y is named as one to correct.
    """
    tree = b.root(b.group("D", b.ladder("L"), b.ladder("X", points=(0, 20)), b.ladder("Y"), LOST))
    levels = second(b.compare(b.value("L"), "ge", 2), index(75))
    known = b.methodology(tree, profile=OF_STAFF, levels=levels, rules=(Y_NEEDS_X,))
    answers: dict[str, Facts] = {"L": {"level": 0}, "X": {"level": 0}, "Y": {"level": 4}, "N": {"value": True}}
    found = find_level_path(known, b.submit(answers, {"staff": 0}))
    assert (changes(found), found.index_after) == ([("L", {"level": 2})], 12.5)
    assert named(found) == [("G1", "exhausted", ("Y", "N"))]


def test_no_move_towards_a_gate_takes_away_what_it_reads() -> None:
    """D and E are to sum to 40, and E applies below a staff of 5; another gate asks for 3.

    P, 100 with a staff of 10, gains most, (3·100)/3 without E, but then E has left and there is no sum. L at level 2
    brings 0 + 50, and the index (3·0 + 50)/4 = 12.50.
    """
    tree = b.root(
        b.group("D", headcount("P", ((0, 0), (10, 100))), weight=3),
        b.group("E", b.ladder("L", applies=b.compare(STAFF, "lt", 5))),
    )
    levels = second(b.compare(Sum(of=(b.score("D"), b.score("E"))), "ge", 40), b.compare(STAFF, "ge", 3))
    known = b.methodology(tree, profile=OF_STAFF, levels=levels)
    found = find_level_path(known, b.submit({"L": {"level": 0}}, {"staff": 0}))
    assert (changes(found), found.index_after) == ([("L", {"level": 2})], 12.5)
    assert named(found) == [("G1", "profile", ())]


def test_a_move_leads_away_from_a_gate_where_there_is_no_other_way() -> None:
    """X turns Y from 100 to 0 and unlocks Z: D, E and F sum to 100, then to 50, and with Z to the 150 asked."""
    tree = b.root(
        b.group("D", b.ladder("X", points=(0, 50))),
        b.group("E", b.boolean("Y", zero_when=b.compare(LEVEL_OF_X, "ge", 1))),
        b.group("F", b.boolean("Z", zero_when=b.compare(LEVEL_OF_X, "lt", 1))),
    )
    total = Sum(of=(b.score("D"), b.score("E"), b.score("F")))
    known = b.methodology(tree, levels=second(b.compare(total, "ge", 150)))
    found = find_level_path(known, b.submit({"X": {"level": 0}, "Y": {"value": True}, "Z": {"value": False}}))
    assert changes(found) == [("X", {"level": 1}), ("Z", {"value": True})]
    # (50 + 0 + 0)/3, then (50 + 0 + 100)/3
    assert [(move.index, move.level) for move in moves_of(found)] == [(16.67, 1), (50, 2)]


def test_what_a_move_itself_sets_to_0_is_not_named_as_a_help() -> None:
    """The gate of X turns Y from 100 to 0: (10 + 0)/2, and the index asks 52. Nothing keeps Y at 0 before."""
    tree = b.root(b.group("D", b.ladder("X", points=(0, 10)), b.ladder("Y", zero_when=b.compare(LEVEL_OF_X, "ge", 1))))
    known = b.methodology(tree, levels=second(b.compare(b.value("X"), "ge", 1), index(52)))
    found = find_level_path(known, b.submit({"X": {"level": 0}, "Y": {"level": 4}}))
    assert (changes(found), found.index_after) == ([("X", {"level": 1})], 5)
    assert named(found) == [("G1", "exhausted", ())]


def test_of_moves_that_leave_the_index_equal_one_that_brings_the_gate_nearer_is_taken() -> None:
    """The index is 0 whatever moves, as N is 0: the geometric mean of D and E, and D that of X and N.

    The greater of D and E is to be 70. X comes first in the document, brings nothing, and locks L and M; L brings E to
    50, and M at level 2 to (100 + 50)/2 = 75.
    """
    locked = b.compare(LEVEL_OF_X, "ge", 1)
    tree = b.root(
        b.group("D", b.ladder("X"), LOST, aggregation="geometric"),
        b.group("E", b.ladder("L", zero_when=locked), b.ladder("M", zero_when=locked)),
        aggregation="geometric",
    )
    greater = b.compare(Maximum(of=(b.score("D"), b.score("E"))), "ge", 70)
    known = b.methodology(tree, profile=OF_STAFF, levels=second(greater))
    answers: dict[str, Facts] = {"X": {"level": 0}, "N": {"value": True}, "L": {"level": 0}, "M": {"level": 0}}
    found = find_level_path(known, b.submit(answers, {"staff": 0}))
    assert (changes(found), found.unreachable) == ([("L", {"level": 4}), ("M", {"level": 2})], ())
    assert (found.index_after, found.level_after) == (0, 2)


def test_a_sum_that_is_to_be_0_is_nearer_when_it_is_less() -> None:
    """Two shares of a half, each to be none; a gate on the staff stays, so that no bolder search finds them."""
    falling = ((0, 100), (1, 0))
    tree = b.root(b.group("D", b.ratio("R", knots=falling), b.ratio("S", knots=falling)))
    none = b.compare(Sum(of=(b.value("R"), b.value("S"))), "eq", 0)
    known = b.methodology(tree, profile=OF_STAFF, levels=second(none, b.compare(STAFF, "ge", 1)))
    found = find_level_path(known, b.submit({"R": b.of(1, 2), "S": b.of(1, 2)}, {"staff": 0}))
    assert changes(found) == [("R", {"numerator": 0}), ("S", {"numerator": 0})]
    assert named(found) == [("G1", "profile", ())]


def test_a_move_that_brings_nothing_alone_is_taken_where_it_does_together() -> None:
    """E is 0 by rule, and D the geometric mean of X and Y: √(75·25) = 43.30 is enough for 40, √(50·25) = 35.36 is not.

    X alone brings nothing: it goes to level 4, √(100·25) = 50 with Y at level 1, and back to level 3.
    """
    tree = b.root(
        b.group("D", b.ladder("X"), b.ladder("Y"), aggregation="geometric"), b.group("E", LOST), aggregation="geometric"
    )
    greater = b.compare(Maximum(of=(b.score("D"), b.score("E"))), "ge", 40)
    known = b.methodology(tree, profile=OF_STAFF, levels=second(greater))
    answers: dict[str, Facts] = {"X": {"level": 0}, "Y": {"level": 0}, "N": {"value": True}}
    found = find_level_path(known, b.submit(answers, {"staff": 0}))
    assert sorted(changes(found)) == [("X", {"level": 3}), ("Y", {"level": 1})]
    assert found.level_after == 2


# --- the order, and what a person would do first --------------------------------------------------------------

ACCOUNTS = b.compare(b.field("accounts"), "ge", 1)
CLOSED = b.ladder("Y", 2, zero_when=b.compare(b.fact("X", "numerator"), "eq", 0))


def test_what_opens_the_door_comes_first_and_the_profile_follows() -> None:
    """A closed ministry: of 4 accounts X are open, the profile says none, and Y, 4 of 4, is 0 until one is.

    L at level 2 brings 50/4 = 12.50, X at its goalpost, all four, 100/4 = 25 and the 200/4 = 50 of Y.
    """
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), b.ratio("X"), CLOSED)),
        profile=(b.integer_field("open"),),
        levels=second(b.compare(b.value("L"), "ge", 2), b.compare(b.value("X"), "gt", 0)),
        rules=(b.rule("V", b.compare(b.fact("X", "numerator"), "le", b.field("open")), "X"),),
    )
    found = find_level_path(known, b.submit({"L": {"level": 0}, "X": b.of(0, 4), "Y": {"level": 4}}, {"open": 0}))
    assert [(move.indicator, move.profile, move.requires, move.index) for move in moves_of(found)] == [
        ("X", {"open": 4}, (), 75),
        ("L", {}, (), 87.5),
    ]


@pytest.mark.parametrize(
    ("needs_evidence", "most", "profile", "requires"),
    [
        (False, 9, {"open": 2}, ()),
        # what needs evidence, such as messages received, is not the organisation's own to change
        (True, 9, {}, ("V",)),
        # the profile that keeps V would break W
        (False, 1, {}, ("V",)),
    ],
)
def test_a_move_brings_the_profile_with_which_rules_hold_or_names_them(
    needs_evidence: bool, most: int, profile: dict[str, int], requires: tuple[str, ...]
) -> None:
    """D asks 50, X at level 2, above what the profile says; then the index asks 60: (50 + L)/2, L at level 3, 62.50."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("X")), b.group("E", b.ladder("L"))),
        profile=(b.integer_field("open", needs_evidence=needs_evidence), b.integer_field("most")),
        levels=second(b.compare(b.score("D"), "ge", 50), index(60)),
        rules=(
            b.rule("V", b.compare(LEVEL_OF_X, "le", b.field("open")), "X"),
            b.rule("W", b.compare(b.field("open"), "le", 1 if most == 1 else 9), "X"),
        ),
    )
    submission = b.submit({"X": {"level": 0}, "L": {"level": 0}}, {"open": 0, "most": most})
    found = find_level_path(known, submission)
    assert [(move.indicator, move.profile, move.requires, move.index) for move in moves_of(found)] == [
        ("X", profile, requires, 25),
        ("L", {}, (), 62.5),
    ]
    after = apply_moves(submission, moves_of(found), compile_methodology(known))
    assert after.profile == {"open": profile.get("open", 0), "most": most}


def test_a_profile_falls_where_a_rule_asks_for_less() -> None:
    """Of 9 accounts 5 are dormant; X at level 2 goes with 6 at most in sum: 4 dormant."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("X"))),
        profile=(b.integer_field("dormant"),),
        levels=second(index(50)),
        rules=(b.rule("V", b.compare(Sum(of=(LEVEL_OF_X, b.field("dormant"))), "le", 6), "X"),),
    )
    assert only(find_level_path(known, b.submit({"X": {"level": 1}}, {"dormant": 5}))).profile == {"dormant": 4}


def test_no_level_is_claimed_that_the_changed_profile_denies() -> None:
    """X opens an account, as the profile then says; whoever is open needs a message, and none came."""
    came = b.compare(b.field("messages"), "ge", Minimum(of=(b.const(1), b.field("open"))))
    known = b.methodology(
        b.root(b.group("D", b.ladder("X"))),
        profile=(b.integer_field("open"), b.integer_field("messages", needs_evidence=True)),
        levels=second(b.compare(b.value("X"), "ge", 1), came),
        rules=(b.rule("V", b.compare(LEVEL_OF_X, "le", b.field("open")), "X"),),
    )
    found = find_level_path(known, b.submit({"X": {"level": 0}}, {"open": 0, "messages": 0}))
    assert (only(found).profile, only(found).level, found.level_after) == ({"open": 1}, 1, 1)
    assert [(gone.gate and (gone.gate.gate, gone.gate.actual), gone.code) for gone in found.unreachable] == [
        (("G1", 0), "profile")
    ]


# --- what the service counts ----------------------------------------------------------------------------------

ASKED = b.compare(b.field("asked"), "ge", 1)
TESTED = b.profile_ratio("T", "answered", "asked", applies=ASKED)
SERVICE = tuple(
    msgspec.structs.replace(b.integer_field(name), set_by="service", default=0) for name in ("asked", "answered")
)


def test_a_sample_of_the_service_has_as_many_cases_as_the_gates_need() -> None:
    """The index of L alone is 100, and 70 is asked: with five questions (100 + 20·k)/2, for which two answers do."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), TESTED)),
        profile=SERVICE,
        levels=second(index(70), b.compare(b.field("asked"), "ge", 5)),
    )
    submission = b.submit({"L": {"level": 4}}, {"asked": 0, "answered": 0})
    found = find_level_path(known, submission)
    move = only(found)
    assert (move.indicator, move.kind, move.change, move.profile) == ("T", "improve", {"answered": 2}, {"asked": 5})
    assert (move.gain, move.level, found.level_after, found.unreachable) == (-30, 2, 2, ())
    after = apply_moves(submission, moves_of(found), compile_methodology(known))
    assert after.profile == {"asked": 5, "answered": 2}
    assert evaluate(known, after).level == 2


def few_cases(required: float = 0.65) -> Methodology:
    """Level 2 asks for a lower limit of R or of T, whose sample the service enters."""
    gate = b.compare(LowerBoundOperand(indicator="R", alternatives=("T",)), "ge", required)
    tree = b.root(b.group("D", b.ladder("L"), b.ratio("R"), TESTED))
    return b.methodology(tree, profile=SERVICE, levels=second(gate), coverage=b.SOME)


@pytest.mark.parametrize(
    ("known", "cases", "asked", "answered", "moved"),
    [
        # 7 of 7 is too few whatever is done, and 8 of 8 is the least that is enough
        (few_cases(), (7, 7), 0, 0, (8, 8)),
        (few_cases(), (6, 7), 7, 5, (8, 8)),
        # 6 of 6 gives 6/(6 + 3.841459) = 0.609666, and 7 of 7 0.645670
        (few_cases(0.64), (3, 5), 0, 0, (7, 7)),
    ],
)
def test_who_has_too_few_cases_for_a_limit_is_told_how_many_the_service_has_to_put(
    known: Methodology, cases: tuple[int, int], asked: int, answered: int, moved: tuple[int, int]
) -> None:
    found = find_level_path(
        known, b.submit({"L": {"level": 4}, "R": b.of(*cases)}, {"asked": asked, "answered": answered})
    )
    move = only(found)
    assert (move.indicator, move.change, move.profile) == ("T", {"answered": moved[1]}, {"asked": moved[0]})
    assert (found.level_after, found.unreachable) == (2, ())


def test_test_questions_do_not_pay_for_silence_about_the_messages() -> None:
    found = find_level_path(few_cases(), b.submit({"L": {"level": 4}}, {"asked": 0, "answered": 0}))
    assert found.moves is None
    assert [(gone.code, gone.indicators) for gone in found.unreachable] == [("unanswered", ("R",))]


def test_what_waits_for_the_service_comes_last() -> None:
    """L at level 3 for the index of 70; then (75 + 20·k)/2, for which four of five do."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), TESTED)),
        profile=SERVICE,
        levels=second(b.compare(b.field("asked"), "ge", 5), index(70)),
    )
    found = find_level_path(known, b.submit({"L": {"level": 2}}, {"asked": 0, "answered": 0}))
    assert changes(found) == [("L", {"level": 3}), ("T", {"answered": 4})]
    assert (found.index_after, found.level_after) == (77.5, 2)


@pytest.mark.parametrize(
    ("points", "moves", "index_after"),
    [
        # M can do no better: L at level 4, (100 + 62.50)/2
        ((0, 25), [("L", {"level": 4}), ("T", {"answered": 5})], 81.25),
        # M at level 2, which applies only once questions are asked: E (100 + 50)/2 = 75
        ((0, 25, 50), [("T", {"answered": 5}), ("M", {"level": 2})], 75),
    ],
)
def test_a_sample_may_break_a_gate_that_another_move_mends(
    points: tuple[float, ...], moves: list[tuple[str, Facts]], index_after: float
) -> None:
    """D is L, 75; once questions are asked, E is (T + M)/2, at best 62.50, and the index 68.75, where 75 is asked."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L")), b.group("E", TESTED, b.ladder("M", points=points, applies=ASKED))),
        profile=SERVICE,
        levels=second(index(75), b.compare(b.field("asked"), "ge", 5)),
    )
    answers: dict[str, Facts] = {"L": {"level": 3}, "M": {"level": 1}}
    found = find_level_path(known, b.submit(answers, {"asked": 0, "answered": 0}))
    assert changes(found) == moves
    assert (found.index_after, found.level_after) == (index_after, 2)


def test_a_sample_that_breaks_a_rule_is_not_told() -> None:
    """Five questions are asked for, and V allows four."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), TESTED)),
        profile=SERVICE,
        levels=second(b.compare(b.field("asked"), "ge", 5)),
        rules=(b.rule("V", b.compare(b.field("asked"), "le", 4), "T"),),
    )
    found = obstacle(find_level_path(known, b.submit({"L": {"level": 4}}, {"asked": 0, "answered": 0})))
    assert found.code == "profile"


# --- what levels are about ------------------------------------------------------------------------------------


def favouring(*holds: Compare, pillars: bool) -> Methodology:
    """A, conversation, of weight 3 and B, organisation; at level 3 a gate on the conversation."""
    third = Gate(id="P", holds=b.compare(PillarOperand(pillar="conversation"), "ge", 90))
    levels = (*second(*holds), Level(number=3, gates=(third,))) if pillars else second(*holds)
    document = b.document(b.root(b.group("D", b.ladder("A", 3), b.ladder("B"))), levels=levels)
    named = {"conversation": ("A",), "organisation": ("B",)} if pillars else {}
    return b.read(msgspec.structs.replace(document, pillars=named))


NEITHER = b.submit({"A": {"level": 0}, "B": {"level": 0}})


@pytest.mark.parametrize(("pillars", "expected"), [(False, ("B", {"level": 4})), (True, ("A", {"level": 2}))])
def test_of_what_is_enough_the_pillar_that_gates_read_goes_first(pillars: bool, expected: tuple[str, Facts]) -> None:
    """25 is asked: B at level 4 is just enough, and of A, 18.75 a level, it takes two."""
    assert changes(find_level_path(favouring(index(25), pillars=pillars), NEITHER)) == [expected]


def test_of_what_is_enough_for_several_groups_too() -> None:
    """Of D and of itself 50 are asked: B at level 4, 25 each, or A at level 2, 37.50."""
    both = b.compare(Sum(of=(b.score("D"), b.score("D"))), "ge", 50)
    for pillars, expected in ((False, ("B", {"level": 4})), (True, ("A", {"level": 2}))):
        assert changes(find_level_path(favouring(both, pillars=pillars), NEITHER)) == [expected]


@pytest.mark.parametrize(("pillars", "first"), [(False, "B"), (True, "A")])
def test_the_pillar_that_gates_read_comes_first(pillars: bool, first: str) -> None:
    """B at level 2 for its gate brings 12.50, and A at level 3 the rest of 60: 68.75."""
    methodology = favouring(b.compare(b.value("B"), "ge", 2), index(60), pillars=pillars)
    found = find_level_path(methodology, NEITHER)
    assert sorted(changes(found)) == [("A", {"level": 3}), ("B", {"level": 2})]
    assert changes(found)[0][0] == first


@pytest.mark.parametrize(("readers", "first"), [(1, "L"), (2, "X")])
def test_what_keeps_several_at_0_comes_first(readers: int, first: str) -> None:
    """L, of weight 3, brings 75, and X at level 3 the rest of 90: 93.75; X is asked first by two that read it."""
    locked = [b.ladder(f"Y{number}", 0, zero_when=b.compare(LEVEL_OF_X, "lt", 1)) for number in range(readers)]
    known = b.methodology(b.root(b.group("D", b.ladder("L", 3), b.ladder("X"), *locked)), levels=second(index(90)))
    answers: dict[str, Facts] = {"L": {"level": 0}, "X": {"level": 1}}
    answers |= {f"Y{number}": {"level": 1} for number in range(readers)}
    found = find_level_path(known, b.submit(answers))
    assert sorted(changes(found)) == [("L", {"level": 4}), ("X", {"level": 3})]
    assert changes(found)[0][0] == first


def test_contradictions_elsewhere_are_named_where_nothing_else_can_be_told() -> None:
    """No case of none can be a half; C, which contradicts itself, is to be corrected in any case."""
    known = b.methodology(
        b.root(b.group("D", b.ratio("R"), b.ladder("C"), b.ladder("L", 9))),
        levels=second(b.compare(b.value("R"), "ge", 0.5)),
        rules=(b.rule("V", b.compare(b.fact("C", "level"), "le", 3), "C"),),
    )
    answers: dict[str, Facts] = {"R": b.of(0, 0), "C": {"level": 4}, "L": {"level": 4}}
    found = obstacle(find_level_path(known, b.submit(answers)))
    assert (found.code, found.indicators) == ("contradicted", ("C",))


def test_what_another_answer_is_missing_for_is_not_called_a_contradiction() -> None:
    """R has a value of 0.1 once M is answered, of which the rule reads the level."""
    known = b.methodology(
        b.root(b.group("D", b.ratio("R"), b.ladder("M"), b.ladder("L", 9))),
        levels=second(VALUE),
        rules=(b.rule("V", b.compare(b.fact("R", "numerator"), "le", b.fact("M", "level")), "R"),),
    )
    found = obstacle(find_level_path(known, b.submit({**LOW})))
    assert (found.code, found.indicators) == ("unanswered", ("M",))


def test_without_an_account_the_first_step_is_in_the_profile() -> None:
    """Y is 0 by rule without accounts; L alone would pass the index of 20, and would be the wrong advice."""
    no_account = b.ladder("Y", zero_when=b.compare(b.field("accounts"), "eq", 0))
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), no_account)),
        profile=(b.integer_field("accounts"),),
        levels=second(index(20), ACCOUNTS),
    )
    answers: dict[str, Facts] = {"L": {"level": 0}, "Y": {"level": 0}}
    found = obstacle(find_level_path(known, b.submit(answers, {"accounts": 0})))
    assert found.gate is not None
    assert (found.gate.gate, found.code) == ("G1", "profile_first")
    assert changes(find_level_path(known, b.submit(answers, {"accounts": 1}))) == [("L", {"level": 2})]


def test_a_gate_that_the_service_decides_keeps_nobody_from_the_other_moves() -> None:
    """Test questions are put by the service: L is told beside them, though Y is 0 while there are none."""
    untested = b.ladder("Y", zero_when=b.compare(b.field("asked"), "eq", 0))
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), untested)), profile=SERVICE[:1], levels=second(index(20), ASKED)
    )
    found = find_level_path(known, b.submit({"L": {"level": 0}, "Y": {"level": 0}}, {"asked": 0}))
    assert (changes(found), found.index_after, found.level_after) == ([("L", {"level": 2})], 25, 1)
    assert [(gone.gate and gone.gate.gate, gone.code) for gone in found.unreachable] == [("G1", "profile")]


def test_no_move_breaks_a_gate_that_holds() -> None:
    """Y, a yes, is 0 by rule from level 3 of X on, and its gate holds now: (3·X + B + Y)/5 = 20, and 70 is asked.

    X at level 4 brings most, 60, and would cost Y and its gate. With X at level 2, 50, it takes all of B: 70.
    """
    broken = b.boolean("Y", zero_when=b.compare(LEVEL_OF_X, "ge", 3))
    known = b.methodology(
        b.root(b.group("D", b.ladder("X", 3), b.ladder("B"), broken)),
        levels=second(b.compare(b.value("Y"), "eq", True), index(70)),
    )
    found = find_level_path(known, b.submit({"X": {"level": 0}, "B": {"level": 0}, "Y": {"value": True}}))
    assert (changes(found), found.unreachable) == ([("X", {"level": 2}), ("B", {"level": 4})], ())
    assert (found.index_after, found.level_after) == (70, 2)


def test_a_move_breaks_a_gate_where_there_is_no_other_way_and_a_later_one_mends_it() -> None:
    """X at its gate, level 2, is 50 and turns Y, a yes, to 0: (X + B + Y)/4 falls from 50 to 37.50 (B weighs 2).

    The index of 50, which held, takes B from 50 to 75: 50 again. Where B is at its end, the gate of X is named, and
    that of the index is not.
    """
    turned = b.boolean("Y", zero_when=b.compare(LEVEL_OF_X, "ge", 2))
    for points, expected in (((0, 25, 50, 75), [("X", {"level": 2}), ("B", {"level": 3})]), ((0, 25, 50), None)):
        known = b.methodology(
            b.root(b.group("D", b.ladder("X", points=(0, 25, 50)), b.ladder("B", 2, points=points), turned)),
            levels=second(b.compare(b.value("X"), "ge", 2), index(50)),
        )
        found = find_level_path(known, b.submit({"X": {"level": 0}, "B": {"level": 2}, "Y": {"value": True}}))
        if expected is None:
            gone = obstacle(found)
            assert gone.gate is not None
            assert (gone.gate.gate, gone.code) == ("G0", "exhausted")
        else:
            assert changes(found) == expected
            assert [(move.index, move.level) for move in moves_of(found)] == [(37.5, 1), (50, 2)]


# --- moves after moves ----------------------------------------------------------------------------------------

LOCKED = b.ladder("Y", zero_when=b.compare(b.fact("X", "level"), "lt", 2))


def test_a_move_that_turns_others_keeps_what_was_moved_before() -> None:
    """L for its gate, and X, which unlocks Y: X brings more, and stands first."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), b.ladder("X"), LOCKED)),
        levels=second(b.compare(b.value("L"), "ge", 2), b.compare(b.value("Y"), "ge", 2)),
    )
    found = find_level_path(known, b.submit({"L": {"level": 0}, "X": {"level": 0}, "Y": {"level": 3}}))
    assert changes(found) == [("X", {"level": 2}), ("L", {"level": 2})]
    # (0 + 50 + 75)/3, then (50 + 50 + 75)/3
    assert [move.index for move in moves_of(found)] == [41.67, 58.33]


def test_what_has_to_follow_is_off_also_where_a_move_turns_others() -> None:
    """X at level 2 unlocks Y, and breaks V, which contradicts X above 1."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("X"), LOCKED)),
        levels=second(b.compare(b.value("Y"), "ge", 2)),
        rules=(b.rule("V", b.compare(b.fact("X", "level"), "le", 1), "X"),),
    )
    move = only(find_level_path(known, b.submit({"X": {"level": 0}, "Y": {"level": 3}})))
    assert (move.indicator, move.change, move.requires, move.gain) == ("X", {"level": 2}, ("V",), 62.5)


def test_of_two_that_bring_as_much_the_first_of_the_document_comes_first() -> None:
    """A, of weight 1, is 60 at best and B, of weight 2, 30: each brings 20, and 40 are asked."""
    tree = b.root(b.group("D", b.ladder("A", 1, points=(0, 60)), b.ladder("B", 2, points=(0, 30))))
    known = b.methodology(tree, levels=second(index(40)))
    found = find_level_path(known, b.submit({"A": {"level": 0}, "B": {"level": 0}}))
    assert changes(found) == [("A", {"level": 1}), ("B", {"level": 1})]


def test_what_brings_most_comes_first_below_groups_of_groups_too() -> None:
    """C brings 50, B, three quarters of its half, 37.5 and A 12.5; 80 are asked, for which C and all of B do."""
    tree = b.root(
        b.group("G", b.group("G1", b.ladder("A"), b.ladder("B", 3)), b.group("G2", b.ladder("C"))), b.ladder("Z", 0)
    )
    known = b.methodology(tree, levels=second(index(80)))
    found = find_level_path(known, b.submit({name: {"level": 0} for name in "ABCZ"}))
    assert changes(found) == [("C", {"level": 4}), ("B", {"level": 4})]


def test_what_only_a_declared_field_would_exclude_is_not_answered_for_it() -> None:
    """Nobody knows whether M applies: staff is said to be 0, without evidence."""
    staff = b.integer_field("staff", needs_evidence=True)
    away = b.ladder("M", applies=b.compare(b.field("staff"), "ge", 1))
    known = b.methodology(b.root(b.group("D", b.ladder("Z", 9), away)), profile=(staff,), levels=second(index(99)))
    submission = b.submit({"Z": {"level": 4}}, {"staff": 0}, profile_self_declared=["staff"])
    found = obstacle(find_level_path(known, submission))
    assert (found.code, found.indicators) == ("exhausted", ("M",))


def test_a_list_that_is_reported_and_then_lengthened_is_one_answer() -> None:
    """One of three for its gate, then all for the index; of what is outside the remit there is nothing."""
    listed = b.checklist("C", 1, ("c1", "c2", "c3"), ((0, 0), (1, 40), (3, 100)))
    listed = msgspec.structs.replace(listed, facts=(*listed.facts, b.OUTSIDE))
    known = b.methodology(
        b.root(b.group("D", listed, b.ladder("Z", 9))), levels=second(b.compare(b.value("C"), "ge", 1), index(99))
    )
    move = only(find_level_path(known, b.submit({"Z": {"level": 4}})))
    assert (move.kind, move.needs_evidence) == ("report", True)
    assert move.change == {"components": ("c1", "c2", "c3"), "outside_remit": ()}


def test_what_was_documented_for_its_gate_stays_so_when_it_moves_on() -> None:
    """L, declared at 1, is documented at 2 for its gate, and then goes to 3 for the index of 70."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"))), levels=second(b.compare(b.value("L"), "ge", 2), index(70))
    )
    move = only(find_level_path(known, b.submit({"L": {"level": 1}}, self_declared=["L"])))
    assert (move.change, move.needs_evidence, move.score) == ({"level": 3}, True, 75)


def test_what_no_admissible_fact_reaches_is_not_reported() -> None:
    """For 100 points it takes 8 hours, and there can be 5."""
    hours = b.amount("H", knots=((0, 0), (8, 100)), maximum=5)
    known = b.methodology(b.root(b.group("D", b.ladder("Z", 9), hours)), levels=second(index(95)))
    found = obstacle(find_level_path(known, b.submit({"Z": {"level": 4}})))
    assert found.gate is not None
    assert (found.gate.actual, found.gate.required, found.code) == (90, 95, "exhausted")


def test_what_is_dropped_counts_as_it_did_before() -> None:
    """E asks 40: M from 3 to 4 is just enough, 50. The index asks 40: N, with E 100 and the index 50.

    With M at 3, as it was and not only declared, E is 87.5 and the index 43.75: still enough.
    """
    tree = b.root(b.group("D", b.ladder("L", points=(0, 20))), b.group("E", b.ladder("M"), b.boolean("N")))
    known = b.methodology(tree, levels=second(b.compare(b.score("E"), "ge", 40), index(40)))
    found = find_level_path(known, b.submit({"L": {"level": 0}, "M": {"level": 3}, "N": {"value": False}}))
    assert changes(found) == [("N", {"value": True})]
    assert found.index_after == 43.75


def test_what_is_dropped_goes_back_to_the_move_before_it() -> None:
    """M to 2 for its gate; then the index: for 70 first L, 62.5, and then M to 4, 75; for 80 N, 100.

    With M at 2 again the index is 87.5, which is enough, and its gate holds.
    """
    tree = b.root(b.group("D", b.boolean("L")), b.group("E", b.ladder("M"), b.boolean("N")))
    known = b.methodology(tree, levels=second(b.compare(b.value("M"), "ge", 2), index(70), index(80)))
    found = find_level_path(known, b.submit({"L": {"value": False}, "M": {"level": 0}, "N": {"value": False}}))
    assert changes(found) == [("M", {"level": 2}), ("L", {"value": True}), ("N", {"value": True})]
    assert (found.index_after, found.level_after) == (87.5, 2)
