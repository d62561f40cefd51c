"""Reads and writes of three clients in any order, with the right version, an old one or none: a small model says which
are accepted, and no accepted change is lost. What a client writes is one more than what it read last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.installation import MINE, OTHER, Installation
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key
from tests.support.scale import INTERLEAVINGS

CLIENTS: Final = 3
DRAFTING, HEARING = "2041-drafting", "2042-hearing"
Action = Literal["read", "write", "write as first read", "write weakly", "write one of two", "write without a version"]
WEIGHTED: Final[Sequence[Action]] = ("read", "read", "write", "write", *get_args(Action))


class Kind(NamedTuple):
    """An object that can be changed: where it is, how it is changed, and the place of a number in it."""

    path: str
    method: Literal["PATCH", "PUT"]
    build: Callable[[int], Mapping[str, Any]]
    read: Callable[[Any], object]


KINDS: Final = {
    "organisation": Kind(
        f"/v1/organisations/{OTHER}",
        "PATCH",
        lambda number: {"employees": number},
        lambda shown: shown["employees"],
    ),
    "edition": Kind(
        f"/v1/editions/{DRAFTING}",
        "PATCH",
        lambda number: {"titles": {"en": f"Edition {number}"}},
        lambda shown: shown["title"],
    ),
    "assessment": Kind(
        f"/v1/editions/{DRAFTING}/assessments/{MINE}",
        "PATCH",
        lambda number: {
            "methodology": "2027.1",
            "answers": {"D2.02": {"components": ["c1"], "note": f"Note {number}"}},
        },
        lambda shown: shown["answers"]["D2.02"]["note"],
    ),
    "reply": Kind(
        f"/v1/editions/{HEARING}/assessments/{MINE}/replies/D1.07",
        "PUT",
        lambda number: {"text": f"Reply {number}"},
        lambda shown: shown["text"],
    ),
}


class Client:
    """A client that reads an object, and writes one more than the number that it read last."""

    def __init__(self, installation: Installation, kind: Kind, key: str) -> None:
        self._http, self._kind, self._key = installation.client, kind, present_key(key)
        self.number = 0
        self.seen: list[str] = []

    def read(self) -> None:
        """Read the object, with its version."""
        self._learn(self._http.get(self._kind.path, headers=self._key))

    def write(self, if_match: str | None) -> int:
        """Write one more than what was read. Return the status."""
        body, headers = self._kind.build(self.number + 1), {**self._key, "Content-Type": "application/merge-patch+json"}
        if self._kind.method == "PUT":
            headers["Content-Type"] = "application/json"
        if if_match is not None:
            headers["If-Match"] = if_match
        response = self._http.request(self._kind.method, self._kind.path, json=body, headers=headers)
        if response.is_success:
            self._learn(response)
        return response.status_code

    def _learn(self, response: httpx.Response) -> None:
        assert response.status_code == 200, response.text
        self.number = read_number(self._kind.read(response.json()))
        self.seen.append(response.headers["etag"])


def read_number(value: object) -> int:
    """Return the number in a text such as `Note 12`, or 0 if there is none."""
    found = re.search(r"[0-9]+$", str(value))
    return 0 if found is None else int(found[0])


class Told(NamedTuple):
    """What became of the steps of an interleaving: how many ended with which status, and how many changes were lost."""

    statuses: Counter[int]
    lost: int


@pytest.fixture(scope="module")
def key(installation: Installation) -> str:
    """The key of the three clients; their objects are there."""
    for edition in (DRAFTING, HEARING):
        installation.edition(edition)
        installation.draft(edition, MINE)
    installation.submit(HEARING, MINE)
    installation.settle(HEARING, MINE, "hearing")
    installation.reply(HEARING, MINE)
    return installation.key("administrator")


def tell(installation: Installation, key: str, kind: Kind, steps: Sequence[tuple[int, Action]]) -> Told:
    """Let the clients do these steps, and assert of each write that it is answered as its version says."""
    clients = [Client(installation, kind, key) for _ in range(CLIENTS)]
    observer = Client(installation, kind, key)
    observer.read()
    current, number = observer.seen[-1], observer.number
    begun, statuses = number, Counter[int]()
    for who, action in steps:
        client = clients[who]
        if action == "read":
            client.read()
            assert (client.seen[-1], client.number) == (current, number)
            continue
        if not client.seen:
            client.seen.append('"v0-0123456789ab"')  # a version that a client invents
        seen = {"write as first read": client.seen[0]}.get(action, client.seen[-1])
        sent = {
            "write weakly": f"W/{seen}",
            "write one of two": f'"v0-000000000000", {seen}',
            "write without a version": None,
        }.get(action, seen)
        expected = 428 if sent is None else 412 if action == "write weakly" or seen != current else 200
        written, before = client.number + 1, number
        status = client.write(sent)
        assert status == expected, (action, sent, current)
        statuses[status] += 1
        if status == 200:
            # Whoever has the current version has read the current number.
            assert written == before + 1
            current, number = client.seen[-1], client.number
    observer.read()
    assert (observer.seen[-1], observer.number) == (current, number)
    return Told(statuses, begun + statuses[200] - number)


def count_blind(installation: Installation, key: str, rounds: int) -> tuple[int, int]:
    """Return how many changes of clients that send `If-Match: *` are accepted, and how many of them are lost."""
    accepted = lost = 0
    for kind in KINDS.values():
        clients = [Client(installation, kind, key) for _ in range(CLIENTS)]
        for _ in range(rounds):
            for client in clients:
                client.read()
            begun = clients[0].number
            assert [client.write("*") for client in clients] == [200] * CLIENTS
            clients[0].read()
            accepted += CLIENTS
            lost += begun + CLIENTS - clients[0].number
    return accepted, lost


def test_no_accepted_change_is_lost_in_any_order(installation: Installation, key: str, figure: FigureRecorder) -> None:
    statuses, lost, told = Counter[int](), 0, 0

    @settings(max_examples=INTERLEAVINGS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(sorted(KINDS)),
        st.lists(st.tuples(st.integers(0, CLIENTS - 1), st.sampled_from(WEIGHTED)), min_size=2, max_size=10),
    )
    def interleave(kind: str, steps: list[tuple[int, Action]]) -> None:
        nonlocal lost, told
        found = tell(installation, key, KINDS[kind], steps)
        statuses.update(found.statuses)
        lost, told = lost + found.lost, told + 1

    interleave()
    assert lost == 0
    assert all(statuses[status] >= told // 10 for status in (200, 412, 428)), statuses
    accepted, overwritten = count_blind(installation, key, 3)
    assert overwritten == accepted * (CLIENTS - 1) // CLIENTS
    figure(
        "R10",
        f"interleavings of {CLIENTS} clients over {len(KINDS)} kinds of objects, of which one that lost a change would "
        f"count; {statuses[200]} changes with the right version accepted, {statuses[412]} with another refused, "
        f"{statuses[428]} without one",
        tried=told,
        failed=lost,
        control=f"with `If-Match: *` {overwritten} of {accepted} accepted changes are lost",
    )
