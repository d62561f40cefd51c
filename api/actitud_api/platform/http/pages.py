"""Pages for people: problem types, the OpenAPI document. Every file that they need is local."""

import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Final, Literal, NamedTuple
from urllib.parse import urlencode

import jinja2
from litestar import Controller, Response
from litestar.enums import MediaType
from litestar.params import FromPath

from actitud_api.engine.i18n import (
    FALLBACK,
    PAGE_LANGUAGES,
    REVIEWED,
    UNREVIEWED,
    WRITTEN,
    Language,
    build_translator,
    choose_whole_language,
    name,
)
from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.platform.http.access import ANYBODY_UNLIMITED
from actitud_api.platform.http.middleware.compression import compress_well
from actitud_api.platform.http.negotiation import JSON
from actitud_api.platform.http.openapi import ServedDocument
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.problems import NO_STORE, NOT_FOUND, TYPES, ProblemError
from actitud_api.platform.http.reference import HOST, LANGUAGE, FirstStep, mark_up, read_reference
from actitud_api.platform.http.representations import IMMUTABLE, REVALIDATE, conditional
from actitud_api.platform.http.scope import (
    ApiRequest,
    choose_language,
    choose_page_language,
    find_base_url,
    read_parameters,
)

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action {forms}"
)
_DEFAULT_LANGUAGE: Final = "en"
"""Language of these pages if the request names none: English, as in the API, because developers read them.

Pages for the public are Spanish by default.
"""

TranslatedPart = Literal["frame", "lead", "page"]
"""Part of a page that catalogues of some pages translate; the rest is Spanish in such a language.

frame: the masthead and the footer · lead: also the title and the first part · page: all of it.
"""

_DIGEST: Final = re.compile(r"\.[0-9a-f]{12}\.")

