"""`make peers`: generators, linters and a mock server of others on the OpenAPI document.

It prints tables, and fails if a client lacks an operation or does not complete the main flow, or if a program finds
what `accepted.toml` does not accept with a reason.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from actitud import Client
from tests.benchmarks.measure import machine
from tests.contract.outsider import run_sandbox
from tests.peers.findings import Review, list_faults, review
from tests.peers.generators import Generator, Result, Target, count_documented, list_generators, try_generator
from tests.peers.linters import try_linters
from tests.peers.mock import Mocked, try_mock
from tests.peers.programs import CACHE, FACTS, HERE, install
from tests.support.printed import record_section

ORGANISATION: Final = "XX-DEMO-00100"
PARTS: Final = ("generators", "linters", "mock")


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the peers. Return 0, or 1 if one finds a fault that is not accepted."""
    parser = argparse.ArgumentParser(prog="make peers")
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}, or words of names of generators; all by default")
    parser.add_argument("--record", action="store_true", help="write docs/figures.md, where all parts are tried")
    options = parser.parse_args(arguments)
    if options.record and options.parts:
        parser.error("--record is for all parts")
    with record_section("peers") if options.record else nullcontext():
        print(machine())
        return try_parts(options.parts or PARTS)


def try_parts(chosen: Sequence[str]) -> int:
    """Try the peers that are named. Return 0, or 1 if one finds a fault that is not accepted."""
    held = tomllib.loads((HERE / "accepted.toml").read_text("utf-8"))
    install()
    console = Console(width=150)
    faults: list[str] = []
    names = [name for name in chosen if name not in PARTS]
    if "generators" in chosen or names:
        generators = [one for one in list_generators() if not names or any(name in one.name for name in names)]
        faults += _try_generators(console, generators, held["accepted"])
    if "linters" in chosen:
        faults += _try_linters(console, held["accepted"])
    if "mock" in chosen:
        faults += _report_mock(console, try_mock(), held["mock"])
    for fault in faults:
        console.print(f"WORSE: {fault}", style="red", markup=False, soft_wrap=True)
    return bool(faults)


def _try_generators(
    console: Console, generators: Sequence[Generator], accepted: Sequence[Mapping[str, str]]
) -> list[str]:
    with run_sandbox() as sandbox:
        target = Target(sandbox["url"], ORGANISATION, sandbox["keys"]["organisation_reader"])
        expected = _see_with_sdk(target)
        results = [try_generator(generator, target) for generator in generators]
    table = Table(
        "generator", "version", "operations", "warnings", "type errors", "accepted", "main flow", "files", "CPU s"
    )
    documented = count_documented()
    faults = []
    for result in results:
        (CACHE / _name_log(result)).write_text(result.said, encoding="utf-8")
        reviewed = review(result.name, [*result.warnings, *result.type_errors], accepted)
        table.add_row(*_format_result(result, reviewed, documented, expected))
        faults += _list_faults(result, reviewed, documented, expected)
    console.print(table)
    return faults


def _name_log(result: Result) -> str:
    return f"{result.name.replace('/', '-')}.log"


def _see_with_sdk(target: Target) -> dict[str, Any]:
    """Do the main flow with the Python SDK: the others have to see the same."""
    facts = json.loads(FACTS.read_text("utf-8"))
    with Client(base_url=target.url, api_key=target.key) as client:
        return {
            "scored": client.score(profile=facts["profile"], answers=facts["answers"]).index,
            "ranking": [row.organisation for row in client.editions.scores.list("latest", limit=5).items],
            "sheet": client.editions.scores.get("latest", target.organisation).index,
            "history": [row.edition for row in client.organisations.scores.list(target.organisation).items],
            "badge": "<svg",
        }


def _format_result(result: Result, reviewed: Review, documented: int, expected: Mapping[str, Any]) -> list[str]:
    operations = "only models" if result.operations is None else f"{result.operations} of {documented}"
    flow = "fails" if result.flow is None else "completes" if result.flow == expected else "sees something else"
    return [
        result.name,
        result.version,
        operations,
        str(len(result.warnings)),
        str(len(result.type_errors)),
        str(len(reviewed.accepted)),
        flow,
        str(result.files),
        f"{result.seconds:.0f}",
    ]


def _list_faults(result: Result, reviewed: Review, documented: int, expected: Mapping[str, Any]) -> list[str]:
    faults = list_faults(result.name, reviewed)
    if result.operations is not None and result.operations < documented:
        faults.append(f"{result.name}: {documented - result.operations} operations are missing")
    if result.flow != expected:
        faults.append(f"{result.name}: the main flow sees {result.flow} instead of {expected}")
    if faults:
        faults.append(f"{result.name}: what it said is in {CACHE.name}/{_name_log(result)}")
    return faults


def _try_linters(console: Console, accepted: Sequence[Mapping[str, str]]) -> list[str]:
    table = Table("linter", "findings", "accepted", "CPU s")
    faults = []
    for linted in try_linters():
        reviewed = review(linted.linter, linted.findings, accepted)
        counts = (len(linted.findings), len(reviewed.accepted))
        table.add_row(linted.linter, *map(str, counts), f"{linted.seconds:.0f}")
        faults += list_faults(linted.linter, reviewed)
    console.print(table)
    return faults


def _report_mock(console: Console, mocked: Mocked, held: Mapping[str, float]) -> list[str]:
    started = "never" if mocked.seconds is None else f"{mocked.seconds:.1f}"
    table = Table("mock server", "version", "CPU s until it answers", "calls of the SDK")
    table.add_row("Prism", mocked.version, started, f"{mocked.calls - len(mocked.failed)} of {mocked.calls}")
    console.print(table)
    if mocked.seconds is None:
        return ["Prism does not start"]
    faults = [f"Prism: {name}: {said}" for name, said in mocked.failed.items()]
    if mocked.seconds > held["seconds"]:
        faults.append(f"Prism takes {mocked.seconds:.1f} s of the processor to start, {held['seconds']} held")
    return faults


if __name__ == "__main__":
    sys.exit(main())
