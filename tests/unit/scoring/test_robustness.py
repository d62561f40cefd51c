"""Robustness of a ranking (SCORING, section 8), against a program that a stranger would write from its description."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.model import ComparisonOperator, Document, Gate, IndexOperand, Level, Minimum
from actitud_api.engine.scoring import robustness as module
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.robustness import (
    MISSING,
    Robustness,
    compute_robustness,
    draw_weights,
    drop_index_gates,
)
from tests.unit.scoring import builders as b

Scores = Sequence[Sequence[int | None]]

DOCUMENT = load_methodology("2026.1").document
"""Ten dimensions of the same weight, which figures by hand are about; levels ask for 20, 40, 60 and 80."""
IN_USE = load_methodology("2027.1").document
TOP = len(DOCUMENT.levels)


# --- what a stranger writes -----------------------------------------------------------------------------------


def words(seed: int) -> Iterator[int]:
    """PCG64 as its author describes it: a linear congruential generator of 128 bits, then XSL RR."""
    increment = 2 * 54 + 1
    state = 0

    def step() -> None:
        nonlocal state
        state = (state * 0x2360ED051FC65DA44385DF649FCCF645 + increment) % 2**128

    step()
    state += seed
    step()
    while True:
        step()
        folded, turn = (state >> 64) ^ (state % 2**64), state >> 122
        yield (folded >> turn | folded << (64 - turn)) % 2**64


def percentile(values: list[int], percent: int) -> int:
    """Type 7, half up."""
    values = sorted(values)
    at = Fraction((len(values) - 1) * percent, 100)
    low = math.floor(at)
    exact = values[low] + (at - low) * (values[min(low + 1, len(values) - 1)] - values[low])
    return math.floor(exact + Fraction(1, 2))


def stranger(
    weights: Sequence[int],
    scores: Scores,
    published: Sequence[int],
    attainable: Sequence[int],
    asked: Sequence[int],
    draws: int,
    seed: int,
) -> list[tuple[list[int], list[int], list[int]]]:
    """Percentiles of index and rank, counts by level, which asks for an index of so many units; the floor is 100.

    A rank is one more than how many have a higher published level, or the same level and a higher drawn index.
    """
    source = words(seed)

    def uniform() -> float:
        return (next(source) >> 11) * 2.0**-53

    indices: list[list[int]] = []
    for _ in range(draws):
        geometric = uniform() >= 0.5
        drawn = [weight * (0.75 + uniform() / 2) for weight in weights]
        row = []
        for own in scores:
            above = below = 0.0
            for score, weight in zip(own, drawn, strict=True):
                if score is not None:
                    above += weight * (math.log(max(score, 100)) if geometric else score)
                    below += weight
            mean = math.exp(above / below) if geometric else above / below
            row.append(math.floor(mean + 0.5 + 1e-6))
        indices.append(row)
    found = []
    for place, most in enumerate(attainable):
        index = [row[place] for row in indices]
        places = [list(zip(published, row, strict=True)) for row in indices]
        rank = [1 + sum(other > row[place] for other in row) for row in places]
        levels = [0] * len(asked)
        for units in index:
            reached = 0
            while reached < min(most, len(asked)) and units >= asked[reached]:
                reached += 1
            levels[reached - 1] += 1
        found.append(([percentile(index, p) for p in (5, 50, 95)], [percentile(rank, p) for p in (5, 50, 95)], levels))
    return found


def rows(found: Robustness) -> list[tuple[list[int], list[int], list[int]]]:
    return list(zip(found.index.tolist(), found.rank.tolist(), found.levels.tolist(), strict=True))


def matrix(scores: Scores) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.array([[MISSING if score is None else score for score in row] for row in scores], np.int64)


def drawn(
    scores: Scores,
    attainable: Sequence[int] | None = None,
    published: Sequence[int] | None = None,
    document: Document = DOCUMENT,
    draws: int = 40,
    seed: int = 1,
) -> list[tuple[list[int], list[int], list[int]]]:
    levels = np.full(len(scores), TOP) if attainable is None else np.array(attainable)
    level = np.zeros(len(scores), np.int8) if published is None else np.array(published, np.int8)
    return rows(compute_robustness(document, matrix(scores), level, levels, draws=draws, seed=seed))


SCORE = st.one_of(st.integers(0, 10_000), st.sampled_from([0, 99, 100, 101, 5_000, 10_000]))
EDITIONS = st.lists(
    st.tuples(st.lists(st.none() | SCORE, min_size=10, max_size=10).filter(any), st.integers(1, 5), st.integers(1, 5)),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize(
    ("document", "weights", "asked"),
    [
        (DOCUMENT, [1] * 10, [0, 2_000, 4_000, 6_000, 8_000]),
        (IN_USE, [5, 14, 5, 7, 13, 4, 9, 14, 24, 5], [0, 1_000, 4_000, 5_500, 7_500]),
    ],
    ids=["2026.1", "2027.1"],
)
@settings(deadline=None, max_examples=60)
@given(edition=EDITIONS, draws=st.integers(1, 60), seed=st.integers(0, 2**53))
def test_a_stranger_gets_the_same_digits(
    document: Document,
    weights: list[int],
    asked: list[int],
    edition: list[tuple[list[int | None], int, int]],
    draws: int,
    seed: int,
) -> None:
    scores, published, attainable = zip(*edition, strict=True)
    expected = stranger(weights, scores, published, attainable, asked, draws, seed)
    assert drawn(scores, attainable, published, document=document, draws=draws, seed=seed) == expected


def test_the_generator_gives_the_check_values_that_its_author_publishes() -> None:
    """Of pcg-c, `test-high/expected/check-pcg64.out`: the first six of the seeds 42 and 54."""
    published = [
        0x86B1DA1D72062B68,
        0x1304AA46C9853D39,
        0xA3670E9E0DD50358,
        0xF9090E529A7DAE00,
        0xC85B9FD837996F2C,
        0x606121F8E3919196,
    ]
    assert module.create_generator(42).random_raw(6).tolist() == published
    source = words(42)
    assert [next(source) for _ in range(6)] == published


def test_weights_are_drawn_within_a_quarter_in_the_stated_order() -> None:
    """The first word of the seed 42 is 0x86b1… / 2^64 = 0.526 ≥ 1/2: geometric. The second, 0.0743, is a weight.

    Of 4: 4 · (0.75 + 0.0743 / 2) = 3.1486.
    """
    found = draw_weights([4, 1], 2_000, 42)
    assert found.geometric[0]
    assert found.weights[0, 0] == pytest.approx(3.1486, abs=1e-4)
    assert 0.48 < found.geometric.mean() < 0.52
    assert found.weights.min(axis=0) == pytest.approx([3, 0.75], abs=0.01)
    assert found.weights.max(axis=0) == pytest.approx([5, 1.25], abs=0.01)
    assert (found.weights >= [3, 0.75]).all()
    assert (found.weights < [5, 1.25]).all()


def test_weights_are_drawn_around_a_single_one() -> None:
    assert draw_weights([4], 2, 42).weights[0, 0] == pytest.approx(3.1486, abs=1e-4)


def test_half_of_the_generator_is_geometric(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words 2^63 and 2^63 - 2^11 are u = 1/2 and the double before it; 0 is the weight 3/4."""
    made = np.array([2**63, 0, 2**63 - 2**11, 0], np.uint64)
    monkeypatch.setattr(module, "create_generator", lambda seed: SimpleNamespace(random_raw=lambda count: made[:count]))
    found = draw_weights([4], 2, 0)
    assert (found.geometric.tolist(), found.weights.tolist()) == ([True, False], [[3], [3]])


