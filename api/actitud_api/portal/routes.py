"""Pages about what is published: the sheet of an organisation."""

from __future__ import annotations

from typing import Final

from litestar import Controller, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.editions.service import LATEST, UnknownEdition
from actitud_api.embeds import equivalent as said
from actitud_api.embeds import service
from actitud_api.embeds.addresses import Addresses, links
from actitud_api.embeds.snippets import snippets
from actitud_api.http.scope import ApiRequest, base_of, language_of
from actitud_api.portal.layout import Crumb, links_of, missing, portal_page, title_of
from actitud_api.scores import service as scores
from actitud_api.scores import wire
from actitud_api.scores.service import UnknownScore
from actitud_api.scoring.result import Figure
from actitud_api.storage.database import Database
from actitud_api.texts import words

_NONE: Final = "–"
"""What stands in a table where there is no figure."""


class PortalController(Controller):
    """Pages about what is published, whole without scripts."""

    path = "/portal"
    include_in_schema = False

    @get("/{edition:str}/{organisation:str}", operation_id="portal.organisation", sync_to_thread=True)
    def organisation(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """The sheet of an organisation: every point of its score, explained."""
        database: Database = state["database"]
        language = language_of(request.scope, "es")
        try:
            standing = service.standing(database, edition, organisation)
            sent = scores.sent(database, standing.edition, organisation)
        except UnknownEdition:
            return missing(request, database, said.UNKNOWN_EDITION)
        except UnknownScore:
            return missing(request, database, said.UNKNOWN_SCORE)
        record = service.edition_of(database, standing.edition)
        methodology, score = scores.sheet(sent)
        decimals = methodology.document.decimals
        addresses = Addresses(base_of(request), standing.edition, standing.organisation, language)
        shown = said.equivalent(standing, language, addresses.explanation)

        def points(figure: Figure | None) -> str:
            return _NONE if figure is None else words.score(figure, decimals, language)

        return portal_page(
            request,
            "organisation.html",
            f"{shown.name} · {shown.index}",
            {
                "said": shown,
                "rank": sent.rank,
                "document": sent.document,
                "superseded_by": standing.superseded_by,
                "sheet": wire.narrated(score, methodology, language),
                "addresses": addresses,
                "snippets": snippets(shown, Addresses(addresses.base, LATEST, standing.organisation, language)),
                "points": points,
            },
            edition=record,
            trail=(Crumb(title_of(record, language), links_of(request)(record.id)), Crumb(shown.name)),
            headers={"Link": links(addresses, shown.title)},
        )
