"""What verdicts do to the score of example A of the catalogue (section 10.A), every figure by hand.

The dimensions of A are 38.75 60.82 43.81 42.50 43.37 25.00 44.78 48.94 38.88 53.43: together 440.28, index 44.03.
"""

from __future__ import annotations

import pytest
from msgspec import structs

from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.methodology.requests.content import Answer, AssessmentContent
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate
from actitud_api.resources.assessments.evidence import build_context, derive_submission
from actitud_api.resources.assessments.reviewed_submission import (
    NO_REVIEW,
    AppliedOverall,
    AppliedReview,
    AppliedVerdict,
    Verdict,
    apply_review,
    digest_answer,
    list_levels,
    remove_review,
)
from tests.support.assessing import DOMAIN, METHODOLOGY, example_a
from tests.unit.scoring.test_evidence import REFERENCE, TODAY

JUDGED_BY = build_context([DOMAIN], TODAY, REFERENCE)


def submission(content: AssessmentContent | None = None) -> Submission:
    return derive_submission(METHODOLOGY, content or example_a(), JUDGED_BY)


def digest(answer: Answer) -> str:
    return digest_answer(answer.facts, repr((answer.evidence, answer.note)))


def digests(content: AssessmentContent) -> dict[str, str]:
    return {name: digest(answer) for name, answer in content.answers.items()}


def found(
    indicator: str, verdict: Verdict, level: int | None = None, content: AssessmentContent | None = None
) -> AppliedReview:
    answer = (content or example_a()).answers[indicator]
    return AppliedReview({indicator: (AppliedVerdict(verdict, digest(answer), level),)})


def scored(review: AppliedReview) -> Evaluation:
    return evaluate(METHODOLOGY, apply_review(METHODOLOGY, submission(), review, digests(example_a())))


def dimension(evaluation: Evaluation, indicator: str) -> int | None:
    return evaluation.groups[indicator.partition(".")[0]]


def code(evaluation: Evaluation, indicator: str) -> str:
    return evaluation.results[evaluation.compiled.positions[indicator]].code


OF_EACH_KIND = {
    # ratio 50.00, weight 25: D1 = (3875 - 25·50)/100
    "D1.01": (2625, 4278, 3875, 4403),
    # rate, logarithmic 65.37, weight 10 of 95: D7 = (4253.70 - 653.70)/95; declared (4253.70 - 653.70 + 500)/95
    "D7.02": (3789, 4334, 4316, 4387),
    # count 40.00, weight 25 of 90, below the cap: D6 = (2250 - 1000)/90
    "D6.01": (1389, 4292, 2500, 4403),
    # duration 60.00, weight 10: D9 = (3887.50 - 600)/100; declared (3887.50 - 100)/100
    "D9.02": (3288, 4343, 3788, 4393),
    # checklist 57.14, weight 25: D10 = (5343.10 - 1428.50)/100; declared (5343.10 - 1428.50 + 1250)/100
    "D10.02": (3915, 4260, 5165, 4385),
    # checklist of which the service says a part 60.00, weight 15: D2 = (6081.75 - 900)/100; (6081.75 - 150)/100
    "D2.02": (5182, 4313, 5932, 4388),
    # ladder, level 3 of 4 75.00, weight 10: D10 = (5343.10 - 750)/100; declared (5343.10 - 250)/100
    "D10.07": (4593, 4328, 5093, 4378),
    # yes 100.00, weight 10 of 95: D7 = (4253.70 - 1000)/95; declared (4253.70 - 500)/95
    "D7.08": (3425, 4298, 3951, 4350),
}
"""By indicator: dimension and index without the answer; dimension and index with the answer only declared."""


@pytest.mark.parametrize("indicator", OF_EACH_KIND)
def test_an_accepted_answer_counts_as_it_was_sent(indicator: str) -> None:
    assert apply_review(METHODOLOGY, submission(), found(indicator, "accepted"), digests(example_a())) == submission()
    assert scored(found(indicator, "accepted")).index == 4403


@pytest.mark.parametrize("verdict", ["rejected", "stale"])
@pytest.mark.parametrize("indicator", OF_EACH_KIND)
def test_a_rejected_or_stale_answer_counts_nothing(indicator: str, verdict: Verdict) -> None:
    of_dimension, index, _, _ = OF_EACH_KIND[indicator]
    evaluation = scored(found(indicator, verdict))
    assert (dimension(evaluation, indicator), evaluation.index) == (of_dimension, index)
    assert code(evaluation, indicator) == verdict


@pytest.mark.parametrize("indicator", OF_EACH_KIND)
def test_with_insufficient_evidence_it_counts_as_only_declared(indicator: str) -> None:
    _, _, of_dimension, index = OF_EACH_KIND[indicator]
    evaluation = scored(found(indicator, "insufficient"))
    assert (dimension(evaluation, indicator), evaluation.index) == (of_dimension, index)
    assert evaluation.self_declared == {indicator}


def test_what_is_rejected_could_still_be_worth_all() -> None:
    """Without D1.01 the index is 42.78; with 100 in its place D1 = (3875 - 1250 + 2500)/100 = 51.25."""
    evaluation = scored(found("D1.01", "rejected"))
    assert (evaluation.index, evaluation.index_max, evaluation.status) == (4278, 4528, "sufficient")


@pytest.mark.parametrize(
    ("level", "of_dimension", "index"),
    # D10 = (5343.10 - 10·75 + 10·points)/100
    [(2, 5093, 4378), (1, 4843, 4353), (0, 4593, 4328)],
)
def test_a_capped_level_counts_as_the_lower_one(level: int, of_dimension: int, index: int) -> None:
    evaluation = scored(found("D10.07", "capped", level))
    assert (dimension(evaluation, "D10.07"), evaluation.index) == (of_dimension, index)
    assert evaluation.results[evaluation.compiled.positions["D10.07"]].level_sent == 3