# --- what follows by hand -------------------------------------------------------------------------------------


def test_equal_dimensions_leave_nothing_to_chance() -> None:
    """Any mean of equal scores is that score: 61.60 is of level 4 in every draw, 40.00 just of level 3."""
    found = drawn([[6_160] * 10, [4_000] * 10, [10_000] * 10, [3_999] * 8 + [None] * 2])
    assert found == [
        ([6_160] * 3, [2] * 3, [0, 0, 0, 40, 0]),
        ([4_000] * 3, [3] * 3, [0, 0, 40, 0, 0]),
        ([10_000] * 3, [1] * 3, [0, 0, 0, 0, 40]),
        ([3_999] * 3, [4] * 3, [0, 40, 0, 0, 0]),
    ]


def test_who_is_better_in_everything_is_better_in_every_draw() -> None:
    better, worse = [500 * n for n in range(10, 20)], [500 * n - 1 for n in range(10, 20)]
    assert [row[1] for row in drawn([worse, better])] == [[2, 2, 2], [1, 1, 1]]


def test_a_rank_varies_within_its_level() -> None:
    """Two at level 2 and one at level 3, which has the lowest index in every draw and the first rank all the same.

    The two have 80 in one half of the dimensions and 20 in the other, so that the weights decide which is second.
    """
    half, other = [8_000] * 5 + [2_000] * 5, [2_000] * 5 + [8_000] * 5
    found = drawn([half, [1_000] * 10, other, [9_000] * 10], published=[2, 3, 2, 1])
    assert [row[1] for row in found] == [[2, found[0][1][1], 3], [1] * 3, [2, found[2][1][1], 3], [4] * 3]


