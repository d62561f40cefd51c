"""Suggestions of further errors and indicators, and the decisions on each."""

from __future__ import annotations

from typing import Literal

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
from actitud.models import Listing, Suggestion, SuggestionKind, SuggestionState


def list_suggestions(
    core: Core,
    *,
    kind: SuggestionKind | None = None,
    state: SuggestionState | None = None,
    dimension: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Call[Fetched[Suggestion]]:
    """List the suggestions with what was decided on each, the newest first.

    ``state``: what was decided last, or ``"undecided"``. ``dimension``: ``"D1"`` … ``"D10"``. ``limit``: items per
    page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to skip.
    """
    query = {"kind": kind, "state": state, "dimension": dimension, "limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "suggestions", query=query), Listing[Suggestion])


def get_suggestion(core: Core, suggestion: str) -> Call[Suggestion]:
    """Fetch one suggestion by its id. Raises ``NotFound`` where there is none, or it was withdrawn."""
    return fetch(core, build_get(core, "suggestions", suggestion), Suggestion)


def create_suggestion(
    core: Core,
    *,
    kind: Literal["error", "indicator"],
    title: str,
    text: str,
    language: str,
    dimension: str | None = None,
    indicator: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Suggestion]:
    """Propose a further error, or an indicator; it is published at once.

    ``title`` and ``text``: up to 200 and 4,000 characters in one line, without data of people. ``language``: what they
    are written in, ``"es"``, as a BCP 47 tag. ``dimension`` or ``indicator``: what it is about, where there is one.

    ``idempotency_key``: your own name for this call, so that it acts once although your program is started again; each
    call has one of its own otherwise. Raises ``Conflict`` where the indicator is of another dimension.
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
    """Withdraw a suggestion on which nothing is decided, with the key that made it.

    ``if_match``: the ``etag`` of the suggestion as it was read. Raises ``PreconditionFailed`` where something was
    decided since, ``Conflict`` where something was before, and ``Forbidden`` where another key made it.
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
    """Decide on a suggestion, for the first time or anew; it and its reason are published at once.

    ``if_match``: the ``etag`` of the suggestion as it was read. ``language``: what the reason is written in; as the
    suggestion, unless given. ``methodology``: the version that the decision is about. The answer is the suggestion with
    it. ``idempotency_key``: as when proposing. Raises ``PreconditionFailed`` where something was decided since.
    """
    body = {"decision": decision, "reason": reason, "language": language, "methodology": methodology}
    request = build_create(
        core, "suggestions", suggestion, "decisions", body=body, idempotency_key=idempotency_key, if_match=if_match
    )
    return fetch(core, request, Suggestion)


class SuggestionDecisions(Bound):
    """``client.suggestions.decisions``."""

    create = bind_blocking(create_decision)


class AsyncSuggestionDecisions(AsyncBound):
    """``async_client.suggestions.decisions``."""

    create = bind_awaitable(create_decision)


class Suggestions(Bound):
    """``client.suggestions``."""

    list = bind_blocking_list(list_suggestions)
    get = bind_blocking(get_suggestion)
    create = bind_blocking(create_suggestion)
    delete = bind_blocking(delete_suggestion)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.decisions = SuggestionDecisions(core, transport)


class AsyncSuggestions(AsyncBound):
    """``async_client.suggestions``."""

    list = bind_awaitable_list(list_suggestions)
    get = bind_awaitable(get_suggestion)
    create = bind_awaitable(create_suggestion)
    delete = bind_awaitable(delete_suggestion)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.decisions = AsyncSuggestionDecisions(core, transport)
