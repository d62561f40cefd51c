"""Everything that a call can raise; all of it can be pickled.

::

    ActitudError
    ├── NoAnswer                whether a change was made is open, unless ``sent`` is false
    │   ├── ConnectionFailed        no connection, or one that broke
    │   └── TimedOut                no answer in time
    ├── UnexpectedResponse      an answer that is not one of the service
    ├── NotModified             what was read is still as it was (``if_none_match``)
    ├── ScoreHasErrors          the answers contradict each other; carries the score
    ├── Unverifiable            what ``verify`` was given is nothing that a service publishes
    └── ApiProblem              the service refused or failed, and says why (RFC 9457)
        ├── RequestRefused          4xx
        │   ├── InvalidRequest          400
        │   ├── Unauthorized            401
        │   ├── Forbidden               403
        │   ├── NotFound                404
        │   ├── MethodNotAllowed        405
        │   ├── NotAcceptable           406
        │   ├── Conflict                409
        │   ├── PreconditionFailed      412
        │   ├── ContentTooLarge         413
        │   ├── UnsupportedMediaType    415
        │   ├── IdempotencyKeyReused    422
        │   ├── PreconditionRequired    428
        │   └── TooManyRequests         429
        └── ServiceFailed           5xx
            ├── InternalError           500
            ├── NotSupported            501
            └── ServiceUnavailable      503

A problem of a type that this version does not know is a ``RequestRefused`` or a ``ServiceFailed``.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from actitud.models import Score


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of the request.

    ``pointer``: JSON Pointer into the body, or the name of a parameter. ``rule``: what was broken. ``value``: what was
    received there, as JSON, perhaps cut. ``suggestion``: what may have been meant. ``allowed``: what the state that
    there is allows instead, where it is the state that is wrong.
    """

    pointer: str
    rule: str
    value: str | None = None
    detail: str = ""
    suggestion: str | None = None
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        hint = f" (did you mean {self.suggestion!r}?)" if self.suggestion else ""
        return f"{self.pointer or '/'}: {self.detail or self.rule}{hint}"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem document (RFC 9457). ``type`` ends in the kebab-case name of the problem."""

    type: str = "about:blank"
    title: str = ""
    status: int | None = None
    detail: str | None = None
    instance: str | None = None
    request_id: str | None = None
    errors: tuple[FieldError, ...] = ()


class ActitudError(Exception):
    """Root of the errors of this library."""


class NoAnswer(ActitudError):
    """No answer came. A change was perhaps made: read again before repeating it.

    ``sent``: false where no attempt can have reached the service, so that nothing was done.
    """

    def __init__(self, message: str, sent: bool = True) -> None:
        super().__init__(message, sent)
        self.message = message
        self.sent = sent

    def __str__(self) -> str:
        return self.message


class ConnectionFailed(NoAnswer):
    """The service could not be reached, or the connection broke before the whole answer was there."""


class TimedOut(NoAnswer):
    """The service did not answer within the time-outs of the client."""


class UnexpectedResponse(ActitudError):
    """Something answered that is not the service: HTML of a proxy, broken JSON, another host.

    ``status``: HTTP status, if there was one. ``request_id``: as the service's log knows it.
    """

    def __init__(self, message: str, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message, status, request_id)
        self.message = message
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        return self.message + _format_request(self.request_id)


class NotModified(ActitudError):
    """The resource is still as the client knows it (304), and was not sent again. ``etag`` names the state."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag

    def __str__(self) -> str:
        return f"still {self.etag}"


class ScoreHasErrors(ActitudError):
    """The answers contradict each other: the score has findings of severity ``error``.

    ``score`` is complete all the same; the contradicted indicators count 0 in it.
    """

    def __init__(self, score: Score) -> None:
        super().__init__(score)
        self.score = score

    def __str__(self) -> str:
        lines = [f"  {finding.rule}: {finding.text}" for finding in self.score.error_findings]
        return "\n".join(["the answers contradict each other:", *lines])


class Unverifiable(ActitudError, ValueError):
    """The file is nothing that a service publishes; ``text`` says why, by language."""

    def __init__(self, text: Mapping[str, str]) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return self.text["en"]


