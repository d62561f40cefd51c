"""Assessments: the facts and evidence of organisations in an edition, from draft to final."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

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
from actitud.bodies import Profile
from actitud.errors import NotFound
from actitud.models import (
    AnswerSource,
    Assessment,
    AssessmentAnswers,
    AssessmentLine,
    AssessmentState,
    EvidenceLike,
    Listing,
    Phase,
    SourceLike,
    Submission,
    SubmissionLine,
    Transition,
)
from actitud.resources.replies import AsyncReplies, Replies
from actitud.resources.reviews import (
    AssessmentFlags,
    AsyncAssessmentFlags,
    AsyncOverallReview,
    AsyncVerdicts,
    OverallReview,
    Verdicts,
)


def list_assessments(
    core: Core,
    edition: str,
    *,
    state: AssessmentState | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[AssessmentLine]]:
    """List the assessments of an edition, ordered by organisation.

    A key of an organisation sees only the assessments of its organisations; keys with other roles see all.

    - ``state``: list only assessments in this state.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.

    Raises ``NotFound`` if the edition does not exist.
    """
    query = {"state": state, "limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "editions", edition, "assessments", query=query), Listing[AssessmentLine])


def get_assessment(core: Core, edition: str, organisation: str, *, lang: str | None = None) -> Call[Assessment]:
    """Fetch the assessment of an organisation in an edition. ``lang``: language of the findings.

    Raises ``NotFound`` if the organisation has no assessment in the edition.
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
    profile_sources: Mapping[str, SourceLike | None] | UnsetType = UNSET,
    methodology: str = "2027.1",
    if_match: str | None = None,
    lang: str | None = None,
) -> Call[Assessment]:
    """Create the assessment of an organisation, or replace a draft or a returned assessment completely.

    The edition must be open.

    - ``profile``: every field that the organisation sets.
    - ``answers``: facts by indicator id, each with its ``evidence`` (a list of :class:`actitud.Evidence`), its ``note``
      and its ``source`` (an :class:`actitud.AnswerSource`) if it has them; a missing indicator is unknown. An answer
      without accepted evidence is self-declared and scores less.
    - ``profile_evidence``: evidence by profile field, by default none.
    - ``profile_sources``: sources by profile field, by default none.
    - ``methodology``: the version of the edition, which the facts must follow.
    - ``lang``: language of the findings.
    - ``if_match``: the ``etag`` of the assessment to replace, ``None`` to create one.

    Contradictory answers are stored and listed in ``findings``. Raises ``PreconditionFailed`` if the assessment was
    changed since it was read, or already exists; ``Conflict`` if it is neither a draft nor returned, the last day to
    change it is over, or the edition takes no changes; ``InvalidRequest`` with every invalid field if the facts do not
    fit the methodology.
    """
    body: dict[str, object] = {"methodology": methodology, "profile": profile, "answers": answers}
    if profile_evidence is not UNSET:
        body["profile_evidence"] = profile_evidence
    if profile_sources is not UNSET:
        body["profile_sources"] = profile_sources
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
    profile_sources: Mapping[str, SourceLike | None] | UnsetType = UNSET,
    methodology: str = "2027.1",
    lang: str | None = None,
) -> Call[Assessment]:
    """Change some facts of a draft or of a returned assessment and keep the others.

    - ``if_match``: the ``etag`` of the assessment.
    - ``answers``: each answer replaces all facts of its indicator. The evidence and the note of the indicator are kept
      unless they are sent too; its source is kept if the facts are equal. ``None`` withdraws the answer.
    - ``profile``: the fields to change.
    - ``profile_evidence`` and ``profile_sources``: the evidence and the sources to change, by profile field; ``None``
      removes them.
    - ``methodology``: the version of the edition, which the facts must follow.
    - ``lang``: language of the findings.

    Raises ``PreconditionFailed`` if the assessment was changed since it was read; ``Conflict`` if it is neither a draft
    nor returned, the last day to change it is over, or the edition takes no changes; ``InvalidRequest`` with every
    invalid field if the facts do not fit the methodology; ``NotFound`` if there is no assessment. Raises ``ValueError``
    if ``if_match`` is ``None``.
    """
    body = {
        "methodology": methodology,
        "profile": profile,
        "answers": answers,
        "profile_evidence": profile_evidence,
        "profile_sources": profile_sources,
    }
    request = build_patch(
        core, "editions", edition, "assessments", organisation, body=body, if_match=if_match, lang=lang
    )
    return fetch(core, request, Assessment)


