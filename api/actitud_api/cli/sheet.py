"""An explained score for the terminal: index, gates of the next level, every indicator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from actitud_api.cli.common import render_marked
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.narrated import NarratedDimension, NarratedIndicator
from actitud_api.engine.scoring.evaluate import State, Status
from actitud_api.resources.scores.schemas import ScoreAnswer

_UNDER = Texts("Metodología {version}", "Methodology {version}")
_DRAFT = Texts("Metodología {version}, un borrador: puede cambiar", "Methodology {version}, a draft: it may change")
_INDEX = Texts("Índice: {index} de {full}", "Index: {index} of {full}")
_NO_INDEX = Texts("Sin índice", "No index")
_BOUNDS = Texts(
    "Con lo que no se ha respondido, entre {index} y {index_max}",
    "With what is not answered, between {index} and {index_max}",
)
_GEOMETRIC = Texts("Media geométrica: {index}", "Geometric mean: {index}")
_COVERAGE = Texts("Se conoce el {coverage} de lo que cuenta: {status}", "{coverage} of what counts is known: {status}")
_STATUSES: Final[dict[Status, Texts]] = {
    "complete": Texts("completo", "complete"),
    "sufficient": Texts("suficiente", "sufficient"),
    "insufficient_evidence": Texts("evidencia insuficiente, sin nivel", "insufficient evidence, no level"),
    "not_rateable": Texts("no se puede puntuar", "not rateable"),
}
_LEVEL = Texts("Nivel {number} de {highest}: {name}", "Level {number} of {highest}: {name}")
_PROVISIONAL = Texts(" (provisional)", " (provisional)")
_BLOCKED = Texts("Para el nivel {number} falta", "Level {number} still needs")
_REASONS = Texts("Lo que más resta", "What lowers it most")
_FINDINGS = Texts("Contradicciones y avisos", "Contradictions and warnings")
_WHAT_IF = Texts("Con lo que se supone", "With what is supposed")
_SEVERITIES: Final = {"error": Texts("error", "error"), "warning": Texts("aviso", "warning")}
_DIMENSION = Texts("Dimensión", "Dimension")
_SCORE = Texts("puntos", "score")
_WON = Texts("gana", "won")
_LOST = Texts("pierde", "lost")
_STATES: Final[dict[State, Texts]] = {
    "observed": Texts("observado", "observed"),
    "not_applicable": Texts("no aplicable", "not applicable"),
    "unknown": Texts("desconocido", "unknown"),
}
_NOTHING: Final = "–"


def render_score(score: ScoreAnswer, methodology: Methodology, language: Language) -> RenderableType:
    """Render a score with its whole explanation, as wide as the terminal."""
    return Group(*_ScoreSheet(score, methodology, language).render_parts())


class _ScoreSheet:
    def __init__(self, score: ScoreAnswer, methodology: Methodology, language: Language) -> None:
        self._score = score
        self._methodology = methodology
        self._document = methodology.document
        self._language = language

    def render_parts(self) -> Iterator[RenderableType]:
        """Render the parts of the sheet from top to bottom."""
        yield Text(self._methodology.texts[self._language].title, style="bold")
        under = _DRAFT if self._methodology.status == "draft" else _UNDER
        yield Text(self._say(under, version=self._methodology.version))
        yield Text()
        yield from self._figures()
        level = self._score.level
        if level.number is not None:
            yield from self._list(
                self._say(_BLOCKED, number=level.number + 1), [gate.text for gate in level.blocked_by]
            )
        yield from self._list(self._say(_REASONS), [reason.text for reason in self._score.main_reasons])
        yield from self._list(
            self._say(_FINDINGS),
            [
                f"{found.rule} ({_SEVERITIES[found.severity].into(self._language)}): {found.text}"
                for found in self._score.findings
            ],
        )
        yield from self._list(self._say(_WHAT_IF), list(_describe_suppositions(self._score)))
        if self._score.dimensions:
            yield self._groups()
        root = self._document.root.id
        yield from self._indicators(self._methodology.texts[self._language].groups[root].name, self._score.indicators)
        for group, _ in _walk_groups(self._score.dimensions):
            yield from self._indicators(f"{group.id} {group.name}", group.indicators)

    def _figures(self) -> Iterator[RenderableType]:
        score, level = self._score, self._score.level
        if score.index is None:
            yield Text(self._say(_NO_INDEX), style="bold")
        else:
            full = words.format_number(self._document.root.range.maximum, self._language)
            yield Text(self._say(_INDEX, index=self._published(score.index), full=full), style="bold")
            if score.index_max is not None and score.index_max != score.index:
                bounds = {"index": self._published(score.index), "index_max": self._published(score.index_max)}
                yield Text(self._say(_BOUNDS, **bounds))
            if score.index_geometric is not None:
                yield Text(self._say(_GEOMETRIC, index=self._points(score.index_geometric)))
        status = _STATUSES[score.status].into(self._language)
        if score.coverage is None:
            yield Text(f"{status[:1].upper()}{status[1:]}")
        else:
            coverage = words.format_share(score.coverage, self._language)
            yield Text(self._say(_COVERAGE, coverage=coverage, status=status))
        if level.number is not None:
            told = self._say(_LEVEL, number=level.number, highest=len(self._document.levels), name=level.name)
            yield Text(told + (self._say(_PROVISIONAL) if level.provisional else ""), style="bold")
            if level.text is not None:
                yield Text(level.text)

    def _list(self, title: str, items: list[str]) -> Iterator[RenderableType]:
        if items:
            yield Text()
            yield Text(title, style="bold")
            yield from (render_marked("-", item) for item in items)

    def _groups(self) -> RenderableType:
        """Render every dimension, and the groups below each under it."""
        table = self._table(self._say(_DIMENSION))
        for group, depth in _walk_groups(self._score.dimensions):
            table.add_row(f"{'  ' * depth}{group.id} {group.name}", *self._row(group))
        return table

    def _indicators(self, title: str, indicators: tuple[NarratedIndicator, ...]) -> Iterator[RenderableType]:
        if not indicators:
            return
        table = self._table(title)
        for indicator in indicators:
            state = _STATES[indicator.state].into(self._language)
            told: list[RenderableType] = [
                Text(f"{indicator.id} {indicator.name} ({state})", style="bold"),
                Text(indicator.reason.text),
            ]
            if indicator.interval is not None:
                told.append(Text(indicator.interval.text))
            if indicator.next_step is not None:
                told.append(render_marked("→", indicator.next_step.text))
            table.add_row(Group(*told, Text()), *self._row(indicator))
        yield table

    def _table(self, first: str) -> Table:
        """Make a table of nodes: name, score, points won and lost."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        table.add_column(Text(first), overflow="fold", ratio=1)
        for title in (_SCORE, _WON, _LOST):
            table.add_column(Text(self._say(title)), justify="right", no_wrap=True)
        return table

    def _row(self, node: NarratedDimension | NarratedIndicator) -> Iterator[Text]:
        for figure in (node.score, node.won, node.lost):
            yield Text(_NOTHING if figure is None else self._points(figure))

    def _say(self, text: Texts, **values: object) -> str:
        return text.into(self._language).format(**values)

    def _points(self, figure: float) -> str:
        return words.format_score(figure, self._document.decimals, self._language)

    def _published(self, figure: float) -> str:
        published = self._document.published_decimals
        return words.format_score(figure, self._document.decimals if published is None else published, self._language)


def _describe_suppositions(score: ScoreAnswer) -> Iterator[str]:
    """Describe the effects of supposed facts, as a whole and by indicator; yield nothing without them."""
    if score.what_if is not UNSET:
        difference = score.what_if.difference
        yield difference.text
        yield from (indicator.text for indicator in difference.indicators)
        yield from (finding.text for finding in difference.appeared)


def _walk_groups(groups: tuple[NarratedDimension, ...], depth: int = 0) -> Iterator[tuple[NarratedDimension, int]]:
    """Walk groups in depth-first order; yield each with its depth."""
    for group in groups:
        yield group, depth
        yield from _walk_groups(group.groups, depth + 1)
