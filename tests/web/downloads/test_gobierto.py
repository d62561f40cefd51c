"""The tree for Gobierto as its page reads it: ids, levels, titles, and figures as texts by year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]

PATH = "/v1/editions/2026/scores/{}/gobierto.json"


def leaves(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        if "children" in node:
            yield from leaves(node["children"])
        else:
            yield node


def shown(leaf: dict[str, Any], year: str) -> float:
    """What Gobierto shows of a leaf: the value of the year, 0 where there is none (its `indicators` page)."""
    found = [value[year] for value in leaf["attributes"]["values"] if year in value]
    return float(found[0]) if found else 0.0


def test_it_shows_the_index_the_dimensions_and_every_indicator(site: Client) -> None:
    (root,) = site.get(PATH.format("XX-T-1"), params={"lang": "es"}).json()
    sheet = site.get("/v1/editions/2026/scores/XX-T-1", params={"lang": "es"}).json()
    assert (root["level"], root["attributes"]) == (0, {"title": "Ávila: Índice de Madurez 2.0"})
    groups = root["children"]
    assert [group["attributes"]["title"] for group in groups] == [
        "Resultado",
        *(dimension["name"] for dimension in sheet["dimensions"]),
    ]
    assert {group["level"] for group in groups} == {1}
    found = list(leaves([root]))
    assert {leaf["level"] for leaf in found} == {2}
    figures = {leaf["attributes"]["title"]: shown(leaf, "2026") for leaf in found}
    assert figures["Índice de Madurez 2.0"] == 44.03
    for dimension in sheet["dimensions"]:
        assert figures[dimension["name"]] == dimension["score"]
        for indicator in dimension["indicators"]:
            if indicator["score"] is not None:
                assert figures[indicator["name"]] == indicator["score"]
    texts = [leaf["attributes"]["values"][0]["2026"] for leaf in found]
    assert texts[:2] == ["44.03", "38.75"]
    told = found[2]["attributes"]
    assert told["calculation"] == sheet["dimensions"][0]["indicators"][0]["reason"]["text"]
    assert told["description"].startswith("De los puestos y dispositivos")
    assert told["source"] == "Diputación de Ejemplo, Edición 2026, https://madurez.example."


def test_what_is_not_known_is_not_shown_as_nothing(site: Client) -> None:
    """Gobierto would show a leaf without a figure as 0."""
    for organisation in ("XX-T-1", "XX-T-2", "XX-T-3"):
        sheet = site.get(f"/v1/editions/2026/scores/{organisation}").json()
        scored = [one for group in sheet["dimensions"] for one in group["indicators"] if one["score"] is not None]
        rated = [group for group in sheet["dimensions"] if group["score"] is not None]
        found = list(leaves(site.get(PATH.format(organisation)).json()))
        assert len(found) == 1 + len(rated) + len(scored)
        assert all(
            leaf["attributes"]["values"] == [{"2026": leaf["attributes"]["values"][0]["2026"]}] for leaf in found
        )


def test_ids_are_unique(site: Client) -> None:
    def ids(nodes: list[dict[str, Any]]) -> Iterator[int]:
        for node in nodes:
            yield node["id"]
            yield from ids(node.get("children", []))

    found = list(ids(site.get(PATH.format("XX-T-1")).json()))
    assert found == list(range(len(found)))
