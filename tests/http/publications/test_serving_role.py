"""The role that serves on PostgreSQL owns nothing: no statement of its own changes what is published.

That it suffices for all that the service does is shown by the tests marked `serving`, which run as this role.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from sqlalchemy import make_url

from actitud_api.platform.storage.grants import SERVING
from tests.http.publications.test_refusals import KEYS, publish_twice
from tests.support.databases import opened
from tests.support.figures import FigureRecorder
from tests.support.postgresql import Server

pytestmark = [pytest.mark.both_databases, pytest.mark.postgresql]

ROOT: Final = Path(__file__).parents[3]
OWNER: Final = "actitud_owner"
ADDED: Final = ("publication", "published_document", "published_score", "ledger_entry", "checkpoint")
"""Tables of which no row ever changes or goes."""


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the role that a URL names, with nothing that the service asks for."""
    parsed = make_url(url)
    host = parsed.query["host"]
    assert isinstance(host, str)
    return psycopg.connect(host=host, dbname=parsed.database, user=parsed.username, autocommit=True)


def shipped_statements(database: str) -> list[str]:
    """The statements of the shipped file, as psql runs them; the role that serves is there already."""
    text = (ROOT / "deploy" / "postgresql" / "roles.sql").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("--", "\\"))]
    text = re.sub(r":'\w+'", "'a password'", "\n".join(lines)).replace(':"DBNAME"', database)
    return [
        statement for statement in text.split(";\n") if statement.strip() and f"CREATE ROLE {SERVING}" not in statement
    ]


@pytest.fixture(scope="module")
def installed(postgresql: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URLs of owner and serving role of a database made by the shipped file, with a corrected edition."""
    with postgresql.database() as name:
        with connect(postgresql.url(name)) as connection:
            for statement in shipped_statements(name):
                connection.execute(statement.encode())
        owner, serving = postgresql.url(name, OWNER), postgresql.url(name, SERVING)
        with opened(owner) as database:
            database.migrate()
        with opened(serving) as database:
            publish_twice(database, tmp_path_factory.mktemp("serving"))
        yield owner, serving
    postgresql.execute(f"DROP ROLE {OWNER}")


def owner_statements(table: str) -> list[str]:
    """What only the owner of a table may do, and what takes its place."""
    return [
        f"TRUNCATE {table}",
        f"TRUNCATE {table} CASCADE",
        f"DROP TABLE {table} CASCADE",
        f"ALTER TABLE {table} DISABLE TRIGGER USER",
        f"ALTER TABLE {table} RENAME TO other",
        f"ALTER TABLE {table} OWNER TO {SERVING}",
        f"CREATE TRIGGER mine BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE RULE mine AS ON UPDATE TO {table} DO INSTEAD NOTHING",
        f"DROP TRIGGER {table}_refuses_truncate ON {table}",
        f"CREATE TEMPORARY TABLE {table} (edition text)",
        f"CREATE TABLE {table}_2 ()",
    ]


GENERAL: Final = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "DROP FUNCTION refuse_change() CASCADE",
    "CREATE SCHEMA mine",
    "SET session_replication_role = replica",
    f"SET ROLE {OWNER}",
    "CREATE EXTENSION file_fdw",
    "COPY edition TO PROGRAM 'true'",
    f"ALTER ROLE {SERVING} SUPERUSER",
)


def is_changed(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> bool:
    """Whether PostgreSQL does it for this role; then it is undone."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.Error:
        return False
    return True


def test_the_role_that_serves_cannot_change_what_is_published(
    installed: tuple[str, str], figure: FigureRecorder
) -> None:
    owner, serving = installed
    statements = [statement for table in sorted({*KEYS, *ADDED}) for statement in owner_statements(table)]
    statements += [f"UPDATE {table} SET {column} = {column}" for table, column in COLUMNS.items()]
    statements += [f"DELETE FROM {table}" for table in ADDED]
    with connect(serving) as connection:
        done = [statement for statement in (*statements, *GENERAL) if is_changed(connection, statement)]
    with connect(owner) as connection:
        by_owner = [statement for statement in statements if is_changed(connection, statement)]
    assert done == []
    assert len(by_owner) > len(statements) // 2
    figure(
        "S22",
        "statements of the role that serves on tables that published editions rest on, which PostgreSQL carries out",
        tried=len(statements) + len(GENERAL),
        failed=0,
        control=f"the owner of the tables does {len(by_owner)} of {len(statements)}",
    )


COLUMNS: Final = {
    "publication": "reason",
    "published_document": "digest",
    "published_score": "ordinal",
    "ledger_entry": "seq",
    "checkpoint": "size",
}


def test_the_role_that_serves_owns_nothing_and_has_no_privilege_that_it_does_not_need(
    installed: tuple[str, str],
) -> None:
    owner, _ = installed
    with connect(owner) as connection:
        owned = connection.execute(
            "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = %s::regrole", [SERVING]
        ).fetchone()
        granted: dict[str, set[str]] = {}
        for table, privilege in connection.execute(
            "SELECT table_name, privilege_type FROM information_schema.table_privileges WHERE grantee = %s", [SERVING]
        ).fetchall():
            granted.setdefault(str(table), set()).add(str(privilege))
    assert owned == (0,)
    assert {table: granted[table] for table in ADDED} == {table: {"SELECT", "INSERT"} for table in ADDED}
    assert set().union(*granted.values()) == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert granted["correction"] == {"SELECT", "INSERT", "UPDATE"}
    assert granted["signing_key"] == {"SELECT", "INSERT", "UPDATE"}
