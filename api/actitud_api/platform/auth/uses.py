"""Day of the last use of each key, written in the background.

A process writes at most once a day per key. The write runs in `Database.run_later`, so a request neither waits for it
nor fails with it, and a reading request needs no write session. After a failed write, the next use tries again.
"""

from __future__ import annotations

from datetime import date

import structlog

from actitud_api.platform.auth import queries
from actitud_api.platform.storage.database import Database

_log = structlog.get_logger()


class KeyUseRecorder:
    """Recorder of the day on which each key was last used; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recorded: dict[str, date] = {}

    def record_use(self, key: str, day: date) -> None:
        """Store in the background that a key was used on a day (UTC), unless this process has done so already."""
        if self._recorded.get(key) != day:
            # Two threads may both get here; the second write then changes nothing.
            self._recorded[key] = day
            self._database.run_later(lambda: self._write(key, day))

    def _write(self, key: str, day: date) -> None:
        try:
            with self._database.write(hidden=True) as session:
                queries.record_use(session, key, day)
        except Exception as error:  # no caller waits for the outcome; the next use tries again
            self._recorded.pop(key, None)
            _log.warning("last use of a key not written", key=key, reason=str(error))
