"""Comma-separated values (RFC 4180, UTF-8), and the dialect that Excel opens by double click in Spain."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final, Literal

from actitud_api.web.downloads.formats.tables import Batches, CellValue, TableColumn, format_number

Dialect = Literal["rfc4180", "excel-es"]

BOM: Final = b"\xef\xbb\xbf"
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Beginnings of a cell that a spreadsheet could take for a formula (OWASP, CSV Injection)."""


def encode_csv(columns: Sequence[TableColumn], batches: Batches, dialect: Dialect = "rfc4180") -> Iterator[bytes]:
    """Yield the header and the rows as bytes, a piece for each batch.

    rfc4180: commas, decimal points, `true` and `false`, CRLF; None is empty. excel-es: begins with a byte
    order mark, separates by semicolons, writes decimal commas and `VERDADERO` and `FALSO`, and puts an apostrophe
    before a text that could be a formula.
    """
    spanish = dialect == "excel-es"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";" if spanish else ",", lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    cells = [_build_cell_encoder(column, spanish=spanish) for column in columns]
    start = BOM if spanish else b""
    for batch in batches:
        writer.writerows([cell(value) for cell, value in zip(cells, row, strict=True)] for row in batch)
        yield start + buffer.getvalue().encode()
        start = b""
        buffer.seek(0)
        buffer.truncate()
    if start or buffer.tell():
        yield start + buffer.getvalue().encode()


def _build_cell_encoder(column: TableColumn, *, spanish: bool) -> Callable[[CellValue], str]:
    true, false = ("VERDADERO", "FALSO") if spanish else ("true", "false")

    def cell(value: CellValue) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return f"'{value}" if spanish and value.startswith(_FORMULA_STARTS) else value
        if isinstance(value, bool):
            return true if value else false
        if isinstance(value, date):
            return value.isoformat()
        text = str(value) if column.kind == "integer" else format_number(value, column.decimals)
        return text.replace(".", ",") if spanish else text

    return cell