def test_ties_share_the_best_rank() -> None:
    row = [100 * n for n in range(30, 40)]
    assert [found[1] for found in drawn([row, row, [0] * 10])] == [[1, 1, 1], [1, 1, 1], [3, 3, 3]]


def test_a_dimension_that_is_not_rated_leaves_its_weight_to_the_others() -> None:
    """Of two rated dimensions of 20 and 80 the arithmetic mean lies within 50 ± 7.5, as 1.25 : 0.75 is 62.5 %."""
    (found,) = drawn([[2_000, 8_000, *[None] * 8]], draws=400)
    assert found[0][0] >= 3_363  # geometric: 20^0.625 · 80^0.375 = 33.63
    assert found[0][2] <= 5_750


@pytest.mark.parametrize(("floor", "least"), [(True, 100), (False, 0)])
def test_a_dimension_of_0_counts_as_the_floor_of_the_additional_index(floor: bool, least: int) -> None:
    """Of zeros only the arithmetic mean is 0, and the geometric one the floor, 1 point; without a floor it is 0."""
    document = DOCUMENT if floor else structs.replace(DOCUMENT, additional_index=None)
    (found,) = drawn([[0] * 10], document=document)
    assert found[0] == [0, found[0][1], least]
    (found,) = drawn([[0] + [10_000] * 9], document=document, draws=200)
    # Of a weight of at most 1.25 / (1.25 + 9 · 0.75) = 15.6 %: 1^0.156 · 100^0.844 = 48.7 at least.
    assert (found[0][0] >= 4_870) == floor


def test_indices_are_those_published() -> None:
    """With one published decimal 61.65 is 61.7, half up, and two organisations that show the same share a rank."""
    document = structs.replace(DOCUMENT, published_decimals=1)
    found = drawn([[6_165] * 10, [6_174] * 10, [6_175] * 10], document=document)
    assert [row[0][1] for row in found] == [6_170, 6_170, 6_180]
    assert [row[1][1] for row in found] == [2, 2, 1]


def test_indices_are_published_without_decimals() -> None:
    document = structs.replace(DOCUMENT, published_decimals=0)
    assert [row[0][1] for row in drawn([[6_149] * 10, [6_150] * 10], document=document)] == [6_100, 6_200]


def test_more_ranks_than_a_byte_holds() -> None:
    found = drawn([[place] * 10 for place in range(1_000, 1_300)], draws=3)
    assert [row[1] for row in found] == [[rank] * 3 for rank in range(300, 0, -1)]


def test_one_draw_is_its_own_percentiles() -> None:
    (found,) = drawn([[100 * n for n in range(10)]], draws=1)
    assert len(set(found[0])) == 1


