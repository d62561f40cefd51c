"""Suggestions over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import PROPOSERS, PUBLISHERS
from actitud_api.platform.auth.recording import log_denied, with_audit_entry
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.operations import delete, get, post
from actitud_api.platform.http.paging import Cursor, next_url
from actitud_api.platform.http.problems import (
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    Fault,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, build_revision
from actitud_api.resources.suggestions import schemas, service
from actitud_api.resources.suggestions.service import (
    AlreadyDecided,
    DimensionMismatch,
    NotProposer,
    SuggestionRecord,
    UnknownSuggestion,
)

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


def _elsewhere(error: DimensionMismatch) -> Texts:
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
        NotProposer,
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
        DimensionMismatch,
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
        access=ANYBODY,
        answer=PAGE,
        links={
            "suggestion": Link(
                "suggestions.get",
                {"suggestion": "$response.body#/items/0/id"},
                "The first suggestion of the page.",
            )
        },
    )
    def list_suggestions(
        self, request: ApiRequest, query: schemas.SuggestionQuery, database: Database
    ) -> Response[bytes]:
        """List suggestions.

        Suggestions with what was decided on each, the newest first; filters combine.
        """
        filters = service.SuggestionFilters(kind=query.kind, state=query.state, dimension=query.dimension)
        rows = service.list_page(
            database, filters, after=CURSOR.read(query), offset=query.offset, limit=query.limit + 1
        )
        kept, cursor = CURSOR.cut(query, rows, lambda record: record.id)
        items = tuple(schemas.build_suggestion(record) for record in kept)
        return PAGE.of(request, schemas.SuggestionPage(items=items, next=next_url(request, cursor), next_cursor=cursor))

    @get("/{suggestion:str}", operation_id="suggestions.get", access=ANYBODY, answer=SUGGESTION, links=_LINKS)
    def get_suggestion(self, request: ApiRequest, path: schemas.SuggestionPath, database: Database) -> Response[bytes]:
        """Get a suggestion.

        One suggestion by its id, with everything that was decided on it.
        """
        return _answer(request, service.get(database, path.suggestion))

    @post(
        "/",
        operation_id="suggestions.create",
        access=PROPOSERS,
        answer=SUGGESTION,
        problems=(CONFLICT,),
        links=_LINKS_OF_WRITTEN,
    )
    def create_suggestion(
        self, request: ApiRequest, body: schemas.SuggestionRequest, database: Database, principal: Principal
    ) -> Response[bytes]:
        """Propose an error or an indicator.

        Makes a suggestion, which is published at once. One about an indicator is about the dimension of it as well;
        another dimension beside it is answered 409.
        """
        proposal = schemas.build_proposal(body)

        def act(session: Session) -> Response[bytes]:
            record = service.propose(session, proposal, proposer=principal.origin, now=datetime.now(UTC))
            return _answer(request, record, created=f"/v1/suggestions/{record.id}")

        return idempotent(request, database, act)

    @delete("/{suggestion:str}", operation_id="suggestions.delete", access=PROPOSERS, problems=(CONFLICT,))
    def delete_suggestion(
        self,
        request: ApiRequest,
        path: schemas.SuggestionPath,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> None:
        """Withdraw a suggestion.

        Removes a suggestion on which nothing is decided yet (`If-Match`): by the key that made it, or by an
        administrator. One that was decided on stays, with its decisions (409).
        """

        def withdraw(session: Session) -> None:
            service.withdraw(session, path.suggestion, principal, expected=expected)

        try:
            with_audit_entry(request, database, withdraw)
        except NotProposer:
            log_denied(database, request.scope, principal, "")
            raise

    @post(
        "/{suggestion:str}/decisions",
        operation_id="suggestions.decisions.create",
        access=PUBLISHERS,
        answer=SUGGESTION,
        precondition="match",
        links=_LINKS_OF_WRITTEN,
    )
    def create_decision(
        self,
        request: ApiRequest,
        path: schemas.SuggestionPath,
        body: schemas.DecisionRequest,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Decide on a suggestion.

        Publishes what is decided on a suggestion, with its reason, on the version that was read (`If-Match`). Whatever
        was decided before stays to be read; the last decision counts. It answers the suggestion.
        """
        new = schemas.build_decision(body)

        def act(session: Session) -> Response[bytes]:
            record = service.decide(session, path.suggestion, new, expected=expected, now=datetime.now(UTC))
            return _answer(request, record, created=f"/v1/suggestions/{record.id}")

        return idempotent(request, database, act)


def _answer(request: ApiRequest, record: SuggestionRecord, *, created: str | None = None) -> Response[bytes]:
    return SUGGESTION.of(
        request,
        schemas.build_suggestion(record),
        revision=build_revision(record.created, record.version),
        created=created,
    )
