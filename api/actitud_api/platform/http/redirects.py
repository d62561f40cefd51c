"""What is at another address: a path that names something by an alias leads to the path with its id (308)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from litestar import Response
from litestar.types import HTTPScope

from actitud_api.platform.http.scope import query_pairs

ASK_AGAIN: Final = "no-cache"
"""Whoever keeps it asks each time whether it is still so: an alias may become that of another."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Where what was asked for is: at the same path and query with another value of one of its parameters."""

    parameter: str
    value: str


def redirect(scope: HTTPScope, moved: Moved) -> Response[bytes]:
    """The response that leads there."""
    template, path = scope["path_template"].split("/"), scope["path"].split("/")
    steps = [
        moved.value if step == f"{{{moved.parameter}}}" else there for step, there in zip(template, path, strict=True)
    ]
    query = urlencode(query_pairs(scope))
    location = "/".join(quote(step, safe=":@!$&'()*+,;=") for step in steps) + (f"?{query}" if query else "")
    headers = {"Location": location, "Cache-Control": ASK_AGAIN, "Vary": "Accept"}
    return Response(b"", status_code=308, headers=headers)
