"""Enforcement of access rules before any handler runs.

A layer of ASGI around every handler, not a guard: a synchronous guard costs a third of the throughput. There is no
list of exceptions by path; an operation that anybody may call has a rule that says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Final, Protocol

from litestar.concurrency import sync_to_thread
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from actitud_api.platform.http.access import Rule, rule_of
from actitud_api.platform.http.problems import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, ProblemError
from actitud_api.platform.http.scope import read_header

_CHALLENGE: Final = 'Bearer realm="actitud"'


class Holder(Protocol):
    """The holder of a key: its id, its role and its reach."""

    @property
    def key(self) -> str:
        """The id of the key."""
        ...

    @property
    def role(self) -> str:
        """What the key is for."""
        ...

    @property
    def organisation(self) -> str | None:
        """The only organisation that it acts for; None where there is none, or several."""
        ...

    @property
    def organisations(self) -> Collection[str]:
        """All that it acts for."""
        ...

    def can_reach(self, kind: str, identifier: str) -> bool:
        """Whether what it is bound to lets it at what a path parameter (`kind`) names."""
        ...


Authenticate = Callable[[str], Holder | None]
"""Who presents a key; None where it does not count. It may ask the database, so it runs in a worker thread."""

Refused = Callable[[HTTPScope, Holder | None], Awaitable[None]]
"""Counts an attempt of a key that did not count, or may not do that; raises the problem of too many of them."""

Denied = Callable[[HTTPScope, Holder | None, str], None]
"""Records an attempt to change something: who presents a key, None where it does not count, and the text of it.

It may ask the database, so it runs in a worker thread.
"""


class Policy:
    """The layer of one handler (ASGI)."""

    def __init__(self, app: ASGIApp, authenticate: Authenticate, refused: Refused, denied: Denied) -> None:
        self._app = app
        self._authenticate = authenticate
        self._refused = refused
        self._denied = denied

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or raise the problem of a caller without access."""
        if scope["type"] == ScopeType.HTTP and scope["method"] != "OPTIONS":
            rule = scope["state"]["rule"] = rule_of(scope["route_handler"])
            if rule.key != "none":
                scope["state"]["keyed"] = True
                scope["state"]["principal"] = await self._admitted(scope, rule)
        await self._app(scope, receive, send)

    async def _admitted(self, scope: HTTPScope, rule: Rule) -> Holder | None:
        offered = read_header(scope, b"authorization")
        if offered is None:
            if rule.key == "required":
                raise _unauthorized(_CHALLENGE)
            return None
        scheme, _, text = offered.partition(" ")
        key = text.strip() if scheme.lower() == "bearer" else ""
        holder = await sync_to_thread(self._authenticate, key) if key else None
        problem = _problem(scope, rule, holder)
        if problem is None:
            return holder
        changes = scope["method"] != "GET"
        if holder is None or changes:
            await self._refused(scope, holder)
        if key and changes:
            await sync_to_thread(self._denied, scope, holder, key)
        raise problem


def holder_of(scope: HTTPScope) -> Holder | None:
    """Return the holder of the presented key, None without a key."""
    holder: Holder | None = scope["state"].get("principal")
    return holder


def _problem(scope: HTTPScope, rule: Rule, holder: Holder | None) -> ProblemError | None:
    """Return the problem of a presented key, None if it gives access."""
    if holder is None:
        return _unauthorized(f'{_CHALLENGE}, error="invalid_token"')
    if rule.key == "required" and holder.role not in rule.roles:
        return ProblemError(FORBIDDEN, FORBIDDEN.description)
    if rule.key == "required" and not all(holder.can_reach(*named) for named in scope["path_params"].items()):
        return ProblemError(NOT_FOUND, NOT_FOUND.description)
    return None


def _unauthorized(challenge: str) -> ProblemError:
    return ProblemError(UNAUTHORIZED, UNAUTHORIZED.description, headers={"WWW-Authenticate": challenge})
