"""Use cases of verdicts on many answers: the answers to be judged, and the verdicts of an assessor on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct, structs

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Session
from actitud_api.platform.storage.public_state import mark_hidden
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.lifecycle import REVIEWABLE_STATES, DeadlinePassed, InvalidTransition
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.assessments.transitions import UnknownAssessment
from actitud_api.resources.batches import queries
from actitud_api.resources.batches.queries import delete_file as delete_file
from actitud_api.resources.batches.queries import get_file as get_file
from actitud_api.resources.batches.queries import store_file as store_file
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import EditionNotOpen, UnknownEdition
from actitud_api.resources.organisations.service import IdentifierIsAlias, OrganisationFilters
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.service import AnswerReview, Judgement, Opinion

ACTION: Final = "editions.assessments.verdicts.put"
"""The action of the ledger: that of one verdict, whoever gave many."""

VerdictOutcome = Literal["done", "unchanged", "refused"]
"""What became of one verdict.

`done`: it is stored. `unchanged`: the assessor has given this very verdict before. `refused`: it is not stored.
"""

_OF_ASSESSMENT: Final = (
    UnknownEdition,
    UnknownAssessment,
    IdentifierIsAlias,
    EditionNotOpen,
    InvalidTransition,
    DeadlinePassed,
)
"""The exceptions that refuse all verdicts on an assessment."""


class JudgeableAssessment(Struct, frozen=True):
    """An assessment that may be reviewed, with the verdicts of one assessor on its answers.

    `answers` has all verdicts on each answer, by indicator, in the order of the methodology; `own` has the verdicts of
    the assessor on the current answers, by indicator.
    """

    record: AssessmentRecord
    answers: Mapping[str, AnswerReview]
    own: Mapping[str, Opinion]


class VerdictResult(Struct, frozen=True):
    """The outcome of storing one verdict; `refusal` is the reason of the outcome `refused`, else None."""

    indicator: str
    outcome: VerdictOutcome
    refusal: Exception | None = None


def list_judgeable(
    session: Session,
    edition: str,
    principal: Principal,
    *,
    filters: OrganisationFilters,
    is_sample: bool,
    after: str | None,
    limit: int,
) -> list[JudgeableAssessment]:
    """List assessments that may be reviewed, ordered by organisation id, with the verdicts of the assessor `principal`.

    `filters` keeps only organisations that match; `is_sample` True keeps only those in the random sample of the
    edition. The list begins after the organisation `after` (None: at the first) and has at most `limit` assessments.

    Raises:
        UnknownEdition: There is no such edition.
        UnknownSample: The edition has no sample.
    """
    record = editions.find(session, edition)
    among = reviews.draw_sample(session, record.id) if is_sample else None
    selection = queries.Selection(states=REVIEWABLE_STATES, among=among, filters=filters)
    names = queries.list_selected(session, record.id, selection, after=after, limit=limit)
    records = assessments.find_assessments(session, record.id, names)
    found = reviews.collect_answer_reviews(session, record.id, records)
    return [
        JudgeableAssessment(records[name], found[name], _select_own(found[name], principal.origin)) for name in names
    ]


def give_verdicts(
    session: Session,
    edition: str,
    organisation: str,
    judgements: Sequence[Judgement],
    *,
    principal: Principal,
    event: ledger.Event,
    now: datetime,
) -> list[VerdictResult]:
    """Store the verdicts of an assessor on answers of one assessment; return a result for each, in the same order.

    If the assessment as a whole may not be reviewed now, all results are `refused`. `event` is the ledger entry of the
    request. Each stored verdict gets its own ledger entry, as if it had been given alone, with the actor and the
    request of `event`.
    """
    # Nothing of a review is seen without a key.
    mark_hidden(session)
    savepoint = session.begin_nested()
    try:
        saved = reviews.save_verdicts(session, edition, organisation, judgements, assessor=principal.origin, now=now)
    except _OF_ASSESSMENT as refusal:
        savepoint.rollback()
        return [VerdictResult(judgement.indicator, "refused", refusal) for judgement in judgements]
    savepoint.commit()
    results = [
        VerdictResult(judgement.indicator, "refused", result)
        if isinstance(result, Exception)
        else VerdictResult(judgement.indicator, "unchanged" if result is None else "done")
        for judgement, result in zip(judgements, saved, strict=True)
    ]
    path = f"/v1/editions/{edition}/assessments/{organisation}/verdicts"
    entries = [
        structs.replace(event, action=ACTION, subject=f"{path}/{result.indicator}", owner=organisation)
        for result in results
        if result.outcome == "done"
    ]
    ledger.append_entries(session, entries, now=now)
    return results


def _select_own(found: Mapping[str, AnswerReview], assessor: str) -> dict[str, Opinion]:
    """Return the opinions of an assessor on the current answers, by indicator, but for those that were withdrawn."""
    return {
        indicator: Opinion(verdict=given.verdict, reason=given.reason, level=given.level, rule=given.rule)
        for indicator, review in found.items()
        for given in review.current_verdicts
        if given.assessor == assessor and given.verdict is not None
    }
