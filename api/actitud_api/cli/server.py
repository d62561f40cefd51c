"""HTTP server that announces its stop before it refuses connections."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from litestar.types import ASGIApp

from actitud_api.cli.bounded_protocol import BoundedProtocol
from actitud_api.platform.http.system import Readiness
from actitud_api.settings import Settings


class Server(uvicorn.Server):
    """uvicorn server that stops in two steps.

    After SIGTERM, `/readyz` returns 503, so that load balancers choose other servers, but the server accepts requests
    for `drain` seconds more. Then it accepts none, what takes longer than a process has to stop is given up, and the
    other requests in progress have the `grace` seconds of the settings to end. SIGINT (Ctrl+C), and any second signal,
    skip the first step. The exit code is 0.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        readiness: Readiness,
        drain: float,
        started: Callable[[], None],
        give_up: Callable[[], None] = lambda: None,
    ) -> None:
        """Build the server; it does not listen yet.

        `readiness` has the checks of `/readyz`, to which the server adds one that fails once it has begun to stop.
        `drain`: seconds after SIGTERM in which requests are still accepted; 0 to stop accepting them at once.
        `started` is called once, when the server begins to accept requests; the command then prints the address.
        `give_up` is called once, when the server accepts no more requests.
        """
        super().__init__(config)
        self._drain = drain
        self._stop_at: float | None = None
        self._announce = started
        self._give_up = give_up
        readiness.register("serving", lambda: self._stop_at is None)

    async def main_loop(self) -> None:
        """Serve until the server has to stop."""
        self._announce()
        await super().main_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more requests, and wait for those in progress."""
        self._give_up()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop after a signal.

        The base class raises the signal again after the server has stopped, which ends the process by the signal. This
        class does not, so that the process exits with 0.
        """
        is_second = self._stop_at is not None
        # A signal during the second step ends requests in progress at once, as uvicorn does.
        self.force_exit = self.should_exit
        if is_second or sig == signal.SIGINT or self._drain == 0:
            self.should_exit = True
        if not is_second:
            self._stop_at = time.monotonic() + self._drain

    async def on_tick(self, counter: int) -> bool:
        """Return True to stop accepting requests; uvicorn calls it ten times a second."""
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


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
