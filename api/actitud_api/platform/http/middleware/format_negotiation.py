"""Negotiation of formats: `Accept` selects one of the files that represent a resource.

The scores of an edition, for example, are a resource (`…/scores`) and files (`…/scores.csv`). The contract of
the operation that returns the files names the path of the resource (`represents`). If a client asks for the
resource but prefers the media type of a file to JSON, the request is handled as if it had asked for that file,
and `Content-Location` names the file. A path with an unknown suffix gets a 404 problem that lists the known
ones.
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
from actitud_api.platform.http.negotiation import JSON, compute_quality
from actitud_api.platform.http.problems import NOT_FOUND, ProblemError, build_response
from actitud_api.platform.http.representations import JSON_LINES, Files
from actitud_api.platform.http.scope import ApiRequest, read_header

_MEDIA_TYPE_ALIASES: Final[Mapping[str, str]] = {
    "application/x-ndjson": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
}
"""Media types that clients use for JSON Lines, and the one that this service uses."""


class _FileSet(NamedTuple):
    """Files with the same content in several formats, and the resource that they represent.

    Attributes:
        resource: Path template of the resource, such as `/v1/editions/{edition}/scores`; None if no resource has the
            same content.
        files: Path template of the files, such as `/v1/editions/{edition}/scores.{format}`.
        formats: Media types by suffix.
        at_resource: Pattern that matches actual paths of the resource; None if no resource has the same content.
        at_file: Pattern that matches actual paths of the files.
    """

    resource: str | None
    files: str
    formats: Mapping[str, str]
    at_resource: re.Pattern[str] | None
    at_file: re.Pattern[str]

    @property
    def negotiable(self) -> Mapping[str, str]:
        """Media types that `Accept` can select, by suffix. JSON is left out: the resource itself is JSON."""
        return {suffix: media_type for suffix, media_type in self.formats.items() if media_type != JSON}


class Alternatives:
    """ASGI layer around the router that routes to a file if the client of a resource prefers that file by `Accept`."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._inner: ASGIApp = app.asgi_handler
        self._file_sets = tuple(_file_sets(app))

    def media_types(self, resource: str) -> Sequence[str]:
        """Return the media types of the files that represent a resource, given its path template."""
        return [
            media_type
            for file_set in self._file_sets
            if file_set.resource == resource
            for media_type in file_set.negotiable.values()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request (ASGI): route it to a file if `Accept` prefers one."""
        if scope["type"] == ScopeType.HTTP and scope["method"] in ("GET", "OPTIONS"):
            unknown = self._find_unknown_format(scope["path"])
            if unknown is not None:
                await self._refuse(unknown, scope, receive, send)
                return
            if scope["method"] == "GET":
                path = self.choose_path(scope["path"], read_header(scope, b"accept"))
                if path != scope["path"]:
                    scope["state"]["requested_path"] = scope["path"]
                    scope["path"], scope["raw_path"] = path, quote(path).encode()
        await self._inner(scope, receive, send)

    def _find_unknown_format(self, path: str) -> _FileSet | None:
        """Return the files that a path would name if its suffix were known, such as `…/scores.pdf`.

        Return None if the suffix is one of their formats, or if no files have such a path.
        """
        if "." not in path:
            return None
        for file_set in self._file_sets:
            match = file_set.at_file.fullmatch(path)
            if match is not None and match["format"] not in file_set.formats:
                return file_set
        return None

    def choose_path(self, path: str, accept: str | None) -> str:
        """Return the path of the file that `Accept` prefers to JSON, or `path` itself if it prefers none.

        `path` is the path of a requested resource, and `accept` the header, None without one.
        """
        # No weight is above 1: if JSON has it, as in most requests, no other format can be preferred.
        if accept is None or (json_quality := compute_quality(accept, JSON)) >= 1:
            return path
        for other, name in _MEDIA_TYPE_ALIASES.items():
            accept = accept.replace(other, name)
        for file_set in self._file_sets:
            match = None if file_set.at_resource is None else file_set.at_resource.fullmatch(path)
            if match is None:
                continue
            # `max` keeps the first of equals, so the order of the formats in the contract decides a tie.
            suffix, media_type = max(file_set.negotiable.items(), key=lambda pair: compute_quality(accept, pair[1]))
            if compute_quality(accept, media_type) > json_quality:
                return file_set.files.format(**match.groupdict(), format=suffix)
            return path
        return path

    async def _refuse(self, file_set: _FileSet, scope: HTTPScope, receive: Receive, send: Send) -> None:
        listed = ", ".join(f".{suffix}" for suffix in file_set.formats)
        refusal = ProblemError(
            NOT_FOUND,
            Texts(
                "No existe en ese formato. Los hay con estos sufijos: {listed}.",
                "It does not exist in that format. There are files with these suffixes: {listed}.",
                listed=listed,
            ),
        )
        request: ApiRequest = self._app.request_class(scope, receive, send)
        response = build_response(scope, refusal, is_described=True)
        await response.to_asgi_response(app=None, request=request)(scope, receive, send)


def _file_sets(app: Litestar) -> Iterator[_FileSet]:
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
                at = None if resource is None else re.compile(_build_pattern(resource))
                yield _FileSet(resource, files, contract.answer.formats, at, re.compile(_build_pattern(files)))


def files_path(path: str) -> str:
    """Return a path of a file with `{format}` in place of its suffix: `/scores.{format}` for `/scores.csv`."""
    return f"{path.rpartition('.')[0]}.{{format}}"


def _build_pattern(path: str) -> str:
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
