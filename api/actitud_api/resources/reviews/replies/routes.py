"""Replies over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response, delete, get, put
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.recording import recorded
from actitud_api.platform.http.contract import VERSION, Link, contract
from actitud_api.platform.http.paging import Cursor, PageQuery, next_url
from actitud_api.platform.http.preconditions import if_match
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.requests import Body, Query
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Session
from actitud_api.platform.storage.versions import revision
from actitud_api.resources.assessments.schemas import AssessmentPath
from actitud_api.resources.reviews.replies import schemas, service
from actitud_api.resources.reviews.replies.service import Record, UnknownReply

REQUEST = Body(schemas.ReplyRequest)
REPLY = Representation(schemas.Reply)
QUERY = Query(PageQuery)
PAGE = Representation(schemas.ReplyPage)
CURSOR: Cursor[int] = Cursor("editions.assessments.replies.list", int)

_HERE = {"edition": "$request.path.edition", "organisation": "$request.path.organisation"}
_ONE = {**_HERE, "indicator": "$request.path.indicator"}
_LINKS = {
    "reply": Link("editions.assessments.replies.get", _ONE, "The reply."),
    "replace": Link("editions.assessments.replies.put", {**_ONE, **VERSION}, "To replace this version of it."),
    "delete": Link("editions.assessments.replies.delete", {**_ONE, **VERSION}, "To take back this version of it."),
    "replies": Link("editions.assessments.replies.list", _HERE, "All replies of the assessment."),
    "verdict": Link("editions.assessments.verdicts.get", _ONE, "What was found of the answer."),
    "score": Link("editions.scores.get", _HERE, "The explained score, with every verdict and reply."),
}

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownReply,
        NOT_FOUND,
        lambda error: Texts(
            f"No hay ninguna alegación sobre {error.indicator}.", f"There is no reply about {error.indicator}."
        ),
    ),
)


class RepliesController(Controller):
    """What organisations answer in the hearing."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/replies"
    tags = ("reviews",)

    @get(
        "/",
        operation_id="editions.assessments.replies.list",
        summary="List the replies of an assessment",
        description="What an organisation answered in the hearing, in the order of the methodology.",
        opt=contract(
            path=AssessmentPath,
            aliased=True,
            query=QUERY,
            answer=PAGE,
            problems=(UNAVAILABLE,),
            links={
                "reply": Link(
                    "editions.assessments.replies.get",
                    {**_HERE, "indicator": "$response.body#/items/0/indicator"},
                    "The first reply of the page.",
                )
            },
            cors=False,
        ),
        sync_to_thread=True,
    )
    def list_replies(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """A page of replies."""
        query = QUERY.of(request)
        found = list(enumerate(service.all_of(state["database"], edition, organisation)))
        after = CURSOR.read(query)
        rest = [row for row in found if after is None or row[0] > after]
        rows = rest[query.offset : query.offset + query.limit + 1]
        kept, cursor = CURSOR.cut(query, rows, lambda row: row[0])
        items = tuple(schemas.reply(record) for _, record in kept)
        return PAGE.of(request, schemas.ReplyPage(items=items, next=next_url(request, cursor), next_cursor=cursor))

    @get(
        "/{indicator:str}",
        operation_id="editions.assessments.replies.get",
        summary="Get a reply",
        description="What an organisation answered to what was found of an indicator.",
        opt=contract(
            path=schemas.ReplyPath, aliased=True, answer=REPLY, problems=(UNAVAILABLE,), links=_LINKS, cors=False
        ),
        sync_to_thread=True,
    )
    def get_reply(
        self,
        request: ApiRequest,
        state: State,
        edition: FromPath[str],
        organisation: FromPath[str],
        indicator: FromPath[str],
    ) -> Response[bytes]:
        """One reply."""
        return _answer(request, service.get(state["database"], edition, organisation, indicator))

    @put(
        "/{indicator:str}",
        operation_id="editions.assessments.replies.put",
        summary="Reply in the hearing",
        description=(
            "Replies to what was found of an indicator (`If-None-Match: *`), or replaces the reply (`If-Match`), while "
            "the assessment is heard, until the last day of that. It is published with the edition, beside the verdict."
        ),
        opt=contract(
            path=schemas.ReplyPath,
            aliased=True,
            body=REQUEST,
            answer=REPLY,
            problems=(CONFLICT, UNAVAILABLE),
            links=_LINKS,
            cors=False,
            precondition="match_or_none",
        ),
        sync_to_thread=True,
    )
    def put_reply(
        self,
        request: ApiRequest,
        state: State,
        edition: FromPath[str],
        organisation: FromPath[str],
        indicator: FromPath[str],
    ) -> Response[bytes]:
        """Replies."""
        new, expected = schemas.new_reply(REQUEST.of(request)), if_match(request)

        def put(session: Session) -> service.Written:
            now = datetime.now(UTC)
            return service.reply(session, edition, organisation, indicator, new, expected=expected, now=now)

        written = recorded(request, state["database"], put)
        return _answer(request, written.record, created=written.is_new)

    @delete(
        "/{indicator:str}",
        operation_id="editions.assessments.replies.delete",
        summary="Take back a reply",
        description="Takes back a reply, in the hearing and until its last day.",
        opt=contract(
            path=schemas.ReplyPath, aliased=True, problems=(CONFLICT, UNAVAILABLE), cors=False, precondition="match"
        ),
        sync_to_thread=True,
    )
    def delete_reply(
        self,
        request: ApiRequest,
        state: State,
        edition: FromPath[str],
        organisation: FromPath[str],
        indicator: FromPath[str],
    ) -> None:
        """Takes back a reply."""
        expected = if_match(request)

        def take_back(session: Session) -> None:
            service.take_back(session, edition, organisation, indicator, expected=expected, now=datetime.now(UTC))

        recorded(request, state["database"], take_back)


def _answer(request: ApiRequest, record: Record, *, created: bool = False) -> Response[bytes]:
    path = f"/v1/editions/{record.edition}/assessments/{record.organisation}/replies/{record.indicator}"
    return REPLY.of(
        request,
        schemas.reply(record),
        revision=revision(record.created, record.version),
        created=path if created else None,
    )
