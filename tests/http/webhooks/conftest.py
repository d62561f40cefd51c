"""A service on each database, keys of everybody who may have webhooks, and a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.webhooks.desk import Desk, opened_desk
from tests.support.receivers import Receiver, receiving


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """A receiver, one for a module; each test has it without messages."""
    with receiving(tmp_path_factory.mktemp("receiver")) as running:
        yield running


@pytest.fixture
def desk(url: str, tmp_path: Path, receiver: Receiver) -> Iterator[Desk]:
    """Everything that a test of webhooks needs."""
    receiver.messages.clear()
    receiver.answer = lambda message: 204
    with opened_desk(url, tmp_path, receiver) as opened:
        yield opened
