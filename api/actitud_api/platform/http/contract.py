"""Contract of an operation: declared beside its handler, enforced before it runs, published in the OpenAPI document.

The decorators of `operations` build a `Contract` from the signature of a handler and from their arguments.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.concurrency import sync_to_thread
from litestar.types import HTTPScope

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.batches import BatchBody
from actitud_api.platform.http.deprecation import Deprecation
from actitud_api.platform.http.inputs import Body, FileBody, NoParameters, Query
from actitud_api.platform.http.negotiation import JSON, accepts
from actitud_api.platform.http.preconditions import Precondition
from actitud_api.platform.http.problems import Fault, ProblemType, refuse_input, refuse_media_type
from actitud_api.platform.http.redaction import has_key
from actitud_api.platform.http.representations import Files, Representation
from actitud_api.platform.http.scope import (
    ApiRequest,
    Moved,
    find_clean_query,
    normalise_query,
    read_header,
    redirect_query,
)
from actitud_api.platform.http.spooled_bodies import SpooledBody

_NO_PARAMETERS = Query(NoParameters)

VERSION: Final = {"If-Match": "$response.header.ETag"}
"""Parameters of an OpenAPI link from a resource to an operation that changes it.

The `ETag` of the response becomes the `If-Match` of the request, so that only this version is changed.
"""

EDITION: Final = "edition"
"""Path parameter of an edition."""

VERSION_NAME: Final = "version"
"""Path parameter of a methodology version."""

LATEST: Final = "latest"
"""Value of the path parameter that stands for the newest published edition."""

IDEMPOTENCY_KEY: Final = "^[!-~]{1,255}$"
"""Pattern of an idempotency key: 1 to 255 visible ASCII characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Rules for storing responses to a public read in memory: parts of the request on which the responses depend.

    They always depend on the path and the public state, the data that an anonymous reader can see.

    Attributes:
        parameters: Names of the query parameters that they depend on.
        is_strict: True if a request with other parameters is refused, False if other parameters are ignored.
        has_clean_address: True if a request with other or blank parameters is redirected; no such response is stored.
        by_accept: True if they depend on `Accept`.
        by_language: True if they depend on `Accept-Language`.
        by_host: True if their content depends on `Host` in another way than by absolute links.
        is_constant: True if they depend only on the release and the settings, not on the public state.
        is_streamed: True if they may be large, so that they are sent while they are generated.
    """

    parameters: frozenset[str]
    is_strict: bool = False
    has_clean_address: bool = False
    by_accept: bool = False
    by_language: bool = True
    by_host: bool = False
    is_constant: bool = False
    is_streamed: bool = False

    def __deepcopy__(self, memo: object) -> Keeping:
        """Return the same object: Litestar copies the handlers of a controller, and a `Keeping` never changes."""
        return self


def find_keeping(opt: Mapping[str, object]) -> Keeping | None:
    """Return the rules for storing the responses of a handler in memory, None if they are not stored.

    `opt` are the options of a Litestar handler (its attribute `opt`).
    """
    keeping = opt.get("keeping")
    return keeping if isinstance(keeping, Keeping) else None


@dataclass(frozen=True, slots=True)
class Link:
    """OpenAPI link: an operation that may follow, with its parameters taken from the response.

    A value of `parameters` is a runtime expression of OpenAPI (`$response.body#/id`) or a constant. `description` is
    empty if the name of the link, the operation and its parameters say enough.
    """

    operation: str
    parameters: Mapping[str, str]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Inputs and responses of one operation, built by the decorators of `operations`.

    Attributes:
        answer: Representation of a successful response, None if it has no content.
        query: Decoder of the query parameters.
        body: Decoder of the body, None if the request has none.
        path: Struct of the path parameters, None if there are none.
        problems: Types of problem that the operation may return.
        links: OpenAPI links to operations that may follow.
        cors: True if scripts of any origin may read the response.
        precondition: Header that a request must have, such as `If-Match`.
        idempotent: True if the operation accepts an `Idempotency-Key`.
        attempt_named: True if the operation requires an `Idempotency-Key`.
        aliased: True if the path may contain an alias of an id.
        represents: Path of another resource that the response represents as a file, None for any other response.
        takes_keys: True if the body may contain an access key.
        deprecated: Announcement of the deprecation of the operation, None if it is not deprecated.
        deferred: Immediate response (202) to a client that sends `Prefer: respond-async`, None if clients always wait
            for the result.
        is_page: True for a page or an image, whose handler reads the inputs itself and ignores unknown ones; the
            contract then only describes the operation.
        described_path: Path in the OpenAPI document, None if it is the path of the route.
    """

    answer: Representation[Any] | None
    query: Query[Any]
    body: Body[Any] | BatchBody | FileBody | None
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
    deprecated: Deprecation | None
    deferred: Representation[Any] | None = None
    is_page: bool = False
    described_path: str | None = None

    def __deepcopy__(self, memo: object) -> Contract:
        """Return the same object: Litestar copies the handlers of a controller, and a contract never changes."""
        return self


def find_contract(opt: Mapping[str, object]) -> Contract | None:
    """Return the contract of a handler, or None for a page or a file outside the OpenAPI document, which has none.

    `opt` are the options of a Litestar handler (its attribute `opt`).
    """
    contract = opt.get("contract")
    return contract if isinstance(contract, Contract) else None


