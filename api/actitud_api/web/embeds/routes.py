"""Routes of embeds: badges, cards, tables, frames, oEmbed, and the custom element.

The parameter `lang` sets the language; without it, the language is Spanish. The language of the reader's browser is
never used, because the embedding page has one language. Unknown query parameters are ignored, because some sites append
their own to the URLs that they embed. If a score does not exist, the response has the status 404 and the requested
form, for example an image that says why there is no score; a browser would show a problem document as a broken image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Controller, Response
from litestar.params import FromPath
from markupsafe import Markup

from actitud_api.engine.i18n import FALLBACK, PAGE_LANGUAGES, Language, Texts, build_translator
from actitud_api.platform.http.access import ANYBODY, ANYBODY_UNLIMITED
from actitud_api.platform.http.inputs import Query
from actitud_api.platform.http.large_responses import SMALL_MAX, LargeResponse
from actitud_api.platform.http.negotiation import JSON
from actitud_api.platform.http.operations import PageDescription, get_page
from actitud_api.platform.http.pages import load_templates
from actitud_api.platform.http.problems import NO_STORE, NOT_FOUND, NOT_IMPLEMENTED, Fault, ProblemError, refuse_input
from actitud_api.platform.http.representations import IMMUTABLE, REVALIDATE, SHARED, Rendered, conditional
from actitud_api.platform.http.scope import ApiRequest, Moved, find_base_url, read_parameters, redirect
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.organisations.service import IdentifierIsAlias
from actitud_api.resources.scores import schemas as scores
from actitud_api.resources.scores.service import UnknownScore
from actitud_api.web.embeds import element, oembed, pictures, schemas, service
from actitud_api.web.embeds import texts as embed_texts
from actitud_api.web.embeds.addresses import Addresses, format_link_header
from actitud_api.web.embeds.pictures import THEMES, Theme, read_static_file
from actitud_api.web.embeds.service import EmbedStanding
from actitud_api.web.embeds.texts import EmbedTexts, describe_standing

SVG: Final = "image/svg+xml"
HTML: Final = "text/html"
XML: Final = "text/xml"
SHIELDS_SECONDS: Final = 300
"""Seconds for which shields.io may cache a badge; 300 is the least that it accepts."""

INERT: Final = "default-src 'none'; frame-ancestors *; base-uri 'none'; form-action 'none'; sandbox"
"""Content-Security-Policy of images and files: they run no script and load nothing."""
_STYLED: Final = f"style-src {pictures.compute_csp_source(pictures.STYLE)}; {INERT}"
_FRAME_STYLE: Final = Markup(read_static_file("frame.css"))
_FRAME_SCRIPT: Final = Markup(read_static_file("frame.js"))
_FRAMED: Final = (
    f"default-src 'none'; style-src {pictures.compute_csp_source(_FRAME_STYLE)}; "
    f"script-src {pictures.compute_csp_source(_FRAME_SCRIPT)}; "
    "frame-ancestors *; base-uri 'none'; form-action 'none'; "
    "sandbox allow-scripts allow-popups allow-top-navigation-by-user-activation"
)
"""Content-Security-Policy of the page for an `iframe`.

