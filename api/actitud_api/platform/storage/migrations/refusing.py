"""Triggers that make tables append-only; migrations create them.

On SQLite, `REPLACE` deletes a row and inserts another, and the trigger that refuses deletions runs only if
`recursive_triggers` is on. `storage/sqlite.py` turns it on, but another program that opens the file may not. So
a further trigger refuses to insert a row that would replace an existing one.
"""

from typing import Literal

from alembic import op

Change = Literal["INSERT", "UPDATE", "DELETE"]


def refuse(table: str, change: Change, when: str | None = None) -> None:
    """Create a trigger that refuses a kind of change to the rows of a table.

    `when`: SQL condition on the row before (`OLD`) and after (`NEW`) the change; only changes for which it is true are
    refused. None refuses the change of every row.
    """
    condition = "" if when is None else f"WHEN ({when})"
    name = f"{table}_refuses_{change.lower()}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH ROW {condition} "
            "EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH ROW {condition} "
            f"BEGIN SELECT RAISE(ABORT, 'what is in {table} does not change'); END"
        )


def refuse_replacement(table: str, key: str, when: str = "true") -> None:
    """Create a trigger on SQLite that refuses to insert a row with the key or the rowid of an existing row.

    On PostgreSQL nothing is created, because replacing a row is an update there, which a trigger from `refuse` can
    prevent.

    Args:
        table: Table to protect.
        key: A unique column.
        when: SQL condition on the existing row, called `there`; the insertion is refused only if it is true.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_refuses_replacement BEFORE INSERT ON {table} FOR EACH ROW WHEN EXISTS "
            f"(SELECT 1 FROM {table} AS there WHERE (there.{key} = NEW.{key} OR there.rowid = NEW.rowid) AND ({when})) "
            f"BEGIN SELECT RAISE(ABORT, 'what is in {table} does not change'); END"
        )


def refuse_renumbering(table: str) -> None:
    """Create a trigger on SQLite that refuses to change the rowid of a row.

    By `UPDATE OR REPLACE`, a row could take the rowid of a protected row, which SQLite would delete without a trigger.
    On PostgreSQL nothing is created: its rows have no rowid.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_refuses_renumbering BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN OLD.rowid <> NEW.rowid BEGIN SELECT RAISE(ABORT, 'what is in {table} does not change'); END"
        )


def refuse_truncation(table: str) -> None:
    """Create a trigger on PostgreSQL that refuses `TRUNCATE`; SQLite has no such statement."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            "EXECUTE FUNCTION refuse_change()"
        )
