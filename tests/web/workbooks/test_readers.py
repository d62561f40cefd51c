"""The workbook as other programs see it: openpyxl, which shares no code with what wrote it, and calamine."""

from __future__ import annotations

import io
from datetime import datetime
from itertools import pairwise

import openpyxl
import pytest
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.web.workbooks.writing import build_workbook
from tests.web.workbooks.drawing import HOSTILE
from tests.web.workbooks.test_cells import METHODOLOGY, SENT
from tests.web.workbooks.test_round_trip import held

NAMES = {
    "es": ["Instrucciones", "Perfil", "Indicadores", "Documentos", "_lists", "_metadata"],
    "en": ["Instructions", "Profile", "Indicators", "Documents", "_lists", "_metadata"],
}


def seen(language: Language, raw: bytes | None = None) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(raw or build_workbook(METHODOLOGY, language, held(SENT))))


def by_code(sheet: Worksheet) -> dict[str, int]:
    codes = (sheet.cell(row, 1).value for row in range(5, sheet.max_row + 1))
    return {str(code): row for row, code in enumerate(codes, start=5)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_is_there_with_what_it_takes_in_the_language(language: Language) -> None:
    book = seen(language)
    assert book.sheetnames == NAMES[language]
    texts = METHODOLOGY.texts[language]
    sheet = book[NAMES[language][2]]
    rows = by_code(sheet)
    for indicator in walk_indicators(METHODOLOGY.document.root):
        text = texts.indicators[indicator.id]
        row = rows[indicator.id]
        assert sheet.cell(row, 2).value == f"{text.name}\n{text.question}"
        assert sheet.cell(row, 13).value == f"{text.evidence}\n{text.anti_gaming}"
        for level, step in enumerate(text.ladder):
            assert f"{level} · {step}" in str(sheet.cell(rows[f"{indicator.id}.level"], 4).value)
    assert [sheet.cell(rows[f"D{number}"], 2).value for number in range(1, 11)] == [
        texts.groups[f"D{number}"].name for number in range(1, 11)
    ]
    assert by_code(book[NAMES[language][1]]).keys() == {field.name for field in METHODOLOGY.document.profile}


def test_the_figures_of_example_a_stand_in_their_cells() -> None:
    sheet, profile = seen("es")["Indicadores"], seen("es")["Perfil"]
    rows, fields = by_code(sheet), by_code(profile)
    assert [sheet.cell(rows[code], 3).value for code in ("D1.01.numerator", "D9.02.hours", "D10.06.numerator")] == [
        160,
        14.5,
        0.8,
    ]
    assert (
        sheet.cell(rows["D1.02.level"], 3).value == "2 · Norma escrita aprobada que solo dice lo que no se puede hacer"
    )
    assert [sheet.cell(rows[f"D2.02.components.c{number}"], 3).value for number in (1, 3)] == ["Sí", "No"]
    assert sheet.cell(rows["D6.06.value"], 3).value == "No"
    assert [profile.cell(fields[name], 3).value for name in ("org_type", "foreign_share", "previous_level")] == [
        "MUN · Ayuntamiento",
        0.03,
        None,
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_cells_for_answers_are_unlocked_and_each_says_what_it_takes(language: Language) -> None:
    book = seen(language)
    unlocked: dict[str, int] = {}
    for name in NAMES[language][:4]:
        sheet = book[name]
        assert sheet.protection.sheet
        assert not sheet.protection.password
        open_cells = {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
        judged = {
            cell
            for rule in sheet.data_validations.dataValidation
            for span in rule.sqref.ranges
            for cell in (f"{get_column_letter(c)}{r}" for r, c in span.cells)
        }
        free = {cell for cell in open_cells if name == NAMES[language][3] or cell[0] == "F"}
        assert open_cells - judged <= free
        assert judged <= open_cells
        unlocked[name] = len(open_cells)
        assert all(
            len(rule.prompt or "") <= 255 and len(rule.error or "") <= 255
            for rule in sheet.data_validations.dataValidation
        )
    facts = [cell for cell in by_code(book[NAMES[language][2]]) if cell.count(".") >= 2]
    # A cell for each fact and element, and seven for what goes with the answers of the 68 indicators that are asked.
    assert unlocked[NAMES[language][2]] == len(facts) + 7 * 68
    # 25 fields, and six cells more for the 22 that the organisation sets.
    assert unlocked[NAMES[language][1]] == 25 + 6 * 22
    assert unlocked[NAMES[language][0]] == 0


def test_drop_downs_offer_the_ladder_from_a_hidden_sheet() -> None:
    book = seen("es")
    assert [book[name].sheet_state for name in NAMES["es"]] == ["visible"] * 4 + ["veryHidden"] * 2
    sheet = book["Indicadores"]
    cell = f"C{by_code(sheet)['D1.02.level']}"
    (rule,) = [one for one in sheet.data_validations.dataValidation if cell in one.sqref]
    source = rule.formula1.removeprefix("_lists!").replace("$", "")
    offered = [str(row[0].value) for row in book["_lists"][source]]
    assert offered == [
        f"{level} · {text}" for level, text in enumerate(METHODOLOGY.texts["es"].indicators["D1.02"].ladder)
    ]
    assert {row[0].value: row[1].value for row in book["_metadata"].iter_rows()} == {
        "format": "actitud-questionnaire/1",
        "methodology": "2026.1",
        "language": "es",
    }


def test_no_text_becomes_a_formula_in_either_reader() -> None:
    sent = {**SENT, "answers": {}}
    codes = [one.id for one in walk_indicators(METHODOLOGY.document.root) if one.facts]
    for code, text in zip(codes, HOSTILE, strict=False):
        sent["answers"][code] = {"note": text}
    raw = build_workbook(METHODOLOGY, "en", held(sent))
    sheet = seen("en", raw)["Indicators"]
    notes = [sheet.cell(by_code(sheet)[code], 8) for code in codes[: len(HOSTILE)]]
    assert [cell.data_type for cell in notes] == ["s"] * len(HOSTILE)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_name("Indicators").to_python()
    assert [row[7] for row in rows if row[7] in HOSTILE] == list(HOSTILE)
    assert all(cell.data_type != "f" for one in seen("en", raw) for row in one.iter_rows() for cell in row)


def test_days_are_days() -> None:
    evidence = [{"url": "https://www.example.org/a", "date": "2026-03-02"}]
    sent = {**SENT, "answers": {"D1.01": {"evidence": evidence}}}
    sheet = seen("es", build_workbook(METHODOLOGY, "es", held(sent)))["Indicadores"]
    row = by_code(sheet)["D1.01"]
    assert [sheet.cell(row, column).value for column in (6, 7)] == ["https://www.example.org/a", datetime(2026, 3, 2)]


def test_the_same_answers_are_the_same_bytes() -> None:
    assert build_workbook(METHODOLOGY, "es", held(SENT)) == build_workbook(METHODOLOGY, "es", held(SENT))


def list_page_widths(sheet: Worksheet) -> list[float]:
    """Return the inches that the columns of each page across take on paper, with the repeated code."""
    # A character of the standard font has 7 pixels, and a column 5 more, at 96 to the inch.
    inches = {letter: (7 * one.width + 5) / 96 for letter, one in sheet.column_dimensions.items()}
    _, _, last, _ = range_boundaries(sheet.print_area.split("!")[-1])
    breaks = [0, *(one.id for one in sheet.col_breaks.brk), last]
    scale = (sheet.page_setup.scale or 100) / 100
    pages = [[get_column_letter(column) for column in range(first + 1, end + 1)] for first, end in pairwise(breaks)]
    return [scale * sum(inches[letter] for letter in {"A", *letters}) for letters in pages]


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_paper_it_is_read_without_a_glass(language: Language) -> None:
    """A4 lying, at most four columns and the code across a page, in letters of at least 9 points."""
    book = seen(language)
    first, *sheets = (book[name] for name in NAMES[language][:4])
    # The instructions fill an upright page, which their 8.1 inches need a little less than full size for.
    fits = first.sheet_properties.pageSetUpPr
    assert (first.page_setup.orientation, fits is not None and fits.fitToPage) == ("portrait", True)
    assert (first.page_setup.fitToWidth or 1, first.page_setup.fitToHeight) == (1, 0)
    for sheet in sheets:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert 11 * (sheet.page_setup.scale or 0) / 100 >= 9
        assert (sheet.print_title_rows, sheet.print_title_cols) == ("$4:$4", "$A:$A")
        widths = list_page_widths(sheet)
        assert len(widths) == 2
        assert max(widths) <= 297 / 25.4 - 2 * 0.4
        header, footer = sheet.oddHeader, sheet.oddFooter
        assert header is not None
        assert footer is not None
        assert "2026.1" in str(header.left.text)
        assert footer.right.text == "&P / &N"
        cells = [cell for row in sheet.iter_rows(min_row=5, max_col=4) for cell in row if cell.value is not None]
        assert all(cell.alignment.wrap_text for cell in cells)
    # Two hundred empty rows for documents stay on the screen.
    assert sheets[2].print_area.split(":")[-1] == "$E$34"
