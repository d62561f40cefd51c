from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import BOTH, made_anew
from tests.web.portal.places import Client, placed


@pytest.fixture(scope="session", params=BOTH)
def places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the service on each kind of database; for tests that only read."""
    with made_anew(request, tmp_path_factory.mktemp("places")) as url, placed(url) as client:
        yield client
