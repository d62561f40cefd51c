"""Pages of what is published have a citation to copy, whose digest is that of the document that is cited."""

from __future__ import annotations

import json
import re
from typing import Final

import pytest

from tests.web.embeds.reading import Document, page
from tests.web.portal.places import EDITION, OPEN, Client
from tests.web.portal.test_bibliography import parse_bibtex, print_latex

ORGANISATION: Final = "XX-T-1"
OF_EDITION: Final = {
    "es": "Actitud: Índice de Madurez 2.0, Edición 2026, revisión 1, metodología 2027.1, 2027-06-01, {digest}. "
    "https://madurez.example/portal/2026 (CC BY 4.0)",
    "en": "Actitud: 2.0-maturity index, Edition 2026, revision 1, methodology 2027.1, 2027-06-01, {digest}. "
    "https://madurez.example/portal/2026?lang=en (CC BY 4.0)",
    "ca": "Actitud: Índex de Maduresa 2.0, Edición 2026, revisió 1, metodologia 2027.1, 2027-06-01, {digest}. "
    "https://madurez.example/portal/2026?lang=ca (CC BY 4.0)",
}
OF_SCORE: Final = {
    "es": "Actitud: Índice de Madurez 2.0, Villa Uno, Edición 2026, revisión 1, metodología 2027.1, 2027-06-01, "
    "{digest}. https://madurez.example/portal/2026/XX-T-1 (CC BY 4.0)",
    "en": "Actitud: 2.0-maturity index, Villa Uno, Edition 2026, revision 1, methodology 2027.1, 2027-06-01, "
    "{digest}. https://madurez.example/portal/2026/XX-T-1?lang=en (CC BY 4.0)",
}


def read(client: Client, path: str, lang: str) -> Document:
    response = client.get(f"/portal/{path}", params={"lang": lang})
    assert response.status_code == 200
    return page(response.text)


def read_citation(found: Document) -> tuple[str, str]:
    """Return the citation of a page with a placeholder for its digest, and the digest."""
    (citation,) = found.query(".citation code")
    (digest,) = re.findall(r"sha256:[0-9a-f]{64}", citation.text)
    links = [link.attrs["href"] for link in found.query("main a") if digest in link.attrs["href"]]
    assert f"/v1/published/{digest}" in links
    return citation.text.replace(digest, "{digest}"), digest


@pytest.mark.parametrize("lang", OF_EDITION)
@pytest.mark.parametrize("path", [EDITION, "latest", f"{EDITION}?level=3"])
def test_the_page_of_an_edition_has_the_citation_of_its_revision(places: Client, path: str, lang: str) -> None:
    citation, digest = read_citation(read(places, path, lang))
    assert citation == OF_EDITION[lang]
    (published,) = places.get(f"/v1/editions/{EDITION}/publications").json()["items"]
    assert digest == published["digest"]
    assert places.get(f"/v1/published/{digest}").status_code == 200


@pytest.mark.parametrize("lang", OF_SCORE)
def test_a_sheet_has_the_citation_of_its_score(places: Client, lang: str) -> None:
    citation, digest = read_citation(read(places, f"{EDITION}/{ORGANISATION}", lang))
    assert citation == OF_SCORE[lang]
    document = places.get(f"/v1/published/{digest}").json()
    assert (document["edition"], document["organisation"]["id"]) == (EDITION, ORGANISATION)


@pytest.mark.parametrize("lang", ["es", "en", "ca"])
@pytest.mark.parametrize("path", [EDITION, f"{EDITION}/{ORGANISATION}"])
def test_an_entry_for_reference_managers_says_the_same(places: Client, path: str, lang: str) -> None:
    found = read(places, path, lang)
    (citation,) = found.query(".citation code")
    bibtex, csl = (one.node.to_text(separator="", strip=False) for one in found.query(".bibliography code"))
    _, key, fields = parse_bibtex(bibtex)
    (item,) = json.loads(csl)
    assert key == item["id"] == f"actitud-{path.replace('/', '-')}-r1"
    title, note = (print_latex(fields[name].strip("{}")) for name in ("title", "note"))
    assert (item["title"], item["note"], item["URL"]) == (title, note, fields["url"])
    details = note.removesuffix(" (CC BY 4.0)")
    assert citation.text == f"Actitud: {title}, {details}. {fields['url']} (CC BY 4.0)"
    assert (fields["year"], fields["month"], item["issued"]) == ("2027", "jun", {"date-parts": [[2027, 6, 1]]})


@pytest.mark.parametrize("path", ["latest/territories", f"{EDITION}/dimensions/D1", f"{EDITION}/{ORGANISATION}"])
def test_pages_of_an_edition_lead_to_its_citation(places: Client, path: str) -> None:
    footer = read(places, path, "en").query("footer a")
    assert [link.text for link in footer if link.attrs["href"] == f"/portal/{EDITION}?lang=en#cite"] == [
        "How to cite this edition"
    ]
    assert read(places, EDITION, "en").query("#cite")


def test_nothing_is_cited_where_nothing_is_published(places: Client) -> None:
    assert not read(places, "", "en").query("[href$='#cite']")
    unpublished = places.get(f"/portal/{OPEN}")
    assert (unpublished.status_code, "sha256:" in unpublished.text) == (200, False)
