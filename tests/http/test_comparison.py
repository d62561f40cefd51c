"""Organisations of an edition beside each other, on both databases: peers, exemplars, robustness, statistics.

The peers are written down here; the robustness and the statistics are those of some simulated municipalities.
"""

from __future__ import annotations

import json
import os
import statistics
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import islice, product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.level_sensitivity import SOURCES
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.queries import State
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores import audits
from actitud_api.resources.scores.computed import WAITING
from actitud_api.settings import Settings
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.assessing import DOMAIN, body_a, document
from tests.support.bodies import read_body
from tests.support.databases import BOTH, made_anew, migrated_sqlite
from tests.support.editions import draft_edition
from tests.support.keys import sign_in
from tests.support.publishing import compute_points, publish_stored
from tests.support.waiting import PATIENCE
from tests.unit.scoring.test_robustness import stranger

Client = TestClient[Litestar]
Answer = dict[str, Any]

NOW = datetime(2027, 1, 10, tzinfo=UTC)
WEIGHTS = (5, 14, 5, 7, 13, 4, 9, 14, 24, 5)
"""Of D1 to D10 in hundredths, copied from docs/methodology-2027.1.md."""
MADRID = "ES-DIR3-L01280796"
ORGANISATIONS = (
    *((f"XX-P-{n:02}", f"Pueblo {n}", "MUN", 900, None, ()) for n in range(1, 12)),
    ("XX-P-12", "Villa", "MUN", 9_000, None, ()),
    ("XX-P-13", "Aldea", "MUN", 800, None, ("ES-DIR3-L01050193",)),
    ("XX-P-14", "Diputación", "PRO", 100_000, None, ()),
    *((f"XX-P-{n}", f"Universidad {n}", "UNI", None, 300, ()) for n in range(15, 20)),
    ("XX-P-20", "Sin evaluar", "MUN", 900, None, ()),
    *((f"XX-S-{n:02}", f"Simulado {n}", "MUN", 900, None, ()) for n in range(1, 61)),
)
"""By bands: 1 to 11 and 13 are P1, 12 is P2, 14 is P4, 15 to 19 are E3."""
FIGURES = ("status", "level", "index_value", "d1", "d2", "d3")
IN_2026: dict[str, tuple[object, ...]] = {
    **{f"XX-P-{n:02}": ("sufficient", 1, 500 * n, 100 * n if n > 1 else None, 5_000, None) for n in range(1, 12)},
    "XX-P-12": ("complete", 5, 9_000, 9_000, 9_000, None),
    "XX-P-13": ("insufficient_evidence", None, 7_000, 10_000, None, None),
    "XX-P-14": ("complete", 2, 3_000, 400, 5_001, None),
    **{f"XX-P-{n}": ("complete", 2, 1_000 * (n - 14), 2_000, 4_000, 7_000) for n in range(15, 20)},
}
"""In hundredths. Index: 5, 10, …, 55 of the first eleven; D1 2, 3, …, 11 of ten of them; D2 50 of all eleven."""


def fill(database: Database) -> None:
    with database.write() as session:
        members = ("id", "name", "kind", "population", "employees", "aliases")
        entries = [dict(zip(members, row, strict=True)) for row in ORGANISATIONS]
        organisations.add(session, [msgspec.convert(entry, organisations.OrganisationEntry) for entry in entries], NOW)
        states: dict[int, State] = {2025: "in_review", 2026: "in_review", 2027: "open"}
        for year, state in states.items():
            draft = draft_edition(str(year), methodology="2027.1", year=year, titles={"es": str(year), "en": str(year)})
            editions.add(session, editions.build_record(draft, now=NOW, state=state))
        simulated = list(islice(simulate(load_methodology("2027.1")), 60))
        first = simulated[4]  # of 24,521 inhabitants: it is asked about D1, and scores in it
        rows = []
        for organisation, figures in IN_2026.items():
            row = assessments.to_row("2026", organisation, first.submission, first.evaluation, NOW)
            row |= dict(zip(FIGURES, figures, strict=True))
            rows.append(row | {"rank_points": compute_points(row)})
        for edition, count in (("2025", 60), ("2027", 12)):
            for number, made in enumerate(simulated[:count], start=1):
                rows.append(assessments.to_row(edition, f"XX-S-{number:02}", made.submission, made.evaluation, NOW))
        assessments.store_rows(session, rows)
    for edition in ("2025", "2026"):
        publish_stored(database, edition)


