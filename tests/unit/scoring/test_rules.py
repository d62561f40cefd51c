"""Answers, zero rules, applicability, contradictions and caps, on small documents (SCORING, section 2)."""

from __future__ import annotations

import msgspec
import pytest

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    All,
    Any,
    Group,
    Implies,
    Indicator,
    Minimum,
    Not,
    Predicate,
    ProfileField,
    Rule,
    Sum,
)
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import IndicatorResult, evaluate
from actitud_api.engine.scoring.explain import explain
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import code, dimension_of, indicator_of


def methodology(
    *children: Indicator | Group, profile: tuple[ProfileField, ...] = (), rules: tuple[Rule, ...] = (), cap: int = 50
) -> Methodology:
    """One dimension, D, that stays rated whatever leaves."""
    return b.methodology(b.root(b.group("D", *children, rated_share=(0, 1))), profile=profile, rules=rules, cap=cap)


def leaf(known: Methodology, name: str, submission: Submission) -> IndicatorResult:
    evaluation = evaluate(known, submission)
    return evaluation.results[evaluation.compiled.positions[name]]


OWN, OTHER = b.fact("X", "hours"), b.fact("Y", "hours")


# --- order of evaluation --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "closed", "people", "sent", "expected"),
    [
        (1, 1, 0, False, ("contradicted", 0, 10_000)),
        (1, 0, 0, True, ("contradicted", 0, 10_000)),
        (0, 1, 0, False, ("zero_by_rule", 0, 0)),
        (0, 1, 1, True, ("zero_by_rule", 0, 0)),
        (0, 0, 0, True, ("not_applicable", None, None)),
        (0, 0, 1, False, ("unknown", 0, 10_000)),
        (0, 0, 1, True, ("capped", 5_000, 5_000)),
    ],
)
def test_order_contradicted_zero_rule_applicability_unknown_curve_cap(
    wrong: int, closed: int, people: int, sent: bool, expected: tuple[str, int | None, int | None]
) -> None:
    known = methodology(
        b.ladder(
            "X",
            applies=b.compare(b.field("people"), "ge", 1),
            zero_when=b.compare(b.field("closed"), "eq", 1),
        ),
        b.boolean("Y"),
        profile=(b.integer_field("wrong"), b.integer_field("closed"), b.integer_field("people")),
        rules=(b.rule("R", b.compare(b.field("wrong"), "eq", 0), "X"),),
    )
    found = leaf(
        known,
        "X",
        b.submit(
            {"X": {"level": 3}} if sent else {},
            {"wrong": wrong, "closed": closed, "people": people},
            self_declared=["X"],
        ),
    )
    assert (found.code, found.score, found.maximum) == expected


# --- zero rules, three-valued ---------------------------------------------------------------------------------

A0 = b.compare(b.fact("A", "level"), "eq", 0)
B_LOW = b.compare(b.fact("B", "level"), "lt", 2)
CLOSED = b.compare(b.field("closed"), "eq", 1)


@pytest.mark.parametrize(
    ("zero_when", "a", "other", "closed", "expected"),
    [
        (A0, 0, None, 0, "zero_by_rule"),
        (A0, 1, None, 0, "full"),
        (A0, None, None, 0, "unknown"),
        (Not(of=A0), None, None, 0, "unknown"),
        (Not(of=A0), 1, None, 0, "zero_by_rule"),
        (Any(of=(A0, CLOSED)), None, None, 1, "zero_by_rule"),
        (Any(of=(A0, CLOSED)), None, None, 0, "unknown"),
        (Any(of=(CLOSED, A0)), None, None, 0, "unknown"),
        (All(of=(A0, CLOSED)), None, None, 0, "full"),
        (All(of=(A0, CLOSED)), None, None, 1, "unknown"),
        (Any(of=(A0, All(of=(B_LOW, CLOSED)))), 1, None, 0, "full"),
        (Any(of=(A0, All(of=(B_LOW, CLOSED)))), 1, None, 1, "unknown"),
        (Any(of=(A0, All(of=(B_LOW, CLOSED)))), None, 1, 1, "zero_by_rule"),
        (Implies(when=CLOSED, then=A0), None, None, 0, "zero_by_rule"),
        (Implies(when=CLOSED, then=A0), None, None, 1, "unknown"),
        (Implies(when=A0, then=CLOSED), None, None, 1, "zero_by_rule"),
        (Implies(when=A0, then=CLOSED), None, None, 0, "unknown"),
    ],
)
def test_a_zero_rule_that_depends_on_an_absent_answer_leaves_the_indicator_unknown(
    zero_when: Predicate, a: int | None, other: int | None, closed: int, expected: str
) -> None:
    """Whatever was sent for the indicator itself (here: yes, 100)."""
    known = methodology(
        b.boolean("X", zero_when=zero_when), b.ladder("A"), b.ladder("B"), profile=(b.integer_field("closed"),)
    )
    answers = {name: {"level": level} for name, level in (("A", a), ("B", other)) if level is not None}
    found = leaf(known, "X", b.submit({"X": {"value": True}, **answers}, {"closed": closed}))
    assert found.code == expected
    assert found.maximum == {"zero_by_rule": 0, "full": 10_000, "unknown": 10_000}[expected]