class ApiProblem(ActitudError):
    """The service refused the request or failed, with a problem document.

    ``problem``: the document. ``status``: HTTP status. ``request_id``: as the service's log knows it.
    ``retry_after``: seconds that the service asks to wait, if it does.
    """

    def __init__(
        self,
        problem: Problem,
        status: int,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(problem, status, request_id, retry_after)
        self.problem = problem
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """All wrong places of the request, at once; empty where the problem is not about fields."""
        return self.problem.errors

    def __str__(self) -> str:
        parts = [self.problem.title or f"status {self.status}"]
        if self.problem.detail and self.problem.detail != self.problem.title:
            parts.append(self.problem.detail)
        lines = [f"\n  {error}" for error in self.errors]
        return ": ".join(parts) + _format_request(self.request_id) + "".join(lines)


class RequestRefused(ApiProblem):
    """4xx: the request cannot succeed as it is."""


class InvalidRequest(RequestRefused):
    """400: not valid by the published schema; ``errors`` has every wrong place."""


class Unauthorized(RequestRefused):
    """401: the operation needs a key, and none came or it does not count."""


class Forbidden(RequestRefused):
    """403: the key is valid, but its role does not allow the operation."""


class NotFound(RequestRefused):
    """404: an unknown id, version or cursor."""


class MethodNotAllowed(RequestRefused):
    """405: the resource does not support the method."""


class NotAcceptable(RequestRefused):
    """406: no representation of the kind that was asked for."""


class Conflict(RequestRefused):
    """409: contradicts the state of the resource or what is stored; ``errors`` says where."""


class PreconditionFailed(RequestRefused):
    """412: the resource has changed since it was read, or is there already; nothing was done.

    It is never the call itself that changed it: where the answer of an attempt was lost and its repetition is refused,
    the error is that of the lost attempt (:class:`NoAnswer`, :class:`ServiceFailed`).
    """


class ContentTooLarge(RequestRefused):
    """413: the body is larger than the operation reads."""


class UnsupportedMediaType(RequestRefused):
    """415: a body of a type that the operation does not read."""


class IdempotencyKeyReused(RequestRefused):
    """422: the idempotency key belongs to another request."""


class PreconditionRequired(RequestRefused):
    """428: the change needs the ``ETag`` of what it changes."""


class TooManyRequests(RequestRefused):
    """429: more than the limits of the service admit; ``retry_after`` says for how long."""


class ServiceFailed(ApiProblem):
    """5xx: the fault is on the side of the service."""


class InternalError(ServiceFailed):
    """500: an unforeseen fault, logged by the service under ``request_id``."""


class NotSupported(ServiceFailed):
    """501: a format that the standard has and the service does not."""


class ServiceUnavailable(ServiceFailed):
    """503: not available yet; ``retry_after`` may say for how long."""


PROBLEM_TYPES: Mapping[str, type[ApiProblem]] = {
    "invalid-request": InvalidRequest,
    "unauthorized": Unauthorized,
    "forbidden": Forbidden,
    "not-found": NotFound,
    "method-not-allowed": MethodNotAllowed,
    "not-acceptable": NotAcceptable,
    "conflict": Conflict,
    "precondition-failed": PreconditionFailed,
    "content-too-large": ContentTooLarge,
    "unsupported-media-type": UnsupportedMediaType,
    "idempotency-key-reused": IdempotencyKeyReused,
    "precondition-required": PreconditionRequired,
    "too-many-requests": TooManyRequests,
    "internal-error": InternalError,
    "not-implemented": NotSupported,
    "unavailable": ServiceUnavailable,
}
"""The class of each problem type of the service, by the last segment of ``Problem.type``."""


def build_problem_error(
    problem: Problem, status: int, request_id: str | None = None, retry_after: float | None = None
) -> ApiProblem:
    """Make the error of a problem document: by its type, and for a type not known here by the class of status."""
    fallback = ServiceFailed if status >= 500 else RequestRefused
    kind = PROBLEM_TYPES.get(problem.type.rpartition("/")[2], fallback)
    return kind(problem, status, request_id, retry_after)


def _format_request(request_id: str | None) -> str:
    return f" [request {request_id}]" if request_id else ""
