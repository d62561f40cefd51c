"""Workbooks over HTTP, with the client as well."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import openpyxl
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.engine.methodology import loader
from actitud_api.platform.http.representations import XLSX
from actitud_api.resources.methodologies import service as methodologies
from actitud_api.settings import Settings
from tests.support.applications import borrow_app
from tests.support.scale import BROKEN_WORKBOOKS
from tests.web.workbooks.test_cells import SENT
from tests.web.workbooks.test_refused import broken, packed

WORKBOOK = "/v1/methodologies/2026.1/workbook"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('db')}/a.sqlite3"
    # Without memory: a test changes the service underneath.
    with borrow_app(Settings(database_url=url, memory_bytes=0)) as app:
        app.state["database"].migrate()
        with TestClient(app) as client:
            yield client


def read(client: TestClient[Litestar], raw: bytes, lang: str = "en", media_type: str = XLSX) -> httpx.Response:
    return client.post(f"{WORKBOOK}/answers", params={"lang": lang}, content=raw, headers={"Content-Type": media_type})


def test_the_template_is_a_file_in_a_language_that_may_be_kept(client: TestClient[Litestar]) -> None:
    answer = client.get(WORKBOOK, params={"lang": "es"})
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["content-disposition"] == 'attachment; filename="actitud-2026.1-es.xlsx"'
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames[1] == "Perfil"
    kept = client.get(WORKBOOK, params={"lang": "es"}, headers={"If-None-Match": answer.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    assert client.get(WORKBOOK, params={"lang": "en"}).headers["etag"] != answer.headers["etag"]
    assert client.head(WORKBOOK).headers["content-length"] == str(len(client.get(WORKBOOK).content))


def test_the_template_of_a_retired_version_has_since_when(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = loader.load_methodology("2026.1")
    retired = structs.replace(known, status="retired", retired=date(2027, 1, 1))
    monkeypatch.setattr(methodologies, "get_methodology", lambda version: retired)
    headers = client.get("/v1/methodologies/2026.1/workbook").headers
    assert headers["deprecation"] == "@1798761600"


def test_what_is_read_of_a_workbook_scores_as_what_was_put_into_it(client: TestClient[Litestar]) -> None:
    filled = client.post(WORKBOOK, json=SENT)
    assert (filled.status_code, filled.headers["content-type"]) == (200, XLSX)
    answer = read(client, filled.content).json()
    assert (answer["faults"], answer["language"], answer["methodology"]) == ([], "en", "2026.1")
    # The index of the catalogue's example A.
    assert client.post("/v1/scores", json=answer["scores"]).json()["index"] == 44.03
    again = client.post(WORKBOOK, json=answer["questionnaire"])
    assert again.content == filled.content


def test_what_is_wrong_is_told_in_the_language_of_whoever_asks(client: TestClient[Litestar]) -> None:
    raw = client.get(WORKBOOK, params={"lang": "es"}).content
    details = [read(client, raw, lang).json()["faults"][0] for lang in ("es", "en")]
    assert [fault["detail"] for fault in details] == [
        "Falta este dato del perfil.",
        "This field of the profile is missing.",
    ]
    assert {fault["cell"] for fault in details} == {"Perfil!C5"}
    assert {read(client, raw).json()[name] for name in ("scores", "assessment")} == {None}


@pytest.mark.parametrize(
    ("raw", "status", "rule"),
    [
        (b"", 409, "format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 409, "encrypted"),
        (packed({"xl/media/a.png": bytes(50_000_000)}), 413, "too_large"),
    ],
)
def test_a_file_that_is_not_read_says_why_in_both_languages(
    client: TestClient[Litestar], raw: bytes, status: int, rule: str
) -> None:
    spanish, english = (read(client, raw, lang) for lang in ("es", "en"))
    assert [answer.status_code for answer in (spanish, english)] == [status, status]
    assert spanish.json()["errors"][0]["rule"] == rule
    assert spanish.json()["detail"] != english.json()["detail"]


def test_a_body_of_a_megabyte_is_too_large_and_one_of_another_type_is_told_which_are_read(
    client: TestClient[Litestar],
) -> None:
    assert read(client, b"PK\x03\x04" + bytes(1024 * 1024)).status_code == 413
    refused = read(client, b"{}", media_type="application/json")
    assert (refused.status_code, refused.headers["accept-post"]) == (415, f"{XLSX}, application/octet-stream")
    assert read(client, client.get(WORKBOOK).content, media_type="application/octet-stream").status_code == 200


def test_a_questionnaire_of_another_version_is_a_conflict(client: TestClient[Litestar]) -> None:
    answer = client.post("/v1/methodologies/2099.1-draft/workbook", json=SENT)
    assert (answer.status_code, answer.json()["errors"][0]["suggestion"]) == (409, "2099.1-draft")
    other = client.get("/v1/methodologies/2099.1-draft/workbook").content
    assert read(client, other).json()["errors"][0]["rule"] == "methodology"


def test_no_methodology_no_workbook(client: TestClient[Litestar]) -> None:
    path = "/v1/methodologies/1999/workbook"
    answers = (
        client.get(path),
        client.post(path, json=SENT),
        client.post(f"{path}/answers", content=b"", headers={"Content-Type": XLSX}),
    )
    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize("sent", [{}, {"profile": {"employees": 7}}, {"answers": {"D1.01": {"note": "Solo esto."}}}])
def test_however_little_is_answered_it_can_be_kept(client: TestClient[Litestar], sent: dict[str, Any]) -> None:
    filled = client.post(WORKBOOK, json={"methodology": "2026.1", **sent})
    found = read(client, filled.content).json()["questionnaire"]
    assert {name: found[name] for name in sent} == sent


def test_broken_workbooks_are_never_a_failure_of_the_service(client: TestClient[Litestar]) -> None:
    for seed in range(BROKEN_WORKBOOKS // 10):
        answer = read(client, broken(seed))
        assert answer.status_code in (200, 409, 413), (seed, answer.text)
