"""`make again`: run the tests many times in a row, beside a load if asked, and say which runs were red."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "var" / "again"
"""Where `runs.txt` has a line for each run, and a file what each red run said."""


def main(arguments: Sequence[str]) -> int:
    """Run a command so many times; return 1 if it failed once."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.again", description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--load", type=int, default=0, help="processes beside it that compute or write to the disk")
    parser.add_argument("command", nargs="+", help="what runs the tests")
    options = parser.parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    red = 0
    with loaded(options.load), (FOLDER / "runs.txt").open("a", encoding="utf-8") as file:
        for number in range(1, options.times + 1):
            begun = time.monotonic()
            ran = subprocess.run(options.command, stdout=-1, stderr=-2, text=True, check=False)
            line = f"{number} of {options.times}: {time.monotonic() - begun:.0f} s, {summarise(ran)}"
            if ran.returncode:
                red += 1
                log = FOLDER / f"{os.getpid()}-{number}.log"
                log.write_text(ran.stdout, "utf-8")
                line += f"; {log}"
            for output in (file, sys.stdout):
                print(line, file=output, flush=True)
    return int(red > 0)


def summarise(ran: subprocess.CompletedProcess[str]) -> str:
    """Return how many cases passed and failed, and the names of those that failed."""
    counts = {what: sum(map(int, re.findall(rf"(\d+) {what}", ran.stdout[-500:]))) for what in ("passed", "failed")}
    names = re.findall(r"^(?:FAILED|ERROR) (\S+)", ran.stdout, re.MULTILINE)
    said = f"{counts['passed']} passed, {counts['failed']} failed"
    return said + (f": {' '.join(names) or f'exit code {ran.returncode}'}" if ran.returncode else "")


@contextmanager
def loaded(number: int) -> Iterator[None]:
    """Keep processors and disk busy with so many processes, every other one of each kind, which end with this one."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        works: list[Callable[[Path], object]] = [compute, write]
        busy = [Process(target=repeat, args=(works[n % 2], Path(folder, str(n)), os.getpid())) for n in range(number)]
        for process in busy:
            process.start()
        try:
            yield
        finally:
            for process in busy:
                process.kill()
                process.join()


def repeat(work: Callable[[Path], object], file: Path, parent: int) -> None:
    """Work until the parent has ended."""
    while os.getppid() == parent:
        work(file)


def compute(_: Path) -> None:
    """Keep a processor busy for a moment."""
    sum(range(1_000_000))


def write(file: Path) -> None:
    """Write some MB to the disk."""
    with file.open("wb") as opened:
        opened.write(bytes(4_000_000))
        os.fsync(opened.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
