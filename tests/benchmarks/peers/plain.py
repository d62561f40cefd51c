"""Plain Litestar handler with a path parameter that returns stored bytes: the yardstick of reads."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Litestar, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from tests.benchmarks.peers.bodies import StoredBody


@get("/{name:str}", sync_to_thread=False)
def read_body(name: FromPath[str], state: State) -> Response[bytes]:
    """Return the body of a name."""
    body: StoredBody = state["bodies"][name]
    return Response(body.content, media_type=body.media_type)


def build_plain_app(bodies: Mapping[str, StoredBody]) -> Litestar:
    """Build the application: `/<name>` is the body of that name."""
    return Litestar([read_body], state=State({"bodies": bodies}), openapi_config=None, logging_config=None)
