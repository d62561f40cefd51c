"""Organisations over HTTP."""

from litestar import Controller, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.http.contract import Link, contract
from actitud_api.http.inputs import Query
from actitud_api.http.negotiation import Texts
from actitud_api.http.paging import Cursor, next_url
from actitud_api.http.problems import NOT_FOUND, UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.http.representations import Representation
from actitud_api.http.scope import ApiRequest
from actitud_api.organisations import service, wire
from actitud_api.organisations.service import UnknownOrganisation

QUERY = Query(wire.OrganisationQuery)
PAGE = Representation(wire.OrganisationPage)
ORGANISATION = Representation(wire.Organisation)
CURSOR = Cursor("organisations.list", str)

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownOrganisation,
        NOT_FOUND,
        lambda error: Texts(
            f"No hay ninguna organización con el identificador {error.organisation}.",
            f"There is no organisation with the id {error.organisation}.",
        ),
    ),
)


class OrganisationsController(Controller):
    """Who is measured."""

    path = "/v1/organisations"
    tags = ("organisations",)

    @get(
        "/",
        operation_id="organisations.list",
        summary="List organisations",
        description="Organisations in the order of their ids; filters combine.",
        opt=contract(
            query=QUERY,
            answer=PAGE,
            problems=(UNAVAILABLE,),
            links={
                "first": Link(
                    "organisations.get",
                    {"organisation": "$response.body#/items/0/id"},
                    "The first organisation of the page.",
                )
            },
        ),
        sync_to_thread=True,
    )
    def list_organisations(self, request: ApiRequest, state: State) -> Response[bytes]:
        """A page of organisations."""
        query = QUERY.of(request)
        filters = service.Filters(
            words=tuple(service.words(query.q or "")),
            kind=query.kind,
            region=query.region,
            province=query.province,
            band=query.band,
        )
        rows = service.page(
            state["database"], filters, after=CURSOR.read(query), offset=query.offset, limit=query.limit + 1
        )
        page, cursor = CURSOR.cut(query, rows, lambda record: record.id)
        items = tuple(wire.organisation(record) for record in page)
        return PAGE.of(request, wire.OrganisationPage(items=items, next=next_url(request, cursor), next_cursor=cursor))

    @get(
        "/{organisation:str}",
        operation_id="organisations.get",
        summary="Get an organisation",
        description="One organisation by its id.",
        opt=contract(path=wire.OrganisationPath, answer=ORGANISATION, problems=(UNAVAILABLE,)),
        sync_to_thread=True,
    )
    def get_organisation(self, request: ApiRequest, state: State, organisation: FromPath[str]) -> Response[bytes]:
        """One organisation."""
        return ORGANISATION.of(request, wire.organisation(service.get(state["database"], organisation)))
