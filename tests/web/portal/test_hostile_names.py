"""Whatever organisations are called, or is searched for, a page has nothing in it but what we put there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal import layout
from tests.support.databases import migrated_sqlite
from tests.support.figures import FigureRecorder
from tests.support.publishing import publish_stored
from tests.support.scale import NAMES as MANY
from tests.web.embeds.hostile import names
from tests.web.embeds.installation import Client, Figures, add_edition, add_organisation, installed
from tests.web.embeds.reading import Document, page

NAMES: Final = names(500)[:: 500 // MANY]
ALLOWED: Final = frozenset(
    {
        "html", "head", "meta", "title", "link", "body", "header", "nav", "main", "footer", "section", "div", "svg",
        "g", "rect", "text", "line", "desc", "h1", "h2", "h3", "p", "a", "b", "span", "bdi", "ul", "ol", "li", "dl",
        "dt", "dd", "form", "label", "input", "select", "option", "button", "table", "caption", "thead", "tbody", "tr",
        "th", "td", "figure", "figcaption", "details", "summary", "abbr", "path", "code", "pre",
    }
)  # fmt: skip
DATA: Final = {"type": "application/ld+json"}
"""The attributes of what search engines read of a published edition: data, that runs nothing."""
HERE: Final = ("/", "#", "?", "mailto:", "https://creativecommons.org/licenses/by/4.0/", "https://madurez.example/")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service in whose edition of 2028 organisations have all these names."""
    url = migrated_sqlite(tmp_path_factory.mktemp("named"))
    with installed(url) as client:
        scored = {f"XX-H-{number:03}": Figures("complete", 3, 9_000 - number, 9_000) for number in range(len(NAMES))}
        with client.app.state["database"].write() as session:
            for identifier, name in zip(scored, NAMES, strict=True):
                add_organisation(session, identifier, name)
            add_edition(session, "2028", scored, "in_review")
        publish_stored(client.app.state["database"], "2028")
        yield client


def inert(text: str) -> Document:
    found = page(text)
    assert not found.errors
    for element in found.query("*"):
        assert element.name in ALLOWED or element.attrs == DATA
        assert not {name for name in element.attrs if name.startswith("on") or name == "style"}
        for place in ("href", "src", "action"):
            assert element.attrs.get(place, "/").startswith(HERE), element.attrs
    return found


@pytest.mark.parametrize("number", range(1, -(-MANY // 50) + 1))
def test_the_ranking_is_inert_whatever_its_organisations_are_called(named: Client, number: int) -> None:
    found = inert(named.get(f"/portal/2028?page={number}").text)
    shown = found.query(".ranking tbody th bdi")
    listed = NAMES[50 * (number - 1) : 50 * number]
    assert len(shown) == len(listed)
    for place, (element, name) in enumerate(zip(shown, listed, strict=True), start=50 * (number - 1)):
        assert element.node.to_text(separator="", strip=False) == (clean_text(name) or f"XX-H-{place:03}")


def test_a_questionnaire_is_inert_whatever_its_organisation_is_called(named: Client) -> None:
    for number in range(0, len(NAMES), 5):
        asked = {"edition": "2028", "organisation": f"XX-H-{number:03}"}
        found = page(named.get("/portal/questionnaires/2027.1", params=asked).text)
        assert not found.errors
        for element in found.query("*"):
            assert not {name for name in element.attrs if name.startswith("on") or name == "style"}
            assert element.name != "script" or set(element.attrs) == {"src", "defer"}
            for place in ("href", "src", "action"):
                assert element.attrs.get(place, "/").startswith(HERE), element.attrs
        shown = {element.node.to_text(separator="", strip=False) for element in found.query(".lead bdi, .printed bdi")}
        assert shown == {clean_text(NAMES[number]) or asked["organisation"]}


def test_what_is_searched_for_comes_back_inert_and_finds_who_is_called_so(
    named: Client, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    for name in NAMES:
        found = inert(named.get("/portal/2028", params={"q": name}).text)
        (field,) = found.query("input[name=q]")
        assert field.attrs["value"] == clean_text(name)[:200]
    figure(
        "R23",
        "hostile names that are searched for in the ranking, among organisations of all these names, after which the "
        "page has an element, a handler or an address that is not ours",
        tried=len(NAMES),
        failed=0,
        control=find_unescaped(named, monkeypatch),
    )


def find_unescaped(named: Client, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return how many pages are found not inert where templates escape nothing: the control."""
    unescaped = layout._templates.overlay(autoescape=False, cache_size=0)
    monkeypatch.setattr(layout, "_templates", unescaped)
    found = 0
    for name in NAMES:
        try:
            inert(named.get("/portal/2028", params={"q": name}).text)
        except AssertionError:
            found += 1
    assert found > 0
    return f"with templates that escape nothing {found} of {len(NAMES)} pages are found"
