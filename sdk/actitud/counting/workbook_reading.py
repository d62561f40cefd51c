"""Read back the coding workbooks of one or two persons."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook

from actitud.counting.codes import CodedRow, Coding
from actitud.counting.coding import (
    FIRST,
    FORMAT,
    IDENTITIES,
    METADATA,
    SEPARATOR,
    YES_NO,
    describe_account_columns,
    list_sheet_variables,
)
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import Code, Definitions, TextPair
from actitud.counting.reasons import SHEET_NAMES
from actitud.counting.windows import load_zone, to_instant

CellValue: TypeAlias = bool | int | float | str | date | time | timedelta
LARGEST_WORKBOOK: Final = 200_000_000
"""Bytes that a workbook may have when it is unpacked."""
_PLATFORM_PROBLEM: Final = TextPair("Escriba la red y el nombre de la cuenta.", "Write the network and the account.")
_UNKNOWN_CODE: Final = TextPair(
    "No es un valor de la lista: {codes}.",
    "It is no value of the list: {codes}.",
)
_NO_TIME: Final = TextPair(
    "Debe ser una fecha con hora, como 2027-10-05 09:30.", "It must be a date with the time, such as 2027-10-05 09:30."
)
_TWICE: Final = TextPair("La fila está repetida.", "The row is there twice.")


class CellProblem(NamedTuple):
    """Cell of a coding workbook that cannot be read: sheet, cell, and the reason in Spanish and English."""

    sheet: str
    cell: str
    detail: TextPair


class InvalidCodingWorkbook(ValueError):
    """Raised if a file is not a coding workbook of this count; ``detail`` is the reason."""

    def __init__(self, detail: TextPair) -> None:
        super().__init__(detail.en)
        self.detail = detail


class _Sheet(NamedTuple):
    """The rows of a sheet below its titles: the number of each row, and its cells by the id of their column."""

    title: str
    positions: Mapping[str, int]
    rows: list[tuple[int, dict[str, CellValue]]]


def read_coding_workbooks(
    files: Sequence[Path], definitions: Definitions, *, seed: str | None
) -> tuple[Coding, list[CellProblem]]:
    """Read the coding workbooks of one or two coders, and return their codes.

    A cell that cannot be read is left out, and listed in the second value.

    Args:
        files: One workbook of each coder, in any order.
        definitions: Definitions of the count for the methodology version.
        seed: Seed of the count; the workbooks must have the same seed.

    Raises:
        InvalidCodingWorkbook: If a file is no coding workbook, has another seed or methodology, or a coder has two.
    """
    problems: list[CellProblem] = []
    read: dict[str, Coding] = {}
    for file in files:
        coder, coding = _read_workbook(file, definitions, seed or "", problems)
        if coder in read:
            raise InvalidCodingWorkbook(
                TextPair(f"Hay dos libros de la persona {coder}.", f"There are two workbooks of coder {coder}.")
            )
        read[coder] = coding
    first, second = read.get("1", Coding()), read.get("2", Coding())
    coding = Coding(rows=first.rows, second=second.rows, accounts=first.accounts, classes=first.classes)
    return coding, problems


def _read_workbook(file: Path, definitions: Definitions, seed: str, problems: list[CellProblem]) -> tuple[str, Coding]:
    book = _open_workbook(file)
    about = {str(row[0]): str(row[1]) for row in _load_rows(book, METADATA) if len(row) > 1}
    if about.get("format") != FORMAT:
        raise InvalidCodingWorkbook(
            TextPair("No es un libro de codificación de este programa.", "It is no coding workbook of this program.")
        )
    for name, expected, subject in (
        ("methodology", definitions.methodology, TextPair("metodología", "methodology")),
        ("seed", seed, TextPair("semilla", "seed")),
    ):
        if about.get(name, "") != expected:
            raise InvalidCodingWorkbook(
                TextPair(
                    f"El libro se hizo con otra {subject.es}: {about.get(name, '')}.",
                    f"The workbook was made with another {subject.en}: {about.get(name, '')}.",
                )
            )
    rows: dict[str, dict[str, CodedRow]] = {
        sheet: _read_coded_rows(_read_sheet(book, sheet), sheet, definitions, about.get("time_zone", "UTC"), problems)
        for sheet in dict.fromkeys(frame.sheet for frame in definitions.frames.values())
    }
    accounts = _read_accounts(_read_sheet(book, "accounts"), definitions, problems)
    classes = _read_classes(_read_sheet(book, "classes"), problems)
    return about.get("coder", "1"), Coding(rows=rows, accounts=accounts, classes=classes)


def _open_workbook(file: Path) -> CalamineWorkbook:
    damaged = InvalidCodingWorkbook(
        TextPair(
            "El libro no se puede leer: no es XLSX, o está dañado.", "The workbook cannot be read: no XLSX, or damaged."
        )
    )
    content = file.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise damaged from error
    if size > LARGEST_WORKBOOK:
        raise InvalidCodingWorkbook(
            TextPair("El libro ocupa demasiado al abrirlo.", "The workbook is too large when it is unpacked.")
        )
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except CalamineError as error:
        raise damaged from error


def _load_rows(book: CalamineWorkbook, name: str) -> list[list[CellValue]]:
    if name not in book.sheet_names:
        return []
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _read_sheet(book: CalamineWorkbook, sheet: str) -> _Sheet:
    """Return a sheet by its name in either language, empty if the workbook has none."""
    names = SHEET_NAMES[sheet]
    title = next((name for name in book.sheet_names if name in (names.es, names.en)), names.en)
    rows = _load_rows(book, title)
    identities = rows[IDENTITIES] if len(rows) > IDENTITIES else []
    positions = {str(identity): index for index, identity in enumerate(identities) if identity != ""}
    return _Sheet(
        title,
        positions,
        [
            (number, {name: row[index] for name, index in positions.items() if index < len(row) and row[index] != ""})
            for number, row in enumerate(rows[FIRST:], start=FIRST)
        ],
    )


def _read_coded_rows(
    sheet: _Sheet, name: str, definitions: Definitions, zone: str, problems: list[CellProblem]
) -> dict[str, CodedRow]:
    coded: dict[str, CodedRow] = {}
    variables = list(list_sheet_variables(definitions, name))
    for number, cells in sheet.rows:
        key = str(cells.get("key", "")).strip()
        if not key:
            continue
        if key in coded:
            problems.append(_locate(sheet, number, "key", _TWICE))
            continue
        codes: dict[str, str] = {}
        for variable in variables:
            code = _read_code(sheet, number, variable.id, cells, variable.codes, problems)
            if code is not None:
                codes[variable.id] = code
        private = _read_code(sheet, number, "was_private", cells, YES_NO, problems)
        coded[key] = CodedRow(
            codes=codes,
            replied_at=_read_time(sheet, number, cells, zone, problems),
            was_private=None if private is None else private == YES_NO[0].id,
        )
    return coded


def _read_accounts(
    sheet: _Sheet, definitions: Definitions, problems: list[CellProblem]
) -> dict[NetworkAccount, dict[str, str]]:
    accounts: dict[NetworkAccount, dict[str, str]] = {}
    columns = describe_account_columns(definitions)
    for number, cells in sheet.rows:
        platform, name = (str(cells.get(column, "")).strip() for column in ("platform", "name"))
        answers = {
            column: code
            for column, codes in columns.items()
            if (code := _read_code(sheet, number, column, cells, codes, problems)) is not None
        }
        if not platform and not name and not answers:
            continue
        if not platform or not name:
            problems.append(_locate(sheet, number, "name" if platform else "platform", _PLATFORM_PROBLEM))
            continue
        account = NetworkAccount(platform.lower(), name)
        if account in accounts:
            problems.append(_locate(sheet, number, "name", _TWICE))
            continue
        accounts[account] = answers
    return accounts


def _read_classes(sheet: _Sheet, problems: list[CellProblem]) -> dict[str, str]:
    classes: dict[str, str] = {}
    for number, cells in sheet.rows:
        answer = _read_code(sheet, number, "answer", cells, YES_NO, problems)
        if answer is not None and "key" in cells:
            classes[str(cells["key"]).strip()] = answer
    return classes


def _read_code(
    sheet: _Sheet,
    number: int,
    column: str,
    cells: Mapping[str, CellValue],
    codes: Sequence[Code],
    problems: list[CellProblem],
) -> str | None:
    """Return the code in a cell, None if it is blank or none of the list.

    It may be written as in the drop-down of either language, as the code alone, or as its name.
    """
    if column not in cells:
        return None
    value = cells[column]
    # A code that is a digit becomes a number when it is typed.
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    written = text.strip().casefold()
    for code in codes:
        if written.partition(SEPARATOR.strip())[0].strip() == code.id or written in _list_names(code):
            return code.id
    listed = ", ".join(code.id for code in codes)
    detail = TextPair(_UNKNOWN_CODE.es.format(codes=listed), _UNKNOWN_CODE.en.format(codes=listed))
    problems.append(_locate(sheet, number, column, detail))
    return None


def _list_names(code: Code) -> Iterator[str]:
    yield code.name.es.casefold()
    yield code.name.en.casefold()


def _read_time(
    sheet: _Sheet, number: int, cells: Mapping[str, CellValue], zone: str, problems: list[CellProblem]
) -> int | None:
    if "replied_at" not in cells:
        return None
    value = cells["replied_at"]
    moment: datetime | None = None
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            moment = None
    if moment is None or moment.tzinfo is not None:
        problems.append(_locate(sheet, number, "replied_at", _NO_TIME))
        return None
    return to_instant(moment.replace(tzinfo=load_zone(zone)))


def _locate(sheet: _Sheet, number: int, column: str, detail: TextPair) -> CellProblem:
    return CellProblem(sheet.title, f"{_name_column(sheet.positions.get(column, 0))}{number + 1}", detail)


def _name_column(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
