"""Clients made of clients, what is known already, calls without a method, and what an answer says besides."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import pickle
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

import actitud
from actitud import (
    ActitudDeprecationWarning,
    ActitudLanguageWarning,
    AsyncClient,
    Client,
    NotFound,
    NotModified,
    Organisation,
    Response,
    Timeouts,
    UnexpectedResponse,
    responses,
)
from actitud._config import AppInfo
from tests.unit.sdk.support import (
    KEY,
    Answers,
    FakeTime,
    Mode,
    connected,
    edition,
    fetched,
    listing,
    organisation,
    problem,
    run,
    using,
)

FOUND = httpx.Response(200, json=organisation(), headers={"ETag": '"one"', "X-Request-Id": "r-1"})
SAME = httpx.Response(304, headers={"ETag": '"one"'})


# --- with_options ---------------------------------------------------------------------------------------------


def test_every_setting_can_be_changed_but_where_the_service_is_and_whose_connections() -> None:
    for kind in (Client, AsyncClient):
        made = set(inspect.signature(kind).parameters) - {"base_url", "http_client", "cache"}
        changed = set(inspect.signature(kind.with_options).parameters) - {"self"}
        assert changed - made == {"if_none_match"}
        assert made <= changed


def test_a_client_with_other_settings_leaves_the_first_as_it_is(mode: Mode) -> None:
    handler = Answers(problem(503, "unavailable"))

    def use(client: Client) -> object:
        other = client.with_options(
            api_key="another", lang="es", max_retries=0, timeout=Timeouts(read=7.0), app_info=("portal", "1.2")
        )
        assert repr(client._core.api_key) == repr(other._core.api_key) == "Secret('***')"
        assert (client._core.lang, client._core.policy.max_retries, client._core.timeouts) == (None, 2, Timeouts())
        assert other._core.policy.total == 120.0
        return other.organisations.get("x")

    with pytest.raises(actitud.ServiceUnavailable):
        run(mode, handler, use)
    (request,) = handler.requests
    assert request.headers["authorization"] == "Bearer another"
    assert request.headers["accept-language"] == "es"
    assert request.headers["user-agent"].endswith(" portal/1.2")
    assert request.extensions["timeout"]["read"] == 7.0


def test_what_is_not_said_stays(mode: Mode) -> None:
    handler = Answers(FOUND)
    fetched(using(mode, handler, lang="es").with_options().with_options(lang=None))
    (request,) = handler.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert "accept-language" not in request.headers
    assert fetched(using(mode, Answers(FOUND)).with_options(api_key="")).id == "XX-DEMO-1"


def test_nonsense_is_refused_of_a_changed_client_too() -> None:
    client = Client()
    for changes in ({"max_retries": -1}, {"lang": "español"}, {"timeout": 0.0}, {"api_key": "two words"}):
        with pytest.raises(ValueError):
            client.with_options(**changes)
    with pytest.raises(ValueError, match="entity tag"):
        client.with_options(if_none_match="one")


def test_a_changed_client_shares_the_connections_and_closes_none() -> None:
    with Client(base_url="http://service.test") as client:
        other = client.with_options(lang="es")
        assert other._transport is client._transport
        other.close()
        assert not client._transport._client.is_closed  # type: ignore[attr-defined]  # of the transport over httpx
    with pytest.raises(RuntimeError, match="closed"):
        other.organisations.get("x")

    async def main() -> None:
        async with AsyncClient(base_url="http://service.test") as client:
            other = client.with_options(lang="es")
            await other.close()
            assert not client._transport._client.is_closed  # type: ignore[attr-defined]  # as above
        with pytest.raises(RuntimeError, match="closed"):
            await other.organisations.get("x")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (("portal", "1.2"), " portal/1.2"),
        (("portal", "1.2", "https://example.org/x"), " portal/1.2 (https://example.org/x)"),
    ],
)
def test_the_program_is_named_to_the_service(info: AppInfo, said: str) -> None:
    handler = Answers(FOUND)
    with connected(handler, app_info=info) as client:
        fetched(client)
    agent = handler.requests[0].headers["user-agent"]
    assert agent.startswith(f"actitud/{actitud.__version__} python/")
    assert agent.endswith(said)


@pytest.mark.parametrize("info", [("my portal", "1"), ("portal", ""), ("portal", "1", "x)"), ("p", "1", "a\r\nKey: b")])
def test_what_would_break_the_header_is_no_program(info: AppInfo) -> None:
    with pytest.raises(ValueError, match="app_info"):
        Client(app_info=info)


# --- what is known already ------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(mode: Mode) -> None:
    handler = Answers(SAME)
    with pytest.raises(NotModified, match='still "one"') as caught:
        fetched(using(mode, handler).with_options(if_none_match='W/"one"'))
    assert caught.value.etag == '"one"'
    assert pickle.loads(pickle.dumps(caught.value)).etag == '"one"'
    assert [request.headers["if-none-match"] for request in handler.requests] == ['W/"one"']


def test_what_has_changed_comes_with_its_new_state(mode: Mode) -> None:
    found = fetched(using(mode, Answers(FOUND)).with_options(if_none_match='"zero"'))
    assert found.etag == '"one"'


def test_a_304_that_names_no_state_is_that_which_was_asked_for(mode: Mode) -> None:
    with pytest.raises(NotModified) as caught:
        fetched(using(mode, Answers(httpx.Response(304))).with_options(if_none_match='"one"'))
    assert caught.value.etag == '"one"'


def test_a_304_that_nobody_asked_for_is_no_answer(mode: Mode) -> None:
    with pytest.raises(UnexpectedResponse, match="status 304"):
        fetched(using(mode, Answers(SAME)))


def test_only_the_first_page_is_asked_for_so() -> None:
    handler = Answers(listing(edition(), following="http://service.test:80/v1/editions?cursor=2"), listing(edition()))
    with connected(handler, base_url="http://service.test") as client:
        assert len(list(client.with_options(if_none_match='"one"').editions.list())) == 2
    assert ["if-none-match" in request.headers for request in handler.requests] == [True, False]


def test_files_are_asked_for_so_and_changes_and_computations_never(mode: Mode) -> None:
    handler = Answers(SAME)
    uses: list[Callable[[Client], object]] = [
        lambda client: client.editions.scores.export("2026"),
        lambda client: client.catalogue.get(),
        lambda client: client.request("GET", "/v1/x", cast_to=dict),
    ]
    for use in uses:
        with pytest.raises(NotModified):
            use(using(mode, handler).with_options(if_none_match='"one"'))
    handler = Answers(httpx.Response(200, json=edition()))
    using(mode, handler).with_options(if_none_match='"one"').editions.update("2026", if_match="*", state="open")
    assert "if-none-match" not in handler.requests[0].headers


# --- calls without a method -----------------------------------------------------------------------------------


class Novelty(msgspec.Struct):
    name: str


def test_what_has_no_method_is_called_by_its_path(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json={"name": "x", "more": 1}, headers={"ETag": '"n"'}))

    def called(kind: type[object], **given: Any) -> object:
        client = using(mode, handler, base_url="http://service.test/api")
        return client.request("GET", "/v1/novelties", cast_to=kind, **given)

    assert called(Novelty, query={"region": "09", "on": None}, lang="eu") == Novelty("x")
    assert called(dict) == {"name": "x", "more": 1}
    assert called(bytes) == b'{"name":"x","more":1}'
    whole = called(Response)
    assert isinstance(whole, Response)
    assert (whole.status, whole.etag, whole.media_type) == (200, '"n"', "application/json")
    assert whole.parse(Novelty) == Novelty("x")
    with pytest.raises(UnexpectedResponse, match="another shape"):
        whole.parse(Organisation)
    assert str(handler.requests[0].url) == "http://service.test/api/v1/novelties?region=09"
    assert handler.requests[0].headers["accept-language"] == "eu"
    assert handler.requests[2].headers["accept"] == "*/*"


def test_a_change_without_a_method_acts_once(mode: Mode) -> None:
    handler = Answers(httpx.ReadError("lost"), httpx.Response(200, json={"name": "x"}))
    using(mode, handler).request("POST", "/v1/n", cast_to=Novelty, body={"name": "x"})
    assert len({request.headers["idempotency-key"] for request in handler.requests}) == 1
    assert len(handler.requests) == 2
    for method in ("PUT", "PATCH", "DELETE"):
        using(mode, handler).request(method, "/v1/n", cast_to=Novelty, body={"name": "y"}, if_match='"n"')
    assert [request.headers["if-match"] for request in handler.requests[2:]] == ['"n"'] * 3
    types = [request.headers["content-type"] for request in handler.requests]
    assert types == ["application/json"] * 3 + ["application/merge-patch+json", "application/json"]


def test_a_guarded_change_without_a_method_tells_a_loss_as_a_loss(mode: Mode) -> None:
    handler = Answers(httpx.ReadError("lost"), problem(412, "precondition-failed"))
    with pytest.raises(actitud.ConnectionFailed):
        using(mode, handler).request("PUT", "/v1/n", cast_to=dict, body={}, if_match='"n"')


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "v1/x"),
        ("GET", "/x"),
        ("GET", "//other.test/v1/x"),
        ("GET", "https://other.test/v1/x"),
        ("GET", "/v1/x?y=1"),
        ("GET", "/v1/x#y"),
        ("GET", "/v1/../x"),
        ("GET", "/v1/\\other.test"),
        ("PUT", "/v1/x"),
        ("DELETE", "/v1/x"),
        ("TRACE", "/v1/x"),
    ],
)
def test_what_could_lead_elsewhere_or_act_twice_is_not_sent(mode: Mode, method: str, path: str) -> None:
    handler = Answers(FOUND)
    with pytest.raises(ValueError):
        using(mode, handler).request(method, path, cast_to=dict)
    with pytest.raises(ValueError, match="no body"):
        using(mode, handler).request("GET", "/v1/x", cast_to=dict, body={})
    assert handler.requests == []


def test_a_problem_without_a_method_is_a_problem(mode: Mode) -> None:
    for kind in (bytes, dict):
        with pytest.raises(NotFound):
            using(mode, Answers(problem(404, "not-found"))).request("GET", "/v1/x", cast_to=kind)


# --- what an answer says besides ------------------------------------------------------------------------------


def test_answers_are_kept_while_somebody_asks_for_them() -> None:
    handler = Answers(FOUND, problem(404, "not-found", request_id="r-2"), FOUND)
    with connected(handler) as client:
        with responses() as seen:
            fetched(client)
            with pytest.raises(NotFound):
                fetched(client)
        fetched(client)
    assert [(reply.status, reply.request_id, reply.etag) for reply in seen] == [
        (200, "r-1", '"one"'),
        (404, None, None),
    ]


def test_tasks_of_a_block_are_kept_with_it_and_others_are_not() -> None:
    async def main() -> None:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=organisation()))
        async with httpx.AsyncClient(transport=transport) as http_client:
            client = AsyncClient(http_client=http_client)

            async def block(count: int) -> int:
                with responses() as seen:
                    await asyncio.gather(*(client.organisations.get("x") for _ in range(count)))
                return len(seen)

            assert [*await asyncio.gather(block(2), block(3))] == [2, 3]

    asyncio.run(main())


# --- limits ---------------------------------------------------------------------------------------------------


def test_where_nothing_is_left_of_a_limit_it_is_waited_for_on_request(mode: Mode, fake_time: FakeTime) -> None:
    spent = httpx.Response(200, json=organisation(), headers={"RateLimit": '"read";r=0;t=30'})
    handler = Answers(spent, FOUND)

    def twice(change: Callable[[Client], Client]) -> None:
        def blocking(client: Client) -> None:
            fetched(change(client))
            fetched(change(client))

        async def asynchronous(client: Client) -> None:
            await fetched(change(client))  # type: ignore[misc]  # it is the asynchronous client
            await fetched(change(client))  # type: ignore[misc]  # as above

        run(mode, handler, blocking if mode == "blocking" else asynchronous)

    twice(lambda client: client)
    assert fake_time.sleeps == []
    handler = Answers(spent, FOUND)
    twice(lambda client: client.with_options(wait_for_limit=True))
    assert fake_time.sleeps == [30.0]
    handler = Answers(spent, FOUND)
    # 4 · 5 s for a call are less than 30.
    twice(lambda client: client.with_options(wait_for_limit=True, timeout=5.0))
    assert fake_time.sleeps == [30.0]


# --- what the service gives up --------------------------------------------------------------------------------

ENDING = {
    "Deprecation": "@1767225600",
    "Sunset": "Thu, 31 Dec 2026 23:59:59 GMT",
    "Link": '</v1/openapi.json>; rel="service-desc", <https://service.test/changes>; rel="deprecation"',
}


def test_what_the_service_gives_up_is_said_once_for_each_operation_where_it_was_called() -> None:
    handler = Answers(httpx.Response(200, json=organisation(), headers=ENDING))
    with connected(handler) as client, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        client.organisations.get("x")
        client.organisations.get("y")
        client.with_options(lang="es").organisations.get("z")
        client.organisations.update("x", if_match="*", name="y")
        client.request("GET", "/v1/x", cast_to=dict, query={"secret": "1"})
    # 1,767,225,600 s after 1970 is the first second of 2026.
    rest = (
        "deprecated since 2026-01-01; not there after Thu, 31 Dec 2026 23:59:59 GMT; see https://service.test/changes"
    )
    assert [str(one.message) for one in told] == [
        f"the service gives Organisations.get() up; {rest}",
        f"the service gives Organisations.update() up; {rest}",
        f"the service gives GET /v1/x up; {rest}",
    ]
    assert {one.filename for one in told} == {__file__}


def test_an_awaited_call_is_warned_of_where_it_is_awaited() -> None:
    async def main() -> None:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=organisation(), headers=ENDING))
        async with httpx.AsyncClient(transport=transport) as http_client:
            with pytest.warns(ActitudDeprecationWarning) as told:
                await AsyncClient(http_client=http_client).organisations.get("x")
        assert [one.filename for one in told] == [__file__]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Deprecation": "true"}, "the service gives Organisations.get() up; deprecated since true"),
        ({"Sunset": "soon"}, "the service gives Organisations.get() up; not there after soon"),
        ({"Deprecation": "@9", "Link": "<x"}, "the service gives Organisations.get() up; deprecated since 1970-01-01"),
        # What looks for a link from every "<" to the end needs minutes for these.
        *(
            ({"Sunset": "soon", "Link": link}, "the service gives Organisations.get() up; not there after soon")
            for link in ("<" * 90_000, "<a>" * 30_000, "<a>" + "; " * 45_000)
        ),
    ],
)
def test_a_notice_in_any_form_is_passed_on(headers: dict[str, str], said: str) -> None:
    handler = Answers(httpx.Response(200, json=organisation(), headers=headers))
    with (
        connected(handler) as client,
        pytest.warns(ActitudDeprecationWarning) as told,
    ):
        fetched(client)
    assert [str(one.message) for one in told] == [said]


def test_whoever_makes_errors_of_warnings_gets_it_as_an_error(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=organisation(), headers=ENDING))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ActitudDeprecationWarning)
        with pytest.raises(ActitudDeprecationWarning):
            fetched(using(mode, handler))


# --- languages ------------------------------------------------------------------------------------------------


def test_a_language_that_the_service_lacks_is_said_once() -> None:
    handler = Answers(httpx.Response(200, json=edition(), headers={"Content-Language": "en"}))
    with connected(handler, lang="fr") as client, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        client.editions.get("x")
        client.with_options(timeout=3).editions.get("y")
        client.editions.get("x", lang="de")
    assert [str(one.message) for one in told] == [
        "the service has no sentences in 'fr': it answers in 'en'",
        "the service has no sentences in 'de': it answers in 'en'",
    ]
    assert {one.category for one in told} == {ActitudLanguageWarning}
    assert {one.filename for one in told} == {__file__}


@pytest.mark.parametrize(("lang", "language"), [("es-ES", "es"), ("en", "en, es"), ("ES", "es-ES"), (None, "es")])
def test_of_a_language_that_the_service_has_there_is_nothing_to_say(
    mode: Mode, lang: str | None, language: str
) -> None:
    handler = Answers(httpx.Response(200, json=edition(), headers={"Content-Language": language}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        using(mode, handler).editions.get("x", lang=lang)


# --- log, threads, proxies ------------------------------------------------------------------------------------


LOGGED = """
import httpx, sys
sys.path[:0] = [{root!r}]
from actitud import Client
from tests.unit.sdk.support import Answers, edition, organisation, problem
answers = Answers(problem(503, "unavailable"), httpx.Response(200, json=organisation()))
client = Client(http_client=httpx.Client(transport=httpx.MockTransport(answers)), api_key={key!r})
Client()
client.organisations.get("x")
"""


def logged(level: str, before: str = "") -> list[str]:
    code = before + LOGGED.format(root=str(Path(__file__).parents[3]), key=KEY)
    environment = {**os.environ, "ACTITUD_LOG": level}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert KEY not in done.stderr
    return done.stderr.splitlines()


@pytest.mark.parametrize(("level", "lines"), [("debug", 3), ("INFO", 1), ("", 0)])
def test_the_log_is_shown_on_request(level: str, lines: int) -> None:
    shown = logged(level)
    assert len(shown) == lines
    assert all(" actitud " in line for line in shown)


def test_who_has_a_log_keeps_it() -> None:
    mine = "import logging; logging.basicConfig(format='mine %(message)s', level='WARNING')\n"
    (line,) = logged("info", mine)
    assert line.startswith("mine GET /v1/organisations/x: 503")


@pytest.mark.parametrize("heard", [False, True])
def test_a_handler_is_added_once_and_only_where_nobody_hears(monkeypatch: pytest.MonkeyPatch, heard: bool) -> None:
    logger = logging.Logger("alone")
    mine = logging.NullHandler()
    if heard:
        logger.addHandler(mine)
    monkeypatch.setattr("actitud._config.LOGGER", logger)
    monkeypatch.setenv("ACTITUD_LOG", "debug")
    Client()
    AsyncClient()
    assert logger.level == logging.DEBUG
    assert len(logger.handlers) == 1
    assert (logger.handlers[0] is mine) is heard


def test_a_wrong_level_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTITUD_LOG", "loud")
    with pytest.raises(ValueError, match="ACTITUD_LOG must be debug or info, not 'loud'"):
        Client()


def test_one_client_serves_many_threads() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={**organisation(), "id": request.url.path.rpartition("/")[2]})

    wrong: list[str] = []
    with connected(handler) as client:

        def work(number: int) -> None:
            for turn in range(20):
                name = f"{number}-{turn}"
                if client.organisations.get(name).id != name:
                    wrong.append(name)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_proxy_of_the_environment_never_sees_the_key(
    monkeypatch: pytest.MonkeyPatch, kind: type[Client] | type[AsyncClient], cached: bool, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "localhost")
    cache = tmp_path / "answers.sqlite3" if cached else None
    # By http it would read all of a request, by https it only hears where to.
    assert not _proxies(kind(base_url="http://service.test", cache=cache))
    assert _proxies(kind(base_url="https://service.test", cache=cache))


def _proxies(client: Client | AsyncClient) -> bool:
    return any(transport is not None for transport in client._transport._client._mounts.values())  # type: ignore[union-attr]  # of httpx
