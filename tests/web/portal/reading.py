"""What a page says, as its reader finds it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.web.embeds.reading import Document, Element, page
from tests.web.portal.places import Client


def read(client: Client, path: str, *, status: int = 200) -> Document:
    """A page of the portal in English, unless its address says another language."""
    asked = path if "lang=" in path else f"{path}{'&' if '?' in path else '?'}lang=en"
    response = client.get(f"/portal/{asked}")
    assert response.status_code == status, response.text
    found = page(response.text)
    assert not found.errors
    assert len(found.query("h1")) == 1
    return found


def words(element: Element) -> str:
    """What stands in an element, with one space between words."""
    return " ".join(element.text.split())


def rows(found: Document, caption: str) -> dict[str, Sequence[str]]:
    """The cells of the table whose caption starts so, by the head of each row."""
    (table,) = [one for one in found.query("table") if words(one.query("caption")[0]).startswith(caption)]
    return {words(row.query("th")[0]): [words(cell) for cell in row.query("td")] for row in table.query("tbody tr")}


def terms(found: Document) -> dict[str, str]:
    """Every term of the page with what it is."""
    pairs = [(div.query("dt"), div.query("dd")) for div in found.query("dl > div")]
    return {words(term[0]): words(said[0]) for term, said in pairs}


def hrefs(found: Document) -> list[str]:
    """Where the links of a page lead."""
    return [link.attrs.get("href", "") for link in found.query("main a")]
