"""The short form of a methodology: a version with fewer questions, for a first estimate of the index."""

from __future__ import annotations

from functools import cache

from actitud_api.engine.methodology.loader import list_versions, load_methodology


@cache
def find_short_form(version: str) -> str | None:
    """Return the newest active version that estimates the index of `version`; None if there is none."""
    margins = {short: load_methodology(short).document.margin for short in list_versions("active")}
    found = [short for short, margin in margins.items() if margin and margin.of == version]
    return found[-1] if found else None
