"""Assessments over HTTP: written, changed and submitted, always with their score; on both databases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import text

from actitud_api.engine.methodology.loader import load_methodology, read_methodology
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service
from tests.contract.asgi import Sent, exchange
from tests.contract.installation import calendar
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.assessing import DOMAIN, Body, body_a, document, request_a
from tests.support.databases import record_statements, unlimited
from tests.support.keys import create_header
from tests.support.publishing import BIG, submissions
from tests.support.scale import OVERLAPPING

pytestmark = pytest.mark.serving

Client = TestClient[Litestar]

MINE, OTHER, NOBODY = "ES-DIR3-L01280796", "ES-DIR3-L01462508", "ES-DIR3-L01080193"
ALIAS = "XX-TEST-MADRID"
EDITION = "2027"
ASSESSMENTS = f"/v1/editions/{EDITION}/assessments"
PATH = f"{ASSESSMENTS}/{MINE}"
SCORE = f"/v1/editions/{EDITION}/scores/{MINE}"
NEW = {
    "id": EDITION,
    "titles": {"es": "Edición", "en": "Edition"},
    "methodology": "2026.1",
    "period_from": "2026-01-01",
    "period_to": "2026-12-31",
    "calendar": calendar(2095),
}
CREATE = {"If-None-Match": "*"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}
WRITERS, WRITES = 16, OVERLAPPING


@pytest.fixture
def application(url: str) -> Iterator[Litestar]:
    """The application."""
    with borrow_app(unlimited(url)) as app:
        yield app


@pytest.fixture
def administrator(application: Litestar) -> dict[str, str]:
    return create_header(application.state["database"])


@pytest.fixture
def client(application: Litestar, administrator: dict[str, str]) -> Iterator[Client]:
    """A client that holds the key of the first of two organisations, whose domain is declared; the edition is open."""
    with TestClient(application) as opened:
        assert opened.post("/v1/editions", json=NEW, headers=administrator).status_code == 201
        for name in (MINE, OTHER):
            organisation = {"id": name, "name": name, "kind": "MUN", "aliases": [ALIAS] if name == MINE else []}
            made = opened.post("/v1/organisations", json=organisation, headers=administrator)
            assert made.status_code == 201, made.text
        declare(opened, administrator, MINE, DOMAIN)
        opened.headers.update(create_header(application.state["database"], "organisation_editor", MINE))
        yield opened


def declare(client: Client, administrator: dict[str, str], organisation: str, *domains: str) -> None:
    """Makes those the domains of an organisation."""
    headers = {**administrator, **MERGE_PATCH, "If-Match": "*"}
    change = json.dumps({"domains": domains})
    changed = client.patch(f"/v1/organisations/{organisation}", content=change, headers=headers)
    assert changed.status_code == 200, changed.text


def put(client: Client, body: Body, path: str = PATH, **headers: str) -> httpx.Response:
    return client.put(path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def create(client: Client, body: Body | None = None) -> httpx.Response:
    """Makes the assessment."""
    made = put(client, body_a() if body is None else body, If_None_Match="*")
    assert made.status_code == 201, made.text
    return made


def patch(client: Client, tag: str = "*", **members: object) -> httpx.Response:
    body = json.dumps({"methodology": "2026.1", **members})
    return client.patch(PATH, content=body, headers={**MERGE_PATCH, "If-Match": tag})


def submit(client: Client, tag: str = "*", explanations: Body | None = None) -> httpx.Response:
    headers = {"If-Match": tag}
    return client.post(f"{PATH}/submissions", json={"explanations": explanations or {}}, headers=headers)


# --- the score ------------------------------------------------------------------------------------------------


def test_an_assessment_with_evidence_scores_as_the_stateless_call(
    client: Client, administrator: dict[str, str]
) -> None:
    answer = create(client).json()

    stateless = client.post("/v1/scores", json=request_a()).json()
    sheet = client.get(SCORE, headers=administrator).json()
    # Published in the catalogue, section 10.A.
    assert answer["index"] == stateless["index"] == 44.03
    for name, value in stateless.items():
        assert sheet[name] == value, name
    for name in ("index", "index_max", "coverage", "status"):
        assert answer[name] == stateless[name]
    assert answer["level"] == stateless["level"]


def test_without_evidence_it_scores_less(client: Client) -> None:
    answer = create(client, body_a(evidence=False)).json()

    declared = request_a()
    for one in declared["answers"].values():
        one["basis"] = "self_declared"
    fields = client.get("/v1/methodologies/2026.1").json()["document"]["profile"]
    declared["profile_self_declared"] = [field["name"] for field in fields if field["needs_evidence"]]
    assert answer["index"] == client.post("/v1/scores", json=declared).json()["index"]
    assert answer["index"] < 44.03


def test_evidence_of_a_domain_that_is_not_declared_is_none(client: Client, administrator: dict[str, str]) -> None:
    bare = create(client, body_a(evidence=False)).json()
    declare(client, administrator, MINE, "other.example")

    answer = put(client, body_a(), If_Match="*").json()

    assert answer["index"] == bare["index"]
    found = {(finding["rule"], finding["severity"], finding["code"]) for finding in answer["findings"]}
    assert found >= {("undeclared_domain", "error", "evidence")}
    first = next(finding for finding in answer["findings"] if finding["pointer"].startswith("/answers/"))
    assert first["pointer"] == "/answers/D1.01/evidence/0/url"
    assert "ayto.example is neither a declared domain" in first["text"]


def test_another_domain_judges_the_evidence_again(client: Client, administrator: dict[str, str]) -> None:
    tag = create(client).headers["etag"]

    declare(client, administrator, MINE, "other.example")
    without = client.get(PATH)
    declare(client, administrator, MINE, "ayto.example", "other.example")
    with_it = client.get(PATH)

    assert without.json()["index"] < 44.03
    assert client.get(SCORE, headers=administrator).json()["index"] == with_it.json()["index"] == 44.03
    assert len({tag, without.headers["etag"], with_it.headers["etag"]}) == 3
    assert with_it.json()["findings"] == create_findings(client)


def create_findings(client: Client) -> list[Body]:
    """The findings of the same content, written anew."""
    found: list[Body] = put(client, body_a(), If_Match="*").json()["findings"]
    return found


def test_an_edition_that_is_not_open_is_not_judged_again(client: Client, administrator: dict[str, str]) -> None:
    create(client)
    review(client, administrator)

    declare(client, administrator, MINE, "other.example")

    assert client.get(PATH).json()["index"] == 44.03


def review(client: Client, administrator: dict[str, str]) -> None:
    """Puts the edition in review."""
    change = json.dumps({"state": "in_review"})
    headers = {**administrator, **MERGE_PATCH, "If-Match": "*"}
    assert client.patch(f"/v1/editions/{EDITION}", content=change, headers=headers).status_code == 200


def test_a_patch_is_in_the_sheet_the_list_and_the_rank_of_the_next_request(
    application: Litestar, client: Client, administrator: dict[str, str]
) -> None:
    """Two organisations; what the first one changes moves it below and above the second."""
    create(client)
    declare(client, administrator, OTHER, DOMAIN)
    weaker = body_a()
    weaker["answers"]["D1.02"]["level"] = 0
    other = client.put(
        f"{ASSESSMENTS}/{OTHER}",
        json=weaker,
        headers={**create_header(application.state["database"], "organisation_editor", OTHER), **CREATE},
    )
    assert other.status_code == 201
    tags = [client.get(PATH).headers["etag"]]

    def places() -> list[tuple[str, int]]:
        rows = client.get(f"/v1/editions/{EDITION}/scores", headers=administrator).json()["items"]
        for row in rows:
            sheet = client.get(f"/v1/editions/{EDITION}/scores/{row['organisation']}", headers=administrator).json()
            assert {name: sheet[name] for name in ("index", "index_max", "rank", "status", "coverage")} == {
                name: row[name] for name in ("index", "index_max", "rank", "status", "coverage")
            }
        return [(row["organisation"], row["rank"]) for row in rows]

    assert places() == [(MINE, 1), (OTHER, 2)]
    # 15 of 100 in a dimension of ten: level 2 (50 points) is 0.75 of the index, and so is level 1 (25) 0.375.
    for change, expected, index in (
        ({"answers": {"D1.02": None}}, [(OTHER, 1), (MINE, 1)], 43.28),
        ({"answers": {"D1.02": {"level": 2, "evidence": [document("guide")]}}}, [(MINE, 1), (OTHER, 2)], 44.03),
        ({"answers": {"D1.02": {"level": 0}}}, [(MINE, 1), (OTHER, 1)], 43.28),
    ):
        answer = patch(client, tags[-1], **change)
        assert answer.status_code == 200, answer.text
        tags.append(answer.headers["etag"])
        assert answer.json()["index"] == index
        assert sorted(places()) == sorted(expected)
    assert len(set(tags)) == 4


# --- writing --------------------------------------------------------------------------------------------------


def test_what_was_sent_is_read_and_can_be_sent_again(client: Client) -> None:
    body = body_a()
    body["answers"]["D1.01"]["note"] = "Puestos sin acceso: los de la sala de plenos"
    body["answers"]["D1.01"]["evidence"][0] |= {"note": "Página 3", "sha256": "0f" * 32}
    del body["profile_evidence"]["units"]

    made = create(client, body)
    read = client.get(PATH)

    assert made.headers["location"] == PATH
    assert (read.json(), read.headers["etag"]) == (made.json(), made.headers["etag"])
    answer = made.json()
    assert answer["profile"] == body["profile"]
    assert answer["answers"]["D1.01"] == {
        "numerator": 160,
        "denominator": 320,
        "evidence": [
            {
                "url": f"https://{DOMAIN}/evidence/D1.01.pdf",
                "date": "2025-10-01",
                "note": "Página 3",
                "sha256": "0f" * 32,
            }
        ],
        "note": "Puestos sin acceso: los de la sala de plenos",
        "source": None,
    }
    assert (answer["state"], answer["submitted"], answer["organisation_name"]) == ("draft", None, MINE)
    assert answer["created"] == answer["updated"]
    again = {name: answer[name] for name in ("methodology", "profile", "profile_evidence", "answers")}
    second = put(client, again, If_Match=made.headers["etag"])
    assert second.status_code == 200
    assert {**second.json(), "updated": answer["updated"]} == answer
    assert second.headers["etag"] != made.headers["etag"]


@pytest.mark.both_databases
def test_a_write_answers_as_a_read_without_reading_what_it_wrote(client: Client) -> None:
    def ensure_not_read_back(statements: list[str]) -> None:
        (write,) = (
            place
            for place, statement in enumerate(statements)
            if statement.startswith(("INSERT INTO assessment ", "UPDATE assessment "))
        )
        assert not [statement for statement in statements[write + 1 :] if "FROM assessment" in statement]

    writes: list[Callable[[], httpx.Response]] = [
        lambda: put(client, body_a(), If_None_Match="*"),
        lambda: put(client, body_a(evidence=False), If_Match="*"),
        lambda: patch(client, answers={"D1.02": {"level": 1, "evidence": [document("other")]}, "D1.01": None}),
    ]
    for write in writes:
        with record_statements() as statements:
            written = write()
        assert written.is_success, written.text
        ensure_not_read_back(statements)
        read = client.get(PATH)
        assert (written.content, written.headers["ETag"]) == (read.content, read.headers["ETag"])
    with record_statements() as statements:
        submitted = submit(client)
    assert submitted.status_code == 201, submitted.text
    ensure_not_read_back(statements)
    assert submitted.content == client.get(submitted.headers["Location"]).content


def test_a_draft_that_was_removed_is_made_anew_with_other_tags(client: Client) -> None:
    tag = create(client).headers["etag"]
    removed = client.delete(PATH, headers={"If-Match": tag})
    assert (removed.status_code, removed.content) == (204, b"")
    assert client.get(PATH).status_code == 404
    assert client.delete(PATH, headers={"If-Match": "*"}).status_code == 404
    assert put(client, body_a(), If_Match="*").status_code == 412
    assert create(client).status_code == 201
    assert patch(client, tag).status_code == 412


def test_a_draft_that_contradicts_itself_is_kept_with_its_findings(client: Client) -> None:
    body = body_a()
    body["answers"]["D1.01"]["numerator"] = 400

    answer = create(client, body).json()

    finding = next(finding for finding in answer["findings"] if finding["rule"] == "V01.D1.01")
    assert (finding["severity"], finding["code"], finding["pointer"]) == ("error", "contradicted", "/answers/D1.01")
    assert finding["indicators"] == ["D1.01"]
    assert answer["answers"]["D1.01"]["numerator"] == 400


@pytest.mark.parametrize(
    ("change", "pointer", "secret"),
    [
        (
            {"answers": {"D1.01": {"numerator": 1, "denominator": 2, "note": "Llamar al 612 345 678"}}},
            "/answers/D1.01/note",
            "612 345 678",
        ),
        (
            {"profile_evidence": {"units": [{**document("units"), "note": "DNI 12345678Z"}]}},
            "/profile_evidence/units/0/note",
            "12345678Z",
        ),
    ],
)
def test_personal_data_in_a_note_are_refused_and_not_repeated(
    client: Client, change: Body, pointer: str, secret: str, capfd: pytest.CaptureFixture[str]
) -> None:
    create(client)
    before = client.get(PATH).content

    refused = patch(client, **change)

    (error,) = problem(refused, 400, "invalid-request")["errors"]
    assert (error["pointer"], error["rule"], error["value"]) == (pointer, "not", None)
    assert "has personal data" in error["detail"]
    written = capfd.readouterr()
    assert secret not in refused.text + written.out + written.err
    assert client.get(PATH).content == before


def test_an_edition_under_a_draft_takes_answers_to_the_draft(client: Client, administrator: dict[str, str]) -> None:
    """Example A, with the indicator that 2026.1 does not have: 44.47 without it (test_draft), D9 3.75 points more.

    4446.56 - 14·36.38 + 14·40.13 = 4499.06.
    """
    tried = {**NEW, "id": "2027-trial", "methodology": "2099.1-draft", "accept_draft": True}
    assert client.post("/v1/editions", json=tried, headers=administrator).status_code == 201
    path = f"/v1/editions/2027-trial/assessments/{MINE}"
    body = {**body_a(), "methodology": "2099.1-draft"}
    body["answers"]["D9.09"] = {"level": 3, "evidence": [document("D9.09")]}

    answer = put(client, body, path, If_None_Match="*").json()

    assert (answer["methodology"], answer["index"], answer["coverage"]) == ("2099.1-draft", 44.99, 1)
    assert answer["answers"]["D9.09"]["level"] == 3
    sheet = client.get(f"/v1/editions/2027-trial/scores/{MINE}", headers=administrator).json()
    assert (sheet["methodology"]["version"], sheet["index"]) == ("2099.1-draft", 44.99)
    (row,) = client.get("/v1/editions/2027-trial/scores", headers=administrator).json()["items"]
    assert (row["index"], row["dimensions"]["D9"]) == (44.99, 40.13)
    (error,) = problem(put(client, body, If_None_Match="*"), 409, "conflict")["errors"]
    assert (error["pointer"], error["value"], error["suggestion"]) == ("/methodology", "2099.1-draft", "2026.1")


def test_answers_under_another_methodology_are_no_answers_to_the_edition(client: Client) -> None:
    body = body_a()
    body["methodology"] = "2026.2"
    (error,) = problem(put(client, body, If_None_Match="*"), 400, "invalid-request")["errors"]
    assert (error["pointer"], error["suggestion"]) == ("/methodology", "2026.1")
    (error,) = problem(put(client, body_a("2027.1"), If_None_Match="*"), 409, "conflict")["errors"]
    assert (error["pointer"], error["value"], error["suggestion"]) == ("/methodology", "2027.1", "2026.1")

    create(client)
    database: Database = client.app.state["database"]
    with database.write() as session:
        session.connection().execute(text("UPDATE edition SET methodology = '2027.1'"))
    for write in (put(client, body_a(), If_Match="*"), patch(client, answers={"D1.01": None})):
        (error,) = problem(write, 409, "conflict")["errors"]
        assert (error["pointer"], error["value"], error["suggestion"]) == ("/methodology", "2026.1", "2027.1")


def test_a_body_that_does_not_come_whole_stores_nothing(client: Client) -> None:
    create(client)
    before = client.get(PATH).content
    whole = json.dumps(body_a(evidence=False)).encode()
    half, held = whole[: len(whole) // 2], client.headers["authorization"].encode()

    for method, path, kind, condition in (
        ("PUT", PATH, b"application/json", (b"if-match", b"*")),
        ("PUT", f"{ASSESSMENTS}/{MINE}", b"application/json", (b"if-none-match", b"*")),
        ("PATCH", PATH, b"application/merge-patch+json", (b"if-match", b"*")),
        ("POST", f"{PATH}/submissions", b"application/json", (b"if-match", b"*")),
    ):
        headers = [(b"authorization", held), (b"content-type", kind), condition]
        for chunks in ([half], [half, b""], [whole]):
            sent = Sent(method, path.encode(), headers, chunks, hangs_up=True)
            assert asyncio.run(exchange(client.app, sent)).status == 400
        cut = Sent(method, path.encode(), headers, [half])
        assert asyncio.run(exchange(client.app, cut)).status == 400

    assert client.get(PATH).content == before
    assert client.get(f"{PATH}/submissions").json()["items"] == []


# --- submitting -----------------------------------------------------------------------------------------------


def test_an_assessment_without_errors_is_submitted_and_then_stays(client: Client) -> None:
    tag = create(client).headers["etag"]

    made = submit(client, tag)

    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"{PATH}/submissions/1"
    answer = made.json()
    assert (answer["id"], answer["index"]) == ("1", 44.03)
    read = client.get(made.headers["location"])
    assert read.json() == answer
    listed = client.get(f"{PATH}/submissions").json()["items"]
    assert listed == [{name: answer[name] for name in listed[0]}]
    assessment = client.get(PATH)
    assert (assessment.json()["state"], assessment.json()["submitted"]) == ("submitted", answer["submitted"])
    assert assessment.headers["etag"] != tag
    for write in (
        put(client, body_a(), If_Match=assessment.headers["etag"]),
        patch(client, answers={"D1.01": None}),
        client.delete(PATH, headers={"If-Match": "*"}),
        submit(client),
    ):
        (error,) = problem(write, 409, "conflict")["errors"]
        assert (error["pointer"], error["rule"], error["value"]) == ("", "state", "submitted")
        assert error["allowed"] == ["under_review", "returned"]
    assert client.get(PATH).content == assessment.content


def test_errors_keep_an_assessment_from_being_submitted_and_all_are_told(client: Client) -> None:
    body = body_a()
    body["answers"]["D1.01"]["numerator"] = 400
    body["answers"]["D8.05"] = None
    body["answers"]["D2.01"]["evidence"] = [document("D2.01", host="other.example"), document("x", when="2999-01-01")]
    create(client, body)
    before = client.get(PATH)
    errors = [finding for finding in before.json()["findings"] if finding["severity"] == "error"]

    refused = client.post(
        f"{PATH}/submissions", json={}, params={"lang": "es"}, headers={"If-Match": before.headers["etag"]}
    )

    told = problem(refused, 409, "conflict")["errors"]
    assert {(error["pointer"], error["rule"]) for error in told} == {
        (finding["pointer"], finding["rule"]) for finding in errors
    }
    assert {(error["pointer"], error["rule"]) for error in told} >= {
        ("/answers/D1.01", "V01.D1.01"),
        ("/answers/D10.02", "V15.F1"),
        ("/answers/D2.01/evidence/0/url", "undeclared_domain"),
        ("/answers/D2.01/evidence/1/date", "future_date"),
    }
    assert len(told) == len(errors)
    sentences = " ".join(error["detail"] for error in told)
    assert "other.example no es un dominio declarado" in sentences
    assert "1 de enero de 2999, está por llegar" in sentences
    assert "equipos con acceso a las redes: 400; equipos conectados sin exclusión documentada: 320" in sentences
    after = client.get(PATH)
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
    assert client.get(f"{PATH}/submissions").json()["items"] == []


def test_warnings_are_submitted_with_their_explanations(client: Client) -> None:
    body = body_a()
    for answer in body["answers"].values():
        answer["evidence"] = [document("manual")]
    body["answers"]["D1.01"]["evidence"] = [document("other")]
    create(client, body)

    unneeded = submit(client, explanations={"document_reused": "Es el manual", "V99": "Sobra"})
    made = submit(client, explanations={"document_reused": "Es el manual de uso, de 80 páginas"})

    (error,) = problem(unneeded, 409, "conflict")["errors"]
    assert (error["pointer"], error["rule"]) == ("/explanations/V99", "no_warning")
    assert made.status_code == 201
    answer = made.json()
    assert answer["explanations"] == {"document_reused": "Es el manual de uso, de 80 páginas"}
    assert [finding["rule"] for finding in answer["findings"]].count("document_reused") == 1


def test_explanations_are_published_so_they_have_no_personal_data(client: Client) -> None:
    create(client)
    refused = submit(client, explanations={"V13": "Preguntar a ana@example.org"})
    (error,) = problem(refused, 400, "invalid-request")["errors"]
    assert (error["pointer"], error["rule"], error["value"]) == ("/explanations/V13", "not", None)


# --- who, where -----------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_an_organisation_lists_its_own_and_an_administrator_all(
    application: Litestar, client: Client, administrator: dict[str, str]
) -> None:
    create(client)
    other = {**create_header(application.state["database"], "organisation_editor", OTHER), **CREATE}
    assert client.put(f"{ASSESSMENTS}/{OTHER}", json=body_a(evidence=False), headers=other).status_code == 201
    assert submit(client).status_code == 201

    def listed(**parameters: str) -> list[tuple[str, str]]:
        rows = client.get(ASSESSMENTS, params=parameters, headers=administrator).json()["items"]
        return [(row["organisation"], row["state"]) for row in rows]

    (mine,) = client.get(ASSESSMENTS).json()["items"]
    whole = client.get(PATH).json()
    assert mine == {name: whole[name] for name in mine}
    assert listed() == [(MINE, "submitted"), (OTHER, "draft")]
    assert listed(state="draft") == [(OTHER, "draft")]
    assert client.get(ASSESSMENTS, params={"state": "draft"}).json()["items"] == []
    first = client.get(ASSESSMENTS, params={"limit": 1}, headers=administrator).json()
    assert [row["organisation"] for row in first["items"]] == [MINE]
    assert listed(cursor=first["next_cursor"]) == [(OTHER, "draft")]


def test_an_edition_in_review_takes_nothing(client: Client, administrator: dict[str, str]) -> None:
    create(client)
    before = client.get(PATH).content
    review(client, administrator)

    for write in (
        put(client, body_a(), If_Match="*"),
        patch(client, answers={"D1.01": None}),
        client.delete(PATH, headers={"If-Match": "*"}),
        submit(client),
        client.put(f"{ASSESSMENTS}/{OTHER}", json=body_a(), headers={**administrator, **CREATE}),
    ):
        assert problem(write, 409, "conflict")["detail"] == (
            "The assessments of the edition 2027 do not change so, because the edition is in review."
        )

    assert client.get(PATH).content == before


# --- at once --------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_no_change_of_many_at_once_is_lost(client: Client) -> None:
    """Each writer raises the number by one, over and over, and tries again when somebody else was faster."""
    body = body_a(evidence=False)
    create(client, {**body, "answers": {"D1.01": {"numerator": 0, "denominator": WRITERS * WRITES}}})

    def write(_: int) -> int:
        refused = 0
        for _ in range(WRITES):
            while True:
                read = client.get(PATH)
                facts = read.json()["answers"]["D1.01"]
                facts["numerator"] += 1
                answer = patch(client, read.headers["etag"], answers={"D1.01": facts})
                if answer.status_code == 200:
                    break
                assert answer.status_code == 412, answer.text
                refused += 1
        return refused

    with ThreadPoolExecutor(WRITERS) as pool:
        refused = sum(pool.map(write, range(WRITERS)))

    assert client.get(PATH).json()["answers"]["D1.01"]["numerator"] == WRITERS * WRITES
    assert refused > 0


def test_domains_wait_for_whoever_is_judged_by_them(client: Client, administrator: dict[str, str]) -> None:
    """Else an assessment that is being written meanwhile would keep what the old domains made of its evidence."""
    database: Database = client.app.state["database"]
    sent = msgspec.convert(body_a(), service.REQUEST_TYPES["2026.1"].whole)
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            now = datetime.now(UTC)
            service.put_assessment(session, EDITION, MINE, sent, expected=lambda revision: revision is None, now=now)
            changing = pool.submit(declare, client, administrator, MINE, "other.example")
            assert wait([changing], timeout=0.5).done == set()
        changing.result()

    assert client.get(PATH).json()["index"] < 44.03


@pytest.mark.both_databases
def test_of_many_that_create_or_submit_at_once_one_does(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: put(client, body_a(), If_None_Match="*").status_code, range(8)))
        tag = client.get(PATH).headers["etag"]
        submitted = list(pool.map(lambda _: submit(client, tag).status_code, range(8)))
    assert sorted(made) == [201] + [412] * 7
    assert sorted(submitted) == [201] + [412] * 7
    assert len(client.get(f"{PATH}/submissions").json()["items"]) == 1


def test_dimensions_are_stored_as_they_are_published() -> None:
    """D1 of example A is 38.75, and 39 where its document publishes it without decimals; D2 is 60.82."""
    document = msgspec.json.decode(load_methodology("2026.1").written)
    document["root"]["children"][0]["published_decimals"] = 0
    methodology = read_methodology(None, "draft", msgspec.json.encode(document), {})
    columns = service.figure_columns(evaluate(methodology, submissions()[BIG]))
    assert (columns["d1"], columns["d2"], columns["index_value"]) == (3_900, 6_082, 4_403)
