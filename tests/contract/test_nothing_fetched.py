"""The service calls no address: not those in a body, a query or a header, whoever sends them to whichever operation."""

from __future__ import annotations

import functools
import socket
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import Any, Final

import pytest

from actitud_api.web.embeds import oembed
from tests.contract.installation import Installation, Operation, operations
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key

WATCHED: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"})
"""What Python says before it calls an address or looks up a name. The driver of PostgreSQL is not written in Python."""
SPOKEN: Final = ("Forwarded", "Link", "Origin", "Referer", "X-Callback-Url", "X-Forwarded-Host", "X-Original-Url")
"""Headers in which an address is sent too."""

_called: list[tuple[str, object]] = []
_watching: list[bool] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if _watching and event in WATCHED:
        _called.append((event, arguments[-1]))


@functools.cache
def _begin_to_listen() -> None:
    # There is no way to take a hook back, and each costs whatever the process does afterwards.
    sys.addaudithook(_note)


@pytest.fixture
def called() -> Iterator[list[tuple[str, object]]]:
    """What this process calls while the test runs."""
    _begin_to_listen()
    _called.clear()
    _watching.append(True)
    yield _called
    _watching.pop()


@pytest.fixture
def address() -> Iterator[str]:
    """An address at which somebody listens, to which nobody has to come."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/fetched"


def aim(value: Any, address: str) -> tuple[Any, int]:
    """A body in which every address is this one, and how many are."""
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return address.replace("http:", "https:"), 1
    if isinstance(value, Mapping):
        aimed = {name: aim(member, address) for name, member in value.items()}
        return {name: member for name, (member, _) in aimed.items()}, sum(count for _, count in aimed.values())
    if isinstance(value, list):
        members = [aim(member, address) for member in value]
        return [member for member, _ in members], sum(count for _, count in members)
    return value, 0


def send(installation: Installation, operation: Operation, address: str, key: str) -> tuple[bool, int]:
    """Call an operation with an address wherever one fits. Return whether it succeeds, and how many are sent."""
    place = installation.place(operation, key)
    body, count = aim(place.body, address)
    path = operation.path.format_map(place.path)
    queries = [found for found in operation.described["parameters"] if found["in"] == "query"]
    texts = [one["name"] for one in queries if one["schema"]["type"] == "string" and "enum" not in one["schema"]]
    headers = {**present_key(key), **dict.fromkeys(SPOKEN, address)}
    for name in texts:
        installation.client.request(operation.method.upper(), path, params={name: address}, headers=headers)
    installation.client.headers.update(dict.fromkeys(SPOKEN, address))
    response = installation.call(operation, place._replace(body=body), key)
    for name in SPOKEN:
        del installation.client.headers[name]
    return response.is_success, count + len(texts) + len(SPOKEN) * (len(texts) + 1)


def test_no_address_that_is_sent_is_called(
    installation: Installation,
    address: str,
    called: list[tuple[str, object]],
    monkeypatch: pytest.MonkeyPatch,
    figure: FigureRecorder,
) -> None:
    key, tried, refused = installation.key("administrator"), 0, list[str]()
    for operation in operations():
        succeeds, count = send(installation, operation, address, key)
        tried += count
        if not succeeds:
            refused.append(operation.id)
    found = len(called)
    assert called == []
    # The one address to which something is sent later, but to none inside.
    assert refused == ["webhooks.create"]

    # The control: one operation that fetches what it is asked about.
    def fetch(url: str, *_: object) -> None:
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=0.1)

    monkeypatch.setattr(oembed, "parse_target", fetch)
    installation.client.get("/oembed", params={"url": address})
    port = int(address.rpartition(":")[2].partition("/")[0])
    reached = called.count(("socket.connect", ("127.0.0.1", port)))
    assert reached == 1
    figure(
        "R25",
        f"addresses in bodies, queries and headers of requests to {len(operations())} operations, of "
        "which one that is called, or whose name is looked up, counts",
        tried=tried,
        failed=found,
        control=f"an operation that fetches its address is found: {reached} of 1",
    )
