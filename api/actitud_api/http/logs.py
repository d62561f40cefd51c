"""The log of a process: one JSON object a line on standard error, so that no input can forge a line."""

from __future__ import annotations

import sys

import structlog


def configure_logs() -> None:
    """Makes every event of the service a line of JSON, with its time in UTC and its exception without local values."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        logger_factory=_standard_error,
    )


def _standard_error(*_: object) -> structlog.WriteLogger:
    """Standard error as it is at the moment, which may have been redirected."""
    return structlog.WriteLogger(sys.stderr)
