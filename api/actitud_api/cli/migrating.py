"""`migrate`: migrate the tables to a revision."""

from __future__ import annotations

import argparse
import sys

from actitud_api.cli.common import CommandError, load_settings
from actitud_api.cli.locking import open_database_to_write
from actitud_api.cli.readiness import catch_unreachable, check_exists, check_revisions
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.storage.errors import Irreversible
from actitud_api.platform.storage.revisions import UnknownRevision, get_revisions, move_to_revision

_UNKNOWN = Texts(
    "No hay revisión «{revision}». Hay: {known}. No se ha cambiado nada.",
    "There is no revision “{revision}”. There are: {known}. Nothing was changed.",
)
_STAYS = Texts(
    "Lo publicado se queda: con algo publicado no se vuelve a una revisión anterior. No se ha cambiado nada.",
    "What is published stays: with something published there is no way back to that revision. Nothing was changed.",
)
_NOTHING = Texts("Ya estaba en la revisión {after}: nada que hacer.", "Already at revision {after}: nothing to do.")
_UP = Texts(
    "De la revisión {before} a la {after}. Hechas: {steps}.", "From revision {before} to {after}. Done: {steps}."
)
_DOWN = Texts(
    "De la revisión {before} a la {after}. Deshechas: {steps}.", "From revision {before} to {after}. Undone: {steps}."
)


def run_migrate(options: argparse.Namespace, language: Language) -> int:
    """Run `migrate`: migrate the tables to a revision, by default the newest, print the steps, and return 0.

    Raises:
        CommandError: The database does not exist or belongs to another release, the revision is unknown, or the
            downgrade would remove published data.
    """
    settings = load_settings(options)
    check_exists(settings, language)
    with open_database_to_write(settings, language) as database, catch_unreachable(settings, language):
        check_revisions(settings, get_revisions(database), language)
        try:
            migration = move_to_revision(database, options.to)
        except UnknownRevision as error:
            known = ", ".join(error.known)
            raise CommandError(_UNKNOWN.into(language).format(revision=error.revision, known=known), 2) from error
        except Irreversible as error:
            raise CommandError(_STAYS.into(language)) from error
    text = {"none": _NOTHING, "up": _UP, "down": _DOWN}[migration.direction]
    steps = ", ".join(migration.steps)
    sys.stdout.write(text.into(language).format(before=migration.before, after=migration.after, steps=steps) + "\n")
    return 0
