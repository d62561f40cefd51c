"""The coding workbook: written, filled in by two persons, and read back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.worksheet import Worksheet

from actitud.counting.codes import CodedRow, Coding
from actitud.counting.coding import FIRST, IDENTITIES, build_coding_workbook
from actitud.counting.counts import FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import load_definitions
from actitud.counting.messages import Message
from actitud.counting.windows import to_instant
from actitud.counting.workbook_reading import CellProblem, InvalidCodingWorkbook, read_coding_workbooks
from tests.unit.counting.support import SEED, TOWN, local, make_counter, make_source, write
from tests.unit.counting.workbooks import Answer, Row, fill, list_sheets, read_rows

DEFINITIONS = load_definitions("2027.1")
PRESS = NetworkAccount("press_room", "www.example.org")


def make_messages() -> list[Message]:
    return [
        write("1", "2027-10-05 10:00", text="=1+1 Corte de agua el 12 de octubre", permalink="https://example.org/1"),
        write("2", "2027-10-04 10:00", text="Somos los mejores", media=("photo",), alternative_texts=("Plano",)),
        write("3", "2027-10-06 10:00", text="El pleno aprueba el presupuesto municipal"),
        write("q", "2027-10-07 10:00", "received", thread="q", text="¿Cuándo abre la piscina?"),
        write("r", "2027-10-07 12:30", "public_reply", thread="q", text="El lunes a las 9:00"),
        write(
            "p", "2027-10-01 10:00", account=PRESS, source=1, text="El pleno aprueba el presupuesto municipal de 2028"
        ),
    ]


def make_town(coding: Coding | None = None, **plan: Any) -> FactCounter:
    sources = [make_source(), make_source(1, account=PRESS)]
    return make_counter(make_messages(), sources, coding=coding or Coding(), **plan)


def save(folder: Path, content: bytes, name: str = "coding.xlsx") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(*paths: Path, seed: str | None = SEED) -> tuple[Coding, list[CellProblem]]:
    return read_coding_workbooks(paths, DEFINITIONS, seed=seed)


def code_posts(row: Row) -> Mapping[str, object]:
    subject = {"1": "u · útil", "2": "B", "3": "deleted"}[find_id(row)]
    return {"subject": subject, "press": "sí", "voice": "No", "plain": "yes"}


def find_id(row: Row) -> str:
    return next(message.id for message in make_messages() if message.text == row["text"])


def code_messages(row: Row) -> Mapping[str, object]:
    return {"need": "q", "reply": 1}


def test_a_row_has_what_a_person_needs_to_code_it() -> None:
    rows = read_rows(build_coding_workbook(make_town(), "es"), "Publicaciones")
    assert [find_id(row) for row in rows] == ["2", "1", "3"]  # by date
    cut = rows[1]
    assert cut["date"] == "2027-10-05 10:00"
    assert cut["account"] == "x:Ayuntamiento"
    assert cut["permalink"] == "https://example.org/1"
    assert cut["text"] == "=1+1 Corte de agua el 12 de octubre"  # a text, not a formula
    assert "12 de octubre" in str(cut["proposal"])
    assert "nota de prensa: 100%" in str(rows[2]["proposal"])
    assert cut["subject"] is None  # a proposal never fills an answer in


def test_replies_stand_beside_their_message() -> None:
    (row,) = read_rows(build_coding_workbook(make_town(), "en"), "Messages")
    assert row["reply_1"] == "2027-10-07 12:30\nEl lunes a las 9:00"
    assert row["reply_2"] is None
    assert row["part"] == "sample"


def test_what_is_coded_is_read_back_and_counted(tmp_path: Path) -> None:
    book = build_coding_workbook(make_town(), "es")
    answers: dict[str, Answer] = {
        "Publicaciones": code_posts,
        "Mensajes": code_messages,
        "Imágenes y vídeos": lambda row: {"accessible": "yes"},
        "Respuestas": lambda row: {"solves": "sí"},
        "Cuentas": lambda row: {
            column: "yes · sí" for column in row if row["name"] and column not in ("platform", "name", "proposal")
        },
        "Clases de información": lambda row: {"answer": "no" if row["key"] == "c3" else "sí"},
    }
    coding, problems = read(save(tmp_path, fill(book, answers)))
    assert problems == []
    counter = make_town(coding)
    known = {code: fact.value for code, fact in counter.count_all().items()}
    assert (known["D2.01.numerator"], known["D2.01.office_holders"], known["D8.03.numerator"]) == (2, 1, 1)
    assert (known["D7.05.numerator"], known["D5.10.numerator"], known["D9.01.numerator"]) == (1, 1, 1)
    assert (known["D9.10.hours"], known["accounts_total"], known["D3.08.numerator"]) == (2.5, 1, 1)
    assert known["D2.02.components"] == ("c1", "c2", "c4", "c5", "c6", "c7", "c8", "c9", "c10")
    # There is no file of a participation platform.
    assert {code for code, value in known.items() if value is None} == {"D9.08.numerator", "D9.08.denominator"}


@pytest.mark.parametrize("written", ["2027-10-08 09:30", local("2027-10-08 11:30").replace(tzinfo=None)])
def test_a_reply_found_elsewhere_is_read_in_the_time_zone_of_the_count(tmp_path: Path, written: str | datetime) -> None:
    book = build_coding_workbook(make_town(), "en")
    cells = {"need": "complaint", "reply": "4", "replied_at": written, "was_private": "sí"}
    coding, problems = read(save(tmp_path, fill(book, {"Messages": lambda row: cells})))
    assert problems == []
    (row,) = coding.rows["messages"].values()
    at = to_instant(local("2027-10-08 09:30"))
    assert row == CodedRow(codes={"need": "c", "reply": "4"}, replied_at=at, was_private=True)


def test_the_second_coder_gets_a_fifth_and_no_codes(tmp_path: Path) -> None:
    messages = [write(str(number), f"2027-10-0{1 + number // 10} 10:{number % 10:02}") for number in range(11)]
    counter = make_counter(messages)
    book = build_coding_workbook(counter, "es", second=True)
    rows = read_rows(book, "Publicaciones")
    drawn = counter.sample("posts").sample
    assert {row["key"] for row in rows} == {one.key for one in drawn[:3]}
    assert {row["subject"] for row in rows} == {None}
    assert "Cuentas" not in list_sheets(book)
    first = fill(build_coding_workbook(counter, "es"), {"Publicaciones": lambda row: {"subject": "u"}})
    second = fill(book, {"Publicaciones": lambda row: {"subject": "o"}})
    paths = [save(tmp_path, second, "second.xlsx"), save(tmp_path, first, "first.xlsx")]
    coding, _ = read(*paths)
    agreement = make_counter(messages, coding=coding).measure_agreement(DEFINITIONS.find_variable("posts", "subject"))
    assert (agreement.pairs, agreement.agreed) == (3, 0)
    with pytest.raises(InvalidCodingWorkbook, match="two workbooks"):
        read(paths[0], paths[0])


def test_accounts_without_a_file_are_added_on_their_sheet(tmp_path: Path) -> None:
    book = build_coding_workbook(make_town(), "es")
    added = ({"platform": "Tik Tok", "name": "ayuntamiento", "official": "sí"}, {"name": "sin red"})
    blank = iter([*added, {"platform": "Facebok", "name": "ayuntamiento"}])
    filled = fill(book, {"Cuentas": lambda row: next(blank, {}) if row["name"] is None else {}})
    coding, problems = read(save(tmp_path, filled))
    assert coding.accounts == {TOWN: {}, NetworkAccount("tiktok", "ayuntamiento"): {"official": "yes"}}
    assert [(problem.sheet, problem.cell) for problem in problems] == [("Cuentas", "A7"), ("Cuentas", "A8")]
    assert (
        problems[1]
        .explain("es")
        .startswith(
            "coding.xlsx: Cuentas!A8: no hay ninguna red «facebok»; ¿quiso decir facebook? Se conocen: facebook, "
        )
    )


def test_cells_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    book = build_coding_workbook(make_town(), "en")
    cells = {"need": "maybe", "reply": 7, "replied_at": "tomorrow"}
    coding, problems = read(save(tmp_path, fill(book, {"Messages": lambda row: cells})))
    names = [str(one) for one in read_rows(book, "Messages")[0]]
    columns = ["ABCDEFGHIJKLMN"[names.index(name)] for name in ("need", "reply", "replied_at")]
    assert [(problem.sheet, problem.cell) for problem in problems] == [("Messages", f"{column}5") for column in columns]
    assert next(iter(coding.rows["messages"].values())).codes == {}


def change(content: bytes, sheet: str, edit: Callable[[Worksheet], object]) -> bytes:
    """Return a workbook after an edit of a sheet, as a person makes it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    edit(book[sheet])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def delete_column(sheet: Worksheet, identity: str) -> None:
    sheet.delete_cols([cell.value for cell in sheet[IDENTITIES + 1]].index(identity) + 1)


