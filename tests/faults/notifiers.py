"""A process that delivers to webhooks until it is killed."""

from __future__ import annotations

import threading
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from actitud_api.platform.storage.database import read_clock
from actitud_api.resources.webhooks.delivery import DeliveryRunner, DeliveryWorker
from actitud_api.resources.webhooks.secret_box import SecretBox
from tests.support.databases import opened
from tests.support.receivers import build_sender


def deliver(url: str, folder: Path, port: int, certificate: Path, ahead: timedelta, pipe: Pipe) -> None:
    """Deliver with several threads; their clock is ahead, so that the leases of those killed before have ended."""
    with opened(url) as database:
        worker = DeliveryWorker(
            database,
            SecretBox(folder),
            build_sender(port, certificate),
            clock=lambda session: read_clock(session) + ahead,
        )
        DeliveryRunner(worker, threads=3, pause=0.01).start()
        pipe.send(True)
        threading.Event().wait()
