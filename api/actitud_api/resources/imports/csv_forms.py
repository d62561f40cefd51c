"""Imported CSV files: tidy, with a row for each fact, or wide, with a row for each organisation.

A file is UTF-8, separated by commas, or by semicolons with decimal commas as spreadsheets write it in Spain. An unknown
name in the first row is a fault, because the values of its column would otherwise be lost in silence.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO, Final, TypeAlias

from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import FAULTS_MAX
from actitud_api.platform.http.validation import Json, find_nearest, format_pointer, quote_value
from actitud_api.resources.imports.sources import (
    NO_NOTE,
    REPEATED,
    ImportFault,
    ImportRejected,
    OrganisationRows,
    Place,
    SourceBody,
    SourceRow,
    UnreadableRest,
    build_fault,
    group_adjacent,
)
from actitud_api.resources.imports.values import (
    DOCUMENT_MEMBERS,
    PROFILE,
    SOURCE_TITLES,
    InvalidValue,
    ValueTarget,
    list_columns,
    list_facts,
    read_text,
)

LINE_MAX: Final = 1024 * 1024
"""Highest number of characters of a line; a row of an organisation has some thousands."""

TIDY: Final = ("organisation", "indicator", "field", "value")
"""Columns that a tidy file must have."""

_NAMES: Final = frozenset({"organisation_name", "name"})
IGNORED: Final = _NAMES | {"edition", "methodology", "dimension", "question", "faults"}
"""Columns that help people to read a file, and those of an annotated copy: no answer is read from them."""

_ORGANISATION: Final = TIDY[0]
_REVISION: Final = "revision"
_NOTE: Final = "note"
_EVIDENCE: Final = {f"evidence_{member}": member for member in DOCUMENT_MEMBERS}
_KIND: Final = SOURCE_TITLES["source"]
_TIDY_TITLES: Final = {*TIDY, _REVISION, _NOTE, *_EVIDENCE, *SOURCE_TITLES}
_SUGGESTIONS_MAX: Final = 20
_TITLES_COMPARED_MAX: Final = 200

_DOCUMENT_TARGETS: Final = {member: ValueTarget((), type_) for member, type_ in DOCUMENT_MEMBERS.items()}
_SOURCE_TARGETS: Final = {title: ValueTarget((member,), "source") for title, member in SOURCE_TITLES.items()}

_Documents: TypeAlias = dict[tuple[str, ...], list[dict[str, Json]]]


class CsvHead(Struct, frozen=True):
    """The first row of a CSV file: the titles of its columns.

    `is_spanish` is True if semicolons separate the cells, and numbers have decimal commas; False for commas and points.
    """

    titles: tuple[str, ...]
    is_spanish: bool

    @property
    def delimiter(self) -> str:
        """The character between two cells of a row: a semicolon or a comma."""
        return ";" if self.is_spanish else ","


class _CsvForm(Struct, frozen=True):
    """Common part of both forms of a CSV file, whose first row is `head`."""

    head: CsvHead

    def iterate_groups(self, stream: BinaryIO) -> Iterator[OrganisationRows]:
        """Yield the rows of each organisation in a file.

        Raises:
            UnreadableRest: From some row on, the file cannot be read.
        """
        titles = self.head.titles
        named = [position for position, title in enumerate(titles) if title in _NAMES]
        return group_adjacent(iterate_rows(stream, self.head), titles.index(_ORGANISATION), named)

    def build_body(self, version: str, group: OrganisationRows, places: dict[str, Place] | None = None) -> SourceBody:
        """Build the body of an assessment from the rows of an organisation.

        `places` is filled with the cell of each member of the body, by JSON Pointer.
        """
        reader = (_TidyReader if isinstance(self, TidyForm) else _WideReader)(version, self.head)
        source = reader.read_group(group)
        if places is not None:
            places |= reader.list_places()
        return source


class TidyForm(_CsvForm, frozen=True, tag="tidy"):
    """Form of a CSV file in which each row has one fact, document or note of an organisation."""


class WideForm(_CsvForm, frozen=True, tag="wide"):
    """Form of a CSV file with a row for each organisation, and a column for each fact."""


def iterate_rows(stream: BinaryIO, head: CsvHead) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file below the first row, each as its number, from 2, and its cells.

    Raises:
        UnreadableRest: From some row on, the file is not valid CSV.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    number = 1
    try:
        rows = csv.reader(_iterate_lines(text), delimiter=head.delimiter, strict=True)
        next(rows, None)
        for number, cells in enumerate(rows, 2):
            yield number, cells
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableRest(build_fault(Place(number + 1), "csv", _NOT_CSV.fill(reason=str(error)))) from error
    finally:
        text.detach()


def _iterate_lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LINE_MAX):
        if len(line) == LINE_MAX and not line.endswith("\n"):
            raise csv.Error(f"line longer than {LINE_MAX}")
        yield line


def read_form(stream: BinaryIO, version: str) -> TidyForm | WideForm:
    """Recognise the form of a CSV file by its first row: a row for each fact (tidy) or for each organisation (wide).

    `version` is the methodology version, which decides which columns there may be.

    Raises:
        ImportRejected: The first row has faults; `form` is that of a tidy file whose rows can be read in spite of them.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        line = next(_iterate_lines(text), "")
        is_spanish = line.count(";") > line.count(",")
        (cells,) = list(csv.reader([line], delimiter=";" if is_spanish else ",", strict=True)) or [[]]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ImportRejected([build_fault(Place(1), "csv", _NOT_CSV.fill(reason=str(error)))]) from error
    finally:
        text.detach()
    head = CsvHead(tuple(title.strip() for title in cells), is_spanish)
    is_tidy = {"indicator", "field"} <= {*head.titles}
    known = _TIDY_TITLES if is_tidy else {_ORGANISATION, _REVISION, *list_columns(version)}
    faults = _check_titles(head.titles, TIDY if is_tidy else (_ORGANISATION,), known, version)
    # A line has room for half a million wrong titles.
    if told := [*islice(faults, FAULTS_MAX + 1)]:
        is_readable = is_tidy and {*TIDY} <= {*head.titles} and "duplicate" not in {fault.rule for fault in told}
        raise ImportRejected(told, TidyForm(head) if is_readable else None)
    return TidyForm(head) if is_tidy else WideForm(head)


