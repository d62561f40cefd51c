"""The ledger of changes: its entries, its signed checkpoints and the public keys that verify them."""

from __future__ import annotations

from typing import Final

import msgspec

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    Request,
    Transport,
    build_get,
    fetch,
    fetch_page,
)
from actitud._config import Core
from actitud.models import Checkpoint, LedgerEntry, Listing, SigningKey


class _KeySet(msgspec.Struct, frozen=True):
    keys: tuple[SigningKey, ...]


def list_entries(
    core: Core, *, action: str | None = None, limit: int | None = None, offset: int | None = None, total: bool = False
) -> Call[Fetched[LedgerEntry]]:
    """List the entries of the ledger, oldest first.

    The subject of an entry (``opening``) is included only if the caller may read the resource that the entry is about.

    - ``action``: list only the entries of this action, such as ``"editions.create"``.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.
    """
    query = {"action": action, "limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "ledger", query=query), Listing[LedgerEntry])


def list_checkpoints(
    core: Core, *, limit: int | None = None, offset: int | None = None, total: bool = False
) -> Call[Fetched[Checkpoint]]:
    """List the signed checkpoints, smallest ledger size first.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "ledger", "checkpoints", query=query), Listing[Checkpoint])


def get_checkpoint(core: Core, size: int | str = "latest") -> Call[Checkpoint]:
    """Fetch a checkpoint: the signed statement of the ledger at a size, by default the newest.

    ``size``: number of entries of the ledger, or ``latest``. Keep a copy of the ``note`` outside the service to detect
    later changes of the ledger. Raises ``NotFound`` if there is no checkpoint of that size.
    """
    return fetch(core, build_get(core, "ledger", "checkpoints", str(size)), Checkpoint)


def list_signing_keys(core: Core) -> Call[tuple[SigningKey, ...]]:
    """Fetch all public signing keys of the service, active and retired, oldest first."""
    request = Request(method="GET", target=f"{core.prefix}/.well-known/jwks.json", lang=core.lang)
    return (yield from fetch(core, request, _KeySet)).keys


class Checkpoints(Bound):
    """Operations on the signed checkpoints of the ledger, such as ``client.ledger.checkpoints.list``."""

    list: Final = bind_blocking_list(list_checkpoints)
    get: Final = bind_blocking(get_checkpoint)


class Ledger(Bound):
    """Operations on the ledger: ``client.ledger.list``."""

    list: Final = bind_blocking_list(list_entries)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.checkpoints: Final = Checkpoints(core, transport)


class SigningKeys(Bound):
    """Operations on public signing keys: ``client.signing_keys.list``."""

    list: Final = bind_blocking(list_signing_keys)


class AsyncCheckpoints(AsyncBound):
    """Awaitable operations on the signed checkpoints of the ledger.

    One of them is ``async_client.ledger.checkpoints.list``.
    """

    list: Final = bind_awaitable_list(list_checkpoints)
    get: Final = bind_awaitable(get_checkpoint)


class AsyncLedger(AsyncBound):
    """Awaitable operations on the ledger: ``async_client.ledger.list``."""

    list: Final = bind_awaitable_list(list_entries)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.checkpoints: Final = AsyncCheckpoints(core, transport)


class AsyncSigningKeys(AsyncBound):
    """Awaitable operations on public signing keys: ``async_client.signing_keys.list``."""

    list: Final = bind_awaitable(list_signing_keys)
