"""Every route of the service, asked from every kind of origin, with and without credentials: what scripts of other
pages may read (CORS) and what a page may do (Content-Security-Policy). The rule is written here by hand and takes its
operations from the routes and the OpenAPI document: a new operation falls into it by itself, a new page needs a row.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from actitud_api.platform.http.access import handlers_of, operation_id
from actitud_api.platform.http.middleware import edge
from tests.contract.asgi import Received, Sent, exchange
from tests.contract.installation import Installation, operations
from tests.support.figures import FigureRecorder
from tests.support.scale import CROSSING

OURS: Final = "https://madurez.example"
ORIGINS: Final = (
    None,
    "null",
    OURS,
    OURS.replace(".", "-"),
    OURS.replace("//", "//sub."),
    OURS.replace("https", "http"),
    f"{OURS}:8443",
    OURS.upper(),
)
"""None, one that is hidden, ours, a look-alike, a sub-domain, another scheme, another port, upper case."""
CREDENTIALS: Final = ("none", "cookie", "wrong key", "key")

BY_ID: Final = {operation.id: operation for operation in operations()}
OPEN_POSTS: Final = frozenset(
    {"scores.create", "scores.create_many", "methodologies.workbook.fill", "methodologies.workbook.read"}
)
"""Operations that compute something of what they are sent, and store nothing."""
OPEN_PAGES: Final = frozenset(
    {
        *("catalogue.choose", "discovery.catalog", "discovery.document", "discovery.entry", "embeds.file"),
        *("charts.dimension", "charts.edition", "charts.territory"),
        *("feeds.all", "feeds.edition", "feeds.organisation", "feeds.territory"),
        *("methodologies.document_schema", "pages.document"),
    }
)
"""Open routes that the OpenAPI document does not describe."""
OPERATORS: Final = frozenset({"system.livez", "system.readyz"})
"""Health checks: nothing for a page of somebody else."""
OPEN_FAMILIES: Final = ("v1", "badge", "embed", "charts", "oembed", "feeds", "catalog", "openapi", ".well-known")
"""First segments of paths below which what does not exist is told to everybody."""
NOWHERE: Final = (
    *(f"/{family}/nowhere/to/be/found/at/all" for family in OPEN_FAMILIES),
    *("/v1/editions.pdf", "/catalog.pdf", "/nowhere", "/portal/a/b/c/d/e", "/static/a/b", "/v2", "/v1x"),
)
"""Addresses without a route."""

LOCKED: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
FORM: Final = PAGE.replace("form-action 'none'", "form-action 'self'")
INERT: Final = "default-src 'none'; frame-ancestors *; base-uri 'none'; form-action 'none'; sandbox"
PRINTED: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
HASH: Final = r"'sha256-[A-Za-z0-9+/]{43}='"
FRAME: Final = (
    rf"default-src 'none'; style-src {HASH}; script-src {HASH}; frame-ancestors \*; base-uri 'none'; "
    "form-action 'none'; sandbox allow-scripts allow-popups allow-top-navigation-by-user-activation"
)
POLICIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("pages.index", "pages.docs", "pages.operation", "pages.problem"), re.escape(PAGE)),
    **dict.fromkeys(
        (
            *("portal.compare", "portal.dimension", "portal.dimensions", "portal.edition", "portal.index"),
            *("portal.methodologies", "portal.methodology", "portal.methodology_dimension", "portal.methodology_part"),
            *("portal.organisation", "portal.questionnaire"),
            *("portal.suggestions", "portal.territories", "portal.territory"),
        ),
        re.escape(FORM),
    ),
    "portal.printed_sheet": f"{re.escape(FORM)}|{re.escape(PRINTED)}",
    "portal.embed": re.escape(f"{FORM}; frame-src 'self'"),
    **dict.fromkeys(("badges.get", "badges.list", "embeds.score", "embeds.table"), re.escape(INERT)),
    "embeds.card": f"style-src {HASH}; {re.escape(INERT)}",
    "embeds.frame": FRAME,
}
"""Patterns of the policies of what is shown; everything else, problems too, is locked."""

EXPOSED: Final = frozenset(
    {
        *("api-version", "content-disposition", "content-range", "deprecation", "etag", "idempotency-replayed", "link"),
        *("location", "ratelimit", "retry-after", "sunset", "x-request-id"),
    }
)


class Target(NamedTuple):
    """A route and a method: its operation, None where no handler answers, and whether scripts may read the answer.

    `address`: path and query. `asked`: the method of a preflight request, None for any other.
    """

    operation: str | None
    method: str
    address: str
    is_open: bool
    asked: str | None = None


class Crossing(NamedTuple):
    """A request from an origin, with credentials."""

    target: Target
    origin: str | None
    credentials: str


def is_open(operation: str, method: str) -> bool:
    """Return True if scripts of any origin may read what an operation answers, as docs/http.md says."""
    described = BY_ID.get(operation)
    if described is None:
        return operation in OPEN_PAGES
    return operation not in OPERATORS and (operation in OPEN_POSTS if method == "POST" else described.roles is None)


def list_targets(installation: Installation) -> Iterator[Target]:
    """Yield every route with each of its methods, with HEAD, a method that it has not, and preflight requests."""
    values = {
        **installation.place(BY_ID["published.get"]).path,
        **{"dimension": "D1", "slug": "not-found", "territory": "08", "key": "0" * 12, "suggestion": "1", "job": "1"},
        **{"webhook": "0" * 18, "delivery": "1"},
        **{"operation": "scores.create", "part": "sources"},
    }
    names = {"/static/{name}": "site.css", "/embed/{name}": "element.json", "/badge/{name}": f"{values['edition']}.svg"}
    methods: dict[str, dict[str, str]] = {}
    for route, handler in handlers_of(installation.client.app):
        if isinstance(route, HTTPRoute):
            methods.setdefault(route.path_format, {}).update(dict.fromkeys(handler.http_methods, operation_id(handler)))
    for template, found in sorted(methods.items()):
        name = names.get(template, f"{values['organisation']}.svg")
        path = template.format_map({**values, "name": name})
        portal = f"http://testserver/portal/{values['edition']}/{values['organisation']}"
        needed = {"dimension": "D1", "from": values["edition"], "url": portal}
        for method, operation in sorted(found.items()):
            opened = is_open(operation, method)
            queries = BY_ID[operation].queries if operation in BY_ID else ()
            query = urlencode({parameter: needed[parameter] for parameter in queries})
            address = f"{path}?{query}" if query else path
            yield Target(operation, method, address, opened)
            yield Target(operation, "OPTIONS", path, opened, asked=method)
            if method == "GET":
                yield Target(operation, "HEAD", address, opened)
                yield Target(operation, "OPTIONS", path, opened, asked="HEAD")
        yield Target(None, "PROPFIND", path, _is_in_open_family(path))
        yield Target(None, "OPTIONS", path, is_open=False, asked="PROPFIND")
    for path in NOWHERE:
        for method in ("GET", "POST"):
            yield Target(None, method, path, _is_in_open_family(path))


def _is_in_open_family(path: str) -> bool:
    return any(re.match(rf"/{re.escape(family)}(/|\.[a-z]+$|$)", path) for family in OPEN_FAMILIES)


def cross(targets: Sequence[Target], every: int) -> Iterator[Crossing]:
    """Yield one of so many of the requests to these targets; a key that holds is sent only where nothing is written."""
    cells = (Crossing(*cell) for cell in product(targets, ORIGINS, CREDENTIALS))
    writes = frozenset({"POST", "PUT", "PATCH", "DELETE"})
    allowed = (cell for cell in cells if cell.credentials != "key" or cell.target.method not in writes)
    yield from (cell for number, cell in enumerate(allowed) if number % every == 0)


def ask(app: ASGIApp, crossings: Sequence[Crossing], key: str) -> Sequence[Received]:
    """Return the answers to these requests."""
    offered = {"cookie": ("cookie", f"session={key}"), "wrong key": ("authorization", "Bearer x")}
    offered["key"] = ("authorization", f"Bearer {key}")

    def build(crossing: Crossing) -> Sent:
        target = crossing.target
        headers = [] if crossing.origin is None else [("origin", crossing.origin)]
        headers += [offered[crossing.credentials]] if crossing.credentials in offered else []
        headers += [] if target.asked is None else [("access-control-request-method", target.asked)]
        return Sent(target.method, target.address.encode(), [(name.encode(), text.encode()) for name, text in headers])

    async def exchange_all() -> list[Received]:
        return [await exchange(app, build(crossing)) for crossing in crossings]

    return asyncio.run(exchange_all())


def find_violations(crossing: Crossing, answer: Received) -> Iterator[str]:
    """Yield what an answer says of other origins, of credentials or of what a page may do that it should not say."""
    target, headers = crossing.target, answer.headers
    if answer.status >= 500:
        yield f"status {answer.status}"
    allowed = {name: value for name, value in headers.items() if name.startswith("access-control-")}
    is_preflight = target.method == "OPTIONS"
    if not target.is_open or (is_preflight and crossing.origin is None):
        yield from (f"{name}: {value}" for name, value in allowed.items())
        if headers.get("cross-origin-resource-policy", "same-origin") != "same-origin":
            yield "it may be embedded anywhere"
    else:
        if allowed.pop("access-control-allow-origin", None) != "*":
            yield "it is not open to every origin"
        exposed = allowed.pop("access-control-expose-headers", "").lower().split(", ")
        yield from (f"a script cannot see {name}" for name in EXPOSED - set(exposed))
        if headers.get("cross-origin-resource-policy") != "cross-origin":
            yield "it may not be embedded"
        if is_preflight:
            if allowed.pop("access-control-allow-methods", None) != target.asked:
                yield "the preflight does not allow the method"
            if {"authorization", "cookie"} & set(allowed.pop("access-control-allow-headers", "").lower().split(", ")):
                yield "a key may be sent along"
            allowed.pop("access-control-max-age", None)
        yield from (f"{name}: {value}" for name, value in allowed.items())
    if "set-cookie" in headers:
        yield "a cookie"
    if "origin" in headers.get("vary", "").lower():
        yield "it depends on the origin"
    if (headers.get("x-content-type-options"), headers.get("referrer-policy")) != ("nosniff", "no-referrer"):
        yield "nosniff or no-referrer is missing"
    is_shown = target.method in ("GET", "HEAD") and headers.get("content-type") != "application/problem+json"
    policy = POLICIES.get(target.operation or "", re.escape(LOCKED)) if is_shown else re.escape(LOCKED)
    if re.fullmatch(policy, headers.get("content-security-policy", "")) is None:
        yield f"content-security-policy: {headers.get('content-security-policy')}"


@pytest.fixture(scope="module")
def targets(installation: Installation) -> Sequence[Target]:
    """One list for the module: nothing that is asked here changes the installation."""
    return list(list_targets(installation))


def report(installation: Installation, app: ASGIApp, crossings: Sequence[Crossing]) -> Sequence[str]:
    """Return what the answers of an application to these requests should not say."""
    answers = ask(app, crossings, installation.key("administrator"))
    return [
        f"{crossing}: {answer.status}: {violation}"
        for crossing, answer in zip(crossings, answers, strict=True)
        for violation in find_violations(crossing, answer)
    ]


def reflect_origin(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that it trusts whatever origin asks, with its credentials."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_trusting(message: Message) -> None:
            origin = dict(scope["headers"]).get(b"origin")
            if message["type"] == "http.response.start" and origin is not None:
                kept = [pair for pair in message["headers"] if pair[0] != b"access-control-allow-origin"]
                trusting = (b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true")
                message["headers"] = [*kept, *trusting]
            await send(message)

        await app(scope, receive, send_trusting)

    return handle


def count_found(installation: Installation, targets: Sequence[Target]) -> str:
    """Return what is found where an origin is trusted, an operation is open by mistake, or a policy is missing."""
    reads = [target for target in targets if target.method == "GET" and target.address.startswith("/v1/")]
    asked = [Crossing(target, OURS, "none") for target in reads[::4]]
    closed = [crossing for crossing in asked if not crossing.target.is_open]
    app = installation.client.app

    def find() -> int:
        found = report(installation, app, asked)
        return sum(any(line.startswith(str(crossing)) for line in found) for crossing in asked)

    found = report(installation, reflect_origin(app), asked)
    assert all(any(line.startswith(str(crossing)) for line in found) for crossing in asked)
    with patch.object(edge, "is_open", lambda _: True):
        assert find() == len(closed) > 0
    with patch.object(edge, "_LOCKED", (b"content-security-policy", b"default-src *")):
        assert find() == len(asked)
    return (
        f"with the origin reflected {len(asked)} of {len(asked)} answers are found wrong, with everything open "
        f"{len(closed)} of {len(closed)} closed ones, with another policy {len(asked)} of {len(asked)}"
    )


def test_every_route_answers_every_origin_alike(
    installation: Installation, targets: Sequence[Target], figure: FigureRecorder
) -> None:
    before = installation.stored()
    crossings = list(cross(targets, CROSSING))
    assert report(installation, installation.client.app, crossings) == []
    assert {name: rows for name, rows in installation.stored().items() if name != "access_key"} == {
        name: rows for name, rows in before.items() if name != "access_key"
    }
    routes = {operation_id(handler) for _, handler in handlers_of(installation.client.app)}
    assert {crossing.target.operation for crossing in crossings} >= routes
    assert {crossing.origin for crossing in crossings} == set(ORIGINS)
    figure(
        "R24",
        f"answers of {len(routes)} routes, each with its methods, a foreign one and preflights, to {len(ORIGINS)} "
        f"origins with {len(CREDENTIALS)} kinds of credentials, which say of origins or policy what is not documented",
        tried=len(crossings),
        failed=0,
        control=count_found(installation, targets),
    )


def test_what_is_open_can_be_read(installation: Installation, targets: Sequence[Target]) -> None:
    """Without answers that succeed, little of the above would say anything."""
    reads = [Crossing(target, OURS, "none") for target in targets if target.method == "GET" and target.operation]
    answers = ask(installation.client.app, reads, "")
    failed = {read.target.operation for read, answer in zip(reads, answers, strict=True) if answer.status >= 400}
    assert {name for name in failed if name in BY_ID and BY_ID[name].roles is None} == {"suggestions.get"}
