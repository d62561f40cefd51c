"""Use cases over scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology
from actitud_api.engine.methodology.requests.answers import (
    ScoreRequest,
    Submission,
    build_score_request_type,
    to_replacement,
    to_submission,
)
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.engine.scoring.change_decomposition import (
    Carried,
    ChangeDecomposition,
    ScoreDifference,
    carry_over,
    compare_scores,
    decompose_change,
    replace_facts,
)
from actitud_api.engine.scoring.evaluate import Status, evaluate
from actitud_api.engine.scoring.explain import explain, outline_score
from actitud_api.engine.scoring.level_path import LevelPath
from actitud_api.engine.scoring.level_path import find_level_path as path_to_next_level
from actitud_api.engine.scoring.ranking import FiveNumberSummary, summarise
from actitud_api.engine.scoring.result import Score as CanonicalScore
from actitud_api.platform.auth.service import DRAFT_ROLES, ORGANISATION_ROLES, Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import service as publication
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.reviews.replies.service import ReviewOutcome, ReviewTally
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.queries import (
    DIMENSION_KEYS,
    SORT_KEYS,
    GroupCount,
    PastRow,
    RankingRow,
    RankingSort,
    ScoreCursorKey,
    ScoreFilters,
    Visibility,
    get_cursor_key,
)

__all__ = [
    "DIMENSION_KEYS",
    "REQUESTS",
    "SORT_KEYS",
    "EditionChange",
    "EditionScore",
    "Evidence",
    "FiveNumberSummary",
    "GroupCount",
    "HistoryEntry",
    "PastRow",
    "RankingRow",
    "RankingSort",
    "ReviewTally",
    "ScoreCursorKey",
    "ScoreFilters",
    "ScoreSummary",
    "UnknownScore",
    "build_visibility",
    "compare_editions",
    "compute_score",
    "compute_summary",
    "compute_what_if",
    "count_by_group",
    "count_reviews",
    "count_scores",
    "count_tenths",
    "find_later_editions",
    "find_level_path",
    "find_methodology",
    "get_cursor_key",
    "get_edition_score",
    "get_explained_score",
    "get_state_key",
    "is_provisional",
    "list_evidence",
    "list_history",
    "list_ranking",
    "summarize_columns",
]

BEST_FIRST: Final = RankingSort("rank")
"""The order of a ranking."""

REQUESTS: Final = {version: build_score_request_type(load_methodology(version)) for version in list_versions()}
"""The closed type of what may be sent to be scored, by methodology version."""


def find_methodology(request: ScoreRequest) -> Methodology:
    """The registered methodology whose version a request names."""
    return load_methodology(str(request.__struct_config__.tag))


def compute_score(methodology: Methodology, request: ScoreRequest, *, explained: bool = True) -> CanonicalScore:
    """The score of facts that somebody sends, explained or in outline; nothing is stored."""
    score = explain if explained else outline_score
    return score(methodology, to_submission(methodology, request))


def compute_what_if(
    methodology: Methodology, request: ScoreRequest, score: CanonicalScore, *, explained: bool = True
) -> tuple[CanonicalScore, ScoreDifference] | None:
    """The score with the facts that somebody supposes, and what differs; None where nothing is supposed."""
    supposed = to_replacement(methodology, request)
    if supposed is None:
        return None
    rescore = explain if explained else outline_score
    after = rescore(methodology, replace_facts(to_submission(methodology, request), supposed))
    return after, compare_scores(score, after)


def get_explained_score(found: EditionScore) -> tuple[Methodology, CanonicalScore]:
    """The explained score of what an organisation sent for an edition: that of its document where it is published."""
    methodology = load_methodology(found.methodology)
    return methodology, explain(methodology, found.submission) if found.score is None else found.score


def count_reviews(database: Database, edition: str, organisations: Sequence[str]) -> dict[str, ReviewTally]:
    """How many verdicts and replies there are of scores that whoever asks may see; those without any are left out."""
    with database.read() as session:
        return replies.count_outcomes(session, edition, organisations)


def is_provisional(found: EditionScore) -> bool:
    """Whether the level of what an organisation sent for an edition is provisional."""
    if found.score is not None:
        return found.score.level.provisional
    return evaluate(load_methodology(found.methodology), found.submission).provisional


def list_evidence(database: Database, found: EditionScore) -> dict[str, tuple[Evidence, ...]]:
    """The documents that count as evidence of a published score, by indicator; those that have none are left out.

    They are in no published document, so that they can still be erased; what is erased is no longer told.
    """
    with database.read() as session:
        if editions.find(session, found.edition).state != "published":
            return {}
        stored = assessments.find_assessments(session, found.edition, [found.organisation]).get(found.organisation)
    if stored is None:
        return {}
    counting = {indicator: assessments.valid_evidence(stored, indicator) for indicator in stored.evidence.answers}
    return {indicator: documents for indicator, documents in counting.items() if documents}


def find_level_path(found: EditionScore) -> tuple[Methodology, LevelPath]:
    """The path to the next level of what an organisation sent for an edition."""
    methodology = load_methodology(found.methodology)
    return methodology, path_to_next_level(methodology, found.submission)


class UnknownScore(LookupError):
    """That organisation has no score in that edition, or none that whoever asks may see."""

    def __init__(self, edition: str, organisation: str) -> None:
        super().__init__(f"{edition}/{organisation}")
        self.edition = edition
        self.organisation = organisation


class EditionScore(Struct, frozen=True, kw_only=True):
    """What an organisation sent for an edition, and its rank there (None: it does not rank, or may not be told).

    `document`: the digest of what is published of it, and `score` what that says; None where it is not published.
    `review`: what the review of it came to, as published where it is. `replied`:
    the documents of its replies, by indicator, as far as they have not been erased.
    """

    edition: str
    rank: int | None
    organisation: str
    name: str
    simulated: bool
    methodology: str
    submission: Submission
    review: ReviewOutcome
    document: str | None = None
    score: CanonicalScore | None = None
    replied: dict[str, tuple[Evidence, ...]] = {}


class EditionChange(Struct, frozen=True, kw_only=True):
    """How an organisation went from one edition to another."""

    before: EditionScore
    after: EditionScore
    change: ChangeDecomposition


class HistoryEntry(Struct, frozen=True):
    """How an organisation scores in one of its editions.

    Under another version than that of the edition (`stated_under`), `carried` says what the change of version does to
    what was stated, and there is no rank.
    """

    past: PastRow
    stated_under: str
    carried: Carried | None = None


class ScoreSummary(Struct, frozen=True, kw_only=True):
    """What many organisations of an edition come to.

    `organisations` are all of them; `ranked` those that rank, and only these are in `index`, `tenths` and
    `dimensions`. `statuses` and `levels` count all; `coverage` is that of all that have one. `tenths`: how many have
    an index of 0 to under 10 points, of 10 to under 20, …, of 90 to 100. A spread is None where there is no value.
    """

    edition: editions.EditionRecord
    organisations: int
    ranked: int
    statuses: dict[Status, int]
    levels: dict[int | None, int]
    index: FiveNumberSummary | None
    tenths: tuple[int, ...]
    dimensions: tuple[FiveNumberSummary | None, ...]
    coverage: FiveNumberSummary | None


def list_ranking(
    database: Database,
    edition: str,
    filters: ScoreFilters,
    *,
    principal: Principal | None = None,
    sort: RankingSort = BEST_FIRST,
    after: ScoreCursorKey | None,
    offset: int,
    limit: int,
) -> list[RankingRow]:
    """The rows of an edition that somebody may see, in an order, from the one that follows `after`.

    Ranks are those over the whole edition: ties share the best, the next is skipped. Raises `UnknownEdition`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        seen = build_visibility(found, principal)
        return queries.list_page(session, found.id, filters, seen, sort=sort, after=after, offset=offset, limit=limit)


