"""Figures of a whole edition as a page shows them: scores as they are stored, and parts of a whole."""

from __future__ import annotations

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.scoring.ranking import FiveNumberSummary
from actitud_api.engine.scoring.result import Figure, to_points
from actitud_api.web.portal.names import NONE, Names


class Figures(Names):
    """Names and figures under a methodology; `units` are those of its scores, 10^-decimals of a point."""

    def __init__(self, methodology: Methodology, language: Language) -> None:
        super().__init__(methodology, language)
        self._unit: int = 10**methodology.document.decimals

    def of(self, units: int | None) -> Figure | None:
        """A score in points, None where there is none."""
        return to_points(units, self._unit)

    def units(self, units: int | None) -> str:
        """A score in words."""
        return self.points(self.of(units))

    def five(self, spread: FiveNumberSummary | None) -> tuple[float, float, float, float, float] | None:
        """The least, the quartiles and the greatest in points."""
        if spread is None:
            return None
        least, lower, median, upper, most = (
            units / self._unit for units in (spread.minimum, spread.lower, spread.median, spread.upper, spread.maximum)
        )
        return least, lower, median, upper, most

    def difference(self, more: Figure, less: Figure) -> str:
        """How many points lie between two scores, in words."""
        return self.points(round(more - less, self.decimals))

    def share(self, part: int, whole: int) -> str:
        """A part of a whole in per cent."""
        return words.percent(round(part / whole, 3), self.language) if whole else NONE