def test_a_zero_by_rule_is_known_and_has_no_value() -> None:
    known = methodology(b.boolean("X", zero_when=CLOSED), profile=(b.integer_field("closed"),))
    score = explain(known, b.submit({"X": {"value": True}}, {"closed": 1}))
    indicator = indicator_of(score, "X")
    assert (indicator.state, indicator.value) == ("observed", None)
    assert (score.status, score.coverage, score.index, score.index_max) == ("complete", 1, 0, 0)


def test_only_the_answers_that_decide_are_missing() -> None:
    """`A.level = 0, or B.level < 2 and closed`: while it is not closed, B decides nothing."""
    known = methodology(
        b.boolean("X", zero_when=Any(of=(A0, All(of=(B_LOW, CLOSED))))),
        b.ladder("A"),
        b.ladder("B"),
        profile=(b.integer_field("closed"),),
    )
    score = explain(known, b.submit({"X": {"value": True}}, {"closed": 0}))
    assert indicator_of(score, "X").reason.parameters.missing == ("A",)


def test_a_value_that_reads_an_absent_answer_of_another_indicator_is_unknown() -> None:
    """X is hours of X and Y together: without Y it is unknown and says so; with Y it is 30 + 20."""
    together = msgspec.structs.replace(b.amount("X", knots=((0, 0), (100, 100))), value=Sum(of=(OWN, OTHER)))
    known = methodology(together, b.amount("Y", knots=((0, 0), (100, 100))))
    score = explain(known, b.submit({"X": {"hours": 30}}))
    found = indicator_of(score, "X")
    assert (found.state, found.reason.code, found.score) == ("unknown", "unknown", 0)
    assert (found.reason.parameters.facts, found.reason.parameters.missing) == ({"hours": 30}, ("Y",))
    assert (score.index_max, score.coverage) == (100, 0)
    assert indicator_of(explain(known, b.submit({"X": {"hours": 30}, "Y": {"hours": 20}})), "X").score == 50


def test_a_denominator_of_0_gives_no_value_and_a_known_0() -> None:
    known = methodology(b.ratio("X", knots=((0, 100), (1, 0))))
    score = explain(known, b.submit({"X": b.of(0, 0)}))
    indicator = indicator_of(score, "X")
    assert (indicator.state, indicator.reason.code, indicator.score, indicator.value) == ("observed", "zero", 0, None)
    assert (score.status, score.index_max) == ("complete", 0)
    assert indicator.next_step is not None
    assert indicator.next_step.kind == "act"


