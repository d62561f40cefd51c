"""Whatever an organisation is called, and whatever is asked for, a page has nothing in it but what we put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final
from urllib.parse import urlencode

import pytest

from actitud_api.web.embeds.text_metrics import clean_text
from tests.support.databases import migrated_sqlite
from tests.support.scale import NAMES
from tests.web.embeds.hostile import names
from tests.web.embeds.installation import rename
from tests.web.embeds.reading import Document, fragment, page
from tests.web.portal.places import Client, placed

NAMED: Final = "XX-T-2"
PAGES: Final = (
    "2026/territories/region-13",
    "2026/dimensions/D1",
    f"2026/compare?organisation=XX-T-1&organisation={NAMED}",
    "2026/compare?organisation=XX-T-1&q=XX-T",
    f"embed?organisation={NAMED}&form=table",
    f"embed?organisation={NAMED}&form=card",
    f"embed?organisation={NAMED}&form=element",
    "embed?form=ranking_table&territory=province-28",
    "embed?q=XX-T",
)
"""Those on which the name of an organisation stands."""
ASKED: Final[Sequence[Callable[[str], str]]] = (
    lambda text: f"2026/compare?{urlencode({'q': f'qqqq {text}'})}",
    lambda text: f"2026/compare?{urlencode([('organisation', 'XX-T-1'), ('organisation', text)])}",
    lambda text: f"2026/compare?{urlencode([('organisation', f'{text}{number}') for number in range(6)])}",
    lambda text: f"embed?{urlencode({'q': f'qqqq {text}'})}",
    lambda text: f"embed?{urlencode({'organisation': text})}",
    lambda text: f"embed?{urlencode({'edition': text, 'organisation': NAMED})}",
    lambda text: f"2026?{urlencode({'region': text, 'sort': text, 'level': text})}",
    lambda text: f"2026/territories?{urlencode({'sort': text})}",
    lambda text: f"2026/dimensions/D1?{urlencode({'kind': text, 'band': text})}",
)
"""Those that say what they were asked for."""

Shape = list[tuple[str, dict[str, str]]]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service in which an organisation changes its name."""
    url = migrated_sqlite(tmp_path_factory.mktemp("names"))
    with placed(url) as client:
        yield client


def some() -> Sequence[str]:
    return names(500)[:: 500 // NAMES]


def shape(found: Document) -> Shape:
    """Every element with its attributes, but for what is only read; lines of a picture are as many as they need be."""
    assert not found.errors
    return [
        (one.name, {name: value for name, value in one.attrs.items() if name not in ("title", "alt", "value")})
        for one in found.query("*")
    ]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_inert_whatever_an_organisation_is_called(own: Client, path: str) -> None:
    rename(own, NAMED, "Villa Dos")
    harmless = shape(page(own.get(f"/portal/{path}").text))
    assert not {"style", "object", "base"} & {name for name, _ in harmless}
    for name in some():
        rename(own, NAMED, name)
        found = page(own.get(f"/portal/{path}").text)
        assert shape(found) == harmless, name
        assert clean_text(name) in found.letters, name


HERE: Final = ("/", "#", "?", "https://creativecommons.org/", "https://madurez.example/")
"""What the addresses in a page begin with."""


@pytest.mark.parametrize("number", range(len(ASKED)))
def test_a_page_is_inert_whatever_it_is_asked_for(own: Client, number: int) -> None:
    path = ASKED[number]
    known = own.get(f"/portal/{path('nobody at all')}")
    harmless = [(name, attributes.keys()) for name, attributes in shape(page(known.text))]
    for text in some():
        if not text.strip():
            continue
        response = own.get(f"/portal/{path(text)}")
        assert response.status_code == known.status_code, text
        found = page(response.text)
        assert [(name, attributes.keys()) for name, attributes in shape(found)] == harmless, text
        for link in found.query("[href], [src], [action]"):
            for place in ("href", "src", "action"):
                assert link.attrs.get(place, "/").startswith(HERE), text


def test_what_is_copied_is_inert_whatever_an_organisation_is_called(own: Client) -> None:
    path = f"/portal/embed?organisation={NAMED}&form=card"
    rename(own, NAMED, "Villa Dos")
    harmless = shape(fragment(page(own.get(path).text).query("code#code")[0].text))
    for name in some():
        rename(own, NAMED, name)
        assert shape(fragment(page(own.get(path).text).query("code#code")[0].text)) == harmless, name
