"""Log of a process: one JSON object per line on standard error, without the secrets of keys.

Each line is JSON, so that no input can forge a line.
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


def redact_event(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the secrets of keys in the texts of a log event (a structlog processor), and return the event."""
    return {name: redact_keys(value) if isinstance(value, str) else value for name, value in event.items()}


_COMMON: Final[tuple[Processor, ...]] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact_event,
)
# ASCII only, so that no character of an input can move the cursor of a terminal or reverse its text.
_RENDERER: Final = structlog.processors.JSONRenderer(ensure_ascii=True)


def configure_logs() -> None:
    """Configure logging: each event is one line of JSON with its time in UTC, and its exception if it has one.

    Messages of libraries are logged in this form too, from the level WARNING on.
    """
    structlog.configure(processors=[*_COMMON, _RENDERER], logger_factory=_create_logger)
    library_handler = logging.StreamHandler()
    library_handler.setFormatter(
        ProcessorFormatter(foreign_pre_chain=_COMMON, processors=[ProcessorFormatter.remove_processors_meta, _RENDERER])
    )
    logging.basicConfig(handlers=[library_handler], level=logging.WARNING)


def _create_logger(*_: object) -> structlog.WriteLogger:
    """Return a logger that writes to the current standard error, which tests may have redirected."""
    return structlog.WriteLogger(sys.stderr)
