"""HTTP routes of the replies that organisations give in the hearing."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.policy import DRAFT_READERS, EDITORS
from actitud_api.platform.auth.recording import with_audit_entry
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.operations import delete, get, put
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, build_revision
from actitud_api.resources.assessments.schemas import AssessmentPath
from actitud_api.resources.reviews.replies import schemas, service
from actitud_api.resources.reviews.replies.queries import ReplyRecord
from actitud_api.resources.reviews.replies.service import UnknownReply

REPLY = Representation(schemas.Reply)
PAGE = Pages(schemas.ReplyPage)
CURSOR: Cursor[int] = Cursor("editions.assessments.replies.list", int)

_HERE = {"edition": "$request.path.edition", "organisation": "$request.path.organisation"}
_BY_INDICATOR = {**_HERE, "indicator": "$request.path.indicator"}
_REPLY = Link("editions.assessments.replies.get", _BY_INDICATOR)
_LINKS = {
    "replace": Link("editions.assessments.replies.put", {**_BY_INDICATOR, **VERSION}),
    "delete": Link("editions.assessments.replies.delete", {**_BY_INDICATOR, **VERSION}),
    "verdict": Link("editions.assessments.verdicts.get", _BY_INDICATOR),
}

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownReply,
        NOT_FOUND,
        Texts("No hay ninguna alegación sobre {indicator}.", "There is no reply about {indicator}."),
    ),
)


class RepliesController(Controller):
    """Routes to read, write and withdraw the replies of an organisation to the verdicts on its answers."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/replies"
    tags = ("reviews",)

    @get(
        "/",
        operation_id="editions.assessments.replies.list",
        access=DRAFT_READERS,
        answer=PAGE,
        links={
            "reply": Link(
                "editions.assessments.replies.get", {**_HERE, "indicator": "$response.body#/items/0/indicator"}
            )
        },
    )
    def list_replies(
        self, request: ApiRequest, path: AssessmentPath, query: PageQuery, database: Database
    ) -> Response[bytes]:
        """List the replies of an assessment.

        Ordered as the indicators in the methodology; indicators without a reply are left out.
        """
        numbered = list(enumerate(service.list_replies(database, path.edition, path.organisation)))
        after = CURSOR.read(query)
        rest = [row for row in numbered if after is None or row[0] > after]
        rows = rest[query.offset : query.offset + query.limit + 1]
        kept, cursor = CURSOR.cut(query, rows, lambda row: row[0])
        items = (schemas.build_reply(record) for _, record in kept)
        return PAGE.page_of(request, items, cursor, query.make_total(len(numbered)))

    @get(
        "/{indicator:str}",
        operation_id="editions.assessments.replies.get",
        access=DRAFT_READERS,
        answer=REPLY,
        links=_LINKS,
    )
    def get_reply(self, request: ApiRequest, path: schemas.ReplyPath, database: Database) -> Response[bytes]:
        """Get a reply.

        The text and the documents of the reply about one indicator.
        """
        return _answer(request, service.get_reply(database, path.edition, path.organisation, path.indicator))

    @put(
        "/{indicator:str}",
        operation_id="editions.assessments.replies.put",
        access=EDITORS,
        answer=REPLY,
        precondition="match_or_none",
        problems=(CONFLICT,),
        links={"reply": _REPLY},
    )
    def put_reply(
        self,
        request: ApiRequest,
        path: schemas.ReplyPath,
        body: schemas.ReplyRequest,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Reply to the verdict on an answer.

        Creates the reply about an indicator (`If-None-Match: *`) or replaces it (`If-Match`) while the assessment is
        in its hearing, up to and including the last day of the hearing. The text is published with the edition,
        beside the verdict.
        """
        new = service.NewReply(text=body.text, evidence=body.evidence)

        def put(session: Session) -> service.SavedReply:
            now = datetime.now(UTC)
            return service.save_reply(
                session, path.edition, path.organisation, path.indicator, new, expected=expected, now=now
            )

        written = with_audit_entry(request, database, put)
        return _answer(request, written.record, created=written.created)

    @delete(
        "/{indicator:str}", operation_id="editions.assessments.replies.delete", access=EDITORS, problems=(CONFLICT,)
    )
    def delete_reply(
        self, request: ApiRequest, path: schemas.ReplyPath, database: Database, expected: Expected
    ) -> None:
        """Withdraw a reply.

        Allowed while the assessment is in its hearing, up to and including the last day of the hearing.
        """

        def withdraw(session: Session) -> None:
            service.withdraw_reply(
                session, path.edition, path.organisation, path.indicator, expected=expected, now=datetime.now(UTC)
            )

        with_audit_entry(request, database, withdraw)


def _answer(request: ApiRequest, record: ReplyRecord, *, created: bool = False) -> Response[bytes]:
    path = f"/v1/editions/{record.edition}/assessments/{record.organisation}/replies/{record.indicator}"
    return REPLY.of(
        request,
        schemas.build_reply(record),
        revision=build_revision(record.created, record.version),
        created=path if created else None,
    )
