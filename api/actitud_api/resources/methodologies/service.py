"""Use cases of methodologies: list and read the registered versions."""

from __future__ import annotations

from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology


def list_methodologies(*, after: str | None) -> list[Methodology]:
    """List the registered versions, oldest first, beginning after the version `after`.

    If `after` is None or not registered, all versions are listed.
    """
    versions = list_versions()
    start = 0 if after is None or after not in versions else versions.index(after) + 1
    return [load_methodology(version) for version in versions[start:]]


def get_methodology(version: str) -> Methodology:
    """Return the methodology of a version. Raises `UnknownMethodology` if the version is not registered."""
    return load_methodology(version)
