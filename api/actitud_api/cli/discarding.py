"""`discard-revision`: remove a revision without all its scores, which keeps others from being published."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Final

from actitud_api.cli.common import NO_EDITION, CommandError, load_settings
from actitud_api.cli.readiness import open_ready_database
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.publications.incomplete import NothingToDiscard, discard_revision

_NOTHING = Texts(
    "La edición {edition} no tiene ninguna revisión que haya empezado otro programa: no se ha quitado nada.",
    "The edition {edition} has no revision that another program began: nothing was removed.",
)
_DISCARDED = Texts(
    "Quitada la revisión {revision} de la edición {edition}, que nadie leía. Resumen: {digest}",
    "Removed the revision {revision} of the edition {edition}, which nobody read. Digest: {digest}",
)
_ACTION: Final = "cli.discard-revision"


def run_discard(options: argparse.Namespace, language: Language) -> int:
    """Run `discard-revision`: remove the newest revision of an edition, which lacks scores, and print its digest.

    Another program has left such a revision in the database, and it keeps later revisions from being published. Return
    exit code 0.

    Raises:
        CommandError: The edition or the database does not exist, there is nothing to remove, or the role of the
            settings does not own the tables (PostgreSQL).
    """
    settings, edition = load_settings(options), options.edition
    with open_ready_database(settings, language, writes=True) as database:
        event = ledger.Event(action=_ACTION, actor=None, subject="", public=True)
        try:
            discarded = discard_revision(database, edition, event, now=datetime.now(UTC))
        except UnknownEdition as error:
            raise CommandError(NO_EDITION.into(language).format(edition=edition)) from error
        except NothingToDiscard as error:
            raise CommandError(_NOTHING.into(language).format(edition=edition)) from error
    sys.stdout.write(
        _DISCARDED.into(language).format(
            edition=discarded.edition, revision=discarded.revision, digest=discarded.digest
        )
        + "\n"
    )
    return 0
