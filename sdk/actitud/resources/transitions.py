"""Steps that many assessments take at once, and verdicts on many answers by workbook; both run as jobs."""

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
    """Start a job that makes a transition, such as ``returns``, of many assessments; ``client.jobs.wait`` waits for it.

    - ``step``: name of the transition. It has the same rules and roles as the call for a single assessment:
      ``submissions`` needs the key of an editor, ``reviews``, ``hearings``, ``returns`` and ``finals`` the key of an
      assessor, ``extensions`` the key of a publisher; an administrator may make all transitions.
    - ``organisations``: up to 1,000 ids.
    - ``filter``: conditions that assessments in any state must meet, such as ``{"province": "28"}``. With ids as well,
      only assessments of these organisations are selected. Without ids and conditions, all assessments are selected
      whose state allows the transition.
    - ``reason``: reason of a return or extension, required for ``returns`` and ``extensions``.
    - ``until``: last day on which returned assessments can be submitted, or new last day of the phase; required for
      ``returns`` and ``extensions``.
    - ``phase``: the phase to extend, required for ``extensions``.
    - ``dry_run``: return the outcomes without changing anything.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.

    The job has a result for each organisation: ``done`` (in a dry run ``possible``), ``unchanged`` if the transition
    had been made before, or ``refused`` with the problem. Raises ``Conflict`` if nothing is selected or the edition is
    published, ``Forbidden`` if the key may not make the transition, and ``InvalidRequest`` if an organisation is named
    twice.
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
    """Operations that make a transition of many assessments: ``client.editions.transitions.create``."""

    create: Final = bind_blocking(create_transitions)


class AsyncTransitions(AsyncBound):
    """Awaitable operations that make a transition of many assessments: ``async_client.editions.transitions.create``."""

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
    """Download the review workbook: the answers to be judged, one per row, with drop-downs for the verdicts.

    It has up to 1,000 assessments that are under review or in their hearing, ordered by organisation id, and only your
    own verdicts.

    - ``sample``: only the organisations of the sample of the edition.
    - ``q``: words of the organisation's names, id, aliases, province or region; small errors are forgiven.
    - ``kind``: code of a kind of organisation, such as ``MUN``.
    - ``region`` and ``province``: INE codes, ``"01"`` … .
    - ``band``: size band, ``P1`` to ``P5`` by inhabitants or ``E1`` to ``E5`` by employees.
    - ``parent``: id of the parent organisation.
    - ``after``: organisation id after which the workbook begins, ``None`` for the beginning.
    - ``lang``: language of the workbook.

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
    """Start a job that records the verdicts of a review workbook; ``client.jobs.wait`` waits for its end.

    Rows without a verdict change nothing. The job has a result for each row with a verdict: ``done``, ``unchanged`` if
    you have given the same verdict before, or ``refused`` with a problem whose ``errors`` name the cell.
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
    """Operations on verdicts in the review workbook, such as ``client.editions.verdicts.workbook``."""

    workbook: Final = bind_blocking(get_verdict_workbook)
    create: Final = bind_blocking(create_verdicts)


class AsyncEditionVerdicts(AsyncBound):
    """Awaitable operations on verdicts in the review workbook, such as ``async_client.editions.verdicts.workbook``."""

    workbook: Final = bind_awaitable(get_verdict_workbook)
    create: Final = bind_awaitable(create_verdicts)