_STATIC_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Media types of static files, by the suffix of their name."""

_static_files: Final[dict[str, Traversable]] = {}
"""Files served below `/static`, by name: those in the folders `static` of the packages with templates."""


@functools.cache
def _read_file(name: str) -> tuple[bytes, str]:
    """Return the bytes of a static file, and a name for it that contains their digest.

    If the file changes, its name changes too, so caches may keep it for ever.
    """
    body = _static_files[name].read_bytes()
    stem, _, suffix = name.rpartition(".")
    return body, f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}"


def find_static_path(name: str) -> str:
    """Return the URL path of a static file, given its name without a digest.

    The path contains a digest of the bytes of the file, so caches may keep the response for ever.
    """
    return f"/static/{_read_file(name)[1]}"


def load_templates(*packages: str) -> jinja2.Environment:
    """Return a Jinja environment with the templates of these packages, and serve the files in their folders `static`.

    Values are escaped. The templates may extend the templates of this package, such as the frame that all pages share.
    """
    sources = (*packages, "actitud_api.platform.http")
    for package in sources:
        folder = resources.files(package) / "static"
        _static_files.update((file.name, file) for file in folder.iterdir())
    loaders = [jinja2.PackageLoader(package) for package in sources]
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        # A misspelt variable raises an error in a test instead of leaving a gap in a page.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = find_static_path
    return environment


_templates = load_templates()
_templates.filters["marked"] = mark_up


class LanguageLink(NamedTuple):
    """Link to the same page in another language.

    `name`: name of the language in that language, such as `English`. `query`: query string of the link.
    """

    language: Language
    name: str
    query: str


class PagesController(Controller):
    """Routes of the pages for people and their static files; none is part of the OpenAPI document."""

    path = "/"
    include_in_schema = False

    @get_page(
        "/docs",
        operation_id="pages.docs",
        access=ANYBODY_UNLIMITED,
        default_language=_DEFAULT_LANGUAGE,
        by_host=True,
        is_constant=True,
    )
    def docs(self, request: ApiRequest, document: ServedDocument, first_steps: Sequence[FirstStep]) -> Response[bytes]:
        """Show the operations in the OpenAPI document, and first commands with which a newcomer can try the API."""
        reference = read_reference(document.read())
        return _render_reference(request, "docs.html", "Actitud · API", reference=reference, steps=first_steps)

    @get_page(
        "/docs/{operation:str}",
        operation_id="pages.operation",
        access=ANYBODY_UNLIMITED,
        default_language=_DEFAULT_LANGUAGE,
        by_host=True,
        is_constant=True,
    )
    def operation(self, request: ApiRequest, operation: FromPath[str], document: ServedDocument) -> Response[bytes]:
        """Show an operation of the OpenAPI document; raise a 404 problem if there is none with that `operationId`."""
        found = read_reference(document.read()).find_operation(operation)
        if found is None:
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        group, shown = found
        title = f"{shown.summary} · API"
        return _render_reference(request, "operation.html", title, group=group, operation=shown, problems=TYPES)

    @get_page(
        "/problems/{slug:str}",
        operation_id="pages.problem",
        access=ANYBODY_UNLIMITED,
        threaded=False,
        default_language=_DEFAULT_LANGUAGE,
        is_constant=True,
    )
    def problem(self, request: ApiRequest, slug: FromPath[str], language: Language) -> Response[bytes]:
        """Explain a problem type; raise a 404 problem if the slug is unknown."""
        known = TYPES.get(slug)
        if known is None:
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        return _render(request, "problem.html", known.title.into(language), problem=known)

    @get_page(
        "/static/{name:str}",
        operation_id="pages.file",
        access=ANYBODY_UNLIMITED,
        by_language=False,
        is_constant=True,
    )
    def file(self, request: ApiRequest, name: FromPath[str]) -> Response[bytes]:
        """Serve a static file; raise a 404 problem if it is unknown."""
        plain = _DIGEST.sub(".", name)
        if plain not in _static_files or name not in (plain, _read_file(plain)[1]):
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        headers = {"Cache-Control": REVALIDATE if name == plain else IMMUTABLE}
        return conditional(request, _read_file(plain)[0], headers, _STATIC_TYPES[PurePosixPath(plain).suffix])

    @get_page(
        "/v1/openapi.json",
        operation_id="pages.document",
        access=ANYBODY_UNLIMITED,
        cors=True,
        by_language=False,
        is_constant=True,
    )
    def document(self, request: ApiRequest, document: ServedDocument) -> Response[bytes]:
        """Serve the OpenAPI document of the service as JSON."""
        compress_well(request.scope)
        return conditional(request, document.read(), {"Cache-Control": REVALIDATE}, JSON)


def render_page(
    request: ApiRequest,
    environment: jinja2.Environment,
    template: str,
    title: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    forms: bool = False,
    frames: bool = False,
    default_language: Language = "es",
    translated: TranslatedPart = "frame",
) -> Response[bytes]:
    """Render a template in the language of the request, and return the response.

    A page with status 200 has an `ETag`; any other is not cached. The template receives three functions that translate
    texts: `frame_t` for masthead and footer, `page_t` for other texts in the language of the page (`language`), and `t`
    for the body, whose language is `body_language`. The two languages differ only if the translation is partial.

    Args:
        request: Request that the page answers.
        environment: Jinja environment from `load_templates`.
        template: File name of the template.
        title: Title of the page.
        values: Variables of the template.
        status: Status of the response.
        headers: Headers added to the response, which override the defaults, or None.
        forms: Allow forms that are sent to this service (`form-action 'self'`).
        frames: Allow frames with pages of this service (`frame-src 'self'`).
        default_language: Language of the page if the request names none.
        translated: Part of the page that is translated if the language has only a partial catalogue.
    """
    chosen = choose_page_language(request.scope, default_language)
    whole = choose_whole_language(chosen)
    language, body_language = (chosen if translated in parts else whole for parts in (("lead", "page"), ("page",)))
    text = environment.get_template(template).render(
        frame_language=chosen,
        language=language,
        body_language=body_language,
        others=[
            LanguageLink(known, name(known), _build_language_query(request, known))
            for known in PAGE_LANGUAGES
            if known != chosen
        ],
        partly_spanish=_is_partly_spanish(chosen),
        unreviewed=None if chosen in REVIEWED else (UNREVIEWED.into(chosen), UNREVIEWED.into(FALLBACK)),
        fallback=FALLBACK,
        frame_t=build_translator(chosen),
        page_t=build_translator(language),
        t=build_translator(body_language),
        title=title,
        **values,
    )
    all_headers = {
        "Cache-Control": REVALIDATE,
        "Content-Language": language,
        "Content-Security-Policy": _POLICY.format(forms="'self'" if forms else "'none'")
        + ("; frame-src 'self'" if frames else ""),
        "Vary": "Accept-Language",
        **(headers or {}),
    }
    if status != 200:
        all_headers["Cache-Control"] = NO_STORE
        return Response(text.encode(), status_code=status, headers=all_headers, media_type=MediaType.HTML)
    return conditional(request, text.encode(), all_headers, MediaType.HTML)


def _is_partly_spanish(language: Language) -> bool:
    """Return True if a page in this language quotes Spanish texts of a methodology.

    That is so if the methodology has no texts in the language.
    """
    if language in WRITTEN:
        return False
    return any(language not in load_methodology(version).texts for version in list_versions("active"))


def _build_language_query(request: ApiRequest, language: Language) -> str:
    """Return the query of a link to the same page in another language, such as `?size=20&lang=en`.

    The other parameters are kept. If the query of the request cannot be decoded, only `lang` remains.
    """
    pairs = [(name, value) for name, value in read_parameters(request) if name != "lang"]
    return "?" + urlencode([*pairs, ("lang", language)])


def _render(request: ApiRequest, template: str, title: str, **values: object) -> Response[bytes]:
    return render_page(request, _templates, template, title, values, default_language=_DEFAULT_LANGUAGE)


def _render_reference(request: ApiRequest, template: str, title: str, **values: object) -> Response[bytes]:
    """Render a page of the reference, whose commands work at this service.

    Its links keep the language if the query of the request names one.
    """
    base, language = find_base_url(request), choose_language(request.scope, _DEFAULT_LANGUAGE)
    is_chosen = "lang" in dict(read_parameters(request))
    return _render(
        request,
        template,
        title,
        query=f"?lang={language}" if is_chosen else "",
        quotes_english=language != _DEFAULT_LANGUAGE,
        complete=lambda command: command.replace(HOST, base).replace(LANGUAGE, language),
        **values,
    )
