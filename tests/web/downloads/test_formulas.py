"""No text of strangers is a formula in any file, whichever program opens it and at whatever it splits."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import openpyxl
import polars
import pytest
from python_calamine import CalamineWorkbook

from actitud_api.web.downloads.formats.delimited import Dialect, encode_csv
from actitud_api.web.downloads.formats.tables import TableColumn
from actitud_api.web.downloads.formats.workbook import write_workbook
from tests.support.figures import FigureRecorder

STARTS: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of what a spreadsheet may compute; the last four are wide forms of the others."""
PIECES: Final = (*STARTS, "'", '"', '""', ",", ";", "\t", "\r", "\n", "\r\n", "|", " ", "x", "1", "\0", "Á", "\u202e")
WHOLE: Final = (
    '=HYPERLINK("http://evil.example";"x")',
    "=cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    '",=1+1,"',
    '";=1+1;"',
    "x\n=1+1",
    "\t=1+1",
    "_x003D_1+1",
)
COUNT: Final = 2_000
COLUMNS: Final = [
    TableColumn(name=name, kind="string", title="", description="") for name in ("first", "middle", "last")
]
Rows = Sequence[Sequence[object]]


def draw_texts() -> list[str]:
    """Return texts of the characters that matter, in any order, the same in every run."""
    chance = random.Random(22)
    drawn = ["".join(chance.choices(PIECES, k=chance.randint(1, 8))) for _ in range(COUNT - len(WHOLE))]
    return [*WHOLE, *drawn]


TEXTS: Final = draw_texts()


def read_csv(raw: bytes, delimiter: str) -> Rows:
    """Read cells as the library of Python does."""
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def read_polars(raw: bytes, delimiter: str) -> Rows:
    """Read cells as polars does."""
    frame = polars.read_csv(
        raw, separator=delimiter, has_header=False, infer_schema=False, truncate_ragged_lines=True, ignore_errors=True
    )
    return frame.rows()


def find_formulas(rows: Rows) -> list[object]:
    """Return the cells that a spreadsheet may compute."""
    return [cell for row in rows for cell in row if isinstance(cell, str) and cell.startswith(STARTS)]


@pytest.mark.parametrize("dialect", ["rfc4180", "excel-es"])
def test_no_text_in_csv_is_a_formula_at_whatever_a_program_splits(dialect: Dialect, figure: FigureRecorder) -> None:
    rows = [(text, text, text) for text in TEXTS]
    raw = b"".join(encode_csv(COLUMNS, [rows], dialect))
    cells, formulas = 0, 0
    for read in (read_csv, read_polars):
        for delimiter in ",;\t":
            found = read(raw, delimiter)
            cells += sum(len(row) for row in found)
            formulas += len(find_formulas(found))
    assert formulas == 0
    assert cells >= 6 * COUNT
    unguarded = io.StringIO(newline="")
    csv.writer(unguarded).writerows(rows)
    plain = len(find_formulas(read_csv(unguarded.getvalue().encode(), ",")))
    assert plain > COUNT
    figure(
        "R22",
        f"cells that two readers find in CSV of {COUNT:,} hostile texts ({dialect}), split at commas, semicolons and "
        "tabs, that a spreadsheet could compute",
        tried=cells,
        failed=formulas,
        control=f"written as they are, {plain:,} of {3 * COUNT:,} begin as a formula",
    )


def list_openpyxl(raw: bytes) -> Iterator[tuple[str, object]]:
    """Yield the type and value of each cell of the first sheet, as openpyxl reads them."""
    for row in openpyxl.load_workbook(io.BytesIO(raw)).worksheets[0].iter_rows(min_row=2):
        yield from ((cell.data_type, cell.value) for cell in row)


def list_calamine(raw: bytes) -> Iterator[tuple[str, object]]:
    """Yield the type and value of each cell of the first sheet, as calamine reads them."""
    for row in CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()[1:]:
        yield from (("s" if isinstance(cell, str) else type(cell).__name__, cell) for cell in row)


@pytest.mark.parametrize("read", [list_openpyxl, list_calamine])
def test_each_text_in_a_workbook_is_a_text(
    read: Callable[[bytes], Iterator[tuple[str, object]]], figure: FigureRecorder
) -> None:
    made = io.BytesIO()
    write_workbook(made, "Hoja", COLUMNS, [[(text, text, text) for text in TEXTS]], {}, "Notas")
    cells = list(read(made.getvalue()))
    assert len(cells) == 3 * COUNT
    others = [cell for cell in cells if cell[0] not in ("s", "inlineStr")]
    assert others == []
    with zipfile.ZipFile(made) as archive:
        assert not any(b"<f" in archive.read(name) for name in archive.namelist() if "worksheets" in name)
    # Control characters are written by their codes, which not every reader takes back.
    plain = [text for text in TEXTS if text.isprintable() and "_x" not in text]
    assert len(plain) > COUNT // 4
    assert {text for _, text in cells} >= set(plain)
    figure(
        "R22",
        f"cells of {COUNT:,} hostile texts in a workbook that are no text for {read.__name__.removeprefix('list_')}",
        tried=len(cells),
        failed=len(others),
        control="none: the file has no element of a formula at all",
    )
