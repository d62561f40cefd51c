"""The layout of the review workbook, from which review workbooks are both written and read.

A row is identified by the organisation and the code of the indicator and not by its number, so assessors may sort,
filter or delete rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from actitud_api.engine.i18n import LANGUAGES, Texts
from actitud_api.platform.spreadsheets.package import WorkbookLimits
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.web.workbooks.layout import SheetColumn

FORMAT: Final = "actitud-verdicts/1"
"""The name and version of this layout; other workbooks are rejected."""

TITLE: Final = Texts("Dictámenes", "Verdicts")
"""The title of the sheet of answers, which is its name in the workbook."""

RULES_TITLE: Final = Texts("Reglas", "Rules")
"""The title of the sheet that says what each rule asks for; nobody reads it back."""

ASSESSMENTS_MAX: Final = 1_000
"""Most assessments whose answers one workbook has: of the longest methodology some 60,000 rows."""

LIMITS: Final = WorkbookLimits(
    inflated=256 * 1024 * 1024,
    rows=100_000,
    columns=64,
    cells=1_500_000,
    text=64 * 1024 * 1024,
    elements=6_000_000,
)
"""The limits on a review workbook, about twice what the service writes into the largest one."""

COLUMNS: Final = (
    SheetColumn("organisation", Texts("Organización", "Organisation"), 24),
    SheetColumn("name", Texts("Nombre", "Name"), 30),
    SheetColumn("indicator", Texts("Código", "Code"), 9),
    SheetColumn("question", Texts("Pregunta", "Question"), 44),
    SheetColumn("answer", Texts("Respuesta", "Answer"), 40),
    SheetColumn("documents", Texts("Documentos", "Documents"), 44),
    SheetColumn("note", Texts("Nota", "Note"), 26),
    SheetColumn("verdict", Texts("Dictamen", "Verdict"), 36, True),
    SheetColumn("level", Texts("Paso", "Step"), 7, True),
    SheetColumn("reason", Texts("Motivo", "Reason"), 50, True),
    SheetColumn("rule", Texts("Regla", "Rule"), 9, True),
    SheetColumn("mark", Texts("Marca", "Mark"), 10),
)
"""The columns of the sheet; `mark` is hidden and says which answer the row shows."""

IDENTITY: Final = frozenset({"organisation", "indicator", "mark"})
"""The columns that say which answer a row is about."""

VERDICT_LABELS: Final[Mapping[Verdict, Texts]] = {
    "accepted": Texts("Vale", "It stands"),
    "rejected": Texts("Se rechaza: no cuenta", "Rejected: it does not count"),
    "insufficient": Texts("La evidencia no basta: solo declarado", "The evidence is not enough: only declared"),
    "stale": Texts("La evidencia es de otra época: no cuenta", "The evidence is of another time: it does not count"),
    "capped": Texts("Se demuestra un paso inferior", "A lower step is shown"),
}
"""The options of the drop-down list of verdicts."""

VERDICTS_BY_LABEL: Final[Mapping[str, Verdict]] = {
    text.casefold(): verdict
    for verdict, label in VERDICT_LABELS.items()
    for text in (verdict, *(label.into(language) for language in LANGUAGES))
}
"""The verdict for each text that a cell may have: the label in any language, or the name of the verdict."""


class WorkbookIdentity(NamedTuple):
    """Edition, methodology and assessor of a review workbook, which are stored in its hidden sheet."""

    edition: str
    methodology: str
    assessor: str


def find_column(name: str) -> int:
    """Return the index, counted from 0, of the column of the review workbook with the id `name`."""
    return next(index for index, column in enumerate(COLUMNS) if column.id == name)
