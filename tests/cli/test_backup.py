"""`backup` and `restore`: copies under writes are consistent, and what is in place is never half replaced."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from actitud_api import cli
from actitud_api.platform.storage import backup as copies
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.grants import OWNER, SERVING
from tests.support.databases import opened, write_migrated
from tests.support.revisions import NEWEST
from tests.support.scale import NIGHT
from tests.support.waiting import PATIENCE

BACKUPS = 100 if NIGHT else 20
EDITIONS = 40
INSERT = (
    "INSERT INTO edition (id, titles, methodology, state, period_from, period_to, windows, calendar, simulated, "
    "created, updated, version) VALUES (?, ?, '2026.1', 'open', '2026-01-01', '2026-12-31', '{}', '{}', 0, "
    "'2026-01-01 00:00:00', '2026-01-01 00:00:00', 0)"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with some editions, whose versions are all the same in every state."""
    found = tmp_path / "test.sqlite3"
    write_migrated(found)
    with at(found) as database, database.write() as session:
        for number in range(EDITIONS):
            session.connection().exec_driver_sql(INSERT, (f"e{number}", f'{{"es": "{"x" * 3000}"}}'))
    return found


def at(file: Path) -> AbstractContextManager[Database]:
    return opened(f"sqlite:///{file}")


def run(name: str, copy: Path, file: Path, *options: str) -> int:
    return cli.main([name, str(copy), "--database", f"sqlite:///{file}", *options])


def counts(file: Path) -> set[int]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {row[0] for row in connection.execute("SELECT version FROM edition")}


def count_up(database: Database) -> None:
    """A transaction of as many statements as there are editions: half of it would show as two versions."""
    with database.write() as session:
        for number in range(EDITIONS):
            session.connection().exec_driver_sql(
                "UPDATE edition SET version = version + 1 WHERE id = ?", (f"e{number}",)
            )


def test_every_copy_under_concurrent_writes_is_one_state(file: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    written = threading.Condition()
    total = 0

    def keep_writing(database: Database) -> None:
        nonlocal total
        while not stop.is_set():
            count_up(database)
            with written:
                total += 1
                written.notify_all()

    seen = [0]
    with at(file) as writing, at(file) as reading, ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(keep_writing, writing) for _ in range(4)]
        try:
            for number in range(BACKUPS):
                with written:
                    assert written.wait_for(lambda: total > seen[-1], PATIENCE)
                copy = tmp_path / f"copy-{number}.sqlite3"
                copies.create_backup(reading, file, copy, force=False)
                (count,) = counts(copy)
                seen.append(count)
                copies.verify_backup(copy)
        finally:
            stop.set()
        for writer in writers:
            writer.result()
    assert seen == sorted(set(seen))
    assert counts(file) == {total}


