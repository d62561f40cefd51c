"""The command `worker`: do the jobs of an installation, and notify webhooks, beside the processes that serve it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from actitud_api.app import build_job_runner, build_notifier, build_publisher
from actitud_api.cli.common import CommandError, load_settings
from actitud_api.cli.readiness import open_ready_database
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.decoder_types import prepare_decoders
from actitud_api.platform.storage.urls import find_database_file, hide_password

_FILE = Texts(
    "A un fichero de SQLite solo lo usa el proceso que sirve, que hace también sus trabajos: no hace falta otro.",
    "A file of SQLite is used only by the process that serves, which does its jobs too: no other is needed.",
)
_READY = Texts(
    "Hace trabajos. Base de datos: {database}. Ctrl+C termina.", "Does jobs. Database: {database}. Ctrl+C ends."
)
_STOPPED = Texts("Parado en orden.", "Stopped in order.")

LOOK_SECONDS: Final = 0.5
"""Seconds between two looks at whether a signal has come, on systems where waiting for it lets none through."""


def run_worker(options: argparse.Namespace, language: Language) -> int:
    """Run `worker`: do jobs and notify webhooks until the process is told to stop, and return exit code 0.

    After SIGTERM or SIGINT the present step of each job ends or is rolled back, and another worker continues the job.

    Raises:
        CommandError: The database is a file, or is not ready.
    """
    settings = load_settings(options)
    if find_database_file(settings.database_url) is not None:
        raise CommandError(_FILE.into(language))
    with open_ready_database(settings, language, writes=False) as database:
        publishing = build_publisher(settings, database)
        runner = build_job_runner(settings, database, publishing)
        notifier = build_notifier(settings, database)
        prepare_decoders()
        with _take_signals() as stopping:
            runner.start()
            notifier.start()
            sys.stdout.write(f"{_READY.into(language).format(database=hide_password(settings.database_url))}\n")
            sys.stdout.flush()
            while not stopping.wait(LOOK_SECONDS):
                pass
            publishing.stop()
            notifier.give_up()
            runner.stop()
            notifier.stop()
    sys.stdout.write(f"{_STOPPED.into(language)}\n")
    return 0


@contextmanager
def _take_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM and SIGINT set while the block runs."""
    stopping = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda _number, _frame: stopping.set()) for number in numbers]
    try:
        yield stopping
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
