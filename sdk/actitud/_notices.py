"""Warnings about operations that the service deprecates (RFC 9745, RFC 8594), and about languages that it lacks."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime

# Neither part goes beyond the next "<": what looks at all of a long header from every "<" on takes minutes.
_LINK = re.compile(r'<([^<>]*)>[^<,]*;\s*rel="?(?:deprecation|sunset|successor-version)"?')
_SECONDS = re.compile(r"@(\d{1,11})")


class ActitudDeprecationWarning(FutureWarning):
    """Warning that the service deprecates an operation.

    It is shown by default, unlike ``DeprecationWarning``, because every program that calls the operation breaks
    when the service removes it.
    """


class ActitudLanguageWarning(UserWarning):
    """Warning that the service does not support the language of the client and answers in another one."""


def warn_of_language(wanted: str, language: str) -> None:
    """Warn that a response is in ``language``, because the service does not support the language ``wanted``.

    The warning names the line of the program that called the library.
    """
    message = f"the service has no sentences in {wanted!r}: it answers in {language!r}"
    warnings.warn(message, ActitudLanguageWarning, stacklevel=_count_frames())


def warn_of_deprecation(operation: str, headers: Mapping[str, str]) -> None:
    """Warn that an operation is deprecated, with the dates and the link in the headers of its response.

    ``headers``: headers by name in lower case, of which ``Deprecation``, ``Sunset`` and ``Link`` are read. The warning
    names the line of the program that called the library.
    """
    parts = [f"the service gives {operation} up"]
    if "deprecation" in headers:
        parts.append(f"deprecated since {_format_day(headers['deprecation'])}")
    if "sunset" in headers:
        parts.append(f"not there after {headers['sunset']}")
    link = _LINK.search(headers.get("link", ""))
    if link:
        parts.append(f"see {link[1]}")
    warnings.warn("; ".join(parts), ActitudDeprecationWarning, stacklevel=_count_frames())


def _format_day(value: str) -> str:
    seconds = _SECONDS.fullmatch(value.strip())
    return value if seconds is None else datetime.fromtimestamp(int(seconds[1]), UTC).date().isoformat()


def _count_frames() -> int:
    # The first frame that is not of this package; `warn` counts from the frame that calls it, which is 1.
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "actitud":
        depth, frame = depth + 1, frame.f_back
    return depth
