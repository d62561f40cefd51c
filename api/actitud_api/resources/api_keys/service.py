"""Use cases of access keys that check their bindings."""

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
    """Organisation or edition that does not exist, at a JSON pointer into the request."""

    pointer: str
    value: str


class BindingsNotFound(LookupError):
    """Bindings to missing organisations or editions; `unknown` lists all of them."""

    def __init__(self, unknown: Iterable[UnknownBinding]) -> None:
        self.unknown = tuple(unknown)
        super().__init__(", ".join(found.value for found in self.unknown))


class RequestedKey(Struct, frozen=True, kw_only=True):
    """Key to be created; organisations by id or alias."""

    role: access.Role
    organisations: Sequence[str] = ()
    editions: Sequence[str] | None = None
    days: int = access.DAYS_MAX


def create_key(
    session: Session, peppers: Sequence[SecretText], wanted: RequestedKey, *, maker: str | None, now: datetime
) -> access.CreatedKey:
    """Create a key after checking that its bindings exist.

    Raises:
        BindingsNotFound: An organisation or edition does not exist.
        InvalidKeyBinding: The role does not allow these bindings.
        ValueError: The life of the key is out of range.
    """
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
    """Return the bindings of a key as kind and id, and the unknown ones."""
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
