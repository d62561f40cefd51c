"""Routes for liveness and readiness checks, and for the figures of the operator."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal

import structlog
from litestar import Controller, Response
from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.access import ANYBODY_UNLIMITED
from actitud_api.platform.http.metrics import MEDIA_TYPE, OperatorFigures
from actitud_api.platform.http.operations import get, get_page
from actitud_api.platform.http.problems import NO_STORE, NOT_FOUND, UNAVAILABLE, ProblemError
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest

RETRY_AFTER = "5"

THREADS: Final = 2
"""Threads in which the checks of readiness run."""

_log = structlog.get_logger()


class Readiness:
    """Named checks that must all pass before the service is ready for requests."""

    def __init__(self) -> None:
        self._checks: dict[str, Callable[[], bool]] = {}
        # Threads of their own, because those of the handlers may all be taken.
        self._threads = ThreadPoolExecutor(THREADS, "readiness")

    def register(self, name: str, check: Callable[[], bool]) -> None:
        """Register a check under a name that `/readyz` shows while the check fails.

        The check returns True if it passes. It runs in a thread, so it may query the database.
        """
        self._checks[name] = check

    def find_failing(self) -> list[str]:
        """Run all checks and return the names of those that returned False or raised an exception."""
        return [name for name, check in self._checks.items() if not _passes(name, check)]

    async def find_failing_apart(self) -> list[str]:
        """Run all checks in a thread that handlers do not use, and return the names of those that do not pass."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.find_failing)


def _passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    # A check that cannot run counts as failed: readiness must answer 503, never 500.
    except Exception as error:
        _log.warning("readiness check failed", check=name, exc_info=error)
        return False


class Health(Struct, frozen=True):
    """A passed liveness or readiness check."""

    status: Literal["ok"]


HEALTH = Representation(Health, cache=NO_STORE)


class SystemController(Controller):
    """Routes that an operator or a load balancer polls."""

    path = "/"
    tags = ("system",)

    @get(
        "/livez",
        operation_id="system.livez",
        access=ANYBODY_UNLIMITED,
        answer=HEALTH,
        cors=False,
        threaded=False,
    )
    def livez(self, request: ApiRequest) -> Response[bytes]:
        """Check that the process answers.

        The database is not checked.
        """
        return HEALTH.of(request, Health("ok"))

    @get(
        "/readyz",
        operation_id="system.readyz",
        access=ANYBODY_UNLIMITED,
        answer=HEALTH,
        cors=False,
        problems=(UNAVAILABLE,),
    )
    async def readyz(self, request: ApiRequest, readiness: Readiness) -> Response[bytes]:
        """Check that the service is ready.

        200 if everything that the service needs is available, else 503 with the names of the checks that fail.
        """
        failing = await readiness.find_failing_apart()
        if failing:
            listed = ", ".join(failing)
            raise ProblemError(
                UNAVAILABLE,
                Texts("Falta: {listed}.", "Waiting for: {listed}.", listed=listed),
                headers={"Retry-After": RETRY_AFTER},
            )
        return HEALTH.of(request, Health("ok"))

    @get_page(
        "/metrics",
        operation_id="system.metrics",
        access=ANYBODY_UNLIMITED,
        by_language=False,
        unkept="Each reading has the figures of its time.",
    )
    def show_metrics(self, request: ApiRequest, figures: OperatorFigures) -> Response[bytes]:
        """Serve the metrics of the service to clients in the networks of the setting `metrics_networks`.

        All others get 404. The operation is not in the OpenAPI document, because it is for the operator alone.
        """
        if not figures.may_read(request.scope):
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        return Response(figures.encode(), headers={"Cache-Control": NO_STORE}, media_type=MEDIA_TYPE)
