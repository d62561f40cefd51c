"""Problem documents (RFC 9457): the reasons why a request was refused or failed, or why a job did not succeed."""

from __future__ import annotations

import msgspec


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of a request, as the service reports it.

    Attributes:
        pointer: JSON Pointer into the body, or the name of a parameter.
        rule: Name of the broken rule.
        detail: A sentence about the fault.
        value: The received value as JSON, possibly cut, or in a conflict (409) a value as text: the received one, or
            the one in its way. ``None`` if there is none or it may be personal data.
        suggestion: The most similar valid value, ``None`` if none is known.
        allowed: The accepted values, if they can be listed: those of an enumeration, the parameters of the operation,
            or the states that can follow the present one; else empty.
    """

    pointer: str
    rule: str
    value: str | None = None
    detail: str = ""
    suggestion: str | None = None
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        hint = f" (did you mean {self.suggestion!r}?)" if self.suggestion and not self.states_suggestion else ""
        return f"{self.pointer or '/'}: {self.detail or self.rule}{hint}"

    @property
    def states_suggestion(self) -> bool:
        """True if ``detail`` contains ``suggestion`` and there is no list of accepted values."""
        return self.suggestion is not None and not self.allowed and self.suggestion in self.detail


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem document (RFC 9457).

    A member that the document lacks is ``None``.

    Attributes:
        type: URL that ends in the kebab-case name of the problem.
        title: Short name of the problem for people, empty if the document lacks it.
        status: HTTP status of the response.
        detail: Explanation of this occurrence.
        instance: Path of the request.
        request_id: Id of the request in the service's log.
        errors: All faults of the request, empty if there are none.
    """

    type: str = "about:blank"
    title: str = ""
    status: int | None = None
    detail: str | None = None
    instance: str | None = None
    request_id: str | None = None
    errors: tuple[FieldError, ...] = ()
