"""Use cases of exports: the rows of every table, a page at a time, so that an edition takes no more memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Language, nearest
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.model import Group, Indicator
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import CountedEdition
from actitud_api.resources.methodologies import service as methodologies
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.territories import PROVINCES, REGIONS
from actitud_api.resources.publications import service as publication
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.resources.reviews.replies.service import ReviewOutcome
from actitud_api.resources.scores import schemas
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.service import RankingRow, RankingSort, ScoreFilters
from actitud_api.web.downloads.formats.json_stat import CubeUnit
from actitud_api.web.downloads.formats.tables import CellValue

T = TypeVar("T")
K = TypeVar("K")

PAGE: Final = 1_000
"""Rows that are read at once."""

DOCUMENTS_PER_READ: Final = 100
"""Published documents that are read at once: each has 30 KB."""

CELLS_MAX: Final = 2_000_000
"""Cells of a workbook: they take seven seconds of a processor, and the request waits for all of them."""

Rows = Iterator[Sequence[Sequence[CellValue]]]


class WorkbookTooLarge(ValueError):
    """More rows than are put in a workbook; `maximum`, how many are."""

    def __init__(self, rows: int, maximum: int) -> None:
        super().__init__(f"{rows} rows, more than {maximum}")
        self.rows = rows
        self.maximum = maximum


class RowSelection(Struct, frozen=True, kw_only=True):
    """Which rows of an edition: filters, order, how many at most (None: all) after leaving out some."""

    filters: ScoreFilters
    sort: RankingSort = scores.BEST_FIRST
    limit: int | None = None
    offset: int = 0
    principal: Principal | None = None


class EditionSource(Struct, frozen=True, kw_only=True):
    """An edition that is exported, its methodology, its newest publication where it has one, and what may change."""

    counted: CountedEdition
    methodology: Methodology
    published: PublicationRecord | None
    state: tuple[object, ...]

    @property
    def edition(self) -> editions.EditionRecord:
        """The edition."""
        return self.counted.record

    @property
    def name(self) -> str:
        """What its files are called after."""
        return f"actitud-{self.edition.id}"


def load_source(database: Database, edition: str) -> EditionSource:
    """An edition to be exported, or the latest; raises `UnknownEdition`."""
    counted = editions.get(database, edition)
    record = counted.record
    newest = publication.list_page(database, record.id, before=None, offset=0, limit=1)
    return EditionSource(
        counted=counted,
        methodology=load_methodology(record.methodology),
        published=newest[0] if newest else None,
        state=(record.id, record.version, scores.get_state_key(database, record.id), organisations.get_state(database)),
    )


def load_published_source(database: Database, edition: str) -> tuple[EditionSource, PublicationRecord]:
    """A published edition, or the latest, and its newest publication; raises `UnknownEdition`, `UnknownPublication`."""
    found = load_source(database, edition)
    if found.published is None:
        raise publication.UnknownPublication(found.edition.id, publication.LATEST)
    return found, found.published


def list_published_sources(database: Database) -> list[tuple[EditionSource, PublicationRecord]]:
    """Every published edition with its newest publication, the newest first."""
    found: list[tuple[EditionSource, PublicationRecord]] = []
    for page in _read_pages(_build_edition_reader(database), _get_cursor_key, 0, None):
        for counted in page:
            one = load_source(database, counted.record.id)
            if one.published is not None:
                found.append((one, one.published))
    return found


def ensure_fits(rows: int, columns: int) -> None:
    """Raises `TooLarge` where a workbook of so many rows would not be made within a request."""
    maximum = CELLS_MAX // columns
    if rows > maximum:
        raise WorkbookTooLarge(rows, maximum)


def count_rows(database: Database, found: EditionSource, wanted: RowSelection) -> int:
    """How many organisations the rows are of."""
    count = scores.count_scores(database, found.edition.id, wanted.filters, principal=wanted.principal)
    left = max(0, count - wanted.offset)
    return left if wanted.limit is None else min(left, wanted.limit)


def list_score_rows(database: Database, found: EditionSource, wanted: RowSelection) -> Rows:
    """The rows of `columns.scores`."""
    edition = found.edition
    for page in _read_ranking(database, found, wanted):
        tallies = scores.count_reviews(database, edition.id, [row.organisation for row in page])
        yield [_build_score_row(edition, schemas.build_score_row(row), tallies.get(row.organisation)) for row in page]


def list_cube_units(database: Database, found: EditionSource, wanted: RowSelection) -> Iterator[Sequence[CubeUnit]]:
    """The same as the units of a cube, with a figure for each of `columns.measures`."""
    for page in _read_ranking(database, found, wanted):
        yield [
            CubeUnit(line.organisation, line.name, _list_figures(line)) for line in map(schemas.build_score_row, page)
        ]


class _PublishedReason(Struct):
    code: str


class _PublishedIndicator(Struct):
    """What an export tells of an indicator."""

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
    """What an export reads of a published document."""

    score: _PublishedScore
    review: ReviewOutcome


_DOCUMENT_DECODER = msgspec.json.Decoder(_PublishedDocument)


def list_indicator_rows(
    database: Database, found: EditionSource, published: PublicationRecord, wanted: RowSelection
) -> Rows:
    """The rows of `columns.indicators`: what the published documents say, organisation by organisation."""
    edition, revision = found.edition, published.revision
    parts = (
        page[start : start + DOCUMENTS_PER_READ]
        for page in _read_ranking(database, found, wanted)
        for start in _split_range(page)
    )
    for part in parts:
        texts = publication.get_texts(database, edition.id, revision, [row.organisation for row in part])
        for row in part:
            document = _DOCUMENT_DECODER.decode(texts[row.organisation])
            review = document.review
            verdicts = {one.indicator: one for one in review.verdicts}
            replies = {one.indicator: one for one in review.replies}
            yield [
                (
                    edition.id,
                    row.organisation,
                    row.name,
                    dimension,
                    one.id,
                    one.state,
                    one.reason.code,
                    int(one.value) if isinstance(one.value, bool) else one.value,
                    one.score,
                    one.weight,
                    one.possible,
                    one.won,
                    one.lost,
                    row.methodology,
                    row.simulated,
                    verdicts[one.id].verdict if one.id in verdicts else None,
                    verdicts[one.id].reason if one.id in verdicts else None,
                    replies[one.id].text if one.id in replies else None,
                )
                for dimension, one in _iterate_indicators(document.score)
            ]


def _split_range(page: Sequence[RankingRow]) -> range:
    return range(0, len(page), DOCUMENTS_PER_READ)


def count_indicators(methodology: Methodology) -> int:
    """How many indicators a methodology has."""
    return sum(1 for _ in _iterate_document_indicators(methodology.document.root, None))


def list_organisation_rows(
    database: Database, filters: organisations.OrganisationFilters, offset: int, limit: int | None
) -> Rows:
    """The rows of `columns.organisations`."""

    def read(after: str | None, offset: int, limit: int) -> list[organisations.OrganisationRecord]:
        return organisations.list_page(database, filters, after=after, offset=offset, limit=limit)

    for page in _read_pages(read, lambda record: record.id, offset, limit):
        yield [_build_organisation_row(record) for record in page]


def list_edition_rows(database: Database, language: Language, offset: int, limit: int | None) -> Rows:
    """The rows of `columns.editions`, the newest first."""
    for page in _read_pages(_build_edition_reader(database), _get_cursor_key, offset, limit):
        yield [
            (
                one.record.id,
                select_title(one.record, language),
                one.record.methodology,
                one.record.state,
                one.record.period_from,
                one.record.period_to,
                one.organisations,
                one.record.simulated,
            )
            for one in page
        ]


def list_catalogue_rows(methodology: Methodology, language: Language) -> Rows:
    """The rows of `columns.catalogue`."""
    texts = methodology.texts[language]
    yield [
        (
            methodology.version,
            dimension,
            None if dimension is None else texts.groups[dimension].name,
            group,
            one.id,
            texts.indicators[one.id].name,
            texts.indicators[one.id].question,
            texts.indicators[one.id].unit,
            one.type,
            one.direction,
            one.weight,
            one.curve.kind,
            " ".join(f"{post.x:g}:{post.score:g}" for post in one.curve.goalposts),
            texts.indicators[one.id].evidence,
            " ".join(one.bullets),
        )
        for dimension, group, one in _iterate_document_indicators(methodology.document.root, None)
    ]


def get_methodology(version: str) -> Methodology:
    """A methodology to be exported; raises `UnknownMethodology`."""
    return methodologies.get_methodology(version)


def select_title(record: editions.EditionRecord, language: Language) -> str:
    """The title of an edition, in a language where it has one in it."""
    return nearest(record.titles, language)


def _read_ranking(database: Database, found: EditionSource, wanted: RowSelection) -> Iterator[list[RankingRow]]:
    """The rows of an edition in pages; raises `Stale` where a correction is published meanwhile.

    A file of which half is from before it and half from after would be of no revision: better no file.
    """
    edition = found.edition.id

    def read(after: scores.ScoreCursorKey | None, offset: int, limit: int) -> list[RankingRow]:
        rows = scores.list_ranking(
            database,
            edition,
            wanted.filters,
            principal=wanted.principal,
            sort=wanted.sort,
            after=after,
            offset=offset,
            limit=limit,
        )
        if found.published is not None:
            newest = publication.get(database, edition, publication.LATEST)
            if newest.digest != found.published.digest:
                raise StaleVersion
        return rows

    return _read_pages(read, lambda row: scores.get_cursor_key(row, wanted.sort), wanted.offset, wanted.limit)


def _build_edition_reader(
    database: Database,
) -> Callable[[editions.EditionCursorKey | None, int, int], list[CountedEdition]]:
    return lambda after, offset, limit: editions.list_page(database, after=after, offset=offset, limit=limit)


def _get_cursor_key(counted: CountedEdition) -> editions.EditionCursorKey:
    return counted.record.period_to, counted.record.id


def _read_pages(
    read: Callable[[K | None, int, int], list[T]], cursor_key: Callable[[T], K], offset: int, limit: int | None
) -> Iterator[list[T]]:
    """The pages of a list from its `offset`, up to `limit` rows; each is read from the place of the last row before."""
    after: K | None = None
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = read(after, offset, size)
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
        line.name,
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
    """Every indicator with its dimension; first those of none."""
    yield from ((None, one) for one in score.indicators)
    for dimension in score.dimensions:
        yield from ((dimension.id, one) for one in _iterate_group_indicators(dimension))


def _iterate_group_indicators(group: _PublishedGroup) -> Iterator[_PublishedIndicator]:
    yield from group.indicators
    for inner in group.groups:
        yield from _iterate_group_indicators(inner)


def _iterate_document_indicators(
    group: Group, dimension: str | None, depth: int = 0
) -> Iterator[tuple[str | None, str, Indicator]]:
    """Every indicator below a group, with its dimension and the group that it is in."""
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
