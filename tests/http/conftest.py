from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.http.toys import toy_app


@pytest.fixture(scope="session")
def toys() -> Iterator[TestClient[Litestar]]:
    """A client of the application with toy operations."""
    with TestClient(toy_app()) as opened:
        yield opened


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> Iterator[None]:
    """What the environment of the tests sets must not reach the commands under test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ACTITUD_")]:
            if name == "ACTITUD_SIGNING_FOLDER":  # of the tests themselves
                continue
            patch.delenv(name)
        yield
