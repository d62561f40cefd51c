"""Access rules: who may call an operation, stated beside its handler (`access=`).

Rules that name roles are in `platform/auth/policy.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

OWNER: Final = "organisation"
"""The path parameter that names the organisation that something belongs to."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call an operation.

    `key`: `none`, anybody, and the header `Authorization` is not looked at; `optional`, anybody, and a key may show
    more; `required`, only a key of one of `roles`, and only on what that key reaches: anything else is answered as if
    it did not exist. `private`: the operation is about something that only its owner is told of. `limit`: the rate
    limit that a call counts for: that of reads or of writes, as its method says, that of computing scores, or none.
    """

    key: Literal["none", "optional", "required"] = "none"
    roles: frozenset[str] = frozenset()
    private: bool = False
    limit: Literal["by_method", "score", "none"] = "by_method"


Rules = Mapping[str, Rule]
"""The rule of each operation, by its id."""

ANYBODY: Final = Rule()
ANYBODY_UNLIMITED: Final = Rule(limit="none")
ANYBODY_COMPUTING: Final = Rule(limit="score")
KEY_SHOWS_MORE: Final = Rule(key="optional")
KEY_SHOWS_MORE_COMPUTING: Final = Rule(key="optional", limit="score")


def operation_id(handler: object) -> str:
    """Return the operation id of a handler. Raise `LookupError` if it has none."""
    if isinstance(handler, HTTPRouteHandler) and isinstance(handler.operation_id, str):
        return handler.operation_id
    raise LookupError(f"a handler without the id of its operation: {handler}")


def rule_of(handler: object) -> Rule:
    """Return the access rule declared beside a handler. Raise `LookupError` if it has none."""
    rule = handler.opt.get("access") if isinstance(handler, HTTPRouteHandler) else None
    if isinstance(rule, Rule):
        return rule
    raise LookupError(f"no rule says who may call {operation_id(handler)}")


def handlers_of(app: Litestar) -> Iterator[tuple[HTTPRoute, HTTPRouteHandler]]:
    """Yield every handler of an application with its route, without the handlers that Litestar adds for OPTIONS."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            yield from ((route, handler) for handler in route.route_handlers if "OPTIONS" not in handler.http_methods)


def rules_of(app: Litestar) -> Rules:
    """Return the access rules of an application by operation id."""
    return {operation_id(handler): rule_of(handler) for _, handler in handlers_of(app)}
