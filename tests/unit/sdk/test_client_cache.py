"""The cache of `actitud[cache]`: what has not changed is not sent again, and no key is answered as another."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import httpx
import msgspec
import pytest

from actitud import AsyncClient, Client
from actitud._config import SYSTEM
from tests.unit.sdk.support import organisation


class Service(BaseHTTPRequestHandler):
    """Answers with the name of the key, as current as it says, and notes what was asked."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[tuple[str | None, str | None]]] = []

    def do_GET(self) -> None:
        key, known = self.headers["Authorization"], self.headers["If-None-Match"]
        self.asked.append((key, known))
        body = msgspec.json.encode({**organisation(), "name": key or "nobody"})
        tag = f'"{abs(hash(key))}"'
        self.send_response(304 if known == tag else 200)
        self.send_header("ETag", tag)
        # As carelessly as a proxy could: nothing says that the answer is another for each key.
        self.send_header("Cache-Control", "public, no-cache")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(0 if known == tag else len(body)))
        self.end_headers()
        if known != tag:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # it is the name there
        pass


@pytest.fixture
def base_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("actitud.client.SYSTEM", SYSTEM)
    Service.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def blocking(base_url: str, key: str, cache: Path) -> list[str]:
    with Client(base_url=base_url, api_key=key, cache=cache) as client:
        return [client.organisations.get("x").name for _ in range(2)]


def asynchronous(base_url: str, key: str, cache: Path) -> list[str]:
    async def main() -> list[str]:
        async with AsyncClient(base_url=base_url, api_key=key, cache=cache) as client:
            return [(await client.organisations.get("x")).name for _ in range(2)]

    return asyncio.run(main())


@pytest.mark.parametrize("use", [blocking, asynchronous])
def test_what_has_not_changed_is_not_sent_again_and_stays_with_its_key(
    base_url: str, tmp_path: Path, use: Callable[[str, str, Path], list[str]]
) -> None:
    cache = tmp_path / "cache.sqlite3"
    assert use(base_url, "one", cache) == ["Bearer one"] * 2
    assert use(base_url, "two", cache) == ["Bearer two"] * 2
    assert use(base_url, "", cache) == ["nobody"] * 2
    assert use(base_url, "one", cache) == ["Bearer one"] * 2
    tags = {key: f'"{abs(hash(key))}"' for key in ("Bearer one", "Bearer two", None)}
    # Anybody may read the file, so what was sent is in it without the key. That of the answers is the service's doing.
    assert b"uthorization" not in cache.read_bytes()
    assert Service.asked == [
        ("Bearer one", None),
        ("Bearer one", tags["Bearer one"]),
        ("Bearer two", None),
        ("Bearer two", tags["Bearer two"]),
        (None, None),
        (None, tags[None]),
        ("Bearer one", tags["Bearer one"]),
        ("Bearer one", tags["Bearer one"]),
    ]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_cache_is_for_a_client_without_one_of_the_caller(kind: type[Client], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cache"), httpx.Client() as http_client:
        kind(cache=tmp_path / "cache.sqlite3", http_client=http_client)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_without_the_extra_the_error_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, kind: type[Client], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "hishel", None)
    with pytest.raises(ModuleNotFoundError, match="hishel"):
        kind(cache=tmp_path / "cache.sqlite3")
