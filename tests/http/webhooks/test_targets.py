"""No message goes to a machine inside, whatever address a webhook has and wherever its name leads.

A socket listens at the port that messages go to, on every address of this machine, and counts connections.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

import httpcore
import pytest

from actitud_api.resources.webhooks import sending
from actitud_api.resources.webhooks.addresses import is_public_address
from actitud_api.resources.webhooks.delivery import DeliveryWorker
from actitud_api.resources.webhooks.sending import Sender, SendingOutcome
from tests.http.test_http_problems import problem
from tests.http.webhooks.desk import Desk, published
from tests.support.figures import FigureRecorder
from tests.support.receivers import PUBLIC, RedirectingBackend

pytestmark = pytest.mark.serving

PATH: Final = "/hook"
FORMS: Final = (
    *(
        "https://user@portal.fabula.example",
        "https://user:word@portal.fabula.example",
        "https://portal.fabula.example@127.0.0.1",
    ),
    *(
        "https://127.0.0.1#@portal.fabula.example",
        "https://127.0.0.1%23@portal.fabula.example",
        "https://portal.fabula.example:22",
    ),
    *("https://portal.fabula.example:80", "https://portal.fabula.example:8443", "https://portal.fabula.example:0443"),
    *("https://portal.fabula.example:", "https://portal.fabula.example:443:443", "https://[::1]", "https://[::]"),
    *("https://[::ffff:127.0.0.1]", "https://[::ffff:7f00:1]", "https://[0:0:0:0:0:ffff:a00:1]", "https://[fe80::1]"),
    *("https://[fe80::1%25eth0]", "https://[fc00::1]", "https://[fd00:ec2::254]", "https://[ff02::1]"),
    *("https://[64:ff9b::7f00:1]", "https://[64:ff9b:1::a00:1]", "https://[2002:7f00:1::]", "https://[2001:0:0:1::1]"),
    *("https://①②⑦.⓪.⓪.①", "https://127。0。0。1", "https://ⓛocalhost", "https://１２７.0.0.1", "https://pörtal.es"),
    *("https:\\\\127.0.0.1", "https://127.0.0.1\\@portal.fabula.example", "https:///127.0.0.1", "https:127.0.0.1"),
    *(
        "https://portal.fabula.example\t@127.0.0.1",
        "https://127.0.0.1\n.fabula.example",
        "https://127.0.0.1 .fabula.example",
    ),
    *("http://127.0.0.1", "ftp://127.0.0.1", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "//127.0.0.1"),
    *("HTTPS://127.0.0.1", "https://127.0.0.1%00.fabula.example", "https://%31%32%37.0.0.1", "https://"),
)
"""Addresses that have a form in which none is allowed."""
NUMBERS: Final = (
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0177.0.0.1", "0x7f000001", "0x7f.0.0.1"),
    *("0x7f.1", "127.0.0.1.", "0", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254"),
    *("2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "100.100.100.200", "168.63.129.16", "224.0.0.1"),
    *("255.255.255.255", "8.8.8.8", "127.0.0.0x1", "1.2.3.4.5", "300.1.1.1", "0x"),
)
"""Hosts that are IP addresses in some notation, or nothing."""
NAMES: Final = (
    *("localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "a.localhost", "portal.local"),
    *("metadata", "metadata.google.internal", "instance-data.ec2.internal", "kubernetes.default.svc.cluster.local"),
    *("db", "portal.intranet", "portal.lan", "portal.home.arpa", "router.home", "mail.corp", "portal.onion"),
    *("portal.test", "portal.invalid"),
)
"""Names that are of this machine or of a network inside."""
BROKEN: Final = ("portal..es", ".portal.es", "-portal.es", "portal-.es", f"{'a' * 64}.es", "portal.fabula.example..")
"""Hosts that are no names."""

INSIDE: Final = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255"),
    *("192.168.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "168.63.129.16"),
    *("192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1"),
    *("2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::1"),
    *("3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%lo", "fec0::1"),
    *("ff02::1", "ff0e::1", "2620:4f:8000::1", "4000::1", "portal.fabula.example", ""),
)
"""Addresses that a name may lead to, and nothing is sent to."""
OUTSIDE: Final = (
    *("8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *(
        "128.0.0.0",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "223.255.255.255",
    ),
    *("168.63.129.15", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "2a00:1450::1"),
)
"""Public addresses, of which many are next to those."""


TRUSTING_NOBODY: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""A context that is made faster than one with the certificates of the machine."""


