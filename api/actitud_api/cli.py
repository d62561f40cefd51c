"""The command line, `actitud-api`: serves, demonstrates, imports, and writes the OpenAPI document."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import uvicorn
from babel.numbers import format_decimal
from litestar import Litestar
from msgspec import structs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from actitud_api.app import create_app
from actitud_api.demo import service as demo
from actitud_api.demo.printing import table
from actitud_api.demo.report import Report
from actitud_api.http.logs import configure_logs
from actitud_api.http.negotiation import Texts
from actitud_api.http.system import Readiness
from actitud_api.methodology.model import Language
from actitud_api.organisations import service as organisations
from actitud_api.organisations.faults import describe
from actitud_api.settings import Settings, from_environment
from actitud_api.storage.database import Database, InvalidDatabase, Unavailable

DEMO_DATABASE: Final = "sqlite:///var/demo.sqlite3"
"""The demonstration has a database of its own: nothing invented gets into a real one."""

LOCALES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")

_SERVE = Texts("sirve la API", "serve the API")
_DEMO = Texts("sirve la demostración, con datos inventados", "serve the demonstration, with invented data")
_ORGANISATIONS = Texts("organizaciones", "organisations")
_IMPORT = Texts("importa un fichero CSV de municipios", "import a CSV file of municipalities")
_OPENAPI = Texts("escribe el documento OpenAPI", "write the OpenAPI document")
_HOST = Texts("dirección en la que escucha (127.0.0.1)", "address to listen on (127.0.0.1)")
_PORT = Texts("puerto en el que escucha (8000)", "port to listen on (8000)")
_DATABASE = Texts("base de datos, como URL de SQLAlchemy", "database, as an SQLAlchemy URL")
_FILE = Texts("el fichero", "the file")
_CHECK = Texts("no escribe: falla si el fichero es distinto", "do not write: fail if the file differs")
_SIMULATING = Texts("Simulando municipios", "Simulating municipalities")
_READING = Texts("Leyendo municipios", "Reading municipalities")
_READY = Texts(
    "Lista en {address}, con datos simulados. Ctrl+C termina.", "Ready at {address}, with simulated data. Ctrl+C ends."
)
_IMPORTED = Texts(
    "Organizaciones: {added} nuevas, {changed} cambiadas, {unchanged} sin cambios.",
    "Organisations: {added} added, {changed} changed, {unchanged} unchanged.",
)
_FAULTY = Texts("No se ha importado nada. Fallos: {count}.", "Nothing was imported. Faults: {count}.")
_UNREADABLE = Texts("No se puede leer {file}: {reason}", "Cannot read {file}: {reason}")
_SETTINGS = Texts("La configuración no es válida: {reason}", "The settings are not valid: {reason}")
_UNAVAILABLE = Texts("La base de datos no está disponible: {reason}", "The database is not available: {reason}")
_DIFFERS = Texts(
    "{file} no es el documento de este código: `make openapi` lo escribe.",
    "{file} is not the document of this code: `make openapi` writes it.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; the exit code is 0, 1 where it failed, 2 where it was called wrongly."""
    language = _language(os.environ)
    options = _parser(language).parse_args(arguments)
    try:
        settings = from_environment(os.environ)
    except ValueError as error:
        _failed(_SETTINGS.into(language).format(reason=error))
        return 2
    configure_logs()
    run: Command = options.run
    try:
        return run(options, settings, language)
    except InvalidDatabase as error:
        _failed(_SETTINGS.into(language).format(reason=error))
        return 2
    except Unavailable as error:
        return _failed(_UNAVAILABLE.into(language).format(reason=error))


Command = Callable[[argparse.Namespace, Settings, Language], int]


def _parser(language: Language) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="actitud-api")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def added(text: Texts, name: str, run: Command) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text.into(language), description=text.into(language))
        command.set_defaults(run=run)
        return command

    for serving in (added(_SERVE, "serve", _serve), added(_DEMO, "demo", _demo)):
        serving.add_argument("--host", default="127.0.0.1", help=_HOST.into(language))
        serving.add_argument("--port", type=int, default=8000, help=_PORT.into(language))
        serving.add_argument("--database", metavar="URL", help=_DATABASE.into(language))
    about = commands.add_parser("organisations", help=_ORGANISATIONS.into(language))
    imported = about.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "import", help=_IMPORT.into(language), description=_IMPORT.into(language)
    )
    imported.set_defaults(run=_import)
    imported.add_argument("file", type=Path, metavar="FILE", help=_FILE.into(language))
    imported.add_argument("--database", metavar="URL", help=_DATABASE.into(language))
    document = added(_OPENAPI, "openapi", _openapi)
    document.add_argument("file", type=Path, metavar="FILE", help=_FILE.into(language))
    document.add_argument("--check", action="store_true", help=_CHECK.into(language))
    return parser


