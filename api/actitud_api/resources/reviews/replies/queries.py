"""All SQL over replies."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.records import fetch_records
from actitud_api.resources.reviews.replies.tables import Reply

REPLIES = Base.metadata.tables[str(Reply.__tablename__)]


class ReplyRecord(Struct, frozen=True, kw_only=True):
    """A stored reply of an organisation to the verdict on one indicator.

    `evidence` are the documents sent with it. `version` is the number of times that the row was written.
    """

    edition: str
    organisation: str
    indicator: str
    text: str
    evidence: tuple[Evidence, ...]
    created: datetime
    updated: datetime
    version: int


_SELECT_REPLIES = (
    select(*(REPLIES.c[name] for name in ReplyRecord.__struct_fields__))
    .where(REPLIES.c.edition == bindparam("of"), REPLIES.c.organisation.in_(bindparam("some", expanding=True)))
    .order_by(REPLIES.c.indicator)
)


def list_replies(session: Session, edition: str, organisations: Collection[str]) -> list[ReplyRecord]:
    """List the replies of these organisations in an edition, ordered by indicator id."""
    rows = session.execute(_SELECT_REPLIES, {"of": edition, "some": list(organisations)})
    return fetch_records(rows, ReplyRecord)


def store_reply(session: Session, record: ReplyRecord) -> None:
    """Store a reply in place of an earlier one about the same indicator. The caller holds a lock on the assessment."""
    values = msgspec.to_builtins(record, builtin_types=(datetime,))
    changed = session.execute(update(REPLIES).where(*_match_reply(record)).values(values).returning(REPLIES.c.version))
    if changed.one_or_none() is None:
        session.execute(insert(REPLIES), values)


def delete_reply(session: Session, record: ReplyRecord) -> None:
    """Delete a reply. The caller holds a lock on the assessment."""
    session.execute(delete(REPLIES).where(*_match_reply(record)))


def erase_replies(session: Session, edition: str, organisation: str, indicator: str | None) -> None:
    """Erase the text and the documents of the reply about an indicator, or of all replies if `indicator` is None."""
    session.execute(
        update(REPLIES).where(*_match_erasable(edition, organisation, indicator)).values(text="", evidence=[])
    )


def count_erasable(session: Session, edition: str, organisation: str, indicator: str | None) -> int:
    """Count the replies with a text to erase: about an indicator, or about all indicators if `indicator` is None."""
    conditions = _match_erasable(edition, organisation, indicator)
    count: int = session.execute(select(func.count()).select_from(REPLIES).where(*conditions)).scalar_one()
    return count


def _match_erasable(edition: str, organisation: str, indicator: str | None) -> tuple[ColumnElement[bool], ...]:
    conditions = (REPLIES.c.edition == edition, REPLIES.c.organisation == organisation, REPLIES.c.text != "")
    return conditions if indicator is None else (*conditions, REPLIES.c.indicator == indicator)


def _match_reply(record: ReplyRecord) -> tuple[ColumnElement[bool], ...]:
    return tuple(REPLIES.c[name] == getattr(record, name) for name in ("edition", "organisation", "indicator"))