def _check_titles(
    titles: Sequence[str], required: Sequence[str], known: set[str], version: str
) -> Iterator[ImportFault]:
    for title in required:
        if title not in titles:
            yield build_fault(
                Place(1, title),
                "required",
                _MISSING_COLUMN,
                suggestion=_find_near(title, titles[:_TITLES_COMPARED_MAX]),
            )
    facts = list_facts(version)
    seen: set[str] = set()
    suggestions = 0
    for title in titles:
        # A spreadsheet may write empty cells beside the table; what stands below them is refused in its row.
        if not title or title in IGNORED:
            continue
        place = Place(1, title)
        if title in seen:
            yield build_fault(place, "duplicate", _REPEATED_COLUMN)
        seen.add(title)
        if title not in known:
            several = [f"{title}.{fact}" for indicator, fact in facts if indicator == title]
            if several and len(known) > len(_TIDY_TITLES):
                yield build_fault(place, "column", _SEVERAL_FACTS.fill(columns=", ".join(several)), quote_value(title))
            else:
                suggestions += 1
                near = _find_near(title, known) if suggestions <= _SUGGESTIONS_MAX else None
                yield build_fault(place, "column", _UNKNOWN_COLUMN, quote_value(title), near)


def _find_near(name: str, known: Sequence[str] | set[str]) -> str | None:
    """Return the title that was probably meant: one that begins or ends as this one does, if it has several parts.

    To compare a title with all those of a wide file takes 50 ms.
    """
    begin, _, end = name.rpartition(".")
    if not begin:
        return find_nearest(name, [one for one in known if "." not in one])
    return find_nearest(name, [one for one in known if one.startswith(f"{begin}.") or one.endswith(f".{end}")])


