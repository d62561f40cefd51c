"""`organisations import`: load a file of municipalities."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial

from msgspec import structs

from actitud_api.cli.common import CommandError, build_read_error, load_settings, show_progress
from actitud_api.cli.locking import open_database_to_write
from actitud_api.cli.readiness import catch_unreachable, create_tables
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.platform.storage.urls import wrap_failures
from actitud_api.resources.assessments.content_batches import reevaluate_assessments
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.entries import FIGURE_YEARS
from actitud_api.resources.organisations.faults import describe_fault

_NO_YEAR = Texts(
    "--population-year: «{value}» no es un año, de {first} a {last}",
    "--population-year: “{value}” is not a year, {first} to {last}",
)
_READING = Texts("Leyendo municipios", "Reading municipalities")
_IMPORTED = Texts(
    "Organizaciones: {added} nuevas, {changed} cambiadas, {unchanged} sin cambios.",
    "Organisations: {added} added, {changed} changed, {unchanged} unchanged.",
)
_FAULTY = Texts("No se ha importado nada. Fallos: {count}.", "Nothing was imported. Faults: {count}.")


def run_import(options: argparse.Namespace, language: Language) -> int:
    """Run `organisations import`: load a file of municipalities, and print how many were added or changed.

    Return exit code 0.

    Raises:
        CommandError: The file cannot be read or has faults; then nothing is imported.
    """
    settings = load_settings(options)
    year = _parse_year(options.population_year, language)
    try:
        raw = options.file.read_bytes()
    except OSError as error:
        raise build_read_error(options.file, error, language, 1) from error
    with open_database_to_write(settings, language) as database, catch_unreachable(settings, language):
        create_tables(settings, database, language)
        now = datetime.now(UTC)
        try:
            # The number of lines is an estimate for the progress bar: a quoted field may contain line ends.
            with wrap_failures(), show_progress(_READING.into(language), max(0, raw.count(b"\n") - 1)) as advance:
                imported = organisations.import_municipalities(
                    database,
                    raw,
                    advance,
                    domains_changed=partial(reevaluate_assessments, now=now),
                    now=now,
                    population_year=year,
                )
        except organisations.InvalidMunicipalityFile as error:
            count = words.format_number(len(error.faults), language)
            lines = [describe_fault(fault, language) for fault in error.faults]
            raise CommandError("\n".join([*lines, _FAULTY.into(language).format(count=count)])) from error
    counts = {name: words.format_number(count, language) for name, count in structs.asdict(imported).items()}
    sys.stdout.write(_IMPORTED.into(language).format(**counts) + "\n")
    return 0


def _parse_year(text: str | None, language: Language) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) == 4 and int(text) in FIGURE_YEARS):
        limits = {"first": FIGURE_YEARS[0], "last": FIGURE_YEARS[-1]}
        raise CommandError(_NO_YEAR.into(language).format(value=text, **limits), 2)
    return int(text)
