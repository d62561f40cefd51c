"""docs/validity.md quotes the audit of the whole demonstration: its figures are those that the service computes.

The columns without the rule on what has to be known were computed apart, and so was the weight among bodies with
accounts; no test has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

pytestmark = pytest.mark.night  # by day the demonstration has 301 organisations

ROOT: Final = Path(__file__).parents[2]
Writer = Callable[[float, int], str]


def write_english(number: float, decimals: int) -> str:
    """Write a number below 1 without its zero, as the English page does."""
    return f"{number:.{decimals}f}".removeprefix("0")


def write_spanish(number: float, decimals: int) -> str:
    return f"{number:.{decimals}f}".replace(".", ",")


@pytest.fixture(scope="module")
def audit(client: TestClient[Litestar]) -> Any:
    return client.get("/v1/editions/2026-demo/audit", params={"sensitivity": "true"}).json()


@pytest.mark.parametrize(("page", "write"), [("validity.md", write_english), ("validity.es.md", write_spanish)])
def test_the_page_has_the_figures_of_the_audit(page: str, write: Writer, audit: Any) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    statistics, sensitivity = audit["statistics"], audit["sensitivity"]
    organisations = re.search(r"\n(\d)[.,](\d{3}) ", text)
    assert organisations is not None
    assert int("".join(organisations.groups())) == statistics["index"]["organisations"]
    assert write(statistics["index"]["mean"], 1) in text
    one_thing, parts, place, dimensions, indicators, ends, rules, compensation, size, groups = (
        row for row in rows if row.startswith(("| Do", "| Who", "| How", "| ¿"))
    )
    assert write(statistics["index"]["alpha"], 3) in one_thing
    assert [f"{100 * component['share']:.0f} %" for component in audit["components"][:2]] == re.findall(
        r"\d+ %", one_thing
    )
    for found, codes in ((parts, "alpha"), (dimensions, "weight"), (indicators, "weight")):
        named = set(re.findall(r"D\d+(?:\.\d\d)?", found.split("|")[2]))
        nodes = statistics["indicators"] if found is indicators else statistics["dimensions"]
        told = {node["id"]: node for node in nodes if is_remarkable(node, codes)}
        assert named == set(told)
        for name, node in told.items():
            figure = node["alpha"] if codes == "alpha" else node["effective_weight"] / node["weight"]
            assert re.search(rf"{re.escape(name)}\D*{re.escape(write(figure, 2))}", found), name
    for name in ("D6.07", "D9.01"):
        node = next(node for node in statistics["indicators"] if node["id"] == name)
        assert f"{name} ({write(node['correlation'], 2)})" in place
    low = [node for node in statistics["indicators"] if node["floor"] > 1 / 2]
    assert f"{len(low)} " in ends
    assert {node["id"] for node in statistics["indicators"] if node["ceiling"] > 1 / 2} == {"D3.07"}
    for name, share in re.findall(r"(D\d\.\d\d) (\d+) %", rules):
        node = next(node for node in statistics["indicators"] if node["id"] == name)
        assert f"{100 * node['zero_by_rule']:.0f}" == share
    lost = audit["compensation"]
    for figure, decimals in (
        (lost["loss_mean"], 1),
        (lost["loss_max"], 1),
        (100 * lost["level_changes"], 1),
        (100 * lost["tenth_changes"], 0),
    ):
        assert write(figure, decimals) in compensation
    (bands,) = (grouping for grouping in audit["groups"] if grouping["by"] == "band")
    assert f"{100 * bands['explained']:.0f} %" in size
    for band in (bands["groups"][0], bands["groups"][-1]):
        assert f"{write(band['mean'], 1)} ({band['group']})" in size
    ((name, effect),) = [(one["indicator"], one["effect"]) for one in bands["indicators"]]
    assert name in groups
    assert f"{100 * effect:.0f} %" in groups
    for share, decimals in (("changes", 1), ("losses", 1), ("far_changes", 2)):
        assert f"{write(100 * sensitivity[share], decimals)} %" in text
    sources = sorted(sensitivity["sources"], key=lambda source: source["total"], reverse=True)
    for source, row in zip(sources, rows[-12:-5], strict=True):
        cells = [float(cell.replace(",", ".")) for cell in row.split("|")[2:4]]
        assert cells == [max(0, round(source[part], 2)) for part in ("first", "total")]


def is_remarkable(node: Any, code: str) -> bool:
    """Return True if the audit remarks on the alpha or the effective weight of a node (docs/scoring.md, section 8)."""
    if code == "alpha":
        return bool(node["alpha"] < 0.7)
    return not 2 / 3 < node["effective_weight"] / node["weight"] < 3 / 2
