"""Assembly of the application: controllers, middleware and settings. Only this module imports all layers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from litestar import Litestar
from litestar.datastructures import State
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler, HTTPScope
from prometheus_client.core import Metric

from actitud_api import __version__
from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.loader import list_versions
from actitud_api.platform.audit_log import figures as ledger_figures
from actitud_api.platform.audit_log import routes as ledger
from actitud_api.platform.audit_log import service as ledgers
from actitud_api.platform.audit_log.daily import build_daily_lifespan
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.forgetting import FORGET_SECONDS, build_forgetting_lifespan
from actitud_api.platform.auth.recording import log_denied
from actitud_api.platform.auth.uses import KeyUseRecorder
from actitud_api.platform.http import handler_threads, large_responses, metrics
from actitud_api.platform.http.access import Rules, rules_of
from actitud_api.platform.http.contract import enforce
from actitud_api.platform.http.decoder_types import prepare_decoders
from actitud_api.platform.http.discovery import DiscoveryController
from actitud_api.platform.http.event_streams import EventStreams
from actitud_api.platform.http.large_responses import LargeResponseSlots
from actitud_api.platform.http.middleware.compression import Compression
from actitud_api.platform.http.middleware.edge import Edge
from actitud_api.platform.http.middleware.format_negotiation import Alternatives
from actitud_api.platform.http.middleware.limits import CountFailed, LimitClass, Limits
from actitud_api.platform.http.middleware.memory import Memory
from actitud_api.platform.http.middleware.observation import Observation
from actitud_api.platform.http.middleware.policy import Holder, Policy
from actitud_api.platform.http.openapi import ServedDocument, ServiceDescription, build_document, encode_document
from actitud_api.platform.http.operations import check_services
from actitud_api.platform.http.pages import PagesController
from actitud_api.platform.http.problems import (
    PAGE_RENDERER,
    PRECONDITION_FAILED,
    UNAVAILABLE,
    ProblemError,
    ProblemMapping,
    build_exception_handler,
    find_problem,
    maps_to,
)
from actitud_api.platform.http.reference import FirstStep
from actitud_api.platform.http.repeating import build_repeating_lifespan
from actitud_api.platform.http.system import Readiness, SystemController
from actitud_api.platform.jobs import figures as job_figures
from actitud_api.platform.jobs.runner import FailureReader, JobRunner, JobTask, ProgressListener, build_running_lifespan
from actitud_api.platform.jobs.workers import open_workers_apart, run_apart
from actitud_api.platform.storage.database import Database, Session, Unavailable
from actitud_api.platform.storage.file_store import FileStore
from actitud_api.platform.storage.request_counters import WINDOW_SECONDS, RequestCounter
from actitud_api.platform.storage.urls import find_database_file
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.api_keys import routes as keys
from actitud_api.resources.assessments import routes as assessments
from actitud_api.resources.assessments import transition_routes
from actitud_api.resources.assessments.content_batches import reevaluate_assessments
from actitud_api.resources.batches import routes as batches
from actitud_api.resources.batches.tasks import TRANSITIONS_TASK
from actitud_api.resources.editions import routes as editions
from actitud_api.resources.editions import service as edition_service
from actitud_api.resources.imports import files as import_files
from actitud_api.resources.imports import routes as imports
from actitud_api.resources.imports import tasks as import_tasks
from actitud_api.resources.imports.import_run import ImportWorkers
from actitud_api.resources.imports.service import Importer
from actitud_api.resources.jobs import routes as jobs
from actitud_api.resources.methodologies import routes as methodologies
from actitud_api.resources.organisations import routes as organisations
from actitud_api.resources.publications import approval_routes as approvals
from actitud_api.resources.publications import figures as publication_figures
from actitud_api.resources.publications import routes as publications
from actitud_api.resources.publications.daily import build_comparing_lifespan
from actitud_api.resources.publications.service import EditionPublisher
from actitud_api.resources.publications.tasks import build_task as build_publication_task
from actitud_api.resources.reviews import routes as reviews
from actitud_api.resources.reviews.replies import routes as replies
from actitud_api.resources.scores import comparison_routes, rescoring_routes
from actitud_api.resources.scores import routes as scores
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.kept_computations import KeptComputations
from actitud_api.resources.scores.tasks import build_rescoring_task
from actitud_api.resources.suggestions import routes as suggestions
from actitud_api.resources.webhooks import routes as webhooks
from actitud_api.resources.webhooks.delivery import DeliveryRunner, DeliveryWorker, build_log_lifespan
from actitud_api.resources.webhooks.secret_box import SecretBox
from actitud_api.resources.webhooks.sending import Sender
from actitud_api.settings import Settings
from actitud_api.web.downloads import routes as exports
from actitud_api.web.downloads.preparation import FilePreparation, build_preparing_lifespan
from actitud_api.web.downloads.publisher import Publisher
from actitud_api.web.embeds import routes as embeds
from actitud_api.web.feeds import routes as feeds
from actitud_api.web.portal import (
    chart_routes,
    dimension_routes,
    embed_routes,
    methodology_routes,
    questionnaire_routes,
    share_routes,
    site_routes,
    suggestion_routes,
    territory_routes,
)
from actitud_api.web.portal import comparison_routes as comparison_pages
from actitud_api.web.portal import routes as portal
from actitud_api.web.portal.printing import routes as printing
from actitud_api.web.portal.problem_pages import render_problem_page
from actitud_api.web.workbooks import routes as workbooks
from actitud_api.web.workbooks.verdicts import routes as verdict_workbooks
from actitud_api.web.workbooks.verdicts.tasks import build_verdicts_task

_log = structlog.get_logger()

BODY_MAX: Final = 1024 * 1024
"""Largest request body in bytes, unless an operation sets another limit."""

THREADS: Final = 32
"""Worker threads of the handlers, on any machine; without this number, one processor has five.

