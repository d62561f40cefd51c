"""What runs when, and nothing that takes long to import: tests of the engine and of the SDK need no service."""

from __future__ import annotations

import functools
import gc
import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Final

import pytest
from _pytest.runner import runtestprotocol
from xdist.remote import Producer

from tests.support import options, second_version, sharing_out
from tests.support.scheduling import FilesAtOnce

# On import, because the `conftest.py` of a folder below may import the service before pytest calls any hook.
second_version.register()

pytest_plugins = ["tests.support.figures", "tests.support.certificates"]

UNITS = tuple(Path(__file__).parent / name for name in ("unit", "cases"))
"""Folders whose tests need no service, no database and no judge of responses."""
SERVICE: Final = "tests.support.service"
"""The plugin with the fixtures of the service and the judge of its responses."""
REPORTED_SECONDS: Final = 0.5
"""Time that a fixture takes at least to be reported, as one of the slowest perhaps."""
MEMORY: Final = Path("/dev/shm")
"""The folder of Linux that is kept in memory; containers often have little room in it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--night` and `--shuffle`."""
    parser.addoption("--night", action="store_true", help="run everything, at full size")
    parser.addoption("--shuffle", type=int, help="a seed: files, and the tests of each, in an order of chance")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an option that came too late for the sizes, and let the databases of the day stand in memory."""
    if config.getoption("--night") and not options.night:
        raise pytest.UsageError("--night has to stand in the command line itself")
    if not options.night and "TMPDIR" not in os.environ and _has_room(MEMORY):
        _write_temporary_files_to_memory(config)


def _has_room(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free >= 4 * 2**30


def _write_temporary_files_to_memory(config: pytest.Config) -> None:
    # A third of the time of tests on SQLite is its waiting for the disk at each commit.
    folder = Path(tempfile.mkdtemp(prefix="actitud-tests-", dir=MEMORY))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)  # of the processes that tests start, and of this one
    config.add_cleanup(functools.partial(shutil.rmtree, folder, ignore_errors=True))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """Load the fixtures of the service and the judge of its responses for the first test that is no unit."""
    if file_path.match("test_*.py") and not _is_unit(file_path):
        parent.config.pluginmanager.import_plugin(SERVICE)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Import no module of the night by day, where all tests are collected: browsers and readers of tables take long."""
    if sharing_out.is_shared_out(parent.config) and sharing_out.is_left_to_night(module_path):
        return sharing_out.ModuleOfNight.from_parent(parent, path=module_path)
    return None


def _is_unit(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in UNITS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out by day what runs at night, and at night what stands for it by day; shuffle the others if asked."""
    taken: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (left_out if _is_left_out(item) else taken).append(item)
    config.hook.pytest_deselected(items=left_out)
    if (seed := config.getoption("--shuffle")) is not None:
        chance = random.Random(seed)
        places = {item.path: chance.random() for item in taken}
        taken.sort(key=lambda item: (places[item.path], chance.random()))
    items[:] = taken


def _is_left_out(item: pytest.Item) -> bool:
    marked = {mark.name for mark in item.iter_markers()}
    if options.night:
        return "day" in marked
    return "night" in marked or ("postgresql" in marked and "both_databases" not in marked)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Let one of several processes report of a fixture that was well and fast nothing: nobody reads it.

    Each report takes 0.1 ms of CPU to send and as much to read, for 11,500 tests with three of them each.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed or report.duration > REPORTED_SECONDS:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run one process more than there are cores: a fifth of the time tests wait for a server, a lease or a disk.

    Units wait for nothing, and each process takes seconds to collect them.
    """
    given = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    return (os.cpu_count() or 1) + (not all(map(_is_unit, given)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesAtOnce | None:
    """Share the tests out between processes file by file where that is asked for."""
    return FilesAtOnce(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection(session: pytest.Session) -> None:
    """Search no garbage while tests are collected: next to nothing of what is imported is given up again."""
    gc.disable()
    if sharing_out.is_shared_out(session.config):
        session.config.pluginmanager.import_plugin(SERVICE)
        sharing_out.import_from_own_place()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what is imported by now out of each later garbage collection, which took a seventh of the time of tests.

    The little garbage among it is kept as well: to look for it takes 0.3 s of CPU.
    """
    gc.freeze()
    # Usual are 700 new objects: a test makes and gives up a hundred times as many.
    gc.set_threshold(20_000)
    gc.enable()
