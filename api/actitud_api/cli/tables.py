"""Read a CSV file with an organisation in each line, and score it under a methodology.

The first column names the organisation of a line. The others are `profile:FIELD`, `INDICATOR.FACT`, `INDICATOR.basis`,
or `INDICATOR` alone if it has one fact. An empty cell is no answer. The components of a checklist that are done are
separated by blanks or commas; `none` means that none is done. A file with semicolons may have decimal commas, as
spreadsheets write it in Spain, and its scores are written in the same way.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final

from msgspec import Struct

from actitud_api.cli.scored_table import ScoredTable, score_submissions
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import (
    ScoreRequest,
    Submission,
    build_score_request_type,
    to_submission,
)
from actitud_api.platform.http.inputs import Body, NotJson, parse_json
from actitud_api.platform.http.problems import FAULTS_MAX, Fault
from actitud_api.platform.http.validation import Json, find_nearest, format_pointer
from actitud_api.resources.imports.values import (
    THOUSANDS,
    THOUSANDS_REFUSED,
    InvalidValue,
    ValueTarget,
    read_text,
)

_PLACE = Texts("línea {line} ({name}), {column}", "line {line} ({name}), {column}")
_MISSING = Texts("Falta en estas líneas: {lines}.", "It is missing in these lines: {lines}.")
_LINES_MAX: Final = 5
_LINE = Texts("línea {line}", "line {line}")
_UNKNOWN_COLUMN = Texts(
    "Esta columna no es de la metodología; --keep la copia sin leerla.",
    "This column is not one of the methodology; --keep copies it without reading it.",
)
_SEVERAL_FACTS = Texts(
    "Este indicador pide varios datos. Sus columnas: {columns}.",
    "This indicator asks for several facts. Its columns: {columns}.",
)
_REPEATED_COLUMN = Texts("Esta columna está repetida.", "This column is there more than once.")
_NO_SUCH_COLUMN = Texts("--keep: el fichero no tiene esta columna.", "--keep: the file does not have this column.")
_FIRST_COLUMN = Texts(
    "La primera columna debe dar el nombre de cada línea, y no un dato.",
    "The first column must name each line, and not be a fact.",
)
_CELLS = Texts("Celdas: {count}; en la cabecera: {expected}.", "Cells: {count}; in the header: {expected}.")
_EMPTY = Texts("No tiene ninguna línea debajo de la cabecera.", "It has no line below the header.")
_NOT_UTF8 = Texts("No es UTF-8.", "It is not UTF-8.")
_NOT_CSV = Texts("No es CSV: {reason}", "It is not CSV: {reason}")


class FaultyTable(Exception):
    """Raised if a table of organisations cannot be scored because of faults in its lines.

    `faults` has the first faults, and `count` is the number of all faults.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(len(faults))
        self.faults = list(faults[:FAULTS_MAX])
        self.count = sum(fault.count for fault in faults)


class _Line(Struct, frozen=True):
    """A line of the file with its number; `cells` has the texts by column."""

    number: int
    cells: Mapping[str, str]


def score_table(
    raw: bytes,
    kept: Sequence[str],
    methodology: Methodology,
    language: Language,
    follow: Callable[[int], AbstractContextManager[Callable[[], None]]],
) -> ScoredTable:
    """Score each line of a CSV file.

    Args:
        raw: The content of the file.
        kept: Columns that are copied in addition to the first column.
        methodology: The methodology, registered or not.
        language: The language of faults.
        follow: Returns a context manager that displays progress over a number of lines; its value is a function that is
            called after each line that was read.

    Raises:
        FaultyTable: A line or a column has faults; then no line is scored.
    """
    inputs = _name_inputs(methodology)
    is_spanish, header, lines, broken = _read_lines(raw, language)
    first, *others = header
    faults = [*_check_header(header, kept, inputs, methodology), *broken]
    missing: dict[str, list[str]] = {}
    read = [name for name in others if name in inputs and name not in kept]
    columns = {format_pointer(place.path): name for name, place in reversed(inputs.items())}
    columns |= {format_pointer(inputs[name].path): name for name in read}
    checked = Body(build_score_request_type(methodology))
    submissions: list[Submission] = []
    with follow(len(lines)) as advance:
        for line in lines:
            body = _build_body(line, {name: inputs[name] for name in read}, methodology, is_spanish=is_spanish)
            request = checked.convert(body)
            advance()
            if isinstance(request, ScoreRequest):
                submissions.append(to_submission(methodology, request))
                continue
            for fault in request:
                # A fault inside a checklist is one of its column.
                column = columns.get(fault.pointer) or columns.get(fault.pointer.rpartition("/")[0]) or fault.pointer
                if fault.rule == "required":
                    missing.setdefault(column, []).append(str(line.number))
                    continue
                if is_spanish and THOUSANDS.fullmatch(line.cells.get(column, "")):
                    fault = replace(fault, detail=THOUSANDS_REFUSED)
                place = _PLACE.into(language).format(line=line.number, name=line.cells[first], column=column)
                faults.append(replace(fault, pointer=place))
    for column, numbers in missing.items():
        count = len(numbers)
        shown = ", ".join(numbers if count <= _LINES_MAX else (*numbers[:_LINES_MAX], f"… ({count})"))
        faults.append(Fault(column, "required", None, _MISSING.fill(lines=shown), count=count))
    if faults:
        raise FaultyTable(faults)
    copied = [first, *(name for name in others if name in kept)]
    cells = [[line.cells[name] for name in copied] for line in lines]
    return ScoredTable(copied, cells, score_submissions(methodology, submissions), methodology, is_spanish=is_spanish)