Of these, computations take 4, large responses 2, and the further pieces of streams 1.
"""

GAUGE_SECONDS: Final = 5.0
"""Seconds between two settings of the gauges of a process."""

FIGURES: Final[Sequence[Callable[[Session], Iterable[Metric]]]] = (
    ledger_figures.read_figures,
    job_figures.read_figures,
    publication_figures.read_figures,
)
"""Functions that read figures for the operator from the database."""

CONTROLLERS: Final[Sequence[ControllerRouterHandler]] = (
    SystemController,
    PagesController,
    DiscoveryController,
    methodologies.MethodologiesController,
    methodologies.DocumentSchemaController,
    workbooks.WorkbooksController,
    scores.ScoresController,
    organisations.OrganisationsController,
    suggestions.SuggestionsController,
    editions.EditionsController,
    assessments.AssessmentsController,
    assessments.SubmissionsController,
    imports.ImportsController,
    reviews.HearingsController,
    reviews.VerdictsController,
    reviews.ReviewController,
    reviews.FlagsOfAssessmentController,
    reviews.EditionReviewsController,
    transition_routes.TransitionsController,
    batches.BatchesController,
    verdict_workbooks.VerdictWorkbookController,
    replies.RepliesController,
    publications.PublicationsController,
    approvals.ApprovalsController,
    publications.PublishedController,
    scores.EditionScoresController,
    scores.OrganisationScoresController,
    comparison_routes.ComparisonController,
    rescoring_routes.RescoringsController,
    exports.ListsController,
    exports.EditionFilesController,
    exports.CatalogueController,
    exports.CatalogueFilesController,
    embeds.BadgesController,
    embeds.EmbedsController,
    embeds.OembedController,
    feeds.FeedsController,
    portal.PortalController,
    printing.PrintedSheetController,
    site_routes.SiteController,
    share_routes.ShareController,
    chart_routes.ChartsController,
    territory_routes.TerritoriesController,
    dimension_routes.DimensionsController,
    comparison_pages.ComparisonPageController,
    methodology_routes.MethodologyPagesController,
    suggestion_routes.SuggestionPagesController,
    embed_routes.EmbedPageController,
    questionnaire_routes.QuestionnaireController,
    jobs.JobsController,
    webhooks.WebhooksController,
    keys.KeysController,
    ledger.LedgerController,
    ledger.SigningKeysController,
)
RETRY_AFTER: Final = "2"
"""Value of `Retry-After` in seconds if the database is unavailable."""


def _build_unavailable(error: Exception) -> ProblemError:
    """Log why the database is unavailable, and return the 503 problem."""
    _log.warning("database unavailable", reason=str(error))
    detail = Texts("La base de datos está ocupada o no responde.", "The database is busy or does not answer.")
    return ProblemError(UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER})


PROBLEMS: Final[Sequence[ProblemMapping]] = (
    (Unavailable, _build_unavailable),
    *handler_threads.PROBLEMS,
    *large_responses.PROBLEMS,
    maps_to(StaleVersion, PRECONDITION_FAILED, PRECONDITION_FAILED.description),
    *methodologies.PROBLEMS,
    *workbooks.PROBLEMS,
    *organisations.PROBLEMS,
    *suggestions.PROBLEMS,
    *editions.PROBLEMS,
    *assessments.PROBLEMS,
    *imports.PROBLEMS,
    *reviews.PROBLEMS,
    *transition_routes.PROBLEMS,
    *batches.PROBLEMS,
    *replies.PROBLEMS,
    *publications.PROBLEMS,
    *approvals.PROBLEMS,
    *scores.PROBLEMS,
    *comparison_routes.PROBLEMS,
    *exports.PROBLEMS,
    *jobs.PROBLEMS,
    *webhooks.PROBLEMS,
    *keys.PROBLEMS,
    *ledger.PROBLEMS,
)

_MAPPED: Final = dict(PROBLEMS)

FIRST_STEPS: Final = (
    FirstStep(
        Texts("Compruebe que el servicio responde.", "Check that the service answers."), "curl -s 'https://HOST/livez'"
    ),
    FirstStep(
        Texts(
            "Puntúe dos datos de un ayuntamiento inventado. Lo que falta es desconocido y cuenta 0; nada se guarda.",
            "Score two facts of an invented town hall. What is not sent is unknown and counts 0; nothing is stored.",
        ),
        """curl -s 'https://HOST/v1/scores?lang=LANGUAGE&explain=false' \\
     -H 'Content-Type: application/json' --data '
  {"methodology": "2027.1-short",
   "profile": {"org_type": "MUN", "population_served": 42000, "units": 12,
               "accounts_total": 7, "accounts_active": 6, "accounts_open": 6,
               "own_posts_w90": 420, "visual_posts": 300,
               "messages_w12": 1050, "replies_w12": 900},
   "answers": {"D1.07": {"numerator": 300, "denominator": 340},
               "D1.08": {"numerator": 7, "denominator": 12}}}'""",
    ),
    FirstStep(
        Texts("Lea qué preguntas hay y cómo puntúan.", "Read which questions there are, and how they score."),
        "curl -s 'https://HOST/v1/methodologies?lang=LANGUAGE'",
    ),
    FirstStep(
        Texts("Busque una organización por su nombre.", "Find an organisation by its name."),
        "curl -s 'https://HOST/v1/organisations?q=villa&limit=3'",
    ),
    FirstStep(
        Texts(
            "Lea la clasificación de la última edición publicada; mientras no haya ninguna, la respuesta es 404.",
            "Read the ranking of the latest published edition; while there is none, the answer is 404.",
        ),
        "curl -s 'https://HOST/v1/editions/latest/scores?limit=3'",
    ),
    FirstStep(
        Texts("Descárguela entera para una hoja de cálculo.", "Download the whole of it for a spreadsheet."),
        "curl -s -O 'https://HOST/v1/editions/latest/scores.csv'",
    ),
)
"""Commands of the page `/docs`. They work at every service: the last two once it has published an edition."""