def count_scores(database: Database, edition: str, filters: ScoreFilters, *, principal: Principal | None = None) -> int:
    """How many rows `ranking` has in all; raises `UnknownEdition`."""
    with database.read() as session:
        found = editions.find(session, edition)
        return queries.count_rows(session, found.id, filters, build_visibility(found, principal))


def count_by_group(database: Database, edition: str, *, principal: Principal | None = None) -> list[GroupCount]:
    """What the organisations of an edition that somebody may see can be filtered by; raises `UnknownEdition`."""
    with database.read() as session:
        found = editions.find(session, edition)
        return queries.count_by_group(session, found.id, build_visibility(found, principal))


def get_state_key(database: Database, edition: str) -> tuple[int, int, str, str]:
    """What changes with any assessment of an edition; raises `UnknownEdition`."""
    with database.read() as session:
        return queries.get_state_key(session, editions.find(session, edition).id)


def get_edition_score(
    database: Database, edition: str, organisation: str, *, principal: Principal | None = None
) -> EditionScore:
    """What an organisation sent for an edition; raises `UnknownEdition`, `AliasOf` and `UnknownScore`."""
    with database.read() as session:
        return _sent(session, edition, organisation, principal)


def compare_editions(
    database: Database, edition: str, organisation: str, *, since: str, principal: Principal | None = None
) -> EditionChange:
    """How an organisation went from one edition to another; raises as `sent`, naming what is missing."""
    with database.read() as session:
        after = _sent(session, edition, organisation, principal)
        before = _sent(session, since, organisation, principal)
    return EditionChange(
        before=before,
        after=after,
        change=decompose_change(
            load_methodology(before.methodology),
            before.submission,
            load_methodology(after.methodology),
            after.submission,
        ),
    )