@contextmanager
def served(url: str) -> Iterator[Client]:
    with borrow_app(Settings(database_url=url)) as app:
        fill(app.state["database"])
        with TestClient(app) as client:
            yield client


@pytest.fixture(scope="module", params=BOTH)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the application on each kind of database; what tests write is theirs alone."""
    with made_anew(request, tmp_path_factory.mktemp("comparison")) as url, served(url) as made:
        yield made


def got(client: Client, path: str, headers: dict[str, str] | None = None, **parameters: Any) -> Answer:
    return read_body(client.get(path, params=parameters, headers=headers or {}))


# --- peers ----------------------------------------------------------------------------------------------------


def peers(client: Client, organisation: str, lang: str = "en") -> Answer:
    return got(client, f"/v1/editions/2026/scores/{organisation}/peers", lang=lang)


def test_an_organisation_beside_those_of_its_kind_and_band(client: Client) -> None:
    """The best of eleven: (10 + 1/2) / 11 is 95.45. Quartiles at 2.5, 5 and 7.5: 17.5, 30, 42.5.

    D1 of the ten that have it, 2 to 11: 9.5 / 10 and 4.25, 6.5, 8.75. D2 is 50 of all: 5.5 / 11.
    """
    answer = peers(client, "XX-P-11")
    group = {"basis": "kind_and_band", "kinds": ["MUN"], "band": "P1", "organisations": 11}
    assert answer["group"] == group
    assert answer["index"] == {
        "score": 55,
        "rank": 1,
        "below": 10,
        "organisations": 11,
        "percentile": 95.45,
        "spread": {"min": 5, "q1": 17.5, "median": 30, "q3": 42.5, "max": 55},
        "text": "With 55.00 at level 1 it is above 10 of the 10 others; the median is 30.00.",
    }
    d1, d2, d3, *_ = answer["dimensions"]
    assert (d1["id"], d1["score"], d1["rank"], d1["below"], d1["organisations"], d1["percentile"]) == (
        "D1",
        11,
        1,
        9,
        10,
        95,
    )
    assert d1["spread"] == {"min": 2, "q1": 4.25, "median": 6.5, "q3": 8.75, "max": 11}
    assert (d2["rank"], d2["below"], d2["percentile"]) == (1, 0, 50)
    assert (d3["score"], d3["rank"], d3["spread"]) == (None, None, None)
    assert d3["text"] == "Neither the organisation nor its group has a score."
    # Behind one of level 5 and six of level 2, most of which have less.
    assert answer["rank"] == 8
    assert answer["text"] == (
        "Its peers are those ranked of its kind and size (Municipality, up to 5,000 inhabitants): 11."
    )


@pytest.mark.parametrize(
    ("organisation", "group", "rank", "below", "percentile"),
    [
        # One of P2 alone: all twelve municipalities, 11.5 / 12.
        ("XX-P-12", {"basis": "kind", "kinds": ["MUN"], "band": None, "organisations": 12}, 1, 11, 95.83),
        # One council: the thirteen on the scale of inhabitants; 30 at level 2 is above eleven at level 1: 11.5 / 13.
        (
            "XX-P-14",
            {"basis": "band_scale", "kinds": ["MUN", "PRO", "SUP"], "band": None, "organisations": 13},
            2,
            11,
            88.46,
        ),
        # Five universities are enough for a group, and too few for percentiles.
        ("XX-P-17", {"basis": "kind_and_band", "kinds": ["UNI"], "band": "E3", "organisations": 5}, 3, 2, None),
    ],
)
def test_wider_groups_where_there_are_too_few(
    client: Client, organisation: str, group: Answer, rank: int, below: int, percentile: float | None
) -> None:
    answer = peers(client, organisation)
    assert answer["group"] == group
    assert [answer["index"][name] for name in ("rank", "below", "percentile")] == [rank, below, percentile]
    assert answer["index"]["organisations"] == group["organisations"]


def test_who_does_not_rank_has_a_group_but_no_place_in_it(client: Client) -> None:
    answer = peers(client, "XX-P-13", lang="es")
    assert (answer["status"], answer["rank"], answer["group"]["organisations"]) == ("insufficient_evidence", None, 11)
    index = answer["index"]
    assert (index["score"], index["rank"], index["percentile"], index["organisations"]) == (70, None, None, None)
    assert index["spread"]["median"] == 30
    assert index["text"] == "70,00, sin puesto; la mediana de su grupo es 30,00."
    assert answer["dimensions"][1]["text"] == "Sin puntuación; la mediana de su grupo es 50,00."
    assert answer["text"].startswith(
        "Se compara con las organizaciones con puesto de su tipo y tamaño (Ayuntamiento, hasta 5.000 habitantes)"
    )


def test_until_it_is_published_an_edition_compares_for_administrators_only(client: Client) -> None:
    path = "/v1/editions/2027/scores/XX-S-01/peers"
    problem(client.get(path), 404, "not-found")
    problem(client.get(path, headers=sign_in(client, "organisation_editor", "XX-S-02")), 404, "not-found")
    problem(client.get(path, headers=sign_in(client, "registrar")), 404, "not-found")
    mine = got(client, path, sign_in(client, "organisation_editor", "XX-S-01"), lang="en")
    assert (mine["organisation"], mine["rank"], mine["group"]) == ("XX-S-01", None, None)
    assert mine["index"]["score"] is not None
    for figure in (mine["index"], *mine["dimensions"]):
        assert [figure[name] for name in ("rank", "below", "organisations", "percentile", "spread")] == [None] * 5
        assert figure["text"] == "Until the edition is published it is not compared with the others."
    whole = got(client, path, sign_in(client))
    assert whole["group"] is not None


# --- exemplars ------------------------------------------------------------------------------------------------


def exemplars(client: Client, dimension: str, edition: str = "2026", **parameters: Any) -> list[Answer]:
    answer = got(client, f"/v1/editions/{edition}/exemplars", dimension=dimension, **parameters)
    items: list[Answer] = answer["items"]
    return items


@pytest.mark.parametrize(
    ("dimension", "filters", "expected"),
    [
        ("D1", {"limit": 3}, [("12", 90), ("15", 20), ("16", 20)]),
        ("D1", {"kind": "MUN", "band": "P1", "limit": 2}, [("11", 11), ("10", 10)]),
        ("D1", {"kind": "PRO"}, [("14", 4)]),
        ("D2", {"limit": 3}, [("12", 90), ("14", 50.01), ("01", 50)]),
        ("D3", {}, [("15", 70), ("16", 70), ("17", 70), ("18", 70), ("19", 70)]),
        ("D3", {"kind": "MUN"}, []),
        ("D1", {"region": "10"}, []),
    ],
)
def test_the_best_in_a_dimension_that_rank(
    client: Client, dimension: str, filters: Answer, expected: list[tuple[str, float]]
) -> None:
    """Thirteen has 100 in D1 and does not rank; ties are in the order of the ids."""
    items = exemplars(client, dimension, **filters)
    assert [(item["organisation"][-2:], item["score"]) for item in items] == expected
    assert {item["dimension"] for item in items} <= {dimension}


@pytest.mark.both_databases
def test_pages_of_exemplars_hold_everybody_once(client: Client) -> None:
    whole = [item["organisation"] for item in exemplars(client, "D1")]
    assert len(whole) == 17
    paged, address = [], "/v1/editions/2026/exemplars?dimension=D1&limit=5"
    while address:
        page = client.get(address).json()
        paged += [item["organisation"] for item in page["items"]]
        address = page["next"]
    assert paged == whole
    assert [item["organisation"] for item in exemplars(client, "D1", offset=15)] == whole[15:]


def test_exemplars_say_how_they_do_it(client: Client) -> None:
    """Only answers that score with evidence, with their names, and the organisation as in the ranking."""
    (item, *_) = exemplars(client, "D1", kind="PRO", lang="es")
    row = got(client, "/v1/editions/2026/scores", organisation="XX-P-14")["items"][0]
    for name in ("rank", "organisation", "kind", "band", "region", "population", "index", "level", "methodology"):
        assert item[name] == row[name]
    assert item["organisation_name"] == row["organisation_name"]
    sheet = got(client, "/v1/editions/2026/scores/XX-P-14", lang="es")
    scored = [
        (indicator["id"], indicator["name"], indicator["score"])
        for indicator in sheet["dimensions"][0]["indicators"]
        if indicator["reason"]["code"] in ("full", "partial")
    ]
    assert scored
    assert [(practice["id"], practice["name"], practice["score"]) for practice in item["practices"]] == scored


@pytest.fixture(scope="module")
def stated(client: Client) -> dict[str, str]:
    """An assessment of the open edition with documents, and the key of an administrator.

    D1.07 has one that counts, one of another's domain and one of a day to come; D1.03 has none and is only declared.
    """
    administrator = sign_in(client)
    made = client.post(
        "/v1/organisations",
        json={"id": MADRID, "name": "Madrid", "kind": "MUN", "population": 3_000_000, "province": "28"},
        headers=administrator,
    )
    assert made.status_code == 201, made.text
    changed = client.patch(
        f"/v1/organisations/{MADRID}",
        content=json.dumps({"domains": [DOMAIN]}),
        headers={**administrator, "Content-Type": "application/merge-patch+json", "If-Match": "*"},
    )
    assert changed.status_code == 200, changed.text
    body = body_a("2027.1")
    body["answers"]["D1.07"]["evidence"] = [
        document("own") | {"note": "a note that is nobody's business"},
        document("foreign", host="elsewhere.example"),
        document("future", when="2099-01-01"),
    ]
    del body["answers"]["D1.03"]["evidence"]
    put = client.put(
        f"/v1/editions/2027/assessments/{MADRID}", json=body, headers={**administrator, "If-None-Match": "*"}
    )
    assert put.status_code == 201, put.text
    return administrator


def test_documents_are_shown_where_they_count(client: Client, stated: dict[str, str]) -> None:
    answer = got(client, "/v1/editions/2027/exemplars", stated, dimension="D1", region="13")
    (item,) = answer["items"]
    evidence = {practice["id"]: practice["evidence"] for practice in item["practices"]}
    assert evidence["D1.07"] == [{"url": f"https://{DOMAIN}/evidence/own.pdf", "date": "2025-10-01"}]
    assert "D1.03" not in evidence
    assert "nobody's business" not in json.dumps(answer)


def test_what_is_not_published_is_an_example_for_nobody_else(client: Client, stated: dict[str, str]) -> None:
    path = "/v1/editions/2027/exemplars"
    mine = sign_in(client, "organisation_editor", MADRID)
    assert [item["organisation"] for item in got(client, path, mine, dimension="D1")["items"]] == [MADRID]
    for headers in ({}, sign_in(client, "organisation_editor", "XX-P-20"), sign_in(client, "registrar")):
        assert got(client, path, headers, dimension="D1")["items"] == []
    assert len(got(client, path, stated, dimension="D1")["items"]) > 5


# --- robustness -----------------------------------------------------------------------------------------------


def robustness(client: Client, edition: str = "2025", headers: Answer | None = None, **parameters: Any) -> list[Answer]:
    asked = {"limit": 100, **parameters}
    items: list[Answer] = got(client, f"/v1/editions/{edition}/robustness", headers, **asked)["items"]
    return items


def ranking(client: Client, edition: str = "2025", headers: Answer | None = None) -> list[Answer]:
    """Who ranks, as the ranking has it."""
    items: list[Answer] = got(client, f"/v1/editions/{edition}/scores", headers, limit=100)["items"]
    return [item for item in items if item["rank"] is not None]


def test_a_stranger_gets_the_robustness_from_the_ranking(client: Client) -> None:
    """With the published scores of the dimensions and a program of his own."""
    ranked = ranking(client)
    assert len(ranked) > 50
    scores = [
        [None if points is None else round(points * 100) for points in row["dimensions"].values()] for row in ranked
    ]
    levels = [row["level"] for row in ranked]
    expected = stranger(WEIGHTS, scores, levels, [5] * len(ranked), [0, 1_000, 4_000, 5_500, 7_500], 200, 7)
    items = robustness(client, draws=200, seed=7)
    assert [item["organisation"] for item in items] == [row["organisation"] for row in ranked]
    for item, row, (index, rank, _) in zip(items, ranked, expected, strict=True):
        assert (item["rank"], item["index"], item["level"]) == (row["rank"], row["index"], row["level"])
        assert (item["draws"], item["seed"]) == (200, 7)
        assert list(item["drawn_index"].values()) == [units / 100 for units in index]
        assert list(item["drawn_rank"].values()) == rank


def test_levels_are_at_most_what_the_other_gates_allow(client: Client) -> None:
    for item in robustness(client, draws=200, limit=12):
        assert [found["level"] for found in item["levels"]] == [1, 2, 3, 4, 5]
        likely = {found["level"]: found["probability"] for found in item["levels"]}
        assert sum(likely.values()) == pytest.approx(1)
        sheet = got(client, f"/v1/editions/2025/scores/{item['organisation']}")
        blocking = [gate["gate"] for gate in sheet["level_details"]["blocked_by"]]
        if any(not gate.endswith(".index") for gate in blocking):
            assert not any(likely[level] for level in range(item["level"] + 1, 6)), blocking


def test_robustness_without_parameters_is_that_of_a_thousand_draws_of_seed_42(client: Client) -> None:
    items = robustness(client)
    assert {(item["draws"], item["seed"]) for item in items} == {(1000, 42)}
    assert items == robustness(client, draws=1000, seed=42)
    assert items != robustness(client, draws=1000, seed=43)


def test_robustness_is_read_in_both_languages(client: Client) -> None:
    for lang, start in (
        ("en", "If it keeps its level and weights vary, 9 times of 10 its rank "),
        ("es", "Si mantiene su nivel y varían los pesos, 9 de 10 veces su puesto "),
    ):
        (item,) = robustness(client, lang=lang, draws=100, limit=1)
        likeliest = max(item["levels"], key=lambda level: level["probability"])
        assert item["text"].startswith(start)
        low, high = item["drawn_rank"]["p5"], item["drawn_rank"]["p95"]
        assert str(low) in item["text"]
        assert str(high) in item["text"]
        assert item["text"].endswith(f" {likeliest['level']}.")


def test_some_organisations_with_their_ranks_in_the_whole(client: Client) -> None:
    whole = {item["organisation"]: item for item in robustness(client, draws=100)}
    two = sorted(whole)[:2]
    some = robustness(client, draws=100, organisation=",".join([*two, "XX-P-01", "nobody"]))
    assert some == [item for item in whole.values() if item["organisation"] in two]
    assert robustness(client, draws=100, band="P5") == []
    paged, address = [], "/v1/editions/2025/robustness?draws=100&limit=9"
    while address:
        page = client.get(address).json()
        paged += page["items"]
        address = page["next"]
    assert paged == list(whole.values())


def test_robustness_of_what_is_not_published(client: Client) -> None:
    """An organisation sees its own index in the draws, and no rank that would tell of others."""
    for headers in ({}, sign_in(client, "registrar"), sign_in(client, "organisation_editor", "XX-P-20")):
        assert robustness(client, "2027", headers, draws=100) == []
    administrator = sign_in(client)
    (first, *_) = robustness(client, "2027", administrator, draws=100, organisation="XX-S-03,XX-S-04,XX-S-05")
    assert first["drawn_rank"] is not None
    owner = sign_in(client, "organisation_editor", first["organisation"])
    (own,) = robustness(client, "2027", owner, draws=100, lang="en")
    assert (own["rank"], own["drawn_rank"]) == (None, None)
    assert own["text"].startswith("With weights varied at random, 9 times of 10 its index lies between ")
    for name in ("organisation", "index", "drawn_index", "levels"):
        assert own[name] == first[name]


# --- statistics -----------------------------------------------------------------------------------------------


def audited(client: Client, edition: str = "2025", headers: Answer | None = None, **parameters: Any) -> Answer:
    return got(client, f"/v1/editions/{edition}/statistics", headers, **parameters)


def test_the_statistics_are_those_of_the_ranking(client: Client) -> None:
    """What Python's own `statistics` makes of the published scores."""
    ranked, answer = ranking(client), audited(client)
    index = [row["index"] for row in ranked]
    assert answer["index"]["organisations"] == len(ranked)
    assert answer["index"]["mean"] == pytest.approx(statistics.mean(index), abs=0.000051)
    assert answer["index"]["standard_deviation"] == pytest.approx(statistics.stdev(index), abs=0.000051)
    assert [dimension["id"] for dimension in answer["dimensions"]] == [f"D{n}" for n in range(1, 11)]
    for dimension, weight in zip(answer["dimensions"], WEIGHTS, strict=True):
        pairs = [(row["dimensions"][dimension["id"]], row["index"]) for row in ranked]
        own, whole = zip(*[pair for pair in pairs if pair[0] is not None], strict=True)
        assert dimension["correlation"] == pytest.approx(statistics.correlation(own, whole), abs=0.000051)
        assert (dimension["parent"], dimension["weight"], dimension["organisations"]) == (
            None,
            weight / 100,
            len(own),
        )
        assert dimension["mean"] == pytest.approx(statistics.mean(own), abs=0.000051)
    # D1 is not asked of the smallest: each covariance is over those that have both dimensions.
    total = variances = 0.0
    for one, other in product(answer["dimensions"], repeat=2):
        pairs = [(row["dimensions"][one["id"]], row["dimensions"][other["id"]]) for row in ranked]
        covariance = statistics.covariance(*zip(*[pair for pair in pairs if None not in pair], strict=True))
        total += covariance
        variances += covariance if one is other else 0
    assert answer["index"]["alpha"] == pytest.approx(10 / 9 * (1 - variances / total), abs=0.000051)
    assert answer["dimensions"][0]["organisations"] < len(ranked)


