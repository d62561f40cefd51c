"""What all tests share: the judge of every response, and the demonstration, loaded once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.app import create_app
from actitud_api.demo import service as demo
from actitud_api.settings import Settings
from actitud_api.storage.database import Database
from tests.contract.validating import pytest_configure, pytest_pyfunc_call

__all__ = ["pytest_configure", "pytest_pyfunc_call"]


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with the whole demonstration; for tests that only read."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demonstration') / 'demo.sqlite3'}"
    database = Database(url)
    database.migrate()
    demo.load(database, lambda: None)
    database.close()
    return url


@pytest.fixture(scope="session")
def app(demonstration: str) -> Iterator[Litestar]:
    """The application on the demonstration."""
    made = create_app(Settings(database_url=demonstration))
    yield made
    made.state["database"].close()


@pytest.fixture(scope="session")
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    """A client of the application on the demonstration."""
    with TestClient(app) as opened:
        yield opened
