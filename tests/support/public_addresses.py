"""Every address of the service that answers GET, with ids that exist, and what an answer says at whatever time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from litestar import Litestar
from litestar.testing import TestClient
from msgspec import Struct

from actitud_api.platform.http.access import handlers_of, operation_id, rule_of
from tests.support.keys import present_key

UNKEPT: Final = frozenset({"system.livez", "system.readyz"})
"""Operations that say how the process is, not what is stored."""
_VARYING: Final = re.compile(r"date|x-request-id|ratelimit.*|retry-after")
"""Headers that change with every request."""
_WORKBOOK: Final = "application/vnd.openxmlformats"
_NAMES: Final[Mapping[str, str]] = {
    "/static/{name}": "page.css",
    "/embed/{name}": "element.json",
    "/badge/{name}": "{earlier}.svg",
    "/share/{name}": "{earlier}.png",
    "/share/{edition}/{name}": "{organisation}.png",
    "/charts/{edition}/{name}": "levels.svg",
    "/charts/{edition}/dimensions/{dimension}/{name}": "means.csv",
}
"""Names of files by the path in which they stand; all others are named after an organisation."""
_LISTS: Final = frozenset(
    {
        *("/v1/editions", "/v1/organisations", "/v1/ledger", "/v1/organisations/{organisation}/scores"),
        *("/v1/editions/{edition}/scores", "/v1/editions/{edition}/assessments", "/v1/editions/{edition}/samples"),
    }
)
"""Lists that are asked for the number of their items too."""


class Ids(Struct, frozen=True, kw_only=True):
    """Ids that take the places of the parameters of a path.

    `editions`: those whose addresses are listed. `earlier`: the published edition from which changes are told.
    """

    editions: Sequence[str]
    earlier: str
    organisation: str
    digest: str
    version: str = "2027.1"
    indicator: str = "D1.07"
    dimension: str = "D1"
    territory: str = "region-08"
    slug: str = "not-found"
    operation: str = "scores.create"
    part: str = "sources"
    suggestion: str = "1"
    job: str = "1"
    webhook: str = "1"
    revision: str = "1"
    number: str = "1"
    size: str = "latest"
    key: str = "0" * 12


class Answer(NamedTuple):
    """An answer without what changes with every request: its status, its headers, its content."""

    status: int
    headers: Sequence[tuple[str, str]]
    content: bytes


def list_addresses(client: TestClient[Litestar], ids: Ids) -> Iterator[str]:
    """Yield every address that answers GET, whoever may read it."""
    yield from _list(client, ids, public_only=False)


def list_public_addresses(client: TestClient[Litestar], ids: Ids) -> Iterator[str]:
    """Yield every address that answers GET without a key, of the document and of the portal, but `UNKEPT`."""
    yield from _list(client, ids, public_only=True)


def read_answer(client: TestClient[Any], address: str, key: str | None = None) -> Answer:
    """Ask for an address, with a key or without, and return what the answer says; no answer is an internal error."""
    response = client.get(address, headers=present_key(key), follow_redirects=False)
    assert response.status_code < 500, (address, response.text)
    content = response.content
    media_type = response.headers.get("content-type", "")
    if media_type.startswith("application/problem+json"):
        content = re.sub(rb'"request_id":"[^"]*"', b"", content)
    told = sorted((name, value) for name, value in response.headers.items() if not _VARYING.fullmatch(name))
    if media_type.startswith(_WORKBOOK):
        # A workbook says when it was made, in one of its members.
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = repr([(one, book.read(one)) for one in book.namelist() if one != "docProps/core.xml"]).encode()
        told = [header for header in told if header[0] != "content-length"]
    return Answer(response.status_code, told, content)


def _list(client: TestClient[Litestar], ids: Ids, *, public_only: bool) -> Iterator[str]:
    paths = {
        route.path_format
        for route, handler in handlers_of(client.app)
        if "GET" in handler.http_methods
        and not (public_only and (rule_of(handler).key == "required" or operation_id(handler) in UNKEPT))
    }
    for path in sorted(paths):
        parameters = set(re.findall(r"\{(\w+)\}", path))
        for edition in ids.editions if "edition" in parameters else ("",):
            address = path.format_map(_build_values(path, ids, edition))
            yield from (address + query for query in _list_queries(path, ids, str(client.base_url)))


def _build_values(path: str, ids: Ids, edition: str) -> Mapping[str, str]:
    return {
        **{name: getattr(ids, name) for name in ids.__struct_fields__},
        **dict.fromkeys(("submission", "transition", "approval"), ids.number),
        "edition": edition,
        "name": _NAMES.get(path, "{organisation}.svg").format(earlier=ids.earlier, organisation=ids.organisation),
    }


def _list_queries(path: str, ids: Ids, base: str) -> Iterator[str]:
    """Yield the queries with which a path is asked; the first is none, even where one is required."""
    yield ""
    if path.endswith("/changes"):
        yield f"?from={ids.earlier}"
    elif path.endswith("/exemplars"):
        yield f"?dimension={ids.dimension}"
    elif path == "/oembed":
        yield f"?url={base}/portal/{ids.earlier}/{ids.organisation}"
    elif path in _LISTS:
        yield "?total=true"
        yield f"?total=true&organisation={ids.organisation}"