def test_every_indicator_and_judgement_is_audited(client: Client) -> None:
    answer = audited(client)
    assert len(answer["indicators"]) == 46
    assert {indicator["parent"] for indicator in answer["indicators"]} == {f"D{n}" for n in range(1, 11)}
    # The numeric goalposts of the catalogue that are judgements, none of which stands at 0: one of D1.03 and one of
    # D2.01, two of each of the others.
    counted = {"D1.03": 1, "D2.01": 1, "D5.01": 2, "D6.01": 2, "D8.03": 2, "D9.01": 2, "D9.09": 2, "D9.07": 2}
    assert Counter(goalpost["indicator"] for goalpost in answer["goalposts"]) == counted
    # 75 % in D9.01 and D9.09 stays: 60 % would pass its neighbour at 65 %, and 90 % would reach that at 90 %.
    moved = [goalpost for goalpost in answer["goalposts"] if goalpost["down"] or goalpost["up"]]
    stayed = [(goalpost["indicator"], goalpost["x"]) for goalpost in answer["goalposts"] if goalpost not in moved]
    assert stayed == [("D9.01", 0.75), ("D9.09", 0.75)]
    for goalpost in moved:
        assert goalpost["down"]["x"] == pytest.approx(0.8 * goalpost["x"])
        assert goalpost["up"]["x"] == pytest.approx(1.2 * goalpost["x"])
        assert goalpost["down"]["rank_change"] <= goalpost["down"]["rank_change_max"]
    assert any(goalpost["up"]["rank_change"] for goalpost in moved)
    assert sum(dimension["effective_weight"] for dimension in answer["dimensions"]) == pytest.approx(1, abs=0.001)