def begin_assessment(
    core: Core,
    edition: str,
    organisation: str,
    *,
    counted: Mapping[str, Any] | None = None,
    previous: str | None = None,
    lang: str | None = None,
) -> Call[Assessment]:
    """Fill the unanswered parts of a draft, or create a draft, from a count and from an earlier edition.

    Existing answers are not changed.

    - ``counted``: content of the file ``answers.json`` that ``python -m actitud count`` wrote; it has priority.
    - ``previous``: id of an earlier edition, whose answers fill the parts without a counted answer. Each of them
      names that edition as its source and loses its evidence, because it is from another year.
    - ``lang``: language of the findings.

    Raises ``ValueError`` if neither ``counted`` nor ``previous`` is passed, or if their methodology versions differ
    from each other or from the draft; ``NotFound`` if the earlier edition has no assessment of the organisation; and
    the exceptions of ``put`` and ``update``.
    """
    proposals = [counted] if counted is not None else []
    if previous is not None:
        earlier = yield from get_assessment(core, previous, organisation)
        proposals.append(_take_over(earlier))
    if not proposals:
        raise ValueError("counted, or previous, has to be given")
    methodology = str(proposals[0].get("methodology"))
    try:
        draft = yield from get_assessment(core, edition, organisation)
    except NotFound:
        draft = None
    of = {str(proposal.get("methodology")) for proposal in proposals} | ({draft.methodology} if draft else set())
    if len(of) > 1:
        raise ValueError(f"answers of one methodology do not carry over to another: {', '.join(sorted(of))}")
    known: dict[str, set[str]] = {"profile": set(), "answers": set()}
    if draft is not None:
        known["profile"] = {name for name, value in draft.profile.items() if value is not None}
        known["answers"] = set(draft.answers)
    profile: Any = {}
    answers: dict[str, Any] = {}
    documents: dict[str, Any] = {}
    sources: dict[str, Any] = {}
    for proposal in proposals:
        for name, value in proposal.get("profile", {}).items():
            if value is not None and name not in known["profile"] and name not in profile:
                profile[name] = value
                for filled, part in ((documents, "profile_evidence"), (sources, "profile_sources")):
                    if name in proposal.get(part, {}):
                        filled[name] = proposal[part][name]
        for name, answer in proposal.get("answers", {}).items():
            if answer is not None and name not in known["answers"]:
                answers.setdefault(name, answer)
    changes: dict[str, Any] = {
        "profile": profile,
        "answers": answers,
        "profile_evidence": documents,
        "profile_sources": sources,
        "methodology": methodology,
        "lang": lang,
    }
    if draft is None:
        return (yield from put_assessment(core, edition, organisation, **changes))
    return (yield from update_assessment(core, edition, organisation, if_match=draft.etag, **changes))


def _take_over(earlier: Assessment) -> dict[str, Any]:
    """Return the answers of an assessment as proposals for another edition."""
    source = AnswerSource(kind="previous_edition", edition=earlier.edition)
    return {
        "methodology": earlier.methodology,
        "profile": earlier.profile,
        "profile_sources": dict.fromkeys(earlier.profile, source),
        "answers": {
            indicator: {
                **{name: value for name, value in answer.items() if name not in ("evidence", "note", "source")},
                "source": source,
            }
            for indicator, answer in earlier.answers.items()
        },
    }


