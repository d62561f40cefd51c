"""Scores of organisations in published editions, in the form from which embeds are rendered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Figure, to_points
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations.service import IdentifierIsAlias
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.service import RankingRow, RankingSort, ReviewTally, ScoreFilters


class EmbedStanding(Struct, frozen=True, kw_only=True):
    """The score and level of an organisation in a published edition; every embed is rendered from these data alone.

    Attributes:
        edition: Id of the edition.
        period_to: Reference date of the edition.
        organisation: Id of the organisation.
        name: Name of the organisation.
        index: Index, 0 to 100, None if there is none.
        status: Status of the score.
        level: Level, None if there is none.
        provisional: True if the level holds only until a review has checked a condition.
        coverage: Share of the weight that is answered, 0 to 1, None if there is none.
        dimensions: Score in each dimension by id, None if there is none.
        methodology: Methodology version of the edition.
        simulated: True for an invented organisation.
        superseded_by: Newest later published edition that scores the organisation, None if there is none.
        reviewed: True if the score has verdicts or an overall review.
        replies: Number of indicators about which the organisation replied.
        rank: Rank in the whole edition, None if the organisation is not ranked.
    """

    edition: str
    period_to: date
    organisation: str
    name: str
    index: Figure | None
    status: Status
    level: int | None
    provisional: bool
    coverage: Figure | None
    dimensions: dict[str, Figure | None]
    methodology: str
    simulated: bool
    superseded_by: str | None
    reviewed: bool = False
    replies: int = 0
    rank: int | None = None


def find_standing(database: Database, edition: str, organisation: str) -> EmbedStanding:
    """Find the score and level of an organisation in a published edition; `edition` is its id or `latest`.

    Raises:
        UnknownEdition: There is no such published edition.
        UnknownScore: The edition does not score the organisation.
        IdentifierIsAlias: `organisation` is an alias of another organisation.
    """
    record = find_edition(database, edition)
    standings = list_standings(database, record, ScoreFilters(organisations=(organisation,)), limit=1)
    if not standings or standings[0].organisation != organisation:
        scores.get_edition_score(database, record.id, organisation)
        raise scores.UnknownScore(record.id, organisation)
    return standings[0]


def find_named_standing(database: Database, edition: str, organisation: str) -> EmbedStanding:
    """Find the score of an organisation as `find_standing` does, but by an alias too.

    Raises:
        UnknownEdition: There is no such published edition.
        UnknownScore: The edition does not score the organisation.
    """
    try:
        return find_standing(database, edition, organisation)
    except IdentifierIsAlias as alias:
        return find_standing(database, edition, alias.organisation)


def find_edition(database: Database, edition: str) -> editions.EditionRecord:
    """Find an edition by its id or by `latest`, published or not.

    Raises:
        UnknownEdition: There is no such edition.
    """
    with database.read() as session:
        return editions.find(session, edition)


def list_standings(
    database: Database,
    edition: editions.EditionRecord,
    filters: ScoreFilters,
    *,
    sort: RankingSort = scores.BEST_FIRST,
    offset: int = 0,
    limit: int,
) -> Sequence[EmbedStanding]:
    """List the scores and levels of organisations in an edition, in the order `sort`.

    The first `offset` organisations are skipped, and at most `limit` are listed. The list is empty if the edition is
    not published.
    """
    rows = scores.list_ranking(database, edition.id, filters, PageRange(offset=offset, limit=limit), sort=sort)
    later = scores.find_later_editions(database, edition, [row.organisation for row in rows])
    tallies = scores.count_reviews(database, edition.id, [row.organisation for row in rows])
    return [
        _build_standing(database, edition, row, later.get(row.organisation), tallies.get(row.organisation))
        for row in rows
    ]


def _build_standing(
    database: Database,
    edition: editions.EditionRecord,
    row: RankingRow,
    superseded_by: str | None,
    tally: ReviewTally | None,
) -> EmbedStanding:
    document = load_methodology(row.methodology).document
    unit: int = 10**document.decimals
    return EmbedStanding(
        edition=edition.id,
        period_to=edition.period_to,
        organisation=row.organisation,
        name=row.name,
        index=to_points(row.index_value, unit),
        status=row.status,
        level=row.level,
        provisional=_is_provisional(database, edition, row),
        coverage=to_points(row.coverage, 10**COVERAGE_DECIMALS),
        dimensions={
            child.id: to_points(units, unit)
            for child, units in zip(document.root.children, row.dimensions, strict=True)
        },
        methodology=row.methodology,
        simulated=row.simulated or edition.simulated,
        superseded_by=superseded_by,
        reviewed=tally is not None and (tally.verdicts > 0 or tally.remark),
        replies=0 if tally is None else tally.replies,
        rank=row.rank,
    )


def _is_provisional(database: Database, edition: editions.EditionRecord, row: RankingRow) -> bool:
    """Return True if the level of a score is provisional.

    The full score is read only if the level has a condition under which it stays provisional.
    """
    levels = load_methodology(row.methodology).document.levels
    if row.level is None or levels[row.level - 1].provisional_unless is None:
        return False
    return scores.is_provisional(scores.get_edition_score(database, edition.id, row.organisation))
