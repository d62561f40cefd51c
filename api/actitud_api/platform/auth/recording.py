"""Ledger entries of HTTP requests: one per change, in its transaction, and one per forbidden attempt with a key.

Attempts without any key are refused but not recorded: nobody identifiable acts, and a table that only grows and that
anybody could fill would be a way to bring the service down.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal, TypeVar
from urllib.parse import quote

import msgspec
from litestar.types import HTTPScope

from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import keys
from actitud_api.platform.auth.policy import principal_of
from actitud_api.platform.http.access import OWNER, Rule, operation_id
from actitud_api.platform.http.middleware.policy import Holder
from actitud_api.platform.http.redaction import redact_keys
from actitud_api.platform.http.scope import ApiRequest, assign_request_id
from actitud_api.platform.storage.database import Database, Session

T = TypeVar("T")

_SUBJECT_MAX: Final = 500
"""Characters of a path that are stored: more than any valid path has."""


def with_audit_entry(request: ApiRequest, database: Database, act: Callable[[Session], T]) -> T:
    """Run `act` in a write session, append its change to the ledger, and return its result."""
    event = audit_event(request)
    with database.write() as session:
        done = act(session)
        ledger.append_entry(session, event, now=datetime.now(UTC))
        return done


def audit_event(request: ApiRequest) -> ledger.Event:
    """Return the ledger event of a request; its subject is the path, unless the request creates another resource."""
    sent = request.scope["state"].get("sent")
    return _event(
        request.scope,
        _actor(principal_of(request)),
        _path(request.scope),
        sent=None if sent is None else compute_digest(msgspec.json.decode(sent)),
    )


def log_denied(database: Database, scope: HTTPScope, holder: Holder | None, offered: str) -> None:
    """Append a forbidden attempt to the ledger, in a transaction of its own.

    `holder`: None for an invalid key; then the id is taken from `offered`, the text that was presented.
    """
    if holder is None:
        claimed = keys.parse_key(offered)
        actor = ledger.Actor(None if claimed is None else claimed.id)
    else:
        actor = _actor(holder)
    with database.write() as session:
        ledger.append_entry(session, _event(scope, actor, _path(scope), outcome="denied"), now=datetime.now(UTC))


def _event(
    scope: HTTPScope,
    actor: ledger.Actor,
    subject: str,
    *,
    sent: str | None = None,
    outcome: Literal["done", "denied"] = "done",
) -> ledger.Event:
    rule: Rule = scope["state"]["rule"]
    owner = scope["path_params"].get(OWNER) if rule.private else None
    return ledger.Event(
        action=operation_id(scope["route_handler"]),
        actor=actor,
        subject=subject,
        public=not rule.private,
        owner=None if owner is None else _quoted(str(owner)),
        sent=sent,
        outcome=outcome,
        request=assign_request_id(scope),
    )


def _actor(holder: Holder | None) -> ledger.Actor:
    return ledger.Actor(None) if holder is None else ledger.Actor(holder.key, holder.role, holder.organisation)


def _path(scope: HTTPScope) -> str:
    return _quoted(scope["path"]).rstrip("/")


def _quoted(text: str) -> str:
    """Percent-encode and shorten a path: it may contain any text."""
    return quote(redact_keys(text), safe="/:*")[:_SUBJECT_MAX]
