"""What caches between the service and its readers may keep: minutes of what is published, never what a key shows."""

from __future__ import annotations

import re
from typing import Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.http.representations import IMMUTABLE, PRIVATE, REVALIDATE, SHARED
from tests.support.keys import sign_in

EDITION: Final = "/v1/editions/2026-demo"
BODY: Final = "XX-DEMO-00034"
PUBLISHED: Final = (
    f"{EDITION}/scores?limit=3",
    f"{EDITION}/scores/{BODY}",
    f"{EDITION}/scores.csv?limit=3",
    f"{EDITION}/scores.jsonstat?limit=3",
    f"{EDITION}/indicators.jsonl?limit=1",
    f"{EDITION}/scores/{BODY}/gobierto.json",
    "/v1/editions/latest/scores?limit=3",
)
"""Reads of a published edition, which a key shows too."""


@pytest.fixture(scope="module")
def key(client: TestClient[Litestar]) -> dict[str, str]:
    return sign_in(client, "assessor")


@pytest.mark.parametrize("path", PUBLISHED)
def test_what_is_published_may_be_kept_for_minutes_unless_a_key_asks(
    client: TestClient[Litestar], key: dict[str, str], path: str
) -> None:
    public, private = client.get(path), client.get(path, headers=key)
    assert public.headers["cache-control"] == SHARED
    assert private.headers["cache-control"] == PRIVATE
    for response in (public, private):
        assert response.status_code == 200
        assert {"Accept", "Authorization"} <= set(response.headers["vary"].split(", "))


@pytest.mark.parametrize(
    "path",
    [
        f"/badge/2026-demo/{BODY}.svg",
        f"/badge/2026-demo/{BODY}.json",
        "/badge/2026-demo.svg?limit=3",
        f"/embed/2026-demo/{BODY}",
        f"/oembed?url=http%3A%2F%2Ftestserver.local%2Fportal%2F2026-demo%2F{BODY}",
    ],
)
def test_what_other_sites_show_may_be_kept_for_minutes(client: TestClient[Litestar], path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["cache-control"]) == (200, SHARED)


@pytest.mark.parametrize("path", ["/v1/editions", "/v1/organisations", f"{EDITION}/scores?q=zzzz", "/portal"])
def test_what_may_change_at_any_time_is_asked_for_each_time(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).headers["cache-control"] == REVALIDATE


def test_what_is_not_there_is_not_kept(client: TestClient[Litestar]) -> None:
    for path in ("/badge/2026-demo/XX-NOBODY.svg", f"{EDITION}/scores/XX-NOBODY"):
        response = client.get(path)
        assert (response.status_code, response.headers["cache-control"]) == (404, "no-store")


def test_files_of_pages_have_a_name_of_their_content(client: TestClient[Litestar]) -> None:
    paths = [path for page in ("/docs", "/portal") for path in re.findall(r'"(/static/[^"]+)"', client.get(page).text)]
    assert len(set(paths)) >= 5
    for path in paths:
        hashed = client.get(path)
        assert (hashed.status_code, hashed.headers["cache-control"]) == (200, IMMUTABLE)
        plain = client.get(re.sub(r"\.[0-9a-f]{12}\.", ".", path))
        assert (plain.content, plain.headers["cache-control"]) == (hashed.content, REVALIDATE)
        assert client.get(re.sub(r"\.[0-9a-f]{12}\.", ".000000000000.", path)).status_code == 404
