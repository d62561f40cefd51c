"""Rows of tables, from CSV in any encoding and with any separator, and from workbooks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from actitud.counting.decoding import open_text
from actitud.counting.export_files import ExportFile
from actitud.counting.faults import CountingFault, FileRefused

SEPARATORS: Final = (",", ";", "\t", "|")
_LONGEST_CELL: Final = 1 << 22
_METADATA: Final = "_metadata"
"""Hidden sheet of the workbooks that this program writes; its first row has the word “format” and their format."""
_OWN_FORMAT: Final = "actitud"
_HEADER_WITHIN: Final = 12
"""Rows in which the headers are looked for: some exports begin with a title and a description."""


class SheetRow(NamedTuple):
    """Row of a table: its line number (or the row number in a sheet), and its cells."""

    line: int
    cells: list[Any]


class SheetSource(NamedTuple):
    """Way of reading a file as rows: the separator of a CSV file, or the name of a sheet of a workbook.

    ``sheet`` is None for a CSV file, and ``separator`` for a workbook.
    """

    separator: str | None = None
    sheet: str | None = None


def list_beginnings(file: ExportFile, largest: int) -> Iterator[tuple[SheetSource, list[SheetRow]]]:
    """Yield the first rows of a file for each possible way of reading it as a table: a separator, or a sheet.

    ``largest``: largest workbook that is read, in bytes.

    Raises:
        FileRefused: if the file cannot be opened, is too large, or is a workbook that this program wrote.
    """
    if file.kind == "workbook":
        workbook = _open_workbook(file, largest)
        if _METADATA in workbook.sheet_names and ["format", _OWN_FORMAT] in [
            [str(cell).partition("-")[0] for cell in row]
            for row in workbook.get_sheet_by_name(_METADATA).to_python(nrows=1)
        ]:
            raise FileRefused(CountingFault(code="own_workbook", file=file.name))
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False, nrows=_HEADER_WITHIN)
            yield SheetSource(sheet=name), [SheetRow(line, row) for line, row in enumerate(rows, start=1)]
        return
    head = file.read_head()
    for separator in SEPARATORS:
        if separator in head:
            yield SheetSource(separator=separator), _read_beginning(head, separator)


def read_rows(file: ExportFile, source: SheetSource, largest: int) -> Iterator[SheetRow]:
    """Yield the rows of a table that are not blank.

    ``source``: separator or sheet of the table. ``largest``: largest workbook that is read, in bytes.

    Raises:
        FileRefused: if the file is too large, breaks off or is not a table to its end.
    """
    if source.sheet is not None:
        sheet = _open_workbook(file, largest).get_sheet_by_name(source.sheet)
        before = (sheet.start or (0, 0))[0]
        indent = [""] * (sheet.start or (0, 0))[1]
        for line, cells in enumerate(sheet.iter_rows(), start=before + 1):
            if any(str(cell).strip() for cell in cells):
                yield SheetRow(line, indent + cells)
        return
    csv.field_size_limit(_LONGEST_CELL)
    with open_text(file.open(), file.encoding) as text:
        reader = csv.reader(text, delimiter=source.separator or ",", strict=True)
        line = 1
        try:
            for row in reader:
                if any(map(str.strip, row)):
                    yield SheetRow(line, row)
                line = reader.line_num + 1
        except csv.Error as error:
            code = "half_file" if "unexpected end" in str(error) else "broken_table"
            raise FileRefused(CountingFault(code=code, file=file.name, line=line)) from None
        except UnicodeDecodeError:
            code = "unknown_encoding" if file.encoding == "cp1252" else "half_file"
            raise FileRefused(CountingFault(code=code, file=file.name, line=line)) from None


def _read_beginning(head: str, separator: str) -> list[SheetRow]:
    rows: list[SheetRow] = []
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    line = 1
    try:
        for row in reader:
            if any(row):
                rows.append(SheetRow(line, row))
            line = reader.line_num + 1
            if len(rows) == _HEADER_WITHIN:
                break
    except csv.Error:
        pass  # the headers stand before it, or it is no table
    return rows


def _open_workbook(file: ExportFile, largest: int) -> Any:
    """Open a workbook, which calamine holds in memory as a whole."""
    from zipfile import BadZipFile, ZipFile

    from python_calamine import CalamineError, load_workbook

    refusal = FileRefused(CountingFault(code="file_too_large", file=file.name, value=str(file.size)))
    if file.size > largest:
        raise refusal
    with file.open() as stream:
        content = io.BytesIO(stream.read())
    if content.getbuffer()[:2].tobytes() == b"PK":
        try:
            with ZipFile(content) as archive:
                # Ten times the size on disc is what a sheet of texts takes; more is a bomb.
                if sum(member.file_size for member in archive.infolist()) > 10 * largest:
                    raise refusal
        except BadZipFile:
            raise FileRefused(CountingFault(code="half_file", file=file.name)) from None
        content.seek(0)
    try:
        return load_workbook(content)
    except (CalamineError, OSError, ValueError):
        # A letter or a presentation is packed as a workbook is, and so are thumbnails of pictures.
        raise FileRefused(CountingFault(code="unknown_format", file=file.name)) from None
