"""The page of suggestions, and what pages of methodologies show of them: filters, decisions, and texts of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from actitud_api.resources.suggestions import service
from actitud_api.resources.suggestions.queries import SUGGESTIONS
from tests.support.databases import migrated_sqlite
from tests.support.scale import NAMES
from tests.web.embeds.hostile import names
from tests.web.embeds.reading import Element, page
from tests.web.portal.places import Client, placed
from tests.web.portal.reading import hrefs, read, words

NOW: Final = datetime(2027, 5, 3, 10, tzinfo=UTC)
ARABIC: Final = "حسابات بلا ردود"
DRAWN: Final = names(500)[:: 500 // NAMES]


def propose(client: Client, *, waits: bool = False, **others: Any) -> str:
    """Makes a suggestion that everybody reads, because it is deferred; or, with `waits`, one without decision."""
    given: dict[str, Any] = {"kind": "error", "title": "Título", "text": "Explicación.", "language": "es", **others}
    with client.app.state["database"].write() as session:
        made = service.propose(session, service.Proposal(**given), proposer="key-of-somebody", now=NOW)
    if not waits:
        decide(client, str(made.id), "deferred", "Later.")
    return str(made.id)


def decide(client: Client, suggestion: str, decision: service.Outcome, reason: str, **others: Any) -> None:
    given = service.NewDecision(decision=decision, reason=reason, **others)
    with client.app.state["database"].write() as session:
        service.decide(session, suggestion, given, expected=lambda _: True, now=NOW + timedelta(days=7))


@pytest.fixture
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service without suggestions."""
    url = migrated_sqlite(tmp_path_factory.mktemp("suggestions"))
    with placed(url) as opened_client:
        yield opened_client


def cards(client: Client, path: str, *, status: int = 200) -> Mapping[str, Element]:
    return {card.attrs["id"]: card for card in read(client, path, status=status).query("article.suggestion")}


def test_each_stands_with_its_decisions_and_their_reasons(client: Client) -> None:
    propose(client, waits=True, title="Borrar cuentas", text="Se pierden las respuestas.", dimension="D3")
    propose(client, waits=True, kind="indicator", title="Faster", language="en", indicator="D9.10")
    propose(client, waits=True, title="Nobody has decided on it.", dimension="D3")
    decide(client, "2", "deferred", "Falta una manera de comprobarlo.")
    decide(client, "2", "accepted", "It is measured now.", language="en", methodology="2099.1-draft")
    decide(client, "1", "rejected", "Ya lo mide D3.01.")
    found = cards(client, "suggestions")
    assert list(found) == ["suggestion-2", "suggestion-1"]
    second = found["suggestion-2"]
    assert words(second.query("p")[0]) == ("Suggestion 2 · an indicator · 3 May 2027 · Hours until half were answered")
    assert [words(item) for item in second.query(".decisions li")] == [
        "accepted 10 May 2027 · methodology 2099.1-draft It is measured now.",
        "deferred 10 May 2027 · earlier decision Falta una manera de comprobarlo.",
    ]
    assert [link.attrs["href"] for link in second.query("a")] == [
        "/portal/methodologies/2027.1?lang=en#D9.10",
        "/portal/methodologies/2099.1-draft?lang=en",
    ]
    first = found["suggestion-1"]
    assert words(first.query("h3")[0]) == "Borrar cuentas"
    assert "Coordination and shared identity" in words(first.query("p")[0])
    assert words(first.query(".decisions li")[0]) == "rejected 10 May 2027 Ya lo mide D3.01."


def test_an_indicator_that_is_no_longer_asked_leads_to_the_newest_version_that_has_it(client: Client) -> None:
    propose(client, kind="indicator", title="Faster", language="en", indicator="D9.02")
    (card,) = cards(client, "suggestions").values()
    assert words(card.query("p")[0]).endswith(" · Time to first response")
    assert card.query("a")[0].attrs["href"] == "/portal/methodologies/2099.1-draft?lang=en#D9.02"


def test_what_people_wrote_says_its_language_and_finds_its_direction(client: Client) -> None:
    propose(client, waits=True, title=ARABIC, text=ARABIC, language="ar")
    decide(client, "1", "rejected", "No se entiende.", language="es")
    (card,) = cards(client, "suggestions").values()
    assert [(one.name, one.attrs.get("dir"), words(one)) for one in card.query("[lang=ar]")] == [
        ("bdi", None, ARABIC),
        ("p", "auto", ARABIC),
    ]
    (reason,) = card.query(".decisions [lang]")
    assert (reason.attrs["lang"], reason.attrs["dir"]) == ("es", "auto")


