"""What a block of rows has to write in."""

from __future__ import annotations

import numpy as np

from actitud_api.scoring.columns.block import Block, Needs, Reads, Scratch


def test_needs_are_the_deepest_and_the_most() -> None:
    needs = Needs()
    assert (needs.depth, needs.kept, needs.members) == (0, 0, 0)
    assert [needs.at(3), needs.at(1)] == [3, 1]
    needs.run(5)
    needs.run(2)
    assert [needs.keep(), needs.keep()] == [0, 1]
    assert (needs.depth, needs.kept, needs.members) == (4, 2, 5)


def test_scratch_arrays_have_the_types_that_are_computed_in() -> None:
    needs = Needs()
    needs.at(1)
    needs.run(3)
    needs.keep()
    scratch = Scratch(needs, 7, np.int32)
    columns = (scratch.truths, scratch.narrow, scratch.wide, scratch.floats)
    assert [[(array.dtype, array.shape) for array in arrays] for arrays in columns] == [
        [(np.dtype(kind), (7,))] * 2 for kind in (np.bool_, np.int32, np.int64, np.float64)
    ]
    assert [(array.dtype, array.shape) for array in scratch.kept] == [(np.dtype(np.bool_), (7,))]
    assert [(array.dtype, array.shape) for array in scratch.marks] == [(np.dtype(np.bool_), (3, 7))] * 3
    of_members = (scratch.scores, scratch.maxima, scratch.codes)
    kinds = [np.dtype(np.int32), np.dtype(np.int32), np.dtype(np.int8)]
    assert [(array.dtype, array.shape) for array in of_members] == [(kind, (3, 7)) for kind in kinds]


def block() -> Block:
    """Four rows of three facts, the second an exact one, and of two answers."""
    made = Block.__new__(Block)
    made.rows = 4
    made.facts = [np.array([1, 2, 3, 4], np.int16), np.array([10**20, 5, 6, 7], object), np.zeros(4, np.int32)]
    made.nulls = {0: np.array([False, True, False, False]), 2: np.zeros(4, np.bool_)}
    made.declared = {1: np.array([True, False, False, False])}
    made.present = [np.ones(4, np.bool_), np.array([False, True, True, False])]
    made._own = set()
    return made


def test_picked_rows_have_what_is_read_of_them() -> None:
    picked = block().picked(np.array([1, 0]), Reads(frozenset({0, 1}), frozenset({1})), 2, exact=False)
    assert picked.rows == 2
    assert [fact.tolist() for fact in picked.facts] == [[2, 1], [5, 10**20], []]
    assert [picked.facts[0].dtype, picked.facts[1].dtype] == [np.int64, object]
    assert {slot: mark.tolist() for slot, mark in picked.nulls.items()} == {0: [True, False]}
    assert {slot: mark.tolist() for slot, mark in picked.declared.items()} == {1: [False, True]}
    assert [answer.tolist() for answer in picked.present] == [[], [True, False]]
    assert [(array.dtype, array.shape) for array in picked.truths] == [(np.dtype(np.bool_), (2,))] * 2
    assert [(array.dtype, array.shape) for array in picked.narrow] == [(np.dtype(np.int64), (2,))] * 2
    assert [array.shape for array in picked.wide] == [(2,)] * 2


def test_exact_rows_have_numbers_of_any_size() -> None:
    picked = block().picked(np.array([3]), Reads(frozenset({0, 2})), 1, exact=True)
    assert [picked.facts[0].dtype, picked.facts[2].dtype, picked.narrow[0].dtype] == [object] * 3
    assert picked.facts[0].tolist() == [4]


def test_taking_an_answer_out_leaves_the_columns_as_they_are() -> None:
    whole = block()
    facts, present = whole.facts[0], whole.present[1]
    whole.take_out(1, [0], np.array([1]))
    whole.take_out(1, [0], np.array([2]))
    assert (whole.facts[0].tolist(), whole.present[1].tolist()) == ([1, 0, 0, 4], [False] * 4)
    assert (facts.tolist(), present.tolist()) == ([1, 2, 3, 4], [False, True, True, False])
    assert whole.facts[1].tolist() == [10**20, 5, 6, 7]


def test_an_answer_is_copied_once() -> None:
    whole = block()
    whole.take_out(1, [0], np.array([1]))
    copied = whole.present[1]
    whole.take_out(1, [0], np.array([2]))
    assert whole.present[1] is copied
