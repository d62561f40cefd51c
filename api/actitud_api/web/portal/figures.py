"""Formatting of the stored scores of an edition for pages."""

from __future__ import annotations

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.scoring.ranking import FiveNumberSummary
from actitud_api.engine.scoring.result import Figure, to_points
from actitud_api.web.portal.names import NO_FIGURE, Names


class FigureFormatter(Names):
    """Names of a methodology, and functions that format stored scores, in one language.

    Parameters called `units` are stored scores, which are whole numbers: if the methodology has two decimals, 6150
    units are 61.5 points.
    """

    def __init__(self, methodology: Methodology, language: Language) -> None:
        super().__init__(methodology, language)
        self._unit: int = 10**methodology.document.decimals

    def to_points(self, units: int | None) -> Figure | None:
        """Convert a stored score to points; return None if `units` is None."""
        return to_points(units, self._unit)

    def format_units(self, units: int | None) -> str:
        """Format a stored score in points; return a dash if `units` is None."""
        return self.format_points(self.to_points(units))

    def round_units(self, units: int) -> int:
        """Round a stored score half up to whole points, as in texts."""
        return int(words.round_score(units / self._unit))

    def list_five_numbers(self, spread: FiveNumberSummary | None) -> tuple[float, float, float, float, float] | None:
        """Return minimum, first quartile, median, third quartile and maximum in points; None if `spread` is None."""
        if spread is None:
            return None
        minimum, lower, median, upper, maximum = (
            units / self._unit for units in (spread.minimum, spread.lower, spread.median, spread.upper, spread.maximum)
        )
        return minimum, lower, median, upper, maximum

    def format_difference(self, higher: Figure, lower: Figure) -> str:
        """Format the difference `higher` - `lower` between two scores in points."""
        return self.format_points(round(higher - lower, self.decimals))

    def format_share(self, part: int, whole: int) -> str:
        """Format `part` / `whole` as a percentage; return a dash if `whole` is 0."""
        return words.format_share(round(part / whole, 3), self.language) if whole else NO_FIGURE
