"""Every operation of the document that changes something: repeated it acts once, and is entered in the ledger once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.contract.installation import Installation, Operation, operations
from tests.contract.recorded import is_entered, new_entries

REPEATS = 5
CHANGES = [operation for operation in operations() if is_entered(operation)]
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
    return {**answer.json(), "secret": None}, answer.headers["location"], answer.headers.get("etag")


def rows(installation: Installation) -> Counter[str]:
    """The rows of each table, but those of trigrams: only words that are new have them."""
    return Counter({table: len(found) for table, found in installation.stored().items() if table != "word_trigram"})


@pytest.mark.both_databases
@pytest.mark.parametrize("operation", IDEMPOTENT, ids=lambda operation: operation.id)
def test_repeated_at_once_and_again_it_acts_once_and_is_answered_alike(
    installation: Installation, operation: Operation
) -> None:
    holder = installation.key("administrator")
    place = installation.place(operation)
    before = rows(installation)
    status = next(int(code) for code in operation.described["responses"] if code in ("201", "202"))
    assert installation.call(operation, place, holder).status_code == status
    effect = rows(installation) - before
    effect.pop("idempotent_answer", None)

    place = installation.place(operation)
    before, entries = rows(installation), installation.entries()

    def call(_: int) -> httpx.Response:
        return installation.call(operation, place, holder, idempotency_key=operation.id)

    with ThreadPoolExecutor(REPEATS) as pool:
        answers = [*pool.map(call, range(REPEATS)), call(0)]
    assert {answer.status_code for answer in answers} == {status}
    assert all(told(answer) == told(answers[0]) for answer in answers)
    shown = [answer.json()["secret"] is not None for answer in answers if "secret" in answer.json()]
    fresh = ["idempotency-replayed" not in answer.headers for answer in answers]
    assert shown in ([], fresh)
    if not shown:
        assert len({answer.content for answer in answers}) == 1
    assert sum(fresh) == 1
    assert rows(installation) - before == effect + Counter({"idempotent_answer": 1})
    assert len(new_entries(installation, entries)) == 1
