"""Next steps: the least admissible change to a better goalpost, and its gain (SCORING, section 7)."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    All,
    Curve,
    Implies,
    Indicator,
    Maximum,
    Product,
    Quotient,
    Range,
    Rule,
    Sum,
)
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside, Submission
from actitud_api.engine.scoring.compile import compile_methodology
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.next_steps import find_change_reaching, name_changes
from actitud_api.engine.scoring.result import NextStep
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import index_of, indicator_of, step_of


def methodology(*children: Indicator, rules: tuple[Rule, ...] = ()) -> Methodology:
    return b.methodology(b.root(b.group("D", *children, rated_share=(0, 1))), rules=rules)


def step(known: Methodology, submission: Submission, name: str = "X") -> NextStep:
    return step_of(explain(known, submission), name)


def improvement(
    indicator: Indicator, facts: dict[str, FactValue], *, self_declared: bool = False
) -> tuple[str, dict[str, FactValue], float | None, bool]:
    """Kind, change, gain and whether evidence is needed, of an indicator that is the whole index."""
    submission = b.submit({indicator.id: facts}, self_declared=[indicator.id] if self_declared else [])
    found = step(methodology(indicator), submission, indicator.id)
    return found.kind, found.change, found.gain, found.needs_evidence


MESSAGES: b.Knots = ((0, 0), (0.38, 40), (0.65, 75), (0.9, 100))


@pytest.mark.parametrize(
    ("numerator", "to", "gain"),
    [
        # 160 messages: 0.38 asks 60.8 -> 61; 61/160 = 0.38125 scores 40 + 35 · 0.00125/0.27 = 40.1620… -> 40.16
        (0, 61, 40.16),
        # at 61 the next goalpost is 0.65: 104 exactly -> 75
        (61, 104, 34.84),
        # 86/160 = 0.5375 scores 60.4166… -> 60.42; 18 more of the 160
        (86, 104, 14.58),
        # 0.9: 144 exactly -> 100
        (104, 144, 25),
        # 143/160 scores 75 + 25 · 0.24375/0.25 = 99.375 -> 99.38; one more
        (143, 144, 0.62),
    ],
)
def test_of_a_ratio(numerator: int, to: int, gain: float) -> None:
    found = improvement(b.ratio("X", knots=MESSAGES), b.of(numerator, 160))
    assert found == ("improve", {"numerator": to}, gain, False)


def test_at_full_marks_or_out_of_place_there_is_none() -> None:
    known = methodology(b.ratio("X", knots=MESSAGES), b.boolean("Y"))
    assert indicator_of(explain(known, b.submit({"X": b.of(144, 160)})), "X").next_step is None
    known = b.methodology(
        b.root(b.group("D", b.boolean("X", applies=b.compare(b.field("p"), "ge", 1)), b.boolean("Y"))),
        profile=(b.integer_field("p"),),
    )
    assert indicator_of(explain(known, b.submit({}, {"p": 0})), "X").next_step is None


@pytest.mark.parametrize(
    ("numerator", "to", "gain"),
    [
        # 20/59 scores 50 · (0.4 − 20/59)/0.2 = 15.2542… -> 15.25; 0.2 of 59 is 11.8 -> 11, and 11/59 scores
        # 50 + 50 · (0.2 − 11/59)/0.15 = 54.5197… -> 54.52
        (20, 11, 39.27),
        # 0.05 of 59 is 2.95 -> 2, beyond the last goalpost: 100
        (11, 2, 45.48),
    ],
)
def test_where_lower_is_better(numerator: int, to: int, gain: float) -> None:
    found = improvement(b.ratio("X", knots=((0.05, 100), (0.2, 50), (0.4, 0))), b.of(numerator, 59))
    assert found == ("improve", {"numerator": to}, gain, False)


def over_at_least_three() -> Indicator:
    """D4.02 of 2026.1: numerator / max(3, denominator), the numerator a part of the denominator."""
    return msgspec.structs.replace(
        b.ratio("X", knots=((0, 0), (0.5, 50), (1, 100))),
        value=Quotient(
            numerator=b.fact("X", "numerator"),
            denominator=Maximum(of=(b.const(3), b.fact("X", "denominator"))),
        ),
    )


def test_a_part_never_exceeds_its_whole() -> None:
    # 2 of 4 -> 1 needs 4
    assert improvement(over_at_least_three(), b.of(2, 4)) == ("improve", {"numerator": 4}, 50, False)
    # 1 of 2: 1/3; 0.5 needs 2 of 3 -> 66.67
    assert improvement(over_at_least_three(), b.of(1, 2)) == ("improve", {"numerator": 2}, 33.34, False)
    # 2 of 2 is 2/3; 1 would need 3 of 2: no change of this one fact leads there
    assert improvement(over_at_least_three(), b.of(2, 2)) == ("act", {}, None, False)


def test_what_is_not_a_part_may_grow_beyond_it() -> None:
    found = improvement(b.ratio("X", knots=((0, 0), (2, 100)), part_of_denominator=False), b.of(3, 4))
    assert found == ("improve", {"numerator": 8}, 62.5, False)


def test_no_step_leads_beyond_the_greatest_admissible_value() -> None:
    too_far = b.ratio("X", knots=((0, 0), (b.MANY, 100)), part_of_denominator=False)
    assert improvement(too_far, b.of(1, 2)) == ("act", {}, None, False)


def test_a_fact_may_have_to_go_down_for_its_value_to_go_up() -> None:
    """60 / (hours + 5): 2 asks hours ≤ 25; at 31.5 it is 60/36.5 and scores 40 · 0.64383… = 25.7534… -> 25.75."""
    rate = msgspec.structs.replace(
        b.amount("X", knots=((1, 0), (2, 40), (24, 100))),
        value=Quotient(numerator=b.const(60), denominator=Sum(of=(b.fact("X", "hours"), b.const(5)))),
    )
    assert improvement(rate, {"hours": 31.5}) == ("improve", {"hours": 25}, 14.25, False)


def test_a_step_that_its_own_zero_rule_would_take_away_is_none() -> None:
    """Above 5 hours it is 0 by rule: the goalpost at 4 can be reached, that at 10 cannot."""
    known = b.amount("X", knots=((0, 0), (4, 40), (10, 100)), zero_when=b.compare(b.fact("X", "hours"), "gt", 5))
    assert improvement(known, {"hours": 1}) == ("improve", {"hours": 4}, 30, False)
    assert improvement(known, {"hours": 4}) == ("act", {}, None, False)


def test_a_step_goes_on_where_only_the_nearest_goalpost_would_be_taken_away() -> None:
    """At 4 hours it is 0 by rule, and not at 10."""
    known = b.amount("X", knots=((0, 0), (4, 40), (10, 100)), zero_when=b.compare(b.fact("X", "hours"), "eq", 4))
    assert improvement(known, {"hours": 1}) == ("improve", {"hours": 10}, 90, False)


def test_a_step_of_a_level_that_its_own_zero_rule_reads() -> None:
    """Level 2 is 0 by rule, so from 1 it goes to 3, of 75 points; review believes level 1 until there is evidence."""
    known = methodology(b.ladder("X", zero_when=b.compare(b.fact("X", "level"), "eq", 2)))
    found = step(known, b.submit({"X": {"level": 1}}, level_caps={"X": 1}))
    assert (found.kind, found.change, found.gain, found.needs_evidence, found.cap) == (
        "improve",
        {"level": 3},
        50,
        True,
        25,
    )


def test_a_yes_that_its_own_zero_rule_reads_stays_a_yes() -> None:
    yes = b.boolean("X", zero_when=b.compare(b.fact("X", "value"), "ne", b.fact("X", "value")))
    (value,) = improvement(yes, {"value": False})[1].values()
    assert value is True


def test_a_step_to_the_greatest_and_to_the_least_admissible_value() -> None:
    """From 1 to 20 hours in tenths: 20 and 1 can be reached, 20.1 and 0.9 cannot."""
    for knots, hours, reached in (
        (((0, 0), (20, 100)), 10, 20),
        (((0, 0), (20.1, 100)), 10, None),
        (((1, 100), (20, 0)), 10, 1),
        (((0.9, 100), (20, 0)), 10, None),
    ):
        found = improvement(b.amount("X", knots=knots, minimum=1, maximum=20, decimals=1), {"hours": hours})
        assert found[:2] == (("act", {}) if reached is None else ("improve", {"hours": reached}))


def test_a_part_in_tenths_may_become_its_whole() -> None:
    known = b.ratio("X")
    numerator, denominator = known.facts
    fine = msgspec.structs.replace(numerator, type="number", decimals=1)
    found = improvement(msgspec.structs.replace(known, facts=(fine, denominator)), {"numerator": 1.5, "denominator": 4})
    assert found == ("improve", {"numerator": 4}, 62.5, False)


def test_what_is_added_to_the_numerator_counts() -> None:
    """(numerator + 10) / denominator of 1/2 asks for 40 of 100."""
    known = msgspec.structs.replace(
        b.ratio("X", knots=((0, 0), (0.5, 100)), part_of_denominator=False),
        value=Quotient(
            numerator=Sum(of=(b.fact("X", "numerator"), b.const(10))), denominator=b.fact("X", "denominator")
        ),
    )
    assert improvement(known, b.of(15, 100)) == ("improve", {"numerator": 40}, 50, False)


def test_a_step_is_exact_where_doubles_are_not() -> None:
    """0.333333 of 999,999,000,003 is 333,332,666,667.999999, which a double of its size takes for …668."""
    known = b.ratio("X", knots=((0.333333, 100), (1, 0)))
    facts = tuple(msgspec.structs.replace(fact, maximum=10**12) for fact in known.facts)
    found = improvement(msgspec.structs.replace(known, facts=facts), b.of(999_999_000_003, 999_999_000_003))
    assert found[1] == {"numerator": 333_332_666_667}


def conversation() -> Indicator:
    """D8.01 of 2026.1: replies / (replies + posts), where the numerator moves the denominator."""
    return msgspec.structs.replace(
        b.ratio("X", knots=((0, 0), (0.04, 10), (0.28, 60), (0.5, 100)), part_of_denominator=False),
        value=Quotient(
            numerator=b.fact("X", "numerator"),
            denominator=Sum(of=(b.fact("X", "numerator"), b.fact("X", "denominator"))),
        ),
    )


@pytest.mark.parametrize(
    ("replies", "posts", "to"),
    [
        (40, 960, 374),  # f ≥ 0.28/0.72 · 960 = 373.33…
        (250, 750, 292),  # f ≥ 0.28/0.72 · 750 = 291.66…
        (0, 24, 1),  # f ≥ 0.04/0.96 · 24 = 1 exactly
        (20, 50, 50),  # 20/70 = 0.2857, so 0.5 is next
    ],
)
def test_a_numerator_that_moves_its_denominator(replies: int, posts: int, to: int) -> None:
    kind, change, _, _ = improvement(conversation(), b.of(replies, posts))
    assert (kind, change) == ("improve", {"numerator": to})


@pytest.mark.parametrize(
    ("points", "level", "to"),
    [(b.LADDER, 0, 1), (b.LADDER, 3, 4), ((0, 25, 25, 50), 0, 1), ((0, 25, 25, 50), 1, 3), ((0, 0, 100), 0, 2)],
)
def test_a_ladder_skips_steps_that_bring_nothing(points: tuple[int, ...], level: int, to: int) -> None:
    found = improvement(b.ladder("X", points=points), {"level": level})
    assert found == ("improve", {"level": to}, points[to] - points[level], False)


def test_a_line_skips_what_is_flat() -> None:
    knots = ((0, 0), (10, 50), (20, 50), (30, 100))
    assert improvement(b.amount("X", knots=knots), {"hours": 10}) == ("improve", {"hours": 30}, 50, False)
    assert improvement(b.amount("X", knots=knots), {"hours": 4}) == ("improve", {"hours": 10}, 30, False)


def test_a_number_moves_by_millionths() -> None:
    """3h reaches 1 at 0.333334, the first of six decimals; falling, at 0.333333."""
    tripled = Product(of=(b.const(3), b.fact("X", "hours")))
    rising = msgspec.structs.replace(b.amount("X"), value=tripled)
    falling = msgspec.structs.replace(b.amount("X", knots=((1, 100), (2, 0))), value=tripled)
    assert improvement(rising, {"hours": 0.1})[1] == {"hours": 0.333334}
    assert improvement(falling, {"hours": 0.5})[1] == {"hours": 0.333333}


def test_a_whole_number_that_a_step_leads_to_is_an_integer() -> None:
    """As facts are kept: 1.5 hours as 3/2, 2.0 as 2."""
    for x, type_ in ((1.5, Fraction), (2, int)):
        known = evaluate(methodology(b.amount("X", knots=((0, 0), (x, 100)))), b.submit({"X": {"hours": 1}}))
        change = find_change_reaching(known, known.compiled.indicators[0], Fraction(x))
        assert change == {0: x}
        assert type(change[0]) is type_


def test_a_checklist_adds_the_first_that_are_missing() -> None:
    """Goalposts at 0, 2 and 4: from one, one more, the first in the document; from two, the two left."""
    known = b.checklist("X", 1, ("a", "b", "c", "d"), ((0, 0), (2, 50), (4, 100)))
    assert improvement(known, {"components": ("c",)}) == ("improve", {"components": ("a", "c")}, 25, False)
    assert improvement(known, {"components": ("a", "d")}) == (
        "improve",
        {"components": ("a", "b", "c", "d")},
        50,
        False,
    )


def test_a_checklist_of_which_what_is_missing_counts() -> None:
    """4 − count, the fewer the better: the goalpost is at 0, which takes all four; of 4 − count/2 none gets there."""
    known = b.checklist("X", 1, ("a", "b", "c", "d"), ((0, 100), (4, 0)))
    for times, found in (
        (-1, ("improve", {"components": ("a", "b", "c", "d")}, 75, False)),
        (-0.5, ("act", {}, None, False)),
    ):
        missing = Sum(of=(b.const(4), Product(of=(b.const(times), b.fact("X", "count")))))
        assert improvement(msgspec.structs.replace(known, value=missing), {"components": ("b",)}) == found


def test_a_negative_denominator_turns_the_step() -> None:
    """−hours/3, the fewer the better: −0.5 asks for 1.5, so 2 of whole hours, −0.6667: 50 + 50·(1/6)/9.5 = 50.88."""
    known = b.amount("X", knots=((-10, 100), (-0.5, 50), (0, 0)), decimals=0)
    known = msgspec.structs.replace(known, value=Quotient(numerator=b.fact("X", "hours"), denominator=b.const(-3)))
    assert improvement(known, {"hours": 0}) == ("improve", {"hours": 2}, 50.88, False)


def test_no_becomes_yes() -> None:
    assert improvement(b.boolean("X"), {"value": False}) == ("improve", {"value": True}, 100, False)


# --- lognormal curves, other ranges, other decimals --------------------------------------------------------------


def lognormal(*knots: tuple[float, float]) -> Indicator:
    known = b.amount("X", knots=knots)
    return msgspec.structs.replace(known, curve=msgspec.structs.replace(known.curve, kind="lognormal"))


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        # 40, twice the median, is as far above it in the logarithm as p10 below: 10 points; the median is next
        (40, ("improve", {"hours": 20}, 40, False)),
        (20, ("improve", {"hours": 10}, 40, False)),
        # beyond p10 there is no goalpost
        (10, ("act", {}, None, False)),
    ],
)
def test_a_lognormal_curve_goes_by_the_median_and_p10(hours: float, found: object) -> None:
    assert improvement(lognormal((10, 90), (20, 50)), {"hours": hours}) == found


def test_a_lognormal_curve_that_rises() -> None:
    assert improvement(lognormal((10, 50), (20, 90)), {"hours": 5}) == ("improve", {"hours": 10}, 40, False)
    assert improvement(lognormal((10, 50), (20, 90)), {"hours": 10}) == ("improve", {"hours": 20}, 40, False)


def test_what_a_lognormal_curve_can_still_bring_goes_to_the_top() -> None:
    found = step(methodology(lognormal((10, 90), (20, 50))), b.submit({"X": {"hours": 10}}))
    assert found.gain_max == 10


def test_in_another_range() -> None:
    """10 to 20, half of it declared: from 10 (no) to 15 without evidence."""
    yes = msgspec.structs.replace(
        b.boolean("X"),
        range=Range(minimum=10, maximum=20),
        curve=Curve(kind="boolean", goalposts=b.goalposts(((0, 10), (1, 20)))),
    )
    known = b.methodology(b.root(yes, span=(10, 20)))
    plain = step(known, b.submit({"X": {"value": False}}))
    declared = step(known, b.submit({"X": {"value": False}}, self_declared=["X"]))
    assert (plain.change, plain.gain, plain.cap) == ({"value": True}, 10, None)
    assert (declared.change, declared.gain, declared.gain_max, declared.cap) == ({"value": True}, 5, 10, 15)


def test_a_number_moves_by_the_decimals_of_its_fact() -> None:
    tripled = Product(of=(b.const(3), b.fact("X", "hours")))
    for decimals, reached in ((0, 1), (1, 0.4), (9, 0.333333334)):
        finer = msgspec.structs.replace(b.amount("X", decimals=decimals, maximum=9), value=tripled)
        assert improvement(finer, {"hours": 0})[1] == {"hours": reached}


# --- gains under other aggregations and missing data ------------------------------------------------------------


def test_a_gain_is_computed_by_the_aggregation_of_each_node() -> None:
    """G = √(25·36) = 30; from 25 to 50 √(50·36) = 42.4264… -> 42.43; half of it: (42.43 + 0)/2 = 21.215 -> 21.22."""
    known = b.methodology(b.root(b.group("G", b.ladder("X"), b.points("a"), aggregation="geometric"), b.points("o")))
    submission = b.submit({"X": {"level": 1}, "a": {"hours": 36}, "o": {"hours": 0}})
    assert gain_and_rescored(known, submission, "X") == (6.22, 622)


def test_what_an_unknown_answer_can_bring_under_leave_and_void() -> None:
    """Under leave, a = 60 alone is 60, with X at 100 80. Under void the other unknown keeps the index away."""
    leave = b.methodology(b.root(b.points("a"), b.ladder("X"), missing="leave"))
    found = step(leave, b.submit({"a": {"hours": 60}}))
    assert (found.kind, found.gain, found.gain_max) == ("report", None, 20)
    void = b.methodology(b.root(b.group("N", b.ladder("X"), b.ladder("Y"), missing="void"), b.points("a")))
    assert step(void, b.submit({"a": {"hours": 60}})).gain_max == 0
    # N (100 + 50)/2 = 75 instead of 0
    assert step(void, b.submit({"a": {"hours": 60}, "Y": {"level": 2}})).gain_max == 37.5
    nothing = b.methodology(b.root(b.ladder("X"), b.ladder("Y"), missing="void"))
    assert step(nothing, b.submit({"Y": {"level": 2}})).gain_max is None


def test_an_answer_that_has_a_node_rated_can_take_the_index_away() -> None:
    """M leaves while X is unknown, so that of N only 1/4 remains: N is not rated, and the index is a = 60.

    With X, all of N remains, and Y, which is unknown, makes N unknown, and N the index.
    """
    m = b.group("M", b.ladder("X"), weight=3, missing="leave")
    known = b.methodology(b.root(b.group("N", m, b.ladder("Y"), missing="void"), b.points("a"), missing="void"))
    submission = b.submit({"a": {"hours": 60}})
    assert evaluate(known, submission).index == 6_000
    assert evaluate(known, b.submit({"a": {"hours": 60}, "X": {"level": 1}})).index is None
    found = step(known, submission)
    assert (found.kind, found.gain, found.gain_max) == ("report", None, None)


# --- without evidence, without an answer, by rule --------------------------------------------------------------


def cap_of(indicator: Indicator, facts: dict[str, FactValue]) -> float | None:
    """Where the step of an answer that is only declared stops."""
    return step(methodology(indicator), b.submit({indicator.id: facts}, self_declared=[indicator.id]), indicator.id).cap


def test_a_capped_answer_needs_its_evidence() -> None:
    assert improvement(b.ladder("X"), {"level": 3}, self_declared=True) == ("evidence", {}, 25, True)
    assert cap_of(b.ladder("X"), {"level": 3}) == 50


def test_a_declared_answer_below_the_cap_gains_up_to_the_cap() -> None:
    """Level 1 to 2: 25 to 50. From 2 only evidence brings more: level 3 with evidence, 75."""
    assert improvement(b.ladder("X"), {"level": 1}, self_declared=True) == ("improve", {"level": 2}, 25, False)
    assert improvement(b.ladder("X"), {"level": 2}, self_declared=True) == ("improve", {"level": 3}, 25, True)
    assert (cap_of(b.ladder("X"), {"level": 1}), cap_of(b.ladder("X"), {"level": 2})) == (None, 50)


def test_a_declared_answer_that_passes_the_cap_gains_up_to_it_and_says_where_it_stops() -> None:
    assert improvement(b.boolean("X"), {"value": False}, self_declared=True) == ("improve", {"value": True}, 50, False)
    assert cap_of(b.boolean("X"), {"value": False}) == 50


NOTHING: dict[str, SetAside] = {}


@pytest.mark.parametrize("set_aside", [NOTHING, {"X": "withdrawn"}, {"X": "rejected"}, {"X": "stale"}])
def test_an_unknown_answer_is_reported(set_aside: dict[str, SetAside]) -> None:
    known = methodology(b.ladder("X"), b.ladder("Y"))
    found = step(known, b.submit({"X": {"level": 4}} if set_aside else {}, set_aside=set_aside))
    assert (found.kind, found.change, found.gain, found.gain_max) == ("report", {}, None, 50)


def test_what_only_declared_fields_exclude_needs_their_evidence() -> None:
    """Were X to count, it could bring the 100 of its half."""
    known = b.methodology(
        b.root(b.ladder("X", applies=b.compare(b.field("staff"), "ge", 10)), b.ladder("Y")),
        profile=(b.integer_field("staff", needs_evidence=True),),
    )
    found = step(known, b.submit({"Y": {"level": 2}}, {"staff": 3}, profile_self_declared=["staff"]))
    assert (found.kind, found.change, found.gain, found.gain_max, found.needs_evidence) == (
        "evidence",
        {},
        None,
        50,
        True,
    )


def test_what_an_absent_answer_would_support_is_reported() -> None:
    needs = b.rule("R", b.compare(b.fact("X", "level"), "le", b.fact("Y", "level")), "X")
    found = step(methodology(b.ladder("X"), b.ladder("Y"), rules=(needs,)), b.submit({"X": {"level": 2}}))
    assert (found.kind, found.gain, found.gain_max) == ("report", None, 50)


def test_a_ladder_on_which_nothing_scores_leads_nowhere() -> None:
    """Its best is its 0."""
    known = methodology(b.ladder("X", points=(0, 0)), b.ladder("Y"))
    found = step(known, b.submit({"X": {"level": 0}, "Y": {"level": 2}}))
    assert (found.kind, found.change, found.gain, found.gain_max) == ("act", {}, None, 0)


def test_what_is_contradicted_is_corrected_and_what_is_0_by_rule_unlocked() -> None:
    known = b.methodology(
        b.root(b.group("D", b.ratio("X"), b.boolean("Z", zero_when=b.compare(b.field("closed"), "eq", 1)))),
        profile=(b.integer_field("closed"),),
        rules=(b.rule("R", b.compare(b.fact("X", "numerator"), "le", 9), "X"),),
    )
    submission = b.submit({"X": b.of(10, 20), "Z": {"value": True}}, {"closed": 1})
    for name, kind in (("X", "correct"), ("Z", "unlock")):
        found = step(known, submission, name)
        assert (found.kind, found.change, found.gain, found.gain_max) == (kind, {}, None, 50)


def test_a_step_that_would_break_a_rule_names_it() -> None:
    public = b.rule("public", b.compare(b.fact("X", "numerator"), "le", 100), "X")
    other = b.rule("other", b.compare(b.fact("X", "numerator"), "le", 120), "X")
    warning = b.rule("warning", b.compare(b.fact("X", "numerator"), "le", 90))
    known = methodology(b.ratio("X", knots=MESSAGES), rules=(public, other, warning))
    found = step(known, b.submit({"X": b.of(86, 160)}))
    assert (found.change, found.requires) == ({"numerator": 104}, ("public",))
    found = step(known, b.submit({"X": b.of(0, 160)}))
    assert (found.change, found.requires) == ({"numerator": 61}, ())


# --- the gain is that of the whole score ----------------------------------------------------------------------


def gain_and_rescored(known: Methodology, submission: Submission, name: str) -> tuple[float | None, int]:
    """The gain that a step states, and the hundredths that its change brings when all is scored anew."""
    found = step(known, submission, name)
    changed = msgspec.structs.replace(
        submission, answers={**submission.answers, name: {**submission.answers[name], **found.change}}
    )
    return found.gain, index_of(known, changed) - index_of(known, submission)


def test_a_gain_counts_what_the_step_unlocks() -> None:
    """Y is 0 by rule below level 2 of X; at level 2 it scores its 100: (50 + 100 − 25)/2 = 62.50."""
    known = methodology(b.ladder("X"), b.boolean("Y", zero_when=b.compare(b.fact("X", "level"), "lt", 2)))
    submission = b.submit({"X": {"level": 1}, "Y": {"value": True}})
    assert gain_and_rescored(known, submission, "X") == (62.5, 6250)
    # alone X could bring (100 − 25)/2
    assert step(known, submission).gain_max == 62.5


def test_a_gain_of_a_step_that_would_break_a_rule_is_that_of_its_own_indicator() -> None:
    """X from 25 to 50: (50 - 25)/2, and not what Y would bring, which is 0 by rule below level 2."""
    public = b.rule("public", b.compare(b.fact("X", "level"), "le", 1), "X")
    locked = b.boolean("Y", zero_when=b.compare(b.fact("X", "level"), "lt", 2))
    found = step(
        methodology(b.ladder("X"), locked, rules=(public,)), b.submit({"X": {"level": 1}, "Y": {"value": True}})
    )
    assert (found.change, found.gain, found.requires) == ({"level": 2}, 12.5, ("public",))


def idle(name: str) -> Indicator:
    """The share of `idle` in `all`, of the profile, that scores 100 at none."""
    return b.profile_ratio(name, "idle", "all", ((0, 100), (1, 0)))


FIELDS = (b.integer_field("idle"), b.integer_field("all"))


def test_a_step_after_which_there_is_no_index_has_no_gain() -> None:
    """Where none is idle its root asks for Y too, which is unknown and makes it unknown."""
    asked = b.boolean("Y", applies=b.compare(b.field("idle"), "le", 0))
    known = b.methodology(b.root(idle("X"), asked, missing="void"), profile=FIELDS)
    found = step(known, b.submit({}, {"idle": 4, "all": 4}))
    assert (found.change, found.gain, found.gain_max) == ({"idle": 0}, None, 100)


def test_a_gain_counts_the_value_of_another_indicator_that_moves() -> None:
    known = b.methodology(b.root(idle("X"), idle("Y")), profile=FIELDS)
    found = step(known, b.submit({}, {"idle": 4, "all": 4}))
    assert (found.change, found.gain) == ({"idle": 0}, 100)


def test_a_gain_with_evidence_counts_the_zero_rule_that_it_meets() -> None:
    """Level 3 is capped at 1, 25 points; evidence makes it 3 again, at which it counts 0."""
    ladder = b.ladder("X", zero_when=b.compare(b.fact("X", "level"), "ge", 3))
    found = step(methodology(ladder), b.submit({"X": {"level": 3}}, level_caps={"X": 1}))
    assert (found.kind, found.gain, found.gain_max) == ("evidence", -25, 75)


def test_a_gain_with_evidence_counts_what_the_step_unlocks() -> None:
    """X, only declared, has its 50 at level 2; with evidence for level 3 it has 75, and Y its 100: 125/2 for 25/1."""
    known = methodology(b.ladder("X"), b.boolean("Y", zero_when=b.compare(b.fact("X", "level"), "lt", 3)))
    found = step(known, b.submit({"X": {"level": 2}, "Y": {"value": True}}, self_declared=["X"]))
    # (75 + 100)/2 - (50 + 0)/2
    assert (found.change, found.gain, found.needs_evidence) == ({"level": 3}, 62.5, True)


@pytest.mark.parametrize(
    ("others", "gain"),
    [
        # X is 0 at 4 of 4 idle, 100 at 0: alone 100/2; Y, 0 by rule while any is idle, brings its 100 too
        ((b.boolean("Y", zero_when=b.compare(b.field("idle"), "ge", 1)),), 100),
        # Y, which is 0, applies only while none is idle: from X = 0 alone to (100 + 0)/2
        ((b.boolean("Y", applies=b.compare(b.field("idle"), "le", 0)),), 50),
    ],
)
def test_a_gain_counts_what_a_moved_field_of_the_profile_does_elsewhere(
    others: tuple[Indicator, ...], gain: float
) -> None:
    known = b.methodology(b.root(b.group("D", idle("X"), *others, rated_share=(0, 1))), profile=FIELDS)
    listens = gain == 100
    submission = b.submit({"Y": {"value": listens}}, {"idle": 4, "all": 4})
    found = step(known, submission)
    assert found.change == {"idle": 0}
    assert name_changes(compile_methodology(known).indicators[0], {}) == {}
    assert found.gain == gain
    after = b.submit({"Y": {"value": listens}}, {"idle": 0, "all": 4})
    assert index_of(known, after) - index_of(known, submission) == gain * 100


def test_a_gain_counts_who_is_excluded_with_evidence_and_was_without_it() -> None:
    """Y, which only a field without evidence excludes, is unknown and counts 0; where none is idle, it is left out."""
    applies = All(of=(b.compare(b.field("staff"), "ge", 10), b.compare(b.field("idle"), "ge", 1)))
    known = b.methodology(
        b.root(b.group("D", idle("X"), b.boolean("Y", applies=applies))),
        profile=(*FIELDS, b.integer_field("staff", needs_evidence=True)),
    )
    found = step(known, b.submit({}, {"idle": 4, "all": 4, "staff": 3}, profile_self_declared=["staff"]))
    # 100/1 - (0 + 0)/2
    assert (found.change, found.gain) == ({"idle": 0}, 100)


def test_a_gain_counts_the_contradiction_that_the_step_mends() -> None:
    """Y at level 4 needs X at level 1: X from 0 to 25 brings Y's 100 back: 125/2 = 62.50."""
    needs = b.rule(
        "R",
        Implies(when=b.compare(b.fact("Y", "level"), "ge", 3), then=b.compare(b.fact("X", "level"), "ge", 1)),
        "Y",
    )
    known = methodology(b.ladder("X"), b.ladder("Y"), rules=(needs,))
    submission = b.submit({"X": {"level": 0}, "Y": {"level": 4}})
    assert gain_and_rescored(known, submission, "X") == (62.5, 6250)


