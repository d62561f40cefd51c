"""Editions over HTTP."""

from datetime import date

from litestar import Controller, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.editions import service, wire
from actitud_api.editions.service import Place, UnknownEdition
from actitud_api.http.contract import Link, contract
from actitud_api.http.inputs import Query
from actitud_api.http.negotiation import Texts
from actitud_api.http.paging import Cursor, PageQuery, next_url
from actitud_api.http.problems import NOT_FOUND, UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.http.representations import Representation
from actitud_api.http.scope import ApiRequest, language_of

QUERY = Query(PageQuery)
PAGE = Representation(wire.EditionPage, sentences=True)
EDITION = Representation(wire.Edition, sentences=True)
CURSOR: Cursor[Place] = Cursor("editions.list", tuple[date, str])

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownEdition,
        NOT_FOUND,
        lambda error: Texts(
            "No hay ninguna edición publicada."
            if error.edition == service.LATEST
            else f"No hay ninguna edición {error.edition}.",
            "There is no published edition."
            if error.edition == service.LATEST
            else f"There is no edition {error.edition}.",
        ),
    ),
)


class EditionsController(Controller):
    """The rounds in which organisations are scored."""

    path = "/v1/editions"
    tags = ("editions",)

    @get(
        "/",
        operation_id="editions.list",
        summary="List editions",
        description="Editions, that with the newest reference date first.",
        opt=contract(
            query=QUERY,
            answer=PAGE,
            problems=(UNAVAILABLE,),
            links={
                "edition": Link(
                    "editions.get", {"edition": "$response.body#/items/0/id"}, "The first edition of the page."
                ),
                "scores": Link(
                    "editions.scores.list",
                    {"edition": "$response.body#/items/0/id"},
                    "The ranking of the first edition of the page.",
                ),
            },
        ),
        sync_to_thread=True,
    )
    def list_editions(self, request: ApiRequest, state: State) -> Response[bytes]:
        """A page of editions."""
        query = QUERY.of(request)
        rows = service.page(state["database"], after=CURSOR.read(query), offset=query.offset, limit=query.limit + 1)
        page, cursor = CURSOR.cut(query, rows, lambda row: (row.record.period_to, row.record.id))
        items = tuple(wire.edition(row, language_of(request.scope)) for row in page)
        return PAGE.of(request, wire.EditionPage(items=items, next=next_url(request, cursor), next_cursor=cursor))

    @get(
        "/{edition:str}",
        operation_id="editions.get",
        summary="Get an edition",
        description=(
            "One edition by its id, with the days that its indicators look at and its calendar; `latest` is the newest "
            "published one."
        ),
        opt=contract(
            path=wire.EditionPath,
            answer=EDITION,
            problems=(UNAVAILABLE,),
            links={"scores": Link("editions.scores.list", {"edition": "$response.body#/id"}, "Its ranking.")},
        ),
        sync_to_thread=True,
    )
    def get_edition(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """One edition."""
        return EDITION.of(request, wire.edition(service.get(state["database"], edition), language_of(request.scope)))
