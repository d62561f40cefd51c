"""Path to the next level: moves, each of one indicator, after which all gates of that level are passed.

The method is that of docs/scoring.md, section 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, cast

from msgspec import structs

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.predicates import find_fields_read
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.compile import (
    CompiledGate,
    CompiledLevel,
    CompiledMethodology,
    GateFigures,
    drop_rules,
    load_facts,
)
from actitud_api.engine.scoring.evaluate import (
    Code,
    Evaluation,
    describe_failing_gate,
    evaluate,
    evaluate_compiled,
)
from actitud_api.engine.scoring.explain import build_blocking_gate, collect_own_facts, explain_broken_rules
from actitud_api.engine.scoring.next_steps import name_changes
from actitud_api.engine.scoring.path_conditions import PROFILE_RANK, GateCondition
from actitud_api.engine.scoring.path_options import Situation
from actitud_api.engine.scoring.path_profile import list_profile_changes
from actitud_api.engine.scoring.path_search import PathSearch, PlacedMove
from actitud_api.engine.scoring.result import (
    OPEN,
    BlockingGate,
    Canonical,
    Gain,
    MethodologyReference,
    Points,
    to_points,
)

MoveKind = Literal["improve", "evidence", "report"]
"""Kind of a move.

improve: change the fact · evidence: document a self-declared answer · report: answer an unknown indicator.
"""

Obstacle = Literal[
    "profile_first", "profile", "review", "not_applicable", "zero_by_rule", "contradicted", "unanswered", "exhausted"
]
"""Reason why no moves pass a gate.

