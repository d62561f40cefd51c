"""JSON Pointers (RFC 6901) into documents."""

from __future__ import annotations


def add_step(pointer: str, name: str | int) -> str:
    """Return the JSON Pointer of a member or item of the value at `pointer`; `/` and `~` in its name are escaped."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
