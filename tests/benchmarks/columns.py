"""The evaluator of columns: 8,131 and 1,000,000 organisations, and the weighted mean beside two libraries.

The organisations are those of the demonstration, invented; the million are drawn from them.
"""

from __future__ import annotations

import importlib
import tracemalloc
from collections.abc import Callable
from functools import partial
from resource import RUSAGE_SELF, getrusage

import numpy as np
from numpy.typing import NDArray

from actitud_api.demo import simulator
from actitud_api.demo.census import simulate_municipalities
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.columns import Columns, ColumnScores, aggregate_columns, build_columns, score_columns
from actitud_api.engine.scoring.compile import compile_methodology, load_facts
from actitud_api.engine.scoring.evaluate import evaluate
from tests.benchmarks.measure import Line, in_turn, table

METHODOLOGY = loader.load_methodology(simulator.METHODOLOGY)
PLAN = compile_methodology(METHODOLOGY)
MANY = 1_000_000
WEIGHED = 100_000
"""Alternatives of the weighted mean."""
BLOCK = 16_384
"""Rows that the interpolating kernel takes at once; it is slower with whole columns."""

Floats = NDArray[np.float64]


def run() -> None:
    """Prints all tables of this part."""
    submissions = [
        simulator.simulate_submission(simulator.SEED + number, municipality)
        for number, municipality in enumerate(simulate_municipalities(simulator.SEED), start=1)
    ]
    few = build_columns(METHODOLOGY, submissions)
    chance = np.random.default_rng(simulator.SEED)
    drawn = chance.integers(0, few.rows, MANY)
    many = few.take(drawn)
    raw = _raw_values(submissions)
    print(
        f"\n{few.rows:,} invented municipalities of the demonstration, and {many.rows:,} drawn from them; "
        f"{len(PLAN.indicators)} indicators, {many.nbytes / many.rows:,.0f} bytes of facts each"
    )
    _one_by_one(submissions)
    _in_columns(few, many, raw, np.ascontiguousarray(raw[:, drawn]))
    _memory(many)
    _weighted(chance)


