"""strace: what system calls a process makes, and calls that fail because it says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.waiting import await_true


@pytest.fixture(scope="session")
def strace() -> str:
    """The program that shows system calls; without it the test is skipped, or fails where `CI` is set."""
    found = shutil.which("strace")
    if found is None and os.environ.get("CI"):
        pytest.fail("strace is missing, and CI is set")
    if found is None:
        pytest.skip("there is no strace")
    return found


@contextmanager
def failing(strace: str, processes: Sequence[int], calls: str, error: str, files: Sequence[Path]) -> Iterator[None]:
    """Lets system calls of running processes fail on some files for as long as the block, without being carried out."""
    command = [strace, "--quiet=all", "--follow-forks", "--output=/dev/null", f"--trace={calls}"]
    command += [f"--inject={calls}:error={error}", *(f"--attach={process}" for process in processes)]
    with subprocess.Popen([*command, *(f"--trace-path={file.resolve()}" for file in files)]) as tracer:
        try:
            await_true(lambda: tracer.poll() is not None or all(map(is_traced, processes)))
            assert tracer.poll() is None, "strace may not look at other processes here"
            yield
        finally:
            tracer.terminate()


def is_traced(process: int) -> bool:
    """Whether strace has every thread of a process."""
    threads = Path(f"/proc/{process}/task").glob("*/status")
    return all("\nTracerPid:\t0\n" not in thread.read_text("ascii") for thread in threads)
