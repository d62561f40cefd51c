"""Changes leave one entry in the ledger, and none if they are refused or fail. Who may what, and what entries say, is
in `test_policy.py`; changes that are repeated are in `test_writes.py`.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from actitud_api.platform.audit_log import service as ledger
from tests.contract.installation import Installation, Operation, Place, operations
from tests.contract.recorded import is_entered, new_entries
from tests.support.figures import FigureRecorder

CHANGES: Final = [operation for operation in operations() if is_entered(operation)]


def test_what_is_done_leaves_one_entry_and_what_is_refused_or_fails_none(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    for operation in CHANGES:
        assert_entry_for_entry(installation, operation, monkeypatch)
    figure(
        "R27",
        "kinds of changes of which each was refused, failed after its entry was written, and was done: those that "
        "left another number of entries than 0, 0 and 1, or a change without its entry",
        tried=len(CHANGES),
        failed=0,
        control=find_other_numbers(installation, monkeypatch),
    )


def find_other_numbers(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what is found where a change is done without its entry, and with two of them."""
    append, (operation,) = ledger.append_entry, [one for one in CHANGES if one.id == "organisations.create"]
    numbers: list[int] = []
    for times in (0, 2):

        def append_otherwise(*arguments: Any, times: int = times, **named: Any) -> None:
            for _ in range(times):
                append(*arguments, **named)

        key, place, before = installation.key("administrator"), installation.place(operation), installation.entries()
        with monkeypatch.context() as patch:
            patch.setattr(ledger, "append_entry", append_otherwise)
            assert installation.call(operation, place, key).is_success
        numbers.append(len(new_entries(installation, before)))
    assert numbers == [0, 2]
    return "where a service writes no entry, or writes it twice, 0 and 2 are found"


def assert_entry_for_entry(installation: Installation, operation: Operation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a change leaves one entry where it is done, and none where it is refused or fails."""
    key = installation.key("administrator")
    place = installation.place(operation, key)
    before, stored = installation.entries(), installation.stored()
    if place.body is not None:
        response = installation.call(operation, Place(place.path, {"unknown": 1}), key)
        assert response.status_code == 400, (operation.id, response.text)
    for if_match, status in ((None, 428), ('"v7.00000000-000000000000"', 412), ("no tag", 412)):
        if "If-Match" in operation.headers:
            response = installation.call(operation, place, key, if_match=if_match)
            assert response.status_code == status, (operation.id, response.text)

    # What was done is taken back with its entry: something fails after the one and the other.
    append = ledger.append_entry

    def fail_after(*arguments: Any, **named: Any) -> None:
        append(*arguments, **named)
        raise RuntimeError("after the entry")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "append_entry", fail_after)
        assert installation.call(operation, place, key).status_code == 500, operation.id
    assert new_entries(installation, before) == [], operation.id
    assert installation.stored() == stored, operation.id

    response = installation.call(operation, place, key)
    assert response.is_success, (operation.id, response.text)
    entered = [entry.record["request"] for entry in new_entries(installation, before)]
    assert entered == [response.headers["x-request-id"]], operation.id
