"""HTTP routes of scores: of facts that a client sends, and of the organisations of an edition."""

from datetime import date
from typing import Final

from litestar import Controller, Response
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import list_offered_versions
from actitud_api.engine.methodology.requests.answers import ScoreRequest
from actitud_api.engine.narration.narrated import narrate
from actitud_api.engine.scoring.change_decomposition import IncomparableVersions
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import ANYBODY_COMPUTING, KEY_SHOWS_MORE
from actitud_api.platform.http.batches import Batch, BatchBody
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.paging import Cursor
from actitud_api.platform.http.problems import INVALID_REQUEST, NO_STORE, NOT_FOUND, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.organisations.schemas import OrganisationPath
from actitud_api.resources.scores import schemas, service, summaries
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.service import RankingSort, ScoreCursorKey, UnknownScore

REQUEST = Body(*service.REQUESTS.values(), offered=list_offered_versions())
SCORE = Representation(schemas.ScoreAnswer, cache=NO_STORE, sentences=True)
SCORES = Representation(schemas.ScoreBatchAnswer, cache=NO_STORE, sentences=True)
BATCH_MAX: Final = 8 * 1024 * 1024
"""Largest body in bytes with many facts; 1,000 full questionnaires take 3 MB."""
PAGE = Pages(schemas.ScorePage)
BY_NUMBER: Cursor[ScoreCursorKey] = Cursor("editions.scores.list", tuple[int | None, str])
BY_TEXT: Cursor[ScoreCursorKey] = Cursor("editions.scores.list", tuple[str, str])
SHEET = Representation(schemas.Sheet, sentences=True)
SUMMARY = Representation(schemas.SummaryAnswer)
PATH = Representation(schemas.PathAnswer, sentences=True)
CHANGES = Representation(schemas.ChangesAnswer, sentences=True)
PAST = Pages(schemas.PastScorePage, sentences=True)
PAST_CURSOR: Cursor[editions.EditionCursorKey] = Cursor("organisations.scores.list", tuple[date, str])

_METHODOLOGY = Link("methodologies.get", {"version": "$response.body#/methodology/version"})
_EDITION = {"edition": "$response.body#/edition"}
_ORGANISATION = {"organisation": "$response.body#/organisation"}

_INCOMPARABLE: Final = Texts(
    "Una edición es de la metodología {before} y la otra de {after}, y una de ellas solo estima: sus cifras no se "
    "comparan.",
    "One edition is under the methodology {before} and the other under {after}, and one of them only estimates: their "
    "figures are not compared.",
)
PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownScore,
        NOT_FOUND,
        Texts(
            "{organisation} no tiene puntuación en la edición {edition}.",
            "{organisation} has no score in the edition {edition}.",
        ),
    ),
    maps_to(
        IncomparableVersions,
        INVALID_REQUEST,
        _INCOMPARABLE,
        lambda error, detail: [Fault("from", "incomparable", None, detail)],
    ),
)


class ScoresController(Controller):
    """Routes that score facts without storing them."""

    path = "/v1/scores"
    tags = ("scores",)

    @post(
        "/",
        operation_id="scores.create",
        access=ANYBODY_COMPUTING,
        body=REQUEST,
        answer=SCORE,
        status=200,
        cors=True,
        links={"methodology": _METHODOLOGY},
    )
    def create(
        self, request: ApiRequest, query: schemas.ScoreQuery, body: ScoreRequest, language: Language
    ) -> Response[bytes]:
        """Score the facts of one organisation.

        Computes the index of the sent facts and explains every point of it; nothing is stored. A fact that is absent is
        unknown and scores 0. Contradictory facts are reported in `findings`. Numbers are read as exact decimals and
        rounded half up to 6 decimals. With `what_if` there is a second score, in which some facts are replaced.
        """
        methodology = service.find_methodology(body)
        score = service.compute_score(methodology, body, explained=query.explain)
        supposed = service.compute_what_if(methodology, body, score, explained=query.explain)
        return SCORE.of(request, schemas.build_score_answer(score, supposed, methodology, language))

    @post(
        "/batch",
        operation_id="scores.create_many",
        access=ANYBODY_COMPUTING,
        body=BatchBody(REQUEST),
        body_max=BATCH_MAX,
        answer=SCORES,
        status=200,
        cors=True,
    )
    def create_many(self, request: ApiRequest, body: Batch, language: Language) -> Response[bytes]:
        """Score the facts of many organisations.

        Accepts up to 1,000 bodies of `POST /v1/scores` and returns their scores in the same order, without explanation.
        If one item is faulty, the whole request is refused, with every fault of every item. For the rate limit, each
        item counts as one request.
        """
        return SCORES.of(request, schemas.ScoreBatchAnswer(tuple(_score_item(item, language) for item in body.items)))


