"""Settings: an explicit argument wins, then the environment, then the default; nonsense is refused at once."""

from __future__ import annotations

import copy
import math
import pickle

import pytest

from actitud import AsyncClient, Client, Timeouts
from actitud._config import Secret


def test_the_defaults_need_nothing() -> None:
    with Client() as client:
        assert repr(client) == "Client(base_url='http://127.0.0.1:8000', api_key=None)"
        assert client._core.timeouts == Timeouts(connect=5.0, read=30.0, total=120.0)
        assert client._core.policy.max_retries == 2


def test_the_environment_sets_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTITUD_BASE_URL", "https://indice.example.org/api/")
    monkeypatch.setenv("ACTITUD_API_KEY", "from-outside")
    monkeypatch.setenv("ACTITUD_TIMEOUT", "12.5")
    core = AsyncClient()._core
    assert core.base_url == "https://indice.example.org:443/api"
    assert core.api_key is not None
    assert core.api_key.reveal() == "from-outside"
    assert core.timeouts == Timeouts(connect=5.0, read=12.5, total=50.0)


def test_an_explicit_argument_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTITUD_BASE_URL", "https://outside.example.org")
    monkeypatch.setenv("ACTITUD_API_KEY", "from-outside")
    monkeypatch.setenv("ACTITUD_TIMEOUT", "nonsense")
    core = Client(base_url="http://[::1]:9000", api_key="", timeout=Timeouts(read=1.0))._core
    assert (core.base_url, core.api_key, core.timeouts.read) == ("http://[::1]:9000", None, 1.0)


def test_empty_variables_count_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACTITUD_BASE_URL", "ACTITUD_API_KEY", "ACTITUD_TIMEOUT"):
        monkeypatch.setenv(name, "  ")
    core = Client()._core
    assert (core.base_url, core.api_key, core.timeouts) == ("http://127.0.0.1:8000", None, Timeouts())


@pytest.mark.parametrize(
    "base_url",
    [
        "127.0.0.1:8000",
        "ftp://service.test",
        "http://",
        "http://service.test:port",
        "http://[broken",
        "http://user:hunter2@service.test",
        "http://user@service.test",
        "http://service.test/?x=1",
        "http://service.test/#x",
    ],
)
def test_an_unusable_address_is_refused_without_quoting_it(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url") as caught:
        Client(base_url=base_url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
def test_a_time_out_is_finite_and_above_zero(seconds: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Client(timeout=seconds)
    with pytest.raises(ValueError, match="'total'"):
        Timeouts(total=seconds)


@pytest.mark.parametrize("text", ["soon", "inf", "0", "-3"])
def test_a_wrong_time_out_from_outside_names_its_variable(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ACTITUD_TIMEOUT", text)
    with pytest.raises(ValueError, match=f"ACTITUD_TIMEOUT must be .*'{text}'"):
        Client()


@pytest.mark.parametrize("key", ["two words", "línea", "a\r\nX-Other: b", "tab\t"])
def test_a_key_that_would_break_a_header_is_refused_without_quoting_it(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        Client(api_key=key)
    assert key not in str(caught.value)


def test_other_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="max_retries"):
        Client(max_retries=-1)
    with pytest.raises(ValueError, match="language tag"):
        Client(lang="español")


def test_a_secret_neither_shows_nor_travels() -> None:
    secret = Secret("abc")
    assert "abc" not in f"{secret} {secret!r}"
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError, match="pickled"):
        copy.deepcopy(secret)


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_the_address_may_name_the_version(prefix: str, ending: str) -> None:
    client = Client(base_url=f"https://indice.example.org{prefix}{ending}")
    assert client._core.base_url == f"https://indice.example.org:443{prefix}"


def test_only_the_version_is_left_out_of_an_address() -> None:
    assert Client(base_url="https://indice.example.org/v1/v10")._core.prefix == "/v1/v10"
