"""The real server, directly and through the nginx of `deploy/`, under hostile requests: it refuses them and goes on."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract.asgi import Sent
from tests.contract.hostile import JSON, Hostile, bodies, requests
from tests.faults.serving import UNLIMITED, Serving, one_serving, port_of, read_memory
from tests.support import proxy
from tests.support.figures import FigureRecorder
from tests.support.scale import HOSTILE_BODIES, HOSTILE_TARGETS
from tests.support.waiting import PATIENCE

SEED: Final = 20_260_102
EXAMPLES: Final = Path(__file__).parents[1] / "cases" / "examples_2027_1.json"
CASE: Final[dict[str, Any]] = json.loads(EXAMPLES.read_bytes())[0]
REQUEST: Final = {"methodology": "2027.1", "profile": CASE["profile"], "answers": CASE["answers"]}
CONTROL: Final = Sent("POST", b"/v1/scores", (JSON,), (json.dumps(REQUEST).encode(),))
INDEX: Final = 72.71
"""The index that is published of example A of 2027.1."""
CONTROLLED: Final = 50
"""Hostile requests from one valid request to the next."""
CLIENTS: Final = 4

UPLOADS: Final = 50
PIECE: Final = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
"""A chunk of 64 KiB, as it is sent."""
PIECES_MAX: Final = 512
"""Chunks after which an upload counts as taken: 32 MiB."""
GROWTH_MAX: Final = 64 * 1024
"""KiB that the process may grow by while it refuses all uploads."""


@pytest.fixture(scope="module")
def service(demonstration: str) -> Iterator[Serving]:
    """The real command that serves the demonstration, without limits of requests."""
    settings = {**UNLIMITED, "rate_limit_score": "0", "rate_limit_refused": "0", "trusted_proxies": "127.0.0.1"}
    with one_serving(demonstration, settings=settings) as process:
        yield process


@pytest.fixture(scope="module")
def front(service: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the nginx in front of the service."""
    with proxy.running(tmp_path_factory.mktemp("front"), port_of(service)) as port:
        yield port


