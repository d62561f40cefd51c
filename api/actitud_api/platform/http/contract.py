"""The contract of an operation: declared beside its handler, enforced before it runs, and what the document says.

@get("/", operation_id="organisations.list", summary=…, description=…, sync_to_thread=True,
     opt=contract(query=FILTERS, answer=PAGE, problems=[NOT_FOUND]))
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.inputs import Body, FileBody, NoParameters, Query
from actitud_api.platform.http.negotiation import JSON, accepts
from actitud_api.platform.http.preconditions import Precondition, check_precondition
from actitud_api.platform.http.problems import Fault, ProblemType, refuse_input, refuse_media_type
from actitud_api.platform.http.redaction import has_key
from actitud_api.platform.http.representations import Files, Representation
from actitud_api.platform.http.scope import ApiRequest, read_header

_NO_PARAMETERS = Query(NoParameters)

VERSION: Final = {"If-Match": "$response.header.ETag"}
"""The parameters by which a link leads to a change of the very version that an answer holds."""

IDEMPOTENCY_KEY: Final = "^[!-~]{1,255}$"
"""What an idempotency key looks like: 1 to 255 visible ASCII characters."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of OpenAPI: an operation that may follow, with its parameters taken from the answer.

    A parameter is a runtime expression of OpenAPI (`$response.body#/id`) or a value.
    """

    operation: str
    parameters: Mapping[str, str]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The inputs and answers of an operation; `operations.Options` describes the members."""

    answer: Representation[Any] | None
    query: Query[Any]
    body: Body[Any] | FileBody | None
    path: type[msgspec.Struct] | None
    problems: Sequence[ProblemType]
    links: Mapping[str, Link]
    cors: bool
    precondition: Precondition
    idempotent: bool
    attempt_named: bool
    aliased: bool
    represents: str | None
    takes_keys: bool

    def __deepcopy__(self, memo: object) -> Contract:
        """Itself: Litestar copies the handlers of a controller, and their contract never changes."""
        return self


def find_contract(opt: Mapping[str, object]) -> Contract | None:
    """Return the contract in the `opt` of a handler, None for pages and files."""
    found = opt.get("contract")
    return found if isinstance(found, Contract) else None


def is_open(opt: Mapping[str, object]) -> bool:
    """Return True if scripts of any origin may read the answers of a handler."""
    found = find_contract(opt)
    return opt.get("cors") is True if found is None else found.cors


async def enforce(request: ApiRequest) -> None:
    """Decode the inputs of an operation before its handler runs. Raise one problem that names every fault."""
    found = find_contract(request.route_handler.opt)
    if found is None:
        # The document itself is under /v1 too, where nothing unknown is let pass. A preflight carries the query of the
        # request that it asks for, which the operation judges.
        if (
            request.method != "OPTIONS"
            and request.scope["path"].startswith("/v1/")
            and isinstance(unknown := _NO_PARAMETERS.decode(request), list)
        ):
            raise refuse_input(unknown)
        return
    offered = JSON if found.answer is None else found.answer.media_type
    # The suffix of a file has chosen its format already: many tools can say no more than an address.
    if not isinstance(found.answer, Files) and not accepts(read_header(request.scope, b"accept"), offered):
        raise refuse_media_type(offered, *request.app.state["alternatives"].media_types(request.scope["path_template"]))
    faults: list[Fault] = []
    query = found.query.decode(request)
    if isinstance(query, list):
        faults += query
    else:
        request.scope["state"]["query"] = query
    if found.body is not None:
        body = await found.body.decode(request)
        if isinstance(body, list):
            faults += body
        else:
            if not found.takes_keys and not isinstance(body, bytes) and has_key(msgspec.json.encode(body).decode()):
                faults.append(_KEY_IN_BODY)
            request.scope["state"]["body"] = body
            request.scope["state"]["sent"] = await request.body()
    key = read_idempotency_key(request) if found.idempotent else None
    if key is not None and not re.fullmatch(IDEMPOTENCY_KEY, key):
        faults.append(_UNREADABLE_KEY)
    elif key is not None and has_key(key):
        faults.append(_KEY_IN_ATTEMPT)
    elif key is None and found.attempt_named:
        faults.append(_NO_KEY)
    if faults:
        raise refuse_input(faults)
    check_precondition(request, found.precondition)


def read_idempotency_key(request: ApiRequest) -> str | None:
    """Return the `Idempotency-Key` of a request."""
    return read_header(request.scope, b"idempotency-key")


_NO_KEY: Final = Fault(
    "Idempotency-Key",
    "required",
    None,
    Texts("Falta esta cabecera: nombra el intento.", "This header is missing: it names the attempt."),
)
_KEY_IN_BODY: Final = Fault(
    "",
    "key",
    None,
    Texts(
        "Hay una clave de este servicio en el cuerpo: su sitio es la cabecera `Authorization`. Si la han visto otros, "
        "sustitúyala.",
        "There is a key of this service in the body: its place is the header `Authorization`. If others have seen it, "
        "replace it.",
    ),
)
_KEY_IN_ATTEMPT: Final = Fault(
    "Idempotency-Key",
    "key",
    None,
    Texts(
        "Es una clave de este servicio: su sitio es la cabecera `Authorization`.",
        "It is a key of this service: its place is the header `Authorization`.",
    ),
)
_UNREADABLE_KEY: Final = Fault(
    "Idempotency-Key",
    "pattern",
    None,
    Texts("Deben ser de 1 a 255 caracteres ASCII visibles.", "It must be 1 to 255 visible ASCII characters."),
)
