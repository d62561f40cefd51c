"""Which methodologies there are."""

from __future__ import annotations

from actitud_api.engine.methodology.loader import Methodology, load, versions


def listed(*, after: str | None) -> list[Methodology]:
    """The registered versions, oldest first, from the one that follows `after`."""
    known = versions()
    start = 0 if after is None or after not in known else known.index(after) + 1
    return [load(version) for version in known[start:]]


def one(version: str) -> Methodology:
    """A version; raises `UnknownMethodology`."""
    return load(version)
