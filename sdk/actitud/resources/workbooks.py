"""Questionnaires as XLSX workbooks: download them empty, fill them with answers, and read them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from actitud._bind import bind_awaitable, bind_blocking
from actitud._calls import AsyncBound, Bound, Call, build_compute, build_file_post, build_get, fetch, fetch_bytes
from actitud._config import Core
from actitud.bodies import Profile
from actitud.models import AssessmentAnswers, EvidenceLike, SourceLike, WorkbookReading

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def get_workbook(core: Core, version: str, *, lang: str | None = None) -> Call[bytes]:
    """Download the questionnaire of a methodology version as an empty XLSX workbook in the language ``lang``.

    Raises ``NotFound`` if the version does not exist.
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
    profile_sources: Mapping[str, SourceLike | None] | None = None,
    lang: str | None = None,
) -> Call[bytes]:
    """Download the questionnaire of a methodology version as an XLSX workbook, filled in with answers.

    Nothing is stored. Accepts the facts of ``client.score`` or of ``editions.assessments.put``, complete or not.

    - ``profile``: the known profile fields, ``None`` for none.
    - ``answers``: answers by indicator id, ``None`` for none. An answer may have only some of its facts, and may have
      ``basis`` (``self_declared`` if the answer has no evidence), ``evidence`` and ``note``.
    - ``profile_self_declared``: names of profile fields without evidence.
    - ``profile_evidence`` and ``profile_sources``: evidence and sources by profile field.
    - ``lang``: language of the workbook.

    The workbook keeps 15 significant digits of a number. Raises ``NotFound`` if the version does not exist, and
    ``InvalidRequest`` with every invalid field.
    """
    body: dict[str, object] = {
        "methodology": version,
        "profile": profile or {},
        "answers": answers or {},
        "profile_self_declared": list(profile_self_declared),
        "profile_evidence": profile_evidence or {},
        "profile_sources": profile_sources or {},
    }
    request = build_compute(core, "methodologies", version, "workbook", query={}, body=body, lang=lang)
    return (yield from fetch_bytes(core, request, XLSX)).body


def read_workbook(core: Core, version: str, workbook: bytes, *, lang: str | None = None) -> Call[WorkbookReading]:
    """Read the answers from an XLSX workbook of a methodology version. Nothing is stored.

    Faulty cells are listed in ``faults``, in the language ``lang``; all other cells are read. Raises ``Conflict`` if
    the file is not a workbook of this version, and ``ContentTooLarge`` if it contains more than any questionnaire.
    """
    request = build_file_post(
        core, "methodologies", version, "workbook", "answers", body=workbook, media_type=XLSX, lang=lang
    )
    return fetch(core, request, WorkbookReading)


class Workbook(Bound):
    """Operations on XLSX questionnaires, such as ``client.methodologies.workbook.get``."""

    get: Final = bind_blocking(get_workbook)
    fill: Final = bind_blocking(fill_workbook)
    read: Final = bind_blocking(read_workbook)


class AsyncWorkbook(AsyncBound):
    """Awaitable operations on XLSX questionnaires, such as ``async_client.methodologies.workbook.get``."""

    get: Final = bind_awaitable(get_workbook)
    fill: Final = bind_awaitable(fill_workbook)
    read: Final = bind_awaitable(read_workbook)
