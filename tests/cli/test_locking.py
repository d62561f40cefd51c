"""One process serves a file of SQLite; commands that write beside it are refused where that could damage the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Final

import pytest

from actitud_api import cli
from actitud_api.cli import locking, serving
from actitud_api.cli.parsers import build_parser
from actitud_api.platform.storage import file_lock
from actitud_api.platform.storage.file_lock import build_lock_path, lock_file
from actitud_api.settings import Settings
from tests.cli.test_parsers import list_commands
from tests.faults.serving import one_serving
from tests.support.databases import migrated_sqlite, sqlite_url
from tests.support.figures import FigureRecorder

SERVES: Final = {"serve", "demo"}
REFUSES: Final = "worker"
"""It is for PostgreSQL only."""
READS: Final = {"doctor", "backup", "keys list", "keys check", "ledger export", "audit"}
RESTORES: Final = "restore"
"""It needs the file for itself on every version, and has tests of its own."""
WRITES: Final[dict[str, list[str]]] = {
    "init": [],
    "migrate": [],
    "keys create": ["--role", "registrar"],
    "keys revoke": ["0123456789AB"],
    "keys rotate": ["0123456789AB"],
    "keys rotate-signing": [],
    "keys revoke-signing": ["a-key"],
    "ledger acknowledge-restore": ["--reason", "The disk was lost."],
    "organisations import": ["municipalities.csv"],
    "assessments import": ["municipalities.csv", "--edition", "2026"],
    "assessments transition": ["2026", "finals"],
    "publish": ["2026", "--reason", "It is due."],
    "flags": ["2026"],
    "rescore": ["2026", "--methodology", "2027.1"],
    "erase": ["2026", "XX-T-1", "--reason", "They asked for it."],
    "discard-revision": ["2026"],
}
FALLS_BACK: Final = "ledger checkpoint"

AFFECTED, MENDED = (3, 46, 1), (3, 51, 3)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an installation, in whose folder the commands are run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(file_lock, "PATIENCE", 0.05)
    (tmp_path / "municipalities.csv").touch()
    made = migrated_sqlite(tmp_path)
    assert cli.main(["init", "--database", made]) == 0
    return made


@pytest.fixture
def taken(url: str) -> Iterator[str]:
    """The URL of an installation whose service is running, as far as its lock says."""
    with lock_file(file_of(url)):
        yield url


@pytest.fixture
def affected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "get_sqlite_version", lambda: AFFECTED)


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def state(url: str) -> list[str]:
    """All that is stored."""
    with closing(sqlite3.connect(file_of(url))) as connection:
        return list(connection.iterdump())


def run(command: str, url: str, *options: str) -> int:
    return cli.main([*command.split(), *options, "--database", url])


# --- serve ----------------------------------------------------------------------------------------------------


def test_a_second_service_on_a_file_is_refused_until_the_first_has_ended(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    """By any path to it; and a service that is killed leaves no lock behind."""
    link = file_of(url).parent.parent / "link.sqlite3"
    link.symlink_to(file_of(url))
    with one_serving(url) as first:
        for same, code in ((url, 1), (f"sqlite:///{link}", 1)):
            assert run("serve", same, "--port", "1") == code
            assert capsys.readouterr().err == (
                f"The database {same} is in use by another process: a service, or a command that writes to it. A file "
                "of SQLite is served by one process only: stop the other one first, or use PostgreSQL.\n"
            )
        monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
        assert run("demo", url, "--port", "1") == 1
        assert "A un fichero de SQLite solo lo sirve un proceso: pare el otro antes" in capsys.readouterr().err
        started = 0
        with monkeypatch.context() as patched:
            patched.setattr(locking, "lock_file", nullcontext)
            for same in (url, f"sqlite:///{link}"):
                with serving.build_application(Settings(database_url=same), "en") as app:
                    started += serving.get_database(app).is_current()
        first.kill()
        first.wait()
    with lock_file(file_of(url)):  # as the next service does
        pass
    assert build_lock_path(file_of(url)).stat().st_size == 0
    figure(
        "S11",
        "second services on a file of SQLite, by its name and by a link, of which one that starts fails",
        tried=3,
        failed=0,
        control=f"without the lock {started} of 2 open the file beside the first",
    )


def test_a_database_that_is_not_there_gets_no_lock(tmp_path: Path) -> None:
    assert run("serve", sqlite_url(tmp_path)) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_cannot_be_made_is_said(
    url: str, capsys: pytest.CaptureFixture[str], affected: None, tmp_path: Path
) -> None:
    build_lock_path(file_of(url)).unlink(missing_ok=True)
    build_lock_path(file_of(url)).mkdir()
    for command in ("serve", "migrate"):
        assert run(command, url) == 1
        assert capsys.readouterr().err.startswith("The database cannot be locked: ")


# --- commands beside it ---------------------------------------------------------------------------------------


COMMANDS: Final = {
    command.prog.partition(" ")[2]
    for command in list_commands(build_parser("en"))
    if any("--database" in action.option_strings for action in command._actions)
}
"""The commands that open a database."""


def test_each_command_that_opens_a_database_serves_reads_or_writes() -> None:
    """Who adds a command says here which, and a command that writes is tried below."""
    assert SERVES | READS | {REFUSES, RESTORES} | WRITES.keys() | {FALLS_BACK} >= COMMANDS


def test_commands_that_write_beside_a_service_are_refused(
    taken: str,
    capsys: pytest.CaptureFixture[str],
    affected: None,
    monkeypatch: pytest.MonkeyPatch,
    figure: FigureRecorder,
) -> None:
    commands, before = sorted(COMMANDS & WRITES.keys()), state(taken)
    for command in commands:
        capsys.readouterr()
        assert run(command, taken, *WRITES[command]) == 1, command
        said = capsys.readouterr()
        assert (said.out, state(taken)) == ("", before), command
        assert said.err.startswith(f"The database {taken} is in use by another process, the service or another command")
        assert "Make the change over HTTP, while the service runs; or stop the service, run the command" in said.err
    # The control: the same where nobody notices the fault.
    monkeypatch.setattr(locking, "has_wal_bug", lambda version: False)
    let_through = [command for command in commands if run(command, taken, *WRITES[command]) == 0]
    assert "keys create" in let_through
    assert state(taken) != before
    figure(
        "R4",
        f"commands that write beside a service with SQLite {'.'.join(map(str, AFFECTED))}, which has the fault, of "
        "which one that writes counts; the service itself has one connection that writes",
        tried=len(commands),
        failed=0,
        control=f"where the fault is not noticed {len(let_through)} of {len(commands)} are let through (others have "
        "nothing to do there)",
    )


def test_it_is_refused_in_spanish_too(
    taken: str, capsys: pytest.CaptureFixture[str], affected: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert run("keys create", taken, *WRITES["keys create"]) == 1
    said = capsys.readouterr().err
    assert "con SQLite 3.46.1 puede dañarse si escriben dos. No se ha hecho nada. Haga el cambio por HTTP" in said


def test_it_writes_where_sqlite_is_mended(taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "get_sqlite_version", lambda: MENDED)
    before = state(taken)
    assert run("keys create", taken, *WRITES["keys create"]) == 0
    assert state(taken) != before


def test_it_writes_where_nothing_else_runs_and_leaves_no_lock(url: str, affected: None) -> None:
    for _ in range(2):
        assert run("keys create", url, *WRITES["keys create"]) == 0


@pytest.mark.parametrize("command", ["doctor", "keys list", "ledger export"])
def test_what_only_reads_goes_on(command: str, taken: str, affected: None) -> None:
    assert run(command, taken) == 0


def test_a_copy_is_made_beside_a_service(taken: str, tmp_path: Path, affected: None) -> None:
    assert run("backup", taken, str(tmp_path / "copy.sqlite3")) == 0


def test_the_checkpoint_is_the_last_one_of_the_service(
    url: str, capsys: pytest.CaptureFixture[str], affected: None
) -> None:
    capsys.readouterr()
    with lock_file(file_of(url)):
        assert run(FALLS_BACK, url) == 1  # no checkpoint has been made yet
    assert "is in use by another process" in capsys.readouterr().err
    assert run(FALLS_BACK, url) == 0
    made = capsys.readouterr().out
    assert run("keys create", url, *WRITES["keys create"]) == 0
    capsys.readouterr()
    with lock_file(file_of(url)):
        before = state(url)
        assert run(FALLS_BACK, url) == 0
        assert state(url) == before
    said = capsys.readouterr()
    assert said.out == made
    assert said.err == (
        "The service is running: this checkpoint is the last one that it made itself; it makes one a day.\n"
    )
