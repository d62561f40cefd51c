"""Downloads of lists, scores, indicators and methodologies as files, returned as bytes or streamed row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypedDict, TypeVar, Unpack, get_args, overload

import msgspec

from actitud._bind import (
    bind_awaitable,
    bind_awaitable_export,
    bind_awaitable_stream,
    bind_blocking,
    bind_blocking_export,
    bind_blocking_stream,
)
from actitud._calls import AsyncBound, Bound, Call, QueryValue, Request, build_condition, build_get, fetch, fetch_bytes
from actitud._config import Core
from actitud._files import Destination, Export, fetch_export
from actitud._streams import Lines, ProgressCallback, fetch_lines
from actitud.errors import ApiProblem, UnexpectedResponse
from actitud.models import OrganisationKind, ProvinceCode, RegionCode, ScoreSort, ScoreStatus, SizeBand

T = TypeVar("T")

TableFormat: TypeAlias = Literal["csv", "jsonl", "xlsx"]
CubeFormat: TypeAlias = Literal["csv", "jsonl", "xlsx", "jsonstat"]
GraphFormat: TypeAlias = Literal["ttl", "jsonld", "rdf"]
Dialect: TypeAlias = Literal["rfc4180", "excel-es"]

OrganisationColumn: TypeAlias = Literal[
    "organisation", "name", "kind", "parent", "region", "region_name", "province", "province_name", "band",
    "population", "population_year", "employees", "employees_year", "aliases", "domains", "valid_from", "valid_to",
    "succeeded_by", "simulated",
]  # fmt: skip
EditionColumn: TypeAlias = Literal[
    "edition", "title", "methodology", "state", "period_from", "period_to", "organisations", "simulated",
]  # fmt: skip
ScoreColumn: TypeAlias = Literal[
    "edition", "period_to", "organisation", "organisation_name", "kind", "region", "region_name", "province",
    "province_name", "band", "population", "rank", "index", "index_max", "coverage", "status", "level", "d1", "d2",
    "d3", "d4", "d5", "d6", "d7", "d8", "d9", "d10", "methodology", "simulated", "verdicts", "replies",
]  # fmt: skip
IndicatorColumn: TypeAlias = Literal[
    "edition", "organisation", "organisation_name", "dimension", "indicator", "state", "reason", "value", "score",
    "weight", "possible", "won", "lost", "methodology", "simulated", "verdict", "verdict_reason", "reply",
]  # fmt: skip
MethodologyColumn: TypeAlias = Literal[
    "methodology", "dimension", "dimension_name", "group", "indicator", "name", "question", "unit", "type",
    "direction", "weight", "curve", "goalposts", "evidence", "bullets",
]  # fmt: skip

FileRow: TypeAlias = dict[str, str | int | float | bool | None]
"""A row of a streamed file, by column name. docs/formats.md lists the columns, whose names never change."""


class _Form(TypedDict, total=False):
    format: TableFormat
    dialect: Dialect | None
    lang: str | None


class _Part(_Form, total=False):
    limit: int | None
    offset: int | None


class TextExport(_Form, total=False):
    """Optional arguments of ``methodologies.indicators.export``: form and content of the file.

    ``fields``: only these columns, ``None`` for all. ``format`` and ``dialect``: form of the file. ``lang``: language
    of the texts.
    """

    fields: Sequence[MethodologyColumn] | None


class ListExport(_Part, total=False):
    """Optional arguments of ``editions.export``: form and content of the file.

    ``fields``: only these columns, ``None`` for all. ``limit`` and ``offset``: rows to write and to skip, by default
    all and none. ``format``, ``dialect`` and ``lang``: form of the file, and language of the column titles.
    """

    fields: Sequence[EditionColumn] | None


class _Selection(TypedDict, total=False):
    kind: OrganisationKind | None
    region: RegionCode | None
    province: ProvinceCode | None
    band: SizeBand | None
    parent: str | None


class OrganisationExport(_Part, _Selection, total=False):
    """Optional arguments of ``organisations.export``: form and content of the file. ``None`` does not filter.

    - ``q``: words of the organisation's names, id, aliases, province or region.
    - ``on``: only organisations that existed on this day.
    - ``fields``: only these columns, ``None`` for all.
    """

    q: str | None
    on: date | None
    fields: Sequence[OrganisationColumn] | None


class ScoreSelection(_Selection, total=False):
    """Optional arguments of every download of an edition's scores or indicators, except format and columns.

    A filter that is ``None`` does not filter.

    - ``dialect``: CSV dialect, ``rfc4180`` (default) or ``excel-es``.
    - ``q``: words of the organisation's names, id, aliases, province or region.
    - ``level``: 1 to 5. ``status``: status of the score.
    - ``organisation``: an id, or up to 100 ids.
    - ``sort``: order of the rows, by default the ranks.
    - ``limit`` and ``offset``: organisations to write and to skip, by default all and none.
    - ``lang``: language of the column titles.
    """

    dialect: Dialect | None
    q: str | None
    level: int | None
    status: ScoreStatus | None
    organisation: str | Sequence[str] | None
    sort: ScoreSort | None
    limit: int | None
    offset: int | None
    lang: str | None


class ScoreExport(ScoreSelection, total=False):
    """Optional arguments of ``editions.scores.export``: form and content of the file.

    ``format``: ``csv``, ``jsonl``, ``xlsx`` or ``jsonstat``. ``fields``: only these columns, ``None`` for all.
    """

    format: CubeFormat
    fields: Sequence[ScoreColumn] | None


class IndicatorExport(ScoreSelection, total=False):
    """Optional arguments of ``editions.indicators.export``: form and content of the file.

    ``format``: ``csv``, ``jsonl`` or ``xlsx``. ``fields``: only these columns, ``None`` for all.
    """

    format: TableFormat
    fields: Sequence[IndicatorColumn] | None


EXPORT_MAX = 1024 * 1024 * 1024
"""Largest file that is read, in bytes. The indicators of 8,131 organisations as CSV have 43 MB."""

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


@overload
def export_organisations(
    core: Core, *, to: None = None, **options: Unpack[OrganisationExport]
) -> Call[Export[bytes]]: ...


@overload
def export_organisations(
    core: Core, *, to: Destination, progress: ProgressCallback | None = None, **options: Unpack[OrganisationExport]
) -> Call[Export[Path]]: ...


def export_organisations(
    core: Core,
    *,
    to: Destination | None = None,
    progress: ProgressCallback | None = None,
    format: TableFormat = "csv",
    dialect: Dialect | None = None,
    fields: Sequence[OrganisationColumn] | None = None,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    q: str | None = None,
    on: date | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Export[bytes]] | Call[Export[Path]]:
    """Download organisations as a file.

    - ``to``: the path to write the file to, which is returned; if it is not passed, the bytes are returned.
    - ``progress``: called after each chunk that is written; another request first counts the rows of a CSV or JSON
      Lines file.
    - ``format``: ``csv``, ``jsonl`` (one JSON object per line) or ``xlsx``.
    - ``dialect``: CSV dialect, ``rfc4180`` (default) or ``excel-es``.
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``on``: only organisations that existed on this day.
    - ``limit``: maximum number of rows, default all.
    - ``offset``: rows to skip.
    - ``fields``: only these columns, in the order of the table.
    - ``lang``: language of the column titles.
    """
    query = {
        "dialect": dialect,
        "fields": fields,
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
    return _fetch_file(
        core,
        "organisations",
        format=format,
        query=query,
        to=to,
        progress=progress,
        lang=lang,
        listed="Organisations.list",
    )


@overload
def export_editions(core: Core, *, to: None = None, **options: Unpack[ListExport]) -> Call[Export[bytes]]: ...


@overload
def export_editions(
    core: Core, *, to: Destination, progress: ProgressCallback | None = None, **options: Unpack[ListExport]
) -> Call[Export[Path]]: ...


def export_editions(
    core: Core,
    *,
    to: Destination | None = None,
    progress: ProgressCallback | None = None,
    format: TableFormat = "csv",
    dialect: Dialect | None = None,
    fields: Sequence[EditionColumn] | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Export[bytes]] | Call[Export[Path]]:
    """Download the editions as a file, newest first.

    - ``to``: the path to write the file to, which is returned; if it is not passed, the bytes are returned.
    - ``progress``: called after each chunk that is written; another request first counts the rows of a CSV or JSON
      Lines file.
    - ``format``: ``csv``, ``jsonl`` (one JSON object per line) or ``xlsx``.
    - ``dialect``: CSV dialect, ``rfc4180`` (default) or ``excel-es``.
    - ``limit``: maximum number of rows, default all.
    - ``offset``: rows to skip.
    - ``fields``: only these columns, in the order of the table.
    - ``lang``: language of the column titles.
    """
    query = {"dialect": dialect, "fields": fields, "limit": limit, "offset": offset}
    return _fetch_file(
        core, "editions", format=format, query=query, to=to, progress=progress, lang=lang, listed="Editions.list"
    )


@overload
def export_edition_scores(
    core: Core, edition: str, *, to: None = None, **options: Unpack[ScoreExport]
) -> Call[Export[bytes]]: ...


@overload
def export_edition_scores(
    core: Core,
    edition: str,
    *,
    to: Destination,
    progress: ProgressCallback | None = None,
    **options: Unpack[ScoreExport],
) -> Call[Export[Path]]: ...


def export_edition_scores(
    core: Core,
    edition: str,
    *,
    to: Destination | None = None,
    progress: ProgressCallback | None = None,
    format: CubeFormat = "csv",
    dialect: Dialect | None = None,
    fields: Sequence[ScoreColumn] | None = None,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    q: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: ScoreSort | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Export[bytes]] | Call[Export[Path]]:
    """Download the scores of an edition as a file: one row per organisation, with its ten dimensions.

    - ``to``: the path to write the file to, which is returned; if it is not passed, the bytes are returned.
    - ``progress``: called after each chunk that is written; another request first counts the rows of a CSV or JSON
      Lines file.
    - ``format``: ``csv``, ``jsonl`` (one JSON object per line), ``xlsx``, or ``jsonstat`` for a JSON-stat 2.0 cube.
    - ``dialect``: CSV dialect, ``rfc4180`` (default) or ``excel-es``.
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``level``: 1 to 5.
    - ``status``: status of the score, such as ``complete``.
    - ``organisation``: an id, or up to 100 ids.
    - ``sort``: ``rank``, ``organisation``, ``organisation_name``, ``population``, ``index_max``, ``coverage`` or a
      dimension (``D1`` …); a leading ``-`` reverses the order.
    - ``limit``: maximum number of organisations, default all.
    - ``offset``: organisations to skip.
    - ``fields``: only these columns, in the order of the table.
    - ``lang``: language of the column titles.

    Raises ``NotFound`` if the edition does not exist.
    """
    query = {
        "dialect": dialect,
        "fields": fields,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "q": q,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
        "limit": limit,
        "offset": offset,
    }
    return _fetch_file(
        core,
        "editions",
        edition,
        "scores",
        format=format,
        query=query,
        to=to,
        progress=progress,
        lang=lang,
        formats=get_args(CubeFormat),
        listed="EditionScores.list",
    )


@overload
def export_edition_indicators(
    core: Core, edition: str, *, to: None = None, **options: Unpack[IndicatorExport]
) -> Call[Export[bytes]]: ...


@overload
def export_edition_indicators(
    core: Core,
    edition: str,
    *,
    to: Destination,
    progress: ProgressCallback | None = None,
    **options: Unpack[IndicatorExport],
) -> Call[Export[Path]]: ...


def export_edition_indicators(
    core: Core,
    edition: str,
    *,
    to: Destination | None = None,
    progress: ProgressCallback | None = None,
    format: TableFormat = "csv",
    dialect: Dialect | None = None,
    fields: Sequence[IndicatorColumn] | None = None,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    q: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: ScoreSort | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Export[bytes]] | Call[Export[Path]]:
    """Download the indicators of a published edition as a file: one row per organisation and indicator.

    - ``to``: the path to write the file to, which is returned; if it is not passed, the bytes are returned.
    - ``progress``: called after each chunk that is written.
    - ``format``: ``csv``, ``jsonl`` (one JSON object per line) or ``xlsx``.
    - ``dialect``: CSV dialect, ``rfc4180`` (default) or ``excel-es``.
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``level``: 1 to 5.
    - ``status``: status of the score, such as ``complete``.
    - ``organisation``: an id, or up to 100 ids.
    - ``sort``: ``rank``, ``organisation``, ``organisation_name``, ``population``, ``index_max``, ``coverage`` or a
      dimension (``D1`` …); a leading ``-`` reverses the order.
    - ``limit``: maximum number of organisations, default all.
    - ``offset``: organisations to skip.
    - ``fields``: only these columns, in the order of the table.
    - ``lang``: language of the column titles.

    Raises ``NotFound`` if the edition does not exist, is not published, or has more rows than an XLSX sheet can hold.
    """
    query = {
        "dialect": dialect,
        "fields": fields,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "q": q,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
        "limit": limit,
        "offset": offset,
    }
    return _fetch_file(
        core, "editions", edition, "indicators", format=format, query=query, to=to, progress=progress, lang=lang
    )


def stream_organisations(
    core: Core,
    *,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    q: str | None = None,
    on: date | None = None,
    fields: Sequence[OrganisationColumn] | None = None,
    progress: ProgressCallback | None = None,
) -> Call[Lines[FileRow]]:
    """Stream organisations row by row from one response, in bounded memory.

    A row is a dictionary of the columns of the downloadable file, by name.

    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``on``: only organisations that existed on this day.
    - ``fields``: only these columns, in the order of the table.
    - ``progress``: called after each chunk with the rows and bytes received so far; another request first counts all
      rows.

    The request is sent when you ask for the first row.

    A failure before the first byte is retried up to ``max_retries`` times. A later failure raises ``ConnectionFailed``,
    ``TimedOut`` or ``UnexpectedResponse`` without a retry; the ``read`` time-out applies to each row.
    """
    query = {
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "q": q,
        "on": on,
        "fields": fields,
    }
    count = None if progress is None else _count_rows(core, "Organisations.list", ["organisations"], query)
    return fetch_lines(core, build_get(core, "organisations.jsonl", query=query), FileRow, progress, EXPORT_MAX, count)


def stream_edition_scores(
    core: Core,
    edition: str,
    *,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    q: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: ScoreSort | None = None,
    fields: Sequence[ScoreColumn] | None = None,
    progress: ProgressCallback | None = None,
) -> Call[Lines[FileRow]]:
    """Stream the scores of a whole edition row by row from one response, in bounded memory.

    A row is a dictionary of the columns of the downloadable file, by name.

    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``level``: 1 to 5.
    - ``status``: status of the score, such as ``complete``.
    - ``organisation``: an id, or up to 100 ids.
    - ``sort``: ``rank``, ``organisation``, ``organisation_name``, ``population``, ``index_max``, ``coverage`` or a
      dimension (``D1`` …); a leading ``-`` reverses the order.
    - ``fields``: only these columns, in the order of the table.
    - ``progress``: called after each chunk with the rows and bytes received so far; another request first counts all
      rows.

    The request is sent when you ask for the first row.

    Raises ``NotFound`` if the edition does not exist. A failure before the first byte is retried up to ``max_retries``
    times. A later failure raises ``ConnectionFailed``, ``TimedOut`` or ``UnexpectedResponse`` without a retry, because
    the edition could have a new revision by then; the ``read`` time-out applies to each row.
    """
    query = {
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "q": q,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
        "fields": fields,
    }
    request = build_get(core, "editions", edition, "scores.jsonl", query=query)
    listed = ["editions", edition, "scores"]
    count = None if progress is None else _count_rows(core, "EditionScores.list", listed, query)
    return fetch_lines(core, request, FileRow, progress, EXPORT_MAX, count)


def stream_edition_indicators(
    core: Core,
    edition: str,
    *,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    q: str | None = None,
    level: int | None = None,
    status: ScoreStatus | None = None,
    organisation: str | Sequence[str] | None = None,
    sort: ScoreSort | None = None,
    fields: Sequence[IndicatorColumn] | None = None,
    progress: ProgressCallback | None = None,
) -> Call[Lines[FileRow]]:
    """Stream the indicators of a published edition: one row per organisation and indicator.

    A row is a dictionary of the columns of the downloadable file, by name.

    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``level``: 1 to 5.
    - ``status``: status of the score, such as ``complete``.
    - ``organisation``: an id, or up to 100 ids.
    - ``sort``: ``rank``, ``organisation``, ``organisation_name``, ``population``, ``index_max``, ``coverage`` or a
      dimension (``D1`` …); a leading ``-`` reverses the order.
    - ``fields``: only these columns, in the order of the table.
    - ``progress``: called after each chunk with the rows and bytes received so far.

    The request is sent when you ask for the first row.

    Raises ``NotFound`` if the edition does not exist or is not published. A failure before the first byte is retried up
    to ``max_retries`` times. A later failure raises ``ConnectionFailed``, ``TimedOut`` or ``UnexpectedResponse``
    without a retry, because the edition could have a new revision by then; the ``read`` time-out applies to each row.
    """
    query = {
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "q": q,
        "level": level,
        "status": status,
        "organisation": organisation,
        "sort": sort,
        "fields": fields,
    }
    request = build_get(core, "editions", edition, "indicators.jsonl", query=query)
    return fetch_lines(core, request, FileRow, progress, EXPORT_MAX)


@overload
def export_methodology_indicators(
    core: Core, version: str, *, to: None = None, **options: Unpack[TextExport]
) -> Call[Export[bytes]]: ...


@overload
def export_methodology_indicators(
    core: Core,
    version: str,
    *,
    to: Destination,
    progress: ProgressCallback | None = None,
    **options: Unpack[TextExport],
) -> Call[Export[Path]]: ...


def export_methodology_indicators(
    core: Core,
    version: str,
    *,
    to: Destination | None = None,
    progress: ProgressCallback | None = None,
    format: TableFormat = "csv",
    dialect: Dialect | None = None,
    fields: Sequence[MethodologyColumn] | None = None,
    lang: str | None = None,
) -> Call[Export[bytes]] | Call[Export[Path]]:
    """Download the indicators of a methodology version as a file: questions, weights and scoring rules.

    - ``to``: the path to write the file to, which is returned; if it is not passed, the bytes are returned.
    - ``progress``: called after each chunk that is written.
    - ``format``: ``csv``, ``jsonl`` (one JSON object per line) or ``xlsx``.
    - ``dialect``: CSV dialect, ``rfc4180`` (default) or ``excel-es``.
    - ``fields``: only these columns, in the order of the table.
    - ``lang``: language of the texts.

    Raises ``NotFound`` if the version does not exist.
    """
    return _fetch_file(
        core,
        "methodologies",
        version,
        "indicators",
        format=format,
        query={"dialect": dialect, "fields": fields},
        to=to,
        progress=progress,
        lang=lang,
    )


def get_gobierto(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[bytes]:
    """Download an organisation's score as a JSON tree for the indicators module of Gobierto, a transparency portal.

    ``lang``: language of the names and texts. Raises ``NotFound`` if the edition does not exist or has no score of the
    organisation.
    """
    return _fetch_raw(
        core, build_get(core, "editions", edition, "scores", organisation, "gobierto.json", lang=lang), _JSON
    )


def get_datapackage(core: Core, edition: str, *, lang: str | None = None) -> Call[bytes]:
    """Download the Data Package descriptor (datapackage.org, JSON) of a published edition.

    ``lang``: language of its texts. Raises ``NotFound`` if the edition does not exist or is not published.
    """
    return _fetch_raw(core, build_get(core, "editions", edition, "datapackage.json", lang=lang), _JSON)


def get_catalogue(core: Core, *, format: GraphFormat = "ttl") -> Call[bytes]:
    """Download the DCAT catalogue of the published data.

    ``format``: ``ttl`` for Turtle, ``jsonld`` for JSON-LD or ``rdf`` for RDF/XML.
    """
    target = f"{core.prefix}/catalog.{format}"
    request = Request(method="GET", target=target, lang=core.lang, headers=build_condition(core))
    return _fetch_raw(core, request, _find_media_type(format, get_args(GraphFormat)))


def _fetch_file(
    core: Core,
    *segments: str,
    format: str,
    query: Mapping[str, QueryValue],
    to: Destination | None,
    progress: ProgressCallback | None,
    lang: str | None,
    formats: Sequence[str] = get_args(TableFormat),
    listed: str | None = None,
) -> Call[Export[T]]:
    """Fetch a file in one of its ``formats``.

    ``listed``: method that lists what its rows are; ``None`` if they cannot be counted by a list.
    """
    media_type = _find_media_type(format, formats)
    *path, name = segments
    request = build_get(core, *path, f"{name}.{format}", query=query, lang=lang)
    count: Call[int | None] | None = None
    # The service says the size of other formats.
    if listed is not None and progress is not None and format in ("csv", "jsonl"):
        count = _count_rows(core, listed, segments, query)
    return fetch_export(core, request, media_type, EXPORT_MAX, to=to, progress=progress, count=count)


class _Counted(msgspec.Struct):
    total: int | None = None


def _count_rows(
    core: Core, operation: str, segments: Sequence[str], query: Mapping[str, QueryValue]
) -> Call[int | None]:
    """Return the number of rows that a file will have, or ``None`` if the service does not say it.

    ``operation``: the method that lists the same rows, at the path ``segments``. ``query``: that of the file.
    """
    filters = {name: value for name, value in query.items() if name not in ("dialect", "fields", "limit", "offset")}
    lister = msgspec.structs.replace(core, operation=operation, if_none_match=None)
    try:
        counted = yield from fetch(
            lister, build_get(lister, *segments, query={**filters, "limit": 1, "total": True}), _Counted
        )
    except (ApiProblem, UnexpectedResponse):
        # The file itself says what is wrong; without a number there is no percentage.
        return None
    if counted.total is None:
        return None
    offset, limit = query.get("offset"), query.get("limit")
    rows = max(0, counted.total - (offset if isinstance(offset, int) else 0))
    return min(rows, limit) if isinstance(limit, int) else rows


def _fetch_raw(core: Core, request: Request, media_type: str) -> Call[bytes]:
    return (yield from fetch_bytes(core, request, media_type, EXPORT_MAX)).body


def _find_media_type(format: str, formats: Sequence[str]) -> str:
    if format not in formats:
        raise ValueError(f"{format!r} is none of the formats {', '.join(formats)}")
    return _MEDIA_TYPES[format]


class EditionIndicators(Bound):
    """Operations on the indicators of an edition, such as ``client.editions.indicators.export``."""

    export: Final = bind_blocking_export(export_edition_indicators)
    stream: Final = bind_blocking_stream(stream_edition_indicators)


class MethodologyIndicators(Bound):
    """Operations on the indicators of a methodology: ``client.methodologies.indicators.export``."""

    export: Final = bind_blocking_export(export_methodology_indicators)


class Catalogue(Bound):
    """Operations on the DCAT catalogue: ``client.catalogue.get``."""

    get: Final = bind_blocking(get_catalogue)


class AsyncEditionIndicators(AsyncBound):
    """Awaitable operations on the indicators of an edition, such as ``async_client.editions.indicators.export``."""

    export: Final = bind_awaitable_export(export_edition_indicators)
    stream: Final = bind_awaitable_stream(stream_edition_indicators)


class AsyncMethodologyIndicators(AsyncBound):
    """Awaitable operations on the indicators of a methodology: ``async_client.methodologies.indicators.export``."""

    export: Final = bind_awaitable_export(export_methodology_indicators)


class AsyncCatalogue(AsyncBound):
    """Awaitable operations on the DCAT catalogue: ``async_client.catalogue.get``."""

    get: Final = bind_awaitable(get_catalogue)
