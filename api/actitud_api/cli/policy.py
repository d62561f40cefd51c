"""`policy`: print which roles may call each operation, as Markdown or JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Final, Literal, get_args

import msgspec
from litestar.handlers import HTTPRouteHandler

from actitud_api.app import create_app
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.auth import service as access
from actitud_api.platform.http.access import Rule, handlers_of, operation_id, rule_of
from actitud_api.settings import Settings

RoleAccess = Literal["yes", "own", "no"]
"""Access of a role to an operation: to every resource, only to those that its key is bound to, or to none."""

_OPERATION = Texts("operación", "operation")
_KEY = Texts("clave", "key")
_NEEDS: Final = {
    "none": Texts("no se mira", "not looked at"),
    "optional": Texts("muestra más", "shows more"),
    "required": Texts("hace falta", "needed"),
}
_ACCESS_TEXTS: Final[dict[RoleAccess, Texts]] = {
    "yes": Texts("sí", "yes"),
    "own": Texts("lo suyo", "own"),
    "no": Texts("–", "–"),
}


class PolicyLine(msgspec.Struct, frozen=True):
    """Access to one operation of the API: a line of the table that the command `policy` prints.

    `key`: says if a request needs a key. `roles`: access of each role to the operation.
    """

    operation: str
    method: str
    path: str
    key: Literal["none", "optional", "required"]
    roles: dict[access.Role, RoleAccess]


def list_policy() -> list[PolicyLine]:
    """Return the access rules of all operations, sorted by operation id.

    An operation with one path for each file format, such as `scores.csv` and `scores.json`, has one line, with the
    first of its paths.
    """
    app = create_app(Settings())
    try:
        # Reversed, because a dictionary keeps the last value of a key, and the first path is wanted.
        routes_by_operation = {
            operation_id(handler): (route.path_format, handler) for route, handler in reversed(list(handlers_of(app)))
        }
    finally:
        app.state["database"].close()
    return [_build_line(name, path, handler) for name, (path, handler) in sorted(routes_by_operation.items())]


def _build_line(name: str, path: str, handler: HTTPRouteHandler) -> PolicyLine:
    rule, (method,) = rule_of(handler), handler.http_methods - {"HEAD"}
    return PolicyLine(name, method, path, rule.key, {role: _find_access(role, rule, path) for role in _ROLES})


def render_policy(language: Language) -> str:
    """Return a Markdown table of the roles that may call each operation."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in _list_cells(language))


def run_policy(options: argparse.Namespace, language: Language) -> int:
    """Run `policy`: print which roles may call each operation, and return exit code 0."""
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(list_policy())).decode() + "\n")
    else:
        sys.stdout.write(render_policy(language))
    return 0


_ROLES: Final[tuple[access.Role, ...]] = get_args(access.Role)


def _find_access(role: access.Role, rule: Rule, path: str) -> RoleAccess:
    if rule.key != "required":
        return "yes"
    if role not in rule.roles:
        return "no"
    # Where these rules admit every role, each holder has only its own key, and its own jobs.
    if path.startswith(("/v1/keys", "/v1/jobs")):
        return "yes" if role == "administrator" else "own"
    # Who has sent a file is public, as who has asked for a job is; but only the rows of one's own are imported.
    is_bound_to_organisations = role in access.ORGANISATION_ROLES and (rule.private or "/imports" in path)
    return "own" if is_bound_to_organisations or (role in access.EDITION_ROLES and "{edition}" in path) else "yes"


def _list_cells(language: Language) -> Iterator[list[str]]:
    yield [_OPERATION.into(language), _KEY.into(language), *(f"`{role}`" for role in _ROLES)]
    yield ["---"] * (2 + len(_ROLES))
    for line in list_policy():
        roles = [_ACCESS_TEXTS[line.roles[role]].into(language) for role in _ROLES]
        yield [f"`{line.operation}`", _NEEDS[line.key].into(language), *roles]
