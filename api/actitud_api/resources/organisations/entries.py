"""Entries of organisations in the register: normalise them, apply changes, and find contradictions. Pure."""

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
"""The years for which a size (population or employees) may be given."""


class PastName(Struct, frozen=True):
    """A former name of an organisation. `until` is the last day on which it was in use."""

    name: str
    until: date


class ContactDetails(Struct, frozen=True):
    """The address to which corrections of an organisation's entry can be sent: e-mail, page, or both.

    At least one of `email` and `url` is set.
    """

    email: str | None
    url: str | None


class OrganisationEntry(Struct, frozen=True, kw_only=True):
    """An organisation as its editors describe it, with normalised identifiers.

    A field is None or empty if it is not known or does not exist.

    Attributes:
        id: Id of the organisation.
        name: Name of the organisation.
        kind: Kind of administration.
        parent: Id of the organisation that it depends on.
        population, employees: Numbers of inhabitants and of employees.
        population_year, employees_year: Years that these numbers are for.
        province, region: INE codes.
        aliases: Other identifiers.
        former_names: Former names, oldest first.
        valid_from, valid_to: First and last day of existence.
        succeeded_by: Ids of the organisations that replaced it.
        contact: Address for corrections of the entry.
        domains: Hosts of its pages; pages on them, and on their subdomains, count as evidence.
        simulated: True for an invented organisation, such as every one in the register `XX-DEMO`.
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
    """A change of contact details; UNSET keeps a member and None removes it."""

    email: str | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET


class OrganisationChange(Struct, frozen=True, kw_only=True):
    """A change of an entry. UNSET keeps a member, and None removes it."""

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
    """A member of an entry that contradicts another member or stored data.

    `pointer` and `value` are the JSON Pointer and the value of the member, `rule` is the code of the broken rule.
    `expected` is the right value or the stored value that conflicts, depending on the rule; None if there is neither.
    """

    pointer: str
    rule: ContradictionRule
    value: str | int
    expected: str | None = None


def normalise_entry(entry: OrganisationEntry) -> OrganisationEntry:
    """Return the entry with all identifiers in canonical spelling, such as INE codes without their control digit.

    A missing province is derived from the id, a missing region from the province.
    """
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
    """Return the entry with its lists in the order in which they are stored.

    Former names are sorted by date; aliases, successors and domains alphabetically.
    """
    return structs.replace(
        entry,
        aliases=tuple(sorted(entry.aliases)),
        former_names=tuple(sorted(entry.former_names, key=lambda former: former.until)),
        succeeded_by=tuple(sorted(entry.succeeded_by)),
        domains=tuple(sorted(entry.domains)),
    )


def apply_change(entry: OrganisationEntry, change: OrganisationChange, today: date) -> OrganisationEntry:
    """Return a stored entry with a change applied, and with all identifiers in canonical spelling.

    A new name turns the old one into a former name that ends `today`, unless the change sets the former names. A new
    province sets its region, unless the change sets the region. A new population or number of employees has an unknown
    year, unless the change sets the year.
    """
    values = {
        field.name: value
        for field in structs.fields(change)
        if field.name != "contact" and (value := getattr(change, field.name)) is not UNSET
    }
    if change.contact is not UNSET:
        values["contact"] = apply_contact_change(entry.contact, change.contact)
    for size, year in (("population", "population_year"), ("employees", "employees_year")):
        if size in values and year not in values and values[size] != getattr(entry, size):
            values[year] = None
    if change.province is not UNSET and change.region is UNSET and change.province != entry.province:
        values["region"] = None
    after = structs.replace(entry, **values)
    if change.former_names is UNSET:
        after = structs.replace(
            after, former_names=add_past_name(structs.replace(after, name=entry.name), after.name, today)
        )
    return normalise_entry(after)


def apply_contact_change(contact: ContactDetails | None, change: ContactChange | None) -> ContactDetails | None:
    """Return contact details with a change applied, or None if neither e-mail nor page remains.

    `contact` is None if there were no details before. If `change` is None, all details are removed.
    """
    if change is None:
        return None
    email = (contact.email if contact else None) if change.email is UNSET else change.email
    url = (contact.url if contact else None) if change.url is UNSET else change.url
    return None if email is None and url is None else ContactDetails(email, url)


def add_past_name(entry: OrganisationEntry, name: str, today: date) -> tuple[PastName, ...]:
    """Return the former names of an organisation after its name changes to `name`.

    The old name ends today, or on the last day of the organisation if that is past. A name that was in use for less
    than a day, such as a slip corrected at once, is not added.
    """
    former = entry.former_names
    until = today if entry.valid_to is None else min(today, entry.valid_to)
    if name == entry.name or (entry.valid_from is not None and until < entry.valid_from):
        return former
    # Renamed twice in a day: the name in between was in use for no whole day.
    if former and former[-1].until >= until:
        return former[:-1] if former[-1].name == name else former
    return (*former, PastName(entry.name, until))


def find_contradictions(entry: OrganisationEntry, today: date) -> Iterator[OrganisationContradiction]:
    """Yield each contradiction between the members of an entry, such as a last day before the first day.

    A former name that ends after `today` is a contradiction too.
    """
    yield from _check_territory(entry)
    for year, figure in ((entry.population_year, "population"), (entry.employees_year, "employees")):
        if year is not None and getattr(entry, figure) is None:
            yield OrganisationContradiction(f"/{figure}_year", "year_alone", year)
    yield from _check_aliases(entry)
    if entry.valid_from is not None and entry.valid_to is not None and entry.valid_to < entry.valid_from:
        yield OrganisationContradiction("/valid_to", "order", entry.valid_to.isoformat(), entry.valid_from.isoformat())
    yield from _check_former_names(entry, today)
    if entry.parent == entry.id:
        yield OrganisationContradiction("/parent", "itself", entry.id)
    for number, successor in enumerate(entry.succeeded_by):
        if successor == entry.id:
            yield OrganisationContradiction(f"/succeeded_by/{number}", "itself", entry.id)


def _check_territory(entry: OrganisationEntry) -> Iterator[OrganisationContradiction]:
    own_province = find_province(entry.id)
    if entry.province is not None:
        if own_province not in (None, entry.province):
            yield OrganisationContradiction("/province", "province_differs", entry.province, own_province)
        region = PROVINCES[entry.province].region
        if entry.region != region:
            yield OrganisationContradiction("/region", "region_differs", entry.region or "", region)


def _check_aliases(entry: OrganisationEntry) -> Iterator[OrganisationContradiction]:
    for number, alias in enumerate(entry.aliases):
        try:
            parse_identifier(alias)
        except InvalidIdentifier as error:
            yield OrganisationContradiction(f"/aliases/{number}", error.reason, alias, error.expected)
        if alias == entry.id:
            yield OrganisationContradiction(f"/aliases/{number}", "own", alias)
        if alias in entry.aliases[:number]:
            yield OrganisationContradiction(f"/aliases/{number}", "repeated", alias)


def _check_former_names(entry: OrganisationEntry, today: date) -> Iterator[OrganisationContradiction]:
    for number, former in enumerate(entry.former_names):
        pointer, until = f"/former_names/{number}/until", former.until.isoformat()
        if entry.valid_from is not None and former.until < entry.valid_from:
            yield OrganisationContradiction(pointer, "before_start", until, entry.valid_from.isoformat())
        if entry.valid_to is not None and former.until > entry.valid_to:
            yield OrganisationContradiction(pointer, "after_end", until, entry.valid_to.isoformat())
        if former.until > today:
            yield OrganisationContradiction(pointer, "future", until)
        overlapping = [earlier for earlier in entry.former_names[:number] if earlier.until == former.until]
        if overlapping:
            yield OrganisationContradiction(pointer, "overlap", until, overlapping[0].name)
