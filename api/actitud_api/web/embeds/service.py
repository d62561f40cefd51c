"""Use cases over what other sites show: how an organisation stands in a published edition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Figure, to_points
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.service import RankingRow, RankingSort, ReviewTally, ScoreFilters


class EmbedStanding(Struct, frozen=True, kw_only=True):
    """How an organisation stands in a published edition; whatever shows it is made of this alone.

    `index` is of 100 points, `coverage` of 1. `dimensions`: the score of each by its id, None where it is not rated.
    `superseded_by`: the newest published edition after this one that scores the organisation too. `reviewed`: somebody
    has judged answers of it, or said something of the whole; `replies`: about how many indicators it replied.
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


def find_standing(database: Database, edition: str, organisation: str) -> EmbedStanding:
    """How that organisation stands in that edition, or in the latest.

    Raises `UnknownEdition`, `UnknownScore` for what is not there or not published, and `AliasOf`.
    """
    record = find_edition(database, edition)
    found = list_standings(database, record, ScoreFilters(organisations=(organisation,)), limit=1)
    if not found or found[0].organisation != organisation:
        scores.get_edition_score(database, record.id, organisation)
        raise scores.UnknownScore(record.id, organisation)
    return found[0]


def find_edition(database: Database, edition: str) -> editions.EditionRecord:
    """The edition of that id, or the latest; raises `UnknownEdition`. Of one that is not published nothing is shown."""
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
    """How organisations stand in an edition, in an order; none where it is not published."""
    rows = scores.list_ranking(database, edition.id, filters, sort=sort, after=None, offset=offset, limit=limit)
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
    )


def _is_provisional(database: Database, edition: editions.EditionRecord, row: RankingRow) -> bool:
    """Whether its level is provisional, which few can be: those that are of a level that can be so."""
    levels = load_methodology(row.methodology).document.levels
    if row.level is None or levels[row.level - 1].provisional_unless is None:
        return False
    return scores.is_provisional(scores.get_edition_score(database, edition.id, row.organisation))
