"""The log of a process: one JSON object a line on standard error, without the secrets of keys.

A line is JSON so that no input can forge one.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from actitud_api.platform.http.redaction import redact_keys


def strike_out(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Strike secrets of keys out of a log event (a structlog processor)."""
    return {name: redact_keys(value) if isinstance(value, str) else value for name, value in event.items()}


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