def list_history(
    database: Database,
    organisation: str,
    *,
    principal: Principal | None,
    methodology: str | None = None,
    after: editions.EditionCursorKey | None,
    offset: int,
    limit: int,
) -> list[HistoryEntry]:
    """How an organisation scores in its editions, the newest first, from the one that follows `after`.

    `methodology`: the version that everything is scored under; None is that of each edition. Raises
    `UnknownOrganisation` and `AliasOf`.
    """
    with database.read() as session:
        organisations.find(session, organisation)
        drafts = _drafts(organisation, principal)
        rows = queries.list_past(session, organisation, drafts=drafts, after=after, offset=offset, limit=limit)
        others = [row.edition for row in rows if methodology is not None and row.methodology != methodology]
        stated = queries.get_submissions(session, organisation, others)
    found = [
        row
        if row.state == "published" or (principal is not None and principal.can_see_drafts(row.edition))
        else structs.replace(row, rank=None)
        for row in rows
    ]
    if methodology is None:
        return [HistoryEntry(row, row.methodology) for row in found]
    target = load_methodology(methodology)
    return [
        _restated(row, stated[row.edition], target) if row.edition in stated else HistoryEntry(row, row.methodology)
        for row in found
    ]


def find_later_editions(
    database: Database, edition: editions.EditionRecord, organisations: Sequence[str]
) -> dict[str, str]:
    """The newest published edition after one, by each of these organisations that such an edition scores."""
    with database.read() as session:
        return queries.find_later_editions(session, edition.id, edition.period_to, organisations)


def compute_summary(
    database: Database, edition: str, filters: ScoreFilters, *, principal: Principal | None
) -> ScoreSummary:
    """What the organisations of an edition that somebody may see come to; raises `UnknownEdition`."""
    with database.read() as session:
        found = editions.find(session, edition)
        columns = queries.load_columns(session, found.id, filters, build_visibility(found, principal))
    return summarize_columns(found, columns)


