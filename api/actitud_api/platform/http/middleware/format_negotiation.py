"""The other representations of a resource: `Accept` chooses among them, and a suffix names one.

An operation that answers `Files` says in its contract what these represent. Where a client likes one of their media
types better than JSON, it is answered as if it had asked for that file; `Content-Location` says which. A suffix of no
format is answered with those that there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.contract import find_contract
from actitud_api.platform.http.negotiation import JSON, quality
from actitud_api.platform.http.problems import NOT_FOUND, ProblemError, response
from actitud_api.platform.http.representations import JSON_LINES, Files
from actitud_api.platform.http.scope import ApiRequest, read_header

_ALSO_CALLED: Final[Mapping[str, str]] = {"application/x-ndjson": JSON_LINES, "application/x-jsonlines": JSON_LINES}
"""Other names of media types that clients use."""


class _Offer(NamedTuple):
    """Files, and the resource that they represent, by their paths (`/v1/editions/{edition}/scores.{format}`)."""

    resource: str | None
    files: str
    formats: Mapping[str, str]
    at_resource: re.Pattern[str] | None
    at_file: re.Pattern[str]

    @property
    def negotiable(self) -> Mapping[str, str]:
        """The media types that `Accept` can choose, by suffix; JSON is what the resource is anyway."""
        return {suffix: media_type for suffix, media_type in self.formats.items() if media_type != JSON}


class Alternatives:
    """Leads requests to the files of an application; wraps its router (ASGI)."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._inner: ASGIApp = app.asgi_handler
        self._offers = tuple(_offers(app))

    def media_types(self, resource: str) -> Sequence[str]:
        """Return the media types of the files that represent a resource, by its path template."""
        return [found for offer in self._offers if offer.resource == resource for found in offer.negotiable.values()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] == ScopeType.HTTP and scope["method"] in ("GET", "OPTIONS"):
            refused = self._without_format(scope["path"])
            if refused is not None:
                await self._refuse(refused, scope, receive, send)
                return
            accept = read_header(scope, b"accept")
            # Nothing is liked better than JSON where that is liked as much as can be: so most requests go on at once.
            if scope["method"] == "GET" and accept is not None and (liked := quality(accept, JSON)) < 1:
                self._negotiate(scope, accept, liked)
        await self._inner(scope, receive, send)

    def _without_format(self, path: str) -> _Offer | None:
        """Return the files that a path names by a suffix that they lack."""
        if "." not in path:
            return None
        for offer in self._offers:
            found = offer.at_file.fullmatch(path)
            if found is not None and found["format"] not in offer.formats:
                return offer
        return None

    def _negotiate(self, scope: HTTPScope, accept: str, liked: float) -> None:
        """Rewrite a request for a resource to the file that its client prefers to JSON."""
        for other, name in _ALSO_CALLED.items():
            accept = accept.replace(other, name)
        for offer in self._offers:
            found = None if offer.at_resource is None else offer.at_resource.fullmatch(scope["path"])
            if found is None:
                continue
            suffix, media_type = max(offer.negotiable.items(), key=lambda pair: quality(accept, pair[1]))
            if quality(accept, media_type) > liked:
                path = offer.files.format(**found.groupdict(), format=suffix)
                scope["path"], scope["raw_path"] = path, quote(path).encode()
                scope["state"]["negotiated"] = True
            return

    async def _refuse(self, offer: _Offer, scope: HTTPScope, receive: Receive, send: Send) -> None:
        listed = ", ".join(f".{suffix}" for suffix in offer.formats)
        refusal = ProblemError(
            NOT_FOUND,
            Texts(
                f"No existe en ese formato. Los hay con estos sufijos: {listed}.",
                f"It does not exist in that format. There are files with these suffixes: {listed}.",
            ),
        )
        request: ApiRequest = self._app.request_class(scope, receive, send)
        await response(scope, refusal).to_asgi_response(app=None, request=request)(scope, receive, send)


def _offers(app: Litestar) -> Iterator[_Offer]:
    seen = set()
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            contract = find_contract(handler.opt)
            if contract is None or not isinstance(contract.answer, Files):
                continue
            files = files_path(route.path_format)
            if files not in seen:
                seen.add(files)
                resource = contract.represents
                at = None if resource is None else re.compile(_pattern(resource))
                yield _Offer(resource, files, contract.answer.formats, at, re.compile(_pattern(files)))


def files_path(path: str) -> str:
    """Return the path of all formats of a file from the path of one."""
    return f"{path.rpartition('.')[0]}.{{format}}"


def _pattern(path: str) -> str:
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
