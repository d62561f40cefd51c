"""A row that is read without a session is the one that a session reads, on both databases, and so are the errors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Select, bindparam, column, exists, func, select, table
from sqlalchemy.exc import DBAPIError

from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.errors import Unavailable
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import service as scores
from tests.support.databases import opened
from tests.support.editions import draft_edition
from tests.support.postgresql import Server
from tests.support.publishing import BIG, EDITION
from tests.support.reviewed import PERSON, publish_reviewed

pytestmark = pytest.mark.both_databases

EDITIONS: Final = Base.metadata.tables["edition"]
OF_STATE: Final = select(EDITIONS.c.methodology, exists(select(EDITIONS.c.id))).where(
    EDITIONS.c.id == bindparam("edition"), EDITIONS.c.state == "open"
)
OF_ANY: Final = select(EDITIONS.c.id).where(EDITIONS.c.id != bindparam("edition"))
MISSING: Final[Select[Any]] = select(column("id")).select_from(table("nowhere"))
ENDING: Final = select(func.pg_terminate_backend(func.pg_backend_pid()))


def store(database: Database, edition: str) -> None:
    draft = draft_edition(edition)
    with database.write() as session:
        editions.add(session, editions.build_record(draft, now=datetime(2026, 5, 4, tzinfo=UTC)))


def test_it_is_the_row_that_is_stored_now(database: Database) -> None:
    assert database.read_row(OF_STATE, {"edition": "2026"}) is None
    store(database, "2026")
    assert database.read_row(OF_STATE, {"edition": "2026"}) == ("2026.1", True)
    store(database, "2027")
    assert database.read_row(OF_ANY, {"edition": "2026"}) == ("2027",)
    assert database.read_row(OF_STATE, {"edition": "2027'"}) is None


def test_an_error_is_that_of_a_session_and_leaves_the_connection_usable(database: Database) -> None:
    free = database.get_pool_use()["read"].free
    for _ in range(free + 1):
        with pytest.raises(DBAPIError, match="nowhere"):
            database.read_row(MISSING, {})
    assert database.get_pool_use()["read"].free == free
    assert database.read_row(OF_STATE, {"edition": "2026"}) is None


def test_a_connection_that_is_lost_is_replaced(postgresql: Server, template: str) -> None:
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        for _ in range(2):
            with pytest.raises(Unavailable):
                database.read_row(ENDING, {})
            assert database.read_row(OF_STATE, {"edition": "2026"}) is None


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with (
        opened(f"postgresql+psycopg://actitud@/actitud?host={tmp_path}") as database,
        pytest.raises(Unavailable),
    ):
        database.read_row(OF_STATE, {"edition": "2026"})


def test_a_published_score_is_the_same_without_a_session(database: Database, tmp_path: Path) -> None:
    """The first read of a revision has a session, for the ranks of all; the second has none."""
    publish_reviewed(database, tmp_path)
    first, second = (scores.get_edition_score(database, EDITION, BIG) for _ in range(2))
    assert first == second
    assert (second.rank, second.review.replies[0].text) == (1, f"{PERSON} lo firmó después.")
