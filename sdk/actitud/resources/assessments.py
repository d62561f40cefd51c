"""Assessments: facts and evidence of organisations in an edition, from draft to final."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import UNSET, UnsetType

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    Transport,
    build_create,
    build_delete,
    build_get,
    build_patch,
    build_put,
    fetch,
    fetch_nothing,
    fetch_page,
)
from actitud._config import Core
from actitud.models import (
    Assessment,
    AssessmentAnswers,
    AssessmentLine,
    AssessmentState,
    EvidenceLike,
    Listing,
    Phase,
    Profile,
    Submission,
    SubmissionLine,
    Transition,
)
from actitud.resources.replies import AsyncReplies, Replies
from actitud.resources.reviews import (
    AsyncFlagsOfAssessment,
    AsyncVerdicts,
    AsyncWholeReview,
    FlagsOfAssessment,
    Verdicts,
    WholeReview,
)


def list_assessments(
    core: Core,
    edition: str,
    *,
    state: AssessmentState | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Call[Fetched[AssessmentLine]]:
    """List the assessments of an edition by organisation: an organisation sees its own, an administrator all.

    ``state``: only those in that state. ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over
    all pages. ``offset``: items to skip. Raises ``NotFound`` on an unknown edition.
    """
    query = {"state": state, "limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "editions", edition, "assessments", query=query), Listing[AssessmentLine])


def get_assessment(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[Assessment]:
    """Fetch the assessment of an organisation in an edition; ``lang`` is the language of its findings.

    Raises ``NotFound`` where there is none.
    """
    return fetch(core, build_get(core, "editions", edition, "assessments", organisation, lang=lang), Assessment)


def put_assessment(
    core: Core,
    edition: str,
    organisation: str,
    *,
    profile: Profile,
    answers: AssessmentAnswers,
    profile_evidence: Mapping[str, Sequence[EvidenceLike] | None] | UnsetType = UNSET,
    methodology: str = "2026.1",
    if_match: str | None = None,
    lang: str | None = None,
) -> Call[Assessment]:
    """Make the assessment of an organisation in an open edition, or replace as a whole its draft or what was returned.

    ``profile``: every field that the organisation sets. ``answers``: facts by indicator id, each with its ``evidence``,
    a list of :class:`actitud.Evidence`, and its ``note``, if it has them; what is absent is unknown. Without evidence
    that counts an answer is only declared and scores less. ``profile_evidence``: evidence by profile field.
    ``if_match``: the ``etag`` of the draft that it replaces; without it there must be none yet.

    What contradicts itself is stored, with ``findings``. Raises ``PreconditionFailed`` where there is one already, or
    somebody else has changed it since; ``Conflict`` where its state, its last day or the edition does not admit it;
    ``InvalidRequest`` with every wrong field if the facts do not fit the methodology.
    """
    body: dict[str, object] = {"methodology": methodology, "profile": profile, "answers": answers}
    if profile_evidence is not UNSET:
        body["profile_evidence"] = profile_evidence
    request = build_put(core, "editions", edition, "assessments", organisation, body=body, if_match=if_match, lang=lang)
    return fetch(core, request, Assessment)


def update_assessment(
    core: Core,
    edition: str,
    organisation: str,
    *,
    if_match: str | None,
    profile: Profile | UnsetType = UNSET,
    answers: AssessmentAnswers | UnsetType = UNSET,
    profile_evidence: Mapping[str, Sequence[EvidenceLike] | None] | UnsetType = UNSET,
    methodology: str = "2026.1",
    lang: str | None = None,
) -> Call[Assessment]:
    """Change what is given of a draft, or of what was returned, and leave the rest.

    ``if_match``: the ``etag`` of the draft as it was read. An answer is given with all its facts, its evidence and note
    stay unless they are given too, and ``None`` withdraws it. ``profile``: the fields that change. Raises as
    :func:`put_assessment`, and ``NotFound`` where there is none.
    """
    body = {
        "methodology": methodology,
        "profile": profile,
        "answers": answers,
        "profile_evidence": profile_evidence,
    }
    request = build_patch(
        core, "editions", edition, "assessments", organisation, body=body, if_match=if_match, lang=lang
    )
    return fetch(core, request, Assessment)


def delete_assessment(core: Core, edition: str, organisation: str, *, if_match: str | None) -> Call[None]:
    """Remove a draft.

    ``if_match``: the ``etag`` of the draft as it was read. Raises ``PreconditionFailed`` where somebody else has
    changed it since, and ``Conflict`` where it was submitted or the edition is not open.
    """
    return fetch_nothing(core, build_delete(core, "editions", edition, "assessments", organisation, if_match=if_match))


def create_submission(
    core: Core,
    edition: str,
    organisation: str,
    *,
    if_match: str | None,
    explanations: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
    lang: str | None = None,
) -> Call[Submission]:
    """Submit a draft, or what was returned, as it is; from then on it does not change, unless it is returned.

    ``if_match``: the ``etag`` of the draft as it was read. ``explanations``: why warnings stand, by their rule.
    ``idempotency_key``: your own name for this call, so that it acts once although your program is started again; each
    call has one of its own otherwise.

    Raises ``Conflict``, with every error finding in ``errors``, where it cannot be submitted so, or where the last day
    is over (rule ``deadline``), and ``PreconditionFailed`` where somebody else has changed it since.
    """
    request = build_create(
        core,
        "editions",
        edition,
        "assessments",
        organisation,
        "submissions",
        body={"explanations": explanations or {}},
        idempotency_key=idempotency_key,
        if_match=if_match,
        lang=lang,
    )
    return fetch(core, request, Submission)


def list_submissions(
    core: Core,
    edition: str,
    organisation: str,
    *,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Fetched[SubmissionLine]]:
    """List the submissions of an assessment, the first one first; ``lang`` is the language of their findings.

    ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to
    skip. Raises ``NotFound`` where there is no assessment.
    """
    query = {"limit": limit, "offset": offset}
    request = build_get(core, "editions", edition, "assessments", organisation, "submissions", query=query, lang=lang)
    return fetch_page(core, request, Listing[SubmissionLine])


def get_submission(
    core: Core, edition: str, organisation: str, submission: str, *, lang: str | None = None
) -> Call[Submission]:
    """Fetch a submission whole, by its id within the assessment: ``"1"`` is the first one.

    Raises ``NotFound`` where there is none.
    """
    request = build_get(core, "editions", edition, "assessments", organisation, "submissions", submission, lang=lang)
    return fetch(core, request, Submission)


def create_review(
    core: Core, edition: str, organisation: str, *, if_match: str | None, idempotency_key: str | None = None
) -> Call[Transition]:
    """Begin the review of what was submitted: from ``submitted`` to ``under_review``.

    ``if_match``: the ``etag`` of the assessment as it was read. ``idempotency_key``: as in :func:`create_submission`.

    Raises ``Conflict`` where it is in another state (rule ``state``, and ``allowed`` says which may follow), and
    ``PreconditionFailed`` where somebody else has changed it since.
    """
    return _transition(core, edition, organisation, "reviews", {}, idempotency_key, if_match)


def create_hearing(
    core: Core, edition: str, organisation: str, *, if_match: str | None, idempotency_key: str | None = None
) -> Call[Transition]:
    """End the review and hear the organisation: from ``under_review`` to ``hearing``, until the review ends.

    Parameters and errors as in :func:`create_review`; ``Conflict`` (rule ``deadline``) where a last day is over.
    """
    return _transition(core, edition, organisation, "hearings", {}, idempotency_key, if_match)


def create_return(
    core: Core,
    edition: str,
    organisation: str,
    *,
    reason: str,
    until: date,
    if_match: str | None,
    idempotency_key: str | None = None,
) -> Call[Transition]:
    """Give an assessment that was handed in back to its organisation, which may submit it again until a day.

    ``reason``: 1 to 1,000 characters. ``until``: the last day, that included. Other parameters and errors as in
    :func:`create_review`; ``Conflict`` (rule ``past`` or ``publication``) for a day that it cannot be.
    """
    body = {"reason": reason, "until": until}
    return _transition(core, edition, organisation, "returns", body, idempotency_key, if_match)


def create_final(
    core: Core, edition: str, organisation: str, *, if_match: str | None, idempotency_key: str | None = None
) -> Call[Transition]:
    """Settle an assessment for good once its hearing is over: from ``hearing`` to ``final``.

    Parameters and errors as in :func:`create_review`; ``Conflict`` (rule ``deadline``) until the hearing is over.
    """
    return _transition(core, edition, organisation, "finals", {}, idempotency_key, if_match)


def create_extension(
    core: Core,
    edition: str,
    organisation: str,
    *,
    phase: Phase,
    until: date,
    reason: str,
    if_match: str | None,
    idempotency_key: str | None = None,
) -> Call[Transition]:
    """Give one organisation until a later day for a phase; its assessment stays in its state.

    ``phase``: ``submission``, ``review`` or ``hearing``. ``until``: the last day, that included; ``reason``: 1 to 1,000
    characters. Other parameters and errors as in :func:`create_review`; ``Conflict`` (rule ``past``, ``extension`` or
    ``publication``) for a day that it cannot be.
    """
    body = {"phase": phase, "until": until, "reason": reason}
    return _transition(core, edition, organisation, "extensions", body, idempotency_key, if_match)


def list_transitions(
    core: Core, edition: str, organisation: str, *, limit: int | None = None, offset: int | None = None
) -> Call[Fetched[Transition]]:
    """List the history of an assessment, the first step first: its transitions and the extensions of its phases.

    ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to
    skip. Raises ``NotFound`` where there is no assessment.
    """
    query = {"limit": limit, "offset": offset}
    request = build_get(core, "editions", edition, "assessments", organisation, "transitions", query=query)
    return fetch_page(core, request, Listing[Transition])


def get_transition(core: Core, edition: str, organisation: str, transition: str) -> Call[Transition]:
    """Fetch a step in the history of an assessment by its id: ``"1"`` is the first one.

    Raises ``NotFound`` where there is none.
    """
    request = build_get(core, "editions", edition, "assessments", organisation, "transitions", transition)
    return fetch(core, request, Transition)


def _transition(
    core: Core,
    edition: str,
    organisation: str,
    kind: str,
    body: Mapping[str, object],
    idempotency_key: str | None,
    if_match: str | None,
) -> Call[Transition]:
    request = build_create(
        core,
        "editions",
        edition,
        "assessments",
        organisation,
        kind,
        body=body or None,
        idempotency_key=idempotency_key,
        if_match=if_match,
    )
    return fetch(core, request, Transition)


class Submissions(Bound):
    """``client.editions.assessments.submissions``."""

    create = bind_blocking(create_submission)
    list = bind_blocking_list(list_submissions)
    get = bind_blocking(get_submission)


class AsyncSubmissions(AsyncBound):
    """``async_client.editions.assessments.submissions``."""

    create = bind_awaitable(create_submission)
    list = bind_awaitable_list(list_submissions)
    get = bind_awaitable(get_submission)


class Reviews(Bound):
    """``client.editions.assessments.reviews``."""

    create = bind_blocking(create_review)


class AsyncReviews(AsyncBound):
    """``async_client.editions.assessments.reviews``."""

    create = bind_awaitable(create_review)


class Hearings(Bound):
    """``client.editions.assessments.hearings``."""

    create = bind_blocking(create_hearing)


class AsyncHearings(AsyncBound):
    """``async_client.editions.assessments.hearings``."""

    create = bind_awaitable(create_hearing)


class Returns(Bound):
    """``client.editions.assessments.returns``."""

    create = bind_blocking(create_return)


class AsyncReturns(AsyncBound):
    """``async_client.editions.assessments.returns``."""

    create = bind_awaitable(create_return)


class Finals(Bound):
    """``client.editions.assessments.finals``."""

    create = bind_blocking(create_final)


class AsyncFinals(AsyncBound):
    """``async_client.editions.assessments.finals``."""

    create = bind_awaitable(create_final)


class Extensions(Bound):
    """``client.editions.assessments.extensions``."""

    create = bind_blocking(create_extension)


class AsyncExtensions(AsyncBound):
    """``async_client.editions.assessments.extensions``."""

    create = bind_awaitable(create_extension)


class Transitions(Bound):
    """``client.editions.assessments.transitions``."""

    list = bind_blocking_list(list_transitions)
    get = bind_blocking(get_transition)


class AsyncTransitions(AsyncBound):
    """``async_client.editions.assessments.transitions``."""

    list = bind_awaitable_list(list_transitions)
    get = bind_awaitable(get_transition)


class Assessments(Bound):
    """``client.editions.assessments``."""

    list = bind_blocking_list(list_assessments)
    get = bind_blocking(get_assessment)
    put = bind_blocking(put_assessment)
    update = bind_blocking(update_assessment)
    delete = bind_blocking(delete_assessment)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.verdicts = Verdicts(core, transport)
        self.replies = Replies(core, transport)
        self.review = WholeReview(core, transport)
        self.flags = FlagsOfAssessment(core, transport)
        self.submissions = Submissions(core, transport)
        self.reviews = Reviews(core, transport)
        self.hearings = Hearings(core, transport)
        self.returns = Returns(core, transport)
        self.finals = Finals(core, transport)
        self.extensions = Extensions(core, transport)
        self.transitions = Transitions(core, transport)


class AsyncAssessments(AsyncBound):
    """``async_client.editions.assessments``."""

    list = bind_awaitable_list(list_assessments)
    get = bind_awaitable(get_assessment)
    put = bind_awaitable(put_assessment)
    update = bind_awaitable(update_assessment)
    delete = bind_awaitable(delete_assessment)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.verdicts = AsyncVerdicts(core, transport)
        self.replies = AsyncReplies(core, transport)
        self.review = AsyncWholeReview(core, transport)
        self.flags = AsyncFlagsOfAssessment(core, transport)
        self.submissions = AsyncSubmissions(core, transport)
        self.reviews = AsyncReviews(core, transport)
        self.hearings = AsyncHearings(core, transport)
        self.returns = AsyncReturns(core, transport)
        self.finals = AsyncFinals(core, transport)
        self.extensions = AsyncExtensions(core, transport)
        self.transitions = AsyncTransitions(core, transport)
