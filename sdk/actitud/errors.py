"""Every exception that a call can raise. All of them can be pickled.

::

    ActitudError
    ├── NoAnswer                the service may have acted, unless ``sent`` is false
    │   ├── ConnectionFailed        no connection, or a broken one
    │   └── TimedOut                no response in time
    ├── UnexpectedResponse      a response that does not come from the service
    ├── NotModified             the resource has not changed (``if_none_match``)
    ├── ScoreHasErrors          the answers contradict each other; carries the score
    ├── JobNotDone              the job has failed or was cancelled; carries the job
    ├── WaitTimedOut            the job has not ended in time and goes on; carries the job
    ├── Unverifiable            the file passed to ``verify`` is not a published file
    └── ApiProblem              the service refused or failed, with a problem document (RFC 9457)
        ├── RequestRefused          4xx
        │   ├── InvalidRequest          400
        │   ├── Unauthorized            401
        │   ├── Forbidden               403
        │   ├── NotFound                404
        │   ├── MethodNotAllowed        405
        │   ├── NotAcceptable           406
        │   ├── Conflict                409
        │   ├── IdempotencyKeyReused    409
        │   ├── PreconditionFailed      412
        │   ├── ContentTooLarge         413
        │   ├── UnsupportedMediaType    415
        │   ├── RangeNotSatisfiable     416
        │   ├── PreconditionRequired    428
        │   └── TooManyRequests         429
        └── ServiceFailed           5xx
            ├── InternalError           500
            ├── NotSupported            501
            └── ServiceUnavailable      503

A problem whose type this version does not know is raised as ``RequestRefused`` or ``ServiceFailed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from actitud._problem import FieldError as FieldError
from actitud._problem import Problem as Problem
from actitud.models import Job, Score

__all__ = [
    "ActitudError",
    "ApiProblem",
    "Conflict",
    "ConnectionFailed",
    "ContentTooLarge",
    "FieldError",
    "Forbidden",
    "IdempotencyKeyReused",
    "InternalError",
    "InvalidRequest",
    "JobNotDone",
    "MethodNotAllowed",
    "NoAnswer",
    "NotAcceptable",
    "NotFound",
    "NotModified",
    "NotSupported",
    "PreconditionFailed",
    "PreconditionRequired",
    "Problem",
    "RangeNotSatisfiable",
    "RequestRefused",
    "ScoreHasErrors",
    "ServiceFailed",
    "ServiceUnavailable",
    "TimedOut",
    "TooManyRequests",
    "Unauthorized",
    "UnexpectedResponse",
    "UnsupportedMediaType",
    "Unverifiable",
    "WaitTimedOut",
]


class ActitudError(Exception):
    """Base class of all exceptions of this library."""


class NoAnswer(ActitudError):
    """Raised if no response arrived. The service may have performed the call: read the resource before you repeat it.

    ``sent``: true if an attempt may have reached the service. If it is false, nothing was changed.
    """

    def __init__(self, message: str, sent: bool = True) -> None:
        super().__init__(message, sent)
        self.message = message
        self.sent = sent

    def __str__(self) -> str:
        return self.message


class ConnectionFailed(NoAnswer):
    """Raised if the service could not be reached, or the connection broke before the response was complete."""


class TimedOut(NoAnswer):
    """Raised if the service did not answer within the client's time-outs."""


class UnexpectedResponse(ActitudError):
    """Raised if a response does not come from the service: an HTML page of a proxy, broken JSON, a redirect elsewhere.

    ``status``: HTTP status, ``None`` if there was none. ``request_id``: id of the request in the service's log,
    ``None`` if the response has none.
    """

    def __init__(self, message: str, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message, status, request_id)
        self.message = message
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        return self.message + _format_request(self.request_id)


