"""What-ifs, paths, changes and re-scored histories over HTTP, on both databases.

The figures are those of example A of the catalogue: its dimensions 38.75, 60.82, 43.81, 42.50, 43.37, 25.00, 44.78,
48.94, 38.88 and 53.43 sum to 440.28, the index is 44.03. D1.01 weighs 25 and scores 50: without it D1 is 26.25. D9.06
weighs 5 and scores 0: at 100, D9 is 43.875 → 43.88.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import Submission, build_score_request_type, to_submission
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.queries import State
from actitud_api.resources.organisations import service as organisations
from actitud_api.settings import Settings
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.bodies import read_body
from tests.support.databases import BOTH, made_anew
from tests.support.editions import draft_edition
from tests.support.keys import sign_in
from tests.support.publishing import publish_stored

Client = TestClient[Litestar]
Answer = dict[str, Any]

NOW = datetime(2027, 1, 10, tzinfo=UTC)
METHODOLOGY, DRAFT = load_methodology("2026.1"), load_methodology("2099.1-draft")
EXAMPLE: Answer = json.loads((Path(__file__).parents[1] / "cases" / "example_a.json").read_bytes())["request"]
ALIAS = "ES-DIR3-L01050193"


def request(*without: str, **answers: Answer) -> Answer:
    """The request of example A without some answers and with others: `D9_06={"value": True}`."""
    body: Answer = json.loads(json.dumps(EXAMPLE))
    body["answers"] = {name: facts for name, facts in body["answers"].items() if name not in without}
    body["answers"] |= {name.replace("_", "."): facts for name, facts in answers.items()}
    return body


def stated(body: Answer) -> Submission:
    methodology = load_methodology(body["methodology"])
    return to_submission(methodology, msgspec.convert(body, build_score_request_type(methodology)))


BEFORE = request("D1.01", D9_06={"value": True})
LATER = request(D6_06={"value": True}, D9_09={"level": 2}) | {"methodology": DRAFT.version}
STATED = {"2025": BEFORE, "2026": request(), "2027": LATER}
"""What XX-T-1 stated in each edition; XX-T-2 stated example A in 2026, and nothing else."""


def fill(database: Database) -> None:
    """Two published editions and an open one."""
    with database.write() as session:
        made = [
            {"id": "XX-T-1", "name": "Zamora", "kind": "MUN", "population": 59_000, "aliases": (ALIAS,)},
            {"id": "XX-T-2", "name": "Ávila", "kind": "MUN", "population": 57_000},
        ]
        organisations.add(session, [msgspec.convert(entry, organisations.OrganisationEntry) for entry in made], NOW)
        states: dict[int, State] = {2025: "in_review", 2026: "in_review", 2027: "open"}
        for year, state in states.items():
            draft = draft_edition(
                str(year), methodology=STATED[str(year)]["methodology"], year=year, titles={"en": f"Edition {year}"}
            )
            editions.add(session, editions.build_record(draft, now=NOW, state=state))
        rows = [*((edition, "XX-T-1", body) for edition, body in STATED.items()), ("2026", "XX-T-2", request())]
        for edition, organisation, body in rows:
            said, methodology = stated(body), load_methodology(body["methodology"])
            assessments.store_rows(
                session, [assessments.to_row(edition, organisation, said, evaluate(methodology, said), NOW)]
            )
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
    with made_anew(request, tmp_path_factory.mktemp("changes")) as url, served(url) as made:
        yield made


def got(client: Client, path: str, headers: dict[str, str] | None = None, since: str = "", **parameters: str) -> Answer:
    return read_body(client.get(path, params=parameters | ({"from": since} if since else {}), headers=headers or {}))


# --- what-if --------------------------------------------------------------------------------------------------


def scored(client: Client, body: Answer, **parameters: str) -> Answer:
    return read_body(client.post("/v1/scores", json=body, params=parameters))


def test_without_what_if_the_answer_stays_as_it_is(client: Client) -> None:
    assert "what_if" not in scored(client, request())


def test_what_is_supposed_is_scored_beside_what_was_sent(client: Client) -> None:
    """Without D1.01 and with D9.06: 432.78 → 43.28, 0.75 less; D1 loses 1.25 more, D9 0.50 less."""
    plain, supposed = scored(client, request()), scored(client, BEFORE)
    found = scored(client, request() | {"what_if": {"answers": {"D1.01": None, "D9.06": {"value": True}}}})
    what_if = found.pop("what_if")
    assert found == plain
    assert what_if["score"] == supposed
    difference = what_if["difference"]
    assert difference["index"] == {"before": 44.03, "after": 43.28, "difference": -0.75}
    assert difference["text"] == "The index goes from 44.03 to 43.28: -0.75 points."
    scores = {group["id"]: group["score"] for group in difference["groups"]}
    assert list(scores) == [f"D{number}" for number in range(1, 11)]
    assert scores["D1"] == {"before": 38.75, "after": 26.25, "difference": -12.5}
    assert scores["D9"] == {"before": 38.88, "after": 43.88, "difference": 5}
    changed = {node["id"]: node for node in difference["indicators"]}
    assert (changed["D1.01"]["code_before"], changed["D1.01"]["code_after"]) == ("partial", "unknown")
    assert changed["D9.06"]["score"] == {"before": 0, "after": 100, "difference": 100}
    assert changed["D9.06"]["text"].startswith("Public rule against undisclosed counter-comments: from 0.00 to")
    assert sum(round(group["lost"]["difference"] * 100) for group in difference["groups"]) == 75


def test_findings_appear_and_vanish_in_the_language_of_the_answer(client: Client) -> None:
    found = scored(
        client,
        request(D1_01={"numerator": 400, "denominator": 320})
        | {
            "what_if": {
                "answers": {
                    "D1.01": {"numerator": 160, "denominator": 320},
                    "D1.05": {"numerator": 13, "denominator": 12},
                }
            }
        },
        lang="es",
    )
    difference = found["what_if"]["difference"]
    assert [finding["rule"] for finding in difference["vanished"]] == ["V01.D1.01"]
    assert [finding["rule"] for finding in difference["appeared"]] == ["V01.D1.05"]
    assert difference["appeared"][0]["text"].startswith("No cuadra: unidades que aportan contenidos o respuestas: 13; ")
    assert found["findings"][0]["rule"] == "V01.D1.01"


def test_the_profile_and_its_evidence_can_be_supposed(client: Client) -> None:
    """Without criticism, and so without an answer to D9.04, it does not apply; where that is only declared, it may."""
    supposed: Answer = {"profile": {"critical_messages": 0}, "answers": {"D9.04": None}}
    for fields, code in (([], "not_applicable"), (["critical_messages"], "unknown")):
        found = scored(client, request() | {"what_if": supposed | {"profile_self_declared": fields}})
        codes = {node["id"]: node["code_after"] for node in found["what_if"]["difference"]["indicators"]}
        assert codes["D9.04"] == code


def test_supposing_nothing_differs_in_nothing(client: Client) -> None:
    found = scored(client, request() | {"what_if": {}})
    assert found["what_if"]["difference"]["index"] == {"before": 44.03, "after": 44.03, "difference": 0}
    assert found["what_if"]["difference"]["indicators"] == []


# --- path -----------------------------------------------------------------------------------------------------

PATH = "/v1/editions/2026/scores/XX-T-1/path"


def test_the_path_says_what_to_do_in_either_language(client: Client) -> None:
    """D9.01 57.50 → 75: D9 43.25, the index 44.465 → 44.47."""
    spanish, english = got(client, PATH, lang="es"), got(client, PATH, lang="en")
    assert (english["level"], english["target"], english["level_after"], english["index"]) == (3, 4, 4, 44.03)
    first = english["moves"][0]
    assert (first["indicator"], first["name"], first["change"]) == ("D9.01", "Response rate", {"numerator": 260})
    assert (first["gain"], first["index"], first["level"], first["requires"]) == (0.44, 44.47, 3, [])
    assert first["text"] == (
        "Give a substantive answer to more messages within 72 hours: from 206 to 260 (54 more), out of 400. The "
        "index then rises to 44.47."
    )
    assert spanish["moves"][0]["text"] == (
        "Responder con contenido a más mensajes en 72 horas: de 206 a 260 (54 más), de un total de 400. El índice sube "
        "entonces a 44,47."
    )
    count = len(english["moves"])
    assert english["text"] == (
        f"{count} improvements lead to level 4 (Conversation), with an index of {english['index_after']:.2f}."
    )
    assert spanish["text"].startswith(f"{count} mejoras llevan al nivel 4 (Conversación), con un índice de ")


def test_the_path_leads_where_it_says(client: Client) -> None:
    """Sent to be scored, what it changes gives the index and the level that it promises."""
    found = got(client, PATH)
    body = request()
    for move in found["moves"]:
        body["answers"][move["indicator"]] |= move["change"]
    score = scored(client, body)
    assert (score["index"], score["level"]) == (found["index_after"], found["level_after"])
    assert score["level"] == found["target"]


def test_what_is_out_of_reach_is_named(client: Client) -> None:
    """The draft of XX-T-2 in the open edition, as whoever may see it reads it."""
    caught = stated(BEFORE)
    caught = msgspec.structs.replace(caught, profile={**caught.profile, "integrity_case": True})
    with client.app.state["database"].write() as session:
        assessments.store_rows(
            session, [assessments.to_row("2027", "XX-T-2", caught, evaluate(METHODOLOGY, caught), NOW)]
        )
    found = got(client, "/v1/editions/2027/scores/XX-T-2/path", sign_in(client), lang="es")
    assert (found["level"], found["target"], found["moves"], found["index_after"]) == (2, 3, None, None)
    (gate,) = found["unreachable"]
    assert (gate["gate"]["gate"], gate["code"], gate["indicators"]) == ("L3.integrity", "profile", [])
    assert gate["text"].endswith("No lo responde la organización: lo anota el servicio.")
    assert found["text"] == "Las mejoras que se ven en las respuestas no bastan para el nivel 3 (Ventanilla)."


# --- changes --------------------------------------------------------------------------------------------------

CHANGES = "/v1/editions/2026/scores/XX-T-1/changes"


def test_a_change_is_split_into_methodology_coverage_and_data(client: Client) -> None:
    """2025: 432.78 → 43.28; with D1.01 known as in 2026: 445.28 → 44.53; 2026: 44.03."""
    found = got(client, CHANGES, since="2025")
    assert (found["edition_before"], found["edition"], found["organisation_name"]) == ("2025", "2026", "Zamora")
    assert found["index"] == {"before": 43.28, "methodology": 43.28, "coverage": 44.53, "after": 44.03}
    assert found["parts"] == {"methodology": 0, "coverage": 1.25, "data": -0.5, "total": 0.75}
    assert found["text"] == (
        "The index goes from 43.28 to 44.03: +0.75 points. Methodology 0.00 points, coverage +1.25 points, data -0.50 "
        "points."
    )
    assert {node["id"]: list(node["score"].values()) for node in found["indicators"]} == {
        "D1.01": [0, 0, 50, 50],
        "D9.06": [100, 100, 100, 0],
    }
    assert found["indicators"][0]["text"] == (
        "Staff with workplace access to social networks: from 0.00 to 50.00 by the coverage."
    )
    assert found["version_effects"]["text"] == "All that was stated counts under methodology 2026.1."
    assert (found["unrated"], found["level_before"], found["level_after"]) == ([], 3, 3)


def test_a_change_can_be_told_backwards_and_from_the_latest(client: Client) -> None:
    back = got(client, "/v1/editions/2025/scores/XX-T-1/changes", since="latest", lang="es")
    assert (back["edition_before"], back["parts"]["total"]) == ("2026", -0.75)
    # D1.01 is not known in 2025: 440.28 − 12.50 = 427.78 → 42.78
    assert back["index"] == {"before": 44.03, "methodology": 44.03, "coverage": 42.78, "after": 43.28}
    assert back["text"].startswith("El índice pasa de 44,03 a 43,28: -0,75 puntos.")


def test_a_change_of_version_has_its_part(client: Client) -> None:
    """2099.1-draft weighs the dimensions 8, 9, 8, 10, 12, 5, 12, 12, 14, 10, moves a goalpost of D9.02 and asks D9.09.

    S1: D9 36.375 → 36.38, the sum 4446.56: 44.47. S2: D9.09, of weight 5, is known and scores 50: D9 38.875 → 38.88,
    14·2.50 = 35 more: 4481.56, 44.82. S3: D6.06, 10 of the 90 that apply, from no to yes: D6 25.00 → 36.11, 5·11.11 =
    55.55 more: 4537.11, 45.37.
    """
    administrator = sign_in(client)
    found = got(client, "/v1/editions/2027/scores/XX-T-1/changes", administrator, since="2026")
    assert found["index"] == {"before": 44.03, "methodology": 44.47, "coverage": 44.82, "after": 45.37}
    assert found["parts"] == {"methodology": 0.44, "coverage": 0.35, "data": 0.55, "total": 1.34}
    changed = {node["id"]: list(node["score"].values()) for node in found["indicators"]}
    assert changed == {"D6.06": [0, 0, 0, 100], "D9.09": [None, 0, 50, 50]}
    assert (found["version_effects"]["new_indicators"], found["version_effects"]["dropped_answers"]) == (["D9.09"], [])
    assert found["version_effects"]["text"] == (
        "Methodology 2099.1-draft also asks this, which is not known: “Automated answers disclosed”."
    )
    back = got(client, "/v1/editions/2026/scores/XX-T-1/changes", administrator, since="2027", lang="es")
    assert back["version_effects"]["text"] == (
        "La metodología 2026.1 no pide estas respuestas, o no en esa forma: «Respuestas automáticas identificadas»."
    )
    (gone,) = [node for node in back["indicators"] if node["id"] == "D9.09"]
    assert (gone["code_before"], gone["code_after"], gone["name"]) == (
        "partial",
        None,
        "Respuestas automáticas identificadas",
    )
    assert gone["text"] == "Respuestas automáticas identificadas: de 50,00 a nada por la metodología."


@pytest.mark.parametrize(
    ("path", "since", "missing"),
    [
        (CHANGES, "1999", "1999"),
        ("/v1/editions/1999/scores/XX-T-1/changes", "2025", "1999"),
        (CHANGES, "2027", "2027"),
        ("/v1/editions/2026/scores/XX-T-2/changes", "2024-none", "2024-none"),
        ("/v1/editions/2026/scores/nobody/changes", "2025", "nobody"),
    ],
)
def test_what_is_missing_is_named(client: Client, path: str, since: str, missing: str) -> None:
    found = problem(client.get(path, params={"from": since}), 404, "not-found")
    assert missing in found["detail"]


@pytest.mark.parametrize(
    ("language", "detail"), [("es", "Falta este parámetro."), ("en", "This parameter is missing.")]
)
def test_what_is_missing_of_a_query_is_called_a_parameter(client: Client, language: str, detail: str) -> None:
    (error,) = problem(client.get(CHANGES, params={"lang": language}), 400, "invalid-request")["errors"]
    assert error["detail"] == detail


# --- who sees what --------------------------------------------------------------------------------------------


def test_both_editions_of_a_change_have_to_be_seen(client: Client) -> None:
    mine = sign_in(client, "organisation_editor", "XX-T-1")
    assert got(client, CHANGES, mine, since="2027")["edition_before"] == "2027"
    problem(client.get(CHANGES, params={"from": "2027"}), 404, "not-found")


# --- another version ------------------------------------------------------------------------------------------

HISTORY = "/v1/organisations/XX-T-1/scores"


def test_under_its_own_version_an_edition_scores_as_it_did(client: Client) -> None:
    plain = got(client, HISTORY)["items"]
    assert [(item["edition"], item["rank"], item["version_effects"]) for item in plain] == [
        ("2026", 1, None),
        ("2025", 1, None),
    ]
    assert got(client, HISTORY, methodology="2026.1")["items"] == plain


def test_every_edition_is_told_under_the_version_that_is_asked_for(client: Client) -> None:
    """2025: D1.01 unknown, 8·12.50 less, and D9.06 at 100, 14·5.00 more: 4446.56 − 100 + 70 = 4416.56 → 44.17."""
    items = got(client, HISTORY, methodology="2099.1-draft", lang="es")["items"]
    assert [(item["edition"], item["index"], item["rank"], item["methodology"]) for item in items] == [
        ("2026", 44.47, None, "2099.1-draft"),
        ("2025", 44.17, None, "2099.1-draft"),
    ]
    assert [(item["dimensions"]["D9"], item["index_max"], item["status"]) for item in items] == [
        (36.38, 45.17, "sufficient"),
        (41.38, 46.87, "sufficient"),
    ]
    assert {item["version_effects"]["text"] for item in items} == {
        "La metodología 2099.1-draft pide además esto, que no se sabe: «Respuestas automáticas identificadas»."
    }


def test_what_a_version_does_not_ask_is_dropped(client: Client) -> None:
    """2027 was stated under the draft: without D9.09, and D6 at 36.11, the sum is 440.28 + 11.11 = 451.39 → 45.14."""
    mine = sign_in(client, "organisation_editor", "XX-T-1")
    later, *_ = got(client, HISTORY, mine, methodology="2026.1")["items"]
    assert (later["edition"], later["index"], later["coverage"], later["rank"]) == ("2027", 45.14, 1, None)
    assert later["version_effects"]["dropped_answers"] == ["D9.09"]


def test_what_of_2026_1_carries_over_is_scored_by_2027_1_and_the_rest_is_named(client: Client) -> None:
    """25 of the 66 answers of example A are asked in the same form: too few for a level.

    D4: 15 · 50 (two of four networks), 20 · 50 (four of eight elements) and 15 · 50 (step 2) of 100: 25. D6: 50 · 50
    (one practice). D10: 25 · 75 (step 3): 18.75.
    """
    latest = got(client, HISTORY, methodology="2027.1")["items"][0]
    effects = latest["version_effects"]
    assert (len(request()["answers"]), len(effects["dropped_answers"])) == (66, 41)
    assert [latest["dimensions"][name] for name in ("D4", "D6", "D10")] == [25, 25, 18.75]
    assert (latest["methodology"], latest["status"], latest["level"]) == ("2027.1", "insufficient_evidence", None)
    assert effects["new_fields"] == ["replies_w12", "test_questions", "test_answered"]
    told, asked = effects["text"].split(" Methodology 2027.1 also asks this, which is not known: ")
    assert told.startswith(
        "Methodology 2027.1 does not ask for these answers, or not in that form: “Staff with workplace"
    )
    assert asked.startswith("“Access to the networks from the workplace”")


@pytest.mark.both_databases
def test_pages_go_on_under_the_version_that_is_asked_for(client: Client) -> None:
    first = got(client, HISTORY, methodology="2099.1-draft", limit="1")
    second = client.get(first["next"]).json()
    assert [item["index"] for item in (*first["items"], *second["items"])] == [44.47, 44.17]