class _RowReader:
    """Common part of the readers of both forms: they collect the members of a body, their places and their faults."""

    def __init__(self, version: str, head: CsvHead) -> None:
        self.version = version
        self.head = head
        self.cells: dict[tuple[str, ...], Place] = {}
        """The cell of each member of the body, by the steps of its JSON Pointer."""
        self.faults: list[ImportFault] = []
        self.body: dict[str, dict[str, Json]] = {PROFILE: {}, "answers": {}}
        self.revision: str | None = None
        self._answers: dict[str, dict[str, Json]] = {}
        self._documents: _Documents = {}
        self._document_cells: dict[tuple[str, ...], list[Mapping[str, Place]]] = {}
        self._sources: dict[tuple[str, ...], dict[str, Json]] = {}
        """The members of the source of each answer and profile field, by the steps of its JSON Pointer."""
        self._suggestions = 0

    def check_length(self, row: SourceRow) -> bool:
        """Return True if a row has a cell for each column; report it otherwise."""
        width, cells = len(self.head.titles), row.cells
        if len(cells) == width or (len(cells) > width and not any(cells[width:])):
            return True
        detail = _CELLS.fill(count=len(cells), expected=width)
        self.report(Place(row.number), "cells", detail)
        return False

    def report(self, cell: Place, rule: str, detail: Texts, value: str | None = None, near: str | None = None) -> None:
        """Add a fault."""
        self.faults.append(build_fault(cell, rule, detail, value, near))

    def take_value(self, target: ValueTarget, text: str, cell: Place) -> None:
        """Set the value of a fact, a note or a profile field."""
        path = target.path
        if target.set_by_service:
            self.report(cell, "place", _SET_BY_REVIEW, quote_value(text))
            return
        if path in self.cells:
            detail = REPEATED.fill(first=self.cells[path].row)
            self.report(cell, "duplicate", detail, quote_value(text))
            return
        self.cells[path] = cell
        value = self.read(target, text, cell)
        if value is None:
            return
        if path[0] == PROFILE:
            self.body[PROFILE][path[1]] = value
        else:
            self._answers.setdefault(path[1], {})[path[2]] = value

    def read(self, target: ValueTarget, text: str, cell: Place) -> Json:
        """Return the value of a cell, or None if it is reported as a fault."""
        try:
            return read_text(text, target, is_spanish=self.head.is_spanish)
        except InvalidValue as error:
            self.report(cell, error.rule, error.detail, quote_value(text), error.suggestion)
            return None

    def add_document(self, path: tuple[str, ...], document: dict[str, Json], cells: Mapping[str, Place]) -> None:
        """Add a document to the answer or the profile field at `path`; the same document counts once.

        `cells` has the cell of each member.
        """
        listed = self._documents.setdefault(path, [])
        if document and document not in listed:
            listed.append(document)
            self._document_cells.setdefault(path, []).append(cells)

    def take_source(self, target: ValueTarget, text: str, cell: Place) -> None:
        """Set a member of the source of an answer or profile field; each row of an answer may repeat it."""
        *source, member = target.path
        value, members = self.read(target, text, cell), self._sources.setdefault((*source,), {})
        if member in members and value not in (None, members[member]):
            detail = _OTHER_SOURCE.fill(first=self.cells[target.path].row)
            self.report(cell, "duplicate", detail, quote_value(text))
            return
        self.cells.setdefault(target.path, cell)
        if value is not None:
            members[member] = value

    def take_revision(self, text: str, cell: Place) -> None:
        """Set the revision that the rows were written for."""
        if self.revision not in (None, text):
            self.report(cell, "duplicate", _SEVERAL_REVISIONS, quote_value(text))
        self.revision = text

    def list_places(self) -> dict[str, Place]:
        """Return the place of each member of the body, by JSON Pointer."""
        places = {format_pointer(path): cell for path, cell in self.cells.items()}
        for path, documents in self._document_cells.items():
            pointer = format_pointer(path)
            for number, cells in enumerate(documents):
                places |= {f"{pointer}/{number}/{member}": cell for member, cell in cells.items()}
                # The last of them, which is one too many if there are too many.
                places[pointer] = places[f"{pointer}/{number}"] = next(iter(cells.values()))
        for path, cell in self.cells.items():
            # The answer of a fact, or of a member of its source.
            for length in {2, len(path) - 1}:
                places.setdefault(format_pointer(path[:length]), Place(cell.row))
        return places

    def build(self, group: OrganisationRows) -> SourceBody:
        """Return all that was collected from the rows of an organisation."""
        evidence: dict[str, Json] = {}
        for path, documents in self._documents.items():
            if path[0] == "profile_evidence":
                evidence[path[1]] = documents
            elif documents:
                self._answers.setdefault(path[1], {})["evidence"] = documents
        of_profile: dict[str, Json] = {}
        for path, source in self._list_sources():
            if path[0] == "profile_sources":
                of_profile[path[1]] = source
            else:
                self._answers.setdefault(path[1], {})["source"] = source
        for name, answer in self._answers.items():
            self.body["answers"][name] = answer
        if evidence:
            self.body["profile_evidence"] = evidence
        if of_profile:
            self.body["profile_sources"] = of_profile
        if group.left_out:
            self.report(Place(group.last), "rows", _TOO_MANY_ROWS.fill(count=len(group.rows) + group.left_out))
        return SourceBody({"methodology": self.version, **self.body}, self.faults, self.revision)

    def _list_sources(self) -> Iterator[tuple[tuple[str, ...], dict[str, Json]]]:
        """Yield each source that says its kind, by the steps of its JSON Pointer; report the others."""
        for path, source in self._sources.items():
            if _KIND in source:
                yield path, source
            elif (*path, _KIND) not in self.cells:
                cell = next(cell for steps, cell in self.cells.items() if steps[:-1] == path)
                # `source_manifest` belongs to `source`; in a wide file both begin with the name of the answer.
                title = str(cell.column).rpartition("_")[0]
                self.report(Place(cell.row, title), "required", _NO_KIND.fill(title=title))