def test_a_child_without_a_weight_takes_no_part_and_no_draw() -> None:
    (first, *others) = DOCUMENT.root.children
    tree = structs.replace(DOCUMENT.root, children=(structs.replace(first, weight=0), *others))
    document = structs.replace(DOCUMENT, root=tree)
    of_nine = [5, *range(1_000, 10_000, 1_000)]
    assert drawn([of_nine], document=document) == stranger(
        [1] * 9, [of_nine[1:]], [1], [5], [0, 2000, 4000, 6000, 8000], 40, 1
    )


def test_a_weight_of_one_counts() -> None:
    (first, *others) = DOCUMENT.root.children
    children = (structs.replace(first, weight=1), *(structs.replace(other, weight=2) for other in others))
    document = structs.replace(DOCUMENT, root=structs.replace(DOCUMENT.root, children=children))
    row = [*range(1_000, 10_000, 1_000), 5]
    assert drawn([row], document=document) == stranger(
        [1] + [2] * 9, [row], [1], [5], [0, 2000, 4000, 6000, 8000], 40, 1
    )


def test_nobody_is_robust_where_nobody_ranks() -> None:
    none = np.empty(0, np.int64)
    found = compute_robustness(DOCUMENT, np.empty((0, 10), np.int64), none, none, draws=3, seed=0)
    assert found.index.shape == found.rank.shape == (0, 3)
    assert found.levels.shape == (0, 5)


# --- the same digits everywhere -------------------------------------------------------------------------------


def edition(count: int) -> Scores:
    chance = np.random.default_rng(5)
    found = chance.integers(0, 10_001, (count, 10)).tolist()
    return [[None if score % 50 == 0 else score for score in row] for row in found]


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = edition(60)
    before = drawn(scores, draws=50)
    for size in (1, 61, 60 * 7):
        monkeypatch.setattr(module, "BLOCK", size)
        assert drawn(scores, draws=50) == before


def test_a_power_is_half_up() -> None:
    """A half is one up, and so is what is less than it by up to a millionth."""
    units = np.arange(1, 1_000)
    assert (module._round_exponentials(np.log(units + 0.5)[None]) == units + 1).all()
    assert (module._round_exponentials(np.log(units + 0.499)[None]) == units).all()
    on_the_edge = module._round_exponentials(np.log(units + (0.5 - 1e-6))[None])
    assert ((on_the_edge == units) | (on_the_edge == units + 1)).all()


