"""Use cases over a whole edition: the robustness of its ranking, its statistics, and the audit of its index."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction

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
from actitud_api.platform.storage.pages import TakeTotal
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.computed import ComputationCache, FieldRobustness, FieldStructure, RankedField
from actitud_api.resources.scores.queries import (
    Competitor,
    FigureSource,
    RankingRow,
    ScoreCursorKey,
    ScoreFilters,
    Visibility,
)
from actitud_api.resources.scores.service import BEST_FIRST, build_visibility, find_source

Percentiles = tuple[int, int, int]
"""The 5th, 50th and 95th percentile of a figure over the draws of the robustness analysis."""


class OrganisationRobustness(Struct, frozen=True, kw_only=True):
    """How much the result of an organisation varies if weights and aggregation are chosen at random.

    `row` is its row in the ranking. `draws` is the number of random choices, and `seed` the seed of the random
    generator. `index` holds percentiles of the index in units of 10^-decimals (with 2 decimals, 5734 means 57.34
    points), `rank` percentiles of the rank, and `levels` the number of draws by level. `rank` is None if the caller
    may not see all organisations of the edition, because ranks would reveal the scores of others.
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
    """An edition, the statistical audit of its index, and the other parts of an audit.

    `sensitivity` is None if it was not asked for.
    """

    structure: FieldStructure
    sensitivity: LevelSensitivity | None


def list_robustness(
    database: Database,
    computed: ComputationCache,
    edition: str,
    filters: ScoreFilters,
    *,
    principal: Principal | None,
    draws: int,
    seed: int,
    after: ScoreCursorKey | None,
    offset: int,
    limit: int,
    total: TakeTotal | None = None,
) -> list[OrganisationRobustness]:
    """List the robustness of the ranked organisations of an edition that a principal may see, in rank order.

    `draws` is the number of random draws and `seed` the seed of the random generator. `after` is the cursor of the
    last row of the previous page, None for the first page. Skips the first `offset` rows after it and returns at
    most `limit`. `total` receives the number of rows on all pages; None does not count.

    Raises:
        UnknownEdition: No edition has that id.
        ComputationBusy: Too many requests wait for a computation.
    """

    def load(session: Session) -> tuple[_EditionView, list[RankingRow]]:
        view = _load_view(session, edition, principal)
        ranked = structs.replace(filters, ranked=True)
        rows = queries.list_page(
            session,
            view.source,
            ranked,
            view.visibility,
            sort=BEST_FIRST,
            after=after,
            offset=offset,
            limit=limit,
            total=total,
        )
        return view, rows

    with database.read() as session:
        view, rows = load(session)
    drawn = computed.drawn.get((view.key, draws, seed))
    if drawn is None:
        with computed.take_turn():
            # Load again: an assessment may have changed, or another request computed the draws, during the wait.
            with database.read() as session:
                view, rows = load(session)
                competitors = _list_competitors(session, computed, view)
            drawn = computed.drawn.get((view.key, draws, seed))
            if drawn is None:
                robustness = _draw(view, _build_field(computed, view, competitors), draws, seed)
                drawn = computed.drawn.put((view.key, draws, seed), robustness)
    return [_build_robustness(view, row, drawn, draws, seed) for row in rows]


def compute_statistics(
    database: Database, computed: ComputationCache, edition: str, *, principal: Principal | None
) -> AuditedEdition:
    """Return the statistical audit of the ranked organisations of an edition that a principal may see.

    Raises:
        UnknownEdition: No edition has that id.
        ComputationBusy: Too many requests wait for a computation.
    """
    with database.read() as session:
        view = _load_view(session, edition, principal)
    audit = computed.audits.get(view.key)
    if audit is None:
        with computed.take_turn():
            # Read the key again: an assessment may have changed, or another request computed it, during the wait.
            with database.read() as session:
                view = _load_view(session, edition, principal)
                competitors = _list_competitors(session, computed, view)
            audit = computed.audits.get(view.key)
            if audit is None:
                audit = computed.audits.put(view.key, _audit_field(view, _build_field(computed, view, competitors)))
    return AuditedEdition(edition=view.edition, audit=audit)


def examine_edition(
    database: Database, computed: ComputationCache, edition: str, *, principal: Principal | None, sensitivity: bool
) -> ExaminedEdition:
    """Return the whole audit of the ranked organisations of an edition that a principal may see.

    `sensitivity`: whether the sensitivity of the levels is computed as well, which takes several seconds.

    Raises:
        UnknownEdition: No edition has that id.
        ComputationBusy: Too many requests wait for a computation.
    """
    with database.read() as session:
        view = _load_view(session, edition, principal)
    examined = _find_examined(computed, view, sensitivity=sensitivity)
    if examined is None:
        with computed.take_turn():
            # Read the key again: an assessment may have changed, or another request computed it, during the wait.
            with database.read() as session:
                view = _load_view(session, edition, principal)
                competitors = _list_competitors(session, computed, view)
            field = _build_field(computed, view, competitors)
            if computed.audits.get(view.key) is None:
                computed.audits.put(view.key, _audit_field(view, field))
            if computed.structures.get(view.key) is None:
                computed.structures.put(view.key, _examine_field(view, field))
            if sensitivity and computed.sensitivities.get(view.key) is None:
                computed.sensitivities.put(
                    view.key, compute_level_sensitivity(field.rescoring.columns, draws=DRAWS, seed=SEED)
                )
            examined = _find_examined(computed, view, sensitivity=sensitivity)
            assert examined is not None
    return examined


