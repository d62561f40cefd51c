"""Use cases over keys that know what these are bound to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.storage.database import Session
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations


class UnknownBinding(Struct, frozen=True):
    """What a key cannot be bound to, because it is not there: `pointer` says where it stands."""

    pointer: str
    value: str


class BindingsNotFound(LookupError):
    """A key that was to be bound to what is not there; `unknown` names all of it."""

    def __init__(self, unknown: Iterable[UnknownBinding]) -> None:
        self.unknown = tuple(unknown)
        super().__init__(", ".join(found.value for found in self.unknown))


class RequestedKey(Struct, frozen=True, kw_only=True):
    """A key to be made; an alias of an organisation counts as its id."""

    role: access.Role
    organisations: Sequence[str] = ()
    editions: Sequence[str] | None = None
    days: int = access.DAYS_MAX


def create_key(
    session: Session, peppers: Sequence[SecretText], wanted: RequestedKey, *, maker: str | None, now: datetime
) -> access.CreatedKey:
    """Makes a key for what is there; raises `Unbound`, `Misbound`, and `ValueError` as `access.create_key`."""
    of, unknown = _bindings(session, wanted)
    if unknown:
        raise BindingsNotFound(unknown)
    return access.create_key(
        session,
        peppers,
        role=wanted.role,
        organisations=[identifier for kind, identifier in of if kind == "organisation"],
        editions=None if wanted.editions is None else [identifier for kind, identifier in of if kind == "edition"],
        days=wanted.days,
        now=now,
        maker=maker,
    )


def _bindings(session: Session, wanted: RequestedKey) -> tuple[list[tuple[str, str]], list[UnknownBinding]]:
    """What a key is to be bound to by kind and id, and what of it is not there."""
    found: list[tuple[str, str]] = []
    unknown: list[UnknownBinding] = []
    for pointer, kind, name in _named(wanted):
        try:
            found.append((kind, _id(session, kind, name)))
        except (organisations.UnknownOrganisation, editions.UnknownEdition):
            unknown.append(UnknownBinding(pointer, name))
    return found, unknown


def _named(wanted: RequestedKey) -> Iterator[tuple[str, str, str]]:
    for number, name in enumerate(wanted.organisations):
        yield f"/organisations/{number}", "organisation", name
    for number, name in enumerate(wanted.editions or ()):
        yield f"/editions/{number}", "edition", name


def _id(session: Session, kind: str, name: str) -> str:
    if kind == "edition":
        if name == editions.LATEST:  # a key is bound to an edition, not to whichever is the newest one day
            raise editions.UnknownEdition(name)
        return editions.find(session, name).id
    try:
        return organisations.find(session, name).id
    except organisations.IdentifierIsAlias as alias:
        return alias.organisation
