"""Use cases of batches: take a step for many assessments, each as in a request about that assessment alone.

A step that an assessment cannot take is a result, not an exception: the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, assert_never

from msgspec import Struct, structs

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import ORGANISATION_ROLES, Principal
from actitud_api.platform.storage.database import Session
from actitud_api.platform.storage.public_state import mark_hidden
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import (
    DeadlinePassed,
    HearingStillOpen,
    HearingTooShort,
    InvalidDeadline,
    InvalidTransition,
    Phase,
    TransitionRecord,
)
from actitud_api.resources.assessments.service import NotSubmittable
from actitud_api.resources.assessments.transitions import UnknownAssessment
from actitud_api.resources.batches import queries
from actitud_api.resources.batches.queries import Selection
from actitud_api.resources.batches.steps import (
    NEXT_STATE,
    ExtensionsStep,
    PlainStep,
    ReturnsStep,
    Step,
    StepName,
    list_states_before,
)
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import EditionNotOpen, UnknownEdition
from actitud_api.resources.organisations.service import IdentifierIsAlias, OrganisationFilters, UnknownOrganisation
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.service import Disagreement

ATTEMPTS: Final = 3
"""Times that a step of one assessment is tried while others change the assessment at the same moment."""

StepOutcome = Literal["done", "possible", "unchanged", "refused"]
"""What became of one assessment.

