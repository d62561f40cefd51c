"""What a client says in `Host` reaches nobody else: neither in links nor through a cache."""

from __future__ import annotations

from typing import Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.support.figures import FigureRecorder

EDITION: Final = "2026-demo"
BODY: Final = "XX-DEMO-00034"
ADDRESS: Final = "http://127.0.0.1:8000"
"""Where the service listens by its settings."""
PATHS: Final = (
    "/.well-known/api-catalog",
    "/catalog.ttl",
    "/catalog.jsonld",
    "/catalog.rdf",
    f"/v1/editions/{EDITION}/datapackage.json",
    f"/v1/editions/{EDITION}/scores/{BODY}/gobierto.json",
    f"/portal/{EDITION}",
    f"/portal/{EDITION}/{BODY}",
    f"/portal/embed?edition={EDITION}&organisation={BODY}",
    "/portal/suggestions",
    f"/badge/{EDITION}/{BODY}.svg",
    f"/embed/{EDITION}/{BODY}",
    f"/embed/{EDITION}/{BODY}/score.json",
    f"/embed/{EDITION}/{BODY}/table.html",
    "/embed/element.json",
    f"/oembed?url=http%3A%2F%2F127.0.0.1%3A8000%2Fportal%2F{EDITION}%2F{BODY}",
)
"""Answers that have absolute links, or are made with the address of the service at hand."""


def test_no_link_has_the_host_of_a_request(client: TestClient[Litestar], figure: FigureRecorder) -> None:
    linked = 0
    for path in PATHS:
        evil, other, own = (
            client.get(path, headers={"Host": host}) for host in ("evil.example", "192.0.2.1:80", "localhost:8123")
        )
        assert evil.status_code == 200, evil.text
        assert b"evil.example" not in evil.content, path
        assert "evil.example" not in str(evil.headers), path
        assert (evil.content, evil.headers["etag"]) == (other.content, other.headers["etag"]), path
        linked += b"localhost:8123" in own.content
    figure(
        "S18",
        "answers to a request with a Host of a stranger, of which one with this host in it fails",
        tried=len(PATHS),
        failed=0,
        control=f"with a Host of this machine {linked} of {len(PATHS)} have it, and none of them is for shared caches",
    )


def test_links_lead_to_where_the_service_listens(client: TestClient[Litestar]) -> None:
    package = client.get(f"/v1/editions/{EDITION}/datapackage.json", headers={"Host": "evil.example"}).json()
    assert package["homepage"] == f"{ADDRESS}/portal/{EDITION}"


@pytest.mark.parametrize("host", ["localhost:8123", "127.0.0.1:8123", "127.8.8.8", "[::1]:8123"])
def test_on_this_machine_links_have_its_host_and_no_cache_hands_them_on(
    client: TestClient[Litestar], host: str
) -> None:
    linked = 0
    for path in PATHS:
        answer = client.get(path, headers={"Host": host})
        if host.encode() in answer.content or host in str(answer.headers):
            linked += 1
            assert "public" not in answer.headers["cache-control"], path
    assert linked >= 10


@pytest.mark.parametrize("host", ["localhost.evil.example", "127.0.0.1.evil.example", "[::2]"])
def test_what_only_looks_like_this_machine_is_another_host(client: TestClient[Litestar], host: str) -> None:
    path = f"/portal/embed?edition={EDITION}&organisation={BODY}"
    assert host.encode() not in client.get(path, headers={"Host": host}).content


def test_what_has_no_links_may_be_kept_by_caches_on_this_machine_too(client: TestClient[Litestar]) -> None:
    answer = client.get(f"/v1/editions/{EDITION}/scores?limit=1", headers={"Host": "localhost"})
    assert answer.headers["cache-control"].startswith("public")
