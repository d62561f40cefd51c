"""Requests and responses about organisations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from actitud_api.engine.methodology.free_text import TRIMMED
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.platform.http.validation import ENUM_NAMES
from actitud_api.resources.organisations import service
from actitud_api.resources.organisations.domains import HOST, MAXIMUM_DOMAIN_LENGTH, MAXIMUM_DOMAINS
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

F = TypeVar("F", bound=service.OrganisationFilters)

Code = Annotated[str, Meta(pattern="^[0-9]{2}$")]

_UNIQUE: Final = {"uniqueItems": True}

Identifier = Annotated[
    str,
    Meta(
        pattern=PATTERN,
        max_length=MAXIMUM_LENGTH,
        description="In the form of org-id.guide. The control digits of DIR3, INE and NIF are checked; an INE code is "
        "stored without its control digit.",
    ),
]
Name = Annotated[str, Meta(pattern=TRIMMED, min_length=1, max_length=MAXIMUM_NAME)]
Size = Annotated[int, Meta(ge=0, le=MAXIMUM_POPULATION)]
Year = Annotated[int, Meta(ge=FIGURE_YEARS[0], le=FIGURE_YEARS[-1], description="The year of the figure.")]
_PROVINCE: Final = {
    "enum": sorted(PROVINCES),
    ENUM_NAMES: [PROVINCES[code].name for code in sorted(PROVINCES)],
}
_REGION: Final = {"enum": sorted(REGIONS), ENUM_NAMES: [REGIONS[code] for code in sorted(REGIONS)]}
ProvinceCode = Annotated[str, Meta(description="INE code.", extra_json_schema=_PROVINCE)]
RegionCode = Annotated[str, Meta(description="INE code; by default that of the province.", extra_json_schema=_REGION)]
Email = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9._%+-]{{1,64}}@{HOST}$", max_length=254)]
Url = Annotated[str, Meta(pattern=rf"^https?://{HOST}(:[0-9]{{1,5}})?(/[!#-;=?-Z_a-z~]*)?$", max_length=500)]
Domain = Annotated[str, Meta(pattern=rf"^{HOST}$", max_length=MAXIMUM_DOMAIN_LENGTH)]
Aliases = Annotated[
    tuple[Identifier, ...],
    Meta(max_length=50, extra_json_schema=_UNIQUE, description="Other identifiers, which redirect to the id."),
]
Successors = Annotated[
    tuple[Identifier, ...],
    Meta(max_length=20, extra_json_schema=_UNIQUE, description="The organisations that replaced it."),
]
Domains = Annotated[
    tuple[Domain, ...],
    Meta(
        max_length=MAXIMUM_DOMAINS,
        extra_json_schema=_UNIQUE,
        description="Lower-case host names whose pages, with those of subdomains, count as evidence.",
    ),
]
ValidFrom = Annotated[date, Meta(description="First day of the organisation, if known.")]
ValidTo = Annotated[date, Meta(description="Last day of the organisation, if it is closed or will be.")]


OfKind = Annotated[Kind, Meta(description="Only organisations of this kind.")]
OfRegion = Annotated[str, Meta(description="Only this region, by its INE code.", extra_json_schema=_REGION)]
OfProvince = Annotated[str, Meta(description="Only this province, by its INE code.", extra_json_schema=_PROVINCE)]
OfBand = Annotated[Band, Meta(description="Only this size band.")]
OfParent = Annotated[
    str,
    Meta(max_length=MAXIMUM_LENGTH, description="Only organisations with this parent, given by id or alias."),
]

OfWords = Annotated[
    str,
    Meta(
        max_length=200,
        description="Only organisations with every word in names, id, aliases, province or region, or a word like it.",
    ),
]
OfDay = Annotated[date, Meta(description="Only organisations that existed on this day.")]


class TerritoryQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters that all lists of organisations share."""

    kind: OfKind | None = None
    region: OfRegion | None = None
    province: OfProvince | None = None
    band: OfBand | None = None
    parent: OfParent | None = None


