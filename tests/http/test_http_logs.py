"""The log: one JSON object a line, whatever is in it."""

from __future__ import annotations

import json
from typing import Final

import pytest
import structlog
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.http.logs import configure_logs

pytestmark = pytest.mark.usefixtures("logs_as_before")

FAILURE: Final = "RuntimeError: a secret of the inside"


def list_logged(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines of the log and all that tell of a failure, without those of clients and watchers."""
    lines = capsys.readouterr().err.splitlines()
    written = [line for line in lines if line.startswith("{") or FAILURE in line]
    return [line for line in written if '"event": "public state not heard"' not in line]


def test_a_failure_is_one_line_with_what_finds_it(
    toys: TestClient[Litestar], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs()
    toys.get("/v1/toys/broken", headers={"X-Request-Id": "find-me"})
    (line,) = list_logged(capsys)
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["request_id"]) == ("unplanned", "error", "find-me")
    assert FAILURE in entry["exception"]
    assert entry["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", False),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01; forged", False),
        (None, False),
    ],
)
def test_a_failure_names_the_trace_that_it_belongs_to(
    toys: TestClient[Litestar], capsys: pytest.CaptureFixture[str], sent: str | None, kept: bool
) -> None:
    configure_logs()
    toys.get("/v1/toys/broken", headers={} if sent is None else {"traceparent": sent})
    (line,) = list_logged(capsys)
    assert json.loads(line)["traceparent"] == (sent if kept else None)


def test_no_input_forges_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    structlog.get_logger().warning("event", path='/x\n{"event": "forged"}\x1b[31m\u2028')
    (line,) = list_logged(capsys)
    assert line.isascii()
    assert json.loads(line)["path"].startswith("/x\n")
