"""Whoever has no key that holds writes nothing into the ledger, whatever they send; and whoever has one writes no text
of their choice by what is denied to them, and one entry a day for each operation.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import text

from actitud_api.platform.auth import recording
from actitud_api.platform.auth.keys import Key, parse_key
from tests.contract import examples
from tests.contract.installation import LEDGER, OTHER, Installation, Operation, id_of, operations
from tests.contract.recorded import is_entered, new_entries
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key
from tests.support.scale import STRANGE

ALL: Final = operations()
NAMED: Final = "JuanPerez12Z"
"""A text that a stranger wants to have kept; an id of a key may be of that form."""
HOSTILE: Final = (NAMED, "Juan.Perez.DNI-12345678Z.tel-600123123", "..%2F..%2F{edition}", "ñ" * 300, NAMED * 100)


def ledger_texts(installation: Installation) -> str:
    """Everything in the tables of the ledger."""
    with installation.database.read() as session:
        return "\n".join(
            repr(row) for table in sorted(LEDGER) for row in session.execute(text(f'SELECT * FROM "{table}"'))
        )


def attempts(installation: Installation) -> Mapping[str, str]:
    """What a stranger may send as credentials, by what it is."""
    known = installation.key("administrator")
    return {
        "a text": f"Bearer {NAMED}",
        "another scheme": f"Basic {NAMED}",
        "an id of their choice": f"Bearer {Key(NAMED, 'A' * 43).to_text()}",
        "a known id": f"Bearer {Key(id_of(known), 'A' * 43).to_text()}",
        "a key that was revoked": f"Bearer {installation.key('administrator', revoked=True)}",
        "a key that has ended": f"Bearer {installation.key('administrator', expired=True)}",
    }


def ask(installation: Installation, operation: Operation, hostile: str, headers: Mapping[str, str]) -> httpx.Response:
    path = operation.path.format_map(_Same(hostile))
    takes_json = "requestBody" in operation.described and operation.id not in examples.OF_FILES
    sent = {"If-Match": "*"} if "If-Match" in operation.headers else {}
    if operation.names_its_attempts:
        sent["Idempotency-Key"] = NAMED
    if takes_json:
        sent["Content-Type"] = next(iter(operation.described["requestBody"]["content"]))
    content = json.dumps({NAMED: hostile}).encode() if takes_json else None
    return installation.client.request(
        operation.method.upper(),
        path,
        params={"q": hostile},
        content=content,
        headers={**sent, **headers, "X-Request-Id": f"{NAMED}.vive-en-Calle-Mayor-1", "User-Agent": NAMED},
    )


class _Same(dict[str, str]):
    """The same value for every parameter of a path."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value

    def __missing__(self, name: str) -> str:
        return self._value


def test_a_stranger_writes_nothing_into_the_ledger(installation: Installation, figure: FigureRecorder) -> None:
    before = ledger_texts(installation)
    assert NAMED not in before
    sent = {what: {"Authorization": text} for what, text in attempts(installation).items()}
    requests = list(itertools.product(ALL, HOSTILE, {"no key": {}, **sent}.items()))[::STRANGE]
    for operation, hostile, (what, headers) in requests:
        response = ask(installation, operation, hostile, headers)
        assert response.status_code < 500, response.text
        assert ledger_texts(installation) == before, (operation.id, what)
    entries = installation.entries()
    for operation in DENIABLE:
        ask(installation, operation, NAMED, present_key(_denied_key(installation, operation)))
    entered = len(new_entries(installation, entries))
    assert NAMED not in ledger_texts(installation)
    figure(
        "S4",
        f"requests without a key that holds, to {len(ALL)} operations with texts of a stranger in credentials, path, "
        "query, body and headers, after which the tables of the ledger are not the same",
        tried=len(requests),
        failed=0,
        control=f"of {len(DENIABLE)} requests that a key which holds may not do {entered} change them, without a text",
    )


def _denied_key(installation: Installation, operation: Operation) -> str:
    """Return a key that may not do an operation of `DENIABLE`."""
    if operation.roles is not None and "registrar" not in operation.roles:
        return installation.key("registrar")
    return installation.key("organisation_reader", OTHER)


DENIABLE: Final = [
    one
    for one in ALL
    if is_entered(one)
    and ("{key}" in one.path or (one.roles is not None and not {"registrar", "organisation_reader"} <= set(one.roles)))
]
"""Operations that are entered and that some key may not do."""


@pytest.mark.parametrize("operation", DENIABLE, ids=lambda operation: operation.id)
def test_what_is_denied_is_entered_once_a_day_without_a_text_of_the_client(
    installation: Installation, operation: Operation
) -> None:
    key = _denied_key(installation, operation)
    before = installation.entries()
    headers = present_key(key)
    for hostile in HOSTILE:
        response = ask(installation, operation, hostile, headers)
        assert response.status_code in (403, 404), response.text
        assert response.headers["x-request-id"] == f"{NAMED}.vive-en-Calle-Mayor-1"
    (entry,) = new_entries(installation, before)
    assert entry.record["outcome"] == "denied"
    assert entry.record["actor"]["key"] == id_of(key)
    assert entry.record["request"] not in (None, response.headers["x-request-id"])
    assert entry.opening is not None
    assert entry.opening.subject == operation.path
    assert NAMED not in ledger_texts(installation)


def test_another_day_or_another_key_is_entered_anew(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    (operation,) = [one for one in ALL if one.id == "editions.publications.create"]
    one, two = installation.key("registrar"), installation.key("registrar")
    now = [datetime(2027, 3, 1, 23, 59, tzinfo=UTC)]

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now[0]

    monkeypatch.setattr(recording, "datetime", Clock)

    def denied(key: str, before: Sequence[Any]) -> list[str]:
        ask(installation, operation, "2027", present_key(key))
        return [entry.record["actor"]["key"] for entry in new_entries(installation, before)]

    assert denied(one, installation.entries()) == [id_of(one)]
    assert denied(one, installation.entries()) == []
    assert denied(two, installation.entries()) == [id_of(two)]
    now[0] += timedelta(minutes=1)
    assert denied(one, installation.entries()) == [id_of(one)]
    assert denied(one, installation.entries()) == []


def test_the_id_of_a_request_in_the_ledger_is_never_the_one_that_the_client_sent(installation: Installation) -> None:
    before = installation.entries()
    headers = {**present_key(installation.key("administrator")), "X-Request-Id": "mine"}
    body = {"id": "XX-TEST-1", "name": "Villa", "kind": "MUN"}
    response = installation.client.post("/v1/organisations", json=body, headers=headers)
    assert (response.status_code, response.headers["x-request-id"]) == (201, "mine")
    (entry,) = new_entries(installation, before)
    assert len(entry.record["request"]) == 32
    assert int(entry.record["request"], 16) > 0


def test_the_texts_of_the_ledger_are_looked_through(installation: Installation) -> None:
    """Without what stands there, nothing above would say anything."""
    installation.edition(f"2027-{NAMED.lower()}")
    assert NAMED.lower() in ledger_texts(installation)
    assert parse_key(Key(NAMED, "A" * 43).to_text()) is not None
