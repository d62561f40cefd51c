"""Sensitivity of levels to the judgements and the errors behind them: Sobol' indices (docs/scoring.md, section 8).

Each draw varies seven sources together: thresholds of gates (conditions of levels), scores of the steps of ladders,
weights, goalposts set by judgement, the cap for answers without evidence, errors in the coding of samples, and the
chance of the samples. Each draw changes the document for all organisations together; errors and chance are drawn for
each organisation.

The indices are those of variance-based sensitivity analysis (A. Saltelli et al., Variance based sensitivity analysis of
model output, 2010) for groups of inputs, with the estimators of M. J. W. Jansen (Analysis of variance designs for model
output, 1999). An organisation is one output; the outputs are pooled as in F. Gamboa, A. Janon, T. Klein and A. Lagnoux
(Sensitivity analysis for multidimensional and functional outputs, 2014): sums of variances take the place of variances.

An organisation without a level counts as level 0 in the variance, and is counted apart in the shares of changed levels.

Rules that contradict answers are left out, because counts that are drawn anew need not agree with each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from msgspec import Struct, structs

from actitud_api.engine.methodology.model import (
    Constant,
    Curve,
    Document,
    Gate,
    Goalpost,
    Group,
    IndexOperand,
    Indicator,
    LowerBoundOperand,
    PillarOperand,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import walk_groups, walk_indicators, walk_operand_parts
from actitud_api.engine.scoring.audit import MEASURED, Floats
from actitud_api.engine.scoring.columns import Columns, score_columns
from actitud_api.engine.scoring.compile import CompiledIndicator, compile_methodology
from actitud_api.engine.scoring.ranking import Integers
from actitud_api.engine.scoring.rescoring import replace_document
from actitud_api.engine.scoring.robustness import create_generator, draw_uniforms

Source = Literal["gates", "ladders", "weights", "goalposts", "cap", "coding", "sampling"]
"""What is varied together, as one input of the sensitivity analysis."""

SOURCES: Final[tuple[Source, ...]] = get_args(Source)

Inputs: TypeAlias = Mapping[Source, Floats]
"""Numbers from 0 to 1 for every input of every source. 1/2 is the value of the document, and no error."""

ORGANISATIONS: Final = 500
"""Maximum number of organisations that are scored: of more, as many are taken at equal distances in the ranking."""

DRAWS: Final = 16
"""Usual number of pairs of draws. Each needs as many scorings as there are sources, and two more."""

SEED: Final = 42
"""Usual seed, as that of the robustness of the ranks."""

GATES_WITHIN: Final = 0.1
"""Maximum relative change of the threshold of a gate."""

WEIGHTS_WITHIN: Final = 0.25
"""Maximum relative change of a weight, as in the robustness of the ranks."""

GOALPOSTS_WITHIN: Final = 0.2
"""Maximum relative change of a goalpost, as in the audit of the ranks."""

CAP_WITHIN: Final = 0.2
"""Maximum relative change of the cap of what is only declared."""

MISCODED: Final = 0.1
"""Maximum share of the cases that a coder takes for the opposite, in each of both directions."""

_WEIGHT_UNIT: Final = 100
"""Hundredths of a weight, which is a whole number in the document."""

_SMOOTH: Final = 4
"""Number of uniform numbers whose sum stands for a normal deviate: with 4, it differs from one by little."""


class SourceSensitivity(Struct, frozen=True, kw_only=True):
    """Share of the variance of the levels, from 0 to 1, that one source of uncertainty causes.

    `first` is the share that the source causes alone, `total` the share that it causes alone or together with other
    sources. Both are estimates from few draws and may be slightly below 0. Both are None if no level varies.
    """

    source: Source
    first: float | None
    total: float | None


class LevelSensitivity(Struct, frozen=True, kw_only=True):
    """Sensitivity of the levels of organisations to judgements and errors, estimated from random draws.

    A draw varies all sources of uncertainty at random, and gives each organisation a level, the drawn level. Draws come
    in pairs, because the share of one source is estimated by exchanging this source between two independent draws. The
    usual level of an organisation is its level without variation.

    Attributes:
        organisations: Number of organisations that were scored, at most `ORGANISATIONS`.
        draws: Number of pairs of draws.
        changes: Share of the drawn levels, from 0 to 1, that differ from the usual level, losses included. None if
            there are no organisations, as in the next two.
        losses: Share of the drawn levels that are missing although there is a usual level.
        far_changes: Share of the drawn levels that are more than one level away from the usual level; both exist.
        sources: Share of the variance of the levels that each source of uncertainty causes.
    """

    organisations: int
    draws: int
    changes: float | None
    losses: float | None
    far_changes: float | None
    sources: tuple[SourceSensitivity, ...]


def compute_level_sensitivity(columns: Columns, *, draws: int, seed: int) -> LevelSensitivity:
    """Vary judgements and errors at random, and compute the share of each in the variance of the levels.

    Args:
        columns: The ranked organisations, in the order of their ranks. Of more than `ORGANISATIONS`, only that many are
            scored, at equal distances in the ranking.
        draws: Number of pairs of draws.
        seed: Seed of the random draws; a seed always gives the same draws.
    """
    if columns.rows > ORGANISATIONS:
        columns = columns.take(np.linspace(0, columns.rows - 1, ORGANISATIONS).round().astype(np.intp))
    model = _LevelModel(columns)
    generator = create_generator(seed)
    first, second = np.empty((2, draws, columns.rows))
    mixed = {source: np.empty((draws, columns.rows)) for source in SOURCES}
    for number in range(draws):
        a, b = model.draw_inputs(generator), model.draw_inputs(generator)
        first[number], second[number] = model.compute_levels(a), model.compute_levels(b)
        for source, levels in mixed.items():
            levels[number] = model.compute_levels({**a, source: b[source]})
    drawn, usual = np.concatenate([first, second]), model.compute_levels(model.center_inputs())
    is_lost, is_kept = (drawn == 0) & (usual > 0), (drawn > 0) & (usual > 0)
    return LevelSensitivity(
        organisations=columns.rows,
        draws=draws,
        changes=float((drawn != usual).mean()) if drawn.size else None,
        losses=float(is_lost.mean()) if drawn.size else None,
        far_changes=float((is_kept & (np.abs(drawn - usual) > 1)).mean()) if drawn.size else None,
        sources=tuple(
            SourceSensitivity(source=source, first=alone, total=together)
            for source, (alone, together) in (
                (source, compute_sobol_indices(first, second, levels)) for source, levels in mixed.items()
            )
        ),
    )


def compute_sobol_indices(first: Floats, second: Floats, mixed: Floats) -> tuple[float | None, float | None]:
    """Compute the first-order and the total Sobol' index of one input (Jansen 1999).

    They are the shares of the variance of the outputs that the input causes alone, and alone or with others. Each
    argument is draws × outputs. `first` and `second` contain the outputs of two independent draws of all inputs.
    `mixed` contains the outputs if one input is that of `second` and all others are those of `first`. Several outputs
    are pooled. Return (None, None) if no output varies.
    """
    variance = np.concatenate([first, second]).var(axis=0).sum() if first.size else 0
    if not variance:
        return None, None
    half = 2 * len(first) * variance
    return float(1 - ((second - mixed) ** 2).sum() / half), float(((first - mixed) ** 2).sum() / half)


class _LevelModel:
    """Function from inputs to the levels of some organisations."""

    def __init__(self, columns: Columns) -> None:
        plan = compile_methodology(columns.methodology)
        self._document = structs.replace(plan.document, rules=())
        self._columns = columns
        self._counted = [
            leaf
            for leaf in plan.indicators
            if leaf.is_sampled_share and leaf.quotient_slots is not None and leaf.quotient_slots[1] is not None
        ]
        posts = sum(len(indicator.curve.goalposts) for indicator in walk_indicators(self._document.root))
        nodes = sum(1 + len(group.children) for group in walk_groups(self._document.root))
        shares = len(self._counted), columns.rows
        self._shapes: dict[Source, tuple[int, ...]] = {
            "gates": (sum(len(level.gates) for level in self._document.levels),),
            "ladders": (posts,),
            "weights": (nodes,),
            "goalposts": (posts,),
            "cap": (1,),
            "coding": (2, *shares),
            "sampling": (_SMOOTH, *shares),
        }

    def draw_inputs(self, generator: np.random.PCG64) -> Inputs:
        return {source: draw_uniforms(generator, *shape) for source, shape in self._shapes.items()}

    def center_inputs(self) -> Inputs:
        inputs = {source: np.full(shape, 0.5) for source, shape in self._shapes.items()}
        inputs["coding"] = np.zeros(self._shapes["coding"])
        return inputs

    def compute_levels(self, inputs: Inputs) -> Integers:
        columns = replace_document(self._columns, vary_document(self._document, inputs))
        return score_columns(self._vary_counts(columns, inputs)).level

    def _vary_counts(self, columns: Columns, inputs: Inputs) -> Columns:
        facts, extent = list(columns.facts), list(columns.extent)
        for position, leaf in enumerate(self._counted):
            over, under = _get_slots(leaf)
            coding = inputs["coding"][:, position] if leaf.definition.sample else np.zeros((2, columns.rows))
            counts = vary_counts(facts[over], facts[under], coding, inputs["sampling"][:, position])
            facts[over] = counts
            # One range for all draws: the column evaluator is compiled for the range of each fact.
            extent[over] = min(extent[over][0], 0), max(extent[over][1], extent[under][1])
        return structs.replace(columns, facts=tuple(facts), extent=tuple(extent))


def _get_slots(leaf: CompiledIndicator) -> tuple[int, int]:
    assert leaf.quotient_slots is not None
    over, under = leaf.quotient_slots
    assert under is not None
    return over, under


def vary_counts(counts: Integers, totals: Integers, coding: Floats, sampling: Floats) -> Integers:
    """Return counts as another coder and another sample could have produced them.

    A coder counts up to 10 % of the uncounted cases by mistake, and misses up to 10 % of the counted ones. The sample
    gives a binomial count, approximated by a normal distribution with the same mean and variance. A count below 0 or
    above its total is returned unchanged.

    Args:
        counts: Number of counted cases of each organisation.
        totals: Number of all cases of each organisation.
        coding: Two rows of numbers from 0 to 1, by organisation: the extent of the first and of the second error.
        sampling: Rows of numbers from 0 to 1, by organisation; the sum of the rows is nearly normal.
    """
    sound = (totals > 0) & (counts >= 0) & (counts <= totals)
    n = np.where(sound, totals, 1).astype(np.float64)
    share = np.where(sound, counts, 0) / n
    false, missed = MISCODED * coding
    share = share * (1 - missed) + (1 - share) * false
    rows = len(sampling)
    deviates = (sampling.sum(axis=0) - rows / 2) * np.sqrt(12 / rows)
    varied = np.rint(n * np.clip(share + deviates * np.sqrt(share * (1 - share) / n), 0, 1))
    return np.where(sound, varied, counts).astype(np.int64)


def vary_document(document: Document, inputs: Inputs) -> Document:
    """Return a copy of the document with thresholds, steps, weights, goalposts and cap varied by drawn `inputs`.

    `inputs` has numbers from 0 to 1 for each source of uncertainty; 1/2 changes nothing. The first and last step of a
    ladder do not change; each other step moves by less than half of the distance to its nearer neighbour. Thresholds of
    profile fields and of levels of an indicator do not change, because they are whole numbers or yes and no.
    """
    weights, ladders, posts, gates = (
        iter(inputs[source].tolist()) for source in ("weights", "ladders", "goalposts", "gates")
    )

    def vary_node(node: Group | Indicator) -> Group | Indicator:
        weight = round(node.weight * _WEIGHT_UNIT * _move(next(weights), WEIGHTS_WITHIN))
        if isinstance(node, Group):
            return structs.replace(node, weight=weight, children=tuple(vary_node(child) for child in node.children))
        curve = _vary_ladder(node.curve, ladders, document.decimals)
        return structs.replace(node, weight=weight, curve=_vary_goalposts(curve, posts))

    ratios = {indicator.id for indicator in walk_indicators(document.root) if indicator.type == "ratio"}
    cap = document.self_declared_cap
    root = vary_node(document.root)
    assert isinstance(root, Group)
    return structs.replace(
        document,
        root=root,
        levels=tuple(
            structs.replace(level, gates=tuple(_vary_gate(gate, next(gates), ratios) for gate in level.gates))
            for level in document.levels
        ),
        # A cap of 100 is none.
        self_declared_cap=cap if cap == 100 else round(cap * _move(inputs["cap"].item(), CAP_WITHIN)),
    )


def _move(number: float, within: float) -> float:
    """Return a factor from 1 - `within` to 1 + `within`; 1/2 gives 1."""
    return 1 + within * (2 * number - 1)


def _vary_ladder(curve: Curve, numbers: Iterator[float], decimals: int) -> Curve:
    if curve.kind != "ladder":
        return curve
    steps = list(curve.goalposts)
    for position in range(1, len(steps) - 1):
        before, own, after = (goalpost.score for goalpost in curve.goalposts[position - 1 : position + 2])
        score = own + (next(numbers) - 0.5) * min(own - before, after - own)
        steps[position] = structs.replace(steps[position], score=round(score, decimals))
    return structs.replace(curve, goalposts=tuple(steps))


def _vary_goalposts(curve: Curve, numbers: Iterator[float]) -> Curve:
    if curve.kind not in MEASURED:
        return curve
    moved = tuple(_vary_goalpost(goalpost, numbers) for goalpost in curve.goalposts)
    # Goalposts must not pass each other.
    return structs.replace(curve, goalposts=moved) if all(a.x < b.x for a, b in pairwise(moved)) else curve


def _vary_goalpost(goalpost: Goalpost, numbers: Iterator[float]) -> Goalpost:
    if goalpost.basis != "judgement" or not goalpost.x:
        return goalpost
    # Three digits: with more, the curve would exceed 64 bits and be computed row by row.
    return structs.replace(goalpost, x=float(f"{goalpost.x * _move(next(numbers), GOALPOSTS_WITHIN):.3g}"))


def _vary_gate(gate: Gate, number: float, ratios: set[str]) -> Gate:
    holds = gate.holds
    threshold = holds.right
    if (
        holds.op not in ("ge", "gt")
        or not isinstance(threshold, Constant)
        or isinstance(threshold.value, bool | str)
        or not all(_is_continuous(part, ratios) for part in walk_operand_parts(holds.left))
    ):
        return gate
    moved = Constant(value=round(threshold.value * _move(number, GATES_WITHIN), 3))
    return structs.replace(gate, holds=structs.replace(holds, right=moved))


def _is_continuous(part: object, ratios: set[str]) -> bool:
    return isinstance(part, IndexOperand | ScoreOperand | PillarOperand | LowerBoundOperand | Constant) or (
        isinstance(part, ValueOperand) and part.indicator in ratios
    )
