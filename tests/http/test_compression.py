"""Compressed answers: what is compressed, with which tag, and that the tag is taken back."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import brotli
import pytest
import zstandard
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.http.middleware import compression
from actitud_api.platform.http.middleware.compression import SMALLEST, choose_coding
from tests.support.applications import borrow_app
from tests.support.databases import unlimited

EDITION: Final = "/v1/editions/2026-demo"
SCORES: Final = f"{EDITION}/scores?limit=50"
WINDOW_MAX: Final = 8 * 2**20
"""Bytes of the window that every client has to support (RFC 9659)."""
SHEET: Final = f"{EDITION}/scores/XX-DEMO-00034"
UNPACK: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda packed: zstandard.ZstdDecompressor(max_window_size=WINDOW_MAX).stream_reader(packed).read(),
}
BEGIN: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda packed: zlib.decompressobj(31).decompress(packed),
    "br": lambda packed: brotli.Decompressor().process(packed),
    "zstd": lambda packed: zstandard.ZstdDecompressor().decompressobj().decompress(packed),
}
"""What unpacks the beginning of a stream."""


@pytest.fixture(scope="module")
def app(demonstration: str) -> Iterator[Litestar]:
    with borrow_app(structs.replace(unlimited(demonstration), memory_bytes=2**26)) as made:
        yield made


@pytest.fixture(scope="module")
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    """A client that asks for no compression by itself."""
    with TestClient(app) as opened:
        opened.headers["accept-encoding"] = "identity"
        yield opened


class Wire(NamedTuple):
    """An answer as it is on the wire, still compressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(client: TestClient[Litestar], method: str, path: str, **headers: str) -> Wire:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream(method, path, headers=sent) as response:
        return Wire(response.status_code, dict(response.headers), b"".join(response.iter_raw()))


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, br;q=0.9", "gzip"),
        ("deflate, zstd", "zstd"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip, zstd;q=0.9", "gzip"),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "zstd"),
        ("gzip;q=0, br;q=0, zstd;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("GZIP", "gzip"),
    ],
)
def test_the_coding_is_what_the_client_likes_best(header: str | None, coding: str | None) -> None:
    assert choose_coding(header) == coding


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize(
    "path", [SCORES, SHEET, f"{EDITION}/scores.csv", f"{EDITION}/indicators.jsonl?limit=3", "/portal/2026-demo"]
)
def test_the_bytes_are_the_same_once_unpacked(client: TestClient[Litestar], coding: str, path: str) -> None:
    plain = client.get(path)
    packed = ask(client, "GET", path, accept_encoding=coding)
    assert packed.headers["content-encoding"] == coding
    assert UNPACK[coding](packed.body) == plain.content
    assert packed.headers["etag"] == f'{plain.headers["etag"][:-1]}-{coding}"'
    for headers in (packed.headers, plain.headers):
        assert "Accept-Encoding" in headers["vary"].split(", ")
    assert int(packed.headers.get("content-length", len(packed.body))) == len(packed.body)
    assert len(packed.body) < len(plain.content) / 2
    head = ask(client, "HEAD", path, accept_encoding=coding)
    told = {name: value for name, value in packed.headers.items() if name not in {"x-request-id", "ratelimit"}}
    assert {name: head.headers.get(name) for name in told} == told
    assert head.body == b""


@pytest.mark.parametrize(
    ("path", "status"),
    [("/livez", 200), (f"{EDITION}/scores.xlsx?limit=5", 200), (f"{EDITION}/publications/latest/bundle", 200)],
)
def test_what_is_small_or_packed_is_sent_as_it_is(client: TestClient[Litestar], path: str, status: int) -> None:
    received = ask(client, "GET", path, accept_encoding="gzip, br")
    assert received.status == status
    assert "content-encoding" not in received.headers
    assert "-gzip" not in received.headers.get("etag", "")


def test_only_bodies_of_a_kilobyte_are_compressed(client: TestClient[Litestar]) -> None:
    for path in ("/v1/editions?limit=1", f"{EDITION}/scores?limit=1", f"{EDITION}/scores?limit=9"):
        plain = client.get(path)
        received = ask(client, "GET", path, accept_encoding="gzip")
        assert ("content-encoding" in received.headers) is (len(plain.content) >= SMALLEST), path


