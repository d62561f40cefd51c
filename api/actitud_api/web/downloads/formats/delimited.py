"""Write tables as CSV: as in RFC 4180 with UTF-8, or in the dialect that Excel in Spain opens by double click."""

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
"""First characters with which a spreadsheet may read a text as a formula (OWASP, CSV Injection)."""


def encode_csv(columns: Sequence[TableColumn], batches: Batches, dialect: Dialect = "rfc4180") -> Iterator[bytes]:
    """Yield the table as CSV, one chunk of bytes per batch of rows; the header comes first.

    The dialect `rfc4180` has commas, decimal points, `true` and `false`, CRLF, and an empty cell for None. The dialect
    `excel-es` has a byte order mark, semicolons, decimal commas, `VERDADERO` and `FALSO`, and an apostrophe before a
    text that could be read as a formula.
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
