"""`flags`: search the assessments of an edition for anomalies, as the operation `editions.flags.create` does."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Final

from actitud_api.cli.common import NO_EDITION, CommandError, load_settings
from actitud_api.cli.readiness import open_ready_database
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log import service as ledger
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.reviews import service

_MADE = Texts(
    "Evaluaciones presentadas en la edición {edition}: {assessments}. Avisos: {flags}.",
    "Assessments handed in for the edition {edition}: {assessments}. Flags: {flags}.",
)
_PUBLISHED = Texts(
    "La edición {edition} está publicada: ya no se buscan avisos en ella.",
    "The edition {edition} is published: no flags are searched for in it any more.",
)
_ACTION: Final = "cli.flags"


def run_flags(options: argparse.Namespace, language: Language) -> int:
    """Run `flags`: search the assessments of an edition for anomalies, and print the number of flags.

    The flags found replace the earlier flags of the edition. Return exit code 0.

    Raises:
        CommandError: The edition or the database does not exist, or the edition is published.
    """
    settings, edition = load_settings(options), options.edition
    with open_ready_database(settings, language, writes=True) as database:
        subject = f"/v1/editions/{edition}/flags"
        event = ledger.Event(action=_ACTION, actor=None, subject=subject, public=True, hidden=True)
        try:
            outcome = service.refresh_flags(database, edition, event, now=datetime.now(UTC))
        except UnknownEdition as error:
            raise CommandError(NO_EDITION.into(language).format(edition=edition)) from error
        except service.ReviewOver as error:
            raise CommandError(_PUBLISHED.into(language).format(edition=edition)) from error
    counts = {
        name: words.format_number(count, language)
        for name, count in (("assessments", outcome.assessments), ("flags", outcome.flags))
    }
    sys.stdout.write(_MADE.into(language).format(edition=outcome.edition, **counts) + "\n")
    return 0
