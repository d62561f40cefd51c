"""`demo`: serves the demonstration."""

from __future__ import annotations

import argparse
import threading
from contextlib import suppress
from typing import Final

import uvicorn
from msgspec import structs
from rich.console import Console

from actitud_api.cli.common import Added, progress, settings_of, takes_database
from actitud_api.cli.serving import address_of, application, database_of, readiness_of, takes_address
from actitud_api.demo import service as demo
from actitud_api.demo.printing import table
from actitud_api.demo.report import Report
from actitud_api.http.negotiation import Texts
from actitud_api.methodology.model import Language
from actitud_api.storage.database import Database

DATABASE: Final = "sqlite:///var/demo.sqlite3"
"""The demonstration has a database of its own: nothing invented gets into a real one."""

_DEMO = Texts("sirve la demostración, con datos inventados", "serve the demonstration, with invented data")
_SIMULATING = Texts("Simulando municipios", "Simulating municipalities")
_READY = Texts(
    "Lista en {address}, con datos simulados. Ctrl+C termina.", "Ready at {address}, with simulated data. Ctrl+C ends."
)


def add(added: Added, language: Language) -> None:
    """Adds the command."""
    command = added(_DEMO, "demo", _demo)
    takes_address(command, language)
    takes_database(command, language)


def _demo(options: argparse.Namespace, language: Language) -> int:
    """Answers from the start, and is ready once the demonstration is loaded."""
    settings = structs.replace(settings_of(options), database_url=options.database or DATABASE)
    loaded = threading.Event()
    with application(settings, language) as app:
        database = database_of(app)
        database.migrate()
        readiness_of(app).register(demo.EDITION, loaded.is_set)
        config = uvicorn.Config(
            app, host=settings.host, port=settings.port, log_config=None, log_level="warning", access_log=False
        )
        server = uvicorn.Server(config)
        # Before the loading starts: where the port is taken this ends the command.
        socket = config.bind_socket()

        def load() -> None:
            try:
                report = _loaded(database, language)
            except BaseException:
                server.should_exit = True
                raise
            loaded.set()
            console = Console()
            console.print(table(report, language))
            console.print(_READY.into(language).format(address=address_of(settings)))

        threading.Thread(target=load, daemon=True).start()
        with suppress(KeyboardInterrupt):
            server.run(sockets=[socket])
    return 0 if loaded.is_set() else 1


def _loaded(database: Database, language: Language) -> Report:
    """The report of the demonstration in a database; makes it where it is not there."""
    report = demo.stored(database)
    if report is not None:
        return report
    with progress(_SIMULATING.into(language), demo.ORGANISATIONS) as advance:
        return demo.load(database, advance)
