"""Daily checkpoints of the ledger, made by the running service.

A checkpoint is due if entries were added since the last checkpoint and no checkpoint was made today (UTC). If a due
checkpoint cannot be made, a warning is logged and the next check tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from actitud_api.platform.audit_log import service
from actitud_api.platform.audit_log.service import SigningKeyFault
from actitud_api.platform.http.repeating import build_repeating_lifespan
from actitud_api.platform.storage.database import Database, Unavailable

CHECK_SECONDS: Final = 600
"""Seconds between two checks for a due checkpoint."""

_log = structlog.get_logger()


def make_due_checkpoint(database: Database, folder: Path, host: str, now: datetime) -> service.CheckpointRecord | None:
    """Make today's checkpoint of the ledger if it is due; return it, or None if none was due.

    A checkpoint, a signed statement of the state of the ledger, is due if entries were added since the last one and
    none was made today (UTC). In an empty ledger, entry 0 is written first; it contains the name of the ledger.

    Args:
        database: Database with the ledger.
        folder: Folder of the private signing keys.
        host: Public host name of the service, with which the name of the ledger begins.
        now: Present time.

    Raises:
        SigningKeyFault: No signing key exists, it cannot be used, or the ledger lacks entries that were signed.
        Unavailable: The database could not be reached in time.
    """
    with database.write() as session:
        service.begin_ledger(session, host, now)
    with database.write() as session:
        signer = service.load_signer(session, folder)
        service.mark_newest_checkpoint(session, folder)
        return service.make_checkpoint_if_due(session, signer, now)


def build_daily_lifespan(
    database: Database, folder: Path, host: str
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return an application lifespan that makes each due checkpoint of the ledger while the application runs.

    It checks at the start and then every `CHECK_SECONDS` if a checkpoint is due. `folder` holds the private signing
    keys, and `host` is the public host name of the service. A failure is logged, and the service and the checks
    continue.
    """

    def try_checkpoint() -> None:
        try:
            checkpoint = make_due_checkpoint(database, folder, host, datetime.now(UTC))
        except (SigningKeyFault, Unavailable) as error:
            _log.warning("no checkpoint made", reason=str(error))
            return
        if checkpoint is not None:
            _log.info("checkpoint made", size=checkpoint.size, root=checkpoint.root)

    repeating = build_repeating_lifespan(try_checkpoint, CHECK_SECONDS, failure="no checkpoint made")

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        # At the start too, because a service that restarts more often than every ten minutes would make none.
        await asyncio.to_thread(try_checkpoint)
        async with repeating(app):
            yield

    return lifespan
