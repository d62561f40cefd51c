"""Route decorators that derive the inputs of an operation from the signature of its handler.

    @get("/{edition:str}", operation_id="editions.get", access=ANYBODY, answer=EDITION)
    def get_edition(self, request: ApiRequest, path: EditionPath, database: Database) -> Response[bytes]:
        '''Get an edition.

        One edition by its id …
        '''

The first line of the docstring is the summary of the operation in the OpenAPI document, the rest its description. The
name of a parameter decides its value:

- `request`: the request itself, for example for `Representation.of`;
- `path`, `query`, `body`: Structs. `enforce` decodes query and body before the handler runs, and the OpenAPI document
  describes these Structs;
- `principal`: the holder of the key of the request; `X | None` unless the access rule requires a key;
- `expected`: a function that checks the preconditions of the request (`If-Match`) against a stored revision;
- `language`: the language of the response;
- a parameter annotated `FromPath[str]`: one segment of the path, for pages, which have no contract;
- any other name: the service with that name in the state of the application. `check_services` checks its type.

Handlers run in a worker thread, unless they are coroutines or their decorator has `threaded=False`. A handler returns a
`LargeResponse` for work that would occupy its thread for a long time.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, Final, NamedTuple, Required, TypedDict, Unpack, get_args, get_origin, get_type_hints

import msgspec
from litestar import Litestar, Response
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter
from litestar.response import Stream
from litestar.types import Empty

from actitud_api.engine.i18n import Language
from actitud_api.platform.http.access import OWNER, Rule, handlers_of, operation_id
from actitud_api.platform.http.batches import Batch, BatchBody
from actitud_api.platform.http.contract import Contract, Keeping, Link
from actitud_api.platform.http.deprecation import Deprecation
from actitud_api.platform.http.handler_threads import run_in_thread
from actitud_api.platform.http.inputs import Body, FileBody, NoParameters, Query
from actitud_api.platform.http.large_responses import LargeResponse, LargeResponseSlots
from actitud_api.platform.http.preconditions import Precondition, read_preconditions
from actitud_api.platform.http.problems import NO_STORE, ProblemType
from actitud_api.platform.http.representations import Files, Rendered, Representation
from actitud_api.platform.http.scope import ApiRequest, choose_language
from actitud_api.platform.http.spooled_bodies import SpooledBody, SpooledFile

Handler = Callable[..., object]
Decorator = Callable[[Handler], HTTPRouteHandler]
_Provider = Callable[[ApiRequest], object]

_STATUS: Final[Mapping[HttpMethod, int]] = {HttpMethod.POST: 201, HttpMethod.DELETE: 204}
_CHANGES: Final = (HttpMethod.PATCH, HttpMethod.DELETE)


class Options(TypedDict, total=False):
    """Arguments of a route decorator, apart from the path. All but `operation_id` and `access` may be left out.

    Attributes:
        operation_id: Name of the operation in the OpenAPI document.
        access: Access rule: which callers may use the operation.
        answer: Representation of a successful response; left out if the response has no content (204).
        body: Decoder of the body, if the annotation of `body` is not enough: for a file, or types known only at run
            time.
        body_max: Largest body in bytes, if it differs from the limit of the application.
        status: Status of success, if it differs from the default: 201 for POST, 204 for DELETE, else 200; 202 for a
            POST that asks for a job.
        problems: Problem types that the handler itself raises, in addition to the types that its contract implies.
        links: OpenAPI links to operations that may follow, by name.
        cors: True if scripts of any origin may read the response, without credentials; by default True for a GET
            operation that does not require a key.
        precondition: Precondition that the request must have, by default `match` (`If-Match`) for PATCH and DELETE,
            else `none`.
        attempt_named: True if the request must have an `Idempotency-Key`, which names the attempt; by default a POST
            that creates something or asks for a job (201, 202) may have one, and other operations ignore it.
        aliased: True if the path may contain an alias of an id, which is answered with a redirect (308); by default
            True if the path contains an organisation.
        represents: Path of the resource that the response represents as a file, such as `…/scores` for `…/scores.csv`;
            a request for that resource gets the file if its `Accept` prefers the media type of the file to JSON.
        takes_keys: True if the body may contain an access key; if False, the default, a body with a key is refused, so
            that no key is stored.
        deprecated: Announcement of the deprecation of the operation, for the OpenAPI document and each response.
        tags: Tags in the OpenAPI document that replace the tags of the controller.
        threaded: True, the default, to run the handler in a worker thread.
        unkept: Reason why responses to a public read are not stored in memory: they depend on more than its address and
            the public state, such as the day. Left out if they depend on these two alone.
        deferred: Representation of the immediate response (202) to `Prefer: respond-async`
            (`preferences.prefers_async`), if the operation has one.
    """

    operation_id: Required[str]
    access: Required[Rule]
    answer: Representation[Any]
    body: Body[Any] | BatchBody | FileBody
    body_max: int
    status: int
    problems: Sequence[ProblemType]
    links: Mapping[str, Link]
    cors: bool
    precondition: Precondition
    attempt_named: bool
    aliased: bool
    represents: str
    takes_keys: bool
    deprecated: Deprecation
    tags: Sequence[str]
    threaded: bool
    unkept: str
    deferred: Representation[Any]


def get(path: str | Sequence[str], **options: Unpack[Options]) -> Decorator:
    """Declare an operation that reads a resource, at one path or several. `Options` explains the keyword arguments.

    Several paths are for one file in several formats, such as `scores.csv` and `scores.json`.
    """
    return _declare(HttpMethod.GET, path, options)


def post(path: str, **options: Unpack[Options]) -> Decorator:
    """Declare an operation that creates a resource or computes a result. `Options` describes the arguments."""
    return _declare(HttpMethod.POST, path, options)


def put(path: str, **options: Unpack[Options]) -> Decorator:
    """Declare an operation that creates or replaces a resource. `Options` describes the arguments."""
    return _declare(HttpMethod.PUT, path, options)


def patch(path: str, **options: Unpack[Options]) -> Decorator:
    """Declare an operation that changes a resource; its body is a JSON merge patch (RFC 7396).

    `Options` describes the arguments of this decorator.
    """
    return _declare(HttpMethod.PATCH, path, options)


def delete(path: str, **options: Unpack[Options]) -> Decorator:
    """Declare an operation that removes a resource. `Options` describes the arguments."""
    return _declare(HttpMethod.DELETE, path, options)


class PageDescription(NamedTuple):
    """Description of a page, image or file for the OpenAPI document.

    Attributes:
        path: Path in the document.
        parameters: Struct of the path parameters, None if there are none.
        query: Decoder of the query parameters that the handler reads, whose schemas the document shows.
        answer: Content of the response by media type.
        problems: Problem types in addition to the types of every read.
        aliased: True if the path may contain an alias of an id.
    """

    path: str
    parameters: type[msgspec.Struct] | None
    query: Query[Any]
    answer: Rendered
    problems: Sequence[ProblemType] = ()
    aliased: bool = False


def get_page(
    path: str | Sequence[str],
    *,
    operation_id: str,
    access: Rule,
    cors: bool = False,
    threaded: bool = True,
    default_language: Language = "es",
    description: PageDescription | None = None,
    parameters: Collection[str] = (),
    by_language: bool = True,
    by_host: bool = False,
    is_constant: bool = False,
    has_clean_address: bool = False,
    unkept: str | None = None,
) -> Decorator:
    """Declare a page or file at one path or several, whose handler reads the request itself.

    Args:
        path: Path or paths of the page.
        operation_id: Name of the handler, in the OpenAPI document if there is a `description`.
        access: Access rule.
        cors: True if scripts of any origin may read the page, without credentials.
        threaded: True to run the handler in a worker thread.
        default_language: Language of the page if the request names none.
        description: Description for the OpenAPI document, beside the docstring; None if the document omits the page.
        parameters: Query parameters that the handler reads besides `lang` and those of `description`; all others are
            hidden from it.
        by_language: True if the page depends on the language of the request.
        by_host: True if the page depends on the `Host` of the request.
        is_constant: True if the page depends only on the release and the settings.
        has_clean_address: True to redirect a request with unknown or blank parameters to its address without them.
        unkept: Reason why the responses are not stored in memory, None if they are stored.
    """

    def decorate(function: Handler) -> HTTPRouteHandler:
        inputs = _HandlerInputs(function, access, None, HttpMethod.GET, default=default_language)
        contract = None if description is None else _build_page_contract(description, cors=cors)
        described: dict[str, object] = {} if contract is None else {"contract": contract}
        known = frozenset({"lang", *parameters, *(() if description is None else description.query.properties)})
        if not by_language:
            inputs.forbid_language()
        if unkept is None and access.key != "required":
            described["keeping"] = Keeping(
                parameters=known,
                has_clean_address=has_clean_address,
                by_language=by_language,
                by_host=by_host,
                is_constant=is_constant,
                is_streamed=inputs.may_stream,
            )
        summary, text = _parse_docstring(function)
        handler = HTTPRouteHandler(
            path,
            http_method=HttpMethod.GET,
            operation_id=operation_id,
            summary=summary,
            description=text,
            opt={
                "access": access,
                "cors": cors,
                "services": inputs.services,
                "parameters": known,
                "has_clean_address": has_clean_address,
                "unkept": unkept,
                **described,
            },
        )
        return handler(_bind(function, inputs, threaded=threaded))

    return decorate


def _build_page_contract(description: PageDescription, *, cors: bool) -> Contract:
    return Contract(
        answer=description.answer,
        query=description.query,
        body=None,
        path=description.parameters,
        problems=description.problems,
        links={},
        cors=cors,
        precondition="none",
        idempotent=False,
        attempt_named=False,
        aliased=description.aliased,
        represents=None,
        takes_keys=False,
        deprecated=None,
        is_page=True,
        described_path=description.path,
    )


def check_services(app: Litestar) -> None:
    """Raise `LookupError` if a handler parameter names an object that is missing in the state of the application.

    Every parameter names such an object, except parameters with a meaning of their own, such as `request`, `path`,
    `query` and `body`. An object of another type than the annotation of the parameter counts as missing.
    """
    for _, handler in handlers_of(app):
        for name, type_ in handler.opt.get("services", {}).items():
            if name not in app.state or not isinstance(app.state[name], type_):
                raise LookupError(f"{operation_id(handler)} takes `{name}`, which is no {type_.__name__}")


def _declare(method: HttpMethod, path: str | Sequence[str], options: Options) -> Decorator:
    def decorate(function: Handler) -> HTTPRouteHandler:
        access = options["access"]
        inputs = _HandlerInputs(function, access, options.get("body"), method, default="en")
        # Read from the docstring, so that the published description stands beside the code that it describes.
        summary, description = _parse_docstring(function)
        status = options.get("status", _STATUS.get(method, 200))
        contract = Contract(
            answer=options.get("answer"),
            query=inputs.query,
            body=inputs.body,
            path=inputs.path,
            problems=options.get("problems", ()),
            links=options.get("links", {}),
            cors=options.get("cors", method is HttpMethod.GET and access.key != "required"),
            precondition=options.get("precondition", "match" if method in _CHANGES else "none"),
            idempotent=method is HttpMethod.POST and status in (201, 202),
            attempt_named=options.get("attempt_named", False),
            aliased=options.get("aliased", inputs.path is not None and OWNER in inputs.path.__struct_fields__),
            represents=options.get("represents"),
            takes_keys=options.get("takes_keys", False),
            deprecated=options.get("deprecated"),
            deferred=options.get("deferred"),
        )
        reading: dict[str, object] = {}
        if method is HttpMethod.GET:
            known = frozenset({"lang", *inputs.query.properties})
            reading = {"parameters": known, "unkept": options.get("unkept")}
            answer = options.get("answer")
            if access.key != "required" and answer is not None and answer.cache != NO_STORE and "unkept" not in options:
                if not answer.sentences:
                    inputs.forbid_language()
                reading["keeping"] = Keeping(
                    parameters=known,
                    is_strict=True,
                    by_accept=not isinstance(answer, Files),
                    by_language=answer.sentences,
                    is_streamed=inputs.may_stream,
                )
        handler = HTTPRouteHandler(
            path,
            http_method=method,
            operation_id=options["operation_id"],
            summary=summary,
            description=description,
            tags=options.get("tags"),
            status_code=status,
            opt={"access": access, "contract": contract, "services": inputs.services, **reading},
            request_max_body_size=options.get("body_max", Empty),
        )
        return handler(_bind(function, inputs, threaded=options.get("threaded", True)))

    return decorate


def _parse_docstring(function: Handler) -> tuple[str, str]:
    """Return the summary and the description in a handler's docstring; each paragraph becomes one line."""
    summary, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
    return summary.removesuffix("."), "\n\n".join(text.replace("\n", " ") for text in rest.split("\n\n"))


