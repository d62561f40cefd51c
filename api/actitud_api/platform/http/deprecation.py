"""Announcement that an operation or a methodology version is given up (RFC 9745, RFC 8594)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Final

from litestar.types import Scope
from msgspec import Struct

_STATE: Final = "deprecation"


class Deprecation(Struct, frozen=True, kw_only=True):
    """Announcement that a resource is deprecated.

    `since`: first day of the deprecation. `page`: path of a page that explains the deprecation. `sunset`: first day on
    which the resource may be gone; None if no removal is planned.
    """

    since: date
    page: str
    sunset: date | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` if the date of removal (`sunset`) is before the first day of the deprecation (`since`)."""
        if self.sunset is not None and self.sunset < self.since:
            raise ValueError("a sunset is never before the deprecation")

    def __deepcopy__(self, memo: object) -> Deprecation:
        """Return the same object: Litestar copies the handlers of a controller, and an announcement never changes."""
        return self

    def build_headers(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the response headers that announce the deprecation of a resource, each as name and value.

        They are `Deprecation`, `Link` and, only if there is a date of removal, `Sunset` and its link.
        """
        yield b"deprecation", f"@{_to_midnight(self.since).timestamp():.0f}".encode()
        yield b"link", f'<{self.page}>; rel="deprecation"'.encode()
        if self.sunset is not None:
            yield b"sunset", format_datetime(_to_midnight(self.sunset), usegmt=True).encode()
            yield b"link", f'<{self.page}>; rel="sunset"'.encode()


def announce_deprecation(scope: Scope, deprecation: Deprecation) -> None:
    """Store the deprecation of the requested resource, so that the response announces it in its headers.

    `scope` is the ASGI scope of the request.
    """
    scope["state"][_STATE] = deprecation


def find_announced_deprecation(scope: Scope) -> Deprecation | None:
    """Return the deprecation that the response to a request has to announce, or None. `scope` is its ASGI scope."""
    announced = scope["state"].get(_STATE)
    return announced if isinstance(announced, Deprecation) else None


def _to_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