class NotModified(ActitudError):
    """Raised if the resource still has the ``etag`` that was passed as ``if_none_match`` (304); no body was sent."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag

    def __str__(self) -> str:
        return f"still {self.etag}"


class ScoreHasErrors(ActitudError):
    """Raised by ``Client.score`` if the answers contradict each other: the score has findings of severity ``error``.

    ``score``: the complete score, in which the contradicted indicators count 0.
    """

    def __init__(self, score: Score) -> None:
        super().__init__(score)
        self.score = score

    def __str__(self) -> str:
        lines = [f"  {finding.rule}: {finding.text}" for finding in self.score.error_findings]
        return "\n".join(["the answers contradict each other:", *lines])


class JobNotDone(ActitudError):
    """Raised if a job has failed or was cancelled while the caller waited for its result.

    ``job``: the job in its final state.
    """

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.job = job

    def __str__(self) -> str:
        if self.job.problem is None:
            return f"job {self.job.id} was {self.job.state} at {self.job.done}"
        problem = self.job.problem
        faults = [
            f"{error.pointer}: {error.detail}" if error.pointer else error.detail
            for error in problem.errors
            if error.detail != problem.detail
        ]
        return f"job {self.job.id} has failed: {'; '.join([problem.detail or problem.title, *faults])}"


class WaitTimedOut(ActitudError):
    """Raised if a job has not ended after the ``timeout`` of ``client.jobs.wait``. The job goes on at the service.

    ``job``: the job as last seen; ``client.jobs.wait(error.job.id)`` waits for it again. ``timeout``: the seconds.
    """

    def __init__(self, job: Job, timeout: float) -> None:
        super().__init__(job, timeout)
        self.job = job
        self.timeout = timeout

    def __str__(self) -> str:
        job = self.job
        progress = f"{job.done} done" if job.total is None else f"{job.done} of {job.total} done"
        return f"job {job.id} has not ended after {self.timeout:g} s and goes on: {job.state}, {progress}"


class Unverifiable(ActitudError, ValueError):
    """Raised if ``verify`` gets a file that no service publishes, or a ``ledger`` or ``checkpoint`` of another form.

    ``text``: the reason, by language. ``argument``: the argument of ``verify`` that the reason is about.
    """

    def __init__(self, text: Mapping[str, str], argument: Literal["source", "ledger", "checkpoint"] = "source") -> None:
        super().__init__(text)
        self.text = text
        self.argument = argument

    def __str__(self) -> str:
        return self.text["en"]


class ApiProblem(ActitudError):
    """Raised if the service refused the request or failed, and sent a problem document (RFC 9457).

    Attributes:
        problem: The document.
        status: HTTP status.
        request_id: Id of the request in the service's log, ``None`` if the response has none.
        retry_after: Seconds to wait before a retry, ``None`` if the service sent no ``Retry-After``.
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
        """All faults of the request; empty if the problem is not about single fields."""
        return self.problem.errors

    def __str__(self) -> str:
        parts = [self.problem.title or f"status {self.status}"]
        if self.problem.detail and self.problem.detail != self.problem.title:
            parts.append(self.problem.detail)
        # An error without a place often has the sentence of the whole problem.
        lines = [f"\n  {error}" for error in self.errors if error.pointer or error.detail != self.problem.detail]
        return ": ".join(parts) + _format_request(self.request_id) + "".join(lines)


class RequestRefused(ApiProblem):
    """Raised if the service refuses a request (a status from 400 to 499); sent again unchanged, it fails too."""


class InvalidRequest(RequestRefused):
    """400: the request does not match the published schema; ``errors`` lists every fault."""


class Unauthorized(RequestRefused):
    """401: the operation needs an API key, and the key is missing or not valid."""


class Forbidden(RequestRefused):
    """403: the key is valid, but its role does not allow the operation."""


class NotFound(RequestRefused):
    """404: there is no resource with that id, or the caller may not see it."""


class MethodNotAllowed(RequestRefused):
    """405: the resource does not support the method."""


class NotAcceptable(RequestRefused):
    """406: the operation cannot answer in the requested media type."""


class Conflict(RequestRefused):
    """409: the request contradicts the state of the resource or stored data; ``errors`` says where."""


class PreconditionFailed(RequestRefused):
    """412: another call changed the resource after it was read, or the resource exists already. Nothing was changed.

    If a retry is refused because the first attempt of the same call succeeded and its response was lost, the error
    of the first attempt is raised instead: :class:`NoAnswer` or :class:`ServiceFailed`.
    """


class ContentTooLarge(RequestRefused):
    """413: the request body is larger than the operation accepts."""


class UnsupportedMediaType(RequestRefused):
    """415: the operation does not accept the media type of the request body."""


class RangeNotSatisfiable(RequestRefused):
    """416: the requested range begins after the last byte of the file."""


class IdempotencyKeyReused(RequestRefused):
    """409: the idempotency key was already used for a different request."""


class PreconditionRequired(RequestRefused):
    """428: the change needs ``if_match``, the ``etag`` of the resource."""


class TooManyRequests(RequestRefused):
    """429: a rate limit of the service is exhausted; ``retry_after`` is the number of seconds to wait."""


class ServiceFailed(ApiProblem):
    """Raised if the service failed (a status from 500 to 599). Sent again later, the request may succeed."""


class InternalError(ServiceFailed):
    """500: an unexpected error, which the service logged under ``request_id``."""


class NotSupported(ServiceFailed):
    """501: the service does not produce a format that the standard of the operation, such as oEmbed, defines."""


class ServiceUnavailable(ServiceFailed):
    """503: the service is temporarily unavailable.

    ``retry_after`` is the number of seconds to wait, ``None`` if unknown.
    """


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
    "range-not-satisfiable": RangeNotSatisfiable,
    "idempotency-key-reused": IdempotencyKeyReused,
    "precondition-required": PreconditionRequired,
    "too-many-requests": TooManyRequests,
    "internal-error": InternalError,
    "not-implemented": NotSupported,
    "unavailable": ServiceUnavailable,
}
"""The exception class of each problem type, by the last segment of ``Problem.type``."""


def build_problem_error(
    problem: Problem, status: int, request_id: str | None = None, retry_after: float | None = None
) -> ApiProblem:
    """Build the exception for a problem document.

    The type of the problem determines the class of the exception. For an unknown type, the class is ``ServiceFailed``
    for a ``status`` from 500 on, else ``RequestRefused``. ``request_id`` and ``retry_after`` (seconds): ``None`` if the
    response does not contain them.
    """
    fallback = ServiceFailed if status >= 500 else RequestRefused
    kind = PROBLEM_TYPES.get(problem.type.rpartition("/")[2], fallback)
    return kind(problem, status, request_id, retry_after)


def _format_request(request_id: str | None) -> str:
    return f" [request {request_id}]" if request_id else ""
