"""Use cases of methodologies: list and read the registered versions."""

from __future__ import annotations

from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology


def list_methodologies(*, after: str | None) -> list[Methodology]:
    """Return the registered versions, oldest first, starting after `after`."""
    known = list_versions()
    start = 0 if after is None or after not in known else known.index(after) + 1
    return [load_methodology(version) for version in known[start:]]


def get_methodology(version: str) -> Methodology:
    """Return a version; raise `UnknownMethodology`."""
    return load_methodology(version)