def delete_assessment(core: Core, edition: str, organisation: str, *, if_match: str | None) -> Call[None]:
    """Delete a draft. ``if_match`` is the ``etag`` of the draft.

    Raises ``PreconditionFailed`` if the draft was changed since it was read, and ``Conflict`` if it was ever
    submitted or the edition is not open. Raises ``ValueError`` if ``if_match`` is ``None``.
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
    """Submit a draft or a returned assessment, which cannot be changed afterwards unless a reviewer returns it.

    - ``if_match``: the ``etag`` of the assessment.
    - ``explanations``: by rule id, the reason why an answer that causes a warning is correct.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.
    - ``lang``: language of the findings.

    Raises ``Conflict`` if the assessment has findings of severity ``error`` (all are in ``errors``) or the deadline has
    passed (rule ``deadline``), and ``PreconditionFailed`` if the assessment was changed since it was read. Raises
    ``ValueError`` if ``if_match`` is ``None``.
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
    total: bool = False,
    lang: str | None = None,
) -> Call[Fetched[SubmissionLine]]:
    """List the submissions of an assessment, oldest first.

    - ``lang``: language of the findings.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.

    Raises ``NotFound`` if there is no assessment.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    request = build_get(core, "editions", edition, "assessments", organisation, "submissions", query=query, lang=lang)
    return fetch_page(core, request, Listing[SubmissionLine])


def get_submission(
    core: Core, edition: str, organisation: str, submission: str, *, lang: str | None = None
) -> Call[Submission]:
    """Fetch a complete submission by its id within the assessment; ``"1"`` is the first submission.

    Raises ``NotFound`` if there is no submission with that id.
    """
    request = build_get(core, "editions", edition, "assessments", organisation, "submissions", submission, lang=lang)
    return fetch(core, request, Submission)


def create_review(
    core: Core, edition: str, organisation: str, *, if_match: str | None, idempotency_key: str | None = None
) -> Call[Transition]:
    """Begin the review of a submitted assessment: move it from ``submitted`` to ``under_review``.

    ``if_match``: the ``etag`` of the assessment. ``idempotency_key``: a name of your choice for this call, so that
    the service acts once even if your program sends the call again; by default each call gets its own.

    Raises ``Conflict`` if the assessment is in another state (rule ``state``; ``allowed`` lists the possible next
    states), and ``PreconditionFailed`` if the assessment was changed since it was read. Raises ``ValueError`` if
    ``if_match`` is ``None``.
    """
    return _create_transition(core, edition, organisation, "reviews", {}, idempotency_key, if_match)


def create_hearing(
    core: Core, edition: str, organisation: str, *, if_match: str | None, idempotency_key: str | None = None
) -> Call[Transition]:
    """End the review and open the hearing: move the assessment from ``under_review`` to ``hearing``.

    ``if_match``: the ``etag`` of the assessment. ``idempotency_key``: a name of your choice for this call, so that
    the service acts once even if your program sends the call again; by default each call gets its own.

    Raises ``Conflict`` if the assessment is in another state (rule ``state``; ``allowed`` lists the possible next
    states), or the last day of the review or of the hearing has passed (rule ``deadline``); ``PreconditionFailed``
    if the assessment was changed since it was read. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    return _create_transition(core, edition, organisation, "hearings", {}, idempotency_key, if_match)


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
    """Return a submitted assessment to its organisation, which can change and submit it again.

    - ``reason``: reason of the return, 1 to 1,000 characters.
    - ``until``: the last day on which the organisation can submit.
    - ``if_match``: the ``etag`` of the assessment.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.

    Raises ``Conflict`` if the assessment is in another state (rule ``state``; ``allowed`` lists the possible next
    states), or ``until`` is in the past (rule ``past``) or after the last day of the edition (rule ``publication``);
    ``PreconditionFailed`` if the assessment was changed since it was read. Raises ``ValueError`` if ``if_match`` is
    ``None``.
    """
    body = {"reason": reason, "until": until}
    return _create_transition(core, edition, organisation, "returns", body, idempotency_key, if_match)


def create_final(
    core: Core, edition: str, organisation: str, *, if_match: str | None, idempotency_key: str | None = None
) -> Call[Transition]:
    """Close the hearing and make the assessment final: move it from ``hearing`` to ``final``.

    ``if_match``: the ``etag`` of the assessment. ``idempotency_key``: a name of your choice for this call, so that
    the service acts once even if your program sends the call again; by default each call gets its own.

    Raises ``Conflict`` if the assessment is in another state (rule ``state``; ``allowed`` lists the possible next
    states), or the hearing is not over yet (rule ``deadline``); ``PreconditionFailed`` if the assessment was
    changed since it was read. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    return _create_transition(core, edition, organisation, "finals", {}, idempotency_key, if_match)


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
    """Extend a phase for one organisation. The state of its assessment does not change.

    - ``phase``: ``submission``, ``review`` or ``hearing``.
    - ``until``: the new last day.
    - ``reason``: reason of the extension, 1 to 1,000 characters.
    - ``if_match``: the ``etag`` of the assessment.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.

    Raises ``Conflict`` if the assessment is in another state (rule ``state``; ``allowed`` lists the possible next
    states), or ``until`` is in the past (rule ``past``), not after the regular last day (rule ``extension``) or after
    the last day of the edition (rule ``publication``); ``PreconditionFailed`` if the assessment was changed since it
    was read. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    body = {"phase": phase, "until": until, "reason": reason}
    return _create_transition(core, edition, organisation, "extensions", body, idempotency_key, if_match)


