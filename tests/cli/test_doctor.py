"""`doctor`: every fault that is planted is found, with what to do; nothing else is."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from actitud_api import cli
from actitud_api.cli import checks
from actitud_api.cli.checks import Check
from actitud_api.cli.doctor import DoctorReport
from actitud_api.engine.methodology import loader
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.storage import health
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.health import Version, has_wal_bug
from actitud_api.resources.webhooks import service as webhooks
from actitud_api.settings import Settings
from tests.support.databases import write_migrated
from tests.support.postgresql import Server
from tests.support.revisions import LATER, NEWEST, pretend_later

ALL = [
    "settings", "database", "migrated", "pragmas", "sqlite", "disk", "writable", "clock", "keys", "signing",
    "checkpoint", "jobs", "webhooks", "triggers", "publications", "methodologies", "address", "links",
]  # fmt: skip
OF_SQLITE = ("pragmas", "sqlite", "disk")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
GIB = 1024**3


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """An installation, where disk and SQLite are as they should be."""
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(100 * GIB, 0, 100 * GIB))
    monkeypatch.setattr(checks, "get_sqlite_version", lambda: (3, 51, 3))
    found = tmp_path / "test.sqlite3"
    write_migrated(found)
    assert cli.main(["init", "--database", f"sqlite:///{found}"]) == 0
    capsys.readouterr()
    return found


def report(file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Check], DoctorReport]:
    code = cli.main(["doctor", "--json", "--database", f"sqlite:///{file}"])
    found = msgspec.json.decode(capsys.readouterr().out, type=DoctorReport)
    return code, {check.name: check for check in found.checks if check.status != "ok"}, found


def execute(file: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


# --- the whole ------------------------------------------------------------------------------------------------


def test_a_new_installation_is_well(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, wrong, found = report(file, capsys)
    assert (code, wrong, found.status) == (0, {}, "ok")
    assert [check.name for check in found.checks] == ALL
    assert all(check.remedy is None for check in found.checks)


def test_a_new_installation_on_a_server_is_well(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with postgresql.database() as name:
        monkeypatch.setenv("ACTITUD_DATABASE_URL", postgresql.url(name))
        assert cli.main(["doctor"]) == 1
        assert "→ run actitud-api init" in capsys.readouterr().out
        assert cli.main(["init"]) == 0
        capsys.readouterr()
        assert cli.main(["doctor", "--json"]) == 0
    found = msgspec.json.decode(capsys.readouterr().out, type=DoctorReport)
    assert [check.name for check in found.checks] == [name for name in ALL if name not in OF_SQLITE]
    assert {check.status for check in found.checks} == {"ok"}


def test_a_server_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACTITUD_DATABASE_URL", f"postgresql+psycopg://actitud:very-secret@/actitud?host={tmp_path}")
    assert cli.main(["doctor", "--json"]) == 1
    said = capsys.readouterr().out
    found = msgspec.json.decode(said, type=DoctorReport)
    (wrong,) = [check for check in found.checks if check.status != "ok"]
    assert (wrong.name, wrong.status, wrong.remedy is None) == ("database", "problem", False)
    assert "very-secret" not in said


def test_beside_a_running_service_it_writes_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = file.with_name(f"{file.name}-wal")
    serving = Database(f"sqlite:///{file}")
    with serving.write() as session:
        session.connection().exec_driver_sql("UPDATE access_key SET digest = 'another'")
    before = (file.read_bytes(), log.read_bytes())
    assert before[1]
    assert report(file, capsys)[0] == 0
    assert (file.read_bytes(), log.read_bytes()) == before
    serving.close()


def test_it_prints_for_people_in_their_language(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    execute(file, "DELETE FROM access_key")
    assert cli.main(["doctor", "--database", f"sqlite:///{file}"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "problema Clave de administración: ninguna vale" in lines
    assert "         → ejecute actitud-api init" in lines
    assert "bien     Escritura: acepta cambios" in lines
    assert lines[-1] == "Comprobaciones: 17 bien, 0 con aviso, 1 con problema."


def test_a_warning_is_no_failure(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTITUD_HOST", "0.0.0.0")
    code, wrong, found = report(file, capsys)
    assert (code, list(wrong), found.status) == (0, ["address", "links"], "warning")
    assert wrong["address"].remedy == "listen on 127.0.0.1 behind a proxy with TLS, and name it in trusted_proxies"
    monkeypatch.setenv("ACTITUD_TRUSTED_PROXIES", "10.0.0.1")
    (links,) = report(file, capsys)[1].values()
    assert (links.name, links.status, links.found) == ("links", "warning", "they lead to http://0.0.0.0:8000")
    assert links.remedy is not None
    assert links.remedy.startswith("set public_url to the address at which people reach the service")
    monkeypatch.setenv("ACTITUD_PUBLIC_URL", "https://actitud.example")
    assert report(file, capsys)[1] == {}


# --- settings and the database --------------------------------------------------------------------------------


def test_a_folder_that_keeps_no_files(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACTITUD_FILES_FOLDER", str(file / "files"))
    monkeypatch.setenv("ACTITUD_FILES_BYTES", "0")
    assert report(file, capsys)[1] == {}, "none are kept"
    monkeypatch.setenv("ACTITUD_FILES_BYTES", "1000")
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong), wrong["files"].status) == (0, ["files"], "warning")
    monkeypatch.setenv("ACTITUD_FILES_FOLDER", str(tmp_path / "missing" / "files"))
    assert report(file, capsys)[1] == {}


def test_settings_that_do_not_hold(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTITUD_PROT", "1")
    monkeypatch.setenv("ACTITUD_KEY_PEPPER", "a short secret")
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong)) == (1, ["settings"])
    assert "the nearest is ACTITUD_PORT" in wrong["settings"].found
    assert "a short secret" not in wrong["settings"].found


def test_no_database_and_none_is_made(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, wrong, _ = report(tmp_path / "none" / "test.sqlite3", capsys)
    assert (code, list(wrong)) == (1, ["database"])
    assert wrong["database"].remedy == "run actitud-api init"
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_database(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("no database at all" * 100, "utf-8")
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong)) == (1, ["database"])
    assert "file is not a database" in wrong["database"].found
    assert "actitud-api restore" in str(wrong["database"].remedy)


def test_a_database_that_the_service_does_not_run_on(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(url: str) -> Database:
        raise ValueError("not a database that the service runs on")

    monkeypatch.setattr("actitud_api.cli.doctor.Database", refuse)
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong)) == (1, ["database"])


@pytest.mark.parametrize(
    ("statement", "found", "remedy"),
    [
        ("SELECT 1", f"{NEWEST}, and {LATER} is needed", "actitud-api migrate"),
        ("UPDATE alembic_version SET version_num = '9999'", "9999, which this release does not know", "the release"),
        ("UPDATE alembic_version SET version_num = '0016'", "0016, of a version before 0.1.0", "run actitud-api init"),
        ("DELETE FROM alembic_version", "it has no tables", "actitud-api init"),
    ],
)
def test_tables_of_another_release(
    file: Path,
    statement: str,
    found: str,
    remedy: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend_later(monkeypatch)
    execute(file, statement)
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong)) == (1, ["migrated"])
    assert wrong["migrated"].found.startswith(found)
    assert remedy in str(wrong["migrated"].remedy)


def test_a_database_that_takes_no_writes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refusal = "SELECT RAISE(ABORT, 'database or disk is full')"
    execute(file, f"CREATE TRIGGER full BEFORE UPDATE ON alembic_version BEGIN {refusal}; END")
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong)) == (1, ["writable", "triggers"])
    assert wrong["writable"].found == "database or disk is full"


# --- SQLite and the disk --------------------------------------------------------------------------------------


def test_connections_that_would_lose_writes(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PRAGMAS", {**health.PRAGMAS, "synchronous": 3, "journal_mode": "delete"})
    monkeypatch.setattr(health, "BUSY_TIMEOUT_MIN", 10_001)
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong)) == (1, ["pragmas"])
    assert wrong["pragmas"].found == ", ".join(
        f"{role}.{fault}"
        for role in ("reader", "writer")
        for fault in ("journal_mode = wal", "synchronous = 2", "busy_timeout = 10000")
    )


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False),
        ((3, 44, 7), False), ((3, 45, 0), True), ((3, 46, 1), True), ((3, 50, 6), True), ((3, 50, 7), False),
        ((3, 50, 8), False), ((3, 51, 0), True), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 52, 0), False),
        ((4, 0, 0), False),
    ],
)  # fmt: skip
def test_versions_of_sqlite_with_the_wal_reset_bug(version: Version, affected: bool) -> None:
    assert has_wal_bug(version) is affected


def test_an_affected_sqlite_is_a_warning(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "get_sqlite_version", lambda: (3, 46, 1))
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong), wrong["sqlite"].status) == (0, ["sqlite"], "warning")
    assert wrong["sqlite"].found == (
        "3.46.1, with the WAL-reset bug: a single connection writes, and "
        "commands that write are refused while the service runs"
    )


@pytest.mark.parametrize(("free", "status"), [(99 * 1024**2, "problem"), (GIB, "warning"), (2 * GIB, "ok")])
def test_a_disk_that_fills(
    file: Path, free: int, status: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(100 * GIB, 0, free))
    _, _, found = report(file, capsys)
    (disk,) = [check for check in found.checks if check.name == "disk"]
    assert disk.status == status
    assert disk.found.startswith({"problem": "99 MiB free", "warning": "1,024 MiB", "ok": "2,048 MiB"}[status])


# --- methodologies, clock, keys -------------------------------------------------------------------------------


def test_a_methodology_that_changed(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(version: str) -> loader.Methodology:
        raise loader.DefectiveMethodology(version, [])

    monkeypatch.setattr(loader, "load_methodology", changed)
    code, wrong, _ = report(file, capsys)
    assert (code, list(wrong)) == (1, ["methodologies"])


@pytest.mark.parametrize(
    ("now", "newest", "status"),
    [
        (NOW, None, "ok"),
        (NOW, NOW, "ok"),
        (NOW, NOW + timedelta(minutes=5), "ok"),
        (NOW, NOW + timedelta(minutes=6), "problem"),
        (datetime(2025, 12, 31, tzinfo=UTC), None, "problem"),
        (datetime(2100, 1, 1, tzinfo=UTC), None, "problem"),
    ],
)
def test_a_clock_that_cannot_be_right(now: datetime, newest: datetime | None, status: str) -> None:
    assert checks.check_clock(now, newest, "en").status == status


def record(*, days: int, pepper: str = "", revoked: datetime | None = None) -> access.KeyRecord:
    return access.KeyRecord(
        id=f"key-of-{days}", role="administrator", organisations=(), editions=None, pepper=pepper, digest="",
        created=NOW, expires=NOW + timedelta(days=days), revoked=revoked, days=days, maker=None, origin="",
        replaced_by=None, version=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("records", "status", "found"),
    [
        ([], "problem", "none holds"),
        ([record(days=0)], "problem", "none holds"),
        ([record(days=99, revoked=NOW)], "problem", "none holds"),
        ([record(days=99, pepper="another")], "problem", "key-of-99 was made with another key_pepper"),
        ([record(days=30)], "warning", "key-of-30 holds until 2026-03-31"),
        ([record(days=31)], "ok", "key-of-31 holds until 2026-04-01"),
        ([record(days=99), record(days=1)], "ok", "key-of-99 holds until 2026-06-08"),
    ],
)
def test_whether_an_administrator_can_get_in(records: list[access.KeyRecord], status: str, found: str) -> None:
    check = checks.check_keys(records, [SecretText("a pepper that is long enough to hold")], NOW, "en")
    assert (check.status, check.found) == (status, found)
    assert (check.remedy is None) is (status == "ok")


def test_entries_that_nothing_signs_are_named_after_two_days(
    file: Path,
) -> None:
    with contextlib.closing(Database(f"sqlite:///{file}")) as database:
        with database.read() as session:
            waiting = ledger.get_coverage(session).waiting_since
        assert waiting is not None
        young, old = waiting + timedelta(days=2), waiting + timedelta(days=2, seconds=1)
        assert checks.check_checkpoint(database, young, "en").status == "ok"
        check = checks.check_checkpoint(database, old, "en")
        assert check.status == "warning"
        assert check.found.startswith("2 of 2 entries of the ledger are still unsigned, the first of 20")
        with database.write() as session:
            ledger.make_checkpoint(session, ledger.Signer(Ed25519PrivateKey.generate()), old)
        check = checks.check_checkpoint(database, old, "es")
        assert (check.status, check.found) == ("ok", "firma las 2 entradas del registro")


class Task(Struct, frozen=True):
    """What a job of a test takes."""


def test_a_job_that_nobody_does_and_one_that_failed_are_named(file: Path) -> None:
    with contextlib.closing(Database(f"sqlite:///{file}")) as database:
        assert checks.check_jobs(database, NOW, "en").found == "none waits to be done"
        with database.write() as session:
            job = jobs.enqueue_job(session, kind="test", parameters=Task(), principal=None)
        due = job.run_after
        assert checks.check_jobs(database, due + timedelta(minutes=15), "en").status == "ok"
        waiting = checks.check_jobs(database, due + timedelta(minutes=15, seconds=1), "en")
        assert (waiting.status, waiting.found) == ("warning", f"one has been waiting since {due:%Y-%m-%d %H:%M}+00:00")
        execute(file, "UPDATE job SET state = 'failed'")
        failed = checks.check_jobs(database, due + timedelta(days=1), "es")
        assert (failed.status, failed.found) == ("warning", "1 han fallado en los últimos días")


def test_webhooks_that_are_not_notified_are_named(file: Path, tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{file}", signing_folder=tmp_path / "webhooks")
    with contextlib.closing(Database(settings.database_url)) as database:
        assert checks.check_webhooks(settings, database, "en").found == "0 are notified"
        with database.write() as session:
            (key,) = access.list_administrators(session)
            principal = access.Principal(key.id, key.role, key.origin)
            for name in ("one", "two"):
                webhooks.create_webhook(
                    session,
                    webhooks.SecretBox(settings.signing_folder),
                    principal,
                    webhooks.NewWebhook(url="https://portal.fabula.example/", events=["edition.published"]),
                    now=datetime.now(UTC),
                    identifier=name,
                )
        assert checks.check_webhooks(settings, database, "en").found == "2 are notified"
        execute(file, "UPDATE webhook SET state = 'gone' WHERE id = 'one'")
        disabled = checks.check_webhooks(settings, database, "en")
        assert (disabled.status, disabled.found.partition(":")[0]) == ("warning", "1 of 2 are not notified")
        (settings.signing_folder / "webhooks.key").unlink()
        unsigned = checks.check_webhooks(settings, database, "es")
        assert (unsigned.status, "webhooks.key" in unsigned.found) == ("warning", True)
        # Of one that is not notified the secret does not matter.
        execute(file, "UPDATE webhook SET state = 'paused'")
        assert checks.check_webhooks(settings, database, "en").status == "ok"