class _HandlerInputs:
    """Inputs of a handler, derived from the names and annotations of its parameters."""

    def __init__(
        self,
        function: Handler,
        access: Rule,
        body: Body[Any] | BatchBody | FileBody | None,
        method: HttpMethod,
        *,
        default: Language,
    ) -> None:
        hints = get_type_hints(function, include_extras=True)
        declared = hints.pop("return")
        self.return_type: object = _remove_large(declared)
        self.may_stream = bool({LargeResponse, Stream} & {declared, *get_args(declared)})
        self.path: type[msgspec.Struct] | None = None
        self.query = _build_query(NoParameters)
        self.body = body
        self.services: dict[str, type] = {}
        self._access = access
        self._is_patch = method is HttpMethod.PATCH
        self._default = default
        self.providers = {name: self._build_provider(name, hint) for name, hint in hints.items()}

    def forbid_language(self) -> None:
        """Raise `TypeError` if the handler takes the language of the request.

        Raised when the module is imported: memory would give an answer in one language for every other.
        """
        if "language" in self.providers:
            raise TypeError("`language` decides an answer that is declared to be the same in every language")

    def build_arguments(self, request: ApiRequest) -> dict[str, object]:
        """Return the arguments by name with which a handler is called for a request."""
        return {name: provide(request) for name, provide in self.providers.items()}

    def _build_provider(self, name: str, hint: Any) -> _Provider:
        if get_origin(hint) is Annotated and any(isinstance(extra, PathParameter) for extra in get_args(hint)):
            return lambda request: request.scope["path_params"][name]
        match name:
            case "request":
                return lambda request: request
            case "path":
                self.path = hint
                return functools.partial(_read_path, hint)
            case "query":
                self.query = _build_query(hint)
            case "body":
                self.body = self._build_body(hint)
            case "principal":
                # Raised when the module is imported, so a wrong annotation cannot reach a running service.
                if self._access.key != "required" and NoneType not in get_args(hint):
                    raise TypeError("`principal` may be None: its access rule does not need a key")
                return lambda request: request.scope["state"].get("principal")
            case "expected":
                return read_preconditions
            case "language":
                return lambda request: choose_language(request.scope, self._default)
            case _:
                self.services[name] = get_origin(hint) or hint
                return lambda request: request.app.state[name]
        return lambda request: request.scope["state"][name]

    def _build_body(self, hint: Any) -> Body[Any] | BatchBody | FileBody:
        if self.body is None:
            return _build_json_body(get_args(hint) or (hint,), is_patch=self._is_patch)
        match self.body:
            case SpooledBody():
                types: tuple[type, ...] = (SpooledFile,)
            case FileBody():
                types = (bytes,)
            case BatchBody():
                types = (Batch,)
            case Body():
                types = self.body.types
        if not all(issubclass(type_, hint) for type_ in types):
            raise TypeError(f"`body` is no {hint}")
        return self.body