ABOUT: Final = ServiceDescription(
    title="Actitud",
    version=__version__,
    description=(
        "Measures how far a public administration is from the ten errors on social networks: indicators in, an "
        "explained index out. The code is EUPL-1.2; published scores are CC BY 4.0. Every answer carries "
        "`X-Request-Id`; a request may bring its own. `HEAD` works wherever `GET` does."
    ),
    license="EUPL-1.2",
    contact={"name": "The operator of this service"},
    tags={
        "methodologies": "Methodology versions: indicators, curves, rules, levels.",
        "scores": "Explained scores of facts that a request sends; nothing is stored.",
        "organisations": "Public bodies that are scored.",
        "editions": "Yearly rounds and their scores.",
        "assessments": "Answers and evidence of an organisation in an edition, and the states from draft to final.",
        "reviews": "Verdicts of assessors on answers, their agreement, samples to check, and flags on unusual values.",
        "publications": "Signed documents of published editions, which never change, and their corrections.",
        "embeds": "Published scores in other sites: badges, cards, tables, frames, oEmbed.",
        "suggestions": "Proposals for further errors and indicators, and the decisions on them.",
        "jobs": "Work that outlasts its request: how far it is, how it ended, and its results.",
        "webhooks": "Notices to other systems (Standard Webhooks): where they go, and what was sent.",
        "keys": "API keys: create, rotate and revoke them, and report leaked ones.",
        "ledger": "Record of all changes as a hash chain, with signed checkpoints and the public signing keys.",
        "system": "Health checks for operators.",
    },
)


