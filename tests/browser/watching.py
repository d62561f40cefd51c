"""What an application answered, in order."""

from __future__ import annotations

from litestar import Litestar
from litestar.types import Message, Receive, Scope, Send


class Watched:
    """An application; `answers` are the paths that were asked for, each with its status."""

    def __init__(self, app: Litestar) -> None:
        self.app = app
        self.answers: list[tuple[str, int]] = []
        self.address = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request (ASGI)."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers.append((scope["path"], message["status"]))
            await send(message)

        await self.app(scope, receive, noting)
