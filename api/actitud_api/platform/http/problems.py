"""Errors as problem documents (RFC 9457): the registry of problem types, and the mapping of exceptions to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Final, TypeVar
from urllib.parse import quote

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import HTTPScope
from msgspec import Meta

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.negotiation import JSON, prefers_page
from actitud_api.platform.http.redaction import redact_keys
from actitud_api.platform.http.scope import (
    VERSIONED,
    ApiRequest,
    Moved,
    assign_request_id,
    choose_language,
    read_header,
    read_traceparent,
    redirect,
)

PROBLEM_JSON: Final = "application/problem+json"
NO_STORE: Final = "no-store"
FAULTS_MAX: Final = 100
"""Highest number of faults that are listed one by one; one more fault says how many were left out."""
SIZE_MAX: Final = 256 * 1024
"""Largest size in bytes of the `errors` of a problem document, whatever the client sent."""

_ROOM_FOR_MORE: Final = 200
"""Bytes of `SIZE_MAX` that are kept free for the fault that says how many were left out."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProblemType:
    """Problem type of the registry: status, title and description of one kind of problem.

    `slug` is its name in the URI `/problems/<slug>`, which leads to a page with these texts.
    """

    slug: str
    status: int
    title: Texts
    description: Texts

    @property
    def uri(self) -> str:
        """URI reference that identifies the problem type."""
        return f"/problems/{self.slug}"


