"""Figures of a whole edition as a page shows them: scores as they are stored, and parts of a whole."""

from __future__ import annotations

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.scoring.ranking import FiveNumberSummary
from actitud_api.engine.scoring.result import Figure, to_points
from actitud_api.web.portal.names import NO_FIGURE, Names


class FigureFormatter(Names):
    """Names and figures under a methodology; `units` are those of its scores, 10^-decimals of a point."""

    def __init__(self, methodology: Methodology, language: Language) -> None:
        super().__init__(methodology, language)
        self._unit: int = 10**methodology.document.decimals

    def to_points(self, units: int | None) -> Figure | None:
        """A score in points, None where there is none."""
        return to_points(units, self._unit)

    def format_units(self, units: int | None) -> str:
        """A score in words."""
        return self.format_points(self.to_points(units))

    def list_five_numbers(self, spread: FiveNumberSummary | None) -> tuple[float, float, float, float, float] | None:
        """The least, the quartiles and the greatest in points."""
        if spread is None:
            return None
        least, lower, median, upper, most = (
            units / self._unit for units in (spread.minimum, spread.lower, spread.median, spread.upper, spread.maximum)
        )
        return least, lower, median, upper, most

    def format_difference(self, higher: Figure, lower: Figure) -> str:
        """How many points lie between two scores, in words."""
        return self.format_points(round(higher - lower, self.decimals))

    def format_share(self, part: int, whole: int) -> str:
        """A part of a whole in per cent."""
        return words.percent(round(part / whole, 3), self.language) if whole else NO_FIGURE
