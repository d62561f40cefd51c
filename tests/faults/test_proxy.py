"""The service behind the nginx of `deploy/`: slow clients do not reach it, and whatever it answers gets through."""

from __future__ import annotations

import gzip
import json
import select
import socket
import socketserver
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final

import httpx
import msgspec
import pytest
from litestar import Controller, Response
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from actitud_api import __version__
from actitud_api.app import BODY_MAX
from actitud_api.cli.server import build_configuration
from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.negotiation import JSON
from actitud_api.platform.http.operations import get, get_page, post, put
from actitud_api.platform.http.problems import (
    CONTENT_TOO_LARGE,
    INVALID_REQUEST,
    PROBLEM_JSON,
    UNAVAILABLE,
    Problem,
    ProblemType,
)
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest, read_header
from actitud_api.settings import Network, Settings
from tests.contract.document import EVERYWHERE
from tests.faults.serving import one_serving, port_of
from tests.http.toys import toy_app
from tests.support import proxy
from tests.support.figures import FigureRecorder
from tests.support.serving import get_port, served_by_service
from tests.support.waiting import await_true

EXAMPLE: Final = (Path(__file__).parents[2] / "openapi" / "examples" / "scores.create.request.json").read_bytes()
INDEX: Final = 72.71
"""The index of the example, as README.md has it."""

PATIENCE: Final = 2
"""Seconds that the nginx of the slow clients gives them; ten times as many are less than it gives by itself."""
SLOW: Final = 60
"""Slow clients of each kind."""
UNGUARDED: Final = 5
"""Slow clients of two kinds that come past nginx."""
DEAF: Final = 10
"""Clients that ask for more than any buffer holds, and do not read it."""

HOST: Final = "actitud.example"
SLOW_ADDRESS, OTHER_ADDRESS = "127.0.0.3", "127.0.0.2"
"""Loopback has many addresses: those of clients are not those of the proxy."""

HOP: Final = frozenset(
    {"connection", "date", "keep-alive", "ratelimit", "ratelimit-policy", "server", "transfer-encoding"}
)
"""Headers of a connection, not of an answer, and what is left of a limit, which is another for each request."""


# --- the service and a toy behind it --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service(demonstration: str) -> Iterator[int]:
    """The port of the real command that serves the demonstration."""
    with one_serving(demonstration, settings={"trusted_proxies": "127.0.0.1"}) as process:
        yield port_of(process)
    assert process.returncode == 0


@pytest.fixture(scope="module")
def front(service: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the nginx in front of the service."""
    with proxy.running(tmp_path_factory.mktemp("front"), service) as port:
        yield port


class Sight(msgspec.Struct, frozen=True):
    """What the service sees of a request."""

    client: str
    scheme: str
    host: str | None
    claims: list[str | None]
    """What else headers say of the client."""


class Anything(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body."""

    text: str


SIGHT: Final = Representation(Sight)
REACHED: list[str] = []
"""The methods of the requests that reached the toy, whole or not."""


class SightController(Controller):
    path = "/v1/sight"
    tags = ("system",)

    @get("/", operation_id="sight.get", access=ANYBODY, answer=SIGHT, threaded=False)
    def see(self, request: ApiRequest) -> Response[bytes]:
        """Show the request."""
        return self._of(request)

    @post("/", operation_id="sight.create", access=ANYBODY, answer=SIGHT, status=200, threaded=False)
    def make(self, request: ApiRequest, body: Anything) -> Response[bytes]:
        """Show the request."""
        return self._of(request)

    @put("/", operation_id="sight.put", access=ANYBODY, answer=SIGHT, threaded=False)
    def change(self, request: ApiRequest, body: Anything) -> Response[bytes]:
        """Show the request."""
        return self._of(request)

    def _of(self, request: ApiRequest) -> Response[bytes]:
        client = request.scope["client"]
        assert client is not None
        claims = [read_header(request.scope, name) for name in (b"forwarded", b"x-forwarded-host", b"x-real-ip")]
        seen = Sight(client[0], request.scope["scheme"], read_header(request.scope, b"host"), claims)
        return SIGHT.of(request, seen)


class MovedController(Controller):
    path = "/moved"
    include_in_schema = False

    @get_page("/", operation_id="moved.get", access=ANYBODY, threaded=False)
    def moved(self, request: ApiRequest) -> Response[bytes]:
        long = "x" * 10_000
        return Response(b"", status_code=308, headers={"Location": f"http://actitud/v1/sight?long={long}"})


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The port of a service that says what it sees, and the port of the nginx in front of it."""
    app = toy_app(more=[SightController, MovedController])
    inner = app.asgi_handler

    async def recording(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            REACHED.append(str(scope["method"]))
        await inner(scope, receive, send)

    app.asgi_handler = recording
    config = build_configuration(app, Settings(trusted_proxies=(Network("127.0.0.1"),)))
    with served_by_service(app, config) as server:
        port = get_port(server)
        with proxy.running(tmp_path_factory.mktemp("toy"), port, PATIENCE) as front:
            yield port, front


def asked(
    port: int,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    address: str = OTHER_ADDRESS,
) -> httpx.Response:
    """An answer with its bytes as they came, to a request with nothing but what is said."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address=address), timeout=None) as client:
        client.headers.clear()
        request = client.build_request(
            method, f"http://127.0.0.1:{port}{target}", headers={"Host": HOST, **(headers or {})}, content=body
        )
        with client.stream(request.method, request.url, headers=request.headers, content=body) as answer:
            raw = b"".join(answer.iter_raw())
    return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(raw))


