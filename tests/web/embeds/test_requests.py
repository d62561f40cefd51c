"""Requests that mean harm to what is embedded: none is answered 500 or more, and none comes back as it was sent."""

from __future__ import annotations

import asyncio
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

import pytest

from tests.contract.asgi import Sent, exchange
from tests.contract.hostile import FILTERS, SEGMENTS, WRONG
from tests.support.scale import NIGHT
from tests.web.embeds.installation import BASE, ZAMORA, Client

PLACES = (
    b"/badge/2026/%s.svg", b"/badge/2026/%s.json", b"/badge/2026/%s", b"/badge/%s/X.svg", b"/badge/%s.svg",
    b"/badge/%s",
    b"/embed/2026/%s", b"/embed/%s/X", b"/embed/2026/%s/card.svg", b"/embed/2026/%s/table.html",
    b"/embed/2026/%s/score.json", b"/embed/2026/X/%s", b"/embed/%s", b"/portal/2026/%s", b"/portal/%s/X",
)  # fmt: skip
QUERIED = (
    f"/badge/2026/{ZAMORA}.svg", "/badge/2026.svg", f"/embed/2026/{ZAMORA}", f"/embed/2026/{ZAMORA}/card.svg",
    f"/portal/2026/{ZAMORA}", "/oembed",
)  # fmt: skip


def statuses(site: Client, targets: list[bytes]) -> dict[bytes, int]:
    async def all_of_them() -> dict[bytes, int]:
        found = {}
        for target in targets:
            received = await exchange(site.app, Sent("GET", target))
            assert b"<script>" not in received.body.replace(b"<script>(() =>", b""), target
            assert b"\r" not in received.headers.get("link", "").encode()
            found[target] = received.status
        return found

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("place", PLACES)
def test_hostile_paths_find_nothing(site: Client, place: bytes) -> None:
    segments = SEGMENTS if NIGHT else SEGMENTS[PLACES.index(place) % 2 :: 2]
    targets = [place.replace(b"%s", segment) for segment in segments if segment not in (b".", b"..")]
    found = statuses(site, targets)
    assert set(found.values()) <= {200, 404}
    assert [target for target, status in found.items() if status == 200 and b"latest" not in target] == []


@pytest.mark.parametrize("path", QUERIED)
def test_hostile_queries_are_ignored_or_refused(site: Client, path: str) -> None:
    queries = (*WRONG, *FILTERS) if NIGHT else (*WRONG, *FILTERS)[QUERIED.index(path) % 3 :: 3]
    found = statuses(site, [path.encode() + b"?" + query for query in queries])
    assert set(found.values()) <= {
        "/oembed": {400, 501},
        "/badge/2026.svg": {200, 400},
        # A page leads to its address without them.
        f"/portal/2026/{ZAMORA}": {200, 308},
    }.get(path, {200})


def test_hostile_addresses_are_nobody_s(site: Client) -> None:
    inside = [quote_from_bytes(unquote_to_bytes(segment), safe="") for segment in SEGMENTS]
    urls = [f"{BASE}/portal/{place}" for segment in inside for place in (f"2026/{segment}", f"{segment}/X")]
    found = statuses(site, [f"/oembed?url={quote(url, safe='')}".encode() for url in urls])
    assert set(found.values()) == {404}