class _TidyReader(_RowReader):
    def __init__(self, version: str, head: CsvHead) -> None:
        super().__init__(version, head)
        self._facts = list_facts(version)
        self._indicators = {indicator for indicator, _ in self._facts}
        self._positions = {title: position for position, title in enumerate(head.titles) if title}

    def read_group(self, group: OrganisationRows) -> SourceBody:
        """Return the body that the rows of an organisation make."""
        positions, facts = self._positions, self._facts
        indicators, fields, values = (positions[title] for title in TIDY[1:])
        further_titles = _TIDY_TITLES - {*TIDY}
        others = [(title, position) for title, position in positions.items() if title in further_titles]
        for row in group.rows:
            if not self.check_length(row):
                continue
            cells = [str(cell).strip() for cell in row.cells]
            indicator, field, value = cells[indicators] or PROFILE, cells[fields], cells[values]
            further = {title: cells[position] for title, position in others if cells[position]}
            target = facts.get((indicator, field))
            if target is None and not self._check_names(row, indicator, field, value, further):
                continue
            if target is not None and value:
                self.take_value(target, value, Place(row.number, "value"))
            if further:
                self._take_further(row, indicator, field, further)
        return self.build(group)

    def _check_names(self, row: SourceRow, indicator: str, field: str, value: str, further: Mapping[str, str]) -> bool:
        """Return True if a row that names no fact may be one of documents and notes; report it otherwise."""
        if indicator not in self._indicators:
            self._report_unknown(Place(row.number, "indicator"), indicator, self._indicators)
        elif field:
            known = [name for place, name in self._facts if place == indicator]
            self._report_unknown(Place(row.number, "field"), field, known)
        elif value or (indicator == PROFILE and further.keys() - {_REVISION}):
            self.report(Place(row.number, "field"), "required", _MISSING_FIELD)
        else:
            return True
        return False

    def _report_unknown(self, cell: Place, name: str, known: Sequence[str] | set[str]) -> None:
        self._suggestions += 1
        near = find_nearest(name, known) if self._suggestions <= _SUGGESTIONS_MAX else None
        self.report(cell, "enum", _UNKNOWN_NAME, quote_value(name), near)

    def _take_further(self, row: SourceRow, indicator: str, field: str, further: dict[str, str]) -> None:
        revision, note = further.pop(_REVISION, None), further.pop(_NOTE, None)
        if revision is not None:
            self.take_revision(revision, Place(row.number, _REVISION))
        if note is not None:
            cell = Place(row.number, _NOTE)
            if indicator == PROFILE:
                self.report(cell, "place", NO_NOTE, quote_value(note))
            else:
                self._take_note(indicator, note, cell)
        source = ("profile_sources", field) if indicator == PROFILE else ("answers", indicator, "source")
        for title, target in _SOURCE_TARGETS.items():
            if title in further:
                target = ValueTarget((*source, *target.path), target.type)
                self.take_source(target, further.pop(title), Place(row.number, title))
        if further:
            document: dict[str, Json] = {}
            cells: dict[str, Place] = {}
            for title, text in further.items():
                member = _EVIDENCE[title]
                cells[member] = Place(row.number, title)
                value = self.read(_DOCUMENT_TARGETS[member], text, cells[member])
                if value is not None:
                    document[member] = value
            path = ("profile_evidence", field) if indicator == PROFILE else ("answers", indicator, "evidence")
            self.add_document(path, document, cells)

    def _take_note(self, indicator: str, note: str, cell: Place) -> None:
        """Set the note of an answer; it may be repeated in each row of the answer."""
        before = self._answers.get(indicator, {}).get(_NOTE)
        target = ValueTarget(("answers", indicator, _NOTE), "text")
        if before is None or self.read(target, note, cell) != before:
            self.take_value(target, note, cell)


