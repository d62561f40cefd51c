"""The editions that are not published yet: their list, and the page of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from litestar import Response
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts, nearest_language
from actitud_api.engine.narration import words
from actitud_api.platform.http.scope import ApiRequest, choose_page_language
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import LATEST, EditionRecord, State, UnknownEdition
from actitud_api.web.embeds import texts as embed_texts
from actitud_api.web.portal.layout import (
    EDITIONS_MAX,
    Crumb,
    build_edition_crumb,
    is_preparing,
    render_missing_page,
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


class UnpublishedEdition(Struct, frozen=True, kw_only=True):
    """An edition that is not published yet.

    Attributes:
        id: Id of the edition.
        title: Title of the edition.
        title_language: Language of the title.
        methodology: Its methodology version.
        is_open: True if it takes answers, False if they are in review.
        last_day: Last day to submit answers, as text.
        publication: Days on which it is to be published, as text.
        simulated: True if the data are invented.
    """

    id: str
    title: str
    title_language: Language
    methodology: str
    is_open: bool
    last_day: str
    publication: str
    simulated: bool


def list_unpublished_editions(database: Database, language: Language) -> list[UnpublishedEdition]:
    """List the editions that are not published yet, newest first.

    Only their state decides, and not the day: pages that depend on public state alone are answered from memory. Of the
    newest `EDITIONS_MAX` editions only, as in `list_published_editions`.
    """
    listed = [counted.record for counted in editions.list_page(database, PageRange(limit=EDITIONS_MAX))]
    return [
        UnpublishedEdition(
            id=record.id,
            title=select_edition_title(record, language),
            title_language=nearest_language(record.titles, language),
            methodology=record.methodology,
            is_open=record.state == "open",
            last_day=words.format_day(record.calendar.submission.end, language),
            publication=_format_days(record.calendar.publication.start, record.calendar.publication.end, language),
            simulated=record.simulated,
        )
        for record in listed
        if record.state != "published"
    ]


def render_missing_edition(request: ApiRequest, database: Database, edition: str) -> Response[bytes]:
    """Render the answer to a request for results of an edition that is not published or does not exist: status 404.

    If the edition is not published yet, its page is shown. It is the same whatever results were asked for, so nobody
    learns who takes part.
    """
    try:
        record = editions.get(database, edition).record
    except UnknownEdition:
        return render_missing_page(request, database, embed_texts.UNKNOWN_EDITION)
    if record.state == "published":
        # It was not when its results were looked for, a moment ago.
        return render_preparing_page(request)
    return render_unpublished_edition(request, database, record, status=404)


def render_unpublished_edition(
    request: ApiRequest,
    database: Database,
    edition: EditionRecord,
    *,
    status: int = 200,
    instead: Sequence[Crumb] = (),
) -> Response[bytes]:
    """Render the page of an edition that is not published: its state, its days, and the newest published edition.

    The page says only what `/v1/editions` says, so no change of a draft changes it. Like the home page it does not
    depend on the day, so that it can be answered from memory.

    If no edition is published yet because the service is not ready, the page says so, with the status 503. `instead`
    contains links to published results that the reader may want meanwhile.
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
            "instead": instead,
            "title_of": lambda record: select_edition_title(record, language),
            "title_language": lambda record: nearest_language(record.titles, language),
        },
        trail=(build_edition_crumb(edition, language),),
        status=status,
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
