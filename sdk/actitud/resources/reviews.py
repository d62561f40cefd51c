"""Reviews: verdicts of assessors, overall reviews, inter-rater agreement, samples and flags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import (
    AsyncBound,
    Bound,
    Call,
    Fetched,
    build_compute,
    build_create,
    build_delete,
    build_get,
    build_replace,
    fetch,
    fetch_nothing,
    fetch_page,
)
from actitud._config import Core
from actitud.bodies import Profile
from actitud.models import (
    Agreement,
    AnswerVerdicts,
    Fact,
    Flag,
    FlaggingResult,
    FlagKind,
    Listing,
    Review,
    Sample,
    Verdict,
)


def list_verdicts(
    core: Core,
    edition: str,
    organisation: str,
    *,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[AnswerVerdicts]]:
    """List the verdicts on each answer of an assessment, in the order of the methodology's indicators.

    Answers without a verdict are listed too. ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to
    skip. ``total``: count the items of all pages, for ``Page.total``. Iterating over the result fetches all pages.
    Raises ``NotFound`` if there is no assessment.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    request = build_get(core, "editions", edition, "assessments", organisation, "verdicts", query=query)
    return fetch_page(core, request, Listing[AnswerVerdicts])


def get_verdict(core: Core, edition: str, organisation: str, indicator: str) -> Call[AnswerVerdicts]:
    """Fetch the verdicts on the answer to one indicator. Pass the ``etag`` as ``if_match`` of a new verdict.

    Raises ``NotFound`` if the assessment or the indicator does not exist.
    """
    return fetch(
        core, build_get(core, "editions", edition, "assessments", organisation, "verdicts", indicator), AnswerVerdicts
    )


def put_verdict(
    core: Core,
    edition: str,
    organisation: str,
    indicator: str,
    *,
    verdict: Verdict,
    if_match: str | None,
    reason: str | None = None,
    level: int | None = None,
    rule: str | None = None,
    hearing_until: date | None = None,
) -> Call[AnswerVerdicts]:
    """Record your verdict on the answer to an indicator, which replaces your earlier one and changes the score at once.

    - ``verdict``: ``accepted``, ``rejected``, ``insufficient``, ``stale`` or ``capped``.
    - ``reason``: the reason of your verdict; it is published, and may be ``None`` only for ``accepted``.
    - ``level``: only for ``capped``, the highest level that the evidence supports, below the submitted level.
    - ``rule``: id of the rule, checked by people, that the answer breaks, ``None`` if it breaks none.
    - ``if_match``: the ``etag`` that ``get`` returned with the verdicts of all assessors on this answer.
    - ``hearing_until``: a new last day of the hearing, which a harsher verdict needs if the organisation has no whole
      day left to reply; ``None`` keeps the present last day.

    Raises ``Conflict`` if the assessment is neither under review nor in its hearing, if the methodology does not allow
    this verdict on the answer, or if it is harsher and the organisation could not reply to it (rule ``harsher``);
    ``PreconditionFailed`` if another assessor gave a verdict or the answer changed since the verdicts were read. Raises
    ``ValueError`` if ``if_match`` is ``None``.
    """
    members = {
        "verdict": verdict,
        "reason": reason,
        "level": level,
        "rule": rule,
        "hearing_until": hearing_until,
    }
    body = {name: value for name, value in members.items() if value is not None}
    segments = ("editions", edition, "assessments", organisation, "verdicts", indicator)
    return fetch(core, build_replace(core, *segments, body=body, if_match=if_match), AnswerVerdicts)


