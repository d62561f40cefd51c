"""`sandbox`: serve invented data that testers may change at will."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvicorn
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Message, Receive, Scope, Send
from msgspec import structs

from actitud_api.app import create_app, find_examples
from actitud_api.cli.common import CommandError
from actitud_api.cli.server import build_configuration
from actitud_api.cli.serving import get_database, open_listener
from actitud_api.demo import sandbox
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.scope import is_loopback
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.storage.database import Database
from actitud_api.settings import Settings

RESET: Final = "/sandbox/reset"
"""Path of the operation that restores the seed.

It is not an operation of the service, so the OpenAPI document does not have it.
"""
_KEYS: Final = "/v1/keys/"

_PREPARING = Texts("Se preparan los datos inventados: unos segundos…", "Preparing invented data: a few seconds…")
_READY = Texts(
    "Lista en {address}, con datos inventados y sin límites, solo para esta máquina. Ctrl+C termina.",
    "Ready at {address}, with invented data and without limits, for this machine only. Ctrl+C ends.",
)
_ROLES = Texts("Claves, siempre las mismas:", "Keys, always the same:")
_HOW = Texts("Para volver al principio: curl -X POST {address}{path}", "To start again: curl -X POST {address}{path}")
_JOBS_WAIT = Texts(
    "Los trabajos (publicar, cargar un libro, un paso de muchas) se quedan en cola: nadie los hace sin --jobs, o "
    "make sandbox JOBS=1.",
    "Jobs (publishing, loading a workbook, a step of many) stay queued: nobody does them without --jobs, or "
    "make sandbox JOBS=1.",
)
_NO_EXAMPLES = Texts(
    "Faltan los ejemplos del documento, de los que salen los datos.",
    "The examples of the document, which the data are made from, are missing.",
)


def run_sandbox(options: argparse.Namespace, language: Language) -> int:
    """Run `sandbox`: serve invented data for tests of client programs, on a loopback address, until it is stopped.

    Settings of the environment are ignored, so that the sandbox is the same everywhere. Return exit code 0.

    Raises:
        CommandError: The port is in use, or the examples of the document are not installed.
    """
    examples = find_examples()
    if examples is None:
        raise CommandError(_NO_EXAMPLES.into(language))
    # Never another host than loopback: everybody knows the keys, and whoever has one may change everything.
    with (
        open_listener(Settings(port=options.port), language) as listener,
        tempfile.TemporaryDirectory(prefix="actitud-sandbox-") as folder,
    ):
        # On stderr: with --json a program reads the first line of stdout.
        sys.stderr.write(f"{_PREPARING.into(language)}\n")
        sys.stderr.flush()
        served = Sandbox(Path(folder), examples, listener.getsockname()[1], runs_jobs=options.jobs)
        with suppress(KeyboardInterrupt):
            _Server(served, language, as_json=options.json).run(sockets=[listener])
        served.close()
    return 0


class Sandbox:
    """ASGI application of the sandbox, which serves a copy of invented data; `POST /sandbox/reset` makes a new copy.

    The keys that the sandbox prints stay valid even if a client revokes or rotates them, so that further tests can use
    them.
    """

    def __init__(self, folder: Path, examples: Path, port: int, *, runs_jobs: bool = False) -> None:
        """Create the database that is copied for each reset, in an empty folder that must exist as long as the sandbox.

        Args:
            folder: The empty folder.
            examples: Folder with the examples of the OpenAPI document.
            port: Port of the server, which the address of the sandbox contains.
            runs_jobs: Run due jobs as an installation does; otherwise they stay queued, as tests need them.
        """
        self._folder = folder
        self._runs_jobs = runs_jobs
        self.settings = Settings(
            port=port,
            signing_folder=folder / "signing",
            files_bytes=0,
            rate_limit_read=0,
            rate_limit_write=0,
            rate_limit_score=0,
            rate_limit_refused=0,
            suggestions_per_day=0,
        )
        self._resetting = asyncio.Lock()
        self._copies = 0
        database = Database(f"sqlite:///{self._seed}")
        database.migrate()
        sandbox.seed_sandbox(database, self.settings.signing_folder, examples)
        database.close()
        self._app = self._copy_seed()
        self._previous: Litestar | None = None

    @property
    def address(self) -> str:
        """URL of the sandbox."""
        return self.settings.address

    @property
    def runs_jobs(self) -> bool:
        """True if due jobs are run."""
        return self._runs_jobs

    @property
    def served(self) -> Litestar:
        """Application that serves the present copy of the data."""
        return self._app

    @property
    def _seed(self) -> Path:
        return self._folder / "seed.sqlite3"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request (ASGI): reset the data, or pass the request on to the application that serves them."""
        if scope["type"] == ScopeType.HTTP:
            if scope["path"] == RESET and scope["method"] == "POST" and _is_local(scope):
                await self._reset()
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            app = self._app
            if scope["method"] == "POST" and scope["path"].startswith(_KEYS):
                send = _restore_before(send, get_database(app))
            await app(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _reset(self) -> None:
        async with self._resetting:
            # Requests in progress end on the copy before, which is closed at the next reset.
            if self._previous is not None:
                get_database(self._previous).close()
            if self._runs_jobs:
                await asyncio.to_thread(_get_job_runner(self._app).stop)
            self._previous, self._app = self._app, await asyncio.to_thread(self._copy_seed)

    def _copy_seed(self) -> Litestar:
        """Return an application on a new copy of the seed."""
        self._copies += 1
        # Two names in turn: at most two copies are in use.
        copy = self._folder / f"copy-{self._copies % 2}.sqlite3"
        for file in self._folder.glob(f"{copy.name}*"):
            file.unlink()
        shutil.copyfile(self._seed, copy)
        # With a folder of its own: the mark of what the copy before signed would let this one sign nothing.
        signing_folder = self._folder / f"signing-{self._copies % 2}"
        shutil.rmtree(signing_folder, ignore_errors=True)
        shutil.copytree(self.settings.signing_folder, signing_folder)
        settings = structs.replace(self.settings, database_url=f"sqlite:///{copy}", signing_folder=signing_folder)
        app = create_app(settings)
        if self._runs_jobs:
            _get_job_runner(app).start()
        return app

    def close(self) -> None:
        """Stop the jobs, and close the databases of the present and the previous copy of the data."""
        if self._runs_jobs:
            _get_job_runner(self._app).stop()
        for app in (self._app, self._previous):
            if app is not None:
                get_database(app).close()


class _Server(uvicorn.Server):
    """Server that prints the address and the keys once it accepts requests."""

    def __init__(self, app: Sandbox, language: Language, *, as_json: bool) -> None:
        super().__init__(build_configuration(app, app.settings))
        self._sandbox = app
        self._language = language
        self._as_json = as_json

    async def main_loop(self) -> None:
        """Serve until the server has to stop."""
        address = self._sandbox.address
        keys = {role: sandbox.build_key(identifier).to_text() for role, identifier in sandbox.KEYS}
        if self._as_json:
            text = json.dumps({"url": address, "reset": f"{address}{RESET}", "keys": keys})
        else:
            lines = [
                _READY.into(self._language).format(address=address),
                _ROLES.into(self._language),
                *(f"  {role:<20} {key}" for role, key in keys.items()),
                *([] if self._sandbox.runs_jobs else [_JOBS_WAIT.into(self._language)]),
                _HOW.into(self._language).format(address=address, path=RESET),
            ]
            text = "\n".join(lines)
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        await super().main_loop()


def _restore_before(send: Send, database: Database) -> Send:
    """Wrap the function with which an application sends its response (ASGI `send`).

    The wrapper makes the keys of the sandbox valid again before the response begins, so that the next request can
    use them.
    """

    async def send_after_restoring(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.to_thread(sandbox.restore_keys, database)
        await send(message)

    return send_after_restoring


def _get_job_runner(app: Litestar) -> JobRunner:
    runner: JobRunner = app.state["jobs"]
    return runner


def _is_local(scope: HTTPScope) -> bool:
    """Return True if a request comes from this machine."""
    client = scope.get("client")
    return client is not None and is_loopback(client[0])
