"""Corrections in pages: when a published score was corrected, from what to what, and why, in the words of the feeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.resources.publications.news import ScoreCorrection
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.feeds.entries import describe_change, describe_reason

_ONCE: Final = Texts("Esta puntuación se corrigió el {day}: {change}", "This score was corrected on {day}: {change}")
_OFTEN: Final = Texts(
    "Esta puntuación se ha corregido {count} veces, la última el {day}: {change}",
    "This score has been corrected {count} times, last on {day}: {change}",
)
_ADDED: Final = Texts(
    "Esta puntuación se añadió el {day} a la edición ya publicada.",
    "This score was added on {day} to the edition already published.",
)
_ADDED_ITEM: Final = Texts("se añade esta puntuación.", "this score is added.")
_EDITION_ONCE: Final = Texts("Esta edición se corrigió el {day}.", "This edition was corrected on {day}.")
_EDITION_OFTEN: Final = Texts(
    "Esta edición se ha corregido {count} veces, la última el {day}.",
    "This edition has been corrected {count} times, last on {day}.",
)
_ERASED: Final = Texts("texto borrado.", "text erased.")


class CorrectionNotice(Struct, frozen=True):
    """The corrections of a published score as texts.

    `text` is a sentence about the newest one with its reason, and `items` has a line for each, newest first.
    """

    text: str
    items: tuple[str, ...]


def describe_corrections(
    corrections: Sequence[ScoreCorrection], methodology: str, language: Language
) -> CorrectionNotice | None:
    """Describe the corrections of a score, newest first; return None if there are none.

    `methodology` is the version under which the edition is scored.
    """
    if not corrections:
        return None
    newest = corrections[0]
    if newest.score.before is None:
        sentence = _ADDED.into(language).format(day=_format_day(newest.published, language))
    else:
        # The revision that added a score corrected nothing in it.
        count = sum(correction.score.before is not None for correction in corrections)
        sentence = (
            (_ONCE if count == 1 else _OFTEN)
            .into(language)
            .format(
                count=words.format_number(count, language),
                day=_format_day(newest.published, language),
                change=describe_change(newest.score, methodology, language),
            )
        )

    def describe_item(correction: ScoreCorrection) -> str:
        change = (
            _ADDED_ITEM.into(language)
            if correction.score.before is None
            else describe_change(correction.score, methodology, language)
        )
        return f"{_format_day(correction.published, language)}: {change} {_show_reason(correction.reason, language)}"

    return CorrectionNotice(
        text=f"{sentence} {_show_reason(newest.reason, language)}", items=tuple(map(describe_item, corrections))
    )


def describe_edition_corrections(newest: PublicationRecord, language: Language) -> str | None:
    """Describe how often an edition was corrected, when last, and why; return None if it never was.

    `newest` is its newest publication.
    """
    count = newest.revision - 1
    if not count:
        return None
    text = _EDITION_ONCE if count == 1 else _EDITION_OFTEN
    day = _format_day(newest.published, language)
    sentence = text.into(language).format(count=words.format_number(count, language), day=day)
    return f"{sentence} {_show_reason(newest.reason, language)}"


def _format_day(moment: datetime, language: Language) -> str:
    return words.format_day(moment.date(), language)


def _show_reason(reason: str, language: Language) -> str:
    """Return the sentence with a reason; an erased (empty) reason becomes a note about the erasure."""
    return describe_reason(clean_text(reason) or _ERASED.into(language), language)
