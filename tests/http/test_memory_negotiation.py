"""No header of a reader makes the answer of another: an answer through the memory is the one without it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.http.access import handlers_of, operation_id, rule_of
from actitud_api.platform.http.contract import find_keeping
from tests.http.test_public_state import await_true
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.public_addresses import Ids, list_public_addresses, read_answer
from tests.support.scale import NIGHT

EDITION: Final = "2026-demo"
BODY: Final = "XX-DEMO-00034"
PATHS: Final = (
    "/",
    "/docs",
    "/problems/not-found",
    "/robots.txt",
    "/openapi.json",
    "/.well-known/api-catalog",
    "/.well-known/security.txt",
    "/catalog",
    "/catalog.ttl",
    "/v1/openapi.json",
    f"/v1/editions/{EDITION}",
    f"/v1/editions/{EDITION}/scores?limit=3",
    f"/v1/editions/{EDITION}/scores?kind=MUN&limit=3",
    f"/v1/editions/{EDITION}/scores?limit=3&kind=MUN",
    f"/v1/editions/{EDITION}/scores?limit=3&unknown=1",
    f"/v1/editions/{EDITION}/scores.csv?limit=3",
    f"/v1/editions/latest/scores/{BODY}",
    f"/v1/editions/{EDITION}/scores/{BODY}?lang=es",
    f"/v1/editions/{EDITION}/scores/{BODY}/gobierto.json",
    f"/v1/editions/{EDITION}/publications/latest/scores/{BODY}",
    "/v1/editions/latest/scores.pdf",
    "/v1/methodologies/2026.1",
    f"/portal/{EDITION}/{BODY}",
    f"/portal/{EDITION}/{BODY}?utm_source=x&lang=en",
    f"/portal/{EDITION}/compare?q=a&organisation={BODY}",
    f"/portal/embed?edition={EDITION}&organisation={BODY}",
    f"/badge/{EDITION}/{BODY}.svg",
    f"/badge/{EDITION}/{BODY}.json?lang=en&utm=1",
    f"/embed/{EDITION}/{BODY}?theme=dark",
    f"/embed/{EDITION}/{BODY}/score.json",
    "/embed/element.json",
    f"/oembed?url=http%3A%2F%2Flocalhost%2Fportal%2F{EDITION}%2F{BODY}&format=xml",
    f"/oembed?url=http%3A%2F%2Fone.example%2Fportal%2F{EDITION}%2F{BODY}",
    "/portal/nothing",
)
HOSTS: Final = ("one.example", "two.example:81", "localhost", "localhost:8123", "127.0.0.1", "[::1]", "a b", "")
ACCEPTS: Final = (
    *("*/*", "application/json", "text/csv", "text/html", "text/csv;q=0.9, application/json;q=0.9", "image/png"),
    *(
        "text/turtle, application/json;q=0",
        "application/x-ndjson, application/json;q=0.5",
        "application/json;q=0",
        ";,",
    ),
)
LANGUAGES: Final = ("es", "en", "en;q=0.2, es;q=0.1", "ca", "de", "*", "es;q=0", "eu, en;q=0.5", "ñ")
CODINGS: Final = ("identity", "gzip", "br", "gzip, br", "gzip;q=0.5, br;q=0.1", "*", "*;q=0", "GZIP", "zstd, gzip")
# On a busy machine the database may not be heard for a second, which a kept answer then says.
_OF_ONE_REQUEST: Final = {"x-request-id", "date", "age", "cache-status"}

headers = st.fixed_dictionaries(
    {"host": st.sampled_from(HOSTS), "accept-encoding": st.sampled_from(CODINGS)},
    optional={
        "accept": st.sampled_from(ACCEPTS),
        "accept-language": st.sampled_from(LANGUAGES).map(lambda text: text.encode("latin-1")),
        "x-forwarded-host": st.sampled_from(HOSTS[:3]),
        "x-forwarded-proto": st.sampled_from(("http", "https", "gopher")),
        "x-forwarded-for": st.just("192.0.2.7"),
        "forwarded": st.just("host=two.example;proto=https"),
        "origin": st.sampled_from(("https://one.example", "null")),
        "cookie": st.just("session=1"),
        "if-none-match": st.sampled_from(("*", '"x"', "kept")),
        "x-request-id": st.just("mine"),
    },
)


class Wire(NamedTuple):
    """An answer as it is on the wire, without what is of one request."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Pair(NamedTuple):
    """The same service with a memory and without one."""

    kept: TestClient[Litestar]
    computed: TestClient[Litestar]