AT_MOST_ITSELF = b.rule(
    "S",
    Implies(when=b.present("Y"), then=b.compare(b.fact("Y", "numerator"), "le", b.fact("Y", "denominator"))),
    "Y",
)
AT_MOST_Y = b.rule(
    "R",
    Implies(when=b.present("Y"), then=b.compare(b.fact("X", "numerator"), "le", b.fact("Y", "numerator"))),
    "X",
)


def test_a_step_names_the_rule_that_it_breaks_with_a_contradicted_answer() -> None:
    """Y is 3 of 1, which contradicts it; X, 2 of 10, may still not be more than those 3: 10 of 10 would be 0.

    With R: from (0 + 20)/2 to (0 + 100)/2.
    """
    known = methodology(b.ratio("X"), b.ratio("Y"), rules=(AT_MOST_ITSELF, AT_MOST_Y))
    submission = b.submit({"X": b.of(2, 10), "Y": b.of(3, 1)})
    found = step(known, submission)
    assert (found.change, found.gain, found.requires) == ({"numerator": 10}, 40, ("R",))
    assert gain_and_rescored(known, submission, "X") == (40, -1000)
    # without the contradiction it names the rule as before
    assert step(known, b.submit({"X": b.of(2, 10), "Y": b.of(3, 3)})).requires == ("R",)


def test_a_gain_is_rounded_as_the_index_is() -> None:
    """X of weight 1 in 3, dimension of weight 1 in 3: 25/9 of a point, from 0 to 2.78, not 2.7777."""
    known = b.methodology(
        b.root(
            b.group("D", b.ladder("X"), b.ladder("Y"), b.ladder("Z")),
            b.group("E", b.ladder("e")),
            b.group("F", b.ladder("f")),
        )
    )
    answers = {name: {"level": 0} for name in ("X", "Y", "Z", "e", "f")}
    # D 8.3333… -> 8.33; index 2.7766… -> 2.78
    assert gain_and_rescored(known, b.submit(answers), "X") == (2.78, 278)
