"""Use cases over scores: score facts, and read rankings, scores and changes of editions.

In all of them a `principal` of None is a caller without a key, who sees only published scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Never

import msgspec
from msgspec import UNSET, Struct, structs

from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology
from actitud_api.engine.methodology.requests.answers import (
    ScoreRequest,
    Submission,
    load_score_request_type,
    to_replacement,
    to_submission,
)
from actitud_api.engine.methodology.requests.content import AnswerSource, Evidence
from actitud_api.engine.methodology.requests.content import SourceKind as SourceKind
from actitud_api.engine.scoring.change_decomposition import (
    ChangeDecomposition,
    ScoreDifference,
    VersionEffects,
    are_comparable,
    compare_scores,
    convert_submission,
    decompose_change,
    replace_facts,
)
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain, outline_score
from actitud_api.engine.scoring.level_path import LevelPath
from actitud_api.engine.scoring.level_path import find_level_path as path_to_next_level
from actitud_api.engine.scoring.result import Score as CanonicalScore
from actitud_api.platform.auth.service import DRAFT_ROLES, ORGANISATION_ROLES, Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import service as publication
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.reviews.replies.service import ReviewOutcome
from actitud_api.resources.reviews.replies.service import ReviewTally as ReviewTally
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.queries import FigureSource, PastRow, Visibility
from actitud_api.resources.scores.queries import RankingRow as RankingRow
from actitud_api.resources.scores.queries import RankingSort as RankingSort
from actitud_api.resources.scores.queries import ScoreCursorKey as ScoreCursorKey
from actitud_api.resources.scores.queries import ScoreFilters as ScoreFilters
from actitud_api.resources.scores.queries import get_cursor_key as get_cursor_key
from actitud_api.resources.scores.statements import DIMENSION_KEYS as DIMENSION_KEYS
from actitud_api.resources.scores.statements import SORT_KEYS as SORT_KEYS

BEST_FIRST: Final = RankingSort("rank")
"""The default order of a ranking: from the best rank to the worst."""

REQUESTS: Final = {version: load_score_request_type(version) for version in list_versions()}
"""The type of a score request by methodology version. A request with unknown members is refused."""


def find_methodology(request: ScoreRequest) -> Methodology:
    """Return the methodology of the version that a request names in its member `methodology`.

    The version exists, because a request with an unknown version is not decoded.
    """
    return load_methodology(str(request.__struct_config__.tag))


def compute_score(methodology: Methodology, request: ScoreRequest, *, explained: bool = True) -> CanonicalScore:
    """Score the facts of a request without storing anything.

    If `explained` is False, the score has no explanation.
    """
    score = explain if explained else outline_score
    return score(methodology, to_submission(methodology, request))


def compute_what_if(
    methodology: Methodology, request: ScoreRequest, score: CanonicalScore, *, explained: bool = True
) -> tuple[CanonicalScore, ScoreDifference] | None:
    """Score the facts of a request again, with some of them replaced by the supposed facts in its `what_if`.

    `score` is the score of the facts as sent. Return the new score, and its difference from `score`. Return None if
    the request supposes nothing. If `explained` is False, the new score has no explanation.
    """
    supposed = to_replacement(methodology, request)
    if supposed is None:
        return None
    rescore = explain if explained else outline_score
    after = rescore(methodology, replace_facts(to_submission(methodology, request), supposed))
    return after, compare_scores(score, after)


def get_explained_score(edition_score: EditionScore) -> tuple[Methodology, CanonicalScore]:
    """Return the methodology and the explained score of an organisation in an edition.

    The score comes from the published document if there is one; otherwise it is computed from the submission.
    """
    methodology = load_methodology(edition_score.methodology)
    if edition_score.score is not None:
        return methodology, edition_score.score
    return methodology, explain(methodology, edition_score.submission)


def count_reviews(database: Database, edition: str, organisations: Sequence[str]) -> dict[str, ReviewTally]:
    """Count the verdicts and replies of assessments in an edition; return the counts by organisation.

    An organisation with neither a review nor a reply is left out. The caller checks who may see the counts.
    """
    with database.read() as session:
        return replies.count_outcomes(session, edition, organisations)


def is_provisional(edition_score: EditionScore) -> bool:
    """Return True if the level of a score is provisional.

    A level is provisional while its condition `provisional_unless` in the methodology is false.
    """
    if edition_score.score is not None:
        return edition_score.score.level_details.provisional
    return evaluate(load_methodology(edition_score.methodology), edition_score.submission).provisional


class _ShownDetails(Struct):
    provisional: bool


class _ShownLevel(Struct):
    level_details: _ShownDetails


class _ShownScore(Struct):
    """The part of a published document that says if a level is provisional: a page of a ranking reads fifty of them."""

    score: _ShownLevel


def list_provisional(database: Database, edition: str, rows: Iterable[RankingRow]) -> frozenset[str]:
    """Return the ids of the organisations in `rows` of a published edition whose level is provisional.

    A level is provisional while its condition `provisional_unless` in the methodology is false. Score documents are
    read only for rows whose level has such a condition.

    Raises:
        UnknownEdition: No published edition has that id.
    """
    conditional = [row.organisation for row in rows if _may_be_provisional(row)]
    with database.read() as session:
        revision = find_source(session, editions.find_published(session, edition)).revision
    if not conditional or revision is None:
        return frozenset()
    texts = publication.get_texts(database, edition, revision, conditional)
    return frozenset(
        organisation
        for organisation, text in texts.items()
        if msgspec.json.decode(text, type=_ShownScore).score.level_details.provisional
    )


def _may_be_provisional(row: RankingRow) -> bool:
    if row.level is None:
        return False
    levels = load_methodology(row.methodology).document.levels
    return any(level.number == row.level and level.provisional_unless is not None for level in levels)


class ShownSupport(Struct, frozen=True):
    """The documents that count as evidence of an answer, and the source that the organisation stated for the answer.

    `source` is None if the organisation stated none.
    """

    evidence: tuple[Evidence, ...] = ()
    source: AnswerSource | None = None


def list_support(database: Database, edition_score: EditionScore) -> dict[str, ShownSupport]:
    """Return the evidence and the sources of the answers of a published score, by indicator.

    The result is empty if the edition is not published. Evidence is stored apart from published documents, so that
    it can still be erased; erased evidence is not returned.
    """
    with database.read() as session:
        if editions.find(session, edition_score.edition).state != "published":
            return {}
        stored = assessments.find_assessments(session, edition_score.edition, [edition_score.organisation]).get(
            edition_score.organisation
        )
    if stored is None:
        return {}
    support = {
        indicator: ShownSupport(assessments.valid_evidence(stored, indicator), answer.source)
        for indicator, answer in stored.evidence.answers.items()
    }
    return {indicator: shown for indicator, shown in support.items() if shown != ShownSupport()}


def find_level_path(edition_score: EditionScore) -> tuple[Methodology, LevelPath]:
    """Return the methodology of a score, and the path of its organisation to the next level."""
    methodology = load_methodology(edition_score.methodology)
    return methodology, path_to_next_level(methodology, edition_score.submission)


class UnknownScore(LookupError):
    """The organisation has no score in the edition, or none that the principal may see.

    Raised wherever the score of an organisation in an edition is looked up.
    """

    def __init__(self, edition: str, organisation: str) -> None:
        super().__init__(f"{edition}/{organisation}")
        self.edition = edition
        self.organisation = organisation


class EditionScore(Struct, frozen=True, kw_only=True):
    """The submission of an organisation in an edition, with its rank and review.

    Attributes:
        edition: Id of the edition.
        rank: Rank. None if the organisation is not ranked, or if the caller may not see all organisations of the
            edition.
        organisation: Id of the organisation.
        name: Name of the organisation.
        simulated: True for an invented organisation.
        methodology: Version that scores the submission.
        submission: The facts as the engine takes them.
        review: Outcome of the review. For a published edition it is read from the published document, without the texts
            that were erased since.
        document: Digest of the published score document, None before publication.
        score: Score in that document, None before publication.
        result_digest: Digest of that score, None before publication.
        replied: By indicator, the documents that the organisation sent with its replies, except erased ones. Empty for
            a published edition, because replies are published without documents.
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
    result_digest: str | None = None
    replied: dict[str, tuple[Evidence, ...]] = {}