`done`: it took the step. `possible`: it would have taken the step, but nothing was to be changed. `unchanged`: it was
already as the step would have left it. `refused`: it could not take the step.
"""

REFUSALS: Final = (
    UnknownEdition,
    UnknownAssessment,
    UnknownOrganisation,
    IdentifierIsAlias,
    EditionNotOpen,
    InvalidTransition,
    DeadlinePassed,
    HearingStillOpen,
    HearingTooShort,
    InvalidDeadline,
    NotSubmittable,
    Disagreement,
)
"""The exceptions with which the use cases of one assessment refuse a step, `StaleVersion` apart."""

_ACTIONS: Final[Mapping[StepName, str]] = {
    "submissions": "editions.assessments.submissions.create",
    "reviews": "editions.assessments.reviews.create",
    "hearings": "editions.assessments.hearings.create",
    "returns": "editions.assessments.returns.create",
    "finals": "editions.assessments.finals.create",
    "extensions": "editions.assessments.extensions.create",
}
"""The actions of the ledger: those of the step of one assessment, whoever asked for many."""


class EmptySelection(Exception):
    """A batch selects no assessment. Raised by `count_selected`."""


class StepResult(Struct, frozen=True):
    """The outcome of a step for the assessment of one organisation.

    `path` is the path of the submission or transition that the step created, None if it created none. `refusal` is the
    reason of the outcome `refused`, else None.
    """

    organisation: str
    outcome: StepOutcome
    path: str | None = None
    refusal: Exception | None = None


def count_selected(session: Session, edition: str, step: Step, principal: Principal | None) -> int:
    """Count the assessments that a requested step selects; the step may still be refused for any of them.

    If the request names organisations without a filter, all of them count, whether or not they exist. `principal` is
    the caller, None on the command line; a caller who is bound to organisations selects only their assessments.

    Raises:
        UnknownEdition: There is no such edition.
        EditionNotOpen: The edition is published.
        EmptySelection: No assessment is selected.
    """
    editions.ensure_unpublished(session, edition)
    if step.organisations is not None and step.filter is None:
        return len(step.organisations)
    count = queries.count_selected(session, edition, _build_selection(step, principal))
    if not count:
        raise EmptySelection(edition)
    return count


def list_selected(
    session: Session, edition: str, step: Step, principal: Principal | None, *, after: str | None, limit: int
) -> list[str]:
    """List the ids of the organisations whose assessments a requested step selects, in ascending order.

    If the request names organisations without a filter, all of them are listed, whether or not they exist. The list
    begins after the id `after`, None begins at the first; it has at most `limit` ids. `principal` is the caller, None
    on the command line; a caller who is bound to organisations selects only their assessments.
    """
    if step.organisations is not None and step.filter is None:
        return sorted(name for name in step.organisations if after is None or name > after)[:limit]
    return queries.list_selected(session, edition, _build_selection(step, principal), after=after, limit=limit)


def take_step(
    session: Session,
    edition: str,
    step: Step,
    organisations: Sequence[str],
    *,
    principal: Principal | None,
    event: ledger.Event,
    now: datetime,
) -> list[StepResult]:
    """Apply a step to the assessments of these organisations, and return a result for each, in the same order.

    Each assessment that takes the step gets its own ledger entry, the same as for a step of one assessment, with the
    actor and the request of `event`. The ledger entries are written last and lock the ledger, so the caller must not do
    slow work afterwards in the session.

    Args:
        session: Writing session.
        edition: Id of the edition.
        step: The step, such as a return, with its parameters.
        organisations: Ids in ascending order, so that two batches lock them in the same order.
        principal: Caller; None on the command line, where the history says that an administrator took the step.
        event: Ledger entry of the request; its action is kept only if `principal` is None.
        now: Current time.
    """
    # Nothing of a draft or a review is seen without a key, nor of what is rolled back.
    mark_hidden(session)
    results = [_take_step_of(session, edition, organisation, step, principal, now) for organisation in organisations]
    entries = [
        structs.replace(
            event,
            action=event.action if principal is None else _ACTIONS[step.step],
            subject=result.path,
            owner=result.organisation,
        )
        for result in results
        if result.path is not None
    ]
    ledger.append_entries(session, entries, now=now)
    return results


def _build_selection(step: Step, principal: Principal | None) -> Selection:
    among = step.organisations
    if principal is not None and principal.role in ORGANISATION_ROLES:
        own = principal.organisations
        among = own if among is None else tuple(name for name in among if name in own)
    wanted = step.filter
    if wanted is None:
        return Selection(states=list_states_before(step), among=among, filters=OrganisationFilters())
    filters = OrganisationFilters(
        text=wanted.q or "",
        kind=wanted.kind,
        region=wanted.region,
        province=wanted.province,
        band=wanted.band,
        parent=wanted.parent,
    )
    return Selection(states=None if wanted.state is None else (wanted.state,), among=among, filters=filters)


def _take_step_of(
    session: Session, edition: str, organisation: str, step: Step, principal: Principal | None, now: datetime
) -> StepResult:
    role = "administrator" if principal is None else principal.role
    if principal is not None and not principal.can_reach("organisation", organisation):
        # As if there were none: a key must not reveal which assessments of others exist.
        return StepResult(organisation, "refused", refusal=UnknownAssessment(edition, organisation))
    refusal: Exception = StaleVersion()
    for _ in range(ATTEMPTS):
        # A refusal may come after a write, such as that of a submission whose documents are checked again.
        savepoint = session.begin_nested()
        try:
            path = _act(session, edition, organisation, step, role, now)
        except StaleVersion as error:
            # Somebody else changed the assessment after it was read here: on PostgreSQL the next try sees the change.
            savepoint.rollback()
            refusal = error
            continue
        except REFUSALS as error:
            savepoint.rollback()
            refusal = error
            if isinstance(error, InvalidTransition) and _is_as_left_by(session, edition, organisation, step):
                return StepResult(organisation, "unchanged")
            break
        if path is None:
            savepoint.rollback()
            return StepResult(organisation, "unchanged")
        if step.dry_run:
            savepoint.rollback()
            return StepResult(organisation, "possible")
        savepoint.commit()
        return StepResult(organisation, "done", path=path)
    return StepResult(organisation, "refused", refusal=refusal)


def _act(session: Session, edition: str, organisation: str, step: Step, role: str, now: datetime) -> str | None:
    """Take a step by the use case of one assessment. Return the path of what was made, None if there is no need."""
    match step:
        case PlainStep(step="submissions"):
            submission = assessments.submit_assessment(
                session, edition, organisation, {}, role=role, expected=_accept_any, now=now
            ).record
            return f"{_build_path(edition, organisation)}/submissions/{submission.number}"
        case PlainStep(step="reviews"):
            made = transitions.start_review(session, edition, organisation, role=role, expected=_accept_any, now=now)
        case PlainStep(step="hearings"):
            made = reviews.open_hearing(session, edition, organisation, role=role, expected=_accept_any, now=now)
        case ReturnsStep(reason=reason, until=until):
            made = transitions.return_assessment(
                session,
                edition,
                organisation,
                reason=reason,
                until=until,
                role=role,
                expected=_accept_any,
                now=now,
            )
        case PlainStep():
            made = transitions.finalise_assessment(
                session, edition, organisation, role=role, expected=_accept_any, now=now
            )
        case ExtensionsStep(phase=phase, until=until, reason=reason):
            # One assessment may be extended again to the same day; a repeated batch must not fill its history.
            if _is_as_left_by(session, edition, organisation, step):
                return None
            made = transitions.extend_phase(
                session,
                edition,
                organisation,
                phase=phase,
                until=until,
                reason=reason,
                role=role,
                expected=_accept_any,
                now=now,
            )
        case _:
            assert_never(step)
    return f"{_build_path(edition, organisation)}/transitions/{made.number}"


def _is_as_left_by(session: Session, edition: str, organisation: str, step: Step) -> bool:
    """Return True if an assessment is already as a step would leave it.

    For a return and an extension, the last one must have set the same day.
    """
    record = assessments.find_assessment(session, edition, organisation)
    history = transitions.load_lifecycle(session, editions.find(session, edition), record).transitions
    match step:
        case ReturnsStep(until=until):
            return record.state == "returned" and _find_last_day(history, None) == until
        case ExtensionsStep(phase=phase, until=until):
            if phase == "submission" and record.state == "returned":
                # Those from before the return no longer count.
                returned = max(at for at, made in enumerate(history) if made.phase is None and made.until is not None)
                history = history[returned:]
            return _find_last_day(history, phase) == until
        case _:
            return record.state == NEXT_STATE[step.step]


def _find_last_day(history: Sequence[TransitionRecord], phase: Phase | None) -> date | None:
    """Return the day that the last extension of a phase has set, or, for None, the last return; None without one."""
    days = [made.until for made in history if made.phase == phase and made.until is not None]
    return days[-1] if days else None


def _build_path(edition: str, organisation: str) -> str:
    return f"/v1/editions/{edition}/assessments/{organisation}"


def _accept_any(_: str | None) -> bool:
    """Return True for any stored version, as `If-Match: *` does."""
    return True
