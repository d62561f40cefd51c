"""Every branch of the core of the SDK is run by its tests that call no service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
CORE: Final = (
    "_bind", "_calls", "_config", "_extensions", "_html", "_network", "_notices", "_retry", "_streams", "_transport",
    "client", "embedding", "errors", "frames", "pages", "testing",
)  # fmt: skip
"""The engine and what stands around it; operations and models are held against the document."""
CLIENT: Final = (
    "cancelled", "calls", "config", "errors", "files", "hostile", "options", "pages", "streams", "surface", "transport",
    "writes", "cache", "jobs", "transitions",
)  # fmt: skip
TESTS: Final = (
    *(f"tests/unit/sdk/test_client_{name}.py" for name in CLIENT),
    *(f"tests/unit/sdk/test_{name}.py" for name in ("retry_decisions", "html", "models")),
    *(f"tests/http/sdk/test_{name}.py" for name in ("embedding", "frames", "testing")),
)


@pytest.mark.night  # runs those tests once more, with coverage
def test_every_branch_of_the_core_is_run(tmp_path: Path) -> None:
    data, report = tmp_path / "coverage", tmp_path / "coverage.json"
    command = [
        *(sys.executable, "-m", "coverage"),
        *("run", "--branch", f"--data-file={data}", "--source=actitud", "-m", "pytest", "-p", "no:cacheprovider"),
        *TESTS,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = [
        *(sys.executable, "-m", "coverage", "json", f"--data-file={data}", "-o", str(report), "--quiet"),
        *("--include=sdk/actitud/*", "--fail-under=0"),
    ]
    subprocess.run(told, cwd=ROOT, check=True)
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    core = {path: figures for path, figures in files.items() if Path(path).stem in CORE and "resources" not in path}
    assert len(core) == len(CORE)
    missing = {
        path: (figures["missing_lines"], figures["missing_branches"])
        for path, figures in core.items()
        if figures["missing_lines"] or figures["missing_branches"]
    }
    assert missing == {}
