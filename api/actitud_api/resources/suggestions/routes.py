"""HTTP routes of suggestions."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response
from msgspec import structs

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import PROPOSERS, PUBLISHERS
from actitud_api.platform.auth.recording import log_denied, with_audit_entry
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import KEY_SHOWS_MORE
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.operations import delete, get, post
from actitud_api.platform.http.paging import Cursor
from actitud_api.platform.http.problems import (
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    Fault,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, build_revision
from actitud_api.resources.suggestions import schemas, service
from actitud_api.resources.suggestions.service import (
    AlreadyDecided,
    DimensionMismatch,
    NotProposer,
    SuggestionRecord,
    TooManySuggestions,
    UnknownSuggestion,
)

PAGE = Pages(schemas.SuggestionPage)
SUGGESTION = Representation(schemas.Suggestion)
CURSOR: Cursor[int] = Cursor("suggestions.list", int)
_ID = {"suggestion": "$response.body#/id"}
_LINKS = {
    "decide": Link("suggestions.decisions.create", {**_ID, **VERSION}),
    "delete": Link("suggestions.delete", {**_ID, **VERSION}),
}
_LINKS_OF_WRITTEN = {"suggestion": Link("suggestions.get", _ID), **_LINKS}

_DECIDED = Texts(
    "Ya se decidió sobre la propuesta, así que se queda publicada con su decisión.",
    "Something was decided on the suggestion, so it stays published with its decision.",
)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownSuggestion,
        NOT_FOUND,
        Texts("No hay ninguna propuesta {suggestion}.", "There is no suggestion {suggestion}."),
    ),
    maps_to(
        NotProposer,
        FORBIDDEN,
        Texts(
            "Solo retira una propuesta la clave con la que se hizo, o un administrador.",
            "Only the key that made a suggestion withdraws it, or an administrator.",
        ),
    ),
    maps_to(AlreadyDecided, CONFLICT, _DECIDED, lambda error, detail: [Fault("", "decided", error.state, detail)]),
    maps_to(
        TooManySuggestions,
        CONFLICT,
        lambda error: Texts(
            "Con la clave ya se han hecho {limit} propuestas en 24 horas; admite otra desde {again}.",
            "The key has made {limit} suggestions in 24 hours; it may make another one from {again}.",
            limit=error.limit,
            again=error.again.isoformat(timespec="seconds"),
        ),
        lambda error, detail: [Fault("", "too_many", str(error.limit), detail)],
    ),
    maps_to(
        DimensionMismatch,
        CONFLICT,
        Texts(
            "{indicator} es de la dimensión {dimension}, no de {named}.",
            "{indicator} is of the dimension {dimension}, not of {named}.",
        ),
        lambda error, detail: [Fault("/dimension", "indicator", error.named, detail, error.dimension)],
    ),
)


class SuggestionsController(Controller):
    """Routes to list, read, make, withdraw and decide on suggestions."""

    path = "/v1/suggestions"
    tags = ("suggestions",)

    @get(
        "/",
        operation_id="suggestions.list",
        access=KEY_SHOWS_MORE,
        answer=PAGE,
        links={"suggestion": Link("suggestions.get", {"suggestion": "$response.body#/items/0/id"})},
    )
    def list_suggestions(
        self,
        request: ApiRequest,
        query: schemas.SuggestionQuery,
        database: Database,
        principal: Principal | None,
    ) -> Response[bytes]:
        """List the suggestions.

        Newest first, each with all decisions on it. If several filters are given, all must match. A suggestion is
        listed for everybody once there is a decision on it; before that, for the key that made it, publishers and
        administrators.
        """
        filters = service.SuggestionFilters(kind=query.kind, state=query.state, dimension=query.dimension)
        total = query.make_total()
        rows = service.list_page(
            database,
            filters,
            PageRange(CURSOR.read(query), query.offset, query.limit + 1, total),
            viewer=service.build_viewer(principal),
        )
        kept, cursor = CURSOR.cut(query, rows, lambda record: record.id)
        return PAGE.page_of(request, map(schemas.build_suggestion, kept), cursor, total)

    @get("/{suggestion:str}", operation_id="suggestions.get", access=KEY_SHOWS_MORE, answer=SUGGESTION, links=_LINKS)
    def get_suggestion(
        self, request: ApiRequest, path: schemas.SuggestionPath, database: Database, principal: Principal | None
    ) -> Response[bytes]:
        """Get a suggestion.

        The response is 404 if the suggestion was withdrawn, or has no decision and the key neither made it nor may
        decide.
        """
        return _answer(request, service.get(database, path.suggestion, viewer=service.build_viewer(principal)))

    @post(
        "/",
        operation_id="suggestions.create",
        access=PROPOSERS,
        answer=SUGGESTION,
        problems=(CONFLICT,),
        links=_LINKS_OF_WRITTEN,
    )
    def create_suggestion(
        self,
        request: ApiRequest,
        body: schemas.SuggestionRequest,
        database: Database,
        principal: Principal,
        suggestions_per_day: int,
    ) -> Response[bytes]:
        """Suggest an error or an indicator.

        An error must be one that the article does not name. Everybody can read the suggestion once there is a decision
        on it. A suggestion about an indicator gets the dimension of that indicator; a request that names another
        dimension is refused (409), and so is a request of a key that has used up its suggestions of 24 hours
        (`too_many`).
        """
        proposal = service.Proposal(**structs.asdict(body))

        def store(session: Session) -> Response[bytes]:
            record = service.propose(
                session, proposal, proposer=principal.origin, per_day=suggestions_per_day, now=datetime.now(UTC)
            )
            return _answer(request, record, created=f"/v1/suggestions/{record.id}")

        return idempotent(request, database, store)

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

        Allowed for the key that made the suggestion and for administrators, as long as nobody has decided on it. A
        suggestion with a decision is refused (409) and stays published.
        """

        def withdraw(session: Session) -> None:
            service.withdraw(session, path.suggestion, principal, expected=expected)

        try:
            with_audit_entry(request, database, withdraw)
        except NotProposer:
            log_denied(database, request.scope, principal)
            raise

    @post(
        "/{suggestion:str}/decisions",
        operation_id="suggestions.decisions.create",
        access=PUBLISHERS,
        answer=SUGGESTION,
        precondition="match",
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

        Publishes a decision with its reason. Earlier decisions stay visible; the last one counts.
        """
        new = service.NewDecision(**structs.asdict(body))

        def store(session: Session) -> Response[bytes]:
            record = service.decide(session, path.suggestion, new, expected=expected, now=datetime.now(UTC))
            return _answer(request, record, created=f"/v1/suggestions/{record.id}")

        return idempotent(request, database, store)


def _answer(request: ApiRequest, record: SuggestionRecord, *, created: str | None = None) -> Response[bytes]:
    return SUGGESTION.of(
        request,
        schemas.build_suggestion(record),
        revision=build_revision(record.created, record.version),
        created=created,
    )