def summarize_columns(edition: editions.EditionRecord, columns: queries.FigureColumns) -> ScoreSummary:
    """What organisations of an edition come to, by their figures."""
    decimals = load_methodology(edition.methodology).document.decimals
    return ScoreSummary(
        edition=edition,
        organisations=len(columns.status),
        ranked=sum(index is not None for index in columns.index),
        statuses=Counter(columns.status),
        levels=Counter(columns.level),
        index=_spread(columns.index),
        tenths=count_tenths(columns.index, decimals),
        dimensions=tuple(_spread(values) for values in columns.dimensions),
        coverage=_spread(columns.coverage),
    )


def count_tenths(values: Iterable[int | None], decimals: int) -> tuple[int, ...]:
    """How many scores are of 0 to under 10 points, of 10 to under 20, and so on, and of 90 to 100."""
    tenth: int = 10 ** (decimals + 1)
    counts = Counter(min(value // tenth, 9) for value in values if value is not None)
    return tuple(counts[number] for number in range(10))


def _sent(session: Session, edition: str, organisation: str, principal: Principal | None) -> EditionScore:
    found = editions.find(session, edition)
    seen = build_visibility(found, principal)
    may_see = seen.everything or organisation in seen.organisations
    stored = queries.get(session, found.id, organisation, ranked=seen.everything) if may_see else None
    if stored is None:
        organisations.refuse_alias(session, organisation)
        raise UnknownScore(found.id, organisation)
    if found.state == "published" and (published := publication.get_newest_score(session, found.id, organisation)):
        digest, document = published
        return EditionScore(
            edition=found.id,
            rank=stored.rank,
            organisation=organisation,
            name=document.organisation.name,
            simulated=document.organisation.simulated,
            methodology=document.score.methodology.version,
            submission=document.submission,
            document=digest,
            score=document.score,
            review=document.review,
            replied=replies.list_evidence(session, found.id, organisation),
        )
    return EditionScore(
        edition=found.id,
        rank=stored.rank,
        organisation=stored.organisation,
        name=stored.name,
        simulated=stored.simulated,
        methodology=stored.methodology,
        submission=msgspec.convert(stored.submission, Submission),
        review=replies.get_outcome(session, found.id, organisation),
        replied=replies.list_evidence(session, found.id, organisation),
    )


def _restated(row: PastRow, stored: dict[str, object], target: Methodology) -> HistoryEntry:
    """What was stated in an edition, scored under another version."""
    moved, told = carry_over(msgspec.convert(stored, Submission), load_methodology(row.methodology), target)
    evaluation = evaluate(target, moved)
    figures = assessments.extract_figures(evaluation)
    return HistoryEntry(
        structs.replace(
            row,
            methodology=target.version,
            status=figures.status,
            level=figures.level,
            index_value=figures.index,
            index_max=figures.index_max,
            coverage=figures.coverage,
            dimensions=tuple(evaluation.dimensions),
            rank=None,
        ),
        row.methodology,
        told,
    )


def build_visibility(edition: editions.EditionRecord, principal: Principal | None) -> Visibility:
    """Which rows of an edition somebody may see."""
    if edition.state == "published" or (principal is not None and principal.can_see_drafts(edition.id)):
        return Visibility(everything=True)
    return Visibility(everything=False, organisations=_own(principal))


def _own(principal: Principal | None) -> tuple[str, ...]:
    """The organisations of which somebody sees the drafts, whatever the edition."""
    return principal.organisations if principal is not None and principal.role in ORGANISATION_ROLES else ()


def _drafts(organisation: str, principal: Principal | None) -> Sequence[str] | None:
    """The editions in which somebody sees the draft of an organisation; None where that is all of them."""
    if organisation in _own(principal):
        return None
    return principal.editions if principal is not None and principal.role in DRAFT_ROLES else ()


def _spread(values: Iterable[int | None]) -> FiveNumberSummary | None:
    return summarise([value for value in values if value is not None])
