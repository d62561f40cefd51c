"""The erasure of the personal data of an assessment, published or not.

Signed documents keep every byte; none contains evidence or notes. All other texts about an assessment are erased
wherever they are stored, and pages say so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Session
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.records import Erasure
from actitud_api.resources.editions import service as editions
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.reviews.service import UnknownIndicator

ACTION: Final = "cli.erase"
"""Action of the ledger entries about erasures; triggers know it too."""


class ErasureCounts(Struct, frozen=True):
    """Numbers of the stored texts that an erasure removes.

    `rows`: assessments, submissions, corrections and transitions with personal data. `reasons`: reasons of verdicts and
    of the overall review. `replies`: replies with a text. `openings`: stored texts that say what entries of the ledger
    (audit log) are about.
    """

    rows: int
    reasons: int
    replies: int
    openings: int

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to erase."""
        return not (self.rows or self.reasons or self.replies or self.openings)


def erase(
    session: Session, edition: str, organisation: str, indicator: str | None, reason: str, *, now: datetime
) -> ErasureCounts:
    """Erase the personal data of an assessment, or of its answer to an indicator, and record it in the ledger.

    The erased data are documents and notes, reasons of verdicts, replies with their documents, and the openings of
    ledger entries about them (the stored texts behind the digests in the ledger). If `indicator` is None, the documents
    of the profile, explanations of warnings, the text of the overall review and reasons of transitions are erased too.
    Verdicts, levels and scores stay. `reason` is public. If there is nothing to erase, nothing is recorded either.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownIndicator: The methodology has no such indicator.
    """
    record = editions.find(session, edition)
    # The edition is locked first, as by whoever publishes it: so no document is made of what is being erased.
    editions.lock(session, record)
    assessment = assessments.lock_assessment(session, record.id, organisation)
    known = {found.id for found in walk_indicators(load_methodology(assessment.methodology).document.root)}
    if indicator is not None and indicator not in known:
        raise UnknownIndicator(indicator)
    path = format_subject(record.id, assessment.organisation)
    paths = [path] if indicator is None else [f"{path}/{part}/{indicator}" for part in ("verdicts", "replies")]
    one = (session, record.id, assessment.organisation, indicator)
    counts = ErasureCounts(
        rows=assessments.count_erasable(session, assessment, indicator),
        reasons=reviews.count_reasons(*one),
        replies=replies.count_erasable(*one),
        openings=ledger.count_openings(session, paths, ACTION),
    )
    if counts.is_empty:
        return counts
    access.delete_responses_about(session, path)
    ledger.erase_openings(session, paths, ACTION)
    event = ledger.Event(
        action=ACTION,
        actor=None,
        subject=path,
        public=False,
        owner=assessment.organisation,
        details={"edition": record.id, "indicator": indicator, "reason": reason},
    )
    # Before what it erases: triggers let nothing of a published edition be erased without it.
    entry = ledger.append_entry(session, event, now=now)
    assessments.record_erasure(session, Erasure(record.id, assessment.organisation, entry.seq, indicator, now))
    assessments.erase_support(session, assessment, indicator)
    reviews.erase_reasons(*one)
    replies.erase_replies(*one)
    if record.state != "published":
        # Whoever is preparing its documents, or has read it to change it, has what was erased.
        assessments.renew_version(session, assessment, now=now)
    return counts


def format_subject(edition: str, organisation: str) -> str:
    """Return the subject of the ledger entries about erasures of an assessment: its path."""
    return f"/v1/editions/{edition}/assessments/{organisation}"
