"""Many hands at once: no acknowledged update is lost, and the defaults of the drivers would lose some."""

from __future__ import annotations

import pytest

from actitud_api.platform.storage.database import Database
from tests.faults.writers import compare_and_set, counted, in_processes, make_tables, read_and_set
from tests.support.databases import Kind
from tests.support.figures import FigureRecorder
from tests.support.scale import UPDATES

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
    figure(
        "R3",
        f"changes of one row on {kind} by {WRITERS} writers in {processes(kind)} processes that were acknowledged and "
        "are not there",
        tried=acknowledged,
        failed=acknowledged - value,
        control=None,
    )


@pytest.mark.night
def test_the_defaults_of_the_drivers_would_lose_some(database: Database, url: str, kind: Kind) -> None:
    make_tables(database)
    acknowledged = in_processes(read_and_set, url, processes(kind), WRITERS, UPDATES)
    _, value = counted(database)
    assert acknowledged > WRITERS
    assert value < acknowledged


def test_more_writers_than_connections_all_have_their_turn(database: Database, url: str) -> None:
    """In one process, where none may wait until it gives up."""
    make_tables(database)
    assert in_processes(compare_and_set, url, 1, WRITERS, UPDATES // 4) == WRITERS * UPDATES // 4
