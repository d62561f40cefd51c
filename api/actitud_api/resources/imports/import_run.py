"""The job that imports a file: it surveys the file for faults as a whole, then stores it organisation by organisation.

The process that has the job reads the rows and the database; rows are validated and scored in another process, because
a busy thread takes two thirds of the time from the requests of a service. Memory does not grow with the file: there are
never more than a few batches in it.
"""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import IO, Final, NamedTuple, TypeVar

import msgspec
import numpy as np
from msgspec import Struct, structs

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import ORGANISATION_ROLES
from actitud_api.platform.jobs import queries as jobs
from actitud_api.platform.jobs.runner import JobRun, JobStep
from actitud_api.platform.jobs.workers import MapFunction, run_here
from actitud_api.platform.storage.database import Database, Session, Unavailable
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.assessments import content_batches
from actitud_api.resources.editions import service as editions
from actitud_api.resources.imports import files, queries
from actitud_api.resources.imports.annotation import TextAnnotationRequest, annotate_text
from actitud_api.resources.imports.preparation import (
    Form,
    Outcome,
    PreparationBatch,
    PreparedBatch,
    PreparedRows,
    TargetRows,
    list_faults,
    prepare_batch,
    prepare_rows,
)
from actitud_api.resources.imports.refusals import (
    explain_refusal,
    refuse_misnamed,
    refuse_nameless,
    refuse_scattered,
    refuse_unknown,
)
from actitud_api.resources.imports.sources import (
    ImportFault,
    ImportRejected,
    OrganisationRows,
    Place,
    UnreadableRest,
    build_fault,
)
from actitud_api.resources.imports.workbook_form import (
    Conversion,
    ConversionRequest,
    WorkbookForm,
    convert_workbook,
)
from actitud_api.resources.imports.workbook_writing import AnnotationRequest, annotate_workbook
from actitud_api.resources.organisations import service as organisations

ACTION: Final = "editions.imports.create"
"""The operation that asks for an import: the kind of the job, and the action of its ledger entries."""

COMMAND: Final = "cli.assessments.import"
"""The same on the command line, in the ledger."""

BATCH: Final = 200
"""Organisations that are prepared together and stored in one transaction, for which other writers wait."""

BATCH_ROWS: Final = 20_000
"""Rows of a batch from which on no organisation is added to it."""

ITEMS: Final = 500
"""Results of the job that are read together."""

NAMES: Final = 1_000
"""Identifiers that are looked up together."""

SCATTERED_MAX: Final = 10_000
"""Highest number of organisations in several places that are told one by one."""

FAULTS_MAX: Final = 20_000
"""Highest number of faults of an import that are kept; of those beyond, organisations keep the number."""

ATTEMPTS: Final = 5
"""Times that a batch is prepared anew because somebody changed one of its assessments meanwhile."""

APART_BYTES: Final = 256 * 1024
"""Size of a file from which on a process is started for it; that takes a second."""

_FIRST_ROWS: Final = 10

ItemT = TypeVar("ItemT")


class ImportWorkers(NamedTuple):
    """Ways to run a function in another process: for many arguments in the context of `open`, or for one."""

    open: Callable[[], AbstractContextManager[MapFunction]]
    run: Callable[[Callable[[bytes], bytes], bytes], bytes]


class ImportRequest(Struct, frozen=True, kw_only=True):
    """Options of an import.

    `all_or_nothing`: True to store nothing if the rows of any organisation have a fault. `language`: that of the faults
    in the annotated copy of a text file. `request`: id of the request, for the ledger (audit log), None without one.
    """

    dry_run: bool
    all_or_nothing: bool
    language: Language
    request: str | None


class ImportParameters(ImportRequest, frozen=True, kw_only=True):
    """Parameters of the job that imports a file: the options, the id of the file, and the form of the file."""

    file: int
    form: Form


