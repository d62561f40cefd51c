"""The task that records the verdicts of a review workbook, assessment by assessment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, groupby, islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace as replace_members

from actitud_api.engine.i18n import Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.problems import CONFLICT, INVALID_REQUEST, Fault, ProblemError
from actitud_api.platform.jobs.problems import JobProblem, store_problem
from actitud_api.platform.jobs.runner import JobRun, JobStep, JobTask
from actitud_api.platform.jobs.workers import run_here
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.batches import verdicts
from actitud_api.resources.batches.refusals import describe_refusal
from actitud_api.web.workbooks.verdicts.layout import WorkbookIdentity
from actitud_api.web.workbooks.verdicts.reading import VerdictRow, read_workbook

VERDICTS: Final = "editions.verdicts.create"
"""The kind of the jobs that give the verdicts of a workbook."""
PORTION: Final = 20
"""Assessments whose verdicts are given in one transaction."""
APART_BYTES: Final = 256 * 1024
"""Size of a workbook from which on a process is started to read it; that takes a second."""

_FAULTY: Final = Texts("La fila no se entiende; véase `errors`.", "The row cannot be understood; see `errors`.")
_CHANGED: Final = Texts(
    "La respuesta ha cambiado desde que se descargó el libro. Descárguelo de nuevo y júzguela otra vez.",
    "The answer has changed since the workbook was downloaded. Download it again and judge it once more.",
)


class VerdictsParameters(Struct, frozen=True):
    """The parameters of a job that records the verdicts of a review workbook; the workbook is stored in another table.

    `methodology` is the version of the edition; `event` is the ledger entry of the request that started the job.
    """

    methodology: str
    event: ledger.Event


class VerdictsResult(Struct, frozen=True):
    """The result of a job that recorded verdicts; `rows` is the number of rows with a verdict or a fault."""

    rows: int


class VerdictDetail(Struct, frozen=True):
    """The detail of a refused verdict: the problem with which a single request would be answered."""

    problem: JobProblem


class SentWorkbook(Struct, frozen=True):
    """The bytes of a received review workbook, with the edition, methodology and assessor that it must belong to."""

    raw: bytes
    identity: WorkbookIdentity


class ReadRow(Struct, frozen=True):
    """A row of a review workbook, with its verdict, or with the `problem` that reports its faults, else None.

    It can be passed between processes, because the faults in `row` are removed.
    """

    row: VerdictRow
    problem: JobProblem | None


RunFunction = Callable[[Callable[[SentWorkbook], list[ReadRow]], SentWorkbook], list[ReadRow]]
"""Function that returns the result of a function for an argument, perhaps from another process."""


def read_rows(sent: SentWorkbook) -> list[ReadRow]:
    """Return the rows of a workbook that have a verdict or a fault.

    Raises:
        WorkbookRejected: The file is no review workbook, or belongs to another edition, methodology or assessor.
    """
    return [
        # Sentences may be functions, which no process can hand over.
        ReadRow(replace_members(row, faults=()), store_problem(ProblemError(INVALID_REQUEST, _FAULTY, row.faults)))
        if row.faults
        else ReadRow(row, None)
        for row in read_workbook(sent.raw, sent.identity)
    ]


def build_verdicts_task(run_apart: RunFunction) -> JobTask[VerdictsParameters]:
    """Build the task with which the job runner records the verdicts of a review workbook.

    `run_apart` calls a function in another process, which is used for large workbooks.
    """

    def run(job: JobRun[VerdictsParameters]) -> VerdictsResult:
        return _give_verdicts(job, run_apart)

    return JobTask(VERDICTS, VerdictsParameters, run, lambda session, record: verdicts.delete_file(session, record.id))


def _give_verdicts(job: JobRun[VerdictsParameters], run_apart: RunFunction) -> VerdictsResult:
    edition, principal = job.edition, job.principal
    assert edition is not None
    assert principal is not None
    with job.database.read() as session:
        raw = verdicts.get_file(session, job.id)
    sent = SentWorkbook(raw, WorkbookIdentity(edition, job.parameters.methodology, principal.origin))
    rows = (run_apart if len(raw) > APART_BYTES else run_here)(read_rows, sent)
    result = VerdictsResult(len(rows))
    position: int = job.cursor or 0
    for portion in _cut(rows[position:]):
        with job.step(hidden=True) as step:
            for organisation, group in groupby(portion, lambda read: read.row.organisation):
                _give(step, job, edition, organisation, list(group))
            position += len(portion)
            step.advance(done=position, total=len(rows), cursor=position)
    with job.step(hidden=True) as step:
        verdicts.delete_file(step.session, job.id)
        step.finish(result)
    return result


def _cut(rows: Sequence[ReadRow]) -> Iterator[list[ReadRow]]:
    """Yield the rows of `PORTION` assessments at a time."""
    groups = (list(group) for _, group in groupby(rows, lambda read: read.row.organisation))
    while portion := list(chain.from_iterable(islice(groups, PORTION))):
        yield portion


def _give(
    step: JobStep, job: JobRun[VerdictsParameters], edition: str, organisation: str, rows: Sequence[ReadRow]
) -> None:
    """Give the verdicts on one assessment, and record a result for each row."""
    assert job.principal is not None
    judgements = {read.row.row: read.row.judgement for read in rows if read.row.judgement is not None}
    results = verdicts.give_verdicts(
        step.session,
        edition,
        organisation,
        list(judgements.values()),
        principal=job.principal,
        event=job.parameters.event,
        now=datetime.now(UTC),
    )
    outcomes = dict(zip(judgements, results, strict=True))
    for read in rows:
        row, problem = read.row, read.problem
        if problem is not None:
            step.record(row.subject, "refused", VerdictDetail(problem))
            continue
        result = outcomes[row.row]
        detail = None if result.refusal is None else VerdictDetail(store_problem(_describe(row, result.refusal)))
        step.record(row.subject, result.outcome, detail)


def _describe(row: VerdictRow, refusal: Exception) -> ProblemError:
    """Return the problem of a refused verdict, whose faults name the cells of its row."""
    if isinstance(refusal, StaleVersion):
        return ProblemError(CONFLICT, _CHANGED, [row.locate(Fault("/verdict", "changed", None, _CHANGED))])
    problem = describe_refusal(refusal)
    faults = problem.faults or [Fault("/verdict", "refused", None, problem.detail)]
    return replace(problem, faults=[row.locate(fault) for fault in faults])
