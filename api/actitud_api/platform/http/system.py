"""Liveness and readiness of the service."""

from collections.abc import Callable
from typing import Literal

import structlog
from litestar import Controller, Response
from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.access import ANYBODY_UNLIMITED
from actitud_api.platform.http.operations import get
from actitud_api.platform.http.problems import NO_STORE, UNAVAILABLE, ProblemError
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest

RETRY_AFTER = "5"

_log = structlog.get_logger()


class Readiness:
    """The checks that must all hold before the service takes requests."""

    def __init__(self) -> None:
        self._checks: dict[str, Callable[[], bool]] = {}

    def register(self, name: str, check: Callable[[], bool]) -> None:
        """Add a check; `name` is shown while it does not hold. It runs in a worker thread."""
        self._checks[name] = check

    def waiting(self) -> list[str]:
        """Return the names of the checks that do not hold or failed to run."""
        return [name for name, check in self._checks.items() if not _holds(name, check)]


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:
        _log.warning("readiness check failed", check=name, exc_info=error)
        return False


class Health(Struct, frozen=True):
    """That the process answers, or that the service is ready."""

    status: Literal["ok"]


HEALTH = Representation(Health, cache=NO_STORE)


class SystemController(Controller):
    """Routes for whoever runs the service."""

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
        """Whether the process answers.

        200 as long as the process answers at all; it says nothing about the database.
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
    def readyz(self, request: ApiRequest, readiness: Readiness) -> Response[bytes]:
        """Whether the service is ready.

        200 when everything that the service needs is there, else 503 with what is missing.
        """
        waiting = readiness.waiting()
        if waiting:
            listed = ", ".join(waiting)
            raise ProblemError(
                UNAVAILABLE,
                Texts(f"Falta: {listed}.", f"Waiting for: {listed}."),
                headers={"Retry-After": RETRY_AFTER},
            )
        return HEALTH.of(request, Health("ok"))
