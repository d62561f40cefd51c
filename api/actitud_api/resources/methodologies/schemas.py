"""Methodologies on the wire."""

from __future__ import annotations

from typing import Annotated, cast

from msgspec import Meta, Struct

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import Methodology, Status
from actitud_api.engine.methodology.model import Document, MethodologyTexts
from actitud_api.platform.http.paging import Page

Version = Annotated[str, Meta(description="The version of a methodology, such as 2026.1.", max_length=40)]


class MethodologySummary(Struct, frozen=True, kw_only=True):
    """A version in the list: its status, the digest of its document, its decimals and its languages."""

    version: str
    status: Status
    digest: str
    decimals: int
    languages: tuple[Language, ...]
    title: str


class MethodologyPage(Page[MethodologySummary], frozen=True):
    """The registered versions, oldest first."""


class MethodologyDetail(Struct, frozen=True, kw_only=True):
    """A whole version: the document that scores and its texts in one language.

    `digest` covers the document without texts; `text_digests` each language's texts.
    """

    version: str
    status: Status
    digest: str
    text_digests: dict[Language, str]
    document: Document
    texts: MethodologyTexts


class MethodologyPath(Struct, frozen=True):
    """The path of a version."""

    version: Version


def build_summary(methodology: Methodology, language: Language) -> MethodologySummary:
    """Return the list item of a version, with its title in a language."""
    return MethodologySummary(
        version=methodology.version,
        status=methodology.status,
        digest=methodology.digest,
        decimals=methodology.document.decimals,
        languages=tuple(methodology.texts),
        title=methodology.texts[language].title,
    )


def build_detail(methodology: Methodology, language: Language) -> MethodologyDetail:
    """Return the response for a version, with its texts in a language."""
    return MethodologyDetail(
        version=methodology.version,
        status=methodology.status,
        digest=methodology.digest,
        text_digests=methodology.text_digests,
        # As it is written: what is served has the digest, whatever the document leaves to its defaults.
        document=cast("Document", methodology.written),
        texts=methodology.texts[language],
    )
