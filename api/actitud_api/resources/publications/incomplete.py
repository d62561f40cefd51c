"""Removal of a revision without all its scores, which the service never stores and nobody reads.

Another program can begin a revision in the database and leave it: the triggers let a publication be inserted, and
nothing is removed afterwards. Such a revision would keep every later one from being published.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import structs

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.triggers import suspend_triggers
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import queries
from actitud_api.resources.publications.queries import RevisionKey

_TRIGGERS: Final = {f"{table}_refuses_delete": table for table in ("publication", "correction", "published_score")}


class NothingToDiscard(LookupError):
    """The newest revision of an edition has all its scores, the service published it, or there is none.

    Raised by `discard_revision`.
    """


def discard_revision(database: Database, edition: str, event: ledger.Event, *, now: datetime) -> RevisionKey:
    """Remove the newest revision of an edition, which lacks some of its scores, and return its key.

    `event` says who removes the revision; it is recorded in the ledger with the path and the digest of the revision.
    The documents of the revision stay stored. Readers see no change, because the figures of a revision without all its
    scores are never shown.

    Raises:
        UnknownEdition: No edition has that id.
        NothingToDiscard: The newest revision has all its scores, the service published it, or there is none.
    """
    with database.write() as session:
        record = editions.find(session, edition)
        # Looked for only now: nobody else can complete it any more.
        with suspend_triggers(session, _TRIGGERS):
            incomplete = queries.find_incomplete_revision(session, record.id)
            # If the ledger knows it, somebody has removed scores of what was published.
            entered = queries.list_entered_publications(session).get(record.id, {})
            if incomplete is None or incomplete.revision in entered:
                raise NothingToDiscard(record.id)
            queries.delete_revision(session, incomplete)
        subject = f"/v1/editions/{incomplete.edition}/publications/{incomplete.revision}"
        details: ledger.Details = structs.asdict(incomplete)
        ledger.append_entry(session, structs.replace(event, subject=subject, details=details), now=now)
    return incomplete