INVALID_REQUEST: Final = ProblemType(
    "invalid-request",
    400,
    Texts("La petición no es válida", "The request is not valid"),
    Texts(
        "El cuerpo o los parámetros no cumplen el esquema publicado. La lista `errors` nombra todos los fallos a la "
        "vez: dónde está cada uno (`pointer`), qué regla incumple (`rule`) y qué se recibió (`value`).",
        "The body or the parameters do not meet the published schema. The list `errors` names every fault at once: "
        "where it is (`pointer`), which rule it breaks (`rule`) and what was received (`value`).",
    ),
)
NOT_FOUND: Final = ProblemType(
    "not-found",
    404,
    Texts("No existe", "Not found"),
    Texts(
        "No hay nada en esa dirección, o no existe el identificador, la versión o el cursor que se pide.",
        "There is nothing at that address, or the identifier, version or cursor that is asked for does not exist.",
    ),
)
UNAUTHORIZED: Final = ProblemType(
    "unauthorized",
    401,
    Texts("Hace falta una clave válida", "A valid key is needed"),
    Texts(
        "La operación necesita una clave en la cabecera `Authorization: Bearer …`, y la que llegó falta, no existe, ha "
        "caducado o está revocada.",
        "The operation needs a key in the header `Authorization: Bearer …`, and the one that came is missing, unknown, "
        "expired or revoked.",
    ),
)
FORBIDDEN: Final = ProblemType(
    "forbidden",
    403,
    Texts("La clave no permite esta operación", "The key does not allow this operation"),
    Texts(
        "La clave es válida, pero su papel no permite la operación.",
        "The key is valid, but its role does not allow the operation.",
    ),
)
METHOD_NOT_ALLOWED: Final = ProblemType(
    "method-not-allowed",
    405,
    Texts("Método no permitido", "Method not allowed"),
    Texts(
        "El recurso existe, pero no admite ese método. La cabecera `Allow` dice cuáles admite.",
        "The resource exists but does not support that method. The header `Allow` says which ones it supports.",
    ),
)
NOT_ACCEPTABLE: Final = ProblemType(
    "not-acceptable",
    406,
    Texts("No hay esa representación", "No such representation"),
    Texts(
        "El recurso no existe en ninguno de los formatos que pide la cabecera `Accept`. El detalle nombra los que hay.",
        "The resource exists in none of the formats that the header `Accept` asks for. The detail names those that do.",
    ),
)
CONFLICT: Final = ProblemType(
    "conflict",
    409,
    Texts("La petición choca con lo que hay", "The request conflicts with what is there"),
    Texts(
        "La petición cumple el esquema, pero contradice el estado del recurso o lo que está guardado. La lista "
        "`errors` dice dónde y por qué.",
        "The request meets the schema but contradicts the state of the resource or what is stored. The list `errors` "
        "says where and why.",
    ),
)
PRECONDITION_FAILED: Final = ProblemType(
    "precondition-failed",
    412,
    Texts("El recurso ha cambiado", "The resource has changed"),
    Texts(
        "La versión que nombra `If-Match` no es la actual, o `If-None-Match: *` encontró algo. Vuelva a leer el "
        "recurso y repita sobre su `ETag` lo que quería hacer.",
        "The version that `If-Match` names is not the current one, or `If-None-Match: *` found something. Read the "
        "resource again and repeat on its `ETag` what you wanted to do.",
    ),
)
CONTENT_TOO_LARGE: Final = ProblemType(
    "content-too-large",
    413,
    Texts("El cuerpo es demasiado grande", "The body is too large"),
    Texts(
        "El cuerpo de la petición supera el límite de la operación.",
        "The body of the request exceeds the limit of the operation.",
    ),
)
UNSUPPORTED_MEDIA_TYPE: Final = ProblemType(
    "unsupported-media-type",
    415,
    Texts("Tipo de contenido no admitido", "Unsupported media type"),
    Texts(
        "La operación solo lee cuerpos del tipo que nombra la cabecera `Accept-Post` (o `Accept-Patch`, o `Accept`), "
        "en UTF-8.",
        "The operation reads only bodies of the type that the header `Accept-Post` (or `Accept-Patch`, or `Accept`) "
        "names, in UTF-8.",
    ),
)
RANGE_NOT_SATISFIABLE: Final = ProblemType(
    "range-not-satisfiable",
    416,
    Texts("El rango no existe", "The range does not exist"),
    Texts(
        "La cabecera `Range` pide bytes que el fichero no tiene. `Content-Range` dice cuántos son.",
        "The header `Range` asks for bytes that the file does not have. `Content-Range` says how many there are.",
    ),
)
IDEMPOTENCY_KEY_REUSED: Final = ProblemType(
    "idempotency-key-reused",
    # Not the 422 of the draft for this header: the request is valid, only what is stored stands against it (RFC 9110).
    409,
    Texts("La clave de idempotencia ya se usó", "The idempotency key was used already"),
    Texts(
        "La cabecera `Idempotency-Key` nombra una petición anterior distinta de esta. Use una clave nueva.",
        "The header `Idempotency-Key` names an earlier request that was another than this one. Use a new key.",
    ),
)
PRECONDITION_REQUIRED: Final = ProblemType(
    "precondition-required",
    428,
    Texts("Falta la versión que se cambia", "The version that is changed is missing"),
    Texts(
        "La operación cambia algo que otros pueden cambiar a la vez: necesita `If-Match` con el `ETag` que se leyó.",
        "The operation changes what others may change at the same time: it needs `If-Match` with the `ETag` read.",
    ),
)
TOO_MANY_REQUESTS: Final = ProblemType(
    "too-many-requests",
    429,
    Texts("Demasiadas peticiones", "Too many requests"),
    Texts(
        "Esta clave, o esta dirección si no la hay, ha pedido más de lo que admite el límite que nombra "
        "`RateLimit-Policy`. La cabecera `Retry-After` dice en cuántos segundos volver a intentarlo.",
        "This key, or this address where there is none, has asked for more than is admitted by the limit that "
        "`RateLimit-Policy` names. The header `Retry-After` says in how many seconds to try again.",
    ),
)
INTERNAL_ERROR: Final = ProblemType(
    "internal-error",
    500,
    Texts("Error interno", "Internal error"),
    Texts(
        "El servicio ha fallado por una causa imprevista. Queda anotada con el `request_id` de la respuesta.",
        "The service failed for an unforeseen cause. It is logged with the `request_id` of the answer.",
    ),
)
NOT_IMPLEMENTED: Final = ProblemType(
    "not-implemented",
    501,
    Texts("No hay ese formato", "No such format"),
    Texts(
        "La norma de este servicio tiene el formato que se pide, pero aquí no lo hay. El detalle nombra los que hay.",
        "The standard of this service has the format that is asked for, but it is not here. The detail names those "
        "that are.",
    ),
)
UNAVAILABLE: Final = ProblemType(
    "unavailable",
    503,
    Texts("El servicio no está disponible", "The service is not available"),
    Texts(
        "El servicio aún no puede atender la petición. La cabecera `Retry-After` dice en cuántos segundos intentarlo.",
        "The service cannot answer yet. The header `Retry-After` says in how many seconds to try again.",
    ),
)

