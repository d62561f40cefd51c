"""Keys: creation, lists, rotation, revocation, and reports of leaked ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
) -> Call[Fetched[AccessKey]]:
    """List the keys, the oldest first; whoever is no administrator finds their own.

    ``role`` and ``organisation``: only keys of it, or bound to it. ``limit``: items per page, 1 to 1,000, 50 unless
    given; iterating goes on over all pages. ``offset``: items to skip.
    """
    query = {"role": role, "organisation": organisation, "limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "keys", query=query), Listing[AccessKey])


def get_key(core: Core, key: str) -> Call[AccessKey]:
    """Fetch a key by its id, without its secret. Raises ``NotFound`` for what is neither there nor yours."""
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
    """Make a key, whose ``secret`` is shown this once.

    ``organisations``: those of an ``organisation_reader`` or ``organisation_editor``, one at least. ``editions``: those
    of an ``assessor`` or ``publisher``; all unless given. ``days``: 1 to 365, after which it ends.

    ``idempotency_key``: your own name for this call, so that it acts once although your program is started again. Where
    the first answer was lost, ``secret`` is ``None``: the service has it no more, so revoke that key and make another.
    Raises ``Conflict`` where it would be bound to what does not exist.
    """
    given = {"organisations": organisations, "editions": editions}
    body = {"role": role, "days": days, **{name: list(value) for name, value in given.items() if value is not None}}
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
    """Make a key for the same role and bindings, in the place of one that ends ``overlap`` days later, 0 to 30.

    ``if_match``: the ``etag`` of the key as it was read. ``days``: how long the new one lasts; as long as the one
    before was made for unless given. ``idempotency_key`` and ``secret`` as in ``keys.create``. Raises
    ``PreconditionFailed`` where somebody else has changed it since, and ``Conflict`` where it has ended or been
    replaced.
    """
    body = {"days": days, "overlap": overlap}
    request = build_create(
        core, "keys", key, "rotations", body=body, idempotency_key=idempotency_key, if_match=if_match
    )
    return fetch(core, request, NewAccessKey)


def create_revocation(core: Core, key: str, *, idempotency_key: str | None = None) -> Call[AccessKey]:
    """End a key from the next call on. Raises ``Conflict`` where it was revoked already."""
    request = build_create(core, "keys", key, "revocations", body=None, idempotency_key=idempotency_key)
    return fetch(core, request, AccessKey)


def create_report(core: Core, text: str, *, lang: str | None = None) -> Call[ReportReceipt]:
    """Report a text, up to 65,536 characters, in which there may be a key; a real one ends at once. No key is needed.

    The answer is the same whatever is sent. Line ends are sent as blanks.
    """
    body = {"text": _CONTROL.sub(" ", text)}
    return fetch(core, build_compute(core, "keys", "reports", query={}, body=body, lang=lang), ReportReceipt)


class KeyRotations(Bound):
    """``client.keys.rotations``."""

    create = bind_blocking(create_rotation)


class KeyRevocations(Bound):
    """``client.keys.revocations``."""

    create = bind_blocking(create_revocation)


class KeyReports(Bound):
    """``client.keys.reports``."""

    create = bind_blocking(create_report)


class Keys(Bound):
    """``client.keys``."""

    list = bind_blocking_list(list_keys)
    get = bind_blocking(get_key)
    create = bind_blocking(create_key)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.rotations = KeyRotations(core, transport)
        self.revocations = KeyRevocations(core, transport)
        self.reports = KeyReports(core, transport)


class AsyncKeyRotations(AsyncBound):
    """``async_client.keys.rotations``."""

    create = bind_awaitable(create_rotation)


class AsyncKeyRevocations(AsyncBound):
    """``async_client.keys.revocations``."""

    create = bind_awaitable(create_revocation)


class AsyncKeyReports(AsyncBound):
    """``async_client.keys.reports``."""

    create = bind_awaitable(create_report)


class AsyncKeys(AsyncBound):
    """``async_client.keys``."""

    list = bind_awaitable_list(list_keys)
    get = bind_awaitable(get_key)
    create = bind_awaitable(create_key)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.rotations = AsyncKeyRotations(core, transport)
        self.revocations = AsyncKeyRevocations(core, transport)
        self.reports = AsyncKeyReports(core, transport)
