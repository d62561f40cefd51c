"""Workbooks: the questionnaire of a methodology as XLSX, empty, with answers, and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actitud._bind import bind_awaitable, bind_blocking
from actitud._calls import AsyncBound, Bound, Call, build_compute, build_file_post, build_get, fetch, fetch_bytes
from actitud._config import Core
from actitud.models import AssessmentAnswers, EvidenceLike, Profile, WorkbookReading

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def get_workbook(core: Core, version: str, *, lang: str | None = None) -> Call[bytes]:
    """Fetch the questionnaire of a methodology version as an empty workbook (XLSX) in the language ``lang``.

    Raises ``NotFound`` on an unknown version.
    """
    return (yield from fetch_bytes(core, build_get(core, "methodologies", version, "workbook", lang=lang), XLSX)).body


def fill_workbook(
    core: Core,
    version: str,
    *,
    profile: Profile | None = None,
    answers: AssessmentAnswers | None = None,
    profile_self_declared: Sequence[str] = (),
    profile_evidence: Mapping[str, Sequence[EvidenceLike] | None] | None = None,
    lang: str | None = None,
) -> Call[bytes]:
    """Fetch the workbook of a methodology version with answers in it; nothing is stored.

    What :meth:`score` and ``editions.assessments.put`` take will do, and anything less: ``answers`` may have only some
    of their facts, and with them ``basis``, ``evidence`` and ``note``. Numbers have 15 significant digits there.

    Raises ``NotFound`` on an unknown version; ``InvalidRequest`` with every wrong field.
    """
    body: dict[str, object] = {
        "methodology": version,
        "profile": profile or {},
        "answers": answers or {},
        "profile_self_declared": list(profile_self_declared),
        "profile_evidence": profile_evidence or {},
    }
    request = build_compute(core, "methodologies", version, "workbook", query={}, body=body, lang=lang)
    return (yield from fetch_bytes(core, request, XLSX)).body


def read_workbook(core: Core, version: str, workbook: bytes, *, lang: str | None = None) -> Call[WorkbookReading]:
    """Read what a workbook (XLSX) of a methodology version holds; nothing is stored.

    What is wrong in a cell is in ``faults``, in the language ``lang``, and the rest is read. Raises ``Conflict`` where
    it is no workbook of this version, with the reason; ``ContentTooLarge`` where there is more in it than in a
    questionnaire.
    """
    request = build_file_post(
        core, "methodologies", version, "workbook", "answers", body=workbook, media_type=XLSX, lang=lang
    )
    return fetch(core, request, WorkbookReading)


class Workbook(Bound):
    """``client.methodologies.workbook``."""

    get = bind_blocking(get_workbook)
    fill = bind_blocking(fill_workbook)
    read = bind_blocking(read_workbook)


class AsyncWorkbook(AsyncBound):
    """``async_client.methodologies.workbook``."""

    get = bind_awaitable(get_workbook)
    fill = bind_awaitable(fill_workbook)
    read = bind_awaitable(read_workbook)