def test_what_rests_on_a_rejected_answer_falls_with_it() -> None:
    """F1 of D10.02 asks for D8.05: without it D8 = (4893.75 - 250)/100 = 46.44 and D10 = 39.15; together 423.50."""
    evaluation = scored(found("D8.05", "rejected"))
    assert (dimension(evaluation, "D8.05"), dimension(evaluation, "D10.02"), evaluation.index) == (4644, 3915, 4235)
    assert code(evaluation, "D10.02") == "unsupported"


def test_another_answer_in_its_place_is_not_judged() -> None:
    judged = found("D1.01", "rejected")
    content = example_a()
    answer = content.answers["D1.01"]
    for changed in (
        structs.replace(answer, facts={**answer.facts, "numerator": 159}),
        structs.replace(answer, evidence=answer.evidence[:0]),
        structs.replace(answer, note="Another note."),
    ):
        after = structs.replace(content, answers={**content.answers, "D1.01": changed})
        assert apply_review(METHODOLOGY, submission(after), judged, digests(after)) == submission(after)
    gone = structs.replace(content, answers={name: one for name, one in content.answers.items() if name != "D1.01"})
    assert apply_review(METHODOLOGY, submission(gone), judged, digests(gone)) == submission(gone)


def test_the_highest_level_holds_and_is_let_go() -> None:
    held = AppliedReview(overall=AppliedOverall(max_level=2))
    assert (scored(NO_REVIEW).level, scored(held).level, scored(held).index) == (3, 2, 4403)
    assert scored(AppliedReview(overall=AppliedOverall())).level == 3


def test_what_the_service_says_of_the_profile_counts() -> None:
    """An integrity case holds the level below 3; with incidents D6.05 applies and is unanswered: D6 = 2250/100."""
    case = scored(AppliedReview(overall=AppliedOverall(profile={"integrity_case": True})))
    assert (case.level, case.index) == (2, 4403)
    incidents = scored(AppliedReview(overall=AppliedOverall(profile={"incidents": 1})))
    assert (incidents.groups["D6"], incidents.index) == (2250, 4378)


def test_what_is_outside_of_the_remit_is_not_asked_for() -> None:
    """Six of nine: 66.67; D2 = (6081.75 - 900 + 15·66.67)/100 = 61.82."""
    evaluation = scored(AppliedReview(overall=AppliedOverall(answers={"D2.02": {"outside_remit": ("c3",)}})))
    assert (evaluation.groups["D2"], evaluation.index) == (6182, 4413)


VERDICTS: tuple[tuple[str, Verdict, int | None], ...] = (
    ("D1.01", "rejected", None),
    ("D1.02", "stale", None),
    ("D10.07", "capped", 1),
    ("D7.08", "accepted", None),
)
EVERYTHING = AppliedReview(
    {name: (AppliedVerdict(verdict, digest(example_a().answers[name]), level),) for name, verdict, level in VERDICTS},
    AppliedOverall(max_level=2, profile={"incidents": 1}, answers={"D2.02": {"outside_remit": ("c3",)}}),
)


def test_a_level_that_is_not_capped_stays() -> None:
    """Whatever stands beside another verdict."""
    verdicts: tuple[Verdict, ...] = ("accepted", "insufficient")
    for verdict in verdicts:
        judged = found("D10.07", verdict, 1)
        assert apply_review(METHODOLOGY, submission(), judged, digests(example_a())).level_caps == {}


def test_what_is_reviewed_stays_as_it_was() -> None:
    sent = submission()
    after = apply_review(METHODOLOGY, sent, EVERYTHING, digests(example_a()))
    assert sent == submission()
    assert (sent.answers["D2.02"]["outside_remit"], after.answers["D2.02"]["outside_remit"]) == ((), ("c3",))


def test_of_what_was_not_answered_the_service_says_nothing() -> None:
    content = example_a()
    silent = structs.replace(content, answers={name: one for name, one in content.answers.items() if name != "D2.02"})
    after = apply_review(METHODOLOGY, submission(silent), EVERYTHING, digests(silent))
    assert "D2.02" not in after.answers
    assert after.profile["incidents"] == 1


def test_without_a_review_is_as_before_it() -> None:
    after = apply_review(METHODOLOGY, submission(), EVERYTHING, digests(example_a()))
    assert (after.set_aside, after.level_caps, after.max_level) == (
        {"D1.01": "rejected", "D1.02": "stale"},
        {"D10.07": 1},
        2,
    )
    assert remove_review(METHODOLOGY, after, EVERYTHING) == submission()


def test_what_no_verdict_is_about_stays_set_aside() -> None:
    """As simulated answers are, which nobody has judged."""
    before = structs.replace(submission(), set_aside={"D2.01": "stale"}, level_caps={"D2.05": 1})
    after = remove_review(METHODOLOGY, before, found("D1.01", "rejected"))
    assert after == before
    # nor does what the service said otherwise, where no review spoke of the whole
    told = structs.replace(before, profile={**before.profile, "incidents": 3})
    assert remove_review(METHODOLOGY, told, found("D1.01", "rejected")) == told


def test_only_ladders_have_levels() -> None:
    by_type = {known.type: list_levels(known) for known in walk_indicators(METHODOLOGY.document.root)}
    assert {name: levels for name, levels in by_type.items() if levels} == {"level": (0, 1, 2, 3, 4)}
