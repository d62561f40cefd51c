"""What is acknowledged is synced, not merely written: the order of the system calls says so.

No kill of a process can show it, since the system keeps what a process wrote; a power cut would not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.scale import SYNCED
from tests.databases import sqlite_url

WRITE = """
import os, sys
from sqlalchemy import Pool, event, text
from tests.databases import opened

url, synchronous, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
if synchronous != "as it is":
    event.listen(Pool, "checkout", lambda connection, *_: connection.execute(f"PRAGMA synchronous = {synchronous}"))
with opened(url) as database:
    with database.write() as session:
        session.connection().execute(text("CREATE TABLE counter (value INTEGER)"))
    os.write(1, b"begin")
    for value in range(times):
        with database.write() as session:
            session.connection().execute(text("INSERT INTO counter VALUES (:value)"), {"value": value})
        os.write(1, b"stored")
"""


@pytest.fixture(scope="module")
def strace() -> str:
    """The program that shows system calls; without it the test is skipped, or fails where `CI` is set."""
    found = shutil.which("strace")
    if found is None and os.environ.get("CI"):
        pytest.fail("strace is missing, and CI is set")
    if found is None:
        pytest.skip("there is no strace")
    return found


def synced_before_acknowledged(strace: str, folder: Path, synchronous: str) -> list[bool]:
    """Of each acknowledged write, whether the write-ahead log was synced since the one before."""
    trace = folder / "trace"
    subprocess.run(
        [strace, "-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o", trace,
         sys.executable, "-c", WRITE, sqlite_url(folder), synchronous, str(SYNCED)],
        check=True,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _, _, calls = trace.read_text("utf-8").partition('"begin"')
    seen: list[bool] = []
    synced = False
    for call in calls.splitlines():
        if re.search(r"f(data)?sync\(\d+<[^>]*-wal>\) += 0", call):
            synced = True
        elif '"stored"' in call:
            seen.append(synced)
            synced = False
    return seen


def test_the_log_is_synced_before_a_write_is_acknowledged(strace: str, tmp_path: Path) -> None:
    assert synced_before_acknowledged(strace, tmp_path, "as it is") == [True] * SYNCED


def test_the_order_shows_where_it_is_not(strace: str, tmp_path: Path) -> None:
    seen = synced_before_acknowledged(strace, tmp_path, "NORMAL")
    assert len(seen) == SYNCED
    assert sum(seen) < SYNCED / 10