def _score_item(item: Struct, language: Language) -> schemas.ScoreAnswer:
    assert isinstance(item, ScoreRequest)
    methodology = service.find_methodology(item)
    score = service.compute_score(methodology, item, explained=False)
    supposed = service.compute_what_if(methodology, item, score, explained=False)
    return schemas.build_score_answer(score, supposed, methodology, language)


class EditionScoresController(Controller):
    """Routes to read the scores of an edition."""

    path = "/v1/editions/{edition:str}"
    tags = ("editions",)

    @get(
        "/scores",
        operation_id="editions.scores.list",
        access=KEY_SHOWS_MORE,
        answer=PAGE,
        links={
            "sheet": Link(
                "editions.scores.get",
                {"edition": "$request.path.edition", "organisation": "$response.body#/items/0/organisation"},
            ),
            "peers": Link(
                "editions.scores.peers",
                {"edition": "$request.path.edition", "organisation": "$response.body#/items/0/organisation"},
            ),
            "history": Link("organisations.scores.list", {"organisation": "$response.body#/items/0/organisation"}),
            "file": Link("editions.scores.export", {"edition": "$request.path.edition", "format": "csv"}),
        },
    )
    def list_scores(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: schemas.RankingQuery,
        database: Database,
        principal: Principal | None,
    ) -> Response[bytes]:
        """List the ranking of an edition.

        In rank order, or in the order that `sort` names; if several filters are given, all must match. Ranks are always
        ranks in the whole edition, by level and then by index: equal ones share a rank, and the ranks after them are
        skipped; organisations with insufficient evidence have no rank. Before publication, assessors, publishers and
        administrators see everything; an organisation sees only itself, without rank, which would reveal the scores of
        others.
        """
        sort = schemas.parse_sort(query)
        cursor = _choose_cursor(sort)
        total = query.make_total()
        rows = service.list_ranking(
            database,
            path.edition,
            schemas.build_filters(query),
            PageRange(cursor.read(query), query.offset, query.limit + 1, total),
            principal=principal,
            sort=sort,
        )
        kept, following = cursor.cut(query, rows, lambda row: service.get_cursor_key(row, sort))
        # Without a key nobody sees a row of an edition that is not published.
        return PAGE.page_of(request, map(schemas.build_score_row, kept), following, total, shared=bool(kept))

    @get(
        "/scores/{organisation:str}",
        operation_id="editions.scores.get",
        access=KEY_SHOWS_MORE,
        answer=SHEET,
        links={
            "path": Link("editions.scores.path", {**_EDITION, **_ORGANISATION}),
            "peers": Link("editions.scores.peers", {**_EDITION, **_ORGANISATION}),
            "methodology": _METHODOLOGY,
            "document": Link("published.get", {"digest": "$response.body#/document"}),
            "published": Link("editions.publications.scores.get", {**_EDITION, **_ORGANISATION, "revision": "latest"}),
            "organisation": Link("organisations.get", _ORGANISATION),
            "history": Link("organisations.scores.list", _ORGANISATION),
            "gobierto": Link("editions.scores.gobierto", {**_EDITION, **_ORGANISATION, "format": "json"}),
            "assessment": Link("editions.assessments.get", {**_EDITION, **_ORGANISATION}),
            "badge": Link("badges.get", {**_EDITION, **_ORGANISATION, "format": "svg"}),
            "card": Link("embeds.card", {**_EDITION, **_ORGANISATION}),
            "table": Link("embeds.table", {**_EDITION, **_ORGANISATION}),
            "frame": Link("embeds.frame", {**_EDITION, **_ORGANISATION}),
            "texts": Link("embeds.score", {**_EDITION, **_ORGANISATION}),
        },
    )
    def get_score(
        self,
        request: ApiRequest,
        path: schemas.SheetPath,
        database: Database,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """Get the explained score of an organisation in an edition.

        The score of the submitted facts, in the form of `POST /v1/scores`, with the rank and the outcome of the review.
        Before publication, assessors, publishers and administrators see everything; an organisation sees only itself,
        without rank, which would reveal the scores of others.
        """
        edition_score = service.get_edition_score(database, path.edition, path.organisation, principal=principal)
        methodology, score = service.get_explained_score(edition_score)
        narrated = narrate(score, methodology, language, result_digest=edition_score.result_digest)
        sheet = schemas.build_sheet(narrated, edition_score)
        return SHEET.of(request, sheet, shared=edition_score.document is not None)

    @get("/scores/{organisation:str}/path", operation_id="editions.scores.path", access=KEY_SHOWS_MORE, answer=PATH)
    def get_path(
        self,
        request: ApiRequest,
        path: schemas.SheetPath,
        database: Database,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """Get the path of an organisation to the next level.

        Moves are improvements of single answers, in the order in which they can be made; after all of them every
        condition of the next level holds. Each is the smallest improvement that satisfies a condition or, if none does,
        the one that gains most. Superfluous moves are removed at the end. Before publication, assessors, publishers and
        administrators see everything; an organisation sees only itself.
        """
        edition_score = service.get_edition_score(database, path.edition, path.organisation, principal=principal)
        methodology, level_path = service.find_level_path(edition_score)
        return PATH.of(request, schemas.build_path_answer(level_path, edition_score, methodology, language))

    @get(
        "/scores/{organisation:str}/changes",
        operation_id="editions.scores.changes",
        access=KEY_SHOWS_MORE,
        answer=CHANGES,
    )
    def get_changes(
        self,
        request: ApiRequest,
        path: schemas.SheetPath,
        query: schemas.ChangesQuery,
        database: Database,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """Get the change of an organisation between two editions.

        Splits the difference of the index into three effects: of the new methodology on the facts of the earlier
        edition, of indicators that became known or unknown, and of changed facts. If the later methodology asks a new
        question, the points that are lost until it is answered belong to the first effect. Editions under different
        methodologies are not compared if one of them only estimates an index. Before publication, assessors, publishers
        and administrators see everything; an organisation sees only itself.
        """
        change = service.compare_editions(
            database, path.edition, path.organisation, since=query.since, principal=principal
        )
        return CHANGES.of(request, schemas.build_changes_answer(change, language))

    @get(
        "/summary",
        operation_id="editions.summary",
        access=KEY_SHOWS_MORE,
        answer=SUMMARY,
        links={
            "robustness": Link("editions.robustness.list", _EDITION),
            "statistics": Link("editions.statistics", _EDITION),
            "audit": Link("editions.audit", _EDITION),
        },
    )
    def get_summary(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: schemas.SummaryQuery,
        database: Database,
        computed: ComputationCache,
        principal: Principal | None,
    ) -> Response[bytes]:
        """Summarise the scores of an edition or a territory.

        The distribution of the index and of each dimension over the ranked organisations, and the number of
        organisations at each level and with each status. If several filters are given, all must match. Before
        publication, assessors, publishers and administrators see everything; an organisation sees only what is computed
        from its own score.
        """
        filters = schemas.build_filters(query)
        summary = summaries.compute_summary(database, computed, path.edition, filters, principal=principal)
        return SUMMARY.of(request, schemas.build_summary_answer(summary))


class OrganisationScoresController(Controller):
    """Route to read the scores of one organisation over its editions."""

    path = "/v1/organisations/{organisation:str}/scores"
    tags = ("organisations",)

    @get(
        "/",
        operation_id="organisations.scores.list",
        access=KEY_SHOWS_MORE,
        answer=PAST,
        links={
            "sheet": Link(
                "editions.scores.get",
                {"edition": "$response.body#/items/0/edition", "organisation": "$request.path.organisation"},
            ),
            "changes": Link(
                "editions.scores.changes",
                {
                    "edition": "$response.body#/items/0/edition",
                    "organisation": "$request.path.organisation",
                    "from": "$response.body#/items/1/edition",
                },
            ),
        },
    )
    def list_past(
        self,
        request: ApiRequest,
        path: OrganisationPath,
        query: schemas.PastQuery,
        database: Database,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """List the scores of an organisation by edition.

        Newest reference date first. With `methodology`, every edition is scored under that version, without rank; an
        edition keeps its own version if one of the two versions only estimates an index. Before publication, assessors,
        publishers and administrators see everything; an organisation sees only itself, without rank, which would reveal
        the scores of others.
        """
        total = query.make_total()
        rows = service.list_history(
            database,
            path.organisation,
            PageRange(PAST_CURSOR.read(query), query.offset, query.limit + 1, total),
            principal=principal,
            methodology=query.methodology,
        )
        kept, cursor = PAST_CURSOR.cut(query, rows, lambda entry: (entry.past.period_to, entry.past.edition))
        return PAST.page_of(request, (schemas.build_past_score(entry, language) for entry in kept), cursor, total)


def _choose_cursor(sort: RankingSort) -> Cursor[ScoreCursorKey]:
    """Return the type of cursor for an order of rows.

    The value in the cursor is a text if rows are sorted by organisation or name, and a number otherwise.
    """
    return BY_TEXT if sort.key in ("organisation", "organisation_name") else BY_NUMBER
