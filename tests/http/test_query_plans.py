"""Reads go by index: no list, page, search or single read has the database read a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import psycopg
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import Connection, Engine, event, text

from actitud_api.platform.storage import row_reader
from actitud_api.platform.storage.row_reader import fetch_rows
from tests.http.test_edition_scores import served
from tests.support.databases import BOTH, made_anew
from tests.support.keys import sign_in

pytestmark = pytest.mark.both_databases

Client = TestClient[Litestar]

GROWING: Final = (
    *("organisation", "organisation_alias", "organisation_successor", "organisation_word", "word_trigram"),
    *("assessment", "correction", "published_score", "published_document"),
)
"""Tables that have as many rows as there are organisations, or more."""

_WHOLE: Final = re.compile(rf"SCAN ({'|'.join(GROWING)})\b(?! USING COVERING INDEX| USING PRIMARY KEY)")
_WHOLE_ON_POSTGRESQL: Final = re.compile(rf"Seq Scan on ({'|'.join(GROWING)})\b")

LIST: Final = "/v1/organisations?limit=2"
SCORES: Final = "/v1/editions/2026/scores?limit=2"
OPEN: Final = "/v1/editions/2027/scores?limit=2"
"""The scores of an edition that is not published, which are read from its assessments."""


@pytest.fixture(scope="module", params=BOTH)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the application on each kind of database; for tests that only read."""
    with made_anew(request, tmp_path_factory.mktemp("plans")) as url, served(url) as made:
        yield made


@contextmanager
def recorded_plans() -> Iterator[list[str]]:
    """Collect the plan of each query that a database gets, as one text."""
    plans: list[str] = []

    def explain(driver: Any, statement: str, parameters: Any) -> None:
        if isinstance(driver, psycopg.Connection):
            # So few rows are read faster as a whole: without it, the plan shows if there is an index at all.
            driver.execute("SET LOCAL enable_seqscan = off")
            rows = driver.execute(f"EXPLAIN {statement}", parameters).fetchall()
        else:
            rows = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        plans.append("\n".join([statement, *(str(row[-1]) for row in rows)]))

    def explain_executed(
        connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            explain(connection.connection.driver_connection, statement, parameters)

    def explain_and_fetch(driver: Any, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        explain(driver, statement, parameters)
        return fetch_rows(driver, statement, parameters)

    event.listen(Engine, "before_cursor_execute", explain_executed)
    try:
        with patch.object(row_reader, "fetch_rows", explain_and_fetch):
            yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", explain_executed)


def find_whole_reads(plans: Sequence[str]) -> list[str]:
    """List the plans in which a table that grows is read from one end to the other."""
    return [plan for plan in plans if _WHOLE.search(plan) or _WHOLE_ON_POSTGRESQL.search(plan)]


@pytest.mark.parametrize(
    "path",
    [
        LIST,
        f"{LIST}&offset=3&total=true",
        f"{LIST}&kind=MUN&total=true",
        f"{LIST}&province=46",
        f"{LIST}&region=10&band=P2",
        f"{LIST}&parent=ES-INE-46001",
        f"{LIST}&on=2026-03-01&total=true",
        f"{LIST}&q=alcudia&total=true",
        f"{LIST}&q=diputacio%20de%20valencia",
        f"{LIST}&q=alcudai",
        f"{LIST}&q=valencia&kind=MUN",
        f"{LIST}&q=a%20b%20c%20d",
        "/v1/organisations/XX-T-1",
        "/v1/organisations/ES-INE-46001",
        "/v1/organisations/XX-T-404",
        "/v1/organisations/XX-T-2/scores",
        f"{SCORES}&total=true",
        f"{SCORES}&offset=3&sort=-rank",
        f"{SCORES}&kind=MUN&level=2&total=true",
        f"{SCORES}&province=46&sort=organisation_name",
        f"{SCORES}&parent=XX-T-6",
        f"{SCORES}&q=alcudia&total=true",
        f"{SCORES}&q=alcudai&sort=-population",
        f"{SCORES}&organisation=XX-T-1,ES-INE-46001",
        "/v1/editions/2026/scores/XX-T-1",
        "/v1/editions?total=true",
        "/v1/editions/2026/scores/XX-T-1/peers",
        "/v1/editions/2026/summary",
        "/portal",
        "/portal/2026/territories",
        "/portal/2026",
        "/portal/2026?q=alcudia&lang=es",
        "/portal/2026?q=zamroa&sort=-D1&page=2",
        "/portal/2026?province=46&marked=XX-T-4",
        "/portal/2026/XX-T-1",
        "/portal/2026/compare?organisation=XX-T-1&q=avila",
        "/feeds/atom.xml",
        "/feeds/organisations/XX-T-1/atom.xml",
        "/feeds/territories/province-46/atom.xml",
    ],
)
def test_no_read_goes_through_a_whole_table(client: Client, path: str) -> None:
    with recorded_plans() as plans:
        for _ in range(3):
            response = client.get(path, follow_redirects=False)
            assert response.status_code in {200, 307, 308, 404}, response.text
            is_list = response.status_code == 200 and response.headers["content-type"] == "application/json"
            following = response.json().get("next") if is_list else None
            if following is None:
                break
            path = following
    assert plans, "nothing was asked of the database"
    assert find_whole_reads(plans) == []


@pytest.mark.parametrize("path", [OPEN, f"{OPEN}&q=alcudia&total=true", f"{OPEN}&kind=MUN&sort=-population"])
def test_no_read_of_an_open_edition_goes_through_a_whole_table(client: Client, path: str) -> None:
    headers = sign_in(client)
    with recorded_plans() as plans:
        assert client.get(path, headers=headers).status_code == 200
    assert any("FROM assessment" in plan for plan in plans)
    assert find_whole_reads(plans) == []


def test_a_page_of_a_list_is_not_sorted(client: Client) -> None:
    """The order of an index is that of the list, so that a page costs as much as its rows."""
    with recorded_plans() as plans:
        for path in (LIST, f"{LIST}&kind=MUN", f"{LIST}&province=46", f"{LIST}&band=P2", f"{SCORES}&sort=rank"):
            assert client.get(path).status_code == 200
    paged = [plan for plan in plans if "LIMIT" in plan.split("\n", 1)[0] or "LIMIT" in plan]
    assert len(paged) >= 5
    assert [
        plan for plan in paged if "TEMP B-TREE FOR ORDER BY" in plan or "Sort Key" in plan or "Sort  (" in plan
    ] == []


def test_a_whole_read_is_found(client: Client) -> None:
    """The check sees the read that this service once had: a pattern within a text."""
    with recorded_plans() as plans, client.app.state["database"].read() as session:
        session.execute(text("SELECT name FROM organisation WHERE name LIKE '%alc%'")).all()
    assert len(find_whole_reads(plans)) == 1


def test_the_plan_of_a_row_that_is_read_without_a_session_is_seen(client: Client) -> None:
    path = "/v1/editions/2026/scores/XX-T-2"
    assert client.get(path).status_code == 200
    with recorded_plans() as plans:
        assert client.get(f"{path}?lang=en").status_code == 200
    assert [plan for plan in plans if "published_document" in plan] != []
    assert find_whole_reads(plans) == []
