"""The tables of organisations, their aliases and their successors."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class OrganisationTable(Base, table=True):
    """An organisation of the register.

    `parent` is the id of another organisation. It is not declared as a foreign key, because SQLite cannot drop such
    a constraint later. Writes check it instead, and only invented organisations are ever deleted. `population`
    and `employees` are numbers, each with the year it is for. `band` is the size band by one of these two
    numbers, null if it is not known. `province` and `region` are INE codes. `former_names` are oldest first.
    `valid_from` and `valid_to` are the first and last day of existence. `contact` is the address for
    corrections. Pages on the hosts in `domains` count as evidence. `simulated` marks an invented organisation.
    `name_order` is the name in lower case and without accents (`storage.folding.fold`), for sorting. `search`
    is the text of id, name, former names and aliases in that form, for searching. `version` is the number of
    times that the row was written.
    """

    __tablename__ = "organisation"

    id: str = Field(sa_type=IDENTIFIER, primary_key=True)
    name: str
    kind: str = Field(index=True)
    parent: str | None = Field(sa_type=IDENTIFIER, index=True)
    population: int | None = Field(sa_column=Column(BigInteger))
    population_year: int | None
    employees: int | None = Field(sa_column=Column(BigInteger))
    employees_year: int | None
    band: str | None = Field(index=True)
    province: str | None = Field(index=True)
    region: str | None = Field(index=True)
    former_names: list[dict[str, str]] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    valid_from: date | None
    valid_to: date | None
    contact: dict[str, str | None] | None = Field(sa_column=Column(JSON_DOCUMENT))
    domains: list[str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    simulated: bool
    name_order: str = Field(sa_type=IDENTIFIER)
    search: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    updated: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    version: int


class OrganisationAlias(Base, table=True):
    """Another identifier of an organisation. Writes check that it is not the id of any organisation."""

    __tablename__ = "organisation_alias"

    alias: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, foreign_key="organisation.id", index=True)


class OrganisationSuccessor(Base, table=True):
    """A pair of organisations: `successor` replaced `organisation`, or a part of it."""

    __tablename__ = "organisation_successor"

    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="organisation.id")
    successor: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="organisation.id", index=True)