class EditionChange(Struct, frozen=True, kw_only=True):
    """The scores of an organisation in two editions, and the change between them, split by cause.

    `before` is the score in the earlier edition, `after` the score in the later edition.
    """

    before: EditionScore
    after: EditionScore
    change: ChangeDecomposition


class HistoryEntry(Struct, frozen=True):
    """The score of an organisation in one of its editions.

    `past` has its figures in the edition. `stated_under` is the methodology version for which its answers were given.
    `version_effects` is None if the figures were computed under that version. If the figures were computed under
    another version on request, `version_effects` lists the answers that the other version does not ask for and the
    indicators that are new in it, and `past` has no rank.
    """

    past: PastRow
    stated_under: str
    version_effects: VersionEffects | None = None


def list_ranking(
    database: Database,
    edition: str,
    filters: ScoreFilters,
    page: PageRange[ScoreCursorKey],
    *,
    principal: Principal | None = None,
    sort: RankingSort = BEST_FIRST,
) -> list[RankingRow]:
    """List the rows of an edition that match the filters and that a principal may see, in the order `sort`.

    Ranks are ranks in the whole edition, by level and then by index: equal ones share the best rank and the next ranks
    are skipped. Rows without a rank are listed too, unless the filters exclude them. In the order by rank they are at
    the end, also if the order begins with the worst rank.

    Args:
        database: Database.
        edition: Id of the edition.
        filters: Conditions that a row must meet.
        page: Part of the list to return.
        principal: Caller; None for a caller without a key, who sees only published scores.
        sort: Order of the rows, by default the best rank first.

    Raises:
        UnknownEdition: No edition has that id.
    """
    with database.read() as session:
        record = editions.find(session, edition)
        visibility = build_visibility(record, principal)
        return queries.list_page(session, find_source(session, record), filters, visibility, page, sort=sort)


