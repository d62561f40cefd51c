"""Limits: what is let through, what is told, and who is counted together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from structlog.testing import capture_logs

from actitud_api.app import CONTROLLERS
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import keys as forms
from actitud_api.platform.http.access import Rule, rules_of
from actitud_api.platform.http.middleware import limits
from actitud_api.platform.http.middleware.limits import address_of, class_of
from actitud_api.platform.storage import sqlite
from actitud_api.platform.storage.database import Database, Unavailable
from actitud_api.platform.storage.request_counters import CountedRequest, MemoryCounter
from actitud_api.settings import Settings
from tests.contract.asgi import Received, Sent, exchange
from tests.http.test_http_policy import MINE, WhoController
from tests.http.test_http_problems import problem
from tests.http.test_request_counters import Clock
from tests.http.toys import ToyController
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite
from tests.support.keys import create_header, present_key, sign_in
from tests.support.waiting import PATIENCE

READ, MORE, OWN = "/v1/toys/x", f"/v1/who/more/{MINE}", f"/v1/who/own/{MINE}"
CAR = {"kind": "car-1", "name": "a", "wheels": {"count": 4}}
WRONG = present_key(forms.generate_key().to_text())
"""A key of nobody."""


@contextmanager
def served(url: str, **quotas: int) -> Iterator[TestClient[Litestar]]:
    """A client of the service with small limits."""
    few = {"rate_limit_read": 3, "rate_limit_write": 2, "rate_limit_score": 1, "rate_limit_refused": 2, **quotas}
    # No limit counts what is answered from memory.
    settings = structs.replace(Settings(database_url=url), **few, memory_bytes=0)
    with borrow_app(settings, (*CONTROLLERS, ToyController, WhoController)) as app, TestClient(app) as client:
        # To compress their document as far as possible takes 0.6 s.
        client.headers["accept-encoding"] = "identity"
        yield client


@pytest.fixture
def client(url: str) -> Iterator[TestClient[Litestar]]:
    with served(url) as client:
        yield client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the limits of a service on SQLite go by."""
    clock = Clock()
    monkeypatch.setattr(sqlite, "create_counter", lambda url: MemoryCounter(clock=clock))
    return clock


@pytest.fixture
def sqlite_at(tmp_path: Any) -> str:
    url = migrated_sqlite(tmp_path)
    return url


# --- what is let through and told -----------------------------------------------------------------------------


def test_beyond_the_quota_it_is_429_until_the_window_ends(clock: Clock, sqlite_at: str) -> None:
    with served(sqlite_at) as client:
        told = []
        for seconds in (0, 10, 19.5):
            clock.now = 1_000 + seconds
            answer = client.get(READ)
            assert answer.status_code == 200
            told.append((answer.headers["ratelimit-policy"], answer.headers["ratelimit"]))
        policy = '"read";q=3;w=60'
        assert told == [(policy, '"read";r=2;t=60'), (policy, '"read";r=1;t=50'), (policy, '"read";r=0;t=41')]
        refused = client.get(READ, headers={"Accept-Language": "es"})
        found = problem(refused, 429, "too-many-requests")
        assert found["detail"] == "Límite «read»: 3 en 60 segundos. Vuelva a intentarlo dentro de 41 segundos."
        assert refused.headers["retry-after"] == "41"
        assert (refused.headers["ratelimit-policy"], refused.headers["ratelimit"]) == (policy, '"read";r=0;t=41')
        clock.now = 1_059.999
        assert client.get(READ).headers["retry-after"] == "1"
        clock.now = 1_060
        assert client.get(READ).headers["ratelimit"] == '"read";r=2;t=60'


