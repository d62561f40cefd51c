"""A PostgreSQL with a standby, which takes over where the first one is killed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tests.support.postgresql import SETTINGS, Installation, Server, installed

NAMES: Final = ("first", "second")
"""The two addresses; a server that is killed leaves its own to the next standby."""
RECEIVER: Final = "walreceiver"
"""The name under which a standby asks for what is written."""


class Pair:
    """A primary, and a standby of it if there is one at present."""

    def __init__(self, installation: Installation, stack: ExitStack) -> None:
        self._installation = installation
        self._stack = stack
        self._names = itertools.cycle(NAMES)
        folder = installation.make_folder(next(self._names))
        installation.make_cluster(folder)
        self.primary = self._start(folder)
        self.standby: Server | None = None

    def url(self, database: str) -> str:
        """The URL of a database of whichever of the two is the primary."""
        hosts = ",".join(quote(str(self._installation.folder / name), safe="") for name in NAMES)
        return f"postgresql+psycopg://actitud@/{database}?host={hosts}&target_session_attrs=primary"

    def add_standby(self, *, synchronous: bool) -> None:
        """Copies the primary to the other address; `synchronous`: each commit waits from then on for the copy."""
        folder = self._installation.make_folder(next(self._names))
        self._installation.copy_cluster(self.primary, folder, "--write-recovery-conf")
        self.standby = self._start(folder)
        if synchronous:
            self.primary.set("synchronous_standby_names", RECEIVER)
        state = "sync" if synchronous else "async"
        self.primary.await_true(
            f"EXISTS (SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = '{state}')"
        )

    def cut(self) -> None:
        """Ends the connection between the two; the primary goes on."""
        assert self.standby is not None
        self.standby.set("primary_conninfo", "")
        self.standby.await_true("NOT EXISTS (SELECT 1 FROM pg_stat_wal_receiver)")

    def fail_over(self) -> None:
        """Kills the primary, and makes the standby the primary, which waits for no other."""
        assert self.standby is not None
        self.primary.kill()
        self.standby.execute("SELECT pg_promote()")
        self.primary, self.standby = self.standby, None

    def _start(self, folder: Path) -> Server:
        # Memory that is shared is kept in a folder of the server, where a kill leaves nothing in that of the machine.
        settings = {**SETTINGS, "dynamic_shared_memory_type": "mmap"}
        return self._stack.enter_context(self._installation.start(folder, settings))


@contextmanager
def replicated() -> Iterator[Pair]:
    """A primary without a standby, for as long as the block."""
    with installed() as installation, ExitStack() as stack:
        yield Pair(installation, stack)
