"""The client of the benchmarks reads answers however they arrive, and refuses others than it was told to expect."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.benchmarks.load import WrongAnswer, build_request, exchange

OK = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "a"\r\n\r\n%b'

CLOSE, AFTER_CLOSE = b"<end the connection>", b"<wait until one has ended>"


@contextmanager
def answering(pieces_of: dict[bytes, list[bytes]]) -> Iterator[int]:
    """The port of a server that answers each target with some pieces, sent one by one."""

    closed = threading.Event()

    def answer(connection: socket.socket) -> None:
        # A client that refuses an answer may reset the connection.
        with connection, suppress(ConnectionError):
            while asked := connection.recv(65536):
                for piece in pieces_of[asked.split(b" ")[1]]:
                    if piece is CLOSE:
                        connection.shutdown(socket.SHUT_WR)
                    elif piece is AFTER_CLOSE:
                        closed.wait(60)
                    else:
                        connection.sendall(piece)
        closed.set()  # by both: the client has seen the end, and ended it too

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=answer, args=(connection,)).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_answers_are_kept_in_the_order_of_the_requests() -> None:
    targets = [f"/{number}" for number in range(60)]
    pieces = {target.encode(): [OK % (len(target), target.encode())] for target in targets}
    with answering(pieces) as port:
        found = exchange(port, [build_request(target) for target in targets], keeps=True)
    assert [answer.body.decode() for answer in found.answers] == targets
    assert found.answers[0].headers == {"content-length": "2", "etag": '"a"'}
    assert found.seconds > 0


def test_an_answer_in_single_bytes_is_read_to_its_end() -> None:
    whole = OK % (3, b"abc")
    with answering({b"/a": [whole[place : place + 1] for place in range(len(whole))]}) as port:
        found = exchange(port, [build_request("/a")] * 3, keeps=True, connections=1)
    assert [answer.body for answer in found.answers] == [b"abc"] * 3


def test_an_answer_of_304_has_no_body() -> None:
    known = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 58000\r\n\r\n"
    with answering({b"/a": [known]}) as port:
        found = exchange(port, [build_request("/a", {"If-None-Match": '"a"'})] * 40, status=304)
    assert found.answers == ()


def test_a_connection_that_has_nothing_more_to_ask_may_end() -> None:
    with answering({b"/a": [OK % (1, b"a"), CLOSE], b"/b": [AFTER_CLOSE, OK % (1, b"b")]}) as port:
        found = exchange(port, [build_request("/a"), build_request("/b")], keeps=True)
    assert [answer.body for answer in found.answers] == [b"a", b"b"]


def test_a_connection_that_ends_before_its_answer_ends_the_exchange() -> None:
    with answering({b"/a": [CLOSE]}) as port, pytest.raises(WrongAnswer, match="ended after b'GET /a "):
        exchange(port, [build_request("/a")])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "GET /a HTTP/1.1: HTTP/1.1 503"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "no length"),
        (OK % (2, b"abc"), "more than the stated length"),
    ],
)
def test_another_answer_ends_the_exchange(answer: bytes, why: str) -> None:
    with answering({b"/a": [answer]}) as port, pytest.raises(WrongAnswer, match=why):
        exchange(port, [build_request("/a")] * 4)
