"""`backup` and `restore`: copy a SQLite database while the service runs, and restore a copy."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from actitud_api.cli.common import CommandError, get_reason, load_settings, open_database
from actitud_api.cli.readiness import catch_unreachable, check_exists
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.platform.storage import backup as copies
from actitud_api.platform.storage.urls import find_database_file, format_for_tools, hide_password
from actitud_api.settings import Settings

_MADE = Texts(
    "Copia de {database} en {file}: {size} bytes, revisión {revision}, comprobada.",
    "Copy of {database} in {file}: {size} bytes, revision {revision}, verified.",
)
_RESTORED = Texts(
    "{database} es ahora la copia {file}: {size} bytes, revisión {revision}, comprobada.",
    "{database} is now the copy {file}: {size} bytes, revision {revision}, verified.",
)
_UNCHECKED = Texts(
    "Aviso: no está {line}, así que no se ha podido comparar con su suma.",
    "Warning: there is no {line}, so the copy was not compared with its checksum.",
)
_SERVER = Texts(
    "La base de datos está en un servidor PostgreSQL: use sus herramientas.\n  {command}",
    "The database is on a PostgreSQL server: use its tools.\n  {command}",
)
_UNWRITABLE = Texts("No se puede usar {file}: {reason}", "Cannot use {file}: {reason}")
_FAULTS: Final[dict[copies.BackupFaultCode, Texts]] = {
    "exists": Texts("{file} ya existe: use --force para sustituirlo", "{file} exists: use --force to replace it"),
    "itself": Texts("{file} es la propia base de datos", "{file} is the database itself"),
    "missing": Texts("No hay copia en {file}", "There is no copy in {file}"),
    "damaged": Texts("{file} no está íntegro: {reason}", "{file} is not whole: {reason}"),
    "checksum": Texts(
        "{file} no es la copia de la que se hizo la suma de {file}.sha256",
        "{file} is not the copy that the checksum in {file}.sha256 was made of",
    ),
    "foreign": Texts("{file} no es una base de datos de este servicio", "{file} is not a database of this service"),
    "in_use": Texts(
        "{file} está en uso: pare el servicio antes de restaurar", "{file} is in use: stop the service before restoring"
    ),
    "unusable": Texts(
        "{file} no es una base de datos ({reason}): apártelo y repita la orden",
        "{file} is not a database ({reason}): move it away and repeat the command",
    ),
    "failed": Texts("No se ha podido escribir {file}: {reason}", "{file} could not be written: {reason}"),
}

DUMP: Final = "pg_dump --format=custom --file={file} {url}"
LOAD: Final = "pg_restore --clean --if-exists --single-transaction --dbname={url} {file}"
"""Shell commands that dump and load a PostgreSQL database.

Messages recommend them, because `backup` and `restore` copy only SQLite files.
"""


def run_backup(options: argparse.Namespace, language: Language) -> int:
    """Run `backup`: write a backup of the database, print its description and checksum, and return exit code 0.

    Raises:
        CommandError: The database is on a server or does not exist, or the backup could not be written.
    """
    settings = load_settings(options)
    source = _find_database_file(settings, DUMP, options.file, language)
    check_exists(settings, language)
    with (
        open_database(settings, language) as database,
        catch_unreachable(settings, language),
        _catch_failures(options.file, language),
    ):
        copy = copies.create_backup(database, source, options.file, force=options.force)
    sys.stdout.write(f"{_describe_copy(_MADE, copy, settings, language)}\n{copy.line}\n")
    return 0


def run_restore(options: argparse.Namespace, language: Language) -> int:
    """Run `restore`: replace the database by a backup, print description and checksum of the backup, and return 0.

    A warning goes to standard error if there is no checksum file to compare with.

    Raises:
        CommandError: The database is on a server or in use, or the backup is invalid.
    """
    settings = load_settings(options)
    target = _find_database_file(settings, LOAD, options.file, language)
    with _catch_failures(options.file, language):
        copy = copies.restore_backup(options.file, target, force=options.force)
    sys.stdout.write(f"{_describe_copy(_RESTORED, copy, settings, language)}\n{copy.line}\n")
    if not copy.checked:
        checksum_file = copies.build_checksum_path(options.file)
        sys.stderr.write(f"{_UNCHECKED.into(language).format(line=checksum_file)}\n")
    return 0


def _find_database_file(settings: Settings, command: str, file: Path, language: Language) -> Path:
    """Return the file of the SQLite database that the settings name.

    `command` is the shell command that does the same for PostgreSQL, with placeholders for the URL and for
    `file`.

    Raises:
        CommandError: The database is on a server; the message recommends the shell command.
    """
    database_file = find_database_file(settings.database_url)
    if database_file is None:
        shell_command = command.format(
            file=shlex.quote(str(file)), url=shlex.quote(format_for_tools(settings.database_url))
        )
        raise CommandError(_SERVER.into(language).format(command=shell_command))
    return database_file


def _describe_copy(text: Texts, copy: copies.BackupCopy, settings: Settings, language: Language) -> str:
    size = words.format_number(copy.size, language)
    return text.into(language).format(
        database=hide_password(settings.database_url), file=copy.file, size=size, revision=copy.revision
    )


@contextmanager
def _catch_failures(file: Path, language: Language) -> Iterator[None]:
    try:
        yield
    except copies.BackupError as error:
        text = _FAULTS[error.code].into(language)
        raise CommandError(text.format(file=error.file, reason=error.reason)) from error
    except OSError as error:
        raise CommandError(_UNWRITABLE.into(language).format(file=file, reason=get_reason(error, language))) from error