def _find_examined(computed: ComputationCache, view: _EditionView, *, sensitivity: bool) -> ExaminedEdition | None:
    """Return the audit of an edition if all its parts are cached, else None."""
    audit, structure = computed.audits.get(view.key), computed.structures.get(view.key)
    sensitive = computed.sensitivities.get(view.key) if sensitivity else None
    if audit is None or structure is None or (sensitivity and sensitive is None):
        return None
    return ExaminedEdition(edition=view.edition, audit=audit, structure=structure, sensitivity=sensitive)


def compute_means(database: Database, computed: ComputationCache, edition: str) -> dict[str, int | None]:
    """Return the mean score of each node, by id, over the ranked organisations of a published edition.

    Means are in units of 10^-decimals (with 2 decimals, 5734 means 57.34 points), rounded half up. A mean is None
    if no organisation has a score in the node.

    Raises:
        UnknownEdition: No published edition has that id.
        ComputationBusy: Too many requests wait for a computation.
    """
    with database.read() as session:
        editions.find_published(session, edition)
        view = _load_view(session, edition, None)
    field = computed.fields.get(view.key)
    if field is None:
        with computed.take_turn():
            with database.read() as session:
                view = _load_view(session, edition, None)
                competitors = _list_competitors(session, computed, view)
            field = _build_field(computed, view, competitors)
    return {name: _compute_mean(column) for name, column in field.rescoring.nodes.items()}


def _compute_mean(scores: Integers) -> int | None:
    counted = scores[scores != MISSING]
    return round_half_up(Fraction(int(counted.sum(dtype=np.int64)), counted.size)) if counted.size else None


class _EditionView(Struct, frozen=True):
    """An edition as one principal sees it.

    `visibility` selects the rows that the principal may see. `key` is the cache key of whatever is computed from
    these rows; it changes whenever one of them may have changed. `source` is where they are read.
    """

    edition: editions.EditionRecord
    source: FigureSource
    visibility: Visibility
    key: Hashable

    @property
    def methodology(self) -> Methodology:
        return load_methodology(self.edition.methodology)


def _load_view(session: Session, edition: str, principal: Principal | None) -> _EditionView:
    record = editions.find(session, edition)
    visibility = build_visibility(record, principal)
    source = find_source(session, record)
    key = (record.id, record.version, visibility, queries.get_state_key(session, source, visibility))
    return _EditionView(record, source, visibility, key)


def _list_competitors(session: Session, computed: ComputationCache, view: _EditionView) -> list[Competitor] | None:
    """Return the visible ranked organisations of an edition with their submissions.

    Return None if the scores of these organisations are cached, because the submissions are then not needed.
    """
    if computed.fields.get(view.key) is not None:
        return None
    return queries.list_competitors(session, view.source, view.visibility)


def _build_field(
    computed: ComputationCache, view: _EditionView, competitors: Sequence[Competitor] | None
) -> RankedField:
    cached = computed.fields.get(view.key)
    if cached is not None:
        return cached
    methodology, decoder = view.methodology, msgspec.json.Decoder(Submission)
    competitors = competitors or ()
    columns = build_columns(methodology, [decoder.decode(competitor.submission) for competitor in competitors])
    field = RankedField(
        positions={competitor.organisation: number for number, competitor in enumerate(competitors)},
        rescoring=EditionRescorer(columns),
        attainable=score_columns(replace_document(columns, drop_index_gates(methodology.document))).level,
        kinds=tuple(competitor.kind for competitor in competitors),
        bands=tuple(competitor.band for competitor in competitors),
    )
    return computed.fields.put(view.key, field)


def _draw(view: _EditionView, field: RankedField, draws: int, seed: int) -> FieldRobustness:
    document, nodes = view.methodology.document, field.rescoring.nodes
    dimensions = np.column_stack([nodes[child.id] for child in document.root.children])
    return FieldRobustness(
        field.positions, compute_robustness(document, dimensions, field.attainable, draws=draws, seed=seed)
    )


def _audit_field(view: _EditionView, field: RankedField) -> Audit:
    rescoring = field.rescoring
    return audit_index(
        view.methodology.document,
        rescoring.nodes,
        rescoring.scores.index,
        rescoring.zeros,
        rescoring.compute_index,
    )


def _examine_field(view: _EditionView, field: RankedField) -> FieldStructure:
    document, nodes = view.methodology.document, field.rescoring.nodes
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


def _build_robustness(
    view: _EditionView, row: RankingRow, drawn: FieldRobustness, draws: int, seed: int
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