TYPES: Final[Mapping[str, ProblemType]] = {
    known.slug: known
    for known in (
        INVALID_REQUEST,
        UNAUTHORIZED,
        FORBIDDEN,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        NOT_ACCEPTABLE,
        CONFLICT,
        PRECONDITION_FAILED,
        CONTENT_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        RANGE_NOT_SATISFIABLE,
        IDEMPOTENCY_KEY_REUSED,
        PRECONDITION_REQUIRED,
        TOO_MANY_REQUESTS,
        INTERNAL_ERROR,
        NOT_IMPLEMENTED,
        UNAVAILABLE,
    )
}
_OF_LITESTAR: Final[Mapping[int, ProblemType]] = {
    404: NOT_FOUND,
    405: METHOD_NOT_ALLOWED,
    406: NOT_ACCEPTABLE,
    413: CONTENT_TOO_LARGE,
    415: UNSUPPORTED_MEDIA_TYPE,
}
"""Problem types of the exceptions that Litestar raises, by status; any other status below 500 is an invalid request."""


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of the request: its place, the broken rule and the received value."""

    pointer: Annotated[
        str,
        Meta(
            description="JSON Pointer (RFC 6901) into the body, the name of a query parameter or header, or a "
            "place in a file; at most 200 characters of a name."
        ),
    ]
    rule: Annotated[str, Meta(description="A keyword of the schema, or a rule of the service.")]
    value: Annotated[
        str | None,
        Meta(
            description="The received value as JSON, cut at 100 characters, or in a conflict (409) a value as text: "
            "the received one, or the one in its way; null if there is none, or if it may be personal data."
        ),
    ]
    detail: Annotated[str, Meta(description="A sentence about the fault, in the language of the response.")]
    suggestion: Annotated[str | None, Meta(description="A value that may be accepted instead; null if none is known.")]
    allowed: Annotated[
        tuple[str, ...],
        Meta(description="The values that would be accepted; empty if they cannot be listed."),
    ]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The reason why a request failed (RFC 9457). `status` is the HTTP status of the response."""

    type: Annotated[
        str,
        Meta(description="The problem type: a URI reference to a page that explains it."),
    ]
    title: Annotated[str, Meta(description="Name of the problem type.")]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="A sentence about the fault, in the language of the response.")]
    instance: Annotated[str, Meta(description="Path of the request.")]
    request_id: Annotated[str, Meta(description="As in the header `X-Request-Id`.")]
    errors: Annotated[
        tuple[FieldError, ...],
        Meta(
            description="All faults of the request. If there are too many, the first ones, and a last entry with the "
            "rule `more` that counts the rest."
        ),
    ]


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault of a request, with its sentence in every language.

    Attributes:
        pointer: JSON Pointer into the body, or the name of a query parameter or header.
        rule: Name of the broken rule.
        value: Received value as JSON, None if there is none or it may be personal data.
        detail: Sentence about the fault.
        suggestion: Value that may be accepted instead, None if none is known.
        count: 1, or the number of omitted faults in a fault with the rule `more`, which stands for them.
        allowed: Accepted values if they can be listed: the values of an enumeration, the parameters of the operation,
            or the states that may follow the present one; else empty.
    """

    pointer: str
    rule: str
    value: str | None
    detail: Texts
    suggestion: str | None = None
    count: int = 1
    allowed: tuple[str, ...] = ()


def limit_faults(faults: Iterable[Fault]) -> list[Fault]:
    """Return the first `FAULTS_MAX` faults, sorted by pointer, and one that counts all others, if there are more."""
    rest = iter(faults)
    kept = sorted(islice(rest, FAULTS_MAX), key=lambda fault: fault.pointer)
    return [*kept, *_count_rest(sum(fault.count for fault in rest))]


def _count_rest(count: int) -> list[Fault]:
    if count == 0:
        return []
    detail = Texts("Fallos que no se enumeran: {count}.", "Faults that are not listed: {count}.", count=count)
    return [Fault("", "more", None, detail, count=count)]


@dataclass(eq=False)
class ProblemError(Exception):
    """Exception that becomes a response with a problem document (RFC 9457).

    It is raised by handlers, by middleware and by the decoding of inputs. `detail`: explanation of this occurrence.
    `faults`: faults of the request. `headers`: additional response headers.
    """

    type: ProblemType
    detail: Texts
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def refuse_input(faults: Sequence[Fault]) -> ProblemError:
    """Return the 400 problem of an invalid request, which lists these faults."""
    count = sum(fault.count for fault in faults)
    return ProblemError(
        INVALID_REQUEST,
        (
            Texts("Hay un fallo; véase `errors`.", "There is one fault; see `errors`.")
            if count == 1
            else Texts("Hay {count} fallos; véase `errors`.", "There are {count} faults; see `errors`.", count=count)
        ),
        faults,
    )


E = TypeVar("E", bound=Exception)
ProblemMapping = tuple[type[Exception], Callable[[Exception], ProblemError | Moved]]


def maps_to(
    exception: type[E],
    problem: ProblemType,
    detail: Texts | Callable[[E], Texts],
    faults: Callable[[E, Texts], Sequence[Fault]] = lambda error, detail: (),
    *,
    retry_after: str | None = None,
) -> ProblemMapping:
    """Return a mapping that turns exceptions of a type into problems of the type `problem`.

    `detail` is the explanation, with placeholders that name attributes of the exception, or returns it for an
    exception. `faults` returns the faults of the request for an exception and its explanation. `retry_after` is the
    value of that header, in seconds. The `routes.py` of each resource lists its mappings as `PROBLEMS`, and `app.py`
    collects them.
    """
    headers = {} if retry_after is None else {"Retry-After": retry_after}

    def map_exception(error: Exception) -> ProblemError:
        assert isinstance(error, exception)
        text = detail.fill(**vars(error)) if isinstance(detail, Texts) else detail(error)
        return ProblemError(problem, text, faults(error, text), headers)

    return exception, map_exception


def moves_to(exception: type[E], parameter: str, value: Callable[[E], str]) -> ProblemMapping:
    """Return a mapping that turns exceptions of a type into redirects (308).

    The redirect leads to the same path with another value of the path parameter `parameter`. `value` returns that value
    for an exception.
    """

    def map_exception(error: Exception) -> Moved:
        assert isinstance(error, exception)
        return Moved(parameter, value(error))

    return exception, map_exception


def build_problem(scope: HTTPScope, error: ProblemError, language: Language) -> Problem:
    """Return the problem document of an exception in a language.

    `scope`: the request, whose path and id the document contains.
    """
    return Problem(
        type=error.type.uri,
        title=error.type.title.into(language),
        status=error.type.status,
        detail=error.detail.into(language),
        # Where `Accept` selected a file, the client still asked for the resource.
        instance=quote(scope["state"].get("requested_path", scope["path"]), safe="/:@!$&'()*+,;=~-._"),
        request_id=assign_request_id(scope),
        errors=_build_field_errors(error.faults, language),
    )


def _build_field_errors(faults: Sequence[Fault], language: Language) -> tuple[FieldError, ...]:
    """Return the faults in a language, as many as fit in `SIZE_MAX` bytes.

    If not all fit, a last one says how many were left out.
    """
    field_errors: list[FieldError] = []
    size = 0
    for number, fault in enumerate(faults):
        field_errors.append(_build_field_error(fault, language))
        size += len(msgspec.json.encode(field_errors[-1])) + 1
        if size > SIZE_MAX - _ROOM_FOR_MORE:
            rest = _count_rest(sum(rest_fault.count for rest_fault in faults[number:]))
            return (*field_errors[:-1], *(_build_field_error(more, language) for more in rest))
    return tuple(field_errors)


def _build_field_error(fault: Fault, language: Language) -> FieldError:
    return FieldError(
        pointer=fault.pointer,
        rule=fault.rule,
        value=fault.value,
        detail=fault.detail.into(language),
        suggestion=fault.suggestion,
        allowed=fault.allowed,
    )


PageRenderer = Callable[[ApiRequest, ProblemError], Response[bytes]]
"""Function that shows a problem to a person, as a page."""

PAGE_RENDERER: Final = "problem_page"
"""Member of the state of an application: its `PageRenderer`. Without one, problems are documents for everybody."""


def build_response(scope: HTTPScope, error: ProblemError, *, is_described: bool = False) -> Response[bytes]:
    """Return the response to a `ProblemError`, in the language of the request and without secrets of keys.

    Outside the API, the response is a page for a client that prefers HTML. `is_described`: True to return a problem
    document in any case, because the OpenAPI document promises one; operations of the document need not set it.
    """
    is_described = is_described or _is_described(scope)
    if not is_described and prefers_page(read_header(scope, b"accept")):
        render: PageRenderer | None = scope["litestar_app"].state.get(PAGE_RENDERER)
        if render is not None:
            return render(Request(scope), error)
    language = choose_language(scope)
    headers = {
        "Cache-Control": NO_STORE,
        "Content-Language": language,
        "Vary": "Accept-Language" if is_described else "Accept, Accept-Language",
        **error.headers,
    }
    # A fault quotes what the client sent, which may contain a key in the wrong place.
    body = redact_keys(msgspec.json.encode(build_problem(scope, error, language)).decode()).encode()
    return Response(body, status_code=error.type.status, media_type=PROBLEM_JSON, headers=headers)


def _is_described(scope: HTTPScope) -> bool:
    """Return True if a request is one of the API, or of an operation elsewhere that the OpenAPI document has."""
    handler = scope.get("route_handler")
    path = scope["path"]
    return path == VERSIONED or path.startswith(f"{VERSIONED}/") or (handler is not None and "contract" in handler.opt)


def build_exception_handler(mappings: Sequence[ProblemMapping]) -> Callable[[ApiRequest, Exception], Response[bytes]]:
    """Return the exception handler of the application, which turns every exception into a problem or a redirect.

    An exception without a mapping is logged and becomes a 500 problem.
    """
    mapped = dict(mappings)

    def handle(request: ApiRequest, exception: Exception) -> Response[bytes]:
        error = find_problem(exception, mapped)
        if error is None:
            _log.error(
                "unplanned",
                request_id=assign_request_id(request.scope),
                traceparent=read_traceparent(request.scope),
                method=request.scope["method"],
                path=request.scope["path"],
                exc_info=exception,
            )
            error = ProblemError(INTERNAL_ERROR, INTERNAL_ERROR.description)
        if isinstance(error, Moved):
            return redirect(request.scope, error)
        return build_response(request.scope, error)

    return handle


def find_problem(
    exception: Exception, mapped: Mapping[type[Exception], Callable[[Exception], ProblemError | Moved]]
) -> ProblemError | Moved | None:
    """Return the problem or redirect that an exception becomes, or None if the exception is unexpected.

    `mapped`: for each type of exception, the function that converts it. An exception of a subclass without a function
    is converted like its nearest base class. A `ProblemError` is returned unchanged, and an exception of Litestar with
    a status below 500 becomes a problem.
    """
    if isinstance(exception, ProblemError):
        return exception
    # From the class to its bases, so that the most specific mapping is found.
    for kind in type(exception).__mro__:
        if kind in mapped:
            return mapped[kind](exception)
    if isinstance(exception, HTTPException) and exception.status_code < 500:
        known = _OF_LITESTAR.get(exception.status_code, INVALID_REQUEST)
        return ProblemError(known, known.description, headers=exception.headers or {})
    return None


def refuse_media_type(*offered: str) -> ProblemError:
    """Return the 406 problem of a request whose client accepts none of the `offered` media types."""
    listed = ", ".join(offered or (JSON,))
    return ProblemError(
        NOT_ACCEPTABLE,
        Texts("Este recurso existe como {listed}.", "This resource exists as {listed}.", listed=listed),
    )
