"""Preconditions of what changes a resource (RFC 9110, section 13): `If-Match`, and `If-None-Match: *` to create.

An entity tag of a versioned resource is `"<revision>-<12 hexadecimal digits>"`: the revision names the state that is
stored, the digits its representation in one language. A change compares only the revision, so that whoever read in
one language may write in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import INVALID_REQUEST, PRECONDITION_REQUIRED, Fault, ProblemError
from actitud_api.platform.http.scope import ApiRequest, read_header

Precondition = Literal["none", "match", "match_or_none"]
"""What an operation asks for: nothing, `If-Match`, or that or `If-None-Match: *` where it may also create."""

_ENTITY_TAG: Final = r'(W/)?"[!#-~\x80-\xff]*"'
IF_MATCH: Final = rf"^[ \t]*(\*|{_ENTITY_TAG}([ \t]*,[ \t]*{_ENTITY_TAG})*)[ \t]*$"
"""What `If-Match` looks like: `*`, or entity tags between commas (RFC 9110, sections 8.8.3 and 13.1.1)."""

_TAG = re.compile(r'(?P<weak>W/)?"(?P<opaque>[^"]*)"')
_ANY: Final = "*"


def build_entity_tag(revision: str, digest: str) -> str:
    """Return the strong entity tag of a representation; `digest`: the SHA-256 of its bytes in hexadecimal."""
    return f'"{revision}-{digest[:12]}"'


def check_precondition(request: ApiRequest, precondition: Precondition) -> None:
    """Refuse a request without the precondition that its operation needs (428), or with an unreadable one (400)."""
    if precondition == "none":
        return
    if_match = read_header(request.scope, b"if-match")
    if_none_match = read_header(request.scope, b"if-none-match") if precondition == "match_or_none" else None
    if if_match is None and if_none_match is None:
        raise ProblemError(PRECONDITION_REQUIRED, PRECONDITION_REQUIRED.description)
    if if_match is not None and not re.fullmatch(IF_MATCH, if_match):
        raise _unreadable("If-Match", if_match, '"v1.0a1b2c3d-0123456789ab"')
    if if_none_match is not None and if_none_match.strip() != _ANY:
        raise _unreadable("If-None-Match", if_none_match, _ANY)


def read_preconditions(request: ApiRequest) -> Callable[[str | None], bool]:
    """Return a predicate: whether the preconditions hold over the stored revision, None where nothing is stored."""
    wanted = read_header(request.scope, b"if-match")
    absent = read_header(request.scope, b"if-none-match") is not None and request.scope["method"] == "PUT"
    revisions = frozenset() if wanted is None else _revisions(wanted)

    def holds(revision: str | None) -> bool:
        if absent and revision is not None:
            return False
        if wanted is None:
            return True
        return revision is not None and (wanted.strip() == _ANY or revision in revisions)

    return holds


def _revisions(wanted: str) -> frozenset[str]:
    """Return the revisions that the strong tags of a list name; weak tags never match (RFC 9110, section 8.8.3.2)."""
    return frozenset(found["opaque"].rpartition("-")[0] for found in _TAG.finditer(wanted) if found["weak"] is None) - {
        ""
    }


def _unreadable(name: str, value: str, example: str) -> ProblemError:
    detail = Texts(
        f"La cabecera no se puede leer: se espera algo como {example}.",
        f"The header cannot be read: something like {example} is expected.",
    )
    return ProblemError(INVALID_REQUEST, detail, [Fault(name, "format", value[:100], detail)])
