"""Answers from memory: which are kept and for how long, that each is made once, and that none is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import pytest
from litestar import Controller, Litestar, Response
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import structs

from actitud_api.app import create_app
from actitud_api.engine.i18n import Language
from actitud_api.platform.http.access import ANYBODY, KEY_SHOWS_MORE
from actitud_api.platform.http.middleware.memory import BODY_MAX, FRESH, Memory
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.pages import PagesController
from actitud_api.platform.http.representations import IMMUTABLE, REVALIDATE, conditional
from actitud_api.platform.http.scope import ApiRequest, mark_incomplete
from actitud_api.platform.http.system import SystemController
from tests.support.databases import unlimited

ROOM: Final = 2_000_000
STALE: Final = 60
Headers = dict[str, str]


class KnownState:
    """A public state, as a test sets it."""

    def __init__(self) -> None:
        self.number: int | None = 1
        self.heard = 0.0


class Makings:
    """What the handlers of a test do: how often one ran, and what it waits for."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.wait: Callable[[], Awaitable[object]] | None = None


class MadeController(Controller):
    """Reads that tell how often one was made."""

    path = "/made"

    @get_page("/{name:str}", operation_id="made.read", access=KEY_SHOWS_MORE, parameters=("a", "b"))
    async def read(self, request: ApiRequest, name: FromPath[str], language: Language) -> Response[bytes]:
        """Read the number of the making."""
        makings: Makings = request.app.state["makings"]
        makings.made.append(name)
        number = 0 if name == "immutable" else len(makings.made)
        if makings.wait is not None:
            await makings.wait()
        if name == "failing":
            raise ValueError
        headers = {
            "Cache-Control": {"immutable": IMMUTABLE, "private": "private, no-cache"}.get(name, REVALIDATE),
            "Vary": {"cookies": "Cookie", "all": "*"}.get(name, "Accept-Language"),
        }
        if name == "incomplete":
            mark_incomplete(request.scope)
        if name == "cookie":
            headers["Set-Cookie"] = "a=b"
        query = request.scope["query_string"].decode()
        body = f"{name} {number} {language} {query}".encode()
        if name == "tagless":
            return Response(body, headers=headers, media_type="text/plain")
        return conditional(request, body.ljust(2_000), headers, "text/plain")

    @get_page("/unkept/{name:str}", operation_id="made.unkept", access=ANYBODY, unkept="A test says so.")
    async def read_unkept(self, request: ApiRequest, name: FromPath[str]) -> Response[bytes]:
        """Read what is never kept."""
        request.app.state["makings"].made.append(name)
        return conditional(request, name.encode(), {"Cache-Control": REVALIDATE}, "text/plain")

    @get_page(
        "/clean/{name:str}", operation_id="made.clean", access=ANYBODY, has_clean_address=True, parameters=("a", "b")
    )
    async def read_clean(self, request: ApiRequest, name: FromPath[str], language: Language) -> Response[bytes]:
        """Read what has one address."""
        request.app.state["makings"].made.append(name)
        return conditional(request, name.encode(), {"Cache-Control": REVALIDATE}, "text/plain")

    @get_page("/stream/{size:int}", operation_id="made.stream", access=ANYBODY)
    async def stream(self, request: ApiRequest, size: FromPath[int]) -> Stream:
        """Read pieces of a megabyte."""
        makings: Makings = request.app.state["makings"]
        makings.made.append(str(size))

        async def make() -> Any:
            for _ in range(size):
                if makings.wait is not None:
                    await makings.wait()
                yield bytes(1_000_000)

        return Stream(make(), headers={"Cache-Control": REVALIDATE, "ETag": f'"{size}"'}, media_type="image/png")


class Wire(NamedTuple):
    """An answer as it is sent."""

    status: int
    headers: Headers
    body: bytes