def test_remarks_say_what_an_auditor_would_point_at(client: Client) -> None:
    answer = audited(client, lang="en")
    nodes = {node["id"]: node for node in (*answer["dimensions"], *answer["indicators"])}
    negative = [node["id"] for node in nodes.values() if (node["correlation"] or 0) < 0]
    weak = [node["id"] for node in nodes.values() if 0 <= (node["correlation"] or 1) < 0.3]
    by_code = {
        code: [remark["node"] for remark in answer["remarks"] if remark["code"] == code]
        for code in ("negative_correlation", "weak_correlation", "low_alpha")
    }
    assert (by_code["negative_correlation"], by_code["weak_correlation"]) == (negative, weak)
    assert by_code["low_alpha"] == [
        None if node is None else node["id"]
        for node in (None, *answer["dimensions"])
        if ((answer["index"] if node is None else node)["alpha"] or 1) < 0.7
    ]
    high = [node["id"] for node in nodes.values() if (node["correlation"] or 0) > 0.9]
    assert [remark["node"] for remark in answer["remarks"] if remark["code"] == "high_correlation"] == high
    assert answer["remarks"]
    spanish = audited(client, lang="es")["remarks"]
    for remark, same in zip(answer["remarks"], spanish, strict=True):
        name = nodes[remark["node"]]["name"]
        assert f"“{name}”" in remark["text"]
        assert (same["code"], same["node"], same["value"]) == (remark["code"], remark["node"], remark["value"])
        assert same["text"] != remark["text"]


