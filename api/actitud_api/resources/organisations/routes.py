"""Organisations over HTTP."""

from datetime import UTC, datetime
from urllib.parse import quote

from litestar import Controller, Response, get, patch, post
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import once
from actitud_api.platform.auth.recording import recorded
from actitud_api.platform.http.contract import VERSION, Link, contract
from actitud_api.platform.http.paging import Cursor, next_url
from actitud_api.platform.http.preconditions import if_match
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, UNAVAILABLE, ProblemMapping, maps_to, moves_to
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.requests import Body, Query
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Session
from actitud_api.platform.storage.versions import revision
from actitud_api.resources.organisations import schemas, service
from actitud_api.resources.organisations.contradictions import fault
from actitud_api.resources.organisations.service import AliasOf, Contradicted, Record, UnknownOrganisation

QUERY = Query(schemas.OrganisationQuery)
NEW = Body(schemas.OrganisationRequest)
CHANGE = Body(schemas.OrganisationPatch, patch=True)
PAGE = Representation(schemas.OrganisationPage)
ORGANISATION = Representation(schemas.Organisation)
CURSOR = Cursor("organisations.list", str)
_ID = {"organisation": "$response.body#/id"}
_LINKS = {
    "update": Link("organisations.update", {**_ID, **VERSION}, "To change this version of it."),
    "scores": Link("organisations.scores.list", _ID, "Its editions."),
}
_LINKS_OF_WRITTEN = {"organisation": Link("organisations.get", _ID, "The organisation."), **_LINKS}

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownOrganisation,
        NOT_FOUND,
        lambda error: Texts(
            f"No hay ninguna organización con el identificador {error.organisation}.",
            f"There is no organisation with the id {error.organisation}.",
        ),
    ),
    moves_to(AliasOf, "organisation", lambda error: error.organisation),
    maps_to(
        Contradicted,
        CONFLICT,
        lambda error: Texts(
            "Lo que se dice de la organización se contradice; véase `errors`.",
            "What is said of the organisation contradicts itself or what is stored; see `errors`.",
        ),
        lambda error: [fault(found) for found in error.contradictions],
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
                ),
                "file": Link("organisations.export", {"format": "csv"}, "All as a file."),
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
            parent=query.parent,
            on=query.on,
        )
        rows = service.page(
            state["database"], filters, after=CURSOR.read(query), offset=query.offset, limit=query.limit + 1
        )
        page, cursor = CURSOR.cut(query, rows, lambda record: record.id)
        items = tuple(schemas.organisation(record) for record in page)
        return PAGE.of(
            request, schemas.OrganisationPage(items=items, next=next_url(request, cursor), next_cursor=cursor)
        )

    @get(
        "/{organisation:str}",
        operation_id="organisations.get",
        summary="Get an organisation",
        description="One organisation by its id.",
        opt=contract(
            path=schemas.OrganisationPath, answer=ORGANISATION, problems=(UNAVAILABLE,), aliased=True, links=_LINKS
        ),
        sync_to_thread=True,
    )
    def get_organisation(self, request: ApiRequest, state: State, organisation: FromPath[str]) -> Response[bytes]:
        """One organisation."""
        return _shown(request, service.get(state["database"], organisation))

    @post(
        "/",
        operation_id="organisations.create",
        summary="Add an organisation",
        description=(
            "Adds an organisation under an identifier that is free. What contradicts itself, or what is stored, is "
            "answered 409 with every place at once."
        ),
        status_code=201,
        opt=contract(
            body=NEW,
            answer=ORGANISATION,
            problems=(CONFLICT, UNAVAILABLE),
            idempotent=True,
            cors=False,
            links=_LINKS_OF_WRITTEN,
        ),
        sync_to_thread=True,
    )
    def create_organisation(self, request: ApiRequest, state: State) -> Response[bytes]:
        """Adds an organisation."""
        entry = schemas.entry(NEW.of(request))

        def act(session: Session) -> Response[bytes]:
            record = service.create(session, entry, now=datetime.now(UTC))
            return _shown(request, record, created=f"/v1/organisations/{quote(record.id, safe=':')}")

        return once(request, state["database"], act)

    @patch(
        "/{organisation:str}",
        operation_id="organisations.update",
        summary="Change an organisation",
        description=(
            "Changes what is sent and leaves the rest. An organisation is never removed: it is closed with "
            "`valid_to`, and `succeeded_by` says who took its place."
        ),
        opt=contract(
            path=schemas.OrganisationPath,
            body=CHANGE,
            answer=ORGANISATION,
            problems=(CONFLICT, UNAVAILABLE),
            precondition="match",
            aliased=True,
            cors=False,
            links=_LINKS_OF_WRITTEN,
        ),
        sync_to_thread=True,
    )
    def update_organisation(self, request: ApiRequest, state: State, organisation: FromPath[str]) -> Response[bytes]:
        """Changes an organisation."""

        def update(session: Session) -> Record:
            return service.update(
                session,
                organisation,
                schemas.change(CHANGE.of(request)),
                expected=if_match(request),
                domains_changed=state["domains_changed"],
                now=datetime.now(UTC),
            )

        return _shown(request, recorded(request, state["database"], update))


def _shown(request: ApiRequest, record: Record, created: str | None = None) -> Response[bytes]:
    return ORGANISATION.of(
        request, schemas.organisation(record), revision=revision(record.created, record.version), created=created
    )
