"""Catalan, Basque and Galician: what is translated, what is Spanish, and what the pages say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

from actitud_api.engine import i18n
from actitud_api.engine.i18n import UNREVIEWED
from tests.support.databases import migrated_sqlite
from tests.support.scale import NIGHT
from tests.web.embeds.reading import Document, Element, fragment, page
from tests.web.portal.places import Client, placed

PARTIAL: Final = ("ca", "eu", "gl")
SHEETS: Final = tuple(f"2026/XX-T-{number}" for number in (range(1, 8) if NIGHT else (1, 4, 7)))
TRANSLATED: Final = (
    "",
    "2026",
    "2026?q=villa&sort=-D1",
    "2026?q=nothing+of+that+name",
    "2026?q=zamroa",
    "2026?province=28&marked=XX-T-1",
    "2026?marked=XX-T-4",
    "2026?kind=MUN&level=3",
    "2025",
    "2027",
    "2026/XX-T-99",
    *SHEETS,
)
"""Pages of which catalogues have the texts: of a sheet those of its first part."""
SPANISH: Final = (
    "2026/territories",
    "2026/dimensions/D1",
    "2026/compare?organisation=XX-T-1&organisation=XX-T-2",
    "methodologies",
    "suggestions",
    "embed",
)
"""Pages of which only the masthead and the footer are translated."""
EMBEDS: Final = (
    "/badge/2026/XX-T-1.svg",
    "/badge/2026/XX-T-1.json",
    "/badge/2026/XX-T-4.svg",
    "/badge/2026.svg",
    "/embed/2026/XX-T-1",
    "/embed/2026/XX-T-1/card.svg",
    "/embed/2026/XX-T-1/table.html",
    "/embed/2026/XX-T-1/score.json",
    "/embed/2026/XX-T-4/card.svg",
    "/embed/2025/XX-T-1/card.svg",
    "/embed/2026/XX-T-99",
    "/embed/2026/XX-T-99/table.html",
)

_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def pair(paths: Sequence[str], languages: Sequence[str] = PARTIAL) -> list[tuple[str, str]]:
    """Pair paths with languages: by day each path with one of them in turn, at night with each."""
    if NIGHT:
        return [(path, language) for path in paths for language in languages]
    return [(path, languages[place % len(languages)]) for place, path in enumerate(paths)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with placed(migrated_sqlite(tmp_path_factory.mktemp("partial"))) as client:
        yield client


def add_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


def read(site: Client, path: str, language: str) -> Document:
    return page(site.get(f"/portal/{add_language(path, language)}").text)


# --- which language ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "accepted", "frame", "whole"),
    [
        ("?lang=ca", None, "ca", "es"),
        ("?lang=eu", "en", "eu", "es"),
        ("?lang=gl", "ca", "gl", "es"),
        ("?lang=en", "ca", "en", "en"),
        ("?lang=es", "ca", "es", "es"),
        ("", "ca", "ca", "es"),
        ("", "ca-ES, es;q=0.9, en;q=0.8", "ca", "es"),
        ("", "gl-ES", "gl", "es"),
        ("", "eu, en;q=0.5", "eu", "es"),
        ("", "es, ca;q=0.9", "es", "es"),
        ("", "fr, ca;q=0.4, en;q=0.3", "ca", "es"),
        ("", "en, ca;q=0.9", "en", "en"),
        ("", "ca;q=0, en", "en", "en"),
        ("", "ast", "es", "es"),
        ("", "ast, ca;q=0.5", "ca", "es"),
        ("", "de", "es", "es"),
        ("?lang=oc", "eu", "eu", "es"),
    ],
)
def test_a_request_chooses_the_language_of_a_page(
    site: Client, query: str, accepted: str | None, frame: str, whole: str
) -> None:
    """`frame`: that of pages that are translated, and of masthead and footer of all; `whole`: that of all else."""
    headers = {} if accepted is None else {"Accept-Language": accepted}
    home, methodologies = (site.get(f"/portal/{path}{query}", headers=headers) for path in ("", "methodologies"))
    assert _find_languages(page(home.text)) == (frame, frame, frame)
    assert home.headers["content-language"] == frame
    assert _find_languages(page(methodologies.text)) == (whole, frame, frame)
    assert methodologies.headers["content-language"] == whole
    edition = site.get(f"/v1/editions/2026{query}", headers=headers)
    if "oc" not in query:
        # The default of the API is English, that of pages Spanish.
        assert edition.headers["content-language"] == ("en" if accepted == "de" else whole)


def _find_languages(document: Document) -> tuple[str, ...]:
    return tuple(document.query(name)[0].attrs["lang"] for name in ("html", "header.masthead", "footer.foot"))


@pytest.mark.parametrize(("path", "language"), pair(("", "2026", "2026/XX-T-1")))
def test_a_translated_page_says_its_language_and_leads_to_the_others(site: Client, path: str, language: str) -> None:
    document = read(site, path, language)
    assert _find_languages(document) == (language, language, language)
    others = {link.attrs["hreflang"]: link.text for link in document.query(".languages a")}
    names = {"es": "Español", "en": "English", "ca": "Català", "eu": "Euskara", "gl": "Galego"}
    assert others == {code: name for code, name in names.items() if code != language}
    assert all(
        f"lang={language}" in link.attrs["href"]
        for link in document.query("nav a, main a[href^='/portal']")
        if link.attrs["href"].startswith("/portal")
    )


# --- what is translated -----------------------------------------------------------------------------------------------


@pytest.fixture
def untranslated(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Texts that were looked up in a partial catalogue while a test ran, and are not there, each with the language."""
    missing: set[tuple[str, str]] = set()

    class Recorder(dict[str, str]):
        def __init__(self, language: str) -> None:
            super().__init__(i18n._load_partial(language))
            self.language = language

        def get(self, text: str, default: Any = None) -> Any:
            if text not in self and _WORD.search(re.sub(r"\{[^{}]*\}", "", text)):
                missing.add((self.language, text))
            return super().get(text, default)

    recorders = {language: Recorder(language) for language in PARTIAL}
    monkeypatch.setattr(i18n, "_load_partial", recorders.__getitem__)
    return missing


