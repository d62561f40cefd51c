"""Gates on the lower limit of a counted share (SCORING, section 6)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Gate, LowerBoundOperand
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.narration.narrated import narrate
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.level_path import LevelPath, find_level_path
from actitud_api.engine.scoring.wilson import compute_wilson_interval, find_least_cases, reaches_lower_bound
from tests.unit.scoring import builders as b
from tests.unit.scoring.test_columns import assert_equal
from tests.unit.scoring.test_sentences import unbroken

APPLIES = b.compare(b.field("people"), "ge", 1)
FIELDS = (b.integer_field("people"), b.integer_field("asked"), b.integer_field("told"))
TESTED = b.profile_ratio("T", "told", "asked", applies=b.compare(b.field("asked"), "ge", 1))
"""A share of two fields of the profile; with nothing asked it does not apply."""


def limit(*names: str, required: float = 0.65, passes: bool = False) -> Methodology:
    """Level 2 asks for a lower limit of R, S or T; R and S apply from one person on, and S is 0 while Y is no."""
    closed = b.compare(b.fact("Y", "value"), "eq", False)
    tree = b.root(
        b.group("D", b.ratio("R", applies=APPLIES), b.ratio("S", applies=APPLIES, zero_when=closed)),
        b.group("E", TESTED, b.boolean("Y")),
    )
    first, *others = names or ("R",)
    gate = Gate(
        id="G",
        holds=b.compare(LowerBoundOperand(indicator=first, alternatives=tuple(others)), "ge", required),
        when_not_applicable="pass" if passes else "fail",
    )
    levels = b.levels_of(gate)
    return b.methodology(tree, profile=FIELDS, levels=levels, coverage=b.SOME)


def send(
    r: tuple[int, int] | None = (30, 30),
    s: tuple[int, int] | None = (30, 30),
    *,
    told: int = 0,
    asked: int = 0,
    people: int = 1,
    is_open: bool = True,
    self_declared: tuple[str, ...] = (),
) -> Submission:
    answers = {name: b.of(*sent) for name, sent in (("R", r), ("S", s)) if sent is not None}
    profile = {"people": people, "asked": asked, "told": told}
    return b.submit({**answers, "Y": {"value": is_open}}, profile, self_declared=self_declared)


# --- by hand ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cases", "n", "lower", "reaches"),
    [
        (7, 7, 645_670, False),  # 7/(7 + 3.841459)
        (8, 8, 675_592, True),  # 8/11.841459
        (9, 10, 595_850, False),
        (10, 10, 722_467, True),
        (25, 30, 664_356, True),  # 30 · (0.8333 - 0.65)² = 1.0083 >= 3.841459 · 0.65 · 0.35 = 0.8739
        (24, 30, 626_943, False),  # 30 · 0.15² = 0.675
        (206, 400, 466_114, False),
    ],
)
def test_the_table_of_the_page(cases: int, n: int, lower: int, reaches: bool) -> None:
    assert compute_wilson_interval(cases, n)[0] == lower
    assert reaches_lower_bound(cases, n, Fraction(65, 100)) is reaches
    score = explain(limit(), send((cases, n)))
    assert score.level == (2 if reaches else 1)
    if not reaches:
        (gate,) = score.level_details.blocked_by
        assert (gate.actual, gate.required) == (lower / 1_000_000, 0.65)
        assert gate.distance == pytest.approx(0.65 - lower / 1_000_000, abs=1e-12)


def test_a_share_below_what_is_asked_is_not_far_enough_on_the_other_side() -> None:
    """3 of 30 is as far below 0.65 as no share is above it."""
    assert not reaches_lower_bound(3, 30, Fraction(65, 100))
    assert evaluate(limit(), send((3, 30))).level == 1


def test_a_limit_that_rounds_to_what_is_asked_is_a_millionth_short() -> None:
    """10 of 10: 10/(10 + 3.841458820694124) = 0.72246720…; asked is one digit more than the limit has."""
    score = explain(limit(required=0.722467202), send((10, 10)))
    (gate,) = score.level_details.blocked_by
    assert (gate.actual, gate.required, gate.distance) == (0.722467, 0.722467, 0.000001)
    assert explain(limit(required=0.7224672), send((10, 10))).level == 2


def test_the_least_number_that_is_enough() -> None:
    """Of 30 it is 25, of 7 none."""
    assert (find_least_cases(30, Fraction(65, 100)), find_least_cases(7, Fraction(65, 100))) == (25, None)
    assert find_least_cases(1, Fraction(1, 10)) == 1


# --- alternatives -------------------------------------------------------------------------------------------------

ROWS: list[tuple[Submission, int, int | None]] = [
    # R alone is enough, or S alone; what is there is the greater limit
    (send((24, 30), (10, 10)), 2, None),
    (send((10, 10), (0, 30)), 2, None),
    (send((7, 7), (24, 30)), 1, 645_670),
    # silence about one is not paid by the other: unknown, only declared, no cases, 0 by rule, more than there are
    (send(None, (10, 10)), 1, None),
    (send((10, 10), None), 1, None),
    (send((10, 10), self_declared=("S",)), 1, None),
    (send((10, 10), (0, 0)), 1, None),
    (send((10, 10), is_open=False), 1, None),
    (send((10, 10), (31, 30)), 1, None),
]


@pytest.mark.parametrize(("submission", "level", "actual"), ROWS)
def test_the_greatest_limit_counts_and_silence_pays_for_nothing(
    submission: Submission, level: int, actual: int | None
) -> None:
    score = explain(limit("R", "S", passes=True), submission)
    assert score.level == level
    if level == 1:
        (gate,) = score.level_details.blocked_by
        assert gate.actual == (None if actual is None else actual / 1_000_000)


@pytest.mark.parametrize("passes", [True, False])
def test_what_does_not_apply_is_left_out_and_where_nothing_applies_the_gate_says(passes: bool) -> None:
    known = limit("R", "T", passes=passes)
    assert evaluate(known, send((25, 30))).level == 2
    assert evaluate(known, send((24, 30))).level == 1
    assert evaluate(known, send(people=0, asked=10, told=10)).level == 2
    assert evaluate(known, send(people=0, asked=10, told=9)).level == 1
    assert evaluate(known, send(people=0)).level == (2 if passes else 1)


def test_columns_say_the_same() -> None:
    rows = [submission for submission, _, _ in ROWS]
    rows += [send((cases, 30), asked=8, told=told) for cases in (24, 25) for told in (7, 8)]
    rows += [send(people=0, asked=asked, told=8) for asked in (0, 8, 9)]
    levels = set()
    for names in (("R",), ("R", "S"), ("R", "S", "T"), ("T",)):
        for passes in (True, False):
            levels |= set(assert_equal(limit(*names, passes=passes), rows).level.tolist())
    assert levels == {1, 2}


# --- in words, and on the path ------------------------------------------------------------------------------------


def test_the_gate_in_words() -> None:
    score = explain(limit("R", "S"), send((24, 30), (1, 30)))
    spanish, english = (
        narrate(score, limit("R", "S"), language).level_details.blocked_by[0].text for language in WRITTEN
    )
    assert spanish == unbroken(
        "Con un 95 % de confianza, «indicator R» o «indicator S» debe ser como mínimo 65 %: "
        "aquí 62,7 %; faltan 2,3 puntos porcentuales."
    )
    assert english == unbroken(
        "With 95 % confidence, “indicator R” or “indicator S” must be at least 65 %: "
        "here 62.7 %, 2.3 percentage points short."
    )


def test_a_limit_that_rounds_to_what_is_asked_is_short_in_words_too() -> None:
    known = limit(required=0.722467202)
    (gate,) = narrate(explain(known, send((10, 10))), known, "en").level_details.blocked_by
    assert gate.text.endswith("0.1 percentage points short.")


def moves(found: LevelPath) -> list[tuple[str, str, dict[str, object]]]:
    assert found.moves is not None
    return [(move.indicator, move.kind, dict(move.change)) for move in found.moves]


def test_the_path_names_the_least_number_that_is_enough() -> None:
    """25 of 30: not all 30, which is the next goalpost."""
    found = find_level_path(limit(), send((10, 30)))
    assert moves(found) == [("R", "improve", {"numerator": 25})]
    assert found.level_after == 2


def test_the_path_takes_the_alternative_where_the_first_cannot() -> None:
    """7 of 7 is too few; of 30 it takes 25."""
    assert moves(find_level_path(limit("R", "S"), send((7, 7), (0, 30)))) == [("S", "improve", {"numerator": 25})]
    assert moves(find_level_path(limit("R", "T"), send((7, 7), asked=10, told=3))) == [
        ("T", "improve", {"told": 10}),
    ]


def test_the_path_documents_what_is_only_declared_before_it_moves() -> None:
    found = find_level_path(limit("R", "S"), send((20, 30), (20, 30), self_declared=("R", "S")))
    assert found.level_after == 2
    assert {(move.indicator, move.needs_evidence) for move in found.moves or ()} == {("R", True), ("S", True)}


@pytest.mark.parametrize(
    ("submission", "code", "indicators"),
    [
        (send((7, 7), (6, 6)), "exhausted", ()),
        (send(None, (30, 30)), "unanswered", ("R",)),
        (send((7, 7), None), "unanswered", ("S",)),
        (send(people=0), "not_applicable", ()),
    ],
)
def test_why_no_path_passes_the_gate(submission: Submission, code: str, indicators: tuple[str, ...]) -> None:
    found = find_level_path(limit("R", "S"), submission)
    (unreachable,) = found.unreachable
    assert (unreachable.code, unreachable.indicators) == (code, indicators)
