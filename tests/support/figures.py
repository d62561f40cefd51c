"""Figures that tests record of a property or a finding, and `docs/security/figures.md`, which is written from them.

A test asks for the fixture `figure` and calls it once for each property that it proves. With `pytest --figures` the
figures of the tests that passed are merged into `figures.json`, and `figures.md` is rendered from it;
`python -m tests.support.figures` renders it alone.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec
import pytest

from tests.support import options
from tests.support.properties import FINDINGS, NOT_APPLICABLE, PROPERTIES, RELIABILITY

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "security"
RECORDED: Final = "figure"
"""The name of the fixture, and of what it adds to the report of a test."""
INTRODUCTION: Final = """\
# Figures

Written by the tests themselves (`make night`, `make figures`; see [README.md](README.md)): do not edit. Each row is a
test that passed, on the day and at the commit of its last column. *Tried* and *failed* are counted by the test.
*Negative control*: what the same test finds where the protection is taken away, so that it is known that it can fail.
*Night* is the full size, *gate* the small one of each change. **Not proven** means that no run has recorded a figure.
"""
TEST: Final = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)
"""A test, in the source of a file: all of ours are functions of modules. Parsing 500 files takes seconds."""
COLUMNS: Final = "| | property | test | size | figure | negative control | run |\n|---|---|---|---|---|---|---|\n"


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a run of a test found of one property."""

    property: str
    test: str
    size: Literal["gate", "night"]
    text: str
    tried: int
    failed: int
    run: str
    control: str | None = None
    worst_seconds: float | None = None


class FigureRecorder(Protocol):
    """The fixture `figure`."""

    def __call__(
        self,
        property_: str,
        text: str,
        *,
        tried: int,
        failed: int,
        control: str | None,
        worst_seconds: float | None = None,
    ) -> None:
        """Record a figure of this test.

        Args:
            property_: `R1` to `R37` or `S1` to `S27`, as a literal: the tests of the page read it in the source.
            text: What was tried and what counts as failed, with further figures.
            tried: How often.
            failed: How often it failed or lost something.
            control: What happens where the protection is taken away, with its figure; None if the test has none.
            worst_seconds: The longest time, if the property has one.

        """


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> FigureRecorder:
    """Return what records a figure of this test; it counts if the test passes and `--figures` is given."""
    test: pytest.Item = request.node
    recorded: set[str] = set()

    def record(
        property_: str,
        text: str,
        *,
        tried: int,
        failed: int,
        control: str | None,
        worst_seconds: float | None = None,
    ) -> None:
        if property_ not in PROPERTIES or property_ in NOT_APPLICABLE:
            raise ValueError(f"{property_} is no property to prove")
        if property_ in recorded:
            raise ValueError(f"this test has recorded {property_} before")
        if not (0 <= failed <= tried > 0):
            raise ValueError(f"{failed} of {tried} failed")
        recorded.add(property_)
        worst = None if worst_seconds is None else round(worst_seconds, 3)
        size: Literal["gate", "night"] = "night" if options.night else "gate"
        found = Figure(property_, test.nodeid, size, text, tried, failed, "", control, worst)
        test.user_properties.append((RECORDED, msgspec.json.encode(found).decode()))

    return record


class FigureWriter:
    """Collects the figures of a run, in the process that has the reports of all others, and merges them at its end."""

    def __init__(self, folder: Path, run: str, root: Path = ROOT) -> None:
        self._folder, self._run, self._root = folder, run, root
        self._figures: list[Figure] = []
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test recorded."""
        if report.failed:
            self._failed.add(report.nodeid)
        if report.when == "call" and report.passed:
            texts = [str(value) for name, value in report.user_properties if name == RECORDED]
            self._figures += [msgspec.json.decode(text, type=Figure) for text in texts]

    def pytest_sessionfinish(self) -> None:
        """Write both files."""
        recorded = [msgspec.structs.replace(figure, run=self._run) for figure in self._figures]
        write(merge(read(self._folder), recorded, failed=self._failed, known=known_tests(self._root)), self._folder)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--figures`."""
    parser.addoption(
        "--figures", nargs="?", const=str(FOLDER), help="merge the figures that tests record into those of a folder"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect the figures of this run if it was asked for them."""
    folder: str | None = config.getoption("--figures")
    if folder is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FigureWriter(Path(folder), describe_run(), config.rootpath), "figures")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that record figures, so that `-m figures` chooses them."""
    if RECORDED in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.figures)


