"""Applications that tests borrow: they have the routes, most of the time of `create_app`, one after another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast
from unittest.mock import patch

import httpx
from litestar import Litestar
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

from actitud_api import app as assembly
from actitud_api.settings import Settings

_Layer = Callable[..., ASGIApp]


class _Routes:
    """The routes of an application; a request passes through the middleware of the application that has them now."""

    def __init__(self, middleware: Sequence[_Layer], **options: Any) -> None:
        self._middleware = middleware
        self._built: dict[tuple[int, ASGIApp], ASGIApp] = {}
        self._app = Litestar(middleware=[self._stand_in_for(place) for place in range(len(middleware))], **options)
        self._router = self._app.asgi_handler

    def hand_over(self, middleware: Sequence[_Layer], **options: Any) -> Litestar:
        """Return the application with this middleware and state, and with nothing that the last one had."""
        self._middleware = middleware
        self._built.clear()
        self._app.state = options["state"]
        self._app.asgi_handler = self._router
        return self._app

    def _stand_in_for(self, place: int) -> _Layer:
        def build(app: ASGIApp) -> ASGIApp:
            async def handle(scope: Scope, receive: Receive, send: Send) -> None:
                if (place, app) not in self._built:
                    self._built[place, app] = self._middleware[place](app=app)
                await self._built[place, app](scope, receive, send)

            return handle

        return build


_free: Final[dict[tuple[ControllerRouterHandler, ...], list[_Routes]]] = defaultdict(list)
"""Routes that nobody has now, by their controllers."""


@contextmanager
def borrow_app(
    settings: Settings, controllers: Sequence[ControllerRouterHandler] = assembly.CONTROLLERS
) -> Iterator[Litestar]:
    """Make an application with `create_app`, and close its database at the end.

    Everything is new but its routes, if there are some that no application has now. To register them takes 0.1 s.
    """
    free, taken = _free[tuple(controllers)], list[_Routes]()

    def take_routes(**options: Any) -> Litestar:
        taken.append(free.pop() if free else _Routes(**options))
        return taken[0].hand_over(**options)

    with patch.object(assembly, "Litestar", take_routes):
        app = assembly.create_app(settings, controllers)
    try:
        yield app
    finally:
        app.state["database"].close()
        free.extend(taken)


def connect_to(app: ASGIApp, **options: Any) -> httpx.ASGITransport:
    """Return what an asynchronous client of httpx reaches an application by.

    Both describe ASGI, httpx by plain mappings and Litestar by typed ones of its own.
    """
    return httpx.ASGITransport(cast(Any, app), **options)