class ListedRow(Struct, frozen=True):
    """A row of a ranking, and its position by rank in the filtered list, from 1."""

    row: RankingRow
    position: int


def find_listed_row(database: Database, edition: str, filters: ScoreFilters, organisation: str) -> ListedRow | None:
    """Return the row of an organisation among the rows of a published edition that match the filters, or None.

    `organisation` is an id or an alias. The result is None if the organisation has no row or its row does not match.

    Raises:
        UnknownEdition: No edition with that id is published.
    """
    with database.read() as session:
        record = editions.find_published(session, edition)
        source, visibility = find_source(session, record), build_visibility(record, None)
        one = structs.replace(filters, organisations=(organisation,))
        rows = queries.list_page(session, source, one, visibility, PageRange(limit=1), sort=BEST_FIRST)
        if not rows:
            return None
        return ListedRow(rows[0], 1 + queries.count_before(session, source, filters, visibility, rows[0]))


def find_local_ranks(
    database: Database, edition: str, filters: ScoreFilters, rows: Iterable[RankingRow]
) -> dict[str, int]:
    """Return the ranks of `rows` within the part of a published edition that the filters select, by organisation id.

    Equal ones share the best rank; rows that are not ranked are left out. The ranks in the rows themselves are ranks in
    the whole edition.

    Raises:
        UnknownEdition: No edition with that id is published.
    """
    points = {row.organisation: row.rank_points for row in rows}
    with database.read() as session:
        record = editions.find_published(session, edition)
        ranks = queries.find_local_ranks(
            session, find_source(session, record), filters, build_visibility(record, None), set(points.values())
        )
    return {organisation: ranks[value] for organisation, value in points.items() if value in ranks}


def search_ranking(database: Database, edition: str, filters: ScoreFilters, page: PageRange[Never]) -> list[RankingRow]:
    """List the rows of a published edition that match the text of `filters`, the closest organisations first.

    The list is empty if there is no word in the text.

    Raises:
        UnknownEdition: No edition with that id is published.
    """
    with database.read() as session:
        record = editions.find_published(session, edition)
        visibility = build_visibility(record, None)
        return queries.search_page(session, find_source(session, record), filters, visibility, page)