# --- commands -------------------------------------------------------------------------------------------------


def _serve(options: argparse.Namespace, settings: Settings, language: Language) -> int:
    with _application(_at(settings, options.database)) as app:
        uvicorn.run(app, host=options.host, port=options.port)
    return 0


def _demo(options: argparse.Namespace, settings: Settings, language: Language) -> int:
    """Answers from the start, and is ready once the demonstration is loaded."""
    loaded = threading.Event()
    with _application(_at(settings, options.database or DEMO_DATABASE)) as app:
        _readiness(app).register(demo.EDITION, loaded.is_set)
        config = uvicorn.Config(app, host=options.host, port=options.port, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        # Before the loading starts: where the port is taken this ends the command.
        socket = config.bind_socket()

        def load() -> None:
            try:
                report = _loaded(_database(app), language)
            except BaseException:
                server.should_exit = True
                raise
            loaded.set()
            console = Console()
            console.print(table(report, language))
            console.print(_READY.into(language).format(address=f"http://{options.host}:{options.port}"))

        threading.Thread(target=load, daemon=True).start()
        with suppress(KeyboardInterrupt):
            server.run(sockets=[socket])
    return 0 if loaded.is_set() else 1


def _loaded(database: Database, language: Language) -> Report:
    """The report of the demonstration in a database; makes it where it is not there."""
    report = demo.stored(database)
    if report is not None:
        return report
    with _progress(_SIMULATING.into(language), demo.ORGANISATIONS) as advance:
        return demo.load(database, advance)


def _import(options: argparse.Namespace, settings: Settings, language: Language) -> int:
    try:
        raw = options.file.read_bytes()
    except OSError as error:
        return _failed(_UNREADABLE.into(language).format(file=options.file, reason=error.strerror))
    database = Database(_at(settings, options.database).database_url)
    database.migrate()
    try:
        with _progress(_READING.into(language), max(0, raw.count(b"\n") - 1)) as advance:
            imported = organisations.import_municipalities(database, raw, advance)
    except organisations.FaultyFile as error:
        for fault in error.faults:
            _failed(describe(fault, language))
        return _failed(_FAULTY.into(language).format(count=format_decimal(len(error.faults), locale=language)))
    finally:
        database.close()
    counts = {name: format_decimal(count, locale=language) for name, count in structs.asdict(imported).items()}
    sys.stdout.write(_IMPORTED.into(language).format(**counts) + "\n")
    return 0


def _openapi(options: argparse.Namespace, settings: Settings, language: Language) -> int:
    document: bytes = create_app(settings).state["document"]
    if not options.check:
        options.file.write_bytes(document)
    elif not options.file.is_file() or options.file.read_bytes() != document:
        return _failed(_DIFFERS.into(language).format(file=options.file))
    return 0


# --- what they share ------------------------------------------------------------------------------------------


@contextmanager
def _application(settings: Settings) -> Iterator[Litestar]:
    """The application on a database that is brought up to date first and closed at the end."""
    app = create_app(settings)
    database = _database(app)
    database.migrate()
    _readiness(app).register("database", database.is_current)
    try:
        yield app
    finally:
        database.close()


def _database(app: Litestar) -> Database:
    database: Database = app.state["database"]
    return database


def _readiness(app: Litestar) -> Readiness:
    readiness: Readiness = app.state["readiness"]
    return readiness


def _at(settings: Settings, database: str | None) -> Settings:
    """The settings with another database, if one is given."""
    return settings if database is None else structs.replace(settings, database_url=database)


def _language(environment: Mapping[str, str]) -> Language:
    """Spanish where the locale is, else English."""
    locale = next((environment[name] for name in LOCALES if environment.get(name)), "")
    return "es" if locale.startswith("es") else "en"


def _failed(text: str) -> int:
    """Says what went wrong; the exit code of a command that failed."""
    sys.stderr.write(f"{text}\n")
    return 1


@contextmanager
def _progress(text: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error; call what it yields for each step."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(text, total=total)
        yield lambda: progress.advance(task)