def test_statistics_of_what_is_not_published(client: Client) -> None:
    for headers in ({}, sign_in(client, "registrar")):
        answer = audited(client, "2027", headers)
        assert answer["index"] == {
            "organisations": 0,
            "mean": None,
            "standard_deviation": None,
            "skewness": None,
            "floor": None,
            "ceiling": None,
            "alpha": None,
        }
    assert audited(client, "2027", sign_in(client, "organisation_editor", "XX-S-03"))["index"]["organisations"] <= 1
    assert audited(client, "2027", sign_in(client))["index"]["organisations"] > 5


# --- the audit ------------------------------------------------------------------------------------------------


def test_the_audit_has_the_statistics_and_agrees_with_them(client: Client) -> None:
    """The correlations are those of Python's own `statistics`; the components share the variance of the dimensions."""
    audit = got(client, "/v1/editions/2025/audit")
    assert audit["statistics"] == audited(client)
    assert audit["sensitivity"] is None
    nodes = [node["id"] for node in (*audit["statistics"]["dimensions"], *audit["statistics"]["indicators"])]
    assert audit["nodes"] == nodes
    matrix = audit["correlations"]
    assert [len(row) for row in matrix] == [len(nodes)] * len(nodes)
    assert [[row[place] for row in matrix] for place in range(len(nodes))] == matrix
    pairs = [(row["dimensions"]["D2"], row["dimensions"]["D8"]) for row in ranking(client)]
    both = zip(*[pair for pair in pairs if None not in pair], strict=True)
    assert matrix[1][7] == pytest.approx(statistics.correlation(*both), abs=0.000051)
    assert sum(component["eigenvalue"] for component in audit["components"]) == pytest.approx(10, abs=0.001)
    values = [component["eigenvalue"] for component in audit["components"]]
    assert values == sorted(values, reverse=True)


