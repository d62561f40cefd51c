"""What runs when, and nothing that takes long to import: tests of the engine and of the SDK need no service."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from xdist.remote import Producer

from tests.support import options
from tests.support.scheduling import FilesAtOnce

UNITS = tuple(Path(__file__).parent / name for name in ("unit", "cases"))
"""Folders whose tests need no service, no database and no judge of responses."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--night`."""
    parser.addoption("--night", action="store_true", help="run everything, at full size")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an option that came too late for the sizes."""
    if config.getoption("--night") and not options.night:
        raise pytest.UsageError("--night has to stand in the command line itself")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """Load the fixtures of the service and the judge of its responses for the first test that is no unit."""
    if file_path.match("test_*.py") and not _is_unit(file_path):
        parent.config.pluginmanager.import_plugin("tests.support.service")


def _is_unit(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in UNITS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out by day what runs at night, and at night what stands for it by day."""
    left_out = [item for item in items if _is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not _is_left_out(item)]


def _is_left_out(item: pytest.Item) -> bool:
    marked = {mark.name for mark in item.iter_markers()}
    if options.night:
        return "day" in marked
    return "night" in marked or ("postgresql" in marked and "both_databases" not in marked)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesAtOnce | None:
    """Share the tests out between processes file by file where that is asked for."""
    return FilesAtOnce(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what is imported by now out of each later garbage collection, which took a seventh of the time of tests."""
    gc.collect()
    gc.freeze()