class ImportProgress(Struct, kw_only=True):
    """The steps that an import has committed so far; after a restart, the next run continues behind them.

    Attributes:
        row: Number of the last row of the last stored batch, or of the last organisation if the file is a workbook; the
            next run begins after it. 0 before the first batch, and in an import that stores all organisations or none.
        recorded: Number of organisations whose results are recorded by an import that stores no assessment, because it
            is a dry run, or because it stores all organisations or none and some were refused. 0 for any other import.
        is_stored: True once all rows are done; then only the annotated copy and the result of the job are left to make.
        counts: Number of organisations by outcome, such as "refused".
        faults: Number of faults.
        erroneous: Number of organisations without faults whose assessments have error findings.
        findings: Number of findings by severity.
        seconds: Time spent so far, by name of the step.
    """

    row: int = 0
    recorded: int = 0
    is_stored: bool = False
    counts: dict[str, int] = {}
    faults: int = 0
    erroneous: int = 0
    findings: dict[str, int] = {}
    seconds: dict[str, float] = {}


class ImportDetail(Struct, frozen=True, omit_defaults=True):
    """Details of the result for one organisation of an import.

    `row`: number of its first row. `faults`: faults of its rows, empty if there are none or too many to list.
    `findings`: error findings of its assessment, which keep it from being submitted, likewise. `left_out`: number of
    faults and findings that are not listed.
    """

    row: int
    faults: tuple[ImportFault, ...] = ()
    findings: tuple[ImportFault, ...] = ()
    left_out: int = 0


class ImportResult(Struct, frozen=True, kw_only=True):
    """Result of an import: the numbers of rows, of organisations by outcome and of faults, and the seconds per step.

    Organisations are `refused` if their rows have faults, and `withheld` if their rows have none but nothing was stored
    because of others. `erroneous` are those without faults whose assessments have error findings, so that they cannot
    be submitted as they are. `findings`: number of findings by severity. `annotated`: path of the copy of the file with
    its faults and error findings marked, None if there are none.
    """

    dry_run: bool
    rows: int
    organisations: int
    created: int
    replaced: int
    unchanged: int
    refused: int
    withheld: int
    erroneous: int
    faults: int
    findings: dict[str, int]
    annotated: str | None
    seconds: dict[str, float]


class Survey(Struct, frozen=True):
    """Overview of a file before its import: the number of its last row, and the organisations whose rows are scattered.

    `scattered`: by the hash of an organisation's id, the numbers of the first rows of its groups of adjacent rows, at
    most ten groups. Only organisations with more than one group are in it; their rows are refused.
    """

    last: int
    scattered: dict[int, list[int]]


