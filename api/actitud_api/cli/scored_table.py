"""Scores of the lines of a table: ranked, and written as CSV, as JSON Lines or for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Group, Standing
from actitud_api.engine.methodology.predicates import walk_nodes
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.narration.words import format_number
from actitud_api.engine.scoring.columns import ColumnScores, build_columns, score_columns
from actitud_api.engine.scoring.columns.block import CODE_NUMBERS
from actitud_api.engine.scoring.columns.tree import STATUSES
from actitud_api.engine.scoring.compile import CompiledMethodology, compile_methodology, load_facts
from actitud_api.engine.scoring.evaluate import Status, find_contradictions, publish_score
from actitud_api.engine.scoring.explain import outline_score
from actitud_api.engine.scoring.ranking import UNRANKED, compute_rank_points, compute_ranks
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Estimate, Figure, to_points
from actitud_api.web.downloads.formats.delimited import encode_csv
from actitud_api.web.downloads.formats.json_lines import encode_json_lines
from actitud_api.web.downloads.formats.tables import CellValue, TableColumn

_ESTIMATES: Final = ("estimate", "estimate_lower", "estimate_upper")
"""Columns of the index that a provisional document estimates, and of the bounds of the estimate."""

_CONTRADICTED: Final = (CODE_NUMBERS["contradicted"], CODE_NUMBERS["unsupported"])


class LineScore(Struct, frozen=True):
    """Scores of one organisation, which is one line of a table; index, nodes and pillars are in points, 0 to 100.

    Attributes:
        index: Index, None if there is none.
        index_max: Index with every unknown answer at its best, None if there is none.
        coverage: Share of the weight that is answered, 0 to 1; None if there is none.
        status: Status of the score.
        level: Level, None if the organisation reaches none.
        contradicted: Ids of the consistency rules of severity `error` that the facts break.
        nodes: Scores of groups and indicators by id, None for those without a score.
        pillars: Scores of the pillars (figures over some of the indicators, beside the index) in the order of the
            methodology document, None for those without a score.
        estimate: Estimated index of another methodology version, with its bounds; None if the methodology estimates
            none.
    """

    index: Figure | None
    index_max: Figure | None
    coverage: Figure | None
    status: Status
    level: int | None
    contradicted: Sequence[str]
    nodes: Mapping[str, Figure | None]
    pillars: Sequence[Figure | None]
    estimate: Estimate | None = None


def score_submissions(methodology: Methodology, submissions: Sequence[Submission]) -> list[LineScore]:
    """Score many submissions at once, column by column, and return the scores in the same order."""
    compiled = compile_methodology(methodology)
    scores = score_columns(build_columns(methodology, submissions))
    # Every rule of severity `error` names the indicators that it contradicts, so a broken one is seen in their codes.
    has_broken: NDArray[np.bool] = np.logical_or.reduce(np.isin(scores.codes, _CONTRADICTED), axis=0)
    lines: list[LineScore] = []
    for row, submission in enumerate(submissions):
        broken = _list_broken_rules(compiled, submission) if has_broken[row] else ()
        lines.append(_read_row(compiled, scores, row, broken, _find_estimate(methodology, submission)))
    return lines


def _list_broken_rules(compiled: CompiledMethodology, submission: Submission) -> list[str]:
    _, _, broken = find_contradictions(compiled, load_facts(compiled, submission))
    return [each.rule.definition.id for each in broken if each.rule.definition.severity == "error"]


def _find_estimate(methodology: Methodology, submission: Submission) -> Estimate | None:
    """Return the estimate of a provisional document, which only the evaluation of one organisation computes."""
    if methodology.document.standing != "provisional":
        return None
    estimate = outline_score(methodology, submission).estimate
    return estimate if isinstance(estimate, Estimate) else None


def _read_row(
    compiled: CompiledMethodology, scores: ColumnScores, row: int, broken: Sequence[str], estimate: Estimate | None
) -> LineScore:
    unit = compiled.unit
    indicators = [_read_units(units) for units in scores.scores[:, row]]
    groups = {name: _read_units(units) for name, units in zip(scores.group_ids, scores.groups[:, row], strict=True)}
    nodes = {name: to_points(publish_score(compiled.groups[name], units), unit) for name, units in groups.items()}
    nodes |= {name: to_points(units, unit) for name, units in zip(scores.indicator_ids, indicators, strict=True)}
    coverage = _read_units(scores.coverage[row])
    return LineScore(
        index=to_points(_read_units(scores.index[row]), unit),
        index_max=to_points(_read_units(scores.index_max[row]), unit),
        coverage=to_points(coverage, 10**COVERAGE_DECIMALS),
        status=STATUSES[int(scores.status[row])],
        level=int(scores.level[row]) or None,
        contradicted=broken,
        nodes=nodes,
        pillars=[to_points(pillar.compute_score(indicators, groups), unit) for pillar in compiled.pillars.values()],
        estimate=estimate,
    )


def _read_units(units: np.integer) -> int | None:
    return None if units < 0 else int(units)


class ScoredTable:
    """Table of the scores of a file of organisations, with the lines in the order of the file."""

    def __init__(
        self,
        copied: Sequence[str],
        cells: Sequence[Sequence[str]],
        scores: Sequence[LineScore],
        methodology: Methodology,
        *,
        is_spanish: bool,
    ) -> None:
        """Keep the scores and their columns.

        Args:
            copied: Names of the columns that come from the file.
            cells: Texts of the copied columns, line by line.
            scores: The score of each line.
            methodology: The methodology of the scores.
            is_spanish: True if the CSV is to have semicolons and decimal commas, like the file.
        """
        document = methodology.document
        self._copied = copied
        self._is_spanish = is_spanish
        self._published = document.decimals if document.published_decimals is None else document.published_decimals
        below = [node for node, _ in walk_nodes(document.root, "")][1:]
        nodes = {node.id: document.decimals for node in below}
        nodes |= {
            node.id: node.published_decimals
            for node in below
            if isinstance(node, Group) and node.published_decimals is not None
        }
        self._columns = [
            *(_describe_column(name, "string") for name in copied),
            _describe_column("rank", "integer"),
            *(_describe_column(name, "number", self._published) for name in ("index", "index_max")),
            _describe_column("coverage", "number", COVERAGE_DECIMALS),
            _describe_column("status", "string"),
            _describe_column("level", "integer"),
            _describe_column("contradicted", "string"),
            *(_describe_column(f"score:{name}", "number", decimals) for name, decimals in nodes.items()),
            *(_describe_column(f"pillar:{name}", "number", document.decimals) for name in document.pillars),
            *(_describe_column(name, "integer") for name in _ESTIMATES if document.standing == "provisional"),
        ]
        ranks = _rank(scores, self._published, document.standing)
        self._rows: list[list[CellValue]] = [
            [*own, rank, *_list_figures(score, nodes, is_provisional=document.standing == "provisional")]
            for own, score, rank in zip(cells, scores, ranks, strict=True)
        ]

    def encode_csv(self) -> Iterator[bytes]:
        """Yield the table as CSV, in the dialect of the file."""
        return encode_csv(self._columns, [self._rows], "excel-es" if self._is_spanish else "rfc4180")

    def encode_json_lines(self) -> Iterator[bytes]:
        """Yield the table as JSON Lines in one item of bytes, which ends with a newline; none if there are no rows."""
        return encode_json_lines(self._columns, [self._rows])

    def render(self, language: Language) -> Table:
        """Return the table for a terminal, best rank first: the copied columns, and the columns `rank` to `level`."""
        shown = len(self._copied) + 6
        table = Table()
        for column in self._columns[:shown]:
            table.add_column(column.name, justify="left" if column.kind == "string" else "right", overflow="fold")
        rank = len(self._copied)

        def get_order(row: Sequence[CellValue]) -> tuple[bool, int]:
            value = row[rank]
            return (False, value) if isinstance(value, int) else (True, 0)

        for row in sorted(self._rows, key=get_order):
            table.add_row(*(Text(_format_cell(value, language)) for value in row[:shown]))
        return table


def _format_cell(value: CellValue, language: Language) -> str:
    if value is None:
        return ""
    return format_number(value, language) if isinstance(value, int | float) else str(value)


def _describe_column(
    name: str, kind: Literal["string", "integer", "number"], decimals: int | None = None
) -> TableColumn:
    return TableColumn(name=name, kind=kind, title=name, description="", decimals=decimals)


def _rank(scores: Sequence[LineScore], decimals: int, standing: Standing) -> list[int | None]:
    """Return the rank of each score among all, None if it is not ranked."""
    units = [None if score.index is None else round(score.index * 10**decimals) for score in scores]
    points = np.array(
        [
            compute_rank_points(score.status, score.level, index, standing)
            for score, index in zip(scores, units, strict=True)
        ],
        np.int64,
    )
    return [None if own == UNRANKED else int(rank) for own, rank in zip(points, compute_ranks(points), strict=True)]


def _list_figures(score: LineScore, nodes: Iterable[str], *, is_provisional: bool) -> list[CellValue]:
    estimate = score.estimate
    bounds: list[CellValue] = [None] * 3 if estimate is None else [estimate.index, estimate.lower, estimate.upper]
    return [
        *(score.index, score.index_max, score.coverage, score.status, score.level),
        " ".join(score.contradicted) or None,
        *(score.nodes[name] for name in nodes),
        *score.pillars,
        *(bounds if is_provisional else ()),
    ]
