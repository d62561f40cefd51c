"""Names of kinds, size bands, territories and statuses in a language, and figures formatted for pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from actitud_api.engine.i18n import Language, Texts, translate
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import bands, words
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import RANKED
from actitud_api.engine.scoring.result import Figure
from actitud_api.resources.organisations.territories import PROVINCES, REGIONS

NO_FIGURE: Final = "–"
"""The text in place of a missing figure."""

STATUS_TEXTS: Final[Mapping[Status, Texts]] = {
    "complete": Texts("evidencia completa", "complete evidence"),
    "sufficient": Texts("evidencia suficiente", "sufficient evidence"),
    "insufficient_evidence": Texts("evidencia insuficiente", "insufficient evidence"),
    "not_rateable": Texts("no evaluable", "not rateable"),
}

_ESTIMATE: Final = Texts("solo una estimación", "an estimate only")
_LEVEL: Final = Texts("{number}, {name}", "{number}, {name}")
_PROVISIONAL: Final = Texts("{name} (provisional)", "{name} (provisional)")
_PROVISIONAL_WHY: Final = Texts(
    "Es provisional mientras no conste esto: {condition}.",
    "It is provisional until this is known: {condition}.",
)


class Names:
    """Names of a methodology, and functions that format figures as the methodology prescribes, in one language.

    In a language in which the methodology has no texts, names are looked up in the catalogue of the language.
    """

    def __init__(self, methodology: Methodology, language: Language) -> None:
        self.language = language
        self.decimals = methodology.document.decimals
        self._document = methodology.document
        self._texts = methodology.texts[language]

    def name_kind(self, code: str) -> str:
        """Return the name of a kind of organisation, such as municipality; the code if there is no name."""
        return translate(self._texts.organisation_types.get(code, code), self.language)

    def name_band(self, code: str) -> str:
        """Return the limits of a size band as text, by its code; the code if the methodology has no such band."""
        return bands.describe_band(self._document, code, self.language)

    def qualify_by_band(self, code: str) -> str:
        """Return the limits of a size band, by its code, as the end of a phrase: "of up to 5,000 inhabitants"."""
        return bands.qualify_by_band(self._document, code, self.language)

    def translate_name(self, name: str) -> str:
        """Translate a name of the methodology, such as the name of a level, with the catalogue of the language."""
        return translate(name, self.language)

    def name_level(self, number: int) -> str:
        """Return the number and the name of a level as one text."""
        return _LEVEL.into(self.language).format(
            number=number, name=translate(self._texts.levels[str(number)].name, self.language)
        )

    def mark_provisional(self, name: str) -> str:
        """Return the name of a level with the word "provisional" in the language."""
        return _PROVISIONAL.into(self.language).format(name=name)

    def explain_provisional(self, number: int) -> str | None:
        """Return the sentence on why the level `number` may be provisional; None if the level is never provisional."""
        condition = self._texts.levels[str(number)].provisional_unless
        if condition is None:
            return None
        return _PROVISIONAL_WHY.into(self.language).format(condition=translate(condition, self.language))

    def explain_level(self, number: int) -> str:
        """Return the meaning of the level `number` in a few words."""
        return translate(self._texts.levels[str(number)].meaning, self.language)

    def list_levels(self) -> list[int]:
        """Return the numbers of the levels, lowest first."""
        return [level.number for level in self._document.levels]

    def name_index(self) -> str:
        """Return the name of the index."""
        return self.translate_name(self._texts.groups[self._document.root.id].name)

    def map_dimensions(self) -> dict[str, str]:
        """Return the names of the dimensions by id, in the order of the methodology."""
        return {
            child.id: self.translate_name(self._texts.groups[child.id].name) for child in self._document.root.children
        }

    def name_status(self, status: Status) -> str:
        """Return the name of the status of a score."""
        return STATUS_TEXTS[status].into(self.language)

    def name_unranked(self, status: Status) -> str:
        """Return the reason why a score is not ranked: its status, or that it is only an estimate of the index."""
        return _ESTIMATE.into(self.language) if status in RANKED else self.name_status(status)

    def format_points(self, figure: Figure | None) -> str:
        """Format points with the number of decimals of the methodology; return a dash if `figure` is None."""
        return NO_FIGURE if figure is None else words.format_score(figure, self.decimals, self.language)

    def format_whole(self, figure: Figure | None) -> str:
        """Format points as a whole number; return a dash if `figure` is None."""
        return NO_FIGURE if figure is None else words.format_score(figure, 0, self.language)

    def format_count(self, number: int | None) -> str:
        """Format a whole number with thousands separators; return a dash if `number` is None."""
        return NO_FIGURE if number is None else words.format_number(number, self.language)

    def format_percent(self, share: Figure | None) -> str:
        """Format a share, 0 to 1, as a percentage; return a dash if `share` is None."""
        return NO_FIGURE if share is None else words.format_share(share, self.language)

    def format_date(self, day: date) -> str:
        """Format a date with the name of its month."""
        return words.format_day(day, self.language)


def name_province(code: str | None) -> str | None:
    """Return the name of the province with an INE code; the code itself if it is unknown, None for None.

    INE is the statistical office of Spain.
    """
    return PROVINCES[code].name if code in PROVINCES else code


def name_region(code: str | None) -> str | None:
    """Return the name of the region with an INE code; the code itself if it is unknown, None for None.

    INE is the statistical office of Spain.
    """
    return REGIONS.get(code, code) if code is not None else None


def name_territory(province_code: str | None, region_code: str | None) -> str:
    """Return the names of province and region joined by a comma; an empty text if both codes are None.

    If both have the same name, such as Madrid, the name appears once.
    """
    names = dict.fromkeys(name for name in (name_province(province_code), name_region(region_code)) if name is not None)
    return ", ".join(names)
