"""Verify and decode the messages that the service sends to your webhook (Standard Webhooks 1.0.0), without network.

>>> from actitud import webhooks
>>> def receive(body: bytes, headers: dict[str, str], secret: str) -> None:
...     event = webhooks.verify(body, headers, secret)
...     match event:
...         case webhooks.EditionPublished():
...             print(event.edition, event.digest)

A message may arrive more than once, always with the same ``event.id``: store the ids that you have processed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final, Literal

import msgspec

from actitud.errors import ActitudError
from actitud.models import JsonValue

__all__ = [
    "AssessmentTransitioned",
    "EditionPublished",
    "Event",
    "OtherEvent",
    "ScoreCorrected",
    "UntrustedMessage",
    "verify",
]

TOLERANCE: Final = 300
"""Seconds that the time of an attempt may differ from your clock."""

_PREFIX: Final = "whsec_"
_VERSION: Final = "v1"
_SECONDS: Final = re.compile("[0-9]{1,15}")
"""A Unix time; of a much longer one Python makes no number to compare."""

MessageFault = Literal["headers", "time", "signature", "body"]


class UntrustedMessage(ActitudError):
    """Raised if a message to a webhook cannot be trusted: answer it with status 400 and ignore it.

    The service did not send it, or sent it too long ago. ``code``: reason: ``headers`` if a header is missing or
    malformed, ``time`` if the message is too old or in the future, ``signature`` if no signature over this body was
    made with your secret, ``body`` if the signed body is not an event of this service.
    """

    def __init__(self, code: MessageFault, reason: str) -> None:
        super().__init__(code, reason)
        self.code: MessageFault = code
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base class of events that the service sends to a webhook.

    ``id``: the same whenever the message is repeated. ``timestamp``: time of the event.
    """

    id: str
    timestamp: datetime


class EditionPublished(Event, frozen=True, kw_only=True):
    """Event: an edition was published (``edition.published``).

    Attributes:
        edition: Id of the edition.
        revision: Number of the publication, from 1.
        digest: Digest of the edition document.
        organisations: Number of published scores.
        publication, document: Paths of the publication and of the edition document at the service, which begin with
            ``/v1/``.
    """

    edition: str
    revision: int
    digest: str
    organisations: int
    publication: str
    document: str


class ScoreCorrected(Event, frozen=True, kw_only=True):
    """Event: a later revision of an edition corrects or adds a score (``score.corrected``).

    Attributes:
        edition: Id of the edition.
        revision: Number of the revision.
        organisation: Id of the organisation.
        before, after: Digests of the old and the new score document; ``before`` is ``None`` for an added score.
        publication: Path of the new revision at the service, such as ``/v1/editions/2026/publications/2``.
        document: Path of the new score document at the service, such as ``/v1/published/sha256:…``.
    """

    edition: str
    revision: int
    organisation: str
    before: str | None
    after: str
    publication: str
    document: str


class AssessmentTransitioned(Event, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """Event: the state of an assessment changed, or a phase was extended (``assessment.transitioned``).

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        before, after: States of the assessment, which are equal for an extension.
        phase: Extended phase, ``None`` for a change of state.
        until: Last day that an extension or a return sets, else ``None``.
        assessment, transition: Paths of the assessment and of the transition, which begin with ``/v1/``.
    """

    edition: str
    organisation: str
    before: str
    after: str
    phase: str | None
    until: date | None
    assessment: str
    transition: str


class OtherEvent(Event, frozen=True, kw_only=True):
    """Event of a newer service that this version of the library does not know; ``data`` is its decoded JSON."""

    type: str
    data: Mapping[str, JsonValue]


class _Payload(msgspec.Struct, frozen=True):
    type: str
    timestamp: datetime
    data: dict[str, JsonValue]


_TYPES: Final[Mapping[str, type[Event]]] = {
    "edition.published": EditionPublished,
    "score.corrected": ScoreCorrected,
    "assessment.transitioned": AssessmentTransitioned,
}


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str | Iterable[str],
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> Event:
    """Verify that the service sent a message to your webhook a short time ago, and return its event.

    Args:
        body: Unchanged bytes of the request.
        headers: Headers of the request, in upper or lower case.
        secret: Secret of the webhook (``whsec_…``), or several.
        tolerance: Largest accepted difference between the time of the message and ``now``, in seconds.
        now: Present Unix time, by default that of your clock.

    Raises:
        UntrustedMessage: The service did not send the message, or not recently.
        ValueError: The secret is malformed.
    """
    keys = [_decode_secret(one) for one in ([secret] if isinstance(secret, str) else secret)]
    if not keys:
        raise ValueError("a message cannot be verified without a secret")
    sent = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if not sent.get(name)]
    if missing:
        raise UntrustedMessage("headers", f"missing: {', '.join(missing)}")
    message, timestamp = sent["webhook-id"], sent["webhook-timestamp"]
    if not _SECONDS.fullmatch(timestamp):
        raise UntrustedMessage("headers", "webhook-timestamp is no number of seconds")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise UntrustedMessage("time", "the message is too old, or the clock is wrong")
    content = f"{message}.{timestamp}.".encode() + body
    expected = [hmac.digest(key, content, "sha256") for key in keys]
    signatures = list(_decode_signatures(sent["webhook-signature"]))
    # All are compared, each in constant time: how long it takes tells nothing about how near a signature is.
    matches = [hmac.compare_digest(digest, signature) for digest in expected for signature in signatures]
    if not any(matches):
        raise UntrustedMessage("signature", "no signature is one with this secret over this body")
    return _read_event(message, body)


def _decode_secret(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is whsec_ and base64") from error
    if not key:
        raise ValueError("a secret is not empty")
    return key


def _decode_signatures(header: str) -> Iterable[bytes]:
    for part in header.split():
        version, _, text = part.partition(",")
        if version == _VERSION:
            try:
                yield base64.b64decode(text, validate=True)
            except ValueError:
                continue


def _read_event(message: str, body: bytes) -> Event:
    try:
        payload = msgspec.json.decode(body, type=_Payload)
        kind = _TYPES.get(payload.type)
        if kind is None:
            return OtherEvent(id=message, timestamp=payload.timestamp, type=payload.type, data=payload.data)
        return msgspec.convert({**payload.data, "id": message, "timestamp": payload.timestamp}, kind)
    except msgspec.MsgspecError as error:
        raise UntrustedMessage("body", f"the body is no event: {error}") from error
