"""Editions over HTTP."""

from litestar import Controller, Response, get
from litestar.datastructures import State

from actitud_api.editions import service, wire
from actitud_api.editions.service import UnknownEdition
from actitud_api.http.contract import Link, contract
from actitud_api.http.inputs import Query
from actitud_api.http.negotiation import Texts
from actitud_api.http.paging import Cursor, PageQuery, next_url
from actitud_api.http.problems import NOT_FOUND, UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.http.representations import Representation
from actitud_api.http.scope import ApiRequest, language_of

QUERY = Query(PageQuery)
PAGE = Representation(wire.EditionPage, sentences=True)
CURSOR = Cursor("editions.list", str)

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownEdition,
        NOT_FOUND,
        lambda error: Texts(
            f"No hay ninguna edición {error.edition}.",
            f"There is no edition {error.edition}.",
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
        description="Editions, the newest first.",
        opt=contract(
            query=QUERY,
            answer=PAGE,
            problems=(UNAVAILABLE,),
            links={
                "scores": Link(
                    "editions.scores.list",
                    {"edition": "$response.body#/items/0/id"},
                    "The ranking of the first edition of the page.",
                )
            },
        ),
        sync_to_thread=True,
    )
    def list_editions(self, request: ApiRequest, state: State) -> Response[bytes]:
        """A page of editions."""
        query = QUERY.of(request)
        rows = service.page(state["database"], before=CURSOR.read(query), offset=query.offset, limit=query.limit + 1)
        page, cursor = CURSOR.cut(query, rows, lambda record: record.id)
        items = tuple(wire.edition(record, language_of(request.scope)) for record in page)
        return PAGE.of(request, wire.EditionPage(items=items, next=next_url(request, cursor), next_cursor=cursor))
