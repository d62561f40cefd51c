"""Use cases over a whole edition: the robustness of its ranking, its statistics, and the audit of its index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.predicates import round_half_up, walk_groups, walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.audit import Audit, audit_index
from actitud_api.engine.scoring.columns import build_columns, score_columns
from actitud_api.engine.scoring.compensation import compute_compensation
from actitud_api.engine.scoring.correlations import compute_components, compute_correlation_matrix
from actitud_api.engine.scoring.group_differences import compare_groups
from actitud_api.engine.scoring.level_sensitivity import DRAWS, SEED, LevelSensitivity, compute_level_sensitivity
from actitud_api.engine.scoring.ranking import Integers
from actitud_api.engine.scoring.rescoring import EditionRescorer, replace_document
from actitud_api.engine.scoring.robustness import MISSING, compute_robustness, drop_index_gates
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.computed import (
    ComputationCache,
    FieldRobustness,
    FieldStructure,
    NodeMeans,
    RankedField,
)
from actitud_api.resources.scores.edition_views import EditionView, load_view
from actitud_api.resources.scores.kept_computations import ComputedFrom, KeptComputations
from actitud_api.resources.scores.queries import (
    Competitor,
    RankingRow,
    ScoreCursorKey,
    ScoreFilters,
)
from actitud_api.resources.scores.service import BEST_FIRST

USUAL_DRAWS: Final = 1_000
"""Number of random draws unless a request names another one."""
USUAL_SEED: Final = 42
"""Seed of the random draws unless a request names another one."""

Percentiles = tuple[int, int, int]
"""The 5th, 50th and 95th percentile of a figure over the draws of the robustness analysis."""


class OrganisationRobustness(Struct, frozen=True, kw_only=True):
    """The variation of the result of an organisation if weights and aggregation are chosen at random.

    Attributes:
        edition: Id of the edition.
        row: Its row in the ranking.
        draws: Number of random choices.
        seed: Seed of the random generator.
        index: The 5th, 50th and 95th percentile of the index in units of 10^-decimals of the methodology (with 2
            decimals, 5734 means 57.34 points).
        rank: The same percentiles of the rank. None if the caller may not see all organisations of the edition, because
            ranks would reveal the scores of others.
        levels: Number of draws by level.
    """

    edition: str
    row: RankingRow
    draws: int
    seed: int
    index: Percentiles
    rank: Percentiles | None
    levels: dict[int, int]


class AuditedEdition(Struct, frozen=True, kw_only=True):
    """An edition and the statistical audit of its index."""

    edition: editions.EditionRecord
    audit: Audit


class ExaminedEdition(AuditedEdition, frozen=True, kw_only=True):
    """An edition with its whole audit: the statistical audit, the structure of the index and the sensitivity of levels.

    `sensitivity` is None if the request does not ask for it.
    """

    structure: FieldStructure
    sensitivity: LevelSensitivity | None


def list_robustness(
    database: Database,
    computed: ComputationCache,
    edition: str,
    filters: ScoreFilters,
    page: PageRange[ScoreCursorKey],
    *,
    principal: Principal | None,
    draws: int,
    seed: int,
) -> list[OrganisationRobustness]:
    """List the robustness of the ranked organisations of an edition that a principal may see, in rank order.

    `draws` is the number of random draws, `seed` that of their generator.

    Raises:
        UnknownEdition: No edition has that id.
        ComputationBusy: Too many requests wait for a computation.
    """

    def load(session: Session) -> tuple[EditionView, list[RankingRow]]:
        view = load_view(session, edition, principal)
        ranked = structs.replace(filters, ranked=True)
        rows = queries.list_page(session, view.source, ranked, view.visibility, page, sort=BEST_FIRST)
        return view, rows

    with database.read() as session:
        view, rows = load(session)
    drawn = _find_draws(computed, view, draws, seed)
    if drawn is None:
        with computed.take_turn():
            # Load again: an assessment may have changed, or another request computed the draws, during the wait.
            with database.read() as session:
                view, rows = load(session)
                competitors = _list_competitors(session, computed, view)
            drawn = _find_draws(computed, view, draws, seed)
            if drawn is None:
                robustness = _draw(view.methodology, _load_field(computed, view, competitors), draws, seed)
                kind, source = _name_draws(view, draws, seed)
                drawn = computed.keep(computed.drawn, (view.key, draws, seed), source, kind, robustness)
    return [_build_robustness(view, row, drawn, draws, seed) for row in rows]


def compute_statistics(
    database: Database, computed: ComputationCache, edition: str, *, principal: Principal | None
) -> AuditedEdition:
    """Return the statistical audit of the ranked organisations of an edition that a principal may see.

    Raises:
        UnknownEdition: No edition has that id.
        ComputationBusy: Too many requests wait for a computation.
    """
    view, (audit,) = _find_or_compute(database, computed, edition, principal, [_AUDIT])
    return AuditedEdition(edition=view.edition, audit=audit)


def examine_edition(
    database: Database, computed: ComputationCache, edition: str, *, principal: Principal | None, sensitivity: bool
) -> ExaminedEdition:
    """Return the whole audit of the ranked organisations of an edition that a principal may see.

    `sensitivity` is True to compute the sensitivity of the levels as well, which takes several seconds.

    Raises:
        UnknownEdition: No edition has that id.
        ComputationBusy: Too many requests wait for a computation.
    """
    parts = [_AUDIT, _STRUCTURE, *([_SENSITIVITY] if sensitivity else [])]
    view, (audit, structure, *sensitive) = _find_or_compute(database, computed, edition, principal, parts)
    return ExaminedEdition(
        edition=view.edition, audit=audit, structure=structure, sensitivity=sensitive[0] if sensitive else None
    )


def compute_means(database: Database, computed: ComputationCache, edition: str) -> dict[str, int | None]:
    """Return the mean score of each group and indicator, by id, over the ranked organisations of a published edition.

    Means are in units of 10^-decimals (with 2 decimals, 5734 means 57.34 points), rounded half up. A mean is None if no
    organisation has a score in the group or indicator.

    Raises:
        UnknownEdition: No published edition has that id.
        ComputationBusy: Too many requests wait for a computation.
    """
    with database.read() as session:
        editions.find_published(session, edition)
    _, (means,) = _find_or_compute(database, computed, edition, None, [_MEANS])
    return dict(means.means)


class _Part(Struct, frozen=True):
    """A computation over the ranked organisations of an edition.

    `kind` names it on disk, `values` is the attribute of `ComputationCache` that caches it in memory.
    """

    kind: str
    values: str
    type: type[Any]
    compute: Callable[[Methodology, RankedField], Any]

    def find(self, computed: ComputationCache, view: EditionView) -> Any | None:
        return computed.find(getattr(computed, self.values), view.key, view.published, self.kind, self.type)


def _find_or_compute(
    database: Database, computed: ComputationCache, edition: str, principal: Principal | None, parts: Sequence[_Part]
) -> tuple[EditionView, list[Any]]:
    """Return the view of an edition that a principal has, and the results of `parts` for it."""
    with database.read() as session:
        view = load_view(session, edition, principal)
    found = [part.find(computed, view) for part in parts]
    if any(result is None for result in found):
        with computed.take_turn():
            # Read the key again: an assessment may have changed, or another request computed it, during the wait.
            with database.read() as session:
                view = load_view(session, edition, principal)
                competitors = _list_competitors(session, computed, view)
            found = [part.find(computed, view) for part in parts]
            for number, part in enumerate(parts):
                if found[number] is None:
                    result = part.compute(view.methodology, _load_field(computed, view, competitors))
                    values = getattr(computed, part.values)
                    found[number] = computed.keep(values, view.key, view.published, part.kind, result)
    return view, found


def _find_draws(computed: ComputationCache, view: EditionView, draws: int, seed: int) -> FieldRobustness | None:
    kind, source = _name_draws(view, draws, seed)
    return computed.find(computed.drawn, (view.key, draws, seed), source, kind, FieldRobustness)


def _name_draws(view: EditionView, draws: int, seed: int) -> tuple[str, ComputedFrom | None]:
    """Return the kind of draws, and the source by which they are kept; None if they are not, as only usual ones are."""
    is_usual = (draws, seed) == (USUAL_DRAWS, USUAL_SEED)
    return f"{_DRAWS}-{draws}-{seed}", view.published if is_usual else None


class ComputationJob(Struct, frozen=True):
    """The computations over a published edition whose results are not on disk yet, with their inputs.

    `source` and `competitors` are the scores to compute from, `missing` the names of the computations. A job can be
    passed to another process.
    """

    source: ComputedFrom
    methodology: str
    competitors: list[Competitor]
    missing: frozenset[str]


def find_missing_computations(database: Database, kept: KeptComputations, edition: str) -> ComputationJob | None:
    """Return the computations over a published edition whose results are not in the store `kept` on disk yet.

    Return None if none is missing, or the edition is not published. Results that were computed from earlier scores of
    the edition are deleted from the disk.

    Raises:
        UnknownEdition: No edition has that id.
    """
    with database.read() as session:
        view = load_view(session, edition, None)
        if view.published is None:
            return None
        source = view.published
        missing = frozenset(kind for kind in _COMPUTATIONS if not kept.holds(source, kind))
        competitors = queries.list_competitors(session, view.source, view.visibility) if missing else []
    kept.drop_outdated(source)
    return ComputationJob(source, view.edition.methodology, competitors, missing) if missing else None


def compute_missing(kept: KeptComputations, job: ComputationJob) -> None:
    """Run the missing computations over an edition, and save their results in the store `kept` on disk."""
    methodology = load_methodology(job.methodology)
    field = _build_field(methodology, job.competitors)
    for kind, compute in _COMPUTATIONS.items():
        if kind in job.missing:
            kept.save(job.source, kind, compute(methodology, field))


def _compute_means(field: RankedField) -> NodeMeans:
    return NodeMeans({name: _compute_mean(column) for name, column in field.rescoring.nodes.items()})


def _compute_mean(scores: Integers) -> int | None:
    counted = scores[scores != MISSING]
    return round_half_up(Fraction(int(counted.sum(dtype=np.int64)), counted.size)) if counted.size else None


def _list_competitors(session: Session, computed: ComputationCache, view: EditionView) -> list[Competitor] | None:
    """Return the visible ranked organisations of an edition with their submissions.

    Return None if the scores of these organisations are cached, because the submissions are then not needed.
    """
    if computed.fields.get(view.key) is not None:
        return None
    return queries.list_competitors(session, view.source, view.visibility)


def _load_field(computed: ComputationCache, view: EditionView, competitors: Sequence[Competitor] | None) -> RankedField:
    cached = computed.fields.get(view.key)
    if cached is not None:
        return cached
    return computed.fields.put(view.key, _build_field(view.methodology, competitors or ()))


def _build_field(methodology: Methodology, competitors: Sequence[Competitor]) -> RankedField:
    decoder = msgspec.json.Decoder(Submission)
    columns = build_columns(methodology, [decoder.decode(competitor.submission) for competitor in competitors])
    return RankedField(
        positions={competitor.organisation: number for number, competitor in enumerate(competitors)},
        rescoring=EditionRescorer(columns),
        attainable=score_columns(replace_document(columns, drop_index_gates(methodology.document))).level,
        kinds=tuple(competitor.kind for competitor in competitors),
        bands=tuple(competitor.band for competitor in competitors),
    )


def _draw(methodology: Methodology, field: RankedField, draws: int, seed: int) -> FieldRobustness:
    document, nodes = methodology.document, field.rescoring.nodes
    dimensions = np.column_stack([nodes[child.id] for child in document.root.children])
    return FieldRobustness(
        field.positions,
        compute_robustness(
            document, dimensions, field.rescoring.scores.level, field.attainable, draws=draws, seed=seed
        ),
    )


def _audit_field(methodology: Methodology, field: RankedField) -> Audit:
    rescoring = field.rescoring
    return audit_index(
        methodology.document,
        rescoring.nodes,
        rescoring.scores.index,
        rescoring.scores.level,
        rescoring.zeros,
        rescoring.compute_index,
    )


def _examine_field(methodology: Methodology, field: RankedField) -> FieldStructure:
    document, nodes = methodology.document, field.rescoring.nodes
    points = {
        name: np.where(column == MISSING, np.nan, column / 10**document.decimals) for name, column in nodes.items()
    }
    below = [group.id for group in walk_groups(document.root) if group is not document.root]
    indicators = [indicator.id for indicator in walk_indicators(document.root)]
    dimensions = [child.id for child in document.root.children]
    scores = field.rescoring.scores
    index = scores.index / 10**document.decimals
    of_indicators = {name: points[name] for name in indicators}
    return FieldStructure(
        nodes=(*below, *indicators),
        correlations=compute_correlation_matrix([points[name] for name in (*below, *indicators)]),
        components=compute_components(compute_correlation_matrix([points[name] for name in dimensions])),
        compensation=compute_compensation(
            document,
            np.column_stack([nodes[name] for name in dimensions]),
            scores.index,
            scores.level,
            field.attainable,
        ),
        differences=(
            compare_groups("kind", field.kinds, index, of_indicators),
            compare_groups("band", field.bands, index, of_indicators),
        ),
        organisations=tuple(field.positions),
    )


_DRAWS: Final = "draws"
_AUDIT: Final = _Part("audit", "audits", Audit, _audit_field)
_STRUCTURE: Final = _Part("structure", "structures", FieldStructure, _examine_field)
_SENSITIVITY: Final = _Part(
    "sensitivity",
    "sensitivities",
    LevelSensitivity,
    lambda _, field: compute_level_sensitivity(field.rescoring.columns, draws=DRAWS, seed=SEED),
)
_MEANS: Final = _Part("means", "means", NodeMeans, lambda _, field: _compute_means(field))
_COMPUTATIONS: Final[Mapping[str, Callable[[Methodology, RankedField], object]]] = {
    f"{_DRAWS}-{USUAL_DRAWS}-{USUAL_SEED}": lambda methodology, field: _draw(
        methodology, field, USUAL_DRAWS, USUAL_SEED
    ),
    **{part.kind: part.compute for part in (_MEANS, _AUDIT, _STRUCTURE)},
}
"""The computations over a published edition that are made before anybody asks, by kind; what pages need comes first.

The sensitivity of the levels, which takes as long as all files together and which few ask for, is kept once it is made.
"""


def _build_robustness(
    view: EditionView, row: RankingRow, drawn: FieldRobustness, draws: int, seed: int
) -> OrganisationRobustness:
    number, robustness = drawn.positions[row.organisation], drawn.robustness
    counts: list[int] = robustness.levels[number].tolist()
    return OrganisationRobustness(
        edition=view.edition.id,
        row=row,
        draws=draws,
        seed=seed,
        index=tuple(robustness.index[number].tolist()),
        rank=tuple(robustness.rank[number].tolist()) if view.visibility.everything else None,
        levels={level.number: count for level, count in zip(view.methodology.document.levels, counts, strict=True)},
    )
