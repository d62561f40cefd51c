"""Second approver: an approval by another key than the publisher's, without which nothing is published.

The setting `second_approver` requires it. An approval is for exactly one pending publication, identified by a
digest of the stored data and the request. If either changes, a new approval is necessary. A key and the keys
that replaced it by rotation count as one key. Keys that one administrator made, directly or through keys made
before, count as keys of one person.
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
from actitud_api.platform.storage.numbers import parse_number
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import queries
from actitud_api.resources.publications.queries import Approval as Approval
from actitud_api.resources.publications.queries import PublicationRecord


class UnknownApproval(LookupError):
    """The edition has no approval with this number. Raised by `find` and `get`."""

    def __init__(self, edition: str, approval: str) -> None:
        super().__init__(f"{edition}/{approval}")


def compute_pending_digest(
    session: Session, edition: editions.EditionRecord, newest: PublicationRecord | None, plan: object
) -> str:
    """Return the digest that identifies a pending publication.

    It covers the edition, its newest publication, its final assessments, the methodology, the software version and the
    plan. It does not cover the descriptions of organisations (names, population): somebody who keeps changing one
    would change the digest each time, and so prevent the approval of the edition.

    `newest` is the newest publication of the edition, None if it was never published. `plan` is the requested
    publication, as a Struct or as plain values (dict, list, str, …). Scores are not included, because the same
    facts score the same under the same methodology and software version.
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


def find_missing_approval(
    session: Session, edition: str, pending_digest: str, publisher: str | None
) -> tuple[str, ...] | None:
    """Check that a second person has approved the pending publication with this digest; return None if so.

    Otherwise return the ids of the approving keys that do not count because one person may hold them and the
    publisher's key; empty if there are none. `publisher` is the id of the publisher's key, None on the command line,
    for which the approval of any key counts. Approvals by keys that were revoked since do not count, because somebody
    else may have used those keys. Keys that come from one key by rotation count as one.
    """
    approvals = queries.list_approvals_of_digest(session, edition, pending_digest)
    approvers = [access.find(session, approval.key) for approval in approvals]
    valid = [approver for approver in approvers if approver.revoked is None]
    if publisher is None:
        return None if valid else ()
    own_origin, holder = access.find(session, publisher).origin, access.trace_holder(session, publisher)
    others = [approver.id for approver in valid if approver.origin != own_origin]
    same_person = tuple(key for key in others if access.trace_holder(session, key) == holder)
    return None if len(same_person) < len(others) else same_person


def add_approval(
    session: Session, edition: str, pending_digest: str, principal: access.Principal, *, now: datetime
) -> Approval | None:
    """Store that the key of `principal` approves the pending publication with this digest; return the approval.

    Return None, and store nothing, if that key, or a key that is related to it by rotation, has approved the digest
    before. The session must hold the lock on the edition.
    """
    for earlier in queries.list_approvals_of_digest(session, edition, pending_digest):
        if access.find(session, earlier.key).origin == principal.origin:
            return None
    number = queries.get_last_approval_number(session, edition) + 1
    approval = Approval(edition, number, pending_digest, principal.key, principal.role, now)
    queries.insert_approval(session, approval)
    return approval


def list_page(database: Database, edition: str, page: PageRange[int]) -> Sequence[Approval]:
    """List the approvals of an edition, oldest first.

    Raises `UnknownEdition` if there is no such edition.
    """
    with database.read() as session:
        return queries.list_approvals(session, editions.find(session, edition).id, page)


def get(database: Database, edition: str, approval: str) -> Approval:
    """Return an approval of an edition by its number.

    Raises:
        UnknownEdition: There is no such edition.
        UnknownApproval: No approval of the edition has that number.
    """
    with database.read() as session:
        return find(session, editions.find(session, edition).id, approval)


def find(session: Session, edition: str, approval: str) -> Approval:
    """Return an approval of an edition by its number, within a session.

    Raises `UnknownApproval` if no approval of the edition has that number.
    """
    number = parse_number(approval)
    record = None if number is None else queries.get_approval(session, edition, number)
    if record is None:
        raise UnknownApproval(edition, approval)
    return record