@pytest.fixture(scope="module", params=[None, "https://example.org"])
def pair(demonstration: str, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The services, without and with `public_url`."""
    chosen = structs.replace(unlimited(demonstration), public_url=request.param, memory_bytes=2**26)
    with (
        borrow_app(chosen) as keeping,
        borrow_app(structs.replace(chosen, memory_bytes=0)) as computing,
        TestClient(keeping) as kept,
        TestClient(computing) as computed,
    ):
        yield Pair(kept, computed)


def ask(client: TestClient[Litestar], method: str, path: str, sent: Mapping[str, str | bytes]) -> Wire:
    with client.stream(method, path, headers=_encode(sent), follow_redirects=False) as response:
        body = b"".join(response.iter_raw())
        own = _OF_ONE_REQUEST
        if response.status_code >= 400:
            # A problem has the id of its request, which compresses to more or fewer bytes.
            own, body = own | {"content-length"}, b""
        received = [(name, value) for name, value in response.headers.multi_items() if name not in own]
        return Wire(response.status_code, sorted(received), body)


def _encode(sent: Mapping[str, str | bytes]) -> dict[bytes, bytes]:
    return {name.encode(): value if isinstance(value, bytes) else value.encode() for name, value in sent.items()}


@given(
    path=st.sampled_from(PATHS),
    several=st.lists(headers, min_size=2, max_size=4),
    method=st.sampled_from(("GET", "GET", "HEAD")),
)
@settings(max_examples=150 if NIGHT else 12, deadline=None)
def test_an_answer_is_the_one_without_memory(
    pair: Pair, path: str, several: list[dict[str, str | bytes]], method: str
) -> None:
    for sent in several:
        # The first asks for it, so that the second can find it.
        plain = {name: value for name, value in sent.items() if name != "if-none-match"}
        tag = next((value for name, value in ask(pair.kept, "GET", path, plain).headers if name == "etag"), '"y"')
        asked = {**sent, **({"if-none-match": tag} if sent.get("if-none-match") == "kept" else {})}
        kept, computed = ask(pair.kept, method, path, asked), ask(pair.computed, method, path, asked)
        named = {name for name, _ in computed.headers} if method == "HEAD" else None
        # A stream says its length only where it is known: from memory it always is, to HEAD too.
        told = [one for one in kept.headers if named is None or one[0] in named or one[0] != "content-length"]
        assert kept._replace(headers=told) == computed


def test_what_only_its_links_keep_from_the_caches_of_others_is_kept_for_the_host_that_they_have(
    demonstration: str,
) -> None:
    """Only answers that are made are counted, and say so."""
    chosen = structs.replace(unlimited(demonstration), rate_limit_read=1_000, memory_bytes=2**26)
    path = f"/portal/{EDITION}/{BODY}"
    with borrow_app(chosen) as app, TestClient(app) as client:
        # Before the first look at the database nothing is kept.
        await_true(lambda: app.state["database"].public_state.number is not None)
        answers = [client.get(path, headers={"Host": host}) for host in ("127.0.0.1", "127.0.0.1", "localhost")]
    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-cache"}
    assert ["ratelimit" in answer.headers for answer in answers] == [True, False, True]
    assert "http://127.0.0.1/" in answers[1].text
    assert "http://127.0.0.1" not in answers[2].text


def test_every_address_has_its_own_answer_for_each_reader(pair: Pair) -> None:
    digest = pair.computed.get(f"/v1/editions/{EDITION}/publications").json()["items"][0]["digest"]
    ids = Ids(editions=(EDITION,), earlier=EDITION, organisation=BODY, digest=digest)
    listed = list(list_public_addresses(pair.kept, ids))
    assert len(listed) > 80
    readers: Sequence[Mapping[str, str | bytes]] = (
        {"host": "one.example", "accept-language": "es", "accept-encoding": "br"},
        {"host": "localhost:8123", "accept-language": "en", "accept-encoding": "identity"},
    )
    for address in listed if NIGHT else listed[::16]:
        for reader in (*readers, *readers):
            kept, computed = (ask(client, "GET", address, reader) for client in pair)
            if ".xlsx" in address or "workbook" in address:
                # A workbook says when it was made, so its bytes and their number may differ.
                kept, computed = (
                    one._replace(body=b"", headers=[pair for pair in one.headers if pair[0] != "content-length"])
                    for one in (kept, computed)
                )
            assert kept == computed, address


class _Type(type):
    """The type of a class whose instances are the instances of `datetime`."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


class Later(datetime, metaclass=_Type):
    """A clock that is more than a year fast."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # as `datetime` says
        """Return the time in 400 days."""
        return datetime.now(tz) + timedelta(days=400)


@contextmanager
def later() -> Iterator[None]:
    """Let every module of the service read the clock that is fast."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith("actitud_api.") and getattr(module, "datetime", None) is datetime:
                patch.setattr(module, "datetime", Later)
        yield


def test_only_what_is_not_kept_depends_on_the_clock(demonstration: str) -> None:
    chosen = structs.replace(unlimited(demonstration), contact="index@example.org")
    with borrow_app(chosen) as app, TestClient(app) as client:
        digest = client.get(f"/v1/editions/{EDITION}/publications").json()["items"][0]["digest"]
        ids = Ids(editions=(EDITION,), earlier=EDITION, organisation=BODY, digest=digest)
        listed = list(list_public_addresses(client, ids))
        for address in listed if NIGHT else {*listed[1::20], "/.well-known/security.txt"}:
            now = read_answer(client, address)
            with later():
                then = read_answer(client, address)
            assert (now == then) is (address != "/.well-known/security.txt"), address


def test_every_public_read_is_kept_or_says_why_not(pair: Pair) -> None:
    unkept = {}
    for _, handler in handlers_of(pair.kept.app):
        if "GET" not in handler.http_methods or rule_of(handler).key == "required":
            continue
        if find_keeping(handler.opt) is None:
            unkept[operation_id(handler)] = handler.opt["unkept"]
    # `livez` and `readyz` are not for caches (`no-store`), which says it already.
    assert {name for name, reason in unkept.items() if reason is None} == {"system.livez", "system.readyz"}
    assert {name for name, reason in unkept.items() if reason} == {
        "discovery.root", "discovery.security", "system.metrics",
    }  # fmt: skip
