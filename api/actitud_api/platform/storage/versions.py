"""Versions of rows for optimistic locking (`If-Match`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Expected: TypeAlias = Callable[[str | None], bool]
"""Check of the stored revision before a change, given None where no row exists."""


class StaleVersion(Exception):
    """Stored row is not the one that the change was made for."""


def build_revision(created: datetime, version: int) -> str:
    """Return the name of one state of a row: its version and a hash of its creation.

    The hash tells the row from an earlier one of the same id.
    """
    moment = created.astimezone(UTC).isoformat(timespec="microseconds")
    return f"v{version}.{hashlib.sha256(moment.encode()).hexdigest()[:8]}"