def add_column(sheet: Worksheet) -> None:
    column = sheet.max_column + 1
    sheet.cell(FIRST, column).value = "Mis notas"
    sheet.cell(FIRST + 1, column).value = "mirar otra vez"


def rename_class(sheet: Worksheet) -> None:
    sheet.cell(FIRST + 1, 1).value = "c99"
    sheet.cell(FIRST + 1, 3).value = "sí"


def test_columns_and_sheets_that_are_not_those_of_the_workbook_are_named(tmp_path: Path) -> None:
    book = fill(build_coding_workbook(make_town(), "es"), {"Publicaciones": lambda row: {"subject": "u"}})
    width = len(read_rows(book, "Publicaciones")[0])
    last = "ABCDEFGHIJKLMNOP"[width]

    def spoil(edit: Callable[[Worksheet], object], sheet: str = "Publicaciones") -> tuple[Coding, list[str]]:
        coding, problems = read(save(tmp_path, change(book, sheet, edit)))
        return coding, [problem.explain("es") for problem in problems]

    whole, problems = spoil(lambda sheet: None)
    assert problems == []
    coding, problems = spoil(add_column)
    assert coding.rows["posts"] == whole.rows["posts"]
    assert problems == [
        f"coding.xlsx: Publicaciones!{last}4: La columna «Mis notas» no es de este libro, o está repetida: no se lee."
    ]
    coding, problems = spoil(lambda sheet: delete_column(sheet, "subject"))
    assert {code for row in coding.rows["posts"].values() for code in row.codes} == set()
    assert problems == [
        "coding.xlsx: Publicaciones: Falta la columna «¿Cuál es el asunto principal? Un solo código.»: nada de ella se "
        "cuenta."
    ]
    coding, problems = spoil(lambda sheet: delete_column(sheet, "key"))
    assert coding.rows["posts"] == {}
    assert problems[0] == "coding.xlsx: Publicaciones: Falta la columna «Clave»: nada de ella se cuenta."
    assert problems[1].endswith("La fila no se lee: ha perdido la clave de la primera columna.")
    coding, problems = spoil(lambda sheet: sheet.delete_rows(IDENTITIES + 1))
    assert coding.rows["posts"] == {}
    assert problems == [
        "coding.xlsx: Publicaciones: Nada de la hoja se cuenta: falta la fila oculta que dice qué es cada columna."
    ]
    coding, problems = spoil(lambda sheet: setattr(sheet, "title", "Tuits"))
    assert "posts" not in coding.rows
    assert problems == [
        "coding.xlsx: Publicaciones / Posts: Falta la hoja: nada de ella se cuenta. No borre las hojas ni cambie sus "
        "nombres."
    ]
    _, problems = spoil(rename_class, "Clases de información")
    assert problems == [
        "coding.xlsx: Clases de información!A5: La fila no se lee: ha perdido la clave de la primera columna."
    ]


