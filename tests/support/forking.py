"""Processes that copy one that has imported the service, and commands that run in them.

By day a test that starts a service has it run so: a fresh process takes two seconds of CPU before its command begins.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any, Final, NamedTuple, Self, TextIO

import pytest

from tests.support.scale import NIGHT
from tests.support.waiting import await_true

PROCESSES: Final = multiprocessing.get_context("forkserver")
"""New processes copy one that has imported all of this and has no thread, which takes some milliseconds."""
PROCESSES.set_forkserver_preload(
    ["tests.faults.killed_workers", "tests.faults.serving", "tests.faults.writers", "tests.support.preloading"]
)


def fork_workers(patch: pytest.MonkeyPatch) -> None:
    """Let what this process starts for work copy one that has imported the service; at night each is a fresh one."""
    if not NIGHT:
        patch.setattr(multiprocessing, "get_context", lambda method: PROCESSES)


class ForkedFunction(NamedTuple):
    """A process that runs a function, and our end of the pipe that the function has got."""

    process: BaseProcess
    pipe: Connection

    def receive(self) -> Any:
        """Return the next thing that it sends."""
        await_true(lambda: self.pipe.poll(1))
        return self.pipe.recv()

    def kill(self) -> list[Any]:
        """Kill it in the middle of its work, and return what it has sent and nobody has received."""
        self.process.kill()
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL
        rest: list[Any] = []
        with suppress(EOFError, OSError):
            while True:
                rest.append(self.pipe.recv())
        return rest


@contextmanager
def forked(function: Callable[..., None], *arguments: object) -> Iterator[ForkedFunction]:
    """Run a function in a process, which is killed at the end of the block. Its last argument is a pipe."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=function, args=(*arguments, theirs))
    process.start()
    theirs.close()
    try:
        yield ForkedFunction(process, ours)
    finally:
        process.kill()
        process.join()
        ours.close()


class ForkedCommand:
    """A process that runs a program as `python -c` does, with those members of `subprocess.Popen` that tests use.

    Its standard error is that of this process, and its standard output can be read here.
    """

    def __init__(self, program: str, arguments: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        reader, writer = PROCESSES.Pipe(duplex=False)
        with writer, Connection(os.dup(2), readable=False) as errors:
            what = (program, list(arguments), dict(environment), folder)
            self._process = PROCESSES.Process(target=_run, args=(*what, writer, errors))
            self._process.start()
        with reader:
            self.stdout: TextIO = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
        assert self._process.pid is not None
        self.pid: Final = self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit code, the negative number of the signal that ended it, or None while it lives."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code, or None while it lives."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended, and return the exit code.

        Raises:
            TimeoutExpired: It lives after so many seconds.
        """
        self._process.join(timeout)
        if (code := self.returncode) is None:
            raise subprocess.TimeoutExpired("", timeout or 0.0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Wait until it has ended. Return the rest of its output, which has to be short."""
        self.wait(timeout)
        return self.stdout.read(), None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        """Return the process."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until it has ended, and close its output."""
        self.stdout.close()
        self.wait()


def _run(
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: str,
    output: Connection,
    errors: Connection,
) -> None:
    """Run a program in this process as `python -c` would, with these arguments."""
    for connection, number in ((output, 1), (errors, 2)):
        with connection:
            os.dup2(connection.fileno(), number)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # for as long as the process lives
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["-c", *arguments]
    # Processes that it spawns would import the file that began the tests.
    sys.modules["__main__"] = main = ModuleType("__main__")
    exec(program, vars(main))
