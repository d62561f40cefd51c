"""The review workbook over HTTP: downloaded, filled in, and given by a job."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from typing import Final

import httpx
import openpyxl
import pytest
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import text

from actitud_api.platform.http.representations import XLSX
from actitud_api.platform.spreadsheets.package import WorkbookRejected
from actitud_api.resources.reviews import service as reviews
from actitud_api.web.workbooks.verdicts.layout import WorkbookIdentity
from actitud_api.web.workbooks.verdicts.tasks import SentWorkbook, read_rows
from tests.http.batches.test_transitions_http import Office
from tests.support.applications import borrow_app
from tests.support.assessing import Body
from tests.support.databases import unlimited
from tests.support.drafting import EDITION
from tests.support.keys import present_key
from tests.support.settling import settle

PATH: Final = f"/v1/editions/{EDITION}/verdicts"


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    """Two assessments are under review."""
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        made = Office(app, client)
        made.run({"step": "submissions", "organisations": made.names[:2]})
        for name in made.names[:2]:
            settle(made.database, EDITION, name, "under_review")
        yield made


def download(office: Office, who: str = "assessor", lang: str = "es") -> openpyxl.Workbook:
    answer = office.client.get(f"{PATH}/workbook?lang={lang}", headers=present_key(office.keys[who]))
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    assert answer.headers["content-disposition"] == f'attachment; filename="actitud-2027-{lang}.xlsx"'
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def send(office: Office, content: bytes, who: str = "assessor") -> httpx.Response:
    return office.client.post(PATH, content=content, headers={**present_key(office.keys[who]), "Content-Type": XLSX})


def give(office: Office, content: bytes, who: str = "assessor") -> tuple[Body, list[Body]]:
    """Send a workbook and do its job; return how it ended, and its results in Spanish."""
    answer = send(office, content, who)
    assert answer.status_code == 202, answer.text
    assert office.runner.run_due() == 1
    path = answer.headers["location"]
    return office.get(f"{path}?lang=es", who), office.get(f"{path}/items?lang=es", who)["items"]


def save(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_each_row_is_given_or_named_with_its_cell(office: Office) -> None:
    book = download(office)
    sheet = book["Dictámenes"]
    answers = (sheet.max_row - 4) // 2
    other = 5 + answers
    assert sheet[f"A{other}"].value == office.names[1]
    for cell, value in (
        ("H5", "Vale"),
        ("H6", "Se rechaza: no cuenta"),
        (f"H{other}", "Se demuestra un paso inferior"),
        (f"I{other}", 1),
        (f"J{other}", "Solo el paso 1."),
    ):
        sheet[cell] = value
    job, items = give(office, save(book))
    assert (job["state"], job["done"], job["total"], job["outcomes"]) == ("succeeded", 3, 3, {"done": 1, "refused": 2})
    assert job["result"] == {"rows": 3}
    one, two = office.names[:2]
    assert [(item["subject"], item["outcome"]) for item in items] == [
        (f"{one}/D1.01", "done"),
        (f"{one}/D1.02", "refused"),
        (f"{two}/D1.01", "refused"),
    ]
    errors = [item["problem"]["errors"][0] for item in items[1:]]
    assert [(error["pointer"], error["rule"], error["detail"]) for error in errors] == [
        ("Dictámenes!J6", "required", "Este dictamen lleva un motivo, que se publica: escríbalo en esta celda."),
        (f"Dictámenes!H{other}", "ladder", "D1.01 no tiene pasos que limitar."),
    ]
    review = reviews.get_answer_review(office.database, EDITION, one, "D1.01")
    assert [verdict.verdict for verdict in review.verdicts] == ["accepted"]
    assert office.actions().count("editions.assessments.verdicts.put") == 1
    job, items = give(office, save(book))
    assert job["outcomes"] == {"refused": 2, "unchanged": 1}


def test_another_process_hands_over_the_rows_and_their_faults(office: Office) -> None:
    """What a process does not take as an argument, or does not give back, pickle does not either."""
    book = download(office)
    book["Dictámenes"]["H5"], book["Dictámenes"]["H6"] = "Vale", "Se rechaza: no cuenta"
    key = office.client.get("/v1/keys", headers=present_key(office.keys["assessor"]))
    identity = WorkbookIdentity(EDITION, "2026.1", key.json()["items"][0]["id"])
    sent = pickle.loads(pickle.dumps(SentWorkbook(save(book), identity)))
    given, faulty = pickle.loads(pickle.dumps(read_rows(sent)))
    assert (given.row.judgement.opinion.verdict, given.problem) == ("accepted", None)
    assert (faulty.row.judgement, [fault.pointer for fault in faulty.problem.faults]) == (None, ["Dictámenes!J6"])
    with pytest.raises(WorkbookRejected) as rejected:
        read_rows(structs.replace(sent, identity=identity._replace(edition="2031")))
    copy = pickle.loads(pickle.dumps(rejected.value))
    assert (type(copy), copy.rule, copy.detail) == (WorkbookRejected, "edition", rejected.value.detail)


def test_what_is_no_workbook_of_the_key_fails_the_job_with_the_reason(office: Office) -> None:
    other = save(download(office, "administrator"))
    for content, rule in ((b"no spreadsheet", "format"), (other, "assessor")):
        job, items = give(office, content)
        assert (job["state"], items) == ("failed", [])
        assert job["problem"]["status"] == 409
        assert [error["rule"] for error in job["problem"]["errors"]] == [rule]
    assert office.actions().count("editions.assessments.verdicts.put") == 0
    assert count_files(office) == 0


def test_no_file_outlives_its_job(office: Office) -> None:
    content = save(download(office))
    cancelled = send(office, content)
    path = f"{cancelled.headers['location']}/cancellations"
    answer = office.client.post(path, headers=present_key(office.keys["assessor"]))
    assert answer.status_code == 202
    assert count_files(office) == 0
    job, _ = give(office, content)
    assert job["state"] == "succeeded"
    assert count_files(office) == 0


def count_files(office: Office) -> object:
    with office.database.read() as session:
        return session.connection().execute(text("SELECT count(*) FROM batch_file")).scalar_one()


@pytest.mark.night
def test_a_sample_has_to_be_drawn(office: Office) -> None:
    headers = present_key(office.keys["assessor"])
    assert office.client.get(f"{PATH}/workbook?sample=true", headers=headers).status_code == 404
    drawn = office.client.post(
        f"/v1/editions/{EDITION}/samples",
        json={"share": 0.5, "seed": "lottery"},
        headers=present_key(office.keys["administrator"]),
    )
    assert drawn.status_code == 201
    answer = office.client.get(f"{PATH}/workbook?sample=true&lang=en", headers=headers)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["Verdicts"]
    (name,) = drawn.json()["organisations"]
    assert {sheet[f"A{row}"].value for row in range(5, sheet.max_row + 1)} == {name}
