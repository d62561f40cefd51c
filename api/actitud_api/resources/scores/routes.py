"""Routes over scores: of facts that somebody sends, and of the organisations of an edition."""

from datetime import date

from litestar import Controller, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.engine.i18n import Texts
from actitud_api.engine.narration.narrated import narrate
from actitud_api.platform.auth.policy import principal_of
from actitud_api.platform.http.contract import Link, contract
from actitud_api.platform.http.paging import Cursor, next_url
from actitud_api.platform.http.problems import NO_STORE, NOT_FOUND, UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.requests import Body, Query
from actitud_api.platform.http.scope import ApiRequest, language_of
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.organisations.schemas import OrganisationPath
from actitud_api.resources.scores import schemas, service
from actitud_api.resources.scores.service import Place, Sort, UnknownScore

REQUEST = Body(*service.REQUESTS.values())
SCORE = Representation(schemas.ScoreAnswer, cache=NO_STORE, sentences=True)
SCORE_QUERY = Query(schemas.ScoreQuery)
QUERY = Query(schemas.RankingQuery)
PAGE = Representation(schemas.ScorePage)
BY_NUMBER: Cursor[Place] = Cursor("editions.scores.list", tuple[int | None, str])
BY_TEXT: Cursor[Place] = Cursor("editions.scores.list", tuple[str, str])
SHEET = Representation(schemas.Sheet, sentences=True)
TERRITORY = Query(schemas.SummaryQuery)
SUMMARY = Representation(schemas.SummaryAnswer)
PATH = Representation(schemas.PathAnswer, sentences=True)
CHANGES_QUERY = Query(schemas.ChangesQuery)
CHANGES = Representation(schemas.ChangesAnswer, sentences=True)
PAST_QUERY = Query(schemas.PastQuery)
PAST = Representation(schemas.PastScorePage, sentences=True)
PAST_CURSOR: Cursor[editions.Place] = Cursor("organisations.scores.list", tuple[date, str])

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
        summary="Score the facts of one organisation",
        description=(
            "Computes the index of the facts sent and explains every point of it; nothing is stored. What is absent "
            "is unknown and counts 0. What contradicts itself is answered with findings, never refused. Numbers are "
            "read as exact decimals, half up to 6 decimals. `what_if` supposes other facts in place of some of them: "
            "the answer then also has the score that follows, and what differs, node by node. `explain=false` leaves "
            "out the explanation."
        ),
        status_code=200,
        opt=contract(query=SCORE_QUERY, body=REQUEST, answer=SCORE, links={"methodology": _METHODOLOGY}),
        sync_to_thread=True,
    )
    def create(self, request: ApiRequest) -> Response[bytes]:
        """Scores the facts of one organisation."""
        asked = REQUEST.of(request)
        explained = SCORE_QUERY.of(request).explain
        methodology = service.asked_under(asked)
        score = service.scored(methodology, asked, explained=explained)
        supposed = service.what_if(methodology, asked, score, explained=explained)
        return SCORE.of(request, schemas.answer(score, supposed, methodology, language_of(request.scope)))


