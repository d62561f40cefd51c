"""Scores over HTTP: the catalogue's examples, the ranking and the sheets of the demonstration."""

from __future__ import annotations

import hashlib
import json
import statistics
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from litestar import Litestar
from litestar.testing import TestClient

from tests.support.assessing import request_a
from tests.support.scale import DEMONSTRATED, NIGHT

CASES = Path(__file__).parents[1] / "cases"
EDITION = "/v1/editions/2026-demo/scores"

WEIGHTS = {"D1": 5, "D2": 14, "D3": 5, "D4": 7, "D5": 13, "D6": 4, "D7": 9, "D8": 14, "D9": 24, "D10": 5}
"""Of the dimensions in 2027.1, copied from docs/methodology-2027.1.md."""

Answer = dict[str, Any]
Client = TestClient[Litestar]


def without_sentences(value: Any) -> Any:
    """The language-neutral part of an answer."""
    if isinstance(value, dict):
        return {key: without_sentences(member) for key, member in value.items() if key not in ("name", "text")}
    return [without_sentences(member) for member in value] if isinstance(value, list) else value


def hundredths(points: float | None) -> Decimal:
    """Points as JSON wrote them."""
    return Decimal(repr(points))


def assert_adds_up(score: Answer) -> None:
    """At every node won + lost = possible, and the children sum to it; the index is the half-up mean."""
    index = score["index"]
    rated = [dimension for dimension in score["dimensions"] if dimension["score"] is not None]
    weighted = sum(hundredths(dimension["score"]) * dimension["weight"] for dimension in rated)
    mean = weighted / sum(dimension["weight"] for dimension in rated)
    assert mean.quantize(Decimal("0.01"), ROUND_HALF_UP) == hundredths(index)
    assert sum(hundredths(dimension["possible"]) for dimension in rated) == 100
    assert sum(hundredths(dimension["won"]) for dimension in rated) == hundredths(index)
    for dimension in rated:
        inside = [indicator for indicator in dimension["indicators"] if indicator["possible"] is not None]
        for node in (dimension, *inside):
            assert hundredths(node["won"]) + hundredths(node["lost"]) == hundredths(node["possible"]), node["id"]
            assert min(node["won"], node["lost"]) >= 0, node["id"]
        for figure in ("possible", "won", "lost"):
            parts = sum(hundredths(indicator[figure]) for indicator in inside)
            assert parts == hundredths(dimension[figure]), (dimension["id"], figure)


EXAMPLES_2027: dict[str, Answer] = {
    case["id"]: case for case in json.loads((CASES / "examples_2027_1.json").read_text("utf-8"))
}


@pytest.mark.parametrize("name", EXAMPLES_2027)
def test_an_example_of_the_catalogue_of_2027_scores_what_it_publishes(name: str, client: Client) -> None:
    case = EXAMPLES_2027[name]
    published, declared = case["published"], case.get("self_declared", [])
    answers = {
        indicator: facts | ({"basis": "self_declared"} if indicator in declared else {})
        for indicator, facts in case["answers"].items()
    }
    request = {"methodology": "2027.1", "profile": case["profile"], "answers": answers}

    score = client.post("/v1/scores", json=request).json()

    for figure in ("index", "index_max", "coverage", "status", "level"):
        assert score[figure] == published[figure], figure
    assert score["level_details"]["provisional"] == published["level_provisional"]
    assert [gate["gate"] for gate in score["level_details"]["blocked_by"]] == published["blocked_by"]
    assert {dimension["id"]: dimension["score"] for dimension in score["dimensions"]} == published["dimensions"]
    indicators = [indicator for dimension in score["dimensions"] for indicator in dimension["indicators"]]
    assert {indicator["id"]: indicator["score"] for indicator in indicators} == published["indicators"]
    # Two of the published states are codes here: a contradicted answer is unknown, and a zero by rule is observed.
    told = {indicator["id"]: (indicator["state"], indicator["reason"]["code"]) for indicator in indicators}
    assert {
        indicator: code if code in ("contradicted", "zero_by_rule") else state
        for indicator, (state, code) in told.items()
    } == published["states"]
    assert_adds_up(score)


