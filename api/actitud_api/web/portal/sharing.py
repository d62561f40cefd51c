"""The head of a page: facts for search engines, and for sites that show a preview of a shared link."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from babel.core import get_global
from msgspec import Struct, structs

from actitud_api.engine.i18n import LANGUAGES, LOCALES, PAGE_LANGUAGES, Language, Texts
from actitud_api.platform.http.scope import (
    ApiRequest,
    choose_language,
    choose_page_language,
    find_asked_language,
    find_base_url,
    find_served_path,
)
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import LATEST
from actitud_api.web.charts.share_pictures import HEIGHT, WIDTH
from actitud_api.web.embeds.text_metrics import ELLIPSIS, clean_text
from actitud_api.web.embeds.texts import capitalise

SITE_DESCRIPTION: Final = Texts(
    "De 0 a 100, lo lejos que está cada administración de los diez errores clásicos en las redes sociales, con cada "
    "punto explicado.",
    "From 0 to 100, how far each administration is from the ten classic errors on social networks, with every point "
    "explained.",
)
_SIMULATED: Final = Texts("datos inventados para la demostración", "data invented for the demonstration")
DESCRIPTION_MAX: Final = 300
"""Characters of a description; search engines show about 160, messengers more."""


class Sharing(Struct, frozen=True, kw_only=True):
    """The preview of a page on other sites: a description in a sentence or two, and a picture.

    `image` is the URL path of the picture without query, `alt` the text that replaces the picture.
    """

    description: str
    image: str
    alt: str


class LanguageAddress(Struct, frozen=True):
    """The URL of a page in a language; `language` is a code, or `x-default` for readers of all other languages."""

    language: str
    url: str


class PageHead(Struct, frozen=True, kw_only=True):
    """The facts in the head of a page, with absolute URLs.

    Attributes:
        canonical: URL of the page in its language.
        alternates: URLs of the page in all languages.
        description: Description of the page for previews.
        image: URL of the preview picture.
        alt: Text that replaces the picture.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        locales: Languages in the form of Open Graph, such as `es_ES`, the language of the page first.
    """

    canonical: str
    alternates: tuple[LanguageAddress, ...]
    description: str
    image: str
    alt: str
    width: int
    height: int
    locales: tuple[str, ...]


def share_edition(edition: editions.EditionRecord, description: str) -> Sharing:
    """Build the preview of a page of an edition on other sites, with the picture of the edition."""
    return Sharing(description=description, image=f"/share/{quote(edition.id)}.png", alt=description)


def build_head(
    request: ApiRequest,
    sharing: Sharing | None,
    edition: editions.EditionRecord | None,
    *,
    is_translated: bool,
) -> PageHead:
    """Build the head of a page.

    Args:
        request: Request that the page answers.
        sharing: Preview of the page on other sites, None for the preview of the site.
        edition: Edition of the page, whose id replaces `latest` in its URL; None if the page belongs to no edition.
        is_translated: True if the page exists in partially translated languages too, and so has a URL in each. Any
            other page has, in such a language, the URL of the Spanish page, because only the frame differs.
    """
    base, picture_language = find_base_url(request), choose_language(request.scope, "es")
    language, languages = picture_language, LANGUAGES
    if is_translated:
        language, languages = choose_page_language(request.scope, "es"), PAGE_LANGUAGES
    if sharing is None:
        text = SITE_DESCRIPTION.into(language)
        sharing = Sharing(description=text, image="/share.png", alt=text)
    elif edition is not None and edition.simulated:
        remark = capitalise(_SIMULATED.into(language))
        sharing = structs.replace(sharing, description=f"{remark}. {sharing.description}")
    page = base + _find_path(request, edition)

    def address(url: str, chosen: Language) -> str:
        # A reader whose language is not known gets Spanish.
        return url if chosen == "es" else f"{url}?{urlencode({'lang': chosen})}"

    # Without `lang` the address is that of Spanish, whatever the language that this reader prefers.
    own = language if find_asked_language(request.scope) else "es"
    return PageHead(
        canonical=address(page, own),
        alternates=(
            *(LanguageAddress(known, address(page, known)) for known in languages),
            LanguageAddress("x-default", page),
        ),
        description=_cut(clean_text(sharing.description)),
        image=address(base + sharing.image, picture_language),
        alt=_cut(clean_text(sharing.alt)),
        width=WIDTH,
        height=HEIGHT,
        locales=tuple(_name_locale(known) for known in sorted(languages, key=lambda known: known != language)),
    )


def _name_locale(language: Language) -> str:
    """Return a language as Open Graph names it, with the country where most of its speakers live: `ca_ES`."""
    locale = LOCALES[language]
    likely: str = get_global("likely_subtags").get(str(locale), "")
    return f"{locale.language}_{likely.rpartition('_')[2]}" if locale.territory is None and likely else str(locale)


def _find_path(request: ApiRequest, edition: editions.EditionRecord | None) -> str:
    """Return the path of the page that a request asks for, with the id of its edition in place of `latest`."""
    path = find_served_path(request.scope)
    head, latest = "/portal/", f"/portal/{LATEST}"
    if edition is not None and (path == latest or path.startswith(f"{latest}/")):
        return f"{head}{edition.id}{path.removeprefix(latest)}"
    return path.rstrip("/") or "/"


def _cut(text: str) -> str:
    """Return a text of at most `DESCRIPTION_MAX` characters, cut between words."""
    if len(text) <= DESCRIPTION_MAX:
        return text
    return f"{text[: DESCRIPTION_MAX - 1].rpartition(' ')[0] or text[: DESCRIPTION_MAX - 1]}{ELLIPSIS}"
