"""Events that webhooks are notified of, and their payloads (Standard Webhooks 1.0.0).

A payload is lean: ids, digests and paths at this service, where receivers read the rest with their key. It contains no
free text, and only data that every key may read that can be notified of the event.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec
from msgspec import Struct

EventType = Literal["edition.published", "score.corrected", "assessment.transitioned"]
"""Types of events, named by subject and past participle."""


class WebhookEvent(Struct, frozen=True, kw_only=True):
    """The base class of the events of an edition; the fields of an event are the `data` of its payload."""

    type: ClassVar[EventType]
    edition: str

    @property
    def subject(self) -> str | None:
        """Id of the organisation that the event is about, None if it is about the whole edition."""
        return None

    def build_payload(self, at: datetime) -> str:
        """Return the payload as JSON; `at` is the time of the event."""
        return msgspec.json.encode({"type": self.type, "timestamp": at, "data": self}).decode()


class EditionPublished(WebhookEvent, frozen=True, kw_only=True):
    """The first publication of an edition, with its number of organisations.

    `digest` is the digest of the edition document. `publication` and `document` are the paths of the publication and of
    the edition document at this service.
    """

    type: ClassVar[EventType] = "edition.published"
    revision: int
    digest: str
    organisations: int
    publication: str
    document: str


class ScoreCorrected(WebhookEvent, frozen=True, kw_only=True):
    """A score in a later publication of an edition that replaces an earlier score, or is added (`before` is None).

    `before` and `after` are the digests of the old and the new score document. `publication` and `document` are the
    paths of the publication and of the new score document at this service.
    """

    type: ClassVar[EventType] = "score.corrected"
    revision: int
    organisation: str
    before: str | None
    after: str
    publication: str
    document: str

    @property
    def subject(self) -> str | None:
        """Id of the organisation whose score is corrected."""
        return self.organisation


class AssessmentTransitioned(WebhookEvent, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """A transition of an assessment, without its reason, which may be erased.

    Attributes:
        organisation: Id of the organisation.
        before, after: States of the assessment, which are equal for an extension.
        phase: Phase that an extension extends, else None.
        until: New last day that an extension or a return sets, else None.
        assessment, transition: Paths of the assessment and of the transition at this service.
    """

    type: ClassVar[EventType] = "assessment.transitioned"
    organisation: str
    before: str
    after: str
    phase: str | None
    until: date | None
    assessment: str
    transition: str

    @property
    def subject(self) -> str | None:
        """Id of the organisation that the assessment belongs to."""
        return self.organisation