def create_app(
    settings: Settings,
    controllers: Sequence[ControllerRouterHandler] = CONTROLLERS,
    *,
    keeps_ledger: bool = False,
    runs_jobs: bool = False,
) -> Litestar:
    """Build the ASGI application of the service.

    Args:
        settings: Settings of the process.
        controllers: Groups of routes, by default all of the service.
        keeps_ledger: Do the regular work while the application is served: make the daily checkpoint of the ledger,
            compare the published figures with the signed documents, delete old responses, and generate the files of
            published editions.
        runs_jobs: Run due jobs while the application is served.

    Raises:
        LookupError: A handler has no access rule, or needs an object that the application does not provide.
        InvalidDatabase: The database URL is not supported.
    """
    database = Database(settings.database_url)

    uses = KeyUseRecorder(database)

    def authenticate(text: str) -> access.Principal | None:
        now = datetime.now(UTC)
        principal = access.verify(database, settings.peppers, text, now=now)
        if principal is not None:
            uses.record_use(principal.key, now.date())
        return principal

    def record_denial(scope: HTTPScope, holder: Holder) -> None:
        log_denied(database, scope, holder)

    memory: Memory | None = None

    def refresh_gauges() -> None:
        for pool, use in database.get_pool_use().items():
            metrics.CONNECTIONS_FREE.labels(pool).set(use.free)
            metrics.CONNECTIONS_AWAITED.labels(pool).set(use.waiting)
        metrics.DATABASE_SILENCE.set(max(0.0, time.monotonic() - database.public_state.heard))
        metrics.MEMORY_BYTES.set(0 if memory is None else memory.size)

    figures = metrics.OperatorFigures(settings.metrics_networks, refresh_gauges, lambda: _read_figures(database))
    limits = _build_limits(settings, database.request_counter)
    files = FileStore(settings.files_folder, settings.files_bytes)
    publisher = Publisher(name=settings.publisher_name, dir3=settings.publisher_dir3, contact=settings.contact)
    publishing = build_publisher(settings, database)
    # A file is served by one process at a time, so who finds a job that another one did knows that it is gone.
    owner = None if find_database_file(settings.database_url) is None else "service"
    importing = _build_importer(database)
    runner = build_job_runner(settings, database, publishing, owner=owner)
    notifier = build_notifier(settings, database)
    own_url = (settings.public_url or settings.address).rstrip("/")
    app = Litestar(
        route_handlers=controllers,
        middleware=[
            DefineMiddleware(
                Policy,
                has_key_form=access.has_key_form,
                authenticate=authenticate,
                refused=limits.count_refusal,
                denied=record_denial,
            ),
            limits.layer,
        ],
        before_request=enforce,
        exception_handlers={Exception: build_exception_handler(PROBLEMS)},
        state=State(
            {
                "database": database,
                "computed": ComputationCache(KeptComputations(files)),
                "large_responses": LargeResponseSlots(),
                "peppers": settings.peppers,
                "publishing": publishing,
                "importing": importing,
                "jobs": runner,
                "event_streams": EventStreams(),
                "charge": limits.charge,
                "find_latest": lambda: edition_service.find_latest(database),
                "readiness": Readiness(),
                "figures": figures,
                "first_steps": FIRST_STEPS,
                PAGE_RENDERER: render_problem_page,
                "public_url": settings.public_url,
                "address": settings.address,
                "contact": settings.contact,
                "publisher": publisher,
                "files": files,
                "domains_changed": _update_domains,
                "suggestions_per_day": settings.suggestions_per_day,
                "webhook_secrets": SecretBox(settings.signing_folder),
                "notifier": notifier,
            }
        ),
        request_max_body_size=BODY_MAX,
        openapi_config=None,
        logging_config=None,
        lifespan=[
            _provide_threads,
            _watch_public_state,
            # Several processes: the one that is asked reads the gauges of the others as they set them last.
            *(
                (build_repeating_lifespan(refresh_gauges, GAUGE_SECONDS, failure="gauges not set", start=0),)
                if settings.metrics_networks
                else ()
            ),
            *((build_running_lifespan(runner), build_running_lifespan(notifier)) if runs_jobs else ()),
            *(
                (
                    _build_ledger_lifespan(settings, database),
                    build_comparing_lifespan(database),
                    build_forgetting_lifespan(database),
                    build_log_lifespan(database),
                    build_repeating_lifespan(
                        lambda: import_files.delete_expired_files(database), FORGET_SECONDS, failure="files not deleted"
                    ),
                    build_preparing_lifespan(FilePreparation(database, files, publisher, own_url)),
                )
                if keeps_ledger
                else ()
            ),
        ],
    )
    rules = rules_of(app)
    app.state["document"] = ServedDocument(
        partial(_build_openapi, app, tuple(controllers), rules, settings.contact, own_url)
    )
    check_services(app)
    # Each line wraps the one before: the last sees a request first.
    app.asgi_handler = alternatives = Alternatives(app)
    app.state["alternatives"] = alternatives
    app.asgi_handler = Compression(app.asgi_handler)
    app.asgi_handler = Edge(app)
    if settings.memory_bytes:
        app.asgi_handler = memory = Memory(
            app,
            alternatives,
            database.public_state,
            room=settings.memory_bytes,
            stale_if_error=settings.stale_if_error,
            has_public_url=settings.public_url is not None,
        )
    if settings.metrics_networks or settings.access_log:
        app.asgi_handler = Observation(
            app.asgi_handler, counts=bool(settings.metrics_networks), logs=settings.access_log
        )
    return app