def sent(port: int, raw: bytes, address: str = SLOW_ADDRESS) -> socket.socket:
    """A connection on which so much has been sent."""
    connection = socket.create_connection(("127.0.0.1", port), source_address=(address, 0))
    connection.sendall(raw)
    return connection


HALF_HEADER: Final = b"GET /v1/organisations HTTP/1.1\r\nHost: actitud.example\r\nX-Half: "


LARGE: Final = b"GET /v1/openapi.json HTTP/1.1\r\nHost: actitud.example\r\n\r\n"


def half_body(path: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {JSON}\r\nContent-Length: {BODY_MAX}\r\n\r\n".encode()
        + b'{"text":"'
    )


# --- slow clients ---------------------------------------------------------------------------------------------


def is_closed(connection: socket.socket, *, reads: bool = True) -> bool:
    """Whether the other side has closed; `reads` takes a byte that has come, and without it only a reset is noticed."""
    poll = select.poll()
    poll.register(connection, select.POLLIN if reads else 0)
    try:
        return any(not reads or connection.recv(1) == b"" for _ in poll.poll(0))
    except ConnectionError:
        return True


def test_slow_clients_are_closed_in_time_while_others_get_the_right_answer(
    service: int, tmp_path: Path, figure: FigureRecorder
) -> None:
    sheet = "/v1/organisations?limit=1"
    right = asked(service, "GET", sheet).read()
    with proxy.running(tmp_path, service, PATIENCE) as port:
        silent = [sent(port, b"") for _ in range(SLOW)]
        headers = [sent(port, HALF_HEADER) for _ in range(SLOW)]
        bodies = [sent(port, half_body("/v1/scores")) for _ in range(SLOW)]
        deaf = [sent(port, LARGE * 20) for _ in range(DEAF)]
        # The control: the same past nginx. The service itself waits for longer.
        unguarded = [sent(service, raw) for raw in (HALF_HEADER, half_body("/v1/scores")) for _ in range(UNGUARDED)]
        waits = list[float]()
        slow = {*silent, *headers, *bodies, *deaf}
        still = set(slow)

        def serve_others() -> bool:
            asking = time.monotonic()
            answer = asked(port, "POST", "/v1/scores", {"Content-Type": JSON}, EXAMPLE)
            assert (answer.status_code, json.loads(answer.read())["index"]) == (200, INDEX)
            assert asked(port, "GET", sheet).read() == right
            waits.append(time.monotonic() - asking)
            still.difference_update({one for one in still if is_closed(one, reads=one not in deaf)})
            for connection in still.intersection(headers):  # a header is not kept alive by a byte now and then
                with suppress(ConnectionError):
                    connection.sendall(b"x")
            return not still

        await_true(serve_others)
        left = [connection for connection in unguarded if not is_closed(connection)]
        for connection in (*silent, *headers, *bodies, *deaf, *unguarded):
            connection.close()
    assert left
    figure(
        "R20",
        f"slow clients that the nginx of deploy/ had to close, within {PATIENCE} s by its configuration here: {SLOW} "
        f"silent, {SLOW} with half a header, {SLOW} with half a body, {DEAF} that do not read; all {2 * len(waits)} "
        "requests of others among them had the right answer, in at most this time for two",
        tried=len(slow),
        failed=len(still),
        control=f"past nginx {len(left)} of {len(unguarded)} are still open when all of these are closed",
        worst_seconds=max(waits),
    )


