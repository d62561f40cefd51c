"""Route of the printed pages of an organisation."""

from __future__ import annotations

from typing import Final

from litestar import Controller, Response
from litestar.params import FromPath
from litestar.response import Stream

from actitud_api.engine.i18n import Language
from actitud_api.engine.narration.narrated import narrate
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.large_responses import LargeResponse
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.representations import REVALIDATE, is_current
from actitud_api.platform.http.scope import ApiRequest, find_base_url, mark_incomplete
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import service as publications
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.service import UnknownScore
from actitud_api.web.downloads.publisher import Publisher
from actitud_api.web.embeds import service
from actitud_api.web.embeds import texts as embed_texts
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.portal.layout import render_missing_page
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.printing.content import build_printed_sheet
from actitud_api.web.portal.printing.typesetting import PDF, TypesetSheet
from actitud_api.web.portal.routes import describe_kind_and_place, render_unscored_page
from actitud_api.web.portal.sheet import describe_organisation

_POLICY: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
"""Content-Security-Policy of a PDF: without `sandbox`, which forbids plug-ins, such as the viewer of a browser."""


class PrintedSheetController(Controller):
    """Route of the two printed pages of an organisation in a published edition."""

    path = "/portal/{edition:str}/{organisation:str}/sheet.pdf"
    include_in_schema = False

    @get_page("/", operation_id="portal.printed_sheet", access=ANYBODY)
    def print_sheet(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        organisation: FromPath[str],
        database: Database,
        computed: ComputationCache,
        publisher: Publisher,
        language: Language,
    ) -> Response[bytes] | Stream | LargeResponse:
        """Return the result of an organisation in an edition as two pages to print (PDF).

        If there is no published score, return the 404 page; if the edition is not published yet, its days, with the
        status 404.
        """
        try:
            standing = service.find_standing(database, edition, organisation)
            sent = scores.get_edition_score(database, standing.edition, organisation)
        except UnknownEdition:
            return render_missing_page(request, database, embed_texts.UNKNOWN_EDITION)
        except UnknownScore as error:
            return render_unscored_page(request, database, error)
        record = service.find_edition(database, standing.edition)
        methodology, score = scores.get_explained_score(sent)
        names = Names(methodology, language)
        narrated = narrate(score, methodology, language, result_digest=sent.result_digest)
        address = Addresses(find_base_url(request), standing.edition, standing.organisation, language).explanation
        view = describe_organisation(database, computed, record, sent, narrated, names, names)
        if view.rank is not None and view.rank.text is None:
            mark_incomplete(request.scope)
        published = publications.get(database, record.id, publications.LATEST)
        sheet = build_printed_sheet(
            view,
            narrated,
            embed_texts.describe_standing(standing, language, address),
            names,
            about=describe_kind_and_place(organisations.get(database, standing.organisation), names),
            organisation=standing.organisation,
            address=address,
            edition=record,
            published=published,
            document=sent.document,
            publisher=publisher,
        )
        typeset = TypesetSheet(sheet, published.published)
        # A colon is in no file name of Windows.
        name = standing.organisation.replace(":", "-")
        headers = {
            "Cache-Control": REVALIDATE,
            "Content-Disposition": f'inline; filename="{record.id}-{name}-{language}.pdf"',
            "Content-Language": language,
            "Content-Security-Policy": _POLICY,
            "ETag": typeset.tag,
            "Vary": "Accept-Language",
        }
        if is_current(request, headers):
            return Response(b"", status_code=304, headers=headers, media_type=PDF)
        if request.scope["state"].get("head"):
            # Not a `Response`, which would say that the file has no bytes.
            return Stream(iter(()), headers=headers, media_type=PDF)
        return LargeResponse(lambda: Response(typeset.make(), headers=headers, media_type=PDF))
