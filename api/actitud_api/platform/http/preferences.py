"""Preferences of a client for the way in which a request is handled (`Prefer`, RFC 7240)."""

from __future__ import annotations

from typing import Final

from actitud_api.platform.http.scope import ApiRequest, read_header

RESPOND_ASYNC: Final = "respond-async"
"""Preference for an answer at once, 202, about work that goes on after it."""


def prefers_async(request: ApiRequest) -> bool:
    """Return True if the client prefers an immediate answer to waiting for the result (`Prefer: respond-async`)."""
    header = read_header(request.scope, b"prefer") or ""
    names = (part.partition(";")[0].partition("=")[0] for part in header.split(","))
    return RESPOND_ASYNC in (name.strip().lower() for name in names)
