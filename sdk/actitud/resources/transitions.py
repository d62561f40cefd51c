"""Steps of many assessments at once, and verdicts on many answers by workbook: each is a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal, TypeAlias

from actitud._bind import bind_awaitable, bind_blocking
from actitud._calls import (
    AsyncBound,
    Bound,
    Call,
    build_create,
    build_create_from_file,
    build_get,
    fetch,
    fetch_bytes,
)
from actitud._config import Core
from actitud.models import AssessmentFilter, Job, OrganisationKind, Phase, ProvinceCode, RegionCode, SizeBand
from actitud.resources.workbooks import XLSX

StepName: TypeAlias = Literal["submissions", "reviews", "hearings", "returns", "finals", "extensions"]
"""A step of many assessments, by the name of the group of operations that takes it of one."""


def create_transitions(
    core: Core,
    edition: str,
    *,
    step: StepName,
    organisations: Sequence[str] | None = None,
    filter: AssessmentFilter | None = None,
    reason: str | None = None,
    until: date | None = None,
    phase: Phase | None = None,
    dry_run: bool = False,
    idempotency_key: str | None = None,
    lang: str | None = None,
) -> Call[Job]:
    """Take a step for many assessments of an edition, as a job; ``client.jobs.wait`` waits for its end.

    Each assessment takes the step as by the call for it alone, and with the same roles: ``submissions`` needs the key
    of an editor, ``reviews``, ``hearings``, ``returns`` and ``finals`` that of an assessor, ``extensions`` that of a
    publisher; an administrator may take all. ``returns`` needs ``reason`` and ``until``, ``extensions`` ``phase`` too.

    ``organisations``: up to 1,000 ids. ``filter``: in their place conditions, such as ``{"province": "28"}``, that
    assessments must meet, whatever their state. Without either, all are taken whose state admits the step.
    ``dry_run``: learn what would happen, and change nothing. ``idempotency_key``: a name of your choice for this call,
    so that the service acts once even if your program sends the call again; by default each call gets its own.

    The job has a result for each organisation: ``done`` (in a dry run ``possible``), ``unchanged`` if it was already
    so, or ``refused`` with the problem. Raises ``Conflict`` if nothing is selected or the edition is published,
    ``Forbidden`` if the key may not take that step, and ``InvalidRequest`` for organisations named twice.
    """
    members: dict[str, object] = {
        "organisations": None if organisations is None else list(organisations),
        "filter": filter,
        "reason": reason,
        "until": until,
        "phase": phase,
    }
    body = {"step": step, **{name: value for name, value in members.items() if value is not None}, "dry_run": dry_run}
    request = build_create(
        core, "editions", edition, "transitions", body=body, idempotency_key=idempotency_key, lang=lang
    )
    return fetch(core, request, Job)


class Transitions(Bound):
    """Steps of many assessments: ``client.editions.transitions.create``."""

    create: Final = bind_blocking(create_transitions)


class AsyncTransitions(AsyncBound):
    """Awaitable steps of many assessments: ``async_client.editions.transitions.create``."""

    create: Final = bind_awaitable(create_transitions)


def get_verdict_workbook(
    core: Core,
    edition: str,
    *,
    sample: bool = False,
    q: str | None = None,
    kind: OrganisationKind | None = None,
    region: RegionCode | None = None,
    province: ProvinceCode | None = None,
    band: SizeBand | None = None,
    parent: str | None = None,
    after: str | None = None,
    lang: str | None = None,
) -> Call[bytes]:
    """Download the review workbook: the answers to be judged, one a row, with drop-downs for the verdicts.

    It has up to 1,000 of the assessments that are under review or in their hearing, by the ids of their organisations,
    which begin after ``after``; of verdicts it has only your own. ``sample``: only the organisations of the sample of
    the edition. The filters are as in the list of organisations. ``lang``: language of the workbook.

    Raises ``NotFound`` if the edition does not exist, or, with ``sample``, has none.
    """
    query = {
        "sample": sample or None,
        "q": q,
        "kind": kind,
        "region": region,
        "province": province,
        "band": band,
        "parent": parent,
        "after": after,
    }
    request = build_get(core, "editions", edition, "verdicts", "workbook", query=query, lang=lang)
    return (yield from fetch_bytes(core, request, XLSX)).body


def create_verdicts(
    core: Core, edition: str, workbook: bytes, *, idempotency_key: str | None = None, lang: str | None = None
) -> Call[Job]:
    """Give the verdicts of a review workbook, as a job; ``client.jobs.wait`` waits for its end.

    Rows without a verdict change nothing. The job has a result for each other row: ``done``, ``unchanged`` if you have
    given that very verdict before, or ``refused`` with the problem, whose ``errors`` name the cell.
    ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
    the call again; by default each call gets its own.

    The job fails with ``conflict`` if the file is no review workbook of this edition and of your key. Raises
    ``Conflict`` if the edition is published, and ``ContentTooLarge`` for a file of more than 32 MB.
    """
    request = build_create_from_file(
        core,
        "editions",
        edition,
        "verdicts",
        body=workbook,
        media_type=XLSX,
        idempotency_key=idempotency_key,
        lang=lang,
    )
    return fetch(core, request, Job)


class EditionVerdicts(Bound):
    """Verdicts on the answers of many assessments, such as ``client.editions.verdicts.workbook``."""

    workbook: Final = bind_blocking(get_verdict_workbook)
    create: Final = bind_blocking(create_verdicts)


class AsyncEditionVerdicts(AsyncBound):
    """Awaitable verdicts on the answers of many assessments, such as ``async_client.editions.verdicts.workbook``."""

    workbook: Final = bind_awaitable(get_verdict_workbook)
    create: Final = bind_awaitable(create_verdicts)
