"""What is wrong in a workbook that somebody has worked on is told at its cell, and the rest is read."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.content import AnswerSource
from actitud_api.web.workbooks.reading import WorkbookContents, read_questionnaire
from actitud_api.web.workbooks.writing import build_workbook
from tests.web.workbooks.test_round_trip import held

METHODOLOGY = load_methodology("2026.1")
SENT = json.loads((Path(__file__).parents[2] / "cases" / "example_a.json").read_bytes())["request"]

Told = list[tuple[str, str, str | None]]


@functools.cache
def example_a() -> bytes:
    """The workbook of example A. Not on import, which each process that collects tests would pay for."""
    return build_workbook(METHODOLOGY, "es", held(SENT))


def edited(change: Callable[[openpyxl.Workbook], None], raw: bytes | None = None) -> WorkbookContents:
    """What is read of a workbook that openpyxl opened, changed and saved, as a person's spreadsheet would."""
    book = openpyxl.load_workbook(io.BytesIO(raw or example_a()))
    change(book)
    saved = io.BytesIO()
    book.save(saved)
    return read_questionnaire(METHODOLOGY, saved.getvalue())


def told(read: WorkbookContents) -> Told:
    return [(fault.cell, fault.rule, fault.pointer) for fault in read.faults]


def row_of(sheet: Worksheet, code: str) -> int:
    return next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == code)


def write(sheet: Worksheet, row: int, values: Iterable[Any], first: int = 1) -> None:
    """Write whatever a person can write into the cells of a row, from a column on."""
    for column, value in enumerate(values, start=first):
        sheet.cell(row, column).value = value


def filled(*cells: tuple[str, str, int, object], raw: bytes | None = None) -> WorkbookContents:
    """What is read of a workbook in which somebody wrote; each cell has its sheet, code, column and value."""

    def change(book: openpyxl.Workbook) -> None:
        for sheet, code, column, value in cells:
            write(book[sheet], row_of(book[sheet], code), [value], column)

    return edited(change, raw)


def test_saved_by_another_program_it_holds_the_same() -> None:
    read = edited(lambda book: None)
    assert (read.questionnaire, read.faults) == (held(SENT), ())


OF_ANOTHER_KIND: dict[str, tuple[object, str, str]] = {
    "D1.01.numerator": ("160 equipos", "type", "Debe ser un número, y es un texto. Escríbalo sin más"),
    "D1.02.level": (7, "enum", "Debe ser uno de los valores de la lista: 0, 1, 2, 3, 4."),
    "D1.03.numerator": (date(2026, 3, 4), "type", "Hay una fecha donde va un número."),
    "D1.05.numerator": (1.5, "type", "Debe ser un número entero."),
    "D2.01.numerator": (-1, "minimum", "Debe ser 0 o más."),
    "D2.02.components.c1": (3, "enum", "Debe ser Sí o No."),
    "D2.03.numerator": (True, "type", "Debe ser un número."),
    "D3.01.numerator": ("=80+80", "formula", "Hay una fórmula: escriba el valor."),
    "D6.06.value": ("quizá", "enum", "Debe ser Sí o No."),
}
"""What is written for a fact, the rule of its fault, and how the fault begins."""


def test_an_answer_of_another_kind_is_told_where_it_stands() -> None:
    places: list[str] = []

    def change(book: openpyxl.Workbook) -> None:
        sheet = book["Indicadores"]
        for code, (value, *_) in OF_ANOTHER_KIND.items():
            row = row_of(sheet, code)
            write(sheet, row, [value], 3)
            places.append(f"Indicadores!C{row}")

    read = edited(change)
    facts = [code.removesuffix(".c1").rpartition(".")[::2] for code in OF_ANOTHER_KIND]
    assert told(read) == [
        (place, rule, f"/answers/{indicator}/{fact}")
        for place, (indicator, fact), (_, rule, _) in zip(places, facts, OF_ANOTHER_KIND.values(), strict=True)
    ]
    for fault, (_, _, spanish) in zip(read.faults, OF_ANOTHER_KIND.values(), strict=True):
        assert fault.detail.into("es").startswith(spanish)
        assert fault.detail.into("en") != fault.detail.into("es")
    # A fact that cannot be read is left out, and all others are kept.
    for name, entry in held(SENT).answers.items():
        kept = {fact: value for fact, value in entry.facts.items() if (name, fact) not in facts}
        assert (read.questionnaire.answers[name].facts if name in read.questionnaire.answers else {}) == kept


