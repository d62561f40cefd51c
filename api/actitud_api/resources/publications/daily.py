"""Daily comparison of the published figures that readers see with the signed documents, by the running service.

A difference is logged as an error, once for each comparison that finds it. The service goes on: people decide on the
repair, and `actitud-api doctor` tells them the possible steps.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog
from msgspec import structs

from actitud_api.platform.http.repeating import build_repeating_lifespan
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications.shown import find_altered_figure

START_SECONDS: Final = 600
"""Seconds from the start of the service to the first comparison, so that it delays no request of a new start."""
COMPARE_SECONDS: Final = 86_400
"""Seconds between two comparisons."""

_log = structlog.get_logger()


def compare_published(database: Database) -> None:
    """Compare every published edition with its signed documents, and log the first difference."""
    altered = find_altered_figure(database)
    if altered is not None:
        _log.error("a published figure is not the signed one", **structs.asdict(altered))


def build_comparing_lifespan(database: Database) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return an application lifespan that every day compares what is shown of published editions with their documents.

    `compare_published` logs the first difference.
    """
    return build_repeating_lifespan(
        lambda: compare_published(database),
        COMPARE_SECONDS,
        failure="published editions were not compared",
        start=START_SECONDS,
    )
