"""Routes of feeds: publications and corrections of all editions, of one edition, an organisation or a territory.

`lang` or `Accept-Language` sets the language, as on pages; unknown parameters are ignored. A feed has `LENGTH` entries,
and a link to the next page (RFC 5005).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from litestar import Controller, Response
from litestar.params import FromPath

from actitud_api.engine.i18n import Language, Texts, nearest
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import NOT_FOUND, ProblemError
from actitud_api.platform.http.representations import SHARED, conditional
from actitud_api.platform.http.scope import ApiRequest, find_base_url, find_own_url, read_parameters
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations.territories import TERRITORIES
from actitud_api.resources.publications import news
from actitud_api.resources.publications.news import NewsFilters, NewsItem, NewsPosition, UnknownNews
from actitud_api.web.downloads.publisher import Publisher
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.embeds.texts import UNKNOWN_EDITION
from actitud_api.web.feeds.addresses import FILES, MEDIA_TYPES, FeedForm, FeedScope
from actitud_api.web.feeds.entries import build_entry, build_id
from actitud_api.web.feeds.formats import Feed, encode_feed

LENGTH: Final = 50
"""Number of entries of a page of a feed."""

NOTHING_YET: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The time of a feed without entries, which needs one: before anything was published."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final[Cursor[tuple[int, str, int]]] = Cursor("feeds", tuple[int, str, int])
"""The time in microseconds, the edition and the revision of a publication."""

_ALL: Final = Texts("Actitud: lo que se publica y se corrige", "Actitud: what is published and corrected")
_OF: Final = Texts("Actitud: {subject}", "Actitud: {subject}")
_SUBTITLE: Final = Texts(
    "Índice de Madurez 2.0 de las administraciones en redes sociales: ediciones que se publican y puntuaciones que se "
    "corrigen, con su motivo.",
    "2.0-maturity index of administrations on social networks: editions that are published and scores that are "
    "corrected, with the reason.",
)
_UNKNOWN_ORGANISATION: Final = Texts(
    "No hay nada publicado de esa organización.", "Nothing is published of that organisation."
)
_UNKNOWN_TERRITORY: Final = Texts(
    "No hay ninguna comunidad ni provincia con ese identificador.", "There is no region or province of that id."
)


def _list_paths(folder: str) -> list[str]:
    return [f"{folder}/{file}" for file in FILES.values()]


class FeedsController(Controller):
    """Routes of the feeds of all editions, of one edition, of an organisation and of a territory."""

    path = "/feeds"
    include_in_schema = False

    @get_page(_list_paths(""), operation_id="feeds.all", access=ANYBODY, cors=True, parameters=("cursor",))
    def get_all(
        self, request: ApiRequest, database: Database, publisher: Publisher, language: Language
    ) -> Response[bytes]:
        """Return the feed of all editions."""
        maker = _FeedMaker(request, database, publisher, language)
        return maker.respond(FeedScope("all"), NewsFilters(), _ALL.into(language), "/portal", "/portal")

    @get_page(
        _list_paths("/editions/{edition:str}"),
        operation_id="feeds.edition",
        access=ANYBODY,
        cors=True,
        parameters=("cursor",),
    )
    def get_edition(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        database: Database,
        publisher: Publisher,
        language: Language,
    ) -> Response[bytes]:
        """Return the feed of an edition; respond with 404 if the edition does not exist or is not published."""
        try:
            record = editions.get_published(database, edition).record
        except editions.UnknownEdition:
            raise ProblemError(NOT_FOUND, UNKNOWN_EDITION) from None
        title = clean_text(nearest(record.titles, language))
        scope = FeedScope("edition", record.id)
        maker = _FeedMaker(request, database, publisher, language)
        home = f"/portal/{record.id}"
        return maker.respond(scope, NewsFilters(edition=record.id), _name(title, language), home, home)

    @get_page(
        _list_paths("/organisations/{organisation:str}"),
        operation_id="feeds.organisation",
        access=ANYBODY,
        cors=True,
        parameters=("cursor",),
    )
    def get_organisation(
        self,
        request: ApiRequest,
        organisation: FromPath[str],
        database: Database,
        publisher: Publisher,
        language: Language,
    ) -> Response[bytes]:
        """Return the feed of an organisation; respond with 404 if no score of the organisation is published."""
        try:
            name = clean_text(news.find_name(database, organisation)) or organisation
        except UnknownNews:
            raise ProblemError(NOT_FOUND, _UNKNOWN_ORGANISATION) from None
        scope = FeedScope("organisation", organisation)
        maker = _FeedMaker(request, database, publisher, language)
        filters = NewsFilters(organisation=organisation)
        home = f"/portal/{{edition}}/{organisation}"
        return maker.respond(scope, filters, _name(name, language), home, "/portal")

    @get_page(
        _list_paths("/territories/{territory:str}"),
        operation_id="feeds.territory",
        access=ANYBODY,
        cors=True,
        parameters=("cursor",),
    )
    def get_territory(
        self,
        request: ApiRequest,
        territory: FromPath[str],
        database: Database,
        publisher: Publisher,
        language: Language,
    ) -> Response[bytes]:
        """Return the feed of a region or province; respond with 404 if no territory has the id `territory`."""
        found = TERRITORIES.get(territory)
        if found is None:
            raise ProblemError(NOT_FOUND, _UNKNOWN_TERRITORY)
        scope = FeedScope("territory", found.id)
        maker = _FeedMaker(request, database, publisher, language, place=found.name)
        filters = news.build_territory_filters(found)
        home = f"/portal/{{edition}}/territories/{found.id}"
        return maker.respond(scope, filters, _name(found.name, language), home, "/portal")


class _FeedMaker:
    """Makes the answer to a request for a feed."""

    def __init__(
        self, request: ApiRequest, database: Database, publisher: Publisher, language: Language, place: str = ""
    ) -> None:
        self._request, self._database, self._publisher = request, database, publisher
        self._language, self._place = language, place

    def respond(
        self, scope: FeedScope, filters: NewsFilters, title: str, home: str, empty_home: str
    ) -> Response[bytes]:
        """Return a page of a feed: the first, or the one that the parameter `cursor` names.

        `home`: path of the page about the subject of the feed, in the `{edition}` of the newest entry; `empty_home`:
        the path if there is no entry.
        """
        asked, base = dict(read_parameters(self._request)).get("cursor"), find_base_url(self._request)
        query = PageQuery(limit=LENGTH, cursor=asked)
        position = _CURSOR.read(query)
        after = None if position is None else _read_key(position)
        items = news.list_news(self._database, filters, after=after, limit=LENGTH + 1)
        kept, cursor = _CURSOR.cut(query, items, _write_key)
        newest = next(iter(items), None)
        if after is not None:
            newest = next(iter(news.list_news(self._database, filters, after=None, limit=1)), None)
        path = empty_home if newest is None else home.format(edition=newest.edition.id)
        form: FeedForm = "json" if self._request.scope["path"].endswith(FILES["json"]) else "atom"
        feed = Feed(
            # Another service has other news under the same path.
            id=build_id("feed", find_own_url(self._request), scope.kind, scope.id, self._language),
            language=self._language,
            title=title,
            subtitle=_SUBTITLE.into(self._language),
            home=base + path + ("" if self._language == "es" else f"?lang={self._language}"),
            base=base,
            path=scope.build_path(form).rpartition("/")[0],
            cursor=cursor,
            asked=asked,
            updated=NOTHING_YET if newest is None else newest.published,
            entries=tuple(build_entry(item, scope, self._place, base, self._language) for item in kept),
            publisher=self._publisher,
        )
        headers = {"Cache-Control": SHARED, "Content-Language": self._language, "Vary": "Accept-Language"}
        return conditional(self._request, encode_feed(feed, form), headers, MEDIA_TYPES[form])


def _name(subject: str, language: Language) -> str:
    return _OF.into(language).format(subject=subject)


def _write_key(item: NewsItem) -> tuple[int, str, int]:
    return (item.published - _EPOCH) // timedelta(microseconds=1), item.edition.id, item.revision


def _read_key(key: tuple[int, str, int]) -> NewsPosition:
    return NewsPosition(_EPOCH + timedelta(microseconds=key[0]), key[1], key[2])