def test_a_number_of_the_profile_that_is_not_whole_or_too_low_is_told_in_plain_words() -> None:
    read = filled(("Perfil", "employees", 3, 3.7), ("Perfil", "units", 3, -5))
    faults = {fault.pointer: (fault.value, fault.detail.into("es")) for fault in read.faults}
    assert faults == {
        "/profile/employees": ("3.7", "Debe ser un número entero."),
        "/profile/units": ("-5", "Debe ser 0 o más."),
    }


def test_a_number_written_as_text_is_suggested() -> None:
    (fault,) = filled(("Perfil", "foreign_share", 3, "0,03")).faults
    assert (fault.cell, fault.value, fault.suggestion) == ("Perfil!C10", '"0,03"', "0.03")


@pytest.mark.parametrize(("written", "read"), [("900", 900), (" 012 ", 12), ("1000000", 1_000_000)])
def test_a_whole_number_that_the_cell_has_as_text_is_one(written: str, read: int) -> None:
    contents = filled(("Perfil", "population_served", 3, written))
    assert (contents.questionnaire.profile["population_served"], contents.faults) == (read, ())


@pytest.mark.parametrize(
    ("language", "written", "read"),
    [
        ("es", "1/10/2025", "2025-10-01"),
        ("es", " 31-12-2025 ", "2025-12-31"),
        ("es", "05.06.2025", "2025-06-05"),
        ("es", "2025-10-01", "2025-10-01"),
        # Spanish writes the day first, and no year of two digits has a century.
        ("es", "10/31/2025", None),
        ("es", "31/2/2025", None),
        ("es", "1/10-2025", None),
        ("es", "1/10/25", None),
        ("es", "octubre de 2025", None),
        # English writes either first.
        ("en", "1/10/2025", None),
        ("en", "2025-10-01", "2025-10-01"),
    ],
)
def test_a_date_written_as_text_is_read_as_the_language_of_the_workbook_writes_it(
    language: Language, written: str, read: str | None
) -> None:
    sheet = {"es": "Indicadores", "en": "Indicators"}[language]
    contents = filled(
        (sheet, "D1.01", 6, "https://www.example.org/a"),
        (sheet, "D1.01", 7, written),
        raw=build_workbook(METHODOLOGY, language, held(SENT)),
    )
    evidence = contents.questionnaire.answers["D1.01"].evidence
    if read is not None:
        assert ([(one.url, str(one.date)) for one in evidence], contents.faults) == (
            [("https://www.example.org/a", read)],
            (),
        )
        return
    assert evidence == ()
    # The address is told too, whole, so that it can be kept.
    found = [(fault.cell[-2:-1], fault.rule, fault.pointer, fault.suggestion) for fault in contents.faults]
    assert found == [
        ("F", "dependentRequired", "/answers/D1.01/evidence/0/url", "https://www.example.org/a"),
        ("G", "format", "/answers/D1.01/evidence/0/date", None),
    ]


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        (f"https://www.example.org/{'a' * 200}", f"https://www.example.org/{'a' * 200}"),
        # What may be personal data is not repeated.
        ("https://www.example.org/a?de=ana.perez@ayto.example", None),
    ],
)
def test_the_address_of_a_document_without_a_date_is_kept(written: str, suggested: str | None) -> None:
    read = filled(("Perfil", "employees", 6, written))
    assert [(fault.cell[:-1], fault.rule, fault.pointer, fault.suggestion) for fault in read.faults] == [
        ("Perfil!F", "dependentRequired", "/profile_evidence/employees/0/url", suggested),
        ("Perfil!G", "required", "/profile_evidence/employees/0/date", None),
    ]
    (_, undated) = read.faults
    assert undated.detail.into("es") == "Falta la fecha del documento de «personas en plantilla»."
    assert undated.detail.into("en") == "The date of the document of “people on the staff” is missing."


