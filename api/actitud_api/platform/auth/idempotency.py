"""Idempotent requests: a repeated request with the same `Idempotency-Key` gets the first response again.

The response is stored in the same transaction as the change that the request makes. If several attempts arrive at the
same time, one executes, and the others wait for its response. Failures are not stored, because they changed nothing.
Two access keys may use equal idempotency keys independently of each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from litestar import Response
from msgspec import structs

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import queries
from actitud_api.platform.auth.policy import principal_of
from actitud_api.platform.auth.recording import audit_event
from actitud_api.platform.http.contract import read_idempotency_key
from actitud_api.platform.http.problems import IDEMPOTENCY_KEY_REUSED, ProblemError
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.http.spooled_bodies import SpooledFile
from actitud_api.platform.storage.database import Database, Session, read_clock
from actitud_api.platform.storage.public_state import mark_hidden

RESPONSE_LIFETIME: Final = timedelta(hours=24)
"""Time for which a response is stored. The key of an older one counts as new, whether it is deleted yet or not."""

FORGOTTEN_AT_ONCE: Final = 20
"""Highest number of old responses that a request with an idempotency key deletes, whoever they belong to.

A request stores one, so a backlog shrinks, and no request has much to delete. Where nobody writes for long, the running
service does it (`forgetting`).
"""

REPLAYED_HEADER: Final = "Idempotency-Replayed"
"""Response header that marks a replay of an earlier response."""


def idempotent(
    request: ApiRequest, database: Database, act: Callable[[Session], Response[bytes]], *, adds_audit_entry: bool = True
) -> Response[bytes]:
    """Run `act` in a write session and return its response; for a repeated request, return the stored first response.

    A request is a repetition if it has the `Idempotency-Key` and the access key of an earlier one whose response is
    still stored (`RESPONSE_LIFETIME`). `act` always runs for a request without an idempotency key or without an access
    key. A ledger entry about the change is appended in the transaction of `act`. `adds_audit_entry`: False if `act`
    appends the entry itself.

    Raises:
        ProblemError: 409 if the idempotency key was used for a request with another method, path, query or body.
    """
    key, principal, event = read_idempotency_key(request), principal_of(request), audit_event(request)
    with database.write() as session:
        if key is None or principal is None:
            response = act(session)
            if adds_audit_entry:
                _add_audit_entry(session, event, response)
            return response
        now = read_clock(session)
        queries.delete_old_response(session, principal.key, key, now - RESPONSE_LIFETIME)
        queries.delete_oldest_responses(session, now - RESPONSE_LIFETIME, FORGOTTEN_AT_ONCE)
        fingerprint = _compute_fingerprint(request)
        earlier = queries.claim_key(session, principal.key, key, fingerprint, now)
        if earlier is None:
            response = act(session)
            stored = queries.StoredResponse(response.status_code or 200, dict(response.headers), response.content)
            queries.store_response(session, principal.key, key, stored)
            if adds_audit_entry:
                _add_audit_entry(session, event, response)
            return response
        if earlier.fingerprint != fingerprint:
            raise ProblemError(IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_REUSED.description)
        mark_hidden(session)
        stored = earlier.response
        return Response(stored.body, status_code=stored.status, headers={**stored.headers, REPLAYED_HEADER: "true"})


def _add_audit_entry(session: Session, event: ledger.Event, response: Response[bytes]) -> None:
    """Append an entry about a change to the ledger.

    If the response has the header `Location`, its path replaces the subject of `event`, because the request
    created that resource.
    """
    final = structs.replace(event, subject=response.headers.get("Location", event.subject))
    ledger.append_entry(session, final, now=datetime.now(UTC))


def _compute_fingerprint(request: ApiRequest) -> str:
    # Of the decoded inputs, so that a repetition with other spaces or another order of members is the same request.
    query, decoded = (request.scope["state"].get(name) for name in ("query", "body"))
    body = decoded.digest if isinstance(decoded, SpooledFile) else msgspec.json.encode(decoded, order="deterministic")
    request_line = f"{request.scope['method']} {request.scope['path']}\n".encode()
    return hashlib.sha256(request_line + msgspec.json.encode(query) + body).hexdigest()
