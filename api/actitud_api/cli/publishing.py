"""`publish`: publishes an edition for good, or a correction of it, as `editions.publications.create` does."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Final

from actitud_api.app import PROBLEMS
from actitud_api.cli.common import CommandError, load_settings, open_database, read_content, show_progress
from actitud_api.cli.ledger import REMEDIES
from actitud_api.cli.ledger import describe_fault as signing_fault
from actitud_api.cli.readiness import catch_unreachable, check_ready
from actitud_api.cli.scoring import describe_faults
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.inputs import Body, NotJson, parse_json
from actitud_api.platform.http.problems import Fault, ProblemError
from actitud_api.platform.http.validation import Json
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.urls import wrap_failures
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import schemas
from actitud_api.resources.publications.service import EditionPublisher, PreparedScores, PublicationRecord

_SCORING = Texts("Preparando documentos", "Preparing documents")
_NOTHING = Texts("No se ha publicado nada. Fallos: {count}.", "Nothing was published. Faults: {count}.")
_PUBLISHED = Texts(
    "Publicada la edición {edition}, revisión {revision}: {organisations} puntuaciones.\nResumen: {digest}\n"
    "Guarde fuera el punto de control que sigue.\n\n{note}",
    "Published the edition {edition}, revision {revision}: {organisations} scores.\nDigest: {digest}\n"
    "Keep the checkpoint that follows somewhere else.\n\n{note}",
)
_ACTION: Final = "cli.publish"


def run_publish(options: argparse.Namespace, language: Language) -> int:
    """Publish an edition; return 0, 1 if that is refused, 2 if the request is not valid."""
    settings = load_settings(options)
    request = Body(schemas.PublicationRequest).convert(_build_body(options, language))
    if isinstance(request, list):
        raise CommandError("\n".join(describe_faults(request, _NOTHING, language)), 2)
    with open_database(settings, language) as database, catch_unreachable(settings, language):
        check_ready(settings, database, language)
        publishing = EditionPublisher(database, settings.signing_folder, second_approver=settings.second_approver)
        asked = schemas.build_plan(request)
        event = ledger.Event(action=_ACTION, actor=None, subject="", public=True)

        def write(prepared: PreparedScores | None) -> PublicationRecord:
            with database.write() as session:
                return publishing.publish(session, options.edition, asked, prepared, event, now=datetime.now(UTC))

        try:
            with (
                wrap_failures(),
                show_progress(_SCORING.into(language), _count_scores(database, options.edition)) as advance,
            ):
                made = publishing.write_prepared(options.edition, asked, write, advance)
        except ledger.SigningKeyFault as error:
            raise CommandError(f"{signing_fault(error, language)}: {REMEDIES[error.code].into(language)}") from error
        except (LookupError, ValueError) as error:
            raise CommandError("\n".join(_describe_refusal(error, language))) from error
    count = words.format_number(made.organisations, language)
    sys.stdout.write(
        _PUBLISHED.into(language).format(
            edition=made.edition, revision=made.revision, organisations=count, digest=made.digest, note=made.note
        )
    )
    return 0


def _build_body(options: argparse.Namespace, language: Language) -> Json:
    """Build the request body of the options."""
    if options.corrections is None:
        return {"reason": options.reason}
    try:
        value = parse_json(read_content(options.corrections, language))
    except NotJson as error:
        raise CommandError("\n".join(describe_faults(error.faults, _NOTHING, language)), 2) from error
    return {**value, "reason": options.reason} if isinstance(value, dict) else value


def _count_scores(database: Database, edition: str) -> int:
    try:
        return editions.get(database, edition).organisations
    except editions.UnknownEdition:
        return 0


def _describe_refusal(error: Exception, language: Language) -> list[str]:
    """Return the reasons of a refused publication, one a line; raise any other error again."""
    for known, mapped in PROBLEMS:
        if isinstance(error, known) and isinstance(problem := mapped(error), ProblemError):
            faults: list[Fault] = list(problem.faults)
            return describe_faults(faults, _NOTHING, language) if faults else [problem.detail.into(language)]
    raise error
