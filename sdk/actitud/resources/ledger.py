"""The ledger: entries, checkpoints, and the public keys that sign them."""

from __future__ import annotations

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
    core: Core, *, action: str | None = None, limit: int | None = None, offset: int | None = None
) -> Call[Fetched[LedgerEntry]]:
    """List the entries of the ledger in the order of the chain, or those of one action (``"editions.create"``).

    What an entry is about shows to whoever may read that. ``limit``: items per page, 1 to 1,000, 50 unless given;
    iterating goes on over all pages. ``offset``: items to skip.
    """
    query = {"action": action, "limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "ledger", query=query), Listing[LedgerEntry])


def list_checkpoints(core: Core, *, limit: int | None = None, offset: int | None = None) -> Call[Fetched[Checkpoint]]:
    """List the signed checkpoints, the smallest first. ``limit`` and ``offset`` as elsewhere."""
    query = {"limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "ledger", "checkpoints", query=query), Listing[Checkpoint])


def get_checkpoint(core: Core, size: int | str = "latest") -> Call[Checkpoint]:
    """Fetch the checkpoint of a size of the ledger, or the newest. Its ``note`` is what is worth keeping elsewhere.

    Raises ``NotFound`` where there is none.
    """
    return fetch(core, build_get(core, "ledger", "checkpoints", str(size)), Checkpoint)


def list_signing_keys(core: Core) -> Call[tuple[SigningKey, ...]]:
    """Fetch the keys that sign or have signed, the oldest first."""
    request = Request(method="GET", target=f"{core.prefix}/.well-known/jwks.json", lang=core.lang)
    return (yield from fetch(core, request, _KeySet)).keys


class Checkpoints(Bound):
    """``client.ledger.checkpoints``."""

    list = bind_blocking_list(list_checkpoints)
    get = bind_blocking(get_checkpoint)


class Ledger(Bound):
    """``client.ledger``."""

    list = bind_blocking_list(list_entries)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.checkpoints = Checkpoints(core, transport)


class SigningKeys(Bound):
    """``client.signing_keys``."""

    list = bind_blocking(list_signing_keys)


class AsyncCheckpoints(AsyncBound):
    """``async_client.ledger.checkpoints``."""

    list = bind_awaitable_list(list_checkpoints)
    get = bind_awaitable(get_checkpoint)


class AsyncLedger(AsyncBound):
    """``async_client.ledger``."""

    list = bind_awaitable_list(list_entries)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.checkpoints = AsyncCheckpoints(core, transport)


class AsyncSigningKeys(AsyncBound):
    """``async_client.signing_keys``."""

    list = bind_awaitable(list_signing_keys)
