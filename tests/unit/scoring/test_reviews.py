"""What review caps: the level of a ladder, and the level of the organisation (SCORING, section 6)."""

from __future__ import annotations

import pytest
from msgspec import structs

from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Gate, Implies, IndexOperand, Indicator, Level, Rule
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.narration.narrated import narrate
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import NextStep
from actitud_api.resources.assessments.evidence import derive_submission
from tests.support.assessing import example_a
from tests.unit.scoring import builders as b
from tests.unit.scoring.organisations import METHODOLOGY
from tests.unit.scoring.sheets import index_of, indicator_of, step_of
from tests.unit.scoring.test_evidence import judged

FOUR: dict[str, FactValue] = {"level": 4}


def methodology(*children: Indicator, rules: tuple[Rule, ...] = (), levels: tuple[Level, ...] = ()) -> Methodology:
    return b.methodology(b.root(*children), rules=rules, levels=levels or b.levels_of())


def step(known: Methodology, submission: Submission) -> NextStep:
    return step_of(explain(known, submission), "X")


# --- the level of a ladder ------------------------------------------------------------------------------------


def test_a_capped_level_is_the_level_and_the_reason_says_what_was_sent() -> None:
    known = methodology(b.ladder("X"))
    indicator = indicator_of(explain(known, b.submit({"X": FOUR}, level_caps={"X": 2})), "X")
    assert (indicator.score, indicator.value, indicator.state) == (50, 2, "observed")
    reason = indicator.reason
    assert (reason.code, reason.parameters.level_sent, reason.parameters.uncapped) == ("capped", 4, 100)
    assert (reason.parameters.cap, reason.parameters.facts) == (None, {"level": 2})


@pytest.mark.parametrize(("cap", "score"), [(0, 0), (1, 2500), (4, 10_000), (9, 10_000)])
def test_a_cap_lowers_only_what_lies_above_it(cap: int, score: int) -> None:
    evaluation = evaluate(methodology(b.ladder("X")), b.submit({"X": FOUR}, level_caps={"X": cap}))
    assert (evaluation.index, evaluation.index_max, evaluation.status) == (score, score, "complete")
    assert evaluation.results[0].code == ("capped" if cap < 4 else "full")
    assert evaluation.results[0].level_sent == (4 if cap < 4 else None)


def test_a_lower_level_of_the_same_score_is_not_capped_but_told() -> None:
    known = methodology(b.ladder("X", points=(0, 50, 50, 100)))
    reason = indicator_of(explain(known, b.submit({"X": {"level": 2}}, level_caps={"X": 1})), "X").reason
    assert (reason.code, reason.parameters.level_sent, reason.parameters.facts) == ("partial", 2, {"level": 1})


def test_the_cap_of_what_is_only_declared_holds_besides() -> None:
    """Level 4, by review 3 (75 points), only declared: 50. The first cap that is not reached says nothing."""
    known = methodology(b.ladder("X"))
    both = indicator_of(explain(known, b.submit({"X": FOUR}, self_declared=["X"], level_caps={"X": 3})), "X")
    assert (both.score, both.reason.parameters.cap, both.reason.parameters.level_sent) == (50, 50, 4)
    review = indicator_of(explain(known, b.submit({"X": FOUR}, self_declared=["X"], level_caps={"X": 1})), "X")
    assert (review.score, review.reason.parameters.cap, review.reason.parameters.level_sent) == (25, None, 4)


def test_rules_zero_rules_and_gates_read_the_capped_level() -> None:
    """Y may be at 3 only with X at 3; Z is 0 by rule below 3 of X; level 2 asks for 3 of X."""
    known = methodology(
        b.ladder("X"),
        b.ladder("Y"),
        b.boolean("Z", zero_when=b.compare(b.fact("X", "level"), "lt", 3)),
        rules=(
            b.rule(
                "R",
                Implies(when=b.compare(b.fact("Y", "level"), "ge", 3), then=b.compare(b.fact("X", "level"), "ge", 3)),
                "Y",
            ),
        ),
        levels=b.levels_of(Gate(id="G", holds=b.compare(b.value("X"), "ge", 3))),
    )
    answers: dict[str, dict[str, FactValue]] = {"X": FOUR, "Y": FOUR, "Z": {"value": True}}
    whole, capped = (evaluate(known, b.submit(answers, level_caps=caps)) for caps in ({}, {"X": 2}))
    assert [leaf.code for leaf in whole.results] == ["full", "full", "full"]
    assert [leaf.code for leaf in capped.results] == ["capped", "contradicted", "zero_by_rule"]
    assert whole.level == 2
    # Y is contradicted, so that its share of what is known is lacking: 2/3 are enough
    assert (capped.level, [blocked.actual for blocked in capped.blocked_by]) == (1, [2])


def test_evidence_lifts_the_cap_with_all_that_hangs_on_it() -> None:
    """X alone: from 50 to 100, and Z, 0 by rule below 3, has its 100 again: (100 + 100 − 50)/2."""
    known = methodology(b.ladder("X"), b.boolean("Z", zero_when=b.compare(b.fact("X", "level"), "lt", 3)))
    submission = b.submit({"X": FOUR, "Z": {"value": True}}, self_declared=["X"], level_caps={"X": 2})
    found = step(known, submission)
    assert (found.kind, found.change, found.needs_evidence, found.cap) == ("evidence", {}, True, 50)
    assert (found.gain, found.gain_max) == (75, 75)
    lifted = structs.replace(submission, self_declared=frozenset(), level_caps={})
    assert index_of(known, lifted) - index_of(known, submission) == 7500


