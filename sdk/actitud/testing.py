"""Test doubles for programs that use this library: a fake service without network, and example models.

    >>> from actitud import EditionScore
    >>> from actitud.testing import FakeServer, build
    >>> server = FakeServer()
    >>> server.answer("editions.scores.get", build(EditionScore, index=61.5))
    >>> server.client().editions.scores.get("2026", "ES-DIR3-L01280796").index
    61.5

An operation without a configured response returns the example of the OpenAPI document. The examples are part of the
package and are loaded on first use.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from actitud import models
from actitud._calls import AsyncBound, Attempt, Bound, OpenResponse, Outcome, Response
from actitud._config import SYSTEM, AppInfo, Core, configure
from actitud.client import AsyncClient, Client
from actitud.errors import PROBLEM_TYPES, ApiProblem, NoAnswer, Problem

S = TypeVar("S", bound=msgspec.Struct)

_KINDS: Mapping[type, str] = {
    models.Score: "scores.create",
    models.MethodologySummary: "methodologies.list",
    models.Organisation: "organisations.get",
    models.PastScore: "organisations.scores.list",
    models.Edition: "editions.get",
    models.EditionSummary: "editions.summary",
    models.ScoreRow: "editions.scores.list",
    models.EditionScore: "editions.scores.get",
    models.LevelPath: "editions.scores.path",
    models.Changes: "editions.scores.changes",
    models.Peers: "editions.scores.peers",
    models.Exemplar: "editions.exemplars.list",
    models.RobustScore: "editions.robustness.list",
    models.EditionStatistics: "editions.statistics",
    models.AssessmentLine: "editions.assessments.list",
    models.Assessment: "editions.assessments.get",
    models.SubmissionLine: "editions.assessments.submissions.list",
    models.Submission: "editions.assessments.submissions.get",
    models.Publication: "editions.publications.get",
    models.Signature: "published.signature",
    models.LedgerEntry: "ledger.list",
    models.Checkpoint: "ledger.checkpoints.get",
    models.WorkbookReading: "methodologies.workbook.read",
}
_ETAG = '"fake"'
_NO_TYPE = Problem().type


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Request that a :class:`FakeServer` received.

    ``operation``: id of the operation in the OpenAPI document, empty for ``client.request``. ``query`` and ``headers``:
    by name; only the headers that belong to the operation (``If-Match``, ``Idempotency-Key`` …). ``body``: the decoded
    JSON, or ``bytes`` if the body is not JSON.
    """

    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: models.JsonValue | bytes


def build(kind: type[S], **changes: object) -> S:
    """Build a model from its example in the OpenAPI document, with some members replaced by ``changes``.

    ``kind``: class of the model. Raises ``TypeError`` if the document has no example of the model, or if the model
    lacks a member named in ``changes``.
    """
    if kind not in _KINDS:
        raise TypeError(f"there is no example of {kind.__name__}")
    example = _load_examples()[f"{_KINDS[kind]}.response"]
    if isinstance(example, dict) and isinstance(items := example.get("items"), list):
        example = items[0]
    return msgspec.structs.replace(msgspec.convert(example, kind), **changes)


class FakeServer:
    """Fake service without network, for tests with blocking and asynchronous clients.

    ``requests``: the received requests, in order. One server can serve several clients. The server has no state: a
    write does not change later responses.
    """

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self._answers: dict[str, deque[object]] = {}

    def answer(self, operation: str, *answers: object) -> None:
        """Set the responses of an operation of the fake server. They are used in order; the last one is repeated.

        ``operation``: id of the operation in the OpenAPI document, ``editions.scores.get``, or ``request`` for
        ``client.request``. A response is a model or a JSON value; a ``list`` or ``tuple`` of items (one page) for a
        list; ``bytes`` for a file or document; the rows for a stream; or an exception to raise, such as
        :class:`actitud.TimedOut` or :class:`actitud.NotFound`. The client retries temporary failures as usual, but
        without waiting.

        Raises ``ValueError`` if the operation does not exist or no response is passed.
        """
        if operation not in {*_map_operations().values(), "request"}:
            raise ValueError(f"there is no operation {operation!r}")
        if not answers:
            raise ValueError("there is nothing to answer")
        self._answers[operation] = deque(answers)

    def client(
        self, *, api_key: str = "", lang: str | None = None, max_retries: int = 2, app_info: AppInfo | None = None
    ) -> Client:
        """Create a blocking client that sends its requests to this fake server.

        ``api_key``: key of the client, which the fake server does not check. ``lang``: default language, ``None`` to
        send none. ``max_retries``: retries of a call that can safely be repeated. ``app_info``: name and version of
        your program, ``None`` to send none.
        """
        return Client._of(_build_core(api_key, lang, max_retries, app_info), _BlockingTransport(self))

    def async_client(
        self, *, api_key: str = "", lang: str | None = None, max_retries: int = 2, app_info: AppInfo | None = None
    ) -> AsyncClient:
        """Create an asynchronous client that sends its requests to this fake server.

        ``api_key``: key of the client, which the fake server does not check. ``lang``: default language, ``None`` to
        send none. ``max_retries``: retries of a call that can safely be repeated. ``app_info``: name and version of
        your program, ``None`` to send none.
        """
        return AsyncClient._of(_build_core(api_key, lang, max_retries, app_info), _AsyncTransport(self))

    def _reply(self, attempt: Attempt) -> tuple[Outcome, bytes]:
        request = attempt.request
        path, _, query = request.target.partition("?")
        operation = _map_operations().get(attempt.core.operation, "")
        self.requests.append(
            Received(
                operation=operation,
                method=request.method,
                path=path,
                query=dict(parse_qsl(query)),
                headers=dict(request.headers),
                body=_parse_body(request.body),
            )
        )
        answers = self._answers.get(operation or "request")
        if answers is None:
            answer = _find_example(operation, request.method)
        else:
            answer = answers.popleft() if len(answers) > 1 else answers[0]
        if isinstance(answer, NoAnswer):
            return answer, b""
        if isinstance(answer, ApiProblem):
            return _build_problem(answer), b""
        if isinstance(answer, Exception):
            raise answer
        if request.method == "DELETE":
            return _build_response(204, "", b""), b""
        tag = answer.etag if isinstance(answer, models.Versioned) else None
        media_type, body = _encode_answer(operation, answer, request.headers.get("Accept", "").partition(",")[0])
        if request.headers.get("If-None-Match") in (tag or _ETAG, "*") and request.method == "GET":
            return _build_response(304, "", b"", tag), b""
        return _build_response(200, media_type, body, tag), body


