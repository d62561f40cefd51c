from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.api.toys import toy_app


@pytest.fixture(scope="session")
def toys() -> Iterator[TestClient[Litestar]]:
    """A client of the application with toy operations."""
    with TestClient(toy_app()) as opened:
        yield opened