def test_languages_differ_in_sentences_only_and_the_digest_can_be_recomputed(client: Client) -> None:
    request = request_a()

    spanish = client.post("/v1/scores", params={"lang": "es"}, json=request)
    english = client.post("/v1/scores", headers={"Accept-Language": "en;q=0.9, fr"}, json=request)

    assert spanish.headers["Content-Language"] == "es"
    assert english.headers["Content-Language"] == "en"
    assert spanish.json()["level_details"]["name"] == "Ventanilla"
    assert english.json()["level_details"]["name"] == "Service desk"
    neutral = without_sentences(spanish.json())
    assert neutral == without_sentences(english.json())
    stated = neutral.pop("result_digest")
    assert stated == "sha256:" + hashlib.sha256(rfc8785.dumps(neutral)).hexdigest()


def test_without_explanation_the_figures_are_the_same(client: Client) -> None:
    request = request_a()
    request["what_if"] = {"answers": {"D1.02": {"level": 4}}}
    whole = client.post("/v1/scores", json=request).json()

    bare = client.post("/v1/scores", params={"explain": "false"}, json=request).json()

    difference, whole_difference = bare["what_if"].pop("difference"), whole["what_if"].pop("difference")
    for score, explained in ((bare, whole), (bare["what_if"]["score"], whole["what_if"]["score"])):
        stated = without_sentences(score)
        del stated["result_digest"]
        stated.pop("what_if", None)
        assert score["result_digest"] == "sha256:" + hashlib.sha256(rfc8785.dumps(stated)).hexdigest()
        for dimension in explained["dimensions"]:
            dimension |= {"possible": None, "won": None, "lost": None, "indicators": []}
        explained |= {"main_reasons": [], "result_digest": score["result_digest"]}
    assert bare == whole
    for name in ("index", "index_max", "coverage", "status_after", "level_after"):
        assert difference[name] == whole_difference[name]
    assert difference["index"]["difference"] > 0
    assert [group["score"] for group in difference["groups"]] == [
        group["score"] for group in whole_difference["groups"]
    ]
    assert {group["lost"]["difference"] for group in difference["groups"]} == {None}
    assert difference["indicators"] == []


def test_an_integral_number_is_an_integer_and_changes_no_digest(client: Client) -> None:
    request = request_a()
    plain = client.post("/v1/scores", json=request).json()
    request["answers"]["D1.01"] = {"numerator": 160.0, "denominator": 3.2e2}

    spelt = client.post("/v1/scores", content=json.dumps(request), headers={"Content-Type": "application/json"}).json()

    assert spelt == plain


def test_a_contradiction_is_a_finding_that_says_what_to_mend(client: Client) -> None:
    request = request_a()
    request["answers"]["D1.01"] = {"numerator": 400, "denominator": 320}
    del request["answers"]["D8.05"]

    answer = client.post("/v1/scores", params={"lang": "es"}, json=request)

    assert answer.status_code == 200
    findings = {finding["rule"]: finding for finding in answer.json()["findings"]}
    assert findings["V01.D1.01"]["severity"] == "error"
    assert findings["V01.D1.01"]["code"] == "contradicted"
    assert findings["V01.D1.01"]["indicators"] == ["D1.01"]
    assert (
        "equipos con acceso a las redes: 400; equipos conectados sin exclusión documentada: 320"
        in findings["V01.D1.01"]["text"]
    )
    assert findings["V15.F1"]["code"] == "unsupported"
    assert findings["V15.F1"]["missing"] == ["D8.05"]
    scored = {
        indicator["id"]: indicator for dimension in answer.json()["dimensions"] for indicator in dimension["indicators"]
    }
    assert (scored["D1.01"]["state"], scored["D1.01"]["score"]) == ("unknown", 0)
    assert scored["D1.01"]["reason"]["parameters"]["rules"] == ["V01.D1.01"]
    assert scored["D10.02"]["reason"]["code"] == "unsupported"


