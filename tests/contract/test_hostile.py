"""A flood of hostile requests: none is answered 500 or more, and every tenth, a valid control, has the right figure."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from litestar import Litestar

from tests.contract.asgi import Received, Sent, exchange
from tests.contract.hostile import JSON, Hostile, requests
from tests.support.scale import HOSTILE

SEED = 20_260_101
CASE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "cases" / "example_a.json").read_bytes())
CONTROL = Sent("POST", b"/v1/scores", (JSON,), (json.dumps(CASE["request"]).encode(),))
PROBLEM_MAX = 257 * 1024
"""Bytes of a refusal, however large what was sent: its errors and what surrounds them."""
FIGURE = 44.03
"""The index of the catalogue's example A."""


def described(hostile: Hostile, received: Received) -> str:
    sent = hostile.sent
    body = b"".join(sent.chunks)[:200]
    return f"{received.status} for {sent.method} {sent.target[:200]!r} {list(sent.headers)[:2]!r:.200} {body!r}"


async def flood(app: Litestar) -> tuple[list[str], list[Received], Counter[int]]:
    wrong: list[str] = []
    controls: list[Received] = []
    statuses: Counter[int] = Counter()
    for number, hostile in enumerate(islice(requests(SEED, CASE["request"]), HOSTILE * 9 // 10), start=1):
        if number % 9 == 0:
            controls.append(await exchange(app, CONTROL))
        received = await exchange(app, hostile.sent)
        statuses[received.status] += 1
        refused = 400 <= received.status < 500 and received.headers["content-type"] == "application/problem+json"
        refused = refused and len(received.body) <= PROBLEM_MAX
        harmless = hostile.may_pass and received.status < 400
        if not refused and not harmless:
            wrong.append(described(hostile, received))
    return wrong, controls, statuses


def test_a_flood_of_hostile_requests(app: Litestar) -> None:
    wrong, controls, statuses = asyncio.run(flood(app))
    assert not wrong, f"{len(wrong)} answered wrongly:\n" + "\n".join(wrong[:20])
    assert len(controls) == HOSTILE // 10
    assert {(received.status, json.loads(received.body)["index"]) for received in controls} == {(200, FIGURE)}
    assert {400, 404, 405, 406, 413, 415} <= statuses.keys()
