"""The rows of each download, read from the database in pages so that memory does not grow with the edition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Language, nearest
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.model import Group, Indicator
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.records import Erasure
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import CountedEdition
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.territories import PROVINCES, REGIONS
from actitud_api.resources.publications import service as publication
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.resources.reviews.replies.service import ReviewOutcome, hide_erased
from actitud_api.resources.scores import schemas
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.service import RankingRow, RankingSort, ScoreFilters
from actitud_api.web.downloads.formats.json_stat import CubeUnit
from actitud_api.web.downloads.formats.tables import CellValue

T = TypeVar("T")
K = TypeVar("K")

PAGE: Final = 1_000
"""Rows that are read from the database at a time."""

DOCUMENTS_PER_READ: Final = 100
"""Published documents that are read at a time; each has about 30 KB."""

CELLS_MAX: Final = 2_000_000
"""Maximum number of cells in a workbook.

Writing so many takes seven seconds of processor time, during which the client receives nothing.
"""

Rows = Iterator[Sequence[Sequence[CellValue]]]


class WorkbookTooLarge(ValueError):
    """Raised by `ensure_fits` if a workbook would have more rows than the service writes into a workbook.

    `rows` is the number of requested rows, and `maximum` the highest allowed number for that table.
    """

    def __init__(self, rows: int, maximum: int) -> None:
        super().__init__(f"{rows} rows, more than {maximum}")
        self.rows = rows
        self.maximum = maximum


class RowSelection(Struct, frozen=True, kw_only=True):
    """The rows of an edition that a download contains: at most `limit` rows from `offset`, filtered and sorted.

    `limit` is None for all rows. `principal` is the caller, whose role decides whether unpublished rows are visible;
    None if no key was sent.
    """

    filters: ScoreFilters
    sort: RankingSort = scores.BEST_FIRST
    limit: int | None = None
    offset: int = 0
    principal: Principal | None = None


class EditionSource(Struct, frozen=True, kw_only=True):
    """An edition to download, with its methodology and its newest publication.

    Attributes:
        counted: The edition with its number of organisations.
        methodology: Methodology of the edition.
        published: Newest publication, None if the edition is not published.
        state: Value that changes with every change of the downloaded data that the caller may see.
        row_state: Value that changes with every change of the unfiltered rows of a published edition. Unlike `state`,
            it does not change with an organisation, for example with its name, so it is not for an unpublished edition.
    """

    counted: CountedEdition
    methodology: Methodology
    published: PublicationRecord | None
    state: tuple[object, ...]
    row_state: tuple[object, ...]

    @property
    def edition(self) -> editions.EditionRecord:
        """The record of the edition."""
        return self.counted.record

    @property
    def name(self) -> str:
        """The beginning of the file names of the edition: `actitud-2026`, as in `actitud-2026-scores.csv`."""
        return f"actitud-{self.edition.id}"


def load_source(database: Database, edition: str, *, principal: Principal | None = None) -> EditionSource:
    """Load an edition to download; `edition` is an id or `latest`.

    `principal` is the caller, whose role decides whether unpublished rows are visible; None if no key was sent.

    Raises:
        UnknownEdition: The edition does not exist.
    """
    counted = editions.get(database, edition)
    record = counted.record
    newest = publication.list_page(database, record.id, PageRange(limit=1))
    figures = scores.get_state_key(database, record.id, principal=principal)
    row_state = (record.id, record.version, figures, assessments.get_erasure_state(database, record.id))
    return EditionSource(
        counted=counted,
        methodology=load_methodology(record.methodology),
        published=newest[0] if newest else None,
        # Names and territories, and filters by parents, come from the organisations, so their state is part of it.
        state=(*row_state, organisations.get_state(database)),
        row_state=row_state,
    )


def load_published_source(database: Database, edition: str) -> tuple[EditionSource, PublicationRecord]:
    """Load a published edition and its newest publication; `edition` is an id or `latest`.

    Raises:
        UnknownEdition: The edition does not exist.
        UnknownPublication: The edition is not published.
    """
    source = load_source(database, edition)
    if source.published is None:
        raise publication.UnknownPublication(source.edition.id, publication.LATEST)
    return source, source.published


def list_published_sources(database: Database) -> list[tuple[EditionSource, PublicationRecord]]:
    """List every published edition with its newest publication, newest edition first."""
    sources: list[tuple[EditionSource, PublicationRecord]] = []
    for page in _read_pages(partial(editions.list_page, database), _get_cursor_key, 0, None):
        for counted in page:
            source = load_source(database, counted.record.id)
            if source.published is not None:
                sources.append((source, source.published))
    return sources


def fits(rows: int, columns: int) -> bool:
    """Return True if a workbook with `rows` × `columns` cells has at most `CELLS_MAX` cells."""
    return rows * columns <= CELLS_MAX


def ensure_fits(rows: int, columns: int) -> None:
    """Check that a workbook with `rows` × `columns` cells is not too large to be written in time.

    Raises:
        WorkbookTooLarge: If the workbook would have more than `CELLS_MAX` cells.
    """
    if not fits(rows, columns):
        raise WorkbookTooLarge(rows, CELLS_MAX // columns)


def count_rows(database: Database, source: EditionSource, selection: RowSelection) -> int:
    """Count the organisations that a selection of rows contains."""
    count = scores.count_scores(database, source.edition.id, selection.filters, principal=selection.principal)
    left = max(0, count - selection.offset)
    return left if selection.limit is None else min(left, selection.limit)


class ScoreBatch(Struct, frozen=True):
    """Stored rows of the ranking of an edition, with the number of verdicts and replies of each organisation.

    `tallies` contains these numbers by organisation id.
    """

    rows: list[RankingRow]
    tallies: dict[str, scores.ReviewTally]


class DocumentBatch(Struct, frozen=True):
    """Rows of the ranking of an edition, with the published document of each organisation.

    `texts` contains the documents by organisation id, and `erasures` the erasures of texts of reviews by organisation
    id.
    """

    rows: list[RankingRow]
    texts: dict[str, bytes]
    erasures: Mapping[str, Sequence[Erasure]]


def list_score_rows(database: Database, source: EditionSource, selection: RowSelection) -> Rows:
    """Yield batches of rows for `columns.list_score_columns`, one row per organisation.

    Raises:
        StaleVersion: If a correction of the edition is published meanwhile.
    """
    for batch in read_score_batches(database, source, selection):
        yield build_score_rows(source.edition, batch)


def read_score_batches(database: Database, source: EditionSource, selection: RowSelection) -> Iterator[ScoreBatch]:
    """Yield the scores of a selection in batches, from which `build_score_rows` and `build_cube_units` build rows.

    Raises:
        StaleVersion: If a correction of the edition is published meanwhile.
    """
    edition = source.edition
    for page in _read_ranking(database, source, selection):
        yield ScoreBatch(page, scores.count_reviews(database, edition.id, [row.organisation for row in page]))


def build_score_rows(edition: editions.EditionRecord, batch: ScoreBatch) -> Sequence[Sequence[CellValue]]:
    """Build rows for `columns.list_score_columns` from a batch of scores, one row per organisation."""
    return [
        _build_score_row(edition, schemas.build_score_row(row), batch.tallies.get(row.organisation))
        for row in batch.rows
    ]


def list_cube_units(database: Database, source: EditionSource, selection: RowSelection) -> Iterator[Sequence[CubeUnit]]:
    """Yield the rows of the statistical download (a data cube) in batches, one `CubeUnit` per organisation.

    A unit has one figure per column of `columns.list_measure_columns`.

    Raises:
        StaleVersion: If a correction of the edition is published meanwhile.
    """
    return map(build_cube_units, _read_ranking(database, source, selection))


def build_cube_units(rows: Sequence[RankingRow]) -> Sequence[CubeUnit]:
    """Build one `CubeUnit` per row of the ranking."""
    return [
        CubeUnit(line.organisation, line.organisation_name, _list_figures(line))
        for line in map(schemas.build_score_row, rows)
    ]


class _PublishedReason(Struct):
    code: str


class _PublishedIndicator(Struct):
    """An indicator in a published score document, with only those members that the downloads need.

    A figure is None if the indicator has none, for example because its answer is unknown. `possible`, `won` and
    `lost` are its points of the index, and `value` is its raw value.
    """

    id: str
    state: str
    score: Figure | None
    weight: int
    possible: Figure | None
    won: Figure | None
    lost: Figure | None
    value: Figure | bool | None
    reason: _PublishedReason


class _PublishedGroup(Struct):
    id: str
    groups: tuple[_PublishedGroup, ...]
    indicators: tuple[_PublishedIndicator, ...]


class _PublishedScore(Struct):
    dimensions: tuple[_PublishedGroup, ...]
    indicators: tuple[_PublishedIndicator, ...]


class _PublishedDocument(Struct):
    """A published score document, with only those members that the downloads need."""

    score: _PublishedScore
    review: ReviewOutcome


_DOCUMENT_DECODER = msgspec.json.Decoder(_PublishedDocument)


def list_indicator_rows(
    database: Database, source: EditionSource, published: PublicationRecord, selection: RowSelection
) -> Rows:
    """Yield rows for `columns.list_indicator_columns` from the published documents of the revision `published`.

    There is one batch per organisation, with one row per indicator.

    Raises:
        StaleVersion: If a correction of the edition is published meanwhile.
    """
    for batch in read_document_batches(database, source, published, selection):
        yield from build_indicator_rows(source.edition, batch)


def read_document_batches(
    database: Database, source: EditionSource, published: PublicationRecord, selection: RowSelection
) -> Iterator[DocumentBatch]:
    """Yield the documents of a selection in batches, from which `build_indicator_rows` builds rows.

    Raises:
        StaleVersion: If a correction of the edition is published meanwhile.
    """
    edition, revision = source.edition, published.revision
    parts = (
        page[start : start + DOCUMENTS_PER_READ]
        for page in _read_ranking(database, source, selection)
        for start in range(0, len(page), DOCUMENTS_PER_READ)
    )
    for part in parts:
        names = [row.organisation for row in part]
        texts = publication.get_texts(database, edition.id, revision, names)
        yield DocumentBatch(part, texts, assessments.read_erasures(database, edition.id, names))


def build_indicator_rows(edition: editions.EditionRecord, batch: DocumentBatch) -> Rows:
    """Yield rows for `columns.list_indicator_columns`, one batch per organisation, one row per indicator."""
    for row in batch.rows:
        document = _DOCUMENT_DECODER.decode(batch.texts[row.organisation])
        review = hide_erased(document.review, batch.erasures.get(row.organisation, ()))
        verdicts = {indicator.indicator: indicator for indicator in review.verdicts}
        replies = {indicator.indicator: indicator for indicator in review.replies}
        yield [
            (
                edition.id,
                row.organisation,
                row.name,
                dimension,
                indicator.id,
                indicator.state,
                indicator.reason.code,
                int(indicator.value) if isinstance(indicator.value, bool) else indicator.value,
                indicator.score,
                indicator.weight,
                indicator.possible,
                indicator.won,
                indicator.lost,
                row.methodology,
                row.simulated,
                verdicts[indicator.id].verdict if indicator.id in verdicts else None,
                verdicts[indicator.id].reason if indicator.id in verdicts else None,
                replies[indicator.id].text if indicator.id in replies else None,
            )
            for dimension, indicator in _iterate_indicators(document.score)
        ]


def count_indicators(methodology: Methodology) -> int:
    """Count the indicators of a methodology."""
    return sum(1 for _ in _iterate_document_indicators(methodology.document.root, None))


def list_organisation_rows(
    database: Database, filters: organisations.OrganisationFilters, offset: int, limit: int | None
) -> Rows:
    """Yield batches of rows for `columns.list_organisation_columns`, one row per organisation.

    The first `offset` rows are skipped, and at most `limit` rows are yielded; a `limit` of None yields all.
    """
    read = partial(organisations.list_page, database, filters)
    for page in _read_pages(read, lambda record: record.id, offset, limit):
        yield [_build_organisation_row(record) for record in page]


def list_edition_rows(database: Database, language: Language, offset: int, limit: int | None) -> Rows:
    """Yield batches of rows for `columns.list_edition_columns`, newest edition first.

    The first `offset` rows are skipped, and at most `limit` rows are yielded; a `limit` of None yields all.
    """
    for page in _read_pages(partial(editions.list_page, database), _get_cursor_key, offset, limit):
        yield [
            (
                counted.record.id,
                select_title(counted.record, language),
                counted.record.methodology,
                counted.record.state,
                counted.record.period_from,
                counted.record.period_to,
                counted.organisations,
                counted.record.simulated,
            )
            for counted in page
        ]


def list_catalogue_rows(methodology: Methodology, language: Language) -> Rows:
    """Yield one batch of rows for `columns.list_catalogue_columns`, one row per indicator."""
    texts = methodology.texts[language]
    yield [
        (
            methodology.version,
            dimension,
            None if dimension is None else texts.groups[dimension].name,
            group,
            indicator.id,
            texts.indicators[indicator.id].name,
            texts.indicators[indicator.id].question,
            texts.indicators[indicator.id].unit,
            indicator.type,
            indicator.direction,
            indicator.weight,
            indicator.curve.kind,
            " ".join(f"{post.x:g}:{post.score:g}" for post in indicator.curve.goalposts),
            texts.indicators[indicator.id].evidence,
            " ".join(indicator.bullets),
        )
        for dimension, group, indicator in _iterate_document_indicators(methodology.document.root, None)
    ]


def select_title(record: editions.EditionRecord, language: Language) -> str:
    """Return the title of an edition in a language, else the Spanish title, else the title in any language."""
    return nearest(record.titles, language)


def _read_ranking(database: Database, source: EditionSource, selection: RowSelection) -> Iterator[list[RankingRow]]:
    """Yield the ranking of an edition in pages.

    Raises `StaleVersion` if a correction is published between two pages, because the file would then mix rows
    of two revisions.
    """
    edition = source.edition.id

    def read(page: PageRange[scores.ScoreCursorKey]) -> list[RankingRow]:
        rows = scores.list_ranking(
            database, edition, selection.filters, page, principal=selection.principal, sort=selection.sort
        )
        if source.published is not None:
            newest = publication.get(database, edition, publication.LATEST)
            if newest.digest != source.published.digest:
                raise StaleVersion
        return rows

    return _read_pages(read, lambda row: scores.get_cursor_key(row, selection.sort), selection.offset, selection.limit)


def _get_cursor_key(counted: CountedEdition) -> editions.EditionCursorKey:
    return counted.record.period_to, counted.record.id


def _read_pages(
    read: Callable[[PageRange[K]], list[T]], cursor_key: Callable[[T], K], offset: int, limit: int | None
) -> Iterator[list[T]]:
    """Yield the pages of a list from `offset`, at most `limit` rows in total; None yields all.

    `read` returns the rows of a part of the list, and `cursor_key` the sort key of a row. Each page begins after the
    last row of the previous one, so rows are neither repeated nor skipped.
    """
    after: K | None = None
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = read(PageRange(after, offset, size))
        if page:
            yield page
        if len(page) < size:
            return
        after, offset = cursor_key(page[-1]), 0
        left = None if left is None else left - size


def _build_score_row(
    edition: editions.EditionRecord, line: schemas.ScoreRow, tally: scores.ReviewTally | None
) -> tuple[CellValue, ...]:
    return (
        edition.id,
        edition.period_to,
        line.organisation,
        line.organisation_name,
        line.kind,
        line.region,
        _name_region(line.region),
        line.province,
        _name_province(line.province),
        line.band,
        line.population,
        line.rank,
        line.index,
        line.index_max,
        line.coverage,
        line.status,
        line.level,
        *line.dimensions.values(),
        line.methodology,
        line.simulated,
        0 if tally is None else tally.verdicts,
        0 if tally is None else tally.replies,
    )


def _list_figures(line: schemas.ScoreRow) -> list[int | float | None]:
    return [line.rank, line.index, line.index_max, line.coverage, line.level, *line.dimensions.values()]


def _iterate_indicators(score: _PublishedScore) -> Iterator[tuple[str | None, _PublishedIndicator]]:
    """Yield every indicator of a score with the id of its dimension.

    Indicators without a dimension come first; their id of the dimension is None.
    """
    yield from ((None, indicator) for indicator in score.indicators)
    for dimension in score.dimensions:
        yield from ((dimension.id, indicator) for indicator in _iterate_group_indicators(dimension))


def _iterate_group_indicators(group: _PublishedGroup) -> Iterator[_PublishedIndicator]:
    yield from group.indicators
    for inner in group.groups:
        yield from _iterate_group_indicators(inner)


def _iterate_document_indicators(
    group: Group, dimension: str | None, depth: int = 0
) -> Iterator[tuple[str | None, str, Indicator]]:
    """Yield every indicator below a group, as a tuple of the id of its dimension, the id of its group, and itself.

    `dimension` is the dimension that contains `group`, None for the root; an indicator directly below the root
    has no dimension (None). `depth` is the number of levels between the root and `group`; the groups directly
    below the root are the dimensions.
    """
    for child in group.children:
        if isinstance(child, Indicator):
            yield dimension, group.id, child
        else:
            yield from _iterate_document_indicators(child, child.id if depth == 0 else dimension, depth + 1)


def _build_organisation_row(record: organisations.OrganisationRecord) -> tuple[CellValue, ...]:
    return (
        record.id,
        record.name,
        record.kind,
        record.parent,
        record.region,
        _name_region(record.region),
        record.province,
        _name_province(record.province),
        record.band,
        record.population,
        record.population_year,
        record.employees,
        record.employees_year,
        " ".join(record.aliases) or None,
        " ".join(record.domains) or None,
        record.valid_from,
        record.valid_to,
        " ".join(record.succeeded_by) or None,
        record.simulated,
    )


def _name_region(code: str | None) -> str | None:
    return None if code is None else REGIONS[code]


def _name_province(code: str | None) -> str | None:
    return None if code is None else PROVINCES[code].name