The page runs its own script and can open links. It is sandboxed and has no origin, so it has no cookies and no
storage.
"""

_templates = load_templates("actitud_api.web.embeds")

_NO_URL: Final = Fault(
    "url", "required", None, Texts("Falta la dirección que se incrusta.", "The address to embed is missing.")
)
_NOT_OURS: Final = Texts(
    "Esa dirección no es de una página de este servicio.", "That address is not one of a page of this service."
)
_NO_SUCH_FORMAT: Final = Texts("Los formatos son `json` y `xml`.", "The formats are `json` and `xml`.")

BADGES: Final = Query(schemas.BadgesQuery, lenient=True)
_DESCRIBED_BADGES: Final = Query(schemas.DescribedBadgesQuery, lenient=True, free=("lang",), hidden=("cursor", "total"))
_PLAIN: Final = Query(schemas.EmbedQuery, lenient=True, free=("lang",))
_THEMED: Final = Query(schemas.ThemedQuery, lenient=True, free=("lang", "theme"))
_OEMBED: Final = Query(schemas.OembedQuery, lenient=True, free=("maxwidth", "maxheight"))


def _describe_form(
    form: str, media_type: str, type_: type | None = None, missing: type | None = None, query: Query[Any] = _PLAIN
) -> PageDescription:
    """Describe a form of a score; `form` is the rest of its path below the organisation."""
    return PageDescription(
        f"/embed/{{edition}}/{{organisation}}{form}",
        scores.SheetPath,
        query,
        Rendered({media_type: type_}, {media_type: missing}),
        aliased=True,
    )


class BadgesController(Controller):
    """Routes of badges, each as an image or as data from which shields.io draws an image."""

    path = "/badge"
    tags = ("embeds",)

    @get_page(
        "/{edition:str}/{name:str}",
        operation_id="badges.get",
        access=ANYBODY,
        cors=True,
        by_language=False,
        description=PageDescription(
            "/badge/{edition}/{organisation}.{format}",
            schemas.BadgePath,
            _PLAIN,
            Rendered({SVG: None, JSON: schemas.ShieldsBadge}, {SVG: None, JSON: schemas.ShieldsBadge}),
            aliased=True,
        ),
    )
    def get_badge(
        self, request: ApiRequest, edition: FromPath[str], name: FromPath[str], database: Database
    ) -> Response[bytes]:
        """Get the badge of an organisation.

        Draws the badge as an image (`svg`), or returns the data from which shields.io draws one (`json`). Unknown
        parameters are ignored.
        """
        organisation, dot, suffix = name.rpartition(".")
        form = _BADGE_FORMS.get(dot + suffix)
        if form is None:
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        try:
            return form.build_response(request, database, edition, organisation)
        except IdentifierIsAlias as alias:
            return redirect(request.scope, Moved("name", f"{alias.organisation}.{suffix}"))

    @get_page(
        "/{name:str}",
        operation_id="badges.list",
        access=ANYBODY,
        cors=True,
        by_language=False,
        parameters=BADGES.properties,
        description=PageDescription(
            "/badge/{edition}.svg",
            EditionPath,
            _DESCRIBED_BADGES,
            Rendered({SVG: None}, {SVG: None}),
        ),
    )
    def list_badges(
        self, request: ApiRequest, name: FromPath[str], database: Database
    ) -> Response[bytes] | LargeResponse:
        """Get the badges of several organisations of an edition as one image.

        The query parameters filter and sort as in the ranking; unknown parameters are ignored.
        """
        edition = name.removesuffix(".svg")
        if edition == name:
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        query = BADGES.decode(request)
        if isinstance(query, list):
            raise refuse_input(query)
        language = _read_language(request)
        headers = {"Content-Language": language, "Content-Security-Policy": INERT}
        try:
            record = service.find_edition(database, edition)
        except UnknownEdition:
            body = pictures.render_unknown_badge(embed_texts.UNKNOWN_EDITION, language)
            return Response(body, status_code=404, headers={**headers, "Cache-Control": NO_STORE}, media_type=SVG)

        def make() -> Response[bytes]:
            standings = service.list_standings(
                database,
                record,
                scores.build_filters(query),
                sort=scores.parse_sort(query),
                offset=query.offset,
                limit=query.limit,
            )
            shown = [_build_context(request, one, language) for one in standings]
            badges = [(one.addresses.organisation, one.texts) for one in shown]
            body = pictures.render_badges(badges, record.id, language)
            # What is not published yet has no badges, and may have some at any time.
            cache = SHARED if shown else REVALIDATE
            return conditional(request, body, {**headers, "Cache-Control": cache}, SVG)

        return LargeResponse(make) if query.limit > SMALL_MAX else make()


class EmbedsController(Controller):
    """Routes of the forms in which a score is embedded in other sites."""

    path = "/embed"
    tags = ("embeds",)

    @get_page(
        "/{edition:str}/{organisation:str}/card.svg",
        operation_id="embeds.card",
        access=ANYBODY,
        cors=True,
        by_language=False,
        description=_describe_form("/card.svg", SVG, query=_THEMED),
    )
    def get_card(
        self, request: ApiRequest, edition: FromPath[str], organisation: FromPath[str], database: Database
    ) -> Response[bytes]:
        """Get the card of an organisation.

        An image with its index, its level and its dimensions.
        """
        return CARD.build_response(request, database, edition, organisation)

    @get_page(
        "/{edition:str}/{organisation:str}/table.html",
        operation_id="embeds.table",
        access=ANYBODY,
        cors=True,
        by_language=False,
        description=_describe_form("/table.html", HTML),
    )
    def get_table(
        self, request: ApiRequest, edition: FromPath[str], organisation: FromPath[str], database: Database
    ) -> Response[bytes]:
        """Get the score of an organisation as an HTML table.

        Plain HTML without style, for pages that have their own.
        """
        return TABLE.build_response(request, database, edition, organisation)

    @get_page(
        "/{edition:str}/{organisation:str}/score.json",
        operation_id="embeds.score",
        access=ANYBODY,
        cors=True,
        by_language=False,
        description=_describe_form("/score.json", JSON, EmbedTexts, schemas.MissingScore),
    )
    def get_score(
        self, request: ApiRequest, edition: FromPath[str], organisation: FromPath[str], database: Database
    ) -> Response[bytes]:
        """Get the texts of an embedded score.

        The texts that badge, card, table and frame show, for pages that draw the score themselves.
        """
        return SCORE.build_response(request, database, edition, organisation)

    @get_page(
        "/{edition:str}/{organisation:str}",
        operation_id="embeds.frame",
        access=ANYBODY,
        cors=True,
        by_language=False,
        description=_describe_form("", HTML, query=_THEMED),
    )
    def get_frame(
        self, request: ApiRequest, edition: FromPath[str], organisation: FromPath[str], database: Database
    ) -> Response[bytes]:
        """Get the page that shows a score in an `iframe`.

        The page posts its height to the page around it.
        """
        return FRAME.build_response(request, database, edition, organisation)

    @get_page(
        "/{name:str}",
        operation_id="embeds.file",
        access=ANYBODY_UNLIMITED,
        cors=True,
        threaded=False,
        by_language=False,
        is_constant=True,
    )
    def get_file(self, request: ApiRequest, name: FromPath[str]) -> Response[bytes]:
        """Return a file of the custom element; respond with 404 if the name is unknown.

        `name` is the name of a script, which never changes, or `element.json`, which contains the URL and hash of the
        newest script.
        """
        if name == "element.json":
            body = msgspec.json.encode(element.build_manifest(find_base_url(request)))
            return conditional(request, body, {"Cache-Control": REVALIDATE}, JSON)
        script = element.FILES.get(name)
        if script is None:
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        return conditional(request, script, {"Cache-Control": IMMUTABLE}, "text/javascript")


class OembedController(Controller):
    """The route that answers oEmbed 1.0 requests for URLs of this service."""

    path = "/oembed"
    tags = ("embeds",)

    @get_page(
        "/",
        operation_id="oembed.get",
        access=ANYBODY,
        cors=True,
        by_language=False,
        parameters=("format",),
        by_host=True,
        description=PageDescription(
            "/oembed",
            None,
            _OEMBED,
            Rendered({JSON: oembed.RichResponse, XML: None}, {}),
            (NOT_FOUND, NOT_IMPLEMENTED),
        ),
    )
    def get_rich(self, request: ApiRequest, database: Database) -> Response[bytes]:
        """Get the code that embeds a URL of this service (oEmbed 1.0).

        With `format=xml` the response has the same members as XML (`text/xml`). Any other format than `json` and `xml`
        is refused with 501, and a URL that names no published score of this service with 404.
        """
        # `format` is not among the described parameters: a value that its schema refused would be answered with 501, as
        # oEmbed has it, and contract tests take any 501 for a failure.
        form = _read_parameter(request, "format") or "json"
        if form not in oembed.FORMATS:
            raise ProblemError(NOT_IMPLEMENTED, _NO_SUCH_FORMAT)
        url = _read_parameter(request, "url")
        if url is None:
            raise refuse_input([_NO_URL])
        target = oembed.parse_target(url, {find_base_url(request), str(request.base_url)})
        if target is None:
            raise ProblemError(NOT_FOUND, _NOT_OURS)
        try:
            standing = service.find_named_standing(database, target.edition, target.organisation)
        except UnknownEdition:
            raise ProblemError(NOT_FOUND, embed_texts.UNKNOWN_EDITION) from None
        except UnknownScore:
            raise ProblemError(NOT_FOUND, embed_texts.UNKNOWN_SCORE) from None
        shown = _build_context(request, standing, target.language)
        # `latest` stays what it is: the frame then follows from one edition to the next.
        addresses = Addresses(find_base_url(request), target.edition, standing.organisation, target.language)
        rich = oembed.build_rich_response(
            shown.texts, addresses, _read_size(request, "maxwidth"), _read_size(request, "maxheight")
        )
        headers = {"Cache-Control": SHARED, "Content-Language": target.language}
        if form == "xml":
            return conditional(request, oembed.encode_xml(rich), headers, XML)
        return conditional(request, msgspec.json.encode(rich), headers, JSON)


class FormContext(NamedTuple):
    """The data from which a form of a score is rendered: the texts of the score, the URLs of all forms, the colours."""

    texts: EmbedTexts
    addresses: Addresses
    theme: Theme


class Form(NamedTuple):
    """A form in which a score is shown, such as the badge or the card.

    `policy` is the Content-Security-Policy of its responses. `render` renders a score in this form. `missing` renders
    the reason why there is no score in this form.
    """

    media_type: str
    policy: str
    render: Callable[[FormContext], bytes]
    missing: Callable[[Texts, Language, Theme], bytes]

    def build_response(
        self, request: ApiRequest, database: Database, edition: str, organisation: str
    ) -> Response[bytes]:
        """Build the response that shows the score of an organisation in this form.

        If there is no published score, the response has the status 404 and shows the reason in this form.

        Raises:
            IdentifierIsAlias: `organisation` is an alias of another organisation.
        """
        language = _read_language(request)
        headers = {"Content-Language": language, "Content-Security-Policy": self.policy}
        try:
            standing = service.find_standing(database, edition, organisation)
        except (UnknownEdition, UnknownScore) as error:
            reason = embed_texts.UNKNOWN_EDITION if isinstance(error, UnknownEdition) else embed_texts.UNKNOWN_SCORE
            body = self.missing(reason, language, _read_theme(request))
            return Response(
                body, status_code=404, headers={**headers, "Cache-Control": NO_STORE}, media_type=self.media_type
            )
        shown = _build_context(request, standing, language)
        headers |= {"Cache-Control": SHARED, "Link": format_link_header(shown.addresses, shown.texts.title)}
        return conditional(request, self.render(shown), headers, self.media_type)


def _build_context(request: ApiRequest, standing: EmbedStanding, language: Language) -> FormContext:
    addresses = Addresses(find_base_url(request), standing.edition, standing.organisation, language)
    return FormContext(describe_standing(standing, language, addresses.explanation), addresses, _read_theme(request))


def _read_parameter(request: ApiRequest, name: str) -> str | None:
    return dict(read_parameters(request)).get(name)


def _read_language(request: ApiRequest) -> Language:
    """Return the language of the embedding page: that of the parameter `lang`, or Spanish without it."""
    wanted = _read_parameter(request, "lang")
    return next((known for known in PAGE_LANGUAGES if known == wanted), FALLBACK)


def _read_theme(request: ApiRequest) -> Theme:
    wanted = _read_parameter(request, "theme")
    return next((known for known in THEMES if known == wanted), "light")


def _read_size(request: ApiRequest, name: str) -> int | None:
    """Parse the oEmbed parameter `name`, a maximum size in pixels; None if it is missing or invalid."""
    text = _read_parameter(request, name) or ""
    return int(text) if re.fullmatch("[0-9]{1,5}", text) and int(text) else None


def _render_html(template: str, language: Language, **values: object) -> bytes:
    text = _templates.get_template(template).render(
        language=language,
        t=build_translator(language),
        notices=list(zip((language, FALLBACK), embed_texts.list_notices(language), strict=False)),
        **values,
    )
    return text.encode()


def _render_unframed(reason: Texts, language: Language, theme: Theme) -> bytes:
    return _render_html(
        "unframed.html",
        language,
        theme=theme,
        title=f"{embed_texts.MEASURE.into(language)}: {embed_texts.UNKNOWN.into(language)}",
        reason=reason.into(language),
        style=_FRAME_STYLE,
        script=_FRAME_SCRIPT,
    )


_BADGE_FORMS: Final[Mapping[str, Form]] = {
    ".svg": Form(
        SVG,
        INERT,
        lambda shown: pictures.render_badge(shown.texts),
        lambda reason, language, theme: pictures.render_unknown_badge(reason, language),
    ),
    ".json": Form(
        JSON,
        INERT,
        lambda shown: msgspec.json.encode(
            schemas.ShieldsBadge(
                label=embed_texts.MEASURE.into(shown.texts.language),
                message=" · ".join(filter(None, (shown.texts.score, shown.texts.level, shown.texts.version))),
                color=pictures.select_colour(shown.texts),
                cache_seconds=SHIELDS_SECONDS,
            )
        ),
        lambda reason, language, theme: msgspec.json.encode(
            schemas.ShieldsBadge(
                label=embed_texts.MEASURE.into(language),
                message=embed_texts.UNKNOWN.into(language),
                color=pictures.PALETTE["level_0"][0],
                is_error=True,
            )
        ),
    ),
}
CARD: Final = Form(
    SVG, _STYLED, lambda shown: pictures.render_card(shown.texts, shown.theme), pictures.render_unknown_card
)
TABLE: Final = Form(
    HTML,
    INERT,
    lambda shown: _render_html("table.html", shown.texts.language, texts=shown.texts),
    lambda reason, language, theme: _render_html("untabled.html", language, reason=reason.into(language)),
)
SCORE: Final = Form(
    JSON,
    INERT,
    lambda shown: msgspec.json.encode(shown.texts),
    lambda reason, language, theme: msgspec.json.encode(
        schemas.MissingScore(language=language, text=reason.into(language))
    ),
)
FRAME: Final = Form(
    HTML,
    _FRAMED,
    lambda shown: _render_html(
        "frame.html",
        shown.texts.language,
        texts=shown.texts,
        addresses=shown.addresses,
        theme=shown.theme,
        style=_FRAME_STYLE,
        script=_FRAME_SCRIPT,
    ),
    _render_unframed,
)
