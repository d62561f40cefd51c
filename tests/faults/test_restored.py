"""Copies made under load and brought back: what was acknowledged before, what was published, and the same ledger."""

from __future__ import annotations

import itertools
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import text

from actitud_api import cli
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.audit_log.chain import Head
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.urls import find_database_file
from tests.faults.adders import WRITERS, Adders, adding
from tests.faults.integrity import find_damage
from tests.faults.test_served_publication import ROWS, publish, publishing
from tests.support import postgresql
from tests.support.databases import Kind, make_key, opened
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.postgresql import SETTINGS, Server, installed
from tests.support.publishing import fill_many
from tests.support.scale import RESTORED


class State(NamedTuple):
    """What a database has: organisations, digests by edition and revision, and the end of its ledger."""

    organisations: set[str]
    published: dict[tuple[str, int], tuple[str, str]]
    head: Head


def read_state(database: Database) -> State:
    """The state of a database at one moment."""
    with database.read() as session:
        connection = session.connection()
        head = ledger.get_head(session)
        assert head is not None
        rows = connection.execute(text("SELECT edition, revision, digest, bundle_digest FROM publication"))
        published = {(row[0], row[1]): (row[2], row[3]) for row in rows}
        return State(set(connection.execute(text("SELECT id FROM organisation")).scalars()), published, head)


def find_hash(database: Database, size: int) -> str:
    """The hash of the entry with which a ledger of a size ends."""
    with database.read() as session, closing(ledger.iterate_entries(session)) as entries:
        return next(itertools.islice(entries, size - 1, None)).entry.hash


def run(command: str, copy: Path, url: str, capsys: pytest.CaptureFixture[str], *options: str) -> None:
    """Copies or brings back: by the command itself, on PostgreSQL by what it says to type, with further options."""
    capsys.readouterr()
    by_itself = find_database_file(url) is not None
    assert cli.main([command, str(copy), "--database", url]) == (0 if by_itself else 1)
    if not by_itself:
        program, *arguments = shlex.split(capsys.readouterr().err.splitlines()[1])
        subprocess.run([postgresql.found() / program, *options, *arguments], check=True)


def copy_carelessly(
    database: Database, url: str, copy: Path, adders: Adders, capsys: pytest.CaptureFixture[str]
) -> set[str]:
    """Copies the file without its log, or all but one table; returns the organisations that were there before."""
    file = find_database_file(url)
    with database.read() as session:
        # While somebody reads, SQLite moves nothing that is written later from its log into the file.
        session.connection().execute(text("SELECT 1 FROM organisation")).all()
        adders.await_answers(WRITERS)
        acknowledged = adders.list_names()
        if file is not None:
            shutil.copy(file, copy)
    if file is None:
        run("backup", copy, url, capsys, "--exclude-table-data=published_score")
    return acknowledged


def find_tears(copy: Path) -> list[str]:
    """What SQLite finds wrong with the pages of a file that was copied while they were written."""
    with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as connection:
        try:
            found = [line for (line,) in connection.execute("PRAGMA integrity_check")]
        except sqlite3.DatabaseError as torn:  # so badly that it cannot be checked
            found = [str(torn)]
    return [] if found == ["ok"] else found


@contextmanager
def restored(copy: Path, server: Server | None, capsys: pytest.CaptureFixture[str]) -> Iterator[Database]:
    """A new database with what is in a copy."""
    with ExitStack() as stack:
        if server is None:
            url = f"sqlite:///{copy.with_suffix('.sqlite3')}"
        else:
            url = server.url(stack.enter_context(server.database()))
        run("restore", copy, url, capsys)
        yield stack.enter_context(opened(url))


