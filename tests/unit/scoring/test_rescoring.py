"""Re-scoring by parts is the same as scoring everything anew, by the scalar evaluator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from random import Random

import msgspec
import numpy as np
import pytest
from msgspec import structs

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.model import Document, Group, Not, Range
from actitud_api.engine.methodology.predicates import to_exact, walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.audit import drop_child, move_goalpost
from actitud_api.engine.scoring.columns import build_columns, build_columns_from_arrays
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.rescoring import EditionRescorer, build_score_document
from tests.support.scale import NIGHT
from tests.unit.scoring import builders as b
from tests.unit.scoring.random_documents import ANY, FULL, SMALL, case_of

SEEDS = 400 if NIGHT else 25


def anew(methodology: Methodology, document: Document, submissions: Sequence[Submission]) -> list[int]:
    document = structs.replace(document, levels=())
    changed = structs.replace(methodology, document=document, digest=str(document))
    found = [evaluate(changed, submission).index for submission in submissions]
    return [-1 if index is None else index for index in found]


def moved(document: Document) -> Iterator[Document]:
    """The document with one goalpost elsewhere, for each indicator that has a measured one which can move."""
    for indicator in walk_indicators(document.root):
        xs = [to_exact(goalpost.x) for goalpost in indicator.curve.goalposts]
        for position, x in enumerate(xs):
            other = [*xs[:position], Fraction(x) * Fraction(6, 5), *xs[position + 1 :]]
            measured = indicator.curve.kind in ("linear", "log", "lognormal")
            if measured and x and all(left < right for left, right in pairwise(other)):
                yield move_goalpost(document, indicator.id, position, float(other[position]))
                break


def changes(document: Document) -> Iterator[Document]:
    """The document itself, then with one goalpost elsewhere, then without each child of the root."""
    yield document
    yield from moved(document)
    for child in document.root.children:
        if (smaller := drop_child(document, child.id)) is not None:
            yield smaller


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_document_with_other_goalposts_and_weights(seed: int) -> None:
    """Every curve, aggregation, kind of missing data, rule and state, up to five levels."""
    size = FULL if NIGHT and seed % 4 == 0 else SMALL
    case = case_of(Random(seed), size, ANY, answers=12)
    methodology, submissions = case.methodology, case.submissions
    rescoring = EditionRescorer(build_columns(methodology, submissions))
    assert rescoring.scores.index.tolist() == anew(methodology, methodology.document, submissions)
    for document in islice(changes(methodology.document), None if NIGHT else 12):
        assert rescoring.compute_index(document).tolist() == anew(methodology, document, submissions)


def test_the_demonstration_with_other_goalposts_and_without_dimensions() -> None:
    methodology = load_methodology("2027.1")
    submissions = [simulated.submission for simulated in islice(simulate(methodology), 60)]
    rescoring = EditionRescorer(build_columns(methodology, submissions))
    before, touched = rescoring.compute_index(methodology.document), 0
    for document in islice(changes(methodology.document), 0, None, 1 if NIGHT else 6):
        after = rescoring.compute_index(document)
        assert after.tolist() == anew(methodology, document, submissions)
        touched += bool((after != before).any())
    assert touched > 3


def test_a_raw_value_of_the_answers_of_others() -> None:
    """Then the whole document is scored anew."""
    other = structs.replace(b.ratio("A2", knots=((0, 0), (50, 100))), value=b.fact("A1", "numerator"))
    document = b.document(b.group("index", b.group("A", b.ratio("A1"), other)))
    submissions = [b.submit({"A1": b.of(n, 10), "A2": b.of(1, 1)}) for n in range(1, 9)]
    methodology = b.read(document)
    rescoring = EditionRescorer(build_columns(methodology, submissions))
    changed = move_goalpost(document, "A2", 1, 100)
    assert rescoring.compute_index(changed).tolist() == anew(methodology, changed, submissions)
    assert (rescoring.compute_index(changed) != rescoring.scores.index).any()


def test_what_is_only_declared_stays_capped_and_what_is_0_by_rule_0() -> None:
    """40 of 100 scores 40, and 80 where half is full marks: declared 50; where Y is no it is 0 by rule."""
    tree = b.root(
        b.group("A", b.ratio("A1", zero_when=b.compare(b.fact("Y", "value"), "eq", False)), b.boolean("Y", 0))
    )
    document = b.document(tree, levels=b.staged(0, 50, dimensions=("A",)))
    known = b.read(document)
    sent: list[tuple[bool, list[str]]] = [(True, []), (True, ["A1"]), (False, [])]
    submissions = [
        b.submit({"A1": b.of(40, 100), "Y": {"value": yes}}, self_declared=declared) for yes, declared in sent
    ]
    rescoring = EditionRescorer(build_columns(known, submissions))
    assert rescoring.scores.index.tolist() == [4_000, 4_000, 0]
    assert rescoring.compute_index(move_goalpost(document, "A1", 1, 0.5)).tolist() == [8_000, 5_000, 0]


def test_a_profile_field_that_is_null_excludes_as_little_as_before() -> None:
    """A1 applies unless the level before is other than 3: no comparison with null holds, so with null it applies.

    40 of 100 scores 40, and 80 where half is full marks. With the level 0 before, A1 has left, and B1 scores 20.
    """
    excluded = Not(of=b.compare(b.field("before"), "ne", 3))
    tree = b.root(b.group("A", b.ratio("A1", applies=excluded)), b.group("B", b.ratio("B1")))
    document = b.document(tree, profile=(b.service_field("before"),))
    answers = {"A1": b.of(40, 100), "B1": b.of(20, 100)}
    submissions = [b.submit(answers, {"before": before}) for before in (None, 3, 0)]
    rescoring = EditionRescorer(build_columns(b.read(document), submissions))
    assert rescoring.scores.index.tolist() == [3_000, 3_000, 2_000]
    assert rescoring.compute_index(move_goalpost(document, "A1", 1, 0.5)).tolist() == [5_000, 5_000, 2_000]


def test_an_indicator_of_no_weight_changes_nothing_under_any_mean() -> None:
    """The root of the mean of the squares of 20 and 80 is √3400 = 58.3095…."""
    tree = b.root(b.points("A"), b.points("B"), b.ratio("Z", 0), aggregation="power", exponent=2)
    document = b.document(tree)
    sent = b.submit({"A": {"hours": 20}, "B": {"hours": 80}, "Z": b.of(40, 100)})
    rescoring = EditionRescorer(build_columns(b.read(document), [sent]))
    assert rescoring.compute_index(move_goalpost(document, "Z", 1, 0.5)).tolist() == [5_831]


def test_weights_and_aggregations_change_without_asking_the_facts_again() -> None:
    """Two dimensions of 20 and 80, weights 1 and 1: 50; three to one 35; geometric 40."""
    document = b.document(b.group("index", b.group("A", b.ratio("A1")), b.group("B", b.ratio("B1"))))
    rescoring = EditionRescorer(build_columns(b.read(document), [b.submit({"A1": b.of(20, 100), "B1": b.of(80, 100)})]))
    first, second = document.root.children
    heavier = structs.replace(document.root, children=(structs.replace(first, weight=3), second))
    geometric = structs.replace(document.root, aggregation="geometric")
    assert isinstance(first, Group)
    assert [
        int(rescoring.compute_index(structs.replace(document, root=root))[0])
        for root in (document.root, heavier, geometric)
    ] == [5_000, 3_500, 4_000]
    assert rescoring.scores.index.dtype == np.int32


def test_the_document_of_scores_is_one_that_can_be_written_and_read() -> None:
    """Of each indicator it asks for units, and of the service whether it has left."""
    known = load_methodology("2026.1").document
    asked = build_score_document(known)
    assert msgspec.json.decode(msgspec.json.encode(asked), type=Document) == asked
    assert [field.name for field in asked.profile] == [node.id for node in walk_indicators(known.root)]
    assert {field.set_by for field in asked.profile} == {"service"}
    assert {(fact.name, fact.type) for node in walk_indicators(asked.root) for fact in node.facts} == {
        ("units", "integer")
    }


def test_what_each_node_counts_with() -> None:
    """A is the mean of 20 and 40, which weighs 3: 35; B has left."""
    asked = b.compare(b.field("open"), "eq", 1)
    tree = b.root(b.group("A", b.points("A1"), b.points("A2", 3)), b.group("B", b.points("B1", applies=asked)))
    known = b.methodology(tree, profile=(b.integer_field("open"),))
    sent = b.submit({"A1": {"hours": 20}, "A2": {"hours": 40}}, {"open": 0})
    nodes = EditionRescorer(build_columns(known, [sent])).nodes
    assert {name: units.tolist() for name, units in nodes.items()} == {
        "index": [3500], "A": [3500], "B": [-1], "A1": [2000], "A2": [4000], "B1": [-1]
    }  # fmt: skip


def test_scores_beyond_32_bits() -> None:
    """3 of 10 on a range to 4,000 points, in millionths: with 5 for all of it, 2,400 points."""
    node = structs.replace(b.amount("A1", knots=((0, 0), (10, 4000))), range=Range(maximum=4000))
    document = b.document(b.root(b.group("A", node, span=(0, 4000)), span=(0, 4000)), decimals=6)
    rescoring = EditionRescorer(build_columns(b.read(document), [b.submit({"A1": {"hours": 3}})]))
    assert rescoring.scores.index.tolist() == [1_200_000_000]
    assert rescoring.compute_index(move_goalpost(document, "A1", 1, 5)).tolist() == [2_400_000_000]


def test_arrays_that_say_nothing_of_who_only_declares() -> None:
    document = b.document(b.root(b.group("A", b.ratio("A1"))))
    columns = build_columns_from_arrays(
        b.read(document), 2, profile={}, answers={"A1": {"numerator": [1, 2], "denominator": [4, 4]}}
    )
    assert columns.self_declared is None
    changed = move_goalpost(document, "A1", 1, 2)
    assert EditionRescorer(columns).compute_index(changed).tolist() == [1_250, 2_500]
