"""A block of rows under evaluation: views of the columns, and scratch arrays that fit the caches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.predicates import walk_groups
from actitud_api.engine.scoring.columns.table import Bools, Columns, Ints
from actitud_api.engine.scoring.compile import CompiledMethodology
from actitud_api.engine.scoring.evaluate import Code

SIZE = 16_384
"""Rows of a block: a call of NumPy costs little beside its work, and the scratch arrays in use stay in the cache."""


CODES: tuple[Code, ...] = get_args(Code)
"""The reason codes; a column of codes holds their positions here."""
CODE: dict[Code, int] = {code: number for number, code in enumerate(CODES)}

LEFT = -1
"""In place of a score: none."""


def group_ids(plan: CompiledMethodology) -> tuple[str, ...]:
    """The groups in document order, the root first: the order of their rows."""
    return tuple(group.id for group in walk_groups(plan.document.root))


class Reads(Struct, frozen=True):
    """What something reads: slots of facts, and whether the answers at some positions are there."""

    slots: frozenset[int] = frozenset()
    positions: frozenset[int] = frozenset()


def together(reads: Iterable[Reads]) -> Reads:
    """What several things read."""
    every = list(reads)
    return Reads(
        frozenset[int]().union(*(read.slots for read in every)),
        frozenset[int]().union(*(read.positions for read in every)),
    )


class Needs:
    """How many scratch arrays of each kind an evaluation uses at once; filled in while it is compiled.

    Scratch arrays are numbered as on a stack: what is computed at depth d uses those from d upwards and leaves its
    result in d. `kept` are those that a block computes once for all.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.kept = 0
        self.members = 0

    def at(self, depth: int) -> int:
        """That depth is used."""
        self.depth = max(self.depth, depth + 1)
        return depth

    def run(self, members: int) -> None:
        """So many indicators are scored together."""
        self.members = max(self.members, members)

    def keep(self) -> int:
        """One array more that is kept."""
        self.kept += 1
        return self.kept - 1


class Views(Struct, eq=False):
    """The part of the results that a block fills in; see `ColumnScores`."""

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


class Scratch:
    """The scratch arrays of one thread, for blocks of at most `rows` rows and scores of some type."""

    def __init__(self, needs: Needs, rows: int, kind: type[np.int32 | np.int64]) -> None:
        self.truths = [np.empty(rows, np.bool) for _ in range(needs.depth)]
        self.narrow = [np.empty(rows, np.int32) for _ in range(needs.depth)]
        self.wide = [np.empty(rows, np.int64) for _ in range(needs.depth)]
        self.floats = [np.empty(rows, np.float64) for _ in range(needs.depth)]
        self.kept = [np.empty(rows, np.bool) for _ in range(needs.kept)]
        self.marks = [np.empty((needs.members, rows), np.bool) for _ in range(3)]
        self.scores, self.maxima = (np.empty((needs.members, rows), kind) for _ in range(2))
        self.codes = np.empty((needs.members, rows), np.int8)


class Block:
    """Rows of the columns, and scratch arrays of their number.

    `facts`, `present` and so on are views of the inputs until something is contradicted: `take_out` replaces what
    changes by copies. Nothing else ever writes to them. `extremes` are those of scores that gates have asked for.
    """

    def __init__(self, columns: Columns, scratch: Scratch, views: Views, start: int, stop: int) -> None:
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
        self.truths = [array[: self.rows] for array in scratch.truths]
        self.narrow: list[Ints] = [array[: self.rows] for array in scratch.narrow]
        self.wide: list[Ints] = [array[: self.rows] for array in scratch.wide]
        self.floats = [array[: self.rows] for array in scratch.floats]
        self.kept = [array[: self.rows] for array in scratch.kept]
        self.marks = [array[:, : self.rows] for array in scratch.marks]
        self.scores, self.maxima = scratch.scores[:, : self.rows], scratch.maxima[:, : self.rows]
        self.codes = scratch.codes[:, : self.rows]
        self.extremes: dict[object, Ints] = {}
        self._own: set[int] = set()

    def take_out(self, position: int, slots: Iterable[int], rows: NDArray[np.intp]) -> None:
        """The answer of those rows to an indicator does not count any more."""
        if position not in self._own:
            self._own.add(position)
            self.present[position] = self.present[position].copy()
            for slot in slots:
                self.facts[slot] = self.facts[slot].copy()
        self.present[position][rows] = False
        for slot in slots:
            self.facts[slot][rows] = 0

    def picked(self, rows: NDArray[np.intp], reads: Reads, depth: int, *, exact: bool) -> Block:
        """Some rows as a block of their own, with what is read of them and scratch arrays for some depths.

        `exact`: numbers are Python's integers, which hold every value.
        """
        block = Block.__new__(Block)
        block.rows = len(rows)
        kind = np.dtype(object if exact else np.int64)
        block.facts = cast("list[Ints]", [_NOTHING] * len(self.facts))
        block.nulls, block.declared = {}, {}
        for slot in reads.slots:
            column = self.facts[slot][rows]
            block.facts[slot] = column if column.dtype == object else column.astype(kind)
            if slot in self.nulls:
                block.nulls[slot] = self.nulls[slot][rows]
            if slot in self.declared:
                block.declared[slot] = self.declared[slot][rows]
        block.present = [_NOTHING] * len(self.present)
        for position in reads.positions:
            block.present[position] = self.present[position][rows]
        block.truths = list(np.empty((depth, block.rows), np.bool))
        block.narrow = block.wide = list(np.empty((depth, block.rows), kind))
        return block


_NOTHING: Bools = np.zeros(0, np.bool)
