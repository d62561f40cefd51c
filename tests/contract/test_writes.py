"""Every operation of the document that changes something: repeated it acts once, and never over an unknown version."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.contract.installation import SAFE, Installation, Operation, operations

REPEATS = 5
CHANGES = [operation for operation in operations() if operation.method not in SAFE and operation.roles is not None]
IDEMPOTENT = [operation for operation in CHANGES if "Idempotency-Key" in operation.headers]
CONDITIONAL = [operation for operation in CHANGES if "If-Match" in operation.headers]


COMPUTED = {"editions.flags.create"}
"""What is computed anew in the place of what was: done twice it is done once."""


def test_what_creates_takes_a_key_and_all_else_a_version() -> None:
    assert {operation.id for operation in IDEMPOTENT} | COMPUTED == {
        operation.id for operation in CHANGES if operation.method == "post"
    }
    assert {operation.id for operation in CONDITIONAL} >= {
        operation.id for operation in CHANGES if operation.method != "post"
    }


def told(answer: httpx.Response) -> tuple[Any, str, str]:
    """An answer without the secret that is shown once."""
    return {**answer.json(), "secret": None}, answer.headers["location"], answer.headers["etag"]


def rows(installation: Installation) -> Counter[str]:
    return Counter({table: len(found) for table, found in installation.stored().items()})


@pytest.mark.parametrize("operation", IDEMPOTENT, ids=lambda operation: operation.id)
def test_repeated_at_once_and_again_it_acts_once_and_is_answered_alike(
    installation: Installation, operation: Operation
) -> None:
    holder = installation.key("administrator")
    place = installation.place(operation)
    before = rows(installation)
    assert installation.call(operation, place, holder).status_code == 201
    effect = rows(installation) - before
    effect.pop("idempotent_answer", None)

    place = installation.place(operation)
    before = rows(installation)

    def call(_: int) -> httpx.Response:
        return installation.call(operation, place, holder, idempotency_key=operation.id)

    with ThreadPoolExecutor(REPEATS) as pool:
        answers = [*pool.map(call, range(REPEATS)), call(0)]
    assert {answer.status_code for answer in answers} == {201}
    assert all(told(answer) == told(answers[0]) for answer in answers)
    shown = [answer.json()["secret"] is not None for answer in answers if "secret" in answer.json()]
    fresh = ["idempotency-replayed" not in answer.headers for answer in answers]
    assert shown in ([], fresh)
    if not shown:
        assert len({answer.content for answer in answers}) == 1
    assert sum(fresh) == 1
    assert rows(installation) - before == effect + Counter({"idempotent_answer": 1})


@pytest.mark.parametrize("operation", CONDITIONAL, ids=lambda operation: operation.id)
def test_without_the_version_that_is_there_nothing_changes(installation: Installation, operation: Operation) -> None:
    holder = installation.key("administrator")
    place = installation.place(operation, holder)
    before = installation.stored()
    for if_match, status in ((None, 428), ('"v7.00000000-000000000000"', 412), ("no tag", 400)):
        response = installation.call(operation, place, holder, if_match=if_match)
        assert (response.status_code, installation.stored() == before) == (status, True), response.text
