"""Cards: the ten dimensions as a picture that says the same to whoever does not see it."""

from __future__ import annotations

import base64
import hashlib
from xml.etree import ElementTree

import pytest

from tests.web.embeds.installation import BASE, POOR, SORIA, VOID, ZAMORA, Client
from tests.web.embeds.test_badges import SVG, letters, picture

CARD = f"/embed/2026/{ZAMORA}/card.svg"
WIDTH = 274.0
"""Of a bar at 100 points."""


def described(root: ElementTree.Element) -> tuple[str, str]:
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert (root.get("aria-labelledby"), root.get("aria-describedby")) == (title.get("id"), description.get("id"))
    return title.text or "", description.text or ""


def bars(root: ElementTree.Element) -> list[float]:
    return [float(rect.get("width", "")) for rect in root.iter(f"{SVG}rect") if rect.get("class") == "bar"]


def test_a_card_says_what_every_embed_says_and_its_dimensions(site: Client) -> None:
    title, description = described(picture(site, CARD))
    badge = picture(site, f"/badge/2026/{ZAMORA}.svg").get("aria-label") or ""
    assert title == "Ayuntamiento de Zamora: 44,03 de 100, nivel 3, Ventanilla"
    assert description.startswith(badge)
    rest = description.removeprefix(badge)
    assert rest.startswith(
        ". Acceso interno y participación de la plantilla: 38,75; Información pública y apertura a las aportaciones: "
        "sin puntuación; Coordinación e identidad común: 100,00; Estrategia, normas y preparación: 0,00; "
    )
    assert rest.count(": ") == 10


def test_a_card_shows_it_in_both_languages(site: Client) -> None:
    spanish, english = letters(picture(site, CARD)), letters(picture(site, f"{CARD}?lang=en"))
    assert spanish[:5] == ["Índice de Madurez 2.0", "Ayuntamiento de Zamora", "44,03", "de 100", "Nivel 3, Ventanilla"]
    assert english[:5] == ["2.0-maturity index", "Ayuntamiento de Zamora", "44.03", "of 100", "Level 3, Service desk"]
    assert spanish[5:7] == ["Acceso interno y participación de la plantilla", "38,75"]
    assert english[7:9] == ["Public information and openness to input", "not rated"]
    assert spanish[-3:] == [
        "Edición 2026, a 31 de diciembre de 2026",
        "Metodología 2027.1, cobertura 95,5\N{NO-BREAK SPACE}%",
        f"{BASE}/portal/2026/{ZAMORA}",
    ]


def test_bars_are_as_long_as_their_scores_and_none_stands_for_none(site: Client) -> None:
    root = picture(site, CARD)
    assert bars(root)[:2] == [pytest.approx(WIDTH * 0.3875, abs=0.05), WIDTH]
    tracks = [rect.get("class") for rect in root.iter(f"{SVG}rect") if (rect.get("class") or "").startswith("track")]
    assert tracks[:4] == ["track rated", "track unrated", "track rated", "track rated"]
    assert len(tracks) == 10
    assert len(bars(root)) == 8


def test_who_has_no_score_that_counts_shows_why(site: Client) -> None:
    assert "Evidencia insuficiente" in letters(picture(site, f"/embed/2026/{POOR}/card.svg"))
    assert "Not rateable" in letters(picture(site, f"/embed/2026/{VOID}/card.svg?lang=en"))
    assert "90,00" not in letters(picture(site, f"/embed/2026/{POOR}/card.svg"))


def test_a_card_that_is_not_the_latest_says_so(site: Client) -> None:
    remark = "! No es la última: hay una edición posterior, 2026"
    assert remark in letters(picture(site, f"/embed/2025/{ZAMORA}/card.svg"))
    assert remark not in letters(picture(site, f"/embed/2025/{SORIA}/card.svg"))


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_a_card_is_light_unless_the_page_around_it_chooses(site: Client, theme: str) -> None:
    assert picture(site, CARD).get("class") == "light"
    assert picture(site, f"{CARD}?theme={theme}").get("class") == theme
    assert picture(site, f"{CARD}?theme=pink").get("class") == "light"


def test_its_only_style_is_the_one_that_its_policy_names(site: Client) -> None:
    response = site.get(CARD)
    style = ElementTree.fromstring(response.content).find(f"{SVG}style")
    assert style is not None
    digest = base64.b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in response.headers["content-security-policy"]
    assert "prefers-color-scheme: dark" in (style.text or "")


def test_a_picture_is_in_the_place_of_a_card_that_there_is_not(site: Client) -> None:
    root = picture(site, "/embed/2026/XX-T-NOBODY/card.svg", 404)
    assert described(root) == (
        "Madurez 2.0: desconocida",
        "Esa organización no tiene puntuación publicada en esa edición.",
    )
    assert letters(picture(site, f"/embed/1999/{ZAMORA}/card.svg?lang=en", 404))[:2] == ["2.0 maturity", "Unknown"]