def test_a_row_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    book = build_coding_workbook(make_town(), "es")
    first = read_rows(book, "Publicaciones")[0]["key"]
    twice = fill(
        book,
        {
            "Publicaciones": lambda row: {"key": first, "subject": "u" if row["key"] == first else "o"},
            "Cuentas": lambda row: {"platform": "x", "name": "Ayuntamiento", "official": "sí"},
        },
    )
    coding, problems = read(save(tmp_path, twice))
    assert {key: row.codes["subject"] for key, row in coding.rows["posts"].items()} == {first: "u"}
    assert coding.accounts == {TOWN: {"official": "yes"}}
    assert [(problem.sheet, problem.cell) for problem in problems[:3]] == [
        ("Publicaciones", "A6"),
        ("Publicaciones", "A7"),
        ("Cuentas", "B6"),
    ]


def test_a_workbook_of_another_seed_or_of_something_else_is_refused(tmp_path: Path) -> None:
    book = save(tmp_path, build_coding_workbook(make_town(), "es"))
    with pytest.raises(InvalidCodingWorkbook, match="another seed"):
        read(book, seed="f" * 32)
    with pytest.raises(InvalidCodingWorkbook, match="no XLSX"):
        read(save(tmp_path, b"PK\x03\x04 half a file"))
    file = io.BytesIO()
    other = xlsxwriter.Workbook(file)
    other.add_worksheet("Publicaciones")
    other.close()
    with pytest.raises(InvalidCodingWorkbook, match="no coding workbook"):
        read(save(tmp_path, file.getvalue()))


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actitud.counting.workbook_reading.LARGEST_WORKBOOK", 1_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(1_000_001))
    with pytest.raises(InvalidCodingWorkbook, match="too large"):
        read(save(tmp_path, bomb.getvalue()))


def test_equal_counts_have_equal_workbooks() -> None:
    assert build_coding_workbook(make_town(), "es") == build_coding_workbook(make_town(), "es")
