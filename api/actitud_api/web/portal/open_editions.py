"""The editions that take answers, as the home page and the questionnaire name them."""

from __future__ import annotations

from msgspec import Struct

from actitud_api.engine.i18n import Language, nearest_language
from actitud_api.engine.narration import words
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.web.portal.layout import EDITIONS_MAX, select_edition_title


class OpenEdition(Struct, frozen=True, kw_only=True):
    """An edition that takes answers.

    Attributes:
        id: Id of the edition.
        title: Title of the edition.
        title_language: Language of the title.
        methodology: Its methodology version.
        last_day: Last day to submit answers, as text.
        simulated: True if the data are invented.
    """

    id: str
    title: str
    title_language: Language
    methodology: str
    last_day: str
    simulated: bool


def list_open_editions(database: Database, language: Language, methodology: str | None = None) -> list[OpenEdition]:
    """List the editions that take answers, newest first; only those of a methodology version unless it is None.

    Only their state decides, and not the day: pages that depend on public state alone are answered from memory. Of the
    newest `EDITIONS_MAX` editions only, as in `list_published_editions`.
    """
    listed = [counted.record for counted in editions.list_page(database, PageRange(limit=EDITIONS_MAX))]
    return [
        OpenEdition(
            id=record.id,
            title=select_edition_title(record, language),
            title_language=nearest_language(record.titles, language),
            methodology=record.methodology,
            last_day=words.format_day(record.calendar.submission.end, language),
            simulated=record.simulated,
        )
        for record in listed
        if record.state == "open" and methodology in (None, record.methodology)
    ]
