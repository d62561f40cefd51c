"""Suggestions for further errors and indicators, and the decisions on them."""

from __future__ import annotations

from typing import Final, Literal

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    Transport,
    build_create,
    build_delete,
    build_get,
    fetch,
    fetch_nothing,
    fetch_page,
)
from actitud._config import Core
from actitud.models import DimensionId, Listing, Suggestion, SuggestionKind, SuggestionState


def list_suggestions(
    core: Core,
    *,
    kind: SuggestionKind | None = None,
    state: SuggestionState | None = None,
    dimension: DimensionId | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[Suggestion]]:
    """List suggestions with the decisions on them, newest first.

    Without a decision, a suggestion is listed only for the key that made it, publishers and administrators.

    - ``kind``: ``error`` or ``indicator``.
    - ``state``: only suggestions with this last decision, or ``"undecided"``.
    - ``dimension``: ``"D1"`` … ``"D10"``.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.
    """
    query = {
        "kind": kind,
        "state": state,
        "dimension": dimension,
        "limit": limit,
        "offset": offset,
        "total": total or None,
    }
    return fetch_page(core, build_get(core, "suggestions", query=query), Listing[Suggestion])


def get_suggestion(core: Core, suggestion: str) -> Call[Suggestion]:
    """Fetch a suggestion by its id.

    Raises ``NotFound`` if the suggestion does not exist or was withdrawn, or has no decision yet and your key is
    neither its author nor one that decides.
    """
    return fetch(core, build_get(core, "suggestions", suggestion), Suggestion)


def create_suggestion(
    core: Core,
    *,
    kind: Literal["error", "indicator"],
    title: str,
    text: str,
    language: str,
    dimension: DimensionId | None = None,
    indicator: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Suggestion]:
    """Suggest a further error or indicator for the methodology. Everybody can read it once there is a decision on it.

    - ``kind``: ``error`` for a further error of administrations, ``indicator`` for a further indicator.
    - ``title`` and ``text``: one line each, at most 200 and 4,000 characters, without personal data.
    - ``language``: BCP 47 tag of their language, ``"es"``.
    - ``dimension`` and ``indicator``: id of the dimension or indicator concerned, if there is one.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.

    Raises ``Conflict`` if the indicator belongs to another dimension, or if the key has used up its suggestions of 24
    hours (rule ``too_many``).
    """
    body = {
        "kind": kind,
        "title": title,
        "text": text,
        "language": language,
        "dimension": dimension,
        "indicator": indicator,
    }
    return fetch(core, build_create(core, "suggestions", body=body, idempotency_key=idempotency_key), Suggestion)


def delete_suggestion(core: Core, suggestion: str, *, if_match: str | None) -> Call[None]:
    """Withdraw a suggestion without decisions. ``if_match`` is the ``etag`` of the suggestion.

    Only the key that created it and administrators can do so. Raises ``PreconditionFailed`` if a decision was made
    since the suggestion was read, ``Conflict`` if the suggestion already had a decision, and ``Forbidden`` for any
    other key. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    return fetch_nothing(core, build_delete(core, "suggestions", suggestion, if_match=if_match))


def create_decision(
    core: Core,
    suggestion: str,
    *,
    if_match: str | None,
    decision: Literal["accepted", "rejected", "deferred"],
    reason: str,
    language: str | None = None,
    methodology: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Suggestion]:
    """Record a decision on a suggestion, the first or a later one, and return the suggestion with it.

    Decision and reason are published at once.

    - ``if_match``: the ``etag`` of the suggestion.
    - ``reason``: reason of the decision.
    - ``language``: BCP 47 tag of the reason's language, default the language of the suggestion.
    - ``methodology``: version of the methodology that the decision refers to, if any.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.

    Raises ``PreconditionFailed`` if another decision was made since the suggestion was read. Raises ``ValueError`` if
    ``if_match`` is ``None``.
    """
    body = {"decision": decision, "reason": reason, "language": language, "methodology": methodology}
    request = build_create(
        core, "suggestions", suggestion, "decisions", body=body, idempotency_key=idempotency_key, if_match=if_match
    )
    return fetch(core, request, Suggestion)


class SuggestionDecisions(Bound):
    """Operations on decisions on suggestions: ``client.suggestions.decisions.create``."""

    create: Final = bind_blocking(create_decision)


class AsyncSuggestionDecisions(AsyncBound):
    """Awaitable operations on decisions on suggestions: ``async_client.suggestions.decisions.create``."""

    create: Final = bind_awaitable(create_decision)


class Suggestions(Bound):
    """Operations on suggestions, such as ``client.suggestions.list``."""

    list: Final = bind_blocking_list(list_suggestions)
    get: Final = bind_blocking(get_suggestion)
    create: Final = bind_blocking(create_suggestion)
    delete: Final = bind_blocking(delete_suggestion)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.decisions: Final = SuggestionDecisions(core, transport)


class AsyncSuggestions(AsyncBound):
    """Awaitable operations on suggestions, such as ``async_client.suggestions.list``."""

    list: Final = bind_awaitable_list(list_suggestions)
    get: Final = bind_awaitable(get_suggestion)
    create: Final = bind_awaitable(create_suggestion)
    delete: Final = bind_awaitable(delete_suggestion)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.decisions: Final = AsyncSuggestionDecisions(core, transport)
