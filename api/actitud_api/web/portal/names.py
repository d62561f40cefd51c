"""Names of kinds, size bands, territories and statuses in a language, and figures formatted for pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.sentences import get_sentences
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
_BAND: Final = Texts("{code}: de {start} a {to} {of}", "{code}: {start} to {to} {of}")
_FROM: Final = Texts("{code}: {start} {of} o más", "{code}: {start} {of} or more")
_UP_TO: Final = Texts("{code}: hasta {to} {of}", "{code}: up to {to} {of}")
_OF_BAND: Final = Texts("de {start} a {to} {of}", "of {start} to {to} {of}")
_OF_FROM: Final = Texts("de {start} {of} o más", "of {start} {of} or more")
_OF_UP_TO: Final = Texts("de hasta {to} {of}", "of up to {to} {of}")
_OF: Final[Mapping[str, Texts]] = {"P": Texts("habitantes", "inhabitants"), "E": Texts("personas", "people")}
_LEVEL: Final = Texts("{number}, {name}", "{number}, {name}")


class Names:
    """Names of a methodology, and figures formatted as it prescribes, in one language."""

    def __init__(self, methodology: Methodology, language: Language) -> None:
        self.language = language
        self.decimals = methodology.document.decimals
        self._document = methodology.document
        self._texts = methodology.texts[language]
        self._sentences = get_sentences(methodology, language)

    def name_kind(self, code: str) -> str:
        """Return the name of a kind of organisation; return its code if the methodology has no name for it."""
        return self._texts.organisation_types.get(code, code)

    def name_band(self, code: str) -> str:
        """Return a size band with its limits; return its code if the methodology has no such band."""
        return self._format_band(code, below=_UP_TO, between=_BAND, above=_FROM)

    def describe_band(self, code: str) -> str:
        """Return the limits of a size band for the end of a phrase, such as "of up to 5,000 inhabitants"."""
        return self._format_band(code, below=_OF_UP_TO, between=_OF_BAND, above=_OF_FROM)

    def _format_band(self, code: str, *, below: Texts, between: Texts, above: Texts) -> str:
        for scale, bands in self._document.size_bands.items():
            for band in bands:
                if band.code == code:
                    text = below if band.start == 0 else above if band.to is None else between
                    return text.into(self.language).format(
                        code=code,
                        start=self.format_count(band.start),
                        to="" if band.to is None else self.format_count(band.to),
                        of=_OF[scale].into(self.language),
                    )
        return code

    def name_level(self, number: int) -> str:
        """Return the number and the name of a level as one text."""
        return _LEVEL.into(self.language).format(number=number, name=self._sentences.name_level(number))

    def explain_level(self, number: int) -> str:
        """Return the meaning of the level with this number in a few words."""
        return self._texts.levels[str(number)].meaning

    def list_levels(self) -> list[int]:
        """Return the numbers of the levels, lowest first."""
        return [level.number for level in self._document.levels]

    def map_dimensions(self) -> dict[str, str]:
        """Return the names of the dimensions by id, in the order of the methodology."""
        return {child.id: self._sentences.name_group(child.id) for child in self._document.root.children}

    def name_status(self, status: Status) -> str:
        """Return the name of the status of a score."""
        return STATUS_TEXTS[status].into(self.language)

    def name_unranked(self, status: Status) -> str:
        """Return the reason why a score is not ranked: its status, or that it only estimates."""
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
    """Return the name of the province with this INE code; the code itself if it is unknown, None for None."""
    return PROVINCES[code].name if code in PROVINCES else code


def name_region(code: str | None) -> str | None:
    """Return the name of the region with this INE code; the code itself if it is unknown, None for None."""
    return REGIONS.get(code, code) if code is not None else None


def name_territory(province_code: str | None, region_code: str | None) -> str:
    """Return the names of province and region joined by a comma; an empty text if both codes are None.

    If both have the same name, such as Madrid, the name appears once.
    """
    names = dict.fromkeys(name for name in (name_province(province_code), name_region(region_code)) if name is not None)
    return ", ".join(names)
