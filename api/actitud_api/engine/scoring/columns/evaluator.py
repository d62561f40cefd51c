"""Scores columns of organisations, block by block (see `scalar.evaluate`, whose integers these are)."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.scoring.columns.block import SIZE, Block, Needs, Scratch, Views, group_ids
from actitud_api.engine.scoring.columns.curves import Curves
from actitud_api.engine.scoring.columns.expressions import Compiler, Extent
from actitud_api.engine.scoring.columns.indicators import Cases, Run
from actitud_api.engine.scoring.columns.levels import Levels
from actitud_api.engine.scoring.columns.rules import Contradictions
from actitud_api.engine.scoring.columns.table import Bools, Columns, Ints
from actitud_api.engine.scoring.columns.tree import Tree, runs_of
from actitud_api.engine.scoring.compile import CompiledMethodology, compile_methodology


class ColumnScores(Struct, frozen=True, kw_only=True, eq=False):
    """The scores of many organisations, a column for each; -1 in place of a score, index or coverage that is not.

    `scores`, `maxima` and `codes` have a row for each indicator, `groups`, `groups_max` and `coverages` one for each
    group, both in document order, the root first. Scores and indices are in units of 10^-decimals, the indices as they
    are published; coverages in ten-thousandths, half up; codes, statuses and levels numbers (`CODES`, `STATUSES`, 0
    where there is no level).
    """

    indicator_ids: tuple[str, ...]
    group_ids: tuple[str, ...]
    scores: Ints
    maxima: Ints
    codes: NDArray[np.int8]
    groups: Ints
    groups_max: Ints
    coverages: NDArray[np.int16]
    index: Ints
    index_max: Ints
    status: NDArray[np.int8]
    level: NDArray[np.int16]
    provisional: Bools

    @property
    def coverage(self) -> NDArray[np.int16]:
        """The coverage of the index."""
        coverage: NDArray[np.int16] = self.coverages[0]
        return coverage

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(getattr(self, name).nbytes for name in Views.__struct_fields__)

    def views(self, start: int, stop: int) -> Views:
        """The part of some organisations."""
        return Views(**{name: getattr(self, name)[..., start:stop] for name in Views.__struct_fields__})


def score_columns(columns: Columns, into: ColumnScores | None = None) -> ColumnScores:
    """The scores of columns under their methodology.

    `into`: the scores of as many organisations under the same one, whose arrays are overwritten and given back: what
    is scored again and again needs no new memory. Raises `ValueError` where they are of another shape. One thread does
    all the work; several may score at the same time.
    """
    plan = compile_methodology(columns.methodology)
    program = _program(plan, columns)
    scores = _empty(plan, columns.rows) if into is None else into
    shape = len(plan.indicators), columns.rows
    if scores.scores.shape != shape or scores.group_ids != group_ids(plan):
        raise ValueError(f"into: has scores of the shape {scores.scores.shape}, not {shape}, or of another methodology")
    scratch = Scratch(program.needs, min(SIZE, columns.rows), _kind(plan))
    with np.errstate(all="ignore"):  # what is divided by 0 or overflows is replaced afterwards
        for start in range(0, columns.rows, SIZE):
            stop = min(start + SIZE, columns.rows)
            program.run(Block(columns, scratch, scores.views(start, stop), start, stop))
    return scores


def aggregate_columns(methodology: Methodology, scores: Ints) -> Ints:
    """The scores of all groups, a row for each in document order, of the scores of all indicators.

    `scores` has a row for each indicator in document order, in units of 10^-decimals, -1 where one left; the scores
    of groups are their internal ones, and -1 where one is not rated. Nothing is unknown.
    """
    plan = compile_methodology(methodology)
    tree, rows = Tree(plan, {}), scores.shape[1]
    groups = np.empty((len(plan.groups), rows), _kind(plan))
    scratch = np.empty(min(SIZE, rows))
    with np.errstate(all="ignore"):
        for start in range(0, rows, SIZE):
            stop = min(start + SIZE, rows)
            tree.aggregate(scores[:, start:stop], groups[:, start:stop], scratch[: stop - start])
    return groups


def _empty(plan: CompiledMethodology, rows: int) -> ColumnScores:
    kind = _kind(plan)
    leaves, groups = len(plan.indicators), len(plan.groups)
    return ColumnScores(
        indicator_ids=tuple(leaf.definition.id for leaf in plan.indicators),
        group_ids=group_ids(plan),
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


def _kind(plan: CompiledMethodology) -> type[np.int32 | np.int64]:
    """The type of scores."""
    most = max(*(leaf.high for leaf in plan.indicators), *(group.high for group in plan.groups.values()))
    return np.int32 if most <= np.iinfo(np.int32).max else np.int64


class _Program:
    """A methodology compiled for facts within an extent."""

    def __init__(self, plan: CompiledMethodology, extent: Extent) -> None:
        self.needs = Needs()
        compiler = Compiler(plan, extent, self.needs)
        curves = Curves(compiler, plan.unit)
        self._contradictions = Contradictions(plan, extent, self.needs)
        self._cases = Cases(plan, extent, self.needs)
        runs: dict[int, Run] = {}
        for group in plan.groups.values():
            for run in runs_of(group, np.dtype(np.int64)):
                leaves = plan.indicators[run.start : run.start + len(run.weights)]
                runs[run.start] = Run(leaves, compiler, curves)
        self._tree = Tree(plan, runs)
        self._levels = Levels(plan, extent, self.needs)

    def run(self, block: Block) -> None:
        """Scores a block."""
        contradicted = self._contradictions.find(block)
        self._tree.count(block, self._cases.judge(block), contradicted)
        self._levels.reach(block)


_programs: OrderedDict[tuple[str, Extent], _Program] = OrderedDict()
_lock = Lock()
_KEPT = 16


def _program(plan: CompiledMethodology, columns: Columns) -> _Program:
    """The program of a methodology for columns, made once for facts of similar size."""
    extent = tuple(_rounded(least, most) for least, most in columns.extent)
    key = plan.methodology.digest, extent
    with _lock:
        program = _programs.get(key)
        if program is None:
            program = _programs[key] = _Program(plan, extent)
            while len(_programs) > _KEPT:
                _programs.popitem(last=False)
        _programs.move_to_end(key)
    return program


def _rounded(least: int, most: int) -> tuple[int, int]:
    """An extent out to what as many bits hold on each side, with 0."""
    return -(2 ** min(least, 0).bit_length() - 1), 2 ** max(most, 0).bit_length() - 1
