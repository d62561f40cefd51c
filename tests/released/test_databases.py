"""The database of each release migrates to this one, row by row, and is served, verified and found well as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import pytest
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import text

from actitud import verify
from actitud_api import cli
from actitud_api.cli.doctor import DoctorReport
from actitud_api.demo import sandbox
from actitud_api.platform.storage.revisions import get_revisions, move_to_revision
from actitud_api.platform.storage.urls import find_database_file
from actitud_api.resources.publications import service as publications
from actitud_api.verification.rescoring import ScoreRescorer
from tests.faults.integrity import find_damage
from tests.released.answers import find_differences
from tests.released.building import (
    ANSWERS,
    CHECKPOINT,
    FOLDER,
    KEYS,
    LEDGER,
    MANIFEST,
    Manifest,
    build_release,
    read_proofs,
    unpack_answers,
)
from tests.released.databases import (
    FILES,
    Columns,
    Rows,
    find_lost,
    read_columns,
    read_rows,
    restore_postgresql,
    restore_sqlite,
)
from tests.support.applications import borrow_app
from tests.support.databases import BOTH, Kind, opened, unlimited
from tests.support.figures import FigureRecorder
from tests.support.postgresql import Server
from tests.support.revisions import LATER, add_later
from tests.support.scale import NIGHT
from tests.verification.test_defects import run_script

pytestmark = pytest.mark.both_databases
RELEASES: Final = sorted(file.parent for file in FOLDER.glob(f"*/{MANIFEST}"))
ASKED: Final = 1 if NIGHT else 24
"""Of the kept answers one of so many is asked for, in turn, and all that is signed."""
OF_MACHINE: Final = frozenset({"sqlite", "disk", "address", "links"})
"""What `doctor` says of the machine and the settings, not of the database."""


@dataclass(frozen=True, repr=False)
class MigratedDatabase:
    """A kept database after `migrate`: what it had before, by table, and what was lost on the way."""

    url: str
    release: Path
    kind: Kind
    server: Server | None
    columns: Columns
    rows: Rows
    lost: Sequence[str]

    @contextmanager
    def copied(self, folder: Path) -> Iterator[str]:
        """Copy the database, to be changed; yield the URL of the copy."""
        if self.server is None:
            copy = folder / "copy.sqlite3"
            file = find_database_file(self.url)
            assert file is not None
            shutil.copy(file, copy)
            yield f"sqlite:///{copy}"
        else:
            with self.server.database(self.url.partition("?")[0].rpartition("/")[2]) as name:
                yield self.server.url(name)


@pytest.fixture(scope="module", params=RELEASES, ids=lambda release: release.name)
def release(request: pytest.FixtureRequest) -> Path:
    """The folder of a release."""
    folder: Path = request.param
    return folder


@pytest.fixture(scope="module", params=BOTH)
def migrated(
    release: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MigratedDatabase]:
    """Restore the database of a release, and migrate it with the command of this one."""
    kind: Kind = request.param
    server: Server | None = None
    with ExitStack() as stack:
        if kind == "sqlite":
            url = restore_sqlite(release / FILES[kind], tmp_path_factory.mktemp("kept") / "kept.sqlite3")
        else:
            server = request.getfixturevalue("postgresql")
            url = restore_postgresql(release / FILES[kind], server, stack.enter_context(server.database()))
        with opened(url) as database:
            columns = read_columns(database)
            rows = read_rows(database, columns)
        assert cli.main(["migrate", "--database", url]) == 0
        with opened(url) as database:
            lost = list(find_lost(database, columns, rows))
        yield MigratedDatabase(url, release, kind, server, columns, rows, lost)


def test_no_row_is_lost_and_nothing_is_damaged(migrated: MigratedDatabase) -> None:
    assert sum(map(len, migrated.rows.values())) > 500
    assert migrated.lost == []
    with opened(migrated.url) as database:
        assert get_revisions(database).state == "current"
        assert find_damage(database) == []


def test_every_address_answers_as_it_did(migrated: MigratedDatabase) -> None:
    kept = unpack_answers(migrated.release / ANSWERS[migrated.kind])
    signed = [answer for answer in kept if answer.digest is not None]
    others = [answer for answer in kept if answer.digest is None]
    assert len(signed) > 10
    assert len(others) > 300
    assert list(find_differences(migrated.url, [*signed, *others[::ASKED]])) == []


def test_bundles_and_ledger_hold_for_both_verifiers(migrated: MigratedDatabase, tmp_path: Path) -> None:
    with opened(migrated.url) as database:
        proofs = {name: tmp_path / name for name in (LEDGER, CHECKPOINT, KEYS)}
        for name, content in read_proofs(database, migrated.url).items():
            proofs[name].write_bytes(content)
        with database.read() as session:
            rows = session.connection().execute(text("SELECT edition, revision FROM publication ORDER BY 1, 2")).all()
        assert len(rows) >= 5
        for edition, revision in rows:
            bundle = tmp_path / "bundle.jsonl.gz"
            bundle.write_bytes(b"".join(publications.stream_bundle(database, edition, revision)))
            record = publications.get(database, edition, str(revision))
            told = run_script(
                bundle, "--digest", record.digest, "--ledger", str(proofs[LEDGER]), "--keys", str(proofs[KEYS])
            )
            assert (told.returncode, told.stderr) == (0, ""), told.stdout
            report = verify(
                bundle, keys=proofs[KEYS], digest=record.digest, ledger=proofs[LEDGER], rescorer=ScoreRescorer()
            )
            assert report.problems == (), report
    report = verify(proofs[LEDGER], keys=proofs[KEYS], checkpoint=proofs[CHECKPOINT].read_text("utf-8"))
    assert (report.problems, report.unchecked) == ((), ())


def test_no_key_that_is_known_opens_it(migrated: MigratedDatabase) -> None:
    with borrow_app(unlimited(migrated.url)) as app, TestClient(app) as client:
        for _, identifier in sandbox.KEYS:
            headers = {"Authorization": f"Bearer {sandbox.build_key(identifier).to_text()}"}
            assert client.get("/v1/jobs", headers=headers).status_code == 401


def test_doctor_finds_nothing_once_what_is_secret_was_made_anew(
    migrated: MigratedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Private keys are in no copy of a database: an operator has them beside it, and whoever lost them makes others."""
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("ACTITUD_SIGNING_FOLDER", str(tmp_path / "signing"))
    with migrated.copied(tmp_path) as url:
        monkeypatch.setenv("ACTITUD_DATABASE_URL", url)
        assert {"signing"} <= list_faults(capsys) <= {"signing", "webhooks", "keys"}
        assert cli.main(["keys", "rotate-signing"]) == 0
        capsys.readouterr()
        assert cli.main(["init", "--new-key"]) == 0
        key = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("act"))
        settings = structs.replace(unlimited(url), signing_folder=tmp_path / "signing")
        with borrow_app(settings) as app, TestClient(app) as client:
            # Not rotated: by the time of a later release the key of its owner has expired, and it has ended.
            headers = {"Authorization": f"Bearer {key}", "If-Match": "*"}
            assert client.delete(f"/v1/webhooks/{sandbox.EXAMPLE_WEBHOOK}", headers=headers).status_code == 204
        assert list_faults(capsys) == set()


