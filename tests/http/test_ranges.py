"""Parts of what never changes, and the preconditions of reads: `If-Match`, `If-Modified-Since` and `If-Range`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.support.applications import borrow_app
from tests.support.databases import unlimited

EDITION: Final = "/v1/editions/2026-demo"
BUNDLE: Final = f"{EDITION}/publications/1/bundle"


@pytest.fixture(scope="module")
def client(demonstration: str) -> Iterator[TestClient[Litestar]]:
    with borrow_app(unlimited(demonstration)) as app, TestClient(app) as opened:
        opened.headers["accept-encoding"] = "identity"
        yield opened


@pytest.fixture(scope="module")
def document(client: TestClient[Litestar]) -> str:
    """The path of a published document."""
    path: str = client.get(f"{EDITION}/publications/1/scores/XX-DEMO-00034").headers["content-location"]
    return path


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-100", -100, None),
        ("bytes=5-5", 5, 6),
        ("BYTES=7-999999999999", 7, None),
        ("bytes=-999999999999", 0, None),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_a_range_is_that_part(
    client: TestClient[Litestar], document: str, asked: str, first: int, last: int | None, streamed: bool
) -> None:
    path = BUNDLE if streamed else document
    whole = client.get(path)
    assert whole.headers["accept-ranges"] == "bytes"
    part = client.get(path, headers={"Range": asked, "Accept-Encoding": "gzip"})
    assert part.status_code == 206
    assert part.content == whole.content[first:last]
    begin = first % len(whole.content)
    assert part.headers["content-range"] == f"bytes {begin}-{begin + len(part.content) - 1}/{len(whole.content)}"
    assert part.headers["content-length"] == str(len(part.content))
    for name in ("etag", "repr-digest", "cache-control", "content-type"):
        assert part.headers[name] == whole.headers[name]


def test_parts_make_up_the_whole(client: TestClient[Litestar]) -> None:
    whole = client.get(BUNDLE)
    parts, step = [], len(whole.content) // 3
    for begin in range(0, len(whole.content), step):
        headers = {"Range": f"bytes={begin}-{begin + step - 1}", "If-Range": whole.headers["etag"]}
        parts.append(client.get(BUNDLE, headers=headers).content)
    assert b"".join(parts) == whole.content


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-1", "bytes=x-", "bytes=-", "lines=0-9", "", "bytes 0-9"])
def test_what_is_no_single_range_is_answered_whole(client: TestClient[Litestar], document: str, asked: str) -> None:
    assert client.get(document, headers={"Range": asked}).status_code == 200


@pytest.mark.parametrize("path", ["bundle", "document"])
@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(client: TestClient[Litestar], document: str, path: str, asked: str) -> None:
    address = BUNDLE if path == "bundle" else document
    refused = client.get(address, headers={"Range": asked})
    assert (refused.status_code, refused.json()["type"]) == (416, "/problems/range-not-satisfiable")
    assert refused.headers["content-range"] == f"bytes */{client.head(address).headers['content-length']}"


def test_a_range_of_another_version_is_answered_whole(client: TestClient[Litestar]) -> None:
    headers = client.head(BUNDLE).headers
    tag, modified = headers["etag"], headers["last-modified"]
    for condition, status in (
        (tag, 206),
        (modified, 206),
        (f"W/{tag}", 200),
        (f'{tag[:-1]}-gzip"', 200),
        ('"other"', 200),
        ("Sat, 28 Nov 2026 09:30:00 GMT", 200),
    ):
        response = client.get(BUNDLE, headers={"Range": "bytes=0-9", "If-Range": condition})
        assert response.status_code == status, condition


def test_head_and_what_can_change_know_no_ranges(client: TestClient[Litestar], document: str) -> None:
    assert client.head(document, headers={"Range": "bytes=0-9"}).status_code == 200
    listed = client.get(f"{EDITION}/scores", headers={"Range": "bytes=0-9"})
    assert (listed.status_code, "accept-ranges" in listed.headers) == (200, False)


def test_a_compressed_answer_has_no_ranges(client: TestClient[Litestar], document: str) -> None:
    assert client.get(document, headers={"Accept-Encoding": "gzip"}).headers["accept-ranges"] == "none"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path", [BUNDLE, f"{EDITION}/scores", f"{EDITION}/scores.csv", EDITION, "/v1/openapi.json", "document"]
)
def test_a_read_that_wants_another_version_is_refused(
    client: TestClient[Litestar], document: str, method: str, path: str
) -> None:
    address = document if path == "document" else path
    tag = client.head(address).headers["etag"]
    for if_match, status in (("*", 200), (tag, 200), (f'"x", {tag}', 200), ('"x"', 412), (f"W/{tag}", 412)):
        response = client.request(method, address, headers={"If-Match": if_match, "If-None-Match": '"y"'})
        assert response.status_code == status, if_match
    # If-Match counts before If-None-Match (RFC 9110, section 13.2.2).
    both = client.request(method, address, headers={"If-Match": '"x"', "If-None-Match": tag})
    assert both.status_code == 412


def test_the_time_of_publication_is_told_and_counts_after_the_tag(client: TestClient[Litestar]) -> None:
    headers = client.head(BUNDLE).headers
    published = client.get(f"{EDITION}/publications/1").json()["published"]
    modified = headers["last-modified"]
    assert modified.endswith(f"{published[11:19]} GMT")
    for since, tag, status in (
        (modified, None, 304),
        ("Fri, 31 Dec 2100 00:00:00 GMT", None, 304),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None, 200),
        ("yesterday", None, 200),
        (modified, '"other"', 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", headers["etag"], 304),
    ):
        asked = {"If-Modified-Since": since} | ({} if tag is None else {"If-None-Match": tag})
        assert client.get(BUNDLE, headers=asked).status_code == status, (since, tag)