def test_the_audit_says_who_lives_from_compensation(client: Client) -> None:
    audit, rows = got(client, "/v1/editions/2025/audit"), {row["organisation"]: row for row in ranking(client)}
    found = audit["compensation"]
    losses = [round(one["index"] - one["geometric"], 2) for one in found["most"]]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(found["loss_max"], abs=0.0001)
    for one in found["most"]:
        row = rows[one["organisation"]]
        assert (one["index"], one["level"]) == (row["index"], row["level"])
        known = {name: score for name, score in row["dimensions"].items() if score is not None}
        assert known[one["dimension"]] == min(known.values())


def test_the_audit_compares_kinds_and_size_bands(client: Client) -> None:
    audit, rows = got(client, "/v1/editions/2025/audit"), ranking(client)
    kinds, bands = audit["groups"]
    assert (kinds["by"], bands["by"]) == ("kind", "band")
    for found, name in ((kinds, "kind"), (bands, "band")):
        assert [group["group"] for group in found["groups"]] == sorted({row[name] for row in rows if row[name]})
        for group in found["groups"]:
            index = [row["index"] for row in rows if row[name] == group["group"]]
            assert group["organisations"] == len(index)
            assert group["mean"] == pytest.approx(statistics.mean(index), abs=0.000051)


def test_the_sensitivity_of_levels_is_computed_where_it_is_asked_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "DRAWS", 1)
    found = got(client, "/v1/editions/2025/audit", sensitivity="true")["sensitivity"]
    assert (found["organisations"], found["draws"]) == (len(ranking(client)), 1)
    assert found["far_changes"] + found["losses"] <= found["changes"] <= 1
    assert min(found["far_changes"], found["losses"]) >= 0
    assert [source["source"] for source in found["sources"]] == list(SOURCES)


