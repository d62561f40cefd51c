"""`POST /v1/scores` beside a handler of the same mode that decodes the same body and echoes it.

Both are operations of one application and take the same way through it, contract, policy and limits included (limits
are off); requests are handed to it in memory, so no socket takes part. The document is that of the first worked
example.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from litestar import Controller, Litestar, Response

from actitud_api.app import CONTROLLERS, create_app
from actitud_api.engine.methodology.requests.answers import ScoreRequest
from actitud_api.platform.http.access import ANYBODY_COMPUTING
from actitud_api.platform.http.operations import post
from actitud_api.platform.http.problems import NO_STORE
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.resources.scores.routes import REQUEST
from actitud_api.settings import Settings
from tests.benchmarks.measure import ROUNDS, Line, in_turn, table
from tests.benchmarks.scalar import document
from tests.contract.asgi import Sent, exchange

ECHO = Representation(msgspec.Struct, cache=NO_STORE)
CALLS = 20


class EchoController(Controller):
    """The body back."""

    path = "/v1/echo"
    tags = ("scores",)

    @post("/", operation_id="echo.create", access=ANYBODY_COMPUTING, body=REQUEST, status=200)
    def create(self, request: ApiRequest, body: ScoreRequest) -> Response[bytes]:
        """Echo.

        Decodes the facts of one organisation and sends them back.
        """
        return ECHO.of(request, body)


def run() -> None:
    """Prints the table of this part."""
    body = document()
    with _application() as app, asyncio.Runner() as runner:

        def ask(target: bytes) -> None:
            received = runner.run(exchange(app, Sent("POST", target, [(b"content-type", b"application/json")], [body])))
            if received.status != 200:
                raise RuntimeError(f"{target!r}: {received.status} {received.body!r}")

        found = in_turn(
            {
                "echo": lambda: ask(b"/v1/echo"),
                "again": lambda: ask(b"/v1/echo"),
                "bare": lambda: ask(b"/v1/scores?explain=false"),
                "whole": lambda: ask(b"/v1/scores?lang=en"),
            },
            calls=dict.fromkeys(("echo", "again", "bare", "whole"), CALLS),
        )
    echo = found["echo"]
    table(
        f"POST /v1/scores in memory, over {ROUNDS} rounds: how many for each echo of the same body",
        [
            Line("decoding and echoing", "µs", echo.times(1e6)),
            Line("again: the noise", "", echo.over(found["again"]), "were it quiet: 1"),
            Line("scored, explain=false", "", echo.over(found["bare"]), "aim: at least 0.5"),
            Line("scored and explained", "", echo.over(found["whole"]), "aim: at least 0.15"),
        ],
    )


@contextmanager
def _application() -> Iterator[Litestar]:
    """The application with the handler that echoes, on an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'empty.sqlite3'}",
            rate_limit_read=0,
            rate_limit_write=0,
            rate_limit_score=0,
            rate_limit_refused=0,
        )
        app = create_app(settings, (*CONTROLLERS, EchoController))
        try:
            yield app
        finally:
            app.state["database"].close()