class Listener:
    """A socket at a port of every address of this machine, and the connections to it."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def probe(self) -> None:
        """Show that it counts: connect once by each family, and wait until that is counted."""
        for address in ("127.0.0.1", "::1"):
            with socket.create_connection((address, self.port)) as connection:
                assert connection.recv(1) == b""
        assert self.connections == 2
        self.connections = 0

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A listener at the port that messages go to: only the checks keep a message from it."""
    with closing(Listener()) as listening:
        listening.probe()
        monkeypatch.setattr(sending, "PORT", listening.port)
        yield listening


def test_hostile_addresses_are_refused_and_connected_to_by_nobody(
    desk: Desk, listener: Listener, figure: FigureRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, made = desk.subscribe()
    refused = {
        "form": [f"{form}{PATH}" for form in FORMS],
        "ip": [f"https://{number}{PATH}" for number in NUMBERS],
        "internal": [f"https://{name}{PATH}" for name in NAMES],
        "host": [f"https://{name}{PATH}" for name in BROKEN],
    }
    hostile = [url for urls in refused.values() for url in urls]
    for rule, urls in refused.items():
        for url in urls:
            response = desk.create(holder, url=url)
            slug = {400: "invalid-request", 409: "conflict"}[response.status_code]
            (error,) = problem(response, response.status_code, slug)["errors"]
            assert error["pointer"] == "/url", url
            # What is no https address breaks the schema; the others are told apart.
            assert error["rule"] in (("pattern", "control") if response.status_code == 400 else (rule,)), url
            assert response.status_code == 409 or rule == "form", url

    # Neither is anything sent to one that came into the database in another way.
    sender = Sender()
    for url in hostile:
        with sender.open(url) as channel:
            assert channel.send({}, b"{}") == SendingOutcome(problem="address"), url
    assert desk.state(holder, made["id"]) == "active"
    assert listener.connections == 0
    for address in INSIDE:
        for found in ([address], [PUBLIC, address], [address, PUBLIC]):
            assert send(found) == "address", found
    assert listener.connections == 0

    failed = listener.connections
    monkeypatch.setattr(sending, "is_public_address", lambda address: True)
    for address in ("127.0.0.1", "::1"):
        assert send([address]) != "address"
    figure(
        "R25",
        "hostile addresses of webhooks, and names that lead inside; failed: connections to a socket that listens there",
        tried=2 * len(hostile) + 3 * len(INSIDE),
        failed=failed,
        control=f"without the check of addresses: {listener.connections} connections of 2",
    )
    assert listener.connections == 2


def test_the_refusal_stands_in_the_log(desk: Desk, listener: Listener) -> None:
    holder, made = desk.subscribe()
    desk.announce(published())
    inside = Sender(resolve=lambda host, port: ["169.254.169.254"])
    worker = DeliveryWorker(desk.database, desk.box, inside, clock=lambda session: desk.begun)
    assert worker.deliver_round()
    (logged,) = desk.log(holder, made["id"])
    assert [(one["status"], one["problem"]) for one in logged["attempts"]] == [(None, "address")]
    assert logged["state"] == "pending"
    assert listener.connections == 0


def test_addresses_next_to_those_inside_are_public() -> None:
    assert [address for address in OUTSIDE if not is_public_address(address)] == []
    assert [address for address in INSIDE if is_public_address(address)] == []


def test_a_name_that_leads_elsewhere_each_time_is_asked_once() -> None:
    asked: list[str] = []

    def rebind(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    backend = RedirectingBackend(1)
    with Sender(resolve=rebind, backend=backend).open("https://rebinding.fabula.example/") as channel:
        for _ in range(3):
            assert channel.send({}, b"{}").problem == "connection"
    assert asked == ["rebinding.fabula.example"]
    assert set(backend.asked) == {(PUBLIC, 443)}


def test_each_address_of_a_name_is_tried() -> None:
    backend = RedirectingBackend(1)
    assert send([PUBLIC, "2001:4860:4860::8888"], backend) == "connection"
    assert backend.asked == [(PUBLIC, 443), ("2001:4860:4860::8888", 443)]


def test_a_name_that_leads_nowhere() -> None:
    def fail(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with Sender(resolve=fail).open("https://portal.fabula.example/") as channel:
        assert channel.send({}, b"{}") == SendingOutcome(problem="name")
    assert send([]) == "name"


def send(addresses: Sequence[str], backend: httpcore.NetworkBackend | None = None) -> str | None:
    """Return the problem of sending to a name with these addresses."""
    sender = Sender(resolve=lambda host, port: addresses, backend=backend, context=TRUSTING_NOBODY)
    with sender.open("https://portal.fabula.example/") as channel:
        return channel.send({}, b"{}").problem
