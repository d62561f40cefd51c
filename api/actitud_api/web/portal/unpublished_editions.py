"""The page of an edition that is not published yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from litestar import Response

from actitud_api.engine.i18n import Language, Texts, nearest_language
from actitud_api.engine.narration import words
from actitud_api.platform.http.scope import ApiRequest, choose_page_language
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import LATEST, EditionRecord, State, UnknownEdition
from actitud_api.web.portal.layout import (
    build_edition_crumb,
    is_preparing,
    render_portal_page,
    render_preparing_page,
    select_edition_title,
)
from actitud_api.web.portal.sharing import SITE_DESCRIPTION, Sharing

_LEAD: Final = Texts(
    "Esta edición se está haciendo: sus resultados serán públicos cuando se publique, y no antes.",
    "This edition is being made: its results will be public when it is published, and not before.",
)
_STATES: Final[Mapping[State, Texts]] = {
    "open": Texts("Las organizaciones presentan sus respuestas", "Organisations submit their answers"),
    "in_review": Texts("Se revisan las respuestas presentadas", "The submitted answers are reviewed"),
}


def render_unpublished_edition(request: ApiRequest, database: Database, edition: EditionRecord) -> Response[bytes]:
    """Render the page of an edition that is not published: its state, its days, and the newest published edition.

    The page says only what `/v1/editions` says, so no change of a draft changes it. Like the home page it does not
    depend on the day, so that it can be answered from memory.

    If no edition is published yet because the service is not ready, the page says so, with the status 503.
    """
    latest = _find_latest_edition(database)
    if latest is None and is_preparing(request):
        return render_preparing_page(request)
    language = choose_page_language(request.scope, "es")
    lead = _LEAD.into(language)
    site = SITE_DESCRIPTION.into(language)
    return render_portal_page(
        request,
        "unpublished_edition.html",
        select_edition_title(edition, language),
        {
            "unpublished": edition,
            "lead": lead,
            "state": _STATES[edition.state].into(language),
            "period": _format_days(edition.period_from, edition.period_to, language),
            "last_day": words.format_day(edition.calendar.submission.end, language),
            "publication": _format_days(edition.calendar.publication.start, edition.calendar.publication.end, language),
            "latest": latest,
            "title_of": lambda record: select_edition_title(record, language),
            "title_language": lambda record: nearest_language(record.titles, language),
        },
        trail=(build_edition_crumb(edition, language),),
        sharing=Sharing(description=lead, image="/share.png", alt=site),
        translated="page",
    )


def _find_latest_edition(database: Database) -> EditionRecord | None:
    """Return the published edition whose period ended last, or None if none is published."""
    try:
        return editions.get_published(database, LATEST).record
    except UnknownEdition:
        return None


def _format_days(first: date, last: date, language: Language) -> str:
    """Format a range of days with the names of their months."""
    return f"{words.format_day(first, language)} – {words.format_day(last, language)}"
