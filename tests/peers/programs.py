"""Programs of others, each in the folder of `make peers`, and how much processor time they take."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from tests.support.node import NODE, run_npm

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = ROOT / "openapi" / "openapi.json"
FACTS: Final = ROOT / "openapi" / "examples" / "scores.create.request.json"
PYTHON: Final = ROOT / ".venv-peers" / "bin"
"""Folder of the generators that are written in Python."""
CACHE: Final = ROOT / ".peers"
"""Folder with what npm installs and with what the generators make; git ignores it."""
HERE: Final = Path(__file__).parent
TYPESCRIPT: Final = ROOT / "sdk" / "typescript"


class Output(NamedTuple):
    """Result of a program; `seconds` are those of the processor, which a busy machine does not change."""

    code: int
    text: str
    errors: str
    seconds: float


def run(*command: str | Path, folder: Path, environment: Mapping[str, str] | None = None) -> Output:
    """Run a program of node or Python in a folder."""
    before = _read_seconds()
    path = os.pathsep.join((str(PYTHON), str(NODE.parent), os.environ["PATH"]))
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=1_800,
    )
    return Output(done.returncode, done.stdout, done.stderr, _read_seconds() - before)


def run_module(name: str, *arguments: str | Path, folder: Path) -> Output:
    """Run a program that npm has installed, by the path of its script."""
    return run(NODE, CACHE / "node_modules" / name, *arguments, folder=folder)


def install() -> None:
    """Install what npm has to, by the locks, unless it is there."""
    CACHE.mkdir(exist_ok=True)
    for folder, locked in ((CACHE, HERE), (TYPESCRIPT, TYPESCRIPT)):
        lock = (locked / "package-lock.json").read_bytes()
        mark = folder / "node_modules" / "installed.json"
        if not mark.exists() or mark.read_bytes() != lock:
            if folder != locked:
                for name in ("package.json", "package-lock.json", ".npmrc"):
                    shutil.copy(locked / name, folder)
            run_npm("ci", folder=folder)
            mark.write_bytes(lock)


def make_folder(name: str) -> Path:
    """Make an empty folder for a program, without spaces and slashes in its name."""
    folder = CACHE / "work" / re.sub(r"[^\w-]+", "-", name).strip("-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _read_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
