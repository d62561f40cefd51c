"""The page of figures is what the tests recorded, names tests that there are, and claims nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support import figures
from tests.support.figures import Figure, FigureRecorder
from tests.support.properties import FINDINGS, NOT_APPLICABLE, PROPERTIES, RELIABILITY

STORED: Final = figures.read()
SAMPLE: Final = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_held(figure, number):
    figure("R5", f"writes, round {number}", tried=10, failed=0, control="3 lost", worst_seconds=0.25)

def test_broken(figure):
    figure("R6", "writes", tried=10, failed=0, control=None)
    assert False

def test_without():
    pass
"""


def test_every_property_and_finding_has_a_sentence() -> None:
    assert list(RELIABILITY) == [f"R{number}" for number in range(1, 38)]
    assert list(FINDINGS) == [f"S{number}" for number in range(1, 28)]
    assert set(NOT_APPLICABLE) < set(RELIABILITY)


def test_the_page_is_what_the_stored_figures_render_to() -> None:
    assert (figures.FOLDER / "figures.md").read_text("utf-8") == figures.render(STORED)
    assert figures.merge(STORED, (), failed=set(), known=figures.known_tests()) == STORED  # nothing twice, or gone


def test_every_row_has_a_test_or_says_that_nothing_is_proven() -> None:
    page = (figures.FOLDER / "figures.md").read_text("utf-8")
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in page.splitlines()]
    rows = [row for row in rows if row and row[0] in PROPERTIES]
    assert list(dict.fromkeys(row[0] for row in rows)) == list(PROPERTIES)
    for name, _, test, size, figure, *_ in rows:
        if test:
            assert size in ("gate", "night"), name
        else:
            assert figure == (f"does not apply: {NOT_APPLICABLE[name]}" if name in NOT_APPLICABLE else "**not proven**")


def test_tests_record_figures_of_known_properties() -> None:
    assert set(figures.recording_tests()) <= set(PROPERTIES) - set(NOT_APPLICABLE)


def test_a_run_in_several_processes_keeps_the_figures_of_tests_that_passed(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_sample.py").write_text(SAMPLE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = figures\n")
    gone, stays, broken = (
        Figure("R1", f"tests/test_sample.py::{name}", "gate", "old", 5, 0, "2020-01-01")
        for name in ("test_gone", "test_without", "test_broken")
    )
    figures.write([gone, stays, broken], tmp_path)
    options = f"-q -n 2 -p tests.support.figures -p no:schemathesis -p no:faker -m figures --rootdir {tmp_path}"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options.split(), "--figures", str(tmp_path), str(tmp_path / "tests")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(figures.ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "1 failed, 4 passed" in run.stdout, run.stdout + run.stderr
    found = figures.read(tmp_path)
    assert [(figure.property, figure.test) for figure in found] == [
        ("R1", "tests/test_sample.py::test_without"),
        *(("R5", f"tests/test_sample.py::test_held[{number}]") for number in range(4)),
    ]
    assert re.match(r"\d{4}-\d\d-\d\d \w+", found[-1].run)
    page = (tmp_path / "figures.md").read_text("utf-8")
    assert page == figures.render(found)
    row = (
        "| `tests/test_sample.py::test_held[3]` | {} | 10 tried, 0 failed; at worst 0.25 s: writes, round 3 | 3 lost |"
    )
    assert row.format(found[-1].size) in page


def test_a_small_run_does_not_replace_one_at_full_size() -> None:
    small, large = (Figure("R5", "tests/a.py::test_b[1]", size, "", 1, 0, size) for size in ("gate", "night"))
    known = {"tests/a.py::test_b"}
    assert figures.merge([large], [small], failed=set(), known=known) == [large]
    assert figures.merge([small], [large], failed=set(), known=known) == [large]
    assert figures.merge([large], [large], failed={large.test}, known=known) == []


@pytest.mark.parametrize(
    ("property_", "tried", "failed"), [("R38", 1, 0), ("R30", 1, 0), ("R5", 0, 0), ("R5", 1, 2), ("R5", 1, -1)]
)
def test_a_figure_that_says_nothing_is_refused(figure: FigureRecorder, property_: str, tried: int, failed: int) -> None:
    with pytest.raises(ValueError):
        figure(property_, "writes", tried=tried, failed=failed, control=None)


def test_a_test_records_a_property_once(request: pytest.FixtureRequest, figure: FigureRecorder) -> None:
    figure("R5", "writes", tried=1, failed=0, control=None)
    with pytest.raises(ValueError):
        figure("R5", "writes", tried=1, failed=0, control=None)
    request.node.user_properties.clear()  # R5 is not what this test proves
