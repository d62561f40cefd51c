"""Second approver: optional approval by another key before an edition is published.

An approval is of exactly one pending publication: of the digest of the stored data and the request. Any change of
either needs a new approval. It has to come from another key than the publisher's; rotations of a key count as the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from actitud_api import __version__
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import queries
from actitud_api.resources.publications.queries import Approval, PublicationRecord

__all__ = [
    "Approval",
    "UnknownApproval",
    "add_approval",
    "compute_pending_digest",
    "find",
    "get",
    "is_approval_missing",
    "list_page",
]


class UnknownApproval(LookupError):
    """The edition has no approval of that number."""

    def __init__(self, edition: str, approval: str) -> None:
        super().__init__(f"{edition}/{approval}")


def compute_pending_digest(
    session: Session, edition: editions.EditionRecord, newest: PublicationRecord | None, plan: object
) -> str:
    """Return the digest of a pending publication: edition, final assessments, and plan.

    `plan`: a Struct or plain values. Scores are not included: the same facts score the same under the same methodology
    and release.
    """
    return compute_digest(
        {
            "asked": msgspec.to_builtins(plan, order="deterministic"),
            "edition": edition.id,
            "engine": __version__,
            "methodology": load_methodology(edition.methodology).digest,
            "newest": None if newest is None else newest.digest,
            "state": queries.get_state(session, edition.id),
            "version": edition.version,
        }
    )


def is_approval_missing(session: Session, edition: str, pending_digest: str, publisher: str | None) -> bool:
    """Return True if no key other than the publisher's (None: the command line) has approved a digest.

    Approvals by keys revoked since do not count: others may have had them.
    """
    approvals = queries.list_approvals_of_digest(session, edition, pending_digest)
    mine = None if publisher is None else access.find(session, publisher).origin
    approvers = [access.find(session, approval.key) for approval in approvals]
    return not any(found.revoked is None and found.origin != mine for found in approvers)


def add_approval(
    session: Session, edition: str, pending_digest: str, principal: access.Principal, *, now: datetime
) -> Approval | None:
    """Store an approval of a digest; return None if the key has approved it before.

    The session has to lock the edition.
    """
    for before in queries.list_approvals_of_digest(session, edition, pending_digest):
        if access.find(session, before.key).origin == principal.origin:
            return None
    number = queries.get_last_approval_number(session, edition) + 1
    made = Approval(edition, number, pending_digest, principal.key, principal.role, now)
    queries.insert_approval(session, made)
    return made


def list_page(database: Database, edition: str, *, after: int | None, offset: int, limit: int) -> Sequence[Approval]:
    """Return the approvals of an edition, oldest first, starting after `after`; raise `UnknownEdition`."""
    with database.read() as session:
        return queries.list_approvals(session, editions.find(session, edition).id, after or 0, offset, limit)


def get(database: Database, edition: str, approval: str) -> Approval:
    """Return an approval of an edition by its number; raise `UnknownEdition` or `UnknownApproval`."""
    with database.read() as session:
        return find(session, editions.find(session, edition).id, approval)


def find(session: Session, edition: str, approval: str) -> Approval:
    """Return an approval within a session; raise `UnknownApproval`."""
    numbered = approval.isascii() and approval.isdecimal() and len(approval) <= 9
    found = queries.get_approval(session, edition, int(approval)) if numbered else None
    if found is None:
        raise UnknownApproval(edition, approval)
    return found
