"""Routes of the downloads: tables in every format, Data Package, Gobierto tree, DCAT catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from litestar import Controller, Response
from litestar.response import Stream

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration.narrated import narrate
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import (
    ANYBODY,
    ANYBODY_COMPUTING,
    ANYBODY_UNLIMITED,
    KEY_SHOWS_MORE,
    KEY_SHOWS_MORE_COMPUTING,
)
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.large_responses import LargeResponse, ensure_awaited, give_way
from actitud_api.platform.http.negotiation import JSON, compute_quality
from actitud_api.platform.http.operations import get, get_page
from actitud_api.platform.http.problems import NOT_FOUND, ProblemMapping, maps_to, refuse_media_type
from actitud_api.platform.http.representations import CSV, JSON_LINES, REVALIDATE, XLSX, Files, Representation
from actitud_api.platform.http.scope import (
    ApiRequest,
    choose_language,
    find_base_url,
    find_own_url,
    follows_host,
    read_header,
)
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.file_store import FileStore, StoreEntry
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.methodologies import service as methodologies
from actitud_api.resources.methodologies.routes import announce_retirement
from actitud_api.resources.methodologies.schemas import MethodologyPath
from actitud_api.resources.organisations import schemas as registered
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores import schemas as scored
from actitud_api.resources.scores import service as scores
from actitud_api.web.downloads import columns, edition_files, gobierto, package, schemas, service
from actitud_api.web.downloads.catalogue import build_catalogue
from actitud_api.web.downloads.edition_files import TableFactory, TableFile, TableName
from actitud_api.web.downloads.formats import rdf
from actitud_api.web.downloads.formats.json_stat import CubeUnit
from actitud_api.web.downloads.formats.tables import TableColumn, select_cells
from actitud_api.web.downloads.publisher import LICENSE, Publisher
from actitud_api.web.downloads.service import EditionSource, Rows, RowSelection, WorkbookTooLarge

T = TypeVar("T")

ROWS_AT_ONCE: Final = 50
"""Rows that are encoded before other requests pass: those of a workbook take 15 ms of processor time."""

TABLE: Final[Mapping[str, str]] = {"csv": CSV, "jsonl": JSON_LINES, "xlsx": XLSX}
CUBE: Final[Mapping[str, str]] = {**TABLE, "jsonstat": JSON}

ORGANISATIONS: Final = Files(TABLE, sentences=True)
EDITIONS: Final = Files(TABLE, sentences=True)
SCORES: Final = Files(CUBE, sentences=True, kept=True)
INDICATORS: Final = Files(TABLE, sentences=True, kept=True)
METHODOLOGY: Final = Files(TABLE, sentences=True)
GOBIERTO: Final = Files({"json": JSON}, json=tuple[schemas.TreeNode, ...], sentences=True)
PACKAGE: Final = Representation(schemas.DataPackage, sentences=True, is_standard=True)
CATALOGUE: Final[Mapping[str, str]] = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}

CATALOGUE_FILES: Final = Files(CATALOGUE)

_LICENSED: Final = f'<{LICENSE}>; rel="license"'

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        WorkbookTooLarge,
        NOT_FOUND,
        Texts(
            "No hay un libro de {rows} filas, sino de {maximum} como mucho: pida menos con los filtros o "
            "`limit`, o pídalas como .csv o .jsonl.",
            "There is no workbook of {rows} rows, only of up to {maximum}: ask for fewer by the filters "
            "or `limit`, or for .csv or .jsonl.",
        ),
    ),
)


def _build_paths(path: str, formats: Mapping[str, str]) -> list[str]:
    """Return one path per format: `path` with the format as suffix, such as `.csv`."""
    return [f"{path}.{suffix}" for suffix in formats]


class ListsController(Controller):
    """Routes of the lists of organisations, editions and indicators as files."""

    path = "/v1"

    @get(
        _build_paths("/organisations", TABLE),
        operation_id="organisations.export",
        access=ANYBODY_COMPUTING,
        answer=ORGANISATIONS,
        represents="/v1/organisations",
        tags=["organisations"],
    )
    def export_organisations(
        self,
        request: ApiRequest,
        query: schemas.OrganisationsQuery,
        database: Database,
        publisher: Publisher,
        language: Language,
    ) -> Response[bytes] | Stream | LargeResponse:
        """Export the organisations as a file.

        The file contains all organisations, or those that the filters select, in the order of their ids. Names of
        columns and codes never change, and new columns are added at the end. Titles are in the language of `lang`.
        """
        filters = registered.build_filters(query, organisations.OrganisationFilters)
        return _TableResponse(
            request,
            ORGANISATIONS,
            "organisations",
            columns.list_organisation_columns(language),
            query,
            lambda: service.list_organisation_rows(database, filters, query.offset, query.limit),
            publisher,
        ).build_response("actitud-organisations", organisations.get_state(database))

    @get(
        _build_paths("/editions", TABLE),
        operation_id="editions.export",
        access=ANYBODY_COMPUTING,
        answer=EDITIONS,
        represents="/v1/editions",
        tags=["editions"],
    )
    def export_editions(
        self,
        request: ApiRequest,
        query: schemas.EditionsQuery,
        database: Database,
        publisher: Publisher,
        language: Language,
    ) -> Response[bytes] | Stream | LargeResponse:
        """Export the editions as a file.

        The file contains all editions, newest first. Names of columns and codes never change, and new columns are added
        at the end. Titles are in the language of `lang`.
        """
        # There are so few that they are read to know their state.
        rows = list(service.list_edition_rows(database, language, query.offset, query.limit))
        return _TableResponse(
            request,
            EDITIONS,
            "editions",
            columns.list_edition_columns(language),
            query,
            lambda: iter(rows),
            publisher,
            is_large=False,
        ).build_response("actitud-editions", rows)

    @get(
        _build_paths("/methodologies/{version:str}/indicators", TABLE),
        operation_id="methodologies.indicators.export",
        access=ANYBODY,
        answer=METHODOLOGY,
        represents="/v1/methodologies/{version}",
        tags=["methodologies"],
    )
    def export_methodology(
        self,
        request: ApiRequest,
        path: MethodologyPath,
        query: schemas.CatalogueQuery,
        publisher: Publisher,
        language: Language,
    ) -> Response[bytes] | Stream | LargeResponse:
        """Export the indicators of a methodology as a file.

        The file has one row per indicator, with its question, its weight and its scoring curve. Names of columns and
        codes never change, and new columns are added at the end. Titles are in the language of `lang`.
        """
        methodology = methodologies.get_methodology(path.version)
        announce_retirement(request, methodology)
        return _TableResponse(
            request,
            METHODOLOGY,
            "indicators",
            columns.list_catalogue_columns(language),
            query,
            lambda: service.list_catalogue_rows(methodology, language),
            publisher,
            is_large=False,
        ).build_response(f"actitud-methodology-{methodology.version}", (methodology.digest, methodology.text_digests))


class EditionFilesController(Controller):
    """Routes of the files of one edition."""

    path = "/v1/editions/{edition:str}"
    tags = ("editions",)

    @get(
        _build_paths("/scores", CUBE),
        operation_id="editions.scores.export",
        access=KEY_SHOWS_MORE_COMPUTING,
        answer=SCORES,
        represents="/v1/editions/{edition}/scores",
    )
    def export_scores(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: schemas.ScoresQuery,
        database: Database,
        principal: Principal | None,
        publisher: Publisher,
        files: FileStore,
        language: Language,
    ) -> Response[bytes] | Stream | LargeResponse:
        """Export the scores of an edition as a file.

        The file contains the whole ranking, or the part that the filters, `offset` and `limit` select: one row per
        organisation, with one column per dimension. JSON-stat 2.0 is a cube of organisations by measures, always with
        all measures. Unpublished scores are visible only to callers who may see them in the ranking. Names of columns
        and codes never change, and new columns are added at the end. Titles are in the language of `lang`.
        """
        source = service.load_source(database, path.edition, principal=principal)
        selection = _build_selection(query, principal)
        table = _TableResponse(
            request,
            SCORES,
            "scores",
            edition_files.list_columns(source, "scores", language),
            query,
            lambda: service.list_score_rows(database, source, selection),
            publisher,
            about=lambda factory: factory.describe_edition(source, "scores"),
            size=lambda: service.count_rows(database, source, selection),
            entry=_EntryFinder(files, source, "scores", is_whole=_is_whole(query, principal)),
        )
        name, links, shared = f"{source.name}-scores", _build_link_header(source), source.published is not None
        if SCORES.format_of(request) == "jsonstat":
            factory = TableFactory(language=language, publisher=publisher, base=find_base_url(request))
            cube = factory.build_cube(source, request.scope["path"])
            units = partial(service.list_cube_units, database, source, selection)
            return table.build_cube_response(name, source.state, links, cube, units, shared=shared)
        return table.build_response(name, source.state, links, shared=shared)

    @get(
        _build_paths("/indicators", TABLE),
        operation_id="editions.indicators.export",
        access=KEY_SHOWS_MORE_COMPUTING,
        answer=INDICATORS,
    )
    def export_indicators(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: schemas.IndicatorsQuery,
        database: Database,
        principal: Principal | None,
        publisher: Publisher,
        files: FileStore,
        language: Language,
    ) -> Response[bytes] | Stream | LargeResponse:
        """Export the indicators of an edition as a file.

        The file contains one row per organisation and indicator of the published documents, in the order of the
        ranking. `limit` and `offset` count organisations. A workbook of too many rows is refused with 404. Names of
        columns and codes never change, and new columns are added at the end. Titles are in the language of `lang`.
        """
        source, published = service.load_published_source(database, path.edition)
        selection = _build_selection(query, principal)
        indicators = service.count_indicators(source.methodology)
        return _TableResponse(
            request,
            INDICATORS,
            "indicators",
            edition_files.list_columns(source, "indicators", language),
            query,
            lambda: service.list_indicator_rows(database, source, published, selection),
            publisher,
            about=lambda factory: factory.describe_edition(source, "indicators"),
            size=lambda: indicators * service.count_rows(database, source, selection),
            entry=_EntryFinder(files, source, "indicators", is_whole=_is_whole(query, principal)),
        ).build_response(f"{source.name}-indicators", source.state, _build_link_header(source), shared=True)

    @get(
        "/datapackage.json",
        operation_id="editions.datapackage",
        access=ANYBODY,
        answer=PACKAGE,
        links={
            "scores": Link("editions.scores.export", {"edition": "$request.path.edition", "format": "csv"}),
            "indicators": Link(
                "editions.indicators.export", {"edition": "$request.path.edition", "format": "csv", "limit": "1"}
            ),
        },
    )
    def get_package(
        self, request: ApiRequest, path: EditionPath, database: Database, publisher: Publisher, language: Language
    ) -> Response[bytes]:
        """Get the Data Package of an edition.

        The JSON descriptor (datapackage.org) has the addresses of the files of a published edition and describes every
        column; it contains no data. An edition that is not published has none.
        """
        source, published = service.load_published_source(database, path.edition)
        return PACKAGE.of(
            request,
            package.build_data_package(source, published, find_base_url(request), publisher, language),
            shared=True,
        )

    @get(
        "/scores/{organisation:str}/gobierto.json",
        operation_id="editions.scores.gobierto",
        access=KEY_SHOWS_MORE,
        answer=GOBIERTO,
    )
    def get_gobierto(
        self,
        request: ApiRequest,
        path: scored.SheetPath,
        database: Database,
        publisher: Publisher,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes] | Stream:
        """Export the score of an organisation for Gobierto.

        The file is the tree that Gobierto's indicators module imports: the index, then each dimension with its
        indicators, each with an explanation, and its score as text under the year of the edition. Unpublished scores
        are visible only to callers who may see them in the ranking.
        """
        sent = scores.get_edition_score(database, path.edition, path.organisation, principal=principal)
        source = service.load_source(database, sent.edition)
        methodology, score = scores.get_explained_score(sent)
        sheet = scored.build_sheet(narrate(score, methodology, language, result_digest=sent.result_digest), sent)
        body = gobierto.encode_tree(
            sheet, source.edition, methodology, _format_source(request, publisher, source, language), language
        )
        headers = GOBIERTO.headers_of(
            request, f"{source.name}-{sent.organisation}", body.decode(), shared=sent.document is not None
        )
        return GOBIERTO.of_pieces(
            request, {**headers, "Link": _build_link_header(source)}, lambda: (iter([body]), len(body))
        )


class CatalogueController(Controller):
    """The route `/catalog`, which redirects data portals to the catalogue in a format that they accept."""

    path = "/"
    include_in_schema = False

    @get_page("/catalog", operation_id="catalogue.choose", access=ANYBODY_UNLIMITED, cors=True, threaded=False)
    def choose(self, request: ApiRequest) -> Response[bytes]:
        """Redirect (303) to the catalogue in Turtle, JSON-LD or RDF/XML, whichever the `Accept` header prefers.

        Without a preference, the redirect leads to Turtle. If the header accepts none of the three, the response is an
        error (406).
        """
        accept = read_header(request.scope, b"accept")
        best = max(CATALOGUE, key=lambda suffix: compute_quality(accept, CATALOGUE[suffix]))
        if not compute_quality(accept, CATALOGUE[best]):
            raise refuse_media_type(*CATALOGUE.values())
        headers = {"Location": f"/catalog.{best}", "Vary": "Accept", "Cache-Control": REVALIDATE}
        return Response(b"", status_code=303, headers=headers)


class CatalogueFilesController(Controller):
    """Routes that return the DCAT catalogue of all published data: one path for Turtle, JSON-LD and RDF/XML each."""

    path = "/"
    tags = ("editions",)

    @get(_build_paths("/catalog", CATALOGUE), operation_id="catalogue.get", access=ANYBODY, answer=CATALOGUE_FILES)
    def get_catalogue(self, request: ApiRequest, database: Database, publisher: Publisher) -> Response[bytes] | Stream:
        """Get the catalogue of published data.

        The catalogue describes every published edition as a data set with its files, and this API as the service that
        provides them, by DCAT-AP 3 (DCAT-AP-ES if the service knows the publisher's DIR3 code), in all languages.
        `/catalog` redirects to the format that `Accept` prefers.
        """
        base = find_base_url(request)
        suffix = CATALOGUE_FILES.format_of(request)
        graph = build_catalogue(service.list_published_sources(database), base, publisher)
        body = rdf.SERIALISERS[suffix](graph)
        headers = CATALOGUE_FILES.headers_of(request, "catalog", hashlib.sha256(body).hexdigest())
        others = [
            f'<{base}/catalog.{other}>; rel="alternate"; type="{media_type}"'
            for other, media_type in CATALOGUE.items()
            if other != suffix
        ]
        headers |= {"Content-Disposition": "inline", "Link": ", ".join([_LICENSED, *others])}
        return CATALOGUE_FILES.of_pieces(request, headers, lambda: (iter([body]), len(body)))


class _EntryFinder:
    """Finds the entry of a requested file in the store of files; only whole tables that are published have one."""

    def __init__(self, store: FileStore, source: EditionSource, table: TableName, *, is_whole: bool) -> None:
        self._store = store
        self._source = source
        self._table = table
        self._is_whole = is_whole

    def find(self, request: ApiRequest, file: TableFile) -> StoreEntry | None:
        """Return the entry of a file, or None if it is not kept."""
        published = self._source.published
        # A link to a host that only this request names is of use to nobody else.
        names_host = follows_host(request.scope) and find_base_url(request) != find_own_url(request)
        if published is None or not self._is_whole or names_host:
            return None
        return self._store.entry(edition_files.name_file(self._source, published, self._table, file))


class _TableResponse:
    """Builds the response with a table, in the file format that the path of the request names."""

    def __init__(
        self,
        request: ApiRequest,
        files: Files,
        name: str,
        table: Sequence[TableColumn],
        query: schemas.FileQuery,
        rows: Callable[[], Rows],
        publisher: Publisher,
        *,
        about: Callable[[TableFactory], Mapping[str, str]] = lambda factory: {},
        size: Callable[[], int] | None = None,
        entry: _EntryFinder | None = None,
        is_large: bool = True,
    ) -> None:
        """Keep the request, the table and the functions that read its rows.

        `files`: builds the headers and the stream of a file. `name`: name of the workbook's sheet. `table`: the
        columns, of which the file has those that `query` names. `rows`: reads the rows, with all columns, when the file
        is written. `about`: returns texts, by label, for the workbook's second sheet. `size`: counts the rows, so that
        a workbook with too many is refused before it is written; None if every table of this kind fits into one.
        `entry`: finds where the file is kept; None if it is not. `is_large`: False if a table of this kind has few
        rows, so that its file is made at once (see `of_large`).
        """
        self._request = request
        self._files = files
        self._name = name
        self._columns = table
        self._dialect = query.dialect
        self._rows: Callable[[], Rows] = lambda: _read_while_awaited(request, rows())
        if query.fields is not None:
            positions = [position for position, column in enumerate(table) if column.name in query.fields]
            self._columns = [table[position] for position in positions]
            self._rows = lambda: select_cells(_read_while_awaited(request, rows()), positions)
        self._publisher = publisher
        self._about = about
        self._size = size
        self._entry = entry
        self._is_large = is_large

    def build_response(
        self, name: str, state: object, links: str = "", *, shared: bool = False
    ) -> Response[bytes] | Stream | LargeResponse:
        """Return the response with a CSV, JSON Lines or XLSX file called `name`.

        `state`: a value that changes whenever the data change; the `ETag` is computed from it, and for a workbook from
        the texts about it as well. `links`: the `Link` header; if it is empty, the header names only the licence.
        `shared`: True if the data are published, so that a cache may keep the file and pass it to other clients.
        """
        suffix = self._files.format_of(self._request)
        is_workbook = suffix == "xlsx"
        factory = TableFactory(
            language=choose_language(self._request.scope),
            publisher=self._publisher,
            # Whatever asks for it without need has its answer kept from caches (see `follows_host`).
            base=find_base_url(self._request) if is_workbook else "",
        )
        about = self._about(factory) if is_workbook else {}
        file = factory.build_file(suffix, self._name, self._columns, dialect=self._dialect, about=about)
        if is_workbook:
            state = (state, file.about)

        def read() -> Rows:
            if is_workbook and self._size is not None:
                service.ensure_fits(self._size(), len(self._columns))
            return self._rows()

        return self._respond(name, state, links, file, read, shared=shared)

    def build_cube_response(
        self,
        name: str,
        state: object,
        links: str,
        cube: TableFile,
        units: Callable[[], Iterator[Sequence[CubeUnit]]],
        *,
        shared: bool,
    ) -> Response[bytes] | Stream | LargeResponse:
        """Return the response with a JSON-stat file, whose content `units` reads; see `build_response`."""
        assert cube.cube is not None
        # It says where it is, and who publishes it.
        state = (state, cube.cube.more)
        return self._respond(
            name, state, links, cube, lambda: _read_while_awaited(self._request, units()), shared=shared
        )

    def _respond(
        self,
        name: str,
        state: object,
        links: str,
        file: TableFile,
        read: Callable[[], Iterable[Any]],
        *,
        shared: bool,
    ) -> Response[bytes] | Stream | LargeResponse:
        request = self._request
        headers = {**self._files.headers_of(request, name, state, shared=shared), "Link": links or _LICENSED}
        if not self._is_large:
            return self._files.of_pieces(request, headers, lambda: file.encode(read()))
        entry = None if self._entry is None else self._entry.find(request, file)
        return self._files.of_large(request, headers, lambda: file.encode(read()), entry)


def _is_whole(query: schemas.EditionQuery, principal: Principal | None) -> bool:
    """Return True if a query without a key asks for all rows and columns in the usual order and form."""
    return principal is None and query == type(query)()


def _read_while_awaited(request: ApiRequest, batches: Iterator[Sequence[T]]) -> Iterator[Sequence[T]]:
    """Yield rows, at most `ROWS_AT_ONCE` at a time, for as long as `ensure_awaited` lets it; other requests pass."""
    for batch in batches:
        for start in range(0, len(batch) or 1, ROWS_AT_ONCE):
            give_way(request.scope)
            ensure_awaited(request.scope)
            yield batch[start : start + ROWS_AT_ONCE]


def _build_selection(query: schemas.EditionQuery, principal: Principal | None) -> RowSelection:
    return RowSelection(
        filters=scored.build_filters(query),
        sort=scored.SORTS[query.sort],
        limit=query.limit,
        offset=query.offset,
        principal=principal,
    )


def _format_source(request: ApiRequest, publisher: Publisher, source: EditionSource, language: Language) -> str:
    title = service.select_title(source.edition, language)
    simulated = f" {package.SIMULATED.into(language)}" if source.edition.simulated else ""
    return f"{publisher.name}, {title}, {find_base_url(request)}.{simulated}"


def _build_link_header(source: EditionSource) -> str:
    """Build the `Link` header of a file: the licence and, if the edition is published, the edition's Data Package."""
    if source.published is None:
        return _LICENSED
    descriptor = f"/v1/editions/{source.edition.id}/datapackage.json"
    return f'<{descriptor}>; rel="describedby"; type="application/json", {_LICENSED}'
