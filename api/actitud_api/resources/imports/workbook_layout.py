"""The layout of a workbook with the assessments of many organisations, from which it is both written and read.

Two sheets have a row for each organisation and a column for each answer; a third has a row for each document or note. A
row is identified by its organisation, a column by the code above it. People may sort or delete rows, but not move
columns.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Literal, NamedTuple

from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.engine.methodology.answer_inputs import AnswerInput, list_inputs
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.spreadsheets.source_cells import SOURCE_TITLES, SOURCE_WIDTHS

FORMAT: Final = "actitud-import/1"
"""Name and version of this layout; workbooks with another are refused."""

HEADER: Final = 3
"""The row of codes, counted from 0. Above it are the title of the sheet, its introduction and the questions."""

SheetId = Literal["profile", "answers", "documents"]


class ImportColumn(NamedTuple):
    """A column of a sheet: its code, its title and its width in characters.

    `answer`: the fact or profile field that people fill in in its cells; None for a column with something else, such as
    the name of the organisation. `is_fixed`: True if people must not write in the column.
    """

    code: str
    title: str
    width: int
    answer: AnswerInput | None = None
    is_fixed: bool = False


class ImportSheet(NamedTuple):
    """A sheet of the workbook: its id, title (the name that the workbook shows), introduction and columns."""

    id: SheetId
    title: Texts
    introduction: Texts
    columns: tuple[ImportColumn, ...]

    def list_codes(self) -> list[str]:
        """Return the codes of the columns, in the order of the columns."""
        return [column.code for column in self.columns]


ORGANISATION: Final = "organisation"
NAME: Final = "name"
REVISION: Final = "revision"
DOCUMENT_MEMBERS: Final = ("url", "date", "note", "sha256")
"""Codes of the columns with the members of a document."""
ANSWER_NOTE: Final = "answer_note"
DOCUMENT_CODES: Final = ("code", *DOCUMENT_MEMBERS, ANSWER_NOTE, *SOURCE_TITLES)
"""Codes of the columns of the sheet of documents, but for the organisation."""

TITLES: Final[dict[SheetId, Texts]] = {
    "profile": Texts("Perfil", "Profile"),
    "answers": Texts("Respuestas", "Answers"),
    "documents": Texts("Documentos", "Documents"),
}
INSTRUCTIONS: Final = (
    Texts(
        "Cada organización tiene una fila en «Perfil» y otra en «Respuestas»; la nombra el identificador de la primera "
        "columna.",
        "Each organisation has a row in “Profile” and one in “Answers”; the identifier in the first column names it.",
    ),
    Texts(
        "Lo que se envía sustituye a la evaluación entera de la organización. Borre las filas de las que no quiera "
        "enviar.",
        "What is sent replaces the whole assessment of the organisation. Delete the rows of those not to be sent.",
    ),
    Texts(
        "Lo que queda en blanco no se sabe y cuenta 0. «No» y 0 son respuestas.",
        "A blank is unknown and counts 0. “No” and 0 are answers.",
    ),
    Texts(
        "Los documentos, las notas y las fuentes van en «Documentos», uno por fila: la organización, el código de la "
        "pregunta o del dato, la dirección https:// y la fecha.",
        "Documents, notes and sources go in “Documents”, one a row: the organisation, the code of the question or "
        "field, the https:// address and the date.",
    ),
    Texts(
        "No mueva ni inserte columnas, no combine celdas y no escriba fórmulas.",
        "Do not move or insert columns, merge cells or write formulas.",
    ),
    Texts(
        "Las notas se publican: no escriba nombres, DNI, correos ni teléfonos.",
        "Notes are published: write no names, identity numbers, e-mail addresses or telephone numbers.",
    ),
)
_INTRODUCTIONS: Final[dict[SheetId, Texts]] = {
    "profile": Texts("Qué es cada organización. Todo es obligatorio.", "What each organisation is. All is required."),
    "answers": Texts(
        "Una pregunta por columna. De un indicador se responde todo o nada.",
        "A question in each column. Of an indicator all is answered, or nothing.",
    ),
    "documents": Texts(
        "Un documento por fila; la nota y la fuente de una respuesta, en una fila sin dirección o con documento.",
        "A document in each row; note and source of an answer in a row without an address or in that of its document.",
    ),
}
_ORGANISATION: Final = Texts("Identificador", "Identifier")
_NAME: Final = Texts("Organización", "Organisation")
_REVISION: Final = Texts("Versión", "Version")
_DOCUMENT_TITLES: Final[dict[str, tuple[Texts, int]]] = {
    "code": (Texts("Código de la pregunta", "Code of the question"), 24),
    "url": (Texts("Dirección del documento", "Address of the document"), 60),
    "date": (Texts("Fecha del documento", "Date of the document"), 14),
    "note": (Texts("Nota sobre el documento", "Note on the document"), 40),
    "sha256": (Texts("SHA-256", "SHA-256"), 20),
    ANSWER_NOTE: (Texts("Nota de la respuesta", "Note of the answer"), 40),
    **{name: (title, SOURCE_WIDTHS[name]) for name, title in SOURCE_TITLES.items()},
}


@cache
def build_sheets(version: str, language: Language) -> tuple[ImportSheet, ImportSheet, ImportSheet]:
    """Return the three sheets of the workbook of a methodology version, with titles of columns in `language`.

    They are the sheets for the profiles, the answers and the documents of organisations.
    """
    inputs = [item for item in list_inputs(version, language) if not item.set_by_service]
    names = load_methodology(version).texts[language].indicators
    identity = (
        ImportColumn(ORGANISATION, _ORGANISATION.into(language), 24, is_fixed=True),
        ImportColumn(NAME, _NAME.into(language), 34, is_fixed=True),
    )
    profile = tuple(
        ImportColumn(item.code, item.label, 18, item) for item in inputs if item.pointer.startswith("/profile/")
    )
    answers = tuple(
        ImportColumn(item.code, f"{names[indicator].name}: {item.label}", 18, item)
        for item in inputs
        if (indicator := item.pointer.split("/")[2]) in names and item.pointer.startswith("/answers/")
    )
    documents = tuple(
        ImportColumn(code, title.into(language), width) for code, (title, width) in _DOCUMENT_TITLES.items()
    )
    revision = ImportColumn(REVISION, _REVISION.into(language), 14, is_fixed=True)
    columns: dict[SheetId, tuple[ImportColumn, ...]] = {
        "profile": (*identity, revision, *profile),
        "answers": (*identity, *answers),
        "documents": (ImportColumn(ORGANISATION, _ORGANISATION.into(language), 24), *documents),
    }
    sheets = [ImportSheet(name, TITLES[name], _INTRODUCTIONS[name], columns[name]) for name in columns]
    return sheets[0], sheets[1], sheets[2]


@cache
def list_supported(version: str) -> tuple[str, ...]:
    """Return the names of the profile fields and the ids of the indicators that a document may support.

    Only those that organisations fill in are included, not those that assessors set.
    """
    inputs = [item for item in list_inputs(version, LANGUAGES[0]) if not item.set_by_service]
    return tuple(dict.fromkeys(item.pointer.split("/")[2] for item in inputs))
