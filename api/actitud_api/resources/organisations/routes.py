"""HTTP routes of organisations."""

from datetime import UTC, datetime
from urllib.parse import quote

from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import REGISTRARS
from actitud_api.platform.auth.recording import with_audit_entry
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.operations import get, patch, post
from actitud_api.platform.http.paging import Cursor
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, ProblemMapping, maps_to, moves_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, build_revision
from actitud_api.resources.organisations import schemas, service
from actitud_api.resources.organisations.contradictions import build_fault
from actitud_api.resources.organisations.service import (
    IdentifierIsAlias,
    OrganisationInconsistent,
    OrganisationRecord,
    UnknownOrganisation,
)

PAGE = Pages(schemas.OrganisationPage)
ORGANISATION = Representation(schemas.Organisation)
CURSOR: Cursor[service.MatchKey] = Cursor("organisations.list", tuple[int, int, str])
_ID = {"organisation": "$response.body#/id"}
_LINKS = {
    "update": Link("organisations.update", {**_ID, **VERSION}),
    "scores": Link("organisations.scores.list", _ID),
}
_ORGANISATION = Link("organisations.get", _ID)
_LINKS_OF_CREATED = {"organisation": _ORGANISATION, "update": _LINKS["update"]}

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownOrganisation,
        NOT_FOUND,
        Texts(
            "No hay ninguna organización con el identificador {organisation}.",
            "There is no organisation with the id {organisation}.",
        ),
    ),
    moves_to(IdentifierIsAlias, "organisation", lambda error: error.organisation),
    maps_to(
        OrganisationInconsistent,
        CONFLICT,
        Texts(
            "Lo que se dice de la organización se contradice; véase `errors`.",
            "What is said of the organisation contradicts itself or what is stored; see `errors`.",
        ),
        lambda error, detail: [build_fault(found) for found in error.contradictions],
    ),
)


class OrganisationsController(Controller):
    """Routes to list, read, add and change organisations."""

    path = "/v1/organisations"
    tags = ("organisations",)

    @get(
        "/",
        operation_id="organisations.list",
        access=ANYBODY,
        answer=PAGE,
        links={
            "first": Link("organisations.get", {"organisation": "$response.body#/items/0/id"}),
            "file": Link("organisations.export", {"format": "csv"}),
        },
    )
    def list_organisations(
        self, request: ApiRequest, query: schemas.OrganisationQuery, database: Database
    ) -> Response[bytes]:
        """List the organisations.

        Ordered by id; with `q`, the closest first. If several filters are given, all must match.
        """
        filters = schemas.build_filters(query, service.OrganisationFilters)
        total = query.make_total()
        rows = service.search_page(
            database, filters, PageRange(CURSOR.read(query), query.offset, query.limit + 1, total)
        )
        page, cursor = CURSOR.cut(query, rows, lambda row: row[1])
        return PAGE.page_of(request, [schemas.build_organisation(record) for record, _ in page], cursor, total)

    @get("/{organisation:str}", operation_id="organisations.get", access=ANYBODY, answer=ORGANISATION, links=_LINKS)
    def get_organisation(
        self, request: ApiRequest, path: schemas.OrganisationPath, database: Database
    ) -> Response[bytes]:
        """Get an organisation.

        An alias is redirected (308) to the id of its organisation.
        """
        return _answer(request, service.get(database, path.organisation))

    @post(
        "/",
        operation_id="organisations.create",
        access=REGISTRARS,
        answer=ORGANISATION,
        problems=(CONFLICT,),
        links=_LINKS_OF_CREATED,
    )
    def create_organisation(
        self, request: ApiRequest, body: schemas.OrganisationRequest, database: Database
    ) -> Response[bytes]:
        """Add an organisation.

        An entry that contradicts itself or another organisation, or whose id is taken, is refused (409) with every
        contradiction.
        """
        entry = schemas.build_entry(body)

        def store(session: Session) -> Response[bytes]:
            record = service.create(session, entry, now=datetime.now(UTC))
            return _answer(request, record, created=f"/v1/organisations/{quote(record.id, safe=':')}")

        return idempotent(request, database, store)

    @patch(
        "/{organisation:str}",
        operation_id="organisations.update",
        access=REGISTRARS,
        answer=ORGANISATION,
        problems=(CONFLICT,),
        links={"organisation": _ORGANISATION},
    )
    def update_organisation(
        self,
        request: ApiRequest,
        path: schemas.OrganisationPath,
        body: schemas.OrganisationPatch,
        database: Database,
        domains_changed: service.DomainsObserver,
        expected: Expected,
    ) -> Response[bytes]:
        """Change an organisation.

        Applies a JSON merge patch (RFC 7396). An organisation is never deleted: `valid_to` sets its last day and
        `succeeded_by` names the organisations that replace it. If its domains change, assessments that may still change
        get their documents checked and their scores computed again.
        """

        def update(session: Session) -> OrganisationRecord:
            return service.update(
                session,
                path.organisation,
                schemas.build_change(body),
                expected=expected,
                domains_changed=domains_changed,
                now=datetime.now(UTC),
            )

        return _answer(request, with_audit_entry(request, database, update))


def _answer(request: ApiRequest, record: OrganisationRecord, created: str | None = None) -> Response[bytes]:
    return ORGANISATION.of(
        request,
        schemas.build_organisation(record),
        revision=build_revision(record.created, record.version),
        created=created,
    )
