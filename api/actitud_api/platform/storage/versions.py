"""Revisions: names of the states of a row, which `If-Match` compares so that no change overwrites another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Expected: TypeAlias = Callable[[str | None], bool]
"""Check that a caller makes before a change, for example of `If-Match`.

It gets the stored revision of the row, or None if the row does not exist, and returns True if the change may go on.
"""


class StaleVersion(Exception):
    """Raised if a stored row has changed since the caller read it: it has another revision than `If-Match` names."""


def build_revision(created: datetime, version: int) -> str:
    """Build the revision of a row, such as `v3.1f0c2a9b`, from its version and a hash of its time of creation.

    A revision names one state of the row. The hash distinguishes the row from a deleted row that had the same id.
    """
    moment = created.astimezone(UTC).isoformat(timespec="microseconds")
    return f"v{version}.{hashlib.sha256(moment.encode()).hexdigest()[:8]}"
