"""Every operation raises the number of the public state, or changes nothing that is seen without a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.access import rules_of
from actitud_api.platform.storage.public_state import mark_hidden
from tests.contract.installation import MINE, OTHER, SAFE, Installation, Operation, Place, operations
from tests.contract.recorded import is_entered
from tests.support.public_addresses import Answer, Ids, list_public_addresses, read_answer
from tests.support.scale import NIGHT

PUBLISHED: Final = "2026-published"
HIDDEN: Final = frozenset(
    {
        *("editions.assessments.put", "editions.assessments.update", "editions.assessments.delete"),
        *("editions.assessments.submissions.create", "editions.assessments.returns.create"),
        *("editions.assessments.reviews.create", "editions.assessments.hearings.create"),
        *("editions.assessments.finals.create", "editions.assessments.extensions.create"),
        *("editions.assessments.verdicts.put", "editions.assessments.verdicts.delete"),
        *("editions.assessments.review.put", "editions.flags.create"),
        *("editions.assessments.replies.put", "editions.assessments.replies.delete"),
        *("editions.transitions.create", "editions.verdicts.create", "editions.rescorings.create"),
        *("keys.create", "keys.rotations.create", "keys.revocations.create", "jobs.cancel"),
        "editions.imports.create",
        *("webhooks.create", "webhooks.update", "webhooks.delete", "webhooks.rotations.create"),
        "webhooks.deliveries.attempts.create",
    }
)
"""Operations that change drafts, keys, jobs and webhooks, whose rules say so."""
CHANGES: Final = [operation for operation in operations() if is_entered(operation)]
STORING_NOTHING: Final = [one for one in operations() if one.method not in SAFE and one.roles is None]


def call(installation: Installation, operation: Operation, place: Place, key: str | None = None) -> None:
    response = installation.call(operation, place, key)
    assert response.is_success, (operation.id, response.text)


def find_unraised(installation: Installation, listed: list[Operation]) -> list[str]:
    """Call operations, and return those after which the number is the same."""
    unraised = []
    for operation in listed:
        key = installation.key("administrator")
        place = installation.place(operation, key)
        before = installation.database.public_state.number
        call(installation, operation, place, key)
        if installation.database.public_state.number == before:
            unraised.append(operation.id)
    return unraised


def test_the_rules_hide_these_operations_and_no_other(installation: Installation) -> None:
    hidden = {name for name, rule in rules_of(installation.client.app).items() if rule.hidden}
    assert {operation.id for operation in CHANGES if operation.id in hidden} == HIDDEN


@pytest.mark.both_databases
def test_every_other_change_raises_the_number(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [operation for operation in CHANGES if operation.id not in HIDDEN]
    assert find_unraised(installation, shown) == []
    # One that hides what it changes is found.
    monkeypatch.setattr(ledger, "mark_shown", mark_hidden)
    planted = [operation for operation in shown if operation.id == "organisations.update"]
    assert find_unraised(installation, planted) == ["organisations.update"]


def test_what_stores_nothing_leaves_the_number(installation: Installation) -> None:
    """Computations, and reports of keys that nobody has: anybody may call them as often as they like."""
    for operation in STORING_NOTHING:
        place = installation.place(operation)
        before = installation.database.public_state.number
        call(installation, operation, place)
        assert installation.database.public_state.number == before, operation.id


def test_a_repeated_request_leaves_the_number(installation: Installation) -> None:
    (operation,) = [one for one in CHANGES if one.id == "organisations.create"]
    key, place = installation.key("administrator"), installation.place(operation)
    first = installation.call(operation, place, key, idempotency_key="the-same")
    before = installation.database.public_state.number
    assert installation.call(operation, place, key, idempotency_key="the-same").content == first.content
    assert installation.database.public_state.number == before


def test_hidden_changes_leave_the_number_and_every_public_answer(installation: Installation) -> None:
    hidden = [operation for operation in CHANGES if operation.id in HIDDEN]
    digest = publish(installation)
    administrator = installation.key("administrator")
    places = [installation.place(operation, administrator) for operation in hidden]
    installation.checkpoint()
    addresses = list(list_looked_at(installation, digest, places))
    before, number = look(installation, addresses), installation.database.public_state.number
    for operation, place in zip(hidden, places, strict=True):
        call(installation, operation, place, administrator)
        assert installation.database.public_state.number == number, operation.id
    after = look(installation, addresses)
    assert [address for address in addresses if before[address] != after[address]] == []
    # Nor has reading changed it.
    assert installation.database.public_state.number == number
    # They are seen from a checkpoint on, which raises it.
    installation.checkpoint()
    assert installation.database.public_state.number != number
    assert look(installation, ["/v1/ledger?total=true"]) != {key: before[key] for key in ["/v1/ledger?total=true"]}


def publish(installation: Installation) -> str:
    """Publish an edition with two organisations. Return the digest of its document."""
    installation.edition(PUBLISHED)
    installation.finalise(PUBLISHED, MINE, OTHER)
    return installation.publish(PUBLISHED)


def list_looked_at(installation: Installation, digest: str, places: list[Place]) -> Iterator[str]:
    """Yield every public address of the published edition, and those of the editions of places: by day one of 15."""
    client = installation.client
    known = set()
    for number, edition in enumerate([PUBLISHED, *(place.path["edition"] for place in places)]):
        ids = Ids(editions=(edition,), earlier=PUBLISHED, organisation=MINE, digest=digest)
        listed = [address for address in list_public_addresses(client, ids) if address not in known]
        known |= set(listed)
        yield from listed if NIGHT or not number else listed[number % 15 :: 15]


def look(installation: Installation, addresses: list[str]) -> Mapping[str, Answer]:
    return {address: read_answer(installation.client, address) for address in addresses}
