"""The SDK beside what somebody would write by hand with httpx and msgspec: a call, a list of pages, the import, memory.

Answers come from memory (`httpx.MockTransport`), so that what is timed is the library and not a network. Memory is the
peak of a process of its own that reads a list.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import httpx
import msgspec

from actitud import Client, ScoreRow
from actitud.models import EditionScore, Listing
from actitud.testing import _load_examples
from tests.benchmarks.measure import Figures, Line, in_turn, table

ROWS: Final = 8_131
PAGE: Final = 1_000
BASE: Final = "http://service.test:80"
JSON: Final = {"content-type": "application/json"}


def run() -> None:
    """Prints the table of this part."""
    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = Client(base_url=BASE, http_client=http, api_key="")
    decoder = msgspec.json.Decoder(EditionScore)
    pages = msgspec.json.Decoder(Listing[ScoreRow])

    def call() -> object:
        return client.editions.scores.get("2026", "x")

    def call_by_hand() -> object:
        return decoder.decode(http.get(f"{BASE}/v1/editions/2026/scores/x").raise_for_status().content)

    def read() -> int:
        return sum(1 for _ in client.editions.scores.list("2026", limit=PAGE))

    def read_by_hand() -> int:
        count, url = 0, f"{BASE}/v1/editions/2026/scores?limit={PAGE}"
        while url:
            page = pages.decode(http.get(url).raise_for_status().content)
            count += sum(1 for _ in page.items)
            url = page.next or ""
        return count

    times = in_turn(
        {"call": call, "by hand": call_by_hand, "again": call_by_hand},
        calls=dict.fromkeys(("call", "by hand", "again"), 200),
    )
    lists = in_turn({"list": read, "by hand": read_by_hand})
    with TemporaryDirectory() as bytecode:
        imports = in_turn(
            {"actitud": imported("actitud", bytecode), "by hand": imported("httpx, msgspec", bytecode)},
            clock=perf_counter,
            rounds=21,
        )
    small, large = (Figures(tuple(peak(count) for _ in range(3))) for count in (8_000, 80_000))
    table(
        "The SDK beside httpx and msgspec by hand, ratios of the same rounds",
        [
            Line("one call by hand, again: the noise", "x", times["again"].over(times["by hand"]), "were it quiet: 1"),
            Line("one call, explained score", "x", times["call"].over(times["by hand"]), "at most 1.15"),
            Line(f"{ROWS:,} rows in pages of {PAGE:,}", "x", lists["list"].over(lists["by hand"]), "at most 1.2"),
            Line("import", "x", imports["actitud"].over(imports["by hand"]), "at most 1.25"),
            Line("peak memory, 80,000 rows over 8,000", "x", large.over(small), "at most 1.1"),
        ],
    )
    http.close()


def answer(request: httpx.Request) -> httpx.Response:
    """An explained score, or a page of rows and where the next one is."""
    if not request.url.path.endswith("/scores"):
        return httpx.Response(200, headers=JSON, content=SCORE)
    start = int(request.url.params.get("cursor", "0"))
    count = min(PAGE, ROWS - start)
    more = f"{BASE}/v1/editions/2026/scores?limit={PAGE}&cursor={start + count}" if start + count < ROWS else None
    head = b",".join([ROW] * count)
    return httpx.Response(200, headers=JSON, content=b'{"items":[%s],"next":%s}' % (head, msgspec.json.encode(more)))


SCORE: Final = msgspec.json.encode(_load_examples()["editions.scores.get.response"])
ROW: Final = msgspec.json.encode(msgspec.to_builtins(_load_examples()["editions.scores.list.response"])["items"][0])


def imported(names: str, bytecode: str) -> Callable[[], object]:
    """What imports modules in a new process, compiled before as an installer does it, here into a folder of its own."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    return lambda: subprocess.run([sys.executable, "-c", f"import {names}"], check=True, env=environment)


STREAM: Final = """
import resource, sys
import httpx
from actitud import Client
LINE = b'{"organisation":"XX-DEMO-00001","name":"Villa","rank":1,"index":50.25,' + b",".join(
    b'"d%d":50.5' % number for number in range(1, 11)) + b"}\\n"
def pieces():
    for _ in range(int(sys.argv[1]) // 100):
        yield LINE * 100
def handler(request):
    return httpx.Response(200, headers={"content-type": "application/jsonl"}, content=pieces())
client = Client(http_client=httpx.Client(transport=httpx.MockTransport(handler)))
count = sum(1 for _ in client.editions.scores.stream("2026"))
assert count == int(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(rows: int) -> float:
    """The greatest memory, in KiB, of a process that streams so many rows."""
    done = subprocess.run([sys.executable, "-c", STREAM, str(rows)], check=True, capture_output=True, text=True)
    return float(done.stdout)