# --- the columns ----------------------------------------------------------------------------------------------


def _name_inputs(methodology: Methodology) -> dict[str, ValueTarget]:
    """Return the fact or profile field of each column that a file may have, by the name of the column.

    A name of two facts is left out, as `a.b.c` for the facts `c` of `a.b` and `b.c` of `a`.
    """
    document = methodology.document
    named = [(f"profile:{field.name}", ValueTarget(("profile", field.name), field.type)) for field in document.profile]
    short: dict[str, ValueTarget] = {}
    for indicator in walk_indicators(document.root):
        places = {
            fact.name: ValueTarget(("answers", indicator.id, fact.name), fact.type, indicator.components)
            for fact in indicator.facts
        }
        if len(places) == 1:
            short[indicator.id] = next(iter(places.values()))
        if places:
            places["basis"] = ValueTarget(("answers", indicator.id, "basis"), "enum")
        named += [(f"{indicator.id}.{name}", place) for name, place in places.items()]
    counts = Counter(name for name, _ in named)
    return short | {name: place for name, place in named if counts[name] == 1}


def _check_header(
    header: Sequence[str], kept: Sequence[str], inputs: Mapping[str, ValueTarget], methodology: Methodology
) -> Iterator[Fault]:
    several = {
        indicator.id: [f"{indicator.id}.{fact.name}" for fact in indicator.facts]
        for indicator in walk_indicators(methodology.document.root)
        if len(indicator.facts) > 1
    }
    first, *others = header
    if first in inputs:
        yield Fault(first, "first", None, _FIRST_COLUMN)
    for name, count in Counter(header).items():
        if count > 1:
            yield Fault(name, "duplicate", None, _REPEATED_COLUMN)
    for name in kept:
        if name not in header:
            yield Fault(name, "keep", None, _NO_SUCH_COLUMN, find_nearest(name, others))
    for name in dict.fromkeys(others):
        if name in inputs or name in kept:
            continue
        if name in several:
            yield Fault(name, "additionalProperties", None, _SEVERAL_FACTS.fill(columns=", ".join(several[name])))
        else:
            near = find_nearest(name, inputs) or find_nearest(f"profile:{name}", inputs)
            yield Fault(name, "additionalProperties", None, _UNKNOWN_COLUMN, near)


# --- the lines ------------------------------------------------------------------------------------------------


def _read_lines(raw: bytes, language: Language) -> tuple[bool, list[str], list[_Line], list[Fault]]:
    """Return whether semicolons separate the cells, the header, the lines, and faults of lines of another length.

    Empty lines are left out.

    Raises:
        FaultyTable: The file is not CSV in UTF-8, or has no line.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FaultyTable([Fault(_LINE.into(language).format(line=line), "encoding", None, _NOT_UTF8)]) from error
    head, _, _ = text.partition("\n")
    is_spanish = head.count(";") > head.count(",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if is_spanish else ",", strict=True)
    lines: list[_Line] = []
    faults: list[Fault] = []
    number = 1
    try:
        header = [name.strip() for name in next(reader, [""])]
        # A quoted cell may span lines: a line of the table is reported by the first of them.
        number = reader.line_num + 1
        for cells in reader:
            if any(cells) and len(cells) != len(header):
                detail = _CELLS.fill(count=len(cells), expected=len(header))
                faults.append(Fault(_LINE.into(language).format(line=number), "cells", None, detail))
            elif any(cells):
                texts = (cell.strip() for cell in cells)
                lines.append(_Line(number, dict(zip(header, texts, strict=True))))
            number = reader.line_num + 1
    except csv.Error as error:
        detail = _NOT_CSV.fill(reason=str(error))
        place = _LINE.into(language).format(line=number)
        raise FaultyTable([*faults, Fault(place, "csv", None, detail)]) from error
    if not lines and not faults:
        raise FaultyTable([Fault("", "empty", None, _EMPTY)])
    return is_spanish, header, lines, faults


def _build_body(line: _Line, read: Mapping[str, ValueTarget], methodology: Methodology, *, is_spanish: bool) -> Json:
    """Build the body of the score request of a line, from the columns that are read."""
    profile: dict[str, Json] = {}
    answers: dict[str, dict[str, Json]] = {}
    for column, place in read.items():
        text = line.cells[column]
        part, name, *rest = place.path
        if not text:
            continue
        value = _read_cell(text, place, is_spanish=is_spanish)
        if part == "profile":
            profile[name] = value
        else:
            answers.setdefault(name, {})[rest[0]] = value
    # `basis` alone says nothing: a line without facts is one without an answer.
    sent: dict[str, Json] = {name: facts for name, facts in answers.items() if set(facts) != {"basis"}}
    return {"methodology": methodology.version, "profile": profile, "answers": sent}


def _read_cell(text: str, place: ValueTarget, *, is_spanish: bool) -> Json:
    """Return the value of a cell; a text that is no value of the type is returned as it is, for the validation."""
    if place.type in ("integer", "number"):
        # As JSON, which has more digits than a cell that a person fills in.
        if is_spanish and THOUSANDS.fullmatch(text):
            return text
        try:
            value = parse_json((text.replace(",", ".") if is_spanish else text).encode())
        except NotJson:
            return text
        return value if isinstance(value, int | float) else text
    try:
        return read_text(text, place, is_spanish=is_spanish)
    except InvalidValue:
        return text