def count_scores(database: Database, edition: str, filters: ScoreFilters, *, principal: Principal | None = None) -> int:
    """Count the rows of an edition that match the filters and that a principal may see.

    Raises:
        UnknownEdition: No edition has that id.
    """
    with database.read() as session:
        record = editions.find(session, edition)
        return queries.count_rows(session, find_source(session, record), filters, build_visibility(record, principal))


def list_organisations(database: Database, edition: str) -> list[str]:
    """List the ids of the organisations that a published edition scores, in ascending order.

    Raises:
        UnknownEdition: No edition with that id is published.
    """
    with database.read() as session:
        record = editions.find_published(session, edition)
        return queries.list_organisations(session, find_source(session, record))


def get_state_key(database: Database, edition: str, *, principal: Principal | None = None) -> tuple[int, int, str, str]:
    """Return a key that changes with every write that may change the figures that a principal may see.

    The key of an unpublished edition has numbers and times of its assessments, the key of a published one the revision
    and its digests.

    Raises:
        UnknownEdition: No edition has that id.
    """
    with database.read() as session:
        record = editions.find(session, edition)
        return queries.get_state_key(session, find_source(session, record), build_visibility(record, principal))


def get_edition_score(
    database: Database, edition: str, organisation: str, *, principal: Principal | None = None
) -> EditionScore:
    """Return the score of an organisation in an edition; once the edition is published, the published score.

    Raises:
        UnknownEdition: No edition has that id.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownScore: The organisation has no score in the edition, or none that the principal may see.
    """
    score = _read_published_score(database, edition, organisation)
    if score is not None:
        return score
    with database.read() as session:
        return _load_edition_score(session, edition, organisation, principal)