def test_the_audit_of_what_is_not_published(client: Client) -> None:
    """An organisation sees figures of its own score only; nobody without a key sees any."""
    audit = got(client, "/v1/editions/2027/audit")
    assert audit["statistics"]["index"]["organisations"] == 0
    assert (audit["components"], audit["compensation"]["most"], audit["groups"][0]["groups"]) == ([], [], [])
    own = got(client, "/v1/editions/2027/audit", sign_in(client, "organisation_editor", "XX-S-03"))
    assert {one["organisation"] for one in own["compensation"]["most"]} <= {"XX-S-03"}
    assert own["statistics"]["index"]["organisations"] <= 1
    whole = got(client, "/v1/editions/2027/audit", sign_in(client))
    assert whole["statistics"]["index"]["organisations"] > 5


# --- kept as long as nothing changes --------------------------------------------------------------------------


def test_what_is_computed_is_kept_until_an_assessment_changes(
    client: Client, stated: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    load_all = audits._load_field

    def counted(*arguments: Any) -> Any:
        loads.append(1)
        return load_all(*arguments)

    monkeypatch.setattr(audits, "_load_field", counted)
    before = robustness(client, "2027", stated, draws=123), audited(client, "2027", stated)
    assert loads
    made = len(loads)
    assert (robustness(client, "2027", stated, draws=123), audited(client, "2027", stated)) == before
    assert len(loads) == made
    mended = client.patch(
        f"/v1/editions/2027/assessments/{MADRID}",
        content=json.dumps({"methodology": "2027.1", "answers": {"D1.03": None}}),
        headers={**stated, "Content-Type": "application/merge-patch+json", "If-Match": "*"},
    )
    assert mended.status_code == 200, mended.text
    after = robustness(client, "2027", stated, draws=123), audited(client, "2027", stated)
    assert after[0] != before[0]
    assert after[1] != before[1]


@pytest.mark.both_databases
def test_many_at_once_compute_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = []
    draw = audits._draw

    def counted(*arguments: Any) -> Any:
        draws.append(1)
        return draw(*arguments)

    monkeypatch.setattr(audits, "_draw", counted)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: robustness(client, draws=321), range(4)))
    assert len(draws) == 1
    assert all(answer == answers[0] for answer in answers)


