"""Processes that serve, as an installation runs them, and some that do it as it is written without thinking."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import URL, Connection, Engine, Pool, create_engine, event, text

from actitud_api.cli.supervisor import Supervisor
from actitud_api.platform.auth import idempotency
from actitud_api.platform.http.middleware import limits
from actitud_api.platform.storage import postgresql
from actitud_api.platform.storage.database import Session
from actitud_api.platform.storage.request_counters import CountedRequest, PostgresqlCounter
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import service as publications
from tests.cli.following import follow
from tests.support.forking import ForkedCommand
from tests.support.proxy import free_port
from tests.support.scale import NIGHT
from tests.support.waiting import PATIENCE, await_refusal, await_true

ROOT: Final = Path(__file__).parents[2]
SERVE: Final = "import sys; from actitud_api.cli import main; sys.exit(main())"
SERVE_MEASURED: Final = f"from tests.faults.serving import be_measured; be_measured(); {SERVE}"
SERVE_LEAKING: Final = f"from tests.faults.serving import be_leaking; be_leaking(); {SERVE_MEASURED}"
SERVE_COUNTING: Final = f"from tests.faults.serving import count_patiently; count_patiently(); {SERVE}"
SERVE_NAIVELY: Final = f"from tests.faults.serving import be_naive; be_naive(); {SERVE_COUNTING}"
SERVE_BY_OWN_CLOCK: Final = f"from tests.faults.serving import trust_own_clock; trust_own_clock(); {SERVE_COUNTING}"
SERVE_PIECEMEAL: Final = (
    f"from tests.faults.serving import be_piecemeal; be_piecemeal('INSERT INTO publication '); {SERVE}"
)
SERVE_UNLOCKED: Final = f"from tests.faults.serving import be_unlocked; be_unlocked(); {SERVE}"
SERVE_PREPARING_SLOWLY: Final = f"from tests.faults.serving import prepare_slowly; prepare_slowly(); {SERVE}"
SERVE_STORING_SLOWLY: Final = f"from tests.faults.serving import store_slowly; store_slowly(); {SERVE}"
SERVE_UNSTOPPED: Final = f"from tests.faults.serving import be_unstopped; be_unstopped(); {SERVE_PREPARING_SLOWLY}"
SERVE_UNSYNCED: Final = f"from tests.faults.serving import be_unsynced; be_unsynced(); {SERVE}"
SUPERVISE_WAITING: Final = "from tests.faults.serving import supervise_waiting; supervise_waiting()"
ONE_POOL: Final = ("MALLOC_ARENA_MAX", "1")
"""What `deploy/` tells the allocator of glibc: the resident memory of a process then levels off."""
UNLIMITED: Final = {"rate_limit_read": "0", "rate_limit_write": "0"}


@contextmanager
def serving(url: str, processes: int, settings: Mapping[str, str], program: str = SERVE) -> Iterator[list[str]]:
    """The addresses of so many processes that serve one database, all ready."""
    with ExitStack() as stack:
        started = [stack.enter_context(starting(url, settings, program)) for _ in range(processes)]
        for process in started:
            await_ready(process)
        yield [process.address for process in started]


class FreshService(subprocess.Popen[str]):
    """A process of its own from its beginning that serves at an address."""

    address: str


class ForkedService(ForkedCommand):
    """A process with a copy of what others have imported that serves at an address."""

    address: str


Serving = FreshService | ForkedService


@contextmanager
def starting(
    url: str, settings: Mapping[str, str], program: str = SERVE, watched_by: Sequence[str] = ()
) -> Iterator[Serving]:
    """A process that is about to serve a database; it ends with the block, and in order unless it has ended by then.

    By day it is forked. `watched_by`: a command that runs the one that follows it, for which it is not.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACTITUD_")}
    environment |= {"ACTITUD_DATABASE_URL": url, "ACTITUD_DRAIN": "0", "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
    environment |= {f"ACTITUD_{name.upper()}": value for name, value in settings.items()}
    port = free_port()
    with start(program, ["serve", "--port", f"{port}"], environment, watched_by) as process:
        process.address = f"http://127.0.0.1:{port}"
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def start(
    program: str, arguments: Sequence[str], environment: Mapping[str, str], watched_by: Sequence[str] = ()
) -> Serving:
    """Start a program with these arguments in a process whose output can be read, and return the process."""
    if NIGHT or watched_by:
        command = [*watched_by, sys.executable, "-c", program, *arguments]
        return FreshService(command, env=environment, cwd="/", stdout=subprocess.PIPE, text=True)
    return ForkedService(program, arguments, environment, "/")


@contextmanager
def one_serving(
    url: str, program: str = SERVE, watched_by: Sequence[str] = (), settings: Mapping[str, str] = UNLIMITED
) -> Iterator[Serving]:
    """A process that serves a database, by default without limits of requests, ready."""
    with starting(url, settings, program, watched_by) as process:
        await_ready(process)
        yield process


def await_ready(process: Serving) -> None:
    """Returns once it serves."""
    await_line(process, "Ready at ")


def await_line(process: Serving, beginning: str) -> None:
    """Returns once a process has written a line that begins so; fails where it ends before."""
    assert process.stdout is not None
    lines, pool = iter(process.stdout.readline, ""), ThreadPoolExecutor(1)
    found = pool.submit(lambda: any(line.startswith(beginning) for line in lines))
    pool.shutdown(wait=False)
    await_true(found.done)
    assert found.result(), beginning


def port_of(process: Serving) -> int:
    """Return the port of a process that serves."""
    return int(process.address.rpartition(":")[2])


def read_memory(process: int, name: str) -> int:
    """Return a figure in KiB of the memory of a process, as Linux names it."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


WINDOW: Final = 1_000_000
"""Seconds of the windows of a process that counts patiently: none ends while requests are counted."""


def count_patiently(set_attribute: Callable[[object, str, object], object] | None = None) -> None:
    """Makes this process count in long windows, and wait for the count of a request however busy the machine is."""
    set_attribute = set_attribute or (lambda target, name, value: patch.object(target, name, value).start())
    set_attribute(limits, "PATIENCE", PATIENCE)
    set_attribute(postgresql, "COUNT_PATIENCE", PATIENCE)
    set_attribute(postgresql, "COUNT_TIMEOUT", 1_000 * PATIENCE)
    set_attribute(PostgresqlCounter.__init__, "__defaults__", (WINDOW,))


class Naive:
    """Reads the count, adds one, and writes it."""

    max_waiters: Final = 2

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(url)

    def count(self, subject: str, weight: int = 1) -> CountedRequest:
        with self._engine.begin() as connection:
            found = connection.execute(text("SELECT number FROM request_count WHERE subject = :s"), {"s": subject})
            number = (found.scalar_one_or_none() or 0) + weight
        with self._engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO request_count VALUES (:s, :n, now() + interval '1 minute') "
                    "ON CONFLICT (subject) DO UPDATE SET number = :n"
                ),
                {"s": subject, "n": number},
            )
        return CountedRequest(number, 60.0)

    def close(self) -> None:
        self._engine.dispose()


def be_naive() -> None:
    """Makes this process count like that."""
    patch.object(postgresql, "create_counter", Naive).start()


GATE: Final = "GATE"
"""The variable with the file that a process waits for in the middle of a publication."""


def prepare_slowly() -> None:
    """Lets this process say when it prepares a publication, and wait before each of its scores until it may go on."""
    patch.object(publications, "BATCH", 1).start()
    patch.object(publications, "_score_batch", _score_slowly).start()


def store_slowly() -> None:
    """Lets this process say when it stores a publication, and wait until it may go on."""
    publish = publications.EditionPublisher.publish

    def publish_slowly(*arguments: Any, **more: Any) -> Any:
        _wait_at_gate("storing")
        return publish(*arguments, **more)

    patch.object(publications.EditionPublisher, "publish", publish_slowly).start()


_score_batch = publications._score_batch


def _score_slowly(*arguments: Any) -> Any:
    """Score in another process, which knows this function by its name."""
    _wait_at_gate("preparing")
    return _score_batch(*arguments)


def _wait_at_gate(word: str) -> None:
    print(word, flush=True)
    await_true(Path(os.environ[GATE]).exists)


def stop_in_the_middle(process: Serving, gate: Path, word: str) -> None:
    """Tells a process to stop once it has said that word, and lets it go on when it stops."""
    await_line(process, word)
    process.terminate()
    await_refusal(port_of(process))
    gate.touch()


class _AllocatorState(ctypes.Structure):
    """`struct mallinfo2` of glibc, in bytes."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def supervise_waiting() -> None:
    """Supervises two workers that only wait for orders, and says when they are ready; it takes the folder of both."""
    follow_orders = partial(follow, Path(sys.argv[1]), frozenset())
    Supervisor(2, lambda: follow_orders, 60.0, partial(print, "ready", flush=True), lambda: None).run()


def be_measured() -> None:
    """Makes this process write every few seconds, a line each, how many KiB its objects take: see `measure_use`.

    The file is that of the variable `MEASURED_INTO`.
    """
    file = Path(os.environ["MEASURED_INTO"])

    def measure() -> None:
        with file.open("a", buffering=1) as lines:
            while True:
                time.sleep(MEASURE_SECONDS)
                lines.write(f"{measure_use()}\n")

    threading.Thread(target=measure, daemon=True).start()


MEASURE_SECONDS: Final = 3.0
"""Seconds between two measures."""


def measure_use() -> int:
    """Return an upper bound, in KiB, of what the objects of this process take, without garbage.

    The resident memory of a process is more: both allocators keep what has been freed. What is small lies in the blocks
    of Python, of which none is above 512 bytes; all else comes from glibc, which counts its bytes.
    """
    gc.collect()
    describe = ctypes.CDLL(None).mallinfo2
    describe.restype = _AllocatorState
    state = describe()
    return int(state.uordblks + state.hblkhd + 512 * sys.getallocatedblocks()) // 1024


def be_leaking() -> None:
    """Makes this process keep 4 KiB at each use of a connection, and at one of twenty an open file."""
    kept: list[object] = []

    def keep(*_: object) -> None:
        kept.append(bytes(0x1000) if len(kept) % 20 else os.open(os.devnull, os.O_RDONLY))

    event.listen(Pool, "checkout", keep)


def be_unstopped() -> None:
    """Makes this process go on with what it prepares although it has been told to stop."""
    patch.object(publications.EditionPublisher, "stop", lambda self: None).start()


def be_unsynced() -> None:
    """Makes the connections of this process write as they do where speed is all that was thought of."""
    event.listen(Pool, "checkout", lambda connection, *_: connection.execute("PRAGMA synchronous = NORMAL"))


def trust_own_clock() -> None:
    """Makes this process compare what others have stored with its own clock."""
    patch.object(idempotency, "read_clock", lambda _: datetime.now(UTC)).start()


def be_piecemeal(marker: str) -> None:
    """Makes this process commit after each statement that changes something, and die after one with a marker."""

    def commit(connection: Connection, _: object, statement: str, *__: object) -> None:
        if not is_change(statement):
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.commit()
        if marker in statement:
            os.kill(os.getpid(), signal.SIGKILL)
        if connection.dialect.name == "sqlite":
            driver.execute("BEGIN IMMEDIATE")

    event.listen(Engine, "after_cursor_execute", commit)


def tell_changes(tell: Callable[[None], object]) -> None:
    """Makes this process tell of each statement that changes something when it begins it."""

    def listen(_: Connection, __: object, statement: str, *___: object) -> None:
        if is_change(statement):
            tell(None)

    event.listen(Engine, "before_cursor_execute", listen)


def is_change(statement: str) -> bool:
    """Return True if a statement changes something."""
    return statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP"))


def be_unlocked() -> None:
    """Makes this process publish without the lock of the edition, and never but two of them at once."""
    editions.lock = _leave_unlocked


_unlocked: Final[list[str]] = []
"""The editions that are published without a lock, once for each who does."""


def _leave_unlocked(session: Session, record: editions.EditionRecord) -> None:
    _unlocked.append(record.id)
    await_true(lambda: _unlocked.count(record.id) > 1)
