"""Negotiation of media types and languages (RFC 9110, section 12)."""

from __future__ import annotations

import re
from typing import Final

from actitud_api.engine.i18n import FALLBACK, LANGUAGES, PAGE_LANGUAGES, Language

JSON = "application/json"
HTML = "text/html"
MERGE_PATCH = "application/merge-patch+json"
"""Media type of a JSON merge patch: a JSON document that describes changes to another (RFC 7396)."""

CO_OFFICIAL: Final = frozenset({"an", "ast", "ca", "eu", "gl", "oc"})
"""Languages of Spain other than Spanish (Aragonese, Asturian, Catalan, Basque, Galician, Occitan).

Their speakers read Spanish, so they get Spanish if the service does not offer their language.
"""

_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def parse_weights(header: str) -> list[tuple[str, float]]:
    """Return the elements of an `Accept` or `Accept-Language` header in lower case, each with its weight from 0 to 1.

    The elements stay in the order of the header. An element without a valid weight has weight 1; other parameters are
    ignored.
    """
    elements: list[tuple[str, float]] = []
    for element in header.split(","):
        value, *parameters = (part.strip() for part in element.split(";"))
        if value:
            weights = [float(match[1]) for part in parameters if (match := _QUALITY.fullmatch(part))]
            elements.append((value.lower(), weights[0] if weights else 1.0))
    return elements


def accepts(header: str | None, media_type: str) -> bool:
    """Return True if an `Accept` header admits a media type; without a header (None), every media type is admitted."""
    return compute_quality(header, media_type) > 0


def compute_quality(header: str | None, media_type: str) -> float:
    """Return the weight of a media type in an `Accept` header, from 0 (refused) to 1.

    If several ranges of the header match, the most specific one decides. Without a header (None), every media type has
    weight 1.
    """
    if header is None or not header.strip():
        return 1.0
    # Reversed, so that the first of duplicated ranges wins.
    ranges = dict(reversed(parse_weights(header)))
    main = media_type.partition("/")[0]
    return next((ranges[candidate] for candidate in (media_type, f"{main}/*", "*/*") if candidate in ranges), 0.0)


def prefers_page(accept: str | None) -> bool:
    """Return True if an `Accept` header prefers a page (HTML) to data (JSON), as browsers do.

    Browsers name HTML in this header; programs accept JSON or anything.
    """
    return accept is not None and compute_quality(accept, HTML) > compute_quality(accept, JSON)


def negotiate_language(header: str | None, default: Language) -> Language:
    """Return the supported language that an `Accept-Language` header prefers, or the default if it names none.

    The default is also returned if the header is None. Of languages with equal weights, the first one in the header is
    chosen. Spanish is returned if the header names a co-official language of Spain and no supported language. A
    language with a partial catalogue is not returned if the header refuses Spanish (`es;q=0`), because pages in such a
    language contain Spanish.
    """
    if not header:
        return default
    weights = parse_weights(header)
    refused = any(weight == 0 and value.partition("-")[0] == FALLBACK for value, weight in weights)
    languages = LANGUAGES if refused else PAGE_LANGUAGES
    best, best_weight, co_official_weight = default, 0.0, 0.0
    is_decided = False
    for value, weight in weights:
        primary = value.partition("-")[0]
        offered = next((known for known in languages if known == primary), None)
        # A header that refuses Spanish (`es;q=0`) is not answered in Spanish.
        is_decided = is_decided or (offered is not None and (weight > 0 or offered == "es"))
        if value == "*":
            offered = default
        elif offered is None and primary in CO_OFFICIAL:
            co_official_weight = max(co_official_weight, weight)
        if offered is not None and weight > best_weight:
            best, best_weight = offered, weight
    return "es" if co_official_weight > 0 and co_official_weight >= best_weight and not is_decided else best