def test_those_that_wait_leave_threads_to_others_even_on_one_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in ("cpu_count", "process_cpu_count"):
        monkeypatch.setattr(os, count, lambda: 1, raising=False)
    url = migrated_sqlite(tmp_path)
    with served(url) as client, ThreadPoolExecutor(12) as threads:
        with client.app.state["computed"]._turn:
            computing = [
                threads.submit(client.get, f"/v1/editions/2025/robustness?draws={draws}") for draws in range(300, 310)
            ]
            refused = list(islice(as_completed(computing, timeout=PATIENCE), len(computing) - WAITING))
            other = threads.submit(client.get, "/v1/editions/2025/scores").result(timeout=PATIENCE)
        statuses = Counter(answer.result().status_code for answer in computing)
    assert other.status_code == 200
    assert [answer.result().status_code for answer in refused] == [503] * len(refused)
    assert statuses == {200: WAITING, 503: len(refused)}


def test_who_comes_when_too_many_wait_is_told_to_come_again(client: Client) -> None:
    computed = client.app.state["computed"]
    known = robustness(client, draws=222)
    with ExitStack() as held:
        for _ in range(WAITING):
            assert computed._waiting.acquire(blocking=False)
            held.callback(computed._waiting.release)
        refused = client.get("/v1/editions/2025/robustness?draws=223")
        assert problem(refused, 503, "unavailable")["detail"]
        assert refused.headers["retry-after"] == "5"
        assert robustness(client, draws=222) == known, "what is kept is answered all the same"
    assert robustness(client, draws=223)
