"""Organisations on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from actitud_api.http.paging import Page, PageQuery
from actitud_api.organisations.kinds import Band, Kind
from actitud_api.organisations.service import Record
from actitud_api.organisations.territories import PROVINCES, REGIONS

Code = Annotated[str, Meta(pattern="^[0-9]{2}$")]


class TerritoryQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of every list of organisations."""

    kind: Annotated[Kind, Meta(description="Only organisations of this kind.")] | None = None
    region: Annotated[Code, Meta(description="Only this region, by its INE code.")] | None = None
    province: Annotated[Code, Meta(description="Only this province, by its INE code.")] | None = None
    band: Annotated[Band, Meta(description="Only this size band.")] | None = None


class OrganisationQuery(TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the list of organisations."""

    q: (
        Annotated[
            str,
            Meta(
                max_length=200, description="Only where every word occurs in name or id, whatever its accents and case."
            ),
        ]
        | None
    ) = None


class OrganisationPath(Struct, frozen=True):
    """What names an organisation in a path."""

    organisation: Annotated[
        str, Meta(description="Id of the organisation, in the form of org-id.guide.", examples=["XX-DEMO-00001"])
    ]


class Organisation(Struct, frozen=True, kw_only=True):
    """An organisation. `simulated` says that it is invented."""

    id: Annotated[str, Meta(description="Identifier in the form of org-id.guide: register, then id within it.")]
    name: str
    kind: Kind
    population: Annotated[int, Meta(ge=0, description="Inhabitants.")] | None
    band: Annotated[Band, Meta(description="Size band: P by inhabitants, E by employees.")] | None
    province: Annotated[Code, Meta(description="INE code.")] | None
    province_name: str | None
    region: Annotated[Code, Meta(description="INE code.")] | None
    region_name: str | None
    simulated: Annotated[bool, Meta(description="An invented organisation, for demonstration.")]


class OrganisationPage(Page[Organisation], frozen=True, kw_only=True):
    """A page of the list of organisations, in the order of their ids."""


def organisation(record: Record) -> Organisation:
    """A stored organisation as it is answered."""
    return Organisation(
        id=record.id,
        name=record.name,
        kind=record.kind,
        population=record.population,
        band=record.band,
        province=record.province,
        province_name=None if record.province is None else PROVINCES[record.province].name,
        region=record.region,
        region_name=None if record.region is None else REGIONS[record.region],
        simulated=record.simulated,
    )
