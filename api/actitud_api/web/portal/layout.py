"""What every page of the portal has around it: the navigation, the way to it, the foot; and the page of what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from urllib.parse import quote, urlencode

from litestar import Response
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts, nearest
from actitud_api.engine.methodology import loader
from actitud_api.platform.http.pages import page, templates
from actitud_api.platform.http.scope import ApiRequest, language_of, query_pairs
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import LATEST
from actitud_api.web.embeds.lettering import clean_text

SITE: Final = "Actitud"
"""The name of the site."""

PortalSection = Literal["edition", "territories", "dimensions", "compare", "methodology", "questionnaire", "embed"]
"""A part of the portal, as the navigation has it."""

_SECTION_TITLES: Final[Mapping[PortalSection, Texts]] = {
    "edition": Texts("Edición", "Edition"),
    "territories": Texts("Territorios", "Territories"),
    "dimensions": Texts("Dimensiones", "Dimensions"),
    "compare": Texts("Comparar", "Compare"),
    "methodology": Texts("Metodología", "Methodology"),
    "questionnaire": Texts("Cuestionario", "Questionnaire"),
    "embed": Texts("Insertar", "Embed"),
}
_HOME: Final = Texts("Inicio", "Home")
_EDITIONS_MAX: Final = 50
"""Published editions that a page names."""

_templates: Final = templates("actitud_api.web.portal")
_templates.filters["plain"] = clean_text


class Crumb(Struct, frozen=True):
    """A page on the way to another; `href` is None of the page itself."""

    title: str
    href: str | None = None


class Links:
    """The addresses of pages of the portal, in the language that whoever reads has chosen.

    `to("2026", "territories")` is `/portal/2026/territories`; parameters that are None are left out.
    """

    def __init__(self, chosen: Language | None) -> None:
        """`chosen`: None where the browser says the language."""
        self._chosen = chosen

    def __call__(self, *segments: str, **query: str | int | None) -> str:
        """The address of a page by the segments of its path, in words as they are, and its parameters."""
        return self.add_query(self.build_path(*segments), [pair for pair in query.items() if pair[1] is not None])

    @staticmethod
    def build_path(*segments: str) -> str:
        """The same without parameters, for forms."""
        return "/".join(("/portal", *(quote(segment, safe=":") for segment in segments)))

    def add_query(self, path: str, pairs: Sequence[tuple[str, str | int | None]]) -> str:
        """The same of a path and parameters in their order, some of which may come twice."""
        asked = [(name, value) for name, value in pairs if name != "lang"]
        if self._chosen is not None:
            asked.append(("lang", self._chosen))
        return f"{path}?{urlencode(asked)}" if asked else path


def build_links(request: ApiRequest) -> Links:
    """The addresses for whoever asks: a language that is asked for by its name stays so on the next page."""
    try:
        named = "lang" in dict(query_pairs(request.scope))
    except ValueError:
        named = False
    return Links(language_of(request.scope, "es") if named else None)


def read_parameters(request: ApiRequest) -> list[tuple[str, str]]:
    """What a page is asked for, in its order; nothing where that cannot be read."""
    try:
        return query_pairs(request.scope)
    except ValueError:
        return []


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
) -> Response[bytes]:
    """A page of the portal, made of a template that extends `portal.html`.

    `section`: where it stands in the navigation. `edition`: the one that it is about, which the navigation stays in;
    None leads to the latest. `trail`: the way to it, after the first page. `frames`: it frames other pages of ours.
    The template also has `to` (`Links`), `t`, `language`, `chosen` (the language that was asked for by its name, for
    hidden fields of forms) and the filter `plain`, for names of organisations.
    """
    to = build_links(request)
    place = LATEST if edition is None else edition.id
    version = loader.load_newest().version if edition is None else edition.methodology
    language = language_of(request.scope, "es")
    leads: Mapping[PortalSection, str] = {
        "edition": to(place),
        "territories": to(place, "territories"),
        "dimensions": to(place, "dimensions"),
        "compare": to(place, "compare"),
        "methodology": to("methodologies", version),
        "questionnaire": to("questionnaires", version),
        "embed": to("embed", edition=place),
    }
    around: Mapping[str, object] = {
        "to": to,
        "chosen": dict(read_parameters(request)).get("lang") and language,
        "site": SITE,
        "contact": request.app.state["contact"],
        "navigation": [
            (text.into(language), leads[known], known == section) for known, text in _SECTION_TITLES.items()
        ],
        "trail": [Crumb(_HOME.into(language), to()), *trail] if trail else (),
        "edition": edition,
        "edition_title": "" if edition is None else select_edition_title(edition, language),
    }
    whole = title if title == SITE else f"{title} · {SITE}"
    return page(
        request,
        _templates,
        template,
        whole,
        {**around, **values},
        status=status,
        headers=headers,
        forms=True,
        frames=frames,
    )


def select_edition_title(edition: editions.EditionRecord, language: Language) -> str:
    """The name of an edition, in that language where it has one."""
    return nearest(edition.titles, language)


def list_published_editions(database: Database) -> list[editions.CountedEdition]:
    """The published editions, the newest first."""
    found = editions.list_page(database, after=None, offset=0, limit=_EDITIONS_MAX)
    return [counted for counted in found if counted.record.state == "published"]


def render_missing_page(
    request: ApiRequest,
    database: Database,
    reason: Texts,
    *,
    edition: editions.EditionRecord | None = None,
    instead: Sequence[Crumb] = (),
) -> Response[bytes]:
    """The page (404) of what is not there, with what is: the published editions, and where to search in one.

    `instead`: pages that may be what was meant.
    """
    language = language_of(request.scope, "es")
    values = {
        "reason": reason.into(language),
        "published": list_published_editions(database),
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
    )