def test_a_body_reaches_the_service_when_it_is_whole(toy: tuple[int, int]) -> None:
    _, front = toy
    REACHED.clear()
    with sent(front, half_body("/v1/sight")) as connection:
        await_true(lambda: is_closed(connection))
    assert REACHED == []
    whole = json.dumps({"text": "x" * 200_000}).encode()
    assert asked(front, "POST", "/v1/sight", {"Content-Type": JSON}, whole).status_code == 200
    assert REACHED == ["POST"]


def test_one_address_has_so_many_requests_on_their_way(front: int) -> None:
    waiting = list[socket.socket]()

    def ask() -> httpx.Response | None:
        # One more waits each time: a request that is answered has a place meanwhile, which one of these may be refused.
        waiting.append(sent(front, half_body("/v1/scores")))
        answer = asked(front, "GET", "/livez", address=SLOW_ADDRESS)
        return None if answer.status_code == 200 else answer

    try:
        refused = await_true(ask)
        other = asked(front, "GET", "/livez")
    finally:
        for connection in waiting:
            connection.close()
    assert refused is not None
    assert len(waiting) >= 100
    assert_problem(refused, UNAVAILABLE, "/livez", "en")
    assert int(refused.headers["Retry-After"]) > 0
    assert other.status_code == 200


# --- what nginx answers itself --------------------------------------------------------------------------------


def assert_problem(answer: httpx.Response, kind: ProblemType, path: str, language: Language) -> None:
    """That it is a problem document as the service would have made it."""
    found = msgspec.json.decode(answer.read(), type=Problem)
    assert (found.type, found.title) == (kind.uri, kind.title.into(language))
    assert answer.status_code == found.status == kind.status
    assert (found.instance, found.errors) == (path, ())
    assert found.detail
    assert found.request_id == answer.headers["X-Request-Id"]
    assert answer.headers["Content-Type"] == PROBLEM_JSON
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Vary"] == "Accept-Language, Accept-Encoding"
    assert answer.headers["API-Version"] == __version__
    assert answer.headers["Cache-Control"] == "no-store"
    assert [name for name in EVERYWHERE if name not in answer.headers] == []


