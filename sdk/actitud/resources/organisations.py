"""Organisations: the public bodies that the index scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import UNSET, UnsetType

from actitud._bind import (
    bind_awaitable,
    bind_awaitable_export,
    bind_awaitable_list,
    bind_awaitable_stream,
    bind_blocking,
    bind_blocking_export,
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
from actitud.models import (
    Contact,
    FormerName,
    Listing,
    Organisation,
    OrganisationKind,
    PastScore,
    ProvinceCode,
    RegionCode,
    SizeBand,
)
from actitud.resources.exports import export_organisations, stream_organisations


def list_organisations(
    core: Core,
    *,
    q: str | None = None,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    on: date | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[Organisation]]:
    """List organisations, ordered by id.

    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``on``: list only organisations that existed on this day.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.
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
        "total": total or None,
    }
    return fetch_page(core, build_get(core, "organisations", query=query), Listing[Organisation])


def get_organisation(core: Core, organisation: str) -> Call[Organisation]:
    """Fetch an organisation by its id, such as ``ES-DIR3-L01280796``, or by an alias.

    Raises ``NotFound`` if there is no organisation with that id.
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
    province: ProvinceCode | None = None,
    region: RegionCode | None = None,
    aliases: Sequence[str] = (),
    former_names: Sequence[FormerName] = (),
    valid_from: date | None = None,
    valid_to: date | None = None,
    succeeded_by: Sequence[str] = (),
    contact: Contact | None = None,
    domains: Sequence[str] = (),
    idempotency_key: str | None = None,
) -> Call[Organisation]:
    """Add an organisation. A member that is ``None`` or empty is unknown or does not exist.

    - ``kind``: kind of administration.
    - ``parent``: id of the body to which it belongs.
    - ``population`` (inhabitants) and ``employees``: each with the year of the figure.
    - ``province`` and ``region``: codes of the Spanish statistics office (INE).
    - ``aliases``: its other identifiers.
    - ``valid_from`` and ``valid_to``: first and last day on which it exists.
    - ``succeeded_by``: ids of the organisations that replaced it.
    - ``domains``: hosts on which evidence of it is accepted.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.

    Raises ``Conflict``, with every faulty field in ``errors``, if an identifier is already taken or its control digit
    is wrong, or if members contradict each other.
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
    province: ProvinceCode | UnsetType | None = UNSET,
    region: RegionCode | UnsetType | None = UNSET,
    aliases: Sequence[str] | UnsetType = UNSET,
    former_names: Sequence[FormerName] | UnsetType = UNSET,
    valid_from: date | UnsetType | None = UNSET,
    valid_to: date | UnsetType | None = UNSET,
    succeeded_by: Sequence[str] | UnsetType = UNSET,
    contact: Contact | Mapping[str, str | None] | UnsetType | None = UNSET,
    domains: Sequence[str] | UnsetType = UNSET,
) -> Call[Organisation]:
    """Change some members of an organisation and keep the others. ``None`` removes the value of a member.

    ``if_match``: the ``etag`` of the organisation. A new ``name`` adds the old name to the former names, with today as
    its last day, unless ``former_names`` is given. ``contact``: a mapping changes only the members that it contains.

    Raises ``PreconditionFailed`` if the organisation was changed since it was read, and ``Conflict``, with every faulty
    field in ``errors``, if an identifier is already taken or its control digit is wrong, or if members contradict each
    other. Raises ``ValueError`` if ``if_match`` is ``None``.
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
        "aliases": _convert_sequence(aliases),
        "former_names": _convert_sequence(former_names),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "succeeded_by": _convert_sequence(succeeded_by),
        "contact": contact,
        "domains": _convert_sequence(domains),
    }
    return fetch(core, build_patch(core, "organisations", organisation, body=body, if_match=if_match), Organisation)


def _convert_sequence(items: Sequence[object] | UnsetType) -> tuple[object, ...] | UnsetType:
    return UNSET if items is UNSET else tuple(items)


def list_organisation_scores(
    core: Core,
    organisation: str,
    *,
    methodology: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
    lang: str | None = None,
) -> Call[Fetched[PastScore]]:
    """List the scores of an organisation in its editions, newest first.

    - ``methodology``: score every edition with this version of the methodology; the result then has no ranks. By
      default each edition is scored with its own version.
    - ``lang``: language of the edition titles.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.

    Raises ``NotFound`` if the organisation does not exist.
    """
    query = {"methodology": methodology, "limit": limit, "offset": offset, "total": total or None}
    return fetch_page(
        core, build_get(core, "organisations", organisation, "scores", query=query, lang=lang), Listing[PastScore]
    )


class OrganisationScores(Bound):
    """Operations on an organisation's scores over the years: ``client.organisations.scores.list``."""

    list: Final = bind_blocking_list(list_organisation_scores)


class AsyncOrganisationScores(AsyncBound):
    """Awaitable operations on an organisation's scores over the years: ``async_client.organisations.scores.list``."""

    list: Final = bind_awaitable_list(list_organisation_scores)


class Organisations(Bound):
    """Operations on organisations, such as ``client.organisations.list``."""

    list: Final = bind_blocking_list(list_organisations)
    get: Final = bind_blocking(get_organisation)
    create: Final = bind_blocking(create_organisation)
    update: Final = bind_blocking(update_organisation)
    export: Final = bind_blocking_export(export_organisations)
    stream: Final = bind_blocking_stream(stream_organisations)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.scores: Final = OrganisationScores(core, transport)


class AsyncOrganisations(AsyncBound):
    """Awaitable operations on organisations, such as ``async_client.organisations.list``."""

    list: Final = bind_awaitable_list(list_organisations)
    get: Final = bind_awaitable(get_organisation)
    create: Final = bind_awaitable(create_organisation)
    update: Final = bind_awaitable(update_organisation)
    export: Final = bind_awaitable_export(export_organisations)
    stream: Final = bind_awaitable_stream(stream_organisations)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.scores: Final = AsyncOrganisationScores(core, transport)