def encode(sent: Sent) -> bytes:
    """Return a request as bytes, as the client wants it: nothing is checked, several pieces are chunked."""
    headers = list(sent.headers)
    names = {name for name, _ in headers}
    body = b"".join(sent.chunks)
    if b"host" not in names:
        headers.append((b"host", b"actitud.example"))
    if len(sent.chunks) > 1:
        headers.append((b"transfer-encoding", b"chunked"))
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in sent.chunks if chunk) + b"0\r\n\r\n"
    elif body and b"content-length" not in names:
        headers.append((b"content-length", b"%d" % len(body)))
    lines = [b"%s %s HTTP/1.1" % (sent.method.encode(), sent.target), *(b"%s: %s" % pair for pair in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Caller:
    """A client with one connection, which it opens anew where the other side has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, sent: Sent) -> tuple[int, bytes]:
        """Return status and body of the answer to a request; 0 if the connection ends without one."""
        connection = self._socket or socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        self._socket = None
        with suppress(OSError):  # the other side may have closed it: its answer is still there
            connection.sendall(encode(sent))
        if sent.hangs_up or any(name == b"content-length" for name, _ in sent.headers):
            # More is announced than comes.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        response = HTTPResponse(connection, method=sent.method)
        try:
            response.begin()
            body = response.read()
        except (HTTPException, ConnectionError):
            connection.close()
            return 0, b""
        if response.will_close or sent.hangs_up or len(sent.chunks) > 1:
            connection.close()
        else:
            self._socket = connection
        return response.status, body

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()


def flood(port: int, hostile: Iterable[Hostile]) -> tuple[Counter[int], list[str], int]:
    """Send requests from several clients; return the statuses, what was answered wrongly, and how many were valid."""
    lock = threading.Lock()
    waiting = enumerate(hostile)
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    controls = 0

    def work() -> None:
        nonlocal controls
        with closing(Caller(port)) as caller:
            while True:
                with lock:
                    number, request = next(waiting, (0, None))
                if request is None:
                    return
                status, body = caller.ask(request.sent)
                with lock:
                    statuses[status] += 1
                    if status >= 500 or b"Traceback" in body:
                        wrong.append(f"{status} for {encode(request.sent)[:300]!r}")
                if number % CONTROLLED == 0:
                    status, body = caller.ask(CONTROL)
                    with lock:
                        controls += 1
                        if status != 200 or json.loads(body)["index"] != INDEX:
                            wrong.append(f"{status} for the control")

    with ThreadPoolExecutor(CLIENTS) as pool:
        for future in [pool.submit(work) for _ in range(CLIENTS)]:
            future.result()
    return statuses, wrong, controls


def draw() -> Iterator[Hostile]:
    """Yield hostile bodies, hand-made ones first, and then hostile targets, queries and headers."""
    return chain(
        islice(bodies(SEED, REQUEST), HOSTILE_BODIES),
        islice(requests(SEED, REQUEST), HOSTILE_TARGETS),
    )


class Careless(BaseHTTPRequestHandler):
    """A server that decodes bodies as it is written without thinking, and answers 500 where that fails."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Decode the body, and refuse it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 400
        try:
            json.loads(body)
        except ValueError:
            status = 400
        except RecursionError:
            status = 500
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def ask_carelessly() -> tuple[int, int]:
    """Send hand-made bodies to a careless server; return how many there are, and how many are answered 500."""
    hostile = [body for body in islice(bodies(SEED, REQUEST), HOSTILE_BODIES) if body.sent.chunks[0]][:150]
    with ThreadingHTTPServer(("127.0.0.1", 0), Careless) as server:
        threading.Thread(target=server.serve_forever).start()
        with closing(Caller(server.server_port)) as caller:
            statuses = Counter(caller.ask(body.sent)[0] for body in hostile)
        server.shutdown()
    return statuses.total(), statuses[500]


@pytest.mark.parametrize("way", ["directly", pytest.param("through nginx", marks=pytest.mark.night)])
def test_no_hostile_request_stops_the_server_or_is_answered_500(
    service: Serving, way: str, request: pytest.FixtureRequest, figure: FigureRecorder
) -> None:
    port = port_of(service) if way == "directly" else request.getfixturevalue("front")
    statuses, wrong, controls = flood(port, draw())
    assert not wrong, f"{len(wrong)} answered wrongly:\n" + "\n".join(wrong[:20])
    assert statuses.total() == HOSTILE_BODIES + HOSTILE_TARGETS
    assert controls == -(-statuses.total() // CONTROLLED)
    assert {200, 400} <= statuses.keys()
    assert statuses[0] <= statuses.total() // 50
    # The process that began is the one that ends: nothing restarts it.
    assert service.poll() is None
    asked, failed = ask_carelessly()
    assert failed > 0
    figure(
        "R15",
        f"hostile requests to the real server, {way}, {HOSTILE_BODIES:,} of them bodies, that were answered 500 or "
        f"more; {controls:,} valid ones between them had the right figure, and the process was the same at the end",
        tried=statuses.total(),
        failed=0,
        control=f"a server that decodes with the library alone answers {failed} of {asked} with 500",
    )


def upload(port: int, path: str) -> tuple[int, int]:
    """Send a body without end in chunks; return the status of the answer, 0 without one, and the chunks sent."""
    lines = (f"POST {path} HTTP/1.1", "Host: a", "Content-Type: application/json", "Transfer-Encoding: chunked", "", "")
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join(lines).encode())
        with suppress(ConnectionError):  # refused: the answer is there
            while sent < PIECES_MAX and not select.select([connection], [], [], 0)[0]:
                connection.sendall(PIECE)
                sent += 1
        response = HTTPResponse(connection)
        with suppress(HTTPException, ConnectionError):
            response.begin()
    return response.status if isinstance(response.status, int) else 0, sent


@pytest.mark.parametrize("path", ["/v1/scores", "/v1/scores/batch"])
def test_uploads_without_end_are_refused_and_take_no_memory(
    service: Serving, path: str, figure: FigureRecorder
) -> None:
    upload(port_of(service), path)
    before = read_memory(service.pid, "VmRSS")
    Path(f"/proc/{service.pid}/clear_refs").write_text("5")  # the peak begins anew
    with ThreadPoolExecutor(UPLOADS) as pool:
        outcomes = list(pool.map(lambda _: upload(port_of(service), path), range(UPLOADS)))
    assert {status for status, _ in outcomes} == {413}
    assert max(sent for _, sent in outcomes) < PIECES_MAX
    growth = read_memory(service.pid, "VmHWM") - before
    assert growth < GROWTH_MAX
    assert service.poll() is None
    figure(
        "R21",
        f"uploads without end to {path}, {UPLOADS} at once, that were not answered 413; the process grew by "
        f"{growth // 1024} MiB",
        tried=UPLOADS,
        failed=0,
        control="before bodies of a batch took turns, the same uploads took 135 MiB (2026-11-28, by hand)",
    )
