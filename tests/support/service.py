"""What tests of the service share: the judge of every response, the two databases, and the demonstration.

A plugin of pytest; `conftest.py` loads it where a test that is no unit is collected.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from itertools import chain
from unittest.mock import patch

import pytest
import structlog
from litestar import Litestar
from litestar.testing import TestClient

from actitud import Client
from actitud_api import app as assembly
from actitud_api.app import create_app
from actitud_api.platform.http import event_streams
from actitud_api.platform.storage.file_store import FileStore
from actitud_api.settings import Settings
from tests.contract.validating import pytest_configure, pytest_pyfunc_call
from tests.support import options
from tests.support.client_shortcuts import shorten_requests
from tests.support.databases import (
    BOTH,
    database,
    demonstrated,
    demonstrated_copy,
    demonstration,
    demonstration_in_review,
    demonstration_on_postgresql,
    demonstration_template,
    empty,
    kind,
    postgresql,
    published_template,
    template,
    unlimited,
    url,
)
from tests.support.serving import served
from tests.support.statements import share_compiled_statements
from tests.support.triggers import share_expected_triggers

share_compiled_statements()
share_expected_triggers()
shorten_requests()

__all__ = [
    "database",
    "demonstrated",
    "demonstrated_copy",
    "demonstration",
    "demonstration_in_review",
    "demonstration_on_postgresql",
    "demonstration_template",
    "empty",
    "kind",
    "postgresql",
    "published_template",
    "pytest_configure",
    "pytest_pyfunc_call",
    "template",
    "url",
]


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, object, object]:
    """Make by day no half on PostgreSQL of a test that is not marked `both_databases`: it would be left out."""
    with ExitStack() as stack:
        if not options.night and metafunc.definition.get_closest_marker("both_databases") is None:
            for fixture in chain.from_iterable(metafunc._arg2fixturedefs.values()):
                if fixture.params == BOTH:
                    stack.enter_context(patch.object(fixture, "params", BOTH[:1]))
        return (yield)


@pytest.fixture(autouse=True, scope="session")
def _logs_without_local_values() -> None:
    """Log lines of JSON, as served: by default structlog prints every local of a failure, 20 s for a large body."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """Take back what a test configures of the log."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True, scope="session")
def _short_streams() -> Iterator[None]:
    """Streams of events end soon: who calls every operation does not wait for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_streams, "LOOK_SECONDS", 0.01)
        patch.setattr(event_streams, "LASTING_SECONDS", 0.05)
        yield


@pytest.fixture(autouse=True, scope="session")
def _signing_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The keys that commands make do not stay in the checkout, and no files are kept in it."""
    usual = Settings().files_folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTITUD_SIGNING_FOLDER", str(tmp_path_factory.mktemp("signing")))
        patch.setenv("ACTITUD_FILES_BYTES", "0")
        patch.setattr(assembly, "FileStore", lambda folder, room: FileStore(folder, 0 if folder == usual else room))
        yield


@pytest.fixture(scope="session")
def app(demonstration: str) -> Iterator[Litestar]:
    """The application on the demonstration."""
    made = create_app(unlimited(demonstration))
    yield made
    made.state["database"].close()


@pytest.fixture(scope="module")
def address(app: Litestar) -> Iterator[str]:
    """The address of the application on the demonstration."""
    with served(app) as stated:
        yield stated


@pytest.fixture(scope="session")
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    """A client of the application on the demonstration."""
    with TestClient(app) as opened:
        yield opened


@pytest.fixture(scope="module")
def sdk(address: str) -> Iterator[Client]:
    """A client of the SDK for the application on the demonstration."""
    with Client(base_url=address, lang="en") as client:
        yield client
