"""That nothing on the portal leads nowhere: from its first page on, each address of ours that a page names is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin, urlsplit

from litestar import Litestar
from litestar.testing import TestClient

from tests.support.scale import NIGHT
from tests.web.embeds.reading import Document, page

BASE: Final = "http://testserver.local"
ADDRESS: Final = "http://127.0.0.1:8000"
"""That of the service, which absolute links have where no setting names another."""
DATA: Final = re.compile(r"JSON|CSV|Excel|XLSX|Data Package")
"""Formats that the text of a link to the API names, so that nobody opens data unawares."""
NAMED: Final = {"a": "href", "link": "href", "script": "src", "img": "src", "iframe": "src"}


def _alike(path: str, query: str) -> str:
    """What addresses have in common that differ in ids of organisations, codes, versions, pages, formats and values."""
    names = {pair.partition("=")[0] for pair in query.split("&")}
    if len(names) > 1:
        # An order leads where it leads without the rest, and the rest where it leads without an order.
        names.discard("sort")
    if not NIGHT:
        # The pages in English have the links of those in Spanish.
        names.discard("lang")
    if path.startswith("/v1/") and query:
        # Files and lists take the query of the page: one of them is tried of each.
        names = {"query"}
    if path.startswith("/charts/"):
        path, names = re.sub(r"\.(?:svg|png|csv)$", ".*", path), set()
    alike = re.sub(r"XX-DEMO-\d+|region-\d+|province-\d+|\bD\d+\b|[0-9a-f]{64}", "*", path)
    # The newest edition by its name is the same pages again.
    return alike.replace("/portal/latest", "/portal/2026-demo") + "?" + ",".join(sorted(names))


def _addresses(found: Document, at: str) -> Iterator[str]:
    for tag, attribute in NAMED.items():
        for element in found.query(tag):
            named = element.attrs.get(attribute)
            if named and not named.startswith(("mailto:", "data:")):
                yield urljoin(at, named).replace(ADDRESS, BASE)


def test_every_address_of_ours_is_there(client: TestClient[Litestar]) -> None:
    waiting, followed = [f"{BASE}/portal"], {_alike("/portal", "")}
    for at in waiting:
        address = urlsplit(at)
        of_portal = address.path.startswith("/portal") and not address.path.endswith(".pdf")
        response = (client.get if of_portal else client.head)(at.removeprefix(BASE))
        assert response.status_code == 200, f"{at}: {response.status_code}"
        if not of_portal:
            continue
        found = page(response.text)
        for link in found.query("a"):
            if link.attrs.get("href", "").startswith("/v1/"):
                label = link.attrs.get("aria-label") or link.text
                assert DATA.search(label), f"{at}: {link.attrs['href']} is data, and “{label}” does not say so"
        ids = {element.attrs["id"] for element in found.query("[id]")}
        for named in _addresses(found, at):
            parts = urlsplit(named)
            if f"{parts.scheme}://{parts.netloc}" != BASE:
                continue
            if parts.fragment and (parts.path, parts.query) == (address.path, address.query):
                assert parts.fragment in ids, f"{at}: #{parts.fragment}"
            whole = parts._replace(fragment="").geturl()
            alike = _alike(parts.path, parts.query)
            if alike not in followed:
                followed.add(alike)
                waiting.append(whole)
    # What the navigation names is among it, and each kind of page.
    for path in ("/portal/2026-demo", "/portal/2026-demo/*", "/portal/2026-demo/territories/*", "/portal/embed"):
        assert any(alike.startswith(f"{path}?") for alike in followed), path


def test_an_edition_is_described_to_search_engines(client: TestClient[Litestar]) -> None:
    found = page(client.get("/portal/latest?lang=en").text)
    (described,) = [one for one in found.query("script") if one.attrs.get("type") == "application/ld+json"]
    told = json.loads(described.text)
    assert (told["@context"], told["@type"]) == ("https://schema.org", "Dataset")
    assert told["name"].endswith("Demonstration edition 2026, with simulated data")
    assert client.head(urlsplit(told["distribution"][0]["contentUrl"]).path).status_code == 200
