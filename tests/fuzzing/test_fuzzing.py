"""Whatever a decoder is given, it reads it or refuses it: committed inputs, and inputs that a fuzzer makes."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.fuzzing import planted
from tests.fuzzing.corpora import FOLDER, SIZE_MAX, read_corpus
from tests.fuzzing.target import try_input
from tests.fuzzing.targets import TARGETS
from tests.support.figures import FigureRecorder
from tests.support.options import night
from tests.support.scale import FUZZED

ROOT: Final = Path(__file__).parents[2]
AT_ONCE: Final = 7 if night else len(TARGETS) + 1
"""Decoders that are fuzzed at a time: by day all, so that the whole takes as long as one."""
SEED: Final = 0 if night else 18
"""Of chance: by day the same each time, so that a change fails for its own faults; at night always another."""


@pytest.mark.parametrize("name", TARGETS)
def test_each_committed_input_is_read_or_refused(name: str) -> None:
    committed = read_corpus(name)
    assert committed
    for data in (*TARGETS[name].seeds(), *committed):
        try_input(TARGETS[name], data)


def test_each_corpus_is_small_and_of_a_decoder() -> None:
    files = list(FOLDER.iterdir())
    assert {file.stem for file in files} == TARGETS.keys()
    assert max(file.stat().st_size for file in files) <= SIZE_MAX


def fuzz(*names: str, seconds: int) -> dict[str, dict[str, Any]]:
    """Fuzz decoders, and return what came of each."""
    command = [sys.executable, "-m", "tests.fuzzing", *names]
    options = ["--seconds", str(seconds), "--at-once", str(AT_ONCE), "--seed", str(SEED)]
    process = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    results = {result.pop("decoder"): result for result in map(json.loads, process.stdout.splitlines())}
    assert results.keys() == set(names), process.stderr
    return results


def test_fuzzing_finds_no_fault_but_the_planted_one(figure: FigureRecorder) -> None:
    if importlib.util.find_spec("atheris") is None:
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail("atheris is not installed, and CI is set")
        pytest.skip("there is no atheris for this machine")
    results = fuzz(planted.NAME, *TARGETS, seconds=FUZZED)
    found = results.pop(planted.NAME)
    assert "PlantedFault" in (found["fault"] or "")
    assert found["input"].startswith("ACTLv7")
    assert {name: result for name, result in results.items() if result["fault"] is not None} == {}
    assert all(result["inputs"] > 0 for result in results.values())
    figure(
        "R16",
        f"inputs that a fuzzer guided by coverage made for {len(TARGETS)} decoders, {FUZZED} s each and {AT_ONCE} at a "
        f"time, that were neither read nor refused; the worst time is the processor's for one input; at most "
        f"{max(result['peak_mib'] for result in results.values())} MiB in all, of which 150 are the service",
        tried=sum(result["inputs"] for result in results.values()),
        failed=0,
        worst_seconds=max(result["slowest_seconds"] for result in results.values()),
        control=f"a planted fault that a blind search meets once in 2^48 inputs is found after {found['inputs']:,}",
    )