@pytest.mark.parametrize(
    ("written", "level"), [(3, 3), ("3", 3), ("Written rule approved that only states what is forbidden", 2)]
)
def test_a_level_may_be_written_by_its_number_or_in_any_language(written: object, level: int) -> None:
    if isinstance(written, str) and not written.isdecimal():
        written = METHODOLOGY.texts["en"].indicators["D1.02"].ladder[level]
    read = filled(("Indicadores", "D1.02.level", 3, written))
    assert (read.questionnaire.answers["D1.02"].facts, read.faults) == ({"level": level}, ())


def test_an_inserted_column_is_told_at_each_title_and_the_sheet_is_not_read() -> None:
    read = edited(lambda book: book["Perfil"].insert_cols(2))
    assert [(cell, rule) for cell, rule, _ in told(read)[:2]] == [("Perfil!B4", "column"), ("Perfil!C4", "column")]
    assert "Aquí debe estar la columna «Dato»" in read.faults[0].detail.into("es")
    assert read.questionnaire.profile == {}
    assert read.questionnaire.answers == held(SENT).answers


def test_merged_cells_are_told_once_and_not_read() -> None:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book["Perfil"]
        sheet.merge_cells("C6:C7")

    read = edited(change)
    assert told(read) == [("Perfil!C6", "merged", None)]
    assert "hasta C7" in read.faults[0].detail.into("es")
    assert held(SENT).profile.keys() - read.questionnaire.profile.keys() == {"population_served", "employees"}


def test_a_sheet_full_of_merged_cells_is_not_read() -> None:
    def change(book: openpyxl.Workbook) -> None:
        for row in range(5, 107):
            book["Indicadores"].merge_cells(start_row=row, end_row=row, start_column=3, end_column=4)

    read = edited(change)
    assert told(read) == [("Indicadores!C5", "merged", None)]
    assert (read.questionnaire.answers, read.questionnaire.profile) == ({}, held(SENT).profile)


def test_unknown_and_repeated_codes_are_told_with_what_may_have_been_meant() -> None:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book["Indicadores"]
        sheet.cell(row_of(sheet, "D1.02.level"), 1).value = "D1.02.levle"
        row = row_of(sheet, "D1.03.numerator")
        sheet.cell(row + 1, 1).value = "D1.03.numerator"

    read = edited(change)
    assert [(fault.cell, fault.rule, fault.suggestion) for fault in read.faults] == [
        ("Indicadores!A10", "code", "D1.02.level"),
        ("Indicadores!C11", "required", None),
        ("Indicadores!A13", "duplicate", None),
    ]
    assert read.faults[1].detail.into("es") == "Falta la fila con el código D1.03.denominator."
    assert "D1.02" not in read.questionnaire.answers
    assert read.questionnaire.answers["D1.03"].facts == {"numerator": 20}


def test_rows_may_be_sorted_and_removed() -> None:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book["Perfil"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_row=29)]
        for number, values in enumerate(reversed(rows), start=5):
            for column, value in enumerate(values, start=1):
                sheet.cell(number, column).value = value
        book["Indicadores"].delete_rows(row_of(book["Indicadores"], "D1.01"), 3)

    read = edited(change)
    assert read.faults == ()
    assert read.questionnaire.profile == held(SENT).profile
    assert held(SENT).answers.keys() - read.questionnaire.answers.keys() == {"D1.01"}


