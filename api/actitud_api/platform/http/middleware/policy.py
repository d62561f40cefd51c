"""Enforcement of access rules before any handler runs.

An ASGI layer around every handler. Each operation must have a rule, even if everybody may use it, so no path can be
forgotten. A synchronous Litestar guard could enforce the rules too, but would cost a third of the throughput.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Final, Protocol

from litestar.concurrency import sync_to_thread
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from actitud_api.platform.http.access import Rule, rule_of
from actitud_api.platform.http.contract import find_contract
from actitud_api.platform.http.preconditions import require_precondition
from actitud_api.platform.http.problems import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, ProblemError
from actitud_api.platform.http.scope import read_header

_CHALLENGE: Final = 'Bearer realm="actitud"'
_INVALID: Final = f'{_CHALLENGE}, error="invalid_token"'


class Holder(Protocol):
    """Interface of the holder of a valid key, as request handling needs it; `auth.service.Principal` implements it."""

    @property
    def key(self) -> str:
        """Id of the access key."""
        ...

    @property
    def role(self) -> str:
        """Role of the access key."""
        ...

    @property
    def organisation(self) -> str | None:
        """The id of the only organisation that the key is bound to, None if the key is bound to none or to several."""
        ...

    @property
    def organisations(self) -> Collection[str]:
        """The ids of all organisations that the key is bound to."""
        ...

    def can_reach(self, kind: str, identifier: str) -> bool:
        """Return True if the key gives access to the resource that a path parameter names.

        `kind` is the name of the path parameter, `identifier` its value.
        """
        ...


HasKeyForm = Callable[[str], bool]
"""Function that returns True if a text has the form of a key, without looking the key up."""

Authenticate = Callable[[str], Holder | None]
"""Function that returns the holder of a key, or None if the key is invalid.

It may query the database, so it runs in a worker thread.
"""

CountRefusal = Callable[[HTTPScope, Holder | None], Awaitable[None]]
"""Function that counts a refused request; the holder is None if the key is invalid.

It raises a 429 problem if there were too many.
"""

RecordDenial = Callable[[HTTPScope, Holder], None]
"""Function that records in the ledger that a change was denied to the holder of a valid key.

It writes to the database, so it runs in a worker thread.
"""


class Policy:
    """ASGI layer that authenticates the caller of a handler and enforces the access rule of the handler."""

    def __init__(
        self,
        app: ASGIApp,
        has_key_form: HasKeyForm,
        authenticate: Authenticate,
        refused: CountRefusal,
        denied: RecordDenial,
    ) -> None:
        self._app = app
        self._has_key_form = has_key_form
        self._authenticate = authenticate
        self._refused = refused
        self._denied = denied

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request (ASGI): refuse it, or pass it on to the handler.

        Raises:
            ProblemError: 401 for a missing or invalid key, 428 for a missing precondition, 403 for another role, 404
                for a resource that the key is not bound to, 429 or 503 from the count of refused requests.
        """
        if scope["type"] == ScopeType.HTTP and scope["method"] != "OPTIONS":
            rule = scope["state"]["rule"] = rule_of(scope["route_handler"])
            scope["state"]["keyed"] = rule.key != "none"
            key = None if rule.key == "none" else self._read_key(scope, rule)
            # Before the key is looked up and before anything is counted: the request lacks the header whatever its key
            # is, so the response tells nothing about the key, and a client learns of it even if a limit is spent.
            contract = find_contract(scope["route_handler"].opt)
            if contract is not None:
                require_precondition(scope, contract.precondition)
            if rule.key != "none":
                scope["state"]["principal"] = None if key is None else await self._authenticate_caller(scope, rule, key)
        await self._app(scope, receive, send)

    def _read_key(self, scope: HTTPScope, rule: Rule) -> str | None:
        """Return the key of a request, or None if the request has none and needs none.

        Raises:
            ProblemError: 401 if a required key is missing, or if the credentials do not have the form of a key. These
                are neither counted nor recorded: they cannot be a guess, and nothing is looked up for them.
        """
        credentials = read_header(scope, b"authorization")
        if credentials is None:
            if rule.key == "required":
                raise _build_unauthorized(_CHALLENGE)
            return None
        # Scheme names are case-insensitive (RFC 9110, section 11.1).
        scheme, _, text = credentials.partition(" ")
        key = text.strip()
        if scheme.lower() != "bearer" or not self._has_key_form(key):
            raise _build_unauthorized(_INVALID)
        return key

    async def _authenticate_caller(self, scope: HTTPScope, rule: Rule, key: str) -> Holder | None:
        holder = await sync_to_thread(self._authenticate, key)
        problem = _find_problem(scope, rule, holder)
        if problem is None:
            return holder
        # A read by a valid key that lacks access is neither counted nor recorded: it changes nothing.
        changes = scope["method"] != "GET"
        if holder is None or changes:
            await self._refused(scope, holder)
        # Without a valid key nobody is known to have tried, and whoever asks must not be able to fill the ledger.
        if changes and holder is not None:
            await sync_to_thread(self._denied, scope, holder)
        raise problem


def holder_of(scope: HTTPScope) -> Holder | None:
    """Return the holder of the key of a request, or None if it was sent without a key."""
    holder: Holder | None = scope["state"].get("principal")
    return holder


def _find_problem(scope: HTTPScope, rule: Rule, holder: Holder | None) -> ProblemError | None:
    """Return the problem of a request with a key, or None if access is granted.

    `holder` is None if the key is invalid (401). A key of another role gets 403, a key that is not bound to the
    resource 404.
    """
    if holder is None:
        return _build_unauthorized(_INVALID)
    if rule.key == "required" and holder.role not in rule.roles:
        return ProblemError(FORBIDDEN, FORBIDDEN.description)
    # 404 instead of 403: a key must not reveal which resources of others exist.
    if rule.key == "required" and not all(holder.can_reach(*parameter) for parameter in scope["path_params"].items()):
        return ProblemError(NOT_FOUND, NOT_FOUND.description)
    return None


def _build_unauthorized(challenge: str) -> ProblemError:
    return ProblemError(UNAUTHORIZED, UNAUTHORIZED.description, headers={"WWW-Authenticate": challenge})