def test_what_comes_back_is_what_was_copied_under_load(
    database: Database,
    url: str,
    kind: Kind,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    figure: FigureRecorder,
) -> None:
    """While eight add organisations, and an edition is published."""
    monkeypatch.setenv("LC_ALL", "C")
    server: Server | None = request.getfixturevalue("postgresql") if kind == "postgresql" else None
    make_key(database, tmp_path / "signing")
    headers = create_header(database)
    editions = [(f"2026-{number}a", f"2026-{number}b") for number in range(RESTORED)]
    for edition in itertools.chain(*editions):
        fill_many(database, edition, ROWS)
    acknowledged, published = 0, 0
    with (
        publishing(url, tmp_path / "signing", headers) as (process, client),
        adding(process.address, headers) as adders,
        ThreadPoolExecutor(1) as pool,
    ):
        for number, (first, second) in enumerate(editions):
            assert publish(client, first)
            adders.await_answers(WRITERS)
            meanwhile = pool.submit(publish, client, second)
            before, copy = read_state(database), tmp_path / f"{number}.copy"
            run("backup", copy, url, capsys)
            assert meanwhile.result()
            with restored(copy, server, capsys) as found_again:
                assert find_damage(found_again) == []
                found = read_state(found_again)
            after = read_state(database)
            assert before.organisations <= found.organisations <= after.organisations
            assert before.published.items() <= found.published.items() <= after.published.items()
            assert before.head.size <= found.head.size
            assert find_hash(database, found.head.size) == found.head.root
            acknowledged += len(before.organisations)
            published += len(found.published)
        copy = tmp_path / "careless.copy"
        organisations = copy_carelessly(database, url, copy, adders, capsys)
        if server is None and find_tears(copy):
            target = f"sqlite:///{copy.with_suffix('.sqlite3')}"
            assert cli.main(["restore", str(copy), "--database", target]) == 1
            noticed = "a copy of the file alone was torn, and refused"
        else:
            with restored(copy, server, capsys) as careless:
                lacking = organisations - read_state(careless).organisations
                damage = find_damage(careless)
            assert lacking or damage
            noticed = {
                "sqlite": f"a copy of the file alone lacks {len(lacking)} of {len(organisations)}",
                "postgresql": f"a dump without the rows of one table is noticed: {len(damage)} things are wrong",
            }[kind]
    figure(
        "R33",
        f"organisations acknowledged on {kind} before a copy was begun under 8 writers, looked for in what came back "
        f"({RESTORED} copies); {published} publications in these had the same digests and bundles, and each ledger "
        "ended with an entry of the original",
        tried=acknowledged,
        failed=0,
        control=noticed,
    )


@pytest.mark.night
def test_a_chosen_second_of_postgresql_comes_back(tmp_path: Path, figure: FigureRecorder) -> None:
    """From a base copy and the archived log, as deploy/README.md says."""
    numbers = itertools.count(1)
    with installed() as installation:
        archive, folder, base = (installation.make_folder(name) for name in ("archive", "data", "base"))
        installation.make_cluster(folder)
        archiving = {**SETTINGS, "archive_mode": "on", "archive_command": f"cp %p {archive}/%f"}
        # Where it stops in order, it archives the rest of its log.
        with (
            installation.start(folder, archiving) as server,
            opened(url := server.url("postgres")) as database,
        ):
            database.migrate()
            make_key(database, tmp_path / "signing")
            headers = create_header(database)
            with publishing(url, tmp_path / "signing", headers) as (process, client):
                installation.copy_cluster(server, base)
                fill_many(database, "2026", ROWS)
                assert publish(client, "2026")
                with adding(process.address, headers, numbers) as adders:
                    adders.await_answers(WRITERS)
                chosen, before = read_time(database), read_state(database)
                with adding(process.address, headers, numbers) as later:
                    later.await_answers(WRITERS)
            after = read_state(database)
        (base / "cluster" / "recovery.signal").touch()
        recovering = {
            **SETTINGS,
            "restore_command": f"cp {archive}/%f %p",
            "recovery_target_time": chosen.isoformat(),
            "recovery_target_action": "promote",
        }
        with installation.start(base, recovering) as server:
            server.await_true("NOT pg_is_in_recovery()")
            with opened(server.url("postgres")) as database:
                assert read_state(database) == before
                assert find_damage(database) == []
    figure(
        "R33",
        "organisations and publications of the chosen time, brought back by PostgreSQL from a base copy and its log",
        tried=len(before.organisations) + len(before.published),
        failed=0,
        control=f"at the end of the log there are {len(after.organisations) - len(before.organisations)} more",
    )


def read_time(database: Database) -> datetime:
    """The time of the server, when all that was written before is over."""
    with database.read() as session:
        now: datetime = session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return now
