"""Operations on API keys: create, list, rotate and revoke them, and report leaked ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    Transport,
    build_compute,
    build_create,
    build_get,
    fetch,
    fetch_page,
)
from actitud._config import Core
from actitud.models import AccessKey, Listing, NewAccessKey, ReportReceipt, Role

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def list_keys(
    core: Core,
    *,
    role: Role | None = None,
    organisation: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[AccessKey]]:
    """List API keys, oldest first. Administrators see all keys; other callers see only their own.

    - ``role``: list only keys with this role.
    - ``organisation``: list only keys that are bound to the organisation with this id.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.
    """
    query = {"role": role, "organisation": organisation, "limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "keys", query=query), Listing[AccessKey])


def get_key(core: Core, key: str) -> Call[AccessKey]:
    """Fetch an API key by its id, without its secret.

    Raises ``NotFound`` if the key does not exist or the caller may not see it.
    """
    return fetch(core, build_get(core, "keys", key), AccessKey)


def create_key(
    core: Core,
    *,
    role: Role,
    organisations: Sequence[str] | None = None,
    editions: Sequence[str] | None = None,
    days: int = 365,
    idempotency_key: str | None = None,
) -> Call[NewAccessKey]:
    """Create an API key. Only this response contains its ``secret``.

    - ``organisations``: required for ``organisation_reader`` and ``organisation_editor``, at least one id.
    - ``editions``: the editions that an ``assessor`` or ``publisher`` may use, default all.
    - ``days``: lifetime, 1 to 365.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again. A repeated call returns the key with ``secret=None``, because the service does not store secrets:
      if the first response was lost, revoke that key and create another.

    Raises ``Conflict`` if an organisation or edition does not exist.
    """
    bindings = {"organisations": organisations, "editions": editions}
    body = {"role": role, "days": days, **{name: list(value) for name, value in bindings.items() if value is not None}}
    return fetch(core, build_create(core, "keys", body=body, idempotency_key=idempotency_key), NewAccessKey)


def create_rotation(
    core: Core,
    key: str,
    *,
    if_match: str | None,
    days: int | None = None,
    overlap: int = 7,
    idempotency_key: str | None = None,
) -> Call[NewAccessKey]:
    """Replace an API key by a new one with the same role and bindings; the old key expires after an overlap.

    - ``if_match``: the ``etag`` of the old key.
    - ``overlap``: days until the old key expires, 0 to 30.
    - ``days``: lifetime of the new key, default the lifetime of the old key.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; a repeated call returns the key with ``secret=None``, because the service does not store secrets.

    Raises ``PreconditionFailed`` if the old key was changed since it was read, and ``Conflict`` if it has expired or
    was revoked or replaced. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    body = {"days": days, "overlap": overlap}
    request = build_create(
        core, "keys", key, "rotations", body=body, idempotency_key=idempotency_key, if_match=if_match
    )
    return fetch(core, request, NewAccessKey)


def create_revocation(core: Core, key: str, *, idempotency_key: str | None = None) -> Call[AccessKey]:
    """Revoke an API key with immediate effect. Raises ``Conflict`` if the key is already revoked.

    ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
    the call again; by default each call gets its own. Raises ``NotFound`` if the key does not exist.
    """
    request = build_create(core, "keys", key, "revocations", body=None, idempotency_key=idempotency_key)
    return fetch(core, request, AccessKey)


def create_report(core: Core, text: str, *, lang: str | None = None) -> Call[ReportReceipt]:
    """Report a text that may contain leaked API keys, at most 65,536 characters. The caller needs no key.

    The service revokes every key that it finds in the text. The response is always the same, so that nobody can test
    whether a key is valid. Control characters, line ends included, are sent as spaces. ``lang``: language of the
    acknowledgement.
    """
    body = {"text": _CONTROL.sub(" ", text)}
    return fetch(core, build_compute(core, "keys", "reports", query={}, body=body, lang=lang), ReportReceipt)


class KeyRotations(Bound):
    """Operations that replace a key by a new one: ``client.keys.rotations.create``."""

    create: Final = bind_blocking(create_rotation)


class KeyRevocations(Bound):
    """Operations that revoke a key: ``client.keys.revocations.create``."""

    create: Final = bind_blocking(create_revocation)


class KeyReports(Bound):
    """Operations that report leaked keys: ``client.keys.reports.create``."""

    create: Final = bind_blocking(create_report)


class Keys(Bound):
    """Operations on API keys, such as ``client.keys.list``."""

    list: Final = bind_blocking_list(list_keys)
    get: Final = bind_blocking(get_key)
    create: Final = bind_blocking(create_key)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.rotations: Final = KeyRotations(core, transport)
        self.revocations: Final = KeyRevocations(core, transport)
        self.reports: Final = KeyReports(core, transport)


class AsyncKeyRotations(AsyncBound):
    """Awaitable operations that replace a key by a new one: ``async_client.keys.rotations.create``."""

    create: Final = bind_awaitable(create_rotation)


class AsyncKeyRevocations(AsyncBound):
    """Awaitable operations that revoke a key: ``async_client.keys.revocations.create``."""

    create: Final = bind_awaitable(create_revocation)


class AsyncKeyReports(AsyncBound):
    """Awaitable operations that report leaked keys: ``async_client.keys.reports.create``."""

    create: Final = bind_awaitable(create_report)


class AsyncKeys(AsyncBound):
    """Awaitable operations on API keys, such as ``async_client.keys.list``."""

    list: Final = bind_awaitable_list(list_keys)
    get: Final = bind_awaitable(get_key)
    create: Final = bind_awaitable(create_key)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.rotations: Final = AsyncKeyRotations(core, transport)
        self.revocations: Final = AsyncKeyRevocations(core, transport)
        self.reports: Final = AsyncKeyReports(core, transport)
