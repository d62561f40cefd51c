"""JSON-stat read by a validator that is not ours, and by its own rules: the figures are those of the JSON."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from jsonstat_validator import validate_jsonstat
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]

PATH = "/v1/editions/2026/scores.jsonstat"


def cells(cube: dict[str, Any]) -> dict[tuple[str, ...], float | None]:
    """The figures of a cube by the ids of their categories; the last dimension varies fastest (JSON-stat 2.0)."""
    ids = [cube["dimension"][name]["category"]["index"] for name in cube["id"]]
    assert cube["size"] == [len(one) for one in ids]
    return dict(zip(itertools.product(*ids), cube["value"], strict=True))


@pytest.mark.parametrize("query", ["", "?lang=es", "?kind=MIN", "?kind=CTL", "?limit=2"])
def test_it_is_valid(site: Client, query: str) -> None:
    cube = site.get(PATH + query).json()
    if cube["size"][0]:
        assert validate_jsonstat(cube)
    assert cube["version"] == "2.0"


def test_its_figures_are_those_of_the_json(site: Client) -> None:
    found = cells(json.loads(site.get(PATH).content))
    rows = site.get("/v1/editions/2026/scores").json()["items"]
    wanted: dict[tuple[str, ...], float | None] = {}
    for row in rows:
        figures = {name: row[name] for name in ("rank", "index", "index_max", "coverage", "level")}
        figures |= {name.lower(): points for name, points in row["dimensions"].items()}
        wanted |= {(row["organisation"], "2026", name): value for name, value in figures.items()}
    assert found == wanted
    assert found["XX-T-1", "2026", "index"] == 44.03
    assert found["XX-T-3", "2026", "rank"] is None


def test_it_says_what_it_is(site: Client) -> None:
    cube = site.get(PATH, params={"lang": "es"}).json()
    assert cube["label"] == "Puntuaciones de la edición: Edición 2026"
    assert cube["source"] == "Diputación de Ejemplo"
    assert cube["role"] == {"geo": ["organisation"], "time": ["edition"], "metric": ["measure"]}
    assert cube["dimension"]["organisation"]["category"]["label"]["XX-T-1"] == "Ávila"
    assert cube["dimension"]["edition"]["category"]["label"] == {"2026": "Edición 2026"}
    measures = cube["dimension"]["measure"]["category"]
    assert measures["label"]["d1"] == "Acceso interno y participación de la plantilla"
    assert (measures["unit"]["index"], measures["unit"]["coverage"]) == ({"decimals": 2}, {"decimals": 4})
    assert cube["extension"]["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert (cube["extension"]["methodology"], cube["extension"]["revision"]) == ("2026.1", 1)


def test_a_dimension_that_is_not_asked_of_a_village_is_null(client: Client) -> None:
    cube = client.get("/v1/editions/2026-demo/scores.jsonstat").json()
    measures = cube["dimension"]["measure"]["category"]["index"]
    position = cube["dimension"]["organisation"]["category"]["index"].index("XX-DEMO-06143")
    values = cube["value"][position * len(measures) :][: len(measures)]
    assert [name for name, value in zip(measures, values, strict=True) if value is None] == ["d1", "d9"]


def test_a_part_of_nothing_is_an_empty_cube(site: Client) -> None:
    cube = site.get(f"{PATH}?kind=CTL").json()
    assert (cube["size"], cube["value"]) == ([0, 1, 15], [])
