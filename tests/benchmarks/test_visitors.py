"""Visitors note every answer and go on, and their waits and rates are computed as they are named."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import pytest

from tests.benchmarks.visitors import (
    Crowd,
    Visit,
    VisitorGroup,
    count_outcomes,
    count_rates,
    summarise_waits,
    visit_at_once,
    visiting,
)
from tests.support.threads import run_in_thread

PAUSE: Final = 0.01
PATIENCE: Final = 60
"""Seconds in which anything happens."""


class AnsweringServer(ThreadingHTTPServer):
    """Server that answers each path in its own way; what is held is answered when it is let go."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), AnsweringHandler)
        self.arrived = threading.Event()
        self.let_go = threading.Event()
        self.together = threading.Barrier(20)
        self.answered = 0
        """Number of answers to the only connection."""


class AnsweringHandler(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"
    server: AnsweringServer

    def do_GET(self) -> None:
        match self.path:
            case "/lost":
                self.close_connection = True
            case "/busy":
                self._send(503, b"wait", {"Retry-After": "5", "Connection": "close"})
            case "/down":
                self._send(503, b"")
            case "/pieces":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            case "/held":
                self.server.arrived.set()
                self.server.let_go.wait(PATIENCE)
                self._send(200, b"late")
            case "/together":
                self.server.together.wait(PATIENCE)
                self._send(200, b"all")
            case _:
                self._send(200, b"four")

    def log_message(self, *_: object) -> None:
        pass

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.server.answered += 1
        self.wfile.write(body)


@contextmanager
def answering() -> Iterator[AnsweringServer]:
    server = AnsweringServer()
    with run_in_thread(server):
        yield server


def build_visit(begin: float, end: float, status: int = 200, headers: frozenset[str] = frozenset()) -> Visit:
    return Visit("readers", "/a", begin, end, status, 0, headers)


def test_visitors_go_on_after_any_answer() -> None:
    targets = ["/a", "/busy", "/down", "/lost", "/pieces", "/b"]
    with answering() as server:
        crowd = Crowd(server.server_port, [VisitorGroup("one", iter(targets))])
        crowd.start()
        crowd.await_end()
    assert [visit.target for visit in crowd.visits] == targets
    assert [(visit.status, visit.size) for visit in crowd.visits] == [
        *((200, 4), (503, 4), (503, 0)),
        *((0, 0), (200, 5), (200, 4)),
    ]
    assert count_outcomes(crowd.visits) == {
        "200": 3,
        "503 with Retry-After": 1,
        "503 without Retry-After": 1,
        "none": 1,
    }


def test_a_port_without_a_server_is_no_answer() -> None:
    with answering() as server:
        port = server.server_port
    assert [visit.status for visit in visit_at_once(port, "one", ["/a", "/b"])] == [0, 0]


def test_all_that_is_asked_at_once_is_in_flight_together() -> None:
    with answering() as server:
        visits = visit_at_once(server.server_port, "files", ["/together"] * 20, "127.0.0.3")
    assert [visit.status for visit in visits] == [200] * 20


def test_an_answer_that_is_held_up_does_not_put_off_what_is_due() -> None:
    """Else a service that stands still would be asked less, and its waits would look short."""
    with answering() as server:
        targets = itertools.chain(["/held"], itertools.repeat("/a", 5))
        with visiting(server.server_port, VisitorGroup("steady", targets, pause=PAUSE)) as crowd:
            server.arrived.wait(PATIENCE)
            server.let_go.set()
            crowd.await_end()
    first = crowd.visits[0].due
    assert [visit.due - first for visit in crowd.visits] == pytest.approx([number * PAUSE for number in range(6)])
    assert all(visit.end >= visit.due for visit in crowd.visits)


def test_the_end_of_the_block_is_the_end_of_the_visits() -> None:
    with answering() as server:
        with visiting(server.server_port, VisitorGroup("held", itertools.repeat("/held"))) as crowd:
            server.arrived.wait(PATIENCE)
            server.let_go.set()
        answered = server.answered
    assert len(crowd.visits) == answered > 0
    assert {visit.status for visit in crowd.visits} == {200}


def test_waits_are_of_the_nearest_rank() -> None:
    # Of 200 waits of 1 ms to 200 ms, the 100th is the median and the 198th the 99th percentile.
    waits = summarise_waits([build_visit(0, number / 1000) for number in range(200, 0, -1)])
    assert (waits.p50, waits.p99, waits.most) == (0.1, 0.198, 0.2)
    assert waits.outcomes == {"200": 200}


def test_rates_count_good_answers_by_whole_seconds() -> None:
    ends = [0.9, 1.0, 1.5, 2.2, 3.4, 3.5]
    visits = [*(build_visit(0, end) for end in ends), build_visit(0, 1.2, 503)]
    # From 1.0 to 3.5: two whole seconds, with 1.0 and 1.5, and 2.2.
    assert count_rates(visits, 1.0, 3.5) == [2.0, 1.0]
    # 0.5 seconds with 1.0 only: 1.5 is their end.
    assert count_rates(visits, 1.0, 1.5) == [2.0]
