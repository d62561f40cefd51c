from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import program
from tests.browser.hosts import Host, hosting
from tests.browser.watching import Watched
from tests.support.databases import migrated_sqlite
from tests.support.serving import served
from tests.web.embeds.installation import installed


# Not for longer than this folder: while it is there a loop of asyncio runs, and no other test could run one.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        # Its own sandbox needs what containers do not give; it only ever sees pages of the tests.
        yield playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"])


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The service, and what it answered to whom."""
    url = migrated_sqlite(tmp_path_factory.mktemp("browser"))
    with installed(url, public_url=None) as client:
        watched = Watched(client.app)
        with served(watched) as address:
            watched.address = address
            yield watched


@pytest.fixture(scope="session")
def service(watched: Watched) -> str:
    """The address of the service."""
    return watched.address


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """A site of other people."""
    with hosting() as made:
        yield made