def is_open(opt: Mapping[str, object]) -> bool:
    """Return True if scripts of any origin may read the responses of a handler (CORS).

    `opt` are the options of a Litestar handler (its attribute `opt`).
    """
    contract = find_contract(opt)
    return opt.get("cors") is True if contract is None else contract.cors


Charge = Callable[[HTTPScope, int], Awaitable[None]]
"""Function that counts a request as some more requests; it raises a 429 problem if these are too many."""

FindLatest = Callable[[], str | None]
"""Function that returns the id of the newest published edition, or None if none is published.

It queries the database, so it runs in a worker thread.
"""


async def enforce(request: ApiRequest) -> Response[bytes] | None:
    """Check a request against the contract of its operation and decode its inputs, before the handler runs.

    The decoded query and body are stored in the state of the request. Pages are not checked, but paths below `/v1/`
    accept no query parameter but `lang`. The query of a read is replaced by its known parameters, sorted, so that links
    in a response are the same for all spellings of the query. A read of the edition `latest` becomes a read of the
    newest published edition, so that rows, entity tag and further pages belong to one edition.

    Return None to continue with the handler. Return a redirect if the page has to be requested without unknown or blank
    parameters.

    Raises:
        ProblemError: 400 with every fault of query, body and `Idempotency-Key`; 406 if the client accepts no format of
            the response; 413 or 415 for the body. (The middleware `Policy` refuses a missing precondition earlier, with
            428.)
    """
    contract = find_contract(request.route_handler.opt)
    if contract is None or contract.is_page:
        # The document itself is under /v1 too, where nothing unknown is let pass. A preflight carries the query of the
        # request that it asks for, which the operation judges.
        if (
            request.method != "OPTIONS"
            and request.scope["path"].startswith("/v1/")
            and isinstance(unknown := _NO_PARAMETERS.decode(request), list)
        ):
            raise refuse_input(unknown)
        redirected = _redirect_to_clean_address(request)
        if redirected is None:
            _normalise_query(request)
        return redirected
    offered = JSON if contract.answer is None else contract.answer.media_type
    # The suffix of a file has chosen its format already: many tools can say no more than an address.
    if not isinstance(contract.answer, Files) and not accepts(read_header(request.scope, b"accept"), offered):
        others = request.app.state["alternatives"].media_types(request.scope["path_template"])
        raise refuse_media_type(offered, *(others if request.method in ("GET", "HEAD") else ()))
    faults: list[Fault] = []
    query = contract.query.decode(request)
    if isinstance(query, list):
        faults += query
    else:
        request.scope["state"]["query"] = query
    if contract.body is not None and not isinstance(contract.body, SpooledBody):
        body = await contract.body.decode(request)
        if isinstance(body, list):
            faults += body
        else:
            if not contract.takes_keys and not isinstance(body, bytes) and has_key(msgspec.json.encode(body).decode()):
                faults.append(_KEY_IN_BODY)
            request.scope["state"]["body"] = body
            # The ledger stores a digest of the body as it arrived, before defaults were filled in. Litestar caches the
            # bytes.
            request.scope["state"]["sent"] = await request.body()
    key = read_idempotency_key(request) if contract.idempotent else None
    if key is not None and not re.fullmatch(IDEMPOTENCY_KEY, key):
        faults.append(_UNREADABLE_KEY)
    elif key is not None and has_key(key):
        faults.append(_KEY_IN_ATTEMPT)
    elif key is None and contract.attempt_named:
        faults.append(_NO_KEY)
    if faults:
        raise refuse_input(faults)
    if isinstance(contract.body, BatchBody):
        charge: Charge = request.app.state["charge"]
        await charge(request.scope, len(request.scope["state"]["body"].items) - 1)
    _normalise_query(request)
    if request.scope["method"] == "GET" and request.scope["path_params"].get(EDITION) == LATEST:
        await _resolve_latest(request)
    if isinstance(contract.body, SpooledBody):
        # After all that refuses the request: it is large, and only the handler closes it. Neither searched for keys nor
        # digested here: it is read once, row by row, and not by a request.
        request.scope["state"]["body"] = await contract.body.spool(request)
    return None


def _redirect_to_clean_address(request: ApiRequest) -> Response[bytes] | None:
    opt = request.route_handler.opt
    if not opt.get("has_clean_address") or request.scope["method"] != "GET":
        return None
    clean = find_clean_query(request.scope["query_string"], opt["parameters"])
    return None if clean is None else redirect_query(request.scope, clean)


def _normalise_query(request: ApiRequest) -> None:
    parameters = request.route_handler.opt.get("parameters")
    if isinstance(parameters, frozenset):
        query = normalise_query(request.scope["query_string"], parameters)
        if query is not None:
            request.scope["query_string"] = query


async def _resolve_latest(request: ApiRequest) -> None:
    find_latest: FindLatest = request.app.state["find_latest"]
    edition = await sync_to_thread(find_latest)
    # Without a published edition the handler refuses `latest` in its own words.
    if edition is not None:
        # A new dictionary: Litestar's router caches the one that it returned for this path.
        request.scope["path_params"] = {**request.scope["path_params"], EDITION: edition}
        request.scope["state"]["resolved"] = Moved(EDITION, edition)


def read_idempotency_key(request: ApiRequest) -> str | None:
    """Return the `Idempotency-Key` header of a request, or None if it has none."""
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