@pytest.mark.parametrize(("path", "language"), pair([*(f"/portal/{path}" for path in TRANSLATED), *EMBEDS]))
def test_no_text_of_a_translated_page_or_embed_lacks_its_translation(
    site: Client, untranslated: set[tuple[str, str]], path: str, language: str
) -> None:
    response = site.get(add_language(path, language))
    assert response.headers["content-language"] == language
    assert untranslated == set()


def test_a_text_without_translation_would_be_seen(site: Client, untranslated: set[tuple[str, str]]) -> None:
    del i18n._load_partial("eu")["Clasificación"]
    assert page(site.get("/portal/2026?lang=eu&page=2").text).query("#ranking")[0].text == "Clasificación"
    assert untranslated == {("eu", "Clasificación")}


@pytest.mark.parametrize(("path", "language"), pair(TRANSLATED if NIGHT else TRANSLATED[:1] + SHEETS[:1], ("ca", "eu")))
def test_no_words_of_the_spanish_page_are_left_where_nothing_says_that_they_are_spanish(
    site: Client, path: str, language: str
) -> None:
    """Galician is too near: many of its texts are the Spanish ones."""
    spanish = set(_list_texts(read(site, path, "es")))
    left = {text for text in _list_texts(read(site, path, language)) if text in spanish}
    names = re.compile(r"Villa|Puerto|De ninguna|XX-T|Castilla|Madrid|nothing of that name")
    assert {text for text in left if not names.search(text)} <= {
        "Cada indicador (CSV)",
        "Excel (XLSX)",
        "JSON Lines",
        "JSON-stat 2.0",
    }


