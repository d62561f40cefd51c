"""News: publications and corrections, newest first, with the figures that they brought.

The news about a publication never change, except for names: an organisation is shown with its name in the newest
revision of the edition, as on the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct, structs

from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.territories import Territory
from actitud_api.resources.publications import queries
from actitud_api.resources.publications.documents import ScoreDocument, parse_score
from actitud_api.resources.publications.queries import CorrectedScore as CorrectedScore
from actitud_api.resources.publications.queries import NewsFilters as NewsFilters
from actitud_api.resources.publications.queries import NewsPosition as NewsPosition
from actitud_api.resources.publications.queries import PublicationRow
from actitud_api.resources.publications.queries import PublishedFigures as PublishedFigures

BATCH: Final = 50
"""Number of publications that are read at a time at least."""


class UnknownNews(LookupError):
    """No published edition has a score of this organisation. Raised by `find_name`."""


class NewsItem(Struct, frozen=True, kw_only=True):
    """A publication in the list of news.

    `organisations`: number of scores in the publication; in the news of a territory, a first publication counts only
    the scores in the territory. `corrections`: the scores that it corrects or adds and that the filters select, empty
    for the first publication of an edition. `figures`: name and figures, by organisation id, of the organisations in
    `corrections` or, if the filters name an organisation, of that organisation.
    """

    edition: editions.EditionRecord
    revision: int
    digest: str
    published: datetime
    reason: str
    organisations: int
    corrections: tuple[CorrectedScore, ...]
    figures: Mapping[str, PublishedFigures]


class ScoreCorrection(Struct, frozen=True):
    """A published revision that corrects or adds the score of an organisation: when, why, and the change itself."""

    revision: int
    published: datetime
    reason: str
    score: CorrectedScore


def build_territory_filters(territory: Territory) -> NewsFilters:
    """Return the filters that select the news of a region or province."""
    return NewsFilters(**{territory.level: territory.code})


def list_news(database: Database, filters: NewsFilters, *, after: NewsPosition | None, limit: int) -> list[NewsItem]:
    """List publications of all editions that the filters select, newest first.

    `after` is the position of the last item of the previous page, None for the first page; a page has at most `limit`
    items.
    """
    known: dict[str, editions.EditionRecord] = {}
    items: list[NewsItem] = []
    read = max(limit, BATCH)
    with database.read() as session:
        while True:
            rows = queries.list_news(session, filters, after=after, limit=read)
            for row in rows:
                if row.edition not in known:
                    known[row.edition] = editions.find(session, row.edition)
                item = _build_item(session, known[row.edition], row, filters)
                # Whether there is anything new of an organisation or a territory is known only now: a correction names
                # at most a hundred, which are sooner looked up than all scores are compared with those before.
                if item.organisations if item.revision == 1 else item.corrections:
                    items.append(item)
            if len(rows) < read or len(items) >= limit:
                return items[:limit]
            after = NewsPosition(rows[-1].published, rows[-1].edition, rows[-1].revision)


def list_score_corrections(database: Database, edition: str, organisation: str) -> list[ScoreCorrection]:
    """List the revisions of an edition that correct or add the score of an organisation, newest first."""
    with database.read() as session:
        rows = queries.list_corrections_of(session, edition, organisation)
    return [
        ScoreCorrection(row.revision, row.published, row.reason, score)
        for row in rows
        for score in row.corrections
        if score.organisation == organisation
    ]


def load_corrected_documents(database: Database, corrections: Iterable[ScoreCorrection]) -> dict[str, ScoreDocument]:
    """Return the score documents before and after each correction by digest; nothing is read without corrections."""
    digests = {digest for one in corrections for digest in (one.score.before, one.score.after) if digest is not None}
    if not digests:
        return {}
    with database.read() as session:
        texts = queries.get_bytes_by_digest(session, digests)
    return {digest: parse_score(text) for digest, text in texts.items()}


def find_name(database: Database, organisation: str) -> str:
    """Return the name of an organisation in the newest publication that has its score.

    Raises:
        UnknownNews: There is no such publication.
        IdentifierIsAlias: `organisation` is an alias of another organisation.
    """
    with database.read() as session:
        name = queries.find_newest_name(session, organisation)
        if name is None:
            organisations.refuse_alias(session, organisation)
            raise UnknownNews(organisation)
    return name


def _build_item(
    session: Session, edition: editions.EditionRecord, row: PublicationRow, filters: NewsFilters
) -> NewsItem:
    named = {one.organisation for one in row.corrections}
    if filters.organisation is not None:
        named = {filters.organisation}
    figures = queries.list_figures(session, row.edition, row.revision, named, filters) if named else {}
    newest = queries.get_newest_revision(session, row.edition)
    if newest is not None and newest != row.revision and figures:
        shown = queries.list_figures(session, row.edition, newest, figures, NewsFilters())
        figures = {name: structs.replace(one, name=shown[name].name) for name, one in figures.items() if name in shown}
    corrections = tuple(one for one in row.corrections if one.organisation in figures)
    has_places = filters.region is not None or filters.province is not None
    return NewsItem(
        edition=edition,
        revision=row.revision,
        digest=row.digest,
        published=row.published,
        reason=row.reason,
        organisations=queries.count_selected_scores(session, row.edition, row.revision, filters)
        if has_places and row.revision == 1
        else row.organisations,
        corrections=corrections,
        figures=figures,
    )