def test_all_faults_of_a_body_are_named_at_once_with_the_nearest_name(client: Client) -> None:
    request = request_a()
    request["answers"]["D1.1"] = {"numerator": 1, "denominator": 2}
    request["answers"]["D1.02"] = {"level": 5}
    request["answers"]["D4.04"] = {"components": ["c1", "c9"]}
    request["profile"]["employees"] = "400"
    del request["profile"]["units"]

    answer = client.post("/v1/scores", params={"lang": "es"}, json=request)

    assert answer.status_code == 400
    errors = {error["pointer"]: error for error in answer.json()["errors"]}
    assert set(errors) == {
        "/answers/D1.02/level",
        "/answers/D1.1",
        "/answers/D4.04/components/1",
        "/profile/employees",
        "/profile/units",
    }
    assert errors["/answers/D1.1"]["suggestion"] == "D1.01"
    assert errors["/answers/D1.02/level"]["rule"] == "maximum"
    assert errors["/answers/D1.02/level"]["value"] == "5"
    assert errors["/profile/employees"]["value"] == '"400"'


@pytest.mark.parametrize(
    ("body", "suggestion", "more"),
    [
        ({}, None, {"/answers", "/profile"}),
        ({"methodology": "2026.2", "profil": {}, "answers": 3}, "2026.1", {"/answers", "/profil", "/profile"}),
    ],
)
def test_an_unknown_methodology_is_named_with_faults_under_every_version(
    body: Answer, suggestion: str | None, more: set[str], client: Client
) -> None:
    errors = {error["pointer"]: error for error in client.post("/v1/scores", json=body).json()["errors"]}

    error = errors.pop("/methodology")
    assert error["suggestion"] == suggestion
    assert error["allowed"] == ["2027.1", "2027.1-short", "2026.1"]  # those in use, newest first; not the draft
    assert errors.keys() == more


def test_each_version_takes_its_own_answers(client: Client) -> None:
    """The same facts under both; what only the draft asks is refused by 2026.1 and scored by the draft."""
    request = request_a()
    tried = {**request, "methodology": "2099.1-draft"}
    assert client.post("/v1/scores", json=request).json()["index"] == 44.03
    score = client.post("/v1/scores", json=tried).json()
    assert (score["methodology"]["version"], score["index"], score["index_max"]) == ("2099.1-draft", 44.47, 45.17)

    request["answers"]["D9.09"] = {"level": 4}
    tried["answers"] = request["answers"]
    (error,) = client.post("/v1/scores", json=request).json()["errors"]
    assert (error["pointer"], error["rule"]) == ("/answers/D9.09", "additionalProperties")
    assert client.post("/v1/scores", json=tried).json()["index"] == 45.17


def test_the_derived_indicator_is_never_sent(client: Client) -> None:
    request = request_a()
    request["answers"]["D3.02"] = {"numerator": 4, "denominator": 16}

    (error,) = client.post("/v1/scores", json=request).json()["errors"]

    assert error["pointer"] == "/answers/D3.02"


def ranking(client: Client, **parameters: str) -> list[Answer]:
    """Every row of the ranking of the demonstration, page by page."""
    rows: list[Answer] = []
    url: str | None = f"{EDITION}?limit=1000" + "".join(f"&{name}={value}" for name, value in parameters.items())
    while url:
        page = client.get(url.removeprefix("http://testserver.local")).json()
        rows += page["items"]
        url = page["next"]
    return rows


def test_the_ranking_holds_every_municipality_in_rank_order(client: Client) -> None:
    rows = ranking(client)

    assert len({row["organisation"] for row in rows}) == len(rows) == len(DEMONSTRATED)
    assert all(row["simulated"] for row in rows)
    ranked = [row for row in rows if row["rank"] is not None]
    assert rows[: len(ranked)] == ranked
    assert {row["status"] for row in rows[len(ranked) :]} <= {"insufficient_evidence", "not_rateable"}
    assert {row["status"] for row in ranked} <= {"complete", "sufficient"}
    for place, row in enumerate(ranked):
        before, own = ((one["level"], one["index"]) for one in (ranked[place - 1], row))
        assert row["rank"] == (ranked[place - 1]["rank"] if place and own == before else place + 1)
        assert not place or own <= before
    for row in rows:
        rated = [name for name in WEIGHTS if row["dimensions"][name] is not None]
        # D1 is not asked of the smallest, nor D9 where nobody wrote.
        assert set(rated) >= set(WEIGHTS) - {"D1", "D9"}
        weighted = sum((hundredths(row["dimensions"][name]) * WEIGHTS[name] for name in rated), Decimal(0))
        mean = weighted / sum(WEIGHTS[name] for name in rated)
        assert mean.quantize(Decimal("0.01"), ROUND_HALF_UP) == hundredths(row["index"]), row["organisation"]


