from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import BOTH, migrated_sqlite
from tests.support.postgresql import Server
from tests.web.portal.places import Client, placed


@pytest.fixture(scope="session", params=BOTH)
def places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the service on each kind of database; for tests that only read."""
    if request.param == "sqlite":
        url = migrated_sqlite(tmp_path_factory.mktemp("places"))
        with placed(url) as client:
            yield client
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database(request.getfixturevalue("template")) as name, placed(server.url(name)) as client:
        yield client
