"""Files that are written while they arrive: complete or not at all, with their progress."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from actitud import ConnectionFailed, NotFound, Progress
from tests.unit.sdk.support import Answers, Mode, connected, problem, using

ROWS = b"rank;name\r\n" + b"1;Villa\r\n" * 50_000


def table(coding: str | None = None) -> httpx.Response:
    headers = {"content-type": "text/csv; charset=utf-8", **({} if coding is None else {"content-encoding": coding})}
    return httpx.Response(200, content=ROWS, headers=headers)


def test_a_file_is_written_and_its_path_comes_back(mode: Mode, tmp_path: Path) -> None:
    path = tmp_path / "ranking.csv"
    path.write_text("an older one", encoding="utf-8")
    seen: list[Progress] = []
    handler = Answers(httpx.Response(200, json={"total": 60_000}), table("identity"))
    written = using(mode, handler).editions.scores.export(
        "2026", to=path, progress=seen.append, province="46", offset=10_000, limit=80_000
    )
    assert written == path
    assert path.read_bytes() == ROWS
    assert [request.url.raw_path.decode() for request in handler.requests] == [
        "/v1/editions/2026/scores?province=46&limit=1&total=true",
        "/v1/editions/2026/scores.csv?province=46&limit=80000&offset=10000",
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["ranking.csv"]
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()
    assert (seen[-1].bytes, seen[-1].rows) == (len(ROWS), 50_001)
    assert seen[-1].share == 1.0
    # What is compressed on the way has no size, so its rows tell the share.
    assert {(one.total_rows, one.total_bytes) for one in seen} == {(50_000, None)}


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_pipe_is_written_to_and_not_replaced(mode: Mode, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    few = httpx.Response(200, content=ROWS[:100], headers={"content-type": "text/csv"})
    assert using(mode, Answers(few)).editions.scores.export("2026", to=path) == path
    assert os.read(reader, 1_000) == ROWS[:100]
    os.close(reader)
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_closed_before_it_gets_its_name(
    mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.replace

    def rename_as_on_windows(source: str, target: Path) -> None:
        opened = {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}
        if os.path.realpath(source) in opened:
            raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used", source)
        rename(source, target)

    monkeypatch.setattr(os, "replace", rename_as_on_windows)
    path = tmp_path / "ranking.csv"
    using(mode, Answers(table())).editions.scores.export("2026", to=path)
    assert path.read_bytes() == ROWS


def test_without_a_path_the_bytes_come_back(mode: Mode) -> None:
    assert using(mode, Answers(table())).editions.scores.export("2026") == ROWS


def test_a_bundle_is_written_too(mode: Mode, tmp_path: Path) -> None:
    seen: list[Progress] = []
    bundle = httpx.Response(200, content=b"\x1f\x8b\n" * 1000, headers={"content-type": "application/gzip"})
    path = using(mode, Answers(bundle)).editions.publications.bundle(
        "2026", to=str(tmp_path / "b.gz"), progress=seen.append
    )
    assert path.read_bytes() == bundle.content
    # It has no lines.
    assert {one.rows for one in seen} == {0}


def test_a_refused_file_leaves_what_was_there(mode: Mode, tmp_path: Path) -> None:
    path = tmp_path / "ranking.csv"
    path.write_text("an older one", encoding="utf-8")
    with pytest.raises(NotFound):
        using(mode, Answers(problem(404, "not-found"))).organisations.export(to=path)
    assert path.read_text(encoding="utf-8") == "an older one"


def test_a_file_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    class Broken(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield ROWS[:1000]
            raise httpx.ReadError("gone")

    path = tmp_path / "ranking.csv"
    path.write_text("an older one", encoding="utf-8")
    answer = httpx.Response(200, stream=Broken(), headers={"content-type": "text/csv"})
    with (
        connected(lambda request: answer) as client,
        pytest.raises(ConnectionFailed),
    ):
        client.organisations.export(to=path)
    assert path.read_text(encoding="utf-8") == "an older one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_does_not_exist_is_an_error_of_the_system(mode: Mode, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        using(mode, Answers(table())).organisations.export(to=tmp_path / "no" / "x.csv")


def test_a_folder_in_the_place_of_the_file_is_named(mode: Mode, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as raised:
        using(mode, Answers(table())).organisations.export(to=tmp_path)
    assert raised.value.filename == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_on_a_full_disk_the_error_names_the_file(mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create = tempfile.NamedTemporaryFile

    def create_on_a_full_disk(**options: Any) -> IO[bytes]:
        """The file can be created, for its name has room, and nothing can be written to it."""
        file = create(**options)
        with open("/dev/full", "wb") as full:
            os.dup2(full.fileno(), file.fileno())
        return file

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", create_on_a_full_disk)
    path = tmp_path / "ranking.csv"
    with pytest.raises(OSError, match="No space left on device") as raised:
        using(mode, Answers(table())).organisations.export(to=path)
    assert raised.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("progress", "share"),
    [
        (Progress(rows=5, bytes=10), None),
        (Progress(rows=5, bytes=10, total_rows=20), 0.25),
        (Progress(rows=5, bytes=10, total_rows=20, total_bytes=20), 0.5),
        (Progress(rows=30, bytes=10, total_rows=20), 1.0),
        (Progress(rows=0, bytes=0, total_rows=0), None),
    ],
)
def test_a_share_is_known_where_a_total_is(progress: Progress, share: float | None) -> None:
    assert progress.share == share