def test_each_class_is_counted_by_itself(client: TestClient[Litestar]) -> None:
    part = {"count": 1}
    assert [client.post("/v1/toys", json=CAR).status_code for _ in range(3)] == [200, 200, 429]
    assert [client.post("/v1/toys/parts", json=part).status_code for _ in range(2)] == [200, 429]
    assert [client.get(READ).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.post("/v1/toys", json=CAR).headers["ratelimit-policy"] == '"write";q=2;w=60'
    assert client.post("/v1/toys/parts", json=part).headers["ratelimit-policy"] == '"score";q=1;w=60'


@pytest.mark.parametrize(
    ("rule", "method", "expected"),
    [
        (Rule(), "GET", "read"), (Rule(), "POST", "write"), (Rule(), "PUT", "write"), (Rule(), "PATCH", "write"),
        (Rule(), "DELETE", "write"), (Rule(limit="score"), "POST", "score"), (Rule(limit="none"), "GET", None),
    ],
)  # fmt: skip
def test_the_rule_and_the_method_say_the_class(rule: Rule, method: str, expected: str | None) -> None:
    assert class_of(rule, method) == expected


def test_only_pages_and_health_are_without_limit_and_what_computes_most_has_its_own() -> None:
    with borrow_app(Settings(database_url="sqlite:///never-opened")) as app:
        rules = rules_of(app)
    unlimited = {name for name, rule in rules.items() if rule.limit == "none"}
    others = {"embeds.file", "catalogue.choose", "methodologies.document_schema"} & rules.keys()
    assert unlimited == {name for name in rules if name.startswith(("discovery.", "pages.", "system."))} | others
    computed = {
        "scores.create",
        "scores.create_many",
        "editions.robustness.list",
        "editions.statistics",
        "editions.audit",
    }
    computed |= {"methodologies.workbook.fill", "methodologies.workbook.read"}
    computed |= {"organisations.export", "editions.export", "editions.scores.export", "editions.indicators.export"}
    assert {name for name, rule in rules.items() if rule.limit == "score"} == computed


def test_whatever_is_answered_counts_and_says_so(client: TestClient[Litestar]) -> None:
    tag = client.head(READ).headers
    assert tag["ratelimit"].startswith('"read";r=2;')
    unchanged = client.get(READ, headers={"If-None-Match": tag["etag"]})
    assert (unchanged.status_code, unchanged.headers["ratelimit"][:10]) == (304, '"read";r=1')
    refused = client.get(f"{READ}?no=1")
    assert (refused.status_code, refused.headers["ratelimit"][:10]) == (400, '"read";r=0')
    assert client.head(READ).status_code == 429


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/", "/docs", "/static/page.css", "/v1/openapi.json", "/none"])
def test_health_and_pages_are_not_counted(client: TestClient[Litestar], path: str) -> None:
    answers = [client.get(path) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {404 if path == "/none" else 200}
    assert not [answer for answer in answers if "ratelimit" in answer.headers]


def test_asking_what_may_be_asked_is_not_counted(client: TestClient[Litestar]) -> None:
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    assert [client.options(READ, headers=preflight).status_code for _ in range(5)] == [204] * 5
    assert client.get(READ).headers["ratelimit"].startswith('"read";r=2;')


def test_scripts_of_any_origin_may_read_what_is_left(client: TestClient[Litestar]) -> None:
    exposed = client.get(READ).headers["access-control-expose-headers"].split(", ")
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed)


def test_without_limits_nothing_is_counted_or_told(url: str) -> None:
    with served(url, rate_limit_read=0, rate_limit_refused=0) as client:
        answers = [client.get(READ) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {200}
        assert not [answer for answer in answers if "ratelimit" in answer.headers]
        assert {client.get(MORE, headers=WRONG).status_code for _ in range(5)} == {401}


def test_the_document_says_where_there_are_limits(client: TestClient[Litestar]) -> None:
    document = client.get("/v1/openapi.json").json()
    limited = document["paths"]["/v1/scores"]["post"]["responses"]
    assert limited["429"] == {"$ref": "#/components/responses/too-many-requests"}
    assert {"RateLimit", "RateLimit-Policy"} <= limited["200"]["headers"].keys()
    assert "Retry-After" in document["components"]["responses"]["too-many-requests"]["headers"]
    free = document["paths"]["/livez"]["get"]["responses"]
    assert "429" not in free
    assert "RateLimit" not in free["200"]["headers"]


# --- who is counted together ----------------------------------------------------------------------------------


def asked_from(app: Litestar, *clients: tuple[str, int] | None) -> list[int]:
    """The statuses of requests, each from another client."""

    async def ask() -> list[Received]:
        return [await exchange(app, Sent("GET", READ.encode(), client=client)) for client in clients]

    return [received.status for received in asyncio.run(ask())]


def test_what_a_key_may_not_change_is_counted_with_the_keys_that_do_not_count(url: str) -> None:
    """What is denied is entered in the ledger once a day; what does not count as a key, never."""
    with served(url, rate_limit_refused=3) as client:
        mine, wrong = {**sign_in(client, "registrar"), "If-Match": "*"}, {**WRONG, "If-Match": "*"}

        def entered() -> int:
            with client.app.state["database"].read() as session:
                return len(list(ledger.iterate_entries(session)))

        assert [client.delete("/v1/editions/2027", headers=mine).status_code for _ in range(5)] == [403] * 3 + [429] * 2
        assert entered() == 1 + 1
        refused = [client.delete("/v1/editions/2027", headers=wrong).status_code for _ in range(5)]
        assert refused == [401] * 3 + [429] * 2
        assert entered() == 1 + 1
        # What it may do is not held back, nor what reads.
        assert client.get("/v1/organisations", headers=mine).status_code == 200
        body = {"id": "XX-TEST-1", "name": "Villa", "kind": "MUN"}
        assert client.post("/v1/organisations", json=body, headers=mine).status_code == 201


def test_what_a_client_says_of_its_address_changes_nothing(client: TestClient[Litestar]) -> None:
    names = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP")
    statuses = [
        client.get(READ, headers={name: f"{'for=' * (name == 'Forwarded')}192.0.2.{number}" for name in names})
        for number in range(5)
    ]
    assert [answer.status_code for answer in statuses] == [200, 200, 200, 429, 429]


def test_the_addresses_of_one_network_are_one_client(client: TestClient[Litestar]) -> None:
    same = [(f"2001:db8:1:1:{number:x}::1", number) for number in range(4)]
    assert asked_from(client.app, *same) == [200, 200, 200, 429]
    assert asked_from(client.app, ("2001:db8:1:2::1", 1), ("192.0.2.1", 1)) == [200, 200]
    assert asked_from(client.app, *[("::ffff:192.0.2.1", 1)] * 3) == [200, 200, 429]


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("::ffff:192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8:1:2:ffff:ffff:ffff:ffff", 1), "2001:db8:1:2::/64"),
        (("2001:DB8:1:2::", 1), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("::1", 1), "::/64"),
        (None, "unknown"),
        (("", 0), "unknown"),
        (("a name of its own choice", 1), "unknown"),
    ],
)
def test_the_address_that_counts(client: tuple[str, int] | None, expected: str) -> None:
    scope: Any = {"client": client}
    assert address_of(scope) == expected


