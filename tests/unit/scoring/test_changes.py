"""What-if, and the change of an organisation from one edition to another (SCORING, section 7)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import given

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Fact, ProfileField, Quotient
from actitud_api.engine.methodology.requests.answers import FactValue, Replacement, Submission
from actitud_api.engine.scoring.change_decomposition import (
    STAGES,
    ChangeDecomposition,
    ChangeParts,
    Delta,
    ScoreDifference,
    StagedScores,
    VersionEffects,
    compare_scores,
    convert_submission,
    decompose_change,
    replace_facts,
)
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import Figure
from tests.unit.scoring import builders as b
from tests.unit.scoring.organisations import METHODOLOGY, organisation
from tests.unit.scoring.sheets import exactly
from tests.unit.scoring.test_laws import SEEDS, examples

Facts = dict[str, FactValue]


def delta(before: Figure | None, after: Figure | None, by: Figure | None) -> Delta:
    return Delta(before=before, after=after, difference=by)


# --- what-if --------------------------------------------------------------------------------------------------

SMALL = b.methodology(
    b.root(b.group("D", b.ladder("L"), b.ratio("R")), b.group("E", b.boolean("B"))),
    rules=(b.rule("V", b.compare(b.fact("R", "numerator"), "le", b.fact("R", "denominator")), "R"),),
)


def what_if(known: Methodology, submission: Submission, replacement: Replacement) -> ScoreDifference:
    return compare_scores(explain(known, submission), explain(known, replace_facts(submission, replacement)))


def test_the_difference_is_told_node_by_node() -> None:
    """L 50 → 75 and R 25 → 0 (contradicted): D 37.50 → 37.50; B yes → no: E 100 → 0; index 68.75 → 18.75.

    D could win 50 and wins 18.75 both times: it loses 31.25. L loses 12.50 of its 25, then 6.25; R 18.75, then 25.
    """
    submission = b.submit({"L": {"level": 2}, "R": b.of(1, 4), "B": {"value": True}})
    found = what_if(SMALL, submission, Replacement(answers={"L": {"level": 3}, "R": b.of(5, 4), "B": {"value": False}}))
    assert found.index == delta(68.75, 18.75, -50)
    # every unknown at its best: R, contradicted, could be 100: D 87.50
    assert found.index_max == delta(68.75, 43.75, -25)
    assert found.coverage == delta(1, 0.75, -0.25)
    assert (found.status_before, found.status_after, found.level_before, found.level_after) == (
        "complete",
        "sufficient",
        1,
        1,
    )
    assert [(node.id, node.score, node.lost) for node in found.groups] == [
        ("D", delta(37.5, 37.5, 0), delta(31.25, 31.25, 0)),
        ("E", delta(100, 0, -100), delta(0, 50, 50)),
    ]
    assert [(node.id, node.code_before, node.code_after, node.score, node.lost) for node in found.indicators] == [
        ("L", "partial", "partial", delta(50, 75, 25), delta(12.5, 6.25, -6.25)),
        ("R", "partial", "contradicted", delta(25, 0, -25), delta(18.75, 25, 6.25)),
        ("B", "full", "zero", delta(100, 0, -100), delta(0, 50, 50)),
    ]
    assert ([one.rule for one in found.appeared], found.vanished) == (["V"], ())


def test_a_finding_that_is_mended_vanishes_and_what_stays_is_not_told() -> None:
    submission = b.submit({"L": {"level": 2}, "R": b.of(5, 4), "B": {"value": True}})
    found = what_if(SMALL, submission, Replacement(answers={"R": b.of(2, 4)}))
    assert (found.appeared, [one.rule for one in found.vanished]) == ((), ["V"])
    assert [node.id for node in found.indicators] == ["R"]
    assert what_if(SMALL, submission, Replacement(answers={"R": b.of(6, 4)})).indicators == ()


def test_an_answer_is_removed_and_one_that_was_set_aside_counts_again() -> None:
    submission = b.submit(
        {"L": {"level": 4}, "R": b.of(1, 4), "B": {"value": True}}, set_aside={"L": "stale"}, self_declared=["L", "B"]
    )
    after = replace_facts(submission, Replacement(answers={"L": {"level": 3}, "R": None}))
    assert after.answers == {"L": {"level": 3}, "B": {"value": True}}
    assert (dict(after.set_aside), set(after.self_declared)) == ({}, {"B"})
    assert what_if(SMALL, submission, Replacement(answers={"R": None})).groups[0].score == delta(12.5, 0, -12.5)


def test_fields_of_the_profile_are_replaced() -> None:
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"), b.ladder("M", applies=b.compare(b.field("staff"), "ge", 10)))),
        profile=(b.integer_field("staff", needs_evidence=True),),
    )
    submission = b.submit({"L": {"level": 4}, "M": {"level": 0}}, {"staff": 20})
    found = what_if(known, submission, Replacement(profile={"staff": 5}))
    # M leaves: the index is that of L, which loses nothing
    (node,) = found.indicators
    assert (node.id, node.code_after, node.score) == ("M", "not_applicable", delta(0, None, None))
    # only declared, it does not
    declared = Replacement(profile={"staff": 5}, profile_self_declared=frozenset({"staff"}))
    assert what_if(known, submission, declared).index == delta(50, 50, 0)


def test_a_figure_that_is_not_there_has_no_difference() -> None:
    known = b.methodology(
        b.root(b.group("D", b.ladder("L", applies=b.compare(b.field("staff"), "ge", 10)))),
        profile=(b.integer_field("staff"),),
    )
    found = what_if(known, b.submit({"L": {"level": 4}}, {"staff": 20}), Replacement(profile={"staff": 5}))
    assert found.index == delta(100, None, None)
    assert (found.status_after, found.level_after) == ("not_rateable", None)


def subset(seed: int) -> Replacement:
    """Some answers of another organisation, some taken back, some fields of the profile."""
    chance, other = Random(seed), organisation(seed + 1)
    answers = {
        name: facts if chance.random() < 0.7 else None for name, facts in other.answers.items() if chance.random() < 0.2
    }
    return Replacement(
        answers=answers,
        self_declared=frozenset(name for name, facts in answers.items() if facts and name in other.self_declared),
        profile={name: value for name, value in other.profile.items() if chance.random() < 0.1},
    )


@examples(20)
@given(SEEDS)
def test_the_losses_explain_the_difference_at_every_node(seed: int) -> None:
    submission, replacement = organisation(seed), subset(seed)
    before, after = explain(METHODOLOGY, submission), explain(METHODOLOGY, replace_facts(submission, replacement))
    found = compare_scores(before, after)
    assert (found.index.before, found.index.after) == (before.index, after.index)
    if before.index is None or after.index is None:
        return

    def total(deltas: Iterable[Delta]) -> Decimal:
        return sum((exactly(known.after) - exactly(known.before) for known in deltas), Decimal(0))

    assert total(node.lost for node in found.groups) == -exactly(found.index.difference)
    changed = {node.id: node.lost for node in found.indicators}
    losses = {node.id: node.lost for node in found.groups}
    for dimension in before.dimensions:
        inside = [changed[known.id] for known in dimension.indicators if known.id in changed]
        assert total(inside) == total([losses[dimension.id]]), dimension.id


@examples(20)
@given(SEEDS)
def test_replacing_everything_is_the_other_organisation(seed: int) -> None:
    """What is scored is the submission with the facts in it, whatever it was before."""
    submission, other = organisation(seed), organisation(seed + 1)
    answers: dict[str, Facts | None] = dict.fromkeys(submission.answers)
    after = replace_facts(
        submission,
        Replacement(
            answers={**answers, **other.answers},
            self_declared=other.self_declared,
            profile=other.profile,
            profile_self_declared=other.profile_self_declared,
        ),
    )
    assert explain(METHODOLOGY, after) == explain(METHODOLOGY, msgspec.structs.replace(other, set_aside={}))


# --- another version ------------------------------------------------------------------------------------------


def service(name: str) -> ProfileField:
    return ProfileField(name=name, type="boolean", set_by="service", default=False)


OLD = b.methodology(
    b.root(
        b.group("D", b.ladder("L"), b.ratio("R"), b.checklist("C", 1, ("a", "b"), ((0, 0), (2, 100)))),
        b.group("E", b.boolean("B")),
    ),
    profile=(b.integer_field("staff"), b.integer_field("old"), service("kept")),
)


def test_what_still_fits_is_carried_to_another_version() -> None:
    """L is shorter there, R has another fact, C another element, B is gone, N new; so are `new` and `born`."""
    different = msgspec.structs.replace(
        b.amount("R"),
        facts=(Fact(name="days", type="integer", minimum=0, maximum=9),),
        value=b.fact("R", "days"),
        step="days",
    )
    new = b.methodology(
        b.root(
            b.group(
                "D",
                b.ladder("L", points=(0, 50, 100)),
                different,
                b.checklist("C", 1, ("b", "c"), ((0, 0), (2, 100))),
            ),
            b.group("E", b.ladder("N")),
        ),
        profile=(b.integer_field("staff"), b.integer_field("new"), service("kept"), service("born")),
        version="test.2",
    )
    submission = b.submit(
        {"L": {"level": 3}, "R": b.of(1, 2), "C": {"components": ("a", "b")}, "B": {"value": True}},
        {"staff": 5, "old": 6, "kept": True},
        self_declared=["L", "C"],
        profile_self_declared=["old", "staff"],
        set_aside={"B": "stale", "C": "withdrawn"},
    )
    moved, told = convert_submission(submission, OLD, new)
    assert moved == b.submit(
        {"C": {"components": ("b",)}},
        {"staff": 5, "kept": True, "born": False},
        self_declared=["C"],
        profile_self_declared=["staff"],
        set_aside={"C": "withdrawn"},
    )
    assert told == VersionEffects(
        dropped_answers=("L", "R", "B"),
        new_indicators=("N",),
        dropped_fields=("old",),
        new_fields=("new", "born"),
    )
    assert convert_submission(submission, OLD, OLD)[0] == submission


@pytest.mark.parametrize("stated", [{"level": 2}, {"level": 0}])
def test_what_is_admissible_is_kept_to_its_bounds(stated: Facts) -> None:
    new = b.methodology(b.root(b.group("D", b.ladder("L", points=(0, 50, 100)))), version="test.2")
    submission = b.submit({"L": stated}, {"staff": 1, "old": 1, "kept": False})
    assert convert_submission(submission, OLD, new)[0].answers == {"L": stated}


FORMS = b.methodology(
    b.root(b.group("D", b.ladder("L"))),
    profile=(
        b.integer_field("whole"),
        ProfileField(name="number", type="number", set_by="organisation", minimum=-2, maximum=2),
        ProfileField(name="yes", type="boolean", set_by="organisation"),
        ProfileField(name="word", type="enum", set_by="organisation", values=("one", "other")),
        b.service_field("unset"),
    ),
    version="test.2",
)


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("whole", 5, True),
        ("whole", 5.0, True),
        ("whole", 5.5, False),
        ("whole", -1, False),
        ("whole", True, False),
        ("whole", "five", False),
        ("whole", None, False),
        ("number", 1.5, True),
        ("number", -2, True),
        ("number", -2.5, False),
        ("number", 2, True),
        ("number", 2.5, False),
        ("number", False, False),
        ("yes", False, True),
        ("yes", 1, False),
        ("word", "other", True),
        ("word", "another", False),
        ("unset", None, True),
    ],
)
def test_a_field_is_carried_where_its_value_has_the_form_that_is_asked_for(
    field: str, value: bool | float | str | None, kept: bool
) -> None:
    submission = b.submit({"L": {"level": 1}}, {field: value, "unset": None} | {field: value})
    moved, told = convert_submission(submission, OLD, FORMS)
    assert (field in moved.profile, told.dropped_fields) == (kept, () if kept else (field,))
    assert moved.profile.get(field, value) == value


def test_what_review_says_of_a_level_is_carried_with_it() -> None:
    """R is no level, and B is not asked there."""
    new = b.methodology(b.root(b.group("D", b.ladder("L"), b.ratio("R"))), version="test.2")
    submission = b.submit({"L": {"level": 3}}, level_caps={"L": 1, "R": 1, "B": 1})
    assert dict(convert_submission(submission, OLD, new)[0].level_caps) == {"L": 1}


def test_what_need_not_be_said_may_be_missing() -> None:
    """What lies outside the remit need not be said, and becomes nothing; the components of a checklist have to be."""
    known = b.checklist("C", 1, ("a", "b"), ((0, 0), (2, 100)))
    optional = Fact(name="outside_remit", type="components", required=False)
    listing = msgspec.structs.replace(known, facts=(*known.facts, optional))
    new = b.methodology(b.root(b.group("D", listing)), version="test.2")
    for stated, expected in (
        ({"components": ("a",)}, {"components": ("a",), "outside_remit": ()}),
        ({"outside_remit": ("a",)}, None),
    ):
        answers = convert_submission(b.submit({"C": stated}), OLD, new)[0].answers
        assert answers.get("C") == expected


def test_what_depends_on_a_new_field_is_unknown() -> None:
    """Not known, `new` excludes nothing and divides nothing: silence never pays."""
    per_head = msgspec.structs.replace(
        b.amount("P"), value=Quotient(numerator=b.fact("P", "hours"), denominator=b.field("new"))
    )
    applying = b.ladder("Q", applies=b.compare(b.field("new"), "ge", 1))
    locked = b.ladder("Z", zero_when=b.compare(b.field("new"), "eq", 0))
    new = b.methodology(
        b.root(b.group("D", b.ladder("L"), per_head, applying, locked)),
        profile=(b.integer_field("new"),),
        version="test.2",
    )
    old = b.methodology(b.root(b.group("D", b.ladder("L"), b.amount("P"), b.ladder("Q"), b.ladder("Z"))))
    answers: dict[str, Facts] = {"L": {"level": 4}, "P": {"hours": 1}, "Q": {"level": 4}, "Z": {"level": 4}}
    score = explain(new, convert_submission(b.submit(answers), old, new)[0])
    assert [(known.id, known.state, known.score) for known in score.dimensions[0].indicators] == [
        ("L", "observed", 100),
        ("P", "unknown", 0),
        ("Q", "unknown", 0),
        ("Z", "unknown", 0),
    ]
    assert (score.index, score.index_max, score.coverage) == (25, 100, 0.25)


# --- change ---------------------------------------------------------------------------------------------------

FIRST = b.methodology(b.root(b.group("D", b.ladder("L"), b.ratio("R")), b.group("E", b.boolean("B"))))
SECOND = b.methodology(
    b.root(b.group("D", b.ladder("L", 3), b.ratio("R")), b.group("E", b.boolean("B"), b.ladder("N"))), version="test.2"
)
BEFORE = b.submit({"L": {"level": 2}, "R": b.of(1, 4), "B": {"value": True}})
AFTER = b.submit({"L": {"level": 3}, "B": {"value": False}, "N": {"level": 4}})


def chains(found: ChangeDecomposition) -> dict[str, tuple[Figure | None, ...]]:
    return {known.id: msgspec.structs.astuple(known.score) for known in found.indicators}


def test_a_change_is_split_in_the_fixed_order() -> None:
    """S0: D (50 + 25)/2 = 37.50, E 100: 68.75.

    S1, under the second version, where L weighs 3 and N is new: D (150 + 25)/4 = 43.75, E (100 + 0)/2 = 50: 46.88.
    S2: R is not known in B, N is, at 100: D 150/4 = 37.50, E 100: 68.75.
    S3: L 75, B no: D 225/4 = 56.25, E 50: 53.13.
    """
    found = decompose_change(FIRST, BEFORE, SECOND, AFTER)
    assert msgspec.structs.astuple(found.index) == (68.75, 46.88, 68.75, 53.13)
    assert found.parts is not None
    assert msgspec.structs.astuple(found.parts) == (-21.87, 21.87, -15.62, -15.62)
    assert (found.unrated, found.methodology_before.version, found.methodology_after.version) == (
        (),
        "test.1",
        "test.2",
    )
    assert [(node.id, msgspec.structs.astuple(node.score), node.parts) for node in found.groups] == [
        ("D", (37.5, 43.75, 37.5, 56.25), ChangeParts(methodology=6.25, coverage=-6.25, data=18.75, total=18.75)),
        ("E", (100, 50, 100, 50), ChangeParts(methodology=-50, coverage=50, data=-50, total=-50)),
    ]
    assert (found.level_before, found.level_after) == (1, 1)
    assert (found.methodology_before.digest, found.methodology_after.digest) == (FIRST.digest, SECOND.digest)
    assert chains(found) == {
        "L": (50, 50, 50, 75),
        "R": (25, 25, 0, 0),
        "B": (100, 100, 100, 0),
        "N": (None, 0, 100, 100),
    }
    assert [(node.id, node.code_before, node.code_after) for node in found.indicators if node.id in "RN"] == [
        ("R", "partial", "unknown"),
        ("N", None, "full"),
    ]
    assert found.version_effects.new_indicators == ("N",)


def test_under_one_version_the_methodology_changes_nothing() -> None:
    """Everything known in both: all of it is data. R: 37.50 → 62.50 in D."""
    after = msgspec.structs.replace(BEFORE, answers={**BEFORE.answers, "R": b.of(3, 4)})
    found = decompose_change(FIRST, BEFORE, FIRST, after)
    assert found.parts is not None
    assert msgspec.structs.astuple(found.parts) == (0, 0, 12.5, 12.5)
    assert chains(found) == {"R": (25, 25, 25, 75)}


def test_what_is_not_there_any_more_stands_after_the_rest() -> None:
    found = decompose_change(SECOND, AFTER, FIRST, BEFORE)
    assert list(chains(found)) == ["L", "R", "B", "N"]
    assert chains(found)["N"] == (100, None, None, None)
    assert found.version_effects.dropped_answers == ("N",)


def test_a_group_that_scores_nothing_has_a_score_at_every_stage() -> None:
    nothing = msgspec.structs.replace(BEFORE, answers={**BEFORE.answers, "B": {"value": False}})
    (_, group) = decompose_change(FIRST, nothing, FIRST, nothing).groups
    assert group.score == StagedScores(before=0, methodology=0, coverage=0, after=0)
    assert group.parts == ChangeParts(methodology=0, coverage=0, data=0, total=0)


def test_what_makes_its_group_unknown_in_b_does_so_before_the_data() -> None:
    """R is not known in B: under `void` neither is D, at the stage of coverage already."""
    void = b.methodology(b.root(b.group("D", b.ladder("L"), b.ratio("R"), missing="void"), missing="void"))
    found = decompose_change(void, b.submit({"L": {"level": 2}, "R": b.of(1, 4)}), void, b.submit({"L": {"level": 4}}))
    expected = StagedScores(before=37.5, methodology=37.5, coverage=None, after=None)
    assert (found.index, found.groups[0].score) == (expected, expected)
    assert (found.parts, found.groups[0].parts, found.unrated) == (None, None, ("coverage", "after"))


def test_a_contradiction_counts_as_not_known() -> None:
    """R contradicts itself in A: what it brings in B, 25, is coverage."""
    found = decompose_change(SMALL, b.submit({**BEFORE.answers, "R": b.of(5, 4)}), SMALL, BEFORE)
    assert found.parts is not None
    assert msgspec.structs.astuple(found.parts) == (0, 6.25, 0, 6.25)


def test_a_stage_without_an_index_leaves_no_parts() -> None:
    """The third version asks three rated dimensions, of which one never applies."""
    third = b.methodology(
        b.root(
            b.group("D", b.ladder("L"), b.ratio("R")),
            b.group("E", b.boolean("B")),
            b.group("F", b.ladder("N", applies=b.NEVER)),
            rated_children=3,
        ),
        version="test.3",
    )
    found = decompose_change(FIRST, BEFORE, third, BEFORE)
    assert (found.parts, found.unrated) == (None, STAGES[1:])
    assert msgspec.structs.astuple(found.index) == (68.75, None, None, None)


@examples(25)
@given(SEEDS)
def test_the_parts_sum_to_the_difference_and_the_ends_are_the_scores(seed: int) -> None:
    before, after = organisation(seed), organisation(seed + 1)
    found = decompose_change(METHODOLOGY, before, METHODOLOGY, after)
    assert found.index.before == explain(METHODOLOGY, before).index == found.index.methodology
    assert found.index.after == explain(METHODOLOGY, after).index
    if found.parts is None:
        return
    parts = [exactly(part) for part in (found.parts.methodology, found.parts.coverage, found.parts.data)]
    assert sum(parts) == exactly(found.parts.total) == exactly(found.index.after) - exactly(found.index.before)


@examples(10)
@given(SEEDS)
def test_with_the_same_answers_known_there_is_no_coverage_part(seed: int) -> None:
    """All known in both, and nothing contradicted: only data."""
    before, after = (organisation(number, noise=0, silence=0) for number in (seed, seed + 1))
    if any(evaluate(METHODOLOGY, one).status != "complete" for one in (before, after)):
        return
    found = decompose_change(METHODOLOGY, before, METHODOLOGY, after)
    assert found.parts is not None
    assert (found.parts.methodology, found.parts.coverage) == (0, 0)
