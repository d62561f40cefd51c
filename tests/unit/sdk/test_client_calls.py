"""What goes out and what comes back, the same through both clients."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import math
import traceback
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import cast

import httpx
import msgspec
import pytest

from actitud import (
    Client,
    ConnectionFailed,
    HypotheticalFacts,
    InvalidRequest,
    Score,
    ScoreHasErrors,
    ServiceUnavailable,
    TimedOut,
    UnexpectedResponse,
    bodies,
)
from actitud._config import SYSTEM
from actitud.bodies import LevelAnswer, Profile
from tests.unit.sdk.support import KEY, Answers, FakeTime, Mode, finding, organisation, problem, run, score, using

PROFILE: Profile = {"org_type": "MUN"}
ANSWERS: bodies.Answers = {"D1.07": {"numerator": 160, "denominator": 320}}


def scored(client: Client) -> Score:
    return client.scores.create(profile=PROFILE, answers=ANSWERS)


def test_score_sends_the_facts_and_reads_the_explanation(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=score()))
    result = using(mode, handler).score(
        profile=PROFILE, answers=ANSWERS, profile_self_declared=["employees"], methodology="2027.1", lang="es"
    )
    (request,) = handler.requests
    assert (request.method, str(request.url)) == ("POST", "http://service.test/v1/scores")
    assert json.loads(request.content) == {
        "methodology": "2027.1",
        "profile": PROFILE,
        "answers": ANSWERS,
        "profile_self_declared": ["employees"],
    }
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-language"] == "es"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"].startswith("actitud/0.1.0 python/3.")
    assert result.index == 50.0
    assert result.level_details.blocked_by[0].distance == 10.0
    assert result.dimensions[0].indicators[0].reason.parameters.between[1].score == 100.0
    # Nothing of the answer is lost on the way into the models.
    assert json.loads(msgspec.json.encode(result)) == score()


def test_what_is_supposed_goes_out_and_what_follows_comes_back(mode: Mode) -> None:
    moved = {"before": 50, "after": 51.25, "difference": 1.25}
    difference = {
        "index": moved,
        "index_max": moved,
        "coverage": {"before": 1, "after": None, "difference": None},
        "status_before": "complete",
        "status_after": "sufficient",
        "level_before": 3,
        "level_after": None,
        "groups": [{"id": "D1", "name": "Inside", "score": moved, "lost": moved, "text": "More."}],
        "indicators": [
            {
                "id": "D1.07",
                "name": "Access",
                "code_before": "partial",
                "code_after": "full",
                "score": moved,
                "lost": moved,
                "text": "More.",
            }
        ],
        "appeared": [finding("warning")],
        "vanished": [finding("error")],
        "text": "More.",
    }
    what_if = {"score": score(finding("error")), "difference": difference}
    body = {**score(), "what_if": what_if}
    handler = Answers(httpx.Response(200, json=body))
    supposed: HypotheticalFacts = {"answers": {"D1.07": None, "D1.06": {"level": 3}}, "profile": {"employees": 12}}
    result = using(mode, handler).score(profile=PROFILE, answers=ANSWERS, what_if=supposed)
    (request,) = handler.requests
    assert json.loads(request.content)["what_if"] == supposed
    assert result.what_if is not None
    assert result.what_if.difference.index.difference == 1.25
    # What is only supposed may contradict itself: that raises nothing.
    assert len(result.what_if.score.error_findings) == 1
    assert json.loads(msgspec.json.encode(result)) == body


def test_an_explanation_is_left_out_on_request_only(mode: Mode) -> None:
    handler = Answers(*(httpx.Response(200, json=score()) for _ in range(2)))
    using(mode, handler).score(profile=PROFILE, answers=ANSWERS)
    using(mode, handler).score(profile=PROFILE, answers=ANSWERS, explain=False)
    assert [request.url.query for request in handler.requests] == [b"", b"explain=false"]


def test_a_path_is_read_whole(mode: Mode) -> None:
    move = {
        "indicator": "D1.07",
        "name": "Access",
        "kind": "improve",
        "facts": {"numerator": 160, "denominator": 320},
        "change": {"numerator": 320},
        "profile": {"accounts_open": 2},
        "needs_evidence": False,
        "score_before": 50,
        "score": 100,
        "gain": 1.25,
        "index": 51.25,
        "level": 3,
        "requires": ["V04.public"],
        "text": "Open the other 160.",
    }
    gate = {"gate": "L4.index", "actual": 50, "required": 60, "distance": 10, "text": "10 points are missing."}
    body = {
        "edition": "2026-demo",
        "organisation": "XX-DEMO-1",
        "organisation_name": "Villa",
        "simulated": True,
        "methodology": {"version": "2026.1", "digest": "sha256:00"},
        "index": 50,
        "level": 3,
        "target": 4,
        "moves": [move],
        "index_after": 51.25,
        "level_after": 4,
        "unreachable": [
            {"gate": gate, "code": "unanswered", "indicators": ["D9.01"], "text": "Answer."},
            {"gate": None, "code": "review", "indicators": [], "text": "Review."},
        ],
        "text": "1 improvement.",
    }
    handler = Answers(httpx.Response(200, json=body))
    result = using(mode, handler).editions.scores.path("2026-demo", "XX-DEMO-1", lang="es")
    (request,) = handler.requests
    assert str(request.url) == "http://service.test/v1/editions/2026-demo/scores/XX-DEMO-1/path"
    assert request.headers["accept-language"] == "es"
    assert result.moves is not None
    assert (result.moves[0].change, result.target) == ({"numerator": 320}, 4)
    assert json.loads(msgspec.json.encode(result)) == body


def test_a_change_names_the_edition_that_it_is_from(mode: Mode) -> None:
    chain = {"before": 50, "methodology": 49, "coverage": None, "after": 51}
    parts = {"methodology": -1, "coverage": 0.5, "data": 1.5, "total": 1}
    reference = {"version": "2026.1", "digest": "sha256:00"}
    group = {"id": "D1", "name": "Inside", "score": chain, "parts": parts, "text": "Less."}
    indicator = {
        "id": "D1.07",
        "name": "Access",
        "code_before": None,
        "code_after": "partial",
        "score": chain,
        "text": "More.",
    }
    body = {
        "edition_before": "2026",
        "edition": "2027",
        "organisation": "XX-DEMO-1",
        "organisation_name": "Villa",
        "simulated": False,
        "methodology_before": reference,
        "methodology_after": reference,
        "index": chain,
        "parts": None,
        "unrated": ["coverage"],
        "level_before": None,
        "level_after": 3,
        "groups": [group],
        "indicators": [indicator],
        "version_effects": {
            "dropped_answers": ["D1.06"],
            "new_indicators": [],
            "dropped_fields": [],
            "new_fields": ["units"],
            "text": "One.",
        },
        "text": "More.",
    }
    handler = Answers(httpx.Response(200, json=body))
    result = using(mode, handler).editions.scores.changes("2027", "XX-DEMO-1", from_edition="2026")
    (request,) = handler.requests
    assert str(request.url) == "http://service.test/v1/editions/2027/scores/XX-DEMO-1/changes?from=2026"
    assert result.groups[0].parts is not None
    assert (result.index.coverage, result.groups[0].parts.total) == (None, 1)
    assert json.loads(msgspec.json.encode(result)) == body


def test_a_history_may_be_under_another_version(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json={"items": [], "next": None, "next_cursor": None}))
    using(mode, handler).organisations.scores.list("x", methodology="2099.1-draft")
    using(mode, handler).organisations.scores.list("x")
    assert [request.url.query for request in handler.requests] == [b"methodology=2099.1-draft", b""]


def test_the_explained_score_of_an_edition_has_its_rank(mode: Mode) -> None:
    extra = {"edition": "2026-demo", "organisation": "XX-DEMO-1", "organisation_name": "Villa", "rank": None}
    review: dict[str, object] = {"state": "final", "overall": None, "verdicts": [], "replies": []}
    body = {**score(), **extra, "simulated": True, "document": None, "review": review}
    handler = Answers(httpx.Response(200, json=body))
    result = using(mode, handler).editions.scores.get("2026-demo", "XX-DEMO-1", lang="es")
    (request,) = handler.requests
    assert request.url.path == "/v1/editions/2026-demo/scores/XX-DEMO-1"
    assert request.headers["accept-language"] == "es"
    assert (result.rank, result.organisation_name, result.simulated, result.index) == (None, "Villa", True, 50.0)


def test_a_methodology_comes_whole(mode: Mode) -> None:
    body = {
        "version": "2026.1",
        "status": "active",
        "digest": "sha256:00",
        "text_digests": {"es": "sha256:01"},
        "document": {"decimals": 2, "levels": [{"level": 1, "gates": []}]},
        "texts": {"title": "Índice"},
    }
    handler = Answers(httpx.Response(200, json=body))
    result = using(mode, handler).methodologies.get("2026.1")
    assert handler.requests[0].url.path == "/v1/methodologies/2026.1"
    assert msgspec.to_builtins(result) == body


def test_error_findings_raise_and_carry_the_score(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=score(finding("warning"), finding("error"))))
    with pytest.raises(ScoreHasErrors) as caught:
        scored(using(mode, handler))
    assert caught.value.score.index == 50.0
    assert "V01.D1.07: The numerator is a part of the denominator." in str(caught.value)


def test_error_findings_are_returned_where_asked_and_warnings_always(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=score(finding("error"))))
    result = using(mode, handler).score(profile=PROFILE, answers=ANSWERS, on_findings="return")
    assert [one.rule for one in result.error_findings] == ["V01.D1.07"]
    warned = scored(using(mode, Answers(httpx.Response(200, json=score(finding("warning"))))))
    assert warned.error_findings == ()


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800"])
def test_what_json_cannot_say_is_never_sent(mode: Mode, value: float | str) -> None:
    handler = Answers(httpx.Response(200, json=score()))
    told = "utf-8" if isinstance(value, str) else rf"^/profile/employees: {json.dumps(value)} is no number in JSON$"
    with pytest.raises(ValueError, match=told):
        using(mode, handler).score(profile={"employees": cast(int, value)}, answers={})
    assert handler.requests == []


class Measured(msgspec.Struct):
    hours: float


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [({"components": [0.5, math.nan]}, "/answers/D1.07/components/1"), (Measured(math.inf), "/answers/D1.07/hours")],
    ids=["list", "struct"],
)
def test_where_json_cannot_say_it_is_told_however_deep_it_stands(mode: Mode, answer: object, pointer: str) -> None:
    handler = Answers(httpx.Response(200, json=score()))
    with pytest.raises(ValueError, match=rf"^{pointer}: (?:NaN|Infinity) is no number in JSON$"):
        using(mode, handler).score(profile=PROFILE, answers={"D1.07": cast(LevelAnswer, answer)})
    assert handler.requests == []


def test_a_body_that_contains_itself_is_never_sent(mode: Mode) -> None:
    handler, profile = Answers(httpx.Response(200, json=score())), Profile()
    profile["employees"] = cast(int, profile)
    with pytest.raises(ValueError, match="Circular"):
        using(mode, handler).score(profile=profile, answers={})
    assert handler.requests == []


def test_ids_are_escaped_and_filters_left_out_where_none(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=organisation()))
    using(mode, handler).organisations.get("a/b?c#d é")
    assert handler.requests[0].url.raw_path == b"/v1/organisations/a%2Fb%3Fc%23d%20%C3%A9"


@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_what_would_change_the_path_is_no_id(mode: Mode, identifier: str) -> None:
    handler = Answers(httpx.Response(200, json=organisation()))
    with pytest.raises(ValueError, match=r"Organisations.get\(\): organisation must be an id, not "):
        using(mode, handler).organisations.get(identifier)
    assert handler.requests == []


def test_a_language_that_is_none_is_refused_before_sending(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=score()))
    with pytest.raises(ValueError, match="language tag"):
        using(mode, handler).score(profile={}, answers={}, lang="es\r\nX: 1")
    assert handler.requests == []


def test_the_language_of_the_client_holds_where_the_call_has_none(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=score()))
    scored(using(mode, handler, lang="es"))
    using(mode, handler, lang="es").score(profile={}, answers={}, lang="en")
    scored(using(mode, handler))
    languages = [request.headers.get("accept-language") for request in handler.requests]
    assert languages == ["es", "en", None]


def test_a_path_before_v1_is_kept(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=organisation()))
    using(mode, handler, base_url="https://Example.org/indice/").organisations.get("x")
    assert str(handler.requests[0].url) == "https://example.org/indice/v1/organisations/x"


# Repetitions


def test_a_temporary_failure_is_repeated_with_the_same_request(mode: Mode, fake_time: FakeTime) -> None:
    handler = Answers(problem(503, "unavailable"), httpx.ConnectError("refused"), httpx.Response(200, json=score()))
    assert scored(using(mode, handler)).index == 50.0
    assert len({request.content for request in handler.requests}) == 1
    # Chance 0: half of 0.5 s, half of 1 s.
    assert fake_time.sleeps == [0.25, 0.5]


def test_retry_after_decides_the_wait(mode: Mode, fake_time: FakeTime) -> None:
    busy = problem(429, "slow-down")
    busy.headers["Retry-After"] = "Tue, 24 Nov 2026 12:00:09 GMT"
    scored(using(mode, Answers(busy, httpx.Response(200, json=score()))))
    assert fake_time.sleeps == [9.0]


def test_the_last_failure_is_raised_when_patience_ends(mode: Mode, fake_time: FakeTime) -> None:
    busy = problem(503, "unavailable", request_id="r-1")
    busy.headers["Retry-After"] = "3"
    handler = Answers(busy)
    with pytest.raises(ServiceUnavailable) as caught:
        scored(using(mode, handler, max_retries=1))
    assert len(handler.requests) == 2
    assert (caught.value.retry_after, caught.value.request_id, caught.value.status) == (3.0, "r-1", 503)


def test_a_too_long_retry_after_is_left_to_the_caller(mode: Mode, fake_time: FakeTime) -> None:
    busy = problem(503, "unavailable")
    busy.headers["Retry-After"] = "3600"
    handler = Answers(busy)
    with pytest.raises(ServiceUnavailable) as caught:
        scored(using(mode, handler))
    assert (len(handler.requests), caught.value.retry_after, fake_time.sleeps) == (1, 3600.0, [])


def test_a_refusal_is_not_repeated(mode: Mode) -> None:
    handler = Answers(problem(400, "invalid-request"))
    with pytest.raises(InvalidRequest):
        scored(using(mode, handler))
    assert len(handler.requests) == 1


def test_no_attempt_gets_more_time_than_the_call_has_left(mode: Mode, fake_time: FakeTime) -> None:
    seen: list[dict[str, float]] = []

    def stall(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        fake_time.pass_by(50.0)
        raise httpx.ReadTimeout("stalled")

    with pytest.raises(TimedOut, match="POST /v1/scores: ReadTimeout"):
        scored(using(mode, stall, max_retries=9))
    # Attempts at 0, 50.25 and 100.75 s of 120: the third has 19.25 s left, and after it there is no time.
    assert [limits["read"] for limits in seen] == [30.0, 30.0, 19.25]
    assert [limits["connect"] for limits in seen] == [5.0, 5.0, 5.0]


def test_one_number_sets_all_limits(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=score()))
    scored(using(mode, handler, timeout=2.0))
    assert handler.requests[0].extensions["timeout"] == {"connect": 2.0, "read": 2.0, "write": 2.0, "pool": 2.0}


# Redirects


def test_a_redirect_on_the_same_host_is_followed_with_method_and_body(mode: Mode) -> None:
    handler = Answers(httpx.Response(308, headers={"location": "/v1/moved?lang=es"}), httpx.Response(200, json=score()))
    scored(using(mode, handler))
    first, second = handler.requests
    assert (second.method, str(second.url)) == ("POST", "http://service.test/v1/moved?lang=es")
    assert second.content == first.content


ELSEWHERE = (
    "http://elsewhere.test/v1/scores",
    "//elsewhere.test/v1/scores",
    "https://service.test/v1/scores",
    "http://service.test:8080/v1/scores",
    "http://service.test@elsewhere.test/",
    "ftp://service.test/",
    "http://[broken/",
    "mailto:x",
)


def test_nothing_is_ever_sent_to_another_host(mode: Mode) -> None:
    for status, location in itertools.product((301, 302, 303, 307, 308), ELSEWHERE):
        handler = Answers(httpx.Response(status, headers={"location": location}))
        with pytest.raises(UnexpectedResponse):
            using(mode, handler).organisations.get("x")
        assert len(handler.requests) == 1, (status, location)


def test_user_information_in_a_redirect_is_not_taken_over(mode: Mode) -> None:
    handler = Answers(
        httpx.Response(308, headers={"location": "http://user:word@service.test/v1/y"}),
        httpx.Response(200, json=organisation()),
    )
    using(mode, handler).organisations.get("x")
    assert handler.requests[1].headers["authorization"] == f"Bearer {KEY}"
    assert str(handler.requests[1].url) == "http://service.test/v1/y"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_lose_the_body_is_refused(mode: Mode, status: int) -> None:
    handler = Answers(httpx.Response(status, headers={"location": "/v1/x"}))
    with pytest.raises(UnexpectedResponse, match="into GET"):
        scored(using(mode, handler))


def test_redirects_without_end_or_without_aim_are_refused(mode: Mode) -> None:
    handler = Answers(httpx.Response(308, headers={"location": "/v1/scores"}))
    with pytest.raises(UnexpectedResponse, match="more than 5 redirects"):
        scored(using(mode, handler))
    assert len(handler.requests) == 6
    with pytest.raises(UnexpectedResponse, match="without Location"):
        scored(using(mode, Answers(httpx.Response(308))))


# Answers that are not the service's


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, html="<h1>Bad gateway</h1>"),
        httpx.Response(404, json={"detail": "Not Found"}),
        httpx.Response(200, json={**score(), "coverage": "much"}),
        httpx.Response(400, content=b"[]", headers={"content-type": "application/problem+json"}),
        httpx.Response(400, content=b"{", headers={"content-type": "application/problem+json"}),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.content[:20]!r}",
)
def test_an_answer_that_is_not_the_services_is_told_apart(mode: Mode, answer: httpx.Response) -> None:
    answer.headers["X-Request-Id"] = "r-7"
    with pytest.raises(UnexpectedResponse) as caught:
        scored(using(mode, Answers(answer)))
    assert (caught.value.status, caught.value.request_id) == (answer.status_code, "r-7")
    assert str(caught.value).endswith("[request r-7]")


def test_a_newer_service_is_still_understood(mode: Mode) -> None:
    newer = {**score(), "status": "provisional", "uncertainty": {"low": 40}}
    status: str = scored(using(mode, Answers(httpx.Response(200, json=newer)))).status
    assert status == "provisional"


# Nothing tells the key


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
def test_the_key_shows_nowhere(mode: Mode, failure: httpx.TransportError, caplog: pytest.LogCaptureFixture) -> None:
    shown: list[str] = []

    def use(client: Client) -> Score:
        shown.extend([repr(client), repr(client._core), repr(vars(client))])
        return scored(client)

    with caplog.at_level(logging.DEBUG, "actitud"), pytest.raises((ConnectionFailed, TimedOut)) as caught:
        run(mode, Answers(failure), use)
    trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    library_frames = [line for line in trace.format() if "support.py" not in line]
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert KEY not in "".join([*shown, caplog.text, str(caught.value), *library_frames])


def test_each_attempt_is_logged_without_what_was_asked(
    mode: Mode, fake_time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    answer = httpx.Response(200, json={"items": [], "next": None}, headers={"x-request-id": "r-9"})

    def slow(request: httpx.Request) -> httpx.Response:
        fake_time.pass_by(0.25)
        return answer

    with caplog.at_level(logging.DEBUG, "actitud"):
        using(mode, slow).organisations.list(q="Perico de los Palotes")
    messages = [record.getMessage() for record in caplog.records if record.name == "actitud"]
    assert messages == ["GET /v1/organisations, attempt 1: 200 (request r-9) in 0.250 s"]


def test_the_wait_before_an_attempt_is_not_counted_as_its_time(mode: Mode, caplog: pytest.LogCaptureFixture) -> None:
    handler = Answers(problem(503, "unavailable"), httpx.Response(200, json=organisation()))
    with caplog.at_level(logging.DEBUG, "actitud"):
        using(mode, handler).organisations.get("x")
    assert [record.getMessage() for record in caplog.records if record.name == "actitud"] == [
        "GET /v1/organisations/x, attempt 1: 503 (request None) in 0.000 s",
        "GET /v1/organisations/x: 503 (request None), again in 0.2 s",
        "GET /v1/organisations/x, attempt 2: 200 (request None) in 0.000 s",
    ]


def test_what_was_asked_for_is_not_in_an_error(mode: Mode) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        using(mode, Answers(httpx.ConnectError("refused"))).organisations.list(q="Perico")
    assert str(caught.value) == "GET /v1/organisations: ConnectError refused"


def test_the_library_adds_no_handler() -> None:
    assert logging.getLogger("actitud").handlers == []


def test_the_clock_of_this_computer_serves_both_clients() -> None:
    SYSTEM.sleep(0)
    asyncio.run(_sleep_nothing())
    assert SYSTEM.clock() <= SYSTEM.clock()
    assert 0 <= SYSTEM.chance() < 1
    assert SYSTEM.now().utcoffset() == timedelta(0)


async def _sleep_nothing() -> None:
    await SYSTEM.sleep_async(0)


# --- what is published ----------------------------------------------------------------------------------------

NOTHING = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The digest of no bytes at all."""
JSON = {"Content-Type": "application/json"}


