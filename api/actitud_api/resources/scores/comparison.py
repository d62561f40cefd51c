"""Use cases that set the organisations of an edition beside each other: peers and exemplars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.model import Group
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.engine.scoring import result
from actitud_api.engine.scoring.evaluate import Code, evaluate
from actitud_api.engine.scoring.ranking import (
    RANKED,
    FiveNumberSummary,
    PeerGroup,
    RankPosition,
    compute_standing,
    find_peer_group,
    summarise,
)
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.queries import (
    DIMENSION_KEYS,
    DimensionKey,
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
    get_edition_score,
    get_explained_score,
)

GOOD: Final[frozenset[Code]] = frozenset({"full", "partial"})
"""What others can learn from: answers with evidence that score."""


class PeerComparison(Struct, frozen=True):
    """A figure of an organisation and those of its group, in units of 10^-decimals.

    `standing`: None where it is not there or the organisation does not rank. `spread`: None where nobody has it.
    """

    score: int | None
    standing: RankPosition | None
    spread: FiveNumberSummary | None


class Peers(Struct, frozen=True, kw_only=True):
    """An organisation beside its peer group; `group` and all of it are None where they would tell of others."""

    edition: str
    row: RankingRow
    group: PeerGroup | None
    index: PeerComparison
    dimensions: tuple[PeerComparison, ...]


class Practice(Struct, frozen=True):
    """An answer that scores, in units, and the documents that show it."""

    indicator: str
    score: int
    evidence: tuple[Evidence, ...]


class ComparedScore(Struct, frozen=True):
    """One of the organisations that are set side by side: what it sent, and its explained score."""

    sent: EditionScore
    score: result.Score


class SideBySide(Struct, frozen=True, kw_only=True):
    """Organisations of a published edition in the order in which they were named, each once.

    `unknown`: what was named and is neither id nor alias of one that has a score there.
    """

    edition: editions.EditionRecord
    sides: tuple[ComparedScore, ...]
    unknown: tuple[str, ...]


class Exemplar(Struct, frozen=True):
    """An organisation that does well in a dimension, in units."""

    dimension: DimensionKey
    score: int
    row: RankingRow
    practices: tuple[Practice, ...]


def find_peers(database: Database, edition: str, organisation: str, *, principal: Principal | None) -> Peers:
    """An organisation of an edition beside its peer group; raises `UnknownEdition`, `AliasOf` and `UnknownScore`."""
    with database.read() as session:
        found = editions.find(session, edition)
        seen = build_visibility(found, principal)
        named = ScoreFilters(organisations=(organisation,))
        rows = queries.list_page(session, found.id, named, seen, sort=BEST_FIRST, after=None, offset=0, limit=1)
        if not rows or rows[0].organisation != organisation:
            organisations.refuse_alias(session, organisation)
            raise UnknownScore(found.id, organisation)
        (row,) = rows
        document = load_methodology(row.methodology).document
        group = columns = None
        if seen.everything:
            group = find_peer_group(document, queries.count_ranked_by_kind(session, found.id), row.kind, row.band)
            members = ScoreFilters(kinds=group.kinds, band=cast("organisations.Band | None", group.band))
            columns = queries.load_columns(session, found.id, members, seen)

    def beside(score: int | None, others: list[int | None] | None) -> PeerComparison:
        if others is None:
            return PeerComparison(score, None, None)
        values = [value for value in others if value is not None]
        own = None
        if score is not None and row.status in RANKED:
            own = compute_standing(values, score, document.peer_groups.percentiles_from)
        return PeerComparison(score, own, summarise(values))

    return Peers(
        edition=found.id,
        row=row,
        group=group,
        index=beside(row.index_value, None if columns is None else columns.index),
        dimensions=tuple(
            beside(score, None if columns is None else columns.dimensions[number])
            for number, score in enumerate(row.dimensions)
        ),
    )


def compare_organisations(database: Database, edition: str, named: Sequence[str]) -> SideBySide:
    """Organisations of a published edition side by side, by ids or aliases; raises `UnknownEdition`."""
    with database.read() as session:
        found = editions.find_published(session, edition)
    sides: dict[str, ComparedScore] = {}
    unknown: list[str] = []
    for identifier in dict.fromkeys(named):
        try:
            one = _sent(database, found.id, identifier)
        except UnknownScore:
            unknown.append(identifier)
            continue
        sides.setdefault(one.organisation, ComparedScore(one, get_explained_score(one)[1]))
    return SideBySide(edition=found, sides=tuple(sides.values()), unknown=tuple(unknown))


def find_organisations(database: Database, edition: str, text: str, *, limit: int) -> list[RankingRow]:
    """The organisations of a published edition that a text means: that of this id or alias, else by words of names.

    In the order of their names; at most `limit`. Raises `UnknownEdition`.
    """
    seen = Visibility(everything=True)
    words = tuple(organisations.split_words(text))
    with database.read() as session:
        found = editions.find_published(session, edition)

        def rows(filters: ScoreFilters) -> list[RankingRow]:
            return queries.list_page(
                session, found.id, filters, seen, sort=RankingSort("name"), after=None, offset=0, limit=limit
            )

        return rows(ScoreFilters(organisations=(text.strip(),))) or (rows(ScoreFilters(words=words)) if words else [])


def _sent(database: Database, edition: str, identifier: str) -> EditionScore:
    """What the organisation of an id or alias sent for an edition; raises `UnknownScore`."""
    try:
        return get_edition_score(database, edition, identifier)
    except organisations.IdentifierIsAlias as alias:
        return get_edition_score(database, edition, alias.organisation)


def list_exemplars(
    database: Database,
    edition: str,
    dimension: DimensionKey,
    filters: ScoreFilters,
    *,
    principal: Principal | None,
    after: ScoreCursorKey | None,
    offset: int,
    limit: int,
) -> list[Exemplar]:
    """The organisations of an edition that somebody may see and that rank, the best in a dimension first.

    From the one that follows `after`. Raises `UnknownEdition`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        rows = queries.list_page(
            session,
            found.id,
            structs.replace(filters, ranked=True, rated=dimension),
            build_visibility(found, principal),
            sort=sort_by_dimension(dimension),
            after=after,
            offset=offset,
            limit=limit,
        )
        records = assessments.find_assessments(session, found.id, [row.organisation for row in rows])
    return [
        Exemplar(dimension, score, row, _practices(records[row.organisation], dimension))
        for row in rows
        if (score := row.dimensions[DIMENSION_KEYS.index(dimension)]) is not None
    ]


def sort_by_dimension(dimension: DimensionKey) -> RankingSort:
    """The order of exemplars: the best in a dimension first."""
    return RankingSort(dimension, descending=True)


def _practices(record: AssessmentRecord, dimension: DimensionKey) -> tuple[Practice, ...]:
    """The answers of a dimension that score with evidence, in the order of the document."""
    methodology = load_methodology(record.methodology)
    evaluation = evaluate(methodology, record.submission)
    asked = methodology.document.root.children[DIMENSION_KEYS.index(dimension)]
    below = {known.id for known in (walk_indicators(asked) if isinstance(asked, Group) else (asked,))}
    return tuple(
        Practice(compiled.definition.id, leaf.score, assessments.valid_evidence(record, compiled.definition.id))
        for compiled, leaf in zip(evaluation.compiled.indicators, evaluation.results, strict=True)
        if compiled.definition.id in below - record.submission.self_declared
        and leaf.score is not None
        and leaf.code in GOOD
    )
