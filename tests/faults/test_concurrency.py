"""Many hands at once: no acknowledged update is lost, and the defaults of the drivers would lose some."""

from __future__ import annotations

import pytest

from actitud_api.platform.storage.database import Database
from tests.faults.writers import compare_and_set, counted, in_processes, make_tables, read_and_set
from tests.support.databases import Kind
from tests.support.figures import FigureRecorder
from tests.support.scale import NIGHT, UPDATES

pytestmark = pytest.mark.both_databases

WRITERS = 16


def processes(kind: Kind) -> int:
    """On SQLite the one that serves and a command beside it; on PostgreSQL several that serve."""
    return 2 if kind == "sqlite" else 4


def test_no_update_of_many_writers_is_lost(database: Database, url: str, kind: Kind, figure: FigureRecorder) -> None:
    make_tables(database)
    acknowledged = in_processes(compare_and_set, url, processes(kind), WRITERS, UPDATES)
    assert acknowledged == WRITERS * UPDATES
    version, value = counted(database)
    assert (version, value) == (acknowledged, acknowledged)
    control = count_lost_by_defaults(database, url, kind) if NIGHT else None
    figure(
        "R3",
        f"changes of one row on {kind} by {WRITERS} writers in {processes(kind)} processes that were acknowledged and "
        "are not there",
        tried=acknowledged,
        failed=acknowledged - value,
        control=control,
    )


def count_lost_by_defaults(database: Database, url: str, kind: Kind) -> str:
    """Return how many acknowledged changes are lost with the defaults of the drivers."""
    _, before = counted(database)
    acknowledged = in_processes(read_and_set, url, processes(kind), WRITERS, UPDATES)
    _, value = counted(database)
    lost = acknowledged - (value - before)
    assert acknowledged > WRITERS
    assert lost > 0
    return f"with the defaults of driver and library {lost:,} of {acknowledged:,} are lost"


def test_more_writers_than_connections_all_have_their_turn(database: Database, url: str) -> None:
    """In one process, where none may wait until it gives up."""
    make_tables(database)
    assert in_processes(compare_and_set, url, 1, WRITERS, UPDATES // 4) == WRITERS * UPDATES // 4
