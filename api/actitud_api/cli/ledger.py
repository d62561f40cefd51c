"""`ledger`: make a checkpoint to keep outside, export the ledger, and acknowledge that a copy was brought back."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

import msgspec

from actitud_api.cli.common import CommandError, load_settings
from actitud_api.cli.locking import DatabaseTaken
from actitud_api.cli.readiness import open_ready_database
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.audit_log import schemas, service
from actitud_api.platform.audit_log.keys import KeyFaultCode, SigningKeyFault
from actitud_api.settings import Settings

FAULTS: Final[dict[KeyFaultCode, Texts]] = {
    "none": Texts("no hay ninguna clave de firma", "there is no signing key"),
    "missing": Texts("no está {file}, la clave privada de firma", "{file} is not there, the private signing key"),
    "unreadable": Texts("{file} no se puede leer como clave", "{file} cannot be read as a key"),
    "exposed": Texts("otros pueden leer {file} ({reason})", "others may read {file} ({reason})"),
    "foreign": Texts("{file} no es la clave que firma", "{file} is not the key that signs"),
    "restored": Texts(
        "se firmó un libro de cambios de {reason} entradas, y el de la base de datos no es ese: se ha recuperado de "
        "una copia anterior",
        "a ledger of {reason} entries was signed, and that of the database is another one: it was brought back from an "
        "earlier copy",
    ),
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
        "chmod 600, y actitud-api keys revoke-signing KID si pudo leerla alguien",
        "chmod 600, and actitud-api keys revoke-signing KID if anybody may have read it",
    ),
    "foreign": Texts(
        "recupérela de su copia, o ejecute actitud-api keys rotate-signing",
        "bring it back from its copy, or run actitud-api keys rotate-signing",
    ),
    "restored": Texts(
        "recupere una copia más reciente si la hay; si no, actitud-api ledger acknowledge-restore --reason MOTIVO",
        "bring back a later copy if there is one; else run actitud-api ledger acknowledge-restore --reason TEXT",
    ),
}
_NOTHING_RESTORED = Texts(
    "No hay nada que hacer constar: el libro de cambios es el que se firmó.",
    "There is nothing to acknowledge: the ledger is the one that was signed.",
)
_NO_REASON = Texts("--reason: de 1 a {most} caracteres", "--reason: 1 to {most} characters")
_ACKNOWLEDGED = Texts(
    "Consta en el libro de cambios que se ha perdido lo firmado hasta la entrada {size}; desde ahora se vuelve a "
    "firmar.\nQuien guarde un punto de control posterior a la copia verá que este libro es otro: avísele.",
    "The ledger has it that what was signed up to entry {size} is lost; from now on it is signed again.\n"
    "Whoever keeps a checkpoint that is later than the copy will see that this ledger is another one: tell them.",
)
REASON_MAX: Final = 500
"""Maximum length of the reason of an acknowledgement, which stays in the ledger for ever."""

_OF_SERVICE = Texts(
    "El servicio está en marcha: este punto de control es el último que ha hecho él; hace uno al día.",
    "The service is running: this checkpoint is the last one that it made itself; it makes one a day.",
)


def describe_fault(error: SigningKeyFault, language: Language) -> str:
    """Describe in a sentence why the signing key cannot be used."""
    return FAULTS[error.code].into(language).format(file=error.file, reason=error.reason)


def build_signing_error(error: SigningKeyFault, language: Language) -> CommandError:
    """Return the error of a command that cannot sign, with what to do about it."""
    return CommandError(f"{describe_fault(error, language)}: {REMEDIES[error.code].into(language)}")


def run_checkpoint(options: argparse.Namespace, language: Language) -> int:
    """Make a checkpoint (signed hash) of the ledger, print it as a signed note, and return exit code 0.

    If a running service is the only process that may write to the database, print the newest checkpoint of the service
    instead, and write a note about it to standard error.

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
    with open_ready_database(settings, language, writes=True) as database:
        now = datetime.now(UTC)
        try:
            with database.write() as session:
                signer = service.load_signer(session, settings.signing_folder)
                service.begin_ledger(session, service.find_host(settings.public_url), now)
                return service.make_checkpoint(session, signer, now).note
        except SigningKeyFault as error:
            raise build_signing_error(error, language) from error


def _read_newest_checkpoint(settings: Settings, taken: DatabaseTaken, language: Language) -> str:
    """Return the note of the newest checkpoint; raise `taken` if there is none."""
    with open_ready_database(settings, language, writes=False) as database:
        try:
            return service.find_checkpoint(database, service.LATEST).note
        except service.UnknownCheckpoint:
            raise taken from None


def run_acknowledge_restore(options: argparse.Namespace, language: Language) -> int:
    """Run `ledger acknowledge-restore`: record in the ledger that the database was restored from a copy; return 0.

    Raises:
        CommandError: The reason is empty or too long (exit code 2), or no signed entry is missing from the ledger.
    """
    settings = load_settings(options)
    reason = options.reason.strip()
    if not 0 < len(reason) <= REASON_MAX:
        raise CommandError(_NO_REASON.into(language).format(most=REASON_MAX), 2)
    event = service.Event(action=service.ACKNOWLEDGE_ACTION, actor=None, subject="/v1/ledger", public=True)
    with open_ready_database(settings, language, writes=True) as database:
        try:
            with database.write() as session:
                lost = service.acknowledge_restore(
                    session, settings.signing_folder, reason, event, now=datetime.now(UTC)
                )
        except service.NothingRestored as error:
            raise CommandError(_NOTHING_RESTORED.into(language)) from error
        except SigningKeyFault as error:
            raise build_signing_error(error, language) from error
    sys.stdout.write(f"{_ACKNOWLEDGED.into(language).format(size=lost.size)}\n")
    return 0


def run_export(options: argparse.Namespace, language: Language) -> int:
    """Run `ledger export`: print all entries of the ledger as JSON Lines, and return exit code 0.

    An entry names the changed resource only if that is public, and never the organisation that changed it, as in the
    response to a request without a key.
    """
    settings = load_settings(options)
    with (
        open_ready_database(settings, language, writes=False) as database,
        database.read() as session,
        closing(service.iterate_entries(session)) as entries,
    ):
        for entry in entries:
            sys.stdout.write(msgspec.json.encode(schemas.build_entry(entry, None)).decode() + "\n")
    return 0
