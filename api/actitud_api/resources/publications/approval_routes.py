"""Approvals of what is to be published, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import once
from actitud_api.platform.auth.policy import keyed
from actitud_api.platform.http.contract import Link, contract
from actitud_api.platform.http.paging import Cursor, PageQuery, next_url
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.requests import Body, Query
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Session
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.publications import approvals, schemas, service
from actitud_api.resources.publications.approvals import UnknownApproval

QUERY = Query(PageQuery)
REQUEST = Body(schemas.ApprovalRequest)
APPROVAL = Representation(schemas.PublicationApproval)
PAGE = Representation(schemas.PublicationApprovalPage)
CURSOR: Cursor[int] = Cursor("editions.approvals.list", int)

_HERE = {"edition": "$response.body#/edition"}
_LINKS = {
    "approvals": Link("editions.approvals.list", _HERE, "Every approval of the edition."),
    "publish": Link("editions.publications.create", _HERE, "To publish what was approved, with another key."),
}

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownApproval,
        NOT_FOUND,
        lambda error: Texts(
            "La edición no tiene ninguna aprobación con ese número.", "The edition has no approval of that number."
        ),
    ),
)


class ApprovalsController(Controller):
    """What has been approved to be published of an edition."""

    path = "/v1/editions/{edition:str}/approvals"
    tags = ("publications",)

    @get(
        "/",
        operation_id="editions.approvals.list",
        summary="List the approvals of an edition",
        description="Which key has approved to publish what, the oldest first.",
        opt=contract(
            path=EditionPath,
            query=QUERY,
            answer=PAGE,
            problems=(UNAVAILABLE,),
            links={
                "approval": Link(
                    "editions.approvals.get",
                    {"edition": "$request.path.edition", "approval": "$response.body#/items/0/number"},
                    "The first approval of the page.",
                )
            },
            cors=False,
        ),
        sync_to_thread=True,
    )
    def list_approvals(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """A page of approvals."""
        query = QUERY.of(request)
        rows = approvals.page(
            state["database"], edition, after=CURSOR.read(query), offset=query.offset, limit=query.limit + 1
        )
        page, cursor = CURSOR.cut(query, rows, lambda row: row.number)
        items = tuple(schemas.approval(row) for row in page)
        document = schemas.PublicationApprovalPage(items=items, next=next_url(request, cursor), next_cursor=cursor)
        return PAGE.of(request, document)

    @get(
        "/{approval:str}",
        operation_id="editions.approvals.get",
        summary="Get an approval",
        description="Which key has approved to publish what.",
        opt=contract(path=schemas.ApprovalPath, answer=APPROVAL, problems=(UNAVAILABLE,), links=_LINKS, cors=False),
        sync_to_thread=True,
    )
    def get_approval(
        self, request: ApiRequest, state: State, edition: FromPath[str], approval: FromPath[str]
    ) -> Response[bytes]:
        """One approval."""
        return APPROVAL.of(request, schemas.approval(approvals.get(state["database"], edition, approval)))

    @post(
        "/",
        operation_id="editions.approvals.create",
        summary="Approve what is to be published",
        description=(
            "Approves that another key publishes exactly this: the request, over what is there now. Where the service "
            "has the setting `second_approver`, nothing is published without. The digest of what would be published is "
            "in the refusal of the publication, and of an approval of another one; if anything changes after the "
            "approval, it needs another."
        ),
        opt=contract(
            path=EditionPath,
            body=REQUEST,
            answer=APPROVAL,
            problems=(CONFLICT, UNAVAILABLE),
            links=_LINKS,
            cors=False,
            idempotent=True,
        ),
        sync_to_thread=True,
    )
    def create_approval(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """Approves."""
        sent, principal = REQUEST.of(request), keyed(request)

        def approve(session: Session) -> Response[bytes]:
            now = datetime.now(UTC)
            made = service.approve(session, edition, schemas.asked(sent), sent.digest, principal, now=now)
            path = f"/v1/editions/{made.edition}/approvals/{made.number}"
            return APPROVAL.of(request, schemas.approval(made), created=path)

        return once(request, state["database"], approve)
