"""The frame of every portal page (navigation, breadcrumbs, footer), and the 404 page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from urllib.parse import quote, urlencode

from litestar import Response
from msgspec import Struct

from actitud_api.engine.i18n import LANGUAGES, Language, Texts, find_text_language, nearest, nearest_language
from actitud_api.engine.methodology import loader
from actitud_api.platform.http.pages import TranslatedPart, load_templates, render_page
from actitud_api.platform.http.scope import (
    ApiRequest,
    choose_language,
    choose_page_language,
    mark_incomplete,
    read_parameters,
)
from actitud_api.platform.http.system import Readiness
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import LATEST
from actitud_api.web.charts.drawing import prepare_templates
from actitud_api.web.embeds import texts as embed_texts
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.feeds.addresses import FeedScope, list_feed_links
from actitud_api.web.portal.sharing import Sharing, build_head
from actitud_api.web.portal.short_form import find_short_form

SITE: Final = "Actitud"
"""The name of the site in page titles."""

PortalSection = Literal["edition", "territories", "dimensions", "compare", "methodology", "questionnaire", "embed"]
"""A section of the portal, which is an entry of its navigation."""

_SECTION_TITLES: Final[Mapping[PortalSection, Texts]] = {
    "edition": Texts("Clasificación", "Ranking"),
    "territories": Texts("Territorios", "Territories"),
    "dimensions": Texts("Dimensiones", "Dimensions"),
    "compare": Texts("Comparar", "Compare"),
    "methodology": Texts("Metodología", "Methodology"),
    "questionnaire": Texts("Cuestionario", "Questionnaire"),
    "embed": Texts("En su web", "On your website"),
}
_HOME: Final = Texts("Inicio", "Home")
_PREPARING: Final = Texts("Se está preparando", "It is being prepared")
_PREPARING_SECONDS: Final = "30"
"""Seconds after which whoever finds the service in preparation may ask again."""
EDITIONS_MAX: Final = 50
"""Number of newest editions that are read to list the published or the open ones among them."""

_templates: Final = prepare_templates(load_templates("actitud_api.web.portal", "actitud_api.web.charts"))
_templates.filters["plain"] = clean_text


class Crumb(Struct, frozen=True):
    """An entry of the breadcrumbs of a page; `href` is its URL, None for the page itself.

    `language` is the language of the title, None if it is the language of the page.
    """

    title: str
    href: str | None = None
    language: Language | None = None


class Links:
    """Builder of URLs of portal pages, which adds the language that the reader chose to each URL.

    With `to = Links(None)`, `to("2026", "territories")` is `/portal/2026/territories`.
    """

    def __init__(self, chosen: Language | None) -> None:
        """Set the language that the URLs name.

        `chosen` is None if the reader chose no language: the URLs then name none, and `Accept-Language` decides.
        """
        self._chosen = chosen

    def __call__(self, *segments: str, **query: str | int | None) -> str:
        """Return the URL of a page from the segments of its path and its query parameters.

        `segments` are unquoted. A query parameter that is None is left out.
        """
        return self.add_query(self.build_path(*segments), [pair for pair in query.items() if pair[1] is not None])

    @staticmethod
    def build_path(*segments: str) -> str:
        """Return the URL path of a page without query, for example as the target of a form; `segments` are unquoted."""
        return "/".join(("/portal", *(quote(segment, safe=":") for segment in segments)))

    def add_query(self, path: str, pairs: Sequence[tuple[str, str | int | None]]) -> str:
        """Add the query parameters `pairs`, in the given order, and then the chosen language to a path.

        A parameter name may occur several times.
        """
        parameters = [(name, value) for name, value in pairs if name != "lang"]
        if self._chosen is not None:
            parameters.append(("lang", self._chosen))
        return f"{path}?{urlencode(parameters)}" if parameters else path


def build_links(request: ApiRequest) -> Links:
    """Build the URL builder for the links in the page that answers a request.

    If the request has the parameter `lang`, the URLs repeat it.
    """
    named = "lang" in dict(read_parameters(request))
    return Links(choose_page_language(request.scope, "es") if named else None)


def choose_segment(request: ApiRequest, edition: editions.EditionRecord) -> str:
    """Return the name of an edition in the links from a page to itself and to other lists: its id, or `latest`.

    If the address of the request contains `latest`, the links contain it too, so that a shared address always shows the
    newest edition. Links to the page of an organisation contain the id, because that page describes one edition.
    """
    return LATEST if request.scope["path_params"].get("edition") == LATEST else edition.id


def read_file_language(request: ApiRequest) -> Language:
    """Return the language of a file for other sites: that of the parameter `lang`, or Spanish without it."""
    named = dict(read_parameters(request)).get("lang")
    return next((known for known in LANGUAGES if known == named), "es")


def render_portal_page(
    request: ApiRequest,
    template: str,
    title: str,
    values: Mapping[str, object],
    *,
    section: PortalSection | None = None,
    edition: editions.EditionRecord | None = None,
    trail: Sequence[Crumb] = (),
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    frames: bool = False,
    feed: FeedScope | None = None,
    sharing: Sharing | None = None,
    translated: TranslatedPart = "frame",
) -> Response[bytes]:
    """Render a page of the portal from a template that extends `portal.html`.

    The template receives `values`, and in addition `to` (the `Links` of the request), `chosen` (the language in the
    query, for hidden form fields), `segment` (the name of the edition in links to its lists), the filter `plain` for
    names of organisations, and the values of `render_page`.

    Args:
        request: Request that the page answers.
        template: Name of the template.
        title: Title of the page.
        values: Values for the template.
        section: Navigation entry to mark, None to mark none.
        edition: Edition to which the navigation links; None for the latest.
        trail: Breadcrumbs after the home page; empty for a page without breadcrumbs.
        status: HTTP status.
        headers: Further HTTP headers, None for none.
        frames: True if the page contains frames of this service.
        feed: Feed about the subject of the page, announced in addition to the feeds of the edition and of the site;
            None if there is none.
        sharing: Preview of the page on sites where its link is shared; None for the preview of the site.
        translated: Part of the page that is translated into languages with a partial catalogue: only the `frame`, the
            `lead` too (the first part of the content), or the whole `page`. The rest is Spanish. Unless it is `frame`,
            pass `title` and `trail` in the language of `choose_page_language`.
    """
    to = build_links(request)
    segment = LATEST if edition is None else choose_segment(request, edition)
    version = loader.load_newest().version if edition is None else edition.methodology
    frame_language = choose_page_language(request.scope, "es")
    language = choose_language(request.scope, "es") if translated == "frame" else frame_language
    addresses: Mapping[PortalSection, str] = {
        "edition": to(segment),
        "territories": to(segment, "territories"),
        "dimensions": to(segment, "dimensions"),
        "compare": to(segment, "compare"),
        "methodology": to("methodologies", version),
        "questionnaire": to("questionnaires", find_short_form(version) or version),
        "embed": to("embed", edition=segment),
    }
    frame: Mapping[str, object] = {
        "to": to,
        "chosen": dict(read_parameters(request)).get("lang") and frame_language,
        "site": SITE,
        "contact": request.app.state["contact"],
        "navigation": [
            (text.into(frame_language), addresses[entry], entry == section) for entry, text in _SECTION_TITLES.items()
        ],
        "trail": [Crumb(_HOME.into(language), to()), *trail] if trail else (),
        "feeds": list_feed_links(
            [
                *([] if feed is None else [feed]),
                *([] if edition is None else [FeedScope("edition", edition.id)]),
                FeedScope("all"),
            ],
            choose_language(request.scope, "es"),
        ),
        "edition": edition,
        "segment": segment,
        # There is nothing to find or to share where there is no page.
        "page_head": build_head(request, sharing, edition, is_translated=translated != "frame")
        if status == 200
        else None,
        "edition_title": "" if edition is None else select_edition_title(edition, language),
        "edition_title_language": language if edition is None else nearest_language(edition.titles, language),
    }
    full_title = title if title == SITE else f"{title} · {SITE}"
    return render_page(
        request,
        _templates,
        template,
        full_title,
        {**frame, **values},
        status=status,
        headers=headers,
        forms=True,
        frames=frames,
        translated=translated,
    )


def select_edition_title(edition: editions.EditionRecord, language: Language) -> str:
    """Return the title of an edition in a language, else the Spanish title, else the title in any language."""
    return nearest(edition.titles, language)


def build_edition_crumb(edition: editions.EditionRecord, language: Language, href: str | None = None) -> Crumb:
    """Build the breadcrumb of an edition, whose title may be in another language than the page.

    `href` is the URL of the edition, None if the page itself is about the edition.
    """
    return Crumb(select_edition_title(edition, language), href, nearest_language(edition.titles, language))


def list_published_editions(database: Database) -> list[editions.CountedEdition]:
    """List the published editions, newest first, each with its number of organisations.

    Only the newest `EDITIONS_MAX` editions, whether published or not, are read, so older editions are not listed.
    """
    listed = editions.list_page(database, PageRange(limit=EDITIONS_MAX))
    return [counted for counted in listed if counted.record.state == "published"]


def is_preparing(request: ApiRequest) -> bool:
    """Return True if the service is not ready yet, for example while a demonstration is being published.

    If it is not ready, the response is marked as incomplete, so that it is not cached.
    """
    readiness: Readiness = request.app.state["readiness"]
    failing = bool(readiness.find_failing())
    if failing:
        mark_incomplete(request.scope)
    return failing


def render_preparing_page(request: ApiRequest) -> Response[bytes]:
    """Render the page that says that results cannot be read yet, because the service is not ready: status 503."""
    title = _PREPARING.into(choose_page_language(request.scope, "es"))
    return render_portal_page(
        request,
        "preparing.html",
        title,
        {},
        trail=(Crumb(title),),
        status=503,
        headers={"Retry-After": _PREPARING_SECONDS},
        translated="page",
    )


def render_missing_page(
    request: ApiRequest,
    database: Database,
    reason: Texts,
    *,
    edition: editions.EditionRecord | None = None,
    instead: Sequence[Crumb] = (),
) -> Response[bytes]:
    """Render the 404 page, with the published editions and a search field.

    If no edition is published yet because the service is not ready, the page says so, with the status 503.

    `reason` is the sentence about the thing that does not exist. `edition` is the edition to which the navigation
    links; None for the latest. `instead` contains links to pages that the reader may have meant.
    """
    language = choose_page_language(request.scope, "es")
    published = list_published_editions(database)
    if reason is embed_texts.UNKNOWN_EDITION and not published and is_preparing(request):
        return render_preparing_page(request)
    values = {
        "reason": reason.into(language),
        "reason_language": find_text_language(reason, language),
        "title_language": lambda edition: nearest_language(edition.titles, language),
        "published": published,
        "title_of": select_edition_title,
        "instead": instead,
    }
    return render_portal_page(
        request,
        "missing.html",
        Texts("No existe", "Not found").into(language),
        values,
        edition=edition,
        trail=(Crumb(Texts("No existe", "Not found").into(language)),),
        status=404,
        translated="page",
    )