def delete_verdict(core: Core, edition: str, organisation: str, indicator: str, *, if_match: str | None) -> Call[None]:
    """Withdraw your verdict on an answer. The list of verdicts still shows the verdict, as withdrawn.

    ``if_match``: the ``etag`` that ``get`` returned with the verdicts of all assessors on this answer.

    Raises ``NotFound`` if you have no verdict on the present answer; ``Conflict`` if the assessment is neither under
    review nor in its hearing, or if a harsher verdict of another assessor would then count and the organisation could
    not reply to that; ``PreconditionFailed`` if another assessor gave a verdict or the answer changed since the
    verdicts were read. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    segments = ("editions", edition, "assessments", organisation, "verdicts", indicator, "own")
    return fetch_nothing(core, build_delete(core, *segments, if_match=if_match))


def get_review(core: Core, edition: str, organisation: str) -> Call[Review]:
    """Fetch the overall review of an assessment. Its members are ``None`` or empty until a reviewer writes it.

    Raises ``NotFound`` if there is no assessment.
    """
    return fetch(core, build_get(core, "editions", edition, "assessments", organisation, "review"), Review)


def put_review(
    core: Core,
    edition: str,
    organisation: str,
    *,
    reason: str,
    if_match: str | None,
    max_level: int | None = None,
    profile: Profile | None = None,
    answers: Mapping[str, Mapping[str, Fact]] | None = None,
    methodology: str = "2027.1",
    hearing_until: date | None = None,
) -> Call[Review]:
    """Write the overall review of an assessment, which replaces the earlier one and changes the score at once.

    - ``max_level``: the highest level that the assessment may reach, ``None`` for any.
    - ``profile`` and ``answers``: the facts that the methodology lets reviewers set; a missing fact takes the
      methodology's default.
    - ``reason``: the text of the review; it is published.
    - ``if_match``: the ``etag`` of the review.
    - ``methodology``: the version of the edition, which the facts must follow.
    - ``hearing_until``: a new last day of the hearing, which a harsher review needs if the organisation has no whole
      day left to reply; ``None`` keeps the present last day.

    Raises ``Conflict`` if the assessment is neither under review nor in its hearing, or if the review is harsher and
    the organisation could not reply to it (rule ``harsher``); ``PreconditionFailed`` if the review was changed since it
    was read; ``InvalidRequest`` with every invalid field if the facts do not fit the methodology. Raises ``ValueError``
    if ``if_match`` is ``None``.
    """
    body: dict[str, object] = {"methodology": methodology, "reason": reason, "max_level": max_level}
    optional = {"profile": profile, "answers": answers, "hearing_until": hearing_until}
    body |= {name: value for name, value in optional.items() if value is not None}
    segments = ("editions", edition, "assessments", organisation, "review")
    return fetch(core, build_replace(core, *segments, body=body, if_match=if_match), Review)


def list_assessment_flags(
    core: Core,
    edition: str,
    organisation: str,
    *,
    kind: FlagKind | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
    lang: str | None = None,
) -> Call[Fetched[Flag]]:
    """List the flags of an assessment from the last search: unusual figures that assessors should examine.

    - ``kind``: list only flags of this kind, such as ``outlier``.
    - ``lang``: language of the sentences.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages. Raises ``NotFound`` if there is no assessment.
    """
    query = {"kind": kind, "limit": limit, "offset": offset, "total": total or None}
    request = build_get(core, "editions", edition, "assessments", organisation, "flags", query=query, lang=lang)
    return fetch_page(core, request, Listing[Flag])


def list_flags(
    core: Core,
    edition: str,
    *,
    kind: FlagKind | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
    lang: str | None = None,
) -> Call[Fetched[Flag]]:
    """List the flags of an edition from the last search, by organisation: unusual figures for assessors to examine.

    - ``kind``: list only flags of this kind, such as ``outlier``.
    - ``lang``: language of the sentences.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages. Raises ``NotFound`` if the edition does not exist.
    """
    query = {"kind": kind, "limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "editions", edition, "flags", query=query, lang=lang), Listing[Flag])


def create_flags(core: Core, edition: str) -> Call[FlaggingResult]:
    """Search the assessments of an edition for unusual figures, and replace the flags of the edition by those found.

    Flags change no score. Raises ``NotFound`` if the edition does not exist.
    """
    return fetch(
        core, build_compute(core, "editions", edition, "flags", query={}, body=None, lang=None), FlaggingResult
    )


def get_agreement(core: Core, edition: str) -> Call[Agreement]:
    """Fetch the inter-rater agreement of an edition, computed from each assessor's first verdicts.

    Raises ``NotFound`` if the edition does not exist.
    """
    return fetch(core, build_get(core, "editions", edition, "agreement"), Agreement)


def list_samples(
    core: Core, edition: str, *, limit: int | None = None, offset: int | None = None, total: bool = False
) -> Call[Fetched[Sample]]:
    """List the random sample of an edition for review: one item, or none if no sample was drawn yet.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``. Raises ``NotFound`` if the edition does not exist.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "editions", edition, "samples", query=query), Listing[Sample])


