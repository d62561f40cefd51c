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

from actitud_api.platform.http.problems import PRECONDITION_REQUIRED, ProblemError
from actitud_api.platform.http.scope import ApiRequest, read_header

Precondition = Literal["none", "match", "match_or_none"]
"""Precondition that an operation requires.

`none`: nothing. `match`: `If-Match`. `match_or_none`: `If-Match` to replace or `If-None-Match: *` to create.
"""

IF_MATCH: Final = r"^(\*|[!-~\x80-\xff][\t -~\x80-\xff]*)$"
"""Pattern of `If-Match`: `*`, or a text, which names the entity tags in it, with or without their quotation marks.

None is malformed: a text without a tag of the resource names no version of it (412). A narrower pattern asks for
quotation marks, of which generators of requests know none, and a choice of two schemas breaks generators of clients.
"""

_TAG = re.compile(r'(?P<weak>W/)?"?(?P<opaque>[^",\s]+)')
_ANY: Final = "*"


def build_entity_tag(revision: str, digest: str) -> str:
    """Return the strong entity tag (`ETag`) of a representation, such as `"v3.1f0c2a9b-0123456789ab"`.

    `revision` names the stored state; `digest` is the SHA-256 of the bytes in hexadecimal.
    """
    return f'"{revision}-{digest[:12]}"'


def require_precondition(scope: HTTPScope, precondition: Precondition) -> None:
    """Raise the 428 problem if a request lacks the precondition header that its operation requires, as `If-Match`.

    Source: RFC 6585. An `If-Match` that names nothing is as good as none.
    """
    if precondition == "none" or (read_header(scope, b"if-match") or "").strip():
        return
    if precondition == "match" or (read_header(scope, b"if-none-match") or "").strip() != _ANY:
        raise ProblemError(PRECONDITION_REQUIRED, PRECONDITION_REQUIRED.description)


def read_preconditions(request: ApiRequest) -> Callable[[str | None], bool]:
    """Return a function that checks `If-Match` and `If-None-Match` of a request against a stored revision.

    Its argument is the revision, None if nothing is stored. It returns True if the headers allow the change, and for a
    request without them. `If-None-Match` counts only for PUT.
    """
    if_match = (read_header(request.scope, b"if-match") or "").strip()
    # Only PUT creates at a path that the client chooses; elsewhere If-None-Match means a conditional GET.
    is_put = request.scope["method"] == "PUT"
    if_none_match = (read_header(request.scope, b"if-none-match") or "").strip() if is_put else ""

    def holds(revision: str | None) -> bool:
        # Weak tags match in `If-None-Match` alone (RFC 9110, section 8.8.3.2).
        if _names(if_none_match.replace("W/", ""), revision):
            return False
        return not if_match or _names(if_match, revision)

    return holds


def _names(tags: str, revision: str | None) -> bool:
    """Return True if `*` or a strong tag in the value of a precondition header names a stored revision."""
    if tags == _ANY:
        return revision is not None
    return revision in {tag["opaque"].rpartition("-")[0] for tag in _TAG.finditer(tags) if tag["weak"] is None}