DOCUMENTS: list[tuple[list[object], list[tuple[str, str]]]] = [
    (["D1.01", "http://www.example.org/a", date(2026, 1, 2)], [("B", "pattern")]),
    (["D1.01", "http://www.example.org/a", 46_083], [("B", "pattern"), ("C", "format")]),
    (["D1.01", "https://www.example.org/a", 46_083], [("B", "dependentRequired"), ("C", "format")]),
    (["D1.01", "https://www.example.org/a"], [("B", "dependentRequired"), ("C", "required")]),
    (["D1.02", "https://www.example.org/a", date(2026, 1, 2), "llame al 612 345 678"], [("D", "not")]),
    (["D1.02", "https://www.example.org/a", date(2026, 1, 2), None, "abc"], [("E", "pattern")]),
    ([None, "https://www.example.org/a", date(2026, 1, 2)], [("A", "required")]),
    (["D9.99", "https://www.example.org/a", date(2026, 1, 2)], [("A", "code")]),
    (["D1.03", "https://www.example.org/a", "2026-01-02"], []),
    (["employees", " https://www.example.org/a ", date(2026, 1, 2)], []),
]
"""What is written in the row of a document, and the columns and the rules of its faults."""


def test_what_is_wrong_with_a_document_is_told_in_its_row() -> None:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book["Documentos"]
        for row, (values, _) in enumerate(DOCUMENTS, start=5):
            write(sheet, row, values)
            for column, value in enumerate(values, start=1):
                sheet.cell(row, column).number_format = "yyyy-mm-dd" if isinstance(value, date) else "General"

    read = edited(change)
    assert [(fault.cell, fault.rule) for fault in read.faults] == [
        (f"Documentos!{column}{row}", rule)
        for row, (_, faults) in enumerate(DOCUMENTS, start=5)
        for column, rule in faults
    ]
    assert all("612" not in (fault.value or "") for fault in read.faults)
    documented = {name for name, entry in read.questionnaire.answers.items() if entry.evidence}
    assert (documented, list(read.questionnaire.profile_evidence)) == ({"D1.03"}, ["employees"])


def test_more_documents_than_an_answer_takes_are_told() -> None:
    def change(book: openpyxl.Workbook) -> None:
        for row in range(5, 16):
            write(book["Documentos"], row, ["D1.01", "https://www.example.org/a", date(2026, 1, 2)])

    read = edited(change)
    assert [(fault.cell, fault.rule) for fault in read.faults] == [("Documentos!B15", "maxItems")]
    assert len(read.questionnaire.answers["D1.01"].evidence) == 10


DIGEST = f"sha256:{'0f' * 32}"


SOURCES: list[tuple[list[object], dict[str, str]]] = [
    (["Contado en los ficheros", DIGEST], {"kind": "counted", "manifest": DIGEST}),
    ([" counted in the FILES ", f" {DIGEST}\n"], {"kind": "counted", "manifest": DIGEST}),
    (["previous_edition", None, 2025], {"kind": "previous_edition", "edition": "2025"}),
    (["De una edición anterior", None, "2025-demo"], {"kind": "previous_edition", "edition": "2025-demo"}),
    (["De un registro"], {"kind": "register"}),
]
WRONG_SOURCES: list[tuple[list[object], str, str, str | None]] = [
    (["contados"], "I", "enum", "kind"),
    ([3], "I", "enum", "kind"),
    (["quizá", "abc", 1.5], "I", "enum", "kind"),
    (["Declarado", "abc"], "J", "pattern", "manifest"),
    (["Declarado", 12], "J", "type", "manifest"),
    (["De una edición anterior", None, "12345678Z"], "K", "not", "edition"),
    (["De una edición anterior", None, "a b"], "K", "pattern", "edition"),
    (["De una edición anterior", None, "x" * 101], "K", "maxLength", "edition"),
    (["De una edición anterior", None, date(2025, 1, 1)], "K", "type", "edition"),
    ([None, DIGEST], "I", "required", "kind"),
    (["=A1", DIGEST], "I", "formula", None),
    (["Declarado", None, "=1+1"], "K", "formula", None),
]
"""What stands in the cells of a source; the column, the rule and the member of the fault."""