# --- applicability and the profile ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("applies", "profile", "declared", "expected"),
    [
        (b.compare(b.field("p"), "ge", 10), {"p": 5, "q": 0}, (), ("not_applicable", ())),
        (b.compare(b.field("p"), "ge", 10), {"p": 5, "q": 0}, ("p",), ("unknown", ("p",))),
        (b.compare(b.field("p"), "ge", 10), {"p": 10, "q": 0}, ("p",), ("full", ())),
        (b.compare(b.field("p"), "ge", 10), {"p": 5, "q": 0}, ("q",), ("not_applicable", ())),
        # evidence of q alone excludes it
        (
            All(of=(b.compare(b.field("p"), "ge", 1), b.compare(b.field("q"), "ge", 1))),
            {"p": 0, "q": 0},
            ("p",),
            ("not_applicable", ()),
        ),
        (
            All(of=(b.compare(b.field("p"), "ge", 1), b.compare(b.field("q"), "ge", 1))),
            {"p": 0, "q": 1},
            ("p",),
            ("unknown", ("p",)),
        ),
        (
            Any(of=(b.compare(b.field("p"), "ge", 1), b.compare(b.field("q"), "ge", 1))),
            {"p": 0, "q": 0},
            ("p",),
            ("unknown", ("p",)),
        ),
    ],
)
def test_a_field_that_is_only_declared_excludes_nothing(
    applies: Predicate, profile: dict[str, int], declared: tuple[str, ...], expected: tuple[str, tuple[str, ...]]
) -> None:
    fields = (b.integer_field("p", needs_evidence=True), b.integer_field("q", needs_evidence=True))
    known = methodology(b.boolean("X", applies=applies), b.boolean("Y"), profile=fields)
    found = leaf(known, "X", b.submit({"X": {"value": True}}, dict(profile), profile_self_declared=declared))
    assert (found.code, found.fields) == expected
    if expected[0] == "unknown":
        assert (found.score, found.maximum) == (0, 10_000)


def test_a_field_that_needs_no_evidence_excludes_when_declared() -> None:
    known = methodology(
        b.boolean("X", applies=b.compare(b.field("p"), "ge", 10)), b.boolean("Y"), profile=(b.integer_field("p"),)
    )
    found = leaf(known, "X", b.submit({"X": {"value": True}}, {"p": 5}, profile_self_declared=["p"]))
    assert found.code == "not_applicable"


@pytest.mark.parametrize(
    ("zero_when", "expected"),
    [
        (b.compare(b.field("previous"), "ge", 1), "full"),
        (b.compare(b.field("previous"), "lt", 1), "full"),
        (b.compare(b.field("previous"), "eq", 0), "full"),
        (b.compare(b.field("previous"), "ne", 0), "full"),
        (Not(of=b.compare(b.field("previous"), "ge", 1)), "zero_by_rule"),
    ],
)
def test_a_comparison_with_null_is_false(zero_when: Predicate, expected: str) -> None:
    known = methodology(b.boolean("X", zero_when=zero_when), profile=(b.service_field("previous"),))
    assert leaf(known, "X", b.submit({"X": {"value": True}}, {"previous": None})).code == expected


# --- contradictions -------------------------------------------------------------------------------------------

PART = b.rule(
    "R1",
    Implies(when=b.present("X"), then=b.compare(b.fact("X", "numerator"), "le", b.fact("X", "denominator"))),
    "X",
)
Y_NEEDS_X = b.rule(
    "R2",
    Implies(when=b.compare(b.fact("Y", "level"), "ge", 2), then=b.compare(b.fact("X", "numerator"), "ge", 1)),
    "Y",
)
Z_NEEDS_Y = b.rule(
    "R3",
    Implies(when=b.compare(b.fact("Z", "level"), "ge", 1), then=b.compare(b.fact("Y", "level"), "ge", 1)),
    "Z",
)


def test_contradictions_spread_to_a_fixed_point() -> None:
    """X contradicts itself; without X, Y is unsupported; without Y, Z is. Each names what to answer first."""
    known = methodology(b.ratio("X"), b.ladder("Y"), b.ladder("Z"), rules=(Z_NEEDS_Y, Y_NEEDS_X, PART))
    score = explain(known, b.submit({"X": b.of(5, 4), "Y": {"level": 4}, "Z": {"level": 4}}))
    assert [code(score, name) for name in "XYZ"] == ["contradicted", "unsupported", "unsupported"]
    assert [(found.rule, found.code, found.missing) for found in score.findings] == [
        ("R3", "unsupported", ("Y",)),
        ("R2", "unsupported", ("X",)),
        ("R1", "contradicted", ()),
    ]
    assert (score.index, score.index_max, score.coverage) == (0, 100, 0)


