"""Coding workbooks as persons fill them in, by another library than the one that writes them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from actitud.counting.coding import FIRST, IDENTITIES

Row = dict[str, Any]
Answer = Callable[[Row], Mapping[str, Any]]
"""What gives the cells of a row."""


def read_rows(content: bytes, sheet: str) -> list[Row]:
    """Return the rows of a sheet by the ids of its columns; a blank cell is None."""
    return [row for _, row in _list_rows(openpyxl.load_workbook(io.BytesIO(content))[sheet])]


def list_sheets(content: bytes) -> list[str]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).sheetnames)


def fill_in(path: Path, answers: Mapping[str, Answer]) -> None:
    """Fill in answers in the file of a workbook."""
    path.write_bytes(fill(path.read_bytes(), answers))


def fill(content: bytes, answers: Mapping[str, Answer]) -> bytes:
    """Return a workbook with answers filled in, by sheet."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for name, answer in answers.items():
        sheet = book[name]
        columns = _list_columns(sheet)
        for number, row in list(_list_rows(sheet)):
            for column, value in answer(row).items():
                sheet.cell(number, columns.index(column) + 1).value = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _list_columns(sheet: Worksheet) -> list[str]:
    return [str(cell.value) for cell in sheet[IDENTITIES + 1]]


def _list_rows(sheet: Worksheet) -> Iterator[tuple[int, Row]]:
    columns = _list_columns(sheet)
    for number in range(FIRST + 1, sheet.max_row + 1):
        yield number, dict(zip(columns, (cell.value for cell in sheet[number]), strict=True))
