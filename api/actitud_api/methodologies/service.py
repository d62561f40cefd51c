"""Which methodologies there are, and one of them."""

from __future__ import annotations

from actitud_api.methodologies.wire import MethodologyDetail, MethodologySummary
from actitud_api.methodology.loader import Methodology, load, versions
from actitud_api.methodology.model import Language


def listed(language: Language, *, after: str | None) -> list[MethodologySummary]:
    """The registered versions, oldest first, with their titles in a language, from the one that follows `after`."""
    known = versions()
    start = 0 if after is None or after not in known else known.index(after) + 1
    return [_summary(load(version), language) for version in known[start:]]


def _summary(methodology: Methodology, language: Language) -> MethodologySummary:
    return MethodologySummary(
        version=methodology.version,
        status=methodology.status,
        digest=methodology.digest,
        decimals=methodology.document.decimals,
        languages=tuple(methodology.texts),
        title=methodology.texts[language].title,
    )


def one(version: str, language: Language) -> MethodologyDetail:
    """A version with its texts in a language; raises `UnknownMethodology`."""
    methodology = load(version)
    return MethodologyDetail(
        version=methodology.version,
        status=methodology.status,
        digest=methodology.digest,
        text_digests=methodology.text_digests,
        document=methodology.document,
        texts=methodology.texts[language],
    )
