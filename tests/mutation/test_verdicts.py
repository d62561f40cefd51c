"""Verdicts on mutants are kept, and compared with the list of survivors."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.mutation.applying import functions, modules, name
from tests.mutation.verdicts import LISTED, Kept, Mutant, listed, report

FUNCTION = "scoring.points.shapley"
CHANGE = "- return 1\n+ return 2"


def mutant(change: str = CHANGE, occurrence: int = 0, function: str = FUNCTION) -> Mutant:
    return Mutant(function, change, occurrence, "def shapley():\n    return 1", "def shapley():\n    return 2")


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "verdicts.jsonl")


def test_verdicts_outlast_the_run(tmp_path: Path, kept: Kept) -> None:
    kept.keep(mutant(), "tests/scoring/test_points.py::test_parts", 0.25)
    kept.keep(mutant("- a\n+ b"), None, 1.5)
    again = Kept(tmp_path / "verdicts.jsonl")
    for other in (kept, again):
        killed, survived = other.verdict(mutant()), other.verdict(mutant("- a\n+ b"))
        assert killed is not None
        assert (killed.killer, killed.seconds) == ("tests/scoring/test_points.py::test_parts", 0.25)
        assert survived is not None
        assert survived.killer is None
        assert other.verdict(mutant("- a\n+ c")) is None


def test_the_last_verdict_counts(tmp_path: Path, kept: Kept) -> None:
    kept.keep(mutant(), None, 1)
    kept.keep(mutant(), "a test", 1)
    verdict = Kept(tmp_path / "verdicts.jsonl").verdict(mutant())
    assert verdict is not None
    assert verdict.killer == "a test"


def test_a_survivor_is_tried_again_when_its_tests_change(kept: Kept) -> None:
    kept.tests[FUNCTION] = "before"
    kept.keep(mutant(), None, 1)
    kept.keep(mutant("- a\n+ b"), "a test", 1)
    kept.tests[FUNCTION] = "after"
    assert kept.verdict(mutant()) is None
    assert kept.verdict(mutant("- a\n+ b")) is not None


def test_a_mutant_is_another_when_its_function_changes(kept: Kept) -> None:
    kept.keep(mutant(), "a test", 1)
    edited = Mutant(FUNCTION, CHANGE, 0, "def shapley():\n    # why\n    return 1", "")
    assert kept.verdict(edited) is None
    assert kept.verdict(mutant(occurrence=1)) is None


def test_every_survivor_has_its_reason() -> None:
    changes = '["""\n- return 1\n+ return 2\n""", "- a\\n+ b"]'
    entry = f'[[survivor]]\nfunction = "scoring.points.shapley"\nchanges = {changes}\n'
    assert listed(entry + 'reason = "the same"') == {(FUNCTION, CHANGE): 1, (FUNCTION, "- a\n+ b"): 1}
    with pytest.raises(ValueError, match=r"A survivor of scoring\.points\.shapley stands without its reason"):
        listed(entry + 'reason = " "')
    with pytest.raises(ValueError, match="without its reason"):
        listed(entry)


def test_what_is_listed_may_survive_and_nothing_else(kept: Kept) -> None:
    made = [mutant(), mutant("- a\n+ b"), mutant("- a\n+ b", 1), mutant("- c\n+ d")]
    kept.keep(made[0], "a test", 1)
    for survivor in made[1:]:
        kept.keep(survivor, None, 1)
    found = report({"scoring.points": made}, kept, Counter({(FUNCTION, "- a\n+ b"): 1}), whole=[FUNCTION])
    [count] = found.counts
    assert (count.mutants, count.killed, count.survived, count.unlisted) == (4, 1, 1, 2)
    assert count.share == 0.25
    assert found.unlisted == [made[2], made[3]]
    assert [failure.splitlines()[0] for failure in found.failures()] == [
        "It survives, and is not listed with a reason: scoring.points.shapley",
        "It survives, and is not listed with a reason: scoring.points.shapley",
        "Killed are 25.00% of the mutants, less than 97%",
    ]


def test_a_reason_for_a_mutant_that_was_killed_is_stale(kept: Kept) -> None:
    kept.keep(mutant(), "a test", 1)
    reasons = Counter({(FUNCTION, CHANGE): 1, ("scoring.points.allocate", CHANGE): 1})
    found = report({"scoring.points": [mutant()]}, kept, reasons, whole=[FUNCTION])
    assert found.stale == [(FUNCTION, CHANGE)]
    assert list(found.failures()) == [f"It is listed, and does not survive: {FUNCTION}\n{CHANGE}"]


def test_97_of_100_killed_is_enough(kept: Kept) -> None:
    made = [mutant(f"- {number}\n+ 0") for number in range(100)]
    for number, each in enumerate(made):
        kept.keep(each, "a test" if number >= 3 else None, 1)
    reasons = Counter((FUNCTION, f"- {number}\n+ 0") for number in range(3))
    assert not list(report({"scoring.points": made}, kept, reasons, whole=[FUNCTION]).failures())
    kept.keep(made[3], None, 1)
    reasons[FUNCTION, "- 3\n+ 0"] = 1
    assert list(report({"scoring.points": made}, kept, reasons, whole=[FUNCTION]).failures()) == [
        "Killed are 96.00% of the mutants, less than 97%"
    ]


def test_the_modules_are_told_one_by_one_and_together(kept: Kept) -> None:
    others = [mutant(function="scoring.leaves.state_of")]
    kept.keep(mutant(), "a test", 1)
    kept.keep(others[0], None, 1)
    table = str(report({"scoring.points": [mutant()], "scoring.leaves": others}, kept, Counter(), whole=()))
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["scoring.points", "1", "1", "0", "0", "100.00%"],
        ["scoring.leaves", "1", "0", "0", "1", "0.00%"],
        ["all", "2", "1", "0", "1", "50.00%"],
    ]


def test_the_list_names_functions_that_there_are() -> None:
    known = {function for file in modules() for function in functions(file)}
    assert {function for function, _ in listed(LISTED.read_text(encoding="utf-8"))} <= known


def test_the_modules_of_scoring_and_methodology_are_mutated() -> None:
    assert {"scoring.points", "scoring.columns.tree", "methodology.loader"} <= {name(file) for file in modules()}
