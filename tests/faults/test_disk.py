"""A disk that is full, and one that fails: the real server says when to come back, and goes on when it can."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from actitud_api.platform.storage.database import Database
from tests.faults.adders import WRITERS, Adders, adding
from tests.faults.integrity import count_additions, find_damage
from tests.faults.serving import SERVE_UNSYNCED, Serving, one_serving
from tests.faults.tracing import failing, strace
from tests.support.databases import migrated_sqlite, opened
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.postgresql import Server
from tests.support.waiting import PATIENCE

__all__ = ["strace"]

DISK: Final = 8 * 2**20
ROOM: Final = 2**18
"""What is left of it at first."""
MOUNT: Final = f'mount -t tmpfs -o size={DISK} tmpfs "$0" && cp "$1" "$0"/ && shift && exec "$@"'

SYNC: Final = "fsync,fdatasync"
WRITE: Final = "pwrite64,pwritev,pwritev2,ftruncate,fallocate"
READ: Final = "pread64,preadv,preadv2"
CONTROL: Final = "with `synchronous = NORMAL` writes are answered 201 while no sync succeeds"


@pytest.fixture
def mounting() -> list[str]:
    """A command that runs a shell with mounts of its own, also for who is not root; skipped where that is forbidden."""
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    tried = subprocess.run([*command, "mount -t tmpfs tmpfs /mnt"], check=False, capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no file system may be mounted here: {tried.stderr}")
    return command


def assert_refused_for_now(adders: Adders, client: httpx.Client, *, all_of_them: bool, reading: bool = True) -> None:
    """Whether writers are refused until later, while others read; `all_of_them`: none is answered meanwhile."""
    adders.await_refusals(WRITERS)  # and whoever was under way is answered
    answered = len(adders.answered)
    adders.await_refusals(3 * WRITERS)
    assert not all_of_them or len(adders.answered) == answered
    for path in ("/v1/organisations", "/v1/organisations/XI-WIKIDATA-Q1", "/v1/organisations/XI-WIKIDATA-Q2"):
        assert client.get(path).status_code in ((200,) if reading else (200, 503)), path


def assert_all_kept(database: Database, adders: Adders) -> None:
    """Whether everything that was answered is stored, once, and nobody was told anything worse than to come back."""
    assert {response.status_code for response in adders.refused} == {503}
    assert all(response.headers["retry-after"] == "2" for response in adders.refused)
    additions = count_additions(database)
    assert additions.keys() == adders.list_names()
    assert set(additions.values()) == {1}
    assert find_damage(database) == []


def record(figure: FigureRecorder, adders: Adders, away: float, kind: str, what: str) -> None:
    """Record what was answered on a kind of database, and how long until a write was after `what` had happened."""
    figure(
        "R5",
        f"writes on {kind} answered 201 before and after {what}; {len(adders.refused)} were refused with 503 and "
        "Retry-After; the time is until the first write after that",
        tried=len(adders.answered),
        failed=0,
        control=CONTROL,
        worst_seconds=away,
    )


def test_a_disk_that_is_full(mounting: list[str], tmp_path: Path, figure: FigureRecorder) -> None:
    """A real one, of 8 MiB: reads go on, and so do writes when there is room again, without a new start."""
    seed = Path(migrated_sqlite(tmp_path).removeprefix("sqlite:///"))
    with opened(f"sqlite:///{seed}") as database:
        headers = create_header(database)
    disk = tmp_path / "disk"
    disk.mkdir()
    with one_serving(f"sqlite:///{disk / seed.name}", watched_by=[*mounting, MOUNT, str(disk), str(seed)]) as process:
        seen = Path(f"/proc/{process.pid}/root{disk}")
        filling = seen / "filling"

        @contextmanager
        def full() -> Iterator[None]:
            # Until it is full, and not by what is said to be free: the service writes meanwhile.
            with filling.open("wb", buffering=0) as file, suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            os.truncate(filling, max(0, filling.stat().st_size - ROOM))
            yield
            filling.unlink()

        adders, away = write_while_it_fails(process, headers, full)
        # SQLite follows the link to the other mounts before it opens a file, so it gets a copy of them.
        for file in seen.glob(f"{seed.name}*"):
            shutil.copy(file, tmp_path)
    with opened(f"sqlite:///{tmp_path / seed.name}") as database:
        assert_all_kept(database, adders)
    record(figure, adders, away, "SQLite", "a real disk was full")


@pytest.mark.night
def test_a_file_that_may_not_grow(tmp_path: Path, figure: FigureRecorder) -> None:
    """The system refuses it to the process for a while (EFBIG)."""
    url = migrated_sqlite(tmp_path)
    size = Path(url.removeprefix("sqlite:///")).stat().st_size
    with opened(url) as database, one_serving(url) as process:
        headers = create_header(database)

        @contextmanager
        def limited() -> Iterator[None]:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + ROOM, resource.RLIM_INFINITY))
            yield
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        adders, away = write_while_it_fails(process, headers, limited)
        assert_all_kept(database, adders)
    record(figure, adders, away, "SQLite", "its files might not grow")


def write_while_it_fails(
    process: Serving,
    headers: Mapping[str, str],
    failure: Callable[[], AbstractContextManager[None]],
    *,
    all_of_them: bool = False,
    reading: bool = True,
) -> tuple[Adders, float]:
    """Writes before, while and after the disk fails: who did, and the seconds until the first write after that."""
    with (
        httpx.Client(base_url=process.address, headers=headers, timeout=PATIENCE) as client,
        adding(process.address, headers) as adders,
    ):
        adders.await_answers(2 * WRITERS)
        with failure():
            assert_refused_for_now(adders, client, all_of_them=all_of_them, reading=reading)
        mended = time.monotonic()
        adders.await_answers(1)
        away = time.monotonic() - mended
        adders.await_answers(2 * WRITERS)
    return adders, away


@pytest.mark.night
@pytest.mark.parametrize(
    ("calls", "error"),
    [(SYNC, "EIO"), (WRITE, "EIO"), (WRITE, "ENOSPC"), (READ, "EIO")],
    ids=["sync", "write", "room", "read"],
)
def test_a_disk_that_fails_below_sqlite(
    tmp_path: Path, strace: str, calls: str, error: str, figure: FigureRecorder
) -> None:
    url = migrated_sqlite(tmp_path)
    file = url.removeprefix("sqlite:///")
    files = [Path(file), Path(f"{file}-wal")]
    with opened(url) as database, one_serving(url) as process:
        adders, away = write_while_it_fails(
            process,
            create_header(database),
            lambda: failing(strace, [process.pid], calls, error, files),
            all_of_them=calls == SYNC,
            reading=calls != READ,
        )
        assert_all_kept(database, adders)
    record(figure, adders, away, "SQLite", f"{calls} failed with {error}")


@pytest.mark.night
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_disk_that_fails_below_postgresql(
    postgresql: Server, template: str, strace: str, error: str, figure: FigureRecorder
) -> None:
    """No table can grow."""
    with (
        postgresql.database(template) as name,
        opened(url := postgresql.url(name)) as database,
        one_serving(url) as process,
    ):
        adders, away = write_while_it_fails(
            process,
            create_header(database),
            lambda: failing(strace, postgresql.list_processes(), WRITE, error, list_files(database)),
        )
        assert_all_kept(database, adders)
    record(figure, adders, away, "PostgreSQL", f"its tables could not grow ({error})")


def list_files(database: Database) -> list[Path]:
    """The files of the tables and indexes of a database of PostgreSQL."""
    with database.read() as session:
        connection = session.connection()
        folder = connection.exec_driver_sql("SELECT current_setting('data_directory')").scalar_one()
        names = connection.exec_driver_sql(
            "SELECT pg_relation_filepath(oid) FROM pg_class WHERE relkind IN ('r', 'i', 't') AND oid >= 16384"
        ).scalars()
        return [Path(folder, name) for name in names]


@pytest.mark.night
def test_without_waiting_for_the_disk_writes_are_answered_that_it_refused(tmp_path: Path, strace: str) -> None:
    url = migrated_sqlite(tmp_path)
    with opened(url) as database:
        headers = create_header(database)
        with one_serving(url, SERVE_UNSYNCED) as process, adding(process.address, headers) as adders:
            adders.await_answers(WRITERS)
            with failing(strace, [process.pid], SYNC, "EIO", [Path(f"{url.removeprefix('sqlite:///')}-wal")]):
                adders.await_answers(4 * WRITERS)
    assert adders.refused == []
