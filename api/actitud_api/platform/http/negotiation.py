"""What the client can read: media types and languages (RFC 9110, section 12)."""

from __future__ import annotations

import re

from actitud_api.engine.i18n import LANGUAGES, Language

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
"""A JSON document that says what to change of another (RFC 7396)."""

_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def weighted(header: str) -> list[tuple[str, float]]:
    """Parse an `Accept` or `Accept-Language` header into lower-case elements, each with its weight from 0 to 1.

    The order is kept. A weight that is not one counts as 1, and other parameters are left out.
    """
    elements: list[tuple[str, float]] = []
    for element in header.split(","):
        value, *parameters = (part.strip() for part in element.split(";"))
        if value:
            weights = [float(found[1]) for part in parameters if (found := _QUALITY.fullmatch(part))]
            elements.append((value.lower(), weights[0] if weights else 1.0))
    return elements


def accepts(header: str | None, media_type: str) -> bool:
    """Whether an `Accept` header admits a media type."""
    return quality(header, media_type) > 0


def quality(header: str | None, media_type: str) -> float:
    """How well an `Accept` header likes a media type, 0 to 1; the most specific range decides, and no header is 1."""
    if header is None or not header.strip():
        return 1.0
    ranges = dict(reversed(weighted(header)))
    main = media_type.partition("/")[0]
    return next((ranges[one] for one in (media_type, f"{main}/*", "*/*") if one in ranges), 0.0)


def language(header: str | None, default: Language) -> Language:
    """Return our language that an `Accept-Language` header prefers: the first of equals, else the default."""
    best, best_weight = default, 0.0
    for value, weight in weighted(header or ""):
        offered = default if value == "*" else _offered(value)
        if offered is not None and weight > best_weight:
            best, best_weight = offered, weight
    return best


def _offered(tag: str) -> Language | None:
    primary = tag.partition("-")[0]
    return next((known for known in LANGUAGES if known == primary), None)
