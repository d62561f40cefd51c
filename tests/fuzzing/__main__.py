"""`python -m tests.fuzzing [DECODER …]`: fuzz decoders, each in a process of its own, guided by coverage.

It prints a line of JSON for each decoder as it ends, and fails if one has a fault. The service is imported once: each
process is a fork.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import resource
import sys
import tempfile
import traceback
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Final, NoReturn

import atheris

from tests.fuzzing import planted
from tests.fuzzing.corpora import read_corpus, write_corpus
from tests.fuzzing.published_targets import load_script
from tests.fuzzing.target import Target, try_input
from tests.fuzzing.targets import TARGETS

GUIDING: Final = (
    "actitud._calls",
    "actitud._files",
    "actitud._model",
    "actitud._notices",
    "actitud._retry",
    "actitud._streams",
    "actitud._transport",
    "actitud.counting.decoding",
    "actitud.counting.detection",
    "actitud.counting.export_files",
    "actitud.counting.readers",
    "actitud.counting.times",
    "actitud.errors",
    "actitud.pages",
    "actitud.verification",
    "actitud_api.engine.methodology.checks",
    "actitud_api.engine.methodology.loader",
    "actitud_api.platform.auth.keys",
    "actitud_api.platform.http.batches",
    "actitud_api.platform.http.inputs",
    "actitud_api.platform.http.negotiation",
    "actitud_api.platform.http.paging",
    "actitud_api.platform.http.preconditions",
    "actitud_api.platform.http.ranges",
    "actitud_api.platform.http.redaction",
    "actitud_api.platform.http.representations",
    "actitud_api.platform.http.scope",
    "actitud_api.platform.http.validation",
    "actitud_api.resources.imports.csv_forms",
    "actitud_api.resources.imports.json_form",
    "actitud_api.resources.imports.sources",
    "actitud_api.resources.imports.values",
    "actitud_api.resources.organisations.identifiers",
    "actitud_api.resources.organisations.municipalities",
    "actitud_api.settings",
    "actitud_api.web.embeds.oembed",
    "actitud_api.platform.spreadsheets.package",
    "actitud_api.web.workbooks.reading",
    "actitud_api.web.workbooks.verdicts.reading",
    "json",
    "tests.fuzzing.answer_targets",
    "tests.fuzzing.file_targets",
    "tests.fuzzing.import_targets",
    "tests.fuzzing.planted",
    "tests.fuzzing.published_targets",
    "tests.fuzzing.request_targets",
    "tomllib",
    "urllib.parse",
    "verify_script",
    "zipfile",
)
"""Modules and packages of which each branch is seen: to instrument all would take longer than the fuzzing by day."""
ROOM: Final = 96
"""MiB that a process may grow by: the limit of a decoder's memory."""
HANGS: Final = 60
"""Seconds on the clock after which an input hangs."""
_KNOWN: Final = {**TARGETS, **planted.TARGETS}


