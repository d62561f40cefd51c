from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import BOTH, made_anew, migrated_sqlite
from tests.web.portal.open_edition import serve_open_edition
from tests.web.portal.places import Client, placed


@pytest.fixture(scope="session", params=BOTH)
def places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the service on each kind of database; for tests that only read."""
    with made_anew(request, tmp_path_factory.mktemp("places")) as url, placed(url) as client:
        yield client


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Client]:
    """A client of a service with an edition that takes answers and nothing published; to be changed."""
    with serve_open_edition(migrated_sqlite(tmp_path)) as client:
        yield client