profile_first: the gate reads only profile fields that the organisation fills in, and indicators are 0 by a rule on one
of them, so that it comes before any move · profile: any other gate that reads the profile alone · review: a review
limits the level · not_applicable, zero_by_rule, contradicted, unanswered: state of the one indicator that the gate
reads · exhausted: even the best moves are not enough.
"""


class Move(Canonical, frozen=True, kw_only=True):
    """A move: a change of the answer to one indicator, as a step of the path to the next level.

    All figures assume that other facts are changed too, so that no rule in `requires` is broken.

    Attributes:
        indicator: Id of the indicator.
        kind: Kind of change, for example `report` for an answer that was unknown.
        facts: Facts before the move, empty for an unknown answer.
        change: New facts.
        profile: New values of the profile fields that change too.
        needs_evidence: True if the move needs evidence.
        score_before: Score of the indicator before the move, null if there is none.
        score: Score of the indicator after the move, null if there is none.
        gain: Index points that this move gains after the earlier moves, null if there is no index.
        index: Index after the move, null if there is none.
        level: Level after the move, null if there is none.
        requires: Validation rules that the move breaks unless other facts are changed too.
    """

    indicator: str
    kind: Annotated[MoveKind, OPEN]
    facts: dict[str, FactValue | str | None]
    change: dict[str, FactValue]
    profile: dict[str, int | float]
    needs_evidence: bool
    score_before: Points | None
    score: Points | None
    gain: Gain | None
    index: Points | None
    level: int | None
    requires: tuple[str, ...]


class Unreachable(Canonical, frozen=True):
    """A gate that no moves of a path can pass, with its values in `gate` and the reason in `code`.

    `gate` is null if the reason is that a review limits the level. `indicators` are the indicators that could help to
    pass the gate after they are answered, corrected, or no longer 0 by their zero rule.
    """

    gate: BlockingGate | None
    code: Annotated[Obstacle, OPEN]
    indicators: tuple[str, ...]


class LevelPath(Canonical, frozen=True, kw_only=True):
    """The path from the level of a submission to the next level: moves, each a change of the answer to one indicator.

    Attributes:
        methodology: Methodology version of the scores.
        index: Present index of the submission, null if there is none.
        level: Present level of the submission, null if there is none.
        target: Next level; null at the highest level, or if the submission has no level.
        moves: Moves in the order in which they can be made, which pass every gate of the target that is not in
            `unreachable`; null if there are none.
        index_after: Index after all moves, null if `moves` is null.
        level_after: Level after all moves, null if `moves` is null; it may be higher than the target.
        unreachable: Gates of the target that no moves can pass.
    """

    methodology: MethodologyReference
    index: Points | None
    level: int | None
    target: int | None
    moves: tuple[Move, ...] | None
    index_after: Points | None
    level_after: int | None
    unreachable: tuple[Unreachable, ...]


def find_level_path(methodology: Methodology, submission: Submission) -> LevelPath:
    """Find the path to the next level of a submission: moves, each a change of the answer to one indicator."""
    return find_path_from(evaluate(methodology, submission), submission)


def find_path_from(evaluation: Evaluation, submission: Submission) -> LevelPath:
    """Find the path to the next level of an evaluated submission: moves, each a change of the answer to one indicator.

    The moves of the path are None if the submission has no level or the highest one, or if no move helps to pass a gate
    (a condition of the level).
    """
    compiled = evaluation.compiled
    target = next(
        (level for level in compiled.levels if evaluation.level is not None and level.number == evaluation.level + 1),
        None,
    )
    without_moves = LevelPath(
        methodology=MethodologyReference(version=compiled.document.version, digest=compiled.methodology.digest),
        index=to_points(evaluation.index, compiled.unit),
        level=evaluation.level,
        target=None if target is None else target.number,
        moves=None,
        index_after=None,
        level_after=None,
        unreachable=(),
    )
    if target is None:
        return without_moves
    search, unreachable = _run_search(evaluation, submission, target)
    unreachable = tuple(sorted(unreachable, key=lambda gate: gate.code != "profile_first"))
    if submission.max_level is not None and target.number > submission.max_level:
        unreachable = (Unreachable(gate=None, code="review", indicators=()), *unreachable)
    # Without any account, for example, moves of the few indicators that are not 0 by rule would be the wrong advice.
    moves: tuple[Move, ...] = ()
    if not any(gate.code == "profile_first" for gate in unreachable):
        moves = tuple(_build_move(compiled, placed) for placed in search.order_moves())
    if not moves:
        return structs.replace(without_moves, unreachable=unreachable)
    after = _confirm(compiled, submission, moves)
    lost = search.find_lost(after)
    if lost:
        named = tuple(_build_lost(gate, after) for gate in lost)
        return structs.replace(without_moves, unreachable=(*unreachable, *named))
    return structs.replace(
        without_moves,
        moves=moves,
        index_after=to_points(after.index, compiled.unit),
        level_after=after.level,
        unreachable=unreachable,
    )


def _run_search(
    evaluation: Evaluation, submission: Submission, target: CompiledLevel
) -> tuple[PathSearch, tuple[Unreachable, ...]]:
    """Search for the moves to a level; return the search and the gates that it cannot pass.

    A move that breaks a gate that holds, or leads away from one that does not, is taken only if the moves after it then
    pass all gates.
    """
    search = PathSearch(evaluation, submission, target)
    unmet = search.run()
    if unmet and search.has_spared_gates:
        bolder = PathSearch(evaluation, submission, target, spares_gates=False)
        if not bolder.run():
            return bolder, ()
    return search, tuple(_build_unreachable(conditions, search.start, search.end) for conditions in unmet)


def apply_moves(submission: Submission, moves: Iterable[Move], compiled: CompiledMethodology) -> Submission:
    """Return a copy of the submission after the moves (changes of answers) of a path.

    New facts and profile fields replace the old ones.

    An answer whose move needs evidence is assumed to have it, and is no longer self-declared (without evidence). A move
    of kind `report` replaces the whole answer. The new answer counts even if the old one did not (withdrawn, rejected
    or stale).
    """
    profile, answers = dict(submission.profile), dict(submission.answers)
    documented: set[str] = set()
    reported: set[str] = set()
    for move in moves:
        leaf = compiled.indicators[compiled.positions[move.indicator]]
        profile |= move.profile
        if move.kind == "report":
            reported.add(move.indicator)
            answers[move.indicator] = move.change
        elif leaf.step_field is not None:
            profile |= cast("dict[str, int | float]", move.change)
        elif move.change:
            answers[move.indicator] = answers[move.indicator] | move.change
        if move.needs_evidence:
            documented.add(move.indicator)
    return structs.replace(
        submission,
        profile=profile,
        answers=answers,
        self_declared=submission.self_declared - documented,
        set_aside={name: why for name, why in submission.set_aside.items() if name not in reported},
    )


def _confirm(compiled: CompiledMethodology, submission: Submission, moves: tuple[Move, ...]) -> Evaluation:
    """Score the submission again after all moves, without the rules for which other facts are changed too."""
    after = apply_moves(submission, moves, compiled)
    suspended = frozenset(rule for move in moves for rule in move.requires)
    return evaluate_compiled(drop_rules(compiled, suspended), load_facts(compiled, after), after)


def _build_move(compiled: CompiledMethodology, placed: PlacedMove) -> Move:
    taken, before, after = placed.taken, placed.before, placed.after
    leaf, result_before = compiled.indicators[taken.position], before.results[taken.position]
    answered = leaf.presence_slot is None or before.sent[leaf.presence_slot] is not None
    return Move(
        indicator=leaf.definition.id,
        kind="evidence" if not taken.change else "improve" if answered else "report",
        facts=collect_own_facts(before, leaf),
        change=name_changes(leaf, taken.change),
        profile=list_profile_changes(compiled, leaf, taken.change),
        needs_evidence=taken.documented,
        score_before=to_points(result_before.score, compiled.unit),
        score=to_points(after.results[taken.position].score, compiled.unit),
        gain=None
        if after.index is None or before.index is None
        else to_points(after.index - before.index, compiled.unit),
        index=to_points(after.index, compiled.unit),
        level=placed.level,
        requires=placed.requires,
    )


def _build_lost(gate: CompiledGate, after: Evaluation) -> Unreachable:
    """Build the report of a gate that the search passes, and that `after`, which is scored anew, does not."""
    blocking = build_blocking_gate(after.compiled, describe_failing_gate(gate, GateFigures(after)))
    return Unreachable(gate=blocking, code="exhausted", indicators=())


def _build_unreachable(conditions: Sequence[GateCondition], start: Situation, end: Situation) -> Unreachable:
    """Build the report of a gate that no moves can pass.

    `conditions` are the parts of this gate that cannot be met. The figures in the report are those of `start`, the
    situation before the moves. If the gate was passed in `start`, they are those of `end`, the situation after the
    moves that were found.
    """
    gate, rank, compiled = conditions[0].gate, conditions[0].rank, start.evaluation.compiled
    was_met = gate.is_met(GateFigures(start.evaluation))
    figures = GateFigures((end if was_met else start).evaluation)
    codes = {
        position: end.evaluation.results[position].code
        for position in sorted(frozenset().union(*(condition.indicators for condition in conditions)))
    }
    # A move may make an indicator applicable, or 0 by rule: nobody could answer or unlock it before.
    helpful = [
        position
        for position, code in codes.items()
        if code in _OBSTACLES and start.evaluation.results[position].code in _OBSTACLES
    ]
    obstacle: Obstacle = "exhausted"
    if rank == PROFILE_RANK:
        # A gate that fails only after the moves comes after them.
        obstacle = "profile_first" if not was_met and _unlocks_indicators(start.evaluation, gate) else "profile"
    if rank == 0 and (len(codes) == 1 or conditions[0].lower_bound is not None):
        # Of several indicators, the one without a value that a gate counts fails the gate; those that do not apply are
        # left out.
        if helpful:
            obstacle = _OBSTACLES[codes[helpful[0]]]
        elif set(codes.values()) == {"not_applicable"}:
            obstacle = "not_applicable"
    if obstacle == "exhausted" and not helpful:
        # A contradiction elsewhere may leave too little evidence for a level after the move that would pass the gate.
        results = start.evaluation.results
        helpful = [
            position for position, result in enumerate(results) if result.code in ("contradicted", "unsupported")
        ]
        obstacle = _OBSTACLES[results[helpful[0]].code] if helpful else "exhausted"
    return Unreachable(
        gate=build_blocking_gate(compiled, describe_failing_gate(gate, figures)),
        code=obstacle,
        indicators=tuple(
            dict.fromkeys(name for position in helpful for name in _list_causes(start.evaluation, position))
        ),
    )


def _list_causes(evaluation: Evaluation, position: int) -> tuple[str, ...]:
    """List the indicators to answer or correct first: those that the one at `position` depends on, or else itself."""
    leaf, missing = evaluation.compiled.indicators[position], tuple[str, ...]()
    if evaluation.results[position].code == "unsupported":
        _, missing, _ = explain_broken_rules(evaluation, leaf, is_supported=False)
    return missing or (leaf.definition.id,)


def _unlocks_indicators(evaluation: Evaluation, gate: CompiledGate) -> bool:
    """Return True if the organisation fills in all profile fields that a gate reads, and one makes an indicator 0."""
    compiled, read = evaluation.compiled, find_fields_read(gate.definition.holds)
    return all(field.set_by == "organisation" for field in compiled.document.profile if field.name in read) and any(
        result.code == "zero_by_rule" and read & find_fields_read(leaf.definition.zero_when)
        for leaf, result in zip(compiled.indicators, evaluation.results, strict=True)
    )


_OBSTACLES: dict[Code, Obstacle] = {
    "zero_by_rule": "zero_by_rule",
    "contradicted": "contradicted",
    "unsupported": "unanswered",
    "unknown": "unanswered",
    "withdrawn": "unanswered",
    "rejected": "unanswered",
    "stale": "unanswered",
}