def test_nothing_spreads_from_what_is_consistent() -> None:
    known = methodology(b.ratio("X"), b.ladder("Y"), b.ladder("Z"), rules=(Z_NEEDS_Y, Y_NEEDS_X, PART))
    score = explain(known, b.submit({"X": b.of(4, 4), "Y": {"level": 4}, "Z": {"level": 4}}))
    assert (score.findings, score.index) == ((), 100)


@pytest.mark.parametrize(
    ("people", "sampled", "expected"),
    [
        (20, 10, "partial"),
        (20, 20, "contradicted"),
        (4, 4, "partial"),
        (4, 10, "contradicted"),
    ],
)
def test_a_sample_of_so_many_or_of_all_there_are(people: int, sampled: int, expected: str) -> None:
    """`X.denominator = min(10, people)`."""
    sample = Minimum(of=(b.const(10), b.field("people")))
    known = methodology(
        b.ratio("X"),
        profile=(b.integer_field("people"),),
        rules=(
            b.rule("R", Implies(when=b.present("X"), then=b.compare(b.fact("X", "denominator"), "eq", sample)), "X"),
        ),
    )
    assert leaf(known, "X", b.submit({"X": b.of(1, sampled)}, {"people": people})).code == expected


def test_rules_of_one_round_are_evaluated_all_at_once() -> None:
    """Each excludes the other: both are contradicted, whichever rule stands first."""

    def excludes(name: str, other: str) -> Rule:
        return b.rule(
            f"{name}{other}",
            Implies(when=b.compare(b.fact(name, "level"), "ge", 1), then=b.compare(b.fact(other, "level"), "eq", 0)),
            name,
        )

    known = methodology(b.ladder("A"), b.ladder("B"), rules=(excludes("A", "B"), excludes("B", "A")))
    score = explain(known, b.submit({"A": {"level": 1}, "B": {"level": 1}}))
    assert [code(score, name) for name in "AB"] == ["contradicted", "contradicted"]


@pytest.mark.parametrize(
    ("x", "expected", "missing"),
    [(b.of(0, 4), "contradicted", ()), (None, "unsupported", ("X",)), (b.of(1, 4), "full", ())],
)
def test_contradicted_by_an_answer_or_unsupported_for_lack_of_one(
    x: dict[str, int] | None, expected: str, missing: tuple[str, ...]
) -> None:
    known = methodology(b.ratio("X"), b.ladder("Y"), rules=(Y_NEEDS_X,))
    answers = {"Y": {"level": 4}, **({"X": x} if x else {})}
    score = explain(known, b.submit(answers))
    assert code(score, "Y") == expected
    assert indicator_of(score, "Y").reason.parameters.missing == missing
    assert indicator_of(score, "Y").reason.parameters.rules == (() if expected == "full" else ("R2",))


def test_an_answer_that_is_set_aside_supports_nothing() -> None:
    known = methodology(b.ratio("X"), b.ladder("Y"), rules=(Y_NEEDS_X,))
    score = explain(known, b.submit({"X": b.of(4, 4), "Y": {"level": 4}}, set_aside={"X": "stale"}))
    assert [code(score, name) for name in "XY"] == ["stale", "unsupported"]


def test_a_rule_that_no_absent_answer_could_save_is_a_contradiction() -> None:
    both = b.rule(
        "R",
        Implies(
            when=b.present("Y"),
            then=All(of=(b.compare(b.fact("X", "numerator"), "ge", 1), b.compare(b.fact("Y", "level"), "ge", 3))),
        ),
        "Y",
    )
    known = methodology(b.ratio("X"), b.ladder("Y"), rules=(both,))
    assert code(explain(known, b.submit({"Y": {"level": 1}})), "Y") == "contradicted"
    assert code(explain(known, b.submit({"Y": {"level": 3}})), "Y") == "unsupported"


