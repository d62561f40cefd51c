"""Organisations: the public bodies that can be scored."""

from __future__ import annotations

import msgspec

from actitud._bind import awaitable, awaitable_list, blocking, blocking_list
from actitud._calls import AsyncBound, Bound, Call, Fetched, fetch, fetch_page, get
from actitud._config import Core
from actitud.models import Listing, Organisation, OrganisationKind

_LISTING = msgspec.json.Decoder(Listing[Organisation])
_ORGANISATION = msgspec.json.Decoder(Organisation)


def list_organisations(
    core: Core,
    *,
    q: str | None = None,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Call[Fetched[Organisation]]:
    """List organisations in the order of their ids.

    ``q``: words that all occur in name or id, without regard to accents and case. ``region`` and
    ``province``: INE codes, ``"01"`` … . ``band``: size band, ``P1`` … ``E5``. ``limit``: items per page,
    1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to skip.
    """
    query = {
        "q": q,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "limit": limit,
        "offset": offset,
    }
    return fetch_page(core, get(core, "organisations", query=query), _LISTING)


def get_organisation(core: Core, organisation: str) -> Call[Organisation]:
    """Fetch one organisation by its id, such as ``ES-DIR3-L01280796``.

    Raises ``NotFound`` on an unknown id.
    """
    return fetch(core, get(core, "organisations", organisation), _ORGANISATION)


class Organisations(Bound):
    """``client.organisations``."""

    list = blocking_list(list_organisations)
    get = blocking(get_organisation)


class AsyncOrganisations(AsyncBound):
    """``async_client.organisations``."""

    list = awaitable_list(list_organisations)
    get = awaitable(get_organisation)