def list_faults(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Return what `doctor` finds of a database."""
    capsys.readouterr()
    cli.main(["doctor", "--json"])
    report = msgspec.json.decode(capsys.readouterr().out, type=DoctorReport)
    return {check.name for check in report.checks if check.status != "ok"} - OF_MACHINE


def test_a_later_revision_loses_nothing_and_a_forgotten_row_is_found(
    migrated: MigratedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    with migrated.copied(tmp_path) as url:
        add_later(monkeypatch)
        with opened(url) as database:
            move_to_revision(database)
            assert get_revisions(database).current == LATER
            assert list(find_lost(database, migrated.columns, migrated.rows)) == []
            assert find_damage(database) == []
            with database.begin_migration() as connection:
                connection.execute(text("DROP TABLE word_trigram"))
                connection.execute(text("ALTER TABLE suggestion DROP COLUMN title"))
                connection.execute(text("UPDATE webhook_delivery SET payload = ''"))
            found = {
                one.partition(":")[0].partition(" ")[0] for one in find_lost(database, migrated.columns, migrated.rows)
            }
    assert found == {"word_trigram", "suggestion", "webhook_delivery"}
    rows = sum(table.total() for table in migrated.rows.values())
    figure(
        "R8",
        f"rows of the {migrated.kind} database that {migrated.release.name} keeps, looked for after this release and "
        "one more migrated it; what is published is the same to the byte",
        tried=rows,
        failed=0,
        control="a table, a column and a row that a migration forgets are found",
    )


@pytest.mark.night
def test_the_next_release_can_be_made_whole(postgresql: Server, tmp_path: Path) -> None:
    files = build_release("0.0.0")
    newest = msgspec.json.decode((RELEASES[-1] / MANIFEST).read_bytes(), type=Manifest)
    assert files.keys() >= {*newest.files, MANIFEST}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with postgresql.database() as name:
        urls: dict[Kind, str] = {
            "sqlite": restore_sqlite(tmp_path / FILES["sqlite"], tmp_path / "restored.sqlite3"),
            "postgresql": restore_postgresql(tmp_path / FILES["postgresql"], postgresql, name),
        }
        for kind, url in urls.items():
            assert list(find_differences(url, unpack_answers(tmp_path / ANSWERS[kind]))) == []
