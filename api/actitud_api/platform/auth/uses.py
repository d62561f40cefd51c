"""The day on which each key was used last, written outside of the request that uses it.

Of a key a process writes once a day at most, and its calls stay reads: what a request would wait for, or fail of, is
done by `Database.later` when nobody waits. What cannot be written is written at a later call.
"""

from __future__ import annotations

from datetime import date

import structlog

from actitud_api.platform.auth import queries
from actitud_api.platform.storage.database import Database

_log = structlog.get_logger()


class KeyUseRecorder:
    """Takes note of the uses of keys; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[str, date] = {}

    def record_use(self, key: str, day: date) -> None:
        """Takes note that a key was used on a day (UTC)."""
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