@pytest.fixture(scope="module")
def nothing_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx whose service is down."""
    with proxy.running(tmp_path_factory.mktemp("down"), proxy.free_port()) as port:
        yield port


@pytest.mark.parametrize(
    ("target", "accepted", "language"),
    [
        ("/v1/organisations", None, "en"),
        ("/v1/organisations?lang=es", "en", "es"),
        ("/v1/organisations?lang=en", "es", "en"),
        ("/v1/organisations", "es-ES,es;q=0.9,en;q=0.8", "es"),
        ("/v1/organisations", "en-GB,en;q=0.9,es;q=0.8", "en"),
        ("/v1/organisations", "ca, ES;q=0.8, en;q=0.5", "es"),
        ("/v1/organisations", "fr, test, *", "en"),
    ],
)
def test_a_service_that_is_down_is_a_problem_document(
    nothing_behind: int, target: str, accepted: str | None, language: Language
) -> None:
    headers = {} if accepted is None else {"Accept-Language": accepted}
    answer = asked(nothing_behind, "GET", target, headers)
    assert_problem(answer, UNAVAILABLE, "/v1/organisations", language)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_service_that_is_down_is_told_to_whoever_writes(nothing_behind: int) -> None:
    body = {"Content-Type": JSON, "X-Request-Id": "mine-1"}
    answer = asked(nothing_behind, "POST", "/v1/scores?lang=es", body, EXAMPLE)
    assert_problem(answer, UNAVAILABLE, "/v1/scores", "es")
    assert answer.headers["X-Request-Id"] == "mine-1"
    head = asked(nothing_behind, "HEAD", "/v1/editions")
    assert (head.status_code, head.read(), head.headers["Content-Type"]) == (503, b"", PROBLEM_JSON)


@pytest.mark.parametrize(
    ("target", "instance"),
    [('/v1/a"b', "/v1/a"), ("/v1/a\\b", "/v1/a"), ("/v1/%22%0A%C3%B1", "/v1/%22%0A%C3%B1"), ("/v1/a<b>", "/v1/a")],
)
def test_no_address_breaks_the_problem_document(nothing_behind: int, target: str, instance: str) -> None:
    raw = f'GET {target} HTTP/1.1\r\nHost: {HOST}\r\nX-Request-Id: a"b\r\nConnection: close\r\n\r\n'
    with sent(nothing_behind, raw.encode("latin-1")) as connection, connection.makefile("rb") as reader:
        header_part, _, body = reader.read().partition(b"\r\n\r\n")
    assert header_part.startswith(b"HTTP/1.1 503 ")
    found = msgspec.json.decode(body, type=Problem)
    assert found.instance == instance
    assert found.request_id.isalnum()


@pytest.mark.parametrize("language", WRITTEN)
def test_what_is_too_large_is_refused_before_it_reaches_the_service(toy: tuple[int, int], language: Language) -> None:
    _, front = toy
    REACHED.clear()
    said = {"Accept-Language": language}
    large = asked(front, "POST", "/v1/sight", {"Content-Type": JSON, **said}, b" " * (BODY_MAX + 1))
    assert_problem(large, CONTENT_TOO_LARGE, "/v1/sight", language)
    one = asked(front, "GET", "/v1/sight", said | {"X-Large": "x" * 17_000})
    assert_problem(one, INVALID_REQUEST, "/v1/sight", language)
    many = asked(front, "GET", "/v1/sight", said | {f"X-{number}": "x" * 10_000 for number in range(7)})
    assert_problem(many, INVALID_REQUEST, "/v1/sight", language)
    assert asked(front, "GET", "/v1/sight?" + "x" * 17_000).status_code == 414
    assert_problem(asked(front, "TRACE", "/v1/sight", said), INVALID_REQUEST, "/v1/sight", language)
    assert REACHED == []
    assert asked(front, "GET", "/v1/sight", {"X-Large": "x" * 15_000}).status_code == 200


@pytest.mark.parametrize("language", WRITTEN)
def test_nginx_refuses_in_the_words_and_with_the_headers_of_the_service(
    service: int, front: int, language: Language
) -> None:
    headers = {"Content-Type": JSON, "X-Request-Id": "the-same", "Accept-Language": language}
    direct, through = (
        told(asked(port, "POST", "/v1/scores", headers, b" " * (BODY_MAX + 1))) for port in (service, front)
    )
    assert through == direct


def test_the_largest_body_is_for_the_service_to_judge(toy: tuple[int, int]) -> None:
    direct, front = toy
    body = b'{"text":"' + b"x" * (BODY_MAX - 11) + b'"}'
    assert len(body) == BODY_MAX
    headers = {"Content-Type": JSON, "X-Request-Id": "largest"}
    through = asked(front, "POST", "/v1/sight", headers, body)
    assert through.status_code == asked(direct, "POST", "/v1/sight", headers, body).status_code == 200
    over = asked(direct, "POST", "/v1/sight", headers, body + b" ")
    assert over.status_code == asked(front, "POST", "/v1/sight", headers, body + b" ").status_code == 413


def test_the_log_is_json_that_no_client_can_break_and_has_no_key(tmp_path: Path) -> None:
    said = {"Authorization": "Bearer actl_secret", "User-Agent": 'a"b\\', "X-Request-Id": "mine-2"}
    with proxy.running(tmp_path, proxy.free_port()) as port:
        asked(port, "GET", '/v1/a"b?q=c', said)
    *_, line = (tmp_path / "access.log").read_text("utf-8").splitlines()
    found = json.loads(line)
    assert "secret" not in line
    assert (found["client"], found["method"], found["request_id"]) == (OTHER_ADDRESS, "GET", "mine-2")
    assert (found["status"], found["service_status"], found["agent"]) == ("503", "502", 'a"b\\')
    assert found["target"] == "/v1/a%22b"


# --- once -----------------------------------------------------------------------------------------------------


class Breaking(socketserver.BaseRequestHandler):
    """A service that answers the first request of a connection, and takes the next one without an answer."""

    taken: ClassVar[list[tuple[int, str]]] = []
    """The connection and the method of each request."""

    def handle(self) -> None:
        with self.request.makefile("rwb") as stream:
            for answers in (True, False):
                method = stream.readline().decode().partition(" ")[0]
                while stream.readline().strip():
                    continue
                self.taken.append((self.client_address[1], method))
                if answers:
                    stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    stream.flush()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH", "GET"])
def test_a_request_without_an_answer_is_not_sent_again(method: str, tmp_path: Path) -> None:
    Breaking.taken.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Breaking) as breaking:
        threading.Thread(target=breaking.serve_forever).start()
        with (
            proxy.running(tmp_path, breaking.server_address[1]) as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=None) as client,
        ):
            first = client.get("/v1/editions")
            answer = client.request(method, "/v1/editions")
        breaking.shutdown()
    assert first.status_code == 200
    assert_problem(answer, UNAVAILABLE, "/v1/editions", "en")
    (connection, _), again = Breaking.taken
    assert again == (connection, method)


# --- what gets through ----------------------------------------------------------------------------------------


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and bytes of an answer, without what belongs to its connection."""
    headers = sorted((name.lower(), value) for name, value in answer.headers.multi_items() if name.lower() not in HOP)
    return answer.status_code, headers, answer.read()


