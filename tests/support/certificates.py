"""The certificates that clients trust, read once in a process: each client of httpx reads them, for 6 ms of CPU."""

from __future__ import annotations

import functools
import os
import sys
from typing import Any, Final
from unittest.mock import patch

_TRANSPORTS: Final = "httpx._transports.default"
_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""What names other certificates, as httpx reads it."""


def pytest_collection_finish() -> None:
    """Let all clients that trust the same share a context, if any test has a client."""
    if (transports := sys.modules.get(_TRANSPORTS)) is None:
        return
    create = transports.create_ssl_context

    @functools.cache
    def create_once(verify: Any, cert: Any, trust_env: bool, _named: tuple[str | None, ...]) -> Any:
        return create(verify=verify, cert=cert, trust_env=trust_env)

    def create_shared(verify: Any = True, cert: Any = None, trust_env: bool = True) -> Any:
        return create_once(verify, cert, trust_env, tuple(map(os.environ.get, _VARIABLES)))

    patch.object(transports, "create_ssl_context", create_shared).start()
