"""The task that gives the verdicts of a review workbook, assessment by assessment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, groupby, islice
from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.problems import CONFLICT, INVALID_REQUEST, Fault, ProblemError
from actitud_api.platform.jobs.problems import JobProblem, store_problem
from actitud_api.platform.jobs.runner import JobRun, JobStep, JobTask
from actitud_api.platform.spreadsheets.package import WorkbookRejected
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.batches import verdicts
from actitud_api.resources.batches.refusals import describe_refusal
from actitud_api.web.workbooks.verdicts.layout import WorkbookIdentity
from actitud_api.web.workbooks.verdicts.reading import VerdictRow, read_workbook

VERDICTS: Final = "editions.verdicts.create"
"""The kind of the jobs that give the verdicts of a workbook."""
PORTION: Final = 20
"""Assessments whose verdicts are given in one transaction."""

_FAULTY: Final = Texts("La fila no se entiende; véase `errors`.", "The row cannot be understood; see `errors`.")
_CHANGED: Final = Texts(
    "La respuesta ha cambiado desde que se descargó el libro. Descárguelo de nuevo y júzguela otra vez.",
    "The answer has changed since the workbook was downloaded. Download it again and judge it once more.",
)


_REJECTED: Final = Texts(
    "El libro no se pudo leer. Envíelo de nuevo para saber por qué.",
    "The workbook could not be read. Send it again to learn why.",
)


class VerdictsParameters(Struct, frozen=True):
    """The parameters of a job that gives verdicts; its file is stored apart.

    `methodology` is that of the edition; `event` the ledger entry of the request that asked for the job.
    """

    methodology: str
    event: ledger.Event


class VerdictsResult(Struct, frozen=True):
    """The result of a job that gave verdicts: the number of rows with a verdict or a fault."""

    rows: int


class VerdictDetail(Struct, frozen=True):
    """What is kept of one verdict that was refused."""

    problem: JobProblem


def _give_verdicts(job: JobRun[VerdictsParameters]) -> VerdictsResult:
    edition, principal = job.edition, job.principal
    assert edition is not None
    assert principal is not None
    with job.step(hidden=True) as step:
        raw = verdicts.get_file(step.session, job.id)
    if raw is None:
        # A run before this one has rejected it, and ended with its process before it could say so.
        raise WorkbookRejected("rejected", _REJECTED)
    try:
        rows = read_workbook(raw, WorkbookIdentity(edition, job.parameters.methodology, principal.origin))
    except WorkbookRejected:
        with job.step(hidden=True) as step:
            verdicts.delete_file(step.session, job.id)
        raise
    result = VerdictsResult(len(rows))
    position: int = job.cursor or 0
    for portion in _cut(rows[position:]):
        with job.step(hidden=True) as step:
            for organisation, group in groupby(portion, lambda row: row.organisation):
                _give(step, job, edition, organisation, list(group))
            position += len(portion)
            step.advance(done=position, total=len(rows), cursor=position)
    with job.step(hidden=True) as step:
        verdicts.delete_file(step.session, job.id)
        step.finish(result)
    return result


def _cut(rows: Sequence[VerdictRow]) -> Iterator[list[VerdictRow]]:
    """Yield the rows of `PORTION` assessments at a time."""
    groups = (list(group) for _, group in groupby(rows, lambda row: row.organisation))
    while portion := list(chain.from_iterable(islice(groups, PORTION))):
        yield portion


def _give(
    step: JobStep, job: JobRun[VerdictsParameters], edition: str, organisation: str, rows: Sequence[VerdictRow]
) -> None:
    """Give the verdicts on one assessment, and record a result for each row."""
    assert job.principal is not None
    judged = [row for row in rows if row.judgement is not None]
    results = verdicts.give_verdicts(
        step.session,
        edition,
        organisation,
        [row.judgement for row in judged if row.judgement is not None],
        principal=job.principal,
        event=job.parameters.event,
        now=datetime.now(UTC),
    )
    outcomes = {row.row: result for row, result in zip(judged, results, strict=True)}
    for row in rows:
        result = outcomes.get(row.row)
        if result is None:
            step.record(row.subject, "refused", _build_detail(ProblemError(INVALID_REQUEST, _FAULTY, row.faults)))
        elif result.refusal is None:
            step.record(row.subject, result.outcome)
        else:
            step.record(row.subject, result.outcome, _build_detail(_describe(row, result.refusal)))


def _describe(row: VerdictRow, refusal: Exception) -> ProblemError:
    """Return the problem of a refused verdict, whose faults name the cells of its row."""
    if isinstance(refusal, StaleVersion):
        return ProblemError(CONFLICT, _CHANGED, [row.locate(Fault("/verdict", "changed", None, _CHANGED))])
    problem = describe_refusal(refusal)
    faults = problem.faults or [Fault("/verdict", "refused", None, problem.detail)]
    return replace(problem, faults=[row.locate(fault) for fault in faults])


def _build_detail(problem: ProblemError) -> VerdictDetail:
    return VerdictDetail(store_problem(problem))


VERDICTS_TASK: Final = JobTask(VERDICTS, VerdictsParameters, _give_verdicts)
