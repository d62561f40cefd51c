"""Reviews: verdicts of assessors on answers and on whole assessments, their agreement, samples and flags."""

from __future__ import annotations

from collections.abc import Mapping

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
from actitud.models import (
    Agreement,
    Answers,
    Flag,
    Flagged,
    FlagKind,
    JudgedAnswer,
    Listing,
    Profile,
    Review,
    Sample,
    Verdict,
)


def list_verdicts(
    core: Core, edition: str, organisation: str, *, limit: int | None = None, offset: int | None = None
) -> Call[Fetched[JudgedAnswer]]:
    """List what was found of each answer of an assessment, in the order of the methodology.

    Answers on which there is no verdict yet are among them. ``limit``: items per page, 1 to 1,000, 50 unless given;
    iterating goes on over all pages. ``offset``: items to skip. Raises ``NotFound`` where there is no assessment.
    """
    query = {"limit": limit, "offset": offset}
    request = build_get(core, "editions", edition, "assessments", organisation, "verdicts", query=query)
    return fetch_page(core, request, Listing[JudgedAnswer])


def get_verdict(core: Core, edition: str, organisation: str, indicator: str) -> Call[JudgedAnswer]:
    """Fetch what was found of the answer to one indicator; its ``etag`` is what a verdict on it asks for.

    Raises ``NotFound`` where there is no assessment, or no such indicator.
    """
    return fetch(
        core, build_get(core, "editions", edition, "assessments", organisation, "verdicts", indicator), JudgedAnswer
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
) -> Call[JudgedAnswer]:
    """Give your verdict on an answer, in the place of the one that you have given; the score follows at once.

    ``reason``: why, needed unless it is ``accepted``; it is published. ``level``: with ``capped``, one of the ladder
    below the one that was sent. ``rule``: what people check that the answer breaks. ``if_match``: the ``etag`` of what
    was found of it as it was read.

    Raises ``Conflict`` where the assessment is not under review, or the methodology has no such verdict for the answer,
    and ``PreconditionFailed`` where somebody else has judged it since, or the answer has changed.
    """
    said = {"verdict": verdict, "reason": reason, "level": level, "rule": rule}
    body = {name: value for name, value in said.items() if value is not None}
    segments = ("editions", edition, "assessments", organisation, "verdicts", indicator)
    return fetch(core, build_replace(core, *segments, body=body, if_match=if_match), JudgedAnswer)


def delete_verdict(core: Core, edition: str, organisation: str, indicator: str, *, if_match: str | None) -> Call[None]:
    """Take back your verdict on an answer; that you gave it stays known.

    ``if_match``: the ``etag`` of what was found of it as it was read. Raises as :func:`put_verdict`, and ``NotFound``
    where you have given none on the answer as it is.
    """
    segments = ("editions", edition, "assessments", organisation, "verdicts", indicator)
    return fetch_nothing(core, build_delete(core, *segments, if_match=if_match))