class _BlockingTransport:
    def __init__(self, server: FakeServer) -> None:
        self._server = server

    def perform(self, attempt: Attempt) -> Outcome:
        outcome, body = self._server._reply(attempt)
        return _open_answer(outcome, attempt, _iterate_pieces(body))


class _AsyncTransport:
    def __init__(self, server: FakeServer) -> None:
        self._server = server

    async def perform(self, attempt: Attempt) -> Outcome:
        outcome, body = self._server._reply(attempt)
        return _open_answer(outcome, attempt, _iterate_pieces_async(body))


def _open_answer(
    outcome: Outcome, attempt: Attempt, pieces: Generator[bytes, None, None] | AsyncGenerator[bytes, None]
) -> Outcome:
    if isinstance(outcome, Response) and outcome.status == 200 and attempt.request.streamed is not None:
        return OpenResponse(status=200, headers=outcome.headers, body=b"", pieces=pieces)
    return outcome


def _iterate_pieces(body: bytes) -> Generator[bytes, None, None]:
    yield body


async def _iterate_pieces_async(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _build_core(api_key: str, lang: str | None, max_retries: int, app_info: AppInfo | None) -> Core:
    return configure(
        base_url="http://fake.test",
        timeout=1.0,
        api_key=api_key,
        lang=lang,
        max_retries=max_retries,
        app_info=app_info,
        wait_for_limit=False,
        runtime=SYSTEM,
    )


def _find_example(operation: str, method: str) -> object:
    if method == "DELETE":
        return None
    example = _load_examples().get(f"{operation}.response")
    if example is None:
        raise LookupError(f"say with answer({operation or 'request'!r}, …) what it answers: there is no example")
    # The example of a list is the first of many pages.
    return {**example, "next": None} if isinstance(example, dict) and "next" in example else example


def _encode_answer(operation: str, answer: object, accept: str) -> tuple[str, bytes]:
    if isinstance(answer, bytes):
        return accept or "application/json", answer
    if accept == "application/jsonl" and isinstance(answer, Iterable):
        return accept, b"".join(msgspec.json.encode(row) + b"\n" for row in answer)
    if isinstance(answer, list | tuple) and operation in _find_lists():
        answer = {"keys": answer} if operation == "signing_keys.list" else {"items": answer, "next": None}
    return "application/json", msgspec.json.encode(answer)


def _build_problem(error: ApiProblem) -> Response:
    headers = {"content-type": "application/problem+json", "x-request-id": error.request_id or "fake"}
    if error.retry_after is not None:
        headers["retry-after"] = str(round(error.retry_after))
    problem = error.problem
    slugs = {kind: slug for slug, kind in PROBLEM_TYPES.items()}
    if problem.type == _NO_TYPE and type(error) in slugs:
        # The client derives the exception from the type, so it raises the class that the test passed.
        problem = msgspec.structs.replace(problem, type=f"/problems/{slugs[type(error)]}")
    return Response(status=error.status, headers=headers, body=msgspec.json.encode(problem))


def _build_response(status: int, media_type: str, body: bytes, etag: str | None = None) -> Response:
    headers = {"content-type": media_type, "etag": etag or _ETAG, "x-request-id": "fake"}
    return Response(status=status, headers=headers, body=body)


def _parse_body(body: bytes | None) -> models.JsonValue | bytes:
    if body is None:
        return None
    try:
        value: models.JsonValue = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    return value


@cache
def _find_lists() -> frozenset[str]:
    return frozenset(name for name in _map_operations().values() if name.endswith(".list"))


@cache
def _load_examples() -> Mapping[str, models.JsonValue]:
    return msgspec.json.decode(
        files("actitud").joinpath("_examples.json").read_bytes(), type=dict[str, models.JsonValue]
    )


@cache
def _map_operations() -> Mapping[str, str]:
    """Map the qualified name of each method of both clients to the id of its operation in the OpenAPI document."""
    server = FakeServer()
    methods = {**dict(_list_methods(server.client(), "")), **dict(_list_methods(server.async_client(), ""))}
    # Methods that call the operation of another one.
    others = {"Client.score": "scores.create", "AsyncClient.score": "scores.create"}
    return {**methods, **others, "Jobs.wait": "jobs.get", "AsyncJobs.wait": "jobs.get"}


def _list_methods(bound: object, prefix: str) -> Iterable[tuple[str, str]]:
    for name, value in inspect.getmembers(bound):
        if inspect.ismethod(value) and prefix and not name.startswith("_"):
            yield value.__qualname__, prefix + name
        elif isinstance(value, Bound | AsyncBound) and not name.startswith("_"):
            yield from _list_methods(value, f"{prefix}{name}.")
