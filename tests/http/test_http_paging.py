"""Pages: every row once, in order, whatever the size; a forged cursor is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.settings import FaultySettings, read_settings
from tests.http.toys import toy_app

ROWS = "/v1/toys/rows"


def numbers(page: dict[str, Any]) -> list[int]:
    return [row["number"] for row in page["items"]]


@pytest.mark.parametrize("limit", [1, 7, 50, 60, 119, 120, 121, 1000])
def test_the_links_lead_through_every_row_once(toys: TestClient[Litestar], limit: int) -> None:
    found: list[int] = []
    url: str | None = f"{ROWS}?limit={limit}"
    while url is not None:
        response = toys.get(url)
        page = response.json()
        found += numbers(page)
        assert len(page["items"]) <= limit
        url = page["next"]
        links = response.headers["link"]
        assert (f'<{url}>; rel="next"' in links) is (url is not None)
        assert (page["next_cursor"] is None) is (url is None)
    assert found == list(range(1, 121))


def test_the_next_page_is_a_path_with_the_same_filters(toys: TestClient[Litestar]) -> None:
    page = toys.get(f"{ROWS}?limit=5&colour=red&q=a%20%26b&offset=3&lang=es").json()
    cursor = page["next_cursor"]
    assert page["next"] == f"{ROWS}?colour=red&lang=es&limit=5&q=a+%26b&cursor={cursor}"
    assert numbers(toys.get(page["next"]).json()) == [9, 10, 11, 12, 13]


@pytest.mark.parametrize("public_url", [None, "https://indice.example/"])
def test_the_next_page_names_no_host(public_url: str | None) -> None:
    with TestClient(toy_app(public_url=public_url)) as client:
        response = client.get(f"{ROWS}?limit=1", headers={"Host": "elsewhere.example"})
    following = response.json()["next"]
    assert following.startswith(f"{ROWS}?limit=1&cursor=")
    assert f'<{following}>; rel="next"' in response.headers["link"]


@pytest.mark.parametrize("address", ["https://indice.example", "http://indice.example:8080/", "https://[::1]"])
def test_a_public_address_is_scheme_and_authority(address: str, tmp_path: Path) -> None:
    assert read_settings({"ACTITUD_PUBLIC_URL": address}, tmp_path).public_url == address


@pytest.mark.parametrize(
    "address",
    ["", "indice.example", "ftp://indice.example", "https://", "https://indice.example/actitud",
     "https://indice.example//", "https://indice.example?a=b", "https://indice.example#a", "https://indice.example\n",
     "https://indice example", "https://indice.example\\a"],
)  # fmt: skip
def test_a_public_address_with_more_than_that_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(FaultySettings, match="ACTITUD_PUBLIC_URL"):
        read_settings({"ACTITUD_PUBLIC_URL": address}, tmp_path)


def test_fifty_rows_are_a_page_unless_told_otherwise(toys: TestClient[Litestar]) -> None:
    assert numbers(toys.get(ROWS).json()) == list(range(1, 51))


def test_a_page_past_the_end_is_empty(toys: TestClient[Litestar]) -> None:
    assert toys.get(f"{ROWS}?offset=120").json() == {"items": [], "next": None, "next_cursor": None}
    assert toys.get(f"{ROWS}?offset=1000000").status_code == 200


def test_an_offset_counts_from_the_cursor(toys: TestClient[Litestar]) -> None:
    cursor = toys.get(f"{ROWS}?limit=10").json()["next_cursor"]
    assert numbers(toys.get(f"{ROWS}?limit=2&offset=5&cursor={cursor}").json()) == [16, 17]


def test_the_size_of_a_page_may_change_on_the_way(toys: TestClient[Litestar]) -> None:
    cursor = toys.get(f"{ROWS}?limit=10").json()["next_cursor"]
    assert numbers(toys.get(f"{ROWS}?limit=3&cursor={cursor}").json()) == [11, 12, 13]


def test_a_cursor_belongs_to_its_filters(toys: TestClient[Litestar]) -> None:
    cursor = toys.get(f"{ROWS}?limit=10").json()["next_cursor"]
    response = toys.get(f"{ROWS}?limit=10&colour=red&cursor={cursor}")
    assert response.status_code == 404
    (fault,) = response.json()["errors"]
    assert (fault["pointer"], fault["rule"], fault["value"]) == ("cursor", "cursor", f'"{cursor}"')


def test_the_total_is_that_of_all_pages(toys: TestClient[Litestar]) -> None:
    page = toys.get(f"{ROWS}?limit=50&total=true").json()
    assert page["total"] == 120
    assert page["next"] == f"{ROWS}?limit=50&total=true&cursor={page['next_cursor']}"
    assert toys.get(page["next"]).json()["total"] == 120
    assert toys.get(f"{ROWS}?offset=500&total=true").json() == {
        "items": [],
        "next": None,
        "next_cursor": None,
        "total": 120,
    }


def test_a_page_has_no_total_unless_asked(toys: TestClient[Litestar]) -> None:
    plain, counted = toys.get(ROWS), toys.get(f"{ROWS}?total=true")
    assert "total" not in plain.json()
    assert "total" not in toys.get(f"{ROWS}?total=false").json()
    # Another representation: a client that has one of them does not have the other.
    assert plain.headers["etag"] != counted.headers["etag"]
    assert toys.get(f"{ROWS}?total=true", headers={"If-None-Match": plain.headers["etag"]}).status_code == 200
    assert toys.get(f"{ROWS}?total=true", headers={"If-None-Match": counted.headers["etag"]}).status_code == 304


def test_a_cursor_counts_with_and_without_the_total(toys: TestClient[Litestar]) -> None:
    cursor = toys.get(f"{ROWS}?limit=10").json()["next_cursor"]
    assert toys.get(f"{ROWS}?limit=10&total=true").json()["next_cursor"] == cursor
    assert toys.get(f"{ROWS}?limit=10&total=true&cursor={cursor}").json()["total"] == 120


def forged(cursor: str) -> list[str]:
    padded = cursor + "=" * (-len(cursor) % 4)
    version, listing, place = json.loads(base64.urlsafe_b64decode(padded))

    def written(*content: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).rstrip(b"=").decode()

    assert written(version, listing, place) == cursor
    return [
        "x",
        "AAAA",
        cursor[:-1],
        cursor + "A",
        cursor[:-1] + ("B" if cursor[-1] != "B" else "C"),
        written(version + 1, listing, place),
        written(version, "0" * 16, place),
        written(version, listing, str(place)),
        written(version, listing, True),
        written(version, listing, None),
        written(version, listing, [place]),
        written(version, listing, 2**53 + 1),
        written(version, listing, -(10**30)),
        written(version, listing, place, 1),
        written(version, listing),
        written({"version": version}),
        base64.urlsafe_b64encode(b"[1, " + b"[" * 300).rstrip(b"=").decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").rstrip(b"=").decode(),
    ]


def test_a_forged_cursor_is_refused(toys: TestClient[Litestar]) -> None:
    cursor = toys.get(f"{ROWS}?limit=10").json()["next_cursor"]
    for candidate in forged(cursor):
        assert toys.get(f"{ROWS}?limit=10&cursor={candidate}").status_code == 404, candidate
