"""The arrays of scores: their types and sizes, and what may be written in."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from actitud_api.engine.methodology.model import Range, Scalar
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.scoring.columns import Columns, aggregate_columns, build_columns, score_columns
from tests.unit.methodology.planting import methodology
from tests.unit.scoring import builders as b

ANSWERS: list[dict[str, dict[str, FactValue]]] = [
    {"R1": {"numerator": 1, "denominator": 2}, "L1": {"level": 4}, "B1": {"value": True}},
    {"C1": {"components": ("one",)}, "T1": {"hours": 1}, "A1": {"hours": 10}},
    {},
]
PROFILE: dict[str, Scalar | None] = {"people": 10, "kind": "town", "open": True, "before": None, "errors": 0}


def columns(copies: int = 1) -> Columns:
    rows = [b.submit(answers, PROFILE) for answers in ANSWERS * copies]
    return build_columns(methodology(), rows)


def test_the_arrays_of_scores() -> None:
    """Six indicators, four groups, three organisations.

    The first: (2·50 + 100 + 100)/4 = 75 in D1, of 2/3: 50. The second: T1 at 1 scores 2·1 = 2, which is p10, 90.
    """
    scores = score_columns(columns())
    assert scores.indicator_ids == ("R1", "L1", "B1", "C1", "T1", "A1")
    assert scores.group_ids == ("index", "D1", "D2", "D2.1")
    assert scores.scores.tolist()[:3] == [[5000, 0, 0], [10_000, 0, 0], [10_000, 0, 0]]
    assert scores.scores.tolist()[4:] == [[0, 9000, 0], [0, 10_000, 0]]
    assert scores.groups.tolist()[:2] == [[5000, 2689, 0], [7500, 0, 0]]
    assert (scores.index.tolist(), scores.index_max.tolist()) == ([5000, 2690, 0], [8330, 9360, 10_000])
    assert scores.coverage.tolist() == scores.coverages[0].tolist() == [6667, 3333, 0]
    types = {name: getattr(scores, name).dtype for name in ("scores", "maxima", "groups", "groups_max")}
    assert set(types.values()) == {np.dtype(np.int32)}
    assert [getattr(scores, name).dtype for name in ("index", "index_max", "codes", "coverages")] == [
        np.int32, np.int32, np.int8, np.int16
    ]  # fmt: skip
    assert [getattr(scores, name).dtype for name in ("status", "level", "provisional")] == [
        np.int8, np.int16, np.bool_
    ]  # fmt: skip
    # a row: 6 scores, 6 maxima and 2·4 groups of 4 bytes, 6 codes, 4 coverages of 2, two indices, 1 + 2 + 1
    assert scores.nbytes == 3 * (4 * 20 + 6 + 4 * 2 + 2 * 4 + 4)


def test_scores_that_32_bits_do_not_hold_take_64() -> None:
    for decimals, most, kind in ((6, 2147, np.int32), (6, 2148, np.int64)):
        span = (0, most)
        tree = b.root(b.group("D", b.points("P", span=span), span=span), span=span)
        known = b.methodology(tree, decimals=decimals)
        scores = score_columns(build_columns(known, [b.scoring(P=most)]))
        assert scores.scores.dtype == scores.groups.dtype == scores.index.dtype == kind
        assert scores.index.tolist() == [most * 10**6]
    for most, kind in ((2**31 - 1, np.int32), (2**31, np.int64)):
        span = (0, most)
        known = b.methodology(b.root(b.group("D", b.points("P", span=span), span=span), span=span), decimals=0)
        assert score_columns(build_columns(known, [b.scoring(P=7)])).index.dtype == kind
    wide = msgspec.structs.replace(b.points("P", 0), range=Range(minimum=0, maximum=2148))
    known = b.methodology(b.root(b.group("D", wide, b.points("Q"))), decimals=6)
    assert score_columns(build_columns(known, [b.scoring(Q=1, P=3)])).index.dtype == np.int64


def test_arrays_of_another_size_or_methodology_are_refused() -> None:
    scores = score_columns(columns())
    with pytest.raises(ValueError, match=r"^into: has scores of the shape \(6, 3\), not \(6, 6\), or of another metho"):
        score_columns(columns(2), scores)
    other = b.methodology(b.root(b.group("D", *(b.ladder(f"L{number}") for number in range(6)))))
    with pytest.raises(ValueError, match=r"^into: has scores of the shape \(6, 3\), not \(6, 3\), or of another metho"):
        score_columns(build_columns(other, [b.submit({})] * 3), scores)
    again = score_columns(columns(), scores)
    assert again is scores
    assert again.index.tolist() == [5000, 2690, 0]


def test_many_are_aggregated_block_by_block() -> None:
    """16,384 at a time: D1 weighs 2, 1 and 1, the index 2 and 1; D2 1, 3 and 1, of which D2.1 is A1."""
    rows = 40_000
    scores = np.zeros((6, rows), np.int32)
    scores[0] = np.arange(rows) % 10_001
    scores[5] = 10_000
    groups = aggregate_columns(methodology(), scores)
    assert groups.shape == (4, rows)
    assert groups.dtype == np.int32
    first = (2 * scores[0].astype(np.int64) * 2 + 4) // 8
    second = (2 * 10_000 + 5) // 10
    assert groups[1].tolist() == first.tolist()
    assert set(groups[2].tolist()) == {second}
    assert groups[0].tolist() == ((2 * (2 * first + second) + 3) // 6).tolist()


def test_what_left_is_left_out_of_what_is_aggregated() -> None:
    """R1 and B1 left: D1 is L1. All of D2 but C1: C1. Half of the weight has to be there: of D1 without R1 it is."""
    scores = np.array([[-1, -1], [4000, -1], [-1, 3000], [1000, 2000], [8000, -1], [6000, -1]], np.int32)
    groups = aggregate_columns(methodology(), scores)
    # D2.1 6000; D2 (1000 + 24000 + 6000)/5 = 6200; D1 a quarter of its weight, and so not rated
    assert groups.T.tolist() == [[6200, -1, 6200, 6000], [-1, -1, -1, -1]]


def test_blocks_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven rows in blocks of three, three and one."""
    monkeypatch.setattr("actitud_api.engine.scoring.columns.evaluator.BLOCK_SIZE", 3)
    known = b.methodology(b.root(b.group("D", b.ratio("R"))))
    scores = score_columns(build_columns(known, [b.submit({"R": b.of(row, 10)}) for row in range(7)]))
    assert scores.index.tolist() == [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]
