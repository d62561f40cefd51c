"""Use case that creates an API key for organisations and editions that must exist."""

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
    """An organisation or edition that does not exist, although a request asks for a key that is bound to it.

    `value` is the id in the request, `pointer` the JSON Pointer to that id.
    """

    pointer: str
    value: str


class BindingsNotFound(LookupError):
    """A new key is requested for organisations or editions that do not exist; `unknown` lists all of them.

    Raised by `create_key`.
    """

    def __init__(self, unknown: Iterable[UnknownBinding]) -> None:
        self.unknown = tuple(unknown)
        super().__init__(", ".join(binding.value for binding in self.unknown))


class RequestedKey(Struct, frozen=True, kw_only=True):
    """The key that a request asks for.

    `organisations` are ids or aliases of the organisations that the key is bound to. `editions` are the ids of the
    editions that it is bound to; None means all editions. `days` is the number of days until the key expires.
    """

    role: access.Role
    organisations: Sequence[str] = ()
    editions: Sequence[str] | None = None
    days: int = access.DAYS_MAX


def create_key(
    session: Session, peppers: Sequence[SecretText], requested: RequestedKey, *, maker: str | None, now: datetime
) -> access.CreatedKey:
    """Create a key after checking that its organisations and editions exist.

    `peppers` are the secret values of the service that are mixed into the digests of keys. `maker` is the id of the
    key that sends the request, None on the command line.

    Raises:
        BindingsNotFound: An organisation or edition does not exist.
        InvalidKeyBinding: The role does not allow these organisations or editions.
        ValueError: The number of days until the key expires is out of range.
    """
    bindings, unknown = _resolve_bindings(session, requested)
    if unknown:
        raise BindingsNotFound(unknown)
    return access.create_key(
        session,
        peppers,
        role=requested.role,
        organisations=[identifier for kind, identifier in bindings if kind == "organisation"],
        editions=None
        if requested.editions is None
        else [identifier for kind, identifier in bindings if kind == "edition"],
        days=requested.days,
        now=now,
        maker=maker,
    )


def _resolve_bindings(session: Session, requested: RequestedKey) -> tuple[list[tuple[str, str]], list[UnknownBinding]]:
    """Look up the organisations and editions that a requested key is to be bound to.

    Return those that exist, as pairs of kind (`organisation` or `edition`) and id, and those that do not exist.
    """
    bindings: list[tuple[str, str]] = []
    unknown: list[UnknownBinding] = []
    for pointer, kind, name in _list_bindings(requested):
        try:
            bindings.append((kind, _resolve_id(session, kind, name)))
        except (organisations.UnknownOrganisation, editions.UnknownEdition):
            unknown.append(UnknownBinding(pointer, name))
    return bindings, unknown


def _list_bindings(requested: RequestedKey) -> Iterator[tuple[str, str, str]]:
    for number, name in enumerate(requested.organisations):
        yield f"/organisations/{number}", "organisation", name
    for number, name in enumerate(requested.editions or ()):
        yield f"/editions/{number}", "edition", name


def _resolve_id(session: Session, kind: str, name: str) -> str:
    if kind == "edition":
        if name == editions.LATEST:  # a key is bound to an edition, not to whichever is the newest one day
            raise editions.UnknownEdition(name)
        return editions.find(session, name).id
    try:
        return organisations.find(session, name).id
    except organisations.IdentifierIsAlias as alias:
        return alias.organisation
