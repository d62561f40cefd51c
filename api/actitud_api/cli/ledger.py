"""`ledger`: make a checkpoint to keep outside the service, and export the ledger for verification."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Final

import msgspec

from actitud_api.cli.common import CommandError, load_settings, open_database
from actitud_api.cli.locking import DatabaseTaken, open_database_to_write
from actitud_api.cli.readiness import catch_unreachable, check_ready
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.audit_log import schemas, service
from actitud_api.platform.audit_log.keys import KeyFaultCode, SigningKeyFault
from actitud_api.platform.storage.urls import wrap_failures
from actitud_api.settings import Settings

FAULTS: Final[dict[KeyFaultCode, Texts]] = {
    "none": Texts("no hay ninguna clave de firma", "there is no signing key"),
    "missing": Texts("no está {file}, la clave privada de firma", "{file} is not there, the private signing key"),
    "unreadable": Texts("{file} no se puede leer como clave", "{file} cannot be read as a key"),
    "exposed": Texts("otros pueden leer {file} ({reason})", "others may read {file} ({reason})"),
    "foreign": Texts("{file} no es la clave que firma", "{file} is not the key that signs"),
}
REMEDIES: Final[dict[KeyFaultCode, Texts]] = {
    "none": Texts("ejecute actitud-api init", "run actitud-api init"),
    "missing": Texts(
        "recupérela de su copia, o ejecute actitud-api keys rotate-signing",
        "bring it back from its copy, or run actitud-api keys rotate-signing",
    ),
    "unreadable": Texts(
        "recupérela de su copia y que sea de quien ejecuta el servicio, o ejecute actitud-api keys rotate-signing",
        "bring it back from its copy and let it be of whoever runs the service, or run actitud-api keys rotate-signing",
    ),
    "exposed": Texts(
        "chmod 600, y actitud-api keys rotate-signing si pudo leerla alguien",
        "chmod 600, and actitud-api keys rotate-signing if anybody may have read it",
    ),
    "foreign": Texts(
        "recupérela de su copia, o ejecute actitud-api keys rotate-signing",
        "bring it back from its copy, or run actitud-api keys rotate-signing",
    ),
}

_OF_SERVICE = Texts(
    "El servicio está en marcha: este punto de control es el último que ha hecho él; hace uno al día.",
    "The service is running: this checkpoint is the last one that it made itself; it makes one a day.",
)


def describe_fault(error: SigningKeyFault, language: Language) -> str:
    """Return the reason why the signing key cannot be used, as text."""
    return FAULTS[error.code].into(language).format(file=error.file, reason=error.reason)


def run_checkpoint(options: argparse.Namespace, language: Language) -> int:
    """Make a checkpoint of the ledger, print its signed note, and return exit code 0.

    Beside a running service whose database only one process may write to, print the newest checkpoint of the service
    instead, and say so on standard error.

    Raises:
        CommandError: The signing key cannot be used, or a running service has made no checkpoint yet.
    """
    settings = load_settings(options)
    try:
        note = _make_checkpoint(settings, language)
    except DatabaseTaken as error:
        note = _read_newest_checkpoint(settings, error, language)
        sys.stderr.write(f"{_OF_SERVICE.into(language)}\n")
    sys.stdout.write(note)
    return 0


def _make_checkpoint(settings: Settings, language: Language) -> str:
    with open_database_to_write(settings, language) as database, catch_unreachable(settings, language):
        check_ready(settings, database, language)
        now = datetime.now(UTC)
        try:
            with wrap_failures(), database.write() as session:
                signer = service.load_signer(session, settings.signing_folder)
                service.begin_ledger(session, service.find_host(settings.public_url), now)
                return service.make_checkpoint(session, signer, now).note
        except SigningKeyFault as error:
            raise CommandError(f"{describe_fault(error, language)}: {REMEDIES[error.code].into(language)}") from error


def _read_newest_checkpoint(settings: Settings, taken: DatabaseTaken, language: Language) -> str:
    """Return the note of the newest checkpoint; raise `taken` if there is none."""
    with open_database(settings, language) as database, catch_unreachable(settings, language):
        check_ready(settings, database, language)
        try:
            with wrap_failures():
                return service.find_checkpoint(database, service.LATEST).note
        except service.UnknownCheckpoint:
            raise taken from None


def run_export(options: argparse.Namespace, language: Language) -> int:
    """Print all entries of the ledger as JSON Lines and return exit code 0.

    Only public subjects are included, as for a request without a key.
    """
    settings = load_settings(options)
    with open_database(settings, language) as database, catch_unreachable(settings, language):
        check_ready(settings, database, language)
        with wrap_failures(), database.read() as session:
            for entry in service.iterate_entries(session):
                sys.stdout.write(msgspec.json.encode(schemas.build_entry(entry, None)).decode() + "\n")
    return 0
