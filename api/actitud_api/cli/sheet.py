"""Explained score for the terminal: index, gates of the next level, and every indicator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from actitud_api.cli.common import render_list, render_marked
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
    """Return an explained score as a Rich renderable: index, gates of the next level, and every indicator."""
    return Group(*_ScoreSheet(score, methodology, language).render_parts())


class _ScoreSheet:
    def __init__(self, score: ScoreAnswer, methodology: Methodology, language: Language) -> None:
        self._score = score
        self._methodology = methodology
        self._document = methodology.document
        self._language = language

    def render_parts(self) -> Iterator[RenderableType]:
        """Yield the parts of the sheet from top to bottom."""
        yield Text(self._methodology.texts[self._language].title, style="bold")
        under = _DRAFT if self._methodology.status == "draft" else _UNDER
        yield Text(self._fill(under, version=self._methodology.version))
        yield Text()
        yield from self._render_figures()
        details = self._score.level_details
        if self._score.level is not None:
            yield from render_list(
                self._fill(_BLOCKED, number=self._score.level + 1), [gate.text for gate in details.blocked_by]
            )
        yield from render_list(self._fill(_REASONS), [reason.text for reason in self._score.main_reasons])
        yield from render_list(
            self._fill(_FINDINGS),
            [
                f"{finding.rule} ({_SEVERITIES[finding.severity].into(self._language)}): {finding.text}"
                for finding in self._score.findings
            ],
        )
        yield from render_list(self._fill(_WHAT_IF), list(_describe_suppositions(self._score)))
        if self._score.dimensions:
            yield self._render_groups()
        root = self._document.root.id
        yield from self._render_indicators(
            self._methodology.texts[self._language].groups[root].name, self._score.indicators
        )
        for group, _ in _walk_groups(self._score.dimensions):
            yield from self._render_indicators(f"{group.id} {group.name}", group.indicators)

    def _render_figures(self) -> Iterator[RenderableType]:
        score, details = self._score, self._score.level_details
        if score.index is None:
            yield Text(self._fill(_NO_INDEX), style="bold")
        else:
            full = words.format_number(self._document.root.range.maximum, self._language)
            yield Text(self._fill(_INDEX, index=self._format_published(score.index), full=full), style="bold")
            # Equal bounds mean that nothing is unknown, and then they say nothing new.
            if score.index_max is not None and score.index_max != score.index:
                bounds = {
                    "index": self._format_published(score.index),
                    "index_max": self._format_published(score.index_max),
                }
                yield Text(self._fill(_BOUNDS, **bounds))
            if score.index_geometric is not None:
                yield Text(self._fill(_GEOMETRIC, index=self._format_points(score.index_geometric)))
            if score.estimate:
                yield Text(score.estimate.text)
            yield from (Text(pillar.text) for pillar in score.pillars or ())
        status = _STATUSES[score.status].into(self._language)
        if score.coverage is None:
            yield Text(f"{status[:1].upper()}{status[1:]}")
        else:
            coverage = words.format_share(score.coverage, self._language)
            yield Text(self._fill(_COVERAGE, coverage=coverage, status=status))
        if score.level is not None:
            text = self._fill(_LEVEL, number=score.level, highest=len(self._document.levels), name=details.name)
            yield Text(text + (self._fill(_PROVISIONAL) if details.provisional else ""), style="bold")
            if details.text is not None:
                yield Text(details.text)

    def _render_groups(self) -> RenderableType:
        """Return a table of the dimensions; a group inside a dimension is indented below it."""
        table = self._build_table(self._fill(_DIMENSION))
        for group, depth in _walk_groups(self._score.dimensions):
            table.add_row(f"{'  ' * depth}{group.id} {group.name}", *self._format_row(group))
        return table

    def _render_indicators(self, title: str, indicators: tuple[NarratedIndicator, ...]) -> Iterator[RenderableType]:
        if not indicators:
            return
        table = self._build_table(title)
        for indicator in indicators:
            state = _STATES[indicator.state].into(self._language)
            lines: list[RenderableType] = [
                Text(f"{indicator.id} {indicator.name} ({state})", style="bold"),
                Text(indicator.reason.text),
            ]
            if indicator.interval is not None:
                lines.append(Text(indicator.interval.text))
            if indicator.next_step is not None:
                lines.append(render_marked("→", indicator.next_step.text))
            table.add_row(Group(*lines, Text()), *self._format_row(indicator))
        yield table

    def _build_table(self, title: str) -> Table:
        """Return an empty table of nodes: name (headed by `title`), score, points won and points lost."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        table.add_column(Text(title), overflow="fold", ratio=1)
        for heading in (_SCORE, _WON, _LOST):
            table.add_column(Text(self._fill(heading)), justify="right", no_wrap=True)
        return table

    def _format_row(self, node: NarratedDimension | NarratedIndicator) -> Iterator[Text]:
        for figure in (node.score, node.won, node.lost):
            yield Text(_NOTHING if figure is None else self._format_points(figure))

    def _fill(self, text: Texts, **values: object) -> str:
        return text.into(self._language).format(**values)

    def _format_points(self, figure: float) -> str:
        return words.format_score(figure, self._document.decimals, self._language)

    def _format_published(self, figure: float) -> str:
        published = self._document.published_decimals
        return words.format_score(figure, self._document.decimals if published is None else published, self._language)


def _describe_suppositions(score: ScoreAnswer) -> Iterator[str]:
    """Yield sentences on the effects that the hypothetical facts (`what_if`) have on the index and by indicator.

    Yield nothing if the request has no `what_if`.
    """
    if score.what_if is not UNSET:
        difference = score.what_if.difference
        yield difference.text
        yield from (indicator.text for indicator in difference.indicators)
        yield from (finding.text for finding in difference.appeared)


def _walk_groups(groups: tuple[NarratedDimension, ...], depth: int = 0) -> Iterator[tuple[NarratedDimension, int]]:
    """Yield each group and then the groups inside it, each with its depth.

    `depth` is the depth of `groups`; it grows by 1 for the groups inside them.
    """
    for group in groups:
        yield group, depth
        yield from _walk_groups(group.groups, depth + 1)
