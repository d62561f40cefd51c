"""Checks of an uploaded workbook before a workbook parser opens it: limits on its size and content.

An XLSX file is a ZIP archive of XML files (its members, or parts), and the sizes that it declares cannot be trusted.
The members are decompressed up to a limit. The XML is scanned once as a stream: no DOCTYPE, only UTF-8, limits on cells
and their positions. The members that the parser needs go into a new archive. The scan also records the cells with
formulas, because the parser returns only their results.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from xml.parsers import expat

from msgspec import Struct
from python_calamine import CalamineError, CalamineWorkbook

from actitud_api.engine.i18n import Texts


class WorkbookLimits(Struct, frozen=True, kw_only=True):
    """Limits on the size and content of uploaded workbooks of one kind.

    Attributes:
        inflated: Largest decompressed size in bytes.
        rows, columns: Number of the rows and of the columns of a sheet in which a cell may have a value.
        cells: Largest number of cells with a value in all sheets; empty cells do not count.
        text: Largest number of characters in all cells; XLSX stores a text that several cells show only once, but it
            counts for each of them.
        elements: Largest number of XML elements in all parts of the file.
    """

    inflated: int
    rows: int
    columns: int
    cells: int
    text: int
    elements: int


QUESTIONNAIRE_LIMITS: Final = WorkbookLimits(
    inflated=16 * 1024 * 1024, rows=2_000, columns=64, cells=50_000, text=4 * 1024 * 1024, elements=300_000
)
"""The limits on a questionnaire; its template has less than 1 MB and fewer than 20,000 elements."""
MEMBERS_MAX: Final = 200
"""Maximum number of files in a workbook; the template has fewer than 20."""
RATIO_MAX: Final = 100
"""Maximum ratio of decompressed to compressed bytes; the template has less than 20."""
DEPTH_MAX: Final = 100
"""Maximum number of XML elements inside each other; the template has fewer than 10."""
SHEETS_MAX: Final = 20
"""Maximum number of sheets; the template has six."""

_ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of a compound file: a workbook of Excel 97, or one that is encrypted with a password.

`_ZIP` has the first bytes of a ZIP file, such as an XLSX file.
"""
_PIECE: Final = 64 * 1024
_INDEX_DIGITS: Final = 10
"""Most digits of the index of a shared text."""
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ENCODING: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']{1,40})[\"']")


class WorkbookRejected(Exception):
    """Raised if an uploaded file is rejected: it is no acceptable workbook, or cannot be read as a questionnaire.

    `rule`: code of the fault, such as `macro` or `encrypted`. `location`: member of the archive, or cell, that has the
    fault; empty if the fault concerns the whole file. `detail`: reason of the rejection, and advice.
    """

    def __init__(self, rule: str, detail: Texts, location: str = "") -> None:
        super().__init__(rule, location)
        self.rule = rule
        self.detail = detail
        self.location = location

    def __reduce__(self) -> tuple[type[WorkbookRejected], tuple[str, Texts, str]]:
        """Return the arguments that recreate the exception, so that another process can raise it (pickle)."""
        return type(self), (self.rule, self.detail, self.location)


class WorkbookOversized(WorkbookRejected):
    """Raised by `open_workbook` if an uploaded file exceeds a limit on its size or content."""


class Cell(NamedTuple):
    """Position of a cell in a sheet: row and column, counted from 0."""

    row: int
    column: int


class CellMarks(Struct, frozen=True):
    """Cells of a sheet that contain a formula, and cells that show an error such as `#REF!`.

    The workbook parser does not report them.
    """

    formulas: frozenset[Cell] = frozenset()
    errors: frozenset[Cell] = frozenset()


class CheckedWorkbook(Struct, frozen=True):
    """Workbook that has passed the checks: the object of the workbook parser, and the marks of each sheet by name.

    The marks are the cells that contain a formula or show an error.
    """

    workbook: CalamineWorkbook
    marks: Mapping[str, CellMarks]


