"""Use cases over a whole edition: how solid its ranking is, and the audit of its index."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction

import msgspec
import numpy as np
from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.audit import Audit, audit_index
from actitud_api.engine.scoring.columns import build_columns, score_columns
from actitud_api.engine.scoring.ranking import Integers
from actitud_api.engine.scoring.rescoring import EditionRescorer, replace_document
from actitud_api.engine.scoring.robustness import MISSING, compute_robustness, drop_index_gates
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.computed import Computed, Drawn, Field
from actitud_api.resources.scores.queries import Competitor, RankingRow, ScoreCursorKey, ScoreFilters, Visibility
from actitud_api.resources.scores.service import BEST_FIRST, build_visibility

Percentiles = tuple[int, int, int]
"""The 5th, 50th and 95th percentile."""


class OrganisationRobustness(Struct, frozen=True, kw_only=True):
    """How an organisation comes out of the draws: percentiles in units and ranks, and how many draws give each level.

    `rank`: None where it would tell of others.
    """

    edition: str
    row: RankingRow
    draws: int
    seed: int
    index: Percentiles
    rank: Percentiles | None
    levels: dict[int, int]


class AuditedEdition(Struct, frozen=True, kw_only=True):
    """The audit of an edition."""

    edition: editions.EditionRecord
    audit: Audit


def list_robustness(
    database: Database,
    computed: Computed,
    edition: str,
    filters: ScoreFilters,
    *,
    principal: Principal | None,
    draws: int,
    seed: int,
    after: ScoreCursorKey | None,
    offset: int,
    limit: int,
) -> list[OrganisationRobustness]:
    """How the organisations that rank in an edition and that somebody may see come out of so many draws.

    In rank order, from the one that follows `after`. Raises `UnknownEdition`, and `Busy` where too many wait for what
    has to be computed first.
    """

    def look(session: Session) -> tuple[_View, list[RankingRow]]:
        view = _view(session, edition, principal)
        ranked = structs.replace(filters, ranked=True)
        rows = queries.list_page(
            session, view.edition.id, ranked, view.seen, sort=BEST_FIRST, after=after, offset=offset, limit=limit
        )
        return view, rows

    with database.read() as session:
        view, rows = look(session)
    drawn = computed.drawn.get((view.key, draws, seed))
    if drawn is None:
        with computed.turn():
            with database.read() as session:
                view, rows = look(session)
                sent = _competitors(session, computed, view)
            drawn = computed.drawn.get((view.key, draws, seed))
            if drawn is None:
                made = _drawn(view, _field(computed, view, sent), draws, seed)
                drawn = computed.drawn.put((view.key, draws, seed), made)
    return [_robust(view, row, drawn, draws, seed) for row in rows]


def compute_statistics(
    database: Database, computed: Computed, edition: str, *, principal: Principal | None
) -> AuditedEdition:
    """The audit of the organisations that rank in an edition and that somebody may see.

    Raises `UnknownEdition`, and `Busy` where too many wait for what has to be computed first.
    """
    with database.read() as session:
        view = _view(session, edition, principal)
    found = computed.audits.get(view.key)
    if found is None:
        with computed.turn():
            with database.read() as session:
                view = _view(session, edition, principal)
                sent = _competitors(session, computed, view)
            found = computed.audits.get(view.key)
            if found is None:
                found = computed.audits.put(view.key, _audit(view, _field(computed, view, sent)))
    return AuditedEdition(edition=view.edition, audit=found)


def compute_means(database: Database, computed: Computed, edition: str) -> dict[str, int | None]:
    """The mean of what each group and indicator counts with, by id, over those that rank in a published edition.

    In units, half up; None where it counts for nobody. Raises `UnknownEdition`, and `Busy` where too many wait for
    what has to be computed first.
    """
    with database.read() as session:
        editions.find_published(session, edition)
        view = _view(session, edition, None)
    field = computed.fields.get(view.key)
    if field is None:
        with computed.turn():
            with database.read() as session:
                view = _view(session, edition, None)
                sent = _competitors(session, computed, view)
            field = _field(computed, view, sent)
    return {name: _mean(column) for name, column in field.rescoring.nodes.items()}


def _mean(scores: Integers) -> int | None:
    counted = scores[scores != MISSING]
    return round_half_up(Fraction(int(counted.sum(dtype=np.int64)), counted.size)) if counted.size else None


class _View(Struct, frozen=True):
    """An edition as somebody sees it; `key` is another when any of its assessments is."""

    edition: editions.EditionRecord
    seen: Visibility
    key: Hashable

    @property
    def methodology(self) -> Methodology:
        return load_methodology(self.edition.methodology)


def _view(session: Session, edition: str, principal: Principal | None) -> _View:
    found = editions.find(session, edition)
    seen = build_visibility(found, principal)
    return _View(found, seen, (found.id, found.version, seen, queries.get_state_key(session, found.id)))


def _competitors(session: Session, computed: Computed, view: _View) -> list[Competitor] | None:
    """Those that rank; None where what they come to is kept."""
    if computed.fields.get(view.key) is not None:
        return None
    return queries.list_competitors(session, view.edition.id, view.seen)


def _field(computed: Computed, view: _View, sent: Sequence[Competitor] | None) -> Field:
    kept = computed.fields.get(view.key)
    if kept is not None:
        return kept
    methodology, decoder = view.methodology, msgspec.json.Decoder(Submission)
    sent = sent or ()
    columns = build_columns(methodology, [decoder.decode(competitor.submission) for competitor in sent])
    field = Field(
        places={competitor.organisation: number for number, competitor in enumerate(sent)},
        rescoring=EditionRescorer(columns),
        attainable=score_columns(replace_document(columns, drop_index_gates(methodology.document))).level,
    )
    return computed.fields.put(view.key, field)


def _drawn(view: _View, field: Field, draws: int, seed: int) -> Drawn:
    document, nodes = view.methodology.document, field.rescoring.nodes
    dimensions = np.column_stack([nodes[child.id] for child in document.root.children])
    return Drawn(field.places, compute_robustness(document, dimensions, field.attainable, draws=draws, seed=seed))


def _audit(view: _View, field: Field) -> Audit:
    rescoring = field.rescoring
    return audit_index(view.methodology.document, rescoring.nodes, rescoring.scores.index, rescoring.compute_index)


def _robust(view: _View, row: RankingRow, drawn: Drawn, draws: int, seed: int) -> OrganisationRobustness:
    number, found = drawn.places[row.organisation], drawn.robustness
    counts: list[int] = found.levels[number].tolist()
    return OrganisationRobustness(
        edition=view.edition.id,
        row=row,
        draws=draws,
        seed=seed,
        index=tuple(found.index[number].tolist()),
        rank=tuple(found.rank[number].tolist()) if view.seen.everything else None,
        levels={level.number: count for level, count in zip(view.methodology.document.levels, counts, strict=True)},
    )