def describe_run() -> str:
    """Return the day, the commit, and whether the tree differs from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    commit = git("rev-parse", "--short=8", "HEAD") or "no commit"
    return f"{datetime.now(UTC):%Y-%m-%d} {commit}{' with changes' if changed else ''}"


def merge(stored: Iterable[Figure], recorded: Iterable[Figure], *, failed: set[str], known: set[str]) -> list[Figure]:
    """Return stored and recorded figures, one for each property and test, in order.

    A figure of the gate does not replace one of the night. Figures of tests that failed or are gone are left out.
    """
    kept: dict[tuple[str, str], Figure] = {}
    for figure in (*stored, *recorded):
        before = kept.get((figure.property, figure.test))
        if before is None or (before.size, figure.size) != ("night", "gate"):
            kept[figure.property, figure.test] = figure
    order = {name: place for place, name in enumerate(PROPERTIES)}
    lasting = [figure for figure in kept.values() if figure.test not in failed and _name(figure.test) in known]
    return sorted(lasting, key=lambda figure: (order[figure.property], figure.test))


def _name(test: str) -> str:
    """Return the id of a test without its parameters."""
    return test.partition("[")[0]


def read(folder: Path = FOLDER) -> list[Figure]:
    """Return the stored figures."""
    file = folder / "figures.json"
    return msgspec.json.decode(file.read_bytes(), type=list[Figure]) if file.exists() else []


def write(figures: list[Figure], folder: Path = FOLDER) -> None:
    """Write the figures, one in each line, and the page."""
    lines = ",\n".join(msgspec.json.encode(figure).decode() for figure in figures)
    (folder / "figures.json").write_text(f"[\n{lines}\n]\n" if figures else "[]\n", "utf-8")
    (folder / "figures.md").write_text(render(figures), "utf-8")


def render(figures: Iterable[Figure]) -> str:
    """Return the page: a row for each figure, and one for each property without any."""
    rows: dict[str, list[Figure]] = {}
    for figure in figures:
        rows.setdefault(figure.property, []).append(figure)
    return (
        "\n".join(
            (
                INTRODUCTION,
                _summarise(rows),
                "## Properties of reliability\n",
                COLUMNS + _tabulate(RELIABILITY, rows),
                "## Findings that were mended\n",
                "Attacks on a running service found them before the first release.\n",
                COLUMNS + _tabulate(FINDINGS, rows),
            )
        ).rstrip("\n")
        + "\n"
    )


def _summarise(rows: Mapping[str, list[Figure]]) -> str:
    applicable = [name for name in PROPERTIES if name not in NOT_APPLICABLE]
    nightly = [name for name in applicable if any(figure.size == "night" for figure in rows.get(name, ()))]
    controlled = [name for name in applicable if any(figure.control for figure in rows.get(name, ()))]
    return (
        f"Of {len(applicable)} properties and findings {len([name for name in applicable if name in rows])} have a "
        f"figure, {len(nightly)} of them at full size, {len(controlled)} with a negative control. "
        f"{len(NOT_APPLICABLE)} do not apply.\n"
    )


def _tabulate(properties: Mapping[str, str], rows: Mapping[str, list[Figure]]) -> str:
    return "".join(_describe(name, sentence, rows.get(name, [])) for name, sentence in properties.items())


def _describe(name: str, sentence: str, figures: list[Figure]) -> str:
    if not figures:
        state = f"does not apply: {NOT_APPLICABLE[name]}" if name in NOT_APPLICABLE else "**not proven**"
        return f"| {name} | {sentence} | | | {state} | | |\n"
    lines = []
    for place, figure in enumerate(figures):
        worst = "" if figure.worst_seconds is None else f"; at worst {figure.worst_seconds:g} s"
        cells = (
            f"`{figure.test}`",
            figure.size,
            f"{figure.tried:,} tried, {figure.failed:,} failed{worst}: {figure.text}",
            figure.control or "none",
            figure.run,
        )
        texts = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
        lines.append(f"| {name} | {sentence if place == 0 else ''} | {' | '.join(texts)} |\n")
    return "".join(lines)


def known_tests(root: Path = ROOT) -> set[str]:
    """Return the ids, without parameters, of all tests below `root`, read in their sources."""
    return {f"{_place(file, root)}::{name}" for file in _files(root) for name in TEST.findall(file.read_text("utf-8"))}


def recording_tests() -> dict[str, list[str]]:
    """Return the tests that record figures, by property, read in their sources."""
    found: dict[str, list[str]] = {}
    for file in _files(ROOT):
        if f"{RECORDED}(" not in (text := file.read_text("utf-8")):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for name in _recorded(node):
                    found.setdefault(name, []).append(f"{_place(file, ROOT)}::{node.name}")
    return found


def _files(root: Path) -> list[Path]:
    return sorted((root / "tests").rglob("test_*.py"))


def _place(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()


def _recorded(definition: ast.AST) -> list[str]:
    calls = [node for node in ast.walk(definition) if isinstance(node, ast.Call)]
    firsts = [
        call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == RECORDED and call.args
    ]
    return [first.value for first in firsts if isinstance(first, ast.Constant) and isinstance(first.value, str)]


if __name__ == "__main__":
    write(merge(read(), (), failed=set(), known=known_tests()))
