"""Answers from memory are those of the database: every public address, before and after every kind of public change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import pytest
from litestar import Litestar

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.access import rules_of
from actitud_api.platform.http.middleware.memory import Memory
from actitud_api.platform.storage.public_state import mark_hidden
from tests.contract.installation import MINE, OTHER, Installation, Operation, Place, operations
from tests.contract.recorded import is_entered
from tests.support.public_addresses import Answer, Ids, list_public_addresses, read_answer
from tests.support.scale import NIGHT

PUBLISHED: Final = "2026-published"
CHANGES: Final = [operation for operation in operations() if is_entered(operation)]
_OF_MEMORY: Final = {"age", "cache-status"}
"""Headers of an answer that is given although the database was not heard for a second, as on a busy machine."""


@pytest.fixture(scope="module")
def digest(installation: Installation) -> str:
    """The digest of the document of an edition that is published with two organisations."""
    installation.edition(PUBLISHED)
    installation.finalise(PUBLISHED, MINE, OTHER)
    return installation.publish(PUBLISHED)


@pytest.fixture(scope="module", autouse=True)
def _memory(installation: Installation) -> None:
    """Let the installation answer from memory."""
    app = installation.client.app
    app.asgi_handler = Memory(
        app,
        app.state["alternatives"],
        installation.database.public_state,
        room=2**26,
        stale_if_error=60,
        has_public_url=False,
    )


def list_looked_at(
    installation: Installation, digest: str, operation: Operation, place: Place, number: int
) -> Sequence[str]:
    """List every public address of the published edition and of the place of a change: by day one of 23.

    And those of organisations after a change of one. `number`: number of the change, by which each address has its
    turn; there are as many.
    """
    editions = (PUBLISHED, *({place.path["edition"]} - {PUBLISHED} if "edition" in place.path else ()))
    ids = Ids(
        editions=editions,
        earlier=PUBLISHED,
        organisation=place.path.get("organisation", MINE),
        digest=digest,
    )
    listed = list(list_public_addresses(installation.client, ids))
    if NIGHT:
        return listed
    is_of_organisations = operation.path.startswith("/v1/organisations")
    changed = [one for one in listed if is_of_organisations and one.partition("?")[0].startswith("/v1/organisations")]
    return [*changed, *listed[number % 23 :: 23]]


@contextmanager
def without_memory(app: Litestar) -> Iterator[None]:
    """Let the handlers of an application answer everything themselves."""
    memory = app.asgi_handler
    assert isinstance(memory, Memory)
    app.asgi_handler = memory._inner
    yield
    app.asgi_handler = memory


def look(installation: Installation, addresses: Sequence[str]) -> Mapping[str, Answer]:
    answers = {address: read_answer(installation.client, address) for address in addresses}
    return {
        address: answer._replace(headers=[one for one in answer.headers if one[0] not in _OF_MEMORY])
        for address, answer in answers.items()
    }


def find_stale(installation: Installation, digest: str, listed: Sequence[Operation]) -> list[str]:
    """Make changes. Return the addresses with answers that differ from those without memory, after which change."""
    stale: list[str] = []
    for number, operation in enumerate(listed):
        key = installation.key("administrator")
        place = installation.place(operation, key)
        addresses = list_looked_at(installation, digest, operation, place, number)
        look(installation, addresses)
        response = installation.call(operation, place, key)
        assert response.is_success, (operation.id, response.text)
        with_memory = look(installation, addresses)
        with without_memory(installation.client.app):
            computed = look(installation, addresses)
        stale += [f"{operation.id} {one}" for one in addresses if with_memory[one] != computed[one]]
    return stale


def test_no_answer_is_older_than_a_change(
    installation: Installation, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = {name for name, rule in rules_of(installation.client.app).items() if rule.hidden}
    shown = [operation for operation in CHANGES if operation.id not in hidden]
    stale = find_stale(installation, digest, shown)
    assert stale == []
    # One that forgets to raise the number is found.
    monkeypatch.setattr(ledger, "mark_shown", mark_hidden)
    planted = [operation for operation in shown if operation.id == "organisations.update"]
    found = find_stale(installation, digest, planted)
    assert found
