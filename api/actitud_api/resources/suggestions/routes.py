"""Suggestions over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response, delete, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import once
from actitud_api.platform.auth.policy import keyed
from actitud_api.platform.auth.recording import deny, recorded
from actitud_api.platform.http.contract import VERSION, Link, contract
from actitud_api.platform.http.paging import Cursor, next_url
from actitud_api.platform.http.preconditions import if_match
from actitud_api.platform.http.problems import (
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    UNAVAILABLE,
    Fault,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.requests import Body, Query
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import revision
from actitud_api.resources.suggestions import schemas, service
from actitud_api.resources.suggestions.service import (
    AlreadyDecided,
    Elsewhere,
    NotTheProposer,
    Record,
    UnknownSuggestion,
)

QUERY = Query(schemas.SuggestionQuery)
REQUEST = Body(schemas.SuggestionRequest)
DECISION = Body(schemas.DecisionRequest)
PAGE = Representation(schemas.SuggestionPage)
SUGGESTION = Representation(schemas.Suggestion)
CURSOR: Cursor[int] = Cursor("suggestions.list", int)
_ID = {"suggestion": "$response.body#/id"}
_LINKS = {
    "decide": Link("suggestions.decisions.create", {**_ID, **VERSION}, "To decide on this version of it."),
    "delete": Link("suggestions.delete", {**_ID, **VERSION}, "To withdraw it while nothing is decided."),
}
_LINKS_OF_WRITTEN = {"suggestion": Link("suggestions.get", _ID, "The suggestion."), **_LINKS}

_DECIDED = Texts(
    "Ya se decidió sobre la propuesta, así que se queda publicada con su decisión.",
    "Something was decided on the suggestion, so it stays published with its decision.",
)


def _elsewhere(error: Elsewhere) -> Texts:
    return Texts(
        f"{error.indicator} es de la dimensión {error.dimension}, no de {error.named}.",
        f"{error.indicator} is of the dimension {error.dimension}, not of {error.named}.",
    )


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownSuggestion,
        NOT_FOUND,
        lambda error: Texts(
            f"No hay ninguna propuesta {error.suggestion}.", f"There is no suggestion {error.suggestion}."
        ),
    ),
    maps_to(
        NotTheProposer,
        FORBIDDEN,
        lambda error: Texts(
            "Solo retira una propuesta la clave con la que se hizo, o un administrador.",
            "Only the key that made a suggestion withdraws it, or an administrator.",
        ),
    ),
    maps_to(
        AlreadyDecided, CONFLICT, lambda error: _DECIDED, lambda error: [Fault("", "decided", error.state, _DECIDED)]
    ),
    maps_to(
        Elsewhere,
        CONFLICT,
        _elsewhere,
        lambda error: [Fault("/dimension", "indicator", error.named, _elsewhere(error), error.dimension)],
    ),
)


class SuggestionsController(Controller):
    """Further errors and indicators that are proposed, and what was decided on each."""

    path = "/v1/suggestions"
    tags = ("suggestions",)

    @get(
        "/",
        operation_id="suggestions.list",
        summary="List suggestions",
        description="Suggestions with what was decided on each, the newest first; filters combine.",
        opt=contract(
            query=QUERY,
            answer=PAGE,
            problems=(UNAVAILABLE,),
            links={
                "suggestion": Link(
                    "suggestions.get",
                    {"suggestion": "$response.body#/items/0/id"},
                    "The first suggestion of the page.",
                )
            },
        ),
        sync_to_thread=True,
    )
    def list_suggestions(self, request: ApiRequest, state: State) -> Response[bytes]:
        """A page of suggestions."""
        query = QUERY.of(request)
        filters = service.Filters(kind=query.kind, state=query.state, dimension=query.dimension)
        rows = service.page(
            state["database"], filters, after=CURSOR.read(query), offset=query.offset, limit=query.limit + 1
        )
        kept, cursor = CURSOR.cut(query, rows, lambda record: record.id)
        items = tuple(schemas.suggestion(record) for record in kept)
        return PAGE.of(request, schemas.SuggestionPage(items=items, next=next_url(request, cursor), next_cursor=cursor))

    @get(
        "/{suggestion:str}",
        operation_id="suggestions.get",
        summary="Get a suggestion",
        description="One suggestion by its id, with everything that was decided on it.",
        opt=contract(path=schemas.SuggestionPath, answer=SUGGESTION, problems=(UNAVAILABLE,), links=_LINKS),
        sync_to_thread=True,
    )
    def get_suggestion(self, request: ApiRequest, state: State, suggestion: FromPath[str]) -> Response[bytes]:
        """One suggestion."""
        return _answer(request, service.get(state["database"], suggestion))

    @post(
        "/",
        operation_id="suggestions.create",
        summary="Propose an error or an indicator",
        description=(
            "Makes a suggestion, which is published at once. One about an indicator is about the dimension of it as "
            "well; another dimension beside it is answered 409."
        ),
        status_code=201,
        opt=contract(
            body=REQUEST,
            answer=SUGGESTION,
            problems=(CONFLICT, UNAVAILABLE),
            links=_LINKS_OF_WRITTEN,
            cors=False,
            idempotent=True,
        ),
        sync_to_thread=True,
    )
    def create_suggestion(self, request: ApiRequest, state: State) -> Response[bytes]:
        """Makes a suggestion."""
        proposal, principal = schemas.proposal(REQUEST.of(request)), keyed(request)

        def act(session: Session) -> Response[bytes]:
            record = service.propose(session, proposal, proposer=principal.origin, now=datetime.now(UTC))
            return _answer(request, record, created=f"/v1/suggestions/{record.id}")

        return once(request, state["database"], act)

    @delete(
        "/{suggestion:str}",
        operation_id="suggestions.delete",
        summary="Withdraw a suggestion",
        description=(
            "Removes a suggestion on which nothing is decided yet (`If-Match`): by the key that made it, or by an "
            "administrator. One that was decided on stays, with its decisions (409)."
        ),
        opt=contract(path=schemas.SuggestionPath, problems=(CONFLICT, UNAVAILABLE), cors=False, precondition="match"),
        sync_to_thread=True,
    )
    def delete_suggestion(self, request: ApiRequest, state: State, suggestion: FromPath[str]) -> None:
        """Withdraws a suggestion."""
        database: Database = state["database"]
        principal, expected = keyed(request), if_match(request)

        def withdraw(session: Session) -> None:
            service.withdraw(session, suggestion, principal, expected=expected)

        try:
            recorded(request, database, withdraw)
        except NotTheProposer:
            deny(database, request.scope, principal, "")
            raise

    @post(
        "/{suggestion:str}/decisions",
        operation_id="suggestions.decisions.create",
        summary="Decide on a suggestion",
        description=(
            "Publishes what is decided on a suggestion, with its reason, on the version that was read (`If-Match`). "
            "Whatever was decided before stays to be read; the last decision counts. It answers the suggestion."
        ),
        status_code=201,
        opt=contract(
            path=schemas.SuggestionPath,
            body=DECISION,
            answer=SUGGESTION,
            problems=(UNAVAILABLE,),
            links=_LINKS_OF_WRITTEN,
            cors=False,
            precondition="match",
            idempotent=True,
        ),
        sync_to_thread=True,
    )
    def create_decision(self, request: ApiRequest, state: State, suggestion: FromPath[str]) -> Response[bytes]:
        """Decides on a suggestion."""
        new, expected = schemas.decision(DECISION.of(request)), if_match(request)

        def act(session: Session) -> Response[bytes]:
            record = service.decide(session, suggestion, new, expected=expected, now=datetime.now(UTC))
            return _answer(request, record, created=f"/v1/suggestions/{record.id}")

        return once(request, state["database"], act)


def _answer(request: ApiRequest, record: Record, *, created: str | None = None) -> Response[bytes]:
    return SUGGESTION.of(
        request, schemas.suggestion(record), revision=revision(record.created, record.version), created=created
    )
