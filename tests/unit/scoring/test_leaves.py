"""What one indicator counts with, in every state."""

from __future__ import annotations

from collections.abc import Mapping

from actitud_api.engine.methodology.requests.answers import FactValue, SetAside
from actitud_api.engine.scoring.compile import compile_methodology, load_facts
from actitud_api.engine.scoring.evaluate import evaluate, evaluate_compiled, score_indicator
from actitud_api.engine.scoring.indicator_result import NOT_APPLICABLE, IndicatorResult
from tests.unit.scoring import builders as b

KNOWN = b.methodology(
    b.root(
        b.group(
            "D",
            b.ratio(
                "R",
                knots=((0, 0), (0.5, 100), (1, 100)),
                zero_when=b.compare(b.fact("Y", "value"), "eq", False),
                applies=b.compare(b.field("people"), "ge", 10),
            ),
            b.boolean("Y"),
            b.ladder("L", points=(0, 50, 50, 100)),
            b.amount("A", knots=((0, 100), (10, 0))),
            missing="leave",
        ),
        b.group("E", b.ladder("V"), missing="void"),
    ),
    profile=(b.integer_field("people", needs_evidence=True),),
)
HALF: dict[str, FactValue] = b.of(1, 4)
YES: dict[str, FactValue] = {"value": True}
ALL: dict[str, dict[str, FactValue]] = {
    "R": HALF, "Y": YES, "L": {"level": 2}, "A": {"hours": 2.5}, "V": {"level": 4}
}  # fmt: skip


def leaf_of(
    name: str,
    answers: Mapping[str, Mapping[str, FactValue]],
    people: int = 20,
    *,
    declared: tuple[str, ...] = (),
    fields: tuple[str, ...] = (),
    aside: dict[str, SetAside] | None = None,
    caps: dict[str, int] | None = None,
) -> IndicatorResult:
    submission = b.submit(
        answers,
        {"people": people},
        self_declared=declared,
        profile_self_declared=fields,
        set_aside=aside,
        level_caps=caps,
    )
    return evaluate(KNOWN, submission).results[compile_methodology(KNOWN).positions[name]]


def test_every_state_by_hand() -> None:
    """R scores 2 of its value: 1/4 is 50. Y no makes it 0; 10 people are needed. D leaves, E is voided by silence."""
    no: dict[str, dict[str, FactValue]] = ALL | {"Y": {"value": False}}
    without = {name: facts for name, facts in ALL.items() if name != "R"}
    undetermined = {name: facts for name, facts in ALL.items() if name != "Y"}
    assert leaf_of("R", ALL) == IndicatorResult("partial", 5000, 5000, (1, 4), 5000)
    assert leaf_of("R", ALL | {"R": b.of(1, 2)}) == IndicatorResult("full", 10_000, 10_000, (1, 2), 10_000)
    assert leaf_of("R", ALL | {"R": b.of(0, 2)}) == IndicatorResult("zero", 0, 0, (0, 2), 0)
    assert leaf_of("R", ALL | {"R": b.of(1, 0)}) == IndicatorResult("zero", 0, 0)
    assert leaf_of("R", no) == IndicatorResult("zero_by_rule", 0, 0)
    assert leaf_of("R", undetermined) == IndicatorResult("unknown", None, 10_000, undetermined=True)
    assert leaf_of("R", undetermined, aside={"R": "stale"}) == IndicatorResult("stale", None, 10_000, undetermined=True)
    assert leaf_of("R", ALL, 5) == NOT_APPLICABLE
    assert leaf_of("R", ALL, 5, fields=("people",)) == IndicatorResult("unknown", None, 10_000, fields=("people",))
    assert leaf_of("R", ALL, 15, fields=("people",)).code == "partial"
    assert leaf_of("R", without) == IndicatorResult("unknown", None, 10_000)
    assert leaf_of("R", ALL, aside={"R": "withdrawn"}) == IndicatorResult("withdrawn", None, 10_000)
    assert leaf_of("R", without, aside={"R": "rejected"}) == IndicatorResult("rejected", None, 10_000)
    assert leaf_of("R", ALL, declared=("R",)) == IndicatorResult("partial", 5000, 5000, (1, 4), 5000)
    assert leaf_of("R", ALL | {"R": b.of(3, 4)}, declared=("R", "L")) == IndicatorResult(
        "capped", 5000, 5000, (3, 4), 10_000, declared=True
    )
    assert leaf_of("V", {}) == IndicatorResult("unknown", None, 10_000)
    assert leaf_of("V", ALL, declared=("V",)) == IndicatorResult("capped", 5000, 5000, (4, 1), 10_000, declared=True)
    assert leaf_of("V", ALL, caps={"V": 1}) == IndicatorResult("capped", 2500, 2500, (1, 1), 10_000, level_sent=4)
    assert leaf_of("V", ALL, declared=("V",), caps={"V": 3}) == IndicatorResult(
        "capped", 5000, 5000, (3, 1), 10_000, level_sent=4, declared=True
    )
    assert leaf_of("L", ALL, caps={"L": 1}) == IndicatorResult("partial", 5000, 5000, (1, 1), 5000, level_sent=2)
    assert leaf_of("L", ALL | {"L": {"level": 1}}, caps={"L": 0}) == IndicatorResult(
        "capped", 0, 0, (0, 1), 5000, level_sent=1
    )
    assert leaf_of("L", ALL, caps={"L": 2}) == IndicatorResult("partial", 5000, 5000, (2, 1), 5000)
    assert leaf_of("A", ALL) == IndicatorResult("partial", 7500, 7500, (5, 2), 7500)
    assert leaf_of("A", ALL, declared=("A",)) == IndicatorResult("capped", 5000, 5000, (5, 2), 7500, declared=True)


def test_a_lowered_level_that_scores_nothing_more_or_all_is_told_so() -> None:
    """A ladder whose first and last two levels score the same."""
    known = b.methodology(b.root(b.group("D", b.ladder("L", points=(0, 0, 100, 100)))))
    for level, cap, code, score in ((1, 0, "zero", 0), (3, 2, "full", 10_000), (2, 1, "capped", 0)):
        submission = b.submit({"L": {"level": level}}, level_caps={"L": cap})
        (found,) = evaluate(known, submission).results
        assert (found.code, found.score, found.level_sent) == (code, score, level)


def test_a_contradicted_one_counts_the_least_and_could_be_the_best() -> None:
    plan = compile_methodology(KNOWN)
    submission = b.submit(ALL, {"people": 20})
    facts = load_facts(plan, submission)
    for code in ("contradicted", "unsupported"):
        assert score_indicator(plan, plan.indicators[0], facts, code, {}, submission) == IndicatorResult(
            code, 0, 10_000
        )


def test_facts_stay_as_they_are_where_review_lowers_a_level() -> None:
    plan = compile_methodology(KNOWN)
    submission = b.submit(ALL, {"people": 20}, level_caps={"L": 1, "V": 3})
    sent = load_facts(plan, submission)
    evaluate_compiled(plan, sent, submission)
    assert sent == load_facts(plan, submission)