@pytest.mark.parametrize("filters", [{}, {"province": "01"}, {"region": "16", "band": "P2"}])
def test_the_summary_is_that_of_the_rows(filters: dict[str, str], client: Client) -> None:
    """By another implementation of the same quartiles: `statistics.quantiles` with the method `inclusive`."""
    rows = ranking(client, **filters)
    ranked = [row for row in rows if row["rank"] is not None]

    summary = client.get("/v1/editions/2026-demo/summary", params=filters).json()

    assert (summary["organisations"], summary["ranked"]) == (len(rows), len(ranked))
    for level in summary["levels"]:
        assert level["organisations"] == sum(row["level"] == level["level"] for row in rows)
    for name, spread in summary["dimensions"].items():
        rated = [row["dimensions"][name] for row in ranked if row["dimensions"][name] is not None]
        assert spread == spread_of(rated, "0.01"), name
    assert summary["index"] == spread_of([row["index"] for row in ranked], "0.01")
    assert summary["coverage"] == spread_of([row["coverage"] for row in rows], "0.0001")
    for number, tenth in enumerate(summary["distribution"]):
        assert tenth["organisations"] == sum(min(row["index"] // 10, 9) == number for row in ranked)


def spread_of(values: list[float], unit: str) -> dict[str, float]:
    exact = [hundredths(value) for value in values]
    quartiles = statistics.quantiles(exact, n=4, method="inclusive")
    figures = [min(exact), *(quartile.quantize(Decimal(unit), ROUND_HALF_UP) for quartile in quartiles), max(exact)]
    return dict(zip(("min", "q1", "median", "q3", "max"), map(float, figures), strict=True))


def test_the_points_of_the_sheets_add_up_and_equal_the_ranking(client: Client) -> None:
    rows = ranking(client)

    for row in rows[:: 1 if NIGHT else 5]:
        sheet = client.get(f"{EDITION}/{row['organisation']}").json()
        assert_adds_up(sheet)
        for name in ("index", "index_max", "coverage", "status", "rank", "simulated", "organisation"):
            assert sheet[name] == row[name], (row["organisation"], name)
        assert sheet["level"] == row["level"]
        assert {dimension["id"]: dimension["score"] for dimension in sheet["dimensions"]} == row["dimensions"]


def test_the_methodology_is_whole_in_both_languages(client: Client) -> None:
    spanish = client.get("/v1/methodologies/2026.1", params={"lang": "es"}).json()
    english = client.get("/v1/methodologies/2026.1").json()

    assert spanish["document"] == english["document"]
    assert spanish["digest"] == "sha256:" + hashlib.sha256(rfc8785.dumps(spanish["document"])).hexdigest()
    for answer in (spanish, english):
        stated = answer["text_digests"][answer["texts"]["language"]]
        assert stated == "sha256:" + hashlib.sha256(rfc8785.dumps(answer["texts"])).hexdigest()
    assert spanish["texts"]["indicators"]["D9.01"]["name"] == "Tasa de respuesta"
    assert english["texts"]["indicators"]["D9.01"]["name"] == "Response rate"
    listed = client.get("/v1/methodologies").json()["items"]
    assert [(found["version"], found["status"]) for found in listed] == [
        ("2026.1", "active"),
        ("2027.1-short", "active"),
        ("2027.1", "active"),
        ("2099.1-draft", "draft"),
    ]
    assert listed[0]["digest"] == spanish["digest"]
