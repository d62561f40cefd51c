"""A process is killed while it migrates: the next one does it, and what is published stays as it was signed."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest
from sqlalchemy import inspect

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.revisions import BASE, get_revisions, move_to_revision
from actitud_api.platform.storage.urls import DatabaseFailure
from actitud_api.resources.publications import service as publications
from tests.faults.integrity import find_damage
from tests.faults.serving import be_piecemeal, tell_changes
from tests.support.databases import Kind, opened
from tests.support.figures import FigureRecorder
from tests.support.forking import forked
from tests.support.publishing import correction, publish, publish_filled
from tests.support.revisions import LATER, NEWEST, add_later
from tests.support.scale import MIGRATION_KILLS


def migrate(url: str, revision: str, piecemeal: bool, telling: Pipe) -> None:
    """Migrates, and says of each statement that it changes something, and when all is done.

    `piecemeal`: commit after the first one, and die; else all is committed at once, as is done.
    """
    with pytest.MonkeyPatch.context() as patch, opened(url) as database:
        add_later(patch)
        if piecemeal:
            be_piecemeal("")
        tell_changes(telling.send)
        move_to_revision(database, revision)
        telling.send("done")


def kill_at(url: str, revision: str, statement: int) -> None:
    """Kills a process once it has begun a statement that changes something."""
    with forked(migrate, url, revision, False) as running:
        for _ in range(statement):
            running.receive()
    assert running.process.exitcode in (-signal.SIGKILL, 0)


def kill_often(database: Database, url: str, before: str, after: str, kills: int) -> Iterator[bool]:
    """Kills processes that migrate, at random statements; after each the next one does it, and it is undone again.

    Yields after each, and whether the process was killed before it was done.
    """
    chance = random.Random(1)
    with forked(migrate, url, after, False) as running:
        statements = len([*iter(running.receive, "done")])
    for _ in range(kills):
        move_to_revision(database, before)
        kill_at(url, after, chance.randint(1, statements))
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
        with forked(migrate, empty, LATER, True) as running:
            running.process.join()
        assert running.process.exitcode == -signal.SIGKILL
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
