"""Organisations: the public bodies that can be scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import UNSET, UnsetType

from actitud._bind import (
    bind_awaitable,
    bind_awaitable_list,
    bind_awaitable_stream,
    bind_blocking,
    bind_blocking_list,
    bind_blocking_stream,
)
from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    Transport,
    build_create,
    build_get,
    build_patch,
    fetch,
    fetch_page,
)
from actitud._config import Core
from actitud.models import Contact, FormerName, Listing, Organisation, OrganisationKind, PastScore
from actitud.resources.exports import export_organisations, stream_organisations


def list_organisations(
    core: Core,
    *,
    q: str | None = None,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    province: str | None = None,
    band: str | None = None,
    parent: str | None = None,
    on: date | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Call[Fetched[Organisation]]:
    """List organisations in the order of their ids.

    ``q``: words that all occur in name, former names, id or aliases, without regard to accents and case.
    ``region`` and ``province``: INE codes, ``"01"`` … . ``band``: size band, ``P1`` … ``E5``. ``parent``: id of the
    organisation that they depend on. ``on``: the day on which they exist. ``limit``: items per page, 1 to 1,000, 50
    unless given; iterating goes on over all pages. ``offset``: items to skip.
    """
    query = {
        "q": q,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "on": on,
        "limit": limit,
        "offset": offset,
    }
    return fetch_page(core, build_get(core, "organisations", query=query), Listing[Organisation])


def get_organisation(core: Core, organisation: str) -> Call[Organisation]:
    """Fetch one organisation by its id, such as ``ES-DIR3-L01280796``, or by an alias.

    Raises ``NotFound`` on an unknown id.
    """
    return fetch(core, build_get(core, "organisations", organisation), Organisation)


def create_organisation(
    core: Core,
    *,
    id: str,
    name: str,
    kind: OrganisationKind,
    parent: str | None = None,
    population: int | None = None,
    population_year: int | None = None,
    employees: int | None = None,
    employees_year: int | None = None,
    province: str | None = None,
    region: str | None = None,
    aliases: Sequence[str] = (),
    former_names: Sequence[FormerName] = (),
    valid_from: date | None = None,
    valid_to: date | None = None,
    succeeded_by: Sequence[str] = (),
    contact: Contact | None = None,
    domains: Sequence[str] = (),
    idempotency_key: str | None = None,
) -> Call[Organisation]:
    """Add an organisation; the parameters are the members of :class:`actitud.Organisation`.

    ``idempotency_key``: your own name for this call, so that it acts once although your program is started again; each
    call has one of its own otherwise. Raises ``Conflict``, with every place in ``errors``, where an identifier is
    taken, a control digit is wrong or the parts contradict each other.
    """
    body = {
        "id": id,
        "name": name,
        "kind": kind,
        "parent": parent,
        "population": population,
        "population_year": population_year,
        "employees": employees,
        "employees_year": employees_year,
        "province": province,
        "region": region,
        "aliases": tuple(aliases),
        "former_names": tuple(former_names),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "succeeded_by": tuple(succeeded_by),
        "contact": contact,
        "domains": tuple(domains),
    }
    return fetch(core, build_create(core, "organisations", body=body, idempotency_key=idempotency_key), Organisation)


def update_organisation(
    core: Core,
    organisation: str,
    *,
    if_match: str | None,
    name: str | UnsetType = UNSET,
    kind: OrganisationKind | UnsetType = UNSET,
    parent: str | UnsetType | None = UNSET,
    population: int | UnsetType | None = UNSET,
    population_year: int | UnsetType | None = UNSET,
    employees: int | UnsetType | None = UNSET,
    employees_year: int | UnsetType | None = UNSET,
    province: str | UnsetType | None = UNSET,
    region: str | UnsetType | None = UNSET,
    aliases: Sequence[str] | UnsetType = UNSET,
    former_names: Sequence[FormerName] | UnsetType = UNSET,
    valid_from: date | UnsetType | None = UNSET,
    valid_to: date | UnsetType | None = UNSET,
    succeeded_by: Sequence[str] | UnsetType = UNSET,
    contact: Contact | Mapping[str, str | None] | UnsetType | None = UNSET,
    domains: Sequence[str] | UnsetType = UNSET,
) -> Call[Organisation]:
    """Change what is given of an organisation and leave the rest; ``None`` says that there is none.

    ``if_match``: the ``etag`` of the organisation as it was read. A new name makes the old one a former name as of
    today, unless ``former_names`` is given. ``contact``: of a mapping, only the members in it change.

    Raises ``PreconditionFailed`` where somebody else has changed it since, and ``Conflict``, with every place in
    ``errors``, as when adding one.
    """
    body = {
        "name": name,
        "kind": kind,
        "parent": parent,
        "population": population,
        "population_year": population_year,
        "employees": employees,
        "employees_year": employees_year,
        "province": province,
        "region": region,
        "aliases": _given(aliases),
        "former_names": _given(former_names),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "succeeded_by": _given(succeeded_by),
        "contact": contact,
        "domains": _given(domains),
    }
    return fetch(core, build_patch(core, "organisations", organisation, body=body, if_match=if_match), Organisation)


def _given(items: Sequence[object] | UnsetType) -> tuple[object, ...] | UnsetType:
    return UNSET if items is UNSET else tuple(items)


def list_organisation_scores(
    core: Core,
    organisation: str,
    *,
    methodology: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Fetched[PastScore]]:
    """List how an organisation scores in its editions, the newest first; ``lang`` is the language of their titles.

    ``methodology``: the version to score every edition under, without ranks; without it each has its own.
    ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to
    skip. Raises ``NotFound`` on an unknown id.
    """
    query = {"methodology": methodology, "limit": limit, "offset": offset}
    return fetch_page(
        core, build_get(core, "organisations", organisation, "scores", query=query, lang=lang), Listing[PastScore]
    )


class OrganisationScores(Bound):
    """``client.organisations.scores``."""

    list = bind_blocking_list(list_organisation_scores)


class AsyncOrganisationScores(AsyncBound):
    """``async_client.organisations.scores``."""

    list = bind_awaitable_list(list_organisation_scores)


class Organisations(Bound):
    """``client.organisations``."""

    list = bind_blocking_list(list_organisations)
    get = bind_blocking(get_organisation)
    create = bind_blocking(create_organisation)
    update = bind_blocking(update_organisation)
    export = bind_blocking(export_organisations)
    stream = bind_blocking_stream(stream_organisations)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.scores = OrganisationScores(core, transport)


class AsyncOrganisations(AsyncBound):
    """``async_client.organisations``."""

    list = bind_awaitable_list(list_organisations)
    get = bind_awaitable(get_organisation)
    create = bind_awaitable(create_organisation)
    update = bind_awaitable(update_organisation)
    export = bind_awaitable(export_organisations)
    stream = bind_awaitable_stream(stream_organisations)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.scores = AsyncOrganisationScores(core, transport)