ORIGIN: Final = {"Origin": "https://portal.example"}
PREFLIGHT: Final = {
    **ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
}


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "status"),
    [
        ("GET", "/v1/organisations?q=villa&limit=3&lang=es", {}, None, 200),
        ("GET", "/v1/organisations?limit=1000", {"Accept-Encoding": "gzip, br"}, None, 200),
        ("GET", "/v1/openapi.json", {"Accept-Encoding": "gzip"}, None, 200),
        ("GET", "/docs", {"Accept-Encoding": "gzip", "Accept": "text/html"}, None, 200),
        ("GET", "/v1/methodologies/2027.1", {"If-None-Match": "*"}, None, 304),
        ("GET", "/v1/editions/2026-demo/scores?limit=2", ORIGIN, None, 200),
        ("HEAD", "/v1/editions/2026-demo/scores?limit=2", ORIGIN, None, 200),
        ("HEAD", "/v1/openapi.json", {"Range": "bytes=0-9"}, None, 200),
        ("GET", "/v1/openapi.json", {"Range": "bytes=0-9"}, None, 200),
        ("OPTIONS", "/v1/scores", PREFLIGHT, None, 204),
        ("POST", "/v1/scores?lang=es", {**ORIGIN, "Content-Type": JSON}, EXAMPLE, 200),
        ("POST", "/v1/scores", {"Content-Type": JSON}, b'{"text":', 400),
        ("POST", "/v1/scores", {"Content-Type": "text/plain"}, EXAMPLE, 415),
        ("GET", "/v1/organisations?nope=1", {"Accept-Language": "es"}, None, 400),
        ("GET", "/v1/organisations", {"Accept": "image/png"}, None, 406),
        ("GET", "/v1//organisations", {}, None, 404),
        ("GET", "/v1/organisations/", {}, None, 404),
        ("GET", "/v1/organisations/a%2Fb", {}, None, 404),
        ("GET", "/v1/organisations/%C3%B1%20x", {}, None, 404),
        ("DELETE", "/v1/organisations", {}, None, 405),
        ("PATCH", "/v1/scores", {"Content-Type": JSON}, b"{}", 405),
        ("GET", "/readyz", {}, None, 200),
    ],
)
def test_an_answer_is_the_same_through_the_proxy(
    service: int,
    front: int,
    method: str,
    target: str,
    headers: dict[str, str],
    body: bytes | None,
    status: int,
) -> None:
    headers = {"X-Request-Id": "the-same", **headers}
    direct = asked(service, method, target, headers, body)
    assert direct.status_code == status
    assert told(asked(front, method, target, headers, body)) == told(direct)


