"""A plugin of pytest that, in place of running the tests once, runs for each mutant those that run what it changes.

Each mutant has a process of its own, forked when the tests are collected and none has run. The tests come first that
killed others of its function, then the cheapest, and the first that fails ends it; `ENOUGH` seconds of tests are
tried. A mutant of a statement that no test runs survives without a trial. Hypothesis draws the same few
examples each time, and does not search for a smaller one. So a mutant that is said to survive may still be killed by
the whole suite, and never the reverse. What a module of tests computes while it is imported is computed without the
mutant: there a function with a cache does better than a constant.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import _lru_cache_wrapper
from itertools import zip_longest
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import pytest
from hypothesis import Phase, is_hypothesis_test, settings

from actitud_api.scoring import plan
from tests.mutation.applying import apply, codes, functions, modules, reached, resolved
from tests.mutation.verdicts import Kept, Mutant

if TYPE_CHECKING:
    from _typeshed import TraceFunction

TESTS: Final = ("tests/scoring", "tests/methodology", "tests/cases", "tests/reviews/test_effects.py")
ARGUMENTS: Final = (
    "--override-ini=addopts=--import-mode=importlib",
    "-qq",
    "--capture=no",
    "--noconftest",  # it starts databases
    "--override-ini=cache_dir=.mutation/pytest",
    "--hypothesis-profile=mutation",
    # That a test fails is all that is asked of it: what it would say of that takes longer than the test.
    "--assert=plain",
    "--tb=no",
    # Each takes as long as hundreds of others, and what only they would kill is said to survive.
    "--deselect=tests/scoring/test_reference.py::test_methodology_2026_1",
    "--deselect=tests/methodology/test_differences.py::test_no_change_of_a_document_is_overlooked",
)
EXAMPLES: Final = 8
"""So many examples at most are drawn for a test."""
TIME: Final = "(time)"
CRASH: Final = "(crash)"
"""What killed a mutant, where it was no test that failed: far more processor time than the test needs; a signal."""
ENOUGH: Final = 30.0
"""So many seconds of tests are tried on a mutant, the cheapest of them, as measured: its function may be everywhere."""
MEMORY: Final = 8 * 2**30
SILENCE: Final = 900.0
"""A process that says nothing for so many seconds waits for something that does not come."""

settings.register_profile(
    "mutation", derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate)
)


class Call(NamedTuple):
    """What a test takes, in seconds while its lines are traced, and of the functions that it calls the lines it runs.

    Lines are counted from 0, the line of `def`.
    """

    seconds: float
    lines: Mapping[str, Sequence[int]]


Found: TypeAlias = tuple[float, dict[str, list[int]]]
"""A `Call` as it is kept."""


def digest(files: Iterable[Path]) -> str:
    """One digest of the names and contents of files."""
    summed = hashlib.sha256()
    for file in sorted(files):
        summed.update(f"{file}\n".encode() + file.read_bytes())
    return summed.hexdigest()[:16]


class Trying:
    """Tries the mutants of which nothing is known, and says so line by line."""

    def __init__(self, mutants: Sequence[Mutant], kept: Kept, calls: Path) -> None:
        self._mutants, self._kept, self._calls = mutants, kept, calls
        self._sound: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Hypothesis shall draw few examples: a setting that a test makes for itself has no other way to be changed."""
        for item in items:
            test = getattr(item, "obj", None)
            if test is not None and is_hypothesis_test(test):
                made = test._hypothesis_internal_use_settings
                fewer = settings(made, max_examples=min(made.max_examples, EXAMPLES))
                test._hypothesis_internal_use_settings = fewer

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own."""
        if session.testsfailed:
            raise pytest.UsageError("Not all tests can be collected")
        self._caches = caches()
        gc.freeze()
        calls = self._measured(session)
        items = {item.nodeid: item for item in session.items}
        of: dict[str, list[str]] = {}
        for test, call in sorted(calls.items(), key=lambda entry: entry[1].seconds):
            for function in call.lines:
                of.setdefault(function, []).append(test)
        shared = helpers()
        for function, tests in of.items():
            self._kept.tests[function] = digest({_file(items[test]) for test in tests}) + shared
        killers: defaultdict[str, set[str]] = defaultdict(set)
        untried = [mutant for mutant in self._mutants if self._kept.verdict(mutant) is None]
        for position, mutant in enumerate(untried, 1):
            tests = selected(mutant, of.get(mutant.function, []), calls)
            # Stable: in both halves the cheapest first.
            tests = sorted(tests, key=lambda test: test not in killers[mutant.function])
            started = time.perf_counter()
            killer = self._tried(session, [items[test] for test in tests], calls, mutant)
            if killer in items:
                self._check(session, items[killer], calls)
                killers[mutant.function].add(killer)
            self._kept.keep(mutant, killer, time.perf_counter() - started)
            print(f"{position}/{len(untried)} {mutant.function}: {killer or 'survives'}", flush=True)
        return True

    def _check(self, session: pytest.Session, item: pytest.Item, calls: dict[str, Call]) -> None:
        """A test that kills has to pass when nothing is changed, alone and first as well."""
        if item.nodeid not in self._sound:
            if self._tried(session, [item], calls, None) is not None:
                raise pytest.UsageError(f"Alone, with nothing changed, {item.nodeid} fails")
            self._sound.add(item.nodeid)

    def _tried(
        self, session: pytest.Session, items: Sequence[pytest.Item], calls: dict[str, Call], mutant: Mutant | None
    ) -> str | None:
        if not items:
            return None

        def run(tell: Callable[[str], None]) -> None:
            if mutant is not None:
                apply(mutant)
            self._forget(mutant)
            for item, after in zip_longest(items, items[1:]):
                limit = int(time.process_time() + 3 + 5 * calls[item.nodeid].seconds)
                resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if session.testsfailed:
                    tell(item.nodeid)
                    return
            tell("")

        return _forked(run) or None

    def _measured(self, session: pytest.Session) -> dict[str, Call]:
        """What every test calls, measured once while the sources and the file of the test stay as they are."""
        shared = digest(modules()) + helpers()
        known = json.loads(self._calls.read_text(encoding="utf-8")) if self._calls.is_file() else {}
        now = {}
        for path in sorted({_file(item) for item in session.items}):
            state = digest([path]) + shared
            now[str(path)] = known.get(str(path), {})
            if now[str(path)].get("state") != state:
                items = [item for item in session.items if _file(item) == path]
                print(f"What {len(items)} tests of {path.name} call", flush=True)
                now[str(path)] = {"state": state, "tests": self._calls_of(session, items)}
                self._calls.write_text(json.dumps(known | now), encoding="utf-8")
        present = {item.nodeid for item in session.items}
        of_files = (file["tests"].items() for file in now.values())
        return {test: Call(*call) for tests in of_files for test, call in tests if test in present}

    def _calls_of(self, session: pytest.Session, items: Sequence[pytest.Item]) -> dict[str, Found]:
        """Runs tests of unchanged code; raises pytest.UsageError where one fails."""

        def run(tell: Callable[[str], None]) -> None:
            places = {
                code: (name, line)
                for file in modules()
                for name, line in functions(file).items()
                for code in codes(resolved(name))
            }
            found: dict[str, Found] = {}
            seen: defaultdict[str, set[int]] = defaultdict(set)

            def called(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
                if frame.f_code not in places:
                    return None
                name, start = places[frame.f_code]
                lines = seen[name]

                def ran(frame: FrameType, event: str, argument: object) -> TraceFunction:
                    if event == "line":
                        lines.add(frame.f_lineno - start)
                    return ran

                return ran

            for item in items:
                self._forget(None)
                seen.clear()
                started = time.process_time()
                sys.settrace(called)
                try:
                    # As the last one: so the next has its fixtures made anew, of a module as well.
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                finally:
                    sys.settrace(None)
                if session.testsfailed:
                    raise pytest.UsageError(f"With nothing changed, {item.nodeid} fails")
                seconds = time.process_time() - started
                found[item.nodeid] = (seconds, {name: sorted(lines) for name, lines in sorted(seen.items())})
            tell(json.dumps(found))

        return {test: (seconds, lines) for test, (seconds, lines) in json.loads(_forked(run)).items()}

    def _forget(self, mutant: Mutant | None) -> None:
        """No test finds in a cache what was computed without the mutant; scoring is above methodology."""
        plan._plans.clear()
        for cache in self._caches:
            if mutant is None or mutant.function.startswith("methodology.") or ".methodology." not in cache.__module__:
                cache.cache_clear()


def selected(mutant: Mutant, tests: Iterable[str], calls: Mapping[str, Call]) -> list[str]:
    """Those of the tests that run a statement that the mutant changes, in their order, `ENOUGH` seconds of them."""
    changed = reached(mutant)
    found: list[str] = []
    spent = 0.0
    for test in tests:
        seconds, lines = calls[test]
        if changed is None or not changed.isdisjoint(lines[mutant.function]):
            spent += seconds
            if found and spent > ENOUGH:
                break
            found.append(test)
    return found


def _file(item: pytest.Item) -> Path:
    return Path(os.path.relpath(item.path))


def caches() -> list[_lru_cache_wrapper[object]]:
    """The caches of functions of the service and of the tests."""
    found = (kept for kept in gc.get_objects() if isinstance(kept, _lru_cache_wrapper))
    return [kept for kept in found if str(kept.__module__).startswith(("actitud_api.", "tests."))]


def helpers() -> str:
    """What has changed when anything that the tests share has."""
    folders = [Path("tests"), *(Path(folder) for folder in TESTS)]
    return digest(file for folder in folders for file in folder.glob("*.py") if not file.name.startswith("test_"))


def _forked(run: Callable[[Callable[[str], None]], None]) -> str:
    """What `run` tells in a process of its own, or how that ended; raises RuntimeError with what it raised."""
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        told = os.fdopen(writing, "w", encoding="utf-8")
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            run(lambda text: print(f"={text}", end="", file=told))
        except BaseException:
            told.write(f"!{traceback.format_exc()}")
        finally:
            told.close()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as telling:
        if not select.select([telling], [], [], SILENCE)[0]:
            os.kill(child, signal.SIGKILL)
        text = telling.read()
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if text.startswith("="):
        return text[1:]
    if ended in (-signal.SIGXCPU, -signal.SIGKILL):
        return TIME
    if ended in (-signal.SIGSEGV, -signal.SIGABRT):
        return CRASH
    raise RuntimeError(f"The process that tries a mutant ended with {ended}: {text[1:]}")
