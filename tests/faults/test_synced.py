"""What is acknowledged is synced, not merely written: the order of the system calls of the real server says so.

No kill of a process can show it, since the system keeps what a process wrote; a power cut would not.
"""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.faults.serving import SERVE, SERVE_UNSYNCED, one_serving
from tests.faults.tracing import strace
from tests.support.databases import migrated_sqlite, opened
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.scale import NIGHT, SYNCED
from tests.support.waiting import PATIENCE

__all__ = ["strace"]

CALLS = "trace=fsync,fdatasync,write,writev,sendto,sendmsg"


def synced_before_answered(strace: str, folder: Path, program: str) -> list[bool]:
    """Of each change that was answered 2xx, whether the write-ahead log was synced since the answer before it."""
    folder.mkdir()
    url, trace = migrated_sqlite(folder), folder / "trace"
    with opened(url) as database:
        headers = create_header(database)
    # With -D the server is the process that was started, and ends when it is told to; strace ends after it.
    watched_by = [strace, "-D", "-f", "-y", "-e", CALLS, "-o", str(trace)]
    with (
        one_serving(url, program, watched_by) as process,
        httpx.Client(base_url=process.address, headers=headers, timeout=PATIENCE) as client,
    ):
        path = "/v1/organisations/XI-WIKIDATA-Q1"
        body = {"id": "XI-WIKIDATA-Q1", "name": "0", "kind": "AGE"}
        assert client.post("/v1/organisations", json=body).status_code == 201
        change = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
        for number in range(1, SYNCED):
            changed = client.patch(path, json={"name": f"{number}"}, headers=change)
            assert (changed.status_code, changed.json()["name"]) == (200, f"{number}")
    return order(trace.read_text("utf-8"))


def order(trace: str) -> list[bool]:
    """Of each answer 2xx in a trace, whether a sync of the log had ended since the one before."""
    seen: list[bool] = []
    synced, under_way = False, set[str]()
    for call in trace.splitlines():
        thread = call.split(maxsplit=1)[0]
        if re.search(r" f(data)?sync\(\d+<[^>]*-wal>", call):
            synced |= call.endswith(" = 0")
            under_way |= {thread} if call.endswith("<unfinished ...>") else set()
        elif re.search(r"<\.\.\. f(data)?sync resumed>", call) and thread in under_way:
            synced |= call.endswith(" = 0")
            under_way.remove(thread)
        elif '"HTTP/1.1 2' in call:
            seen.append(synced)
            synced = False
    return seen


def test_the_log_is_synced_before_a_change_is_answered(strace: str, tmp_path: Path, figure: FigureRecorder) -> None:
    seen = synced_before_answered(strace, tmp_path / "synced", SERVE)
    assert seen == [True] * SYNCED
    figure(
        "R2",
        "changes on SQLite that the real server answered 201 or 200 before its log was synced",
        tried=len(seen),
        failed=seen.count(False),
        control=count_unsynced(strace, tmp_path / "unsynced") if NIGHT else None,
    )


def count_unsynced(strace: str, folder: Path) -> str:
    """Return how often a server that does not ask for it answers before: else the order would show nothing."""
    unsynced = synced_before_answered(strace, folder, SERVE_UNSYNCED)
    assert len(unsynced) == SYNCED
    assert sum(unsynced) < SYNCED / 10
    return f"a server that does not ask for it answers {unsynced.count(False)} of {SYNCED} before"
