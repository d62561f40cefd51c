"""A consumer of oEmbed that is not ours finds a page, asks for it over HTTP, and gets what it can show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.databases import migrated_sqlite
from tests.support.serving import served
from tests.web.embeds.installation import ZAMORA, installed
from tests.web.embeds.reading import fragment


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service."""
    url = migrated_sqlite(tmp_path_factory.mktemp("consumer"))
    with installed(url, public_url=None) as client, served(client.app) as address:
        yield address


@pytest.fixture
def providers(address: str) -> Any:
    """What somebody writes down of us."""
    # Here, because each process that collects tests would import its parser of HTML.
    from micawber import Provider, ProviderRegistry

    registry = ProviderRegistry()
    registry.register(rf"{address}/\S*", Provider(f"{address}/oembed"))
    return registry


def test_a_consumer_gets_what_it_can_show(address: str, providers: Any) -> None:
    told = providers.request(f"{address}/portal/2026/{ZAMORA}", maxwidth=480)
    assert (told["type"], told["version"], told["width"]) == ("rich", "1.0", 480)
    assert told["title"] == "Ayuntamiento de Zamora: 44,03 de 100, nivel 3, Ventanilla"
    assert [element.name for element in fragment(told["html"]).query("*")] == ["blockquote", "a", "iframe"]


@pytest.mark.parametrize("path", ["/portal/2026/XX-T-NOBODY", "/docs"])
def test_a_consumer_is_told_that_there_is_nothing(address: str, providers: Any, path: str) -> None:
    from micawber import ProviderException

    with pytest.raises(ProviderException):
        providers.request(address + path)
