"""Score each line of a CSV file under a methodology, and write a CSV table of the scores.

The first column names the organisation of a line. The others are `profile:FIELD`, `INDICATOR.FACT`, `INDICATOR.basis`,
or `INDICATOR` alone if it has one fact. An empty cell is no answer; components of a checklist have blanks or commas
between, and `none` is a checklist of which nothing is done. A file with semicolons may have decimal commas, as
spreadsheets write it in Spain, and its scores are written in the same way.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Group
from actitud_api.engine.methodology.predicates import walk_indicators, walk_nodes
from actitud_api.engine.methodology.requests.answers import ScoreRequest, build_score_request_type
from actitud_api.engine.scoring.ranking import UNRANKED, compute_ranks, get_ranking_index
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, DimensionScore, Estimate, Figure, Score
from actitud_api.platform.http.inputs import Body, NotJson, parse_json
from actitud_api.platform.http.problems import FAULTS_MAX, Fault
from actitud_api.platform.http.validation import Json, find_nearest, format_pointer
from actitud_api.resources.scores import service
from actitud_api.web.downloads.formats.delimited import encode_csv
from actitud_api.web.downloads.formats.tables import CellValue, TableColumn

_PLACE = Texts("línea {line} ({name}), {column}", "line {line} ({name}), {column}")
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

_BOOLEANS: Final = {
    **dict.fromkeys(("true", "verdadero", "yes", "sí", "si"), True),
    **dict.fromkeys(("false", "falso", "no"), False),
}

_NO_COMPONENTS: Final = frozenset({"none", "ninguno", "ninguna"})
"""Words for a checklist of which nothing is done: an empty cell is no answer, which covers less."""

_ESTIMATES: Final = ("estimate", "estimate_lower", "estimate_upper")
"""Columns of the index that a provisional document estimates, and of the bounds of the estimate."""

_Type: TypeAlias = Literal["integer", "number", "boolean", "components", "enum"]


class FaultyTable(Exception):
    """Raised if lines of a table cannot be scored; `faults` are the first of them, `count` is the number of all."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(len(faults))
        self.faults = list(faults[:FAULTS_MAX])
        self.count = len(faults)


class _Input(Struct, frozen=True):
    """Place of a column in the body of a score request, as the steps of a JSON Pointer, and the type of its values.

    `components` has the ids of the components of a checklist.
    """

    path: tuple[str, ...]
    type: _Type
    components: tuple[str, ...] = ()


class _Line(Struct, frozen=True):
    """A line of the file with its number; `cells` has the texts by column."""

    number: int
    cells: Mapping[str, str]


class _ScoredLine(Struct, frozen=True):
    line: _Line
    score: Score


def score_table(raw: bytes, kept: Sequence[str], methodology: Methodology, language: Language) -> Iterator[bytes]:
    """Score each line of a CSV file, and return the table of scores as CSV.

    `raw` is the content of the file. The first column and the columns `kept` are copied. `language` is that of faults.

    Raises:
        FaultyTable: A line or a column has faults; then nothing is scored.
    """
    inputs = _name_inputs(methodology)
    is_spanish, header, lines = _read_lines(raw, language)
    first, *others = header
    faults = [*_check_header(header, kept, inputs, methodology)]
    if faults:
        raise FaultyTable(faults)
    read = [name for name in others if name not in kept]
    columns = {format_pointer(place.path): name for name, place in reversed(inputs.items())}
    columns |= {format_pointer(inputs[name].path): name for name in read}
    checked = Body(build_score_request_type(methodology))
    scored: list[_ScoredLine] = []
    for line in lines:
        body = _build_body(line, {name: inputs[name] for name in read}, methodology, is_spanish=is_spanish)
        request = checked.convert(body)
        if isinstance(request, ScoreRequest):
            scored.append(_ScoredLine(line, service.compute_score(methodology, request)))
            continue
        for fault in request:
            # A fault inside a checklist is one of its column.
            column = columns.get(fault.pointer) or columns.get(fault.pointer.rpartition("/")[0]) or fault.pointer
            place = _PLACE.into(language).format(line=line.number, name=line.cells[first], column=column)
            faults.append(replace(fault, pointer=place))
    if faults:
        raise FaultyTable(faults)
    copied = [first, *(name for name in others if name in kept)]
    return _encode_scores(scored, copied, methodology, is_spanish=is_spanish)


# --- the columns ----------------------------------------------------------------------------------------------


def _name_inputs(methodology: Methodology) -> dict[str, _Input]:
    """Return what each column that a file may have means, by its name.

    A name that would mean two facts, as `a.b.c` for the facts `c` of `a.b` and `b.c` of `a`, means neither.
    """
    document = methodology.document
    named = [(f"profile:{field.name}", _Input(("profile", field.name), field.type)) for field in document.profile]
    short: dict[str, _Input] = {}
    for indicator in walk_indicators(document.root):
        places = {
            fact.name: _Input(("answers", indicator.id, fact.name), fact.type, indicator.components)
            for fact in indicator.facts
        }
        if len(places) == 1:
            short[indicator.id] = next(iter(places.values()))
        if places:
            places["basis"] = _Input(("answers", indicator.id, "basis"), "enum")
        named += [(f"{indicator.id}.{name}", place) for name, place in places.items()]
    counts = Counter(name for name, _ in named)
    return short | {name: place for name, place in named if counts[name] == 1}


