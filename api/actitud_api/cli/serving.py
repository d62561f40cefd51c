"""The command `serve`: start the web service of an installation and run it until it is stopped."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from tempfile import TemporaryDirectory
from typing import Final

import structlog
from litestar import Litestar

from actitud_api.app import create_app
from actitud_api.cli.common import CommandError, catch_unusable, load_settings, open_database
from actitud_api.cli.locking import lock_to_serve
from actitud_api.cli.readiness import catch_unreachable, check_exists, check_ready
from actitud_api.cli.server import Server, WorkerServer, build_configuration, follow_orders
from actitud_api.cli.supervisor import Supervisor, WorkerFunction
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.event_streams import EventStreams
from actitud_api.platform.http.logs import configure_logs
from actitud_api.platform.http.metrics import FOLDER_VARIABLE
from actitud_api.platform.http.scope import is_loopback
from actitud_api.platform.http.system import Readiness
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.health import count_offered_connections, get_sqlite_version, has_wal_bug
from actitud_api.platform.storage.postgresql import CONNECTIONS
from actitud_api.platform.storage.urls import find_database_file, hide_password
from actitud_api.resources.publications.service import EditionPublisher
from actitud_api.resources.webhooks.delivery import DeliveryRunner
from actitud_api.settings import FaultySettings, Settings

_READY = Texts(
    "Lista en {address}. Base de datos: {database}. Ctrl+C termina.",
    "Ready at {address}. Database: {database}. Ctrl+C ends.",
)
_STOPPED = Texts("Parada en orden.", "Stopped in order.")
_TAKEN = Texts(
    "El puerto {port} ya está en uso. Elija otro con --port 9000, o con PORT=9000 delante de make.",
    "Port {port} is already in use. Choose another with --port 9000, or with PORT=9000 before make.",
)
_UNUSABLE = Texts("No se puede escuchar en {address}: {reason}", "Cannot listen at {address}: {reason}")
_EXPOSED = Texts(
    "Aviso: escucha en {host}, no solo en esta máquina, y no hay proxy de confianza (trusted_proxies).",
    "Warning: listens on {host}, beyond this machine, and there is no trusted proxy (trusted_proxies).",
)
_NO_PUBLIC_URL = Texts(
    "Aviso: falta public_url: los distintivos, el catálogo y los ficheros enlazan a {address}, que solo vale aquí.",
    "Warning: public_url is not set: badges, catalogue and files link to {address}, which works only here.",
)
_ONE_PROCESS = Texts(
    "A un fichero de SQLite solo lo sirve un proceso: sirva con --workers 1, o use PostgreSQL.",
    "A file of SQLite is served by one process only: serve with --workers 1, or use PostgreSQL.",
)
_FEW_CONNECTIONS = Texts(
    "Aviso: {workers} procesos pueden abrir {needed} conexiones, y PostgreSQL ofrece {offered} (max_connections).",
    "Warning: {workers} processes may open {needed} connections, and PostgreSQL offers {offered} (max_connections).",
)

END_MARGIN: Final = 10.0
"""Seconds beyond `drain` and `grace` after which a worker that does not end is killed."""

SWITCH_INTERVAL: Final = 0.0005
"""Seconds after which a busy thread lets another one go on; CPython has ten times as many by itself.

