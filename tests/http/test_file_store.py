"""Files that were made once are kept in a folder, within a bound, whatever happens to disk and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from actitud_api.platform.storage.file_store import ABANDONED_SECONDS, FileStore

ROOM: Final = 10_000
PIECES: Final = (b"one,", b"two,", b"three")
WHOLE: Final = b"one,two,three"

WRITE_MANY: Final = """
import sys
from pathlib import Path
from actitud_api.platform.storage.file_store import FileStore
store = FileStore(Path(sys.argv[1]), 50_000)
for number in range(60):
    name = f"2026.{number % 40:02}"
    content = f"{number % 40:02}".encode() * 2_000
    assert store.write(name, [content[:1_000], content[1_000:]]) in (True, False)
    stored = store.open(name)
    if stored is not None:
        assert b"".join(stored.read(range(stored.size))) == content, name
"""
DIE_WRITING: Final = """
import os, signal, sys
from pathlib import Path
from actitud_api.platform.storage.file_store import FileStore
for piece in FileStore(Path(sys.argv[1]), 10_000_000).keep("2026.a", [b"x" * 1_000_000] * 3):
    if os.environ.setdefault("SEEN", "") == "xx":
        os.kill(os.getpid(), signal.SIGKILL)
    os.environ["SEEN"] += "x"
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", ROOM)


def read(store: FileStore, name: str) -> bytes | None:
    stored = store.open(name)
    return None if stored is None else b"".join(stored.read(range(stored.size)))


def use_at(store: FileStore, name: str, seconds: int) -> None:
    """Set the time of the last use of a file."""
    os.utime(store.folder / f"{name}.kept", (seconds, seconds))


def measure(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def test_a_file_is_read_as_it_was_written(store: FileStore) -> None:
    assert store.open("2026.a") is None
    assert list(store.keep("2026.a", PIECES)) == list(PIECES)
    stored = store.open("2026.a")
    assert stored is not None
    assert stored.size == len(WHOLE)
    assert b"".join(stored.read(range(4, 7))) == b"two"
    # Another process, and this service when it is started again.
    assert read(FileStore(store.folder, ROOM), "2026.a") == WHOLE


def test_files_are_for_their_owner_alone(store: FileStore) -> None:
    store.write("2026.a", PIECES)
    assert store.folder.stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in store.folder.iterdir()] == [0o600]


@pytest.mark.parametrize("cut", [0, 1, 12, 13, 40, 60])
def test_a_truncated_file_counts_as_missing(store: FileStore, cut: int) -> None:
    store.write("2026.a", PIECES)
    path = store.folder / "2026.a.kept"
    assert path.stat().st_size == 13 + 48
    os.truncate(path, cut)
    assert store.open("2026.a") is None
    assert not path.exists()
    store.write("2026.a", PIECES)
    assert read(store, "2026.a") == WHOLE


@pytest.mark.parametrize("position", [0, 12, 13, 28, 60])
def test_a_changed_byte_is_noticed(store: FileStore, position: int) -> None:
    store.write("2026.a", PIECES)
    path = store.folder / "2026.a.kept"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    assert read(FileStore(store.folder, ROOM), "2026.a") is None


def test_a_file_under_another_name_is_none_of_that_name(store: FileStore) -> None:
    store.write("2026.a", PIECES)
    (store.folder / "2026.a.kept").rename(store.folder / "2026.b.kept")
    assert store.open("2026.b") is None


def test_what_was_unused_for_longest_is_dropped(store: FileStore) -> None:
    for number, name in enumerate(("a", "b", "c")):
        store.write(name, [bytes(3_000)])
        use_at(store, name, 1_000 + number)
    assert read(store, "a") is not None, "it is the one that was used last now"
    store.write("d", [bytes(3_000)])
    assert [store.holds(name) for name in "abcd"] == [True, False, True, True]
    assert measure(store.folder) <= ROOM


def test_what_is_larger_than_the_bound_is_not_kept(store: FileStore) -> None:
    store.write("a", PIECES)
    assert not store.write("b", [bytes(ROOM)])
    assert measure(store.folder) <= ROOM
    large = FileStore(store.folder, 20 * 1024 * 1024)
    pieces = iter(large.keep("c", [bytes(1024 * 1024)] * 40))
    assert max(measure(store.folder) for _ in pieces) <= 28 * 1024 * 1024, "it is given up while it is written"
    assert not large.holds("c")


def test_nothing_is_kept_without_room(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files", 0)
    assert b"".join(store.keep("a", PIECES)) == WHOLE
    assert store.open("a") is None
    assert not store.folder.exists()


def test_other_files_in_the_folder_are_left_alone(store: FileStore) -> None:
    store.folder.mkdir()
    other = store.folder / "notes.txt"
    other.write_bytes(bytes(2 * ROOM))
    os.utime(other, (0, 0))
    store.write("a", [bytes(9_000)])
    store.write("b", [bytes(9_000)])
    assert other.exists()
    assert (store.holds("a"), store.holds("b")) == (False, True)


def test_files_of_former_states_are_dropped(store: FileStore) -> None:
    for name in ("2026.old.x", "2026.new.x", "2026-b.old.x", "2027.old.x"):
        store.write(name, PIECES)
    store.drop_outdated("2026", "new")
    assert sorted(file.name for file in store.folder.iterdir()) == [
        "2026-b.old.x.kept",
        "2026.new.x.kept",
        "2027.old.x.kept",
    ]


def test_a_file_that_is_not_read_to_its_end_leaves_nothing(store: FileStore) -> None:
    def fail() -> Iterator[bytes]:
        yield b"one"
        raise ValueError("the rest cannot be made")

    with pytest.raises(ValueError, match="cannot be made"):
        store.write("2026.a", fail())
    pieces = store.keep("2026.a", PIECES)
    next(pieces)
    assert len(list(store.folder.iterdir())) == 1
    del pieces
    assert list(store.folder.iterdir()) == []


def test_without_a_disk_files_are_made_for_each_reader(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("no folder")
    store = FileStore(tmp_path / "files", ROOM)
    with capture_logs() as logs:
        for _ in range(3):
            assert b"".join(store.keep("2026.a", PIECES)) == WHOLE
            assert store.open("2026.a") is None
    assert [line["event"] for line in logs] == ["files are not kept"]


def test_a_full_disk_keeps_nothing_and_stops_nobody() -> None:
    """`/dev/full` refuses each write, as a full disk does."""
    store = FileStore(Path("/dev/full"), ROOM)
    with capture_logs() as logs:
        assert b"".join(store.keep("2026.a", PIECES)) == WHOLE
    assert len(logs) == 1


def test_a_process_that_is_killed_while_it_writes_leaves_no_half_file(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIE_WRITING, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".part")
    store = FileStore(tmp_path, 10_000_000)
    assert store.open("2026.a") is None
    store.write("2026.a", PIECES)
    assert left.exists(), "somebody may be writing it"
    past = left.stat().st_mtime - ABANDONED_SECONDS - 1
    os.utime(left, (past, past))
    store.write("2026.b", PIECES)
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["2026.a.kept", "2026.b.kept"]


def test_two_processes_use_one_folder(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITE_MANY, str(tmp_path)]) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert 40_000 <= measure(tmp_path) <= 50_000
    assert not list(tmp_path.glob("*.part"))
