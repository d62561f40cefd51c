from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import BOTH, made_anew
from tests.web.embeds.installation import Client, installed


@pytest.fixture(scope="session", params=BOTH)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the service on each kind of database; for tests that only read."""
    with made_anew(request, tmp_path_factory.mktemp("embeds")) as url, installed(url) as client:
        yield client


@pytest.fixture
def own(database: object, url: str) -> Iterator[Client]:
    """A client of the service on a database of its own; to be changed."""
    with installed(url) as client:
        yield client