class OrganisationQuery(TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list of organisations."""

    q: OfWords | None = None
    on: OfDay | None = None


def build_filters(query: Struct, kind: type[F], **more: Any) -> F:
    """Convert the query parameters of a list of organisations to filters, and return the filters.

    Args:
        query: Query parameters. Each sets the filter of its name, `q` sets the filter `text`; others are ignored.
        kind: Class of the filters, such as `OrganisationFilters`.
        more: Values of further filters by name.
    """
    found: dict[str, Any] = {name: getattr(query, name) for name in query.__struct_fields__}
    text = found.pop("q", None) or ""
    return kind(text=text, **{name: found[name] for name in kind.__struct_fields__ if name in found}, **more)


class OrganisationPath(Struct, frozen=True):
    """The path parameters of an organisation."""

    organisation: Annotated[
        str,
        Meta(
            description="Id of the organisation, in the form of org-id.guide; an alias leads to it.",
            examples=["XX-DEMO-00001"],
        ),
    ]


class FormerName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name that an organisation had before."""

    name: Name
    until: Annotated[date, Meta(description="Last day on which the name was in use.")]


FormerNames = Annotated[tuple[FormerName, ...], Meta(max_length=50, description="Earlier names, oldest first.")]


class ContactSent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The address for corrections: a mailbox or a page of the organisation, not of a person.

    In a change, null removes the mailbox or the page.
    """

    email: Email | UnsetType | None = UNSET
    url: Url | UnsetType | None = UNSET


class OrganisationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation to add. A member that is left out is unknown or does not exist."""

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
    """A JSON merge patch (RFC 7396) to an organisation.

    A new name makes the old one a former name as of today, unless `former_names` is sent. A figure that changes without
    its year has an unknown year.
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
    """The address for corrections: an e-mail, a page, or both."""

    email: str | None
    url: str | None


class Organisation(Struct, frozen=True, kw_only=True):
    """An organisation of the register. A member is null if it is not known or does not exist."""

    id: Annotated[str, Meta(description="Identifier in the form of org-id.guide: register, then id within it.")]
    name: str
    kind: Kind
    parent: Annotated[str, Meta(description="Id of the organisation it depends on.")] | None
    population: Annotated[int, Meta(ge=0, description="Number of inhabitants.")] | None
    population_year: Year | None
    employees: Annotated[int, Meta(ge=0, description="Number of employees.")] | None
    employees_year: Year | None
    band: Annotated[Band, Meta(description="Size band: P by inhabitants, E by employees.")] | None
    province: Annotated[Code, Meta(description="INE code.")] | None
    province_name: str | None
    region: Annotated[Code, Meta(description="INE code.")] | None
    region_name: str | None
    aliases: Annotated[tuple[str, ...], Meta(description="Other identifiers, which redirect to the id.")]
    former_names: Annotated[tuple[FormerName, ...], Meta(description="Earlier names, oldest first.")]
    valid_from: ValidFrom | None
    valid_to: ValidTo | None
    succeeded_by: Annotated[tuple[str, ...], Meta(description="Ids of the organisations that replaced it.")]
    preceded_by: Annotated[tuple[str, ...], Meta(description="Ids of the organisations that it replaced.")]
    contact: Contact | None
    domains: Annotated[
        tuple[str, ...], Meta(description="Hosts whose pages, with those of subdomains, count as evidence.")
    ]
    simulated: Annotated[bool, Meta(description="True if the organisation is invented, for demonstration.")]
    created: datetime
    updated: datetime


class OrganisationPage(Page[Organisation], frozen=True, kw_only=True):
    """A page of organisations."""


def build_organisation(record: OrganisationRecord) -> Organisation:
    """Build the response about a stored organisation."""
    contact = record.contact
    return copy_members(
        record,
        Organisation,
        province_name=None if record.province is None else PROVINCES[record.province].name,
        region_name=None if record.region is None else REGIONS[record.region],
        former_names=tuple(FormerName(name=former.name, until=former.until) for former in record.former_names),
        contact=None if contact is None else Contact(email=contact.email, url=contact.url),
    )


def build_entry(request: OrganisationRequest) -> OrganisationEntry:
    """Convert the request for a new organisation to its entry."""
    return OrganisationEntry(
        **{
            **structs.asdict(request),
            "former_names": _former_names(request.former_names),
            "contact": apply_contact_change(None, _contact(request.contact)),
        }
    )


def build_change(request: OrganisationPatch) -> OrganisationChange:
    """Convert a merge patch to an `OrganisationChange` for the service."""
    former = request.former_names
    return OrganisationChange(
        **{
            **structs.asdict(request),
            "aliases": _emptied(request.aliases),
            "former_names": former if former is UNSET else _former_names(former or ()),
            "succeeded_by": _emptied(request.succeeded_by),
            "contact": request.contact if request.contact is UNSET else _contact(request.contact),
            "domains": _emptied(request.domains),
        }
    )


def _emptied(sent: tuple[str, ...] | UnsetType | None) -> tuple[str, ...] | UnsetType:
    return () if sent is None else sent


def _former_names(sent: tuple[FormerName, ...]) -> tuple[service.PastName, ...]:
    return tuple(service.PastName(former.name, former.until) for former in sent)


def _contact(sent: ContactSent | None) -> ContactChange | None:
    return None if sent is None else ContactChange(sent.email, sent.url)
