"""A process is killed while it migrates: the next one does it, and what is published stays as it was signed."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, inspect

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.revisions import BASE, get_revisions, move_to_revision
from actitud_api.platform.storage.urls import DatabaseFailure
from actitud_api.resources.publications import service as publications
from tests.faults.integrity import find_damage
from tests.faults.serving import CHANGES, be_piecemeal
from tests.support.databases import Kind, opened
from tests.support.figures import FigureRecorder
from tests.support.forking import SECONDS, forked
from tests.support.publishing import correction, publish, publish_filled
from tests.support.revisions import LATER, NEWEST, add_later
from tests.support.scale import MIGRATION_KILLS


def migrate(url: str, revision: str, pause: float | None, telling: Pipe) -> None:
    """Migrates, and says when the first statement changes something, and when all is done.

    `pause`: commit after each statement, and then rest for so many seconds; None commits all at once, as is done.
    """
    with pytest.MonkeyPatch.context() as patch, opened(url) as database:
        add_later(patch)
        if pause is not None:
            be_piecemeal(pause)
        told = False

        def tell(_: Connection, __: object, statement: str, *___: object) -> None:
            nonlocal told
            if not told and statement.lstrip().upper().startswith(CHANGES):
                told = True
                telling.send("begun")

        event.listen(Engine, "before_cursor_execute", tell)
        move_to_revision(database, revision)
        telling.send("done")


def kill_after(url: str, revision: str, seconds: float, pause: float | None = None) -> float | None:
    """Kills a process so long after it began to change something; returns how long that took where it was done."""
    with forked(migrate, url, revision, pause) as running:
        assert running.receive() == "begun"
        begun = time.monotonic()
        done = running.pipe.poll(seconds) and running.pipe.recv() == "done"
        lasted = time.monotonic() - begun
    assert running.process.exitcode in (-signal.SIGKILL, 0)
    return lasted if done else None


def kill_often(database: Database, url: str, before: str, after: str, kills: int) -> Iterator[bool]:
    """Kills processes that migrate, at random times; after each the next one does it, and it is undone again.

    Yields after each, and whether the process was killed before it was done.
    """
    chance = random.Random(1)
    longest = kill_after(url, after, SECONDS)
    assert longest is not None
    for _ in range(kills):
        move_to_revision(database, before)
        kill_after(url, after, chance.uniform(0, longest))
        interrupted = get_revisions(database).current == before
        assert before != BASE or not interrupted or not list_tables(database)
        move_to_revision(database, after)
        yield interrupted


def list_tables(database: Database) -> list[str]:
    with database.read() as session:
        return [name for name in inspect(session.connection()).get_table_names() if name != "alembic_version"]


def bundles(database: Database) -> list[bytes]:
    """The bytes of what is published."""
    return [b"".join(publications.stream_bundle(database, "2026", revision)) for revision in (1, 2)]


def test_a_migration_that_is_killed_is_done_by_the_next(
    empty: str, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    """From nothing to this release, and from this release with something published to one more revision."""
    add_later(monkeypatch)
    kills = MIGRATION_KILLS[kind]
    interrupted = 0
    with opened(empty) as database:
        for was_interrupted in kill_often(database, empty, BASE, NEWEST, kills):
            interrupted += was_interrupted
            assert find_damage(database) == []
        publish(database, tmp_path, correction(publish_filled(database, tmp_path), D9_02={"hours": 500}))
        published = bundles(database)
        for was_interrupted in kill_often(database, empty, NEWEST, LATER, kills):
            interrupted += was_interrupted
            assert find_damage(database) == []
            assert bundles(database) == published
        assert get_revisions(database).current == LATER
        # Committed in pieces, what was begun cannot be ended.
        move_to_revision(database, NEWEST)
        kill_after(empty, LATER, 0.2, pause=0.1)
        with pytest.raises(DatabaseFailure, match=r"already exists|duplicate column"):
            move_to_revision(database, LATER)
    figure(
        "R34",
        f"processes killed while they migrated on {kind}, {interrupted} of them before they were done: the next "
        "did it, and bundles and ledger verified, the bundles to the byte",
        tried=2 * kills,
        failed=0,
        control="a migration that commits each statement by itself cannot be ended by the next process",
    )