class ImportRun:
    """One run of the job that imports a file; a run after a restart continues where the last run was interrupted."""

    def __init__(self, database: Database, workers: ImportWorkers, job: JobRun[ImportParameters]) -> None:
        assert job.edition is not None
        self._database = database
        self._workers = workers
        self._job = job
        self._edition_id = job.edition
        self._parameters = job.parameters
        self._progress = ImportProgress() if job.cursor is None else msgspec.convert(job.cursor, ImportProgress)
        self._seconds = defaultdict[str, float](float, self._progress.seconds)
        who = job.principal
        self._among = frozenset(who.organisations) if who is not None and who.role in ORGANISATION_ROLES else None

    def run(self) -> None:
        """Import the file, and delete it once it is completely stored.

        Raises:
            ImportRejected: The file as a whole has a fault; nothing is imported.
            UnknownImportFile: The file has expired and was deleted.
        """
        with self._database.read() as session:
            if queries.get_file(session, self._parameters.file) is None:
                raise files.UnknownImportFile(str(self._parameters.file))
        with files.open_copy(self._database, self._parameters.file) as path:
            self._import(path)

    def _import(self, path: Path) -> None:
        if isinstance(self._parameters.form, WorkbookForm):
            with self._take_apart(path) as cells:
                self._import_rows(path, cells)
        else:
            self._import_rows(path, path)

    @contextmanager
    def _take_apart(self, path: Path) -> Iterator[Path]:
        """Return a context whose value is the path of a file with the cells of a workbook."""
        with tempfile.NamedTemporaryFile(prefix="actitud-import-") as cells:
            request = ConversionRequest(str(path), cells.name, self._find_edition().methodology)
            with self._time("reading"):
                encoded = self._run_apart(convert_workbook, request, path)
            conversion = msgspec.msgpack.decode(encoded, type=Conversion)
            if conversion.faults:
                raise ImportRejected(conversion.faults)
            yield Path(cells.name)

    def _run_apart(self, function: Callable[[bytes], bytes], request: Struct, path: Path) -> bytes:
        """Return the result of a function for a request about the file at `path`; of a small one in this process."""
        encoded = msgspec.msgpack.encode(request)
        return (self._workers.run if path.stat().st_size > APART_BYTES else run_here)(function, encoded)

    def _find_edition(self) -> editions.EditionRecord:
        with self._database.read() as session:
            return editions.find(session, self._edition_id)

    def _import_rows(self, sent: Path, path: Path) -> None:
        """Import the rows in the file at `path`; `sent` is the file as it was sent."""
        with self._time("reading"):
            survey = self._survey(path)
        self._job.report(done=self._progress.row, total=survey.last)
        if not self._progress.is_stored:
            if self._parameters.dry_run or self._parameters.all_or_nothing:
                self._store_whole(path, survey)
            else:
                self._store_each(path, survey)
        annotated = self._annotate(sent) if self._progress.faults or self._progress.erroneous else None
        with self._job.step(hidden=True) as step:
            queries.delete_file(step.session, self._parameters.file)
            step.advance(done=survey.last)
            step.finish(self._build_result(survey, annotated))

    # --- reading ----------------------------------------------------------------------------------------------

    def _survey(self, path: Path) -> Survey:
        """Read who the rows are of. Raises `ImportRejected` if the file cannot be read to its end, or is scattered."""
        # By hashes, eight bytes each, because a file may name a million organisations. Two of a million are alike once
        # in ten million files.
        hashes, rows = array("q"), array("q")
        last = 0
        with path.open("rb") as stream:
            groups = self._parameters.form.iterate_groups(stream)
            try:
                for batch in _cut(((group.first, group.organisation, group.last) for group in groups), NAMES):
                    self._job.check()
                    *_, last = batch[-1]
                    with self._database.read() as session:
                        resolved = organisations.resolve_identifiers(session, {name for _, name, _ in batch} - {""})
                    for row, name, _ in batch:
                        if name:
                            hashes.append(hash(resolved.get(name, name)))
                            rows.append(row)
            except UnreadableRest as error:
                stream.seek(0)
                faults = list_faults(self._parameters.form, self._find_edition().methodology, stream)
                raise ImportRejected([error.fault, *faults]) from error
        found, counts = np.unique(np.asarray(hashes), return_counts=True)
        repeated = set(found[counts > 1].tolist())
        if len(repeated) > SCATTERED_MAX:
            raise ImportRejected([build_fault(Place(1), "duplicate", _SCATTERED)])
        scattered: dict[int, list[int]] = {}
        if repeated:
            for number, row in zip(hashes, rows, strict=True):
                if number in repeated and len(places := scattered.setdefault(number, [])) < _FIRST_ROWS:
                    places.append(row)
        return Survey(last, scattered)

    def _iterate_batches(self, path: Path, survey: Survey) -> Iterator[PreparationBatch]:
        """Yield the rows behind the last committed step in batches, with the assessments that they are to change."""
        with path.open("rb") as stream:
            started = perf_counter()
            kept: list[OrganisationRows] = []
            count = 0
            for group in self._parameters.form.iterate_groups(stream):
                if group.last <= self._progress.row:
                    continue
                kept.append(group)
                count += len(group.rows)
                if len(kept) == BATCH or count >= BATCH_ROWS:
                    self._seconds["reading"] += perf_counter() - started
                    yield self._load_batch(kept, survey)
                    kept, count, started = [], 0, perf_counter()
            if kept:
                yield self._load_batch(kept, survey)

    def _load_batch(self, groups: Sequence[OrganisationRows], survey: Survey) -> PreparationBatch:
        """Return rows with the assessments that they are to change, as these are now."""
        now = datetime.now(UTC)
        with self._time("storing"), self._database.read() as session:
            edition = editions.find(session, self._edition_id)
            resolved = organisations.resolve_identifiers(session, {group.organisation for group in groups} - {""})
            known = [name for name in dict.fromkeys(resolved.values()) if self._among is None or name in self._among]
            targets = content_batches.load_targets(session, edition, known, now=now)
            names = organisations.list_names(session, known)
        return PreparationBatch(
            self._parameters.form, edition, now, [_aim(group, resolved, targets, names, survey) for group in groups]
        )

    def _prepare(
        self, path: Path, survey: Survey, spread: MapFunction
    ) -> Iterator[tuple[PreparationBatch, PreparedBatch]]:
        """Yield batches of rows, each with the results of preparing them."""
        ahead: deque[PreparationBatch] = deque()

        def iterate_encoded() -> Iterator[bytes]:
            for batch in self._iterate_batches(path, survey):
                ahead.append(batch)
                yield msgspec.msgpack.encode(batch)

        for encoded in spread(prepare_rows, iterate_encoded()):
            prepared = _PREPARED.decode(encoded)
            self._seconds["validating"] += prepared.validating
            self._seconds["scoring"] += prepared.scoring
            yield ahead.popleft(), prepared

    # --- storing ----------------------------------------------------------------------------------------------

    def _store_each(self, path: Path, survey: Survey) -> None:
        """Store the rows of each organisation without a fault, batch by batch."""
        with self._workers.open() as spread:
            for batch, prepared in self._prepare(path, survey, spread):
                self._store_batch(batch, prepared, survey)
        self._progress.is_stored = True

    def _store_batch(self, batch: PreparationBatch, prepared: PreparedBatch, survey: Survey) -> None:
        for _ in range(ATTEMPTS):
            try:
                with self._time("storing"), self._job.step(hidden=True) as step:
                    self._store_changes(step.session, batch.edition, prepared.items)
                    progress = structs.replace(self._progress, row=prepared.items[-1].last)
                    progress = self._record(step, prepared.items, progress)
                    step.advance(done=progress.row, cursor=progress)
                    self._append_entries(step.session, prepared.items)
            except (StaleVersion, editions.EditionNotOpen):
                batch = self._load_batch([item.group for item in batch.items], survey)
                prepared = prepare_batch(batch)
            else:
                self._progress = progress
                return
        raise Unavailable("assessments of the import change all the time")

    def _store_whole(self, path: Path, survey: Survey) -> None:
        """Prepare the whole file, then store all of it in one transaction, or nothing."""
        for _ in range(ATTEMPTS):
            with tempfile.TemporaryFile() as spool, self._workers.open() as spread:
                counts = Counter[str]()
                for batch, prepared in self._prepare(path, survey, spread):
                    counts.update(item.outcome for item in prepared.items)
                    _append(spool, _SpooledBatch(batch.edition, prepared.items))
                    self._job.report(done=prepared.items[-1].last)
                try:
                    if self._parameters.dry_run or counts["refused"]:
                        self._record_whole(spool, is_withheld=not self._parameters.dry_run)
                    else:
                        self._store_spooled(spool)
                except (StaleVersion, editions.EditionNotOpen):
                    continue
                return
        raise Unavailable("assessments of the import change all the time")

    def _store_spooled(self, spool: IO[bytes]) -> None:
        with self._time("storing"), self._job.step(hidden=True) as step:
            progress, changed = self._progress, list[PreparedRows]()
            for batch in _iterate(spool):
                self._store_changes(step.session, batch.edition, batch.items)
                progress = self._record(step, batch.items, progress)
                # Without the values: only the entries of the ledger are left to be written.
                changed += (structs.replace(item, change=None) for item in batch.items if item.sent is not None)
            progress.is_stored = True
            step.advance(cursor=progress)
            self._append_entries(step.session, changed)
        self._progress = progress

    def _record_whole(self, spool: IO[bytes], *, is_withheld: bool) -> None:
        """Record the results of all rows, store no assessment; in steps, so that a million results need no memory."""
        passed = 0
        for batch in _iterate(spool):
            passed += len(batch.items)
            if passed <= self._progress.recorded:
                continue
            with self._time("storing"), self._job.step(hidden=True) as step:
                progress = structs.replace(self._progress, recorded=passed)
                progress = self._record(step, batch.items, progress, is_withheld=is_withheld)
                step.advance(cursor=progress)
            self._progress = progress
        self._progress.is_stored = True

    def _store_changes(self, session: Session, edition: editions.EditionRecord, items: Sequence[PreparedRows]) -> None:
        changes = [item.change for item in items if item.change is not None]
        content_batches.store_changes(session, edition, changes)

    def _record(
        self, step: JobStep, items: Sequence[PreparedRows], progress: ImportProgress, *, is_withheld: bool = False
    ) -> ImportProgress:
        """Record the result for each organisation, and return the progress with it."""
        counts = Counter[str](progress.counts)
        faults, erroneous, findings = progress.faults, progress.erroneous, Counter(progress.findings)
        for item in items:
            outcome: Outcome = item.outcome
            if is_withheld and outcome in ("created", "replaced"):
                outcome = "withheld"
            told = len(item.faults) + len(item.findings)
            if faults + findings["error"] + told <= FAULTS_MAX:
                detail = ImportDetail(item.row, item.faults, item.findings)
            else:
                detail = ImportDetail(item.row, left_out=told)
            step.record(item.subject, outcome, detail)
            counts[outcome] += 1
            faults += len(item.faults)
            erroneous += bool(item.findings)
            findings.update(item.severities)
        figures = {"counts": dict(counts), "findings": dict(findings), "seconds": dict(self._seconds)}
        return structs.replace(progress, faults=faults, erroneous=erroneous, **figures)

    def _append_entries(self, session: Session, items: Sequence[PreparedRows]) -> None:
        """Append an entry to the ledger for each assessment that was written; the last statements of a step."""
        ledger.append_entries(
            session,
            [
                ledger.Event(
                    action=ACTION if self._job.actor is not None else COMMAND,
                    actor=self._job.actor,
                    subject=f"/v1/editions/{self._edition_id}/assessments/{item.subject}",
                    public=False,
                    hidden=True,
                    owner=item.subject,
                    sent=item.sent,
                    request=self._parameters.request,
                )
                for item in items
                if item.sent is not None
            ],
            now=datetime.now(UTC),
        )

    # --- the end ----------------------------------------------------------------------------------------------

    def _annotate(self, sent: Path) -> str:
        """Store a copy of the file with its faults and findings marked, and return its path."""
        faults = tuple(self._iterate_faults())
        form, language = self._parameters.form, self._parameters.language
        with self._database.read() as session:
            record = queries.get_file(session, self._parameters.file)
        assert record is not None
        with self._time("annotating"), tempfile.NamedTemporaryFile(prefix="actitud-import-") as copy:
            if isinstance(form, WorkbookForm):
                version = self._find_edition().methodology
                request = AnnotationRequest(str(sent), copy.name, version, faults)
                self._run_apart(annotate_workbook, request, sent)
            else:
                text = TextAnnotationRequest(str(sent), copy.name, form, language, faults)
                self._run_apart(annotate_text, text, sent)
            with Path(copy.name).open("rb") as content:
                identity = {"edition": self._edition_id, "holder": record.holder, "kind": record.kind}
                files.store_file(self._database, content, **identity, job=self._job.id)
        return f"/v1/editions/{self._edition_id}/imports/{self._job.id}/annotated.{files.SUFFIXES[record.kind]}"

    def _iterate_faults(self) -> Iterator[ImportFault]:
        """Yield the faults and findings that are recorded, from the database: an earlier run may have found some."""
        after = 0
        while True:
            with self._database.read() as session:
                items = jobs.list_items(session, self._job.id, None, PageRange(after, limit=ITEMS))
            for item in items:
                detail = msgspec.convert(item.detail, ImportDetail)
                yield from (*detail.faults, *detail.findings)
            if len(items) < ITEMS:
                return
            after = items[-1].position

    def _build_result(self, survey: Survey, annotated: str | None) -> ImportResult:
        counts = Counter(self._progress.counts)
        return ImportResult(
            dry_run=self._parameters.dry_run,
            rows=survey.last,
            organisations=counts.total(),
            created=counts["created"],
            replaced=counts["replaced"],
            unchanged=counts["unchanged"],
            refused=counts["refused"],
            withheld=counts["withheld"],
            erroneous=self._progress.erroneous,
            faults=self._progress.faults,
            findings={severity: self._progress.findings.get(severity, 0) for severity in ("error", "warning")},
            annotated=annotated,
            seconds={name: round(seconds, 3) for name, seconds in self._seconds.items()},
        )

    @contextmanager
    def _time(self, name: str) -> Iterator[None]:
        """Return a context that adds the seconds that it takes to those of a step."""
        started = perf_counter()
        try:
            yield
        finally:
            self._seconds[name] += perf_counter() - started


