"""Organisations on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.engine.methodology.free_text import TRIMMED
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.organisations import service
from actitud_api.resources.organisations.entries import FIGURE_YEARS, apply_contact_change
from actitud_api.resources.organisations.identifiers import MAXIMUM_LENGTH, PATTERN
from actitud_api.resources.organisations.kinds import Band, Kind
from actitud_api.resources.organisations.municipalities import MAXIMUM_NAME, MAXIMUM_POPULATION
from actitud_api.resources.organisations.service import (
    ContactChange,
    OrganisationChange,
    OrganisationEntry,
    OrganisationRecord,
)
from actitud_api.resources.organisations.territories import PROVINCES, REGIONS

Code = Annotated[str, Meta(pattern="^[0-9]{2}$")]

_UNIQUE: Final = {"uniqueItems": True}
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"

Identifier = Annotated[
    str,
    Meta(
        pattern=PATTERN,
        max_length=MAXIMUM_LENGTH,
        description="In the form of org-id.guide. The control digits of DIR3, INE and NIF are verified; an INE code "
        "is kept without it.",
    ),
]
Name = Annotated[str, Meta(pattern=TRIMMED, min_length=1, max_length=MAXIMUM_NAME)]
Size = Annotated[int, Meta(ge=0, le=MAXIMUM_POPULATION)]
Year = Annotated[int, Meta(ge=FIGURE_YEARS[0], le=FIGURE_YEARS[-1], description="The year of that figure.")]
_PROVINCE: Final = {"enum": sorted(PROVINCES)}
_REGION: Final = {"enum": sorted(REGIONS)}
ProvinceCode = Annotated[str, Meta(description="INE code.", extra_json_schema=_PROVINCE)]
RegionCode = Annotated[str, Meta(description="INE code; without it that of the province.", extra_json_schema=_REGION)]
Email = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9._%+-]{{1,64}}@{_HOST}$", max_length=254)]
Url = Annotated[str, Meta(pattern=rf"^https?://{_HOST}(:[0-9]{{1,5}})?(/[!#-;=?-Z_a-z~]*)?$", max_length=500)]
Domain = Annotated[str, Meta(pattern=rf"^{_HOST}$", max_length=253)]
Aliases = Annotated[
    tuple[Identifier, ...],
    Meta(max_length=50, extra_json_schema=_UNIQUE, description="Other identifiers of it, which lead to this one."),
]
Successors = Annotated[
    tuple[Identifier, ...],
    Meta(max_length=20, extra_json_schema=_UNIQUE, description="The organisations that took its place."),
]
Domains = Annotated[
    tuple[Domain, ...],
    Meta(
        max_length=50,
        extra_json_schema=_UNIQUE,
        description="Host names, in lower case, whose pages are evidence of it, their sub-domains included.",
    ),
]
ValidFrom = Annotated[date, Meta(description="Its first day, where it is known.")]
ValidTo = Annotated[date, Meta(description="Its last day, where it is closed or will be.")]


OfKind = Annotated[Kind, Meta(description="Only organisations of this kind.")]
OfRegion = Annotated[str, Meta(description="Only this region, by its INE code.", extra_json_schema=_REGION)]
OfProvince = Annotated[str, Meta(description="Only this province, by its INE code.", extra_json_schema=_PROVINCE)]
OfBand = Annotated[Band, Meta(description="Only this size band.")]
OfParent = Annotated[
    str,
    Meta(max_length=MAXIMUM_LENGTH, description="Only those that depend on this one, by its id or an alias of it."),
]

OfWords = Annotated[
    str,
    Meta(
        max_length=200,
        description="Only where every word occurs in name, former names, id or aliases, whatever its accents and case.",
    ),
]
OfDay = Annotated[date, Meta(description="Only those that there were on that day.")]


class TerritoryQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of every list of organisations."""

    kind: OfKind | None = None
    region: OfRegion | None = None
    province: OfProvince | None = None
    band: OfBand | None = None
    parent: OfParent | None = None


