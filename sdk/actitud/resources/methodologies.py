"""Versions of the methodology: the rules by which scores are computed."""

from __future__ import annotations

from typing import Final

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import AsyncBound, AsyncTransport, Bound, Call, Fetched, Transport, build_get, fetch, fetch_page
from actitud._config import Core
from actitud.models import JsonValue, Listing, Methodology, MethodologySummary
from actitud.resources.exports import AsyncMethodologyIndicators, MethodologyIndicators
from actitud.resources.workbooks import AsyncWorkbook, Workbook


def list_methodologies(
    core: Core, *, limit: int | None = None, offset: int | None = None, total: bool = False, lang: str | None = None
) -> Call[Fetched[MethodologySummary]]:
    """List the versions of the methodology, oldest first. ``lang`` is the language of the titles.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``. Iterating over the result fetches all pages.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "methodologies", query=query, lang=lang), Listing[MethodologySummary])


def get_methodology(core: Core, version: str, *, lang: str | None = None) -> Call[Methodology]:
    """Fetch a complete version of the methodology: its document, and its texts in the language ``lang``.

    Raises ``NotFound`` if the version does not exist.
    """
    return fetch(core, build_get(core, "methodologies", version, lang=lang), Methodology)


def get_request_schema(core: Core, version: str) -> Call[dict[str, JsonValue]]:
    """Fetch the JSON Schema (2020-12) of the facts that are scored under a methodology version (``client.score``).

    Members that the schema does not name are refused. Raises ``NotFound`` if the version does not exist.
    """
    return fetch(core, build_get(core, "methodologies", version, "schema.json"), dict[str, JsonValue])


class Methodologies(Bound):
    """Operations on versions of the methodology, such as ``client.methodologies.list``."""

    list: Final = bind_blocking_list(list_methodologies)
    get: Final = bind_blocking(get_methodology)
    schema: Final = bind_blocking(get_request_schema)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.indicators: Final = MethodologyIndicators(core, transport)
        self.workbook: Final = Workbook(core, transport)


class AsyncMethodologies(AsyncBound):
    """Awaitable operations on versions of the methodology, such as ``async_client.methodologies.list``."""

    list: Final = bind_awaitable_list(list_methodologies)
    get: Final = bind_awaitable(get_methodology)
    schema: Final = bind_awaitable(get_request_schema)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.indicators: Final = AsyncMethodologyIndicators(core, transport)
        self.workbook: Final = AsyncWorkbook(core, transport)
