"""Requests and responses about methodology versions."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import Methodology, Status
from actitud_api.engine.methodology.model import MethodologyTexts, Standing
from actitud_api.platform.http.paging import Page

DOCUMENT_SCHEMA: Final = "/v1/methodology.schema.json"
"""Path of the JSON Schema of methodology documents."""

DocumentJson = Annotated[
    Raw,
    Meta(
        description=f"The document of the version, whose formulas are recursive. Its JSON Schema is apart, at "
        f"`{DOCUMENT_SCHEMA}`.",
        extra_json_schema={"type": "object", "additionalProperties": True},
    ),
]
Version = Annotated[str, Meta(description="The version of a methodology, such as 2027.1.", max_length=40)]


class MethodologySummary(Struct, frozen=True, kw_only=True):
    """A methodology version in a list.

    `digest` is the SHA-256 of its document without texts. Points are rounded to `decimals`. `languages` are the
    languages of its texts. `standing` is `provisional` if the version only estimates the index of another version and
    has no ranking.
    """

    version: str
    status: Status
    standing: Standing
    digest: str
    decimals: int
    languages: tuple[Language, ...]
    title: str


class MethodologyPage(Page[MethodologySummary], frozen=True):
    """A page of methodology versions."""


class MethodologyDetail(Struct, frozen=True, kw_only=True):
    """A complete methodology version: its document, and its texts in the language of the response.

    `digest` is the SHA-256 of the document without texts; `text_digests` has the digest of the texts of each language.
    """

    version: str
    status: Status
    digest: str
    text_digests: dict[Language, str]
    document: DocumentJson
    texts: MethodologyTexts


class MethodologyPath(Struct, frozen=True):
    """The path parameters of a methodology version."""

    version: Version


def build_summary(methodology: Methodology, language: Language) -> MethodologySummary:
    """Build the list entry of a methodology version, with its title in `language`."""
    return MethodologySummary(
        version=methodology.version,
        status=methodology.status,
        standing=methodology.document.standing,
        digest=methodology.digest,
        decimals=methodology.document.decimals,
        languages=tuple(methodology.texts),
        title=methodology.texts[language].title,
    )


def build_detail(methodology: Methodology, language: Language) -> MethodologyDetail:
    """Build the response about a methodology version, with its texts in `language`."""
    return MethodologyDetail(
        version=methodology.version,
        status=methodology.status,
        digest=methodology.digest,
        text_digests=methodology.text_digests,
        # As it is written: what is served has the digest, whatever the document leaves to its defaults.
        document=methodology.written,
        texts=methodology.texts[language],
    )
