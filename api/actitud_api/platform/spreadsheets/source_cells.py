"""The source of an answer in the cells of a spreadsheet: its kind, the digest of a manifest, and an edition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from actitud_api.engine.i18n import LANGUAGES, Texts
from actitud_api.engine.methodology.requests.content import AnswerSource, SourceKind
from actitud_api.platform.spreadsheets.cells import CellContent, InvalidCell, parse_choice, parse_number, parse_text

SourceColumn = Literal["source", "manifest", "edition"]
"""Code of a column with a member of a source."""

SOURCE_TITLES: Final[Mapping[SourceColumn, Texts]] = {
    "source": Texts("Fuente", "Source"),
    "manifest": Texts("Fuente: huella del manifiesto", "Source: digest of the manifest"),
    "edition": Texts("Fuente: edición anterior", "Source: earlier edition"),
}
SOURCE_MEMBERS: Final[Mapping[SourceColumn, str]] = {"source": "kind", "manifest": "manifest", "edition": "edition"}
"""The member of a source by its column."""

SOURCE_LABELS: Final[Mapping[SourceKind, Texts]] = {
    "counted": Texts("Contado en los ficheros", "Counted in the files"),
    "register": Texts("De un registro", "From a register"),
    "declared": Texts("Declarado", "Declared"),
    "previous_edition": Texts("De una edición anterior", "From an earlier edition"),
}
SOURCE_WIDTHS: Final[Mapping[SourceColumn, int]] = {"source": 25, "manifest": 24, "edition": 14}

MANIFEST_LENGTH: Final = 71
"""Characters of a digest: “sha256:” and 64 digits."""
EDITION_MAX: Final = 100

SOURCE_MISSING: Final = Texts(
    "Falta decir cuál es la fuente, en la columna «{title}».",
    "It is not said which the source is, in the column “{title}”.",
    title=SOURCE_TITLES["source"],
)
_KINDS: Final[Mapping[str, str | int]] = {
    **{kind: kind for kind in SOURCE_LABELS},
    **{label.into(language).casefold(): kind for kind, label in SOURCE_LABELS.items() for language in LANGUAGES},
}
_NO_KIND: Final = Texts(
    "Debe ser uno de los valores de la lista: {counted}, {register}, {declared}, {previous_edition}.",
    "It must be one of the values of the list: {counted}, {register}, {declared}, {previous_edition}.",
    counted=SOURCE_LABELS["counted"],
    register=SOURCE_LABELS["register"],
    declared=SOURCE_LABELS["declared"],
    previous_edition=SOURCE_LABELS["previous_edition"],
)


def list_source_cells(source: AnswerSource | None) -> dict[SourceColumn, str | Texts | None]:
    """Return the cell contents that describe the source of an answer, by column; None for an empty cell.

    The columns are the kind of the source, the digest of its manifest and its edition.
    """
    if source is None:
        return dict.fromkeys(SOURCE_TITLES)
    return {"source": SOURCE_LABELS[source.kind], "manifest": source.manifest, "edition": source.edition}


def parse_source_member(column: SourceColumn, value: CellContent) -> str:
    """Convert a cell about the source of an answer to the value in JSON.

    A kind of source may be given as a code or as a name in any language.

    Raises:
        InvalidCell: The cell has no valid value.
    """
    if column == "source":
        try:
            return str(parse_choice(_KINDS, value))
        except InvalidCell as wrong:
            raise InvalidCell(wrong.rule, _NO_KIND, wrong.suggestion) from None
    if column == "edition" and isinstance(value, int | float) and not isinstance(value, bool):
        # A spreadsheet takes the year of an edition for a number.
        return str(parse_number(value))
    return parse_text(value).strip()