def test_a_copy_is_one_file_with_its_checksum_beside_it(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    copy = folder / "one.sqlite3"
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert run("backup", copy, file) == 0
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    said, line = capsys.readouterr().out.splitlines()
    assert line == f"{digest}  one.sqlite3"
    assert said.startswith(f"Copia de sqlite:///{file} en {copy}: ")
    assert said.endswith(f" bytes, revisión {NEWEST}, comprobada.")
    assert (folder / "one.sqlite3.sha256").read_text("utf-8") == f"{line}\n"
    assert counts(copy) == {0}
    assert sorted(found.name for found in folder.iterdir()) == ["one.sqlite3", "one.sqlite3.sha256"]


def test_a_file_that_is_there_is_replaced_only_with_force(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.sqlite3"
    copy.write_text("precious", "utf-8")
    assert run("backup", copy, file) == 1
    assert capsys.readouterr().err == f"{copy} exists: use --force to replace it\n"
    assert copy.read_text("utf-8") == "precious"
    assert run("backup", copy, file, "--force") == 0
    assert counts(copy) == {0}


def test_the_database_is_never_its_own_copy(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = tmp_path / "link.sqlite3"
    os.link(file, link)
    for copy in (file, link):
        assert run("backup", copy, file, "--force") == 1
        assert "is the database itself" in capsys.readouterr().err
    assert counts(file) == {0}


def test_a_copy_that_cannot_be_written_leaves_nothing(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.MonkeyPatch.context() as patch:

        def full(path: Path) -> str:
            raise OSError(28, "No space left on device")

        patch.setattr(copies, "_compute_digest", full)
        assert run("backup", tmp_path / "copy.sqlite3", file) == 1
    assert capsys.readouterr().err.endswith("copy.sqlite3: No space left on device\n")
    assert sorted(tmp_path.iterdir()) == before
    assert run("backup", tmp_path / "none" / "copy.sqlite3", file) == 1
    assert "copy.sqlite3 could not be written: unable to open database file" in capsys.readouterr().err


# --- restore --------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(file: Path, tmp_path: Path) -> Path:
    """A copy made before one more transaction."""
    made = tmp_path / "copy.sqlite3"
    with at(file) as database:
        copies.create_backup(database, file, made, force=False)
        count_up(database)
    return made


def test_a_copy_comes_back(file: Path, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert counts(file) == {1}
    assert run("restore", copy, file) == 1
    assert f"{file} exists: use --force" in capsys.readouterr().err
    assert counts(file) == {1}
    assert run("restore", copy, file, "--force") == 0
    assert f"sqlite:///{file} is now the copy {copy}" in capsys.readouterr().out
    assert counts(file) == {0}
    with at(file) as database:
        assert database.is_current()
        count_up(database)
    assert counts(file) == {1}


def test_a_copy_comes_back_where_there_is_nothing(copy: Path, tmp_path: Path) -> None:
    assert run("restore", copy, tmp_path / "new" / "folder" / "test.sqlite3") == 0
    assert counts(tmp_path / "new" / "folder" / "test.sqlite3") == {0}


def test_a_database_in_use_stays(file: Path, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with at(file) as serving:
        assert serving.is_current()  # as a server that waits for requests: a connection is open, no transaction is
        assert run("restore", copy, file, "--force") == 1
        assert capsys.readouterr().err == f"{file} is in use: stop the service before restoring\n"
        count_up(serving)
    assert counts(file) == {2}


def connect_as(kind: type[sqlite3.Connection], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SQLite make a connection of this kind to what is named by a URI, as the source of a restoration is."""
    real = sqlite3.connect

    def connect(name: str, **options: Any) -> Any:
        return real(name, factory=kind if options.get("uri") else sqlite3.Connection, **options)

    monkeypatch.setattr(sqlite3, "connect", connect)


def test_a_crash_on_the_way_leaves_what_was_there(file: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files as they are in the middle of the replacement, opened as after a crash."""
    crashed = file.with_name("crashed.sqlite3")

    class Interrupted(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **_: object) -> None:
            def stop(_status: int, remaining: int, _total: int) -> None:
                for suffix in ("", "-journal"):
                    shutil.copy(f"{file}{suffix}", f"{crashed}{suffix}")
                raise InterruptedError

            target.execute("PRAGMA cache_size = 1")
            super().backup(target, pages=20, progress=stop)

    connect_as(Interrupted, monkeypatch)
    with pytest.raises(InterruptedError):
        copies.restore_backup(copy, file, force=True)
    monkeypatch.undo()
    assert counts(file) == {1}
    assert counts(crashed) == {1}


def spoil_page(copy: Path) -> None:
    raw = bytearray(copy.read_bytes())
    raw[4096:4200] = b"\xff" * 104
    copy.write_bytes(raw)


def test_what_is_wrong_with_a_copy_is_said_and_nothing_replaced(
    file: Path, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil_page(copy)
    assert run("restore", copy, file, "--force") == 1
    assert "is not the copy that the checksum" in capsys.readouterr().err
    copies.build_checksum_path(copy).unlink()
    assert run("restore", copy, file, "--force") == 1
    assert f"{copy} is not whole: " in capsys.readouterr().err
    copy.write_text("no database at all" * 100, "utf-8")
    assert run("restore", copy, file, "--force") == 1
    assert "is not whole: file is not a database" in capsys.readouterr().err
    with closing(sqlite3.connect(other := tmp_path / "other.sqlite3")) as connection:
        connection.execute("CREATE TABLE something (id INTEGER)")
    assert run("restore", other, file, "--force") == 1
    assert "is not a database of this service" in capsys.readouterr().err
    assert run("restore", tmp_path / "none.sqlite3", file, "--force") == 1
    assert "There is no copy in" in capsys.readouterr().err
    assert run("restore", file, file, "--force") == 1
    assert counts(file) == {1}


@pytest.mark.parametrize(
    ("spoiling", "reason"),
    [
        (
            "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'ix_organisation_kind_id'",
            "never used",
        ),
        ("INSERT INTO simulation (edition, fingerprint, report) VALUES ('none', '', '{}')", "foreign_key_check"),
    ],
)
def test_a_copy_is_read_whole_before_it_goes_in(
    file: Path, copy: Path, spoiling: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Faults that no statement of the service would meet at once."""
    copies.build_checksum_path(copy).unlink()
    with closing(sqlite3.connect(copy)) as connection:
        connection.executescript(spoiling)
        connection.commit()
    assert run("restore", copy, file, "--force") == 1
    assert f"{copy} is not whole: " in (said := capsys.readouterr().err)
    assert reason in said
    assert counts(file) == {1}


def test_without_its_checksum_a_whole_copy_comes_back_with_a_warning(
    file: Path, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies.build_checksum_path(copy).unlink()
    assert run("restore", copy, file, "--force") == 0
    assert f"there is no {copy}.sha256" in capsys.readouterr().err
    assert counts(file) == {0}


def test_a_file_in_place_that_is_no_database_is_left_to_its_owner(
    file: Path, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("no database at all" * 100, "utf-8")
    assert run("restore", copy, file, "--force") == 1
    assert f"{file} is not a database (file is not a database): move it away" in capsys.readouterr().err
    assert file.read_text("utf-8").startswith("no database")


def test_a_disk_that_fills_on_the_way_leaves_what_was_there(
    file: Path, copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

    connect_as(Full, monkeypatch)
    assert run("restore", copy, file, "--force") == 1
    monkeypatch.undo()
    assert capsys.readouterr().err == f"{file} could not be written: database or disk is full\n"
    assert counts(file) == {1}


# --- where the database is a server ---------------------------------------------------------------------------


def test_for_a_server_it_says_what_to_type_without_the_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql+psycopg://actitud:very-secret@db.example:5433/actitud"
    assert cli.main(["backup", "a copy.dump", "--database", url]) == 1
    assert capsys.readouterr().err.splitlines()[1].strip() == (
        "pg_dump --format=custom --file='a copy.dump' postgresql://actitud@db.example:5433/actitud"
    )
    assert cli.main(["restore", "a copy.dump", "--database", url]) == 1
    assert capsys.readouterr().err.splitlines()[1].strip() == (
        "pg_restore --clean --if-exists --single-transaction "
        "--dbname=postgresql://actitud@db.example:5433/actitud 'a copy.dump'"
    )


def test_for_a_server_it_names_the_owner_of_the_tables_instead_of_the_role_that_serves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`pg_dump` reads the sequences, and the role that serves may not."""
    url = f"postgresql+psycopg://{SERVING}:secret@db.example/actitud"
    assert cli.main(["backup", "copy.dump", "--database", url]) == 1
    assert capsys.readouterr().err.splitlines()[1].endswith(f"postgresql://{OWNER}@db.example/actitud")
