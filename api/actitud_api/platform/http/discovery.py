"""Fixed paths that programs look for: `/`, entry of the API, API catalogue, `security.txt`, `robots.txt`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec
from litestar import Controller, Response
from litestar.enums import MediaType

from actitud_api import __version__
from actitud_api.engine.i18n import LANGUAGES
from actitud_api.platform.http.access import ANYBODY_UNLIMITED
from actitud_api.platform.http.negotiation import JSON, prefers_page
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.problems import NOT_FOUND, ProblemError
from actitud_api.platform.http.representations import REVALIDATE, conditional
from actitud_api.platform.http.scope import (
    ALWAYS_REVALIDATE,
    ApiRequest,
    find_base_url,
    read_header,
    read_parameters,
)

LINKSET: Final = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
"""Media type of an API catalogue (RFC 9264, RFC 9727)."""

SECURITY_DAYS: Final = 180
"""Days after which `security.txt` expires; RFC 9116 recommends less than a year."""

ENTRY: Final = {
    "version": __version__,
    "openapi": "/v1/openapi.json",
    "documentation": "/docs",
    "methodologies": "/v1/methodologies",
    "organisations": "/v1/organisations",
    "editions": "/v1/editions",
    "latest_scores": "/v1/editions/latest/scores",
    "scores": "/v1/scores",
    "catalogue": "/catalog",
    "portal": "/portal",
}
"""Content of `/v1`, and of `/` for programs: version of the service, and the paths from which a client can go on."""

_IN_A_LANGUAGE: Final = "".join(f"Allow: /portal*?lang={language}$\n" for language in LANGUAGES)
ROBOTS: Final = f"""\
# The portal may be crawled. The API has the same in other forms, some of them of tens of megabytes.
User-agent: *
Allow: /v1/openapi.json$
Disallow: /v1/
Disallow: /badge/
Disallow: /embed/
Disallow: /oembed
# Searches and filters have addresses without end.
{_IN_A_LANGUAGE}Disallow: /portal*?
"""

_PUBLIC: Final = {"Cache-Control": REVALIDATE}
_ROOT: Final = {"Vary": "Accept", "Link": f'<{ENTRY["documentation"]}>; rel="service-doc"; type="text/html"'}
"""Headers of `/`. Every response has the link to the OpenAPI document (`service-desc`, RFC 8631)."""


class DiscoveryController(Controller):
    """Routes of files at fixed paths, such as `/robots.txt`; none is part of the OpenAPI document."""

    path = "/"
    include_in_schema = False

    @get_page(
        "/",
        operation_id="discovery.root",
        access=ANYBODY_UNLIMITED,
        threaded=False,
        by_language=False,
        unkept="`Accept` decides between a redirect and the entry of the API.",
    )
    def show_root(self, request: ApiRequest) -> Response[bytes]:
        """Redirect browsers to the portal, and serve the entry document of the API to all other clients.

        A client whose `Accept` prefers HTML to JSON counts as a browser.
        """
        if not prefers_page(read_header(request.scope, b"accept")):
            return conditional(request, msgspec.json.format(msgspec.json.encode(ENTRY)), {**_PUBLIC, **_ROOT}, JSON)
        language = _read_language(request)
        location = ENTRY["portal"] + (f"?{urlencode({'lang': language})}" if language else "")
        headers = {"Location": location, "Cache-Control": ALWAYS_REVALIDATE, **_ROOT}
        return Response(b"", status_code=302, headers=headers)

    @get_page(
        "/openapi.json",
        operation_id="discovery.document",
        access=ANYBODY_UNLIMITED,
        cors=True,
        threaded=False,
        by_language=False,
        is_constant=True,
    )
    def redirect_to_document(self) -> Response[bytes]:
        """Redirect tools that look for the OpenAPI document at the root of the host to it."""
        return Response(b"", status_code=308, headers={"Location": ENTRY["openapi"], **_PUBLIC})

    @get_page(
        "/v1",
        operation_id="discovery.entry",
        access=ANYBODY_UNLIMITED,
        cors=True,
        threaded=False,
        by_language=False,
        is_constant=True,
    )
    def show_entry(self, request: ApiRequest) -> Response[bytes]:
        """Serve the entry document of the API: the links from which a program starts."""
        return conditional(request, msgspec.json.format(msgspec.json.encode(ENTRY)), dict(_PUBLIC), JSON)

    @get_page(
        "/.well-known/api-catalog",
        operation_id="discovery.catalog",
        access=ANYBODY_UNLIMITED,
        cors=True,
        threaded=False,
        by_language=False,
        is_constant=True,
    )
    def show_catalog(self, request: ApiRequest) -> Response[bytes]:
        """Serve the API catalogue (RFC 9727): the links to the only API of this host."""
        base = find_base_url(request)
        link = {
            "anchor": f"{base}/v1",
            "service-desc": [{"href": f"{base}/v1/openapi.json", "type": JSON}],
            "service-doc": [{"href": f"{base}/docs", "type": "text/html"}],
            "service-meta": [{"href": f"{base}/catalog.ttl", "type": "text/turtle"}],
            "status": [{"href": f"{base}/readyz", "type": JSON}],
        }
        headers = {**_PUBLIC, "Link": f'<{base}/.well-known/api-catalog>; rel="api-catalog"'}
        return conditional(request, msgspec.json.encode({"linkset": [link]}), headers, LINKSET)

    @get_page(
        "/.well-known/security.txt",
        operation_id="discovery.security",
        access=ANYBODY_UNLIMITED,
        threaded=False,
        unkept="Its last day depends on the day of the request.",
    )
    def show_security(self, request: ApiRequest) -> Response[bytes]:
        """Serve `security.txt` (RFC 9116), which says where to report a vulnerability.

        Raise a 404 problem if the settings have no contact.
        """
        contact: str | None = request.app.state["contact"]
        if contact is None:
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        # Whole days, so that the file stays the same for a day.
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        expires = (today + timedelta(days=SECURITY_DAYS)).isoformat().replace("+00:00", "Z")
        lines = [
            f"Contact: {contact if ':' in contact else f'mailto:{contact}'}",
            f"Expires: {expires}",
            "Preferred-Languages: es, en",
        ]
        public: str | None = request.app.state["public_url"]
        if public is not None:
            lines.append(f"Canonical: {public.rstrip('/')}/.well-known/security.txt")
        text = "".join(f"{line}\n" for line in lines)
        return conditional(request, text.encode(), dict(_PUBLIC), MediaType.TEXT)

    @get_page(
        "/robots.txt",
        operation_id="discovery.robots",
        access=ANYBODY_UNLIMITED,
        threaded=False,
        by_language=False,
        is_constant=True,
    )
    def show_robots(self, request: ApiRequest) -> Response[bytes]:
        """Serve `robots.txt`, with the paths that crawlers may fetch and the address of the sitemap."""
        text = f"{ROBOTS}\nSitemap: {find_base_url(request)}/sitemap.xml\n"
        return conditional(request, text.encode(), dict(_PUBLIC), MediaType.TEXT)


def _read_language(request: ApiRequest) -> str | None:
    """Return the language that the query names, None if it names none that there is."""
    named = dict(read_parameters(request)).get("lang")
    return named if named in LANGUAGES else None
