"""An application as a server has it, inside the process of the tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp

from actitud_api.cli.server import Server
from actitud_api.cli.serving import get_readiness
from tests.support.waiting import await_true


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The address of an application, on a free port of loopback."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    await_true(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{get_port(server)}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served_by_service(app: Litestar, config: uvicorn.Config, drain: int = 0) -> Iterator[Server]:
    """The server of the service with an application, on a free port of loopback; `drain` as for `Server`."""
    config.port = 0
    started = threading.Event()
    server = Server(config, get_readiness(app), drain, started.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        await_true(started.is_set)
        yield server
    finally:
        server.should_exit = True
        await_true(lambda: not thread.is_alive())


def get_port(server: uvicorn.Server) -> int:
    """The port at which a started server listens."""
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
