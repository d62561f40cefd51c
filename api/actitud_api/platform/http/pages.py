"""Pages for people: where to go next, what a problem means, the OpenAPI document; all from local files."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final, NamedTuple
from urllib.parse import urlencode

import jinja2
from litestar import Controller, Response
from litestar.enums import MediaType
from litestar.params import FromPath

from actitud_api.engine.i18n import LANGUAGES, WRITTEN, Language, Texts, is_whole, name
from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.platform.http.access import ANYBODY_UNLIMITED
from actitud_api.platform.http.negotiation import JSON
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.problems import NO_STORE, NOT_FOUND, TYPES, ProblemError
from actitud_api.platform.http.representations import REVALIDATE, conditional
from actitud_api.platform.http.scope import ApiRequest, choose_language, parse_query

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action {forms}"
)
_FILES: Final[Mapping[str, tuple[str, str, str]]] = {
    "page.css": ("actitud_api.platform.http", "static/page.css", "text/css"),
    "portal.css": ("actitud_api.web.portal", "static/portal.css", "text/css"),
    "copy.js": ("actitud_api.web.portal", "static/copy.js", "text/javascript"),
    "questionnaire.css": ("actitud_api.web.portal", "static/questionnaire.css", "text/css"),
    "questionnaire.js": ("actitud_api.web.portal", "static/questionnaire.js", "text/javascript"),
    "suggestions.js": ("actitud_api.web.portal", "static/suggestions.js", "text/javascript"),
    "icon.svg": ("actitud_api.platform.http", "static/icon.svg", "image/svg+xml"),
    "docs.js": ("actitud_api.platform.http", "static/docs.js", "text/javascript"),
    "swagger-ui.css": ("mkdocs_swagger_ui_tag", "swagger-ui/stylesheets/swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (
        "mkdocs_swagger_ui_tag",
        "swagger-ui/javascripts/swagger-ui-bundle.js",
        "text/javascript",
    ),
}
"""What is served under `/static`: the package, the file in it, and its media type."""


def templates(*packages: str) -> jinja2.Environment:
    """Load the templates of packages, and those of this one to extend; values in them are escaped."""
    loaders = [jinja2.PackageLoader(package) for package in (*packages, "actitud_api.platform.http")]
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_templates = templates()


class Destination(NamedTuple):
    """A place that the first page points to."""

    href: str
    text: Texts


class Other(NamedTuple):
    """A page in another language: what that language calls itself, and the query that leads there."""

    language: Language
    name: str
    query: str


class PagesController(Controller):
    """Pages and the files that they need; none is part of the OpenAPI document."""

    path = "/"
    include_in_schema = False

    @get_page("/", operation_id="pages.index", access=ANYBODY_UNLIMITED, threaded=False)
    def index(self, request: ApiRequest, destinations: Sequence[Destination]) -> Response[bytes]:
        """Show where to go next."""
        return _page(request, "index.html", "Actitud", destinations=destinations)

    @get_page("/docs", operation_id="pages.docs", access=ANYBODY_UNLIMITED, threaded=False)
    def docs(self, request: ApiRequest) -> Response[bytes]:
        """Show the OpenAPI document for people."""
        return _page(request, "docs.html", "Actitud · API")

    @get_page("/problems/{slug:str}", operation_id="pages.problem", access=ANYBODY_UNLIMITED, threaded=False)
    def problem(self, request: ApiRequest, slug: FromPath[str], language: Language) -> Response[bytes]:
        """Explain a type of problem."""
        known = TYPES.get(slug)
        if known is None:
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        return _page(request, "problem.html", known.title.into(language), problem=known)

    @get_page("/static/{name:str}", operation_id="pages.file", access=ANYBODY_UNLIMITED)
    def file(self, request: ApiRequest, name: FromPath[str]) -> Response[bytes]:
        """Serve a file that a page needs."""
        if name not in _FILES:
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        package, path, media_type = _FILES[name]
        return conditional(
            request, files(package).joinpath(path).read_bytes(), {"Cache-Control": REVALIDATE}, media_type
        )

    @get_page("/v1/openapi.json", operation_id="pages.document", access=ANYBODY_UNLIMITED, threaded=False)
    def document(self, request: ApiRequest, document: bytes) -> Response[bytes]:
        """Serve the OpenAPI document."""
        headers = {"Cache-Control": REVALIDATE, "Access-Control-Allow-Origin": "*"}
        return conditional(request, document, headers, JSON)


def page(
    request: ApiRequest,
    made_from: jinja2.Environment,
    template: str,
    title: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    forms: bool = False,
    frames: bool = False,
) -> Response[bytes]:
    """Render a page from one of some templates in the language of its reader. Pages of errors are not cached.

    `forms`: there may be forms in it, whose answers come back to us. `frames`: it frames other pages of ours.
    """
    language = choose_language(request.scope, "es")
    text = made_from.get_template(template).render(
        language=language,
        others=[Other(known, name(known), _with_language(request, known)) for known in LANGUAGES if known != language],
        partly_spanish=_is_partly_spanish(language),
        t=lambda es, en: Texts(es, en).into(language),
        title=title,
        **values,
    )
    sent = {
        "Cache-Control": REVALIDATE,
        "Content-Language": language,
        "Content-Security-Policy": _POLICY.format(forms="'self'" if forms else "'none'")
        + ("; frame-src 'self'" if frames else ""),
        "Vary": "Accept-Language",
        **(headers or {}),
    }
    if status != 200:
        sent["Cache-Control"] = NO_STORE
        return Response(text.encode(), status_code=status, headers=sent, media_type=MediaType.HTML)
    return conditional(request, text.encode(), sent, MediaType.HTML)


def _is_partly_spanish(language: Language) -> bool:
    """Whether something of what the service and its methodologies say is not in a language, and is said in Spanish."""
    if language in WRITTEN:
        return False
    return not is_whole(language) or any(
        language not in load_methodology(version).texts for version in list_versions("active")
    )


def _with_language(request: ApiRequest, language: Language) -> str:
    """Return the query of the same page in another language, without unreadable parameters."""
    try:
        pairs = [(name, value) for name, value in parse_query(request.scope) if name != "lang"]
    except ValueError:
        pairs = []
    return "?" + urlencode([*pairs, ("lang", language)])


def _page(request: ApiRequest, template: str, title: str, **values: object) -> Response[bytes]:
    return page(request, _templates, template, title, values)
