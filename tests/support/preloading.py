"""What forked processes find done: each of them would import the service for two seconds, and build its document."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import actitud_api.cli.demonstration
import actitud_api.cli.serving
import actitud_api.cli.working  # noqa: F401  # a command imports its module when it is run
from actitud_api.app import create_app
from actitud_api.settings import Settings


def _build_application() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database_url=f"sqlite:///{Path(folder) / 'none.sqlite3'}"))
        app.state["database"].close()


_build_application()
gc.collect()
# Nothing of it is looked through, and so copied, by garbage collections of the processes.
gc.freeze()
