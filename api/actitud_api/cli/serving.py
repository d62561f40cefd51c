"""The command `serve`: start the web service of an installation and run it until it is stopped."""

from __future__ import annotations

import argparse
import gc
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import structlog
from litestar import Litestar

from actitud_api.app import create_app
from actitud_api.cli.common import CommandError, catch_unusable, load_settings
from actitud_api.cli.locking import lock_to_serve
from actitud_api.cli.readiness import check_exists, check_ready
from actitud_api.cli.server import Server, build_configuration
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.system import Readiness
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.health import get_sqlite_version, has_wal_bug
from actitud_api.platform.storage.urls import find_database_file, hide_password
from actitud_api.resources.publications.service import EditionPublisher
from actitud_api.settings import Settings

_READY = Texts(
    "Lista en {address}. Base de datos: {database}. Ctrl+C termina.",
    "Ready at {address}. Database: {database}. Ctrl+C ends.",
)
_STOPPED = Texts("Parada en orden.", "Stopped in order.")
_TAKEN = Texts("No se puede escuchar en {address}: {reason}", "Cannot listen at {address}: {reason}")
_EXPOSED = Texts(
    "Aviso: escucha en {host}, no solo en esta máquina, y no hay proxy de confianza (trusted_proxies).",
    "Warning: listens on {host}, beyond this machine, and there is no trusted proxy (trusted_proxies).",
)
_NO_PUBLIC_URL = Texts(
    "Aviso: falta public_url: las insignias, el catálogo y los ficheros enlazan a {address}, que solo vale aquí.",
    "Warning: public_url is not set: badges, catalogue and files link to {address}, which works only here.",
)

_log = structlog.get_logger()


def run_serve(options: argparse.Namespace, language: Language) -> int:
    """Run the web service of an installation until it is stopped; return 0, or 1 if the server did not start.

    Raises:
        CommandError: The database is not ready or another process serves it, or the address is in use.
    """
    settings = load_settings(options)
    with build_application(settings, language) as app:
        check_ready(settings, get_database(app), language)
        _warn(settings, language)

        def announce() -> None:
            text = _READY.into(language).format(address=settings.address, database=hide_password(settings.database_url))
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

        with open_listener(settings, language) as listener:
            configuration = build_configuration(app, settings)
            server = Server(configuration, get_readiness(app), settings.drain, announce, get_publisher(app).stop)
            server.run(sockets=[listener])
    if not server.started:
        return 1
    sys.stdout.write(f"{_STOPPED.into(language)}\n")
    return 0


def open_listener(settings: Settings, language: Language) -> socket.socket:
    """Open the socket on the address of the settings and return it, while it listens.

    It is opened before the command prints anything, so that a message about an address in use is the only
    output.

    Raises:
        CommandError: The address is in use or cannot be used.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        text = _TAKEN.into(language).format(address=settings.address, reason=error.strerror)
        raise CommandError(text) from error


def is_exposed(settings: Settings) -> bool:
    """Return True if other machines can reach the service and no trusted proxy is set."""
    if settings.trusted_proxies or settings.host == "localhost":
        return False
    try:
        return not ip_address(settings.host).is_loopback
    except ValueError:
        return True


def is_for_this_machine(settings: Settings) -> bool:
    """Return True if no other machine reaches the service, neither by itself nor through a proxy."""
    return not (is_exposed(settings) or settings.trusted_proxies)


def lacks_public_url(settings: Settings) -> bool:
    """Return True if others than this machine reach the service, and no setting says at which address they do."""
    return settings.public_url is None and not is_for_this_machine(settings)


def _warn(settings: Settings, language: Language) -> None:
    if is_exposed(settings):
        sys.stderr.write(f"{_EXPOSED.into(language).format(host=settings.host)}\n")
    if lacks_public_url(settings):
        sys.stderr.write(f"{_NO_PUBLIC_URL.into(language).format(address=settings.address)}\n")
    version = get_sqlite_version()
    if find_database_file(settings.database_url) is not None and has_wal_bug(version):
        _log.warning("SQLite has the WAL-reset bug: one connection writes", sqlite=".".join(map(str, version)))


# --- the application ------------------------------------------------------------------------------------------


@contextmanager
def build_application(settings: Settings, language: Language, *, may_be_new: bool = False) -> Iterator[Litestar]:
    """Build the application, which reports that it is ready while its database is at the newest revision.

    A SQLite file is locked, so that no other process serves it. The database is closed at the end of the block.
    `may_be_new`: True if the caller makes a file that does not exist.

    Raises:
        CommandError: The database URL is not supported (exit code 2), the file does not exist, or another process
            serves it.
    """
    with catch_unusable(language):
        app = create_app(settings, keeps_ledger=True)
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
        try:
            yield app
        finally:
            gc.unfreeze()
            database.close()


def get_database(app: Litestar) -> Database:
    """Return the database in the state of an application."""
    database: Database = app.state["database"]
    return database


def get_publisher(app: Litestar) -> EditionPublisher:
    """Return the publisher in the state of an application."""
    publisher: EditionPublisher = app.state["publishing"]
    return publisher


def get_readiness(app: Litestar) -> Readiness:
    """Return the readiness checks in the state of an application."""
    readiness: Readiness = app.state["readiness"]
    return readiness
