"""Preconditions of changes (RFC 9110, section 13): `If-Match`, and `If-None-Match: *` to create.

The entity tag of a resource that can change is `"<revision>-<12 hexadecimal digits>"`. The revision names the stored
state; the digits are a digest of its representation in one language. A change compares only the revision, so a client
that read a resource in one language may change it in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

from litestar.types import HTTPScope

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import INVALID_REQUEST, PRECONDITION_REQUIRED, Fault, ProblemError
from actitud_api.platform.http.scope import ApiRequest, read_header

Precondition = Literal["none", "match", "match_or_none"]
"""Precondition that an operation requires.

`none`: nothing. `match`: `If-Match`. `match_or_none`: `If-Match` to replace or `If-None-Match: *` to create.
"""

_ENTITY_TAG: Final = r'(W/)?"[!#-~\x80-\xff]*"'
IF_MATCH: Final = rf"^[ \t]*(\*|{_ENTITY_TAG}([ \t]*,[ \t]*{_ENTITY_TAG})*)[ \t]*$"
"""Pattern of `If-Match`: `*`, or entity tags separated by commas (RFC 9110, sections 8.8.3 and 13.1.1)."""

_TAG = re.compile(r'(?P<weak>W/)?"(?P<opaque>[^"]*)"')
_ANY: Final = "*"


def build_entity_tag(revision: str, digest: str) -> str:
    """Return the strong entity tag (`ETag`) of a representation, such as `"v3.1f0c2a9b-0123456789ab"`.

    `revision` names the stored state; `digest` is the SHA-256 of the bytes in hexadecimal.
    """
    return f'"{revision}-{digest[:12]}"'


def require_precondition(scope: HTTPScope, precondition: Precondition) -> None:
    """Raise the 428 problem if a request lacks the precondition header that its operation requires, as `If-Match`.

    Source: RFC 6585.
    """
    if precondition == "none" or read_header(scope, b"if-match") is not None:
        return
    if precondition == "match" or read_header(scope, b"if-none-match") is None:
        raise ProblemError(PRECONDITION_REQUIRED, PRECONDITION_REQUIRED.description)


def check_precondition(request: ApiRequest, precondition: Precondition) -> None:
    """Raise the 400 problem if the precondition header that an operation requires, such as `If-Match`, is malformed."""
    if precondition == "none":
        return
    if_match = read_header(request.scope, b"if-match")
    if_none_match = read_header(request.scope, b"if-none-match") if precondition == "match_or_none" else None
    if if_match is not None and not re.fullmatch(IF_MATCH, if_match):
        raise _build_malformed_header("If-Match", if_match, '"v1.0a1b2c3d-0123456789ab"')
    if if_none_match is not None and if_none_match.strip() != _ANY:
        raise _build_malformed_header("If-None-Match", if_none_match, _ANY)


def read_preconditions(request: ApiRequest) -> Callable[[str | None], bool]:
    """Return a function that checks `If-Match` and `If-None-Match` of a request against a stored revision.

    Its argument is the revision, None if nothing is stored. It returns True if the headers allow the change, and for a
    request without them. `If-None-Match: *` counts only for PUT.
    """
    if_match = read_header(request.scope, b"if-match")
    # Only PUT creates at a path that the client chooses; elsewhere If-None-Match means a conditional GET.
    must_be_absent = read_header(request.scope, b"if-none-match") is not None and request.scope["method"] == "PUT"
    revisions = frozenset() if if_match is None else _parse_revisions(if_match)

    def holds(revision: str | None) -> bool:
        if must_be_absent and revision is not None:
            return False
        if if_match is None:
            return True
        return revision is not None and (if_match.strip() == _ANY or revision in revisions)

    return holds


def _parse_revisions(if_match: str) -> frozenset[str]:
    """Return the revisions in the strong tags of an `If-Match` header.

    Weak tags are left out, because they never match (RFC 9110, section 8.8.3.2).
    """
    return frozenset(tag["opaque"].rpartition("-")[0] for tag in _TAG.finditer(if_match) if tag["weak"] is None) - {""}


def _build_malformed_header(name: str, value: str, example: str) -> ProblemError:
    detail = Texts(
        "La cabecera no se puede leer: se espera algo como {example}.",
        "The header cannot be read: something like {example} is expected.",
        example=example,
    )
    return ProblemError(INVALID_REQUEST, detail, [Fault(name, "format", value[:100], detail)])
