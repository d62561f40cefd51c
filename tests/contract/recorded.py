"""What the ledger must say of a call: the entries that a test compares with those that are there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import rfc8785

from actitud_api.platform.audit_log import service as ledger
from tests.contract import examples
from tests.contract.installation import MINE, SAFE, Installation, Operation, Place, Recorded
from tests.support.ledgers import find_chain_problems

OWN: Final = "/assessments/{organisation}"
KEYS: Final = "/v1/keys"
LOCATED: Final = (
    *("keys.create", "keys.rotations.create", "keys.revocations.create", "suggestions.create"),
    *("editions.imports.create", "editions.transitions.create", "editions.verdicts.create"),
    "editions.rescorings.create",
    *("webhooks.create", "webhooks.rotations.create", "webhooks.deliveries.attempts.create"),
)
"""Operations whose subject is the key, the suggestion, the job or the webhook that the answer locates."""
PRIVATE: Final = (KEYS, "/v1/webhooks")
SUBJECTS: Final = {
    "organisations.create": "/v1/organisations/XX-TEST-{edition}",
    "editions.create": "/v1/editions/{edition}",
    "editions.approvals.create": "/v1/editions/{edition}/approvals/1",
    "suggestions.decisions.create": "/v1/suggestions/{suggestion}",
    "editions.publications.create": "/v1/editions/{edition}/publications/1",
    "editions.assessments.submissions.create": "/v1/editions/{edition}/assessments/{organisation}/submissions/1",
    "editions.assessments.reviews.create": "/v1/editions/{edition}/assessments/{organisation}/transitions/2",
    "editions.assessments.hearings.create": "/v1/editions/{edition}/assessments/{organisation}/transitions/3",
    "editions.assessments.finals.create": "/v1/editions/{edition}/assessments/{organisation}/transitions/4",
    "editions.assessments.returns.create": "/v1/editions/{edition}/assessments/{organisation}/transitions/2",
    "editions.assessments.extensions.create": "/v1/editions/{edition}/assessments/{organisation}/transitions/1",
}
"""The subject of an operation that makes something, where the path does not name it."""


OF_MANY: Final = frozenset({"editions.transitions.create", "editions.verdicts.create"})
"""Operations on the drafts of many organisations, whose jobs only administrators find in the ledger."""


def is_entered(operation: Operation) -> bool:
    """Return True if the ledger keeps who called an operation: it changes something and needs a key."""
    return operation.method not in SAFE and operation.roles is not None


def is_public(operation: Operation) -> bool:
    """Return True if everybody may know the subject of an operation."""
    return OWN not in operation.path and not operation.path.startswith(PRIVATE) and operation.id not in OF_MANY


def verify_entries(installation: Installation) -> Sequence[Recorded]:
    """Verify the chain of the ledger. Return all of its entries."""
    with installation.database.read() as session:
        stored = list(ledger.iterate_entries(session))
    assert find_chain_problems([shown.entry for shown in stored]) == []
    return [Recorded.read(shown) for shown in stored]


def new_entries(installation: Installation, before: Sequence[Recorded]) -> Sequence[Recorded]:
    """Return the entries after those of `before`, which are still there; the whole chain is valid."""
    after = verify_entries(installation)
    assert after[: len(before)] == before
    return after[len(before) :]


def assert_done(
    entry: Recorded, operation: Operation, place: Place, response: httpx.Response, actor: Mapping[str, Any]
) -> None:
    """Assert that an entry says all of a change that was made."""
    details: dict[str, Any] = {}
    if operation.id == "editions.publications.create":
        details["details"] = {
            "digest": response.json()["digest"],
            "edition": place.path["edition"],
            "revision": 1,
        }
    subject = SUBJECTS.get(operation.id, operation.path).format_map(place.path)
    if operation.id in LOCATED:
        subject = response.headers["location"]
    sent_bytes = None if place.body is None else rfc8785.dumps(dict(place.body))
    if operation.id in examples.OF_FILES:
        sent_bytes = response.request.content
    body = None if sent_bytes is None else f"sha256:{hashlib.sha256(sent_bytes).hexdigest()}"
    sent = body if body is None or is_public(operation) else _commitment(entry, body)
    _assert_record(entry, operation, response, actor, outcome="done", subject=subject, sent=sent, **details)
    assert entry.opening is not None
    assert entry.opening.subject == subject
    assert entry.opening.public is is_public(operation)
    assert entry.opening.owner == (MINE if OWN in operation.path else None)


def assert_denied(
    entry: Recorded, operation: Operation, _place: Place, response: httpx.Response, actor: Mapping[str, Any]
) -> None:
    """Assert that an entry says who was refused what, and nothing of the path or the body that they sent."""
    _assert_record(entry, operation, response, actor, outcome="denied", subject=operation.path, sent=None)
    assert entry.opening is not None
    assert entry.opening.public


def _assert_record(
    entry: Recorded,
    operation: Operation,
    response: httpx.Response,
    actor: Mapping[str, Any],
    *,
    outcome: str,
    subject: str,
    **others: object,
) -> None:
    acted = entry.opening
    assert acted is not None
    assert acted.actor == actor["organisation"]
    committed = None if acted.actor_salt is None else _salted(acted.actor_salt, actor["organisation"])
    assert entry.record == {
        "action": operation.id,
        "actor": {**actor, "organisation": committed},
        "at": entry.record["at"],
        "outcome": outcome,
        "request": response.headers["x-request-id"],
        "subject": _commitment(entry, subject),
        **others,
    }


def _commitment(entry: Recorded, text: str) -> str:
    """Return what a record has in the place of a text that not everybody may read."""
    assert entry.opening is not None
    return _salted(entry.opening.salt, text)


def _salted(salt: str, text: str) -> str:
    return f"sha256:{hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()}"
