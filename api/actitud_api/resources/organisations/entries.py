"""Entries of organisations: normalisation, merge of changes, consistency checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType, structs

from actitud_api.resources.organisations.identifiers import (
    InvalidIdentifier,
    Reason,
    find_province,
    is_demonstration,
    normalise_identifier,
    parse_identifier,
)
from actitud_api.resources.organisations.kinds import Kind
from actitud_api.resources.organisations.territories import PROVINCES

FIGURE_YEARS: Final = range(1900, 2101)
"""Years that a size may be of."""


class PastName(Struct, frozen=True):
    """Former name of an organisation; `until` is the last day on which it was in use."""

    name: str
    until: date


class ContactDetails(Struct, frozen=True):
    """Address for corrections; at least one member is set."""

    email: str | None
    url: str | None


class OrganisationEntry(Struct, frozen=True, kw_only=True):
    """Organisation as described by its editors, with normalised identifiers.

    `population` and `employees`: sizes, each with its year. `aliases`: other identifiers. `former_names`: oldest first.
    `valid_from` and `valid_to`: first and last day. `succeeded_by`: successors. `domains`: hosts whose pages are
    accepted as evidence, including their sub-domains. `simulated`: invented, as is every one in the demonstration
    register.
    """

    id: str
    name: str
    kind: Kind
    parent: str | None = None
    population: int | None = None
    population_year: int | None = None
    employees: int | None = None
    employees_year: int | None = None
    province: str | None = None
    region: str | None = None
    aliases: tuple[str, ...] = ()
    former_names: tuple[PastName, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    succeeded_by: tuple[str, ...] = ()
    contact: ContactDetails | None = None
    domains: tuple[str, ...] = ()
    simulated: bool = False


class ContactChange(Struct, frozen=True):
    """Change of a contact; None removes a member."""

    email: str | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET


class OrganisationChange(Struct, frozen=True, kw_only=True):
    """Change of an entry; UNSET members stay as they are."""

    name: str | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    parent: str | UnsetType | None = UNSET
    population: int | UnsetType | None = UNSET
    population_year: int | UnsetType | None = UNSET
    employees: int | UnsetType | None = UNSET
    employees_year: int | UnsetType | None = UNSET
    province: str | UnsetType | None = UNSET
    region: str | UnsetType | None = UNSET
    aliases: tuple[str, ...] | UnsetType = UNSET
    former_names: tuple[PastName, ...] | UnsetType = UNSET
    valid_from: date | UnsetType | None = UNSET
    valid_to: date | UnsetType | None = UNSET
    succeeded_by: tuple[str, ...] | UnsetType = UNSET
    contact: ContactChange | UnsetType | None = UNSET
    domains: tuple[str, ...] | UnsetType = UNSET


ContradictionRule = (
    Reason
    | Literal[
        "taken",
        "own",
        "repeated",
        "unknown",
        "alias",
        "itself",
        "cycle",
        "province_differs",
        "region_differs",
        "year_alone",
        "order",
        "before_start",
        "after_end",
        "ended",
        "outlived",
        "future",
        "overlap",
    ]
)


class OrganisationContradiction(Struct, frozen=True):
    """Contradiction of a member with another one, or with stored data; `expected` is that one, or the right value."""

    pointer: str
    rule: ContradictionRule
    value: str | int
    expected: str | None = None


def normalise_entry(entry: OrganisationEntry) -> OrganisationEntry:
    """Return the entry with normalised identifiers and the territory derived from them."""
    identifier = normalise_identifier(entry.id)
    province = entry.province or find_province(identifier)
    return structs.replace(
        entry,
        id=identifier,
        parent=None if entry.parent is None else normalise_identifier(entry.parent),
        aliases=tuple(normalise_identifier(alias) for alias in entry.aliases),
        succeeded_by=tuple(normalise_identifier(other) for other in entry.succeeded_by),
        province=province,
        region=entry.region or (None if province is None else PROVINCES[province].region),
        simulated=entry.simulated or is_demonstration(identifier),
    )


def sort_members(entry: OrganisationEntry) -> OrganisationEntry:
    """Return the entry with its lists in storage order."""
    return structs.replace(
        entry,
        aliases=tuple(sorted(entry.aliases)),
        former_names=tuple(sorted(entry.former_names, key=lambda former: former.until)),
        succeeded_by=tuple(sorted(entry.succeeded_by)),
        domains=tuple(sorted(entry.domains)),
    )


def apply_change(entry: OrganisationEntry, change: OrganisationChange, today: date) -> OrganisationEntry:
    """Return a stored entry with a change applied, normalised.

    A new name turns the old one into a former name, unless the change sets the former names. A new province sets its
    region, and a new size has an unknown year, unless the change sets them.
    """
    said = {
        field.name: value
        for field in structs.fields(change)
        if field.name != "contact" and (value := getattr(change, field.name)) is not UNSET
    }
    if change.contact is not UNSET:
        said["contact"] = apply_contact_change(entry.contact, change.contact)
    for size, year in (("population", "population_year"), ("employees", "employees_year")):
        if size in said and year not in said and said[size] != getattr(entry, size):
            said[year] = None
    if change.province is not UNSET and change.region is UNSET and change.province != entry.province:
        said["region"] = None
    after = structs.replace(entry, **said)
    if change.former_names is UNSET:
        after = structs.replace(
            after, former_names=add_past_name(structs.replace(after, name=entry.name), after.name, today)
        )
    return normalise_entry(after)


def apply_contact_change(contact: ContactDetails | None, change: ContactChange | None) -> ContactDetails | None:
    """Return a contact with a change applied, or None if nothing of it is left."""
    if change is None:
        return None
    email = (contact.email if contact else None) if change.email is UNSET else change.email
    url = (contact.url if contact else None) if change.url is UNSET else change.url
    return None if email is None and url is None else ContactDetails(email, url)


def add_past_name(entry: OrganisationEntry, name: str, today: date) -> tuple[PastName, ...]:
    """Return the former names of an organisation that is renamed today, or on its last day if that is past.

    A name in use for no whole day, such as a slip corrected at once, is not added.
    """
    former = entry.former_names
    until = today if entry.valid_to is None else min(today, entry.valid_to)
    if name == entry.name or (entry.valid_from is not None and until < entry.valid_from):
        return former
    if former and former[-1].until >= until:
        return former[:-1] if former[-1].name == name else former
    return (*former, PastName(entry.name, until))


def find_contradictions(entry: OrganisationEntry, today: date) -> Iterator[OrganisationContradiction]:
    """Yield the contradictions within an entry."""
    yield from _of_territory(entry)
    for year, figure in ((entry.population_year, "population"), (entry.employees_year, "employees")):
        if year is not None and getattr(entry, figure) is None:
            yield OrganisationContradiction(f"/{figure}_year", "year_alone", year)
    yield from _of_aliases(entry)
    if entry.valid_from is not None and entry.valid_to is not None and entry.valid_to < entry.valid_from:
        yield OrganisationContradiction("/valid_to", "order", entry.valid_to.isoformat(), entry.valid_from.isoformat())
    yield from _of_former_names(entry, today)
    if entry.parent == entry.id:
        yield OrganisationContradiction("/parent", "itself", entry.id)
    for number, successor in enumerate(entry.succeeded_by):
        if successor == entry.id:
            yield OrganisationContradiction(f"/succeeded_by/{number}", "itself", entry.id)


def _of_territory(entry: OrganisationEntry) -> Iterator[OrganisationContradiction]:
    of_identifier = find_province(entry.id)
    if entry.province is not None:
        if of_identifier not in (None, entry.province):
            yield OrganisationContradiction("/province", "province_differs", entry.province, of_identifier)
        region = PROVINCES[entry.province].region
        if entry.region != region:
            yield OrganisationContradiction("/region", "region_differs", entry.region or "", region)


def _of_aliases(entry: OrganisationEntry) -> Iterator[OrganisationContradiction]:
    for number, alias in enumerate(entry.aliases):
        try:
            parse_identifier(alias)
        except InvalidIdentifier as error:
            yield OrganisationContradiction(f"/aliases/{number}", error.reason, alias, error.expected)
        if alias == entry.id:
            yield OrganisationContradiction(f"/aliases/{number}", "own", alias)
        if alias in entry.aliases[:number]:
            yield OrganisationContradiction(f"/aliases/{number}", "repeated", alias)


def _of_former_names(entry: OrganisationEntry, today: date) -> Iterator[OrganisationContradiction]:
    for number, former in enumerate(entry.former_names):
        place, until = f"/former_names/{number}/until", former.until.isoformat()
        if entry.valid_from is not None and former.until < entry.valid_from:
            yield OrganisationContradiction(place, "before_start", until, entry.valid_from.isoformat())
        if entry.valid_to is not None and former.until > entry.valid_to:
            yield OrganisationContradiction(place, "after_end", until, entry.valid_to.isoformat())
        if former.until > today:
            yield OrganisationContradiction(place, "future", until)
        same = [earlier for earlier in entry.former_names[:number] if earlier.until == former.until]
        if same:
            yield OrganisationContradiction(place, "overlap", until, same[0].name)
