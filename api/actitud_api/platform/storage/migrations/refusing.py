"""Triggers that refuse to change what is written, for the revisions of both databases.

On SQLite `REPLACE` deletes and inserts, and fires the trigger of the deletion only where `recursive_triggers` is on,
as `storage/sqlite.py` has it and other clients do not: so a row that would take the place of another is refused itself.
"""

from typing import Literal

from alembic import op

Change = Literal["INSERT", "UPDATE", "DELETE"]


def refuse(table: str, change: Change, when: str | None = None) -> None:
    """Make the database refuse a change of the rows of a table; `when`: only where that holds of `NEW` and `OLD`."""
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
    """Make SQLite refuse a row in the place of another, whoever is connected.

    `key`: a unique column; `when`: only where that holds of `there`, the row that would go. On PostgreSQL
    what takes the place of a row is an update of it.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_refuses_replacement BEFORE INSERT ON {table} FOR EACH ROW WHEN EXISTS "
            f"(SELECT 1 FROM {table} AS there WHERE (there.{key} = NEW.{key} OR there.rowid = NEW.rowid) AND ({when})) "
            f"BEGIN SELECT RAISE(ABORT, 'what is in {table} does not change'); END"
        )


def refuse_truncation(table: str) -> None:
    """Make PostgreSQL refuse to empty a table at once; SQLite empties it row by row."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            "EXECUTE FUNCTION refuse_change()"
        )
