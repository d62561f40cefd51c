"""Bare ASGI application that returns stored bytes: the least that an application costs under the server."""

from __future__ import annotations

from collections.abc import Mapping

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tests.benchmarks.peers.bodies import StoredBody


def build_bare_app(bodies: Mapping[str, StoredBody]) -> ASGIApp:
    """Build the application: `/<name>` is the body of that name."""
    answers: dict[str, tuple[Message, Message]] = {
        f"/{name}": (
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", body.media_type.encode()),
                    (b"content-length", str(len(body.content)).encode()),
                ],
            },
            {"type": "http.response.body", "body": body.content, "more_body": False},
        )
        for name, body in bodies.items()
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":  # type: ignore[comparison-overlap]  # servers send it to any application
            await receive()
            await send({"type": "lifespan.startup.complete"})  # type: ignore[typeddict-item]  # likewise
            await receive()
            await send({"type": "lifespan.shutdown.complete"})  # type: ignore[typeddict-item]  # likewise
            return
        for message in answers[scope["path"]]:
            await send(message)

    return app