def _one_by_one(submissions: list[Submission]) -> None:
    some = submissions[:: len(submissions) // 200]
    figures = in_turn(
        {
            "evaluate": lambda: [evaluate(METHODOLOGY, submission) for submission in some],
            "columns_of": lambda: build_columns(METHODOLOGY, some),
        }
    )
    table(
        "For comparison, with one submission at a time (not in the figures below)",
        [
            Line("scalar.evaluate", "µs each", figures["evaluate"].times(1e6 / len(some))),
            Line("columns_of: making the columns", "µs each", figures["columns_of"].times(1e6 / len(some))),
        ],
    )


def _raw_values(submissions: list[Submission]) -> Floats:
    """The raw value of every indicator, a row for each indicator; 0 where there is none."""
    values = np.zeros((len(PLAN.indicators), len(submissions)))
    for column, submission in enumerate(submissions):
        facts = load_facts(PLAN, submission)
        for leaf in PLAN.indicators:
            value = leaf.compute_value(facts)
            if value is not None:
                values[leaf.position, column] = value[0] / value[1]
    return values


def _in_columns(few: Columns, many: Columns, raw_few: Floats, raw_many: Floats) -> None:
    functions: dict[str, Callable[[], object]] = {}
    for name, columns, raw in (("few", few, raw_few), ("many", many, raw_many)):
        functions[f"{name} score"] = partial(score_columns, columns, score_columns(columns))
        functions[f"{name} again"] = partial(score_columns, columns, score_columns(columns))
        functions[f"{name} new"] = partial(score_columns, columns)
        functions[f"{name} interpolate"] = partial(_interpolated, raw, np.empty_like(raw))
        functions[f"{name} sum"] = partial(_passed, columns, score_columns(columns), np.add)
        functions[f"{name} max"] = partial(_passed, columns, score_columns(columns), np.maximum)
    figures = in_turn(functions, calls={name: 20 for name in functions if name.startswith("few")})
    for name, columns in (("few", few), ("many", many)):
        each = 1e6 / columns.rows
        score, interpolate, summed, most = (
            figures[f"{name} {what}"] for what in ("score", "interpolate", "sum", "max")
        )
        table(
            f"{columns.rows:,} organisations without explanations",
            [
                Line(
                    "score_columns into the arrays of an earlier call",
                    "µs each",
                    score.times(each),
                    "aim: at most 1.5" if name == "many" else "",
                ),
                Line("again: the noise", "times", figures[f"{name} again"].over(score), "were it quiet: 1"),
                Line("the same into new arrays", "µs each", figures[f"{name} new"].times(each)),
                Line("np.interp for every indicator", "µs each", interpolate.times(each)),
                Line("bare pass: facts summed, results filled", "µs each", summed.times(each)),
                Line("barest pass: greatest of the facts, results filled", "µs each", most.times(each)),
                Line("score_columns over np.interp", "times", score.over(interpolate), "aim: at most 2.5"),
                Line("score_columns over the bare pass", "times", score.over(summed), "aim: at most 15"),
                Line("score_columns over the barest pass", "times", score.over(most)),
            ],
        )
    ratio = figures["many score"].times(1 / many.rows).over(figures["few score"].times(1 / few.rows))
    table(
        "How it grows",
        [Line(f"one of {many.rows:,} over one of {few.rows:,}", "times", ratio, "aim: at most 1.15")],
    )


def _interpolated(raw: Floats, scores: Floats) -> None:
    """Writes the scores that straight lines through the goalposts give, and nothing else."""
    knots = [
        (
            [goalpost.x for goalpost in leaf.definition.curve.goalposts],
            [goalpost.score for goalpost in leaf.definition.curve.goalposts],
        )
        for leaf in PLAN.indicators
    ]
    for start in range(0, raw.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        for row, (xs, ys) in enumerate(knots):
            scores[row, block] = np.interp(raw[row, block], xs, ys)


def _passed(columns: Columns, scores: ColumnScores, reading: np.ufunc) -> int:
    """Reads every array that `score_columns` reads, and fills every one that it writes."""
    marks = [mark for mark in (columns.present, columns.self_declared, columns.set_aside) if mark is not None]
    found = 0
    for array in (*columns.facts, *marks, *columns.nulls.values(), *columns.profile_self_declared.values()):
        found += int(reading.reduce(array, axis=None))
    for name in scores.__struct_fields__:
        array = getattr(scores, name)
        if isinstance(array, np.ndarray):
            array.fill(1)
    return found


def _memory(columns: Columns) -> None:
    """What Python and NumPy hold at most while the scores are made, as tracemalloc counts it."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    scores = score_columns(columns)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    there = columns.nbytes + scores.nbytes
    print(
        f"\nMemory for {columns.rows:,} organisations (tracemalloc; the process as a whole has had "
        f"{getrusage(RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB at most)\n"
        f"  facts {columns.nbytes / 2**20:,.0f} MiB, results {scores.nbytes / 2**20:,.0f} MiB, "
        f"at most {(columns.nbytes + most - before) / 2**20:,.0f} MiB together with all that is in between: "
        f"{(columns.nbytes + most - before) / there:.3f} times facts and results (aim: at most 3)"
    )


def _weighted(chance: np.random.Generator) -> None:
    """The weighted mean of scores, by the tree of the methodology, beside the weighted sum of two libraries."""
    try:
        pymcdm = importlib.import_module("pymcdm.methods")
        skcriteria = importlib.import_module("skcriteria")
        simple = importlib.import_module("skcriteria.agg.simple")
    except ModuleNotFoundError as missing:
        print(f"\nThe weighted mean beside other libraries: {missing}; `make bench` installs them")
        return
    indicators = chance.integers(1, 10_001, (len(PLAN.indicators), WEIGHED)).astype(np.int32)
    matrix = np.ascontiguousarray(indicators.T, dtype=np.float64)
    weights = np.array([_share(position) for position in range(len(PLAN.indicators))])
    gain, kinds = np.ones(len(weights), int), [max] * len(weights)
    decision = skcriteria.mkdm(matrix, kinds, weights=weights)
    as_it_is = pymcdm.WSM(normalization_function=lambda column, cost=False: column)
    by_default, model = pymcdm.WSM(), simple.WeightedSumModel()
    figures = in_turn(
        {
            "ours": lambda: aggregate_columns(METHODOLOGY, indicators),
            "pymcdm": lambda: by_default(matrix, weights, gain),
            "pymcdm bare": lambda: as_it_is(matrix, weights, gain, validation=False),
            "skcriteria": lambda: model.evaluate(decision),
            "skcriteria bare": lambda: simple.wsm(matrix, weights),
        },
        calls={"ours": 5},
    )
    index = aggregate_columns(METHODOLOGY, indicators)[0]
    off = np.abs(as_it_is(matrix, weights, gain, validation=False) - index).max()
    table(
        f"The weighted mean of {WEIGHED:,} × {len(weights)} scores; ours in integers, rounded at every node "
        f"(up to {off:.2f} of a hundredth from the sums of the libraries, which are not)",
        [
            Line("aggregate_columns", "ms", figures["ours"].times(1e3)),
            Line("pymcdm WSM", "ms", figures["pymcdm"].times(1e3)),
            Line("pymcdm WSM, neither validating nor normalising", "ms", figures["pymcdm bare"].times(1e3)),
            Line("skcriteria WeightedSumModel", "ms", figures["skcriteria"].times(1e3)),
            Line("skcriteria, its function wsm alone", "ms", figures["skcriteria bare"].times(1e3)),
            *(
                Line(f"{name} over ours", "times", figures[name].over(figures["ours"]), "aim: at least 5")
                for name in ("pymcdm", "pymcdm bare", "skcriteria", "skcriteria bare")
            ),
        ],
    )


def _share(position: int) -> float:
    """The share of an indicator in the index, where everything applies."""
    share = 1.0
    leaf = PLAN.indicators[position]
    below = leaf.definition.id
    for name in leaf.ancestors:
        group = PLAN.groups[name]
        share *= group.weights[group.names.index(below)] / group.total_weight
        below = name
    return share