SQLite and sockets let go of the interpreter at each step, and then wait for so long for each other busy thread, such as
one that makes a file. Measured with two of them, in turn: `/readyz` 40 and 8 ms, a sheet 53 and 21, a page of an
organisation 298 and 104.
"""

_log = structlog.get_logger()


def run_serve(options: argparse.Namespace, language: Language) -> int:
    """Run `serve`: serve an installation until the server is stopped; return 0, or 1 if the server did not start.

    Raises:
        CommandError: The database is not ready or another process serves it, or the address is in use.
    """
    settings = load_settings(options)
    serve = _serve if settings.workers == 1 else _serve_by_workers
    if not serve(options, settings, language):
        return 1
    sys.stdout.write(f"{_STOPPED.into(language)}\n")
    return 0


def _serve(_options: argparse.Namespace, settings: Settings, language: Language) -> bool:
    """Serve in this process until it is stopped; return False if the server did not start."""
    with build_application(settings, language) as app:
        check_ready(settings, get_database(app), language)
        _warn(settings, language)
        with open_listener(settings, language) as listener:
            configuration = build_configuration(app, settings)
            announce = partial(_announce, settings, language)
            server = Server(configuration, get_readiness(app), settings.drain, announce, partial(give_up, app))
            server.run(sockets=[listener])
    return server.started


def _announce(settings: Settings, language: Language) -> None:
    text = _READY.into(language).format(address=settings.address, database=hide_password(settings.database_url))
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def open_listener(settings: Settings, language: Language) -> socket.socket:
    """Open a listening socket on the address of the settings, and return it.

    Commands open it before they print anything, so that a message about an address in use is the only output.

    Raises:
        CommandError: The address is in use or cannot be used.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        text = _TAKEN if error.errno == errno.EADDRINUSE else _UNUSABLE
        values = {"port": settings.port, "address": settings.address, "reason": error.strerror}
        raise CommandError(text.into(language).format(**values)) from error


def is_exposed(settings: Settings) -> bool:
    """Return True if other machines can reach the service and no trusted proxy is set."""
    return not settings.trusted_proxies and not is_loopback(settings.host)


def is_for_this_machine(settings: Settings) -> bool:
    """Return True if no other machine can reach the service, neither directly nor through a proxy."""
    return not (is_exposed(settings) or settings.trusted_proxies)


def lacks_public_url(settings: Settings) -> bool:
    """Return True if other machines can reach the service, but the settings have no public URL."""
    return settings.public_url is None and not is_for_this_machine(settings)


def _warn(settings: Settings, language: Language) -> None:
    if is_exposed(settings):
        sys.stderr.write(f"{_EXPOSED.into(language).format(host=settings.host)}\n")
    if lacks_public_url(settings):
        sys.stderr.write(f"{_NO_PUBLIC_URL.into(language).format(address=settings.address)}\n")
    version = get_sqlite_version()
    if find_database_file(settings.database_url) is not None and has_wal_bug(version):
        _log.warning("SQLite has the WAL-reset bug: one connection writes", sqlite=".".join(map(str, version)))


# --- several processes ----------------------------------------------------------------------------------------


def _serve_by_workers(options: argparse.Namespace, settings: Settings, language: Language) -> bool:
    """Serve in several processes until this one is stopped; return False if they did not start.

    Raises:
        CommandError: The database is a file, or is not ready.
    """
    if find_database_file(settings.database_url) is not None:
        raise CommandError(_ONE_PROCESS.into(language))
    with open_database(settings, language) as database:
        check_ready(settings, database, language)
        with catch_unreachable(settings, language):
            _warn_of_connections(settings, count_offered_connections(database), language)
    _warn(settings, language)
    with _count_together(settings), open_listener(settings, language) as listener:
        supervisor = Supervisor(
            settings.workers,
            _follow_settings(options, settings, listener, language),
            settings.drain + settings.grace + END_MARGIN,
            partial(_announce, settings, language),
            listener.close,
        )
        supervisor.run()
    return supervisor.has_started


