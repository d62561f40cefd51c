"""A block of rows during evaluation: views of the columns, few enough rows for the processor caches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.predicates import walk_groups
from actitud_api.engine.scoring.columns.table import Bools, Columns, Ints
from actitud_api.engine.scoring.compile import CompiledMethodology
from actitud_api.engine.scoring.evaluate import Code

BLOCK_SIZE = 16_384
"""Rows of a block: many enough to outweigh the overhead of NumPy calls, few enough for the processor cache."""


CODES: tuple[Code, ...] = get_args(Code)
"""All reason codes; an array of codes stores the place of a code in this tuple."""
CODE_NUMBERS: dict[Code, int] = {code: number for number, code in enumerate(CODES)}

NO_SCORE = -1
"""Integer that stands for a score, index or coverage that does not exist."""


def list_group_ids(plan: CompiledMethodology) -> tuple[str, ...]:
    """List the ids of the groups in document order, the root first. Arrays of group scores have the same order."""
    return tuple(group.id for group in walk_groups(plan.document.root))


class ScoreArrays(Struct, frozen=True, kw_only=True, eq=False):
    """Arrays of scores: of all organisations, or views of the rows of one block, into which the scores are written.

    Scores and indices are in units of 10^-decimals of a point; -1 marks a missing score, index or coverage. The arrays
    of indicators and groups have a row for each of these and a column for each organisation; all others have one entry
    for each organisation.

    Attributes:
        scores: Scores of the indicators.
        maxima: Scores of the indicators with every unknown indicator at its best.
        codes: Reason codes of the indicators, as positions in `CODES`.
        groups: Scores of the groups.
        groups_max: Scores of the groups with every unknown indicator at its best.
        coverages: Coverages of the groups in ten-thousandths, rounded half up.
        index: Index, rounded as published.
        index_max: Index with every unknown indicator at its best, rounded as published.
        status: Status, as position in `STATUSES`.
        level: Level, 0 for no level.
        provisional: True where the level is provisional.
    """

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


class RowBlock:
    """Consecutive rows of the columns: some of the organisations, which are scored together.

    The inputs, such as `facts` and `present`, are views of the columns and never overwritten; `drop_answers` replaces
    an input by a changed copy. `views` are the parts of the result arrays for these rows. `pillars` caches the figures
    of pillars by id, because several gates (conditions of levels) read them.
    """

    def __init__(self, columns: Columns, views: ScoreArrays, start: int, stop: int) -> None:
        self.rows = stop - start
        self.views = views
        self.facts = [column[start:stop] for column in columns.facts]
        self.present: list[Bools] = list(columns.present[:, start:stop])
        self.self_declared = None if columns.self_declared is None else columns.self_declared[:, start:stop]
        self.set_aside = None if columns.set_aside is None else columns.set_aside[:, start:stop]
        self.nulls = {slot: mark[start:stop] for slot, mark in columns.nulls.items()}
        self.declared = {slot: mark[start:stop] for slot, mark in columns.profile_self_declared.items()}
        self.level_sent = {position: levels[start:stop] for position, levels in columns.level_sent.items()}
        self.max_level = None if columns.max_level is None else columns.max_level[start:stop]
        self.pillars: dict[str, Ints] = {}
        self._copied: set[int] = set()

    def drop_answers(self, position: int, slots: Iterable[int], rows: NDArray[np.intp]) -> None:
        """Remove the answers to the indicator at `position` from the rows numbered in `rows`, as if never sent.

        `slots` are the slots of the facts of the indicator: their indices in `facts`.
        """
        if position not in self._copied:
            self._copied.add(position)
            self.present[position] = self.present[position].copy()
            for slot in slots:
                self.facts[slot] = self.facts[slot].copy()
        self.present[position][rows] = False
        for slot in slots:
            self.facts[slot][rows] = 0