def _list_texts(document: Document) -> list[str]:
    """List the texts of a page with at least two words or a long one, but those that say that they are Spanish."""
    texts = []

    def walk(node: object) -> None:
        attrs = getattr(node, "attrs", None) or {}
        if getattr(node, "name", "") in ("script", "style", "code", "option") or attrs.get("lang") == "es":
            return
        if getattr(node, "name", "") == "#text":
            text = " ".join(str(getattr(node, "data", "")).split())
            if len(_WORD.findall(text)) > 1:
                texts.append(text)
        for child in getattr(node, "children", None) or ():
            walk(child)

    for body in document.query("body"):
        walk(body.node)
    return texts


@pytest.mark.parametrize(
    ("language", "heading", "level", "kind"),
    [
        ("ca", "Classificació", "3, Finestreta", "Ajuntament"),
        ("gl", "Clasificación", "3, Portelo", "Concello"),
        ("eu", "Sailkapena", "3, Leihatila", "Udala"),
    ],
)
def test_a_ranking_has_its_words_and_names_in_the_language(
    site: Client, language: str, heading: str, level: str, kind: str
) -> None:
    document = read(site, "2026", language)
    assert document.query("#ranking")[0].text == heading
    # Its publisher gave the title in Spanish and English.
    titles = document.query("h1, .trail [aria-current] bdi")
    assert [(title.text, title.attrs["lang"]) for title in titles] == [("Edición 2026", "es")] * 2
    rows = [row.text for row in document.query("table.ranking tbody tr")]
    assert any(level in row for row in rows)
    assert read(site, SHEETS[0], language).query("header.sheet p.soft")[0].text.startswith(kind)


@pytest.mark.parametrize(
    ("language", "title", "label"),
    [
        ("ca", "Villa Uno: 40,00 de 100, nivell 3, Finestreta", "Maduresa 2.0"),
        ("gl", "Villa Uno: 40,00 de 100, nivel 3, Portelo", "Madurez 2.0"),
        ("eu", "Villa Uno: 40,00 / 100, 3. maila, Leihatila", "2.0 heldutasuna"),
    ],
)
def test_embeds_are_in_the_language_of_the_page_around_them(
    site: Client, language: str, title: str, label: str
) -> None:
    frame = page(site.get(f"/embed/2026/XX-T-1?lang={language}").text)
    assert frame.query("html")[0].attrs["lang"] == language
    assert frame.query("title")[0].text == title
    badge = site.get(f"/badge/2026/XX-T-1.svg?lang={language}").text
    assert f'xml:lang="{language}"' in badge
    assert f">{label}</text>" in badge
    table = fragment(site.get(f"/embed/2026/XX-T-1/table.html?lang={language}").text)
    assert table.query("caption")[0].text == title
    target = f"https://madurez.example/portal/2026/XX-T-1?lang={language}"
    rich = site.get("/oembed", params={"url": target})
    assert (rich.json()["title"], rich.headers["content-language"]) == (title, language)
    assert f"/embed/2026/XX-T-1?lang={language}" in rich.json()["html"]
    # The language of a browser is not that of the page around an embed.
    assert site.get("/embed/2026/XX-T-1", headers={"Accept-Language": language}).headers["content-language"] == "es"


# --- what is Spanish --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "language"), pair(SPANISH))
def test_any_other_page_is_wholly_spanish_between_masthead_and_footer(site: Client, path: str, language: str) -> None:
    document, spanish = read(site, path, language), read(site, path, "es")
    assert _find_languages(document) == ("es", language, language)
    (main,), (same,) = document.query("main"), spanish.query("main")
    if path != "embed":  # its first choice is the language of the reader
        assert main.text == same.text


def test_a_sentence_without_translation_says_that_it_is_spanish(site: Client) -> None:
    missing = read(site, "2026/dimensions/D99", "ca")
    assert [title.text for title in missing.query("h1")] == ["No existeix"]
    assert [lead.attrs["lang"] for lead in missing.query("p.lead")] == ["es"]
    assert [lead.attrs["lang"] for lead in read(site, "2025", "ca").query("p.lead")] == ["ca"]


