"""Editions: yearly rounds, with the ranking and the explained score of each organisation."""

from __future__ import annotations

import msgspec

from actitud._bind import awaitable, awaitable_list, blocking, blocking_list
from actitud._calls import AsyncBound, AsyncTransport, Bound, Call, Fetched, Transport, fetch, fetch_page, get
from actitud._config import Core
from actitud.models import Edition, EditionRow, EditionScore, Listing, OrganisationKind

_EDITIONS = msgspec.json.Decoder(Listing[Edition])
_ROWS = msgspec.json.Decoder(Listing[EditionRow])
_SCORE = msgspec.json.Decoder(EditionScore)


def list_editions(
    core: Core, *, limit: int | None = None, offset: int | None = None, lang: str | None = None
) -> Call[Fetched[Edition]]:
    """List the editions, the newest first; ``lang`` is the language of the titles.

    ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to
    skip.
    """
    query = {"limit": limit, "offset": offset}
    return fetch_page(core, get(core, "editions", query=query, lang=lang), _EDITIONS)


def list_edition_scores(
    core: Core,
    edition: str,
    *,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Call[Fetched[EditionRow]]:
    """List an edition in rank order, unranked organisations last.

    Ranks are those of the whole edition, whatever the filters. ``region`` and ``province``: INE codes,
    ``"01"`` … . ``band``: size band, ``P1`` … ``E5``. ``limit``: items per page, 1 to 1,000, 50 unless given;
    iterating goes on over all pages. ``offset``: items to skip. Raises ``NotFound`` on an unknown edition.
    """
    query = {
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "limit": limit,
        "offset": offset,
    }
    return fetch_page(core, get(core, "editions", edition, "scores", query=query), _ROWS)


def get_edition_score(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[EditionScore]:
    """Fetch the explained score of one organisation in an edition, its sentences in the language ``lang``.

    Raises ``NotFound`` where the edition is unknown or holds no score of the organisation.
    """
    return fetch(core, get(core, "editions", edition, "scores", organisation, lang=lang), _SCORE)


class EditionScores(Bound):
    """``client.editions.scores``."""

    list = blocking_list(list_edition_scores)
    get = blocking(get_edition_score)


class AsyncEditionScores(AsyncBound):
    """``async_client.editions.scores``."""

    list = awaitable_list(list_edition_scores)
    get = awaitable(get_edition_score)


class Editions(Bound):
    """``client.editions``."""

    list = blocking_list(list_editions)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.scores = EditionScores(core, transport)


class AsyncEditions(AsyncBound):
    """``async_client.editions``."""

    list = awaitable_list(list_editions)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.scores = AsyncEditionScores(core, transport)
