"""What one indicator counts with, alone and among the others: the same, in every state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random

import pytest

from actitud_api.methodology.answers import FactValue, SetAside, Submission
from actitud_api.methodology.loader import Methodology
from actitud_api.methodology.model import Indicator
from actitud_api.scoring.leaves import NOT_APPLICABLE, Leaf
from actitud_api.scoring.plan import load_facts, plan_of
from actitud_api.scoring.scalar import _reviewed, contradictions, evaluate, evaluate_facts, score_leaf, score_leaves
from tests.calling import calls_of
from tests.scoring import builders as b
from tests.scoring.organisations import METHODOLOGY, organisation
from tests.scoring.random_documents import ANY, SMALL, case_of

KNOWN = b.read(
    b.document(
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
)
HALF: dict[str, FactValue] = b.of(1, 4)
YES: dict[str, FactValue] = {"value": True}
ALL: dict[str, dict[str, FactValue]] = {
    "R": HALF, "Y": YES, "L": {"level": 2}, "A": {"hours": 2.5}, "V": {"level": 4}
}  # fmt: skip


def alone(
    name: str,
    answers: Mapping[str, Mapping[str, FactValue]],
    people: int = 20,
    *,
    declared: tuple[str, ...] = (),
    fields: tuple[str, ...] = (),
    aside: dict[str, SetAside] | None = None,
    caps: dict[str, int] | None = None,
) -> Leaf:
    submission = b.submit(
        answers,
        {"people": people},
        self_declared=declared,
        profile_self_declared=fields,
        set_aside=aside,
        level_caps=caps,
    )
    plan = plan_of(KNOWN)
    facts, lowered = _reviewed(plan, load_facts(plan, submission), submission.level_caps)
    leaf = plan.leaves[plan.positions[name]]
    found = score_leaf(plan, leaf, facts, None, lowered, submission)
    assert found == evaluate(KNOWN, submission).leaves[leaf.position]
    return found


def test_every_state_by_hand() -> None:
    """R scores 2 of its value: 1/4 is 50. Y no makes it 0; 10 people are needed. D leaves, E is voided by silence."""
    no: dict[str, dict[str, FactValue]] = ALL | {"Y": {"value": False}}
    without = {name: facts for name, facts in ALL.items() if name != "R"}
    undetermined = {name: facts for name, facts in ALL.items() if name != "Y"}
    assert alone("R", ALL) == Leaf("partial", 5000, 5000, (1, 4), 5000)
    assert alone("R", ALL | {"R": b.of(1, 2)}) == Leaf("full", 10_000, 10_000, (1, 2), 10_000)
    assert alone("R", ALL | {"R": b.of(0, 2)}) == Leaf("zero", 0, 0, (0, 2), 0)
    assert alone("R", ALL | {"R": b.of(1, 0)}) == Leaf("zero", 0, 0)
    assert alone("R", no) == Leaf("zero_by_rule", 0, 0)
    assert alone("R", undetermined) == Leaf("unknown", None, 10_000, undetermined=True)
    assert alone("R", undetermined, aside={"R": "stale"}) == Leaf("stale", None, 10_000, undetermined=True)
    assert alone("R", ALL, 5) == NOT_APPLICABLE
    assert alone("R", ALL, 5, fields=("people",)) == Leaf("unknown", None, 10_000, fields=("people",))
    assert alone("R", ALL, 15, fields=("people",)).code == "partial"
    assert alone("R", without) == Leaf("unknown", None, 10_000)
    assert alone("R", ALL, aside={"R": "withdrawn"}) == Leaf("withdrawn", None, 10_000)
    assert alone("R", without, aside={"R": "rejected"}) == Leaf("rejected", None, 10_000)
    assert alone("R", ALL, declared=("R",)) == Leaf("partial", 5000, 5000, (1, 4), 5000)
    assert alone("R", ALL | {"R": b.of(3, 4)}, declared=("R", "L")) == Leaf(
        "capped", 5000, 5000, (3, 4), 10_000, declared=True
    )
    assert alone("V", {}) == Leaf("unknown", None, 10_000)
    assert alone("V", ALL, declared=("V",)) == Leaf("capped", 5000, 5000, (4, 1), 10_000, declared=True)
    assert alone("V", ALL, caps={"V": 1}) == Leaf("capped", 2500, 2500, (1, 1), 10_000, level_sent=4)
    assert alone("V", ALL, declared=("V",), caps={"V": 3}) == Leaf(
        "capped", 5000, 5000, (3, 1), 10_000, level_sent=4, declared=True
    )
    assert alone("L", ALL, caps={"L": 1}) == Leaf("partial", 5000, 5000, (1, 1), 5000, level_sent=2)
    assert alone("L", ALL | {"L": {"level": 1}}, caps={"L": 0}) == Leaf("capped", 0, 0, (0, 1), 5000, level_sent=1)
    assert alone("L", ALL, caps={"L": 2}) == Leaf("partial", 5000, 5000, (2, 1), 5000)
    assert alone("A", ALL) == Leaf("partial", 7500, 7500, (5, 2), 7500)
    assert alone("A", ALL, declared=("A",)) == Leaf("capped", 5000, 5000, (5, 2), 7500, declared=True)


def test_a_lowered_level_that_scores_nothing_more_or_all_is_told_so() -> None:
    """A ladder whose first and last two levels score the same."""
    known = b.read(b.document(b.root(b.group("D", b.ladder("L", points=(0, 0, 100, 100))))))
    plan = plan_of(known)
    for level, cap, code, score in ((1, 0, "zero", 0), (3, 2, "full", 10_000), (2, 1, "capped", 0)):
        submission = b.submit({"L": {"level": level}}, level_caps={"L": cap})
        facts, lowered = _reviewed(plan, load_facts(plan, submission), submission.level_caps)
        found = score_leaf(plan, plan.leaves[0], facts, None, lowered, submission)
        assert (found.code, found.score, found.level_sent) == (code, score, level)


def test_a_contradicted_one_counts_the_least_and_could_be_the_best() -> None:
    plan = plan_of(KNOWN)
    submission = b.submit(ALL, {"people": 20})
    facts = load_facts(plan, submission)
    for code in ("contradicted", "unsupported"):
        assert score_leaf(plan, plan.leaves[0], facts, code, {}, submission) == Leaf(code, 0, 10_000)


def each_alone(methodology: Methodology, submissions: Iterable[Submission]) -> None:
    plan = plan_of(methodology)
    for submission in submissions:
        facts, lowered = _reviewed(plan, load_facts(plan, submission), submission.level_caps)
        left, contradicted, _ = contradictions(plan, facts)
        together = evaluate(methodology, submission).leaves
        for leaf in plan.leaves:
            code = contradicted.get(leaf.position)
            assert score_leaf(plan, leaf, left, code, lowered, submission) == together[leaf.position]


def test_each_of_2026_1_counts_alone_what_it_counts_among_the_others() -> None:
    each_alone(METHODOLOGY, (organisation(seed, noise=0.05) for seed in range(12)))


@pytest.mark.parametrize("seed", range(12))
def test_each_of_any_document_counts_alone_what_it_counts_among_the_others(seed: int) -> None:
    case = case_of(Random(seed), SMALL, ANY, 6)
    each_alone(case.methodology, case.submissions)


def cost(*children: Indicator, **answer: FactValue) -> int:
    """The functions that scoring indicators takes which all have the same answer."""
    plan = plan_of(b.read(b.document(b.root(b.group("D", *children)))))
    submission = b.submit({leaf.indicator.id: answer for leaf in plan.leaves})
    facts = load_facts(plan, submission)
    return calls_of(lambda: score_leaves(plan, facts, {}, {}, submission))


def test_a_level_is_looked_up_and_of_a_quotient_only_its_curve_asked() -> None:
    """What two indicators more of a kind take: nothing, or one call each."""
    names = ("X", "Y", "Z")
    assert cost(*map(b.ladder, names), level=2) == cost(b.ladder("X"), level=2)
    assert cost(*map(b.ratio, names), numerator=1, denominator=2) == cost(b.ratio("X"), numerator=1, denominator=2) + 2
    assert cost(*map(b.amount, names), hours=1) == cost(b.amount("X"), hours=1) + 2


def test_facts_stay_as_they_are_where_review_lowers_a_level() -> None:
    plan = plan_of(KNOWN)
    submission = b.submit(ALL, {"people": 20}, level_caps={"L": 1, "V": 3})
    sent = load_facts(plan, submission)
    lowered = evaluate_facts(plan, sent, submission)
    assert sent == load_facts(plan, submission)
    slots = [plan.leaves[plan.positions[name]].slots[0] for name in ("L", "V")]
    assert [lowered.sent[slot] for slot in slots] == [1, 3]
