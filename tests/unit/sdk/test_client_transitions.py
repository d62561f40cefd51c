"""Steps and verdicts of many: what goes out, and that what is sent again after a loss acts once."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import httpx

from actitud.resources.workbooks import XLSX
from tests.unit.sdk.support import Answers, FakeTime, Mode, using
from tests.unit.sdk.test_client_jobs import JOB


def answered() -> httpx.Response:
    return httpx.Response(202, json=JOB)


def test_a_step_goes_out_with_what_it_needs_and_nothing_else(mode: Mode) -> None:
    service = Answers(answered(), answered())
    using(mode, service).editions.transitions.create("2027", step="reviews", filter={"province": "28"})
    extension = using(mode, service).editions.transitions.create(
        "2027",
        step="extensions",
        organisations=["XX-T-2", "XX-T-1"],
        phase="review",
        until=date(2027, 5, 20),
        reason="A flood.",
        dry_run=True,
        idempotency_key="flood",
    )
    assert extension.id == "7"
    first, second = service.requests
    assert {str(request.url) for request in (first, second)} == {"http://service.test/v1/editions/2027/transitions"}
    assert json.loads(first.content) == {"step": "reviews", "filter": {"province": "28"}, "dry_run": False}
    assert json.loads(second.content) == {
        "step": "extensions",
        "organisations": ["XX-T-2", "XX-T-1"],
        "phase": "review",
        "until": "2027-05-20",
        "reason": "A flood.",
        "dry_run": True,
    }
    assert second.headers["idempotency-key"] == "flood"


def test_a_workbook_is_asked_for_and_sent_back_as_it_is(mode: Mode) -> None:
    service = Answers(httpx.Response(200, content=b"PK", headers={"content-type": XLSX}), answered())
    book = using(mode, service).editions.verdicts.workbook("2027", sample=True, after="XX-T-1")
    using(mode, service).editions.verdicts.create("2027", book)
    asked, sent = service.requests
    assert str(asked.url) == "http://service.test/v1/editions/2027/verdicts/workbook?sample=true&after=XX-T-1"
    assert (str(sent.url), sent.content) == ("http://service.test/v1/editions/2027/verdicts", b"PK")
    assert sent.headers["content-type"] == XLSX


def test_what_is_sent_again_after_a_loss_carries_the_same_key(mode: Mode, fake_time: FakeTime) -> None:
    service = Answers(httpx.ReadTimeout("lost"), answered(), httpx.ReadTimeout("lost"), answered())
    using(mode, service).editions.transitions.create("2027", step="finals")
    using(mode, service).editions.verdicts.create("2027", b"PK")
    keys = [request.headers["idempotency-key"] for request in service.requests]
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_a_file_of_assessments_is_sent_whole(mode: Mode, tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    file.write_bytes(b"organisation,indicator,field,value\r\n" + b"XX-T-1,D1.07,numerator,1\r\n" * 40_000)
    service = Answers(answered())
    assert using(mode, service).editions.imports.create("2027", file).id == "7"
    (request,) = service.requests
    assert (request.method, request.url.path) == ("POST", "/v1/editions/2027/imports")
    assert request.content == file.read_bytes()