@pytest.mark.parametrize("suffix", ["", "-gzip", "-br", "-zstd"])
@pytest.mark.parametrize("accepted", ["gzip", "br", "zstd", "identity"])
def test_a_tag_of_any_coding_is_taken_back(client: TestClient[Litestar], suffix: str, accepted: str) -> None:
    plain = client.get(SHEET).headers["etag"]
    tag = f'{plain[:-1]}{suffix}"'
    current = ask(client, "GET", SHEET, accept_encoding=accepted, if_none_match=f'"other", {tag}')
    assert (current.status, current.headers["etag"], current.body) == (304, tag, b"")
    weak = ask(client, "GET", SHEET, accept_encoding=accepted, if_none_match=f"W/{tag}")
    assert weak.status == 304
    assert (ask(client, "GET", SHEET, accept_encoding=accepted, if_match=tag)).status == 200
    changed = ask(client, "GET", SHEET, accept_encoding=accepted, if_match=tag.replace('"', '"0', 1))
    assert (changed.status, json.loads(changed.body)["type"]) == (412, "/problems/precondition-failed")


def test_of_several_tags_the_one_in_the_accepted_coding_is_told(client: TestClient[Litestar]) -> None:
    packed = (ask(client, "GET", SHEET, accept_encoding="gzip")).headers["etag"]
    other = packed.replace("-gzip", "-br")
    current = ask(client, "GET", SHEET, accept_encoding="gzip", if_none_match=f"{other}, {packed}")
    assert (current.status, current.headers["etag"]) == (304, packed)


def test_the_digest_is_that_of_what_is_sent(client: TestClient[Litestar]) -> None:
    path = client.get(f"{EDITION}/publications/latest/scores/XX-DEMO-00034").headers["content-location"]
    # The second answer comes from the cache of what never changes.
    for accepted in ("identity", "gzip", "gzip", "br", "zstd", "identity"):
        received = ask(client, "GET", path, accept_encoding=accepted)
        digest = base64.b64encode(hashlib.sha256(received.body).digest()).decode()
        assert received.headers["repr-digest"] == f"sha-256=:{digest}:"
        body = UNPACK.get(received.headers.get("content-encoding", ""), bytes)(received.body)
        assert path.endswith(hashlib.sha256(body).hexdigest())
        assert received.headers["cache-control"].endswith("immutable")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_stream_is_compressed_as_it_goes(coding: str) -> None:
    pieces = [bytes(range(256)) * 8 for _ in range(20)]
    seen: list[int] = []
    sent: list[Any] = []

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})
            seen.append(len(sent))

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody reads the request")

    scope: Any = {"type": "http", "headers": [(b"accept-encoding", coding.encode())], "state": {}}
    asyncio.run(compression.Compression(stream)(scope, receive, send))
    # The start and the first piece leave at once, before the stream goes on.
    assert seen[0] == 2
    assert BEGIN[coding](sent[1]["body"]) == pieces[0]
    assert UNPACK[coding](b"".join(message["body"] for message in sent[1:])) == b"".join(pieces)


def test_popular_bodies_are_compressed_once(client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{EDITION}/scores?limit=37"
    first = ask(client, "GET", path, accept_encoding="gzip")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("compressed again")

    monkeypatch.setattr(compression, "_build_compressor", refuse)
    assert (ask(client, "GET", path, accept_encoding="gzip")).body == first.body


def test_a_service_without_memory_compresses_its_document_once(
    demonstration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with borrow_app(structs.replace(unlimited(demonstration), memory_bytes=0)) as app, TestClient(app) as client:
        first = ask(client, "GET", "/v1/openapi.json", accept_encoding="zstd")

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("compressed again")

        monkeypatch.setattr(compression, "_build_compressor", refuse)
        assert ask(client, "GET", "/v1/openapi.json", accept_encoding="zstd").body == first.body
        document = ask(client, "GET", "/v1/openapi.json", accept_encoding="identity").body
        assert UNPACK["zstd"](first.body) == document
