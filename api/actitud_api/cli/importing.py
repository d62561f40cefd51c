"""`organisations import`: loads a file of organisations."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from babel.numbers import format_decimal
from msgspec import structs

from actitud_api.cli.common import Added, CommandError, opened, progress, settings_of, takes_database
from actitud_api.cli.readiness import make_tables, reaching
from actitud_api.http.negotiation import Texts
from actitud_api.methodology.model import Language
from actitud_api.organisations import service as organisations
from actitud_api.organisations.faults import describe
from actitud_api.storage.places import failures

_ORGANISATIONS = Texts("organizaciones", "organisations")
_IMPORT = Texts("importa un fichero CSV de municipios", "import a CSV file of municipalities")
_FILE = Texts("el fichero", "the file")
_READING = Texts("Leyendo municipios", "Reading municipalities")
_IMPORTED = Texts(
    "Organizaciones: {added} nuevas, {changed} cambiadas, {unchanged} sin cambios.",
    "Organisations: {added} added, {changed} changed, {unchanged} unchanged.",
)
_FAULTY = Texts("No se ha importado nada. Fallos: {count}.", "Nothing was imported. Faults: {count}.")
_UNREADABLE = Texts("No se puede leer {file}: {reason}", "Cannot read {file}: {reason}")


def add(added: Added, language: Language) -> None:
    """Adds the command."""
    about = added(_ORGANISATIONS, "organisations")
    imported = about.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "import", help=_IMPORT.into(language), description=_IMPORT.into(language)
    )
    imported.set_defaults(run=_import)
    imported.add_argument("file", type=Path, metavar="FILE", help=_FILE.into(language))
    takes_database(imported, language)


def _import(options: argparse.Namespace, language: Language) -> int:
    settings = settings_of(options)
    try:
        raw = options.file.read_bytes()
    except OSError as error:
        text = _UNREADABLE.into(language).format(file=options.file, reason=error.strerror)
        raise CommandError(text) from error
    with opened(settings, language) as database, reaching(settings, language):
        make_tables(settings, database, language)
        try:
            with failures(), progress(_READING.into(language), max(0, raw.count(b"\n") - 1)) as advance:
                imported = organisations.import_municipalities(database, raw, advance)
        except organisations.FaultyFile as error:
            count = format_decimal(len(error.faults), locale=language)
            lines = [describe(fault, language) for fault in error.faults]
            raise CommandError("\n".join([*lines, _FAULTY.into(language).format(count=count)])) from error
    counts = {name: format_decimal(count, locale=language) for name, count in structs.asdict(imported).items()}
    sys.stdout.write(_IMPORTED.into(language).format(**counts) + "\n")
    return 0
