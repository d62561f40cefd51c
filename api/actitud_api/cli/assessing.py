"""`assessments import`: import a file of assessments, as the operation `editions.imports.create` does."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from actitud_api.app import find_expected_problem
from actitud_api.cli.common import CommandError, build_read_error, load_settings, open_output
from actitud_api.cli.doing import do_job, iterate_items
from actitud_api.cli.readiness import open_ready_database
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.jobs.workers import open_workers_apart, run_apart
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.urls import wrap_failures
from actitud_api.resources.imports import files
from actitud_api.resources.imports.import_run import COMMAND, ImportDetail, ImportResult, ImportWorkers
from actitud_api.resources.imports.service import Importer, ImportRequest

_READING = Texts("Importando", "Importing")
_UNKNOWN_KIND = Texts(
    "{file}: su nombre no acaba en {suffixes}.", "{file}: its name does not end in one of {suffixes}."
)
_IMPORTED = Texts(
    "Evaluaciones: {created} nuevas, {replaced} sustituidas, {unchanged} sin cambios, {refused} rechazadas, {withheld} "
    "retenidas.",
    "Assessments: {created} created, {replaced} replaced, {unchanged} unchanged, {refused} refused, {withheld} "
    "withheld.",
)
_ERRONEOUS = Texts(
    "Con errores, y sin poder presentarse hasta corregirlos: {assessments}; errores: {errors}.",
    "With errors, and not to be submitted until these are corrected: {assessments}; errors: {errors}.",
)
_NOT_STORED = Texts("No se ha guardado nada.", "Nothing was stored.")
_COPIED = Texts("Copia con los fallos: {file}", "Copy with the faults: {file}")
_MORE = Texts("Fallos que no se enumeran: {count}.", "Faults that are not listed: {count}.")

HOLDER: Final = "cli"
"""Whoever sends a file on the command line."""

_SHOWN: Final = 100
"""Highest number of faults that are printed."""


def run_import(options: argparse.Namespace, language: Language) -> int:
    """Run `assessments import`: import a file of assessments with a progress bar, and print the outcome.

    Return exit code 1 if the rows of any organisation have a fault or an error finding, else 0.

    Raises:
        CommandError: The file cannot be read or imported, the edition accepts no changes, or the annotated copy cannot
            be written.
    """
    settings, file = load_settings(options), Path(options.file)
    kind = _find_kind(file, language)
    with open_ready_database(settings, language, writes=True) as database:
        try:
            with wrap_failures(), _open_file(file, language) as content:
                job = _enqueue(database, options, content, file, kind, language)
                status = do_job(settings, database, job, _READING.into(language), language)
        except Exception as error:
            problem = find_expected_problem(error)
            if problem is None:
                raise
            lines = [f"{fault.pointer}: {fault.detail.into(language)}" for fault in problem.faults]
            raise CommandError("\n".join([*lines, problem.detail.into(language)])) from error
        result = msgspec.convert(status.record.result, ImportResult)
        _print_faults(database, job, language)
        # Before the copy: it is also told where the copy cannot be written, and the assessments are stored.
        _print_counts(result, language)
        if options.annotated is not None and result.annotated is not None:
            _write_copy(database, job, options.annotated, language)
    return 1 if result.refused or result.erroneous else 0


def _find_kind(file: Path, language: Language) -> str:
    kinds = {f".{suffix}": kind for kind, suffix in files.SUFFIXES.items()}
    kind = kinds.get(file.suffix.lower())
    if kind is None:
        text = _UNKNOWN_KIND.into(language).format(file=file, suffixes=", ".join(kinds))
        raise CommandError(text, 2)
    return kind


def _open_file(file: Path, language: Language) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise build_read_error(file, error, language) from error


def _enqueue(
    database: Database, options: argparse.Namespace, content: BinaryIO, file: Path, kind: str, language: Language
) -> int:
    """Ask for the job, with an entry in the ledger, and return its id."""
    importer = Importer(database, ImportWorkers(open_workers_apart, run_apart))
    received = importer.receive_file(options.edition, content, file.stat().st_size, kind, HOLDER)
    asked = ImportRequest(
        dry_run=options.dry_run, all_or_nothing=options.all_or_nothing, language=language, request=None
    )
    try:
        with database.write(hidden=True) as session:
            job = importer.enqueue_import(session, received, None, asked)
            event = ledger.Event(action=COMMAND, actor=None, subject=f"/v1/jobs/{job.id}", public=True, hidden=True)
            ledger.append_entry(session, event, now=datetime.now(UTC))
    except BaseException:
        importer.delete_unwanted(received)
        raise
    return job.id


def _print_faults(database: Database, job: int, language: Language) -> None:
    """Print the first faults and error findings to standard error, each with its place."""
    count = 0
    for item in iterate_items(database, job, outcome=None):
        detail = msgspec.convert(item.detail, ImportDetail)
        for fault in (*detail.faults, *detail.findings):
            count += 1
            if count <= _SHOWN:
                place = ":".join(str(part) for part in (fault.sheet, fault.row, fault.column) if part is not None)
                sys.stderr.write(f"{place}: {fault.detail[language]}\n")
    if count > _SHOWN:
        sys.stderr.write(_MORE.into(language).format(count=words.format_number(count - _SHOWN, language)) + "\n")


def _print_counts(result: ImportResult, language: Language) -> None:
    """Print how many assessments have which outcome, and whether nothing was stored."""
    counts = {
        name: words.format_number(getattr(result, name), language)
        for name in ("created", "replaced", "unchanged", "refused", "withheld")
    }
    lines = [_IMPORTED.into(language).format(**counts)]
    if result.erroneous:
        numbers = {"assessments": result.erroneous, "errors": result.findings["error"]}
        lines.append(_ERRONEOUS.fill(**numbers).into(language))
    if result.dry_run or result.withheld:
        lines.append(_NOT_STORED.into(language))
    sys.stdout.write("\n".join(lines) + "\n")


def _write_copy(database: Database, job: int, target: Path, language: Language) -> None:
    """Write the annotated copy to a file, and print its name."""
    record = files.find_copy(database, job)
    with open_output(target, "wb", language) as write:
        for piece in files.iterate_pieces(database, record.id):
            write(piece)
    sys.stdout.write(_COPIED.into(language).format(file=target) + "\n")
