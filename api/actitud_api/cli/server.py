"""HTTP server that announces its stop before it refuses connections."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType
from typing import Final

import uvicorn
from litestar.types import ASGIApp

from actitud_api.cli.bounded_protocol import BoundedProtocol
from actitud_api.cli.supervisor import ALIVE, HURRY, PING, READY, RETIRE, STOP, STOP_UNDRAINED
from actitud_api.platform.http.system import Readiness
from actitud_api.settings import Settings

_CLOSE: Final = (b"connection", b"close")
"""Header of every response of a server that stops: the client opens its next connection elsewhere."""


class Server(uvicorn.Server):
    """uvicorn server that stops in two steps.

    After SIGTERM, `/readyz` returns 503, so that load balancers choose other servers, but the server accepts requests
    for `drain` seconds more, and closes each connection after its next response. Then it accepts no requests, `give_up`
    ends work that would outlast the shutdown, and the requests in progress have as many seconds to end as the setting
    `grace` says. SIGINT (Ctrl+C), and any second signal, skip the first step. The exit code is 0.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        readiness: Readiness,
        drain: float,
        started: Callable[[], None],
        give_up: Callable[[], None] = lambda: None,
    ) -> None:
        """Create the server; it does not listen yet.

        Args:
            config: Configuration of uvicorn.
            readiness: Checks of `/readyz`; the server adds a check that fails once the server has begun to stop.
            drain: Seconds after SIGTERM in which requests are still accepted; 0 to stop accepting them at once.
            started: Called once, when the server begins to accept requests; the command then prints the address.
            give_up: Called once, when the server accepts no more requests; ends work that would outlast the shutdown.
        """
        super().__init__(config)
        self._drain = drain
        self._stop_at: float | None = None
        self._retire_by: float | None = None
        self._announce = started
        self._give_up = give_up
        readiness.register("serving", lambda: self._stop_at is None)

    async def main_loop(self) -> None:
        """Serve until the server has to stop."""
        self._announce()
        await super().main_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting requests, and wait for the requests in progress."""
        self._give_up()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop after a signal.

        The base class raises the signal again after the server has stopped, which ends the process by the signal. This
        class does not, so that the process exits with 0.
        """
        if not self.begin_stop(drains=sig != signal.SIGINT):
            self.hurry()

    def begin_stop(self, *, drains: bool = True) -> bool:
        """Begin to stop the server, and return True; return False if the server is already stopping.

        `drains`: False to skip the first step, in which requests are still accepted.
        """
        if self._stop_at is not None:
            return False
        self._stop_at = time.monotonic() + self._drain
        if not drains or self._drain == 0:
            self.should_exit = True
        return True

    def hurry(self) -> None:
        """Shorten a stop in progress by one step.

        If the server still accepts requests, it stops accepting them. Otherwise it ends the requests in progress at
        once.
        """
        self.force_exit = self.should_exit
        self.should_exit = True

    def retire(self) -> None:
        """Stop accepting connections, and stop the server once the open ones are closed.

        Other processes at the socket then accept new connections, and `/readyz` does not fail meanwhile. The server
        stops at the latest after the keep-alive time of the configuration, when idle connections would be closed
        anyway, or after `drain` seconds, if these are more.
        """
        if self._retire_by is None:
            self._retire_by = time.monotonic() + max(self._drain, self.config.timeout_keep_alive)

    async def on_tick(self, counter: int) -> bool:
        """Return True if the server has to stop accepting requests; uvicorn calls this method ten times a second."""
        now = time.monotonic()
        if self._retire_by is not None:
            for server in self.servers:
                server.close()
            if now >= self._retire_by or not self.server_state.connections:
                self.should_exit = True
        if self._stop_at is not None and now >= self._stop_at:
            self.should_exit = True
        is_over = await super().on_tick(counter)
        if (self._stop_at is not None or self._retire_by is not None) and (
            _CLOSE not in self.server_state.default_headers
        ):
            # Not changed in place: a response that is being written has the list.
            self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        return is_over


class WorkerServer(Server):
    """Server of a worker process, which the supervisor tells when to stop.

    If a SIGTERM is sent to a worker only, the worker finishes the requests in progress before it ends, even if the
    signal is repeated; the supervisor then starts another worker. The supervisor asks regularly if the worker is alive.
    The event loop answers, not the thread of `follow_orders`, which receives the messages of the supervisor, because
    that thread would answer even if the event loop is blocked.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        readiness: Readiness,
        drain: float,
        pipe: Connection,
        give_up: Callable[[], None] = lambda: None,
    ) -> None:
        """Create the server; it does not listen yet. Other arguments are those of `Server`.

        `pipe` is the connection to the supervisor, which is told when the server begins to accept requests, and whose
        order to stop begins the time `drain`.
        """
        super().__init__(config, readiness, drain, partial(pipe.send, READY), give_up)
        self._pipe = pipe
        self._is_asked = False

    def note_ping(self) -> None:
        """Record that the supervisor asks whether the server is alive."""
        self._is_asked = True

    async def on_tick(self, counter: int) -> bool:
        """Answer the supervisor if it has asked for a sign of life; return True to stop accepting requests."""
        if self._is_asked:
            self._is_asked = False
            # If the supervisor has ended, `follow_orders` notices.
            with suppress(OSError):
                self._pipe.send(ALIVE)
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop after SIGTERM; ignore the SIGINT of a terminal, which the supervisor handles."""
        if sig == signal.SIGTERM:
            self.begin_stop()


def follow_orders(server: WorkerServer, pipe: Connection) -> None:
    """Start a thread that carries out the orders of the supervisor: to stop, to hurry, to retire, to say it is alive.

    If the supervisor has ended, the server stops.
    """
    acts: dict[str, Callable[[], object]] = {
        STOP: server.begin_stop,
        STOP_UNDRAINED: partial(server.begin_stop, drains=False),
        HURRY: server.hurry,
        RETIRE: server.retire,
        PING: server.note_ping,
    }

    def follow() -> None:
        with suppress(OSError, EOFError):
            while True:
                acts[pipe.recv()]()
        server.begin_stop()

    threading.Thread(target=follow, name="orders", daemon=True).start()


def build_configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Return the uvicorn configuration of an application (ASGI)."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio" if sys.platform == "win32" else "uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=settings.grace,
    )
