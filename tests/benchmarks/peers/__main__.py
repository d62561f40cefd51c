"""`python -m tests.benchmarks.peers KIND CONTENT PORT`: serve a peer as `actitud-api serve` serves the service."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import uvicorn
from litestar.types import ASGIApp

from actitud_api.cli.server import build_configuration
from actitud_api.settings import Settings
from tests.benchmarks.peers.bare import build_bare_app
from tests.benchmarks.peers.bodies import read_bodies
from tests.benchmarks.peers.fastapi_sqlmodel import build_fastapi_app
from tests.benchmarks.peers.plain import build_plain_app


def build_app(kind: str, content: Path) -> ASGIApp:
    """Build the application of a peer; `content` is its file of bodies, or its database."""
    if kind == "fastapi":
        return build_fastapi_app(content)  # type: ignore[return-value]  # ASGI of its own types
    bodies = read_bodies(content)
    return build_bare_app(bodies) if kind == "bare" else build_plain_app(bodies)


def main() -> None:
    """Serve until the process is told to end."""
    kind, content, port = sys.argv[1:]
    configuration = build_configuration(build_app(kind, Path(content)), Settings(port=int(port)))
    # As `serve` does: objects that live as long as the process are left out of garbage collection.
    gc.collect()
    gc.freeze()
    uvicorn.Server(configuration).run()


if __name__ == "__main__":
    main()
