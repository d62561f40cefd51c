"""The custom element: a file that never changes, and the hash that says so. What it does is in tests/browser."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.web.embeds.installation import BASE, Client

SERVED = {
    "actitud-score-1.0.0.js": "sha384-soBiLDLPnYVe0L70fq9QMLD1JPpA2Id4rKyD1BmvM/Zdn9UhX/CEcU+TasWfQmPL",
    "actitud-score-1.1.0.js": "sha384-eLyJli+gI7tBsBlt1ruThGzyY1QXANvEstCJhhobYX1A0la3qMqX6p5ImdQr/CsV",
}
"""What each version is, as it was released. Another version is another file: none of these may change or go."""


@pytest.mark.parametrize(("name", "integrity"), SERVED.items())
def test_a_version_is_what_it_was_released_as(site: Client, name: str, integrity: str) -> None:
    response = site.get(f"/embed/{name}")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "sha384-" + base64.b64encode(hashlib.sha384(response.content).digest()).decode() == integrity
    assert response.headers["access-control-allow-origin"] == "*"


def test_the_manifest_says_what_to_embed(site: Client) -> None:
    name, integrity = list(SERVED.items())[-1]
    (version,) = re.findall(r"[0-9]+\.[0-9]+\.[0-9]+", name)
    assert site.get("/embed/element.json").json() == {
        "name": "actitud-score",
        "version": version,
        "url": f"{BASE}/embed/{name}",
        "integrity": integrity,
    }


def test_it_keeps_within_a_strict_policy(site: Client) -> None:
    script = site.get(f"/embed/{list(SERVED)[-1]}").text
    for word in (
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style", '"style"',
        "cookie", "localStorage", "sessionStorage", "indexedDB", "import(",
    ):  # fmt: skip
        assert word not in script, word
    assert script.count("fetch(") == 1
    assert 'credentials: "omit"' in script