def open_workbook(raw: bytes, limits: WorkbookLimits = QUESTIONNAIRE_LIMITS) -> CheckedWorkbook:
    """Check an uploaded file, and open it as a workbook; the default limits are the limits of a questionnaire.

    Raises:
        WorkbookRejected: The file fails a check.
    """
    _refuse_other_formats(raw)
    members = _inflate_members(raw, limits)
    _refuse_contents(members)
    names = _list_sheets(members)
    scanned = _PackageScan(members, limits)
    marks = {name: scanned.find_marks(part) for name, part in names.items()}
    try:
        workbook = CalamineWorkbook.from_filelike(_pack_members(members))
    except CalamineError as error:
        raise _create_damage_error() from error
    return CheckedWorkbook(workbook, marks)


def _refuse_other_formats(raw: bytes) -> None:
    if raw.startswith(_COMPOUND):
        raise WorkbookRejected(
            "encrypted",
            Texts(
                "El libro está protegido con contraseña o es de Excel 97-2003 (.xls). Guárdelo como .xlsx sin "
                "contraseña para abrirlo.",
                "The workbook is protected with a password to open it, or is of Excel 97-2003 (.xls). Save it as .xlsx "
                "without one.",
            ),
        )
    if not raw.startswith(_ZIP):
        raise WorkbookRejected(
            "format",
            Texts(
                "El fichero no es un libro de Excel (.xlsx). Guárdelo en ese formato.",
                "The file is no Excel workbook (.xlsx). Save it in that format.",
            ),
        )


def _inflate_members(raw: bytes, limits: WorkbookLimits) -> dict[str, bytes]:
    """Decompress the members of the archive; return their bytes by name.

    Both the declared and the actual sizes are checked. Raises `WorkbookOversized` above a limit, and `WorkbookRejected`
    for an encrypted or damaged archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            listed = archive.infolist()
            limit = min(limits.inflated, RATIO_MAX * len(raw))
            if len(listed) > MEMBERS_MAX:
                raise _create_size_error(
                    Texts(
                        "tiene {count} ficheros dentro, más de {maximum}",
                        "it has {count} files inside, more than {maximum}",
                        count=len(listed),
                        maximum=MEMBERS_MAX,
                    ),
                )
            if sum(member.file_size for member in listed) > limit:
                raise _create_inflation_error(limit)
            members: dict[str, bytes] = {}
            remaining = limit
            for member in listed:
                if member.flag_bits & 1:
                    raise WorkbookRejected(
                        "encrypted",
                        Texts("El fichero está cifrado.", "The file is encrypted."),
                        _make_printable(member.filename),
                    )
                if member.filename in members:
                    raise _create_damage_error()
                # `file_size` is only what the archive declares, so the real bytes are counted as they come.
                pieces: list[bytes] = []
                with archive.open(member) as stream:
                    while piece := stream.read(_PIECE):
                        pieces.append(piece)
                        remaining -= len(piece)
                        if remaining < 0:
                            raise _create_inflation_error(limit)
                members[member.filename] = b"".join(pieces)
            return members
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError) as error:
        raise _create_damage_error() from error


def _refuse_contents(members: Mapping[str, bytes]) -> None:
    """Raise `WorkbookRejected` if the members form no workbook, or contain macros or links to other files."""
    lowered = {name.lower(): name for name in members}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= members.keys():
        raise WorkbookRejected(
            "format",
            Texts(
                "El fichero no es un libro de Excel (.xlsx): le falta `xl/workbook.xml`. Si es de LibreOffice (.ods), "
                "guárdelo como .xlsx.",
                "The file is no Excel workbook (.xlsx): it has no `xl/workbook.xml`. If it is of LibreOffice (.ods), "
                "save it as .xlsx.",
            ),
        )
    for name, written in lowered.items():
        base = posixpath.basename(name)
        if base.startswith("vbaproject") or "/macrosheets/" in name or "/dialogsheets/" in name:
            raise WorkbookRejected(
                "macro",
                Texts(
                    "El libro tiene macros. Guárdelo como .xlsx, sin ellas.",
                    "The workbook has macros. Save it as .xlsx, without them.",
                ),
                _make_printable(written),
            )
        if "/externallinks/" in name or base in ("connections.xml", "querytable1.xml"):
            raise WorkbookRejected(
                "external",
                Texts(
                    "El libro enlaza con otros ficheros o datos. Rompa los vínculos (Datos, Editar vínculos) y "
                    "guárdelo.",
                    "The workbook links to other files or data. Break the links (Data, Edit Links) and save it.",
                ),
                _make_printable(written),
            )


def _pack_members(members: dict[str, bytes]) -> io.BytesIO:
    """Return a new archive with those of `members` that the workbook parser reads: XML files and `.rels` files.

    A `.rels` file says to which other members an XML file refers. The scan has checked only these files; all other
    members, such as images, are left out. `members` is emptied: a workbook of many organisations has 100 MB of them, of
    which the archive and the parser have copies.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        while members:
            name, content = members.popitem()
            if _is_read(name):
                archive.writestr(name, content)
    packed.seek(0)
    return packed


