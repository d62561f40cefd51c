"""Receivers that answer badly, slowly or for ever cost an attempt, and no more than its time and 64 KiB."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from actitud_api.resources.webhooks.sending import (
    READ_MAX,
    Sender,
    SendingOutcome,
    SendingProblem,
    parse_retry_after,
)
from tests.support.receivers import HOST, PUBLIC, RedirectingBackend, build_sender, make_certificate

Respond = Callable[[ssl.SSLSocket, threading.Event], None]
"""What a server does with a connection until the test ends."""

SHORT = 0.2
"""Seconds that an attempt may take where nothing comes in time."""


@contextmanager
def serving(folder: Path, respond: Respond, host: str = HOST) -> Iterator[tuple[int, Path]]:
    """A server with a certificate for a host: its port and the certificate."""
    certificate = make_certificate(folder, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with suppress(OSError):
                plain, _ = listening.accept()
                with plain, context.wrap_socket(plain, server_side=True) as connection:
                    respond(connection, over)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1], certificate
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def send(folder: Path, respond: Respond, *, host: str = HOST, seconds: float = 15) -> SendingOutcome:
    """Send a message to a server that responds in some way."""
    with serving(folder, respond, host) as (port, certificate):
        sender = build_sender(port, certificate, seconds=seconds)
        with sender.open(f"https://{HOST}/hook") as channel:
            return channel.send({"webhook-id": "msg_1"}, b"{}")


def answer(*pieces: bytes) -> Respond:
    """Return a server that reads the request and answers with these bytes."""

    def respond(connection: ssl.SSLSocket, _over: threading.Event) -> None:
        read_request(connection)
        for piece in pieces:
            connection.sendall(piece)

    return respond


def read_request(connection: ssl.SSLSocket) -> bytes:
    """Return a request, whose body is `{}`."""
    received = b""
    while not received.endswith(b"\r\n\r\n{}"):
        piece = connection.recv(65_536)
        assert piece
        received += piece
    return received


@pytest.mark.parametrize(("status", "problem"), [(200, None), (299, None), (404, "status"), (410, "status")])
def test_two_hundreds_are_success(tmp_path: Path, status: int, problem: SendingProblem | None) -> None:
    text = f"HTTP/1.1 {status} Any\r\nContent-Length: 0\r\n\r\n".encode()
    assert send(tmp_path, answer(text)) == SendingOutcome(status, problem)


NOW: Final = datetime(2027, 6, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("0", timedelta()),
        ("0120", timedelta(minutes=2)),
        ("86400", timedelta(days=1)),
        ("86401", timedelta(days=1)),
        ("9" * 5_000, timedelta(days=1)),
        ("Tue, 01 Jun 2027 09:10:00 GMT", timedelta(minutes=10)),
        ("Tue, 01 Jun 2027 09:10:00 -0000", timedelta(minutes=10)),
        ("Tuesday, 01-Jun-27 09:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 31 May 2027 09:10:00 GMT", timedelta()),
        ("Fri, 01 Jun 2125 09:10:00 GMT", timedelta(days=1)),
        ("Fri, 31 Dec 9999 23:59:59 -2359", timedelta(days=1)),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_pause_is_read_as_seconds_or_as_a_date(text: str, pause: timedelta | None) -> None:
    assert parse_retry_after(text, NOW) == pause


def test_no_redirect_is_followed(tmp_path: Path) -> None:
    requests: list[bytes] = []

    def redirect(connection: ssl.SSLSocket, _over: threading.Event) -> None:
        requests.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 307 Moved\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")

    assert send(tmp_path, redirect) == SendingOutcome(307, "status")
    assert len(requests) == 1
    assert requests[0].startswith(b"POST /hook HTTP/1.1\r\n")


def test_no_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(tmp_path, answer(b"HTTP/1.1 204 Fine\r\n\r\n")) == SendingOutcome(204)


def test_the_certificate_has_to_be_for_the_name(tmp_path: Path) -> None:
    assert send(tmp_path, answer(), host="other.fabula.example") == SendingOutcome(problem="certificate")


def test_the_certificate_has_to_be_trusted(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_certificate(tmp_path / "other", HOST)
    with serving(tmp_path, answer()) as (port, _), build_sender(port, other).open(f"https://{HOST}/") as channel:
        assert channel.send({}, b"{}") == SendingOutcome(problem="certificate")


def test_nobody_listens() -> None:
    backend = RedirectingBackend(1)
    with Sender(resolve=lambda host, port: [PUBLIC], backend=backend).open(f"https://{HOST}/") as channel:
        assert channel.send({}, b"{}") == SendingOutcome(problem="connection")


@pytest.mark.parametrize("text", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 two\r\n\r\n", b"", b"HTTP/1.1 200 O", b"\x00" * 9])
def test_what_answers_is_no_http(tmp_path: Path, text: bytes) -> None:
    assert send(tmp_path, answer(text)) == SendingOutcome(problem="response")


def test_endless_headers_are_given_up(tmp_path: Path) -> None:
    outcome = send(tmp_path, answer(b"HTTP/1.1 200 Fine\r\n", *[b"X: " + b"x" * 8_000 + b"\r\n"] * 200))
    assert outcome.problem in ("response", "connection")


def test_of_an_endless_answer_little_is_read(tmp_path: Path) -> None:
    sent = 0

    def flood(connection: ssl.SSLSocket, over: threading.Event) -> None:
        nonlocal sent
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not over.is_set():
            connection.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            sent += 0x4000

    assert send(tmp_path, flood) == SendingOutcome(200)
    # What the buffers of both sockets hold comes on top.
    assert sent < READ_MAX + 16 * 2**20


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 Fi", b"HTTP/1.1 103 Early\r\n\r\n"])
def test_who_answers_in_drops_is_given_up(tmp_path: Path, begin: bytes) -> None:
    def drip(connection: ssl.SSLSocket, over: threading.Event) -> None:
        read_request(connection)
        while not over.wait(0.01):
            connection.sendall(begin or b"")
            if begin.startswith(b"HTTP/1.1 200"):
                connection.sendall(b"n")

    assert send(tmp_path, drip, seconds=SHORT) == SendingOutcome(problem="timeout")


def test_a_silent_body_after_success_is_success(tmp_path: Path) -> None:
    def fall_silent(connection: ssl.SSLSocket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 Fine\r\nContent-Length: 100\r\n\r\nx")
        over.wait()

    assert send(tmp_path, fall_silent, seconds=SHORT) == SendingOutcome(200)