def list_transitions(
    core: Core,
    edition: str,
    organisation: str,
    *,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[Transition]]:
    """List the history of an assessment, oldest first: its changes of state and the extensions of its phases.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``. Iterating over the result fetches all pages. Raises ``NotFound`` if there is no
    assessment.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    request = build_get(core, "editions", edition, "assessments", organisation, "transitions", query=query)
    return fetch_page(core, request, Listing[Transition])


def get_transition(core: Core, edition: str, organisation: str, transition: str) -> Call[Transition]:
    """Fetch one transition of an assessment by its id; ``"1"`` is the first transition.

    Raises ``NotFound`` if there is no transition with that id.
    """
    request = build_get(core, "editions", edition, "assessments", organisation, "transitions", transition)
    return fetch(core, request, Transition)


def _create_transition(
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
    """Operations on submissions of an assessment, such as ``client.editions.assessments.submissions.create``."""

    create: Final = bind_blocking(create_submission)
    list: Final = bind_blocking_list(list_submissions)
    get: Final = bind_blocking(get_submission)


class AsyncSubmissions(AsyncBound):
    """Awaitable operations on submissions of an assessment.

    One of them is ``async_client.editions.assessments.submissions.create``.
    """

    create: Final = bind_awaitable(create_submission)
    list: Final = bind_awaitable_list(list_submissions)
    get: Final = bind_awaitable(get_submission)


class Reviews(Bound):
    """Operations that begin the review of an assessment: ``client.editions.assessments.reviews.create``."""

    create: Final = bind_blocking(create_review)


class AsyncReviews(AsyncBound):
    """Awaitable operations that begin the review of an assessment.

    Its operation is ``async_client.editions.assessments.reviews.create``.
    """

    create: Final = bind_awaitable(create_review)


class Hearings(Bound):
    """Operations that open the hearing of an assessment: ``client.editions.assessments.hearings.create``."""

    create: Final = bind_blocking(create_hearing)


class AsyncHearings(AsyncBound):
    """Awaitable operations that open the hearing of an assessment.

    Its operation is ``async_client.editions.assessments.hearings.create``.
    """

    create: Final = bind_awaitable(create_hearing)


class Returns(Bound):
    """Operations that send an assessment back to its organisation: ``client.editions.assessments.returns.create``."""

    create: Final = bind_blocking(create_return)


class AsyncReturns(AsyncBound):
    """Awaitable operations that send an assessment back to its organisation.

    Its operation is ``async_client.editions.assessments.returns.create``.
    """

    create: Final = bind_awaitable(create_return)


class Finals(Bound):
    """Operations that make an assessment final: ``client.editions.assessments.finals.create``."""

    create: Final = bind_blocking(create_final)


class AsyncFinals(AsyncBound):
    """Awaitable operations that make an assessment final: ``async_client.editions.assessments.finals.create``."""

    create: Final = bind_awaitable(create_final)


class Extensions(Bound):
    """Operations that extend a phase for one organisation: ``client.editions.assessments.extensions.create``."""

    create: Final = bind_blocking(create_extension)


class AsyncExtensions(AsyncBound):
    """Awaitable operations that extend a phase for one organisation.

    Its operation is ``async_client.editions.assessments.extensions.create``.
    """

    create: Final = bind_awaitable(create_extension)


class Transitions(Bound):
    """Operations on the history of an assessment, such as ``client.editions.assessments.transitions.list``."""

    list: Final = bind_blocking_list(list_transitions)
    get: Final = bind_blocking(get_transition)


class AsyncTransitions(AsyncBound):
    """Awaitable operations on the history of an assessment.

    One of them is ``async_client.editions.assessments.transitions.list``.
    """

    list: Final = bind_awaitable_list(list_transitions)
    get: Final = bind_awaitable(get_transition)


class Assessments(Bound):
    """Operations on assessments, such as ``client.editions.assessments.list``."""

    list: Final = bind_blocking_list(list_assessments)
    get: Final = bind_blocking(get_assessment)
    put: Final = bind_blocking(put_assessment)
    begin: Final = bind_blocking(begin_assessment)
    update: Final = bind_blocking(update_assessment)
    delete: Final = bind_blocking(delete_assessment)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.verdicts: Final = Verdicts(core, transport)
        self.replies: Final = Replies(core, transport)
        self.review: Final = OverallReview(core, transport)
        self.flags: Final = AssessmentFlags(core, transport)
        self.submissions: Final = Submissions(core, transport)
        self.reviews: Final = Reviews(core, transport)
        self.hearings: Final = Hearings(core, transport)
        self.returns: Final = Returns(core, transport)
        self.finals: Final = Finals(core, transport)
        self.extensions: Final = Extensions(core, transport)
        self.transitions: Final = Transitions(core, transport)


class AsyncAssessments(AsyncBound):
    """Awaitable operations on assessments, such as ``async_client.editions.assessments.list``."""

    list: Final = bind_awaitable_list(list_assessments)
    get: Final = bind_awaitable(get_assessment)
    put: Final = bind_awaitable(put_assessment)
    begin: Final = bind_awaitable(begin_assessment)
    update: Final = bind_awaitable(update_assessment)
    delete: Final = bind_awaitable(delete_assessment)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.verdicts: Final = AsyncVerdicts(core, transport)
        self.replies: Final = AsyncReplies(core, transport)
        self.review: Final = AsyncOverallReview(core, transport)
        self.flags: Final = AsyncAssessmentFlags(core, transport)
        self.submissions: Final = AsyncSubmissions(core, transport)
        self.reviews: Final = AsyncReviews(core, transport)
        self.hearings: Final = AsyncHearings(core, transport)
        self.returns: Final = AsyncReturns(core, transport)
        self.finals: Final = AsyncFinals(core, transport)
        self.extensions: Final = AsyncExtensions(core, transport)
        self.transitions: Final = AsyncTransitions(core, transport)
