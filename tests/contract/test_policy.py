"""Every operation of the document, called by everybody: only who may is answered, and nobody else changes anything."""

from __future__ import annotations

import pytest

from tests.contract.installation import MINE, OTHER, SAFE, Installation, Operation, operations

ALL = operations()
NAMES = [operation.id for operation in ALL]


def who_may(operation: Operation) -> set[str] | None:
    """Who may change what: answers are of their organisation, organisations of editors, and all of administrators."""
    if operation.id in ("scores.create", "methodologies.workbook.fill", "methodologies.workbook.read"):
        return None
    if "/assessments" in operation.path:
        return {"organisation", "administrator"}
    if operation.path.startswith("/v1/organisations"):
        return {"editor", "administrator"}
    return {"administrator"}


def test_the_document_asks_for_a_key_wherever_something_changes() -> None:
    unsafe = [operation for operation in ALL if operation.method not in SAFE]
    assert len(unsafe) >= 10
    assert {operation.id: operation.roles for operation in unsafe} == {
        operation.id: who_may(operation) for operation in unsafe
    }


@pytest.fixture(scope="module")
def keys(installation: Installation) -> dict[str, str]:
    """The keys that count, by who holds them."""
    return {
        "organisation": installation.key("organisation", MINE),
        "foreign": installation.key("organisation", OTHER),
        "editor": installation.key("editor"),
        "administrator": installation.key("administrator"),
    }


@pytest.fixture(scope="module")
def ended(installation: Installation) -> list[str]:
    """A key of each role that would be right and was revoked."""
    return [
        installation.key("organisation", MINE, revoked=True),
        installation.key("editor", revoked=True),
        installation.key("administrator", revoked=True),
    ]


@pytest.mark.parametrize("operation", ALL, ids=NAMES)
def test_only_who_may_is_answered(
    installation: Installation, keys: dict[str, str], ended: list[str], operation: Operation
) -> None:
    place = installation.place(operation)
    before = installation.stored()

    def refused(key: str | None) -> int:
        response = installation.call(operation, place, key)
        assert response.headers["content-type"] == "application/problem+json"
        assert installation.stored() == before
        return response.status_code

    roles = operation.roles
    if operation.described["security"]:
        assert [refused(key) for key in ended] == [401] * len(ended)
    if roles is None:
        assert installation.call(operation, place).status_code not in (401, 403)
        assert installation.call(operation, place, keys["administrator"]).is_success
        return
    assert refused(None) == 401
    for name in ("foreign", "editor", "administrator"):
        role = "organisation" if name == "foreign" else name
        if role not in roles:
            assert refused(keys[name]) == 403, name
        elif name == "foreign" and "{organisation}" in operation.path:
            assert refused(keys[name]) == 404
        elif name == "foreign":
            assert MINE not in installation.call(operation, place, keys[name]).text
    for role in roles:
        place = installation.place(operation)
        before = installation.stored()
        response = installation.call(operation, place, keys[role])
        assert response.is_success, response.text
        assert (installation.stored() == before) is (operation.method in SAFE)
