"""The log of a process: one JSON object a line on standard error, without the secrets of keys.

A line is JSON so that no input can forge one.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

PREFIX: Final = "actl"
"""What every key begins with: `act` is the brand and `l` a live key."""
ID_LENGTH: Final = 12
"""Characters of the id of a key, which is no secret."""

_KEY: Final = re.compile(rf"({PREFIX}_[0-9A-Za-z]{{{ID_LENGTH}}}_)[0-9A-Za-z]+")


def redacted(text: str) -> str:
    """Strike the secrets of all keys out of a text, also of keys that are cut or mistyped."""
    return _KEY.sub(r"\1***", text)


def has_key(text: str) -> bool:
    """Return True if a text has anything that looks like a key or the beginning of one."""
    return _KEY.search(text) is not None


def strike_out(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Strike secrets of keys out of a log event (a structlog processor)."""
    return {name: redacted(value) if isinstance(value, str) else value for name, value in event.items()}


_COMMON: Final[tuple[Processor, ...]] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    strike_out,
)
_RENDERED: Final = structlog.processors.JSONRenderer(ensure_ascii=True)


def configure_logs() -> None:
    """Configure logging: each event is a line of JSON with its UTC time, its exception without local values.

    So are those of libraries, as of the server about what is no HTTP.
    """
    structlog.configure(processors=[*_COMMON, _RENDERED], logger_factory=_standard_error)
    of_libraries = logging.StreamHandler()
    of_libraries.setFormatter(
        ProcessorFormatter(foreign_pre_chain=_COMMON, processors=[ProcessorFormatter.remove_processors_meta, _RENDERED])
    )
    logging.basicConfig(handlers=[of_libraries], level=logging.WARNING)


def _standard_error(*_: object) -> structlog.WriteLogger:
    """Return a logger to the current standard error, which may have been redirected."""
    return structlog.WriteLogger(sys.stderr)
