"""Ledger entries of HTTP requests: one for each change, and one a day for each operation that a key was denied.

The entry of a change is stored in the transaction of the change.

Requests without a valid key are refused but not recorded: nobody identifiable acted, and a table that only grows and
that anybody could fill would be a way to bring the service down. No text that a client chose is entered for a denied
request, because an entry can never be removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec
from litestar.types import HTTPScope

from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import queries
from actitud_api.platform.auth.policy import principal_of
from actitud_api.platform.http.access import OWNER, Rule, operation_id
from actitud_api.platform.http.middleware.policy import Holder
from actitud_api.platform.http.redaction import redact_keys
from actitud_api.platform.http.scope import ApiRequest, assign_entry_id
from actitud_api.platform.http.spooled_bodies import SpooledFile
from actitud_api.platform.storage.database import Database, Session

T = TypeVar("T")

_SUBJECT_MAX: Final = 500
"""Highest number of characters of a path that are stored; every valid path is shorter."""


def with_audit_entry(request: ApiRequest, database: Database, act: Callable[[Session], T]) -> T:
    """Run `act` in a write session, append an entry for this request to the ledger, and return the result of `act`.

    Change and entry are stored in one transaction.
    """
    event = audit_event(request)
    with database.write() as session:
        result = act(session)
        ledger.append_entry(session, event, now=datetime.now(UTC))
        return result


def audit_event(request: ApiRequest) -> ledger.Event:
    """Return the content of the ledger entry for a request that makes a change.

    The subject of the entry is the path of the request. If the request creates a resource, the caller has to set the
    path of that resource as the subject.
    """
    return _build_event(
        request.scope,
        _build_actor(principal_of(request)),
        _read_path(request.scope),
        sent=_find_digest(request),
    )


def _find_digest(request: ApiRequest) -> str | None:
    """Return the digest of a request body: of its canonical form, or of the bytes of a file; None without a body."""
    body, sent = (request.scope["state"].get(name) for name in ("body", "sent"))
    if isinstance(body, SpooledFile):
        return f"sha256:{body.digest.hex()}"
    if sent is None:
        return None
    is_file = isinstance(body, bytes)
    return f"sha256:{hashlib.sha256(sent).hexdigest()}" if is_file else compute_digest(msgspec.json.decode(sent))


def log_denied(database: Database, scope: HTTPScope, holder: Holder) -> None:
    """Append an entry for a denied request to the ledger, in a transaction of its own, at most once a day.

    Only the first denial of an operation to a key on a day (UTC) is entered, so that no key can fill the ledger. The
    subject of the entry is the path template of the operation, such as `/v1/editions/{edition}`, because a denied
    request may have any text as its path.
    """
    now, operation = datetime.now(UTC), operation_id(scope["route_handler"])
    with database.read() as session:
        if queries.has_denial(session, holder.key, operation, now.date()):
            return
    event = ledger.Event(
        action=operation,
        actor=_build_actor(holder),
        subject=scope["path_template"],
        public=True,
        hidden=True,
        outcome="denied",
        request=assign_entry_id(scope),
    )
    with database.write() as session:
        # Another request may have entered it meanwhile.
        if queries.claim_denial(session, holder.key, operation, now.date()):
            ledger.append_entry(session, event, now=now)


def _build_event(scope: HTTPScope, actor: ledger.Actor, subject: str, *, sent: str | None = None) -> ledger.Event:
    rule: Rule = scope["state"]["rule"]
    # A public subject needs no owner: everybody may read it.
    owner = scope["path_params"].get(OWNER) if rule.private else None
    return ledger.Event(
        action=operation_id(scope["route_handler"]),
        actor=actor,
        subject=subject,
        public=not rule.private,
        hidden=rule.hidden,
        owner=None if owner is None else _quote_path(str(owner)),
        sent=sent,
        request=assign_entry_id(scope),
    )


def _build_actor(holder: Holder | None) -> ledger.Actor:
    return ledger.Actor(None) if holder is None else ledger.Actor(holder.key, holder.role, holder.organisation)


def _read_path(scope: HTTPScope) -> str:
    return _quote_path(scope["path"]).rstrip("/")


def _quote_path(text: str) -> str:
    """Return a path in the form in which it is stored: percent-encoded, without secrets of keys, and cut."""
    return quote(redact_keys(text), safe="/:*")[:_SUBJECT_MAX]
