"""Routes over scores: of facts that somebody sends, and of the organisations of an edition."""

from litestar import Controller, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.editions.wire import EditionPath
from actitud_api.http.contract import Link, contract
from actitud_api.http.inputs import Body, Query
from actitud_api.http.negotiation import Texts
from actitud_api.http.paging import Cursor, next_url
from actitud_api.http.problems import NO_STORE, NOT_FOUND, UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.http.representations import Representation
from actitud_api.http.scope import ApiRequest, language_of
from actitud_api.organisations.wire import TerritoryQuery
from actitud_api.scores import service, wire
from actitud_api.scores.service import Filters, Place, UnknownScore

REQUEST = Body(*service.REQUESTS.values())
NARRATED = Representation(wire.NarratedScore, cache=NO_STORE, sentences=True)
QUERY = Query(TerritoryQuery)
PAGE = Representation(wire.ScorePage)
SHEET = Representation(wire.Sheet, sentences=True)
CURSOR: Cursor[Place] = Cursor("editions.scores.list", tuple[int, str])

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
            "read as exact decimals, half up to 6 decimals."
        ),
        status_code=200,
        opt=contract(body=REQUEST, answer=NARRATED),
        sync_to_thread=True,
    )
    def create(self, request: ApiRequest) -> Response[bytes]:
        """Scores the facts of one organisation."""
        methodology, score = service.scored(REQUEST.of(request))
        return NARRATED.of(request, wire.narrated(score, methodology, language_of(request.scope)))


class EditionScoresController(Controller):
    """The scores of an edition."""

    path = "/v1/editions/{edition:str}/scores"
    tags = ("editions",)

    @get(
        "/",
        operation_id="editions.scores.list",
        summary="The ranking of an edition",
        description=(
            "Organisations in rank order over the whole edition, whatever is filtered: ties share the best rank and "
            "the next is skipped; those with insufficient evidence come last, with `rank` null."
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
                )
            },
        ),
        sync_to_thread=True,
    )
    def list_scores(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """The ranking of an edition."""
        query = QUERY.of(request)
        filters = Filters(kind=query.kind, region=query.region, province=query.province, band=query.band)
        rows = service.ranking(
            state["database"], edition, filters, after=CURSOR.read(query), offset=query.offset, limit=query.limit + 1
        )
        kept, cursor = CURSOR.cut(query, rows, lambda row: (row.rank_points, row.organisation))
        return PAGE.of(
            request,
            wire.ScorePage(
                items=tuple(wire.line(row) for row in kept), next=next_url(request, cursor), next_cursor=cursor
            ),
        )

    @get(
        "/{organisation:str}",
        operation_id="editions.scores.get",
        summary="The explained score of an organisation in an edition",
        description="What `POST /v1/scores` answers for what the organisation sent, and its rank in the edition.",
        opt=contract(answer=SHEET, path=wire.SheetPath, problems=(UNAVAILABLE,), aliased=True),
        sync_to_thread=True,
    )
    def get_score(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """The explained score of an organisation in an edition."""
        sent = service.sent(state["database"], edition, organisation)
        methodology, score = service.sheet(sent)
        narrated = wire.narrated(score, methodology, language_of(request.scope))
        return SHEET.of(request, wire.sheet(narrated, sent))