def _read_figures(database: Database) -> Sequence[Metric] | None:
    """Return the metrics that are read from the database, or None if it does not answer."""
    try:
        with database.read() as session:
            return [metric for read in FIGURES for metric in read(session)]
    except Unavailable:
        return None


def _build_openapi(
    app: Litestar, controllers: tuple[ControllerRouterHandler, ...], rules: Rules, contact: str | None, address: str
) -> bytes:
    """Return the OpenAPI document of an application; built once for the same other arguments.

    `contact`: e-mail address or page of the operator, as in the settings. `address`: address of the service.
    """
    key = (controllers, frozenset(rules.items()), contact, address)
    if key not in _documents:
        reached = {} if contact is None else {"url" if contact.startswith("https://") else "email": contact}
        about = replace(ABOUT, contact={**ABOUT.contact, **reached})
        # Drafts and retired versions score too; /v1/methodologies/{version}/schema.json describes their requests.
        unpublished = {"methodology": list_versions("draft", "retired")}
        _documents[key] = encode_document(build_document(app, about, find_examples(), rules, unpublished, address))
    return _documents[key]


# Building it takes 0.25 s, and tests make hundreds of applications.
_documents: Final[dict[tuple[object, ...], bytes]] = {}


@asynccontextmanager
async def _provide_threads(_app: Litestar) -> AsyncIterator[None]:
    """Give the event loop the worker threads of the handlers. It waits for them when it is closed."""
    prepare_decoders()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "handler"))
    yield