def test_evidence_that_would_break_a_rule_names_it() -> None:
    known = methodology(b.ladder("X"), rules=(b.rule("R", b.compare(b.fact("X", "level"), "le", 3), "X"),))
    found = step(known, b.submit({"X": FOUR}, level_caps={"X": 2}))
    assert (found.kind, found.requires) == ("evidence", ("R",))


def test_a_step_beyond_the_cap_needs_evidence() -> None:
    known = methodology(b.ladder("X"))
    below = step(known, b.submit({"X": {"level": 1}}, level_caps={"X": 2}))
    assert (below.change, below.gain, below.needs_evidence, below.cap) == ({"level": 2}, 25, False, None)
    at = step(known, b.submit({"X": {"level": 2}}, level_caps={"X": 2}))
    assert (at.change, at.gain, at.needs_evidence, at.cap) == ({"level": 3}, 25, True, 50)


# --- the level of the organisation ----------------------------------------------------------------------------


def levels(*asked: int) -> tuple[Level, ...]:
    """Level L + 1 asks for an index of at least the L-th number."""
    return b.levels_of(
        *(Gate(id=f"L{number}", holds=b.compare(IndexOperand(), "ge", least)) for number, least in enumerate(asked, 2))
    )


@pytest.mark.parametrize(
    ("max_level", "level", "blocked"),
    [(None, 3, ["L4"]), (4, 3, ["L4"]), (3, 3, ["L4"]), (2, 2, []), (1, 1, [])],
)
def test_review_may_hold_the_level(max_level: int | None, level: int, blocked: list[str]) -> None:
    """An index of 50: by its gates level 3, and L4 asks for 60."""
    known = methodology(b.ladder("X"), levels=levels(20, 40, 60))
    submission = b.submit({"X": {"level": 2}}, max_level=max_level)
    reached = explain(known, submission)
    assert (reached.level, reached.level_details.max_level) == (level, max_level)
    assert [gate.gate for gate in reached.level_details.blocked_by] == blocked
    text = narrate(explain(known, submission), known, "en").level_details.text
    assert text == (None if blocked else f"Review allows no level above {level}.")


def test_at_the_highest_level_review_holds_nothing() -> None:
    known = methodology(b.ladder("X"), levels=levels(20))
    score = explain(known, b.submit({"X": FOUR}, max_level=2))
    assert (score.level, narrate(score, known, "es").level_details.text) == (2, None)


def test_the_digest_tells_what_review_says() -> None:
    known = methodology(b.ladder("X"))
    plain = b.submit({"X": FOUR})
    others = [
        plain,
        structs.replace(plain, level_caps={"X": 4}),
        structs.replace(plain, level_caps={"X": 3}),
        structs.replace(plain, max_level=1),
        structs.replace(plain, max_level=2),
    ]
    assert len({explain(known, other).input_digest for other in others}) == len(others)


def test_what_review_says_stays_when_the_organisation_changes_its_draft() -> None:
    content = example_a()
    first = derive_submission(METHODOLOGY, content, judged())
    reviewed = structs.replace(first, level_caps={"D1.02": 1, "D9.99": 2}, max_level=2)
    again = derive_submission(METHODOLOGY, content, judged(), reviewed)
    assert (again.level_caps, again.max_level) == ({"D1.02": 1}, 2)


# --- in words -------------------------------------------------------------------------------------------------


def told(language: str, *, declared: bool) -> tuple[str, str]:
    """The reason and the next step of D4.06 of example A, sent at level 4 and lowered to 3."""
    submission = b.submit(
        {"D4.06": FOUR},
        {field.name: field.default for field in METHODOLOGY.document.profile} | example_a().profile,
        self_declared=["D4.06"] if declared else [],
        level_caps={"D4.06": 3},
    )
    score = narrate(explain(METHODOLOGY, submission), METHODOLOGY, "es" if language == "es" else "en")
    indicator = next(known for group in score.dimensions for known in group.indicators if known.id == "D4.06")
    assert indicator.next_step is not None
    return indicator.reason.text, indicator.next_step.text


def test_a_lowered_level_is_told_in_both_languages() -> None:
    endings = {
        ("es", False): "Puntuaría 100,00, pero la revisión lo bajó del paso 4.",
        ("en", False): "It would score 100.00, but review lowered it from step 4.",
        ("es", True): (
            "Puntuaría 100,00, pero solo está declarado, sin evidencia: como máximo 50,00. La revisión lo bajó del "
            "paso 4."
        ),
        ("en", True): (
            "It would score 100.00, but it is only declared, without evidence: at most 50.00. Review lowered it from "
            "step 4."
        ),
    }
    starts = {"es": "Aportar la evidencia: ", "en": "Attach the evidence: "}
    for language in WRITTEN:
        for declared in (False, True):
            reason, next_step = told(language, declared=declared)
            assert reason.endswith(endings[language, declared])
            assert next_step.startswith(starts[language])
