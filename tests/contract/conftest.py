"""What the tests of whole operations share: an installation on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.installation import Installation, installed
from tests.databases import opened, sqlite_url
from tests.postgresql import Server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for a module: what is refused changes nothing, and each call that is not has a place of its own."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path_factory.mktemp("installation"))
        with opened(url) as database:
            database.migrate()
        with installed(url) as made:
            yield made
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database(request.getfixturevalue("template")) as name, installed(server.url(name)) as made:
        yield made
