"""Versions of rows that several hands may change: what tells one state from another, and who was too late."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Expected: TypeAlias = Callable[[str | None], bool]
"""Whether a change may go on over what is stored: given its revision, or None where there is nothing."""


class StaleVersion(Exception):
    """What is stored is not what the change was made for."""


def build_revision(created: datetime, version: int) -> str:
    """The name of one state of a row: its version, and what tells the row from an earlier one of the same id."""
    moment = created.astimezone(UTC).isoformat(timespec="microseconds")
    return f"v{version}.{hashlib.sha256(moment.encode()).hexdigest()[:8]}"
