"""What the command `sandbox` says while it starts; `tests/contract/test_sandbox.py` tries its data."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from pathlib import Path
from socket import socket
from typing import Any
from unittest.mock import patch

import pytest
import uvicorn

from actitud_api.cli import sandbox
from actitud_api.cli.sandbox import run_sandbox
from actitud_api.settings import Settings


class EmptySandbox:
    """A sandbox without data, which serves nothing."""

    def __init__(self, folder: Path, examples: Path, port: int, *, runs_jobs: bool = False) -> None:
        self.runs_jobs = runs_jobs
        self.settings = Settings(port=port)
        self.address = self.settings.address

    def close(self) -> None:
        """Close nothing."""


def start(*, jobs: bool = False, as_json: bool = False) -> None:
    """Run the command up to the moment from which on it would serve."""

    def run(self: Any, sockets: list[socket]) -> None:
        asyncio.run(self.main_loop())

    async def end(self: Any) -> None:
        """Serve nobody."""

    with (
        patch.object(sandbox, "Sandbox", EmptySandbox),
        patch.multiple(uvicorn.Server, run=run, main_loop=end),
    ):
        assert run_sandbox(Namespace(port=0, jobs=jobs, json=as_json), "en") == 0


def test_it_says_at_once_that_it_prepares_and_then_that_jobs_wait(capsys: pytest.CaptureFixture[str]) -> None:
    start()
    printed, said = capsys.readouterr()
    assert said == "Preparing invented data: a few seconds…\n"
    assert printed.startswith("Ready at http://127.0.0.1:")
    assert "stay queued: nobody does them without --jobs" in printed


def test_a_sandbox_that_does_jobs_does_not_say_that_they_wait(capsys: pytest.CaptureFixture[str]) -> None:
    start(jobs=True)
    assert "queued" not in capsys.readouterr().out


def test_a_program_reads_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    start(as_json=True)
    assert set(json.loads(capsys.readouterr().out)) == {"url", "reset", "keys"}
