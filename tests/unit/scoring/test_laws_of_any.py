"""Laws that hold for every methodology, validation rules on (docs/scoring.md, sections 5, 7 and 9.4).

`test_laws.py` has them for 2026.1, with organisations that its rules are made for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from actitud_api.engine.methodology.loader import DefectiveMethodology, Methodology
from actitud_api.engine.methodology.model import Document, Group, Indicator
from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, walk_groups, walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import NextStep, Score
from tests.unit.scoring.random_documents import (
    ANY,
    QUIET,
    SMALL,
    SOUND,
    ZERO,
    Case,
    Kind,
    drawn,
    fact_value,
    read,
    seeded,
)
from tests.unit.scoring.sheets import Node, assert_adds_up, exactly, flat, groups_of, indicators_of, points
from tests.unit.scoring.test_reference import examples


def cases(kind: Kind) -> st.SearchStrategy[Case]:
    """Mostly small documents, which shrink; now and then one of any size."""
    return st.one_of(drawn(kind), seeded(kind, 2, SMALL), seeded(kind))


Scores = dict[str, int | None]


def scores(evaluation: Evaluation) -> Scores:
    """The score of every node."""
    found = {leaf.definition.id: evaluation.results[leaf.position].score for leaf in evaluation.compiled.indicators}
    return found | evaluation.groups


def maxima(evaluation: Evaluation) -> Scores:
    """The same with every unknown at its best."""
    found = {leaf.definition.id: evaluation.results[leaf.position].maximum for leaf in evaluation.compiled.indicators}
    return found | evaluation.groups_max


def raised(evaluation: Evaluation, before: Scores, after: Scores) -> Scores:
    """What is more after than before; what has left counts the least of its range."""
    plan = evaluation.compiled
    least = {leaf.definition.id: leaf.low for leaf in plan.indicators}
    least |= {name: group.low for name, group in plan.groups.items()}

    def more(name: str) -> bool:
        one, other = before[name], after[name]
        return other is not None and other > (least[name] if one is None else one)

    return {name: after[name] for name in before if more(name)}


# --- bounds and silence -------------------------------------------------------------------------------------------


@examples(6, 300)
@given(cases(ZERO))
def test_bounds_contain_the_index(case: Case) -> None:
    """Where every unknown counts the least of its range (section 5: under `leave` the pair may cross)."""
    methodology, submissions = case.methodology, case.submissions
    for submission in submissions:
        evaluation = evaluate(methodology, submission)
        assert raised(evaluation, maxima(evaluation), scores(evaluation)) == {}
        assert (evaluation.index is None) == (evaluation.index_max is None)
        assert (evaluation.index or 0) <= (evaluation.index_max or 0)
        if evaluation.status == "complete":
            assert evaluation.index == evaluation.index_max


@examples(6, 300)
@given(cases(SOUND))
def test_silence_never_pays(case: Case) -> None:
    """Leaving out an answer, or setting it aside, raises no indicator, group, index or level.

    An answer that is itself contradicted is left aside: taking it back is a correction, not silence. Documents whose
    nodes ask for no share of their weight: there silence, like a contradiction, can have a node rated that had left.
    The root asks for one rated child all the same. Where nothing applies there is neither index nor level; without an
    answer that a zero rule reads, an indicator is unknown instead of not applicable, and there is an index of 0, which
    has a level. No level is then raised.
    """
    methodology, submissions = case.methodology, case.submissions
    for submission in submissions:
        before = evaluate(methodology, submission)
        for name, facts in submission.answers.items():
            if before.results[before.compiled.positions[name]].code in ("contradicted", "unsupported"):
                continue
            without = {other: sent for other, sent in submission.answers.items() if other != name}
            silent = evaluate(methodology, msgspec.structs.replace(submission, answers=without))
            assert raised(before, scores(before), scores(silent)) == {}, (name, facts)
            assert (silent.index or 0) <= (before.index or before.compiled.root.low), (name, facts)
            if before.index is not None:
                assert (silent.level or 0) <= (before.level or 0), (name, facts)
            aside = msgspec.structs.replace(submission, set_aside={**submission.set_aside, name: "stale"})
            assert scores(evaluate(methodology, aside)) == scores(silent)


# --- improving -----------------------------------------------------------------------------------------------------


def better(known: Indicator, before: Evaluation, after: Evaluation) -> bool:
    """Whether the raw value of an indicator is better after than before.

    Where every value has the same score more is better, as it is for the gates of the drawn documents.
    """
    position = before.compiled.positions[known.id]
    one, other = before.results[position].value, after.results[position].value
    if one is None or other is None:
        return False
    more = other[0] * one[1] - one[0] * other[1]
    first, last = known.curve.goalposts[0].score, known.curve.goalposts[-1].score
    return more > 0 if last >= first else more < 0


@examples(6, 300)
@given(cases(QUIET), st.randoms(use_true_random=False))
def test_improving_a_value_lowers_nothing(case: Case, chance: Random) -> None:
    """Neither its own score nor those above it, their maxima, the index, its maximum or the level."""
    methodology, submissions = case.methodology, case.submissions
    known = {leaf.id: leaf for leaf in walk_indicators(methodology.document.root)}
    improved = 0
    for submission in submissions:
        before = evaluate(methodology, submission)
        for name, facts in submission.answers.items():
            changed = {fact.name: fact_value(chance, fact, known[name]) for fact in known[name].facts}
            answers = {**submission.answers, name: {**facts, **changed}}
            after = evaluate(methodology, msgspec.structs.replace(submission, answers=answers))
            if reads_elsewhere(methodology.document, name) or not better(known[name], before, after):
                continue
            if has_fewer_cases(facts, changed) and named(name, methodology.document.levels):
                continue
            improved += 1
            assert raised(before, scores(after), scores(before)) == {}, (name, changed)
            assert raised(before, maxima(after), maxima(before)) == {}, (name, changed)
            assert (after.index or 0) >= (before.index or 0)
            assert (after.index_max or 0) >= (before.index_max or 0)
            assert (after.level or 0) >= (before.level or 0), (name, changed)
    assume(improved)


def reads_elsewhere(document: Document, name: str) -> bool:
    """Whether a zero rule, or the value of another indicator, reads the answer."""
    return any(
        named(name, leaf.zero_when) or (leaf.id != name and named(name, leaf.value))
        for leaf in walk_indicators(document.root)
    )


def has_fewer_cases(before: Mapping[str, FactValue], after: Mapping[str, FactValue]) -> bool:
    """Whether a share is of fewer cases: its lower limit, which gates may read, is lower although it is higher."""
    one, other = before.get("denominator"), after.get("denominator")
    return isinstance(one, int) and isinstance(other, int) and other < one


def named(name: str, part: object) -> bool:
    """Whether a part of a document names a node."""
    return b'"' + name.encode() + b'"' in msgspec.json.encode(part)


# --- points --------------------------------------------------------------------------------------------------------


@examples(6, 300)
@given(cases(ANY))
def test_points_add_up_at_every_node(case: Case) -> None:
    """Won + lost = possible, and the children sum to the node, as displayed; below Shapley values only what is lost."""
    methodology, submissions = case.methodology, case.submissions
    for submission in submissions:
        score = explain(methodology, submission)
        assert_adds_up(score, methodology.document.root.range.maximum)
        for group in groups_of(score):
            if group.lost is None:
                inside: list[Node] = [*group.groups, *group.indicators]
                assert {points(node) for node in inside} == {(None, None, None)}


# --- what changes nothing --------------------------------------------------------------------------------------------


def rebuilt(document: Document, change: Callable[[Group], Group]) -> Methodology:
    """The document with every group changed, from the leaves up."""

    def of(group: Group) -> Group:
        children = tuple(of(child) if isinstance(child, Group) else child for child in group.children)
        return change(msgspec.structs.replace(group, children=children))

    return read(msgspec.structs.replace(document, root=of(document.root)))


def figures(evaluation: Evaluation) -> dict[str, object]:
    """Every figure that does not depend on the order of the document."""
    return {
        **{f"{name} score": score for name, score in scores(evaluation).items()},
        **{f"{name} maximum": score for name, score in maxima(evaluation).items()},
        **{f"{name} coverage": share for name, share in evaluation.coverages.items()},
        "index": evaluation.index,
        "index_max": evaluation.index_max,
        "status": evaluation.status,
        "level": evaluation.level,
    }


@examples(4, 180)
@given(cases(ANY), st.randoms(use_true_random=False))
def test_the_order_of_children_changes_no_score(case: Case, chance: Random) -> None:
    methodology, submissions = case.methodology, case.submissions
    shuffled = rebuilt(
        methodology.document,
        lambda group: msgspec.structs.replace(
            group, children=tuple(chance.sample(group.children, len(group.children)))
        ),
    )
    for submission in submissions:
        assert figures(evaluate(shuffled, submission)) == figures(evaluate(methodology, submission))


@examples(4, 150)
@given(cases(ANY))
def test_the_order_of_organisations_changes_nothing(case: Case) -> None:
    methodology, submissions = case.methodology, case.submissions
    one = [explain(methodology, submission) for submission in submissions]
    other = [explain(methodology, submission) for submission in reversed(submissions)]
    assert one == other[::-1]


@examples(5, 240)
@given(cases(ANY), st.sampled_from([2, 3, 10, 1000]), st.integers(0, 100))
def test_scaling_the_weights_of_a_node_changes_nothing(case: Case, factor: int, chosen: int) -> None:
    methodology, submissions = case.methodology, case.submissions
    # A pillar is a mean by the weights of the document, also across dimensions.
    assume(not methodology.document.pillars)
    nodes = list(walk_groups(methodology.document.root))
    node = nodes[chosen % len(nodes)].id

    def scaled(group: Group) -> Group:
        children = tuple(msgspec.structs.replace(child, weight=child.weight * factor) for child in group.children)
        return msgspec.structs.replace(group, children=children) if group.id == node else group

    heavier = rebuilt(methodology.document, scaled)
    for submission in submissions:
        assert weightless(explain(heavier, submission)) == weightless(explain(methodology, submission))


def weightless(score: Score) -> dict[str, str]:
    """Every figure of a result but weights and what stands for the document and the input."""
    written = flat(msgspec.json.decode(msgspec.json.encode(score)))
    return {
        place: value
        for place, value in written
        if not place.endswith("/weight") and not place.startswith(("/methodology", "/input_digest"))
    }


def without(document: Document, group: Group, child: Indicator) -> Methodology:
    """The document without a child of a group."""
    rest = tuple(other for other in group.children if other is not child)
    return rebuilt(
        document, lambda other: msgspec.structs.replace(other, children=rest) if other.id == group.id else other
    )


@examples(4, 180)
@given(cases(QUIET))
def test_not_applicable_is_as_if_it_were_not_there(case: Case) -> None:
    """While the node stays rated and nothing else names the indicator; a sum would have another range."""
    methodology, submissions = case.methodology, case.submissions
    document = methodology.document
    compared = 0
    for submission in submissions:
        before = evaluate(methodology, submission)
        for group in walk_groups(document.root):
            for child in group.children:
                if not isinstance(child, Indicator) or group.aggregation == "sum" or before.groups[group.id] is None:
                    continue
                if before.results[before.compiled.positions[child.id]].code != "not_applicable":
                    continue
                if group.rated_children == len(group.children) or named_elsewhere(document, child.id):
                    continue
                if any(fact.decimals > DECIMALS_OF_NUMBERS for fact in child.facts):
                    continue  # raw values would be shown to fewer decimals
                try:
                    smaller = without(document, group, child)
                except DefectiveMethodology:
                    continue  # without it a gate asks for more than there can be
                answers = {name: facts for name, facts in submission.answers.items() if name != child.id}
                caps = {name: cap for name, cap in submission.level_caps.items() if name != child.id}
                deleted = explain(smaller, msgspec.structs.replace(submission, answers=answers, level_caps=caps))
                assert stepless(deleted) == {
                    at: value
                    for at, value in stepless(explain(methodology, submission)).items()
                    if f"/{child.id}/" not in at
                }
                compared += 1
    assume(compared)


def stepless(score: Score) -> dict[str, str]:
    """The same without next steps: one of a derived indicator may bring what does not apply."""
    return {place: value for place, value in weightless(score).items() if "/next_step" not in place}


def named_elsewhere(document: Document, name: str) -> bool:
    """Whether a gate, a rule or another indicator names an indicator."""
    return named(name, (document.levels, document.rules)) or any(
        leaf.id != name and named(name, (leaf.zero_when, leaf.value)) for leaf in walk_indicators(document.root)
    )


# --- next steps ----------------------------------------------------------------------------------------------------


@examples(6, 300)
@given(cases(ANY))
def test_each_next_step_delivers_its_gain(case: Case) -> None:
    """Applied to the submission with the rules on, the index moves by exactly what the step said."""
    methodology, submissions = case.methodology, case.submissions
    unit = 10**methodology.document.decimals
    stepped = 0
    for submission in submissions:
        score = explain(methodology, submission)
        for node in indicators_of(score):
            step = node.next_step
            if step is not None and step.gain is not None and not step.requires:
                after = evaluate(methodology, applied(methodology, submission, node.id, step)).index
                assert after is not None
                assert (node.id, after - exactly(score.index) * unit) == (node.id, exactly(step.gain) * unit)
                stepped += 1
    assume(stepped)


def applied(methodology: Methodology, submission: Submission, name: str, step: NextStep) -> Submission:
    """The submission after a next step; evidence lifts every cap."""
    known = next(leaf for leaf in walk_indicators(methodology.document.root) if leaf.id == name)
    if step.needs_evidence:
        submission = msgspec.structs.replace(
            submission,
            self_declared=submission.self_declared - {name},
            level_caps={other: cap for other, cap in submission.level_caps.items() if other != name},
        )
    if not known.facts:
        profile = {fact: value for fact, value in step.change.items() if not isinstance(value, tuple)}
        return msgspec.structs.replace(submission, profile={**submission.profile, **profile})
    facts: dict[str, FactValue] = {**submission.answers[name], **step.change}
    return msgspec.structs.replace(submission, answers={**submission.answers, name: facts})
