"""An edition with a reviewed assessment, made as its people make it: an answer is rejected, and there is a reply."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.replies import service as replies
from tests.support.assessing import DOMAIN, body_a, document
from tests.support.copying import fill_once
from tests.support.databases import make_key
from tests.support.editions import draft_edition
from tests.support.publishing import BIG, EDITION, publish
from tests.support.settling import anything

SUBMITTED, JUDGED, HEARD, SETTLED, PUBLISHED, LATER = (
    datetime(2027, month, day, 12, tzinfo=UTC) for month, day in ((2, 1), (4, 1), (5, 10), (6, 1), (6, 5), (6, 9))
)
PERSON: Final = "Juana"
"""Stands in every text that somebody may ask to have erased."""
_UNTIL: Final = date(2027, 4, 20)
_OF_ASSESSMENT: Final[dict[str, Any]] = {"edition": EDITION, "organisation": BIG, "expected": anything}


def fill_reviewed(database: Database) -> None:
    """An edition in review, with a final assessment of which three answers are judged.

    D1.01 is rejected, D10.07 capped and D2.05 insufficient. It was returned once, so there is a verdict on an earlier
    answer too.
    """
    draft = draft_edition(EDITION)
    assessor: dict[str, Any] = {**_OF_ASSESSMENT, "role": "assessor", "now": JUDGED}
    with database.write() as session:
        entry = organisations.OrganisationEntry(id=BIG, name="Ávila", kind="MUN", domains=(DOMAIN,))
        organisations.add(session, [entry], SUBMITTED)
        editions.add(session, editions.build_record(draft, now=SUBMITTED))
        _submit(session, f"{PERSON} lo lleva.", SUBMITTED)
        transitions.start_review(session, **assessor)
        _judge(session, "D1.01", "rejected")
        transitions.return_assessment(session, reason=f"{PERSON} lo pidió.", until=_UNTIL, **assessor)
        _submit(session, f"{PERSON} lo llevaba.", JUDGED)
        transitions.start_review(session, **assessor)
        _judge(session, "D1.01", "rejected")
        _judge(session, "D10.07", "capped", 1)
        _judge(session, "D2.05", "insufficient")
        remark = reviews.OverallOpinion(methodology="2026.1", reason=f"{PERSON} contestó a todo.", max_level=3)
        reviews.save_overall_review(session, opinion=remark, reviewer="ada", **assessor)
        reviews.open_hearing(session, **assessor)
        proof = msgspec.convert({"url": f"https://{DOMAIN}/{PERSON}.pdf", "date": "2026-03-02"}, Evidence)
        reply = replies.NewReply(text=f"{PERSON} lo firmó después.", evidence=(proof,))
        replies.save_reply(session, indicator="D1.01", new=reply, now=HEARD, **_OF_ASSESSMENT)
        transitions.finalise_assessment(session, **assessor | {"now": SETTLED})
        editions.update(session, EDITION, editions.EditionChange(state="in_review"), expected=anything, now=SETTLED)


def publish_reviewed(database: Database, folder: Path) -> PublicationRecord:
    """The same in a database that nobody has used, published."""
    return fill_once(database, folder, add_reviewed)


def add_reviewed(database: Database, folder: Path) -> PublicationRecord:
    """The same in a database that has other editions, whose key it rotates."""
    fill_reviewed(database)
    make_key(database, folder, SUBMITTED)
    return publish(database, folder, now=PUBLISHED)


def _submit(session: Session, note: str, now: datetime) -> None:
    body = body_a()
    body["answers"]["D1.01"]["note"] = note
    # After the period of the edition: a warning says so.
    body["answers"]["D1.02"]["evidence"] = [document("D1.02", when="2027-01-15")]
    request = msgspec.convert(body, assessments.REQUEST_TYPES["2026.1"].whole)
    assessments.put_assessment(session, request=request, now=now, **_OF_ASSESSMENT)
    assessments.submit_assessment(session, explanations={}, role="organisation_editor", now=now, **_OF_ASSESSMENT)


def _judge(session: Session, indicator: str, verdict: Verdict, level: int | None = None) -> None:
    opinion = reviews.Opinion(verdict=verdict, reason=f"No es lo que firma {PERSON}.", level=level)
    reviews.save_verdict(
        session, indicator=indicator, opinion=opinion, assessor="ada", role="assessor", now=JUDGED, **_OF_ASSESSMENT
    )