def _check_header(
    header: Sequence[str], kept: Sequence[str], inputs: Mapping[str, _Input], methodology: Methodology
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
            yield Fault(name, "additionalProperties", None, _UNKNOWN_COLUMN, find_nearest(name, inputs))


# --- the lines ------------------------------------------------------------------------------------------------


def _read_lines(raw: bytes, language: Language) -> tuple[bool, list[str], list[_Line]]:
    """Return whether the file is separated by semicolons, its header, and its lines that are not empty.

    Raises:
        FaultyTable: The file is not CSV in UTF-8, has no line, or one of another length than the header.
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
        raise FaultyTable([Fault(_LINE.into(language).format(line=number), "csv", None, detail)]) from error
    if not lines and not faults:
        faults.append(Fault("", "empty", None, _EMPTY))
    if faults:
        raise FaultyTable(faults)
    return is_spanish, header, lines


def _build_body(line: _Line, read: Mapping[str, _Input], methodology: Methodology, *, is_spanish: bool) -> Json:
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


def _read_cell(text: str, place: _Input, *, is_spanish: bool) -> Json:
    """Return the value of a cell; a text that is no value of the type is returned as it is, for the validation."""
    match place.type:
        case "integer" | "number":
            try:
                value = parse_json((text.replace(",", ".") if is_spanish else text).encode())
            except NotJson:
                return text
            return value if isinstance(value, int | float) else text
        case "boolean":
            return _BOOLEANS.get(text.casefold(), text)
        case "components":
            if text.casefold() in _NO_COMPONENTS and text not in place.components:
                return []
            return [*re.split(r"[\s,;]+", text)]
        case "enum":
            return text


# --- the scores -----------------------------------------------------------------------------------------------


def _encode_scores(
    scored: Sequence[_ScoredLine], copied: Sequence[str], methodology: Methodology, *, is_spanish: bool
) -> Iterator[bytes]:
    """Return the table of scores as CSV, with the lines in the order of the file."""
    document = methodology.document
    published = document.decimals if document.published_decimals is None else document.published_decimals
    below = [node for node, _ in walk_nodes(document.root, "")][1:]
    nodes = {node.id: document.decimals for node in below}
    nodes |= {
        node.id: node.published_decimals
        for node in below
        if isinstance(node, Group) and node.published_decimals is not None
    }
    columns = [
        *(_describe_column(name, "string") for name in copied),
        _describe_column("rank", "integer"),
        *(_describe_column(name, "number", published) for name in ("index", "index_max")),
        _describe_column("coverage", "number", COVERAGE_DECIMALS),
        _describe_column("status", "string"),
        _describe_column("level", "integer"),
        _describe_column("contradicted", "string"),
        *(_describe_column(f"score:{name}", "number", decimals) for name, decimals in nodes.items()),
        *(_describe_column(f"pillar:{name}", "number", document.decimals) for name in document.pillars),
        *(_describe_column(name, "integer") for name in _ESTIMATES if document.standing == "provisional"),
    ]
    rows = [
        [*(line.line.cells[name] for name in copied), rank, *_list_figures(line.score, nodes)]
        for line, rank in zip(scored, _rank([line.score for line in scored], published), strict=True)
    ]
    return encode_csv(columns, [rows], "excel-es" if is_spanish else "rfc4180")


def _describe_column(
    name: str, kind: Literal["string", "integer", "number"], decimals: int | None = None
) -> TableColumn:
    return TableColumn(name=name, kind=kind, title=name, description="", decimals=decimals)


def _rank(scores: Sequence[Score], decimals: int) -> Iterator[int | None]:
    """Yield the rank of each score among all, None if it is not ranked."""
    units = [None if score.index is None else round(score.index * 10**decimals) for score in scores]
    points = np.array(
        [get_ranking_index(score.status, index, score.standing) for score, index in zip(scores, units, strict=True)],
        np.int64,
    )
    for own, rank in zip(points, compute_ranks(points), strict=True):
        yield None if own == UNRANKED else int(rank)


def _list_figures(score: Score, nodes: Iterable[str]) -> list[CellValue]:
    scores = dict(_walk_scores(score.dimensions))
    scores |= {indicator.id: indicator.score for indicator in score.indicators}
    pillars = [pillar.score for pillar in score.pillars] if isinstance(score.pillars, tuple) else []
    contradicted = " ".join(finding.rule for finding in score.findings if finding.severity == "error")
    figures: list[CellValue] = [score.index, score.index_max, score.coverage, score.status, score.level]
    estimates: list[CellValue] = []
    if score.standing == "provisional":
        found = score.estimate if isinstance(score.estimate, Estimate) else None
        estimates = [None] * 3 if found is None else [found.index, found.lower, found.upper]
    return [*figures, contradicted or None, *(scores[name] for name in nodes), *pillars, *estimates]


def _walk_scores(groups: Sequence[DimensionScore]) -> Iterator[tuple[str, Figure | None]]:
    """Yield the id and the score of each group, and of each group and indicator inside it."""
    for group in groups:
        yield group.id, group.score
        yield from _walk_scores(group.groups)
        yield from ((indicator.id, indicator.score) for indicator in group.indicators)
