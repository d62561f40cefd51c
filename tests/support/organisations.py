"""Changes of organisations, made below HTTP."""

from __future__ import annotations

from datetime import datetime

from actitud_api.platform.storage.database import Database
from actitud_api.resources.organisations import service
from tests.support.settling import anything


def change_organisation(
    database: Database, organisation: str, change: service.OrganisationChange, now: datetime
) -> service.OrganisationRecord:
    """Change what is said of an organisation, whatever its version is. No documents are judged by it again."""
    with database.write() as session:
        return service.update(
            session, organisation, change, expected=anything, domains_changed=lambda *_: None, now=now
        )