def write_sources(sheet: Worksheet, codes: Iterable[str], rows: Iterable[list[object]], first: int) -> list[int]:
    """Write sources from a column on, and return their rows."""
    places: list[int] = []
    for code, values in zip(codes, rows, strict=False):
        places.append(row_of(sheet, code))
        write(sheet, places[-1], values, first)
    return places


def test_sources_are_read_of_answers_and_of_fields() -> None:
    codes, fields = list(held(SENT).answers), ["employees", "units", "services", "org_type", "population_served"]

    def change(book: openpyxl.Workbook) -> None:
        rows = [row for row, _ in SOURCES]
        write_sources(book["Indicadores"], codes, rows, 9)
        write_sources(book["Perfil"], fields, rows, 8)

    read = edited(change)
    assert read.faults == ()
    expected = [msgspec.convert(source, AnswerSource) for _, source in SOURCES]
    assert [read.questionnaire.answers[code].source for code in codes[: len(SOURCES)]] == expected
    assert read.questionnaire.profile_sources == dict(zip(fields, expected, strict=True))


def test_a_source_that_is_none_is_told_at_its_cell() -> None:
    codes = list(held(SENT).answers)
    places: list[int] = []

    def change(book: openpyxl.Workbook) -> None:
        places.extend(write_sources(book["Indicadores"], codes, [row for row, *_ in WRONG_SOURCES], 9))

    read = edited(change)
    assert told(read) == [
        (f"Indicadores!{column}{place}", rule, None if member is None else f"/answers/{code}/source/{member}")
        for place, code, (_, column, rule, member) in zip(places, codes, WRONG_SOURCES, strict=False)
    ]
    assert all("12345678" not in (fault.value or "") for fault in read.faults)
    assert "Contado en los ficheros, De un registro" in read.faults[0].detail.into("es")
    # All else of the answers is kept, and so is the source of which only a cell beside it cannot be read.
    kept = {code: entry.source for code, entry in read.questionnaire.answers.items() if entry.source is not None}
    assert kept == {codes[len(WRONG_SOURCES) - 1]: AnswerSource(kind="declared")}
    facts = {code: entry.facts for code, entry in read.questionnaire.answers.items()}
    assert facts == {code: entry.facts for code, entry in held(SENT).answers.items()}


def test_a_source_where_none_belongs_is_told() -> None:
    read = filled(
        ("Indicadores", "D1.01.numerator", 9, "Declarado"),
        ("Indicadores", "D3.02", 9, "Declarado"),
        ("Perfil", "previous_level", 8, "Declarado"),
    )
    assert [(fault.cell[:-2], fault.rule) for fault in read.faults if fault.cell.startswith("P")] == [
        ("Perfil!H", "place")
    ]
    assert [fault.rule for fault in read.faults] == ["place"] * 3
    assert read.questionnaire == held(SENT)


def test_a_note_with_line_breaks_is_one_line() -> None:
    read = filled(("Indicadores", "D1.01", 8, "Una línea\ny otra"))
    assert (read.questionnaire.answers["D1.01"].note, read.faults) == ("Una línea y otra", ())


def test_what_is_filled_in_where_nothing_belongs_is_told() -> None:
    read = filled(
        ("Indicadores", "D1.01", 3, 160),
        ("Indicadores", "D3.02", 5, "Sí"),
        ("Indicadores", "D1.01.numerator", 8, "una nota"),
    )
    assert {(fault.cell.partition("!")[2][0], fault.rule) for fault in read.faults} == {
        ("C", "place"),
        ("E", "place"),
        ("H", "place"),
    }
    assert read.questionnaire == held(SENT)


def test_very_many_faults_are_cut_and_counted() -> None:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book["Indicadores"]
        for row in range(5, sheet.max_row + 1):
            sheet.cell(row, 3).value = "?"

    faults = edited(change).faults
    assert (len(faults), faults[-1].rule) == (101, "more")
    assert faults[-1].detail.into("es") == f"Fallos que no se enumeran: {217 - 100}."
