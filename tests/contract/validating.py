"""Every response of every test is judged by the document of the application that gave it.

The hooks below are those of `tests/conftest.py`: they wrap each Litestar application that has a document, whatever
client asks it, and fail the test in which a response differs from it.
"""

from __future__ import annotations

import functools
import gzip
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

import brotli
import pytest
import zstandard
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Message, Receive, Scope, Send

from actitud_api.platform.http.openapi import ServedDocument
from tests.contract.document import Judge

_differences: list[str] = []


@functools.cache
def judge(document: bytes) -> Judge:
    """The judge of a document."""
    return Judge(document)


@contextmanager
def observed() -> Iterator[list[str]]:
    """The differences that are found inside, which then fail no test: to test this module itself."""
    before = _differences[:]
    _differences.clear()
    yield _differences
    _differences[:] = before


_call = Litestar.__call__
_UNPACK: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "identity": bytes,
    "br": lambda body: brotli.decompress(body) if body else body,
    "gzip": lambda body: gzip.decompress(body) if body else body,
    "zstd": lambda body: zstandard.ZstdDecompressor().stream_reader(body).read() if body else body,
}
"""What the answers of HEAD, which have no body, leave as it is."""


async def _judged(
    self: Litestar, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
) -> None:
    document = self.state.get("document")
    if scope["type"] == "lifespan" or scope["type"] != ScopeType.HTTP or not isinstance(document, ServedDocument):
        await _call(self, scope, receive, send)
        return
    method, path = str(scope["method"]), scope["path"]
    status = 0
    headers: dict[str, str] = {}
    body = bytearray()

    async def listening(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            for name, value in message["headers"]:
                key, text = name.decode("latin-1").lower(), value.decode("latin-1")
                headers[key] = f"{headers[key]}, {text}" if key in headers else text
        elif message["type"] == "http.response.body":
            body.extend(message["body"])
        await send(message)  # type: ignore[arg-type]  # as the application sent it

    await _call(self, scope, receive, listening)
    unpacked = _UNPACK[headers.get("content-encoding", "identity")](bytes(body))
    faults = judge(document.read()).faults(method, path, status, headers, unpacked)
    _differences.extend(f"{method} {path} -> {status}: {fault}" for fault in faults)


def pytest_configure(config: pytest.Config) -> None:
    """Wraps the applications for as long as the tests run."""
    wrapped = patch.object(Litestar, "__call__", _judged)
    wrapped.start()
    config.add_cleanup(wrapped.stop)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    """Fails a test in which a response differed from the document, even where the test itself found nothing."""
    _differences.clear()
    outcome = yield
    if _differences:
        listed = "\n".join(dict.fromkeys(_differences[:20]))
        pytest.fail(f"{len(_differences)} responses differ from the OpenAPI document:\n{listed}", pytrace=False)
    return outcome
