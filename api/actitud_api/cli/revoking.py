"""`keys revoke`: ends a key that leaked or is not needed."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from actitud_api.access import service as access
from actitud_api.cli.common import Added, CommandError, opened, settings_of, takes_database
from actitud_api.cli.readiness import check_ready, reaching
from actitud_api.http.negotiation import Texts
from actitud_api.methodology.model import Language
from actitud_api.storage.places import failures

_KEYS = Texts("claves", "keys")
_REVOKE = Texts("acaba con una clave", "end a key")
_ID = Texts(
    "identificador de la clave: los 12 caracteres que siguen a actl_", "id of the key: the 12 characters after actl_"
)
_REVOKED = Texts("La clave {id} ya no vale.", "The key {id} holds no more.")
_NONE = Texts("No hay ninguna clave {id} que valga.", "There is no key {id} that holds.")


def add(added: Added, language: Language) -> None:
    """Adds the command."""
    about = added(_KEYS, "keys")
    command = about.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "revoke", help=_REVOKE.into(language), description=_REVOKE.into(language)
    )
    command.set_defaults(run=_revoke)
    command.add_argument("id", metavar="ID", help=_ID.into(language))
    takes_database(command, language)


def _revoke(options: argparse.Namespace, language: Language) -> int:
    settings = settings_of(options)
    with opened(settings, language) as database, reaching(settings, language):
        check_ready(settings, database, language)
        try:
            with failures(), database.write() as session:
                access.revoke(session, options.id, now=datetime.now(UTC))
        except access.UnknownKey as error:
            raise CommandError(_NONE.into(language).format(id=error.identifier)) from error
    sys.stdout.write(f"{_REVOKED.into(language).format(id=options.id)}\n")
    return 0
