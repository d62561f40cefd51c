"""Whatever orders organisations by rank has nobody above one of a higher level: lists, files, pages, embeds."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable
from itertools import pairwise

import httpx
import openpyxl
import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]
V1 = "/v1/editions/2026-demo"
IDENTIFIER = re.compile(r"XX-DEMO-\d{5}")


def read_text(response: httpx.Response) -> str:
    return response.text


def read_workbook(response: httpx.Response) -> str:
    rows = (
        openpyxl.load_workbook(io.BytesIO(response.content), read_only=True).worksheets[0].iter_rows(values_only=True)
    )
    return "\n".join(str(row) for row in rows)


def read_bundle(response: httpx.Response) -> str:
    """The rows of the edition document, in the order of their ranks."""
    rows = json.loads(gzip.decompress(response.content).splitlines()[1])["scores"]
    return str(sorted((row for row in rows if row["rank"]), key=lambda row: row["rank"]))


def read_drawn(percentile: str) -> Callable[[httpx.Response], str]:
    """The rows of the robustness, in the order of the best or the last rank of each."""
    return lambda response: str(sorted(response.json()["items"], key=lambda row: row["drawn_rank"][percentile]))


def read_reversed(response: httpx.Response) -> str:
    """The ranked rows from the last to the first: those without a rank come last in both directions."""
    return str([row for row in response.json()["items"][::-1] if row["rank"]])


def cut(start: str) -> Callable[[httpx.Response], str]:
    return lambda response: response.text.partition(start)[2].partition("</table>")[0]


OUTPUTS: dict[str, Callable[[httpx.Response], str]] = {
    f"{V1}/scores?limit=1000": read_text,
    f"{V1}/scores?limit=1000&band=P2": read_text,
    f"{V1}/scores?limit=1000&sort=-rank": read_reversed,
    f"{V1}/robustness?limit=1000": read_text,
    f"{V1}/robustness?limit=1000&seed=42": read_drawn("p5"),
    f"{V1}/robustness?limit=1000&draws=1000": read_drawn("p95"),
    f"{V1}/scores.csv": read_text,
    f"{V1}/scores.jsonl": read_text,
    f"{V1}/scores.jsonstat": read_text,
    f"{V1}/scores.xlsx": read_workbook,
    f"{V1}/indicators.csv": read_text,
    f"{V1}/publications/1/bundle": read_bundle,
    "/portal/2026-demo?lang=en": cut('<table class="ranking">'),
    "/portal/2026-demo?lang=en&band=P2&sort=rank": cut('<table class="ranking">'),
    "/portal/2026-demo?lang=en&page=2": cut('<table class="ranking">'),
    "/portal/2026-demo/territories/region-09?lang=en": cut("The best ranks"),
    "/portal/embed?lang=en&edition=2026-demo&form=ranking_table": cut("<thead>"),
    "/badge/2026-demo.svg": read_text,
}


@pytest.mark.parametrize("path", OUTPUTS)
def test_nobody_stands_above_one_of_a_higher_level(client: Client, levels: dict[str, int], path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    listed = [levels[name] for name in dict.fromkeys(IDENTIFIER.findall(OUTPUTS[path](response)))]
    assert len(set(listed)) > 1
    assert all(above >= below for above, below in pairwise(listed))


@pytest.fixture(scope="module")
def levels(client: Client) -> dict[str, int]:
    """The level of each organisation; 0 for those without one, which are not ranked."""
    rows = client.get(f"{V1}/scores", params={"limit": 1000, "sort": "organisation"}).json()["items"]
    ranked = [(row["level"], row["index"]) for row in rows if row["rank"]]
    # By the index alone the order would be another.
    assert sorted(ranked, reverse=True) != sorted(ranked, key=lambda pair: pair[1], reverse=True)
    return {row["organisation"]: row["level"] or 0 for row in rows}
