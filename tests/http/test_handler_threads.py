"""A request for which no thread becomes free is refused in time, and nothing of it is done afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

import pytest
from litestar import Controller, Litestar, Response
from litestar.concurrency import get_asyncio_executor, set_asyncio_executor
from litestar.testing import TestClient

from actitud_api.platform.http import handler_threads
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.handler_threads import RunningHandlers
from actitud_api.platform.http.operations import get
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.http.system import HEALTH, Health
from tests.http.toys import toy_app

BOUND: Final = 60
"""Seconds after which a test gives up what should have happened long before."""
BEGUN, LEAVE = threading.Semaphore(0), threading.Event()


class HeldController(Controller):
    path = "/v1/held"
    tags = ("toys",)

    @get("/", operation_id="held.get", access=ANYBODY, answer=HEALTH)
    def hold(self, request: ApiRequest) -> Response[bytes]:
        """Take a thread until it may leave."""
        BEGUN.release()
        assert LEAVE.wait(BOUND)
        return HEALTH.of(request, Health("ok"))


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    """A client of a service with one thread for its handlers."""
    LEAVE.clear()
    usual = get_asyncio_executor()
    with TestClient(toy_app(more=[HeldController])) as opened, ThreadPoolExecutor(1) as single:
        set_asyncio_executor(single)
        try:
            yield opened
        finally:
            LEAVE.set()
            set_asyncio_executor(usual)


@pytest.mark.parametrize(
    ("language", "said"),
    [("es", "El servicio está ocupado y no ha empezado"), ("en", "The service is busy and has not begun")],
)
def test_a_request_that_no_thread_takes_is_refused_and_never_begun(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    monkeypatch.setattr(handler_threads, "PATIENCE", 0.1)
    with ThreadPoolExecutor(1) as asking:
        first = asking.submit(client.get, "/v1/held")
        assert BEGUN.acquire(timeout=BOUND)
        refused = client.get("/v1/held", headers={"Accept-Language": language})
        assert not first.done()
        assert [client.get(path).status_code for path in ("/livez", "/readyz")] == [200, 200]
        LEAVE.set()
        assert first.result(BOUND).status_code == 200, "what has begun is never given up"
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
    assert refused.headers["Retry-After"] == handler_threads.RETRY_AFTER
    assert refused.json()["detail"].startswith(said)
    assert client.get("/v1/held").status_code == 200
    assert BEGUN.acquire(timeout=BOUND)
    assert not BEGUN.acquire(blocking=False), "the refused one was begun after all"


def test_handlers_that_run_are_counted(client: TestClient[Litestar]) -> None:
    assert handler_threads.RUNNING.await_none(BOUND)
    with ThreadPoolExecutor(1) as asking:
        held = asking.submit(client.get, "/v1/held")
        assert BEGUN.acquire(timeout=BOUND)
        assert not handler_threads.RUNNING.await_none(0)
        LEAVE.set()
        assert held.result(BOUND).status_code == 200
    assert handler_threads.RUNNING.await_none(BOUND)


def test_who_lets_handlers_pass_waits_for_the_last_one_and_no_longer() -> None:
    running = RunningHandlers()
    with ThreadPoolExecutor(1) as threads, ExitStack() as last:
        last.enter_context(running.count())
        with pytest.raises(ValueError, match="fails"), running.count():
            raise ValueError("fails")
        assert not running.await_none(0), "the first one runs still"
        waiting = threads.submit(running.await_none, BOUND)
        last.close()
        assert waiting.result(BOUND)


def test_a_request_waits_for_its_thread(client: TestClient[Litestar]) -> None:
    with ThreadPoolExecutor(2) as asking:
        first = asking.submit(client.get, "/v1/held")
        assert BEGUN.acquire(timeout=BOUND)
        second = asking.submit(client.get, "/v1/held")
        LEAVE.set()
        assert [first.result(BOUND).status_code, second.result(BOUND).status_code] == [200, 200]
    assert BEGUN.acquire(timeout=BOUND)
