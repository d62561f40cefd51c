"""Daily checkpoints, made by a running service itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from actitud_api.platform.audit_log import service
from actitud_api.platform.audit_log.service import SigningKeyFault
from actitud_api.platform.storage.database import Database, Unavailable

CHECK_SECONDS: Final = 600
"""Seconds between two checks whether a checkpoint is due."""

_log = structlog.get_logger()


def make_due_checkpoint(database: Database, folder: Path, host: str, now: datetime) -> service.CheckpointRecord | None:
    """Begin the ledger if it is empty, and make the checkpoint of the day if it is due; return it, else None.

    `folder` holds the private keys. For `host` see `service.begin_ledger`.

    Raises:
        SigningKeyFault: The signing key cannot be used.
        Unavailable: The database is out of reach.
    """
    with database.write() as session:
        service.begin_ledger(session, host, now)
    with database.write() as session:
        return service.make_checkpoint_if_due(session, service.load_signer(session, folder), now)


def build_daily_lifespan(
    database: Database, folder: Path, host: str
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return an application lifespan that makes due checkpoints at start and every `CHECK_SECONDS`."""

    async def look() -> None:
        try:
            made = await asyncio.to_thread(make_due_checkpoint, database, folder, host, datetime.now(UTC))
        except (SigningKeyFault, Unavailable) as error:
            _log.warning("no checkpoint made", reason=str(error))
            return
        if made is not None:
            _log.info("checkpoint made", size=made.size, root=made.root)

    async def go_on() -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await look()
            except Exception:  # whatever it was, the next look may do better, and nobody else would
                _log.exception("no checkpoint made")

    @asynccontextmanager
    async def serving(_app: object) -> AsyncIterator[None]:
        await look()
        task = asyncio.create_task(go_on())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return serving
