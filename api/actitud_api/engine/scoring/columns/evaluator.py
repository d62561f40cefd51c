"""Scoring of columns of organisations, block by block, with the same integers as `evaluate`."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.scoring.columns.block import BLOCK_SIZE, RowBlock, ScoreArrays, list_group_ids
from actitud_api.engine.scoring.columns.curves import CurveCompiler
from actitud_api.engine.scoring.columns.expressions import ColumnCompiler, Extent
from actitud_api.engine.scoring.columns.indicators import CaseJudge, RunScorer
from actitud_api.engine.scoring.columns.levels import LevelAssigner
from actitud_api.engine.scoring.columns.rules import ContradictionFinder
from actitud_api.engine.scoring.columns.table import Columns, Ints
from actitud_api.engine.scoring.columns.tree import TreeScorer, list_runs
from actitud_api.engine.scoring.compile import CompiledMethodology, compile_methodology


class ColumnScores(ScoreArrays, frozen=True, kw_only=True, eq=False):
    """Scores of many organisations, one column for each; -1 marks a missing score, index or coverage.

    `scores`, `maxima` and `codes` are indicators × organisations. `groups`, `groups_max` and `coverages` are groups ×
    organisations. Indicators and groups are in document order; the first group is the root. All other arrays have one
    entry for each organisation. Scores and indices are in units of 10^-decimals of a point.

    Attributes:
        indicator_ids: Ids of the indicators, in the order of the rows.
        group_ids: Ids of the groups, in the order of the rows.
    """

    indicator_ids: tuple[str, ...]
    group_ids: tuple[str, ...]

    @property
    def coverage(self) -> NDArray[np.int16]:
        """Coverage of the index of each organisation, in ten-thousandths; -1 for an organisation without a coverage."""
        coverage: NDArray[np.int16] = self.coverages[0]
        return coverage

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return sum(getattr(self, name).nbytes for name in ScoreArrays.__struct_fields__)

    def slice_rows(self, start: int, stop: int) -> ScoreArrays:
        """Return views of the results of the organisations from `start` up to, but not including, `stop`."""
        return ScoreArrays(**{name: getattr(self, name)[..., start:stop] for name in ScoreArrays.__struct_fields__})


def score_columns(columns: Columns, into: ColumnScores | None = None) -> ColumnScores:
    """Score the organisations of `columns` under their methodology.

    The calling thread does all the work; several threads may score at the same time.

    Args:
        columns: The facts of the organisations.
        into: Scores of as many organisations under the same methodology. Its arrays are overwritten and returned, so
            that repeated scoring allocates no memory. None: new arrays are allocated.

    Raises:
        ValueError: If `into` has another shape or belongs to another methodology.
    """
    plan = compile_methodology(columns.methodology)
    program = _get_program(plan, columns)
    scores = _allocate_scores(plan, columns.rows) if into is None else into
    shape = len(plan.indicators), columns.rows
    if scores.scores.shape != shape or scores.group_ids != list_group_ids(plan):
        raise ValueError(f"into: has scores of the shape {scores.scores.shape}, not {shape}, or of another methodology")
    with np.errstate(all="ignore"):  # what is divided by 0 or overflows is replaced afterwards
        for start in range(0, columns.rows, BLOCK_SIZE):
            stop = min(start + BLOCK_SIZE, columns.rows)
            program.score_block(RowBlock(columns, scores.slice_rows(start, stop), start, stop))
    return scores


def aggregate_columns(methodology: Methodology, scores: Ints) -> Ints:
    """Compute the scores of all groups from given scores of the indicators.

    `scores` is indicators × organisations in document order, in units of 10^-decimals of a point, -1 if the indicator
    leaves its group. No indicator is treated as unknown. The result is groups × organisations in document order,
    without rounding to the published decimals, -1 if too few children of the group count.
    """
    plan = compile_methodology(methodology)
    tree, rows = TreeScorer(plan, {}), scores.shape[1]
    groups = np.empty((len(plan.groups), rows), _choose_score_type(plan))
    with np.errstate(all="ignore"):
        for start in range(0, rows, BLOCK_SIZE):
            stop = min(start + BLOCK_SIZE, rows)
            tree.aggregate_scores(scores[:, start:stop], groups[:, start:stop])
    return groups


def _allocate_scores(plan: CompiledMethodology, rows: int) -> ColumnScores:
    kind = _choose_score_type(plan)
    leaves, groups = len(plan.indicators), len(plan.groups)
    return ColumnScores(
        indicator_ids=tuple(leaf.definition.id for leaf in plan.indicators),
        group_ids=list_group_ids(plan),
        scores=np.empty((leaves, rows), kind),
        maxima=np.empty((leaves, rows), kind),
        codes=np.empty((leaves, rows), np.int8),
        groups=np.empty((groups, rows), kind),
        groups_max=np.empty((groups, rows), kind),
        coverages=np.empty((groups, rows), np.int16),
        index=np.empty(rows, kind),
        index_max=np.empty(rows, kind),
        status=np.empty(rows, np.int8),
        level=np.empty(rows, np.int16),
        provisional=np.empty(rows, np.bool),
    )


def _choose_score_type(plan: CompiledMethodology) -> type[np.int32 | np.int64]:
    """Choose the narrowest integer type that holds every score."""
    upper = max(*(leaf.high for leaf in plan.indicators), *(group.high for group in plan.groups.values()))
    return np.int32 if upper <= np.iinfo(np.int32).max else np.int64


class _ColumnProgram:
    """Methodology compiled to functions that score all rows of a block, for facts within given bounds.

    `extent` has these bounds: the lowest and highest value of each fact, by its slot (the number of the fact).
    """

    def __init__(self, plan: CompiledMethodology, extent: Extent) -> None:
        compiler = ColumnCompiler(plan, extent)
        curves = CurveCompiler(compiler, plan.unit)
        self._contradictions = ContradictionFinder(plan, extent)
        self._cases = CaseJudge(plan, extent)
        runs: dict[int, RunScorer] = {}
        for group in plan.groups.values():
            for run in list_runs(group, np.dtype(np.int64)):
                leaves = plan.indicators[run.start : run.start + len(run.weights)]
                runs[run.start] = RunScorer(leaves, compiler, curves)
        self._tree = TreeScorer(plan, runs)
        self._levels = LevelAssigner(plan, extent)

    def score_block(self, block: RowBlock) -> None:
        contradicted = self._contradictions.find_contradictions(block)
        self._tree.score_nodes(block, self._cases.judge_indicators(block), contradicted)
        self._levels.assign_levels(block)


_programs: OrderedDict[tuple[str, Extent], _ColumnProgram] = OrderedDict()
_lock = Lock()
_CACHE_SIZE = 16


def _get_program(plan: CompiledMethodology, columns: Columns) -> _ColumnProgram:
    """Return the program that scores the columns under a methodology, from a cache or newly compiled.

    The bounds of the facts are widened before they become part of the cache key, so that one program serves all columns
    with facts of a similar size.
    """
    extent = tuple(_round_extent(lower, upper) for lower, upper in columns.extent)
    key = plan.methodology.digest, extent
    with _lock:
        program = _programs.get(key)
        if program is None:
            # Compiled under the lock: a second thread waits instead of compiling the same program.
            program = _programs[key] = _ColumnProgram(plan, extent)
            while len(_programs) > _CACHE_SIZE:
                _programs.popitem(last=False)
        _programs.move_to_end(key)
    return program


def _round_extent(lower: int, upper: int) -> tuple[int, int]:
    """Widen the bounds of a slot and return them: -(2^j - 1) and 2^k - 1.

    j and k are the smallest numbers for which the new bounds contain the old ones and 0: 5 and 900, for example,
    become 0 and 1023. So one compiled program serves many similar columns.
    """
    return -(2 ** min(lower, 0).bit_length() - 1), 2 ** max(upper, 0).bit_length() - 1
