"""HTTP routes of approvals: the consent of a second key before a publication."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import PUBLISHERS
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.publications import approvals, schemas, service
from actitud_api.resources.publications.approvals import UnknownApproval

APPROVAL = Representation(schemas.PublicationApproval)
PAGE = Pages(schemas.PublicationApprovalPage)
CURSOR: Cursor[int] = Cursor("editions.approvals.list", int)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownApproval,
        NOT_FOUND,
        Texts("La edición no tiene ninguna aprobación con ese número.", "The edition has no approval of that number."),
    ),
)


class ApprovalsController(Controller):
    """Routes to list and read the approvals of a publication, and to approve one."""

    path = "/v1/editions/{edition:str}/approvals"
    tags = ("publications",)

    @get(
        "/",
        operation_id="editions.approvals.list",
        access=PUBLISHERS,
        answer=PAGE,
        links={
            "approval": Link(
                "editions.approvals.get",
                {"edition": "$request.path.edition", "approval": "$response.body#/items/0/number"},
            )
        },
    )
    def list_approvals(
        self, request: ApiRequest, path: EditionPath, query: PageQuery, database: Database
    ) -> Response[bytes]:
        """List the approvals of an edition.

        Oldest first.
        """
        total = query.make_total()
        rows = approvals.list_page(
            database, path.edition, PageRange(CURSOR.read(query), query.offset, query.limit + 1, total)
        )
        page, cursor = CURSOR.cut(query, rows, lambda row: row.number)
        return PAGE.page_of(request, map(schemas.build_approval, page), cursor, total)

    @get("/{approval:str}", operation_id="editions.approvals.get", access=PUBLISHERS, answer=APPROVAL)
    def get_approval(self, request: ApiRequest, path: schemas.ApprovalPath, database: Database) -> Response[bytes]:
        """Get an approval.

        The approvals of an edition are numbered from 1.
        """
        return APPROVAL.of(request, schemas.build_approval(approvals.get(database, path.edition, path.approval)))

    @post(
        "/",
        operation_id="editions.approvals.create",
        access=PUBLISHERS,
        answer=APPROVAL,
        problems=(CONFLICT,),
    )
    def create_approval(
        self,
        request: ApiRequest,
        path: EditionPath,
        body: schemas.ApprovalRequest,
        database: Database,
        principal: Principal,
    ) -> Response[bytes]:
        """Approve a publication before it is made.

        The body has the members of the publication request that is to be sent, and the digest of the pending
        publication, which the service names when it refuses that request for lack of an approval. Afterwards another
        key can send exactly this request, as long as the stored data do not change. If the service has the setting
        `second_approver`, it publishes nothing without such an approval.
        """

        def approve(session: Session) -> Response[bytes]:
            now = datetime.now(UTC)
            approval = service.approve(session, path.edition, schemas.build_plan(body), body.digest, principal, now=now)
            created = f"/v1/editions/{approval.edition}/approvals/{approval.number}"
            return APPROVAL.of(request, schemas.build_approval(approval), created=created)

        return idempotent(request, database, approve)
