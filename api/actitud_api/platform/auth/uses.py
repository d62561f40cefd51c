"""Day of the last use of each key, written outside of the request that uses it.

A process writes at most once a day per key, and read calls stay reads: the write runs in `Database.run_later`, where no
request waits for it or fails by it. A failed write is repeated at a later call.
"""

from __future__ import annotations

from datetime import date

import structlog

from actitud_api.platform.auth import queries
from actitud_api.platform.storage.database import Database

_log = structlog.get_logger()


class KeyUseRecorder:
    """Recorder of the uses of keys; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[str, date] = {}

    def record_use(self, key: str, day: date) -> None:
        """Record that a key was used on a day (UTC)."""
        if self._noted.get(key) != day:
            # Two calls at once may both get here: the second write finds the first one's.
            self._noted[key] = day
            self._database.run_later(lambda: self._write(key, day))

    def _write(self, key: str, day: date) -> None:
        try:
            with self._database.write() as session:
                queries.record_use(session, key, day)
        except Exception as error:  # nobody is there to be told: whatever failed, another call tries again
            self._noted.pop(key, None)
            _log.warning("last use of a key not written", key=key, reason=str(error))
