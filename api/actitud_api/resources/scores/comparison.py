"""Use cases that compare the organisations of an edition: peer groups, exemplars, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast

import numpy as np
from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.model import Group
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.engine.scoring import result
from actitud_api.engine.scoring.evaluate import Code, evaluate
from actitud_api.engine.scoring.ranking import (
    LEVEL_POINTS,
    RANKED,
    FiveNumberSummary,
    Integers,
    PeerGroup,
    RankPosition,
    compute_standing,
    find_peer_group,
    summarise,
)
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.computed import ComputationCache, PeerFigures, PeerScores
from actitud_api.resources.scores.edition_views import EditionView, load_view
from actitud_api.resources.scores.queries import (
    RankingRow,
    RankingSort,
    ScoreCursorKey,
    ScoreFilters,
    Visibility,
)
from actitud_api.resources.scores.service import (
    BEST_FIRST,
    EditionScore,
    UnknownScore,
    build_visibility,
    find_source,
    get_edition_score,
    get_explained_score,
)
from actitud_api.resources.scores.statements import DIMENSION_KEYS, DimensionKey

EXEMPLARY_CODES: Final[frozenset[Code]] = frozenset({"full", "partial"})
"""The state codes of answers that are shown for an exemplar: these answers score points and have evidence."""


class PeerComparison(Struct, frozen=True):
    """The index of an organisation, or its score in one dimension, compared with the scores of its peer group.

    Scores are in units of 10^-decimals (with 2 decimals, 5734 means 57.34 points). `score` is None if the organisation
    has no such score. `standing` is its rank in the group, that of the index by level and then by index; None if it has
    no such score or is not ranked. `spread` summarises the scores of the group; None if no organisation in the group
    has such a score. `standing` and `spread` are also None if the caller may not see the scores of other organisations.
    """

    score: int | None
    standing: RankPosition | None
    spread: FiveNumberSummary | None


class OrganisationPeers(Struct, frozen=True, kw_only=True):
    """An organisation of an edition, compared with its peer group.

    `row` is its row in the ranking. `index` and `dimensions` compare its index, and its score in each dimension (in the
    order of the methodology), with the group. Before publication, an organisation sees only its own scores: `group` is
    None, and so are `standing` and `spread` of each comparison.
    """

    edition: str
    row: RankingRow
    group: PeerGroup | None
    index: PeerComparison
    dimensions: tuple[PeerComparison, ...]


class EvidencedAnswer(Struct, frozen=True):
    """An answer that scores points: its score and the documents that prove it.

    `score` is in units of 10^-decimals (with 2 decimals, 5734 means 57.34 points).
    """

    indicator: str
    score: int
    evidence: tuple[Evidence, ...]


class ComparedScore(Struct, frozen=True):
    """An organisation in a side-by-side comparison.

    `edition_score` has its submission and its rank; `score` is its explained score.
    """

    edition_score: EditionScore
    score: result.Score


class SideBySide(Struct, frozen=True, kw_only=True):
    """The organisations of a published edition that are compared side by side.

    `sides` has each organisation once, in the order of the request. `unknown` are the requested identifiers that
    are neither the id nor an alias of a scored organisation.
    """

    edition: editions.EditionRecord
    sides: tuple[ComparedScore, ...]
    unknown: tuple[str, ...]


class DimensionExemplar(Struct, frozen=True):
    """An organisation that scores high in a dimension.

    `row` is its row in the ranking. `score` is its score in the dimension, in units of 10^-decimals (with 2
    decimals, 5734 means 57.34 points). `practices` are its answers in the dimension that score points and have
    evidence.
    """

    dimension: DimensionKey
    score: int
    row: RankingRow
    practices: tuple[EvidencedAnswer, ...]


def find_peers(
    database: Database, computed: ComputationCache, edition: str, organisation: str, *, principal: Principal | None
) -> OrganisationPeers:
    """Compare an organisation of an edition with its peer group, and return the comparison.

    Raises:
        UnknownEdition: No edition has that id.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownScore: The organisation has no score in the edition, or none that the principal may see.
    """
    with database.read() as session:
        view = load_view(session, edition, principal)
        filters = ScoreFilters(organisations=(organisation,))
        rows = queries.list_page(session, view.source, filters, view.visibility, PageRange(limit=1), sort=BEST_FIRST)
        if not rows or rows[0].organisation != organisation:
            organisations.refuse_alias(session, organisation)
            raise UnknownScore(view.edition.id, organisation)
        (row,) = rows
        document = load_methodology(row.methodology).document
        peers = None
        if view.visibility.everything and document.standing == "full":
            peers = _load_peer_scores(session, computed, view, row)

    def compare(score: int | None, points: int | None, others: PeerFigures) -> PeerComparison:
        own = None
        if points is not None and row.status in RANKED:
            own = compute_standing(others.points, points, document.peer_groups.percentiles_from)
        return PeerComparison(score, own, others.spread)

    if peers is None:
        return OrganisationPeers(
            edition=view.edition.id,
            row=row,
            group=None,
            index=PeerComparison(row.index_value, None, None),
            dimensions=tuple(PeerComparison(score, None, None) for score in row.dimensions),
        )
    return OrganisationPeers(
        edition=view.edition.id,
        row=row,
        group=peers.group,
        index=compare(row.index_value, row.rank_points, peers.index),
        dimensions=tuple(map(compare, row.dimensions, row.dimensions, peers.dimensions)),
    )


def _load_peer_scores(session: Session, computed: ComputationCache, view: EditionView, row: RankingRow) -> PeerScores:
    """Return the scores of the peer group of an organisation, from the cache if the edition is published."""
    key = (view.key, row.methodology, row.kind, row.band)
    # Kind and size band in an unpublished edition are those of the register, whose changes the key does not show.
    cached = None if view.published is None else computed.peers.get(key)
    if cached is not None:
        return cached
    document = load_methodology(row.methodology).document
    group = find_peer_group(document, queries.count_ranked_by_kind(session, view.source), row.kind, row.band)
    members = ScoreFilters(kinds=group.kinds, band=cast("organisations.Band | None", group.band))
    columns = queries.load_columns(session, view.source, members, view.visibility)
    pairs = zip(columns.level, columns.index, strict=True)
    points = (None if index is None else LEVEL_POINTS * (level or 0) + index for level, index in pairs)
    index = PeerFigures(_sort_known(points), summarise(_sort_known(columns.index)))
    dimensions = tuple(PeerFigures(scores, summarise(scores)) for scores in map(_sort_known, columns.dimensions))
    peers = PeerScores(group, index, dimensions)
    return peers if view.published is None else computed.peers.put(key, peers)


def _sort_known(column: Iterable[int | None]) -> Integers:
    return np.array(sorted(figure for figure in column if figure is not None), np.int64)


def compare_organisations(database: Database, edition: str, identifiers: Sequence[str]) -> SideBySide:
    """Return the scores of organisations of a published edition, to be shown side by side.

    `identifiers` are ids or aliases of organisations. Identifiers that name no scored organisation are in `unknown` of
    the result.

    Raises:
        UnknownEdition: No published edition has that id.
    """
    with database.read() as session:
        record = editions.find_published(session, edition)
    sides: dict[str, ComparedScore] = {}
    unknown: list[str] = []
    for identifier in dict.fromkeys(identifiers):
        try:
            score = _find_score(database, record.id, identifier)
        except UnknownScore:
            unknown.append(identifier)
            continue
        sides.setdefault(score.organisation, ComparedScore(score, get_explained_score(score)[1]))
    return SideBySide(edition=record, sides=tuple(sides.values()), unknown=tuple(unknown))


def find_organisations(database: Database, edition: str, text: str, *, limit: int) -> list[RankingRow]:
    """Find organisations of a published edition by a search text.

    If `text` is the id or an alias of an organisation, only that organisation is returned. Otherwise `text` is searched
    for in names, and the closest organisations are first. Returns at most `limit` rows.

    Raises:
        UnknownEdition: No published edition has that id.
    """
    visibility = Visibility(everything=True)
    with database.read() as session:
        source = find_source(session, editions.find_published(session, edition))
        named = queries.list_page(
            session,
            source,
            ScoreFilters(organisations=(text.strip(),)),
            visibility,
            PageRange(limit=limit),
            sort=RankingSort("organisation_name"),
        )
        return named or queries.search_page(
            session, source, ScoreFilters(text=text), visibility, PageRange(limit=limit)
        )


def _find_score(database: Database, edition: str, identifier: str) -> EditionScore:
    """Return the published score of an organisation, given by id or alias.

    Raises:
        UnknownScore: The organisation has no score in the edition.
    """
    try:
        return get_edition_score(database, edition, identifier)
    except organisations.IdentifierIsAlias as alias:
        return get_edition_score(database, edition, alias.organisation)


def list_exemplars(
    database: Database,
    edition: str,
    dimension: DimensionKey,
    filters: ScoreFilters,
    page: PageRange[ScoreCursorKey],
    *,
    principal: Principal | None,
) -> list[DimensionExemplar]:
    """List the ranked organisations of an edition that match the filters, from the best in a dimension down.

    Only organisations that the principal may see are listed.

    Raises:
        UnknownEdition: No edition has that id.
    """
    with database.read() as session:
        record = editions.find(session, edition)
        rows = queries.list_page(
            session,
            find_source(session, record),
            structs.replace(filters, ranked=True, rated=dimension),
            build_visibility(record, principal),
            page,
            sort=sort_by_dimension(dimension),
        )
        records = assessments.find_assessments(session, record.id, [row.organisation for row in rows])
    return [
        DimensionExemplar(dimension, score, row, _list_evidenced_answers(records[row.organisation], dimension))
        for row in rows
        if (score := row.dimensions[DIMENSION_KEYS.index(dimension)]) is not None
    ]


def sort_by_dimension(dimension: DimensionKey) -> RankingSort:
    """Return the sort order of exemplars: from the highest score in the dimension to the lowest."""
    return RankingSort(dimension, descending=True)


def _list_evidenced_answers(record: AssessmentRecord, dimension: DimensionKey) -> tuple[EvidencedAnswer, ...]:
    """Return the answers in a dimension that score points and have evidence, in the order of the methodology."""
    methodology = load_methodology(record.methodology)
    evaluation = evaluate(methodology, record.submission)
    node = methodology.document.root.children[DIMENSION_KEYS.index(dimension)]
    covered = {indicator.id for indicator in (walk_indicators(node) if isinstance(node, Group) else (node,))}
    return tuple(
        EvidencedAnswer(compiled.definition.id, leaf.score, assessments.valid_evidence(record, compiled.definition.id))
        for compiled, leaf in zip(evaluation.compiled.indicators, evaluation.results, strict=True)
        if compiled.definition.id in covered - record.submission.self_declared
        and leaf.score is not None
        and leaf.code in EXEMPLARY_CODES
    )