def test_an_absent_answer_counts_as_its_least_favourable_value() -> None:
    """V12 of 2026.1: without the promotional posts, the whole sample of 10 counts as promotional."""
    together = b.rule(
        "R",
        Implies(
            when=b.present("U"),
            then=b.compare(Sum(of=(b.fact("P", "numerator", absent=b.const(10)), b.fact("U", "numerator"))), "le", 10),
        ),
        "U",
    )
    known = methodology(b.ratio("P"), b.ratio("U"), rules=(together,))
    assert code(explain(known, b.submit({"U": b.of(1, 10)})), "U") == "unsupported"
    assert code(explain(known, b.submit({"U": b.of(0, 10)})), "U") == "zero"
    assert code(explain(known, b.submit({"U": b.of(1, 10), "P": b.of(9, 10)})), "U") == "partial"
    assert code(explain(known, b.submit({"U": b.of(2, 10), "P": b.of(9, 10)})), "U") == "contradicted"


def test_one_code_for_several_broken_rules_and_all_their_names() -> None:
    """Contradicted wins over unsupported."""
    other = b.rule("R4", Implies(when=b.present("Y"), then=b.compare(b.fact("Y", "level"), "le", 3)), "Y")
    known = methodology(b.ratio("X"), b.ladder("Y"), rules=(Y_NEEDS_X, other))
    score = explain(known, b.submit({"Y": {"level": 4}}))
    assert code(score, "Y") == "contradicted"
    assert indicator_of(score, "Y").reason.parameters.rules == ("R4",)
    assert [found.rule for found in score.findings] == ["R2", "R4"]


def test_a_warning_changes_no_score() -> None:
    warning = b.rule("W", b.compare(b.fact("Y", "level"), "le", 1))
    known = methodology(b.ladder("Y"), rules=(warning,))
    score = explain(known, b.submit({"Y": {"level": 4}}))
    assert score.index == 100
    assert [(found.rule, found.severity) for found in score.findings] == [("W", "warning")]


# --- caps and the maximum -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "declared", "expected"),
    [
        (4, True, ("capped", 50, 100)),
        (3, True, ("capped", 50, 75)),
        (2, True, ("partial", 50, None)),
        (1, True, ("partial", 25, None)),
        (0, True, ("zero", 0, None)),
        (4, False, ("full", 100, None)),
    ],
)
def test_what_is_only_declared_is_capped(level: int, declared: bool, expected: tuple[str, int, int | None]) -> None:
    known = methodology(b.ladder("X"))
    score = explain(known, b.submit({"X": {"level": level}}, self_declared=["X"] if declared else []))
    indicator = indicator_of(score, "X")
    assert (indicator.reason.code, indicator.score, indicator.reason.parameters.uncapped) == expected
    # a capped answer is not unknown: the maximum keeps the cap
    assert score.index_max == score.index
    assert score.status == "complete"


def test_the_cap_is_the_document_s() -> None:
    known = methodology(b.ladder("X"), cap=30)
    assert explain(known, b.submit({"X": {"level": 2}}, self_declared=["X"])).index == 30


def test_the_maximum_takes_every_unknown_at_the_best_of_its_own_curve() -> None:
    """Top score 80: unknown, set aside and contradicted count 80, without the evidence cap; nothing else changes.

    Index (0 + 0 + 0 + 0 + 50)/5 = 10; maximum (80 + 80 + 80 + 0 + 50)/5 = 58.
    """
    top = (0, 40, 80)
    known = methodology(
        b.ladder("unknown", points=top),
        b.ladder("withdrawn", points=top),
        b.ladder("contradicted", points=top),
        b.ladder("zero", points=top, zero_when=CLOSED),
        b.ladder("capped", points=top),
        profile=(b.integer_field("closed"),),
        rules=(b.rule("R", b.compare(b.field("closed"), "eq", 0), "contradicted"),),
    )
    score = explain(
        known,
        b.submit(
            {name: {"level": 2} for name in ("withdrawn", "contradicted", "zero", "capped")},
            {"closed": 1},
            self_declared=["capped", "unknown", "withdrawn"],
            set_aside={"withdrawn": "withdrawn"},
        ),
    )
    assert (score.index, score.index_max) == (10, 58)
    assert (dimension_of(score, "D").score, dimension_of(score, "D").score_max) == (10, 58)
