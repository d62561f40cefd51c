"""Server of an installation that announces its end before it stops."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from litestar import Litestar

from actitud_api.platform.http.system import Readiness
from actitud_api.settings import Settings


class Server(uvicorn.Server):
    """uvicorn server that stops in order.

    SIGTERM: `/readyz` answers 503 from now on, so that load balancers turn away; requests are still taken for `drain`
    seconds; then no more, and those in flight have `grace` seconds to end. SIGINT, which a person sends, and any second
    signal skip the first wait. The process ends with 0.
    """

    def __init__(self, config: uvicorn.Config, readiness: Readiness, drain: float, started: Callable[[], None]) -> None:
        """Make the server; `started` is called once, when requests are taken."""
        super().__init__(config)
        self._drain = drain
        self._leave_at: float | None = None
        self._announce = started
        readiness.register("serving", lambda: self._leave_at is None)

    async def main_loop(self) -> None:
        """Serve until the server has to stop."""
        self._announce()
        await super().main_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start to stop. The signal is not raised again afterwards, as the base class would: it has been obeyed."""
        again = self._leave_at is not None
        self.force_exit = self.should_exit
        if again or sig == signal.SIGINT or self._drain == 0:
            self.should_exit = True
        if not again:
            self._leave_at = time.monotonic() + self._drain

    async def on_tick(self, counter: int) -> bool:
        """Return True to stop taking requests; called ten times a second."""
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self.should_exit = True
        return await super().on_tick(counter)


def build_configuration(app: Litestar, settings: Settings) -> uvicorn.Config:
    """Build the uvicorn configuration of an application."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio" if sys.platform == "win32" else "uvloop",
        http="httptools",
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
