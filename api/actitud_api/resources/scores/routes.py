"""Routes over scores: of facts that somebody sends, and of the organisations of an edition."""

from datetime import date

from litestar import Controller, Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.requests.answers import ScoreRequest
from actitud_api.engine.narration.narrated import narrate
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import ANYBODY_COMPUTING, KEY_SHOWS_MORE
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.paging import Cursor, next_url
from actitud_api.platform.http.problems import NO_STORE, NOT_FOUND, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.organisations.schemas import OrganisationPath
from actitud_api.resources.scores import schemas, service
from actitud_api.resources.scores.service import RankingSort, ScoreCursorKey, UnknownScore

REQUEST = Body(*service.REQUESTS.values())
SCORE = Representation(schemas.ScoreAnswer, cache=NO_STORE, sentences=True)
PAGE = Representation(schemas.ScorePage)
BY_NUMBER: Cursor[ScoreCursorKey] = Cursor("editions.scores.list", tuple[int | None, str])
BY_TEXT: Cursor[ScoreCursorKey] = Cursor("editions.scores.list", tuple[str, str])
SHEET = Representation(schemas.Sheet, sentences=True)
SUMMARY = Representation(schemas.SummaryAnswer)
PATH = Representation(schemas.PathAnswer, sentences=True)
CHANGES = Representation(schemas.ChangesAnswer, sentences=True)
PAST = Representation(schemas.PastScorePage, sentences=True)
PAST_CURSOR: Cursor[editions.EditionCursorKey] = Cursor("organisations.scores.list", tuple[date, str])

_METHODOLOGY = Link(
    "methodologies.get", {"version": "$response.body#/methodology/version"}, "The methodology that it is scored by."
)
_EDITION = {"edition": "$response.body#/edition"}
_ORGANISATION = {"organisation": "$response.body#/organisation"}
_WHO_SEES = "What is not published yet is only for who may see it: administrators, and each organisation its own."

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownScore,
        NOT_FOUND,
        lambda error: Texts(
            f"{error.organisation} no tiene puntuación en la edición {error.edition}.",
            f"{error.organisation} has no score in the edition {error.edition}.",
        ),
    ),
)


