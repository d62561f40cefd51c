"""Use cases of imports: receive a file, enqueue the job that imports it, write the workbook to fill in."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct, structs

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.auth.service import ORGANISATION_ROLES, Principal
from actitud_api.platform.http.representations import JSON_LINES, XLSX
from actitud_api.platform.jobs.service import JobRecord, enqueue_job
from actitud_api.platform.spreadsheets.package import WorkbookOversized
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import build_revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.imports import files, queries
from actitud_api.resources.imports.csv_forms import TidyForm, read_form
from actitud_api.resources.imports.import_run import ACTION, ImportParameters, ImportWorkers
from actitud_api.resources.imports.import_run import ImportRequest as ImportRequest
from actitud_api.resources.imports.json_form import JsonLinesForm
from actitud_api.resources.imports.preparation import ABSENT, Form, list_faults
from actitud_api.resources.imports.queries import ImportFileRecord
from actitud_api.resources.imports.sources import ImportRejected, Place, build_fault
from actitud_api.resources.imports.workbook_form import WorkbookForm
from actitud_api.resources.imports.workbook_writing import TemplateRequest, TemplateRow, write_template
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.service import OrganisationFilters

WORKBOOK_MAX: Final = 32 * 1024 * 1024
"""Largest workbook in bytes, compressed as it is."""

TEMPLATE_MAX: Final = 5_000
"""Highest number of organisations of a template."""

_APART: Final = 100
"""Number of organisations from which on a template is written in another process."""

_PIECE: Final = 1024 * 1024
_PAGE: Final = 500


class TemplateTooLarge(ValueError):
    """A template would have more than `TEMPLATE_MAX` organisations. Raised by `build_template`."""


class ReceivedFile(Struct, frozen=True):
    """A received and stored file, the form in which it is read, and the number of its lines.

    `rows` is None for a workbook, whose rows are counted when it is imported.
    """

    record: ImportFileRecord
    form: Form
    rows: int | None


class Importer:
    """Service that receives files with assessments, enqueues their import, and writes workbooks to fill in."""

    def __init__(self, database: Database, workers: ImportWorkers) -> None:
        """Create a service that keeps files and jobs in `database`; `workers` run slow work in other processes."""
        self.database = database
        self.workers = workers

    def receive_file(self, edition: str, content: BinaryIO, size: int, kind: str, holder: str) -> ReceivedFile:
        """Recognise the form of a file, store the file, and return it with its form.

        The values in its rows are checked later, by the job that imports the file. If there is no such job, the file is
        deleted after `files.LIFETIME`.

        Args:
            edition: Id of the edition.
            content: The open file.
            size: Size of the file in bytes.
            kind: Media type of the file.
            holder: Id of the sender (`Principal.origin`).

        Raises:
            UnknownEdition, EditionNotOpen: There is no such edition, or it is published.
            ImportRejected: The file is not of this type, or its first row has faults.
            WorkbookOversized: The workbook is larger than `WORKBOOK_MAX`.
        """
        with self.database.read() as session:
            record = editions.find(session, edition)
        if record.state == "published":
            raise editions.EditionNotOpen(record.id, record.state)
        form, rows = _recognise_form(content, size, kind, record.methodology)
        content.seek(0)
        stored = files.store_file(self.database, content, edition=record.id, holder=holder, kind=kind)
        return ReceivedFile(stored, form, rows)

    def enqueue_import(
        self, session: Session, received: ReceivedFile, principal: Principal | None, request: ImportRequest
    ) -> JobRecord:
        """Enqueue the job that imports a received file, and return the job.

        `principal`: the client that asks for it, None for the command line.
        """
        parameters = ImportParameters(file=received.record.id, form=received.form, **structs.asdict(request))
        return enqueue_job(
            session,
            kind=ACTION,
            parameters=parameters,
            principal=principal,
            edition=received.record.edition,
            total=received.rows,
        )

    def delete_unwanted(self, received: ReceivedFile) -> None:
        """Delete a received file after a failed request, unless the job was enqueued in spite of the failure."""
        with self.database.write(hidden=True) as session:
            if not queries.has_reader(session, ACTION, received.record.id):
                queries.delete_file(session, received.record.id)

    def build_template(self, edition: str, parent: str | None, principal: Principal, language: Language) -> bytes:
        """Write the workbook of an edition, with a row of stored answers for each organisation, and return its bytes.

        The workbook has the organisations of the key, or all that exist today if the key is bound to none. `parent`
        keeps only the organisations that depend on the organisation with this id; None keeps all. For a key that may
        not read unpublished assessments, the workbook has no answers.

        Raises:
            UnknownEdition: There is no such edition.
            TemplateTooLarge: There are more than `TEMPLATE_MAX` organisations.
        """
        with self.database.read() as session:
            record = editions.find(session, edition)
            rows = list(self._iterate_rows(session, record.id, parent, principal))
        with tempfile.NamedTemporaryFile(prefix="actitud-template-", suffix=".xlsx") as target:
            request = msgspec.msgpack.encode(
                TemplateRequest(target.name, record.methodology, record.id, language, tuple(rows))
            )
            if len(rows) > _APART:
                self.workers.run(write_template, request)
            else:
                write_template(request)
            return Path(target.name).read_bytes()

    def _iterate_rows(
        self, session: Session, edition: str, parent: str | None, principal: Principal
    ) -> Iterator[TemplateRow]:
        names = dict(self._iterate_names(session, parent, principal))
        if len(names) > TEMPLATE_MAX:
            raise TemplateTooLarge
        identifiers = sorted(names)
        # Whoever is bound to organisations reads their drafts.
        may_read = principal.role in ORGANISATION_ROLES or principal.can_see_drafts(edition)
        for start in range(0, len(identifiers), _PAGE):
            batch = identifiers[start : start + _PAGE]
            stored = assessments.find_assessments(session, edition, batch)
            for organisation in batch:
                before = stored.get(organisation)
                revision = ABSENT if before is None else build_revision(before.created, before.version)
                content = assessments.rebuild_content(before) if before is not None and may_read else None
                yield TemplateRow(organisation, names[organisation], revision, content)

    def _iterate_names(self, session: Session, parent: str | None, principal: Principal) -> Iterator[tuple[str, str]]:
        """Yield the id and name of each organisation of a template, one more than `TEMPLATE_MAX` at most."""
        among = principal.organisations if principal.role in ORGANISATION_ROLES else None
        if among is not None:
            for organisation in among:
                found = organisations.find(session, organisation)
                if parent in (None, found.parent):
                    yield found.id, found.name
            return
        filters = OrganisationFilters(parent=parent, on=datetime.now(UTC).date())
        after: str | None = None
        count = 0
        while count <= TEMPLATE_MAX:
            page = organisations.list_page(self.database, filters, PageRange(after=after, limit=_PAGE))
            yield from ((record.id, record.name) for record in page)
            if len(page) < _PAGE:
                return
            after, count = page[-1].id, count + len(page)


def discard_file(session: Session, job: JobRecord) -> None:
    """Delete the file of an import job that ends without importing all of it, such as a cancelled job."""
    file = job.parameters.get("file")
    if isinstance(file, int):
        queries.delete_file(session, file)


def _recognise_form(content: BinaryIO, size: int, kind: str, version: str) -> tuple[Form, int | None]:
    """Return the form of a file, and the number of its lines, None for a workbook."""
    if kind == XLSX:
        if size > WORKBOOK_MAX:
            raise WorkbookOversized("too_large", _LARGE_WORKBOOK.fill(maximum=WORKBOOK_MAX))
        return WorkbookForm(), None
    lines = _check_text(content)
    content.seek(0)
    try:
        form: Form = JsonLinesForm() if kind == JSON_LINES else read_form(content, version)
    except ImportRejected as error:
        if isinstance(error.form, TidyForm):
            content.seek(0)
            error.faults = [*error.faults, *list_faults(error.form, version, content)]
        raise
    if lines < (1 if kind == JSON_LINES else 2):
        raise ImportRejected([build_fault(Place(1), "empty", _EMPTY)])
    return form, lines


def _check_text(content: BinaryIO) -> int:
    """Return the number of lines of a text file. Raises `ImportRejected` if it is not UTF-8, or has NUL characters."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0
    last = b"\n"
    while piece := content.read(_PIECE):
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            # Of the bytes that the decoder kept from the piece before, none is the end of a line.
            row = lines + piece.count(b"\n", 0, max(0, error.start)) + 1
            raise ImportRejected([build_fault(Place(row), "encoding", _NOT_UTF8)]) from error
        if b"\0" in piece:
            row = lines + piece.count(b"\n", 0, piece.index(b"\0")) + 1
            raise ImportRejected([build_fault(Place(row), "encoding", _NOT_UTF8)])
        lines += piece.count(b"\n")
        last = piece[-1:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ImportRejected([build_fault(Place(lines + 1), "encoding", _NOT_UTF8)]) from error
    return lines + (last != b"\n")


_LARGE_WORKBOOK: Final = Texts(
    "El libro tiene más de {maximum} bytes. Repártalo en varios, o envíe CSV.",
    "The workbook has more than {maximum} bytes. Divide it into several, or send CSV.",
)
_EMPTY: Final = Texts("El fichero no tiene ninguna fila.", "The file has no row.")
_NOT_UTF8: Final = Texts(
    "No es texto en UTF-8. Guárdelo de nuevo como «CSV UTF-8».", "It is no text in UTF-8. Save it again as “CSV UTF-8”."
)
