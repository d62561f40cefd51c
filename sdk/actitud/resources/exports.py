"""Exports: lists, scores, indicators and methodologies as files for other programs, each as its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Literal, TypeAlias

from actitud._bind import bind_awaitable, bind_awaitable_stream, bind_blocking, bind_blocking_stream
from actitud._calls import AsyncBound, Bound, Call, QueryValue, Request, build_condition, build_get, fetch_bytes
from actitud._config import Core
from actitud._streams import Lines, Progress, fetch_lines
from actitud.models import OrganisationKind, ScoreStatus

TableFormat: TypeAlias = Literal["csv", "jsonl", "xlsx"]
CubeFormat: TypeAlias = Literal["csv", "jsonl", "xlsx", "jsonstat"]
GraphFormat: TypeAlias = Literal["ttl", "jsonld", "rdf"]
Dialect: TypeAlias = Literal["rfc4180", "excel-es"]

FileRow: TypeAlias = dict[str, str | int | float | bool | None]
"""A row of a file: its columns by name, as docs/formats.md has them; they are frozen."""

EXPORT_MAX = 1024 * 1024 * 1024
"""Bytes of a file that are read at most; the indicators of 8,131 organisations as CSV have 43 MB."""

_JSON = "application/json"
_MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonstat": _JSON,
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}


def export_organisations(
    core: Core,
    *,
    format: TableFormat = "csv",
    dialect: Dialect | None = None,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    q: str | None = None,
    on: date | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[bytes]:
    """Fetch the organisations as a file, all of them or those of the filters, which are those of the list.

    ``format``: ``csv``, ``jsonl`` (a JSON object on each line) or ``xlsx``. ``dialect``: of CSV, ``rfc4180`` unless
    ``excel-es`` is asked for. ``limit``: rows at most, all unless given. ``lang``: language of the titles.
    """
    query = {
        "dialect": dialect,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "q": q,
        "on": on,
        "limit": limit,
        "offset": offset,
    }
    return _file(core, "organisations", format=format, query=query, lang=lang)


def export_editions(
    core: Core,
    *,
    format: TableFormat = "csv",
    dialect: Dialect | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[bytes]:
    """Fetch the editions as a file, the newest first; the parameters as elsewhere."""
    query = {"dialect": dialect, "limit": limit, "offset": offset}
    return _file(core, "editions", format=format, query=query, lang=lang)


def export_edition_scores(
    core: Core,
    edition: str,
    *,
    format: CubeFormat = "csv",
    dialect: Dialect | None = None,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[bytes]:
    """Fetch the scores of an edition as a file: a row for each organisation, with the ten dimensions.

    ``format`` and ``dialect`` as elsewhere; ``jsonstat`` is a cube (JSON-stat 2.0). Filters and ``sort`` are those of
    the list; ``limit``: organisations at most, all unless given. Raises ``NotFound`` on an unknown edition.
    """
    query = {
        "dialect": dialect,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
        "limit": limit,
        "offset": offset,
    }
    return _file(core, "editions", edition, "scores", format=format, query=query, lang=lang)


def export_edition_indicators(
    core: Core,
    edition: str,
    *,
    format: TableFormat = "csv",
    dialect: Dialect | None = None,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[bytes]:
    """Fetch the indicators of a published edition as a file: a row for each organisation and indicator.

    The parameters are those of the scores. Raises ``NotFound`` where the edition is unknown or not published, or too
    large for a workbook.
    """
    query = {
        "dialect": dialect,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
        "limit": limit,
        "offset": offset,
    }
    return _file(core, "editions", edition, "indicators", format=format, query=query, lang=lang)


def stream_organisations(
    core: Core,
    *,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    q: str | None = None,
    on: date | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Call[Lines[FileRow]]:
    """Iterate over the organisations as they come, however many there are; as :func:`stream_edition_scores`."""
    query = {"kind": kind, "region": region, "province": province, "band": band, "parent": parent, "q": q, "on": on}
    return fetch_lines(core, build_get(core, "organisations.jsonl", query=query), FileRow, progress, EXPORT_MAX)


def stream_edition_scores(
    core: Core,
    edition: str,
    *,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: str | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Call[Lines[FileRow]]:
    """Iterate over the scores of a whole edition as they come, in one answer and a bounded part of memory.

    A row has the columns of the file, by name. Filters and ``sort`` are those of the list. ``progress`` is told after
    each piece how many rows and bytes have come. The call is made when the first row is asked for, and repeated as
    others until its answer begins; after that the time-out ``read`` counts for each piece, and what breaks off raises
    ``ConnectionFailed``, ``TimedOut`` or ``UnexpectedResponse``: nothing is ever asked for again half-way, since it
    might be another revision. Raises ``NotFound`` on an unknown edition.
    """
    query = {
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
    }
    return fetch_lines(
        core, build_get(core, "editions", edition, "scores.jsonl", query=query), FileRow, progress, EXPORT_MAX
    )


def stream_edition_indicators(
    core: Core,
    edition: str,
    *,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: str | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Call[Lines[FileRow]]:
    """Iterate over the indicators of a published edition as they come: a row for each organisation and indicator.

    Everything else as in :func:`stream_edition_scores`.
    """
    query = {
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
    }
    request = build_get(core, "editions", edition, "indicators.jsonl", query=query)
    return fetch_lines(core, request, FileRow, progress, EXPORT_MAX)


def export_methodology_indicators(
    core: Core,
    version: str,
    *,
    format: TableFormat = "csv",
    dialect: Dialect | None = None,
    lang: str | None = None,
) -> Call[bytes]:
    """Fetch the indicators of a methodology as a file: what is asked, how it weighs, how it scores.

    ``lang``: language of the texts. Raises ``NotFound`` on an unknown version.
    """
    return _file(core, "methodologies", version, "indicators", format=format, query={"dialect": dialect}, lang=lang)


def get_gobierto(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[bytes]:
    """Fetch the score of an organisation as the tree (JSON) that the indicators module of Gobierto shows.

    Raises ``NotFound`` where the edition is unknown or holds no score of the organisation.
    """
    return _bytes(core, build_get(core, "editions", edition, "scores", organisation, "gobierto.json", lang=lang), _JSON)


def get_datapackage(core: Core, edition: str, *, lang: str | None = None) -> Call[bytes]:
    """Fetch the descriptor (JSON, datapackage.org) of a published edition; ``lang`` is that of its texts.

    Raises ``NotFound`` where the edition is unknown or not published.
    """
    return _bytes(core, build_get(core, "editions", edition, "datapackage.json", lang=lang), _JSON)


def get_catalogue(core: Core, *, format: GraphFormat = "ttl") -> Call[bytes]:
    """Fetch the catalogue of what is published (DCAT), as Turtle, JSON-LD or RDF/XML."""
    target = f"{core.prefix}/catalog.{format}"
    request = Request(method="GET", target=target, lang=core.lang, headers=build_condition(core))
    return _bytes(core, request, _media_type(format))


def _file(core: Core, *segments: str, format: str, query: Mapping[str, QueryValue], lang: str | None) -> Call[bytes]:
    media_type = _media_type(format)
    *path, name = segments
    return _bytes(core, build_get(core, *path, f"{name}.{format}", query=query, lang=lang), media_type)


def _bytes(core: Core, request: Request, media_type: str) -> Call[bytes]:
    return (yield from fetch_bytes(core, request, media_type, EXPORT_MAX)).body


def _media_type(format: str) -> str:
    if format not in _MEDIA_TYPES:
        raise ValueError(f"{format!r} is none of the formats {', '.join(_MEDIA_TYPES)}")
    return _MEDIA_TYPES[format]


class EditionIndicators(Bound):
    """``client.editions.indicators``."""

    export = bind_blocking(export_edition_indicators)
    stream = bind_blocking_stream(stream_edition_indicators)


class MethodologyIndicators(Bound):
    """``client.methodologies.indicators``."""

    export = bind_blocking(export_methodology_indicators)


class Catalogue(Bound):
    """``client.catalogue``."""

    get = bind_blocking(get_catalogue)


class AsyncEditionIndicators(AsyncBound):
    """``async_client.editions.indicators``."""

    export = bind_awaitable(export_edition_indicators)
    stream = bind_awaitable_stream(stream_edition_indicators)


class AsyncMethodologyIndicators(AsyncBound):
    """``async_client.methodologies.indicators``."""

    export = bind_awaitable(export_methodology_indicators)


class AsyncCatalogue(AsyncBound):
    """``async_client.catalogue``."""

    get = bind_awaitable(get_catalogue)
