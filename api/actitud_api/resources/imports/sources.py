"""Rows of an imported file, grouped by organisation, and the faults in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import LANGUAGES, Texts
from actitud_api.platform.http.problems import FAULTS_MAX, Fault
from actitud_api.platform.http.redaction import redact_keys
from actitud_api.platform.http.validation import Json, quote_name

ROWS_MAX: Final = 5_000
"""Highest number of rows of one organisation; the largest assessments that make sense have far fewer."""

REPEATED: Final = Texts("Ya está en la fila {first}: deje solo una.", "It is in row {first} already: leave only one.")
NO_NOTE: Final = Texts("Un dato del perfil no lleva nota: quítela.", "A field of the profile takes no note: remove it.")


class SourceRow(Struct, frozen=True, array_like=True):
    """A row of an imported file: its number, counted from 1 as in a spreadsheet, and the texts of its cells."""

    number: int
    cells: list[str]


class OrganisationRows(Struct, frozen=True, array_like=True):
    """The rows of one organisation, which are adjacent in the file.

    `organisation`: the identifier in the file, unchanged; empty if there is none. `rows`: at most `ROWS_MAX` rows.
    `last`: number of the last row. `left_out`: number of further rows, which are not in `rows`. `sheet`: name of the
    sheet of the first row, None in a text file. `names`: the names of the organisation in the rows, each once.
    """

    organisation: str
    rows: list[SourceRow]
    last: int
    left_out: int = 0
    sheet: str | None = None
    names: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        """The number in the file of the first of these rows."""
        return self.rows[0].number

    def locate(self, column: str | None = "organisation") -> Place:
        """Return a cell of the first row; in a workbook, whose rows say their sheet, that of the organisation."""
        return Place(self.first, column) if self.sheet is None else Place(self.first, "A", self.sheet)


class ImportFault(Struct, frozen=True, kw_only=True):
    """A fault of a cell, a row or a file, at a position as in `Place`.

    Attributes:
        rule: Code of the broken rule.
        detail: A sentence about the fault and its remedy, by language.
        value: The value as JSON, None if there is none or it may be personal data.
        suggestion: Value that was probably meant, None if it is not known.
    """

    row: int
    rule: str
    detail: dict[str, str]
    sheet: str | None = None
    column: str | None = None
    value: str | None = None
    suggestion: str | None = None


class Place(Struct, frozen=True):
    """The position of a cell or row in an imported file.

    `row`: number of the row as a spreadsheet shows it. `column`: title of the column in a CSV file, letters of the
    column in a workbook, JSON Pointer in a line of JSON; None for a whole row. `sheet`: name of the sheet, None in a
    text file.
    """

    row: int
    column: str | None = None
    sheet: str | None = None


class SourceBody(Struct, frozen=True):
    """The body of an assessment that was built from the rows of an organisation, and the faults of unreadable cells.

    `revision`: the revision of the stored assessment for which the rows were written, None if the file does not state
    it. `unreadable`: JSON Pointers of members that are missing because a cell cannot be read.
    """

    body: dict[str, Json]
    faults: list[ImportFault]
    revision: str | None = None
    unreadable: frozenset[str] = frozenset()


class ImportRejected(Exception):
    """A file cannot be imported at all, for the reasons in `faults`. Raised before anything is imported.

    `form` is the form in which its rows can be read nevertheless, None if they cannot.
    """

    def __init__(self, faults: Sequence[ImportFault], form: Struct | None = None) -> None:
        super().__init__(", ".join(fault.rule for fault in faults))
        self.faults = faults
        self.form = form


class UnreadableRest(Exception):
    """A file cannot be read from some row on; `fault` is the reason. Raised while the rows are read."""

    def __init__(self, fault: ImportFault) -> None:
        super().__init__(fault.rule)
        self.fault = fault


def build_fault(
    place: Place, rule: str, detail: Texts, value: str | None = None, suggestion: str | None = None
) -> ImportFault:
    """Build a fault at a position in an imported file, without the API keys that its texts may contain.

    `value` was shortened by `quote_value`.
    """
    return ImportFault(
        row=place.row,
        column=None if place.column is None else redact_keys(quote_name(place.column)),
        sheet=place.sheet,
        rule=rule,
        value=None if value is None else redact_keys(value),
        detail={language: redact_keys(detail.into(language)) for language in LANGUAGES},
        suggestion=suggestion,
    )


def locate_fault(place: Place, fault: Fault) -> ImportFault:
    """Convert a fault of the body of an assessment to a fault at a position in the file."""
    return build_fault(place, fault.rule, fault.detail, fault.value, fault.suggestion)


def limit_faults(faults: Iterable[ImportFault]) -> tuple[ImportFault, ...]:
    """Return the first `FAULTS_MAX` faults in the order of their rows.

    If there are more, a last fault says how many are omitted.
    """
    ordered = sorted(faults, key=lambda fault: fault.row)
    if len(ordered) <= FAULTS_MAX:
        return tuple(ordered)
    more = len(ordered) - FAULTS_MAX
    detail = Texts("Fallos que no se enumeran: {more}.", "Faults that are not listed: {more}.", more=more)
    return (
        *ordered[:FAULTS_MAX],
        build_fault(Place(ordered[FAULTS_MAX].row, sheet=ordered[FAULTS_MAX].sheet), "more", detail),
    )


def group_adjacent(
    rows: Iterable[tuple[int, list[str]]], position: int, named: Sequence[int]
) -> Iterator[OrganisationRows]:
    """Yield adjacent rows with the same organisation as one group; empty rows are skipped.

    `rows` are pairs of the number and the cells of a row; `position` is the position of the organisation among the
    cells, from 0, `named` are those of its names.
    """
    name: str | None = None
    names: dict[str, None] = {}
    kept: list[SourceRow] = []
    last = left_out = 0
    for number, cells in rows:
        found = cells[position].strip() if position < len(cells) else ""
        if found != name or not found:
            if not found and not any(map(str.strip, cells)):
                continue
            if found != name:
                if kept:
                    yield OrganisationRows(name or "", kept, last, left_out, names=tuple(names))
                name, names, kept, left_out = found, {}, [], 0
        last = number
        names |= {cells[place].strip(): None for place in named if cells[place : place + 1]}
        if len(kept) < ROWS_MAX:
            kept.append(SourceRow(number, cells))
        else:
            left_out += 1
    if kept:
        yield OrganisationRows(name or "", kept, last, left_out, names=tuple(names))


def find_place(places: Mapping[str, Place], pointer: str, group: OrganisationRows) -> Place:
    """Return the position in the imported file of the member of an assessment at the JSON Pointer `pointer`.

    `places` has the positions of members by JSON Pointer. If the member has none, the position of the nearest member
    that contains it is returned; if there is none either, the first row of `group`, the rows of the organisation.
    """
    while pointer:
        if pointer in places:
            return places[pointer]
        pointer = pointer.rpartition("/")[0]
    return places.get("", group.locate(None))
