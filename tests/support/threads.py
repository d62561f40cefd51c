"""Servers of the standard library in a thread of the tests."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def run_in_thread(server: socketserver.BaseServer) -> Iterator[None]:
    """Let a server answer for as long as the block. Close it at the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
