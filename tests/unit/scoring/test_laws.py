"""Laws that hold for every organisation of 2026.1, validation rules on (SCORING, sections 5 and 9)."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import msgspec
import rfc8785
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.narration.narrated import narrate
from actitud_api.engine.scoring.compile import CompiledIndicator, compile_methodology
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import IndicatorScore, NextStep, Score
from tests.support.scale import NIGHT
from tests.unit.scoring import builders as b
from tests.unit.scoring.organisations import INDICATORS, METHODOLOGY, organisation
from tests.unit.scoring.sheets import assert_adds_up, case

SCALE = 20 if NIGHT else 1
SEEDS = st.integers(0, 2**32 - 1)
PLAN = compile_methodology(METHODOLOGY)


def examples(count: int) -> settings:
    return settings(max_examples=count * SCALE, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


def without(submission: Submission, *names: str) -> Submission:
    kept = {name: facts for name, facts in submission.answers.items() if name not in names}
    return msgspec.structs.replace(submission, answers=kept)


def figures(evaluation: Evaluation) -> dict[str, int]:
    """Every figure that silence must not raise; what is absent counts 0."""
    found = {f"group {name}": score or 0 for name, score in evaluation.groups.items()}
    found |= {
        leaf.definition.id: evaluation.results[leaf.position].score or 0 for leaf in evaluation.compiled.indicators
    }
    return found | {"level": evaluation.level or 0}


def countable(evaluation: Evaluation, submission: Submission) -> list[str]:
    """The answers that were sent and that no rule contradicts."""
    positions = evaluation.compiled.positions
    return [
        name
        for name in submission.answers
        if evaluation.results[positions[name]].code not in ("contradicted", "unsupported")
    ]


@examples(60)
@given(SEEDS)
def test_bounds_contain_the_index(seed: int) -> None:
    evaluation = evaluate(METHODOLOGY, organisation(seed))
    assert evaluation.index is not None
    assert evaluation.index_max is not None
    assert 0 <= evaluation.index <= evaluation.index_max <= PLAN.root.high
    for name, score in evaluation.groups.items():
        best = evaluation.groups_max[name]
        assert (score is None) == (best is None)
        assert score is None or best is None or score <= best
    if evaluation.status == "complete":
        assert evaluation.index == evaluation.index_max


@examples(60)
@given(SEEDS, SEEDS)
def test_bounds_close_around_what_is_answered_later(seed: int, silence: int) -> None:
    """The index of an organisation lies between the bounds that it had while some answers were missing."""
    later = organisation(seed)
    after = evaluate(METHODOLOGY, later)
    hidden = [name for position, name in enumerate(countable(after, later)) if silence >> (position % 32) & 1]
    before = evaluate(METHODOLOGY, without(later, *hidden))
    assert before.index is not None
    assert after.index is not None
    assert before.index_max is not None
    assert before.index <= after.index <= before.index_max


@examples(25)
@given(SEEDS)
def test_silence_never_pays(seed: int) -> None:
    """Leaving out an answer raises no indicator, dimension, index or level.

    An answer that is itself contradicted is left aside: taking it back is not silence but a correction, which may
    restore what it contradicted (V12), or show that its indicator never applied.
    """
    submission = organisation(seed)
    before = evaluate(METHODOLOGY, submission)
    told = figures(before)
    for name in countable(before, submission):
        silent = figures(evaluate(METHODOLOGY, without(submission, name)))
        assert {key: (told[key], silent[key]) for key in told if silent[key] > told[key]} == {}, name


@examples(25)
@given(SEEDS)
def test_setting_an_answer_aside_is_leaving_it_out(seed: int) -> None:
    submission = organisation(seed)
    for name in list(submission.answers)[:: 1 + seed % 7]:
        aside = evaluate(
            METHODOLOGY, msgspec.structs.replace(submission, set_aside={**submission.set_aside, name: "stale"})
        )
        assert figures(aside) == figures(evaluate(METHODOLOGY, without(submission, name)))


@examples(25)
@given(SEEDS)
def test_evidence_never_costs(seed: int) -> None:
    """Declaring only, where there was evidence, raises nothing."""
    submission = organisation(seed)
    evidenced = msgspec.structs.replace(submission, self_declared=frozenset())
    told, declared = figures(evaluate(METHODOLOGY, evidenced)), figures(evaluate(METHODOLOGY, submission))
    assert {key for key in told if declared[key] > told[key]} == set()


@examples(80)
@given(
    st.sampled_from(PLAN.indicators),
    st.fractions(min_value=0, max_value=300, max_denominator=1_000),
    st.fractions(min_value=0, max_value=300, max_denominator=1_000),
)
def test_a_better_value_never_scores_less(leaf: CompiledIndicator, one: Fraction, other: Fraction) -> None:
    if leaf.definition.curve.kind in ("boolean", "ladder"):
        steps = len(leaf.goalposts)
        one, other = Fraction(int(one) % steps), Fraction(int(other) % steps)
    less, more = sorted((one, other))
    low, high = leaf.curve(*less.as_integer_ratio()), leaf.curve(*more.as_integer_ratio())
    if leaf.definition.direction == "higher_is_better":
        assert 0 <= low <= high <= PLAN.root.high
    else:
        assert 0 <= high <= low <= PLAN.root.high


def apply(submission: Submission, name: str, change: dict[str, FactValue]) -> Submission:
    """The submission after a next step; a derived indicator changes the profile."""
    if INDICATORS[name].facts:
        return msgspec.structs.replace(
            submission, answers={**submission.answers, name: {**submission.answers[name], **change}}
        )
    plain = {key: cast("int", value) for key, value in change.items()}
    return msgspec.structs.replace(submission, profile={**submission.profile, **plain})


def documented(submission: Submission, name: str) -> Submission:
    return msgspec.structs.replace(submission, self_declared=submission.self_declared - {name})


def improved(submission: Submission, known: IndicatorScore, step: NextStep) -> Evaluation:
    """All scored anew after a next step, with its evidence where it asks for it."""
    changed = apply(submission, known.id, step.change)
    return evaluate(METHODOLOGY, documented(changed, known.id) if step.needs_evidence else changed)


def steps(score: Score) -> list[tuple[IndicatorScore, NextStep]]:
    """The steps whose gain is known and that require nothing else."""
    return [
        (known, known.next_step)
        for dimension in score.dimensions
        for known in dimension.indicators
        if known.next_step is not None and known.next_step.gain is not None and not known.next_step.requires
    ]


@examples(12)
@given(SEEDS)
def test_each_next_step_delivers_its_gain(seed: int) -> None:
    """Applied to the document with the rules on: the index moves by exactly what the step said."""
    submission = organisation(seed)
    score = explain(METHODOLOGY, submission)
    for known, step in steps(score):
        after = improved(submission, known, step).index
        assert after is not None
        assert score.index is not None
        assert (known.id, after - round(score.index * PLAN.unit)) == (known.id, round((step.gain or 0) * PLAN.unit))


@examples(12)
@given(SEEDS)
def test_improving_lowers_nothing(seed: int) -> None:
    """A next step raises its own score, and lowers no group, no index and no level.

    The maximum may come down where the step settles what was open (it supports an answer that was contradicted, or
    decides a zero rule); the status may where it opens a question that a zero rule had closed.
    """
    submission = organisation(seed)
    before = evaluate(METHODOLOGY, submission)
    for known, step in steps(explain(METHODOLOGY, submission)):
        after = improved(submission, known, step)
        own = PLAN.positions[known.id]
        assert (after.results[own].score or 0) > (before.results[own].score or 0), known.id
        for name, score in before.groups.items():
            assert (after.groups[name] or 0) >= (score or 0), (known.id, name)
        assert after.level is None or before.level is None or after.level >= before.level, known.id


def value(leaf: CompiledIndicator, submission: Submission) -> Fraction:
    found = leaf.compute_value(evaluate(METHODOLOGY, submission).sent)
    assert found is not None
    return Fraction(*found)


@examples(12)
@given(SEEDS)
def test_a_next_step_is_the_least(seed: int) -> None:
    """One unit less, in the fact that it moves, does not reach the goalpost."""
    submission = organisation(seed, noise=0)
    score = explain(METHODOLOGY, submission)
    for dimension in score.dimensions:
        for indicator in dimension.indicators:
            step, known = indicator.next_step, INDICATORS[indicator.id]
            if step is None or step.kind != "improve" or known.type not in ("ratio", "rate", "count"):
                continue
            if not known.facts:
                continue
            ((fact, to),) = step.change.items()
            come_from = submission.answers[indicator.id][fact]
            assert isinstance(to, int | float)
            assert isinstance(come_from, int | float)
            grid = 1 if isinstance(come_from, int) else 0.000001
            nearer = round(to - grid if to > come_from else to + grid, 6)
            leaf = PLAN.indicators[PLAN.positions[indicator.id]]
            reached, before, short = (
                value(leaf, apply(submission, indicator.id, {fact: number})) for number in (to, come_from, nearer)
            )
            for at, points in leaf.goalposts:
                if points > leaf.curve(*before.as_integer_ratio()):
                    assert not (short >= at if leaf.is_rising else short <= at), indicator.id
            assert leaf.curve(*reached.as_integer_ratio()) > leaf.curve(*before.as_integer_ratio())


@examples(40)
@given(SEEDS)
def test_points_add_up_at_every_node(seed: int) -> None:
    assert_adds_up(explain(METHODOLOGY, organisation(seed)))


@examples(20)
@given(SEEDS)
def test_the_order_of_what_is_sent_changes_nothing(seed: int) -> None:
    submission = organisation(seed)
    reordered = msgspec.structs.replace(
        submission,
        profile=dict(reversed(submission.profile.items())),
        answers={
            name: {
                fact: tuple(reversed(value)) if isinstance(value, tuple) else value
                for fact, value in reversed(facts.items())
            }
            for name, facts in reversed(submission.answers.items())
        },
    )
    first, second = explain(METHODOLOGY, submission), explain(METHODOLOGY, reordered)
    assert first.input_digest == second.input_digest
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


@examples(20)
@given(SEEDS)
@example(0)
def test_the_input_digest_tells_every_difference(seed: int) -> None:
    """Another fact, another basis, another field without evidence, another answer set aside: another digest."""
    submission = organisation(seed)
    name = next(iter(submission.answers))
    others = [
        without(submission, name),
        msgspec.structs.replace(submission, self_declared=submission.self_declared ^ {name}),
        msgspec.structs.replace(submission, profile_self_declared=submission.profile_self_declared ^ {"employees"}),
        msgspec.structs.replace(submission, set_aside={**submission.set_aside, name: "stale"})
        if submission.set_aside.get(name) != "stale"
        else msgspec.structs.replace(submission, set_aside={}),
        msgspec.structs.replace(submission, profile={**submission.profile, "employees": 123_456}),
    ]
    digests = [explain(METHODOLOGY, other).input_digest for other in [submission, *others]]
    assert len(set(digests)) == len(digests)


def test_19_and_19_0_are_the_same_answer() -> None:
    body = bytes(case("example_a").request)
    other = body
    for one, same in ((b'{"hours": 10}', b'{"hours": 10.0}'), (b"0.8,", b"8.0e-1,"), (b"0.03,", b"0.0300,")):
        assert one in other
        other = other.replace(one, same)
    first, second = (explain(METHODOLOGY, b.decode(METHODOLOGY, raw)) for raw in (body, other))
    assert first.input_digest == second.input_digest
    assert compute_digest(first) == compute_digest(second)


def test_beyond_six_decimals_nothing_differs() -> None:
    body = bytes(case("example_a").request)
    other = body.replace(b'"hours": 14.5}', b'"hours": 14.5000004}')
    further = body.replace(b'"hours": 14.5}', b'"hours": 14.5000005}')
    first, second, third = (explain(METHODOLOGY, b.decode(METHODOLOGY, raw)) for raw in (body, other, further))
    assert first.input_digest == second.input_digest != third.input_digest


def bare(value: object) -> object:
    """Without the members that depend on the language, at any depth."""
    if isinstance(value, dict):
        return {key: bare(member) for key, member in value.items() if key not in ("name", "text", "result_digest")}
    if isinstance(value, list):
        return [bare(member) for member in value]
    return value


@examples(6)
@given(SEEDS, st.sampled_from(["es", "en"]))
def test_the_result_digest_is_of_the_wire_without_its_sentences(seed: int, language: Language) -> None:
    score = explain(METHODOLOGY, organisation(seed))
    wire = narrate(score, METHODOLOGY, language)
    canonical = rfc8785.dumps(cast("dict[str, bool]", bare(msgspec.json.decode(msgspec.json.encode(wire)))))
    assert canonical == rfc8785.dumps(msgspec.to_builtins(score))
    assert wire.result_digest == compute_digest(score) == compute_digest(explain(METHODOLOGY, organisation(seed)))
    # every number is in its shortest form: written and read again, the bytes are the same
    assert rfc8785.dumps(msgspec.json.decode(canonical)) == canonical