@contextmanager
def _count_together(settings: Settings) -> Iterator[None]:
    """Have the processes that are started in the block count into one folder, which is deleted after it.

    Nothing is done if nobody may read the figures: counting into files takes longer than into memory.
    """
    if not settings.metrics_networks:
        yield
        return
    with TemporaryDirectory(prefix="actitud-figures-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER_VARIABLE]


def _follow_settings(
    options: argparse.Namespace, first: Settings, listener: socket.socket, language: Language
) -> Callable[[], WorkerFunction | None]:
    """Return a function that returns that of the workers, with the settings as they are when it is called.

    It returns None if the settings are faulty then. Address and number of workers stay as they are.
    """
    is_first = True

    def build() -> WorkerFunction | None:
        nonlocal is_first
        settings = first
        if not is_first:
            try:
                settings = load_settings(options)
            except FaultySettings as error:
                _log.error("workers are not replaced: the settings are faulty", reason=str(error))
                return None
        is_first = False
        return partial(run_worker, settings, listener, language)

    return build


def run_worker(settings: Settings, listener: socket.socket, language: Language, number: int, pipe: Connection) -> None:
    """Serve requests as a worker process of a supervisor, at a socket that all workers share.

    `number` is the number of the worker, and `pipe` its connection to the supervisor.
    """
    # A terminal sends its signals to all processes; whether the service stops or goes on is for the supervisor to say.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(signal.Signals[name], signal.SIG_IGN)
    configure_logs()
    # Every worker could do what is done daily: locks of the database see to that. Once is enough.
    with build_application(settings, language, keeps_ledger=number == 0) as app:
        configuration = build_configuration(app, settings)
        server = WorkerServer(configuration, get_readiness(app), settings.drain, pipe, partial(give_up, app))
        follow_orders(server, pipe)
        server.run(sockets=[listener])


def _warn_of_connections(settings: Settings, offered: int, language: Language) -> None:
    needed = settings.workers * CONNECTIONS
    if needed > offered:
        values = {"workers": settings.workers, "needed": needed, "offered": offered}
        sys.stderr.write(f"{_FEW_CONNECTIONS.into(language).format(**values)}\n")


# --- the application ------------------------------------------------------------------------------------------


@contextmanager
def build_application(
    settings: Settings, language: Language, *, may_be_new: bool = False, keeps_ledger: bool = True
) -> Iterator[Litestar]:
    """Build the application of the service for the `with` block.

    It is ready while its tables are at the newest revision. A SQLite file is locked, so that no other process serves
    it. The database is closed at the end of the block. `may_be_new`: True if the caller creates a missing database
    file. `keeps_ledger`: True if this process does the regular work, such as daily checkpoints; it then runs jobs too,
    unless the settings leave jobs to other processes.

    Raises:
        CommandError: The database URL is not supported (exit code 2), the file does not exist, or another process
            serves it.
    """
    with catch_unusable(language):
        is_file = find_database_file(settings.database_url) is not None
        app = create_app(
            settings, keeps_ledger=keeps_ledger, runs_jobs=keeps_ledger and (is_file or settings.runs_jobs)
        )
    database = get_database(app)
    get_readiness(app).register("database", database.is_current)
    if not may_be_new:
        # Before the lock, which would make the first file in the folder of an installation that is not there.
        check_exists(settings, language)
    with lock_to_serve(settings, language):
        # Objects that live as long as the process are left out of garbage collection. Measured: a full collection
        # stopped every request for 120 to 200 ms, once in eight pages of 1,000 rows.
        gc.collect()
        gc.freeze()
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        try:
            yield app
        finally:
            sys.setswitchinterval(before)
            gc.unfreeze()
            database.close()


def get_database(app: Litestar) -> Database:
    """Return the database in the state of an application."""
    database: Database = app.state["database"]
    return database


def give_up(app: Litestar) -> None:
    """Interrupt work that would outlast a shutdown: publications, jobs, notices and event streams."""
    publisher: EditionPublisher = app.state["publishing"]
    runner: JobRunner = app.state["jobs"]
    streams: EventStreams = app.state["event_streams"]
    notifier: DeliveryRunner = app.state["notifier"]
    for stop in (publisher.stop, runner.give_up, notifier.give_up, streams.stop):
        stop()


def get_readiness(app: Litestar) -> Readiness:
    """Return the readiness checks in the state of an application."""
    readiness: Readiness = app.state["readiness"]
    return readiness
