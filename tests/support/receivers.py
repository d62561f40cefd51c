"""A receiver of webhooks on this machine, with a certificate of its own, and what leads a sender to it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, NamedTuple

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from actitud_api.resources.webhooks.sending import Sender, SocketOption
from tests.support.threads import run_in_thread
from tests.support.waiting import PATIENCE

HOST: Final = "portal.fabula.example"
URL: Final = f"https://{HOST}/hooks/actitud?from=tests"
PUBLIC: Final = "8.8.4.4"
"""An address of the public internet, which no test reaches."""


class Message(NamedTuple):
    """What a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The id by which repetitions are known."""
        return self.headers["webhook-id"]


class Receiver:
    """What came, in its order, and how it is answered: by status, 204 unless a test says otherwise, and headers."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.port = port
        self.certificate = certificate
        self.messages: list[Message] = []
        self.answer: Callable[[Message], int] = lambda message: 204
        self.headers: dict[str, str] = {}
        self._changed = threading.Condition()

    def take(self, message: Message) -> int:
        """Take a message, and return the status of the answer."""
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
        return self.answer(message)

    def await_messages(self, number: int, seconds: float = PATIENCE) -> bool:
        """Return True once so many messages came; False if they did not in so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.messages) >= number, seconds)

    def build_sender(self, *, seconds: float = 15) -> Sender:
        """Return a sender for which every name leads here."""
        return build_sender(self.port, self.certificate, seconds=seconds)


class RedirectingBackend(httpcore.NetworkBackend):
    """Connects to a port of this machine instead of the address that it is asked for, which it keeps."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpcore.SyncBackend()
        self.asked: list[tuple[str, int]] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to this machine."""
        self.asked.append((host, port))
        return self._inner.connect_tcp("127.0.0.1", self._port, timeout, local_address, socket_options)


def build_sender(port: int, certificate: Path, *, seconds: float = 15) -> Sender:
    """Return a sender for which every name is public, and every connection goes to a port of this machine."""
    return Sender(
        resolve=lambda host, _port: [PUBLIC],
        backend=RedirectingBackend(port),
        context=ssl.create_default_context(cafile=str(certificate)),
        seconds=seconds,
    )


@contextmanager
def receiving(folder: Path) -> Iterator[Receiver]:
    """A receiver with a certificate for `HOST`, while the block runs."""
    certificate = make_certificate(folder, HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if len(body) < int(self.headers["content-length"]):
                return  # whoever sent it was killed
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(Message(self.path, headers, body)))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            """Say nothing of a sender that was killed."""

    server = Server(("127.0.0.1", 0), Handler)
    # Not the handshake of `accept`, which one silent client would hold up for all.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(server.server_address[1], certificate)
    with run_in_thread(server):
        yield receiver


def make_certificate(folder: Path, host: str) -> Path:
    """Write a certificate for a host, which it signs itself, and its key to a file of a folder; return the file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return file