@asynccontextmanager
async def _watch_public_state(app: Litestar) -> AsyncIterator[None]:
    """Watch for changes of the public state by other processes while the application is served."""
    database: Database = app.state["database"]
    database.public_state.start()
    try:
        yield
    finally:
        await asyncio.to_thread(database.public_state.stop)


def _build_ledger_lifespan(
    settings: Settings, database: Database
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    return build_daily_lifespan(database, settings.signing_folder, ledgers.find_host(settings.public_url))


def _update_domains(session: Session, identifiers: Sequence[str]) -> None:
    """Re-evaluate the assessments of organisations whose internet domains changed, in the same session.

    Evidence is accepted only on the domains of the organisation, so answers can gain or lose their evidence.
    """
    reevaluate_assessments(session, identifiers, now=datetime.now(UTC))


def find_expected_problem(error: Exception) -> ProblemError | None:
    """Return the problem for an exception that the services raise on purpose, None for an unexpected exception."""
    problem = find_problem(error, _MAPPED)
    return problem if isinstance(problem, ProblemError) else None


def build_job_runner(
    settings: Settings,
    database: Database,
    publishing: EditionPublisher,
    *,
    owner: str | None = None,
    find_problem: FailureReader = find_expected_problem,
    progress: ProgressListener = lambda done, total: None,
) -> JobRunner:
    """Return the runner of all jobs of the service.

    Args:
        settings: Settings of the process.
        database: Database of the jobs.
        publishing: Publisher of editions of this process.
        owner: Name under which only one process runs at a time, None if several processes may run.
        find_problem: Returns the problem of an exception, None if the exception is unexpected.
        progress: Receives the progress of each run: the amount done, and the total or None.
    """
    tasks: Sequence[JobTask[Any]] = (
        build_publication_task(publishing),
        build_rescoring_task(open_workers_apart),
        TRANSITIONS_TASK,
        build_verdicts_task(run_apart),
        import_tasks.build_task(_build_importer(database)),
    )
    return JobRunner(database, tasks, find_problem=find_problem, owner=owner, progress=progress)


def build_notifier(settings: Settings, database: Database) -> DeliveryRunner:
    """Return the runner that delivers notices of events to webhooks."""
    return DeliveryRunner(DeliveryWorker(database, SecretBox(settings.signing_folder), Sender()))


def _build_importer(database: Database) -> Importer:
    return Importer(database, ImportWorkers(open_workers_apart, run_apart))


def build_publisher(settings: Settings, database: Database) -> EditionPublisher:
    """Return the publisher of editions for a server process, or for a worker process that runs jobs beside it."""
    return EditionPublisher(
        database, settings.signing_folder, second_approver=settings.second_approver, open_workers=open_workers_apart
    )


def _build_limits(settings: Settings, counts: RequestCounter) -> Limits:
    def count(subject: str, weight: int) -> tuple[int, float]:
        try:
            return counts.count(subject, weight)
        except Unavailable as error:
            raise CountFailed(str(error)) from error

    quotas: dict[LimitClass, int] = {
        "read": settings.rate_limit_read,
        "write": settings.rate_limit_write,
        "score": settings.rate_limit_score,
        "refused": settings.rate_limit_refused,
    }
    return Limits(quotas, WINDOW_SECONDS, count, counts.max_waiters)


def find_examples() -> Path | None:
    """Return the folder of the OpenAPI examples in the installed distribution, else in the checkout, else None."""
    package = Path(__file__).parent
    for folder in (package / "examples", package.parents[1] / "openapi" / "examples"):
        if folder.is_dir():
            return folder
    return None
