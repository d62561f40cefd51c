"""Write tables as CSV: as in RFC 4180 with UTF-8, or in the dialect that Excel in Spain opens by double click.

Texts may come from anybody: names, reasons of verdicts, replies. In both dialects no program reads a text as a formula
(OWASP, CSV Injection), and the exact text can be restored by the rule of `guard_formulas`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from actitud_api.web.downloads.formats.tables import Batches, CellValue, TableColumn

Dialect = Literal["rfc4180", "excel-es"]

BOM: Final = b"\xef\xbb\xbf"
_FORMULA: Final = re.compile(
    r"""\A(?=['\t\r\n]|"*[=+\-@\uff1d\uff0b\uff0d\uff20])|(?<=[,;\t\r\n])(?='|"*[=+\-@\uff1d\uff0b\uff0d\uff20])"""
)
"""Positions at which a cell could begin that a spreadsheet reads as a formula.

They are the start of a text, and after whatever another locale than that of the file takes for the end of a cell: a
program that splits at semicolons does not see the quotation marks of a text with commas, and drops those that a cell
then begins with. The last four characters are the wide forms of the others, which some spreadsheets read as these. An
apostrophe counts, so that the guard can be told from one of the text.
"""


_EncodeColumn: TypeAlias = Callable[[Sequence[CellValue]], Sequence[CellValue]]
"""Function that returns the values of a column as `csv` has to write them."""


def encode_csv(columns: Sequence[TableColumn], batches: Batches, dialect: Dialect = "rfc4180") -> Iterator[bytes]:
    """Yield the table as CSV, one item of UTF-8 bytes for each batch of rows; the first item begins with the header.

    The dialect `rfc4180` has commas, decimal points, `true` and `false`, CRLF, and an empty cell for None. The dialect
    `excel-es` has a byte order mark, semicolons, decimal commas, `VERDADERO` and `FALSO`. In both dialects, an
    apostrophe is inserted into texts that a spreadsheet could read as a formula; numbers are not changed.
    """
    spanish = dialect == "excel-es"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";" if spanish else ",", lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    encoders = [_build_column_encoder(column, spanish=spanish) for column in columns]
    start = BOM if spanish else b""
    for batch in batches:
        if batch:
            # Column by column: a function call for each cell took half the time of a file.
            encoded = [encode(cells) for encode, cells in zip(encoders, zip(*batch, strict=True), strict=True)]
            writer.writerows(zip(*encoded, strict=True))
        yield start + buffer.getvalue().encode()
        start = b""
        buffer.seek(0)
        buffer.truncate()
    if start or buffer.tell():
        yield start + buffer.getvalue().encode()


def _build_column_encoder(column: TableColumn, *, spanish: bool) -> _EncodeColumn:
    match column.kind:
        case "number":
            return _build_number_encoder(column.decimals, spanish=spanish)
        case "boolean":
            true, false = ("VERDADERO", "FALSO") if spanish else ("true", "false")
            return lambda cells: [None if cell is None else true if cell else false for cell in cells]
        case "string" if not column.values:
            return lambda cells: list(map(_guard_cell, cells))
    # The rest `csv` writes itself: our own codes, whole numbers, dates as ISO 8601, and None as an empty cell.
    return lambda cells: cells


def _build_number_encoder(decimals: int | None, *, spanish: bool) -> _EncodeColumn:
    form = f".{decimals}f"

    def encode(cells: Sequence[CellValue]) -> Sequence[CellValue]:
        if decimals is None:
            texts = [None if cell is None else _format_shortest(cell) for cell in cells]
        else:
            texts = [None if cell is None else format(cell, form) for cell in cells]
        return [None if text is None else text.replace(".", ",") for text in texts] if spanish else texts

    return encode


def _format_shortest(number: object) -> str:
    """Format a number with as many decimals as it needs, without an exponent."""
    text = repr(number)
    return f"{Decimal(text):f}" if "e" in text else text


# Most texts of a file stand in many rows, and to look one up takes a tenth of the time of looking for formulas.
@lru_cache(maxsize=1024)
def _guard_cell(cell: CellValue) -> CellValue:
    return guard_formulas(cell) if isinstance(cell, str) else cell


def guard_formulas(text: str) -> str:
    """Insert an apostrophe at each position of a text at which a spreadsheet could begin to read a formula.

    To restore the text, drop each apostrophe that is first or follows a comma, a semicolon, a tab or the end of a line.
    """
    return _FORMULA.sub("'", text)