class _WideReader(_RowReader):
    def read_group(self, group: OrganisationRows) -> SourceBody:
        """Return the body that the row of an organisation makes."""
        row, *further = group.rows
        for other in further:
            detail = _REPEATED_ORGANISATION.fill(first=row.number)
            self.report(Place(other.number, _ORGANISATION), "duplicate", detail, quote_value(group.organisation))
        if self.check_length(row):
            self._read_cells(row)
        return self.build(group)

    def _read_cells(self, row: SourceRow) -> None:
        columns = list_columns(self.version)
        documents: dict[tuple[str, ...], tuple[dict[str, Json], dict[str, Place]]] = {}
        for title, written in zip(self.head.titles, row.cells, strict=False):
            text = str(written).strip()
            if not text or title == _ORGANISATION or title in IGNORED:
                continue
            cell = Place(row.number, title)
            target = columns.get(title)
            if title == _REVISION:
                self.take_revision(text, cell)
            elif target is None:
                self.report(Place(row.number), "cells", _BESIDE_TABLE, quote_value(text))
            elif target.type == "source":
                self.take_source(target, text, cell)
            elif "evidence" in target.path or target.path[0] == "profile_evidence":
                value = self.read(target, text, cell)
                document, cells = documents.setdefault(target.path[:-1], ({}, {}))
                cells[target.path[-1]] = cell
                if value is not None:
                    document[target.path[-1]] = value
            else:
                self.take_value(target, text, cell)
        for path, (document, cells) in sorted(documents.items(), key=lambda item: (item[0][:-1], int(item[0][-1]))):
            self.add_document(path[:-1], document, cells)


_NOT_CSV: Final = Texts(
    "Desde aquí no es CSV ({reason}). Guárdelo de nuevo como «CSV UTF-8».",
    "From here on it is no CSV ({reason}). Save it again as “CSV UTF-8”.",
)
_MISSING_COLUMN: Final = Texts(
    "Falta esta columna: ponga su nombre en la primera fila.", "This column is missing: put its name in the first row."
)
_UNKNOWN_COLUMN: Final = Texts(
    "Esta columna no se conoce: corrija su nombre o quítela.",
    "This column is not known: correct its name or remove it.",
)
_REPEATED_COLUMN: Final = Texts(
    "Esta columna está repetida: deje solo una.", "This column is there more than once: leave only one."
)
_SEVERAL_FACTS: Final = Texts(
    "Este indicador pide varios datos. Sus columnas: {columns}.",
    "This indicator asks for several facts. Its columns: {columns}.",
)
_CELLS: Final = Texts(
    "La fila tiene {count} celdas y la primera {expected}: compruebe que nada se ha desplazado.",
    "The row has {count} cells and the first one {expected}: check that nothing has shifted.",
)
_BESIDE_TABLE: Final = Texts(
    "Hay algo en una columna sin nombre: compruebe que nada se ha desplazado.",
    "There is something in a column without a name: check that nothing has shifted.",
)
_SET_BY_REVIEW: Final = Texts("Lo fija la revisión: déjelo en blanco.", "The review sets it: leave it blank.")
_REPEATED_ORGANISATION: Final = Texts(
    "La organización ya está en la fila {first}: deje solo una.",
    "The organisation is in row {first} already: leave only one.",
)
_SEVERAL_REVISIONS: Final = Texts(
    "Las filas de la organización dicen revisiones distintas: deje solo una.",
    "The rows of the organisation say different revisions: leave only one.",
)
_OTHER_SOURCE: Final = Texts(
    "En la fila {first} la fuente es otra: deje solo una.", "In row {first} the source is another: leave only one."
)
_NO_KIND: Final = Texts(
    "Falta decir cuál es la fuente, en la columna «{title}».",
    "It is not said which the source is, in the column “{title}”.",
)
_TOO_MANY_ROWS: Final = Texts(
    "La organización tiene {count} filas, demasiadas para una evaluación.",
    "The organisation has {count} rows, too many for an assessment.",
)
_UNKNOWN_NAME: Final = Texts(
    "No se conoce este código: use los de la metodología de la edición.",
    "This code is not known: use those of the methodology of the edition.",
)
_MISSING_FIELD: Final = Texts("Falta el nombre del dato.", "The name of the fact is missing.")
