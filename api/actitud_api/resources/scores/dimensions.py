"""Use cases over the dimensions of a published edition."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.ranking import summarise
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import audits, queries
from actitud_api.resources.scores.computed import ComputationBusy, Computed
from actitud_api.resources.scores.queries import ScoreFilters
from actitud_api.resources.scores.service import FiveNumberSummary, count_tenths


class UnknownDimension(LookupError):
    """The methodology of that edition has no dimension of that id."""

    def __init__(self, edition: editions.EditionRecord, dimension: str) -> None:
        super().__init__(f"{edition.id}/{dimension}")
        self.edition = edition


class Figures(Struct, frozen=True, kw_only=True):
    """How the organisations that rank score in a dimension.

    `rated`: those that have a score there. `tenths`: how many have 0 to under 10 points, and so on, and 90 to 100.
    """

    id: str
    rated: int
    spread: FiveNumberSummary | None
    tenths: tuple[int, ...]


class Dimensions(Struct, frozen=True):
    """The dimensions of an edition, in the order of its methodology, and the means of all their indicators.

    `means`: of what each group and indicator counts with, by id, in units; None where it counts for nobody. Empty where
    too many wait already for what has to be computed for them.
    """

    edition: editions.EditionRecord
    ranked: int
    dimensions: tuple[Figures, ...]
    means: Mapping[str, int | None]


def compute_dimensions(database: Database, computed: Computed, edition: str) -> Dimensions:
    """How a published edition scores in each dimension; raises `UnknownEdition`."""
    with database.read() as session:
        found = editions.find_published(session, edition)
        columns = queries.load_columns(session, found.id, ScoreFilters(), queries.Visibility(everything=True))
    document = load_methodology(found.methodology).document
    figures = []
    for child, column in zip(document.root.children, columns.dimensions, strict=True):
        scores = [score for score in column if score is not None]
        figures.append(
            Figures(
                id=child.id, rated=len(scores), spread=summarise(scores), tenths=count_tenths(scores, document.decimals)
            )
        )
    ranked = sum(index is not None for index in columns.index)
    try:
        means = audits.compute_means(database, computed, found.id)
    except ComputationBusy:
        means = {}
    return Dimensions(found, ranked, tuple(figures), means)