def test_a_key_is_counted_by_itself_wherever_it_comes_from(client: TestClient[Litestar], database: Database) -> None:
    one, other = create_header(database), create_header(database)
    assert [client.get(MORE, headers=one).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert [client.get(MORE, headers=other).status_code for _ in range(3)] == [200] * 3
    assert [client.get(MORE).status_code for _ in range(4)] == [200, 200, 200, 429]
    sent = Sent("GET", MORE.encode(), [(b"authorization", one["Authorization"].encode())], client=("192.0.2.9", 1))
    assert asyncio.run(exchange(client.app, sent)).status == 429


# --- keys that do not count -----------------------------------------------------------------------------------


def test_too_many_wrong_keys_of_an_address_are_429_and_a_right_one_still_counts(
    client: TestClient[Litestar], database: Database
) -> None:
    right = create_header(database)
    assert [client.get(MORE, headers=WRONG).status_code for _ in range(2)] == [401, 401]
    refused = client.get(OWN, headers=WRONG)
    problem(refused, 429, "too-many-requests")
    assert 59 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-policy"] == '"refused";q=2;w=60'
    assert client.get(OWN, headers=right).status_code == 200
    assert client.get(MORE).status_code == 200
    # Without a key there is none that could be wrong.
    assert [client.get(OWN).status_code for _ in range(3)] == [401] * 3


def test_a_text_without_the_form_of_a_key_is_neither_counted_nor_entered(client: TestClient[Litestar]) -> None:
    right = forms.generate_key().to_text()
    for text in ("x", "actl_wrong", right[:-1], f"{right}x", f"{right[:-1]}{'0' if right[-1] != '0' else '1'}"):
        for path in (OWN, MORE):
            problem(client.get(path, headers=present_key(text)), 401, "unauthorized")
        problem(client.delete("/v1/editions/2027", headers=present_key(text)), 401, "unauthorized")
    with client.app.state["database"].read() as session:
        assert list(ledger.iterate_entries(session)) == []
    assert client.get(OWN, headers=WRONG).status_code == 401


def test_a_change_without_its_precondition_is_refused_for_that_also_beyond_the_limits(
    client: TestClient[Litestar], database: Database
) -> None:
    administrator, registrar = create_header(database), create_header(database, "registrar")

    def remove(headers: dict[str, str]) -> int:
        return client.delete("/v1/editions/2027", headers=headers).status_code

    before = [remove(headers) for headers in (administrator, registrar, WRONG, {})]
    assert before == [428, 428, 428, 401]
    # Two are allowed, of writes and of refused requests.
    for headers, status in ((administrator, 404), (registrar, 403), (WRONG, 401)):
        assert [remove({**headers, "If-Match": "*"}) for _ in range(3)] == [status, status, 429]
    assert [remove(headers) for headers in (administrator, registrar, WRONG, {})] == before


# --- the store of the limits fails ----------------------------------------------------------------------------


def failing(monkeypatch: pytest.MonkeyPatch, count: Callable[[str], CountedRequest], places: int) -> None:
    class Failing(MemoryCounter):
        def count(self, subject: str, weight: int = 1) -> CountedRequest:
            return count(subject)

    made = Failing()
    monkeypatch.setattr(made, "max_waiters", places, raising=False)
    monkeypatch.setattr(sqlite, "create_counter", lambda url: made)


@pytest.mark.parametrize("places", [0, 1])
def test_what_anybody_may_read_goes_on_and_the_rest_waits(
    sqlite_at: str, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(subject: str) -> CountedRequest:
        raise Unavailable("the reason")

    failing(monkeypatch, count, places)
    with served(sqlite_at) as client, capture_logs() as logs:
        key = sign_in(client)
        answers = [client.get(READ) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {200}
        assert not [answer for answer in answers if "ratelimit" in answer.headers]
        assert logs[0] == {"event": "not counted", "log_level": "warning", "limit": "read", "reason": "the reason"}
        for refused in (
            client.post("/v1/toys", json=CAR),
            client.post("/v1/toys/parts", json={"count": 1}),
            client.get(MORE, headers=key),
            client.get(MORE, headers=WRONG),
        ):
            problem(refused, 503, "unavailable")
            assert refused.headers["retry-after"] == "2"


def test_a_store_that_does_not_answer_is_not_waited_for(sqlite_at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def count(subject: str) -> CountedRequest:
        assert ended.wait(PATIENCE)
        raise Unavailable("too late")

    failing(monkeypatch, count, 1)
    monkeypatch.setattr(limits, "PATIENCE", 0.02)
    with served(sqlite_at) as client:
        try:
            assert [client.get(READ).status_code for _ in range(3)] == [200] * 3
            problem(client.post("/v1/toys", json=CAR), 503, "unavailable")
        finally:
            ended.set()
