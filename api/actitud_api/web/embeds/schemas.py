"""The parameters of embed routes, and their responses in JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.resources.scores.schemas import MAX_ORGANISATIONS, RankingQuery, SheetPath

EmbedLanguage = Annotated[
    str,
    Meta(description="Language of the texts; without it, or if there is no such one, Spanish.", examples=["en"]),
]
EmbedTheme = Annotated[
    str,
    Meta(
        description="Colours: `dark`, those that the reader prefers (`auto`), or `light` for any other value.",
        examples=["dark"],
    ),
]
_Pixels = Annotated[
    str, Meta(description="Greatest size in pixels, of 1 to 5 digits; anything else is no limit.", examples=["480"])
]


class BadgePath(SheetPath, frozen=True):
    """The path parameters of a badge."""

    format: Annotated[
        Literal["svg", "json"], Meta(description="`svg` for the image, `json` for the data for shields.io.")
    ]


class EmbedQuery(Struct, frozen=True, kw_only=True):
    """The query parameters of an embedded score; without `lang` the texts are Spanish."""

    lang: EmbedLanguage | None = None


class ThemedQuery(EmbedQuery, frozen=True, kw_only=True):
    """The query parameters of an embedded score whose colours can be chosen; without `theme` they are light."""

    theme: EmbedTheme | None = None


class OembedQuery(Struct, frozen=True, kw_only=True):
    """The query parameters of oEmbed. The URL to embed sets the language.

    `maxwidth` and `maxheight` are in pixels, None for no limit.
    """

    url: Annotated[
        str,
        Meta(
            description="URL of the page of a score in the portal, or of one of its embeds.",
            extra_json_schema={"format": "uri"},
        ),
    ]
    maxwidth: _Pixels | None = None
    maxheight: _Pixels | None = None


class BadgesQuery(RankingQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of an image with several badges: the filters and sort orders of the ranking.

    The inherited `cursor` and `total`, which select pages, have no effect on an image.
    """

    limit: Annotated[int, Meta(ge=1, le=MAX_ORGANISATIONS, description="Highest number of badges.")] = 50


class DescribedBadgesQuery(BadgesQuery, frozen=True, kw_only=True):
    """The query parameters of an image with several badges, and the parameter for its language.

    The texts are Spanish without `lang`, or if the language is unknown.
    """

    lang: EmbedLanguage | None = None


class ShieldsBadge(Struct, frozen=True, kw_only=True, rename="camel"):
    """A badge as data from which shields.io draws an image; `isError` is true if there is no score."""

    schema_version: Literal[1] = 1
    label: str
    message: str
    color: str
    cache_seconds: int | UnsetType = UNSET
    is_error: bool | UnsetType = UNSET


class MissingScore(Struct, frozen=True, kw_only=True):
    """The reason why there is no published score."""

    language: str
    text: str
