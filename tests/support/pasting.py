"""Blocks of a page, pasted into one shell one after another as a reader would, and what they print.

By day the commands of `.venv/bin` run in this process, which has imported them: a fresh one takes up to two seconds of
CPU before its command begins. At night they are the installed ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import socket
import socketserver
import subprocess
import sys
import tempfile
import traceback
from code import InteractiveConsole
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

import actitud.cli
import actitud_api.cli
from actitud import Client
from tests.support.scale import NIGHT
from tests.support.threads import run_in_thread

ROOT: Final = Path(__file__).parents[2]
LINKED: Final = ("api", "deploy", "docs", "openapi", "sdk", "tests")
"""Folders of the checkout that commands of pages read."""
_BLOCKS: Final = re.compile(
    r"^```(sh|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
_MARK: Final = "=== end of block ==="
_FORWARDER: Final = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({address!r})
    request = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(connection, [request], [1, 2])
    connection.shutdown(socket.SHUT_WR)
    sys.exit(int(connection.recv(16)))
"""
"""Program in place of a command: it hands arguments, folder, environment and outputs to the process of the test."""


@dataclass(frozen=True)
class Block:
    """Commands of a page (`sh`) or code (`python`), and what the page says that they print."""

    kind: str
    code: str
    printed: str

    def has_printed(self, output: str) -> bool:
        """Return True if an output is what the page says, where `…` stands for any text."""
        pattern = ".*?".join(map(re.escape, self.printed.split("…")))
        return re.fullmatch(pattern, output, re.DOTALL) is not None


def list_blocks(page: Path) -> list[Block]:
    """List the blocks of a page that are pasted; a block without a language is for another terminal."""
    return [Block(*found) for found in _BLOCKS.findall(page.read_text("utf-8"))]


def replace_words(block: Block, words: Mapping[str, str]) -> Block:
    """Return a block with other words in place of some, such as the address of the service, in code and output."""
    code, printed = block.code, block.printed
    for word, other in words.items():
        code, printed = code.replace(word, other), printed.replace(word, other)
    return Block(block.kind, code, printed)


def paste_blocks(blocks: Sequence[Block], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Run the blocks of a page in one shell, in a folder that looks like a checkout. Return what each has printed.

    Names that a block of Python defines are there in the next one.

    Raises:
        AssertionError: A command failed.
    """
    _link_checkout(folder)
    with _listening(folder) as run_python:
        lines = []
        for number, block in enumerate(blocks):
            code = block.code
            if block.kind == "python":
                file = folder / f"block-{number}.py"
                file.write_text(code, "utf-8")
                code = f"{shlex.quote(str(run_python))} {file.name}\n"
            lines.append(f"{code}echo '{_MARK}'\n")
        done = subprocess.run(
            ["bash", "-eu", "-c", "".join(lines)],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
    *printed, rest = done.stdout.split(f"{_MARK}\n")
    assert (done.returncode, rest) == (0, "")
    return printed


def _link_checkout(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True)
    python = commands / "python"  # a link would be a Python without what is installed beside this one
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n', "utf-8")
    python.chmod(0o755)
    if NIGHT:
        for name in _COMMANDS:
            (commands / name).symlink_to(Path(sys.executable).parent / name)


class _Commands(socketserver.UnixStreamServer):
    """Runs in this process what forwarders hand over, one after another."""

    console: InteractiveConsole
    """Python as somebody has it who pastes the blocks: it shows an error, and what a line is worth."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Commands

    def handle(self) -> None:
        """Run one command. Answer its exit code."""
        request, outputs, _, _ = socket.recv_fds(self.request, 2**16, 2)
        while more := self.request.recv(2**16):
            request += more
        (command, *arguments), folder, environment = json.loads(request)
        with (
            open(outputs[0], "w", encoding="utf-8") as output,
            open(outputs[1], "w", encoding="utf-8") as errors,
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
            contextlib.chdir(folder),
            patch.dict(os.environ, environment, clear=True),
        ):
            code = self._run(Path(command).name, arguments)
        self.request.sendall(str(code).encode())

    def _run(self, name: str, arguments: list[str]) -> int:
        try:
            if name in _COMMANDS:
                return _COMMANDS[name](arguments)
            (file,) = arguments
            is_open = False
            for line in Path(file).read_text("utf-8").splitlines():
                is_open = self.server.console.push(line)
            if is_open:  # The first line of the next block would be a fault.
                sys.stderr.write("Python waits for the rest of this block.\n")
                return 1
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 1
        except Exception:  # only by a command, which would end so too
            traceback.print_exc()
            return 1
        return 0


_COMMANDS: Final[Mapping[str, Callable[[list[str]], int]]] = {
    "actitud": actitud.cli.main,
    "actitud-api": actitud_api.cli.main,
}


@contextlib.contextmanager
def _listening(folder: Path) -> Iterator[Path]:
    """Run commands for the shell. Yield the program that runs a file of Python with the names of those before."""
    with tempfile.TemporaryDirectory() as private:  # a socket has a short address
        address = str(Path(private, "commands"))
        forwarder = Path(private, "run-python")
        forwarder.write_text(_FORWARDER.format(python=sys.executable, address=address), "utf-8")
        forwarder.chmod(0o755)
        if not NIGHT:
            for name in _COMMANDS:
                (folder / ".venv" / "bin" / name).symlink_to(forwarder)
        server = _Commands(address, _Handler)
        names: dict[str, object] = {"__name__": "__main__"}
        server.console = InteractiveConsole(names)
        try:
            with run_in_thread(server):
                yield forwarder
        finally:
            for value in names.values():
                if isinstance(value, Client):
                    value.close()
