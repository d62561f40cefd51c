"""Sensitivity of levels: Sobol' indices of a published function, and what is varied, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec import structs

from actitud_api.engine.methodology.model import Coverage, Document, Gate, Group, Indicator, Level, Share
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.scoring.audit import Floats
from actitud_api.engine.scoring.columns import build_columns
from actitud_api.engine.scoring.level_sensitivity import (
    SOURCES,
    Inputs,
    compute_level_sensitivity,
    compute_sobol_indices,
    vary_counts,
    vary_document,
)
from actitud_api.engine.scoring.robustness import create_generator, draw_uniforms
from tests.unit.scoring import builders as b

# --- the estimators -------------------------------------------------------------------------------------------


def ishigami(x: Floats) -> Floats:
    """sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1, for x from -π to π (T. Ishigami and T. Homma, 1990)."""
    x1, x2, x3 = (np.pi * (2 * x - 1)).T
    values: Floats = np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)
    return values


@pytest.mark.parametrize(("number", "first", "total"), [(0, 0.3139, 0.5576), (1, 0.4424, 0.4424), (2, 0.0, 0.2437)])
def test_the_indices_of_the_function_of_ishigami(number: int, first: float, total: float) -> None:
    """The analytic values, as in A. Saltelli et al., Global sensitivity analysis: the primer (2008)."""
    generator = create_generator(42)
    a, other = draw_uniforms(generator, 40_000, 3), draw_uniforms(generator, 40_000, 3)
    mixed = a.copy()
    mixed[:, number] = other[:, number]
    found = compute_sobol_indices(*(ishigami(x)[:, None] for x in (a, other, mixed)))
    assert found == pytest.approx((first, total), abs=0.02)


def test_outputs_are_pooled_by_their_variances() -> None:
    """Twice x1 and once x2, in two outputs: of the variance 4 + 1 the first input causes 4/5, all of it alone."""
    generator = create_generator(7)
    a, other = draw_uniforms(generator, 20_000, 2), draw_uniforms(generator, 20_000, 2)
    mixed = np.stack([other[:, 0], a[:, 1]], axis=1)
    found = compute_sobol_indices(*(x * [2, 1] for x in (a, other, mixed)))
    assert found == pytest.approx((0.8, 0.8), abs=0.02)


def test_indices_by_hand() -> None:
    """Values 0 1 and 1 0: variance 1/4. With 0 0 and 1 1 in between, half of the squares differ: 1/2 of it each."""
    first, second, mixed = (np.array(values, np.float64)[:, None] for values in ((0, 1), (1, 0), (1, 1)))
    assert compute_sobol_indices(first, second, mixed) == (0.0, 1.0)


def test_what_never_varies_has_no_indices() -> None:
    same = np.ones((4, 2))
    assert compute_sobol_indices(same, same, same) == (None, None)
    assert compute_sobol_indices(*[np.empty((0, 2))] * 3) == (None, None)


# --- what is varied -------------------------------------------------------------------------------------------


def inputs(number: float) -> Inputs:
    return {source: np.full(1 if source == "cap" else 30, number) for source in SOURCES}


def gate(name: str, left: Any, op: Any, right: Any) -> Gate:
    return Gate(id=name, holds=b.compare(left, op, right))


def tree() -> Document:
    root = b.group("index", b.ratio("A", 4, ((0, 0), (0.5, 50), (1, 100))), b.ladder("B", 2), b.ratio("C", 0))
    levels = (
        Level(number=1, gates=()),
        Level(
            number=2,
            gates=(gate("share", b.value("A"), "ge", 0.4), gate("step", b.value("B"), "ge", 2)),
        ),
        Level(number=3, gates=(gate("score", b.score("A"), "ge", 60), gate("exact", b.value("B"), "eq", 4))),
    )
    return structs.replace(b.document(root), levels=levels, self_declared_cap=50)


def child(document: Document, name: str) -> Indicator:
    return next(indicator for indicator in walk_indicators(document.root) if indicator.id == name)


def thresholds(document: Document) -> dict[str, object]:
    return {gate.id: gate.holds.right for level in document.levels for gate in level.gates}


def test_the_middle_changes_nothing_but_the_unit_of_weights() -> None:
    document = vary_document(tree(), inputs(0.5))
    assert [indicator.curve for indicator in walk_indicators(document.root)] == [
        indicator.curve for indicator in walk_indicators(tree().root)
    ]
    assert [node.weight for node in document.root.children] == [400, 200, 0]
    assert thresholds(document) == thresholds(tree())
    assert document.self_declared_cap == 50


def test_the_lowest_inputs_by_hand() -> None:
    """Weights -25 %, gates -10 %, judgements -20 %, the cap -20 %; steps by half of 25 points downwards."""
    document = vary_document(tree(), inputs(0.0))
    assert [node.weight for node in document.root.children] == [300, 150, 0]
    assert [goalpost.x for goalpost in child(document, "A").curve.goalposts] == [0, 0.4, 0.8]
    assert [goalpost.score for goalpost in child(document, "B").curve.goalposts] == [0, 12.5, 37.5, 62.5, 100]
    assert document.self_declared_cap == 40
    assert thresholds(document) == {
        "share": b.const(0.36),
        "step": b.const(2),
        "score": b.const(54.0),
        "exact": b.const(4),
    }


def test_a_cap_of_100_is_none_and_stays() -> None:
    assert vary_document(structs.replace(tree(), self_declared_cap=100), inputs(0.0)).self_declared_cap == 100


def test_goalposts_that_would_pass_each_other_stay() -> None:
    """20 % less than 5 is 4, where the last one stands as a bound."""
    curve = child(tree(), "A").curve
    bound = structs.replace(curve.goalposts[1], x=4, basis="bound")
    close = structs.replace(curve, goalposts=(curve.goalposts[0], bound, structs.replace(curve.goalposts[2], x=5)))
    document = tree()
    children = (structs.replace(child(document, "A"), curve=close), *document.root.children[1:])
    root = structs.replace(document.root, children=children)
    assert isinstance(root, Group)
    assert child(vary_document(structs.replace(document, root=root), inputs(0.0)), "A").curve == close


def test_counts_that_are_coded_and_drawn_anew_by_hand() -> None:
    """80 of 100. Coders at their worst: 72 that stay and 2 of the 20 others, 74; chance at its middle adds nothing.

    Only cases overlooked: 72. Only others taken: 82. Chance at its highest, 4 · 1/2 · √3 = 3.46 deviations of 4: 94.
    """
    counts, totals = np.array([80]), np.array([100])
    middle, none = np.full((4, 1), 0.5), np.zeros((2, 1))
    for coding, expected in (((0, 0), 80), ((1, 1), 74), ((0, 1), 72), ((1, 0), 82)):
        assert vary_counts(counts, totals, np.array(coding)[:, None], middle).tolist() == [expected]
    assert vary_counts(counts, totals, none, np.ones((4, 1))).tolist() == [94]
    assert vary_counts(counts, totals, none, np.zeros((4, 1))).tolist() == [66]


def test_counts_stay_between_none_and_all() -> None:
    counts, totals = np.array([9, 0, 10, 12, 0]), np.array([10, 10, 10, 10, 0])
    high = vary_counts(counts, totals, np.zeros((2, 5)), np.ones((4, 5)))
    assert high.tolist() == [10, 0, 10, 12, 0]


# --- together -------------------------------------------------------------------------------------------------


def scored(*rows: tuple[int, int]) -> list[tuple[str, float | None, float | None]]:
    methodology = b.read(tree())
    submissions = [b.submit({"A": b.of(part, 100), "B": {"level": level}}) for part, level in rows]
    found = compute_level_sensitivity(build_columns(methodology, submissions), draws=12, seed=1)
    assert found.organisations == len(rows)
    return [
        ("changes", found.changes, found.far_changes),
        *((source.source, source.first, source.total) for source in found.sources),
    ]


def test_who_is_far_from_every_threshold_depends_on_nothing() -> None:
    changes, *sources = scored((0, 0), (5, 0))
    assert changes[1:] == (0, 0)
    assert [source[0] for source in sources] == list(SOURCES)
    assert {source[1:] for source in sources} == {(None, None)}


def test_who_is_at_a_threshold_depends_on_it() -> None:
    """40 of 100 is the threshold of level 2, which reads no score: gates and chance decide, and nothing else."""
    changes, *sources = scored((40, 2))
    assert changes[1] is not None
    assert 0.3 < changes[1] < 0.7
    totals = {source: total for source, _, total in sources}
    assert totals["sampling"] is not None
    assert totals["gates"] is not None
    assert min(totals["sampling"], totals["gates"]) > 0
    assert {totals[source] for source in ("ladders", "weights", "goalposts", "cap", "coding")} == {0}


def test_a_lost_level_is_no_change_to_another_level() -> None:
    """B and C weigh 1 each, and C is not answered: half of the weight is known, and any lesser weight of B loses all.

    At level 3 none is three steps away, and still no far change: nobody gets another level.
    """
    children = (b.ladder("B"), b.ladder("C"))
    levels = b.levels_of(*(gate(f"G{n}", b.value("B"), "ge", 2) for n in (2, 3)))
    half = Share(num=1, den=2)
    coverage = Coverage(overall=half, per_dimension=half)
    document = b.document(b.root(b.group("D", *children)), levels=levels, coverage=coverage)
    columns = build_columns(b.read(document), [b.submit({"B": {"level": 4}})])
    found = compute_level_sensitivity(columns, draws=12, seed=1)
    assert found.losses is not None
    assert 0.2 < found.losses < 0.8
    assert (found.changes, found.far_changes) == (found.losses, 0)


def test_the_same_seed_gives_the_same_figures() -> None:
    assert scored((40, 2), (60, 3)) == scored((40, 2), (60, 3))
