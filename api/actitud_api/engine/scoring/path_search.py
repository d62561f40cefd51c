"""Search for the moves to a level, and the order in which they can be made."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct, structs

from actitud_api.engine.methodology.predicates import find_fields_read
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.compile import CompiledGate, CompiledIndicator, CompiledLevel, CompiledRule, GateFigures
from actitud_api.engine.scoring.evaluate import OBSERVED, Evaluation, assign_level
from actitud_api.engine.scoring.next_steps import FactChange, apply_change, find_change_reaching
from actitud_api.engine.scoring.path_conditions import PROFILE_RANK, GateCondition, prepare_search
from actitud_api.engine.scoring.path_options import (
    Option,
    OptionRanking,
    Situation,
    build_blank_answer,
    compare_progress,
    is_stuck,
    is_worse,
    list_options,
    rescore_situation,
)
from actitud_api.engine.scoring.path_profile import (
    ServiceSample,
    find_nearest,
    find_service_sample,
    list_profile_changes,
    repair_rules,
)
from actitud_api.engine.scoring.wilson import find_least_cases


class AppliedMove(Struct, frozen=True):
    """A move (change of the answer to one indicator) in the path that a search has found so far.

    Attributes:
        position: Position of the indicator.
        change: All new facts of the indicator by slot (index in the list of facts), including those of its earlier
            moves.
        documented: True if this move or an earlier one of the indicator includes evidence.
        breaks: Validation rules that the move broke when it was applied.
    """

    position: int
    change: FactChange
    documented: bool
    breaks: tuple[CompiledRule, ...]


class PlacedMove(Struct, frozen=True):
    """A move (change of the answer to one indicator) at its position in the path.

    Attributes:
        taken: The move.
        before: Evaluation before the move.
        after: Evaluation after the move.
        level: Level after the move, 0 for none.
        requires: Ids of the validation rules that the move breaks unless facts outside the path are changed too.
    """

    taken: AppliedMove
    before: Evaluation
    after: Evaluation
    level: int
    requires: tuple[str, ...]


class PathSearch:
    """Search for the moves to a level, each a change of the answer to one indicator, from an evaluated submission.

    An instance is for one search only, because its lists of moves, refused options and tried options grow during the
    search.
    """

    def __init__(
        self, evaluation: Evaluation, submission: Submission, target: CompiledLevel, *, spares_gates: bool = True
    ) -> None:
        self._compiled = evaluation.compiled
        self._search_plan = prepare_search(evaluation.compiled)
        self._target = target.number
        self._conditions = self._search_plan.conditions[target.number - 1]
        self._start = self._now = Situation(evaluation, submission, frozenset())
        self._taken: list[AppliedMove] = []
        self._refused: dict[Option, tuple[CompiledRule, ...]] = {}
        # Moves can undo each other if one indicator reads the fact that another moves: no option is taken twice.
        self._tried: set[tuple[int, Fraction | None]] = set()
        self._ranking = OptionRanking(evaluation.compiled, self._search_plan.favoured)
        # The rank of the condition that each moved indicator was first moved for, in the order of these first moves.
        self._ranks: dict[int, int] = {}
        self._guarded = tuple(itertools.chain(*self._search_plan.conditions[: target.number]))
        self._held = self._list_held()
        self._spares_gates = spares_gates
        self.has_spared_gates = False
        """True if a move was refused because it would break a gate that holds, or lead away from one that does not."""

    @property
    def start(self) -> Situation:
        """State of the search before the first move."""
        return self._start

    @property
    def end(self) -> Situation:
        """State of the search after all moves that `run` found."""
        return self._now

    def run(self) -> tuple[tuple[GateCondition, ...], ...]:
        """Find the moves, drop needless moves, shorten the rest; return the conditions that cannot be met.

        The conditions are grouped by the gate (condition of the level) that they are parts of. The tuple is empty if
        the moves pass all gates of the level.
        """
        # A move can unlock an indicator that an earlier condition reads: repeat until a round takes none.
        while True:
            before, unmet = len(self._taken), dict[str, list[GateCondition]]()
            for condition in self._conditions:
                while not self._now.meets(condition):
                    if not (
                        self._step(condition, lenient=False)
                        or self._step(condition, lenient=True)
                        or self._count_new_cases(condition)
                    ):
                        unmet.setdefault(condition.gate.definition.id, []).append(condition)
                        break
            if len(self._taken) == before:
                break
        self._drop_superfluous()
        self._shorten_moves()
        # A move that is dropped or shortened may have been what broke a gate.
        still = (
            tuple(condition for condition in conditions if not self._now.meets(condition))
            for conditions in unmet.values()
        )
        return tuple(conditions for conditions in still if conditions)

    def find_lost(self, after: Evaluation) -> tuple[CompiledGate, ...]:
        """Return the gates (conditions of levels) that held during the search and after its moves, but fail in `after`.

        `after` is the complete scoring of the result of the search.
        """
        figures = GateFigures(after)
        lost = {
            condition.gate.definition.id: condition.gate
            for condition in self._held
            if not condition.member.is_met(figures)
        }
        return tuple(lost.values())

    def order_moves(self) -> tuple[PlacedMove, ...]:
        """Put the moves that `run` found in the order in which they can be made.

        Moves of indicators that keep several others at 0 come first, then moves of indicators in pillars (extra figures
        that gates read), then moves for gates (conditions of levels) on one indicator, on groups, and on the index;
        moves that wait for the service come last. Among equal moves, the largest gain in whole points comes first, and
        then the move that the search needed first. A move that would have no effect, or would contradict other facts,
        before another move is made comes after that move.
        """
        final_facts = self._now.evaluation.facts
        unmet = {rule.definition.id for taken in self._taken for rule in taken.breaks if not rule.holds(final_facts)}
        situation = structs.replace(self._start, suspended=frozenset(unmet))
        order = sorted(self._ranks, key=self._ranks.__getitem__)
        waiting = sorted(self._taken, key=lambda taken: order.index(taken.position))
        moves = []
        while waiting:
            taken, after = self._choose_next(waiting, situation)
            waiting.remove(taken)
            requires = tuple(rule.definition.id for rule in taken.breaks if rule.definition.id in unmet)
            level = self._find_level(after)
            moves.append(PlacedMove(taken, situation.evaluation, after.evaluation, level, requires))
            situation = after
        return tuple(moves)

    def _choose_next(self, waiting: list[AppliedMove], situation: Situation) -> tuple[AppliedMove, Situation]:
        """Choose the move of a path that comes next, from those that wait; return it with the situation after it."""
        made: list[tuple[AppliedMove, Situation]] = []
        # Only moves of one rank are compared by what they gain, which takes a scoring for each.
        for _, equals in itertools.groupby(sorted(waiting, key=self._rank_move), key=self._rank_move):
            tried = [(taken, self._make_move(taken, situation)) for taken in equals]
            ready = [
                (taken, after)
                for taken, after in tried
                if not (is_worse(after, situation) or self._has_no_effect(taken, after))
            ]
            if ready:
                return max(ready, key=lambda move: self._count_gained(situation, move[1]))
            made += tried
        # Each breaks a rule without another: those that were taken without breaking one come first.
        return min(made, key=lambda move: bool(move[0].breaks))

    def _count_gained(self, before: Situation, after: Situation) -> int:
        """Return the whole index points that a move gains; less than a point decides nothing."""
        return ((after.evaluation.index or 0) - (before.evaluation.index or 0)) // self._compiled.unit

    def _has_no_effect(self, taken: AppliedMove, after: Situation) -> bool:
        """Return True if an indicator does not count after its move, which then waits for another move."""
        return is_stuck(after, taken.position) or after.evaluation.results[taken.position].code == "not_applicable"

    def _awaits_service(self, taken: AppliedMove) -> bool:
        """Return True if a move is made only once the service has entered a new profile field."""
        leaf = self._compiled.indicators[taken.position]
        changed = list_profile_changes(self._compiled, leaf, taken.change)
        return any(field.set_by == "service" for field in self._compiled.document.profile if field.name in changed)

    def _rank_move(self, taken: AppliedMove) -> tuple[bool, bool, bool, int]:
        """Return the key by which moves are put in order, the first one least.

        A move that waits for the service comes last. A move of an indicator that keeps several others at 0 comes before
        the others, then moves of favoured indicators, then those for gates on one indicator, on groups, and on the
        index.
        """
        return (
            self._awaits_service(taken),
            taken.position not in self._search_plan.openers,
            taken.position not in self._search_plan.favoured,
            self._ranks[taken.position],
        )

    def _make_move(self, taken: AppliedMove, situation: Situation) -> Situation:
        leaf = self._compiled.indicators[taken.position]
        declared = situation.is_declared(leaf) and not taken.documented
        return rescore_situation(situation, leaf, taken.change, declared=declared)

    def _find_level(self, situation: Situation) -> int:
        """Return the level that a situation of the search reaches, 0 for none.

        A level counts only if all conditions of this level and of lower ones are met. If all conditions of the target
        level are met, too, the level may be higher than the target.
        """
        for number, conditions in enumerate(self._search_plan.conditions[: self._target]):
            if not situation.meets_all(conditions):
                return number
        evaluation = structs.replace(situation.evaluation)
        assign_level(evaluation, situation.submission.max_level)
        assert evaluation.level is not None
        return evaluation.level

    def _step(self, condition: GateCondition, *, lenient: bool) -> bool:
        """Take one move towards a condition; return False if no move can be taken.

        A move that takes the condition farther away is not taken while the search spares gates. With `lenient`, the
        move may break rules, provided that other facts are changed to keep these rules.
        """
        single = condition.single
        chosen: tuple[Option, AppliedMove, Situation] | None = None
        idle: tuple[Option, AppliedMove, Situation] | None = None
        for option in self._list_unlocking_options(condition) if single else self._ranking.rank(self._now, condition):
            if (option.position, option.x) in self._tried:
                continue
            if option in self._refused and not (lenient and self._refused[option]):
                continue
            applied = self._apply_move(option, lenient=lenient, any_gain=bool(single))
            if applied is None:
                continue
            taken, situation = applied
            is_enough = situation.meets(condition)
            if single and not (
                is_enough
                or any(is_stuck(self._now, position) and not is_stuck(situation, position) for position in single)
                or (condition.lower_bound is not None and self._gives_value(situation, single))
            ):
                continue
            if not (single or is_enough):
                progress = compare_progress(condition, self._now, situation)
                if progress < 0 and self._spares_gates:
                    self.has_spared_gates = True
                    continue
                # The index does not tell which of the moves that leave it equal helps a gate on several nodes.
                if condition.required is None and progress <= 0 and not self._gains_index(situation):
                    idle = idle or (option, taken, situation)
                    continue
            favoured = self._search_plan.favoured
            if chosen is not None and (
                not is_enough or (chosen[1].position in favoured and taken.position not in favoured)
            ):
                continue
            chosen = option, taken, situation
            # Where no score of one group says which are enough, the last that is enough gains least; where the first
            # is not, which gains most, the others are not tried: it took four times as long.
            if single or condition.required is not None or not is_enough:
                break
        chosen = chosen or idle
        if chosen is None:
            return False
        option, taken, situation = chosen
        self._commit_move(condition, taken, situation)
        self._tried.add((option.position, option.x))
        return True

    def _count_new_cases(self, condition: GateCondition) -> bool:
        """Take a move of an indicator that the service enters, for a condition on its size or a lower limit.

        Such an indicator is a share of two profile fields that the service sets, as answered test questions are of
        those that were put. The move takes the least sample that meets the condition, and the least number of cases
        in it with which no gate breaks that holds. Return False if there is no such move, or if it would break one
        anyway and the search spares gates.
        """
        fields = find_fields_read(condition.member.definition.holds) if condition.rank == PROFILE_RANK else frozenset()
        limited = () if condition.lower_bound is None else condition.lower_bound[0]
        for leaf in self._compiled.indicators if fields or limited else ():
            sample = find_service_sample(self._compiled, leaf)
            if sample is None or not (sample.field in fields or sample.position in limited):
                continue
            applied = self._try_sample(condition, sample)
            if applied is not None:
                self._commit_move(condition, *applied)
                return True
        return False

    def _try_sample(self, condition: GateCondition, sample: ServiceSample) -> tuple[AppliedMove, Situation] | None:
        """Try the least sample, and the fewest cases in it, as a move; return None if no such move can be taken."""
        facts = self._now.evaluation.facts
        present, cases = facts[sample.size], facts[sample.cases]
        if not isinstance(present, int) or not isinstance(cases, int):
            return None
        size = find_nearest(present, sample.largest, lambda size: self._is_large_enough(condition, sample, size))
        if size is None:
            return None
        few = self._apply_sample(condition, sample, size, cases)
        if few is not None:
            return few
        fewest = find_nearest(cases, size, lambda cases: self._apply_sample(condition, sample, size, cases) is not None)
        if fewest is not None:
            return self._apply_sample(condition, sample, size, fewest)
        bold = self._apply_sample(condition, sample, size, size, spares_gates=False)
        if self._spares_gates:
            self.has_spared_gates |= bold is not None
            return None
        return bold

    def _is_large_enough(self, condition: GateCondition, sample: ServiceSample, size: int) -> bool:
        """Return True if a sample of a size meets a condition on the profile alone, or can reach a lower limit."""
        if condition.lower_bound is not None:
            return find_least_cases(size, condition.lower_bound[1]) is not None
        facts = apply_change(self._now.evaluation.facts, {sample.size: size})
        return condition.member.is_met(GateFigures(structs.replace(self._now.evaluation, facts=facts)))

    def _apply_sample(
        self, condition: GateCondition, sample: ServiceSample, size: int, cases: int, *, spares_gates: bool = True
    ) -> tuple[AppliedMove, Situation] | None:
        """Try a sample of a size with a number of cases as a move; return None if it cannot be taken.

        With `spares_gates`, a move that breaks a gate that holds cannot be taken.
        """
        now, leaf = self._now, self._compiled.indicators[sample.position]
        change: FactChange = {sample.size: size, sample.cases: cases}
        facts = apply_change(now.evaluation.facts, change)
        breaks = tuple(
            rule
            for rule in self._compiled.rules
            if sample.field in rule.fields and rule.holds(now.evaluation.facts) and not rule.holds(facts)
        )
        if any(rule.definition.severity == "error" for rule in breaks) or self._is_moved(sample.position, change):
            return None
        situation = rescore_situation(now, leaf, change, declared=False)
        is_observed = situation.evaluation.results[leaf.position].code in OBSERVED
        spared = (condition, *self._held) if spares_gates else (condition,)
        if not is_observed or is_worse(situation, now) or not situation.meets_all(spared):
            return None
        earlier = self._find_latest(leaf.position)
        change = change if earlier is None else earlier.change | change
        return AppliedMove(position=leaf.position, change=change, documented=False, breaks=breaks), situation

    def _gains_index(self, situation: Situation) -> bool:
        return (situation.evaluation.index or 0) > (self._now.evaluation.index or 0)

    def _gives_value(self, situation: Situation, positions: tuple[int, ...]) -> bool:
        """Return True if a gate counts more raw values of the indicators at `positions` in `situation` than now.

        A lower limit needs a value of every indicator that it names, so it may take a move of each.
        """
        leaves = [self._compiled.indicators[position] for position in positions]
        now, then = GateFigures(self._now.evaluation), GateFigures(situation.evaluation)
        return sum(now.read_share(leaf) is None for leaf in leaves) > sum(
            then.read_share(leaf) is None for leaf in leaves
        )

    def _list_unlocking_options(self, condition: GateCondition) -> Iterator[Option]:
        """Yield the options to try for a condition that one indicator can meet by itself, the lowest score first.

        The first of them that meets the condition is then the smallest move. An option for an answer without evidence
        brings evidence, because a gate on a raw value does not count the answer otherwise. While the zero rule of the
        indicator applies or could apply, none of its own options has an effect; then the options of each indicator
        that the zero rule reads are yielded, because one of them may lift the rule and so unlock the indicator.
        """
        for position in condition.single:
            if is_stuck(self._now, position):
                for reader in self._search_plan.unlocking[position]:
                    yield from list_options(self._now, self._compiled.indicators[reader], documented=True)
            else:
                leaf = self._compiled.indicators[position]
                value = self._find_required_value(condition, leaf)
                yield from list_options(self._now, leaf, documented=True, value=value)

    def _find_required_value(self, condition: GateCondition, leaf: CompiledIndicator) -> Fraction | None:
        """Find the least share of the present sample whose lower limit meets a condition on such a limit."""
        if condition.lower_bound is None:
            return None
        present = self._now.evaluation.results[leaf.position].value
        if present is None:
            return None
        n, (_, required) = present[1], condition.lower_bound
        cases = find_least_cases(n, required)
        return None if cases is None else Fraction(cases, n)

    def _apply_move(self, option: Option, *, lenient: bool, any_gain: bool) -> tuple[AppliedMove, Situation] | None:
        """Try an option as a move; return the move with the situation after it, or None if it cannot be taken.

        An option that cannot be taken is remembered as refused. With `lenient`, the move may break rules: it then
        brings the profile fields with which they hold again (`repair_rules`), or else is taken provided that other
        facts are changed to keep them. With `any_gain`, a move that leaves the score of the indicator equal is
        accepted too.
        """
        now, leaf = self._now, self._compiled.indicators[option.position]
        evaluation, former = now.evaluation, now.evaluation.results[option.position]
        change = self._find_change(option, leaf)
        if change is None or self._is_moved(option.position, change):
            self._refused[option] = ()
            return None
        facts, broken = apply_change(evaluation.facts, change), now.list_contradictions()
        breaks = tuple(
            rule
            for rule in self._compiled.touching_rules[option.position]
            if rule.definition.id not in broken and not rule.holds(facts)
        )
        if breaks and not lenient:
            self._refused[option] = breaks
            return None
        repair = repair_rules(self._compiled, facts, breaks)
        if repair:
            change = change | repair
            facts = apply_change(facts, repair)
            breaks = tuple(rule for rule in breaks if not rule.holds(facts))
            if self._is_moved(option.position, repair):
                self._refused[option] = ()
                return None
        suspended = now.suspended | {rule.definition.id for rule in breaks}
        situation = rescore_situation(
            structs.replace(now, suspended=suspended) if breaks else now,
            leaf,
            change,
            declared=now.is_declared(leaf) and not option.documented,
        )
        result = situation.evaluation.results[option.position]
        is_better = any_gain or (result.score or 0) > (former.score or 0) or former.code not in OBSERVED
        if result.code not in OBSERVED or not is_better or is_worse(situation, now):
            self._refused[option] = ()
            return None
        # A move that changes neither another indicator nor the profile lowers no score, and gates that ask for less are
        # refused at load.
        turns_others = situation.evaluation.broken_rules is not evaluation.broken_rules
        changes_profile = any(slot < len(self._compiled.layout.profile) for slot in change)
        if self._spares_gates and (turns_others or changes_profile) and self._breaks_gate(situation):
            self.has_spared_gates = True
            self._refused[option] = ()
            return None
        earlier = self._find_latest(option.position)
        return (
            AppliedMove(
                position=option.position,
                change=change if earlier is None else earlier.change | change,
                documented=option.documented or (earlier is not None and earlier.documented),
                breaks=breaks,
            ),
            situation,
        )

    def _is_moved(self, position: int, change: FactChange) -> bool:
        """Return True if a move of another indicator than the one at `position` changes a fact of `change`."""
        return any(taken.position != position and not change.keys().isdisjoint(taken.change) for taken in self._taken)

    def _find_change(self, option: Option, leaf: CompiledIndicator) -> FactChange | None:
        """Find the new facts with which an indicator reaches an option; None if no valid facts reach it."""
        evaluation = self._now.evaluation
        if option.x is None:
            return {}
        if evaluation.results[leaf.position].code in OBSERVED:
            return find_change_reaching(evaluation, leaf, option.x)
        blank = build_blank_answer(self._compiled, leaf)
        if blank is None:
            return None
        reached = find_change_reaching(
            structs.replace(evaluation, facts=apply_change(evaluation.facts, blank)), leaf, option.x
        )
        return None if reached is None else blank | reached

    def _commit_move(self, condition: GateCondition, taken: AppliedMove, situation: Situation) -> None:
        leaf = self._compiled.indicators[taken.position]
        if situation.evaluation.broken_rules is self._now.evaluation.broken_rules:
            self._ranking.forget(leaf.ancestors)
        else:
            self._ranking.forget(self._compiled.groups)
        self._refused = {}
        self._taken.append(taken)
        self._now = situation
        self._held = self._list_held()
        self._ranks.setdefault(taken.position, condition.rank)

    def _breaks_gate(self, situation: Situation) -> bool:
        """Return True if a condition that is met now fails in `situation`, in a way that a search has to avoid.

        A condition on the profile alone may fail because it asks for more than it did: an organisation that opens its
        doors is then asked whether anybody came in, which keeps nobody from opening.
        """
        now, then = GateFigures(self._now.evaluation), GateFigures(situation.evaluation)
        return any(
            not condition.member.is_met(then)
            and (condition.rank < PROFILE_RANK or condition.member.actual(now) != condition.member.actual(then))
            for condition in self._held
        )

    def _list_held(self) -> tuple[GateCondition, ...]:
        """List the conditions, of the target and of the levels below it, that are met now."""
        figures = GateFigures(self._now.evaluation)
        return tuple(condition for condition in self._guarded if condition.member.is_met(figures))

    def _find_latest(self, position: int, before: int | None = None) -> AppliedMove | None:
        """Find the last move of the indicator at a position; None if there is none.

        If `before` is given, only the first `before` moves of the path are searched.
        """
        return next((taken for taken in reversed(self._taken[:before]) if taken.position == position), None)

    def _drop_superfluous(self) -> None:
        """Drop each move that no condition that is met needs; try the moves from the last to the first."""
        for index in reversed(range(len(self._taken))):
            taken = self._taken[index]
            if self._find_latest(taken.position) is taken:
                leaf, earlier = self._compiled.indicators[taken.position], self._find_latest(taken.position, index)
                restored = {slot: self._start.evaluation.sent[slot] for slot in taken.change}
                trial = rescore_situation(
                    self._now,
                    leaf,
                    restored if earlier is None else restored | earlier.change,
                    declared=self._start.is_declared(leaf) and not (earlier is not None and earlier.documented),
                )
                # A contradiction from before all moves keeps no move: it may stay where no gate needs it mended.
                if is_worse(trial, self._now, self._start) or not trial.meets_all(self._held):
                    continue
                self._now = trial
            del self._taken[index]

    def _shorten_moves(self) -> None:
        """Shorten each move to the least option with which all conditions that are met stay so, from the last on.

        Where no move is enough for a group or the index, the search takes the one that gains most, and the moves after
        it may make its last part superfluous.
        """
        has_spared_gates = self.has_spared_gates
        for index in reversed(range(len(self._taken))):
            taken, now = self._taken.pop(index), self._now
            leaf = self._compiled.indicators[taken.position]
            restored = {slot: self._start.evaluation.sent[slot] for slot in taken.change}
            self._now = rescore_situation(now, leaf, restored, declared=self._start.is_declared(leaf))
            shortened = self._find_shorter(taken, now)
            self._refused = {}
            taken, self._now = (taken, now) if shortened is None else shortened
            self._taken.insert(index, taken)
        self.has_spared_gates = has_spared_gates  # only a refusal of the search is a reason for a bolder one

    def _find_shorter(self, taken: AppliedMove, after: Situation) -> tuple[AppliedMove, Situation] | None:
        """Find the least option that can stand for a move; return it as a move with the situation after it, or None.

        `after` is the situation after all moves; the present situation is the one without this move.
        """
        leaf, score = self._compiled.indicators[taken.position], after.evaluation.results[taken.position].score or 0
        for option in list_options(self._now, leaf, documented=taken.documented):
            if option.units >= score:
                return None
            applied = self._apply_move(option, lenient=True, any_gain=True)
            if applied is None:
                continue
            shorter, situation = applied
            # A shorter move asks for no other change, of the profile or of other facts, than the one that was taken.
            if (
                shorter.change.keys() <= taken.change.keys()
                and set(shorter.breaks) <= set(taken.breaks)
                and not is_worse(situation, after)
                and situation.meets_all(self._held)
            ):
                return shorter, situation
        return None
