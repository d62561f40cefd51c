"""Every operation of the document that changes something leaves one entry in the ledger, in its transaction."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import rfc8785

from actitud_api.access import keys as forms
from actitud_api.ledger import service as ledger
from actitud_api.ledger.chain import verify
from tests.contract.installation import MINE, OTHER, SAFE, Installation, Operation, Place, Recorded, operations

CHANGES = [operation for operation in operations() if operation.method not in SAFE and operation.roles is not None]
READS = [operation for operation in operations() if operation not in CHANGES]
OWN = "/assessments/{organisation}"
KEYS = "/v1/keys"
LOCATED = ("keys.create", "keys.rotations.create", "keys.revocations.create", "suggestions.create")
"""What is about the key, or suggestion, that the answer locates."""
SUBJECTS = {
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
"""What is made, where that is not what the path names."""


def named(operation: Operation) -> str:
    return operation.id


def new(installation: Installation, before: Sequence[Recorded]) -> Sequence[Recorded]:
    """What has been entered since; the whole chain still holds."""
    after = installation.entries()
    assert after[: len(before)] == before
    with installation.database.read() as session:
        assert verify(shown.entry for shown in ledger.chain(session)).size == len(after)
    return after[len(before) :]


def canonical(body: Any) -> str:
    return "sha256:" + hashlib.sha256(rfc8785.dumps(body)).hexdigest()


def details(operation: Operation, place: Place, response: httpx.Response) -> dict[str, Any]:
    """What else is said of what is published: which it is, and what it says."""
    if operation.id != "editions.publications.create":
        return {}
    return {"details": {"digest": response.json()["digest"], "edition": place.path["edition"], "revision": 1}}


def is_public(operation: Operation) -> bool:
    """Whether everybody may know what an operation was about."""
    return OWN not in operation.path and not operation.path.startswith(KEYS)


def is_subject(entry: Recorded, subject: str) -> bool:
    return bool(entry.record["subject"] == committed(entry, subject))


def committed(entry: Recorded, text: str) -> str:
    """What stands in a record for a text that not everybody may read."""
    assert entry.opening is not None
    return f"sha256:{hashlib.sha256(bytes.fromhex(entry.opening.salt) + text.encode()).hexdigest()}"


@pytest.mark.parametrize("operation", CHANGES, ids=named)
def test_what_is_done_leaves_one_entry(installation: Installation, operation: Operation) -> None:
    key = installation.key("administrator")
    place = installation.place(operation, key)
    before, then = installation.entries(), datetime.now(UTC)
    response = installation.call(operation, place, key)
    assert response.is_success, response.text
    (entry,) = new(installation, before)
    at = datetime.fromisoformat(entry.record["at"])
    assert then <= at <= datetime.now(UTC)
    assert entry.record == {
        "action": operation.id,
        "actor": {"key": key.split("_")[1], "organisation": None, "role": "administrator"},
        "at": entry.record["at"],
        "outcome": "done",
        "request": response.headers["x-request-id"],
        "sent": entry.record["sent"],
        "subject": entry.record["subject"],
        **details(operation, place, response),
    }
    subject = SUBJECTS.get(operation.id, operation.path).format_map(place.path)
    if operation.id in LOCATED:
        subject = response.headers["location"]
    assert is_subject(entry, subject)
    assert entry.opening is not None
    sent = None if place.body is None else canonical(place.body)
    assert entry.record["sent"] == (sent if sent is None or is_public(operation) else committed(entry, sent))
    is_own = OWN in operation.path
    assert (entry.opening.subject, entry.opening.public) == (subject, is_public(operation))
    assert entry.opening.owner == (MINE if is_own else None)


@pytest.mark.parametrize("operation", CHANGES, ids=named)
def test_what_is_refused_or_fails_leaves_none(
    installation: Installation, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = installation.key("administrator")
    place = installation.place(operation, key)
    before = installation.entries()
    if place.body is not None:
        response = installation.call(operation, Place(place.path, {"unknown": 1}), key)
        assert response.status_code == 400
    if "If-Match" in operation.headers:
        assert installation.call(operation, place, key, if_match='"v7.00000000-000000000000"').status_code == 412
        assert installation.call(operation, place, key, if_match=None).status_code == 428
    assert new(installation, before) == []

    # What was done is taken back with its entry: something fails after the one and the other.
    stored, append = installation.stored(), ledger.append

    def fail_after(*arguments: Any, **named: Any) -> None:
        append(*arguments, **named)
        raise RuntimeError("after the entry")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "append", fail_after)
        assert installation.call(operation, place, key).status_code == 500
    assert new(installation, before) == []
    assert installation.stored() == stored


@pytest.mark.parametrize("operation", [one for one in CHANGES if "Idempotency-Key" in one.headers], ids=named)
def test_a_repetition_leaves_none(installation: Installation, operation: Operation) -> None:
    key = installation.key("administrator")
    place = installation.place(operation, key)
    before = installation.entries()

    def call(_: int) -> int:
        return installation.call(operation, place, key, idempotency_key="once").status_code

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(call, range(4)), call(4)] == [201] * 5
    assert len(new(installation, before)) == 1


@pytest.mark.parametrize("operation", CHANGES, ids=named)
def test_what_a_key_may_not_do_leaves_one_entry(installation: Installation, operation: Operation) -> None:
    place = installation.place(operation)
    right = installation.key("administrator")
    identifier = right.split("_")[1]
    revoked = installation.key("administrator", revoked=True)
    guessed = forms.Key(identifier, "0" * forms.SECRET_LENGTH).text()
    nobody: dict[str, Any] = {"organisation": None, "role": None}
    attempts: list[tuple[str, int, dict[str, Any]]] = [
        (revoked, 401, {"key": revoked.split("_")[1], **nobody}),
        (guessed, 401, {"key": identifier, **nobody}),
        ("no-key-at-all", 401, {"key": None, **nobody}),
        (right[:-1], 401, {"key": None, **nobody}),
    ]
    roles = operation.roles or frozenset()
    foreign, registrar = installation.key("organisation_editor", OTHER), installation.key("registrar")
    if "registrar" not in roles:
        actor = {"key": registrar.split("_")[1], "organisation": None, "role": "registrar"}
        attempts.append((registrar, 403, actor))
    actor = {"key": foreign.split("_")[1], "organisation": OTHER, "role": "organisation_editor"}
    if operation.id != "suggestions.create":
        hidden = any(name in operation.path for name in (OWN, "{key}")) and "organisation_editor" in roles
        attempts.append((foreign, 404 if hidden else 403, actor))
    for key, status, actor in attempts:
        before = installation.entries()
        response = installation.call(operation, place, key)
        assert response.status_code == status
        (entry,) = new(installation, before)
        assert entry.record == {
            "action": operation.id,
            "actor": actor,
            "at": entry.record["at"],
            "outcome": "denied",
            "request": response.headers["x-request-id"],
            "sent": None,
            "subject": entry.record["subject"],
        }
        assert is_subject(entry, operation.path.format_map(place.path))
        assert entry.opening is not None
        assert entry.opening.public is is_public(operation)


@pytest.mark.parametrize("operation", CHANGES, ids=named)
def test_whoever_shows_no_key_is_refused_and_leaves_none(installation: Installation, operation: Operation) -> None:
    place = installation.place(operation)
    before = installation.entries()
    assert installation.call(operation, place).status_code == 401
    path = operation.path.format_map(place.path)
    for given in ("Basic YTpi", "Bearer", "Bearer "):
        response = installation.client.request(operation.method.upper(), path, headers={"Authorization": given})
        assert response.status_code == 401
    assert new(installation, before) == []


@pytest.mark.parametrize("operation", READS, ids=named)
def test_what_reads_leaves_none(installation: Installation, operation: Operation) -> None:
    place = installation.place(operation)
    before = installation.entries()
    assert installation.call(operation, place, installation.key("administrator")).is_success
    installation.call(operation, place, installation.key("administrator", revoked=True))
    assert new(installation, before) == []


def test_no_secret_of_a_key_is_ever_in_an_entry(installation: Installation) -> None:
    """Whatever a key is presented for, and however wrong it is."""
    keys = [
        installation.key("administrator"),
        installation.key("administrator", revoked=True),
        installation.key("organisation_editor", OTHER),
    ]
    before = len(installation.entries())
    for operation in CHANGES:
        place = installation.place(operation)
        for key in [*keys, *(key[:-1] for key in keys), keys[0] + "x"]:
            installation.call(operation, place, key)
    written = repr(installation.entries())
    assert len(installation.entries()) > before + 3 * len(CHANGES)
    for key in keys:
        _, identifier, secret = key.split("_")
        assert identifier in written
        assert secret[: forms.SECRET_LENGTH] not in written
        assert not re.search(re.escape(secret[:12]), written)


def test_a_path_of_any_length_and_form_is_kept_as_far_as_it_leads(installation: Installation) -> None:
    key = installation.key("organisation_editor", OTHER)
    before = installation.entries()
    response = installation.client.put(
        f"/v1/editions/2027/assessments/%C3%B1%7B{'x' * 2000}",
        content=json.dumps({}),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    assert response.status_code == 404
    (entry,) = new(installation, before)
    assert entry.opening is not None
    assert entry.opening.subject.startswith("/v1/editions/2027/assessments/%C3%B1%7Bxxx")
    assert len(entry.opening.subject) == 500
