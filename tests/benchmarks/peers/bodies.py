"""Answers that two of the peers return as they are: a file of them, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec


class StoredBody(msgspec.Struct, frozen=True):
    """A body and its media type."""

    media_type: str
    content: bytes


def write_bodies(file: Path, bodies: Mapping[str, StoredBody]) -> None:
    """Write bodies to a file."""
    file.write_bytes(msgspec.msgpack.encode(bodies))


def read_bodies(file: Path) -> dict[str, StoredBody]:
    """Return the bodies in a file."""
    return msgspec.msgpack.decode(file.read_bytes(), type=dict[str, StoredBody])
