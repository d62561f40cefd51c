"""`publish`: publish an edition or a correction of it, as the operation `editions.publications.create` does."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Final

import msgspec

from actitud_api.app import PROBLEMS
from actitud_api.cli.common import CommandError, load_settings, read_content
from actitud_api.cli.doing import do_job
from actitud_api.cli.ledger import build_signing_error
from actitud_api.cli.readiness import open_ready_database
from actitud_api.cli.scoring import describe_faults
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.inputs import Body, NotJson, parse_json
from actitud_api.platform.http.problems import Fault, ProblemError
from actitud_api.platform.http.validation import Json
from actitud_api.platform.jobs.service import JobRecord, enqueue_job
from actitud_api.platform.storage.database import Session
from actitud_api.resources.publications import schemas
from actitud_api.resources.publications import service as publications
from actitud_api.resources.publications.service import EditionPublisher
from actitud_api.resources.publications.tasks import KIND, PublicationOutcome, PublicationParameters

_SCORING = Texts("Preparando documentos", "Preparing documents")
_NOTHING = Texts("No se ha publicado nada. Fallos: {count}.", "Nothing was published. Faults: {count}.")
_PUBLISHED = Texts(
    "Publicada la edición {edition}, revisión {revision}: {organisations} puntuaciones.\n{added}Resumen: {digest}\n"
    "Guarde fuera el punto de control que sigue.\n\n{note}",
    "Published the edition {edition}, revision {revision}: {organisations} scores.\n{added}Digest: {digest}\n"
    "Keep the checkpoint that follows somewhere else.\n\n{note}",
)
_ADDED = Texts("Añadidas: {organisations}.\n", "Added: {organisations}.\n")
_ACTION: Final = "cli.publish"


def run_publish(options: argparse.Namespace, language: Language) -> int:
    """Run `publish`: publish an edition, print digest and checkpoint of the publication, and return exit code 0.

    The checkpoint is a signed hash of the ledger with the publication in it, for the operator to keep elsewhere.

    Raises:
        CommandError: The options or the file of corrections are invalid (exit code 2), the publication is refused, or
            the signing key cannot be used.
    """
    settings = load_settings(options)
    request = Body(schemas.PublicationRequest).convert(_build_body(options, language))
    if isinstance(request, list):
        raise CommandError("\n".join(describe_faults(request, _NOTHING, language)), 2)
    with open_ready_database(settings, language, writes=True) as database:
        publishing = EditionPublisher(database, settings.signing_folder, second_approver=settings.second_approver)
        event = ledger.Event(action=_ACTION, actor=None, subject="", public=True)
        plan = schemas.build_plan(request)

        def enqueue(session: Session) -> JobRecord:
            return enqueue_job(
                session,
                kind=KIND,
                parameters=PublicationParameters(options.edition, msgspec.to_builtins(request), event),
                principal=None,
                edition=options.edition,
                total=publishing.check_plan(session, options.edition, plan, event, now=datetime.now(UTC)),
            )

        try:
            with database.write(hidden=True) as session:
                job = enqueue(session)
            status = do_job(
                *(settings, database, job.id, _SCORING.into(language), language),
                publishing=publishing,
                tries_again=False,
            )
            outcome = msgspec.convert(status.record.result, PublicationOutcome)
            publication = publications.get(database, options.edition, str(outcome.revision))
        except ledger.SigningKeyFault as error:
            raise build_signing_error(error, language) from error
        except (LookupError, ValueError) as error:
            raise CommandError("\n".join(_describe_refusal(error, language))) from error
    count = words.format_number(publication.organisations, language)
    added = ", ".join(correction.organisation for correction in publication.corrections if correction.before is None)
    sys.stdout.write(
        _PUBLISHED.into(language).format(
            edition=publication.edition,
            revision=publication.revision,
            organisations=count,
            added=_ADDED.into(language).format(organisations=added) if added else "",
            digest=publication.digest,
            note=publication.note,
        )
    )
    return 0


def _build_body(options: argparse.Namespace, language: Language) -> Json:
    """Return the request body of `editions.publications.create` that corresponds to the options.

    Raises:
        CommandError: The file of corrections is not JSON (exit code 2).
    """
    if options.corrections is None:
        return {"reason": options.reason}
    try:
        value = parse_json(read_content(options.corrections, language))
    except NotJson as error:
        raise CommandError("\n".join(describe_faults(error.faults, _NOTHING, language)), 2) from error
    return {**value, "reason": options.reason} if isinstance(value, dict) else value


def _describe_refusal(error: Exception, language: Language) -> list[str]:
    """Return the reasons why a publication is refused, one per line.

    An error that does not mean a refusal is raised again.
    """
    for exception, map_exception in PROBLEMS:
        if isinstance(error, exception) and isinstance(problem := map_exception(error), ProblemError):
            faults: list[Fault] = list(problem.faults)
            return describe_faults(faults, _NOTHING, language) if faults else [problem.detail.into(language)]
    raise error