class EditionScoresController(Controller):
    """The scores of an edition."""

    path = "/v1/editions/{edition:str}"
    tags = ("editions",)

    @get(
        "/scores",
        operation_id="editions.scores.list",
        summary="The ranking of an edition",
        description=(
            "Organisations of an edition, in rank order unless `sort` says otherwise; filters combine. Ranks are those "
            "over the whole edition, whatever is filtered: ties share the best rank and the next is skipped; those "
            f"with insufficient evidence have none. {_WHO_SEES} Its rank then is null: it would tell of the others."
        ),
        opt=contract(
            query=QUERY,
            answer=PAGE,
            path=EditionPath,
            problems=(UNAVAILABLE,),
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
        ),
        sync_to_thread=True,
    )
    def list_scores(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """The ranking of an edition."""
        query = QUERY.of(request)
        sort = schemas.sort(query)
        cursor = _cursor(sort)
        rows = service.ranking(
            state["database"],
            edition,
            schemas.filters(query),
            principal=principal_of(request),
            sort=sort,
            after=cursor.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, following = cursor.cut(query, rows, lambda row: service.place(row, sort))
        items = tuple(schemas.line(row) for row in kept)
        return PAGE.of(
            request, schemas.ScorePage(items=items, next=next_url(request, following), next_cursor=following)
        )

    @get(
        "/scores/{organisation:str}",
        operation_id="editions.scores.get",
        summary="The explained score of an organisation in an edition",
        description=(
            f"What `POST /v1/scores` answers for what the organisation sent, and its rank in the edition. {_WHO_SEES}"
        ),
        opt=contract(
            answer=SHEET,
            path=schemas.SheetPath,
            problems=(UNAVAILABLE,),
            aliased=True,
            links={
                "path": Link("editions.scores.path", {**_EDITION, **_ORGANISATION}, "The path to the next level."),
                "peers": Link(
                    "editions.scores.peers", {**_EDITION, **_ORGANISATION}, "The organisation and its peers."
                ),
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
        ),
        sync_to_thread=True,
    )
    def get_score(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """The explained score of an organisation in an edition."""
        sent = service.sent(state["database"], edition, organisation, principal=principal_of(request))
        methodology, score = service.sheet(sent)
        narrated = narrate(score, methodology, language_of(request.scope))
        return SHEET.of(request, schemas.sheet(narrated, sent))

    @get(
        "/scores/{organisation:str}/path",
        operation_id="editions.scores.path",
        summary="The path of an organisation to the next level",
        description=(
            "What to do, one indicator at a time, for every condition of the next level to hold: those over one "
            "indicator first, then those over a dimension, then the index. Each time the improvement that does just "
            "enough, or else the one that brings most; what then proves superfluous is left out, and the whole is "
            f"scored anew. Where a condition is out of reach there is no path, and it is named. {_WHO_SEES}"
        ),
        opt=contract(answer=PATH, path=schemas.SheetPath, problems=(UNAVAILABLE,), aliased=True),
        sync_to_thread=True,
    )
    def get_path(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """The path of an organisation to the next level."""
        sent = service.sent(state["database"], edition, organisation, principal=principal_of(request))
        methodology, found = service.path(sent)
        return PATH.of(request, schemas.path(found, sent, methodology, language_of(request.scope)))

    @get(
        "/scores/{organisation:str}/changes",
        operation_id="editions.scores.changes",
        summary="How an organisation changed from one edition to another",
        description=(
            "The difference of the index, split in this order: what the methodology changes in what was stated in the "
            "first edition; what follows from knowing and not knowing the same as in the second; what the data change. "
            "The parts sum to the difference exactly. What a version newly asks costs under methodology until it is "
            f"known. {_WHO_SEES}"
        ),
        opt=contract(
            query=CHANGES_QUERY, answer=CHANGES, path=schemas.SheetPath, problems=(UNAVAILABLE,), aliased=True
        ),
        sync_to_thread=True,
    )
    def get_changes(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """How an organisation changed from one edition to another."""
        since = CHANGES_QUERY.of(request).since
        found = service.changes(state["database"], edition, organisation, since=since, principal=principal_of(request))
        return CHANGES.of(request, schemas.changes(found, language_of(request.scope)))

    @get(
        "/summary",
        operation_id="editions.summary",
        summary="What the organisations of a territory come to",
        description=(
            "How the index and each dimension spread over the organisations of an edition that rank, and how many "
            f"organisations are at each level and have each status; filters combine. {_WHO_SEES}"
        ),
        opt=contract(
            query=TERRITORY,
            answer=SUMMARY,
            path=EditionPath,
            problems=(UNAVAILABLE,),
            links={
                "scores": Link("editions.scores.list", _EDITION, "The ranking."),
                "robustness": Link("editions.robustness.list", _EDITION, "How solid the ranks are."),
                "statistics": Link("editions.statistics.get", _EDITION, "The audit of the index."),
            },
        ),
        sync_to_thread=True,
    )
    def get_summary(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """What the organisations of a territory come to."""
        filters = schemas.territory(TERRITORY.of(request))
        found = service.summary(state["database"], edition, filters, principal=principal_of(request))
        return SUMMARY.of(request, schemas.summary(found))


class OrganisationScoresController(Controller):
    """The scores of an organisation."""

    path = "/v1/organisations/{organisation:str}/scores"
    tags = ("organisations",)

    @get(
        "/",
        operation_id="organisations.scores.list",
        summary="The editions of an organisation",
        description=(
            "How an organisation scores in each of its editions, the newest first; with `methodology`, how it would "
            "under that version: an answer that the version does not ask is dropped, what it newly asks is unknown, "
            f"and there is no rank. {_WHO_SEES}"
        ),
        opt=contract(
            query=PAST_QUERY,
            answer=PAST,
            path=OrganisationPath,
            problems=(UNAVAILABLE,),
            aliased=True,
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
        ),
        sync_to_thread=True,
    )
    def list_past(self, request: ApiRequest, state: State, organisation: FromPath[str]) -> Response[bytes]:
        """The editions of an organisation."""
        query = PAST_QUERY.of(request)
        rows = service.history(
            state["database"],
            organisation,
            principal=principal_of(request),
            methodology=query.methodology,
            after=PAST_CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, cursor = PAST_CURSOR.cut(query, rows, lambda found: (found.past.period_to, found.past.edition))
        items = tuple(schemas.past(found, language_of(request.scope)) for found in kept)
        return PAST.of(request, schemas.PastScorePage(items=items, next=next_url(request, cursor), next_cursor=cursor))


def _cursor(sort: Sort) -> Cursor[Place]:
    """The cursors of an order: what it sorts by is a text or a number."""
    return BY_TEXT if sort.key in ("organisation", "name") else BY_NUMBER
