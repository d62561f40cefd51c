"""oEmbed 1.0: finds the organisation in a requested URL, and builds the oEmbed response.

The requested URL is only compared with the service's own URLs; nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import msgspec
from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.i18n import FALLBACK, PAGE_LANGUAGES, Language
from actitud_api.platform.http.pages import load_templates
from actitud_api.platform.http.validation import has_control
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.embeds.pictures import measure_card
from actitud_api.web.embeds.texts import EmbedTexts

FORMATS: Final = ("json", "xml")
PROVIDER: Final = "Actitud"
CACHE_AGE: Final = 3600
"""Seconds for which the requesting site may cache an oEmbed response."""

WIDTH: Final = 600
HEIGHT: Final = 800
"""Height of the frame in pixels if the requesting site sets no maximum; `WIDTH` is its width.

It is enough for a column of `NARROW` pixels, such as that of a telephone with margins, with DejaVu fonts in Chromium.
The frame also posts its actual height to the page that embeds it.
"""
NARROW: Final = 280
_NARROW_HEIGHT: Final = 1040
"""Height of the frame in a narrower column."""

_PORTS: Final = {"http": 80, "https": 443}
_templates = load_templates("actitud_api.web.embeds")


class EmbedTarget(NamedTuple):
    """The edition, organisation and language that the URL of a score names; the edition may be `latest`."""

    edition: str
    organisation: str
    language: Language


class RichResponse(Struct, frozen=True, kw_only=True):
    """An oEmbed response of type `rich`, with all three thumbnail members or none of them."""

    version: Literal["1.0"] = "1.0"
    type: Literal["rich"] = "rich"
    title: str
    provider_name: str
    provider_url: str
    cache_age: int
    thumbnail_url: str | UnsetType = UNSET
    thumbnail_width: int | UnsetType = UNSET
    thumbnail_height: int | UnsetType = UNSET
    html: str
    width: int
    height: int


def parse_target(url: str, bases: Collection[str]) -> EmbedTarget | None:
    """Find the edition, organisation and language in the URL of a page or form of a score.

    Return None for any other URL. `bases` contains the schemes and authorities under which the service can be reached.
    The language is Spanish for a URL without `lang`.
    """
    try:
        parts = urlsplit(url)
        ours = {_parse_origin(urlsplit(base)) for base in bases}
        if parts.username is not None or parts.password is not None or _parse_origin(parts) not in ours:
            return None
        requested = dict(parse_qsl(parts.query, errors="strict")).get("lang")
        steps = [unquote(step, errors="strict") for step in parts.path.split("/")]
    except ValueError:  # a port that is no number, or escapes that are not UTF-8
        return None
    if any(map(has_control, steps)):
        return None
    language: Language = next((known for known in PAGE_LANGUAGES if known == requested), FALLBACK)
    match steps:
        case ["", "portal" | "embed", edition, organisation] | ["", "embed", edition, organisation, _]:
            return EmbedTarget(edition, organisation, language)
        case ["", "badge", edition, name] if name.endswith((".svg", ".json")):
            return EmbedTarget(edition, name.rpartition(".")[0], language)
    return None


def build_rich_response(
    embed: EmbedTexts, addresses: Addresses, max_width: int | None, max_height: int | None
) -> RichResponse:
    """Build the oEmbed response for a score.

    `max_width` and `max_height` are the limits of the requesting site in pixels, None for no limit.
    """
    width = WIDTH if max_width is None else min(WIDTH, max_width)
    needed = _NARROW_HEIGHT if width < NARROW else HEIGHT
    height = needed if max_height is None else min(needed, max_height)
    wide, high = measure_card(embed)
    scale = min(1, (max_width or wide) / wide, (max_height or high) / high)
    return RichResponse(
        title=embed.title,
        provider_name=PROVIDER,
        provider_url=f"{addresses.base}/",
        cache_age=CACHE_AGE,
        thumbnail_url=addresses.card,
        thumbnail_width=max(1, int(wide * scale)),
        thumbnail_height=max(1, int(high * scale)),
        html=_templates.get_template("oembed.html").render(
            texts=embed, addresses=addresses, width=width, height=height
        ),
        width=width,
        height=height,
    )


def encode_xml(response: RichResponse) -> bytes:
    """Encode an oEmbed response as XML, with one element per member."""
    root = ElementTree.Element("oembed")
    for name, value in msgspec.to_builtins(response).items():
        ElementTree.SubElement(root, name).text = str(value)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _parse_origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of a split URL; host and port are None if the URL has none.

    A URL without port gets the default port of `http` or `https`.

    Raises:
        ValueError: The port is invalid.
    """
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)
