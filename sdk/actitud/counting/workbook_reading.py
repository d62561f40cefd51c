"""Read back the coding workbooks of one or two persons."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_col_to_name

from actitud.counting.codes import CodedRow, Coding
from actitud.counting.coding import (
    FIRST,
    FORMAT,
    IDENTITIES,
    METADATA,
    SEPARATOR,
    SHOWN_COLUMNS,
    YES_NO,
    describe_account_columns,
    list_answer_columns,
    list_sheet_variables,
)
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import Code, Definitions, TextPair
from actitud.counting.networks import identify_network
from actitud.counting.options import describe_misspelt_network
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
_NO_KEY: Final = TextPair(
    "La fila no se lee: ha perdido la clave de la primera columna.",
    "The row is not read: it has lost the key in the first column.",
)
_NO_SHEET: Final = TextPair(
    "Falta la hoja: nada de ella se cuenta. No borre las hojas ni cambie sus nombres.",
    "The sheet is missing: nothing of it counts. Do not delete sheets or change their names.",
)
_NO_IDENTITIES: Final = TextPair(
    "Nada de la hoja se cuenta: falta la fila oculta que dice qué es cada columna.",
    "Nothing of the sheet counts: the hidden row that says what each column is is missing.",
)
_NO_COLUMN: Final = TextPair(
    "Falta la columna «{name}»: nada de ella se cuenta.", "The column “{name}” is missing: nothing of it counts."
)
_OTHER_COLUMN: Final = TextPair(
    "La columna «{name}» no es de este libro, o está repetida: no se lee.",
    "The column “{name}” is not one of this workbook, or is there twice: it is not read.",
)
_FIRST_CODER: Final = "1"


class CellProblem(NamedTuple):
    """Cell of a coding workbook that cannot be read: file, sheet, cell, and the reason in Spanish and English.

    ``cell`` is "" if the whole sheet is missing.
    """

    file: str
    sheet: str
    cell: str
    detail: TextPair

    def explain(self, language: str) -> str:
        """Return the place and the reason, in Spanish if ``language`` is "es", else in English."""
        place = "!".join(part for part in (self.sheet, self.cell) if part)
        return f"{self.file}: {place}: {self.detail.into(language)}"


class InvalidCodingWorkbook(ValueError):
    """Raised if a file is not a coding workbook of this count; ``detail`` names the file and the reason."""

    def __init__(self, file: str, detail: TextPair) -> None:
        super().__init__(f"{file}: {detail.en}")
        self.detail: TextPair = TextPair(f"{file}: {detail.es}", f"{file}: {detail.en}")


class _Sheet(NamedTuple):
    """The rows of a sheet below its titles: the number of each row, and its cells by the id of their column."""

    file: str
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
                file.name,
                TextPair(f"Hay dos libros de la persona {coder}.", f"There are two workbooks of coder {coder}."),
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
            file.name,
            TextPair("No es un libro de codificación de este programa.", "It is no coding workbook of this program."),
        )
    for name, expected, subject in (
        ("methodology", definitions.methodology, TextPair("metodología", "methodology")),
        ("seed", seed, TextPair("semilla", "seed")),
    ):
        if about.get(name, "") != expected:
            raise InvalidCodingWorkbook(
                file.name,
                TextPair(
                    f"El libro se hizo con otra {subject.es}: {about.get(name, '')}.",
                    f"The workbook was made with another {subject.en}: {about.get(name, '')}.",
                ),
            )
    coder, zone = about.get("coder", _FIRST_CODER), about.get("time_zone", "UTC")
    sheets: dict[str, _Sheet] = {}
    for name, columns in list_answer_columns(definitions).items():
        names = SHEET_NAMES[name]
        title = next((title for title in book.sheet_names if title in (names.es, names.en)), None)
        if title is not None:
            sheets[name] = _read_sheet(file.name, title, _load_rows(book, title), columns, problems)
        elif coder == _FIRST_CODER:
            # The second person gets only the sheets that have rows for her.
            problems.append(CellProblem(file.name, f"{names.es} / {names.en}", "", _NO_SHEET))
    accounts, classes = sheets.pop("accounts", None), sheets.pop("classes", None)
    coding = Coding(
        rows={name: _read_coded_rows(sheet, name, definitions, zone, problems) for name, sheet in sheets.items()},
        accounts={} if accounts is None else _read_accounts(accounts, definitions, problems),
        classes={} if classes is None else _read_classes(classes, definitions, problems),
    )
    return coder, coding


def _open_workbook(file: Path) -> CalamineWorkbook:
    damaged = InvalidCodingWorkbook(
        file.name,
        TextPair(
            "El libro no se puede leer: no es XLSX, o está dañado.", "The workbook cannot be read: no XLSX, or damaged."
        ),
    )
    content = file.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise damaged from error
    if size > LARGEST_WORKBOOK:
        raise InvalidCodingWorkbook(
            file.name,
            TextPair("El libro ocupa demasiado al abrirlo.", "The workbook is too large when it is unpacked."),
        )
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except CalamineError as error:
        raise damaged from error


def _load_rows(book: CalamineWorkbook, name: str) -> list[list[CellValue]]:
    if name not in book.sheet_names:
        return []
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _read_sheet(
    file: str,
    title: str,
    rows: Sequence[Sequence[CellValue]],
    columns: Mapping[str, TextPair],
    problems: list[CellProblem],
) -> _Sheet:
    """Return the rows of a sheet by the ids of its columns.

    Columns that are missing, repeated or not of the workbook are listed in `problems`. `columns` has the titles of the
    columns with answers by their ids.
    """
    identities = [str(cell).strip() for cell in rows[IDENTITIES]] if len(rows) > IDENTITIES else []
    positions: dict[str, int] = {}
    sheet = _Sheet(file, title, positions, [])
    if columns.keys().isdisjoint(identities):
        problems.append(CellProblem(file, title, "", _NO_IDENTITIES))
        return sheet
    filled = {index for row in rows[FIRST:] for index, cell in enumerate(row) if cell != ""}
    for index in range(max([len(identities), *(position + 1 for position in filled)])):
        identity = identities[index] if index < len(identities) else ""
        if identity and identity not in positions and (identity in columns or identity in SHOWN_COLUMNS):
            positions[identity] = index
        elif index in filled:
            heads = rows[FIRST - 1]
            name = str(heads[index]) if index < len(heads) and heads[index] != "" else identity or xl_col_to_name(index)
            cell = f"{xl_col_to_name(index)}{FIRST}"
            problems.append(CellProblem(file, title, cell, _fill(_OTHER_COLUMN, TextPair(name, name))))
    for identity, question in columns.items():
        if identity not in positions:
            problems.append(CellProblem(file, title, "", _fill(_NO_COLUMN, question)))
    return sheet._replace(
        rows=[
            (number, {name: row[index] for name, index in positions.items() if index < len(row) and row[index] != ""})
            for number, row in enumerate(rows[FIRST:], start=FIRST)
        ]
    )


def _fill(text: TextPair, name: TextPair) -> TextPair:
    return TextPair(text.es.format(name=name.es), text.en.format(name=name.en))


def _read_coded_rows(
    sheet: _Sheet, name: str, definitions: Definitions, zone: str, problems: list[CellProblem]
) -> dict[str, CodedRow]:
    coded: dict[str, CodedRow] = {}
    variables = list(list_sheet_variables(definitions, name))
    answers = {*(variable.id for variable in variables), "replied_at", "was_private"}
    for number, cells in sheet.rows:
        key = str(cells.get("key", "")).strip()
        if not key:
            if not answers.isdisjoint(cells):
                problems.append(_locate(sheet, number, "key", _NO_KEY))
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
        network = identify_network(platform)
        if network.likely is not None:
            detail = describe_misspelt_network(network.name, network.likely)
            problems.append(_locate(sheet, number, "platform", detail))
            continue
        account = NetworkAccount(network.name, name)
        if account in accounts:
            problems.append(_locate(sheet, number, "name", _TWICE))
            continue
        accounts[account] = answers
    return accounts


def _read_classes(sheet: _Sheet, definitions: Definitions, problems: list[CellProblem]) -> dict[str, str]:
    classes: dict[str, str] = {}
    known = {one.id for one in definitions.classes}
    for number, cells in sheet.rows:
        answer = _read_code(sheet, number, "answer", cells, YES_NO, problems)
        key = str(cells.get("key", "")).strip()
        if answer is None:
            continue
        if key in known:
            classes[key] = answer
        else:
            problems.append(_locate(sheet, number, "key", _NO_KEY))
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
        names = (code.name.es.casefold(), code.name.en.casefold())
        if written.partition(SEPARATOR.strip())[0].strip() == code.id or written in names:
            return code.id
    listed = ", ".join(code.id for code in codes)
    detail = TextPair(_UNKNOWN_CODE.es.format(codes=listed), _UNKNOWN_CODE.en.format(codes=listed))
    problems.append(_locate(sheet, number, column, detail))
    return None


def _read_time(
    sheet: _Sheet, number: int, cells: Mapping[str, CellValue], zone: str, problems: list[CellProblem]
) -> int | None:
    if "replied_at" not in cells:
        return None
    value = cells["replied_at"]
    moment = value if isinstance(value, datetime) else None
    if isinstance(value, str):
        with suppress(ValueError):
            moment = datetime.fromisoformat(value.strip())
    if moment is None or moment.tzinfo is not None:
        problems.append(_locate(sheet, number, "replied_at", _NO_TIME))
        return None
    return to_instant(moment.replace(tzinfo=load_zone(zone)))


def _locate(sheet: _Sheet, number: int, column: str, detail: TextPair) -> CellProblem:
    return CellProblem(sheet.file, sheet.title, f"{xl_col_to_name(sheet.positions.get(column, 0))}{number + 1}", detail)