@pytest.mark.parametrize(("path", "language"), pair(SHEETS[-1:]))
def test_the_details_of_a_sheet_and_the_texts_of_its_steps_say_that_they_are_spanish(
    site: Client, path: str, language: str
) -> None:
    document, spanish = read(site, path, language), read(site, path, "es")
    (details,), (same,) = (one.query("main > section[lang=es]") for one in (document, spanish))
    assert details.query("#points")[0].text == "Los detalles"
    assert [one.text for one in details.query("h3, p, td")] == [one.text for one in same.query("h3, p, td")]
    steps = document.query(".moves li")
    assert steps
    for step, other in zip(steps, spanish.query(".moves li"), strict=True):
        text = step.query("p[lang]")[0]
        assert text.attrs["lang"] in ("es", language)
        assert (text.text == other.query("p[lang]")[0].text) == (text.attrs["lang"] == "es")


@pytest.mark.parametrize("language", PARTIAL)
def test_the_api_takes_the_language_and_answers_in_spanish(site: Client, language: str) -> None:
    for path in ("/v1/editions/2026", "/v1/editions/2026/scores/XX-T-1"):
        response, spanish = site.get(f"{path}?lang={language}"), site.get(f"{path}?lang=es")
        assert (response.status_code, response.headers["content-language"]) == (200, "es")
        assert response.json() == spanish.json()
    problem = site.get(f"/v1/editions/1999?lang={language}")
    assert (problem.status_code, problem.headers["content-language"]) == (404, "es")
    assert problem.json()["title"] == "No existe"
    refused = site.get("/v1/editions/2026?lang=oc").json()["errors"][0]
    assert refused["allowed"] == ["es", "en", "ca", "eu", "gl"]


# --- what it says of itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "language"), pair(("", "2026/XX-T-1", "2026/territories", "2026/XX-T-99")))
def test_a_page_says_that_nobody_has_reviewed_its_translation(site: Client, path: str, language: str) -> None:
    (footer,) = read(site, path, language).query("footer.foot")
    own = UNREVIEWED.into(language)
    assert own != UNREVIEWED.es
    assert own in footer.text
    assert [one.text for one in footer.query("[lang=es]")] == [UNREVIEWED.es]
    assert i18n.translate("Parte de los textos está todavía en español.", language) in footer.text


def _find_notices(document: Document) -> list[tuple[str, str]]:
    def describe(element: Element) -> tuple[str, str]:
        return element.attrs["lang"], element.text

    return [describe(one) for one in document.query("p.soft[lang], td[lang]")]


@pytest.mark.parametrize("language", PARTIAL)
def test_an_embed_says_it_too(site: Client, language: str) -> None:
    own = UNREVIEWED.into(language)
    wanted = [(language, own), ("es", UNREVIEWED.es)]
    for organisation in ("XX-T-1", "XX-T-99"):
        assert _find_notices(page(site.get(f"/embed/2026/{organisation}?lang={language}").text)) == wanted
    assert _find_notices(fragment(site.get(f"/embed/2026/XX-T-1/table.html?lang={language}").text)) == wanted
    bare = UNREVIEWED.es.removesuffix(".")
    for path in ("/badge/2026/XX-T-1.svg", "/embed/2026/XX-T-1/card.svg", "/embed/2026/XX-T-1/score.json"):
        text = site.get(f"{path}?lang={language}").text
        assert f"{own} {bare}" in text
        assert UNREVIEWED.es not in site.get(f"{path}?lang=es").text


@pytest.mark.parametrize("language", ["es", "en"])
def test_pages_in_a_language_in_which_they_were_written_have_no_such_notice(site: Client, language: str) -> None:
    assert UNREVIEWED.into(language) not in read(site, "2026", language).text
    assert UNREVIEWED.into(language) not in page(site.get(f"/embed/2026/XX-T-1?lang={language}").text).text
