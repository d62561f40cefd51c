"""Mutants are tried: of one that a test kills, that does not end, that survives, that aborts, that no test calls."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.mutation.trying import CRASH, ENOUGH, TIME, Call, selected
from tests.mutation.verdicts import Mutant

SUITE = """
from hypothesis import given, strategies as st
from actitud_api.scoring.compare import UNRANKED, rank_points

def test_it_ranks():
    assert rank_points("complete", 7) == 7

@given(st.integers(0, 100))
def test_it_does_not(index):
    assert rank_points("insufficient", index) == UNRANKED

def test_of_something_else():
    assert UNRANKED == -1
"""
RUN = """
import sys
from pathlib import Path
import pytest
from tests.mutation.trying import ARGUMENTS, Trying
from tests.mutation.verdicts import Kept, Mutant

folder = Path(sys.argv[1])
definition = "def rank_points(status, index):\\n    {}\\n    return UNRANKED if status not in RANKED else index{}\\n"
parts = [("pass", " + 1"), ("while True: pass", ""), ("pass", " + 0"), ("import os; os.abort()", "")]
function = "scoring.compare.rank_points"
original = definition.format("pass", "").replace("index):", "index, ):")
mutants = [Mutant(function, str(number), 0, original, definition.format(*part)) for number, part in enumerate(parts)]
ranks = "def ranks(points):\\n    return {}\\n"
mutants.append(Mutant("scoring.compare.ranks", "uncalled", 0, ranks.format(0), ranks.format(1)))
trying = Trying(mutants, Kept(folder / "verdicts.jsonl"), folder / "calls.json")
sys.exit(pytest.main([*ARGUMENTS, "--override-ini=cache_dir=" + str(folder), str(folder)], plugins=[trying]))
"""


def test_mutants_are_tried(tmp_path: Path) -> None:
    (tmp_path / "test_ranks.py").write_text(SUITE, encoding="utf-8")
    subprocess.run([sys.executable, "-c", RUN, str(tmp_path)], check=True, capture_output=True, timeout=60)
    verdicts = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    first, *others = [verdict["killer"] for verdict in verdicts]
    assert first.endswith("test_ranks.py::test_it_ranks")
    assert others == [TIME, None, CRASH, None]
    calls = json.loads((tmp_path / "calls.json").read_text(encoding="utf-8"))
    [tests] = [file["tests"] for file in calls.values()]
    assert {test.split("::")[1]: list(lines) for test, (_, lines) in tests.items()} == {
        "test_it_ranks": ["scoring.compare.rank_points"],
        "test_it_does_not": ["scoring.compare.rank_points"],
        "test_of_something_else": [],
    }


def test_code_that_fails_its_tests_is_not_tried(tmp_path: Path) -> None:
    failing = SUITE + "\ndef test_that_fails():\n    assert rank_points('complete', 7) == 8\n"
    (tmp_path / "test_ranks.py").write_text(failing, encoding="utf-8")
    ended = subprocess.run([sys.executable, "-c", RUN, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "With nothing changed, " in ended.stdout + ended.stderr
    assert not (tmp_path / "verdicts.jsonl").exists()


def test_only_tests_that_run_the_changed_statement_are_selected_and_not_endlessly_many() -> None:
    before = "def f(x):\n    if x:\n        return 1\n    return 2\n"
    calls = {
        "both": Call(1, {"f": [1, 2, 3]}),
        "first": Call(2, {"f": [1, 2]}),
        "last": Call(ENOUGH, {"f": [1, 3]}),
        "late": Call(1, {"f": [1, 3]}),
    }
    returned = Mutant("f", "", 0, before, before.replace("return 1", "return 9"))
    asked = Mutant("f", "", 0, before, before.replace("if x", "if not x"))
    whole = Mutant("f", "", 0, before, before.replace("(x)", "(x=0)"))
    assert selected(returned, calls, calls) == ["both", "first"]
    assert selected(asked, calls, calls) == selected(whole, calls, calls) == ["both", "first"]
    assert selected(Mutant("f", "", 0, before, before.replace("2", "8")), calls, calls) == ["both"]
    # The first is tried whatever it takes.
    assert selected(asked, ["last", "late"], calls) == ["last"]
