"""What changes something: what goes out, what is sent again after a loss, and what the caller is told then."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import httpx
import msgspec
import pytest

from actitud import (
    ApiProblem,
    Client,
    Conflict,
    ConnectionFailed,
    Contact,
    Evidence,
    FormerName,
    NoAnswer,
    NotFound,
    Organisation,
    PreconditionFailed,
    ServiceFailed,
    ServiceUnavailable,
    Span,
    TimedOut,
    UnexpectedResponse,
)
from tests.unit.sdk.support import (
    KEY,
    Answers,
    FakeTime,
    Mode,
    assessment,
    edition,
    fetched,
    finding,
    listing,
    organisation,
    problem,
    submission,
    transition,
    using,
)

TAG = '"v7.1a2b3c4d-0123456789ab"'
NEXT_TAG = '"v8.1a2b3c4d-ba9876543210"'


def answered(document: dict[str, object], tag: str | None = NEXT_TAG, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=document, headers={} if tag is None else {"etag": tag})


def created(client: Client) -> Organisation:
    return client.organisations.create(id="XX-DEMO-1", name="Villa 1", kind="MUN")


def renamed(client: Client) -> Organisation:
    return client.organisations.update("XX-DEMO-1", if_match=TAG, name="Villa Nueva")


def removed(client: Client) -> None:
    return client.editions.delete("2027", if_match=TAG)


# What goes out and what comes in


def test_what_is_created_goes_out_whole_and_comes_back_with_its_tag(mode: Mode) -> None:
    handler = Answers(answered(organisation(), TAG, 201))
    made = using(mode, handler).organisations.create(
        id="XX-DEMO-1",
        name="Villa 1",
        kind="MUN",
        population=42000,
        population_year=2025,
        aliases=["XI-WIKIDATA-Q2807"],
        former_names=[FormerName(name="Villa Vieja", until=date(2020, 12, 31))],
        valid_from=date(1979, 4, 19),
        contact=Contact(email="redes@villa.example"),
        domains=["villa.example"],
    )
    (request,) = handler.requests
    assert (request.method, str(request.url)) == ("POST", "http://service.test/v1/organisations")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {
        "id": "XX-DEMO-1",
        "name": "Villa 1",
        "kind": "MUN",
        "parent": None,
        "population": 42000,
        "population_year": 2025,
        "employees": None,
        "employees_year": None,
        "province": None,
        "region": None,
        "aliases": ["XI-WIKIDATA-Q2807"],
        "former_names": [{"name": "Villa Vieja", "until": "2020-12-31"}],
        "valid_from": "1979-04-19",
        "valid_to": None,
        "succeeded_by": [],
        "contact": {"email": "redes@villa.example", "url": None},
        "domains": ["villa.example"],
    }
    assert (made.id, made.etag, made.former_names[0].until) == ("XX-DEMO-1", TAG, date(2020, 12, 31))
    assert made.updated == datetime(2026, 11, 24, 12, 0, 0, 250_000, UTC)


def test_a_change_names_what_changes_and_the_state_that_was_read(mode: Mode) -> None:
    handler = Answers(answered(organisation()))
    result = using(mode, handler).organisations.update(
        "XX-DEMO-1", if_match=TAG, name="Villa Nueva", parent=None, aliases=[], contact={"url": None}
    )
    (request,) = handler.requests
    assert (request.method, request.url.path) == ("PATCH", "/v1/organisations/XX-DEMO-1")
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert request.headers["if-match"] == TAG
    assert "idempotency-key" not in request.headers
    assert json.loads(request.content) == {
        "name": "Villa Nueva",
        "parent": None,
        "aliases": [],
        "contact": {"url": None},
    }
    assert result.etag == NEXT_TAG


def test_days_go_out_as_the_service_names_them(mode: Mode) -> None:
    handler = Answers(answered(edition(), TAG, 201), answered(edition("in_review")))
    days = Span(date(2028, 1, 15), date(2028, 2, 29))
    made = using(mode, handler).editions.create(
        id="2027",
        titles=MappingProxyType({"es": "Edición 2027", "en": "Edition 2027"}),
        period_from=date(2027, 1, 1),
        period_to=date(2027, 12, 31),
        calendar={"submission": days},
        lang="es",
    )
    assert made.windows["W90"] == Span(date(2027, 1, 1), date(2027, 12, 31))
    assert made.calendar.submission.end == date(2027, 12, 31)
    changed = using(mode, handler).editions.update(
        "2027", if_match=made.etag, windows=None, calendar={"review": None}, state="in_review"
    )
    first, second = handler.requests
    assert first.headers["accept-language"] == "es"
    assert json.loads(first.content) == {
        "id": "2027",
        "titles": {"es": "Edición 2027", "en": "Edition 2027"},
        "methodology": "2027.1",
        "period_from": "2027-01-01",
        "period_to": "2027-12-31",
        "windows": None,
        "calendar": {"submission": {"from": "2028-01-15", "to": "2028-02-29"}},
        "accept_draft": False,
    }
    assert json.loads(second.content) == {"windows": None, "calendar": {"review": None}, "state": "in_review"}
    assert changed.state == "in_review"


def test_what_an_organisation_states_goes_out_with_its_evidence(mode: Mode) -> None:
    wrong = {**finding("error"), "code": "evidence", "pointer": "/answers/D1.07/evidence/0"}
    handler = Answers(answered(assessment(wrong), TAG, 201))
    guide = Evidence(url="https://redes.villa.example/guia.pdf", date=date(2026, 3, 1))
    made = using(mode, handler).editions.assessments.put(
        "2026",
        "XX-DEMO-1",
        profile={"org_type": "MUN", "previous_level": None},
        answers={
            "D1.07": {"numerator": 160, "denominator": 320, "evidence": [guide]},
            "D2.02": {
                "components": ["c1", "c2"],
                "evidence": [{"url": "https://villa.example/", "date": date(2026, 3, 2), "sha256": None}],
                "note": "Fiestas incluidas.",
            },
            "D2.06": None,
        },
        profile_evidence={"units": [guide]},
        lang="es",
    )
    (request,) = handler.requests
    document = {"url": "https://redes.villa.example/guia.pdf", "date": "2026-03-01", "note": None, "sha256": None}
    assert (request.method, request.url.path) == ("PUT", "/v1/editions/2026/assessments/XX-DEMO-1")
    assert request.headers["if-none-match"] == "*"
    assert "if-match" not in request.headers
    assert request.headers["accept-language"] == "es"
    assert json.loads(request.content) == {
        "methodology": "2027.1",
        "profile": {"org_type": "MUN", "previous_level": None},
        "answers": {
            "D1.07": {"numerator": 160, "denominator": 320, "evidence": [document]},
            "D2.02": {
                "components": ["c1", "c2"],
                "evidence": [{"url": "https://villa.example/", "date": "2026-03-02", "sha256": None}],
                "note": "Fiestas incluidas.",
            },
            "D2.06": None,
        },
        "profile_evidence": {"units": [document]},
    }
    assert (made.etag, made.profile_evidence["units"]) == (TAG, (guide,))
    assert made.answers["D2.02"]["note"] == "Fiestas incluidas."
    assert [(one.code, one.pointer) for one in made.error_findings] == [("evidence", "/answers/D1.07/evidence/0")]


def test_what_was_read_can_be_sent_again_as_it_is(mode: Mode) -> None:
    handler = Answers(answered(assessment(), TAG))
    read = using(mode, handler).editions.assessments.get("2026", "XX-DEMO-1")
    using(mode, handler).editions.assessments.put(
        "2026",
        "XX-DEMO-1",
        if_match=read.etag,
        profile=read.profile,
        answers=read.answers,
        profile_evidence=read.profile_evidence,
        profile_sources=read.profile_sources,
    )
    sent = handler.requests[1]
    assert (sent.headers["if-match"], "if-none-match" in sent.headers) == (TAG, False)
    stated = ("methodology", "profile", "answers", "profile_evidence", "profile_sources")
    assert json.loads(sent.content) == {name: assessment()[name] for name in stated}


def test_a_change_of_an_assessment_says_only_what_changes(mode: Mode) -> None:
    handler = Answers(answered(assessment()))
    using(mode, handler).editions.assessments.update(
        "2026", "XX-DEMO-1", if_match=TAG, answers={"D1.07": {"numerator": 200, "denominator": 320}, "D2.02": None}
    )
    (request,) = handler.requests
    assert (request.method, request.headers["content-type"]) == ("PATCH", "application/merge-patch+json")
    assert json.loads(request.content) == {
        "methodology": "2027.1",
        "answers": {"D1.07": {"numerator": 200, "denominator": 320}, "D2.02": None},
    }


def test_a_submission_says_what_is_submitted_and_acts_once(mode: Mode) -> None:
    handler = Answers(httpx.ReadError("reset"), httpx.Response(201, json=submission()))
    made = using(mode, handler).editions.assessments.submissions.create(
        "2026", "XX-DEMO-1", if_match=TAG, explanations={"V13": "Weekends count."}
    )
    first, second = handler.requests
    assert (first.method, first.url.path) == ("POST", "/v1/editions/2026/assessments/XX-DEMO-1/submissions")
    assert json.loads(first.content) == {"explanations": {"V13": "Weekends count."}}
    assert first.headers["if-match"] == second.headers["if-match"] == TAG
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert json.loads(msgspec.json.encode(made)) == submission()


def test_a_stale_submission_is_told_even_after_a_loss(mode: Mode) -> None:
    """With a key the service would answer a repetition as the first time: the refusal is true."""
    stale = problem(412, "precondition-failed")

    def submit(client: Client) -> object:
        return client.editions.assessments.submissions.create("2026", "XX-DEMO-1", if_match=TAG)

    assert isinstance(told(mode, submit, httpx.ReadError("reset"), stale), PreconditionFailed)


_HERE = ("2026", "XX-DEMO-1")
_GIVEN: dict[str, object] = {"until": "2027-04-10", "reason": "A flood."}
STEPS: list[tuple[str, Callable[[Client], object], dict[str, object] | None]] = [
    ("reviews", lambda client: client.editions.assessments.reviews.create(*_HERE, if_match=TAG), None),
    ("hearings", lambda client: client.editions.assessments.hearings.create(*_HERE, if_match=TAG), None),
    ("finals", lambda client: client.editions.assessments.finals.create(*_HERE, if_match=TAG), None),
    (
        "returns",
        lambda client: client.editions.assessments.returns.create(
            *_HERE, reason="A flood.", until=date(2027, 4, 10), if_match=TAG
        ),
        _GIVEN,
    ),
    (
        "extensions",
        lambda client: client.editions.assessments.extensions.create(
            *_HERE, phase="review", until=date(2027, 4, 10), reason="A flood.", if_match=TAG
        ),
        {"phase": "review", **_GIVEN},
    ),
]


@pytest.mark.parametrize(("kind", "act", "body"), STEPS, ids=[kind for kind, *_ in STEPS])
def test_a_transition_acts_once_on_the_version_that_was_read(
    mode: Mode, kind: str, act: Callable[[Client], object], body: dict[str, object] | None
) -> None:
    told = transition(phase="review", until="2027-04-10", reason="A flood.")
    handler = Answers(httpx.ReadError("reset"), httpx.Response(201, json=told))
    made = act(using(mode, handler))
    first, second = handler.requests
    assert (first.method, first.url.path) == ("POST", f"/v1/editions/2026/assessments/XX-DEMO-1/{kind}")
    assert (json.loads(first.content) if first.content else None) == body
    assert ("content-type" in first.headers) is (body is not None)
    assert first.headers["if-match"] == second.headers["if-match"] == TAG
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert json.loads(msgspec.json.encode(made)) == told


def test_what_follows_a_state_is_told(mode: Mode) -> None:
    allowed = ["under_review", "returned"]
    errors = [{"pointer": "", "rule": "state", "value": '"submitted"', "detail": "No.", "allowed": allowed}]
    refused = told(mode, STEPS[2][1], problem(409, "conflict", errors=errors))
    assert isinstance(refused, Conflict)
    assert refused.errors[0].allowed == ("under_review", "returned")


def test_what_is_removed_is_answered_with_nothing(mode: Mode) -> None:
    handler = Answers(httpx.Response(204))
    removed(using(mode, handler))
    (request,) = handler.requests
    assert (request.method, request.url.path, request.content) == ("DELETE", "/v1/editions/2027", b"")
    assert request.headers["if-match"] == TAG
    assert "content-type" not in request.headers


@pytest.mark.parametrize("answer", [httpx.Response(200, json={}), httpx.Response(200, html="<h1>Sign in</h1>")])
def test_an_answer_where_none_was_due_is_told_apart(mode: Mode, answer: httpx.Response) -> None:
    with pytest.raises(UnexpectedResponse, match="where an empty answer was due"):
        removed(using(mode, Answers(answer)))


def test_filters_of_a_list_are_written_as_the_service_reads_them(mode: Mode) -> None:
    handler = Answers(listing())
    using(mode, handler).organisations.list(parent="XX-DEMO-1", on=date(2026, 1, 31))
    using(mode, handler).editions.scores.list("2026", organisation="XX-1", level=3, sort="-D1")
    using(mode, handler).editions.scores.list("2026", organisation=["XX-1", "XX-2"])
    using(mode, handler).editions.scores.list("2026", q="alcúdia")
    assert [dict(request.url.params) for request in handler.requests] == [
        {"parent": "XX-DEMO-1", "on": "2026-01-31"},
        {"organisation": "XX-1", "level": "3", "sort": "-D1"},
        {"organisation": "XX-1,XX-2"},
        {"q": "alcúdia"},
    ]


# The entity tag


def test_the_tag_is_that_of_the_header_and_none_where_there_is_none(mode: Mode) -> None:
    assert fetched(using(mode, Answers(answered(organisation(), TAG)))).etag == TAG
    assert fetched(using(mode, Answers(answered({**organisation(), "etag": "of the body"}, None)))).etag is None


def test_a_tag_that_a_proxy_made_weak_is_the_tag_of_the_service(mode: Mode) -> None:
    handler = Answers(answered(organisation(), f"W/{TAG}"))
    assert fetched(using(mode, handler)).etag == TAG


def test_a_change_without_the_tag_is_not_sent(mode: Mode) -> None:
    handler = Answers(listing(organisation()))
    row = using(mode, handler).organisations.list().items[0]
    changes: list[Callable[[Client], object]] = [
        lambda client: client.organisations.update(row.id, if_match=row.etag, name="x"),
        lambda client: client.editions.delete("2027", if_match=None),
    ]
    for change in changes:
        with pytest.raises(ValueError, match="comes with get, not with lists"):
            change(using(mode, handler))
    assert len(handler.requests) == 1


@pytest.mark.parametrize("tag", ["", "v7", '"v7', '"a", "b"', f"W/{TAG}", '"a\r\nX: 1"', '"é"', '"a b"'])
def test_what_is_no_entity_tag_is_not_sent(mode: Mode, tag: str) -> None:
    handler = Answers(httpx.Response(204))
    with pytest.raises(ValueError, match="is not an entity tag"):
        using(mode, handler).editions.delete("2027", if_match=tag)
    assert handler.requests == []


def test_whatever_is_there_can_be_changed_on_purpose(mode: Mode) -> None:
    handler = Answers(httpx.Response(204))
    using(mode, handler).editions.delete("2027", if_match="*")
    assert handler.requests[0].headers["if-match"] == "*"


@pytest.mark.parametrize("value", [math.nan, "\ud800", b"x", {"x"}])
def test_a_change_to_what_json_cannot_say_is_not_sent(mode: Mode, value: Any) -> None:
    handler = Answers(answered(organisation()))
    with pytest.raises((ValueError, TypeError)):
        using(mode, handler).organisations.update("x", if_match=TAG, name=value)
    assert handler.requests == []


# Idempotency keys


def test_a_call_has_one_key_over_its_repetitions_and_each_call_its_own(mode: Mode) -> None:
    handler = Answers(
        problem(503, "unavailable"), httpx.ReadError("reset"), httpx.ReadTimeout("slow"), answered(organisation())
    )
    created(using(mode, handler, max_retries=3))
    created(using(mode, handler))
    keys = [request.headers["idempotency-key"] for request in handler.requests]
    assert len(keys) == 5
    assert len(set(keys[:4])) == 1
    assert keys[4] != keys[0]
    assert all(re.fullmatch("[0-9a-f]{32}", key) for key in keys)
    assert len({request.content for request in handler.requests}) == 1


def test_a_key_of_the_caller_goes_out_as_it_is(mode: Mode) -> None:
    handler = Answers(answered(organisation(), TAG, 201))
    using(mode, handler).organisations.create(id="x", name="x", kind="MUN", idempotency_key="import-2027/1")
    assert handler.requests[0].headers["idempotency-key"] == "import-2027/1"


@pytest.mark.parametrize("key", ["", "a b", "é", "a\r\nX: 1", "x" * 256])
def test_what_is_no_idempotency_key_is_not_sent(mode: Mode, key: str) -> None:
    handler = Answers(answered(organisation()))
    with pytest.raises(ValueError, match="1 to 255 visible ASCII characters"):
        using(mode, handler).organisations.create(id="x", name="x", kind="MUN", idempotency_key=key)
    assert handler.requests == []


def test_a_conflict_of_what_is_created_is_told_even_after_a_loss(mode: Mode) -> None:
    """With a key the service answers a repetition as the first time, so its refusal is true."""
    errors = [{"pointer": "/id", "rule": "taken", "value": '"XX-DEMO-1"', "detail": "Taken.", "suggestion": None}]
    handler = Answers(httpx.ReadError("reset"), problem(409, "conflict", errors=errors))
    with pytest.raises(Conflict) as caught:
        created(using(mode, handler))
    assert [(error.pointer, error.rule) for error in caught.value.errors] == [("/id", "taken")]


# Losses of what is guarded by a precondition


@pytest.mark.parametrize("change", [renamed, removed])
def test_a_loss_is_made_good_by_the_same_request(mode: Mode, change: Callable[[Client], object]) -> None:
    done = httpx.Response(204) if change is removed else answered(organisation())
    handler = Answers(httpx.ReadError("reset"), problem(503, "unavailable"), done)
    change(using(mode, handler))
    assert len({(request.method, request.url, request.content) for request in handler.requests}) == 1
    assert [request.headers["if-match"] for request in handler.requests] == [TAG] * 3


def told(mode: Mode, change: Callable[[Client], object], *answers: httpx.Response | Exception) -> Exception:
    """What a change raises, given these answers in turn."""
    handler = Answers(*answers)
    with pytest.raises((NoAnswer, ApiProblem, UnexpectedResponse)) as caught:
        change(using(mode, handler))
    assert len(handler.requests) == len(answers)
    return caught.value


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        (httpx.ReadError("reset"), ConnectionFailed),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), ConnectionFailed),
        (httpx.ReadTimeout("slow"), TimedOut),
        (httpx.WriteTimeout("slow"), TimedOut),
        (problem(500, "internal-error"), ServiceFailed),
        (httpx.Response(502, html="<h1>Bad gateway</h1>"), UnexpectedResponse),
    ],
)
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (renamed, problem(412, "precondition-failed")),
        (removed, problem(412, "precondition-failed")),
        (removed, problem(404, "not-found")),
    ],
)
def test_a_refusal_after_a_loss_is_not_taken_for_the_truth(
    mode: Mode,
    change: Callable[[Client], object],
    refusal: httpx.Response,
    loss: httpx.Response | Exception,
    kind: type[Exception],
) -> None:
    """The lost attempt may be what changed it: the caller is told of the loss, and the refusal is its cause."""
    error = told(mode, change, loss, refusal)
    assert type(error) is kind or isinstance(error, kind)
    assert isinstance(error.__cause__, PreconditionFailed | NotFound)
    if isinstance(error, NoAnswer):
        assert error.sent


@pytest.mark.parametrize(
    "harmless",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("busy"),
        problem(429, "too-many-requests"),
        problem(408, "request-timeout"),
    ],
)
def test_a_refusal_after_what_cannot_have_acted_is_the_truth(mode: Mode, harmless: httpx.Response | Exception) -> None:
    assert isinstance(told(mode, renamed, harmless, problem(412, "precondition-failed")), PreconditionFailed)


def test_the_first_loss_is_remembered_over_later_ones_that_cannot_have_acted(mode: Mode) -> None:
    error = told(
        mode,
        renamed,
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
        problem(412, "precondition-failed"),
    )
    assert isinstance(error, TimedOut)


def test_a_refusal_without_a_loss_and_one_of_another_kind_are_told_as_they_are(mode: Mode) -> None:
    assert isinstance(told(mode, renamed, problem(412, "precondition-failed")), PreconditionFailed)
    assert isinstance(told(mode, removed, problem(404, "not-found")), NotFound)
    assert isinstance(told(mode, renamed, httpx.ReadError("reset"), problem(409, "conflict")), Conflict)


def test_a_failure_says_whether_anything_can_have_reached_the_service(mode: Mode) -> None:
    refused = told(mode, renamed, *[httpx.ConnectError("refused")] * 3)
    assert isinstance(refused, ConnectionFailed)
    assert not refused.sent
    assert str(refused) == "PATCH /v1/organisations/XX-DEMO-1: ConnectError refused"
    for change in (renamed, created):
        stalled = told(mode, change, httpx.ReadTimeout("slow"), *[httpx.ConnectError("refused")] * 2)
        assert isinstance(stalled, ConnectionFailed)
        assert stalled.sent
        assert str(stalled).endswith("ConnectError refused")


def test_what_is_slow_to_answer_is_not_refused_for_ever(mode: Mode, fake_time: FakeTime) -> None:
    busy = problem(503, "unavailable")
    busy.headers["Retry-After"] = "2"
    assert isinstance(told(mode, renamed, busy, busy, busy), ServiceUnavailable)
    assert fake_time.sleeps == [2.0, 2.0]


# Redirects


def test_an_alias_leads_a_change_to_where_it_belongs_with_all_that_it_says(mode: Mode) -> None:
    handler = Answers(
        httpx.Response(308, headers={"location": "/v1/organisations/XX-DEMO-1"}), answered(organisation())
    )
    using(mode, handler).organisations.update("XI-WIKIDATA-Q2807", if_match=TAG, name="Villa Nueva")
    first, second = handler.requests
    assert (second.method, second.url.path) == ("PATCH", "/v1/organisations/XX-DEMO-1")
    assert second.content == first.content
    for name in ("if-match", "content-type", "authorization"):
        assert second.headers[name] == first.headers[name]
    assert second.headers["authorization"] == f"Bearer {KEY}"


def test_a_creation_that_is_led_elsewhere_keeps_its_key(mode: Mode) -> None:
    handler = Answers(
        httpx.Response(307, headers={"location": "/indice/v1/organisations"}), answered(organisation(), TAG, 201)
    )
    created(using(mode, handler))
    first, second = handler.requests
    assert second.headers["idempotency-key"] == first.headers["idempotency-key"]
