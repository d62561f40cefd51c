"""Changes that are refused, or that fail, leave no entry in the ledger. Who may what, and the entry of it, is in
`test_policy.py`; changes that are repeated are in `test_writes.py`.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from actitud_api.platform.audit_log import service as ledger
from tests.contract.installation import Installation, Operation, Place, operations
from tests.contract.recorded import is_entered, new_entries

CHANGES: Final = [operation for operation in operations() if is_entered(operation)]


@pytest.mark.parametrize("operation", CHANGES, ids=lambda operation: operation.id)
def test_what_is_refused_or_fails_leaves_nothing(
    installation: Installation, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = installation.key("administrator")
    place = installation.place(operation, key)
    before, stored = installation.entries(), installation.stored()
    if place.body is not None:
        response = installation.call(operation, Place(place.path, {"unknown": 1}), key)
        assert response.status_code == 400
    for if_match, status in ((None, 428), ('"v7.00000000-000000000000"', 412), ("no tag", 400)):
        if "If-Match" in operation.headers:
            response = installation.call(operation, place, key, if_match=if_match)
            assert response.status_code == status, response.text

    # What was done is taken back with its entry: something fails after the one and the other.
    append = ledger.append_entry

    def fail_after(*arguments: Any, **named: Any) -> None:
        append(*arguments, **named)
        raise RuntimeError("after the entry")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "append_entry", fail_after)
        assert installation.call(operation, place, key).status_code == 500
    assert new_entries(installation, before) == []
    assert installation.stored() == stored
