"""The two databases of the service, as fixtures: what takes `database` or `empty` runs on each of them."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, event

from actitud_api.demo import service as demo
from actitud_api.demo.report import SimulationReport
from actitud_api.demo.simulator import SimulatedOrganisation, simulate
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.audit_log.queries import replace_signing_key
from actitud_api.platform.jobs import workers
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.grants import SERVING
from actitud_api.settings import Settings
from tests.support import postgresql as postgres
from tests.support.scale import DEMONSTRATED

Kind = Literal["sqlite", "postgresql"]

BOTH: Final = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))
"""The params of a fixture of each kind. By day only tests marked `both_databases` run on PostgreSQL too."""


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at a URL."""
    with closing(Database(url)) as database:
        yield database


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """The PostgreSQL of the tests."""
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="session")
def template(postgresql: postgres.Server) -> Iterator[str]:
    """The name of a database with the tables, to be copied."""
    postgresql.execute(f"CREATE ROLE {SERVING} LOGIN")
    with postgresql.database() as name:
        with opened(postgresql.url(name)) as database:
            database.migrate()
        yield name


@contextmanager
def made_anew(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The URL of a database with the tables and nothing in them, for a fixture of `BOTH` that many tests share."""
    if request.param == "sqlite":
        yield migrated_sqlite(folder)
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    with server.database(request.getfixturevalue("template")) as name:
        yield server.url(name)


@pytest.fixture(params=BOTH)
def kind(request: pytest.FixtureRequest) -> Kind:
    """The kind of database that a test runs on."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def empty(kind: Kind, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without tables."""
    if kind == "sqlite":
        yield sqlite_url(tmp_path)
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    with server.database() as name:
        yield server.url(name)


@pytest.fixture
def url(kind: Kind, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with the tables and nothing in them; on PostgreSQL of its owner unless marked `serving`."""
    if kind == "sqlite":
        yield migrated_sqlite(tmp_path)
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    with server.database(request.getfixturevalue("template")) as name:
        yield server.url(name, SERVING) if request.node.get_closest_marker("serving") else server.url(name)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A database with the tables and nothing in them."""
    with opened(url) as made:
        yield made


def simulate_demonstrated(
    methodology: Methodology, numbers: Sequence[int] | None = None
) -> Iterator[SimulatedOrganisation]:
    """Yield the municipalities that the tests take (`DEMONSTRATED`), each as the whole demonstration has it."""
    return simulate(methodology, DEMONSTRATED if numbers is None else numbers)


def simulate_fewer() -> None:
    """Let the demonstrations of this process have these municipalities only."""
    patch.object(demo, "simulate", simulate_demonstrated).start()


def publish_in_one_process() -> None:
    """Let this process publish without workers, each of which imports the service for seconds."""
    patch.object(workers, "MAX_PROCESSES", 1).start()


def load_demonstration(database: Database, advance: Callable[[], None] = lambda: None) -> SimulationReport:
    """Load the demonstration of these municipalities into a database. Return what is reported of it."""
    return demo.store_demonstration(database, advance, DEMONSTRATED)


def _load_with_checkpoint(database: Database) -> None:
    """The demonstration, with a checkpoint of its ledger, whose private key nobody has afterwards."""
    load_demonstration(database)
    signer, now = ledger.Signer(Ed25519PrivateKey.generate()), datetime.now(UTC)
    with database.write() as session:
        replace_signing_key(session, ledger.SigningKey(signer.kid, signer.public, now, None))
        ledger.make_checkpoint(session, signer, now)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an SQLite database with the demonstration (`DEMONSTRATED`), published; for tests that only read.

    Of several processes that test the first makes it, and each has a copy of its own.
    """
    folder = tmp_path_factory.mktemp("demonstration")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _make_demonstration(folder)
        return sqlite_url(folder)
    shared = tmp_path_factory.getbasetemp().parent / "demonstration"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            _make_demonstration(folder)
            shutil.copytree(folder, shared)
            return sqlite_url(folder)
    shutil.copytree(shared, folder, dirs_exist_ok=True)
    return sqlite_url(folder)


def _make_demonstration(folder: Path) -> None:
    with opened(migrated_sqlite(folder)) as database:
        load_demonstration(database)
        make_key(database, folder)
        demo.publish_demonstration(database, folder, lambda: None, now=demo.CREATED)


@pytest.fixture(scope="session")
def demonstration_template(postgresql: postgres.Server, template: str) -> Iterator[str]:
    """The name of a PostgreSQL database with the demonstration, in review, to be copied."""
    with postgresql.database(template) as name:
        with opened(postgresql.url(name)) as database:
            _load_with_checkpoint(database)
        yield name


@pytest.fixture(scope="session")
def published_template(
    postgresql: postgres.Server, demonstration_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a PostgreSQL database with the demonstration, published, to be copied."""
    with postgresql.database(demonstration_template) as name:
        with opened(postgresql.url(name)) as database:
            folder = tmp_path_factory.mktemp("demonstration")
            make_key(database, folder)
            demo.publish_demonstration(database, folder, lambda: None, now=demo.CREATED)
        yield name


@pytest.fixture(scope="session")
def demonstration_on_postgresql(postgresql: postgres.Server, published_template: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with the demonstration, published; for tests that only read."""
    with postgresql.database(published_template) as name:
        yield postgresql.url(name)


@pytest.fixture(scope="session", params=BOTH)
def demonstrated(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the demonstration, of each kind; for tests that only read."""
    name = "demonstration" if request.param == "sqlite" else "demonstration_on_postgresql"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def demonstrated_copy(kind: Kind, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of its own with the whole demonstration, of each kind; to be changed where it is not published."""
    if kind == "sqlite":
        source: str = request.getfixturevalue("demonstration")
        copy = tmp_path / "copy.sqlite3"
        shutil.copy(source.removeprefix("sqlite:///"), copy)
        with opened(f"sqlite:///{copy}") as database:
            yield database
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    with (
        server.database(request.getfixturevalue("published_template")) as name,
        opened(server.url(name)) as database,
    ):
        yield database


@pytest.fixture
def demonstration_in_review(postgresql: postgres.Server, demonstration_template: str) -> Iterator[Database]:
    """A PostgreSQL database of its own with the whole demonstration, in review; to be changed."""
    with postgresql.database(demonstration_template) as name, opened(postgresql.url(name)) as database:
        yield database


def make_key(database: Database, folder: Path, now: datetime | None = None) -> None:
    """Makes a key that signs, with its private part in a folder; at that time, else at present."""
    made = ledger.Event(action="cli.keys.rotate-signing", actor=None, subject=ledger.SIGNING_KEYS_PATH, public=True)
    with database.write() as session:
        ledger.rotate_signing_key(session, folder, made, now=now or datetime.now(UTC))


def unlimited(url: str) -> Settings:
    """The settings for tests that ask more of the service than anybody would in a minute.

    Nothing is answered from memory, because tests change the service underneath; those of the memory switch it on.
    """
    return Settings(
        database_url=url,
        rate_limit_read=0,
        rate_limit_write=0,
        rate_limit_score=0,
        rate_limit_refused=0,
        suggestions_per_day=0,
        memory_bytes=0,
        # Nothing that one test has made is answered in another.
        files_bytes=0,
    )


def sqlite_url(folder: Path) -> str:
    """The URL of an SQLite database in a folder."""
    return f"sqlite:///{folder / 'made' / 'test.sqlite3'}"


def migrated_sqlite(folder: Path) -> str:
    """Make an SQLite database with the tables in a folder. Return its URL."""
    url = sqlite_url(folder)
    write_migrated(Path(url.removeprefix("sqlite:///")))
    return url


def write_migrated(file: Path) -> None:
    """Make an SQLite database with the tables, which nobody else may read, at a path."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_migrated_bytes())
    file.chmod(0o600)


@functools.cache
def _migrated_bytes() -> bytes:
    """Return an SQLite file with the tables. Migrating takes 0.15 s of CPU, writing these bytes 0.5 ms."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.sqlite3"
        with opened(f"sqlite:///{file}") as database:
            database.migrate()
        return file.read_bytes()


@contextmanager
def record_statements() -> Iterator[list[str]]:
    """Record the SQL statements that any engine of the process executes meanwhile."""
    statements: list[str] = []

    def record(_: Connection, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", record)