def _is_read(name: str) -> bool:
    return name.endswith((".xml", ".rels")) and name.startswith(("xl/", "_rels/", "[Content_Types]"))


def _list_sheets(members: Mapping[str, bytes]) -> dict[str, str]:
    """Return the name of the archive member of each sheet, by the sheet name that users see.

    Raises `WorkbookOversized` if there are too many sheets.
    """
    named: list[tuple[str, str]] = []
    targets: dict[str, str] = {}

    def of_workbook(name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            named.append((attributes.get("name", ""), _find_relation(attributes)))

    def of_relations(name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    _read_elements(members["xl/workbook.xml"], of_workbook, "xl/workbook.xml")
    relations = "xl/_rels/workbook.xml.rels"
    _read_elements(members.get(relations, b""), of_relations, relations)
    if len(named) > SHEETS_MAX:
        raise _create_size_error(
            Texts(
                "tiene {count} hojas, más de {maximum}",
                "it has {count} sheets, more than {maximum}",
                count=len(named),
                maximum=SHEETS_MAX,
            )
        )
    return {name: posixpath.normpath(posixpath.join("/xl", targets.get(part, "")))[1:] for name, part in named}


def _find_relation(attributes: Mapping[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.rpartition(" ")[2] == "id"), "")


# openpyxl with defusedxml was tried in place of this scan (3.1, read-only). It takes 300,000 useless elements without a
# limit (3.5 s and 24 MB, here 0.8 s and 3 MB), drops values beyond the bounds of `iter_rows` in silence or makes a
# million rows to reach them, reads `A0` as a cell, and has no merged ranges without its slow mode.
class _PackageScan:
    """A single pass over all XML members of the archive. It enforces the limits and collects the marks of sheets."""

    def __init__(self, members: Mapping[str, bytes], limits: WorkbookLimits) -> None:
        self.limits = limits
        self._marks: dict[str, CellMarks] = {}
        self._elements = 0
        self._cells = 0
        self._text = 0
        self._lengths: list[int] = []
        ordered = sorted((name for name in members if _is_read(name)), key=lambda name: "sharedStrings" not in name)
        for name in ordered:
            self._scan_part(name, members[name])

    def find_marks(self, part: str) -> CellMarks:
        """Return the marks (formulas and errors) of the sheet in the member `part`; none if the member is no sheet."""
        return self._marks.get(part, CellMarks())

    def _scan_part(self, name: str, content: bytes) -> None:
        sheet = _PartHandler(self, name)
        parser = _create_parser(content, name)
        parser.StartElementHandler = sheet.start
        parser.EndElementHandler = sheet.end
        parser.CharacterDataHandler = sheet.text
        _parse(parser, content, name)
        if sheet.is_sheet:
            self._marks[name] = CellMarks(frozenset(sheet.formulas), frozenset(sheet.errors))

    def count_element(self, part: str) -> None:
        """Count an XML element of the member `part`. Raises `WorkbookOversized` above the limit."""
        self._elements += 1
        maximum = self.limits.elements
        if self._elements > maximum:
            raise _create_size_error(
                Texts(
                    "tiene más de {maximum} elementos",
                    "it has more than {maximum} elements",
                    maximum=self.limits.elements,
                ),
                part,
            )

    def add_string(self, length: int) -> None:
        """Record the length, in characters, of the next text in the workbook's list of shared texts.

        XLSX keeps the texts of cells in this list, each once; a cell has only the index of its text in the list.
        """
        self._lengths.append(length)

    def add_cell(self, part: str, length: int, shared: int | None) -> None:
        """Count a cell of the member `part` that has a value, and the characters of its text.

        `shared`: index of the text in the list of shared texts; None if the cell contains the text itself, which then
        has the length `length`. Raises `WorkbookOversized` above a limit.
        """
        self._cells += 1
        if self._cells > self.limits.cells:
            raise _create_size_error(
                Texts(
                    "tiene más de {maximum} celdas escritas",
                    "it has more than {maximum} cells with a value",
                    maximum=self.limits.cells,
                ),
                part,
            )
        if shared is not None:
            length = self._lengths[shared] if 0 <= shared < len(self._lengths) else 0
        self._text += length
        if self._text > self.limits.text:
            raise _create_size_error(
                Texts(
                    "sus celdas tienen más de {maximum} caracteres",
                    "its cells have more than {maximum} characters",
                    maximum=self.limits.text,
                ),
                part,
            )


class _PartHandler:
    """The functions that the XML parser calls while it reads one member of the archive.

    A sheet is evaluated cell by cell. The list of shared texts, to which the cells of sheets refer by index, is
    evaluated text by text. In any other member, only the elements are counted.
    """

    def __init__(self, scan: _PackageScan, part: str) -> None:
        self._scan = scan
        self._part = part
        self._depth = 0
        self._root = ""
        self._row = -1
        self._cell = Cell(0, -1)
        self._type = "n"
        self._has_value = False
        self._value = ""
        self._length = 0
        self.formulas: set[Cell] = set()
        self.errors: set[Cell] = set()

    @property
    def is_sheet(self) -> bool:
        """True if the member is a sheet."""
        return self._root == "worksheet"

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Count the element that begins; in a sheet, note the current row and cell, and whether the cell has a formula.

        Called by the XML parser at each start tag. Raises `WorkbookOversized` beyond `DEPTH_MAX`.
        """
        name = _strip_namespace(name)
        self._scan.count_element(self._part)
        if self._depth == 0:
            self._root = name
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _create_size_error(
                Texts(
                    "tiene más de {maximum} elementos uno dentro de otro",
                    "it has more than {maximum} elements inside each other",
                    maximum=DEPTH_MAX,
                ),
                self._part,
            )
        if self._root == "sst" and name == "si":
            self._length = 0
        elif not self.is_sheet:
            return
        elif name == "row":
            self._row = _parse_number(attributes.get("r"), self._row + 2) - 1
            self._cell = Cell(self._row, -1)
        elif name == "c":
            self._cell = self._locate_cell(attributes.get("r"))
            self._type = attributes.get("t", "n")
            self._has_value, self._value, self._length = False, "", 0
        elif name in ("v", "is"):
            self._has_value = True
            self._value = ""
        elif name == "f":
            self._has_value = True
            self.formulas.add(self._cell)

    def text(self, data: str) -> None:
        """Add the length of a piece of text to that of the current cell or shared text.

        Called by the XML parser for the text between two tags, which it may pass in several pieces. The total number of
        characters is limited. The beginning of a cell's value is kept as well: if the cell shows a shared text, the
        value is the index of that text.
        """
        self._length += len(data)
        if self._has_value and len(self._value) < 20:
            self._value += data

    def end(self, name: str) -> None:
        """If the element that ends is a cell with a value or a shared text, report it to the scan.

        Called by the XML parser at each end tag. Raises `WorkbookOversized` if a cell with a value is beyond the last
        allowed row or column.
        """
        name = _strip_namespace(name)
        self._depth -= 1
        if self._root == "sst" and name == "si":
            self._scan.add_string(self._length)
        elif self.is_sheet and name == "c" and self._has_value:
            if self._cell.row >= self._scan.limits.rows or self._cell.column >= self._scan.limits.columns:
                raise _create_size_error(
                    Texts(
                        "hay una celda escrita más allá de la fila {row} o de la columna {column}",
                        "a cell with a value stands beyond row {row} or column {column}",
                        row=self._scan.limits.rows,
                        column=self._scan.limits.columns,
                    ),
                    self._part,
                )
            if self._type == "e":
                self.errors.add(self._cell)
            self._scan.add_cell(self._part, self._length, self._parse_index() if self._type == "s" else None)

    def _parse_index(self) -> int | None:
        """Return the index in the value of the current cell, or None if the value is no index of a shared text."""
        # A value may be longer than Python converts to int. No workbook has that many texts.
        text = self._value.strip()
        return int(text) if text.isdecimal() and len(text) <= _INDEX_DIGITS else None

    def _locate_cell(self, reference: str | None) -> Cell:
        if reference is None:
            return Cell(self._row, self._cell.column + 1)
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise _create_damage_error(self._part)
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - ord("A") + 1
        return Cell(int(match[2]) - 1, column - 1)


def _read_elements(content: bytes, start: Callable[[str, Mapping[str, str]], None], part: str) -> None:
    parser = _create_parser(content, part)
    parser.StartElementHandler = lambda name, attributes: start(_strip_namespace(name), attributes)
    _parse(parser, content, part)


def _create_parser(content: bytes, part: str) -> expat.XMLParserType:
    declared = _ENCODING.match(content.removeprefix(b"\xef\xbb\xbf"))
    if declared is not None and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise _create_damage_error(part)
    parser = expat.ParserCreate("utf-8", " ")

    def doctype(*_: object) -> None:
        raise WorkbookRejected(
            "doctype",
            Texts("El libro contiene una declaración DOCTYPE.", "The workbook has a DOCTYPE declaration."),
            _make_printable(part),
        )

    parser.StartDoctypeDeclHandler = doctype
    return parser


def _parse(parser: expat.XMLParserType, content: bytes, part: str) -> None:
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise _create_damage_error(part) from error


def _strip_namespace(name: str) -> str:
    """Return the name of an element without its namespace."""
    return name.rpartition(" ")[2]


def _parse_number(text: str | None, otherwise: int) -> int:
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 7:
        return otherwise
    return int(text)


def _make_printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in name[:100])


def _create_damage_error(part: str = "") -> WorkbookRejected:
    return WorkbookRejected(
        "damaged",
        Texts(
            "El fichero está dañado o no es un libro de Excel. Ábralo, compruébelo y guárdelo de nuevo como .xlsx.",
            "The file is damaged or no Excel workbook. Open it, look at it and save it again as .xlsx.",
        ),
        _make_printable(part),
    )


def _create_inflation_error(limit: int) -> WorkbookOversized:
    return _create_size_error(
        Texts(
            "descomprimido ocupa más de {limit} bytes, demasiado para lo que es",
            "inflated it has more than {limit} bytes, too many for what it is",
            limit=limit,
        ),
    )


def _create_size_error(reason: Texts, part: str = "") -> WorkbookOversized:
    return WorkbookOversized(
        "too_large",
        Texts(
            "El libro no se lee: {reason}. Use la plantilla, sin añadir nada fuera de ella.",
            "The workbook is not read: {reason}. Use the template, and add nothing beside it.",
            reason=reason,
        ),
        _make_printable(part),
    )