class OrganisationQuery(TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the list of organisations."""

    q: OfWords | None = None
    on: OfDay | None = None


class OrganisationPath(Struct, frozen=True):
    """What names an organisation in a path."""

    organisation: Annotated[
        str,
        Meta(
            description="Id of the organisation, in the form of org-id.guide; an alias leads to it.",
            examples=["XX-DEMO-00001"],
        ),
    ]


class FormerName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name that an organisation had."""

    name: Name
    until: Annotated[date, Meta(description="The last day on which it was called so.")]


FormerNames = Annotated[tuple[FormerName, ...], Meta(max_length=50, description="Names that it had; oldest first.")]


class ContactSent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to ask for a correction: a mailbox of the organisation, or a page; of no person."""

    email: Email | UnsetType | None = UNSET
    url: Url | UnsetType | None = UNSET


class OrganisationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation to be added; what is left out is not known or there is none."""

    id: Identifier
    name: Name
    kind: Kind
    parent: Identifier | None = None
    population: Size | None = None
    population_year: Year | None = None
    employees: Size | None = None
    employees_year: Year | None = None
    province: ProvinceCode | None = None
    region: RegionCode | None = None
    aliases: Aliases = ()
    former_names: FormerNames = ()
    valid_from: ValidFrom | None = None
    valid_to: ValidTo | None = None
    succeeded_by: Successors = ()
    contact: ContactSent | None = None
    domains: Domains = ()


class OrganisationPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of an organisation (JSON merge patch): null removes, what is left out stays.

    A new name makes the old one a former name as of today, unless `former_names` is sent. A figure that changes
    without its year is of an unknown one.
    """

    name: Name | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    parent: Identifier | UnsetType | None = UNSET
    population: Size | UnsetType | None = UNSET
    population_year: Year | UnsetType | None = UNSET
    employees: Size | UnsetType | None = UNSET
    employees_year: Year | UnsetType | None = UNSET
    province: ProvinceCode | UnsetType | None = UNSET
    region: RegionCode | UnsetType | None = UNSET
    aliases: Aliases | UnsetType | None = UNSET
    former_names: FormerNames | UnsetType | None = UNSET
    valid_from: ValidFrom | UnsetType | None = UNSET
    valid_to: ValidTo | UnsetType | None = UNSET
    succeeded_by: Successors | UnsetType | None = UNSET
    contact: ContactSent | UnsetType | None = UNSET
    domains: Domains | UnsetType | None = UNSET


class Contact(Struct, frozen=True, kw_only=True):
    """Where to ask for a correction."""

    email: str | None
    url: str | None


class Organisation(Struct, frozen=True, kw_only=True):
    """An organisation. `simulated` says that it is invented."""

    id: Annotated[str, Meta(description="Identifier in the form of org-id.guide: register, then id within it.")]
    name: str
    kind: Kind
    parent: Annotated[str, Meta(description="Id of the organisation that it depends on.")] | None
    population: Annotated[int, Meta(ge=0, description="Inhabitants.")] | None
    population_year: Year | None
    employees: Annotated[int, Meta(ge=0, description="People who work there.")] | None
    employees_year: Year | None
    band: Annotated[Band, Meta(description="Size band: P by inhabitants, E by employees.")] | None
    province: Annotated[Code, Meta(description="INE code.")] | None
    province_name: str | None
    region: Annotated[Code, Meta(description="INE code.")] | None
    region_name: str | None
    aliases: Annotated[tuple[str, ...], Meta(description="Other identifiers of it, which lead to this one.")]
    former_names: Annotated[tuple[FormerName, ...], Meta(description="Names that it had; oldest first.")]
    valid_from: ValidFrom | None
    valid_to: ValidTo | None
    succeeded_by: Annotated[tuple[str, ...], Meta(description="Ids of the organisations that took its place.")]
    preceded_by: Annotated[tuple[str, ...], Meta(description="Ids of the organisations whose place it took.")]
    contact: Contact | None
    domains: Annotated[tuple[str, ...], Meta(description="Hosts whose pages are evidence of it, with sub-domains.")]
    simulated: Annotated[bool, Meta(description="An invented organisation, for demonstration.")]
    created: datetime
    updated: datetime


class OrganisationPage(Page[Organisation], frozen=True, kw_only=True):
    """A page of the list of organisations, in the order of their ids."""


def build_organisation(record: OrganisationRecord) -> Organisation:
    """Return the response for a stored organisation."""
    contact = record.contact
    return Organisation(
        id=record.id,
        name=record.name,
        kind=record.kind,
        parent=record.parent,
        population=record.population,
        population_year=record.population_year,
        employees=record.employees,
        employees_year=record.employees_year,
        band=record.band,
        province=record.province,
        province_name=None if record.province is None else PROVINCES[record.province].name,
        region=record.region,
        region_name=None if record.region is None else REGIONS[record.region],
        aliases=record.aliases,
        former_names=tuple(FormerName(name=former.name, until=former.until) for former in record.former_names),
        valid_from=record.valid_from,
        valid_to=record.valid_to,
        succeeded_by=record.succeeded_by,
        preceded_by=record.preceded_by,
        contact=None if contact is None else Contact(email=contact.email, url=contact.url),
        domains=record.domains,
        simulated=record.simulated,
        created=record.created,
        updated=record.updated,
    )


def build_entry(sent: OrganisationRequest) -> OrganisationEntry:
    """Return the entry of a new organisation."""
    return OrganisationEntry(
        id=sent.id,
        name=sent.name,
        kind=sent.kind,
        parent=sent.parent,
        population=sent.population,
        population_year=sent.population_year,
        employees=sent.employees,
        employees_year=sent.employees_year,
        province=sent.province,
        region=sent.region,
        aliases=sent.aliases,
        former_names=_former_names(sent.former_names),
        valid_from=sent.valid_from,
        valid_to=sent.valid_to,
        succeeded_by=sent.succeeded_by,
        contact=apply_contact_change(None, _contact(sent.contact)),
        domains=sent.domains,
    )


def build_change(sent: OrganisationPatch) -> OrganisationChange:
    """Return the change of a merge patch."""
    former = sent.former_names
    return OrganisationChange(
        name=sent.name,
        kind=sent.kind,
        parent=sent.parent,
        population=sent.population,
        population_year=sent.population_year,
        employees=sent.employees,
        employees_year=sent.employees_year,
        province=sent.province,
        region=sent.region,
        aliases=_emptied(sent.aliases),
        former_names=former if former is UNSET else _former_names(former or ()),
        valid_from=sent.valid_from,
        valid_to=sent.valid_to,
        succeeded_by=_emptied(sent.succeeded_by),
        contact=sent.contact if sent.contact is UNSET else _contact(sent.contact),
        domains=_emptied(sent.domains),
    )


def _emptied(sent: tuple[str, ...] | UnsetType | None) -> tuple[str, ...] | UnsetType:
    return () if sent is None else sent


def _former_names(sent: tuple[FormerName, ...]) -> tuple[service.PastName, ...]:
    return tuple(service.PastName(former.name, former.until) for former in sent)


def _contact(sent: ContactSent | None) -> ContactChange | None:
    return None if sent is None else ContactChange(sent.email, sent.url)
