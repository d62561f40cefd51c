"""The report of a simulation as a table for the terminal."""

from __future__ import annotations

from babel.numbers import format_percent
from rich.table import Table

from actitud_api.demo.report import SimulationReport
from actitud_api.demo.simulator import METHODOLOGY
from actitud_api.engine.i18n import LOCALES, Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration import words

_TITLE = Texts(
    "{organisations} organizaciones inventadas, con respuestas simuladas",
    "{organisations} invented organisations with simulated answers",
)
_SPEARMAN = Texts("Correlación (Spearman) de población e índice", "Correlation (Spearman) of population and index")
_LEVEL = Texts("Nivel {number}, {name}", "Level {number}, {name}")
_OF_LEVELS = Texts("de las que tienen nivel", "of those that have a level")
_STATUS = Texts("Situación", "Status")
_OF_ALL = Texts("de todas", "of all")
_STATE = Texts("Estado", "State")
_CODE = Texts("Motivo", "Reason")
_OF_INDICATORS = Texts("de los indicadores", "of the indicators")


def render_report(report: SimulationReport, language: Language) -> Table:
    """Return a table for the terminal with a row for each statistic of a simulation.

    A row has the name of the statistic, its value and, for a share, the total that it refers to.
    """
    names = load_methodology(METHODOLOGY).texts[language].levels
    title = _TITLE.into(language).format(organisations=words.format_number(report.organisations, language))
    result = Table(title=title, show_header=False)
    result.add_row(_SPEARMAN.into(language), words.format_score(report.spearman, 2, language), "")
    result.add_section()
    for number, share in report.levels.items():
        text = _LEVEL.into(language).format(number=number, name=names[str(number)].name)
        result.add_row(text, _format_percent(share, language), _OF_LEVELS.into(language))
    for heading, shares, whole in (
        (_STATUS, report.statuses, _OF_ALL),
        (_STATE, report.states, _OF_INDICATORS),
        (_CODE, report.codes, _OF_INDICATORS),
    ):
        result.add_section()
        for name, share in shares.items():
            result.add_row(f"{heading.into(language)} {name}", _format_percent(share, language), whole.into(language))
    return result


def _format_percent(share: float, language: Language) -> str:
    return format_percent(share, format="0.0 %", locale=LOCALES[language])
