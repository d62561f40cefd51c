"""What is published, over HTTP: publishing, reading by revision and by digest, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud import Signature, verify
from actitud_api.platform.audit_log import marks
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from tests.http.publications.test_documents import PUBLISHED
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.keys import create_header
from tests.support.publishing import BARE, BIG, EDITION, LATE, SMALL, fill, prepare

pytestmark = pytest.mark.serving

Client = TestClient[Litestar]
Answer = dict[str, Any]

PUBLICATIONS = f"/v1/editions/{EDITION}/publications"
REASON = "The calendar says so."
BETTER = {"D1.01": {"numerator": 320, "denominator": 320}}


@pytest.fixture
def client(url: str, database: Database, tmp_path: Path) -> Iterator[Client]:
    """A service with an edition in review, and a client that an administrator has."""
    prepare(database, tmp_path)
    with (
        borrow_app(structs.replace(unlimited(url), signing_folder=tmp_path, memory_bytes=2**26)) as app,
        TestClient(app) as opened,
    ):
        opened.headers.update(create_header(database))
        # So that bytes and tags are those of the documents.
        opened.headers["accept-encoding"] = "identity"
        yield opened


def publish(client: Client, name: str = "first", **body: object) -> Any:
    return client.post(PUBLICATIONS, json={"reason": REASON, **body}, headers={"Idempotency-Key": name})


def correct(
    client: Client, supersedes: str, name: str = "second", answers: object = BETTER, organisation: str = BIG
) -> Any:
    fixed = [{"organisation": organisation, "assessment": {"methodology": "2026.1", "answers": answers}}]
    return publish(client, name, supersedes=supersedes, corrections=fixed)


def of_digest(answer: Any) -> tuple[str, str]:
    """The two forms in which an answer says its digest."""
    digest = hashlib.sha256(answer.content).digest()
    return f'"{digest.hex()}"', f"sha-256=:{base64.b64encode(digest).decode()}:"


# --- publishing -----------------------------------------------------------------------------------------------


def test_an_edition_is_published_and_read_by_everybody(client: Client) -> None:
    made = publish(client)
    assert (made.status_code, made.headers["location"]) == (201, f"{PUBLICATIONS}/1")
    told = made.json()
    assert (told["edition"], told["revision"], told["reason"], told["organisations"]) == (EDITION, 1, REASON, 3)
    assert told["links"]["document"] == f"/v1/published/{told['digest']}"
    del client.headers["Authorization"]
    for path in (f"{PUBLICATIONS}/1", f"{PUBLICATIONS}/latest", "/v1/editions/latest/publications/latest"):
        assert client.get(path).json() == told
    assert client.get(PUBLICATIONS).json()["items"] == [told]
    assert client.get("/v1/editions/latest").json()["state"] == "published"


def test_the_attempt_has_to_be_named(client: Client) -> None:
    (error,) = problem(client.post(PUBLICATIONS, json={"reason": REASON}), 400, "invalid-request")["errors"]
    assert (error["pointer"], error["rule"]) == ("Idempotency-Key", "required")


def test_a_restored_copy_publishes_nothing(client: Client, database: Database, tmp_path: Path) -> None:
    """The mark beside the keys is of a ledger that the database does not have."""
    with database.read() as session:
        origin = ledger.get_origin(session)
    assert origin is not None
    marks.raise_mark(tmp_path, origin, ledger.Head(4906, "a" * 64))

    refused = publish(client)

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "60"
    assert refused.json()["detail"].startswith("The database was brought back from a copy that is older than what was")
    assert client.get(PUBLICATIONS).json()["items"] == []
    marks.drop_mark(tmp_path, origin, ledger.Head(4906, "a" * 64))
    assert publish(client, "again").status_code == 201


def test_another_attempt_is_told_what_is_published(client: Client) -> None:
    first = publish(client)
    (error,) = problem(publish(client, "another"), 409, "conflict")["errors"]
    assert (error["rule"], error["suggestion"]) == ("published", first.json()["digest"])
    assert first.json()["digest"] in error["detail"]


def test_a_correction_is_another_revision(client: Client) -> None:
    first = publish(client).json()
    corrected = correct(client, first["digest"])
    assert (corrected.status_code, corrected.headers["location"]) == (201, f"{PUBLICATIONS}/2")
    second = corrected.json()
    assert (second["supersedes"], second["superseded_by"]) == (first["digest"], None)
    assert client.get(f"{PUBLICATIONS}/1").json() == {**first, "superseded_by": second["digest"]}
    assert second["corrections"] == [
        {
            "organisation": BIG,
            "before": PUBLISHED[BIG],
            "after": second["corrections"][0]["after"],
            "index_before": 44.03,
            "index_after": 45.28,
            "level_before": 3,
            "level_after": 3,
        }
    ]
    sheet = client.get(f"/v1/editions/{EDITION}/scores/{BIG}").json()
    assert (sheet["index"], sheet["document"]) == (45.28, second["corrections"][0]["after"])
    late = problem(correct(client, first["digest"], "late"), 409, "conflict")["errors"][0]
    assert (late["pointer"], late["rule"], late["suggestion"]) == ("/supersedes", "superseded", second["digest"])


@pytest.mark.parametrize(
    ("fix", "pointer", "rule"),
    [
        ({"answers": {}}, "/corrections/0/assessment", "unchanged"),
        ({"organisation": LATE}, "/corrections/0/organisation", "unknown"),
        (
            {"answers": {"D1.01": {"numerator": 9, "denominator": 8}}},
            "/corrections/0/assessment/answers/D1.01",
            "V01.D1.01",
        ),
    ],
)
def test_what_is_wrong_with_a_correction_is_named(client: Client, fix: Answer, pointer: str, rule: str) -> None:
    first = publish(client).json()
    errors = problem(correct(client, first["digest"], **fix), 409, "conflict")["errors"]
    assert [(error["pointer"], error["rule"]) for error in errors] == [(pointer, rule)]
    assert client.get(f"{PUBLICATIONS}/latest").json() == first


def test_only_what_is_in_review_is_published(client: Client, database: Database) -> None:
    fill(database, "2026-open")
    opened = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    assert client.patch("/v1/editions/2026-open", content=b'{"state":"open"}', headers=opened).status_code == 200
    answer = client.post(
        "/v1/editions/2026-open/publications", json={"reason": REASON}, headers={"Idempotency-Key": "x"}
    )
    (error,) = problem(answer, 409, "conflict")["errors"]
    assert error["detail"] == "An edition is published while it is in review; this one is open."
    spanish = client.post(
        "/v1/editions/2026-open/publications?lang=es", json={"reason": REASON}, headers={"Idempotency-Key": "y"}
    )
    assert spanish.json()["errors"][0]["detail"] == "Se publica una edición que está en revisión; esta está abierta."


def test_without_its_key_the_service_says_that_it_cannot_sign(client: Client, tmp_path: Path) -> None:
    for file in tmp_path.glob("*.pem"):
        file.unlink()
    problem(publish(client), 503, "unavailable")
    assert client.get(f"/v1/editions/{EDITION}").json()["state"] == "in_review"


# --- reading --------------------------------------------------------------------------------------------------


def test_a_document_is_at_the_address_of_its_digest_for_ever(client: Client) -> None:
    told = publish(client).json()
    for digest in (told["digest"], *PUBLISHED.values()):
        path = f"/v1/published/{digest}"
        first, again = client.get(path), client.get(path)
        for answer in (first, again):
            assert "sha256:" + hashlib.sha256(answer.content).hexdigest() == digest
            assert (answer.headers["etag"], answer.headers["repr-digest"]) == of_digest(answer)
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["access-control-allow-origin"] == "*"
            assert f'<{path}/signature>; rel="describedby"' in answer.headers["link"]
            unchanged = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert (unchanged.status_code, unchanged.content) == (304, b"")
            head = client.head(path)
            assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
        problem(client.get(path, headers={"Accept": "text/html"}), 406, "not-acceptable")
        problem(client.get(path, params={"x": 1}), 400, "invalid-request")
    assert f"<{PUBLICATIONS}/latest/scores/{BIG}>" in client.get(f"/v1/published/{PUBLISHED[BIG]}").headers["link"]
    assert f"<{PUBLICATIONS}/latest>" in client.get(f"/v1/published/{told['digest']}").headers["link"]


def test_a_signature_is_beside_its_document(client: Client) -> None:
    told = publish(client).json()
    keys = client.get("/.well-known/jwks.json").json()
    for digest in (told["digest"], PUBLISHED[SMALL]):
        for _ in range(2):
            answer = client.get(f"/v1/published/{digest}/signature")
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert (answer.headers["etag"], answer.headers["repr-digest"]) == of_digest(answer)
            text = client.get(f"/v1/published/{digest}").content
            report = verify(text, digest=digest, keys=keys, signature=Signature(**answer.json()))
            assert (report.holds, report.key) == (True, keys["keys"][0]["kid"])
    assert client.get(f"/v1/published/{told['digest']}/signature").json() == told["signature"]


def test_the_score_of_an_organisation_is_at_the_newest_revision(client: Client) -> None:
    first = publish(client).json()
    address = f"{PUBLICATIONS}/latest/scores/{BIG}"
    before = client.get(address)
    assert before.headers["content-location"] == f"/v1/published/{PUBLISHED[BIG]}"
    assert (before.headers["etag"], before.headers["repr-digest"]) == of_digest(before)
    assert before.headers["cache-control"] == "public, no-cache"
    assert client.get(address, headers={"If-None-Match": before.headers["etag"]}).status_code == 304
    second = correct(client, first["digest"]).json()
    after = client.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert after.headers["content-location"] == f"/v1/published/{second['corrections'][0]['after']}"
    assert client.get(f"{PUBLICATIONS}/1/scores/{BIG}").content == before.content
    assert (
        client.get(f"{PUBLICATIONS}/2/scores/{BARE}").content == client.get(f"{PUBLICATIONS}/1/scores/{BARE}").content
    )
    problem(client.get(f"{PUBLICATIONS}/latest/scores/{LATE}"), 404, "not-found")
    problem(client.get(f"{PUBLICATIONS}/3/scores/{BIG}"), 404, "not-found")


def test_the_whole_publication_in_one_file(client: Client) -> None:
    told = publish(client).json()
    answer = client.get(told["links"]["bundle"])
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["content-length"] == str(told["bundle_size"]) == str(len(answer.content))
    assert (answer.headers["etag"], answer.headers["repr-digest"]) == of_digest(answer)
    assert "sha256:" + hashlib.sha256(answer.content).hexdigest() == told["bundle_digest"]
    header, edition, *scores = gzip.decompress(answer.content).splitlines()
    assert json.loads(header)["digest"] == told["digest"]
    assert edition == client.get(f"/v1/published/{told['digest']}").content
    assert scores == [client.get(f"/v1/published/{PUBLISHED[name]}").content for name in (BIG, SMALL, BARE)]
    assert client.get(told["links"]["bundle"], headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    head = client.head(told["links"]["bundle"])
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(answer.content)))
    refused = client.get(told["links"]["bundle"], headers={"Accept": "application/json"})
    assert "application/gzip" in problem(refused, 406, "not-acceptable")["detail"]


def test_views_in_a_language_carry_the_digest_and_change_no_signature(client: Client) -> None:
    publish(client)
    sheets = [client.get(f"/v1/editions/{EDITION}/scores/{BIG}", params={"lang": lang}) for lang in ("es", "en")]
    assert sheets[0].content != sheets[1].content
    assert {sheet.json()["document"] for sheet in sheets} == {PUBLISHED[BIG]}
    document = client.get(f"/v1/published/{PUBLISHED[BIG]}", params={"lang": "es"})
    assert document.content == client.get(f"/v1/published/{PUBLISHED[BIG]}", params={"lang": "en"}).content


def test_before_it_is_published_a_sheet_has_no_document(client: Client) -> None:
    assert client.get(f"/v1/editions/{EDITION}/scores/{BIG}").json()["document"] is None


# --- from memory ----------------------------------------------------------------------------------------------


def test_what_was_asked_for_once_needs_no_database_any_more(client: Client) -> None:
    publish(client)
    del client.headers["authorization"]
    database = client.app.state["database"]
    path = f"/v1/published/{PUBLISHED[BIG]}"
    first = client.get(path)
    problem(client.get(f"{path}x"), 404, "not-found")
    # As if the database were lost: whatever asks it fails.
    client.app.state["database"] = None
    again = client.get(path)
    assert again.content == first.content
    kept = {"etag", "repr-digest", "cache-control", "link", "vary", "content-type", "content-length"}
    assert {name: again.headers[name] for name in kept} == {name: first.headers[name] for name in kept}
    assert again.headers["access-control-allow-origin"] == "*"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    client.app.state["database"] = database


def test_the_server_knows_of_a_head_request_when_it_is_answered(client: Client) -> None:
    """It looks at the scope to tell an answer without a body from one that was cut off, from memory too."""
    path = f"/v1/published/{publish(client).json()['digest']}"
    del client.headers["authorization"]
    asked: Any = {"type": "http", "method": "HEAD", "path": path, "raw_path": path.encode(), "query_string": b""}
    asked |= {
        "headers": [(b"host", b"testserver.local")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
        "state": {},
    }
    seen: list[str] = []
    client.get(path, headers={"Accept-Encoding": "identity"})

    async def send(message: Any) -> None:
        seen.append(asked["method"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(client.app.asgi_handler(asked, receive, send))
    assert set(seen) == {"HEAD"}