class ScoresController(Controller):
    """Facts in, explained index out."""

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

        Computes the index of the facts sent and explains every point of it; nothing is stored. What is absent is
        unknown and counts 0. What contradicts itself is answered with findings, never refused. Numbers are read as
        exact decimals, half up to 6 decimals. `what_if` supposes other facts in place of some of them: the answer then
        also has the score that follows, and what differs, node by node. `explain=false` leaves out the explanation.
        """
        methodology = service.find_methodology(body)
        score = service.compute_score(methodology, body, explained=query.explain)
        supposed = service.compute_what_if(methodology, body, score, explained=query.explain)
        return SCORE.of(request, schemas.build_score_answer(score, supposed, methodology, language))


class EditionScoresController(Controller):
    """The scores of an edition."""

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
                "The explained score of the first organisation.",
            ),
            "peers": Link(
                "editions.scores.peers",
                {"edition": "$request.path.edition", "organisation": "$response.body#/items/0/organisation"},
                "The first organisation beside its peers.",
            ),
            "history": Link(
                "organisations.scores.list",
                {"organisation": "$response.body#/items/0/organisation"},
                "The editions of the first organisation.",
            ),
            "file": Link(
                "editions.scores.export", {"edition": "$request.path.edition", "format": "csv"}, "All as a file."
            ),
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

        Organisations of an edition, in rank order unless `sort` says otherwise; filters combine. Ranks are those over
        the whole edition, whatever is filtered: ties share the best rank and the next is skipped; those with
        insufficient evidence have none. What is not published yet is only for who may see it: administrators, and each
        organisation its own. Its rank then is null: it would tell of the others.
        """
        sort = schemas.parse_sort(query)
        cursor = _cursor(sort)
        rows = service.list_ranking(
            database,
            path.edition,
            schemas.build_filters(query),
            principal=principal,
            sort=sort,
            after=cursor.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, following = cursor.cut(query, rows, lambda row: service.get_cursor_key(row, sort))
        items = tuple(schemas.build_score_row(row) for row in kept)
        return PAGE.of(
            request, schemas.ScorePage(items=items, next=next_url(request, following), next_cursor=following)
        )

    @get(
        "/scores/{organisation:str}",
        operation_id="editions.scores.get",
        access=KEY_SHOWS_MORE,
        answer=SHEET,
        links={
            "path": Link("editions.scores.path", {**_EDITION, **_ORGANISATION}, "The path to the next level."),
            "peers": Link("editions.scores.peers", {**_EDITION, **_ORGANISATION}, "The organisation and its peers."),
            "methodology": _METHODOLOGY,
            "document": Link(
                "published.get",
                {"digest": "$response.body#/document"},
                "The published document, where there is one.",
            ),
            "published": Link(
                "editions.publications.scores.get",
                {**_EDITION, **_ORGANISATION, "revision": "latest"},
                "The same of the newest revision.",
            ),
            "organisation": Link("organisations.get", _ORGANISATION, "The organisation."),
            "history": Link("organisations.scores.list", _ORGANISATION, "Its editions."),
            "gobierto": Link(
                "editions.scores.gobierto",
                {**_EDITION, **_ORGANISATION, "format": "json"},
                "The same as Gobierto shows it.",
            ),
            "assessment": Link(
                "editions.assessments.get",
                {**_EDITION, **_ORGANISATION},
                "What it stated, for who may see it.",
            ),
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

        What `POST /v1/scores` answers for what the organisation sent, and its rank in the edition. What is not
        published yet is only for who may see it: administrators, and each organisation its own.
        """
        sent = service.get_edition_score(database, path.edition, path.organisation, principal=principal)
        methodology, score = service.get_explained_score(sent)
        narrated = narrate(score, methodology, language)
        return SHEET.of(request, schemas.build_sheet(narrated, sent))

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

        What to do, one indicator at a time, for every condition of the next level to hold: those over one indicator
        first, then those over a dimension, then the index. Each time the improvement that does just enough, or else the
        one that brings most; what then proves superfluous is left out, and the whole is scored anew. Where a condition
        is out of reach there is no path, and it is named. What is not published yet is only for who may see it:
        administrators, and each organisation its own.
        """
        sent = service.get_edition_score(database, path.edition, path.organisation, principal=principal)
        methodology, found = service.find_level_path(sent)
        return PATH.of(request, schemas.build_path_answer(found, sent, methodology, language))

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
        """How an organisation changed from one edition to another.

        The difference of the index, split in this order: what the methodology changes in what was stated in the first
        edition; what follows from knowing and not knowing the same as in the second; what the data change. The parts
        sum to the difference exactly. What a version newly asks costs under methodology until it is known. What is not
        published yet is only for who may see it: administrators, and each organisation its own.
        """
        found = service.compare_editions(
            database, path.edition, path.organisation, since=query.since, principal=principal
        )
        return CHANGES.of(request, schemas.build_changes_answer(found, language))

    @get(
        "/summary",
        operation_id="editions.summary",
        access=KEY_SHOWS_MORE,
        answer=SUMMARY,
        links={
            "scores": Link("editions.scores.list", _EDITION, "The ranking."),
            "robustness": Link("editions.robustness.list", _EDITION, "How solid the ranks are."),
            "statistics": Link("editions.statistics.get", _EDITION, "The audit of the index."),
        },
    )
    def get_summary(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: schemas.SummaryQuery,
        database: Database,
        principal: Principal | None,
    ) -> Response[bytes]:
        """Summarise the scores of a territory.

        How the index and each dimension spread over the organisations of an edition that rank, and how many
        organisations are at each level and have each status; filters combine. What is not published yet is only for who
        may see it: administrators, and each organisation its own.
        """
        filters = schemas.build_territory_filters(query)
        found = service.compute_summary(database, path.edition, filters, principal=principal)
        return SUMMARY.of(request, schemas.build_summary_answer(found))


class OrganisationScoresController(Controller):
    """The scores of an organisation."""

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
                "The explained score in the newest edition.",
            ),
            "changes": Link(
                "editions.scores.changes",
                {
                    "edition": "$response.body#/items/0/edition",
                    "organisation": "$request.path.organisation",
                    "from": "$response.body#/items/1/edition",
                },
                "The change from the edition before the newest.",
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
        """List the editions of an organisation.

        How an organisation scores in each of its editions, the newest first; with `methodology`, how it would under
        that version: an answer that the version does not ask is dropped, what it newly asks is unknown, and there is no
        rank. What is not published yet is only for who may see it: administrators, and each organisation its own.
        """
        rows = service.list_history(
            database,
            path.organisation,
            principal=principal,
            methodology=query.methodology,
            after=PAST_CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, cursor = PAST_CURSOR.cut(query, rows, lambda found: (found.past.period_to, found.past.edition))
        items = tuple(schemas.build_past_score(found, language) for found in kept)
        return PAST.of(request, schemas.PastScorePage(items=items, next=next_url(request, cursor), next_cursor=cursor))


def _cursor(sort: RankingSort) -> Cursor[ScoreCursorKey]:
    """Build the cursor of an order, which sorts by a text or a number."""
    return BY_TEXT if sort.key in ("organisation", "name") else BY_NUMBER