class _SpooledBatch(Struct, frozen=True):
    edition: editions.EditionRecord
    items: list[PreparedRows]


def _aim(
    group: OrganisationRows,
    resolved: dict[str, str],
    targets: dict[str, content_batches.ContentTarget | content_batches.TargetRefusal],
    names: dict[str, str],
    survey: Survey,
) -> TargetRows:
    """Return the rows of an organisation with the assessment that they are to change, or why they may not."""
    if not group.organisation:
        return TargetRows(group, None, (refuse_nameless(group),))
    name = resolved.get(group.organisation, group.organisation)
    if (rows := survey.scattered.get(hash(name))) is not None:
        return TargetRows(group, None, (refuse_scattered(group, rows),))
    target = targets.get(name)
    if target is None:
        return TargetRows(group, None, (refuse_unknown(group),))
    if (misnamed := refuse_misnamed(group, names[name])) is not None:
        return TargetRows(group, None, (misnamed,))
    if isinstance(target, content_batches.ContentTarget):
        return TargetRows(group, target)
    return TargetRows(group, None, (explain_refusal(group, target),))


def _cut(items: Iterator[ItemT], size: int) -> Iterator[list[ItemT]]:
    """Yield the items in lists of this size; the last may be shorter."""
    while batch := list(islice(items, size)):
        yield batch


def _append(spool: IO[bytes], batch: _SpooledBatch) -> None:
    encoded = msgspec.msgpack.encode(batch)
    spool.write(len(encoded).to_bytes(8))
    spool.write(encoded)


def _iterate(spool: IO[bytes]) -> Iterator[_SpooledBatch]:
    """Yield the batches in a spool from its beginning."""
    spool.seek(0)
    while head := spool.read(8):
        yield _SPOOLED.decode(spool.read(int.from_bytes(head)))


_PREPARED: Final = msgspec.msgpack.Decoder(PreparedBatch)
_SPOOLED: Final = msgspec.msgpack.Decoder(_SpooledBatch)
_SCATTERED: Final = Texts(
    "Las filas de cada organización deben estar juntas: ordene el fichero por organización.",
    "The rows of each organisation must stand together: sort the file by organisation.",
)
