"""`rescore`: score an edition under another version, as the operation `editions.rescorings.create` does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from actitud_api.cli.common import NO_EDITION, CommandError, load_settings, open_output, print_renderable
from actitud_api.cli.doing import do_job, iterate_items
from actitud_api.cli.readiness import open_ready_database
from actitud_api.cli.scoring import describe_faults
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration import words
from actitud_api.engine.scoring.change_decomposition import IncomparableVersions
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.jobs.schemas import build_result, format_path
from actitud_api.resources.scores.rescoring import Outcome, RescoringSummary
from actitud_api.resources.scores.rescoring_routes import INCOMPARABLE, RescoringRequest
from actitud_api.resources.scores.tasks import enqueue_rescoring

_BAR = Texts("Puntuando de nuevo", "Scoring again")
_NOTHING = Texts("No se ha puntuado nada. Fallos: {count}.", "Nothing was scored. Faults: {count}.")
_COUNTED = Texts(
    "Organizaciones: {organisations}. Con índice en las dos versiones: {rated}.",
    "Organisations: {organisations}. With an index under both versions: {rated}.",
)
_MEANS = Texts(
    "Índice medio: {mean_before} con {before}, {mean_after} con {after}.",
    "Mean index: {mean_before} under {before}, {mean_after} under {after}.",
)
_OUTCOMES: Final[Mapping[Outcome, Texts]] = {
    "risen": Texts("Suben: {count}.", "Risen: {count}."),
    "fallen": Texts("Bajan: {count}.", "Fallen: {count}."),
    "same": Texts("Quedan igual: {count}.", "Same: {count}."),
    "unrated": Texts("Sin índice en alguna de las dos: {count}.", "Without an index under one of them: {count}."),
}
_LEVEL = Texts("Nivel con {methodology}", "Level under {methodology}")
_ORGANISATIONS = Texts("Organizaciones", "Organisations")
_UNTOUCHED = Texts(
    "En la edición no ha cambiado nada. Lo de cada organización: {results}",
    "Nothing of the edition has changed. Each organisation: {results}",
)
_NO_LEVEL: Final = "–"
_ACTION: Final = "cli.rescore"


def run_rescore(options: argparse.Namespace, language: Language) -> int:
    """Run `rescore`: score an edition under another methodology version, print what changes, and return exit code 0.

    Raises:
        CommandError: The version is unknown or the file of results cannot be written (exit code 2), the edition does
            not exist, or its scores cannot be compared with those under the version.
    """
    request = Body(RescoringRequest).convert({"methodology": options.methodology})
    if isinstance(request, list):
        raise CommandError("\n".join(describe_faults(request, _NOTHING, language)), 2)
    settings, edition = load_settings(options), str(options.edition)
    file: Path | None = options.results
    with open_ready_database(settings, language, writes=True) as database:
        # Before the job, so that a file which cannot be created does not cost the minutes of the job.
        output: AbstractContextManager[Callable[[bytes], None] | None] = (
            nullcontext() if file is None else open_output(file, "xb", language)
        )
        with output as write:
            try:
                job = _enqueue(database, edition, request.methodology)
                status = do_job(settings, database, job, _BAR.into(language), language)
            except UnknownEdition as error:
                raise CommandError(NO_EDITION.into(language).format(edition=edition)) from error
            except IncomparableVersions as error:
                text = INCOMPARABLE.fill(before=error.before, after=error.after)
                raise CommandError(text.into(language)) from error
            if write is not None:
                # One organisation a line, as `jobs.items.list` answers them.
                for item in iterate_items(database, job, outcome=None):
                    write(msgspec.json.encode(build_result(item, str(job), "", language)) + b"\n")
    summary = msgspec.convert(status.record.result, RescoringSummary)
    sys.stdout.write("".join(f"{line}\n" for line in _describe_summary(summary, status.outcomes, language)))
    print_renderable(_render_levels(summary, language))
    place = file or f"GET {format_path(job)}/items"
    sys.stdout.write(_UNTOUCHED.into(language).format(results=place) + "\n")
    return 0


def _enqueue(database: Database, edition: str, methodology: str) -> int:
    """Ask for the job, enter that in the ledger, and return the id of the job."""
    with database.write(hidden=True) as session:
        record = enqueue_rescoring(session, edition, methodology, None)
        subject = format_path(record.id)
        event = ledger.Event(action=_ACTION, actor=None, subject=subject, public=True, hidden=True)
        ledger.append_entry(session, event, now=datetime.now(UTC))
    return record.id


def _describe_summary(summary: RescoringSummary, outcomes: Mapping[str, int], language: Language) -> Iterator[str]:
    """Yield a line with the number of organisations, one with both mean indices, and one for each outcome."""
    counts = {name: words.format_number(getattr(summary, name), language) for name in ("organisations", "rated")}
    yield _COUNTED.into(language).format(**counts)
    if summary.mean_before is not None and summary.mean_after is not None:
        yield _MEANS.into(language).format(
            mean_before=words.format_number(summary.mean_before, language),
            before=summary.methodology_before,
            mean_after=words.format_number(summary.mean_after, language),
            after=summary.methodology_after,
        )
    for outcome, text in _OUTCOMES.items():
        if count := outcomes.get(outcome):
            yield text.into(language).format(count=words.format_number(count, language))


def _render_levels(summary: RescoringSummary, language: Language) -> Table:
    """Return the table of how many organisations have which level under the one version and under the other."""
    versions = (summary.methodology_before, summary.methodology_after)
    columns = (_LEVEL.into(language).format(methodology=version) for version in versions)
    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(_ORGANISATIONS.into(language), justify="right")
    for move in summary.levels:
        table.add_row(
            _name_level(summary.methodology_before, move.before, language),
            _name_level(summary.methodology_after, move.after, language),
            words.format_number(move.organisations, language),
        )
    return table


def _name_level(methodology: str, level: int | None, language: Language) -> str:
    if level is None:
        return _NO_LEVEL
    return f"{level} {load_methodology(methodology).texts[language].levels[str(level)].name}"
