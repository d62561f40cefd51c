"""Which methodologies there are."""

from __future__ import annotations

from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology


def list_methodologies(*, after: str | None) -> list[Methodology]:
    """The registered versions, oldest first, from the one that follows `after`."""
    known = list_versions()
    start = 0 if after is None or after not in known else known.index(after) + 1
    return [load_methodology(version) for version in known[start:]]


def get_methodology(version: str) -> Methodology:
    """A version; raises `UnknownMethodology`."""
    return load_methodology(version)