def test_what_a_client_has_is_not_sent_again(service: int, front: int) -> None:
    headers = {"X-Request-Id": "the-same", "Accept-Encoding": "gzip"}
    first = asked(front, "GET", "/v1/organisations?limit=5", headers)
    assert first.headers["ETag"].startswith('"')
    again = headers | {"If-None-Match": first.headers["ETag"]}
    through = asked(front, "GET", "/v1/organisations?limit=5", again)
    assert (through.status_code, through.read()) == (304, b"")
    assert told(through) == told(asked(service, "GET", "/v1/organisations?limit=5", again))


def test_an_answer_to_a_change_is_not_judged_by_what_the_client_had(toy: tuple[int, int]) -> None:
    _, front = toy
    headers = {"Content-Type": JSON, "If-Match": '"before"', "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
    answer = asked(front, "PUT", "/v1/sight", headers, b'{"text":"x"}')
    assert (answer.status_code, answer.headers["ETag"][0]) == (200, '"')


def test_an_address_elsewhere_gets_through_as_it_is(toy: tuple[int, int]) -> None:
    direct, front = toy
    headers = {"X-Request-Id": "the-same"}
    through = asked(front, "GET", "/moved", headers)
    assert (through.status_code, through.headers["Location"][:31]) == (308, "http://actitud/v1/sight?long=xx")
    assert told(through) == told(asked(direct, "GET", "/moved", headers))


def test_what_the_service_compresses_gets_through_as_it_is(service: int, front: int) -> None:
    headers = {"Content-Type": JSON, "X-Request-Id": "the-same"}
    plain = asked(service, "POST", "/v1/scores", headers, EXAMPLE)
    through = asked(front, "POST", "/v1/scores", headers | {"Accept-Encoding": "gzip"}, EXAMPLE)
    assert through.headers["Content-Encoding"] == "gzip"
    raw = b"".join(through.iter_raw())
    assert len(raw) * 4 < len(plain.read())
    assert gzip.decompress(raw) == plain.read()
    listed = asked(front, "GET", "/v1/organisations?limit=100", {"Accept-Encoding": "gzip"})
    assert (listed.headers["Content-Encoding"], listed.headers["ETag"][-6:]) == ("gzip", '-gzip"')


# --- who asks -------------------------------------------------------------------------------------------------


def seen(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.read())
    return found


SPOOFED: Final = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9",
}


@pytest.mark.parametrize("headers", [{}, SPOOFED, SPOOFED | {"X-Forwarded-For": "203.0.113.9, 127.0.0.1"}])
def test_the_service_sees_the_address_of_the_client_and_nothing_that_the_client_says_of_it(
    toy: tuple[int, int], headers: dict[str, str]
) -> None:
    _, front = toy
    answer = seen(asked(front, "GET", "/v1/sight", headers))
    assert answer == {"client": OTHER_ADDRESS, "scheme": "http", "host": HOST, "claims": [None, None, None]}


def test_whoever_comes_past_the_proxy_is_not_believed(toy: tuple[int, int]) -> None:
    direct, _ = toy
    assert seen(asked(direct, "GET", "/v1/sight", SPOOFED))["client"] == OTHER_ADDRESS


def test_links_lead_back_through_the_proxy(front: int, service: int) -> None:
    reached = {"Host": f"{HOST}:8443"}
    page = json.loads(asked(front, "GET", "/v1/organisations?limit=1", reached).read())
    assert page["next"].startswith("/v1/organisations?")
    assert json.loads(asked(front, "GET", page["next"], reached).read())["items"] != page["items"]
    catalogue = json.loads(asked(front, "GET", "/.well-known/api-catalog", reached).read())
    # Without public_url no absolute link follows the Host of whoever asks: it names where the service listens.
    assert catalogue["linkset"][0]["anchor"] == f"http://127.0.0.1:{service}/v1"
