"""Privileges of the database role of the service: it owns no table, and cannot change rows that must never change.

`deploy/postgresql/roles.sql` creates the role. Without it, one role both migrates and serves.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

OWNER: Final = "actitud_owner"
"""Role that owns the tables and migrates, where there is one."""

SERVING: Final = "actitud_serving"
"""Role that the service connects as, next to the owner of the tables, which migrates."""

_ROLE_EXISTS: Final = text("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :role)")
_TABLES: Final = text(
    "SELECT tables.relname, "
    "COALESCE(bool_or(refusals.tgname = tables.relname || '_refuses_update'), false) AS keeps_values, "
    "COALESCE(bool_or(refusals.tgname = tables.relname || '_refuses_delete'), false) AS keeps_rows "
    "FROM pg_class AS tables LEFT JOIN pg_trigger AS refusals "
    # A refusal with a condition lets some rows change, so the role needs the privilege.
    "ON refusals.tgrelid = tables.oid AND refusals.tgqual IS NULL "
    "WHERE tables.relkind = 'r' AND tables.relnamespace = current_schema()::regnamespace "
    "GROUP BY tables.relname ORDER BY tables.relname"
)


def grant_to_serving(connection: Connection) -> None:
    """Grant the database role of the service only the privileges that it needs on each table.

    It may insert and select rows. It may also update and delete rows, except in tables in which a trigger refuses this
    for every row. If the role does not exist, nothing is granted.
    """
    if connection.dialect.name != "postgresql":
        return
    if not connection.execute(_ROLE_EXISTS, {"role": SERVING}).scalar_one():
        return
    preparer = connection.dialect.identifier_preparer
    for table, keeps_values, keeps_rows in connection.execute(_TABLES).all():
        privileges = ["SELECT", "INSERT", *["UPDATE"] * (not keeps_values), *["DELETE"] * (not keeps_rows)]
        name = preparer.quote_identifier(table)
        connection.exec_driver_sql(f"REVOKE ALL ON {name} FROM {SERVING}")
        connection.exec_driver_sql(f"GRANT {', '.join(privileges)} ON {name} TO {SERVING}")
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {SERVING}")
