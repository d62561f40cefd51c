"""Use cases over editions."""

from __future__ import annotations

from actitud_api.editions import queries
from actitud_api.editions.queries import Record, State
from actitud_api.storage.database import Database, Session

__all__ = ["Record", "State", "UnknownEdition", "add", "find", "page", "remove"]


class UnknownEdition(LookupError):
    """There is no edition of that id."""

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


def page(database: Database, *, before: str | None, offset: int, limit: int) -> list[Record]:
    """Editions, the newest first, from the one that follows `before`."""
    with database.read() as session:
        return queries.page(session, before, offset, limit)


def find(session: Session, edition: str) -> Record:
    """The edition of that id; raises `UnknownEdition`."""
    record = queries.one(session, edition)
    if record is None:
        raise UnknownEdition(edition)
    return record


def add(session: Session, record: Record) -> None:
    """Stores a new edition."""
    queries.add(session, record)


def remove(session: Session, edition: str) -> None:
    """Removes an edition without scores, if there is one."""
    queries.remove(session, edition)