def test_filters_combine_and_what_is_unknown_does_not_filter(client: Client) -> None:
    propose(client, dimension="D1")
    propose(client, kind="indicator", dimension="D1")
    propose(client, kind="indicator", dimension="D2")
    decide(client, "3", "accepted", "Sí.")

    def shown(query: str, *, status: int = 200) -> list[str]:
        return [name.removeprefix("suggestion-") for name in cards(client, f"suggestions?{query}", status=status)]

    assert shown("") == ["3", "2", "1"]
    assert shown("kind=indicator&dimension=D1") == ["2"]
    assert shown("state=accepted") == ["3"]
    assert shown("state=deferred") == ["2", "1"]
    # No reader of the page may read those, so it does not offer to filter by it.
    propose(client, waits=True)
    assert shown("state=undecided", status=404) == ["3", "2", "1"]
    assert shown("state=accepted&dimension=D1") == []
    query = "kind=x&state=%00&dimension=D99&page=x&methodology=2026.1"
    assert shown(query, status=404) == ["3", "2", "1"]
    assert [words(one) for one in read(client, f"suggestions?{query}", status=404).query(".notice li")] == [
        "What is proposed: « x »",
        "Decision: « »",
        "Dimension: « D99 »",
    ]
    found = read(client, "suggestions?state=accepted&dimension=D1")
    assert words(found.query("p[role=status]")[0]) == "No suggestion is as asked for. Clear a filter."
    chosen = [option.attrs["value"] for option in found.query("form.filters option[selected]")]
    assert chosen == ["", "accepted", "D1"]


def test_many_are_in_pages_that_keep_what_is_asked_for(client: Client) -> None:
    for _ in range(45):
        propose(client, kind="indicator")
    propose(client)
    pages = [
        list(cards(client, f"suggestions?kind=indicator&page={number}")) for number in ("1", "2", "3", "9", "0", "²")
    ]
    assert [len(one) for one in pages] == [20, 20, 5, 5, 20, 20]
    assert len({name for one in pages[:3] for name in one}) == 45
    found = read(client, "suggestions?kind=indicator&page=2")
    assert [link.attrs["href"] for link in found.query("nav.pages a")] == [
        "/portal/suggestions?kind=indicator&lang=en",
        "/portal/suggestions?kind=indicator&lang=en",
        "/portal/suggestions?kind=indicator&page=3&lang=en",
        "/portal/suggestions?kind=indicator&page=3&lang=en",
    ]
    assert "45 suggestions; from 21 to 40" in words(found.query("p[role=status]")[0])


def test_without_scripts_it_says_how_to_propose(client: Client) -> None:
    for language in ("es", "en"):
        found = read(client, f"suggestions?lang={language}")
        (form,) = found.query("form#suggest")
        assert "hidden" in form.attrs
        curl, python = [block.text for block in found.query("pre code")]
        assert curl.startswith("curl https://madurez.example/v1/suggestions ")
        assert f'"language": "{language}"' in curl
        assert "client.suggestions.create(" in python


def test_a_methodology_shows_what_it_took_in_and_the_newest(client: Client) -> None:
    assert "Nobody has proposed anything yet." in words(read(client, "methodologies/2026.1").query("#suggestions")[0])
    for number in range(1, 9):
        propose(client, title=f"Número {number}")
    decide(client, "1", "accepted", "Sí.", methodology="2026.1")
    decide(client, "2", "accepted", "Sí.", methodology="2099.1-draft")
    decide(client, "8", "accepted", "Sí.", methodology="2026.1")
    decide(client, "3", "rejected", "No.", methodology="2026.1")

    def shown(version: str) -> list[str]:
        return [name.removeprefix("suggestion-") for name in cards(client, f"methodologies/{version}")]

    assert shown("2026.1") == ["8", "1", "7", "6", "5", "4"]
    assert shown("2099.1-draft") == ["2", "8", "7", "6", "5", "4"]
    # What is decided anew is what counts.
    decide(client, "1", "rejected", "Al final no.", methodology="2026.1")
    assert shown("2026.1") == ["8", "7", "6", "5", "4"]
    assert "/portal/suggestions?lang=en" in hrefs(read(client, "methodologies/2026.1"))


def shape(text: str) -> list[tuple[str, dict[str, str | None]]]:
    return [(element.name, dict(element.attrs)) for element in page(text).query("*")]


@pytest.mark.parametrize("path", ["suggestions", "methodologies/2026.1"])
def test_a_page_is_inert_whatever_is_proposed_and_decided(client: Client, path: str) -> None:
    propose(client, waits=True, title="x", text="y")
    decide(client, "1", "accepted", "z")
    harmless = shape(client.get(f"/portal/{path}").text)
    for text in DRAWN:
        with client.app.state["database"].write() as session:
            row = session.execute(SUGGESTIONS.select()).mappings().one()
            decisions = [{**row["decisions"][0], "reason": text}]
            session.execute(SUGGESTIONS.update().values(title=text, text=text, decisions=decisions))
        response = client.get(f"/portal/{path}")
        assert response.status_code == 200
        assert shape(response.text) == harmless, text


def test_what_it_is_asked_for_is_inert_in_it(client: Client) -> None:
    def ask(text: str) -> str:
        asked = {"kind": text, "state": text, "dimension": text, "page": text}
        return client.get("/portal/suggestions", params=asked).text

    harmless = shape(ask("nothing"))
    for text in DRAWN:
        if not text.strip():
            continue
        found = [(name, attributes.keys()) for name, attributes in shape(ask(text))]
        assert found == [(name, attributes.keys()) for name, attributes in harmless], text