class Service:
    """An application with the layer, a state and a clock that the test sets."""

    def __init__(self, room: int = ROOM) -> None:
        self.makings = Makings()
        self.state = KnownState()
        self.now = 0.0
        settings = structs.replace(unlimited("sqlite:////nowhere"), public_url="https://example.org")
        self.app = create_app(settings, (SystemController, PagesController, MadeController))
        self.app.state["makings"] = self.makings
        self.layer = Memory(
            self.app,
            self.app.state["alternatives"],
            self.state,
            room=room,
            stale_if_error=STALE,
            has_public_url=True,
            clock=lambda: self.now,
        )
        self.app.asgi_handler = self.layer

    def ask(self, path: str, method: str = "GET", **headers: str) -> Wire:
        """Send a request by itself."""
        return asyncio.run(ask(self.app, path, method, **headers))

    def is_made_anew(self, path: str, method: str = "GET") -> bool:
        """Whether the handler ran for this request."""
        before = len(self.makings.made)
        self.ask(path, method)
        return len(self.makings.made) > before


async def ask(
    app: Litestar, path: str, method: str = "GET", messages: list[Any] | None = None, /, **headers: str
) -> Wire:
    """Send a request to an application, which adds its messages to a list. Return the answer."""
    path, _, query = path.partition("?")
    sent: list[Any] = [] if messages is None else messages

    ended = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message["more_body"]:
            ended.set()

    async def receive() -> Any:
        await ended.wait()
        return {"type": "http.disconnect"}

    named = {"host": "example.org", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope: Any = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "scheme": "https",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "client": ("192.0.2.1", 1),
        "state": {},
    }
    await app(scope, receive, send)
    received = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return Wire(sent[0]["status"], received, b"".join(message["body"] for message in sent[1:]))


@pytest.fixture
def service() -> Service:
    return Service()


def test_an_answer_is_made_once_and_has_a_request_id_of_its_own(service: Service) -> None:
    first, again = service.ask("/made/a"), service.ask("/made/a")
    assert service.makings.made == ["a"]
    assert (again.status, again.body) == (first.status, first.body) == (200, b"a 1 es ".ljust(2_000))
    own = ("x-request-id",)
    assert {k: v for k, v in again.headers.items() if k not in own} == {
        k: v for k, v in first.headers.items() if k not in own
    }
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert service.ask("/made/a", x_request_id="mine").headers["x-request-id"] == "mine"
    assert service.ask("/made/a", x_request_id="not safe!").headers["x-request-id"] != "not safe!"


def test_an_answer_is_made_anew_after_a_change(service: Service) -> None:
    assert service.is_made_anew("/made/a")
    service.state.number = 2
    assert service.is_made_anew("/made/a")
    assert not service.is_made_anew("/made/a")
    # Another number, not a higher one, is what says that something changed.
    service.state.number = 1
    assert service.is_made_anew("/made/a")


def test_what_changes_while_an_answer_is_made_keeps_it_out(service: Service) -> None:
    async def change() -> None:
        service.state.number = 2

    service.makings.wait = change
    assert service.is_made_anew("/made/a")
    assert service.is_made_anew("/made/a"), "it was made before the change or after it: nobody knows"
    assert not service.is_made_anew("/made/a")


def test_without_a_state_only_what_never_changes_is_kept(service: Service) -> None:
    service.state.number = None
    assert [service.is_made_anew(path) for path in ("/made/a", "/made/a", "/made/immutable", "/made/immutable")] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/made/private",
        "/made/tagless",
        "/made/incomplete",
        "/made/cookie",
        "/made/cookies",
        "/made/all",
        "/made/unkept/a",
        "/made/failing",
        "/made//a",
        "/made/a/",
        "/made/a?a=%ff",
    ],
)
def test_what_is_not_a_public_answer_of_its_address_is_not_kept(service: Service, path: str) -> None:
    assert (service.is_made_anew(path), service.is_made_anew(path)) == (True, True)


