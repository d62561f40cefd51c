"""Use cases that summarise the scores of an edition or a part of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.ranking import FiveNumberSummary, summarise
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.computed import ScoreSummary as ScoreSummary
from actitud_api.resources.scores.edition_views import EditionView, build_view, load_view
from actitud_api.resources.scores.queries import FigureColumns, ScoreFilters
from actitud_api.resources.scores.queries import GroupCount as GroupCount


def compute_summary(
    database: Database, computed: ComputationCache, edition: str, filters: ScoreFilters, *, principal: Principal | None
) -> ScoreSummary:
    """Return a summary of the scores of the organisations of an edition that match the filters.

    Only organisations that the principal may see are counted.

    Raises:
        UnknownEdition: No edition has that id.
    """
    with database.read() as session:
        return load_summary(session, computed, load_view(session, edition, principal), filters)


def load_summary(
    session: Session, computed: ComputationCache, view: EditionView, filters: ScoreFilters
) -> ScoreSummary:
    """Return a summary of the visible scores of an edition that match the filters, from the cache if it is there.

    A summary is cached if the key of the view changes whenever the summary may: if all that the filters read is
    published with the scores.
    """
    is_cached = view.published is not None and filters.is_published
    cached = computed.summaries.get((view.key, filters)) if is_cached else None
    if cached is not None:
        return cached
    summary = _summarise_columns(view.edition, queries.load_columns(session, view.source, filters, view.visibility))
    return computed.summaries.put((view.key, filters), summary) if is_cached else summary


def count_by_group(database: Database, computed: ComputationCache, edition: str) -> Sequence[GroupCount]:
    """Count the organisations of a published edition by kind, size band, region and province, for each combination.

    `computed` is the cache of computations.

    Raises:
        UnknownEdition: No edition with that id is published.
    """
    with database.read() as session:
        view = build_view(session, editions.find_published(session, edition), None)
        cached = computed.groups.get(view.key)
        if cached is not None:
            return cached
        return computed.groups.put(view.key, queries.count_by_group(session, view.source))


def _summarise_columns(edition: editions.EditionRecord, columns: FigureColumns) -> ScoreSummary:
    decimals = load_methodology(edition.methodology).document.decimals
    return ScoreSummary(
        edition=edition,
        organisations=len(columns.status),
        ranked=sum(index is not None for index in columns.index),
        statuses=Counter(columns.status),
        levels=Counter(columns.level),
        index=_summarise_known(columns.index),
        tenths=count_tenths(columns.index, decimals),
        dimensions=tuple(_summarise_known(values) for values in columns.dimensions),
        coverage=_summarise_known(columns.coverage),
    )


def count_tenths(values: Iterable[int | None], decimals: int) -> tuple[int, ...]:
    """Count the values from 0 to under 10 points, from 10 to under 20, and so on, and return the ten counts.

    The last count includes 100 points. Values are in units of 10^-decimals (with 2 decimals, 5734 means 57.34
    points); None is not counted.
    """
    tenth: int = 10 ** (decimals + 1)
    # 100 points belong to the last tenth.
    counts = Counter(min(value // tenth, 9) for value in values if value is not None)
    return tuple(counts[number] for number in range(10))


def _summarise_known(values: Iterable[int | None]) -> FiveNumberSummary | None:
    return summarise([value for value in values if value is not None])
