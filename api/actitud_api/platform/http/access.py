"""Access rules: which callers may use an operation, declared beside its handler (`access=`).

Rules that require roles are in `platform/auth/policy.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

OWNER: Final = "organisation"
"""Name of the path parameter that holds the id of the organisation to which a resource belongs."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Access rule and rate limit of one operation.

    Attributes:
        key: `none` admits everybody and ignores `Authorization`. `optional` admits everybody, and a response to a
            request with a key may show more. `required` admits only a key with one of `roles` (403 for others), and
            only for resources that the key is bound to (404 for others).
        roles: Roles that are admitted if a key is required.
        private: True if ledger entries about the operation show the path of the resource only to administrators and to
            the organisation that owns it.
        hidden: True if the changes of the operation alter no response to a request without a key. Such a change does
            not increment the version number of the public state, so stored responses stay valid.
        limit: Rate limit that counts the request: `by_method` (reads or writes), `score` (computation of scores) or
            `none`.
    """

    key: Literal["none", "optional", "required"] = "none"
    roles: frozenset[str] = frozenset()
    private: bool = False
    hidden: bool = False
    limit: Literal["by_method", "score", "none"] = "by_method"


Rules = Mapping[str, Rule]
"""Access rules by operation id."""

ANYBODY: Final = Rule()
ANYBODY_UNLIMITED: Final = Rule(limit="none")
ANYBODY_COMPUTING: Final = Rule(limit="score")
KEY_SHOWS_MORE: Final = Rule(key="optional")
KEY_SHOWS_MORE_COMPUTING: Final = Rule(key="optional", limit="score")


def operation_id(handler: object) -> str:
    """Return the id of the operation that a handler implements; raise `LookupError` if it has none."""
    if isinstance(handler, HTTPRouteHandler) and isinstance(handler.operation_id, str):
        return handler.operation_id
    raise LookupError(f"a handler without the id of its operation: {handler}")


def rule_of(handler: object) -> Rule:
    """Return the access rule declared beside a handler; raise `LookupError` if it has none."""
    rule = handler.opt.get("access") if isinstance(handler, HTTPRouteHandler) else None
    if isinstance(rule, Rule):
        return rule
    raise LookupError(f"no rule says who may call {operation_id(handler)}")


def handlers_of(app: Litestar) -> Iterator[tuple[HTTPRoute, HTTPRouteHandler]]:
    """Yield each request handler of an application with its route, except the OPTIONS handlers that Litestar adds."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            yield from ((route, handler) for handler in route.route_handlers if "OPTIONS" not in handler.http_methods)


def rules_of(app: Litestar) -> Rules:
    """Return the access rules of an application by operation id; raise `LookupError` if a handler has none."""
    return {operation_id(handler): rule_of(handler) for _, handler in handlers_of(app)}