def compare_editions(
    database: Database, edition: str, organisation: str, *, since: str, principal: Principal | None = None
) -> EditionChange:
    """Split the change of an organisation from the edition `since` to `edition` by cause, and return the change.

    Causes are the methodology, the coverage and the facts.

    Raises:
        UnknownEdition: One of the two editions does not exist.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownScore: In one of the two editions, the organisation has no score, or none that the principal may see.
        IncomparableVersions: The editions have different methodology versions, and one version only estimates.
    """
    with database.read() as session:
        after = _load_edition_score(session, edition, organisation, principal)
        before = _load_edition_score(session, since, organisation, principal)
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
    page: PageRange[editions.EditionCursorKey],
    *,
    principal: Principal | None,
    methodology: str | None = None,
) -> list[HistoryEntry]:
    """List the scores of an organisation that a principal may see, one for each edition.

    They are ordered by the last day of the period of the edition, the newest first. `principal` is None for a caller
    without a key, who sees only published scores. `methodology` is the version under which every edition is scored;
    None keeps the version of each edition. An edition also keeps its version if its own or the other version only
    estimates, because an estimate must not replace a score.

    Raises:
        UnknownOrganisation: No organisation has that id.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    with database.read() as session:
        organisations.find(session, organisation)
        drafts = _list_draft_editions(organisation, principal)
        rows = queries.list_past(session, organisation, page, drafts=drafts)
        others = [row.edition for row in rows if methodology is not None and row.methodology != methodology]
        stated = queries.get_submissions(session, organisation, others)
    # A rank in an unpublished edition would reveal the scores of others.
    visible = [
        row
        if row.state == "published" or (principal is not None and principal.can_see_drafts(row.edition))
        else structs.replace(row, rank=None)
        for row in rows
    ]
    if methodology is None:
        return [HistoryEntry(row, row.methodology) for row in visible]
    target = load_methodology(methodology)
    return [
        _rescore_submission(row, stated[row.edition], target)
        if row.edition in stated and are_comparable(load_methodology(row.methodology), target)
        else HistoryEntry(row, row.methodology)
        for row in visible
    ]


def find_later_editions(
    database: Database, edition: editions.EditionRecord, organisations: Sequence[str]
) -> dict[str, str]:
    """Return a mapping from organisations to the newest published edition that scores them and is later than `edition`.

    A later edition has a later last day of its period. Organisations without such an edition are absent.
    """
    with database.read() as session:
        return queries.find_later_editions(session, edition.id, edition.period_to, organisations)


def _read_published_score(database: Database, edition: str, organisation: str) -> EditionScore | None:
    """Return the published score of an organisation in an edition without a session; None if it needs one.

    A session is needed for all that is not published, is found under another id, or had texts erased, and once for the
    ranks of a revision.
    """
    published = publication.read_unerased_score(database, edition, organisation)
    if published is None:
        return None
    rank = queries.find_kept_rank(database, published.edition_digest, published.rank_points)
    return None if rank is UNSET else _show_published(edition, published, rank)


def _load_edition_score(session: Session, edition: str, organisation: str, principal: Principal | None) -> EditionScore:
    published = publication.get_newest_score(session, edition, organisation)
    if published is not None:
        source = FigureSource(edition, published.revision)
        rank = queries.find_published_rank(session, source, published.edition_digest, published.rank_points)
        return _show_published(edition, published, rank)
    record = editions.find(session, edition)
    if record.state == "published" and record.id != edition:
        return _load_edition_score(session, record.id, organisation, principal)
    visibility = build_visibility(record, principal)
    may_see = visibility.everything or organisation in visibility.organisations
    stored = (
        queries.get_stored_score(session, find_source(session, record), organisation, ranked=visibility.everything)
        if may_see
        else None
    )
    if stored is None:
        organisations.refuse_alias(session, organisation)
        raise UnknownScore(record.id, organisation)
    return EditionScore(
        edition=record.id,
        rank=stored.rank,
        organisation=stored.organisation,
        name=stored.name,
        simulated=stored.simulated,
        methodology=stored.methodology,
        submission=msgspec.convert(stored.submission, Submission),
        review=replies.get_outcome(session, record.id, organisation),
        replied=replies.list_evidence(session, record.id, organisation),
    )


def _show_published(edition: str, published: publication.NewestScore, rank: int | None) -> EditionScore:
    document = published.document
    return EditionScore(
        edition=edition,
        rank=rank,
        organisation=document.organisation.id,
        name=document.organisation.name,
        simulated=document.organisation.simulated,
        methodology=document.score.methodology.version,
        submission=document.submission,
        document=published.digest,
        score=document.score,
        result_digest=published.result_digest,
        review=published.review,
    )


def _rescore_submission(row: PastRow, stored: dict[str, object], target: Methodology) -> HistoryEntry:
    """Score the submission of an organisation in an edition under the methodology version `target`.

    `row` has the figures under the methodology version of the edition, and `stored` is the submission as JSON. The
    result has the figures under `target`, and no rank.
    """
    submission, effects = convert_submission(
        msgspec.convert(stored, Submission), load_methodology(row.methodology), target
    )
    evaluation = evaluate(target, submission)
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
            dimensions=tuple(evaluation.published_dimensions),
            rank=None,
        ),
        row.methodology,
        effects,
    )


def find_source(session: Session, edition: editions.EditionRecord) -> FigureSource:
    """Return the source of the figures of an edition: its newest revision if it is published, else its assessments."""
    published = edition.state == "published"
    return FigureSource(edition.id, publication.get_newest_revision(session, edition.id) if published else None)


def build_visibility(edition: editions.EditionRecord, principal: Principal | None) -> Visibility:
    """Return a description of the rows of an edition that a principal may see.

    A `principal` of None is a caller without a key, who sees only published scores.
    """
    if edition.state == "published" or (principal is not None and principal.can_see_drafts(edition.id)):
        return Visibility(everything=True)
    return Visibility(everything=False, organisations=_list_own_organisations(principal))


def _list_own_organisations(principal: Principal | None) -> tuple[str, ...]:
    """Return the organisations that the key of a principal is bound to. It may see their drafts in every edition.

    The result is empty if `principal` is None, or if the role of the key is not one of an organisation.
    """
    return principal.organisations if principal is not None and principal.role in ORGANISATION_ROLES else ()


def _list_draft_editions(organisation: str, principal: Principal | None) -> Sequence[str] | None:
    """Return the editions in which a principal may see the draft of an organisation.

    None means all editions, an empty result none of them.
    """
    if organisation in _list_own_organisations(principal):
        return None
    return principal.editions if principal is not None and principal.role in DRAFT_ROLES else ()
