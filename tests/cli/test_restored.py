"""After a copy was brought back nothing is signed that contradicts what was signed, until that is acknowledged."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actitud_api import cli
from actitud_api.platform.audit_log import marks, service
from actitud_api.platform.audit_log.chain import Head
from actitud_api.platform.storage.database import Database
from tests.support import publishing
from tests.support.databases import make_key, opened
from tests.support.figures import FigureRecorder
from tests.support.ledgers import read_last_entry, read_statement

ROOTS = ["0" * 64, "1" * 64, "2" * 64]
ORIGIN = "actitud/ledger/0badcafe"


@pytest.fixture
def installed(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the signing keys of a service with an edition that is ready to be published."""
    monkeypatch.setenv("ACTITUD_DATABASE_URL", url)
    folder = tmp_path / "signing"
    monkeypatch.setenv("ACTITUD_SIGNING_FOLDER", str(folder))
    with opened(url) as database:
        publishing.fill(database)
        make_key(database, folder)
    return folder


def run(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[int, str, str]:
    code = cli.main(list(command))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def check(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What `doctor` finds of signing, with its status."""
    (found,) = [one for one in json.loads(run(capsys, "doctor", "--json")[1])["checks"] if one["name"] == "signing"]
    return found["status"], found["found"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_restored_copy_signs_nothing_until_that_is_acknowledged(
    installed: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], figure: FigureRecorder
) -> None:
    publish = ("publish", publishing.EDITION, "--reason", "The calendar says so.")
    assert run(capsys, "ledger", "checkpoint")[0] == 0
    copy = str(tmp_path / "copy")
    assert run(capsys, "backup", copy)[0] == 0
    code, out, _ = run(capsys, *publish)
    assert code == 0
    signed = read_statement(out.partition("\n\n")[2])
    assert run(capsys, "restore", copy, "--force")[0] == 0

    sentence = (
        f"a ledger of {signed.size} entries was signed, and that of the database is another one: it was brought back "
        "from an earlier copy"
    )
    assert check(capsys) == ("problem", sentence)
    for command in (publish, ("ledger", "checkpoint")):
        code, out, error = run(capsys, *command)
        assert (code, out) == (1, "")
        assert f"{sentence}: bring back a later copy if there is one; else run actitud-api ledger ack" in error

    assert run(capsys, "ledger", "acknowledge-restore", "--reason", " ")[0] == 2
    code, out, _ = run(capsys, "ledger", "acknowledge-restore", "--reason", "The disk was lost.")
    assert (code, f"up to entry {signed.size} is lost" in out) == (0, True)
    with opened(url) as database:
        entered, _ = read_last_entry(database)
    assert (entered["action"], entered["details"]["reason"]) == (
        "cli.ledger.acknowledge-restore",
        "The disk was lost.",
    )
    assert (entered["details"]["signed_size"], entered["details"]["signed_root"]) == (signed.size, signed.root)
    assert check(capsys)[0] == "ok"
    code, out, _ = run(capsys, *publish)
    assert code == 0
    again = read_statement(out.partition("\n\n")[2])
    assert again.origin == signed.origin
    assert [head.size for head in marks.list_marks(installed, signed.origin)] == [again.size]
    code, _, error = run(capsys, "ledger", "acknowledge-restore", "--reason", "Once more.")
    assert (code, error) == (1, "There is nothing to acknowledge: the ledger is the one that was signed.\n")
    figure(
        "S9",
        "signatures asked for after an older copy was brought back (publication, checkpoint); failed is one made",
        tried=2,
        failed=0,
        control="without the mark two checkpoints of one size with different roots are signed",
    )


@pytest.mark.parametrize("kind", ["sqlite"])
def test_without_the_mark_a_restored_copy_signs_another_ledger(
    installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the mark prevents: two signed checkpoints of one size, with different roots."""
    copy = str(tmp_path / "copy")
    assert run(capsys, "backup", copy)[0] == 0
    statements = []
    for _ in range(2):
        code, out, _ = run(capsys, "publish", publishing.EDITION, "--reason", "The calendar says so.")
        assert code == 0
        statements.append(read_statement(out.partition("\n\n")[2]))
        assert run(capsys, "restore", copy, "--force")[0] == 0
        for mark in installed.glob("*.mark"):
            mark.unlink()
    assert statements[0].size == statements[1].size
    assert statements[0].root != statements[1].root


@pytest.mark.both_databases
def test_each_process_refuses_by_what_it_has_seen_itself(installed: Path, database: Database) -> None:
    """Machines that do not share the folder each have a mark of their own, and acknowledge for themselves."""
    with database.write() as session:
        origin = service.get_origin(session)
        assert origin is not None
        service.make_checkpoint(session, service.load_signer(session, installed), publishing.NOW)
    (mark,) = marks.list_marks(installed, origin)
    other = installed.with_name("other")
    other.mkdir(mode=0o700)
    for file in installed.glob("*.pem"):
        (other / file.name).write_bytes(file.read_bytes())
        (other / file.name).chmod(0o600)
    with database.write() as session:
        service.mark_newest_checkpoint(session, other)
    assert marks.list_marks(other, origin) == [mark]

    lost = Head(mark.size + 5, "a" * 64)
    marks.raise_mark(other, origin, lost)
    with database.read() as session:
        assert service.load_signer(session, installed).kid
        with pytest.raises(service.SigningKeyFault, match=r"^restored"):
            service.load_signer(session, other)
    event = service.Event(action="cli.x", actor=None, subject="/v1/ledger", public=True)
    with database.write() as session:
        assert service.acknowledge_restore(session, other, "Lost.", event, now=publishing.NOW) == lost
    with database.read() as session:
        assert service.load_signer(session, other).kid
    # Where the mark could not be removed, its entry suffices; another one is not acknowledged with it.
    marks.raise_mark(other, origin, lost)
    with database.read() as session:
        assert service.load_signer(session, other).kid
        marks.raise_mark(other, origin, Head(lost.size + 1, lost.root))
        with pytest.raises(service.SigningKeyFault, match=r"^restored"):
            service.load_signer(session, other)


def test_what_is_rolled_back_leaves_no_mark(installed: Path, database: Database) -> None:
    def sign_and_fail() -> None:
        with database.write() as session:
            signer = service.load_signer(session, installed)
            service.make_checkpoint(session, signer, publishing.NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        sign_and_fail()
    assert list(installed.glob("*.mark")) == []


def test_a_mark_never_becomes_smaller(tmp_path: Path) -> None:
    """Whatever the order in which processes that share the folder raise it."""
    sizes = list(range(1, 41))
    barrier = threading.Barrier(8)

    def raise_some(part: int) -> None:
        barrier.wait()
        for size in sizes[part::8]:
            marks.raise_mark(tmp_path, ORIGIN, Head(size, ROOTS[0]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(raise_some, range(8)))
    assert marks.list_marks(tmp_path, ORIGIN)[0].size == 40
    marks.raise_mark(tmp_path, ORIGIN, Head(39, ROOTS[1]))
    assert marks.list_marks(tmp_path, ORIGIN)[0] == Head(40, ROOTS[0])
    assert marks.list_marks(tmp_path, "another/ledger/00000000") == []
    assert marks.list_marks(tmp_path / "none", ORIGIN) == ()


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(
    installed: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed is signed already, so the answer is not refused for it."""

    def fail(*_: object) -> None:
        raise OSError("read-only")

    monkeypatch.setattr(marks, "raise_mark", fail)
    with database.write() as session:
        signer = service.load_signer(session, installed)
        assert service.make_checkpoint(session, signer, publishing.NOW).size
    assert list(installed.glob("*.mark")) == []
