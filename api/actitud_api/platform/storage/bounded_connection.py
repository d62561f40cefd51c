"""Connections to PostgreSQL that fail if the server does not answer.

The server ends statements that take too long. But a server that is stopped, or behind a network that drops packets,
ends nothing, and the system calls of the client wait for it without limit.
"""

from __future__ import annotations

import time
from typing import Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

ResultT = TypeVar("ResultT")

WAKE_SECONDS: Final = 0.1
"""Time in seconds after which a waiting thread looks at the clock."""


class BoundedConnection(psycopg.Connection[TupleRow]):
    """PostgreSQL connection that is closed if the server sends nothing for `patience` seconds; None sets no limit.

    Each byte from the server restarts the time, so a batch of many statements, or a large result, may take longer.
    """

    patience: float | None = None

    def wait(self, gen: PQGen[ResultT], interval: float = WAKE_SECONDS, timeout: float | None = None) -> ResultT:
        """Wait for the result of an operation of the connection and return it.

        psycopg calls this method for every operation.

        Args:
            gen: Generator of psycopg that executes the operation step by step.
            interval: Seconds after which a waiting thread looks at the clock, and at interrupts such as Ctrl-C.
            timeout: Seconds after which psycopg gives up the whole operation, None for no limit.

        Raises:
            ConnectionTimeout: The server sent nothing for `patience` seconds. The connection is closed.
        """
        if self.patience is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(_limit_silence(gen, self.patience), interval, timeout)
        except _Silence:
            # Its state is unknown: a statement, or a commit, may be on its way. Closed, it leaves the pool.
            self.pgconn.finish()
            raise psycopg.errors.ConnectionTimeout(f"no answer in {self.patience:g} seconds") from None


class _Silence(Exception):
    """Raised inside of a wait if the server has sent nothing for `patience` seconds."""


def _limit_silence(operation: PQGen[ResultT], seconds: float) -> PQGen[ResultT]:
    """Wrap an operation of psycopg: raise `_Silence` if nothing was ready for so many seconds."""
    try:
        awaited = next(operation)
        deadline = time.monotonic() + seconds
        while True:
            ready = yield awaited
            if ready:
                deadline = time.monotonic() + seconds
            elif time.monotonic() >= deadline:
                raise _Silence
            awaited = operation.send(ready)
    except StopIteration as end:
        result: ResultT = end.value
        return result