@pytest.mark.parametrize("last_bits", [-4, 4])
def test_the_last_bits_of_the_machine_change_nothing(monkeypatch: pytest.MonkeyPatch, last_bits: int) -> None:
    """Machines differ in the last bit of e^x. Powers that land on the very edge of the floor are where it matters."""
    edges = np.array([[math.log(units + 0.5 - 1e-6) for units in range(1, 1_000)]])
    powers = np.concatenate([edges, np.nextafter(edges, 0), np.nextafter(edges, 10)])
    before = module._round_exponentials(powers)
    exact = np.exp

    def other(values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> object:
        found = exact(values)
        return found + last_bits * np.spacing(found)

    with monkeypatch.context() as patch:
        patch.setattr(np, "exp", other)
        assert (module._round_exponentials(powers) == before).all()
        naive = np.floor(np.exp(powers) + 0.5 + 1e-6)
        assert (naive != before).any(), "a control: the floor alone does differ"


# --- levels ---------------------------------------------------------------------------------------------------


def test_gates_that_do_not_read_the_index_are_as_scored() -> None:
    """An organisation of 90 points in everything whose other gates allow level 3 is of level 3 in every draw."""
    found = drawn([[9_000] * 10] * 3, attainable=[3, 1, 5])
    assert [row[2] for row in found] == [[0, 0, 40, 0, 0], [40, 0, 0, 0, 0], [0, 0, 0, 0, 40]]


@pytest.mark.parametrize(
    ("document", "third"),
    [
        (DOCUMENT, ["L3.min", "L3.D4", "L3.D9.01", "L3.integrity"]),
        (
            IN_USE,
            ["L3.open", "L3.heard", "L3.conduct", "L3.D8.03", "L3.D9.01", "L3.D9.09", "L3.integrity", "L3.pillar"],
        ),
    ],
    ids=["2026.1", "2027.1"],
)
def test_the_document_without_the_gates_that_read_the_index(document: Document, third: list[str]) -> None:
    found = drop_index_gates(document)
    left = [[gate.id for gate in level.gates] for level in found.levels]
    assert left[:3] == [[], ["L2.accounts"], third]
    assert not any(gate.endswith(".index") for level in left for gate in level)
    assert structs.replace(found, levels=document.levels) == document


def test_the_index_and_the_other_gates_make_the_level() -> None:
    """The level as scored is the highest that the other gates allow and whose 10, 40, 55, 75 the index reaches."""
    methodology = load_methodology("2027.1")
    other = structs.replace(methodology, document=drop_index_gates(IN_USE), digest="without index gates")
    levels = set()
    for simulated in islice(simulate(methodology), 150):
        scored, allowed = simulated.evaluation, evaluate(other, simulated.submission).level
        if scored.level is not None and scored.index is not None and allowed is not None:
            reached = 1 + sum(scored.index >= units for units in (1_000, 4_000, 5_500, 7_500))
            assert scored.level == min(allowed, reached)
            levels.add((scored.level, allowed))
    assert any(level < allowed for level, allowed in levels)
    assert any(level == allowed for level, allowed in levels)


def leveled(*gates: Gate) -> Document:
    return structs.replace(DOCUMENT, levels=(Level(number=1, gates=()), Level(number=2, gates=gates)))


@pytest.mark.parametrize(
    ("operator", "asked", "expected"),
    [
        ("ge", 61.6, True),
        ("ge", 61.605, False),
        ("gt", 61.6, False),
        ("gt", 61.595, True),
        ("eq", 61.6, True),
        ("eq", 61.605, False),
        ("eq", 50, False),
    ],
)
def test_gates_compare_the_drawn_index_exactly(operator: ComparisonOperator, asked: float, expected: bool) -> None:
    document = leveled(Gate(id="g", holds=b.compare(IndexOperand(), operator, asked)))
    (found,) = drawn([[6_160] * 10], document=document)
    assert found[2] == ([0, 40] if expected else [40, 0])


def test_a_level_asks_for_the_windows_of_those_below_it_too() -> None:
    """Level 2 asks for 60 points, level 3 for 40: at 50 it is level 1, although 3 would have them."""
    gates = [Gate(id=str(least), holds=b.compare(IndexOperand(), "ge", least)) for least in (60, 40)]
    levels = b.levels_of(*gates)
    document = structs.replace(DOCUMENT, levels=levels)
    assert [row[2] for row in drawn([[5_000] * 10, [6_000] * 10], document=document)] == [[40, 0, 0], [0, 0, 40]]


def test_an_index_of_0_has_a_level() -> None:
    document = structs.replace(leveled(), additional_index=None)
    assert drawn([[0] * 10], document=document)[0][2] == [0, 40]
    found = compute_robustness(document, matrix([[0] * 10]), np.array([2]), np.array([2]), draws=4, seed=1)
    assert found.levels.dtype == np.int64


def test_what_cannot_be_drawn_is_refused() -> None:
    mixed = Gate(id="L2.mixed", holds=b.compare(Minimum(of=(IndexOperand(), b.score("D1"))), "ge", 20))
    with pytest.raises(ValueError, match=r"L2\.mixed does not compare the index itself with a number"):
        drawn([[0] * 10], document=leveled(mixed))
    less = Gate(id="L2.less", holds=b.compare(IndexOperand(), "lt", 20))
    with pytest.raises(ValueError, match=r"^gate L2\.less asks for less than something$"):
        drawn([[0] * 10], document=leveled(less))
    total = structs.replace(DOCUMENT, root=structs.replace(DOCUMENT.root, aggregation="sum"))
    with pytest.raises(ValueError, match=r"^the root is a sum: it has no weights to draw$"):
        drawn([[0] * 10], document=total)
