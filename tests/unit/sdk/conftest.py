from __future__ import annotations

import pytest

from tests.unit.sdk.support import FakeTime, Mode


@pytest.fixture(params=["blocking", "asynchronous"])
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture(autouse=True)
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr("actitud.client.SYSTEM", fake.runtime())
    return fake


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACTITUD_BASE_URL", "ACTITUD_API_KEY", "ACTITUD_TIMEOUT", "ACTITUD_LOG"):
        monkeypatch.delenv(name, raising=False)
