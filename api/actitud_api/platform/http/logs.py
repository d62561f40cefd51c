"""The log of a process: one JSON object a line on standard error, so that no input can forge a line."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from actitud_api.platform.http.redaction import strike_out

_COMMON: Final[tuple[Processor, ...]] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    strike_out,
)
_RENDERED: Final = structlog.processors.JSONRenderer(ensure_ascii=True)


def configure_logs() -> None:
    """Makes every event of the service a line of JSON, with its time in UTC and its exception without local values.

    So are those of libraries, as of the server about what is no HTTP.
    """
    structlog.configure(processors=[*_COMMON, _RENDERED], logger_factory=_standard_error)
    of_libraries = logging.StreamHandler()
    of_libraries.setFormatter(
        ProcessorFormatter(foreign_pre_chain=_COMMON, processors=[ProcessorFormatter.remove_processors_meta, _RENDERED])
    )
    logging.basicConfig(handlers=[of_libraries], level=logging.WARNING)


def _standard_error(*_: object) -> structlog.WriteLogger:
    """Standard error as it is at the moment, which may have been redirected."""
    return structlog.WriteLogger(sys.stderr)
