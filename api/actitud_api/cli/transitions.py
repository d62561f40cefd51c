"""`assessments transition`: take a step for many assessments, as the operation `editions.transitions.create` does."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Any, Final, cast

import msgspec

from actitud_api.cli.common import NO_EDITION, CommandError, load_settings
from actitud_api.cli.doing import do_job, iterate_items
from actitud_api.cli.readiness import open_ready_database
from actitud_api.cli.scoring import describe_faults
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.validation import Json
from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.jobs.problems import PROBLEM, JobProblem
from actitud_api.platform.storage.database import Database
from actitud_api.resources.batches import service
from actitud_api.resources.batches.steps import STEPS, AssessmentFilter, Step
from actitud_api.resources.batches.tasks import TRANSITIONS, build_parameters
from actitud_api.resources.editions.service import EditionNotOpen, UnknownEdition

_BAR = Texts("Dando el paso", "Taking the step")
_NOTHING = Texts("No se ha hecho nada. Fallos: {count}.", "Nothing was done. Faults: {count}.")
_PUBLISHED = Texts(
    "La edición {edition} está publicada: sus evaluaciones ya no cambian.",
    "The edition {edition} is published: its assessments do not change any more.",
)
_EMPTY = Texts(
    "Ninguna evaluación de la edición {edition} puede dar ese paso, o ninguna cumple las condiciones.",
    "No assessment of the edition {edition} can take this step, or none meets the conditions.",
)
_OUTCOMES: Final = {
    "done": Texts("Hecho: {count}.", "Done: {count}."),
    "possible": Texts("Se haría: {count}.", "Would be done: {count}."),
    "unchanged": Texts("Ya estaba: {count}.", "There already: {count}."),
    "refused": Texts("Rechazado: {count}.", "Refused: {count}."),
}
_ACTION: Final = "cli.assessments.transition"


def run_transition(options: argparse.Namespace, language: Language) -> int:
    """Run `assessments transition`: make a transition of many assessments, print the outcomes, and return 0.

    A transition changes the state of an assessment, for example from submitted to under review. The outcomes are
    numbers of assessments, such as those whose transition was refused.

    Raises:
        CommandError: The options are invalid (exit code 2), nothing is selected, or the edition is published.
    """
    request = Body(*STEPS, tag_field="step").convert(_build_body(options))
    if isinstance(request, list):
        raise CommandError("\n".join(describe_faults(request, _NOTHING, language)), 2)
    settings, edition = load_settings(options), str(options.edition)
    with open_ready_database(settings, language, writes=True) as database:
        try:
            # Its class is one of the members of the union.
            job = _enqueue(database, edition, cast(Step, request))
            status = do_job(settings, database, job, _BAR.into(language), language)
        except UnknownEdition as error:
            raise CommandError(NO_EDITION.into(language).format(edition=edition)) from error
        except EditionNotOpen as error:
            raise CommandError(_PUBLISHED.into(language).format(edition=edition)) from error
        except service.EmptySelection as error:
            raise CommandError(_EMPTY.into(language).format(edition=edition)) from error
        for item in iterate_items(database, job, outcome="refused"):
            problem = msgspec.convert((item.detail or {})[PROBLEM], JobProblem)
            reasons = [fault.detail[language] for fault in problem.faults] or [problem.detail[language]]
            sys.stdout.write(f"{item.subject}: {' '.join(reasons)}\n")
    for outcome, text in _OUTCOMES.items():
        if count := status.outcomes.get(outcome):
            sys.stdout.write(text.into(language).format(count=words.format_number(count, language)) + "\n")
    return 0


def _build_body(options: argparse.Namespace) -> Json:
    """Return the request body of `editions.transitions.create` that corresponds to the options."""
    given: dict[str, Any] = vars(options)
    conditions = {name: given[name] for name in AssessmentFilter.__struct_fields__ if given[name] is not None}
    members = {
        "organisations": options.organisation or None,
        "filter": conditions or None,
        **{name: given[name] for name in ("reason", "until", "phase")},
    }
    sent = {name: value for name, value in members.items() if value is not None}
    return {"step": options.step, "dry_run": options.dry_run, **sent}


def _enqueue(database: Database, edition: str, step: Step) -> int:
    """Ask for the job, enter that in the ledger, and return the id of the job."""
    event = ledger.Event(action=_ACTION, actor=None, subject="", public=False, hidden=True)
    with database.write(hidden=True) as session:
        record = jobs.enqueue_job(
            session,
            kind=TRANSITIONS,
            parameters=build_parameters(step, event),
            principal=None,
            edition=edition,
            total=service.count_selected(session, edition, step, None),
        )
        entry = msgspec.structs.replace(event, subject=f"/v1/jobs/{record.id}")
        ledger.append_entry(session, entry, now=datetime.now(UTC))
    return record.id