def test_a_document_is_the_bytes_of_its_digest_or_an_error(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, headers=JSON, content=b""))
    assert using(mode, handler).published.get(NOTHING) == b""
    (request,) = handler.requests
    assert request.url.path == f"/v1/published/{NOTHING}"
    forged = Answers(httpx.Response(200, headers=JSON, content=b"{}"))
    with pytest.raises(UnexpectedResponse, match="a document with the digest sha256:44136fa355b3678a"):
        using(mode, forged).published.get(NOTHING)


def test_a_bundle_may_be_larger_than_other_answers_and_is_asked_for_as_a_file(mode: Mode) -> None:
    large = bytes(33 * 1024 * 1024)
    handler = Answers(httpx.Response(200, headers={"Content-Type": "application/gzip"}, content=large))
    assert using(mode, handler).editions.publications.bundle("2026", 3) == large
    (request,) = handler.requests
    assert request.url.path == "/v1/editions/2026/publications/3/bundle"
    assert request.headers["accept"] == "application/gzip, application/problem+json"
    with pytest.raises(UnexpectedResponse, match="of more than"):
        using(mode, Answers(httpx.Response(200, headers=JSON, content=large))).editions.publications.scores.get(
            "2026", "x"
        )


TEXT_CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORTS: Mapping[str, tuple[Callable[[Client], bytes], str, str]] = {
    "organisations": (
        lambda client: client.organisations.export(kind="MUN", on=date(2026, 1, 1), limit=3),
        "/v1/organisations.csv?kind=MUN&on=2026-01-01&limit=3",
        TEXT_CSV,
    ),
    "editions": (
        lambda client: client.editions.export(format="jsonl", lang="es"),
        "/v1/editions.jsonl",
        "application/jsonl",
    ),
    "scores": (
        lambda client: client.editions.scores.export("2026", dialect="excel-es", organisation=["a", "b"], sort="-rank"),
        "/v1/editions/2026/scores.csv?dialect=excel-es&organisation=a%2Cb&sort=-rank",
        TEXT_CSV,
    ),
    "cube": (
        lambda client: client.editions.scores.export("latest", format="jsonstat", q="zamroa"),
        "/v1/editions/latest/scores.jsonstat?q=zamroa",
        "application/json",
    ),
    "indicators": (
        lambda client: client.editions.indicators.export(
            "2026", format="xlsx", q="x", level=3, offset=2, fields=["score"]
        ),
        "/v1/editions/2026/indicators.xlsx?fields=score&q=x&level=3&offset=2",
        XLSX,
    ),
    "methodology": (
        lambda client: client.methodologies.indicators.export("2026.1"),
        "/v1/methodologies/2026.1/indicators.csv",
        TEXT_CSV,
    ),
    "gobierto": (
        lambda client: client.editions.scores.gobierto("2026", "XX-T-1"),
        "/v1/editions/2026/scores/XX-T-1/gobierto.json",
        "application/json",
    ),
    "package": (
        lambda client: client.editions.datapackage("2026"),
        "/v1/editions/2026/datapackage.json",
        "application/json",
    ),
    "catalogue": (
        lambda client: client.catalogue.get(format="rdf"),
        "/catalog.rdf",
        "application/rdf+xml",
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_a_file_is_asked_for_by_its_suffix_and_taken_as_it_is(mode: Mode, name: str) -> None:
    call, target, media_type = EXPORTS[name]
    # More than other answers may have, in one of the cases: it takes a while.
    content = bytes(33 * 1024 * 1024) if name == "indicators" else b"\xef\xbb\xbfa;b\r\n"
    handler = Answers(httpx.Response(200, headers={"Content-Type": f"{media_type}; charset=utf-8"}, content=content))
    assert call(using(mode, handler)) == content
    (request,) = handler.requests
    assert request.url.raw_path.decode() == target
    assert request.headers["accept"] == f"{media_type}, application/problem+json"


def test_a_format_that_there_is_not_is_never_asked_for(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, content=b""))
    with pytest.raises(ValueError, match=r"'pdf' is none of the formats csv, jsonl, xlsx, jsonstat$"):
        using(mode, handler).editions.scores.export("2026", format="pdf")  # type: ignore[call-overload]  # no such format
    with pytest.raises(ValueError, match=r"'jsonstat' is none of the formats csv, jsonl, xlsx$"):
        using(mode, handler).editions.indicators.export("2026", format="jsonstat")  # type: ignore[call-overload]  # scores have it
    assert handler.requests == []