def get_review(core: Core, edition: str, organisation: str) -> Call[Review]:
    """Fetch what is said of an assessment as a whole: nothing, until somebody has said something.

    Raises ``NotFound`` where there is no assessment.
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
    answers: Answers | None = None,
    methodology: str = "2026.1",
) -> Call[Review]:
    """Say something of an assessment as a whole, in the place of what was said before; the score follows at once.

    ``max_level``: the highest level that it may reach, ``None`` is any. ``profile`` and ``answers``: what the
    methodology leaves to the service; what is absent is as the methodology has it. ``reason`` is published.
    ``if_match``: the ``etag`` of what is said as it was read. Raises as :func:`put_verdict`.
    """
    body: dict[str, object] = {"methodology": methodology, "reason": reason, "max_level": max_level}
    body |= {name: value for name, value in {"profile": profile, "answers": answers}.items() if value is not None}
    segments = ("editions", edition, "assessments", organisation, "review")
    return fetch(core, build_replace(core, *segments, body=body, if_match=if_match), Review)


def list_flags_of_assessment(
    core: Core,
    edition: str,
    organisation: str,
    *,
    kind: FlagKind | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Fetched[Flag]]:
    """List what is remarkable of an assessment beside others, as of when it was last looked for.

    ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to
    skip. Raises ``NotFound`` where there is no assessment.
    """
    query = {"kind": kind, "limit": limit, "offset": offset}
    request = build_get(core, "editions", edition, "assessments", organisation, "flags", query=query, lang=lang)
    return fetch_page(core, request, Listing[Flag])


def list_flags(
    core: Core,
    edition: str,
    *,
    kind: FlagKind | None = None,
    limit: int | None = None,
    offset: int | None = None,
    lang: str | None = None,
) -> Call[Fetched[Flag]]:
    """List what is remarkable of the assessments of an edition beside each other, by organisation.

    ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to
    skip. Raises ``NotFound`` on an unknown edition.
    """
    query = {"kind": kind, "limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "editions", edition, "flags", query=query, lang=lang), Listing[Flag])


def create_flags(core: Core, edition: str) -> Call[Flagged]:
    """Look for what is remarkable in an edition, in the place of what was found before; it changes no score.

    Raises ``NotFound`` on an unknown edition.
    """
    return fetch(core, build_compute(core, "editions", edition, "flags", query={}, body=None, lang=None), Flagged)


def get_agreement(core: Core, edition: str) -> Call[Agreement]:
    """Fetch how far the assessors of an edition agree, by the first verdict of each.

    Raises ``NotFound`` on an unknown edition.
    """
    return fetch(core, build_get(core, "editions", edition, "agreement"), Agreement)


def list_samples(
    core: Core, edition: str, *, limit: int | None = None, offset: int | None = None
) -> Call[Fetched[Sample]]:
    """Fetch the sample of an edition, as a list of one, or of none while it has drawn none.

    ``limit`` and ``offset`` as in other lists. Raises ``NotFound`` on an unknown edition.
    """
    query = {"limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "editions", edition, "samples", query=query), Listing[Sample])


def create_sample(
    core: Core,
    edition: str,
    *,
    share: float = 0.2,
    seed: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Sample]:
    """Say, once and for good, how the assessments of an edition are drawn that are looked at.

    ``share``: above 0, up to 1. ``seed``: one that was drawn elsewhere, in public; else the service draws one.
    ``idempotency_key``: your own name for this call, so that it acts once although your program is started again; each
    call has one of its own otherwise. Raises ``Conflict`` where the edition has drawn its sample.
    """
    body: Mapping[str, object] = {"share": share, "seed": seed}
    request = build_create(core, "editions", edition, "samples", body=body, idempotency_key=idempotency_key)
    return fetch(core, request, Sample)


class Verdicts(Bound):
    """``client.editions.assessments.verdicts``."""

    list = bind_blocking_list(list_verdicts)
    get = bind_blocking(get_verdict)
    put = bind_blocking(put_verdict)
    delete = bind_blocking(delete_verdict)


class AsyncVerdicts(AsyncBound):
    """``async_client.editions.assessments.verdicts``."""

    list = bind_awaitable_list(list_verdicts)
    get = bind_awaitable(get_verdict)
    put = bind_awaitable(put_verdict)
    delete = bind_awaitable(delete_verdict)


class WholeReview(Bound):
    """``client.editions.assessments.review``."""

    get = bind_blocking(get_review)
    put = bind_blocking(put_review)


class AsyncWholeReview(AsyncBound):
    """``async_client.editions.assessments.review``."""

    get = bind_awaitable(get_review)
    put = bind_awaitable(put_review)


class FlagsOfAssessment(Bound):
    """``client.editions.assessments.flags``."""

    list = bind_blocking_list(list_flags_of_assessment)


class AsyncFlagsOfAssessment(AsyncBound):
    """``async_client.editions.assessments.flags``."""

    list = bind_awaitable_list(list_flags_of_assessment)


class EditionFlags(Bound):
    """``client.editions.flags``."""

    list = bind_blocking_list(list_flags)
    create = bind_blocking(create_flags)


class AsyncEditionFlags(AsyncBound):
    """``async_client.editions.flags``."""

    list = bind_awaitable_list(list_flags)
    create = bind_awaitable(create_flags)


class EditionAgreement(Bound):
    """``client.editions.agreement``."""

    get = bind_blocking(get_agreement)


class AsyncEditionAgreement(AsyncBound):
    """``async_client.editions.agreement``."""

    get = bind_awaitable(get_agreement)


class EditionSamples(Bound):
    """``client.editions.samples``."""

    list = bind_blocking_list(list_samples)
    create = bind_blocking(create_sample)


class AsyncEditionSamples(AsyncBound):
    """``async_client.editions.samples``."""

    list = bind_awaitable_list(list_samples)
    create = bind_awaitable(create_sample)
