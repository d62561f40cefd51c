"""Workbooks of many organisations: made by the service, filled by another program, and imported."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

import openpyxl
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from openpyxl.worksheet.worksheet import Worksheet

from actitud_api.platform.storage.database import Database
from tests.http.imports.test_imports_http import ASSESSMENTS, Client, Job, do, refused
from tests.support.applications import borrow_app
from tests.support.assessing import body_a
from tests.support.databases import unlimited
from tests.support.importing import NEW, VERSION, XLSX, name, register, write
from tests.support.keys import sign_in
from tests.support.scale import FILLED, SPOILT

pytestmark = pytest.mark.serving
BODY: Final = body_a(VERSION)
FIRST: Final = 5
"""Row of the first organisation."""
LEVELS: Final = {True: "Sí", False: "No"}

Place = tuple[str, int, str]


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with borrow_app(unlimited(url)) as app, TestClient(app) as opened:
        opened.headers.update(sign_in(opened))
        assert opened.post("/v1/editions", json=NEW).status_code == 201
        stored: Database = opened.app.state["database"]
        register(stored, FILLED)
        yield opened


def download(client: TestClient[Litestar]) -> bytes:
    answer = client.get("/v1/editions/2027/imports/template.xlsx?lang=es")
    assert answer.status_code == 200
    return answer.content


def template(client: TestClient[Litestar]) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(download(client)))


@cache
def fill_in(raw: bytes) -> tuple[bytes, dict[Place, str]]:
    """Return a template that is filled in with faults, and where these are; it is the same for both databases."""
    book = openpyxl.load_workbook(io.BytesIO(raw))
    fill(book)
    planted = plant(book)
    return save(book), planted


def fill(book: openpyxl.Workbook, organisations: int = FILLED) -> None:
    """Fill in example A for the first organisations, as people do: codes or words, numbers and dates."""
    for title in ("Perfil", "Respuestas"):
        page = book[title]
        values = {column: value for column, code in codes(page).items() if (value := find(code)) is not None}
        for row in range(FIRST, FIRST + organisations):
            for column, value in values.items():
                page.cell(row, column, value)
    row = FIRST
    for number in range(1, organisations + 1):
        for indicator, answer in BODY["answers"].items():
            (document,) = answer["evidence"]
            said = (name(number), indicator, document["url"], date.fromisoformat(document["date"]))
            for column, value in enumerate(said, 1):
                book["Documentos"].cell(row, column, value)
            row += 1


def codes(page: Worksheet) -> dict[int, str]:
    """The code of each column for an answer."""
    fixed = ("organisation", "name", "revision")
    return {cell.column: str(cell.value) for cell in page[FIRST - 1] if cell.value not in (None, *fixed)}


def find(code: str) -> Any:
    """The value of an answer as a person writes it."""
    if code in BODY["profile"]:
        return BODY["profile"][code]
    indicator, fact, component = find_parts(code)
    value = BODY["answers"].get(indicator, {}).get(fact)
    if component is not None and value is not None:
        return LEVELS[component in value]
    return LEVELS[value] if isinstance(value, bool) else value


def find_parts(code: str) -> tuple[str, str, str | None]:
    indicator, fact, *component = code.split(".", 2)[0] + "." + code.split(".")[1], *code.split(".")[2:]
    return indicator, fact, component[0] if component else None


def letters(page: Worksheet, code: str) -> str:
    found = next(cell for cell in page[FIRST - 1] if cell.value == code)
    return str(found.column_letter)


PROFILE_FAULTS: Final = (
    *(("units", value, rule) for value, rule in (("muchas", "type"), ("12 unidades", "type"), (-3, "minimum"))),
    *(("units", value, rule) for value, rule in ((1.5, "type"), ("=6*2", "formula"), (None, "required"))),
    *(("units", value, rule) for value, rule in ((True, "type"), (date(2026, 1, 1), "type"), (10**13, "maximum"))),
    *(("units", "#N/A", "error"), ("org_type", "PUEBLO", "enum"), ("org_type", 7, "enum")),
    *(("org_type", None, "required"), ("org_type", "=A1", "formula")),
)
ANSWER_FAULTS: Final = (
    *(("D1.07.numerator", value, rule) for value, rule in (("x", "type"), (-1, "minimum"), (None, "required"))),
    *(("D1.07.numerator", value, rule) for value, rule in (("=B2+1", "formula"), (0.5, "type"), (False, "type"))),
    *(("D1.07.numerator", value, rule) for value, rule in (("1.234", "type"), (" ", "type"), ("3,5", "type"))),
    ("D1.07.numerator", 10**14, "maximum"),
    *(("D2.02.components.c1", value, rule) for value, rule in (("quizás", "enum"), (3, "enum"))),
    ("D2.02.components.c1", "=TRUE()", "formula"),
)
DOCUMENT_FAULTS: Final = (
    *(("url", "http://ayto.example/x", "pattern"), ("url", "ver anexo", "pattern"), ("url", None, "required")),
    *(("date", "ayer", "format"), ("date", None, "required"), ("note", "Llame al 612 345 678", "not")),
    *(("sha256", "abc", "pattern"), ("code", "D9.99", "code"), ("code", None, "required")),
    ("answer_note", "a@b.example", "not"),
)
FAULTS: Final = (
    *(("Perfil", *fault) for fault in PROFILE_FAULTS),
    *(("Respuestas", *fault) for fault in ANSWER_FAULTS),
    *(("Documentos", *fault) for fault in DOCUMENT_FAULTS),
)


def plant(book: openpyxl.Workbook) -> dict[Place, str]:
    """Plant faults in as many organisations; return the rule of each by its sheet, row and column."""
    assert len(FAULTS) == 37
    planted: dict[Place, str] = {}
    for number, (title, code, value, rule) in enumerate(FAULTS[::SPOILT]):
        column = letters(book[title], code)
        row = FIRST + (number if title != "Documentos" else number * len(BODY["answers"]))
        book[title][f"{column}{row}"] = value
        planted[title, row, column] = rule
    return planted


def save(book: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def list_places(client: Client, job: Job) -> dict[Place, str]:
    return {
        (fault["sheet"], fault["row"], fault["column"]): fault["rule"]
        for item in refused(client, job)
        for fault in item["detail"]["faults"]
    }


def test_all_of_37_planted_faults_are_named_at_their_cells_and_the_others_are_in(client: Client) -> None:
    content, planted = fill_in(download(client))
    job = do(client, content, XLSX)
    assert job["outcomes"] == {"created": FILLED - len(planted), "refused": len(planted)}
    assert list_places(client, job) == planted
    copy = openpyxl.load_workbook(io.BytesIO(client.get(job["result"]["annotated"]).content))
    for sheet, row, column in planted:
        cell = copy[sheet][f"{column}{row}"]
        assert cell.comment is not None, (sheet, row, column)
        assert cell.fill.fgColor.rgb == "FFF9C9C4"
    found = client.get(f"{ASSESSMENTS}/{name(FILLED)}").json()
    assert found["profile"] == BODY["profile"]
    assert found["answers"]["D1.07"]["evidence"][0]["url"] == BODY["answers"]["D1.07"]["evidence"][0]["url"]
    # The revisions of the template are those of before; what is stored already needs none.
    assert do(client, content, XLSX)["outcomes"] == {"refused": len(planted), "unchanged": FILLED - len(planted)}


def test_sources_of_answers_go_out_in_the_template_and_come_back(client: Client) -> None:
    book = template(client)
    fill(book, 3)
    page, digest = book["Documentos"], f"sha256:{'0f' * 32}"
    columns = {code: letters(page, code) for code in ("source", "manifest", "edition")}
    first = next(iter(BODY["answers"]))

    def write_source(row: int, *values: str | int | None) -> None:
        for column, value in zip(columns.values(), values, strict=False):
            page[f"{column}{row}"] = value

    write_source(FIRST, "Contado en los ficheros", digest)
    # Beside no document, and with a year that a spreadsheet takes for a number.
    last = FIRST + 3 * len(BODY["answers"])
    page[f"A{last}"], page[f"B{last}"] = name(1), "employees"
    write_source(last, "From an earlier edition", None, 2025)
    wrong: Sequence[tuple[str, str, tuple[str | None, ...]]] = (
        ("source", "enum", ("quizá", digest)),
        ("manifest", "pattern", ("Declarado", "abc")),
        ("edition", "not", ("Declarado", None, "12345678Z")),
        ("source", "required", (None, digest)),
        ("source", "formula", ("=A1", digest)),
    )
    second = FIRST + len(BODY["answers"])
    for row, (_, _, values) in enumerate(wrong, second):
        write_source(row, *values)
    page[f"A{last + 1}"], page[f"B{last + 1}"] = name(2), list(BODY["answers"])[1]
    write_source(last + 1, "Declarado")
    job = do(client, save(book), XLSX)
    assert job["outcomes"] == {"created": 2, "refused": 1}
    assert list_places(client, job) == {
        **{("Documentos", second + row, columns[code]): rule for row, (code, rule, _) in enumerate(wrong)},
        ("Documentos", last + 1, columns["source"]): "duplicate",
    }
    found = client.get(f"{ASSESSMENTS}/{name(1)}").json()
    assert found["answers"][first]["source"] == {"kind": "counted", "manifest": digest, "edition": None}
    assert found["profile_sources"] == {"employees": {"kind": "previous_edition", "manifest": None, "edition": "2025"}}
    again = template(client)
    rows = [row for row in again["Documentos"].iter_rows(values_only=True) if row[0] == name(1)]
    document = next(row[2:6] for row in rows if row[1] == first)
    assert [row[1:] for row in rows if row[-3]] == [
        ("employees", None, None, None, None, None, "De una edición anterior", None, "2025"),
        (first, *document, None, "Contado en los ficheros", digest, None),
    ]
    assert [row[1] for row in rows] == ["employees", *sorted(BODY["answers"], key=lambda code: (len(code), code))]
    # Nothing is lost on the way: all is stored already.
    assert do(client, save(again), XLSX)["outcomes"] == {"unchanged": 2}


@pytest.mark.night
def test_a_workbook_whose_columns_have_moved_is_not_read(client: Client) -> None:
    spoilt: Sequence[tuple[Callable[[openpyxl.Workbook], object], str]] = (
        (lambda book: book["Respuestas"].move_range("C1:F20", cols=1), "column"),
        (lambda book: book["Perfil"].cell(FIRST - 1, 60, "extra"), "column"),
        (lambda book: book.remove(book["Documentos"]), "sheet"),
        (lambda book: book["_metadata"].cell(1, 2, "actitud-import/0"), "format"),
        (lambda book: book["_metadata"].cell(2, 2, "2026.1"), "methodology"),
    )
    for spoil, rule in spoilt:
        book = template(client)
        spoil(book)
        job = do(client, save(book), XLSX)
        assert (job["state"], job["problem"]["errors"][0]["rule"]) == ("failed", rule)


def test_merged_cells_and_rows_that_stand_twice_are_faults(client: Client) -> None:
    book = template(client)
    for code, value in BODY["profile"].items():
        for row in (FIRST, FIRST + 1, FIRST + 2):
            book["Perfil"][f"{letters(book['Perfil'], code)}{row}"] = write(value) if isinstance(value, str) else value
    book["Perfil"].merge_cells(f"D{FIRST}:E{FIRST}")
    book["Perfil"][f"A{FIRST + 2}"] = name(2)
    job = do(client, save(book), XLSX)
    assert {(key, rule) for key, rule in list_places(client, job).items() if rule != "required"} == {
        (("Perfil", FIRST, "D"), "merged"),
        (("Perfil", FIRST + 2, "A"), "duplicate"),
    }
    assert job["outcomes"] == {"refused": 2}


def test_what_is_wrong_with_an_organisation_as_a_whole_is_marked_in_the_copy(client: Client) -> None:
    book = template(client)
    fill(book, 3)
    for title in ("Perfil", "Respuestas"):
        book[title][f"A{FIRST}"] = "XX-NOBODY"
        book[title][f"B{FIRST + 1}"] = f"Villa {name(3)}"
    book["Documentos"].delete_rows(FIRST, len(BODY["answers"]))
    book["Respuestas"][f"{letters(book['Respuestas'], 'D1.07.numerator')}{FIRST + 2}"] = 341
    job = do(client, save(book), XLSX)
    assert (job["outcomes"], job["result"]["erroneous"]) == ({"refused": 2, "created": 1}, 1)
    copy = openpyxl.load_workbook(io.BytesIO(client.get(job["result"]["annotated"]).content))
    marked = {
        (page.title, cell.row): cell.comment.text for page in copy for row in page for cell in row if cell.comment
    }
    assert marked.keys() == {("Perfil", FIRST), ("Perfil", FIRST + 1), ("Respuestas", FIRST + 2)}
    assert f"Villa {name(2)}" in marked["Perfil", FIRST + 1]
    assert "341" in marked["Respuestas", FIRST + 2]
