"""What the tests of whole operations share: an installation on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from actitud_api.resources.scores import audits
from tests.contract.installation import Installation, installed
from tests.support.databases import BOTH, made_anew


@pytest.fixture(scope="module", autouse=True)
def one_pair_of_draws() -> Iterator[None]:
    """The sensitivity of an audit has the same form with one pair of draws, and takes a second instead of six.

    Other folders, in the same process after this one, have all pairs.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audits, "DRAWS", 1)
        yield


@pytest.fixture(scope="module", params=BOTH)
def location(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with the tables and nothing in them, one for a module."""
    with made_anew(request, tmp_path_factory.mktemp("installation")) as url:
        yield url


@pytest.fixture(scope="module")
def installation(location: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for a module: what is refused changes nothing, and each call that is not has a place of its own."""
    with installed(location, tmp_path_factory.mktemp("signing")) as made:
        yield made


@pytest.fixture(scope="module", params=BOTH)
def installations(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Iterator[Installation]]:
    """An installation for each test, a new one after every 25: they grow, and some tests read all that is stored."""

    def supply(opened: ExitStack) -> Iterator[Installation]:
        while True:
            url = opened.enter_context(made_anew(request, tmp_path_factory.mktemp("installation")))
            yield from [opened.enter_context(installed(url, tmp_path_factory.mktemp("signing")))] * 25
            opened.close()

    with ExitStack() as opened:
        yield supply(opened)