def main(arguments: Sequence[str]) -> int:
    """Fuzz, and return 1 if a decoder has a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("decoders", nargs="*", help=f"of {', '.join(_KNOWN)}; all but the last, if none is named")
    parser.add_argument("--seconds", type=int, default=60, help="time of each decoder on the clock")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, help="decoders that are fuzzed at a time")
    parser.add_argument("--seed", type=int, default=0, help="of chance; 0 takes another each time")
    parser.add_argument("--keep", action="store_true", help="write what is found to the committed corpora")
    options = parser.parse_args(arguments)
    if unknown := set(options.decoders) - _KNOWN.keys():
        parser.error(f"no such decoder: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
        _instrument()
        gc.freeze()
        results = _fuzz_all(options.decoders or list(TARGETS), Path(folder), options)
        if options.keep:
            for name in results:
                _keep(name, Path(folder) / name)
    return int(any(faulty for faulty in results.values()))


def _instrument() -> None:
    """Let the fuzzer see the branches of all functions of `GUIDING`."""
    load_script()
    names = tuple(f"{name}." for name in GUIDING)
    for function in [found for found in gc.get_objects() if isinstance(found, FunctionType)]:
        # The hook of atheris for imports would take whole distributions, and compile each of their modules anew.
        if f"{function.__module__}.".startswith(names):
            atheris.instrument_func(function)


def _fuzz_all(names: Sequence[str], folder: Path, options: argparse.Namespace) -> dict[str, bool]:
    """Fuzz decoders, some at a time; print the result of each, and return whether it has a fault."""
    waiting, running, faulty = list(names), dict[int, str](), dict[str, bool]()
    while waiting or running:
        while waiting and len(running) < options.at_once:
            name = waiting.pop(0)
            running[_start(name, folder / name, options)] = name
        process, status, usage = os.wait3(0)
        name = running.pop(process)
        result = _describe(folder / name, os.waitstatus_to_exitcode(status), usage)
        print(json.dumps({"decoder": name, **result}), flush=True)
        faulty[name] = result["fault"] is not None
    return faulty


def _start(name: str, folder: Path, options: argparse.Namespace) -> int:
    """Fork a process that fuzzes a decoder; return its id."""
    corpus, faults = folder / "corpus", folder / "faults"
    corpus.mkdir(parents=True)
    faults.mkdir()
    target = _KNOWN[name]
    for data in (*target.seeds(), *read_corpus(name)):
        (corpus / sha256(data).hexdigest()[:16]).write_bytes(data)
    (folder / "tokens").write_text("".join(f'"{_escape(token)}"\n' for token in target.tokens.split()))
    process = os.fork()
    if process == 0:
        _fuzz(target, folder, options)
    return process


def _escape(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


def _fuzz(target: Target, folder: Path, options: argparse.Namespace) -> NoReturn:
    """Fuzz a decoder until its time is over or it has a fault, and end this process without unwinding it."""
    code = 1
    try:
        with (folder / "log").open("wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        flags: dict[str, object] = {
            "artifact_prefix": f"{folder / 'faults'}/",
            "max_len": target.length_max,
            "print_final_stats": 1,
            "rss_limit_mb": used + ROOM,
            "seed": options.seed,
            "timeout": HANGS,
        }
        if target.inputs_max is None:
            flags["max_total_time"] = options.seconds
        else:
            flags["runs"] = target.inputs_max
        if target.tokens:
            flags["dict"] = str(folder / "tokens")
        atheris.Setup(
            ["fuzzing", *(f"-{name}={value}" for name, value in flags.items()), str(folder / "corpus")],
            _Feeder(target, folder / "faults"),
        )
        atheris.Fuzz()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


class _Feeder:
    """Function that gives a decoder the inputs of the fuzzer, and keeps the one that shows a fault."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target, self._folder = target, folder
        self._tried, self._slowest = 0, 0.0

    def __call__(self, data: bytes) -> None:
        self._tried += 1
        try:
            seconds = try_input(self._target, data)
        except BaseException:
            (self._folder / f"after-{self._tried}").write_bytes(data)
            raise
        if seconds > self._slowest:
            self._slowest = seconds
            (self._folder.parent / "slowest").write_text(str(seconds))


def _describe(folder: Path, code: int, usage: resource.struct_rusage) -> dict[str, object]:
    """Return what a process did: its inputs, processor seconds, those of the slowest input, peak memory and fault."""
    log = (folder / "log").read_text(errors="replace")
    ended = re.search(r"number_of_executed_units: (\d+)", log)
    faults = sorted((folder / "faults").iterdir())
    after = faults[0].name.partition("after-")[2] if faults else ""
    return {
        "inputs": int(ended[1] if ended else after or 0),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "slowest_seconds": float(slowest.read_text()) if (slowest := folder / "slowest").exists() else 0.0,
        "peak_mib": usage.ru_maxrss // 1024,
        "fault": None if code == 0 and not faults else _find_fault(log),
        "input": faults[0].read_bytes().decode("latin-1") if faults else None,
    }


def _find_fault(log: str) -> str:
    """Return what a log says of a fault: a traceback, or the sentence of the fuzzer."""
    begin = log.find("=== Uncaught Python exception")
    begin = log.find("==") if begin < 0 else begin
    return log[max(begin, 0) :][:4000]


def _keep(name: str, folder: Path) -> None:
    seeds = set(_KNOWN[name].seeds())
    found = {file.read_bytes() for file in (folder / "corpus").iterdir()}
    write_corpus(name, found - seeds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