@pytest.mark.parametrize(
    "header",
    ["authorization", "range", "if-match", "if-modified-since", "if-unmodified-since", "if-range"],
)
def test_a_request_with_credentials_or_a_rare_condition_goes_to_its_handler(service: Service, header: str) -> None:
    service.ask("/made/immutable")
    seen = []
    inner = service.layer._inner

    async def note(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await inner(scope, receive, send)

    service.layer._inner = note
    service.ask("/made/immutable", **{header: "x"})
    assert seen == ["/made/immutable"]
    service.ask("/made/immutable", cookie="session=1")
    assert seen == ["/made/immutable"], "nothing reads cookies"


def test_while_the_database_is_not_heard_answers_say_so_and_then_end(service: Service) -> None:
    for path in ("/made/a", "/made/immutable"):
        service.ask(path)
    service.now = FRESH
    assert "age" not in service.ask("/made/a").headers
    service.now = 30.5
    stale = service.ask("/made/a")
    assert (stale.headers["age"], stale.headers["cache-status"]) == ("30", "actitud; hit; ttl=-30")
    unchanged = service.ask("/made/a", if_none_match=stale.headers["etag"])
    assert (unchanged.status, unchanged.headers["age"]) == (304, "30")
    assert "age" not in service.ask("/made/immutable").headers
    service.now = STALE + 0.5
    assert service.is_made_anew("/made/a")
    assert not service.is_made_anew("/made/immutable")


def test_spellings_of_a_query_share_an_answer(service: Service) -> None:
    assert service.is_made_anew("/made/a?a=1&b=2")
    for query in ("b=2&a=1", "a=%31&b=2", "a=1&b=2&utm_source=x", "utm_source=%ff&b=2&a=1"):
        assert service.is_made_anew(f"/made/a?{query}") is (query == "utm_source=%ff&b=2&a=1"), query
    for query in ("a=1", "a=2&b=2", "a=1&b=2&a=3", "a=1&a=3&b=2", "a=1&b=2&lang=en"):
        assert service.is_made_anew(f"/made/a?{query}") is (query != "a=1&a=3&b=2"), query
    assert service.ask("/made/a?utm_source=x").body.rstrip().endswith(b" es"), "no handler sees what it does not know"


def test_a_head_request_is_answered_from_the_kept_get(service: Service) -> None:
    assert service.is_made_anew("/made/a", method="HEAD")
    got = service.ask("/made/a")
    head = service.ask("/made/a", method="HEAD")
    assert len(service.makings.made) == 2
    assert head.body == b""
    assert {**head.headers, "x-request-id": ""} == {**got.headers, "x-request-id": ""}


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip", "identity"])
def test_if_none_match_is_answered_before_any_work(service: Service, coding: str) -> None:
    plain = service.ask("/made/immutable", accept_encoding="identity").headers["etag"]
    tag = service.ask("/made/immutable", accept_encoding=coding).headers["etag"]
    made = len(service.makings.made)
    for sent, told in ((tag, tag), (f'"x", W/{tag}', tag), ("*", plain), (plain, plain)):
        answer = service.ask("/made/immutable", accept_encoding=coding, if_none_match=sent)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", told), sent
        assert answer.headers["cache-control"] == IMMUTABLE
        assert not answer.headers.keys() & {"content-length", "content-type", "content-encoding"}
    assert service.ask("/made/immutable", accept_encoding=coding, if_none_match='"x"').status == 200
    assert len(service.makings.made) == made


def test_a_condition_does_not_keep_an_answer_out(service: Service) -> None:
    tag = service.ask("/made/a").headers["etag"]
    service.state.number = 2
    service.makings.made.clear()
    assert service.ask("/made/a", if_none_match=tag).status == 304
    assert not service.is_made_anew("/made/a")


def test_an_answer_is_made_once_for_all_who_wait(service: Service) -> None:
    async def run() -> None:
        release = asyncio.Event()
        service.makings.wait = release.wait
        asked = [asyncio.create_task(ask(service.app, "/made/a")) for _ in range(20)]
        other = asyncio.create_task(ask(service.app, "/made/b"))
        await settle()
        # The first client goes before its answer is made.
        asked[0].cancel()
        await settle()
        service.state.number = 2
        late = asyncio.create_task(ask(service.app, "/made/a"))
        await settle()
        release.set()
        answers = await asyncio.gather(*asked[1:])
        assert {answer.body for answer in answers} == {b"a 1 es ".ljust(2_000)}
        assert len({answer.headers["x-request-id"] for answer in answers}) == 19
        assert (await late).body == b"a 3 es ".ljust(2_000), "who asked after the change sees it"
        await other

    asyncio.run(run())
    assert service.makings.made == ["a", "b", "a"]


def test_those_who_wait_for_what_cannot_be_kept_go_on_by_themselves(service: Service) -> None:
    async def run() -> None:
        release = asyncio.Event()
        service.makings.wait = release.wait
        asked = [asyncio.create_task(ask(service.app, "/made/private")) for _ in range(3)]
        await settle()
        assert len(service.makings.made) == 1
        release.set()
        answers = await asyncio.gather(*asked)
        assert [answer.body.split()[1] for answer in answers] == [b"1", b"2", b"3"]

    asyncio.run(run())


def test_a_stream_is_kept_if_it_is_small_and_never_held(service: Service) -> None:
    assert service.is_made_anew("/made/stream/1")
    # One piece of a megabyte is above a fifth of the room.
    assert service.is_made_anew("/made/stream/1")
    service = Service(room=64 * 2**20)
    whole = service.ask("/made/stream/4")
    assert service.ask("/made/stream/4").body == whole.body == bytes(4_000_000)
    assert len(service.makings.made) == 1
    assert 4_000_000 < BODY_MAX < 5_000_000
    assert (service.is_made_anew("/made/stream/5"), service.is_made_anew("/made/stream/5")) == (True, True)

    async def run() -> None:
        turns = asyncio.Queue[None]()
        service.makings.wait = turns.get
        sent: list[Any] = []
        asked = asyncio.create_task(ask(service.app, "/made/stream/3", "GET", sent))
        turns.put_nowait(None)
        await settle()
        assert len(sent) == 2, "the first piece leaves before the second is made"
        turns.put_nowait(None)
        turns.put_nowait(None)
        await asked

    asyncio.run(run())


def test_those_who_wait_for_a_stream_make_it_themselves_if_its_client_goes(service: Service) -> None:
    async def run() -> None:
        turns = asyncio.Queue[None]()
        service.makings.wait = turns.get
        first = asyncio.create_task(ask(service.app, "/made/stream/1"))
        await settle()
        second = asyncio.create_task(ask(service.app, "/made/stream/1"))
        await settle()
        assert len(service.makings.made) == 1
        first.cancel()
        await settle()
        turns.put_nowait(None)
        assert (await second).body == bytes(1_000_000)

    asyncio.run(run())
    assert len(service.makings.made) == 2


def test_a_flood_of_addresses_stays_in_the_room_and_displaces_nothing_popular() -> None:
    service = Service(room=600_000)
    popular = [f"/made/popular-{number}" for number in range(20)]

    async def flood() -> None:
        for path in [*popular, *popular]:
            await ask(service.app, path)
        service.makings.made.clear()
        for number in range(300):
            await ask(service.app, f"/made/a?a={number}")
            await ask(service.app, f"/made/missing/{number}")
            await ask(service.app, popular[number % 20])

    asyncio.run(flood())
    assert 300_000 < service.layer.size <= 600_000
    assert service.makings.made == ["a"] * 300, "no popular answer was made anew"
    assert service.is_made_anew("/made/a?a=0"), "those that were asked for once are dropped, the oldest first"
    assert not service.is_made_anew("/made/a?a=299")


@pytest.mark.parametrize(
    ("query", "clean"),
    [
        ("utm_source=x", ""),
        ("a=", ""),
        ("a=%20&b=2", "?b=2"),
        ("b=2&c=3&a=1&b=4&lang=en", "?b=2&a=1&b=4&lang=en"),
        ("a=%C3%B1+x%26&=1", "?a=%C3%B1+x%26"),
    ],
)
def test_a_page_has_no_address_with_unknown_or_blank_parameters(service: Service, query: str, clean: str) -> None:
    for method in ("GET", "HEAD"):
        answer = service.ask(f"/made/clean/a b?{query}", method)
        assert (answer.status, answer.body) == (308, b"")
        assert answer.headers["location"] == f"/made/clean/a%20b{clean}"
        assert answer.headers["cache-control"] == "public, max-age=3600"
    assert service.makings.made == []
    assert service.ask(f"/made/clean/a b{clean}").status == 200


def test_redirects_to_a_clean_address_take_no_memory(service: Service) -> None:
    for _ in range(2):
        service.ask("/made/clean/a?a=1")
    size = service.layer.size
    for number in range(20):
        assert service.ask(f"/made/clean/a?a=1&x={number}").status == 308
        assert service.ask(f"/made/clean/a?a=1&b=&c={number}").status == 308
    assert service.layer.size == size
    assert service.makings.made == ["a"]


def test_a_query_that_nobody_can_read_is_not_redirected(service: Service) -> None:
    for query in ("a=%ff", "&".join(f"x{number}=1" for number in range(60))):
        assert service.ask(f"/made/clean/a?{query}").status == 200


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(50):
        await asyncio.sleep(0)