def create_sample(
    core: Core,
    edition: str,
    *,
    share: float = 0.2,
    seed: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Sample]:
    """Draw a random sample of an edition's assessments for review. An edition has one sample, which cannot be changed.

    ``share``: share of the assessments to draw, above 0 and at most 1. ``seed``: text that determines the sample, such
    as a number drawn in public; by default the service generates a random seed. ``idempotency_key``: a name of your
    choice for this call, so that the service acts once even if your program sends the call again; by default each call
    gets its own. Raises ``Conflict`` if the edition has a sample.
    """
    body: Mapping[str, object] = {"share": share, "seed": seed}
    request = build_create(core, "editions", edition, "samples", body=body, idempotency_key=idempotency_key)
    return fetch(core, request, Sample)


class Verdicts(Bound):
    """Operations on verdicts on answers, such as ``client.editions.assessments.verdicts.list``."""

    list: Final = bind_blocking_list(list_verdicts)
    get: Final = bind_blocking(get_verdict)
    put: Final = bind_blocking(put_verdict)
    delete: Final = bind_blocking(delete_verdict)


class AsyncVerdicts(AsyncBound):
    """Awaitable operations on verdicts on answers, such as ``async_client.editions.assessments.verdicts.list``."""

    list: Final = bind_awaitable_list(list_verdicts)
    get: Final = bind_awaitable(get_verdict)
    put: Final = bind_awaitable(put_verdict)
    delete: Final = bind_awaitable(delete_verdict)


class OverallReview(Bound):
    """Operations on the overall review of an assessment, such as ``client.editions.assessments.review.get``."""

    get: Final = bind_blocking(get_review)
    put: Final = bind_blocking(put_review)


class AsyncOverallReview(AsyncBound):
    """Awaitable operations on the overall review of an assessment.

    One of them is ``async_client.editions.assessments.review.get``.
    """

    get: Final = bind_awaitable(get_review)
    put: Final = bind_awaitable(put_review)


class AssessmentFlags(Bound):
    """Operations on the flags of an assessment: ``client.editions.assessments.flags.list``."""

    list: Final = bind_blocking_list(list_assessment_flags)


class AsyncAssessmentFlags(AsyncBound):
    """Awaitable operations on the flags of an assessment: ``async_client.editions.assessments.flags.list``."""

    list: Final = bind_awaitable_list(list_assessment_flags)


class EditionFlags(Bound):
    """Operations on the flags of an edition, such as ``client.editions.flags.list``."""

    list: Final = bind_blocking_list(list_flags)
    create: Final = bind_blocking(create_flags)


class AsyncEditionFlags(AsyncBound):
    """Awaitable operations on the flags of an edition, such as ``async_client.editions.flags.list``."""

    list: Final = bind_awaitable_list(list_flags)
    create: Final = bind_awaitable(create_flags)


class EditionAgreement(Bound):
    """Operations on inter-rater agreement: ``client.editions.agreement.get``."""

    get: Final = bind_blocking(get_agreement)


class AsyncEditionAgreement(AsyncBound):
    """Awaitable operations on inter-rater agreement: ``async_client.editions.agreement.get``."""

    get: Final = bind_awaitable(get_agreement)


class EditionSamples(Bound):
    """Operations that draw and read the random sample to review, such as ``client.editions.samples.list``."""

    list: Final = bind_blocking_list(list_samples)
    create: Final = bind_blocking(create_sample)


class AsyncEditionSamples(AsyncBound):
    """Awaitable operations that draw and read the random sample to review.

    One of them is ``async_client.editions.samples.list``.
    """

    list: Final = bind_awaitable_list(list_samples)
    create: Final = bind_awaitable(create_sample)
