"""Use cases over the dimensions of a published edition: distributions of scores, and means."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.ranking import FiveNumberSummary, summarise
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import audits, queries
from actitud_api.resources.scores.computed import ComputationBusy, ComputationCache
from actitud_api.resources.scores.queries import ScoreFilters
from actitud_api.resources.scores.service import find_source
from actitud_api.resources.scores.summaries import count_tenths


class DimensionFigures(Struct, frozen=True, kw_only=True):
    """The figures of the ranked organisations of an edition in one dimension.

    `rated` counts the organisations with a score in the dimension, and `spread` summarises these scores (None if
    there are none). `tenths` has ten counts: of scores from 0 to under 10 points, from 10 to under 20, and so on,
    up to 90 to 100.
    """

    id: str
    rated: int
    spread: FiveNumberSummary | None
    tenths: tuple[int, ...]


class EditionDimensions(Struct, frozen=True):
    """The dimensions of an edition in the order of the methodology, and the means of all groups and indicators.

    `ranked` counts the ranked organisations. `means` are mean scores by id, in units of 10^-decimals (with 2
    decimals, 5734 means 57.34 points); a mean is None if no organisation has a score for the group or indicator.
    `means` is empty while too many requests wait for a computation.
    """

    edition: editions.EditionRecord
    ranked: int
    dimensions: tuple[DimensionFigures, ...]
    means: Mapping[str, int | None]


def compute_dimensions(database: Database, computed: ComputationCache, edition: str) -> EditionDimensions:
    """Compute the figures of a published edition in each dimension, and the means of groups and indicators.

    `computed` is the cache of computations.

    Raises:
        UnknownEdition: No published edition has that id.
    """
    with database.read() as session:
        record = editions.find_published(session, edition)
        everything = queries.Visibility(everything=True)
        columns = queries.load_columns(session, find_source(session, record), ScoreFilters(), everything)
    document = load_methodology(record.methodology).document
    figures = []
    for child, column in zip(document.root.children, columns.dimensions, strict=True):
        scores = [score for score in column if score is not None]
        figures.append(
            DimensionFigures(
                id=child.id, rated=len(scores), spread=summarise(scores), tenths=count_tenths(scores, document.decimals)
            )
        )
    ranked = sum(index is not None for index in columns.index)
    try:
        means = audits.compute_means(database, computed, record.id)
    except ComputationBusy:
        means = {}
    return EditionDimensions(record, ranked, tuple(figures), means)
