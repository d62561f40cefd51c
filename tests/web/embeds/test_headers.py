"""Which headers go with which form, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import pytest

from actitud_api.platform.auth import service as access
from tests.web.embeds.installation import ALIAS, BASE, DRAFTING, ZAMORA, Client

INERT: Final = "default-src 'none'; frame-ancestors *; base-uri 'none'; form-action 'none'; sandbox"
OPEN: Final = (
    f"/badge/2026/{ZAMORA}.svg",
    f"/badge/2026/{ZAMORA}.json",
    "/badge/2026.svg",
    f"/embed/2026/{ZAMORA}",
    f"/embed/2026/{ZAMORA}/card.svg",
    f"/embed/2026/{ZAMORA}/table.html",
    f"/embed/2026/{ZAMORA}/score.json",
    "/embed/element.json",
    "/embed/actitud-score-1.1.0.js",
    f"/oembed?url={BASE}/portal/2026/{ZAMORA}",
    f"/badge/2026/{ALIAS}.svg",
    "/badge/2026/XX-T-NOBODY.svg",
    "/embed/2026/XX-T-NOBODY",
    "/oembed?url=x",
    "/oembed",
)
ORIGINS: Final = (
    None,
    "null",
    BASE,
    BASE.replace(".", "-"),
    BASE.replace("//", "//sub."),
    BASE.replace("https", "http"),
    f"{BASE}:8443",
    BASE.upper(),
)
"""None, one that is hidden, ours, a look-alike, a sub-domain, another scheme, another port, upper case."""
CREDENTIALS: Final[tuple[Mapping[str, str], ...]] = ({}, {"Cookie": "session=x"}, {"Authorization": "Bearer x"})


@pytest.mark.parametrize("path", OPEN)
def test_anybody_may_read_it_from_anywhere_without_credentials(site: Client, path: str) -> None:
    for origin in ORIGINS:
        for credentials in CREDENTIALS:
            sent = {**credentials, **({} if origin is None else {"Origin": origin})}
            headers = site.get(path, headers=sent, follow_redirects=False).headers
            assert headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in headers
            assert headers["cross-origin-resource-policy"] == "cross-origin"
            assert "set-cookie" not in headers
            assert "x-frame-options" not in headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "origin" not in headers.get("vary", "").lower()


def test_a_key_shows_nothing_more(own: Client) -> None:
    """What one site embeds is for everybody: not even an administrator sees there what is not published."""
    with own.app.state["database"].write() as session:
        made = access.create_key(session, (), role="administrator", days=1, now=datetime.now(UTC))
    key = {"Authorization": f"Bearer {made.text}"}
    assert own.get(f"/v1/editions/2027/scores/{DRAFTING}", headers=key).status_code == 200
    for path in (
        f"/badge/2027/{DRAFTING}.svg",
        f"/badge/2027/{DRAFTING}.json",
        f"/embed/2027/{DRAFTING}",
        f"/embed/2027/{DRAFTING}/card.svg",
        f"/embed/2027/{DRAFTING}/table.html",
        f"/embed/2027/{DRAFTING}/score.json",
        f"/portal/2027/{DRAFTING}",
        f"/oembed?url={BASE}/portal/2027/{DRAFTING}",
    ):
        assert own.get(path, headers=key).status_code == 404, path


@pytest.mark.parametrize("path", [f"/portal/2026/{ZAMORA}", "/portal/2026/XX-T-NOBODY"])
def test_the_page_is_for_nobody_to_frame_nor_read(site: Client, path: str) -> None:
    for origin in ORIGINS:
        headers = site.get(path, headers={} if origin is None else {"Origin": origin}).headers
        assert not [name for name in headers if name.startswith("access-control")]
        assert "cross-origin-resource-policy" not in headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "set-cookie" not in headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [f"/embed/2026/{ZAMORA}/score.json", f"/badge/2026/{ZAMORA}.svg"])
def test_a_preflight_lets_a_script_read(site: Client, path: str, method: str) -> None:
    headers = site.options(path, headers={"Origin": "null", "Access-Control-Request-Method": method}).headers
    assert (headers["access-control-allow-origin"], headers["access-control-allow-methods"]) == ("*", method)
    refused = site.options(path, headers={"Origin": "null", "Access-Control-Request-Method": "POST"}).headers
    assert "access-control-allow-origin" not in refused


@pytest.mark.parametrize(
    "path",
    [
        f"/badge/2026/{ZAMORA}.svg",
        "/badge/2026/XX-T-NOBODY.svg",
        "/badge/2026.svg",
        f"/embed/2026/{ZAMORA}/table.html",
        f"/embed/2026/{ZAMORA}/score.json",
    ],
)
def test_what_neither_runs_nor_loads_may_neither(site: Client, path: str) -> None:
    assert site.get(path).headers["content-security-policy"] == INERT


@pytest.mark.parametrize("path", OPEN)
def test_nothing_is_sent_but_to_whoever_asks(site: Client, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert site.request(method, path.partition("?")[0]).status_code == 405
