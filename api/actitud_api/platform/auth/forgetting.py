"""Hourly deletion of old responses to idempotent requests, by the running service.

Requests delete some of them as well (`idempotency`), so there is something to do only after a time with few writes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from actitud_api.platform.auth import queries
from actitud_api.platform.auth.idempotency import RESPONSE_LIFETIME
from actitud_api.platform.http.repeating import build_repeating_lifespan
from actitud_api.platform.storage.database import Database, read_clock

FORGET_SECONDS: Final = 3_600
"""Seconds between two deletions."""
BATCH: Final = 500
"""Responses that one transaction deletes: other writers wait for it."""


def forget_old_responses(database: Database) -> int:
    """Delete all stored responses to idempotent requests that are too old to be replayed, and return their number.

    Raises:
        Unavailable: The database could not be reached in time.
    """
    total = 0
    while True:
        with database.write(hidden=True) as session:
            deleted = queries.delete_oldest_responses(session, read_clock(session) - RESPONSE_LIFETIME, BATCH)
        total += deleted
        if deleted < BATCH:
            return total


def build_forgetting_lifespan(database: Database) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return an application lifespan that every hour deletes old stored responses to idempotent requests.

    They are too old to be replayed to a repeated request.
    """
    return build_repeating_lifespan(
        lambda: forget_old_responses(database), FORGET_SECONDS, failure="old responses not deleted"
    )