def _remove_large(return_type: Any) -> object:
    """Return the type of a response without `LargeResponse`, which Litestar never sees."""
    if LargeResponse not in get_args(return_type):
        return Response if return_type is LargeResponse else return_type
    return functools.reduce(operator.or_, (type_ for type_ in get_args(return_type) if type_ is not LargeResponse))


def _read_path(type_: type[msgspec.Struct], request: ApiRequest) -> msgspec.Struct:
    """Return the path parameters as a Struct.

    They are not validated: a malformed id names no resource, so the handler's query finds nothing and the response is
    404.
    """
    return type_(**request.scope["path_params"])


@functools.cache
def _build_query(type_: type[msgspec.Struct]) -> Query[Any]:
    return Query(type_)


@functools.cache
def _build_json_body(types: tuple[type[msgspec.Struct], ...], *, is_patch: bool) -> Body[Any]:
    return Body(*types, patch=is_patch)


def _bind(
    function: Handler, inputs: _HandlerInputs, *, threaded: bool
) -> Callable[[object, ApiRequest], Awaitable[object]]:
    """Wrap a handler in a function that takes only the request, as Litestar calls it.

    The wrapper computes the other arguments. Litestar's dependency injection could do that too, but takes 30 µs
    for each parameter, because it runs each in a task and converts it with a model of the signature. It also
    reserves the names `query` and `body`. `threaded`: True to run the handler in a worker thread.
    """
    call: Callable[..., Awaitable[object]]
    if inspect.iscoroutinefunction(function):
        call = function
    elif threaded:
        call = functools.partial(run_in_thread, function)
    else:
        call = _run_in_event_loop(function)

    async def handle(self: object, request: ApiRequest) -> object:
        response = await call(self, **inputs.build_arguments(request))
        if isinstance(response, LargeResponse):
            slots: LargeResponseSlots = request.app.state["large_responses"]
            return await slots.make(request, response)
        return response

    # Litestar reads the signature of a handler; this one hides the parameters that it must not inject itself.
    handle.__annotations__ = {"request": ApiRequest, "return": inputs.return_type}
    for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(handle, attribute, getattr(function, attribute))
    return handle


def _run_in_event_loop(function: Handler) -> Callable[..., Awaitable[object]]:
    async def call(self: object, **values: object) -> object:
        return function(self, **values)

    return call
